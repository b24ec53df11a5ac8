//! `log revert`: takes back what a command did, as a new edit.

use crate::support::*;
use crdtctl::operation::OPERATIONS;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

type Row = (&'static str, &'static [&'static str], Result<&'static [&'static str], &'static str>);

/// Every operation that the log knows: a command that runs it, and how it is reverted: `Ok` with the
/// operations that do it, `Err` with the reason why none does. Names in capitals are those of [`busy`].
const TABLE: &[Row] = &[
    (
        "entity.create",
        &["entity", "create", "group:new", "--name", "New"],
        Err("an entity cannot be removed"),
    ),
    ("entity.rename", &["entity", "rename", "Other"], Ok(&["entity.rename"])),
    ("member.add", &["member", "add", "dave-snow-field-moss"], Ok(&["member.remove"])),
    ("member.remove", &["member", "remove", CAROL], Ok(&["member.add"])),
    ("member.role", &["member", "role", BOB, "admin"], Ok(&["member.role"])),
    ("chat.send", &["chat", "send", "hi"], Ok(&["chat.delete"])),
    ("chat.edit", &["chat", "edit", "MESSAGE", "other"], Ok(&["chat.edit"])),
    ("chat.react", &["chat", "react", "MESSAGE", "👍"], Ok(&["chat.react"])),
    ("chat.delete", &["chat", "delete", "GONE"], Err("a deletion wins over everything")),
    ("kanban.add", &["kanban", "add", "New"], Ok(&["kanban.archive"])),
    ("kanban.edit", &["kanban", "edit", "CARD", "--title", "x"], Ok(&["kanban.edit"])),
    ("kanban.move", &["kanban", "move", "CARD", "Done"], Ok(&["kanban.move"])),
    ("kanban.archive", &["kanban", "archive", "CARD"], Ok(&["kanban.restore", "kanban.move"])),
    ("kanban.restore", &["kanban", "restore", "SHELVED"], Ok(&["kanban.archive"])),
    ("kanban.column.add", &["kanban", "column", "add", "New"], Ok(&["kanban.column.remove"])),
    (
        "kanban.column.rename",
        &["kanban", "column", "rename", "Review", "Seen"],
        Ok(&["kanban.column.rename"]),
    ),
    (
        "kanban.column.move",
        &["kanban", "column", "move", "Review", "--first"],
        Ok(&["kanban.column.move"]),
    ),
    (
        "kanban.column.remove",
        &["kanban", "column", "remove", "Spare"],
        Err("a removed column can only be created again"),
    ),
    ("issue.open", &["issue", "open", "New"], Ok(&["issue.close"])),
    ("issue.edit", &["issue", "edit", "ISSUE", "--title", "x"], Ok(&["issue.edit"])),
    ("issue.status", &["issue", "status", "ISSUE", "in-progress"], Ok(&["issue.status"])),
    ("issue.priority", &["issue", "priority", "ISSUE", "high"], Ok(&["issue.priority"])),
    ("issue.assign", &["issue", "assign", "ISSUE", BOB], Ok(&["issue.assign"])),
    ("issue.close", &["issue", "close", "ISSUE"], Ok(&["issue.reopen", "issue.status"])),
    ("issue.reopen", &["issue", "reopen", "CLOSED"], Ok(&["issue.close"])),
    ("issue.comment", &["issue", "comment", "ISSUE", "Oil"], Ok(&["issue.comment.delete"])),
    (
        "issue.comment.edit",
        &["batch", r#"{"op":"issue.comment.edit","issue":"ISSUE","comment":"COMMENT","text":"x"}"#],
        Ok(&["issue.comment.edit"]),
    ),
    (
        "issue.comment.delete",
        &["batch", r#"{"op":"issue.comment.delete","issue":"ISSUE","comment":"COMMENT"}"#],
        Err("a deletion wins over everything"),
    ),
    (
        "canvas.add",
        &["canvas", "add", "text", "--at", "0,0", "--size", "9,9"],
        Ok(&["canvas.delete"]),
    ),
    ("canvas.set", &["canvas", "set", "ELEMENT", "x=3", "data.a=1"], Ok(&["canvas.set"])),
    ("canvas.move", &["canvas", "move", "ELEMENT", "7,7"], Ok(&["canvas.set"])),
    ("canvas.undo", &["canvas", "undo", "--force"], Err("the canvas has its own undo and redo")),
    ("canvas.redo", &["canvas", "redo", "--force"], Err("the canvas has its own undo and redo")),
    (
        "canvas.delete",
        &["canvas", "delete", "ELEMENT"],
        Err("the canvas has its own undo and redo"),
    ),
    (
        "canvas.apply",
        &["canvas", "apply", "RELAYED"],
        Err("a relayed change is on the canvases of others too"),
    ),
    ("disk.put", &["disk", "put", "PAGE", "/shared/new.md"], Ok(&["disk.remove"])),
    ("disk.move", &["disk", "move", "/shared/here.md", "/shared/there.md"], Ok(&["disk.move"])),
    ("disk.remove", &["disk", "remove", "/shared/kept.md"], Ok(&["disk.restore"])),
    ("disk.restore", &["disk", "restore", "/shared/gone.md"], Ok(&["disk.remove"])),
    ("disk.publish", &["disk", "publish"], Err("others may already have what was published")),
    // A prune that finds something is rare: the log is made to say that this was one.
    ("prune", &["chat", "send", "as if"], Err("what was pruned is gone for everybody")),
    ("conflict.restore", &["conflict", "restore", "1"], Ok(&["kanban.edit"])),
    ("trash.restore", &["trash", "restore", "LOST"], Ok(&["chat.delete"])),
    (
        "archive.restore",
        &["archive", "restore", "ARCHIVED"],
        Err("a restored record is in its document like any other"),
    ),
];

/// A store in which all of that can be done.
fn busy(machine: &Machine) -> (Store<'_>, BTreeMap<&'static str, String>) {
    let store = machine.group("s", &[BOB, CAROL]);
    let on = |args: &[&str]| store.ok(&[args, &["-e", GROUP]].concat());
    let mut names = BTreeMap::new();
    for (name, args) in [
        ("MESSAGE", &["chat", "send", "hello"][..]),
        ("GONE", &["chat", "send", "gone"]),
        ("CARD", &["kanban", "add", "Card"]),
        ("SHELVED", &["kanban", "add", "Shelved"]),
        ("BESIDE", &["kanban", "add", "Beside"]),
        ("ISSUE", &["issue", "open", "Leak"]),
        ("CLOSED", &["issue", "open", "Closed"]),
        ("ELEMENT", &["canvas", "add", "text", "--at", "0,0", "--size", "9,9"]),
        ("REVIEW", &["kanban", "column", "add", "Review"]),
        ("SPARE", &["kanban", "column", "add", "Spare"]),
    ] {
        names.insert(name, on(args));
    }
    names.insert("COMMENT", on(&["issue", "comment", &names["ISSUE"], "Water"]));
    let page = machine.path("page");
    std::fs::write(&page, "# Page\n").unwrap();
    names.insert("PAGE", text(&page));
    for to in ["/shared/here.md", "/shared/kept.md", "/shared/gone.md", "/public/website/index.md"]
    {
        on(&["disk", "put", &names["PAGE"], to]);
    }
    on(&["kanban", "archive", &names["SHELVED"]]);
    on(&["issue", "close", &names["CLOSED"]]);
    let peer = machine.replica_of(&store, "peer", BOB);
    on(&["kanban", "edit", &names["CARD"], "--title", "ours"]);
    machine.pass(60);
    peer.ok(&["kanban", "edit", &names["CARD"], "--title", "theirs"]);
    peer.give(&store);
    on(&["disk", "remove", "/shared/gone.md", "--yes"]);
    store.ok(&["entity", "create", "project:alone", "--name", "Alone"]);
    let lost = store.ok(&["chat", "send", "lost", "-e", "project:alone"]);
    store.ok(&["chat", "delete", &lost, "-e", "project:alone", "--yes"]);
    let archived = store.ok(&["chat", "send", "done with", "-e", "project:alone"]);
    store.ok(&["archive", "run", "--older-than", "0s", "-e", "project:alone"]);
    store.ok(&["entity", "use", GROUP]);
    names.insert("LOST", lost);
    names.insert("ARCHIVED", archived);
    let relayed = json!({"type": "Operation", "canvas_id": GROUP, "element_id": "note-1",
        "operation_type": "add", "origin_peer": ALICE, "element_data": {
            "element_type": "text", "x": 1, "y": 2, "width": 3, "height": 4,
            "data": {"content": "hi"}, "updated_at": machine.now()}});
    std::fs::write(machine.path("relayed"), format!("{relayed}\n")).unwrap();
    names.insert("RELAYED", text(&machine.path("relayed")));
    (store, names)
}

/// The last number in the log.
fn last(store: &Store<'_>) -> String {
    store.ok(&["log", "--limit", "1", "-o", "id"]).trim().to_owned()
}

/// The number in the log of what a command did.
fn seq_of(store: &Store<'_>, args: &[&str]) -> String {
    let run = match args {
        ["batch", line] => {
            store.machine.run_with_stdin(&["-s", &text(&store.dir), "batch"], line.as_bytes())
        }
        args => store.run(args),
    };
    run.ok();
    last(store)
}

#[test]
fn every_operation_is_taken_back_or_says_why_not() {
    let declared: BTreeSet<&str> = OPERATIONS.iter().map(|declared| declared.op).collect();
    let known: BTreeSet<&str> = TABLE.iter().map(|(op, ..)| *op).chain(["log.revert"]).collect();
    assert_eq!(known, declared);
    let machine = Machine::new("every revert");
    let (store, names) = busy(&machine);
    for (op, args, expected) in TABLE {
        let filled = |word: &&str| {
            names.iter().fold((*word).to_owned(), |word, (name, id)| word.replace(name, id))
        };
        let args: Vec<String> = args.iter().map(filled).collect();
        let seq = seq_of(&store, &args.iter().map(String::as_str).collect::<Vec<_>>());
        if *op == "prune" {
            let db = rusqlite::Connection::open(store.dir.join("crdtctl.db")).unwrap();
            let line = json!({"id": null, "operation": {"op": "prune", "entity": GROUP}});
            let sql = "UPDATE operations SET operations = ?1 WHERE seq = ?2";
            assert_eq!(db.execute(sql, (format!("{line}\n"), &seq)).unwrap(), 1);
        }
        let revert = ["log", "revert", &seq];
        match expected {
            Ok(by) => {
                let done = store.json(&revert);
                assert_eq!(done["changed"], true, "{op}: {done}");
                assert_eq!(&column(&done["operations"], "op"), by, "{op}: {done}");
                // Repeated, there is nothing to revert, or somebody has built on it: that revert.
                let again = store.run(&[&revert[..], &["--json"]].concat());
                match again.code {
                    0 => assert_eq!(again.json()["changed"], false, "{op}"),
                    _ => drop(again.exits(1)),
                }
            }
            Err(why) => {
                let files = store.documents();
                let error = store.run(&[&revert[..], &["--json"]].concat()).fails(1, why).error();
                assert!(error["hint"].as_str().unwrap().contains("`crdtctl "), "{op}: {error}");
                assert_eq!(store.documents(), files, "{op}");
            }
        }
    }
}

#[test]
fn a_card_and_a_column_go_back_to_where_they_stood() {
    let machine = Machine::new("back to their places");
    let store = machine.group("s", &[]);
    let cards: Vec<String> =
        ["one", "two", "three"].iter().map(|title| store.ok(&["kanban", "add", title])).collect();
    store.ok(&["kanban", "column", "add", "Review"]);
    let board = || store.json(&["kanban", "board"]);
    let places = |board: &Value| {
        let columns = board.as_array().unwrap().iter();
        columns.map(|of| (of["title"].clone(), column(&of["cards"], "id"))).collect::<Vec<_>>()
    };
    let before = places(&board());
    for args in [
        &["kanban", "move", &cards[0], "Done"][..],
        &["kanban", "move", &cards[1], "Done"],
        &["kanban", "move", &cards[2], "Backlog", "--top"],
        &["kanban", "move", &cards[0], "Backlog", "--bottom"],
        &["kanban", "archive", &cards[1]],
        &["kanban", "column", "move", "Review", "--before", "In Progress"],
        &["kanban", "column", "move", "Backlog"],
    ] {
        let seq = seq_of(&store, args);
        let moved = places(&board());
        assert_ne!(moved, before, "{args:?}");
        store.ok(&["log", "revert", &seq]);
        assert_eq!(places(&board()), before, "{args:?}");
        let back = last(&store);
        store.ok(&["log", "revert", &back]);
        assert_eq!(places(&board()), moved, "{args:?}");
        let again = last(&store);
        store.ok(&["log", "revert", &again]);
        assert_eq!(places(&board()), before, "{args:?}");
    }
    store.is_so_already(&["kanban", "move", &cards[2], "Backlog", "--bottom"]);
    store.run(&["kanban", "move", &cards[2], "Backlog", "--bottom", "--top"]).exits(2);
}

#[test]
fn what_was_built_on_is_left_alone_and_said() {
    let machine = Machine::new("built on");
    let store = machine.group("s", &[BOB]);
    let id = store.send("hello");
    let sent = last(&store);
    let peer = machine.replica_of(&store, "peer", BOB);
    peer.ok(&["chat", "send", "so do I", "--reply-to", &id]);
    peer.give(&store);
    store.ok(&["chat", "react", &id, "👍"]);
    let run = store.run(&["log", "revert", &sent, "--json"]);
    let said = format!("command {sent} (chat send) was built on by");
    let error = run.fails(1, &said).error();
    for by in [format!("(sync import, {BOB})"), format!("(chat react, {ALICE})")] {
        assert!(error["message"].as_str().unwrap().contains(&by), "{error}");
    }
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains(&format!("`crdtctl log --record {id}`")), "{hint}");
    // What came from elsewhere is not ours to revert.
    let imported = store.json(&["log"]);
    let imported = imported.as_array().unwrap().iter().find(|row| row["command"] == "sync import");
    let imported = imported.unwrap()["seq"].to_string();
    store.run(&["log", "revert", &imported]).fails(1, "brought in what others wrote");
    // Another field of the same record is no reason.
    let card = store.ok(&["kanban", "add", "Card"]);
    let seq = seq_of(&store, &["kanban", "edit", &card, "--title", "Other"]);
    store.ok(&["kanban", "edit", &card, "--priority", "high"]);
    store.ok(&["log", "revert", &seq]);
    let shown = store.json(&["kanban", "show", &card]);
    assert_eq!((&shown["title"], &shown["priority"]), (&json!("Card"), &json!("high")));
    // A member who has done something since is not removed again.
    let dave = "dave-snow-field-moss";
    let added = seq_of(&store, &["member", "add", dave]);
    store.ok(&["chat", "send", "hi", "--as", dave]);
    store.run(&["log", "revert", &added]).fails(1, &format!("(chat send, {dave})"));
    // What is in somebody's name only they can revert.
    let seq = seq_of(&store, &["chat", "react", &id, "🎉", "--as", BOB]);
    store.run(&["log", "revert", &seq]).fails(1, "is in their name");
    store.ok(&["log", "revert", &seq, "--as", BOB]);
}

#[test]
fn a_revert_is_a_write_like_any_other() {
    let machine = Machine::new("a revert");
    let store = machine.group("s", &[]);
    let id = store.send("first");
    let seq = seq_of(&store, &["chat", "edit", &id, "second"]);
    let files = store.files();
    let dry = store.run(&["log", "revert", &seq, "-n"]);
    assert!(dry.exits(0).stderr.contains("dry run, nothing is written: took back command"));
    assert_eq!(store.files(), files);
    let done = store.json(&["log", "revert", &seq]);
    assert_eq!(
        keys(&done),
        ["seq", "changed", "doc", "id", "bytes_before", "bytes_after", "reverted", "operations"]
    );
    assert_eq!((&done["id"], &done["doc"]), (&json!(id), &json!(format!("{GROUP}:chat"))));
    assert_eq!(done["reverted"].to_string(), seq);
    assert_eq!(store.json(&["chat", "show", &id])["content"], "first");
    let logged = store.json(&["log", "show", &done["seq"].to_string()]);
    assert_eq!(logged["command"], "log revert");
    assert_eq!(logged["operations"][0]["operation"]["text"], "first");
    store.run(&["log", "revert", "99"]).fails(4, "there is no command 99 in the log");
    store.run(&["log", "revert", "x"]).exits(2);
    // A batch is reverted as a whole; what it made and changed is removed once.
    let lines = r#"{"op":"kanban.add","title":"a"}
{"op":"kanban.edit","card":"$1.id","title":"b"}
{"op":"chat.edit","message":"MESSAGE","text":"third"}"#;
    let lines = lines.replace("MESSAGE", &id);
    let batch = seq_of(&store, &["batch", &lines]);
    let done = store.json(&["log", "revert", &batch]);
    assert_eq!(column(&done["operations"], "op"), ["chat.edit", "kanban.archive"]);
    assert_eq!(done["id"], Value::Null);
    assert_eq!(store.json(&["kanban", "list"]), json!([]));
    assert_eq!(store.json(&["chat", "show", &id])["content"], "first");
    // A batch can do it, too.
    let line = format!(r#"{{"op":"log.revert","seq":{batch}}}"#);
    let run = machine.run_with_stdin(&["-s", &text(&store.dir), "batch"], line.as_bytes());
    run.fails(1, "was built on by");
}

#[test]
fn what_was_changed_in_a_text_on_the_disk_is_changed_back() {
    let machine = Machine::new("texts on disks");
    let store = machine.group("s", &[BOB]);
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(machine.path(name), bytes).unwrap();
        text(&machine.path(name))
    };
    let to = "/shared/notes.md";
    let read = || store.run(&["disk", "cat", to]).exits(0).stdout.clone();
    store.ok(&["disk", "put", &file("first", b"one\ntwo\nthree\n"), to]);
    let put = seq_of(&store, &["disk", "put", &file("second", b"one\n2\nthree\nfour\n"), to]);
    store.ok(&["log", "revert", &put]);
    assert_eq!(read(), "one\ntwo\nthree\n");
    // And reverts that again.
    let back = last(&store);
    store.ok(&["log", "revert", &back]);
    assert_eq!(read(), "one\n2\nthree\nfour\n");
    // An edit: the file in its directory is reverted, too.
    let edit = ["-s", &text(&store.dir), "disk", "edit", to, "-"];
    machine.run_with_stdin(&edit, b"one\n2\nthree\nfive\n").ok();
    let edited = last(&store);
    store.ok(&["log", "revert", &edited]);
    assert_eq!(read(), "one\n2\nthree\nfour\n");
    let disk = store.dir.join("disks/entities/ocean-forest-moon-star/shared/notes.md");
    assert_eq!(std::fs::read_to_string(disk).unwrap(), "one\n2\nthree\nfour\n");
    // If somebody continued from it, it stays.
    let put = seq_of(&store, &["disk", "put", &file("third", b"one\n2\n3\nfour\n"), to]);
    let next = seq_of(&store, &["disk", "put", &file("fourth", b"one\n2\n3\n4\n"), to]);
    store.run(&["log", "revert", &put]).fails(1, &format!("was built on by {next} (disk put"));
    // The log has only the hash of bytes, and text that another replica had is not all here.
    let bytes = "/shared/data.bin";
    store.ok(&["disk", "put", &file("bytes", b"\0\x01"), bytes]);
    let put = seq_of(&store, &["disk", "put", &file("others", b"\0\x02"), bytes]);
    let run = store.run(&["log", "revert", &put]);
    run.fails(1, "the log does not have the bytes of binary files");
    assert!(run.stderr.contains("`crdtctl disk history`"), "{}", run.stderr);
}
