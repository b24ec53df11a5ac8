//! Collects documents from rows.

use super::super::identified::{
    Depth, FileContent, FileKind, FoundDocument, Identified, KeptUpdate, Wrapping,
};
use super::super::refused::why_not;
use std::collections::HashMap;

/// Documents in the order in which they are first seen.
pub struct Collector<'l> {
    depth: Depth<'l>,
    documents: Vec<FoundDocument>,
    by_name: HashMap<Option<String>, usize>,
    /// How many bytes of updates may still be collected.
    left: u64,
}

impl<'l> Collector<'l> {
    /// Returns a collector without documents; `depth` is that of the database.
    pub fn new(depth: Depth<'l>) -> Option<Collector<'l>> {
        Some(Collector {
            depth: depth.deeper()?,
            documents: Vec::new(),
            by_name: HashMap::new(),
            left: depth.unpacked,
        })
    }

    /// Returns the updates that a value holds.
    pub fn steps(&self, value: &[u8]) -> Option<Vec<KeptUpdate>> {
        self.depth.look(value)?.steps()
    }

    /// Adds a row's value to its document. Returns `None` if that is too much.
    pub fn add(&mut self, name: Option<&str>, value: &[u8], at: Option<i64>) -> Option<()> {
        self.add_at(None, name, value, at)
    }

    /// The same for a value whose place in the file is known.
    pub fn add_at(
        &mut self,
        place: Option<String>,
        name: Option<&str>,
        value: &[u8],
        at: Option<i64>,
    ) -> Option<()> {
        let steps = self.steps(value);
        let document = self.document(name)?;
        let Some(steps) = steps else {
            match place {
                Some(place) => document.leave_out_at(place, || why_not(value)),
                None => document.leave_out(|| why_not(value)),
            }
            return Some(());
        };
        let bytes: usize = steps.iter().map(|step| step.update.len()).sum();
        document
            .steps
            .extend(steps.into_iter().map(|step| KeptUpdate { at: step.at.or(at), ..step }));
        self.left = self.left.checked_sub(bytes as u64)?;
        Some(())
    }

    /// Returns the document with a name, creating it if needed.
    pub fn document(&mut self, name: Option<&str>) -> Option<&mut FoundDocument> {
        let name = name.map(str::to_owned);
        let at = *self.by_name.entry(name.clone()).or_insert_with(|| {
            self.documents.push(FoundDocument { name, ..FoundDocument::default() });
            self.documents.len() - 1
        });
        self.documents.get_mut(at)
    }

    /// Returns the documents collected so far.
    pub fn into_documents(self) -> Vec<FoundDocument> {
        self.documents
    }
}

/// Returns a database with these documents, or `None` if they contain no update.
pub fn database(how: impl Into<String>, mut documents: Vec<FoundDocument>) -> Option<Identified> {
    for document in &mut documents {
        // Rows are in order of time if each has one.
        if document.steps.iter().all(|step| step.at.is_some()) {
            document.steps.sort_by_key(|step| step.at);
        }
    }
    let holds = documents.iter().any(|document| !document.steps.is_empty());
    holds.then(|| {
        Identified::bare(FileKind::Database, FileContent::Documents(documents))
            .within(Wrapping::Database(how.into()))
    })
}
