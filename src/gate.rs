//! What may reach yrs: nothing that has not passed here first.
//!
//! Rule 1, structure: [`Update::checked`], and [`Update::fits`] where an update joins a document. Rule 2,
//! readiness: everything it needs is there. Rule 3: it does not fork from what the document holds
//! ([`Update::fork`]). [`admit`] judges several updates for a document by all three, and [`storable`] judges
//! a state before it is stored.

mod admit;
mod causal;
mod check;
mod checked;
mod content;
mod cost;
mod crossing;
mod expected;
mod fork;
mod joining;
#[cfg(test)]
mod tests;

pub use admit::{Need, Verdict, admit};
pub use cost::{Rehearsal, steps_at_most};
pub use expected::Expected;

use crate::wire::{Fault, Update, Version};

/// Walks and checks a state of our own making before it is stored: it must be whole (every client from clock
/// 0, no references outside it), keep rule 1, and delete only within its clocks.
///
/// # Errors
/// The first fault.
pub fn storable(bytes: &[u8]) -> Result<Version, Fault> {
    storable_as(bytes, Expected::Roots(&[]))
}

/// Like [`storable`], for a document with these expectations.
///
/// # Errors
/// The first fault.
pub fn storable_as(bytes: &[u8], expected: Expected<'_>) -> Result<Version, Fault> {
    let update = Update::checked(bytes, expected)?;
    update.is_complete()?;
    Ok(update.version())
}
