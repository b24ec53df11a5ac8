//! Finding a store by whatever path names it, and noticing what is missing from it.

use crate::support::*;
use serde_json::json;
use std::path::Path;

#[test]
fn a_store_goes_by_its_own_name_that_of_its_documents_and_that_of_what_holds_it() {
    let machine = Machine::new("names");
    let real = machine.fixture("real-store");
    // As in the application: somewhere/crdt.db/crdt/…
    machine.shell(
        "mkdir app && cp -r real-store/crdt.db app/ 2>/dev/null || cp -r real-store app/crdt.db",
    );
    let digest = real.digest();
    for name in
        ["app", "app/", "app/crdt.db", "app/crdt.db/", "app/crdt.db/crdt", "app/crdt.db/crdt/"]
    {
        let dir = text(&machine.path("")) + name;
        assert_eq!(machine.run(&["-s", &dir, "digest"]).ok(), digest, "{name}");
        let one = machine.run(&["-s", &dir, "doc", "list", "--json"]).json();
        assert_eq!(one.as_array().unwrap().len(), 10, "{name}");
        // The paths are relative to the given directory.
        let path = Path::new(&dir).join(one[0]["path"].as_str().unwrap());
        assert!(path.is_file(), "{name}: {}", path.display());
    }
    // From inside, at any depth, without a name.
    for inside in ["app", "app/crdt.db", "app/crdt.db/crdt", "app/crdt.db/crdt/group"] {
        let run = machine.run_in(&machine.path(inside), &[], &["digest"]);
        assert_eq!(run.ok(), digest, "{inside}");
    }
}

#[test]
fn a_document_that_is_new_is_told_what_ids_look_like() {
    let machine = Machine::new("new document");
    let store = machine.group("s", &[]);
    std::fs::write(machine.path("u.yrs"), [0, 0]).unwrap();
    let file = text(&machine.path("u.yrs"));
    for args in
        [&["doc", "load", &file, "--doc", "foo"][..], &["sync", "import", "--raw", "foo", &file]]
    {
        let run = store.run(args);
        run.fails(4, "group:ocean-forest-moon-star:notes");
    }
}

/// A store with everything that only `crdtctl.db` holds.
fn lived_in(machine: &Machine) -> Store<'_> {
    let store = machine.group("s", &[]);
    let id = store.send("gone");
    store.send("stays");
    store.ok(&["chat", "delete", &id, "--yes"]);
    store
}

#[test]
fn a_local_state_that_is_gone_or_empty_is_a_finding_with_a_fix() {
    for emptied in [false, true] {
        let machine = Machine::new("lost state");
        let store = lived_in(&machine);
        let digest = store.digest();
        assert_eq!(store.json(&["check"]), json!([]));
        machine.shell("rm -f s/crdtctl.db s/crdtctl.db-wal s/crdtctl.db-shm");
        if emptied {
            std::fs::write(store.dir.join("crdtctl.db"), b"").unwrap();
        }
        let before = store.files();
        let found = store.run(&["check", "--json"]).exits(3).parsed();
        assert_eq!(column(&found, "kind"), ["lost-state"]);
        assert_eq!(found[0]["severity"], "warning");
        assert_eq!(found[0]["fix"], "crdtctl init --as MEMBER");
        let status = store.json(&["status"]);
        assert_eq!(column(&status["findings"], "kind"), ["lost-state"]);
        assert_eq!((store.digest(), store.files()), (digest.clone(), before));
        // The documents are as sound as before.
        store.run(&["recover", "chat", "-O", "out"]).fails(1, "nothing of");
        machine.run_in(&store.dir, &[], &["init", "--as", ALICE]).exits(0);
        assert_eq!((store.json(&["check"]), store.digest()), (json!([]), digest));
        store.send("goes on");
    }
    // Nothing is missing where there was nothing: in what another program wrote, and in a copy of the
    // documents.
    let machine = Machine::new("none lost");
    let real = machine.fixture("real-store");
    assert!(
        !column(&real.run(&["check", "--json"]).parsed(), "kind").contains(&"lost-state".into())
    );
    // A command that does nothing there does not make it look so either.
    let before = real.files();
    for (args, code) in [
        (&["-e", "ocean", "kanban", "add", "x"][..], 2),
        (&["trash", "restore", "nothing"], 4),
        (&["fold", "run"], 0),
        (&["batch", "/dev/null"], 0),
    ] {
        real.run(args).exits(code);
        assert_eq!(real.files(), before, "{args:?}");
    }
    let store = lived_in(&machine);
    machine.shell("mkdir copy && cp -r s/crdt copy/");
    let copy = machine.open(machine.path("copy"));
    assert_eq!(copy.json(&["check"]), json!([]));
    assert_eq!(copy.digest(), store.digest());
}

