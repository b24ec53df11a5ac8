//! Stores of earlier versions of the application, and of the log.

use super::*;

fn sqlite_store(bench: &Bench, journal: &str) -> Connection {
    fs::create_dir_all(bench.path("old")).unwrap();
    let db = Connection::open(bench.path("old/crdt.db")).unwrap();
    db.pragma_update_and_check(None, "journal_mode", journal, |_| Ok(())).unwrap();
    db.execute_batch(
        "CREATE TABLE crdt_documents (id TEXT PRIMARY KEY, entity_type TEXT NOT NULL,
         entity_id TEXT NOT NULL, yrs_state BLOB NOT NULL, version INTEGER NOT NULL,
         updated_at INTEGER NOT NULL)",
    )
    .unwrap();
    db.execute(
        "INSERT INTO crdt_documents VALUES ('group:ocean:core', 'group', 'ocean', ?1, 3, 99)",
        [foreign_edit(&[0, 0], "name", "Ocean")],
    )
    .unwrap();
    db
}

#[test]
fn the_sqlite_generation_is_read_and_never_written() {
    for journal in ["delete", "wal"] {
        let bench = Bench::new();
        let open = sqlite_store(&bench, journal);
        let before = listing(&bench.path("old"));
        for path in ["old", "old/crdt.db"] {
            let store = bench.open(path);
            assert_eq!(store.dir(), bench.path("old"));
            let documents = store.reader().unwrap().documents().unwrap();
            assert_eq!(documents[0].id, doc("core"));
            assert_eq!(documents[0].meta.as_ref().unwrap().version, 3);
            assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("Ocean"));
            assert_eq!(get(&store, &doc("chat"), "name"), None);
            let refused = store.session(write("set")).err().unwrap();
            assert_eq!(refused.kind, Kind::Refused);
        }
        assert_eq!(listing(&bench.path("old")), before, "{journal}");
        drop(open);
    }
}

#[test]
fn a_store_is_found_from_below_and_around() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("app/crdt.db/crdt/group")).unwrap();
    let inner = bench.path("app/crdt.db");
    for path in ["app", "app/crdt.db"] {
        assert_eq!(bench.open(path).dir(), inner);
    }
    assert_eq!(
        Store::find(&inner.join("crdt/group")).unwrap(),
        None,
        "other things are called crdt"
    );
    fs::write(inner.join("crdt/group/67726f75703a61.yrs"), [0, 0]).unwrap();
    assert_eq!(Store::find(&inner.join("crdt/group")).unwrap(), Some(inner));
    assert_eq!(Store::find(&bench.path("app")).unwrap(), Some(bench.path("app")));
    let missing = Store::open_with(&bench.path("nowhere"), Rc::new(bench.environment()));
    assert_eq!(missing.err().unwrap().kind, Kind::NotFound);
}

#[test]
fn documents_are_found_under_every_name() {
    let bench = Bench::new();
    let store = bench.init("store");
    let long = DocId::parse(&format!("file:{}", "x".repeat(110))).unwrap();
    let hashed = DocId::parse(&format!("file:{}", "y".repeat(110))).unwrap();
    let moved = doc("core");
    let state = foreign_edit(&[0, 0], "name", "theirs");
    let put = |path: String, meta: Option<&str>| {
        let path = store.dir().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &state).unwrap();
        if let Some(id) = meta {
            let meta = serde_json::json!({ "doc_id": id });
            fs::write(path.with_extension("meta"), meta.to_string()).unwrap();
        }
    };
    put(format!("crdt/file/{}.yrs", long.plain_stem()), None);
    put(format!("crdt/file/{}.yrs", hashed.file_stem()), Some(hashed.as_str()));
    put(format!("crdt/entity/{}.yrs", moved.file_stem()), None);
    put("crdt/group/by-hand.yrs".to_owned(), Some("group:ocean:chat"));
    put("crdt/group/unknown.yrs".to_owned(), None);
    put(format!("crdt/group/h_{}.yrs", "0".repeat(64)), Some("group:ocean:issues"));
    let reader = store.reader().unwrap();
    let ids: Vec<DocId> = reader.documents().unwrap().into_iter().map(|d| d.id).collect();
    assert_eq!(ids, [long.clone(), hashed.clone(), doc("chat"), moved.clone()]);
    assert_eq!(reader.problems().unwrap().len(), 2);
    for id in [long, hashed, moved, doc("chat")] {
        let files = listing(&store.dir().join("crdt")).len();
        let new_meta = !store
            .reader()
            .unwrap()
            .documents()
            .unwrap()
            .iter()
            .any(|d| d.id == id && d.meta.is_some());
        set(&store, &id, "more", "ours");
        assert_eq!(get(&store, &id, "name").as_deref(), Some("theirs"), "{id}");
        assert_eq!(get(&store, &id, "more").as_deref(), Some("ours"), "{id}");
        let now = listing(&store.dir().join("crdt")).len();
        assert_eq!(now, files + usize::from(new_meta), "{id} stays where it is");
    }
}

/// A copy of a fixture that can be written to.
fn fixture(bench: &Bench, name: &str) -> Store {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    copy_dir(&fixtures.join(name), &bench.path(name));
    bench.open(name)
}

#[test]
fn stores_of_the_real_application_are_read_as_they_are() {
    for (name, count) in [("real-store", 10), ("legacy-0.1.20", 4)] {
        let bench = Bench::new();
        let store = fixture(&bench, name);
        let before = listing(&bench.path(""));
        let reader = store.reader().unwrap();
        let documents = reader.documents().unwrap();
        assert_eq!(documents.len(), count, "{name}");
        assert_eq!(reader.problems().unwrap(), Vec::new());
        assert!(reader.state().is_none());
        for found in &documents {
            assert_eq!(found.meta.as_ref().unwrap().doc_id, found.id.as_str());
            let bytes = reader.bytes(&found.id).unwrap().unwrap();
            assert_eq!(bytes.len() as u64, found.bytes);
            assert!(reader.view(&found.id).unwrap().is_some(), "{}", found.id);
        }
        assert_eq!(listing(&bench.path("")), before);
    }
}

#[test]
fn stores_of_the_real_application_are_written_in_place() {
    for name in ["real-store", "legacy-0.1.20"] {
        let bench = Bench::new();
        let store = fixture(&bench, name);
        let before = store.reader().unwrap().documents().unwrap();
        for found in &before {
            let committed = set(&store, &found.id, "ours", "yes");
            assert_eq!(committed.notes, Vec::<String>::new());
        }
        let after = store.reader().unwrap().documents().unwrap();
        for (old, new) in before.iter().zip(&after) {
            assert_eq!((&old.id, &old.path), (&new.id, &new.path));
            let (old, new) = (old.meta.as_ref().unwrap(), new.meta.as_ref().unwrap());
            assert_eq!(new.version, old.version + 1);
            assert_eq!(new.created_at, old.created_at);
            assert_eq!((&new.entity_type, &new.entity_id), (&old.entity_type, &old.entity_id));
        }
        assert_eq!(after.len(), before.len());
    }
}
