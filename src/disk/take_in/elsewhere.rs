//! Where only some files are looked at: which of the others are where they were no more.

use crate::concern::disk::FilePlace;
use crate::store::DiskBase;
use std::collections::{BTreeMap, BTreeSet};

/// Files that nobody looks at otherwise, by the hash of what they held. Each hash is looked for once.
#[derive(Default)]
pub(super) struct LostElsewhere {
    /// The ids of the files that were written; made when it is asked for.
    written: Option<BTreeMap<String, BTreeSet<String>>>,
    lost: BTreeMap<String, Vec<FilePlace>>,
}

impl LostElsewhere {
    /// The ids of the files of which `blake3` was written, to be looked for; none where that was done.
    pub(super) fn not_yet_sought<'b>(
        &mut self,
        written: impl Iterator<Item = &'b DiskBase>,
        blake3: &str,
    ) -> BTreeSet<String> {
        let by_hash = self.written.get_or_insert_with(|| {
            let mut by_hash: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for base in written {
                by_hash.entry(base.blake3.clone()).or_default().insert(base.file.clone());
            }
            by_hash
        });
        by_hash.remove(blake3).unwrap_or_default()
    }

    /// Notes which of them are lost.
    pub(super) fn found(&mut self, blake3: &str, lost: Vec<FilePlace>) {
        self.lost.insert(blake3.to_owned(), lost);
    }

    /// One that is lost. Each is given once.
    pub(super) fn take(&mut self, blake3: &str) -> Option<FilePlace> {
        self.lost.get_mut(blake3)?.pop()
    }
}
