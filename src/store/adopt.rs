//! Takes in files that another program put over ours.
//!
//! An application holds its document in memory and saves all of it over whatever was written meanwhile. Its
//! file is then not our state with something added: it is a replica of its own, and taking it in is an
//! import, with the same rules. What it brought goes into the log, so that a later file without it loses
//! nothing.
//!
//! [`super::brought`] finds what such a file brings.

use super::brought::{Adopted, Brought};
use super::check::FileRepair;
use super::load::{self, LoadedState};
use super::open_document::{OpenDocument, PendingChange, WrittenBy};
use super::session::{FOLD_WAIT, Paging, Session};
use crate::crdt::view::View;
use crate::error::{Error, Kind, Result};
use crate::id::DocId;
use crate::wire::{SharedBytes, Update};

/// The state of a session before it took something in.
struct Savepoint {
    /// The savepoint in the local state.
    rows: u64,
    /// The documents that were changed, and how often.
    changed: Vec<(usize, DocId)>,
    notes: usize,
    derivatives: usize,
    broken: bool,
}

impl Session {
    /// Takes in what another program wrote to the file of a document that was just loaded. If that fails,
    /// everything is as if it had not been loaded, and the file cannot be used.
    pub(super) fn adopt(&mut self, doc: &DocId, brought: Brought) -> Result<()> {
        let path = self.loaded(doc).map(|loaded| loaded.path.clone()).unwrap_or_default();
        let before = self.mark()?;
        // A change is run again if it asks for more of another document, and this is too much to do twice: so
        // here everything is opened whole.
        let paging = self.paging.take();
        let taken = self.take_in(doc, brought);
        self.paging = paging;
        match taken {
            Ok(()) => {
                if paging == Some(Paging::OfAny) && self.changed_only(doc, &before) {
                    self.narrow_adopted(doc, &before)?;
                }
                self.state.release()
            }
            Err(e) => {
                let undone = self.back_to(before, doc)?;
                let is_ours = matches!(e.kind, Kind::Io | Kind::Locked | Kind::Interrupted);
                Err(match is_ours || e.damaged.is_some() || !undone {
                    true => e,
                    false => load::unfit(&path, doc).because(e),
                })
            }
        }
    }

    /// Records how the session stands, to return to it.
    fn mark(&self) -> Result<Savepoint> {
        Ok(Savepoint {
            rows: self.state.savepoint()?,
            changed: self.changed().into_iter().map(|doc| (self.revision(&doc), doc)).collect(),
            notes: self.notes.len(),
            derivatives: self.derivatives(),
            broken: self.broken,
        })
    }

    /// Whether only this document and the notes have changed since a savepoint.
    fn changed_only(&self, doc: &DocId, mark: &Savepoint) -> bool {
        let changed = self.changed().into_iter().map(|doc| (self.revision(&doc), doc));
        changed.filter(|(_, changed)| changed != doc).eq(mark.changed.iter().cloned())
            && self.state.rows_changed() == mark.rows
            && self.derivatives() == mark.derivatives
    }

    /// Keeps only some pages of a document open that was taken in since a savepoint.
    fn narrow_adopted(&mut self, doc: &DocId, mark: &Savepoint) -> Result<()> {
        let said = self.notes.get(mark.notes..).unwrap_or(&[]).to_vec();
        let (roots, noted) = (self.environment.roots, self.environment.noted);
        match self.documents.get_mut(doc) {
            Some(Some(open)) => open.narrow_adopted(doc, roots, noted, said),
            _ => Ok(()),
        }
    }

    /// Returns to a savepoint. Documents that were not changed before it are as if never loaded. One that
    /// was, and has changed further, cannot be restored: the session is then broken, and this returns false.
    fn back_to(&mut self, mark: Savepoint, doc: &DocId) -> Result<bool> {
        self.state.roll_back_to(mark.rows)?;
        self.notes.truncate(mark.notes);
        let old = |doc: &DocId| mark.changed.iter().any(|(_, old)| old == doc);
        let new: Vec<DocId> = self.changed().into_iter().filter(|doc| !old(doc)).collect();
        new.iter().for_each(|doc| self.forget(doc));
        self.forget(doc);
        let undone = mark.changed.iter().all(|(at, doc)| self.revision(doc) == *at);
        self.broken = mark.broken || !undone;
        Ok(undone)
    }

