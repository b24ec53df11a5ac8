//! Exports chats, boards and issues as files for people and for other programs.

use super::{Context, OtherAs, OutFile};
use crate::error::{Error, Result};
use crate::id::EntityId;
use crate::query::entity;
use crate::store::Reader;
use crate::ui::{self, Fact, Format, PrintedPage, Report, Style, Terminal};
use serde_json::{Value, json};
use std::path::Path;

/// The arguments of `export` for a chat, a board or issues.
#[derive(clap::Args, Debug, Clone)]
pub struct PageArgs {
    /// The kind of file; defaults to that of the file's extension, else Markdown
    #[arg(id = "export.as", long = "as", value_name = "KIND")]
    kind: Option<PageKind>,
    #[command(flatten)]
    out: OutFile,
    #[command(flatten)]
    member: OtherAs,
}

/// The kind of file to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum PageKind {
    /// CommonMark: headings and text, escaped so that none is read as markup
    #[value(alias = "md")]
    Markdown,
    /// One page that refers to nothing outside
    Html,
    /// One line per record (RFC 4180), with the columns of the list
    Csv,
    /// One JSON object per line, with every field
    Ndjson,
}

impl PageKind {
    /// Returns the kind that a file's extension names.
    fn of(file: &Path) -> Option<PageKind> {
        match file.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "md" | "markdown" => Some(PageKind::Markdown),
            "html" | "htm" => Some(PageKind::Html),
            "csv" => Some(PageKind::Csv),
            "ndjson" | "jsonl" => Some(PageKind::Ndjson),
            _ => None,
        }
    }
}

/// Writes a page, or the list of the same records.
///
/// # Errors
/// `Usage` if `-o` names a format; as [`Context::deliver`].
pub fn deliver(
    context: &Context,
    args: &PageArgs,
    what: &str,
    page: impl FnOnce() -> Result<PrintedPage>,
    list: impl FnOnce() -> Result<Report>,
) -> Result<Report> {
    if context.globals.format_named || context.globals.json {
        return Err(Error::usage("`-o` sets how answers are shown, but export writes a file")
            .hint(
                "`--as markdown`, `html`, `csv` or `ndjson` sets the kind; `-O FILE` sets where to",
            ));
    }
    let named = args.out.file.as_deref().and_then(PageKind::of);
    let bytes = match args.kind.or(named).unwrap_or(PageKind::Markdown) {
        PageKind::Markdown => page()?.markdown().into_bytes(),
        PageKind::Html => page()?.html().into_bytes(),
        PageKind::Csv => rendered(context, Format::Csv, list)?,
        PageKind::Ndjson => rendered(context, Format::Ndjson, list)?,
    };
    if let (None, None, Some(file)) = (args.kind, named, &args.out.file)
        && let Some(ending) = file.extension()
    {
        context.note(format!(
            "no kind of page is called {:?}, so it is Markdown: `--as` sets the kind",
            ending.to_string_lossy()
        ));
    }
    let sentence = format!("wrote {what}: {} bytes", bytes.len());
    context.deliver(bytes, &args.out, &sentence)
}

/// Renders a list in the given format.
fn rendered(
    context: &Context,
    format: Format,
    list: impl FnOnce() -> Result<Report>,
) -> Result<Vec<u8>> {
    let report = list()?;
    let terminal = Terminal { format, template: None, quiet: true, ..context.terminal.clone() };
    let mut bytes = Vec::new();
    match ui::render(&report, &terminal, &mut bytes, &mut std::io::sink()) {
        Ok(()) => Ok(bytes),
        Err(ui::Closed::Failed(error) | ui::Closed::Unwritten(error)) => Err(error),
        Err(ui::Closed::Pipe) => Err(Error::bug("memory is no pipe")),
    }
}

/// Returns an empty page about an entity.
pub fn page(
    context: &Context,
    reader: &Reader,
    entity: &EntityId,
    what: &str,
) -> Result<PrintedPage> {
    let name = entity::show(reader, entity).map(|shown| shown.metadata.name.to_string());
    let name = name.ok().filter(|name| !name.is_empty()).unwrap_or_else(|| entity.to_string());
    let facts = vec![("entity", entity.to_string()), ("exported", time(context, context.now()))];
    Ok(PrintedPage { title: format!("{name}: {what}"), facts, entries: Vec::new() })
}

/// Formats a time for people.
pub fn time(context: &Context, at: i64) -> String {
    ui::shown(&json!(at), Style::Time, context.terminal.times)
}

/// A fact shown below a message: its reactions, or how many files it has.
pub fn sets(name: &'static str, value: &Value) -> Fact {
    (name, ui::shown(value, Style::Sets, ui::Times::default()))
}
