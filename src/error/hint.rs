//! What would help, as data: the library says what to do next, the program around it how that is
//! called there.

use std::borrow::Cow;

/// A sentence for whoever reads an error: words, and things to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint(Vec<Phrase>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Phrase {
    Words(Cow<'static, str>),
    Next(Next),
}

/// Something to do next. Ids are whole, and as the store has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Make a store in the directory at hand.
    MakeStore,
    /// Make a store elsewhere.
    MakeStoreAt,
    /// Name a store that is elsewhere.
    NameStore,
    /// Name this store: its directory, as whoever asked would write it.
    UseStore(String),
    /// Name a directory for the state of this machine.
    NameStateDir,
    /// Wait longer for the lock of the store.
    WaitLonger,
    /// Act as another member, once.
    ActAs,
    /// Say who acts, from now on.
    SetMember,

    /// List the documents.
    Documents,
    /// Show what a document holds.
    Dump,
    /// Say what takes how many bytes.
    Size,
    /// Show a document block by block.
    Blocks(Option<String>),
    /// Look for what is wrong: in a document, or everywhere.
    Check(Option<String>),
    /// Mend a finding.
    Repair(Option<String>),
    /// Build a document again from what is left of it.
    Recover(String),
    /// Build a document again, with what others have of it.
    RecoverWith(String),
    /// Read more bundles or stores while recovering.
    RecoverFrom,
    /// Write the update of a document into a file, for a report.
    Report(String),
    /// Put files aside, each under another name.
    MoveAside(Vec<(String, String)>),
    /// Show the time of this machine.
    ShowTime,
    /// Show which version of the program this is.
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
    /// List the members, those included who left where `all` says so.
    Members {
        /// Those who left too.
        all: bool,
        /// The entity whose members are meant; None where it is plain which one.
        entity: Option<String>,
    },
    /// Add a member, as `by` where nobody else may.
    AddMember {
        /// Whom to add: a whole member id.
        member: String,
        /// As what: a role as it is written in documents.
        role: String,
        /// Where to; None where it is plain which entity.
        entity: Option<String>,
        /// Who may do it; None where whoever acts may.
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
    /// Bring a card back onto the board.
    RestoreCard(String),
    /// Add a column.
    AddColumn,
    /// Remove a column whose cards go to another.
    RemoveColumn(String),

    /// List the issues, closed ones included.
    Issues,
    /// Show an issue.
    Issue(String),
    /// Open an issue.
    OpenIssue,
    /// Open a closed issue again.
    Reopen(String),
    /// Say how far an issue is.
    SetStatus,

    /// List the elements, deleted ones included.
    Elements,
    /// Show an element.
    Element(String),
    /// Put an element on the canvas.
    AddElement,
    /// Take the last step on the canvas back, or make it again.
    Step(&'static str),
    /// Undo or redo against what others built on it.
    Insist(&'static str),

    /// List the files on the disks.
    Files,
    /// The same, with those that were removed or have lost their paths.
    AllFiles,
    /// Take in what changed on the disks.
    ScanDisks,
    /// Say how the files on the disks stand.
    DiskStatus,
    /// Bring a file back that was removed.
    RestoreFile(String),
    /// Publish a website as its files are now.
    Publish,
    /// The same for an entity.
    PublishOf(String),
    /// Take in what was changed on the disks of an entity.
    ScanDisksOf(String),
    /// Remove what nobody needs beside the disks.
    CollectFiles,
    /// Put a file to where it was.
    PutFile {
        /// The path on the disk.
        path: String,
        /// The entity whose disk it is.
        entity: String,
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
    /// Move what is done with into the archive.
    ArchiveRun,
    /// List what is in the archive.
    Archived,
    /// Show something in the archive.
    ArchivedRecord(String),
    /// Bring something back out of the archive.
    RestoreArchived(String),
    /// Show which tombstones wait, and for whom.
    BlockedTombstones,
    /// List what was deleted for good.
    Trash,
    /// Show something that was deleted for good.
    Trashed(String),
    /// Make something anew that was deleted for good.
    Untrash(String),
    /// List what lost a conflict.
    Conflicts,
    /// Show what lost a conflict.
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
    /// Exporting for one replica.
    ExportFor,
    /// Make a bundle of one document or of one entity.
    ExportLess,
    /// Take a bundle in.
    Import,
    /// Take a bundle into a store elsewhere.
    ImportInto,
    /// Show what is in a bundle.
    ShowBundle,
    /// Show who lacks what.
    Status,
    /// List the peers.
    Peers,
    /// Forget what a peer said.
    Forget(Option<String>),
}

impl Hint {
    /// Adds words.
    pub fn and(mut self, words: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Phrase::Words(words.into()));
        self
    }

    /// Adds something to do.
    pub fn next(mut self, next: Next) -> Self {
        self.0.push(Phrase::Next(next));
        self
    }

    /// Adds another sentence.
    pub fn also(mut self, other: impl Into<Hint>) -> Self {
        self.0.push(Phrase::Words("; ".into()));
        self.0.append(&mut other.into().0);
        self
    }

    /// The sentence, with `name` saying how what is to be done is called.
    pub fn told(&self, name: impl Fn(&Next) -> String) -> String {
        let told = |part: &Phrase| match part {
            Phrase::Words(words) => words.to_string(),
            Phrase::Next(next) => name(next),
        };
        self.0.iter().map(told).collect()
    }
}

impl Next {
    /// A sentence that begins with it.
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
