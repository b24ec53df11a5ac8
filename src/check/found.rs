//! The findings of content checks.

use crate::error::Next;
use crate::path::DocPath;
use crate::store::check::FindingKind;

/// A change of the content that a repair makes. The value to write is computed anew at the time of the
/// repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// The entry of a member in `active_members`.
    ActiveMember(String),
    /// A new owner for an entity that has none.
    Owner,
    /// The caches of a thread.
    Thread(String),
    /// Where a card is listed, or an entry without a card.
    Card(String),
    /// A plain value in place of a shared type, by its detail.
    Plain(String),
    /// The id field of a record: the record's path, and the field.
    Id(DocPath, &'static str),
}

/// A fault in the content of a document, before it has an id.
pub struct Found {
    /// Its name and severity.
    pub kind: &'static FindingKind,
    /// What distinguishes it from others of its kind in the document.
    pub detail: String,
    /// What is wrong.
    pub message: String,
    /// What repairs it.
    pub fix: Fix,
}

/// What repairs a fault.
pub enum Fix {
    /// An edit that a repair makes.
    Edit(Edit),
    /// A command, because a repair cannot do it.
    Next(Next),
}
