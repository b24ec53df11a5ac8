//! Every limit: what is just allowed, what is just not, and that then nothing is written.

use crate::oracle;
use crate::support::*;
use yrs::{Map, MapPrelim, ReadTxn, Transact, WriteTxn};

/// Runs a command that must be refused with exit 1 and leave every document as it was.
#[track_caller]
fn refused(store: &Store<'_>, args: &[&str], message: &str) {
    let before = store.documents();
    store.run(args).fails(1, message);
    assert_eq!(store.documents(), before);
}

#[test]
fn a_message_has_at_most_ten_thousand_bytes() {
    let machine = Machine::new("text");
    let store = machine.group("s", &[]);
    let longest = "x".repeat(10_000);
    let id = store.send(&longest);
    assert_eq!(store.json(&["chat", "show", &id])["content"], longest);
    refused(&store, &["chat", "send", &"x".repeat(10_001)], "10001 bytes, more than 10000");
    refused(&store, &["chat", "edit", &id, &"x".repeat(10_001)], "more than 10000");
    // Bytes, not characters.
    store.send(&"ü".repeat(5_000));
    refused(&store, &["chat", "send", &"ü".repeat(5_001)], "10002 bytes");
    let dir = text(&store.dir);
    let send = ["-s", &dir, "chat", "send", "-"];
    machine.run_with_stdin(&send, longest.as_bytes()).ok();
    machine.run_with_stdin(&send, format!("{longest}\n").as_bytes()).ok();
    machine.run_with_stdin(&send, format!("{longest}x\n").as_bytes()).fails(1, "more than 10000");
}

#[test]
fn a_flood_on_standard_input_is_refused() {
    let machine = Machine::new("flood");
    let store = machine.group("s", &[]);
    let dir = text(&store.dir);
    let flood = vec![b'x'; (16 << 20) + 1];
    machine.run_with_stdin(&["-s", &dir, "chat", "send", "-"], &flood).fails(1, "more than");
}

#[test]
fn a_name_has_at_most_a_hundred_characters() {
    let machine = Machine::new("names");
    let store = machine.group("s", &[]);
    let longest = "ü".repeat(100);
    store.ok(&["entity", "rename", &longest]);
    assert_eq!(store.json(&["entity", "show"])["name"], longest);
    refused(&store, &["entity", "rename", &"ü".repeat(101)], "101 characters, more than 100");
    let create = ["entity", "create", "group:two", "--name", &"x".repeat(101)];
    refused(&store, &create, "more than 100");
    store.ok(&["entity", "create", "group:two", "--name", &"x".repeat(100)]);
}

#[test]
fn an_id_has_at_most_128_bytes() {
    let machine = Machine::new("ids");
    let store = machine.group("s", &[]);
    let longest = "m".repeat(128);
    assert_eq!(store.ok(&["member", "add", &longest]), longest);
    store.ok(&["chat", "send", "hi", "--as", &longest]);
    let before = store.documents();
    let too_long = "m".repeat(129);
    for args in [
        &["member", "add", &too_long][..],
        &["chat", "send", "hi", "--as", &too_long],
        &["entity", "create", &format!("group:{too_long}"), "--name", "N"],
    ] {
        let run = store.run(args);
        run.exits(1);
        assert!(run.stderr.contains("129 bytes, more than 128"), "{}", run.stderr);
    }
    assert_eq!(store.documents(), before);
    let entity = format!("group:{}", "e".repeat(128));
    assert_eq!(store.ok(&["entity", "create", &entity, "--name", "N"]), entity);
    // Its documents are named by a hash, and can be found again.
    store.ok(&["chat", "send", "in there", "-e", &entity]);
    assert_eq!(store.column(&["chat", "list", "-e", &entity], "content"), ["in there"]);
    let name = store.document(&format!("{entity}:chat"));
    assert!(name.file_name().unwrap().to_str().unwrap().starts_with("h_"), "{}", name.display());
}

