use super::time::When;
use super::{Context, DryRun};
use crate::error::{Error, Result, listed};
use crate::limits::ARCHIVE_AGE_SECONDS;
use crate::operation::{Operation, Unarchive};
use crate::query::archived as query;
use crate::sync::archiving::{self, ArchiveRequest, ArchivedDocument};
use crate::ui::{self, Column, Report, Section, row, rows};
use clap::Subcommand;
use serde_json::json;
use std::collections::BTreeSet;

/// What is done with, in a file beside the documents, so that these stay small
///
/// Messages from before 90 days with their replies, archived cards and closed issues leave their
/// documents for `archive.db` in the store's directory, a SQLite file for any tool. A record goes only
/// when every active member's replica is known to have it as it is, by the bundles that came from
/// there; who hears of it keeps what it held in an archive of its own. Lists, searches and `show` go
/// on showing what is archived (`in_archive` in JSON). The members and the canvas stay as they are.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: ArchiveVerb,
}

#[derive(Subcommand)]
enum ArchiveVerb {
    /// Move what is done with into the archive, and say what waits for whom
    ///
    /// Of the whole store or, with -e, of one entity. The rows are written first, and read back; then
    /// the records leave their documents, in one commit. A message goes with the replies to it, when
    /// all of them are old enough; what holds a tombstone waits until that is pruned.
    #[command(after_help = "Examples:
  crdtctl archive run --dry-run
  crdtctl archive run --older-than 365d -e ocean-forest-moon-star
  crdtctl archive run -n --json | jq '.documents[].waiting_for'")]
    Run {
        /// How old messages must be, and how long ago cards and issues were put away [default: 90d
        /// for messages]
        #[arg(long, value_name = "TIME", value_parser = When::parse)]
        older_than: Option<When>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List what is in the archive, the oldest first
    #[command(after_help = "Examples:
  crdtctl archive list --limit 20
  crdtctl archive list --kind card --json | jq -r '.[].text'")]
    List {
        /// Only `message`, `reply`, `card` or `issue`
        #[arg(long, value_name = "KIND")]
        kind: Option<String>,
        /// Only the last so many of each document
        #[arg(long, value_name = "N")]
        limit: Option<usize>,
    },
    /// Show one, with every state in which it was archived
    #[command(after_help = "Example:\n  crdtctl archive show 3f2a --json | jq .versions")]
    Show {
        /// The id of the record, or a unique prefix of it
        #[arg(value_name = "ARCHIVED")]
        record: String,
    },
    /// Bring one back into its document, under its own id
    ///
    /// A message comes with the replies to it; a card and an issue stay put away: `kanban restore`
    /// and `issue reopen` bring them back to work.
    #[command(after_help = "Example:\n  crdtctl archive restore 3f2a")]
    Restore {
        /// The id of the record, or a unique prefix of it
        #[arg(value_name = "ARCHIVED")]
        record: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

const COLUMNS: &[Column] = &[
    Column::id("id", "id"),
    Column::text("kind", "kind"),
    Column::time("created_at", "made"),
    Column::text("text", "text"),
    Column::time("archived_at", "archived").wide(),
    Column::text("doc", "document").wide(),
];

const SHOW: &[Column] = &[
    Column::text("id", "id"),
    Column::text("kind", "kind"),
    Column::text("doc", "document"),
    Column::text("path", "path"),
    Column::time("created_at", "made"),
    Column::time("archived_at", "archived"),
    Column::prose("text", "text"),
    Column::text("record", "record"),
];

const VERSIONS: &[Column] = &[
    Column::time("changed_at", "changed"),
    Column::time("archived_at", "archived"),
    Column::flag("removed", "hides earlier ones"),
    Column::text("record", "record"),
];

const DOCUMENTS: &[Column] = &[
    Column::text("doc", "document"),
    Column::count("archived", "archived"),
    Column::bytes("bytes_before", "size"),
    Column::bytes("bytes_after", "after"),
    Column::number("waiting", "waiting"),
    Column::count("waiting_for", "waits for"),
];

pub fn run(context: &Context, args: Args) -> Result<Report> {
    match args.verb {
        ArchiveVerb::Run { older_than, dry_run } => archive(context, older_than, dry_run.dry_run),
        ArchiveVerb::List { kind, limit } => list(context, kind.as_deref(), limit),
        ArchiveVerb::Show { record } => show(context, &record),
        ArchiveVerb::Restore { record, .. } => {
            context.perform(&Operation::ArchiveRestore(Unarchive { record }))
        }
    }
}

fn archive(context: &Context, older_than: Option<When>, dry_run: bool) -> Result<Report> {
    let now = context.now();
    let cutoff = older_than.map_or(now.saturating_sub(ARCHIVE_AGE_SECONDS), |time| time.at(now));
    let reader = context.reader()?;
    let request = ArchiveRequest {
        entities: context.named_entities(&reader)?,
        cutoff,
        strict: older_than.is_some(),
    };
    let run = archiving::run(&context.store()?, context.how()?, &request)?;
    let archived: usize = run.documents.iter().flat_map(|one| one.archived.values()).sum();
    let waiting: usize = run.documents.iter().map(|one| one.waiting).sum();
    let freed = run.documents.iter().map(|one| one.bytes_before.saturating_sub(one.bytes_after));
    let freed: u64 = freed.fold(0, u64::saturating_add);
    let mut committed = run.committed;
    std::mem::take(&mut committed.damaged).into_iter().try_for_each(|e| context.leave_out(e))?;
    let mut report = match context.terminal.format.is_json() {
        true => Report::json(json!({
            "seq": committed.seq,
            "changed": archived > 0,
            "dry_run": dry_run,
            "archived": archived,
            "freed_bytes": freed,
            "waiting": waiting,
            "documents": run.documents,
        })),
        false => Report::list(rows(&run.documents)?, DOCUMENTS, Some("doc"), ""),
    };
    let would = if dry_run { "dry run, nothing is written: would have " } else { "" };
    let said = match archived {
        0 => context.as_far_as_read("nothing to archive"),
        1 => format!("{would}archived 1 record, {} free", ui::size(freed)),
        n => format!("{would}archived {n} records, {} free", ui::size(freed)),
    };
    report.notes.push(format!("{said}{}", waits(waiting, &run.documents)));
    report.notes.extend(context.notes_of(&committed));
    Ok(report)
}

/// How many records wait, and for whom: the end of a sentence.
fn waits(waiting: usize, documents: &[ArchivedDocument]) -> String {
    let whom: BTreeSet<&str> =
        documents.iter().flat_map(|one| one.waiting_for.keys().map(String::as_str)).collect();
    let whom: Vec<&str> = whom.into_iter().collect();
    match (waiting, whom.as_slice()) {
        (0, _) => String::new(),
        (_, []) => format!("; {waiting} wait, for there is no active member"),
        (_, whom) => {
            format!("; {waiting} wait until bundles show that {} have them", listed(whom))
        }
    }
}

fn list(context: &Context, kind: Option<&str>, limit: Option<usize>) -> Result<Report> {
    const KINDS: [&str; 4] = ["message", "reply", "card", "issue"];
    if let Some(kind) = kind.filter(|kind| !KINDS.contains(kind)) {
        return Err(Error::usage(format!("nothing archived is a {kind:?}"))
            .hint(format!("it is one of {}", KINDS.join(", "))));
    }
    let reader = context.reader()?;
    let entities = context.named_entities(&reader)?;
    let found = context.whole(query::list(&reader, entities.as_ref(), kind, limit)?)?;
    Ok(Report::list(rows(&found)?, COLUMNS, Some("id"), "the archive is empty"))
}

fn show(context: &Context, wanted: &str) -> Result<Report> {
    let reader = context.reader()?;
    let entities = context.named_entities(&reader)?;
    let found = query::find(&reader, entities.as_ref(), wanted)?;
    const SECTIONS: &[Section] =
        &[Section { key: "versions", title: "versions", columns: VERSIONS }];
    Ok(Report::object(row(&found)?, SHOW, Some("id")).sections(SECTIONS))
}
