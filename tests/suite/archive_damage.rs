//! An archive that is damaged, gone, or an older copy: lists say so, `check` names the remedy, and the
//! documents still work.

use crate::errors::{NOBODY, as_user, is_root};
use crate::support::*;
use rusqlite::Connection;
use serde_json::json;

const DAY: i64 = 86_400;

/// A group in which both replicas have archived the same.
fn archived(machine: &Machine) -> (Store<'_>, Store<'_>, String) {
    let alice = machine.group("alice", &[BOB]);
    let old = alice.send("an old word");
    alice.send("another old word");
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    machine.pass(100 * DAY);
    alice.ok(&["archive", "run"]);
    alice.give(&bob);
    (alice, bob, old)
}

#[test]
fn whatever_is_wrong_with_an_archive_is_found_and_mended_by_what_others_have() {
    let machine = Machine::new("archive damaged");
    let (alice, bob, old) = archived(&machine);
    let file = alice.dir.join("archive.db");
    let sound = std::fs::read(&file).unwrap();
    assert_eq!(alice.run(&["check", "--deep"]).code, 0);
    let rows = text(&machine.path("rows.crdt"));
    bob.ok(&["sync", "export", "--with-archive", "-O", &rows]);
    // One letter of it changed, wherever it is.
    let mut altered = sound.clone();
    for at in 0..sound.len() {
        if sound[at..].starts_with(b"an old word") {
            altered[at + 3] ^= 1;
        }
    }
    // What is in its place, whether it can be read at all, and the message.
    let cases: &[(&str, Option<&[u8]>, bool, &str)] = &[
        ("gone", None, false, "is missing or empty"),
        ("empty", Some(b""), false, "is missing or empty"),
        ("cut", Some(&sound[..sound.len() / 2]), false, "cannot be read"),
        ("no database", Some(b"something else, and long enough"), false, "cannot be read"),
        ("altered", Some(&altered), true, "not what was written"),
    ];
    for (what, bytes, reads, said) in cases {
        std::fs::remove_file(&file).ok();
        if let Some(bytes) = bytes {
            std::fs::write(&file, bytes).unwrap();
        }
        let files = alice.files();
        let list = alice.run(&["chat", "list"]);
        if *reads {
            list.exits(0);
        } else {
            assert!(list.code == 5 && !list.stdout.contains("old word"), "{what}: {list:?}");
            assert!(list.stderr.contains("`crdtctl check`"), "{what}: {}", list.stderr);
        }
        let found = alice.run(&["check", "--json"]).exits(3).parsed();
        assert_eq!((found.as_array().unwrap().len(), &found[0]["kind"]), (1, &json!("archive")));
        assert!(found[0]["message"].as_str().unwrap().contains(said), "{what}: {found}");
        assert_eq!(alice.files(), files, "{what}");
        // The documents still work, and what others have comes back.
        let fix = found[0]["fix"].as_str().unwrap();
        if fix.starts_with("mv ") {
            machine.shell(fix);
        } else {
            assert_eq!(fix, "crdtctl sync import BUNDLE", "{what}");
        }
        alice.send("a new word");
        alice.ok(&["sync", "import", &rows]);
        assert_eq!(alice.json(&["chat", "show", &old])["content"], "an old word", "{what}");
        assert_eq!(alice.run(&["check", "--deep"]).code, 0, "{what}");
        std::fs::remove_file(alice.dir.join("archive.db.damaged")).ok();
    }
    // A copy from before the last run.
    machine.pass(200 * DAY);
    bob.give(&alice);
    alice.give(&bob);
    bob.give(&alice);
    assert!(alice.json(&["archive", "run"])["archived"].as_u64().unwrap() > 0);
    std::fs::write(&file, &sound).unwrap();
    let found = alice.run(&["check", "--json"]).exits(3).parsed();
    assert!(found[0]["message"].as_str().unwrap().contains("older copy"), "{found}");
    assert_eq!(alice.json(&["chat", "show", &old])["content"], "an old word");
    // What is archived from now on does not hide what is missing, not even in a new file.
    for begins_anew in [false, true] {
        if begins_anew {
            std::fs::remove_file(&file).unwrap();
        }
        for _ in 0..3 {
            alice.send("one more");
        }
        machine.pass(200 * DAY);
        alice.give(&bob);
        bob.give(&alice);
        assert!(alice.json(&["archive", "run"])["archived"].as_u64().unwrap() >= 3);
        let found = alice.run(&["check", "--json"]).exits(3).parsed();
        assert!(found[0]["message"].as_str().unwrap().contains("older copy"), "{found}");
    }
}

/// A group with a chat, a board and issues, each with something archived and something live.
struct Shelved<'m> {
    store: Store<'m>,
    old: String,
    live: String,
}

