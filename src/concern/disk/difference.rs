//! What changed between two texts, as insertions and deletions that merge well.
//!
//! Two people who edit one page keep both edits only if what each of them changed is told apart from
//! what they left alone. Lines are compared first (Myers), then, within changed lines, words with the
//! blanks after them. If less than half of the shorter side survives, the common parts are scattered
//! words: then the whole is replaced, since merging into such fragments makes sentences that nobody
//! wrote. No edit begins or ends inside a grapheme cluster.

use crate::crdt::text_edit::TextEdit;
use imara_diff::{Algorithm, Diff, InternedInput, TokenSource};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// The edits that turn `old` into `new`, in order; they neither touch nor overlap.
pub fn edits(old: &str, new: &str) -> Vec<TextEdit> {
    let lines = |text| Tokens(split_lines(text));
    let mut all = Vec::new();
    for (before, after) in hunks(&lines(old), &lines(new)) {
        let (gone, came) = (slice(old, &before), slice(new, &after));
        if gone.is_empty() || came.is_empty() {
            all.push(TextEdit { range: before, insert: came.to_owned() });
            continue;
        }
        let words = hunks(&Tokens(split_words(gone)), &Tokens(split_words(came)));
        let removed: usize = words.iter().map(|(range, _)| range.len()).sum();
        let survives = gone.len().saturating_sub(removed);
        if survives.saturating_mul(2) < gone.len().min(came.len()) {
            all.push(TextEdit { range: before, insert: came.to_owned() });
            continue;
        }
        all.extend(words.into_iter().map(|(range, insert)| TextEdit {
            range: before.start + range.start..before.start + range.end,
            insert: slice(came, &insert).to_owned(),
        }));
    }
    all
}

/// Applies edits, whose ranges must be in order, to a text.
pub fn apply(text: &str, edits: &[TextEdit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(slice(text, &(at..edit.range.start)));
        out.push_str(&edit.insert);
        at = edit.range.end;
    }
    out.push_str(slice(text, &(at..text.len())));
    out
}

/// The changes from `base` to `changed`, as edits of `current`, which others made from `base`
/// meanwhile: what both deleted is gone, and what both inserted alike at one place is there once.
pub fn rebased(base: &str, changed: &str, current: &str) -> Vec<TextEdit> {
    if base == current {
        return edits(base, changed);
    }
    let theirs = edits(base, current);
    let mut moved: Vec<TextEdit> = Vec::new();
    for edit in edits(base, changed) {
        if theirs.contains(&edit) {
            continue;
        }
        let mut shift = OffsetShift::before(&theirs, edit.range.start);
        moved.push(TextEdit { range: shift.place(), insert: edit.insert });
        // The rest of the deleted range, piece by piece around what others deleted.
        let mut at = edit.range.start;
        for other in theirs.iter().filter(|other| {
            other.range.end > edit.range.start && other.range.start < edit.range.end
        }) {
            shift.remove(at..other.range.start, &mut moved);
            shift.pass(other);
            at = at.max(other.range.end);
        }
        shift.remove(at..edit.range.end, &mut moved);
    }
    joined(moved)
}

/// Maps offsets in a text to offsets in what others made of it.
struct OffsetShift {
    from: usize,
    to: usize,
}

impl OffsetShift {
    /// At an offset, after what others inserted there.
    fn before(theirs: &[TextEdit], at: usize) -> OffsetShift {
        let mut shift = OffsetShift { from: 0, to: 0 };
        for edit in theirs {
            if edit.range.end > at {
                break;
            }
            shift.pass(edit);
        }
        let inside = theirs.iter().find(|edit| edit.range.start < at && edit.range.end > at);
        match inside {
            // Inside a range that others deleted: where that was.
            Some(edit) => {
                shift.to = shift.to.saturating_add(edit.range.start.saturating_sub(shift.from));
                shift.from = edit.range.start;
            }
            None => {
                shift.to = shift.to.saturating_add(at.saturating_sub(shift.from));
                shift.from = at;
            }
        }
        shift
    }

