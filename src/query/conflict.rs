//! Values that lost a merge, and what they lost to.

use crate::archive::{self, ArchiveReader};
use crate::concern;
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::id::{DocId, EntityId};
use crate::merge::registers::PRUNED;
use crate::path::{DocPath, Keys};
use crate::schema::{self, Collection, FieldRole};
use crate::store::{Conflict, Reader, State};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The maximum length in characters of a record's title.
const TITLE: usize = 40;

/// A value that lost a merge.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LostValue {
    /// Its number in this store.
    pub number: i64,
    /// When it was decided, in Unix seconds.
    pub at: i64,
    /// The document that was merged.
    pub doc: DocId,
    /// The kind of record; `None` if that is no longer known.
    pub kind: Option<String>,
    /// The id of the record.
    pub id: Option<String>,
    /// The field, its steps joined by dots.
    pub field: Option<String>,
    /// The path of the field from its root.
    pub path: DocPath,
    /// `later`, `greater`, `unclocked`, `deleted`, `pruned`, `replaced` or `orphaned`.
    pub rule: String,
    /// The value after the merge; `None` if there was none.
    pub winner: Option<Value>,
    /// When it was written, by its field's clock.
    pub winner_at: Option<i64>,
    /// Whose bundle brought it; `None` if it was already here.
    pub winner_by: Option<String>,
    /// The losing value; `None` if JSON cannot show it.
    pub loser: Option<Value>,
    /// When it was written, by its field's clock.
    pub loser_at: Option<i64>,
    /// Whose bundle brought it; `None` if it was already here.
    pub loser_by: Option<String>,
    /// When it was restored, in Unix seconds.
    pub restored_at: Option<i64>,
    /// Whether somebody here decided that it can stay lost.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dismissed: bool,
}

/// Which values are listed; by default all.
#[derive(Debug, Clone, Default)]
pub struct ConflictFilter {
    /// Only those decided from this time on, in Unix seconds.
    pub since: Option<i64>,
    /// Only those of this document.
    pub doc: Option<DocId>,
    /// Only those of these entities.
    pub entities: Option<BTreeSet<EntityId>>,
    /// Includes dismissed ones.
    pub dismissed: bool,
}

/// The local setting that keeps the numbers of dismissed conflicts.
const DISMISSED: &str = "dismissed conflicts";

/// The result of [`dismissal`]: the setting to keep, and how many become dismissed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismissal {
    /// The name of the local setting.
    pub key: &'static str,
    /// Its new value.
    pub value: String,
    /// How many were not dismissed before.
    pub count: usize,
}

/// Returns what to store to dismiss some conflicts; without numbers all that were not restored.
///
/// # Errors
/// `NotFound` for an unknown number.
pub fn dismissal(reader: &Reader, numbers: &[i64]) -> Result<Dismissal> {
    let conflicts = all(reader)?;
    let before = dismissed(reader.state())?;
    let missing = numbers.iter().find(|number| conflicts.iter().all(|one| one.id != **number));
    if let Some(number) = missing {
        return Err(Error::not_found(format!("no conflict {number}")));
    }
    let is_meant = |conflict: &&Conflict| match numbers {
        [] => conflict.restored.is_none(),
        numbers => numbers.contains(&conflict.id),
    };
    let mut after: BTreeSet<i64> = conflicts.iter().filter(is_meant).map(|one| one.id).collect();
    let count = after.difference(&before).count();
    // Conflicts that are no longer kept are dropped from the setting.
    after.extend(conflicts.iter().map(|one| one.id).filter(|id| before.contains(id)));
    let value = serde_json::json!(after).to_string();
    Ok(Dismissal { key: DISMISSED, value, count })
}

fn dismissed(state: Option<&State>) -> Result<BTreeSet<i64>> {
    let kept = state.map_or(Ok(None), |state| state.setting(DISMISSED))?;
    Ok(kept.and_then(|kept| serde_json::from_str(&kept).ok()).unwrap_or_default())
}

/// Returns how many losing values were neither restored nor dismissed. Reads no document, unless a record went
/// into the archive with what was lost.
///
/// # Errors
/// As [`list`].
pub fn open(reader: &Reader) -> Result<usize> {
    let conflicts = still_lost(reader, all(reader)?);
    let dismissed = dismissed(reader.state())?;
    let is_open = |one: &&Conflict| one.restored.is_none() && !dismissed.contains(&one.id);
    Ok(conflicts.iter().filter(is_open).count())
}

