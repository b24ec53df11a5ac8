//! Building the index: where each block is, in which order, and which parts are live.

use super::super::view::build::{SlotContents, shows};
use super::super::view::index::Entry;
use super::super::view::order::{Crossings, Order};
use super::super::view::pieces::{Pieces, whole};
use super::super::view::span::{Halves, NONE, Span};
use super::content::{SharedTypes, TypeKind, TypeNode};
use super::entries::LiveEntries;
use super::list_table::ListTable;
use super::turns::{self, Waiting};
use crate::error::{Error, Next, Result};
use crate::limits::{MERGE_STEPS_PER_BLOCK, READ_STEPS};
use crate::wire::{
    BlockKind, ByteReader, Header, Id, Parent, SharedBytes, Update, Version, WalkedBytes,
};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

impl SharedTypes {
    /// Reads an update.
    ///
    /// # Errors
    /// `Untrusted` for bytes that are not an update; `Refused` when ordering its concurrent items takes too
    /// long.
    pub fn read(bytes: impl Into<SharedBytes>) -> Result<SharedTypes> {
        SharedTypes::read_at(bytes, None)
    }

    /// Reads the document as it was at a moment: without what was written later, and with what was deleted
    /// later.
    ///
    /// # Errors
    /// As [`SharedTypes::read`]; `Refused` if something that existed then is collected.
    pub fn read_at(bytes: impl Into<SharedBytes>, moment: Option<&Version>) -> Result<SharedTypes> {
        let read = WalkedBytes::read(bytes.into())
            .map_err(|fault| Error::untrusted("the update does not decode").because(fault))?;
        let update = read.update();
        let due = (update.blocks().len() as u64).saturating_mul(MERGE_STEPS_PER_BLOCK);
        let limit = READ_STEPS.saturating_add(due);
        let past = moment.map(|moment| past(&update, moment)).transpose()?;
        let built = build(&update, limit, past.as_ref()).ok_or_else(|| {
            Error::refused("the document would take too long to read")
                .because(format!("more than {limit} comparisons of concurrent items"))
                .hint(Next::Blocks(None).and(" lists what it holds"))
        })?;
        let moves = update.blocks().iter().any(|block| block.kind == BlockKind::Move);
        drop(update);
        let Built { version, waiting, roots, nodes, entries } = built;
        // What was written later counts as deleted only for what is shown.
        let version = moment.cloned().unwrap_or(version);
        Ok(SharedTypes { read, version, waiting, moves, roots, nodes, entries })
    }
}

/// What is built from an update.
struct Built {
    version: Version,
    waiting: Vec<Waiting>,
    roots: Vec<(String, u32)>,
    nodes: Vec<TypeNode>,
    entries: LiveEntries,
}

/// Returns `None` when ordering concurrent items takes more than `limit` comparisons.
fn build<S>(update: &Update<'_, S>, limit: u64, past: Option<&Version>) -> Option<Built> {
    let version = past.cloned().unwrap_or_else(|| update.version());
    let (order, waiting) = turns::take(update);
    let mut places = Places::new(update);
    order.iter().for_each(|block| places.settle(block));
    // A list of one unit needs no ordering, and most keys have only one.
    let TypeLists { alone, several } = TypeLists::told_apart(update, &mut places, &version);
    let list_of = std::mem::take(&mut places.list_of);
    let list = |block: u32| list_of.get(block as usize).copied().unwrap_or(NONE);
    let is_listed = |block: u32| list(block) != NONE;
    let pieces = Pieces::cut(update, order.iter(), is_listed, &version.deletes);
    let (lists, crossings) = (several.len(), Crossings::of(update));
    let arranged = Order::arrange(update, &pieces, crossings, order.iter(), list, lists, limit)?;
    drop(list_of);
    let dead = pieces.dead(update, &version.deletes);
    let node_of = |block: u32| places.node_of(block as usize).unwrap_or(NONE);
    let contents = SlotContents::of(update, &pieces, &dead, &node_of);
    let mut entries = LiveEntries::of(update);
    let filled = EntryFiller { update, places: &places, pieces: &pieces, arranged, contents, past };
    let ranges = filled.fill(alone, &several, &mut entries);
    let Places { mut nodes, roots, .. } = places;
    for (node, sequence, keyed) in ranges {
        if let Some(node) = nodes.get_mut(node as usize) {
            (node.sequence, node.keyed) = (sequence, keyed);
        }
    }
    let mut roots: Vec<(String, u32)> =
        roots.into_iter().map(|(name, node)| (name.to_owned(), node)).collect();
    roots.sort_unstable();
    for (_, root) in &roots {
        let kind = guess(update, &nodes, &entries, *root);
        if let Some(node) = nodes.get_mut(*root as usize) {
            node.kind = kind;
        }
    }
    Some(Built { version, waiting, roots, nodes, entries })
}

