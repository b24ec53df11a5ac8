//! How much work yrs may be given, counted before yrs is asked.
//!
//! The limits are far above what people write ([`MERGE_STEPS`] says how far): only data made to exceed them
//! does.

use super::first_update::FirstUpdate;
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::gate::{Rehearsal, steps_at_most};
use crate::limits::{MERGE_STEPS, MERGE_STEPS_PER_BLOCK};
use crate::wire::{BesidePart, Checked, CheckedBytes, Id, SharedBytes, Update};
use std::rc::Rc;

/// The steps that imports may take, regardless of the number of documents, in addition to those each block is
/// allowed.
#[derive(Debug)]
pub struct Allowance(u64);

impl Default for Allowance {
    fn default() -> Self {
        Allowance(MERGE_STEPS)
    }
}

/// The work a document has cost since it was loaded.
#[derive(Default)]
pub struct Effort {
    rehearsal: Rehearsal,
    /// How many of the document's updates the rehearsal has seen.
    seen: usize,
}

impl Effort {
    /// Whether a look at a whole state already shows that [`Effort::of`] would not refuse it.
    pub fn is_small(state: &Update<'_, Checked>) -> bool {
        steps_at_most(state) <= limit_to_open(state)
    }

    /// Whether a look at an update already shows that rehearsing it in an empty document would deduct nothing
    /// from any allowance.
    pub fn is_free(update: &Update<'_, Checked>) -> bool {
        steps_at_most(update) <= due(update)
    }

    /// Rehearses a whole state.
    ///
    /// # Errors
    /// `Refused` when it takes more steps than the limit.
    pub fn of(state: &Update<'_, Checked>) -> Result<Effort> {
        let mut rehearsal = Rehearsal::default();
        let limit = limit_to_open(state);
        if !rehearsal.follow(state, limit) {
            return Err(Error::refused("the document would take too long to open for writing")
                .because(excess(limit))
                .hint(
                    Hint::from("reading works: ")
                        .next(Next::Dump)
                        .and("; the program that wrote it can rewrite it"),
                ));
        }
        Ok(Effort { rehearsal, seen: 0 })
    }

    /// Rehearses an update that is ready, in the document whose updates since loading are `updates`, and
    /// deducts its cost from the allowance.
    ///
    /// # Errors
    /// `Untrusted` when the allowance does not suffice. The rehearsal must then be discarded.
    pub fn spend(
        &mut self,
        update: &Update<'_, Checked>,
        updates: &[SharedBytes],
        allowance: &mut Allowance,
    ) -> Result<()> {
        for own in updates.get(self.seen..).unwrap_or(&[]) {
            if let Ok(own) = Update::checked(own, &[]) {
                self.rehearsal.follow(&own, u64::MAX);
            }
        }
        self.seen(updates.len());
        let before = self.rehearsal.steps();
        let due = due(update);
        let limit = before.saturating_add(due).saturating_add(allowance.0);
        if !self.rehearsal.follow(update, limit) {
            return Err(Error::new(Kind::Untrusted, "the update would take too long to be merged")
                .because(excess(MERGE_STEPS)));
        }
        let took = self.rehearsal.steps().saturating_sub(before);
        allowance.0 = allowance.0.saturating_sub(took.saturating_sub(due));
        Ok(())
    }

    /// Whether an item is known to be in a sequence, not under a key.
    pub fn in_sequence(&self, id: Id) -> bool {
        self.rehearsal.in_sequence(id)
    }

    /// Marks the document's first `updates` updates as seen by the rehearsal.
    pub fn seen(&mut self, updates: usize) {
        self.seen = updates;
    }
}

/// An update in the form given to yrs.
pub enum Admitted<'u> {
    /// Whole: the document lacks all of it, and no blocks were joined.
    AsItCame(Update<'u, Checked>),
    /// Without what the document already holds, or with blocks joined.
    Anew(CheckedBytes<Vec<u8>>),
    /// Like `Anew`, without what is in roots that no concern knows; and that part.
    Apart(CheckedBytes<Vec<u8>>, Rc<BesidePart>),
    /// As received, for an empty document, which then holds exactly this.
    Whole(FirstUpdate),
}

impl Admitted<'_> {
    /// Returns the update.
    pub fn update(&self) -> Update<'_, Checked> {
        match self {
            Admitted::AsItCame(update) => update.clone(),
            Admitted::Anew(update) | Admitted::Apart(update, _) => update.update(),
            Admitted::Whole(first) => first.state.update(),
        }
    }
}

fn limit_to_open(state: &Update<'_, Checked>) -> u64 {
    steps_to_open().saturating_add(due(state))
}

/// The steps that opening a document may take.
#[cfg(not(test))]
fn steps_to_open() -> u64 {
    MERGE_STEPS
}

#[cfg(test)]
fn steps_to_open() -> u64 {
    OPENING.get()
}

#[cfg(test)]
thread_local! {
    /// The limit that a test may lower: documents that reach the real one take seconds.
    pub static OPENING: std::cell::Cell<u64> = const { std::cell::Cell::new(MERGE_STEPS) };
}

/// The steps that an update may take for its blocks alone.
fn due(update: &Update<'_, Checked>) -> u64 {
    (update.blocks().len() as u64).saturating_mul(MERGE_STEPS_PER_BLOCK)
}

fn excess(limit: u64) -> String {
    format!("more than {limit} steps of merging: no document that people write comes near that")
}
