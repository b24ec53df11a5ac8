//! Building the index: containers, their lists, and which parts of these are live.

use super::index::{Entry, Node, View};
use super::order::{Crossings, Order};
use super::pieces::{Pieces, len32, whole};
use super::span::{Halves, NONE, Span};
use crate::parallel;
use crate::wire::{Block, BlockKind, Checked, Id, Owner, Shape, SlotRef, Update, Version};
use std::collections::HashMap;
use std::ops::Range;

/// The lists that items belong to.
struct SlotLists {
    /// Per node, its lists: one for a sequence, one per key for a map, sorted by key.
    of_node: Vec<Range<u32>>,
    /// Per list, its key.
    keys: Vec<Span>,
    /// Per slot, its list.
    of_slot: Vec<u32>,
}

/// What a view takes from the blocks alone, whatever a check finds out about them: it can be made beside one.
pub struct Groundwork {
    containers: Containers,
    cut: CutBlocks,
}

/// The containers that blocks created.
struct Containers {
    nodes: Vec<Node>,
    /// Per block, the one that it created, or [`NONE`].
    of_block: Vec<u32>,
}

/// The blocks in pieces, and which of these are deleted.
struct CutBlocks {
    version: Version,
    pieces: Pieces,
    dead: Vec<bool>,
    contents: CutContents,
    crossings: Crossings,
    /// Memory for an entry of each block with content. Getting it takes as long as filling it, so that it is
    /// got here, beside other work.
    room: Vec<Entry>,
}

impl Groundwork {
    pub fn of<S>(update: &Update<'_, S>) -> Groundwork {
        Groundwork { containers: Containers::of(update), cut: CutBlocks::of(update) }
    }
}

impl CutBlocks {
    fn of<S>(update: &Update<'_, S>) -> Self {
        let version = update.version();
        let blocks = 0..len32(update.blocks());
        let pieces = Pieces::cut(update, blocks, |_| true, &version.deletes);
        let dead = pieces.dead(update, &version.deletes);
        let (contents, crossings) = (cut_contents(update, &pieces), Crossings::of(update));
        let mut room = Vec::new();
        if parallel::pays(update.bytes().len()) {
            let count = update.blocks().iter().filter(|block| shows(block)).count();
            room.resize(count, Entry::default());
            room.clear();
        }
        CutBlocks { version, pieces, dead, contents, crossings, room }
    }
}

/// The places of all blocks, and their order there.
struct ArrangedBlocks {
    containers: Containers,
    /// Which container is the first root; the others follow.
    first_root: u32,
    lists: SlotLists,
    order: Order,
    version: Version,
    pieces: Pieces,
    dead: Vec<bool>,
    contents: CutContents,
    room: Vec<Entry>,
}

impl ArrangedBlocks {
    /// Returns `None` when ordering concurrent items takes more than `limit` comparisons.
    fn of(update: &Update<'_, Checked>, work: Option<Groundwork>, limit: u64) -> Option<Self> {
        let (mut containers, cut) = match work {
            Some(Groundwork { containers, cut }) => (containers, Some(cut)),
            None => (Containers::of(update), None),
        };
        let first_root = len32(&containers.nodes);
        let roots = update.facts().roots.iter().map(|root| Node::of(root.shape));
        containers.nodes.extend(roots);
        let lists = || lists(update, &containers, first_root);
        let (lists, cut) = match cut {
            Some(cut) => (lists(), cut),
            None => parallel::both(update.bytes().len(), lists, || CutBlocks::of(update)),
        };
        let CutBlocks { version, pieces, dead, contents, crossings, room } = cut;
        let list_of = |block: u32| match update.facts().standing(block as usize) {
            SlotRef::Slot(slot) => lists.of_slot.get(slot as usize).copied().unwrap_or(NONE),
            _ => NONE,
        };
        let turns = update.facts().order.iter().copied();
        let count = lists.keys.len();
        let order = Order::arrange(update, &pieces, crossings, turns, list_of, count, limit)?;
        Some(ArrangedBlocks {
            containers,
            first_root,
            lists,
            order,
            version,
            pieces,
            dead,
            contents,
            room,
        })
    }
}

/// Returns `None` when ordering concurrent items takes more than `limit` comparisons.
pub fn build(update: &Update<'_, Checked>, work: Option<Groundwork>, limit: u64) -> Option<View> {
    in_pieces(update, work, limit).map(|(view, _)| view)
}

/// Like [`build`], if all content in the bytes is live, that is, if deleted and overwritten items, and
/// everything inside them, are there without their content. A program that has merged everything writes a
/// state like that.
pub fn build_settled(update: &Update<'_, Checked>, limit: u64) -> Option<View> {
    let (view, pieces) = in_pieces(update, None, limit)?;
    (view.entries.len() == with_content(update, &pieces)).then_some(view)
}

