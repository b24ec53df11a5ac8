//! The file that others read.

use super::*;
use std::process::Command;

/// A line of the installed `sqlite3`; `None`, with a notice, if there is none.
fn shell(file: &str, line: &str) -> Option<String> {
    let Ok(output) = Command::new("sqlite3").args(["-batch", file, line]).output() else {
        skipped("no sqlite3 here");
        return None;
    };
    let run = Run::of(&output, line);
    Some(run.ok())
}

#[test]
fn the_saved_file_holds_what_the_views_hold() {
    let machine = Machine::new("sql save");
    let store = furnished(&machine);
    let before = store.files();
    let file = text(&machine.path("all.sqlite"));
    let run = store.run(&["sql", "--save", &file]);
    assert!(run.exits(0).stderr.starts_with("wrote "), "{}", run.stderr);
    assert_eq!((run.stdout.as_str(), store.files()), ("", before));
    let Some(check) = shell(&file, "PRAGMA integrity_check") else { return };
    assert_eq!(check, "ok");
    assert_eq!(shell(&file, "PRAGMA application_id").unwrap(), "1668441171");
    for view in names(&store) {
        let columns = store.column(&["sql", "--schema", &view], "column");
        let quoted: Vec<String> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
        let all = format!("SELECT {} FROM {view}", quoted.join(" || ',' || "));
        let saved = shell(&file, &all).unwrap();
        assert_eq!(saved, rows_of(&store, &all), "{view}");
    }
    let found = "SELECT m.author_id FROM messages_fts f JOIN messages m USING (entity, id) \
                 WHERE messages_fts MATCH 'cafe'";
    assert_eq!(shell(&file, found).unwrap(), ALICE);
}

/// The only column of a query, one row per line.
fn rows_of(store: &Store<'_>, query: &str) -> String {
    let found = rows(store, query);
    let values = found.iter().filter_map(|row| row.as_object()?.values().next()?.as_str());
    values.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_file_is_new_and_whole_or_not_there() {
    let machine = Machine::new("sql save new");
    let store = furnished(&machine);
    let dir = machine.path("out");
    std::fs::create_dir(&dir).unwrap();
    let file = text(&dir.join("all.sqlite"));
    std::fs::write(&file, "precious").unwrap();
    store.run(&["sql", "--save", &file]).fails(1, "exists already");
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
    let inside = text(&store.dir.join("crdt/group/all.yrs"));
    store.run(&["sql", "--save", &inside]).fails(1, "belongs to a store");
    let nowhere = text(&dir.join("none/all.sqlite"));
    store.run(&["sql", "--save", &nowhere]).fails(74, "cannot write");
    // A full disk, simulated by the shell: files may have 20 blocks.
    let new = text(&dir.join("new.sqlite"));
    let args = ["-s", &text(&store.dir), "sql", "--save", &new];
    let run = machine.run_through_shell("trap '' XFSZ; ulimit -f 20; \"$@\"", &args);
    run.exits(74);
    assert_eq!(files(&dir).into_keys().map(|path| text(&path)).collect::<Vec<_>>(), ["all.sqlite"]);
}

#[test]
fn one_entity_can_be_saved() {
    let machine = Machine::new("sql save one");
    let store = furnished(&machine);
    let file = text(&machine.path("group.sqlite"));
    store.run(&["sql", "--save", &file, "-e", GROUP]).exits(0);
    let Some(messages) = shell(&file, "SELECT content FROM messages") else { return };
    assert_eq!(messages, "in the other one");
    assert_eq!(shell(&file, "SELECT DISTINCT entity FROM documents").unwrap(), GROUP);
    assert_eq!(shell(&file, "SELECT count(*) FROM cards").unwrap(), "0");
}
