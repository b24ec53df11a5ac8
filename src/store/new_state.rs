//! A document's state that is to be stored, and the file that it becomes.

use super::fs::{NewFile, WrittenContent};
use crate::crdt::window::Window;
use crate::error::{Error, Result};
use crate::wire::{
    Bytes, IdSet, ListOrders, Noted, PageKey, PageRow, PageSet, Pages, SharedBytes, Splice,
    SplicePart, Update,
};
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// A document's state to be stored.
pub enum NewState {
    /// The whole state.
    Whole(EncodedState),
    /// The pages that changed; all others as they were.
    Spliced(Box<SplicedState>),
}

/// See [`NewState::Whole`].
pub struct EncodedState {
    pub bytes: SharedBytes,
    /// Its pages, if they were found already.
    pub pages: Option<Arc<Pages>>,
    /// The fields noted of its pages, if their positions are to be recorded.
    pub noted: Option<Noted>,
}

impl EncodedState {
    /// A state of which nothing but itself is recorded.
    pub fn alone(bytes: SharedBytes) -> EncodedState {
        EncodedState { bytes, pages: None, noted: None }
    }

    /// Returns its pages, if their positions are to be recorded, and it has independent ones.
    pub fn pages(&self) -> Option<Arc<Pages>> {
        let noted = self.noted.as_ref()?;
        let find = || Some(Arc::new(Pages::of(&Update::walk(&self.bytes).ok()?, noted)?));
        self.pages.clone().or_else(find)
    }
}

/// See [`NewState::Spliced`].
pub struct SplicedState {
    pub window: Rc<Window>,
    pub splice: Splice,
    /// The edited pages as they are now; `None` if there are none.
    pub edited: Option<Pages>,
    /// The orders of the lists that changed, as far as they are known.
    pub lists: ListOrders,
}

impl NewState {
    /// Returns its length in bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            NewState::Whole(whole) => whole.bytes.len() as u64,
            NewState::Spliced(spliced) => spliced.splice.bytes,
        }
    }

    /// Returns how many bytes removed records left in it, if known.
    pub fn residue(&self) -> Option<u64> {
        self.spliced().map(|spliced| spliced.splice.segments.residue())
    }

    /// Begins to write the whole state as a file that is to replace the one at `path`.
    ///
    /// # Errors
    /// If the file cannot be created, or what it is made of can no longer be read.
    pub fn begin(&self, path: &Path) -> Result<NewFile> {
        NewFile::begin(
            path,
            match self {
                NewState::Whole(whole) => Box::new(whole.bytes.clone()),
                NewState::Spliced(spliced) => Box::new(spliced.content()?),
            },
        )
    }

    /// Refuses a file that was made of another one, if that has changed meanwhile.
    ///
    /// # Errors
    /// `Io`.
    pub fn refuse_if_changed(&self) -> Result<()> {
        match self.spliced().is_none_or(|spliced| spliced.window.source().is_unchanged()) {
            true => Ok(()),
            false => Err(not_read()),
        }
    }

    /// Closes the file that it copied from: the system can take long to remove one that was replaced.
    pub fn let_go(&self) {
        self.spliced().inspect(|spliced| spliced.window.source().let_go());
    }

    /// Returns the roots of which all pages of lists were edited.
    pub fn all_lists_of(&self) -> BTreeSet<String> {
        self.spliced().map(|spliced| spliced.window.all_lists_of()).unwrap_or_default()
    }

    fn spliced(&self) -> Option<&SplicedState> {
        match self {
            NewState::Whole(..) => None,
            NewState::Spliced(spliced) => Some(spliced),
        }
    }
}

impl SplicedState {
    /// Returns the edited pages as rows of the index.
    pub fn changed(&self) -> Vec<PageRow<'_>> {
        let edited = self.edited.as_ref();
        let rows = edited.map_or_else(Vec::new, |edited| edited.rows_beyond(&PageSet::new()));
        rows.into_iter().filter_map(|row| self.with_order(row)).collect()
    }

    /// Adds the order of a list to its page, and what was not at hand of it; `None` if it is as it was.
    fn with_order<'p>(&self, mut row: PageRow<'p>) -> Option<PageRow<'p>> {
        let PageKey::List { list, .. } = row.key else { return Some(row) };
        let order = self.lists.get(&(row.root.to_owned(), *list));
        if self.window.is_beside(row.root) {
            order?;
            let (mut ids, all) = (Vec::new(), IdSet::decode(&row.ids)?);
            let known = self.window.source().ids_of(row.root, *list).unwrap_or_default();
            IdSet::union_of([&known, &all].into_iter()).encode(&mut ids);
            row.ids = ids;
        }
        row.order = order.map(|order| order.encode());
        Some(row)
    }

    fn content(&self) -> Result<SplicedContent> {
        let copied = self.window.source().shared().ok_or_else(not_read)?;
        let parts = Arc::clone(self.splice.parts());
        let mut end: u64 = 0;
        let ends = parts.iter().map(|part| {
            end = end.saturating_add(part.bytes());
            end
        });
        Ok(SplicedContent { ends: ends.collect(), parts, copied })
    }
}

struct SplicedContent {
    parts: Arc<[SplicePart]>,
    /// Where each of them ends in the new state.
    ends: Vec<u64>,
    /// The state that is copied from.
    copied: Arc<dyn Bytes + Send + Sync>,
}

impl WrittenContent for SplicedContent {
    fn bytes(&self) -> u64 {
        self.ends.last().copied().unwrap_or_default()
    }

    fn read_into(&self, mut at: u64, mut room: &mut [u8]) -> io::Result<()> {
        let first = self.ends.partition_point(|end| *end <= at);
        let parts = self.parts.iter().zip(&self.ends).skip(first);
        for (part, end) in parts {
            let begin = at.saturating_sub(end.saturating_sub(part.bytes()));
            let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
            let (now, later) = room.split_at_mut(left.min(room.len()));
            let done = match part {
                SplicePart::New(bytes) => bytes.as_slice().read_into(begin, now),
                SplicePart::Copied(range) => {
                    self.copied.read_into(range.start.saturating_add(begin), now)
                }
            };
            done.ok_or_else(changed_meanwhile)?;
            (at, room) = (*end, later);
            if room.is_empty() {
                break;
            }
        }
        match room.is_empty() {
            true => Ok(()),
            false => Err(ErrorKind::UnexpectedEof.into()),
        }
    }
}

fn not_read() -> Error {
    Error::io("could not read the old file", changed_meanwhile())
}

fn changed_meanwhile() -> io::Error {
    io::Error::other("another program changed it in the meantime")
}
