//! Forms without a wrapping: updates, state vectors, snapshots.

use super::identified::{Depth, FileContent, FileKind, Identified};
use super::snapshot::{FoundMoment, read_clocks};
use crate::error::counted;
use crate::wire::{ByteReader, Clocks, FromV2, Update, from_v2_within};

pub fn v1(bytes: &[u8]) -> Option<Identified> {
    Update::walk(bytes).ok()?;
    Some(Identified::update(FileKind::UpdateV1, bytes.to_vec()))
}

/// Recognises an update with bytes after its end, which Yjs ignores: zeros, as in a file that was
/// preallocated, or no more bytes than the update itself has.
pub fn v1_and_more(bytes: &[u8]) -> Option<Identified> {
    let fault = Update::walk(bytes).err().filter(|fault| fault.rule == "trailing")?;
    let (update, behind) = bytes.split_at_checked(fault.offset)?;
    let is_padding = behind.iter().all(|byte| *byte == 0);
    let holds = update.iter().any(|byte| *byte != 0);
    if !holds || behind.len() > update.len() && !is_padding {
        return None;
    }
    let mut found = Identified::update(FileKind::UpdateV1, update.to_vec());
    if let FileContent::Documents(documents) = &mut found.found {
        let count = counted(behind.len() as u64, "byte");
        let what = || format!("{count} after its end, which Yjs does not read");
        documents.iter_mut().for_each(|document| document.leave_out(what));
    }
    Some(found)
}

pub fn v2(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    let converted = converted(bytes, depth)?;
    let mut found = Identified::update(FileKind::UpdateV2, converted.update);
    if let FileContent::Documents(documents) = &mut found.found {
        documents.iter_mut().for_each(|document| document.rewritten = converted.rewritten);
    }
    Some(found)
}

/// Returns an update in v2 as one in v1. Run lengths announce millions of blocks in a few bytes.
pub fn v1_of(bytes: &[u8], depth: Depth<'_>) -> Option<Vec<u8>> {
    converted(bytes, depth).map(|converted| converted.update)
}

fn converted(bytes: &[u8], depth: Depth<'_>) -> Option<FromV2> {
    let most = usize::try_from(depth.most()).unwrap_or(usize::MAX);
    let (converted, made) = from_v2_within(bytes, most);
    depth.spend(made);
    converted.ok()
}

pub fn vector(bytes: &[u8]) -> Option<Identified> {
    Some(Identified::bare(FileKind::StateVector, FileContent::Vector(clocks(bytes)?)))
}

/// Reads a state vector to its end: each client once.
pub fn clocks(bytes: &[u8]) -> Option<Clocks> {
    let mut reader = ByteReader::at(bytes, 0);
    let clocks = read_clocks(&mut reader)?;
    (reader.left() == 0).then_some(clocks)
}

/// Recognises a snapshot.
pub fn snapshot(bytes: &[u8]) -> Option<Identified> {
    let moment = FileContent::Moment(FoundMoment::read(bytes)?);
    Some(Identified::bare(FileKind::Snapshot, moment))
}