#[test]
fn a_file_that_is_damaged_is_rebuilt_from_the_log_by_the_command_that_is_named() {
    let machine = Machine::new("from the log");
    let store = machine.group("s", &[BOB]);
    store.send("one");
    store.send("two");
    let (digest, chat) = (store.digest(), store.document(&format!("{GROUP}:chat")));
    std::fs::write(&chat, b"no document").unwrap();
    let found = store.run(&["check", "--json"]).exits(3).parsed();
    let fix = found[0]["fix"].as_str().unwrap().to_owned();
    assert!(!fix.contains("--from"), "{fix}");
    let hint = store.run(&["chat", "list"]).fails(5, &fix).stderr.clone();
    assert!(hint.contains("--from"), "others may have more: {hint}");
    let out = text(&machine.path("out"));
    let words = fix.replace("DIR", &out);
    let words: Vec<&str> = words.split(' ').skip(1).collect();
    let run = store.run(&words);
    assert!(run.exits(0).stderr.contains("2 records whole, 0 partial, 0 lost"), "{}", run.stderr);
    // And so does the command that installs it.
    let go_on = run.stderr.lines().last().unwrap();
    machine.shell(go_on.split('`').nth(1).unwrap());
    assert_eq!(store.digest(), digest);
    // What another program wrote is in no log: others must have it.
    let real = machine.fixture("real-store");
    let chat = real.document(&format!("{GROUP}:chat"));
    std::fs::write(&chat, b"no document").unwrap();
    let found = real.run(&["check", "--json"]).exits(3).parsed();
    let fixes = column(&found, "fix");
    let fix = fixes.iter().find(|fix| fix.contains("recover")).unwrap();
    assert!(fix.contains("--from BUNDLE"), "{fix}");
}

#[test]
fn whatever_makes_a_replica_of_a_store_says_so_once() {
    let deborah = "deborah-shanghai-khartoum-price";
    let writes: &[&[&str]] = &[
        &["prune", "-e", GROUP],
        &["entity", "use", GROUP],
        &["chat", "send", "hi", "-e", GROUP],
        &["member", "add", BOB, "-e", GROUP],
        &["batch", "BATCH"],
        &["sync", "import", "BUNDLE"],
        &["doc", "load", "UPDATE", "--doc", "group:new:notes"],
    ];
    for write in writes {
        for member in [None, Some(deborah)] {
            if member.is_none() && ["chat", "member", "batch"].contains(&write[0]) {
                continue;
            }
            let machine = Machine::new("becomes a replica");
            let store = machine.fixture("real-store");
            let bundle = machine.group("other", &[]).export("b.crdt");
            let (batch, update) = (machine.path("batch"), machine.path("update"));
            std::fs::write(
                &batch,
                json!({"op": "chat.send", "text": "hi", "entity": GROUP}).to_string(),
            )
            .unwrap();
            std::fs::write(
                &update,
                crate::oracle::update(3, &[], |txn| {
                    yrs::Map::insert(&yrs::WriteTxn::get_or_insert_map(txn, "m"), txn, "k", 1);
                }),
            )
            .unwrap();
            let (batch, update) = (text(&batch), text(&update));
            let file = |word: &&'static str| match *word {
                "BATCH" => batch.clone(),
                "BUNDLE" => bundle.clone(),
                "UPDATE" => update.clone(),
                other => other.to_owned(),
            };
            let words: Vec<String> = write.iter().map(file).collect();
            let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
            if let Some(member) = member {
                words.extend(["--as", member]);
            }
            let said = match member {
                Some(member) => format!("this store is now a replica of {member}"),
                None => {
                    "this store is now a replica; `crdtctl init --as MEMBER` sets whose".to_owned()
                }
            };
            let run = store.run(&words);
            run.exits(0);
            assert_eq!(run.stderr.matches(&said).count(), 1, "{words:?}: {}", run.stderr);
            let again = store.run(&words);
            assert!(!again.stderr.contains("is now a replica"), "{words:?}: {}", again.stderr);
        }
    }
}

#[test]
fn digests_that_differ_by_acknowledgements_alone_say_so() {
    let machine = Machine::new("acknowledgements");
    let alice = machine.group("alice", &[BOB, CAROL]);
    alice.send("stays");
    let gone = alice.send("gone");
    let bob = machine.replica_of(&alice, "bob", BOB);
    let whole = |store: &Store<'_>| store.json(&["digest"]);
    assert_eq!(whole(&alice), whole(&bob));
    assert_eq!(whole(&alice)["live"], whole(&alice)["content"]);
    assert_eq!(alice.run(&["digest", "-o", "table"]).exits(0).stderr, "");
    alice.ok(&["chat", "delete", &gone]);
    alice.give(&bob);
    // Bob has acknowledged, and Alice cannot know yet.
    let (ours, theirs) = (whole(&alice), whole(&bob));
    assert_ne!(ours["content"], theirs["content"]);
    assert_eq!(ours["live"], theirs["live"]);
    assert_ne!(ours["live"], ours["content"]);
    for store in [&alice, &bob] {
        let run = store.run(&["digest", "-o", "table"]);
        assert!(
            run.exits(0).stderr.contains("acknowledgements are on their way"),
            "{}",
            run.stderr
        );
    }
    let run = alice.run(&["doc", "diff", &text(&alice.dir), &text(&bob.dir)]);
    assert!(run.exits(3).stderr.contains("only in acknowledgements"), "{}", run.stderr);
    bob.give(&alice);
    assert_eq!(whole(&alice), whole(&bob));
    // Other differences are not attributed to that.
    alice.send("more");
    assert_ne!(whole(&alice)["live"], whole(&bob)["live"]);
    let run = alice.run(&["doc", "diff", &text(&alice.dir), &text(&bob.dir)]);
    assert!(!run.exits(3).stderr.contains("acknowledgements"), "{}", run.stderr);
}
