//! Names that some systems interpret, and things that are not files, against every command that reads or
//! writes files: nothing outside is ever written or read, and a refusal is reported once.
#![cfg(unix)]

use crate::disk_files::{place as lies_at, put};
use crate::support::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use yrs::updates::decoder::Decode;
use yrs::{Doc, Map, ReadTxn, StateVector, Transact, Update};

/// Last names of paths, by what is wrong with them.
const NAMES: &[(&str, &str)] = &[
    ("up", "../../../../up"),
    ("up within", "a/../../b"),
    ("dot", "./a"),
    ("nothing", "a//b"),
    ("backslash", "a\\..\\b"),
    ("newline", "a\nb"),
    ("return", "a\rb"),
    ("NUL", "a\0b"),
    ("escape", "a\x1b[31mb"),
    ("tab", "a\tb"),
    ("drive", "C:"),
    ("stream", "a.md:hidden"),
    ("device", "CON"),
    ("device with an ending", "nul.tar.gz"),
    ("device with a number", "Com1.md"),
    ("device with a raised number", "LPT¹"),
    ("device with blanks", "aux .md"),
    ("trailing dot", "a."),
    ("trailing blank", "a "),
    ("our own", ".crdtctl-x"),
    ("pattern", "a*b"),
    ("question", "a?b"),
    ("pipe", "a|b"),
];

/// Names that every system accepts, but that would look like others on a terminal.
const ODD: &[&str] = &["a\u{202e}dm.exe", "a\u{2066}b", "-rf", "$(reboot)", "a'b", "é", "名前.md"];

fn group<'m>(machine: &'m Machine, name: &str) -> Store<'m> {
    let store = machine.group(name, &[]);
    put(&store, "/shared/good.md", b"good\n");
    put(&store, "/public/website/index.md", b"# Home\n");
    store
}

fn disks(store: &Store<'_>) -> PathBuf {
    store.dir.join("disks/entities").join(GROUP.trim_start_matches("group:"))
}

/// Everything on the machine except the store, its output for the user, and its state.
fn outside(machine: &Machine, but: &[&str]) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = files(&machine.path(""));
    all.retain(|path, _| !but.iter().any(|but| path.starts_with(but)));
    all
}

/// The files on the disks, without the index that others keep.
fn lying(store: &Store<'_>) -> BTreeMap<PathBuf, Vec<u8>> {
    files(&disks(store))
}

/// There is one error, and nothing from a name reaches the terminal raw.
#[track_caller]
fn is_clear(run: &Run, what: &str) {
    assert!([0, 1, 2, 3, 4].contains(&run.code), "{what}: {run:#?}");
    let errors = run.stderr.lines().filter(|line| line.starts_with("error")).count();
    assert_eq!(errors, usize::from([1, 2, 4].contains(&run.code)), "{what}: {run:#?}");
    for stream in [&run.stdout, &run.stderr] {
        let odd = |c: char| matches!(c, '\x1b' | '\u{202e}' | '\u{2066}' | '\r' | '\0');
        assert!(!stream.contains(odd), "{what}: {run:#?}");
    }
}

