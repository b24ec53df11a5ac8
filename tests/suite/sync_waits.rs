//! Bundles that arrive too early, damaged ones, and ones that contradict what is here.

use crate::oracle;
use crate::support::*;
use serde_json::json;
use yrs::{Map, WriteTxn};

/// Three bundles for Carol, each with one message; the second and third need the one before.
fn in_three_parts<'m>(machine: &'m Machine) -> (Store<'m>, Store<'m>, Vec<String>) {
    let alice = machine.group("alice", &[BOB]);
    alice.send("base");
    let carol = machine.replica_of(&alice, "carol", CAROL);
    let receipt = text(&machine.path("receipt.crdt"));
    let bob = machine.replica_of(&alice, "bob", BOB);
    let parts = (1..=3)
        .map(|n| {
            bob.ok(&["sync", "receipt", "-O", &receipt]);
            machine.pass(60);
            alice.send(&format!("part {n}"));
            let part = text(&machine.path(&format!("part-{n}.crdt")));
            alice.ok(&["sync", "export", "--since", &receipt, "-O", &part]);
            bob.ok(&["sync", "import", &part]);
            part
        })
        .collect();
    (alice, carol, parts)
}

#[test]
fn what_comes_too_early_waits_and_is_completed_later() {
    let machine = Machine::new("early");
    let (alice, carol, parts) = in_three_parts(&machine);
    let before = carol.documents();
    let run = carol.run(&["sync", "import", &parts[2], "--json"]);
    run.exits(7);
    let account = run.parsed();
    assert_eq!((&account["waiting"], &account["documents"]), (&json!(1), &json!([])));
    assert!(run.stderr.contains(ALICE), "from whom: {}", run.stderr);
    assert_eq!(carol.documents(), before);
    assert_eq!(carol.column(&["chat", "list"], "content"), ["base"]);
    // Imported again, it waits once.
    let again = carol.run(&["sync", "import", &parts[2], "--json"]);
    assert_eq!(again.exits(7).parsed()["waiting"], 1);
    // The second does not help either.
    carol.run(&["sync", "import", &parts[1]]).exits(7);
    assert_eq!(carol.documents(), before);
    carol.run(&["sync", "status"]).exits(0);
    let status = carol.run(&["sync", "status", "--exit-code", "--json"]);
    let peer = &status.exits(3).parsed()[0];
    assert_eq!((&peer["member"], &peer["waiting"]), (&json!(ALICE), &json!(2)));
    let wait = &peer["waits"][0];
    assert_eq!(wait["doc"], format!("{GROUP}:chat"));
    assert_eq!(wait["had_by"], json!([ALICE]));
    assert_eq!(wait["missing"].as_object().map(serde_json::Map::len), Some(1), "{wait}");
    let told = carol.ok(&["sync", "status", "-o", "tsv"]);
    assert!(told.contains(&format!("what {ALICE} has")), "{told}");
    // The first completes all of it, and nothing is left.
    let completed = carol.json(&["sync", "import", &parts[0]]);
    assert_eq!((&completed["waiting"], &completed["changed"]), (&json!(0), &json!(true)));
    assert_eq!(completed["documents"][0]["added"], 3);
    assert_eq!(carol.digest(), alice.digest());
    assert_eq!(carol.json(&["sync", "import", &parts[2]])["changed"], false);
}

#[test]
fn all_at_once_in_any_order_needs_no_waiting() {
    let machine = Machine::new("at once");
    let (alice, carol, parts) = in_three_parts(&machine);
    let shuffled = [parts[2].as_str(), &parts[0], &parts[1]];
    let account = carol.json(&[&["sync", "import"], &shuffled[..]].concat());
    assert_eq!((&account["bundles"], &account["waiting"]), (&json!(3), &json!(0)));
    assert_eq!(carol.digest(), alice.digest());
}

#[test]
fn a_full_bundle_ends_all_waiting() {
    let machine = Machine::new("full");
    let (alice, carol, parts) = in_three_parts(&machine);
    carol.run(&["sync", "import", &parts[2]]).exits(7);
    alice.give(&carol);
    assert_eq!(carol.digest(), alice.digest());
    assert_eq!(carol.json(&["sync", "import", &parts[0]])["waiting"], 0);
}

#[test]
fn bare_updates_wait_too() {
    let machine = Machine::new("raw");
    let store = machine.store("s", ALICE);
    let write = |n: i64| {
        move |txn: &mut yrs::TransactionMut| {
            txn.get_or_insert_map("notes").insert(txn, format!("n{n}"), n);
        }
    };
    let first = oracle::update(21, &[], write(1));
    let second = oracle::update(21, &[&first], write(2));
    let import = |update: &[u8]| {
        let args = ["-s", &text(&store.dir), "sync", "import", "--raw", "notes:one:free", "-"];
        machine.run_with_stdin(&args, update)
    };
    import(&second).exits(7);
    assert_eq!(store.json(&["doc", "list"]), json!([]), "nothing is there yet");
    import(&first).exits(0);
    let dump = store.json(&["doc", "dump", "notes:one:free"]);
    assert_eq!(dump, json!({"notes": {"n1": 1, "n2": 2}}));
}

