//! Content that contains shared types, and the updates that create it whole: equal content becomes the same
//! items everywhere.

use crate::crdt::source::Shared;
use crate::path::DocPath;
use crate::wire::{BlockKind, DeleteSet, Header, Id, Parent, Value, any, write_bytes, write_var};
use std::collections::BTreeMap;

/// What is to be created. It says which parts are shared types, and nests a few levels deep.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// One register: if two replicas write it concurrently, one write is lost.
    Plain(Value),
    /// A shared map: two replicas can write different keys concurrently.
    Map(BTreeMap<String, Content>),
    /// A shared array: two replicas can add elements concurrently.
    Array(Vec<Content>),
    /// A shared text.
    Text(String),
}

impl Content {
    /// The shared type of the whole, if it is one.
    pub(super) fn shared(&self) -> Option<Shared> {
        match self {
            Content::Plain(_) => None,
            Content::Map(_) => Some(Shared::Map),
            Content::Array(_) => Some(Shared::Array),
            Content::Text(_) => Some(Shared::Text),
        }
    }
}

/// A plain value, or another shared type, in the place of an expected shared type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stand {
    /// Its unit of content; if there is nothing there, that of the container around it.
    pub unit: Id,
    /// The container it is in: a root, or the item that created it.
    pub owner: InsertionOwner,
    /// The path to it; for an array element, which has no key, the path to the array.
    pub path: DocPath,
    /// Whether it is under a key; otherwise it is an array element.
    pub keyed: bool,
}

/// The owner of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsertionOwner {
    /// The root of this name.
    Root(String),
    /// The container that this item created.
    Item(Id),
}

/// Returns one update that creates the content and deletes the element it replaces. Under a key no deletion
/// is needed: the later item hides the earlier one.
pub(super) fn update(client: u64, stand: &Stand, content: &Content) -> Vec<u8> {
    let mut blocks = Blocks { client, clock: 0, count: 0, bytes: Vec::new() };
    let key = stand.path.last().filter(|_| stand.keyed);
    blocks.put(
        &Insertion { owner: &stand.owner, key: key.map(String::as_str), left: None, right: None },
        content,
    );
    let mut out = Vec::new();
    write_var(&mut out, 1);
    write_var(&mut out, blocks.count);
    write_var(&mut out, client);
    write_var(&mut out, 0);
    out.append(&mut blocks.bytes);
    let deletes = match stand.keyed {
        true => DeleteSet::default(),
        false => DeleteSet::of_unit(stand.unit),
    };
    deletes.encode(&mut out);
    out
}

/// Returns one update that creates the content as its writer's next unit, directly after `last` in a
/// sequence.
pub(super) fn behind(unit: Id, last: Id, content: &Content) -> Vec<u8> {
    let mut blocks = Blocks { client: unit.client, clock: unit.clock, count: 0, bytes: Vec::new() };
    let owner = InsertionOwner::Item(last);
    blocks.put(&Insertion { owner: &owner, key: None, left: Some(last), right: None }, content);
    blocks.update(unit.clock)
}

/// Returns one update that creates a plain value as its writer's next unit, directly before `right` in a
/// sequence and directly after its neighbour `left`.
pub(super) fn before(unit: Id, left: Id, right: Id, value: &Value) -> Vec<u8> {
    let mut blocks = Blocks { client: unit.client, clock: unit.clock, count: 0, bytes: Vec::new() };
    let owner = InsertionOwner::Item(right);
    blocks.put(
        &Insertion { owner: &owner, key: None, left: Some(left), right: Some(right) },
        &Content::Plain(value.clone()),
    );
    blocks.update(unit.clock)
}

/// Where an item is inserted.
struct Insertion<'h> {
    owner: &'h InsertionOwner,
    key: Option<&'h str>,
    /// The element before it.
    left: Option<Id>,
    /// The element after it.
    right: Option<Id>,
}

/// The items of one client, in the v1 format.
struct Blocks {
    client: u64,
    clock: u32,
    count: u64,
    bytes: Vec<u8>,
}

impl Blocks {
    /// Returns one update of all items so far, with clocks starting at `first`.
    fn update(mut self, first: u32) -> Vec<u8> {
        let mut out = Vec::new();
        write_var(&mut out, 1);
        write_var(&mut out, self.count);
        write_var(&mut out, self.client);
        write_var(&mut out, u64::from(first));
        out.append(&mut self.bytes);
        out.push(0);
        out
    }

