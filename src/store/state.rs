//! `crdtctl.db`: everything that is local to this replica.
//!
//! A [`State`] is either inside a session's transaction, or read-only apart from notes ([`State::jot`]).

mod canvas;
mod conflict;
mod content;
mod disk;
mod events;
mod fault;
mod history;
mod legacy;
mod log;
mod open;
mod page_rows;
mod pages;
mod results;
mod soundness;
#[cfg(test)]
mod tests;
mod trash;

pub use canvas::UndoStep;
pub use conflict::{Audit, Conflict, ConflictClaim};
pub use disk::{BegunFile, DiskBase};
pub use events::{Handed, WaitingEvents};
pub use history::LogEntry;
pub(super) use legacy::Legacy;
pub(super) use log::{KnownClocks, NewRow};
pub(super) use open::NewDatabase;
pub(super) use pages::{
    DeferredChange, DeferredPieces, FactsRow, NewPlace, PageChange, PageIndex, PageTable,
    PagesPlace, StoredPage,
};
pub(super) use results::StoredResult;
pub use trash::Trashed;

use crate::crdt::view::ContentSum;
use crate::error::Result;

use crate::id::{DocId, MemberId};
use crate::limits;
use crate::store::fs::Copies;
use crate::wire::SharedBytes;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::rc::Rc;

/// What is known of the content of a document's file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct KnownContent {
    /// What its tombstones were swept by.
    pub swept: Option<[u8; 32]>,
    pub sum: Option<ContentSum>,
    /// Whether it is in the normal form of its concern.
    pub normal: bool,
}

/// When the `.yrs` of a changed document is written. The change is durable either way, and every crdtctl
/// command shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fold {
    /// Before the command ends: every program finds the change in the file.
    Now,
    /// Later: with the next command that uses `Now`, or once there is a lot to write.
    Later,
}

impl Fold {
    /// Both.
    pub const ALL: [Fold; 2] = [Fold::Now, Fold::Later];

    /// Returns the word for it in the option and the setting.
    pub fn as_str(self) -> &'static str {
        match self {
            Fold::Now => "now",
            Fold::Later => "later",
        }
    }
}

/// The tables of `crdtctl.db` (inside the session's transaction, or read-only).
pub struct State {
    db: Rc<Connection>,
    /// `total_changes` when the transaction began.
    unchanged: Cell<u64>,
    /// The directory of the files that `db` reads, if they are copies.
    _copy: Option<Copies>,
    /// Which file `db` has open, if it could also write there.
    file: Option<(u64, u64)>,
    /// Whether anything was put into the trash since that was trimmed.
    trash_grew: Cell<bool>,
}

/// What a peer is known to have of one document.
#[derive(Debug, Clone)]
pub struct StoredReceipt {
    /// The id of the replica that sent it.
    pub replica_id: String,
    /// The document that it is about.
    pub doc: DocId,
    /// JSON `{"clocks":{client:clock},"deletes":hex}`: the peer's `has`.
    pub version: String,
    /// The peer's `applied` for this document: JSON {replica: seq}.
    pub applied: String,
}

/// Another replica that this one has heard of.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Its id, as its bundles give it.
    pub replica_id: String,
    /// The member that it acts as, by its latest bundle; `None` if it has none.
    pub member: Option<String>,
    /// The id of its latest bundle received here.
    pub last_bundle: Option<String>,
    /// Unix seconds.
    pub last_seen: i64,
}

/// One change of one document, made here or imported.
#[derive(Debug, Clone)]
pub struct LogRow {
    /// The number of the command, shared by all documents that it changed; numbers rise, and may have gaps.
    pub seq: i64,
    /// The document that was changed.
    pub doc: DocId,
    /// Unix seconds.
    pub at: i64,
    /// The member who ran the command; `None` if nobody was named.
    pub member: Option<String>,
    /// The command's name: `chat send`.
    pub command: String,
    /// The change as a v1 update; everything that it depends on is in earlier rows of the document, or in its
    /// file.
    pub update: SharedBytes,
    /// The replica it came from and that replica's log seq, if it was imported.
    pub origin: Option<(String, i64)>,
}

