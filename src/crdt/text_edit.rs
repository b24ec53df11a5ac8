//! Edits in shared texts, by places in what they say.

use super::source::Source;
use super::txn::{Txn, not_shared};
use crate::error::{Error, Result};
use std::ops::Range;
use yrs::{Out, Text};

/// One place of a text that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// The bytes of the old text that go.
    pub range: Range<usize>,
    /// What comes in their place.
    pub insert: String,
}

impl Txn<'_> {
    /// Makes edits in the shared text at a path, as insertions and deletions. Their ranges are of the
    /// text as it stands, in order, and end between letters.
    ///
    /// # Errors
    /// `Refused` where no shared text is, or one that holds more than letters.
    pub fn edit_text(&mut self, path: &[&str], edits: &[TextEdit]) -> Result<()> {
        let text = match self.out(path) {
            Some(Out::YText(text)) => text,
            found => return Err(not_shared("text", path, found.is_some())),
        };
        let letters = self.text(path).unwrap_or_default();
        if u64::from(text.len(&self.yrs)) != utf16(&letters) {
            let path = path.join("/");
            return Err(Error::refused(format!("{path} holds more than letters"))
                .hint("the program that put it there can take it out"));
        }
        if let Some((key, around)) = path.split_last() {
            self.typing.written(around, key);
        }
        // From the end on: what stands before an edit is where it was.
        for edit in edits.iter().rev() {
            let (Some(before), Some(gone)) =
                (letters.get(..edit.range.start), letters.get(edit.range.clone()))
            else {
                return Err(Error::bug("an edit of a text ends within a letter"));
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
