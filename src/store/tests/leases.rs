//! Copied, restored and moved stores go on as new replicas.

use super::*;

/// Runs one more command; returns whether a new replica ran it, and checks that the note says so.
fn rotates(store: &Store) -> bool {
    let before = replica(store);
    let times = get(store, &doc("core"), "times").map_or(0, |n| n.parse::<u32>().unwrap()) + 1;
    let committed = set(store, &doc("core"), "times", &times.to_string());
    let noted = committed.notes.iter().any(|note| note.contains("new replica"));
    assert_eq!(noted, replica(store) != before);
    noted
}

/// Replaces the file that the store knows as its lease: as from an older crdtctl, which recorded none
/// (`known` is false), or from a disk that was restored below its file system.
fn another_lease(bench: &Bench, known: bool) {
    let leases: Vec<_> = listing(&bench.path("leases")).into_keys().collect();
    let [lease] = &leases[..] else { panic!("{leases:?}") };
    let file = known.then(|| crate::store::fs::instance(lease)).flatten();
    let db = rusqlite::Connection::open(bench.path("store").join("crdtctl.db")).unwrap();
    db.execute("DELETE FROM setting WHERE key = 'lease_file'", []).unwrap();
    db.execute("INSERT INTO setting SELECT 'lease_file', ?1 WHERE ?1 IS NOT NULL", [file]).unwrap();
}

fn used(bench: &Bench) -> Store {
    let store = bench.init("store");
    set(&store, &doc("core"), "a", "1");
    assert!(!rotates(&store));
    store
}

#[test]
fn a_copy_is_a_new_replica_and_the_original_is_not() {
    let bench = Bench::new();
    let store = used(&bench);
    copy_dir(store.dir(), &bench.path("copy"));
    assert!(rotates(&bench.open("copy")));
    assert!(!rotates(&bench.open("copy")));
    assert!(!rotates(&store));
}

#[test]
fn a_store_put_back_in_place_is_a_new_replica() {
    let bench = Bench::new();
    let store = used(&bench);
    copy_dir(store.dir(), &bench.path("backup"));
    set(&store, &doc("core"), "later", "lost");
    put_back(&bench.path("backup"), &store);
    assert!(rotates(&store));
    assert_eq!(client_ids(&store, &doc("core")), 2);
}

#[test]
fn a_document_put_back_from_a_backup_is_a_new_replica_or_whole() {
    let bench = Bench::new();
    let store = used(&bench);
    let old = fs::read(file(&store, &doc("core"))).unwrap();
    set(&store, &doc("core"), "later", "kept");
    fs::write(file(&store, &doc("core")), old).unwrap();
    // The log still has what the file lost: the clock is right, nothing is reused.
    assert!(!rotates(&store));
    assert_eq!(get(&store, &doc("core"), "later").as_deref(), Some("kept"));
}

#[test]
fn without_its_lease_it_is_a_new_replica() {
    let bench = Bench::new();
    let store = used(&bench);
    fs::remove_dir_all(bench.path("leases")).unwrap();
    assert!(rotates(&store));
    assert!(!rotates(&store));
}

#[test]
fn a_lease_that_does_not_decode_is_none() {
    let bench = Bench::new();
    let store = used(&bench);
    for path in listing(&bench.path("leases")).into_keys() {
        fs::write(path, "").unwrap();
    }
    assert!(rotates(&store));
}

#[test]
fn on_another_machine_it_is_a_new_replica() {
    let bench = Bench::new();
    used(&bench);
    let elsewhere = bench.on(Machine { id: "other".to_owned(), ..bench.environment().machine });
    assert!(rotates(&bench.open_as("store", elsewhere)));
}