/// The last row of the log for a document among those that came from one replica.
#[derive(Debug, Clone)]
pub struct LogHead {
    /// The document; it has a head for each replica that its rows came from.
    pub doc: DocId,
    /// The number of that row in our own log.
    pub seq: i64,
    /// That replica and its own number; `None` for changes made here.
    pub origin: Option<(String, i64)>,
}

/// An update that waits for what it depends on.
#[derive(Debug, Clone)]
pub struct Parked {
    /// Given by [`State::park`]; ignored there.
    pub id: i64,
    /// The document that it is for.
    pub doc: DocId,
    /// The id of the bundle that it came in; for a bare update the name of its file.
    pub bundle: String,
    /// The id of the replica that sent it; `None` if unknown.
    pub replica_id: Option<String>,
    /// The v1 update as received.
    pub update: Vec<u8>,
    /// JSON {client: clock} of what it needs.
    pub needs: String,
    /// When it was received, in Unix seconds.
    pub received_at: i64,
    /// The document's entry in the bundle's manifest and the sender, as JSON: what to record once the update
    /// is applied.
    pub manifest: String,
}

/// Bytes for `quarantine`.
pub(super) struct Aside<'a> {
    /// Unix seconds.
    pub at: i64,
    /// The finding that is repaired.
    pub finding: &'a str,
    pub doc: &'a DocId,
    /// The file, relative to the store; or the table that had the bytes.
    pub place: &'a str,
    pub bytes: &'a [u8],
}

/// The row of `replica`.
#[derive(Debug, Clone)]
pub(super) struct ReplicaRow {
    pub replica_id: String,
    pub member: Option<MemberId>,
    pub created_at: i64,
    pub client_id: u64,
    pub log_floor: i64,
}

/// The setting of [`State::folding`].
const FOLDING: &str = "fold";
/// The setting with the replicas of [`State::put_replaced`].
const REPLACED_REPLICAS: &str = "replica.replaced";
/// The setting of [`State::earlier_replicas`].
const EARLIER_REPLICAS: &str = "replica.earlier";

impl State {
    /// Returns the replica: id, member, and the floor of its log (rows up to it belong to an earlier replica
    /// of this store).
    pub fn replica(&self) -> Result<Option<(String, Option<MemberId>, i64)>> {
        Ok(self.replica_row()?.map(|row| (row.replica_id, row.member, row.log_floor)))
    }

    /// Returns when the store became this replica, in Unix seconds.
    pub fn replica_since(&self) -> Result<Option<i64>> {
        Ok(self.replica_row()?.map(|row| row.created_at))
    }

    pub(super) fn replica_row(&self) -> Result<Option<ReplicaRow>> {
        let sql = "SELECT replica_id, member, created_at, client_id, log_floor FROM replica";
        let row = self.one(sql, params![], |row| {
            Ok(ReplicaRow {
                replica_id: row.get(0)?,
                member: row.get::<_, Option<String>>(1)?.and_then(|m| MemberId::parse(&m).ok()),
                created_at: row.get(2)?,
                client_id: row.get::<_, i64>(3)?.cast_unsigned(),
                log_floor: row.get(4)?,
            })
        })?;
        Ok(row)
    }

    /// Returns the earlier ids of this store's replica, oldest first: as many as are kept.
    pub fn earlier_replicas(&self) -> Result<Vec<String>> {
        let kept = self.setting(EARLIER_REPLICAS)?;
        Ok(kept.map(|ids| ids.split_whitespace().map(str::to_owned).collect()).unwrap_or_default())
    }

    /// Returns the replicas that this store continues: those that were lost when an older copy of it was put
    /// in the place of theirs, and then its own earlier ids, oldest first.
    pub fn succeeded_replicas(&self) -> Result<Vec<String>> {
        let mut all = self.replaced_replicas()?;
        all.extend(self.earlier_replicas()?);
        let from = all.len().saturating_sub(limits::EARLIER_REPLICAS);
        Ok(all.split_off(from))
    }

