//! Two pieces of work at the same time, where that is worth a thread.

use std::panic;
use std::thread;

/// For fewer bytes than these a thread costs more than it saves.
const WORTH: usize = 1 << 18;

/// Whether [`both`] takes another thread for work on so many bytes.
pub(crate) fn pays(bytes: usize) -> bool {
    bytes >= WORTH
}

/// Does both, at the same time where they are about many `bytes`, and gives what both gave. A panic in
/// one of them is one of the caller.
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
            // The system has no thread for it.
            Err(_) => there(),
        };
        (here, there)
    })
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
