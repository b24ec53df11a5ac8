mod deliver;
mod disks;
mod gone;
mod sizes;
mod stranger;

pub use gone::{lost, say_gone};

use super::{Globals, resolve};
use crate::clock::{Clock, Ids};
use crate::cmd::by_itself;
use crate::cmd::failure;
use crate::concern::{self, CONCERNS};
use crate::error::{Error, Kind, Next, Result};
use crate::id::{self, DocId, EntityId, MemberId};
use crate::machine;
use crate::operation::{self, Creates, Operation, Outcome};
use crate::query::Partial;
use crate::store::{
    Commits, Committed, Document, Environment, Machine, Omitted, Open, Reader, Session, Store,
};
use crate::sync::{archiving, status};
use crate::ui::{Format, Progress, Report, Terminal, Written, prompt};
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::path::PathBuf;
use std::rc::Rc;

/// The setting that holds the default entity (`entity use`).
pub const DEFAULT_ENTITY: &str = "entity";

/// Maximum number of rows in a table with one row per member, without `--full`.
const ROWS: usize = 10;

/// Everything that a command gets from its environment: options, the machine, the store.
pub struct Context {
    pub globals: Globals,
    pub terminal: Terminal,
    /// The command's words, for the log and for processes that wait for the lock: "chat send".
    command: String,
    dry_run: bool,
    environment: OnceCell<Rc<Environment>>,
    reader: RefCell<Option<Reader>>,
    /// The member that `--as` names, once looked up.
    named_member: OnceCell<MemberId>,
    /// The commits made so far.
    pub(crate) commits: Rc<Commits>,
    notes: RefCell<Vec<String>>,
    /// Errors of the documents that a command about many documents left out, by document.
    damaged: RefCell<BTreeMap<String, Error>>,
    /// Whether the store archives automatically, as the last session found.
    is_automatic: Cell<Option<bool>>,
    /// What the readers left out apart from documents.
    left_out: RefCell<Vec<Omitted>>,
    /// The ids of files that the file system refused; `None` if it may be any file.
    unwritten: RefCell<Vec<Option<String>>>,
}

impl Context {
    pub(crate) fn new(
        globals: Globals,
        terminal: Terminal,
        command: String,
        dry_run: bool,
    ) -> Self {
        Context {
            globals,
            terminal,
            command,
            dry_run,
            environment: OnceCell::new(),
            reader: RefCell::default(),
            named_member: OnceCell::new(),
            commits: Rc::default(),
            notes: RefCell::new(Vec::new()),
            damaged: RefCell::new(BTreeMap::new()),
            is_automatic: Cell::default(),
            left_out: RefCell::default(),
            unwritten: RefCell::default(),
        }
    }

    /// Clock, ids and the machine, determined once.
    pub fn environment(&self) -> Rc<Environment> {
        Rc::clone(self.environment.get_or_init(|| Rc::new(environment(&self.globals))))
    }

    /// Now, in Unix seconds.
    pub fn now(&self) -> i64 {
        self.environment().machine.clock.now()
    }

