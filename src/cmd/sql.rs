use super::{Context, files, time};
use crate::error::{Error, Result, counted};
use crate::limits;
use crate::sql::{self, Query, QueryBounds, SqlAnswer, SqlHeading, SqlSource, SqlType, SqlView};
use crate::store::{Reader, Store};
use crate::ui::{Body, Column, Format, Report, Row, Stream, Style, Take};
use clap::builder::PossibleValuesParser;
use serde_json::json;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Query the store in SQL: one query over views of everything it holds
///
/// There are views of entities, members, messages, cards, issues, tombstones, peers, the log and sizes:
/// `--schema` lists them, `--schema messages` lists the columns of one, which are named as in the JSON of
/// the other commands. Times are Unix seconds: `datetime(created_at, 'unixepoch')` converts them. The
/// views cover the whole store or, with -e, one entity.
///
/// Only what the query names is read, into memory; nothing is written, and a query that does anything
/// but read is refused with exit code 2. A query that takes longer than 10 s, a command that takes
/// longer than --timeout, or more than 512 MiB, is refused with exit code 1. In JSON, bytes are base64,
/// and numbers that JSON lacks, such as infinity, are null.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl sql 'SELECT author_id, count(*) FROM messages GROUP BY 1 ORDER BY 2 DESC'
  crdtctl sql \"SELECT id, content FROM messages_fts WHERE messages_fts MATCH 'boat' ORDER BY rank\"
  crdtctl sql 'SELECT title, status FROM issues WHERE assignee_id = :who' -p who=bob-hill-lake-tree
  crdtctl sql 'SELECT id FROM cards WHERE NOT archived AND updated_at < :now - 7 * 86400' -o id
  crdtctl sql 'SELECT doc, kind, bytes FROM sizes ORDER BY bytes DESC LIMIT 5' -o table
  crdtctl sql --schema tombstones
  crdtctl sql - --json < report.sql
  crdtctl sql --save ~/usb/ocean.sqlite")]
pub struct SqlArgs {
    /// One SELECT; `-` reads it from stdin
    #[arg(required_unless_present_any = ["schema", "save"])]
    query: Option<String>,
    /// A value for `:NAME` in the query; `:now` is the current time, or that of `--now`
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// How long the command may take, including printing the rows; by default the query alone may
    /// take 10s
    #[arg(long, value_name = "TIME", value_parser = time::duration)]
    timeout: Option<Duration>,
    /// Leave out what is in the archive and no longer in its document
    #[arg(long)]
    live_only: bool,
    /// Show how the query would be executed, and what it would read
    #[arg(long)]
    explain: bool,
    /// List the views or, with the name of one, its columns
    #[arg(long, value_name = "VIEW", num_args = 0..=1, default_missing_value = "")]
    #[arg(conflicts_with_all = ["query", "save", "live_only"], value_parser = views())]
    schema: Option<String>,
    /// Write all views into a new SQLite file, with the full-text index
    #[arg(long, value_name = "FILE", conflicts_with = "query")]
    save: Option<PathBuf>,
}

const VIEWS: &[Column] = &[
    Column::text("view", "view"),
    Column::text("about", "one row is"),
    Column::list("columns", "columns").data(),
];

const FIELDS: &[Column] = &[
    Column::text("column", "column"),
    Column::text("type", "type"),
    Column::text("about", "what it says"),
];

const PLAN: &[Column] = &[
    Column::number("id", "step"),
    Column::number("parent", "part of"),
    Column::text("detail", "what is done"),
];

pub fn run(context: &Context, args: SqlArgs) -> Result<Report> {
    if let Some(named) = &args.schema {
        return schema(named);
    }
    if let Some(file) = &args.save {
        return save(context, file, args.live_only);
    }
    let sql = files::text(args.query.as_deref().unwrap_or_default())?;
    let memory = Some(limits::SQL_MEMORY_BYTES);
    let bounds = QueryBounds { memory, ..QueryBounds::default() };
    let bounds = match args.timeout {
        Some(time) => QueryBounds { time, whole: true, ..bounds },
        None => bounds,
    };
    let query = Query::prepare(&sql, &args.parameters, context.now(), bounds)?;
    match args.explain {
        true => explain(query),
        false => ask(context, query, args.live_only),
    }
}

fn parameter(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let name = name.trim_start_matches([':', '@', '$']);
    match text.contains('=') && !name.is_empty() {
        true => Ok((name.to_owned(), value.to_owned())),
        false => Err(Error::usage(format!("not NAME=VALUE: {text:?}"))),
    }
}

/// A parser for the name of a view, or nothing.
fn views() -> PossibleValuesParser {
    let names = sql::views().iter().map(|view| view.name);
    PossibleValuesParser::new(names.chain([""]))
}