    fn place(&self) -> Range<usize> {
        self.to..self.to
    }

    /// Moves past an edit by others.
    fn pass(&mut self, edit: &TextEdit) {
        let kept = edit.range.start.saturating_sub(self.from);
        self.to = self.to.saturating_add(kept).saturating_add(edit.insert.len());
        self.from = self.from.max(edit.range.end);
    }

    /// Removes a range that others left alone.
    fn remove(&mut self, range: Range<usize>, moved: &mut Vec<TextEdit>) {
        if range.start >= range.end {
            return;
        }
        let skipped = range.start.saturating_sub(self.from);
        let start = self.to.saturating_add(skipped);
        let end = start.saturating_add(range.len());
        moved.push(TextEdit { range: start..end, insert: String::new() });
        (self.from, self.to) = (range.end, end);
    }
}

/// Joins edits that touch.
fn joined(edits: Vec<TextEdit>) -> Vec<TextEdit> {
    let mut all: Vec<TextEdit> = Vec::with_capacity(edits.len());
    for edit in edits.into_iter().filter(|edit| !edit.range.is_empty() || !edit.insert.is_empty()) {
        match all.last_mut() {
            Some(last) if last.range.end == edit.range.start => {
                last.range.end = edit.range.end;
                last.insert.push_str(&edit.insert);
            }
            _ => all.push(edit),
        }
    }
    all
}

/// Tokens (lines or words) with their offsets in the text.
struct Tokens<'t>(Vec<&'t str>);

impl<'t> TokenSource for &Tokens<'t> {
    type Token = &'t str;
    type Tokenizer = std::vec::IntoIter<&'t str>;

    fn tokenize(&self) -> Self::Tokenizer {
        self.0.clone().into_iter()
    }

    fn estimate_tokens(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }
}

impl Tokens<'_> {
    /// The offset at which each token begins, and the end.
    fn offsets(&self) -> Vec<usize> {
        let mut at = 0;
        let starts = self.0.iter().map(|token| {
            let start = at;
            at += token.len();
            start
        });
        let mut all: Vec<usize> = starts.collect();
        all.push(at);
        all
    }
}

/// The differences, as byte ranges in both.
fn hunks(before: &Tokens<'_>, after: &Tokens<'_>) -> Vec<(Range<usize>, Range<usize>)> {
    let input = InternedInput::new(before, after);
    let mut diff = Diff::compute(Algorithm::Myers, &input);
    diff.postprocess_no_heuristic(&input);
    let (old, new) = (before.offsets(), after.offsets());
    let place = |offsets: &[usize], range: Range<u32>| {
        let at = |token: u32| offsets.get(token as usize).copied().unwrap_or(0);
        at(range.start)..at(range.end)
    };
    diff.hunks().map(|hunk| (place(&old, hunk.before), place(&new, hunk.after))).collect()
}

fn split_lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// Words, each with the blanks after it. A blank with a combining accent is not a blank.
fn split_words(text: &str) -> Vec<&str> {
    let is_blank = |letter: &str| letter.chars().all(char::is_whitespace);
    let mut words = Vec::new();
    let (mut start, mut in_blanks) = (0, false);
    for (at, letter) in text.grapheme_indices(true) {
        let blank = is_blank(letter);
        if in_blanks && !blank {
            words.push(slice(text, &(start..at)));
            start = at;
        }
        in_blanks = blank;
    }
    if start < text.len() {
        words.push(slice(text, &(start..text.len())));
    }
    words
}

/// Every range here ends at a token; any other range yields nothing.
fn slice<'t>(text: &'t str, range: &Range<usize>) -> &'t str {
    text.get(range.clone()).unwrap_or_default()
}

#[cfg(test)]
#[path = "difference_tests.rs"]
mod tests;