fn shelved(machine: &Machine) -> Shelved<'_> {
    let store = machine.group("one", &[]);
    let old = store.send("an old word");
    let [card, issue] =
        [store.ok(&["kanban", "add", "an old card"]), store.ok(&["issue", "new", "an old issue"])];
    store.ok(&["kanban", "archive", &card]);
    store.ok(&["issue", "close", &issue]);
    machine.pass(100 * DAY);
    let live = store.send("a live word");
    store.ok(&["chat", "send", "--reply-to", &live, "a live reply"]);
    store.ok(&["kanban", "add", "a live card"]);
    store.ok(&["issue", "new", "a live issue"]);
    assert_eq!(store.json(&["archive", "run"])["archived"], 3);
    Shelved { store, old, live }
}

/// The commands that show documents and archive as one, with their live records.
fn readings(live: &str) -> Vec<(Vec<&str>, &'static str)> {
    let sql = "SELECT content FROM messages ORDER BY created_at";
    vec![
        (vec!["chat", "list"], "a live word"),
        (vec!["chat", "list", "--limit", "1"], "a live word"),
        (vec!["chat", "list", "--json"], "a live word"),
        (vec!["chat", "search", "word"], "a live word"),
        (vec!["chat", "show", live], "a live word"),
        (vec!["chat", "thread", live], "a live reply"),
        (vec!["chat", "list", "--threads"], "a live word"),
        (vec!["chat", "tail"], "a live word"),
        (vec!["kanban", "list", "--all"], "a live card"),
        (vec!["issue", "list", "--all"], "a live issue"),
        (vec!["chat", "export"], "a live word"),
        (vec!["sql", sql], "a live word"),
        (vec!["sql", "SELECT * FROM messages"], "a live word"),
        (vec!["sql", "SELECT content FROM messages_fts('live')"], "a live word"),
    ]
}

/// Every such command shows what is live, says what it leaves out, why, and what to do, and exits with that
/// error's code; nothing is written.
#[track_caller]
fn shows_what_is_live(what: &str, it: &Shelved<'_>, extra: &[&str], code: i32, said: [&str; 2]) {
    let files = it.store.documents();
    for (args, live) in readings(&it.live) {
        let run = it.store.run(&[&args[..], extra].concat());
        assert_eq!(run.code, code, "{what}: {args:?}: {run:?}");
        assert!(run.stdout.contains(live) && !run.stdout.contains("old"), "{what}: {run:?}");
        let told =
            run.stderr.matches("archive.db is left out, live records are included: ").count();
        assert_eq!(told, 1, "{what}: {args:?}: {}", run.stderr);
        for said in said {
            assert!(run.stderr.contains(said), "{what}: {args:?}: {}", run.stderr);
        }
    }
    let saved = it.store.machine.path("saved.sqlite");
    let run = it.store.run(&[&["sql", "--save", &text(&saved)][..], extra].concat());
    assert_eq!(run.code, code, "{what}: {run:?}");
    std::fs::remove_file(saved).unwrap();
    // A record that is nowhere else is not found, and the reason is given, too.
    let run = it.store.run(&[&["chat", "show", &it.old][..], extra].concat());
    assert_eq!(run.code, code, "{what}: {run:?}");
    assert!(run.stderr.contains("archive.db is left out"), "{what}: {}", run.stderr);
    assert_eq!(it.store.documents(), files, "{what}");
}

/// A command that needs the archive is refused, and leaves everything as it was.
#[track_caller]
fn refuses_what_needs_it(what: &str, it: &Shelved<'_>, extra: &[&str], code: i32) {
    let files = it.store.documents();
    for args in [&["archive", "run", "--older-than", "0s"][..], &["archive", "restore", &it.old]] {
        let run = it.store.run(&[args, extra].concat());
        assert_eq!(run.code, code, "{what}: {args:?}: {run:?}");
    }
    assert_eq!(it.store.documents(), files, "{what}");
}

