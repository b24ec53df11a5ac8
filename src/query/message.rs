//! A message as it is answered.

use super::Text;
use super::record::{Other, derived};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// A message, or a reply to one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// By which it is known here.
    pub id: String,
    /// The member who wrote it, as the record says; need not be active any more.
    pub author_id: Text,
    /// What was written; it is still here after a deletion, until the tombstone is pruned.
    pub content: Text,
    /// Unix seconds; 0 where nobody said.
    pub created_at: i64,
    /// When it was last edited, in Unix seconds.
    pub updated_at: i64,
    /// Whether it was deleted: it is a tombstone then.
    pub deleted: bool,
    /// When, in Unix seconds; 0 for what is not deleted.
    pub deleted_at: i64,
    /// Who has acknowledged the deletion: member → Unix seconds.
    pub ack_vector: Value,
    /// Emoji → who reacted with it, each member once.
    pub reactions: BTreeMap<String, Vec<String>>,
    /// One object for each file, as it stands in the document.
    pub attachments: Value,
    /// What other programs wrote beside it, where the whole record was asked for.
    #[serde(flatten)]
    pub other: Other,
    /// The message that it replies to.
    #[serde(default, deserialize_with = "derived")]
    pub parent_id: Option<String>,
    /// That is deleted, or gone altogether.
    #[serde(default, deserialize_with = "derived", skip_serializing_if = "is_false")]
    pub parent_deleted: bool,
    /// The replies in its own thread that are not deleted, counted.
    #[serde(default, deserialize_with = "derived")]
    pub reply_count: i64,
    /// When the last of them was written, in Unix seconds; 0 without any.
    #[serde(default, deserialize_with = "derived")]
    pub last_reply_at: i64,
    /// Others wrote it, and it came after what was marked as read here; in lists, and only where
    /// anything ever was.
    #[serde(default, deserialize_with = "derived", skip_serializing_if = "is_false")]
    pub unread: bool,
    /// It is in the archive, and in the document no more.
    #[serde(default, deserialize_with = "derived", skip_serializing_if = "is_false")]
    pub in_archive: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}
