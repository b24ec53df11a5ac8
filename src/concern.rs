//! What the application's documents mean: one [`Spec`] per concern, as data.
//!
//! Listing, dumping, checking, acknowledging and pruning are written once, over [`crate::schema`]. A
//! new concern needs its schema and its operations here and a line in [`CONCERNS`], a line per
//! operation in [`crate::operation`], and one file of commands with a line in `cmd`; `notes`, which
//! exists only in tests, is the example. The schema has a file of its own and depends on nothing done
//! with it, because operations call acknowledging and pruning, and those go over every schema.

pub mod canvas;
pub mod chat;
pub mod core;
pub mod disk;
pub mod issues;
pub mod kanban;
#[cfg(test)]
pub mod notes;
mod outcome;
pub mod plain;
mod priority;
mod record;
mod roles;
mod text;

pub use crate::policy::Role;
pub use outcome::Outcome;
pub use priority::Priority;
pub(crate) use record::{check as check_record, restore as restore_record};
pub use roles::Actor;

use crate::error::{Hint, Next};
use crate::gate::Expected;
use crate::id::DocId;
use crate::limits;
use crate::schema::{FieldRole, Spec};
use crate::store::Reader;
use crate::wire::{Noted, RootKind, Update};

/// Every concern.
pub const CONCERNS: &[Spec] = &[
    core::SPEC,
    chat::SPEC,
    kanban::SPEC,
    canvas::SPEC,
    issues::SPEC,
    disk::SPEC,
    disk::PRIVATE,
    #[cfg(test)]
    notes::SPEC,
];

/// Returns the concern of a document; `None` if the document is opaque.
pub fn of(doc: &DocId) -> Option<&'static Spec> {
    named(doc.concern()?)
}

/// Returns the concern with this name.
pub fn named(name: &str) -> Option<&'static Spec> {
    CONCERNS.iter().find(|spec| spec.name == name)
}

/// Returns whether a document is shared only between replicas of its member.
pub fn is_private(doc: &DocId) -> bool {
    of(doc).is_some_and(|spec| spec.private)
}

/// Returns the types that the roots of a document must have; empty for an opaque document.
pub fn roots(doc: &DocId) -> &'static [(&'static str, RootKind)] {
    of(doc).map_or(&[], |spec| spec.roots)
}

/// Returns what a document may hold: anything Yjs writes, in the roots of its concern if it has one.
pub fn expected(doc: &DocId) -> Expected<'static> {
    of(doc).map_or(Expected::Anything, |spec| Expected::Concern(spec.roots))
}

/// Returns the fields that listing messages needs: creation time and deleted flag. For a record on a page of
/// its own they are known without opening the page.
pub fn noted() -> Noted {
    let created = chat::MESSAGES.named(FieldRole::Created).unwrap_or_default();
    let deleted = chat::MESSAGES.tombstone.as_ref().map(|marker| marker.flag).unwrap_or_default();
    [created, deleted]
}

/// Returns the bytes of a document that count towards its limit: all but the residue of removed records,
/// which is never freed. A document that does not decode counts in full.
pub fn counted_bytes(state: &[u8]) -> u64 {
    let residue = Update::walk(state).map_or(0, |update| update.residue());
    (state.len() as u64).saturating_sub(residue)
}

/// Returns the same for a document of a store; `None` if it cannot be read.
pub fn counted_bytes_of(reader: &Reader, doc: &DocId) -> Option<u64> {
    match reader.length_without_reading(doc) {
        Ok(Some((bytes, residue))) => Some(bytes.saturating_sub(residue)),
        _ => reader.bytes(doc).ok().flatten().map(|state| counted_bytes(&state)),
    }
}

/// Returns whether a document with this many counted bytes is near or over its limit.
pub fn is_near_limit(doc: &DocId, bytes: u64) -> bool {
    of(doc).is_some_and(|spec| percent_of(bytes, spec) >= limits::WARN_PERCENT)
}

/// Returns how full a document is, in percent, from its counted bytes.
pub fn percent_of(counted: u64, spec: &Spec) -> u64 {
    counted.saturating_mul(100) / spec.limit_bytes.max(1)
}

/// Returns the command that makes room in a document of this concern.
pub fn room_in(spec: &Spec) -> Next {
    let has_archive = [chat::SPEC.name, kanban::SPEC.name, issues::SPEC.name].contains(&spec.name);
    if has_archive { Next::ArchiveRun } else { Next::Prune(None) }
}

/// Returns what takes room in a document of this concern and could be avoided, if its records do not show it.
pub fn room_taken_in(spec: &Spec) -> Option<&'static str> {
    let has_files = [disk::SPEC.name, disk::PRIVATE.name].contains(&spec.name);
    has_files.then_some(
        "texts are stored in it so that they can merge: put those that nobody edits as one archive \
         (tar, zip), or on the disk of another entity",
    )
}

/// Returns the warning for a document near or over its limit, from its counted bytes.
pub fn limit_note(doc: &DocId, counted: u64) -> Option<Hint> {
    let spec = of(doc)?;
    let limit = spec.limit_bytes;
    match percent_of(counted, spec) {
        p if p < limits::WARN_PERCENT => None,
        p if p < 100 => {
            Some(format!("{doc} is at {p} % of its limit ({counted} of {limit} bytes)").into())
        }
        p => {
            let over = format!(
                "{doc} is over its limit ({counted} of {limit} bytes, {p} %); \
                 nothing new can be created in it until "
            );
            let hint = Hint::from(over).next(room_in(spec)).and(" makes room");
            Some(match room_taken_in(spec) {
                Some(taken) => hint.also(taken),
                None => hint,
            })
        }
    }
}
