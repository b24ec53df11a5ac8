//! What the tests of disks share: files as programs see them in the directories of the group.

use crate::support::*;
use std::fs;
use std::path::PathBuf;

/// Where a file of the group is.
pub fn place(store: &Store<'_>, path: &str) -> PathBuf {
    let id = GROUP.trim_start_matches("group:");
    store.dir.join("disks/entities").join(id).join(path.trim_start_matches('/'))
}

/// Puts a file with a command.
pub fn put(store: &Store<'_>, path: &str, bytes: &[u8]) {
    let dir = text(&store.dir);
    store.machine.run_with_stdin(&["-s", &dir, "disk", "put", "-", path], bytes).ok();
}

/// The text of a file in its directory.
pub fn lying(store: &Store<'_>, path: &str) -> String {
    fs::read_to_string(place(store, path)).unwrap()
}

/// Another program changes a line of a file, which is taken in.
pub fn edit(store: &Store<'_>, path: &str, from: &str, to: &str) {
    let text = lying(store, path);
    assert!(text.contains(from), "{text}");
    fs::write(place(store, path), text.replace(from, to)).unwrap();
    store.ok(&["disk", "scan"]);
}

/// A text of twelve lines.
pub fn page(word: &str) -> String {
    (0..12).map(|n| format!("line {n} of the page about {word}\n")).collect()
}
