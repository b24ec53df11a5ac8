//! Checks and recovers files of other programs, without a store.

use super::failure::word;
use super::foreign::{ForeignFile, FromKind};
use super::subject::{
    LooseDocument, forked, moved, no_longer_decodes, pick, refused_by_yjs, split,
};
use super::{Context, files};
use crate::crdt::types::SharedTypes;
use crate::error::{Error, Result};
use crate::foreign::{FileContent, breaks_off, why_not};
use crate::ui::{Column, Report, Row};
use crate::wire::{Salvage, SharedBytes, Unchecked, Update, merge_many, merge_with_gaps};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

/// Returns what is wrong with a file, in the form of the findings of a store.
///
/// # Errors
/// `NotFound`, `Io`.
pub fn findings(context: &Context, wanted: &str, from: FromKind) -> Result<Vec<Row>> {
    let (path, picked) = split(wanted);
    let file = ForeignFile::read(&path, from)?;
    let Some(identified) = &file.identified else {
        let fix = file.recovery(&path);
        return Ok(vec![finding(wanted, "undecodable", "error", &file.why_not(from), fix)]);
    };
    let documents = match &identified.found {
        FileContent::Documents(documents) if picked.is_none() && documents.len() > 1 => documents,
        _ => return of_document(wanted, &context.loose_in(wanted, &file, from)?),
    };
    if let Some(unseen) = file.unseen {
        context.note(format!("{wanted}: {unseen}"));
    }
    let mut rows = Vec::new();
    for document in documents {
        let name = format!("{wanted}#{}", document.name.as_deref().unwrap_or_default());
        let document = LooseDocument::of(name.clone(), &file, identified, document.clone())?;
        rows.extend(of_document(&name, &document)?);
    }
    Ok(rows)
}

fn of_document(wanted: &str, file: &LooseDocument) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    if let Some(message) = file.document.left_out() {
        let holds = !file.document.steps.is_empty();
        let fix = holds.then(|| format!("crdtctl recover {} -O FILE", word(wanted)));
        rows.push(finding(wanted, "undecodable", "error", &message, fix));
    }
    if let Some(message) = refused_by_yjs(&file.document) {
        rows.push(finding(wanted, "undecodable", "error", &message, None));
    }
    if let Some(fork) = file.fork {
        rows.push(finding(wanted, "replica-fork", "error", &forked(fork), None));
    }
    let types = file.types()?;
    if let Some(message) = moved(&types) {
        rows.push(finding(wanted, "move", "warning", &message, None));
    }
    for waiting in types.waiting() {
        let message = format!("{waiting}, which is not here");
        let fix = format!("crdtctl doc merge {} OTHER -O FILE", word(wanted));
        rows.push(finding(wanted, "waiting", "warning", &message, Some(fix)));
    }
    Ok(rows)
}

