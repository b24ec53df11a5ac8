//! A `crdtctl.db` that cannot be read, or not all of it. The documents do not need it: they are checked
//! without it.

use super::check::{Examiner, FileFinding, FileFix, LINKED_STATE, UNREADABLE_STATE};
use super::fs::{self, FileNode};
use super::layout::{DATABASE, Layout};
use super::reader::FileSource;
use super::{Generation, Reader, Store};
use crate::error::{Error, Kind, Next, Result};
use std::path::Path;

impl Store {
    /// Opens the store for a check. Creates nothing, waits for nobody, and continues without a `crdtctl.db`
    /// that is damaged, wherever in it that is: SQLite says so only where it reads. `thoroughly` looks at its
    /// indexes and at every entry of the log too.
    ///
    /// # Errors
    /// `Io`.
    pub fn examiner(&self, thoroughly: bool) -> Result<Examiner> {
        let (reader, fault) = self.reader_anyhow()?;
        let without = |reader, e: &Error| {
            Examiner::of(self, reader, thoroughly, Some(unreadable_state(self.dir(), e)))
        };
        if let Some(fault) = fault {
            return without(reader, &fault);
        }
        let sound = reader.state().map_or(Ok(()), |state| state.examine(thoroughly));
        match sound.and_then(|()| Examiner::of(self, reader, thoroughly, None)) {
            Err(e) if e.kind == Kind::Corrupt => match self.reader_without_state() {
                Some(reader) => without(reader, &e),
                None => Err(e),
            },
            examiner => examiner,
        }
    }

    /// Returns a reader. If the local state is damaged, not a file, or from a newer crdtctl, the reader goes
    /// without it and the error is returned too.
    ///
    /// Not promised: that all of a local state can be read that could be opened.
    pub fn reader_anyhow(&self) -> Result<(Reader, Option<Error>)> {
        let state = self.dir().join(DATABASE);
        let is_dangling = || {
            matches!(fs::node(&state), Ok(Some(FileNode::Link)))
                && !fs::is_file(&state).unwrap_or(true)
        };
        let is_fault = |e: &Error| match e.kind {
            Kind::Corrupt | Kind::Refused => true,
            Kind::Io => fs::no_file(&state).is_some() || is_dangling(),
            _ => false,
        };
        match self.reader() {
            Err(e) if is_fault(&e) => match self.reader_without_state() {
                Some(reader) => Ok((reader, Some(e))),
                None => Err(e),
            },
            reader => Ok((reader?, None)),
        }
    }

    /// Returns a finding if the local state is a link to a file: every command that would write it refuses.
    ///
    /// # Errors
    /// `Io`.
    pub(super) fn linked_state(&self) -> Result<Option<FileFinding>> {
        let file = self.dir().join(DATABASE);
        if fs::node(&file)? != Some(FileNode::Link) || !fs::is_file(&file)? {
            return Ok(None);
        }
        // A copy: the file may be that of another store. What its log holds comes with it.
        let real = fs::canonical(&file)?;
        let pairs = ["-wal", ""].map(|end| (fs::beside(&real, end), fs::beside(&file, end)));
        // Whoever reads it has an empty one beside it, too.
        let there =
            pairs.into_iter().filter(|(from, _)| fs::size(from).is_ok_and(|bytes| bytes > 0));
        Ok(Some(FileFinding {
            kind: &LINKED_STATE,
            doc: None,
            detail: String::new(),
            message: format!(
                "{} is a symbolic link to {}: it is read, and nothing is written through it",
                file.display(),
                real.display()
            ),
            fix: FileFix::Next(Next::CopyOver(there.collect())),
        }))
    }

    /// Returns a reader of the files alone; `None` for a store that is one file.
    fn reader_without_state(&self) -> Option<Reader> {
        let Generation::Files(dir) = &self.generation else { return None };
        let layout = Layout::new(dir.clone());
        Some(self.reading(FileSource::Files { layout, state: None }))
    }
}

/// Returns the finding that the local state cannot be read because of this error.
fn unreadable_state(dir: &Path, error: &Error) -> FileFinding {
    let state = dir.join(DATABASE);
    let in_the_way = fs::no_file(&state).filter(|(path, _)| *path != state);
    let is_file = fs::is_file(&state).unwrap_or(false);
    let (message, next) = if let Some((path, _)) = in_the_way {
        let moves = vec![(path.clone(), fs::beside(&path, ".aside"))];
        ("until it is moved away, only the files are checked", Next::MoveAside(moves))
    } else if is_file && error.kind == Kind::Refused {
        // Nothing is wrong with what a newer crdtctl wrote, and nothing of it must be moved away.
        ("update crdtctl: until then only the files are checked", Next::ShowVersion)
    } else {
        // Its log belongs to it: beside another file it would be discarded.
        let files = [state, dir.join("crdtctl.db-wal")].into_iter();
        let there = files.filter(|file| fs::node(file).is_ok_and(|node| node.is_some()));
        let moves = there.map(|file| (file.clone(), fs::beside(&file, ".damaged"))).collect();
        (
            "without it the files are read as they are, and the store goes on as a new replica",
            Next::MoveAside(moves),
        )
    };
    FileFinding {
        kind: &UNREADABLE_STATE,
        doc: None,
        detail: String::new(),
        message: format!("{error:#}; {message}"),
        fix: FileFix::Next(next),
    }
}
