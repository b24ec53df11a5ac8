//! `crdtctl.db`: of other versions, damaged, or gone.

use super::*;

fn db(store: &Store) -> Connection {
    Connection::open(store.dir().join("crdtctl.db")).unwrap()
}

#[test]
fn a_newer_crdtctl_is_not_second_guessed() {
    let bench = Bench::new();
    let store = bench.init("store");
    db(&store).pragma_update(None, "user_version", 99).unwrap();
    let before = listing(store.dir());
    for dry_run in [false, true] {
        let open = Open { command: "set", member: None, dry_run };
        assert_eq!(store.session(open).err().unwrap().kind, Kind::Refused);
    }
    assert_eq!(store.reader().err().unwrap().kind, Kind::Refused);
    assert_eq!(listing(store.dir()), before);
}

#[test]
fn what_is_no_database_is_not_overwritten() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "name", "one");
    fs::write(store.dir().join("crdtctl.db"), "no database at all, but long enough".repeat(99))
        .unwrap();
    let before = listing(store.dir());
    assert_eq!(store.session(write("set")).err().unwrap().kind, Kind::Corrupt);
    assert_eq!(store.reader().err().unwrap().kind, Kind::Corrupt);
    assert_eq!(listing(store.dir()), before);
}

#[test]
fn settings_are_committed_without_a_log_row() {
    let bench = Bench::new();
    let store = bench.init("store");
    let session = store.session(write("entity use")).unwrap();
    session.state().set_setting("entity", Some("group:ocean")).unwrap();
    assert_eq!(session.commit().unwrap().seq, None);
    let setting = |key| store.reader().unwrap().state().unwrap().setting(key).unwrap();
    assert_eq!(setting("entity").as_deref(), Some("group:ocean"));
    assert_eq!(setting("other"), None);
}

#[test]
fn peers_receipts_and_waiting_updates_are_kept() {
    let bench = Bench::new();
    let store = bench.init("store");
    let session = store.session(write("sync import")).unwrap();
    let state = session.state();
    let peer = |id: &str, last_seen| Peer {
        replica_id: id.to_owned(),
        member: Some("bob".to_owned()),
        last_bundle: None,
        last_seen,
    };
    state.put_peer(&peer("p1", 1)).unwrap();
    state.put_peer(&peer("p2", 2)).unwrap();
    state.put_peer(&peer("p1", 3)).unwrap();
    let receipt = StoredReceipt {
        replica_id: "p1".to_owned(),
        doc: doc("core"),
        version: "{}".to_owned(),
        applied: "{}".to_owned(),
    };
    state.put_receipt(&receipt).unwrap();
    state.raise_applied(&doc("core"), "p1", 5).unwrap();
    state.raise_applied(&doc("core"), "p1", 3).unwrap();
    let parked = Parked {
        id: 0,
        doc: doc("core"),
        bundle: "b".to_owned(),
        replica_id: None,
        update: vec![0, 0],
        needs: "{}".to_owned(),
        received_at: 1,
        manifest: "{}".to_owned(),
    };
    state.park(&parked).unwrap();
    state.park(&parked).unwrap();
    session.commit().unwrap();

    let session = store.session(write("sync forget")).unwrap();
    let state = session.state();
    let seen: Vec<String> =
        state.peers().unwrap().into_iter().map(|peer| peer.replica_id).collect();
    assert_eq!(seen, ["p1", "p2"]);
    assert!(state.receipt("p1", &doc("core")).unwrap().is_some());
    assert_eq!(state.receipts("p1").unwrap().len(), 1);
    assert_eq!(state.applied(&doc("core")).unwrap()["p1"], 5);
    let waiting = state.parked().unwrap();
    assert_eq!(waiting.len(), 1);
    state.unpark(waiting[0].id).unwrap();
    state.forget_peer("p1").unwrap();
    assert_eq!(state.peers().unwrap().len(), 1);
    assert!(state.receipts("p1").unwrap().is_empty());
    assert!(state.parked().unwrap().is_empty());
}

