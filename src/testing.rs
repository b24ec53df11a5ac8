//! Helpers shared by the unit tests.

use tempfile::TempDir;

/// Returns a directory that is deleted after the test. In memory if possible, so that tests do not wait for
/// a disk.
pub fn temporary() -> TempDir {
    let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    root.expect("a temporary directory")
}
