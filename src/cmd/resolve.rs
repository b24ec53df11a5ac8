//! Resolves what people type: unique prefixes, entities, documents.

use crate::error::{Error, Hint, Kind, Next, Result};
use crate::id::{self, DocId, EntityId};
use crate::limits::PREFIX_CHARS;
use crate::wire::Fault;
use std::collections::BTreeSet;

/// Maximum number of candidates that an error names.
const NAMED: usize = 8;

/// Resolves as [`id::resolve`], with an error that names the command that lists the candidates.
pub fn prefix<'c>(
    wanted: &str,
    candidates: impl Iterator<Item = &'c str>,
    noun: &str,
    list: &str,
) -> Result<String> {
    id::resolve(wanted, candidates, noun)
        .map_err(|error| error.hint_also(format!("`{list}` shows them")))
}

/// Adds to a not-found error the command that shows what there is.
pub fn hinted(error: Error, hint: impl Into<Hint>) -> Error {
    match error.kind {
        Kind::NotFound => error.hint_else(hint),
        _ => error,
    }
}

/// Returns the entity that a command is about: the named one, else the store's default, else the only
/// one.
///
/// # Errors
/// `NotFound` and `Ambiguous` as in [`prefix`]; `Usage` if none is named and there are several.
pub fn entity(
    named: Option<&str>,
    default: Option<&str>,
    entities: &BTreeSet<EntityId>,
) -> Result<EntityId> {
    if let Some(wanted) = named {
        return named_entity(wanted, entities);
    }
    if let Some(default) = default {
        return entities.iter().find(|entity| entity.as_str() == default).cloned().ok_or_else(
            || {
                Error::not_found(format!("the default entity {default:?} is not in this store"))
                    .hint("`crdtctl entity use` sets another")
            },
        );
    }
    match entities.first() {
        None => Err(Error::not_found("there is no entity in this store")
            .hint("`crdtctl entity create` makes one, `crdtctl sync import` brings some")),
        Some(only) if entities.len() == 1 => Ok(only.clone()),
        Some(_) => Err(Error::new(
            Kind::Usage,
            listing("which entity?", entities.iter().map(EntityId::as_str)),
        )
        .hint("name one with `-e`, or set a default with `crdtctl entity use`")),
    }
}

/// Resolves `TYPE:ID`, an id alone, or a prefix of either.
fn named_entity(wanted: &str, entities: &BTreeSet<EntityId>) -> Result<EntityId> {
    let exact = |entity: &&EntityId| entity.as_str() == wanted;
    if let Some(entity) = entities.iter().find(exact) {
        return Ok(entity.clone());
    }
    let same_id: BTreeSet<&str> =
        entities.iter().filter(|entity| entity.id() == wanted).map(EntityId::as_str).collect();
    let begun =
        |entity: &&EntityId| entity.as_str().starts_with(wanted) || entity.id().starts_with(wanted);
    let is_short = same_id.is_empty() && wanted.chars().count() < PREFIX_CHARS;
    let matching = match same_id.is_empty() {
        false => same_id,
        true => entities.iter().filter(begun).map(EntityId::as_str).collect(),
    };
    match matching.first() {
        Some(_) if is_short => {
            let what = format!("{wanted:?} is too short to name an entity:");
            Err(Error::usage(listing(&what, matching.iter().copied()))
                .hint(format!("give at least {PREFIX_CHARS} characters of one")))
        }
        Some(only) if matching.len() == 1 => EntityId::parse(only),
        Some(_) => Err(ambiguous(&format!("{wanted:?} fits more than one entity"), &matching)
            .hint("write it as TYPE:ID")),
        None => Err(Error::not_found(format!("no entity {wanted:?}"))
            .hint("`crdtctl entity list` shows them, `crdtctl entity create` makes one")),
    }
}

/// Returns the document that an argument names: by its id, a concern of the current entity (`chat`),
/// `ENTITY:CONCERN` with the entity written as for `-e`, or a unique prefix of the id.
///
/// # Errors
/// `NotFound` and `Ambiguous`, and that of `current` if there is no current entity.
pub fn document(
    wanted: &str,
    documents: &[DocId],
    concerns: &[&str],
    current: impl FnOnce() -> Result<EntityId>,
) -> Result<DocId> {
    if let Some(doc) = documents.iter().find(|doc| doc.as_str() == wanted) {
        return Ok(doc.clone());
    }
    let of_entity = if concerns.contains(&wanted) {
        Some(current()?.document(wanted))
    } else {
        match wanted.rsplit_once(':') {
            Some((entity, concern)) if concerns.contains(&concern) => {
                let entities = documents.iter().filter_map(DocId::entity).collect();
                named_entity(entity, &entities).ok().map(|entity| entity.document(concern))
            }
            _ => None,
        }
    };
    if let Some(doc) = of_entity {
        return match documents.contains(&doc) {
            true => Ok(doc),
            false => Err(Error::not_found(format!("there is no document {doc}"))
                .hint(Next::Documents.and(" shows them"))),
        };
    }
    let ids = documents.iter().map(DocId::as_str);
    DocId::parse(&prefix(wanted, ids, "document", "crdtctl doc list")?)
}

