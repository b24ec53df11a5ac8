//! What sessions write, readers read: the store at work.

use super::*;

#[test]
fn what_was_committed_is_read_back() {
    let bench = Bench::new();
    let store = bench.init("store");
    let committed = set(&store, &doc("core"), "name", "Ocean");
    assert_eq!(committed.seq, Some(1));
    assert_eq!(committed.notes, Vec::<String>::new());
    assert_eq!(committed.documents[0].bytes_before, 0);
    assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("Ocean"));
    let bytes = fs::read(file(&store, &doc("core"))).unwrap();
    assert_eq!(committed.documents[0].bytes_after, bytes.len() as u64);
}

#[test]
fn commands_of_one_replica_share_one_client_id() {
    let bench = Bench::new();
    let store = bench.init("store");
    let before = replica(&store);
    for n in 0..5 {
        let committed = set(&store, &doc("core"), "name", &n.to_string());
        assert_eq!(committed.notes, Vec::<String>::new());
    }
    assert_eq!(client_ids(&store, &doc("core")), 1);
    assert_eq!(replica(&store), before);
}

#[test]
fn meta_counts_saves_and_keeps_unknown_keys() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "name", "one");
    let path = file(&store, &doc("core")).with_extension("meta");
    let mut meta: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(meta["entity_type"], "group");
    assert_eq!(meta["entity_id"], "ocean");
    assert_eq!(meta["created_at"], NOW);
    meta["theirs"] = 7.into();
    fs::write(&path, meta.to_string()).unwrap();
    set(&store, &doc("core"), "name", "two");
    let documents = store.reader().unwrap().documents().unwrap();
    let meta = documents[0].meta.as_ref().unwrap();
    assert_eq!((meta.version, &meta.rest["theirs"]), (2, &7.into()));
    let bytes = fs::read(file(&store, &doc("core"))).unwrap();
    assert_eq!(meta.rest["bytes"], bytes.len());
    assert_eq!(meta.rest["blake3"], blake3::hash(&bytes).to_hex().as_str());
}

#[test]
fn a_dropped_session_changes_nothing() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "name", "one");
    let before = listing(&bench.path(""));
    let mut session = store.session(write("set")).unwrap();
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "name", "two")).unwrap();
    session.edit(&doc("chat"), |txn| txn.set(&["metadata"], "name", "two")).unwrap();
    session.state().set_setting("entity", Some("group:ocean")).unwrap();
    drop(session);
    assert_eq!(listing(&bench.path("")), before);
}

#[test]
fn nothing_changed_is_nothing_written() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "name", "one");
    let before = listing(&bench.path(""));
    let committed = set(&store, &doc("core"), "name", "one");
    assert_eq!(committed.seq, None);
    assert!(committed.documents.is_empty());
    assert_eq!(listing(&bench.path("")), before);
}

#[test]
fn a_failed_change_cannot_be_committed() {
    let bench = Bench::new();
    let store = bench.init("store");
    let mut session = store.session(write("set")).unwrap();
    let failed = session.edit(&doc("core"), |txn| {
        txn.set(&["metadata"], "name", "half")?;
        Err::<(), _>(Error::refused("no"))
    });
    assert_eq!(failed.unwrap_err().kind, Kind::Refused);
    assert_eq!(session.commit().unwrap_err().kind, Kind::Bug);
    assert_eq!(get(&store, &doc("core"), "name"), None);
}

#[test]
fn what_was_applied_is_taken_back_and_the_session_goes_on() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "a", "old");
    let mut session = store.session(write("set")).unwrap();
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "b", "ours")).unwrap();
    let ours = session.bytes(&doc("core")).unwrap().unwrap();
    let (before, nothing) = (session.savepoint(&doc("core")), session.savepoint(&doc("chat")));
    for doc in [doc("core"), doc("chat")] {
        let theirs = foreign_edit(&[0, 0], "c", "theirs");
        assert!(session.apply(&doc, &checked(&theirs), None).unwrap());
        assert_ne!(session.bytes(&doc).unwrap().as_deref(), Some(&*ours));
    }
    session.go_back(&doc("core"), before).unwrap();
    session.go_back(&doc("chat"), nothing).unwrap();
    assert_eq!(session.bytes(&doc("core")).unwrap(), Some(ours));
    assert_eq!(session.bytes(&doc("chat")).unwrap(), None);
    assert_eq!(session.changed(), [doc("core")]);
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "d", "more")).unwrap();
    session.commit().unwrap();
    let values = ["a", "b", "c", "d"].map(|key| get(&store, &doc("core"), key));
    assert_eq!(
        values.each_ref().map(Option::as_deref),
        [Some("old"), Some("ours"), None, Some("more")]
    );
    assert_eq!(client_ids(&store, &doc("core")), 1);
    assert!(!file(&store, &doc("chat")).exists());
}

