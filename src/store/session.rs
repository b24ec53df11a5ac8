//! Writing: one lock, one command, one commit.

mod commit;

use super::brought::{self, Adopted};
use super::check::FileRepair;
use super::commits::Commits;
use super::fs::{self, LockFile};
use super::layout::{DATABASE, Document, Layout};
use super::load::{self, Loaded, Roots, ToldBy};
use super::machine::Machine;
use super::open_document::{Editing, OpenDocument, WrittenBy, more_is_needed};
use super::replica::Replica;
use super::state::{Fold, NewDatabase, State};
use super::{lock, reader};
use crate::crdt::container::FIRST_GENESIS;
use crate::crdt::doc::{Admitted, Txn};
use crate::crdt::effort::Allowance;
use crate::error::{Error, Kind, Next, Result};
use crate::id::{DocId, MemberId};
use crate::wire::{Checked, Clocks, Noted, Update};
use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// The rules for an adoption: given the session, with the incoming changes applied, they decide what the
/// merge left open. Return messages for people.
pub type Rules = fn(&mut Session, &Adopted<'_>) -> Result<Vec<String>>;

/// What a store is used with; made once by the command line (or a test).
pub struct Environment {
    /// The machine around it.
    pub machine: Machine,
    /// `concern::expected`.
    pub roots: Roots,
    /// From `concern::noted`: the fields that lists are sorted and filtered by.
    pub noted: Noted,
    /// `merge::adopt`: decides what is open when another program has put its file over ours.
    pub adopt: Rules,
    /// When files are written; `None` leaves that to the store's setting.
    pub fold: Option<Fold>,
}

/// How a session is opened.
pub struct Open<'a> {
    /// The command line, for the log and for others who wait for the lock.
    pub command: &'a str,
    /// The acting member (`--as`); the replica's member if `None`.
    pub member: Option<&'a MemberId>,
    /// Whether nothing is written, not even `crdtctl.db`.
    pub dry_run: bool,
}

/// What a session writes into the files before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recovery {
    Nothing,
    /// What a crash left in the log; and what was deferred, unless this session defers too.
    AsSet,
    Everything,
}

/// The fold is secondary: it does not wait long for programs that are not ours.
pub(super) const FOLD_WAIT: Duration = Duration::from_millis(500);

/// Work that waits for the commit of a session. It is dropped with a session that is not committed, and when
/// something is run again.
pub trait BeforeCommit: Any {
    /// Does the work before anything of the session is recorded. A dry run does it as well.
    ///
    /// # Errors
    /// Its own; nothing is committed then.
    fn carry_out(self: Box<Self>, session: &mut Session) -> Result<()>;
}

/// The documents of which only the parts asked for are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paging {
    /// All large ones.
    OfAny,
    /// Those for which the positions of the pages are recorded.
    OfIndexed,
}

