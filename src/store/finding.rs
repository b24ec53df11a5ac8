//! What can be wrong with the files of a store, as data: the kinds of findings, and what repairs them.

use crate::error::Next;
use crate::id::DocId;

/// Hex digits in a finding's id that stand for its document and detail.
const ID_DIGITS: usize = 6;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Content cannot be read or merged, or is in danger.
    Error,
    /// Something is not as it should be, but nothing is lost.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// Returns the word for it in reports; public API.
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
    /// Its severity, the same wherever it is found.
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

    /// Returns the id of a finding: `stale-meta-3f2a91`. It is the same at every check.
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
/// A file with parts that wait for something it does not contain.
pub static PENDING: FindingKind = FindingKind::error("pending");
/// A valid document with content that nothing here reads: it can only be passed on and measured.
pub static UNSUPPORTED: FindingKind = FindingKind::info("unsupported");
/// A document whose file is gone.
pub static MISSING_FILE: FindingKind = FindingKind::error("missing-file");
/// A file and a log that do not fit together, though each can be read; or a log that cannot be read whole.
pub static BROKEN_LOG: FindingKind = FindingKind::error("broken-log");
/// Two replicas wrote different operations under one client id.
pub static REPLICA_FORK: FindingKind = FindingKind::error("replica-fork");
/// A document with less of our own writing than we are known to have written: an older copy was restored.
pub static CLOCK_BELOW_LEASE: FindingKind = FindingKind::error("clock-below-lease");
/// A `.meta` with another hash than its file: somebody changed one of the two.
pub static HASH_MISMATCH: FindingKind = FindingKind::warning("hash-mismatch");
/// A file that another program changed since it was written here; the next session takes it in.
pub static FOREIGN_REPLACEMENT: FindingKind = FindingKind::warning("foreign-replacement");
/// A file that lacks entries of the log: writing it did not finish.
pub static LOST_FOLD: FindingKind = FindingKind::warning("lost-fold");
/// A file without its `.meta`.
pub static MISSING_META: FindingKind = FindingKind::warning("missing-meta");
/// A `.meta` that does not decode, or describes another document or an earlier state.
pub static STALE_META: FindingKind = FindingKind::warning("stale-meta");
/// A file that looks like a document and is not read as one.
pub static UNREAD_FILE: FindingKind = FindingKind::warning("unread-file");
/// A document's file that the system does not let this user read, or cannot read.
pub static UNREADABLE_FILE: FindingKind = FindingKind::error("unreadable-file");
/// An update that has waited in the inbox for longer than [`LONG_WAIT_SECONDS`](crate::limits::LONG_WAIT_SECONDS).
pub static LONG_WAIT: FindingKind = FindingKind::warning("long-wait");
/// A `crdtctl.db` that cannot be read: the files are then taken as they are.
pub static UNREADABLE_STATE: FindingKind = FindingKind::error("unreadable-state");
/// A link in the place of `crdtctl.db`: it is read, and nothing is written through it.
pub static LINKED_STATE: FindingKind = FindingKind::warning("linked-state");
/// A missing or empty `crdtctl.db` of a store that was written here.
pub static LOST_STATE: FindingKind = FindingKind::warning("lost-state");

/// Something that is wrong with the files of a document, or of the store.
#[derive(Debug, Clone)]
pub struct FileFinding {
    /// Its name and severity.
    pub kind: &'static FindingKind,
    /// `None` if no document is concerned.
    pub doc: Option<DocId>,
    /// Distinguishes findings of one kind in one document, and stays the same from check to check.
    pub detail: String,
    /// What is wrong, in a sentence without a full stop; a document that is not named is "it".
    pub message: String,
    /// What to do about it.
    pub fix: FileFix,
}

/// What repairs a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFix {
    /// A session can repair it by itself.
    Repair(FileRepair),
    /// The document must be rebuilt from what is left of it and what others have.
    Recover {
        /// The log has everything written to it: nobody else need be asked.
        from_log: bool,
    },
    /// Something that a session cannot do.
    Next(Next),
}

/// What a session can repair in the files ([`super::Session::repair`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileRepair {
    /// Writes the `.meta` again.
    Meta,
    /// Writes the `.yrs` again, out of what file and log hold together.
    Checkpoint,
    /// Takes the entries that do not decode out of the log.
    Log,
    /// Goes on as a new replica.
    Replica,
    /// Takes the update with this number out of the inbox.
    Inbox(i64),
}
