//! The pieces that a spliced state is made of.

use std::ops::Range;

/// A piece of a spliced state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SplicePart {
    /// These bytes of the original state.
    Copied(Range<u64>),
    /// New bytes.
    New(Vec<u8>),
}

impl SplicePart {
    /// Returns its size in bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            SplicePart::Copied(bytes) => bytes.end.saturating_sub(bytes.start),
            SplicePart::New(bytes) => bytes.len() as u64,
        }
    }
}

/// Parts, merged where they are adjacent.
#[derive(Default)]
pub struct SpliceParts {
    parts: Vec<SplicePart>,
    /// New bytes that are not yet in a part.
    pub new: Vec<u8>,
}

impl SpliceParts {
    /// Adds a part behind the others.
    pub fn push(&mut self, part: SplicePart) {
        match part {
            SplicePart::New(bytes) => self.new.extend_from_slice(&bytes),
            SplicePart::Copied(next) if next.is_empty() => {}
            SplicePart::Copied(next) => {
                self.end_new();
                match self.parts.last_mut() {
                    Some(SplicePart::Copied(before)) if before.end == next.start => {
                        before.end = next.end;
                    }
                    _ => self.parts.push(SplicePart::Copied(next)),
                }
            }
        }
    }

    fn end_new(&mut self) {
        if !self.new.is_empty() {
            self.parts.push(SplicePart::New(std::mem::take(&mut self.new)));
        }
    }

    /// Returns the parts.
    pub fn finish(mut self) -> Vec<SplicePart> {
        self.end_new();
        self.parts
    }
}
