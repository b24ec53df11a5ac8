//! Files that other programs moved, that are executable, or that something blocks.

use crate::disk_files::place;
use crate::support::*;
use serde_json::json;
use std::fs;

fn with_input(store: &Store<'_>, args: &[&str], bytes: &[u8]) -> Run {
    let dir = store.dir.to_string_lossy().into_owned();
    store.machine.run_with_stdin(&[&["-s", &dir][..], args].concat(), bytes)
}

/// The paths of the files and their ids.
fn files(store: &Store<'_>) -> Vec<(String, String)> {
    let rows = store.json(&["disk", "list"]);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(|row| (text(&row["path"]), text(&row["id"]))).collect()
}

#[test]
fn a_file_that_was_renamed_is_read_and_changed_under_its_new_name() {
    let machine = Machine::new("disk-renamed");
    let store = machine.group("alice", &[]);
    with_input(&store, &["disk", "put", "-", "/shared/p.md"], b"one\ntwo\n").ok();
    with_input(&store, &["disk", "put", "-", "/shared/other.md"], b"another\n").ok();
    let known = files(&store);
    fs::rename(place(&store, "/shared/p.md"), place(&store, "/shared/q.md")).unwrap();

    assert_eq!(store.ok(&["disk", "cat", "/shared/q.md"]), "one\ntwo");
    let copy = text(&machine.path("copy.md"));
    store.ok(&["disk", "get", "/shared/q.md", "-O", &copy]);
    assert_eq!(fs::read(&copy).unwrap(), b"one\ntwo\n");
    for verb in ["show", "history", "diff"] {
        let run = store.run(&["disk", verb, "/shared/q.md"]);
        run.fails(4, "disk scan");
    }
    assert_eq!(files(&store), known, "reading changes nothing");

    // It is the same file, and nothing that others changed is taken in with it.
    fs::write(place(&store, "/shared/other.md"), "another, changed\n").unwrap();
    let run = with_input(&store, &["disk", "edit", "/shared/q.md", "-"], b"one\ntwo\nthree\n");
    run.ok();
    assert!(run.stderr.contains("/shared/p.md was moved to /shared/q.md"), "{run:#?}");
    assert_eq!(fs::read(place(&store, "/shared/q.md")).unwrap(), b"one\ntwo\nthree\n");
    assert!(!place(&store, "/shared/p.md").exists());
    let id = known.iter().find(|(path, _)| path == "/shared/p.md").unwrap().1.clone();
    let other = known.iter().find(|(path, _)| path == "/shared/other.md").unwrap().clone();
    assert_eq!(files(&store), [other, ("/shared/q.md".to_owned(), id.clone())]);
    let status = store.run(&["disk", "status", "--json"]);
    assert!(
        status.stdout.contains(r#""path":"/shared/other.md","state":"changed""#),
        "{status:#?}"
    );

    // The same holds if it is moved on, or removed.
    fs::rename(place(&store, "/shared/q.md"), place(&store, "/shared/r.md")).unwrap();
    store.ok(&["disk", "move", "/shared/r.md", "/public/s.md"]);
    assert!(files(&store).contains(&("/public/s.md".to_owned(), id)));
    fs::rename(place(&store, "/public/s.md"), place(&store, "/public/t.md")).unwrap();
    store.ok(&["disk", "remove", "/public/t.md"]);
    assert_eq!(files(&store).len(), 1);
    assert!(!place(&store, "/public/t.md").exists() && !place(&store, "/public/s.md").exists());
}

#[test]
fn a_file_that_is_new_in_its_directory_is_edited_like_any_other() {
    let machine = Machine::new("disk-renamed-new");
    let store = machine.group("alice", &[]);
    with_input(&store, &["disk", "put", "-", "/shared/kept.md"], b"same\n").ok();
    // A copy of a file that is still in place is another file.
    fs::copy(place(&store, "/shared/kept.md"), place(&store, "/shared/copy.md")).unwrap();
    with_input(&store, &["disk", "edit", "/shared/copy.md", "-"], b"same\nand more\n").ok();
    assert_eq!(store.ok(&["disk", "cat", "/shared/kept.md"]), "same");
    assert_eq!(store.ok(&["disk", "cat", "/shared/copy.md"]), "same\nand more");
    assert_eq!(files(&store).len(), 2);
    // Reading first takes nothing in.
    fs::write(place(&store, "/shared/new.md"), "new\n").unwrap();
    let run = with_input(&store, &["disk", "edit", "-n", "/shared/new.md", "-"], b"newer\n");
    run.fails(4, "disk scan");
    assert_eq!(files(&store).len(), 2);
    with_input(&store, &["disk", "edit", "/shared/none.md", "-"], b"x\n").fails(4, "list");
}

#[cfg(unix)]
#[test]
fn what_can_be_run_can_be_run_where_it_was_got_to() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new("disk-renamed-run");
    let store = machine.group("alice", &[]);
    let script = machine.path("run.sh");
    fs::write(&script, "#!/bin/sh\necho ran\n").unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(machine.path("plain"), [0u8, 1, 2]).unwrap();
    let script = text(&script);
    store.ok(&["disk", "put", &script, "/public/website/run.sh"]);
    store.ok(&["disk", "put", &text(&machine.path("plain")), "/public/website/plain"]);
    let runs = |path: &str| {
        let mode = machine.path(path).metadata().unwrap().permissions().mode();
        mode & 0o111 != 0
    };
    store.ok(&["disk", "get", "/public/website/run.sh", "-O", &text(&machine.path("one"))]);
    store.ok(&["disk", "get", "/public/website/plain", "-O", &text(&machine.path("two"))]);
    store.ok(&["disk", "get", "-r", "/public", "-O", &text(&machine.path("all"))]);
    store.ok(&["disk", "publish", "--html", &text(&machine.path("site"))]);
    let found = ["one", "all/website/run.sh", "site/run.sh"].map(runs);
    assert_eq!(found, [true; 3]);
    assert_eq!(["two", "all/website/plain", "site/plain"].map(runs), [false; 3]);
}

