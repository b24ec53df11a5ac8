use super::context::own_member;
use super::{Context, doc, resolve, time};
use crate::concern::{self, borrowed, core};
use crate::crdt::update::Extent;
use crate::crdt::view::View;
use crate::error::{Error, Kind, Result};
use crate::id::{DocId, EntityId};
use crate::store::{Peer, Reader, State};
use crate::tombstone::{self, Members, Tombstone};
use crate::ui::{Column, Report, Row, Section};
use clap::Subcommand;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Deleted records: which are still there, and whom they wait for
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List the tombstones of the store or, with -e, of one entity
    #[command(after_help = "Examples:
  crdtctl tombstone list
  crdtctl tombstone list --blocked
  crdtctl tombstone list --json | jq -r '.[].waiting_for[]' | sort | uniq -c")]
    List {
        /// Only those that cannot be pruned yet
        #[arg(long)]
        blocked: bool,
    },
    /// Explain one: who deleted it, whom it waits for, and what goes with it
    ///
    /// When a member was last heard of is when the last bundle of one of its replicas was made.
    /// `bytes` is what the record takes in the document, `frees` what of it goes: its key stays.
    #[command(after_help = "Examples:
  crdtctl tombstone why 3f2a
  crdtctl tombstone why bob-hill-lake-tree -e ocean-forest-moon-star --json")]
    Why {
        /// The deleted record: a message, a reply, a member
        #[arg(value_name = "TOMBSTONE")]
        id: String,
    },
}

const COLUMNS: &[Column] = &[
    Column::text("doc", "document").wide(),
    Column::text("kind", "kind"),
    Column::id("id", "id"),
    Column::time("deleted_at", "deleted"),
    Column::text("deleted_by", "by").wide(),
    Column::number("acknowledgements", "acked"),
    Column::list("waiting_for", "waits for"),
    Column::time("silent_since", "last heard of").wide(),
    Column::flag("prunable", "prunable"),
];

pub fn run(context: &Context, args: Args) -> Result<Report> {
    let reader = context.reader()?;
    match args.verb {
        Verb::List { blocked } => list(context, &reader, blocked),
        Verb::Why { id } => why(context, &reader, &id),
    }
}

fn list(context: &Context, reader: &Reader, blocked: bool) -> Result<Report> {
    let heard = Heard::of(context, reader)?;
    let rows = all(context, reader)?
        .iter()
        .filter(|found| !blocked || !found.tombstone.is_prunable(&found.members))
        .map(|found| found.row(&heard))
        .collect();
    Ok(Report::list(rows, COLUMNS, Some("id"), "no tombstones"))
}

/// A tombstone where it was found.
pub struct Found {
    doc: DocId,
    tombstone: Tombstone,
    /// The active members of its entity.
    members: Rc<Members>,
}

/// The tombstones of the store or, with -e, of one entity.
pub fn all(context: &Context, reader: &Reader) -> Result<Vec<Found>> {
    let mut all = Vec::new();
    for entity in context.entities(&reader.documents()?)? {
        let Some(members) = context.sound(members(reader, &entity))?.map(Rc::new) else {
            continue;
        };
        for doc in tombstone::documents(&entity) {
            let (Some(spec), Some(Some(view))) =
                (concern::of(&doc), context.sound(reader.view(&doc))?)
            else {
                continue;
            };
            all.extend(tombstone::list(spec, &view).into_iter().map(|tombstone| Found {
                doc: doc.clone(),
                tombstone,
                members: Rc::clone(&members),
            }));
        }
    }
    Ok(all)
}

fn members(reader: &Reader, entity: &EntityId) -> Result<Members> {
    let view = reader.view(&entity.document(core::SPEC.name))?;
    Ok(view.map(|view| core::active(&view)).unwrap_or_default())
}

/// When each member was last heard of, in Unix seconds.
struct Heard(BTreeMap<String, i64>);

impl Heard {
    /// By the last bundle of any of its replicas; this replica's own member is here now.
    fn of(context: &Context, reader: &Reader) -> Result<Heard> {
        let peers = reader.state().map(State::peers).transpose()?.unwrap_or_default();
        let mut heard = BTreeMap::new();
        for Peer { member, last_seen, .. } in peers {
            if let Some(member) = member {
                let latest = heard.entry(member).or_insert(last_seen);
                *latest = last_seen.max(*latest);
            }
        }
        if let Some(own) = own_member(reader)? {
            heard.insert(own.to_string(), context.now());
        }
        Ok(Heard(heard))
    }

    fn last(&self, member: &str) -> Option<i64> {
        self.0.get(member).copied()
    }
}

impl Found {
    /// The id of the deleted record.
    pub fn id(&self) -> &str {
        self.tombstone.id()
    }

    /// What such a record is called.
    pub fn noun(&self) -> &'static str {
        self.tombstone.collection.noun
    }

    fn row(&self, heard: &Heard) -> Row {
        let tombstone = &self.tombstone;
        let waiting = tombstone.waiting_for(&self.members);
        let last_heard: BTreeMap<&str, Option<i64>> =
            waiting.iter().map(|member| (*member, heard.last(member))).collect();
        // Never heard of comes before any time.
        let silent_since = last_heard.values().min().copied().flatten();
        let mut row = Row::new();
        row.insert("doc".into(), json!(self.doc));
        row.insert("kind".into(), json!(self.noun()));
        row.insert("id".into(), json!(self.id()));
        row.insert("deleted_at".into(), json!(tombstone.deleted_at.unwrap_or(0)));
        row.insert("deleted_by".into(), json!(tombstone.deleted_by));
        row.insert("acknowledged".into(), json!(tombstone.acknowledged));
        row.insert("acknowledgements".into(), json!(tombstone.acknowledged.len()));
        row.insert("waiting_for".into(), json!(waiting));
        row.insert("last_heard".into(), json!(last_heard));
        row.insert("silent_since".into(), json!(silent_since));
        row.insert("prunable".into(), json!(tombstone.is_prunable(&self.members)));
        row
    }
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
        Column::time("last_heard", "last heard of"),
    ],
}];

