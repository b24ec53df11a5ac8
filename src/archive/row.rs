//! One state of one record, as the archive stores it.

use crate::concern::{self, chat, issues, kanban};
use crate::wire::any::embedded;
use crate::wire::{Id, Record, Value};

use crate::error::{Error, Next, Result};
use crate::id::{DocId, hex};
use crate::limits;
use crate::path::DocPath;
use crate::schema::{Collection, FieldKind, FieldRole, Spec};
use serde::Deserializer;
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The kinds of records that can leave their documents; never those of core and canvas.
const ARCHIVABLE: [&Collection; 4] =
    [&chat::MESSAGES, &chat::REPLIES, &kanban::CARDS, &issues::ISSUES];

/// The fields with text that people write and search.
const TEXTS: [&str; 3] = ["content", "title", "description"];

/// The position of a record in list order: by its time, and within one second in the order of writing.
pub type ArchiveKey = (i64, Id, String);

/// A record as it was when it left its document. Rows are immutable: document, path and version identify one
/// for ever, on every replica.
#[derive(Debug, Clone, PartialEq)]
pub struct ArchivedRecord {
    /// The document it was in.
    pub doc: DocId,
    /// Its path from the root.
    pub path: DocPath,
    /// Creation time in Unix seconds; 0 if the record does not say.
    pub created_at: i64,
    /// The latest of all its times, in Unix seconds.
    pub changed_at: i64,
    /// The item that created it in its document.
    pub written: Id,
    /// Whether this is a marker that hides earlier versions, because the record was deleted or is back in its
    /// document.
    pub removed: bool,
    /// The record as JSON, without acknowledgements.
    pub record: String,
    /// The same in the format of documents, if JSON cannot represent it exactly.
    pub typed: Option<Vec<u8>>,
    /// When this replica archived it, in Unix seconds; not part of the version.
    pub archived_at: i64,
}

/// Why versions of a record are no longer shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marker {
    /// This item of it was deleted by somebody who did not know yet that it was archived.
    Deleted(Id),
    /// It is in its document again, as this item.
    Restored(Id),
}

const DELETED: &str = r#"{"marker":"deleted"}"#;
const RESTORED: &str = r#"{"marker":"restored"}"#;

impl Marker {
    fn text(self) -> &'static str {
        match self {
            Marker::Deleted(_) => DELETED,
            Marker::Restored(_) => RESTORED,
        }
    }
}

/// Returns the kind of record at a path, if such records can be archived.
pub fn kind_at(doc: &DocId, path: &[String]) -> Option<&'static Collection> {
    let spec = concern::of(doc)?;
    let fits = |collection: &&Collection| {
        path.len() == collection.path.len() + 1
            && collection.path.iter().zip(path).all(|(step, key)| *step == "*" || step == key)
    };
    spec.collections.iter().filter(|one| is_archivable(one)).find(fits)
}

/// Returns the path of the record that can be archived, and the rest of a path that leads into it.
pub fn inside<'p>(doc: &DocId, path: &'p [String]) -> Option<(&'p [String], &'p [String])> {
    let mut parts = (1..path.len()).filter_map(|end| path.split_at_checked(end));
    parts.find(|(record, _)| kind_at(doc, record).is_some())
}

/// Returns whether records of such documents can be archived.
pub fn is_of(spec: &Spec) -> bool {
    spec.collections.iter().any(is_archivable)
}

/// Returns whether records of this kind can leave their document for the archive.
pub(super) fn is_archivable(collection: &Collection) -> bool {
    ARCHIVABLE.iter().any(|one| one.path == collection.path)
}

impl ArchivedRecord {
    /// Returns the row for a record at its path in a document.
    pub fn of(
        doc: &DocId,
        collection: &Collection,
        path: &DocPath,
        written: Id,
        value: &Value,
        now: i64,
    ) -> ArchivedRecord {
        let fields = value.as_map().cloned().unwrap_or_default();
        let (created_at, changed_at) = times(collection, &fields);
        let content = Value::Object(content(collection, fields));
        ArchivedRecord {
            doc: doc.clone(),
            path: path.clone(),
            created_at,
            changed_at,
            written,
            removed: false,
            record: content.to_json().to_string(),
            typed: content.beyond_json(),
            archived_at: now,
        }
    }