/// Returns the losing values that are still kept, the latest first, without those that are shown after all.
///
/// # Errors
/// `Io` and `Corrupt` if the local state cannot be read.
pub fn list(reader: &Reader, filter: &ConflictFilter) -> Result<Vec<LostValue>> {
    let mut found = still_lost(reader, all(reader)?);
    let dismissed = dismissed(reader.state())?;
    found.retain(|conflict| {
        let of_these = |these: &BTreeSet<EntityId>| {
            conflict.doc.entity().is_some_and(|entity| these.contains(&entity))
        };
        (filter.dismissed || !dismissed.contains(&conflict.id))
            && filter.since.is_none_or(|since| conflict.at >= since)
            && filter.doc.as_ref().is_none_or(|doc| conflict.doc == *doc)
            && filter.entities.as_ref().is_none_or(of_these)
    });
    let lost = found.into_iter().map(LostValue::from);
    Ok(lost.map(|lost| LostValue { dismissed: dismissed.contains(&lost.number), ..lost }).collect())
}

/// Returns the losing value with this number.
///
/// # Errors
/// `NotFound` for an unknown number.
pub fn find(reader: &Reader, number: i64) -> Result<LostValue> {
    let found = all(reader)?.into_iter().find(|conflict| conflict.id == number);
    let dismissed = dismissed(reader.state())?.contains(&number);
    found
        .map(|conflict| LostValue { dismissed, ..LostValue::from(conflict) })
        .ok_or_else(|| Error::not_found(format!("no conflict {number}")))
}

/// Readable names for what a conflict refers to by ids; `None` if they are no longer known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The record: its title, or the beginning of its text.
    pub record: Option<String>,
    /// The title of what the winning value refers to; `None` if it is not an id.
    pub winner: Option<String>,
    /// The title of what the losing value refers to; `None` if it is not an id.
    pub loser: Option<String>,
}

/// Returns the names for a conflict, from the current document.
pub fn names(reader: &Reader, lost: &LostValue) -> Names {
    let (Some(spec), Ok(Some(view))) = (concern::of(&lost.doc), reader.view(&lost.doc)) else {
        return Names::default();
    };
    let Some((collection, steps)) = schema::place(spec, &lost.path) else {
        return Names::default();
    };
    let field = lost.path.get(steps).map_or("", String::as_str);
    let is_reference =
        collection.field(field).is_some_and(|field| field.role == FieldRole::Reference);
    let title = |collection: &Collection, path: &[&str]| {
        short(&view.text(&[path, &[collection.heading()?]].concat())?)
    };
    let referred = |value: &Option<Value>| {
        let id = value.as_ref().filter(|_| is_reference)?.as_str()?;
        let beside = spec.collections.iter().filter(|other| other.path.len() == 1);
        let mut titles = beside.map(|other| title(other, &[other.path, &[id]].concat()));
        titles.find_map(|title| title)
    };
    let record = lost.path.get(..steps).unwrap_or_default();
    let archived = || short(&archived_heading(reader, &lost.doc, collection, record)?);
    Names {
        record: title(collection, &record.steps()).or_else(archived),
        winner: referred(&lost.winner),
        loser: referred(&lost.loser),
    }
}

/// Returns the beginning of a text; `None` if it is empty.
fn short(text: &str) -> Option<String> {
    let start: String = text.chars().take(TITLE).collect();
    let cut = start.len() < text.len();
    (!text.is_empty()).then(|| if cut { format!("{start}…") } else { start })
}

/// Returns the text by which people recognise a record that is in the archive, or in a record there.
fn archived_heading(
    reader: &Reader,
    doc: &DocId,
    collection: &Collection,
    record: &[String],
) -> Option<String> {
    let path = record.child(collection.heading()?);
    let (archived, field) = archive::inside(doc, &path)?;
    let shown = ArchiveReader::of(reader).ok()??.shown(doc, archived).ok()??;
    shown.at(field)?.as_str().map(str::to_owned)
}

fn all(reader: &Reader) -> Result<Vec<Conflict>> {
    reader.state().map_or_else(|| Ok(Vec::new()), State::conflicts)
}

