//! `sync export`, `sync receipt` and `sync import`: write and read the user's bundle files.

use super::args::{ExportArgs, ImportArgs, ReceiptArgs};
use super::contents::{BundleAgain, read_twice, receive, told_contents};
use super::incoming::{LeftOut, account, in_dry_run, leaving_out, read_bundle};
use crate::cmd::failure::word;
use crate::cmd::files::{is_stdin, name, within};
use crate::cmd::foreign::{ForeignFile, FromKind};
use crate::cmd::subject::split;
use crate::cmd::{Context, DryRun, OutFile};
use crate::concern::disk;
use crate::crdt::types::SharedTypes;
use crate::error::{Error, Kind, Result, counted};
use crate::foreign::{FileContent, FoundDocument, Identified, is_something_else};
use crate::id::DocId;
use crate::inspect::twice;
use crate::store::Reader;
use crate::sync::bundle::Bundle;
use crate::sync::content::{self, ContentChoice, OutgoingContents};
use crate::sync::export::{Exported, Request, export as make, refuse_private};
use crate::sync::import::{Input, import as bring, import_sound, read_update};
use crate::sync::peer::{self, Addressee, KnownPeer};
use crate::sync::status;
use crate::ui::{Body, Report};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

pub fn export(context: &Context, args: &ExportArgs) -> Result<Report> {
    let reader = context.reader()?;
    context.knows_where(&args.out)?;
    if let Some(wanted) = &args.raw {
        let doc = context.document(&reader, wanted)?;
        if disk::is_private(&doc) {
            return Err(refuse_private(&doc));
        }
        reader.vouch(&context.environment().machine)?;
        let bytes = reader.bytes(&doc)?.unwrap_or_default();
        let sentence = format!("wrote {doc}, {} bytes", bytes.len());
        return context.deliver(bytes, &args.out, &sentence);
    }
    let docs = scope(context, &reader, &args.doc)?;
    let (peer, private) = match (&args.peer, &args.since) {
        (Some(name), _) => known_peer(context, &reader, name)?,
        (None, Some(file)) => (Some(KnownPeer::of_manifest(read_bundle(file)?.manifest())), false),
        (None, None) => (None, false),
    };
    let files = match (args.without_files, args.files_under) {
        (true, _) => ContentChoice::Without,
        (false, Some(most)) => ContentChoice::Under(most),
        (false, None) => ContentChoice::All,
    };
    let (docs, peer) = (docs.as_ref(), peer.as_ref());
    let request = Request { docs, peer, receipt: false, private, archive: args.with_archive };
    let environment = context.environment();
    let mut exported = make(&reader, &environment, &request)?;
    refuse_named(args.doc.is_empty(), &exported)?;
    let contents = content::carry(&mut exported, &reader, &environment, peer, files)?;
    context.note_unscanned(exported.bundle.documents().map(|(document, _)| document.doc.clone()));
    if args.if_new && !exported.bundle.has_updates() {
        return unwritten(context, exported);
    }
    write(context, exported, &contents, &args.out)
}

pub fn receipt(context: &Context, args: &ReceiptArgs) -> Result<Report> {
    let reader = context.reader()?;
    context.knows_where(&args.out)?;
    let docs = scope(context, &reader, &args.doc)?;
    let request = Request {
        docs: docs.as_ref(),
        receipt: true,
        archive: args.with_archive,
        ..Request::default()
    };
    let exported = make(&reader, &context.environment(), &request)?;
    refuse_named(args.doc.is_empty(), &exported)?;
    write(context, exported, &OutgoingContents::default(), &args.out)
}

/// Fails if a document that was named could not be read; unnamed ones are left out.
fn refuse_named(all: bool, exported: &Exported) -> Result<()> {
    match exported.damaged.first() {
        Some(error) if !all => Err(error.clone()),
        _ => Ok(()),
    }
}

/// Returns the documents selected by `--doc` and `-e`; `None` for all.
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

