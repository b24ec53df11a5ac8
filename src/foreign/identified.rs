//! The result of identifying bytes, and how deep to look.

use super::snapshot::FoundMoment;
use crate::limits::{UNPACKED_BYTES, UNPACKED_STRETCH, WRAPPINGS};
use crate::wire::{Clocks, SharedBytes, Update};
use std::cell::Cell;
use std::fmt;

/// What some bytes are. The names ([`FileKind::name`]) are public API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// An update or a state, as Yjs and Yrs write it by default.
    UpdateV1,
    /// The same in the second encoding.
    UpdateV2,
    /// How far each client is known.
    StateVector,
    /// A state vector and a delete set: identifies a moment, holds no content.
    Snapshot,
    /// A request for what is missing: a state vector in a message.
    SyncStep1,
    /// The answer to it: an update in a message.
    SyncStep2,
    /// An update in a message.
    SyncUpdate,
    /// Who is present, and where their cursors are.
    Awareness,
    /// A message of a provider without content.
    Message,
    /// Several updates.
    UpdateLog,
    /// Documents in a database.
    Database,
    /// Documents, acknowledgements and receipts, as this program sends them.
    Bundle,
}

impl FileKind {
    /// Returns the name in answers; public API.
    pub fn name(self) -> &'static str {
        match self {
            FileKind::UpdateV1 => "update-v1",
            FileKind::UpdateV2 => "update-v2",
            FileKind::StateVector => "state-vector",
            FileKind::Snapshot => "snapshot",
            FileKind::SyncStep1 => "sync-step-1",
            FileKind::SyncStep2 => "sync-step-2",
            FileKind::SyncUpdate => "sync-update",
            FileKind::Awareness => "awareness",
            FileKind::Message => "message",
            FileKind::UpdateLog => "update-log",
            FileKind::Database => "database",
            FileKind::Bundle => "bundle",
        }
    }
}

/// Something around what was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrapping {
    /// Compression: `gzip`, `zlib`, `zstd` or `brotli`.
    Packed(&'static str),
    /// Bytes as text: `base64`, `base64url` or `hex`.
    Text(&'static str),
    /// A JSON array of bytes, or the object that JavaScript makes of one.
    JsonBytes,
    /// A field of a JSON object, by its path.
    JsonField(String),
    /// A message of a provider: `y-protocols`, or `y-protocols without its type`.
    Message(&'static str),
    /// A message of Hocuspocus, with the name of the document.
    Hocuspocus(String),
    /// How a log separates its updates.
    Log(&'static str),
    /// Which database, and where in it.
    Database(String),
}

impl fmt::Display for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrapping::Packed(how) | Wrapping::Text(how) | Wrapping::Log(how) => f.write_str(how),
            Wrapping::Database(how) => f.write_str(how),
            Wrapping::JsonBytes => f.write_str("JSON array of bytes"),
            Wrapping::JsonField(path) => write!(f, "JSON field {path}"),
            Wrapping::Message(how) => write!(f, "message of {how}"),
            Wrapping::Hocuspocus(name) => write!(f, "message of Hocuspocus for {name}"),
        }
    }
}

/// An update that was found, in v1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptUpdate {
    /// The v1 bytes.
    pub update: SharedBytes,
    /// When it was written, in Unix milliseconds, if that is recorded.
    pub at: Option<i64>,
}

/// The updates of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FoundDocument {
    /// Its name there; `None` if there is only one and it has no name.
    pub name: Option<String>,
    /// The updates, in stored order.
    pub steps: Vec<KeptUpdate>,
    /// The number of rows that are not updates.
    pub unread: usize,
    /// What the first of those is instead, as a sentence.
    pub problem: Option<String>,
    /// Where the next of those are, if they have a place of their own.
    pub more_places: Vec<String>,
    /// How many formats and embeds hold something that v1, to which they were converted, cannot hold.
    pub rewritten: usize,
}

/// What says that bytes are a log, if not all of it is sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// Nothing but the bytes.
    Bytes,
    /// The user does.
    Stated,
}

/// The maximum number of places that a sentence names.
pub(super) const NAMED: usize = 9;

/// How many more parts of a log may be damaged than were read before: its beginning may be.
pub(super) const AHEAD: usize = 16;

impl FoundDocument {
    fn unnamed(steps: Vec<KeptUpdate>) -> Self {
        FoundDocument { steps, ..FoundDocument::default() }
    }

