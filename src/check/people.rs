//! Members: who is one, who owns the entity, and who is named without being one.

use super::{Edit, Fix, Found};
use crate::concern::core::{self, active_role};
use crate::concern::plain::PLAIN_VALUE;
use crate::crdt::source::{Shared, Source};
use crate::crdt::view::{LentPlain, LentValue, View};
use crate::error::{Next, Result, one};
use crate::id::EntityId;
use crate::path::Keys;
use crate::policy::Role;
use crate::schema::{Field, FieldRole, METADATA, Spec};
use crate::store::check::FindingKind;
use crate::wire::Value;
use std::collections::{BTreeMap, BTreeSet};

pub static WRONG_CACHE: FindingKind = FindingKind::warning("wrong-cache");
static DELETED_BUT_ACTIVE: FindingKind = FindingKind::warning("deleted-but-active");
static NO_OWNER: FindingKind = FindingKind::warning("no-owner");
static UNKNOWN_AUTHOR: FindingKind = FindingKind::info("unknown-author");
static UNKNOWN_ASSIGNEE: FindingKind = FindingKind::info("unknown-assignee");

/// Returns everybody who is or was a member according to a core document: a member who left, and whose
/// tombstone was pruned, is not a stranger.
pub fn known(view: &View) -> Result<BTreeSet<String>> {
    core::ever(view, core::SPEC.roots)
}

/// Returns what is wrong with a core document.
pub fn core(entity: &EntityId, view: &View) -> Vec<Found> {
    let mut found = active_members(view);
    found.extend(no_owner(entity, view));
    found
}

/// Compares the cache `active_members` with the records (rule R5). Other programs count its keys, whatever
/// their values are.
fn active_members(view: &View) -> Vec<Found> {
    let active = core::active(view);
    let records: BTreeSet<String> = view.keys(core::MEMBERS.path).into_iter().collect();
    let cached: BTreeSet<String> = view.keys(&[core::ACTIVE]).into_iter().collect();
    let mut found = Vec::new();
    for member in active.keys().filter(|member| !view.flag(&[core::ACTIVE, member])) {
        found.push((
            &WRONG_CACHE,
            member,
            format!("active_members does not name {member}, who is active"),
        ));
    }
    for member in cached.iter().filter(|member| !active.contains_key(*member)) {
        found.push(match records.contains(member) {
            true => (
                &DELETED_BUT_ACTIVE,
                member,
                format!("{member} is removed, and active_members still names them: other programs wait for their acknowledgements"),
            ),
            false => (&WRONG_CACHE, member, format!("active_members names {member}, who has no record")),
        });
    }
    let to_found = |(kind, member, message): (&'static FindingKind, &String, String)| Found {
        kind,
        detail: format!("active_members/{member}"),
        message,
        fix: Fix::Edit(Edit::ActiveMember(member.clone())),
    };
    found.into_iter().map(to_found).collect()
}

fn no_owner(entity: &EntityId, view: &View) -> Option<Found> {
    let members = core::active(view);
    let is_entity = !view.keys(&["metadata"]).is_empty() || !view.keys(&["members"]).is_empty();
    let owned = members.keys().any(|id| active_role(view, id) == Some(Role::Owner));
    if owned || !is_entity {
        return None;
    }
    let (message, fix) = match heir(view) {
        // The other finding comes first.
        Some(heir) if view.shared(&["members", &heir]) != Some(Shared::Map) => {
            let detail = format!("members/{heir}");
            let repair = PLAIN_VALUE.id(Some(&entity.document(core::SPEC.name)), &detail);
            (
                format!(
                    "{entity} has no owner; {heir}, who comes next, has a plain value as its record"
                ),
                Fix::Next(Next::Repair(Some(repair))),
            )
        }
        Some(heir) => (
            format!(
                "{entity} has no owner; repairing makes {heir} one, who comes next by role and time"
            ),
            Fix::Edit(Edit::Owner),
        ),
        None => {
            let creator = METADATA.named(FieldRole::Creator);
            let creator = creator.and_then(|by| view.text(&["metadata", by]));
            let creator = creator.filter(|by| !by.is_empty());
            let creator = creator.unwrap_or_else(|| "MEMBER".to_owned());
            (
                format!("{entity} has no owner, and no active member either"),
                Fix::Next(Next::AddMember {
                    member: creator.clone(),
                    role: Role::Owner.to_string(),
                    entity: Some(entity.to_string()),
                    by: Some(creator),
                }),
            )
        }
    };
    Some(Found { kind: &NO_OWNER, detail: String::new(), message, fix })
}