/// Write access: holds the lock; dropped without `commit`, it changes nothing.
///
/// Documents are loaded when they are first asked for. Several sessions in one process lock each other out
/// like those of two processes.
pub struct Session {
    /// Documents asked for so far; `None` for those that do not exist. Some of them read the state.
    pub(super) documents: BTreeMap<DocId, Option<OpenDocument>>,
    // Closed before the lock is released: closing moves SQLite's log into its file.
    pub(super) state: State,
    // Removed after it is closed, and before anybody else may open it.
    _new_state: Option<NewDatabase>,
    pub(super) lock: Option<LockFile>,
    pub(super) layout: Layout,
    pub(super) environment: Rc<Environment>,
    commits: Rc<Commits>,
    pub(super) command: String,
    member: Option<MemberId>,
    dry_run: bool,
    pub(super) replica: Replica,
    /// The changed documents, in the order of their first change.
    pub(super) changed: Vec<DocId>,
    /// What is repaired in the files after the commit, by document.
    pub(super) repairs: Vec<(DocId, FileRepair)>,
    pub(super) notes: Vec<String>,
    /// The merge effort that imports may still use.
    pub(super) allowance: Allowance,
    /// A change failed half-way: nothing of this session may be kept.
    pub(super) broken: bool,
    /// Changes begun, including failed ones.
    begun: u64,
    /// When the files of changed documents are written.
    pub(super) folding: Fold,
    /// Set while an operation is run that asks for pages of documents.
    pub(super) paging: Option<Paging>,
    /// Documents that arrived whole and were narrowed to their tombstones.
    pub(super) narrowed: BTreeSet<DocId>,
    /// Documents whose tombstones were swept, by what, and at which revision.
    pub(super) swept: BTreeMap<DocId, ([u8; 32], usize)>,
    /// Documents in the normal form of their concerns, and at which revision.
    pub(super) normal: BTreeMap<DocId, usize>,
    /// What the command did, one JSON object a line, for the log.
    pub(super) operations: String,
    /// Documents that were left out because they cannot be used.
    damaged: BTreeMap<String, Error>,
    /// Work done once for all commands, just before the commit.
    pub(super) before_commit: Vec<Box<dyn BeforeCommit>>,
    /// What was derived from documents, each with the revision that it is valid for.
    pub(super) derived: BTreeMap<DocId, (usize, Box<dyn Any>)>,
}

impl Session {
    pub(super) fn open(
        dir: &Path,
        environment: Rc<Environment>,
        commits: Rc<Commits>,
        open: Open<'_>,
        recovery: Recovery,
        read: Option<State>,
    ) -> Result<Session> {
        let (state, new_state, lock) = match open.dry_run {
            true => (open_for_trying(dir, &environment.machine)?, None, None),
            false => {
                let (lock, left) = lock::take(dir, &environment.machine, open.command)?;
                let new_state = NewDatabase::where_none_is(&dir.join(DATABASE), &lock)?;
                let state = begin(dir, left, read)?;
                (state, new_state, Some(lock))
            }
        };
        let layout = Layout::new(dir.to_owned());
        let folding = match recovery {
            Recovery::AsSet => environment.fold.map_or_else(|| state.folding(), Ok)?,
            Recovery::Everything | Recovery::Nothing => Fold::Now,
        };
        let replica = Replica::open(&state, dir, &environment.machine, open.member, open.dry_run)?;
        let member = open.member.or(replica.member()).cloned();
        let mut session = Session {
            state,
            _new_state: new_state,
            lock,
            layout,
            commits,
            command: open.command.to_owned(),
            member,
            dry_run: open.dry_run,
            replica,
            documents: BTreeMap::new(),
            changed: Vec::new(),
            repairs: Vec::new(),
            notes: Vec::new(),
            allowance: Allowance::default(),
            broken: false,
            begun: 0,
            folding,
            paging: None,
            narrowed: BTreeSet::new(),
            swept: BTreeMap::new(),
            normal: BTreeMap::new(),
            operations: String::new(),
            damaged: BTreeMap::new(),
            before_commit: Vec::new(),
            derived: BTreeMap::new(),
            environment,
        };
        if recovery != Recovery::Nothing && !session.dry_run {
            session.recover()?;
        }
        Ok(session)
    }

    /// Keeps this replica, and sets its member, even if nothing else changes. A different member is
    /// accepted only while nothing was written as the present one: a name can be mistyped.
    pub(super) fn settle(&mut self, member: Option<&MemberId>) -> Result<()> {
        match (self.replica.member(), member) {
            (Some(old), Some(new)) if old != new => {
                if self.state.has_written_as(old)? {
                    let what = format!(
                        "this replica belongs to {old}, and has already written as that member"
                    );
                    return Err(Error::refused(what)
                        .hint(Next::ActAs.and(" acts as another member for one command")));
                }
                self.replica.set_member(new);
            }
            (None, Some(new)) => self.replica.set_member(new),
            _ => {}
        }
        self.replica.save(&self.state)
    }

