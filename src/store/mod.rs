//! stub: signatures that others build on
use crate::clock::{Clock, Ids};
use crate::crdt::doc::{Doc, Txn};
use crate::crdt::update::{Checked, RootKind, Update, Version};
use crate::crdt::value::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::{DocId, MemberId};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

/// What the machine around a store is like; made once by the command line (or a test).
pub struct Ambient {
    pub clock: Clock,
    pub ids: Ids,
    /// `$XDG_STATE_HOME/crdtctl/leases`; None when there is no such place: every write is then a new replica.
    pub leases: Option<PathBuf>,
    /// Identifies the machine (`/etc/machine-id`, else the host name).
    pub machine: String,
    pub host: String,
    pub lock_wait: Duration,
    /// The root types a document of a known concern must have (from `concern::CONCERNS`); empty for others.
    pub roots: fn(&DocId) -> &'static [(&'static str, RootKind)],
}

pub struct Store { /* dir: PathBuf, layout, ambient: Rc<Ambient> */ }

impl Store {
    /// Opens the directory that holds `crdt/`, or one that holds `crdt.db/crdt/`, or the 0.1.19 file `crdt.db`. Reads nothing else, writes nothing.
    pub fn open(_dir: &Path, _ambient: Rc<Ambient>) -> Result<Store> { todo!() }
    /// Makes a new store (or takes one that is there) and its replica; returns the replica id.
    pub fn init(_dir: &Path, _ambient: Rc<Ambient>, _member: Option<&MemberId>) -> Result<(Store, String)> { todo!() }
    /// Nearest of `start` and its ancestors that is a store.
    pub fn find(_start: &Path) -> Option<PathBuf> { todo!() }
    pub fn dir(&self) -> &Path { todo!() }
    pub fn ambient(&self) -> &Ambient { todo!() }
    pub fn reader(&self) -> Result<Reader> { todo!() }
    /// Takes the writer lock, repairs what a crash left, checks the lease.
    pub fn session(&self, _open: Open<'_>) -> Result<Session> { todo!() }
}

/// How a session is opened.
pub struct Open<'a> {
    /// The command line, for the log and for whoever waits for the lock.
    pub command: &'a str,
    /// Who acts (`--as`, else the replica's member); None when nobody.
    pub member: Option<&'a MemberId>,
    /// Nothing is written, not even `crdtctl.db`.
    pub dry_run: bool,
}

/// A document on disk.
#[derive(Debug, Clone)]
pub struct Document {
    pub id: DocId,
    /// Relative to the store's directory.
    pub path: PathBuf,
    pub bytes: u64,
    pub meta: Option<Meta>,
}

/// `.meta`, unknown keys kept in `rest`.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Meta {
    pub doc_id: String,
    pub entity_type: String,
    pub entity_id: String,
    pub version: u64,
    pub created_at: i64,
    pub updated_at: i64,
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

/// Read access: cannot write. Sees committed log rows that are not folded yet.
pub struct Reader {}

impl Reader {
    /// Every document of the store, sorted by id.
    pub fn documents(&self) -> Result<Vec<Document>> { todo!() }
    /// The state of a document: its file, overlaid with the log; None when there is none.
    pub fn bytes(&self, _doc: &DocId) -> Result<Option<Vec<u8>>> { todo!() }
    /// The validated live content of a document.
    pub fn view(&self, _doc: &DocId) -> Result<Option<View>> { todo!() }
    /// The local state (`crdtctl.db`); None before the first write.
    pub fn state(&self) -> Option<&State> { todo!() }
}

/// Write access: holds the lock; dropped without `commit`, it changes nothing.
pub struct Session {}

