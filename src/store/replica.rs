//! The client id under which this replica may write: the lease.
//!
//! A client id that is reused after the store was copied, restored or rolled back forks documents silently
//! and for ever. Peers count our log by the replica's id, so seq numbers reused for other rows hide what was
//! lost from them. So id and numbers are leased, and the lease lies outside the store: it names the machine,
//! the directory, the clock of our last write in each document, and the end of the log, which moves with
//! every import too. Any doubt makes a new replica, which costs a dozen bytes.
//!
//! What peers said that they have, how far we applied their logs and what waits in the inbox need no lease:
//! restored without the log's end having moved, they say less than is true, and a peer that hears less sends
//! more.
//!
//! The lease is written before the commit. A crash in between leaves the lease ahead of the store, which is a
//! doubt like any other. The lease is never behind: a store restored to where an older lease was right must
//! not find that lease again. The commit does not wait for the lease to be on the disk. It only has to be
//! there before numbers are handed out, so whatever does that waits for it ([`vouch`]).
//!
//! The store in turn remembers which file its lease is (inode and time of change): if both were restored
//! together, as from a backup of a whole home directory, the lease is another file.
//!
//! Not promised: to notice a disk that was rolled back as a whole, below its file system. The next bundle
//! from anybody who had seen more reveals that ([`Session::go_on_as_new`](super::Session::go_on_as_new)).
//! Nor, after a power cut, that clocks which another program read out of a `.yrs` in the seconds before are
//! never written again.

use super::fs;
use super::machine::Machine;
use super::state::{ReplicaRow, State};
use crate::error::{Error, Hint, Next, Result};
use crate::id::{DocId, MemberId};
use crate::limits;
use crate::wire::Clocks;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A lease names every document that this replica ever wrote.
const LEASE_BYTES: u64 = 64 << 20;
/// The setting that remembers which file the lease is.
const LEASE_FILE: &str = "lease_file";
/// The chance that a document already has a random client id is one in a million at worst.
const TRIES: usize = 8;

/// The lease as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Lease {
    replica: String,
    client: u64,
    machine: String,
    path: String,
    device: u64,
    inode: u64,
    /// The clock after our last write, by document.
    documents: BTreeMap<String, u32>,
    /// The end of the log after our last commit; `None` if an older crdtctl wrote the lease.
    #[serde(default)]
    log_end: Option<i64>,
    /// The replicas that it continues.
    #[serde(default)]
    succeeds: Vec<String>,
}

/// The replica id and client id under which a session writes.
pub(super) struct Replica {
    row: ReplicaRow,
    lease: Lease,
    leases: Option<PathBuf>,
    /// Whether `row` must be written with the next commit.
    fresh: bool,
    /// Why this is another replica than before.
    reason: Option<String>,
    /// Whether the store was not a replica before.
    first: bool,
    dry_run: bool,
}

impl Replica {
    /// Returns the store's replica if its lease holds, or else a new one; nothing is written yet. The first
    /// replica of a store gets `member`, a later one the member of its predecessor.
    pub fn open(
        state: &State,
        dir: &Path,
        machine: &Machine,
        member: Option<&MemberId>,
        dry_run: bool,
    ) -> Result<Replica> {
        let mut lease = Lease::here(dir, machine)?;
        let leases = machine.leases.clone();
        let old = state.replica_row()?;
        let mut reason = None;
        if let Some(old) = old.as_ref().filter(|_| !dry_run) {
            match confirm(old, &lease, state, leases.as_deref())? {
                Ok(found) => {
                    lease = found;
                    let row = old.clone();
                    let (fresh, first) = (false, false);
                    return Ok(Replica { row, lease, leases, fresh, reason, first, dry_run });
                }
                Err(doubt) => reason = Some(doubt),
            }
        }
        let mut row = new_row(old.as_ref(), state, machine, dry_run)?;
        if old.is_none() {
            row.member = member.cloned();
        }
        let first = old.is_none();
        Ok(Replica { row, lease, leases, fresh: true, reason, first, dry_run })
    }

    pub fn id(&self) -> &str {
        &self.row.replica_id
    }

    pub fn member(&self) -> Option<&MemberId> {
        self.row.member.as_ref()
    }

    /// Sets the member of the replica.
    pub fn set_member(&mut self, member: &MemberId) {
        self.row.member = Some(member.clone());
        self.fresh = true;
    }

