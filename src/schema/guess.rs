//! The meaning of a field found by its name alone: somewhere in a concern's document, or in what
//! another program wrote.

use super::{Collection, Field, FieldKind, FieldRole, METADATA, Spec};

/// The field with this name in any collection of a concern.
fn known(spec: Option<&Spec>, name: &str) -> Option<&'static Field> {
    let collections = spec.map_or(&[][..], |spec| spec.collections);
    let metadata = spec.is_some().then_some(&METADATA);
    collections.iter().chain(metadata).find_map(|collection| collection.field(name))
}

/// The role of a field by its name: the concern's if it has such a field, else a guess from the name.
/// `None` if the name says nothing.
pub fn role_of(spec: Option<&Spec>, name: &str) -> Option<FieldRole> {
    known(spec, name).map(|field| field.role).or_else(|| role_by_name(name))
}

/// The kind of a field by its name: the concern's if it has such a field, else a guess from the name.
pub fn kind_of(spec: Option<&Spec>, name: &str) -> Option<FieldKind> {
    known(spec, name).map(|field| field.kind).or_else(|| kind_by_name(name))
}

/// Whether the keys of a root are member ids.
pub fn is_keyed_by_member(spec: Option<&Spec>, root: &str) -> bool {
    let is_it = |of: &Collection| {
        let id = of.fields.first();
        id.is_some_and(|id| id.role == FieldRole::Member)
            && (of.path == [root] || of.cache == Some(root))
    };
    spec.is_some_and(|spec| spec.collections.iter().any(is_it))
        || matches!(root, "members" | "active_members")
}

/// The role that a name suggests.
pub fn role_by_name(name: &str) -> Option<FieldRole> {
    match name {
        "id" | "four_words" => Some(FieldRole::Id),
        "author_id" => Some(FieldRole::Author),
        "created_by" => Some(FieldRole::Creator),
        "member_id" => Some(FieldRole::Member),
        "assignee" | "assignee_id" => Some(FieldRole::Assignee),
        "role" | "status" | "priority" | "kind" | "type" => Some(FieldRole::Word),
        _ => match name.rsplit_once('_')?.1 {
            // Whatever was done to it, this is a member.
            "by" => Some(FieldRole::Deleter),
            "id" => Some(FieldRole::Reference),
            "type" => Some(FieldRole::Word),
            _ => None,
        },
    }
}

/// The kind that a name suggests.
pub fn kind_by_name(name: &str) -> Option<FieldKind> {
    match name {
        "ack_vector" => Some(FieldKind::Acknowledgements),
        "reactions" => Some(FieldKind::Reactions),
        _ => name.ends_with("_at").then_some(FieldKind::Time),
    }
}
