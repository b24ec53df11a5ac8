//! What an import did, to be told.

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
    /// How many bundles and bare updates were read.
    pub bundles: usize,
    /// The documents that it touched, sorted.
    pub documents: Vec<DocumentSummary>,
    /// How many values lost a conflict, in all documents together.
    pub conflicts: usize,
    /// How many of the updates given wait for their prerequisites.
    pub waiting: usize,
    /// Archived rows that are new here.
    #[serde(skip_serializing_if = "is_none")]
    pub archived_rows: usize,
    /// Whether any document is another than before, or anything else waits than before.
    pub changed: bool,
    /// What the senders would not have been allowed to do here; it is done, since replicas must
    /// agree.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<ImportFinding>,
    /// What waits, and for what.
    #[serde(skip)]
    pub waits: Vec<Wait>,
    /// Sentences for stderr.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// The documents as they were and would be; of a dry run only.
    #[serde(skip)]
    pub touched: Vec<TouchedDocument>,
    /// What was committed; of a dry run what would have been.
    #[serde(skip)]
    pub committed: Committed,
}

/// Something that the sender of a bundle would not have been allowed to do here.
#[derive(Debug, Serialize)]
pub struct ImportFinding {
    /// The document that it was done to.
    pub doc: DocId,
    /// What was done, in a word: `role`, `add`, `remove` and so on.
    pub kind: String,
    /// What was done and by whom, in a sentence without a full stop.
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
    /// As it was; None where it is new here.
    pub before: Option<AnyView>,
    /// As it would be; None where nothing of it can be shown.
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
    /// The document, by whatever updates it was touched; each is listed once.
    pub doc: DocId,
    /// What changed in it, counted.
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
    /// The document that it is for.
    pub doc: DocId,
    /// The name of the file or bundle that it came in.
    pub source: String,
    /// Who sent it.
    pub from: Sender,
    /// What it waits for: no clocks at all where the document itself cannot be read.
    pub need: Need,
}

impl Wait {
    pub(super) fn new(doc: &DocId, received: &Received<'_>, need: &Need) -> Self {
        Wait {
            doc: doc.clone(),
            source: received.source.clone(),
            from: received.claim.as_ref().map(|claim| claim.from.clone()).unwrap_or_default(),
            need: need.clone(),
        }
    }
}

impl Wait {
    /// Whether nothing is missing but the document itself, which cannot be read.
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
