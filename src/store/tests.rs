//! What must hold for a store, whatever happens to it.

use super::*;
use crate::clock::{Clock, Ids};
use crate::crdt::source::Source;
use crate::error::Kind;
use crate::gate::Expected;
use crate::id::DocId;
use crate::wire::{Checked, Update};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

const NOW: i64 = 1_767_225_600;

/// A machine with a place for stores and one for leases.
struct Bench {
    root: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        Bench { root: crate::testing::temporary() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The environment of another machine.
    fn on(&self, machine: Machine) -> Environment {
        Environment { machine, ..self.environment() }
    }

    fn environment(&self) -> Environment {
        Environment {
            machine: Machine {
                clock: Clock::fixed(NOW),
                ids: Ids::random(),
                leases: Some(self.path("leases")),
                id: "machine".to_owned(),
                host: "host".to_owned(),
                lock_wait: Duration::from_millis(100),
            },
            roots: |_| Expected::Roots(&[]),
            noted: ["created_at", "deleted"],
            adopt: |_, adopted| Ok(vec![format!("adopted {}", adopted.doc)]),
            fold: None,
        }
    }

    fn open_as(&self, name: &str, environment: Environment) -> Store {
        Store::open_with(&self.path(name), Rc::new(environment)).unwrap()
    }

    fn open(&self, name: &str) -> Store {
        self.open_as(name, self.environment())
    }

    fn init(&self, name: &str) -> Store {
        Store::init(&self.path(name), Rc::new(self.environment()), None).unwrap().0
    }
}

fn doc(concern: &str) -> DocId {
    DocId::parse(&format!("group:ocean:{concern}")).unwrap()
}

fn write(command: &str) -> Open<'_> {
    Open { command, member: None, dry_run: false }
}

/// One command that sets one field.
fn set(store: &Store, doc: &DocId, key: &str, value: &str) -> Committed {
    let mut session = store.session(write("set")).unwrap();
    session.edit(doc, |txn| txn.set(&["metadata"], key, value)).unwrap();
    session.commit().unwrap()
}

fn get(store: &Store, doc: &DocId, key: &str) -> Option<String> {
    store.reader().unwrap().view(doc).unwrap()?.text(&["metadata", key])
}

fn file(store: &Store, doc: &DocId) -> PathBuf {
    let path = format!("crdt/{}/{}.yrs", doc.entity_type(), doc.file_stem());
    store.dir().join(path)
}

fn replica(store: &Store) -> String {
    store.reader().unwrap().state().unwrap().replica().unwrap().unwrap().0
}

fn client_ids(store: &Store, doc: &DocId) -> usize {
    store.reader().unwrap().view(doc).unwrap().unwrap().version().clocks.len()
}

