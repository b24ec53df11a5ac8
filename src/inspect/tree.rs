//! The shape of a document's live content: which paths there are, of which type, and how many.

use super::path::{NONE, Patterns};
use crate::crdt::source::Source;
use crate::crdt::types::{Insert, PlacedBlocks, SharedType, SharedTypes, SharedValue, TypeKind};
use crate::crdt::view::{LentEntries, LentValue, View};
use crate::parallel;
use crate::path::key;
use crate::schema::Spec;
use crate::wire::{AnyHead, Id, Update, Value};
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// One path; public API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Branch {
    /// The steps from the root joined by `/`, with `*` for ids and elements.
    pub path: String,
    /// The type of the values there; several if they differ, joined by `|`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The size of the containers there: entries, elements, bytes of text; for plain values their number.
    pub count: u64,
    /// The number of values there.
    pub values: u64,
}

/// Returns the paths of a document, each root before what is below it. With `depth`, only that many steps.
pub fn tree(view: &View, spec: Option<&'static Spec>, depth: usize) -> Vec<Branch> {
    let mut grower = Grower::new(spec);
    let bytes = view.bytes().len();
    for name in view.roots() {
        let root = grower.patterns.root(&name);
        match view.lent(&name) {
            Some(LentValue::Map(map)) if depth > 1 && parallel::pays(bytes) => {
                let grow_second = |second: LentEntries<'_>| {
                    let mut grower = Grower::new(spec);
                    let root = grower.patterns.root(&name);
                    let count = grower.grow_fields(root, second, depth - 1);
                    (count, grower.seen_by_path())
                };
                grower.grow_halves(root, map, depth - 1, bytes, grow_second);
            }
            Some(value) => grower.grow_lent(root, value, depth),
            None => {}
        }
    }
    grower.branches()
}

/// Like [`tree`], for every shared type: XML elements and attributes by name, formats of a text below it as
/// `mark`.
pub fn tree_of_types(types: &SharedTypes, depth: usize) -> Vec<Branch> {
    let mut grower = Grower::new(None);
    let mut open: Vec<(u32, SharedType, usize)> = Vec::new();
    let targets = targets(types);
    for (name, container) in types.live_roots() {
        let root = grower.patterns.root(name);
        open.push((root, container, depth));
    }
    while let Some((pattern, container, depth)) = open.pop() {
        let Some(depth) = depth.checked_sub(1) else { continue };
        grower.see_container(types, pattern, container);
        if depth == 0 {
            continue;
        }
        if let Some(place) = targets.get(&container) {
            let arrow = grower.patterns.named_child(pattern, "→");
            let steps = place.split('/').map(key);
            let child = steps.fold(arrow, |at, step| grower.patterns.named_child(at, &step));
            grower.see(child, "target", 1);
        }
        for (key, part) in types.fields(container) {
            let child = match types.kind(container) {
                TypeKind::XmlElement => grower.patterns.named_child(pattern, key),
                _ => grower.patterns.child(pattern, key),
            };
            grower.grow_part(child, part, depth, &mut open);
        }
        if types.kind(container).is_text() {
            for run in types.delta(container) {
                if let Insert::Embed(part) = run.insert {
                    let child = grower.patterns.element(pattern);
                    grower.grow_part(child, part, depth, &mut open);
                }
                for mark in run.attributes.keys() {
                    let child = grower.patterns.named_child(pattern, mark);
                    grower.see(child, "mark", 1);
                }
            }
            continue;
        }
        for part in types.elements(container) {
            let child = match part {
                SharedValue::Type(inner) if types.kind(inner) == TypeKind::XmlElement => {
                    grower.patterns.named_child(pattern, types.name(inner))
                }
                _ => grower.patterns.element(pattern),
            };
            grower.grow_part(child, part, depth, &mut open);
        }
    }
    grower.branches()
}

/// Returns the place that each link points at.
fn targets(types: &SharedTypes) -> HashMap<SharedType, String> {
    let mut linked = types.linked().peekable();
    if linked.peek().is_none() {
        return HashMap::new();
    }
    let Ok(update) = Update::walk(types.bytes()) else { return HashMap::new() };
    let placed = PlacedBlocks::of(&update);
    let place = |(link, id): (SharedType, Id)| {
        let (block, _) = update.find_block(id.client, id.clock)?;
        Some((link, placed.path(placed.list(block)?)))
    };
    linked.filter_map(place).collect()
}

struct Grower {
    patterns: Patterns,
    /// Per pattern.
    seen: Vec<SeenNodes>,
}

#[derive(Default)]
struct SeenNodes {
    kinds: BTreeSet<&'static str>,
    /// The type seen last.
    last: &'static str,
    values: u64,
    count: u64,
}

/// What was seen at each path; `*` is `None`.
type SeenByPath = Vec<(Vec<Option<String>>, SeenNodes)>;

impl Grower {
    fn new(spec: Option<&'static Spec>) -> Grower {
        Grower { patterns: Patterns::new(spec), seen: Vec::new() }
    }

