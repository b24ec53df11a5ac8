//! What is known of a page without opening it: what lists are sorted and filtered by.

use super::deletes::write_var;
use super::reader::{AnyHead, ByteReader};
use super::{BlockKind, Id, Update, Value, any};

/// The keys, in the maps under the pages' keys, whose values are noted: a time, and a flag that is true if
/// the record is hidden.
pub type Noted = [&'static str; FIELDS];

const FIELDS: usize = 2;
/// The number of a shared map in the format.
const MAP: u64 = 1;
/// Longer values are not noted, nor is anything else of their page.
const LONGEST: usize = 32;

/// What is known of a page whose value is one shared map.
#[derive(Debug, Clone, PartialEq)]
pub struct PageFacts {
    /// The item that created the map.
    pub item: Id,
    /// The values under the noted keys, in their order.
    pub values: [Option<Value>; FIELDS],
}

/// The greatest number in a page, as a bound for the times of the records in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NumberBound {
    /// There are none.
    #[default]
    Nothing,
    /// This one.
    Number(i64),
    /// Not known: numbers can be inside plain values.
    Unknown,
}

impl NumberBound {
    /// Takes a block of the page into account, deleted or not.
    pub(super) fn note(&mut self, kind: BlockKind, content: &[u8]) {
        let known = match kind {
            BlockKind::Any => self.note_values(content),
            BlockKind::Json | BlockKind::Embed => None,
            _ => Some(()),
        };
        if known.is_none() {
            *self = NumberBound::Unknown;
        }
    }

    fn note_values(&mut self, content: &[u8]) -> Option<()> {
        let mut reader = ByteReader::at(content, 0);
        for _ in 0..reader.count(1).ok()? {
            let number = match reader.any_head().ok()? {
                AnyHead::Int(n) | AnyHead::BigInt(n) => n,
                AnyHead::Float(n) => Value::Number(n).as_i64()?,
                AnyHead::Map(0) | AnyHead::List(0) => continue,
                AnyHead::Map(_) | AnyHead::List(_) => return None,
                AnyHead::String | AnyHead::Buffer => {
                    reader.buffer().ok()?;
                    continue;
                }
                AnyHead::Undefined | AnyHead::Null | AnyHead::Bool(_) => continue,
            };
            *self = match *self {
                NumberBound::Nothing => NumberBound::Number(number),
                NumberBound::Number(before) => NumberBound::Number(before.max(number)),
                NumberBound::Unknown => NumberBound::Unknown,
            };
        }
        Some(())
    }

    /// Whether plain values may hold any.
    pub fn is_unknown(self) -> bool {
        self == NumberBound::Unknown
    }

    /// Returns a number that none in the page exceeds.
    pub fn most(self) -> i64 {
        match self {
            NumberBound::Nothing => 0,
            NumberBound::Number(number) => number.max(0),
            NumberBound::Unknown => i64::MAX,
        }
    }
}

/// Where in a state the noted values are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct NotedBlocks {
    client: u64,
    /// The block of the page's value.
    value: Option<u32>,
    fields: [NotedField; FIELDS],
}

/// The writes under one key.
#[derive(Debug, Clone, Copy, Default)]
struct NotedField {
    blocks: u32,
    /// The last block seen that is not deleted.
    living: Option<u32>,
}

impl NotedBlocks {
    pub fn value(&mut self, client: u64, index: usize) {
        (self.client, self.value) = (client, u32::try_from(index).ok());
    }

    pub fn field(&mut self, field: usize, index: usize, lives: bool) {
        if let Some(field) = self.fields.get_mut(field) {
            field.blocks = field.blocks.saturating_add(1);
            if lives {
                field.living = u32::try_from(index).ok();
            }
        }
    }

    /// Returns the facts as stored; empty if there are none.
    pub fn facts<S>(&self, state: &Update<'_, S>) -> Vec<u8> {
        let mut kept = Vec::new();
        if self.write(state, &mut kept).is_none() {
            kept.clear();
        }
        kept
    }

    fn write<S>(&self, state: &Update<'_, S>, out: &mut Vec<u8>) -> Option<()> {
        let map = state.blocks.get(self.value? as usize)?;
        let is_map = ByteReader::at(state.content(map), 0).var().ok() == Some(MAP);
        if map.kind != BlockKind::Type || !is_map {
            return None;
        }
        write_var(out, self.client);
        write_var(out, u64::from(map.clock));
        for field in &self.fields {
            match field.blocks {
                0 => out.push(0),
                // The number of values comes first, which is one.
                _ => out.extend_from_slice(field.last(state)?),
            }
        }
        Some(())
    }
}

impl NotedField {
    /// Returns the value in its encoded form, or `None` if only yrs can tell which it is: every block but the
    /// live one must have been overwritten.
    fn last<'a, S>(&self, state: &Update<'a, S>) -> Option<&'a [u8]> {
        let last = state.blocks.get(self.living? as usize)?;
        let (mut at, mut blocks) = (last, 1);
        while let (Some(left), _) = state.origins(at) {
            at = state.block(left)?;
            if blocks == self.blocks || left.clock.saturating_add(1) != at.next_clock() {
                return None;
            }
            blocks += 1;
        }
        let content = state.content(last);
        let is_one = (last.kind, last.len) == (BlockKind::Any, 1) && content.len() <= LONGEST;
        (is_one && blocks == self.blocks).then_some(content)
    }
}

impl PageFacts {
    /// Returns whether it has a time by which it is listed.
    pub fn is_timed(&self) -> bool {
        let [at, _] = &self.values;
        at.is_some()
    }

    /// Returns the time by which it is listed, or 0 if it has none.
    pub fn listed_at(&self) -> i64 {
        let [at, _] = &self.values;
        at.as_ref().and_then(Value::as_i64).unwrap_or(0)
    }

    /// Whether it is hidden.
    pub fn is_hidden(&self) -> bool {
        matches!(self.values, [_, Some(Value::Bool(true))])
    }

    /// Reads stored facts; `None` if there were none, or they are damaged.
    pub fn decode(kept: &[u8]) -> Option<PageFacts> {
        let mut reader = ByteReader::at(kept, 0);
        let client = reader.var().ok()?;
        let clock = u32::try_from(reader.var().ok()?).ok()?;
        let mut values = [const { None }; FIELDS];
        for value in &mut values {
            *value = match reader.var().ok()? {
                0 => None,
                1 => Some(any::read(&mut reader).ok()?),
                _ => return None,
            };
        }
        (reader.left() == 0).then_some(PageFacts { item: Id { client, clock }, values })
    }
}
