//! Why bytes are no update, or none that may be stored.

use std::fmt;
use std::ops::Deref;

/// Why bytes were refused: where, by which rule (a short name that is public API), and a sentence.
///
/// In a box, so that whoever reads bytes without fault carries no room for one about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault(Box<FaultDetails>);

/// What a [`Fault`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultDetails {
    /// Where in the bytes, from 0 on.
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

    /// The same at another place.
    pub(crate) fn at(mut self, offset: usize) -> Self {
        self.0.offset = offset;
        self
    }

    /// Whether honest documents of other programs hold such a thing: nothing of it is damaged, and
    /// rule 1 of the gate excludes it all the same. Only what was walked to its end has such a
    /// fault: content and containers that nothing here reads, what is nested too deeply, keys in
    /// a text or one root used as two things, and what Yjs itself shows differently each time.
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