/// Every file below a directory, with its bytes.
fn listing(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut dirs = vec![dir.to_owned()];
    while let Some(at) = dirs.pop() {
        for entry in fs::read_dir(&at).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => dirs.push(path),
                false => {
                    files.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
    }
    files
}

fn copy_dir(from: &Path, to: &Path) {
    for (path, bytes) in listing(from) {
        let to = to.join(path.strip_prefix(from).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::write(to, bytes).unwrap();
    }
}

/// The document as another program saves it: the whole state with one more field.
fn foreign_edit(state: &[u8], key: &str, value: &str) -> Vec<u8> {
    edited_by(1 << 40, state, &["metadata"], key, value)
}

/// The same of any field, by a client.
fn edited_by(client: u64, state: &[u8], path: &[&str], key: &str, value: &str) -> Vec<u8> {
    let mut other = crate::crdt::doc::Doc::new(client);
    other.apply(&checked(state)).unwrap();
    other.edit(|txn| txn.set(path, key, value)).unwrap();
    other.encode().unwrap().0
}

fn checked(bytes: &[u8]) -> Update<'_, Checked> {
    Update::checked(bytes, &[]).unwrap()
}

/// What a rule puts into the trash.
fn trashed(doc: &DocId, path: [&str; 2]) -> Trashed {
    Trashed {
        number: 0,
        at: NOW,
        doc: doc.clone(),
        noun: "field".to_owned(),
        path: path.map(str::to_owned).to_vec().into(),
        record: "ours".into(),
        typed: None,
        why: "a rule".to_owned(),
        member: None,
        restored: None,
    }
}

mod adoption;
mod begun;
mod deferred;
mod indexed;
mod learned;
mod results;
mod taken_in;

mod everyday {
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
        let mut meta: serde_json::Value =
            serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
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
}

mod crashes {
    use super::*;

    fn killed_after_commit(bench: &Bench) -> Store {
        let store = bench.init("store");
        set(&store, &doc("core"), "name", "one");
        let mut session = store.session(write("set")).unwrap();
        session.edit(&doc("core"), |txn| txn.set(&["metadata"], "name", "two")).unwrap();
        session.edit(&doc("chat"), |txn| txn.set(&["metadata"], "name", "new")).unwrap();
        session.commit_and_die();
        store
    }

    #[test]
    fn a_command_that_was_committed_has_happened() {
        let bench = Bench::new();
        let store = killed_after_commit(&bench);
        assert!(!file(&store, &doc("chat")).exists());
        assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("two"));
        assert_eq!(get(&store, &doc("chat"), "name").as_deref(), Some("new"));
        assert_eq!(store.reader().unwrap().documents().unwrap().len(), 2);
    }

    #[test]
    fn the_next_session_folds_even_if_it_is_dropped() {
        let bench = Bench::new();
        let store = killed_after_commit(&bench);
        drop(store.session(write("nothing")).unwrap());
        let bytes = fs::read(file(&store, &doc("chat"))).unwrap();
        let view = crate::crdt::view::View::of(&checked(&bytes));
        assert_eq!(view.text(&["metadata", "name"]).as_deref(), Some("new"));
        let reader = store.reader().unwrap();
        assert!(reader.state().unwrap().unfolded_documents().unwrap().is_empty());
        assert!(reader.log_after(&doc("core"), 1).unwrap().is_some(), "the log is still whole");
    }

    #[test]
    fn a_crash_between_the_rename_and_its_record_loses_nothing() {
        let bench = Bench::new();
        let store = killed_after_commit(&bench);
        let state = store.reader().unwrap().bytes(&doc("core")).unwrap().unwrap();
        fs::write(file(&store, &doc("core")), state).unwrap();
        fs::write(file(&store, &doc("core")).with_extension("yrs.tmp"), "torn").unwrap();
        assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("two"));
        set(&store, &doc("core"), "more", "yes");
        assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("two"));
        assert_eq!(get(&store, &doc("core"), "more").as_deref(), Some("yes"));
    }

    #[test]
    fn a_crash_after_the_commit_leaves_the_replica_as_it_is() {
        let bench = Bench::new();
        let store = killed_after_commit(&bench);
        let before = replica(&store);
        assert_eq!(set(&store, &doc("core"), "more", "yes").notes, Vec::<String>::new());
        assert_eq!(replica(&store), before);
        assert_eq!(client_ids(&store, &doc("core")), 1);
    }

    /// The lease already says what the store would hold.
    #[test]
    fn a_crash_between_lease_and_commit_makes_a_new_replica() {
        let bench = Bench::new();
        let store = bench.init("store");
        set(&store, &doc("core"), "name", "one");
        let before = replica(&store);
        let mut session = store.session(write("set")).unwrap();
        session.edit(&doc("core"), |txn| txn.set(&["metadata"], "name", "two")).unwrap();
        session.pin_and_die();
        assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("one"));
        let committed = set(&store, &doc("core"), "more", "yes");
        assert!(committed.notes[0].contains("new replica"), "{:?}", committed.notes);
        assert_ne!(replica(&store), before);
        assert_eq!(client_ids(&store, &doc("core")), 2);
        assert_eq!(set(&store, &doc("core"), "more", "still").notes, Vec::<String>::new());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_a_note_and_no_loss() {
        let bench = Bench::new();
        let store = bench.init("store");
        // A file where the type directory should be.
        fs::write(store.dir().join("crdt/group"), "in the way").unwrap();
        let mut session = store.session(write("set")).unwrap();
        let failed = session.edit(&doc("core"), |txn| txn.set(&["metadata"], "a", "b"));
        assert_eq!(failed.unwrap_err().kind, Kind::Refused);
        drop(session);
        fs::remove_file(store.dir().join("crdt/group")).unwrap();
        // A directory that is not empty in the place to which the file is renamed.
        set(&store, &doc("core"), "name", "one");
        let meta = file(&store, &doc("core")).with_extension("meta");
        fs::remove_file(&meta).unwrap();
        fs::create_dir(&meta).unwrap();
        fs::write(meta.join("inside"), "").unwrap();
        let committed = set(&store, &doc("core"), "name", "two");
        assert_eq!(committed.seq, Some(2));
        assert_eq!(committed.notes.len(), 1, "{:?}", committed.notes);
        assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("two"));
        fs::remove_dir_all(&meta).unwrap();
        set(&store, &doc("core"), "more", "yes");
        assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("two"));
        assert!(meta.is_file());
    }
}