/// An update that adds messages of 10,000 bytes to a chat, whoever wrote them.
fn bulk(from: u32, messages: u32) -> Vec<u8> {
    oracle::update(1000 + u64::from(from), &[], |txn| {
        let root = txn.get_or_insert_map("messages");
        for n in from..from + messages {
            let (id, content) = (format!("{n:08}-bulk"), format!("{n:010000}"));
            let fields = [("id", id.clone()), ("author_id", BOB.into()), ("content", content)];
            root.insert(txn, id, MapPrelim::from_iter(fields));
        }
    })
}

#[test]
fn a_document_near_its_limit_says_so_and_over_it_takes_nothing_new() {
    let machine = Machine::new("document");
    let store = machine.group("s", &[BOB]);
    let chat = format!("{GROUP}:chat");
    let file = text(&machine.path("bulk.update"));
    let import = |from, messages| {
        std::fs::write(&file, bulk(from, messages)).unwrap();
        store.run(&["sync", "import", "--raw", &chat, &file])
    };
    import(0, 700).exits(0);
    let quiet = store.run(&["chat", "send", "70 percent"]);
    assert!(!quiet.stderr.contains("limit"), "{}", quiet.stderr);

    let run = import(700, 150);
    assert!(run.exits(0).stderr.contains("of its limit"), "{}", run.stderr);
    let run = store.run(&["chat", "send", "85 percent"]);
    assert!(run.exits(0).stderr.contains("% of its limit"), "{}", run.stderr);
    let mine = run.ok();

    // An import never loses data to a limit.
    import(850, 200).exits(0);
    assert_eq!(store.column(&["chat", "list"], "id").len(), 1052);
    let before = store.documents();
    let refused = store.run(&["chat", "send", "one more", "--json"]);
    refused.fails(1, "more than its limit");
    assert_eq!(refused.error()["code"], "refused");
    assert!(refused.error()["hint"].as_str().is_some_and(|hint| hint.contains("crdtctl")));
    assert_eq!(store.documents(), before);
    // Editing, deleting, pruning and syncing still work.
    let run = store.run(&["chat", "edit", &mine, "still here"]);
    assert!(run.exits(0).stderr.contains("over its limit"), "{}", run.stderr);
    store.ok(&["chat", "delete", &mine]);
    store.ok(&["prune"]);
    store.export("all.crdt");
    // The other documents are not affected.
    store.ok(&["member", "add", CAROL]);
}

/// Members of a core document who were added and pruned again: only their keys stay.
fn departed(from: usize, members: usize) -> Vec<u8> {
    let doc = yrs::Doc::with_client_id(78);
    let ids = (from..from + members).map(|n| format!("{n:0120}"));
    let ids: Vec<String> = ids.collect();
    let mut txn = doc.transact_mut();
    let root = txn.get_or_insert_map("members");
    for id in &ids {
        let fields = [("member_id", id.as_str()), ("role", "guest")];
        root.insert(&mut txn, id.as_str(), MapPrelim::from_iter(fields));
    }
    for id in &ids {
        root.remove(&mut txn, id);
    }
    txn.encode_state_as_update_v1(&yrs::StateVector::default())
}

#[test]
fn what_removed_records_left_fills_no_document() {
    let machine = Machine::new("residue");
    let store = machine.group("s", &[BOB]);
    let core = format!("{GROUP}:core");
    let file = text(&machine.path("gone.update"));
    std::fs::write(&file, departed(0, 9_000)).unwrap();
    let run = store.run(&["sync", "import", "--raw", &core, &file]);
    assert!(!run.exits(0).stderr.contains("limit"), "{}", run.stderr);
    let sizes = store.json(&["doc", "size", &core]);
    let (bytes, residue) = (&sizes["file_bytes"], &sizes["residue_bytes"]);
    assert!(bytes.as_u64().unwrap() > 1_000_000, "{bytes}");
    let live = bytes.as_u64().unwrap() - residue.as_u64().unwrap();
    assert!(live < 100_000, "{residue} of {bytes}");
    // Far over the limit in bytes of its file, with next to nothing in it.
    let run = store.run(&["member", "add", CAROL]);
    assert!(!run.exits(0).stderr.contains("limit"), "{}", run.stderr);
    assert_eq!(store.json(&["status"])["limits"], serde_json::json!([]));
    let checked = store.run(&["check", "--json"]);
    let found = checked.exits(3).stdout.clone();
    assert!(found.contains("\"residue\"") && !found.contains("\"over-limit\""), "{found}");
    assert!(found.contains("crdtctl entity create"), "{found}");
}

