//! Building the index: where each block stands, in which order, and what of it lives.

use super::super::view::build::SlotContents;
use super::super::view::order::Order;
use super::super::view::pieces::Pieces;
use super::super::view::{Entry, NONE, Span};
use super::content::{SharedType, SharedTypes, TypeKind, TypeNode};
use super::turns;
use crate::error::{Error, Next, Result};
use crate::limits::{MERGE_STEPS_PER_BLOCK, READ_STEPS};
use crate::wire::{ByteReader, Header, Id, Kind, Parent, Update, Version};
use std::collections::HashMap;

impl SharedTypes {
    /// Reads an update.
    ///
    /// # Errors
    /// `Untrusted` for bytes that are no update; `Refused` where what was written at once in it takes
    /// too long to be put into its order.
    pub fn read(bytes: Vec<u8>) -> Result<SharedTypes> {
        SharedTypes::read_at(bytes, None)
    }

    /// The same as it was at a moment: what was written later is not there, and what was deleted later is.
    ///
    /// # Errors
    /// As [`SharedTypes::read`]; `Refused` where something that was there then is collected.
    pub fn read_at(bytes: Vec<u8>, moment: Option<&Version>) -> Result<SharedTypes> {
        let update = Update::walk(&bytes)
            .map_err(|fault| Error::untrusted("the update does not decode").because(fault))?;
        let due = (update.blocks().len() as u64).saturating_mul(MERGE_STEPS_PER_BLOCK);
        let limit = READ_STEPS.saturating_add(due);
        let past = moment.map(|moment| past(&update, moment)).transpose()?;
        let built = build(&update, limit, past.as_ref()).ok_or_else(|| {
            Error::refused("the document would take too long to be read")
                .because(format!("more than {limit} comparisons of what was written at once"))
                .hint(Next::Blocks(None).and(" lists what it holds"))
        })?;
        Ok(SharedTypes { bytes, ..built })
    }
}

/// None when the order of what was written at once takes more than `limit` comparisons. The bytes are
/// for the caller to put in.
pub fn build<S>(update: &Update<'_, S>, limit: u64, past: Option<&Version>) -> Option<SharedTypes> {
    let version = past.cloned().unwrap_or_else(|| update.version());
    let (order, waiting) = turns::take(update);
    let mut places = Places::new(update);
    order.iter().for_each(|block| places.settle(*block));
    let Places { list_of, lists, nodes, node_of_block, roots, .. } = places;
    let pieces = Pieces::cut(update, &order, &list_of, &version.deletes);
    let arranged = Order::arrange(update, &pieces, &order, &list_of, lists.len(), limit)?;
    let dead = pieces.dead(update, &version.deletes);
    let contents = SlotContents::of(update, &pieces, &dead, &node_of_block);
    let mut built = SharedTypes {
        bytes: Vec::new(),
        version,
        waiting,
        roots: Vec::new(),
        nodes,
        entries: Vec::new(),
    };
    let last = |list: u32| match past {
        None => arranged.tail(list),
        Some(past) => {
            let was_there = |piece: &u32| {
                let id = pieces.get(*piece).and_then(|at| {
                    let block = update.blocks().get(at.block as usize)?;
                    Some((pieces.client(at.block), block.clock.saturating_add(at.offset)))
                });
                id.is_some_and(|(client, clock)| {
                    past.clocks.get(&client).is_some_and(|end| clock < *end)
                })
            };
            arranged.iter(list).filter(was_there).last().unwrap_or(NONE)
        }
    };
    fill(update, &mut built, &lists, &arranged, &contents, &last);
    built.roots = roots.into_iter().map(|(name, node)| (name.to_owned(), node)).collect();
    built.roots.sort_unstable();
    let root_nodes: Vec<u32> = built.roots.iter().map(|(_, node)| *node).collect();
    root_nodes.into_iter().for_each(|node| guess(&mut built, node));
    Some(built)
}

