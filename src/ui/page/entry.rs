//! What is on a page.

/// What is written into one file, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrintedPage {
    pub title: String,
    /// What is said of all of it, below the title.
    pub facts: Vec<Fact>,
    pub entries: Vec<PageEntry>,
}

/// A name and a value; with an empty name only the value.
pub type Fact = (&'static str, String);

/// A message, a column, an issue: with replies, cards or comments in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageEntry {
    /// One line.
    pub heading: String,
    /// Those that are empty are left out.
    pub facts: Vec<Fact>,
    /// Of many lines, as somebody wrote it: nothing in it is markup.
    pub text: String,
    pub inside: Vec<PageEntry>,
}

/// The facts that say something, each as `line` writes it.
pub fn said(facts: &[Fact], line: impl Fn(&str) -> String) -> String {
    let shown = facts.iter().filter(|(_, value)| !value.is_empty());
    let shown: Vec<String> = shown
        .map(|(name, value)| match name.is_empty() {
            true => line(value),
            false => format!("{name}: {}", line(value)),
        })
        .collect();
    shown.join(" · ")
}

/// A text where only a line has room: its lines one after the other.
pub fn one_line(text: &str) -> String {
    text.trim().replace("\r\n", " ").replace(['\n', '\t'], " ")
}
