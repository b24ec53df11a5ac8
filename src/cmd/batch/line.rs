//! One line of a batch: from JSON to an operation.

use super::super::context::DEFAULT_ENTITY;
use super::super::{Context, chat, entity, resolve};
use super::run::Ran;
use crate::concern;
use crate::error::{Error, Kind, Result};
use crate::id::{DocId, EntityId};
use crate::operation::Operation;
use crate::store::Session;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::path::Path;

/// Fields that hold what people write. `$1.id` in them is text: who makes lines out of what others
/// wrote need not look for it.
const PROSE: &[&str] = &["text", "title", "description", "name", "content", "data", "emoji"];

/// A line as it was read.
pub struct Line<'a> {
    /// As editors count.
    pub number: usize,
    bytes: &'a [u8],
}

impl<'a> Line<'a> {
    /// The lines that hold anything.
    pub fn all(bytes: &'a [u8]) -> Vec<Line<'a>> {
        let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
        let lines = lines.map(|(number, bytes)| Line { number, bytes: bytes.trim_ascii() });
        lines.filter(|line| !line.bytes.is_empty()).collect()
    }

    /// The fields, those that are null left out: they say nothing.
    pub fn fields(&self) -> Result<Map<String, Value>> {
        let value = serde_json::from_slice(self.bytes).map_err(|e| {
            // The parser knows one line only, and says so.
            let said = e.to_string();
            let what = said.split(" at line ").next().unwrap_or(&said).to_owned();
            Error::usage(format!("not JSON: {what} (column {})", e.column()))
                .hint("each line is one operation: {\"op\":\"chat.send\",\"text\":\"hi\"}")
        })?;
        match value {
            Value::Object(mut fields) => {
                fields.retain(|_, value| !value.is_null());
                Ok(fields)
            }
            _ => Err(Error::usage("not a JSON object")),
        }
    }
}

/// The name of the operation.
pub fn op(fields: &Map<String, Value>) -> Result<&str> {
    fields.get("op").and_then(Value::as_str).ok_or_else(|| {
        Error::usage("no \"op\" that names the operation").hint("`crdtctl batch --help` lists them")
    })
}

/// Puts the results of earlier lines in the place of what refers to them.
pub fn refer(fields: &mut Map<String, Value>, number: usize, earlier: &[Ran<'_>]) -> Result<()> {
    for (name, value) in fields.iter_mut() {
        if let Value::String(text) = value
            && !PROSE.contains(&name.as_str())
            && let Some((line, part)) = reference(text)
        {
            *value = json!(result(line, part, number, earlier)?);
        }
    }
    Ok(())
}

/// Line and field of `$3.id`.
fn reference(text: &str) -> Option<(usize, &str)> {
    let (line, field) = text.strip_prefix('$')?.split_once('.')?;
    let is_name = !field.is_empty() && field.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let is_number = line.bytes().all(|b| b.is_ascii_digit());
    line.parse().ok().filter(|_| is_name && is_number).map(|line| (line, field))
}

fn result(line: usize, field: &str, here: usize, earlier: &[Ran<'_>]) -> Result<String> {
    let wrong = |what: &str| Error::usage(format!("${line}.{field} {what}"));
    if line >= here {
        return Err(wrong("is no earlier line"));
    }
    let at = earlier.binary_search_by_key(&line, |ran| ran.number);
    let ran = at.ok().and_then(|at| earlier.get(at)).ok_or_else(|| wrong("is an empty line"))?;
    let Ok(outcome) = &ran.outcome else {
        return Err(Error::not_found(format!("${line}.{field} is not there: line {line} failed")));
    };
    let found = match field {
        "id" => outcome.id.clone(),
        "doc" => outcome.doc.as_ref().map(ToString::to_string),
        _ => return Err(wrong("means nothing: a result has an `id` and a `doc`")),
    };
    found.ok_or_else(|| wrong("is not there: the operation has none"))
}

/// The entities that lines can mean, those that the batch itself makes included.
pub struct Names<'c> {
    context: &'c Context,
    entities: BTreeSet<EntityId>,
    default: Option<String>,
    known: HashMap<Option<String>, EntityId>,
}

impl<'c> Names<'c> {
    pub fn of(context: &'c Context, session: &Session) -> Result<Names<'c>> {
        let documents = session.documents()?;
        let docs = documents.iter().map(|document| &document.id);
        let entities = docs.filter(|doc| concern::of(doc).is_some()).filter_map(DocId::entity);
        Ok(Names {
            context,
            entities: entities.collect(),
            default: session.state().setting(DEFAULT_ENTITY)?,
            known: HashMap::new(),
        })
    }

    /// Notes what an operation may have made.
    pub fn learn(&mut self, doc: Option<&DocId>) {
        if let Some(entity) = doc.and_then(DocId::entity)
            && self.entities.insert(entity)
        {
            self.known.clear();
        }
    }

    /// The entity that is meant, as -e means it.
    fn entity(&mut self, named: Option<&str>) -> Result<EntityId> {
        let key = named.map(str::to_owned);
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let wanted = named.or(self.context.globals.entity.as_deref());
        let found = resolve::entity(wanted, self.default.as_deref(), &self.entities)?;
        self.known.insert(key, found.clone());
        Ok(found)
    }

    /// The operation that fields stand for.
    ///
    /// # Errors
    /// `Usage` for an operation that there is not, a field that it has not, or one that it lacks;
    /// as [`resolve::entity`].
    pub fn operation(&mut self, mut fields: Map<String, Value>) -> Result<Operation> {
        let op = op(&fields)?.to_owned();
        attach(&op, &mut fields)?;
        if let Some(named) = fields.get("entity").and_then(Value::as_str) {
            let entity = match op.as_str() {
                "entity.create" => entity::new_entity(self.context, named)?,
                _ => self.entity(Some(named))?,
            };
            fields.insert("entity".to_owned(), json!(entity));
        }
        let mut read = read(&fields);
        if !fields.contains_key("entity")
            && op != "entity.create"
            && read.as_ref().is_err_and(|e| e.to_string().contains("missing field `entity`"))
        {
            fields.insert("entity".to_owned(), json!(self.entity(None)?));
            read = self::read(&fields);
        }
        let operation = read.map_err(|e| unreadable(&op, &e))?;
        refuse_unknown(&op, &fields, &operation)?;
        Ok(operation)
    }
}

fn read(fields: &Map<String, Value>) -> serde_json::Result<Operation> {
    serde_json::from_value(Value::Object(fields.clone()))
}

fn unreadable(op: &str, e: &serde_json::Error) -> Error {
    let said = e.to_string();
    match said.starts_with(&format!("unknown variant `{op}`")) {
        true => Error::usage(format!("there is no operation {op:?}"))
            .because(said)
            .hint("`crdtctl batch --help` lists them"),
        false => Error::usage(format!("{op}: {said}"))
            .hint("`crdtctl batch --help` shows what each operation takes"),
    }
}

/// Refuses fields that the operation does not have: what reads nothing of them writes none of them.
fn refuse_unknown(op: &str, fields: &Map<String, Value>, operation: &Operation) -> Result<()> {
    let written = serde_json::to_value(operation)
        .map_err(|e| Error::bug("an operation does not encode").because(e))?;
    let knows = |name: &str| written.get(name).is_some();
    let Some(unknown) = fields.keys().find(|name| !knows(name)) else { return Ok(()) };
    let known: Vec<&str> = written
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .filter(|name| *name != "op")
        .collect();
    Err(Error::new(Kind::Usage, format!("{op} has no field {unknown:?}"))
        .hint(format!("it has {}", known.join(", "))))
}

/// Files that a line names, as `chat send --attach` records them.
fn attach(op: &str, fields: &mut Map<String, Value>) -> Result<()> {
    if op != "chat.send" {
        return Ok(());
    }
    let files = match fields.remove("attach") {
        None => return Ok(()),
        Some(Value::String(file)) => vec![Value::String(file)],
        Some(Value::Array(files)) => files,
        Some(_) => return Err(Error::usage("chat.send: `attach` names a file, or several")),
    };
    let mut attachments = Vec::new();
    for file in &files {
        let Some(file) = file.as_str() else {
            return Err(Error::usage("chat.send: `attach` names a file, or several"));
        };
        attachments.push(json!(chat::attachment(Path::new(file))?));
    }
    match fields.entry("attachments").or_insert_with(|| json!([])) {
        Value::Array(all) => all.extend(attachments),
        _ => return Err(Error::usage("chat.send: `attachments` is an array")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_have_one_form() {
        assert_eq!(reference("$12.id"), Some((12, "id")));
        for text in ["$1", "$.id", "$1.", "$1.ID", "$x.id", " $1.id", "$1.id!", "$+1.id", "1.id"] {
            assert_eq!(reference(text), None, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_as_editors_do() {
        let lines = Line::all(b"{}\r\n\n  \n{\"a\":1}");
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 4]);
        assert!(lines[0].fields().unwrap().is_empty());
        assert!(Line::all(b"").is_empty());
    }
}