#[test]
fn a_session_sees_its_own_changes() {
    let bench = Bench::new();
    let store = bench.init("store");
    let core = doc("core");
    let mut session = store.session(write("set")).unwrap();
    assert!(session.view(&core).unwrap().is_none());
    assert_eq!(session.size(&core).unwrap(), 0);
    session.edit(&core, |_| Ok(())).unwrap();
    assert!(session.view(&core).unwrap().is_none(), "an edit of nothing makes no document");
    for name in ["one", "two"] {
        session.edit(&core, |txn| txn.set(&["metadata"], "name", name)).unwrap();
        let view = session.view(&core).unwrap().unwrap();
        assert_eq!(view.text(&["metadata", "name"]).as_deref(), Some(name));
        let read = session.read(&core, |source| source.text(&["metadata", "name"])).unwrap();
        assert_eq!(read.flatten().as_deref(), Some(name));
    }
    assert_eq!(session.documents().unwrap().len(), 1);
    assert_eq!(session.changed(), vec![core.clone()]);
    // The loaded bytes plus the added ones: an upper bound, so that a batch cannot grow without limit.
    assert!(session.size(&core).unwrap() > session.bytes(&core).unwrap().unwrap().len() as u64);
    session.commit().unwrap();
    assert_eq!(get(&store, &core, "name").as_deref(), Some("two"));
}

#[test]
fn a_dry_run_writes_nothing() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "name", "one");
    let fresh = bench.path("fresh");
    fs::create_dir_all(fresh.join("crdt")).unwrap();
    for name in ["store", "fresh"] {
        let before = listing(&bench.path(""));
        let store = bench.open(name);
        let open = Open { command: "set", member: None, dry_run: true };
        let mut session = store.session(open).unwrap();
        session.edit(&doc("core"), |txn| txn.set(&["metadata"], "name", "two")).unwrap();
        session.state().set_setting("entity", Some("group:ocean")).unwrap();
        let committed = session.commit().unwrap();
        assert_eq!(committed.seq, None);
        assert_eq!(committed.documents.len(), 1);
        assert_eq!(listing(&bench.path("")), before, "{name}");
    }
}

#[test]
fn several_documents_are_one_command() {
    let bench = Bench::new();
    let store = bench.init("store");
    let mut session = store.session(write("batch")).unwrap();
    for concern in ["core", "chat", "core"] {
        session.edit(&doc(concern), |txn| txn.push(&["list"], concern)).unwrap();
    }
    session.commit().unwrap();
    let reader = store.reader().unwrap();
    let state = reader.state().unwrap();
    for concern in ["core", "chat"] {
        let rows = state.log_after(&doc(concern), 0).unwrap().unwrap();
        assert_eq!(rows.len(), 1, "the edits of one document are one row");
        assert_eq!((rows[0].seq, rows[0].command.as_str()), (1, "batch"));
    }
}

#[test]
fn the_log_alone_makes_a_document_again() {
    let bench = Bench::new();
    let store = bench.init("store");
    for n in 0..4 {
        set(&store, &doc("core"), &format!("key{n}"), "value");
    }
    fs::remove_file(file(&store, &doc("core"))).unwrap();
    assert_eq!(get(&store, &doc("core"), "key0").as_deref(), Some("value"));
    set(&store, &doc("core"), "key4", "value");
    assert_eq!(get(&store, &doc("core"), "key2").as_deref(), Some("value"));
    assert!(file(&store, &doc("core")).exists());
}

#[test]
fn a_document_that_is_gone_is_not_silently_made_anew() {
    let bench = Bench::new();
    let store = bench.init("store");
    set(&store, &doc("core"), "name", "one");
    let db = Connection::open(store.dir().join("crdtctl.db")).unwrap();
    db.execute("UPDATE document SET log_from = 1", []).unwrap();
    db.execute("DELETE FROM log", []).unwrap();
    drop(db);
    fs::remove_file(file(&store, &doc("core"))).unwrap();
    let mut session = store.session(write("set")).unwrap();
    let failed = session.edit(&doc("core"), |txn| txn.set(&["metadata"], "a", "b"));
    assert_eq!(failed.unwrap_err().kind, Kind::Corrupt);
    assert!(!file(&store, &doc("core")).exists());
}

#[test]
fn imported_updates_keep_their_origin() {
    let bench = Bench::new();
    let (store, other) = (bench.init("store"), bench.init("other"));
    set(&other, &doc("core"), "theirs", "yes");
    let bytes = other.reader().unwrap().bytes(&doc("core")).unwrap().unwrap();
    let mut session = store.session(write("sync import")).unwrap();
    let update = checked(&bytes);
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "a", "1")).unwrap();
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "b", "1")).unwrap();
    assert!(session.apply(&doc("core"), &update, Some(("peer", 7))).unwrap());
    assert!(!session.apply(&doc("core"), &update, Some(("peer", 7))).unwrap());
    session.edit(&doc("core"), |txn| txn.set(&["metadata"], "c", "1")).unwrap();
    session.commit().unwrap();
    let reader = store.reader().unwrap();
    let rows = reader.log_after(&doc("core"), 0).unwrap().unwrap();
    let origins: Vec<_> = rows.into_iter().map(|row| row.origin).collect();
    assert_eq!(origins, vec![None, Some(("peer".to_owned(), 7)), None]);
    assert_eq!(get(&store, &doc("core"), "theirs").as_deref(), Some("yes"));
}
