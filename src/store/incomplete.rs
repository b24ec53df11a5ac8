//! A document whose log was trimmed, with an older file in its place: what was written later waits in the log
//! for what the file lacks.

use super::finding::BROKEN_LOG;
use super::load::{self, Loaded};
use crate::error::{Error, Next};
use crate::id::DocId;

/// Returns the error that a state lacks entries of the log; `None` if it has all of them.
pub(super) fn incomplete(doc: &DocId, loaded: &Loaded) -> Option<Error> {
    let first = *loaded.waiting.first()?;
    let repair = Next::Repair(Some(BROKEN_LOG.id(Some(doc), "")));
    let hint = repair.and(
        " takes that file, and keeps the entries until somebody sends what they build on; the newer file, \
         put back, has everything",
    );
    Some(load::outdated(doc, first).hint(hint))
}