#[test]
fn a_hostile_path_is_refused_wherever_one_is_written() {
    let machine = Machine::new("hostile paths");
    let store = group(&machine, "s");
    fs::write(machine.path("f"), "x").unwrap();
    let (source, dir) = (text(&machine.path("f")), text(&store.dir));
    let before = (lying(&store), outside(&machine, &["s", "state"]), store.digest());
    for (what, name) in NAMES {
        let path = format!("/shared/{name}");
        // No argument of a process can contain a NUL.
        if !name.contains('\0') {
            for args in [
                &["disk", "put", &source, &path][..],
                &["disk", "move", "/shared/good.md", &path],
                &["disk", "put", "-r", &source, &path],
            ] {
                let run = store.run(args);
                is_clear(&run, what);
                assert_ne!(run.code, 0, "{what}: {run:#?}");
            }
            for args in
                [&["disk", "get", &path][..], &["disk", "cat", &path], &["disk", "show", &path]]
            {
                let run = store.run(args);
                is_clear(&run, what);
                assert!([2, 4].contains(&run.code), "{what}: {run:#?}");
            }
        }
        for line in [
            json!({"op": "disk.put", "path": path, "text": "x"}),
            json!({"op": "disk.move", "file": "/shared/good.md", "to": path}),
            json!({"op": "chat.send", "text": "x",
                "attachments": [{"filename": "x", "size_bytes": 1, "file_path": path}]}),
        ] {
            let run = machine.run_with_stdin(&["-s", &dir, "batch"], line.to_string().as_bytes());
            is_clear(&run, what);
            assert_eq!(run.code, 2, "{what}: {run:#?}");
        }
    }
    assert_eq!((lying(&store), outside(&machine, &["s", "state"]), store.digest()), before);
    for name in ODD {
        let path = format!("/shared/{name}");
        let run = store.run(&["disk", "put", &source, &path]);
        is_clear(&run, name);
        assert_eq!(run.code, 0, "{run:#?}");
        is_clear(&store.run(&["disk", "move", &path, &format!("/public/{name}")]), name);
        assert_eq!(store.run(&["disk", "cat", &format!("/public/{name}")]).ok(), "x");
    }
    is_clear(&store.run(&["disk", "list", "--tree"]), "odd names");
    is_clear(&store.run(&["disk", "list", "-o", "table"]), "odd names");
}

#[test]
fn a_directory_with_a_hostile_name_in_it_is_not_put_and_a_disk_with_one_is_scanned() {
    let machine = Machine::new("hostile directories");
    let store = group(&machine, "s");
    for (number, (what, name)) in NAMES.iter().enumerate() {
        // Names that a file can have here.
        if name.contains(['/', '\0']) {
            continue;
        }
        let dir = machine.path(&format!("d{number}"));
        fs::create_dir_all(&dir).unwrap();
        fs::write(dir.join("fine.md"), "x").unwrap();
        fs::write(dir.join(name), "x").unwrap();
        let before = store.digest();
        let run = store.run(&["disk", "put", "-r", &text(&dir), &format!("/shared/d{number}")]);
        is_clear(&run, what);
        // Our own names and other hidden files are ignored.
        assert_ne!(run.code, 0, "{what}: {run:#?}");
        assert_eq!(store.digest(), before, "{what}");
        fs::write(disks(&store).join("shared").join(name), "x").unwrap();
    }
    let run = store.run(&["disk", "scan"]);
    is_clear(&run, "scan");
    let names: Vec<String> = store.column(&["disk", "list"], "path");
    assert_eq!(names, ["/public/website/index.md", "/shared/good.md"]);
    is_clear(&store.run(&["disk", "status"]), "status");
    is_clear(&store.run(&["check"]), "check");
}

/// A genuine document of disks, with other paths in it.
fn forged(store: &Store<'_>, paths: &[String]) -> Vec<u8> {
    let doc = format!("{GROUP}:disk");
    let file = store.machine.path("genuine.yrs");
    store.ok(&["sync", "export", "--raw", &doc, "-O", &text(&file)]);
    let genuine = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    let doc = Doc::with_client_id(77);
    let files = doc.get_or_insert_map("files");
    let mut txn = doc.transact_mut();
    txn.apply_update(Update::decode_v1(&genuine).unwrap()).unwrap();
    let mut ids: Vec<String> = files.keys(&txn).map(str::to_owned).collect();
    ids.sort();
    assert!(ids.len() >= paths.len());
    for (id, path) in ids.iter().zip(paths) {
        let Some(yrs::Out::YMap(file)) = files.get(&txn, id) else { panic!("a file") };
        file.insert(&mut txn, "path", path.as_str());
        file.insert(&mut txn, "path_updated_at", 1_900_000_000_i64);
    }
    txn.encode_state_as_update_v1(&StateVector::default())
}

