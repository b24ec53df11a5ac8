//! An update as a data structure, so that it can be reassembled wrongly.

use crate::testing::Rng;
use crdtctl::wire::{BlockKind, Parent, Update};
use std::collections::BTreeMap;

/// A client and a clock, as wide as the format allows.
pub type Name = (u64, u64);

/// An update as lists. Nothing is guaranteed to be valid: it encodes whatever it holds.
#[derive(Debug, Clone, Default)]
pub struct Model {
    pub clients: Vec<Client>,
    pub deletes: Vec<(u64, Vec<(u64, u64)>)>,
}

#[derive(Debug, Clone)]
pub struct Client {
    pub id: u64,
    pub first: u64,
    pub blocks: Vec<Item>,
}

/// One block.
#[derive(Debug, Clone)]
pub struct Item {
    pub kind: u8,
    pub left: Option<Name>,
    pub right: Option<Name>,
    /// Written if there is no origin.
    pub owner: Owner,
    pub key: Option<String>,
    pub content: Vec<u8>,
    pub len: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    Root(String),
    Item(Name),
}

/// The position of an item: its container, and the key there.
pub type Home = (Owner, Option<String>);

pub const GC: u8 = 0;
pub const DELETED: u8 = 1;
pub const BINARY: u8 = 3;
pub const STRING: u8 = 4;
pub const EMBED: u8 = 5;
pub const TYPE: u8 = 7;
pub const ANY: u8 = 8;
pub const SKIP: u8 = 10;

impl Model {
    /// Parses an update that can be walked.
    pub fn of(bytes: &[u8]) -> Model {
        let update = Update::walk(bytes).expect("it walks");
        let clients = update.clients().map(|(id, blocks)| Client {
            id,
            first: u64::from(blocks.first().map_or(0, |block| block.clock)),
            blocks: blocks.iter().map(|block| item(&update, block)).collect(),
        });
        let mut deletes: BTreeMap<u64, Vec<(u64, u64)>> = BTreeMap::new();
        for (client, range) in update.delete_set().iter() {
            let range = (u64::from(range.start), u64::from(range.end - range.start));
            deletes.entry(client).or_default().push(range);
        }
        Model { clients: clients.collect(), deletes: deletes.into_iter().collect() }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = var(self.clients.len() as u64);
        for client in &self.clients {
            out.extend(var(client.blocks.len() as u64));
            out.extend(name((client.id, client.first)));
            client.blocks.iter().for_each(|item| item.encode(&mut out));
        }
        out.extend(var(self.deletes.len() as u64));
        for (client, ranges) in &self.deletes {
            out.extend(name((*client, ranges.len() as u64)));
            ranges.iter().for_each(|range| out.extend(name(*range)));
        }
        out
    }

    /// Returns every block, with the id of its first unit.
    pub fn items(&self) -> impl Iterator<Item = (Name, &Item)> {
        self.clients.iter().flat_map(|client| {
            let clock = |at: usize| {
                let before = client.blocks[..at].iter().map(|item| item.len);
                before.fold(client.first, u64::wrapping_add)
            };
            client.blocks.iter().enumerate().map(move |(at, item)| ((client.id, clock(at)), item))
        })
    }

    pub fn pick<'m>(&'m mut self, rng: &mut Rng) -> Option<&'m mut Item> {
        let count = self.clients.iter().map(|client| client.blocks.len()).sum();
        let at = rng.below(count);
        self.clients.iter_mut().flat_map(|client| &mut client.blocks).nth(at)
    }

    pub fn pick_client<'m>(&'m mut self, rng: &mut Rng) -> Option<&'m mut Client> {
        let at = rng.below(self.clients.len());
        self.clients.get_mut(at)
    }
}

impl Item {
    pub fn new(kind: u8, content: Vec<u8>, len: u64) -> Item {
        let owner = Owner::Root("m".into());
        Item { kind, left: None, right: None, owner, key: None, content, len }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        if matches!(self.kind, GC | SKIP) {
            out.push(self.kind);
            out.extend(&self.content);
            return;
        }
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let named = self.left.is_none() && self.right.is_none();
        out.push(
            self.kind
                | flag(self.left.is_some(), 0x80)
                | flag(self.right.is_some(), 0x40)
                | flag(self.key.is_some(), 0x20),
        );
        [self.left, self.right].into_iter().flatten().for_each(|id| out.extend(name(id)));
        if named {
            match &self.owner {
                Owner::Root(root) => out.extend([var(1), text(root)].concat()),
                Owner::Item(id) => out.extend([var(0), name(*id)].concat()),
            }
            self.key.iter().for_each(|key| out.extend(text(key)));
        }
        out.extend(&self.content);
    }
}

