//! What is looked at in the directories, and what comes of it.

use crate::concern::disk::DiskPath;
use crate::error::Hint;
use std::collections::BTreeSet;

/// Which files are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Those that were written here, as far as they are there: what others changed in them.
    Known,
    /// All that are there, and all that should be: new ones are put, moved ones followed, missing ones
    /// removed.
    All,
    /// Those at these paths, new or known.
    At(BTreeSet<DiskPath>),
    /// The same as all, in this directory and below.
    Below(DiskPath),
}

impl Which {
    /// Whether a file at a path is looked at.
    pub(super) fn means(&self, path: &DiskPath) -> bool {
        match self {
            Which::Known | Which::All => true,
            Which::At(only) => only.contains(path),
            Which::Below(dir) => dir.holds(path),
        }
    }

    /// Whether the directories are gone through for what is new there, and for what is missing.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Which::All | Which::Below(_))
    }
}

/// What was taken in.
#[derive(Debug, Default)]
pub struct TakenIn {
    /// Files that are new.
    pub added: Vec<String>,
    /// Files that hold something else.
    pub changed: Vec<String>,
    /// Files that are elsewhere: from, to.
    pub moved: Vec<(String, String)>,
    /// Files that somebody had removed.
    pub removed: Vec<String>,
    /// Whether a file that was looked at is not yet what its document says, and could be: a command before
    /// did not come to its end.
    pub behind: bool,
    /// What could not be taken in, or needs to be said.
    pub notes: Vec<Hint>,
}