/// Returns the view, and the pieces that its entries were taken from.
fn in_pieces(
    update: &Update<'_, Checked>,
    work: Option<Groundwork>,
    limit: u64,
) -> Option<(View, Pieces)> {
    let arranged = ArrangedBlocks::of(update, work, limit)?;
    let ArrangedBlocks { containers, first_root, lists, order, version, pieces, dead, .. } =
        arranged;
    let Containers { mut nodes, of_block } = containers;
    let node_of = |block: u32| of_block.get(block as usize).copied().unwrap_or(NONE);
    let (pieces_of, cut) = (&pieces, arranged.contents);
    let contents = SlotContents { update, pieces: pieces_of, dead: &dead, node_of: &node_of, cut };
    let entries = entries(&mut nodes, &lists, &order, &contents, arranged.room);
    drop(contents);
    let roots = update.facts().roots.iter().map(|root| update.root(root).to_owned());
    let mut roots: Vec<(String, u32)> = roots.zip(first_root..).collect();
    roots.sort_unstable();
    let (opened, sum) = Default::default();
    let (bytes, held) = (update.to_shared_bytes(), update.held_elsewhere());
    parallel::free(bytes.len(), (lists, order, of_block, dead));
    Some((View { bytes, held, version, roots, nodes, entries, opened, sum }, pieces))
}

/// How many pieces have content, live or not.
fn with_content(update: &Update<'_, Checked>, pieces: &Pieces) -> usize {
    let blocks = (0u32..).zip(update.blocks()).filter(|(_, block)| shows(block));
    blocks.map(|(index, _)| pieces.count_of(index)).sum()
}

/// Returns the live units after one in its sequence, in order. That one may be deleted itself.
pub fn behind(update: &Update<'_, Checked>, unit: Id, limit: u64) -> Option<Vec<Id>> {
    let ArrangedBlocks { order, pieces, dead, .. } = ArrangedBlocks::of(update, None, limit)?;
    let Some(piece) = pieces.holding(update, unit, 0) else { return Some(Vec::new()) };
    let mut units = Vec::new();
    for piece in order.behind(piece) {
        let is_dead = dead.get(piece as usize).copied().unwrap_or(true);
        let Some(at) = pieces.get(piece).filter(|_| !is_dead) else { continue };
        let Some(block) = update.blocks().get(at.block as usize) else { continue };
        let end = pieces.get(piece.saturating_add(1)).filter(|next| next.block == at.block);
        let (client, last) = (pieces.client(at.block), end.map_or(block.len, |next| next.offset));
        let id = |offset: u32| Id { client, clock: block.clock.saturating_add(offset) };
        units.extend((at.offset..last).map(id));
    }
    Some(units)
}

impl Containers {
    fn of<S>(update: &Update<'_, S>) -> Self {
        let mut nodes = Vec::new();
        let mut of_block = vec![NONE; update.blocks().len()];
        for (entry, block) in of_block.iter_mut().zip(update.blocks()) {
            if block.kind == BlockKind::Type {
                *entry = len32(&nodes);
                let shape = Shape::of_type(update.content(block)).unwrap_or(Shape::Unknown);
                nodes.push(Node::of(shape));
            }
        }
        Containers { nodes, of_block }
    }
}

/// Gives each slot its list: slots under the same key of the same map share one.
fn lists(update: &Update<'_, Checked>, containers: &Containers, first_root: u32) -> SlotLists {
    let slots = &update.facts().slots;
    let node_of = |owner: Owner| match owner {
        Owner::Root(root) => first_root.checked_add(root),
        Owner::Item { block, .. } => containers.of_block.get(block? as usize).copied(),
    };
    let nodes = containers.nodes.len();
    let (by_node, ends) = by_node(slots.iter().map(|slot| node_of(slot.owner)), nodes);
    let mut lists = SlotLists {
        of_node: vec![0..0; nodes],
        keys: Vec::with_capacity(slots.len()),
        of_slot: vec![NONE; slots.len()],
    };
    let key_of = |slot: u32| slots.get(slot as usize).and_then(|slot| update.key_bytes(slot));
    let mut start = 0;
    let mut group: Vec<(u64, u32)> = Vec::new();
    for (entry, end) in lists.of_node.iter_mut().zip(ends) {
        let of_node = by_node.get(start..end).unwrap_or_default();
        start = end;
        group.clear();
        group.extend(of_node.iter().map(|slot| (beginning(key_of(*slot)), *slot)));
        group.sort_unstable_by(|(a, slot), (b, other)| {
            let rest = || key_of(*slot).cmp(&key_of(*other)).then(slot.cmp(other));
            a.cmp(b).then_with(rest)
        });
        let first = lists.keys.len() as u32;
        let same = |a: &(u64, u32), b: &(u64, u32)| a.0 == b.0 && key_of(a.1) == key_of(b.1);
        for same in group.chunk_by(same) {
            let list = lists.keys.len() as u32;
            lists.keys.push(
                same.first().and_then(|(_, slot)| key_span(update, *slot)).unwrap_or_default(),
            );
            for (_, slot) in same {
                if let Some(entry) = lists.of_slot.get_mut(*slot as usize) {
                    *entry = list;
                }
            }
        }
        *entry = first..lists.keys.len() as u32;
    }
    lists
}

