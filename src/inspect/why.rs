//! Why bytes are in a file.

/// Why bytes are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The values that the document shows.
    Live,
    /// What the blocks of live values say of themselves: origins, parent, key.
    Headers,
    /// Earlier values of a key that has a value.
    Overwritten,
    /// What was removed from a map or a sequence, and what other containers left.
    Deleted,
    /// Records that are marked as deleted.
    Tombstone,
    /// What members wrote to acknowledge deletions.
    Acknowledgement,
    /// Emoji under records, and who gave them.
    Reaction,
    /// Ranges whose content was collected.
    Gc,
    /// Ranges that are not there: no document of ours has any.
    Gap,
    /// Items of no length, as old versions of yrs wrote them.
    Empty,
    /// The list of what is deleted, which no document ever loses.
    DeleteSet,
    /// The client table.
    Clients,
}

impl Why {
    /// The name in reports; public API.
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
