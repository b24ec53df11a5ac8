//! Files that swapped places.

use crate::disk_files::{edit, lying, page, place};
use crate::support::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

/// Alice and Bob with pages about their own names, and with bytes.
fn files<'m>(machine: &'m Machine, names: &[&str]) -> (Store<'m>, Store<'m>) {
    let alice = machine.group("alice", &[BOB]);
    fs::create_dir_all(place(&alice, "/shared")).unwrap();
    for name in names {
        let bytes = match name.ends_with(".bin") {
            true => [b"\0\x01", name.as_bytes()].concat().repeat(40),
            false => page(name).into_bytes(),
        };
        fs::write(place(&alice, &format!("/shared/{name}")), bytes).unwrap();
    }
    alice.ok(&["disk", "scan"]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    machine.pass(60);
    (alice, bob)
}

/// The ids of the files by their paths.
fn ids(store: &Store<'_>) -> BTreeMap<String, String> {
    let rows = store.json(&["disk", "list"]);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(|row| (text(&row["path"]), text(&row["id"]))).collect()
}

/// Each file goes to where the next one is, the last one to where the first is.
fn rotate(store: &Store<'_>, names: &[&str]) {
    let lies = |name: &str| place(store, &format!("/shared/{name}"));
    let last = names.last().unwrap();
    fs::rename(lies(last), lies("aside")).unwrap();
    for step in names.windows(2).rev() {
        fs::rename(lies(step[0]), lies(step[1])).unwrap();
    }
    fs::rename(lies("aside"), lies(names[0])).unwrap();
}

#[test]
fn files_that_changed_places_are_the_same_files() {
    let machine = Machine::new("changed places");
    let names = ["a.md", "b.md", "c.md", "x.bin", "y.bin", "stays.md"];
    let (alice, bob) = files(&machine, &names);
    let before = ids(&alice);
    rotate(&alice, &["a.md", "b.md", "c.md"]);
    rotate(&alice, &["x.bin", "y.bin"]);
    // Reading takes nothing in.
    let moved = |run: &[&str]| {
        let said = alice.json(run);
        let moved = said["moved"].as_array().unwrap().len();
        assert_eq!(
            (&said["edited"], &said["added"], &said["removed"]),
            (&json!([]), &json!([]), &json!([]))
        );
        moved
    };
    assert_eq!(moved(&["disk", "scan", "-n"]), 5);
    assert_eq!(ids(&alice), before);
    assert_eq!(moved(&["disk", "scan"]), 5);
    assert_eq!(moved(&["disk", "scan"]), 0);
    let id = |ids: &BTreeMap<String, String>, name: &str| ids[&format!("/shared/{name}")].clone();
    let after = ids(&alice);
    for (from, to) in [
        ("a.md", "b.md"),
        ("b.md", "c.md"),
        ("c.md", "a.md"),
        ("x.bin", "y.bin"),
        ("y.bin", "x.bin"),
    ] {
        assert_eq!(id(&before, from), id(&after, to), "{from} is at {to}");
    }

    // What somebody else changed in a page goes where the page went, on both sides.
    edit(&bob, "/shared/a.md", "line 3", "LINE 3");
    bob.give(&alice);
    alice.give(&bob);
    for store in [&alice, &bob] {
        assert_eq!(ids(store), after);
        assert_eq!(lying(store, "/shared/b.md"), page("a.md").replace("line 3", "LINE 3"));
        assert_eq!(lying(store, "/shared/c.md"), page("b.md"));
        assert_eq!(lying(store, "/shared/a.md"), page("c.md"));
        let bytes = fs::read(place(store, "/shared/x.bin")).unwrap();
        assert!(bytes.starts_with(b"\0\x01y.bin"));
        assert_eq!(store.json(&["check"]), json!([]));
        assert_eq!(store.json(&["disk", "scan"])["edited"], json!([]));
    }
}

#[test]
fn an_import_follows_files_that_changed_places_before_it() {
    let machine = Machine::new("changed places import");
    let (alice, bob) = files(&machine, &["a.md", "b.md"]);
    edit(&bob, "/shared/a.md", "line 3", "LINE 3");
    edit(&bob, "/shared/b.md", "line 7", "LINE 7");
    rotate(&alice, &["a.md", "b.md"]);
    bob.give(&alice);
    alice.give(&bob);
    for store in [&alice, &bob] {
        assert_eq!(lying(store, "/shared/b.md"), page("a.md").replace("line 3", "LINE 3"));
        assert_eq!(lying(store, "/shared/a.md"), page("b.md").replace("line 7", "LINE 7"));
        assert_eq!(store.json(&["check"]), json!([]));
    }
}

#[test]
fn what_was_written_over_is_edited() {
    let machine = Machine::new("written over");
    let (alice, _) = files(&machine, &["log", "log.1", "log.2", "p.md", "q.md", "r.md"]);
    let before = ids(&alice);
    // The oldest goes, and a new one begins.
    rotate(&alice, &["log", "log.1", "log.2"]);
    fs::write(place(&alice, "/shared/log"), "begins\n").unwrap();
    // Two files have the content of one: it is unknown which of them it is.
    fs::copy(place(&alice, "/shared/q.md"), place(&alice, "/shared/r.md")).unwrap();
    rotate(&alice, &["p.md", "q.md"]);
    let said = alice.json(&["disk", "scan"]);
    assert_eq!(said["moved"], json!([]));
    assert_eq!(said["edited"].as_array().unwrap().len(), 6);
    assert_eq!(ids(&alice), before);
    assert_eq!(alice.json(&["check"]), json!([]));
}

#[test]
fn binary_files_that_changed_places_are_all_there_on_the_other_side() {
    let machine = Machine::new("binary places");
    let (alice, bob) = files(&machine, &["x.bin", "y.bin", "z.bin", "p.bin", "q.bin"]);
    rotate(&alice, &["x.bin", "y.bin", "z.bin"]);
    rotate(&alice, &["p.bin", "q.bin"]);
    alice.ok(&["disk", "scan"]);
    let run = bob.run(&["sync", "import", &alice.export("moved.crdt")]);
    assert!(!run.exits(0).stderr.contains("not written over"), "{run:#?}");
    for name in ["x.bin", "y.bin", "z.bin", "p.bin", "q.bin"] {
        let path = format!("/shared/{name}");
        assert_eq!(fs::read(place(&bob, &path)).unwrap(), fs::read(place(&alice, &path)).unwrap());
    }
    assert_eq!(ids(&bob), ids(&alice));
    assert_eq!(bob.json(&["disk", "status"]), json!([]));
}

/// Alice and Bob each made a file of one name; both have both. Whose has the path.
fn of_one_name<'m>(machine: &'m Machine) -> (Store<'m>, Store<'m>, String) {
    let (alice, bob) = files(machine, &[]);
    for (store, word) in [(&alice, "alice"), (&bob, "bob")] {
        fs::create_dir_all(place(store, "/shared")).unwrap();
        fs::write(place(store, "/shared/f.md"), page(word)).unwrap();
        store.ok(&["disk", "scan"]);
    }
    alice.meet(&bob);
    let shown = lying(&alice, "/shared/f.md");
    (alice, bob, shown)
}