    /// Returns what of it is left out, as a sentence without a full stop; `None` if nothing is.
    pub fn left_out(&self) -> Option<String> {
        let problem = self.problem.as_ref()?;
        Some(match self.unread {
            1 => format!("1 part of it is not an update: {problem}"),
            more => {
                let rest = more.saturating_sub(1).saturating_sub(self.more_places.len());
                let others = match (self.more_places.as_slice(), rest) {
                    ([], _) => String::new(),
                    (places, 0) => format!("; then {}", places.join(", ")),
                    (places, rest) => format!("; then {} and {rest} more", places.join(", ")),
                };
                format!("{more} parts of it are not updates; the first: {problem}{others}")
            }
        })
    }

    /// Returns how many updates hold anything.
    pub(super) fn content(&self) -> usize {
        self.steps.iter().filter(|step| step.update.iter().any(|byte| *byte != 0)).count()
    }

    /// Returns how many updates hold blocks, not only deletions.
    pub(super) fn with_blocks(&self) -> usize {
        let has_blocks =
            |step: &&KeptUpdate| Update::walk(&step.update).is_ok_and(|it| !it.blocks().is_empty());
        self.steps.iter().filter(has_blocks).count()
    }

    /// Returns whether this is a log although something in it is not an update: most of it must be updates,
    /// and two must hold something, to rule out chance. If not even the first record is an update
    /// (`begins`), that must be more than deletions: a few bytes can look like those.
    pub(super) fn is_damaged_log(&self, begins: bool, evidence: Evidence) -> bool {
        match evidence {
            Evidence::Stated => self.content() > 0,
            Evidence::Bytes => {
                let sound = if begins { self.content() } else { self.with_blocks() };
                sound > 1 && self.unread < self.steps.len()
            }
        }
    }

    /// Returns whether too little was read so far for a log.
    pub(super) fn is_hopeless(&self) -> bool {
        self.unread > self.steps.len().saturating_add(AHEAD)
    }

    /// Counts a record that is not an update, and names its place.
    pub(super) fn leave_out_at(&mut self, place: String, why: impl FnOnce() -> String) {
        match self.problem {
            None => return self.leave_out(|| format!("{place}: {}", why())),
            Some(_) if self.more_places.len().saturating_add(1) < NAMED => {
                self.more_places.push(place);
            }
            Some(_) => {}
        }
        self.unread = self.unread.saturating_add(1);
    }

    /// Counts a row or record that is not an update.
    pub(super) fn leave_out(&mut self, what: impl FnOnce() -> String) {
        self.unread = self.unread.saturating_add(1);
        self.problem.get_or_insert_with(what);
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// Content.
    Documents(Vec<FoundDocument>),
    /// How much somebody has.
    Vector(Clocks),
    /// A moment.
    Moment(FoundMoment),
    /// Who is present.
    Presences(Vec<Presence>),
    /// A bundle, which is read elsewhere.
    Packed,
    /// No content; what it is instead, as a noun.
    Nothing(&'static str),
}

impl FileContent {
    /// Returns the documents; empty if it holds no content.
    pub fn documents(&self) -> &[FoundDocument] {
        match self {
            FileContent::Documents(documents) => documents,
            _ => &[],
        }
    }
}

/// What some bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identified {
    /// What is around it, the outermost first.
    pub wrappings: Vec<Wrapping>,
    /// What it is.
    pub form: FileKind,
    /// What it holds.
    pub found: FileContent,
}

impl Identified {
    pub(super) fn bare(form: FileKind, found: FileContent) -> Self {
        Identified { wrappings: Vec::new(), form, found }
    }

    pub(super) fn within(mut self, wrapping: Wrapping) -> Self {
        self.wrappings.insert(0, wrapping);
        self
    }

    pub(super) fn update(form: FileKind, update: Vec<u8>) -> Self {
        let steps = vec![KeptUpdate { update: update.into(), at: None }];
        Identified::bare(form, FileContent::Documents(vec![FoundDocument::unnamed(steps)]))
    }

    pub(super) fn log(how: &'static str, steps: Vec<KeptUpdate>) -> Self {
        Identified::log_of(how, FoundDocument::unnamed(steps))
    }

    pub(super) fn log_of(how: &'static str, document: FoundDocument) -> Self {
        let document = FileContent::Documents(vec![document]);
        Identified::bare(FileKind::UpdateLog, document).within(Wrapping::Log(how))
    }

    /// Returns whether the bytes themselves are an update in v1, perhaps with something after it.
    pub fn is_bare_v1(&self) -> bool {
        self.form == FileKind::UpdateV1 && self.wrappings.is_empty()
    }

    /// Returns whether the bytes themselves are an update in v2.
    pub fn is_bare_v2(&self) -> bool {
        self.form == FileKind::UpdateV2 && self.wrappings.is_empty()
    }

