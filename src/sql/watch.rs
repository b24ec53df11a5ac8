//! Work that ends in its time, whatever it does: SQLite looks at the clock between two instructions
//! only, and one instruction can take as long as it likes.

use super::{fault, guard::Guard};
use crate::clock::TimeLeft;
use crate::error::{Error, Result};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// What a thread of ours gets as its stack: as much as a program's first.
const STACK: usize = 8 << 20;

/// Does some work beside, and waits for it as long as there is time. Work that takes longer is told to
/// stop, and left to itself: it ends at SQLite's next look, or with the process.
///
/// # Errors
/// `Refused` when time is over; `Bug` when the work broke down.
pub(super) fn within<T: Send + 'static>(
    left: &mut TimeLeft,
    guard: &Guard,
    whole: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    let (sender, receiver) = mpsc::sync_channel(1);
    begin(move || drop(sender.send(work())))?;
    next(&receiver, left, guard, whole)
}

/// The next thing that comes from work beside.
///
/// # Errors
/// As [`within`].
pub(super) fn next<T>(
    receiver: &Receiver<T>,
    left: &mut TimeLeft,
    guard: &Guard,
    whole: Duration,
) -> Result<T> {
    left.spend(|left| receiver.recv_timeout(left)).map_err(|e| match e {
        RecvTimeoutError::Timeout => {
            guard.stop();
            fault::too_late(whole)
        }
        RecvTimeoutError::Disconnected => Error::bug("a query broke down"),
    })
}

/// Begins work beside.
///
/// # Errors
/// `Io` where the system has no thread for it.
pub(super) fn begin(work: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = thread::Builder::new().name("sql".to_owned()).stack_size(STACK);
    thread.spawn(work).map(drop).map_err(|e| Error::io("no thread for the query", e))
}