    /// Writes content with everything below it. Returns the id of its item.
    fn put(&mut self, insertion: &Insertion<'_>, content: &Content) -> Id {
        let own = Id { client: self.client, clock: self.clock };
        self.count = self.count.saturating_add(1);
        self.clock = self.clock.saturating_add(1);
        match content {
            Content::Plain(value) => {
                self.head(BlockKind::Any, insertion);
                write_var(&mut self.bytes, 1);
                any::write(&mut self.bytes, value);
            }
            Content::Map(fields) => {
                self.head(BlockKind::Type, insertion);
                self.bytes.push(1);
                for (key, field) in fields {
                    let owner = InsertionOwner::Item(own);
                    self.put(
                        &Insertion { owner: &owner, key: Some(key), left: None, right: None },
                        field,
                    );
                }
            }
            Content::Array(items) => {
                self.head(BlockKind::Type, insertion);
                self.bytes.push(0);
                let mut left = None;
                for item in items {
                    let owner = InsertionOwner::Item(own);
                    let insertion = Insertion { owner: &owner, key: None, left, right: None };
                    left = Some(self.put(&insertion, item));
                }
            }
            Content::Text(letters) => {
                self.head(BlockKind::Type, insertion);
                self.bytes.push(2);
                // All characters are one block, whose length is counted in UTF-16 units.
                let units = u32::try_from(letters.encode_utf16().count()).unwrap_or(u32::MAX);
                if units > 0 {
                    let owner = InsertionOwner::Item(own);
                    self.head(
                        BlockKind::String,
                        &Insertion { owner: &owner, key: None, left: None, right: None },
                    );
                    write_bytes(&mut self.bytes, letters.as_bytes());
                    self.count = self.count.saturating_add(1);
                    self.clock = self.clock.saturating_add(units);
                }
            }
        }
        own
    }

    fn head(&mut self, kind: BlockKind, insertion: &Insertion<'_>) {
        let Insertion { owner, key, left, right } = *insertion;
        let parent = Some(match owner {
            InsertionOwner::Root(name) => Parent::Root(name.as_str()),
            InsertionOwner::Item(id) => Parent::Item(*id),
        });
        Header { left, right, parent, key }.write(kind, &mut self.bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::container::replace;
    use crate::crdt::doc::Doc;
    use crate::crdt::source::Source;
    use crate::crdt::view::View;
    use crate::id::DocId;
    use crate::wire::Update;

    /// A text's length is its number of UTF-16 units, which determines the position of what is written after
    /// it.
    #[test]
    fn texts_among_other_content_are_made_whole_in_both_ways() {
        let text = |text: &str| Content::Text(text.to_owned());
        let number = || Content::Plain(Value::Int(7));
        let content = Content::Map(BTreeMap::from([
            ("a".to_owned(), text("wave 🌊")),
            ("b".to_owned(), text("")),
            ("c".to_owned(), Content::Array(vec![text("é"), number(), text("z"), number()])),
            ("d".to_owned(), number()),
        ]));
        let written = |text: &str| Value::Text(text.to_owned());
        let items = vec![written("é"), Value::Int(7), written("z"), Value::Int(7)];
        let expected = Value::Map(BTreeMap::from([
            ("a".to_owned(), written("wave 🌊")),
            ("b".to_owned(), written("")),
            ("c".to_owned(), Value::Array(items)),
            ("d".to_owned(), Value::Int(7)),
        ]));
        let id = DocId::parse("group:test:notes").unwrap();
        let mut doc = Doc::new(3);
        doc.edit(|txn| txn.put(&["m"], "put", &content)).unwrap();
        doc.edit(|txn| txn.set(&["m"], "replaced", 1)).unwrap();
        let stand = Stand {
            unit: Id { client: 3, clock: doc.own_clock() - 1 },
            owner: InsertionOwner::Root("m".to_owned()),
            path: ["m", "replaced"].into(),
            keyed: true,
        };
        assert!(doc.edit(|txn| replace(txn, &id, &stand, &content)).unwrap());
        let (bytes, _) = doc.encode().unwrap();
        let view = View::of(&Update::checked(&bytes, &[]).unwrap());
        assert_eq!(view.value(&["m", "put"]), Some(expected.clone()));
        assert_eq!(view.value(&["m", "replaced"]), Some(expected));
    }
}
