//! Where every block stands, as far as the bytes say it.
//!
//! No rule of the gate is asked, so this works for what a walk alone let through: documents of
//! other programs with XML, formats or sub-documents, and damaged ones.

use super::{Block, Id, Kind, Owner, Parent, Update, Value};
use std::collections::HashMap;

/// Not looked at yet.
const UNSET: u32 = u32::MAX;
/// Its origins are being looked at.
const VISITING: u32 = u32::MAX - 1;
/// It stands nowhere: collected, or its origins are.
const GONE: u32 = u32::MAX - 2;
/// What it refers to is not in the update.
const OPEN: u32 = u32::MAX - 3;

/// The locations of an update's blocks.
pub struct Locations<'a> {
    /// Per block.
    of_block: Vec<u32>,
    locations: Vec<Location<'a>>,
    roots: Vec<&'a str>,
    /// The container that was named last, and its block: most often it is the next one's too.
    last: Option<(Id, Option<usize>)>,
}

/// A container, and the key there if it is a map. Two items that were written at once each bring a
/// location of their own, though they stand in the same one.
#[derive(Debug, Clone, Copy)]
pub struct Location<'a> {
    /// The container: a root by its index ([`Locations::root`]), or the item that created it.
    pub owner: Owner,
    /// The key in a map; None in a sequence.
    pub key: Option<&'a str>,
}

/// What is known of a block after a look at it.
enum Look {
    Known(u32),
    /// First that other block.
    After(usize),
}

impl<S> Update<'_, S> {
    /// Whether it refers to nothing outside, and has no gap, whatever it holds. Linear, but for a
    /// search for each reference.
    pub fn is_whole(&self) -> bool {
        let has = |id: Option<Id>| id.is_none_or(|id| self.find(id).is_some());
        self.clients.iter().all(|client| client.first == 0)
            && self.blocks.iter().all(|block| {
                let header = self.header(block);
                let parent = match header.parent {
                    Some(Parent::Item(id)) => Some(id),
                    _ => None,
                };
                block.kind != Kind::Skip && has(header.left) && has(header.right) && has(parent)
            })
    }
}

impl<'a> Locations<'a> {
    /// Finds the location of every block; linear, and no recursion.
    pub fn of<S>(update: &Update<'a, S>) -> Locations<'a> {
        let mut locations = Locations {
            of_block: vec![UNSET; update.blocks.len()],
            locations: Vec::new(),
            roots: Vec::new(),
            last: None,
        };
        let mut root_index = HashMap::new();
        let mut turn = Vec::new();
        for index in 0..update.blocks.len() {
            turn.push(index);
            while let Some(at) = turn.last().copied() {
                match locations.look(update, at, &mut root_index) {
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

    /// The location of a block; none where it has none, or where that is outside the update.
    pub fn index(&self, block: usize) -> Option<usize> {
        let location = self.of_block.get(block).copied().unwrap_or(GONE);
        (location < OPEN).then_some(location as usize)
    }

    /// Every location there is, by the index that [`Locations::index`] gives.
    pub fn all(&self) -> &[Location<'a>] {
        &self.locations
    }

    /// The location with an index of [`Locations::index`]; None for an index that it never gave.
    pub fn get(&self, location: usize) -> Option<Location<'a>> {
        self.locations.get(location).copied()
    }

    /// The name of the root with this index ([`Owner::Root`]); empty for an index that is none.
    pub fn root(&self, root: u32) -> &'a str {
        self.roots.get(root as usize).copied().unwrap_or("")
    }

    /// The maps in sequences that have a text as their field `id`: the item and the block that created
    /// each, and that text. Of one that was written several times, each in the order of the blocks.
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

    fn look<S>(
        &mut self,
        update: &Update<'a, S>,
        index: usize,
        root_index: &mut HashMap<&'a str, u32>,
    ) -> Look {
        let known = self.of_block.get(index).copied().unwrap_or(GONE);
        if known != UNSET && known != VISITING {
            return Look::Known(known);
        }
        let Some(block) = update.blocks.get(index) else { return Look::Known(GONE) };
        if matches!(block.kind, Kind::Gc | Kind::Skip) {
            return Look::Known(GONE);
        }
        let header = update.header(block);
        match header.parent {
            Some(Parent::Root(name)) => {
                let roots = &mut self.roots;
                let root = *root_index.entry(name).or_insert_with(|| {
                    roots.push(name);
                    roots.len() as u32 - 1
                });
                self.add(Location { owner: Owner::Root(root), key: header.key })
            }
            Some(Parent::Item(id)) => {
                let block = match self.last {
                    Some((last, block)) if last == id => block,
                    _ => update.find(id),
                };
                self.last = Some((id, block));
                if block.and_then(|at| update.blocks.get(at)).is_some_and(is_gc) {
                    return Look::Known(GONE);
                }
                let owner = Owner::Item { id, block: block.map(|at| at as u32) };
                self.add(Location { owner, key: header.key })
            }
            // As in yrs, an origin that is gone does not count, and the left one goes first.
            None => self.inherit(update, [header.left, header.right]),
        }
    }

    fn inherit<S>(&self, update: &Update<'a, S>, origins: [Option<Id>; 2]) -> Look {
        let mut found = GONE;
        for origin in origins.into_iter().flatten() {
            let Some(other) = update.find(origin) else {
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

    fn add(&mut self, location: Location<'a>) -> Look {
        self.locations.push(location);
        Look::Known(self.locations.len() as u32 - 1)
    }
}

fn is_gc(block: &Block) -> bool {
    block.kind == Kind::Gc
}
