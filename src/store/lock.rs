//! The lock of the writer: `crdtctl.holder`, held for as long as a session lives.
//!
//! `BEGIN IMMEDIATE` on `crdtctl.db` is the lock that decides; but it ends with the commit, and what follows
//! (lease, fold) must be over before the next session looks. So our sessions queue here first. A killed
//! holder leaves the file behind, with its lock free.

use super::fs::{self, LockFile};
use super::layout::Layout;
use super::machine::Machine;
use crate::error::{Error, Hint, Kind, Next, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;

const NAME: &str = "crdtctl.holder";
/// The note is one line.
const NOTE_BYTES: u64 = 1 << 16;

/// What the file says about its holder.
#[derive(Serialize, Deserialize)]
pub(super) struct Holder {
    pid: u32,
    host: String,
    command: String,
    /// Unix seconds.
    since: i64,
}

impl Holder {
    /// This process.
    pub fn of(machine: &Machine, command: &str) -> Holder {
        Holder {
            pid: std::process::id(),
            host: machine.host.clone(),
            command: command.to_owned(),
            since: machine.clock.now(),
        }
    }

    fn note_in(&self, file: &mut LockFile) {
        file.note(&serde_json::to_string(self).unwrap_or_default());
    }
}

/// Waits for the session before us. Returns the time left, which is for SQLite's lock.
///
/// # Errors
/// `Locked`, naming the holder.
pub(super) fn take(dir: &Path, machine: &Machine, command: &str) -> Result<(LockFile, Duration)> {
    let path = dir.join(NAME);
    let Some((mut file, left)) = LockFile::take(&path, machine.lock_wait)? else {
        return Err(locked(holder(&path).as_ref()));
    };
    Holder::of(machine, command).note_in(&mut file);
    Ok((file, left))
}

/// Takes the lock for a moment, for a read; `None` if a session has it, or nobody can.
pub(super) fn take_free(layout: &Layout, holder: &Holder) -> Option<LockFile> {
    let (mut file, _) = LockFile::take(&layout.resolve(Path::new(NAME)), Duration::ZERO).ok()??;
    holder.note_in(&mut file);
    file.is_locked().then_some(file)
}

/// The lock, held without a session: no other command writes until it is dropped.
pub struct HeldLock(#[expect(dead_code, reason = "dropping it lets go")] LockFile);

/// Takes the lock, as [`take`] does.
pub(super) fn hold(dir: &Path, machine: &Machine, command: &str) -> Result<HeldLock> {
    take(dir, machine, command).map(|(lock, _)| HeldLock(lock))
}

/// SQLite's lock could not be taken: another program holds it, or one of our sessions if the file system has
/// no locks.
pub(super) fn locked_elsewhere(dir: &Path, e: Error) -> Error {
    if e.kind != Kind::Locked {
        return e;
    }
    let us = std::process::id();
    locked(holder(&dir.join(NAME)).filter(|holder| holder.pid != us).as_ref())
}

fn holder(path: &Path) -> Option<Holder> {
    serde_json::from_slice(&fs::read(path, NOTE_BYTES).ok()??).ok()
}

fn locked(holder: Option<&Holder>) -> Error {
    let message = match holder {
        Some(Holder { pid, host, command, .. }) => {
            format!("the store is locked by `{command}` (pid {pid} on {host})")
        }
        None => "the store is locked by another process".to_owned(),
    };
    Error::new(Kind::Locked, message)
        .hint(Hint::from("try again, or wait longer with ").next(Next::WaitLonger))
}