fn why(context: &Context, reader: &Reader, wanted: &str) -> Result<Report> {
    let found = one(all(context, reader)?, wanted)?;
    let heard = Heard::of(context, reader)?;
    let view = reader.view(&found.doc)?.ok_or_else(|| doc::missing(&found.doc))?;
    let path = borrowed(&found.tombstone.path);
    let flag = found.tombstone.collection.tombstone.as_ref().map(|marks| marks.flag);
    let operation = flag.and_then(|flag| view.item(&[path.as_slice(), &[flag]].concat()));
    let extent = extent(&found.doc, &view, &path)?;
    let frees = extent.bytes.saturating_sub(extent.remains);
    let mut row = Row::new();
    row.insert("doc".into(), json!(found.doc));
    row.insert("kind".into(), json!(found.noun()));
    row.insert("id".into(), json!(found.id()));
    row.insert("deleted_at".into(), json!(found.tombstone.deleted_at.unwrap_or(0)));
    row.insert("deleted_by".into(), json!(found.tombstone.deleted_by));
    row.insert("client".into(), json!(operation.map(|id| id.client)));
    row.insert("clock".into(), json!(operation.map(|id| id.clock)));
    row.insert("prunable".into(), json!(found.tombstone.is_prunable(&found.members)));
    row.insert("waiting_for".into(), json!(found.tombstone.waiting_for(&found.members)));
    row.insert("bytes".into(), json!(extent.bytes));
    row.insert("frees".into(), json!(frees));
    row.insert("members".into(), found.account(&heard, context.now()));
    let note = found.sentence(&heard, context.now(), frees);
    Ok(Report::object(row, WHY, Some("id")).sections(MEMBERS).note(note))
}

/// The tombstone that an id or its prefix names.
fn one(all: Vec<Found>, wanted: &str) -> Result<Found> {
    let ids = all.iter().map(|found| found.id());
    let id = resolve::prefix(wanted, ids, "tombstone", "crdtctl tombstone list")?;
    let mut same: Vec<Found> = all.into_iter().filter(|found| found.id() == id).collect();
    match (same.pop(), same.as_slice()) {
        (Some(found), []) => Ok(found),
        (Some(last), others) => {
            let docs = others.iter().chain([&last]).map(|found| found.doc.as_str());
            let docs = docs.collect::<Vec<_>>().join(", ");
            Err(Error::new(Kind::Ambiguous, format!("{id} is deleted in {docs}"))
                .hint("name the entity with `-e`"))
        }
        (None, _) => Err(Error::bug("a tombstone was named and is not there")),
    }
}

/// What the record takes in the bytes of its document.
fn extent(doc: &DocId, view: &View, path: &[&str]) -> Result<Extent> {
    let Some(container) = view.container(path) else { return Ok(Extent::default()) };
    Ok(view.update(concern::roots(doc))?.extent(container))
}

impl Found {
    /// Everybody who is active or has acknowledged it, as JSON.
    fn account(&self, heard: &Heard, now: i64) -> Value {
        let waiting = self.tombstone.waiting_for(&self.members);
        let acknowledged = &self.tombstone.acknowledged;
        let all: BTreeSet<&String> = self.members.keys().chain(acknowledged.keys()).collect();
        let row = |member: &String| {
            let last_heard = heard.last(member);
            json!({
                "member": member,
                "active": self.members.contains_key(member),
                "joined_at": self.members.get(member),
                "acknowledged_at": acknowledged.get(member),
                "waited_for": waiting.contains(&member.as_str()),
                "last_heard": last_heard,
                "silent_for": last_heard.map(|last| now.saturating_sub(last)),
            })
        };
        all.into_iter().map(row).collect()
    }

    /// The answer, for people.
    fn sentence(&self, heard: &Heard, now: i64, frees: usize) -> String {
        let waiting = self.tombstone.waiting_for(&self.members);
        if self.members.is_empty() {
            return "it stays: its entity has no active member who could acknowledge it".to_owned();
        }
        let content = self.tombstone.is_content();
        if waiting.is_empty() && content {
            return format!(
                "everybody who had it has acknowledged it; the {} is content: pruning leaves it",
                self.noun()
            );
        }
        if waiting.is_empty() {
            return format!(
                "everybody who had it has acknowledged it; `crdtctl prune` frees about {frees} bytes"
            );
        }
        let silence = |member: &&str| match heard.last(member) {
            None => format!("{member}, never heard of"),
            Some(last) if last >= now => format!("{member}, whose next import acknowledges it"),
            Some(last) => {
                format!("{member}, silent for {}", time::lasting(now.saturating_sub(last)))
            }
        };
        let whom = waiting.iter().map(silence).collect::<Vec<_>>().join("; ");
        match content {
            true => {
                format!("it waits for {whom}; the {} is content: pruning leaves it", self.noun())
            }
            false => format!("it waits for {whom}; about {frees} bytes go then"),
        }
    }
}
