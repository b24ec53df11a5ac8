use super::time::When;
use super::{Context, DryRun, failure, words_of};
use crate::archive::{self, ArchiveMode};
use crate::concern;
use crate::error::{Error, Kind, Result, listed};
use crate::id::DocId;
use crate::limits::ARCHIVE_AGE_SECONDS;
use crate::operation::{Operation, Unarchive};
use crate::query::archived as query;
use crate::store::Reader;
use crate::sync::archiving::{self, ArchiveRequest, ArchivedDocument};
use crate::ui::{self, Column, Report, Section, Written, row, rows};
use clap::Subcommand;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Move finished records into a file beside the documents, to keep the documents small
///
/// Messages older than 90 days with their replies, archived cards and closed issues move from their
/// documents to `archive.db` in the store's directory, a SQLite file that any tool can read. A record
/// moves only when bundles show that every active member's replica has its current state; replicas that
/// learn of the move keep the record in their own archives. Lists, searches and `show` still include
/// archived records (`in_archive` in JSON). Members and canvas elements are never archived.
#[derive(clap::Args)]
pub struct ArchiveArgs {
    #[command(subcommand)]
    verb: ArchiveVerb,
}

#[derive(Subcommand)]
enum ArchiveVerb {
    /// Move finished records into the archive, and say which wait for whom
    ///
    /// Covers the whole store or, with -e, one entity. The rows are written to the archive and read back
    /// before one commit removes the records from their documents. A message moves together with its
    /// replies, once all are old enough; a record that holds a tombstone waits until that is pruned.
    /// Viewers and guests, who may only read, cannot run it.
    #[command(after_help = "Examples:
  crdtctl archive run --dry-run
  crdtctl archive run --older-than 365d -e ocean-forest-moon-star
  crdtctl archive run -n --json | jq '.documents[].waiting_for'")]
    Run {
        /// Minimum age of messages, and time since cards were archived and issues closed [default: 90d
        /// for messages]
        #[arg(long, value_name = "TIME", value_parser = When::parse)]
        older_than: Option<When>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show whether documents over their limit are archived automatically, or switch that on or off
    ///
    /// When on, every command that writes or imports archives documents over their limit as `archive
    /// run` does: messages older than 90 days, archived cards and closed issues, but nothing that an
    /// active member's replica may lack. The setting applies to this store only.
    #[command(after_help = "Examples:
  crdtctl archive auto
  crdtctl archive auto on")]
    Auto {
        /// `on` or `off`
        #[arg(value_name = "ON|OFF", value_parser = ["on", "off"])]
        set: Option<String>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show how documents are archived, or change that for everybody
    ///
    /// In mode `hybrid`, or without a mode, a document keeps recent records and `archive run` takes the
    /// rest. In mode `crdt` it keeps everything. In mode `sql` every record that all replicas have is
    /// archived, whatever its age: the document only carries changes between replicas. Cards that are
    /// not archived, issues that are not closed and records not known to be on all replicas stay in the
    /// document in every mode. Lists read document and archive in every mode. The mode is part of the
    /// document and syncs with it; only an admin or owner can change it.
    #[command(after_help = "Examples:
  crdtctl archive mode
  crdtctl archive mode chat sql
  crdtctl archive mode issues crdt -n")]
    Mode {
        /// The document
        doc: Option<String>,
        /// The new mode
        #[arg(requires = "doc", value_parser = words_of(&ArchiveMode::ALL, ArchiveMode::as_str))]
        mode: Option<ArchiveMode>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List what is in the archive, oldest first
    #[command(after_help = "Examples:
  crdtctl archive list --limit 20
  crdtctl archive list --kind card --json | jq -r '.[].text'")]
    List {
        /// Only `message`, `reply`, `card` or `issue`
        #[arg(long, value_name = "KIND", value_parser = KINDS)]
        kind: Option<String>,
        /// Only the last N of each document
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show one archived record, with every version that was archived
    #[command(after_help = "Example:\n  crdtctl archive show 3f2a --json | jq .versions")]
    Show {
        /// The id of the record, or a unique prefix of it
        #[arg(value_name = "ARCHIVED")]
        record: String,
    },
    /// Bring an archived record back into its document, under its own id
    ///
    /// A message comes back with its replies, a card returns to the board, and an issue is open again.
    #[command(after_help = "Example:\n  crdtctl archive restore 3f2a")]
    Restore {
        /// The id of the record, or a unique prefix of it
        #[arg(value_name = "ARCHIVED")]
        record: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

/// The kinds of record in the archive.
const KINDS: [&str; 4] = ["message", "reply", "card", "issue"];

const COLUMNS: &[Column] = &[
    Column::id("id", "id"),
    Column::text("kind", "kind"),
    Column::time("created_at", "made"),
    Column::prose("text", "text"),
    Column::time("archived_at", "archived").wide(),
    Column::text("doc", "document").wide(),
];

const SHOW: &[Column] = &[
    Column::text("id", "id"),
    Column::text("kind", "kind"),
    Column::text("doc", "document"),
    Column::text("title", "title"),
    Column::text("author_id", "author"),
    Column::text("parent_id", "reply to"),
    Column::text("status", "status"),
    Column::text("priority", "priority"),
    Column::text("assignee_id", "assignee"),
    Column::text("reporter_id", "opened by"),
    Column::text("column_id", "column id"),
    Column::time("created_at", "made"),
    Column::time("updated_at", "updated"),
    Column::time("closed_at", "closed at"),
    Column::time("archived_at", "archived"),
    Column::sets("reactions", "reactions"),
    Column::prose("content", "message"),
    Column::prose("description", "description"),
];

const SECTIONS: &[Section] = &[
    Section {
        key: "attachments",
        title: "attachments",
        columns: &[
            Column::prose("filename", "file"),
            Column::bytes("size_bytes", "size"),
            Column::text("file_path", "path").wide(),
        ],
    },
    Section {
        key: "comments",
        title: "comments",
        columns: &[
            Column::id("id", "id"),
            Column::time("created_at", "written"),
            Column::text("author_id", "author"),
            Column::prose("content", "comment"),
        ],
    },
    Section {
        key: "versions",
        title: "versions",
        columns: &[
            Column::time("changed_at", "changed"),
            Column::time("archived_at", "archived"),
            Column::prose("text", "text"),
            Column::flag("removed", "hides earlier ones"),
        ],
    },
];

const MODES: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("mode", "mode"),
    Column::time("archived_since", "archived since"),
];

const DOCUMENTS: &[Column] = &[
    Column::text("doc", "document"),
    Column::count("archived", "archived"),
    Column::bytes("bytes_before", "size"),
    Column::bytes("bytes_after", "after"),
    Column::number("waiting", "waiting"),
    Column::count("waiting_for", "waits for"),
    Column::text("refused", "refused").filled(),
];

pub fn run(context: &Context, args: ArchiveArgs) -> Result<Report> {
    match args.verb {
        ArchiveVerb::Run { older_than, dry_run } => move_out(context, older_than, dry_run.dry_run),
        ArchiveVerb::Auto { set, .. } => auto(context, set.as_deref()),
        ArchiveVerb::Mode { doc, mode, .. } => keep(context, doc.as_deref(), mode),
        ArchiveVerb::List { kind, limit } => list(context, kind.as_deref(), limit),
        ArchiveVerb::Show { record } => show(context, &record),
        ArchiveVerb::Restore { record, .. } => {
            context.perform(&Operation::ArchiveRestore(Unarchive { record }))
        }
    }
}

fn move_out(context: &Context, older_than: Option<When>, dry_run: bool) -> Result<Report> {
    let now = context.now();
    if older_than.is_some_and(|time| time.at(now) > now) {
        return Err(Error::usage("--older-than is later than now")
            .hint("give a time in the past, or how long ago: 90d"));
    }
    let cutoff = older_than.map_or(now.saturating_sub(ARCHIVE_AGE_SECONDS), |time| time.at(now));
    let reader = context.reader()?;
    let request = ArchiveRequest {
        entities: context.named_entities(&reader)?,
        cutoff,
        strict: older_than.is_some(),
    };
    let mut run = archiving::run(&context.store()?, context.how()?, &request)?;
    let refused = std::mem::take(&mut run.refused);
    let is_all_refused = run.documents.iter().all(|one| one.refused.is_some());
    if let Some(refused) = refused.first().filter(|_| is_all_refused) {
        return Err(refused.clone());
    }
    let archived: usize = run.documents.iter().flat_map(|one| one.archived.values()).sum();
    let waiting: usize = run.documents.iter().map(|one| one.waiting).sum();
    let freed = run.documents.iter().map(|one| one.bytes_before.saturating_sub(one.bytes_after));
    let freed: u64 = freed.fold(0, u64::saturating_add);
    let mut committed = run.committed;
    std::mem::take(&mut committed.damaged).into_iter().try_for_each(|e| context.leave_out(e))?;
    let mut report = match context.terminal.format.is_json() {
        true => Report::json(json!({
            "seq": committed.seq,
            "changed": archived > 0 || freed > 0,
            "dry_run": dry_run,
            "archived": archived,
            "freed_bytes": freed,
            "waiting": waiting,
            "documents": run.documents,
        })),
        false => Report::list(rows(&run.documents)?, DOCUMENTS, Some("doc"), ""),
    };
    let is_refused = !refused.is_empty() && archived == 0 && freed == 0;
    let would = if dry_run { "dry run, nothing is written: would have " } else { "" };
    let said = match archived {
        0 if freed > 0 => format!("{would}freed {} from emptied threads", ui::size(freed)),
        0 if is_refused => "nothing archived".to_owned(),
        0 => context.as_far_as_read("nothing to archive"),
        1 => format!("{would}archived 1 record, freed {}", ui::size(freed)),
        n => format!("{would}archived {n} records, freed {}", ui::size(freed)),
    };
    report.notes.push(format!("{said}{}", waits(waiting, &run.documents)));
    let told = refused.iter().map(|refused| format!("not everywhere: {refused}"));
    match is_refused {
        true => report.left_out.extend(told),
        false => report.notes.extend(told),
    }
    report.notes.extend(context.notes_of(&committed));
    Ok(if is_refused { report.exit(failure::exit_code(Kind::Refused)) } else { report })
}

/// The end of a sentence: how many records wait, and for whom.
fn waits(waiting: usize, documents: &[ArchivedDocument]) -> String {
    let whom: BTreeSet<&str> =
        documents.iter().flat_map(|one| one.waiting_for.keys().map(String::as_str)).collect();
    let whom: Vec<&str> = whom.into_iter().collect();
    let (wait, them) = if waiting == 1 { ("waits", "it") } else { ("wait", "them") };
    match (waiting, whom.as_slice()) {
        (0, _) => String::new(),
        (_, []) => format!("; {waiting} {wait} because there is no active member"),
        (_, whom) => {
            let have = if whom.len() == 1 { "has" } else { "have" };
            let whom = listed(whom);
            format!("; {waiting} {wait} until bundles show that {whom} {have} {them}")
        }
    }
}

fn list(context: &Context, kind: Option<&str>, limit: Option<usize>) -> Result<Report> {
    let reader = context.reader()?;
    let entities = context.named_entities(&reader)?;
    let found = context.whole(query::list(&reader, entities.as_ref(), kind, limit)?)?;
    let empty = match kind {
        Some(_) => "the archive has none of this kind",
        None => "the archive is empty",
    };
    Ok(Report::list(rows(&found)?, COLUMNS, Some("id"), ui::none_of(limit, empty)))
}

/// Shows a record: JSON has it as stored, people see its fields and the text of each version.
fn show(context: &Context, wanted: &str) -> Result<Report> {
    let reader = context.reader()?;
    let entities = context.named_entities(&reader)?;
    let found = query::find(&reader, entities.as_ref(), wanted)?;
    let mut shown = row(&found)?;
    if context.terminal.format.is_json() {
        return Ok(Report::json(Value::Object(shown)));
    }
    if let Some(Value::Object(fields)) = shown.remove("record") {
        fields.into_iter().for_each(|(name, value)| {
            shown.entry(name).or_insert(value);
        });
    }
    for version in shown.get_mut("versions").and_then(Value::as_array_mut).into_iter().flatten() {
        let heading = ["content", "title"].into_iter().find_map(|name| {
            let said = version.get("record")?.get(name)?;
            said.is_string().then(|| said.clone())
        });
        if let Some(version) = version.as_object_mut() {
            version.remove("record");
            version.extend(heading.map(|said| ("text".to_owned(), said)));
        }
    }
    Ok(Report::object(shown, SHOW, Some("id")).sections(SECTIONS))
}

/// Shows or changes the setting.
fn auto(context: &Context, set: Option<&str>) -> Result<Report> {
    let Some(set) = set else {
        let on = archiving::is_automatic(context.reader()?.state())?;
        const AUTO: &[Column] = &[Column::flag("auto", "archives automatically").filled()];
        let report = Report::object(row(&json!({"auto": on}))?, AUTO, None);
        return Ok(report.note(match on {
            true => "documents over their limit are archived automatically",
            false => "nothing is archived automatically; `crdtctl archive auto on` changes that",
        }));
    };
    let on = set == "on";
    let session = context.session()?;
    let changed = archiving::set_automatic(&session, on)?;
    let committed = session.commit()?;
    let sentence = match on {
        true => "documents over their limit are archived automatically from now on",
        false => "nothing is archived automatically any more",
    };
    let written = Written { changed, sentence: sentence.to_owned(), ..Written::default() };
    Ok(context.written(written.with("auto", on), committed))
}

/// Finds a document by name, including one not written yet if its entity exists.
fn document(context: &Context, reader: &Reader, wanted: &str) -> Result<DocId> {
    match context.document(reader, wanted) {
        Err(e) if e.kind == Kind::NotFound => unwritten(context, reader, wanted)?.ok_or(e),
        found => found,
    }
}

fn unwritten(context: &Context, reader: &Reader, wanted: &str) -> Result<Option<DocId>> {
    let entities = context.entities(&reader.documents()?)?;
    let named = DocId::parse(wanted).ok().filter(|doc| {
        is_archivable(doc) && doc.entity().is_some_and(|entity| entities.contains(&entity))
    });
    if named.is_some() {
        return Ok(named);
    }
    let spec = concern::CONCERNS.iter().find(|spec| spec.name == wanted && archive::is_of(spec));
    spec.map(|spec| Ok(context.entity()?.document(spec.name))).transpose()
}

fn is_archivable(doc: &DocId) -> bool {
    concern::of(doc).is_some_and(archive::is_of)
}

/// Shows or changes the archive mode of documents.
fn keep(context: &Context, doc: Option<&str>, mode: Option<ArchiveMode>) -> Result<Report> {
    let reader = context.reader()?;
    let doc = doc.map(|doc| document(context, &reader, doc)).transpose()?;
    let (Some(doc), Some(mode)) = (&doc, mode) else {
        let entities = context.named_entities(&reader)?;
        let mut found = context.whole(query::modes(&reader, entities.as_ref())?)?;
        found.retain(|kept| doc.as_ref().is_none_or(|doc| kept.doc == *doc));
        if let Some(doc) = doc.filter(|doc| found.is_empty() && is_archivable(doc)) {
            found.push(query::KeptDocument { doc, mode: None, archived_since: None });
        }
        return Ok(Report::list(rows(&found)?, MODES, Some("doc"), "nothing here can be archived"));
    };
    let mut session = context.session()?;
    let changed = archive::set_mode(&mut session, doc, mode)?;
    let committed = session.commit()?;
    let sentence = format!("{doc} is kept in mode {}", mode.as_str());
    let written = Written { changed, sentence, ..Written::default() };
    Ok(context.written(written.with("mode", mode.as_str()), committed))
}
