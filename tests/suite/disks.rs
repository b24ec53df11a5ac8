//! Virtual disks: files in directories that every program can use, and how they merge.

use crate::disk_files::{place, put};
use crate::support::*;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

const ID: &str = "ocean-forest-moon-star";

trait Mentions {
    fn mentions(&self, what: &str) -> &Self;
}

impl Mentions for Run {
    #[track_caller]
    fn mentions(&self, what: &str) -> &Self {
        assert!(self.stderr.contains(what), "{what:?} is not in {self:#?}");
        self
    }
}

fn states(store: &Store<'_>) -> Vec<(String, String)> {
    let all = store.run(&["disk", "status", "--json"]);
    let rows: serde_json::Value = serde_json::from_str(&all.stdout).unwrap();
    let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(|row| (text(row, "path"), text(row, "state"))).collect()
}

/// Everything below a store's directory, with its content.
fn everything(store: &Store<'_>) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    let mut waiting = vec![store.dir.clone()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => waiting.push(path),
                false if path.to_string_lossy().contains("crdtctl.db") => {}
                false => all.push((path.clone(), fs::read(&path).unwrap())),
            }
        }
    }
    all.sort();
    all
}

#[test]
fn a_file_is_put_got_moved_and_removed() {
    let machine = Machine::new("disks");
    let store = machine.group("alice", &[BOB]);
    fs::write(machine.path("notes.md"), "# Notes\r\n\r\nfirst\r\n").unwrap();
    let notes = text(&machine.path("notes.md"));
    let id = store.ok(&["disk", "put", &notes, "/shared/docs/notes.md"]);
    let lying = place(&store, "/shared/docs/notes.md");
    assert_eq!(fs::read(&lying).unwrap(), fs::read(&notes).unwrap());
    let rows = store.json(&["disk", "list"]);
    assert_eq!(rows[0]["path"], "/shared/docs/notes.md");
    assert_eq!((&rows[0]["id"], &rows[0]["kind"]), (&json!(id), &json!("text")));
    assert_eq!((&rows[0]["eol"], &rows[0]["mime_type"]), (&json!("crlf"), &json!("text/markdown")));
    assert_eq!((&rows[0]["size_bytes"], &rows[0]["author_id"]), (&json!(18), &json!(ALICE)));
    store.is_so_already(&["disk", "put", &notes, "/shared/docs/notes.md"]);

    put(&store, "/shared/logo.png", &[0, 1, 2, 255]);
    assert_eq!(store.ok(&["disk", "list", "--tree"]), "shared/\n  docs/\n    notes.md\n  logo.png");
    assert_eq!(store.json(&["disk", "list", "/shared/*.png"])[0]["kind"], "binary");
    let copy = text(&machine.path("copy.png"));
    store.ok(&["disk", "get", "/shared/logo.png", "-O", &copy]);
    assert_eq!(fs::read(&copy).unwrap(), [0, 1, 2, 255]);

    store.ok(&["disk", "move", "/shared/docs/notes.md", "/public/"]);
    assert!(!lying.parent().unwrap().exists(), "an empty directory stays behind");
    assert_eq!(store.ok(&["disk", "cat", "/public/notes.md"]), "# Notes\r\n\r\nfirst\r");
    store.run(&["disk", "remove", "/public"]).exits(2).mentions("a directory of 1 file\n");
    store.ok(&["disk", "remove", "/public/notes.md"]);
    assert!(!place(&store, "/public/notes.md").exists());
    // Tables show which of all are deleted; if none is, there is no such column.
    let table = |args: &[&str]| store.ok(&[&["disk", "list", "-o", "table"], args].concat());
    assert!(table(&["-a"]).contains("DELETED") && !table(&[]).contains("DELETED"));
    let copy = text(&machine.path("copy"));
    store.run(&["disk", "get", "-r", "/shared", "-O", &copy]).exits(0).mentions("wrote 1 file to");
    store.run(&["disk", "cat", "/public/notes.md"]).exits(4).mentions("disk list");
    store.ok(&["disk", "restore", "/public/notes.md"]);
    assert_eq!(fs::read(place(&store, "/public/notes.md")).unwrap(), fs::read(&notes).unwrap());
    store.run(&["disk", "status"]).exits(0);
    store.run(&["check"]).exits(0);
}

