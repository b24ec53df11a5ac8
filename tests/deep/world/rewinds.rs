//! Replicas that go back in time, and what they must receive again.

use super::super::facts::Held;
use super::super::support::{copy_tree, files};
use super::{Wanted, World, checked};
use crdtctl::id::DocId;
use crdtctl::wire::{Clocks, Version};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const CONCERNS: [&str; 5] = ["core", "chat", "kanban", "issues", "canvas"];

/// A replica as it was: its store, and its leases.
pub struct Saved {
    home: PathBuf,
    held: Held,
    /// Its client id then, and how far it had written each document.
    client: Option<u64>,
    written: BTreeMap<&'static str, u32>,
}

/// How much of a replica is restored.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Extent {
    /// The store in place, as rsync does it: same directory, same inode, the leases untouched.
    Store,
    /// The leases are lost as well.
    StoreWithoutLeases,
    /// Store and leases, file by file.
    StoreWithLeases,
    /// The whole machine: nothing on it can tell.
    Machine,
}

impl World {
    /// Makes a backup, or restores the store to the last one; the leases stay.
    pub(super) fn step_backup(&mut self, at: usize) {
        match self.replicas[at].backup.take() {
            Some(saved) => self.put_back(at, saved, Extent::Store),
            None => self.save(at),
        }
    }

    /// Most steps exchange more than they write: what came only from others is lost without a trace of one's
    /// own.
    pub(super) fn step_between_rewinds(&mut self, at: usize) {
        match self.chance.below(10) {
            0..3 if at == 0 || self.chance.below(4) == 0 => self.step_write(at),
            0 => self.step_export(at),
            1 => self.step_deliver(at),
            _ => {
                let to = self.other(at);
                let letter = self.export(at, Wanted::NewsFor(to), None);
                self.say(format!("{}, at once", letter.label));
                self.import(to, &[letter.bundle]);
            }
        }
    }

    /// Makes a snapshot, or restores the last one, to a random extent.
    pub(super) fn step_rewind(&mut self, at: usize) {
        let Some(saved) = self.replicas[at].backup.take() else { return self.save(at) };
        match self.chance.below(4) {
            0 => self.put_back(at, saved, Extent::Store),
            1 => self.put_back(at, saved, Extent::StoreWithoutLeases),
            2 => self.put_back(at, saved, Extent::StoreWithLeases),
            _ => self.put_machine_back(at, saved),
        }
    }

    fn save(&mut self, at: usize) {
        let client = self.replicas[at].leased_client();
        let written = match client {
            Some(client) => self.replicas[at].written(client),
            None => BTreeMap::new(),
        };
        let replica = &mut self.replicas[at];
        let home = replica.home().with_extension("saved");
        let _ = std::fs::remove_dir_all(&home);
        copy_tree(replica.home(), &home);
        replica.backup = Some(Saved { home, held: replica.held.clone(), client, written });
        let line = format!("   {} is saved", replica.name);
        self.say(line);
    }

    fn put_back(&mut self, at: usize, saved: Saved, extent: Extent) {
        let replica = &mut self.replicas[at];
        put_back(&saved.home.join("store"), &replica.dir);
        let leases = replica.home().join("leases");
        if extent != Extent::Store {
            let _ = std::fs::remove_dir_all(&leases);
        }
        let with_leases = matches!(extent, Extent::StoreWithLeases | Extent::Machine);
        if with_leases && saved.home.join("leases").is_dir() {
            copy_tree(&saved.home.join("leases"), &leases);
        }
        if extent == Extent::Machine {
            know_lease(&replica.dir, &leases);
        }
        self.facts.restored = true;
        // What was pruned since may not be known to anybody else yet.
        let unpruned = replica.held.gone.difference(&saved.held.gone).cloned();
        self.facts.unpruned.extend(unpruned);
        replica.held = saved.held;
        let line = format!("   {} is put back: {extent:?}", replica.name);
        self.say(line);
    }

