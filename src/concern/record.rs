//! What the operations on records share: naming a record, limits on texts, and clocks.

pub use super::text::{check_said, check_text, check_title};

use super::{Actor, Outcome, plain};
use crate::crdt::container;
use crate::crdt::content::{Content, InsertionOwner, Stand};
use crate::crdt::doc::Txn;
use crate::crdt::source::{Shared, Source};
use crate::error::{Error, Hint, Result};
use crate::id::{DocId, EntityId, resolve};
use crate::path::Keys;
use crate::schema::{Collection, Spec};
use crate::store::Session;
use crate::tombstone;
use crate::wire::{Record, Value};

/// The id of the record at `path` that an id or a unique prefix names, tombstones included. The hint is
/// shown if there is no such record.
///
/// # Errors
/// `NotFound` or `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(
    source: &dyn Source,
    path: &[&str],
    prefix: &str,
    noun: &str,
    hint: impl FnOnce() -> Hint,
) -> Result<String> {
    // An exact id needs no search: the common case in a batch.
    if source.text(&[path, &[prefix, "id"]].concat()).as_deref() == Some(prefix) {
        return Ok(prefix.to_owned());
    }
    let ids = source.keys_beginning(path, prefix);
    resolve(prefix, ids.iter().map(String::as_str), noun).map_err(|e| e.hint_also(hint()))
}

/// Refuses to write to the record at a path that leads into a plain value. The record may be absent.
///
/// # Errors
/// `Refused`, with the repair.
pub fn check(session: &mut Session, doc: &DocId, path: &[String], noun: &str) -> Result<()> {
    let what = format!("{noun} {}", path.last().map_or("", String::as_str));
    check_as(session, doc, path, Shared::Map, &what)
}

/// Like [`check`], for something named `what` that must have the type `wanted`.
pub fn check_as(
    session: &mut Session,
    doc: &DocId,
    path: &[String],
    wanted: Shared,
    what: &str,
) -> Result<()> {
    let path = path.steps();
    let check = |source: &dyn Source| plain::check_writable(source, doc, &path, wanted, what);
    session.read(doc, check)?.unwrap_or(Ok(()))
}

/// Creates an empty container that another program left out of the record at a path. It is made of the
/// same items on every replica: of two different ones created concurrently, one is lost with its
/// contents.
pub fn supply(
    session: &mut Session,
    doc: &DocId,
    record: &[String],
    name: &str,
    empty: &Content,
) -> Result<()> {
    let path = record.child(name);
    let lacks = |source: &dyn Source| {
        source.exists(&record.steps()) && plain::is_missing(source, &path.steps())
    };
    if session.read(doc, lacks)? != Some(true) {
        return Ok(());
    }
    let around = session.view(doc)?.and_then(|view| view.container(&record.steps()));
    let Some(unit) = around else { return Ok(()) };
    let stand = Stand { unit, owner: InsertionOwner::Item(unit), path, keyed: true };
    session.edit(doc, |txn| container::replace(txn, doc, &stand, empty)).map(drop)
}

/// The text of a field; empty if there is none.
pub fn text<'r>(record: &'r Record, field: &str) -> &'r str {
    record.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// The value of a boolean field; false if there is none.
pub fn flag(record: &Record, field: &str) -> bool {
    record.get(field).and_then(Value::as_bool).unwrap_or(false)
}

/// The creation time of a record: now, unless a time in the past is given.
///
/// # Errors
/// `Usage` for an invalid time, or one in the future.
pub fn made_at(session: &Session, created_at: Option<i64>) -> Result<i64> {
    let now = session.now();
    match created_at {
        None => Ok(now),
        Some(at) if (1..=now).contains(&at) => Ok(at),
        Some(at) => {
            let is = if at > now { "later than now" } else { "not a valid time" };
            Err(Error::usage(format!("created_at {at} is {is}"))
                .hint("give a time in the past, in Unix seconds"))
        }
    }
}

/// Recreates a record of any collection, whole and under another id, from what is left of the one at a
/// path. If the actor may not write in its author's name, the text says who wrote it.
///
/// # Errors
/// `Refused` if the actor may not write, or if the record's parent is gone.
pub fn restore(
    session: &mut Session,
    entity: &EntityId,
    (spec, collection): (&'static Spec, &'static Collection),
    path: &[String],
    value: &Value,
) -> Result<Outcome> {
    let (actor, doc) = Actor::writing_in(session, entity, spec)?;
    tombstone::make_room(session, &doc)?;
    let around = path.split_last().map_or(&[][..], |(_, around)| around);
    let is_there = |source: &dyn Source| around.len() == 1 || source.exists(&around.steps());
    if session.read(&doc, is_there)? != Some(true) {
        return Err(Error::refused(format!("{} is gone as well", around.join("/"))));
    }
    let now = session.now();
    let id = session.environment().machine.ids.uuid()?;
    let mut fields = plain::anew(spec, collection, &id, value, now);
    let as_whose = plain::attribute(collection, &mut fields, &actor, now)?;
    session.edit(&doc, |txn| txn.put(&around.steps(), &id, &Content::Map(fields)))?;
    Ok(Outcome::created(doc, &id).saying(as_whose))
}

/// Advances a clock of the record at a path: to now, and past its old value (rule R4).
pub fn touch(txn: &mut Txn<'_>, path: &[&str], clock: &str, now: i64) -> Result<()> {
    let next = next_of(txn, path, clock, now);
    txn.set(path, clock, next)
}

/// The value that [`touch`] gives a clock.
pub fn next_of(source: &dyn Source, path: &[&str], clock: &str, now: i64) -> i64 {
    let last = source.value(&path.field(clock)).as_ref().and_then(Value::as_i64);
    last.map_or(now, |last| now.max(last.saturating_add(1)))
}