/// Returns what the peer named by `--for` has, and whether it is a replica of our own member. `None` for a
/// member that nothing has come from yet: it gets everything.
fn known_peer(context: &Context, reader: &Reader, name: &str) -> Result<(Option<KnownPeer>, bool)> {
    let mut damaged = Vec::new();
    let members = status::members(reader, &mut damaged)?;
    damaged.into_iter().try_for_each(|error| context.leave_out(error))?;
    let own = reader.replica()?.and_then(|(_, member, _)| member);
    let is_ours = |member: &str| own.as_ref().is_some_and(|own| own.as_str() == member);
    match (peer::find_among(reader.state(), &members, name)?, reader.state()) {
        (Addressee::Replica(found), Some(state)) => {
            let found = peer::continued(state, found)?;
            let known = KnownPeer::of_peer(state, &found.replica_id)?;
            Ok((Some(known), found.member.is_some_and(|member| is_ours(&member))))
        }
        (Addressee::Replica(_), None) => Ok((None, false)),
        (Addressee::Member(member), _) => {
            context.note(format!("nothing came from {member} yet, so everything is exported"));
            Ok((None, is_ours(&member)))
        }
    }
}

/// Without a receipt from the receiver, the same rows would be sent again.
const ROWS_LEFT: &str = "not all archived rows fit: the rest goes with the next `crdtctl sync export \
     --with-archive --for` the receiver, after a `crdtctl sync receipt --with-archive` from the receiver";

fn write(
    context: &Context,
    exported: Exported,
    contents: &OutgoingContents,
    out: &OutFile,
) -> Result<Report> {
    let Exported { bundle, mut notes, damaged, rows_left } = exported;
    if rows_left {
        notes.push(ROWS_LEFT.to_owned());
    }
    let left_out = left_out(&damaged);
    let without = match damaged.len() {
        0 => String::new(),
        1 => ", without 1 that cannot be read".to_owned(),
        n => format!(", without {n} that cannot be read"),
    };
    damaged.into_iter().try_for_each(|error| context.leave_out(error))?;
    let sentence = |bytes: u64| format!("wrote {}{without}, {bytes} bytes", held(&bundle));
    let (bytes, mut report) = match bundle.manifest().files.is_empty() {
        true => {
            let mut packed = Vec::new();
            bundle.write(&mut packed)?;
            let bytes = packed.len() as u64;
            (bytes, context.deliver(packed, out, &sentence(bytes))?)
        }
        false => {
            let fill =
                |out: &mut dyn Write| bundle.write_with(out, &|content| contents.open(content));
            context.deliver_with(out, &fill, &sentence)?
        }
    };
    let fields = fields(&bundle, !context.is_dry(), bytes, left_out);
    // Standard output may already hold the bundle.
    let is_free = context.is_dry() || out.file.as_ref().is_some_and(|file| file.as_os_str() != "-");
    if is_free && matches!(report.body, Body::Nothing) && context.terminal.format.is_json() {
        report.body = Body::Json(fields);
    }
    report.notes.splice(0..0, notes);
    Ok(in_dry_run(report, context.is_dry()))
}

/// The report for `--if-new` when nothing is new.
fn unwritten(context: &Context, exported: Exported) -> Result<Report> {
    let mut report = Report::nothing();
    if context.terminal.format.is_json() {
        report.body = Body::Json(fields(&exported.bundle, false, 0, left_out(&exported.damaged)));
    }
    report.notes = exported.notes;
    exported.damaged.into_iter().try_for_each(|error| context.leave_out(error))?;
    Ok(report.note("nothing is new, so no file was written"))
}

/// "a full bundle of 3 documents", "2 documents with news, of 5"
fn held(bundle: &Bundle) -> String {
    let all = bundle.documents().count();
    let news = bundle.documents().filter(|(_, update)| update.is_some()).count();
    let all = counted(all as u64, "document");
    let files = match (bundle.manifest().files.len(), bundle.content_bytes()) {
        (0, _) => String::new(),
        (1, bytes) => format!(" and the content of 1 file ({bytes} bytes)"),
        (n, bytes) => format!(" and the contents of {n} files ({bytes} bytes)"),
    };
    let documents = match () {
        () if bundle.manifest().full => format!("a full bundle of {all}"),
        () if !bundle.has_updates() => format!("a receipt of {all}"),
        () => format!("a bundle with news of {news} of {all}"),
    };
    let rows = match bundle.archived_rows() {
        0 => String::new(),
        1 => " and 1 archived row".to_owned(),
        rows => format!(" and {rows} archived rows"),
    };
    documents + &rows + &files
}