#[test]
fn two_people_edit_one_page_offline_and_keep_both_edits() {
    let machine = Machine::new("disks merge");
    let alice = machine.group("alice", &[BOB]);
    put(&alice, "/shared/page.md", b"one two three\nfour five six\nseven eight\n");
    let bob = machine.replica_of(&alice, "bob", BOB);
    let (hers, his) = (place(&alice, "/shared/page.md"), place(&bob, "/shared/page.md"));
    assert_eq!(fs::read(&hers).unwrap(), fs::read(&his).unwrap());
    // An editor and sed, on the plain files; nobody scans.
    fs::write(&hers, "ONE two three\nfour five six\nseven eight\nnine\n").unwrap();
    fs::write(&his, "one two three\nfour 5 six\nseven eight\n").unwrap();
    assert_eq!(states(&alice), [("/shared/page.md".to_owned(), "changed".to_owned())]);
    alice.ok(&["disk", "scan"]);
    bob.ok(&["disk", "scan"]);
    machine.pass(60);
    alice.meet(&bob);
    for file in [&hers, &his] {
        let now = fs::read_to_string(file).unwrap();
        assert_eq!(now, "ONE two three\nfour 5 six\nseven eight\nnine\n");
    }
    // What was changed behind our back is taken in before an import, too.
    fs::write(&his, "ONE two three\nfour 5 six\n7 eight\nnine\n").unwrap();
    put(&alice, "/shared/page.md", b"ONE two 3\nfour 5 six\nseven eight\nnine\n");
    alice.meet(&bob);
    assert_eq!(fs::read_to_string(&his).unwrap(), "ONE two 3\nfour 5 six\n7 eight\nnine\n");
    assert_eq!(fs::read(&hers).unwrap(), fs::read(&his).unwrap());
}

#[test]
fn the_same_file_put_by_two_is_one_and_another_is_kept_beside_it() {
    let machine = Machine::new("disks twice");
    let alice = machine.group("alice", &[BOB]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    for store in [&alice, &bob] {
        put(store, "/shared/same.md", b"the same words\n");
        put(store, "/shared/same.bin", b"\0same");
    }
    put(&alice, "/shared/other.md", b"hers\n");
    machine.pass(60);
    put(&bob, "/shared/other.md", b"his\n");
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert_eq!(store.ok(&["disk", "cat", "/shared/same.md"]), "the same words");
        assert_eq!(store.json(&["disk", "list"]).as_array().unwrap().len(), 3);
        // The later has the path; the other exists, and is reported.
        assert_eq!(fs::read_to_string(place(store, "/shared/other.md")).unwrap(), "his\n");
        assert_eq!(states(store), [("/shared/other.md".to_owned(), "displaced".to_owned())]);
    }
    let all = alice.json(&["disk", "list", "--all"]);
    let hers = all.as_array().unwrap().iter().find(|row| row["displaced"] == true).unwrap();
    alice.ok(&["disk", "move", hers["id"].as_str().unwrap(), "/shared/hers.md"]);
    assert_eq!(fs::read_to_string(place(&alice, "/shared/hers.md")).unwrap(), "hers\n");
    assert_eq!(fs::read_to_string(place(&alice, "/shared/other.md")).unwrap(), "his\n");
}

#[test]
fn deleted_here_and_edited_there_is_kept() {
    let machine = Machine::new("disks deleted");
    let alice = machine.group("alice", &[BOB]);
    for name in ["edited", "left", "behind"] {
        put(&alice, &format!("/shared/{name}.md"), b"words\n");
    }
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    put(&bob, "/shared/edited.md", b"words and more\n");
    fs::write(place(&bob, "/shared/behind.md"), "words behind our back\n").unwrap();
    for name in ["edited", "left", "behind"] {
        alice.ok(&["disk", "remove", &format!("/shared/{name}.md")]);
    }
    alice.meet(&bob);
    for store in [&alice, &bob] {
        let read =
            |name: &str| fs::read_to_string(place(store, &format!("/shared/{name}.md"))).ok();
        assert_eq!(read("edited").as_deref(), Some("words and more\n"));
        assert_eq!(read("left"), None);
        assert_eq!(read("behind").as_deref(), Some("words behind our back\n"));
        store.run(&["disk", "status"]).exits(0);
    }
}

