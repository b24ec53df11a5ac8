//! Text in lines of some width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text in lines of at most `width` columns, broken between words, and within a word that is
/// wider than that: behind a slash or colon of it where there is one.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            if !line.is_empty() && line.width() + c.width().unwrap_or(0) > width {
                // The line holds nothing else than this word.
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

/// The width of the widest word.
pub fn longest_word(text: &str) -> usize {
    text.split_whitespace().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// The first lines of several, with a mark at the end where there are more.
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
    fn what_is_cut_is_marked_within_its_width() {
        let lines = || wrap("one two three four", 5);
        assert_eq!(cut(lines(), 4, 5), ["one", "two", "three", "four"]);
        assert_eq!(cut(lines(), 3, 5), ["one", "two", "thre…"]);
        assert_eq!(cut(lines(), 2, 5), ["one", "two…"]);
    }
}
