//! Writing into the directories of the disks: many files at once, each of which is as it was until all of
//! its new bytes are on the disk.
//!
//! To wait for one file after the other takes a disk as long as to wait for hundreds together. So they
//! are all written under other names ([`Tree::stage`]), waited for, and then given their own.

use super::tree::{Tree, failed, fill_later, open_in, sync, temporary};
use crate::concern::disk::{DiskPath, FileHash};
use crate::error::Result;
use crate::store::sync_file_system;
use cap_std::fs::{Dir, OpenOptions};
use std::collections::BTreeSet;
use std::io::{self, ErrorKind, Read};

/// So many are waited for one by one: all that others have written to the disk may be more.
const FEW: usize = 4;

impl Tree {
    /// Writes what a file is to hold under another name beside it.
    ///
    /// # Errors
    /// `Refused` where something else than a file is there; `Io`, and nothing is left of it.
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

    /// Takes back what was written under another name.
    pub(super) fn unstage(&self, path: &DiskPath) {
        if let Ok(Some(dir)) = self.around(path) {
            let _ = dir.remove_file(temporary(path.name()));
        }
    }

    /// Waits until what was written under other names is on the disk.
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
            // Windows waits only for a file that may be written.
            how.read(true).write(cfg!(not(unix)));
            let file = dir.open_with(temporary(path.name()), &how);
            file.and_then(|file| file.sync_all()).map_err(writing)?;
        }
        Ok(())
    }

    /// Gives what was waited for the name of the file. The name is not waited for.
    ///
    /// # Errors
    /// `Io`, and the file is as it was.
    pub(super) fn give_name(&self, path: &DiskPath) -> Result<()> {
        let writing = |e| failed("write", &self.place_of(path), e);
        let Some(dir) = self.around(path)? else { return Err(writing(gone())) };
        dir.rename(temporary(path.name()), &dir, path.name()).map_err(writing)
    }

    /// Waits until the names of files that were given, or taken away, are on the disk.
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

    /// Waits for all that was written to the file system at once. False where there is no such thing.
    fn wait_for_all(&self) -> Result<bool> {
        let Some(root) = self.root() else { return Ok(false) };
        // What only leads to a directory cannot be waited for.
        root.open(".").and_then(sync_file_system).map_err(|e| failed("write", self.path(), e))
    }

    /// Moves a file that lies elsewhere below the disks to its path, which is not waited for
    /// ([`Tree::wait_for_names`]).
    ///
    /// # Errors
    /// As [`Tree::stage`].
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

    /// Removes a file, and the directories that it leaves empty. That is not waited for
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

    /// Removes the directories around a path that nothing is in.
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

/// Whoever may read a file may run it, or nobody.
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
