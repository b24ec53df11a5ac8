//! Formatted text: blocks of runs, as Markdown or HTML.

mod html;
mod markdown;
mod model;

pub use model::{HolderKind, Prose, ProseBlock, ProseHolder, ProseKind, ProseRun};

impl Prose {
    /// CommonMark with tables, strikethrough and task lists of GFM; what it has no sign for as HTML.
    pub fn markdown(&self) -> String {
        markdown::write(self)
    }

    /// HTML, without anything around it, that is well-formed XML as well and runs nothing.
    pub fn html(&self) -> String {
        html::write(self)
    }
}

#[cfg(test)]
mod tests;
