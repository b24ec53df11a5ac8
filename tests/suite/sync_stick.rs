//! `sync stick`: one command for a stick that goes round.

use crate::support::*;
use serde_json::{Value, json};
use std::path::PathBuf;

fn stick(machine: &Machine) -> String {
    let dir = machine.path("usb");
    std::fs::create_dir(&dir).unwrap();
    text(&dir)
}

/// The outcome of the files, by the end of their names.
#[track_caller]
fn files_of(answer: &Value) -> Vec<(String, String)> {
    let end = |file: &str| file.splitn(4, '_').nth(3).unwrap_or(file).to_owned();
    let files = answer["files"].as_array().unwrap_or_else(|| panic!("no files: {answer}"));
    let told = |row: &Value| (end(row["file"].as_str().unwrap()), row["state"].clone());
    files.iter().map(told).map(|(file, state)| (file, state.as_str().unwrap().to_owned())).collect()
}

fn written(file: &str) -> Vec<(String, String)> {
    vec![(file.to_owned(), "written".to_owned())]
}

#[test]
fn three_and_a_stick() {
    let machine = Machine::new("stick");
    let usb = stick(&machine);
    let alice = machine.group("a", &[BOB, CAROL]);
    alice.send("from Alice");
    let bob = machine.store("b", BOB);
    let carol = machine.store("c", CAROL);
    let all = [&alice, &bob, &carol];
    let visit = |store: &Store<'_>| store.json(&["sync", "stick", &usb]);

    // Nobody was heard of: one whole bundle is for all of them, and the next step is printed.
    let run = alice.run(&["sync", "stick", &usb, "-o", "tsv"]);
    assert!(run.ok().contains(&format!("{BOB}, {CAROL}\twritten")), "{}", run.stdout);
    assert!(run.stderr.contains(&format!("take it to {BOB}, {CAROL}")), "{}", run.stderr);
    let first = visit(&bob);
    assert_eq!(first["imported"]["bundles"], 1);
    assert_eq!(bob.column(&["chat", "list"], "content"), ["from Alice"]);
    bob.send("from Bob");
    visit(&bob);
    visit(&carol);
    let mut said = carol.column(&["chat", "list"], "content");
    said.sort();
    assert_eq!(said, ["from Alice", "from Bob"]);
    visit(&alice);
    assert_eq!(alice.digest(), carol.digest());
    for _ in 0..3 {
        all.iter().for_each(|store| drop(visit(store)));
    }

    // Now all know about all. Nothing is new: neither the stick nor a store changes.
    let before: Vec<_> = all.iter().map(|store| store.files()).collect();
    let on_stick = files(&PathBuf::from(&usb));
    for store in all {
        machine.pass(3600);
        let run = store.run(&["sync", "stick", &usb, "--json"]);
        let answer = run.json();
        assert_eq!(answer["imported"], Value::Null);
        assert_eq!(files_of(&answer), [("receipt.crdt".to_owned(), "there".to_owned())]);
        assert!(run.stderr.contains("nobody is known to lack anything"), "{}", run.stderr);
    }
    assert_eq!(files(&PathBuf::from(&usb)), on_stick);
    let after: Vec<_> = all.iter().map(|store| store.files()).collect();
    assert!(after == before, "a visit without news changes a store");

    // One message travels alone, in a separate bundle for each, which is removed when they have it.
    alice.send("one more");
    let to = |bob: &str, carol: &str| {
        [("to", bob), ("to", carol)].map(|(_, state)| state.to_owned()).to_vec()
    };
    let states = |answer: &Value, of: &str| -> Vec<String> {
        let files = files_of(answer).into_iter().filter(|(file, _)| file.starts_with(of));
        files.map(|(_, state)| state).collect()
    };
    let answer = visit(&alice);
    assert_eq!(states(&answer, "to_"), to("written", "written"), "{answer}");
    assert!(answer["files"][0]["bytes"].as_u64().unwrap() < 1500, "{answer}");
    assert_eq!(answer["files"][0]["updates"], 1);
    assert_eq!(states(&visit(&alice), "to_"), to("there", "there"));
    visit(&bob);
    visit(&carol);
    assert_eq!(states(&visit(&alice), "to_"), to("removed", "removed"));
    assert_eq!(bob.digest(), alice.digest());
    assert_eq!(carol.digest(), alice.digest());

    // A former member gets nothing, and that is reported.
    alice.ok(&["member", "remove", CAROL]);
    let run = alice.run(&["sync", "stick", &usb, "--json"]);
    assert!(files_of(&run.json()).iter().all(|(file, _)| !file.contains("carol")), "{run:?}");
    assert!(run.stderr.contains("sync forget"), "{}", run.stderr);
}

