//! What all commands share: finding the store, options and their environment variables, usage.

use crate::support::*;
use serde_json::json;
use std::path::Path;

#[test]
fn help_and_version_are_answers() {
    let machine = Machine::new("help");
    for args in [&["--help"][..], &["chat", "--help"], &["chat", "send", "--help"], &["help"]] {
        let run = machine.run(args);
        run.exits(0);
        assert!(run.stdout.contains("Usage:"), "{}", run.stdout);
        assert_eq!(run.stderr, "");
    }
    let version = machine.run(&["--version"]).ok();
    assert_eq!(version, format!("crdtctl {}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let machine = Machine::new("usage");
    let store = machine.group("s", &[]);
    let before = store.files();
    for args in [
        &[][..],
        &["nonsense"],
        &["chat"],
        &["chat", "nonsense"],
        &["chat", "send", "--nonsense", "hi"],
        &["chat", "list", "--limit", "many"],
        &["chat", "list", "--since", "yesterday-ish"],
        &["chat", "list", "-n"],
        &["member", "add"],
        &["member", "add", "two words"],
        &["member", "add", BOB, "--role", "king"],
        &["entity", "create", "group:x:y", "--name", "N"],
        &["entity", "create", "castle:x", "--name", "N"],
        &["entity", "create", "group:x"],
        &["doc", "list", "-o", "yaml"],
        &["doc", "list", "--lock-wait", "soon"],
        &["doc", "list", "--now", "teatime"],
        &["completions", "tcsh"],
    ] {
        let run = store.run(args);
        run.exits(2);
        assert_eq!(run.stdout, "", "{args:?}");
        assert!(!run.stderr.is_empty(), "{args:?}");
    }
    assert_eq!(store.files(), before);
}

#[test]
fn a_usage_error_is_json_where_json_was_asked_for() {
    let machine = Machine::new("usage json");
    for args in
        [&["chat", "nonsense", "--json"][..], &["-o", "json", "nonsense"], &["--json", "chat"]]
    {
        let run = machine.run(args);
        run.exits(2);
        let error = run.error();
        assert_eq!((error["code"].as_str(), error["exit"].as_i64()), (Some("usage"), Some(2)));
    }
    let run = machine.run_in(&machine.path(""), &[("CRDTCTL_OUTPUT", "json")], &["nonsense"]);
    assert_eq!(run.error()["code"], "usage");
}

#[test]
fn the_store_is_named_or_found() {
    let machine = Machine::new("find");
    let store = machine.group("a", &[]);
    let deep = store.dir.join("notes/2026");
    std::fs::create_dir_all(&deep).unwrap();
    let entity = |dir: &Path, env: &[(&str, &str)], args: &[&str]| {
        machine.run_in(dir, env, &[args, &["entity", "list", "-o", "id"]].concat()).ok()
    };
    // The nearest ancestor, the store itself, the option, its variable.
    assert_eq!(entity(&deep, &[], &[]), GROUP);
    assert_eq!(entity(&store.dir, &[], &[]), GROUP);
    let (root, dir) = (machine.path(""), text(&store.dir));
    assert_eq!(entity(&root, &[], &["-s", &dir]), GROUP);
    assert_eq!(entity(&root, &[("CRDTCTL_STORE", &dir)], &[]), GROUP);
    assert_eq!(entity(&root, &[], &["--store", "a"]), GROUP);

    // The option wins over the variable, and the variable over the ancestor.
    let other = machine.store("b", BOB);
    other.ok(&["entity", "create", "channel:second", "--name", "Second"]);
    let other = text(&other.dir);
    assert_eq!(entity(&deep, &[("CRDTCTL_STORE", &other)], &[]), "channel:second");
    assert_eq!(entity(&deep, &[("CRDTCTL_STORE", &other)], &["-s", &dir]), GROUP);
}

#[test]
fn the_data_directory_is_the_last_resort() {
    let machine = Machine::new("xdg");
    machine.run(&["doc", "list"]).fails(4, "no store");
    assert!(!machine.path("data").exists());
    let store = machine.store("data/crdtctl", ALICE);
    store.ok(&["entity", "create", GROUP, "--name", "Ocean friends"]);
    assert_eq!(machine.run(&["entity", "list", "-o", "id"]).ok(), GROUP);
    // Without XDG_DATA_HOME it is below the home directory.
    let home = machine.path("home");
    copy_tree(&store.dir, &home.join(".local/share/crdtctl"));
    let env = [("HOME", home.to_str().unwrap()), ("XDG_DATA_HOME", "")];
    let run = machine.run_in(&machine.path(""), &env, &["entity", "list", "-o", "id"]);
    assert_eq!(run.ok(), GROUP);
}

#[test]
fn a_directory_without_a_store_is_not_found() {
    let machine = Machine::new("nothing");
    let empty = machine.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let empty = text(&empty);
    for args in [&["doc", "list"][..], &["chat", "send", "hi"], &["digest"], &["prune"]] {
        let run = machine.run(&[&["-s", &empty], args].concat());
        run.fails(4, "");
        assert!(run.stderr.contains("crdtctl init"), "{}", run.stderr);
        machine.run(&[&["-s", "missing"], args].concat()).exits(4);
    }
    assert!(files(Path::new(&empty)).is_empty());
    assert!(!machine.path("missing").exists());
}

#[test]
fn init_prints_the_replica_and_keeps_what_is_there() {
    let machine = Machine::new("init");
    let dir = text(&machine.path("s"));
    let run = machine.run(&["init", &dir, "--as", ALICE]);
    let replica = run.ok();
    assert_eq!(replica.len(), 36, "{replica:?}");
    assert!(run.stderr.contains(ALICE), "{}", run.stderr);
    let again = machine.run(&["init", &dir, "--as", ALICE, "--json"]).json();
    assert_eq!(again["changed"], false);
    assert_eq!(again["id"], json!(replica));
    assert_eq!(again["member"], ALICE);

    // A replica without a member can read, and asks who acts.
    let anonymous = text(&machine.path("nobody"));
    machine.run(&["init", &anonymous]).ok();
    machine
        .run(&["-s", &anonymous, "entity", "create", GROUP, "--name", "N"])
        .fails(2, "nobody to act as");
    assert_eq!(machine.run(&["-s", &anonymous, "doc", "list", "--json"]).json(), json!([]));
    // `init` gives it one.
    machine.run(&["init", &anonymous, "--as", BOB]).ok();
    machine.run(&["-s", &anonymous, "entity", "create", GROUP, "--name", "N"]).ok();

    // In the current directory, and in the directory named by `-s`.
    let here = machine.path("here");
    std::fs::create_dir(&here).unwrap();
    machine.run_in(&here, &[], &["init", "--as", ALICE]).ok();
    assert_eq!(machine.run_in(&here, &[], &["doc", "list", "-o", "id"]).ok(), "");
    machine.run(&["init", "-s", "there", "--as", ALICE]).ok();
    assert!(machine.path("there").is_dir());
}

#[test]
fn a_store_of_the_application_becomes_a_replica() {
    let machine = Machine::new("adopt");
    let store = machine.fixture("real-store");
    let before = store.documents();
    machine.run(&["init", &text(&store.dir), "--as", "deborah-shanghai-khartoum-price"]).ok();
    assert_eq!(store.documents(), before);
    store.ok(&["-e", GROUP, "chat", "send", "from here"]);
}

#[test]
fn the_environment_speaks_where_options_are_silent() {
    let machine = Machine::new("environment");
    let store = machine.group("s", &[BOB]);
    store.ok(&["entity", "create", "channel:second", "--name", "Second"]);
    let run = |env: &[(&str, &str)], args: &[&str]| machine.run_in(&store.dir, env, args);

    run(&[("CRDTCTL_ENTITY", "channel:second")], &["chat", "send", "there"]).ok();
    run(&[("CRDTCTL_ENTITY", "channel:second")], &["chat", "send", "here", "-e", GROUP]).ok();
    run(&[("CRDTCTL_AS", BOB), ("CRDTCTL_ENTITY", GROUP)], &["chat", "send", "bob's"]).ok();
    run(&[("CRDTCTL_AS", BOB)], &["chat", "send", "alice's", "--as", ALICE, "-e", GROUP]).ok();
    let list = |entity: &str| {
        let list = store.json(&["chat", "list", "-e", entity]);
        let (texts, authors) = (column(&list, "content"), column(&list, "author_id"));
        let mut both: Vec<_> = texts.into_iter().zip(authors).collect();
        both.sort();
        both
    };
    let said = |text: &str, author: &str| (text.to_owned(), author.to_owned());
    assert_eq!(list("channel:second"), [said("there", ALICE)]);
    assert_eq!(list(GROUP), [said("alice's", ALICE), said("bob's", BOB), said("here", ALICE)]);

    let asked = run(&[("CRDTCTL_OUTPUT", "json")], &["entity", "list"]);
    assert_eq!(asked.json().as_array().map(Vec::len), Some(2));
    let asked = run(&[("CRDTCTL_OUTPUT", "json")], &["entity", "list", "-o", "id"]);
    assert_eq!(asked.ok(), format!("channel:second\n{GROUP}"));
    let late = run(&[("CRDTCTL_NOW", "2027-01-01T00:00:00Z")], &["chat", "send", "x", "-e", GROUP]);
    let show = store.json(&["chat", "show", &late.ok(), "-e", GROUP]);
    assert_eq!(show["created_at"], 1_798_761_600);
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let machine = Machine::new("empty environment");
    let store = machine.group("s", &[]);
    let names = [
        "CRDTCTL_STORE",
        "CRDTCTL_ENTITY",
        "CRDTCTL_AS",
        "CRDTCTL_OUTPUT",
        "CRDTCTL_NOW",
        "NO_COLOR",
    ];
    let env = names.map(|name| (name, ""));
    let run = |args: &[&str]| machine.run_in(&store.dir, &env, args);
    let id = run(&["chat", "send", "hi"]).ok();
    assert_eq!(run(&["chat", "list", "-o", "id"]).ok(), id);
    run(&["sync", "export", "--out", "e.crdt"]).ok();
}

#[test]
fn the_clock_of_the_command_line_counts() {
    let machine = Machine::new("now");
    let store = machine.group("s", &[]);
    for (now, seconds) in [
        ("1800000000", 1_800_000_000_i64),
        ("2026-11-22", 1_795_305_600),
        ("2026-11-22T17:40:00+01:00", 1_795_365_600),
    ] {
        let id = store.ok(&["chat", "send", now, "--now", now]);
        assert_eq!(store.json(&["chat", "show", &id])["created_at"], seconds, "{now}");
    }
}

#[test]
fn verbose_says_what_is_meant_and_quiet_says_nothing() {
    let machine = Machine::new("talk");
    let store = machine.group("s", &[]);
    let run = store.run(&["chat", "send", "hi", "-v"]);
    for word in [text(&store.dir).as_str(), GROUP, ALICE] {
        assert!(run.stderr.contains(word), "{word}: {}", run.stderr);
    }
    let quiet = store.run(&["chat", "send", "hi", "-q"]);
    assert_eq!(quiet.exits(0).stderr, "");
    assert_eq!(quiet.stdout.lines().count(), 1);
    let failed = store.run(&["chat", "show", "ffff", "-q"]);
    failed.fails(4, "no message");
}

#[test]
fn colour_is_for_terminals_and_for_whoever_asks() {
    let machine = Machine::new("colour");
    let store = machine.group("s", &[]);
    let escapes = |env: &[(&str, &str)], args: &[&str]| {
        let run = machine.run_in(&store.dir, env, args);
        (run.stdout.contains('\u{1b}'), run.stderr.contains('\u{1b}'))
    };
    let table = ["member", "list", "-o", "table"];
    let fails = ["chat", "show", "ffff"];
    assert_eq!(escapes(&[], &table), (false, false));
    assert_eq!(escapes(&[], &fails), (false, false));
    assert_eq!(escapes(&[("CLICOLOR_FORCE", "1")], &table), (true, false));
    assert_eq!(escapes(&[("CLICOLOR_FORCE", "1")], &fails), (false, true));
    let both = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")];
    assert_eq!(escapes(&both, &table), (false, false));
    assert_eq!(escapes(&both, &[&table[..], &["--color", "always"]].concat()), (true, false));
    let forced = [("CLICOLOR_FORCE", "1")];
    assert_eq!(escapes(&forced, &[&table[..], &["--color", "never"]].concat()), (false, false));
    // JSON is never coloured.
    for format in ["json", "ndjson", "tsv", "csv", "id"] {
        let args = ["member", "list", "-o", format, "--color", "always"];
        assert_eq!(escapes(&forced, &args), (false, false), "{format}");
    }
}

#[test]
fn progress_is_only_for_terminals() {
    let machine = Machine::new("progress");
    let store = machine.fixture("real-store");
    assert_eq!(store.run(&["digest", "-q"]).stderr, "");
    assert_eq!(store.run(&["doc", "list", "--json"]).exits(0).stderr, "");
}

#[test]
fn the_directory_of_the_documents_names_its_store() {
    let machine = Machine::new("crdt directory");
    let store = machine.group("s", &[]);
    store.send("hi");
    let ids = column(&store.json(&["doc", "list"]), "doc_id");
    let real = machine.fixture("real-store");
    let real_ids = column(&real.json(&["doc", "list"]), "doc_id");
    for (dir, ids) in [
        (store.dir.join("crdt"), &ids),
        (store.dir.join("crdt/"), &ids),
        (real.dir.join("crdt.db/crdt"), &real_ids),
    ] {
        let list = machine.run(&["-s", &text(&dir), "doc", "list", "--json"]).json();
        assert_eq!(&column(&list, "doc_id"), ids);
        // Paths are relative to where the store was named.
        for path in column(&list, "path") {
            assert!(dir.join(&path).is_file(), "{path}");
        }
    }
    // From within it, too, and below.
    for dir in ["crdt", "crdt/group"] {
        let within = store.dir.join(dir);
        let list = machine.run_in(&within, &[], &["doc", "list", "--json"]).json();
        assert_eq!(column(&list, "doc_id"), ids);
    }
    let args = ["-s", ".", "doc", "list", "--json"];
    let here = machine.run_in(&store.dir.join("crdt"), &[], &args).json();
    assert_eq!(column(&here, "doc_id"), ids);
}

#[test]
fn what_a_command_needs_is_asked_before_texts_are_taken() {
    let machine = Machine::new("before the text");
    let store = machine.group("s", &[]);
    store.ok(&["entity", "create", "group:two", "--name", "Two"]);
    let dir = text(&store.dir);
    // Whatever is in the pipe, the entity is asked for first.
    for args in [
        &["chat", "send", "-"][..],
        &["chat", "edit", "aaaa", "-"],
        &["issue", "comment", "aaaa", "-"],
        &["issue", "open", "x", "--description", "-"],
    ] {
        let run = machine.run_with_stdin(&[&["-s", &dir], args].concat(), b"\xff\xfe");
        run.fails(2, "which entity?");
    }
    std::fs::write(machine.path("update.bin"), [0, 0]).unwrap();
    let run = store.run(&["doc", "load", &text(&machine.path("update.bin")), "--doc", "foo"]);
    run.fails(4, "no document");
    assert!(run.stderr.contains("has a type, an id and a name"), "{}", run.stderr);
    // A store that nobody wrote to becomes a replica with the first write, which is reported.
    let real = machine.fixture("real-store");
    let first = real.run(&["prune"]);
    assert!(first.exits(0).stderr.contains("this store is now a replica"), "{}", first.stderr);
    let again = real.run(&["prune"]);
    assert!(!again.exits(0).stderr.contains("replica"), "{}", again.stderr);
}

/// Lines to copy are not broken, however narrow the terminal.
#[test]
fn help_shows_each_line_of_an_example_as_one_line() {
    let machine = Machine::new("example lines");
    let pages = machine.path("pages");
    machine.run(&["man", "--out", &text(&pages)]).ok();
    let mut seen = 0;
    for (name, page) in files(&pages) {
        let page = String::from_utf8(page).unwrap();
        let Some((_, after)) = page.split_once(".SH EXAMPLE") else { continue };
        let (_, lines) = after.split_once(".nf\n").unwrap();
        let (lines, _) = lines.split_once(".fi\n").unwrap();
        let lines = lines.replace("\\(aq", "'").replace("\\-", "-").replace("\\e", "\\");
        let command = name.to_str().unwrap().trim_end_matches(".1").replace('-', " ");
        // A two-word command may contain a hyphen, and is then no path of words.
        let words: Vec<&str> = match command.as_str() {
            "crdtctl doc diff update" => vec!["doc", "diff-update"],
            command => command.split(' ').skip(1).collect(),
        };
        for columns in ["40", "80", "100"] {
            let args = [&words[..], &["--help"]].concat();
            let run = machine.run_in(&machine.path(""), &[("COLUMNS", columns)], &args);
            let shown: Vec<&str> = run.exits(0).stdout.lines().map(str::trim).collect();
            for line in lines.lines() {
                assert!(shown.contains(&line), "{command} at {columns}: {line}\n{}", run.stdout);
                seen += 1;
            }
        }
    }
    assert!(seen > 600, "{seen}");
    // So does the usage for a missing command, without our placeholder character.
    for args in [&["issue"][..], &["issue", "list", "--help"], &["help", "issue", "list"]] {
        let run = machine.run_in(&machine.path(""), &[("COLUMNS", "80")], args);
        let shown = format!("{}{}", run.stdout, run.stderr);
        assert!(!shown.contains('\u{e020}') && shown.contains("Usage:"), "{shown}");
    }
}

#[test]
fn a_dry_run_of_init_says_whose_it_would_be_and_makes_nothing() {
    let machine = Machine::new("init dry");
    let before = files(&machine.path(""));
    let run = machine.run(&["init", "fresh", "--as", ALICE, "-n", "--json"]);
    let told = run.exits(0).parsed();
    assert_eq!((&told["changed"], &told["member"]), (&json!(true), &json!(ALICE)));
    assert_eq!((&told["dry_run"], &told["id"]), (&json!(true), &json!(null)));
    assert!(!machine.path("fresh").exists());
    assert_eq!(files(&machine.path("")), before);
    let run = machine.run(&["init", "fresh", "--as", ALICE, "-n"]);
    assert_eq!(run.exits(0).stdout, "");
    let said = format!("fresh is now a replica of {ALICE}");
    assert!(run.stderr.contains("dry run") && run.stderr.contains(&said), "{}", run.stderr);
    // What would be refused is refused; what is so already is no change.
    let store = machine.group("s", &[]);
    let dir = text(&store.dir);
    let before = files(&machine.path(""));
    machine.run(&["init", &dir, "--as", BOB, "-n"]).fails(1, ALICE);
    let same = machine.run(&["init", &dir, "--as", ALICE, "-n", "--json"]);
    assert_eq!(same.exits(0).parsed()["changed"], json!(false));
    assert_eq!(files(&machine.path("")), before);
}

#[test]
fn manual_pages_are_kept_off_the_files_of_a_store() {
    let machine = Machine::new("man out");
    let store = machine.group("s", &[]);
    let before = store.files();
    for dir in ["crdt", "crdt/group", "disks/man", "crdt/new/deep"] {
        let dir = text(&store.dir.join(dir));
        machine.run(&["man", "--out", &dir]).fails(1, "belongs to a store");
        machine.run(&["demo", &dir]).fails(1, "belongs to a store");
    }
    assert_eq!(store.files(), before);
    assert!(!store.dir.join("disks/man").exists());
}