    /// Now, in Unix seconds.
    pub fn now(&self) -> i64 {
        self.environment.machine.clock.now()
    }

    /// Returns the environment given when the store was opened.
    pub fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Returns whether nothing will be written: [`Session::commit`] only says what it would do.
    pub fn dry_run(&self) -> bool {
        self.dry_run
    }

    /// Returns the acting member.
    pub fn member(&self) -> Option<&MemberId> {
        self.member.as_ref()
    }

    /// Returns the replica that this session writes as. It changes when a document shows that the lease does
    /// not hold ([`Session::edit`], [`Session::apply`]).
    pub fn replica_id(&self) -> &str {
        self.replica.id()
    }

    /// Returns the local state, inside this session's transaction.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Returns the directory of all disks, which need not exist.
    pub fn disks(&self) -> PathBuf {
        self.layout.disks()
    }

    /// Returns every document of the store, including those made in this session, sorted by id.
    pub fn documents(&self) -> Result<Vec<Document>> {
        let mut documents = reader::documents(&self.layout, Some(&self.state))?;
        for doc in &self.changed {
            if let Err(at) = documents.binary_search_by(|found| found.id.cmp(doc)) {
                let path = self.layout.place(doc)?;
                documents.insert(at, Document { id: doc.clone(), path, bytes: 0, meta: None });
            }
        }
        Ok(documents)
    }

    /// Returns the number of changes begun so far, including failed ones: a failure before the first leaves
    /// nothing behind.
    pub fn changes_begun(&self) -> u64 {
        self.begun
    }

    /// Returns the length of the operations recorded so far.
    pub fn recorded(&self) -> usize {
        self.operations.len()
    }

    /// Records an operation of the command for the log: one JSON object, replacing everything recorded after
    /// `mark` (by its parts). It is kept if the command changes any document.
    pub fn record(&mut self, mark: usize, operation: &str) {
        self.operations.truncate(mark);
        self.operations.push_str(operation);
        self.operations.push('\n');
    }

