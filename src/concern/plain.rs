//! Plain values that other programs wrote where shared types belong: finds, names and rewrites them.
//!
//! A plain value is one register. It can be read like a record, but none of its fields can be written
//! separately: of two concurrent edits one is lost, whatever they changed. Reading looks into it,
//! commands refuse to write there and name the repair, and [`PlainRecord::content`] is what the repair
//! puts in its place.

use crate::clock::Ids;
use crate::crdt::content::{Content, InsertionOwner, Stand};
use crate::crdt::source::{Shared, Source};
use crate::crdt::view::{LentEntries, LentValue, View};
use crate::error::{Error, Next, Result};
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::policy::{Action, Decision};
use crate::schema::{self, Collection, Field, FieldKind, FieldRole, Spec};
use crate::store::check::FindingKind;
use crate::wire::{Id, Value};
use std::collections::BTreeMap;

/// The finding of `check` for a plain value in the place of a shared type.
pub static PLAIN_VALUE: FindingKind = FindingKind::warning("plain-value");

/// A plain value where a shared type belongs.
#[derive(Debug)]
pub struct PlainRecord {
    /// Its position: the repair puts [`PlainRecord::content`] there.
    pub stand: Stand,
    value: Value,
    spec: &'static Spec,
    form: Form,
}

/// What it should be.
#[derive(Debug, Clone, Copy)]
enum Form {
    Record(&'static Collection),
    Field(&'static Collection, &'static Field),
    /// The members under an emoji.
    Reaction(&'static Collection),
}

/// Every plain value of a document that stands where a shared type belongs; only the outermost ones.
pub fn find(spec: &'static Spec, view: &View) -> Vec<PlainRecord> {
    let mut search = Search { spec, view, found: Vec::new() };
    for collection in spec.collections {
        for home in collection.homes(view) {
            search.collection(collection, &home);
        }
    }
    search.found
}

struct Search<'s> {
    spec: &'static Spec,
    view: &'s View,
    found: Vec<PlainRecord>,
}

impl Search<'_> {
    fn collection(&mut self, collection: &'static Collection, home: &[String]) {
        let (view, shape) = (self.view, self.view.shared(&home.steps()));
        if !matches!(shape, Some(Shared::Map | Shared::Array)) {
            return;
        }
        if shape == Some(Shared::Array) {
            for (unit, value) in view.plain_elements(&home.steps()) {
                self.add(home.into(), Some(unit), Some(value), Form::Record(collection));
            }
            for key in view.keys(&home.steps()) {
                if let Some(LentValue::Map(record)) = view.lent_at(&home.field(&key)) {
                    self.fields(collection, home, &key, record);
                }
            }
        }
        let Some(LentValue::Map(records)) = view.lent_at(&home.steps()) else { return };
        for (key, value) in records.fields() {
            match value {
                LentValue::Map(record) => self.fields(collection, home, key, record),
                _ => self.add(home.child(key), None, None, Form::Record(collection)),
            }
        }
    }

    fn fields(
        &mut self,
        collection: &'static Collection,
        home: &[String],
        key: &str,
        record: LentEntries<'_>,
    ) {
        for field in collection.fields {
            let Some(wanted) = self.spec.container(collection, field) else { continue };
            // Most records need no path.
            let path = || home.child(key).child(field.name);
            let value = record.get(field.name);
            match value {
                Some(LentValue::Map(emoji)) if field.kind == FieldKind::Reactions => {
                    for (emoji, members) in emoji.fields() {
                        if members.shared() != Some(Shared::Array) {
                            self.add(path().child(emoji), None, None, Form::Reaction(collection));
                        }
                    }
                }
                value if value.and_then(|value| value.shared()) != Some(wanted) => {
                    self.add(path(), None, None, Form::Field(collection, field));
                }
                _ => {}
            }
        }
    }

