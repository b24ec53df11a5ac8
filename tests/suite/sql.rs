//! `sql`: the contents of the views, what a query may do, and the file that others read.

mod file;
mod hostile;
mod queries;
mod views;

use crate::support::*;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::LazyLock;

/// A store with at least one of everything that a view shows.
fn furnished<'m>(machine: &'m Machine) -> Store<'m> {
    static FURNITURE: LazyLock<BTreeMap<PathBuf, Vec<u8>>> = LazyLock::new(|| {
        let machine = Machine::new("sql furniture");
        furnish(&machine).files()
    });
    let store = machine.open(machine.path("harbour"));
    for (name, content) in &*FURNITURE {
        let file = store.dir.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, content).unwrap();
    }
    store
}

fn furnish<'m>(machine: &'m Machine) -> Store<'m> {
    let store = machine.project("harbour", &[BOB, CAROL]);
    let phone = machine.replica_of(&store, "phone", ALICE);
    let first = store.send("Welcome to the harbour, all of you");
    store.send("The ferry leaves at 10:30; \"hurry\" — it's a 5 % chance\n\tof rain");
    let reply = store.ok(&["chat", "send", "Café at the café?", "--reply-to", &first]);
    store.ok(&["chat", "react", &first, "👍"]);
    store.ok(&["chat", "react", &reply, "🎉", "--as", BOB]);
    std::fs::write(machine.path("map.txt"), "here").unwrap();
    let map = text(&machine.path("map.txt"));
    store.ok(&["chat", "send", "a map", "--attach", &map]);
    store.ok(&["chat", "read"]);
    store.ok(&["chat", "send", "new from Bob", "--as", BOB]);
    let gone = store.send("gone");
    store.ok(&["chat", "send", "an orphan", "--reply-to", &gone]);
    store.ok(&["chat", "delete", &gone]);
    store.ok(&["member", "remove", CAROL]);
    let card = store.ok(&["kanban", "add", "Paint the hull", "--assignee", BOB]);
    store.ok(&["kanban", "add", "Repair the mast", "--description", "soon"]);
    store.ok(&["kanban", "archive", &card]);
    let issue = store.ok(&["issue", "open", "The crane squeaks", "--priority", "urgent"]);
    let comment = store.ok(&["issue", "comment", &issue, "Oil helps"]);
    store.ok(&["issue", "comment", &issue, "Oil does not help"]);
    store.ok(&["issue", "comment", &issue, "--delete", &comment]);
    let leak = store.ok(&["issue", "open", "Leak"]);
    store.ok(&["issue", "close", &leak]);
    store.ok(&[
        "canvas",
        "add",
        "text",
        "--at",
        "1.5,2",
        "--size",
        "100,20",
        "--data",
        r#"{"text":"quay"}"#,
    ]);
    let shape = store.ok(&["canvas", "add", "shape", "--at", "0,0", "--size", "7,7"]);
    store.ok(&["canvas", "delete", &shape]);
    store.give(&phone);
    machine.pass(60);
    store.ok(&["chat", "edit", &first, "from the desk"]);
    machine.pass(60);
    phone.ok(&["chat", "edit", &first, "from the phone"]);
    phone.give(&store);
    store.ok(&["entity", "create", GROUP, "--name", "Ocean friends"]);
    store.ok(&["chat", "send", "in the other one", "-e", GROUP]);
    store
}

/// The rows of a query as JSON.
#[track_caller]
fn rows(store: &Store<'_>, query: &str) -> Vec<Value> {
    match store.json(&["sql", query]) {
        Value::Array(rows) => rows,
        other => panic!("no list: {other}"),
    }
}

/// The names of the views.
fn names(store: &Store<'_>) -> Vec<String> {
    store.ok(&["sql", "--schema", "-o", "id"]).lines().map(str::to_owned).collect()
}