    fn replaced_replicas(&self) -> Result<Vec<String>> {
        let kept = self.setting(REPLACED_REPLICAS)?;
        Ok(kept.map(|ids| ids.split_whitespace().map(str::to_owned).collect()).unwrap_or_default())
    }

    /// Records replicas that were lost when an older copy was put in the place of their store.
    pub(super) fn put_replaced(&self, replicas: &BTreeSet<String>) -> Result<()> {
        let mut kept = self.replaced_replicas()?;
        kept.retain(|replica| !replicas.contains(replica));
        kept.extend(replicas.iter().cloned());
        let from = kept.len().saturating_sub(limits::EARLIER_REPLICAS);
        let kept = kept.get(from..).unwrap_or_default().join(" ");
        match kept.is_empty() {
            true => Ok(()),
            false => self.set_setting(REPLACED_REPLICAS, Some(&kept)),
        }
    }

    pub(super) fn put_replica(&self, row: &ReplicaRow) -> Result<()> {
        if let Some(old) = self.replica_row()?.filter(|old| old.replica_id != row.replica_id) {
            let mut earlier = self.earlier_replicas()?;
            earlier.push(old.replica_id);
            let from = earlier.len().saturating_sub(limits::EARLIER_REPLICAS);
            let kept = earlier.get(from..).unwrap_or_default().join(" ");
            self.set_setting(EARLIER_REPLICAS, Some(&kept))?;
        }
        self.run(
            "INSERT OR REPLACE INTO replica (one, replica_id, member, created_at, client_id, log_floor)
             VALUES (1, ?1, ?2, ?3, ?4, ?5)",
            params![
                row.replica_id,
                row.member.as_ref().map(MemberId::as_str),
                row.created_at,
                row.client_id.cast_signed(),
                row.log_floor
            ],
        )
    }

    /// Returns a local setting, for example the default entity.
    pub fn setting(&self, key: &str) -> Result<Option<String>> {
        self.one("SELECT value FROM setting WHERE key = ?1", params![key], |row| row.get(0))
    }

    /// Sets or removes a local setting.
    pub fn set_setting(&self, key: &str, value: Option<&str>) -> Result<()> {
        match value {
            Some(_) if self.setting(key)?.as_deref() == value => Ok(()),
            Some(value) => self.run(
                "INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)",
                params![key, value],
            ),
            None => self.run("DELETE FROM setting WHERE key = ?1", params![key]),
        }
    }

    /// Returns when files are written, by this store's setting.
    pub fn folding(&self) -> Result<Fold> {
        let set = self.setting(FOLDING)?;
        let named = Fold::ALL.into_iter().find(|fold| set.as_deref() == Some(fold.as_str()));
        Ok(named.unwrap_or(Fold::Now))
    }

    /// Sets when files are written.
    pub fn set_folding(&self, fold: Fold) -> Result<()> {
        self.set_setting(FOLDING, (fold != Fold::Now).then(|| fold.as_str()))
    }

    /// Returns every peer, the one last heard of first.
    pub fn peers(&self) -> Result<Vec<Peer>> {
        self.all(
            "SELECT replica_id, member, last_bundle, last_seen FROM peer
             ORDER BY last_seen DESC, replica_id",
            params![],
            peer,
        )
    }

    /// Returns one of them.
    pub fn peer(&self, replica_id: &str) -> Result<Option<Peer>> {
        let sql =
            "SELECT replica_id, member, last_bundle, last_seen FROM peer WHERE replica_id = ?1";
        self.one(sql, params![replica_id], peer)
    }

