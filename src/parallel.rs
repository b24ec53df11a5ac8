//! Runs two pieces of work at the same time, if that is worth a thread.

use std::panic;
use std::thread::{self, JoinHandle};

/// For fewer bytes than this a thread costs more than it saves. Less in debug builds, so that tests use it.
const WORTH: usize = if cfg!(debug_assertions) { 1 << 11 } else { 1 << 18 };

/// Returns the length of a file as the functions here take it.
pub(crate) fn amount(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// Returns whether [`both`] uses a second thread for work on this many bytes.
pub(crate) fn pays(bytes: usize) -> bool {
    bytes >= WORTH
}

/// Runs both, at the same time if they work on many `bytes`, and returns both results. A panic in either
/// becomes a panic of the caller.
pub(crate) fn both<A, B: Send>(
    bytes: usize,
    here: impl FnOnce() -> A,
    there: impl Fn() -> B + Sync,
) -> (A, B) {
    if !pays(bytes) {
        return (here(), there());
    }
    thread::scope(|scope| {
        let spawned = thread::Builder::new().spawn_scoped(scope, &there);
        let here = here();
        let there = match spawned {
            Ok(thread) => thread.join().unwrap_or_else(|panic| panic::resume_unwind(panic)),
            // The system could not start a thread.
            Err(_) => there(),
        };
        (here, there)
    })
}

/// A result that is worked out beside what comes next.
#[derive(Debug)]
pub(crate) struct Underway<T>(Stage<T>);

#[derive(Debug)]
enum Stage<T> {
    Begun(JoinHandle<T>),
    Done(T),
    /// Its thread panicked, and the caller was told.
    Failed,
}

impl<T: Send + 'static> Underway<T> {
    /// Begins work on many `bytes`; `None` if it is not worth a thread, or none can be started.
    pub(crate) fn begin(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> Option<Self> {
        let begin = || thread::Builder::new().spawn(work).ok();
        pays(bytes).then(begin).flatten().map(|begun| Underway(Stage::Begun(begun)))
    }

    /// Returns the result, once it is there. A panic of the work becomes one of the caller; after that there
    /// is none.
    pub(crate) fn get(&mut self) -> Option<&T> {
        self.0 = match std::mem::replace(&mut self.0, Stage::Failed) {
            Stage::Begun(begun) => match begun.join() {
                Ok(done) => Stage::Done(done),
                Err(panic) => panic::resume_unwind(panic),
            },
            progress => progress,
        };
        match &self.0 {
            Stage::Done(done) => Some(done),
            Stage::Begun(_) | Stage::Failed => None,
        }
    }

    /// Waits for the result, and returns it as [`Underway::get`] does.
    pub fn end(mut self) -> Option<T> {
        self.get();
        match self.0 {
            Stage::Done(done) => Some(done),
            Stage::Begun(_) | Stage::Failed => None,
        }
    }
}

/// Frees what takes about this many `bytes`, beside what comes next if that is worth a thread.
pub(crate) fn free(bytes: usize, what: impl Send + 'static) {
    if pays(bytes) {
        // If no thread can be started, it is freed at once.
        let _ = thread::Builder::new().spawn(move || drop(what));
    }
}

#[cfg(test)]
mod tests {
    use super::{Underway, WORTH, both};

    #[test]
    fn both_are_done_and_a_panic_is_passed_on() {
        for bytes in [0, WORTH] {
            let mut log = Vec::new();
            let done = both(bytes, || log.push("here"), || std::thread::current().id());
            assert_eq!(done.1 == std::thread::current().id(), bytes == 0);
            assert_eq!(log, ["here"]);
            let failed = std::panic::catch_unwind(|| both(bytes, || (), || panic!("there")));
            assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"there"));
        }
    }

    #[test]
    fn what_is_underway_is_waited_for_and_kept() {
        assert!(Underway::begin(0, || 1).is_none());
        let mut underway = Underway::begin(WORTH, || 1).unwrap();
        assert_eq!([underway.get().copied(), underway.get().copied()], [Some(1); 2]);
        assert_eq!(underway.end(), Some(1));
        let mut failing = Underway::begin(WORTH, || panic!("there")).unwrap();
        let failed =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| failing.get().is_none()));
        assert_eq!(failed.unwrap_err().downcast_ref(), Some(&"there"));
        assert_eq!(failing.get(), None);
    }
}