#[cfg(unix)]
#[test]
fn nothing_is_put_where_something_else_is_in_the_way() {
    let machine = Machine::new("disk-renamed-link");
    let store = machine.group("alice", &[]);
    with_input(&store, &["disk", "put", "-", "/shared/known.md"], b"known\n").ok();
    with_input(&store, &["disk", "put", "-", "/shared/docs/a.md"], b"a\n").ok();
    fs::create_dir(machine.path("outside")).unwrap();
    std::os::unix::fs::symlink(machine.path("outside"), place(&store, "/shared/link")).unwrap();
    std::os::unix::fs::symlink("known.md", place(&store, "/shared/other.md")).unwrap();
    let before = (files(&store), store.json(&["log"]).as_array().unwrap().len());
    for path in ["/shared/link/z", "/shared/link", "/shared/other.md", "/shared/known.md/below"] {
        with_input(&store, &["disk", "put", "-", path], b"evil\n").fails(1, "move it away");
        store.run(&["disk", "move", "/shared/docs/a.md", path]).fails(1, "move it away");
    }
    fs::create_dir(machine.path("site")).unwrap();
    fs::write(machine.path("site/z"), "z").unwrap();
    let run = store.run(&["disk", "put", "-r", &text(&machine.path("site")), "/shared/link"]);
    run.fails(1, "move it away");
    assert_eq!((files(&store), store.json(&["log"]).as_array().unwrap().len()), before);
    assert_eq!(fs::read_dir(machine.path("outside")).unwrap().count(), 0);
    assert_eq!(fs::read(place(&store, "/shared/known.md")).unwrap(), b"known\n");
    // A name that some system does not accept is not reported as a missing disk.
    let run = with_input(&store, &["disk", "put", "-", "/shared/nul.txt"], b"x");
    run.fails(2, "a name that every system accepts");
    with_input(&store, &["disk", "put", "-", "/else/a.txt"], b"x").fails(2, "/shared/");
    assert_eq!(
        store.json(&["disk", "list", "/shared/docs"])[0]["path"],
        json!("/shared/docs/a.md")
    );
}
