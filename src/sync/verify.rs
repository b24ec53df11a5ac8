//! Examines a whole bundle without a store.

use super::bundle::Bundle;
use super::manifest::{BundledDocument, Has, Hash};
use super::rows;
use crate::crdt::any_view::AnyView;
use crate::error::{Error, Result};
use crate::gate::Expected;
use crate::id::DocId;
use crate::wire::Update;

/// Checks every update of a bundle by rule 1 of the gate, its statements in the manifest, and every archived
/// row. Bounds and hashes were checked when the bundle was read. Returns how many updates it holds.
///
/// Not promised: that a store accepts it. Whether an update is ready, fits or forks shows only against a
/// document.
///
/// # Errors
/// `Untrusted`, naming the document.
pub fn verify(bundle: &Bundle, expected: fn(&DocId) -> Expected<'static>) -> Result<usize> {
    let full = bundle.manifest().full;
    let mut updates = 0usize;
    for (document, update) in bundle.documents() {
        match update {
            Some(bytes) => {
                verify_update(document, bytes, expected(&document.doc), full)?;
                updates = updates.saturating_add(1);
            }
            None if full => {
                return Err(wrong(document, "a full bundle without the document's state"));
            }
            None => {}
        }
    }
    rows::check(bundle)?;
    Ok(updates)
}

fn verify_update(
    document: &BundledDocument,
    bytes: &[u8],
    expected: Expected<'_>,
    full: bool,
) -> Result<()> {
    let update =
        Update::checked(bytes, expected).map_err(|fault| wrong(document, fault.to_string()))?;
    if *update.needs() != document.needs {
        return Err(wrong(document, "it does not build on what the manifest says"));
    }
    let version = update.version();
    let beyond = |(client, clock): (&u64, &u32)| {
        document.has.state_vector.get(client).is_none_or(|has| has < clock)
    };
    if version.clocks.iter().any(beyond) {
        return Err(wrong(document, "it holds more than the sender has, by the manifest"));
    }
    let whole = update.needs().is_empty() && Has::from(&version) == document.has;
    if full && !whole {
        return Err(wrong(document, "a full bundle holds less than the sender's state"));
    }
    if whole && (document.digest.is_some() || document.sum.is_some()) {
        let shown = AnyView::read(&update).map_err(|e| wrong(document, e.message))?;
        if document.digest.is_some_and(|digest| digest != Hash(shown.digest())) {
            return Err(wrong(document, "its content does not match the manifest's digest"));
        }
        if let (Some(sum), Some(view)) = (document.sum, shown.view())
            && sum != Hash(view.sum().to_bytes())
        {
            return Err(wrong(document, "its content does not match the manifest's sum"));
        }
    }
    Ok(())
}

fn wrong(document: &BundledDocument, reason: impl Into<String>) -> Error {
    Error::untrusted(format!("the update of {} is not valid", document.doc)).because(reason.into())
}