    /// Returns the client id to edit a document under, now that its clocks are known.
    ///
    /// If they disagree with the lease, this is a new replica from here on. Documents edited earlier in the
    /// session keep the old id, which the lease confirmed for them.
    pub fn client_for(
        &mut self,
        doc: &DocId,
        clocks: &Clocks,
        state: &State,
        machine: &Machine,
    ) -> Result<u64> {
        for _ in 0..TRIES {
            let client = self.row.client_id;
            let found = clocks.get(&client).copied().unwrap_or(0);
            let leased = self.lease.documents.get(doc.as_str()).copied().unwrap_or(0);
            if found == leased {
                return Ok(client);
            }
            // A replica that was never written is not replaced; only its id is taken.
            let first = self.fresh && self.reason.is_none();
            self.renew(state, machine)?;
            if !first {
                self.reason.get_or_insert_with(|| {
                    format!("{doc} is at clock {found}, its lease at {leased}")
                });
            }
        }
        Err(Error::bug(format!("{doc} already has every client id that was tried")))
    }

    /// Continues as a new replica.
    fn renew(&mut self, state: &State, machine: &Machine) -> Result<()> {
        if !self.fresh {
            // Documents edited earlier in this session advance under the old id, and its lease will not
            // record that: a backup must never find that lease again.
            self.revoke();
        }
        self.row = new_row(Some(&self.row), state, machine, self.dry_run)?;
        self.lease.documents.clear();
        self.fresh = true;
        Ok(())
    }

    /// Continues as a new replica for a reason that the documents do not show, unless this is already a new
    /// one.
    pub fn replace(&mut self, reason: String, state: &State, machine: &Machine) -> Result<()> {
        if !self.fresh {
            self.renew(state, machine)?;
            self.reason = Some(reason);
        }
        self.save(state)
    }

    /// Records a write for the lease.
    pub fn wrote(&mut self, doc: &DocId, client: u64, clock: u32) {
        if client == self.row.client_id && clock > 0 {
            self.lease.documents.insert(doc.to_string(), clock);
        }
    }

    /// Writes the row into the session's transaction, if it is new.
    pub fn save(&self, state: &State) -> Result<()> {
        if !self.fresh {
            return Ok(());
        }
        state.put_replica(&self.row)?;
        let earlier = state.earlier_replicas()?;
        let here =
            self.leases.as_deref().map(|leases| put_back_over(leases, &self.lease, &earlier));
        let mut replaced = here.unwrap_or_default();
        replaced.remove(&self.row.replica_id);
        state.put_replaced(&replaced)
    }

    /// Records in the lease what the store will hold once the transaction is committed. This comes before the
    /// commit: whatever happens in between, no lease is left that fits the store as it was.
    ///
    /// Without a lease every session would be a new replica, for ever.
    ///
    /// # Errors
    /// `Usage` if no directory for leases is known, `Io` if the lease cannot be written; the old one then
    /// stays, and fits the store as it is.
    pub fn pin(&mut self, log_end: i64, state: &State) -> Result<()> {
        if !self.fresh && self.lease.log_end == Some(log_end) {
            return Ok(());
        }
        let hint = || {
            Hint::from("nothing was written; name a permanent directory on this machine with ")
                .next(Next::NameStateDir)
        };
        let Some(leases) = &self.leases else {
            return Err(Error::usage("there is no state directory for the lease of this replica")
                .because("neither XDG_STATE_HOME nor HOME is an absolute path")
                .hint(hint()));
        };
        self.lease.log_end = Some(log_end);
        self.lease.replica.clone_from(&self.row.replica_id);
        self.lease.client = self.row.client_id;
        self.lease.succeeds = state.earlier_replicas()?;
        let text = serde_json::to_vec(&self.lease)
            .map_err(|e| Error::bug("the lease does not encode").because(e))?;
        let path = lease_path(leases, &self.row.replica_id);
        fs::create_dir(leases)
            .and_then(|()| fs::persist_lightly(&path, &text))
            .map_err(|e| e.context("the lease of this replica cannot be written").hint(hint()))?;
        state.set_setting(LEASE_FILE, fs::instance(&path).as_deref())
    }

    /// Returns the client id of new writes.
    pub fn client(&self) -> u64 {
        self.row.client_id
    }

    /// Returns whether this is the client id of new writes.
    pub fn writes_under(&self, client: u64) -> bool {
        self.row.client_id == client
    }

