//! The messages that a live relay carries between canvases: parsing, applying, making.
//!
//! They are the application's own, one JSON object each. A few fields are ours, which others ignore:
//! `update_v1` of an operation is the change itself, and `state_v1` of a state response is the
//! document. A receiver that reads them merges as with a bundle, so that changes from relay and file
//! are the same items. Without them the operation itself is applied ([`Apply`]): as an edit of our own,
//! which remains in the document beside the original for ever.

use super::clocks::FieldClocks;
use super::element::{self, FoundElement};
use super::fields::{self, ElementFields};
use super::{ELEMENTS, SPEC};
use crate::concern::{Outcome, core};
use crate::crdt::view::View;
use crate::error::{Error, Kind, Result, one};
use crate::id::EntityId;
use crate::limits;
use crate::policy::{Action, Decision, Membership, authorize};
use crate::store::Session;
use crate::tombstone;
use crate::wire::Value;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// One line of a relay. The guide's names of the four messages are accepted too.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum RelayMessage {
    /// Something was done to an element: the only message that changes a document.
    #[serde(alias = "Operation", alias = "operation")]
    CanvasOperation(Operation),
    /// Somebody moved their cursor.
    #[serde(alias = "CursorUpdate", alias = "cursor_update")]
    CanvasCursorUpdate(CursorUpdate),
    /// Somebody asks for the whole canvas; a [`StateResponse`] answers it.
    #[serde(alias = "StateRequest", alias = "state_request")]
    CanvasStateRequest(StateRequest),
    /// The answer to a [`StateRequest`].
    #[serde(alias = "StateResponse", alias = "state_response")]
    CanvasStateResponse(StateResponse),
}

/// What an operation does to its element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RelayVerb {
    /// It is new. If the receiver already has it, its fields are changed instead.
    Add,
    /// Some of its fields were set.
    Update,
    /// It was deleted; it stays in the document as a tombstone.
    #[serde(alias = "delete")]
    Remove,
}

impl RelayVerb {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            RelayVerb::Add => "add",
            RelayVerb::Update => "update",
            RelayVerb::Remove => "remove",
        }
    }
}

/// An element was added, changed or removed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Operation {
    /// Set by the sender to tell messages apart; empty if it set none. Nothing is looked up by it.
    #[serde(default)]
    pub operation_id: String,
    /// The entity.
    pub canvas_id: String,
    /// The whole id, never a prefix: an element that does not exist here is created with it.
    pub element_id: String,
    /// Decides how `element_data` is read.
    pub operation_type: RelayVerb,
    /// The whole element with the schema's field names; `None` if it was removed.
    #[serde(default)]
    pub element_data: Option<Map<String, Json>>,
    /// The fields that were written, `data.color` for a key of `data`; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// The change as a Yrs v1 update, base64; empty if the message before contained it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_v1: Option<String>,
    /// Member → the clock of the element. Sent, but ignored in messages from others.
    #[serde(default)]
    pub vector_clock: BTreeMap<String, u64>,
    /// The clock of the element, in Unix seconds. Sent, but ignored in messages from others: which
    /// write wins is decided by time.
    #[serde(default)]
    pub lamport_clock: u64,
    /// The member who did it.
    pub origin_peer: String,
    /// Unix time in milliseconds.
    #[serde(default)]
    pub timestamp_ms: u64,
}

/// Where somebody's cursor is. Shown, never stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CursorUpdate {
    /// The canvas it is on: an entity, the entity's id alone, or a document id.
    pub canvas_id: String,
    /// Whose cursor it is.
    pub peer_id: String,
    /// The name of its owner; empty if none was given.
    #[serde(default)]
    pub display_name: String,
    /// In units of the canvas.
    pub x: f64,
    /// In units of the canvas.
    pub y: f64,
    /// The element below it; `None` over the empty canvas.
    #[serde(default)]
    pub hovered_element_id: Option<String>,
    /// The ids of the elements its owner has selected; may be empty.
    #[serde(default)]
    pub selected_elements: Vec<String>,
    /// The tool its owner draws with, as their program names it.
    #[serde(default)]
    pub tool: Option<String>,
    /// The colour it is drawn in, as their program writes it.
    #[serde(default)]
    pub color: Option<String>,
    /// Unix time in milliseconds; 0 if not given.
    #[serde(default)]
    pub timestamp_ms: u64,
}

