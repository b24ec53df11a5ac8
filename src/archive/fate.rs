//! What became of the commands that wrote rows, by what `crdtctl.db` says.

use crate::error::Result;
use crate::store::State;

/// The setting of `crdtctl.db` that says that a command has happened. It stays: an older copy of the
/// archive, which may be put back at any time, has that command's rows as they were before it was known.
pub(super) fn setting(run: &str) -> String {
    format!("archived {run}")
}

/// What the name of a command begins with: the replica that the store was before it. A new one would be
/// forgotten with the command.
pub(super) fn name_of(replica: Option<&str>) -> String {
    format!("{} ", replica.unwrap_or("first"))
}

/// What is known of a command that wrote rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunFate {
    /// Its rows count.
    Happened,
    /// It was interrupted, and wrote nothing else: as if its rows had never been written.
    Never,
    /// A replica wrote it of which nothing is known here, as this store was before `crdtctl.db` was
    /// lost. Its records are nowhere else where they are not in their documents; what hides others is
    /// not believed.
    Unknown,
}

impl RunFate {
    pub fn of(happened: bool, state: &State, run: &str) -> Result<RunFate> {
        if happened {
            return Ok(RunFate::Happened);
        }
        let is_of = |replica: Option<&str>| run.starts_with(&name_of(replica));
        let replica = state.replica()?.map(|(replica, _, _)| replica);
        let is_ours = is_of(None)
            || is_of(replica.as_deref())
            || state.earlier_replicas()?.iter().any(|replica| is_of(Some(replica)));
        Ok(if is_ours { RunFate::Never } else { RunFate::Unknown })
    }
}

/// What became of a command, by what `crdtctl.db` says. Without one nothing is known, and every
/// row counts.
pub(super) fn fate(state: Option<&State>, run: &str) -> Result<RunFate> {
    let Some(state) = state else { return Ok(RunFate::Happened) };
    RunFate::of(state.setting(&setting(run))?.is_some(), state, run)
}
