//! An adoption whose rules fail late: after they have changed documents and the local state.

use super::*;

/// Writes everywhere that rules write, and adds a note; `last` is what it ends with.
fn write_all(session: &mut Session, adopted: &Adopted<'_>) -> Result<()> {
    session.edit(adopted.doc, |txn| txn.set(&["metadata"], "rule", "in the file"))?;
    session.edit(&doc("board"), |txn| txn.set(&["metadata"], "rule", "in another"))?;
    session.state().put_trash(&trashed(adopted.doc, ["metadata", "a"]))
}

/// Fails between two changes.
fn after_all(session: &mut Session, adopted: &Adopted<'_>) -> Result<Vec<String>> {
    write_all(session, adopted)?;
    assert!(session.changed().ends_with(&[adopted.doc.clone(), doc("board")]));
    assert_eq!(session.state().trash()?.len(), 1);
    Err(Error::corrupt("the last rule fails"))
}

/// Fails in the middle of a change.
fn within_a_change(session: &mut Session, adopted: &Adopted<'_>) -> Result<Vec<String>> {
    write_all(session, adopted)?;
    session.edit(&doc("board"), |txn| {
        txn.set(&["metadata"], "rule", "half of it")?;
        Err(Error::untrusted("the last change fails"))
    })
}

/// Changes a document that the command has changed before.
fn in_what_is_written(session: &mut Session, adopted: &Adopted<'_>) -> Result<Vec<String>> {
    write_all(session, adopted)?;
    session.edit(&doc("chat"), |txn| txn.set(&["metadata"], "said", "by a rule"))?;
    Err(Error::corrupt("the last rule fails"))
}

/// A store with two documents; another program has overwritten the file of one.
fn overwritten(bench: &Bench) -> Store {
    let store = bench.init("store");
    set(&store, &doc("core"), "a", "ours");
    let old = fs::read(file(&store, &doc("core"))).unwrap();
    set(&store, &doc("core"), "b", "ours");
    set(&store, &doc("chat"), "said", "before");
    fs::write(file(&store, &doc("core")), foreign_edit(&old, "c", "theirs")).unwrap();
    store
}

fn failing(bench: &Bench, adopt: Rules) -> Store {
    bench.open_as("store", Environment { adopt, ..bench.environment() })
}

/// With rules that work, all of it is there.
fn adopts_in_the_end(bench: &Bench) {
    let store = bench.open("store");
    let notes = set(&store, &doc("core"), "d", "ours").notes;
    assert_eq!(notes, ["adopted group:ocean:core"]);
    for (key, value) in [("a", "ours"), ("b", "ours"), ("c", "theirs"), ("d", "ours")] {
        assert_eq!(get(&store, &doc("core"), key).as_deref(), Some(value));
    }
    assert_eq!(get(&store, &doc("core"), "rule"), None);
}

#[test]
fn an_adoption_that_fails_late_leaves_the_store_as_it_was_byte_for_byte() {
    for rules in [after_all as Rules, within_a_change] {
        let bench = Bench::new();
        overwritten(&bench);
        let before = listing(&bench.path(""));
        let mut session = failing(&bench, rules).session(write("look")).unwrap();
        for _ in 0..2 {
            let error = session.view(&doc("core")).map(drop).unwrap_err();
            assert_eq!(error.damaged.as_deref(), Some("group:ocean:core"), "{error:#}");
            assert!(session.changed().is_empty());
            assert_eq!(session.state().trash().unwrap(), Vec::new());
            session.leave_out(error).unwrap();
        }
        let committed = session.commit().unwrap();
        assert_eq!((committed.seq, committed.damaged.len()), (None, 1));
        assert_eq!(committed.notes, Vec::<String>::new());
        assert!(before == listing(&bench.path("")), "a commit of nothing wrote");
        // The same if the command ends with the error.
        let mut session = failing(&bench, rules).session(write("look")).unwrap();
        session.edit(&doc("core"), |txn| txn.set(&["metadata"], "e", "ours")).unwrap_err();
        drop(session);
        assert!(before == listing(&bench.path("")), "a command that failed wrote");
        adopts_in_the_end(&bench);
    }
}

#[test]
fn an_adoption_that_fails_late_takes_nothing_along_of_what_the_command_does() {
    for rules in [after_all as Rules, within_a_change] {
        let bench = Bench::new();
        overwritten(&bench);
        let store = failing(&bench, rules);
        let theirs = fs::read(file(&store, &doc("core"))).unwrap();
        let mut session = store.session(write("say")).unwrap();
        session.edit(&doc("list"), |txn| txn.set(&["metadata"], "said", "now")).unwrap();
        session.state().set_setting("entity", Some("group:ocean")).unwrap();
        let error = session.view(&doc("core")).map(drop).unwrap_err();
        session.leave_out(error).unwrap();
        assert_eq!(session.changed(), [doc("list")]);
        let committed = session.commit().unwrap();
        assert_eq!(committed.documents.len(), 1);
        assert_eq!(get(&store, &doc("list"), "said").as_deref(), Some("now"));
        assert_eq!(fs::read(file(&store, &doc("core"))).unwrap(), theirs);
        assert!(!file(&store, &doc("board")).exists());
        let reader = store.reader().unwrap();
        let state = reader.state().unwrap();
        assert_eq!(state.setting("entity").unwrap().as_deref(), Some("group:ocean"));
        assert_eq!(state.trash().unwrap(), Vec::new());
        let rows = state.history(i64::MIN..i64::MAX, |_| true, None).unwrap();
        assert_eq!(rows.last().map(|row| row.doc.clone()), Some(doc("list")));
        adopts_in_the_end(&bench);
    }
}

/// What the command itself has written cannot be reverted in part: all of it is given up.
#[test]
fn an_adoption_that_fails_in_a_document_of_the_command_gives_the_command_up() {
    let bench = Bench::new();
    overwritten(&bench);
    let before = listing(&bench.path(""));
    let mut session = failing(&bench, in_what_is_written).session(write("say")).unwrap();
    session.edit(&doc("chat"), |txn| txn.set(&["metadata"], "said", "now")).unwrap();
    let error = session.view(&doc("core")).map(drop).unwrap_err();
    assert_eq!((error.kind, error.damaged), (Kind::Corrupt, None));
    assert_eq!(session.commit().unwrap_err().kind, Kind::Bug);
    assert!(before == listing(&bench.path("")), "it wrote");
    assert_eq!(get(&bench.open("store"), &doc("chat"), "said").as_deref(), Some("before"));
    adopts_in_the_end(&bench);
}
