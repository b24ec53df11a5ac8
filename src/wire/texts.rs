//! Every text of an update, and the update with its texts replaced.

use super::reader::AnyHead;
use super::{Block, BlockKind, ByteReader, Checked, Parent, Unchecked, Update};
use std::ops::Range;

/// What a text is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextRole {
    /// The name of a root.
    Root,
    /// A key of a map, shared or plain.
    Key,
    /// A value, or a piece of a shared text.
    Value,
}

/// The replacement for a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// The text itself.
    Same,
    /// A meaningless character for each of its own.
    Filler,
    /// Another text; filler is used instead unless it has the same length in bytes and in UTF-16 units.
    Text(String),
}

/// Called once for every text, with its role, the steps to it from a root (its own key included; a path that
/// is not fully known begins anywhere), and the text. Texts inside embedded JSON are passed as written there,
/// with their escapes.
pub type Decide<'d> = &'d mut dyn FnMut(TextRole, &[&str], &str) -> Instead;

impl Update<'_, Checked> {
    /// Returns the update with its texts replaced: the same blocks in the same bytes, and everything else
    /// unchanged. Binary values become zeros.
    pub fn with_texts(&self, decide: Decide<'_>) -> Vec<u8> {
        self.rewritten(decide, |index, path| {
            self.path(index, path);
        })
    }
}

impl Update<'_, Unchecked> {
    /// Like [`Update::with_texts`], for an update that may hold anything: no path to a text is known.
    pub fn with_any_texts(&self, decide: Decide<'_>) -> Vec<u8> {
        self.rewritten(decide, |_, path| path.clear())
    }
}

impl<'a, S> Update<'a, S> {
    fn rewritten(&self, decide: Decide<'_>, path_of: impl Fn(usize, &mut Vec<&'a str>)) -> Vec<u8> {
        let mut rewrite = Rewrite { out: self.bytes.to_vec(), decide };
        let mut path = Vec::new();
        for (index, block) in self.blocks.iter().enumerate() {
            if matches!(block.kind, BlockKind::Gc | BlockKind::Skip) {
                continue;
            }
            path_of(index, &mut path);
            rewrite.header(self.bytes, block, &mut path);
            rewrite.content(self.bytes, block, &mut path);
        }
        rewrite.out
    }
}

struct Rewrite<'d> {
    out: Vec<u8>,
    decide: Decide<'d>,
}