    /// Gives up the client id: the next session is a new replica.
    pub fn revoke(&self) {
        if let Some(leases) = &self.leases
            && !self.dry_run
        {
            give_up(leases, &self.row.replica_id);
        }
    }

    /// Returns whether the store was not a replica before.
    pub fn is_first(&self) -> bool {
        self.first
    }

    /// Returns the note about a new replica; `None` for the old one, or the first.
    pub fn note(&self) -> Option<String> {
        let reason = self.reason.as_ref()?;
        let short: String = self.row.replica_id.chars().take(8).collect();
        Some(format!(
            "this store was copied, restored or interrupted ({reason}): \
             it goes on as a new replica {short}"
        ))
    }
}

impl Lease {
    /// Returns a lease for this directory on this machine.
    fn here(dir: &Path, machine: &Machine) -> Result<Lease> {
        let path = fs::canonical(dir)?;
        let (device, inode) = fs::identity(&path).unwrap_or((0, 0));
        Ok(Lease {
            replica: String::new(),
            client: 0,
            machine: machine.id.clone(),
            path: path.to_string_lossy().into_owned(),
            device,
            inode,
            documents: BTreeMap::new(),
            log_end: None,
            succeeds: Vec::new(),
        })
    }
}

/// Returns the lease if everything in it matches, or else what does not.
fn confirm(
    old: &ReplicaRow,
    here: &Lease,
    state: &State,
    leases: Option<&Path>,
) -> Result<Result<Lease, String>> {
    let Some(leases) = leases else {
        return Ok(Err("there is no state directory for its lease".to_owned()));
    };
    let Some(found) = read(leases, &old.replica_id) else {
        return Ok(Err(format!("it has no lease in {}", leases.display())));
    };
    if let Some(doubt) = elsewhere(&found, old, here) {
        return Ok(Err(doubt));
    }
    let instance = fs::instance(&lease_path(leases, &old.replica_id));
    if state.setting(LEASE_FILE)?.is_some_and(|known| Some(known) != instance) {
        return Ok(Err("its lease was put back, or changed, by another program".to_owned()));
    }
    match differing(&found, state)? {
        None => Ok(Ok(found)),
        Some(doubt) => {
            // The store may later be restored to where the lease is right again, while what was written in
            // between has been handed out.
            give_up(leases, &old.replica_id);
            Ok(Err(doubt))
        }
    }
}

/// Waits until the lease is on the disk: the store's content is about to be handed out, under our client id
/// and with the numbers of our log. A lease that a power cut has left behind the store, or that cannot be
/// synced, is given up.
///
/// Not promised: anything if there is no lease. The next session is then a new replica anyway.
pub(super) fn vouch(state: &State, leases: Option<&Path>) -> Result<()> {
    let (Some(row), Some(leases)) = (state.replica_row()?, leases) else { return Ok(()) };
    // Before the lease is read: a writer advances the lease first, and commits then.
    let end = state.log_end()?;
    let Some(lease) = read(leases, &row.replica_id) else { return Ok(()) };
    let behind = match lease.log_end {
        Some(leased) => leased < end,
        None => differing(&lease, state)?.is_some(),
    };
    let path = lease_path(leases, &row.replica_id);
    let on_disk = || fs::sync_file(&path).and_then(|()| fs::sync_dir(leases));
    if behind || on_disk().is_err() {
        give_up(leases, &row.replica_id);
    }
    Ok(())
}

/// Returns why a lease is not for this replica in this place; `None` if it is.
fn elsewhere(found: &Lease, old: &ReplicaRow, here: &Lease) -> Option<String> {
    if found.replica != old.replica_id || found.client != old.client_id {
        Some("its lease is for another client id".to_owned())
    } else if found.machine != here.machine {
        Some("its lease is for another machine".to_owned())
    } else if found.path != here.path {
        Some(format!("its lease is for {}", found.path))
    } else if (found.device, found.inode) != (here.device, here.inode) {
        Some("its directory is not the one that the lease names".to_owned())
    } else {
        None
    }
}

/// Returns what the lease of the store in `dir` records of our writes: our client id, and for each document
/// the clock after our last write. `None` if no lease is for it, as in a copy.
pub(super) fn leased(
    state: &State,
    dir: &Path,
    machine: &Machine,
) -> Result<Option<(u64, BTreeMap<String, u32>)>> {
    let (Some(row), Some(leases)) = (state.replica_row()?, &machine.leases) else {
        return Ok(None);
    };
    let here = Lease::here(dir, machine)?;
    let found = read(leases, &row.replica_id).filter(|l| elsewhere(l, &row, &here).is_none());
    Ok(found.map(|lease| (lease.client, lease.documents)))
}

