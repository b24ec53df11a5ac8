pub(super) mod attach;
mod export;
mod tail;

use super::export::PageArgs;
use super::time::When;
use super::{Context, DryRun, EditOption, files};
use crate::concern::chat;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::query::chat as query;
use crate::query::unread::ReadMark;
use crate::ui::{
    self, Body, Column, Format, NestedRecords, Report, Row, Section, Take, Written, row, rows,
};
use crate::wire::Record;
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Messages, threads and reactions of an entity: send, edit, delete, list, search
#[derive(clap::Args)]
pub struct ChatArgs {
    #[command(subcommand)]
    verb: ChatVerb,
}

#[derive(Subcommand)]
enum ChatVerb {
    /// Send a message; prints its id
    #[command(after_help = "Examples:
  crdtctl chat send 'See you at the harbour'
  id=$(git log -1 --format=%B | crdtctl chat send -)
  crdtctl chat send --reply-to 3f2a 'So do I'
  crdtctl chat send 'The map' --attach map.png")]
    Send {
        /// The text; read from stdin if it is `-`, or left out in a pipe
        text: Option<String>,
        /// Reply to this message, or add to the thread of this reply
        #[arg(long, value_name = "MESSAGE")]
        reply_to: Option<String>,
        #[command(flatten)]
        edit: EditOption,
        /// Attach a file (repeatable): it goes to /shared/attachments, with a number if the name is taken
        #[arg(long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
        attach: Vec<PathBuf>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Get the files attached to a message
    Attachment {
        #[command(subcommand)]
        verb: attach::AttachmentVerb,
    },
    /// Change the text of your own message
    #[command(after_help = "Examples:
  crdtctl chat edit 3f2a 'See you at the lighthouse'
  crdtctl chat edit 3f2a - < note.txt
  EDITOR='sed -i s/harbour/lighthouse/' crdtctl chat edit 3f2a --edit")]
    Edit {
        /// The message's id, or a unique prefix of it
        message: String,
        /// The new text; read from stdin if it is `-`, or left out in a pipe
        text: Option<String>,
        #[command(flatten)]
        edit: EditOption,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Delete your own message; admins and owners can delete anybody's
    ///
    /// The message stays as a tombstone until every active member has acknowledged it. If there is
    /// nobody to wait for, it is gone for good at once (asks on a terminal, unless `--yes`), and
    /// `crdtctl trash` keeps it for 30 days. Files that only this message has attached stay, unless you
    /// say yes when asked on a terminal, or give --with-files.
    #[command(after_help = "Examples:\n  crdtctl chat delete 3f2a\n  \
        crdtctl chat delete 3f2a --with-files")]
    Delete {
        /// The message's id, or a unique prefix of it
        message: String,
        /// Also remove the files that only this message has attached
        #[arg(long)]
        with_files: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// React to a message; prints nothing
    ///
    /// Each member counts once under each emoji.
    #[command(after_help = "Examples:
  crdtctl chat react 3f2a 👍
  crdtctl chat react 3f2a 👍 --remove")]
    React {
        /// The message's id, or a unique prefix of it
        message: String,
        /// An emoji, or a short word without spaces
        emoji: String,
        /// Remove the reaction
        #[arg(long)]
        remove: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List messages, oldest first
    ///
    /// Replies are left out, except those to deleted messages: --threads shows them beneath their
    /// messages, `crdtctl chat thread` shows one thread. What others wrote since `crdtctl chat read` is
    /// unread.
    #[command(after_help = "Examples:
  crdtctl chat list --unread
  crdtctl chat list --threads --since 2d
  crdtctl chat list --limit 20 --time relative
  crdtctl chat list --fields author_id,content --no-header
  crdtctl chat list --since 2d --author alice-river-stone-sky
  crdtctl chat list --json | jq -r '.[].content'")]
    List {
        #[command(flatten)]
        filter: MessageFilterArgs,
        /// Show replies too, beneath their messages; a thread is shown whole if any part of it matches
        ///
        /// --limit then counts threads. JSON is an array of threads, each as in `chat thread`.
        #[arg(long)]
        threads: bool,
        /// Only messages and replies that are unread here
        #[arg(long)]
        unread: bool,
        /// Include deleted messages
        #[arg(short, long)]
        all: bool,
    },
    /// Mark messages and replies as read, in this store only: the marks are not part of any document
    ///
    /// Until then, what others write is unread in `crdtctl chat list --unread` and `crdtctl status
    /// --unread`; after the first mark, `chat list` shows which messages are new. Messages that arrive
    /// late are unread, however old they are.
    #[command(after_help = "Examples:
  crdtctl chat read
  crdtctl chat read 3f2a")]
    Read {
        /// Up to this message or reply, in list order; all by default
        #[arg(value_name = "MESSAGE")]
        until: Option<String>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show the last messages and replies; with -f, follow new ones
    ///
    /// Messages that other processes write or import are found by watching the files. In a pipe -f
    /// writes one JSON object per line, without buffering, unless -o names another format. It ends on
    /// Ctrl-C (130), or when its reader goes away (141).
    #[command(after_help = "Examples:
  crdtctl chat tail --limit 3
  crdtctl chat tail -f --limit 1 | head -n 1")]
    Tail {
        #[command(flatten)]
        args: tail::TailArgs,
    },
    /// Show one message or reply, with every field of its record
    #[command(after_help = "Example:\n  crdtctl chat show 3f2a")]
    Show {
        /// The message's id, or a unique prefix of it
        message: String,
    },
    /// Show a message and its replies, oldest first
    ///
    /// A deleted message keeps its replies. JSON is one object: the message under `message` (null if
    /// it is gone from this store), the replies under `replies`.
    #[command(after_help = "Examples:
  crdtctl chat thread 3f2a
  crdtctl chat thread 3f2a --json | jq -r '.replies[].content'")]
    Thread {
        /// The id of the message or of one of its replies, or a unique prefix of it
        message: String,
        /// Include deleted replies
        #[arg(short, long)]
        all: bool,
    },
    /// Write the chat to a file: Markdown, HTML, CSV or NDJSON
    ///
    /// Includes threads, reactions and the names of attached files. Texts are escaped, never read as
    /// markup, and an HTML page refers to nothing outside. Times are as `--time` says.
    #[command(after_help = "Examples:
  crdtctl chat export -O chat.html
  crdtctl chat export --since 1w --time utc > week.md
  crdtctl chat export --as ndjson | jq -r .author_id | sort | uniq -c")]
    Export {
        #[command(flatten)]
        filter: MessageFilterArgs,
        /// Include deleted messages
        #[arg(short, long)]
        all: bool,
        #[command(flatten)]
        args: PageArgs,
    },
    /// Find messages and replies that contain all of the given words, ignoring case
    #[command(after_help = "Examples:
  crdtctl chat search harbour tomorrow
  crdtctl chat search release --since 1w -o id")]
    Search {
        /// The words
        #[arg(required = true)]
        words: Vec<String>,
        #[command(flatten)]
        filter: MessageFilterArgs,
    },
}

#[derive(clap::Args)]
struct MessageFilterArgs {
    /// Only messages from this time on: RFC 3339, a date, or `2d`, `3h`, `1w` ago
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    since: Option<When>,
    /// Only messages before this time
    #[arg(long, value_name = "TIME", value_parser = When::parse)]
    until: Option<When>,
    /// Only messages of this member, by id or a unique prefix
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
    Column::prose("content", "message"),
    Column::count("reactions", "reactions").filled(),
    Column::count("reply_count", "replies").filled(),
    Column::count("attachments", "files").filled(),
    Column::id("parent_id", "reply to").wide(),
    Column::time("updated_at", "updated").data(),
    Column::flag("deleted", "deleted").data(),
    Column::time("last_reply_at", "last reply").data(),
    Column::flag("in_archive", "archived").asked(),
    Column::time("deleted_at", "deleted at").asked(),
    Column::flag("parent_deleted", "parent deleted").asked(),
    Column::flag("unread", "unread").asked(),
    Column::text("ack_vector", "acknowledged by").asked(),
    Column::text("message", "message").asked(),
    Column::text("replies", "replies").asked(),
];

const SHOW: &[Column] = &[
    Column::text("id", "id"),
    Column::text("author_id", "author"),
    Column::text("parent_id", "reply to"),
    Column::flag("parent_deleted", "which is deleted"),
    Column::time("created_at", "sent"),
    Column::time("updated_at", "updated"),
    Column::flag("deleted", "deleted"),
    Column::time("deleted_at", "deleted at"),
    Column::sets("reactions", "reactions"),
    Column::count("reply_count", "replies"),
    Column::time("last_reply_at", "last reply"),
    Column::prose("content", "message"),
];

const ATTACHMENTS: &[Section] = &[Section {
    key: "attachments",
    title: "attachments",
    columns: &[
        Column::prose("filename", "file"),
        Column::bytes("size_bytes", "size"),
        Column::text("mime_type", "type"),
        Column::text("file_path", "path").wide(),
    ],
}];

pub fn run(context: &Context, args: ChatArgs) -> Result<Report> {
    match args.verb {
        ChatVerb::Send { text, edit, reply_to, attach, .. } => {
            // Fail before anybody types, or a pipe is read, in vain.
            let entity = context.entity()?;
            context.acting_member()?;
            let attached =
                attach.iter().map(|file| attachment(file)).collect::<Result<Vec<_>>>()?;
            // A message with an attachment needs no text.
            let text = text.or_else(|| (!attach.is_empty() && !edit.edit).then(String::new));
            let nothing = || Ok(String::new());
            let send = |text| chat::Send {
                reply_to: reply_to.clone(),
                attachments: attached.clone(),
                ..chat::Send::text(entity.clone(), text)
            };
            let made_of_it = |text| Operation::ChatSend(send(text));
            let (question, text) = (Some("message"), text.as_deref());
            let said = context.compose(text, edit.edit, question, nothing, &made_of_it)?;
            if attach.is_empty() {
                return context.say(said, &made_of_it);
            }
            let send = send(said.text.clone());
            context.say_by(said, || attach::send(context, send, &attach))
        }
        ChatVerb::Edit { message, text, edit, .. } => {
            let entity = context.entity()?;
            let before = || {
                let message = query::find(&context.reader()?, &entity, &message)?;
                Ok(message.content.to_string())
            };
            let change = |text| {
                let (entity, message) = (entity.clone(), message.clone());
                Operation::ChatEdit(chat::EditMessage { entity, message, text })
            };
            let said = context.compose(text.as_deref(), edit.edit, None, before, &change)?;
            context.say(said, &change)
        }
        ChatVerb::Delete { message, with_files, .. } => {
            attach::delete(context, message, with_files)
        }
        ChatVerb::React { message, emoji, remove, .. } => {
            let entity = context.entity()?;
            let react = chat::React { entity, message, emoji, remove };
            context.perform(&Operation::ChatReact(react))
        }
        ChatVerb::List { filter, threads, unread, all } => {
            let filter = query::MessageFilter { deleted: all, unread, ..filter.at(context.now()) };
            match threads {
                true => threads_of(context, &filter),
                false => list(context, &filter),
            }
        }
        ChatVerb::Read { until, .. } => read(context, until.as_deref()),
        ChatVerb::Tail { args } => tail::run(context, args),
        ChatVerb::Show { message } => show(context, &message),
        ChatVerb::Attachment { verb: attach::AttachmentVerb::Get { message, name, out } } => {
            attach::get(context, &message, name.as_deref(), &out)
        }
        ChatVerb::Thread { message, all } => thread(context, &message, all),
        ChatVerb::Export { filter, all, args } => {
            let filter = filter.at(context.now());
            let filter = query::MessageFilter { deleted: all, ..filter };
            export::run(context, &filter, &args, |threads| records(threads, &filter))
        }
        ChatVerb::Search { words, filter } => {
            let words = words.iter().flat_map(|words| words.split_whitespace());
            let words = words.map(str::to_owned).collect();
            list(context, &query::MessageFilter { words, ..filter.at(context.now()) })
        }
    }
}

impl MessageFilterArgs {
    fn at(self, now: i64) -> query::MessageFilter {
        query::MessageFilter {
            since: self.since.map(|since| since.at(now)),
            until: self.until.map(|until| until.at(now)),
            author: self.author,
            limit: self.limit,
            ..query::MessageFilter::default()
        }
    }
}

fn list(context: &Context, filter: &query::MessageFilter) -> Result<Report> {
    let entity = context.entity()?;
    let reader = context.reader()?;
    let messages = query::list(&reader, &entity, filter)?;
    context.note_stranger(&reader, &entity, filter.author.as_deref(), messages.len());
    if !messages.is_empty() && context.terminal.format != Format::Table {
        // Only the widths of a table depend on all rows: they take five times the memory of the messages.
        let rows = move |take: Take<'_>| ui::hand_out(&messages, take);
        return Ok(Report::stream(rows, COLUMNS, Some("id")));
    }
    let mut rows = rows(&messages)?;
    rows.iter_mut().for_each(remark);
    Ok(Report::list(rows, COLUMNS, Some("id"), empty(filter)))
}

/// The sentence shown when a filter matches nothing.
fn empty(filter: &query::MessageFilter) -> &'static str {
    let sentence = match (filter.unread, filter.words.is_empty()) {
        (true, _) => "nothing is unread",
        (false, true) => "no messages",
        (false, false) => "no message has all of these words",
    };
    ui::none_of(filter.limit, sentence)
}

fn threads_of(context: &Context, filter: &query::MessageFilter) -> Result<Report> {
    let entity = context.entity()?;
    let reader = context.reader()?;
    let threads = query::threads(&reader, &entity, filter)?;
    context.note_stranger(&reader, &entity, filter.author.as_deref(), threads.len());
    if context.terminal.format.is_json() {
        return Ok(nested(rows(&threads)?, false));
    }
    let flat = threads.iter().map(|thread| flattened(context, thread));
    let rows = flat.collect::<Result<Vec<Vec<Row>>>>()?.concat();
    Ok(Report::list(rows, COLUMNS, Some("id"), empty(filter)))
}

/// The messages and replies of threads, one record each; a message that is gone is left out.
fn records(threads: &[query::Thread], filter: &query::MessageFilter) -> Result<Report> {
    let all = threads.iter().flat_map(|thread| thread.message.iter().chain(&thread.replies));
    let rows = all.map(row).collect::<Result<Vec<Row>>>()?;
    Ok(Report::list(rows, COLUMNS, Some("id"), empty(filter)))
}

fn read(context: &Context, until: Option<&str>) -> Result<Report> {
    let entity = context.entity()?;
    // Read before taking the lock: the mark covers what was seen.
    let query::Reading { mark, read, unread } = query::reading(&context.reader()?, &entity, until)?;
    let session = context.session()?;
    let (key, mark) = (ReadMark::setting(&entity), mark.encode()?);
    let changed = session.state().setting(&key)?.as_ref() != Some(&mark);
    session.state().set_setting(&key, Some(&mark))?;
    let committed = session.commit()?;
    let read_now = match read {
        0 => "no more messages marked as read".to_owned(),
        1 => "1 message marked as read".to_owned(),
        n => format!("{n} messages marked as read"),
    };
    let sentence = match unread {
        0 => format!("{read_now} in {entity}, nothing is unread"),
        n => format!("{read_now} in {entity}, {n} still unread"),
    };
    let written = Written { changed, sentence, ..Written::default() };
    Ok(context.written(written.with("read", read).with("unread", unread), committed))
}

/// Prefixes a message's text with marks for people: new, deleted, reply to a deleted message.
fn remark(row: &mut Row) {
    let is = |row: &Row, field: &str| row.get(field) == Some(&json!(true));
    let marks = [
        ("unread", "(new)"),
        ("deleted", "(deleted)"),
        ("parent_deleted", "(reply to a deleted message)"),
    ];
    for (field, mark) in marks {
        if is(row, field) {
            let said = row.get("content").and_then(Value::as_str).unwrap_or_default();
            let said = format!("{mark} {said}");
            row.insert("content".into(), json!(said.trim_end()));
        }
    }
}

fn show(context: &Context, prefix: &str) -> Result<Report> {
    let entity = context.entity()?;
    let message = query::find(&context.reader()?, &entity, prefix)?;
    Ok(Report::object(row(&message)?, SHOW, Some("id")).sections(ATTACHMENTS))
}

fn thread(context: &Context, prefix: &str, all: bool) -> Result<Report> {
    let entity = context.entity()?;
    let thread = query::thread(&context.reader()?, &entity, prefix, all)?;
    if context.terminal.format.is_json() {
        return Ok(nested(vec![row(&thread)?], true));
    }
    Ok(Report::list(flattened(context, &thread)?, COLUMNS, Some("id"), ""))
}

/// Threads as JSON, with the messages within them.
fn nested(rows: Vec<Row>, is_one: bool) -> Report {
    let within = &["message", "replies"];
    Body::Nested(NestedRecords { rows, within, columns: COLUMNS, is_one }).into()
}

/// A message and its replies, a row each.
fn flattened(context: &Context, thread: &query::Thread) -> Result<Vec<Row>> {
    let mut shown = match &thread.message {
        Some(message) => vec![row(message)?],
        None => vec![missing(&thread.parent_id)],
    };
    let mut replies = rows(&thread.replies)?;
    if context.terminal.format == Format::Table {
        shown.iter_mut().for_each(|message| {
            hide_deleted(message);
            message.remove("deleted");
            remark(message);
        });
        replies.iter_mut().for_each(|reply| {
            // The message shown above says so.
            reply.remove("parent_deleted");
            remark(reply);
            let said = reply.get("content").and_then(Value::as_str).unwrap_or_default();
            let said = format!("↳ {said}");
            reply.insert("content".into(), json!(said));
        });
    }
    shown.append(&mut replies);
    Ok(shown)
}

/// A placeholder row for the pruned message of a remaining thread.
fn missing(id: &str) -> Row {
    let mut row = chat::MESSAGES.row(&Record::new(), Some(&id.to_owned()));
    row.insert("deleted".into(), json!(true));
    row
}

/// Hides the text of a deleted message: readers of the thread see only that it is deleted.
fn hide_deleted(row: &mut Row) {
    if row.get("deleted") == Some(&json!(true)) {
        row.insert("content".into(), json!("(deleted)"));
    }
}

/// Returns the attachment record for a file of the user.
///
/// # Errors
/// `NotFound`, `Usage` for anything but a file with a name in UTF-8, `Io`.
pub(super) fn attachment(file: &Path) -> Result<chat::Attachment> {
    let wrong = |what: &str| Error::usage(format!("{} {what}", file.display()));
    let found = std::fs::metadata(file).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => files::missing(file),
        _ => Error::io(format!("cannot read {}", file.display()), e),
    })?;
    if !found.is_file() {
        return Err(wrong("is not a file").hint("pack a directory first, and attach the archive"));
    }
    let name = file.file_name().and_then(|name| name.to_str());
    let filename = name.ok_or_else(|| wrong("has no name in UTF-8"))?.to_owned();
    Ok(chat::Attachment {
        filename,
        size_bytes: found.len(),
        mime_type: None,
        file_path: None,
        file_id: None,
        blake3: None,
    })
}