fn item(update: &Update<'_>, block: &crdtctl::wire::Block) -> Item {
    let header = update.header(block);
    let wide = |id: crdtctl::wire::Id| (id.client, u64::from(id.clock));
    Item {
        kind: match block.kind {
            BlockKind::Gc => GC,
            BlockKind::Skip => SKIP,
            BlockKind::Deleted => DELETED,
            BlockKind::Json => 2,
            BlockKind::Binary => BINARY,
            BlockKind::String => STRING,
            BlockKind::Embed => EMBED,
            BlockKind::Format => 6,
            BlockKind::Type => TYPE,
            BlockKind::Any => ANY,
            BlockKind::Doc => 9,
            BlockKind::Move => 11,
        },
        left: header.left.map(wide),
        right: header.right.map(wide),
        owner: match header.parent {
            Some(Parent::Root(root)) => Owner::Root(root.to_owned()),
            Some(Parent::Item(id)) => Owner::Item(wide(id)),
            None => Owner::Root("m".into()),
        },
        key: header.key.map(str::to_owned),
        content: update.content(block).to_vec(),
        len: u64::from(block.len),
    }
}

/// Where the items of a document and of an update to it are, and the types of the containers: what a forger
/// has to know to stay within the rules.
pub struct Places {
    items: BTreeMap<Name, Item>,
    /// For each home, the first unit and the length of each item there.
    pub homes: Vec<(Home, Vec<(Name, u64)>)>,
}

impl Places {
    pub fn of(models: [&Model; 2]) -> Places {
        let items = models.iter().flat_map(|model| model.items());
        let items: BTreeMap<Name, Item> = items.map(|(id, item)| (id, item.clone())).collect();
        let mut places = Places { items, homes: Vec::new() };
        let mut known = BTreeMap::new();
        let homes: Vec<_> = places
            .items
            .iter()
            .filter_map(|(id, item)| Some((places.home(*id, &mut known)?, (*id, item.len))))
            .collect();
        homes.into_iter().for_each(|(home, item)| places.put(home, item));
        places
    }

    /// Adds an item to a home.
    pub fn put(&mut self, home: Home, item: (Name, u64)) {
        match self.homes.iter_mut().find(|(old, _)| *old == home) {
            Some((_, items)) => items.push(item),
            None => self.homes.push((home, vec![item])),
        }
    }

    /// Adds a forged item.
    pub fn add(&mut self, id: Name, item: Item) {
        self.items.insert(id, item);
    }

    /// The home of an item; items in a circle have none.
    fn home(&self, id: Name, known: &mut BTreeMap<Name, Option<Home>>) -> Option<Home> {
        let (first, item) = self.items.range((id.0, 0)..=id).next_back()?;
        if item.kind == GC || id.1 >= first.1.saturating_add(item.len) {
            return None;
        }
        if let Some(home) = known.get(first) {
            return home.clone();
        }
        known.insert(*first, None);
        let home = match (item.left, item.right) {
            (None, None) => Some((item.owner.clone(), item.key.clone())),
            (left, right) => {
                let left = left.and_then(|id| self.home(id, known));
                left.or_else(|| right.and_then(|id| self.home(id, known)))
            }
        };
        known.insert(*first, home.clone());
        home
    }

    /// The type of a container: 0 an array, 1 a map, 2 a text.
    pub fn shape(&self, owner: &Owner) -> u8 {
        match owner {
            Owner::Root(root) if root == "l" => 0,
            Owner::Root(root) if root == "t" => 2,
            Owner::Root(_) => 1,
            Owner::Item(id) => match self.items.get(id) {
                Some(Item { kind: TYPE, content, .. }) => content.first().copied().unwrap_or(1),
                _ => 1,
            },
        }
    }

    /// The containers that items created.
    pub fn containers(&self) -> Vec<Name> {
        let containers = self.items.iter().filter(|(_, item)| item.kind == TYPE);
        containers.map(|(id, _)| *id).collect()
    }

    /// A random unit of an item.
    pub fn any_unit(&self, rng: &mut Rng) -> Option<Name> {
        let (id, item) = self.items.iter().nth(rng.below(self.items.len()))?;
        let offset = rng.below(item.len.min(1 << 20) as usize) as u64;
        Some((id.0, id.1.wrapping_add(offset)))
    }
}

pub fn var(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

pub fn text(text: &str) -> Vec<u8> {
    [var(text.len() as u64), text.as_bytes().to_vec()].concat()
}

pub fn name(name: Name) -> Vec<u8> {
    [var(name.0), var(name.1)].concat()
}
