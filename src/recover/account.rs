//! Determines what became of each record.
//!
//! A lost record can be named only if something still refers to it: blocks that could not be used, sources
//! that disagree, bytes that could not be read in order.

use super::shown::Shown;
use super::source::{Read, checked};
use crate::concern::{self};
use crate::crdt::container;
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, Field, FieldKind, Spec};
use crate::wire::{
    BlockKind, Checked, Clocks, Head, Id, RootKind, Salvage, Trace, Traced, Update, Value, heads,
};
use std::collections::{BTreeMap, BTreeSet};

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Completeness {
    /// Something refers to it, but nothing of it could be read.
    Lost,
    /// It is there, but parts of the fields in `missing` are not.
    Partial,
    /// It is there with everything that is referred to.
    Whole,
}

impl Completeness {
    /// Returns the name in reports; public API.
    pub fn name(self) -> &'static str {
        match self {
            Completeness::Lost => "lost",
            Completeness::Partial => "partial",
            Completeness::Whole => "whole",
        }
    }
}

/// A record of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveredRecord {
    /// The name of its kind; the root if no collection holds it.
    pub kind: String,
    /// Its key, or its field `id` in a sequence.
    pub id: String,
    /// How much of it is in the rebuilt document.
    pub fate: Completeness,
    /// The fields of which something is missing.
    pub missing: Vec<String>,
}

/// Kind and id.
type Name = (String, String);

struct Survey<'a> {
    shape: RecordShape,
    view: &'a View,
    result: &'a Update<'a, Checked>,
    /// The clocks of the result.
    clocks: Clocks,
    trace: &'a Trace<'a, 'a, Checked>,
    /// The records that the document shows.
    live: BTreeSet<Name>,
    /// The records that the document refers to, including removed ones.
    named: BTreeSet<Name>,
    missing: BTreeMap<Name, BTreeSet<String>>,
    lost: BTreeSet<Name>,
    /// Built on demand.
    shown: Option<Shown>,
}

/// Lists every record of `state`, and those that the sources refer to but it lacks.
pub fn account(doc: &DocId, state: &[u8], read: &[Read<'_>]) -> Result<Vec<RecoveredRecord>> {
    let result = checked(state, concern::expected(doc))?;
    let view = View::of(&result);
    let trace = Trace::of(&result);
    let salvages: Vec<&Salvage<'_>> = read.iter().flat_map(|read| &read.salvages).collect();
    let mut shape = RecordShape::of(concern::of(doc), &view);
    let known = trace.items(None);
    shape.learn(&known);
    for salvage in &salvages {
        shape.learn(&Trace::of(salvage.update()).items(Some(&trace)));
    }
    let named = known.iter().filter_map(|item| shape.record(&item.steps)).map(|(name, _)| name);
    let mut account = Survey {
        live: shape.live(&view),
        named: named.collect(),
        view: &view,
        result: &result,
        clocks: result.version().clocks,
        trace: &trace,
        missing: BTreeMap::new(),
        lost: BTreeSet::new(),
        shown: None,
        shape,
    };
    for salvage in &salvages {
        account.unused(salvage);
        account.unread(salvage);
    }
    let cuts: Vec<Id> = salvages.iter().filter_map(|salvage| salvage.cut).collect();
    if !cuts.is_empty() {
        account.fields(&cuts);
    }
    let is_sound = |read: &Read<'_>| read.salvages.iter().all(|salvage| salvage.fault.is_none());
    let went_on = read.iter().any(|read| read.operations > 0 && is_sound(read));
    let lacks_some = |salvage: &&Salvage<'_>| {
        account.lacks_rest(salvage, went_on) || account.holds_unplaced(salvage)
    };
    if salvages.iter().any(lacks_some) {
        account.containers();
    }
    Ok(account.finish())
}