/// A member whose record has a long note of another program's.
fn noted(client: u64, length: u64) -> Vec<u8> {
    let doc = yrs::Doc::with_client_id(client);
    let mut txn = doc.transact_mut();
    let (id, note) = (format!("noted-{client}-lake-tree"), "x".repeat(length as usize));
    let fields = [("member_id", id.as_str()), ("role", "guest"), ("note", &note)];
    txn.get_or_insert_map("members").insert(&mut txn, id.as_str(), MapPrelim::from_iter(fields));
    txn.encode_state_as_update_v1(&yrs::StateVector::default())
}

/// In a batch the size that counts for the limit is measured only now and then, which must not show: the last
/// accepted line is the one that exceeds it.
#[test]
fn a_batch_goes_as_far_as_its_lines_would_one_by_one() {
    const LIMIT: u64 = 1_000_000;
    let machine = Machine::new("measured");
    let store = machine.group("s", &[BOB]);
    let core = format!("{GROUP}:core");
    let counted = |store: &Store<'_>| {
        let sizes = store.json(&["doc", "size", &core]);
        sizes["file_bytes"].as_u64().unwrap() - sizes["residue_bytes"].as_u64().unwrap()
    };
    let file = text(&machine.path("import.update"));
    let import = |bytes: Vec<u8>| {
        std::fs::write(&file, bytes).unwrap();
        store.run(&["sync", "import", "--raw", &core, &file]).exits(0);
    };
    import(departed(0, 9_000));
    import(noted(7, LIMIT - counted(&store) - 4_000));
    // Every second line overwrites what is there: it adds to the log, and nearly nothing here.
    let add = |n: u64| format!(r#"{{"op":"member.add","member":"guest-{n:03}-lake-tree"}}"#);
    let role = |n: u64| {
        let role = ["member", "admin"][n as usize % 2];
        format!(r#"{{"op":"member.role","member":"{BOB}","role":"{role}"}}"#)
    };
    let lines: Vec<String> = (0..60).flat_map(|n| [add(n), role(n)]).collect();
    let batch = machine.path("lines.ndjson");
    std::fs::write(&batch, lines.join("\n")).unwrap();
    let run = store.run(&["batch", &text(&batch), "-n", "--keep-going", "--json"]);
    let results: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let taken: Vec<bool> =
        results.as_array().unwrap().iter().map(|row| row["error"].is_null()).collect();
    let refused = taken.iter().position(|taken| !taken).expect("a line that is refused");
    assert!(refused > 10, "{refused} lines were taken");
    // No more members after the first refused one, while other lines go on.
    for (n, taken) in taken.iter().enumerate() {
        assert_eq!(*taken, n < refused || n % 2 == 1, "line {n}");
    }
    // Before the last accepted one it is not full, and with it, it is.
    let up_to = |count: usize| {
        std::fs::write(&batch, lines[..count].join("\n")).unwrap();
        store.run(&["batch", &text(&batch)]).exits(0);
        counted(&store)
    };
    assert!(up_to(refused - 2) <= LIMIT);
    std::fs::write(&batch, lines[refused - 2..refused].join("\n")).unwrap();
    store.run(&["batch", &text(&batch)]).exits(0);
    assert!(counted(&store) > LIMIT);
}
