//! A document as it stands: its file, overlaid with the log.

use super::file_pieces::FilePieces;
use super::fs::Seen;
use super::layout::{Layout, Stamp};
use super::state::{KnownClocks, LogRow, State};
use crate::crdt::view::Groundwork;
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::gate::{self, Expected, Need, Verdict};
use crate::id::DocId;
use crate::parallel;
use crate::wire::{self, Checked, CheckedBytes, Id, SharedBytes, Unchecked, Update};
use std::collections::BTreeSet;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name in the log of the command that adopts what another program wrote to a file.
pub(super) const ADOPTING: &str = "adopt";

/// An empty document.
pub(super) const EMPTY: &[u8] = &[0, 0];

/// What a document may contain: by its concern, or anything if there is no concern for it.
pub type Roots = fn(&DocId) -> Expected<'static>;

/// A state, and what was parsed if it was checked.
#[derive(Debug)]
pub(super) enum LoadedState {
    Unchecked(SharedBytes),
    Checked(CheckedBytes<SharedBytes>),
}

impl LoadedState {
    pub fn into_bytes(self) -> SharedBytes {
        match self {
            LoadedState::Unchecked(bytes) => bytes,
            LoadedState::Checked(checked) => checked.into_bytes(),
        }
    }
}

impl Default for LoadedState {
    fn default() -> Self {
        SharedBytes::default().into()
    }
}

impl Deref for LoadedState {
    type Target = SharedBytes;

    fn deref(&self) -> &SharedBytes {
        match self {
            LoadedState::Unchecked(bytes) => bytes,
            LoadedState::Checked(checked) => checked.bytes(),
        }
    }
}

impl<B: Into<SharedBytes>> From<B> for LoadedState {
    fn from(bytes: B) -> Self {
        LoadedState::Unchecked(bytes.into())
    }
}

/// A document as it was found.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The path of its file, existing or not, relative to the store's directory.
    pub path: PathBuf,
    /// The file as it was read; `None` if there was none.
    pub file: Option<Stamp>,
    /// That file, looked at before it was read.
    pub seen: Option<Seen>,
    /// File and log together.
    pub state: LoadedState,
    /// Whether the file is not what we last wrote.
    pub foreign: bool,
    /// The hash under which facts about its content are recorded, if the state is exactly what we last wrote.
    pub stored_as: Option<[u8; 32]>,
    /// What the state consists of in the file and the deferred changes; `None` if all of it was read.
    pub pieces: Option<Arc<FilePieces>>,
    /// All that the log has of it, if the file is not what we last wrote.
    pub log: Vec<LogChange>,
    /// The numbers of those log entries that are not in the state: they build on what the file lacks.
    pub waiting: BTreeSet<i64>,
    /// The file's bytes, if they are not what we last wrote.
    pub theirs: Option<SharedBytes>,
    /// What the log gets first, before any change: all that the file contained.
    pub unlogged: Option<SharedBytes>,
    /// What was recorded of it.
    pub known: Option<KnownClocks>,
}

impl Loaded {
    /// A document that does not exist yet.
    pub fn nothing(layout: &Layout, doc: &DocId) -> Result<Loaded> {
        let path = layout.place(doc)?;
        Ok(Loaded {
            path,
            file: None,
            seen: None,
            state: EMPTY.to_vec().into(),
            foreign: false,
            stored_as: None,
            pieces: None,
            log: Vec::new(),
            waiting: BTreeSet::new(),
            theirs: None,
            unlogged: None,
            known: None,
        })
    }

