//! What reads record of files that are not as they were last written here, so that the next read need not
//! read them whole again.
//!
//! A file that was copied, put back or touched is recognized by its hash. The file of another program is read
//! whole once; if a second read finds it unchanged, that one records where its pages are. Only reads go by
//! them: a writer takes such a file in first ([`super::adopt`]). Nothing here is waited for, and a failure
//! does no harm.

use super::fold::INDEXED_BYTES;
use super::fs::{LockFile, OpenFile, Seen};
use super::layout::{Layout, Stamp};
use super::load::Loaded;
use super::lock;
use super::reader::Reader;
use super::session::Session;
use super::state::{NewPlace, PageChange, PageIndex, PagesPlace, State};
use crate::id::DocId;
use crate::wire::{Checked, PageSet, Pages, Update};
use std::collections::BTreeSet;

/// A file that may have the content that is known, although it looks other.
struct LookAlike {
    file: OpenFile,
    seen: Seen,
    blake3: [u8; 32],
}

impl LookAlike {
    fn of(layout: &Layout, state: &State, doc: &DocId) -> Option<LookAlike> {
        let index = state.indexed(doc).ok()??;
        let path = layout.find(doc).ok()??;
        let seen = layout.seen(&path)?;
        if seen.token() == index.file || !seen.is_as_long_as(&index.file) {
            return None;
        }
        let file = OpenFile::open(&layout.resolve(&path))?;
        (file.seen() == Some(seen)).then_some(LookAlike { file, seen, blake3: index.blake3 })
    }

    /// Records it as the file that is known, if it has that content, and any later change will show.
    fn recognize(&self, state: &State, doc: &DocId, lock: &LockFile) -> bool {
        lock.is_past(&self.seen)
            && self.file.hash() == Some(self.blake3)
            && self.file.seen() == Some(self.seen)
            && state.put_look(doc, &self.seen).is_ok()
    }
}

impl Session {
    /// Returns whether the file of a document is the one that is known after all.
    pub(super) fn recognize(&self, doc: &DocId) -> bool {
        let Some(lock) = &self.lock else { return false };
        LookAlike::of(&self.layout, &self.state, doc)
            .is_some_and(|file| file.recognize(&self.state, doc, lock))
    }
}

/// What reads have recorded of a file.
enum FileNote {
    Nothing,
    /// That it was read.
    Read,
    /// Where its pages are, and how far the log went then.
    Pages {
        seq: i64,
    },
}

/// How far the log goes in a file that can only be read whole: nothing is as far.
const NO_PAGES: i64 = -1;

/// Returns what reads have recorded of a file; `None` if there is nothing to add: it is as it was last written
/// here, and known for that, or has no pages.
fn note_of(state: &State, doc: &DocId, file: &Seen, stamp: &Stamp) -> Option<FileNote> {
    let index = state.indexed(doc).ok()?;
    let same = |index: &PageIndex| index.blake3 == stamp.blake3 && index.file == file.token();
    match index.filter(same) {
        None => Some(FileNote::Nothing),
        Some(PageIndex { place: PagesPlace::Found { seq: NO_PAGES }, .. }) => None,
        Some(PageIndex { place: PagesPlace::Found { seq }, segments, .. }) => {
            Some(if segments.is_some() { FileNote::Pages { seq } } else { FileNote::Read })
        }
        Some(_) => None,
    }
}

fn put_pages(
    state: &State,
    doc: &DocId,
    file: &Seen,
    stamp: &Stamp,
    logged: i64,
    pages: &Pages,
) -> Option<()> {
    let change = PageChange {
        doc,
        file,
        blake3: &stamp.blake3,
        segments: pages.segments(),
        changed: pages.rows_beyond(&PageSet::new()),
        all_lists_of: BTreeSet::new(),
        others: Some(Vec::new()),
        all_swept: false,
        others_swept: false,
        place: NewPlace::Found { seq: logged },
    };
    state.put_pages(&change).ok()
}

impl Reader {
    /// Returns whether the file of a document is the one that is known after all.
    pub(super) fn recognize(&self, doc: &DocId) -> bool {
        let (Some(learning), Some((layout, state))) = (self.learns(), self.files()) else {
            return false;
        };
        if !learning.compared.borrow_mut().insert(doc.clone()) {
            return false;
        }
        LookAlike::of(layout, state, doc)
            .and_then(|file| self.jot(|state, lock| file.recognize(state, doc, lock).then_some(())))
            .is_some()
    }

    /// Returns how far the log goes for a document that is to be read, for [`Reader::learn`]; `None` if nothing
    /// will be recorded of it.
    pub(super) fn logged(&self, doc: &DocId) -> Option<i64> {
        self.learns()?;
        self.files()?.1.last_logged(doc).ok()
    }

    /// Records that a document was read whole or, the second time, where its pages are. `logged` is from before
    /// that; `update` is the state, if it was checked.
    pub(super) fn learn(
        &self,
        doc: &DocId,
        logged: Option<i64>,
        loaded: &Loaded,
        update: Option<&Update<'_, Checked>>,
    ) {
        // If nothing can be recorded, the next read reads all of it again.
        let _ = logged.and_then(|logged| self.learn_of(doc, logged, loaded, update));
    }

    fn learn_of(
        &self,
        doc: &DocId,
        logged: i64,
        loaded: &Loaded,
        update: Option<&Update<'_, Checked>>,
    ) -> Option<()> {
        let (layout, state) = self.files()?;
        let (file, stamp) = (loaded.seen?, loaded.file?);
        if stamp.bytes < INDEXED_BYTES || !loaded.is_its_file() || self.recognize(doc) {
            return None;
        }
        match note_of(state, doc, &file, &stamp)? {
            FileNote::Nothing => self.jot(|state, lock| {
                let is_still = lock.is_past(&file) && layout.seen(&loaded.path) == Some(file);
                is_still.then_some(())?;
                state.put_read(doc, &file, &stamp.blake3, logged).ok()
            }),
            FileNote::Pages { seq } if seq == logged => None,
            // The second time; or entries of the log that came since are in the file, too.
            FileNote::Read | FileNote::Pages { .. } => {
                let pages = match update {
                    Some(update) => self.pages(update),
                    None => {
                        let checked = loaded.checked(doc, self.roots()).ok();
                        checked.and_then(|checked| self.pages(&checked.update()))
                    }
                };
                self.jot(|state, _| {
                    (layout.seen(&loaded.path) == Some(file)).then_some(())?;
                    match pages {
                        Some(pages) => put_pages(state, doc, &file, &stamp, logged, &pages),
                        None => state.put_read(doc, &file, &stamp.blake3, NO_PAGES).ok(),
                    }
                })
            }
        }
    }

    /// Returns the pages of a state; `None` if it can only be read whole.
    fn pages(&self, state: &Update<'_, Checked>) -> Option<Pages> {
        match state.beyond_all() {
            None => Pages::of(state, &self.noted()),
            Some(_) => None,
        }
    }

    /// Writes to the local state what `write` records, unless it returns `None`, or that takes waiting for
    /// anybody.
    pub(super) fn jot(&self, write: impl FnOnce(&State, &LockFile) -> Option<()>) -> Option<()> {
        let (learning, (layout, state)) = (self.learns()?, self.files()?);
        if !state.can_jot() {
            return None;
        }
        // A session relies on what it found in the tables until it ends.
        let lock = lock::take_free(layout, &learning.holder)?;
        state.jot(self.lock_wait(), || write(state, &lock))
    }
}
