//! Content that a merge would duplicate: the same in two documents that have no history in common.

use crate::crdt::types::{SharedType, SharedTypes};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A root that is the same in two documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twice {
    /// The root.
    pub root: String,
    /// The name of the first document.
    pub first: String,
    /// The name of the other.
    pub second: String,
}

impl fmt::Display for Twice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Twice { root, first, second } = self;
        write!(
            f,
            "{root} is the same in {first} and {second}, with no history in common: merged, it is \
             there twice"
        )
    }
}

/// Refuses a merge that would duplicate content, saying what to do instead; passes if there is none.
///
/// # Errors
/// `Refused`, with each root as a cause.
pub fn refuse(found: &[Twice], instead: &'static str) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let error = Error::refused("the same content would be there twice");
    Err(found.iter().fold(error, |error, twice| error.because(twice.to_string())).hint(instead))
}

/// The document that has it, and the clients that wrote it there.
type SeenRoot<'n> = (&'n str, BTreeSet<u64>);

/// Returns the roots whose elements, characters or nodes are the same in two documents but written by
/// different clients: merged, they would all be there twice. This does not apply to maps, because one value
/// wins under each key, nor to roots that a third document holds in both versions, because there they are
/// duplicated already. Linear in the documents, except for what is found.
pub fn twice(documents: &[(&str, SharedTypes)]) -> Vec<Twice> {
    let mut seen: BTreeMap<(String, [u8; 32]), SeenRoot<'_>> = BTreeMap::new();
    let mut found = Vec::new();
    for (name, types) in documents {
        for (root, container) in types.live_roots() {
            let clients = clients(types, container);
            if clients.is_empty() {
                continue;
            }
            let key = (root.to_owned(), types.digest_of(container));
            let Some((first, others)) = seen.get(&key) else {
                seen.insert(key, (name, clients));
                continue;
            };
            if others.is_disjoint(&clients) {
                found.push(Twice {
                    root: root.to_owned(),
                    first: (*first).to_owned(),
                    second: (*name).to_owned(),
                });
            }
        }
    }
    found.retain(|twice| !holds_both(documents, twice));
    found
}

/// Returns whether a third document has seen both.
fn holds_both(documents: &[(&str, SharedTypes)], twice: &Twice) -> bool {
    let of = |name: &str| documents.iter().position(|(known, _)| *known == name);
    let (first, second) = (of(&twice.first), of(&twice.second));
    let version = |at: Option<usize>| Some(documents.get(at?)?.1.version());
    let (Some(one), Some(other)) = (version(first), version(second)) else { return false };
    let others = documents.iter().enumerate();
    let mut others = others.filter(|(at, _)| Some(*at) != first && Some(*at) != second);
    others.any(|(_, (_, types))| types.version().holds(one) && types.version().holds(other))
}

fn clients(types: &SharedTypes, container: SharedType) -> BTreeSet<u64> {
    types.units(container).map(|(id, _)| id.client).collect()
}