impl Survey<'_> {
    /// Handles blocks that were read but whose content is not in the document.
    fn unused(&mut self, salvage: &Salvage<'_>) {
        // If damaged bytes disagree with sound ones, nothing is lost.
        let forks = match salvage.fault {
            Some(_) => BTreeMap::new(),
            None => salvage.forks(self.result),
        };
        for item in Trace::of(salvage.update()).items(Some(self.trace)) {
            let end = item.block.next_clock();
            let has = self.clocks.get(&item.client).is_some_and(|clock| end <= *clock);
            let forked = forks.get(&item.client).is_some_and(|clock| *clock < end);
            let dead =
                item.block.kind == BlockKind::Deleted || salvage.deletes(item.client, item.block);
            if (has && !forked) || dead || self.shows(salvage, &item) {
                continue;
            }
            if let Some((name, field)) = self.shape.record(&item.steps) {
                self.lacks(name, field);
            }
        }
    }

    /// Returns whether the document shows the same at the same place, whoever wrote it there.
    fn shows(&mut self, salvage: &Salvage<'_>, item: &Traced<'_>) -> bool {
        let shown = self.shown.get_or_insert_with(|| Shown::of(self.view));
        match item.block.kind {
            BlockKind::Type => shown.holds(&item.steps, None),
            _ => {
                let values = salvage.update().plain(item.block);
                !values.is_empty()
                    && values.iter().all(|value| shown.holds(&item.steps, Some(value)))
            }
        }
    }

    /// Handles what the bytes after a fault still show.
    fn unread(&mut self, salvage: &Salvage<'_>) {
        for Head { root, key, is_container } in heads(salvage.unread(), &self.shape.names()) {
            let steps = [root, key];
            let Some((name, field)) = self.shape.record(&steps) else { continue };
            let is_there = self.view.value(&[&steps[0], &steps[1]]).is_some();
            if !is_there && (is_container || field.is_some()) {
                self.lacks(name, field);
            }
        }
    }

    fn lacks(&mut self, name: Name, field: Option<String>) {
        if self.live.contains(&name) {
            self.missing.entry(name).or_default().extend(field);
        } else if !self.named.contains(&name) {
            self.lost.insert(name);
        }
    }

    /// Handles records that end where the bytes were cut and lack a field that they were created with, as far
    /// as the other records show which fields those are.
    fn fields(&mut self, cuts: &[Id]) {
        // Not where another source continued.
        let is_cut = |id: Id| {
            let of_client = cuts.iter().filter(|cut| cut.client == id.client);
            container::is_genesis(id.client)
                || of_client.clone().any(|cut| self.clocks.get(&cut.client) <= Some(&cut.clock))
        };
        for collection in self.shape.collections() {
            let paths: Vec<DocPath> = collection
                .records(self.view)
                .into_iter()
                .filter(|path| !collection.is_deleted(self.view, path))
                .collect();
            let has =
                |path: &[String], field: &Field| self.view.value(&path.field(field.name)).is_some();
            for field in collection.fields.iter().filter(|field| is_born(collection, field)) {
                let (with, without): (Vec<_>, Vec<_>) =
                    paths.iter().partition(|path| has(path, field));
                if with.is_empty() && paths.len() > 1 {
                    continue;
                }
                let cut = |path: &&DocPath| self.view.container(&path.steps()).is_some_and(is_cut);
                for path in without.into_iter().filter(cut) {
                    let id = path.last().cloned().unwrap_or_default();
                    let missing = self.missing.entry((collection.noun.to_owned(), id)).or_default();
                    missing.insert(field.name.to_owned());
                }
            }
        }
    }

    /// Returns whether blocks are missing after those that could be read, and no other source continued.
    fn lacks_rest(&self, salvage: &Salvage<'_>, went_on: bool) -> bool {
        let reached = |cut: Id| self.clocks.get(&cut.client).copied();
        let is_cut = |cut: Id| reached(cut) <= Some(cut.clock);
        salvage.ends_in_blocks() && salvage.cut.map_or(!went_on, is_cut)
    }

    /// Returns whether it has content that the document lacks and whose place is unknown.
    fn holds_unplaced(&self, salvage: &Salvage<'_>) -> bool {
        let placed: BTreeSet<(u64, u32)> = Trace::of(salvage.update())
            .items(Some(self.trace))
            .iter()
            .map(|item| (item.client, item.block.clock))
            .collect();
        salvage.update().clients().any(|(client, blocks)| {
            let reached = self.clocks.get(&client).copied().unwrap_or(0);
            let is_content =
                |kind| !matches!(kind, BlockKind::Gc | BlockKind::Skip | BlockKind::Deleted);
            blocks.iter().any(|block| {
                block.next_clock() > reached
                    && is_content(block.kind)
                    && !salvage.deletes(client, block)
                    && !placed.contains(&(client, block.clock))
            })
        })
    }

    /// If no concern says which fields a record is created with, anything missing may be missing in any
    /// container.
    fn containers(&mut self) {
        for (kind, id) in &self.live {
            let is_known = self.shape.collections().iter().any(|known| known.noun == *kind);
            let value = match kind == id {
                true => self.view.value(&[kind]).or_else(|| self.view.value(&[kind, id])),
                false => self.view.value(&[kind, id]),
            };
            let is_container =
                matches!(value, Some(Value::Map(_) | Value::Array(_) | Value::Text(_)));
            if !is_known && is_container {
                self.missing.entry((kind.clone(), id.clone())).or_default();
            }
        }
    }

    fn finish(self) -> Vec<RecoveredRecord> {
        let record = |(kind, id): Name, fate, missing: BTreeSet<String>| RecoveredRecord {
            kind,
            id,
            fate,
            missing: missing.into_iter().collect(),
        };
        let Survey { live, mut missing, lost, .. } = self;
        let lost = lost.into_iter().map(|name| record(name, Completeness::Lost, BTreeSet::new()));
        let there = live.into_iter().map(|name| match missing.remove(&name) {
            Some(fields) => record(name, Completeness::Partial, fields),
            None => record(name, Completeness::Whole, BTreeSet::new()),
        });
        let mut records: Vec<RecoveredRecord> = lost.chain(there).collect();
        records.sort_by_key(|record| record.fate);
        records
    }
}

