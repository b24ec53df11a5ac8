//! What is left of a document in a store, whatever its condition; and a directory of its own for a rebuilt
//! one.

use super::Store;
use super::fs;
use super::layout::{DATABASE, Layout, Meta, Stamp};
use super::reader::FileSource;
use super::state::State;
use crate::error::{Error, Kind, Result};
use crate::id::DocId;
use std::path::{Path, PathBuf};

/// Everything that a store has of a document.
#[derive(Debug, Default)]
pub struct Remains {
    /// The bytes of its file, with the file's path.
    pub file: Option<(PathBuf, Vec<u8>)>,
    /// Whether the file is as we wrote it.
    pub recorded: bool,
    /// The updates in the log, in order.
    pub log: Vec<Vec<u8>>,
    /// Updates that wait for something missing.
    pub inbox: Vec<Vec<u8>>,
    /// What could not be read, as messages.
    pub notes: Vec<String>,
}

impl Remains {
    /// Returns whether there is nothing to rebuild the document from; notes do not count.
    pub fn is_empty(&self) -> bool {
        self.file.is_none() && self.log.is_empty() && self.inbox.is_empty()
    }

    /// Adds what the local state has of the document.
    fn take_local(&mut self, state: &State, doc: &DocId) -> Result<()> {
        let written = state.known(doc)?.and_then(|known| known.blake3);
        let stamp = self.file.as_ref().map(|(_, bytes)| Stamp::of(bytes).blake3);
        self.recorded = stamp.is_some() && stamp == written;
        self.log = state.log_of(doc)?.into_iter().map(|row| row.update.into_vec()).collect();
        let parked = state.parked()?.into_iter().filter(|parked| parked.doc == *doc);
        self.inbox = parked.map(|parked| parked.update).collect();
        Ok(())
    }
}

impl Store {
    /// Collects what is left of a document, without validating anything.
    ///
    /// # Errors
    /// `Io`. A local state that cannot be read becomes a note.
    pub fn remains(&self, doc: &DocId) -> Result<Remains> {
        let (reader, fault) = self.reader_anyhow()?;
        let mut remains = Remains::default();
        remains.notes.extend(fault.map(|e| format!("{e}: its log is left out")));
        let (layout, state) = match reader.source() {
            FileSource::Files { layout, state } => (layout, state),
            FileSource::Legacy(legacy) => {
                let bytes = legacy.bytes(doc)?;
                remains.file = bytes.map(|bytes| (PathBuf::from("crdt.db"), bytes));
                return Ok(remains);
            }
        };
        if let Some(path) = layout.find(doc)? {
            match layout.read(&path) {
                Ok(bytes) => remains.file = bytes.map(|bytes| (path, bytes)),
                Err(e) if e.kind == Kind::Corrupt => remains.notes.push(e.to_string()),
                Err(e) => return Err(e),
            }
        }
        match state.as_ref().map_or(Ok(()), |state| remains.take_local(state, doc)) {
            // Some of it may be there already.
            Err(e) if e.kind == Kind::Corrupt => {
                remains.notes.push(format!("{e:#}: not all of its log is used"));
            }
            taken => taken?,
        }
        Ok(remains)
    }

    /// Refuses a directory to which [`Store::write_beside`] would not write a document.
    ///
    /// # Errors
    /// `Refused` for this store's own directory, that of a replica, and one that has the document.
    pub fn check_beside(&self, dir: &Path, doc: &DocId) -> Result<()> {
        let refuse = |why: &str| {
            Err(Error::refused(format!("{} {why}", dir.display()))
                .hint("name a directory that does not exist yet: nothing is ever overwritten"))
        };
        if Store::owns(dir)? {
            return refuse("is inside a store");
        }
        match fs::node(dir)? {
            None => return Ok(()),
            Some(_) if !fs::is_dir(dir)? => return refuse("is not a directory"),
            Some(_) => {}
        }
        if fs::canonical(dir)? == fs::canonical(self.dir())? {
            return refuse("is this store");
        }
        if fs::is_file(&dir.join(DATABASE))? || fs::node(&dir.join("crdt.db"))?.is_some() {
            return refuse("is a store that is in use");
        }
        match Layout::new(dir.to_owned()).find(doc)? {
            Some(_) => refuse(&format!("already has a {doc}")),
            None => Ok(()),
        }
    }

    /// Writes a document into a directory of its own, in the layout of a store. Returns the path of its file.
    ///
    /// # Errors
    /// As [`Store::check_beside`]; `Io`.
    pub fn write_beside(&self, dir: &Path, doc: &DocId, state: &[u8]) -> Result<PathBuf> {
        self.check_beside(dir, doc)?;
        let layout = Layout::new(dir.to_owned());
        let path = layout.resolve(&layout.place(doc)?);
        let mut meta = Meta::new(doc, self.environment.machine.clock.now());
        meta.version = 1;
        meta.describe(&Stamp::of(state));
        if let Some(parent) = path.parent() {
            fs::create_dir(parent)?;
        }
        // The document last: a failure before it leaves no document, and the command can be run again.
        fs::persist(&path.with_extension("meta"), meta.to_text()?.as_bytes())?;
        fs::persist(&path, state)?;
        if let Some(parent) = path.parent() {
            fs::sync_dir(parent).map_err(|e| {
                e.context(format!(
                    "{} is written; whether it is durable is unknown",
                    path.display()
                ))
            })?;
        }
        Ok(path)
    }
}
