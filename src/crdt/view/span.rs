//! Parts of the bytes that a view was built from.

use crate::wire::Block;

/// No node, no piece, no list.
pub const NONE: u32 = u32::MAX;

/// A part of the bytes.
#[derive(Clone, Copy, Default)]
pub struct Span {
    /// Its first byte.
    pub start: u32,
    /// How many bytes it has.
    pub len: u32,
}

impl Span {
    /// From one offset to another.
    pub fn between(start: usize, end: usize) -> Span {
        // The walk refuses 4 GiB and more, so offsets fit.
        let fit = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Span { start: fit(start), len: fit(end.saturating_sub(start)) }
    }

    /// Returns where the key of a block is written, which has `len` bytes.
    pub fn of_key(block: &Block, len: u32) -> Span {
        let at = block.key_span(len);
        Span::between(at.start, at.end)
    }
}

/// The ends of a text at which half a surrogate pair was cut off: each shows as U+FFFD.
#[derive(Clone, Copy, Default)]
pub struct Halves {
    /// At its beginning.
    pub start: bool,
    /// At its end.
    pub end: bool,
}
