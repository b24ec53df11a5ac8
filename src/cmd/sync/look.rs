//! `sync status`, `peers`, `forget`, `show` and `verify`: what is known without an exchange.

use super::incoming::read_bundle;
use super::records;
use crate::cmd::Context;
use crate::cmd::failure;
use crate::cmd::files::{name, within};
use crate::concern;
use crate::error::{Error, Kind, Result, counted};
use crate::sync::import::{Input, import};
use crate::sync::status::{self, SyncStatus, WaitingUpdate};
use crate::sync::verify::verify as check;
use crate::sync::{changes, peer};
use crate::ui::{self, Column, Report, Row, Section, Written, row};
use serde_json::{Value, json};
use std::path::Path;

const STATUS: &[Column] = &[
    Column::id("replica_id", "replica").filled(),
    Column::text("member", "member"),
    Column::last("last_seen", "last heard of").filled(),
    Column::number("they_lack_documents", "they lack"),
    Column::number("they_lack_operations", "operations they lack").wide(),
    Column::bytes("they_lack_bytes", "to send").wide(),
    Column::number("we_lack_documents", "we lack"),
    Column::number("we_lack_operations", "operations we lack").wide(),
    Column::number("agreed_documents", "agreed").wide(),
    Column::count("waiting", "waiting").filled(),
    Column::text("waits_for", "for").wide(),
    Column::number("last_bundle", "last bundle").asked(),
    Column::text("they_lack", "documents they lack").asked(),
    Column::text("we_lack", "documents we lack").asked(),
    Column::text("waits", "waits").asked(),
    Column::text("unproven", "unproven").asked(),
    Column::text("diverged", "diverged").asked(),
];

pub fn status(context: &Context, exit_code: bool) -> Result<Report> {
    let overview = status::status(&context.reader()?, &context.environment())?;
    let behind = overview.is_behind();
    overview.damaged.iter().try_for_each(|error| context.leave_out(error.clone()))?;
    let json = context.terminal.format.is_json();
    let heard = overview.peers.iter().map(|one| Ok((one.is_behind(), status_row(one, json)?)));
    let unheard = overview.unheard.iter().map(|one| Ok((true, row(one)?)));
    let mut rows = heard.chain(unheard).collect::<Result<Vec<(bool, Row)>>>()?;
    let more = context.few(&mut rows, |(is_behind, _)| *is_behind);
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    let mut report = Report::list(rows, STATUS, Some("replica_id"), "no bundle came here yet");
    report.notes.extend(more);
    if let Some(first) = overview.unheard.first() {
        report.notes.push(match overview.unheard.as_slice() {
            [_] => format!("nothing came from {} yet", first.member),
            all => format!("nothing came from {} members yet", all.len()),
        });
    }
    report.notes.extend(overview.stray.iter().map(|waiting| {
        format!("{} of {} waits for {}", waiting.bundle, waiting.doc, prerequisites(waiting))
    }));
    report.notes.extend(overview.peers.iter().flat_map(doubts));
    match behind && exit_code {
        true => Ok(report.exit(failure::exit_code(Kind::Findings))),
        false => Ok(report),
    }
}

/// Returns warnings where equal versions do not prove equal content.
fn doubts(status: &SyncStatus) -> Vec<String> {
    let name = status.peer.member.as_ref().unwrap_or(&status.peer.replica_id);
    let diverged = status.agreement.diverged.iter().map(|doc| {
        format!(
            "divergence: {doc} has the version of {name}, but different content; two replicas wrote \
             under one client id, and `crdtctl doc diff` against their copy shows where"
        )
    });
    let unproven = match status.agreement.unproven.len() {
        0 => None,
        n => Some(format!(
            "{} of {name} with the same version and no digest: not proven to be equal",
            counted(n as u64, "document")
        )),
    };
    diverged.chain(unproven).collect()
}

/// Returns the row of a peer; for people, what it waits for is put in words.
fn status_row(status: &SyncStatus, json: bool) -> Result<Row> {
    let mut row = row(status)?;
    if !json {
        let waits: std::collections::BTreeSet<String> =
            status.waiting.iter().map(prerequisites).collect();
        let waits = waits.into_iter().collect::<Vec<_>>().join("; ");
        row.insert("waits_for".to_owned(), json!(waits));
    }
    Ok(row)
}

/// Says in words what an update waits for: how much, and who has it.
fn prerequisites(waiting: &WaitingUpdate) -> String {
    let clients = waiting.missing.len();
    match (clients, waiting.had_by.first()) {
        (0, _) => "the next import".to_owned(),
        (_, Some(name)) => format!("what {name} has"),
        (1, None) => "what one client id wrote, which no known peer has".to_owned(),
        (n, None) => format!("what {n} client ids wrote, which no known peer has"),
    }
}

const PEERS: &[Column] = &[
    Column::id("replica_id", "replica"),
    Column::text("member", "member"),
    Column::time("last_seen", "last heard of"),
    Column::id("last_bundle", "last bundle").wide(),
    Column::id("succeeded_by", "continues as").wide(),
];

