//! The content digest: that of a [`super::super::view::View`] where it reads the same, and beyond it
//! what it does not know.

use super::super::view::digest::{ARRAY, BYTES, END, LIST, MAP, STRING, TEXT, string, value};
use super::content::{SharedType, SharedTypes, SharedValue, TypeKind};
use crate::wire::Value;
use crate::wire::{BlockKind, ByteReader, any};
use blake3::Hasher;

const ELEMENT: u8 = 13;
const FORMAT: u8 = 14;
const ATTRIBUTES: u8 = 15;
const DOCUMENT: u8 = 16;
const DEEP: u8 = 17;

/// What is still to be hashed.
enum Rest<'t> {
    Fields(Box<dyn Iterator<Item = (&'t str, SharedValue<'t>)> + 't>),
    Elements(Box<dyn Iterator<Item = SharedValue<'t>> + 't>),
    Byte(u8),
}

impl SharedTypes {
    /// BLAKE3 of the live content, whatever its history, client ids and encoding.
    pub fn digest(&self) -> [u8; 32] {
        self.digest_leaving(&|_| false)
    }

    /// The same without the maps in which the flag is true.
    pub fn digest_without(&self, flag: &str) -> [u8; 32] {
        self.digest_leaving(&|container| {
            self.kind(container) == TypeKind::Map
                && self
                    .fields(container)
                    .any(|(key, part)| key == flag && part == SharedValue::Value(Value::Bool(true)))
        })
    }

    fn digest_leaving(&self, left: &dyn Fn(SharedType) -> bool) -> [u8; 32] {
        let mut hash = Hasher::new();
        hash.update(b"crdtctl content 1");
        for (name, container) in self.live_roots() {
            string(&mut hash, STRING, name.as_bytes());
            self.hash(&mut hash, container, left);
        }
        hash.finalize().into()
    }

    /// Of one container with all that is in it.
    pub fn digest_of(&self, container: SharedType) -> [u8; 32] {
        let mut hash = Hasher::new();
        self.hash(&mut hash, container, &|_| false);
        hash.finalize().into()
    }

    /// Of one value with all that is in it.
    pub fn digest_of_value(&self, part: &SharedValue<'_>) -> [u8; 32] {
        if let SharedValue::Type(container) = part {
            return self.digest_of(*container);
        }
        let mut hash = Hasher::new();
        plain(&mut hash, part);
        hash.finalize().into()
    }

    fn hash(&self, hash: &mut Hasher, container: SharedType, left: &dyn Fn(SharedType) -> bool) {
        let mut rest = Vec::new();
        self.begin(hash, container, &mut rest);
        while let Some(mut next) = rest.pop() {
            let part = match &mut next {
                Rest::Byte(byte) => {
                    hash.update(&[*byte]);
                    continue;
                }
                Rest::Fields(fields) => match fields.next() {
                    Some((_, SharedValue::Type(container))) if left(container) => {
                        rest.push(next);
                        continue;
                    }
                    Some((key, part)) => {
                        string(hash, STRING, key.as_bytes());
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
                SharedValue::Type(container) => self.begin(hash, container, &mut rest),
                part => plain(hash, &part),
            }
        }
    }

    fn begin<'t>(&'t self, hash: &mut Hasher, container: SharedType, rest: &mut Vec<Rest<'t>>) {
        let fields = || Rest::Fields(Box::new(self.fields(container)));
        rest.push(Rest::Byte(END));
        let kind = self.kind(container);
        let keyed = !self.keyed(container).is_empty();
        match kind {
            TypeKind::Map | TypeKind::Link => {
                hash.update(&[MAP]);
                rest.push(fields());
            }
            TypeKind::XmlElement | TypeKind::XmlHook => {
                string(hash, ELEMENT, self.name(container).as_bytes());
                rest.push(Rest::Elements(Box::new(self.elements(container))));
                rest.extend([Rest::Byte(LIST), fields()]);
            }
            TypeKind::Array | TypeKind::XmlFragment => {
                hash.update(&[ARRAY]);
                if keyed {
                    rest.extend([fields(), Rest::Byte(ATTRIBUTES)]);
                }
                rest.push(Rest::Elements(Box::new(self.elements(container))));
            }
            TypeKind::Text | TypeKind::XmlText => {
                hash.update(&[TEXT]);
                if keyed {
                    rest.extend([fields(), Rest::Byte(ATTRIBUTES)]);
                }
                self.hash_text(hash, container, rest);
            }
        }
    }

    /// Pieces of text that stand side by side are one text, however they were written.
    fn hash_text<'t>(&'t self, hash: &mut Hasher, container: SharedType, rest: &mut Vec<Rest<'t>>) {
        let mut run = String::new();
        let flush = |hash: &mut Hasher, run: &mut String| {
            if !run.is_empty() {
                string(hash, STRING, run.as_bytes());
                run.clear();
            }
        };
        let mut containers = Vec::new();
        for entry in self.sequence(container) {
            match entry.kind {
                BlockKind::String => {
                    self.push_text(&entry, &mut run);
                    continue;
                }
                BlockKind::Format => {
                    flush(hash, &mut run);
                    let mut reader = ByteReader::at(self.slice(entry.content), 0);
                    // The walk read the same bytes: this cannot fail.
                    if let (Ok(key), Ok(json)) = (reader.text(), reader.text()) {
                        string(hash, FORMAT, key.as_bytes());
                        value(hash, &any::embedded(json).unwrap_or(Value::Undefined));
                    }
                }
                _ => {
                    flush(hash, &mut run);
                    for part in self.parts(&entry) {
                        match part {
                            // Its place is marked here, and it is hashed behind the text.
                            SharedValue::Type(inner) => {
                                hash.update(&[LIST]);
                                containers.push(SharedValue::Type(inner));
                            }
                            part => plain(hash, &part),
                        }
                    }
                }
            }
        }
        flush(hash, &mut run);
        rest.push(Rest::Elements(Box::new(containers.into_iter())));
    }
}

/// What holds nothing else.
fn plain(hash: &mut Hasher, part: &SharedValue<'_>) {
    match part {
        SharedValue::Value(Value::Bytes(bytes)) => string(hash, BYTES, bytes),
        SharedValue::Value(plain) => value(hash, plain),
        SharedValue::Deep(bytes) => string(hash, DEEP, bytes),
        SharedValue::Document(guid) => string(hash, DOCUMENT, guid.as_bytes()),
        SharedValue::Type(_) => {}
    }
}
