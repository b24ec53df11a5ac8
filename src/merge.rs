//! After the updates of an import are applied: the rules that keep the merge right, and the
//! account of what it brought.
//!
//! Order: containers that were replaced are united (R3); registers that yrs decided by client id
//! are decided by time (R4, not yet); what this replica's member has now seen deleted is
//! acknowledged; what everybody has acknowledged is pruned.

use crate::concern::{self, Collection, FieldKind, Removal, Spec, borrowed, core};
use crate::crdt::container;
use crate::crdt::value::{Record, Source, Value};
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::store::Session;
use crate::tombstone;
use std::collections::BTreeSet;
use std::rc::Rc;

/// What an import did to one document, in records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    pub added: usize,
    pub edited: usize,
    pub deleted: usize,
    /// Tombstones that this replica's member has acknowledged now.
    pub acknowledged: usize,
    /// Tombstones that went, here or at the sender's.
    pub pruned: usize,
    /// Values that lost a conflict.
    pub conflicts: usize,
}

/// Applies the rules to every document that an import changed; each comes with its view from
/// before the import, None when it is new here.
pub fn settle(
    session: &mut Session,
    imported: &[(DocId, Option<Rc<View>>)],
) -> Result<Vec<(DocId, Settled)>> {
    let mut settled = Vec::with_capacity(imported.len());
    for (doc, before) in imported {
        let mut account = Settled::default();
        if let Some(after) = session.view(doc)? {
            account = compare(concern::of(doc), before.as_deref(), &after);
            if let Some(before) = before {
                unite(session, doc, before, &after)?;
            }
        }
        account.acknowledged = tombstone::acknowledge(session, doc)?;
        settled.push((doc.clone(), account));
    }
    prune(session, imported, &mut settled)?;
    Ok(settled)
}

/// Prunes in every document of the entities that were touched: news of the members can free
/// tombstones anywhere.
fn prune(
    session: &mut Session,
    imported: &[(DocId, Option<Rc<View>>)],
    settled: &mut Vec<(DocId, Settled)>,
) -> Result<()> {
    let entities: BTreeSet<EntityId> =
        imported.iter().filter_map(|(doc, _)| doc.entity()).collect();
    for entity in &entities {
        for pruned in tombstone::prune_entity(session, entity)? {
            match settled.iter_mut().find(|(doc, _)| *doc == pruned.doc) {
                Some((_, account)) => account.pruned += 1,
                None => {
                    settled.push((pruned.doc, Settled { pruned: 1, ..Settled::default() }));
                }
            }
        }
    }
    Ok(())
}

/// Unites the flat sets whose container the import replaced (rule R3).
fn unite(session: &mut Session, doc: &DocId, before: &View, after: &View) -> Result<()> {
    let Some(spec) = concern::of(doc) else { return Ok(()) };
    let mut lost: Vec<(Vec<String>, Value)> = Vec::new();
    for path in spec.collections.iter().flat_map(|collection| set_paths(collection, before)) {
        if let Some(old) = container::replaced(before, after, &borrowed(&path)) {
            lost.push((path, old));
        }
    }
    if lost.is_empty() {
        return Ok(());
    }
    session.edit(doc, |txn| {
        for (path, old) in &lost {
            container::unite(txn, &borrowed(path), old)?;
        }
        Ok(())
    })
}

/// The paths of every container in a collection that means a set: acknowledgements, reactions,
/// and the members of each reaction.
fn set_paths(collection: &Collection, source: &View) -> Vec<Vec<String>> {
    // What was taken back has new acknowledgements on purpose (a member, a restored card, an issue
    // opened again): the old ones must not count for its next removal. Where they were lost by
    // chance, each replica writes its own again.
    let is_archived = |marks: &concern::Tombstone| marks.removal == Removal::IntoArchive;
    let revives = collection.noun == core::MEMBERS.noun
        || collection.tombstone.as_ref().is_some_and(is_archived);
    let sets: Vec<_> = collection
        .fields
        .iter()
        .filter(|field| match field.kind {
            FieldKind::Acknowledgements => !revives,
            kind => kind == FieldKind::Reactions,
        })
        .collect();
    if sets.is_empty() {
        return Vec::new();
    }
    let mut paths = Vec::new();
    for record in collection.records(source) {
        for field in &sets {
            let mut path = record.clone();
            path.push(field.name.to_owned());
            if field.kind == FieldKind::Reactions {
                for emoji in source.keys(&borrowed(&path)) {
                    paths.push(path.iter().cloned().chain([emoji]).collect());
                }
            }
            paths.push(path);
        }
    }
    paths
}

/// What changed between two views of a document, counted in records. Records that are never
/// deleted (threads, metadata) are no news by themselves; a document that no concern understands
/// is counted by the keys of its roots.
pub fn compare(spec: Option<&Spec>, before: Option<&View>, after: &View) -> Settled {
    let mut account = Settled::default();
    match spec.filter(|spec| !spec.collections.is_empty()) {
        Some(spec) => {
            for collection in spec.collections.iter().filter(|c| c.tombstone.is_some()) {
                count_collection(collection, before, after, &mut account);
            }
        }
        None => count_keys(before, after, &mut account),
    }
    if spec.is_some() {
        let metadata = |view: &View| view.value(&["metadata"]);
        account.edited += usize::from(before.is_some_and(|old| metadata(old) != metadata(after)));
    }
    account
}

fn count_collection(
    collection: &Collection,
    before: Option<&View>,
    after: &View,
    account: &mut Settled,
) {
    for path in collection.records(after) {
        let steps = borrowed(&path);
        let deleted = collection.is_deleted(after, &path);
        let old = before.filter(|before| before.container(&steps).is_some());
        match old {
            None => account.added += usize::from(!deleted),
            Some(old) if deleted && !collection.is_deleted(old, &path) => account.deleted += 1,
            // Most records of most imports: no need to read them.
            Some(old) if old.shows_the_same(after, &steps) => {}
            Some(old) if content(collection, old, &steps) != content(collection, after, &steps) => {
                account.edited += 1;
            }
            Some(_) => {}
        }
    }
    let Some(before) = before else { return };
    let gone = collection
        .records(before)
        .into_iter()
        .filter(|path| after.container(&borrowed(path)).is_none());
    account.pruned += gone.count();
}

/// A record without its acknowledgements, which are no edit.
fn content(collection: &Collection, source: &View, path: &[&str]) -> Record {
    let mut record = source.record(path).unwrap_or_default();
    for field in collection.fields {
        if field.kind == FieldKind::Acknowledgements {
            record.remove(field.name);
        }
    }
    record
}

fn count_keys(before: Option<&View>, after: &View, account: &mut Settled) {
    let keys_of =
        |view: &View, root: &str| -> BTreeSet<String> { view.keys(&[root]).into_iter().collect() };
    // The roots of both: a root that lost all its keys is not among those of `after`.
    let roots: BTreeSet<String> =
        before.map(View::roots).unwrap_or_default().into_iter().chain(after.roots()).collect();
    for root in roots {
        let new = keys_of(after, &root);
        let old = before.map(|before| keys_of(before, &root)).unwrap_or_default();
        account.added += new.difference(&old).count();
        account.deleted += old.difference(&new).count();
        let kept = new.intersection(&old);
        account.edited += kept
            .filter(|key| {
                before.is_some_and(|old| old.value(&[&root, key]) != after.value(&[&root, key]))
            })
            .count();
    }
}
