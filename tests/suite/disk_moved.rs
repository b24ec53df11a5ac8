//! Files that other programs moved while others changed them, reports about files that are kept, and
//! attachments with one name.

use crate::disk_files::{edit, lying, page, place, put};
use crate::support::*;
use std::fs;

/// Alice and Bob with pages about their own names.
fn pages<'m>(machine: &'m Machine, names: &[&str]) -> (Store<'m>, Store<'m>) {
    let alice = machine.group("alice", &[BOB]);
    for name in names {
        put(&alice, &format!("/shared/{name}"), page(name).as_bytes());
    }
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    machine.pass(60);
    (alice, bob)
}

fn paths(store: &Store<'_>) -> Vec<String> {
    store.column(&["disk", "list"], "path")
}

#[test]
fn an_import_follows_what_was_renamed_before_it() {
    let machine = Machine::new("moved import");
    let (alice, bob) = pages(&machine, &["p.md", "d/e.md"]);
    edit(&bob, "/shared/p.md", "line 3", "LINE 3");
    edit(&bob, "/shared/d/e.md", "line 4", "LINE 4");
    fs::rename(place(&alice, "/shared/p.md"), place(&alice, "/shared/q.md")).unwrap();
    fs::rename(place(&alice, "/shared/d"), place(&alice, "/shared/f")).unwrap();
    let bundle = bob.export("edits.crdt");
    let run = alice.run(&["sync", "import", &bundle]);
    run.exits(0);
    assert!(run.stderr.contains("/shared/p.md was moved to /shared/q.md"), "{run:#?}");
    assert_eq!(paths(&alice), ["/shared/f/e.md", "/shared/q.md"]);
    assert!(lying(&alice, "/shared/q.md").contains("LINE 3"));
    assert!(lying(&alice, "/shared/f/e.md").contains("LINE 4"));
    assert!(!place(&alice, "/shared/p.md").exists() && !place(&alice, "/shared/d").exists());
    alice.is_so_already(&["disk", "scan"]);
    alice.meet(&bob);
    assert_eq!(paths(&bob), paths(&alice));
}

#[test]
fn who_names_a_file_as_it_was_called_hears_where_it_is() {
    let machine = Machine::new("moved old name");
    let (alice, _) = pages(&machine, &["a.md"]);
    fs::rename(place(&alice, "/shared/a.md"), place(&alice, "/shared/A.md")).unwrap();
    let before = alice.documents();
    let moved = "another program moved /shared/a.md to /shared/A.md";
    alice.run(&["disk", "remove", "/shared/a.md"]).fails(4, moved);
    assert_eq!(alice.documents(), before);
    let dir = text(&alice.dir);
    let args = ["-s", &dir, "disk", "edit", "/shared/a.md", "-"];
    machine.run_with_stdin(&args, b"new\n").fails(4, "/shared/a.md");
    assert_eq!(paths(&alice), ["/shared/A.md"]);
    assert_eq!(lying(&alice, "/shared/A.md"), page("a.md"));
    alice.is_so_already(&["disk", "scan"]);
}

#[test]
fn a_file_that_went_into_a_directory_of_its_name_is_followed() {
    let machine = Machine::new("moved into");
    let (alice, bob) = pages(&machine, &["page"]);
    fs::rename(place(&alice, "/shared/page"), place(&alice, "/shared/t")).unwrap();
    fs::create_dir(place(&alice, "/shared/page")).unwrap();
    fs::rename(place(&alice, "/shared/t"), place(&alice, "/shared/page/index.md")).unwrap();
    let run = alice.run(&["disk", "scan"]);
    run.exits(0);
    assert!(!run.stderr.contains("left out"), "{run:#?}");
    assert_eq!(paths(&alice), ["/shared/page/index.md"]);
    alice.is_so_already(&["disk", "scan"]);
    machine.pass(60);
    alice.meet(&bob);
    assert_eq!(lying(&bob, "/shared/page/index.md"), page("page"));
}

