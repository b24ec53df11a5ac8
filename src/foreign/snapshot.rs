//! Snapshots: a delete set followed by a state vector that covers it.

use crate::wire::{ByteReader, Clocks, DeleteSet, Id, Version};
use std::ops::Range;

/// A snapshot. Its two encodings differ only in how they count deleted ranges, so that one may be read as
/// either; which it is, the document tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundMoment {
    /// Read as Yjs' `encodeSnapshot` writes it, if it can be read so.
    pub v1: Option<Version>,
    /// Read as `encodeSnapshotV2` writes it, if it can be read so.
    pub v2: Option<Version>,
}

/// An encoding of snapshots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotForm {
    /// That of `encodeSnapshot`.
    V1,
    /// That of `encodeSnapshotV2`.
    V2,
}

impl SnapshotForm {
    /// Returns its name; public API.
    pub fn name(self) -> &'static str {
        match self {
            SnapshotForm::V1 => "v1",
            SnapshotForm::V2 => "v2",
        }
    }

    /// Returns the other one.
    #[must_use]
    pub fn other(self) -> SnapshotForm {
        match self {
            SnapshotForm::V1 => SnapshotForm::V2,
            SnapshotForm::V2 => SnapshotForm::V1,
        }
    }
}

impl FoundMoment {
    /// Reads bytes to their end in both encodings; `None` if they are a snapshot in neither.
    pub fn read(bytes: &[u8]) -> Option<FoundMoment> {
        let found = FoundMoment { v1: moment(bytes, false), v2: moment(bytes, true) };
        (found.v1.is_some() || found.v2.is_some()).then_some(found)
    }

    /// Returns it as read in one encoding; `None` if it cannot be.
    pub fn read_as(&self, form: SnapshotForm) -> Option<&Version> {
        match form {
            SnapshotForm::V1 => self.v1.as_ref(),
            SnapshotForm::V2 => self.v2.as_ref(),
        }
    }

    /// Returns its state vector, which both encodings write alike.
    pub fn clocks(&self) -> Clocks {
        let version = self.v1.as_ref().or(self.v2.as_ref());
        version.map(|version| version.clocks.clone()).unwrap_or_default()
    }

    /// Returns what surely was there and deleted, in whichever encoding it is.
    pub fn certain(&self) -> Version {
        match (&self.v1, &self.v2) {
            (Some(v1), Some(v2)) => {
                let mut only = v1.deletes.clone();
                only.subtract(&v2.deletes);
                let mut both = v1.clone();
                both.deletes.subtract(&only);
                both
            }
            (one, other) => one.as_ref().or(other.as_ref()).cloned().unwrap_or_default(),
        }
    }

    /// Returns the encoding in which it is a moment of a document of this version; and whether it is one in
    /// the other, too, but another one. Nothing that was deleted is there again later, so what was deleted
    /// then is deleted in the document.
    pub fn form_for(&self, document: &Version) -> (SnapshotForm, bool) {
        let (v1, v2) = match (&self.v1, &self.v2) {
            (Some(v1), Some(v2)) if v1 != v2 => (v1, v2),
            (None, _) => return (SnapshotForm::V2, false),
            _ => return (SnapshotForm::V1, false),
        };
        match (document.holds(v1), document.holds(v2)) {
            (false, true) => (SnapshotForm::V2, false),
            // Read as v1, a range of v2 lacks its last unit: it seldom ends where deletions do.
            (true, true) if torn(v2, document) < torn(v1, document) => (SnapshotForm::V2, true),
            (true, true) => (SnapshotForm::V1, true),
            _ => (SnapshotForm::V1, false),
        }
    }
}

/// Returns how many deleted ranges of a moment end in the middle of what a document has deleted.
fn torn(moment: &Version, document: &Version) -> usize {
    let ends_within = |(client, range): &(u64, Range<u32>)| {
        document.deletes.contains(Id { client: *client, clock: range.end })
    };
    moment.deletes.iter().filter(ends_within).count()
}

fn moment(bytes: &[u8], differences: bool) -> Option<Version> {
    let mut reader = ByteReader::at(bytes, 0);
    let mut deletes = DeleteSet::default();
    for _ in 0..reader.count(2).ok()? {
        let client = reader.client().ok()?;
        let mut at = 0u32;
        for _ in 0..reader.count(2).ok()? {
            let (start, len) = (reader.clock().ok()?, reader.clock().ok()?);
            let (start, len) = match differences {
                true => (at.checked_add(start)?, len.checked_add(1)?),
                false => (start, len),
            };
            if start < at || len == 0 {
                return None;
            }
            at = start.checked_add(len)?;
            deletes.insert(client, start..at);
        }
    }
    let clocks = read_clocks(&mut reader)?;
    let known = |(client, range): (u64, std::ops::Range<u32>)| {
        clocks.get(&client).is_some_and(|clock| range.end <= *clock)
    };
    (reader.left() == 0 && deletes.iter().all(known)).then_some(Version { clocks, deletes })
}

/// Reads a state vector.
pub fn read_clocks(reader: &mut ByteReader<'_>) -> Option<Clocks> {
    let mut clocks = Clocks::new();
    for _ in 0..reader.count(2).ok()? {
        let client = reader.client().ok()?;
        if clocks.insert(client, reader.clock().ok()?).is_some() {
            return None;
        }
    }
    Some(clocks)
}
