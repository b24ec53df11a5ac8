//! The difference between two texts, in the form that `patch` reads.

use imara_diff::{Algorithm, Diff, Hunk, InternedInput};
use std::fmt::Write;
use std::ops::Range;

/// Lines of context around a change.
const CONTEXT: u32 = 3;

/// Returns the hunks that turn `old` into `new`, with three lines of context and without a header; empty if
/// they are equal. Lines are counted from 1, and a missing final line feed is marked.
pub fn unified(old: &str, new: &str) -> String {
    let input = InternedInput::new(old, new);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let changes: Vec<Hunk> = diff.hunks().collect();
    // Changes close enough to share context form one hunk.
    let near = |a: &Hunk, b: &Hunk| b.before.start.saturating_sub(a.before.end) <= 2 * CONTEXT;
    let mut text = String::new();
    changes.chunk_by(near).for_each(|changes| hunk(&mut text, &input, changes));
    text
}

fn hunk(text: &mut String, input: &InternedInput<&str>, changes: &[Hunk]) {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return };
    let above = first.before.start.min(CONTEXT);
    let left = (input.before.len() as u32).saturating_sub(last.before.end);
    let below = left.min(CONTEXT);
    let around = |from: &Range<u32>, to: &Range<u32>| {
        from.start.saturating_sub(above)..to.end.saturating_add(below)
    };
    let old = around(&first.before, &last.before);
    let (from, to) = (span(&old), span(&around(&first.after, &last.after)));
    // Writing into a String never fails.
    let _ = writeln!(text, "@@ -{from} +{to} @@");
    let mut lines = |sign: char, all: &[imara_diff::Token], range: Range<u32>| {
        for token in all.get(range.start as usize..range.end as usize).unwrap_or_default() {
            line(text, sign, input.interner[*token]);
        }
    };
    let mut at = old.start;
    for change in changes {
        lines(' ', &input.before, at..change.before.start);
        lines('-', &input.before, change.before.clone());
        lines('+', &input.after, change.after.clone());
        at = change.before.end;
    }
    lines(' ', &input.before, at..old.end);
}

/// The first line and the number of lines; for none, the line before them.
fn span(lines: &Range<u32>) -> String {
    let count = lines.len();
    let first = lines.start.saturating_add(u32::from(count > 0));
    format!("{first},{count}")
}

fn line(text: &mut String, sign: char, line: &str) {
    text.push(sign);
    text.push_str(line);
    if !line.ends_with('\n') {
        text.push_str("\n\\ No newline at end of file\n");
    }
}

#[cfg(test)]
mod tests {
    use super::unified;
    use crate::sample::Chance;

    /// Applies hunks at exactly the lines that they name.
    fn patched(old: &str, patch: &str) -> String {
        let old: Vec<&str> = old.split_inclusive('\n').collect();
        let (mut new, mut at) = (String::new(), 0);
        let mut lines = patch.split_inclusive('\n').peekable();
        while let Some(header) = lines.next() {
            let mut numbers = header.split(['-', '+', ',', ' ']).filter_map(|n| n.parse().ok());
            let [from, gone, to, come]: [usize; 4] =
                std::array::from_fn(|_| numbers.next().unwrap());
            let start = from - usize::from(gone > 0);
            new.extend(old[at..start].iter().copied());
            assert_eq!(new.split_inclusive('\n').count(), to - usize::from(come > 0), "{patch}");
            let before = new.split_inclusive('\n').count();
            at = start;
            while let Some(line) = lines.next_if(|line| !line.starts_with("@@")) {
                let ends = !lines.peek().is_some_and(|next| next.starts_with('\\'));
                let text = line.strip_prefix(['+', '-', ' ']).unwrap();
                let text = if ends { text } else { text.trim_end_matches('\n') };
                if !line.starts_with('+') {
                    assert_eq!(old[at], text, "{patch}");
                    at += 1;
                }
                if !line.starts_with('-') {
                    new.push_str(text);
                }
                if !ends {
                    lines.next();
                }
            }
            assert_eq!(at - start, gone, "{patch}");
            assert_eq!(new.split_inclusive('\n').count() - before, come, "{patch}");
        }
        new.extend(old[at..].iter().copied());
        new
    }

    fn text(chance: &mut Chance) -> String {
        let lines = chance.below(30);
        let mut text: String = (0..lines).map(|_| format!("{}\n", chance.below(12))).collect();
        if chance.below(3) == 0 {
            text.pop();
        }
        text
    }

    #[test]
    fn what_is_shown_makes_one_text_of_the_other() {
        let seed = 11;
        let mut chance = Chance::new(seed);
        for round in 0..3_000 {
            let old = text(&mut chance);
            let mut lines: Vec<&str> = old.split_inclusive('\n').collect();
            let new = match chance.below(4) {
                0 => text(&mut chance),
                _ => {
                    for _ in 0..=chance.below(3) {
                        let at = chance.below(lines.len() as u64 + 1) as usize;
                        match chance.below(2) {
                            0 if at < lines.len() => drop(lines.remove(at)),
                            _ => lines.insert(at, "new\n"),
                        }
                    }
                    lines.concat()
                }
            };
            let patch = unified(&old, &new);
            assert_eq!(patched(&old, &patch), new, "seed {seed}, round {round}: {old:?}\n{patch}");
            assert_eq!(patch.is_empty(), old == new);
        }
    }

    #[test]
    fn a_change_in_the_fifth_line_is_shown_from_the_second() {
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9";
        let patch = unified(old, &old.replace('5', "five"));
        assert_eq!(patch, "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
        let last = "@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n\\ No newline at end of file\n+9\n";
        assert_eq!(unified(old, &format!("{old}\n")), last);
    }
}
