//! Formatted text: blocks of runs, written as Markdown or HTML.

mod html;
mod markdown;
mod model;

pub use model::{HolderKind, Prose, ProseBlock, ProseHolder, ProseKind, ProseRun};

impl Prose {
    /// Returns CommonMark with GFM tables, strikethrough and task lists; what it cannot express is HTML.
    pub fn markdown(&self) -> String {
        markdown::write(self)
    }

    /// Returns an HTML fragment that is also well-formed XML and runs nothing.
    pub fn html(&self) -> String {
        html::write(self)
    }
}

#[cfg(test)]
mod tests;
