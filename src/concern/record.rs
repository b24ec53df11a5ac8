//! What the operations on records have in common: how people name one, the limits and words of
//! what they write, and clocks.

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

/// The id of the record at `path` that an id or a unique prefix names, tombstones included. The
/// hint is for an id that names none.
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
    // An exact id needs no search: in a batch this is the common case.
    if source.text(&[path, &[prefix, "id"]].concat()).as_deref() == Some(prefix) {
        return Ok(prefix.to_owned());
    }
    let ids = source.keys_beginning(path, prefix);
    resolve(prefix, ids.iter().map(String::as_str), noun).map_err(|e| e.hint_also(hint()))
}

/// Refuses to write to the record at a path where that leads into a plain value. It may not be there.
///
/// # Errors
/// `Refused`, with the repair.
pub fn check(session: &mut Session, doc: &DocId, path: &[String], noun: &str) -> Result<()> {
    let what = format!("{noun} {}", path.last().map_or("", String::as_str));
    check_as(session, doc, path, Shared::Map, &what)
}

/// The same for what is named `what`, and must be of a shared type.
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

/// Makes an empty container in the record at a path, where another program left it out: as the same
/// items on every replica, since of two that are made at once one is lost, with all in it.
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

/// A field that holds text; empty where there is none.
pub fn text<'r>(record: &'r Record, field: &str) -> &'r str {
    record.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A field that is true or false; false where there is none.
pub fn flag(record: &Record, field: &str) -> bool {
    record.get(field).and_then(Value::as_bool).unwrap_or(false)
}

/// When a record was made: now, unless a time in the past is given.
///
/// # Errors
/// `Usage` for a time that is none, or one that is still to come.
pub fn made_at(session: &Session, created_at: Option<i64>) -> Result<i64> {
    let now = session.now();
    match created_at {
        None => Ok(now),
        Some(at) if (1..=now).contains(&at) => Ok(at),
        Some(at) => {
            let is = if at > now { "later than now" } else { "no time" };
            Err(Error::usage(format!("created_at {at} is {is}"))
                .hint("a record was made at some time in the past, in Unix seconds"))
        }
    }
}

/// Makes a record of any collection anew, whole and under another id, of what is left of one that
/// stood at a path. Where its author may not be whoever acts, it says whose words they are.
///
/// # Errors
/// `Refused` where the actor may not write, or what it stood in is gone.
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

/// Moves a clock of the record at a path on: later than now and than it was (rule R4).
pub fn touch(txn: &mut Txn<'_>, path: &[&str], clock: &str, now: i64) -> Result<()> {
    let next = next_of(txn, path, clock, now);
    txn.set(path, clock, next)
}

/// What [`touch`] makes of a clock.
pub fn next_of(source: &dyn Source, path: &[&str], clock: &str, now: i64) -> i64 {
    let last = source.value(&path.field(clock)).as_ref().and_then(Value::as_i64);
    last.map_or(now, |last| now.max(last.saturating_add(1)))
}
