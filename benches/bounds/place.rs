//! A store in a directory of its own, the program that runs on it, and updates written by yrs.

use anyhow::anyhow;
use crdtctl::clock::{Clock, Ids};
use crdtctl::concern;
use crdtctl::id::{DocId, EntityId, MemberId};
use crdtctl::store::{Environment, Machine, Open, Store};
use crdtctl::sync::export::{self, Request};
use crdtctl::wire::Update;
use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};
use yrs::updates::decoder::Decode;
use yrs::{
    Array, ArrayPrelim, ArrayRef, Map, MapPrelim, MapRef, ReadTxn, StateVector, Transact,
    TransactionMut, WriteTxn,
};

pub const NOW: i64 = 1_767_225_600;
pub const ALICE: &str = "alice-river-stone-sky";
pub const GROUP: &str = "group:ocean-forest-moon-star";
/// The longest that a command may take.
const LIMIT: Duration = Duration::from_secs(60);

pub use anyhow::Result as Outcome;

/// How long a command took.
#[derive(Debug, Clone, Copy)]
pub enum Time {
    Took(f64),
    TooLong,
    NotTried,
    /// It ended with an exit code that is not allowed.
    Failed,
}

impl Time {
    pub fn seconds(self) -> Option<f64> {
        match self {
            Time::Took(seconds) => Some(seconds),
            Time::TooLong | Time::NotTried | Time::Failed => None,
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Time::Took(seconds) => write!(f, "{seconds:.3} s"),
            Time::TooLong => write!(f, "> {} s", LIMIT.as_secs()),
            Time::NotTried => write!(f, "-"),
            Time::Failed => write!(f, "failed"),
        }
    }
}