/// Returns who becomes owner if there is none: of those with the highest role, whoever joined first. The same
/// on every replica.
pub fn heir(source: &dyn Source) -> Option<String> {
    let members = core::active(source);
    let role = |id: &str| active_role(source, id).unwrap_or(Role::Guest);
    members
        .iter()
        .min_by_key(|(id, joined)| (std::cmp::Reverse(role(id)), **joined, (*id).clone()))
        .map(|(id, _)| id.clone())
}

/// Returns the kind of finding if a field names somebody who is not a member; `None` for a field that names
/// nobody.
fn unknown(field: &Field) -> Option<&'static FindingKind> {
    match field.role {
        FieldRole::Author | FieldRole::Creator => Some(&UNKNOWN_AUTHOR),
        FieldRole::Assignee => Some(&UNKNOWN_ASSIGNEE),
        _ => None,
    }
}

/// Counts a member that a record names.
type Count<'c> = dyn FnMut(&'static FindingKind, &'static str, &str) + 'c;

/// Returns authors and assignees who are not members and never were, as far as the core document knows; one
/// finding for each.
pub fn strangers(
    entity: &EntityId,
    spec: &Spec,
    view: &View,
    members: &BTreeSet<String>,
) -> Vec<Found> {
    let mut counts: BTreeMap<(&'static str, String), (&'static FindingKind, &'static str, usize)> =
        BTreeMap::new();
    let mut count = |kind: &'static FindingKind, noun: &'static str, member: &str| {
        if !member.is_empty() && !members.contains(member) {
            counts.entry((kind.name, member.to_owned())).or_insert((kind, noun, 0)).2 += 1;
        }
    };
    for collection in spec.collections {
        let naming = collection.fields.iter().filter_map(|field| Some((field, unknown(field)?)));
        let naming: Vec<(&Field, &'static FindingKind)> = naming.collect();
        if naming.is_empty() {
            continue;
        }
        let flag = collection.tombstone.as_ref().map(|tombstone| tombstone.flag);
        let names: Vec<&str> = naming.iter().map(|(field, _)| field.name).chain(flag).collect();
        for home in collection.homes(view) {
            let in_values = |mut values: Vec<Option<Value>>, count: &mut Count<'_>| {
                if flag.is_some() && values.pop().flatten() == Some(Value::Bool(true)) {
                    return;
                }
                for ((_, kind), value) in naming.iter().zip(values) {
                    if let Some(Value::String(member)) = value {
                        count(kind, collection.noun, &member);
                    }
                }
            };
            let Some(LentValue::Map(records)) = view.lent_at(&home.steps()) else {
                let records = view.fields(&home.steps(), &names).into_iter();
                records.for_each(|(_, values)| in_values(values, &mut count));
                continue;
            };
            for (key, record) in records.fields() {
                let LentValue::Map(record) = record else {
                    let value = |name: &&str| view.value(&home.child(key).field(name));
                    in_values(names.iter().map(value).collect(), &mut count);
                    continue;
                };
                let plain = |name: &str| match record.get(name)? {
                    LentValue::Plain(plain) => Some(plain),
                    _ => None,
                };
                let is_true = |flag| plain(flag).is_some_and(|flag| flag.is_true());
                if flag.is_some_and(is_true) {
                    continue;
                }
                for (field, kind) in &naming {
                    if let Some(member) = plain(field.name).and_then(LentPlain::as_str) {
                        count(kind, collection.noun, member);
                    }
                }
            }
        }
    }
    counts
        .into_iter()
        .map(|((_, member), (kind, noun, records))| {
            let more =
                if records == 1 { String::new() } else { format!(" and {} more", records - 1) };
            let verb = if kind.name == UNKNOWN_AUTHOR.name { "wrote" } else { "is assigned" };
            Found {
                kind,
                detail: member.clone(),
                message: format!(
                    "{member} {verb} {}{more}, and is no member of {entity}",
                    one(noun)
                ),
                fix: Fix::Next(Next::AddMember {
                    member,
                    role: Role::Guest.to_string(),
                    entity: Some(entity.to_string()),
                    by: None,
                }),
            }
        })
        .collect()
}
