//! Stores that were copied, restored, or lost their lease: each continues under a new client id, says so, and
//! still agrees with its peers in the end.
//!
//! Writing under an id that somebody else writes under makes documents that differ for ever with equal state
//! vectors; so every test here ends with equal digests *and* equal versions.

use super::support::{Machine, Store, copy_tree, text};
use super::world::{checked, know_lease, put_back};
use crdtctl::id::DocId;
use crdtctl::wire::Version;
use std::collections::BTreeSet;

const GROUP: &str = "group:ocean-forest-moon-star";
const CHAT: &str = "group:ocean-forest-moon-star:chat";
const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
const NOTE: &str = "new replica";

/// Alice's and Bob's replicas of one group, in which both have written.
struct Pair<'m> {
    alice: Store<'m>,
    bob: Store<'m>,
}

impl<'m> Pair<'m> {
    fn new(machine: &'m Machine) -> Self {
        let (alice, bob) = (machine.store("alice", ALICE), machine.store("bob", BOB));
        alice.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
        alice.ok(&["member", "add", BOB]);
        alice.ok(&["chat", "send", "from alice"]);
        let pair = Pair { alice, bob };
        carry(&pair.alice, &pair.bob, 0);
        pair.bob.ok(&["chat", "send", "from bob"]);
        carry(&pair.bob, &pair.alice, 0);
        pair
    }
}

/// Imports a full bundle of one store into another.
fn carry(from: &Store<'_>, to: &Store<'_>, code: i32) {
    let bundle = text(&from.dir.with_extension("crdt"));
    from.ok(&["sync", "export", "-O", &bundle]);
    to.run(&["sync", "import", &bundle]).exits(code);
}

