//! The members of an entity.

use super::Text;
use super::record::{self, Other};
use crate::concern::core::{MEMBERS, SPEC};
use crate::error::Result;
use crate::id::EntityId;
use crate::store::Reader;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A member of an entity, or who was one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// By which it is known here.
    pub member_id: String,
    /// `owner`, `admin`, `member`, `viewer` or `guest`.
    pub role: Text,
    /// Unix seconds; 0 where nobody said.
    pub joined_at: i64,
    /// When the record was last written, in Unix seconds.
    pub updated_at: i64,
    /// Whether the member was removed: the record is a tombstone then.
    pub deleted: bool,
    /// When, in Unix seconds; 0 for an active member.
    pub deleted_at: i64,
    /// By whom.
    pub deleted_by: Text,
    /// Who has acknowledged the removal: member → Unix seconds.
    pub ack_vector: Value,
    /// What other programs wrote beside it, where the whole record was asked for.
    #[serde(flatten)]
    pub other: Other,
}

/// The members of an entity by their ids, removed ones only with `all`; none where there is no such
/// entity.
///
/// # Errors
/// `Corrupt` where its document is.
pub fn list(reader: &Reader, entity: &EntityId, all: bool) -> Result<Vec<Member>> {
    record::all(reader, entity, (&SPEC, &MEMBERS), all)
}

/// The member that an id or a unique prefix names, removed ones included, with every field of its
/// record.
///
/// # Errors
/// `NotFound` or `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(reader: &Reader, entity: &EntityId, prefix: &str) -> Result<Member> {
    record::one(reader, entity, (&SPEC, &MEMBERS), prefix)
}
