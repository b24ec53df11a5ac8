//! The path of each item, as names: for reporting what is there and what was lost.

use super::{Block, BlockKind, ByteReader, Checked, Id, Locations, Owner, Update};
use std::collections::HashMap;

/// More steps than any of crdtctl's paths has.
const STEPS: usize = 64;
/// The longest key that is recognised in bytes that could not be read.
const KEY_BYTES: usize = 256;
/// Info bytes of an item without origins, under a key: a container, and a plain value.
const CONTAINER: u8 = 0x27;
const VALUE: u8 = 0x28;

/// The places of an update's items.
pub struct Trace<'u, 'a, S> {
    update: &'u Update<'a, S>,
    locations: Locations<'a>,
    /// For a block that created a map: the value of its field `id`.
    ids: HashMap<u32, String>,
}

/// An item and its location.
pub struct Traced<'u> {
    /// Who wrote the item.
    pub client: u64,
    /// The block that holds it; a block of several units is one entry.
    pub block: &'u Block,
    /// The root's name, the keys, and for each container in a sequence its field `id`; a plain element of a
    /// sequence adds no step.
    pub steps: Vec<String>,
}

/// What unreadable bytes seem to hold: an item under a key of a root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Head {
    /// The name of the root that the item says it is in.
    pub root: String,
    /// Its key there: usually the id of a record.
    pub key: String,
    /// Otherwise it is a plain value.
    pub is_container: bool,
}

impl<'u, 'a, S> Trace<'u, 'a, S> {
    /// Reads the fields `id` that name the elements of sequences; linear in the update.
    pub fn of(update: &'u Update<'a, S>) -> Self {
        let locations = Locations::of(update);
        let ids = locations.named_elements(update).map(|(_, block, id)| (block, id)).collect();
        Trace { update, locations, ids }
    }

    /// Returns every item whose location is known, here or in `known`; collected ranges have none.
    pub fn items(&self, known: Option<&Trace<'_, '_, Checked>>) -> Vec<Traced<'u>> {
        let mut items = Vec::new();
        for client in &self.update.clients {
            for index in client.blocks.clone() {
                if let Some(block) = self.update.blocks.get(index)
                    && !matches!(block.kind, BlockKind::Gc | BlockKind::Skip)
                    && let Some(steps) = self.steps(index, known)
                {
                    items.push(Traced { client: client.id, block, steps });
                }
            }
        }
        items
    }

    fn steps(&self, block: usize, known: Option<&Trace<'_, '_, Checked>>) -> Option<Vec<String>> {
        let elsewhere = |id: Id| {
            let known = known?;
            known.steps(known.update.find(id)?, None)
        };
        let mut steps = Vec::new();
        let mut at = block;
        for _ in 0..STEPS {
            let Some(location) =
                self.locations.index(at).and_then(|location| self.locations.get(location))
            else {
                let header = self.update.header(self.update.blocks.get(at)?);
                let mut beside = [header.left, header.right].into_iter().flatten();
                return join(beside.find_map(elsewhere)?, steps);
            };
            steps.extend(match location.key {
                Some(key) => Some(key.to_owned()),
                None => self.element(at),
            });
            match location.owner {
                Owner::Root(root) => {
                    return join(vec![self.locations.root(root).to_owned()], steps);
                }
                Owner::Item { block: Some(block), .. } => at = block as usize,
                Owner::Item { id, block: None } => return join(elsewhere(id)?, steps),
            }
        }
        None
    }

    /// Names a container in a sequence: by its id, otherwise by its item.
    fn element(&self, block: usize) -> Option<String> {
        let created =
            self.update.blocks.get(block).filter(|block| block.kind == BlockKind::Type)?;
        if let Some(id) = u32::try_from(block).ok().and_then(|block| self.ids.get(&block)) {
            return Some(id.clone());
        }
        let client = self.update.clients.iter().find(|client| client.blocks.contains(&block))?;
        Some(format!("[{}:{}]", client.id, created.clock))
    }
}

/// Joins the steps from a root with those below them, which are given last one first.
fn join(mut above: Vec<String>, below: Vec<String>) -> Option<Vec<String>> {
    above.extend(below.into_iter().rev());
    Some(above)
}

/// Finds what looks like items under keys of these roots, in bytes that cannot be read in order. Only items
/// that were the first under their key name their place.
pub fn heads(bytes: &[u8], roots: &[String]) -> Vec<Head> {
    let mut heads = Vec::new();
    for at in 0..bytes.len() {
        let is_container = match bytes.get(at) {
            Some(&CONTAINER) => true,
            Some(&VALUE) => false,
            _ => continue,
        };
        let mut reader = ByteReader::at(bytes, at + 1);
        if let Some((root, key)) = head(&mut reader)
            && let Some(root) = roots.iter().find(|name| *name == root)
        {
            heads.push(Head { root: root.clone(), key: key.to_owned(), is_container });
        }
    }
    heads.sort_unstable();
    heads.dedup();
    heads
}

fn head<'a>(reader: &mut ByteReader<'a>) -> Option<(&'a str, &'a str)> {
    if reader.byte() != Ok(1) {
        return None;
    }
    let root = reader.text().ok()?;
    let key = reader.text().ok()?;
    let sane = (1..=KEY_BYTES).contains(&key.len()) && !key.chars().any(char::is_control);
    sane.then_some((root, key))
}
