//! `--dry-run` of every command that has it leaves the store, and everything around it, byte for byte as it
//! was. A new command that is not in the table fails the test.

use crate::oracle;
use crate::support::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use yrs::{Map, WriteTxn};

/// The commands that have a `--dry-run` according to the manual.
fn declared() -> BTreeSet<String> {
    let man = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(man).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if std::fs::read_to_string(&path).unwrap().contains(r"\-\-dry\-run") {
            found.extend(name.strip_prefix("crdtctl-").map(str::to_owned));
        }
    }
    found
}

/// A store in which every write has something to do, and names for its records.
struct Busy<'m> {
    store: Store<'m>,
    names: BTreeMap<&'static str, String>,
}

fn busy(machine: &Machine) -> Busy<'_> {
    let store = machine.group("s", &[BOB, CAROL]);
    let id = |args: &[&str]| store.ok(&[args, &["-e", GROUP]].concat());
    let message = store.send("hello");
    let card = id(&["kanban", "add", "Card"]);
    let shelved = id(&["kanban", "add", "Shelved"]);
    id(&["kanban", "column", "add", "Review"]);
    let issue = id(&["issue", "open", "Leak"]);
    let closed = id(&["issue", "open", "Closed"]);
    let element = id(&["canvas", "add", "text", "--at", "0,0", "--size", "9,9", "--data", "{}"]);
    id(&["kanban", "archive", &shelved]);
    id(&["issue", "close", &closed]);
    id(&["issue", "priority", &issue, "low"]);
    let seq = id(&["log", "--limit", "1", "-o", "id"]);
    // Lost to somebody's later edit.
    let peer = machine.replica_of(&store, "peer", BOB);
    id(&["kanban", "edit", &card, "--title", "ours"]);
    machine.pass(60);
    peer.ok(&["kanban", "edit", &card, "--title", "theirs", "-e", GROUP]);
    peer.give(&store);
    peer.ok(&["chat", "send", "news", "-e", GROUP]);
    let bundle = peer.export("news.crdt");
    // Without other members, a deletion is final.
    store.ok(&["entity", "create", "project:alone", "--name", "Alone"]);
    let lost = store.ok(&["chat", "send", "lost", "-e", "project:alone"]);
    store.ok(&["chat", "delete", &lost, "-e", "project:alone", "--yes"]);
    let archived = store.ok(&["chat", "send", "done with", "-e", "project:alone"]);
    store.ok(&["archive", "run", "--older-than", "0s", "-e", "project:alone"]);
    store.ok(&["chat", "send", "to be done with", "-e", "project:alone"]);
    store.ok(&["entity", "use", GROUP]);
    id(&["canvas", "move", &element, "5,5"]);
    id(&["canvas", "undo"]);
    let file = |name: &str, bytes: &[u8]| {
        std::fs::write(machine.path(name), bytes).unwrap();
        text(&machine.path(name))
    };
    let page = file("page", b"# Page\n");
    for path in ["/public/website/index.md", "/shared/gone.md"] {
        store.ok(&["disk", "put", &page, path]);
    }
    store.ok(&["disk", "remove", "/shared/gone.md"]);
    let disks = store.dir.join("disks/entities").join(GROUP.trim_start_matches("group:"));
    std::fs::write(disks.join("public/new.md"), "new\n").unwrap();
    // Left by a command that was killed.
    let beside = store.dir.join("disks/.crdtctl");
    std::fs::create_dir_all(&beside).unwrap();
    std::fs::write(beside.join("0a2c0111-1fca-8411-95dd-578f6440f20e.part"), "half").unwrap();
    let update = oracle::update(3, &[], |txn| {
        txn.get_or_insert_map("m").insert(txn, "k", 1);
    });
    let relayed = json!({"type": "Operation", "canvas_id": GROUP, "element_id": "note-1",
        "operation_type": "add", "origin_peer": ALICE, "element_data": {
            "element_type": "text", "x": 1, "y": 2, "width": 3, "height": 4,
            "data": {"content": "hi"}, "updated_at": machine.now()}});
    // For `fold run`; whatever writes from here on writes it too.
    store.ok(&["chat", "send", "left for later", "--fold", "later"]);
    let names = BTreeMap::from([
        ("PEER", peer.json(&["status"])["replica_id"].as_str().unwrap().to_owned()),
        ("PAGE", page),
        ("BATCH", file("batch", br#"{"op":"chat.send","text":"hi"}"#)),
        ("UPDATE", file("update", &update)),
        ("RELAYED", file("relayed", format!("{relayed}\n").as_bytes())),
        ("OUT", text(&machine.path("out"))),
        ("PICTURE", text(&machine.path("out.svg"))),
        ("STICK", {
            std::fs::create_dir(machine.path("stick")).unwrap();
            text(&machine.path("stick"))
        }),
        ("MESSAGE", message),
        ("CARD", card),
        ("SHELVED", shelved),
        ("ISSUE", issue),
        ("CLOSED", closed),
        ("ELEMENT", element),
        ("BUNDLE", bundle),
        ("LOST", lost),
        ("SEQ", seq),
        ("ARCHIVED", archived),
    ]);
    Busy { store, names }
}

/// Every command with a `--dry-run`, its name followed by its arguments, in the store of [`busy`].
const WRITES: &[(&str, &[&str])] = &[
    ("archive-restore", &["ARCHIVED", "-e", "project:alone"]),
    ("archive-auto", &["on"]),
    ("archive-mode", &["project:alone:chat", "crdt"]),
    ("archive-run", &["--older-than", "0s", "-e", "project:alone"]),
    ("batch", &["BATCH"]),
    ("canvas-add", &["text", "--at", "0,0", "--size", "9,9", "--data", "{}"]),
    ("canvas-apply", &["RELAYED"]),
    ("canvas-delete", &["ELEMENT"]),
    ("canvas-events", &[]),
    ("canvas-move", &["ELEMENT", "7,7"]),
    ("canvas-redo", &[]),
    ("canvas-render", &["-O", "PICTURE"]),
    ("canvas-set", &["ELEMENT", "x=3"]),
    ("canvas-undo", &["--force"]),
    ("chat-delete", &["MESSAGE"]),
    ("chat-edit", &["MESSAGE", "other"]),
    ("chat-react", &["MESSAGE", "👍"]),
    ("chat-read", &[]),
    ("chat-send", &["hi"]),
    ("conflict-dismiss", &["1"]),
    ("conflict-restore", &["1"]),
    ("disk-edit", &["/public/website/index.md", "-"]),
    ("disk-gc", &[]),
    ("disk-move", &["/public/website/index.md", "/shared/"]),
    ("disk-publish", &[]),
    ("disk-publish", &["--html", "OUT"]),
    ("disk-put", &["PAGE", "/shared/other.md"]),
    ("disk-remove", &["/public/website/index.md"]),
    ("disk-restore", &["/shared/gone.md"]),
    ("disk-scan", &[]),
    ("doc-load", &["UPDATE", "--doc", "group:new:notes"]),
    ("entity-create", &["group:new", "--name", "New"]),
    ("entity-rename", &["Other"]),
    ("entity-use", &["project:alone"]),
    ("fold-mode", &["later"]),
    ("fold-run", &[]),
    ("init", &["fresh", "--as", BOB]),
    ("issue-assign", &["ISSUE", BOB]),
    ("issue-close", &["ISSUE"]),
    ("issue-comment", &["ISSUE", "Oil"]),
    ("issue-edit", &["ISSUE", "--title", "Other"]),
    ("issue-open", &["New"]),
    ("issue-priority", &["ISSUE", "high"]),
    ("issue-reopen", &["CLOSED"]),
    ("issue-status", &["ISSUE", "in-progress"]),
    ("kanban-add", &["New"]),
    ("kanban-archive", &["CARD"]),
    ("kanban-column-add", &["New"]),
    ("kanban-column-move", &["Review", "--first"]),
    ("kanban-column-remove", &["Review"]),
    ("kanban-column-rename", &["Review", "Seen"]),
    ("kanban-edit", &["CARD", "--title", "Other"]),
    ("kanban-move", &["CARD", "Review"]),
    ("kanban-restore", &["SHELVED"]),
    ("log-revert", &["SEQ"]),
    ("member-add", &["dave-snow-field-moss"]),
    ("member-remove", &[BOB]),
    ("member-role", &[BOB, "admin"]),
    ("prune", &[]),
    ("sync-export", &["-O", "OUT"]),
    ("sync-forget", &["PEER"]),
    ("sync-import", &["BUNDLE"]),
    ("sync-receipt", &["-O", "OUT"]),
    ("sync-stick", &["STICK"]),
    ("trash-restore", &["LOST", "-e", "project:alone"]),
];

/// Those that need a damaged store.
const MENDS: &[&str] = &["recover", "repair"];

/// Everything on the machine, including leases and the user's files, except for SQLite's index of its log
/// (`-shm`), which is recreated whenever the database is opened.
fn everything(machine: &Machine) -> BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut all = files(&machine.path(""));
    all.retain(|path, _| !path.to_string_lossy().ends_with("-shm"));
    all
}

