//! How much work yrs may be given, counted before yrs is asked.
//!
//! The limits are far above what people write ([`MERGE_STEPS`] says how far): what meets them was
//! made to meet them.

use super::first_update::FirstUpdate;
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::gate::Rehearsal;
use crate::limits::{MERGE_STEPS, MERGE_STEPS_PER_BLOCK};
use crate::wire::{BesidePart, Checked, CheckedBytes, Id, Update};
use std::rc::Rc;

/// Steps that imports may take, whatever the number of documents, beside those that each block may
/// take by itself.
#[derive(Debug)]
pub struct Allowance(u64);

impl Default for Allowance {
    fn default() -> Self {
        Allowance(MERGE_STEPS)
    }
}

/// The work that a document has been since it was loaded.
#[derive(Default)]
pub struct Effort {
    rehearsal: Rehearsal,
    /// Updates of the document that the rehearsal has seen.
    seen: usize,
}

impl Effort {
    /// Rehearses a whole state.
    ///
    /// # Errors
    /// `Refused` when it takes more than the limit.
    pub fn of(state: &Update<'_, Checked>) -> Result<Effort> {
        let mut rehearsal = Rehearsal::default();
        let limit = steps_to_open().saturating_add(due(state));
        if !rehearsal.follow(state, limit) {
            return Err(Error::refused(
                "the document would take too long to be opened for writing",
            )
            .because(excess(limit))
            .hint(
                Hint::from("reading works: ")
                    .next(Next::Dump)
                    .and("; whoever wrote it can write it anew"),
            ));
        }
        Ok(Effort { rehearsal, seen: 0 })
    }

    /// Rehearses an update that is ready, in the document that `updates` were made in since it was
    /// loaded, and takes what it costs from the allowance.
    ///
    /// # Errors
    /// `Untrusted` when the allowance does not suffice. What was rehearsed is then forgotten.
    pub fn spend(
        &mut self,
        update: &Update<'_, Checked>,
        updates: &[Vec<u8>],
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

    /// Whether an item is known to stand in a sequence, not under a key.
    pub fn in_sequence(&self, id: Id) -> bool {
        self.rehearsal.in_sequence(id)
    }

    /// What the document has made of what was rehearsed counts as seen.
    pub fn seen(&mut self, updates: usize) {
        self.seen = updates;
    }
}

/// An update as yrs is given it.
pub enum Admitted<'u> {
    /// Whole: the document lacks all of it, and nothing else is joined to it.
    AsItCame(Update<'u, Checked>),
    /// Without what the document holds already, or joined.
    Anew(CheckedBytes<Vec<u8>>),
    /// The same without what stands in roots that no concern knows, and that.
    Apart(CheckedBytes<Vec<u8>>, Rc<BesidePart>),
    /// As it came, for a document that holds nothing, and which is then what it is.
    Whole(FirstUpdate),
}

impl Admitted<'_> {
    /// The update.
    pub fn update(&self) -> Update<'_, Checked> {
        match self {
            Admitted::AsItCame(update) => update.clone(),
            Admitted::Anew(update) | Admitted::Apart(update, _) => update.update(),
            Admitted::Whole(first) => first.state.update(),
        }
    }
}

/// Steps that opening a document may take.
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
    /// The same, to be lowered by a test: documents that meet the real limit take seconds.
    pub static OPENING: std::cell::Cell<u64> = const { std::cell::Cell::new(MERGE_STEPS) };
}

/// The steps that an update may take for its blocks alone.
fn due(update: &Update<'_, Checked>) -> u64 {
    (update.blocks().len() as u64).saturating_mul(MERGE_STEPS_PER_BLOCK)
}

fn excess(limit: u64) -> String {
    format!("more than {limit} steps of merging: no document that people write comes near")
}
