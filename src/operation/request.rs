//! What runs other operations, as data: what each does is told where it runs.

use serde::{Deserialize, Serialize};

/// Writes a value that lost a conflict again, as a new edit of whoever acts.
///
/// Where people have an operation for the field, that is what runs, with its rules; the other
/// fields may be written by who may write at all.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Restore {
    /// The number of the conflict in this store.
    pub number: i64,
}

/// Takes back what a command of this store did, as new edits of whoever acts, with the rules of the
/// operations that do it. All of it, or nothing; nothing where somebody has built on it.
///
/// What was made is removed as people remove it, what was removed comes back where that is possible,
/// and what was written over is written again, out of the log. Which commands cannot be taken back the
/// error says, and what to do instead.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Revert {
    /// The number of the command in the log of this store.
    pub seq: i64,
}
