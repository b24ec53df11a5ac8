//! What the tests beside the code share.

use tempfile::TempDir;

/// A directory that goes with the test. In memory where there is such a place: waiting for a disk is
/// not what is tested.
pub fn temporary() -> TempDir {
    let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    root.expect("a temporary directory")
}
