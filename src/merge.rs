//! After the updates of an import are applied: the rules that keep the merge right, and the
//! account of what it brought.
//!
//! Order: registers that yrs decided by client id are decided by time (R4), and what lost is kept;
//! containers that were replaced are united (R3); what this replica's member has now seen deleted is
//! acknowledged; what everybody has acknowledged is pruned.

pub mod audit;
pub mod registers;

use crate::concern::{self, Collection, FieldKind, Removal, Spec, borrowed, core};
use crate::crdt::container;
use crate::crdt::update::Clocks;
use crate::crdt::value::{Record, Source, Value};
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::store::{Audit, Session};
use crate::tombstone::{self, trash};
use std::collections::{BTreeMap, BTreeSet};
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

/// What the rules made of an import.
pub struct Settlement {
    pub documents: Vec<(DocId, Settled)>,
    /// What the senders would not have been allowed to do here.
    pub audits: Vec<Audit>,
}

/// What came in for one document.
pub struct Incoming<'u> {
    pub doc: DocId,
    /// The document before the import; None when it is new here.
    pub before: Option<Rc<View>>,
    pub parts: Vec<Part<'u>>,
}

/// One update that was applied.
pub struct Part<'u> {
    pub update: &'u [u8],
    /// The state vector of whoever sent it; None where nobody says.
    pub seen: Option<&'u Clocks>,
    /// Who sent it, for people.
    pub by: Option<String>,
    /// The member that sent it.
    pub member: Option<String>,
}

/// Applies the rules to every document that an import changed.
pub fn settle(session: &mut Session, imported: &[Incoming<'_>]) -> Result<Settlement> {
    let mut settled = Vec::with_capacity(imported.len());
    let mut acts = Vec::with_capacity(imported.len());
    for incoming in imported {
        let Incoming { doc, before, parts } = incoming;
        let mut account = Settled::default();
        if let Some(after) = session.view(doc)? {
            let plan = registers::decide(session, doc, before.as_deref(), parts)?;
            let decided = session.view(doc)?.unwrap_or_else(|| Rc::clone(&after));
            account = compare(concern::of(doc), before.as_deref(), &decided);
            account.conflicts = plan.lost.len();
            acts.push((incoming, plan.acts));
            if let Some(before) = before {
                unite(session, doc, before, &after)?;
                if let Some(spec) = concern::of(doc) {
                    let sender = parts.iter().find_map(|part| part.member.as_deref());
                    trash::keep_vanished(session, doc, spec, [before, &after], sender)?;
                }
            }
        }
        account.acknowledged = tombstone::acknowledge(session, doc)?;
        settled.push((doc.clone(), account));
    }
    let audits = audit_all(session, acts)?;
    prune(session, imported, &mut settled)?;
    Ok(Settlement { documents: settled, audits })
}

/// Audits entity by entity, since the roles are in a document of their own.
fn audit_all(
    session: &mut Session,
    acts: Vec<(&Incoming<'_>, Vec<audit::Act>)>,
) -> Result<Vec<Audit>> {
    let mut entities: BTreeMap<EntityId, Vec<(&Incoming<'_>, Vec<audit::Act>)>> = BTreeMap::new();
    for (incoming, acts) in acts {
        if let Some(entity) = incoming.doc.entity() {
            entities.entry(entity).or_default().push((incoming, acts));
        }
    }
    let mut audits = Vec::new();
    for (entity, imported) in &entities {
        audits.extend(audit::audit(session, entity, imported)?);
    }
    Ok(audits)
}

/// Prunes in every document of the entities that were touched: news of the members can free
/// tombstones anywhere.
fn prune(
    session: &mut Session,
    imported: &[Incoming<'_>],
    settled: &mut Vec<(DocId, Settled)>,
) -> Result<()> {
    let entities: BTreeSet<EntityId> =
        imported.iter().filter_map(|incoming| incoming.doc.entity()).collect();
    let mut pruned: BTreeMap<DocId, usize> = BTreeMap::new();
    for entity in &entities {
        for tombstone in tombstone::prune_entity(session, entity)? {
            *pruned.entry(tombstone.doc).or_default() += 1;
        }
    }
    for (doc, account) in settled.iter_mut() {
        account.pruned += pruned.remove(doc).unwrap_or(0);
    }
    let others = pruned.into_iter();
    settled.extend(others.map(|(doc, pruned)| (doc, Settled { pruned, ..Settled::default() })));
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
        let old = before.filter(|before| before.exists(&steps));
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
    let gone = collection.records(before).into_iter().filter(|path| !after.exists(&borrowed(path)));
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