mod other_programs {
    use super::*;

    #[test]
    fn what_they_wrote_and_what_we_wrote_both_stay() {
        let bench = Bench::new();
        let store = bench.init("store");
        set(&store, &doc("core"), "a", "ours");
        let old = fs::read(file(&store, &doc("core"))).unwrap();
        set(&store, &doc("core"), "b", "ours");
        // Another program had the old state open, and saves it over our second change.
        fs::write(file(&store, &doc("core")), foreign_edit(&old, "c", "theirs")).unwrap();
        for (key, value) in [("a", "ours"), ("b", "ours"), ("c", "theirs")] {
            assert_eq!(get(&store, &doc("core"), key).as_deref(), Some(value), "read before");
        }
        let committed = set(&store, &doc("core"), "d", "ours");
        assert_eq!(committed.notes.len(), 1, "{:?}", committed.notes);
        for (key, value) in [("a", "ours"), ("b", "ours"), ("c", "theirs"), ("d", "ours")] {
            assert_eq!(get(&store, &doc("core"), key).as_deref(), Some(value));
        }
    }

    #[test]
    fn what_they_wrote_is_in_the_log_once_it_is_taken_in() {
        let bench = Bench::new();
        let store = bench.init("store");
        let after = |seq| store.reader().unwrap().log_after(&doc("core"), seq).unwrap();
        let commands = |seq| -> Option<Vec<String>> {
            Some(after(seq)?.into_iter().map(|row| row.command).collect())
        };
        set(&store, &doc("core"), "a", "ours");
        assert_eq!(after(0).map(|rows| rows.len()), Some(1));
        let old = fs::read(file(&store, &doc("core"))).unwrap();
        fs::write(file(&store, &doc("core")), foreign_edit(&old, "b", "theirs")).unwrap();
        assert!(after(1).is_none(), "their write is in no row yet");
        let committed = set(&store, &doc("core"), "c", "ours");
        assert_eq!(committed.seq, Some(3));
        assert_eq!(committed.notes, ["adopted group:ocean:core"]);
        assert_eq!(commands(0).unwrap(), ["set", "adopt", "set"]);
        assert_eq!(commands(1).unwrap(), ["adopt", "set"]);
        assert_eq!(after(3).map(|rows| rows.len()), Some(0));
        // An older file without any of it loses nothing.
        fs::write(file(&store, &doc("core")), &old).unwrap();
        assert!(set(&store, &doc("core"), "d", "ours").notes.is_empty(), "it brought nothing");
        for (key, value) in [("a", "ours"), ("b", "theirs"), ("c", "ours"), ("d", "ours")] {
            assert_eq!(get(&store, &doc("core"), key).as_deref(), Some(value));
        }
        fs::remove_file(file(&store, &doc("core"))).unwrap();
        assert_eq!(get(&store, &doc("core"), "b").as_deref(), Some("theirs"), "of the log alone");
    }

    #[test]
    fn a_look_writes_down_what_they_wrote_and_is_no_command() {
        let bench = Bench::new();
        let store = bench.init("store");
        set(&store, &doc("core"), "a", "ours");
        let old = fs::read(file(&store, &doc("core"))).unwrap();
        fs::write(file(&store, &doc("core")), foreign_edit(&old, "b", "theirs")).unwrap();
        let before = listing(&bench.path(""));
        let dry = Open { dry_run: true, ..write("look") };
        let mut session = store.session(dry).unwrap();
        session.view(&doc("core")).unwrap();
        session.commit().unwrap();
        assert!(before == listing(&bench.path("")), "a dry run wrote");
        let mut session = store.session(write("look")).unwrap();
        session.view(&doc("core")).unwrap();
        let committed = session.commit().unwrap();
        assert_eq!(committed.seq, None);
        assert_eq!(committed.notes, ["adopted group:ocean:core"]);
        let mut session = store.session(write("look")).unwrap();
        session.view(&doc("core")).unwrap();
        assert_eq!(session.commit().unwrap().notes, Vec::<String>::new());
        let rows = store.reader().unwrap().log_after(&doc("core"), 0).unwrap().unwrap();
        assert_eq!(rows.len(), 2);
    }

