//! Why bytes are not an update, or not one that may be stored.

use std::fmt;
use std::ops::Deref;

/// Why bytes were refused: where, by which rule (a short name that is public API), and a sentence.
///
/// Boxed, so that the results of reading bytes without a fault stay small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(Box<FaultDetails>);

/// The details of a [`Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultDetails {
    /// The byte offset, from 0 on.
    pub offset: usize,
    /// The name of the rule that was broken, one short word; public API.
    pub rule: &'static str,
    /// What is wrong there, for people, without a full stop.
    pub reason: String,
}

impl Fault {
    #[cold]
    pub(crate) fn new(offset: usize, rule: &'static str, reason: impl Into<String>) -> Self {
        Fault(Box::new(FaultDetails { offset, rule, reason: reason.into() }))
    }

    #[cold]
    pub(super) fn too_many(offset: usize, count: u64) -> Self {
        let reason =
            format!("{count} entries are announced, more than the bytes that follow can hold");
        Fault::new(offset, "truncated", reason)
    }

    #[cold]
    pub(super) fn no_client(offset: usize, client: u64) -> Self {
        Fault::new(offset, "client", format!("client id {client}, past 2^53"))
    }

    #[cold]
    pub(super) fn unknown_tag(offset: usize, tag: u8) -> Self {
        Fault::new(offset, "value", format!("a value of unknown tag {tag}"))
    }

    /// Returns the same fault at another offset.
    pub(crate) fn at(mut self, offset: usize) -> Self {
        self.0.offset = offset;
        self
    }

    /// Whether honest documents of other programs can contain this: nothing is damaged, but rule 1 of the
    /// gate excludes it. Only an update that could be walked to its end has such a fault: unsupported content
    /// and containers, nesting that is too deep, keys in a text or one root used as two types, and content
    /// that Yjs itself shows differently each time.
    pub fn is_unsupported(&self) -> bool {
        matches!(self.rule, "kind" | "type" | "nesting" | "mixed" | "crossing")
    }
}

impl Deref for Fault {
    type Target = FaultDetails;

    fn deref(&self) -> &FaultDetails {
        &self.0
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {} ({})", self.offset, self.reason, self.rule)
    }
}

impl std::error::Error for Fault {}