    /// Adds the value at a path, or the value of the `unit` of the array there. A missing or null value
    /// does not count.
    fn add(&mut self, path: DocPath, unit: Option<Id>, value: Option<Value>, form: Form) {
        let keyed = unit.is_none();
        let steps = path.steps();
        let Some(value) = value.or_else(|| self.view.value(&steps)) else { return };
        let is_nothing = matches!(value, Value::Null | Value::Undefined);
        if is_nothing && !matches!(form, Form::Record(_)) {
            return;
        }
        let home =
            if keyed { steps.split_last().map_or(&[][..], |(_, home)| home) } else { &steps };
        let owner = match home {
            [root] => Some(InsertionOwner::Root((*root).to_owned())),
            _ => self.view.container(home).map(InsertionOwner::Item),
        };
        if let (Some(owner), Some(unit)) = (owner, unit.or_else(|| self.view.item(&steps))) {
            let stand = Stand { unit, owner, path, keyed };
            self.found.push(PlainRecord { stand, value, spec: self.spec, form });
        }
    }
}

impl PlainRecord {
    /// Identifies it within its document.
    pub fn detail(&self) -> String {
        let path = self.stand.path.join("/");
        if self.stand.keyed {
            return path;
        }
        let id = self.value.as_map().and_then(|fields| fields.get("id")?.as_str());
        let Id { client, clock } = self.stand.unit;
        id.map_or_else(|| format!("{path}/[{client}:{clock}]"), |id| format!("{path}/{id}"))
    }

    /// Its name for people: `message 3f2a…`.
    pub fn name(&self) -> String {
        let last = |back: usize| {
            let at = self.stand.path.len().checked_sub(back);
            at.and_then(|at| self.stand.path.get(at)).map_or("", String::as_str)
        };
        match self.form {
            Form::Record(collection) => {
                let detail = self.detail();
                let id = detail.rsplit('/').next().unwrap_or_default();
                let id = if self.stand.keyed { last(1) } else { id };
                format!("{} {id}", collection.noun)
            }
            Form::Field(of, field) => format!("{} of {} {}", field.name, of.noun, last(2)),
            Form::Reaction(of) => format!("the reaction {} to {} {}", last(1), of.noun, last(3)),
        }
    }

    /// What replaces it. Always the same for the same value.
    pub fn content(&self, doc: &DocId) -> Content {
        let Id { client, clock } = self.stand.unit;
        let minting = Minting { spec: self.spec, seed: format!("plain {doc} {client}:{clock}") };
        match self.form {
            Form::Record(collection) => {
                let key = self.stand.path.last().filter(|_| self.stand.keyed);
                minting.record(collection, key.map(String::as_str), &self.value, "")
            }
            Form::Field(collection, field) => {
                minting.field(collection, field, &self.value).unwrap_or_else(|| empty(field.kind))
            }
            Form::Reaction(_) => set(&self.value),
        }
    }
}

/// A new record from a plain value: whole, alive and under another id. `clock` is its time; earlier
/// acknowledgements of its deletion do not carry over.
pub fn anew(
    spec: &'static Spec,
    collection: &'static Collection,
    id: &str,
    value: &Value,
    clock: i64,
) -> BTreeMap<String, Content> {
    let minting = Minting { spec, seed: format!("anew {id}") };
    let Content::Map(mut fields) = minting.record(collection, Some(id), value, "") else {
        return BTreeMap::new();
    };
    let mut set = |name: &str, value: Value| {
        fields.insert(name.to_owned(), Content::Plain(value));
    };
    if let Some(field) = collection.fields.first() {
        set(field.name, Value::String(id.to_owned()));
    }
    if let Some(name) = collection.clock {
        set(name, Value::Int(clock));
    }
    if let Some(marks) = &collection.tombstone {
        set(marks.flag, Value::Bool(false));
        set(marks.at, Value::Int(0));
        if let Some(by) = marks.by {
            fields.remove(by);
        }
        fields.insert(marks.acks.to_owned(), Content::Map(BTreeMap::new()));
    }
    fields
}

