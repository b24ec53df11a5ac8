//! What became of the commands that wrote rows, according to `crdtctl.db`.

use crate::error::Result;
use crate::store::State;

/// The setting of `crdtctl.db` that records that a command has happened. It is kept: an older copy of the
/// archive, which may be put back at any time, holds that command's rows as not yet settled.
pub(super) fn setting(run: &str) -> String {
    format!("archived {run}")
}

/// Returns the prefix of a command's name: the replica that the store was before the command. A replica id
/// created by the command would be forgotten with it.
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
    /// It was written by a replica that is unknown here, such as this store before `crdtctl.db` was lost. Its
    /// records exist nowhere else unless they are in their documents; its markers are not trusted.
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

/// Returns what became of a command, according to `crdtctl.db`. Without that file nothing is known, and every
/// row counts.
pub(super) fn fate(state: Option<&State>, run: &str) -> Result<RunFate> {
    let Some(state) = state else { return Ok(RunFate::Happened) };
    RunFate::of(state.setting(&setting(run))?.is_some(), state, run)
}