/// A request for the whole canvas.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StateRequest {
    /// The canvas asked for: an entity, the entity's id alone, or a document id.
    pub canvas_id: String,
    /// Who asks, by their name in the relay.
    pub requester_peer_id: String,
    /// What the requester already has. Ignored: the answer is always the whole canvas.
    #[serde(default)]
    pub since_vector_clock: Option<BTreeMap<String, u64>>,
}

/// The whole canvas.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StateResponse {
    /// The canvas that was asked for, as the request names it.
    pub canvas_id: String,
    /// The member who answers; operations made from `elements` count as its own.
    pub responder_peer_id: String,
    /// The elements with the schema's field names, tombstones included.
    #[serde(default)]
    pub elements: Vec<Map<String, Json>>,
    /// Member → the latest clock of any element. Sent, but ignored in messages from others.
    #[serde(default)]
    pub vector_clock: BTreeMap<String, u64>,
    /// Whether only a part is sent. An element that is missing here is never taken as deleted.
    #[serde(default)]
    pub is_incremental: bool,
    /// How many elements the sender's canvas has; can be more than `elements` lists.
    #[serde(default)]
    pub total_element_count: usize,
    /// The document, or a part of it, as a Yrs v1 state, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_v1: Option<String>,
}

impl RelayMessage {
    /// Parses one line.
    ///
    /// # Errors
    /// `Untrusted` if it is not one of the four messages.
    pub fn parse(line: &str) -> Result<RelayMessage> {
        let bad = |e: serde_json::Error| Error::untrusted("not a canvas message").because(e);
        let mut json: Map<String, Json> = serde_json::from_str(line).map_err(bad)?;
        // As Rust serialises an enum: {"Operation": {…}}.
        if !json.contains_key("type")
            && json.len() == 1
            && let Some((name, Json::Object(fields))) = json.iter().next()
        {
            let mut inner = Map::from_iter([("type".to_owned(), json!(name))]);
            inner.extend(fields.clone());
            json = inner;
        }
        serde_json::from_value(Json::Object(json)).map_err(bad)
    }

    /// The message as a JSON object.
    pub fn fields(&self) -> Result<Map<String, Json>> {
        match serde_json::to_value(self) {
            Ok(Json::Object(fields)) => Ok(fields),
            _ => Err(Error::bug("a message does not encode")),
        }
    }

    /// The message as one line.
    pub fn line(&self) -> Result<String> {
        Ok(Json::Object(self.fields()?).to_string())
    }

    /// The application's name for this kind of message.
    pub fn kind(&self) -> &'static str {
        match self {
            RelayMessage::CanvasOperation(_) => "canvas_operation",
            RelayMessage::CanvasCursorUpdate(_) => "canvas_cursor_update",
            RelayMessage::CanvasStateRequest(_) => "canvas_state_request",
            RelayMessage::CanvasStateResponse(_) => "canvas_state_response",
        }
    }

    /// The update that it contains, base64.
    pub fn change(&self) -> Option<&str> {
        let change = match self {
            RelayMessage::CanvasOperation(message) => message.update_v1.as_deref(),
            RelayMessage::CanvasStateResponse(message) => message.state_v1.as_deref(),
            _ => None,
        };
        change.filter(|change| !change.is_empty())
    }

    /// The canvas it is about, as named in the message.
    pub fn canvas(&self) -> &str {
        match self {
            RelayMessage::CanvasOperation(message) => &message.canvas_id,
            RelayMessage::CanvasCursorUpdate(message) => &message.canvas_id,
            RelayMessage::CanvasStateRequest(message) => &message.canvas_id,
            RelayMessage::CanvasStateResponse(message) => &message.canvas_id,
        }
    }

    /// Whether it is about this entity's canvas, named by the entity, by its id alone, or by the
    /// document.
    pub fn is_about(&self, entity: &EntityId) -> bool {
        let named = self.canvas();
        let named = named.strip_suffix(":canvas").unwrap_or(named);
        named == entity.as_str() || named == entity.id()
    }
}