#[test]
fn old_rows_are_trimmed_and_the_numbers_go_on() {
    let bench = Bench::new();
    bench.init("store");
    let at = |days: i64| {
        let clock = Clock::fixed(NOW + days * 86_400);
        bench.open_as("store", bench.on(Machine { clock, ..bench.environment().machine }))
    };
    set(&at(0), &doc("core"), "a", "1");
    set(&at(1), &doc("chat"), "a", "1");
    set(&at(95), &doc("core"), "b", "1");
    let store = at(95);
    let reader = store.reader().unwrap();
    let state = reader.state().unwrap();
    assert!(state.log_after(&doc("core"), 0).unwrap().is_none());
    assert_eq!(state.log_after(&doc("core"), 1).unwrap().unwrap().len(), 1);
    assert!(state.log_after(&doc("chat"), 0).unwrap().is_none());
    assert_eq!(state.log_after(&doc("chat"), 2).unwrap().unwrap().len(), 0);
    assert_eq!(state.log_end().unwrap(), 3);
    assert_eq!(set(&at(200), &doc("core"), "c", "1").seq, Some(4));
    assert_eq!(get(&store, &doc("core"), "a").as_deref(), Some("1"));
}

#[test]
fn operations_are_kept_as_long_as_their_rows() {
    let bench = Bench::new();
    bench.init("store");
    let at = |days: i64| {
        let clock = Clock::fixed(NOW + days * 86_400);
        bench.open_as("store", bench.on(Machine { clock, ..bench.environment().machine }))
    };
    for days in [0, 1, 95] {
        let mut session = at(days).session(write("test")).unwrap();
        session.record(0, "{\"part\":1}");
        // An operation made of parts is recorded as one.
        session.record(0, &format!("{{\"day\":{days}}}"));
        session.record(session.recorded(), "{}");
        session.edit(&doc("core"), |txn| txn.set(&["metadata"], "day", days)).unwrap();
        session.commit().unwrap();
    }
    // A command that changes nothing is not recorded.
    let mut session = at(95).session(write("test")).unwrap();
    session.record(0, "{}");
    session.commit().unwrap();
    let store = at(95);
    let reader = store.reader().unwrap();
    let state = reader.state().unwrap();
    assert_eq!(state.operation_counts(0).unwrap().into_iter().collect::<Vec<_>>(), [(3, 2)]);
    assert_eq!(state.operations(3).unwrap(), "{\"day\":95}\n{}\n");
    assert_eq!(state.operations(1).unwrap(), "");
    // A reader finds the tables as an older crdtctl left them.
    db(&store).execute_batch("DROP TABLE operations; PRAGMA user_version = 2").unwrap();
    let reader = store.reader().unwrap();
    let state = reader.state().unwrap();
    assert!(state.operation_counts(0).unwrap().is_empty());
    assert_eq!(state.operations(3).unwrap(), "");
    assert_eq!(state.history(i64::MIN..i64::MAX, |_| true, None).unwrap().len(), 1);
}

#[test]
fn what_is_derived_from_a_document_holds_until_it_changes() {
    let bench = Bench::new();
    let store = bench.init("store");
    let (core, chat) = (doc("core"), doc("chat"));
    let mut session = store.session(write("test")).unwrap();
    session.remember(&core, 7u8);
    assert_eq!(session.recall::<u8>(&chat), None);
    assert_eq!(session.recall::<u8>(&core), Some(7));
    assert_eq!(session.recall::<u8>(&core), None, "it was taken out");
    session.remember(&core, 7u8);
    session.edit(&core, |txn| txn.set(&["metadata"], "name", "x")).unwrap();
    assert_eq!(session.recall::<u8>(&core), None);
    session.remember(&core, 8u8);
    session.edit(&core, |txn| txn.set(&["metadata"], "name", "x")).unwrap();
    session.edit(&chat, |txn| txn.set(&["messages"], "m", "x")).unwrap();
    assert_eq!(session.recall::<u8>(&core), Some(8), "nothing has changed here");
    session.remember(&core, 8u8);
    assert_eq!(session.recall::<i64>(&core), None);
    assert_eq!(session.changes_begun(), 3);
}

#[test]
fn the_floor_marks_where_another_replica_wrote() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "a", "1");
    set(&store, &doc("core"), "b", "1");
    fs::remove_dir_all(bench.path("leases")).unwrap();
    set(&store, &doc("core"), "c", "1");
    let floor = store.reader().unwrap().state().unwrap().replica().unwrap().unwrap().2;
    assert_eq!(floor, 2);
}
