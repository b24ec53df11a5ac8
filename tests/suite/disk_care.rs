//! Faults of disks are found and fixed, and unneeded versions are freed.

use crate::check::findings;
use crate::disk_files::{place, put};
use crate::support::*;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

fn object(store: &Store<'_>, name: &str) -> PathBuf {
    store.dir.join("disks/.crdtctl").join(name)
}

/// Bytes that are no text.
fn bytes(seed: u8) -> Vec<u8> {
    [&[0, seed][..], &[seed; 2000]].concat()
}

fn hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

/// What `disk gc` reports: name and kind.
fn garbage(store: &Store<'_>, args: &[&str]) -> Vec<(String, String)> {
    let rows = store.json(&[&["disk", "gc"], args].concat());
    let word = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    rows.as_array().unwrap().iter().map(|row| (word(row, "name"), word(row, "kind"))).collect()
}

#[test]
fn versions_go_when_nobody_lacks_what_replaced_them() {
    let machine = Machine::new("gc");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/shared/a.bin", &bytes(1));
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    put(&alice, "/shared/a.bin", &bytes(2));
    put(&alice, "/shared/b.bin", &bytes(3));
    alice.ok(&["disk", "remove", "/shared/b.bin"]);
    // Bob does not know the replacement yet, and a removed file can be restored.
    assert_eq!(garbage(&alice, &[]), []);
    alice.give(&bob);
    bob.give(&alice);
    let version = (hash(&bytes(1)), "version".to_owned());
    let before = files(&alice.dir.join("disks"));
    let run = alice.run(&["disk", "gc", "-n"]);
    run.exits(0);
    assert!(run.stderr.contains("2002 bytes would be freed"), "{run:?}");
    assert_eq!(files(&alice.dir.join("disks")), before);
    let found = garbage(&alice, &[]);
    assert!(found.contains(&version), "{found:?}");
    assert!(!object(&alice, &version.0).exists());
    assert_eq!(garbage(&alice, &[]), []);
    // What is still in use remains.
    assert_eq!(fs::read(place(&alice, "/shared/a.bin")).unwrap(), bytes(2));
    alice.run(&["disk", "status"]).exits(0);
    alice.run(&["check"]).exits(0);
}

#[test]
fn what_was_left_behind_goes_and_what_is_awaited_stays() {
    let machine = Machine::new("gc parts");
    let alice = machine.group("a", &[BOB]);
    put(&alice, "/shared/a.bin", &bytes(1));
    let bob = machine.store("b", BOB);
    let file = text(&machine.path("without.crdt"));
    alice.ok(&["sync", "export", "--without-files", "-O", &file]);
    bob.ok(&["sync", "import", &file]);
    fs::create_dir_all(object(&bob, "")).unwrap();
    let awaited = format!("{}.part", hash(&bytes(1)));
    let stale = format!("{}.part", hash(b"nobody's"));
    for name in [&awaited, &stale, "0a2c0111-1fca-8411-95dd-578f6440f20e.part", "notes.txt"] {
        fs::write(object(&bob, name), "begun").unwrap();
    }
    let shared = place(&bob, "/shared/x");
    fs::create_dir_all(&shared).unwrap();
    let temporary = format!(".crdtctl-{}.tmp", hash(b"a name"));
    fs::write(shared.join(&temporary), "half").unwrap();
    fs::write(shared.join(".crdtctl-mine.tmp"), "not ours").unwrap();
    let mut found = garbage(&bob, &[]);
    found.sort();
    let said = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let mut all = [
        said(&format!("/shared/x/{temporary}"), "leftover"),
        said("0a2c0111-1fca-8411-95dd-578f6440f20e.part", "leftover"),
        said(&stale, "part"),
    ];
    all.sort();
    assert_eq!(found, all);
    assert!(object(&bob, &awaited).exists() && object(&bob, "notes.txt").exists());
    assert!(shared.join(".crdtctl-mine.tmp").exists());
}

