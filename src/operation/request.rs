//! Operations that run other operations; what they run is in the modules of the same names.

use serde::{Deserialize, Serialize};

/// Writes the losing value of a conflict again, as a new edit by the actor.
///
/// If there is an operation for the field, that is run, with its rules; any other field may be written
/// by whoever may write at all.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Restore {
    /// The number of the conflict in this store.
    pub number: i64,
}

/// Reverts a command of this store with new edits by the actor, under the rules of the operations that
/// make them: all of it or nothing, and nothing if somebody has built on it.
///
/// What it created is removed by the usual operations, what it removed is restored if possible, and
/// what it overwrote is written again from the log. For a command that cannot be reverted, the error
/// says so and what to do instead.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Revert {
    /// The number of the command in the log of this store.
    pub seq: i64,
}
