//! What formatted text is made of.

/// A piece of formatted text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prose {
    /// In their order.
    pub blocks: Vec<ProseBlock>,
}

/// A paragraph, a heading, a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProseBlock {
    /// What it stands in, the outermost first.
    pub within: Vec<ProseHolder>,
    /// What it is.
    pub kind: ProseKind,
    /// Its text.
    pub runs: Vec<ProseRun>,
}

/// Something that blocks stand in; those of one number are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProseHolder {
    /// Which.
    pub id: u32,
    /// What it is.
    pub kind: HolderKind,
}

/// What blocks stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderKind {
    /// A quotation.
    Quote,
    /// A list without numbers.
    Bullets,
    /// A list with numbers, from this on.
    Numbers(u32),
    /// An item of the list around it; of a task, whether it is done.
    Item(Option<bool>),
}

/// What a block is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProseKind {
    /// Text.
    Paragraph,
    /// A heading, from 1 to 6.
    Heading(u8),
    /// Text as it is, in this language.
    Code(String),
    /// A line across.
    Rule,
    /// Rows of cells.
    Table(Vec<Vec<Vec<ProseRun>>>),
}

/// Text with one look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProseRun {
    /// The characters; a line feed breaks the line.
    pub text: String,
    /// Strong.
    pub bold: bool,
    /// Emphasized.
    pub italic: bool,
    /// Struck through.
    pub strike: bool,
    /// Underlined.
    pub underline: bool,
    /// As it is typed.
    pub code: bool,
    /// Where it leads.
    pub link: Option<String>,
    /// The address of a picture; the text says what it shows.
    pub picture: Option<String>,
}

/// An address that does nothing but lead there.
pub fn harmless(address: &str) -> Option<&str> {
    let address = address.trim();
    let scheme = address.split(['/', '?', '#']).next().and_then(|start| start.split_once(':'));
    let is_known = |name: &str| {
        ["http", "https", "mailto", "tel"].iter().any(|known| name.eq_ignore_ascii_case(known))
    };
    let is_plain = !address.contains(|c: char| c.is_control() || c.is_whitespace());
    (is_plain && !address.is_empty() && scheme.is_none_or(|(name, _)| is_known(name)))
        .then_some(address)
}