/// Runs the fix that a finding names.
fn mend(store: &Store<'_>, finding: &Value, file: &str) {
    let fix = finding["fix"].as_str().unwrap().replace("FILE", file);
    let dir = text(&store.dir);
    let args: Vec<&str> = fix.strip_prefix("crdtctl ").unwrap().split(' ').collect();
    store.machine.run(&[&["-s", &dir], &args[..]].concat()).ok();
}

#[test]
fn every_finding_about_disks_has_a_fix_that_works() {
    let machine = Machine::new("disk findings");
    let alice = machine.group("a", &[]);
    let map = text(&machine.path("map.png"));
    fs::write(&map, bytes(7)).unwrap();
    let with = alice.ok(&["chat", "send", "The map", "--attach", &map]);
    let without = alice.ok(&["chat", "send", "Another", "--attach", &map]);
    put(&alice, "/public/website/index.md", b"# Home\n");
    alice.ok(&["disk", "publish"]);
    alice.run(&["check"]).exits(0);
    let one = |kind: &str| {
        let found = findings(&alice, &[]);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert_eq!(found[0]["kind"], kind);
        found.into_iter().next().unwrap()
    };

    // Its file is removed; its message is deleted.
    alice.ok(&["disk", "remove", "/shared/attachments/map.png"]);
    let gone = one("attachment-gone");
    assert!(gone["message"].as_str().unwrap().contains(&with), "{gone}");
    mend(&alice, &gone, &map);
    alice.run(&["check"]).exits(0);
    alice.ok(&["chat", "delete", "-y", &without]);
    let unnamed = one("unattached-file");
    assert!(unnamed["message"].as_str().unwrap().contains("map-2.png"), "{unnamed}");
    mend(&alice, &unnamed, &map);
    alice.run(&["check"]).exits(0);

    // Files that no record names, one that was changed, and one that is gone.
    fs::write(place(&alice, "/shared/new.md"), "new\n").unwrap();
    mend(&alice, &one("unscanned-files"), &map);
    alice.run(&["check"]).exits(0);
    fs::write(place(&alice, "/shared/new.md"), "newer\n").unwrap();
    mend(&alice, &one("unscanned-files"), &map);
    fs::remove_file(place(&alice, "/shared/new.md")).unwrap();
    mend(&alice, &one("unscanned-files"), &map);
    alice.run(&["check"]).exits(0);

    put(&alice, "/public/website/more.md", b"# More\n");
    mend(&alice, &one("site-changed"), &map);
    alice.run(&["check"]).exits(0);

    // A content kept beside the disks that does not match its hash.
    let bob = machine.replica_of(&alice, "b", ALICE);
    put(&alice, "/shared/v.bin", &bytes(1));
    alice.give(&bob);
    put(&bob, "/shared/v.bin", &bytes(2));
    put(&alice, "/shared/v.bin", &bytes(3));
    bob.give(&alice);
    alice.give(&bob);
    let kept = [bytes(2), bytes(3)].map(|bytes| object(&alice, &hash(&bytes)));
    let kept = kept.iter().find(|path| path.exists()).expect("one of two versions at once");
    fs::write(kept, "damaged").unwrap();
    let damaged = one("content-damaged");
    mend(&alice, &damaged, &map);
    assert!(!kept.exists());
    alice.run(&["check"]).exits(0);
    let file = text(&machine.path("again.crdt"));
    bob.ok(&["sync", "export", "-O", &file]);
    alice.ok(&["sync", "import", &file]);
    assert!(kept.exists(), "it is asked for again, and came");
    assert_eq!(alice.json(&["check"]), json!([]));
}

#[test]
fn a_file_that_an_archived_message_has_attached_is_not_among_those_to_remove() {
    let machine = Machine::new("archived attachment");
    let alice = machine.group("a", &[]);
    let map = text(&machine.path("map.png"));
    fs::write(&map, bytes(7)).unwrap();
    let message = alice.ok(&["chat", "send", "The map", "--attach", &map]);
    alice.ok(&["archive", "run", "--older-than", "0s"]);
    assert_eq!(alice.json(&["chat", "show", &message])["in_archive"], true);
    assert_eq!(alice.json(&["check"]), json!([]));
    // A restored message has it attached in its document again; once deleted, it is attached nowhere.
    alice.ok(&["archive", "restore", &message]);
    assert_eq!(alice.json(&["check"]), json!([]));
    alice.ok(&["chat", "delete", "-y", &message]);
    let found = findings(&alice, &[]);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["kind"], "unattached-file");
}

