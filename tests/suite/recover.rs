//! `recover`: what is left, what others have, and an account of every record.

use crate::damage::{self, CHAT, CORE, ISSUES, KANBAN, NOTES};
use crate::support::*;
use serde_json::Value;
use std::path::Path;

/// Counts of records: whole, partial, lost.
fn counts(records: &Value) -> (usize, usize, usize) {
    let count = |state: &str| {
        records.as_array().unwrap().iter().filter(|record| record["state"] == state).count()
    };
    (count("whole"), count("partial"), count("lost"))
}

/// Recovers the chat beside the store, which stays as it is.
#[track_caller]
fn recover(store: &Store<'_>, doc: &str, from: &[&str], out: &str) -> Value {
    let before = store.files();
    let dir = text(&store.machine.path(out));
    let from = if from.is_empty() { Vec::new() } else { [&["--from"], from].concat() };
    let run = store.run(&[&["recover", doc, "-O", &dir, "--json"], from.as_slice()].concat());
    assert_eq!(store.files(), before, "the store is as it was");
    let records = run.json();
    for record in records.as_array().unwrap() {
        assert_eq!(keys(record), ["doc", "kind", "id", "state", "missing"]);
    }
    let made = store.machine.open(store.machine.path(out));
    made.run(&["check", "--deep", doc]).exits(0);
    records
}

fn cut(file: &Path, part: impl FnOnce(usize) -> usize) {
    let bytes = std::fs::read(file).unwrap();
    std::fs::write(file, &bytes[..part(bytes.len())]).unwrap();
}

/// A group with forty messages of two replicas, the second one's bundle, and nothing in the log.
fn talkative(machine: &Machine) -> (Store<'_>, String) {
    let alice = machine.group("a", &[BOB]);
    for n in 0..20 {
        alice.send(&format!("alice says {n}"));
    }
    let bob = machine.replica_of(&alice, "b", BOB);
    for n in 0..20 {
        bob.send(&format!("bob says {n}"));
    }
    bob.give(&alice);
    let bundle = bob.export("bob.crdt");
    // A store without a log: only the file is left of it.
    let alone = machine.open(machine.path("alone"));
    copy_tree(&alice.dir.join("crdt"), &alone.dir.join("crdt"));
    (alone, bundle)
}

#[test]
fn a_document_comes_back_whole_from_the_log() {
    let machine = Machine::new("log");
    let store = damage::sound(&machine);
    let digest = store.ok(&["digest", CHAT]);
    cut(&store.document(CHAT), |bytes| bytes / 3);
    assert_eq!(counts(&recover(&store, CHAT, &[], "out")), (2, 0, 0));
    assert_eq!(machine.open(machine.path("out")).ok(&["digest", CHAT]), digest);
    // The same if the file is gone altogether.
    std::fs::remove_file(store.document(CHAT)).unwrap();
    assert_eq!(counts(&recover(&store, CHAT, &[], "again")), (2, 0, 0));
}

#[test]
fn others_have_what_the_file_has_lost() {
    let machine = Machine::new("others");
    let (store, bundle) = talkative(&machine);
    let digest = store.ok(&["digest", CHAT]);
    cut(&store.document(CHAT), |bytes| bytes / 2);
    let bob = text(&machine.path("b"));
    for (at, from) in [[bundle.as_str()], [bob.as_str()]].iter().enumerate() {
        let out = format!("out {at}");
        assert_eq!(counts(&recover(&store, CHAT, from, &out)), (40, 0, 0));
        assert_eq!(machine.open(machine.path(&out)).ok(&["digest", CHAT]), digest);
    }
    // A bare file from a backup works as well.
    let backup = machine.path("backup.yrs");
    std::fs::copy(
        machine.path("b").join(store.document(CHAT).strip_prefix(&store.dir).unwrap()),
        &backup,
    )
    .unwrap();
    assert_eq!(counts(&recover(&store, CHAT, &[&text(&backup)], "bare")), (40, 0, 0));
}