    /// Changes a document (created if missing) in one yrs transaction; a document that no concern understands
    /// is refused. After an error the session must be dropped; it refuses to commit.
    pub fn edit<R>(
        &mut self,
        doc: &DocId,
        change: impl FnOnce(&mut Txn<'_>) -> Result<R>,
    ) -> Result<R> {
        self.begun = self.begun.saturating_add(1);
        self.change(doc, WrittenBy::Us, |editing| editing.doc.edit(doc, change))
    }

    /// Applies an update that passed the gate; logged as coming from `origin` (replica, upto that replica's
    /// log seq). Returns whether it brought anything new. After an error the session must be dropped; it
    /// refuses to commit.
    ///
    /// # Errors
    /// `Forked` if the update contains writes under our own client id that we never made. The id is given up:
    /// the next session is a new replica. `Untrusted` if merging it would take longer than all imports of the
    /// session together may; the session can then continue without it.
    pub fn apply(
        &mut self,
        doc: &DocId,
        update: &Update<'_, Checked>,
        origin: Option<(&str, i64)>,
    ) -> Result<bool> {
        let by = origin
            .map_or(WrittenBy::Us, |(replica, seq)| WrittenBy::Peer((replica.to_owned(), seq)));
        self.begun = self.begun.saturating_add(1);
        let admitted = self.admit(doc, update)?;
        let applied = self.change(doc, by, |editing| {
            let theirs = update.version().clocks.get(&editing.client).copied().unwrap_or(0);
            if theirs > editing.doc.clock_of(editing.client) {
                return Err(Error::new(
                    Kind::Forked,
                    format!(
                        "{doc}: the update holds writes under our own client id that we never made"
                    ),
                )
                .because("this store was copied or rolled back, and the other copy wrote too")
                .hint("nothing was written; run the command again, it goes on as a new replica"));
            }
            editing.doc.apply_admitted(&admitted)
        });
        if let (Ok(_), Admitted::Whole(first)) = (&applied, admitted) {
            let noted = self.environment.noted;
            self.open_document(doc, true)?.stands_as(first, noted);
        }
        if applied.as_ref().is_err_and(|e| e.kind == Kind::Forked) {
            self.replica.revoke();
        }
        applied
    }

    /// Adds a note to those of the commit.
    pub(crate) fn say(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Returns the client id of new writes.
    pub fn client(&self) -> u64 {
        self.replica.client()
    }

    /// Gives up a client id, if it is the one that this replica writes under: somebody else wrote under it
    /// too. The next session is then a new replica.
    pub fn give_up_client(&self, client: u64) {
        if self.replica.writes_under(client) {
            self.replica.revoke();
        }
    }

    /// Returns whether this replica once held more than it does: its log up to `seen`, or under its client id
    /// what these clocks of a document say. Anybody who knows of that heard it from us.
    pub fn held_more(&self, doc: &DocId, seen: i64, clocks: &Clocks) -> Result<bool> {
        let client = self.replica.client();
        Ok(seen > self.state.log_end()?
            || match clocks.get(&client) {
                Some(clock) => *clock > self.state.own_clock(doc, client)?,
                None => false,
            })
    }

    /// Continues as a new replica, unless this is already a new one. Must be called before any document is
    /// changed: a document already changed keeps the old client id.
    pub fn go_on_as_new(&mut self, reason: String) -> Result<()> {
        self.replica.replace(reason, &self.state, &self.environment.machine)
    }

    /// Continues without a document that cannot be used: it stays as it is, and the commit reports it.
    ///
    /// # Errors
    /// The error itself, if it is not about a single document.
    pub fn leave_out(&mut self, error: Error) -> Result<()> {
        let Some(doc) = error.damaged.clone() else { return Err(error) };
        self.damaged.entry(doc).or_insert(error);
        Ok(())
    }

    /// Returns the documents changed so far, in the order of their first change.
    pub fn changed(&self) -> Vec<DocId> {
        self.changed.clone()
    }

    pub(super) fn loaded(&self, doc: &DocId) -> Option<&Loaded> {
        self.documents.get(doc)?.as_ref().map(|open| &open.loaded)
    }

    pub(super) fn load(&mut self, doc: &DocId) -> Result<()> {
        if self.documents.contains_key(doc) {
            return Ok(());
        }
        let noted = self.environment.noted;
        let roots = self.environment.roots;
        let paging = self.paging.filter(|_| !roots(doc).is_anything());
        let idle_below = match paging {
            Some(Paging::OfAny) => FIRST_GENESIS,
            // A merge needs all clients.
            Some(Paging::OfIndexed) | None => u64::MAX,
        };
        let (layout, state) = (&self.layout, &self.state);
        if paging.is_some() {
            let find = || OpenDocument::indexed(layout, state, doc, noted, idle_below);
            let known = match find()? {
                None if self.recognize(doc) => find()?,
                known => known,
            };
            if let Some(open) = known {
                self.documents.insert(doc.clone(), Some(open));
                return Ok(());
            }
        }
        let loaded = load::load(&self.layout, Some(&self.state), doc, roots, ToldBy::Hash)?;
        // What this run does is undone then, and so would be what it takes in.
        if self.asks_for_more() && loaded.as_ref().is_some_and(|loaded| loaded.theirs.is_some()) {
            return Err(more_is_needed(doc));
        }
        let brought = match &loaded {
            Some(loaded) => brought::brought(loaded, doc, roots)?,
            None => None,
        };
        let mut open = loaded.map(OpenDocument::new);
        if paging == Some(Paging::OfAny) {
            open.iter_mut().try_for_each(|open| open.narrow(noted))?;
        }
        self.documents.insert(doc.clone(), open);
        brought.map_or(Ok(()), |brought| self.adopt(doc, brought))
    }

    /// Forgets all changes; what was loaded stays.
    pub(super) fn forget_changes(&mut self) {
        self.changed.clear();
        self.derived.clear();
        self.before_commit.clear();
        self.repairs.clear();
        self.damaged.clear();
        self.operations.clear();
        self.swept.clear();
        self.normal.clear();
        (self.broken, self.begun) = (false, 0);
    }

    /// Returns how much changes have left behind beside documents, for the commit.
    pub(super) fn derivatives(&self) -> usize {
        [self.before_commit.len(), self.repairs.len(), self.damaged.len(), self.operations.len()]
            .into_iter()
            .sum()
    }

    /// Forgets what was derived from a document, which is about to change.
    pub(super) fn forget_found(&mut self, doc: &DocId) {
        self.derived.remove(doc);
        self.normal.remove(doc);
        self.swept.remove(doc);
    }

    /// Forgets a document, as if it had not been asked for.
    pub(super) fn forget(&mut self, doc: &DocId) {
        self.documents.remove(doc);
        self.forget_found(doc);
        self.changed.retain(|changed| changed != doc);
    }

    /// Opens a document in yrs, or a new one, under the client id that its lease allows.
    fn open_document(&mut self, doc: &DocId, to_merge: bool) -> Result<&mut OpenDocument> {
        self.load(doc)?;
        self.complete(doc)?;
        let open = match self.documents.entry(doc.clone()).or_default() {
            Some(open) => open,
            none => none.insert(OpenDocument::new(Loaded::nothing(&self.layout, doc)?)),
        };
        let (replica, state, environment) = (&mut self.replica, &self.state, &self.environment);
        open.open(doc, environment.roots, to_merge, |clocks| {
            replica.client_for(doc, clocks, state, &environment.machine)
        })?;
        Ok(open)
    }

    /// Returns whether an update may be applied, by what it costs.
    pub(super) fn admit<'u>(
        &mut self,
        doc: &DocId,
        update: &Update<'u, Checked>,
    ) -> Result<Admitted<'u>> {
        let (roots, mut allowance) = (self.environment.roots, std::mem::take(&mut self.allowance));
        let open = self.open_document(doc, true);
        let admitted = open.and_then(|open| open.admit(doc, roots, update, &mut allowance));
        self.allowance = allowance;
        admitted
    }

