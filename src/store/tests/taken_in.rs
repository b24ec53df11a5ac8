//! A file that another program has written is taken in once for each command, whatever the rules do, and
//! however often the command's change is run to find the pages that it needs.

use super::indexed::{is_indexed, store_with_pages, whole};
use super::*;
use crate::crdt::doc::Doc;
use crate::wire;
use std::cell::Cell;

thread_local! {
    static ADOPTED: Cell<u32> = const { Cell::new(0) };
}

fn says(adopted: &Adopted<'_>) -> Result<Vec<String>> {
    ADOPTED.set(ADOPTED.get() + 1);
    Ok(vec![format!("adopted {}", adopted.doc)])
}

/// Changes nothing.
fn looks(_: &mut Session, adopted: &Adopted<'_>) -> Result<Vec<String>> {
    says(adopted)
}

/// Writes a row beside the document.
fn records(session: &mut Session, adopted: &Adopted<'_>) -> Result<Vec<String>> {
    session.state().put_trash(&trashed(adopted.doc, ["records", "7"]))?;
    says(adopted)
}

/// Writes in the document.
fn edits(session: &mut Session, adopted: &Adopted<'_>) -> Result<Vec<String>> {
    session.edit(adopted.doc, |txn| txn.set(&["records", "8"], "text", "by a rule"))?;
    says(adopted)
}

/// Writes in another document.
fn edits_another(session: &mut Session, adopted: &Adopted<'_>) -> Result<Vec<String>> {
    session.edit(&doc("board"), |txn| txn.set(&["metadata"], "rule", "by a rule"))?;
    says(adopted)
}

/// What another program makes of a state. One that does not collect keeps what it overwrote.
fn theirs(state: &[u8], collects: bool) -> Vec<u8> {
    let mut other = Doc::new(1 << 40);
    other.apply(&checked(state)).unwrap();
    let edit = |txn: &mut crate::crdt::doc::Txn<'_>| {
        txn.set(&["records", "3"], "text", "theirs")?;
        txn.create_map(&["records"], "20")?;
        txn.set(&["records", "20"], "text", "new")
    };
    other.edit(edit).unwrap();
    match collects {
        true => other.encode().unwrap().0,
        false => {
            let made = other.updates().last().unwrap();
            wire::merge(&[checked(state), checked(made)]).unwrap()
        }
    }
}

/// A change that needs pages that nobody has opened yet.
fn change(session: &mut Session) -> Result<()> {
    let old = session.read(&doc("core"), |source| source.text(&["records", "5", "text"]))?;
    let new = format!("{} and ours", old.flatten().unwrap_or_default());
    session.edit(&doc("core"), |txn| txn.set(&["records", "5"], "text", new.as_str()))
}

#[test]
fn it_is_taken_in_once_and_gives_the_same_by_pages_and_whole() {
    let all: [(_, Rules, _); 4] = [
        ("looks", looks, 1),
        ("records", records, 2),
        ("edits", edits, 2),
        ("edits another", edits_another, 2),
    ];
    for (name, rules, runs) in all {
        for (collects, has_all) in [(true, true), (false, true), (true, false)] {
            let contents = [true, false].map(|by_pages| {
                let bench = Bench::new();
                let store = store_with_pages(&bench);
                let old = fs::read(file(&store, &doc("core"))).unwrap();
                if !has_all {
                    // They did not see it.
                    set(&store, &doc("core"), "late", "ours");
                }
                fs::write(file(&store, &doc("core")), theirs(&old, collects)).unwrap();
                let environment = Environment { adopt: rules, ..bench.environment() };
                let mut session =
                    bench.open_as("store", environment).session(write("set")).unwrap();
                ADOPTED.set(0);
                match by_pages {
                    true => session.with_pages(change).unwrap(),
                    false => change(&mut session).unwrap(),
                }
                let committed = session.commit().unwrap();
                assert_eq!(committed.notes, ["adopted group:ocean:core"]);
                let is_kept = collects && has_all;
                assert!(ADOPTED.get() <= if is_kept { runs } else { 2 }, "{}", ADOPTED.get());
                let store = bench.open("store");
                let row = |key: &str| whole(&store, key);
                assert_eq!(row("3").as_deref(), Some("theirs"));
                assert_eq!(row("20").as_deref(), Some("new"));
                assert_eq!(row("5").as_deref(), Some("old and ours"));
                let by_a_rule = (name == "edits").then_some("by a rule");
                assert_eq!(row("8").as_deref(), by_a_rule.or(Some("old")));
                let elsewhere = get(&store, &doc("board"), "rule");
                assert_eq!(elsewhere.is_some(), name == "edits another");
                let late = get(&store, &doc("core"), "late");
                assert_eq!(late.as_deref(), (!has_all).then_some("ours"));
                let reader = store.reader().unwrap();
                let trash = reader.state().unwrap().trash().unwrap();
                assert_eq!(trash.len(), usize::from(name == "records"));
                // All of it is in the log, theirs as theirs.
                fs::remove_file(file(&store, &doc("core"))).unwrap();
                let from_log = store.reader().unwrap().view(&doc("core")).unwrap().unwrap();
                assert_eq!(from_log.text(&["records", "20", "text"]).as_deref(), Some("new"));
                set(&store, &doc("core"), "last", "one");
                assert!(is_indexed(&store));
                from_log.digest()
            });
            assert_eq!(contents[0], contents[1], "by pages and whole: {name}");
        }
    }
}