#[test]
fn the_longest_valid_prefix_is_kept_and_the_rest_is_named() {
    let machine = Machine::new("prefix");
    let (store, _) = talkative(&machine);
    let all: Vec<String> = store.column(&["chat", "list", "--all"], "id");
    let content = store.json(&["doc", "dump", CHAT]);
    let file = store.document(CHAT);
    let sound = std::fs::read(&file).unwrap();
    let mut last = 0;
    for (at, tenths) in [2usize, 5, 8].iter().enumerate() {
        std::fs::write(&file, &sound[..sound.len() * tenths / 10]).unwrap();
        let out = format!("out {at}");
        let records = recover(&store, CHAT, &[], &out);
        let (whole, partial, lost) = counts(&records);
        assert!(whole > last && partial <= 1, "{tenths}: {records:#}");
        last = whole;
        let made = machine.open(machine.path(&out)).json(&["doc", "dump", CHAT]);
        for record in records.as_array().unwrap() {
            let id = record["id"].as_str().unwrap();
            assert!(all.contains(&id.to_owned()), "{record}");
            match record["state"].as_str().unwrap() {
                "whole" => assert_eq!(made["messages"][id], content["messages"][id], "{record}"),
                "partial" => assert!(!record["missing"].as_array().unwrap().is_empty(), "{record}"),
                _ => assert_eq!(made["messages"][id], Value::Null, "{record}"),
            }
        }
        // Half a file does not reveal what was in the other half.
        assert_eq!(lost, 0, "{tenths}");
    }
    // Damage in the middle: records after it can still be named.
    let mut damaged = sound.clone();
    let middle = damaged.len() / 2;
    damaged[middle..middle + 40].fill(0xff);
    std::fs::write(&file, &damaged).unwrap();
    let (whole, partial, lost) = counts(&recover(&store, CHAT, &[], "middle"));
    assert!(whole > 10 && lost > 10 && partial <= 1, "{whole} {partial} {lost}");
    assert!(whole + partial + lost >= 38, "{whole} {partial} {lost}");
}

#[test]
fn any_damage_leaves_something_sound_or_says_that_nothing_is_left() {
    let machine = Machine::new("any");
    let (store, bundle) = talkative(&machine);
    let said = store.json(&["chat", "list"]);
    let file = store.document(CHAT);
    let sound = std::fs::read(&file).unwrap();
    for round in 0..36usize {
        let mut bytes = sound.clone();
        let at = (round * 7919) % bytes.len();
        match round % 3 {
            0 => bytes[at] ^= 1 << (round % 8),
            1 => bytes.truncate(at),
            _ => drop(bytes.splice(at..at + 1, [0x80; 9])),
        }
        std::fs::write(&file, &bytes).unwrap();
        let out = text(&machine.path(&format!("alone {round}")));
        let run = store.run(&["recover", CHAT, "-O", &out]);
        // A changed letter in a message is damage that does not show.
        assert!([0, 1, 4].contains(&run.code), "{round}: {run:?}");
        let out = format!("with {round}");
        let records = recover(&store, CHAT, &[&bundle], &out);
        // Others have all of it: no damage loses a record of theirs. A single flipped bit may make the file
        // and the bundle disagree about one operation, and nobody knows which is right.
        let (whole, partial, _) = counts(&records);
        assert_eq!(whole + partial, 40, "{round}: {records:#}");
        assert!(partial <= 1, "{round}: {records:#}");
        let made = machine.open(machine.path(&out)).json(&["chat", "list"]);
        assert_eq!(made, said, "{round}");
    }
}

#[test]
fn a_fork_keeps_what_is_trusted_more_and_names_the_rest() {
    let machine = Machine::new("fork");
    let fork = damage::ALL.iter().find(|damage| damage.kind == "replica-fork").unwrap();
    let store = (fork.make)(&machine);
    let records = recover(&store, CHAT, &[], "out");
    assert_eq!(counts(&records), (3, 0, 1), "{records:#}");
    let lost = records.as_array().unwrap().iter().find(|record| record["state"] == "lost");
    assert_eq!(lost.unwrap()["id"], "theirs");
    let said = machine.open(machine.path("out")).column(&["chat", "list"], "content");
    assert!(said.contains(&"ours".to_owned()), "{said:?}");
}

