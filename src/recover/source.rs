//! Reads what is left of a document: sound updates, and the usable part of the rest.

use crate::error::{Error, Result};
use crate::gate::Expected;
use crate::store::Remains;
use crate::wire::{self, Checked, Fault, Salvage, Update};

/// A document that holds nothing.
pub const EMPTY: &[u8] = &[0, 0];

/// Bytes that may hold parts of the document.
#[derive(Debug, Clone)]
pub struct RecoverySource {
    /// Its name in messages.
    pub name: String,
    /// Updates, in the order in which they were made if that is known.
    pub updates: Vec<Vec<u8>>,
}

/// What one source gave.
#[derive(Debug, Clone)]
pub struct Given {
    /// The name of the source: the file, the log, the inbox, or the path of another store or bundle.
    pub name: String,
    /// The total size of its updates, as found.
    pub bytes: u64,
    /// Where its bytes become invalid, and why.
    pub fault: Option<Fault>,
    /// The number of operations that no earlier source gave.
    pub operations: u64,
    /// Whether its delete set could not be read: deleted records may be back.
    pub lacks_deletes: bool,
    /// The number of blocks announced for one client, and how many of them could be read, if fewer.
    pub announced: Option<(u64, u64)>,
}

/// Returns what a store and others hold of the document, in order of trust.
pub fn rank(own: Remains, others: Vec<RecoverySource>) -> Vec<RecoverySource> {
    let source = |name: &str, updates| RecoverySource { name: name.to_owned(), updates };
    let file = own.file.map(|(_, bytes)| source("its file", vec![bytes]));
    let (first, last) = if own.recorded { (file, None) } else { (None, file) };
    let mut sources: Vec<RecoverySource> = first.into_iter().collect();
    sources.push(source("the log", own.log));
    sources.extend(others);
    sources.push(source("the inbox", own.inbox));
    sources.extend(last);
    sources.retain(|source| !source.updates.is_empty());
    sources
}

/// A source that was read.
pub struct Read<'s> {
    pub source: &'s RecoverySource,
    pub salvages: Vec<Salvage<'s>>,
    /// Its sound updates, merged into as few as possible: a log has thousands, which nearly always merge into
    /// one.
    pub merged: Vec<Vec<u8>>,
    /// Indices of the salvages that are not included in those.
    pub unsound: Vec<usize>,
    pub operations: u64,
}

impl<'s> Read<'s> {
    pub fn of(source: &'s RecoverySource, expected: Expected<'_>) -> Read<'s> {
        let mut salvages: Vec<Salvage<'_>> = Vec::with_capacity(source.updates.len());
        let (mut sound, mut unsound) = (Vec::new(), Vec::new());
        for bytes in &source.updates {
            let from = salvages.len();
            salvages.extend(Salvage::read(bytes).without_gaps());
            match checked(bytes, expected) {
                Ok(update) if source.updates.len() > 1 => sound.push(update),
                _ => unsound.extend(from..salvages.len()),
            }
        }
        let mut merged = Vec::new();
        merge_runs(&sound, &mut merged);
        Read { source, salvages, merged, unsound, operations: 0 }
    }

    pub fn given(&self) -> Given {
        Given {
            name: self.source.name.clone(),
            bytes: self.source.updates.iter().map(|bytes| bytes.len() as u64).sum(),
            fault: self.salvages.iter().find_map(|salvage| salvage.fault.clone()),
            operations: self.operations,
            lacks_deletes: self.salvages.iter().any(|salvage| salvage.lacks_deletes),
            announced: self.salvages.iter().find_map(|salvage| salvage.announced),
        }
    }
}

/// Merges updates into runs without gaps.
fn merge_runs(updates: &[Update<'_, Checked>], merged: &mut Vec<Vec<u8>>) {
    match (updates, wire::merge(updates)) {
        ([], _) => {}
        (_, Some(all)) => merged.push(all),
        ([one], None) => merged.push(one.bytes().to_vec()),
        _ => {
            let (first, second) = updates.split_at(updates.len() / 2);
            merge_runs(first, merged);
            merge_runs(second, merged);
        }
    }
}

/// Checks an update that we made ourselves.
///
/// # Errors
/// `Bug` if it is not valid.
pub fn checked<'b>(bytes: &'b [u8], expected: Expected<'_>) -> Result<Update<'b, Checked>> {
    Update::checked(bytes, expected)
        .map_err(|fault| Error::bug("the recovered state is not valid").because(fault))
}
