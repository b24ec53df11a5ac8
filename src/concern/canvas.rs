//! Canvas: the elements of a whiteboard.

mod clocks;
mod element;
mod fields;
mod outbox;
pub mod relay;
mod schema;
mod stack;
mod timeline;

pub use element::{find, no_canvas};
pub use outbox::{Outgoing, answer, event, outgoing};
pub use schema::{ELEMENTS, ElementKind, SPEC};
pub use timeline::{Redo, Undo};

use super::{Actor, Outcome, plain};
use crate::crdt::content::Content;
use crate::crdt::source::Source;
use crate::error::{Error, Result, one};
use crate::id::{DocId, EntityId};
use crate::path::Keys;
use crate::store::{Session, UndoStep};
use crate::tombstone::{self, Pruned};
use crate::wire::{Id, Value};
use element::{FieldChanges, FoundElement};
use fields::ElementFields;
use relay::RelayVerb;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// Puts an element on the canvas.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddElement {
    /// The group, channel, project or organization whose canvas it is added to.
    pub entity: EntityId,
    /// Decides which keys of `data` have a meaning when the canvas is drawn.
    pub kind: ElementKind,
    /// The left edge, in units of the canvas; may be negative, must be finite.
    pub x: f64,
    /// The top edge, in units of the canvas, growing downward.
    pub y: f64,
    /// In units of the canvas; not negative.
    pub width: f64,
    /// In units of the canvas; not negative.
    pub height: f64,
    /// In radians, clockwise about the centre.
    #[serde(default)]
    pub rotation: f64,
    /// `None`: above all other elements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub z_index: Option<i64>,
    /// Stored key by key in the shared map `data` of the document, so that two replicas can change
    /// different keys concurrently; may be empty.
    #[serde(default)]
    pub data: Map<String, Json>,
}

impl AddElement {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let z_index = match self.z_index {
            Some(z_index) => z_index,
            None => stack::top(session, &doc)?.saturating_add(1),
        };
        let wanted = json!({
            "element_type": self.kind, "x": self.x, "y": self.y, "width": self.width,
            "height": self.height, "rotation": self.rotation, "z_index": z_index,
            "data": self.data,
        });
        let fields = fields::parse(wanted.as_object().unwrap_or(&Map::new()))?;
        let done = put(session, &self.entity, &actor, fields)?;
        push(session, &doc, &actor, "add", &done)?;
        Ok(Outcome::created(doc, &done.id).saying(format!(
            "added {} to the canvas of {}",
            one(self.kind.as_str()),
            self.entity
        )))
    }
}

/// Sets fields of an element.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Set {
    /// The group, channel, project or organization whose canvas it is on.
    pub entity: EntityId,
    /// An element id, or a unique prefix of one.
    pub element: String,
    /// For example `{"width":5,"data.color":"#ff8800"}`; null removes a key of `data`.
    pub set: Map<String, Json>,
}

impl Set {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let fields = fields::parse(&self.set)?;
        if fields.is_empty() {
            return Err(Error::usage("nothing to set").hint("name a field and its value"));
        }
        change(session, &self.entity, &self.element, fields, "set")
    }
}

/// Moves an element.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MoveElement {
    /// The group, channel, project or organization whose canvas it is on.
    pub entity: EntityId,
    /// An element id, or a unique prefix of one.
    pub element: String,
    /// The new left edge, in units of the canvas.
    pub x: f64,
    /// The new top edge, in units of the canvas.
    pub y: f64,
}

impl MoveElement {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let place = json!({"x": self.x, "y": self.y});
        let fields = fields::parse(place.as_object().unwrap_or(&Map::new()))?;
        change(session, &self.entity, &self.element, fields, "move")
    }
}

/// Takes an element off the canvas.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteElement {
    /// The group, channel, project or organization whose canvas it is on.
    pub entity: EntityId,
    /// An element id, or a unique prefix of one.
    pub element: String,
}

impl DeleteElement {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let element = FoundElement::find(session, &self.entity, &self.element)?;
        if element.is_deleted() {
            return Ok(Outcome::unchanged(doc, &element.id)
                .saying(format!("{} is already deleted", element.id)));
        }
        let done = remove(session, &self.entity, &actor, &element)?;
        push(session, &doc, &actor, "delete", &done)?;
        Ok(Outcome::changed(doc, &done.id)
            .saying(format!("deleted {}", done.id))
            .pruning(done.pruned))
    }
}

fn change(
    session: &mut Session,
    entity: &EntityId,
    prefix: &str,
    fields: ElementFields,
    verb: &str,
) -> Result<Outcome> {
    let actor = Actor::of(session, entity)?.writing()?;
    let doc = entity.document(SPEC.name);
    let element = FoundElement::live(session, entity, prefix)?;
    let Some(done) = rewrite(session, entity, &actor, &element, fields)? else {
        return Ok(Outcome::unchanged(doc, &element.id).saying("it already has these values"));
    };
    push(session, &doc, &actor, verb, &done)?;
    Ok(Outcome::changed(doc, &element.id).saying(match verb {
        "move" => format!("moved {}", element.id),
        _ => format!("changed {}", element.id),
    }))
}