pub fn peers(context: &Context) -> Result<Report> {
    let reader = context.reader()?;
    let rows = ui::rows(&peer::summaries(reader.state())?)?;
    Ok(Report::list(rows, PEERS, Some("replica_id"), "no bundle came here yet"))
}

pub fn forget(context: &Context, wanted: &str) -> Result<Report> {
    let session = context.session()?;
    let found = peer::find(Some(session.state()), wanted)?;
    session.state().forget_peer(&found.replica_id)?;
    let committed = session.commit()?;
    let who = found.member.as_ref().map_or(String::new(), |member| format!(" of {member}"));
    let written = Written {
        changed: true,
        sentence: format!("forgot replica {}{who}", found.replica_id),
        id: Some(found.replica_id),
        ..Written::default()
    };
    Ok(context.written(written, committed))
}

const MANIFEST: &[Column] = &[
    Column::id("bundle", "bundle"),
    Column::time("created_at", "made"),
    Column::text("from_member", "from"),
    Column::text("from_replica", "replica"),
    Column::text("for", "for"),
    Column::number("seq", "log"),
    Column::number("archived_rows", "archived rows"),
    Column::flag("full", "full"),
    Column::number("files", "files"),
    Column::bytes("file_bytes", "file bytes"),
];

const DOCUMENTS: &[Section] = &[Section {
    key: "documents",
    title: "documents",
    columns: &[
        Column::text("doc", "document"),
        Column::bytes("bytes", "update"),
        Column::number("clients", "client ids"),
        Column::text("log", "log rows"),
    ],
}];

pub fn show(context: &Context, file: &Path, records: bool) -> Result<Report> {
    let bundle = read_bundle(file)?;
    let manifest = serde_json::to_value(bundle.manifest())
        .map_err(|e| Error::bug("the manifest does not encode").because(e))?;
    if records {
        let notes = bundle.notes().to_vec();
        let bundle = Box::new(bundle);
        let inputs = [Input::Bundle { name: name(file), bundle }];
        let imported = import(context.rehearsal()?, &inputs)?;
        let records = changes::changes(&imported.touched);
        let report = match context.terminal.format.is_json() {
            true => Report::json(records::with_records(manifest, &records)),
            false => Report::list(
                ui::rows(&records)?,
                records::COLUMNS,
                Some("id"),
                "importing it would change nothing",
            ),
        };
        let waits = imported.waits.iter().map(ToString::to_string);
        let all = notes.into_iter().chain(records::roles(&records)).chain(waits);
        return Ok(all.fold(report, Report::note));
    }
    let report = match context.terminal.format.is_json() {
        true => Report::json(manifest),
        false => {
            let manifest = bundle.manifest();
            let documents: Vec<Value> = manifest
                .documents
                .iter()
                .map(|document| {
                    json!({
                        "doc": document.doc,
                        "bytes": document.bytes,
                        "clients": document.has.state_vector.len(),
                        "log": format!("{}-{}", document.log.after, document.log.upto),
                    })
                })
                .collect();
            let mut fields = object(json!({
                "bundle": manifest.bundle,
                "created_at": manifest.created_at,
                "from_member": manifest.from.member,
                "from_replica": manifest.from.replica,
                "for": manifest.addressee,
                "seq": manifest.seq,
                "full": manifest.full,
                "files": manifest.files.len(),
                "file_bytes": bundle.content_bytes(),
                "documents": documents,
            }));
            let rows = Some(bundle.archived_rows()).filter(|rows| *rows > 0);
            fields.extend(rows.map(|rows| ("archived_rows".to_owned(), json!(rows))));
            Report::object(fields, MANIFEST, Some("bundle")).sections(DOCUMENTS)
        }
    };
    Ok(bundle.notes().iter().fold(report, Report::note))
}

pub fn verify(context: &Context, file: &Path) -> Result<Report> {
    let bundle = read_bundle(file)?;
    let updates = check(&bundle, concern::expected).map_err(|error| within(file, error))?;
    let documents = bundle.documents().count();
    let report = match context.terminal.format.is_json() {
        true => Report::json(json!({
            "bundle": bundle.manifest().bundle,
            "documents": documents,
            "updates": updates,
            "files": bundle.manifest().files.len(),
            "sound": true,
        })),
        false => Report::nothing(),
    };
    let report = bundle.notes().iter().fold(report, Report::note);
    let files = match bundle.manifest().files.len() {
        0 => String::new(),
        n => format!(", {} of files", counted(n as u64, "content")),
    };
    let documents = counted(documents as u64, "document");
    let updates = counted(updates as u64, "update");
    Ok(report.note(format!("{} is sound: {documents}, {updates}{files}", name(file))))
}

fn object(value: Value) -> Row {
    match value {
        Value::Object(fields) => fields,
        _ => Row::new(),
    }
}