#[test]
fn without_a_state_directory_nothing_is_written() {
    let bench = Bench::new();
    let store = used(&bench);
    let before = (replica(&store), listing(store.dir()));
    fs::write(bench.path("in the way"), "").unwrap();
    for (leases, kind) in [(None, Kind::Usage), (Some(bench.path("in the way/leases")), Kind::Io)] {
        let store =
            bench.open_as("store", bench.on(Machine { leases, ..bench.environment().machine }));
        let mut session = store.session(write("set")).unwrap();
        session.edit(&doc("core"), |txn| txn.set(&["metadata"], "a", "b")).unwrap();
        let error = session.commit().unwrap_err();
        assert_eq!(error.kind, kind);
        assert!(error.hint.is_some_and(|hint| format!("{hint:?}").contains("NameStateDir")));
        assert_eq!((replica(&store), listing(store.dir())), before);
        // Reading and dry runs need no lease.
        assert!(store.reader().unwrap().documents().is_ok());
        let open = Open { command: "set", member: None, dry_run: true };
        assert!(store.session(open).unwrap().commit().is_ok());
    }
}

#[test]
fn the_first_replica_needs_no_note() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("store/crdt")).unwrap();
    let store = bench.open("store");
    let member = MemberId::parse("alice-river-stone-sky").unwrap();
    let open = Open { command: "set", member: Some(&member), dry_run: false };
    let mut session = store.session(open).unwrap();
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "a", "b")).unwrap();
    assert_eq!(session.commit().unwrap().notes, Vec::<String>::new());
    let owner = store.reader().unwrap().state().unwrap().replica().unwrap().unwrap().1;
    assert_eq!(owner, Some(member));
}

/// Restores a backup in place: same directory, same inode, the lease untouched.
fn put_back(backup: &Path, store: &Store) {
    for path in listing(store.dir()).into_keys() {
        fs::remove_file(path).unwrap();
    }
    copy_dir(backup, store.dir());
}

/// What was written before the process was killed right after its commit may have been handed out.
#[test]
fn no_lease_fits_a_store_that_was_put_back_to_before_a_killed_command() {
    let bench = Bench::new();
    let store = used(&bench);
    copy_dir(store.dir(), &bench.path("backup"));
    let mut session = store.session(write("set")).unwrap();
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "later", "abroad")).unwrap();
    session.commit_and_die();
    assert_eq!(get(&store, &doc("core"), "later").as_deref(), Some("abroad"));
    put_back(&bench.path("backup"), &store);
    assert!(rotates(&store));
    // The same backup once more: the lease was given up.
    put_back(&bench.path("backup"), &store);
    assert!(rotates(&store));
}

/// An import moves the log, but none of our clocks.
#[test]
fn a_store_put_back_after_imports_only_is_a_new_replica() {
    let bench = Bench::new();
    let store = used(&bench);
    let elsewhere = bench.init("elsewhere");
    set(&elsewhere, &doc("core"), "from", "elsewhere");
    let theirs = elsewhere.reader().unwrap().bytes(&doc("core")).unwrap().unwrap();
    copy_dir(store.dir(), &bench.path("backup"));
    let mut session = store.session(write("sync import")).unwrap();
    assert!(session.apply(&doc("core"), &checked(&theirs), Some(("peer", 1))).unwrap());
    session.commit().unwrap();
    put_back(&bench.path("backup"), &store);
    assert!(rotates(&store));
    assert!(!rotates(&store));
}

/// Before numbers are handed out, a lease that a power cut has set back is no longer trusted.
#[test]
fn a_lease_that_is_behind_is_given_up_before_numbers_go_out() {
    let bench = Bench::new();
    let store = used(&bench);
    copy_dir(store.dir(), &bench.path("backup"));
    let old = listing(&bench.path("leases"));
    set(&store, &doc("core"), "later", "abroad");
    for (path, bytes) in &old {
        fs::write(path, bytes).unwrap();
    }
    store.reader().unwrap().vouch(&store.environment().machine).unwrap();
    put_back(&bench.path("backup"), &store);
    assert!(rotates(&store));
    // A lease that fits is kept.
    store.reader().unwrap().vouch(&store.environment().machine).unwrap();
    assert!(!rotates(&store));
}