fn schema(named: &str) -> Result<Report> {
    let columns = |view: &SqlView| view.columns.iter().map(|c| c.name).collect::<Vec<_>>();
    let Some(view) = sql::views().iter().find(|view| view.name == named) else {
        let row = |view: &&SqlView| {
            object(json!({"view": view.name, "about": view.about, "columns": columns(view)}))
        };
        let rows = sql::views().iter().map(row).collect();
        return Ok(Report::list(rows, VIEWS, Some("view"), ""));
    };
    let row = |column: &sql::SqlColumn| {
        object(json!({"column": column.name, "type": column.kind, "about": column.about}))
    };
    Ok(Report::list(view.columns.iter().map(row).collect(), FIELDS, Some("column"), ""))
}

fn explain(query: Query) -> Result<Report> {
    let reads = query.reads();
    let read = reads.iter().map(|(view, columns)| match columns.as_slice() {
        [] => format!("it counts {view}"),
        columns => format!("it reads {view}: {}", columns.join(", ")),
    });
    let notes: Vec<String> = read.collect();
    let rows = crate::ui::rows(&query.plan()?)?;
    Ok(notes.into_iter().fold(Report::list(rows, PLAN, None, "nothing is done"), Report::note))
}

/// Opens a reader, of the documents alone or of the archive as well.
fn reader_of(store: &Store, live_only: bool) -> Result<Reader> {
    let reader = store.reader()?;
    Ok(if live_only { reader.live_only() } else { reader })
}

fn ask(context: &Context, query: Query, live_only: bool) -> Result<Report> {
    let store = context.store()?;
    let reader = reader_of(&store, live_only)?;
    let source = SqlSource::new(&store, &reader, context.named_entities(&reader)?, context.now());
    let answer = query.ask(&source)?;
    source.take_damaged().into_iter().try_for_each(|error| context.leave_out(error))?;
    let columns: Vec<Column> = answer.headings().iter().map(column).collect();
    let id = columns.iter().any(|column| column.key == "id").then_some("id");
    let held = match context.terminal.format {
        Format::Table => limits::SQL_TABLE_BYTES,
        _ => usize::MAX,
    };
    let answer = RefCell::new(answer);
    let rows = move |take: Take<'_>| hand_out(&mut answer.borrow_mut(), held, take);
    Ok(Body::Stream { rows: Stream::of(rows), columns: columns.into(), id, live: false }.into())
}

/// Hands out the rows of an answer; for a table no more than it can hold.
fn hand_out(answer: &mut SqlAnswer, held: usize, take: Take<'_>) -> Result<()> {
    let mut bytes: usize = 0;
    while let Some(row) = answer.next_row()? {
        if held < usize::MAX {
            let length = serde_json::to_string(&row).map_or(0, |text| text.len());
            bytes = bytes.saturating_add(length);
        }
        if bytes > held {
            return Err(Error::refused("the answer is too large for a table")
                .hint("`-o tsv` writes it row by row, a LIMIT makes it shorter"));
        }
        if !take(row)? {
            break;
        }
    }
    Ok(())
}

fn column(heading: &SqlHeading) -> Column {
    let style = match heading.kind {
        Some(SqlType::Time) => Style::Time,
        Some(SqlType::Flag) => Style::Flag,
        Some(SqlType::Integer | SqlType::Number) => Style::Number,
        Some(SqlType::Json) => Style::List,
        // Ids are shown whole; any other text may be prose.
        Some(SqlType::Text) | None if is_id(&heading.name) => Style::Text,
        Some(SqlType::Text) | None => Style::Prose,
    };
    Column::named(&heading.name, style)
}

/// Whether a column holds ids, judging by its name.
fn is_id(name: &str) -> bool {
    name.ends_with("id") || name.ends_with("_by") || ["doc", "entity", "path"].contains(&name)
}

fn save(context: &Context, file: &Path, live_only: bool) -> Result<Report> {
    if file.as_os_str() == "-" {
        return Err(Error::usage("a database is not written to standard output")
            .hint("name a file: crdtctl sql --save FILE"));
    }
    if Store::owns(file)? {
        return Err(Error::refused(format!("{} belongs to a store", file.display()))
            .hint("name a file outside of it"));
    }
    let store = context.store()?;
    let reader = reader_of(&store, live_only)?;
    let source = SqlSource::new(&store, &reader, context.named_entities(&reader)?, context.now());
    let rows = files::make(file, |new| sql::save(new, &source))?;
    source.take_damaged().into_iter().try_for_each(|error| context.leave_out(error))?;
    let name = files::name(file);
    Ok(Report::nothing().note(format!("wrote {} to {name}", counted(rows as u64, "row"))))
}

fn object(value: serde_json::Value) -> Row {
    match value {
        serde_json::Value::Object(fields) => fields,
        _ => Row::new(),
    }
}
