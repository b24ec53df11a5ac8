//! One line of a batch: from JSON to an operation.

use super::super::context::DEFAULT_ENTITY;
use super::super::{Context, chat, entity, resolve, time};
use crate::concern;
use crate::error::{Error, Result};
use crate::id::{DocId, EntityId};
use crate::operation::{self, Argument, Declaration, Holds, Operation, Outcome, Within};
use crate::store::Session;
use serde_json::{Map, Value, json};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// The hint that says what a line may hold.
pub const TAKES: &str = "`crdtctl batch --help` shows what each operation takes";

/// The result of a line.
pub struct Ran<'a> {
    pub number: usize,
    /// The name of the operation, if one was given.
    pub op: String,
    pub outcome: Result<Outcome>,
    /// Whether this batch created its record.
    pub created: bool,
    /// The line as it was read.
    pub line: &'a BatchLine<'a>,
}

/// A line as it was read.
pub struct BatchLine<'a> {
    /// Counted from 1, blank lines included, as editors do.
    pub number: usize,
    bytes: &'a [u8],
}

impl<'a> BatchLine<'a> {
    /// Returns the lines that are not blank.
    pub fn all(bytes: &'a [u8]) -> Vec<BatchLine<'a>> {
        let lines = (1..).zip(bytes.split(|byte| *byte == b'\n'));
        let lines = lines.map(|(number, bytes)| BatchLine { number, bytes: bytes.trim_ascii() });
        lines.filter(|line| !line.bytes.is_empty()).collect()
    }

    /// Returns the fields, without those that are null.
    pub fn fields(&self) -> Result<Map<String, Value>> {
        let value = serde_json::from_slice(self.bytes).map_err(|e| {
            // The parser sees only one line, so drop the line number from its message.
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

/// Returns the name of the operation.
pub fn op(fields: &Map<String, Value>) -> Result<&str> {
    fields.get("op").and_then(Value::as_str).ok_or_else(|| {
        Error::usage("no \"op\" that names the operation").hint("`crdtctl batch --help` lists them")
    })
}

/// Returns the operation with this name.
///
/// # Errors
/// `Usage` if there is none.
pub fn declared(op: &str) -> Result<&'static Declaration> {
    operation::declared(op).ok_or_else(|| {
        let known: Vec<&str> = operation::OPERATIONS.iter().map(|known| known.op).collect();
        Error::usage(format!("there is no operation {op:?}"))
            .because(format!("expected one of {}", known.join(", ")))
            .hint("`crdtctl batch --help` lists them")
    })
}

/// Replaces references to earlier lines with their results.
pub fn refer(
    declared: &Declaration,
    fields: &mut Map<String, Value>,
    number: usize,
    earlier: &[Ran<'_>],
) -> Result<()> {
    let is_prose = |name: &str| declared.argument(name).is_some_and(|a| a.holds == Holds::Prose);
    for (name, value) in fields.iter_mut() {
        if let Value::String(text) = value
            && !is_prose(name)
            && let Some((line, part)) = reference(text)
        {
            *value = json!(result(line, part, number, earlier)?);
        }
    }
    Ok(())
}

/// The line and the field of a reference like `$3.id`.
fn reference(text: &str) -> Option<(usize, &str)> {
    let (line, field) = text.strip_prefix('$')?.split_once('.')?;
    let is_name = !field.is_empty() && field.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let is_number = line.bytes().all(|b| b.is_ascii_digit());
    line.parse().ok().filter(|_| is_name && is_number).map(|line| (line, field))
}

fn result(line: usize, field: &str, here: usize, earlier: &[Ran<'_>]) -> Result<String> {
    let wrong = |what: &str| Error::usage(format!("${line}.{field} {what}"));
    if line >= here {
        return Err(wrong("does not refer to an earlier line"));
    }
    let at = earlier.binary_search_by_key(&line, |ran| ran.number);
    let ran =
        at.ok().and_then(|at| earlier.get(at)).ok_or_else(|| wrong("refers to an empty line"))?;
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

/// The entities that lines can name, including those that the batch itself creates.
pub struct CreatedNames<'c> {
    context: &'c Context,
    entities: BTreeSet<EntityId>,
    default: Option<String>,
    known: HashMap<Option<String>, EntityId>,
}

impl<'c> CreatedNames<'c> {
    pub fn of(context: &'c Context, session: &Session) -> Result<CreatedNames<'c>> {
        let documents = session.documents()?;
        let docs = documents.iter().map(|document| &document.id);
        let entities = docs.filter(|doc| concern::of(doc).is_some()).filter_map(DocId::entity);
        Ok(CreatedNames {
            context,
            entities: entities.collect(),
            default: session.state().setting(DEFAULT_ENTITY)?,
            known: HashMap::new(),
        })
    }

    /// Records an entity that an operation may have created.
    pub fn learn(&mut self, doc: Option<&DocId>) {
        if let Some(entity) = doc.and_then(DocId::entity)
            && self.entities.insert(entity)
        {
            self.known.clear();
        }
    }

    /// Resolves an entity the way -e does.
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

    /// Returns the operation that the fields describe, and the files to attach.
    ///
    /// # Errors
    /// `Usage` for an unknown or a missing field; otherwise as [`resolve::entity`].
    pub fn operation(
        &mut self,
        declared: &Declaration,
        mut fields: Map<String, Value>,
    ) -> Result<(Operation, Vec<PathBuf>)> {
        let files = attach(declared, &mut fields)?;
        timed(declared, &mut fields)?;
        match (declared.within, fields.get("entity").and_then(Value::as_str)) {
            (Within::NewEntity, Some(named)) => {
                let entity = entity::new_entity(self.context, named)?;
                fields.insert("entity".to_owned(), json!(entity));
            }
            (Within::NewEntity, None) if !fields.contains_key("entity") => {
                return Err(lacks(declared, "entity"));
            }
            (Within::Entity, named) if named.is_some() || !fields.contains_key("entity") => {
                let entity = self.entity(named)?;
                fields.insert("entity".to_owned(), json!(entity));
            }
            _ => {}
        }
        let given = |argument: &&Argument| fields.contains_key(argument.name);
        if let Some(missing) = declared.takes.iter().find(|a| a.required && !given(a)) {
            return Err(lacks(declared, missing.name));
        }
        let names = declared.names();
        if let Some(unknown) = fields.keys().find(|n| *n != "op" && !names.contains(&n.as_str())) {
            let what = format!("{} has no field {unknown:?}", declared.op);
            return Err(Error::usage(what).hint(format!("it has {}", names.join(", "))));
        }
        let operation = serde_json::from_value(Value::Object(fields));
        Ok((operation.map_err(|e| unreadable(declared, e))?, files))
    }
}

fn lacks(declared: &Declaration, field: &str) -> Error {
    unreadable(declared, format!("missing field `{field}`"))
}

fn unreadable(declared: &Declaration, why: impl std::fmt::Display) -> Error {
    Error::usage(format!("{}: {why}", declared.op)).hint(TAKES)
}

/// Converts times as people write them to Unix seconds, so that the log means the same to every reader.
fn timed(declared: &Declaration, fields: &mut Map<String, Value>) -> Result<()> {
    for argument in declared.takes.iter().filter(|argument| argument.holds == Holds::Time) {
        let Some(given) = fields.get_mut(argument.name) else { continue };
        let seconds = match &*given {
            Value::String(text) => Some(time::fixed(text)?),
            // Other programs write fractions of a second; cut them off.
            Value::Number(number) => number
                .as_i64()
                .or_else(|| number.as_f64().filter(|n| n.is_finite()).map(|n| n.trunc() as i64)),
            _ => None,
        };
        let wrong = || unreadable(declared, format!("`{}` is not a time", argument.name));
        *given = json!(seconds.ok_or_else(wrong)?);
    }
    Ok(())
}

/// Returns the files that a line names; they become the last of its attachments.
fn attach(declared: &Declaration, fields: &mut Map<String, Value>) -> Result<Vec<PathBuf>> {
    let Some(named) = declared.takes.iter().find(|argument| argument.holds == Holds::Files) else {
        return Ok(Vec::new());
    };
    let wrong = |what: &str| Error::usage(format!("{}: {what}", declared.op));
    let none = || wrong(&format!("`{}` names a file, or several", named.name));
    let files = match fields.remove(named.name) {
        None => return Ok(Vec::new()),
        Some(Value::String(file)) => vec![Value::String(file)],
        Some(Value::Array(files)) => files,
        Some(_) => return Err(none()),
    };
    let (mut attachments, mut sources) = (Vec::new(), Vec::new());
    for file in &files {
        let file = Path::new(file.as_str().ok_or_else(none)?);
        attachments.push(json!(chat::attachment(file)?));
        sources.push(file.to_owned());
    }
    match fields.entry("attachments").or_insert_with(|| json!([])) {
        Value::Array(all) => all.extend(attachments),
        _ => return Err(wrong("`attachments` is an array")),
    }
    Ok(sources)
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
        let lines = BatchLine::all(b"{}\r\n\n  \n{\"a\":1}");
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 4]);
        assert!(lines[0].fields().unwrap().is_empty());
        assert!(BatchLine::all(b"").is_empty());
    }
}
