//! Building the index: where each block stands, in which order, and what of it lives.

use super::super::view::build::SlotContents;
use super::super::view::order::Order;
use super::super::view::pieces::Pieces;
use super::super::view::{Entry, NONE, Span};
use super::content::{SharedType, SharedTypes, TypeKind, TypeNode};
use super::turns;
use crate::error::{Error, Next, Result};
use crate::limits::{MERGE_STEPS_PER_BLOCK, READ_STEPS};
use crate::wire::{ByteReader, Header, Id, Kind, Parent, Update};
use std::collections::HashMap;

impl SharedTypes {
    /// Reads an update.
    ///
    /// # Errors
    /// `Untrusted` for bytes that are no update; `Refused` where what was written at once in it takes
    /// too long to be put into its order.
    pub fn read(bytes: Vec<u8>) -> Result<SharedTypes> {
        let update = Update::walk(&bytes)
            .map_err(|fault| Error::untrusted("the update does not decode").because(fault))?;
        let due = (update.blocks().len() as u64).saturating_mul(MERGE_STEPS_PER_BLOCK);
        let limit = READ_STEPS.saturating_add(due);
        let built = build(&update, limit).ok_or_else(|| {
            Error::refused("the document would take too long to be read")
                .because(format!("more than {limit} comparisons of what was written at once"))
                .hint(Next::Blocks(None).and(" lists what it holds"))
        })?;
        Ok(SharedTypes { bytes, ..built })
    }
}

/// None when the order of what was written at once takes more than `limit` comparisons. The bytes are
/// for the caller to put in.
pub fn build<S>(update: &Update<'_, S>, limit: u64) -> Option<SharedTypes> {
    let version = update.version();
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
    fill(update, &mut built, &lists, &arranged, &contents);
    built.roots = roots.into_iter().map(|(name, node)| (name.to_owned(), node)).collect();
    built.roots.sort_unstable();
    let root_nodes: Vec<u32> = built.roots.iter().map(|(_, node)| *node).collect();
    root_nodes.into_iter().for_each(|node| guess(&mut built, node));
    Some(built)
}

/// One sequence, or one key of a map.
struct TypeList<'a> {
    node: u32,
    key: Option<&'a str>,
    /// Where the key is written.
    span: Span,
}

struct Places<'u, 'a, S> {
    update: &'u Update<'a, S>,
    /// Per block, the list that it stands in.
    list_of: Vec<u32>,
    lists: Vec<TypeList<'a>>,
    known: HashMap<(u32, Option<&'a str>), u32>,
    nodes: Vec<TypeNode>,
    node_of_block: Vec<u32>,
    roots: HashMap<&'a str, u32>,
}

impl<'u, 'a, S> Places<'u, 'a, S> {
    fn new(update: &'u Update<'a, S>) -> Self {
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
    fn settle(&mut self, index: u32) {
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
                entries.extend(
                    contents.get(order.tail(list)).map(|entry| Entry { key: *span, ..entry }),
                );
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
