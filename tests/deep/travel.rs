//! Replicas that went back in time: restored in place, with and without the leases, after imports only or
//! after writes of their own; and receipts that claim more than is true.
//!
//! Only what `--for` picks is sent here, so anything that a peer wrongly believes shows.

use super::support::{Machine, Store, copy_tree, text};
use super::world::{know_lease, put_back};
use std::path::PathBuf;

const GROUP: &str = "group:ocean-forest-moon-star";
const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
const NOTE: &str = "new replica";

/// Alice's and Bob's replicas of one group, each on a machine of its own, which know what the other has.
struct Pair<'m> {
    alice: Store<'m>,
    bob: Store<'m>,
}

impl<'m> Pair<'m> {
    fn new(here: &'m Machine, there: &'m Machine) -> Self {
        let (alice, bob) = (here.store("alice", ALICE), there.store("bob", BOB));
        alice.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
        alice.ok(&["member", "add", BOB]);
        alice.ok(&["chat", "send", "from alice"]);
        let pair = Pair { alice, bob };
        let all = text(&here.path("all.crdt"));
        pair.alice.ok(&["sync", "export", "-O", &all]);
        pair.bob.ok(&["sync", "import", &all]);
        pair.bob.ok(&["chat", "send", "from bob"]);
        pair.talk();
        pair
    }

    fn pass(&self, seconds: i64) {
        for store in [&self.alice, &self.bob] {
            store.machine.pass(seconds);
        }
    }

    /// Each sends the other what it is known to lack, twice.
    fn talk(&self) {
        for _ in 0..2 {
            self.pass(60);
            news(&self.bob, &self.alice);
            self.pass(60);
            news(&self.alice, &self.bob);
        }
    }

    #[track_caller]
    fn agree(&self) {
        let messages = |store: &Store<'_>| {
            let mut messages = super::support::column(&store.json(&["chat", "list"]), "content");
            messages.sort();
            messages
        };
        assert_eq!(messages(&self.alice), messages(&self.bob));
        assert_eq!(self.alice.ok(&["digest"]), self.bob.ok(&["digest"]));
    }
}

fn replica(store: &Store<'_>) -> String {
    let file = text(&store.machine.path("who.crdt"));
    store.ok(&["sync", "receipt", "-O", &file]);
    store.json(&["sync", "show", &file])["from"]["replica"].as_str().expect("an id").to_owned()
}

/// One bundle, by `--for` if the other is known; its import may report anything short of a refusal.
#[track_caller]
fn news(from: &Store<'_>, to: &Store<'_>) {
    let file = text(&from.machine.path("news.crdt"));
    let known = from.json(&["sync", "peers"]);
    let id = replica(to);
    match known.as_array().expect("a list").iter().any(|peer| peer["replica_id"] == id.as_str()) {
        true => from.ok(&["sync", "export", "--for", &id, "-O", &file]),
        false => from.ok(&["sync", "export", "-O", &file]),
    };
    let run = to.run(&["sync", "import", &file]);
    assert!([0, 7].contains(&run.code), "{run:?}");
}

/// A store that can be reset to an earlier state, with the leases or without.
struct Snapshot<'s, 'm> {
    store: &'s Store<'m>,
    saved: Vec<(PathBuf, PathBuf)>,
}

impl<'s, 'm> Snapshot<'s, 'm> {
    /// The store's directory alone, as in a backup.
    fn of_store(store: &'s Store<'m>) -> Self {
        Snapshot::of(store, vec![(store.dir.clone(), store.machine.path("saved-store"))])
    }

    /// The whole machine, as in a snapshot of its disk.
    fn of_machine(store: &'s Store<'m>) -> Self {
        let (dir, state) = (store.dir.clone(), store.machine.path("state"));
        let saved = [(dir, "saved-store"), (state, "saved-state")];
        Snapshot::of(store, saved.map(|(from, to)| (from, store.machine.path(to))).into())
    }

    fn of(store: &'s Store<'m>, saved: Vec<(PathBuf, PathBuf)>) -> Self {
        for (live, copy) in &saved {
            copy_tree(live, copy);
        }
        Snapshot { store, saved }
    }

    fn put_back(&self) {
        for (live, copy) in &self.saved {
            put_back(copy, live);
        }
        if self.saved.len() > 1 {
            let leases = self.store.machine.path("state").join("crdtctl").join("leases");
            know_lease(&self.store.dir, &leases);
        }
        assert!(self.store.dir.is_dir());
    }
}

/// Bob imports, and Alice knows that he has.
fn lost_import<'s, 'm>(
    pair: &'s Pair<'m>,
    snapshot: impl FnOnce(&'s Store<'m>) -> Snapshot<'s, 'm>,
) -> Snapshot<'s, 'm> {
    let snapshot = snapshot(&pair.bob);
    pair.alice.ok(&["chat", "send", "what bob loses"]);
    pair.talk();
    pair.agree();
    snapshot
}

#[test]
fn a_store_put_back_after_imports_only_is_a_new_replica_and_gets_what_it_lost() {
    let (here, there) = (Machine::new("imports lost"), Machine::new("imports lost, there"));
    let pair = Pair::new(&here, &there);
    lost_import(&pair, Snapshot::of_store).put_back();
    pair.pass(60);
    let run = pair.bob.run(&["chat", "send", "after the backup"]);
    run.ok();
    assert!(run.stderr.contains(NOTE), "{}", run.stderr);
    pair.alice.ok(&["chat", "send", "later"]);
    pair.talk();
    pair.agree();
}