/// A moment as the version of what is shown: what was written after it counts as deleted.
fn past<S>(update: &Update<'_, S>, moment: &Version) -> Result<Version> {
    let mut past = Version { clocks: moment.clocks.clone(), deletes: moment.deletes.clone() };
    let mut collected = 0u64;
    for (client, blocks) in update.clients() {
        let then = moment.clocks.get(&client).copied().unwrap_or(0);
        for block in blocks {
            if matches!(block.kind, Kind::Gc | Kind::Deleted) && block.clock < then {
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
        n => Err(Error::refused("what the document was then cannot be shown any more")
            .because(format!("{n} units that were there then are collected: their content is gone"))
            .hint("a log that has the updates of that time, or a copy of the file, still has it")),
    }
}

/// One sequence, or one key of a map.
pub(super) struct TypeList<'a> {
    pub(super) node: u32,
    pub(super) key: Option<&'a str>,
    /// Where the key is written.
    span: Span,
}

pub(super) struct Places<'u, 'a, S> {
    update: &'u Update<'a, S>,
    /// Per block, the list that it stands in.
    pub(super) list_of: Vec<u32>,
    pub(super) lists: Vec<TypeList<'a>>,
    known: HashMap<(u32, Option<&'a str>), u32>,
    pub(super) nodes: Vec<TypeNode>,
    pub(super) node_of_block: Vec<u32>,
    pub(super) roots: HashMap<&'a str, u32>,
}

impl<'u, 'a, S> Places<'u, 'a, S> {
    pub(super) fn new(update: &'u Update<'a, S>) -> Self {
        let blocks = update.blocks().len();
        Places {
            update,
            list_of: vec![NONE; blocks],
            lists: Vec::new(),
            known: HashMap::new(),
            nodes: Vec::new(),
            node_of_block: vec![NONE; blocks],
            roots: HashMap::new(),
        }
    }

    /// Finds the list of a block, whose turn it is, and makes the container that it creates.
    pub(super) fn settle(&mut self, index: u32) {
        let Some(block) = self.update.blocks().get(index as usize) else { return };
        if matches!(block.kind, Kind::Gc | Kind::Skip) {
            return;
        }
        let header = self.update.header(block);
        let content = block.content_span().start;
        let Some(list) = self.list(&header, content) else { return };
        if let Some(entry) = self.list_of.get_mut(index as usize) {
            *entry = list;
        }
        if block.kind == Kind::Type {
            let node = self.add(type_of(self.update, index as usize));
            if let Some(entry) = self.node_of_block.get_mut(index as usize) {
                *entry = node;
            }
        }
    }

    /// As Yjs does it: what refers to something collected is collected itself.
    fn list(&mut self, header: &Header<'a>, content: usize) -> Option<u32> {
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
        let node = match parent {
            Parent::Root(name) => match self.roots.get(name) {
                Some(node) => *node,
                None => {
                    let node = self.add((TypeKind::Map, Span::default()));
                    self.roots.insert(name, node);
                    node
                }
            },
            Parent::Item(id) => {
                let node = self.node_of_block.get(self.update.find(id)?).copied()?;
                Some(node).filter(|node| *node != NONE)?
            }
        };
        let key = header.key;
        Some(match self.known.get(&(node, key)) {
            Some(list) => *list,
            None => {
                let span = key.map_or(Span::default(), |key| {
                    // The key is the last thing before the content.
                    Span::between(content.saturating_sub(key.len()), content)
                });
                let list = u32::try_from(self.lists.len()).unwrap_or(NONE);
                self.lists.push(TypeList { node, key, span });
                self.known.insert((node, key), list);
                list
            }
        })
    }

    fn add(&mut self, (kind, name): (TypeKind, Span)) -> u32 {
        let node = u32::try_from(self.nodes.len()).unwrap_or(NONE);
        self.nodes.push(TypeNode { kind, name, sequence: 0..0, keyed: 0..0 });
        node
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

/// The live entries of every node: its sequence, then its keys.
fn fill<S>(
    update: &Update<'_, S>,
    built: &mut SharedTypes,
    lists: &[TypeList<'_>],
    order: &Order,
    contents: &SlotContents<'_, '_, S>,
    last: &dyn Fn(u32) -> u32,
) {
    let mut by_node: Vec<u32> =
        (0..lists.len()).filter_map(|list| u32::try_from(list).ok()).collect();
    let of = |list: &u32| lists.get(*list as usize).map(|list| (list.node, list.key));
    by_node.sort_unstable_by_key(of);
    let mut entries: Vec<Entry> = Vec::with_capacity(update.blocks().len().min(lists.len()));
    for list in by_node {
        let Some(TypeList { node, key, span }) = lists.get(list as usize) else { continue };
        let Some(node) = built.nodes.get_mut(*node as usize) else { continue };
        let from = entries.len();
        match key {
            // The last of a key is its value; when that is deleted, the key is not there.
            Some(_) => {
                entries.extend(contents.get(last(list)).map(|entry| Entry { key: *span, ..entry }));
                if node.keyed.is_empty() {
                    node.keyed = from..from;
                }
                node.keyed.end = entries.len();
            }
            None => {
                entries.extend(order.iter(list).filter_map(|piece| contents.get(piece)));
                node.sequence = from..entries.len();
            }
        }
    }
    built.entries = entries;
}

/// What a root is that no update says the type of: what it looks like.
fn guess(built: &mut SharedTypes, root: u32) {
    let container = SharedType(root);
    let entries = built.sequence(container);
    let is_text = |entry: &Entry| matches!(entry.kind, Kind::String | Kind::Embed | Kind::Format);
    let kind_of = |entry: &Entry| built.nodes.get(entry.node as usize).map(|node| node.kind);
    let is_xml = |entry: &Entry| {
        matches!(kind_of(entry), Some(TypeKind::XmlElement | TypeKind::XmlText | TypeKind::XmlHook))
    };
    let kind = match () {
        () if entries.iter().any(is_text) => TypeKind::Text,
        () if entries.iter().any(is_xml) => TypeKind::XmlFragment,
        () if !entries.is_empty() => TypeKind::Array,
        () => TypeKind::Map,
    };
    if let Some(node) = built.nodes.get_mut(root as usize) {
        node.kind = kind;
    }
}