    /// Returns a marker that hides the versions of a record up to a time, and says why. A marker of a
    /// deletion also hides, for good, whatever is archived of the deleted item; one of a restored record
    /// hides nothing of the item that it came back as.
    pub fn marker(
        doc: &DocId,
        path: &DocPath,
        until: i64,
        now: i64,
        marker: Marker,
    ) -> ArchivedRecord {
        let written = match marker {
            Marker::Deleted(item) | Marker::Restored(item) => item,
        };
        ArchivedRecord {
            doc: doc.clone(),
            path: path.clone(),
            created_at: 0,
            changed_at: until,
            written,
            removed: true,
            record: marker.text().to_owned(),
            typed: None,
            archived_at: now,
        }
    }

    /// Returns a marker that hides this, the latest version of a record, since the record is in its document
    /// again as an item of its own.
    pub(super) fn hidden(&self, by: Id, now: i64) -> ArchivedRecord {
        let until = self.changed_at.saturating_add(i64::from(self.removed));
        ArchivedRecord::marker(&self.doc, &self.path, until, now, Marker::Restored(by))
    }

    /// Returns a marker that hides everything that may still come from an item that left its document for
    /// good, since another item replaced it: the same on every replica.
    pub(super) fn superseded(&self, item: Id, now: i64) -> ArchivedRecord {
        ArchivedRecord::marker(&self.doc, &self.path, 0, now, Marker::Deleted(item))
    }

    /// Returns the rank of a version; the highest of a record is shown.
    pub(super) fn rank(&self) -> (i64, usize, String) {
        (self.changed_at, self.record.len(), self.version())
    }

    /// Returns whether a marker hides a version of the same record.
    pub(super) fn hides(&self, version: &ArchivedRecord) -> bool {
        self.removed
            && match self.written == version.written {
                true => self.record == DELETED,
                false => self.changed_at >= version.changed_at,
            }
    }

    /// Returns whether it says that the record is in its document again.
    pub(super) fn is_back(&self) -> bool {
        self.removed && self.record == RESTORED
    }

    /// Returns whether it says so of this item.
    pub(super) fn is_back_as(&self, item: Id) -> bool {
        self.is_back() && self.written == item
    }

    /// Returns whether it says that nothing of this item is shown any more.
    pub(super) fn is_gone_as(&self, item: Id) -> bool {
        self.removed && self.record == DELETED && self.written == item
    }

    /// For a record that leaves its document now: makes it shown, although markers of its other items hide
    /// everything up to a time. A marker stays as it is.
    pub(super) fn follow(&mut self, until: i64) {
        if !self.removed {
            self.changed_at = self.changed_at.max(until.saturating_add(1));
        }
    }

    /// Returns whether a record from others is plausible: of a kind that can be archived, written as this
    /// program writes it, with the times it holds.
    pub(super) fn is_sound(&self) -> bool {
        let Some(collection) = self.collection() else { return false };
        if self.written.client >= limits::CLIENT_END || self.written.clock >= limits::CLOCK_END {
            return false;
        }
        if self.removed {
            let is_marker = [RESTORED, DELETED].contains(&self.record.as_str());
            return is_marker && self.typed.is_none() && self.created_at == 0;
        }
        let Some(value) = self.value().ok().filter(|value| value.as_map().is_some()) else {
            return false;
        };
        let (doc, path) = (&self.doc, &self.path);
        let again = ArchivedRecord::of(doc, collection, path, self.written, &value, 0);
        again.record == self.record
            && again.typed == self.typed
            && again.created_at == self.created_at
            && again.changed_at <= self.changed_at
    }

    /// Returns the id of the record.
    pub fn id(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// Returns its position in list order.
    pub fn key(&self) -> ArchiveKey {
        (self.created_at, self.written, self.id().to_owned())
    }

    /// Returns the kind of the record.
    pub fn kind(&self) -> &'static str {
        self.collection().map_or("record", |collection| collection.noun)
    }