#[test]
fn a_pulled_stick_and_foreign_files_do_no_harm() {
    let machine = Machine::new("pulled");
    let usb = stick(&machine);
    let on = |name: &str| machine.path("usb").join(name);
    let alice = machine.group("a", &[BOB]);
    alice.send("hi");
    let foreign = [("photo.jpg", "x"), ("novel.crdt", "y"), ("for-bob.txt", "z")];
    foreign.iter().for_each(|(name, text)| std::fs::write(on(name), text).unwrap());
    std::fs::create_dir(on("folder.crdt")).unwrap();
    std::os::unix::fs::symlink("/dev/null", on("link.crdt")).unwrap();

    // A dry run says what it would do, and does nothing.
    let (store, before) = (alice.files(), files(&machine.path("usb")).len());
    let dry = alice.run(&["sync", "stick", &usb, "-n", "--json"]);
    assert_eq!(files_of(&dry.json()), written("to_everyone.crdt"));
    assert!(dry.stderr.contains("dry run, nothing is written"), "{}", dry.stderr);
    assert_eq!(alice.files(), store);
    assert_eq!(std::fs::read_dir(machine.path("usb")).unwrap().count(), before + 2 - 1);

    alice.ok(&["sync", "stick", &usb]);
    let name = |store: &Store<'_>| -> String {
        let answer = store.json(&["sync", "stick", &usb]);
        answer["files"][0]["file"].as_str().unwrap().to_owned()
    };
    let bundle = name(&alice);
    let whole = std::fs::read(on(&bundle)).unwrap();
    // Pulled out while it was written: half a file under another name, ours and somebody else's.
    let half = &whole[..whole.len() / 2];
    std::fs::write(on(&format!(".{bundle}Xx.part")), half).unwrap();
    std::fs::write(on(".crdtctl_else_12345678_to_everyone.crdtXx.part"), half).unwrap();
    // Damaged later, or by a file system that keeps names before bytes.
    std::fs::write(on(&bundle), half).unwrap();
    let bob = machine.store("b", BOB);
    let before = bob.files();
    let run = bob.run(&["sync", "stick", &usb]);
    run.exits(3);
    assert!(run.stderr.contains(&format!("left out: {}", text(&on(&bundle)))), "{}", run.stderr);
    assert_eq!(bob.documents(), Default::default());
    assert!(before.keys().all(|file| bob.dir.join(file).exists()));
    // Its writer repairs it, and removes the remains of the interruption.
    let answer = alice.json(&["sync", "stick", &usb]);
    assert_eq!(answer["left_out"], json!([]));
    let became = files_of(&answer);
    assert!(became.contains(&("to_everyone.crdt".to_owned(), "removed".to_owned())), "{answer}");
    assert!(!on(&format!(".{bundle}Xx.part")).exists());
    assert!(on(".crdtctl_else_12345678_to_everyone.crdtXx.part").exists());
    bob.ok(&["sync", "stick", &usb]);
    assert_eq!(bob.digest(), alice.digest());
    for (name, text) in foreign {
        assert_eq!(std::fs::read_to_string(on(name)).unwrap(), text);
    }
    assert!(on("link.crdt").is_symlink() && on("folder.crdt").is_dir());
    // A bundle of another replica is not overwritten, whatever its name.
    let theirs = name(&bob);
    std::fs::copy(on(&theirs), on(&name(&alice))).unwrap();
    alice.run(&["sync", "stick", &usb]).fails(1, "written by another replica");
}

#[test]
fn what_a_stick_remembers_comes_back_to_a_restored_store() {
    let machine = Machine::new("restored");
    let usb = stick(&machine);
    let alice = machine.group("a", &[BOB]);
    copy_tree(&alice.dir, &machine.path("backup"));
    alice.send("after the backup");
    alice.ok(&["sync", "stick", &usb]);
    std::fs::remove_dir_all(&alice.dir).unwrap();
    copy_tree(&machine.path("backup"), &alice.dir);
    let run = alice.run(&["sync", "stick", &usb]);
    run.exits(0);
    assert_eq!(alice.column(&["chat", "list"], "content"), ["after the backup"]);
}

#[test]
fn a_stick_that_is_none_is_refused() {
    let machine = Machine::new("no stick");
    let alice = machine.group("a", &[BOB]);
    let before = alice.files();
    alice.run(&["sync", "stick", "nowhere"]).fails(4, "no directory nowhere");
    let inside = text(&alice.dir.join("crdt"));
    alice.run(&["sync", "stick", &inside]).fails(1, "belongs to a store");
    std::fs::write(machine.path("file"), "x").unwrap();
    alice.run(&["sync", "stick", "file"]).fails(74, "file");
    assert_eq!(alice.files(), before);
    // A store without a member.
    let usb = stick(&machine);
    let old = machine.fixture("legacy-0.1.20");
    let before = old.files();
    old.run(&["sync", "stick", &usb]).fails(2, "not a replica yet");
    assert_eq!(old.files(), before);
    // A directory where a bundle is expected.
    let run = alice.run(&["sync", "import", &usb]);
    assert!(run.fails(2, "is a directory").stderr.contains("`crdtctl sync stick "), "{run:?}");
}

#[test]
fn a_member_with_two_replicas_is_named_once() {
    let machine = Machine::new("stick for two");
    let usb = stick(&machine);
    let alice = machine.group("a", &[BOB]);
    let replicas = ["b", "c"].map(|name| machine.replica_of(&alice, name, BOB));
    replicas.iter().for_each(|replica| replica.give(&alice));
    alice.send("for both of you");
    let run = alice.run(&["sync", "stick", &usb]);
    let files = run.ok().matches(&format!("_to_{BOB}")).count();
    assert_eq!(files, 2, "{}", run.stdout);
    assert!(run.stderr.contains(&format!("take it to {BOB}, run ")), "{}", run.stderr);
    alice.ok(&["member", "remove", BOB]);
    let said = alice.run(&["sync", "stick", &usb]).stderr.clone();
    assert_eq!(said.matches(&format!("nothing goes to {BOB}")).count(), 1, "{said}");
}
