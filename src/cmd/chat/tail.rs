use crate::cmd::{Context, time};
use crate::concern::chat::SPEC;
use crate::error::{Error, Kind, Result};
use crate::id::EntityId;
use crate::machine;
use crate::query::chat as query;
use crate::store::{LogHead, Reader, Seen, Store};
use crate::ui::{Column, Format, Report, Row, Take, row};
use crate::wire::Clocks;
use serde_json::json;
use std::io;
use std::thread;
use std::time::Duration;

#[derive(clap::Args)]
pub struct TailArgs {
    /// Keep printing new messages as they arrive
    #[arg(short, long)]
    follow: bool,
    /// How many messages to start with
    #[arg(long, value_name = "N", default_value_t = 10)]
    limit: usize,
    /// How often to look for new messages
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time::duration)]
    every: Duration,
}

const COLUMNS: &[Column] = &[
    Column::time("created_at", "sent"),
    Column::text("author_id", "author"),
    Column::prose("content", "message"),
    Column::id("id", "id").data(),
    Column::id("parent_id", "reply to").data(),
    Column::flag("in_archive", "archived").asked(),
    Column::time("updated_at", "edited").asked(),
    Column::flag("deleted", "deleted").asked(),
    Column::time("deleted_at", "deleted at").asked(),
    Column::flag("parent_deleted", "parent deleted").asked(),
    Column::flag("unread", "unread").asked(),
    Column::sets("reactions", "reactions").asked(),
    Column::number("reply_count", "replies").asked(),
    Column::time("last_reply_at", "last reply").asked(),
    Column::count("attachments", "files").asked(),
    Column::text("ack_vector", "acknowledged by").asked(),
];

/// What shows whether a chat may have changed: its file, and how far the log goes.
#[derive(Clone, PartialEq, Eq, Default)]
struct Traces {
    file: Option<Seen>,
    log: Vec<i64>,
}

pub fn run(context: &Context, args: TailArgs) -> Result<Report> {
    let entity = context.entity()?;
    let store = context.store()?;
    let for_people = context.terminal.format == Format::Table;
    let tail = Tail { store, entity, for_people };
    let TailArgs { follow, limit, every } = args;
    // Read first: a chat that cannot be read must fail before anything is printed.
    let reader = context.reader_of(&tail.store)?;
    let traces = tail.traces(&reader)?;
    let (found, known) = query::last(&reader, &tail.entity, limit)?;
    drop(reader);
    let begun = (traces, found, known);
    let rows = move |take: Take<'_>| {
        let (mut traces, mut found, mut known) = begun.clone();
        while tail.show(&found, take)? && follow {
            found = tail.wait(every, &mut traces, &mut known)?;
        }
        Ok(())
    };
    if !follow && context.terminal.format == Format::Json {
        // It ends, so it is one array like every other list.
        return Ok(Report::stream(rows, COLUMNS, Some("id")));
    }
    // A program that follows gets JSON lines, as from `canvas events`, unless it chose a format.
    let is_feed = follow && context.globals.output.is_none() && !context.terminal.interactive;
    Ok(if is_feed { Report::feed(rows, COLUMNS) } else { Report::live(rows, COLUMNS, Some("id")) })
}

struct Tail {
    store: Store,
    entity: EntityId,
    for_people: bool,
}

impl Tail {
    /// Hands out messages. Returns whether more are wanted.
    fn show(&self, messages: &[query::Message], take: Take<'_>) -> Result<bool> {
        for message in messages {
            let mut row: Row = row(message)?;
            if self.for_people && message.parent_id.is_some() {
                row.insert("content".into(), json!(format!("↳ {}", &*message.content)));
            }
            if !take(row)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Waits until there are new messages, and returns them.
    ///
    /// # Errors
    /// Those of reading; a broken pipe once nobody reads standard output.
    fn wait(
        &self,
        every: Duration,
        traces: &mut Traces,
        known: &mut Clocks,
    ) -> Result<Vec<query::Message>> {
        loop {
            thread::sleep(every);
            if machine::is_unread(&io::stdout()) {
                let gone = io::Error::from(io::ErrorKind::BrokenPipe);
                return Err(Error::io("nobody reads standard output", gone));
            }
            let looked = self.store.reader().and_then(|reader| {
                let now = self.traces(&reader)?;
                if now == *traces {
                    return Ok(Vec::new());
                }
                let (found, version) = query::news(&reader, &self.entity, known)?;
                (*traces, *known) = (now, version);
                Ok(found)
            });
            match looked {
                Ok(found) if found.is_empty() => {}
                // Another process is writing: the next look sees the result.
                Err(error) if error.kind == Kind::Locked => {}
                other => return other,
            }
        }
    }

    /// Returns the current traces. They are taken before the chat is read, so anything written in between
    /// shows up next time.
    fn traces(&self, reader: &Reader) -> Result<Traces> {
        let chat = self.entity.document(SPEC.name);
        let heads = reader.state().map_or_else(|| Ok(Vec::new()), |state| state.log_heads())?;
        let of_chat = |head: &&LogHead| head.doc == chat;
        let log = heads.iter().filter(of_chat).map(|head| head.seq).collect();
        Ok(Traces { file: reader.seen(&chat)?, log })
    }
}
