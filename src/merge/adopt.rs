//! Takes in files that another program put over ours, by the rules of an import.

use super::{AppliedUpdate, Incoming, MergeSummary, prune_entity_of, resolve_documents};
use crate::archive;
use crate::concern::{self, core};
use crate::error::Result;
use crate::store::{Adopted, Session};
use crate::tombstone::{self, trash};
use std::collections::BTreeSet;

/// The sender named for a value that came in such a file.
const BY: &str = "another program";

/// Applies the rules of a merge to a document into which another program's file was taken. Returns sentences
/// for people. Used as [`crate::store::Environment::adopt`].
pub fn adopt(session: &mut Session, adopted: &Adopted<'_>) -> Result<Vec<String>> {
    let doc = adopted.doc;
    let core = doc.entity().map(|entity| entity.document(core::SPEC.name));
    let is_core = core.as_ref() == Some(doc);
    // The members are looked up below; their document may have such a file, too.
    if let (Some(core), false) = (&core, is_core) {
        session.view(core)?;
    }
    let part = AppliedUpdate {
        update: adopted.update.clone(),
        seen: None,
        by: Some(BY.to_owned()),
        member: None,
        sender: None,
    };
    let incoming = [Incoming {
        doc: doc.clone(),
        before: Some(adopted.before.clone()),
        parts: vec![part],
        pruned: BTreeSet::new(),
    }];
    let mut merged = resolve_documents(session, &incoming)?;
    let unseen = keep_logged(session, adopted)?;
    let pruned = match is_core {
        true => {
            prune_entity_of(session, &incoming, &mut merged.documents)?;
            0
        }
        false => tombstone::prune_document(session, doc)?.len(),
    };
    let sum = |count: fn(&MergeSummary) -> usize| -> usize {
        merged.documents.iter().map(|(_, merged)| count(merged)).sum()
    };
    let (conflicts, gone) = (sum(|s| s.conflicts), sum(|s| s.pruned) + pruned + unseen);
    let mut said = match adopted.missing {
        0 => format!("another program had changed {doc}; its changes and ours are kept"),
        // The log keeps only what is recent.
        missing => format!(
            "another program had put an older {doc} in its place, and the log no longer has all of ours: \
             {missing} of our operations are missing, and come back with a full bundle of somebody who has \
             them"
        ),
    };
    match conflicts {
        0 => {}
        1 => said.push_str(", 1 value lost a conflict and is in the ledger"),
        n => said.push_str(&format!(", {n} values lost conflicts and are in the ledger")),
    }
    match gone {
        0 => {}
        1 => said.push_str(", 1 record is gone for good (`crdtctl trash list` has it)"),
        n => said.push_str(&format!(", {n} records are gone for good (`crdtctl trash list`)")),
    }
    match sum(|s| s.archived) {
        0 => {}
        1 => said.push_str(", 1 record is in the archive now"),
        n => said.push_str(&format!(", {n} records are in the archive now")),
    }
    let not_allowed = merged.audits.into_iter().map(|a| format!("not allowed here: {}", a.message));
    Ok(std::iter::once(said).chain(not_allowed).collect())
}

/// Keeps what the log still shows of records that the file has removed. Returns how many these are.
fn keep_logged(session: &mut Session, adopted: &Adopted<'_>) -> Result<usize> {
    let (Some(logged), Some(spec)) = (&adopted.logged, concern::of(adopted.doc)) else {
        return Ok(0);
    };
    let Some(after) = session.view(adopted.doc)? else { return Ok(0) };
    let (archived, _) =
        archive::vanished(session, adopted.doc, spec, [logged, &after], &BTreeSet::new(), |_| {
            Ok(BTreeSet::new())
        })?;
    trash::keep_vanished(session, adopted.doc, spec, [logged, &after], None, &archived)
}