fn finding(file: &str, kind: &str, severity: &str, message: &str, fix: Option<String>) -> Row {
    let fields = [
        ("id", json!(format!("{kind}-{}", digest(&format!("{file} {message}"))))),
        ("kind", json!(kind)),
        ("severity", json!(severity)),
        ("doc", json!(file)),
        ("message", json!(message)),
        ("fix", json!(fix)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Returns an id that is the same at every check.
fn digest(text: &str) -> String {
    let hex = blake3::hash(text.as_bytes()).to_hex();
    hex.get(..8).unwrap_or_default().to_owned()
}

const SOURCES: &[Column] = &[
    Column::text("file", "file"),
    Column::number("blocks", "blocks read"),
    Column::number("announced", "announced"),
    Column::text("state", "state"),
    Column::text("problem", "problem"),
];

/// Writes what can be read of a damaged file, and what others have, as one update; no value is written
/// anew.
///
/// # Errors
/// `Refused` for an undamaged file; `Corrupt` if nothing can be read.
pub fn recover(wanted: &str, others: &[PathBuf], out: &Path, dry_run: bool) -> Result<Report> {
    let from = FromKind { kind: None };
    let mut rows = Vec::new();
    let own = left_of(Path::new(wanted), from, &mut rows)?;
    let whole = rows.iter().all(|row| row.get("state") == Some(&json!("whole")));
    if whole {
        return Err(Error::refused(format!("nothing of {wanted} is damaged"))
            .hint("`crdtctl doc merge FILE… -O NEW` brings in what others have"));
    }
    let mut all = own;
    for other in others {
        all.extend(left_of(other, from, &mut rows)?);
    }
    let salvages: Vec<Salvage<'_>> = all.iter().map(|bytes| Salvage::read(bytes)).collect();
    let updates: Vec<Update<'_, Unchecked>> =
        salvages.iter().map(|salvage| salvage.update().clone()).collect();
    let types = SharedTypes::read(merge_with_gaps(&updates))?;
    if types.version().clocks.is_empty() {
        return Err(Error::corrupt(format!("nothing of {wanted} can be read"))
            .hint("`--from FILE` names what others have of it"));
    }
    let to_stdout = out.as_os_str() == "-" && !dry_run;
    let mut report = match to_stdout {
        // Standard output gets the bytes, so the rows about each file become notes.
        true => {
            let bytes = Report::raw(types.bytes().to_vec());
            rows.iter().map(in_words).fold(bytes, Report::note)
        }
        false => Report::list(rows, SOURCES, Some("file"), "no files"),
    };
    for waiting in types.waiting() {
        report = report.note(format!("{waiting}: they are kept but not shown"));
    }
    if salvages.iter().any(|salvage| salvage.lacks_deletes) {
        report = report.note("a delete set could not be read: deleted content may be back");
    }
    if dry_run {
        return Ok(report.note("dry run, nothing is written"));
    }
    let bytes = types.bytes().len();
    if to_stdout {
        return Ok(report.note(format!("wrote {bytes} bytes")));
    }
    files::make(out, |path| files::write(path, types.bytes()))?;
    Ok(report.note(format!("wrote {}: {bytes} bytes", out.display())))
}

/// A row about a file that was read, as a sentence.
fn in_words(row: &Row) -> String {
    let cell = |name: &str| match row.get(name) {
        Some(Json::String(text)) => text.clone(),
        Some(other) if !other.is_null() => other.to_string(),
        _ => String::new(),
    };
    let read = format!(
        "{}: {}, {} of {} blocks read",
        cell("file"),
        cell("state"),
        cell("blocks"),
        cell("announced")
    );
    match cell("problem") {
        problem if problem.is_empty() => read,
        problem => format!("{read}: {problem}"),
    }
}

/// Returns the updates in a file, or what can be read of a damaged one, and adds a row that says which.
fn left_of(path: &Path, from: FromKind, rows: &mut Vec<Row>) -> Result<Vec<Vec<u8>>> {
    let name = files::name(path);
    let wanted = path.to_string_lossy();
    let (path, picked) = split(&wanted);
    let mut file = ForeignFile::read(&path, from)?;
    let mut row = Row::new();
    row.insert("file".into(), json!(name));
    let left_out;
    let updates = match file.identified.take().map(|identified| identified.found) {
        Some(FileContent::Documents(documents)) => {
            let document = pick(&name, &documents, picked)?;
            left_out = document.left_out();
            document.steps.iter().map(|step| step.update.clone()).collect()
        }
        Some(_) => return Err(Error::usage(format!("{name} holds no content"))),
        None => {
            let salvage = Salvage::read(&file.bytes);
            let blocks = salvage.update().blocks().len();
            let unread = salvage.announced.map_or(0, |(all, read)| all.saturating_sub(read));
            if blocks > 0 && !breaks_off(&file.bytes) {
                // A picture, too, may begin like an update of one or two blocks.
                return Err(file.unknown(&path, from));
            }
            row.insert("blocks".into(), json!(blocks));
            row.insert("announced".into(), json!(unread.saturating_add(blocks as u64)));
            row.insert("state".into(), json!(if blocks == 0 { "lost" } else { "partial" }));
            row.insert("problem".into(), json!(why_not(&file.bytes)));
            rows.push(row);
            return Ok(vec![file.bytes]);
        }
    };
    let updates: Vec<SharedBytes> = updates;
    let blocks: usize =
        updates.iter().filter_map(|update| Some(Update::walk(update).ok()?.blocks().len())).sum();
    let merged = merge_many(updates).map_err(no_longer_decodes)?;
    let types = SharedTypes::read(merged.clone())?;
    let waits = !types.waiting().is_empty();
    let problem = left_out
        .or_else(|| waits.then(|| "something that it builds on is missing from it".to_owned()));
    row.insert("blocks".into(), json!(blocks));
    row.insert("announced".into(), json!(blocks));
    row.insert("state".into(), json!(if problem.is_none() { "whole" } else { "partial" }));
    row.insert("problem".into(), json!(problem));
    rows.push(row);
    Ok(vec![merged.into_vec()])
}