    /// Records a peer, replacing what was known of it.
    pub fn put_peer(&self, peer: &Peer) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO peer (replica_id, member, last_bundle, last_seen)
             VALUES (?1, ?2, ?3, ?4)",
            params![peer.replica_id, peer.member, peer.last_bundle, peer.last_seen],
        )
    }

    /// Forgets a peer and what it has. What we have of its log stays: that is ours.
    pub fn forget_peer(&self, replica_id: &str) -> Result<()> {
        self.run("DELETE FROM receipt WHERE replica_id = ?1", params![replica_id])?;
        self.set_setting(&archived_key(replica_id), None)?;
        self.run("DELETE FROM peer WHERE replica_id = ?1", params![replica_id])
    }

    /// Returns what a peer reported as archived, as it was recorded.
    pub fn peer_archives(&self, replica_id: &str) -> Result<Option<String>> {
        self.setting(&archived_key(replica_id))
    }

    /// Records what a peer reported as archived.
    pub fn set_peer_archives(&self, replica_id: &str, said: &str) -> Result<()> {
        self.set_setting(&archived_key(replica_id), Some(said))
    }

    /// Returns what a peer is known to have of one document.
    pub fn receipt(&self, replica_id: &str, doc: &DocId) -> Result<Option<StoredReceipt>> {
        let receipts = self.all(
            "SELECT replica_id, doc_id, version, applied FROM receipt
             WHERE replica_id = ?1 AND doc_id = ?2",
            params![replica_id, doc.as_str()],
            receipt,
        )?;
        Ok(receipts.into_iter().flatten().next())
    }

    /// Returns what a peer is known to have, by document.
    pub fn receipts(&self, replica_id: &str) -> Result<Vec<StoredReceipt>> {
        let receipts = self.all(
            "SELECT replica_id, doc_id, version, applied FROM receipt
             WHERE replica_id = ?1 ORDER BY doc_id",
            params![replica_id],
            receipt,
        )?;
        Ok(receipts.into_iter().flatten().collect())
    }

    /// Records what a peer has of one document, replacing what was known.
    pub fn put_receipt(&self, receipt: &StoredReceipt) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO receipt (replica_id, doc_id, version, applied)
             VALUES (?1, ?2, ?3, ?4)",
            params![receipt.replica_id, receipt.doc.as_str(), receipt.version, receipt.applied],
        )
    }

    /// Returns how far we have applied the logs of others for one document: {replica: seq}.
    pub fn applied(&self, doc: &DocId) -> Result<BTreeMap<String, i64>> {
        let rows = self.all(
            "SELECT replica_id, seq FROM applied WHERE doc_id = ?1",
            params![doc.as_str()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(rows.into_iter().collect())
    }

    /// Raises (never lowers) how far one of these logs is applied.
    pub fn raise_applied(&self, doc: &DocId, replica_id: &str, seq: i64) -> Result<()> {
        self.run(
            "INSERT INTO applied (doc_id, replica_id, seq) VALUES (?1, ?2, ?3)
             ON CONFLICT (doc_id, replica_id) DO UPDATE SET seq = excluded.seq
             WHERE excluded.seq > seq",
            params![doc.as_str(), replica_id, seq],
        )
    }

    /// Returns the waiting updates in the order in which they came.
    pub fn parked(&self) -> Result<Vec<Parked>> {
        let sql = format!("SELECT {PARKED} FROM inbox ORDER BY id");
        Ok(self.all(&sql, params![], parked)?.into_iter().flatten().collect())
    }

    /// Returns those of one document.
    pub fn parked_for(&self, doc: &DocId) -> Result<Vec<Parked>> {
        let sql = format!("SELECT {PARKED} FROM inbox WHERE doc_id = ?1 ORDER BY id");
        Ok(self.all(&sql, params![doc.as_str()], parked)?.into_iter().flatten().collect())
    }

    /// Returns how many updates wait, and their total bytes.
    pub fn parked_size(&self) -> Result<(u64, u64)> {
        let size = self.one(
            "SELECT count(*), coalesce(sum(length(update_v1)), 0) FROM inbox",
            params![],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )?;
        let (count, bytes) = size.unwrap_or_default();
        Ok((u64::try_from(count).unwrap_or(0), u64::try_from(bytes).unwrap_or(0)))
    }

    /// Parks an update. The same update of the same bundle is parked once.
    pub fn park(&self, parked: &Parked) -> Result<()> {
        self.run(
            "INSERT OR IGNORE INTO inbox
             (doc_id, bundle, replica_id, update_v1, needs, received_at, manifest, blake3)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                parked.doc.as_str(),
                parked.bundle,
                parked.replica_id,
                parked.update,
                parked.needs,
                parked.received_at,
                parked.manifest,
                blake3::hash(&parked.update).as_bytes()
            ],
        )
    }

    /// Removes an update from the inbox.
    pub fn unpark(&self, id: i64) -> Result<()> {
        self.run("DELETE FROM inbox WHERE id = ?1", params![id])
    }

    /// Keeps bytes that a repair is going to replace.
    pub(super) fn quarantine(&self, aside: &Aside<'_>) -> Result<()> {
        self.run(
            "INSERT INTO quarantine (at, finding, doc_id, place, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![aside.at, aside.finding, aside.doc.as_str(), aside.place, aside.bytes],
        )
    }

    fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<()> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params))
            .map_err(|e| fault::failed(&self.db, "could not write the local state", e))?;
        Ok(())
    }

    /// Returns whether a table exists: a reader creates none, and finds what an older crdtctl left.
    fn has_table(&self, name: &str) -> Result<bool> {
        let sql = "SELECT 1 FROM sqlite_schema WHERE name = ?1";
        Ok(self.one(sql, params![name], |_| Ok(()))?.is_some())
    }

    fn one<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, read).optional())
            .map_err(|e| fault::failed(&self.db, "could not read the local state", e))
    }

    /// Reads rows until `read` has enough.
    fn each(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        mut read: impl FnMut(&Row<'_>) -> rusqlite::Result<ControlFlow<()>>,
    ) -> Result<()> {
        let each = || -> rusqlite::Result<()> {
            let mut statement = self.db.prepare_cached(sql)?;
            let mut rows = statement.query(params)?;
            while let Some(row) = rows.next()? {
                if read(row)?.is_break() {
                    break;
                }
            }
            Ok(())
        };
        each().map_err(|e| fault::failed(&self.db, "could not read the local state", e))
    }

    fn all<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, read)?.collect())
            .map_err(|e| fault::failed(&self.db, "could not read the local state", e))
    }
}

