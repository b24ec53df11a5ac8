//! What may reach yrs. Nothing does that did not pass here first.
//!
//! Rule 1, the structure: [`Update::checked`], and [`Update::fits`] where an update joins a document.
//! Rule 2, ready: what it needs is there. Rule 3: it does not fork from what the document holds
//! ([`Update::fork`]). [`admit`] judges several updates for a document by all three, and [`storable`]
//! a state before it is stored.

mod admit;
mod causal;
mod check;
mod content;
mod cost;
mod crossing;
mod expected;
mod fork;
mod joining;
#[cfg(test)]
mod tests;

pub use admit::{Need, Verdict, admit};
pub use cost::Rehearsal;
pub use expected::Expected;

use crate::wire::{Fault, Update, Version};

/// Walks and checks a state of our own making before it is stored: whole (every client from clock
/// 0, nothing outside it referred to), within rule 1, its deletions within its clocks.
///
/// # Errors
/// The first fault.
pub fn storable(bytes: &[u8]) -> Result<Version, Fault> {
    storable_as(bytes, Expected::Roots(&[]))
}

/// The same of a document of which something is known.
///
/// # Errors
/// The first fault.
pub fn storable_as(bytes: &[u8], expected: Expected<'_>) -> Result<Version, Fault> {
    let update = Update::checked(bytes, expected)?;
    update.is_complete()?;
    Ok(update.version())
}
