use crate::id::DocId;
use crate::tombstone::Pruned;
use serde_json::{Map, Value};

/// What an operation did.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// False if everything already was as asked.
    pub changed: bool,
    /// The document of the record.
    pub doc: Option<DocId>,
    /// The id of the record.
    pub id: Option<String>,
    /// A sentence for people.
    pub said: String,
    /// The tombstones that were pruned because of it.
    pub pruned: Vec<Pruned>,
    /// The ids of the records that it removed without a tombstone.
    pub removed: Vec<String>,
    /// Whether the record is new: there was none with its id before.
    pub created: bool,
    /// Further fields of the JSON object, for programs.
    pub detail: Map<String, Value>,
}

impl Outcome {
    pub(crate) fn new(changed: bool, doc: DocId, id: &str) -> Self {
        Outcome { changed, doc: Some(doc), id: Some(id.to_owned()), ..Outcome::default() }
    }

    /// A record was created.
    pub(super) fn created(doc: DocId, id: &str) -> Self {
        Outcome { created: true, ..Outcome::new(true, doc, id) }
    }

    pub(super) fn changed(doc: DocId, id: &str) -> Self {
        Outcome::new(true, doc, id)
    }

    pub(super) fn unchanged(doc: DocId, id: &str) -> Self {
        Outcome::new(false, doc, id)
    }

    pub(crate) fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.said = sentence.into();
        self
    }

    pub(super) fn with(mut self, key: &str, value: Value) -> Self {
        self.detail.insert(key.to_owned(), value);
        self
    }

    /// The ids of the records that are no longer in their documents.
    pub fn gone(&self) -> Vec<&str> {
        let pruned = self.pruned.iter().map(|pruned| pruned.tombstone.id());
        pruned.chain(self.removed.iter().map(String::as_str)).collect()
    }

    pub(super) fn removing(mut self, id: &str) -> Self {
        self.removed.push(id.to_owned());
        self
    }

    pub(super) fn pruning(mut self, pruned: Vec<Pruned>) -> Self {
        self.pruned = pruned;
        self
    }
}