/// Recreates an element from the trash at its old place.
pub fn restore(session: &mut Session, entity: &EntityId, value: &Value) -> Result<Outcome> {
    let (actor, doc) = Actor::writing_in(session, entity, &SPEC)?;
    tombstone::make_room(session, &doc)?;
    let (now, id) = (session.now(), session.environment().machine.ids.uuid()?);
    let fields = plain::anew(&SPEC, &ELEMENTS, &id, value, now);
    let z_index = value.as_map().and_then(|fields| fields.get("z_index")?.as_i64());
    stack::while_writing(session, &doc, z_index, |session| {
        session.edit(&doc, |txn| txn.put(ELEMENTS.path, &id, &Content::Map(fields)))
    })?;
    outbox::tell(session, entity, &actor, RelayVerb::Add, &id, None)?;
    let made = FoundElement::at(session, &doc, &id)?;
    let record = made.map(|made| made.record).unwrap_or_default();
    let change = |name: String| {
        let now = fields::json(&record, &name);
        (name, (Json::Null, now))
    };
    let changes = fields::names(&record).into_iter().map(change).collect();
    push(
        session,
        &doc,
        &actor,
        "add",
        &ElementDone { id: id.clone(), clock: now, changes, pruned: Vec::new() },
    )?;
    Ok(Outcome::created(doc, &id))
}

/// What a local write did.
struct ElementDone {
    id: String,
    /// The element's clock afterwards.
    clock: i64,
    changes: FieldChanges,
    pruned: Vec<Pruned>,
}

/// Creates an element with a new id.
fn put(
    session: &mut Session,
    entity: &EntityId,
    actor: &Actor,
    fields: ElementFields,
) -> Result<ElementDone> {
    let doc = entity.document(SPEC.name);
    tombstone::make_room(session, &doc)?;
    let id = session.environment().machine.ids.uuid()?;
    let now = session.now();
    if !element::create(session, &doc, &id, &fields, [now, now], false)? {
        return Err(Error::bug(format!("the new id {id} is taken")));
    }
    outbox::tell(session, entity, actor, RelayVerb::Add, &id, None)?;
    let changes = fields.into_iter().map(|(name, value)| (name, (Json::Null, as_json(value))));
    Ok(ElementDone { id, clock: now, changes: changes.collect(), pruned: Vec::new() })
}

/// Writes fields of an element. Returns `None` if they already have these values.
fn rewrite(
    session: &mut Session,
    entity: &EntityId,
    actor: &Actor,
    element: &FoundElement,
    fields: ElementFields,
) -> Result<Option<ElementDone>> {
    let fields = element.news(fields);
    if fields.is_empty() {
        return Ok(None);
    }
    let doc = entity.document(SPEC.name);
    let clock = session.now().max(element.clock().saturating_add(1));
    element::write(session, &doc, element, &fields, clock)?;
    session.state().mark_element(&doc, &element.id, clock)?;
    let names: Vec<String> = fields.keys().cloned().collect();
    outbox::tell(session, entity, actor, RelayVerb::Update, &element.id, Some(names))?;
    let changes = fields.into_iter().map(|(name, value)| {
        let before = fields::json(&element.record, &name);
        (name, (before, as_json(value)))
    });
    let (id, changes) = (element.id.clone(), changes.collect());
    Ok(Some(ElementDone { id, clock, changes, pruned: Vec::new() }))
}

/// Deletes an element.
fn remove(
    session: &mut Session,
    entity: &EntityId,
    actor: &Actor,
    element: &FoundElement,
) -> Result<ElementDone> {
    let doc = entity.document(SPEC.name);
    let now = tombstone::time_of_deletion(session, &doc)?;
    let path = ["elements".to_owned(), element.id.clone()];
    session.state().forget_element_clocks(&doc, &element.id)?;
    let pruned = stack::while_writing(session, &doc, None, |session| {
        session.edit(&doc, |txn| tombstone::mark(txn, &ELEMENTS, &path.steps(), now, &actor.id))?;
        outbox::tell(session, entity, actor, RelayVerb::Remove, &element.id, None)?;
        tombstone::prune_record(session, &doc, &ELEMENTS, &path)
    })?;
    let changes = fields::names(&element.record).into_iter().map(|name| {
        let before = fields::json(&element.record, &name);
        (name, (before, Json::Null))
    });
    let (id, clock) = (element.id.clone(), element.clock());
    Ok(ElementDone { id, clock, changes: changes.collect(), pruned })
}

fn as_json(value: Option<Value>) -> Json {
    value.map_or(Json::Null, |value| value.to_json())
}

/// Adds a step to the timeline.
fn push(
    session: &Session,
    doc: &DocId,
    actor: &Actor,
    verb: &str,
    done: &ElementDone,
) -> Result<()> {
    let changes = serde_json::to_string(&done.changes)
        .map_err(|e| Error::bug("a step of the timeline does not encode").because(e))?;
    session.state().push_step(&UndoStep {
        id: 0,
        doc: doc.clone(),
        at: session.now(),
        member: actor.id.to_string(),
        verb: verb.to_owned(),
        element: done.id.clone(),
        changes,
        clock: done.clock,
        undone: false,
    })
}

/// The stacking height of an element: by `z_index`, then by creation time, older below newer; within
/// one second, the one written first is lower.
pub fn height(source: &dyn Source, id: &str) -> (i64, i64, Option<Id>, String) {
    let path = ["elements", id];
    let number = |name| source.int(&path.field(name)).unwrap_or(0);
    (number("z_index"), number("created_at"), source.created_by(&path), id.to_owned())
}