impl StateResponse {
    /// The elements as operations, for a state from a program that does not send its document.
    pub fn operations(&self) -> Vec<Operation> {
        let operation = |element: &Map<String, Json>| {
            let seconds = |name: &str| element.get(name).and_then(Json::as_u64).unwrap_or(0);
            let deleted = element.get("deleted").and_then(Json::as_bool).unwrap_or(false);
            let (operation_type, at) = match deleted {
                true => (RelayVerb::Remove, seconds("deleted_at")),
                false => (RelayVerb::Add, seconds("updated_at")),
            };
            Operation {
                operation_id: String::new(),
                canvas_id: self.canvas_id.clone(),
                element_id: element.get("id").and_then(Json::as_str).unwrap_or("").to_owned(),
                operation_type,
                element_data: Some(element.clone()),
                fields: None,
                update_v1: None,
                vector_clock: BTreeMap::new(),
                lamport_clock: 0,
                origin_peer: self.responder_peer_id.clone(),
                timestamp_ms: at.saturating_mul(1000),
            }
        };
        self.elements.iter().map(operation).collect()
    }
}

/// Applies an operation that came by relay without its update.
///
/// The later write of a field wins, by time, as in a merge; a deletion wins over everything. The
/// operation counts as its origin's: if that member may not write here, it is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Apply {
    /// The group, channel, project or organization whose canvas it is applied to; `message.canvas_id` is
    /// ignored.
    pub entity: EntityId,
    /// The operation; its author is `origin_peer`, its time `timestamp_ms`.
    pub message: Operation,
}

