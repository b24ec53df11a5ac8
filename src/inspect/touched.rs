//! Finds which records an update touched, by the current document.
//!
//! An update alone does not tell the place of all its items: an item that follows another one takes its place
//! from that. The document knows it, as long as it has not garbage-collected the item.

use super::path::{bracketed, keys};
use crate::path::DocPath;
use crate::schema::{Collection, Spec};
use crate::wire::{Block, Fault, Id, Locations, Update};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The contents of an update, and what it touched.
#[derive(Debug, Clone, Default)]
pub struct Touched {
    /// The number of blocks in the update itself, including known ones.
    pub blocks: usize,
    /// The units of content it adds.
    pub added: u64,
    /// The units of content it deletes, including those deleted before.
    pub deleted: u64,
    /// Sorted by their paths.
    pub records: Vec<TouchedRecord>,
    /// Units whose place the document no longer tells.
    pub collected: u64,
}

/// A record that was touched; public API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TouchedRecord {
    /// Its kind; the name of its root if no concern knows it.
    pub kind: String,
    /// The last step of its path: its key, or in a sequence its field `id`.
    pub id: String,
    /// The steps from the root to it, joined by `/`.
    pub path: String,
    /// The same as separate steps.
    #[serde(skip)]
    pub steps: DocPath,
    /// Judged by whether the update holds the record's own item, as far as the document still tells.
    pub change: TouchKind,
    /// The fields that were written. Empty for a change of the whole record.
    pub fields: BTreeSet<String>,
}

/// What was done to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TouchKind {
    /// Some fields were written, or another record replaced it under its key.
    Edited,
    /// The update created it.
    Created,
    /// The update removed it for good; setting a tombstone is only an edit.
    Removed,
}

/// A unit of content that an update wrote or deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TouchedUnit {
    /// The client that wrote it, and its clock.
    pub id: Id,
    /// The steps from the root to it; for a unit in a sequence, to the sequence.
    pub path: DocPath,
    /// Whether it is the value of a key, which is the last step.
    pub keyed: bool,
    /// Whether the update deleted it; otherwise it wrote it.
    pub deleted: bool,
}

/// Returns what an update touched, according to the document.
///
/// # Errors
/// The fault of either's bytes.
pub fn touched(
    spec: Option<&'static Spec>,
    document: &[u8],
    update: &[u8],
) -> Result<Touched, Fault> {
    TouchMap::of(spec, &Update::walk(document)?).touched(update)
}

/// A document prepared for finding what many updates touched.
pub struct TouchMap<'d, 'a> {
    spec: Option<&'static Spec>,
    document: &'d Update<'a>,
    /// The indices of each client's blocks.
    ranges: BTreeMap<u64, Range<usize>>,
    locations: Locations<'a>,
    /// The ids of records in sequences, by the steps to them.
    names: BTreeMap<String, String>,
}

impl<'d, 'a> TouchMap<'d, 'a> {
    /// Prepares the current document.
    pub fn of(spec: Option<&'static Spec>, document: &'d Update<'a>) -> Self {
        let locations = Locations::of(document);
        let named = locations.named_elements(document);
        TouchMap {
            spec,
            ranges: document.client_ranges().collect(),
            names: named.map(|(id, _, name)| (bracketed(id), name)).collect(),
            locations,
            document,
        }
    }

    /// Returns the keys that lead to a location; the key of a record in a sequence is its id, if the document
    /// still tells it.
    fn keys(&self, place: usize) -> DocPath {
        let keys = keys(&self.locations, place);
        keys.iter().map(|key| self.names.get(key).unwrap_or(key).clone()).collect()
    }

    /// Returns what an update wrote and deleted, unit by unit, as far as the document tells its place.
    ///
    /// # Errors
    /// The fault of its bytes.
    pub fn units(&self, update: &[u8]) -> Result<Vec<TouchedUnit>, Fault> {
        let update = Update::walk(update)?;
        let written = update.clients().flat_map(|(client, blocks)| {
            blocks.iter().map(move |block| (client, block.clock..block.next_clock(), false))
        });
        let deleted = update.delete_set().iter().map(|(client, range)| (client, range, true));
        let mut found = Vec::new();
        for (client, range, deleted) in written.chain(deleted) {
            for (index, units) in self.met(client, range) {
                let Some(place) = self.locations.index(index) else { continue };
                let path = self.keys(place);
                let keyed = self.locations.get(place).is_some_and(|place| place.key.is_some());
                let unit = |clock| TouchedUnit {
                    id: Id { client, clock },
                    path: path.clone(),
                    keyed,
                    deleted,
                };
                found.extend(units.map(unit));
            }
        }
        Ok(found)
    }

