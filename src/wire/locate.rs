//! The place of every block, as far as the bytes tell it.
//!
//! No rule of the gate is needed, so this works for updates that were only walked: documents of other
//! programs with XML, formats or sub-documents, and damaged ones.

use super::numbers::Numbers;
use super::{Block, BlockKind, Id, Owner, Parent, Update, Value};
use std::cell::Cell;
use std::collections::HashMap;

/// Not looked at yet.
const UNSET: u32 = u32::MAX;
/// Its origins are being looked at.
const VISITING: u32 = u32::MAX - 1;
/// It has no place: it is collected, or its origins are.
const GONE: u32 = u32::MAX - 2;
/// What it refers to is not in the update.
const OPEN: u32 = u32::MAX - 3;
/// Marks the index of a root among those of blocks: there are fewer of either than this.
const ROOT: u32 = 1 << 31;

/// The locations of an update's blocks. A location is identified by the block that names it.
pub struct Locations<'a> {
    update: Update<'a>,
    /// Per block.
    of_block: Vec<u32>,
    /// Per block that names a location, its container, if that is in the update: the block that created it,
    /// or [`ROOT`] and the index of a root.
    owners: Numbers,
    /// Per block that names a location with a key, the length of the key in bytes.
    key_lens: Numbers,
    roots: Vec<&'a str>,
    root_index: HashMap<&'a [u8], u32>,
    /// The root that was named last, and its index.
    last_root: Option<(&'a [u8], u32)>,
    /// The container that was named last, and its block: it is usually the next one's too.
    last: Cell<Option<(Id, Option<usize>)>>,
}

/// A container, and the key there if it is a map. Concurrent items each bring a location of their own, though
/// they are in the same one.
#[derive(Debug, Clone, Copy)]
pub struct Location<'a> {
    /// The container: a root by its index ([`Locations::root`]), or the item that created it.
    pub owner: Owner,
    /// The key in a map; `None` in a sequence.
    pub key: Option<&'a str>,
}

/// The container of a location, identified by its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LocationOwner {
    /// The root with this index ([`Locations::root`]).
    Root(u32),
    /// The container that the item in this block created.
    Block(u32),
    /// A container created by an item that the update does not hold.
    Unknown,
}

/// The result of looking at a block.
enum Look {
    Known(u32),
    /// That other block has to be looked at first.
    After(usize),
}

impl<S> Update<'_, S> {
    /// Whether it refers to nothing outside, and has no gap, whatever it holds. Linear, except for one search
    /// per reference.
    pub fn is_whole(&self) -> bool {
        self.clients.iter().all(|client| client.first == 0)
            && self.blocks.iter().all(|block| {
                block.kind != BlockKind::Skip
                    && self.raw_header(block).references().all(|id| self.find(id).is_some())
            })
    }
}

impl<'a> Locations<'a> {
    /// Finds the location of every block; linear, without recursion.
    pub fn of<S>(update: &Update<'a, S>) -> Locations<'a> {
        let mut locations = Locations {
            update: update.unchecked(),
            of_block: vec![UNSET; update.blocks.len()],
            owners: Numbers::none(update.blocks.len()),
            key_lens: Numbers::none(update.blocks.len()),
            last_root: None,
            roots: Vec::new(),
            root_index: HashMap::new(),
            last: Cell::new(None),
        };
        let mut turn = Vec::new();
        for index in 0..update.blocks.len() {
            match locations.look(index) {
                Look::Known(location) => locations.set(index, location),
                Look::After(_) => turn.push(index),
            }
            while let Some(at) = turn.last().copied() {
                match locations.look(at) {
                    Look::Known(location) => {
                        locations.set(at, location);
                        turn.pop();
                    }
                    Look::After(other) => {
                        locations.set(at, VISITING);
                        turn.push(other);
                    }
                }
            }
        }
        locations
    }

    /// Returns the location of a block, or `None` if it has none, or one outside the update.
    pub fn index(&self, block: usize) -> Option<usize> {
        let location = self.of_block.get(block).copied().unwrap_or(GONE);
        (location < OPEN).then_some(location as usize)
    }

    /// Returns every location, as the index that [`Locations::index`] gives, in order.
    pub fn all(&self) -> impl Iterator<Item = usize> {
        (0..self.of_block.len()).filter(|block| self.index(*block) == Some(*block))
    }

    /// Returns the container of a location, given by an index from [`Locations::index`].
    pub fn around(&self, location: usize) -> LocationOwner {
        match self.owners.get(location) {
            None => LocationOwner::Unknown,
            Some(root) if root & ROOT != 0 => LocationOwner::Root(root & !ROOT),
            Some(block) => LocationOwner::Block(block),
        }
    }

    /// Returns the key of a location in a map, as the bytes of its text.
    pub fn key(&self, location: usize) -> Option<&'a [u8]> {
        let len = self.key_lens.get(location)?;
        self.update.bytes.get(self.update.blocks.get(location)?.key_span(len))
    }

