//! `disk list`, `disk show` and `disk status`.

use super::glob;
use super::lying::not_taken_in;
use crate::cmd::context::entities;
use crate::cmd::failure::hint;
use crate::cmd::{Context, resolve};
use crate::concern::disk::{DiskPath, FileDocument};
use crate::disk::{self, DiskState};
use crate::error::{Hint, Kind, Next, Result, counted};
use crate::id::{DocId, EntityId};
use crate::query::disk::{DiskRow, entities_of_documents, file_documents, files};
use crate::store::Reader;
use crate::ui::{Column, Report, Section, row, rows};
use std::collections::BTreeMap;

const FILES: &[Column] = &[
    Column::text("path", "path"),
    Column::bytes("size_bytes", "size"),
    Column::time("updated_at", "changed"),
    Column::text("author_id", "by"),
    Column::text("mime_type", "type").wide(),
    Column::id("id", "id"),
    Column::flag("deleted", "deleted").filled(),
    Column::flag("displaced", "another has its path").filled(),
    Column::text("kind", "kind").asked(),
    Column::text("doc", "document").asked(),
    Column::text("blake3", "hash").asked(),
    Column::time("created_at", "created").asked(),
    Column::flag("executable", "executable").asked(),
    Column::text("eol", "line ends").asked(),
    Column::flag("bom", "byte order mark").asked(),
    Column::flag("encrypted", "encrypted").asked(),
    Column::text("versions", "versions").asked(),
];

const SECTIONS: &[Section] = &[Section {
    key: "versions",
    title: "versions",
    columns: &[
        Column::id("id", "id"),
        Column::bytes("size_bytes", "size"),
        Column::time("created_at", "made"),
        Column::text("author_id", "by"),
    ],
}];

const STATUS: &[Column] = &[
    Column::text("path", "path"),
    Column::text("state", "state"),
    Column::prose("note", "note"),
    Column::id("id", "id"),
];

pub fn list(
    context: &Context,
    entity: &EntityId,
    path: Option<&str>,
    tree: bool,
    all: bool,
) -> Result<Report> {
    let reader = context.reader()?;
    let found = select(files(&reader, entity, all)?, path)?;
    let documents = select(context.whole(file_documents(&reader, entity)?)?, path)?;
    if tree && !context.terminal.format.is_json() {
        let paths = found.iter().map(|file| file.path.as_str());
        return Ok(Report::text(draw(
            paths.chain(documents.iter().map(|file| file.path.as_str())),
        )));
    }
    let mut shown = rows(&found)?;
    shown.extend(rows(&documents)?);
    let is_none = shown.is_empty();
    let mut report = Report::list(shown, FILES, Some("id"), "no files");
    if is_none {
        report.notes.extend(not_listed(&reader, entity, path)?);
    }
    Ok(match documents.len() as u64 {
        0 => report,
        n => report.note(format!(
            "{} that the application stores as a whole: `crdtctl disk cat` prints it, but it is never merged",
            counted(n, "document")
        )),
    })
}

/// Returns the note for an empty list if files in the directories are not taken in yet.
fn not_listed(reader: &Reader, entity: &EntityId, path: Option<&str>) -> Result<Option<String>> {
    let lying = select(disk::unscanned(reader, entity)?, path)?;
    let Some(first) = lying.first() else { return Ok(None) };
    let said = match lying.len() {
        1 => format!("{first} exists but is not taken in yet; "),
        n => format!("{first} and {} more exist but are not taken in yet; ", n - 1),
    };
    Ok(Some(hint(
        &Hint::from(said).next(Next::ScanDisks).and(" takes in the files in the directories"),
    )))
}

/// Returns the entity whose files are read, even if the store has only files of it that are documents.
pub fn entity_read(context: &Context) -> Result<EntityId> {
    let found = context.entity();
    let none = match &found {
        Err(e) if e.kind == Kind::NotFound => e,
        _ => return found,
    };
    let reader = context.reader()?;
    let ids: Vec<DocId> = reader.documents()?.into_iter().map(|document| document.id).collect();
    let others = entities_of_documents(&reader, &entities(ids.iter()))?;
    let named = context.globals.entity.as_deref();
    resolve::entity(named, None, &others).map_err(|e| match e.kind {
        Kind::NotFound => none.clone(),
        _ => e,
    })
}

pub fn show(context: &Context, entity: &EntityId, named: &str) -> Result<Report> {
    let reader = context.reader()?;
    let found = crate::query::disk::show(&reader, entity, named)
        .map_err(|e| not_taken_in(&reader, entity, named, e))?;
    Ok(Report::object(row(&found)?, FILES, Some("id")).sections(SECTIONS))
}

/// Something with a path on a disk.
pub trait HasPath {
    fn path(&self) -> &str;
}

impl HasPath for DiskRow {
    fn path(&self) -> &str {
        &self.path
    }
}

impl HasPath for DiskPath {
    fn path(&self) -> &str {
        self.as_str()
    }
}

impl HasPath for FileDocument {
    fn path(&self) -> &str {
        &self.path
    }
}

/// Keeps the files below a path, or those that match a pattern.
pub fn select<F: HasPath>(mut all: Vec<F>, wanted: Option<&str>) -> Result<Vec<F>> {
    let Some(wanted) = wanted.filter(|wanted| *wanted != "/") else { return Ok(all) };
    if glob::is_pattern(wanted) {
        all.retain(|file| glob::matches(wanted, file.path()));
        return Ok(all);
    }
    let dir = DiskPath::parse_dir(wanted)?;
    all.retain(|file| DiskPath::parse(file.path()).is_ok_and(|path| dir.holds(&path)));
    Ok(all)
}

/// Draws paths as a tree: each directory on a line of its own, its content indented by two more spaces.
fn draw<'p>(paths: impl Iterator<Item = &'p str>) -> String {
    let mut out = String::new();
    let mut last: Vec<&str> = Vec::new();
    let sorted: BTreeMap<Vec<&str>, ()> =
        paths.map(|path| (path.trim_start_matches('/').split('/').collect(), ())).collect();
    for parts in sorted.into_keys() {
        let common = parts.iter().zip(&last).take_while(|(a, b)| a == b).count();
        for (depth, part) in parts.iter().enumerate().skip(common) {
            let end = if depth + 1 < parts.len() { "/" } else { "" };
            out.push_str(&format!("{}{}{end}\n", "  ".repeat(depth), crate::ui::shown_text(part)));
        }
        last = parts;
    }
    out
}

pub fn status(context: &Context, entity: &EntityId, all: bool) -> Result<Report> {
    let mut found = disk::status(&context.reader()?, entity)?;
    let open = found.iter().filter(|file| file.state != DiskState::Current).count();
    if !all {
        found.retain(|file| file.state != DiskState::Current);
    }
    let mut shown = rows(&found)?;
    for (row, file) in shown.iter_mut().zip(&found) {
        row.insert("note".to_owned(), hint(&file.note).into());
    }
    let report = Report::list(shown, STATUS, None, "every file is up to date");
    Ok(match open {
        0 => report,
        _ => report.exit(crate::cmd::exit_code(Kind::Findings)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_has_each_directory_once() {
        let paths = ["/shared/b", "/shared/a/x", "/public/a", "/shared/a/y"];
        assert_eq!(draw(paths.into_iter()), "public/\n  a\nshared/\n  a/\n    x\n    y\n  b\n");
    }
}
