//! `canvas apply` and `canvas events`: the two ends of a live relay.

use super::Pair;
use crate::cmd::{Context, DryRun, files};
use crate::concern::canvas::SPEC;
use crate::concern::canvas::relay::{
    self, Apply, CursorUpdate, Message, Operation as Relayed, StateRequest, StateResponse,
};
use crate::error::{Error, Kind, Result};
use crate::id::{DocId, EntityId, MemberId};
use crate::limits;
use crate::operation::{self, Operation};
use crate::store::{Open, Session, Store};
use crate::sync::import::{Input, import};
use crate::ui::{self, Report, Row, Take};
use serde_json::{Value, json};
use std::cell::RefCell;
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
}

impl Part<'_> {
    /// Applies them in one commit, or in a few where whole states are among them.
    fn apply(&self, lines: &[Vec<u8>]) -> Result<Vec<Row>> {
        let mut understood = Vec::new();
        for (number, line) in (self.first..).zip(lines) {
            understood.extend(self.read(number, line)?);
        }
        let mut rows = Vec::with_capacity(understood.len());
        let mut open: Option<Session> = None;
        for line in &understood {
            if let (Message::CanvasStateResponse(response), Some(entity)) =
                (&line.message, &line.entity)
                && let Some(state) = &response.state_v1
            {
                self.commit(open.take())?;
                rows.push(self.bring(line, entity, response, state)?);
                continue;
            }
            if let (Message::CanvasCursorUpdate(cursor), Some(_)) = (&line.message, &line.entity) {
                rows.push(line.shown(cursor)?);
                continue;
            }
            let session = match &mut open {
                Some(session) => session,
                none => none.insert(self.around.session("canvas apply")?),
            };
            rows.push(self.one(session, line)?);
        }
        self.commit(open)?;
        Ok(rows)
    }

    fn commit(&self, session: Option<Session>) -> Result<()> {
        if let Some(session) = session {
            self.around.say(&session.commit()?.notes);
        }
        Ok(())
    }

    /// An empty line is none.
    fn read(&self, number: usize, line: &[u8]) -> Result<Option<Line>> {
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let parsed = std::str::from_utf8(line)
            .map_err(|e| Error::untrusted("not UTF-8").because(e))
            .and_then(Message::parse);
        let message = parsed.map_err(|e| {
            let before = match self.first {
                1 => "nothing was applied".to_owned(),
                first => format!("the lines up to {} were applied", first - 1),
            };
            e.context(format!("{}, line {number}", files::name(self.file)))
                .hint(format!("{before}; `crdtctl canvas apply --help` shows the messages"))
        })?;
        let entity = self.entities.iter().find(|entity| message.is_about(entity)).cloned();
        Ok(Some(Line { number, message, entity }))
    }

    fn one(&self, session: &mut Session, line: &Line) -> Result<Row> {
        let Some(entity) = &line.entity else {
            return Ok(line.row("passed", "the canvas is not in this store", json!({})));
        };
        match &line.message {
            Message::CanvasOperation(message) => {
                let (result, why) = self.operation(session, entity, message)?;
                Ok(line.row(result, &why, json!({"element_id": message.element_id})))
            }
            Message::CanvasCursorUpdate(cursor) => line.shown(cursor),
            Message::CanvasStateRequest(_) => match session.member().cloned() {
                Some(member) => {
                    relay::answer(session, entity, &member)?;
                    Ok(line.row("answered", "the answer waits for `canvas events`", json!({})))
                }
                None => Ok(line.row("refused", "this store has no member to answer as", json!({}))),
            },
            Message::CanvasStateResponse(response) => {
                let mut counts = [("applied", 0), ("unchanged", 0), ("refused", 0)];
                for message in response.operations() {
                    let (result, _) = self.operation(session, entity, &message)?;
                    counts
                        .iter_mut()
                        .filter(|(name, _)| *name == result)
                        .for_each(|(_, n)| *n += 1);
                }
                let [applied, unchanged, refused] = counts.map(|(_, count)| count);
                let result = if applied > 0 { "applied" } else { "unchanged" };
                let counts = json!({"elements": {
                    "applied": applied, "unchanged": unchanged, "refused": refused,
                }});
                Ok(line.row(result, "", counts))
            }
        }
    }

    /// What became of an operation, and why. One that is refused leaves the session as it was.
    fn operation(
        &self,
        session: &mut Session,
        entity: &EntityId,
        message: &Relayed,
    ) -> Result<(&'static str, String)> {
        let apply = Apply { entity: entity.clone(), message: message.clone() };
        match operation::run(session, &Operation::CanvasApply(apply)) {
            Ok(outcome) if outcome.changed => Ok(("applied", outcome.said)),
            Ok(outcome) => Ok(("unchanged", outcome.said)),
            Err(e) if matches!(e.kind, Kind::Refused | Kind::Untrusted) => {
                Ok(("refused", e.message))
            }
            Err(e) => Err(e),
        }
    }

    /// A whole document: an import like any other.
    fn bring(
        &self,
        line: &Line,
        entity: &EntityId,
        response: &StateResponse,
        state: &str,
    ) -> Result<Row> {
        let mut session = self.around.session("canvas apply")?;
        if let Err(e) = relay::may_write(&mut session, entity, &response.responder_peer_id) {
            return Ok(line.row("refused", &e.message, json!({})));
        }
        let update = data_encoding::BASE64.decode(state.as_bytes()).map_err(|e| {
            Error::untrusted(format!("line {}: state_v1 is not base64", line.number)).because(e)
        })?;
        let name = format!("{}, line {}", files::name(self.file), line.number);
        let imported =
            import(session, &[Input::Raw { name, doc: entity.document(SPEC.name), update }])?;
        self.around.say(&imported.notes);
        self.around.say(&imported.committed.notes);
        let result = match (imported.changed, imported.waiting) {
            (_, 1..) => "waiting",
            (true, _) => "applied",
            (false, _) => "unchanged",
        };
        Ok(line.row(result, "", json!({"documents": imported.documents})))
    }
}