    /// Whether a location is one under a key.
    pub fn is_keyed(&self, location: usize) -> bool {
        self.key_lens.get(location).is_some()
    }

    /// Returns an exclusive upper bound for location indices.
    pub fn end(&self) -> usize {
        self.of_block.len()
    }

    /// Returns the location with an index from [`Locations::index`], or `None` for any other index.
    pub fn get(&self, location: usize) -> Option<Location<'a>> {
        let header = self.update.header(self.update.blocks.get(location)?);
        let owner = match header.parent? {
            Parent::Root(name) => Owner::Root(self.root_index.get(name.as_bytes()).copied()?),
            Parent::Item(id) => Owner::Item { id, block: self.found(id).map(|at| at as u32) },
        };
        Some(Location { owner, key: header.key })
    }

    fn found(&self, id: Id) -> Option<usize> {
        let block = match self.last.get() {
            Some((last, block)) if last == id => block,
            _ => self.update.find(id),
        };
        self.last.set(Some((id, block)));
        block
    }

    /// Returns the name of the root with this index ([`Owner::Root`]); empty for any other index.
    pub fn root(&self, root: u32) -> &'a str {
        self.roots.get(root as usize).copied().unwrap_or("")
    }

    /// Returns the maps in sequences whose field `id` is a text: the item and the block that created each,
    /// and that text. If the field was written several times, each value is returned, in block order.
    pub fn named_elements<'l, S>(
        &'l self,
        update: &'l Update<'a, S>,
    ) -> impl Iterator<Item = (Id, u32, String)> + 'l {
        update.blocks.iter().enumerate().filter_map(|(index, block)| {
            let field = self.get(self.index(index)?).filter(|field| field.key == Some("id"))?;
            let Owner::Item { id, block: Some(element) } = field.owner else { return None };
            let stands = self.get(self.index(element as usize)?)?;
            match stands.key.is_none().then(|| update.scalar(block))?? {
                Value::String(name) => Some((id, element, name)),
                _ => None,
            }
        })
    }

    fn set(&mut self, block: usize, location: u32) {
        if let Some(entry) = self.of_block.get_mut(block) {
            *entry = location;
        }
    }

    fn look(&mut self, index: usize) -> Look {
        let known = self.of_block.get(index).copied().unwrap_or(GONE);
        if known != UNSET && known != VISITING {
            return Look::Known(known);
        }
        let Some(block) = self.update.blocks.get(index) else { return Look::Known(GONE) };
        if matches!(block.kind, BlockKind::Gc | BlockKind::Skip) {
            return Look::Known(GONE);
        }
        let header = self.update.raw_header(block);
        let owner = match header.parent {
            Some(Parent::Root(name)) => Some(ROOT | self.root_named(name)),
            Some(Parent::Item(id)) => {
                let around = self.found(id);
                if around.and_then(|at| self.update.blocks.get(at)).is_some_and(is_gc) {
                    return Look::Known(GONE);
                }
                around.map(|at| at as u32)
            }
            // As in yrs, an origin that is gone does not count, and the left one comes first.
            None => return self.inherit([header.left, header.right]),
        };
        if let Some(owner) = owner {
            self.owners.set(index, owner);
        }
        if let Some(key) = header.key {
            self.key_lens.set(index, key.len() as u32);
        }
        Look::Known(index as u32)
    }

    fn root_named(&mut self, name: &'a [u8]) -> u32 {
        if let Some((_, root)) = self.last_root.filter(|(last, _)| *last == name) {
            return root;
        }
        let roots = &mut self.roots;
        let root = *self.root_index.entry(name).or_insert_with(|| {
            roots.push(std::str::from_utf8(name).unwrap_or_default());
            roots.len() as u32 - 1
        });
        self.last_root = Some((name, root));
        root
    }

    fn inherit(&self, origins: [Option<Id>; 2]) -> Look {
        let mut found = GONE;
        for origin in origins.into_iter().flatten() {
            let Some(other) = self.update.find(origin) else {
                found = OPEN;
                continue;
            };
            match self.of_block.get(other).copied().unwrap_or(GONE) {
                UNSET => return Look::After(other),
                GONE => {}
                VISITING | OPEN => found = OPEN,
                location => return Look::Known(location),
            }
        }
        Look::Known(found)
    }
}

fn is_gc(block: &Block) -> bool {
    block.kind == BlockKind::Gc
}