/// The documents that are missing from the bundle.
fn left_out(damaged: &[Error]) -> Vec<String> {
    damaged.iter().filter_map(|e| e.damaged.clone()).collect()
}

fn fields(bundle: &Bundle, written: bool, bytes: u64, left_out: Vec<String>) -> Value {
    let manifest = bundle.manifest();
    json!({
        "written": written,
        "bundle": manifest.bundle,
        "for": manifest.addressee,
        "full": manifest.full,
        "seq": manifest.seq,
        "documents": bundle.documents().count(),
        "updates": bundle.documents().filter(|(_, update)| update.is_some()).count(),
        "archived_rows": bundle.archived_rows(),
        "files": manifest.files.len(),
        "file_bytes": bundle.content_bytes(),
        "bytes": bytes,
        "left_out": left_out,
    })
}

pub fn import(context: &Context, args: &ImportArgs) -> Result<Report> {
    let doc = args.raw.as_ref().map(|wanted| raw_document(context, wanted)).transpose()?;
    let read = |file: &PathBuf| match &doc {
        Some(doc) => {
            Ok((raw_input(context, doc, file, FromKind { kind: None })?, BundleAgain::Nothing))
        }
        None => bundle_input(file),
    };
    context.take_in_disks()?;
    // Read everything before locking the store: a pipe may be slow.
    if !args.keep_going {
        let all = args.files.iter().map(read).collect::<Result<Vec<_>>>();
        let done = all.and_then(|all| {
            let (inputs, again): (Vec<Input>, Vec<BundleAgain>) = all.into_iter().unzip();
            let imported = bring(context.session()?, &inputs)?;
            let contents = receive(context, &inputs.iter().zip(&again).collect::<Vec<_>>())?;
            let report = account(context, &imported, &inputs, args.dry_run)?;
            Ok(told_contents(context, report, contents))
        });
        return done.map_err(|error| none_taken(error, &args.files));
    }
    let (mut inputs, mut again, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for file in &args.files {
        match read(file) {
            Ok((input, twice)) => {
                inputs.push(input);
                again.push(twice);
            }
            Err(error) => left_out.push(LeftOut { file: name(file), error }),
        }
    }
    let (imported, refused) = import_sound(|| context.session(), &inputs)?;
    let taken = inputs.iter().zip(&again).enumerate();
    let taken = taken.filter(|(at, _)| !refused.contains_key(at)).map(|(_, pair)| pair);
    let contents = receive(context, &taken.collect::<Vec<_>>())?;
    left_out.extend(refused.into_iter().filter_map(|(at, error)| {
        let file = inputs.get(at)?.name().to_owned();
        Some(LeftOut { file, error })
    }));
    let report = account(context, &imported, &inputs, args.dry_run)?;
    let report = told_contents(context, report, contents);
    Ok(leaving_out(report, &left_out))
}

/// Loads what a file holds into a document, as `sync import --raw` does.
pub fn load(
    context: &Context,
    file: &Path,
    from: FromKind,
    doc: &DocId,
    doubled: bool,
    dry_run: DryRun,
) -> Result<Report> {
    let inputs = [raw_input(context, doc, file, from)?];
    for input in &inputs {
        if let Input::Raw { name, update, .. } = input
            && let Ok(types) = SharedTypes::read(update.to_vec())
        {
            context.note_moves(name, &types);
        }
    }
    if let ([Input::Raw { name, update, .. }], false) = (&inputs, doubled) {
        refuse_doubled(context, doc, name, update)?;
    }
    context.take_in_disks()?;
    let imported = bring(context.session()?, &inputs)?;
    account(context, &imported, &inputs, dry_run)
}

/// Refuses content that would appear twice. Unreadable input is left for the import to refuse.
fn refuse_doubled(context: &Context, doc: &DocId, name: &str, update: &[u8]) -> Result<()> {
    let Ok(Some(here)) = context.reader()?.bytes(doc) else { return Ok(()) };
    let (Ok(here), Ok(there)) = (SharedTypes::read(here), SharedTypes::read(update.to_vec()))
    else {
        return Ok(());
    };
    twice::refuse(
        &twice::twice(&[(doc.as_str(), here), (name, there)]),
        "the file should have been started from the document; `--doubled` loads it anyway",
    )
}

/// Adds to an error about one of several files what happened to the others.
fn none_taken(error: Error, files: &[PathBuf]) -> Error {
    let about_one = files.iter().any(|file| error.message.contains(&name(file)));
    if files.len() < 2 || !about_one {
        return error;
    }
    let message = format!("{}; none of the {} files was imported", error.message, files.len());
    let others = "`--keep-going` imports the others";
    match error.hint.clone() {
        Some(hint) => error.saying(message).hint(hint.and(format!("; {others}"))),
        None => error.saying(message).hint(others),
    }
}

fn bundle_input(file: &Path) -> Result<(Input, BundleAgain)> {
    let (bundle, again) = read_twice(file).map_err(|error| match is_document(file, &error) {
        true => error.hint(
            "the file is no bundle but holds a document of Yjs: `crdtctl doc load FILE --doc DOC` takes it in",
        ),
        false => error,
    })?;
    Ok((Input::Bundle { name: name(file), bundle: Box::new(bundle) }, again))
}

/// Whether a file that is no bundle is Yjs content. Standard input was read already.
fn is_document(file: &Path, error: &Error) -> bool {
    if error.kind != Kind::Untrusted || is_stdin(file) {
        return false;
    }
    let read = ForeignFile::read(file, FromKind { kind: None }).ok();
    let found = read.and_then(|file| file.identified).map(|identified| identified.found);
    matches!(found, Some(FileContent::Documents(_)))
}

/// Resolves the document that bare updates are for: one in the store, or, by its full id, a new one that they
/// create.
pub fn raw_document(context: &Context, wanted: &str) -> Result<DocId> {
    match context.document(&context.reader()?, wanted) {
        Err(error) if error.kind == Kind::NotFound && wanted.matches(':').count() >= 2 => {
            DocId::parse(wanted)
        }
        Err(error) if error.kind == Kind::NotFound => Err(error.hint(
            "the id of a new document has a type, an id and a name: `group:ocean-forest-moon-star:notes`",
        )),
        found => found,
    }
}

/// Reads a file's content for a document as one update, whatever it is wrapped in. An update with bytes after
/// its end is refused. Unknown bytes are left for the import to refuse, which says where.
fn raw_input(context: &Context, doc: &DocId, file: &Path, from: FromKind) -> Result<Input> {
    let wanted = file.to_string_lossy();
    let (path, picked) = split(&wanted);
    let read = ForeignFile::read(&path, from)?;
    let is_bare = |found: &Identified| found.is_bare_v1() && picked.is_none();
    let update = match &read.identified {
        Some(found) if found.has_more() => {
            let error = Error::untrusted(format!("{} is more than an update", name(file)));
            let left_out = found.found.documents().iter().find_map(FoundDocument::left_out);
            return Err(error.because(left_out.unwrap_or_default()).hint(format!(
                "`crdtctl recover {} -O FILE` writes the update alone",
                word(&wanted)
            )));
        }
        Some(found) if !is_bare(found) => {
            let file = context.loose_in(&wanted, &read, from)?;
            file.refuse_fork()?;
            file.update.to_vec()
        }
        None if from.kind.is_some() || is_something_else(&read.bytes) => {
            return Err(read.unknown(file, from));
        }
        _ => read.bytes,
    };
    let update = read_update(update.as_slice()).map_err(|error| within(file, error))?;
    Ok(Input::Raw { name: name(file), doc: doc.clone(), update })
}