    /// Returns the state, validated.
    ///
    /// # Errors
    /// `Corrupt`, naming the file.
    pub fn update(&self, doc: &DocId, roots: Roots) -> Result<Update<'_, Checked>> {
        match &self.state {
            LoadedState::Checked(checked) => Ok(checked.update()),
            LoadedState::Unchecked(bytes) => {
                Ok(whole(bytes, &self.path, doc, roots)?.held_by(bytes))
            }
        }
    }

    /// Returns the same with what a view takes from the blocks, unless the state was checked before.
    ///
    /// # Errors
    /// As [`Loaded::update`].
    pub fn update_for_view(
        &self,
        doc: &DocId,
        roots: Roots,
    ) -> Result<(Update<'_, Checked>, Option<Groundwork>)> {
        let LoadedState::Unchecked(bytes) = &self.state else {
            return Ok((self.update(doc, roots)?, None));
        };
        let mut walked = walked(bytes, &self.path, doc)?.held_by(bytes);
        let (checked, work) = walked.check_beside(roots(doc), Groundwork::of);
        Ok((is_whole(checked, &self.path, doc)?, Some(work)))
    }

    /// Returns whether the state is what the file holds, and nothing else.
    pub fn is_its_file(&self) -> bool {
        let file = self.theirs.as_ref().or(self.unlogged.as_ref());
        self.stored_as.is_some() || file.is_some_and(|file| file.is_same(&self.state))
    }

    /// Returns the file of another program, if it holds all that the log does.
    pub fn is_as_theirs(&self) -> Option<&CheckedBytes<SharedBytes>> {
        match (&self.state, &self.theirs) {
            (LoadedState::Checked(state), Some(theirs)) if theirs.is_same(state.bytes()) => {
                Some(state)
            }
            _ => None,
        }
    }

    /// Returns the same, owned.
    ///
    /// # Errors
    /// As [`Loaded::update`].
    pub fn checked(&self, doc: &DocId, roots: Roots) -> Result<CheckedBytes<SharedBytes>> {
        if let LoadedState::Checked(checked) = &self.state {
            return Ok(checked.clone());
        }
        CheckedBytes::by(SharedBytes::clone(&self.state), |bytes| {
            whole(bytes, &self.path, doc, roots)
        })
    }
}

/// How a file is told from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToldBy {
    /// By its content, whatever is noted of it.
    Hash,
    /// By how it looks, if that was noted when its content was hashed.
    Look,
}

/// Loads a document; `None` if it does not exist.
///
/// The log is read before the file: rows that are folded in between are then applied twice, which changes
/// nothing. A file that we did not write last gets every row that is still in the log, because another
/// program may have put an older state over our folded writes.
///
/// # Errors
/// `Corrupt` if file and log do not fit together; `Forked` if they have different operations under one
/// (client, clock).
pub(super) fn load(
    layout: &Layout,
    state: Option<&State>,
    doc: &DocId,
    roots: Roots,
    told_by: ToldBy,
) -> Result<Option<Loaded>> {
    let (unfolded, known) = match state {
        Some(state) => (state.unfolded(doc)?, state.known(doc)?),
        None => (Vec::new(), None),
    };
    // A file that cannot be read is no reason to give up other documents.
    let damage = |e: Error| e.damages(doc);
    let path = layout.find(doc).map_err(damage)?;
    let seen = path.as_ref().and_then(|path| layout.seen(path));
    let file = match &path {
        Some(path) => layout.read(path).map_err(damage)?,
        None => None,
    };
    let (Some(path), Some(bytes)) = (path, file) else {
        return match (known, state) {
            (Some(known), Some(state)) => rebuild(layout, doc, known, state, roots).map(Some),
            _ => Ok(None),
        };
    };
    let noted = || noted_stamp(layout, state?, doc, &path, &seen?);
    let stamp = match told_by {
        ToldBy::Look => noted().unwrap_or_else(|| Stamp::of(&bytes)),
        ToldBy::Hash => Stamp::of(&bytes),
    };
    let bytes = SharedBytes::from(bytes);
    let foreign = known.as_ref().and_then(|known| known.blake3) != Some(stamp.blake3);
    let rows = match state {
        Some(state) if foreign => state.log_of(doc)?,
        _ => unfolded,
    };
    // A document from before us: it has nothing of ours, so there is nothing to decide.
    let unlogged = known.is_none().then(|| bytes.clone());
    let theirs = (foreign && known.is_some()).then(|| bytes.clone());
    let stored_as = (!foreign && rows.is_empty()).then_some(stamp.blake3);
    let (mut log, mut waiting) = (Vec::new(), BTreeSet::new());
    let state = match rows.is_empty() {
        true => bytes.into(),
        false => {
            let base = || CheckedBytes::by(bytes, |bytes| whole(bytes, &path, doc, roots));
            let size = rows.iter().map(|row| row.update.len()).sum();
            let changes = || LogChange::of_rows(doc, &rows, roots);
            let (base, changes) = parallel::both(size, base, changes);
            let (base, changes) = (base?, changes?);
            let in_turn: Vec<&LogChange> = changes.iter().collect();
            let merged = if foreign {
                let trimmed = known.as_ref().is_some_and(|known| is_trimmed(&changes, known));
                let over = laid_over(doc, base.update(), &in_turn, trimmed, roots)?;
                waiting = over.waiting;
                log = changes;
                over.merged
            } else {
                overlay(doc, base.update(), &in_turn)?
            };
            match merged {
                Some(merged) => merged.into(),
                None => LoadedState::Checked(base),
            }
        }
    };
    let file = Some(stamp);
    Ok(Some(Loaded {
        path,
        file,
        seen,
        state,
        foreign,
        stored_as,
        pieces: None,
        log,
        waiting,
        theirs,
        unlogged,
        known,
    }))
}

