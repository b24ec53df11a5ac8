//! The account of an import: what it did, for reporting.

use super::gate::Received;
use super::manifest::Sender;
use crate::crdt::any_view::AnyView;
use crate::gate::Need;
use crate::id::DocId;
use crate::merge::MergeSummary;
use crate::store::{Audit, Committed};
use crate::wire::Id;
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use std::fmt;

/// What an import did. Serialised, it is what `sync import --json` prints.
#[derive(Debug, Serialize)]
pub struct Imported {
    /// The number of bundles and bare updates read.
    pub bundles: usize,
    /// The documents it touched, sorted.
    pub documents: Vec<DocumentSummary>,
    /// The number of values that lost a conflict, over all documents.
    pub conflicts: usize,
    /// The number of given updates that wait for their prerequisites.
    pub waiting: usize,
    /// The number of archived rows that are new here.
    #[serde(skip_serializing_if = "is_none")]
    pub archived_rows: usize,
    /// Whether any document changed, or the set of waiting updates did.
    pub changed: bool,
    /// Actions that the senders were not allowed to do here. They are applied all the same, since replicas
    /// must agree.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<ImportFinding>,
    /// The updates that wait, and what each waits for.
    #[serde(skip)]
    pub waits: Vec<Wait>,
    /// Sentences for stderr.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// The documents before and after; filled by a dry run only.
    #[serde(skip)]
    pub touched: Vec<TouchedDocument>,
    /// What was committed, or in a dry run what would have been.
    #[serde(skip)]
    pub committed: Committed,
}

/// An action that the sender of a bundle was not allowed to do here.
#[derive(Debug, Serialize)]
pub struct ImportFinding {
    /// The document that was changed.
    pub doc: DocId,
    /// The kind of action in a word: `role`, `add`, `remove` and so on.
    pub kind: String,
    /// What was done and by whom: a sentence without a full stop.
    pub message: String,
}

impl From<Audit> for ImportFinding {
    fn from(audit: Audit) -> Self {
        ImportFinding { doc: audit.doc, kind: audit.kind, message: audit.message }
    }
}

/// A document before and after a dry run.
#[derive(Clone)]
pub struct TouchedDocument {
    /// The document; each is listed once.
    pub doc: DocId,
    /// The document before; `None` if it is new here.
    pub before: Option<AnyView>,
    /// The document after; `None` if nothing of it can be shown.
    pub after: Option<AnyView>,
}

impl fmt::Debug for TouchedDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.doc)
    }
}

/// What happened to one document, in records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSummary {
    /// The document, whichever updates touched it; each is listed once.
    pub doc: DocId,
    /// The changes in it, counted.
    pub summary: MergeSummary,
}

impl Serialize for DocumentSummary {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let MergeSummary { added, edited, deleted, acknowledged, pruned, archived, .. } =
            self.summary;
        let mut account = serializer.serialize_struct("DocumentSummary", 8)?;
        account.serialize_field("doc", &self.doc)?;
        account.serialize_field("added", &added)?;
        account.serialize_field("edited", &edited)?;
        account.serialize_field("deleted", &deleted)?;
        account.serialize_field("acknowledged", &acknowledged)?;
        account.serialize_field("pruned", &pruned)?;
        if archived > 0 {
            account.serialize_field("archived", &archived)?;
        }
        if !self.summary.roots.is_empty() {
            account.serialize_field("roots", &self.summary.roots)?;
        }
        account.end()
    }
}

/// An update that waits.
#[derive(Debug, Clone)]
pub struct Wait {
    /// The document it is for.
    pub doc: DocId,
    /// The name of the file or bundle it came in.
    pub source: String,
    /// Who sent it.
    pub from: Sender,
    /// What it waits for; no clocks at all if the document itself cannot be read.
    pub need: Need,
}

impl Wait {
    pub(super) fn new(doc: &DocId, received: &Received, need: &Need) -> Self {
        Wait {
            doc: doc.clone(),
            source: received.source.clone(),
            from: received.claim.as_ref().map(|claim| claim.from.clone()).unwrap_or_default(),
            need: need.clone(),
        }
    }
}

impl Wait {
    /// Returns whether only the document itself is missing, because it cannot be read.
    pub fn is_for_the_document(&self) -> bool {
        matches!(&self.need, Need::Clocks(missing) if missing.is_empty())
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        write!(f, "an update of {} in {} waits ", self.doc, self.source)?;
        let missing = match &self.need {
            _ if self.is_for_the_document() => {
                return write!(f, "until the document can be read again");
            }
            Need::Clocks(missing) => missing,
            Need::Deletion(Id { client, clock }) => {
                return write!(
                    f,
                    "for a deletion: the container of operation {clock} of client {client} is here, \
                     but its content was garbage-collected elsewhere"
                );
            }
        };
        write!(f, "for ")?;
        for (n, (client, clock)) in missing.iter().take(SHOWN).enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}client {client} up to clock {clock}")?;
        }
        match missing.len().saturating_sub(SHOWN) {
            0 => {}
            more => write!(f, " and {more} more")?,
        }
        write!(f, ", which {} has", self.from)
    }
}

fn is_none(count: &usize) -> bool {
    *count == 0
}