#[test]
fn what_is_kept_though_somebody_removed_it_is_said_on_both_sides() {
    let machine = Machine::new("moved kept");
    let (alice, bob) = pages(&machine, &["p.md"]);
    edit(&bob, "/shared/p.md", "line 3", "LINE 3");
    alice.ok(&["disk", "remove", "/shared/p.md"]);
    let (hers, his) = (alice.export("hers.crdt"), bob.export("his.crdt"));
    let said = "/shared/p.md was removed on one side and changed on the other: it is kept";
    for (store, bundle) in [(&alice, &his), (&bob, &hers)] {
        for args in [&["sync", "import", "-n", bundle][..], &["sync", "import", bundle]] {
            let run = store.run(args);
            run.exits(0);
            assert!(run.stderr.contains(said), "{run:#?}");
            assert!(!run.stderr.contains("deleted"), "{run:#?}");
        }
        assert_eq!(paths(store), ["/shared/p.md"]);
    }
}

#[test]
fn of_two_attachments_of_one_name_each_is_got_by_the_name_where_it_lies() {
    let machine = Machine::new("moved attachments");
    let alice = machine.group("alice", &[]);
    for dir in ["one", "two"] {
        fs::create_dir(machine.path(dir)).unwrap();
        fs::write(machine.path(dir).join("file.txt"), format!("{dir}\n")).unwrap();
    }
    let [one, two] = ["one/file.txt", "two/file.txt"].map(|file| text(&machine.path(file)));
    let id = alice.ok(&["chat", "send", "both", "--attach", &one, "--attach", &two]);
    let get = |name: &str| alice.ok(&["chat", "attachment", "get", &id, name, "-O", "-"]);
    assert_eq!([get("file.txt"), get("file-2.txt")], ["one", "two"]);
    assert_eq!(get("/shared/attachments/file-2.txt"), "two");
    let run = alice.run(&["chat", "attachment", "get", &id, "-O", "-"]);
    run.fails(2, "name one of them: file.txt, file-2.txt");
}

#[test]
fn a_file_that_was_removed_and_comes_back_with_an_import_is_said() {
    let machine = Machine::new("comes back");
    let (alice, bob) = pages(&machine, &["p.md", "q.md"]);
    edit(&bob, "/shared/p.md", "line 3", "LINE 3");
    for name in ["p.md", "q.md"] {
        fs::remove_file(place(&alice, &format!("/shared/{name}"))).unwrap();
    }
    let run = alice.run(&["sync", "import", &bob.export("edits.crdt")]);
    run.exits(0);
    let said = "/shared/p.md was removed here, and is back because it was changed; \
                `crdtctl disk remove /shared/p.md -e group:ocean-forest-moon-star` removes it for everybody";
    assert!(run.stderr.contains(said) && !run.stderr.contains("q.md"), "{run:#?}");
    assert_eq!(lying(&alice, "/shared/p.md"), page("p.md").replace("line 3", "LINE 3"));
    assert!(!place(&alice, "/shared/q.md").exists(), "nobody changed it");
    // Whoever puts the file back gets no such message.
    fs::remove_file(place(&alice, "/shared/p.md")).unwrap();
    let dir = text(&alice.dir);
    let put = ["-s", &dir, "disk", "put", "-", "/shared/p.md"];
    let run = machine.run_with_stdin(&put, b"anew\n");
    run.exits(0);
    assert!(!run.stderr.contains("is back"), "{run:#?}");
    assert_eq!(lying(&alice, "/shared/p.md"), "anew\n");
}

#[test]
fn where_nothing_is_listed_what_lies_there_is_named() {
    let machine = Machine::new("not listed");
    let alice = machine.group("alice", &[]);
    put(&alice, "/shared/p.md", b"words\n");
    fs::create_dir(place(&alice, "/shared/d")).unwrap();
    for name in ["one.md", "two.md"] {
        fs::write(place(&alice, &format!("/shared/d/{name}")), name).unwrap();
    }
    let said = |path: &str| {
        let run = alice.run(&["disk", "list", path]);
        run.exits(0);
        run.stderr
    };
    let one = said("/shared/d/one.md");
    assert!(one.contains("/shared/d/one.md exists but is not taken in yet; `crdtctl disk scan"));
    assert!(said("/shared/d").contains("/shared/d/one.md and 1 more exist but"));
    assert!(said("/shared/*/*.md").contains("/shared/d/one.md and 1 more exist but"));
    assert!(!said("/shared").contains("exist but") && !said("/public").contains("exist but"));
    alice.ok(&["disk", "scan"]);
    assert!(!said("/shared/d").contains("exist but"));
}
