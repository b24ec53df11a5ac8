//! Which client id this replica may write under: the lease.
//!
//! An id that is used again after the store was copied, restored or rolled back forks documents
//! silently and for ever. So it is leased, and the lease lies outside the store: it names the
//! machine, the directory, and for each document the clock that we wrote last. Any doubt makes a
//! new replica, which costs a dozen bytes.
//!
//! Order of events: the commit first, the lease after it. A crash in between leaves the documents
//! ahead of the lease, which is a doubt like any other. The lease is never ahead of the documents.
//!
//! Not promised: to notice a machine that was rolled back as a whole, its state directory
//! included. An import notices it, see [`Session::apply`](super::Session::apply).

use super::Ambient;
use super::fs;
use super::state::{ReplicaRow, State};
use crate::crdt::update::Clocks;
use crate::error::{Error, Result};
use crate::id::{DocId, MemberId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A lease names every document that was ever written.
const LEASE_BYTES: u64 = 64 << 20;
/// Chances that a random client id is known to a document already are one in a million at worst.
const TRIES: usize = 8;

/// The lease as it lies on disk.
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
}

/// Under which name and client id a session writes.
pub(super) struct Replica {
    row: ReplicaRow,
    lease: Lease,
    leases: Option<PathBuf>,
    /// `row` is to be written with the next commit.
    fresh: bool,
    /// Why this is another replica than before.
    reason: Option<String>,
    dry_run: bool,
}

impl Replica {
    /// The store's replica if its lease holds, else a new one; nothing is written yet. The first
    /// replica of a store gets `member`, a later one the member of the one before.
    pub fn open(
        state: &State,
        dir: &Path,
        ambient: &Ambient,
        member: Option<&MemberId>,
        dry_run: bool,
    ) -> Result<Replica> {
        let mut lease = Lease::here(dir, ambient)?;
        let leases = ambient.leases.clone();
        let old = state.replica_row()?;
        let mut reason = None;
        if let Some(old) = old.as_ref().filter(|_| !dry_run) {
            match confirm(old, &lease, state, leases.as_deref())? {
                Ok(documents) => {
                    lease.documents = documents;
                    let row = old.clone();
                    return Ok(Replica { row, lease, leases, fresh: false, reason, dry_run });
                }
                Err(doubt) => reason = Some(doubt),
            }
        }
        let mut row = new_row(old.as_ref(), state, ambient, dry_run)?;
        if old.is_none() {
            row.member = member.cloned();
        }
        Ok(Replica { row, lease, leases, fresh: true, reason, dry_run })
    }

    pub fn id(&self) -> &str {
        &self.row.replica_id
    }

    pub fn member(&self) -> Option<&MemberId> {
        self.row.member.as_ref()
    }

    /// Gives the replica its member.
    pub fn set_member(&mut self, member: &MemberId) {
        self.row.member = Some(member.clone());
        self.fresh = true;
    }

    /// The client id to edit a document under, now that its clocks are known.
    ///
    /// Where they disagree with the lease, this is a new replica from here on. Documents edited
    /// earlier in the session keep the old id, which the lease confirmed for them.
    pub fn client_for(
        &mut self,
        doc: &DocId,
        clocks: &Clocks,
        state: &State,
        ambient: &Ambient,
    ) -> Result<u64> {
        for _ in 0..TRIES {
            let client = self.row.client_id;
            let found = clocks.get(&client).copied().unwrap_or(0);
            let leased = self.lease.documents.get(doc.as_str()).copied().unwrap_or(0);
            if found == leased {
                return Ok(client);
            }
            // A replica that was never written is not replaced, only its id is taken.
            let first = self.fresh && self.reason.is_none();
            self.renew(state, ambient)?;
            if !first {
                self.reason.get_or_insert_with(|| {
                    format!("{doc} is at clock {found}, its lease at {leased}")
                });
            }
        }
        Err(Error::bug(format!("{doc} knows every client id that was tried")))
    }

    /// Goes on as a new replica.
    fn renew(&mut self, state: &State, ambient: &Ambient) -> Result<()> {
        if !self.fresh {
            // Documents edited earlier in this session move on under the old id, and its lease
            // will not hear of it: a backup must never find that lease again.
            self.revoke();
        }
        self.row = new_row(Some(&self.row), state, ambient, self.dry_run)?;
        self.lease.documents.clear();
        self.fresh = true;
        Ok(())
    }

    /// Goes on as a new replica because a document lacks what we wrote, unless this is one already.
    pub fn replace(&mut self, doc: &DocId, state: &State, ambient: &Ambient) -> Result<()> {
        if !self.fresh {
            self.renew(state, ambient)?;
            self.reason = Some(format!("{doc} lacks what its lease says that was written"));
        }
        self.save(state)
    }

    /// Remembers what was written, for the lease.
    pub fn wrote(&mut self, doc: &DocId, client: u64, clock: u32) {
        if client == self.row.client_id && clock > 0 {
            self.lease.documents.insert(doc.to_string(), clock);
        }
    }