/// Returns whether a record without this field was cut off: not one that other programs leave out, and not
/// part of a deletion.
fn is_born(collection: &Collection, field: &Field) -> bool {
    let marks = collection.tombstone.as_ref();
    let of_deletion = marks.is_some_and(|m| m.at == field.name || m.by == Some(field.name));
    (field.kind.is_text() || field.kind == FieldKind::Time)
        && !of_deletion
        && collection.clock != Some(field.name)
}

/// How the records of a document are found.
struct RecordShape {
    spec: Option<&'static Spec>,
    /// Roots whose keys are separate records; every other root is one record.
    of_records: BTreeSet<String>,
    arrays: BTreeSet<String>,
    roots: BTreeSet<String>,
}

impl RecordShape {
    fn of(spec: Option<&'static Spec>, view: &View) -> RecordShape {
        let mut shape = RecordShape {
            spec,
            of_records: BTreeSet::new(),
            arrays: BTreeSet::new(),
            roots: view.roots().into_iter().collect(),
        };
        for (root, kind) in spec.map_or(&[][..], |spec| spec.roots) {
            shape.roots.insert((*root).to_owned());
            if *kind == RootKind::Array {
                shape.arrays.insert((*root).to_owned());
            }
        }
        let arrays = view
            .roots()
            .into_iter()
            .filter(|root| matches!(view.value(&[root]), Some(Value::Array(_))));
        shape.arrays.extend(arrays);
        shape
    }

    /// Learns which roots hold containers.
    fn learn(&mut self, items: &[Traced<'_>]) {
        for item in items {
            if let [root, _, rest @ ..] = item.steps.as_slice()
                && (item.block.kind == BlockKind::Type || !rest.is_empty())
                && !self.of_records.contains(root)
            {
                self.of_records.insert(root.clone());
            }
            if let Some(root) = item.steps.first().filter(|root| !self.roots.contains(*root)) {
                self.roots.insert(root.clone());
            }
        }
    }

    fn collections(&self) -> &'static [Collection] {
        self.spec.map_or(&[], |spec| spec.collections)
    }

    fn names(&self) -> Vec<String> {
        self.roots.iter().cloned().collect()
    }

    /// Returns the record that a path leads into, and its field.
    fn record(&self, steps: &[String]) -> Option<(Name, Option<String>)> {
        let fits = |collection: &&Collection| {
            steps.len() > collection.path.len()
                && collection.path.iter().zip(steps).all(|(a, b)| *a == "*" || *a == b)
        };
        let longest = self.collections().iter().filter(fits).max_by_key(|c| c.path.len());
        if let Some(collection) = longest {
            let id = steps.get(collection.path.len())?.clone();
            let field = steps.get(collection.path.len() + 1).cloned();
            return Some(((collection.noun.to_owned(), id), field));
        }
        let root = steps.first()?.clone();
        match steps.get(1) {
            Some(key) if self.of_records.contains(&root) && !self.arrays.contains(&root) => {
                Some(((root, key.clone()), steps.get(2).cloned()))
            }
            key => Some(((root.clone(), root), key.cloned())),
        }
    }

    /// Returns every record that a document shows.
    fn live(&self, view: &View) -> BTreeSet<Name> {
        let mut live = BTreeSet::new();
        for collection in self.collections() {
            let ids = collection.records(view).into_iter().filter_map(|path| path.last().cloned());
            live.extend(ids.map(|id| (collection.noun.to_owned(), id)));
        }
        let covered: BTreeSet<&str> =
            self.collections().iter().filter_map(|c| c.path.first().copied()).collect();
        for root in view.roots().into_iter().filter(|root| !covered.contains(root.as_str())) {
            if self.of_records.contains(&root) && !self.arrays.contains(&root) {
                live.extend(view.keys(&[&root]).into_iter().map(|key| (root.clone(), key)));
            } else {
                live.insert((root.clone(), root));
            }
        }
        live
    }
}