/// Alice's store and Bob's, who has a file of hers.
fn with_bob<'m>(machine: &'m Machine, path: &str, content: &[u8]) -> (Store<'m>, Store<'m>) {
    let alice = machine.group("a", &[BOB]);
    put(&alice, path, content);
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    machine.pass(60);
    (alice, bob)
}

/// A file that cannot be read is not missing: nobody else loses it.
#[cfg(unix)]
#[test]
fn a_scan_removes_nothing_that_it_cannot_read() {
    for what in
        ["ln -s /dev/null p.md", "mkdir p.md", "cd .. && mv d e && ln -s e d", "mkfifo p.md"]
    {
        let machine = Machine::new("unreadable");
        let (alice, bob) = with_bob(&machine, "/shared/d/p.md", b"a page\n");
        let dir = text(&place(&bob, "/shared/d"));
        machine.shell(&format!("cd '{dir}' && mv p.md ../../kept.md && {what}"));
        let run = bob.run(&["disk", "scan"]);
        run.exits(0);
        assert_eq!(run.stderr.matches("left out /shared/d/p.md").count(), 1, "{what}: {run:?}");
        bob.give(&alice);
        assert_eq!(alice.ok(&["disk", "cat", "/shared/d/p.md"]), "a page", "{what}");
        assert!(bob.ok(&["disk", "list"]).contains("/shared/d/p.md"), "{what}");
    }
}

/// Alice moves a file to a path where Bob has made a file unknown to others: they stay two files.
#[test]
fn what_lies_where_a_file_is_moved_to_is_a_file_of_its_own() {
    for (hers, his) in [(&b"hers\n"[..], &b"his\n"[..]), (&bytes(1), &bytes(2))] {
        let machine = Machine::new("moved onto");
        let (alice, bob) = with_bob(&machine, "/shared/p", hers);
        alice.ok(&["disk", "move", "/shared/p", "/shared/q"]);
        fs::write(place(&bob, "/shared/q"), his).unwrap();
        alice.give(&bob);
        bob.run(&["disk", "scan"]).exits(0);
        bob.run(&["disk", "scan"]).exits(0);
        bob.give(&alice);
        alice.give(&bob);
        for (store, member) in [(&alice, "alice"), (&bob, "bob")] {
            let rows = store.json(&["disk", "list", "-a"]);
            let rows = rows.as_array().unwrap();
            assert_eq!(rows.len(), 2, "{rows:?}");
            let mut found: Vec<Vec<u8>> = rows
                .iter()
                .map(|row| {
                    let dir = text(&store.dir);
                    let id = row["id"].as_str().unwrap();
                    let got = machine.path(&format!("{id} of {member}"));
                    machine.run(&["-s", &dir, "disk", "get", id, "-O", &text(&got)]).exits(0);
                    fs::read(got).unwrap()
                })
                .collect();
            found.sort();
            let mut wanted = vec![hers.to_vec(), his.to_vec()];
            wanted.sort();
            assert_eq!(found, wanted);
        }
    }
}

/// Bob changes a file on his disk while he knows of a newer version that has not arrived: his does not
/// replace what he never had.
#[test]
fn bytes_replace_the_version_of_which_they_were_made() {
    let machine = Machine::new("version base");
    let (alice, bob) = with_bob(&machine, "/shared/x.bin", &bytes(1));
    put(&alice, "/shared/x.bin", &bytes(2));
    let bundle = text(&machine.path("new.crdt"));
    alice.ok(&["sync", "export", "--without-files", "-O", &bundle]);
    bob.run(&["sync", "import", &bundle]).exits(0);
    machine.pass(60);
    fs::write(place(&bob, "/shared/x.bin"), bytes(3)).unwrap();
    bob.run(&["disk", "scan"]).exits(0);
    bob.give(&alice);
    let status = alice.run(&["disk", "status", "--json"]).parsed();
    assert!(column(&status, "state").contains(&"versions".into()), "{status}");
    assert!(object(&alice, &hash(&bytes(2))).exists());
    garbage(&alice, &[]);
    assert!(object(&alice, &hash(&bytes(2))).exists(), "a version that was not replaced");
}