    /// Opens a document in yrs and changes it.
    pub(super) fn change<R>(
        &mut self,
        doc: &DocId,
        by: WrittenBy,
        change: impl FnOnce(&mut Editing) -> Result<R>,
    ) -> Result<R> {
        self.open_document(doc, false)?;
        let Some(Some(open)) = self.documents.get_mut(doc) else {
            return Err(Error::bug("a document that was opened is not there"));
        };
        // Until the change is complete, what yrs holds must not be used.
        let was_broken = std::mem::replace(&mut self.broken, true);
        let was_changed = open.is_changed();
        let result = open.change(by, change)?;
        self.broken = was_broken;
        if open.is_changed() && !was_changed {
            self.changed.push(doc.clone());
        }
        Ok(result)
    }
}

/// Opens the local state and begins the session's transaction.
fn begin(dir: &Path, wait: Duration, read: Option<State>) -> Result<State> {
    let locked = |e| lock::locked_elsewhere(dir, e);
    let path = dir.join(DATABASE);
    let state = match read.and_then(|read| read.into_writer(&path, wait)) {
        Some(state) => state,
        None => State::open_for_writing(&path, wait).map_err(locked)?,
    };
    state.begin(wait).map_err(locked)?;
    Ok(state)
}

/// Does the same for a dry run: the transaction is rolled back in the end, and no `crdtctl.db` is created.
fn open_for_trying(dir: &Path, machine: &Machine) -> Result<State> {
    let locked = |e| lock::locked_elsewhere(dir, e);
    let path = dir.join(DATABASE);
    let state = match fs::size(&path)? {
        0 => State::in_memory()?,
        _ => State::open_for_trying(&path, machine.lock_wait).map_err(locked)?,
    };
    state.begin(machine.lock_wait).map_err(locked)?;
    Ok(state)
}
