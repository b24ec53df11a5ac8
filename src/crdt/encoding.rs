//! The canonical encoding of live content, hashed as it is written: two documents with the same content have
//! the same bytes, whatever their history.

use crate::wire::{AnyHead, ByteReader, Fault, Value, any};
use blake3::Hasher;
use std::ops::Range;

const NULL: u8 = 0;
const UNDEFINED: u8 = 1;
const FALSE: u8 = 2;
const TRUE: u8 = 3;
const WHOLE: u8 = 4;
const FLOAT: u8 = 5;
/// Precedes a text that is a value, a key or the name of a root.
pub const STRING: u8 = 6;
/// Precedes bytes.
pub const BYTES: u8 = 7;
/// Precedes the fields of a map.
pub const MAP: u8 = 8;
/// Precedes the elements of an array.
pub const ARRAY: u8 = 9;
/// Precedes the pieces of a text.
pub const TEXT: u8 = 10;
const OBJECT: u8 = 11;
/// Precedes the elements of a list.
pub const LIST: u8 = 12;
/// Ends the content of a container.
pub const END: u8 = 255;

/// How many bytes are hashed at once: hashing a few at a time takes many times as long.
const HASHED_AT_ONCE: usize = 1 << 16;

/// The two digests of some content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairedDigests {
    /// The digest of all of it.
    pub content: [u8; 32],
    /// The digest without the maps in which a flag is true.
    pub kept: [u8; 32],
}

/// Content being encoded for hashing: all of it, and what remains without the parts that are left out.
#[derive(Default)]
pub struct Encoding {
    all: HashedBytes,
    /// `None` if nothing can be left out.
    kept: Option<HashedBytes>,
    /// From this offset on, the bytes of `all` are not in `kept` yet.
    kept_to: usize,
    /// How many left-out parts enclose the current position.
    left: usize,
    /// For a part that is appended to another encoding: where what is left out begins and ends in it.
    parts: Option<Vec<Range<usize>>>,
}

/// Bytes, and the hash of those before them.
#[derive(Default)]
struct HashedBytes {
    bytes: Vec<u8>,
    hashed: Option<Hasher>,
}

impl HashedBytes {
    fn is_full(&self) -> bool {
        self.bytes.len() >= HASHED_AT_ONCE
    }

    fn hash(&mut self) {
        self.hashed.get_or_insert_default().update(&self.bytes);
        self.bytes.clear();
    }

    fn take(&mut self) -> [u8; 32] {
        let hash = match self.hashed.take() {
            None => blake3::hash(&self.bytes),
            Some(mut hasher) => hasher.update(&self.bytes).finalize(),
        };
        self.bytes.clear();
        hash.into()
    }
}

impl Encoding {
    /// An encoding whose parts can be left out.
    pub fn with_parts() -> Encoding {
        Encoding { kept: Some(HashedBytes::default()), ..Encoding::default() }
    }

    /// A part of an encoding, to be appended to it. Nothing is hashed before.
    pub fn part() -> Encoding {
        Encoding { parts: Some(Vec::new()), ..Encoding::default() }
    }

    /// Adds what was added to a part, as if it had been added here.
    pub fn append(&mut self, part: &Encoding) {
        let mut at = 0;
        for left in part.parts.iter().flatten() {
            self.long(part.all.bytes.get(at..left.start).unwrap_or_default());
            self.leave_out();
            self.long(part.all.bytes.get(left.clone()).unwrap_or_default());
            self.come_back();
            at = left.end;
        }
        self.long(part.all.bytes.get(at..).unwrap_or_default());
    }

    fn long(&mut self, bytes: &[u8]) {
        bytes.chunks(HASHED_AT_ONCE).for_each(|chunk| self.raw(chunk));
    }

    /// Leaves out what is written until [`Encoding::come_back`].
    pub fn leave_out(&mut self) {
        self.keep();
        if self.left == 0 {
            self.kept_to = self.all.bytes.len();
        }
        self.left = self.left.saturating_add(1);
    }

    /// Ends what [`Encoding::leave_out`] began.
    pub fn come_back(&mut self) {
        if self.left == 1 {
            let left = std::mem::replace(&mut self.kept_to, self.all.bytes.len())..self.kept_to;
            self.parts.iter_mut().for_each(|parts| parts.push(left.clone()));
        }
        self.left = self.left.saturating_sub(1);
    }

