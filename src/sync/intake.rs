//! Brings the messages of a live relay into the canvases of a store.

use super::import::{Input, import};
use crate::concern::canvas::relay::{
    self, Apply, CursorUpdate, Operation as Relayed, RelayMessage,
};
use crate::concern::canvas::{self, SPEC};
use crate::concern::{self, core};
use crate::crdt::view::View;
use crate::error::{Error, Kind, Result};
use crate::id::EntityId;
use crate::operation::{self, Operation};
use crate::store::{Open, Session, Store};
use crate::wire::Update;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Takes in a batch of messages, one per line.
pub struct Intake<'i> {
    /// The store whose canvases they are about.
    pub store: &'i Store,
    /// How the store is opened for each commit.
    pub open: Open<'i>,
    /// The entities whose canvases are here; messages about others are skipped.
    pub entities: &'i [EntityId],
    /// Canvas ids used by others, with the entity that each belongs to.
    pub canvases: &'i BTreeMap<String, EntityId>,
    /// The source of the lines, for errors.
    pub source: &'i str,
    /// The number of the first line.
    pub first: usize,
    /// Called for each notice as it happens.
    pub notify: &'i dyn Fn(Notice<'_>),
}

/// What happens while messages are taken in.
#[derive(Debug, Clone, Copy)]
pub enum Notice<'n> {
    /// Sentences for people.
    Said(&'n [String]),
    /// This many records left their documents for good.
    Lost(usize),
    /// Some changes build on others that are not here yet.
    Waiting,
    /// Another document of the entity cannot be used; nothing was done to it.
    LeftOut(&'n Error),
}

/// What became of a message. Serialised, it is what the command line prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MessageOutcome {
    /// The number of its line.
    pub line: usize,
    /// The application's name of its kind: `canvas_operation` and so on.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The canvas it is about, as the message names it.
    pub canvas_id: String,
    /// Who sent it.
    pub from: String,
    /// What was done about it.
    pub result: Reception,
    /// The reason, in a few words; `None` if nothing needs explaining.
    pub why: Option<String>,
    /// Further details: the element, the count of several, a cursor to show.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What was done about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reception {
    /// The canvas holds it now, and did not before.
    Applied,
    /// The canvas held it already.
    Unchanged,
    /// It builds on changes that are not here yet.
    Waiting,
    /// Its sender is not allowed to do it, or it makes no sense here.
    Refused,
    /// It is about a canvas that is not here.
    Passed,
    /// A cursor: shown, never stored.
    Shown,
    /// A request, whose answer is ready to be sent.
    Answered,
}

/// One parsed line.
pub struct RelayLine {
    number: usize,
    message: RelayMessage,
    entity: Option<EntityId>,
    /// The checked change it brings.
    update: Option<Vec<u8>>,
}

