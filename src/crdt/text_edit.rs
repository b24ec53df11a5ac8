//! Edits in shared texts, addressed by position in the visible text.

use super::source::Source;
use super::txn::{Txn, not_shared};
use crate::error::{Error, Result};
use std::ops::Range;
use yrs::{Out, Text};

/// One change at one place in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The bytes of the old text to remove.
    pub range: Range<usize>,
    /// The replacement.
    pub insert: String,
}

impl Txn<'_> {
    /// Edits the shared text at a path with insertions and deletions. The ranges refer to the current text,
    /// are in order, and lie on character boundaries.
    ///
    /// # Errors
    /// `Refused` if there is no shared text, or if it holds more than characters.
    pub fn edit_text(&mut self, path: &[&str], edits: &[TextEdit]) -> Result<()> {
        let text = match self.out(path) {
            Some(Out::YText(text)) => text,
            found => return Err(not_shared("text", path, found.is_some())),
        };
        let letters = self.text(path).unwrap_or_default();
        if u64::from(text.len(&self.yrs)) != utf16(&letters) {
            let path = path.join("/");
            return Err(Error::refused(format!("{path} holds more than plain text"))
                .hint("the program that added the rest can remove it"));
        }
        if let Some((key, around)) = path.split_last() {
            self.typing.written(around, key);
        }
        // From the end on, so that everything before an edit keeps its position.
        for edit in edits.iter().rev() {
            let (Some(before), Some(gone)) =
                (letters.get(..edit.range.start), letters.get(edit.range.clone()))
            else {
                return Err(Error::bug("a text edit ends inside a character"));
            };
            let units = |text: &str| u32::try_from(utf16(text)).unwrap_or(u32::MAX);
            let (at, gone) = (units(before), units(gone));
            if gone > 0 {
                text.remove_range(&mut self.yrs, at, gone);
            }
            if !edit.insert.is_empty() {
                text.insert(&mut self.yrs, at, &edit.insert);
            }
        }
        Ok(())
    }
}

fn utf16(text: &str) -> u64 {
    text.encode_utf16().count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::content::Content;
    use crate::crdt::doc::Doc;

    fn edit(range: Range<usize>, insert: &str) -> TextEdit {
        TextEdit { range, insert: insert.to_owned() }
    }

    #[test]
    fn edits_are_where_the_text_says() {
        let mut doc = Doc::new(1);
        doc.edit(|txn| txn.put(&["m"], "t", &Content::Text("a 👩‍👧 é end".to_owned()))).unwrap();
        let family = "👩‍👧".len();
        let edits = [edit(0..1, "b"), edit(2..2 + family, "👨"), edit(6 + family..9 + family, "")];
        doc.edit(|txn| txn.edit_text(&["m", "t"], &edits)).unwrap();
        assert_eq!(doc.read(|source| source.text(&["m", "t"])).unwrap(), "b 👨 é ");
    }

    #[test]
    fn what_is_no_text_is_not_edited() {
        let mut doc = Doc::new(1);
        doc.edit(|txn| txn.set(&["m"], "t", "plain")).unwrap();
        assert!(doc.edit(|txn| txn.edit_text(&["m", "t"], &[edit(0..0, "x")])).is_err());
        let mut doc = Doc::new(1);
        doc.edit(|txn| txn.put(&["m"], "t", &Content::Text("é".to_owned()))).unwrap();
        assert!(doc.edit(|txn| txn.edit_text(&["m", "t"], &[edit(1..1, "x")])).is_err());
    }
}
