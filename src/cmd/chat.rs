use super::time::When;
use super::{Context, DryRun, files};
use crate::concern::{borrowed, chat};
use crate::crdt::value::Source;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::ui::{Column, Report, Row, prompt};
use clap::Subcommand;
use serde_json::Value;

/// Send, edit, delete, list and search the messages of an entity
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Send a message; prints its id
    #[command(after_help = "Examples:
  crdtctl chat send 'See you at the harbour'
  id=$(git log -1 --format=%B | crdtctl chat send -)")]
    Send {
        /// The text; `-` reads it from stdin, and so does none in a pipe
        text: Option<String>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Change the text of one's own message
    #[command(after_help = "Examples:
  crdtctl chat edit 3f2a 'See you at the lighthouse'
  crdtctl chat edit 3f2a - < note.txt")]
    Edit {
        /// The message's id, or a unique prefix of it
        message: String,
        /// The new text; `-` reads it from stdin
        text: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Delete one's own message; admins and owners: anybody's
    ///
    /// The message stays as a tombstone until every active member has acknowledged it.
    #[command(after_help = "Example:\n  crdtctl chat delete 3f2a")]
    Delete {
        /// The message's id, or a unique prefix of it
        message: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List messages, oldest first
    #[command(after_help = "Examples:
  crdtctl chat list --limit 20
  crdtctl chat list --since 2d --author alice-river-stone-sky
  crdtctl chat list --json | jq -r '.[].content'")]
    List {
        #[command(flatten)]
        filter: Filter,
        /// Deleted messages too
        #[arg(short, long)]
        all: bool,
    },
    /// Show one message or reply, with every field of its record
    #[command(after_help = "Example:\n  crdtctl chat show 3f2a")]
    Show {
        /// The message's id, or a unique prefix of it
        message: String,
    },
    /// Find messages that hold all of some words, in any case
    #[command(after_help = "Examples:
  crdtctl chat search harbour tomorrow
  crdtctl chat search release --since 1w -o id")]
    Search {
        /// The words
        #[arg(required = true)]
        words: Vec<String>,
        #[command(flatten)]
        filter: Filter,
    },
}

#[derive(clap::Args)]
struct Filter {
    /// Only messages from this time on: RFC 3339, a date, or `2d`, `3h`, `1w` ago
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    since: Option<When>,
    /// Only messages before this time
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    until: Option<When>,
    /// Only messages of this member; a unique prefix will do
    #[arg(long, value_name = "MEMBER")]
    author: Option<String>,
    /// Only the last N of them
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

const COLUMNS: &[Column] = &[
    Column::id("id", "id"),
    Column::time("created_at", "sent"),
    Column::text("author_id", "author"),
    Column::text("content", "message"),
    Column::time("updated_at", "updated").data(),
    Column::flag("deleted", "deleted").data(),
];

const SHOW: &[Column] = &[
    Column::text("id", "id"),
    Column::text("author_id", "author"),
    Column::time("created_at", "sent"),
    Column::time("updated_at", "updated"),
    Column::flag("deleted", "deleted"),
    Column::time("deleted_at", "deleted at"),
    Column::prose("content", "message"),
];

pub fn run(context: &Context, args: Args) -> Result<Report> {
    match args.verb {
        Verb::Send { text, .. } => {
            let text = match text {
                Some(text) => files::text(&text)?,
                None if context.terminal.ask => prompt::line(&context.terminal, "message", "TEXT")?,
                None => files::text("-")?,
            };
            let entity = context.entity()?;
            context.perform(&Operation::ChatSend(chat::Send { entity, text }), true)
        }
        Verb::Edit { message, text, .. } => {
            let text = files::text(&text)?;
            let entity = context.entity()?;
            context.perform(&Operation::ChatEdit(chat::Edit { entity, message, text }), false)
        }
        Verb::Delete { message, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::ChatDelete(chat::Delete { entity, message }), false)
        }
        Verb::List { filter, all } => list(context, &filter, all, &[]),
        Verb::Show { message } => show(context, &message),
        Verb::Search { words, filter } => {
            let words: Vec<String> = words
                .iter()
                .flat_map(|words| words.split_whitespace())
                .map(str::to_lowercase)
                .collect();
            list(context, &filter, false, &words)
        }
    }
}

fn list(context: &Context, filter: &Filter, all: bool, words: &[String]) -> Result<Report> {
    let doc = context.entity()?.document(chat::SPEC.name);
    let reader = context.reader()?;
    let mut found: Vec<Row> = match reader.view(&doc)? {
        Some(view) => chat::MESSAGES.rows(&view, all),
        None => Vec::new(),
    };
    let now = context.now();
    let since = filter.since.map_or(i64::MIN, |since| since.at(now));
    let until = filter.until.map_or(i64::MAX, |until| until.at(now));
    let author = match &filter.author {
        Some(prefix) => Some(author_among(prefix, &found)?),
        None => None,
    };
    found.retain(|row| {
        (since..until).contains(&created_at(row))
            && author.as_deref().is_none_or(|author| text_of(row, "author_id") == author)
            && has_words(text_of(row, "content"), words)
    });
    found.sort_by(|a, b| (created_at(a), text_of(a, "id")).cmp(&(created_at(b), text_of(b, "id"))));
    if let Some(limit) = filter.limit {
        found.drain(..found.len().saturating_sub(limit));
    }
    Ok(Report::list(found, COLUMNS, Some("id"), "no messages"))
}

/// The one author that a prefix names, among those who wrote. A full id may have written nothing.
fn author_among(prefix: &str, rows: &[Row]) -> Result<String> {
    let authors: std::collections::BTreeSet<&str> =
        rows.iter().map(|row| text_of(row, "author_id")).collect();
    match crate::id::resolve(prefix, authors.into_iter(), "author") {
        Err(e) if e.kind == crate::error::Kind::NotFound => Ok(prefix.to_owned()),
        other => other,
    }
}

fn created_at(row: &Row) -> i64 {
    row.get("created_at").and_then(Value::as_i64).unwrap_or(0)
}

fn text_of<'r>(row: &'r Row, key: &str) -> &'r str {
    row.get(key).and_then(Value::as_str).unwrap_or("")
}

fn has_words(content: &str, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let content = content.to_lowercase();
    words.iter().all(|word| content.contains(word.as_str()))
}

fn show(context: &Context, prefix: &str) -> Result<Report> {
    let entity = context.entity()?;
    let Some(view) = context.reader()?.view(&entity.document(chat::SPEC.name))? else {
        return Err(Error::not_found(format!("{entity} has no chat"))
            .hint("crdtctl chat send TEXT starts one"));
    };
    let (collection, path) = chat::find(&view, prefix)?;
    let record = view.record(&borrowed(&path)).unwrap_or_default();
    let row = collection.whole_row(&record, path.last());
    Ok(Report::object(row, SHOW, Some("id")))
}
