use super::{Context, resolve};
use crate::error::{Kind, Result};
use crate::query::tombstone::{
    self as query, Acknowledger, DeletedRecord, Explanation, TombstoneGrouping,
};
use crate::ui::{self, Column, Report, Row, Section, row, rows};
use clap::{Subcommand, ValueEnum};
use std::cmp::Reverse;

/// Show deleted records: which are still there, and whom they wait for
#[derive(clap::Args)]
pub struct TombstoneArgs {
    #[command(subcommand)]
    verb: TombstoneVerb,
}

#[derive(Subcommand)]
enum TombstoneVerb {
    /// List the tombstones of the store or, with -e, of one entity
    ///
    /// `--by member` shows who blocks pruning: one row per member, with what waits for it and since when
    /// nothing was heard from it. A tombstone that waits for several members counts for each.
    ///
    /// Closed issues and archived cards are listed too. They are content: pruning keeps them, so they are
    /// never `prunable`; `archive run` moves them into the archive.
    #[command(after_help = "Examples:
  crdtctl tombstone list
  crdtctl tombstone list --blocked
  crdtctl tombstone list --by member
  crdtctl tombstone list --by document --top 10
  crdtctl tombstone list --json | jq -r '.[].waiting_for[]' | sort | uniq -c")]
    List {
        /// Only those that cannot be pruned yet
        #[arg(long)]
        blocked: bool,
        /// Count them by member, document or kind
        #[arg(long, value_name = "WHAT")]
        by: Option<CountBy>,
        /// Only the N largest
        #[arg(long, value_name = "N")]
        top: Option<usize>,
    },
    /// Explain one tombstone: who deleted it, whom it waits for, and what pruning it frees
    ///
    /// A member was last heard of when the last bundle of one of its replicas was made. `bytes` is the
    /// size of the record in the document, `frees` the part that pruning removes: its key stays.
    #[command(after_help = "Examples:
  crdtctl tombstone why 3f2a
  crdtctl tombstone why bob-hill-lake-tree -e ocean-forest-moon-star --json")]
    Why {
        /// The deleted record: a message, a reply, a member
        #[arg(value_name = "TOMBSTONE")]
        id: String,
    },
}

/// Maximum number of members that a sentence names.
const NAMED: usize = 4;

/// How deleted records are grouped.
#[derive(Clone, Copy, ValueEnum)]
enum CountBy {
    /// One row per member that is waited for
    Member,
    /// One row per document
    Document,
    /// One row per kind of record
    Kind,
}

const COLUMNS: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("kind", "kind"),
    Column::id("id", "id"),
    Column::time("deleted_at", "deleted").wide(),
    Column::text("deleted_by", "by").wide(),
    Column::number("acknowledgements", "acked").wide(),
    Column::list("waiting_for", "waits for"),
    Column::time("silent_since", "last heard of").wide(),
    Column::flag("prunable", "prunable").wide(),
    Column::bytes("bytes", "takes").wide(),
    Column::text("acknowledged", "acknowledged by").asked(),
    Column::text("last_heard", "members last heard of").asked(),
];

const MEMBERS_WAITED_FOR: &[Column] = &[
    Column::text("member", "member"),
    Column::number("tombstones", "tombstones"),
    Column::number("documents", "documents"),
    Column::bytes("bytes", "size"),
    Column::last("silent_since", "last heard of"),
    Column::number("prunable", "prunable").asked(),
    Column::list("waiting_for", "waits for").asked(),
];

const DOCUMENTS: &[Column] = &[
    Column::text("doc", "document"),
    Column::number("tombstones", "tombstones"),
    Column::number("prunable", "prunable"),
    Column::bytes("bytes", "size"),
    Column::list("waiting_for", "waits for"),
    Column::time("silent_since", "last heard of").wide(),
    Column::number("documents", "documents").asked(),
];

const KINDS: &[Column] = &[
    Column::text("kind", "kind"),
    Column::number("tombstones", "tombstones"),
    Column::number("prunable", "prunable"),
    Column::number("documents", "documents"),
    Column::bytes("bytes", "size"),
    Column::list("waiting_for", "waits for"),
    Column::time("silent_since", "last heard of").wide(),
];

pub fn run(context: &Context, args: TombstoneArgs) -> Result<Report> {
    match args.verb {
        TombstoneVerb::List { blocked, by, top } => list(context, blocked, by, top),
        TombstoneVerb::Why { id } => why(context, &id),
    }
}

