//! A document as it stands: its file, overlaid with the log.

use super::file_pieces::FilePieces;
use super::fs::Seen;
use super::layout::{Layout, Stamp};
use super::state::{KnownClocks, LogRow, State};
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::gate::{self, Expected, Need, Verdict};
use crate::id::DocId;
use crate::wire::{self, Checked, CheckedBytes, Id, Update};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// The name in the log of the command that adopts what another program wrote to a file.
pub(super) const ADOPTING: &str = "adopt";

/// An empty document.
const EMPTY: &[u8] = &[0, 0];

/// What a document may contain: by its concern, or anything if there is no concern for it.
pub type Roots = fn(&DocId) -> Expected<'static>;

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
    pub state: Vec<u8>,
    /// Whether the file is not what we last wrote.
    pub foreign: bool,
    /// The hash under which facts about its content are recorded, if the state is exactly what we last wrote.
    pub stored_as: Option<[u8; 32]>,
    /// What the state consists of in the file and the deferred changes; `None` if all of it was read.
    pub pieces: Option<Rc<FilePieces>>,
    /// The file's bytes, if they are not what we last wrote.
    pub theirs: Option<Vec<u8>>,
    /// What the log gets first, before any change: all that the file contained.
    pub unlogged: Option<Vec<u8>>,
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
            state: EMPTY.to_vec(),
            foreign: false,
            stored_as: None,
            pieces: None,
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
        whole(&self.state, &self.path, doc, roots)
    }

    /// Returns the same, owned.
    ///
    /// # Errors
    /// As [`Loaded::update`].
    pub fn checked(&self, doc: &DocId, roots: Roots) -> Result<CheckedBytes<Rc<[u8]>>> {
        let state = Rc::from(self.state.as_slice());
        CheckedBytes::by(state, |bytes| whole(bytes, &self.path, doc, roots))
    }
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
    let stamp = Stamp::of(&bytes);
    let foreign = known.as_ref().and_then(|known| known.blake3) != Some(stamp.blake3);
    let rows = match state {
        Some(state) if foreign => state.log_of(doc)?,
        _ => unfolded,
    };
    // A document from before us: it has nothing of ours, so there is nothing to decide.
    let unlogged = known.is_none().then(|| bytes.clone());
    let theirs = (foreign && known.is_some()).then(|| bytes.clone());
    let stored_as = (!foreign && rows.is_empty()).then_some(stamp.blake3);
    let state = match rows.is_empty() {
        true => bytes,
        false => {
            let base = whole(&bytes, &path, doc, roots)?;
            overlay(doc, base, &rows, foreign, roots)?
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
        theirs,
        unlogged,
        known,
    }))
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
    let Some(state) = from_log(state, doc, &known, &path, roots)? else {
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
        state,
        foreign: false,
        stored_as: None,
        pieces: None,
        theirs: None,
        unlogged: None,
        known: Some(known),
    })
}

/// Returns what the log alone has of a document; `None` if that is not all of it.
pub(super) fn from_log(
    state: &State,
    doc: &DocId,
    known: &KnownClocks,
    path: &Path,
    roots: Roots,
) -> Result<Option<Vec<u8>>> {
    let mut rows = state.log_of(doc)?;
    // A row with the whole document, as it was adopted, replaces all before it.
    let whole_row = |row: &LogRow| row.seq == known.log_from && row.command == ADOPTING;
    match rows.iter().position(whole_row) {
        Some(at) => rows.swap(0, at),
        None if known.log_from > 0 || rows.is_empty() => return Ok(None),
        None => {}
    }
    let base = whole(EMPTY, path, doc, roots)?;
    overlay(doc, base, &rows, false, roots).map(Some)
}

/// Checks a state that must not depend on anything missing.
pub(super) fn whole<'a>(
    bytes: &'a [u8],
    path: &Path,
    doc: &DocId,
    roots: Roots,
) -> Result<Update<'a, Checked>> {
    let invalid = |reason: String| unfit(path, doc).because(reason);
    let update = Update::walk(bytes)
        .map_err(|fault| invalid(fault.to_string()))?
        .check(roots(doc))
        .map_err(|fault| match fault.is_unsupported() {
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

/// Returns the state with the log's rows merged in, leaving out those that it already has.
fn overlay(
    doc: &DocId,
    base: Update<'_, Checked>,
    rows: &[LogRow],
    foreign: bool,
    roots: Roots,
) -> Result<Vec<u8>> {
    let mut parts = Vec::with_capacity(rows.len());
    for row in rows {
        let part = Update::checked(&row.update, roots(doc))
            .map_err(|fault| damaged(doc, row).because(fault))?;
        parts.push((row, part));
    }
    if foreign {
        return laid_over(doc, base, &parts, roots);
    }
    let mut have = base.version();
    let mut added = Vec::new();
    for (row, part) in parts {
        if !part.missing(&have.clocks).is_empty() {
            return Err(outdated(doc, row));
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

/// Returns the file of another program with the rows of the log merged in. They were not judged against that
/// file, so they are judged again, as in an import.
fn laid_over(
    doc: &DocId,
    base: Update<'_, Checked>,
    rows: &[(&LogRow, Update<'_, Checked>)],
    roots: Roots,
) -> Result<Vec<u8>> {
    let updates: Vec<&Update<'_, Checked>> = rows.iter().map(|(_, part)| part).collect();
    let mut news = Vec::new();
    for (index, verdict) in gate::admit(&base, &updates, roots(doc)) {
        let row = rows.get(index).map(|(row, _)| *row);
        let row = row.ok_or_else(|| Error::bug("a verdict is about a missing log entry"))?;
        match verdict {
            Verdict::Known => {}
            Verdict::New(bytes) => news.push(bytes),
            Verdict::Invalid(fault) => return Err(damaged(doc, row).because(fault)),
            Verdict::Forked(id) => return Err(forked(doc, id)),
            Verdict::Waits(Need::Deletion(id)) => return Err(collected(doc, id)),
            Verdict::Waits(Need::Clocks(_)) => return Err(outdated(doc, row)),
        }
    }
    let check = |bytes| {
        Update::checked(bytes, roots(doc))
            .map_err(|fault| Error::bug(format!("a change of {doc} is not valid")).because(fault))
    };
    let news = news.iter().map(|bytes| check(bytes)).collect::<Result<Vec<_>>>()?;
    merged(doc, std::iter::once(base).chain(news).collect())
}

fn merged(doc: &DocId, parts: Vec<Update<'_, Checked>>) -> Result<Vec<u8>> {
    match parts.as_slice() {
        [only] => Ok(only.bytes().to_vec()),
        parts => wire::merge(parts)
            .ok_or_else(|| Error::bug(format!("the log of {doc} leaves a gap that was not seen"))),
    }
}

fn damaged(doc: &DocId, row: &LogRow) -> Error {
    Error::corrupt(format!("log entry {} of {doc} is damaged", row.seq))
        .hint(restore(doc))
        .damages(doc)
}

fn outdated(doc: &DocId, row: &LogRow) -> Error {
    Error::corrupt(format!(
        "the file of {doc} lacks what log entry {} depends on: an older state was put in its place",
        row.seq
    ))
    .hint(restore(doc))
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
    .because("two copies of this store wrote under one client id")
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