impl Apply {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let message = &self.message;
        let core = session.view(&self.entity.document(core::SPEC.name))?;
        may_write(core.as_deref(), &self.entity, &message.origin_peer)?;
        let id = message.element_id.as_str();
        if id.is_empty() || id.len() > limits::ID_BYTES || id.chars().any(char::is_control) {
            return Err(Error::untrusted(format!("not an element id: {id:?}")));
        }
        let at = self.time(session.now())?;
        let doc = self.entity.document(SPEC.name);
        let element = FoundElement::at(session, &doc, id)?;
        let deleted = |data: &Map<String, Json>| data.get("deleted") == Some(&json!(true));
        let removes = message.operation_type == RelayVerb::Remove
            || message.element_data.as_ref().is_some_and(deleted);
        match element {
            Some(element) if element.is_deleted() => {
                Ok(Outcome::unchanged(doc, id).saying("it is deleted"))
            }
            Some(_) if removes => self.remove(session, at),
            None if removes => Ok(Outcome::unchanged(doc, id).saying("it is not here")),
            Some(element) => self.change(session, &element, at),
            None => self.create(session, at),
        }
    }

    /// When it was done, in Unix seconds.
    fn time(&self, now: i64) -> Result<i64> {
        let sent = i64::try_from(self.message.timestamp_ms / 1000).unwrap_or(i64::MAX);
        let data = self.message.element_data.as_ref();
        let written = data.and_then(|data| data.get("updated_at")?.as_f64()).map(|at| at as i64);
        let at = match self.message.operation_type {
            RelayVerb::Remove => sent,
            _ => written.unwrap_or(sent),
        };
        let horizon = now.saturating_add(limits::CLOCK_SKEW_SECONDS);
        match at {
            1.. if at <= horizon => Ok(at),
            1.. => Err(Error::refused("its clock is more than a day ahead of ours")),
            _ => Err(Error::refused("it does not say when it was done")),
        }
    }

    fn remove(&self, session: &mut Session, at: i64) -> Result<Outcome> {
        let doc = self.entity.document(SPEC.name);
        let id = self.message.element_id.as_str();
        session.edit(&doc, |txn| {
            txn.set(&["elements", id], "deleted", true)?;
            txn.set(&["elements", id], "deleted_at", at)
        })?;
        session.state().forget_element_clocks(&doc, id)?;
        // As after an import: this replica's member has seen it; nothing is acknowledged for anyone
        // else.
        tombstone::acknowledge(session, &doc)?;
        let path = ["elements".to_owned(), id.to_owned()];
        let pruned = tombstone::prune_record(session, &doc, &ELEMENTS, &path)?;
        Ok(Outcome::changed(doc, id).saying("deleted").pruning(pruned))
    }

    fn change(&self, session: &mut Session, element: &FoundElement, at: i64) -> Result<Outcome> {
        let doc = self.entity.document(SPEC.name);
        let given = element.news(self.fields(element)?);
        if given.is_empty() {
            return Ok(Outcome::unchanged(doc, &element.id).saying("it already has these values"));
        }
        let clocks = FieldClocks::of(session.state(), &doc, &element.id, element.clock())?;
        let later = |name: &String, value: &Option<Value>| {
            let ours = fields::get(&element.record, name).map(Value::to_json);
            let theirs = value.as_ref().map(Value::to_json);
            // Within one second the greater value wins, as in a merge.
            let greater = || text(theirs.as_ref()) > text(ours.as_ref());
            at > clocks.last(name) || at == clocks.last(name) && greater()
        };
        let mut wins = given;
        wins.retain(|name, value| later(name, value));
        if wins.is_empty() {
            return Ok(Outcome::unchanged(doc, &element.id).saying("a later write is already here"));
        }
        element::write(session, &doc, element, &wins, at)?;
        let names: Vec<&str> = wins.keys().map(String::as_str).collect();
        Ok(Outcome::changed(doc, &element.id).saying(format!("changed {}", names.join(", "))))
    }

    fn create(&self, session: &mut Session, at: i64) -> Result<Outcome> {
        let doc = self.entity.document(SPEC.name);
        let id = self.message.element_id.as_str();
        let data = self.data()?;
        let whole = ["element_type", "x", "y", "width", "height"];
        if !whole.iter().all(|name| data.contains_key(*name)) {
            return Ok(Outcome::unchanged(doc, id).saying("it is not here"));
        }
        tombstone::make_room(session, &doc)?;
        let mut fields = given(data)?;
        fields.entry("rotation".to_owned()).or_insert(Some(Value::Number(0.0)));
        fields.entry("z_index".to_owned()).or_insert(Some(Value::Int(0)));
        let created = data.get("created_at").and_then(Json::as_f64).map_or(at, |at| at as i64);
        match element::create(session, &doc, id, &fields, [created.min(at), at], true)? {
            true => Ok(Outcome::created(doc, id).saying("added")),
            false => Ok(Outcome::unchanged(doc, id).saying("it was pruned")),
        }
    }

    fn data(&self) -> Result<&Map<String, Json>> {
        let data = self.message.element_data.as_ref();
        data.ok_or_else(|| Error::untrusted("an operation without its element"))
    }

    /// The fields that the operation wrote. A named key of `data` that is missing was removed.
    fn fields(&self, element: &FoundElement) -> Result<ElementFields> {
        let mut given = given(self.data()?)?;
        match &self.message.fields {
            Some(names) => {
                given.retain(|name, _| names.contains(name));
                for name in names.iter().filter(|name| fields::data_key(name).is_some()) {
                    given.entry(name.clone()).or_insert(None);
                }
            }
            // A key that the whole element no longer has in `data` was removed.
            None if self.data()?.contains_key(fields::DATA) => {
                let keys = element.fields().into_keys();
                for name in keys.filter(|name| fields::data_key(name).is_some()) {
                    given.entry(name).or_insert(None);
                }
            }
            None => {}
        }
        Ok(given)
    }
}

/// The fields of an element as received.
fn given(data: &Map<String, Json>) -> Result<ElementFields> {
    fields::of_json(data).map_err(|e| e.of_kind(Kind::Untrusted))
}

fn text(value: Option<&Json>) -> String {
    value.map(Json::to_string).unwrap_or_default()
}

/// Whether a member may write on a canvas, according to the core document of its entity.
///
/// # Errors
/// `Refused` if it may not.
pub fn may_write(core: Option<&View>, entity: &EntityId, member: &str) -> Result<()> {
    let Some(role) = core.and_then(|core| core::active_role(core, member)) else {
        return Err(Error::refused(format!("{member:?} is not an active member of {entity}")));
    };
    match authorize(&Action::<&str>::Write, member, Membership::Holds(role)) {
        Decision::Allow => Ok(()),
        _ => Err(Error::refused(format!("{member} is {} and may only read", one(role)))),
    }
}