    /// A machine that is restored as a whole writes again under the same numbers as before, unless somebody
    /// tells it first; that cannot be helped, and is not tried here. So whoever has some of its writes sends
    /// them at once. If nobody has, the letters may: then the leases stay.
    fn put_machine_back(&mut self, at: usize, saved: Saved) {
        let (client, written) = (saved.client, saved.written.clone());
        let more = |of: usize, world: &World| {
            client.is_some_and(|client| {
                let now = world.replicas[of].written(client);
                now.iter().any(|(concern, clock)| written.get(concern).unwrap_or(&0) < clock)
            })
        };
        let mut others = (0..self.replicas.len()).filter(|other| *other != at);
        let witness = others.find(|other| more(*other, self));
        match (more(at, self), witness) {
            (false, _) => self.put_back(at, saved, Extent::Machine),
            (true, None) => self.put_back(at, saved, Extent::Store),
            (true, Some(witness)) => {
                self.put_back(at, saved, Extent::Machine);
                let letter = self.export(witness, Wanted::NewsFor(at), None);
                self.say(format!("   {} hears of itself from {witness}", self.replicas[at].name));
                let notes = self.import(at, &[letter.bundle]).committed.notes;
                let told = notes.iter().any(|note| note.contains("new replica"));
                assert!(told, "it did not learn that it went back: {notes:?}");
            }
        }
    }

    /// Everyone sends everyone what they lack by their last receipt, one after the other, twice. Afterwards
    /// all have whatever anybody had.
    pub fn talk_twice(&mut self) {
        let before: Vec<BTreeMap<DocId, Version>> =
            self.replicas.iter().map(super::Replica::versions).collect();
        for _ in 0..2 {
            for from in 0..self.replicas.len() {
                for to in (0..self.replicas.len()).filter(|to| *to != from) {
                    let step = i64::try_from(self.chance.below(3)).unwrap_or(0);
                    for replica in &self.replicas {
                        replica
                            .environment
                            .machine
                            .clock
                            .set(replica.environment.machine.clock.now() + step);
                    }
                    let letter = self.export(from, Wanted::NewsFor(to), None);
                    self.say(format!("{}, for {to}", letter.label));
                    self.import(to, &[letter.bundle]);
                }
            }
        }
        for (replica, had) in self.replicas.iter().flat_map(|r| before.iter().map(move |h| (r, h)))
        {
            let has = replica.versions();
            for (doc, version) in had {
                let holds = has.get(doc).is_some_and(|has| has.holds(version));
                assert!(holds, "{} lacks some of {doc} that somebody had", replica.name);
            }
        }
    }
}

impl super::Replica {
    fn home(&self) -> &Path {
        self.dir.parent().expect("the replica's home")
    }

    /// The client id that its lease names; `None` without a lease.
    fn leased_client(&self) -> Option<u64> {
        let (replica, _, _) = self.identity()?;
        let lease = std::fs::read(self.home().join("leases").join(format!("{replica}.json")));
        let lease: serde_json::Value = serde_json::from_slice(&lease.ok()?).expect("a lease");
        lease["client"].as_u64()
    }

    /// How far a client id has written each document, as it is here.
    fn written(&self, client: u64) -> BTreeMap<&'static str, u32> {
        let clocks = |concern| -> Option<Clocks> {
            Some(self.document(concern)?.1.version().clocks.clone())
        };
        let clock = |concern| Some((concern, *clocks(concern)?.get(&client)?));
        CONCERNS.into_iter().filter_map(clock).collect()
    }

    fn versions(&self) -> BTreeMap<DocId, Version> {
        let reader = self.store.reader().expect("a reader");
        let documents = reader.documents().expect("the documents").into_iter();
        documents
            .map(|document| {
                let bytes = reader.bytes(&document.id).expect("a readable document");
                (document.id, checked(&bytes.expect("a state")).version())
            })
            .collect()
    }
}

/// Replaces the content of a store with that of a backup; the directory itself stays.
pub fn put_back(backup: &Path, store: &Path) {
    for entry in std::fs::read_dir(store).expect("the store") {
        let path = entry.expect("an entry").path();
        let removed =
            if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
        removed.expect("a file that can be removed");
    }
    copy_tree(backup, store);
    assert!(!files(store).is_empty());
}

/// Makes a store treat the lease that is there now as the file that it knows, as if the disk had been
/// restored below its file system, where every file stays the same file.
pub fn know_lease(store: &Path, leases: &Path) {
    use std::os::unix::fs::MetadataExt;
    let db = rusqlite::Connection::open(store.join("crdtctl.db")).expect("the local state");
    let replica: String = db
        .query_row("SELECT replica_id FROM replica", [], |row| row.get(0))
        .expect("a replica in the local state");
    if let Ok(meta) = std::fs::metadata(leases.join(format!("{replica}.json"))) {
        let file =
            format!("{}:{}:{}.{:09}", meta.dev(), meta.ino(), meta.ctime(), meta.ctime_nsec());
        let sql = "UPDATE setting SET value = ?1 WHERE key = 'lease_file'";
        assert_eq!(db.execute(sql, [file]).expect("a setting"), 1, "no lease is known");
    }
}
