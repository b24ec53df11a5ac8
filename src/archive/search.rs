//! Finds the rows of the archive that may hold some words, through an index of trigrams at any position of a
//! text, so that the other rows are not read.

use super::row::ArchivedRecord;
use crate::error::Result;
use std::collections::BTreeSet;

/// The length of the index's terms in letters.
const LETTERS: usize = 3;
/// At most this many terms are used for one word: the matches are checked anyway.
const MOST: usize = 24;
/// The most terms that a shorter word may be a prefix of; beyond that they are not selective.
const MOST_BEGUN: usize = 400;
/// Appended to each text, so that its last letters start terms as well.
const END: &str = "\n\n";

/// Adds a row's text to the index.
pub(super) const INDEX: &str = "INSERT INTO parts_fts (rowid, text) VALUES (?1, ?2)";

/// The answer of the index for some words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SearchTerms {
    /// The rows that may hold them, as a full-text query.
    Some(String),
    /// No row holds them.
    None,
    /// It cannot tell.
    Any,
}

/// Returns the index query for some words, all of which a text must hold. `parts` returns the terms of the
/// index in a range, up to a limit.
pub(super) fn terms(
    words: &[String],
    parts: impl Fn(&str, &str, usize) -> Result<Vec<String>>,
) -> Result<SearchTerms> {
    let mut terms = BTreeSet::new();
    for word in words {
        let letters: Vec<char> = folded(word).chars().collect();
        if letters.len() >= LETTERS {
            let known = letters.windows(LETTERS).take(MOST);
            terms.extend(known.map(|part| quoted(&part.iter().collect::<String>())));
            continue;
        }
        let begin: String = letters.into_iter().collect();
        // Sorts after everything with this prefix.
        let end = format!("{begin}{0}{0}{0}", char::MAX);
        let begun = parts(&begin, &end, MOST_BEGUN.saturating_add(1))?;
        match begun.len() {
            0 => return Ok(SearchTerms::None),
            n if n > MOST_BEGUN => {}
            _ => {
                let begun: Vec<String> = begun.iter().map(|part| quoted(part)).collect();
                terms.insert(format!("({})", begun.join(" OR ")));
            }
        }
    }
    match terms.is_empty() {
        true => Ok(SearchTerms::Any),
        false => Ok(SearchTerms::Some(terms.into_iter().collect::<Vec<_>>().join(" AND "))),
    }
}

/// Returns whether a text holds all of some words, ignoring case.
pub fn holds(text: &str, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(&word.to_lowercase()))
}

/// Returns the indexed text of a record.
pub(super) fn indexed(record: &ArchivedRecord) -> Option<String> {
    let text = record.text()?;
    Some(folded(&text) + END)
}

/// Folds a text as the index does: lower case, without letters that it treats as others.
fn folded(text: &str) -> String {
    let known = |letter: char| match letter {
        '\0' => '\u{1}',
        '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        known => known,
    };
    text.to_lowercase().chars().map(known).collect()
}

fn quoted(part: &str) -> String {
    format!("\"{}\"", part.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::super::file::ArchiveFile;
    use super::super::page::{ArchiveOrder, ArchivePage};
    use super::super::reading::ArchiveReader;
    use super::*;
    use crate::concern::chat::MESSAGES;
    use crate::id::DocId;
    use crate::path::DocPath;
    use crate::sample::Chance;
    use crate::wire::{Id, Record, Value};
    use std::time::Duration;

    /// Characters with a special meaning: to SQL, to the index, to case folding.
    const LETTERS: &[&str] = &[
        "a", "A", "b", " ", "\"", "'", "%", "ß", "ẞ", "Σ", "σ", "ς", "İ", "i", "海", "港", "\0",
        "👍",
    ];

    fn some(chance: &mut Chance, most: u64) -> String {
        let letters = 1 + chance.below(most);
        (0..letters).filter_map(|_| chance.pick(LETTERS).copied()).collect()
    }

    /// For any search, the index finds what reading all rows does, in the same order, and stops once enough
    /// is found.
    #[test]
    fn the_index_finds_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("archive.db");
        let doc = DocId::parse("group:ocean-forest-moon-star:chat").unwrap();
        let mut chance = Chance::new(7);
        let file = ArchiveFile::begin(&path, Duration::ZERO).unwrap();
        let mut texts = Vec::new();
        for at in 0..300_i64 {
            let text = some(&mut chance, 12);
            let fields =
                [("content", Value::String(text.clone())), ("created_at", Value::Int(at / 7))];
            let fields: Record = fields.map(|(name, value)| (name.to_owned(), value)).into();
            let clock = u32::try_from(at).unwrap();
            let path = DocPath::from(["messages", &format!("m{at:04}")]);
            let written = Id { client: 1, clock };
            let value = Value::Object(fields);
            let record = ArchivedRecord::of(&doc, &MESSAGES, &path, written, &value, 0);
            let (n, _) = file.add(&record).unwrap();
            // A row of a command that never happened is removed from the index as well.
            if at % 25 == 0 {
                file.unsettle("run", n).unwrap();
                file.void(n).unwrap();
            } else {
                texts.push((record.id().to_owned(), text));
            }
        }
        file.commit().unwrap();
        let archive = ArchiveReader::open(&path, None, true, Duration::ZERO).unwrap().unwrap();
        let mut found_some = 0;
        for round in 0..150 {
            let words: Vec<String> =
                (0..1 + chance.below(2)).map(|_| some(&mut chance, 4)).collect();
            let limit = (round % 2 == 0).then_some(3);
            let held = texts.iter().filter(|(_, text)| holds(text, &words));
            let mut expected: Vec<&str> = held.map(|(id, _)| id.as_str()).collect();
            let from = limit.map_or(0, |limit| expected.len().saturating_sub(limit));
            let expected = expected.split_off(from);
            let page = ArchivePage { words: &words, limit, ..ArchivePage::default() };
            let found = archive.page(&doc, &page, |_| true).unwrap();
            let found: Vec<&str> = found.iter().map(|record| record.id()).collect();
            assert_eq!(found, expected, "{words:?}");
            let mut oldest = Vec::new();
            let page = ArchivePage { limit: None, ..page };
            archive
                .walk(&doc, &page, ArchiveOrder::OldestFirst, |record| {
                    oldest.push(record.id().to_owned());
                    Ok(true)
                })
                .unwrap();
            let last = oldest.len().saturating_sub(found.len());
            assert!(oldest.is_sorted() && oldest[last..] == found[..], "{words:?}");
            found_some += usize::from(!expected.is_empty());
        }
        assert!(found_some > 40, "{found_some}");
    }
}
