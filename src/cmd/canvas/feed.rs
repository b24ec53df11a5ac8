//! `canvas apply` and `canvas events`: the two ends of a live relay.

use super::Pair;
use crate::cmd::context::lost;
use crate::cmd::{Context, DryRun, files};
use crate::concern::canvas::relay::{
    self, Apply, CursorUpdate, Message, Operation as Relayed, StateRequest,
};
use crate::concern::canvas::{self, SPEC};
use crate::concern::{self, core};
use crate::crdt::update::Update;
use crate::crdt::view::View;
use crate::error::{Error, Kind, Result};
use crate::id::{EntityId, MemberId};
use crate::limits;
use crate::operation::{self, Operation};
use crate::store::{Handed, Open, Session, State, Store};
use crate::sync::import::{Input, import};
use crate::ui::{self, Report, Row, Written};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

/// What is read at once: what came together is one commit.
const BUFFER: usize = 1 << 20;

/// What both need of the command line, for as long as the relay lives.
struct Around {
    store: Store,
    member: Option<MemberId>,
    dry_run: bool,
    quiet: bool,
}

impl Around {
    fn of(context: &Context, dry_run: DryRun) -> Result<Around> {
        Ok(Around {
            store: context.store()?,
            member: context.globals.acting_member.clone(),
            dry_run: dry_run.dry_run,
            quiet: context.terminal.quiet,
        })
    }

    fn session(&self, command: &str) -> Result<Session> {
        let member = self.member.as_ref();
        self.store.session(Open { command, member, dry_run: self.dry_run })
    }

    fn say(&self, notes: &[String]) {
        if !self.quiet {
            notes.iter().for_each(|note| ui::say(&mut std::io::stderr(), note));
        }
    }
}

pub fn apply(context: &Context, file: Option<PathBuf>, dry_run: DryRun) -> Result<Report> {
    let file = file.unwrap_or_else(|| PathBuf::from("-"));
    let input = RefCell::new(Lines::of(files::open(&file)?));
    let around = Around::of(context, dry_run)?;
    let documents = context.reader()?.documents()?;
    let entities: Vec<EntityId> = context.entities(&documents)?.into_iter().collect();
    let report = Report::feed(move |take| {
        let mut input = input.try_borrow_mut().map_err(|e| Error::bug(e.to_string()))?;
        let mut upto = 0;
        while let Some(lines) = input.together()? {
            let part = Part { around: &around, entities: &entities, file: &file, first: upto + 1 };
            let rows = part.apply(&lines)?;
            upto += lines.len();
            for row in rows {
                if !take(row)? {
                    return Ok(());
                }
            }
        }
        Ok(())
    });
    Ok(match dry_run.dry_run {
        true => report.note("dry run, nothing is written"),
        false => report,
    })
}

/// The lines of a relay.
struct Lines {
    input: BufReader<Box<dyn Read>>,
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
}

impl Lines {
    fn of(input: Box<dyn Read>) -> Lines {
        Lines { input: BufReader::with_capacity(BUFFER, input), begun: Vec::new() }
    }

    /// Waits for lines, and returns those that came together; None at the end.
    fn together(&mut self) -> Result<Option<Vec<Vec<u8>>>> {
        loop {
            let failed = |e| Error::io("cannot read the messages", e);
            let came = self.input.fill_buf().map_err(failed)?;
            let taken = came.len();
            if taken == 0 {
                let last = std::mem::take(&mut self.begun);
                return Ok((!last.is_empty()).then(|| vec![last]));
            }
            self.begun.extend_from_slice(came);
            self.input.consume(taken);
            if let Some(end) = self.begun.iter().rposition(|byte| *byte == b'\n') {
                let rest = self.begun.split_off(end + 1);
                let whole = std::mem::replace(&mut self.begun, rest);
                let lines = whole.strip_suffix(b"\n").unwrap_or(&whole);
                return Ok(Some(lines.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()));
            }
            if self.begun.len() > limits::MESSAGE_LINE_BYTES {
                return Err(Error::untrusted(format!(
                    "a line of more than {} bytes",
                    limits::MESSAGE_LINE_BYTES
                )));
            }
        }
    }
}

/// Lines that came together.
struct Part<'p> {
    around: &'p Around,
    entities: &'p [EntityId],
    file: &'p Path,
    /// The number of the first line.
    first: usize,
}

/// One line, understood.
struct Line {
    number: usize,
    message: Message,
    entity: Option<EntityId>,
    /// The change that it brings, checked.
    update: Option<Vec<u8>>,
}