/// Returns the replicas under which this machine wrote to the store in `dir`, according to its leases,
/// sorted.
pub(super) fn leases_of(dir: &Path, machine: &Machine) -> Result<Vec<String>> {
    let Some(leases) = &machine.leases else { return Ok(Vec::new()) };
    let here = Lease::here(dir, machine)?;
    let mut replicas = Vec::new();
    // If they cannot be listed, nothing is known.
    for (name, _) in fs::names(leases).unwrap_or_default() {
        let name = name.to_string_lossy();
        let Some(lease) = name.strip_suffix(".json").and_then(|id| read(leases, id)) else {
            continue;
        };
        let found = (&lease.machine, &lease.path, lease.device, lease.inode);
        if found == (&here.machine, &here.path, here.device, here.inode) {
            replicas.push(lease.replica);
        }
    }
    replicas.sort();
    Ok(replicas)
}

/// Returns the replicas over whose store an older copy was put: on this machine they wrote in the place of
/// this lease, and they continued one of the `earlier` replicas as this store does now.
///
/// Not promised: that their store is not somewhere else, to be put back. Whoever hears from it again knows.
fn put_back_over(leases: &Path, here: &Lease, earlier: &[String]) -> BTreeSet<String> {
    let mut replaced = BTreeSet::new();
    // If they cannot be listed, nothing is known.
    for (name, _) in fs::names(leases).unwrap_or_default() {
        let name = name.to_string_lossy();
        let Some(lease) = name.strip_suffix(".json").and_then(|id| read(leases, id)) else {
            continue;
        };
        if (&lease.machine, &lease.path) == (&here.machine, &here.path)
            && lease.succeeds.iter().any(|old| earlier.contains(old))
        {
            replaced.insert(lease.replica);
            replaced.extend(lease.succeeds);
        }
    }
    let is_id = |id: &str| {
        (1..=limits::ID_BYTES).contains(&id.len()) && id.chars().all(|c| c.is_ascii_graphic())
    };
    replaced.retain(|replica| is_id(replica) && !earlier.contains(replica));
    replaced
}

/// Returns a new replica after an old one. A dry run keeps the old name, with a client id of its own.
fn new_row(
    old: Option<&ReplicaRow>,
    state: &State,
    machine: &Machine,
    dry_run: bool,
) -> Result<ReplicaRow> {
    let replica_id = match old {
        Some(old) if dry_run => old.replica_id.clone(),
        _ => machine.ids.uuid()?,
    };
    Ok(ReplicaRow {
        replica_id,
        member: old.and_then(|old| old.member.clone()),
        created_at: machine.clock.now(),
        client_id: machine.ids.client_id()?,
        log_floor: state.log_end()?,
    })
}

/// Removes a lease for good.
fn give_up(leases: &Path, replica_id: &str) {
    fs::remove(&lease_path(leases, replica_id));
    let _ = fs::sync_dir(leases);
}

fn read(leases: &Path, replica_id: &str) -> Option<Lease> {
    let bytes = fs::read(&lease_path(leases, replica_id), LEASE_BYTES).ok()??;
    serde_json::from_slice(&bytes).ok()
}

fn lease_path(leases: &Path, replica_id: &str) -> PathBuf {
    // The id comes from the store's own file, which may come from anywhere.
    let name: String =
        replica_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
    leases.join(format!("{name}.json"))
}

/// Returns how the store differs from its lease; `None` if it does not.
fn differing(lease: &Lease, state: &State) -> Result<Option<String>> {
    let ours: BTreeMap<String, u32> = state.own_clocks(lease.client)?.into_iter().collect();
    let leased = &lease.documents;
    let clock = |of: &BTreeMap<String, u32>, doc: &String| of.get(doc).copied().unwrap_or(0);
    let mut docs = ours.keys().chain(leased.keys());
    if let Some(doc) = docs.find(|doc| clock(&ours, doc) != clock(leased, doc)) {
        let (found, leased) = (clock(&ours, doc), clock(leased, doc));
        return Ok(Some(format!("{doc} is at clock {found}, its lease at {leased}")));
    }
    let end = state.log_end()?;
    Ok(lease
        .log_end
        .filter(|leased| *leased != end)
        .map(|leased| format!("its log ends at {end}, its lease at {leased}")))
}