    /// Opens the store that the options select.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub fn store(&self) -> Result<Store> {
        // A writer must be alone, and a second look must see what others wrote.
        self.reader.take();
        let dir = self.store_dir()?;
        self.detail(|| format!("store {}", dir.display()));
        Ok(Store::open_with(&dir, self.environment())?.counting(&self.commits))
    }

    /// Returns read access to the store, opened once until the store is used otherwise.
    pub fn reader(&self) -> Result<Reader> {
        let open = self.reader.borrow().clone();
        if let Some(reader) = open {
            return Ok(reader);
        }
        let reader = self.reader_of(&self.store()?)?;
        self.reader.replace(Some(reader.clone()));
        Ok(reader)
    }

    /// Returns read access to an opened store; what it leaves out is reported at the end.
    pub fn reader_of(&self, store: &Store) -> Result<Reader> {
        let reader = self.learner_of(store)?;
        self.left_out.borrow_mut().push(reader.left_out().clone());
        Ok(reader)
    }

    /// Returns the same for a command that reports by itself what it leaves out.
    pub fn learner_of(&self, store: &Store) -> Result<Reader> {
        let reader = store.reader()?;
        Ok(match self.dry_run {
            true => reader,
            false => reader.learning(&self.environment().machine, &self.command),
        })
    }

    /// Returns write access to the store, as the acting member. Respects `-n`.
    pub fn session(&self) -> Result<Session> {
        let how = self.how()?;
        let reader = self.reader.take();
        let session = self.store()?.continuing(reader).session(how)?;
        self.is_automatic.set(Some(archiving::is_automatic(Some(session.state()))?));
        if let Some(member) = session.member() {
            self.detail(|| format!("acting as {member}"));
        }
        Ok(session)
    }

    /// Returns a session that writes nothing, whatever the command is.
    pub fn rehearsal(&self) -> Result<Session> {
        self.store()?.session(Open { dry_run: true, ..self.how()? })
    }

    /// Returns write access that leaves the remains of a crash alone, for `repair` to mend what is named.
    /// Respects `-n`.
    pub fn repair_session(&self) -> Result<Session> {
        self.store()?.repair_session(self.how()?)
    }

    /// Returns the options to open a session of this command with. Respects `-n`.
    pub fn how(&self) -> Result<Open<'_>> {
        Ok(Open { command: &self.command, member: self.named_member()?, dry_run: self.dry_run })
    }

    /// Returns the member that `--as` names, by its id or by a prefix unique among the store's members.
    /// A name that is no such prefix is taken as it is: the member may not be known here yet.
    ///
    /// # Errors
    /// `Ambiguous`; `Usage` for a prefix that is too short.
    pub fn named_member(&self) -> Result<Option<&MemberId>> {
        let Some(named) = &self.globals.acting_member else { return Ok(None) };
        if let Some(found) = self.named_member.get() {
            return Ok(Some(found));
        }
        let reader = self.reader()?;
        let own = own_member(&reader)?;
        if own.as_ref() == Some(named) {
            // A full id needs no lookup.
            return Ok(Some(self.named_member.get_or_init(|| named.clone())));
        }
        let mut members = status::members(&reader, &mut Vec::new())?;
        members.extend(own.map(|member| member.to_string()));
        let found = match id::resolve(named.as_str(), members.iter().map(String::as_str), "member")
        {
            Ok(found) => MemberId::parse(&found)?,
            Err(error) if error.kind == Kind::NotFound => named.clone(),
            Err(error) => {
                let members = Next::Members { all: true, entity: None };
                return Err(error.hint_also(members.and(" shows them")));
            }
        };
        Ok(Some(self.named_member.get_or_init(|| found)))
    }

    /// Returns the acting member, if the store or the command line names one.
    pub fn member(&self) -> Result<Option<MemberId>> {
        match self.named_member()? {
            Some(member) => Ok(Some(member.clone())),
            None => own_member(&self.reader()?),
        }
    }

    /// Returns the acting member.
    ///
    /// # Errors
    /// `Usage` if there is none.
    pub fn acting_member(&self) -> Result<MemberId> {
        self.member()?.ok_or_else(|| {
            Error::usage("this store has no member to act as")
                .hint("name one with `--as MEMBER`, or permanently with `crdtctl init --as MEMBER`")
        })
    }

    /// Returns the current entity: that of `-e`, else the store's default, else the only one.
    ///
    /// # Errors
    /// As [`resolve::entity`].
    pub fn entity(&self) -> Result<EntityId> {
        self.entity_named(&self.reader()?, None)
    }

    /// Returns the entity that an argument names; without one as [`Context::entity`].
    pub fn entity_named(&self, reader: &Reader, named: Option<&str>) -> Result<EntityId> {
        self.entity_in(reader, &document_ids(reader.documents()?), named)
    }

    /// Returns the entities that a command about the whole store covers: with `-e` only that one.
    pub fn entities(&self, documents: &[Document]) -> Result<BTreeSet<EntityId>> {
        let all = entities(documents.iter().map(|document| &document.id));
        match &self.globals.entity {
            Some(named) => {
                resolve::entity(Some(named), None, &all).map(|one| BTreeSet::from([one]))
            }
            None => Ok(all),
        }
    }

    /// Returns the entity of `-e`; `None` without `-e`, which means the whole store.
    pub fn named_entities(&self, reader: &Reader) -> Result<Option<BTreeSet<EntityId>>> {
        match &self.globals.entity {
            Some(_) => self.entities(&reader.documents()?).map(Some),
            None => Ok(None),
        }
    }

    /// Returns the document that an argument names; see [`resolve::document`].
    pub fn document(&self, reader: &Reader, wanted: &str) -> Result<DocId> {
        self.document_among(reader, &document_ids(reader.documents()?), wanted)
    }

    /// Returns the one of these documents that an argument names.
    pub fn document_among(
        &self,
        reader: &Reader,
        documents: &[DocId],
        wanted: &str,
    ) -> Result<DocId> {
        let concerns: Vec<&str> = CONCERNS.iter().map(|spec| spec.name).collect();
        let current = || self.entity_in(reader, documents, None);
        resolve::document(wanted, documents, &concerns, current)
    }

    /// Returns the current entity, out of those that these documents belong to.
    pub fn entity_among(&self, reader: &Reader, documents: &[DocId]) -> Result<EntityId> {
        self.entity_in(reader, documents, None)
    }

    fn entity_in(
        &self,
        reader: &Reader,
        documents: &[DocId],
        named: Option<&str>,
    ) -> Result<EntityId> {
        let entities = entities(documents.iter());
        let default = match reader.state() {
            Some(state) => state.setting(DEFAULT_ENTITY)?,
            None => None,
        };
        let named = named.or(self.globals.entity.as_deref());
        let entity = resolve::entity(named, default.as_deref(), &entities)?;
        self.detail(|| format!("entity {entity}"));
        Ok(entity)
    }

    /// Whether `--fields` names fields.
    pub fn chooses_fields(&self) -> bool {
        !self.globals.fields.is_empty()
    }

    /// Whether to print a single bare value, for scripts: in a pipe, if no other output was asked for.
    pub fn prints_bare(&self) -> bool {
        let is_default = self.globals.output.is_none() && !self.chooses_fields();
        self.terminal.format == Format::Tsv && is_default
    }

    /// Whether this is a dry run.
    pub(crate) fn is_dry(&self) -> bool {
        self.dry_run
    }

    /// Runs one operation in a session of its own and reports it. If it exists to create a record, or
    /// created one, standard output gets the record's id.
    ///
    /// Asks first, if somebody can answer, before records leave their document for good; the lock is
    /// not held while waiting for the answer.
    pub fn perform(&self, operation: &Operation) -> Result<Report> {
        let declared = operation.declaration();
        if declared.deletes && self.asks() {
            let trial = operation::run_alone(&mut self.rehearsal()?, operation)?;
            if !self.confirm_loss(trial.gone().len())? {
                return Ok(Report::nothing().note("nothing was deleted"));
            }
        }
        let mut session = self.session()?;
        let outcome = match operation::run_alone(&mut session, operation) {
            Err(e) if e.full.is_some() && self.archives_by_itself() => {
                drop(session);
                let said = by_itself::make_room(&self.store()?, self.how()?, &e)?;
                said.into_iter().for_each(|said| self.note(said));
                session = self.session()?;
                operation::run_alone(&mut session, operation)?
            }
            outcome => outcome?,
        };
        let committed = session.commit()?;
        let mut written = Written {
            sentence: outcome.said.clone(),
            extra: detail(&outcome),
            // A dry run creates no record, so its id means nothing.
            id: outcome.id.filter(|_| !(self.dry_run && outcome.created)),
            doc: outcome.doc.map(String::from),
            creates: declared.creates == Creates::Record || outcome.created,
            changed: outcome.changed,
            ..Written::default()
        };
        say_gone(&mut written);
        Ok(self.written(written, committed))
    }

    /// Returns the report of a write, completed from the commit, with notes on documents near their
    /// limit.
    pub fn written(&self, mut written: Written, committed: Committed) -> Report {
        written.seq = committed.seq;
        let own = match &written.doc {
            Some(doc) => committed.documents.iter().find(|change| change.doc.as_str() == doc),
            None => committed.documents.first(),
        };
        if let Some(change) = own {
            written.doc = Some(change.doc.to_string());
            written.bytes_before = change.bytes_before;
            written.bytes_after = change.bytes_after;
        } else if let Some(doc) = written.doc.as_deref().and_then(|doc| DocId::parse(doc).ok()) {
            written.bytes_before = self.standing_bytes(&doc);
            written.bytes_after = written.bytes_before;
        }
        if self.dry_run {
            written.sentence = dry(&written.sentence);
            written = written.with("dry_run", true);
        }
        let mut report = Report::written(written);
        report.notes = self.notes_of(&committed);
        report
    }

    /// Returns the notes on a commit, including those on documents near their limit.
    pub fn notes_of(&self, committed: &Committed) -> Vec<String> {
        let archived = || match self.is_automatic.get() {
            Some(false) if !committed.documents.is_empty() => Ok(BTreeMap::new()),
            _ => by_itself::archive(&self.store()?, self.how()?),
        };
        let by_itself = archived().unwrap_or_else(|e| {
            self.note(format!("nothing was archived automatically: {e:#}"));
            BTreeMap::new()
        });
        let near = committed.documents.iter();
        let near = near.filter(|change| !by_itself.contains_key(&change.doc));
        let near = near.filter(|change| concern::is_near_limit(&change.doc, change.bytes_after));
        let limits =
            near.filter_map(|change| concern::limit_note(&change.doc, self.counted_bytes(change)));
        let limits = limits.map(|note| failure::hint(&note));
        let damaged = committed.damaged.iter().filter_map(failure::leaves_out);
        let first = committed.first_replica.as_ref().map(|member| match member {
            _ if self.dry_run => "this store would become a replica".to_owned(),
            Some(member) => format!("this store is now a replica of {member}"),
            None => "this store is now a replica; `crdtctl init --as MEMBER` sets whose".to_owned(),
        });
        let disks = self.settle_disks(committed);
        committed
            .notes
            .iter()
            .cloned()
            .chain(first)
            .chain(limits)
            .chain(by_itself.values().cloned())
            .chain(damaged)
            .chain(disks)
            .collect()
    }

    /// Whether the store archives records of a full document automatically, as its last session found.
    pub fn archives_by_itself(&self) -> bool {
        self.is_automatic.get() == Some(true) && !self.dry_run
    }

    /// Whether to ask for confirmation, and somebody can answer.
    pub fn asks(&self) -> bool {
        self.terminal.ask && !self.globals.yes && !self.dry_run
    }

    /// Asks before records leave their documents for good. Returns true at once if none do.
    ///
    /// # Errors
    /// As [`Context::confirm`].
    pub fn confirm_loss(&self, records: usize) -> Result<bool> {
        gone::question(records).map_or(Ok(true), |question| self.confirm(&question))
    }

    /// Asks before an irreversible step. Returns true at once with `--yes`, and in a dry run.
    ///
    /// # Errors
    /// `Usage` if nobody can answer.
    pub fn confirm(&self, question: &str) -> Result<bool> {
        if self.globals.yes || self.dry_run {
            return Ok(true);
        }
        prompt::confirm(&self.terminal, question, "--yes")
    }

    /// Starts showing progress of work that may take long.
    pub fn progress(&self, title: &'static str, steps: Option<u64>) -> Progress {
        Progress::start(&self.terminal, title, steps)
    }

    /// Adds a sentence to the report's notes.
    pub fn note(&self, note: impl Into<String>) {
        self.notes.borrow_mut().push(note.into());
    }

    /// Cuts a table with one row per member to its first few rows, those that matter first, unless
    /// `--full` asks for all. Returns a sentence about the rows left out.
    pub(crate) fn few<T>(&self, all: &mut Vec<T>, matters: impl Fn(&T) -> bool) -> Option<String> {
        let left_out = all.len().saturating_sub(ROWS);
        let is_whole = self.terminal.full || self.terminal.format != Format::Table;
        // The note takes as much room as one more row.
        if is_whole || left_out < 2 {
            return None;
        }
        all.sort_by_key(|one| !matters(one));
        all.truncate(ROWS);
        Some(format!("and {left_out} more: `--full` shows all"))
    }

    /// Adds a hint to read the help to an error about the request that has no hint.
    pub(crate) fn advise(&self, error: Error) -> Error {
        let help = || format!("`crdtctl {} --help` says what it takes", self.command);
        match error.kind {
            Kind::Usage | Kind::Refused | Kind::NotFound | Kind::Ambiguous => {
                match error.hint.is_some() {
                    true => error,
                    false => error.hint(help()),
                }
            }
            _ => error,
        }
    }

    /// Goes on without a document that cannot be used: the rest is done and shown, and the command ends
    /// with the exit code of the error.
    ///
    /// # Errors
    /// The error itself, if it is not about a single document.
    pub fn leave_out(&self, error: Error) -> Result<()> {
        let Some(doc) = error.damaged.clone() else { return Err(error) };
        self.damaged.borrow_mut().entry(doc).or_insert(error);
        Ok(())
    }

    /// Returns what was read; `None` for a document that cannot be used, as [`Context::leave_out`].
    pub fn sound<T>(&self, read: Result<T>) -> Result<Option<T>> {
        read.map(Some).or_else(|e| self.leave_out(e).map(|()| None))
    }

    /// Returns what an answer holds; documents that it left out are handled as in [`Context::leave_out`].
    pub fn whole<T>(&self, answer: Partial<T>) -> Result<T> {
        answer.damaged.into_iter().try_for_each(|error| self.leave_out(error))?;
        Ok(answer.found)
    }

    /// Qualifies a sentence about everything if some documents were left out.
    pub fn as_far_as_read(&self, sentence: &str) -> String {
        match self.damaged.borrow().is_empty() {
            true => sentence.to_owned(),
            false => format!("{sentence} in what could be read"),
        }
    }

    pub(crate) fn take_damaged(&self) -> Vec<Error> {
        let left_out = self.left_out.take();
        for error in left_out.iter().filter_map(Omitted::take) {
            let what = error.damaged.clone().unwrap_or_default();
            self.damaged.borrow_mut().entry(what).or_insert(error);
        }
        self.damaged.take().into_values().collect()
    }

    /// Adds a note for `--verbose`, once.
    fn detail(&self, note: impl FnOnce() -> String) {
        if self.globals.verbose {
            let note = note();
            let mut notes = self.notes.borrow_mut();
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
    }

    pub(crate) fn take_notes(&self) -> Vec<String> {
        self.notes.take()
    }

    /// The directory of `-s`, else the nearest one here or above that holds a store, else the XDG data
    /// directory.
    fn store_dir(&self) -> Result<PathBuf> {
        if let Some(dir) = &self.globals.store {
            return Ok(dir.clone());
        }
        let here = env::current_dir().map_err(|e| Error::io("no current directory", e))?;
        let data = || machine::xdg("XDG_DATA_HOME", ".local/share").map(|dir| dir.join("crdtctl"));
        Store::find(&here)?.or_else(|| data().filter(|dir| dir.is_dir())).ok_or_else(|| {
            Error::not_found(format!("no store in {} or above it", here.display()))
                .hint("`crdtctl init` makes one here, `-s DIR` names one elsewhere")
        })
    }
}