impl Intake<'_> {
    /// Reads lines, skipping empty ones.
    ///
    /// # Errors
    /// `Untrusted`, with the line, if one is not a message: nothing of the batch must be applied then.
    pub fn read(&self, lines: &[Vec<u8>]) -> Result<Vec<RelayLine>> {
        let mut understood = Vec::new();
        for (number, line) in (self.first..).zip(lines) {
            let read = self.read_one(number, line);
            understood.extend(read.map_err(|e| e.context(self.name(number)))?);
        }
        Ok(understood)
    }

    /// Applies them, in as few commits as their order allows.
    ///
    /// # Errors
    /// Those of the store; what was committed before stays.
    pub fn apply(&self, understood: &[RelayLine]) -> Result<Vec<MessageOutcome>> {
        let mut rows = Vec::with_capacity(understood.len());
        for run in understood.chunk_by(|a, b| a.update.is_some() == b.update.is_some()) {
            match run.first().is_some_and(|line| line.update.is_some()) {
                true => rows.extend(self.bring(run)?),
                false => rows.extend(self.follow(run)?),
            }
        }
        Ok(rows)
    }

    fn read_one(&self, number: usize, line: &[u8]) -> Result<Option<RelayLine>> {
        if line.trim_ascii().is_empty() {
            return Ok(None);
        }
        let text = std::str::from_utf8(line).map_err(|e| Error::untrusted("not UTF-8").because(e));
        let message = text.and_then(RelayMessage::parse)?;
        let named = self.canvases.get(message.canvas());
        let entity = named.or_else(|| self.entities.iter().find(|entity| message.is_about(entity)));
        let entity = entity.cloned();
        let update = match (&entity, message.change()) {
            (Some(entity), Some(change)) => Some(checked(entity, change)?),
            _ => None,
        };
        Ok(Some(RelayLine { number, message, entity, update }))
    }

    fn session(&self) -> Result<Session> {
        let Open { command, member, dry_run } = self.open;
        self.store.session(Open { command, member, dry_run })
    }

    fn name(&self, number: usize) -> String {
        format!("{}, line {number}", self.source)
    }

    /// Applies changes that came as updates: an import like any other, in one commit.
    fn bring(&self, lines: &[RelayLine]) -> Result<Vec<MessageOutcome>> {
        let reader = self.store.reader()?;
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
                rows.push(line.row(Reception::Refused, &e.message, json!({})));
                continue;
            }
            let known = here.as_ref().is_some_and(|here| {
                Update::walk(update).is_ok_and(|update| here.version().holds(&update.version()))
            });
            let (result, why) = if known {
                (Reception::Unchanged, "it is already here")
            } else {
                (Reception::Applied, "")
            };
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
        let mut session = self.session()?;
        // An import lets updates for an unreadable document wait. A relay gets an error instead, as when that
        // shows a moment earlier: none of these lines is taken in.
        for input in &inputs {
            if let Input::Raw { doc, .. } = input {
                session.view(doc)?;
            }
        }
        let imported = import(session, &inputs)?;
        (self.notify)(Notice::Said(&imported.notes));
        (self.notify)(Notice::Said(&imported.committed.notes));
        imported.committed.damaged.iter().for_each(|e| (self.notify)(Notice::LeftOut(e)));
        let gone: usize = imported.documents.iter().map(|account| account.summary.pruned).sum();
        if gone > 0 {
            (self.notify)(Notice::Lost(gone));
        }
        for wait in &imported.waits {
            if let Some(row) = rows.iter_mut().find(|row| self.name(row.line) == wait.source) {
                row.result = Reception::Waiting;
                row.why = Some("it builds on changes that are not here yet".to_owned());
            }
        }
        if imported.waiting > 0 {
            (self.notify)(Notice::Waiting);
        }
        Ok(rows)
    }

    /// Applies messages that describe operations, in one commit.
    fn follow(&self, lines: &[RelayLine]) -> Result<Vec<MessageOutcome>> {
        let mut rows = Vec::with_capacity(lines.len());
        let mut open: Option<Session> = None;
        for line in lines {
            let Some(entity) = &line.entity else {
                rows.push(line.row(
                    Reception::Passed,
                    "the canvas is not in this store",
                    json!({}),
                ));
                continue;
            };
            if let RelayMessage::CanvasCursorUpdate(cursor) = &line.message {
                rows.push(line.shown(cursor)?);
                continue;
            }
            let session = match &mut open {
                Some(session) => session,
                none => none.insert(self.session()?),
            };
            rows.push(self.one(session, line, entity)?);
        }
        if let Some(session) = open {
            (self.notify)(Notice::Said(&session.commit()?.notes));
        }
        Ok(rows)
    }

    fn one(
        &self,
        session: &mut Session,
        line: &RelayLine,
        entity: &EntityId,
    ) -> Result<MessageOutcome> {
        match &line.message {
            RelayMessage::CanvasOperation(message) if message.update_v1.is_some() => Ok(line.row(
                Reception::Unchanged,
                "it came with an earlier message",
                line.element(),
            )),
            RelayMessage::CanvasOperation(message) => {
                let done = self.operation(session, entity, message)?;
                let mut row = line.row(done.result, &done.why, line.element());
                self.say_lost(&mut row, &done.gone);
                Ok(row)
            }
            RelayMessage::CanvasCursorUpdate(cursor) => line.shown(cursor),
            RelayMessage::CanvasStateRequest(_) => match session.member().cloned() {
                Some(member) => {
                    canvas::answer(session, entity, &member)?;
                    Ok(line.row(Reception::Answered, "", json!({})))
                }
                None => Ok(line.row(
                    Reception::Refused,
                    "this store has no member to answer as",
                    json!({}),
                )),
            },
            RelayMessage::CanvasStateResponse(response) => {
                let mut counts =
                    [(Reception::Applied, 0), (Reception::Unchanged, 0), (Reception::Refused, 0)];
                let mut gone = Vec::new();
                for message in response.operations() {
                    let done = self.operation(session, entity, &message)?;
                    counts
                        .iter_mut()
                        .filter(|(verdict, _)| *verdict == done.result)
                        .for_each(|(_, count)| *count += 1);
                    gone.extend(done.gone);
                }
                let [applied, unchanged, refused] = counts.map(|(_, count)| count);
                let result = if applied > 0 { Reception::Applied } else { Reception::Unchanged };
                let counts = json!({"elements": {
                    "applied": applied, "unchanged": unchanged, "refused": refused,
                }});
                let mut row = line.row(result, "", counts);
                self.say_lost(&mut row, &gone);
                Ok(row)
            }
        }
    }

    /// Reports which records have left the canvas for good.
    fn say_lost(&self, row: &mut MessageOutcome, gone: &[String]) {
        if !gone.is_empty() {
            row.more.insert("pruned".to_owned(), json!(gone));
            (self.notify)(Notice::Lost(gone.len()));
        }
    }

    /// Returns what became of an operation, and why. A refused one leaves the session unchanged.
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
                done(Reception::Applied, outcome.said, gone)
            }
            Ok(outcome) => done(Reception::Unchanged, outcome.said, Vec::new()),
            Err(e) if matches!(e.kind, Kind::Refused | Kind::Untrusted) => {
                done(Reception::Refused, e.message, Vec::new())
            }
            Err(e) => Err(e),
        }
    }
}

