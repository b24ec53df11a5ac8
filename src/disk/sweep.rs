//! Temporary files that killed writers left in the directories of the disks.

use super::tree::{Tree, failed, open_below};
use crate::concern::disk::DiskKind;
use crate::concern::disk::path::OWN_PREFIX;
use crate::error::Result;
use cap_std::fs::Dir;

impl Tree {
    /// Finds our own unfinished files, with their sizes, and with `remove` removes them. Nobody else
    /// may be writing. Uses a list of directories instead of recursion.
    ///
    /// # Errors
    /// `Io`.
    pub fn sweep(&self, remove: bool) -> Result<Vec<(String, u64)>> {
        let mut found = Vec::new();
        let Some(root) = self.root() else { return Ok(found) };
        let mut waiting: Vec<(Dir, String)> = Vec::new();
        for kind in DiskKind::ALL {
            let below = open_below(root, kind.as_str(), self.path())?;
            waiting.extend(below.map(|dir| (dir, format!("/{}", kind.as_str()))));
        }
        while let Some((dir, path)) = waiting.pop() {
            let place = self.path().join(path.trim_start_matches('/'));
            let reading = |e| failed("list", &place, e);
            for entry in dir.entries().map_err(reading)? {
                let entry = entry.map_err(reading)?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let kind = entry.file_type().map_err(reading)?;
                let shown = format!("{path}/{name}");
                if kind.is_dir() {
                    // A link that replaced it meanwhile is not followed.
                    let below = open_below(&dir, &name, &place).ok().flatten();
                    waiting.extend(below.map(|below| (below, shown)));
                } else if kind.is_file() && is_temporary(&name) {
                    let bytes = entry.metadata().map_err(reading)?.len();
                    if remove {
                        dir.remove_file(&name).map_err(|e| failed("remove", &place, e))?;
                    }
                    found.push((shown, bytes));
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Whether a name is one that our writer uses until a file is complete.
fn is_temporary(name: &str) -> bool {
    let hash = name.strip_prefix(OWN_PREFIX).and_then(|rest| rest.strip_prefix('-'));
    let hash = hash.and_then(|rest| rest.strip_suffix(".tmp"));
    hash.is_some_and(|hash| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
}
