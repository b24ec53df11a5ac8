//! Commands about files on disks, killed at each of their writes: every file has its old or its new content,
//! whole, and the next command continues from there.
//!
//! Tries a few of the calls by default; `CRDTCTL_EVERY=1` tries all of them.

use super::crash::{Rewind, broken_at};
use super::support::{Machine, Store, files, number, text};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
const GROUP: &str = "group:ocean-forest-moon-star";
/// The calls that change files.
const CALLS: &str =
    "write,fsync,syncfs,rename,renameat,unlinkat,unlink,mkdirat,linkat,ftruncate,openat";
const EVERY: u64 = 97;
/// Those tried by default: a scan afterwards once mistook their effects for another program's changes.
const FEW: [&str; 4] = ["fsync", "renameat", "unlink", "openat"];

/// The files of the group, without a writer's temporary files.
fn lying(store: &Store<'_>) -> BTreeMap<PathBuf, Vec<u8>> {
    let dir = store.dir.join("disks/entities").join(GROUP.trim_start_matches("group:"));
    let mut all = if dir.is_dir() { files(&dir) } else { BTreeMap::new() };
    all.retain(|path, _| !text(path).contains("/.crdtctl"));
    all
}

fn group(machine: &Machine) -> Store<'_> {
    let store = machine.store("store", ALICE);
    store.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
    store.ok(&["member", "add", BOB]);
    let site = machine.path("site");
    fs::create_dir_all(site.join("sub")).unwrap();
    for n in 0..6 {
        fs::write(site.join(format!("sub/{n}.md")), format!("page {n}\n").repeat(40)).unwrap();
    }
    fs::write(site.join("raw.bin"), bytes(3)).unwrap();
    store.ok(&["disk", "put", "-r", &text(&site), "/shared/site"]);
    store
}

/// The group, Bob, and a bundle with all of it for him.
fn with_bob(machine: &Machine) -> (Store<'_>, Store<'_>, String) {
    let (store, bob) = (group(machine), machine.store("bob", BOB));
    let bundle = text(&machine.path("all.crdt"));
    store.ok(&["sync", "export", "-O", &bundle]);
    (store, bob, bundle)
}

/// Bytes that are not text.
fn bytes(seed: u8) -> Vec<u8> {
    (0..9_000u32).map(|n| (n.wrapping_mul(31) >> 3) as u8 ^ seed).collect()
}

/// Breaks a command at its calls. `again` continues where it was broken.
fn sweep(store: Store<'_>, args: &[&str], again: &[&[&str]]) {
    let rewind = Rewind::new(store);
    let store = &rewind.store;
    let before = lying(store);
    store.run(args).ok();
    let after = lying(store);
    assert!(before != after || args[1] == "gc" || args[1] == "scan", "{args:?} does nothing");
    let asked = number("CRDTCTL_EVERY");
    let every = usize::try_from(asked.unwrap_or(EVERY)).unwrap();
    let calls = CALLS.split(',').enumerate();
    let calls = calls.filter(|(_, call)| asked.is_some() || FEW.contains(call));
    let calls = calls.map(|(first, call)| (call, (1 + first % every..).step_by(every)));
    killed(&rewind, args, calls, |store, what| {
        for (path, bytes) in lying(store) {
            let is = |of: &BTreeMap<PathBuf, Vec<u8>>| of.get(&path) == Some(&bytes);
            assert!(is(&before) || is(&after), "{what}: {} is neither", path.display());
        }
        // The next scan changes nothing that nobody changed.
        store.run(&["disk", "scan"]).ok();
        for (path, bytes) in lying(store) {
            let is = |of: &BTreeMap<PathBuf, Vec<u8>>| of.get(&path) == Some(&bytes);
            assert!(is(&before) || is(&after), "{what}, and scanned: {}", path.display());
        }
        again.iter().for_each(|args| drop(store.run(args)));
        assert_eq!(lying(store), after, "{what}");
        store.run(&["disk", "status"]).ok();
        store.run(&["disk", "gc"]).ok();
        assert_eq!(left_over(&store.dir.join("disks")), [""; 0], "{what}");
    });
}