    /// Returns the collection it belonged to.
    pub fn collection(&self) -> Option<&'static Collection> {
        kind_at(&self.doc, &self.path)
    }

    /// Returns the message it is a reply to.
    pub fn parent(&self) -> Option<&str> {
        match &self.path[..] {
            [root, parent, _, _] if root == "threads" => Some(parent),
            _ => None,
        }
    }

    /// Returns the record as it was, with plain values in place of shared types.
    pub fn value(&self) -> Result<Value> {
        let typed = self.typed.as_deref().and_then(Value::from_bytes);
        let value = typed.or_else(|| embedded(&self.record));
        value.ok_or_else(|| self.unreadable())
    }

    /// Returns the fields of the record.
    pub fn fields(&self) -> Result<Record> {
        match self.value()? {
            Value::Map(fields) | Value::Object(fields) => Ok(fields),
            _ => Ok(Record::new()),
        }
    }

    /// Returns the value at a path inside the record; the elements of lists are found by their ids.
    pub fn at(&self, path: &[String]) -> Option<Value> {
        let mut value = self.value().ok()?;
        for step in path {
            value = match value {
                Value::Map(mut fields) | Value::Object(mut fields) => fields.remove(step)?,
                Value::Array(list) | Value::List(list) => {
                    list.into_iter().find(|one| id_of(one) == Some(step))?
                }
                _ => return None,
            };
        }
        Some(value)
    }

    /// Returns some fields of the record by name, skipping the others without parsing them.
    pub fn some_fields(&self, names: &[&str]) -> Result<Record> {
        if self.typed.is_some() {
            return self.fields();
        }
        let read =
            serde_json::Deserializer::from_str(&self.record).deserialize_map(SomeFields(names));
        read.map_err(|_| self.unreadable())
    }

    fn unreadable(&self) -> Error {
        Error::corrupt(format!("the archive's {} {} cannot be read", self.kind(), self.id()))
            .hint(Next::Check(None).and(" says what helps"))
    }

    /// Returns its text as searches see it: a message, or title and description. `None` for a marker.
    pub(super) fn text(&self) -> Option<String> {
        let fields = self.fields().ok().filter(|_| !self.removed)?;
        let texts = TEXTS.iter().filter_map(|name| fields.get(*name)?.as_str());
        let texts: Vec<&str> = texts.collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    /// Returns the identifier of this state: the same on every replica that archived the same.
    pub fn version(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut part = |bytes: &[u8]| {
            hasher.update(&(bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        part(b"crdtctl archive 1");
        part(self.doc.as_str().as_bytes());
        self.path.iter().for_each(|step| part(step.as_bytes()));
        part(&self.written.client.to_be_bytes());
        part(&self.written.clock.to_be_bytes());
        part(&self.created_at.to_be_bytes());
        part(&self.changed_at.to_be_bytes());
        part(&[u8::from(self.removed)]);
        part(self.record.as_bytes());
        part(self.typed.as_deref().unwrap_or_default());
        hex(hasher.finalize().as_bytes())
    }
}

/// Extracts the fields with these names from a JSON object.
struct SomeFields<'n>(&'n [&'n str]);

impl<'de> Visitor<'de> for SomeFields<'_> {
    type Value = Record;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record, A::Error> {
        let mut fields = Record::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match self.0.contains(&&*name) {
                true => {
                    let value = Value::from_json_value(map.next_value()?);
                    let value = value.ok_or_else(|| A::Error::custom("nested too deeply"))?;
                    fields.insert(name.into_owned(), value);
                }
                false => map.next_value::<IgnoredAny>().map(drop)?,
            }
        }
        Ok(fields)
    }
}

/// Returns when a record was created, and the latest of all its times.
pub(super) fn times(collection: &Collection, fields: &Record) -> (i64, i64) {
    let at = |name: &str, fields: &Record| fields.get(name).and_then(Value::as_i64).unwrap_or(0);
    let created = collection.named(FieldRole::Created).map_or(0, |name| at(name, fields));
    let latest = |collection: &Collection, fields: &Record| {
        let times = collection.fields.iter().filter(|field| field.kind == FieldKind::Time);
        times.map(|field| at(field.name, fields)).max().unwrap_or(0)
    };
    let comments = comments_of(collection, fields).filter_map(Value::as_map);
    let said = comments.map(|comment| latest(&issues::COMMENTS, comment)).max();
    (created, latest(collection, fields).max(said.unwrap_or(0)))
}

fn comments_of<'r>(
    collection: &Collection,
    fields: &'r Record,
) -> impl Iterator<Item = &'r Value> + use<'r> {
    let comments = fields.get("comments").filter(|_| collection.noun == issues::ISSUES.noun);
    comments.and_then(Value::as_array).unwrap_or_default().iter()
}

/// Returns the id of an element of a list.
pub(super) fn id_of(element: &Value) -> Option<&str> {
    element.as_map()?.get("id")?.as_str()
}

/// Returns a record without its acknowledgements, which replicas get at different times.
fn content(collection: &Collection, mut fields: Record) -> Record {
    for field in collection.fields {
        if field.kind == FieldKind::Acknowledgements {
            fields.remove(field.name);
        }
    }
    if let Some(Value::Array(comments)) = fields.get_mut("comments")
        && collection.noun == issues::ISSUES.noun
    {
        for comment in comments {
            if let Value::Map(comment) = comment {
                *comment = content(&issues::COMMENTS, std::mem::take(comment));
            }
        }
    }
    fields
}
