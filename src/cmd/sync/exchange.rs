//! `sync export`, `sync receipt`, `sync import`: the user's files on one side, bundles on the other.

use super::{ExportArgs, ImportArgs, ReceiptArgs, records};
use crate::cmd::failure;
use crate::cmd::files::{name, open, within};
use crate::cmd::init::stranger;
use crate::cmd::{Context, DryRun, OutFile};
use crate::error::{Error, Kind, Result};
use crate::id::DocId;
use crate::store::Reader;
use crate::sync::bundle::Bundle;
use crate::sync::changes;
use crate::sync::export::{Exported, Request, export as make};
use crate::sync::import::{Imported, Input, import as bring, import_sound, read_update};
use crate::sync::peer::{self, Addressee, KnownPeer};
use crate::sync::status;
use crate::ui::{self, Body, Column, Failure, Format, Report};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub fn export(context: &Context, args: &ExportArgs) -> Result<Report> {
    let reader = context.reader()?;
    context.knows_where(&args.out)?;
    if let Some(wanted) = &args.raw {
        let doc = context.document(&reader, wanted)?;
        reader.vouch(&context.environment())?;
        let bytes = reader.bytes(&doc)?.unwrap_or_default();
        let sentence = format!("wrote {doc}, {} bytes", bytes.len());
        return context.deliver(bytes, &args.out, &sentence);
    }
    let docs = scope(context, &reader, &args.doc)?;
    let peer = match (&args.peer, &args.since) {
        (Some(name), _) => known_peer(context, &reader, name)?,
        (None, Some(file)) => Some(KnownPeer::of_manifest(read_bundle(file)?.manifest())),
        (None, None) => None,
    };
    let request = Request { docs: docs.as_ref(), peer: peer.as_ref(), receipt: false };
    let exported = make(&reader, &context.environment(), &request)?;
    refuse_named(args.doc.is_empty(), &exported)?;
    if args.if_new && !exported.bundle.has_updates() {
        return unwritten(context, exported);
    }
    write(context, exported, &args.out)
}

pub fn receipt(context: &Context, args: &ReceiptArgs) -> Result<Report> {
    let reader = context.reader()?;
    context.knows_where(&args.out)?;
    let docs = scope(context, &reader, &args.doc)?;
    let request = Request { docs: docs.as_ref(), peer: None, receipt: true };
    let exported = make(&reader, &context.environment(), &request)?;
    refuse_named(args.doc.is_empty(), &exported)?;
    write(context, exported, &args.out)
}

/// What was asked for by its name is not left out.
fn refuse_named(all: bool, exported: &Exported) -> Result<()> {
    match exported.damaged.first() {
        Some(error) if !all => Err(error.clone()),
        _ => Ok(()),
    }
}

/// The documents that `--doc` and `-e` leave; None for all.
fn scope(context: &Context, reader: &Reader, named: &[String]) -> Result<Option<BTreeSet<DocId>>> {
    if !named.is_empty() {
        let docs = named.iter().map(|name| context.document(reader, name));
        return docs.collect::<Result<_>>().map(Some);
    }
    if context.globals.entity.is_none() {
        return Ok(None);
    }
    let documents = reader.documents()?;
    let entities = context.entities(&documents)?;
    let of_entity = |doc: &DocId| doc.entity().is_some_and(|entity| entities.contains(&entity));
    Ok(Some(documents.into_iter().map(|document| document.id).filter(of_entity).collect()))
}

/// What the peer has that `--for` names. None for a member of an entity here that nothing was
/// heard of yet: it gets everything.
fn known_peer(context: &Context, reader: &Reader, name: &str) -> Result<Option<KnownPeer>> {
    let mut damaged = Vec::new();
    let members = status::members(reader, &mut damaged)?;
    damaged.into_iter().try_for_each(|error| context.leave_out(error))?;
    match (peer::find_among(reader.state(), &members, name)?, reader.state()) {
        (Addressee::Replica(found), Some(state)) => {
            KnownPeer::of_peer(state, &found.replica_id).map(Some)
        }
        (Addressee::Replica(_), None) => Ok(None),
        (Addressee::Member(member), _) => {
            context.note(format!("nothing came from {member} yet, so everything is exported"));
            Ok(None)
        }
    }
}

