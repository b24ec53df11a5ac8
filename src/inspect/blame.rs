//! Attribution: who wrote which part of a text, which element, which key.

use super::steps::WrittenAt;
use crate::crdt::types::{AuthoredPart, JsonForm, SharedType, SharedTypes, SharedValue};
use crate::error::{Error, Result};
use crate::path::{key, step};
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

/// How the next step of a path is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepForm {
    /// As paths are printed: up to the next `/`, and escaped.
    Printed,
    /// As a person may write it: the longest name with which the rest begins, whatever is in the name.
    Plain,
}

impl StepForm {
    /// Splits a path into the name of its next step, which may be one of these, and the rest.
    fn split<'p, 'n>(
        self,
        path: &'p str,
        names: impl Iterator<Item = &'n str>,
    ) -> (String, Option<&'p str>) {
        let (first, rest) = match path.split_once('/') {
            Some((first, rest)) => (first, Some(rest)),
            None => (path, None),
        };
        if self == StepForm::Printed {
            return (key(first), rest);
        }
        let begins = |name: &&str| {
            path.strip_prefix(*name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match names.filter(begins).max_by_key(|name| name.len()) {
            Some(name) => (name.to_owned(), path.get(name.len().saturating_add(1)..)),
            None => (first.to_owned(), rest),
        }
    }
}

/// Returns the container at a path: a root, then keys and indices of elements, separated by `/`, as paths are
/// printed (see [`step`]). If that leads nowhere, names may be written as they are.
///
/// # Errors
/// `NotFound`, saying how far the path leads; `Usage` for a value that is not a container.
pub fn container(types: &SharedTypes, path: &str) -> Result<SharedType> {
    follow(types, path, StepForm::Printed).or_else(|_| follow(types, path, StepForm::Plain))
}

fn follow(types: &SharedTypes, path: &str, form: StepForm) -> Result<SharedType> {
    let (root, mut rest) = form.split(path, types.live_roots().map(|(name, _)| name));
    let Some(mut at) = types.live_root(&root) else {
        let roots: Vec<String> = types.live_roots().map(|(name, _)| step(name)).collect();
        let roots: Vec<&str> = roots.iter().map(String::as_str).collect();
        return Err(Error::not_found(format!("there is no root for {path}"))
            .hint(format!("the roots are {}", crate::error::listed(&roots))));
    };
    let mut way = step(&root);
    while let Some(left) = rest {
        let (name, after) = form.split(left, types.fields(at).map(|(key, _)| key));
        let keyed = types.fields(at).find(|(key, _)| *key == name).map(|(_, part)| part);
        let element = || types.elements(at).nth(name.parse().ok()?);
        let part = keyed.or_else(element);
        way = format!("{way}/{}", step(&name));
        at = match part {
            Some(SharedValue::Type(inner)) => inner,
            Some(_) => {
                return Err(Error::usage(format!("{way} is a plain value")).hint(
                    "name its container: each key and element in it is shown with its writer",
                ));
            }
            None => return Err(Error::not_found(format!("there is nothing at {way}"))),
        };
        rest = after;
    }
    Ok(at)
}
