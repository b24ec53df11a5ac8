//! Records: whether they are shared types, and whether their id fields match their keys.

use super::{Edit, Fix, Found};
use crate::concern::plain;
use crate::crdt::source::{Shared, Source};
use crate::crdt::view::{LentValue, View};
use crate::path::{DocPath, Keys};
use crate::schema::{Collection, Field, Spec};
use crate::store::check::FindingKind;

static ID_DIFFERS: FindingKind = FindingKind::warning("id-differs");

/// Returns plain values where shared types belong.
pub fn plain(spec: &'static Spec, view: &View) -> Vec<Found> {
    let to_found = |plain: plain::PlainRecord| Found {
        kind: &plain::PLAIN_VALUE,
        message: format!(
            "{} was written as a plain value: of two concurrent edits one is lost; repairing rewrites it \
             as a shared type",
            plain.name()
        ),
        fix: Fix::Edit(Edit::Plain(plain.detail())),
        detail: plain.detail(),
    };
    plain::find(spec, view).into_iter().map(to_found).collect()
}

/// Returns records whose id field differs from their key.
pub fn ids(spec: &'static Spec, view: &View) -> Vec<Found> {
    let mut found = Vec::new();
    for collection in spec.collections {
        let Some(field) = collection.fields.first() else { continue };
        for home in collection.homes(view) {
            let agrees = |record: LentValue<'_>, key: &str| match record {
                LentValue::Map(record) => match record.get(field.name) {
                    Some(LentValue::Plain(id)) => id.as_str().is_none_or(|id| id == key),
                    other => other.is_none(),
                },
                // It has no field that could be written.
                _ => true,
            };
            if let Some(LentValue::Map(records)) = view.lent_at(&home.steps())
                && records.fields().all(|(key, record)| agrees(record, key))
            {
                continue;
            }
            for (key, recorded) in view.fields(&home.steps(), &[field.name]) {
                let recorded = recorded.first().and_then(|recorded| recorded.as_ref()?.as_str());
                let Some(recorded) = recorded.filter(|recorded| *recorded != key) else { continue };
                let path = home.child(&key);
                if view.shared(&path.steps()) == Some(Shared::Map) {
                    found.push(differs(collection, field, path, &key, recorded));
                }
            }
        }
    }
    found
}

fn differs(
    collection: &Collection,
    field: &Field,
    path: DocPath,
    key: &str,
    recorded: &str,
) -> Found {
    Found {
        kind: &ID_DIFFERS,
        detail: path.join("/"),
        message: format!(
            "{} {key} gives itself another {}, {recorded:?}; commands know it by its key, and \
             repairing writes that there",
            collection.noun, field.name
        ),
        fix: Fix::Edit(Edit::Id(path, field.name)),
    }
}