fn ambiguous(what: &str, candidates: &BTreeSet<&str>) -> Error {
    Error::new(Kind::Ambiguous, listing(&format!("{what}:"), candidates.iter().copied()))
}

/// Returns a sentence and, below it, the candidates, or the first few of many.
fn listing<'c>(what: &str, candidates: impl ExactSizeIterator<Item = &'c str>) -> String {
    let more = candidates.len().saturating_sub(NAMED);
    let mut lines = vec![what.to_owned()];
    lines.extend(candidates.take(NAMED).map(str::to_owned));
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

/// Returns the error for a document that does not exist.
pub fn missing(id: &DocId) -> Error {
    Error::not_found(format!("there is no document {id}")).hint(Next::Documents.and(" shows them"))
}

/// Returns the error for a file that does not decode as a document.
pub fn undecodable(name: &str, fault: &Fault) -> Error {
    Error::corrupt(format!("{name} does not decode")).because(fault.clone()).hint(
        Next::Check(Some(name.to_owned()))
            .and(" says more; ")
            .next(Next::Recover(name.to_owned()))
            .and(" keeps what can be read of it"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_that_begins_nothing_names_the_list() {
        let ids = ["3f2a1b2c-aaaa", "3f2a1b2c-bbbb", "77777777"];
        let find = |wanted| prefix(wanted, ids.into_iter(), "message", "crdtctl chat list");
        assert_eq!(find("7777").unwrap(), "77777777");
        let error = find("9999").unwrap_err();
        assert_eq!(error.kind, Kind::NotFound);
        assert_eq!(error.hint, Some("`crdtctl chat list` shows them".into()));
        assert_eq!(find("3f2a").unwrap_err().kind, Kind::Ambiguous);
        assert_eq!(find("").unwrap_err().kind, Kind::Usage);
        let short = find("3f").unwrap_err().hint.map(|hint| hint.told(|_| String::new()));
        let told = "give at least 4 characters of one: 3f2a1b2c-aaaa, 3f2a1b2c-bbbb; \
                    `crdtctl chat list` shows them";
        assert_eq!(short.as_deref(), Some(told));
    }

    fn entities(ids: &[&str]) -> BTreeSet<EntityId> {
        ids.iter().map(|id| EntityId::parse(id).unwrap()).collect()
    }

    #[test]
    fn an_entity_is_named_in_three_ways() {
        let two = entities(&["group:ocean-forest", "channel:ocean-forest", "group:stone"]);
        assert_eq!(entity(Some("group:stone"), None, &two).unwrap().as_str(), "group:stone");
        assert_eq!(entity(Some("stone"), None, &two).unwrap().as_str(), "group:stone");
        assert_eq!(entity(Some("group:s"), None, &two).unwrap().as_str(), "group:stone");
        assert_eq!(entity(Some("ocean-forest"), None, &two).unwrap_err().kind, Kind::Ambiguous);
        assert_eq!(entity(Some("sto"), None, &two).unwrap_err().kind, Kind::Usage);
        assert_eq!(entity(Some("xyz"), None, &two).unwrap_err().kind, Kind::NotFound);
        assert_eq!(entity(Some("ocean"), None, &two).unwrap_err().kind, Kind::Ambiguous);
    }

    #[test]
    fn without_a_name_the_default_or_the_only_one() {
        let two = entities(&["group:a", "group:b"]);
        assert_eq!(entity(None, Some("group:b"), &two).unwrap().as_str(), "group:b");
        assert_eq!(entity(None, Some("group:c"), &two).unwrap_err().kind, Kind::NotFound);
        assert_eq!(entity(None, None, &two).unwrap_err().kind, Kind::Usage);
        assert_eq!(entity(None, None, &entities(&["group:a"])).unwrap().as_str(), "group:a");
        assert_eq!(entity(None, None, &entities(&[])).unwrap_err().kind, Kind::NotFound);
    }

    fn doc(wanted: &str) -> Result<DocId> {
        let ids = ["group:ocean:chat", "group:ocean:core", "group:stone:chat", "invites:global:x"];
        let documents = ids.map(|id| DocId::parse(id).unwrap());
        document(wanted, &documents, &["core", "chat", "canvas"], || EntityId::parse("group:ocean"))
    }

    #[test]
    fn a_document_is_named_in_four_ways() {
        assert_eq!(doc("group:ocean:core").unwrap().as_str(), "group:ocean:core");
        assert_eq!(doc("core").unwrap().as_str(), "group:ocean:core");
        assert_eq!(doc("stone:chat").unwrap().as_str(), "group:stone:chat");
        assert_eq!(doc("invi").unwrap().as_str(), "invites:global:x");
        assert_eq!(doc("group").unwrap_err().kind, Kind::Ambiguous);
        assert_eq!(doc("canvas").unwrap_err().kind, Kind::NotFound);
        assert_eq!(doc("nothing").unwrap_err().kind, Kind::NotFound);
    }
}
