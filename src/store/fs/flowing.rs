//! Writing a large file without waiting for all of it at the end.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};

/// Of how many bytes the system is asked to start writing at a time.
const FLOWS_AT_ONCE: u64 = 1 << 21;

/// Makes the bytes of a file go to the disk while more are written, so that there is less to wait for at the
/// end.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// From here on nothing was started.
    from: AtomicU64,
}

impl Flow {
    /// Takes note of bytes that were just written from `at` on.
    pub fn written(&self, file: &File, at: u64, bytes: u64) {
        let (from, end) = (self.from.load(Ordering::Relaxed), at.saturating_add(bytes));
        let length = end.saturating_sub(from);
        let mine =
            |from| self.from.compare_exchange(from, end, Ordering::Relaxed, Ordering::Relaxed);
        if length < FLOWS_AT_ONCE || mine(from).is_err() {
            return;
        }
        // The system starts to write bytes that are said not to be needed any more, and keeps those that are
        // being written in memory. It is a hint: whether it is heeded does not matter, nor do parts before
        // `end` that another thread has not written yet.
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(
            file,
            from,
            std::num::NonZeroU64::new(length),
            rustix::fs::Advice::DontNeed,
        );
        #[cfg(not(target_os = "linux"))]
        let _ = file;
    }
}
