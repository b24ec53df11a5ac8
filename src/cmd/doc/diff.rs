use crate::cmd::failure;
use crate::cmd::foreign::{ForeignFile, FromKind, is_level};
use crate::cmd::moment::AtMoment;
use crate::cmd::subject::{refuse_path, split};
use crate::cmd::{Context, files};
use crate::concern::{self, CONCERNS};
use crate::crdt::any_view::AnyView;
use crate::error::{Error, Kind, Result, counted, listed};
use crate::id::DocId;
use crate::query::diff::{DiffSide, Difference, Differences, Pairs};
use crate::store::Store;
use crate::sync::bundle::Bundle;
use crate::ui::{Column, Report, Style, rows};
use crate::wire::Update;

/// The most differences that an alarm names.
const NAMED: usize = 8;

#[derive(clap::Args)]
pub struct DiffArgs {
    /// The old one: a document, a .yrs file, a store directory, or a bundle; `-` is standard input
    #[arg(value_name = "A")]
    old: String,
    /// The new one, in any of these forms
    #[arg(value_name = "B")]
    new: String,
    /// One row per document: which side has it, which is ahead, how much differs
    ///
    /// Records are counted: members, messages, cards, elements. Anything in a root that is not a record, such
    /// as a field of an entity's metadata, counts as one, and so does each key in the roots of an unknown
    /// document.
    #[arg(long)]
    stat: bool,
    #[command(flatten)]
    at: AtMoment,
}

const STANDINGS: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("state", "B is"),
    Column::count("added", "added"),
    Column::count("changed", "changed"),
    Column::count("removed", "removed"),
];

const COLUMNS: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("collection", "collection"),
    Column::id("id", "id"),
    Column::text("change", "change"),
    Column::new("fields", "fields", Style::Changes),
];

pub fn run(context: &Context, args: &DiffArgs) -> Result<Report> {
    if is_stdin(&args.old) && is_stdin(&args.new) {
        return Err(Error::usage("standard input can be only one of the two")
            .hint("name a file for the other"));
    }
    let old = match args.at.moment {
        Some(_) => {
            let file = context.any_document(&args.old, FromKind { kind: None })?;
            let types = args.at.types(context, &file)?;
            file.note_unshown(context, &types);
            DiffSide::types(args.old.clone(), None, types)
        }
        None => side(context, &args.old)?,
    };
    let new = side(context, &args.new)?;
    let pairs = Pairs::of(&old, &new)?;
    pairs.only.iter().for_each(|name| {
        context.note(format!("only the documents in {name} are compared"));
    });
    let progress = context.progress("comparing documents", Some(pairs.count() as u64));
    let found = context.whole(pairs.compare(|| progress.advance(1))?)?;
    if args.stat {
        return standings(context, args, &found);
    }
    if !found.diverged.is_empty() {
        return Err(divergence(&found.diverged));
    }
    if found.records.is_empty() {
        return Ok(Report::list(Vec::new(), COLUMNS, Some("id"), "no difference"));
    }
    let sentence = how_many(&found);
    let report = Report::list(rows(&found.records)?, COLUMNS, Some("id"), "");
    let report = match found.records.iter().all(is_of_acknowledgements) {
        true => report
            .note(format!("{sentence}, only in acknowledgements: the next bundle carries them")),
        false => report.note(sentence),
    };
    Ok(report.exit(failure::exit_code(Kind::Findings)))
}

/// How many records differ in documents that both sides have, and how many documents one side lacks.
fn how_many(found: &Differences) -> String {
    let lacking = found.records.iter().filter(|one| one.is_of_a_document()).count();
    let records = found.records.len().saturating_sub(lacking) as u64;
    let verb = |n: u64, of_one, of_more| if n == 1 { of_one } else { of_more };
    let mut said = Vec::new();
    if records > 0 {
        let differ = verb(records, "differs", "differ");
        said.push(match found.documents.saturating_sub(lacking) as u64 {
            1 => format!("{} {differ}", counted(records, "record")),
            in_all => {
                format!(
                    "{} {differ}, in {}",
                    counted(records, "record"),
                    counted(in_all, "document")
                )
            }
        });
    }
    if lacking > 0 {
        let lacking = lacking as u64;
        let is = verb(lacking, "is", "are");
        said.push(format!("{} {is} on one side only", counted(lacking, "document")));
    }
    said.join("; ")
}

/// Whether two records differ only in who has acknowledged their deletion.
fn is_of_acknowledgements(difference: &Difference) -> bool {
    !difference.fields.is_empty() && difference.fields.keys().all(|field| field == "ack_vector")
}

