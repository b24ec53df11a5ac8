use super::template::RecordTemplate;
use std::rc::Rc;

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people: aligned columns, as wide as the terminal
    Table,
    /// One JSON array or object
    Json,
    /// One JSON object per line
    Ndjson,
    /// Tab-separated, a header line, a record a line: `\\`, `\t`, `\n`, `\r` inside fields
    Tsv,
    /// Comma-separated (RFC 4180), a header line; texts as they are, line breaks inside quotes
    Csv,
    /// The ids alone, one per line
    Id,
}

impl Format {
    /// Whether a program reads this as JSON.
    pub fn is_json(self) -> bool {
        matches!(self, Format::Json | Format::Ndjson)
    }
}

/// What stands at the two ends of this command, and what it may do there.
#[derive(Debug, Clone)]
pub struct Terminal {
    pub format: Format,
    /// Columns of a table at most.
    pub width: usize,
    /// Rows of a screen.
    pub height: usize,
    /// What is longer than a screen goes through a pager.
    pub pages: bool,
    /// Standard output is a terminal.
    pub interactive: bool,
    /// Colour on standard output, and on standard error.
    pub color_out: bool,
    pub color_err: bool,
    /// No talk: neither sentences nor notes. Errors are always said.
    pub quiet: bool,
    /// Tables show cells of many lines, and boards long lanes, whole.
    pub full: bool,
    /// Lists begin with the names of their columns, and the fields of a record have theirs.
    pub header: bool,
    /// How people see times.
    pub times: Times,
    /// What each record is written through instead of a format.
    pub template: Option<RecordTemplate>,
    /// The fields to show, in this order; None where nobody chose.
    pub fields: Option<Rc<[String]>>,
    /// Somebody is there to answer a question.
    pub ask: bool,
    pub progress: Signs,
}

/// How long work shows that it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    None,
    /// A line when it has taken half a second.
    Line,
    /// A bar that moves.
    Bar,
}

/// How people see a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum TimeStyle {
    /// As the clock on the wall has it
    #[default]
    Local,
    /// In UTC, marked with a Z
    Utc,
    /// How long ago
    Relative,
}

/// How people see times, and what counts as now.
#[derive(Debug, Clone, Copy, Default)]
pub struct Times {
    pub style: TimeStyle,
    /// Unix seconds.
    pub now: i64,
}

/// The terminal's rows; 24 where there is none to ask.
pub fn height() -> usize {
    let named = std::env::var("LINES").ok().and_then(|rows| rows.parse().ok());
    let asked = || dialoguer::console::Term::stdout().size_checked();
    let rows = named.or_else(|| asked().map(|(rows, _)| usize::from(rows)));
    rows.filter(|rows| *rows > 0).unwrap_or(24)
}

impl Terminal {
    /// Whether something is taken out of each record: fields, or what a template wants.
    pub fn picks(&self) -> bool {
        self.fields.is_some() || self.template.is_some()
    }

    /// Whether errors are JSON too.
    pub fn speaks_json(&self) -> bool {
        self.format.is_json() && self.template.is_none()
    }
}
