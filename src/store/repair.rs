//! Putting right what a check found in the files: only what was named, and the old bytes first into
//! the quarantine of `crdtctl.db`, in the same commit as whatever else the session changes.

use super::check::FileRepair;
use super::fold::{self, Checkpoint, NewState, WrittenFile};
use super::fs;
use super::layout::{Meta, Stamp};
use super::load;
use super::session::{FOLD_WAIT, Session};
use super::state::{Aside, LogRow, Parked};
use super::{Roots, Store};
use crate::error::{Error, Next, Result};
use crate::gate::{self, Need, Verdict};
use crate::id::DocId;
use crate::wire::{Checked, Clocks, Update};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

impl Session {
    /// Lays the files of a document aside as they are; what a repair does to it may follow.
    pub fn set_aside(&mut self, doc: &DocId, finding: &str) -> Result<()> {
        let path = match self.layout.find(doc)? {
            Some(path) => path,
            // Gone; its `.meta` may still be there.
            None => self.layout.place(doc)?,
        };
        if let Some(bytes) = self.layout.read(&path)? {
            self.keep(doc, finding, &path, &bytes)?;
        }
        self.set_meta_aside(doc, finding, &path)
    }

    /// Mends what `finding` found. The files are written after the commit, like every change of
    /// this session; a document that the session changes too is written once.
    ///
    /// # Errors
    /// As loading the document: what cannot be read whole is not mended.
    pub fn repair(&mut self, doc: &DocId, finding: &str, repair: FileRepair) -> Result<()> {
        match repair {
            FileRepair::Replica => {
                let reason = format!("{doc} lacks what its lease says that was written");
                return self.go_on_as_new(reason);
            }
            FileRepair::Inbox(id) => {
                let parked = self.state.parked()?;
                if let Some(parked) = parked.iter().find(|parked| parked.id == id) {
                    self.keep(doc, finding, Path::new("inbox"), &parked.update)?;
                    self.state.unpark(id)?;
                }
                return Ok(());
            }
            FileRepair::Meta => {
                if let Some(path) = self.layout.find(doc)? {
                    self.set_meta_aside(doc, finding, &path)?;
                }
            }
            FileRepair::Checkpoint => {
                // Read and merged before anything is promised.
                self.any_view(doc)?;
                self.set_aside(doc, finding)?;
            }
        }
        if !self.repairs.iter().any(|(of, _)| of == doc) {
            self.repairs.push((doc.clone(), repair));
        }
        Ok(())
    }

    /// Makes the log go with a state that was built of a document, which lacks some of it: what builds
    /// upon what is missing waits in the inbox for whoever brings that, and what contradicts the state is
    /// laid aside. This replica held more once, and goes on as a new one. How many entries it were.
    ///
    /// # Errors
    /// Those of the local state.
    pub fn fit_log(&mut self, doc: &DocId, state: &[u8]) -> Result<usize> {
        let rows = self.state.log_of(doc)?;
        let unfit = unfit(doc, &rows, state, self.environment.roots)?;
        for (row, needs) in &unfit {
            match needs {
                Some(needs) => self.state.park(&Parked {
                    id: 0,
                    doc: doc.clone(),
                    bundle: format!("log entry {}", row.seq),
                    replica_id: None,
                    update: row.update.clone(),
                    needs: serde_json::to_string(needs)
                        .map_err(|e| Error::bug("what waits does not encode").because(e))?,
                    received_at: self.now(),
                    // No bundle says what to record of it.
                    manifest: "null".to_owned(),
                })?,
                None => self.keep(doc, "recover", Path::new("log"), &row.update)?,
            }
            self.state.empty_row(row)?;
        }
        if !unfit.is_empty() {
            self.go_on_as_new(format!(
                "{doc} was built again, and lacks what its log builds upon"
            ))?;
        }
        Ok(unfit.len())
    }

    /// Ends a session in which a file was put in the place of a damaged one: it is known as our own from
    /// then on, and not as what another program wrote.
    ///
    /// # Errors
    /// As [`Session::commit`]; the next check finds what is left.
    pub fn take_over(mut self, doc: &DocId) -> Result<()> {
        if self.state.known(doc)?.is_none() {
            return Ok(());
        }
        self.repairs.push((doc.clone(), FileRepair::Checkpoint));
        self.commit().map(drop)
    }

    fn set_meta_aside(&mut self, doc: &DocId, finding: &str, yrs: &Path) -> Result<()> {
        match self.layout.read_meta(yrs)? {
            Some(bytes) => self.keep(doc, finding, &yrs.with_extension("meta"), &bytes),
            None => Ok(()),
        }
    }

    fn keep(&mut self, doc: &DocId, finding: &str, place: &Path, bytes: &[u8]) -> Result<()> {
        let place = place.to_string_lossy();
        self.state.quarantine(&Aside { at: self.now(), finding, doc, place: &place, bytes })
    }