#[test]
fn a_document_with_hostile_paths_writes_nothing_outside() {
    let machine = Machine::new("hostile documents");
    let alice = group(&machine, "a");
    let mut paths: Vec<String> = NAMES.iter().map(|(_, name)| format!("/shared/{name}")).collect();
    paths.extend(NAMES.iter().map(|(_, name)| format!("/public/website/{name}")));
    paths.extend(ODD.iter().map(|name| format!("/shared/{name}")));
    paths.extend(
        [
            "/etc/passwd",
            "/../../up",
            "shared/x",
            "/",
            "",
            "//shared/x",
            "/shared",
            "/Shared/x",
            "/private/not-here.md",
            "/shared/case.md",
            "/shared/CASE.md",
            "/shared/caf\u{e9}",
            "/shared/cafe\u{301}",
            "/shared/dir",
            "/shared/dir/below",
            "\\\\host\\share",
        ]
        .map(str::to_owned),
    );
    paths.push(format!("/shared/{}", "x".repeat(300)));
    paths.push(format!("/shared/{}", "d/".repeat(40)));
    paths.push(format!("/shared/{}x", "long-name-after-long-name/".repeat(60)));
    let lines: Vec<String> = (0..paths.len() + 4)
        .map(|n| {
            json!({"op": "disk.put", "path": format!("/shared/f{n}"), "text": "x"}).to_string()
        })
        .collect();
    let dir = text(&alice.dir);
    machine.run_with_stdin(&["-s", &dir, "batch"], lines.join("\n").as_bytes()).exits(0);
    let update = machine.path("forged.yrs");
    fs::write(&update, forged(&alice, &paths)).unwrap();
    let bob = machine.replica_of(&alice, "b", ALICE);
    let before = outside(&machine, &["a", "b", "state"]);
    let but = ["a", "b", "state", "out", "pages"];
    let run = bob.run(&["sync", "import", "--raw", &format!("{GROUP}:disk"), &text(&update)]);
    is_clear(&run, "import");
    assert_eq!(run.code, 0, "{run:#?}");
    let (out, pages) = (text(&machine.path("out")), text(&machine.path("pages")));
    for args in [
        &["disk", "list"][..],
        &["disk", "list", "-a"],
        &["disk", "list", "--tree"],
        &["disk", "status"],
        &["disk", "scan"],
        &["disk", "get", "-r", "/shared", "-O", &out],
        &["disk", "publish"],
        &["disk", "publish", "--html", &pages],
        &["disk", "move", "/shared/dir", "/shared/elsewhere"],
        &["disk", "remove", "-r", "/public/website"],
        &["disk", "gc"],
        &["check"],
    ] {
        is_clear(&bob.run(args), &args.join(" "));
        assert_eq!(outside(&machine, &but), before, "{args:?}");
    }
    // The files on the disks have valid paths, and of two that some systems do not distinguish there is one.
    let names: Vec<String> = lying(&bob).keys().map(|path| text(path)).collect();
    for name in &names {
        assert!(!name.contains(['\\', '\n', '\r', ':', '*']), "{name:?}");
        assert!(name.starts_with("shared/") || name.starts_with("public/"), "{name:?}");
    }
    let of = |part: &str| names.iter().filter(|name| name.to_lowercase().contains(part)).count();
    assert_eq!((of("case.md"), of("caf")), (1, 1), "{names:?}");
    // And a bundle of all this has the same effect on the next.
    let carol = machine.store("c", "carol-sun-wind-rain");
    let bundle = bob.export("all.crdt");
    let before = outside(&machine, &["a", "b", "c", "state", "out", "pages"]);
    is_clear(&carol.run(&["sync", "import", &bundle]), "the bundle");
    assert_eq!(outside(&machine, &["a", "b", "c", "state", "out", "pages"]), before);
    assert_eq!(lying(&carol), lying(&bob));
}

#[test]
fn a_name_with_a_line_break_stays_on_its_line() {
    let machine = Machine::new("line break");
    let alice = machine.group("a", &[]);
    put(&alice, "/shared/ok.md", b"words\n");
    let dir = lies_at(&alice, "/shared/ok.md").parent().unwrap().to_owned();
    fs::write(dir.join("nl\nok: all is well"), "x").unwrap();
    let run = alice.run(&["disk", "scan"]);
    assert!(run.stderr.contains("/shared/nl\\nok: all is well: "), "{}", run.stderr);
    assert!(run.stderr.lines().all(|line| !line.starts_with("ok:")), "{}", run.stderr);
}