    #[test]
    fn a_document_from_before_us_is_in_the_log_with_our_first_write() {
        let bench = Bench::new();
        let store = bench.init("store");
        let path = file(&store, &doc("core"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, foreign_edit(&[0, 0], "a", "theirs")).unwrap();
        let committed = set(&store, &doc("core"), "b", "ours");
        assert_eq!(committed.notes, Vec::<String>::new());
        let reader = store.reader().unwrap();
        let rows = reader.state().unwrap().log_after(&doc("core"), 0).unwrap().unwrap();
        assert_eq!(rows.iter().map(|row| &row.command).collect::<Vec<_>>(), ["adopt", "set"]);
        fs::remove_file(path).unwrap();
        assert_eq!(get(&store, &doc("core"), "a").as_deref(), Some("theirs"), "of the log alone");
    }

    /// After 90 days the log has lost its beginning. What another program then writes is logged whole, and
    /// from there on the log is complete again.
    #[test]
    fn a_log_without_its_beginning_begins_anew_with_their_file() {
        let bench = Bench::new();
        let at = |day: i64| {
            let clock = Clock::fixed(NOW + day * 86_400);
            bench.open_as("store", bench.on(Machine { clock, ..bench.environment().machine }))
        };
        bench.init("store");
        set(&at(0), &doc("core"), "a", "ours");
        set(&at(100), &doc("core"), "b", "ours");
        let store = at(101);
        let after = |seq| store.reader().unwrap().log_after(&doc("core"), seq).unwrap();
        assert!(after(0).is_none(), "the first row is gone");
        let old = fs::read(file(&store, &doc("core"))).unwrap();
        set(&store, &doc("core"), "c", "ours");
        fs::write(file(&store, &doc("core")), foreign_edit(&old, "d", "theirs")).unwrap();
        let committed = set(&store, &doc("core"), "e", "ours");
        assert_eq!(committed.notes, ["adopted group:ocean:core"]);
        fs::remove_file(file(&store, &doc("core"))).unwrap();
        for (key, value) in [("a", "ours"), ("c", "ours"), ("d", "theirs"), ("e", "ours")] {
            assert_eq!(get(&store, &doc("core"), key).as_deref(), Some(value));
        }
        set(&store, &doc("core"), "f", "ours");
        let new = fs::read(file(&store, &doc("core"))).unwrap();
        fs::write(file(&store, &doc("core")), foreign_edit(&new, "g", "theirs")).unwrap();
        set(&store, &doc("core"), "h", "ours");
        let whole: Vec<usize> =
            after(committed.seq.unwrap()).unwrap().iter().map(|row| row.update.len()).collect();
        assert!(whole.iter().all(|bytes| *bytes < new.len()), "{whole:?}: logged whole again");
    }

    #[test]
    fn a_file_that_does_not_decode_is_never_overwritten() {
        let bench = Bench::new();
        let store = bench.init("store");
        set(&store, &doc("core"), "a", "ours");
        set(&store, &doc("chat"), "a", "ours");
        fs::write(file(&store, &doc("core")), "no document").unwrap();
        let before = listing(&bench.path(""));
        let mut session = store.session(write("set")).unwrap();
        let failed = session.edit(&doc("core"), |txn| txn.set(&["metadata"], "a", "b"));
        let error = failed.unwrap_err();
        assert_eq!(error.kind, Kind::Corrupt);
        assert!(error.hint.is_some());
        drop(session);
        assert_eq!(store.reader().unwrap().view(&doc("core")).err().unwrap().kind, Kind::Corrupt);
        assert_eq!(listing(&bench.path("")), before);
        // Other documents can still be used.
        set(&store, &doc("chat"), "a", "still");
    }

    #[test]
    fn an_older_state_that_the_log_cannot_complete_is_refused() {
        let bench = Bench::new();
        let store = bench.init("store");
        set(&store, &doc("core"), "a", "1");
        let old = fs::read(file(&store, &doc("core"))).unwrap();
        set(&store, &doc("core"), "b", "2");
        set(&store, &doc("core"), "c", "3");
        let db = Connection::open(store.dir().join("crdtctl.db")).unwrap();
        db.execute("DELETE FROM log WHERE seq = 2", []).unwrap();
        drop(db);
        fs::write(file(&store, &doc("core")), &old).unwrap();
        let error = store.reader().unwrap().view(&doc("core")).err().unwrap();
        assert_eq!(error.kind, Kind::Corrupt);
        assert!(error.message.contains("log entry 3"), "{}", error.message);
        assert_eq!(fs::read(file(&store, &doc("core"))).unwrap(), old);
    }

    #[test]
    fn one_client_id_with_two_contents_is_a_fork() {
        let bench = Bench::new();
        let store = bench.init("store");
        set(&store, &doc("core"), "a", "1");
        let old = fs::read(file(&store, &doc("core"))).unwrap();
        set(&store, &doc("core"), "b", "ours");
        let client = store.reader().unwrap().view(&doc("core")).unwrap().unwrap();
        let client = *client.version().clocks.keys().next().unwrap();
        let mut copy = crate::crdt::doc::Doc::load(&checked(&old), client).unwrap();
        copy.edit(|txn| txn.set(&["metadata"], "b", "theirs")).unwrap();
        let theirs = copy.encode().unwrap().0;
        fs::write(file(&store, &doc("core")), &theirs).unwrap();
        let mut session = store.session(write("set")).unwrap();
        let failed = session.edit(&doc("core"), |txn| txn.set(&["metadata"], "c", "3"));
        assert_eq!(failed.unwrap_err().kind, Kind::Forked);
        drop(session);
        assert_eq!(fs::read(file(&store, &doc("core"))).unwrap(), theirs);
    }

    #[test]
    fn a_damaged_document_with_unfolded_rows_does_not_stop_the_others() {
        let bench = Bench::new();
        let store = bench.init("store");
        set(&store, &doc("core"), "a", "ours");
        let mut session = store.session(write("set")).unwrap();
        session.edit(&doc("core"), |txn| txn.set(&["metadata"], "b", "ours")).unwrap();
        session.commit_and_die();
        let good = fs::read(file(&store, &doc("core"))).unwrap();
        fs::write(file(&store, &doc("core")), "no document").unwrap();
        let committed = set(&store, &doc("chat"), "a", "ours");
        assert!(committed.notes.iter().any(|note| note.contains("group:ocean:core")));
        assert_eq!(fs::read(file(&store, &doc("core"))).unwrap(), b"no document");
        fs::write(file(&store, &doc("core")), good).unwrap();
        assert_eq!(get(&store, &doc("core"), "b").as_deref(), Some("ours"));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let bench = Bench::new();
        let store = bench.init("store");
        let outside = bench.path("outside");
        fs::create_dir_all(&outside).unwrap();
        std::os::unix::fs::symlink(&outside, store.dir().join("crdt/group")).unwrap();
        let mut session = store.session(write("set")).unwrap();
        let failed = session.edit(&doc("core"), |txn| txn.set(&["metadata"], "a", "b"));
        assert_eq!(failed.unwrap_err().kind, Kind::Refused);
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
        assert_eq!(store.reader().unwrap().problems().unwrap().len(), 1);
    }
}

mod leases {
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
        db.execute("INSERT INTO setting SELECT 'lease_file', ?1 WHERE ?1 IS NOT NULL", [file])
            .unwrap();
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
        for (leases, kind) in
            [(None, Kind::Usage), (Some(bench.path("in the way/leases")), Kind::Io)]
        {
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
}

mod locks {
    use super::*;

