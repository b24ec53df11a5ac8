//! What a store says, in types that serialise: members, messages, issues, cards and the rest.
//!
//! Every answer is a plain struct whose JSON is the JSON of the command line, field by field. What
//! the schema knows of a record is a field of its struct; what other programs wrote beside it stays
//! with the record, where all of it was asked for. Nothing here writes, prints or asks the clock.

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

/// An answer about many documents, without those that cannot be used.
#[derive(Debug)]
pub struct Partial<T> {
    /// What was found in the others.
    pub found: T,
    /// Why the rest is left out: each error names its document.
    pub damaged: Vec<Error>,
}

/// What was read; nothing of a document that cannot be used, which is noted in `damaged`.
///
/// # Errors
/// What is not about a document alone.
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

/// The document of a concern of an entity; None where there is none yet.
fn view(reader: &Reader, entity: &EntityId, spec: &Spec) -> Result<Option<View>> {
    reader.view(&entity.document(spec.name))
}

/// How often a reading that others wrote into is read again.
const READINGS: usize = 20;

/// A reading of document and archive as one: they are two files, and what a command moved from one to
/// the other while they were read would be in neither, or in both. It is read again then.
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

/// What is found in that document, of which no more is read than what is looked at.
fn look<R>(
    reader: &Reader,
    entity: &EntityId,
    spec: &Spec,
    look: impl Fn(&dyn Source) -> Result<R>,
) -> Result<Option<R>> {
    reader.look(&entity.document(spec.name), look)?.transpose()
}

/// The one name that a prefix means, of those that occur somewhere. A full one may occur nowhere.
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
