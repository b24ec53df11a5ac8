//! Queries of a store, with results in serialisable types: members, messages, issues, cards and the rest.
//!
//! Every result is a plain struct whose JSON is the JSON of the command line, field by field. Fields of a
//! record that the schema knows are fields of its struct; what other programs wrote in it is kept with the
//! record if the whole record was requested. Nothing here writes, prints or reads the clock.

pub mod archived;
pub mod attached;
pub mod board;
pub mod canvas;
pub mod chat;
pub mod conflict;
pub mod diff;
pub mod disk;
pub mod document;
pub mod entity;
mod held;
pub mod history;
pub mod issue;
pub mod member;
mod message;
pub mod recent;
pub mod record;
mod talk;
pub mod tombstone;
pub mod trash;
pub mod unread;

pub use held::{Numeric, Text};

use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::{Error, Kind, Result};
use crate::id::{self, EntityId};
use crate::schema::Spec;
use crate::store::{Reader, State};
use std::collections::BTreeSet;

/// A result over many documents, without those that cannot be used.
#[derive(Debug)]
pub struct Partial<T> {
    /// The result from the other documents.
    pub found: T,
    /// Why the rest is left out: each error names its document.
    pub damaged: Vec<Error>,
}

/// Returns what was read; `None` for a document that cannot be used, which is added to `damaged`.
///
/// # Errors
/// Those that are not about a single document.
fn sound<T>(damaged: &mut Vec<Error>, read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.damaged.is_some() => {
            damaged.push(error);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Returns the document of a concern of an entity; `None` if there is none yet.
fn view(reader: &Reader, entity: &EntityId, spec: &Spec) -> Result<Option<View>> {
    reader.view(&entity.document(spec.name))
}

/// How often a read is tried if others write meanwhile.
const READINGS: usize = 20;

/// Reads document and archive consistently: they are two files, and a record that a command moved between
/// them during the read would be in neither, or in both. The read is then repeated.
fn steady<R>(reader: &Reader, read: impl Fn() -> Result<R>) -> Result<R> {
    let moment = || reader.state().map(State::log_end).transpose();
    for _ in 1..READINGS {
        let before = moment()?;
        let found = read();
        if moment()? == before {
            return found;
        }
    }
    read()
}

/// Runs a query on the document of a concern, reading no more of it than the query needs.
fn look<R>(
    reader: &Reader,
    entity: &EntityId,
    spec: &Spec,
    look: impl Fn(&dyn Source) -> Result<R>,
) -> Result<Option<R>> {
    reader.look(&entity.document(spec.name), look)?.transpose()
}

/// Returns the one name with this prefix among `names`. A full name need not be among them.
///
/// # Errors
/// `Ambiguous`; `Usage` for a prefix that is too short.
fn occurring<'a>(wanted: &str, names: impl Iterator<Item = &'a str>, noun: &str) -> Result<String> {
    let names: BTreeSet<&str> = names.collect();
    match id::resolve(wanted, names.into_iter(), noun) {
        Err(error) if error.kind == Kind::NotFound => Ok(wanted.to_owned()),
        other => other,
    }
}
