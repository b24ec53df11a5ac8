//! What can be wrong with the files of a store, as data: the kinds of findings, and what mends them.

use crate::error::Next;
use crate::id::DocId;

/// Hex digits of a finding's id that stand for its document and detail.
const ID_DIGITS: usize = 6;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Content cannot be read or merged, or is in danger.
    Error,
    /// Something is not as it should be; nothing is lost.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The word for it in reports; public API.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// A kind of finding. Its name is public API.
#[derive(Debug, PartialEq, Eq)]
pub struct FindingKind {
    /// A few words joined by hyphens; public API, and the beginning of every finding's id.
    pub name: &'static str,
    /// How bad it is, wherever it is found.
    pub severity: Severity,
}

impl FindingKind {
    /// A kind of [`Severity::Error`] with this name.
    pub const fn error(name: &'static str) -> FindingKind {
        FindingKind { name, severity: Severity::Error }
    }

    /// A kind of [`Severity::Warning`] with this name.
    pub const fn warning(name: &'static str) -> FindingKind {
        FindingKind { name, severity: Severity::Warning }
    }

    /// A kind of [`Severity::Info`] with this name.
    pub const fn info(name: &'static str) -> FindingKind {
        FindingKind { name, severity: Severity::Info }
    }

    /// The id of a finding: `stale-meta-3f2a91`. The same at every check.
    pub fn id(&self, doc: Option<&DocId>, detail: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        let doc = doc.map_or("", DocId::as_str);
        // With its length, so that no two pairs give the same bytes.
        hasher.update(&(doc.len() as u64).to_le_bytes());
        hasher.update(doc.as_bytes());
        hasher.update(detail.as_bytes());
        let hash = hasher.finalize().to_hex();
        format!("{}-{}", self.name, hash.chars().take(ID_DIGITS).collect::<String>())
    }
}

/// A file that does not decode, or breaks a rule of the format.
pub static UNDECODABLE: FindingKind = FindingKind::error("undecodable");
/// A file with parts that wait for what it does not hold.
pub static PENDING: FindingKind = FindingKind::error("pending");
/// A sound document with content that nothing here reads: it is carried and measured only.
pub static UNSUPPORTED: FindingKind = FindingKind::info("unsupported");
/// A document whose file is gone.
pub static MISSING_FILE: FindingKind = FindingKind::error("missing-file");
/// A file and a log that do not go together, though each can be read.
pub static BROKEN_LOG: FindingKind = FindingKind::error("broken-log");
/// Two replicas wrote different operations under one client id.
pub static REPLICA_FORK: FindingKind = FindingKind::error("replica-fork");
/// A document with less of our own writing than we know to have written: an older copy was put
/// back.
pub static CLOCK_BELOW_LEASE: FindingKind = FindingKind::error("clock-below-lease");
/// A `.meta` with another hash than its file has: somebody changed one of the two.
pub static HASH_MISMATCH: FindingKind = FindingKind::warning("hash-mismatch");
/// A file that another program changed since it was written here; the next session takes it in.
pub static FOREIGN_REPLACEMENT: FindingKind = FindingKind::warning("foreign-replacement");
/// A file that lacks what the log holds: writing it did not end.
pub static LOST_FOLD: FindingKind = FindingKind::warning("lost-fold");
/// A file without its `.meta`.
pub static MISSING_META: FindingKind = FindingKind::warning("missing-meta");
/// A `.meta` that does not decode, or speaks of another document or an earlier state.
pub static STALE_META: FindingKind = FindingKind::warning("stale-meta");
/// A file that looks like a document and is not read as one.
pub static UNREAD_FILE: FindingKind = FindingKind::warning("unread-file");
/// An update that has waited in the inbox for longer than [`LONG_WAIT_SECONDS`](crate::limits::LONG_WAIT_SECONDS).
pub static LONG_WAIT: FindingKind = FindingKind::warning("long-wait");
/// A `crdtctl.db` that cannot be read: the files are then taken as they are.
pub static UNREADABLE_STATE: FindingKind = FindingKind::error("unreadable-state");
/// A `crdtctl.db` that is gone, or holds nothing, of a store that was written here.
pub static LOST_STATE: FindingKind = FindingKind::warning("lost-state");

/// Something that is wrong with the files of a document, or of the store.
#[derive(Debug, Clone)]
pub struct FileFinding {
    /// Its name and severity.
    pub kind: &'static FindingKind,
    /// None where no document is concerned.
    pub doc: Option<DocId>,
    /// Tells findings of one kind in one document apart, and stays as it is as long as they do.
    pub detail: String,
    /// What is wrong, in a sentence without a full stop; of a document that is not named "it".
    pub message: String,
    /// What helps against it.
    pub fix: FileFix,
}

/// What mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFix {
    /// A session can do it by itself.
    Repair(FileRepair),
    /// To build the document again from what is left of it and what others have.
    Recover {
        /// The log holds all that was written to it: nobody else need be asked.
        from_log: bool,
    },
    /// Something that a session cannot do.
    Next(Next),
}

/// What a session can put right in the files ([`super::Session::repair`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRepair {
    /// Writes the `.meta` again.
    Meta,
    /// Writes the `.yrs` again, out of what file and log hold together.
    Checkpoint,
    /// Goes on as a new replica.
    Replica,
    /// Takes the update with this number out of the inbox.
    Inbox(i64),
}