impl Part<'_> {
    /// Reads all of them, then applies them, in as few commits as their order lets.
    fn apply(&self, lines: &[Vec<u8>]) -> Result<Vec<Row>> {
        let mut understood = Vec::new();
        for (number, line) in (self.first..).zip(lines) {
            understood.extend(self.read(number, line)?);
        }
        let mut rows = Vec::with_capacity(understood.len());
        for run in understood.chunk_by(|a, b| a.update.is_some() == b.update.is_some()) {
            match run.first().is_some_and(|line| line.update.is_some()) {
                true => rows.extend(self.bring(run)?),
                false => rows.extend(self.follow(run)?),
            }
        }
        Ok(rows)
    }

    /// An empty line is none.
    fn read(&self, number: usize, line: &[u8]) -> Result<Option<Line>> {
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let within = |e: Error| {
            let before = match self.first {
                1 => "nothing was applied".to_owned(),
                first => format!("the lines up to {} were applied", first - 1),
            };
            e.context(self.name(number))
                .hint(format!("{before}; `crdtctl canvas apply --help` shows the messages"))
        };
        let parsed = std::str::from_utf8(line)
            .map_err(|e| Error::untrusted("not UTF-8").because(e))
            .and_then(Message::parse);
        let message = parsed.map_err(within)?;
        let entity = self.entities.iter().find(|entity| message.is_about(entity)).cloned();
        let update = match (&entity, message.change()) {
            (Some(entity), Some(change)) => Some(checked(entity, change).map_err(within)?),
            _ => None,
        };
        Ok(Some(Line { number, message, entity, update }))
    }

    fn name(&self, number: usize) -> String {
        format!("{}, line {number}", files::name(self.file))
    }

    /// Changes themselves: an import like any other, in one commit.
    fn bring(&self, lines: &[Line]) -> Result<Vec<Row>> {
        let reader = self.around.store.reader()?;
        let mut views: BTreeMap<&EntityId, [Option<View>; 2]> = BTreeMap::new();
        let mut rows = Vec::with_capacity(lines.len());
        let mut inputs = Vec::new();
        for line in lines {
            let (Some(entity), Some(update)) = (&line.entity, &line.update) else { continue };
            let doc = entity.document(SPEC.name);
            let [core, here] = match views.entry(entity) {
                Entry::Occupied(read) => read.into_mut(),
                Entry::Vacant(new) => {
                    let core = reader.view(&entity.document(core::SPEC.name))?;
                    new.insert([core, reader.view(&doc)?])
                }
            };
            if let Err(e) = relay::may_write(core.as_ref(), entity, line.from()) {
                rows.push(line.row("refused", &e.message, json!({})));
                continue;
            }
            let known = here.as_ref().is_some_and(|here| {
                Update::walk(update).is_ok_and(|update| here.version().holds(&update.version()))
            });
            let (result, why) = if known { ("unchanged", "it is here") } else { ("applied", "") };
            rows.push(line.row(result, why, line.element()));
            if !known {
                inputs.push(Input::Raw {
                    name: self.name(line.number),
                    doc,
                    update: update.clone(),
                });
            }
        }
        if inputs.is_empty() {
            return Ok(rows);
        }
        let imported = import(self.around.session("canvas apply")?, &inputs)?;
        self.around.say(&imported.notes);
        self.around.say(&imported.committed.notes);
        let gone: usize = imported.documents.iter().map(|account| account.settled.pruned).sum();
        if gone > 0 {
            self.around.say(&[lost(gone)]);
        }
        for wait in &imported.waits {
            let waits = |row: &&mut Row| {
                row.get("line").and_then(Value::as_u64).is_some_and(|line| {
                    usize::try_from(line).is_ok_and(|line| self.name(line) == wait.source)
                })
            };
            if let Some(row) = rows.iter_mut().find(waits) {
                row.insert("result".into(), json!("waiting"));
                row.insert("why".into(), json!("it builds on what is not here yet"));
            }
        }
        if imported.waiting > 0 {
            let hint = "some messages wait for earlier ones; `crdtctl canvas events --request` \
                        asks others for all of the canvas";
            self.around.say(&[hint.to_owned()]);
        }
        Ok(rows)
    }

    /// Messages whose words are followed, in one commit.
    fn follow(&self, lines: &[Line]) -> Result<Vec<Row>> {
        let mut rows = Vec::with_capacity(lines.len());
        let mut open: Option<Session> = None;
        for line in lines {
            let Some(entity) = &line.entity else {
                rows.push(line.row("passed", "the canvas is not in this store", json!({})));
                continue;
            };
            if let Message::CanvasCursorUpdate(cursor) = &line.message {
                rows.push(line.shown(cursor)?);
                continue;
            }
            let session = match &mut open {
                Some(session) => session,
                none => none.insert(self.around.session("canvas apply")?),
            };
            rows.push(self.one(session, line, entity)?);
        }
        if let Some(session) = open {
            self.around.say(&session.commit()?.notes);
        }
        Ok(rows)
    }

    fn one(&self, session: &mut Session, line: &Line, entity: &EntityId) -> Result<Row> {
        match &line.message {
            Message::CanvasOperation(message) if message.update_v1.is_some() => {
                Ok(line.row("unchanged", "it came with the message before", line.element()))
            }
            Message::CanvasOperation(message) => {
                let done = self.operation(session, entity, message)?;
                let mut row = line.row(done.result, &done.why, line.element());
                self.say_lost(&mut row, &done.gone);
                Ok(row)
            }
            Message::CanvasCursorUpdate(cursor) => line.shown(cursor),
            Message::CanvasStateRequest(_) => match session.member().cloned() {
                Some(member) => {
                    canvas::answer(session, entity, &member)?;
                    Ok(line.row("answered", "the answer waits for `canvas events`", json!({})))
                }
                None => Ok(line.row("refused", "this store has no member to answer as", json!({}))),
            },
            Message::CanvasStateResponse(response) => {
                let mut counts = [("applied", 0), ("unchanged", 0), ("refused", 0)];
                let mut gone = Vec::new();
                for message in response.operations() {
                    let done = self.operation(session, entity, &message)?;
                    counts
                        .iter_mut()
                        .filter(|(name, _)| *name == done.result)
                        .for_each(|(_, count)| *count += 1);
                    gone.extend(done.gone);
                }
                let [applied, unchanged, refused] = counts.map(|(_, count)| count);
                let result = if applied > 0 { "applied" } else { "unchanged" };
                let counts = json!({"elements": {
                    "applied": applied, "unchanged": unchanged, "refused": refused,
                }});
                let mut row = line.row(result, "", counts);
                self.say_lost(&mut row, &gone);
                Ok(row)
            }
        }
    }

    /// Says which records are in the canvas no more, for good.
    fn say_lost(&self, row: &mut Row, gone: &[String]) {
        if !gone.is_empty() {
            row.insert("pruned".into(), json!(gone));
            self.around.say(&[lost(gone.len())]);
        }
    }

    /// What became of an operation, and why. One that is refused leaves the session as it was.
    fn operation(
        &self,
        session: &mut Session,
        entity: &EntityId,
        message: &Relayed,
    ) -> Result<Followed> {
        let done = |result, why, gone| Ok(Followed { result, why, gone });
        let apply = Apply { entity: entity.clone(), message: message.clone() };
        match operation::run(session, &Operation::CanvasApply(apply)) {
            Ok(outcome) if outcome.changed => {
                let gone = outcome.gone().into_iter().map(str::to_owned).collect();
                done("applied", outcome.said, gone)
            }
            Ok(outcome) => done("unchanged", outcome.said, Vec::new()),
            Err(e) if matches!(e.kind, Kind::Refused | Kind::Untrusted) => {
                done("refused", e.message, Vec::new())
            }
            Err(e) => Err(e),
        }
    }
}