/// Turns a moment into the version of what is shown: what was written after it counts as deleted.
fn past<S>(update: &Update<'_, S>, moment: &Version) -> Result<Version> {
    let mut past = Version { clocks: moment.clocks.clone(), deletes: moment.deletes.clone() };
    let mut collected = 0u64;
    for (client, blocks) in update.clients() {
        let then = moment.clocks.get(&client).copied().unwrap_or(0);
        for block in blocks {
            if matches!(block.kind, BlockKind::Gc | BlockKind::Deleted) && block.clock < then {
                let clocks = block.clock..block.next_clock().min(then);
                let gone: usize =
                    moment.deletes.within(client, clocks.clone()).map(|r| r.len()).sum();
                collected += clocks.len().saturating_sub(gone) as u64;
            }
        }
        if let Some(end) = blocks.last().map(|block| block.next_clock()).filter(|end| *end > then) {
            past.deletes.insert(client, then..end);
        }
    }
    match collected {
        0 => Ok(past),
        n => Err(Error::refused("the document as it was then can no longer be shown")
            .because(format!("{n} units that existed then are collected: their content is gone"))
            .hint("a log with the updates of that time, or a copy of the file, still has it")),
    }
}

/// Where blocks are. A list is one sequence, or one key of a map; it is identified by the block that named it
/// first, which says where it is.
pub(super) struct Places<'u, 'a, S> {
    update: &'u Update<'a, S>,
    /// Per block, its list.
    pub(super) list_of: Vec<u32>,
    /// Every list, found by its place.
    known: ListTable,
    hasher: RandomState,
    pub(super) nodes: Vec<TypeNode>,
    /// The blocks that create a container, in order, each with that container once it exists.
    types: Vec<(u32, u32)>,
    pub(super) roots: HashMap<&'a str, u32>,
}

/// A container, and a key in it; `None` in a sequence.
type TypePlace<'a> = (u32, Option<&'a str>);

impl<'u, 'a, S> Places<'u, 'a, S> {
    pub(super) fn new(update: &'u Update<'a, S>) -> Self {
        let blocks = update.blocks();
        let numbered = (0u32..).zip(blocks);
        let types = numbered.filter(|(_, block)| block.kind == BlockKind::Type);
        let named = blocks.iter().filter(|block| block.names_its_place()).count();
        Places {
            update,
            list_of: vec![NONE; blocks.len()],
            known: ListTable::for_lists(named),
            hasher: RandomState::new(),
            nodes: Vec::new(),
            types: types.map(|(index, _)| (index, NONE)).collect(),
            roots: HashMap::new(),
        }
    }

    /// Finds the list of a block whose turn it is, and makes the container that the block creates.
    pub(super) fn settle(&mut self, index: u32) {
        let Some(block) = self.update.blocks().get(index as usize) else { return };
        if matches!(block.kind, BlockKind::Gc | BlockKind::Skip) {
            return;
        }
        let header = self.update.header(block);
        let Some(list) = self.list(index, &header) else { return };
        if let Some(entry) = self.list_of.get_mut(index as usize) {
            *entry = list;
        }
        if block.kind == BlockKind::Type {
            let node = self.add(type_of(self.update, index as usize), index);
            let at = self.types.binary_search_by_key(&index, |(block, _)| *block);
            if let Some(entry) = at.ok().and_then(|at| self.types.get_mut(at)) {
                entry.1 = node;
            }
        }
    }