    /// Adds a root with the fields of a map: one half here, and beside it the other by `grow_second`.
    fn grow_halves(
        &mut self,
        root: u32,
        map: LentEntries<'_>,
        below: usize,
        bytes: usize,
        grow_second: impl Fn(LentEntries<'_>) -> (u64, Option<SeenByPath>) + Sync,
    ) {
        let (first, second) = map.halves();
        let here = || self.grow_fields(root, first, below);
        let (count, (others, seen)) = parallel::both(bytes, here, || grow_second(second));
        match seen {
            Some(seen) => seen.iter().for_each(|(path, seen)| self.see_all(root, path, seen)),
            None => drop(self.grow_fields(root, second, below)),
        }
        self.see(root, "map", count.saturating_add(others));
    }

    /// Adds the fields of a map, and returns their number.
    fn grow_fields(&mut self, pattern: u32, map: LentEntries<'_>, below: usize) -> u64 {
        let mut count = 0;
        for (key, inner) in map.fields() {
            count += 1;
            if below > 0 {
                let child = self.patterns.child(pattern, key);
                self.grow_lent(child, inner, below);
            }
        }
        count
    }

    /// Returns what was seen, in the order in which it was first seen. `None` if some names were taken for
    /// ids, because there are so many: somebody else may know them as names.
    fn seen_by_path(self) -> Option<SeenByPath> {
        let Grower { patterns, seen } = self;
        let owned = |path: Vec<Option<&str>>| {
            path.into_iter().map(|name| name.map(str::to_owned)).collect::<Vec<_>>()
        };
        let by_path = |(pattern, seen)| (owned(patterns.steps(pattern)), seen);
        (!patterns.have_all_names()).then(|| (0u32..).zip(seen).map(by_path).collect())
    }

    /// Adds what somebody else saw at a path below a root.
    fn see_all(&mut self, root: u32, path: &[Option<String>], seen: &SeenNodes) {
        let pattern = path.iter().skip(1).fold(root, |at, name| match name {
            Some(name) => self.patterns.named_child(at, name),
            None => self.patterns.element(at),
        });
        if let Some(own) = self.seen_at(pattern) {
            own.kinds.extend(&seen.kinds);
            own.values = own.values.saturating_add(seen.values);
            own.count = own.count.saturating_add(seen.count);
        }
    }

    fn branches(&self) -> Vec<Branch> {
        let branch = |(pattern, seen): (usize, &SeenNodes)| Branch {
            path: self.patterns.name(pattern as u32),
            kind: seen.kinds.iter().copied().collect::<Vec<_>>().join("|"),
            count: seen.count,
            values: seen.values,
        };
        let seen = self.seen.iter().enumerate().filter(|(_, seen)| seen.values > 0);
        let mut branches: Vec<Branch> = seen.map(branch).collect();
        branches.sort_by(|a, b| a.path.split('/').cmp(b.path.split('/')));
        branches
    }

    /// Adds a value in place. Recursion is bounded: the check refused deeper nesting.
    fn grow_lent(&mut self, pattern: u32, value: LentValue<'_>, depth: usize) {
        let Some(below) = depth.checked_sub(1) else { return };
        match value {
            LentValue::Map(map) => {
                let count = self.grow_fields(pattern, map, below);
                self.see(pattern, "map", count);
            }
            LentValue::Array(items) => {
                let mut count = 0;
                for inner in items.elements() {
                    count += 1;
                    if below > 0 {
                        let child = self.patterns.element(pattern);
                        self.grow_lent(child, inner, below);
                    }
                }
                self.see(pattern, "array", count);
            }
            LentValue::Text(text) => self.see(pattern, "text", text.text().len() as u64),
            LentValue::Bytes(_) => self.see(pattern, "bytes", 1),
            LentValue::Plain(plain) => match scalar(plain.head().0) {
                Some(kind) => self.see(pattern, kind, 1),
                None => self.grow(pattern, &plain.value(), depth),
            },
        }
    }

    /// Recursion is bounded: a plain value is as deep as was read, a shared type as deep as the check allows.
    fn grow(&mut self, pattern: u32, value: &Value, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        self.see(pattern, kind(value), count(value));
        match value {
            Value::Map(map) | Value::Object(map) => {
                for (key, inner) in map {
                    let child = self.patterns.child(pattern, key);
                    self.grow(child, inner, depth);
                }
            }
            Value::Array(items) | Value::List(items) => {
                for inner in items {
                    let child = self.patterns.element(pattern);
                    self.grow(child, inner, depth);
                }
            }
            _ => {}
        }
    }

    fn see_container(&mut self, types: &SharedTypes, pattern: u32, container: SharedType) {
        self.see(pattern, types.kind(container).name(), types.count(container) as u64);
    }

    fn grow_part(
        &mut self,
        pattern: u32,
        part: SharedValue<'_>,
        depth: usize,
        open: &mut Vec<(u32, SharedType, usize)>,
    ) {
        match part {
            SharedValue::Type(inner) => open.push((pattern, inner, depth)),
            SharedValue::Value(value) => self.grow(pattern, &value, depth),
            SharedValue::Deep(_) => self.see(pattern, "object", 1),
            SharedValue::Document(_) => self.see(pattern, "document", 1),
        }
    }

    fn see(&mut self, pattern: u32, kind: &'static str, count: u64) {
        if let Some(seen) = self.seen_at(pattern) {
            if seen.last != kind {
                seen.kinds.insert(kind);
                seen.last = kind;
            }
            seen.values = seen.values.saturating_add(1);
            seen.count = seen.count.saturating_add(count);
        }
    }

    fn seen_at(&mut self, pattern: u32) -> Option<&mut SeenNodes> {
        if pattern == NONE {
            return None;
        }
        let at = pattern as usize;
        if self.seen.len() <= at {
            self.seen.resize_with(at.saturating_add(1), SeenNodes::default);
        }
        self.seen.get_mut(at)
    }
}

/// Returns the name of a type. Shared types are `map`, `array` and `text`; plain values are named as in JSON.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Undefined => "undefined",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::BigInt(_) | Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Bytes(_) => "bytes",
        Value::Map(_) => "map",
        Value::Array(_) => "array",
        Value::Text(_) => "text",
        Value::Object(_) => "object",
        Value::List(_) => "list",
    }
}

