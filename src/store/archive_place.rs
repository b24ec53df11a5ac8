//! Where the archive lies. What is in it is the business of `crate::archive`.

use super::fs::{self, FileNode};
use super::layout::{ARCHIVE_FILE, DATABASE};
use super::reader::FileSource;
use super::state::State;
use super::{Reader, Session};
use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

impl Reader {
    /// The store's archive, if it has one; also where what lies there is no file.
    ///
    /// # Errors
    /// `Io` where it cannot be looked for.
    pub fn archive_path(&self) -> Result<Option<PathBuf>> {
        match self.source() {
            FileSource::Files { layout, .. } => {
                let path = layout.resolve(Path::new(ARCHIVE_FILE));
                Ok(fs::node(&path)?.map(|_| path))
            }
            FileSource::Legacy(_) => Ok(None),
        }
    }
}

impl Session {
    /// Where the archive is, or would be made.
    ///
    /// # Errors
    /// `Refused` where something else lies there.
    pub fn archive_path(&self) -> Result<PathBuf> {
        let path = self.layout.resolve(Path::new(ARCHIVE_FILE));
        match fs::node(&path)? {
            None | Some(FileNode::File) => Ok(path),
            Some(_) => Err(Error::refused(format!("{} is no file", path.display()))
                .hint("put the real file in its place")),
        }
    }

    /// Whether there is an archive.
    ///
    /// # Errors
    /// `Io` where it cannot be looked for.
    pub fn has_archive(&self) -> Result<bool> {
        Ok(fs::node(&self.layout.resolve(Path::new(ARCHIVE_FILE)))?.is_some())
    }

    /// The local state as the last commit left it: what this session has set is not seen. None before the
    /// first write.
    ///
    /// # Errors
    /// Those of reading the local state.
    pub fn committed_state(&self) -> Result<Option<State>> {
        let path = self.layout.resolve(Path::new(DATABASE));
        State::open_for_reading(&path, self.environment.machine.lock_wait)
    }
}
