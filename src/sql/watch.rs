//! Work that ends in time, whatever it does: SQLite checks the clock only between two instructions, and one
//! instruction can take arbitrarily long.

use super::{fault, guard::Guard};
use crate::clock::TimeLeft;
use crate::error::{Error, Result};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// The stack size of our threads: that of a program's main thread.
const STACK: usize = 8 << 20;

/// Runs some work on another thread, and waits for it as long as there is time. Work that takes longer is
/// told to stop, and abandoned: it ends at SQLite's next check, or with the process.
///
/// # Errors
/// `Refused` when time is over; `Bug` if the work panicked.
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

/// Returns the next item from work on another thread.
///
/// # Errors
/// As [`within`].
pub(super) fn next<T>(
    receiver: &Receiver<T>,
    left: &mut TimeLeft,
    guard: &Guard,
    whole: Duration,
) -> Result<T> {
    // Items that are already waiting take no time: receiving them alone would never time out.
    goes_on(left, guard, whole)?;
    left.spend(|left| receiver.recv_timeout(left)).map_err(|e| match e {
        RecvTimeoutError::Timeout => too_late(guard, whole),
        RecvTimeoutError::Disconnected => Error::bug("a query thread ended without an answer"),
    })
}

/// Checks that there is time left.
///
/// # Errors
/// `Refused` if there is none; the work is told to stop.
pub(super) fn goes_on(left: &TimeLeft, guard: &Guard, whole: Duration) -> Result<()> {
    match left.is_over() {
        true => Err(too_late(guard, whole)),
        false => Ok(()),
    }
}

fn too_late(guard: &Guard, whole: Duration) -> Error {
    guard.stop();
    fault::too_late(whole)
}

/// Starts work on another thread.
///
/// # Errors
/// `Io` if the system has no thread for it.
pub(super) fn begin(work: impl FnOnce() + Send + 'static) -> Result<()> {
    let thread = thread::Builder::new().name("sql".to_owned()).stack_size(STACK);
    thread.spawn(work).map(drop).map_err(|e| Error::io("no thread for the query", e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    /// Rows that are always ready take no time to wait for, but time runs out all the same.
    #[test]
    fn what_is_there_already_is_not_taken_when_time_is_over() {
        let (sender, receiver) = mpsc::sync_channel(1);
        let guard = Guard::default();
        sender.send(1).unwrap();
        let mut left = TimeLeft::from_now(Duration::from_secs(3_600));
        assert_eq!(next(&receiver, &mut left, &guard, Duration::from_secs(3_600)).unwrap(), 1);
        for mut over in [TimeLeft::of(Duration::ZERO), TimeLeft::from_now(Duration::ZERO)] {
            sender.try_send(2).ok();
            let refused = next(&receiver, &mut over, &guard, Duration::ZERO).unwrap_err();
            assert_eq!(refused.kind, Kind::Refused);
        }
        assert!(guard.is_stopped());
    }
}
