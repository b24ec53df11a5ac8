//! Rebuilds a damaged document from what is left of it and what others have.
//!
//! Sources are used in order of trust: an undamaged file, the log, others, and last a damaged file. Each
//! gives whatever can join what is there so far, until none gives any more. If two disagree about one
//! operation, the more trusted one wins.

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

/// A document that was rebuilt.
#[derive(Debug)]
pub struct Recovered {
    /// The whole state.
    pub state: Vec<u8>,
    /// The lost records first, then the partial ones, then the whole ones.
    pub records: Vec<RecoveredRecord>,
    /// The sources, in the order in which they were used.
    pub sources: Vec<Given>,
}

/// Rebuilds a document from sources given in order of trust.
///
/// # Errors
/// `NotFound` if they hold nothing usable of it.
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
        // Through yrs, so that the stored bytes are those that every program would store.
        Expected::Roots(_) | Expected::Concern(_) => {
            Doc::open(&checked(&merged, expected)?, 1)?.encode()?.0
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