/// Without the new lease there is no commit, so the old one fits the store as it is.
#[test]
fn a_lease_that_cannot_be_written_stops_the_command() {
    let bench = Bench::new();
    let store = used(&bench);
    let leases = listing(&bench.path("leases"));
    let in_the_way = leases.keys().next().unwrap().with_extension("json.tmp");
    fs::create_dir(&in_the_way).unwrap();
    let before = store.reader().unwrap().bytes(&doc("core")).unwrap();
    let mut session = store.session(write("set")).unwrap();
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "later", "new")).unwrap();
    let error = session.commit().unwrap_err();
    assert_eq!(error.kind, Kind::Io);
    assert!(error.hint.is_some_and(|hint| format!("{hint:?}").contains("nothing was written")));
    assert_eq!(store.reader().unwrap().bytes(&doc("core")).unwrap(), before);
    assert_eq!(listing(&bench.path("leases")), leases);
    fs::remove_dir(&in_the_way).unwrap();
    assert!(!rotates(&store));
}

/// Older leases do not name the end of the log; they are valid, and name it from then on.
#[test]
fn a_lease_of_an_older_crdtctl_holds() {
    let bench = Bench::new();
    let store = used(&bench);
    let log_end = || -> Vec<serde_json::Value> {
        let leases = listing(&bench.path("leases")).into_values();
        let leases = leases.map(|bytes| serde_json::from_slice(&bytes).unwrap());
        leases.map(|lease: serde_json::Value| lease["log_end"].clone()).collect()
    };
    for (path, bytes) in listing(&bench.path("leases")) {
        let mut lease: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        lease.as_object_mut().unwrap().remove("log_end").unwrap();
        fs::write(path, lease.to_string()).unwrap();
    }
    another_lease(&bench, false);
    store.reader().unwrap().vouch(&store.environment().machine).unwrap();
    assert!(!rotates(&store));
    let end = store.reader().unwrap().state().unwrap().log_end().unwrap();
    assert_eq!(log_end(), [serde_json::json!(end)]);
}

#[test]
fn our_own_id_in_somebody_elses_hands_is_a_fork() {
    let bench = Bench::new();
    let store = used(&bench);
    // A copy that still has our lease: a machine rolled back as a whole.
    copy_dir(&bench.path(""), &bench.path("snapshot"));
    set(&store, &doc("core"), "later", "elsewhere");
    let theirs = store.reader().unwrap().bytes(&doc("core")).unwrap().unwrap();
    let before = replica(&store);
    for name in ["store", "leases"] {
        fs::remove_dir_all(bench.path(name).join("crdt")).ok();
        copy_dir(&bench.path("snapshot").join(name), &bench.path(name));
    }
    another_lease(&bench, true);
    let mut session = store.session(write("sync import")).unwrap();
    assert_eq!(session.replica_id(), before, "nothing shows yet");
    let failed = session.apply(&doc("core"), &checked(&theirs), Some(("peer", 1)));
    assert_eq!(failed.unwrap_err().kind, Kind::Forked);
    assert_eq!(session.commit().unwrap_err().kind, Kind::Bug);
    // The next command runs as another replica, for which the update is new like any other.
    let mut session = store.session(write("sync import")).unwrap();
    assert_ne!(session.replica_id(), before);
    assert!(session.apply(&doc("core"), &checked(&theirs), Some(("peer", 1))).unwrap());
    session.commit().unwrap();
    assert_eq!(get(&store, &doc("core"), "later").as_deref(), Some("elsewhere"));
}

#[test]
fn init_twice_is_the_same_replica() {
    let bench = Bench::new();
    let member = MemberId::parse("alice-river-stone-sky").unwrap();
    let init = |member: &MemberId| {
        Store::init(&bench.path("store"), Rc::new(bench.environment()), Some(member))
            .map(|(_, replica)| replica)
    };
    assert_eq!(init(&member).unwrap(), init(&member).unwrap());
    // A typing error can be corrected as long as nothing was written under the name.
    let other = MemberId::parse("bob").unwrap();
    assert_eq!(init(&other).unwrap(), init(&other).unwrap());
    let store = Store::open_with(&bench.path("store"), Rc::new(bench.environment())).unwrap();
    set(&store, &doc("core"), "name", "Ocean");
    assert_eq!(init(&member).unwrap_err().kind, Kind::Refused);
}