    /// As in Yjs: an item that refers to something collected is collected itself.
    fn list(&mut self, index: u32, header: &Header<'a>) -> Option<u32> {
        let Some(parent) = header.parent else {
            let of = |id: Id| {
                let list = self.list_of.get(self.update.find(id)?).copied()?;
                Some(list)
            };
            let left = header.left.map(of);
            let right = header.right.map(of);
            if [left, right].into_iter().flatten().any(|list| list.is_none_or(|list| list == NONE))
            {
                return None;
            }
            return left.or(right).flatten();
        };
        if let Parent::Root(name) = parent
            && !self.roots.contains_key(name)
        {
            let node = self.add((TypeKind::Map, Span::default()), NONE);
            self.roots.insert(name, node);
        }
        let place = (self.node(parent)?, header.key);
        let hash = self.hasher.hash_one(place);
        let known = self.known.find(hash, |head| self.is_at(*head, place));
        if known.is_some() {
            return known;
        }
        // The table has room for all, so nothing is hashed a second time.
        let Places { update, known, hasher, roots, types, .. } = self;
        let again = |head: &u32| hasher.hash_one(place_of(update, roots, types, *head));
        known.insert(hash, index, again);
        Some(index)
    }

    fn node(&self, parent: Parent<'_>) -> Option<u32> {
        node(self.update, &self.roots, &self.types, parent)
    }

    /// Returns the container that a block created.
    pub(super) fn node_of(&self, block: usize) -> Option<u32> {
        made(&self.types, block)
    }

    /// Returns the containers that blocks created, each with its block.
    pub(super) fn created(&self) -> impl Iterator<Item = (u32, u32)> {
        self.types.iter().filter(|(_, node)| *node != NONE).copied()
    }

    fn is_at(&self, head: u32, place: TypePlace<'_>) -> bool {
        self.place(head) == Some(place)
    }

    /// Returns the place of a list.
    pub(super) fn place(&self, list: u32) -> Option<TypePlace<'a>> {
        place_of(self.update, &self.roots, &self.types, list)
    }

    fn add(&mut self, (kind, name): (TypeKind, Span), block: u32) -> u32 {
        let node = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        self.nodes.push(TypeNode { kind, block, name, sequence: 0..0, keyed: 0..0 });
        node
    }
}

fn node<S>(
    update: &Update<'_, S>,
    roots: &HashMap<&str, u32>,
    types: &[(u32, u32)],
    parent: Parent<'_>,
) -> Option<u32> {
    match parent {
        Parent::Root(name) => roots.get(name).copied(),
        Parent::Item(id) => made(types, update.find(id)?),
    }
}

fn made(types: &[(u32, u32)], block: usize) -> Option<u32> {
    let at = types.binary_search_by_key(&block, |(block, _)| *block as usize).ok()?;
    types.get(at).map(|(_, node)| *node).filter(|node| *node != NONE)
}

fn place_of<'a, S>(
    update: &Update<'a, S>,
    roots: &HashMap<&str, u32>,
    types: &[(u32, u32)],
    head: u32,
) -> Option<TypePlace<'a>> {
    let header = update.header(update.blocks().get(head as usize)?);
    Some((node(update, roots, types, header.parent?)?, header.key))
}

/// The lists of a document.
struct TypeLists {
    /// Lists of one unit, which is live.
    alone: Vec<u32>,
    /// The others, sorted.
    several: Vec<u32>,
}