fn write(context: &Context, exported: Exported, out: &OutFile) -> Result<Report> {
    let Exported { bundle, notes, damaged } = exported;
    let mut bytes = Vec::new();
    bundle.write(&mut bytes)?;
    let fields = fields(&bundle, true, bytes.len(), &damaged);
    let without = match damaged.len() {
        0 => String::new(),
        1 => ", without 1 that cannot be read".to_owned(),
        n => format!(", without {n} that cannot be read"),
    };
    damaged.into_iter().try_for_each(|error| context.leave_out(error))?;
    let sentence = format!("wrote {}{without}, {} bytes", contents(&bundle), bytes.len());
    let mut report = context.deliver(bytes, out, &sentence)?;
    if matches!(report.body, Body::Nothing) && is_json(context) {
        report.body = Body::Json(fields);
    }
    report.notes.splice(0..0, notes);
    Ok(report)
}

/// `--if-new`, and nothing is.
fn unwritten(context: &Context, exported: Exported) -> Result<Report> {
    let mut report = Report::nothing();
    if is_json(context) {
        report.body = Body::Json(fields(&exported.bundle, false, 0, &exported.damaged));
    }
    report.notes = exported.notes;
    exported.damaged.into_iter().try_for_each(|error| context.leave_out(error))?;
    Ok(report.note("nothing is new, so no file was written"))
}

/// "a full bundle of 3 documents", "2 documents with news, of 5"
fn contents(bundle: &Bundle) -> String {
    let all = bundle.documents().count();
    let news = bundle.documents().filter(|(_, update)| update.is_some()).count();
    let plural = if all == 1 { "" } else { "s" };
    match () {
        () if bundle.manifest().full => format!("a full bundle of {all} document{plural}"),
        () if news == 0 => format!("a receipt of {all} document{plural}"),
        () => format!("a bundle with news of {news} of {all} document{plural}"),
    }
}

fn fields(bundle: &Bundle, written: bool, bytes: usize, damaged: &[Error]) -> Value {
    let left_out: Vec<&str> = damaged.iter().filter_map(|e| e.damaged.as_deref()).collect();
    let manifest = bundle.manifest();
    json!({
        "written": written,
        "bundle": manifest.bundle,
        "for": manifest.addressee,
        "full": manifest.full,
        "seq": manifest.seq,
        "documents": bundle.documents().count(),
        "updates": bundle.documents().filter(|(_, update)| update.is_some()).count(),
        "bytes": bytes,
        "left_out": left_out,
    })
}

const DOCUMENTS: &[Column] = &[
    Column::text("doc", "document"),
    Column::number("added", "added"),
    Column::number("edited", "edited"),
    Column::number("deleted", "deleted"),
    Column::number("acknowledged", "acknowledged"),
    Column::number("pruned", "pruned"),
];

/// A file that was left out, and why.
struct LeftOut {
    file: String,
    error: Error,
}

pub fn import(context: &Context, args: &ImportArgs) -> Result<Report> {
    let doc = args.raw.as_ref().map(|wanted| raw_document(context, wanted)).transpose()?;
    let read = |file: &PathBuf| match &doc {
        Some(doc) => raw_input(doc, file),
        None => bundle_input(file),
    };
    // Everything is read before the store is locked: a pipe may take its time.
    if !args.keep_going {
        let all = args.files.iter().map(read).collect::<Result<Vec<Input>>>();
        let done = all.and_then(|inputs| {
            let imported = bring(context.session()?, &inputs)?;
            account(context, &imported, &inputs, args.dry_run)
        });
        return done.map_err(|error| none_taken(error, &args.files));
    }
    let (mut inputs, mut left_out) = (Vec::new(), Vec::new());
    for file in &args.files {
        match read(file) {
            Ok(input) => inputs.push(input),
            Err(error) => left_out.push(LeftOut { file: name(file), error }),
        }
    }
    let (imported, refused) = import_sound(|| context.session(), &inputs)?;
    left_out.extend(refused.into_iter().filter_map(|(at, error)| {
        let file = inputs.get(at)?.name().to_owned();
        Some(LeftOut { file, error })
    }));
    let report = account(context, &imported, &inputs, args.dry_run)?;
    Ok(leaving_out(report, &left_out))
}

/// A bare update of one document, as `sync import --raw` takes it.
pub fn load(context: &Context, file: &Path, doc: &DocId, dry_run: DryRun) -> Result<Report> {
    let inputs = [raw_input(doc, file)?];
    let imported = bring(context.session()?, &inputs)?;
    account(context, &imported, &inputs, dry_run)
}

