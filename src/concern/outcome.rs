use crate::id::DocId;
use crate::tombstone::Pruned;

/// What an operation did.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// False when all was so already.
    pub changed: bool,
    /// The document of the record.
    pub doc: Option<DocId>,
    /// The id of the record.
    pub id: Option<String>,
    /// A sentence for people.
    pub said: String,
    /// The tombstones that went because of it.
    pub pruned: Vec<Pruned>,
}

impl Outcome {
    pub(crate) fn new(changed: bool, doc: DocId, id: &str) -> Self {
        Outcome {
            changed,
            doc: Some(doc),
            id: Some(id.to_owned()),
            said: String::new(),
            pruned: Vec::new(),
        }
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

    pub(super) fn pruning(mut self, pruned: Vec<Pruned>) -> Self {
        self.pruned = pruned;
        self
    }
}
