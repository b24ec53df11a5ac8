//! What a document shows: containers and their content.

use super::super::view::index::Entry;
use super::super::view::span::{NONE, Span};
use super::entries::{Entries, LiveEntries};
use super::turns::Waiting;
use crate::wire::{Block, BlockKind, ByteReader, Id, Value, Version, WalkedBytes, any};
use std::ops::Range;

/// The type of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeKind {
    /// A map.
    Map,
    /// An array.
    Array,
    /// A text, with or without formats.
    Text,
    /// An XML element, which has a name.
    XmlElement,
    /// Several XML nodes side by side.
    XmlFragment,
    /// A map among XML nodes, which has a name.
    XmlHook,
    /// A text in XML.
    XmlText,
    /// Something that is located elsewhere and shown here too.
    Link,
}

impl TypeKind {
    /// Returns the name used in output; public API.
    pub fn name(self) -> &'static str {
        match self {
            TypeKind::Map => "map",
            TypeKind::Array => "array",
            TypeKind::Text => "text",
            TypeKind::XmlElement => "xml-element",
            TypeKind::XmlFragment => "xml-fragment",
            TypeKind::XmlHook => "xml-hook",
            TypeKind::XmlText => "xml-text",
            TypeKind::Link => "link",
        }
    }

    /// Whether its sequence holds characters.
    pub fn is_text(self) -> bool {
        matches!(self, TypeKind::Text | TypeKind::XmlText)
    }

    /// Whether Yjs shows it as XML.
    pub fn is_xml(self) -> bool {
        matches!(self, TypeKind::XmlElement | TypeKind::XmlFragment | TypeKind::XmlText)
    }
}

/// The live content of a state, or of part of one.
pub struct SharedTypes {
    pub(super) read: WalkedBytes,
    pub(super) version: Version,
    pub(super) waiting: Vec<Waiting>,
    /// Whether there are moves of Yrs, in effect or not.
    pub(super) moves: bool,
    /// Sorted by name.
    pub(super) roots: Vec<(String, u32)>,
    pub(super) nodes: Vec<TypeNode>,
    pub(super) entries: LiveEntries,
}

/// A container.
pub(super) struct TypeNode {
    pub(super) kind: TypeKind,
    /// The block that created it, or [`NONE`].
    pub(super) block: u32,
    /// The name of an element or a hook.
    pub(super) name: Span,
    /// The entries of its sequence.
    pub(super) sequence: Range<usize>,
    /// The entries under its keys, sorted.
    pub(super) keyed: Range<usize>,
}

