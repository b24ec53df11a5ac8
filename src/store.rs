//! A store: documents on disk, and how a change becomes durable.
//!
//! `crdtctl.db` holds a log, and a command takes effect with its `COMMIT` there; the `.yrs` files are
//! checkpoints of the log that other programs can read. A [`Reader`] overlays them with the rows that
//! are not folded into them yet. A [`Session`] holds the one writer lock; dropped, it changes
//! nothing. The store moves documents and never names a field of one.
//!
//! Signals need no handling here: if a process ends before the `COMMIT`, SQLite rolls the transaction
//! back; if it ends after, the next session folds what is in the log.
//!
//! Not promised: protection from a program that writes a `.yrs` between our last look at it and our
//! rename, or from a disk that reports writes as durable and loses them.

mod adopt;
mod archive_place;
mod before_commit;
mod broken_log;
mod brought;
pub mod check;
mod commits;
mod deferred;
mod elsewhere;
mod file_pieces;
mod finding;
mod fold;
mod fs;
mod incomplete;
mod index;
mod layout;
mod learned;
mod load;
mod lock;
mod look;
mod lost_state;
mod machine;
mod new_state;
mod open_document;
mod paged;
mod reader;
mod reading;
mod repair;
mod replica;
mod results;
mod rows;
mod salvage;
mod savepoint;
mod session;
mod state;
mod swept;
#[cfg(test)]
mod tests;
mod unsound_state;

#[cfg(test)]
pub(crate) use fs::counted;

pub use broken_log::broken_entry;
pub use brought::Adopted;
pub use commits::{ChangedDocument, Commits, Committed};
pub use fs::{Seen, free_bytes, no_file, refuse_no_file, sync_file_system, unreadable};
pub use index::StoredDocument;
use layout::DATABASE;
pub use layout::{ARCHIVE_FILE, Document, Meta, Problem, Scan};
pub use load::Roots;
pub use lock::HeldLock;
pub use machine::Machine;
use reader::FileSource;
pub use reader::{Omitted, OnDisk, Reader, UnfoldedDocument};
pub use results::WholeFile;
pub use salvage::Remains;
pub use savepoint::Revision;
use session::Recovery;
pub use session::{BeforeCommit, Environment, Open, Rules, Session};
use state::Legacy;
pub use state::{
    Audit, BegunFile, Conflict, ConflictClaim, DiskBase, Fold, Handed, LogEntry, LogHead, LogRow,
    Parked, Peer, State, StoredReceipt, Trashed, UndoStep, WaitingEvents,
};
pub use swept::IndexedDocument;

use crate::error::{Error, Hint, Next, Result};
use crate::id::MemberId;
use layout::Layout;
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// How many stores below a directory that holds none are named.
const NAMED_BELOW: usize = 3;

/// A directory with documents in it.
pub struct Store {
    /// The path as given: the store's directory, the one around its `crdt.db/`, or the `crdt/` in it.
    named: PathBuf,
    /// Whether `named` is the directory of the documents itself.
    named_within: bool,
    generation: Generation,
    environment: Rc<Environment>,
    commits: Rc<Commits>,
    /// What read the store so far, if the next session is to use its connection to the local state.
    read_by: Cell<Option<Reader>>,
}

/// The generations of stores.
enum Generation {
    /// A directory `crdt/`, and `crdtctl.db` beside it.
    Files(PathBuf),
    /// 0.1.19: the SQLite file, and the directory it is in.
    Legacy { file: PathBuf, dir: PathBuf },
}

impl Store {
    /// Opens a directory that holds `crdt/` or `crdt.db/crdt/`, or the 0.1.19 file `crdt.db`. Reads
    /// nothing else and writes nothing.
    pub fn open_with(dir: &Path, environment: Rc<Environment>) -> Result<Store> {
        match named(dir)? {
            Some((generation, named_within)) => {
                let (named, commits) = (dir.to_owned(), Rc::default());
                let read_by = Cell::default();
                Ok(Store { named, named_within, generation, environment, commits, read_by })
            }
            None => {
                let error = Error::not_found(format!("no store at {}", dir.display()));
                Err(error.hint(no_store(&stores_below(dir))))
            }
        }
    }

    /// Counts the commits of the store's sessions in `commits`, together with those of other stores.
    #[must_use]
    pub fn counting(mut self, commits: &Rc<Commits>) -> Store {
        commits.join(&self.commits);
        self.commits = Rc::clone(commits);
        self
    }

    /// Lets the next session use what a reader of this store has open, if nobody else reads through it.
    #[must_use]
    pub fn continuing(self, reader: Option<Reader>) -> Store {
        self.read_by.set(reader);
        self
    }

