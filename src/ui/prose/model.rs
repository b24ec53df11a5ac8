//! The parts of formatted text.

/// A piece of formatted text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prose {
    /// The blocks in order.
    pub blocks: Vec<ProseBlock>,
}

/// A paragraph, a heading, a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProseBlock {
    /// Its containers, the outermost first.
    pub within: Vec<ProseHolder>,
    /// Its kind.
    pub kind: ProseKind,
    /// Its text.
    pub runs: Vec<ProseRun>,
}

/// A container of blocks; two with the same id are the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProseHolder {
    /// Identifies the container.
    pub id: u32,
    /// Its kind.
    pub kind: HolderKind,
}

/// The kind of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderKind {
    /// A quotation.
    Quote,
    /// A list without numbers.
    Bullets,
    /// A numbered list that starts at this number.
    Numbers(u32),
    /// An item of the enclosing list; for a task, whether it is done.
    Item(Option<bool>),
}

/// The kind of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProseKind {
    /// Text.
    Paragraph,
    /// A heading, from 1 to 6.
    Heading(u8),
    /// Code in this language.
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
    /// Code.
    pub code: bool,
    /// The address that it links to.
    pub link: Option<String>,
    /// The address of a picture; the text says what it shows.
    pub picture: Option<String>,
}

/// Returns an address if following it only navigates there.
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
