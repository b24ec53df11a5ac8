//! The uses of the bytes in a file.

/// What bytes of a file are used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The values that the document shows.
    Live,
    /// The headers of live blocks: origins, parent, key.
    Headers,
    /// Earlier values of a key that has a value.
    Overwritten,
    /// What was removed from a map or a sequence, and the remains of other containers.
    Deleted,
    /// Records that are marked as deleted.
    Tombstone,
    /// What members wrote to acknowledge deletions.
    Acknowledgement,
    /// Emoji under records, and who gave them.
    Reaction,
    /// Ranges whose content was garbage-collected.
    Gc,
    /// Missing ranges: our own documents have none.
    Gap,
    /// Items of length zero, as old versions of yrs wrote them.
    Empty,
    /// The delete set, which no document ever loses.
    DeleteSet,
    /// The client table.
    Clients,
}

impl Why {
    /// Returns the name in reports; public API.
    pub fn name(self) -> &'static str {
        match self {
            Why::Live => "live",
            Why::Headers => "headers",
            Why::Overwritten => "overwritten",
            Why::Deleted => "deleted",
            Why::Tombstone => "tombstone",
            Why::Acknowledgement => "acknowledgement",
            Why::Reaction => "reaction",
            Why::Gc => "gc",
            Why::Gap => "gap",
            Why::Empty => "empty",
            Why::DeleteSet => "delete-set",
            Why::Clients => "clients",
        }
    }
}