/// What became of an operation.
struct Followed {
    result: &'static str,
    why: String,
    /// The elements that are in the canvas no more.
    gone: Vec<String>,
}

/// A change out of a message: base64 of a valid update.
fn checked(entity: &EntityId, change: &str) -> Result<Vec<u8>> {
    let bytes = data_encoding::BASE64
        .decode(change.as_bytes())
        .map_err(|e| Error::untrusted("its change is not base64").because(e))?;
    let doc = entity.document(SPEC.name);
    let valid = Update::walk(&bytes).and_then(|update| update.check(concern::roots(&doc)));
    match valid {
        Ok(_) => Ok(bytes),
        Err(fault) => Err(Error::untrusted("its change is not valid").because(fault)),
    }
}

impl Line {
    fn shown(&self, cursor: &CursorUpdate) -> Result<Row> {
        let cursor = serde_json::to_value(cursor)
            .map_err(|e| Error::bug("a cursor does not encode").because(e))?;
        Ok(self.row("shown", "", cursor))
    }

    /// Who sent it.
    fn from(&self) -> &str {
        match &self.message {
            Message::CanvasOperation(message) => &message.origin_peer,
            Message::CanvasCursorUpdate(message) => &message.peer_id,
            Message::CanvasStateRequest(message) => &message.requester_peer_id,
            Message::CanvasStateResponse(message) => &message.responder_peer_id,
        }
    }

    fn element(&self) -> Value {
        match &self.message {
            Message::CanvasOperation(message) => json!({"element_id": message.element_id}),
            _ => json!({}),
        }
    }

