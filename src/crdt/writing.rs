//! The only way values are written into yrs.

use super::content::Content;
use super::scalar::{Scalar, Slot};
use super::txn::Txn;
use crate::wire::Value;
use yrs::{Array, ArrayPrelim, ArrayRef, Map, MapPrelim, MapRef, TextPrelim};

impl Txn<'_> {
    pub(super) fn insert(&mut self, map: &MapRef, key: &str, value: impl Into<Scalar>) {
        let Scalar { any, odd } = value.into();
        map.insert(&mut self.yrs, key, any);
        self.note(odd);
    }

    pub(super) fn insert_in(&mut self, array: &ArrayRef, index: u32, value: impl Into<Scalar>) {
        let Scalar { any, odd } = value.into();
        let index = index.min(array.len(&self.yrs));
        array.insert(&mut self.yrs, index, any);
        self.note(odd);
    }

    /// Remembers the encoding of the value that was just written.
    fn note(&mut self, odd: Option<Box<[u8]>>) {
        let Some(bytes) = odd else { return };
        let last = self.next_unit().clock.saturating_sub(1);
        self.written.note_own(self.client, last, bytes);
        self.wrote_odd = true;
    }

    /// Writes a value with everything below it. Recursion is bounded: the value was read from a document that
    /// passed the check.
    pub(super) fn write_value(&mut self, slot: Slot<'_>, value: &Value) {
        match value {
            Value::Map(fields) => {
                let new = slot.make(&mut self.yrs, MapPrelim::default());
                fields
                    .iter()
                    .for_each(|(key, value)| self.write_value(Slot::Key(&new, key), value));
            }
            Value::Array(items) => {
                let new = slot.make(&mut self.yrs, ArrayPrelim::default());
                items.iter().for_each(|value| self.write_value(Slot::End(&new), value));
            }
            Value::Text(text) => drop(slot.make(&mut self.yrs, TextPrelim::new(text.as_str()))),
            plain => self.write_plain(slot, plain),
        }
    }

    /// Writes content with everything below it, in key order, so that equal content becomes the same items.
    pub(super) fn write_content(&mut self, slot: Slot<'_>, content: &Content) {
        match content {
            Content::Plain(value) => self.write_plain(slot, value),
            Content::Map(fields) => {
                let new = slot.make(&mut self.yrs, MapPrelim::default());
                fields
                    .iter()
                    .for_each(|(key, field)| self.write_content(Slot::Key(&new, key), field));
            }
            Content::Array(items) => {
                let new = slot.make(&mut self.yrs, ArrayPrelim::default());
                items.iter().for_each(|item| self.write_content(Slot::End(&new), item));
            }
            Content::Text(text) => drop(slot.make(&mut self.yrs, TextPrelim::new(text.as_str()))),
        }
    }

    fn write_plain(&mut self, slot: Slot<'_>, value: &Value) {
        match slot {
            Slot::Key(map, key) => self.insert(map, key, value),
            Slot::End(array) => self.insert_in(array, u32::MAX, value),
        }
    }
}