    /// Creates a store, or opens an existing one, and makes it a replica; returns the replica id.
    ///
    /// # Errors
    /// `Refused` if the replica belongs to another member and has written as that member.
    pub fn init(
        dir: &Path,
        environment: Rc<Environment>,
        member: Option<&MemberId>,
    ) -> Result<(Store, String)> {
        if named(dir)?.is_none() {
            fs::create_dir(&dir.join("crdt"))?;
        }
        let store = Store::open_with(dir, environment)?;
        let open = Open { command: "init", member, dry_run: false };
        let mut session = store.session(open)?;
        session.settle(member)?;
        let replica = session.replica_id().to_owned();
        session.commit()?;
        Ok((store, replica))
    }

    /// Returns the member whose replica the store would be after [`Store::init`], without writing anything;
    /// `None` if there is no store yet.
    ///
    /// # Errors
    /// As [`Store::init`].
    pub fn would_init(
        dir: &Path,
        environment: Rc<Environment>,
        member: Option<&MemberId>,
    ) -> Result<Option<Option<MemberId>>> {
        if named(dir)?.is_none() {
            return Ok(None);
        }
        let store = Store::open_with(dir, environment)?;
        let mut session = store.session(Open { command: "init", member, dry_run: true })?;
        session.settle(member)?;
        let member = session.replica.member().cloned();
        session.commit()?;
        Ok(Some(member))
    }

    /// Returns the nearest store among `start` and its ancestors. Unlike [`Store::open_with`], it does not
    /// accept a `crdt/` directory without a document in it.
    ///
    /// # Errors
    /// `Io` if a directory cannot be examined: a store further up might not be the one that is meant.
    pub fn find(start: &Path) -> Result<Option<PathBuf>> {
        for dir in start.ancestors() {
            let is_store = match recognise(dir)? {
                Some(Generation::Files(dir)) => layout::is_store(&dir)?,
                Some(Generation::Legacy { .. }) => true,
                None => false,
            };
            if is_store {
                return Ok(Some(dir.to_owned()));
            }
        }
        Ok(None)
    }

    /// Whether a path belongs to a store: anything in its `crdt/` or `disks/`, or one of its databases. The
    /// file itself need not exist.
    ///
    /// # Errors
    /// `Io` if that cannot be determined.
    pub fn owns(path: &Path) -> Result<bool> {
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // Nothing in a directory that does not exist belongs to a store.
        let (Ok(dir), Some(name)) = (fs::canonical(dir), path.file_name()) else {
            return Ok(false);
        };
        let path = dir.join(name);
        let name = name.to_string_lossy();
        let is_database = name.starts_with(DATABASE) || name.starts_with(ARCHIVE_FILE);
        for store in dir.ancestors() {
            let is_disk = path.starts_with(store.join("disks"));
            let within =
                path.starts_with(store.join("crdt")) || is_disk || is_database && dir == store;
            let beside = store.join(layout::CRDT_DB);
            if within && layout::holds_documents(store)?
                || is_disk && layout::holds_documents(&beside)?
            {
                return Ok(true);
            }
        }
        Ok(matches!(recognise(&path)?, Some(Generation::Legacy { .. })))
    }

    /// Whether a directory is empty or does not exist.
    pub fn is_free(dir: &Path) -> Result<bool> {
        Ok(fs::names(dir)?.is_empty())
    }

    /// Returns the directory that holds `crdt/` and `crdtctl.db`.
    pub fn dir(&self) -> &Path {
        match &self.generation {
            Generation::Files(dir) | Generation::Legacy { dir, .. } => dir,
        }
    }

    /// Returns a path of this store relative to the directory that the store was opened by.
    pub fn named_path(&self, path: &Path) -> PathBuf {
        if self.named_within {
            return path.strip_prefix("crdt").unwrap_or(path).to_owned();
        }
        let below = self.dir().strip_prefix(&self.named).unwrap_or(Path::new(""));
        below.join(path)
    }

    /// Returns the environment that the store was opened with.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Opens the store for reading. Takes no lock, waits for nobody, creates nothing, unless it is told to note
    /// what it finds ([`Reader::learning`]).
    pub fn reader(&self) -> Result<Reader> {
        Ok(self.reading(match &self.generation {
            Generation::Files(dir) => {
                let layout = Layout::new(dir.clone());
                FileSource::files(layout, self.environment.machine.lock_wait)?
            }
            Generation::Legacy { file, .. } => FileSource::Legacy(Legacy::open(file)?),
        }))
    }

    fn reading(&self, source: FileSource) -> Reader {
        let Environment { machine, roots, noted, .. } = &*self.environment;
        Reader::new(source, machine.lock_wait, *roots, *noted)
    }