#[test]
fn a_scan_finds_what_is_new_moved_and_gone_and_a_touch_is_no_edit() {
    let machine = Machine::new("disks scan");
    let store = machine.group("alice", &[BOB]);
    put(&store, "/shared/moved.md", b"to be moved\n");
    put(&store, "/shared/gone.md", b"to be removed\n");
    put(&store, "/shared/touched.md", b"as it is\n");
    let id = store.json(&["disk", "show", "/shared/moved.md"])["id"].clone();
    fs::create_dir_all(place(&store, "/public/website")).unwrap();
    fs::rename(place(&store, "/shared/moved.md"), place(&store, "/public/website/index.md"))
        .unwrap();
    fs::remove_file(place(&store, "/shared/gone.md")).unwrap();
    fs::write(place(&store, "/shared/new.md"), "new\n").unwrap();
    fs::write(place(&store, "/shared/.hidden"), "an editor's\n").unwrap();
    fs::write(place(&store, "/shared/touched.md"), "as it is\n").unwrap();
    let before = store.documents();
    let rehearsed = store.json(&["disk", "scan", "-n"]);
    assert_eq!(store.documents(), before);
    let scanned = store.json(&["disk", "scan"]);
    for said in [&rehearsed, &scanned] {
        assert_eq!(said["added"], json!(["/shared/new.md"]));
        assert_eq!(said["moved"], json!([["/shared/moved.md", "/public/website/index.md"]]));
        assert_eq!(said["removed"], json!(["/shared/gone.md"]));
        assert_eq!(said["edited"], json!([]));
    }
    assert_eq!(store.json(&["disk", "show", "/public/website/index.md"])["id"], id);
    store.run(&["disk", "status"]).exits(0);
    store.is_so_already(&["disk", "scan"]);
}

#[test]
fn a_file_that_was_moved_is_told_from_one_that_was_copied() {
    let machine = Machine::new("moved or copied");
    let store = machine.group("alice", &[BOB]);
    let page: String = (0..80).map(|n| format!("line {n} of a page\n")).collect();
    let bytes = |seed: u8| -> Vec<u8> {
        (0..9_000u32).map(|n| (n.wrapping_mul(n) >> 5) as u8 ^ seed).collect()
    };
    for (name, old, edited, new) in [
        ("page.md", page.as_bytes().to_vec(), page.replace("line 7", "row 7"), b"new\n".to_vec()),
        ("map.bin", bytes(1), String::new(), bytes(77)),
    ] {
        let path = format!("/shared/{name}");
        let [lies, other] = [&path, &format!("{path}.old")].map(|path| place(&store, path));
        put(&store, &path, &old);
        let id = store.json(&["disk", "show", &path])["id"].clone();
        // A copy, while the original is edited further.
        fs::copy(&lies, &other).unwrap();
        let edited = match edited.is_empty() {
            true => [&old[..], b"\0more"].concat(),
            false => edited.into_bytes(),
        };
        fs::write(&lies, &edited).unwrap();
        let said = store.json(&["disk", "scan"]);
        assert_eq!(said["added"], json!([format!("{path}.old")]), "{said}");
        assert_eq!([&said["edited"], &said["moved"]], [&json!([path]), &json!([])], "{said}");
        assert_eq!(store.json(&["disk", "show", &path])["id"], id);
        // A file under another name, and a new one under the old name, as log rotation leaves them.
        fs::rename(&other, place(&store, &format!("{path}.older"))).unwrap();
        fs::rename(&lies, &other).unwrap();
        fs::write(&lies, &new).unwrap();
        let before = store.documents();
        let rehearsed = store.json(&["disk", "scan", "-n"]);
        assert_eq!(store.documents(), before);
        let scanned = store.json(&["disk", "scan"]);
        for said in [&rehearsed, &scanned] {
            let [older, old] = [format!("{path}.older"), format!("{path}.old")];
            assert_eq!(said["added"], json!([path]), "{said}");
            assert_eq!(said["edited"], json!([]), "{said}");
            assert_eq!(said["moved"], json!([[old, older], [path, old]]), "{said}");
        }
        assert_eq!(store.json(&["disk", "show", &format!("{path}.old")])["id"], id);
        assert_ne!(store.json(&["disk", "show", &path])["id"], id);
        assert_eq!(fs::read(&lies).unwrap(), new);
        assert_eq!(fs::read(&other).unwrap(), edited);
        store.run(&["disk", "status"]).exits(0);
        store.is_so_already(&["disk", "scan"]);
    }
}

