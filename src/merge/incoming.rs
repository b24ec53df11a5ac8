//! What an import brings, as the rules look at it.

use crate::crdt::any_view::AnyView;
use crate::crdt::register::MergeSide;
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::wire::{Checked, CheckedBytes, Clocks, IdSet, Update};

/// What came in for one document.
pub struct Incoming<'u> {
    /// The document; no other [`Incoming`] of the import has it.
    pub doc: DocId,
    /// The document before the import; None when it is new here.
    pub before: Option<AnyView>,
    /// The updates that were applied, in that order.
    pub parts: Vec<AppliedUpdate<'u>>,
}

impl Incoming<'_> {
    /// The same with other updates in the place of those that were applied.
    pub fn with_updates<'k>(&'k self, updates: &'k [CheckedBytes<Vec<u8>>]) -> Incoming<'k> {
        let part =
            |(part, update): (&'k AppliedUpdate<'_>, &'k CheckedBytes<Vec<u8>>)| AppliedUpdate {
                update: update.update(),
                seen: part.seen,
                by: part.by.clone(),
                member: part.member.clone(),
            };
        let (doc, before) = (self.doc.clone(), self.before.clone());
        Incoming { doc, before, parts: self.parts.iter().zip(updates).map(part).collect() }
    }

    /// The document of a concern before the import.
    pub(crate) fn before(&self) -> Option<&View> {
        self.before.as_ref().and_then(AnyView::known).map(|view| &**view)
    }
}

/// Of what came into a document that has more than its concern knows, what stands in the roots that
/// it knows, update by update: that is all that the rules are about. None where it is everything.
///
/// # Errors
/// `Bug` where it is no update.
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
    /// What passed the gate, as it was read there.
    pub update: Update<'u, Checked>,
    /// The state vector of whoever sent it; None where nobody says.
    pub seen: Option<&'u Clocks>,
    /// Who sent it, for people.
    pub by: Option<String>,
    /// The member that sent it.
    pub member: Option<String>,
}

/// A merge of one document: how it was, how yrs left it, and what came.
pub struct Merge<'m> {
    /// The document, whose concern's schema says which clock a field goes by.
    pub doc: &'m DocId,
    /// As it was before the import; None where it is new here.
    pub before: Option<&'m View>,
    /// With all that came applied, and nothing decided yet.
    pub after: &'m View,
    /// What was applied; indices into it name the sides everywhere.
    pub sides: &'m [MergeSide<'m>],
    /// Who sent each side, for people.
    pub by: &'m [Option<String>],
    /// The time of the decision, in Unix seconds.
    pub now: i64,
}

/// The sides of a merge.
pub fn sides<'p>(parts: &'p [AppliedUpdate<'_>]) -> Vec<MergeSide<'p>> {
    parts.iter().map(|part| MergeSide { update: part.update.clone(), seen: part.seen }).collect()
}