    fn row(&self, result: &str, why: &str, more: Value) -> Row {
        let mut row = Row::new();
        row.insert("line".into(), json!(self.number));
        row.insert("type".into(), json!(self.message.kind()));
        row.insert("canvas_id".into(), json!(self.message.canvas()));
        row.insert("from".into(), json!(self.from()));
        row.insert("result".into(), json!(result));
        row.insert("why".into(), json!((!why.is_empty()).then_some(why)));
        for (name, value) in more.as_object().into_iter().flatten() {
            row.entry(name.clone()).or_insert_with(|| value.clone());
        }
        row
    }
}

/// What `canvas events` is asked for.
pub struct Events {
    /// Where the cursor is.
    pub cursor: Option<Pair>,
    /// A request for the others' state.
    pub request: bool,
    /// From this event on; else from the last that was acknowledged.
    pub since: Option<i64>,
    pub dry_run: DryRun,
}

/// Hands out what nobody has acknowledged. It stays until somebody does: what a pipe took is not
/// yet published.
pub fn events(context: &Context, asked: Events) -> Result<Report> {
    let around = Around::of(context, asked.dry_run)?;
    let (entity, member) = (context.entity()?, context.acting_member()?);
    let doc = entity.document(SPEC.name);
    let mut now = Vec::new();
    now.extend(asked.cursor.map(|at| cursor_of(&entity, &member, at, context.now())));
    now.extend(asked.request.then(|| {
        Message::CanvasStateRequest(StateRequest {
            canvas_id: entity.to_string(),
            requester_peer_id: member.to_string(),
            since_vector_clock: None,
        })
    }));
    let from = |state: &State| -> Result<(Handed, Vec<(i64, String)>)> {
        let handed = state.handed(&doc)?;
        Ok((handed, state.events(&doc, asked.since.unwrap_or(handed.acknowledged))?))
    };
    let reader = context.reader()?;
    let (handed, events) = match canvas::outgoing(&reader, &entity, &member)?.is_empty() {
        true => reader.state().map(from).transpose()?.unwrap_or_default(),
        false => {
            // Looked at again: nobody else gives out numbers now.
            let mut session = around.session("canvas events")?;
            let new = canvas::outgoing(&context.reader()?, &entity, &member)?;
            new.collect(&mut session, &entity, &member)?;
            let found = from(session.state())?;
            around.say(&session.commit()?.notes);
            found
        }
    };
    let again = events.iter().filter(|(number, _)| *number <= handed.printed).count();
    let last = events.last().map_or(0, |(number, _)| *number);
    let report = Report::feed(move |take| {
        for message in &now {
            if !take(message.fields()?)? {
                return Ok(());
            }
        }
        for (number, line) in &events {
            if !take(canvas::event(*number, line)?)? {
                return Ok(());
            }
        }
        if last <= handed.printed || around.dry_run || asked.since.is_some() {
            return Ok(());
        }
        // All of it was written: this is what `--ack` without a number means.
        let session = around.session("canvas events")?;
        let handed = session.state().handed(&doc)?;
        let printed = handed.printed.max(last);
        session.state().put_handed(&doc, Handed { printed, ..handed })?;
        around.say(&session.commit()?.notes);
        Ok(())
    });
    Ok(match again {
        0 => report,
        again => report.note(format!(
            "{again} of them were handed out before; `crdtctl canvas events --ack` acknowledges what was"
        )),
    })
}

/// Acknowledges events up to one; without a number all that were handed out.
pub fn acknowledge(context: &Context, upto: Option<i64>) -> Result<Report> {
    let doc = context.entity()?.document(SPEC.name);
    let session = context.session()?;
    let handed = session.state().handed(&doc)?;
    let upto = upto.unwrap_or(handed.printed);
    if upto > handed.last {
        return Err(Error::usage(format!(
            "there is no event {upto} yet, the last is {}",
            handed.last
        ))
        .hint("`crdtctl canvas events` shows each with its number, `seq`"));
    }
    let changed = upto > handed.acknowledged;
    let acknowledged = handed.acknowledged.max(upto);
    if changed {
        session.state().put_handed(&doc, Handed { acknowledged, ..handed })?;
    }
    let committed = session.commit()?;
    let sentence = format!("the events up to {acknowledged} are acknowledged");
    let written = Written { changed, sentence, doc: Some(doc.to_string()), ..Written::default() };
    Ok(context.written(written.with("acknowledged", acknowledged), committed))
}

fn cursor_of(entity: &EntityId, member: &MemberId, (x, y): Pair, now: i64) -> Message {
    Message::CanvasCursorUpdate(CursorUpdate {
        canvas_id: entity.to_string(),
        peer_id: member.to_string(),
        display_name: member.to_string(),
        x,
        y,
        hovered_element_id: None,
        selected_elements: Vec::new(),
        tool: None,
        color: None,
        timestamp_ms: u64::try_from(now).unwrap_or(0).saturating_mul(1000),
    })
}