    /// Returns whether it is one update with bytes after its end, however packed.
    pub fn has_more(&self) -> bool {
        self.form == FileKind::UpdateV1 && !self.is_whole()
    }

    /// Returns whether it is one update and nothing else, however packed.
    pub fn is_one_update(&self) -> bool {
        let is_packing = |around: &Wrapping| {
            matches!(around, Wrapping::Packed(_) | Wrapping::Text(_) | Wrapping::JsonBytes)
        };
        let is_one = match self.found.documents() {
            [document] => document.steps.len() == 1,
            _ => false,
        };
        let is_update = matches!(self.form, FileKind::UpdateV1 | FileKind::UpdateV2);
        is_update && is_one && self.is_whole() && self.wrappings.iter().all(is_packing)
    }

    /// Returns whether nothing of it was left out.
    pub(super) fn is_whole(&self) -> bool {
        self.found.documents().iter().all(|document| document.problem.is_none())
    }

    /// Returns whether other bytes may be the same by chance: it holds no blocks, and no client id as large
    /// as nearly all that Yjs draws.
    pub(super) fn is_slight(&self) -> bool {
        let holds_none = |step: &KeptUpdate| {
            let walked = Update::walk(&step.update);
            walked.is_ok_and(|it| it.blocks().is_empty() && !are_drawn(it.delete_set().clients()))
        };
        match &self.found {
            FileContent::Documents(documents) => {
                documents.iter().flat_map(|document| &document.steps).all(holds_none)
            }
            FileContent::Vector(clocks) => !are_drawn(clocks.keys().copied()),
            FileContent::Moment(moment) => !are_drawn(moment.clocks().keys().copied()),
            FileContent::Presences(all) => all.is_empty(),
            FileContent::Packed => false,
            FileContent::Nothing(_) => true,
        }
    }

    /// Returns the updates of a single document, if it is one.
    pub(super) fn steps(self) -> Option<Vec<KeptUpdate>> {
        match self.found {
            FileContent::Documents(mut documents) if documents.len() == 1 => {
                Some(documents.pop()?.steps)
            }
            _ => None,
        }
    }
}

/// Returns whether most of these client ids can have been drawn at random: Yjs has 32 bits for them, Yrs more.
fn are_drawn(ids: impl Iterator<Item = u64>) -> bool {
    const LARGE: u64 = 1 << 24;
    let (large, small): (Vec<u64>, Vec<u64>) = ids.partition(|id| *id >= LARGE);
    large.len() > small.len()
}

/// One client that is present, according to awareness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The client id it writes under.
    pub client: u64,
    /// How often it said something.
    pub clock: u64,
    /// What it said last, in JSON; `null` once it is gone.
    pub state: String,
}

/// How much deeper identification may go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Depth<'l> {
    wrappings: usize,
    /// The maximum number of bytes that something may be unpacked to.
    pub unpacked: u64,
    /// How many bytes all parts of the file together may still be unpacked to, in vain or not: there can be
    /// very many, each of them a few bytes that unpack to millions.
    left: &'l Cell<u64>,
    look: LookInside,
}

/// Identifies bytes at some depth.
pub(super) type LookInside = fn(&[u8], Depth<'_>) -> Option<Identified>;

impl<'l> Depth<'l> {
    /// Returns how many bytes all parts of a file of this size may be unpacked to.
    pub fn allowed(size: u64) -> Cell<u64> {
        Cell::new(most(size).saturating_mul(2))
    }

    /// Returns the depth at the outside of a file of this size; `left` is as [`Depth::allowed`] says.
    pub fn of(size: u64, left: &'l Cell<u64>, look: LookInside) -> Depth<'l> {
        Depth { wrappings: WRAPPINGS, unpacked: most(size), left, look }
    }

    /// Returns the depth inside one more wrapping. Recursion is bounded by this.
    pub fn deeper(self) -> Option<Depth<'l>> {
        Some(Depth { wrappings: self.wrappings.checked_sub(1)?, ..self })
    }

    /// Identifies bytes at this depth.
    pub fn look(self, bytes: &[u8]) -> Option<Identified> {
        (self.look)(bytes, self)
    }

    /// Returns how many bytes the next part may be unpacked to.
    pub fn most(self) -> u64 {
        self.unpacked.min(self.left.get())
    }

    /// Counts what a part was unpacked to.
    pub fn spend(self, bytes: usize) {
        self.left.set(self.left.get().saturating_sub(bytes as u64));
    }
}

/// How many bytes one part of a file of this size may be unpacked to.
fn most(size: u64) -> u64 {
    UNPACKED_BYTES.saturating_add(size.saturating_mul(UNPACKED_STRETCH))
}
