//! What an import brings, in the form the rules use.

use crate::crdt::any_view::AnyView;
use crate::crdt::register::MergeSide;
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::path::DocPath;
use crate::store::LogRow;
use crate::wire::{Checked, CheckedBytes, Clocks, IdSet, Update};
use std::collections::{BTreeMap, BTreeSet};

/// What came in for one document.
pub struct Incoming<'u> {
    /// The document; no other [`Incoming`] of the import has it.
    pub doc: DocId,
    /// The document before the import; `None` if it is new here.
    pub before: Option<AnyView>,
    /// The updates that were applied, in that order.
    pub parts: Vec<AppliedUpdate<'u>>,
    /// The records that were pruned, as senders say.
    pub pruned: BTreeSet<DocPath>,
}

impl Incoming<'_> {
    /// Returns the same with other updates in place of the applied ones.
    pub fn with_updates<'k>(&'k self, updates: &'k [CheckedBytes<Vec<u8>>]) -> Incoming<'k> {
        let part =
            |(part, update): (&'k AppliedUpdate<'_>, &'k CheckedBytes<Vec<u8>>)| AppliedUpdate {
                update: update.update(),
                seen: part.seen,
                by: part.by.clone(),
                member: part.member.clone(),
                sender: part.sender.clone(),
            };
        let (doc, before, pruned) = (self.doc.clone(), self.before.clone(), self.pruned.clone());
        Incoming { doc, before, parts: self.parts.iter().zip(updates).map(part).collect(), pruned }
    }

    /// Returns the document of a concern before the import.
    pub(crate) fn before(&self) -> Option<&View> {
        self.before.as_ref().and_then(AnyView::known).map(|view| &**view)
    }
}

/// Returns, update by update, only what is in the roots that the concern knows, because the rules are only
/// about that. `None` if that is everything.
///
/// # Errors
/// `Bug` if it is not an update.
pub fn known_parts(
    whole: &Update<'_, Checked>,
    parts: &[AppliedUpdate<'_>],
) -> Result<Option<Vec<CheckedBytes<Vec<u8>>>>> {
    let known = whole.known_roots();
    let has_more = whole.beyond().is_some() || parts.iter().any(|p| p.update.beyond().is_some());
    let Some(known) = known.filter(|_| has_more) else { return Ok(None) };
    let beside = whole.beside(&IdSet::default());
    let part = |part: &AppliedUpdate<'_>| {
        CheckedBytes::check(part.update.without(&part.update.beside(&beside)), known)
            .map_err(|fault| Error::bug("an update that was taken in is not valid").because(fault))
    };
    parts.iter().map(part).collect::<Result<Vec<_>>>().map(Some)
}

/// One update that was applied.
pub struct AppliedUpdate<'u> {
    /// The update that passed the gate, as read there.
    pub update: Update<'u, Checked>,
    /// The state vector of its sender; `None` if unknown.
    pub seen: Option<&'u Clocks>,
    /// Who sent it, for people.
    pub by: Option<String>,
    /// The member that sent it.
    pub member: Option<String>,
    /// What was known of its sender before; `None` if nobody says who that is.
    pub sender: Option<KnownSender>,
}

/// What the sender of an update was known to have of the document before the import.
#[derive(Debug, Clone)]
pub struct KnownSender {
    /// Its replica.
    pub replica: String,
    /// How far it had applied the logs of others.
    pub applied: BTreeMap<String, i64>,
}

impl KnownSender {
    /// Returns whether it was known to have a row of our log, `us` being this replica.
    pub fn has(&self, row: &LogRow, us: &str) -> bool {
        let applied = |replica: &str, seq: i64| {
            self.applied.get(replica).is_some_and(|applied| *applied >= seq)
        };
        let origin = row.origin.as_ref();
        applied(us, row.seq)
            || origin.is_some_and(|(from, seq)| *from == self.replica || applied(from, *seq))
    }
}

/// A merge of one document: its state before, its state as yrs left it, and what came.
pub struct Merge<'m> {
    /// The document, whose concern's schema says which clock a field goes by.
    pub doc: &'m DocId,
    /// The state before the import; `None` if the document is new here.
    pub before: Option<&'m View>,
    /// The state with everything applied, before any rule decides.
    pub after: &'m View,
    /// What was applied; indices into it identify the sides everywhere.
    pub sides: &'m [MergeSide<'m>],
    /// Who sent each side, for people.
    pub by: &'m [Option<String>],
    /// The client id of our own writes, and in whose name they are.
    pub own: (u64, Option<&'m str>),
    /// The time of the decision, in Unix seconds.
    pub now: i64,
}

/// Returns the sides of a merge.
pub fn sides<'p>(parts: &'p [AppliedUpdate<'_>]) -> Vec<MergeSide<'p>> {
    parts.iter().map(|part| MergeSide { update: part.update.clone(), seen: part.seen }).collect()
}