/// Returns extra fields for the JSON object of an operation: `pruned` has the ids of records that are
/// no longer in their documents, if there are any.
pub fn detail(outcome: &Outcome) -> serde_json::Map<String, serde_json::Value> {
    let mut detail = outcome.detail.clone();
    let gone = outcome.gone();
    if !gone.is_empty() {
        detail.insert("pruned".to_owned(), serde_json::json!(gone));
    }
    detail
}

pub fn dry(sentence: &str) -> String {
    match sentence {
        "" => "dry run, nothing is written".to_owned(),
        sentence => format!("dry run, nothing is written: {sentence}"),
    }
}

fn document_ids(documents: Vec<Document>) -> Vec<DocId> {
    documents.into_iter().map(|document| document.id).collect()
}

/// Returns the entities with at least one document of a known concern.
pub(crate) fn entities<'d>(documents: impl Iterator<Item = &'d DocId>) -> BTreeSet<EntityId> {
    documents.filter(|doc| concern::of(doc).is_some()).filter_map(DocId::entity).collect()
}

/// Returns the member of the store's replica.
pub fn own_member(reader: &Reader) -> Result<Option<MemberId>> {
    Ok(reader.replica()?.and_then(|(_, member, _)| member))
}

fn environment(globals: &Globals) -> Environment {
    let around = match &globals.state_dir {
        Some(dir) => machine::with_state_in(dir),
        None => machine::at_hand(),
    };
    Environment {
        machine: Machine {
            clock: globals.now.map_or_else(Clock::system, Clock::fixed),
            ids: globals.seed.as_deref().map_or_else(Ids::random, Ids::seeded),
            lock_wait: globals.lock_wait,
            ..around.machine
        },
        fold: globals.fold,
        ..around
    }
}
