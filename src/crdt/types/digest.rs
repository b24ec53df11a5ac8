//! The content digest: equal to that of a [`super::super::view::View`] for what a view can read, and extended
//! to what it cannot.

use super::content::{SharedType, SharedTypes, SharedValue, TypeKind};
use crate::crdt::encoding::{ARRAY, BYTES, END, Encoding, LIST, MAP, PairedDigests, STRING, TEXT};
use crate::wire::{BlockKind, ByteReader, Value, any};
use std::collections::{BTreeMap, BTreeSet};

const ELEMENT: u8 = 13;
const FORMAT: u8 = 14;
const ATTRIBUTES: u8 = 15;
const DOCUMENT: u8 = 16;
const DEEP: u8 = 17;
const MOVE: u8 = 18;

/// What is still to be hashed.
enum Rest<'t> {
    Fields(Box<dyn Iterator<Item = (&'t str, SharedValue<'t>)> + 't>),
    Elements(Box<dyn Iterator<Item = SharedValue<'t>> + 't>),
    Byte(u8),
    /// Ends a part that is left out.
    LeftOut,
}

impl SharedTypes {
    /// Returns the BLAKE3 of the live content, independent of history, client ids and encoding.
    pub fn digest(&self) -> [u8; 32] {
        let mut out = Encoding::default();
        self.encode(&mut out, &|_| false);
        out.take().content
    }

    /// Returns that digest, and the digest without the maps in which `flag` is true.
    pub fn digests(&self, flag: &str) -> PairedDigests {
        let mut out = Encoding::with_parts();
        self.encode(&mut out, &|container| {
            self.kind(container) == TypeKind::Map
                && self
                    .fields(container)
                    .any(|(key, part)| key == flag && part == SharedValue::Value(Value::Bool(true)))
        });
        out.take()
    }

    fn encode(&self, out: &mut Encoding, left: &dyn Fn(SharedType) -> bool) {
        out.raw(b"crdtctl content 1");
        for (name, container) in self.shown_roots() {
            out.string(STRING, name.as_bytes());
            self.hash(out, container, left);
        }
    }

    /// Returns the digest of one container with everything in it.
    pub fn digest_of(&self, container: SharedType) -> [u8; 32] {
        let mut out = Encoding::default();
        self.hash(&mut out, container, &|_| false);
        out.take().content
    }

    /// Returns the digest of one value with everything in it.
    pub fn digest_of_value(&self, part: &SharedValue<'_>) -> [u8; 32] {
        if let SharedValue::Type(container) = part {
            return self.digest_of(*container);
        }
        let mut out = Encoding::default();
        plain(&mut out, part);
        out.take().content
    }

    fn hash(&self, out: &mut Encoding, container: SharedType, left: &dyn Fn(SharedType) -> bool) {
        let mut rest = Vec::new();
        self.begin(out, container, &mut rest);
        while let Some(mut next) = rest.pop() {
            let part = match &mut next {
                Rest::Byte(byte) => {
                    out.tag(*byte);
                    continue;
                }
                Rest::LeftOut => {
                    out.come_back();
                    continue;
                }
                Rest::Fields(fields) => match fields.next() {
                    Some((key, SharedValue::Type(container))) if left(container) => {
                        out.leave_out();
                        out.string(STRING, key.as_bytes());
                        rest.extend([next, Rest::LeftOut]);
                        self.begin(out, container, &mut rest);
                        continue;
                    }
                    Some((key, part)) => {
                        out.string(STRING, key.as_bytes());
                        part
                    }
                    None => continue,
                },
                Rest::Elements(elements) => match elements.next() {
                    Some(part) => part,
                    None => continue,
                },
            };
            rest.push(next);
            match part {
                SharedValue::Type(container) => self.begin(out, container, &mut rest),
                part => plain(out, &part),
            }
        }
    }