#[test]
fn names_that_lead_elsewhere_write_nothing() {
    let machine = Machine::new("disks names");
    let store = machine.group("alice", &[]);
    put(&store, "/shared/Read.md", b"words\n");
    fs::write(machine.path("f"), "x").unwrap();
    fs::create_dir_all(machine.path("dir/sub")).unwrap();
    let source = text(&machine.path("f"));
    let before = everything(&store);
    for path in [
        "/shared/../../../x",
        "/etc/passwd",
        "shared/x",
        "/shared/a\\b",
        "/shared/a\nb",
        "/shared/CON",
        "/shared/nul.txt",
        "/shared/a.",
        "/shared/a ",
        "/shared//a",
        "/other/a",
        "/shared/a:b",
        "/shared/.crdtctl-x",
        "/shared",
    ] {
        store.run(&["disk", "put", &source, path]).exits(2);
        let lines = json!({"op": "disk.put", "path": path, "text": "x"}).to_string();
        let dir = text(&store.dir);
        let run = machine.run_with_stdin(&["-s", &dir, "batch"], lines.as_bytes());
        assert_eq!(run.code, 2, "{path:?}: {}", run.stderr);
    }
    // Names that some directories do not distinguish; a file in place of a directory, and the reverse.
    store.run(&["disk", "put", &source, "/shared/read.MD"]).exits(1).mentions("/shared/Read.md");
    store.run(&["disk", "put", &source, "/shared/Read.md/x"]).exits(1).mentions("/shared/Read.md");
    // With one bad name in a directory, nothing of it is put.
    fs::write(machine.path("dir/good"), "x").unwrap();
    fs::write(machine.path("dir/sub/aux.md"), "x").unwrap();
    store
        .run(&["disk", "put", "-r", &text(&machine.path("dir")), "/shared/d"])
        .exits(2)
        .mentions("aux.md");
    assert_eq!(everything(&store), before);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed_out_of_a_disk() {
    use std::os::unix::fs::symlink;
    let machine = Machine::new("disks links");
    let store = machine.group("alice", &[]);
    put(&store, "/shared/a/page.md", b"words\n");
    put(&store, "/shared/b.md", b"words\n");
    let outside = machine.path("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret"), "secret\n").unwrap();
    // A directory and a file are links now, and another link is new.
    fs::remove_dir_all(place(&store, "/shared/a")).unwrap();
    symlink(&outside, place(&store, "/shared/a")).unwrap();
    fs::remove_file(place(&store, "/shared/b.md")).unwrap();
    symlink(outside.join("secret"), place(&store, "/shared/b.md")).unwrap();
    symlink(outside.join("secret"), place(&store, "/shared/c.md")).unwrap();
    fs::write(machine.path("f"), "x").unwrap();
    let source = text(&machine.path("f"));
    for path in ["/shared/a/page.md", "/shared/a/new.md", "/shared/b.md", "/shared/c.md"] {
        let run = store.run(&["disk", "put", &source, path]);
        assert!(run.code == 0 || run.code == 1, "{path}: {}", run.stderr);
    }
    store.run(&["disk", "scan"]).mentions("a link");
    let names: Vec<_> =
        fs::read_dir(&outside).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["secret"]);
    assert_eq!(fs::read_to_string(outside.join("secret")).unwrap(), "secret\n");
    for file in store.json(&["disk", "list"]).as_array().unwrap() {
        let shown = store.run(&["disk", "cat", file["path"].as_str().unwrap()]);
        assert!(!shown.stdout.contains("secret"), "{}", shown.stdout);
    }
}

#[test]
fn two_versions_at_once_of_what_is_no_text_are_both_kept() {
    let machine = Machine::new("disks versions");
    let alice = machine.group("alice", &[BOB]);
    put(&alice, "/shared/logo.png", b"\0first");
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    put(&alice, "/shared/logo.png", b"\0hers");
    machine.pass(60);
    put(&bob, "/shared/logo.png", b"\0his");
    alice.meet(&bob);
    let shown = alice.json(&["disk", "show", "/shared/logo.png"]);
    assert_eq!(shown["versions"].as_array().unwrap().len(), 3);
    let newest = shown["versions"].as_array().unwrap().last().unwrap();
    assert_eq!(newest["blake3"], json!(blake3::hash(b"\0his").to_hex().to_string()));
    // Both show the later one, and both have the other.
    let other = format!("disks/.crdtctl/{}", blake3::hash(b"\0hers").to_hex());
    for store in [&alice, &bob] {
        assert_eq!(fs::read(place(store, "/shared/logo.png")).unwrap(), b"\0his");
        assert_eq!(fs::read(store.dir.join(&other)).unwrap(), b"\0hers");
        assert_eq!(states(store), [("/shared/logo.png".to_owned(), "versions".to_owned())]);
    }
}