impl Line {
    fn shown(&self, cursor: &CursorUpdate) -> Result<Row> {
        let cursor = serde_json::to_value(cursor)
            .map_err(|e| Error::bug("a cursor does not encode").because(e))?;
        Ok(self.row("shown", "", cursor))
    }

    fn row(&self, result: &str, why: &str, more: Value) -> Row {
        let (kind, from) = match &self.message {
            Message::CanvasOperation(message) => ("canvas_operation", &message.origin_peer),
            Message::CanvasCursorUpdate(message) => ("canvas_cursor_update", &message.peer_id),
            Message::CanvasStateRequest(message) => {
                ("canvas_state_request", &message.requester_peer_id)
            }
            Message::CanvasStateResponse(message) => {
                ("canvas_state_response", &message.responder_peer_id)
            }
        };
        let mut row = Row::new();
        row.insert("line".into(), json!(self.number));
        row.insert("type".into(), json!(kind));
        row.insert("canvas_id".into(), json!(self.message.canvas()));
        row.insert("from".into(), json!(from));
        row.insert("result".into(), json!(result));
        row.insert("why".into(), json!((!why.is_empty()).then_some(why)));
        for (name, value) in more.as_object().into_iter().flatten() {
            row.entry(name.clone()).or_insert_with(|| value.clone());
        }
        row
    }
}

pub fn events(
    context: &Context,
    cursor: Option<Pair>,
    request: bool,
    dry_run: DryRun,
) -> Result<Report> {
    let around = Around::of(context, dry_run)?;
    let entity = context.entity()?;
    let doc = entity.document(SPEC.name);
    let waiting = match context.reader()?.state() {
        Some(state) => state.outbox(&doc)?,
        None => Vec::new(),
    };
    let mut more = Vec::new();
    if cursor.is_some() || request {
        let member = context.acting_member()?;
        more.extend(cursor.map(|at| cursor_of(&entity, &member, at, context.now())));
        more.extend(request.then(|| {
            Message::CanvasStateRequest(StateRequest {
                canvas_id: entity.to_string(),
                requester_peer_id: member.to_string(),
                since_vector_clock: None,
            })
        }));
    }
    Ok(Report::feed(move |take| {
        for message in &more {
            hand_out(&message.line()?, take)?;
        }
        for (_, message) in &waiting {
            if !hand_out(message, take)? {
                return Ok(());
            }
        }
        // Only what was written is forgotten: after a crash in between it is handed out again,
        // and applying twice changes nothing.
        match waiting.last() {
            Some((last, _)) => forget(&around, &doc, *last),
            None => Ok(()),
        }
    }))
}

fn hand_out(message: &str, take: Take<'_>) -> Result<bool> {
    let row = serde_json::from_str(message)
        .map_err(|e| Error::corrupt("a message that waits is no JSON").because(e))?;
    take(row)
}

fn forget(around: &Around, doc: &DocId, upto: i64) -> Result<()> {
    let session = around.session("canvas events")?;
    session.state().handed_out(doc, upto)?;
    around.say(&session.commit()?.notes);
    Ok(())
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
