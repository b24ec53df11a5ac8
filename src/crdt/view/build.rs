//! Building the index: containers, the lists in them, and what of these is live.

use super::order::Order;
use super::pieces::Pieces;
use super::{Entry, Halves, NONE, Node, Span, View};
use crate::crdt::update::{Block, Checked, Id, Kind, Owner, Shape, Update};

/// The places that items stand in.
struct Lists {
    /// Per node, its lists: one for a sequence, one per key for a map, sorted by key.
    of_node: Vec<std::ops::Range<u32>>,
    /// Per list, its key.
    keys: Vec<Span>,
    /// Per home, its list.
    of_home: Vec<u32>,
}

pub fn build(update: &Update<'_, Checked>) -> View {
    let version = update.version();
    let pieces = Pieces::cut(update, &version.deletes);
    let (mut nodes, node_of_block) = nodes(update);
    let lists = lists(update, &nodes, &node_of_block);
    let order = Order::arrange(update, &pieces, &lists.of_home, lists.keys.len());
    let live = Live::of(update, &pieces, &pieces.dead(update, &version.deletes), &node_of_block);
    let entries = entries(&mut nodes, &lists, &order, &live);
    let mut roots: Vec<(String, u32)> =
        (0u32..).zip(&update.facts().roots).map(|(node, r)| (r.name.to_owned(), node)).collect();
    roots.sort_unstable();
    View { bytes: update.bytes().to_vec(), version, roots, nodes, entries }
}

/// The containers, roots first, and per block the one that it created.
fn nodes(update: &Update<'_, Checked>) -> (Vec<Node>, Vec<u32>) {
    let node = |shape: Shape| Node { shape, entries: 0..0 };
    let mut nodes: Vec<Node> = update.facts().roots.iter().map(|r| node(r.shape)).collect();
    let mut of_block = vec![NONE; update.blocks().len()];
    for (slot, block) in of_block.iter_mut().zip(update.blocks()) {
        if block.kind == Kind::Type {
            *slot = u32::try_from(nodes.len()).unwrap_or(NONE);
            nodes.push(node(Shape::of_type(update.content(block)).unwrap_or(Shape::Unknown)));
        }
    }
    (nodes, of_block)
}

/// Gives each home its list: homes under the same key of the same map share one.
fn lists(update: &Update<'_, Checked>, nodes: &[Node], node_of_block: &[u32]) -> Lists {
    let homes = &update.facts().homes;
    let node_of = |owner: Owner| match owner {
        Owner::Root(root) => Some(root),
        Owner::Item { block, .. } => node_of_block.get(block? as usize).copied(),
    };
    let mut by_node: Vec<(u32, u32)> = (0u32..)
        .zip(homes)
        .filter_map(|(index, home)| Some((node_of(home.owner)?, index)))
        .collect();
    by_node.sort_unstable();
    let mut lists = Lists {
        of_node: vec![0..0; nodes.len()],
        keys: Vec::new(),
        of_home: vec![NONE; homes.len()],
    };
    let key_of = |index: u32| homes.get(index as usize).and_then(|home| home.key);
    for group in by_node.chunk_by_mut(|a, b| a.0 == b.0) {
        group.sort_unstable_by(|a, b| key_of(a.1).cmp(&key_of(b.1)));
        let first = lists.keys.len() as u32;
        for same in group.chunk_by(|a, b| key_of(a.1) == key_of(b.1)) {
            lists.add(update, same);
        }
        let node = group.first().and_then(|home| lists.of_node.get_mut(home.0 as usize));
        if let Some(node) = node {
            *node = first..lists.keys.len() as u32;
        }
    }
    lists
}

impl Lists {
    /// One more list, for these homes.
    fn add(&mut self, update: &Update<'_, Checked>, homes: &[(u32, u32)]) {
        let list = self.keys.len() as u32;
        let head = homes.first().and_then(|home| update.facts().homes.get(home.1 as usize));
        let block = head.and_then(|home| update.blocks().get(home.head as usize));
        self.keys.push(
            block
                .and_then(|block| update.key_span(block))
                .map_or(Span::default(), |span| Span::between(span.start, span.end)),
        );
        for (_, home) in homes {
            if let Some(slot) = self.of_home.get_mut(*home as usize) {
                *slot = list;
            }
        }
    }
}

/// What a live piece shows; `None` for the deleted ones.
struct Live(Vec<Option<Entry>>);

impl Live {
    fn of(
        update: &Update<'_, Checked>,
        pieces: &Pieces,
        dead: &[bool],
        node_of_block: &[u32],
    ) -> Live {
        let mut live = vec![None; pieces.len()];
        for (index, (block, node)) in (0u32..).zip(update.blocks().iter().zip(node_of_block)) {
            if !shows(block) {
                continue;
            }
            let client = pieces.client(index);
            pieces.contents(update, index, |piece, content, halves| {
                let offset = pieces.get(piece).map_or(0, |at| at.offset);
                let id = Id { client, clock: block.clock.saturating_add(offset) };
                let is_dead = dead.get(piece as usize).copied().unwrap_or(true);
                if let (false, Some(slot)) = (is_dead, live.get_mut(piece as usize)) {
                    *slot = Some(entry(block, id, content, halves, *node));
                }
            });
        }
        Live(live)
    }

    fn get(&self, piece: u32) -> Option<Entry> {
        self.0.get(piece as usize).copied().flatten()
    }
}

fn shows(block: &Block) -> bool {
    !matches!(block.kind, Kind::Gc | Kind::Skip | Kind::Deleted)
}

fn entry(block: &Block, id: Id, content: Span, halves: Halves, node: u32) -> Entry {
    Entry { id, key: Span::default(), content, kind: block.kind, halves, node }
}

/// The live entries of every node, in its order.
fn entries(nodes: &mut [Node], lists: &Lists, order: &Order, live: &Live) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (node, range) in nodes.iter_mut().zip(&lists.of_node) {
        let first = entries.len();
        for list in range.clone() {
            if node.shape == Shape::Map {
                // The last of a key is its value; when that is deleted, the key is not there.
                let key = lists.keys.get(list as usize).copied().unwrap_or_default();
                let value = live.get(order.tail(list));
                entries.extend(value.map(|entry| Entry { key, ..entry }));
            } else {
                entries.extend(order.iter(list).filter_map(|piece| live.get(piece)));
            }
        }
        node.entries = first..entries.len();
    }
    entries
}