    /// Returns the blocks that hold some of these units, each with those it holds.
    fn met(&self, client: u64, units: Range<u32>) -> Vec<(usize, Range<u32>)> {
        let mine = self.ranges.get(&client).cloned().unwrap_or(0..0);
        let held = |block: &Block| block.clock.max(units.start)..block.next_clock().min(units.end);
        let within = self.document.blocks_within(mine, units.clone());
        within.filter_map(|index| Some((index, held(self.document.blocks().get(index)?)))).collect()
    }

    /// Returns the paths of the records that an update touches, as far as the document still tells.
    ///
    /// # Errors
    /// The fault of its bytes.
    pub fn paths(&self, update: &[u8]) -> Result<BTreeSet<DocPath>, Fault> {
        Ok(self.read(&Update::walk(update)?).records.into_keys().collect())
    }

    /// Returns what an update touched. The time depends on the size of the update, not of the document.
    ///
    /// # Errors
    /// The fault of its bytes.
    pub fn touched(&self, update: &[u8]) -> Result<Touched, Fault> {
        Ok(self.read(&Update::walk(update)?).finish())
    }

    fn read(&self, update: &Update<'_>) -> TouchReader<'_, 'd, 'a> {
        let mut account = TouchReader {
            standing: self,
            touched: Touched { blocks: update.blocks().len(), ..Touched::default() },
            records: BTreeMap::new(),
        };
        for (client, blocks) in update.clients() {
            for block in blocks {
                account.touched.added += u64::from(block.len);
                account.note(client, block.clock..block.next_clock(), false);
            }
        }
        for (client, range) in update.delete_set().iter() {
            account.touched.deleted += u64::from(range.end.saturating_sub(range.start));
            account.note(client, range, true);
        }
        account
    }
}

struct TouchReader<'s, 'd, 'a> {
    standing: &'s TouchMap<'d, 'a>,
    touched: Touched,
    records: BTreeMap<DocPath, SeenRecords>,
}

impl TouchReader<'_, '_, '_> {
    /// Records the place of units.
    fn note(&mut self, client: u64, units: Range<u32>, deleted: bool) {
        let all = u64::from(units.end.saturating_sub(units.start));
        let met = self.standing.met(client, units).into_iter();
        let met: Vec<(usize, u64)> = met
            .map(|(index, held)| (index, u64::from(held.end.saturating_sub(held.start))))
            .collect();
        let known: u64 = met.iter().map(|(_, units)| *units).sum();
        self.touched.collected += all.saturating_sub(known);
        for (index, units) in met {
            match self.standing.locations.index(index) {
                Some(place) => self.touch(self.standing.keys(place), deleted),
                None => self.touched.collected += units,
            }
        }
    }

    fn touch(&mut self, mut path: DocPath, deleted: bool) {
        let collection = self.standing.spec.and_then(|spec| collection_of(spec, &path));
        let depth = collection.map_or(2, |collection| collection.path.len() + 1);
        let whole = path.len() <= depth;
        let (root, field) = (path.first().cloned(), path.get(depth).cloned());
        path.truncate(depth);
        let record = self.records.entry(path).or_insert_with_key(|path| SeenRecords {
            kind: collection
                .map_or_else(|| root.unwrap_or_default(), |collection| collection.noun.to_owned()),
            path: path.clone(),
            made: false,
            gone: false,
            fields: BTreeSet::new(),
        });
        record.made |= whole && !deleted;
        record.gone |= whole && deleted;
        record.fields.extend(field);
    }

    fn finish(self) -> Touched {
        let records = self.records.into_values().map(SeenRecords::record).collect();
        Touched { records, ..self.touched }
    }
}

/// A record being collected while blocks are scanned.
struct SeenRecords {
    kind: String,
    path: DocPath,
    /// Whether its own item was added, and whether it was deleted.
    made: bool,
    gone: bool,
    fields: BTreeSet<String>,
}

impl SeenRecords {
    fn record(self) -> TouchedRecord {
        let change = match (self.made, self.gone) {
            (true, false) => TouchKind::Created,
            (false, true) => TouchKind::Removed,
            // Both: another value, or another record, has replaced it.
            _ => TouchKind::Edited,
        };
        TouchedRecord {
            kind: self.kind,
            id: self.path.last().cloned().unwrap_or_default(),
            path: super::path::joined(&self.path),
            steps: self.path,
            change,
            fields: if change == TouchKind::Edited { self.fields } else { BTreeSet::new() },
        }
    }
}

/// Returns the collection of a record at the beginning of a path: the deepest.
fn collection_of(spec: &'static Spec, path: &[String]) -> Option<&'static Collection> {
    let fits = |collection: &&Collection| {
        let same = |(listed, step): (&&str, &String)| *listed == "*" || listed == step;
        path.len() > collection.path.len() && collection.path.iter().zip(path).all(same)
    };
    spec.collections.iter().filter(fits).max_by_key(|collection| collection.path.len())
}