#[test]
fn whatever_is_wrong_with_an_archive_what_is_live_is_shown() {
    let machine = Machine::new("archive damaged: readings");
    let it = shelved(&machine);
    let file = it.store.dir.join("archive.db");
    let sound = std::fs::read(&file).unwrap();
    // A page in the middle is corrupt: it opens, and fails later.
    let mut middle = sound.clone();
    middle[4096..].fill(0xa5);
    let newer = machine.path("newer.db");
    std::fs::write(&newer, &sound).unwrap();
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let newer = std::fs::read(&newer).unwrap();
    let check = "`crdtctl check` says what helps";
    let cases: &[(&str, &[u8], i32, [&str; 2])] = &[
        ("cut", &sound[..5000], 5, ["malformed", check]),
        ("rubbish inside", &middle, 5, ["malformed", check]),
        ("no database", b"something else, and long enough", 5, ["not a database", check]),
        ("newer", &newer, 1, ["a newer crdtctl", "update crdtctl"]),
    ];
    for (what, bytes, code, said) in cases {
        std::fs::write(&file, bytes).unwrap();
        let files = it.store.files();
        shows_what_is_live(what, &it, &[], *code, *said);
        refuses_what_needs_it(what, &it, &[], *code);
        assert_eq!(it.store.files(), files, "{what}");
    }
    let gone = ["it held 3 rows", check];
    std::fs::write(&file, b"").unwrap();
    shows_what_is_live("empty", &it, &[], 5, gone);
    std::fs::remove_file(&file).unwrap();
    shows_what_is_live("gone", &it, &[], 5, gone);
    std::fs::create_dir(&file).unwrap();
    let place = "put the real file in its place";
    shows_what_is_live("a directory", &it, &[], 74, ["it is a directory", place]);
    std::fs::remove_dir(&file).unwrap();
    std::fs::write(&file, &sound).unwrap();
    assert_eq!(it.store.column(&["chat", "list"], "content"), ["an old word", "a live word"]);
}

#[test]
fn an_archive_that_another_holds_is_waited_for_and_left_out() {
    let machine = Machine::new("archive damaged: held");
    let it = shelved(&machine);
    let file = it.store.dir.join("archive.db");
    let holder = Connection::open(&file).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let wait = ["--lock-wait", "0s"];
    shows_what_is_live("held", &it, &wait, 8, ["locked", "`--lock-wait 60s` waits longer"]);
    refuses_what_needs_it("held", &it, &wait, 8);
    it.store.run(&["check", "--lock-wait", "0s"]).fails(8, "archive.db");
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(it.store.column(&["chat", "list"], "content"), ["an old word", "a live word"]);
}

#[test]
fn an_archive_without_permission_is_left_out_and_one_on_a_read_only_medium_is_read() {
    let machine = Machine::new("archive damaged: permission");
    let it = shelved(&machine);
    let file = it.store.dir.join("archive.db");
    let list = |args: &[&str]| {
        let dir = text(&it.store.dir);
        let args = [&["-s", &dir], args].concat();
        let command = machine.command(&args);
        let command = if is_root() { as_user(&machine, NOBODY, command)? } else { command };
        Some(machine.finish(command, &args, None))
    };
    machine.shell(&format!("chmod -R a+rX,a-w '{}'", text(&it.store.dir)));
    let Some(read) = list(&["chat", "list", "--json"]) else { return };
    assert_eq!(column(&read.exits(0).parsed(), "content"), ["an old word", "a live word"]);
    machine.shell(&format!("chmod 0 '{}'", text(&file)));
    let run = list(&["chat", "list"]).unwrap();
    machine.shell(&format!("chmod -R u+rwX '{}'", text(&it.store.dir)));
    run.exits(74);
    assert!(run.stdout.contains("a live word") && !run.stdout.contains("old"), "{run:?}");
    let why = "Permission denied (os error 13); give this user permission to read it";
    assert!(run.stderr.contains(why), "{}", run.stderr);
}

/// Anything but a file where SQLite expects one is reported at once: a pipe would block for ever.
#[test]
#[cfg(unix)]
fn what_is_no_file_is_named_and_never_waited_for() {
    let machine = Machine::new("archive damaged: no file");
    let it = shelved(&machine);
    let sound = std::fs::read(it.store.dir.join("archive.db")).unwrap();
    let place = |name: &str, make: &str| {
        let path = it.store.dir.join(name);
        machine.shell(&format!("rm -rf '{0}'; {make} '{0}'", path.display()));
        path
    };
    for (make, said) in [("mkdir", "it is a directory"), ("mkfifo", "it is not a regular file")] {
        let path = place("archive.db", make);
        shows_what_is_live(make, &it, &[], 74, [said, "put the real file in its place"]);
        let found = it.store.run(&["check", "--json"]).exits(3).parsed();
        assert_eq!((found.as_array().unwrap().len(), &found[0]["kind"]), (1, &json!("archive")));
        assert!(found[0]["message"].as_str().unwrap().contains(said), "{found}");
        machine.shell(found[0]["fix"].as_str().unwrap());
        assert!(!path.exists());
        machine.shell(&format!("rm -rf '{}.damaged'", path.display()));
        std::fs::write(&path, &sound).unwrap();
        // The side files, too.
        for name in ["archive.db-journal", "crdtctl.db-journal", "crdtctl.db-wal"] {
            let path = place(name, make);
            for command in [&["chat", "list"][..], &["check"], &["status"], &["archive", "run"]] {
                let run = it.store.run(command);
                let is_asked =
                    name.starts_with("crdtctl") || matches!(command[0], "chat" | "check");
                if command[0] == "check" && name.starts_with("crdtctl") {
                    // It goes on without the local state.
                    assert_eq!(run.code, 3, "{make} {name} {command:?}: {run:?}");
                    let said = format!("{name} cannot be opened: {said}");
                    assert!(run.stdout.contains(&said), "{name}: {}", run.stdout);
                } else if is_asked {
                    assert_eq!(run.code, 74, "{make} {name} {command:?}: {run:?}");
                    assert!(run.stderr.contains("move it away"), "{name}: {}", run.stderr);
                }
            }
            machine.shell(&format!("rm -rf '{}'", path.display()));
        }
        let path = it.store.dir.join("crdtctl.db");
        let kept = std::fs::read(&path).unwrap();
        place("crdtctl.db", make);
        for command in [&["chat", "list"][..], &["chat", "send", "no"]] {
            let run = it.store.run(command);
            run.fails(74, said);
            assert!(run.stderr.contains("put the real file in its place"), "{}", run.stderr);
        }
        let found = it.store.run(&["check", "--json"]).exits(3).parsed();
        assert!(found[0]["message"].as_str().unwrap().contains(said), "{found}");
        machine.shell(&format!("rm -rf '{}'", path.display()));
        std::fs::write(&path, kept).unwrap();
        it.store.run(&["check"]).exits(0);
    }
}