/// Returns what was noted of the content of a file that was read since it was seen; `None` if it was another
/// one, or may have changed while it was read.
fn noted_stamp(
    layout: &Layout,
    state: &State,
    doc: &DocId,
    path: &Path,
    seen: &Seen,
) -> Option<Stamp> {
    // Errors do not matter: hashing the content tells as much.
    let (blake3, file) = state.noted_file(doc).ok()??;
    let same = file == seen.token() && layout.seen(path) == Some(*seen);
    same.then_some(Stamp { blake3, bytes: seen.bytes() })
}

/// Rebuilds a document without a file from the log, if the log has all of it: it is new and not folded yet,
/// or its file was removed.
fn rebuild(
    layout: &Layout,
    doc: &DocId,
    known: KnownClocks,
    state: &State,
    roots: Roots,
) -> Result<Loaded> {
    let path = layout.place(doc)?;
    let changes = LogChange::of_rows(doc, &state.log_of(doc)?, roots)?;
    let Some(state) = from_log(&changes, doc, &known, &path, roots)? else {
        return Err(Error::corrupt(format!(
            "{} is missing, and the log does not hold all of it",
            path.display()
        ))
        .hint(restore(doc))
        .damages(doc));
    };
    Ok(Loaded {
        path,
        file: None,
        seen: None,
        state: state.into(),
        foreign: false,
        stored_as: None,
        pieces: None,
        log: Vec::new(),
        waiting: BTreeSet::new(),
        theirs: None,
        unlogged: None,
        known: Some(known),
    })
}

/// Returns what the log alone has of a document, given all of that; `None` if that is not all of it.
pub(super) fn from_log(
    changes: &[LogChange],
    doc: &DocId,
    known: &KnownClocks,
    path: &Path,
    roots: Roots,
) -> Result<Option<Vec<u8>>> {
    let mut in_turn: Vec<&LogChange> = changes.iter().collect();
    match whole_row(changes, known) {
        Some(at) => in_turn.swap(0, at),
        None if known.log_from > 0 || changes.is_empty() => return Ok(None),
        None => {}
    }
    let base = whole(EMPTY, path, doc, roots)?;
    Ok(Some(overlay(doc, base, &in_turn)?.unwrap_or_else(|| EMPTY.to_vec())))
}

/// Returns the index of the row with the whole document, as it was adopted: it replaces all before it.
fn whole_row(changes: &[LogChange], known: &KnownClocks) -> Option<usize> {
    changes.iter().position(|change| change.seq == known.log_from && change.is_whole)
}

/// Returns whether the log no longer has the beginning of a document: without its file it does not hold all
/// of it.
fn is_trimmed(changes: &[LogChange], known: &KnownClocks) -> bool {
    known.log_from > 0 && whole_row(changes, known).is_none()
}