/// What all files hold that are not deleted.
fn contents(store: &Store<'_>) -> Vec<String> {
    let rows = store.json(&["disk", "list", "-a"]);
    let live = rows.as_array().unwrap().iter().filter(|row| row["deleted"] == json!(false));
    let ids = live.map(|row| row["id"].as_str().unwrap());
    let mut all: Vec<String> = ids.map(|id| store.ok(&["disk", "cat", id])).collect();
    all.sort();
    all
}

#[test]
fn a_file_without_a_path_is_not_written_over_when_the_path_is_free_again() {
    let ways: [fn(&Store<'_>); 2] = [
        // The file that has the path moves away, and another one takes its place.
        |store| {
            fs::rename(place(store, "/shared/f.md"), place(store, "/shared/g.md")).unwrap();
            fs::write(place(store, "/shared/f.md"), page("new")).unwrap();
        },
        // It changes places with a file that is not taken in yet.
        |store| {
            fs::rename(place(store, "/shared/f.md"), place(store, "/shared/g.md")).unwrap();
            fs::write(place(store, "/shared/f.md"), page("new")).unwrap();
            fs::rename(place(store, "/shared/g.md"), place(store, "/shared/u.md")).unwrap();
        },
    ];
    for (n, way) in ways.into_iter().enumerate() {
        let machine = Machine::new(&format!("path is free {n}"));
        let (alice, bob, _) = of_one_name(&machine);
        way(&alice);
        alice.ok(&["disk", "scan"]);
        let mut wanted = ["alice", "bob", "new"].map(|word| page(word).trim_end().to_owned());
        wanted.sort();
        assert_eq!(contents(&alice), wanted, "{n}");
        assert_eq!(lying(&alice, "/shared/f.md"), page("new"));
        alice.meet(&bob);
        assert_eq!(contents(&bob), wanted, "{n}");
    }
}

#[test]
fn a_command_about_a_path_is_about_what_lies_there() {
    for (n, verb) in ["edit", "put", "remove", "move", "scan"].into_iter().enumerate() {
        let machine = Machine::new(&format!("lies there {n}"));
        let (alice, bob) = files(&machine, &["z.md"]);
        bob.ok(&["disk", "move", "/shared/z.md", "/shared/d.md"]);
        fs::write(place(&alice, "/shared/d.md"), page("own")).unwrap();
        alice.ok(&["sync", "import", &bob.export("moved.crdt")]);
        let theirs = ids(&bob)["/shared/d.md"].clone();
        let dir = text(&alice.dir);
        let with_input = |args: &[&str]| {
            let args = [&["-s", &dir, "disk"][..], args].concat();
            machine.run_with_stdin(&args, (page("own") + "more\n").as_bytes()).ok();
        };
        match verb {
            "edit" => with_input(&["edit", "/shared/d.md", "-"]),
            "put" => with_input(&["put", "-", "/shared/d.md"]),
            "remove" => drop(alice.ok(&["disk", "remove", "/shared/d.md"])),
            "move" => drop(alice.ok(&["disk", "move", "/shared/d.md", "/shared/y.md"])),
            _ => drop(alice.ok(&["disk", "scan"])),
        }
        let run = alice.run(&["disk", "cat", &theirs]);
        assert_eq!((run.code, run.stdout), (0, page("z.md")), "{verb}: {}", run.stderr);
        let own = contents(&alice).into_iter().filter(|text| text.contains("about own")).count();
        assert_eq!(own, usize::from(verb != "remove"), "{verb}");
        if verb == "scan" {
            assert_eq!(lying(&alice, "/shared/d.md"), page("own"));
        }
    }
}

#[test]
fn what_was_edited_is_kept_though_somebody_replaced_it_and_removed_that() {
    for binary in [false, true] {
        let machine = Machine::new(&format!("replaced and removed {binary}"));
        let name = if binary { "f.bin" } else { "f.md" };
        let path = format!("/shared/{name}");
        let (alice, bob) = files(&machine, &[name]);
        let mut edited = fs::read(place(&alice, &path)).unwrap();
        edited.extend_from_slice(b"UNIQUE\n");
        fs::write(place(&alice, &path), &edited).unwrap();
        alice.ok(&["disk", "scan"]);
        machine.pass(60);
        fs::write(place(&bob, &path), b"\0other bytes\n").unwrap();
        bob.ok(&["disk", "scan"]);
        bob.ok(&["disk", "remove", &path]);
        let run = alice.run(&["sync", "import", &bob.export("removed.crdt")]);
        let said = format!("{path} was removed on one side and changed on the other: it is kept");
        assert!(run.exits(0).stderr.contains(&said), "{run:#?}");
        alice.meet(&bob);
        for store in [&alice, &bob] {
            assert_eq!(ids(store).len(), 1, "{binary}");
            let versions = store.json(&["disk", "show", &path])["versions"].clone();
            let cat = |id: &Value| {
                store.run(&["disk", "cat", id.as_str().unwrap()]).stdout.contains("UNIQUE")
            };
            assert!(versions.as_array().unwrap().iter().any(|v| cat(&v["id"])), "{versions}");
        }
        // Whoever removes it knowing both removes both.
        alice.ok(&["disk", "remove", &path]);
        alice.meet(&bob);
        assert_eq!((ids(&alice).len(), ids(&bob).len()), (0, 0), "{binary}");
    }
}

#[test]
fn a_directory_takes_the_place_of_a_file_and_an_empty_one_is_in_nobodys_way() {
    let machine = Machine::new("directory for file");
    let (alice, bob) = files(&machine, &["e", "f.md"]);
    fs::remove_file(place(&alice, "/shared/e")).unwrap();
    fs::create_dir(place(&alice, "/shared/e")).unwrap();
    fs::write(place(&alice, "/shared/e/x.md"), "x\n").unwrap();
    // So does a name that not every system tells from one that is free in the same scan.
    fs::rename(place(&alice, "/shared/f.md"), place(&alice, "/shared/k.md")).unwrap();
    fs::write(place(&alice, "/shared/F.md"), "new\n").unwrap();
    let said = alice.json(&["disk", "scan"]);
    assert_eq!(said["added"], json!(["/shared/F.md", "/shared/e/x.md"]));
    assert_eq!(
        (&said["removed"], said["moved"].as_array().unwrap().len()),
        (&json!(["/shared/e"]), 1)
    );
    alice.is_so_already(&["disk", "scan"]);
    fs::create_dir_all(place(&bob, "/shared/k.md")).unwrap();
    bob.ok(&["sync", "import", &alice.export("taken.crdt")]);
    assert_eq!(lying(&bob, "/shared/k.md"), page("f.md"));
    assert_eq!(lying(&bob, "/shared/e/x.md"), "x\n");
    assert_eq!(ids(&bob), ids(&alice));
    assert_eq!(bob.json(&["check"]), json!([]));
}

#[test]
fn a_command_takes_in_what_moved_to_or_from_the_path_that_it_names() {
    let swap = |store: &Store<'_>| rotate(store, &["f.md", "h.md"]);
    let replace = |store: &Store<'_>| {
        fs::rename(place(store, "/shared/f.md"), place(store, "/shared/g.md")).unwrap();
        fs::write(place(store, "/shared/f.md"), "entirely\ndifferent\n").unwrap();
    };
    type Way<'w> = (&'w dyn Fn(&Store<'_>), &'w [&'w str], &'w str, &'w str);
    let ways: [Way<'_>; 5] = [
        (&swap, &["disk", "move", "/shared/f.md", "/shared/z.md"], "/shared/z.md", "h.md"),
        (&swap, &["disk", "put", "-", "/shared/f.md"], "/shared/h.md", "f.md"),
        (&swap, &["disk", "remove", "/shared/f.md"], "/shared/h.md", "f.md"),
        (&replace, &["disk", "put", "-", "/shared/f.md"], "/shared/g.md", "f.md"),
        (&replace, &["disk", "move", "/shared/g.md", "/shared/z.md"], "/shared/z.md", "f.md"),
    ];
    for (n, (change, args, path, name)) in ways.into_iter().enumerate() {
        let machine = Machine::new(&format!("named {n}"));
        let (alice, bob) = files(&machine, &["f.md", "h.md", "other.md"]);
        let before = ids(&alice);
        edit(&bob, &format!("/shared/{name}"), "line 3", "LINE 3");
        change(&alice);
        fs::write(place(&alice, "/shared/other.md"), "changed\n").unwrap();
        let dir = text(&alice.dir);
        let args = [&["-s", &dir][..], args].concat();
        machine.run_with_stdin(&args, page("put").as_bytes()).ok();
        assert_eq!(ids(&alice)[path], before[&format!("/shared/{name}")], "{args:?}");
        alice.give(&bob);
        bob.give(&alice);
        assert_eq!(lying(&alice, path), page(name).replace("line 3", "LINE 3"), "{args:?}");
        alice.ok(&["disk", "scan"]);
        assert_eq!(alice.json(&["check"]), json!([]));
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_moved_and_may_be_run_now_is_both() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new("moved and executable");
    let (alice, bob) = files(&machine, &["a.md", "b.md", "c.md", "x.bin"]);
    let before = ids(&alice);
    fs::rename(place(&alice, "/shared/c.md"), place(&alice, "/shared/run")).unwrap();
    fs::rename(place(&alice, "/shared/x.bin"), place(&alice, "/shared/run.bin")).unwrap();
    rotate(&alice, &["a.md", "b.md"]);
    let now = ["b.md", "run", "run.bin"];
    for name in now {
        let lies = place(&alice, &format!("/shared/{name}"));
        fs::set_permissions(lies, fs::Permissions::from_mode(0o755)).unwrap();
    }
    alice.ok(&["disk", "scan"]);
    alice.is_so_already(&["disk", "scan"]);
    let mut after = ids(&alice);
    after.retain(|path, _| now.iter().any(|name| path == &format!("/shared/{name}")));
    let moved = ["a.md", "c.md", "x.bin"].map(|name| before[&format!("/shared/{name}")].clone());
    assert_eq!(after.into_values().collect::<Vec<_>>(), moved);
    bob.give(&alice);
    alice.give(&bob);
    for store in [&alice, &bob] {
        for name in ["a.md", "b.md", "run", "run.bin"] {
            let mode =
                fs::metadata(place(store, &format!("/shared/{name}"))).unwrap().permissions();
            assert_eq!(mode.mode() & 0o100 != 0, now.contains(&name), "{name}");
        }
    }
}
