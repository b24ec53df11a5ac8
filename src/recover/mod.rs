//! A damaged document, built again from what is left of it and what others have.
//!
//! Sources are asked in the order of how far they are trusted: a file that is as it was written,
//! the log, others, and last a file that is damaged. Each gives what can join what is there by
//! then, until none gives any more. Where two disagree about one operation, the one that is asked
//! first is right.

mod account;
mod gather;
mod shown;

use crate::crdt::doc::Doc;
use crate::crdt::update::{self, Checked, Fault, RootKind, Salvage, Update};
use crate::error::{Error, Hint, Next, Result};
use crate::id::DocId;
use crate::store::{Remains, Roots};

pub use account::{Completeness, RecoveredRecord};

/// A document that holds nothing.
const EMPTY: &[u8] = &[0, 0];

/// Bytes that may hold parts of the document.
#[derive(Debug, Clone)]
pub struct RecoverySource {
    /// What it is, for messages.
    pub name: String,
    /// Updates, in the order in which they were made where that is known.
    pub updates: Vec<Vec<u8>>,
}

/// What one source gave.
#[derive(Debug, Clone)]
pub struct Given {
    pub name: String,
    pub bytes: u64,
    /// Where its bytes stop making sense, and why.
    pub fault: Option<Fault>,
    /// Operations that no source before it gave.
    pub operations: u64,
    /// The list of deletions could not be read: what was deleted may be back.
    pub lacks_deletes: bool,
    /// How many blocks of one client are announced, and how many of these could be read, where
    /// that is not all of them.
    pub announced: Option<(u64, u64)>,
}

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

/// Puts what a store holds of the document, and what others do, in the order in which they are
/// trusted.
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

/// Builds a document from the sources, which come in the order in which they are trusted.
///
/// # Errors
/// `NotFound` when they hold nothing of it that can be used.
pub fn rebuild(doc: &DocId, sources: &[RecoverySource], roots: Roots) -> Result<Recovered> {
    let roots = roots(doc);
    let mut read: Vec<Read<'_>> = sources.iter().map(|source| Read::of(source, roots)).collect();
    let merged = gather::merge_all(&mut read, roots)?;
    if merged == EMPTY && !sources.iter().any(|source| source.updates.iter().any(|u| u == EMPTY)) {
        return Err(Error::not_found(format!("nothing that is left of {doc} can be used"))
            .because(faults(&read))
            .hint(Hint::from("name more bundles or stores with ").next(Next::RecoverFrom)));
    }
    // Through yrs, so that what is stored is what every program would store.
    let (state, _) = Doc::load(&checked(&merged, roots)?, 1)?.encode()?;
    let records = account::account(doc, &state, &read)?;
    Ok(Recovered { records, sources: read.iter().map(Read::given).collect(), state })
}

/// A source that was read.
struct Read<'s> {
    source: &'s RecoverySource,
    salvages: Vec<Salvage<'s>>,
    /// Its sound updates, as few as they can be: a log has thousands, and nearly always they are
    /// one.
    merged: Vec<Vec<u8>>,
    /// Which of the salvages are not in those.
    unsound: Vec<usize>,
    operations: u64,
}

impl<'s> Read<'s> {
    fn of(source: &'s RecoverySource, roots: &[(&str, RootKind)]) -> Read<'s> {
        let mut salvages: Vec<Salvage<'_>> = Vec::with_capacity(source.updates.len());
        let (mut sound, mut unsound) = (Vec::new(), Vec::new());
        for bytes in &source.updates {
            let from = salvages.len();
            salvages.extend(Salvage::read(bytes).without_gaps());
            match checked(bytes, roots) {
                Ok(update) if source.updates.len() > 1 => sound.push(update),
                _ => unsound.extend(from..salvages.len()),
            }
        }
        let mut merged = Vec::new();
        merge_runs(&sound, &mut merged);
        Read { source, salvages, merged, unsound, operations: 0 }
    }

    fn given(&self) -> Given {
        Given {
            name: self.source.name.clone(),
            bytes: self.source.updates.iter().map(|bytes| bytes.len() as u64).sum(),
            fault: self.salvages.iter().find_map(|salvage| salvage.fault.clone()),
            operations: self.operations,
            lacks_deletes: self.salvages.iter().any(Salvage::lacks_deletes),
            announced: self.salvages.iter().find_map(|salvage| salvage.announced),
        }
    }
}

/// Merges updates in runs as long as they have no gaps.
fn merge_runs(updates: &[Update<'_, Checked>], merged: &mut Vec<Vec<u8>>) {
    match (updates, update::merge(updates)) {
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

fn checked<'b>(bytes: &'b [u8], roots: &[(&str, RootKind)]) -> Result<Update<'b, Checked>> {
    Update::checked(bytes, roots)
        .map_err(|fault| Error::bug("what was recovered is not valid").because(fault))
}

fn faults(read: &[Read<'_>]) -> String {
    let said: Vec<String> = read
        .iter()
        .map(|read| match read.given().fault {
            Some(fault) => format!("{}: {fault}", read.source.name),
            None => format!("{} builds upon what is missing", read.source.name),
        })
        .collect();
    if said.is_empty() { "there are no bytes of it".to_owned() } else { said.join("; ") }
}
