//! What a look at the content finds.

use crate::error::Next;
use crate::path::DocPath;
use crate::store::check::FindingKind;

/// A change of the content that a repair makes. What it writes is derived again when it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The entry of a member in `active_members`.
    ActiveMember(String),
    /// A new owner for an entity that has none.
    Owner,
    /// The caches of a thread.
    Thread(String),
    /// Where a card, or an entry that names none, is listed.
    Card(String),
    /// What stands as a plain value where a shared type belongs, by its detail.
    Plain(String),
    /// The id that a record gives itself: its path, and the field.
    Id(DocPath, &'static str),
}

/// Something wrong with the content of a document, before it has an id.
pub struct Found {
    /// Its name and severity.
    pub kind: &'static FindingKind,
    /// What tells it from others of its kind in the document.
    pub detail: String,
    /// What is wrong.
    pub message: String,
    /// What mends it.
    pub fix: Fix,
}

/// What mends it.
pub enum Fix {
    /// A repair does.
    Edit(Edit),
    /// Something that a repair cannot do.
    Next(Next),
}
