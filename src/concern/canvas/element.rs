//! One element of a canvas in a session: finding, creating, writing, removing.

use super::clocks::FieldClocks;
use super::fields::{self, DATA, ElementFields};
use super::{ELEMENTS, SPEC, stack};
use crate::concern::record;
use crate::crdt::container;
use crate::crdt::doc::Txn;
use crate::crdt::source::Source;
use crate::error::{Error, Next, Result};
use crate::id::{DocId, EntityId};
use crate::store::Session;
use crate::wire::{Record, Value};
use std::collections::BTreeMap;

/// What a write changed: field → value before and after, null for no value.
pub type FieldChanges = BTreeMap<String, (serde_json::Value, serde_json::Value)>;

/// An existing element, possibly a tombstone.
pub struct FoundElement {
    pub id: String,
    pub record: Record,
}

impl FoundElement {
    /// The element that an id or a unique prefix names.
    ///
    /// # Errors
    /// `NotFound` or `Ambiguous`; `Refused` if it is deleted.
    pub fn live(session: &mut Session, entity: &EntityId, prefix: &str) -> Result<FoundElement> {
        let element = FoundElement::find(session, entity, prefix)?;
        match element.is_deleted() {
            false => Ok(element),
            true => Err(Error::refused(format!("element {} is deleted", element.id))
                .hint(Next::Elements.and(" shows what is left"))),
        }
    }

    /// Like [`FoundElement::live`], deleted elements included.
    pub fn find(session: &mut Session, entity: &EntityId, prefix: &str) -> Result<FoundElement> {
        let doc = entity.document(SPEC.name);
        let id = session
            .read(&doc, |source| find(source, prefix))?
            .unwrap_or_else(|| Err(no_canvas(entity)))?;
        FoundElement::at(session, &doc, &id)?
            .ok_or_else(|| Error::bug("an element was found and lost"))
    }

    /// The element with this id.
    ///
    /// # Errors
    /// `Refused` if it cannot be written because another program wrote it as a plain value.
    pub fn at(session: &mut Session, doc: &DocId, id: &str) -> Result<Option<FoundElement>> {
        record::check(session, doc, &["elements".to_owned(), id.to_owned()], ELEMENTS.noun)?;
        let record = session.read(doc, |source| source.record(&["elements", id]))?.flatten();
        Ok(record.map(|record| FoundElement { id: id.to_owned(), record }))
    }

    pub fn is_deleted(&self) -> bool {
        record::flag(&self.record, "deleted")
    }

    /// Its clock, in Unix seconds.
    pub fn clock(&self) -> i64 {
        self.record.get("updated_at").and_then(Value::as_i64).unwrap_or(0)
    }

    /// Keeps the fields that would change the element.
    pub fn news(&self, fields: ElementFields) -> ElementFields {
        fields.into_iter().filter(|(name, value)| !self.shows(name, value.as_ref())).collect()
    }

    /// Whether a field has this value.
    pub fn shows(&self, name: &str, value: Option<&Value>) -> bool {
        match (fields::get(&self.record, name), value) {
            (Some(is), Some(other)) => is.same(other),
            (is, other) => is.is_none() && other.is_none(),
        }
    }

    /// Every field that can be written, with its value.
    pub fn fields(&self) -> ElementFields {
        let value = |name: &String| fields::get(&self.record, name).cloned();
        fields::names(&self.record).into_iter().map(|name| (name.clone(), value(&name))).collect()
    }
}

/// The error for an entity whose canvas is still empty.
pub fn no_canvas(entity: &EntityId) -> Error {
    Error::not_found(format!("{entity} has no canvas")).hint(Next::AddElement.and(" starts one"))
}

/// The id that a prefix stands for, tombstones included.
///
/// # Errors
/// `NotFound` or `Ambiguous`.
pub fn find(source: &dyn Source, prefix: &str) -> Result<String> {
    let hint = || Next::Elements.into();
    record::find(source, ELEMENTS.path, prefix, ELEMENTS.noun, hint)
}

/// Creates a whole element (rule R1). Returns false if it exists already, or was pruned.
///
/// An element that is only `heard` of, in a message without its creator's items, is created as the same
/// items by every replica that hears of it (rule R2).
pub fn create(
    session: &mut Session,
    doc: &DocId,
    id: &str,
    fields: &ElementFields,
    [created_at, clock]: [i64; 2],
    heard: bool,
) -> Result<bool> {
    stack::while_writing(session, doc, stack::z_index(fields), |session| {
        session.edit(doc, |txn| {
            let path = ["elements", id];
            if txn.exists(&path) {
                return Ok(false);
            }
            let made = match heard {
                true => container::create_once(txn, doc, "elements", id, |txn| found(txn, id))?,
                false => found(txn, id).map(|()| true)?,
            };
            if !made || txn.record(&path).is_none() {
                return Ok(false);
            }
            txn.set(&path, "created_at", created_at)?;
            set(txn, id, fields)?;
            txn.set(&path, "updated_at", clock)?;
            Ok(true)
        })
    })
}

/// Creates every container that an element will ever need, and the fields with fixed values.
fn found(txn: &mut Txn<'_>, id: &str) -> Result<()> {
    let path = ["elements", id];
    txn.create_map(ELEMENTS.path, id)?;
    txn.set(&path, "id", id)?;
    txn.set(&path, "deleted", false)?;
    txn.set(&path, "deleted_at", 0)?;
    txn.create_map(&path, DATA)?;
    txn.create_map(&path, "ack_vector")
}

/// Writes fields of an element and its clock.
pub fn write(
    session: &mut Session,
    doc: &DocId,
    element: &FoundElement,
    fields: &ElementFields,
    clock: i64,
) -> Result<()> {
    let clocks = FieldClocks::of(session.state(), doc, &element.id, element.clock())?;
    clocks.note(session.state(), doc, &element.id, fields.keys(), clock)?;
    stack::while_writing(session, doc, stack::z_index(fields), |session| {
        session.edit(doc, |txn| {
            set(txn, &element.id, fields)?;
            txn.set(&["elements", &element.id], "updated_at", clock.max(element.clock()))
        })
    })
}

fn set(txn: &mut Txn<'_>, id: &str, fields: &ElementFields) -> Result<()> {
    let path = ["elements", id];
    for (name, value) in fields {
        match (fields::data_key(name), value) {
            (Some(key), value) => set_data(txn, id, key, value.as_ref())?,
            (None, Some(value)) => txn.set(&path, name, value)?,
            (None, None) => {
                txn.remove(&path, name)?;
            }
        }
    }
    Ok(())
}

fn set_data(txn: &mut Txn<'_>, id: &str, key: &str, value: Option<&Value>) -> Result<()> {
    let data = ["elements", id, DATA];
    match txn.typed(&data) {
        // Another program wrote it as one value: it stays one.
        Some(Value::Object(mut object)) => {
            match value {
                Some(value) => object.insert(key.to_owned(), value.clone()),
                None => object.remove(key),
            };
            return txn.set(&data[..2], DATA, &Value::Object(object));
        }
        Some(Value::Map(_)) => {}
        _ => txn.create_map(&data[..2], DATA)?,
    }
    match value {
        Some(value) => txn.set(&data, key, value),
        None => txn.remove(&data, key).map(|_| ()),
    }
}