/// Says of an error about one of several files what became of the others.
fn none_taken(error: Error, files: &[PathBuf]) -> Error {
    let about_one = files.iter().any(|file| error.message.contains(&name(file)));
    if files.len() < 2 || !about_one {
        return error;
    }
    let message = format!("{}; none of the {} files was taken", error.message, files.len());
    let others = "`--keep-going` takes the others";
    match error.hint.clone() {
        Some(hint) => error.saying(message).hint(hint.and(format!("; {others}"))),
        None => error.saying(message).hint(others),
    }
}

/// Adds what was left out: to the JSON object, and as sentences.
fn leaving_out(mut report: Report, left_out: &[LeftOut]) -> Report {
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
    report.notes.extend(left_out.iter().map(|one| format!("left out: {:#}", one.error)));
    report.exit(failure::exit_code(Kind::Findings))
}

/// What an import did, for people and programs.
fn account(
    context: &Context,
    imported: &Imported,
    inputs: &[Input],
    dry_run: DryRun,
) -> Result<Report> {
    let value = serde_json::to_value(imported)
        .map_err(|e| Error::bug("the account of the import does not encode").because(e))?;
    let records = changes::changes(&imported.touched);
    let mut report = match (is_json(context), dry_run.dry_run) {
        (true, true) => Report::json(records::with_records(value, &records)),
        (true, false) => Report::json(value),
        (false, true) => Report::list(ui::rows(&records)?, records::COLUMNS, Some("id"), ""),
        (false, false) => Report::list(rows(&value), DOCUMENTS, Some("doc"), ""),
    };
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
    report.notes.extend(stranger(&context.reader()?)?);
    report.notes.extend(imported.waits.iter().map(ToString::to_string));
    if imported.waits.is_empty() {
        return Ok(report);
    }
    // What is said of a damaged document names the command already.
    if imported.waits.iter().any(|wait| !wait.is_for_the_document()) {
        let ask =
            "import what came before it, or ask for a bundle of `crdtctl sync export -O FILE`";
        report.notes.push(ask.to_owned());
    }
    Ok(report.exit(failure::exit_code(Kind::Waiting)))
}

fn bundle_input(file: &Path) -> Result<Input> {
    Ok(Input::Bundle { name: name(file), bundle: Box::new(read_bundle(file)?) })
}

/// The document that bare updates are for: one that is here, or one that they bring. Then only a
/// whole id names it.
pub fn raw_document(context: &Context, wanted: &str) -> Result<DocId> {
    match context.document(&context.reader()?, wanted) {
        Err(error) if error.kind == Kind::NotFound && wanted.matches(':').count() >= 2 => {
            DocId::parse(wanted)
        }
        found => found,
    }
}

fn raw_input(doc: &DocId, file: &Path) -> Result<Input> {
    let update = read_update(open(file)?).map_err(|error| within(file, error))?;
    Ok(Input::Raw { name: name(file), doc: doc.clone(), update })
}

fn rows(value: &Value) -> Vec<Map<String, Value>> {
    let documents = value.get("documents").and_then(Value::as_array).into_iter().flatten();
    documents.filter_map(Value::as_object).cloned().collect()
}

/// "imported 2 bundles: 3 added, 1 edited in 2 documents"
fn summary(imported: &Imported, inputs: &[Input]) -> String {
    let bare = inputs.iter().all(|input| matches!(input, Input::Raw { .. }));
    let what = if bare { "bare update" } else { "bundle" };
    let bundles = match imported.bundles {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    };
    let sum = |count: fn(&crate::merge::MergeSummary) -> usize| -> usize {
        imported.documents.iter().map(|account| count(&account.summary)).sum()
    };
    let counts = [
        (sum(|s| s.added), "added"),
        (sum(|s| s.edited), "edited"),
        (sum(|s| s.deleted), "deleted"),
        (sum(|s| s.acknowledged), "acknowledged"),
        (sum(|s| s.pruned), "pruned"),
        (imported.conflicts, "in conflict"),
        (imported.waiting, "waiting"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    match (counts.is_empty(), imported.changed) {
        (true, false) => format!("read {bundles}; everything was here already"),
        (true, true) => format!("imported {bundles}"),
        (false, _) => format!("imported {bundles}: {}", counts.join(", ")),
    }
}

/// Reads a bundle of the user's; `-` is standard input.
///
/// # Errors
/// `NotFound` when there is no such file; as [`Bundle::read`], with the file named.
pub fn read_bundle(file: &Path) -> Result<Bundle> {
    Bundle::read(open(file)?).map_err(|error| within(file, error))
}

pub fn is_json(context: &Context) -> bool {
    matches!(context.terminal.format, Format::Json | Format::Ndjson)
}