    fn begin<'t>(&'t self, out: &mut Encoding, container: SharedType, rest: &mut Vec<Rest<'t>>) {
        let fields = || Rest::Fields(Box::new(self.fields(container)));
        rest.push(Rest::Byte(END));
        let kind = self.kind(container);
        let keyed = !self.keyed(container).is_empty();
        // Where a move puts what is not known here: documents with equal moves are equal.
        for (id, what) in self.moves_in(container) {
            out.string(MOVE, &id.client.to_be_bytes());
            out.string(MOVE, &id.clock.to_be_bytes());
            out.string(MOVE, what);
        }
        match kind {
            TypeKind::Map | TypeKind::Link => {
                out.tag(MAP);
                rest.push(fields());
            }
            TypeKind::XmlElement | TypeKind::XmlHook => {
                out.string(ELEMENT, self.name(container).as_bytes());
                rest.push(Rest::Elements(Box::new(self.elements(container))));
                rest.extend([Rest::Byte(LIST), fields()]);
            }
            TypeKind::Array | TypeKind::XmlFragment => {
                out.tag(ARRAY);
                if keyed {
                    rest.extend([fields(), Rest::Byte(ATTRIBUTES)]);
                }
                rest.push(Rest::Elements(Box::new(self.elements(container))));
            }
            TypeKind::Text | TypeKind::XmlText => {
                out.tag(TEXT);
                if keyed {
                    rest.extend([fields(), Rest::Byte(ATTRIBUTES)]);
                }
                self.hash_text(out, container, rest);
            }
        }
    }

    /// Adjacent pieces of text count as one text, however they were written; and formats by what they change
    /// of the content behind them, not by their marks.
    fn hash_text<'t>(
        &'t self,
        out: &mut Encoding,
        container: SharedType,
        rest: &mut Vec<Rest<'t>>,
    ) {
        let mut text = HashedText::default();
        let mut containers = Vec::new();
        for entry in self.sequence(container) {
            match entry.kind {
                BlockKind::String => {
                    text.begin(out);
                    self.push_text(&entry, &mut text.run);
                }
                BlockKind::Format => {
                    let mut reader = ByteReader::at(self.slice(entry.content), 0);
                    // The walk read the same bytes: this cannot fail.
                    if let (Ok(key), Ok(json)) = (reader.text(), reader.text()) {
                        text.mark(key, any::embedded(json).unwrap_or(Value::Undefined));
                    }
                }
                _ => {
                    for part in self.parts(&entry) {
                        text.begin(out);
                        text.flush(out);
                        match part {
                            // Its place is marked here, and it is hashed after the text.
                            SharedValue::Type(inner) => {
                                out.tag(LIST);
                                containers.push(SharedValue::Type(inner));
                            }
                            part => plain(out, &part),
                        }
                    }
                }
            }
        }
        text.flush(out);
        rest.push(Rest::Elements(Box::new(containers.into_iter())));
    }
}

/// The state while a text is hashed.
#[derive(Default)]
struct HashedText<'t> {
    /// Characters that are not hashed yet.
    run: String,
    /// The formats at the current position, by name.
    formats: BTreeMap<&'t str, Value>,
    /// Those that were hashed.
    hashed: BTreeMap<&'t str, Value>,
    /// The names of those that may differ between the two.
    marked: BTreeSet<&'t str>,
}

impl<'t> HashedText<'t> {
    /// Begins or ends a format. Nothing may follow that shows it.
    fn mark(&mut self, name: &'t str, value: Value) {
        match value {
            Value::Null => drop(self.formats.remove(name)),
            value => drop(self.formats.insert(name, value)),
        }
        self.marked.insert(name);
    }

    /// Hashes what the content that follows is formatted with, other than what is before it.
    fn begin(&mut self, out: &mut Encoding) {
        for name in std::mem::take(&mut self.marked) {
            let (now, before) = (self.formats.get(name), self.hashed.get(name));
            let is_same = match (now, before) {
                (Some(now), Some(before)) => any::same(now, before),
                (now, before) => now.is_none() && before.is_none(),
            };
            if is_same {
                continue;
            }
            let now = now.cloned();
            self.flush(out);
            out.string(FORMAT, name.as_bytes());
            out.value(now.as_ref().unwrap_or(&Value::Null));
            match now {
                Some(now) => drop(self.hashed.insert(name, now)),
                None => drop(self.hashed.remove(name)),
            }
        }
    }

    /// Hashes the characters before an end of the run.
    fn flush(&mut self, out: &mut Encoding) {
        if !self.run.is_empty() {
            out.string(STRING, self.run.as_bytes());
            self.run.clear();
        }
    }
}

/// Hashes a value that contains nothing else.
fn plain(out: &mut Encoding, part: &SharedValue<'_>) {
    match part {
        SharedValue::Value(Value::Bytes(bytes)) => out.string(BYTES, bytes),
        SharedValue::Value(plain) => out.value(plain),
        SharedValue::Deep(bytes) => out.string(DEEP, bytes),
        SharedValue::Document(guid) => out.string(DOCUMENT, guid.as_bytes()),
        SharedValue::Type(_) => {}
    }
}
