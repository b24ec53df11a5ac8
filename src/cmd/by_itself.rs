//! Automatic archiving (`archive auto on`), as a side effect of other commands.

use crate::error::{Error, Result, counted};
use crate::id::{DocId, EntityId};
use crate::limits::ARCHIVE_AGE_SECONDS;
use crate::store::{Open, Store};
use crate::sync::archiving::{self, ArchiveRequest, ArchivedDocument};
use crate::ui;
use std::collections::{BTreeMap, BTreeSet};

/// Archives what may leave the documents over their limit, in a commit of its own, and returns a
/// sentence for each document. Does nothing if the store is not set to do so.
///
/// # Errors
/// As [`archiving::run`].
pub fn archive(store: &Store, open: Open<'_>) -> Result<BTreeMap<DocId, String>> {
    let reader = store.reader()?;
    if open.dry_run || !archiving::is_automatic(reader.state())? {
        return Ok(BTreeMap::new());
    }
    let over = archiving::over_their_limit(&reader)?;
    if over.is_empty() {
        return Ok(BTreeMap::new());
    }
    let documents = run(store, open, over)?;
    let said = |of: &ArchivedDocument| Some((of.doc.clone(), sentence(of)?));
    Ok(documents.iter().filter_map(said).collect())
}

/// Archives what may leave a document that was too full for a write, in a store that is set to do so.
/// Returns a sentence if anything was archived: the write may then be tried once more. No session may
/// be open.
///
/// # Errors
/// As [`archiving::run`].
pub fn make_room(store: &Store, open: Open<'_>, full: &Error) -> Result<Option<String>> {
    let doc = full.full.as_deref().and_then(|doc| DocId::parse(doc).ok());
    let Some(entity) = doc.as_ref().and_then(DocId::entity) else { return Ok(None) };
    let documents = run(store, open, BTreeSet::from([entity]))?;
    let archived = documents.iter().filter(|of| Some(&of.doc) == doc.as_ref());
    Ok(archived.filter(|of| !of.archived.is_empty()).filter_map(sentence).next())
}

fn run(
    store: &Store,
    open: Open<'_>,
    entities: BTreeSet<EntityId>,
) -> Result<Vec<ArchivedDocument>> {
    let cutoff = store.environment().machine.clock.now().saturating_sub(ARCHIVE_AGE_SECONDS);
    let request = ArchiveRequest { entities: Some(entities), cutoff, strict: false };
    let mut documents = archiving::run(store, open, &request)?.documents;
    // Nobody asked the member for it, so nobody has to hear that it may not.
    documents.retain(|document| document.refused.is_none());
    Ok(documents)
}

fn sentence(document: &ArchivedDocument) -> Option<String> {
    let count: usize = document.archived.values().sum();
    let freed = ui::size(document.bytes_before.saturating_sub(document.bytes_after));
    let doc = &document.doc;
    match (count, document.waiting) {
        (0, 0) => None,
        (0, _) => Some(format!(
            "{doc} is over its limit; archiving waits until everybody is known to have the records: \
             `crdtctl archive run -n` says who it waits for"
        )),
        (n, _) => Some(format!("archived {} of {doc}, freed {freed}", counted(n as u64, "record"))),
    }
}
