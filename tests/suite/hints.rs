//! Hints: an error names what to do next.

use crate::support::*;
use serde_json::json;
use std::path::Path;

/// Typical mistakes, noun by noun, in a store of Alice's and Bob's with one deleted message, `GONE`.
const SLIPS: &[&[&str]] = &[
    &["chat", "send", ""],
    &["chat", "send", "hi", "--attach", "nowhere.png"],
    &["chat", "send", "hi", "--attach", "/nowhere/at/all.png"],
    &["chat", "send", "hi", "--attach", "."],
    &["chat", "send", "hi", "--reply-to", "ffffffff"],
    &["chat", "send", "hi", "--reply-to", "GONE"],
    &["chat", "send", "hi", "--as", "al"],
    &["chat", "send", "hi", "--as", "two words"],
    &["chat", "edit", "GONE", "more"],
    &["chat", "edit", "ffffffff", "more"],
    &["chat", "react", "GONE", "👍"],
    &[
        "chat",
        "react",
        "GONE",
        "an emoji that is far too long to be one, whatever font there is: \
       an emoji that is far too long to be one, whatever font there is, or language",
    ],
    &["chat", "show", "f"],
    &["chat", "show", "ffffffff"],
    &["chat", "thread", "ffffffff"],
    &["chat", "delete", ""],
    &["chat", "list", "-e", "nothing"],
    &["member", "add", "two words"],
    &["member", "add", ""],
    &["member", "role", "al", "admin"],
    &["member", "role", "nobody", "admin"],
    &["member", "remove", "b"],
    &["member", "show", "nobody"],
    &["entity", "create", "planet:earth", "--name", "Earth"],
    &["entity", "create", "group:a:b", "--name", "Too many"],
    &["entity", "create", "group:c", "--name", ""],
    &["entity", "show", "nothing"],
    &["entity", "use", "nothing"],
    &["kanban", "add", ""],
    &["kanban", "add", "Card", "--column", "Nowhere"],
    &["kanban", "show", "ffffffff"],
    &["kanban", "move", "CARD", "Nowhere"],
    &["kanban", "move", "CARD", "Done", "--before", "CARD"],
    &["kanban", "edit", "C", "--title", "x"],
    &["kanban", "column", "add", ""],
    &["kanban", "column", "remove", "Nowhere"],
    &["issue", "open", ""],
    &["issue", "show", "ffffffff"],
    &["issue", "comment", "ISSUE", ""],
    &["issue", "assign", "ISSUE", "nobody"],
    &["canvas", "show", "ffffffff"],
    &["canvas", "set", "ffffffff", "x=1"],
    &["sync", "import", "nowhere.crdt"],
    &["sync", "import", "."],
    &["sync", "import", "nowhere.crdt", "neither.crdt"],
    &["sync", "show", "nowhere.crdt"],
    &["sync", "verify", "nowhere.crdt"],
    &["sync", "stick", "nowhere"],
    &["sync", "export", "--for", "nobody", "-O", "x.crdt"],
    &["sync", "export", "--for", "b", "-O", "x.crdt"],
    &["sync", "export", "--doc", "nothing", "-O", "x.crdt"],
    &["sync", "export", "--since", "nowhere.crdt", "-O", "x.crdt"],
    &["sync", "forget", "nobody"],
    &["sync", "import", "--raw", "chat", "nowhere.yrs"],
    &["tombstone", "why", "ffffffff"],
    &["trash", "show", "ffffffff"],
    &["trash", "restore", "f"],
    &["conflict", "show", "77"],
    &["doc", "show", "nothing"],
    &["doc", "dump", "group:nothing:chat"],
    &["doc", "get", "chat", "$["],
    &["doc", "load", "nowhere.yrs", "--doc", "chat"],
    &["doc", "load", "nowhere.yrs", "--doc", "foo"],
    &["doc", "diff", "nowhere", "chat"],
    &["check", "nothing"],
    &["repair", "nothing"],
    &["recover", "nothing", "-O", "out"],
    &["recover", "chat", "-O", "out"],
    &["recover", "chat", "-O", "out", "--from", "nowhere.crdt"],
    &["log", "--doc", "nothing"],
    &["log", "77"],
    &["digest", "nothing"],
    &["batch", "nowhere.ndjson"],
    &["chat", "list", "-o", "id", "-s", "nowhere"],
];

/// The commands in a hint: the text between backquotes.
fn named(hint: &str) -> Vec<&str> {
    hint.split('`').skip(1).step_by(2).collect()
}

