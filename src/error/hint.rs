//! What to do about an error, as data: the library says what to do next, and the program around it says which
//! command does that.

use std::borrow::Cow;
use std::path::PathBuf;

/// A sentence for the reader of an error: words, and things to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint(Vec<Phrase>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phrase {
    Words(Cow<'static, str>),
    Next(Next),
}

/// Something to do next. Ids are given in full, as the store has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Make a store in the current directory.
    MakeStore,
    /// Make a store elsewhere.
    MakeStoreAt,
    /// Name a store that is elsewhere.
    NameStore,
    /// Name this store: its directory, as the user would write it.
    UseStore(String),
    /// Name a directory for the state of this machine.
    NameStateDir,
    /// Wait longer for the lock of the store.
    WaitLonger,
    /// Act as another member, once.
    ActAs,
    /// Set the acting member from now on.
    SetMember,

    /// List the documents.
    Documents,
    /// Show what a document holds.
    Dump,
    /// Show what takes how many bytes.
    Size,
    /// Show a document block by block.
    Blocks(Option<String>),
    /// Look for problems, in one document or everywhere.
    Check(Option<String>),
    /// Repair a finding.
    Repair(Option<String>),
    /// Rebuild a document from what is left of it.
    Recover(String),
    /// Rebuild a document, with what others have of it.
    RecoverWith(String),
    /// Read more bundles or stores while recovering.
    RecoverFrom,
    /// Write the update of a document into a file, for a report.
    Report(String),
    /// Move files aside, each under another name.
    MoveAside(Vec<(PathBuf, PathBuf)>),
    /// Put a copy of each file in the place of another, which is replaced.
    CopyOver(Vec<(PathBuf, PathBuf)>),
    /// Give this user permission to read a file.
    LetRead(PathBuf),
    /// Show the time of this machine.
    ShowTime,
    /// Show the version of the program.
    ShowVersion,
    /// Show what was done.
    Log,
    /// Show what one command did.
    Logged(i64),
    /// Show what happened to a record.
    History(String),

    /// Make an entity.
    CreateEntity,
    /// Show an entity.
    Entity(String),
    /// List the members; those who left as well if `all` is set.
    Members {
        /// Includes those who left.
        all: bool,
        /// The entity whose members are meant; `None` if that is obvious.
        entity: Option<String>,
    },
    /// Add a member, acting as `by` if nobody else may.
    AddMember {
        /// Whom to add: a whole member id.
        member: String,
        /// As what: a role as it is written in documents.
        role: String,
        /// The entity to add to; `None` if that is obvious.
        entity: Option<String>,
        /// Who may do it; `None` if the acting member may.
        by: Option<String>,
    },
    /// Change what a member may do.
    SetRole(Option<(String, String)>),
    /// Make somebody an owner.
    MakeOwner,

    /// Send a message.
    Send,
    /// List the messages, deleted ones included.
    Messages,
    /// Delete a message or a reply of an entity.
    DeleteMessage {
        /// The whole id of the message or reply.
        message: String,
        /// The entity whose chat it is in.
        entity: String,
    },

    /// Show the board.
    Board,
    /// List the cards, archived ones included.
    Cards,
    /// Add a card.
    AddCard,
    /// Put a card back onto the board.
    RestoreCard(String),
    /// Add a column.
    AddColumn,
    /// Remove a column and move its cards to another.
    RemoveColumn(String),

    /// List the issues, closed ones included.
    Issues,
    /// Show an issue.
    Issue(String),
    /// Open an issue.
    OpenIssue,
    /// Open a closed issue again.
    Reopen(String),
    /// Set the status of an issue.
    SetStatus,

    /// List the elements, deleted ones included.
    Elements,
    /// Show an element.
    Element(String),
    /// Put an element on the canvas.
    AddElement,
    /// Undo the last step on the canvas, or redo it.
    Step(&'static str),
    /// Undo or redo even though others built on it.
    Insist(&'static str),

    /// List the files on the disks.
    Files,
    /// The same, including files that were removed or have lost their paths.
    AllFiles,
    /// Take in changes from the disks.
    ScanDisks,
    /// Show the state of the files on the disks.
    DiskStatus,
    /// Restore a removed file.
    RestoreFile(String),
    /// Publish a website as its files are now.
    Publish,
    /// The same for an entity.
    PublishOf(String),
    /// Take in changes from the disks of one entity.
    ScanDisksOf(String),
    /// Remove stored content beside the disks that nothing needs.
    CollectFiles,
    /// Put a file back at its path.
    PutFile {
        /// The path on the disk.
        path: String,
        /// The entity whose disk it is.
        entity: String,
    },
    /// Write a file of the store to its place in the directories, and move aside what is there.
    RewriteFile {
        /// The path on the disk.
        path: String,
        /// The entity whose disk it is.
        entity: String,
        /// The place on this machine.
        place: PathBuf,
    },
    /// Remove a file.
    RemoveFile {
        /// The path on the disk.
        path: String,
        /// The entity whose disk it is.
        entity: String,
    },

    /// Remove what everybody knows to be deleted.
    Prune(Option<String>),
    /// Move finished records into the archive.
    ArchiveRun,
    /// List what is in the archive.
    Archived,
    /// Show something in the archive.
    ArchivedRecord(String),
    /// Restore something from the archive.
    RestoreArchived(String),
    /// Show which tombstones wait, and for whom.
    BlockedTombstones,
    /// List what was deleted for good.
    Trash,
    /// Show something that was deleted for good.
    Trashed(String),
    /// Recreate something that was deleted for good.
    Untrash(String),
    /// List the values that lost a conflict.
    Conflicts,
    /// Show a value that lost a conflict.
    Conflict(i64),

    /// List the views that a query can read.
    Views,
    /// Give a query more time.
    AskLonger,
    /// Write the views into a file.
    SaveViews,

    /// Make a bundle.
    Export,
    /// Make a bundle of one document.
    ExportDocument,
    /// Make a bundle for one replica.
    ExportFor,
    /// Make a bundle of one document or of one entity.
    ExportLess,
    /// Import a bundle.
    Import,
    /// Import a bundle into a store elsewhere.
    ImportInto,
    /// Show what is in a bundle.
    ShowBundle,
    /// Show who lacks what.
    Status,
    /// List the peers.
    Peers,
    /// Forget what a peer reported.
    Forget(Option<String>),
}

impl Hint {
    /// Appends words.
    pub fn and(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Phrase::Words(words.into()));
        self
    }

    /// Appends something to do.
    pub fn next(mut self, next: Next) -> Self {
        self.0.push(Phrase::Next(next));
        self
    }

    /// Appends another sentence.
    pub fn also(mut self, other: impl Into<Hint>) -> Self {
        self.0.push(Phrase::Words("; ".into()));
        self.0.append(&mut other.into().0);
        self
    }

    /// Returns the sentence, with `name` giving the name of each thing to do.
    pub fn told(&self, name: impl Fn(&Next) -> String) -> String {
        let told = |part: &Phrase| match part {
            Phrase::Words(words) => words.to_string(),
            Phrase::Next(next) => name(next),
        };
        self.0.iter().map(told).collect()
    }
}

impl Next {
    /// Begins a sentence with this.
    pub fn and(self, words: impl Into<Cow<'static, str>>) -> Hint {
        Hint::from(self).and(words)
    }
}

impl From<Next> for Hint {
    fn from(next: Next) -> Self {
        Hint(vec![Phrase::Next(next)])
    }
}

impl From<&'static str> for Hint {
    fn from(words: &'static str) -> Self {
        Hint(vec![Phrase::Words(words.into())])
    }
}

impl From<String> for Hint {
    fn from(words: String) -> Self {
        Hint(vec![Phrase::Words(words.into())])
    }
}