#[test]
fn the_applications_index_is_kept_up() {
    let machine = Machine::new("disks application");
    let store = machine.group("alice", &[]);
    let others = json!({"x:shared:/a": {"entity_id": "x", "unknown": 1}});
    fs::create_dir_all(store.dir.join("disks")).unwrap();
    fs::write(store.dir.join("disks/disk_index.json"), others.to_string()).unwrap();
    put(&store, "/shared/docs/a.md", b"hello\n");
    put(&store, "/public/b.md", b"b\n");
    store.ok(&["disk", "remove", "/public/b.md", "--yes"]);
    let index: serde_json::Value =
        serde_json::from_slice(&fs::read(store.dir.join("disks/disk_index.json")).unwrap())
            .unwrap();
    let entry = &index[format!("{ID}:shared:/docs/a.md")];
    assert_eq!((&entry["disk_type"], &entry["path"]), (&json!("Shared"), &json!("/docs/a.md")));
    assert_eq!(entry["content_hash"], json!(blake3::hash(b"hello\n").to_hex().to_string()));
    assert_eq!(fs::read(entry["file_path"].as_str().unwrap()).unwrap(), b"hello\n");
    assert_eq!(index["x:shared:/a"], others["x:shared:/a"]);
    assert_eq!(index.as_object().unwrap().len(), 2);
}

#[test]
fn an_editor_edits_and_nothing_else_does() {
    let machine = Machine::new("disks editor");
    let store = machine.group("alice", &[]);
    put(&store, "/shared/a.md", b"the colour of it\n");
    let dir = text(&store.dir);
    let args = ["-s", &dir, "disk", "edit", "/shared/a.md"];
    machine.set_editor(Some("sed -i s/colour/color/"));
    machine.run(&args).ok();
    machine.set_editor(None);
    assert_eq!(fs::read_to_string(place(&store, "/shared/a.md")).unwrap(), "the color of it\n");
    let failing = machine.run_in(&machine.path(""), &[("EDITOR", "false")], &args);
    failing.exits(130).mentions("nothing was changed");
    // Whatever happens, text written in an editor is kept somewhere.
    let editor = |command: &str, more: &[&str]| {
        let args = [&args[..], more].concat();
        machine.run_in(&machine.path(""), &[("EDITOR", command)], &args)
    };
    let kept = |run: &Run| {
        let (_, said) = run.stderr.split_once("the text is in ").expect("a place");
        let file = said.split([':', '\n']).next().expect("a file");
        let text = fs::read(file).expect("a text");
        fs::remove_dir_all(Path::new(file).parent().expect("its directory")).unwrap();
        text
    };
    store.ok(&["member", "add", BOB, "--role", "viewer"]);
    let refused = editor("sed -i s/color/hue/", &["--as", BOB]);
    // Whoever may not write is told so before an editor opens.
    assert!(!refused.exits(1).stderr.contains("the text is in"), "{}", refused.stderr);
    let dry = editor("sed -i s/color/hue/", &["-n"]);
    assert_eq!(kept(dry.exits(0)), b"the hue of it\n");
    let no_text = editor("sh -c 'printf \"\\000\\377\" > \"$1\"' --", &[]);
    no_text.exits(1).mentions("is not a text").mentions("disk edit /shared/a.md - < ");
    assert_eq!(kept(&no_text), b"\0\xff");
    assert_eq!(kept(&failing), b"the color of it\n");
    editor("sed -i s/nothing/anything/", &[]).ok();
    let left = fs::read_dir(machine.path("")).unwrap();
    let left = left.map(|entry| text(&entry.unwrap().path()));
    let left: Vec<String> = left.filter(|path| path.contains("crdtctl-")).collect();
    assert_eq!(left, Vec::<String>::new());
    store.run(&["disk", "edit", "/shared/a.md"]).exits(2).mentions("EDITOR");
    let stdin = [&args[..], &["-"]].concat();
    machine.run_with_stdin(&stdin, b"the color of that\n").ok();
    assert_eq!(store.ok(&["disk", "cat", "/shared/a.md"]), "the color of that");
    fs::write(place(&store, "/shared/a.md"), "the color of all\n").unwrap();
    store.run(&["disk", "diff", "/shared/a.md"]).exits(3);
    assert!(store.run(&["disk", "diff", "/shared/a.md"]).stdout.contains("+the color of all"));
}

