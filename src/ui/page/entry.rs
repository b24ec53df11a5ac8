//! The content of a page.

/// A page for people, written to one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrintedPage {
    pub title: String,
    /// Facts about the whole page, below the title.
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
    /// Empty ones are left out.
    pub facts: Vec<Fact>,
    /// May have many lines, as its author wrote them; nothing in it is markup.
    pub text: String,
    pub inside: Vec<PageEntry>,
}

/// Joins the non-empty facts, each written by `line`.
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

/// Joins the lines of a text into one.
pub fn one_line(text: &str) -> String {
    text.trim().replace("\r\n", " ").replace(['\n', '\t'], " ")
}
