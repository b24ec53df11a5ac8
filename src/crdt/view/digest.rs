//! The content digest: one canonical encoding of the live tree, hashed as it is written.

use super::content_sum::ContentSum;
use super::index::{Entry, Node, View};
use super::span::NONE;
use crate::crdt::encoding::{ARRAY, BYTES, END, Encoding, MAP, STRING, TEXT};
use crate::parallel;
use crate::wire::{BlockKind, ByteReader, Shape, Value, any};

/// Which containers are left out of the maps that contain them.
pub type Left<'l> = &'l (dyn Fn(u32) -> bool + Sync);

/// Encodes all live content.
pub fn encode(out: &mut Encoding, view: &View, left: Left<'_>) {
    out.raw(b"crdtctl content 1");
    for (name, node) in view.roots.iter().filter(|(_, node)| view.is_live(*node)) {
        out.string(STRING, name.as_bytes());
        root(out, view, *node, left);
    }
}

/// The halves of a large map are encoded at the same time.
fn root(out: &mut Encoding, view: &View, root: u32, left: Left<'_>) {
    let bytes = view.bytes().len();
    let is_large = |node: &&Node| node.shape == Shape::Map && parallel::pays(bytes);
    let Some(node) = view.node(root).filter(is_large) else {
        return container(out, view, root, left);
    };
    let entries = view.entries_of(node);
    let (first, second) = entries.split_at(entries.len() / 2);
    out.tag(MAP);
    let encode_second = || {
        let mut part = Encoding::part();
        fields(&mut part, view, second, left);
        part
    };
    let ((), part) = parallel::both(bytes, || fields(out, view, first, left), encode_second);
    out.append(&part);
    out.tag(END);
}

/// Sums over each key of every root that is a map, and over each other root.
pub fn sum(view: &View) -> ContentSum {
    let (everything, mut sum): (Left<'_>, _) = (&|_| false, ContentSum::default());
    let mut out = Encoding::default();
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

fn container(out: &mut Encoding, view: &View, node: u32, left: Left<'_>) {
    let Some(node) = view.node(node) else { return };
    let entries = view.entries_of(node);
    match node.shape {
        Shape::Map => {
            out.tag(MAP);
            fields(out, view, entries, left);
        }
        Shape::Text => text(out, view, entries, left),
        _ => {
            out.tag(ARRAY);
            entries.iter().for_each(|item| entry(out, view, item, left));
        }
    }
    out.tag(END);
}

fn fields(out: &mut Encoding, view: &View, entries: &[Entry], left: Left<'_>) {
    for item in entries {
        let is_left = item.node != NONE && left(item.node);
        if is_left {
            out.leave_out();
        }
        out.string(STRING, view.slice(item.key));
        entry(out, view, item, left);
        if is_left {
            out.come_back();
        }
    }
}

/// Adjacent pieces of text count as one text, however they were written.
fn text(out: &mut Encoding, view: &View, entries: &[Entry], left: Left<'_>) {
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
        entry(out, view, item, left);
    }
    if !run.is_empty() {
        out.string(STRING, run.as_bytes());
    }
}

fn entry(out: &mut Encoding, view: &View, entry: &Entry, left: Left<'_>) {
    if entry.node != NONE {
        return container(out, view, entry.node, left);
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