    /// Takes the writer lock, cleans up after a crash, and checks the lease.
    ///
    /// # Errors
    /// `Locked` if another process holds the lock for longer than `lock_wait`; `Refused` for a store of the
    /// 0.1.19 generation or one that a newer crdtctl wrote.
    pub fn session(&self, open: Open<'_>) -> Result<Session> {
        self.open_session(open, Recovery::AsSet)
    }

    /// Like [`Store::session`], but writes deferred changes into the files and defers none itself.
    ///
    /// # Errors
    /// As [`Store::session`].
    pub fn folding_session(&self, open: Open<'_>) -> Result<Session> {
        self.open_session(open, Recovery::Everything)
    }

    /// Like [`Store::session`], for a repair, which mends only what was named: what a crash left stays
    /// for the next session, or for [`Session::repair`].
    ///
    /// # Errors
    /// As [`Store::session`].
    pub fn repair_session(&self, open: Open<'_>) -> Result<Session> {
        self.open_session(open, Recovery::Nothing)
    }

    /// Keeps all other commands from writing, for a look at everything at one moment. `None` for a store of
    /// the 0.1.19 generation, which no command writes.
    ///
    /// # Errors
    /// `Locked`; `Io` if nobody can write here.
    pub fn hold(&self, command: &str) -> Result<Option<HeldLock>> {
        match &self.generation {
            Generation::Files(dir) => lock::hold(dir, &self.environment.machine, command).map(Some),
            Generation::Legacy { .. } => Ok(None),
        }
    }

    fn open_session(&self, open: Open<'_>, recovery: Recovery) -> Result<Session> {
        match &self.generation {
            Generation::Files(dir) => {
                let (environment, commits) =
                    (Rc::clone(&self.environment), Rc::clone(&self.commits));
                let read = self.read_by.take().and_then(Reader::into_state);
                Session::open(dir, environment, commits, open, recovery, read)
            }
            Generation::Legacy { file, .. } => Err(Error::refused(format!(
                "{} is a store of the 0.1.19 generation, which crdtctl can only read",
                file.display()
            ))
            .hint(
                Hint::from("export all of it with ")
                    .next(Next::Export)
                    .and(", make a new store with ")
                    .next(Next::MakeStoreAt)
                    .and(", and import it there with ")
                    .next(Next::ImportInto),
            )),
        }
    }
}

/// The store named by a directory, and whether that directory is the one of its documents.
fn named(dir: &Path) -> Result<Option<(Generation, bool)>> {
    if let Some(generation) = recognise(dir)? {
        return Ok(Some((generation, false)));
    }
    let canonical = fs::canonical(dir).unwrap_or_else(|_| dir.to_owned());
    match canonical.parent().filter(|_| canonical.file_name().is_some_and(|name| name == "crdt")) {
        Some(around) if layout::holds_documents(around)? => {
            Ok(Some((Generation::Files(around.to_owned()), true)))
        }
        _ => Ok(None),
    }
}

/// What to do if there is no store; `below` are stores found further down.
fn no_store(below: &[PathBuf]) -> Hint {
    let (named, more) = below.split_at(below.len().min(NAMED_BELOW));
    let mut named = named.iter().map(|dir| Next::UseStore(dir.display().to_string()));
    let Some(first) = named.next() else {
        let hint = Next::MakeStore.and(" makes one; ").next(Next::NameStore);
        return hint.and(" names one elsewhere");
    };
    let hint = named.fold(Hint::from("name one that is below: ").next(first), |hint, next| {
        hint.and(", ").next(next)
    });
    if more.is_empty() { hint } else { hint.and(", and more") }
}

/// The stores directly below a directory, sorted, as far as they can be recognised; no more than a hint
/// needs.
fn stores_below(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::names(dir).unwrap_or_default().into_iter();
    let dirs = entries.filter(|(_, node)| matches!(node, fs::FileNode::Directory));
    let stores = dirs.map(|(name, _)| dir.join(name));
    let is_store = |dir: &PathBuf| matches!(recognise(dir), Ok(Some(_)));
    stores.filter(is_store).take(NAMED_BELOW + 1).collect()
}

fn recognise(dir: &Path) -> Result<Option<Generation>> {
    let inner = dir.join("crdt.db");
    if layout::holds_documents(dir)? {
        return Ok(Some(Generation::Files(dir.to_owned())));
    }
    if layout::holds_documents(&inner)? {
        return Ok(Some(Generation::Files(inner)));
    }
    let legacy = |file: PathBuf, dir: &Path| Some(Generation::Legacy { file, dir: dir.to_owned() });
    if fs::is_file(&inner)? {
        return Ok(legacy(inner, dir));
    }
    let named = dir.file_name().is_some_and(|name| name == "crdt.db") && fs::is_file(dir)?;
    let within = dir.parent().unwrap_or(Path::new("."));
    Ok(if named { legacy(dir.to_owned(), within) } else { None })
}
