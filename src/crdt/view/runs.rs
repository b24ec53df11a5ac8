//! What a shared text says, with who wrote what of it.

use super::index::{Entry, View};
use crate::wire::{BlockKind, Id, Shape};

/// A piece of a text that was written at once, or what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextRun<'v> {
    /// Its first unit; each UTF-16 unit behind it has the next clock.
    pub id: Id,
    /// What it says.
    pub text: &'v str,
}

impl View {
    /// The live pieces of the shared text at a path, in its order. None for a text that holds more than
    /// letters, or half a letter: places in it cannot be told by what it says.
    pub fn runs(&self, path: &[&str]) -> Vec<TextRun<'_>> {
        let node = self.node_at(path).and_then(|node| self.node(node));
        let Some(node) = node.filter(|node| node.shape == Shape::Text) else { return Vec::new() };
        let run = |entry: &Entry| {
            let is_whole =
                entry.kind == BlockKind::String && !entry.halves.start && !entry.halves.end;
            let text = std::str::from_utf8(self.slice(entry.content)).ok()?;
            is_whole.then_some(TextRun { id: entry.id, text })
        };
        let runs: Option<Vec<TextRun<'_>>> = self.entries_of(node).iter().map(run).collect();
        runs.unwrap_or_default()
    }
}
