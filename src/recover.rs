//! A damaged document, built again from what is left of it and what others have.
//!
//! Sources are asked in the order of how far they are trusted: a file that is as it was written,
//! the log, others, and last a file that is damaged. Each gives what can join what is there by
//! then, until none gives any more. Where two disagree about one operation, the one that is asked
//! first is right.

mod account;
mod gather;
mod shown;
mod source;

use crate::crdt::doc::Doc;
use crate::error::{Error, Hint, Next, Result};
use crate::gate::Expected;
use crate::id::DocId;
use crate::store::Roots;
use source::{EMPTY, Read, checked};

pub use account::{Completeness, RecoveredRecord};
pub use source::{Given, RecoverySource, rank};

/// A document that was built again.
#[derive(Debug)]
pub struct Recovered {
    /// The whole state.
    pub state: Vec<u8>,
    /// What was lost first, then what is there in part, then what is whole.
    pub records: Vec<RecoveredRecord>,
    /// In the order in which they were asked.
    pub sources: Vec<Given>,
}

/// Builds a document from the sources, which come in the order in which they are trusted.
///
/// # Errors
/// `NotFound` when they hold nothing of it that can be used.
pub fn rebuild(doc: &DocId, sources: &[RecoverySource], roots: Roots) -> Result<Recovered> {
    let expected = roots(doc);
    let mut read: Vec<Read<'_>> = sources.iter().map(|source| Read::of(source, expected)).collect();
    let merged = gather::merge_all(&mut read, expected)?;
    if merged == EMPTY && !sources.iter().any(|source| source.updates.iter().any(|u| u == EMPTY)) {
        return Err(Error::not_found(format!("nothing left of {doc} is usable"))
            .because(faults(&read))
            .hint(Hint::from("name more bundles or stores with ").next(Next::RecoverFrom)));
    }
    let state = match expected {
        Expected::Anything => merged,
        // Through yrs, so that what is stored is what every program would store.
        Expected::Roots(_) | Expected::Concern(_) => {
            Doc::load(&checked(&merged, expected)?, 1)?.encode()?.0
        }
    };
    let records = account::account(doc, &state, &read)?;
    Ok(Recovered { records, sources: read.iter().map(Read::given).collect(), state })
}

fn faults(read: &[Read<'_>]) -> String {
    let said: Vec<String> = read
        .iter()
        .map(|read| match read.given().fault {
            Some(fault) => format!("{}: {fault}", read.source.name),
            None => format!("{} builds on operations that are missing", read.source.name),
        })
        .collect();
    if said.is_empty() { "no bytes of it were found".to_owned() } else { said.join("; ") }
}
