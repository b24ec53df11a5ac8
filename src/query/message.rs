//! A message as returned by queries.

use super::Text;
use super::record::{Other, derived};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A message, or a reply to one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id, as commands take it.
    pub id: String,
    /// The member who wrote it, as the record says; may no longer be active.
    pub author_id: Text,
    /// Its text; still here after a deletion, until the tombstone is pruned.
    pub content: Text,
    /// Unix seconds; 0 if unknown.
    pub created_at: i64,
    /// When it was last edited, in Unix seconds.
    pub updated_at: i64,
    /// Whether it was deleted: then it is a tombstone.
    pub deleted: bool,
    /// When, in Unix seconds; 0 if it is not deleted.
    pub deleted_at: i64,
    /// Who has acknowledged the deletion: member → Unix seconds.
    pub ack_vector: Value,
    /// Emoji → who reacted with it, each member once.
    pub reactions: BTreeMap<String, Vec<String>>,
    /// One object for each file, as it is in the document.
    pub attachments: Value,
    /// What other programs wrote in the record, if the whole record was requested.
    #[serde(flatten)]
    pub other: Other,
    /// The message it replies to.
    #[serde(default, deserialize_with = "derived")]
    pub parent_id: Option<String>,
    /// Whether that message is deleted, or gone altogether.
    #[serde(default, deserialize_with = "derived", skip_serializing_if = "is_false")]
    pub parent_deleted: bool,
    /// The number of replies in its own thread that are not deleted.
    #[serde(default, deserialize_with = "derived")]
    pub reply_count: i64,
    /// When the last of them was written, in Unix seconds; 0 without any.
    #[serde(default, deserialize_with = "derived")]
    pub last_reply_at: i64,
    /// Whether others wrote it after what was marked as read here. Set only in lists, and only if anything
    /// was ever marked.
    #[serde(default, deserialize_with = "derived", skip_serializing_if = "is_false")]
    pub unread: bool,
    /// Whether it is in the archive, and no longer in the document.
    #[serde(default, deserialize_with = "derived", skip_serializing_if = "is_false")]
    pub in_archive: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}