/// Returns the type of a plain value from its head; `None` for one that holds others.
fn scalar(head: AnyHead) -> Option<&'static str> {
    Some(match head {
        AnyHead::Undefined => "undefined",
        AnyHead::Null => "null",
        AnyHead::Bool(_) => "bool",
        AnyHead::Int(_) | AnyHead::BigInt(_) | AnyHead::Float(_) => "number",
        AnyHead::String => "string",
        AnyHead::Buffer => "bytes",
        AnyHead::Map(_) | AnyHead::List(_) => return None,
    })
}

fn count(value: &Value) -> u64 {
    let count = match value {
        Value::Map(map) | Value::Object(map) => map.len(),
        Value::Array(items) | Value::List(items) => items.len(),
        Value::Text(text) => text.len(),
        _ => 1,
    };
    count as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::concern;
    use crate::crdt::testing::{new_doc, state, view};
    use yrs::{Any, ArrayPrelim, Map, MapPrelim, TextPrelim, Transact, WriteTxn};

    #[test]
    fn paths_come_with_types_and_counts() {
        let doc = new_doc(1, false);
        let mut txn = doc.transact_mut();
        let messages = txn.get_or_insert_map("messages");
        for id in ["m-1", "m-2"] {
            let message = messages.insert(&mut txn, id, MapPrelim::default());
            let attachments = ArrayPrelim::from([MapPrelim::default()]);
            message.insert(&mut txn, "attachments", attachments);
            match id {
                "m-1" => drop(message.insert(&mut txn, "content", Any::from("hi"))),
                _ => drop(message.insert(&mut txn, "content", TextPrelim::new("four"))),
            }
        }
        drop(txn);
        let view = view(&state(&doc));
        let show = |depth| -> Vec<String> {
            let rows = tree(&view, concern::named("chat"), depth);
            rows.iter().map(|b| format!("{} {} {} {}", b.path, b.kind, b.count, b.values)).collect()
        };
        assert_eq!(show(1), ["messages map 2 1"]);
        assert_eq!(
            show(9),
            [
                "messages map 2 1",
                "messages/* map 4 2",
                "messages/*/attachments array 2 2",
                "messages/*/attachments/* map 0 2",
                "messages/*/content string|text 5 2",
            ]
        );
    }

    #[test]
    fn the_halves_of_a_large_root_grow_as_one() {
        for names in [3, 40, 63, 64, 65, 200] {
            let doc = new_doc(1, true);
            let roots = ["messages", "other"].map(|root| doc.get_or_insert_map(root));
            for index in 0..2_000_usize {
                let mut txn = doc.transact_mut();
                let name =
                    |of: usize| "x".repeat(1 + of % names % 30) + &"y".repeat(of % names / 30);
                for (root, key) in roots.iter().zip([format!("{index:04}"), format!("{index:04}k")])
                {
                    let record = root.insert(&mut txn, key, MapPrelim::default());
                    record.insert(&mut txn, name(index * 7), index % 3 == 0);
                    record.insert(&mut txn, "text", "abc".repeat(20));
                    let inner = record.insert(&mut txn, name(index / 10), MapPrelim::default());
                    inner.insert(&mut txn, name(index), index % 2 == 0);
                }
            }
            let view = view(&state(&doc));
            assert!(parallel::pays(view.bytes().len()));
            for spec in [None, concern::named("chat")] {
                for depth in 1..6 {
                    let mut grower = Grower::new(spec);
                    for root in view.roots() {
                        let pattern = grower.patterns.root(&root);
                        grower.grow_lent(pattern, view.lent(&root).unwrap(), depth);
                    }
                    assert_eq!(tree(&view, spec, depth), grower.branches(), "{names} {depth}");
                }
            }
        }
    }
}