fn peer(row: &Row<'_>) -> rusqlite::Result<Peer> {
    Ok(Peer {
        replica_id: row.get(0)?,
        member: row.get(1)?,
        last_bundle: row.get(2)?,
        last_seen: row.get(3)?,
    })
}

/// Reads a document id in a column; `None` if it is not valid.
fn doc_in(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<DocId>> {
    let name: String = row.get(column)?;
    Ok(DocId::parse(&name).ok())
}

const PARKED: &str = "id, doc_id, bundle, replica_id, update_v1, needs, received_at, manifest";

/// Reads a row of `inbox`; `None` if the document id is not valid.
fn parked(row: &Row<'_>) -> rusqlite::Result<Option<Parked>> {
    let Some(doc) = doc_in(row, 1)? else { return Ok(None) };
    Ok(Some(Parked {
        id: row.get(0)?,
        doc,
        bundle: row.get(2)?,
        replica_id: row.get(3)?,
        update: row.get(4)?,
        needs: row.get(5)?,
        received_at: row.get(6)?,
        manifest: row.get(7)?,
    }))
}

/// The setting for what a peer reported as archived.
fn archived_key(replica_id: &str) -> String {
    format!("peer archive {replica_id}")
}

/// Reads a row of `receipt`; `None` if the document id is not valid.
fn receipt(row: &Row<'_>) -> rusqlite::Result<Option<StoredReceipt>> {
    let Some(doc) = doc_in(row, 1)? else { return Ok(None) };
    Ok(Some(StoredReceipt {
        replica_id: row.get(0)?,
        doc,
        version: row.get(2)?,
        applied: row.get(3)?,
    }))
}