/// A live value.
#[derive(Debug, Clone, PartialEq)]
pub enum SharedValue<'t> {
    /// A plain value.
    Value(Value),
    /// A plain value nested too deeply to be parsed at once.
    Deep(&'t [u8]),
    /// A container.
    Type(SharedType),
    /// A document within the document, by its guid.
    Document(&'t str),
}

/// A container of a [`SharedTypes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SharedType(pub(super) u32);

impl SharedTypes {
    /// Returns the clocks and deletions it holds, including what waits.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Returns what cannot be shown yet, by client.
    pub fn waiting(&self) -> &[Waiting] {
        &self.waiting
    }

    /// Returns how many moves of Yrs are in effect. Yjs does not know them, and elements are shown where they
    /// were before.
    pub fn moves(&self) -> usize {
        if !self.moves {
            return 0;
        }
        let update = self.read.update();
        let moves = |(client, block): (u64, &Block)| {
            let is_there = self.version.clocks.get(&client).is_some_and(|end| block.clock < *end);
            let id = Id { client, clock: block.clock };
            block.kind == BlockKind::Move && is_there && !self.version.deletes.contains(id)
        };
        let of_client = |(client, blocks): (u64, &[Block])| {
            blocks.iter().filter(|block| moves((client, block))).count()
        };
        update.clients().map(of_client).sum()
    }

    /// Returns the moves in a sequence, each with what it moves, as Yrs wrote it.
    pub(super) fn moves_in(&self, container: SharedType) -> impl Iterator<Item = (Id, &[u8])> {
        let sequence = self.moves.then(|| self.sequence(container)).into_iter().flatten();
        let moves = sequence.filter(|entry| entry.kind == BlockKind::Move);
        moves.map(|entry| (entry.id, self.slice(entry.content)))
    }

    /// Returns the bytes that were read.
    pub fn bytes(&self) -> &[u8] {
        self.read.bytes()
    }

    /// Returns the roots that hold anything, by name.
    pub fn live_roots(&self) -> impl Iterator<Item = (&str, SharedType)> {
        let live = self.roots.iter().filter(|(_, node)| self.holds_anything(*node));
        live.map(|(name, node)| (name.as_str(), SharedType(*node)))
    }

    /// Returns one of the live roots without looking at the others, of which there can be many.
    pub fn live_root(&self, name: &str) -> Option<SharedType> {
        let at = self.roots.binary_search_by(|(root, _)| root.as_str().cmp(name)).ok()?;
        let (_, node) = self.roots.get(at)?;
        self.holds_anything(*node).then_some(SharedType(*node))
    }

    /// Returns the live roots without those that hold only marks of formats, which format nothing.
    pub(super) fn shown_roots(&self) -> impl Iterator<Item = (&str, SharedType)> {
        let shows = |container: SharedType| {
            let sequence = self.sequence(container);
            let mut kinds = sequence.kinds();
            self.is_keyed(container) || kinds.any(|kind| kind != BlockKind::Format)
        };
        self.live_roots().filter(move |(_, container)| shows(*container))
    }

    fn holds_anything(&self, node: u32) -> bool {
        let node = self.nodes.get(node as usize);
        node.is_some_and(|node| !(node.sequence.is_empty() && node.keyed.is_empty()))
    }

    /// Returns the type of a container. A root of undeclared type gets the type that its content suggests.
    pub fn kind(&self, container: SharedType) -> TypeKind {
        self.nodes.get(container.0 as usize).map_or(TypeKind::Map, |node| node.kind)
    }

    /// Returns the name of an element or a hook; empty for others.
    pub fn name(&self, container: SharedType) -> &str {
        self.nodes.get(container.0 as usize).map_or("", |node| self.str(node.name))
    }

    /// Returns what a link points at: a unit, or the first and the last with `..` between them.
    pub fn target(&self, link: SharedType) -> Option<String> {
        let update = self.read.update();
        let block = update.blocks().get(self.nodes.get(link.0 as usize)?.block as usize)?;
        update.target(block).map(|target| target.to_string())
    }

    /// Returns the blocks of all links, with the units that they point at.
    pub fn linked(&self) -> impl Iterator<Item = (SharedType, Id)> {
        let update = self.read.update();
        let links = (0u32..).zip(&self.nodes).filter(|(_, node)| node.kind == TypeKind::Link);
        links.filter_map(move |(link, node)| {
            let target = update.target(update.blocks().get(node.block as usize)?)?;
            Some((SharedType(link), target.start.id()?))
        })
    }

    /// Returns how many fields, elements, or bytes of text a container holds.
    pub fn count(&self, container: SharedType) -> usize {
        match self.kind(container) {
            TypeKind::Text | TypeKind::XmlText => self.plain_text(container).len(),
            TypeKind::Map | TypeKind::XmlHook | TypeKind::Link => {
                // Under a key these show nothing.
                let shows = |kind: &BlockKind| !matches!(kind, BlockKind::Format | BlockKind::Move);
                self.keyed(container).kinds().filter(shows).count()
            }
            TypeKind::Array | TypeKind::XmlElement | TypeKind::XmlFragment => {
                self.elements(container).count()
            }
        }
    }

    /// Returns the values under keys: the fields of a map, the attributes of an element or a text.
    pub fn fields(&self, container: SharedType) -> impl Iterator<Item = (&str, SharedValue<'_>)> {
        self.keyed(container)
            .filter_map(|entry| Some((self.str(entry.key), self.last_part(&entry)?)))
    }

    /// Returns the elements of an array, or the nodes in XML.
    pub fn elements(&self, container: SharedType) -> impl Iterator<Item = SharedValue<'_>> {
        self.sequence(container).flat_map(|entry| self.parts(&entry))
    }

    /// Whether a container of any type has values under keys.
    pub fn is_keyed(&self, container: SharedType) -> bool {
        !self.keyed(container).is_empty()
    }

    pub(super) fn keyed(&self, container: SharedType) -> Entries<'_> {
        let node = self.nodes.get(container.0 as usize);
        self.entries.within(&self.read, node.map_or(0..0, |node| node.keyed.clone()))
    }

    pub(super) fn sequence(&self, container: SharedType) -> Entries<'_> {
        let node = self.nodes.get(container.0 as usize);
        self.entries.within(&self.read, node.map_or(0..0, |node| node.sequence.clone()))
    }

    pub(super) fn slice(&self, span: Span) -> &[u8] {
        let start = span.start as usize;
        self.bytes().get(start..start.saturating_add(span.len as usize)).unwrap_or(&[])
    }

    pub(super) fn str(&self, span: Span) -> &str {
        std::str::from_utf8(self.slice(span)).unwrap_or("")
    }

    /// The value that an entry under a key shows: of several values Yjs takes the last.
    fn last_part(&self, entry: &Entry) -> Option<SharedValue<'_>> {
        if entry.kind == BlockKind::Any {
            // Nearly always there is only one, and nothing has to be collected.
            let mut reader = ByteReader::at(self.slice(entry.content), 0);
            if let (Ok(value), 0) = (any::read(&mut reader), reader.left()) {
                return Some(SharedValue::Value(value));
            }
        }
        self.parts(entry).pop()
    }

    /// The values that an entry shows, unit by unit. Empty for a format.
    pub(super) fn parts(&self, entry: &Entry) -> Vec<SharedValue<'_>> {
        let bytes = self.slice(entry.content);
        // The walk read the same bytes: none of this fails.
        match entry.kind {
            BlockKind::Type if entry.node != NONE => {
                vec![SharedValue::Type(SharedType(entry.node))]
            }
            BlockKind::Binary => vec![SharedValue::Value(Value::Bytes(bytes.to_vec()))],
            BlockKind::Embed => vec![self.embedded(entry)],
            BlockKind::String => {
                let mut text = String::new();
                self.push_text(entry, &mut text);
                vec![SharedValue::Value(Value::String(text))]
            }
            BlockKind::Doc => ByteReader::at(bytes, 0)
                .text()
                .ok()
                .map(SharedValue::Document)
                .into_iter()
                .collect(),
            BlockKind::Json => {
                let mut reader = ByteReader::at(bytes, 0);
                let mut all = Vec::new();
                while reader.left() > 0 {
                    let Ok(json) = reader.text() else { break };
                    all.push(SharedValue::Value(any::embedded(json).unwrap_or(Value::Undefined)));
                }
                all
            }
            BlockKind::Any => {
                let mut reader = ByteReader::at(bytes, 0);
                let mut all = Vec::new();
                while reader.left() > 0 {
                    let mut again = reader.clone();
                    match any::read(&mut reader) {
                        Ok(value) => all.push(SharedValue::Value(value)),
                        Err(_) => {
                            let start = again.offset();
                            if again.skip_any().is_err() {
                                break;
                            }
                            all.push(SharedValue::Deep(
                                bytes.get(start..again.offset()).unwrap_or(&[]),
                            ));
                            reader = again;
                        }
                    }
                }
                all
            }
            _ => Vec::new(),
        }
    }

    fn embedded(&self, entry: &Entry) -> SharedValue<'_> {
        SharedValue::Value(any::embedded(self.str(entry.content)).unwrap_or(Value::Undefined))
    }

    /// Appends the characters of an entry of a text.
    pub(super) fn push_text(&self, entry: &Entry, text: &mut String) {
        if entry.kind != BlockKind::String {
            return;
        }
        if entry.halves.start {
            text.push(char::REPLACEMENT_CHARACTER);
        }
        text.push_str(self.str(entry.content));
        if entry.halves.end {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }

    /// Returns the characters of a text, without formats and embeds.
    pub fn plain_text(&self, container: SharedType) -> String {
        let mut text = String::new();
        self.sequence(container).for_each(|entry| self.push_text(&entry, &mut text));
        text
    }

    /// Whether a text holds more than characters: formats, embeds, attributes.
    pub fn is_rich(&self, container: SharedType) -> bool {
        !self.keyed(container).is_empty()
            || self.sequence(container).any(|entry| entry.kind != BlockKind::String)
    }

    /// Returns who wrote each live entry directly in a container.
    pub fn units(&self, container: SharedType) -> impl Iterator<Item = (Id, BlockKind)> {
        self.sequence(container).map(|entry| (entry.id, entry.kind))
    }

    /// Returns the content of a container with who wrote each part: a piece of text, an element, a field.
    /// Formats are left out.
    pub fn authored(&self, container: SharedType) -> impl Iterator<Item = AuthoredPart<'_>> {
        let is_text = self.kind(container).is_text();
        let elements = self.sequence(container).flat_map(move |entry| {
            let parts = self.parts(&entry);
            let is_run = entry.kind == BlockKind::String;
            (0u32..).zip(parts).map(move |(at, part)| {
                let units = match &part {
                    SharedValue::Value(Value::String(text)) if is_run && is_text => {
                        u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
                    }
                    _ => 1,
                };
                let clock = entry.id.clock.saturating_add(at);
                AuthoredPart { id: Id { client: entry.id.client, clock }, units, key: None, part }
            })
        });
        let fields = self.keyed(container).filter_map(|entry| {
            let part = self.last_part(&entry)?;
            Some(AuthoredPart { id: entry.id, units: 1, key: Some(self.str(entry.key)), part })
        });
        elements.chain(fields)
    }
}

/// A part of a container's content, and who wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthoredPart<'t> {
    /// Its first unit.
    pub id: Id,
    /// How many units it has.
    pub units: u32,
    /// Its key, if it has one.
    pub key: Option<&'t str>,
    /// The content.
    pub part: SharedValue<'t>,
}