#[test]
fn every_slip_is_answered_with_something_to_do() {
    let machine = Machine::new("slips");
    let store = machine.group("s", &[BOB]);
    let gone = store.send("gone");
    store.ok(&["chat", "delete", &gone]);
    let card = store.ok(&["kanban", "add", "Card"]).trim().to_owned();
    let issue = store.ok(&["issue", "open", "Leak"]).trim().to_owned();
    let before = store.files();
    let mut poor = Vec::new();
    for slip in SLIPS {
        let of = |word: &&str| match *word {
            "GONE" => gone.clone(),
            "CARD" => card.clone(),
            "C" => card[..1].to_owned(),
            "ISSUE" => issue.clone(),
            other => other.to_owned(),
        };
        let args: Vec<String> = slip.iter().map(of).collect();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let run = store.run(&[&args[..], &["--json"]].concat());
        if run.code == 2 && run.stderr.contains("For more information, try") {
            continue;
        }
        assert!([1, 2, 4].contains(&run.code), "{args:?}: {run:?}");
        let error = run.error();
        // Or, if nothing needs typing: something to do by hand.
        let plain = ["give ", "one of ", "for example", "pack a directory", "put the stick in"];
        match error["hint"].as_str() {
            Some(hint) if !named(hint).is_empty() || plain.iter().any(|p| hint.contains(p)) => {}
            hint => poor.push(format!("{args:?}: {}: {hint:?}", error["message"])),
        }
        assert_eq!(store.files(), before, "{args:?}");
    }
    assert!(poor.is_empty(), "no command and no choice is named:\n{}", poor.join("\n"));
}

/// The commands, by their manual pages; groups of commands do not count.
fn leaves() -> Vec<Vec<String>> {
    let pages = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("man"));
    let names = pages.keys().map(|page| page.to_str().unwrap().trim_end_matches(".1").to_owned());
    let names: Vec<String> = names.collect();
    let is_leaf = |name: &&String| !names.iter().any(|of| of.starts_with(&format!("{name}-")));
    let words = |name: &String| {
        let name = name.replace("diff-update", "diff_update");
        name.split('-').skip(1).map(|word| word.replace('_', "-")).collect()
    };
    names.iter().filter(is_leaf).map(words).collect()
}

#[test]
fn a_command_that_lacks_something_is_answered_with_an_example_of_it() {
    let machine = Machine::new("lacking");
    let mut lacking = 0;
    for mut words in leaves() {
        words.push("--json".to_owned());
        let args: Vec<&str> = words.iter().map(String::as_str).collect();
        let run = machine.run(&[&["-s", "nowhere"], &args[..]].concat());
        if !run.stderr.contains("required arguments") {
            continue;
        }
        lacking += 1;
        let error = run.exits(2).error();
        let (hint, said) = (error["hint"].as_str(), error["message"].as_str().unwrap());
        let hint = hint.unwrap_or_else(|| panic!("{args:?}: {said}"));
        let command = format!("crdtctl {}", args[..args.len() - 1].join(" "));
        assert!(
            named(hint).iter().any(|example| example.starts_with(&command)),
            "{args:?}: {hint}"
        );
        assert!(said.contains("not provided: <") || said.contains("not provided: -"), "{said}");
    }
    assert!(lacking > 40, "{lacking}");
    // An example with what is missing, and the possible subcommands if none was given.
    let run = machine.run(&["recover", "chat", "--apply", "--json"]);
    let hint = run.exits(2).error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains(" -O "), "{hint}");
    let run = machine.run(&["archive", "frobnicate", "--json"]);
    let hint = run.exits(2).error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.starts_with("one of run, ") && hint.contains("restore"), "{hint}");
}

#[test]
fn who_is_no_member_is_told_who_is() {
    let machine = Machine::new("strangers");
    let store = machine.group("s", &[BOB]);
    for stranger in ["bobb", "nobody-knows-him"] {
        let run = store.run(&["chat", "send", "hi", "--as", stranger, "--json"]);
        let error = run.fails(1, "not an active member").error();
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.contains(ALICE) && hint.contains(BOB), "{hint}");
    }
}

