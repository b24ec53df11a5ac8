//! Attribution: who wrote which part of a text, which element, which key.

use super::steps::WrittenAt;
use crate::crdt::types::{AuthoredPart, JsonForm, SharedType, SharedTypes, SharedValue};
use crate::error::{Error, Result};
use serde::Serialize;

/// The maximum length in bytes of a shown value.
const SHOWN: usize = 200;

/// A part of a container and its writer; public API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlamedPart {
    /// The key, or the index of the element or of the first UTF-16 unit of a text.
    pub place: String,
    /// The client id that wrote it.
    pub client: String,
    /// Its first clock.
    pub from: u32,
    /// Its last clock.
    pub to: u32,
    /// When it was written, in Unix seconds, if that is recorded.
    pub at: Option<i64>,
    /// The text, or the value in JSON.
    pub what: String,
}

/// Returns who wrote the content of a container, one row per piece of text, element or key.
pub fn blame(types: &SharedTypes, container: SharedType, times: &WrittenAt) -> Vec<BlamedPart> {
    let mut parts: Vec<BlamedPart> = Vec::new();
    let mut place = 0u32;
    for AuthoredPart { id, units, key, part } in types.authored(container) {
        let is_text = key.is_none() && types.kind(container).is_text();
        let at = times.of_unit(id);
        let what = match &part {
            SharedValue::Value(value) if is_text => match value.as_str() {
                Some(text) => text.to_owned(),
                None => value.to_json().to_string(),
            },
            SharedValue::Value(value) => cut(value.to_json().to_string()),
            SharedValue::Deep(_) => "…".to_owned(),
            SharedValue::Document(guid) => format!("document {guid}"),
            SharedValue::Type(inner) => cut(types.json_text(*inner, JsonForm::Plain)),
        };
        let to = id.clock.saturating_add(units.saturating_sub(1));
        let client = id.client.to_string();
        let row = BlamedPart {
            place: key.map_or_else(|| place.to_string(), str::to_owned),
            client,
            from: id.clock,
            to,
            at,
            what,
        };
        if key.is_none() {
            place = place.saturating_add(units);
        }
        match parts.last_mut() {
            Some(last) if is_text && goes_on(last, &row) => {
                last.to = row.to;
                last.what.push_str(&row.what);
            }
            _ => parts.push(row),
        }
    }
    parts
}

fn goes_on(last: &BlamedPart, next: &BlamedPart) -> bool {
    last.client == next.client && last.at == next.at && last.to.checked_add(1) == Some(next.from)
}

fn cut(mut text: String) -> String {
    if text.len() > SHOWN {
        let end = (0..=SHOWN).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Returns the container at a path: a root, then keys and indices of elements, separated by `/`.
///
/// # Errors
/// `NotFound`, saying how far the path leads; `Usage` for a value that is not a container.
pub fn container(types: &SharedTypes, path: &str) -> Result<SharedType> {
    let root = types
        .live_roots()
        .filter(|(name, _)| {
            path == *name || path.strip_prefix(name).is_some_and(|r| r.starts_with('/'))
        })
        .max_by_key(|(name, _)| name.len());
    let Some((name, mut at)) = root else {
        let roots: Vec<&str> = types.live_roots().map(|(name, _)| name).collect();
        return Err(Error::not_found(format!("there is no root for {path}"))
            .hint(format!("the roots are {}", crate::error::listed(&roots))));
    };
    let rest = path.get(name.len()..).unwrap_or_default();
    let mut way = name.to_owned();
    for step in rest.split('/').skip(1) {
        let keyed = types.fields(at).find(|(key, _)| *key == step).map(|(_, part)| part);
        let element = || types.elements(at).nth(step.parse().ok()?);
        let part = keyed.or_else(element);
        way = format!("{way}/{step}");
        at = match part {
            Some(SharedValue::Type(inner)) => inner,
            Some(_) => {
                return Err(Error::usage(format!("{way} is a plain value")).hint(
                    "name its container: each key and element in it is shown with its writer",
                ));
            }
            None => return Err(Error::not_found(format!("there is nothing at {way}"))),
        };
    }
    Ok(at)
}