/// The name of something that is not a file, and a function that makes it.
type Hazard<'m> = (&'static str, Box<dyn Fn(&Path) + 'm>);

/// What is put in place of a file or of its directory.
fn hazards(machine: &Machine) -> Vec<Hazard<'_>> {
    let (dir, file) = (machine.path("outside"), machine.path("outside/page.md"));
    vec![
        ("a link to a file", Box::new(move |at: &Path| symlink(&file, at).unwrap())),
        ("a link to a directory", Box::new(move |at: &Path| symlink(&dir, at).unwrap())),
        ("a link to nowhere", Box::new(|at: &Path| symlink("nowhere/at/all", at).unwrap())),
        ("a directory", Box::new(|at: &Path| fs::create_dir(at).unwrap())),
        ("a file", Box::new(|at: &Path| fs::write(at, "another\n").unwrap())),
        (
            "a pipe",
            Box::new(|at: &Path| {
                machine.shell(&format!("mkfifo '{}'", at.display()));
            }),
        ),
    ]
}

#[test]
fn what_is_no_file_is_neither_read_nor_written_through() {
    let machine = Machine::new("hazards");
    fs::create_dir_all(machine.path("outside")).unwrap();
    fs::write(machine.path("outside/page.md"), "secret\n").unwrap();
    fs::write(machine.path("f"), "new\n").unwrap();
    let source = text(&machine.path("f"));
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/public/website/a/page.md", b"words\n");
    put(&alice, "/public/website/a/raw.bin", b"\0\x01");
    let bob = machine.replica_of(&alice, "b", BOB);
    put(&bob, "/public/website/a/page.md", b"words of bob\n");
    put(&bob, "/public/website/a/more.md", b"more\n");
    let bundle = bob.export("bob.crdt");
    let secret = files(&machine.path("outside"));
    for (number, (what, place)) in hazards(&machine).into_iter().enumerate() {
        for (at, within) in
            [("public/website/a/page.md", "file"), ("public/website/a", "directory")]
        {
            let name = format!("h{number}{within}");
            let store = machine.open(machine.path(&name));
            copy_tree(&alice.dir, &store.dir);
            let at = disks(&store).join(at);
            match at.is_dir() {
                true => fs::remove_dir_all(&at).unwrap(),
                false => fs::remove_file(&at).unwrap(),
            }
            place(&at);
            let out = text(&machine.path(&format!("{name}-out")));
            let pages = text(&machine.path(&format!("{name}-pages")));
            for args in [
                &["disk", "put", &source, "/public/website/a/page.md"][..],
                &["disk", "put", &source, "/public/website/a/new.md"],
                &["disk", "status"],
                &["disk", "scan", "-n"],
                &["sync", "import", &bundle],
                &["disk", "get", "-r", "/public", "-O", &out],
                &["disk", "publish"],
                &["disk", "publish", "--html", &pages],
                &["disk", "move", "/public/website/a/page.md", "/public/website/b.md"],
                &["disk", "scan"],
                &["disk", "remove", "-r", "/public/website/a"],
                &["disk", "gc"],
                &["check"],
            ] {
                let run = store.run(args);
                is_clear(&run, &format!("{what} instead of the {within}: {args:?}"));
                assert!(!run.stdout.contains("secret"), "{what}: {run:#?}");
            }
            assert_eq!(files(&machine.path("outside")), secret, "{what} instead of the {within}");
            for dir in [&out, &pages].map(Path::new).into_iter().filter(|dir| dir.is_dir()) {
                for (path, bytes) in files(dir) {
                    assert!(!bytes.windows(6).any(|part| part == b"secret"), "{what}: {path:?}");
                }
            }
            let told = store.json(&["disk", "list"]);
            let told: Vec<&Value> = told.as_array().unwrap().iter().collect();
            assert!(told.iter().all(|file| file["path"].is_string()), "{what}");
        }
    }
}