#[test]
fn a_prefix_that_is_too_short_is_answered_with_whom_it_could_mean() {
    let machine = Machine::new("short");
    let store = machine.group("s", &["bo-b", "bo-dan"]);
    let id = store.send("hi");
    for (args, names, list) in [
        (&["chat", "send", "hi", "--as", "bo"][..], &["bo-b", "bo-dan"][..], "member list --all"),
        (&["member", "role", "b", "admin"], &["bo-b", "bo-dan"], "member list --all"),
        (&["chat", "react", &id[..3], "👍"], &[&id], "chat list --all"),
        (&["chat", "delete", &id[..1]], &[&id], "chat list --all"),
    ] {
        let run = store.run(&[args, &["--json"]].concat());
        let error = run.fails(2, "too short").error();
        let hint = error["hint"].as_str().unwrap();
        assert!(names.iter().all(|name| hint.contains(name)), "{args:?}: {hint}");
        assert!(named(hint).contains(&&*format!("crdtctl {list}")), "{args:?}: {hint}");
    }
}

#[test]
fn a_role_that_is_none_is_answered_with_those_that_are() {
    let machine = Machine::new("roles");
    let store = machine.group("s", &[BOB]);
    let all = "one of owner, admin, member, viewer, guest";
    for args in [&["member", "role", BOB, "king"][..], &["member", "add", CAROL, "--role", "king"]]
    {
        let run = store.run(args);
        run.fails(2, all);
        let run = store.run(&[args, &["--json"]].concat());
        assert!(run.error()["message"].as_str().unwrap().contains(all), "{}", run.stderr);
    }
}

#[test]
fn a_column_that_is_none_is_answered_with_those_that_are() {
    let machine = Machine::new("columns");
    let store = machine.project("s", &[]);
    let card = store.ok(&["kanban", "add", "a card"]);
    for args in [
        &["kanban", "move", &card, "Nowhere"][..],
        &["kanban", "add", "another", "--column", "Nowhere"],
        &["kanban", "column", "remove", "Nowhere"],
    ] {
        let run = store.run(args);
        run.fails(4, "no column \"Nowhere\"");
        assert!(run.stderr.contains("the board has Backlog, In Progress, Done"), "{}", run.stderr);
    }
}

#[test]
fn what_is_no_number_is_said_in_words() {
    let machine = Machine::new("numbers");
    let store = machine.group("s", &[]);
    for args in [
        &["conflict", "show", "x"][..],
        &["log", "show", "x"],
        &["log", "revert", ""],
        &["chat", "list", "--limit", "many"],
    ] {
        let run = store.run(args);
        run.fails(2, "invalid value");
        assert!(run.stderr.contains("expected a whole number"), "{}", run.stderr);
        assert!(!run.stderr.contains("digit"), "{}", run.stderr);
        let run = store.run(&[args, &["--json"]].concat());
        assert_eq!(run.error()["hint"], "expected a whole number");
    }
    let run = store.run(&["chat", "list", "--limit", "99999999999999999999"]);
    run.fails(2, "invalid value");
    assert!(run.stderr.contains("the number is too large"), "{}", run.stderr);
    assert!(!run.stderr.contains("target type"), "{}", run.stderr);
    let run = store.run(&["log", "show", "--", "-99999999999999999999"]);
    run.fails(2, "invalid value");
    assert!(run.stderr.contains("the number is too small"), "{}", run.stderr);
}

#[test]
fn a_document_that_breaks_off_is_not_measured_and_can_be_recovered() {
    let machine = Machine::new("broken off");
    let store = machine.group("s", &[]);
    store.send("first");
    let doc = format!("{GROUP}:chat");
    store.break_off(&doc);
    for args in [&["doc", "size", &doc][..], &["doc", "blocks", &doc]] {
        let run = store.run(args);
        run.fails(5, "does not decode");
        let recover = format!("`crdtctl recover {doc} -O DIR` keeps what can be read of it");
        assert!(run.stderr.contains(&recover), "{args:?}: {}", run.stderr);
    }
}

#[test]
fn a_directory_of_stores_names_them() {
    let machine = Machine::new("below");
    let list = |dir: &str, told: &str| {
        let run = machine.run(&["-s", dir, "doc", "list"]);
        run.fails(4, "no store at");
        assert!(run.stderr.contains(told), "{}", run.stderr);
    };
    machine.group("of/a b", &[]);
    machine.group("of/c", &[]);
    list("of", "name one that is below: `--store 'of/a b'`, `--store of/c`\n");
    machine.group("of/d", &[]);
    machine.group("of/e", &[]);
    list("of", "`--store of/d`, and more\n");
    machine.run(&["-s", "of/c", "doc", "list"]).ok();
    list("nowhere", "`crdtctl init` makes one");
}

