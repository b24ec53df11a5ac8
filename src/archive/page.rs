//! Which records are read, and in which direction.

/// Which records of a document are read.
#[derive(Debug, Clone, Default)]
pub struct ArchivePage<'a> {
    /// Those that lists show by themselves, i.e. not replies to messages that are shown too.
    pub listed: bool,
    /// Only of this kind.
    pub kind: Option<&'a str>,
    /// Only those from this time on, in Unix seconds.
    pub since: Option<i64>,
    /// Only those before this time, in Unix seconds.
    pub until: Option<i64>,
    /// Only those that hold all of these words, ignoring case.
    pub words: &'a [String],
    /// Only the last `limit` of these.
    pub limit: Option<usize>,
}

/// The direction in which lists are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveOrder {
    /// The oldest first.
    OldestFirst,
    /// The latest first.
    LatestFirst,
}