/// The text of a field; empty if there is none.
pub fn text_of<'f>(fields: &'f BTreeMap<String, Content>, name: &str) -> &'f str {
    match fields.get(name) {
        Some(Content::Plain(value)) => value.as_str().unwrap_or_default(),
        _ => "",
    }
}

/// Leaves a recreated message or comment with its author if the rules allow it; otherwise makes it the
/// actor's, with the author's name before the text. Returns what to tell the user.
pub fn attribute(
    collection: &Collection,
    fields: &mut BTreeMap<String, Content>,
    actor: &super::Actor,
    now: i64,
) -> Result<&'static str> {
    let (Some(by), Some(said)) = (collection.named(FieldRole::Author), collection.heading()) else {
        return Ok("");
    };
    let author = text_of(fields, by).to_owned();
    let in_their_name = Action::WriteAs { author: author.as_str() };
    if !author.is_empty() && actor.decision(&in_their_name) == Decision::Allow {
        return Ok("");
    }
    let words = match author.as_str() {
        "" => text_of(fields, said).to_owned(),
        author => format!("{author}: {}", text_of(fields, said)),
    };
    super::text::check_text("text with its author's name", &words)?;
    let mut set = |name: &str, value: Value| {
        fields.insert(name.to_owned(), Content::Plain(value));
    };
    set(said, Value::String(words));
    set(by, Value::String(actor.id.to_string()));
    if let Some(created) = collection.named(FieldRole::Created) {
        set(created, Value::Int(now));
    }
    let reactions = collection.fields.iter().filter(|field| field.kind == FieldKind::Reactions);
    for field in reactions {
        fields.insert(field.name.to_owned(), Content::Map(BTreeMap::new()));
    }
    Ok(", as your own: only an admin or owner may write in another's name")
}

/// Makes content from plain values. A record without an id gets one derived from the seed.
struct Minting {
    spec: &'static Spec,
    seed: String,
}

impl Minting {
    /// A whole record (rule R1), with every container that it will ever need.
    fn record(
        &self,
        collection: &'static Collection,
        key: Option<&str>,
        value: &Value,
        place: &str,
    ) -> Content {
        let mut fields: BTreeMap<String, Content> = BTreeMap::new();
        match value.as_map() {
            Some(record) => {
                for (name, value) in record {
                    let known = collection.field(name);
                    let made = known.and_then(|field| self.field(collection, field, value));
                    fields.insert(name.clone(), made.unwrap_or(Content::Plain(value.clone())));
                }
            }
            None => drop(fields.insert(schema::VALUE.to_owned(), Content::Plain(value.clone()))),
        }
        for field in collection.fields {
            let is_null = matches!(
                fields.get(field.name),
                None | Some(Content::Plain(Value::Null | Value::Undefined))
            );
            if is_null
                && (self.spec.container(collection, field).is_some()
                    || field.kind == FieldKind::Map)
            {
                fields.insert(field.name.to_owned(), empty(field.kind));
            }
        }
        if let Some(id) = collection.fields.first() {
            let is_id =
                |made: &Content| matches!(made, Content::Plain(id) if id.as_str().is_some());
            if !fields.get(id.name).is_some_and(is_id) {
                let minted = || Ids::seeded(&format!("{} {place}", self.seed)).uuid();
                let named = key.map(str::to_owned).or_else(|| minted().ok());
                let named = Value::String(named.unwrap_or_default());
                fields.insert(id.name.to_owned(), Content::Plain(named));
            }
        }
        Content::Map(fields)
    }

