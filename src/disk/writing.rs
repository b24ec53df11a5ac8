//! Writing into the directories of the disks: many files at once, each unchanged until all of its new
//! bytes are on the disk.
//!
//! Syncing one file takes a disk as long as syncing hundreds together. So all are written under
//! temporary names ([`Tree::stage`]), synced, and then renamed.

use super::tree::{Tree, failed, fill_later, open_in, sync, temporary};
use crate::concern::disk::{DiskPath, FileHash};
use crate::error::Result;
use crate::store::sync_file_system;
use cap_std::fs::{Dir, OpenOptions};
use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read};

/// Up to this many are synced one by one: syncing the file system may include much written by others.
const FEW: usize = 4;

impl Tree {
    /// Writes the new content of a file under a temporary name beside it.
    ///
    /// # Errors
    /// `Refused` if something other than a file is there; `Io`, and nothing of it is left.
    pub(super) fn stage(
        &self,
        path: &DiskPath,
        bytes: &mut dyn Read,
        executable: bool,
    ) -> Result<FileHash> {
        let dir = self.make_around(path)?;
        let place = self.place_of(path);
        drop(open_in(&dir, path.name(), &place)?);
        let name = temporary(path.name());
        let filled = fill_later(&dir, &name, bytes, executable);
        filled.map(|(_, stored)| stored).map_err(|e| {
            let _ = dir.remove_file(&name);
            failed("write", &place, e)
        })
    }

    /// Removes what was written under a temporary name.
    pub(super) fn unstage(&self, path: &DiskPath) {
        if let Ok(Some(dir)) = self.around(path) {
            let _ = dir.remove_file(temporary(path.name()));
        }
    }

    /// Syncs what was written under temporary names.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn wait_for_staged(&self, paths: &[&DiskPath]) -> Result<()> {
        if paths.len() > FEW && self.wait_for_all()? {
            return Ok(());
        }
        for path in paths {
            let writing = |e| failed("write", &self.place_of(path), e);
            let Some(dir) = self.around(path)? else { return Err(writing(gone())) };
            let mut how = OpenOptions::new();
            // Windows only syncs a file opened for writing.
            how.read(true).write(cfg!(not(unix)));
            let file = dir.open_with(temporary(path.name()), &how);
            file.and_then(|file| file.sync_all()).map_err(writing)?;
        }
        Ok(())
    }

    /// Renames a synced file to its final name. Does not sync the rename.
    ///
    /// # Errors
    /// `Io`; the file is unchanged then.
    pub(super) fn give_name(&self, path: &DiskPath) -> Result<()> {
        let writing = |e| failed("write", &self.place_of(path), e);
        let Some(dir) = self.around(path)? else { return Err(writing(gone())) };
        dir.rename(temporary(path.name()), &dir, path.name()).map_err(writing)
    }

    /// Removes the empty directory at a path. Returns false if something else is there.
    pub(super) fn remove_empty_dir(&self, path: &DiskPath) -> bool {
        let around = self.around(path).ok().flatten();
        around.is_some_and(|dir| dir.remove_dir(path.name()).is_ok())
    }

    /// Syncs the directories of files that were renamed or removed.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn wait_for_names(&self, paths: &BTreeSet<DiskPath>) -> Result<()> {
        let around =
            |path: &DiskPath| path.as_str().rsplit_once('/').map(|(dir, _)| dir.to_owned());
        let dirs: BTreeSet<String> = paths.iter().filter_map(around).collect();
        if dirs.len() > FEW && self.wait_for_all()? {
            return Ok(());
        }
        let mut done = BTreeSet::new();
        for path in paths {
            if around(path).is_some_and(|dir| done.insert(dir))
                && let Some(dir) = self.around(path)?
            {
                sync(&dir).map_err(|e| failed("write", &self.place_of(path), e))?;
            }
        }
        Ok(())
    }

    /// Syncs the whole file system. Returns false if the system cannot do that.
    fn wait_for_all(&self) -> Result<bool> {
        let Some(root) = self.root() else { return Ok(false) };
        // A descriptor that only refers to the directory cannot be synced.
        root.open(".").and_then(sync_file_system).map_err(|e| failed("write", self.path(), e))
    }

    /// Moves a file from elsewhere below the disks to its path. Does not sync the rename
    /// ([`Tree::wait_for_names`]).
    ///
    /// # Errors
    /// Those of [`Tree::stage`].
    pub(super) fn move_in(
        &self,
        path: &DiskPath,
        (from, name): (&Dir, &str),
        executable: bool,
    ) -> Result<()> {
        let dir = self.make_around(path)?;
        let place = self.place_of(path);
        drop(open_in(&dir, path.name(), &place)?);
        let moved = set_executable(from, name, executable)
            .and_then(|()| from.rename(name, &dir, path.name()));
        moved.map_err(|e| failed("write", &place, e))
    }

    /// Removes a file, and the directories it leaves empty. Does not sync that
    /// (`Tree::wait_for_names`).
    ///
    /// # Errors
    /// `Io`.
    pub fn remove(&self, path: &DiskPath) -> Result<()> {
        let Some(dir) = self.around(path)? else { return Ok(()) };
        match dir.remove_file(path.name()) {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                Err(failed("remove", &self.place_of(path), e))
            }
            _ => self.tidy(path),
        }
    }

    /// Removes the empty directories above a path.
    pub(super) fn tidy(&self, path: &DiskPath) -> Result<()> {
        let mut names: Vec<&str> = path.parts().collect();
        while names.pop().is_some() && !names.is_empty() {
            let dir = format!("/{}/{}", path.disk().as_str(), names.join("/"));
            let dir = DiskPath::parse(&dir)?;
            let removed = self.hand(&dir, |around, name| Ok(around.remove_dir(name).is_ok()))?;
            if removed != Some(true) {
                break;
            }
        }
        Ok(())
    }
}

fn gone() -> io::Error {
    ErrorKind::NotFound.into()
}

/// Executable for everybody who may read it, or for nobody.
#[cfg(unix)]
fn set_executable(dir: &Dir, name: &str, executable: bool) -> io::Result<()> {
    use cap_std::fs::{MetadataExt, Permissions, PermissionsExt};
    let mode = dir.symlink_metadata(name)?.mode() & 0o777;
    let wanted = if executable { mode | (mode & 0o444) >> 2 } else { mode & !0o111 };
    match wanted == mode {
        true => Ok(()),
        false => dir.set_permissions(name, Permissions::from_mode(wanted)),
    }
}

#[cfg(not(unix))]
fn set_executable(_dir: &Dir, _name: &str, _executable: bool) -> io::Result<()> {
    Ok(())
}