#[test]
fn what_waits_is_used_once_others_bring_what_it_waits_for() {
    let machine = Machine::new("pending");
    let pending = damage::ALL.iter().find(|damage| damage.kind == "pending").unwrap();
    let store = (pending.make)(&machine);
    let out = text(&machine.path("out"));
    store.run(&["recover", NOTES, "-O", &out]).fails(4, "nothing left of");
    assert!(!machine.path("out").exists());
    let other = damage::foreign(77, None);
    {
        use yrs::{Map, Transact, WriteTxn};
        let mut txn = other.transact_mut();
        txn.get_or_insert_map("notes").insert(&mut txn, "a", "1");
    }
    let backup = machine.path("backup.yrs");
    std::fs::write(&backup, damage::state(&other)).unwrap();
    let records = recover(&store, NOTES, &[&text(&backup)], "out");
    assert_eq!(counts(&records), (1, 0, 0));
    assert_eq!(machine.open(machine.path("out")).json(&["doc", "dump", NOTES])["notes"]["a"], "2");
}

#[test]
fn nothing_is_written_over() {
    let machine = Machine::new("over");
    let store = damage::sound(&machine);
    let digest = store.digest();
    for doc in [CHAT, CORE] {
        store.run(&["recover", doc, "-O", "whole"]).fails(1, "is damaged");
        cut(&store.document(doc), |bytes| bytes / 2);
    }
    let own = text(&store.dir);
    let before = store.files();
    store.run(&["recover", CHAT, "-O", &own]).fails(1, "is this store");
    let other = machine.store("other", BOB);
    store.run(&["recover", CHAT, "-O", &text(&other.dir)]).fails(1, "in use");
    let out = text(&machine.path("out"));
    let dry = store.run(&["recover", CHAT, "-O", &out, "-n"]);
    assert!(dry.exits(0).stderr.contains("dry run"), "{}", dry.stderr);
    assert!(!machine.path("out").exists());
    store.ok(&["recover", CHAT, "-O", &out]);
    let made = files(&machine.path("out"));
    store.run(&["recover", CHAT, "-O", &out]).fails(1, "already");
    assert_eq!(files(&machine.path("out")), made);
    // A second document may be put beside it.
    store.ok(&["recover", CORE, "-O", &out]);
    assert_eq!(machine.open(machine.path("out")).digest(), digest);
    assert_eq!(store.files(), before);
    store.run(&["recover", "nothing:like:this", "-O", &text(&machine.path("no"))]).fails(4, "left");
    store.run(&["recover", CHAT]).exits(2);
    store.run(&["recover", CHAT, "-O", "x", "--from", "nowhere"]).fails(4, "nowhere");
}

#[test]
fn a_store_without_its_database_and_the_tables_for_people() {
    let machine = Machine::new("no database");
    let broken = damage::ALL.iter().find(|damage| damage.kind == "unreadable-state").unwrap();
    let store = (broken.make)(&machine);
    let out = text(&machine.path("out"));
    let run = store.run(&["recover", CHAT, "-O", &out, "--output", "table"]);
    run.exits(0);
    let rows: Vec<Vec<&str>> =
        run.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows, [["KIND", "WHOLE", "PARTIAL", "LOST"], ["message", "2", "0", "0"]]);
    let each = ["recover", CHAT, "-O", &text(&machine.path("each")), "-o", "table", "--records"];
    let each = store.run(&each);
    assert_eq!(each.exits(0).stdout.matches(" whole").count(), 2, "{}", each.stdout);
    assert!(run.stderr.contains("its log is left out"), "{}", run.stderr);
    assert!(run.stderr.contains("2 records whole, 0 partial, 0 lost"), "{}", run.stderr);
}

#[test]
fn the_store_goes_on_with_what_was_recovered() {
    for with_log in [true, false] {
        let machine = Machine::new(&format!("go on {with_log}"));
        let (alone, bundle) = talkative(&machine);
        let store = if with_log { machine.open(machine.path("a")) } else { alone };
        let digest = store.digest();
        let file = store.document(CHAT);
        cut(&file, |bytes| bytes / 2);
        let out = text(&machine.path("out"));
        let run = store.run(&["recover", CHAT, "--from", &bundle, "-O", &out]);
        let last = run.exits(0).stderr.lines().last().unwrap().to_owned();
        let command = last.split('`').find(|part| part.starts_with("mv ")).unwrap();
        machine.shell(command);
        assert!(file.with_extension("yrs.damaged").exists());
        let found = store.run(&["check", "-o", "id"]);
        for id in found.stdout.lines() {
            store.ok(&["repair", id]);
        }
        store.run(&["check", "--deep"]).exits(0);
        assert_eq!(store.digest(), digest);
        store.ok(&["chat", "send", "and on", "--as", ALICE]);
    }
}