    /// Adds bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.all.bytes.extend_from_slice(bytes);
        if self.all.is_full() && self.parts.is_none() {
            self.keep();
            self.all.hash();
            self.kept_to = 0;
        }
    }

    /// Adds everything written so far that is not left out to `kept`.
    fn keep(&mut self) {
        if let Some(kept) = self.kept.as_mut().filter(|_| self.left == 0) {
            kept.bytes.extend_from_slice(self.all.bytes.get(self.kept_to..).unwrap_or_default());
            self.kept_to = self.all.bytes.len();
            if kept.is_full() {
                kept.hash();
            }
        }
    }

    /// Adds a tag.
    pub fn tag(&mut self, tag: u8) {
        self.raw(&[tag]);
    }

    /// Adds a tag, the length of the bytes, and the bytes.
    pub fn string(&mut self, tag: u8, bytes: &[u8]) {
        self.word(tag, bytes.len() as u64);
        self.raw(bytes);
    }

    /// Adds a tag and a number.
    fn word(&mut self, tag: u8, word: u64) {
        let [a, b, c, d, e, f, g, h] = word.to_be_bytes();
        self.raw(&[tag, a, b, c, d, e, f, g, h]);
    }

    /// Adds a plain value. Recursion is bounded: the walk refused deeper nesting.
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.tag(NULL),
            Value::Undefined => self.tag(UNDEFINED),
            Value::Bool(b) => self.tag(if *b { TRUE } else { FALSE }),
            Value::Int(n) | Value::BigInt(n) => self.number(any::Number::Whole(*n)),
            Value::Number(n) => self.number(any::number(*n)),
            Value::String(text) | Value::Text(text) => self.string(STRING, text.as_bytes()),
            Value::Bytes(bytes) => self.string(BYTES, bytes),
            Value::Object(record) | Value::Map(record) => {
                self.tag(OBJECT);
                for (key, inner) in record {
                    self.string(STRING, key.as_bytes());
                    self.value(inner);
                }
                self.tag(END);
            }
            Value::List(items) | Value::Array(items) => {
                self.tag(LIST);
                items.iter().for_each(|inner| self.value(inner));
                self.tag(END);
            }
        }
    }

    /// Adds the value at the reader's position, as [`Encoding::value`] does.
    ///
    /// # Errors
    /// As the walk: bytes that passed it read without error.
    pub fn any(&mut self, reader: &mut ByteReader<'_>) -> Result<(), Fault> {
        match reader.any_head()? {
            AnyHead::String => self.string(STRING, reader.text_bytes()?),
            AnyHead::Buffer => self.string(BYTES, reader.buffer()?),
            head => self.value(&any::read_behind(head, reader)?),
        }
        Ok(())
    }

    fn number(&mut self, number: any::Number) {
        match number {
            any::Number::Whole(n) => self.word(WHOLE, n.cast_unsigned()),
            any::Number::Float(bits) => self.word(FLOAT, bits),
        }
    }

    /// Returns the BLAKE3 of all that was added and of what was not left out. Later additions count for
    /// nothing.
    pub fn take(&mut self) -> PairedDigests {
        self.keep();
        self.kept_to = 0;
        let content = self.all.take();
        PairedDigests { content, kept: self.kept.as_mut().map_or(content, HashedBytes::take) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hashed_in_pieces_is_hashed_as_one() {
        let mut all = Vec::new();
        let mut out = Encoding::with_parts();
        for n in 0..30_000u32 {
            out.raw(&n.to_be_bytes());
            all.extend(n.to_be_bytes());
        }
        assert!(all.len() > HASHED_AT_ONCE);
        let expected = *blake3::hash(&all).as_bytes();
        assert_eq!(out.take(), PairedDigests { content: expected, kept: expected });
    }

    #[test]
    fn what_is_taken_is_added_to_nothing_later() {
        let (mut out, large) = (Encoding::default(), vec![7; HASHED_AT_ONCE + 1]);
        for bytes in [large.as_slice(), b"small", b""] {
            out.raw(bytes);
            assert_eq!(out.take().content, *blake3::hash(bytes).as_bytes());
        }
    }

    #[test]
    fn what_is_appended_counts_as_if_it_was_added() {
        let (long, longer) = (vec![1; HASHED_AT_ONCE + 1], vec![2; 2 * HASHED_AT_ONCE]);
        let write = |out: &mut Encoding| {
            out.raw(b"a");
            out.leave_out();
            out.raw(&long);
            out.leave_out();
            out.raw(b"b");
            out.come_back();
            out.come_back();
            out.raw(&longer);
            out.leave_out();
            out.raw(b"c");
            out.come_back();
        };
        for rest in [b"d".as_slice(), b""] {
            let (mut at_once, mut in_parts) = (Encoding::with_parts(), Encoding::with_parts());
            let mut part = Encoding::part();
            write(&mut at_once);
            write(&mut part);
            in_parts.append(&part);
            for out in [&mut at_once, &mut in_parts] {
                out.raw(rest);
            }
            assert_eq!(in_parts.take(), at_once.take());
        }
    }

    #[test]
    fn parts_are_left_out_whole() {
        let mut out = Encoding::with_parts();
        out.raw(b"a");
        out.leave_out();
        out.raw(b"b");
        out.leave_out();
        out.raw(b"c");
        out.come_back();
        out.raw(b"d");
        out.come_back();
        out.raw(b"e");
        let [content, kept] = [b"abcde".as_slice(), b"ae"].map(|all| *blake3::hash(all).as_bytes());
        assert_eq!(out.take(), PairedDigests { content, kept });
    }
}