    /// Writes the row into the session's transaction, if it is new.
    pub fn save(&self, state: &State) -> Result<()> {
        if self.fresh { state.put_replica(&self.row) } else { Ok(()) }
    }

    /// Writes the lease, after the commit. One that cannot be written makes a new replica of the
    /// next session, which then says so.
    pub fn save_lease(&self) {
        let Some(leases) = &self.leases else { return };
        let lease = Lease {
            replica: self.row.replica_id.clone(),
            client: self.row.client_id,
            ..self.lease.clone()
        };
        let Ok(text) = serde_json::to_vec(&lease) else { return };
        // Not waited for: after a power cut an older lease, or none, is a doubt and no danger.
        let _ = fs::create_dir(leases)
            .and_then(|()| fs::persist_lightly(&lease_path(leases, &lease.replica), &text));
    }

    /// Whether this is the client id that new writes get.
    pub fn writes_under(&self, client: u64) -> bool {
        self.row.client_id == client
    }

    /// Gives the client id up: the next session is a new replica.
    pub fn revoke(&self) {
        if let Some(leases) = &self.leases
            && !self.dry_run
        {
            give_up(leases, &self.row.replica_id);
        }
    }

    /// The sentence about a new replica; None when it is the old one, or the first.
    pub fn note(&self) -> Option<String> {
        let reason = self.reason.as_ref()?;
        let short: String = self.row.replica_id.chars().take(8).collect();
        Some(format!(
            "this store was copied or restored ({reason}): it goes on as a new replica {short}"
        ))
    }
}

impl Lease {
    /// What a lease for this directory, on this machine, says.
    fn here(dir: &Path, ambient: &Ambient) -> Result<Lease> {
        let path = fs::canonical(dir)?;
        let (device, inode) = fs::identity(&path).unwrap_or((0, 0));
        Ok(Lease {
            replica: String::new(),
            client: 0,
            machine: ambient.machine.clone(),
            path: path.to_string_lossy().into_owned(),
            device,
            inode,
            documents: BTreeMap::new(),
        })
    }
}

/// The clocks of the lease if everything in it is as it is here, else what is not.
fn confirm(
    old: &ReplicaRow,
    here: &Lease,
    state: &State,
    leases: Option<&Path>,
) -> Result<Result<BTreeMap<String, u32>, String>> {
    let Some(leases) = leases else {
        return Ok(Err("there is no state directory for its lease".to_owned()));
    };
    let Some(found) = read(leases, &old.replica_id) else {
        return Ok(Err(format!("it has no lease in {}", leases.display())));
    };
    let ours: BTreeMap<String, u32> = state.own_clocks(old.client_id)?.into_iter().collect();
    let doubt = if let Some(doubt) = elsewhere(&found, old, here) {
        doubt
    } else if ours != found.documents {
        // The documents may be ahead (a crash before the lease was written) and be put back later
        // to where the lease is right again, with what was written in between abroad.
        give_up(leases, &old.replica_id);
        differing(&ours, &found.documents)
    } else {
        return Ok(Ok(found.documents));
    };
    Ok(Err(doubt))
}

/// Why a lease is not for this replica in this place; None when it is.
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

/// What the lease of the store in `dir` says that we wrote: our client id, and by document the
/// clock after our last write. None where no lease is for it, as in a copy.
pub(super) fn leased(
    state: &State,
    dir: &Path,
    ambient: &Ambient,
) -> Result<Option<(u64, BTreeMap<String, u32>)>> {
    let (Some(row), Some(leases)) = (state.replica_row()?, &ambient.leases) else {
        return Ok(None);
    };
    let here = Lease::here(dir, ambient)?;
    let found = read(leases, &row.replica_id).filter(|l| elsewhere(l, &row, &here).is_none());
    Ok(found.map(|lease| (lease.client, lease.documents)))
}

/// A new replica after an old one. A dry run goes by the old name, under a client id of its own.
fn new_row(
    old: Option<&ReplicaRow>,
    state: &State,
    ambient: &Ambient,
    dry_run: bool,
) -> Result<ReplicaRow> {
    let replica_id = match old {
        Some(old) if dry_run => old.replica_id.clone(),
        _ => ambient.ids.uuid()?,
    };
    Ok(ReplicaRow {
        replica_id,
        member: old.and_then(|old| old.member.clone()),
        created_at: ambient.clock.now(),
        client_id: ambient.ids.client_id()?,
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
    // The id comes out of the store's own file, which may come from anywhere.
    let name: String =
        replica_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(64).collect();
    leases.join(format!("{name}.json"))
}

fn differing(ours: &BTreeMap<String, u32>, leased: &BTreeMap<String, u32>) -> String {
    let clock = |of: &BTreeMap<String, u32>, doc: &String| of.get(doc).copied().unwrap_or(0);
    ours.keys()
        .chain(leased.keys())
        .find(|doc| clock(ours, doc) != clock(leased, doc))
        .map(|doc| {
            format!("{doc} is at clock {}, its lease at {}", clock(ours, doc), clock(leased, doc))
        })
        .unwrap_or_default()
}