impl<'d> Rewrite<'d> {
    fn header<'a>(&mut self, bytes: &'a [u8], block: &Block, path: &mut Vec<&'a str>) {
        // The walk read the same bytes with the same functions: nothing here can fail.
        let mut reader = ByteReader::at(bytes, block.span().start + 1);
        let Ok(header) = reader.header(block.info) else { return };
        let Some(parent) = header.parent else { return };
        let end = reader.offset();
        if let Some(key) = header.key {
            if path.is_empty() {
                path.push(key);
            }
            self.replace(TextRole::Key, path, key, end - key.len()..end);
        }
        if let Parent::Root(name) = parent {
            // The form of the parent and the length of the name come before it.
            let mut reader = ByteReader::at(bytes, block.span().start + 1);
            if reader.var().and_then(|_| reader.text()).is_ok() {
                let end = reader.offset();
                self.replace(TextRole::Root, &[name], name, end - name.len()..end);
            }
        }
    }

    fn content<'a>(&mut self, bytes: &'a [u8], block: &Block, path: &mut Vec<&'a str>) {
        let mut reader = ByteReader::at(bytes, block.content_span().start);
        match block.kind {
            BlockKind::String => self.text(&mut reader, path),
            BlockKind::Embed => self.json(&mut reader, path),
            BlockKind::Format => {
                self.key(&mut reader, path);
                self.json(&mut reader, path);
            }
            BlockKind::Json => {
                for _ in 0..reader.var().unwrap_or(0) {
                    self.json(&mut reader, path);
                }
            }
            // The name of an element or a hook.
            BlockKind::Type if matches!(reader.byte(), Ok(3 | 5)) => self.key(&mut reader, path),
            // The guid of a document, then its options.
            BlockKind::Doc => {
                self.key(&mut reader, path);
                self.value(&mut reader, path);
            }
            BlockKind::Binary => self.buffer(&mut reader),
            BlockKind::Any => {
                for _ in 0..reader.var().unwrap_or(0) {
                    self.value(&mut reader, path);
                }
            }
            _ => {}
        }
    }

    /// One plain value. Open containers are in a list, not on the stack: values may be nested to any depth.
    fn value<'a>(&mut self, reader: &mut ByteReader<'a>, path: &mut Vec<&'a str>) {
        let mut open: Vec<(usize, bool)> = vec![(1, false)];
        while let Some((left, is_map)) = open.last_mut() {
            let is_map = *is_map;
            if *left == 0 {
                open.pop();
                if open.last().is_some_and(|(_, is_map)| *is_map) {
                    path.pop();
                }
                continue;
            }
            *left -= 1;
            if is_map {
                let Ok(key) = reader.text() else { return };
                let end = reader.offset();
                path.push(key);
                self.replace(TextRole::Key, path, key, end - key.len()..end);
            }
            match reader.any_head() {
                Ok(AnyHead::List(count)) => {
                    open.push((count, false));
                    continue;
                }
                Ok(AnyHead::Map(count)) => {
                    open.push((count, true));
                    continue;
                }
                Ok(AnyHead::String) => self.text(reader, path),
                Ok(AnyHead::Buffer) => self.buffer(reader),
                _ => {}
            }
            if is_map {
                path.pop();
            }
        }
    }

    fn text<'a>(&mut self, reader: &mut ByteReader<'a>, path: &[&'a str]) {
        let Ok(text) = reader.text() else { return };
        let end = reader.offset();
        self.replace(TextRole::Value, path, text, end - text.len()..end);
    }

    fn key<'a>(&mut self, reader: &mut ByteReader<'a>, path: &[&'a str]) {
        let Ok(key) = reader.text() else { return };
        let end = reader.offset();
        self.replace(TextRole::Key, path, key, end - key.len()..end);
    }

    fn buffer(&mut self, reader: &mut ByteReader<'_>) {
        let Ok(buffer) = reader.buffer() else { return };
        let end = reader.offset();
        self.out.get_mut(end - buffer.len()..end).into_iter().flatten().for_each(|b| *b = 0);
    }

    /// The strings of a JSON text. A string before a colon is a key.
    fn json<'a>(&mut self, reader: &mut ByteReader<'a>, path: &mut Vec<&'a str>) {
        let Ok(json) = reader.text() else { return };
        let start = reader.offset() - json.len();
        let mut at = 0;
        let mut key = None;
        while let Some(open) = json.get(at..).and_then(|rest| rest.find('"')) {
            let from = at + open + 1;
            let to = from + string_len(json.get(from..).unwrap_or(""));
            let Some(text) = json.get(from..to) else { return };
            at = to + 1;
            let is_key = json.get(at..).is_some_and(|rest| rest.trim_start().starts_with(':'));
            let role = if is_key { TextRole::Key } else { TextRole::Value };
            let depth = path.len();
            if is_key {
                key = Some(text);
            }
            path.extend(key);
            let span = start + from..start + to;
            match (self.decide)(role, path, text) {
                // Part of an escape must not be left alone.
                Instead::Text(new) if is_escaped(text) || is_escaped(&new) => {
                    self.put(Instead::Filler, text, span);
                }
                instead => self.put(instead, text, span),
            }
            path.truncate(depth);
        }
    }

    fn replace(&mut self, role: TextRole, path: &[&str], text: &str, span: Range<usize>) {
        let instead = (self.decide)(role, path, text);
        self.put(instead, text, span);
    }

    fn put(&mut self, instead: Instead, text: &str, span: Range<usize>) {
        let new = match instead {
            Instead::Same => return,
            Instead::Text(new) if same_lengths(&new, text) => new,
            Instead::Text(_) | Instead::Filler => filler(text),
        };
        if let Some(place) = self.out.get_mut(span) {
            place.copy_from_slice(new.as_bytes());
        }
    }
}