/// Everybody exchanges everything, until acknowledgements have gone round.
fn meet(stores: &[&Store<'_>]) {
    for _ in 0..3 {
        for from in stores {
            for to in stores.iter().filter(|to| to.dir != from.dir) {
                carry(from, to, 0);
            }
        }
    }
    let versions: Vec<Version> = stores.iter().map(|store| version(store)).collect();
    let digests: BTreeSet<String> = stores.iter().map(|store| store.ok(&["digest"])).collect();
    assert_eq!(digests.len(), 1, "the content differs");
    assert!(versions.windows(2).all(|pair| pair[0] == pair[1]), "{versions:#?}");
}

fn version(store: &Store<'_>) -> Version {
    let name = DocId::parse(CHAT).expect("a document id").file_stem();
    let path = store.dir.join("crdt").join("group").join(format!("{name}.yrs"));
    checked(&std::fs::read(path).expect("the document's file")).version()
}

/// The client ids under which replicas have written the chat.
fn clients(store: &Store<'_>) -> BTreeSet<u64> {
    version(store).clocks.into_keys().filter(|client| *client <= u64::from(u32::MAX)).collect()
}

/// Sends a message that must come from a new client id, with a note about it.
#[track_caller]
fn sends_as_somebody_new(store: &Store<'_>, message: &str) {
    let before = clients(store);
    let run = store.run(&["chat", "send", message]);
    run.ok();
    assert!(run.stderr.contains(NOTE), "no note: {}", run.stderr);
    assert_eq!(clients(store).difference(&before).count(), 1, "{message}");
    sends_as_before(store, &format!("{message}, again"));
}

#[track_caller]
fn sends_as_before(store: &Store<'_>, message: &str) {
    let before = clients(store);
    let run = store.run(&["chat", "send", message]);
    run.ok();
    assert!(!run.stderr.contains(NOTE), "{}", run.stderr);
    assert_eq!(clients(store), before, "{message}");
}

fn messages(store: &Store<'_>) -> Vec<String> {
    let list = store.json(&["chat", "list"]);
    let list = list.as_array().expect("a list").iter();
    let mut texts: Vec<String> =
        list.map(|message| message["content"].as_str().expect("a text").to_owned()).collect();
    texts.sort();
    texts
}

#[test]
fn an_undisturbed_store_keeps_its_client_id() {
    let machine = Machine::new("undisturbed");
    let pair = Pair::new(&machine);
    sends_as_before(&pair.alice, "one");
    carry(&pair.alice, &pair.bob, 0);
    pair.bob.ok(&["chat", "send", "two"]);
    carry(&pair.bob, &pair.alice, 0);
    sends_as_before(&pair.alice, "three");
    assert_eq!(clients(&pair.alice).len(), 2);
}

#[test]
fn a_copied_store_goes_on_as_a_new_replica() {
    let machine = Machine::new("copied");
    let pair = Pair::new(&machine);
    let copy = machine.open(machine.path("copy"));
    copy_tree(&pair.alice.dir, &copy.dir);
    sends_as_somebody_new(&copy, "from the copy");
    // The original is unchanged.
    sends_as_before(&pair.alice, "from the original");
    meet(&[&pair.alice, &copy, &pair.bob]);
    let all =
        ["from alice", "from bob", "from the copy", "from the copy, again", "from the original"];
    assert_eq!(messages(&pair.bob), all);
}

#[test]
fn a_store_that_was_moved_goes_on_as_a_new_replica() {
    let machine = Machine::new("moved");
    let pair = Pair::new(&machine);
    let moved = machine.open(machine.path("elsewhere"));
    std::fs::rename(&pair.alice.dir, &moved.dir).expect("a directory that can be renamed");
    sends_as_somebody_new(&moved, "from elsewhere");
    meet(&[&moved, &pair.bob]);
}

#[test]
fn a_restored_backup_goes_on_as_a_new_replica() {
    let machine = Machine::new("restored");
    let pair = Pair::new(&machine);
    let backup = machine.path("backup");
    copy_tree(&pair.alice.dir, &backup);
    pair.alice.ok(&["chat", "send", "bob has this one"]);
    carry(&pair.alice, &pair.bob, 0);
    pair.alice.ok(&["chat", "send", "nobody has this one"]);
    put_back(&backup, &pair.alice.dir);
    sends_as_somebody_new(&pair.alice, "after the backup");
    meet(&[&pair.alice, &pair.bob]);
    let all = [
        "after the backup",
        "after the backup, again",
        "bob has this one",
        "from alice",
        "from bob",
    ];
    assert_eq!(messages(&pair.alice), all);
    // The same backup once more: its lease must not fit again.
    put_back(&backup, &pair.alice.dir);
    sends_as_somebody_new(&pair.alice, "after the second time");
    meet(&[&pair.alice, &pair.bob]);
    assert_eq!(messages(&pair.alice).len(), all.len() + 2);
}

/// Only the `.yrs` is restored, and `crdtctl.db` stays: the log knows what the file has lost.
#[test]
fn an_older_file_under_a_newer_log_loses_nothing() {
    let machine = Machine::new("older file");
    let pair = Pair::new(&machine);
    let backup = machine.path("backup");
    copy_tree(&pair.alice.dir.join("crdt"), &backup);
    pair.alice.ok(&["chat", "send", "since the backup"]);
    put_back(&backup, &pair.alice.dir.join("crdt"));
    pair.alice.ok(&["chat", "send", "after it"]);
    assert_eq!(messages(&pair.alice), ["after it", "from alice", "from bob", "since the backup"]);
    meet(&[&pair.alice, &pair.bob]);
}

#[test]
fn a_store_without_its_lease_goes_on_as_a_new_replica() {
    let machine = Machine::new("no lease");
    let pair = Pair::new(&machine);
    let leases = machine.path("state").join("crdtctl").join("leases");
    let files = super::support::files(&leases);
    std::fs::remove_dir_all(&leases).expect("the leases");
    sends_as_somebody_new(&pair.alice, "without a lease");
    meet(&[&pair.alice, &pair.bob]);
    // Earlier leases are useless.
    for (name, content) in files {
        std::fs::write(leases.join(name), content).expect("a writable file");
    }
    let before = clients(&pair.alice);
    pair.alice.ok(&["chat", "send", "with the old lease there again"]);
    assert_eq!(clients(&pair.alice), before);
    meet(&[&pair.alice, &pair.bob]);
}

#[test]
fn a_damaged_lease_is_no_lease() {
    let machine = Machine::new("damaged lease");
    let pair = Pair::new(&machine);
    let leases = machine.path("state").join("crdtctl").join("leases");
    for name in super::support::files(&leases).keys() {
        std::fs::write(leases.join(name), "{\"replica\":").expect("a writable file");
    }
    sends_as_somebody_new(&pair.alice, "with half a lease");
    meet(&[&pair.alice, &pair.bob]);
}

/// A lost state directory makes one new replica; an unusable one stops writing instead of making a new
/// replica each time.
#[test]
fn without_a_state_directory_nothing_is_written() {
    let machine = Machine::new("no state");
    let pair = Pair::new(&machine);
    let state = machine.path("state");
    std::fs::remove_dir_all(&state).expect("the state directory");
    std::fs::write(&state, "a file in its place").expect("a writable file");
    let before = clients(&pair.alice);
    for message in ["one", "two"] {
        pair.alice.run(&["chat", "send", message]).fails(74, "the lease of this replica");
        assert_eq!(clients(&pair.alice), before, "{message}");
    }
    std::fs::remove_file(&state).expect("a file");
    for message in ["three", "four"] {
        pair.alice.ok(&["chat", "send", message]);
        assert_eq!(clients(&pair.alice).difference(&before).count(), 1, "{message}");
    }
    meet(&[&pair.alice, &pair.bob]);
}

/// A store and its lease are restored together, file by file, as from a backup of a home directory.
#[test]
fn a_home_out_of_a_backup_goes_on_as_a_new_replica() {
    let machine = Machine::new("home");
    let pair = Pair::new(&machine);
    let (store, state) = (machine.path("backup-store"), machine.path("backup-state"));
    copy_tree(&pair.alice.dir, &store);
    copy_tree(&machine.path("state"), &state);
    pair.alice.ok(&["chat", "send", "bob has this one"]);
    carry(&pair.alice, &pair.bob, 0);
    put_back(&store, &pair.alice.dir);
    put_back(&state, &machine.path("state"));
    // Before anybody tells her.
    sends_as_somebody_new(&pair.alice, "a second life");
    meet(&[&pair.alice, &pair.bob]);
    let second = ["a second life", "a second life, again"];
    let all = [&second[..], &["bob has this one", "from alice", "from bob"]].concat();
    assert_eq!(messages(&pair.alice), all);
}

/// The whole disk goes back in time, including its leases: nothing on it can tell.
struct RolledBack<'m> {
    pair: Pair<'m>,
}