    #[test]
    fn the_second_session_hears_who_has_the_lock() {
        let bench = Bench::new();
        let store = bench.init("store");
        let first = store.session(write("chat send")).unwrap();
        let error = bench.open("store").session(write("set")).err().unwrap();
        assert_eq!(error.kind, Kind::Locked);
        assert!(error.message.contains("`chat send`"), "{}", error.message);
        assert!(error.message.contains(&std::process::id().to_string()));
        drop(first);
        assert!(bench.open("store").session(write("set")).is_ok());
    }

    #[test]
    fn a_foreign_program_on_the_database_locks_us_out() {
        let bench = Bench::new();
        let store = bench.init("store");
        let db = Connection::open(store.dir().join("crdtctl.db")).unwrap();
        db.execute_batch("BEGIN IMMEDIATE").unwrap();
        let error = store.session(write("set")).err().unwrap();
        assert_eq!(error.kind, Kind::Locked);
        assert!(error.message.contains("another process"), "{}", error.message);
        // Reading still works.
        assert!(store.reader().unwrap().documents().is_ok());
        db.execute_batch("ROLLBACK").unwrap();
        assert!(store.session(write("set")).is_ok());
    }

    #[test]
    fn a_note_of_a_dead_holder_is_no_lock() {
        let bench = Bench::new();
        let store = bench.init("store");
        fs::write(store.dir().join("crdtctl.holder"), "{\"pid\":1}").unwrap();
        assert!(store.session(write("set")).is_ok());
        assert!(!store.dir().join("crdtctl.holder").exists());
    }

