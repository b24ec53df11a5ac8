//! Other programs: what we wrote opens in them, and what they wrote opens here.

use crate::oracle::{self, Plain, canonical};
use crate::support::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use yrs::{Map, MapPrelim, Transact, WriteTxn};

/// Documents as Yjs reads them; `None`, with a notice, if Yjs is not installed.
fn in_yjs(documents: &[(PathBuf, &[&str])]) -> Option<Vec<Value>> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yjs");
    if !dir.join("node_modules/yjs").is_dir() {
        skipped("no Yjs; `npm ci --prefix tests/yjs` brings it");
        return None;
    }
    let files: Vec<Value> = documents
        .iter()
        .map(|(path, roots)| {
            let roots: serde_json::Map<String, Value> =
                roots.iter().map(|root| ((*root).to_owned(), json!("map"))).collect();
            json!({"path": path, "roots": roots})
        })
        .collect();
    let node = Command::new("node")
        .arg(dir.join("dump.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut node) = node else {
        skipped("no node here");
        return None;
    };
    node.stdin.take()?.write_all(json!({"files": files}).to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// A store with a full history: edits, deletions, pruning, merges, a member who came back.
fn lived_in(machine: &Machine) -> Store<'_> {
    let store = machine.group("lived-in", &[BOB, CAROL]);
    let peer = machine.replica_of(&store, "peer", BOB);
    let mut ids: Vec<String> = (0..12).map(|n| store.send(&format!("Grüße {n} 🚀"))).collect();
    peer.send("from Bob");
    for round in 0..3 {
        machine.pass(60);
        let id = ids.remove(0);
        store.ok(&["chat", "delete", &id]);
        store.ok(&["chat", "edit", &ids[round], "edited"]);
        store.ok(&["member", "remove", CAROL]);
        store.give(&peer);
        peer.ok(&["chat", "send", "Bob again"]);
        peer.give(&store);
        machine.pass(60);
        store.ok(&["member", "add", CAROL, "--role", "viewer"]);
    }
    store
}

#[test]
fn what_we_wrote_opens_in_yjs() {
    let machine = Machine::new("yjs");
    let store = lived_in(&machine);
    let real = machine.fixture("real-store");
    real.ok(&["-e", GROUP, "--as", "deborah-shanghai-khartoum-price", "chat", "send", "hi"]);
    real.ok(&["prune"]);
    let core = ["metadata", "members", "active_members"];
    let chat = ["messages", "threads"];
    let mut documents: Vec<(&Store<'_>, &str, &[&str])> = Vec::new();
    for store in [&store, &real] {
        documents.extend([(store, ":core", &core[..]), (store, ":chat", &chat)]);
    }
    let files: Vec<(PathBuf, &[&str])> = documents
        .iter()
        .map(|(store, concern, roots)| (store.document(&format!("{GROUP}{concern}")), *roots))
        .collect();
    let Some(seen) = in_yjs(&files) else { return };
    for ((store, concern, _), seen) in documents.iter().zip(seen) {
        assert_eq!(seen["pending"], false);
        let dump = store.json(&["doc", "dump", &format!("{GROUP}{concern}")]);
        assert_eq!(canonical(&seen["roots"]), canonical(&dump), "{concern}");
    }
}

#[test]
fn what_we_wrote_opens_in_yrs() {
    let machine = Machine::new("yrs");
    let store = lived_in(&machine);
    for (concern, roots) in
        [("core", &["metadata", "members", "active_members"][..]), ("chat", &["messages"])]
    {
        let plain = Plain::read(&store.document(&format!("{GROUP}:{concern}")));
        let dump = store.json(&["doc", "dump", concern]);
        for root in roots {
            let (ours, theirs) = (&dump[root], plain.map(root));
            assert_eq!(canonical(&json!({*root: ours})), canonical(&json!({*root: theirs})));
        }
    }
}

/// The id of a message that another program sent.
const THEIRS: &str = "11111111-0000-4000-8000-000000000001";

/// Another program adds a message to the chat's file. Returns the file and what is in it now.
fn send_elsewhere(store: &Store<'_>) -> (PathBuf, Vec<u8>) {
    let chat = store.document(&format!("{GROUP}:chat"));
    let state = std::fs::read(&chat).unwrap();
    let theirs = oracle::update(99, &[&state], |txn| {
        let messages = txn.get_or_insert_map("messages");
        let fields = [("id", THEIRS), ("author_id", BOB), ("content", "theirs")];
        messages.insert(txn, THEIRS, MapPrelim::from_iter(fields));
    });
    let state = oracle::state(&[&state, &theirs]);
    std::fs::write(&chat, &state).unwrap();
    (chat, state)
}

#[test]
fn what_another_program_writes_between_two_commands_is_kept() {
    let machine = Machine::new("between");
    let store = machine.group("s", &[BOB]);
    store.send("ours, before");
    let (chat, theirs) = send_elsewhere(&store);
    let said = |store: &Store<'_>| {
        let mut said = store.column(&["chat", "list"], "content");
        said.sort();
        said
    };
    assert_eq!(said(&store), ["ours, before", "theirs"]);
    store.send("ours, after");
    assert_eq!(said(&store), ["ours, after", "ours, before", "theirs"]);
    // A program that did not know our last message overwrites it with its older state.
    std::fs::write(&chat, theirs).unwrap();
    store.send("ours, last");
    assert_eq!(said(&store), ["ours, after", "ours, before", "ours, last", "theirs"]);
    let peer = machine.replica_of(&store, "peer", BOB);
    assert_eq!(peer.digest(), store.digest());
}

/// Reads may note in `crdtctl.db` where the records of another program's file are, and nothing else.
#[test]
fn reading_what_another_program_wrote_leaves_everything_but_notes_as_it_was() {
    let machine = Machine::new("read");
    let store = machine.group("s", &[BOB]);
    store.send("ours");
    send_elsewhere(&store);
    let whole = store.files();
    store.ok(&["chat", "send", "later", "-n"]);
    store.ok(&["chat", "delete", THEIRS, "-n"]);
    assert!(store.files() == whole, "a dry run notes nothing");
    let beside_notes = |mut files: BTreeMap<PathBuf, Vec<u8>>| {
        let notes = files.remove(Path::new("crdtctl.db"));
        (files, notes.unwrap())
    };
    let (expected, before) = beside_notes(whole);
    let first = store.json(&["chat", "list"]);
    assert_eq!(first.as_array().unwrap().len(), 2);
    let mut noted = vec![before];
    for command in [&["chat", "list"][..], &["chat", "search", "theirs"], &["chat", "list"]] {
        let (files, notes) = beside_notes(store.files());
        assert!(files == expected, "{command:?}");
        noted.push(notes);
        store.json(command);
        assert_eq!(store.json(&["chat", "list"]), first);
    }
    let [before, once, twice, again] = &noted[..] else { panic!("{}", noted.len()) };
    assert!(before != once && once != twice && twice == again, "each file is noted twice");
}

#[test]
fn bare_updates_go_both_ways() {
    let machine = Machine::new("raw");
    let store = machine.group("s", &[]);
    let id = store.send("hi");
    let chat = format!("{GROUP}:chat");
    let file = text(&machine.path("chat.update"));
    store.ok(&["sync", "export", "--raw", &chat, "--out", &file]);
    let plain = Plain::read(Path::new(&file));
    assert_eq!(plain.map("messages")[&id]["content"], "hi");
    let stdout = store.machine.command(&[
        "-s",
        &text(&store.dir),
        "sync",
        "export",
        "--raw",
        &chat,
        "-O",
        "-",
    ]);
    let mut stdout = stdout;
    let bytes = stdout.output().unwrap().stdout;
    assert_eq!(Plain::of(&bytes).map("messages"), plain.map("messages"));

    let peer = machine.store("peer", BOB);
    let dir = text(&peer.dir);
    let import = ["-s", &dir, "sync", "import", "--raw", &chat, "-"];
    machine.run_with_stdin(&import, &bytes).ok();
    assert_eq!(peer.column(&["chat", "list", "-e", GROUP], "content"), ["hi"]);
    // Repeating it changes nothing.
    let before = peer.documents();
    let again = peer.json(&["sync", "import", "--raw", &chat, &file]);
    assert_eq!(again["changed"], false);
    assert_eq!(peer.documents(), before);
    store.run(&["sync", "export", "--raw", "group:none:chat", "--out", &file]).fails(4, "");
}

#[test]
fn an_import_that_empties_a_root_counts_what_went() {
    let machine = Machine::new("emptied");
    let store = machine.group("s", &[]);
    let doc = yrs::Doc::new();
    let send = |change: &dyn Fn(&mut yrs::TransactionMut<'_>)| {
        let mut txn = doc.transact_mut();
        change(&mut txn);
        let file = machine.path("notes.update");
        std::fs::write(&file, txn.encode_update_v1()).unwrap();
        let imported = store.json(&["sync", "import", "--raw", "notes:one:free", &text(&file)]);
        imported["documents"][0].clone()
    };
    let added = send(&|txn| {
        let notes = txn.get_or_insert_map("notes");
        notes.insert(txn, "a", 1);
        notes.insert(txn, "b", 2);
    });
    assert_eq!((&added["added"], &added["deleted"]), (&json!(2), &json!(0)));
    let emptied = send(&|txn| txn.get_or_insert_map("notes").clear(txn));
    assert_eq!((&emptied["added"], &emptied["deleted"]), (&json!(0), &json!(2)));
}

#[cfg(unix)]
#[test]
fn a_bundle_is_a_file_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new("mode");
    let store = machine.group("s", &[]);
    // The mode that this machine gives to any new file.
    let plain = machine.path("plain");
    std::fs::write(&plain, "").unwrap();
    let file = machine.path("out.crdt");
    store.ok(&["sync", "export", "--out", &text(&file)]);
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(file), mode(plain));
}
