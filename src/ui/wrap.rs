//! Wraps text to lines of a given width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Wraps a text to lines of at most `width` columns. Breaks between words, and within a word that is wider
/// than that, after a slash or colon if it has one.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for (blank, piece) in pieces(text) {
        let blank = if line.is_empty() { "" } else { blank };
        if !line.is_empty() && line.width() + blank.width() + piece.width() > width {
            lines.push(std::mem::take(&mut line));
        } else {
            line.push_str(blank);
        }
        for c in piece.chars() {
            if !line.is_empty() && line.width() + c.width().unwrap_or(0) > width {
                // The line holds only this word.
                let end = line.rfind(['/', ':']).map_or(line.len(), |at| at.saturating_add(1));
                let rest = line.split_off(end);
                lines.push(std::mem::replace(&mut line, rest));
            }
            line.push(c);
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Returns the width of the widest word.
pub fn longest_word(text: &str) -> usize {
    pieces(text).map(|(_, piece)| piece.width()).max().unwrap_or(0)
}

/// Returns the pieces that stay on one line: words, each with the blank before it, and in scripts without
/// blanks single characters with their punctuation.
fn pieces(text: &str) -> impl Iterator<Item = (&'static str, &str)> {
    text.split_whitespace().flat_map(|word| {
        let (mut blank, mut rest) = (" ", word);
        std::iter::from_fn(move || {
            let pairs = rest.char_indices().zip(rest.char_indices().skip(1));
            let end = pairs.into_iter().find(|((_, a), (_, b))| may_part(*a, *b));
            let (piece, others) = rest.split_at(end.map_or(rest.len(), |(_, (at, _))| at));
            rest = others;
            (!piece.is_empty()).then(|| (std::mem::take(&mut blank), piece))
        })
    })
}

/// Whether a line may end between two characters without a blank between them.
fn may_part(a: char, b: char) -> bool {
    const OPENING: &str = "（［｛「『【〈《〔“‘([{";
    const CLOSING: &str =
        "）］｝」』】〉》〕”’、。，．！？：；・ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…)]},.!?:;";
    let is_unspaced = |c: char| {
        matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
            | '\u{ff00}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
    };
    (is_unspaced(a) || is_unspaced(b))
        && !OPENING.contains(a)
        && !CLOSING.contains(b)
        // Not before a combining mark.
        && b.width().unwrap_or(0) > 0
}

/// Returns the first lines, with a mark at the end if there are more.
pub fn cut(mut lines: Vec<String>, most: usize, width: usize) -> Vec<String> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while !last.is_empty() && last.width() >= width {
                last.pop();
            }
            last.push('…');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_where_they_must() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrap("ab/cdef/ghijklm", 6), ["ab/", "cdef/", "ghijkl", "m"]);
        assert_eq!(wrap("on group:one:x", 8), ["on", "group:", "one:x"]);
        assert_eq!(wrap("abcdef/", 6), ["abcdef", "/"]);
        assert_eq!(wrap("  ", 3), Vec::<String>::new());
    }

    #[test]
    fn scripts_without_blanks_are_broken_between_characters() {
        assert_eq!(wrap("明天下午我们把船拖上岸。", 8), ["明天下午", "我们把船", "拖上岸。"]);
        assert_eq!(wrap("船は「岸」に。a", 6), ["船は", "「岸」", "に。a"]);
        assert_eq!(wrap("See 船 now, 船now", 9), ["See 船", "now, 船", "now"]);
        assert_eq!((longest_word("明天下午"), longest_word("船now 船。")), (2, 4));
        assert_eq!(wrap("👩\u{200d}💻👩\u{200d}💻", 80), ["👩\u{200d}💻👩\u{200d}💻"]);
    }

    #[test]
    fn what_is_cut_is_marked_within_its_width() {
        let lines = || wrap("one two three four", 5);
        assert_eq!(cut(lines(), 4, 5), ["one", "two", "three", "four"]);
        assert_eq!(cut(lines(), 3, 5), ["one", "two", "thre…"]);
        assert_eq!(cut(lines(), 2, 5), ["one", "two…"]);
    }
}
