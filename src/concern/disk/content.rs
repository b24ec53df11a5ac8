//! The content of a file: text that several people can edit, or bytes.

use crate::limits;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// How the lines of a text end in its file. Inside a document they end with `\n`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineEnd {
    /// With `\n`; also if line ends are mixed, in which case the text keeps each `\r`.
    #[default]
    Lf,
    /// All of them with `\r\n`.
    Crlf,
}

impl LineEnd {
    /// As it is written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            LineEnd::Lf => "lf",
            LineEnd::Crlf => "crlf",
        }
    }

    /// The one that a document names; an unknown word counts as `\n`.
    pub fn of(word: &str) -> LineEnd {
        if word == "crlf" { LineEnd::Crlf } else { LineEnd::Lf }
    }
}

/// A text file: its text, and what its bytes have besides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextFile {
    /// Lines end with `\n`; the last line as in the file.
    pub text: String,
    /// How they end in the file.
    pub eol: LineEnd,
    /// Whether the file begins with a byte order mark.
    pub bom: bool,
}

const BOM: &str = "\u{feff}";

impl TextFile {
    /// The text in a file's bytes; `None` if they are not text, or too long to be merged: then the file
    /// is binary.
    pub fn of(bytes: &[u8]) -> Option<TextFile> {
        if bytes.len() > limits::DISK_TEXT_BYTES || bytes.contains(&0) {
            return None;
        }
        let all = std::str::from_utf8(bytes).ok()?;
        let text = all.strip_prefix(BOM);
        let (bom, text) = (text.is_some(), text.unwrap_or(all));
        let lines = text.matches('\n').count();
        let crlf = lines > 0
            && text.matches("\r\n").count() == lines
            && text.matches('\r').count() == lines;
        let (eol, text) = match crlf {
            true => (LineEnd::Crlf, text.replace("\r\n", "\n")),
            false => (LineEnd::Lf, text.to_owned()),
        };
        Some(TextFile { text, eol, bom })
    }

    /// The file's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let text = match self.eol {
            LineEnd::Lf => Cow::Borrowed(self.text.as_str()),
            // A `\r` that a merge added is not doubled.
            LineEnd::Crlf => Cow::Owned(self.text.replace("\r\n", "\n").replace('\n', "\r\n")),
        };
        let bom = if self.bom { BOM } else { "" };
        [bom.as_bytes(), text.as_bytes()].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_text_come_back() {
        for text in [
            "",
            "\n",
            "a",
            "a\n",
            "a\nb",
            "a\r\nb\r\n",
            "a\r\nb",
            "a\r\nb\n",
            "a\rb",
            "a\r\n\r",
            "\r\n",
            "\u{feff}",
            "\u{feff}a\r\n",
            "\u{feff}\u{feff}a",
            "é 👩‍👩‍👧 \u{2028}\n",
        ] {
            let file = TextFile::of(text.as_bytes()).unwrap();
            assert_eq!(file.bytes(), text.as_bytes(), "{text:?}");
        }
        let windows = TextFile::of("\u{feff}a\r\nb\r\n".as_bytes()).unwrap();
        let expected = TextFile { text: "a\nb\n".to_owned(), eol: LineEnd::Crlf, bom: true };
        assert_eq!(windows, expected);
        assert_eq!(LineEnd::of(LineEnd::Crlf.as_str()), LineEnd::Crlf);
    }

    #[test]
    fn what_is_no_text_is_binary() {
        assert_eq!(TextFile::of(b"a\0b"), None);
        assert_eq!(TextFile::of(&[0xff, 0xfe, b'a']), None);
        assert!(TextFile::of(&vec![b'x'; limits::DISK_TEXT_BYTES]).is_some());
        assert_eq!(TextFile::of(&vec![b'x'; limits::DISK_TEXT_BYTES + 1]), None);
    }
}