    /// The content of a field that is a container; `None` for any other field.
    fn field(&self, of: &'static Collection, field: &Field, value: &Value) -> Option<Content> {
        let inner = self.spec.below(of, field);
        let pairs = || value.as_map().into_iter().flatten();
        Some(match field.kind {
            FieldKind::Acknowledgements => plain_map(value),
            FieldKind::SharedText => Content::Text(value.as_str().unwrap_or_default().to_owned()),
            FieldKind::Reactions => Content::Map(
                pairs().map(|(emoji, members)| (emoji.clone(), set(members))).collect(),
            ),
            FieldKind::List => {
                let item = |(place, item): (usize, &Value)| match (inner, item) {
                    (Some(inner), item) => self.record(inner, None, item, &place.to_string()),
                    (None, Value::Object(_) | Value::Map(_)) => plain_map(item),
                    (_, plain) => Content::Plain(plain.clone()),
                };
                let items = value.as_array().unwrap_or_default();
                Content::Array(items.iter().enumerate().map(item).collect())
            }
            FieldKind::Map => match inner {
                Some(inner) => Content::Map(
                    pairs()
                        .map(|(key, value)| (key.clone(), self.record(inner, Some(key), value, "")))
                        .collect(),
                ),
                None => plain_map(value),
            },
            _ => return None,
        })
    }
}

fn plain_map(value: &Value) -> Content {
    let fields = value.as_map().into_iter().flatten();
    Content::Map(fields.map(|(key, value)| (key.clone(), Content::Plain(value.clone()))).collect())
}

fn set(members: &Value) -> Content {
    let members = members.as_array().unwrap_or_default().iter();
    Content::Array(members.map(|member| Content::Plain(member.clone())).collect())
}

fn empty(kind: FieldKind) -> Content {
    match kind {
        FieldKind::List => Content::Array(Vec::new()),
        FieldKind::SharedText => Content::Text(String::new()),
        _ => Content::Map(BTreeMap::new()),
    }
}

impl Spec {
    /// The shared type that a field of a record must have; `None` where a plain value is allowed.
    fn container(&self, of: &Collection, field: &Field) -> Option<Shared> {
        match field.kind {
            FieldKind::Acknowledgements | FieldKind::Reactions => Some(Shared::Map),
            FieldKind::List => Some(Shared::Array),
            FieldKind::SharedText => Some(Shared::Text),
            FieldKind::Map => self.below(of, field).map(|_| Shared::Map),
            _ => None,
        }
    }

    /// The collection nested in a field of another collection's records.
    fn below(&self, of: &Collection, field: &Field) -> Option<&'static Collection> {
        let is_it = |inner: &&Collection| {
            inner.path.len() == of.path.len().saturating_add(2)
                && inner.path.starts_with(of.path)
                && inner.path.last() == Some(&field.name)
        };
        self.collections.iter().find(is_it)
    }
}

/// Refuses a path that leads into a plain value. `what` is the record, for people; `wanted` is the type
/// required at the end of the path, if anything is there.
///
/// # Errors
/// `Refused`, with the repair.
pub fn check_writable(
    source: &dyn Source,
    doc: &DocId,
    path: &[&str],
    wanted: Shared,
    what: &str,
) -> Result<()> {
    for len in 2..=path.len() {
        let prefix = path.get(..len).unwrap_or(path);
        let is_there = match source.shared(prefix) {
            Some(found) if len == path.len() => found == wanted,
            Some(found) => matches!(found, Shared::Map | Shared::Array),
            None => false,
        };
        if is_there {
            continue;
        }
        // Every second step is a record. A null field counts as missing.
        let is_record = len % 2 == 0;
        return match source.exists(prefix) && (is_record || !is_missing(source, prefix)) {
            true => Err(refusal(doc, &prefix.join("/"), what)),
            false => Ok(()),
        };
    }
    Ok(())
}

/// Whether a field is missing or null.
pub fn is_missing(source: &dyn Source, path: &[&str]) -> bool {
    source.shared(path).is_none()
        && matches!(source.value(path), None | Some(Value::Null | Value::Undefined))
}

fn refusal(doc: &DocId, detail: &str, what: &str) -> Error {
    Error::refused(format!("{what} was written as a plain value by another program"))
        .because(format!("nothing in {detail} can be changed on its own"))
        .hint(
            Next::Repair(Some(PLAIN_VALUE.id(Some(doc), detail)))
                .and(" rewrites it, and keeps the old value"),
        )
}
