//! `disk diff`: compares a text here with the one in its directory, in another store, or after an import.

use super::lying::{Lying, known};
use super::unified::unified;
use crate::cmd::files::{is_bundle, is_stdin, name};
use crate::cmd::sync::read_bundle;
use crate::cmd::{Context, exit_code};
use crate::concern::disk::content::TextFile;
use crate::concern::disk::{DiskContent, DiskFile, DiskPath, document};
use crate::crdt::view::View;
use crate::error::{Error, Kind, Result};
use crate::id::{DocId, EntityId};
use crate::query::disk::{file, same_in};
use crate::store::{Reader, Store};
use crate::sync::import::{Input, import};
use crate::ui::Report;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::rc::Rc;

/// The path of a side that has no such file, as other programs write it.
const NOTHING: &str = "/dev/null";

/// A text and its path; empty if there is no such file.
struct Side {
    path: String,
    text: String,
}

pub fn diff(
    context: &Context,
    entity: &EntityId,
    named: &str,
    with: Option<&Path>,
) -> Result<Report> {
    let reader = context.reader()?;
    let Some(with) = with else {
        let (doc, file) = known(&reader, entity, named)?;
        let lying = Lying::of(&reader, entity, &doc)?;
        let new = match lying.is_removed(&file)? {
            true => Side::of(None)?,
            false => Side { path: file.path.clone(), text: text(&lying, &file)? },
        };
        return compared(&Side::of(Some(file))?, &new);
    };
    // A file that only one side has differs as a whole.
    let ours = match file(&reader, entity, named) {
        Ok(found) => Ok(found),
        Err(e) if e.kind == Kind::NotFound && named.starts_with('/') => Err(e),
        Err(e) => return Err(e),
    };
    let doc = match &ours {
        Ok((doc, _)) => doc.clone(),
        Err(_) => document(entity, DiskPath::parse(named)?.disk()),
    };
    let view = other(context, &reader, &doc, with)?;
    let known = ours.as_ref().ok().map(|(_, file)| file);
    let theirs = match &view {
        Some(view) => same_in(view, &doc, known, named)?,
        None => None,
    };
    match (ours, theirs) {
        (Err(e), None) => Err(e),
        (ours, theirs) => compared(&Side::of(ours.ok().map(|(_, file)| file))?, &Side::of(theirs)?),
    }
}

/// Returns a document from another store, or as importing a bundle would leave it.
fn other(context: &Context, reader: &Reader, doc: &DocId, with: &Path) -> Result<Option<Rc<View>>> {
    if is_a_bundle(with) {
        return imported(context, reader, doc, with);
    }
    match Store::open_with(with, context.environment()) {
        // A file that is not a store may be meant as a bundle: report what is wrong with it as one.
        Err(e) if e.kind == Kind::NotFound && !with.is_dir() => {
            imported(context, reader, doc, with)
        }
        opened => Ok(opened?.reader()?.view(doc)?.map(Rc::new)),
    }
}

/// Returns the text of a file as it is in its directory.
fn text(lying: &Lying<'_>, file: &DiskFile) -> Result<String> {
    let mut bytes = Vec::new();
    let failed = |e| Error::io(format!("cannot read {}", file.path), e);
    lying.open(file)?.content.read_to_end(&mut bytes).map_err(failed)?;
    TextFile::of(&bytes).map(|file| file.text).ok_or_else(|| no_text(&file.path))
}

/// Whether an argument means a bundle, not a store: first-generation stores are files, too.
fn is_a_bundle(with: &Path) -> bool {
    let mut begin = [0; 4];
    let mut read = || File::open(with)?.read_exact(&mut begin);
    is_stdin(with) || with.is_file() && read().is_ok() && is_bundle(&begin)
}

/// Returns a document as importing a bundle would leave it; unchanged if the bundle has nothing for it.
fn imported(
    context: &Context,
    reader: &Reader,
    doc: &DocId,
    file: &Path,
) -> Result<Option<Rc<View>>> {
    let bundle = Box::new(read_bundle(file)?);
    let inputs = [Input::Bundle { name: name(file), bundle }];
    let imported = import(context.rehearsal()?, &inputs)?;
    imported.notes.iter().for_each(|note| context.note(note));
    let waits = imported.waits.iter().filter(|waits| waits.doc == *doc);
    waits.for_each(|waits| context.note(waits.to_string()));
    match imported.touched.into_iter().find(|touched| touched.doc == *doc) {
        Some(touched) => Ok(touched.after.and_then(|after| after.view().cloned())),
        None => Ok(reader.view(doc)?.map(Rc::new)),
    }
}

impl Side {
    fn of(file: Option<DiskFile>) -> Result<Side> {
        match file {
            None => Ok(Side { path: NOTHING.to_owned(), text: String::new() }),
            Some(DiskFile { path, content: DiskContent::Text(file), .. }) => {
                Ok(Side { path, text: file.text })
            }
            Some(file) => Err(no_text(&file.path)),
        }
    }
}

fn compared(old: &Side, new: &Side) -> Result<Report> {
    let text = unified(&old.text, &new.text);
    if text.is_empty() && old.path == new.path {
        return Ok(Report::text(String::new()).note("nothing differs"));
    }
    let [from, to] = [&old.path, &new.path].map(|path| crate::ui::shown_text(path));
    let shown = crate::ui::shown_text(&text);
    Ok(Report::text(format!("--- {from}\n+++ {to}\n{shown}")).exit(exit_code(Kind::Findings)))
}

fn no_text(path: &str) -> Error {
    Error::refused(format!("{path} is not a text"))
        .hint("`crdtctl disk history` lists its versions")
}