    /// Carries out what was promised, after the commit; documents that were `folded` by it are
    /// written already.
    ///
    /// # Errors
    /// `Io`. The old bytes are in the quarantine then, and the next check finds what is left.
    pub(super) fn carry_out(&mut self, folded: &[&DocId]) -> Result<()> {
        let mut repairs = std::mem::take(&mut self.repairs);
        repairs.retain(|(doc, _)| !folded.contains(&doc));
        if repairs.is_empty() {
            return Ok(());
        }
        let begun = self.state.begin(FOLD_WAIT).map_err(unrepaired);
        begun
            .and_then(|()| self.write_files(&repairs))
            .map_err(|e| e.hint(Next::Check(None).and(" shows what is left")))
    }

    /// Writes these files as they should be, waits until they are on the disk, and ends the
    /// transaction that was begun for it.
    pub(super) fn write_files(&self, files: &[(DocId, FileRepair)]) -> Result<()> {
        let write = |(doc, repair): &(DocId, FileRepair)| match repair {
            FileRepair::Checkpoint => self.write_checkpoint(doc),
            _ => self.write_meta(doc),
        };
        let dirs: Result<BTreeSet<PathBuf>> =
            files.iter().filter_map(|file| write(file).transpose()).collect();
        let on_disk = |dirs: BTreeSet<PathBuf>| {
            let synced = dirs.iter().try_for_each(|dir| fs::sync_dir(&self.layout.resolve(dir)));
            // They are there, and nobody who looks could tell.
            synced.map_err(|e| {
                e.context("the files are written; whether they are durable is unknown")
            })
        };
        dirs.map_err(unrepaired)
            .and_then(on_disk)
            .and_then(|()| self.state.commit())
            .inspect_err(|_| self.state.roll_back())
    }

    /// The directory that the file is in, where one was written.
    fn write_checkpoint(&self, doc: &DocId) -> Result<Option<PathBuf>> {
        let loaded = load::load(&self.layout, Some(&self.state), doc, self.environment.roots)?;
        let Some(loaded) = loaded else { return Ok(None) };
        let state = NewState::Whole(loaded.state.as_slice().into(), None);
        let checkpoint = Checkpoint::of(doc, &loaded, &state, self.state.log_end()?);
        let written = fold::write(&self.layout, &self.state, &checkpoint, self.now())?;
        let Some(WrittenFile { version, stamp, .. }) = written else {
            return Err(Error::io("not written", format!("{} changes", loaded.path.display())));
        };
        self.state.put_fold(doc, &stamp.blake3, stamp.bytes, version, checkpoint.seq)?;
        Ok(loaded.path.parent().map(Path::to_owned))
    }

    fn write_meta(&self, doc: &DocId) -> Result<Option<PathBuf>> {
        let Some(path) = self.layout.find(doc)? else { return Ok(None) };
        let Some(bytes) = self.layout.read(&path)? else { return Ok(None) };
        let saves = self.state.known(doc)?.map_or(0, |known| known.version);
        let now = self.now();
        let meta = self.layout.meta(&path)?.filter(|meta| meta.doc_id == doc.as_str());
        let mut meta = meta.unwrap_or_else(|| Meta::new(doc, now));
        meta.version = meta.version.max(saves);
        meta.describe(&Stamp::of(&bytes));
        let file = self.layout.resolve(&path.with_extension("meta"));
        fs::persist(&file, meta.to_text()?.as_bytes())?;
        Ok(path.parent().map(Path::to_owned))
    }
}

impl Store {
    /// How many entries of the log do not go with a state that was built of a document.
    ///
    /// # Errors
    /// Those of the local state; one that cannot be read has none.
    pub fn unfit_entries(&self, doc: &DocId, state: &[u8]) -> Result<usize> {
        let (reader, _) = self.reader_anyhow()?;
        let rows = reader.state().map_or_else(|| Ok(Vec::new()), |state| state.log_of(doc))?;
        Ok(unfit(doc, &rows, state, self.environment.roots)?.len())
    }
}

/// The rows of a log that do not go with a state, each with what it waits for; none for what can never
/// go with it.
fn unfit<'r>(
    doc: &DocId,
    rows: &'r [LogRow],
    state: &[u8],
    roots: Roots,
) -> Result<Vec<(&'r LogRow, Option<Clocks>)>> {
    let base = Update::checked(state, roots(doc))
        .map_err(|fault| Error::bug("what was built does not check").because(fault))?;
    let (mut unfit, mut parts) = (Vec::new(), Vec::new());
    for row in rows {
        match Update::checked(&row.update, roots(doc)) {
            Ok(part) => parts.push((row, part)),
            Err(_) => unfit.push((row, None)),
        }
    }
    let updates: Vec<&Update<'_, Checked>> = parts.iter().map(|(_, part)| part).collect();
    for (at, verdict) in gate::admit(&base, &updates, roots(doc)) {
        let Some((row, _)) = parts.get(at) else { continue };
        match verdict {
            Verdict::Known | Verdict::New(_) => {}
            Verdict::Waits(Need::Clocks(clocks)) => unfit.push((*row, Some(clocks))),
            Verdict::Waits(Need::Deletion(_)) => unfit.push((*row, Some(Clocks::new()))),
            Verdict::Invalid(_) | Verdict::Forked(_) => unfit.push((*row, None)),
        }
    }
    Ok(unfit)
}

fn unrepaired(e: Error) -> Error {
    e.context("not everything was repaired")
}