#[track_caller]
fn leaves_all_as_it_was(store: &Store<'_>, args: &[&str]) {
    let before = everything(store.machine);
    let run = store.run(&[args, &["--dry-run", "--json"]].concat());
    assert_eq!(run.code, 0, "{args:?}: {run:?}");
    if args == ["canvas", "events"] {
        // The event is printed all the same, but not recorded as handed out.
        assert!(run.stdout.contains("canvas_operation"), "{run:?}");
    } else {
        assert!(run.stderr.contains("dry run"), "{args:?}: {}", run.stderr);
    }
    if let Ok(Value::Object(told)) = serde_json::from_str(&run.stdout) {
        // There was something to do.
        let idle = told.get("changed") == Some(&json!(false));
        assert!(!idle || args[0] == "prune", "{args:?}: {}", run.stdout);
        // A program that reads only this is told as well, except in rows.
        let rows =
            [["canvas", "events"], ["canvas", "apply"]].iter().any(|of| args.starts_with(of));
        let said = told.get("dry_run") == Some(&json!(true));
        assert!(said || rows, "{args:?}: {}", run.stdout);
    }
    assert_eq!(everything(store.machine), before, "{args:?}");
}

#[test]
fn a_dry_run_of_every_command_leaves_everything_byte_for_byte_as_it_was() {
    let known: BTreeSet<String> = WRITES
        .iter()
        .map(|(name, _)| *name)
        .chain(MENDS.iter().copied())
        .map(str::to_owned)
        .collect();
    assert_eq!(declared(), known, "a command with --dry-run is not in the table, or no more");
    let machine = Machine::new("every dry run");
    let Busy { store, names } = busy(&machine);
    for (name, args) in WRITES {
        let words = name.split('-').chain(args.iter().copied());
        let words: Vec<&str> =
            words.map(|word| names.get(word).map_or(word, String::as_str)).collect();
        leaves_all_as_it_was(&store, &words);
    }
}

#[test]
fn a_dry_run_of_what_mends_leaves_the_damage_as_it_was() {
    let machine = Machine::new("dry mending");
    let store = machine.group("s", &[]);
    store.send("hi");
    let core = store.document(&format!("{GROUP}:core"));
    store.break_off(&format!("{GROUP}:chat"));
    std::fs::remove_file(core.with_extension("meta")).unwrap();
    let found = store.run(&["check", "--json"]).exits(3).parsed();
    let ids = column(&found, "id");
    let meta = ids.iter().find(|id| id.starts_with("missing-meta")).unwrap();
    leaves_all_as_it_was(&store, &["repair", meta]);
    leaves_all_as_it_was(&store, &["recover", "chat", "-O", &text(&machine.path("out"))]);
}