/// One row per document.
fn standings(context: &Context, args: &DiffArgs, found: &Differences) -> Result<Report> {
    let differ = found.standings.iter().filter(|standing| standing.state != "equal").count();
    let sentence = match (differ, found.standings.len()) {
        (0, _) => context.as_far_as_read("no difference"),
        (_, 1) => "the document differs".to_owned(),
        (1, all) => format!("1 of {all} documents differs"),
        (n, all) => format!("{n} of {all} documents differ"),
    };
    let report = Report::list(rows(&found.standings)?, STANDINGS, Some("doc"), "no documents");
    let report = report.note(format!("A is {}, B is {}", args.old, args.new)).note(sentence);
    let kind = match (differ, found.diverged.is_empty()) {
        (0, _) => return Ok(report),
        (_, true) => Kind::Findings,
        (_, false) => Kind::Forked,
    };
    Ok(report.exit(failure::exit_code(kind)))
}

/// Resolves an argument: an existing path, else a document. The name of a concern is a document; `./chat` is
/// the path.
fn side(context: &Context, argument: &str) -> Result<DiffSide> {
    let (path, _) = split(argument);
    let path = path.as_path();
    let is_concern = CONCERNS.iter().any(|spec| spec.name == argument);
    if is_concern || !(is_stdin(argument) || path.exists()) {
        refuse_path(argument, path)?;
        return document(context, argument);
    }
    let name = argument.to_owned();
    let is_store = path.is_dir() && !is_level(path);
    if is_store || path.file_name().is_some_and(|file| file == "crdt.db") {
        return DiffSide::store(name, Store::open_with(path, context.environment())?.reader()?);
    }
    let from = FromKind { kind: None };
    // Read once: standard input cannot be read again.
    let read = ForeignFile::read(path, from)?;
    if files::is_bundle(&read.bytes) {
        let bundle = Bundle::read(read.bytes.as_slice()).map_err(|e| files::within(path, e))?;
        let documents = bundle.documents().map(|(document, _)| document.doc.clone()).collect();
        let named = name.clone();
        let open = move |doc: &DocId| in_bundle(&named, &bundle, doc);
        return Ok(DiffSide::selection(name, documents, Box::new(open)));
    }
    let doc = files::document_of(path);
    let file = match context.loose_in(argument, &read, from) {
        Ok(file) => file,
        Err(error) if error.kind == Kind::Untrusted && doc.is_some() => {
            return DiffSide::file(name, doc, &read.bytes);
        }
        Err(error) => return Err(error),
    };
    let is_supported =
        Update::checked(&file.update, doc.as_ref().map_or(&[][..], concern::roots)).is_ok();
    let types = file.types()?;
    file.note_unshown(context, &types);
    if is_supported && types.waiting().is_empty() {
        return DiffSide::file(name, doc, &file.update);
    }
    Ok(DiffSide::types(name, doc, types))
}

/// Whether an argument is standard input, or a document in it.
fn is_stdin(argument: &str) -> bool {
    files::is_stdin(&split(argument).0)
}

fn document(context: &Context, wanted: &str) -> Result<DiffSide> {
    let no_path = |error: Error| match error.kind {
        Kind::NotFound => error.because(format!("and there is no file or directory {wanted:?}")),
        _ => error,
    };
    let reader = context.reader().map_err(no_path)?;
    let doc = context.document(&reader, wanted).map_err(no_path)?;
    let view = reader.any_view(&doc)?.ok_or_else(|| crate::cmd::resolve::missing(&doc))?;
    Ok(DiffSide::document(doc, view))
}

fn in_bundle(name: &str, bundle: &Bundle, doc: &DocId) -> Result<Option<AnyView>> {
    let Some((_, update)) = bundle.documents().find(|(document, _)| document.doc == *doc) else {
        return Ok(None);
    };
    let partial = || {
        Error::usage(format!("{name} holds no full state of {doc}"))
            .hint("`crdtctl sync export -O FILE`, without `--for`, writes full states")
    };
    let update = update.ok_or_else(partial)?;
    match Update::checked(update, concern::expected(doc)) {
        Ok(update) if update.needs().is_empty() => AnyView::read(&update).map(Some),
        Ok(_) => Err(partial()),
        Err(fault) => {
            Err(Error::untrusted(format!("{name}: the update of {doc} is not valid"))
                .because(fault))
        }
    }
}

/// The alarm: the same operations, but different content.
fn divergence(alarms: &[(String, Vec<Difference>)]) -> Error {
    let docs: Vec<&str> = alarms.iter().map(|(doc, _)| doc.as_str()).collect();
    let mut error = Error::new(
        Kind::Forked,
        format!("divergence: the same operations and different content in {}", listed(&docs)),
    )
    .because("equal versions with different content mean that two replicas shared a client id");
    let changes = alarms.iter().flat_map(|(doc, changes)| changes.iter().map(move |c| (doc, c)));
    for (doc, change) in changes.take(NAMED) {
        let id = change.id.as_deref().unwrap_or("");
        let fields: Vec<&str> = change.fields.keys().map(String::as_str).collect();
        let (kind, fields) = (change.change, fields.join(", "));
        error = error.because(format!("{doc}: {} {id} {kind}: {fields}", change.collection));
    }
    error.hint("keep both as they are; `crdtctl doc dump` shows each")
}