/// Kills a command at some of its calls, counted per name, and inspects the store each time.
fn killed<'c>(
    rewind: &Rewind<'_>,
    args: &[&str],
    calls: impl Iterator<Item = (&'c str, impl Iterator<Item = usize>)>,
    look: impl Fn(&Store<'_>, &str),
) {
    let store = &rewind.store;
    let mut tried = 0;
    for (call, places) in calls {
        for at in places {
            rewind.rewind();
            let Some((run, broken)) = broken_at(store, args, call, "signal=KILL", at) else {
                return;
            };
            if !broken {
                break;
            }
            tried += 1;
            look(store, &format!("{args:?} killed at {call} {at}: {run:?}"));
        }
    }
    assert!(tried > 0, "{args:?}: none of its calls was broken");
}

/// Leftovers of killed writers.
fn left_over(dir: &Path) -> Vec<String> {
    let names = files(dir).into_keys().map(|path| text(&path));
    names.filter(|name| name.ends_with(".tmp") || name.ends_with(".part")).collect()
}

#[test]
fn a_put_that_is_killed_leaves_whole_files() {
    let machine = Machine::new("put killed");
    let store = group(&machine);
    for n in 2..9 {
        fs::write(machine.path(&format!("site/sub/{n}.md")), format!("new {n}\n").repeat(60))
            .unwrap();
    }
    fs::write(machine.path("site/raw.bin"), bytes(7)).unwrap();
    let site = text(&machine.path("site"));
    let put = ["disk", "put", "-r", &site, "/shared/site"];
    sweep(store, &put, &[&put]);
}

#[test]
fn an_edit_that_is_killed_leaves_the_old_text_or_the_new_one() {
    let machine = Machine::new("edit killed");
    let store = group(&machine);
    machine.set_editor(Some("sed -i s/page/leaf/"));
    let page = ["disk", "edit", "/shared/site/sub/1.md"];
    sweep(store, &page, &[&page]);
    // What somebody changed in the directory meanwhile stays, too.
    let machine = Machine::new("edit of a changed file killed");
    let store = group(&machine);
    machine.set_editor(Some("sed -i 1s/page/leaf/"));
    let lies = store.dir.join("disks/entities/ocean-forest-moon-star/shared/site/sub/1.md");
    fs::write(lies, format!("{}another\n", "page 1\n".repeat(40))).unwrap();
    sweep(store, &page, &[&page]);
}

#[test]
fn a_scan_that_is_killed_goes_on() {
    let machine = Machine::new("scan killed");
    let store = group(&machine);
    let site = store.dir.join("disks/entities/ocean-forest-moon-star/shared/site");
    fs::write(site.join("sub/1.md"), "another\n").unwrap();
    fs::write(site.join("new.bin"), bytes(9)).unwrap();
    fs::rename(site.join("sub/2.md"), site.join("two.md")).unwrap();
    fs::remove_file(site.join("sub/3.md")).unwrap();
    sweep(store, &["disk", "scan"], &[&["disk", "scan"]]);
}

#[test]
fn an_import_of_files_that_is_killed_goes_on() {
    let machine = Machine::new("import of files killed");
    let (store, bob, bundle) = with_bob(&machine);
    bob.ok(&["sync", "import", &bundle]);
    bob.ok(&["disk", "move", "/shared/site/sub/1.md", "/shared/one.md"]);
    bob.ok(&["disk", "remove", "/shared/site/sub/2.md"]);
    fs::write(machine.path("raw"), bytes(11)).unwrap();
    bob.ok(&["disk", "put", &text(&machine.path("raw")), "/shared/site/raw.bin"]);
    bob.ok(&["disk", "put", &text(&machine.path("raw")), "/shared/copy.bin"]);
    bob.ok(&["sync", "export", "-O", &bundle]);
    let import = ["sync", "import", bundle.as_str()];
    sweep(store, &import, &[&import]);
}

#[test]
fn a_move_a_removal_and_a_collection_that_are_killed_go_on() {
    let machine = Machine::new("move killed");
    let store = group(&machine);
    let to = ["disk", "move", "/shared/site", "/public/site"];
    sweep(store, &to, &[&to]);
    let machine = Machine::new("removal killed");
    // Nobody has to acknowledge it: it is gone for good at once.
    let store = group(&machine);
    store.ok(&["member", "remove", BOB]);
    let remove = ["disk", "remove", "-r", "/shared/site/sub"];
    sweep(store, &remove, &[&remove]);
    let machine = Machine::new("collection killed");
    let store = group(&machine);
    fs::write(machine.path("site/raw.bin"), bytes(7)).unwrap();
    store.ok(&["disk", "put", &text(&machine.path("site/raw.bin")), "/shared/site/raw.bin"]);
    sweep(store, &["disk", "gc"], &[&["disk", "gc"]]);
}

/// What a scan takes in and prints.
fn scanned(store: &Store<'_>) -> (Vec<String>, String) {
    let run = store.run(&["disk", "scan", "--json"]);
    run.ok();
    let said: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let kinds = ["added", "edited", "moved", "removed"];
    let some = kinds.iter().filter(|kind| said[**kind] != serde_json::json!([]));
    (some.map(|kind| format!("{kind}: {}", said[*kind])).collect(), run.stderr.clone())
}

#[test]
fn a_move_that_is_killed_and_taken_back_leaves_no_copies() {
    let machine = Machine::new("move taken back");
    let store = group(&machine);
    fs::write(machine.path("site/raw2.bin"), bytes(5)).unwrap();
    store.ok(&["disk", "put", &text(&machine.path("site/raw2.bin")), "/shared/site/raw2.bin"]);
    let before = lying(&store);
    let to = ["disk", "move", "/shared/site", "/public/site"];
    let calls = ["renameat", "unlinkat"].map(|call| (call, 1..));
    killed(&Rewind::new(store), &to, calls.into_iter(), |store, what| {
        let moved = lying(store);
        store.run(&["disk", "move", "/public/site", "/shared/site"]).ok();
        assert_eq!(scanned(store).0, [""; 0], "{what}");
        assert_eq!(lying(store), before, "{what}: {:?}", moved.keys());
        store.run(&["disk", "status"]).ok();
    });
}

#[test]
fn a_removal_that_is_killed_is_carried_on_by_a_scan() {
    let machine = Machine::new("removal carried on");
    let store = group(&machine);
    let remove = ["disk", "remove", "-r", "/shared/site"];
    let calls = std::iter::once(("unlinkat", 1..));
    killed(&Rewind::new(store), &remove, calls, |store, what| {
        let (taken, said) = scanned(store);
        assert_eq!(taken, [""; 0], "{what}");
        assert!(!said.contains("left here"), "{what}: {said}");
        assert!(lying(store).is_empty(), "{what}");
        store.run(&["disk", "status"]).ok();
    });
}

#[test]
fn what_is_written_into_a_file_that_a_killed_command_left_is_taken_in_by_any_other() {
    let (from, to) = ("/shared/site/sub/1.md", "/public/one.md");
    for args in [&["disk", "move", from, to][..], &["disk", "remove", from]] {
        let machine = Machine::new("edit after a kill");
        let store = group(&machine);
        let other = text(&machine.path("site/sub/0.md"));
        let count = lying(&store).len();
        let calls = ["fsync", "renameat", "unlinkat"].map(|call| (call, 1..));
        killed(&Rewind::new(store), args, calls.into_iter(), |store, what| {
            let old = store.dir.join("disks/entities/ocean-forest-moon-star/shared/site/sub/1.md");
            let Ok(page) = fs::read_to_string(&old) else { return };
            fs::write(&old, page + "and more\n").unwrap();
            let before = store.run(&["disk", "list", "--json"]).stdout;
            // The test is about another file.
            store.run(&["disk", "put", &other, "/shared/other.md"]).ok();
            let put = lying(store);
            let more = |bytes: &[u8]| bytes.ends_with(b"and more\n");
            assert_eq!(put.values().filter(|bytes| more(bytes)).count(), 1, "{what}");
            let left = put.get(Path::new("shared/site/sub/1.md"));
            let is_moved = before.contains(to) && left.is_none();
            assert!(is_moved || left.is_some_and(|page| more(page)), "{what}: {:?}", put.keys());
            store.run(&["disk", "scan"]).ok();
            assert_eq!(lying(store).len(), count + 1, "{what}");
            store.run(&["disk", "status"]).ok();
        });
    }
}

#[test]
fn an_import_of_files_that_is_killed_goes_on_with_the_same_import() {
    let machine = Machine::new("import killed again");
    let (store, bob, bundle) = with_bob(&machine);
    let import = ["sync", "import", bundle.as_str()];
    let calls = ["fsync", "renameat"].map(|call| (call, (1..).step_by(3)));
    let all = lying(&store);
    killed(&Rewind::new(bob), &import, calls.into_iter(), |bob, what| {
        bob.run(&import).ok();
        assert_eq!(lying(bob), all, "{what}");
        bob.run(&["disk", "status"]).ok();
    });
}

#[test]
fn an_import_of_files_that_changed_places_is_killed_and_doubles_none() {
    let machine = Machine::new("ring killed");
    let (store, bob, bundle) = with_bob(&machine);
    bob.ok(&["sync", "import", &bundle]);
    let dir = store.dir.join("disks/entities").join(GROUP.trim_start_matches("group:"));
    let place = |n: usize| dir.join(format!("shared/site/sub/{n}.md"));
    (0..6).rev().for_each(|n| fs::rename(place(n), place(n + 1)).unwrap());
    fs::rename(place(6), place(0)).unwrap();
    store.ok(&["disk", "scan"]);
    machine.pass(60);
    let moved = text(&machine.path("moved.crdt"));
    store.ok(&["sync", "export", "-O", &moved]);
    let (all, listed) = (lying(&store), store.json(&["disk", "list", "-a"]));
    let import = ["sync", "import", moved.as_str()];
    let calls = ["fsync", "rename", "renameat"].map(|call| (call, (1..).step_by(2)));
    killed(&Rewind::new(bob), &import, calls.into_iter(), |bob, what| {
        bob.run(&["disk", "scan"]).ok();
        bob.run(&import).ok();
        assert_eq!(lying(bob), all, "{what}");
        assert_eq!(bob.json(&["disk", "list", "-a"]), listed, "{what}");
    });
}
