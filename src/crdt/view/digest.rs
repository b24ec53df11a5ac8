//! The content digest: one canonical encoding of the live tree, hashed as it is written.

use super::content_sum::ContentSum;
use super::index::{Entry, Node, View};
use super::span::NONE;
use crate::crdt::encoding::{ARRAY, BYTES, END, Encoding, MAP, STRING, TEXT};
use crate::parallel;
use crate::wire::{BlockKind, ByteReader, Id, ListOrder, ListOrders, Shape, Value, any};
use std::collections::HashMap;

/// What is encoded otherwise than the view has it.
#[derive(Clone, Copy)]
pub struct DigestScope<'l> {
    /// Which containers are left out of the maps that contain them.
    pub left: &'l (dyn Fn(u32) -> bool + Sync),
    /// By the items that created them: arrays of which the view has only some entries.
    lists: Option<&'l HashMap<Id, &'l ListOrder>>,
}

impl<'l> DigestScope<'l> {
    /// Nothing but these containers.
    pub fn leaving(left: &'l (dyn Fn(u32) -> bool + Sync)) -> Self {
        DigestScope { left, lists: None }
    }
}

/// Encodes all live content.
pub fn encode(out: &mut Encoding, view: &View, scope: DigestScope<'_>) {
    out.raw(b"crdtctl content 1");
    for (name, node) in view.roots.iter().filter(|(_, node)| view.is_live(*node)) {
        out.string(STRING, name.as_bytes());
        root(out, view, *node, scope);
    }
}

/// The halves of a large map are encoded at the same time.
fn root(out: &mut Encoding, view: &View, root: u32, scope: DigestScope<'_>) {
    let bytes = view.bytes().len();
    let is_large = |node: &&Node| node.shape == Shape::Map && parallel::pays(bytes);
    let Some(node) = view.node(root).filter(is_large) else {
        return container(out, view, root, scope);
    };
    let entries = view.entries_of(node);
    let (first, second) = entries.split_at(entries.len() / 2);
    out.tag(MAP);
    let encode_second = || {
        let mut part = Encoding::part();
        fields(&mut part, view, second, scope);
        part
    };
    let ((), part) = parallel::both(bytes, || fields(out, view, first, scope), encode_second);
    out.append(&part);
    out.tag(END);
}

/// Sums over each key of every root that is a map, and over each other root. Lists with an order have the
/// entries that this says.
pub fn sum(view: &View, lists: &ListOrders) -> ContentSum {
    let lists: HashMap<Id, &ListOrder> =
        lists.iter().map(|((_, list), of)| (*list, &**of)).collect();
    let everything =
        DigestScope { left: &|_| false, lists: Some(&lists).filter(|of| !of.is_empty()) };
    let (mut out, mut sum) = (Encoding::default(), ContentSum::default());
    for (name, root) in view.roots.iter().filter(|(_, node)| view.is_live(*node)) {
        let begin = |out: &mut Encoding| {
            out.raw(b"crdtctl part 1");
            out.string(STRING, name.as_bytes());
        };
        match view.node(*root) {
            Some(node) if node.shape == Shape::Map => {
                for item in view.entries_of(node) {
                    begin(&mut out);
                    out.string(STRING, view.slice(item.key));
                    entry(&mut out, view, item, everything);
                    sum.add(out.take().content);
                }
            }
            _ => {
                begin(&mut out);
                container(&mut out, view, *root, everything);
                sum.add(out.take().content);
            }
        }
    }
    sum
}

fn container(out: &mut Encoding, view: &View, node: u32, scope: DigestScope<'_>) {
    let Some(node) = view.node(node) else { return };
    let entries = view.entries_of(node);
    match node.shape {
        Shape::Map => {
            out.tag(MAP);
            fields(out, view, entries, scope);
        }
        Shape::Text => text(out, view, entries, scope),
        _ => {
            out.tag(ARRAY);
            entries.iter().for_each(|item| entry(out, view, item, scope));
        }
    }
    out.tag(END);
}

fn fields(out: &mut Encoding, view: &View, entries: &[Entry], scope: DigestScope<'_>) {
    for item in entries {
        let is_left = item.node != NONE && (scope.left)(item.node);
        if is_left {
            out.leave_out();
        }
        out.string(STRING, view.slice(item.key));
        entry(out, view, item, scope);
        if is_left {
            out.come_back();
        }
    }
}

/// Adjacent pieces of text count as one text, however they were written.
fn text(out: &mut Encoding, view: &View, entries: &[Entry], scope: DigestScope<'_>) {
    out.tag(TEXT);
    let mut run = String::new();
    for item in entries {
        if item.kind == BlockKind::String {
            view.push_text(item, &mut run);
            continue;
        }
        if !run.is_empty() {
            out.string(STRING, run.as_bytes());
            run.clear();
        }
        entry(out, view, item, scope);
    }
    if !run.is_empty() {
        out.string(STRING, run.as_bytes());
    }
}

fn entry(out: &mut Encoding, view: &View, entry: &Entry, scope: DigestScope<'_>) {
    if let Some(order) = scope.lists.and_then(|lists| lists.get(&entry.id)) {
        out.tag(ARRAY);
        order.texts().for_each(|text| out.string(STRING, text));
        return out.tag(END);
    }
    if entry.node != NONE {
        return container(out, view, entry.node, scope);
    }
    match entry.kind {
        BlockKind::Embed => {
            let json = std::str::from_utf8(view.slice(entry.content)).unwrap_or("");
            out.value(&any::embedded(json).unwrap_or(Value::Undefined));
        }
        BlockKind::Any => {
            let mut reader = ByteReader::at(view.slice(entry.content), 0);
            while reader.left() > 0 {
                if out.any(&mut reader).is_err() {
                    break;
                }
            }
        }
        _ => out.string(BYTES, view.slice(entry.content)),
    }
}