/// The import must be refused as untrusted, and nothing may have changed.
#[track_caller]
fn untrusted(store: &Store<'_>, bytes: &[u8], what: &str) {
    let file = store.machine.path("hostile.crdt");
    std::fs::write(&file, bytes).unwrap();
    let before = store.files();
    let run = store.run(&["sync", "import", &text(&file), "--json"]);
    assert_eq!(run.code, 6, "{what}: {run:?}");
    assert_eq!(run.error()["code"], "untrusted", "{what}");
    assert_eq!(run.stdout, "", "{what}");
    assert_eq!(changed(&before, &store.files()), Vec::<String>::new(), "{what}");
    store.run(&["sync", "verify", &text(&file)]).exits(6);
}

/// The names of the files that differ.
fn changed(
    before: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>,
    after: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>,
) -> Vec<String> {
    let all: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differ = all.into_iter().filter(|path| before.get(*path) != after.get(*path));
    differ.map(|path| path.display().to_string()).collect()
}

#[test]
fn a_damaged_bundle_is_refused_whole() {
    let machine = Machine::new("damaged");
    let alice = machine.group("a", &[BOB]);
    alice.send("one");
    let bytes = std::fs::read(alice.export("all.crdt")).unwrap();
    let bob = machine.store("b", BOB);
    bob.ok(&["entity", "create", "group:own", "--name", "Own"]);
    untrusted(&bob, b"", "empty");
    untrusted(&bob, b"not a bundle", "text");
    for cut in [1, bytes.len() / 2, bytes.len() - 1] {
        untrusted(&bob, &bytes[..cut], "cut off");
    }
    untrusted(&bob, &[&bytes[..], b"more"].concat(), "goes on");
    let unpacked = zstd::decode_all(bytes.as_slice()).unwrap();
    for at in (4..bytes.len()).step_by(bytes.len() / 12) {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        // zstd ignores one bit of its header; every change of the content is refused.
        if zstd::decode_all(flipped.as_slice()).ok() != Some(unpacked.clone()) {
            untrusted(&bob, &flipped, &format!("byte {at} of {}", bytes.len()));
        }
    }
    let repacked = |tar: &[u8]| zstd::encode_all(tar, 1).unwrap();
    bob.ok(&[
        "sync",
        "verify",
        &text(&{
            let file = machine.path("repacked.crdt");
            std::fs::write(&file, repacked(&unpacked)).unwrap();
            file
        }),
    ]);
    // A byte inside a part: the hash detects it.
    let at = unpacked.windows(3).rposition(|window| window == b"one").unwrap();
    let mut edited = unpacked.clone();
    edited[at] = b'0';
    untrusted(&bob, &repacked(&edited), "an edited message");
    // Another format, and an invalid manifest.
    let replace = |from: &str, to: &str| {
        let at = unpacked.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut edited = unpacked.clone();
        edited[at..at + from.len()].copy_from_slice(to.as_bytes());
        repacked(&edited)
    };
    untrusted(&bob, &replace("crdtctl-bundle/1", "crdtctl-bundle/9"), "a newer format");
    untrusted(&bob, &replace("\"seq\"", "\"qes\""), "no seq");
}

#[test]
fn one_bad_bundle_among_good_ones_keeps_all_out() {
    let machine = Machine::new("one bad");
    let alice = machine.group("a", &[BOB]);
    alice.send("one");
    let good = alice.export("good.crdt");
    let bad = text(&machine.path("bad.crdt"));
    std::fs::write(&bad, b"x").unwrap();
    let bob = machine.store("b", BOB);
    let before = bob.documents();
    for files in [[&good, &bad], [&bad, &good]] {
        bob.run(&["sync", "import", files[0], files[1]]).fails(6, "bad.crdt");
        bob.run(&["sync", "show", "bad.crdt"]).fails(6, "ask the sender for another");
        assert_eq!(bob.documents(), before);
    }
    bob.run(&["sync", "import", &good, "missing.crdt"]).fails(4, "missing.crdt");
    assert_eq!(bob.documents(), before);
    bob.run(&["sync", "show", "missing.crdt"]).fails(4, "missing.crdt");
    bob.run(&["sync", "verify", "missing.crdt"]).fails(4, "missing.crdt");
    bob.run(&["sync", "export", "--since", &bad, "-O", "x"]).exits(6);
}

