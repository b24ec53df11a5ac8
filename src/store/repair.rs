//! Repairs findings of a check in the files: only the one named, and the old bytes go into the quarantine of
//! `crdtctl.db` first, in the same commit as the session's other changes.

use super::check::FileRepair;
use super::fold::{self, Checkpoint, WrittenFile};
use super::fs;
use super::incomplete::incomplete;
use super::layout::{Meta, Stamp};
use super::load::{self, ToldBy};
use super::new_state::{EncodedState, NewState};
use super::session::{FOLD_WAIT, Session};
use super::state::{Aside, LogRow, Parked};
use super::{Roots, Store};
use crate::error::{Error, Kind, Next, Result};
use crate::gate::{self, Need, Verdict};
use crate::id::DocId;
use crate::wire::{Checked, Clocks, Update};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

impl Session {
    /// Quarantines the files of a document as they are; a repair may follow.
    pub fn set_aside(&mut self, doc: &DocId, finding: &str) -> Result<()> {
        let path = match self.layout.find(doc)? {
            Some(path) => path,
            // It is gone; its `.meta` may still be there.
            None => self.layout.place(doc)?,
        };
        if let Some(bytes) = self.layout.read(&path)? {
            self.keep(doc, finding, &path, &bytes)?;
        }
        self.set_meta_aside(doc, finding, &path)
    }

    /// Repairs what `finding` found. The files are written after the commit, like every change of this
    /// session; a document that the session also changes is written once.
    ///
    /// # Errors
    /// As loading the document: one that cannot be read whole is not repaired.
    pub fn repair(&mut self, doc: &DocId, finding: &str, repair: FileRepair) -> Result<()> {
        match repair {
            FileRepair::Replica => {
                let reason = format!("{doc} lacks writes that its lease records");
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
            FileRepair::Log => {
                // It must be whole without them.
                self.any_view(doc)?;
                for row in self.state.log_of(doc)? {
                    if Update::checked(&row.update, (self.environment.roots)(doc)).is_err() {
                        self.keep(doc, finding, Path::new("log"), &row.update)?;
                        self.state.empty_row(&row)?;
                    }
                }
                return Ok(());
            }
            FileRepair::Meta => {
                if let Some(path) = self.layout.find(doc)? {
                    self.set_meta_aside(doc, finding, &path)?;
                }
            }
            FileRepair::Checkpoint => {
                // Read and merge it before promising anything.
                self.any_view(doc)?;
                self.set_aside(doc, finding)?;
            }
        }
        if !self.repairs.iter().any(|(of, _)| of == doc) {
            self.repairs.push((doc.clone(), repair));
        }
        Ok(())
    }

    /// Makes the log fit a rebuilt state of a document, which lacks some of it. Entries that depend on what
    /// is missing wait in the inbox until somebody sends it; entries that contradict the state are
    /// quarantined. As this replica once held more, it goes on as a new one. Returns the number of such
    /// entries.
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
                    update: row.update.to_vec(),
                    needs: serde_json::to_string(needs)
                        .map_err(|e| Error::bug("the parked needs do not encode").because(e))?,
                    received_at: self.now(),
                    // No bundle says what to record of it.
                    manifest: "null".to_owned(),
                })?,
                None => self.keep(doc, "recover", Path::new("log"), &row.update)?,
            }
            self.state.empty_row(row)?;
        }
        if !unfit.is_empty() {
            self.go_on_as_new(format!("{doc} was rebuilt and lacks what its log builds on"))?;
        }
        Ok(unfit.len())
    }

    /// Ends a session in which a damaged file was replaced: from then on the file counts as our own, not as
    /// another program's.
    ///
    /// # Errors
    /// As [`Session::commit`]; the next check finds what is left.
    pub fn take_over(mut self, doc: &DocId) -> Result<()> {
        let repair = match self.state.known(doc)? {
            Some(_) => FileRepair::Checkpoint,
            // It is not ours before we change it, but its `.meta` describes what was replaced.
            None => FileRepair::Meta,
        };
        self.repairs.push((doc.clone(), repair));
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

    /// Carries out the promised repairs after the commit; documents that were `folded` by it are already
    /// written.
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

    /// Writes these files as they should be, waits until they are on the disk, and commits the transaction
    /// begun for it.
    pub(super) fn write_files(&self, files: &[(DocId, FileRepair)]) -> Result<()> {
        let write = |(doc, repair): &(DocId, FileRepair)| match repair {
            FileRepair::Checkpoint => self.write_checkpoint(doc),
            _ => self.write_meta(doc),
        };
        let dirs: Result<BTreeSet<PathBuf>> =
            files.iter().filter_map(|file| write(file).transpose()).collect();
        let on_disk = |dirs: BTreeSet<PathBuf>| {
            let synced = dirs.iter().try_for_each(|dir| fs::sync_dir(&self.layout.resolve(dir)));
            // The files are there; only their durability is unknown.
            synced.map_err(|e| {
                e.context("the files are written; whether they are durable is unknown")
            })
        };
        dirs.map_err(unrepaired)
            .and_then(on_disk)
            .and_then(|()| self.state.commit())
            .inspect_err(|_| self.state.roll_back())
    }

    /// Returns the directory of the file, if one was written.
    fn write_checkpoint(&self, doc: &DocId) -> Result<Option<PathBuf>> {
        let loaded =
            load::load(&self.layout, Some(&self.state), doc, self.environment.roots, ToldBy::Hash)?;
        let Some(loaded) = loaded else { return Ok(None) };
        // Its log entries must not count as written.
        incomplete(doc, &loaded).map_or(Ok(()), Err)?;
        let state = NewState::Whole(EncodedState::alone(loaded.state.clone()));
        let checkpoint = Checkpoint::of(doc, &loaded, &state, self.state.log_end()?);
        let written = fold::write(&self.layout, &self.state, &checkpoint, self.now())?;
        let Some(WrittenFile { version, stamp, .. }) = written else {
            return Err(Error::io(
                "not written",
                format!("{} changed meanwhile", loaded.path.display()),
            ));
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
    /// Returns how many entries of the log do not fit a rebuilt state of a document.
    ///
    /// # Errors
    /// Those of the local state; a log that cannot be read counts as empty.
    pub fn unfit_entries(&self, doc: &DocId, state: &[u8]) -> Result<usize> {
        let (reader, _) = self.reader_anyhow()?;
        let rows = match reader.state().map_or_else(|| Ok(Vec::new()), |state| state.log_of(doc)) {
            Err(e) if e.kind == Kind::Corrupt => Vec::new(),
            rows => rows?,
        };
        Ok(unfit(doc, &rows, state, self.environment.roots)?.len())
    }
}

/// Returns the rows of a log that do not fit a state, each with what it waits for; `None` for a row that can
/// never fit.
fn unfit<'r>(
    doc: &DocId,
    rows: &'r [LogRow],
    state: &[u8],
    roots: Roots,
) -> Result<Vec<(&'r LogRow, Option<Clocks>)>> {
    let base = Update::checked(state, roots(doc))
        .map_err(|fault| Error::bug("the rebuilt state does not pass the check").because(fault))?;
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
