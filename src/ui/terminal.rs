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
    /// Tab-separated, a header line, one record per line: `\\`, `\t`, `\n`, `\r` inside fields
    Tsv,
    /// Comma-separated (RFC 4180), a header line; texts unchanged, line breaks inside quotes
    Csv,
    /// Only the ids, one per line
    Id,
}

impl Format {
    /// Whether this format is JSON.
    pub fn is_json(self) -> bool {
        matches!(self, Format::Json | Format::Ndjson)
    }
}

/// What this command reads from and writes to, and what it may do there.
#[derive(Debug, Clone)]
pub struct Terminal {
    pub format: Format,
    /// The most columns of a table.
    pub width: usize,
    /// Rows of the screen.
    pub height: usize,
    /// Output longer than a screen goes through a pager.
    pub pages: bool,
    /// Standard output is a terminal.
    pub interactive: bool,
    /// Colour on standard output, and on standard error.
    pub color_out: bool,
    pub color_err: bool,
    /// Neither sentences nor notes. Errors are always printed.
    pub quiet: bool,
    /// Tables show long cells whole, and boards long lanes.
    pub full: bool,
    /// Lists begin with the names of their columns, and fields of a record have titles.
    pub header: bool,
    /// How people see times.
    pub times: Times,
    /// The template that each record is written through instead of a format.
    pub template: Option<RecordTemplate>,
    /// The fields to show, in this order; `None` if the user did not choose.
    pub fields: Option<Rc<[String]>>,
    /// Somebody can answer a question.
    pub ask: bool,
    pub progress: Signs,
}

/// How long-running work shows its progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signs {
    None,
    /// A line once it has taken half a second.
    Line,
    /// A bar that moves.
    Bar,
}

/// How people see a time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum TimeStyle {
    /// In local time
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

/// Returns the terminal's rows; 24 if there is no terminal.
pub fn height() -> usize {
    let named = std::env::var("LINES").ok().and_then(|rows| rows.parse().ok());
    let asked = || dialoguer::console::Term::stdout().size_checked();
    let rows = named.or_else(|| asked().map(|(rows, _)| usize::from(rows)));
    rows.filter(|rows| *rows > 0).unwrap_or(24)
}

impl Terminal {
    /// Whether only parts of each record are used, by `--fields` or `--template`.
    pub fn picks(&self) -> bool {
        self.fields.is_some() || self.template.is_some()
    }

    /// Whether errors are JSON, too.
    pub fn speaks_json(&self) -> bool {
        self.format.is_json() && self.template.is_none()
    }
}