#[test]
fn a_website_is_published_by_one_hash_and_a_copy_is_held_to_it() {
    let machine = Machine::new("disks website");
    let store = machine.group("alice", &[]);
    store.run(&["disk", "publish"]).exits(4);
    put(&store, "/public/website/index.md", b"# Hello\n");
    put(&store, "/public/website/img/logo.png", b"\0logo");
    put(&store, "/public/elsewhere.md", b"not of the website\n");
    let root = store.ok(&["disk", "publish"]);
    let site = place(&store, "/public/website");
    let sums = fs::read_to_string(site.join("B3SUMS")).unwrap();
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let expected = format!("{}  img/logo.png\n{}  index.md\n", hash(b"\0logo"), hash(b"# Hello\n"));
    assert_eq!((sums.as_str(), root.as_str()), (expected.as_str(), hash(sums.as_bytes()).as_str()));
    assert_eq!(store.json(&["entity", "show", GROUP])["website_root"], json!(root));
    store.is_so_already(&["disk", "publish"]);
    store.run(&["disk", "status"]).exits(0);

    // A copy is checked against the root, by standard tools if installed.
    let copy = machine.path("copy");
    copy_tree(&site, &copy);
    let dir = text(&copy);
    machine.run(&["disk", "verify", "--root", &root, &dir]).exits(0);
    match std::process::Command::new("b3sum").arg("--version").output() {
        Ok(_) => machine.shell(&format!(
            "cd '{dir}' && test \"$(b3sum --no-names B3SUMS)\" = {root} && b3sum --check --quiet B3SUMS"
        )),
        Err(_) => skipped("no b3sum here"),
    }
    fs::write(copy.join("index.md"), "# Hullo\n").unwrap();
    fs::remove_file(copy.join("img/logo.png")).unwrap();
    fs::write(copy.join("more"), "x").unwrap();
    let run = machine.run(&["disk", "verify", "--root", &root, &dir, "--json"]);
    let found = run.exits(3).parsed();
    assert_eq!(
        found,
        json!([
            {"path": "img/logo.png", "finding": "missing"},
            {"path": "index.md", "finding": "differs"},
            {"path": "more", "finding": "extra"},
        ])
    );
    let other = hash(b"another");
    machine.run(&["disk", "verify", "--root", &other, &text(&site)]).exits(3);
    machine.run(&["disk", "verify", "--root", "nothing", &dir]).exits(2);

    put(&store, "/public/website/index.md", b"# Hello again\n");
    assert_eq!(states(&store), [("/public/website".to_owned(), "unpublished".to_owned())]);
    assert_ne!(store.ok(&["disk", "publish"]), root);
    store.run(&["disk", "status"]).exits(0);
}

#[test]
fn entities_of_two_types_with_one_id_keep_their_files_apart() {
    let machine = Machine::new("disks-one-id");
    let store = machine.group("alice", &[]);
    let channel = format!("channel:{ID}");
    store.ok(&["entity", "create", &channel, "--name", "Harbour"]);
    let ours = format!("group:{ID}");
    let put = |entity: &str, words: &[u8]| {
        let dir = text(&store.dir);
        let args = ["-s", &dir, "-e", entity, "disk", "put", "-", "/shared/plan.md"];
        let run = machine.run_with_stdin(&args, words);
        run.exits(0);
        run
    };
    put(&ours, b"of the group\n");
    let second = put(&channel, b"of the channel\n");
    assert!(second.stderr.contains(&format!("entities/{ID}.channel")), "{second:?}");
    let beside = store.dir.join(format!("disks/entities/{ID}.channel/shared/plan.md"));
    assert_eq!(fs::read(&beside).unwrap(), b"of the channel\n");
    assert_eq!(fs::read(place(&store, "/shared/plan.md")).unwrap(), b"of the group\n");
    fs::write(&beside, "of the channel, edited\n").unwrap();
    store.ok(&["-e", &channel, "disk", "scan"]);
    assert_eq!(
        store.ok(&["-e", &channel, "disk", "cat", "/shared/plan.md"]),
        "of the channel, edited"
    );
    store.run(&["-e", &ours, "disk", "scan"]).exits(0);
    assert_eq!(store.ok(&["-e", &ours, "disk", "cat", "/shared/plan.md"]), "of the group");
}