/// What became of an operation.
struct Followed {
    result: Reception,
    why: String,
    /// The elements that are no longer in the canvas.
    gone: Vec<String>,
}

/// Decodes the change of a message: base64 of a valid update.
fn checked(entity: &EntityId, change: &str) -> Result<Vec<u8>> {
    let bytes = data_encoding::BASE64
        .decode(change.as_bytes())
        .map_err(|e| Error::untrusted("its change is not base64").because(e))?;
    let doc = entity.document(SPEC.name);
    let valid = Update::checked(&bytes, concern::expected(&doc));
    match valid {
        Ok(_) => Ok(bytes),
        Err(fault) => Err(Error::untrusted("its change is not valid").because(fault)),
    }
}

impl RelayLine {
    fn shown(&self, cursor: &CursorUpdate) -> Result<MessageOutcome> {
        let cursor = serde_json::to_value(cursor)
            .map_err(|e| Error::bug("a cursor does not encode").because(e))?;
        Ok(self.row(Reception::Shown, "", cursor))
    }

    /// Returns who sent it.
    fn from(&self) -> &str {
        match &self.message {
            RelayMessage::CanvasOperation(message) => &message.origin_peer,
            RelayMessage::CanvasCursorUpdate(message) => &message.peer_id,
            RelayMessage::CanvasStateRequest(message) => &message.requester_peer_id,
            RelayMessage::CanvasStateResponse(message) => &message.responder_peer_id,
        }
    }

    fn element(&self) -> Value {
        match &self.message {
            RelayMessage::CanvasOperation(message) => json!({"element_id": message.element_id}),
            _ => json!({}),
        }
    }

    fn row(&self, result: Reception, why: &str, more: Value) -> MessageOutcome {
        const OWN: [&str; 6] = ["line", "type", "canvas_id", "from", "result", "why"];
        let mut more = match more {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        more.retain(|name, _| !OWN.contains(&name.as_str()));
        MessageOutcome {
            line: self.number,
            kind: self.message.kind(),
            canvas_id: self.message.canvas().to_owned(),
            from: self.from().to_owned(),
            result,
            why: (!why.is_empty()).then(|| why.to_owned()),
            more,
        }
    }
}