impl TypeLists {
    /// After this, `list_of` says, per block, which of `several` it is in.
    fn told_apart<S>(
        update: &Update<'_, S>,
        places: &mut Places<'_, '_, S>,
        version: &Version,
    ) -> TypeLists {
        places.known = ListTable::for_lists(0);
        let mut is_several = vec![false; update.blocks().len()];
        for ((index, list), block) in (0u32..).zip(&places.list_of).zip(update.blocks()) {
            if *list != NONE
                && (*list != index || block.len != 1)
                && let Some(entry) = is_several.get_mut(*list as usize)
            {
                *entry = true;
            }
        }
        let mut lists = TypeLists { alone: Vec::new(), several: Vec::new() };
        let numbered = (0u32..).zip(&is_several);
        lists.several.extend(numbered.filter(|(_, several)| **several).map(|(list, _)| list));
        for (client, range) in update.client_ranges() {
            for index in range {
                let (Some(list), Some(block)) =
                    (places.list_of.get_mut(index), update.blocks().get(index))
                else {
                    continue;
                };
                if is_several.get(*list as usize).copied().unwrap_or(false) {
                    let number = lists.several.binary_search(list).ok();
                    *list = number.and_then(|at| u32::try_from(at).ok()).unwrap_or(NONE);
                    continue;
                }
                let is_live = || !version.deletes.contains(Id { client, clock: block.clock });
                if *list != NONE && shows(block) && is_live() {
                    lists.alone.push(*list);
                }
                *list = NONE;
            }
        }
        lists
    }
}

/// What a block creates, and where its name is written.
fn type_of<S>(update: &Update<'_, S>, index: usize) -> (TypeKind, Span) {
    let Some(block) = update.blocks().get(index) else { return (TypeKind::Map, Span::default()) };
    let mut reader = ByteReader::at(update.bytes(), block.content_span().start);
    let kind = match reader.byte() {
        Ok(0) => TypeKind::Array,
        Ok(2) => TypeKind::Text,
        Ok(3) => TypeKind::XmlElement,
        Ok(4) => TypeKind::XmlFragment,
        Ok(5) => TypeKind::XmlHook,
        Ok(6) => TypeKind::XmlText,
        Ok(7) => TypeKind::Link,
        _ => TypeKind::Map,
    };
    let name = match kind {
        TypeKind::XmlElement | TypeKind::XmlHook => {
            let len = reader.text().map_or(0, str::len);
            Span::between(reader.offset().saturating_sub(len), reader.offset())
        }
        _ => Span::default(),
    };
    (kind, name)
}

/// How many lists are sorted by key prefix at once; this bounds the memory it takes.
const SORTED_AT_ONCE: usize = if cfg!(test) { 16 } else { 1 << 20 };

/// A list to be sorted.
struct SortedList {
    node: u32,
    /// The list, which has several blocks.
    list: u32,
    /// The start of its key after the bytes that all keys share.
    begin: u64,
}

struct EntryFiller<'f, 'u, 'a, S> {
    update: &'u Update<'a, S>,
    places: &'f Places<'u, 'a, S>,
    pieces: &'f Pieces,
    arranged: Order,
    contents: SlotContents<'f, 'a, S>,
    past: Option<&'f Version>,
}

/// A container, its sequence, and its keys.
type FilledNode = (u32, Range<usize>, Range<usize>);

impl<'a, S> EntryFiller<'_, '_, 'a, S> {
    /// Collects the live entries of every node: its sequence, then its keys.
    fn fill(&self, alone: Vec<u32>, several: &[u32], entries: &mut LiveEntries) -> Vec<FilledNode> {
        let mut lists = alone;
        lists.extend_from_slice(several);
        self.sort(&mut lists);
        let mut filled: Vec<FilledNode> = Vec::new();
        for list in lists {
            let Some((node, key)) = self.places.place(list) else { continue };
            if filled.last().is_none_or(|(last, ..)| *last != node) {
                filled.push((node, entries.end()..entries.end(), entries.end()..entries.end()));
            }
            let number = several.binary_search(&list).ok().and_then(|at| u32::try_from(at).ok());
            match (number, key) {
                (None, _) => self.alone(list, key, entries),
                // The last item of a key is its value; if that is deleted, the key does not exist.
                (Some(number), Some(key)) => {
                    let key = self.key_span(list, key);
                    let last = self.contents.get(self.last(number));
                    entries.keep(last.map(|entry| Entry { key, ..entry }));
                }
                (Some(number), None) => {
                    for piece in self.arranged.iter(number) {
                        let Some(entry) = self.contents.get(piece) else { continue };
                        let at = self.pieces.get(piece).filter(|at| !self.pieces.is_cut(at.block));
                        match at.filter(|_| entry.node == NONE) {
                            Some(at) => entries.push_block(at.block),
                            None => entries.keep(Some(entry)),
                        }
                    }
                }
            }
            let Some((_, sequence, keyed)) = filled.last_mut() else { continue };
            match key {
                Some(_) => keyed.end = entries.end(),
                None => {
                    (*sequence, *keyed) =
                        (sequence.start..entries.end(), entries.end()..entries.end())
                }
            }
        }
        filled
    }

