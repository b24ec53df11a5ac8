//! Entries of the log that do not decode, of a document that is whole without them: they were folded into its
//! file. Nothing shows that before they are sent to somebody.

use super::finding::{BROKEN_LOG, FileFinding, FileFix, FileRepair};
use super::load::Roots;
use super::state::State;
use crate::error::{Error, Next, Result};
use crate::id::DocId;
use crate::wire::{Fault, Update};

/// Distinguishes it from a file that lacks what the log builds on.
const DETAIL: &str = "log";
/// At most this many entries are named.
const NAMED: usize = 3;

/// Returns the error for an entry of the log that does not decode, of a document that can be read.
pub fn broken_entry(doc: &DocId, seq: i64, fault: Fault) -> Error {
    let repair = Next::Repair(Some(BROKEN_LOG.id(Some(doc), DETAIL)));
    Error::corrupt(format!("log entry {seq} of {doc} is damaged")).because(fault).hint(
        repair
            .and(" takes it out of the log, which then begins anew; the document has it; ")
            .next(Next::Export)
            .and(" without --for sends whole states, not the log"),
    )
}

/// Returns the finding that entries of the log do not decode; `None` if all do.
pub(super) fn broken_log(state: &State, doc: &DocId, roots: Roots) -> Result<Option<FileFinding>> {
    let mut broken: Vec<(i64, Fault)> = Vec::new();
    state.each_change(doc, |seq, change| {
        if let Err(fault) = Update::checked(change, roots(doc)) {
            broken.push((seq, fault));
        }
    })?;
    let Some((_, fault)) = broken.first() else { return Ok(None) };
    let named: Vec<String> = broken.iter().take(NAMED).map(|(seq, _)| seq.to_string()).collect();
    let entries = match (broken.len(), broken.len().saturating_sub(NAMED)) {
        (1, _) => format!("entry {}", named.join(", ")),
        (_, 0) => format!("entries {}", named.join(", ")),
        (_, more) => format!("entries {} and {more} more", named.join(", ")),
    };
    Ok(Some(FileFinding {
        kind: &BROKEN_LOG,
        doc: Some(doc.clone()),
        detail: DETAIL.to_owned(),
        message: format!(
            "log {entries} cannot be read ({fault}); its file has all of it: repairing takes that out of the \
             log, which then begins anew, and peers get the whole document once"
        ),
        fix: FileFix::Repair(FileRepair::Log),
    }))
}