#[test]
fn a_website_is_published_as_it_lies_there() {
    let machine = Machine::new("published");
    let alice = machine.group("a", &[]);
    put(&alice, "/public/website/index.md", b"# Home\n");
    put(&alice, "/public/website/old.md", b"# Old\n");
    put(&alice, "/shared/elsewhere.md", b"not of the website\n");
    let site = place(&alice, "/public/website");
    let verify = |root: &str| machine.run(&["disk", "verify", "--root", root, &text(&site)]);
    fs::write(site.join("new.md"), "# New\n").unwrap();
    fs::remove_file(site.join("old.md")).unwrap();
    fs::remove_file(place(&alice, "/shared/elsewhere.md")).unwrap();
    let run = alice.run(&["disk", "publish"]);
    let said = "took in changes in /public/website: 1 added, 1 removed";
    assert!(run.exits(0).stderr.contains(said), "{run:?}");
    let root = run.stdout.trim().to_owned();
    verify(&root).exits(0);
    assert!(fs::read_to_string(site.join("B3SUMS")).unwrap().contains("new.md"));
    // It does not touch what is no page of it.
    assert!(alice.ok(&["disk", "list"]).contains("/shared/elsewhere.md"));
    fs::remove_file(site.join("B3SUMS")).unwrap();
    assert_eq!(alice.ok(&["disk", "publish"]).trim(), root);
    verify(&root).exits(0);
}

#[test]
fn a_document_that_is_full_of_texts_says_what_takes_no_room_in_it() {
    let machine = Machine::new("full of texts");
    let alice = machine.group("a", &[]);
    let site = machine.path("site");
    fs::create_dir_all(&site).unwrap();
    for n in 0..16 {
        fs::write(site.join(format!("{n:02}.md")), format!("page {n:02}\n").repeat(120_000))
            .unwrap();
    }
    let archive = "put those that nobody edits as one archive";
    let run = alice.run(&["disk", "put", "-r", &text(&site), "/shared/site"]);
    run.exits(0);
    assert!(run.stderr.contains("is over its limit") && run.stderr.contains(archive), "{run:?}");
    let page = text(&site.join("00.md"));
    let run = alice.run(&["disk", "put", &page, "/shared/one.md"]);
    run.fails(1, "more than its limit of 15000000");
    assert!(run.stderr.contains(archive), "{run:?}");
    alice.ok(&["disk", "remove", "-r", "/shared/site"]);
    // As one file they fit.
    let all: Vec<u8> =
        (0..16).flat_map(|n| fs::read(site.join(format!("{n:02}.md"))).unwrap()).collect();
    put(&alice, "/shared/site.tar", &[&b"\0"[..], &all].concat());
    alice.run(&["check"]).exits(0);
}

