//! What a replica sends to a live relay: its own operations, each with its update, and the whole canvas
//! for receivers that ask for it or can no longer follow.

use super::element::FoundElement;
use super::relay::{Operation, RelayMessage, RelayVerb, StateResponse};
use super::{ELEMENTS, SPEC};
use crate::concern::Actor;
use crate::crdt::any_view::AnyView;
use crate::crdt::source::Source;
use crate::error::{Error, Result};
use crate::id::{DocId, EntityId, MemberId};
use crate::path::Keys;
use crate::store::{LogRow, Reader, Session, State, WaitingEvents};
use crate::wire::Update;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Queues an operation of this replica for the relay, with the element as it is now.
pub(super) fn tell(
    session: &mut Session,
    entity: &EntityId,
    actor: &Actor,
    verb: RelayVerb,
    id: &str,
    fields: Option<Vec<String>>,
) -> Result<()> {
    let doc = entity.document(SPEC.name);
    let Some(element) = FoundElement::at(session, &doc, id)? else {
        return Err(Error::bug("an element was written and lost"));
    };
    let at = match verb {
        RelayVerb::Remove => session.now(),
        _ => element.clock(),
    };
    let clock = u64::try_from(element.clock()).unwrap_or(0);
    let message = RelayMessage::CanvasOperation(Operation {
        operation_id: format!("{entity}-{id}-{}-{at}", verb.as_str()),
        canvas_id: entity.to_string(),
        element_id: id.to_owned(),
        operation_type: verb,
        element_data: (verb != RelayVerb::Remove).then(|| shown(&element)),
        fields,
        // Taken from the log once this is committed.
        update_v1: None,
        vector_clock: BTreeMap::from([(actor.id.to_string(), clock)]),
        lamport_clock: clock,
        origin_peer: actor.id.to_string(),
        timestamp_ms: u64::try_from(at).unwrap_or(0).saturating_mul(1000),
    });
    let seq = session.state().log_end()?.saturating_add(1);
    session.state().put_out(&doc, Some(seq), &message.line()?)
}

/// Queues the whole canvas for the relay, in answer to a request.
pub fn answer(session: &mut Session, entity: &EntityId, member: &MemberId) -> Result<()> {
    let doc = entity.document(SPEC.name);
    let Some(view) = session.any_view(&doc)? else { return Ok(()) };
    let line = RelayMessage::CanvasStateResponse(whole(&view, entity, member)).line()?;
    session.state().put_out(&doc, None, &line)
}

fn whole(view: &AnyView, entity: &EntityId, member: &MemberId) -> StateResponse {
    let elements: Vec<Map<String, Json>> = ELEMENTS
        .records(view)
        .into_iter()
        .filter_map(|path| {
            let record = view.record(&path.steps())?;
            Some(shown(&FoundElement { id: path.last()?.clone(), record }))
        })
        .collect();
    let clocks = elements.iter().filter_map(|element| element.get("updated_at")?.as_u64());
    StateResponse {
        canvas_id: entity.to_string(),
        responder_peer_id: member.to_string(),
        vector_clock: BTreeMap::from([(member.to_string(), clocks.max().unwrap_or(0))]),
        is_incremental: false,
        total_element_count: elements.len(),
        elements,
        state_v1: Some(data_encoding::BASE64.encode(view.bytes())),
    }
}

/// An element with the schema's field names, for others.
fn shown(element: &FoundElement) -> Map<String, Json> {
    let mut row = ELEMENTS.row(&element.record, Some(&element.id));
    row.remove("ack_vector");
    row
}

/// Everything queued for the relay that is not an event yet.
pub struct Outgoing {
    messages: Vec<RelayMessage>,
    doc: DocId,
    /// The position in the log up to which it tells, and the last queued message.
    seq: i64,
    last: Option<i64>,
}

impl Outgoing {
    /// Whether there is nothing new.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.last.is_none()
    }

    /// Numbers the messages in order and keeps each until it is acknowledged. If there are too many to
    /// keep, the whole state replaces the oldest. The state must have been read within the session.
    pub fn collect(
        &self,
        session: &mut Session,
        entity: &EntityId,
        member: &MemberId,
    ) -> Result<()> {
        let mut handed = session.state().handed(&self.doc)?;
        session.state().clear_outbox(&self.doc, self.last)?;
        for message in &self.messages {
            handed.last = handed.last.saturating_add(1);
            session.state().put_event(&self.doc, handed.last, &message.line()?)?;
        }
        handed.seq = handed.seq.max(self.seq);
        session.state().put_handed(&self.doc, handed)?;
        if let Some(oldest) = session.state().overflow(&self.doc)?
            && let Some(view) = session.any_view(&self.doc)?
        {
            let state = RelayMessage::CanvasStateResponse(whole(&view, entity, member));
            session.state().put_event(&self.doc, oldest, &state.line()?)?;
        }
        Ok(())
    }
}

