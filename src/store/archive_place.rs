//! Where the archive is. Its content is the business of `crate::archive`.

use super::fs::{self, FileNode};
use super::layout::{ARCHIVE_FILE, DATABASE};
use super::reader::FileSource;
use super::state::State;
use super::{Reader, Session};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

impl Reader {
    /// Returns the path of the store's archive, if it has one that is to be read; also if what is there is not
    /// a file.
    ///
    /// # Errors
    /// `Io` if it cannot be looked for.
    pub fn archive_path(&self) -> Result<Option<PathBuf>> {
        match self.source() {
            FileSource::Files { layout, .. } if !self.is_live_only() => {
                let path = layout.resolve(Path::new(ARCHIVE_FILE));
                Ok(fs::node(&path)?.map(|_| path))
            }
            FileSource::Files { .. } | FileSource::Legacy(_) => Ok(None),
        }
    }
}

impl Session {
    /// Returns where the archive is, or would be made.
    ///
    /// # Errors
    /// `Refused` if something other than a file is there.
    pub fn archive_path(&self) -> Result<PathBuf> {
        let path = self.layout.resolve(Path::new(ARCHIVE_FILE));
        match fs::node(&path)? {
            None | Some(FileNode::File) => Ok(path),
            Some(_) => Err(Error::refused(format!("{} is not a file", path.display()))
                .hint("put the real file in its place")),
        }
    }

    /// Returns whether there is an archive.
    ///
    /// # Errors
    /// `Io` if it cannot be looked for.
    pub fn has_archive(&self) -> Result<bool> {
        Ok(fs::node(&self.layout.resolve(Path::new(ARCHIVE_FILE)))?.is_some())
    }

    /// Returns the local state as the last commit left it, without what this session has set; `None` before
    /// the first write.
    ///
    /// # Errors
    /// Those of reading the local state.
    pub fn committed_state(&self) -> Result<Option<State>> {
        let path = self.layout.resolve(Path::new(DATABASE));
        State::open_for_reading(&path, self.environment.machine.lock_wait)
    }
}