/// A board and an issue, which have containers in arrays.
#[test]
fn records_in_arrays_are_named_too() {
    let machine = Machine::new("arrays");
    let (board, issue) = (Machine::new("board"), Machine::new("issue"));
    for (at, (store, doc, expected)) in [
        (
            damage::sound_board(&board),
            KANBAN,
            ["card card-1", "column done", "column todo"].as_slice(),
        ),
        (damage::sound_issue(&issue), ISSUES, &["comment comment-1", "issue issue-1"]),
    ]
    .iter()
    .enumerate()
    {
        let names = |records: &Value| -> Vec<String> {
            let of = |r: &Value| {
                format!("{} {}", r["kind"].as_str().unwrap(), r["id"].as_str().unwrap())
            };
            let mut names: Vec<String> = records.as_array().unwrap().iter().map(of).collect();
            names.sort();
            names
        };
        let bytes = std::fs::read(store.document(doc)).unwrap();
        cut(&store.document(doc), |bytes| bytes / 2);
        let records = recover(store, doc, &[], "out");
        assert_eq!((names(&records), counts(&records).0), (strings(expected), expected.len()));
        // Together with one that disagrees from the middle on.
        let damaged = machine.path(&format!("damaged-{at}.yrs"));
        for bit in (0..bytes.len() * 8).step_by(61) {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&damaged, bytes).unwrap();
            let out = format!("out {bit}");
            let records = recover(store, doc, &[&text(&damaged)], &out);
            let (whole, partial, _) = counts(&records);
            assert!(whole + partial == expected.len() && partial <= 1, "{bit}: {records:#}");
        }
    }
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn the_hints_lead_here() {
    let machine = Machine::new("hints");
    let store = damage::sound(&machine);
    cut(&store.document(CHAT), |bytes| bytes / 2);
    let run = store.run(&["chat", "list"]);
    run.fails(5, "does not hold a valid document");
    let hint = format!("crdtctl recover {CHAT} -O DIR");
    assert!(run.stderr.contains(&hint) && run.stderr.contains("crdtctl check"), "{}", run.stderr);
}

#[test]
fn what_was_recovered_takes_its_place_and_the_damaged_file_is_kept() {
    let machine = Machine::new("apply");
    let (store, bundle) = talkative(&machine);
    let digest = store.ok(&["digest", CHAT]);
    let file = store.document(CHAT);
    cut(&file, |bytes| bytes / 2);
    let damaged = std::fs::read(&file).unwrap();
    let out = text(&machine.path("out"));
    let recover = ["recover", CHAT, "--apply", "--from", &bundle, "-O", &out];
    let before = store.files();
    let dry = store.run(&[&recover[..], &["-n"]].concat());
    assert!(dry.exits(0).stderr.contains("it would replace"), "{}", dry.stderr);
    assert_eq!((store.files(), machine.path("out").exists()), (before, false));
    let run = store.run(&[&recover[..], &["--json"]].concat());
    assert_eq!(counts(&run.json()), (40, 0, 0));
    assert!(run.stderr.contains("the damaged file is kept as"), "{}", run.stderr);
    assert_eq!(store.ok(&["digest", CHAT]), digest);
    store.run(&["check", "--deep", CHAT]).exits(0);
    store.ok(&["chat", "send", "on we go", "--as", ALICE]);
    let aside = file.with_extension("yrs.damaged");
    assert_eq!(std::fs::read(&aside).unwrap(), damaged);
    // The kept file is not overwritten by the next one.
    cut(&store.document(CHAT), |bytes| bytes / 2);
    let before = store.files();
    let again = text(&machine.path("again"));
    let recover = ["recover", CHAT, "--apply", "--from", &bundle, "-O", &again];
    store.run(&recover).fails(1, "exists already");
    assert_eq!((store.files(), machine.path("again").exists()), (before, false));
    // If the file is gone there is nothing to keep.
    std::fs::remove_file(&aside).unwrap();
    std::fs::remove_file(store.document(CHAT)).unwrap();
    store.run(&recover).exits(0);
    assert_eq!(store.json(&["chat", "list"]).as_array().unwrap().len(), 41);
    assert!(!aside.exists());
}