#[test]
fn hostile_updates_are_refused_before_yrs_sees_them() {
    let machine = Machine::new("hostile");
    let store = machine.group("s", &[]);
    store.send("hi");
    let before = store.documents();
    let chat = format!("{GROUP}:chat");
    let honest = oracle::update(7, &[], |txn| {
        txn.get_or_insert_map("messages").insert(txn, "a", 1);
    });
    let not_a_map = oracle::update(7, &[], |txn| {
        use yrs::Array;
        txn.get_or_insert_array("messages").push_back(txn, "a");
    });
    for (what, update) in [
        ("nothing", Vec::new()),
        ("a byte", vec![1]),
        ("random bytes", (0..200).map(|n: u32| (n * 37 % 251) as u8).collect()),
        ("cut off", honest[..honest.len() - 1].to_vec()),
        ("trailing bytes", [&honest[..], &[0]].concat()),
        ("an endless count", vec![0xff; 12]),
        ("a root of another type", not_a_map),
        // One client listed twice: a use after free in yrs.
        ("a client twice", vec![2, 0, 7, 0, 0, 7, 0, 0]),
        // A skip of the whole clock range.
        ("a skip", vec![1, 1, 7, 0, 10, 0xff, 0xff, 0xff, 0xff, 0x0f, 0]),
        // A clock near 2^32.
        ("a huge clock", vec![1, 1, 7, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 5, 0]),
    ] {
        let file = machine.path("hostile.update");
        std::fs::write(&file, update).unwrap();
        let run = store.run(&["sync", "import", "--raw", &chat, &text(&file)]);
        assert_eq!(run.code, 6, "{what}: {run:?}");
        assert_eq!(store.documents(), before, "{what}");
    }
    store.run(&["sync", "import", "--raw", "no document", "x"]).exits(4);
}

#[test]
fn two_histories_under_one_client_are_a_fork() {
    let machine = Machine::new("fork");
    let store = machine.store("s", ALICE);
    let said = |what: &'static str| {
        oracle::update(31, &[], move |txn| {
            txn.get_or_insert_map("notes").insert(txn, "a", what);
        })
    };
    let import = |update: Vec<u8>| {
        let file = machine.path("fork.update");
        std::fs::write(&file, update).unwrap();
        store.run(&["sync", "import", "--raw", "notes:one:free", &text(&file), "--json"])
    };
    import(said("this")).exits(0);
    let before = store.documents();
    let run = import(said("that"));
    run.exits(5);
    assert_eq!(run.error()["code"], "forked");
    assert!(run.stderr.contains("31") && run.stderr.contains("notes:one:free"), "{}", run.stderr);
    assert_eq!(store.documents(), before);
    import(said("this")).exits(0);
}

#[test]
fn what_we_never_wrote_under_our_own_id_is_a_fork() {
    let machine = Machine::new("own id");
    let store = machine.group("s", &[]);
    store.send("hi");
    let chat = store.document(&format!("{GROUP}:chat"));
    let us = oracle::Plain::read(&chat).clients()[0].0;
    let state = std::fs::read(&chat).unwrap();
    let forged = oracle::update(us, &[&state], |txn| {
        txn.get_or_insert_map("messages").insert(txn, "forged", 1);
    });
    let file = machine.path("forged.update");
    std::fs::write(&file, forged).unwrap();
    let before = store.documents();
    store.run(&["sync", "import", "--raw", &format!("{GROUP}:chat"), &text(&file)]).fails(5, "");
    assert_eq!(store.documents(), before);
}

/// Waiting updates take space, and forged ones must not take all of it.
#[test]
fn only_so_much_may_wait() {
    let machine = Machine::new("inbox");
    let store = machine.group("s", &[]);
    store.send("here already");
    let files: Vec<String> = (0..1_001u16)
        .map(|n| {
            let path = machine.path(&format!("{n}.update"));
            // From a client of its own, after a clock that nobody brings.
            let client = [0x80 | (n & 0x7f) as u8, (n >> 7) as u8];
            let update = [&[1, 1], &client[..], &[5, 0x84], &client, &[4, 1, b'x', 0]].concat();
            std::fs::write(&path, update).unwrap();
            text(&path)
        })
        .collect();
    let import = |files: &[String]| {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        store.run(&[&["sync", "import", "--json", "--raw", "chat"], &files[..]].concat())
    };
    let before = store.files();
    import(&files).fails(1, "at most 1000");
    assert_eq!(store.files(), before);
    let (last, rest) = files.split_last().unwrap();
    assert_eq!(import(rest).exits(7).parsed()["waiting"], 1_000);
    let before = store.documents();
    import(std::slice::from_ref(last)).fails(1, "at most 1000");
    // Updates that need not wait are accepted all the same.
    store.send("still works");
    assert_ne!(store.documents(), before);
    // In the end they can be set aside.
    machine.pass(8 * 86_400);
    let findings = store.run(&["check", "-o", "id"]).exits(3).stdout.clone();
    assert_eq!(findings.lines().filter(|id| id.starts_with("long-wait")).count(), 1_000);
    let ids: Vec<&str> = findings.lines().collect();
    store.ok(&[&["repair"], &ids[..]].concat());
    import(std::slice::from_ref(last)).exits(7);
}