/// Checks a state that must not depend on anything missing.
pub(super) fn whole<'a>(
    bytes: &'a [u8],
    path: &Path,
    doc: &DocId,
    roots: Roots,
) -> Result<Update<'a, Checked>> {
    is_whole(walked(bytes, path, doc)?.check(roots(doc)), path, doc)
}

fn walked<'a>(bytes: &'a [u8], path: &Path, doc: &DocId) -> Result<Update<'a, Unchecked>> {
    Update::walk_to_check(bytes).map_err(|fault| unfit(path, doc).because(fault.to_string()))
}

/// Returns a state that was checked if it passed and depends on nothing missing.
fn is_whole<'a>(
    checked: std::result::Result<Update<'a, Checked>, wire::Fault>,
    path: &Path,
    doc: &DocId,
) -> Result<Update<'a, Checked>> {
    let invalid = |reason: String| unfit(path, doc).because(reason);
    let update = checked.map_err(|fault| match fault.is_unsupported() {
        true => excluded(doc.as_str(), &fault).damages(doc),
        false => invalid(fault.to_string()),
    })?;
    match update.needs().is_empty() {
        true => Ok(update),
        false => Err(invalid("parts of it depend on something that is missing".to_owned())),
    }
}

/// Returns the error for a file that is not a document, or does not fit ours.
pub(super) fn unfit(path: &Path, doc: &DocId) -> Error {
    Error::corrupt(format!("the file of {doc} does not hold a valid document: {}", path.display()))
        .hint(restore(doc))
        .damages(doc)
}

/// Returns the error for bytes that walk but do not pass rule 1 of the gate.
pub(super) fn excluded(what: &str, fault: &wire::Fault) -> Error {
    match fault.is_unsupported() {
        true => Error::corrupt(format!("{what} holds content that is not supported"))
            .because(fault.clone())
            .hint(
                Next::Size
                    .and(" measures it, ")
                    .next(Next::Blocks(None))
                    .and(" shows it block by block"),
            ),
        false => Error::corrupt(format!("{what} is not a valid document")).because(fault.clone()),
    }
}

/// A change in the log.
#[derive(Debug)]
pub(super) struct LogChange {
    seq: i64,
    /// Whether it is the whole document, as it was adopted.
    is_whole: bool,
    update: CheckedBytes<SharedBytes>,
}

impl LogChange {
    pub fn update(&self) -> Update<'_, Checked> {
        self.update.update()
    }

    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// Checks rows of the log.
    fn of_rows(doc: &DocId, rows: &[LogRow], roots: Roots) -> Result<Vec<LogChange>> {
        let change = |row: &LogRow| {
            let update = CheckedBytes::check(row.update.clone(), roots(doc))
                .map_err(|fault| damaged(doc, row.seq).because(fault))?;
            // One that was taken out of the log holds nothing.
            let is_whole = row.command == ADOPTING && *row.update != *EMPTY;
            Ok(LogChange { seq: row.seq, is_whole, update })
        };
        rows.iter().map(change).collect()
    }
}

/// Returns the state with the log's rows merged in, leaving out those that it already has; `None` if it has
/// all of them.
fn overlay(
    doc: &DocId,
    base: Update<'_, Checked>,
    changes: &[&LogChange],
) -> Result<Option<Vec<u8>>> {
    let mut have = base.version();
    let mut added = Vec::new();
    for change in changes {
        let part = change.update();
        if !part.missing(&have.clocks).is_empty() {
            return Err(outdated(doc, change.seq).hint(restore(doc)));
        }
        let version = part.version();
        if have.holds(&version) {
            continue;
        }
        have.unite(version);
        added.push(part);
    }
    merged(doc, std::iter::once(base).chain(added).collect())
}

/// The file of another program with the rows of the log.
struct LaidOver {
    /// The state with them; `None` if the file has all of them.
    merged: Option<Vec<u8>>,
    /// The numbers of those that build on what neither the file nor the log has.
    waiting: BTreeSet<i64>,
}