/// An event as it is sent: the message, with its number as `seq`.
pub fn event(number: i64, line: &str) -> Result<Map<String, Json>> {
    let mut fields = RelayMessage::parse(line)?.fields()?;
    fields.insert("seq".to_owned(), number.into());
    Ok(fields)
}

/// Everything queued for the relay that is not an event yet. What the log no longer holds is sent as
/// the whole state.
pub fn outgoing(reader: &Reader, entity: &EntityId, member: &MemberId) -> Result<Outgoing> {
    let doc = entity.document(SPEC.name);
    let mut out = Outgoing { messages: Vec::new(), doc, seq: 0, last: None };
    let Some(state) = reader.state() else { return Ok(out) };
    let waiting = state.outbox(&out.doc)?;
    out.last = waiting.last().map(|waiting| waiting.id);
    let (from, end) = (state.handed(&out.doc)?.seq, state.log_end()?);
    match reader.log_after(&out.doc, from)? {
        Some(rows) => {
            out.seq = rows.last().map_or(from, |row| row.seq);
            out.messages = Telling::of(state, entity, member, waiting)?.tell(&out.doc, rows)?;
        }
        None => {
            out.seq = end;
            if let Some(view) = reader.any_view(&out.doc)? {
                out.messages.push(RelayMessage::CanvasStateResponse(whole(&view, entity, member)));
            }
        }
    }
    Ok(out)
}

/// Messages waiting for their updates.
struct Telling<'t> {
    state: &'t State,
    entity: &'t EntityId,
    member: &'t MemberId,
    /// By log sequence number.
    waiting: BTreeMap<i64, Vec<RelayMessage>>,
    answers: Vec<RelayMessage>,
}

impl<'t> Telling<'t> {
    fn of(
        state: &'t State,
        entity: &'t EntityId,
        member: &'t MemberId,
        messages: Vec<WaitingEvents>,
    ) -> Result<Telling<'t>> {
        let (mut waiting, mut answers) = (BTreeMap::<i64, Vec<RelayMessage>>::new(), Vec::new());
        for WaitingEvents { seq, message, .. } in messages {
            let message = RelayMessage::parse(&message)?;
            match seq {
                Some(seq) => waiting.entry(seq).or_default().push(message),
                None => answers.push(message),
            }
        }
        Ok(Telling { state, entity, member, waiting, answers })
    }

    /// Each change once, in log order: with its operation if that is known, else on its own, because
    /// later changes build on it. Changes that others made are theirs to send.
    fn tell(mut self, doc: &DocId, rows: Vec<LogRow>) -> Result<Vec<RelayMessage>> {
        let own = self.state.own_client(doc)?;
        let mut told = Vec::new();
        for row in rows.into_iter().filter(|row| row.origin.is_none()) {
            let mut messages = self.waiting.remove(&row.seq).unwrap_or_default();
            if messages.is_empty() && own.is_some_and(|own| writes(&row.update, own)) {
                messages.push(self.bare());
            }
            let mut update = Some(data_encoding::BASE64.encode(&row.update));
            for message in &mut messages {
                match message {
                    RelayMessage::CanvasOperation(message) => {
                        message.update_v1 = Some(update.take().unwrap_or_default());
                    }
                    RelayMessage::CanvasStateResponse(message) => message.state_v1 = update.take(),
                    _ => {}
                }
            }
            told.extend(messages);
        }
        told.append(&mut self.answers);
        Ok(told)
    }

    /// A change without an operation: an acknowledgement, or a repair made by a merge.
    fn bare(&self) -> RelayMessage {
        RelayMessage::CanvasStateResponse(StateResponse {
            canvas_id: self.entity.to_string(),
            responder_peer_id: self.member.to_string(),
            elements: Vec::new(),
            vector_clock: BTreeMap::new(),
            is_incremental: true,
            total_element_count: 0,
            state_v1: None,
        })
    }
}

/// Whether an update of ours contains something that this client wrote.
fn writes(update: &[u8], client: u64) -> bool {
    let written = |update: &Update<'_, _>| {
        update.clients().any(|(id, blocks)| id == client && !blocks.is_empty())
    };
    Update::walk(update).is_ok_and(|update| written(&update))
}