#[test]
fn a_line_of_a_batch_is_told_what_lines_take() {
    let machine = Machine::new("lines");
    let store = machine.group("s", &[]);
    let dir = text(&store.dir);
    for line in [
        r#"{"op":"chat.send","text":""}"#,
        r#"{"op":"chat.send"}"#,
        r#"{"op":"kanban.add","title":""}"#,
        r#"["op"]"#,
        r#"{"op":"chat.send","text":"$9.text"}"#,
        r#"{"op":"chat.send","text":"hi","reply_to":"$9.id"}"#,
        r#"{"op":"member.role","member":"alice","role":"king"}"#,
    ] {
        let both = [&["batch", "-"][..], &["batch", "-", "--keep-going"]];
        for args in both {
            let args = [&["-s", &dir], args].concat();
            let run = machine.run_with_stdin(&args, line.as_bytes());
            let told = format!("{}{}", run.stdout, run.stderr);
            if run.code == 0 {
                // A text that looks like a reference is a text.
                assert!(line.contains("$9.text"), "{line}");
                continue;
            }
            assert!(told.contains("crdtctl batch --help"), "{args:?} {line}: {told}");
            assert!(!told.contains("as an argument"), "{args:?} {line}: {told}");
        }
    }
}

#[test]
fn nothing_is_said_to_be_well_where_something_was_left_out() {
    let machine = Machine::new("well");
    let store = machine.group("s", &[BOB]);
    store.send("hi");
    let copy = machine.open(machine.path("copy"));
    machine.shell("cp -r s copy");
    let chat = store.document(&format!("{GROUP}:chat"));
    let bytes = std::fs::read(&chat).unwrap();
    std::fs::write(&chat, &bytes[..bytes.len() - 5]).unwrap();
    let (damaged, sound) = (text(&store.dir), text(&copy.dir));
    for args in [
        &["doc", "diff", &damaged, &sound, "--stat"][..],
        &["doc", "diff", &damaged, &sound],
        &["tombstone", "list"],
        &["tombstone", "list", "--by", "member"],
        &["prune"],
    ] {
        let run = store.run(args);
        run.exits(5);
        assert!(run.stderr.contains("is left out"), "{args:?}: {}", run.stderr);
        let calm = ["no difference", "no tombstones", "nothing to prune"];
        let line = run.stderr.lines().find(|line| calm.iter().any(|calm| line.contains(calm)));
        let line = line.unwrap_or_else(|| panic!("{args:?}: {}", run.stderr));
        assert!(line.ends_with("in what could be read"), "{args:?}: {line}");
    }
}

#[test]
fn a_list_of_nothing_says_so_once_and_is_no_failure() {
    let machine = Machine::new("nothing");
    let store = machine.group("s", &[]);
    store.send("hi");
    for (args, said) in [
        (&["chat", "search", "harbour"][..], "no message has all of these words"),
        (&["chat", "list", "--since", "2030-01-01"], "no messages"),
        (&["kanban", "list"], "no cards"),
        (&["issue", "list"], "no issues"),
        (&["canvas", "list"], "no elements"),
        (&["conflict", "list"], "no conflicts"),
        (&["tombstone", "list"], "no tombstones"),
        (&["trash", "list"], "the trash is empty"),
        (&["sync", "peers"], "no bundle came here yet"),
        (&["check"], "nothing is wrong"),
    ] {
        for format in ["table", "tsv", "csv", "id"] {
            let run = store.run(&[args, &["-o", format]].concat());
            assert_eq!(run.exits(0).stderr, format!("{said}\n"), "{args:?} {format}");
            assert_eq!(run.stdout.lines().count(), usize::from(["tsv", "csv"].contains(&format)));
        }
        for format in ["json", "ndjson"] {
            let run = store.run(&[args, &["-o", format]].concat());
            assert_eq!(run.exits(0).stderr, "", "{args:?} {format}");
        }
        assert_eq!(store.run(&[args, &["-q"]].concat()).exits(0).stderr, "", "{args:?}");
    }
}

#[test]
fn everything_separated_begins_with_a_header() {
    let machine = Machine::new("headers");
    let store = machine.group("s", &[BOB]);
    let id = store.send("hi");
    for args in [
        &["status"][..],
        &["member", "show", BOB],
        &["chat", "show", &id],
        &["entity", "show"],
        &["doc", "show", "chat"],
        &["digest", "-o", "tsv"],
    ] {
        assert_eq!(store.ok(args).lines().next(), Some("field\tvalue"), "{args:?}");
    }
    assert_eq!(store.ok(&["member", "show", BOB, "-o", "csv"]).lines().next(), Some("field,value"));
}