/// Returns how many bytes a JSON string has up to the quote that ends it.
fn string_len(json: &str) -> usize {
    let mut escaped = false;
    let end = json.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(json.len())
}

fn is_escaped(json: &str) -> bool {
    json.contains(['\\', '"'])
}

fn same_lengths(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.encode_utf16().count() == b.encode_utf16().count()
}

/// Replaces every character by an x of the same width.
fn filler(text: &str) -> String {
    text.chars()
        .map(|char| match char.len_utf8() {
            1 => 'x',
            2 => '\u{d7}',
            3 => '\u{1e8d}',
            _ => '\u{1d431}',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::testing::{new_doc, state};
    use crate::wire::any;
    use yrs::{Any, Text, Transact, WriteTxn};

    /// Rewrites the JSON that a text embeds, once every text of it was decided on.
    fn embedded(json: &str, decide: Decide<'_>) -> String {
        let doc = new_doc(7, false);
        let mut txn = doc.transact_mut();
        let text = txn.get_or_insert_text("t");
        text.insert_embed(&mut txn, 0, Any::from_json(json).unwrap());
        drop(txn);
        let bytes = state(&doc);
        let copy = Update::checked(&bytes, &[]).unwrap().with_texts(decide);
        let walked = Update::checked(&copy, &[]).unwrap();
        let block = walked.blocks()[0];
        let json = ByteReader::at(walked.content(&block), 0).text().unwrap().to_owned();
        assert!(any::embedded(&json).is_some(), "{json}");
        json
    }

    #[test]
    fn embedded_json_stays_json() {
        let json = r#"{"k":["v\"\n","é",1,{"a\tb":"x"}]}"#;
        let mut seen = Vec::new();
        let copy = embedded(json, &mut |role, path, text| {
            seen.push((role, path.join("/"), text.to_owned()));
            Instead::Filler
        });
        assert_eq!(copy.len(), json.len());
        assert_eq!(copy, r#"{"x":["xxxxx","×",1,{"xxxx":"x"}]}"#);
        let expected = [
            (TextRole::Root, "t", "t"),
            (TextRole::Key, "t/k", "k"),
            (TextRole::Value, "t/k", r#"v\"\n"#),
            (TextRole::Value, "t/k", "é"),
            (TextRole::Key, r"t/a\tb", r"a\tb"),
            (TextRole::Value, r"t/a\tb", "x"),
        ];
        let mut seen: Vec<_> = seen.iter().map(|(r, p, t)| (*r, p.as_str(), t.as_str())).collect();
        seen.sort_by_key(|(role, ..)| *role != TextRole::Root);
        assert_eq!(seen, expected);
        // Part of an escape is not left alone, whatever is wanted there.
        let copy = embedded(json, &mut |role, _, text| match role {
            TextRole::Root => Instead::Same,
            _ => Instead::Text("\\".repeat(text.len())),
        });
        assert_eq!(copy, r#"{"x":["xxxxx","×",1,{"xxxx":"x"}]}"#);
    }

    #[test]
    fn another_text_has_the_same_lengths_or_is_filler() {
        assert!(same_lengths("é\u{1f30a}", "ж\u{1f389}"));
        assert!(same_lengths("éé", "\u{1f389}"));
        assert!(!same_lengths("éab", "\u{1f389}"));
        assert_eq!(filler("a é\u{4e00}\u{1f389}").encode_utf16().count(), 6);
        assert!(same_lengths(&filler("a é\u{4e00}\u{1f389}"), "a é\u{4e00}\u{1f389}"));
    }
}
