//! Which files are looked at in the directories, and the result.

use crate::concern::disk::DiskPath;
use crate::error::Hint;
use std::collections::BTreeSet;

/// Which files are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Those that were written here and still exist: only changes to them are found.
    Known,
    /// All files there, and all that should be: new ones are added, moves are followed, missing ones
    /// are removed.
    All,
    /// Those at these paths, new or known.
    At(BTreeSet<DiskPath>),
    /// Like all, in this directory and below.
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

    /// Whether the directories are searched for new and missing files.
    pub(super) fn is_everything(&self) -> bool {
        matches!(self, Which::All | Which::Below(_))
    }
}

/// What was taken in.
#[derive(Debug, Default)]
pub struct TakenIn {
    /// New files.
    pub added: Vec<String>,
    /// Files with new content.
    pub changed: Vec<String>,
    /// Moved files: from, to.
    pub moved: Vec<(String, String)>,
    /// Files that somebody removed.
    pub removed: Vec<String>,
    /// Whether a file that was looked at does not yet match its document, but could: an earlier command
    /// did not finish.
    pub behind: bool,
    /// Warnings, and what could not be taken in.
    pub notes: Vec<Hint>,
}
