//! What precedes the content of an item: the info byte, and its place.

use super::deletes::write_var;
use super::{BlockKind, Header, Id, Parent};

/// The bits of an info byte: which origins follow, and whether a key does if none does.
pub const HAS_LEFT: u8 = 0x80;
pub const HAS_RIGHT: u8 = 0x40;
pub const HAS_KEY: u8 = 0x20;
/// If either is set, the container and the key are the origin's.
pub const HAS_ORIGIN: u8 = HAS_LEFT | HAS_RIGHT;
/// The bits of the kind.
pub const KIND: u8 = 0x1f;
/// The codes for an item whose parent is an item, or a root.
const ITEM_PARENT: u8 = 0;
pub const ROOT_PARENT: u8 = 1;
/// What precedes a text among plain values.
pub const TEXT_VALUE: u8 = 119;

impl BlockKind {
    /// Returns the number of the kind in the format, as [`ByteReader::kind`](super::ByteReader::kind) reads
    /// it.
    pub(crate) fn number(self) -> u8 {
        match self {
            BlockKind::Gc => 0,
            BlockKind::Deleted => 1,
            BlockKind::Json => 2,
            BlockKind::Binary => 3,
            BlockKind::String => 4,
            BlockKind::Embed => 5,
            BlockKind::Format => 6,
            BlockKind::Type => 7,
            BlockKind::Any => 8,
            BlockKind::Doc => 9,
            BlockKind::Skip => 10,
            BlockKind::Move => 11,
        }
    }
}

impl Header<'_> {
    /// Writes the header of an item of this kind, as [`ByteReader::header`](super::ByteReader::header) reads
    /// it. Of an item with an origin, the parent and the key are the origin's, and not written.
    pub(crate) fn write(&self, kind: BlockKind, out: &mut Vec<u8>) {
        let origins = self.left.map_or(0, |_| HAS_LEFT) | self.right.map_or(0, |_| HAS_RIGHT);
        if origins != 0 {
            out.push(kind.number() | origins);
            [self.left, self.right].into_iter().flatten().for_each(|origin| write_id(out, origin));
            return;
        }
        out.push(kind.number() | self.key.map_or(0, |_| HAS_KEY));
        match self.parent {
            Some(Parent::Root(name)) => {
                out.push(ROOT_PARENT);
                write_bytes(out, name.as_bytes());
            }
            Some(Parent::Item(id)) => {
                out.push(ITEM_PARENT);
                write_id(out, id);
            }
            None => {}
        }
        if let Some(key) = self.key {
            write_bytes(out, key.as_bytes());
        }
    }
}

/// Writes the id of a unit.
pub fn write_id(out: &mut Vec<u8>, id: Id) {
    write_var(out, id.client);
    write_var(out, u64::from(id.clock));
}

/// Writes bytes, of a text or a value, with their number before them.
pub fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    write_var(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
