//! `check`: each kind of finding alone, read-only, with stable ids.

use crate::damage::{self, CHAT, CORE};
use crate::errors::unprivileged;
use crate::support::*;
use serde_json::Value;
use std::collections::BTreeSet;

/// The findings of a store that has some.
#[track_caller]
pub fn findings(store: &Store<'_>, args: &[&str]) -> Vec<Value> {
    let run = store.run(&[&["check"], args, &["--json"]].concat());
    run.exits(3);
    run.parsed().as_array().unwrap().clone()
}

#[test]
fn nothing_is_wrong_with_a_store_that_we_wrote() {
    let machine = Machine::new("sound");
    let store = damage::sound(&machine);
    let before = store.files();
    for args in [&["check"][..], &["check", "--deep"], &["check", "chat"], &["check", "-e", GROUP]]
    {
        let run = store.run(args);
        let said = "nothing is wrong\n";
        assert_eq!((run.ok().lines().count(), run.stderr.as_str()), (1, said), "{args:?}");
        assert_eq!(store.json(args), Value::Array(Vec::new()));
    }
    assert_eq!(store.files(), before);
}

#[test]
fn nothing_is_wrong_after_a_day_of_work() {
    let machine = Machine::new("work");
    let demo = machine.path("demo");
    machine.run(&["demo", &text(&demo)]).exits(0);
    let alice = machine.group("a", &[BOB, CAROL]);
    let bob = machine.replica_of(&alice, "b", BOB);
    let first = alice.send("one");
    let late = machine.path("late.crdt");
    bob.send("two");
    bob.give(&alice);
    alice.ok(&["chat", "edit", &first, "uno"]);
    alice.ok(&["chat", "delete", &first]);
    alice.ok(&["member", "role", BOB, "admin"]);
    alice.ok(&["member", "remove", CAROL]);
    alice.ok(&["entity", "rename", "Sea friends"]);
    alice.give(&bob);
    bob.ok(&["sync", "export", "-O", &text(&late)]);
    alice.ok(&["sync", "import", &text(&late)]);
    alice.ok(&["prune"]);
    // A store that was copied continues as a new replica.
    let copy = machine.open(machine.path("copy"));
    copy_tree(&alice.dir, &copy.dir);
    copy.send("from a copy");
    let mut stores = vec![alice, bob, copy];
    let made = std::fs::read_dir(&demo).unwrap().map(|entry| entry.unwrap().path());
    let demos: Vec<_> = made.filter(|path| path.join("crdt").is_dir()).collect();
    assert!(!demos.is_empty());
    stores.extend(demos.into_iter().map(|path| machine.open(path)));
    for store in &stores {
        store.run(&["check", "--deep"]).exits(0);
    }
}

