//! Sentences and questions about records that leave their documents for good.

use crate::cmd::failure::word;
use crate::concern::core;
use crate::id::DocId;
use crate::limits::TRASH_AGE_SECONDS;
use crate::ui::Written;

/// How long the trash keeps records.
const TRASH_DAYS: i64 = TRASH_AGE_SECONDS / 86_400;

/// Returns the question to ask before records leave their documents for good; `None` if none do.
pub fn question(records: usize) -> Option<String> {
    match records {
        0 => None,
        1 => Some(format!(
            "No acknowledgement is pending: it will be gone for good, and in the trash for {TRASH_DAYS} days. Go on?"
        )),
        n => Some(format!(
            "{n} records will be gone for good, and in the trash for {TRASH_DAYS} days. Go on?"
        )),
    }
}

/// Adds to a write's sentence which records are gone for good, if there are any (`pruned`).
pub fn say_gone(written: &mut Written) {
    match written.extra.get("pruned").and_then(|pruned| pruned.as_array()).map(Vec::as_slice) {
        None => {}
        Some([one]) => {
            let id = one.as_str().unwrap_or_default();
            let back = match removed_from(written, id) {
                // The trash shows a former member, and restores none: who joins again joins anew.
                Some(entity) => format!(
                    "; the record is gone for good: `crdtctl member add {} -e {}` adds the member again",
                    word(id),
                    word(&entity)
                ),
                None => format!(
                    "; {} is gone for good, and kept in the trash for {TRASH_DAYS} days: \
                     `crdtctl trash restore {}`",
                    // The sentence may have spoken of other records since.
                    if written.sentence.contains("; ") { "what was removed" } else { "it" },
                    word(id)
                ),
            };
            written.sentence.push_str(&back);
        }
        Some(several) => written.sentence.push_str(&format!("; {}", lost(several.len()))),
    }
}

/// Returns the entity that a write removed this member from; `None` if it did something else.
fn removed_from(written: &Written, id: &str) -> Option<String> {
    let doc = DocId::parse(written.doc.as_deref()?).ok()?;
    let is_member = doc.concern() == Some(core::SPEC.name) && written.id.as_deref() == Some(id);
    doc.entity().filter(|_| is_member).map(|entity| entity.to_string())
}

/// Returns the sentence about records that left their documents.
pub fn lost(records: usize) -> String {
    match records {
        1 => format!(
            "1 record is gone for good, and kept for {TRASH_DAYS} days: `crdtctl trash list`"
        ),
        n => format!(
            "{n} records are gone for good, and kept for {TRASH_DAYS} days: `crdtctl trash list`"
        ),
    }
}