/// Before anything tells Bob that he went back, he announces what he has, and is believed.
#[test]
fn a_receipt_that_is_later_and_has_less_counts() {
    let (here, there) = (Machine::new("has less"), Machine::new("has less, there"));
    let pair = Pair::new(&here, &there);
    lost_import(&pair, Snapshot::of_machine).put_back();
    pair.pass(60);
    let receipt = text(&there.path("receipt.crdt"));
    pair.bob.ok(&["sync", "receipt", "-O", &receipt]);
    pair.alice.ok(&["sync", "import", &receipt]);
    let status = pair.alice.run(&["sync", "status", "--exit-code", "--json"]);
    let peer = &status.exits(3).parsed()[0];
    assert_eq!(peer["they_lack_documents"], 1, "{peer}");
    news(&pair.alice, &pair.bob);
    pair.agree();
}

/// Deletions move no clock: only the version tells.
#[test]
fn a_lost_deletion_is_sent_again() {
    let (here, there) = (Machine::new("deletion lost"), Machine::new("deletion lost, there"));
    let pair = Pair::new(&here, &there);
    let notes = "notes:one:free";
    let doc = yrs_document();
    for (name, update) in [("first", &doc.0), ("deletion", &doc.1)] {
        std::fs::write(here.path(name), update).expect("a writable file");
    }
    pair.alice.ok(&["sync", "import", "--raw", notes, &text(&here.path("first"))]);
    pair.talk();
    let snapshot = Snapshot::of_machine(&pair.bob);
    pair.alice.ok(&["sync", "import", "--raw", notes, &text(&here.path("deletion"))]);
    pair.talk();
    pair.agree();
    snapshot.put_back();
    pair.talk();
    pair.agree();
    assert_eq!(pair.bob.json(&["doc", "dump", notes]), serde_json::json!({"notes": {"b": 2}}));
}

/// Two keys, and an update that removes one of them again.
fn yrs_document() -> (Vec<u8>, Vec<u8>) {
    use yrs::{Doc, Map, Options, Transact, WriteTxn};
    let doc = Doc::with_options(Options::with_client_id(yrs::ClientID::new(71)));
    let write = |change: &dyn Fn(&mut yrs::TransactionMut<'_>)| {
        let mut txn = doc.transact_mut();
        change(&mut txn);
        txn.encode_update_v1()
    };
    let first = write(&|txn| {
        let notes = txn.get_or_insert_map("notes");
        notes.insert(txn, "a", 1);
        notes.insert(txn, "b", 2);
    });
    let deletion = write(&|txn| {
        txn.get_or_insert_map("notes").remove(txn, "a");
    });
    (first, deletion)
}

#[test]
fn a_machine_put_back_after_imports_only_gets_what_it_lost() {
    let (here, there) = (Machine::new("machine back"), Machine::new("machine back, there"));
    let pair = Pair::new(&here, &there);
    lost_import(&pair, Snapshot::of_machine).put_back();
    pair.alice.ok(&["chat", "send", "later"]);
    pair.talk();
    pair.agree();
    pair.bob.ok(&["chat", "send", "from bob, at last"]);
    pair.talk();
    pair.agree();
}

/// It receives its own writes from whoever has them, and continues as a new replica before it writes a single
/// thing.
#[test]
fn a_machine_put_back_learns_from_any_bundle_that_it_wrote_more() {
    let (here, there) = (Machine::new("own lost"), Machine::new("own lost, there"));
    let pair = Pair::new(&here, &there);
    let snapshot = Snapshot::of_machine(&pair.bob);
    pair.bob.ok(&["chat", "send", "what bob loses"]);
    pair.talk();
    snapshot.put_back();
    let before = replica(&pair.bob);
    // A bundle without updates is enough.
    let receipt = text(&here.path("receipt.crdt"));
    pair.alice.ok(&["sync", "receipt", "-O", &receipt]);
    let run = pair.bob.run(&["sync", "import", &receipt]);
    run.exits(0);
    assert!(run.stderr.contains(NOTE), "{}", run.stderr);
    assert_ne!(replica(&pair.bob), before);
    pair.bob.ok(&["chat", "send", "after the snapshot"]);
    pair.talk();
    pair.agree();
    assert_eq!(pair.alice.json(&["chat", "list"]).as_array().map(Vec::len), Some(4));
}

#[test]
fn an_old_bundle_that_comes_late_lowers_no_receipt() {
    let (here, there) = (Machine::new("late"), Machine::new("late, there"));
    let pair = Pair::new(&here, &there);
    let old = text(&there.path("old.crdt"));
    pair.bob.ok(&["sync", "receipt", "-O", &old]);
    pair.alice.ok(&["chat", "send", "news"]);
    pair.talk();
    pair.alice.ok(&["sync", "import", &old]);
    pair.alice.run(&["sync", "status", "--exit-code"]).exits(0);
    let file = text(&here.path("none.crdt"));
    pair.alice.ok(&["sync", "export", "--for", BOB, "--if-new", "-O", &file]);
    assert!(!here.path("none.crdt").exists());
}