impl<'m> RolledBack<'m> {
    fn new(machine: &'m Machine) -> Self {
        let pair = Pair::new(machine);
        let (store, state) = (machine.path("snapshot-store"), machine.path("snapshot-state"));
        copy_tree(&pair.alice.dir, &store);
        copy_tree(&machine.path("state"), &state);
        pair.alice.ok(&["chat", "send", "bob has this one"]);
        carry(&pair.alice, &pair.bob, 0);
        put_back(&store, &pair.alice.dir);
        // Only her leases: Bob is on another machine as far as this test goes.
        let leases = machine.path("state").join("crdtctl").join("leases");
        for (name, lease) in super::support::files(&state.join("crdtctl").join("leases")) {
            if String::from_utf8_lossy(&lease).contains(&text(&pair.alice.dir)) {
                std::fs::write(leases.join(name), lease).expect("a writable file");
            }
        }
        know_lease(&pair.alice.dir, &leases);
        RolledBack { pair }
    }
}

#[test]
fn a_rolled_back_machine_learns_of_it_from_a_peer() {
    let machine = Machine::new("rolled back");
    let RolledBack { pair } = RolledBack::new(&machine);
    // It continues as a new replica before it imports what it wrote itself, as if somebody else had.
    let bundle = text(&machine.path("bob.crdt"));
    pair.bob.ok(&["sync", "export", "-O", &bundle]);
    let run = pair.alice.run(&["sync", "import", &bundle]);
    run.exits(0);
    assert!(run.stderr.contains(NOTE), "{}", run.stderr);
    sends_as_before(&pair.bob, "hello");
    let old = clients(&pair.alice);
    pair.alice.ok(&["chat", "send", "after the snapshot"]);
    assert_eq!(clients(&pair.alice).difference(&old).count(), 1);
    meet(&[&pair.alice, &pair.bob]);
    let all = ["after the snapshot", "bob has this one", "from alice", "from bob", "hello"];
    assert_eq!(messages(&pair.alice), all);
}

/// A bare update does not say who has what: it is refused, but reveals the rollback all the same.
#[test]
fn a_rolled_back_machine_learns_of_it_from_a_bare_update() {
    let machine = Machine::new("rolled back, bare");
    let RolledBack { pair } = RolledBack::new(&machine);
    let before = pair.alice.documents();
    let update = text(&machine.path("chat.update"));
    pair.bob.ok(&["sync", "export", "--raw", CHAT, "-O", &update]);
    let import = ["sync", "import", "--raw", CHAT, update.as_str()];
    pair.alice.run(&import).exits(5);
    assert_eq!(pair.alice.documents(), before, "refused, and yet written");
    // As the hint says: once more, as a new replica.
    assert!(pair.alice.run(&import).exits(0).stderr.contains(NOTE));
    meet(&[&pair.alice, &pair.bob]);
}

#[test]
fn a_rolled_back_machine_that_wrote_on_is_a_fork_and_both_sides_are_kept() {
    let machine = Machine::new("forked");
    let RolledBack { pair } = RolledBack::new(&machine);
    pair.alice.ok(&["chat", "send", "a second life"]);
    let (alice, bob) = (pair.alice.documents(), pair.bob.documents());
    for (from, to) in [(&pair.bob, &pair.alice), (&pair.alice, &pair.bob)] {
        let bundle = text(&from.dir.with_extension("crdt"));
        from.ok(&["sync", "export", "-O", &bundle]);
        let run = to.run(&["sync", "import", &bundle]);
        run.exits(5);
        assert!(run.stderr.contains("hint: "), "{}", run.stderr);
    }
    assert_eq!((pair.alice.documents(), pair.bob.documents()), (alice, bob));
}