#[test]
fn every_kind_has_a_store_that_shows_it_and_nothing_else() {
    for (at, damage) in damage::ALL.iter().enumerate() {
        let machine = Machine::new(&format!("check {at} {}", damage.kind));
        let store = (damage.make)(&machine);
        let before = store.files();
        for deep in [&[][..], &["--deep"]] {
            let found = findings(&store, deep);
            let kinds: Vec<&Value> = found.iter().map(|finding| &finding["kind"]).collect();
            assert_eq!(kinds, [damage.kind], "{at}: {found:#?}");
            let finding = &found[0];
            assert_eq!(
                keys(finding),
                ["id", "kind", "severity", "doc", "message", "fix"],
                "{finding}"
            );
            let (id, fix) = (finding["id"].as_str().unwrap(), finding["fix"].as_str().unwrap());
            let hash = id.strip_prefix(&format!("{}-", damage.kind)).unwrap();
            assert!(hash.len() == 6 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{id}");
            assert_eq!(fix == format!("crdtctl repair {id}"), damage.mends.is_some(), "{finding}");
            assert!(["error", "warning", "info"].contains(&finding["severity"].as_str().unwrap()));
            let message = finding["message"].as_str().unwrap();
            assert!(!message.is_empty() && !message.ends_with('.'), "{message}");
            assert_eq!(found, findings(&store, deep), "the ids stay");
        }
        assert_eq!(store.files(), before, "{}", damage.kind);
        let run = store.run(&["check", "-o", "id"]);
        assert_eq!(run.exits(3).stdout.lines().count(), 1);
    }
}

#[test]
fn what_yrs_would_not_write_again_is_found_when_it_is_looked_for() {
    let machine = Machine::new("deep");
    let store = damage::unstable(&machine);
    store.run(&["check"]).exits(0);
    let found = findings(&store, &["--deep"]);
    assert_eq!(column(&Value::Array(found), "kind"), ["unstable-encoding"]);
    assert_eq!(store.json(&["doc", "get", "canvas", "$.notes.a"]), serde_json::json!(["2"]));
}

#[test]
fn the_command_that_mends_it_is_one() {
    let machine = Machine::new("fixes");
    for (at, damage) in damage::ALL.iter().enumerate() {
        let inner = Machine::new(&format!("fixes {at}"));
        let store = (damage.make)(&inner);
        let fix = findings(&store, &[])[0]["fix"].as_str().unwrap().to_owned();
        let words: Vec<&str> = fix.split(' ').collect();
        match words[0] {
            "crdtctl" => {
                // It parses: whatever it does, it is no usage error.
                let args: Vec<&str> = words[1..].to_vec();
                let run = store.run(&[args.as_slice(), &["--help"]].concat());
                run.exits(0);
                assert!(machine.run(&args).code != 2 || !args.contains(&"repair"), "{fix}");
            }
            "mv" | "date" => {}
            other => panic!("{other}: {fix}"),
        }
    }
}

#[test]
fn the_commands_for_what_no_repair_mends_mend_it() {
    let kinds = ["unknown-author", "unknown-assignee", "reply-without-parent", "unread-file"];
    let ours = |kind: &str| kinds.contains(&kind) || kind == "unreadable-state";
    for (at, damage) in damage::ALL.iter().enumerate().filter(|(_, damage)| ours(damage.kind)) {
        let machine = Machine::new(&format!("mend {at}"));
        let store = (damage.make)(&machine);
        let fix = findings(&store, &[])[0]["fix"].as_str().unwrap().to_owned();
        match fix.strip_prefix("crdtctl ") {
            Some(args) => drop(store.ok(&args.split(' ').collect::<Vec<_>>())),
            None => machine.shell(&fix),
        }
        assert_eq!(store.json(&["check"]), Value::Array(Vec::new()), "{fix}");
    }
}

/// A directory, a pipe or a device in place of a file of the store: every command ends at once and says what
/// to do, the check names it, and the suggested command fixes it.
#[test]
fn what_is_no_file_in_the_place_of_one_is_named_and_mended() {
    let nodes = ["mkdir", "mkdir $0; touch $0/x; true", "mkfifo"];
    for (at, node) in nodes.iter().enumerate() {
        for (name, kinds) in [
            ("crdtctl.db", ["unreadable-state", "unreadable-state"]),
            ("archive.db", ["archive", "archive"]),
            ("yrs", ["unread-file", "unread-file"]),
            ("meta", ["unread-file", "missing-meta"]),
        ] {
            let machine = Machine::new(&format!("no file {at} {name}"));
            let store = damage::sound(&machine);
            let path = match name {
                "yrs" | "meta" => store.document(CHAT).with_extension(name),
                name => store.dir.join(name),
            };
            drop(std::fs::remove_file(&path));
            machine.shell(&match node.contains("$0") {
                true => node.replace("$0", &text(&path)),
                false => format!("{node} {}", text(&path)),
            });
            let kind = kinds[usize::from(*node == "mkfifo")];
            let found = findings(&store, &[]);
            let one = found.iter().find(|finding| finding["kind"] == kind);
            let one = one.unwrap_or_else(|| panic!("{node} {name}: {found:?}"));
            for command in [
                &["status"][..],
                &["chat", "list"],
                &["chat", "send", "hello"],
                &["archive", "list"],
                &["doc", "size"],
                &["log"],
            ] {
                let run = store.run(command);
                assert!(![70, 101, 124].contains(&run.code), "{node} {name} {command:?}");
                let said = run.code == 0 || run.stderr.contains("put the real file in its place");
                assert!(said, "{node} {name} {command:?}: {}", run.stderr);
            }
            let fix = one["fix"].as_str().unwrap();
            // What could be replaced was, as the message says.
            let still = store.run(&["check", "--json"]).parsed();
            if column(&still, "kind").iter().all(|still| still != kind) {
                continue;
            }
            match fix.strip_prefix("crdtctl ") {
                Some("--version") => panic!("{node} {name}: {fix}"),
                Some(args) => drop(store.ok(&args.split(' ').collect::<Vec<_>>())),
                None => machine.shell(fix),
            }
            let left = store.run(&["check", "--json"]).parsed();
            let kinds = column(&left, "kind");
            assert!(kinds.iter().all(|left| left != kind), "{fix}: {left}");
        }
    }
}

#[test]
fn the_state_of_a_newer_crdtctl_is_a_finding() {
    let machine = Machine::new("newer state");
    let store = damage::sound(&machine);
    let state = store.dir.join("crdtctl.db");
    let db = rusqlite::Connection::open(&state).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let found = store.run(&["check", "--json"]).exits(3).parsed();
    assert_eq!(found[0]["kind"], "unreadable-state", "{found}");
    assert_eq!(found[0]["fix"], "crdtctl --version");
    let message = found[0]["message"].as_str().unwrap();
    assert!(message.contains("a newer crdtctl") && message.contains("update crdtctl"), "{message}");
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    store.run(&["chat", "send", "hello"]).fails(1, "a newer crdtctl");
}

#[test]
fn a_check_can_be_of_some_documents() {
    let machine = Machine::new("scope");
    let store = damage::sound(&machine);
    for doc in [CHAT, CORE] {
        std::fs::remove_file(store.document(doc).with_extension("meta")).unwrap();
    }
    let docs = |args: &[&str]| -> BTreeSet<String> {
        let of = |finding: &Value| finding["doc"].as_str().unwrap().to_owned();
        findings(&store, args).iter().map(of).collect()
    };
    assert_eq!(docs(&[]), BTreeSet::from([CHAT.to_owned(), CORE.to_owned()]));
    assert_eq!(docs(&["chat"]), BTreeSet::from([CHAT.to_owned()]));
    assert_eq!(docs(&["chat", CORE]).len(), 2);
    assert_eq!(docs(&["-e", GROUP]).len(), 2);
    store.run(&["check", "nothing:like:this"]).fails(4, "nothing:like:this");
    store.run(&["check", "-e", "group:elsewhere"]).fails(4, "elsewhere");
}

#[test]
fn stores_of_the_application_are_checked_as_they_are() {
    let machine = Machine::new("real");
    // Later than anything written in them.
    machine.pass(365 * 86_400);
    for (name, kinds) in [("real-store", &["wrong-cache"]), ("legacy-0.1.20", &["no-owner"])] {
        let store = machine.fixture(name);
        let before = store.files();
        let found = findings(&store, &["--deep"]);
        let found: BTreeSet<&str> = found.iter().map(|f| f["kind"].as_str().unwrap()).collect();
        assert_eq!(found, kinds.iter().copied().collect(), "{name}");
        assert_eq!(store.files(), before);
    }
}

#[test]
fn every_truncation_and_many_flips_of_a_file_are_found_or_harmless() {
    let machine = Machine::new("flips");
    let store = machine.group("s", &[]);
    store.send("hi");
    let file = store.document(CHAT);
    let sound = std::fs::read(&file).unwrap();
    let mut damaged: Vec<Vec<u8>> =
        (0..sound.len()).step_by(9).map(|end| sound[..end].to_vec()).collect();
    damaged.extend((0..sound.len() * 8).step_by(67).map(|bit| {
        let mut bytes = sound.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    }));
    for (at, bytes) in damaged.iter().enumerate() {
        std::fs::write(&file, bytes).unwrap();
        let run = store.run(&["check", "--json"]);
        assert_eq!(run.code, 3, "{at}: {run:?}");
        assert_eq!(std::fs::read(&file).unwrap(), *bytes);
    }
}

#[test]
fn the_replies_to_a_message_that_was_pruned_are_no_finding() {
    let machine = Machine::new("pruned parent");
    let store = machine.store("alice", ALICE);
    store.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
    let parent = store.send("Who comes along?");
    store.ok(&["chat", "send", "--reply-to", &parent, "Me"]);
    store.ok(&["chat", "delete", &parent]);
    assert_eq!(store.json(&["tombstone", "list"]), Value::Array(Vec::new()), "pruned at once");
    assert_eq!(store.json(&["check"]), Value::Array(Vec::new()));
}

#[test]
fn authors_whose_tombstone_was_pruned_are_known_to_have_been_members() {
    let machine = Machine::new("departed");
    let alice = machine.project("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    let message = bob.send("so long");
    bob.ok(&["chat", "send", "and thanks", "--reply-to", &message]);
    let issue = bob.ok(&["issue", "open", "Fish"]);
    bob.ok(&["issue", "comment", &issue, "all of it"]);
    bob.give(&alice);
    alice.ok(&["issue", "assign", &issue, BOB]);
    alice.ok(&["kanban", "add", "Swim", "--assignee", BOB]);
    alice.run(&["check"]).exits(0);
    machine.pass(60);
    alice.ok(&["member", "remove", BOB]);
    assert_eq!(column(&alice.json(&["member", "list", "--all"]), "member_id"), [ALICE]);
    assert_eq!(
        alice.json(&["check"]).as_array().map(Vec::len),
        Some(0),
        "nothing to bring him back for"
    );
    // On a replica that never saw him, too.
    let carol = machine.replica_of(&alice, "c", CAROL);
    carol.run(&["check"]).exits(0);
}

/// The files of a store are written one after the other: what a check finds meanwhile counts only if it is
/// still there when nobody writes.
#[test]
fn a_command_that_is_writing_is_no_finding() {
    let machine = Machine::new("check beside a writer");
    let store = machine.group("s", &[]);
    let holder = std::fs::File::create(store.dir.join("crdtctl.holder")).unwrap();
    holder.lock().unwrap();
    store.run(&["check", "--lock-wait", "0s"]).exits(0);
    let meta = store.document("group:ocean-forest-moon-star:core").with_extension("meta");
    let whole = std::fs::read(&meta).unwrap();
    std::fs::write(&meta, "{}").unwrap();
    store.run(&["check", "--lock-wait", "0s"]).fails(8, "the store is locked");
    store.run(&["repair", "stale-meta", "--lock-wait", "0s"]).fails(8, "the store is locked");
    std::fs::write(&meta, whole).unwrap();
    drop(holder);
    store.run(&["check", "--lock-wait", "0s"]).exits(0);
}

/// A file that may not be read keeps nobody from learning what else is wrong.
#[test]
#[cfg(unix)]
fn a_file_that_may_not_be_read_is_a_finding_beside_the_others() {
    let machine = Machine::new("no permission");
    let store = machine.group("a", &[BOB]);
    store.send("first light");
    store.ok(&["issue", "open", "a leak"]);
    let meta = store.document(&format!("{GROUP}:issues")).with_extension("meta");
    std::fs::remove_file(meta).unwrap();
    let (dir, file) = (text(&store.dir), store.document(CHAT));
    machine.shell(&format!("chmod -R a+rX '{dir}'; chmod 0 '{}'", text(&file)));
    let run = unprivileged(&machine, &["-s", &dir, "check", "--json"]);
    machine.shell(&format!("chmod -R u+rwX '{dir}'"));
    let Some(run) = run else { return };
    let found = run.exits(3).parsed();
    let found = found.as_array().unwrap();
    let kinds: BTreeSet<_> = found.iter().map(|of| of["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["missing-meta", "unreadable-file"]));
    let unreadable = found.iter().find(|of| of["kind"] == "unreadable-file").unwrap();
    assert_eq!((&unreadable["doc"], &unreadable["severity"]), (&CHAT.into(), &"error".into()));
    let said = unreadable["message"].as_str().unwrap();
    assert!(said.contains("cannot be read: Permission denied"), "{said}");
    machine.shell(&format!("chmod 0 '{}'", text(&file)));
    machine.shell(unreadable["fix"].as_str().unwrap());
    assert!(std::fs::read(&file).is_ok(), "{unreadable}");
}

/// SQLite tells only who reads a damaged page. Wherever it is, the check names it beside everything else, and
/// the suggested command mends it.
#[test]
fn a_damaged_page_of_the_local_state_is_a_finding_wherever_it_is() {
    const PAGE: usize = 4096;
    let machine = Machine::new("pages of the state");
    let store = damage::sound(&machine);
    let state = store.dir.join("crdtctl.db");
    // What the log (`-wal`) has is read from there.
    let db = rusqlite::Connection::open(&state).unwrap();
    db.pragma_update(None, "journal_mode", "delete").unwrap();
    drop(db);
    let whole = std::fs::read(&state).unwrap();
    std::fs::remove_file(store.document(CHAT).with_extension("meta")).unwrap();
    let mut unread = 0;
    for page in 0..whole.len() / PAGE {
        let mut bytes = whole.clone();
        bytes[page * PAGE..(page + 1) * PAGE].fill(0);
        std::fs::write(&state, &bytes).unwrap();
        let found = findings(&store, &[]);
        let kinds = column(&Value::Array(found), "kind");
        assert!(kinds.contains(&"missing-meta".to_owned()), "{page}: {kinds:?}");
        if kinds.contains(&"unreadable-state".to_owned()) {
            unread += 1;
            continue;
        }
        // Nothing is in it.
        assert_eq!(kinds, column(&Value::Array(findings(&store, &["--deep"])), "kind"));
        store.ok(&["chat", "send", "hello", "-n"]);
    }
    assert!(unread > 20, "{unread}");
    let mut bytes = whole.clone();
    bytes[3 * PAGE..4 * PAGE].fill(0);
    std::fs::write(&state, bytes).unwrap();
    let run = store.run(&["chat", "list"]);
    run.fails(5, "malformed");
    assert!(run.stderr.contains("`crdtctl check`"), "{}", run.stderr);
    let found = findings(&store, &["-e", GROUP, "--deep"]);
    assert_eq!(column(&Value::Array(found), "kind"), ["missing-meta"]);
    let found = Value::Array(findings(&store, &[]));
    let one = found.as_array().unwrap().iter().find(|one| one["kind"] == "unreadable-state");
    machine.shell(one.unwrap()["fix"].as_str().unwrap());
    assert_eq!(column(&Value::Array(findings(&store, &[])), "kind"), ["missing-meta"]);
    store.ok(&["chat", "send", "goes on", "--as", ALICE]);
}

/// An index that does not fit its table is looked for only if asked: that takes three times as long.
#[test]
fn an_index_of_other_rows_is_found_when_it_is_looked_for() {
    let machine = Machine::new("index of the state");
    let store = damage::sound(&machine);
    let db = rusqlite::Connection::open(store.dir.join("crdtctl.db")).unwrap();
    let name = "log_by_origin";
    let sql = "SELECT sql FROM sqlite_schema WHERE name = ?1";
    let sql: String = db.query_row(sql, [name], |row| row.get(0)).unwrap();
    db.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false).unwrap();
    db.execute_batch(&format!(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = replace(sql, 'seq)', 'seq + 1)') WHERE name = '{name}';
         PRAGMA writable_schema = RESET;
         REINDEX {name};
         PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = '{sql}' WHERE name = '{name}';
         PRAGMA writable_schema = RESET;"
    ))
    .unwrap();
    drop(db);
    store.run(&["check"]).exits(0);
    let found = findings(&store, &["--deep"]);
    assert_eq!(column(&Value::Array(found), "kind"), ["unreadable-state"]);
}

/// A directory in the place of one of SQLite's own files.
#[test]
fn a_directory_in_the_place_of_the_databases_log_is_a_finding_beside_the_others() {
    let machine = Machine::new("directory for a log");
    let store = damage::sound(&machine);
    std::fs::remove_file(store.document(CHAT).with_extension("meta")).unwrap();
    let before = store.run(&["check", "--json"]).parsed();
    let wal = store.dir.join("crdtctl.db-wal");
    drop(std::fs::remove_file(&wal));
    std::fs::create_dir(&wal).unwrap();
    let found = Value::Array(findings(&store, &[]));
    assert_eq!(column(&found, "kind"), ["unreadable-state", "missing-meta"]);
    machine.shell(found[0]["fix"].as_str().unwrap());
    // As it was: nothing of the local state is moved away.
    assert_eq!(store.run(&["check", "--json"]).parsed(), before);
    store.send("goes on");
}

/// Commands read a database through a link, and refuse to write it.
#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_local_state_is_a_finding_and_is_mended() {
    let machine = Machine::new("linked state");
    let store = damage::sound(&machine);
    let (state, real) = (store.dir.join("crdtctl.db"), machine.path("real.db"));
    for ending in ["", "-wal"] {
        let from = store.dir.join(format!("crdtctl.db{ending}"));
        drop(std::fs::rename(from, machine.path(&format!("real.db{ending}"))));
    }
    std::os::unix::fs::symlink(&real, &state).unwrap();
    store.run(&["chat", "send", "hello"]).fails(1, "is a symbolic link");
    let found = Value::Array(findings(&store, &[]));
    assert_eq!(column(&found, "kind"), ["linked-state"]);
    machine.shell(found[0]["fix"].as_str().unwrap());
    assert_eq!(store.json(&["check"]), Value::Array(Vec::new()));
    store.send("goes on");
    // A link to nothing.
    std::fs::rename(&state, machine.path("away.db")).unwrap();
    std::os::unix::fs::symlink(machine.path("nowhere"), &state).unwrap();
    assert_eq!(column(&Value::Array(findings(&store, &[])), "kind"), ["unreadable-state"]);
}

/// Whatever bytes a name has, the file is named, and the command that moves it away can be run.
#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_name_is_no_text_is_named_and_can_be_moved_away() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let machine = Machine::new("names");
    let store = damage::sound(&machine);
    let chat = store.document(CHAT);
    let dir = store.dir.join("crdt").join(OsStr::from_bytes(b"it's\xff0"));
    std::fs::create_dir(&dir).unwrap();
    let files = [
        chat.with_file_name(OsStr::from_bytes(b"zz\xff.yrs")),
        chat.with_file_name(OsStr::from_bytes(b"zz\xfe.yrs")),
        dir.join("6161.yrs"),
    ];
    for file in &files {
        std::fs::copy(&chat, file).unwrap();
    }
    let found = Value::Array(findings(&store, &[]));
    assert_eq!(column(&found, "kind"), ["unread-file"; 3]);
    assert_eq!(BTreeSet::from_iter(column(&found, "id")).len(), 3, "{found}");
    for one in found.as_array().unwrap() {
        machine.shell(one["fix"].as_str().unwrap());
    }
    assert!(files.iter().all(|file| !file.exists()));
    assert_eq!(store.json(&["check"]), Value::Array(Vec::new()));
}

/// The document is whole without the entry, until that is to be sent to somebody.
#[test]
fn a_damaged_entry_of_the_log_is_found_when_it_is_looked_for_and_taken_out() {
    let machine = Machine::new("broken entry");
    let alice = machine.group("a", &[BOB]);
    alice.send("first");
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    alice.send("second");
    alice.send("third");
    let db = rusqlite::Connection::open(alice.dir.join("crdtctl.db")).unwrap();
    let cut = "UPDATE log SET update_v1 = substr(update_v1, 1, 50) WHERE seq = (SELECT max(seq) FROM log)";
    assert_eq!(db.execute(cut, []).unwrap(), 1);
    drop(db);
    alice.run(&["check"]).exits(0);
    let found = Value::Array(findings(&alice, &["--deep"]));
    assert_eq!(column(&found, "kind"), ["broken-log"]);
    assert_eq!(found[0]["doc"], CHAT);
    let fix = found[0]["fix"].as_str().unwrap();
    let stick = text(&machine.path("stick"));
    std::fs::create_dir(machine.path("stick")).unwrap();
    for args in [
        &["sync", "status"][..],
        &["sync", "export", "--for", "bob-", "-O", &text(&machine.path("x.crdt"))],
        &["sync", "stick", &stick],
    ] {
        let run = alice.run(args);
        run.fails(5, &format!("log entry 5 of {CHAT} is damaged"));
        assert!(run.stderr.contains(&format!("`{fix}`")), "{args:?}: {}", run.stderr);
    }
    let digest = alice.ok(&["digest"]);
    alice.ok(&fix.split(' ').skip(1).collect::<Vec<_>>());
    assert_eq!(alice.json(&["check", "--deep"]), Value::Array(Vec::new()));
    alice.ok(&["sync", "stick", &stick]);
    alice.send("fourth");
    alice.give(&bob);
    assert_eq!(bob.ok(&["digest"]), alice.ok(&["digest"]));
    assert_ne!(bob.ok(&["digest"]), digest);
    // What it held is not in the log any more: without its file the document is not whole.
    std::fs::remove_file(alice.document(CHAT)).unwrap();
    assert_eq!(column(&Value::Array(findings(&alice, &[])), "kind"), ["missing-file"]);
    alice.run(&["chat", "list"]).exits(5);
}

#[test]
fn whom_somebody_removed_who_may_not_is_found_when_the_record_is_gone() {
    let machine = Machine::new("removed by a member");
    let alice = machine.group("alice", &[CAROL]);
    alice.ok(&["member", "add", BOB, "--role", "admin"]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    let carol = machine.replica_of(&alice, "carol", CAROL);
    for _ in 0..2 {
        alice.meet(&bob);
        alice.meet(&carol);
    }
    machine.pass(60);
    alice.ok(&["member", "role", BOB, "member"]);
    bob.ok(&["member", "remove", CAROL]);
    for _ in 0..3 {
        alice.meet(&bob);
    }
    let all = alice.column(&["member", "list", "--all"], "member_id");
    assert!(!all.contains(&CAROL.to_owned()), "{all:?}");
    let found = findings(&alice, &[]);
    let found = found.iter().find(|one| one["kind"] == "not-allowed").expect("a finding");
    assert_eq!(found["fix"], format!("crdtctl trash show {CAROL}"));
    assert!(alice.ok(&["trash", "show", CAROL]).contains(CAROL));
}