    #[test]
    fn every_write_of_many_writers_is_kept() {
        const WRITERS: usize = 4;
        const WRITES: usize = 5;
        let bench = Bench::new();
        bench.init("store");
        std::thread::scope(|scope| {
            for writer in 0..WRITERS {
                let bench = &bench;
                scope.spawn(move || {
                    let wait = Duration::from_secs(60);
                    let environment =
                        bench.on(Machine { lock_wait: wait, ..bench.environment().machine });
                    let store = bench.open_as("store", environment);
                    for n in 0..WRITES {
                        let key = format!("{writer}.{n}");
                        let committed = set(&store, &doc("core"), &key, "yes");
                        assert_eq!(committed.notes, Vec::<String>::new());
                        assert_eq!(get(&store, &doc("core"), &key).as_deref(), Some("yes"));
                    }
                });
            }
        });
        let store = bench.open("store");
        let view = store.reader().unwrap().view(&doc("core")).unwrap().unwrap();
        assert_eq!(view.keys(&["metadata"]).len(), WRITERS * WRITES);
        assert_eq!(client_ids(&store, &doc("core")), 1, "one replica, one client id");
    }

    #[cfg(unix)]
    #[test]
    fn a_medium_that_cannot_be_written_can_be_read() {
        use std::os::unix::fs::PermissionsExt;
        let bench = Bench::new();
        let store = bench.init("store");
        set(&store, &doc("core"), "name", "one");
        // Once at rest, and once as a killed process leaves it, with an SQLite log.
        for value in ["one", "two"] {
            if value == "two" {
                let mut session = store.session(write("set")).unwrap();
                session.edit(&doc("core"), |txn| txn.set(&["metadata"], "name", "two")).unwrap();
                std::mem::forget(Connection::open(store.dir().join("crdtctl.db")).unwrap());
                session.commit_and_die();
            }
            let medium = bench.path(&format!("medium {value}#?%"));
            copy_dir(store.dir(), &medium);
            let lock = |mode| fs::set_permissions(&medium, fs::Permissions::from_mode(mode));
            lock(0o555).unwrap();
            if fs::write(medium.join("probe"), "").is_ok() {
                eprintln!("skipped: this user can write anywhere");
                return;
            }
            let before = listing(&medium);
            let read = get(&bench.open(&format!("medium {value}#?%")), &doc("core"), "name");
            assert_eq!(read.as_deref(), Some(value));
            assert_eq!(listing(&medium), before);
            let error = bench.open(&format!("medium {value}#?%")).session(write("set")).err();
            assert_eq!(error.unwrap().kind, Kind::Io);
            lock(0o755).unwrap();
        }
    }

    #[test]
    fn a_reader_leaves_no_trace() {
        let bench = Bench::new();
        let store = bench.init("store");
        set(&store, &doc("core"), "name", "one");
        let before = listing(store.dir());
        assert_eq!(get(&store, &doc("core"), "name").as_deref(), Some("one"));
        assert_eq!(listing(store.dir()), before);
    }
}

mod local_state {
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
}

mod generations {
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
}
