//! What a file that another program put over ours brings.
//!
//! The document's earlier state is read from the log. If the log does not reach back to the beginning, the
//! roles are swapped: the file counts as the earlier state, and what the log has beside it is what comes in.
//! A merge gives the same from both sides. The whole file is then logged, and the log is complete from there
//! on.

use super::load::{self, Loaded, LogChange, Roots};
use crate::crdt::any_view::AnyView;
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::gate::{self, Need, Verdict};
use crate::id::DocId;
use crate::wire::{self, Checked, CheckedBytes, SharedBytes, Update};

/// A document into which the file of another program was merged.
pub struct Adopted<'a> {
    /// The document whose file another program wrote.
    pub doc: &'a DocId,
    /// The document as it was.
    pub before: AnyView,
    /// The incoming changes.
    pub update: Update<'a, Checked>,
    /// What the log alone shows, if it does not reach back to the beginning: it does not tell what the file
    /// has removed of that.
    pub logged: Option<View>,
    /// How many of our own operations neither the file nor the log has any more.
    pub missing: u32,
}

/// What a file of another program changes in a document.
pub(super) struct Brought {
    /// The document without it.
    pub before: CheckedBytes<SharedBytes>,
    /// What came in, for the rules: a whole state if it is the file.
    pub side: CheckedBytes<SharedBytes>,
    /// The part that the document takes of it.
    pub news: SharedBytes,
    /// The file, if the log is to contain all of it.
    pub whole: Option<SharedBytes>,
    /// What the log has, if that is not all.
    pub logged: Option<Vec<u8>>,
}

/// Returns what the file of a document brings that the log does not have; `None` if the file is ours, or only
/// lacks something.
///
/// # Errors
/// `Corrupt` if file and log do not fit together.
pub(super) fn brought(loaded: &Loaded, doc: &DocId, roots: Roots) -> Result<Option<Brought>> {
    let (Some(theirs), Some(known)) = (&loaded.theirs, &loaded.known) else { return Ok(None) };
    let whole = |bytes: SharedBytes| {
        CheckedBytes::by(bytes, |bytes| load::whole(bytes, &loaded.path, doc, roots))
    };
    let file = match loaded.is_as_theirs() {
        Some(file) => file.clone(),
        None => whole(theirs.clone())?,
    };
    if let Some(before) = load::from_log(&loaded.log, doc, known, &loaded.path, roots)? {
        let before = whole(before.into())?;
        if before.update().version().holds(&file.update().version()) {
            return Ok(None);
        }
        let news = taken(doc, loaded, &before.update(), &file.update(), roots)?.into();
        return Ok(Some(Brought { before, side: file, news, whole: None, logged: None }));
    }
    let news = SharedBytes::from(loaded.update(doc, roots)?.since(&file.update().version()));
    let side = CheckedBytes::check(news.clone(), roots(doc))
        .map_err(|fault| Error::bug("a part of a valid state is not valid").because(fault))?;
    // What waits is not in the document, but nobody removed it.
    let stands = |change: &&LogChange| !loaded.waiting.contains(&change.seq());
    let rows: Vec<_> = loaded.log.iter().filter(stands).map(LogChange::update).collect();
    let logged = wire::merge(&rows);
    Ok(Some(Brought { before: file, side, news, whole: Some(theirs.clone()), logged }))
}

/// Returns what the document takes of a file, judged like an import.
fn taken(
    doc: &DocId,
    loaded: &Loaded,
    ours: &Update<'_, Checked>,
    file: &Update<'_, Checked>,
    roots: Roots,
) -> Result<Vec<u8>> {
    match gate::admit(ours, &[file], roots(doc)).pop() {
        Some((_, Verdict::New(news))) => Ok(news.into_owned()),
        Some((_, Verdict::Invalid(fault))) => Err(load::unfit(&loaded.path, doc).because(fault)),
        Some((_, Verdict::Forked(id))) => Err(load::forked(doc, id)),
        Some((_, Verdict::Waits(Need::Deletion(id)))) => Err(load::collected(doc, id)),
        _ => Err(Error::bug(format!("the file of {doc} got no verdict"))),
    }
}