/// Leaves out what is shown after all, and what is there twice: a record that left its document takes along
/// into the archive what was written to it too late for the document.
fn still_lost(reader: &Reader, mut conflicts: Vec<Conflict>) -> Vec<Conflict> {
    let left = |conflict: &Conflict| {
        [PRUNED, archive::LOST].contains(&&*conflict.rule) && conflict.restored.is_none()
    };
    if !conflicts.iter().any(left) {
        return conflicts;
    }
    // The archive knows of the same value what it lost to.
    let said = |conflict: &Conflict| {
        let value = conflict.loser.value.as_ref().map(Value::to_string);
        (conflict.doc.clone(), conflict.path.clone(), value)
    };
    let known = conflicts.iter().filter(|conflict| conflict.rule == archive::LOST);
    let known: BTreeSet<_> = known.map(said).collect();
    conflicts.retain(|conflict| conflict.rule != PRUNED || !known.contains(&said(conflict)));
    // Without an archive that can be read, all of them count as lost.
    if let Ok(Some(archive)) = ArchiveReader::of(reader) {
        let mut views = BTreeMap::new();
        conflicts.retain(|conflict| {
            !(left(conflict) && is_shown(reader, &archive, &mut views, conflict))
        });
    }
    conflicts
}

/// Returns whether a record that was archived shows a value, wherever it is now. `views` are the documents that
/// were read already.
fn is_shown(
    reader: &Reader,
    archive: &ArchiveReader,
    views: &mut BTreeMap<DocId, Option<View>>,
    conflict: &Conflict,
) -> bool {
    let (doc, path) = (&conflict.doc, &conflict.path);
    let Some((record, field)) = archive::inside(doc, path) else { return false };
    if record.last().is_some_and(String::is_empty) {
        return is_shown_somewhere(reader, archive, views, conflict);
    }
    if !archive.versions(doc, record).is_ok_and(|versions| !versions.is_empty()) {
        return false;
    }
    let view = views.entry(doc.clone()).or_insert_with(|| reader.view(doc).ok().flatten());
    let shown = match view {
        Some(view) if view.exists(&record.steps()) => view.value(&path.steps()),
        _ => archive.shown(doc, record).ok().flatten().and_then(|shown| shown.at(field)),
    };
    shown.is_some_and(|shown| Some(shown.to_json()) == conflict.loser.value)
}

/// Returns whether any record shows a comment: it is not known which one it was written to.
fn is_shown_somewhere(
    reader: &Reader,
    archive: &ArchiveReader,
    views: &mut BTreeMap<DocId, Option<View>>,
    conflict: &Conflict,
) -> bool {
    let (doc, path) = (&conflict.doc, conflict.path.steps());
    let ([root, _, inside @ ..], Some(Value::String(text))) = (&path[..], &conflict.loser.value)
    else {
        return false;
    };
    let id = inside.get(1).copied().unwrap_or_default();
    if archive.shows_comment(doc, id, text).unwrap_or(false) {
        return true;
    }
    let view = views.entry(doc.clone()).or_insert_with(|| reader.view(doc).ok().flatten());
    let says = |view: &View, record: &str| {
        view.text(&[&[*root, record], inside].concat()).is_some_and(|said| said == *text)
    };
    view.as_ref().is_some_and(|view| view.keys(&[root]).iter().any(|record| says(view, record)))
}

impl From<Conflict> for LostValue {
    fn from(conflict: Conflict) -> LostValue {
        let spec = concern::of(&conflict.doc);
        let place = spec.and_then(|spec| schema::place(spec, &conflict.path));
        let (id, field) = match place {
            Some((_, steps)) => {
                let (record, field) = conflict.path.split_at(steps);
                (record.last().cloned(), Some(field.join(".")))
            }
            None => (None, None),
        };
        LostValue {
            number: conflict.id,
            at: conflict.at,
            doc: conflict.doc,
            kind: conflict.noun,
            id,
            field,
            path: conflict.path,
            rule: conflict.rule,
            winner: conflict.winner.value,
            winner_at: conflict.winner.at,
            winner_by: conflict.winner.by,
            loser: conflict.loser.value,
            loser_at: conflict.loser.at,
            loser_by: conflict.loser.by,
            restored_at: conflict.restored,
            dismissed: false,
        }
    }
}