/// Of a replica, whose log has everything.
#[test]
fn what_took_its_place_is_the_stores_own() {
    let machine = Machine::new("own");
    let alice = machine.group("a", &[]);
    let first = alice.send("one");
    let digest = alice.digest();
    let log = alice.json(&["log"]);
    cut(&alice.document(CHAT), |bytes| bytes / 2);
    let out = text(&machine.path("out"));
    alice.run(&["recover", CHAT, "--apply", "-O", &out]).exits(0);
    alice.run(&["check", "--deep"]).exits(0);
    assert_eq!(alice.json(&["log"]), log, "nothing happened to what it says");
    assert_eq!(alice.digest(), digest);
    assert_eq!(alice.column(&["chat", "list"], "id"), [first]);
    alice.send("two");
    alice.run(&["check", "--deep"]).exits(0);
}

/// What an old bundle provides lacks what the log builds on: that waits, and no hint leads in a circle.
#[test]
fn what_an_old_bundle_gives_goes_on_and_takes_in_the_rest_when_it_comes() {
    let machine = Machine::new("old bundle");
    let alice = machine.group("a", &[BOB]);
    alice.send("one");
    let old = alice.export("old.crdt");
    let bob = machine.replica_of(&alice, "b", BOB);
    alice.send("two");
    alice.give(&bob);
    machine.pass(100 * 86_400);
    // What is older than that is trimmed from the log by the next command.
    for text in ["three", "four", "five"] {
        alice.send(text);
    }
    alice.give(&bob);
    let digest = bob.ok(&["digest", CHAT]);
    let file = alice.document(CHAT);
    cut(&file, |bytes| bytes / 3);
    // Beside the store first: the suggested command continues with it.
    let beside = text(&machine.path("beside"));
    let run = alice.run(&["recover", CHAT, "--from", &old, "-O", &beside]);
    let said = &run.exits(0).stderr;
    assert!(said.contains("of the log do not fit it: `crdtctl recover"), "{said}");
    let out = text(&machine.path("out"));
    let run = alice.run(&["recover", CHAT, "--apply", "--from", &old, "-O", &out]);
    let said = &run.exits(0).stderr;
    assert!(said.contains("of the log build on what is missing, and wait"), "{said}");
    let said = alice.column(&["chat", "list"], "content");
    assert!(said.contains(&"one".to_owned()) && !said.contains(&"five".to_owned()), "{said:?}");
    // Every finding can be resolved.
    let found = alice.run(&["check", "-o", "id"]).stdout;
    for id in found.lines() {
        alice.ok(&["repair", id]);
    }
    alice.run(&["check", "--deep"]).exits(0);
    machine.pass(1);
    alice.send("six");
    let status = alice.run(&["sync", "status"]).stderr;
    assert!(status.contains("log entry"), "{status}");
    // Whoever has what is missing brings it.
    bob.give(&alice);
    let said = alice.column(&["chat", "list"], "content");
    assert_eq!(said, ["one", "two", "three", "four", "five", "six"]);
    alice.meet(&bob);
    assert_ne!(alice.ok(&["digest", CHAT]), digest);
    for store in [&alice, &bob] {
        store.run(&["check", "--deep"]).exits(0);
    }
    assert!(!alice.run(&["sync", "status"]).stderr.contains("log entry"));
}

/// The `.meta` beside the file described what was replaced.
#[test]
fn what_replaces_a_file_of_a_store_without_a_local_state_has_its_own_meta() {
    let machine = Machine::new("apply without a state");
    let (store, bundle) = talkative(&machine);
    let file = store.document(CHAT);
    assert!(file.with_extension("meta").exists());
    cut(&file, |length| length * 2 / 3);
    store.ok(&["recover", CHAT, "--from", &bundle, "--apply", "-O", &text(&machine.path("out"))]);
    assert_eq!(store.json(&["check"]), serde_json::json!([]));
}