#[cfg(unix)]
#[test]
fn a_file_that_may_be_run_now_was_changed() {
    use std::os::unix::fs::PermissionsExt;
    let machine = Machine::new("executable");
    let alice = machine.group("a", &[]);
    let mode = |path: &str, mode: u32| {
        fs::set_permissions(place(&alice, path), fs::Permissions::from_mode(mode)).unwrap();
    };
    put(&alice, "/shared/run.sh", b"echo hi\n");
    // Too long to be read whenever something is asked about it.
    put(&alice, "/shared/tool", &[&[0][..], &vec![7; 2 << 20]].concat());
    let changed = |path: &str, executable: bool| {
        let rows = alice.run(&["disk", "status", "--json"]);
        let rows = rows.exits(3).parsed();
        assert_eq!((&rows[0]["path"], &rows[0]["state"]), (&json!(path), &json!("changed")));
        assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows}");
        let found = findings(&alice, &[]);
        assert_eq!((found.len(), &found[0]["kind"]), (1, &json!("unscanned-files")));
        let file = text(&machine.path("without.crdt"));
        let export = alice.run(&["sync", "export", "-O", &file]);
        assert!(export.exits(0).stderr.contains(path), "{}", export.stderr);
        mend(&alice, &found[0], "");
        assert_eq!(alice.json(&["disk", "show", path])["executable"], executable);
        alice.run(&["disk", "status"]).exits(0);
        alice.run(&["check"]).exits(0);
    };
    for path in ["/shared/run.sh", "/shared/tool"] {
        mode(path, 0o755);
        changed(path, true);
        mode(path, 0o644);
        changed(path, false);
    }
    // Who else may read or run it is not part of the file.
    mode("/shared/run.sh", 0o600);
    alice.run(&["disk", "status"]).exits(0);
}

#[test]
fn a_file_that_another_program_removed_is_not_found_until_it_is_restored() {
    let machine = Machine::new("removed by others");
    let (alice, bob) = with_bob(&machine, "/shared/map.bin", &bytes(7));
    put(&alice, "/shared/page.md", b"one\n");
    put(&alice, "/shared/stays.md", b"two\n");
    alice.meet(&bob);
    for path in ["/shared/page.md", "/shared/map.bin"] {
        fs::remove_file(place(&alice, path)).unwrap();
        for verb in ["cat", "get"] {
            let run = alice.run(&["disk", verb, path]);
            run.fails(4, "another program removed or moved");
            assert!(run.stdout.is_empty() && !run.stderr.contains("sync import"), "{run:?}");
            assert!(run.stderr.contains(&format!("`crdtctl disk restore {path}`")), "{run:?}");
            assert!(run.stderr.contains("`crdtctl disk scan`"), "{run:?}");
        }
    }
    // What is there is got, and what is not is named.
    let copy = machine.path("copy");
    let run = alice.run(&["disk", "get", "-r", "/shared", "-O", &text(&copy)]);
    assert!(run.exits(0).stderr.contains("left out /shared/map.bin and 1 more"), "{run:?}");
    assert_eq!(files(&copy).len(), 1);
    let run = alice.run(&["disk", "diff", "/shared/page.md"]);
    assert!(run.exits(3).stdout.contains("+++ /dev/null\n"), "{run:?}");

    let run = alice.run(&["disk", "restore", "/shared/page.md"]);
    assert!(run.exits(0).stderr.contains("wrote /shared/page.md again"), "{run:?}");
    assert_eq!(alice.ok(&["disk", "cat", "/shared/page.md"]), "one");
    // The only copy here of what is not a text went with the file.
    let run = alice.run(&["disk", "restore", "/shared/map.bin"]);
    assert!(run.exits(0).stderr.contains("once a bundle has its content"), "{run:?}");
    let asks = text(&machine.path("asks.crdt"));
    alice.ok(&["sync", "export", "-O", &asks]);
    bob.ok(&["sync", "import", &asks]);
    let answer = text(&machine.path("answer.crdt"));
    bob.ok(&["sync", "export", "--for", ALICE, "-O", &answer]);
    alice.ok(&["sync", "import", &answer]);
    assert_eq!(fs::read(place(&alice, "/shared/map.bin")).unwrap(), bytes(7));
    alice.run(&["disk", "status"]).exits(0);

    // One that was moved is not removed, and there is none to bring back.
    fs::rename(place(&alice, "/shared/page.md"), place(&alice, "/shared/moved.md")).unwrap();
    let run = alice.run(&["disk", "restore", "/shared/page.md"]);
    run.fails(4, "another program moved /shared/page.md to /shared/moved.md");
    // What a scan takes in is removed for everybody, and restored for everybody.
    fs::remove_file(place(&alice, "/shared/stays.md")).unwrap();
    alice.ok(&["disk", "scan"]);
    alice.ok(&["disk", "restore", "/shared/stays.md"]);
    assert_eq!(alice.ok(&["disk", "cat", "/shared/stays.md"]), "two");
    assert!(!alice.column(&["disk", "list"], "path").contains(&"/shared/page.md".to_owned()));
}

