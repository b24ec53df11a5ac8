//! The error for a record that is in the archive and no longer in its document.

use super::declaration::{Declaration, Holds};
use crate::archive;
use crate::error::{Error, Next, Result};
use crate::id::EntityId;
use crate::limits;
use crate::store::Session;
use serde_json::Value;

/// Turns a not-found error into one that says that the record is in the archive, where lists and
/// searches show it. `fields` are those of the operation that failed.
pub fn told_where(
    session: &mut Session,
    declared: &Declaration,
    fields: &Value,
    error: Error,
) -> Error {
    match find(session, declared, fields, &error) {
        Ok(Some((kind, id))) => Error::not_found(format!("{kind} {id} is in the archive"))
            .hint(Next::RestoreArchived(id).and(" brings it back into its document")),
        // If this lookup fails, the original error is what matters.
        Ok(None) | Err(_) => error,
    }
}

/// The kind and id of the only archived record that the missing name can stand for.
fn find(
    session: &mut Session,
    declared: &Declaration,
    fields: &Value,
    error: &Error,
) -> Result<Option<(String, String)>> {
    let field = |name: &str| fields.get(name).and_then(Value::as_str);
    let Some(entity) = field("entity").and_then(|entity| EntityId::parse(entity).ok()) else {
        return Ok(None);
    };
    let names = declared.takes.iter().filter(|argument| argument.holds == Holds::Value);
    let mut names = names.filter_map(|argument| field(argument.name)).filter(|name| {
        name.len() >= limits::PREFIX_CHARS && error.message.contains(&format!("{name:?}"))
    });
    let (Some(name), Some(archive)) = (names.next(), archive::of_session(session)?) else {
        return Ok(None);
    };
    let mut found = Vec::new();
    for doc in archive.documents()?.iter().filter(|doc| doc.entity().as_ref() == Some(&entity)) {
        for path in archive.beginning(doc, name)? {
            found.extend(archive.shown(doc, &path)?);
        }
    }
    Ok(match found.as_slice() {
        [only] => Some((only.kind().to_owned(), only.id().to_owned())),
        _ => None,
    })
}
