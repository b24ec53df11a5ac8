//! Two people editing one page of Markdown at the same time, to measure differences: how many of their words
//! a merge loses, and how many it shows that nobody wrote.

use std::collections::BTreeSet;

/// A seeded random source (xorshift64).
pub struct Lots(u64);

impl Lots {
    pub fn new(seed: u64) -> Lots {
        Lots(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

const STEMS: &[&str] = &[
    "the",
    "of",
    "and",
    "harbour",
    "to",
    "a",
    "meeting",
    "in",
    "is",
    "that",
    "ferry",
    "we",
    "was",
    "for",
    "on",
    "plan",
    "with",
    "as",
    "his",
    "they",
    "be",
    "at",
    "one",
    "have",
    "this",
    "from",
    "or",
    "garden",
    "by",
    "hot",
    "but",
    "some",
    "what",
    "there",
    "naïve",
    "café",
    "👩‍👩‍👧",
];

fn word(lots: &mut Lots) -> String {
    STEMS[lots.below(STEMS.len())].to_owned()
}

fn sentence(lots: &mut Lots, word: &mut impl FnMut(&mut Lots) -> String) -> String {
    let words: Vec<String> = (0..5 + lots.below(12)).map(|_| word(lots)).collect();
    format!("{}.", words.join(" "))
}

/// A page of headings, paragraphs and lists of this many bytes.
pub fn page(lots: &mut Lots, bytes: usize) -> String {
    let mut text = String::from("# A page\n");
    while text.len() < bytes {
        text.push('\n');
        match lots.below(6) {
            0 => text.push_str(&format!("## {}\n", sentence(lots, &mut word))),
            1 => (0..2 + lots.below(5))
                .for_each(|_| text.push_str(&format!("- {}\n", sentence(lots, &mut word)))),
            // As one line, or wrapped.
            kind => {
                let all: Vec<String> =
                    (0..2 + lots.below(4)).map(|_| sentence(lots, &mut word)).collect();
                let between = if kind < 4 { " " } else { "\n" };
                text.push_str(&format!("{}\n", all.join(between)));
            }
        }
    }
    text
}

/// What somebody makes of a page in a few minutes: words that begin with `mark` are theirs alone.
pub fn session(lots: &mut Lots, page: &str, mark: &str, edits: usize) -> String {
    let mut lines: Vec<String> = page.split('\n').map(str::to_owned).collect();
    let mut count = 0;
    let mut own = |_: &mut Lots| {
        count += 1;
        format!("{mark}{count}")
    };
    for _ in 0..edits {
        let at = lots.below(lines.len());
        let mut words: Vec<String> = lines[at].split(' ').map(str::to_owned).collect();
        let within = lots.below(words.len());
        match lots.below(12) {
            0..=2 => words[within] = own(lots),
            3..=4 => words.insert(within, own(lots)),
            5 if words.len() > 2 => drop(words.remove(within)),
            6 => words.push(sentence(lots, &mut own)),
            // A phrase is reworded.
            7 if words.len() > 6 => {
                let end = (within + 3).min(words.len());
                let new: Vec<String> = (0..4).map(|_| own(lots)).collect();
                drop(words.splice(within.min(end)..end, new));
            }
            8 => lines.insert(at, format!("- {}", sentence(lots, &mut own))),
            9 if lines.len() > 20 => drop(lines.remove(at)),
            // A line is broken in two.
            10 if words.len() > 6 => {
                let rest = words.split_off(words.len() / 2);
                lines.insert(at + 1, rest.join(" "));
            }
            // A sentence is rewritten.
            11 if words.len() > 3 => {
                words = sentence(lots, &mut own).split(' ').map(str::to_owned).collect();
            }
            _ => {}
        }
        if at < lines.len() && !words.is_empty() {
            lines[at] = words.join(" ");
        }
    }
    lines.join("\n")
}

/// Counts the inserted words that a merge lacks, and the words in it that nobody wrote.
pub fn count(page: &str, sides: [&str; 2], merged: &str) -> (usize, usize) {
    fn words(text: &str) -> BTreeSet<&str> {
        text.split_whitespace().collect()
    }
    let (page, there) = (words(page), words(merged));
    let written: BTreeSet<&str> = sides.iter().flat_map(|side| words(side)).collect();
    let lost = written.difference(&page).filter(|word| !there.contains(*word)).count();
    let nobodys = there.iter().filter(|word| !written.contains(*word) && !page.contains(*word));
    (lost, nobodys.count())
}
