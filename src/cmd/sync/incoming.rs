//! Reports what an import did, and what was left out of it.

use super::records;
use crate::cmd::failure::{self, word};
use crate::cmd::files::{open, within};
use crate::cmd::init::stranger;
use crate::cmd::{Context, DryRun};
use crate::concern::{self, core};
use crate::error::{Error, Kind, Result, counted, listed};
use crate::merge::MergeSummary;
use crate::sync::bundle::Bundle;
use crate::sync::changes;
use crate::sync::import::{Imported, Input};
use crate::ui::{self, Body, Column, Failure, Report};
use serde_json::{Map, Value, json};
use std::path::Path;

const DOCUMENTS: &[Column] = &[
    Column::text("doc", "document"),
    Column::number("added", "added"),
    Column::number("edited", "edited"),
    Column::number("deleted", "deleted"),
    Column::number("acknowledged", "acknowledged"),
    Column::number("pruned", "pruned"),
];

/// A file that was left out, and why.
pub struct LeftOut {
    pub file: String,
    pub error: Error,
}

/// Adds to the JSON object of a dry run that it was one.
pub fn in_dry_run(mut report: Report, is_dry: bool) -> Report {
    if let Body::Json(Value::Object(fields)) = &mut report.body
        && is_dry
    {
        fields.insert("dry_run".to_owned(), json!(true));
    }
    report
}

/// Adds what was left out to a report: to the JSON object, and as sentences.
pub fn leaving_out(mut report: Report, left_out: &[LeftOut]) -> Report {
    if let Body::Json(Value::Object(fields)) = &mut report.body {
        let told = |one: &LeftOut| {
            let Failure { code, message, causes, .. } = failure::of(&one.error);
            json!({"file": one.file, "code": code, "message": message, "causes": causes})
        };
        fields.insert("left_out".to_owned(), left_out.iter().map(told).collect());
    }
    if left_out.is_empty() {
        return report;
    }
    report.left_out.extend(left_out.iter().map(|one| format!("left out: {:#}", one.error)));
    report.exit(failure::exit_code(Kind::Findings))
}

/// Reports what an import did, for people and programs.
pub fn account(
    context: &Context,
    imported: &Imported,
    inputs: &[Input],
    dry_run: DryRun,
) -> Result<Report> {
    let value = serde_json::to_value(imported)
        .map_err(|e| Error::bug("the account of the import does not encode").because(e))?;
    let records = changes::changes(&imported.touched);
    let mut report = match (context.terminal.format.is_json(), dry_run.dry_run) {
        (true, true) => Report::json(records::with_records(value, &records)),
        (true, false) => Report::json(value),
        (false, true) => Report::list(ui::rows(&records)?, records::COLUMNS, Some("id"), ""),
        (false, false) => Report::list(rows(&value), DOCUMENTS, Some("doc"), ""),
    };
    report = in_dry_run(report, dry_run.dry_run);
    let sentence = summary(imported, inputs);
    report.notes.push(match dry_run.dry_run {
        true => format!("dry run, nothing is written: {sentence}"),
        false => sentence,
    });
    let pruned: usize = imported.documents.iter().map(|account| account.summary.pruned).sum();
    if pruned > 0 {
        report.notes.push(crate::cmd::context::lost(pruned));
    }
    report.notes.extend(records::roles(&records));
    report
        .notes
        .extend(imported.findings.iter().map(|f| format!("not allowed here: {}", f.message)));
    report.notes.extend(imported.notes.iter().cloned());
    report.notes.extend(context.notes_of(&imported.committed));
    // Only changes to members can show that ours is not one; the check reads every list of members.
    let of_members = |doc| concern::of(doc).is_some_and(|spec| spec.name == core::SPEC.name);
    if imported.documents.iter().any(|account| of_members(&account.doc)) {
        report.notes.extend(stranger(&context.reader()?)?);
    }
    report.notes.extend(imported.waits.iter().map(ToString::to_string));
    if imported.waits.is_empty() {
        return Ok(report);
    }
    // The sentence about a damaged document names the command already.
    if imported.waits.iter().any(|wait| !wait.is_for_the_document()) {
        let ask =
            "import the earlier bundles, or ask for a full one from `crdtctl sync export -O FILE`";
        report.notes.push(ask.to_owned());
    }
    Ok(report.exit(failure::exit_code(Kind::Waiting)))
}

fn rows(value: &Value) -> Vec<Map<String, Value>> {
    let documents = value.get("documents").and_then(Value::as_array).into_iter().flatten();
    documents.filter_map(Value::as_object).cloned().collect()
}

/// "imported 2 bundles: 3 added, 1 edited in 2 documents"
fn summary(imported: &Imported, inputs: &[Input]) -> String {
    let bare = inputs.iter().all(|input| matches!(input, Input::Raw { .. }));
    let what = if bare { "bare update" } else { "bundle" };
    let bundles = counted(imported.bundles as u64, what);
    let sum = |count: fn(&MergeSummary) -> usize| -> usize {
        imported.documents.iter().map(|account| count(&account.summary)).sum()
    };
    let counts = [
        (sum(|s| s.added), "added"),
        (sum(|s| s.edited), "edited"),
        (sum(|s| s.deleted.saturating_sub(s.closed)), "deleted"),
        (sum(|s| s.closed), "closed or archived"),
        (sum(|s| s.acknowledged), "acknowledged"),
        (sum(|s| s.pruned), "pruned"),
        (sum(|s| s.archived), "archived"),
        (imported.archived_rows, "new in the archive"),
        (imported.conflicts, "in conflict"),
        (imported.waiting, "waiting"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let within = in_roots(imported);
    match (counts.is_empty(), imported.changed) {
        // Each has its own sentence that it was left out.
        _ if inputs.is_empty() => {
            "none of the files could be read, so nothing was imported".to_owned()
        }
        (true, false) => format!("read {bundles}; everything was here already"),
        (true, true) => format!("imported {bundles}"),
        (false, _) => format!("imported {bundles}: {}{within}", counts.join(", ")),
    }
}

/// The roots of records that no concern names: " in notes"; ", some of it in notes" if other records were counted,
/// too.
fn in_roots(imported: &Imported) -> String {
    let mut roots: Vec<&str> =
        imported.documents.iter().flat_map(|of| &of.summary.roots).map(String::as_str).collect();
    roots.sort_unstable();
    roots.dedup();
    let mut changed = imported.documents.iter().filter(|of| of.summary != MergeSummary::default());
    match (roots.is_empty(), changed.any(|of| concern::of(&of.doc).is_some())) {
        (true, _) => String::new(),
        (false, false) => format!(" in {}", listed(&roots)),
        (false, true) => format!(", some of it in {}", listed(&roots)),
    }
}

/// Reads a bundle from the user's file; `-` is standard input.
///
/// # Errors
/// `NotFound` if there is no such file; otherwise as [`Bundle::read`], with the file named.
pub fn read_bundle(file: &Path) -> Result<Bundle> {
    if file.is_dir() {
        let dir = file.display().to_string();
        let hint = format!(
            "name the bundles in it; `crdtctl sync stick {}` handles all of them",
            word(&dir)
        );
        return Err(Error::usage(format!("{dir} is a directory")).hint(hint));
    }
    let opened = open(file).map_err(|error| match error.kind {
        Kind::NotFound => error
            .hint_also("`crdtctl sync export -O FILE` writes one, in the store with the changes"),
        _ => error,
    })?;
    Bundle::read(opened).map_err(|error| within(file, error))
}
