//! The members of an entity.

use super::Text;
use super::record::{self, Other};
use crate::concern::core::{MEMBERS, SPEC};
use crate::error::Result;
use crate::id::EntityId;
use crate::store::Reader;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A current or former member of an entity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its id, as commands take it.
    pub member_id: String,
    /// `owner`, `admin`, `member`, `viewer` or `guest`.
    pub role: Text,
    /// Unix seconds; 0 if unknown.
    pub joined_at: i64,
    /// When the record was last written, in Unix seconds.
    pub updated_at: i64,
    /// Whether the member was removed: then the record is a tombstone.
    pub deleted: bool,
    /// When, in Unix seconds; 0 for an active member.
    pub deleted_at: i64,
    /// By whom.
    pub deleted_by: Text,
    /// Who has acknowledged the removal: member → Unix seconds.
    pub ack_vector: Value,
    /// What other programs wrote in the record, if the whole record was requested.
    #[serde(flatten)]
    pub other: Other,
}

/// Returns the members of an entity by id, removed ones only with `all`; empty if there is no such entity.
///
/// # Errors
/// `Corrupt` if its document is damaged.
pub fn list(reader: &Reader, entity: &EntityId, all: bool) -> Result<Vec<Member>> {
    record::all(reader, entity, (&SPEC, &MEMBERS), all)
}

/// Returns the member with this id or unique prefix, removed ones included, with every field of its record.
///
/// # Errors
/// `NotFound` or `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(reader: &Reader, entity: &EntityId, prefix: &str) -> Result<Member> {
    record::one(reader, entity, (&SPEC, &MEMBERS), prefix)
}