/// Returns the indices of the slots, grouped by node and in order, and where each node's group ends.
fn by_node(
    node_of: impl Iterator<Item = Option<u32>> + Clone,
    nodes: usize,
) -> (Vec<u32>, Vec<usize>) {
    let mut ends = vec![0usize; nodes];
    for node in node_of.clone().flatten() {
        if let Some(count) = ends.get_mut(node as usize) {
            *count += 1;
        }
    }
    let mut total = 0;
    for end in &mut ends {
        // For now the start of the node's slots; each slot placed there advances it.
        total += std::mem::replace(end, total);
    }
    let mut slots = vec![0; total];
    for (index, node) in (0u32..).zip(node_of) {
        if let Some(at) = node.and_then(|node| ends.get_mut(node as usize)) {
            if let Some(entry) = slots.get_mut(*at) {
                *entry = index;
            }
            *at += 1;
        }
    }
    (slots, ends)
}

/// How a key begins: that alone orders most keys.
fn beginning(key: Option<&[u8]>) -> u64 {
    let key = key.unwrap_or_default();
    match key.first_chunk::<8>() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => {
            let mut bytes = [0; 8];
            bytes.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
            u64::from_be_bytes(bytes)
        }
    }
}

/// Where the key of a slot is written.
fn key_span(update: &Update<'_, Checked>, slot: u32) -> Option<Span> {
    let slot = update.facts().slots.get(slot as usize)?;
    Some(Span::of_key(update.blocks().get(slot.head as usize)?, slot.key_len?))
}

/// The content that each piece shows.
pub(in crate::crdt) struct SlotContents<'p, 'u, S> {
    update: &'p Update<'u, S>,
    pieces: &'p Pieces,
    dead: &'p [bool],
    /// Per block, the container that it created, or [`NONE`].
    node_of: &'p dyn Fn(u32) -> u32,
    cut: CutContents,
}

/// By piece, the content of blocks that were cut.
type CutContents = HashMap<u32, (Span, Halves)>;

fn cut_contents<S>(update: &Update<'_, S>, pieces: &Pieces) -> CutContents {
    let mut cut = HashMap::new();
    for (index, block) in (0u32..).zip(update.blocks()) {
        if shows(block) && pieces.is_cut(index) {
            pieces.contents(update, index, |piece, content, halves| {
                cut.insert(piece, (content, halves));
            });
        }
    }
    cut
}

impl<'p, 'u, S> SlotContents<'p, 'u, S> {
    pub fn of(
        update: &'p Update<'u, S>,
        pieces: &'p Pieces,
        dead: &'p [bool],
        node_of: &'p dyn Fn(u32) -> u32,
    ) -> Self {
        SlotContents { update, pieces, dead, node_of, cut: cut_contents(update, pieces) }
    }

    /// Returns `None` if the piece is deleted.
    pub fn get(&self, piece: u32) -> Option<Entry> {
        let is_dead = self.dead.get(piece as usize).copied().unwrap_or(true);
        let at = self.pieces.get(piece).filter(|_| !is_dead)?;
        let block = self.update.blocks().get(at.block as usize).filter(|block| shows(block))?;
        let (content, halves) = match self.pieces.is_cut(at.block) {
            true => self.cut.get(&piece).copied().unwrap_or_default(),
            false => (whole(self.update.bytes(), block), Halves::default()),
        };
        let clock = block.clock.saturating_add(at.offset);
        Some(Entry {
            id: Id { client: self.pieces.client(at.block), clock },
            key: Span::default(),
            content,
            kind: block.kind,
            halves,
            node: (self.node_of)(at.block),
        })
    }
}

pub(in crate::crdt) fn shows(block: &Block) -> bool {
    !matches!(block.kind, BlockKind::Gc | BlockKind::Skip | BlockKind::Deleted)
}

/// Collects the live entries of every node, in order, in memory that was got for them.
fn entries(
    nodes: &mut [Node],
    lists: &SlotLists,
    order: &Order,
    contents: &SlotContents<'_, '_, Checked>,
    mut entries: Vec<Entry>,
) -> Vec<Entry> {
    entries.reserve(lists.keys.len());
    for (node, range) in nodes.iter_mut().zip(&lists.of_node) {
        let first = len32(&entries);
        for list in range.clone() {
            if node.shape == Shape::Map {
                // The last item of a key is its value; if that is deleted, the key does not exist.
                let key = lists.keys.get(list as usize).copied().unwrap_or_default();
                let value = contents.get(order.tail(list));
                entries.extend(value.map(|entry| Entry { key, ..entry }));
            } else {
                entries.extend(order.iter(list).filter_map(|piece| contents.get(piece)));
            }
        }
        node.entries = first..len32(&entries);
    }
    entries
}