    /// Puts log entries that build on what the file lacks into the inbox, where they wait until somebody
    /// sends that.
    fn park_waiting(&mut self, doc: &DocId) -> Result<()> {
        let Some(loaded) = self.loaded(doc).filter(|loaded| !loaded.waiting.is_empty()) else {
            return Ok(());
        };
        let state = SharedBytes::clone(&loaded.state);
        let waiting = match self.fit_log(doc, &state)? {
            1 => "1 log entry waits".to_owned(),
            n => format!("{n} log entries wait"),
        };
        self.notes.push(format!("{waiting} until somebody sends what is missing in {doc}"));
        Ok(())
    }

    fn take_in(&mut self, doc: &DocId, brought: Brought) -> Result<()> {
        let roots = self.environment.roots;
        self.park_waiting(doc)?;
        let Brought { before, side, news, whole, logged } = brought;
        let Some(Some(open)) = self.documents.get_mut(doc) else {
            return Err(Error::bug("a document was adopted before it was loaded"));
        };
        // By the clocks of both: a client id of which the file knows more than we do is not ours to write
        // under.
        let clocks = open.loaded.update(doc, roots)?.version().clocks;
        let ours = open.loaded.known.as_ref();
        let missing = ours.map_or(0, |known| {
            let clock = clocks.get(&known.own_client);
            known.own_clock.saturating_sub(clock.copied().unwrap_or(0))
        });
        let theirs = open.loaded.is_as_theirs().filter(|_| whole.is_none()).cloned();
        open.loaded.state = LoadedState::Checked(before);
        open.loaded.unlogged = whole;
        let before = open.any_view(doc, roots)?;
        let (replica, state, environment) = (&mut self.replica, &self.state, &self.environment);
        let client = replica.client_for(doc, &clocks, state, &environment.machine)?;
        let bug = |fault| Error::bug("a valid file is no longer valid").because(fault);
        let news = Update::checked(&news, roots(doc)).map_err(bug)?.since(before.version());
        let is_theirs = match theirs.filter(|_| !roots(doc).is_anything()) {
            Some(theirs) => {
                let news = news.clone().into();
                open.becomes_theirs(&theirs, news, roots(doc), client, self.environment.noted)?
            }
            None => false,
        };
        if is_theirs {
            self.changed.push(doc.clone());
        } else {
            open.open(doc, roots, true, |_| Ok(client))?;
            self.merge_in(doc, &news)?;
        }
        let logged = logged.as_deref().and_then(|logged| {
            let walked = Update::checked(logged, roots(doc)).ok()?;
            walked.beyond_all().is_none().then(|| View::of(&walked))
        });
        let adopted = Adopted { doc, before, update: side.update(), logged, missing };
        let said = (self.environment.adopt)(self, &adopted)?;
        self.notes.extend(said);
        Ok(())
    }

    /// Applies an update that the document lacks.
    fn merge_in(&mut self, doc: &DocId, news: &[u8]) -> Result<()> {
        let roots = self.environment.roots;
        let bug = |fault| Error::bug("a valid file is no longer valid").because(fault);
        let news = Update::checked(news, roots(doc)).map_err(bug)?;
        let admitted = self.admit(doc, &news)?;
        self.change(doc, WrittenBy::File, |editing| editing.doc.apply_admitted(&admitted)).map(drop)
    }

    /// Returns the documents whose file another program replaced with one that lacks entries of the log, and
    /// that this session does not write anyway: nobody but us would see those.
    pub(super) fn lacking(&self, changes: &[PendingChange]) -> Vec<DocId> {
        let replaced = |(doc, open): (&DocId, &Option<OpenDocument>)| {
            let loaded = &open.as_ref()?.loaded;
            let written = changes.iter().any(|change| change.doc == *doc)
                || self.repairs.iter().any(|(repaired, _)| repaired == doc);
            (loaded.theirs.is_some() && !written).then(|| doc.clone())
        };
        self.documents.iter().filter_map(replaced).collect()
    }

    /// Writes the files of these documents. A failure becomes a message.
    pub(super) fn fold_again(&self, docs: &[DocId]) -> Vec<String> {
        if docs.is_empty() || self.state.begin(FOLD_WAIT).is_err() {
            return Vec::new();
        }
        let files: Vec<_> = docs.iter().map(|doc| (doc.clone(), FileRepair::Checkpoint)).collect();
        let written = self.write_files(&files);
        let failed = |e| format!("a file lacks what the log holds and was not rewritten ({e})");
        written.err().map(failed).into_iter().collect()
    }
}