#[test]
fn status_names_the_entities_that_entity_list_has() {
    let machine = Machine::new("entities");
    for name in ["real-store", "legacy-0.1.20"] {
        let store = machine.fixture(name);
        let listed = store.column(&["entity", "list"], "entity");
        let status = store.json(&["status"]);
        let named: Vec<&str> =
            status["entities"].as_array().unwrap().iter().filter_map(|e| e.as_str()).collect();
        assert_eq!(named, listed, "{name}");
    }
}

#[test]
fn what_a_newcomer_meant_is_named() {
    let machine = Machine::new("meant");
    let dir = machine.path("new");
    let run = machine.run(&["init", &text(&dir)]);
    assert!(run.exits(0).stderr.contains("next: `crdtctl init --as MEMBER`"), "{}", run.stderr);
    let run = machine.run(&["init", &text(&dir), "--as", ALICE]);
    assert!(run.exits(0).stderr.contains("next: `crdtctl entity create"), "{}", run.stderr);

    let store = machine.group("s", &[BOB]);
    let run = store.run(&["member", "add", "bob-hill"]);
    let sentence = format!("added bob-hill to {GROUP} as member, beside {BOB}, who is another");
    assert!(run.exits(0).stderr.contains(&sentence), "{}", run.stderr);
    let run = store.run(&["member", "add", "bo"]);
    assert!(!run.exits(0).stderr.contains("beside"), "{}", run.stderr);

    let update = text(&store.document(&format!("{GROUP}:core")));
    let copy = text(&machine.path("core.bin"));
    std::fs::copy(&update, &copy).unwrap();
    store.run(&["sync", "import", &copy]).fails(6, "crdtctl doc load FILE --doc DOC");
    let junk = text(&machine.path("junk.bin"));
    std::fs::write(&junk, "nothing of the kind").unwrap();
    let run = store.run(&["sync", "import", &junk]);
    assert!(!run.fails(6, "").stderr.contains("doc load"), "{}", run.stderr);

    let none = text(&machine.path("none.bin"));
    for args in [
        ["check", &none].as_slice(),
        &["recover", &none, "-O", &copy],
        &["doc", "diff", &copy, &none],
    ] {
        store.run(args).fails(4, "none.bin");
        assert!(!store.run(args).stderr.contains("doc list"), "{args:?}");
    }
    let out = text(&machine.path("out.crdt"));
    let dry = store.json(&["sync", "export", "-n", "-O", &out]);
    assert_eq!((&dry["written"], &dry["dry_run"]), (&json!(false), &json!(true)));
    assert!(!machine.path("out.crdt").exists());
    let wet = store.json(&["sync", "export", "-O", &out]);
    assert_eq!((&wet["written"], wet.get("dry_run")), (&json!(true), None));
}

/// A list of what is somebody's is empty for a member without anything, and for a name with a typo: only the
/// latter is a mistake.
#[test]
fn a_filter_that_names_nobody_says_so() {
    let machine = Machine::new("strangers");
    let store = machine.group("alice", &[BOB, CAROL]);
    store.send("hello");
    store.ok(&["kanban", "add", "Paint the boat", "--assignee", BOB]);
    store.ok(&["issue", "open", "The crane squeaks", "--assignee", BOB]);
    store.ok(&["member", "remove", CAROL]);
    let lists: &[&[&str]] = &[
        &["chat", "list", "--author"],
        &["chat", "list", "--threads", "--author"],
        &["chat", "list", "--unread", "--author"],
        &["chat", "search", "hello", "--author"],
        &["chat", "export", "--as", "ndjson", "--author"],
        &["kanban", "list", "--assignee"],
        &["issue", "list", "--assignee"],
        &["issue", "export", "--as", "ndjson", "--assignee"],
    ];
    for list in lists {
        for (name, is_known) in [
            ("dave-snow-field-moss", false),
            ("bop-", false),
            ("nobody", false),
            (ALICE, true),
            (BOB, true),
            ("bob-", true),
            // She left.
            (CAROL, true),
            ("caro", true),
            ("", true),
        ] {
            let run = store.run(&[list, &[name][..]].concat());
            // No message is nobody's.
            run.exits(if name.is_empty() && list[0] == "chat" { 2 } else { 0 });
            let said = format!("no member {name:?}; `crdtctl member list --all` shows them");
            assert_eq!(run.stderr.contains(&said), !is_known, "{list:?} {name:?}: {}", run.stderr);
        }
    }
}
