//! A `crdtctl.db` that cannot be read, or not all of it. The documents do not need it: they are checked
//! without it.

use super::check::{Examiner, FileFinding, FileFix, UNREADABLE_STATE};
use super::fs::{self, FileNode};
use super::layout::{DATABASE, Layout};
use super::reader::FileSource;
use super::{Generation, Reader, Store};
use crate::error::{Error, Kind, Next, Result};
use std::path::Path;

impl Store {
    /// Opens the store for a check. Creates nothing, waits for nobody, and continues without a `crdtctl.db`
    /// that is damaged, wherever in it that is: SQLite says so only where it reads. `thoroughly` looks at its
    /// indexes too.
    ///
    /// # Errors
    /// `Io`.
    pub fn examiner(&self, thoroughly: bool) -> Result<Examiner> {
        let (reader, fault) = self.reader_anyhow()?;
        let without =
            |reader, e: &Error| Examiner::of(self, reader, Some(unreadable_state(self.dir(), e)));
        if let Some(fault) = fault {
            return without(reader, &fault);
        }
        let sound = reader.state().map_or(Ok(()), |state| state.examine(thoroughly));
        match sound.and_then(|()| Examiner::of(self, reader, None)) {
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
        let is_fault = |e: &Error| match e.kind {
            Kind::Corrupt | Kind::Refused => true,
            Kind::Io => fs::node(&state).is_ok_and(|node| {
                node.is_some_and(|node| !matches!(node, FileNode::File | FileNode::Link))
            }),
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

    /// Returns a reader of the files alone; `None` for a store that is one file.
    fn reader_without_state(&self) -> Option<Reader> {
        let Generation::Files(dir) = &self.generation else { return None };
        let layout = Layout::new(dir.clone());
        Some(self.reading(FileSource::Files { layout, state: None }))
    }
}

/// Returns the finding that the local state cannot be read because of this error.
fn unreadable_state(dir: &Path, error: &Error) -> FileFinding {
    // Its log belongs to it: beside another file it would be discarded.
    let files = [DATABASE, "crdtctl.db-wal"].map(|name| dir.join(name));
    let there = files.iter().filter(|file| fs::node(file).is_ok_and(|node| node.is_some()));
    let is_file = files.first().is_some_and(|file| fs::is_file(file).unwrap_or(false));
    // Nothing is wrong with what a newer crdtctl wrote, and nothing of it must be moved away.
    if is_file && error.kind == Kind::Refused {
        return FileFinding {
            kind: &UNREADABLE_STATE,
            doc: None,
            detail: String::new(),
            message: format!("{error:#}; update crdtctl: until then only the files are checked"),
            fix: FileFix::Next(Next::ShowVersion),
        };
    }
    let moves = there
        .map(|file| file.to_string_lossy().into_owned())
        .map(|name| (name.clone(), format!("{name}.damaged")))
        .collect();
    FileFinding {
        kind: &UNREADABLE_STATE,
        doc: None,
        detail: String::new(),
        message: format!(
            "{error:#}; without it the files are read as they are, and the store goes on as a \
             new replica"
        ),
        fix: FileFix::Next(Next::MoveAside(moves)),
    }
}
