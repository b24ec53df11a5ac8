//! Runs two pieces of work at the same time, if that is worth a thread.

use std::panic;
use std::thread;

/// For fewer bytes than this a thread costs more than it saves.
const WORTH: usize = 1 << 18;

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

/// Frees what takes about this many `bytes`, beside what comes next if that is worth a thread.
pub(crate) fn free(bytes: usize, what: impl Send + 'static) {
    if pays(bytes) {
        // If no thread can be started, it is freed at once.
        let _ = thread::Builder::new().spawn(move || drop(what));
    }
}

#[cfg(test)]
mod tests {
    use super::{WORTH, both};

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
}
