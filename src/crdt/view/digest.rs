//! The content digest: one canonical encoding of the live tree, hashed as it is written.

use super::{BlockKind, ByteReader, Entry, NONE, Shape, Value, View, any};
use blake3::Hasher;

pub const NULL: u8 = 0;
pub const UNDEFINED: u8 = 1;
pub const FALSE: u8 = 2;
pub const TRUE: u8 = 3;
pub const WHOLE: u8 = 4;
pub const FLOAT: u8 = 5;
pub const STRING: u8 = 6;
pub const BYTES: u8 = 7;
pub const MAP: u8 = 8;
pub const ARRAY: u8 = 9;
pub const TEXT: u8 = 10;
pub const OBJECT: u8 = 11;
pub const LIST: u8 = 12;
pub const END: u8 = 255;

/// Which containers are left out of the maps that they are in.
pub type Left<'l> = &'l dyn Fn(u32) -> bool;

pub fn digest(view: &View, left: Left<'_>) -> [u8; 32] {
    let mut hash = Hasher::new();
    hash.update(b"crdtctl content 1");
    for (name, node) in view.roots.iter().filter(|(_, node)| view.is_live(*node)) {
        string(&mut hash, STRING, name.as_bytes());
        container(&mut hash, view, *node, left);
    }
    hash.finalize().into()
}

/// A digest of content that is the sum of those of its parts: what a part adds to it can be taken
/// away and added again, and nothing has to be known of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ContentSum([u64; 4]);

impl ContentSum {
    /// Of these bytes; None where they are not as many as [`ContentSum::to_bytes`] gives.
    pub fn from_bytes(bytes: &[u8]) -> Option<ContentSum> {
        let mut lanes = bytes.as_chunks::<8>();
        let (words, rest) = (std::mem::take(&mut lanes.0), lanes.1);
        let words: [[u8; 8]; 4] = words.try_into().ok()?;
        rest.is_empty().then(|| ContentSum(words.map(u64::from_be_bytes)))
    }

    /// The sum as bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let lanes = bytes.as_chunks_mut::<8>().0.iter_mut();
        lanes.zip(self.0).for_each(|(lane, word)| *lane = word.to_be_bytes());
        bytes
    }

    /// The sum with another content instead of some of it.
    pub fn with(self, content: ContentSum, instead_of: ContentSum) -> ContentSum {
        let changes = self.0.into_iter().zip(content.0).zip(instead_of.0);
        let mut sum = [0; 4];
        for (lane, ((all, new), old)) in sum.iter_mut().zip(changes) {
            *lane = all.wrapping_sub(old).wrapping_add(new);
        }
        ContentSum(sum)
    }

    fn add(&mut self, part: &Hasher) {
        let part = ContentSum::from_bytes(part.finalize().as_bytes()).unwrap_or_default();
        *self = self.with(part, ContentSum::default());
    }
}

/// Of each key of a root that is a map, and of each other root.
pub fn sum(view: &View) -> ContentSum {
    let (everything, mut sum): (Left<'_>, _) = (&|_| false, ContentSum::default());
    for (name, root) in view.roots.iter().filter(|(_, node)| view.is_live(*node)) {
        let mut hash = Hasher::new();
        hash.update(b"crdtctl part 1");
        string(&mut hash, STRING, name.as_bytes());
        match view.node(*root) {
            Some(node) if node.shape == Shape::Map => {
                for item in view.entries_of(node) {
                    let mut hash = hash.clone();
                    string(&mut hash, STRING, view.slice(item.key));
                    entry(&mut hash, view, item, everything);
                    sum.add(&hash);
                }
            }
            _ => {
                container(&mut hash, view, *root, everything);
                sum.add(&hash);
            }
        }
    }
    sum
}

fn container(hash: &mut Hasher, view: &View, node: u32, left: Left<'_>) {
    let Some(node) = view.node(node) else { return };
    let entries = view.entries_of(node);
    match node.shape {
        Shape::Map => {
            hash.update(&[MAP]);
            for item in entries {
                if item.node == NONE || !left(item.node) {
                    string(hash, STRING, view.slice(item.key));
                    entry(hash, view, item, left);
                }
            }
        }
        Shape::Text => text(hash, view, entries, left),
        _ => {
            hash.update(&[ARRAY]);
            entries.iter().for_each(|item| entry(hash, view, item, left));
        }
    }
    hash.update(&[END]);
}

/// Pieces of text that stand side by side are one text, however they were written.
fn text(hash: &mut Hasher, view: &View, entries: &[Entry], left: Left<'_>) {
    hash.update(&[TEXT]);
    let mut run = String::new();
    for item in entries {
        if item.kind == BlockKind::String {
            view.push_text(item, &mut run);
            continue;
        }
        if !run.is_empty() {
            string(hash, STRING, run.as_bytes());
            run.clear();
        }
        entry(hash, view, item, left);
    }
    if !run.is_empty() {
        string(hash, STRING, run.as_bytes());
    }
}

fn entry(hash: &mut Hasher, view: &View, entry: &Entry, left: Left<'_>) {
    if entry.node != NONE {
        return container(hash, view, entry.node, left);
    }
    match entry.kind {
        BlockKind::Embed => {
            let json = std::str::from_utf8(view.slice(entry.content)).unwrap_or("");
            value(hash, &any::embedded(json).unwrap_or(Value::Undefined));
        }
        BlockKind::Any => {
            let mut reader = ByteReader::at(view.slice(entry.content), 0);
            while reader.left() > 0 {
                let Ok(read) = any::read(&mut reader) else { break };
                value(hash, &read);
            }
        }
        _ => string(hash, BYTES, view.slice(entry.content)),
    }
}

/// A plain value. Recursion is bounded: the walk refused deeper nesting.
pub fn value(hash: &mut Hasher, value_: &Value) {
    match value_ {
        Value::Null => drop(hash.update(&[NULL])),
        Value::Undefined => drop(hash.update(&[UNDEFINED])),
        Value::Bool(b) => drop(hash.update(&[if *b { TRUE } else { FALSE }])),
        Value::Int(n) | Value::BigInt(n) => number(hash, any::Number::Whole(*n)),
        Value::Number(n) => number(hash, any::number(*n)),
        Value::String(text) | Value::Text(text) => string(hash, STRING, text.as_bytes()),
        Value::Bytes(bytes) => string(hash, BYTES, bytes),
        Value::Object(record) | Value::Map(record) => {
            hash.update(&[OBJECT]);
            for (key, inner) in record {
                string(hash, STRING, key.as_bytes());
                value(hash, inner);
            }
            hash.update(&[END]);
        }
        Value::List(items) | Value::Array(items) => {
            hash.update(&[LIST]);
            items.iter().for_each(|inner| value(hash, inner));
            hash.update(&[END]);
        }
    }
}

fn number(hash: &mut Hasher, number: any::Number) {
    match number {
        any::Number::Whole(n) => hash.update(&[WHOLE]).update(&n.to_be_bytes()),
        any::Number::Float(bits) => hash.update(&[FLOAT]).update(&bits.to_be_bytes()),
    };
}

pub fn string(hash: &mut Hasher, tag: u8, bytes: &[u8]) {
    hash.update(&[tag]).update(&(bytes.len() as u64).to_be_bytes()).update(bytes);
}