fn list(
    context: &Context,
    blocked: bool,
    by: Option<CountBy>,
    top: Option<usize>,
) -> Result<Report> {
    let mut found = all(context)?;
    found.retain(|deleted| !blocked || !(deleted.prunable || deleted.is_kept));
    let Some(by) = by else {
        if top.is_some() {
            found.sort_by_key(|deleted| Reverse(deleted.bytes));
        }
        let left = cut(&mut found, top);
        let report = Report::list(rows(&found)?, COLUMNS, Some("id"), "no tombstones");
        return Ok(with_rest(report, left));
    };
    let (by, name, columns) = match by {
        CountBy::Member => (TombstoneGrouping::Member, "member", MEMBERS_WAITED_FOR),
        CountBy::Document => (TombstoneGrouping::Document, "doc", DOCUMENTS),
        CountBy::Kind => (TombstoneGrouping::Kind, "kind", KINDS),
    };
    let mut groups = query::grouped(&found, by);
    let left = cut(&mut groups, top);
    let named = |row: Row| -> Row {
        let key = |key: String| if key == "group" { name.to_owned() } else { key };
        row.into_iter().map(|(field, value)| (key(field), value)).collect()
    };
    let rows = rows(&groups)?.into_iter().map(named).collect();
    let report = Report::list(rows, columns, Some(name), "no tombstones");
    let mut report = with_rest(report, left);
    let prunable = found.iter().filter(|deleted| deleted.prunable).count();
    if by == TombstoneGrouping::Member && prunable > 0 {
        let (one, them) = if prunable == 1 { ("waits", "it") } else { ("wait", "them") };
        report =
            report.note(format!("{prunable} {one} for nobody: `crdtctl prune` removes {them}"));
    }
    Ok(report)
}

/// Keeps only the first ones, and returns how many it left out.
fn cut<T>(all: &mut Vec<T>, top: Option<usize>) -> usize {
    let left = all.len().saturating_sub(top.unwrap_or(usize::MAX));
    all.truncate(top.unwrap_or(usize::MAX));
    left
}

fn with_rest(report: Report, left: usize) -> Report {
    match left {
        0 => report,
        left => report.note(format!("and {left} more")),
    }
}

/// Returns the tombstones of the store or, with -e, of one entity.
pub fn all(context: &Context) -> Result<Vec<DeletedRecord>> {
    let reader = context.reader()?;
    let entities = context.entities(&reader.documents()?)?;
    context.whole(query::list(&reader, &entities, context.now())?)
}

const WHY: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("kind", "kind"),
    Column::id("id", "id"),
    Column::time("deleted_at", "deleted"),
    Column::text("deleted_by", "by"),
    Column::number("client", "by client id"),
    Column::number("clock", "at clock"),
    Column::flag("prunable", "prunable"),
    Column::list("waiting_for", "waits for"),
    Column::bytes("bytes", "takes"),
    Column::bytes("frees", "frees"),
    Column::list("members", "members"),
];

const MEMBERS: &[Section] = &[Section {
    key: "members",
    title: "members",
    columns: &[
        Column::text("member", "member"),
        Column::time("joined_at", "joined").wide(),
        Column::time("acknowledged_at", "acknowledged"),
        Column::flag("waited_for", "waited for"),
        Column::last("last_heard", "last heard of"),
    ],
}];

fn why(context: &Context, wanted: &str) -> Result<Report> {
    let reader = context.reader()?;
    let entities = context.entities(&reader.documents()?)?;
    let explained = query::explain(&reader, &entities, wanted, context.now());
    let mut found = context.whole(explained.map_err(|error| match error.kind {
        Kind::Ambiguous if error.hint.is_none() => error.hint("name the entity with `-e`"),
        _ => resolve::hinted(error, "`crdtctl tombstone list` shows them"),
    })?)?;
    let sentence = sentence(&found, context.now());
    let more = context.few(&mut found.members, |one| one.waited_for);
    let mut report = Report::object(row(&found)?, WHY, Some("id")).sections(MEMBERS);
    report.notes.extend(more.map(|more| format!("members: {more}")));
    Ok(report.note(sentence))
}

/// Returns the explanation as a sentence.
fn sentence(found: &Explanation, now: i64) -> String {
    let Explanation { kind, frees, .. } = found;
    if !found.has_members {
        return "it stays: its entity has no active member who could acknowledge it".to_owned();
    }
    if found.waiting_for.is_empty() && found.is_content {
        return format!(
            "everybody who had it has acknowledged it; pruning keeps it, since the {kind} is content"
        );
    }
    if found.waiting_for.is_empty() {
        return format!(
            "everybody who had it has acknowledged it; `crdtctl prune` frees about {frees} bytes"
        );
    }
    let waiting = found.members.iter().filter(|one| one.waited_for);
    let silence = |one: &Acknowledger| match one.last_heard {
        None => format!("{}, never heard of", one.member),
        Some(last) if last >= now => {
            format!("{}, whose next import acknowledges it", one.member)
        }
        Some(last) => {
            format!("{}, silent for {}", one.member, ui::lasting(now.saturating_sub(last)))
        }
    };
    let mut waiting: Vec<String> = waiting.map(silence).collect();
    let more = waiting.len().saturating_sub(NAMED);
    if more > 1 {
        waiting.truncate(NAMED);
        waiting.push(format!("and {more} more"));
    }
    let whom = waiting.join("; ");
    match found.is_content {
        true => format!("it waits for {whom}; pruning keeps it, since the {kind} is content"),
        false => format!("it waits for {whom}; pruning will then free about {frees} bytes"),
    }
}