    /// A list of one unit.
    fn alone(&self, block: u32, key: Option<&str>, entries: &mut LiveEntries) {
        let node = self.places.node_of(block as usize);
        let Some(node) = node else { return entries.push_block(block) };
        let Some(at) = self.update.blocks().get(block as usize) else { return };
        let id = Id { client: self.pieces.client(block), clock: at.clock };
        let key = key.map_or(Span::default(), |key| self.key_span(block, key));
        let content = whole(self.update.bytes(), at);
        entries.keep(Some(Entry {
            id,
            key,
            content,
            kind: at.kind,
            halves: Halves::default(),
            node,
        }));
    }

    /// Where the key of a list is written.
    fn key_span(&self, list: u32, key: &str) -> Span {
        self.update
            .blocks()
            .get(list as usize)
            .map_or(Span::default(), |head| Span::of_key(head, key.len() as u32))
    }

    /// Returns the last piece of a list that existed at the moment.
    fn last(&self, list: u32) -> u32 {
        let Some(past) = self.past else { return self.arranged.tail(list) };
        let was_there = |piece: &u32| {
            let id = self.pieces.get(*piece).and_then(|at| {
                let block = self.update.blocks().get(at.block as usize)?;
                Some((self.pieces.client(at.block), block.clock.saturating_add(at.offset)))
            });
            id.is_some_and(|(client, clock)| {
                past.clocks.get(&client).is_some_and(|end| clock < *end)
            })
        };
        self.arranged.iter(list).filter(was_there).last().unwrap_or(NONE)
    }

    /// Sorts by container and key, a sequence before the keys. Keys are read from the bytes, and rarely: each
    /// batch is first sorted by key prefixes, then the batches are merged.
    fn sort(&self, lists: &mut [u32]) {
        let place = |list: &u32| self.places.place(*list);
        let stretches = lists.len().div_ceil(SORTED_AT_ONCE);
        for stretch in lists.chunks_mut(SORTED_AT_ONCE) {
            let shared = self.shared(stretch);
            let sorted = |list: &u32| {
                let (node, key) = place(list).unwrap_or((NONE, None));
                let rest = key.and_then(|key| key.as_bytes().get(shared..)).unwrap_or(&[]);
                let mut begin = [0; 8];
                begin.iter_mut().zip(rest).for_each(|(entry, byte)| *entry = *byte);
                SortedList { node, list: *list, begin: u64::from_be_bytes(begin) }
            };
            let mut keyed: Vec<SortedList> = stretch.iter().map(sorted).collect();
            keyed.sort_unstable_by(|a, b| {
                let by_begin = (a.node, a.begin).cmp(&(b.node, b.begin));
                by_begin.then_with(|| place(&a.list).cmp(&place(&b.list)))
            });
            stretch.iter_mut().zip(keyed).for_each(|(entry, sorted)| *entry = sorted.list);
        }
        if stretches > 1 {
            // A stable sort detects the sorted batches and merges them.
            lists.sort_by(|a, b| place(a).cmp(&place(b)));
        }
    }

    /// How many leading bytes all keys share.
    fn shared(&self, lists: &[u32]) -> usize {
        let mut keys = lists.iter().filter_map(|list| self.places.place(*list)?.1);
        let Some(first) = keys.next() else { return 0 };
        keys.fold(first.len(), |shared, key| {
            let same = first.bytes().zip(key.bytes()).take(shared).take_while(|(a, b)| a == b);
            same.count()
        })
    }
}