/// Returns the file of another program with the rows of the log merged in. They were not judged against that
/// file, so they are judged again, as in an import. Rows wait only if the log was `trimmed`: otherwise what
/// they build on should be in it.
fn laid_over(
    doc: &DocId,
    base: Update<'_, Checked>,
    changes: &[&LogChange],
    trimmed: bool,
    roots: Roots,
) -> Result<LaidOver> {
    let updates: Vec<_> = changes.iter().map(|change| change.update()).collect();
    let updates: Vec<&Update<'_, Checked>> = updates.iter().collect();
    let (mut news, mut waiting) = (Vec::new(), BTreeSet::new());
    for (index, verdict) in gate::admit(&base, &updates, roots(doc)) {
        let seq = changes.get(index).map(|change| change.seq);
        let seq = seq.ok_or_else(|| Error::bug("a verdict is about a missing log entry"))?;
        match verdict {
            Verdict::Known => {}
            Verdict::New(bytes) => news.push(bytes),
            Verdict::Invalid(fault) => return Err(damaged(doc, seq).because(fault)),
            Verdict::Forked(id) => return Err(forked(doc, id)),
            Verdict::Waits(Need::Deletion(id)) => return Err(collected(doc, id)),
            Verdict::Waits(Need::Clocks(_)) if trimmed => drop(waiting.insert(seq)),
            Verdict::Waits(Need::Clocks(_)) => return Err(outdated(doc, seq).hint(restore(doc))),
        }
    }
    let check = |bytes| {
        Update::checked(bytes, roots(doc))
            .map_err(|fault| Error::bug(format!("a change of {doc} is not valid")).because(fault))
    };
    let news = news.iter().map(|bytes| check(bytes)).collect::<Result<Vec<_>>>()?;
    let merged = merged(doc, std::iter::once(base).chain(news).collect())?;
    Ok(LaidOver { merged, waiting })
}

/// Merges the first part, a whole state, with the others; `None` if there are none.
fn merged(doc: &DocId, parts: Vec<Update<'_, Checked>>) -> Result<Option<Vec<u8>>> {
    match parts.as_slice() {
        [_] => Ok(None),
        parts => wire::merge(parts)
            .map(Some)
            .ok_or_else(|| Error::bug(format!("the log of {doc} leaves a gap that was not seen"))),
    }
}

fn damaged(doc: &DocId, seq: i64) -> Error {
    Error::corrupt(format!("log entry {seq} of {doc} is damaged")).hint(restore(doc)).damages(doc)
}

/// Returns the error for a log entry that the file does not fit.
pub(super) fn outdated(doc: &DocId, seq: i64) -> Error {
    Error::corrupt(format!(
        "the file of {doc} lacks what log entry {seq} depends on: an older state was put in its place",
    ))
    .damages(doc)
}

/// Returns the error for an operation collected on one side whose parent neither side deleted.
pub(super) fn collected(doc: &DocId, id: Id) -> Error {
    Error::corrupt(format!(
        "{doc}: the file and the log disagree: operation {} of client {} is collected in one of them, \
         and nobody deleted what contains it",
        id.clock, id.client
    ))
    .because("a replica collects only the content of what was deleted")
    .hint(restore(doc))
    .damages(doc)
}

pub(super) fn forked(doc: &DocId, id: Id) -> Error {
    Error::new(
        Kind::Forked,
        format!(
            "{doc}: the file and the log hold different operations {} of client {}",
            id.clock, id.client
        ),
    )
    .because("two copies of this store wrote under one client id, or the file is damaged")
    .hint(rebuilding(Hint::from("nothing was written; keep both copies; "), doc))
    .damages(doc)
}

/// Returns what to do about a document that cannot be used.
fn restore(doc: &DocId) -> Hint {
    let look = Hint::from("nothing was written; ").next(Next::Check(None)).and(" says more; ");
    rebuilding(look, doc)
}

fn rebuilding(hint: Hint, doc: &DocId) -> Hint {
    hint.next(Next::Recover(doc.to_string()))
        .and(" rebuilds it from what is left, with ")
        .next(Next::RecoverFrom)
        .and(" from what others have too")
}