#[test]
fn help_says_which_commands_end_with_findings() {
    let machine = Machine::new("findings");
    for verb in ["status", "diff", "verify"] {
        let help = machine.run(&["disk", verb, "--help"]).ok();
        assert!(help.contains("exit code is 3"), "{help}");
    }
}

/// A link or a pipe in the place of a file is a finding; the suggested command brings the file back. An export
/// does not claim that a scan would take that in.
#[cfg(unix)]
#[test]
fn what_is_in_the_place_of_a_file_is_a_finding_and_the_file_comes_back() {
    for what in ["ln -s /dev/null p.md", "mkfifo p.md"] {
        let machine = Machine::new("odd file");
        let store = machine.group("a", &[BOB]);
        put(&store, "/shared/d/p.md", b"a page\n");
        put(&store, "/shared/d/q.md", b"another\n");
        let dir = text(&place(&store, "/shared/d"));
        machine.shell(&format!("cd '{dir}' && rm p.md && {what}"));
        let found = json!(findings(&store, &[]));
        assert_eq!(column(&found, "kind"), ["odd-file"], "{what}");
        let message = found[0]["message"].as_str().unwrap();
        assert!(message.contains("/shared/d/p.md"), "{message}");
        let run = store.run(&["sync", "export", "-O", &text(&machine.path("x.crdt"))]);
        run.exits(0);
        assert!(!run.stderr.contains("disk scan"), "{what}: {}", run.stderr);
        assert_eq!(store.json(&["disk", "list"]).as_array().unwrap().len(), 2);
        let program = format!("'{}' -s '{}'", env!("CARGO_BIN_EXE_crdtctl"), text(&store.dir));
        machine.shell(
            &found[0]["fix"].as_str().unwrap().replace("crdtctl disk", &format!("{program} disk")),
        );
        assert_eq!(fs::read(place(&store, "/shared/d/p.md")).unwrap(), b"a page\n", "{what}");
        assert_eq!(store.json(&["check"]), json!([]), "{what}");
    }
}

/// A link in the place of a directory of files is a finding, beside all the others.
#[cfg(unix)]
#[test]
fn what_is_in_the_place_of_a_directory_is_a_finding_beside_the_others() {
    for (dir, kind) in [
        ("/shared/d", "odd-file"),
        ("/shared", "odd-file"),
        ("/", "unread-disk"),
        ("/..", "unread-disk"),
    ] {
        let machine = Machine::new("odd directory");
        let store = machine.group("a", &[BOB]);
        put(&store, "/shared/d/p.md", b"a page\n");
        put(&store, "/shared/d/raw.bin", &bytes(1));
        put(&store, "/public/q.md", b"a page\n");
        let chat = format!("{GROUP}:chat");
        store.send("hello");
        fs::remove_file(store.document(&chat).with_extension("meta")).unwrap();
        // No `..` is left in it.
        let at = fs::canonicalize(place(&store, dir)).unwrap();
        let kept = machine.path("kept");
        fs::rename(&at, &kept).unwrap();
        std::os::unix::fs::symlink(&kept, &at).unwrap();
        let found = json!(findings(&store, &[]));
        assert_eq!(column(&found, "kind"), ["missing-meta", kind], "{dir}: {found}");
        let message = found[1]["message"].as_str().unwrap();
        assert!(message.contains("in its place"), "{dir}: {message}");
        let scan = store.run(&["disk", "scan"]);
        assert!([0, 1].contains(&scan.code), "{dir}: {scan:?}");
        assert_eq!(store.json(&["disk", "list"]).as_array().unwrap().len(), 3, "{dir}");
        machine.shell(found[1]["fix"].as_str().unwrap());
        fs::rename(&kept, &at).unwrap();
        assert_eq!(column(&json!(findings(&store, &[])), "kind"), ["missing-meta"], "{dir}");
    }
}