/// Guesses the type of a root that no update declares from its content.
fn guess<S>(
    update: &Update<'_, S>,
    nodes: &[TypeNode],
    entries: &LiveEntries,
    root: u32,
) -> TypeKind {
    let Some(node) = nodes.get(root as usize) else { return TypeKind::Map };
    let is_text =
        |kind: BlockKind| matches!(kind, BlockKind::String | BlockKind::Embed | BlockKind::Format);
    let of = |node: u32| nodes.get(node as usize).map(|node| node.kind);
    let is_xml = |node: u32| {
        matches!(of(node), Some(TypeKind::XmlElement | TypeKind::XmlText | TypeKind::XmlHook))
    };
    let is_in_xml = |node: u32| is_xml(node) || of(node) == Some(TypeKind::XmlFragment);
    let kinds = || entries.kinds(update.blocks(), node.sequence.clone());
    match () {
        () if kinds().any(|(kind, _)| is_text(kind)) => TypeKind::Text,
        // A fragment holds only XML: with a value beside an element, it is a list.
        () if kinds().any(|(_, node)| is_xml(node)) && kinds().all(|(_, node)| is_in_xml(node)) => {
            TypeKind::XmlFragment
        }
        () if !node.sequence.is_empty() => TypeKind::Array,
        () => TypeKind::Map,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::types::SharedValue;
    use crate::wire::{Value, write_var};
    use std::collections::BTreeMap;

    /// Keys with common prefixes, and keys that are prefixes of others, in three maps, some overwritten and
    /// some deleted: more of them than are sorted at once.
    #[test]
    fn keys_are_in_their_order_however_many_are_sorted_at_once() {
        let (mut blocks, mut count, mut deletes) = (Vec::new(), 0u64, Vec::new());
        let mut expected: BTreeMap<&str, BTreeMap<String, i64>> = BTreeMap::new();
        let mut last: BTreeMap<(&str, String), u64> = BTreeMap::new();
        for n in 0..400u64 {
            let root = ["m", "map", "n"][(n % 3) as usize];
            let key = match n * 7919 % 5 {
                0 => "x".repeat((n % 23) as usize),
                _ => format!("key:{:x}", n * 7919 % 97),
            };
            match last.insert((root, key.clone()), count) {
                Some(left) => {
                    blocks.extend([0x88, 1]);
                    write_var(&mut blocks, left);
                    deletes.push(left);
                }
                None => {
                    blocks.extend([0x28, 1, root.len() as u8]);
                    blocks.extend(root.as_bytes());
                    blocks.push(key.len() as u8);
                    blocks.extend(key.as_bytes());
                }
            }
            blocks.extend([1, 0x7d, (n % 64) as u8]);
            expected.entry(root).or_default().insert(key.clone(), (n % 64) as i64);
            if n % 11 == 0 {
                deletes.push(count);
                expected.entry(root).or_default().remove(&key);
            }
            count += 1;
        }
        let mut update = vec![1];
        [count, 1, 0].iter().for_each(|n| write_var(&mut update, *n));
        update.extend(blocks);
        deletes.sort_unstable();
        deletes.dedup();
        update.extend([1, 1]);
        write_var(&mut update, deletes.len() as u64);
        for clock in deletes {
            write_var(&mut update, clock);
            update.push(1);
        }
        let types = SharedTypes::read(update).expect("an update");
        for (name, root) in types.live_roots() {
            let shown: Vec<(String, i64)> = types
                .fields(root)
                .map(|(key, part)| match part {
                    SharedValue::Value(Value::Int(n)) => (key.to_owned(), n),
                    other => panic!("{key}: {other:?}"),
                })
                .collect();
            let expected: Vec<(String, i64)> =
                expected.remove(name).into_iter().flatten().collect();
            assert_eq!(shown, expected, "{name}");
        }
        assert!(expected.values().all(BTreeMap::is_empty), "{expected:?}");
    }
}