impl Session {
    pub fn now(&self) -> i64 { todo!() }
    pub fn ambient(&self) -> &Ambient { todo!() }
    pub fn dry_run(&self) -> bool { todo!() }
    /// Who acts.
    pub fn member(&self) -> Option<&MemberId> { todo!() }
    pub fn replica_id(&self) -> &str { todo!() }
    pub fn state(&self) -> &State { todo!() }
    pub fn documents(&self) -> Result<Vec<Document>> { todo!() }
    /// Looks at a document as it stands in this session (own changes included). None when it does not exist.
    pub fn read<R>(&mut self, _doc: &DocId, _look: impl FnOnce(&dyn Source) -> R) -> Result<Option<R>> { todo!() }
    /// The view of a document as it stands in this session.
    pub fn view(&mut self, _doc: &DocId) -> Result<Option<Rc<View>>> { todo!() }
    /// Changes a document (created when missing) in one yrs transaction. On Err the session must be dropped.
    pub fn edit<R>(&mut self, _doc: &DocId, _change: impl FnOnce(&mut Txn<'_>) -> Result<R>) -> Result<R> { todo!() }
    /// Applies an update that passed the gate; logged as coming from `origin` (replica, upto that replica's log seq).
    /// True when it brought anything new.
    pub fn apply(&mut self, _doc: &DocId, _update: &Update<'_, Checked>, _origin: Option<(&str, i64)>) -> Result<bool> { todo!() }
    /// Documents changed so far, in the order of their first change.
    pub fn changed(&self) -> Vec<DocId> { todo!() }
    /// The commit point, then the fold. With `dry_run` nothing is written and `seq` is None.
    pub fn commit(self) -> Result<Committed> { todo!() }
}

#[derive(Debug, Clone, Default)]
pub struct Committed {
    /// The command's number in the log; None when nothing changed.
    pub seq: Option<i64>,
    pub documents: Vec<ChangedDocument>,
    /// Sentences for stderr: a new replica id and why, documents near their limit are not here.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone)]
pub struct ChangedDocument {
    pub doc: DocId,
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// The tables of `crdtctl.db` (inside the session's transaction, or read-only).
pub struct State {}

/// What a peer is known to have of one document.
#[derive(Debug, Clone)]
pub struct Receipt {
    pub replica_id: String,
    pub doc: DocId,
    /// JSON `{"clocks":{client:clock},"deletes":hex}`: the peer's `has`.
    pub version: String,
    /// The peer's `applied` for this document: JSON {replica: seq}.
    pub applied: String,
}

#[derive(Debug, Clone)]
pub struct Peer {
    pub replica_id: String,
    pub member: Option<String>,
    pub last_bundle: Option<String>,
    pub last_seen: i64,
}

#[derive(Debug, Clone)]
pub struct LogRow {
    pub seq: i64,
    pub doc: DocId,
    pub at: i64,
    pub member: Option<String>,
    pub command: String,
    pub update: Vec<u8>,
    /// The replica it came from and that replica's log seq, when it was imported.
    pub origin: Option<(String, i64)>,
}

#[derive(Debug, Clone)]
pub struct Parked {
    pub id: i64,
    pub doc: DocId,
    pub bundle: String,
    pub replica_id: Option<String>,
    pub update: Vec<u8>,
    /// JSON {client: clock} of what it needs.
    pub needs: String,
    pub received_at: i64,
    /// The document's entry in the bundle's manifest and the sender, as JSON: what to record once it is applied.
    pub manifest: String,
}

impl State {
    /// The replica: id, member, the floor of its log (rows up to it belong to an earlier replica of this store).
    pub fn replica(&self) -> Result<Option<(String, Option<MemberId>, i64)>> { todo!() }
    /// A local setting, for example the default entity.
    pub fn setting(&self, _key: &str) -> Result<Option<String>> { todo!() }
    pub fn set_setting(&self, _key: &str, _value: Option<&str>) -> Result<()> { todo!() }
    pub fn peers(&self) -> Result<Vec<Peer>> { todo!() }
    pub fn put_peer(&self, _peer: &Peer) -> Result<()> { todo!() }
    pub fn forget_peer(&self, _replica_id: &str) -> Result<()> { todo!() }
    pub fn receipt(&self, _replica_id: &str, _doc: &DocId) -> Result<Option<Receipt>> { todo!() }
    pub fn receipts(&self, _replica_id: &str) -> Result<Vec<Receipt>> { todo!() }
    pub fn put_receipt(&self, _receipt: &Receipt) -> Result<()> { todo!() }
    /// How far we have applied the logs of others for one document: {replica: seq}.
    pub fn applied(&self, _doc: &DocId) -> Result<std::collections::BTreeMap<String, i64>> { todo!() }
    /// Raises (never lowers) it.
    pub fn raise_applied(&self, _doc: &DocId, _replica_id: &str, _seq: i64) -> Result<()> { todo!() }
    /// Log rows of a document with seq > after, in order. None when the log no longer reaches back that far.
    pub fn log_after(&self, _doc: &DocId, _after: i64) -> Result<Option<Vec<LogRow>>> { todo!() }
    /// The highest seq in the log so far (0 when empty).
    pub fn log_end(&self) -> Result<i64> { todo!() }
    pub fn parked(&self) -> Result<Vec<Parked>> { todo!() }
    pub fn park(&self, _parked: &Parked) -> Result<()> { todo!() }
    pub fn unpark(&self, _id: i64) -> Result<()> { todo!() }
}

#[allow(unused)]
fn keep(_: Doc, _: Version) {}
