//! The content of a shared text, with who wrote which part.

use super::index::{Entry, View};
use crate::wire::{BlockKind, Id, Shape};

/// A piece of a text that was written at once, or what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextRun<'v> {
    /// The id of its first unit; each following UTF-16 unit has the next clock.
    pub id: Id,
    /// Its characters.
    pub text: &'v str,
}

impl View {
    /// Returns the live pieces of the shared text at a path, in order. Empty for a text that holds more than
    /// characters, or half a surrogate pair: its visible characters then do not determine positions.
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