/// A store of Alice's, with one group in it.
pub struct Place {
    root: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Outcome<Place> {
        // In memory if possible: the disk is not measured here.
        let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir())?;
        let place = Place { root };
        place.run("init store --as alice-river-stone-sky")?;
        place.run(&format!("entity create {GROUP} --name Ocean"))?;
        Ok(place)
    }

    /// The path of a file that commands find by this name.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Stores updates in documents, like an import without merge rules.
    pub fn put(&self, updates: &[(DocId, Vec<u8>)]) -> Outcome<()> {
        self.apply(updates, None)
    }

    /// The same for updates that a peer sent: each is a row of the log by itself.
    pub fn receive(&self, updates: &[(DocId, Vec<u8>)]) -> Outcome<()> {
        self.apply(updates, Some("peer"))
    }

    fn apply(&self, updates: &[(DocId, Vec<u8>)], peer: Option<&str>) -> Outcome<()> {
        let member = MemberId::parse(ALICE)?;
        let (store, _) = Store::init(&self.path("store"), self.environment(), Some(&member))?;
        let open = Open { command: "bench", member: Some(&member), dry_run: false };
        let mut session = store.session(open)?;
        for ((doc, update), seq) in updates.iter().zip(1..) {
            let checked = Update::checked(update, concern::roots(doc));
            let origin = peer.map(|peer| (peer, seq));
            session.apply(doc, &checked?, origin)?;
        }
        session.commit()?;
        Ok(())
    }

    /// Writes a file beside the store.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Outcome<()> {
        Ok(std::fs::write(self.path(name), bytes)?)
    }

    /// Writes a file where [`Place::laid_down`] finds it.
    pub fn lay_down(&self, name: &str, bytes: &[u8]) -> Outcome<()> {
        std::fs::create_dir_all(self.path("in"))?;
        self.write(&format!("in/{name}"), bytes)
    }

    /// Lists those files by name.
    pub fn laid_down(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("in")).into_iter().flatten().flatten();
        let name = |entry: std::fs::DirEntry| format!("in/{}", entry.file_name().to_string_lossy());
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    /// A bundle of everything here.
    pub fn bundle(&self) -> Outcome<Vec<u8>> {
        let store = Store::open_with(&self.path("store"), self.environment())?;
        let exported = export::export(&store.reader()?, store.environment(), &Request::default())?;
        let mut bytes = Vec::new();
        exported.bundle.write(&mut bytes)?;
        Ok(bytes)
    }

    /// Runs a command that prepares something.
    pub fn run(&self, line: &str) -> Outcome<()> {
        match self.time(&words(line), &[0])? {
            Time::Took(_) => Ok(()),
            _ => Err(anyhow!("{line} takes too long")),
        }
    }

    /// Runs a command and times it.
    pub fn time(&self, args: &[String], exits: &[i32]) -> Outcome<Time> {
        let (start, spent) = (Instant::now(), children());
        let mut child = self.command(args).spawn()?;
        let status = loop {
            match child.try_wait()? {
                Some(status) => break status,
                None if start.elapsed() > LIMIT => {
                    child.kill()?;
                    child.wait()?;
                    return Ok(Time::TooLong);
                }
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        };
        let seconds = match (spent, children()) {
            (Some(before), Some(after)) => after - before,
            _ => start.elapsed().as_secs_f64(),
        };
        match status.code().is_some_and(|code| exits.contains(&code)) {
            true => Ok(Time::Took(seconds)),
            false => {
                let said = std::fs::read_to_string(self.path("stderr")).unwrap_or_default();
                let line = args.iter().take(8).cloned().collect::<Vec<_>>().join(" ");
                Err(anyhow!("{line}: {status}: {said}"))
            }
        }
    }

    fn command(&self, args: &[String]) -> Command {
        let program = std::env::var_os("CRDTCTL_BENCH_PROGRAM");
        let mut command =
            Command::new(program.unwrap_or_else(|| env!("CARGO_BIN_EXE_crdtctl").into()));
        let log = std::fs::File::create(self.path("stderr")).map_or(Stdio::null(), Stdio::from);
        command
            .args(args)
            .env_clear()
            .env("HOME", self.root.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("CRDTCTL_STORE", self.path("store"))
            .env("CRDTCTL_NOW", NOW.to_string())
            .current_dir(self.root.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        command
    }

    fn environment(&self) -> Rc<Environment> {
        Rc::new(Environment {
            machine: Machine {
                clock: Clock::fixed(NOW),
                ids: Ids::seeded("bounds"),
                leases: Some(self.path("state").join("crdtctl").join("leases")),
                id: machine(),
                host: "bench".to_owned(),
                lock_wait: Duration::from_secs(10),
            },
            roots: concern::expected,
            noted: concern::noted(),
            adopt: crdtctl::merge::adopt,
            fold: None,
        })
    }
}

/// A document of the group.
pub fn doc(concern: &str) -> Outcome<DocId> {
    Ok(EntityId::parse(GROUP)?.document(concern))
}

/// The arguments of a command line.
pub fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// A document of another program.
pub struct Writer(yrs::Doc);

impl Writer {
    pub fn new(client: u64) -> Writer {
        let mut options = yrs::Options::with_client_id(yrs::ClientID::new(client));
        options.offset_kind = yrs::OffsetKind::Utf16;
        Writer(yrs::Doc::with_options(options))
    }

    /// The same document, continued by another client.
    pub fn fork(&self, client: u64) -> Outcome<Writer> {
        let fork = Writer::new(client);
        fork.take(&self.state())?;
        Ok(fork)
    }

    /// Applies another writer's update.
    pub fn take(&self, update: &[u8]) -> Outcome<()> {
        Ok(self.0.transact_mut().apply_update(yrs::Update::decode_v1(update)?)?)
    }

    /// Makes one transaction.
    pub fn edit(&self, change: impl FnOnce(&mut TransactionMut<'_>)) {
        change(&mut self.0.transact_mut());
    }

    /// Makes one transaction and returns it as an update.
    pub fn update(&self, change: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let mut txn = self.0.transact_mut();
        change(&mut txn);
        txn.encode_update_v1()
    }

    pub fn state(&self) -> Vec<u8> {
        self.0.transact().encode_state_as_update_v1(&StateVector::default())
    }

    /// What another document lacks of this one.
    pub fn news(&self, other: &Writer) -> Vec<u8> {
        self.0.transact().encode_state_as_update_v1(&other.0.transact().state_vector())
    }
}

/// Writes a message in the schema's layout.
pub fn say(txn: &mut TransactionMut<'_>, id: &str, text: &str, at: i64) {
    let messages = txn.get_or_insert_map("messages");
    let message = messages.insert(txn, id, MapPrelim::default());
    prose(txn, &message, id, text, at);
}

/// The fields of a message, a reply or a comment.
pub fn prose(txn: &mut TransactionMut<'_>, map: &MapRef, id: &str, text: &str, at: i64) {
    for (key, value) in [("id", id), ("author_id", ALICE), ("content", text)] {
        map.insert(txn, key, value);
    }
    map.insert(txn, "created_at", at);
    map.insert(txn, "updated_at", at);
    map.insert(txn, "deleted", false);
    map.insert(txn, "deleted_at", 0i64);
    map.insert(txn, "ack_vector", MapPrelim::default());
}

/// A column without cards; returns its list.
pub fn column(txn: &mut TransactionMut<'_>, n: usize) -> ArrayRef {
    let columns = txn.get_or_insert_array("columns");
    let column = columns.push_back(txn, MapPrelim::default());
    column.insert(txn, "id", id(n));
    column.insert(txn, "title", format!("Column {n}"));
    column.insert(txn, "order", n as f64);
    column.insert(txn, "card_order", ArrayPrelim::default())
}

pub fn card(txn: &mut TransactionMut<'_>, n: usize, column: usize, archived: bool) {
    let cards = txn.get_or_insert_map("cards");
    let card = cards.insert(txn, id(n), MapPrelim::default());
    card.insert(txn, "id", id(n));
    card.insert(txn, "title", format!("Card {n}"));
    card.insert(txn, "column_id", id(column));
    card.insert(txn, "created_at", NOW - 1_000_000);
    card.insert(txn, "updated_at", NOW - 1_000_000);
    card.insert(txn, "archived", archived);
}

/// An issue that lacks its comments.
pub fn issue(txn: &mut TransactionMut<'_>, n: usize) -> MapRef {
    let issues = txn.get_or_insert_map("issues");
    let issue = issues.insert(txn, id(n), MapPrelim::default());
    for (key, value) in [("id", id(n)), ("title", "Leak".to_owned()), ("status", "todo".to_owned())]
    {
        issue.insert(txn, key, value);
    }
    issue.insert(txn, "created_at", NOW - 1_000_000);
    issue.insert(txn, "updated_at", NOW - 1_000_000);
    issue
}

/// An element of a canvas.
pub fn element(txn: &mut TransactionMut<'_>, n: usize) {
    let elements = txn.get_or_insert_map("elements");
    let element = elements.insert(txn, id(n), MapPrelim::default());
    element.insert(txn, "id", id(n));
    element.insert(txn, "element_type", "shape");
    for key in ["x", "y", "width", "height"] {
        element.insert(txn, key, 1.0);
    }
    element.insert(txn, "updated_at", NOW - 1_000_000);
}

/// An id in the program's format, different for each number.
pub fn id(n: usize) -> String {
    format!("{n:08x}-0000-4000-8000-000000000000")
}

/// Seconds of processor time of all child processes waited for, if the system reports it.
fn children() -> Option<f64> {
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name is in parentheses and may contain anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(13);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

/// This machine's name as the program sees it, so that prepared stores belong to the same replica.
fn machine() -> String {
    let named = |path| std::fs::read_to_string(path).ok();
    let id = named("/etc/machine-id").or_else(|| named("/proc/sys/kernel/hostname"));
    id.unwrap_or_default().trim().to_owned()
}