/// An archive of a newer version does not keep anybody from checking the rest.
#[test]
fn an_archive_of_a_newer_version_is_a_finding() {
    let machine = Machine::new("archive damaged: newer");
    let it = shelved(&machine);
    let db = Connection::open(it.store.dir.join("archive.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let found = it.store.run(&["check", "--json"]).exits(3).parsed();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["kind"]), (1, &json!("archive")));
    assert!(found[0]["message"].as_str().unwrap().contains("update crdtctl"), "{found}");
    assert_eq!(found[0]["fix"], "crdtctl --version");
}

/// Whatever another program removes beside the rows, they are still there, and are shown again.
#[test]
fn what_hides_rows_that_are_still_there_is_found_and_repaired() {
    let machine = Machine::new("archive damaged: hidden");
    let it = shelved(&machine);
    let file = it.store.dir.join("archive.db");
    let sound = std::fs::read(&file).unwrap();
    let shown = || {
        let all = |table: &str| {
            let db = Connection::open(&file).unwrap();
            let sql = format!("SELECT json_group_array(json_array(id, n)) FROM {table}");
            db.query_row(&sql, [], |row| row.get::<_, String>(0)).unwrap()
        };
        let words = it.store.json(&["chat", "list"]);
        let sql = "SELECT count(*) FROM texts_fts WHERE texts_fts MATCH 'old'";
        let found = Connection::open(&file).unwrap().query_row(sql, [], |row| row.get::<_, i64>(0));
        (words, ["records", "archived_messages", "cards", "issues"].map(all), found.unwrap())
    };
    let before = shown();
    let by_id = format!("DELETE FROM records WHERE id = '{}'", it.old);
    for harm in [
        &by_id[..],
        "DELETE FROM archived_messages",
        "UPDATE archived_messages SET content = 'another word'",
        "DELETE FROM cards",
        "UPDATE issues SET title = 'another title'",
        "DELETE FROM texts_fts",
        "UPDATE records SET created_at = created_at + 1",
    ] {
        std::fs::write(&file, &sound).unwrap();
        assert_eq!(it.store.run(&["check", "--deep"]).code, 0, "{harm}");
        Connection::open(&file).unwrap().execute_batch(harm).unwrap();
        let found = it.store.run(&["check", "--deep", "--json"]).exits(3).parsed();
        assert_eq!((found.as_array().unwrap().len(), &found[0]["kind"]), (1, &json!("archive")));
        let said = found[0]["message"].as_str().unwrap();
        assert!(said.contains("archive.db does not show"), "{harm}: {found}");
        let id = found[0]["id"].as_str().unwrap();
        assert_eq!(found[0]["fix"], format!("crdtctl repair {id}"), "{harm}");
        let harmed = std::fs::read(&file).unwrap();
        it.store.ok(&["repair", id, "--dry-run"]);
        assert!(std::fs::read(&file).unwrap() == harmed, "{harm}");
        it.store.ok(&["repair", id]);
        assert_eq!(shown(), before, "{harm}");
        assert_eq!(it.store.run(&["check", "--deep"]).code, 0, "{harm}");
    }
    // A row itself is gone; the triggers keep nobody from that who removes them.
    let harm = "PRAGMA foreign_keys = off; DROP TRIGGER versions_are_kept; DELETE FROM versions WHERE n = 1";
    Connection::open(&file).unwrap().execute_batch(harm).unwrap();
    let found = it.store.run(&["check", "--deep", "--json"]).exits(3).parsed();
    assert!(found[0]["message"].as_str().unwrap().contains("holds 2 rows of 3"), "{found}");
}
