//! Files generated from the definition of the command line: completions and manual pages.

use crate::support::*;

/// Every command with subcommands, and one without.
const COMMANDS: [&str; 15] = [
    "init",
    "entity",
    "member",
    "chat",
    "kanban",
    "issue",
    "canvas",
    "prune",
    "tombstone",
    "sync",
    "doc",
    "digest",
    "completions",
    "man",
    "demo",
];

#[test]
fn completions_for_six_shells() {
    let machine = Machine::new("completions");
    let mut seen = Vec::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish", "nushell"] {
        let script = machine.run(&["completions", shell]).ok();
        // It contains what it completes: an old script can be told from the program.
        for word in COMMANDS.iter().chain(&["crdtctl", env!("CARGO_PKG_VERSION")]) {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        assert!(!script.contains("CRDTCTL_SEED"), "{shell} shows what is hidden");
        seen.push(script);
    }
    assert!(seen[5].contains("lock-wait"), "nushell has the whole tree in its script");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6);
}

/// What bash offers for the last of some words on Tab; `None`, with a notice, if bash is not installed.
fn tab(store: &Store<'_>, words: &[&str]) -> Option<Vec<String>> {
    let machine = store.machine;
    let bin = machine.path("bin");
    if !bin.exists() {
        std::fs::create_dir(&bin).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_crdtctl"), bin.join("crdtctl")).unwrap();
        let script = machine.run(&["completions", "bash"]).stdout;
        std::fs::write(machine.path("completion.bash"), script).unwrap();
    }
    let line = "PATH=$1:$PATH; . \"$2\"; shift 2; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMP_LINE=$*; COMP_POINT=${#COMP_LINE}; \
                COMP_TYPE=9; _clap_complete_crdtctl crdtctl \"${COMP_WORDS[COMP_CWORD]}\" 2>/dev/null; \
                printf '%s\\n' \"${COMPREPLY[@]}\"";
    let plain = machine.command(&[]);
    let mut bash = std::process::Command::new("bash");
    bash.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    bash.args(["-c", line, "bash"]).arg(&bin).arg(machine.path("completion.bash"));
    bash.args(words).current_dir(&store.dir);
    match bash.output() {
        Ok(output) => {
            let text = String::from_utf8(output.stdout).unwrap();
            Some(text.lines().map(|line| line.trim_end().to_owned()).collect())
        }
        Err(_) => {
            skipped("no bash here");
            None
        }
    }
}

#[test]
fn bash_completes_commands_and_what_is_in_the_store() {
    let machine = Machine::new("bash");
    let store = machine.group("s", &[BOB, CAROL]);
    let id = store.send("hi");
    let Some(verbs) = tab(&store, &["crdtctl", "tombstone", "li"]) else { return };
    assert_eq!(verbs, ["list"]);
    let of = |words: &[&str]| tab(&store, &[&["crdtctl"], words].concat()).unwrap();
    assert!(of(&["ch"]).contains(&"chat".to_owned()));
    assert!(of(&["chat", "list", "--si"]).contains(&"--since".to_owned()));
    assert_eq!(of(&["member", "remove", "bo"]), [BOB]);
    assert_eq!(of(&["chat", "delete", &id[..4]]), std::slice::from_ref(&id));
    assert_eq!(of(&["doc", "show", "group:"]).len(), 2);
    assert_eq!(of(&["entity", "show", "gr"]), [GROUP]);
    // Another store, and none.
    let other = machine.store("other", ALICE);
    assert_eq!(of(&["-s", &text(&other.dir), "member", "remove", "bo"]), [""]);
    assert_eq!(of(&["-s", "/nowhere", "member", "remove", "bo"]), [""]);
}

#[test]
fn completion_offers_nothing_that_a_shell_would_run() {
    use yrs::{Map, MapPrelim, WriteTxn};
    let machine = Machine::new("hostile completion");
    let store = machine.group("s", &[]);
    let update = crate::oracle::update(4, &[], |txn| {
        let members = txn.get_or_insert_map("members");
        for id in [
            "evil-$(touch owned)",
            "evil-`id`",
            "evil-;ls",
            "evil-\u{1b}[2J",
            "evil-\n",
            "evil-nice",
        ] {
            members.insert(txn, id, MapPrelim::from([("member_id", id)]));
        }
    });
    let file = machine.path("u.update");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", &format!("{GROUP}:core"), &text(&file)]);
    let Some(offered) = tab(&store, &["crdtctl", "member", "show", "evil"]) else { return };
    assert_eq!(offered, ["evil-nice"]);
}

#[test]
fn one_manual_page_a_command() {
    let machine = Machine::new("man");
    let dir = machine.path("man/man1");
    machine.run(&["man", "--out", &text(&dir)]).ok();
    let pages = files(&dir);
    let named = |name: &str| pages.contains_key(std::path::Path::new(name));
    assert!(named("crdtctl.1"));
    for command in COMMANDS {
        assert!(named(&format!("crdtctl-{command}.1")), "{command}");
    }
    for page in ["crdtctl-chat-send.1", "crdtctl-sync-import.1", "crdtctl-tombstone-list.1"] {
        assert!(named(page), "{page}");
    }
    for (name, page) in &pages {
        let page = String::from_utf8_lossy(page);
        assert!(page.contains(".TH") && page.contains(".SH NAME"), "{}", name.display());
    }
    // What all share is printed once.
    let text_of =
        |name: &str| String::from_utf8_lossy(&pages[std::path::Path::new(name)]).into_owned();
    let main = text_of("crdtctl.1");
    for section in ["ENVIRONMENT", "FILES", "\"EXIT STATUS\"", "\"SEE ALSO\""] {
        assert!(main.contains(&format!(".SH {section}\n")), "{section}");
    }
    for word in [
        "CRDTCTL_STORE",
        "NO_COLOR",
        "lock\\-wait",
        "\\fB70\\fR",
        "\\fB141\\fR",
        "archive.db",
        "crdtctl\\-chat",
    ] {
        assert!(main.contains(word), "{word}");
    }
    for (name, page) in &pages {
        let page = String::from_utf8_lossy(page);
        let is_main = name.to_str() == Some("crdtctl.1");
        assert_eq!(page.contains("lock\\-wait"), is_main, "{}", name.display());
        assert!(
            page.contains("\"SEE ALSO\"") && page.contains("\"EXIT STATUS\""),
            "{}",
            name.display()
        );
    }
    let send = text_of("crdtctl-chat-send.1");
    for word in
        ["\\fBcrdtctl\\fR(1)", "\\fBcrdtctl\\-chat\\fR(1)", "\\fBcrdtctl\\-chat\\-list\\fR(1)"]
    {
        assert!(send.contains(word), "{word}");
    }
    let batch = text_of("crdtctl-batch.1");
    assert!(batch.starts_with("'\\\" t\n") && batch.contains("chat.send\tT{\n"), "a table");
    let one = machine.run(&["man"]).ok();
    assert!(one.contains(".TH"));
    // Again over the old ones: nothing else is left there.
    machine.run(&["man", "--out", &text(&dir)]).ok();
    assert_eq!(files(&dir), pages);
}

#[test]
fn pages_that_cannot_be_written_are_an_io_error() {
    let machine = Machine::new("man io");
    std::fs::write(machine.path("file"), "x").unwrap();
    machine.run(&["man", "--out", "file"]).fails(74, "file");
    machine.run(&["man", "--out", "file/below"]).fails(74, "file");
}

#[test]
fn what_is_shipped_is_what_the_program_writes() {
    const HINT: &str = "is stale: run .ci/generate and commit what it wrote";
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let machine = Machine::new("shipped");
    let scripts = [
        ("bash", "crdtctl.bash"),
        ("zsh", "_crdtctl"),
        ("fish", "crdtctl.fish"),
        ("powershell", "_crdtctl.ps1"),
        ("elvish", "crdtctl.elv"),
        ("nushell", "crdtctl.nu"),
    ];
    for (shell, name) in scripts {
        let shipped = std::fs::read_to_string(root.join("completions").join(name)).unwrap();
        assert!(
            shipped == machine.run(&["completions", shell]).stdout,
            "completions/{name} {HINT}"
        );
    }
    let dir = machine.path("man");
    machine.run(&["man", "--out", &text(&dir)]).ok();
    assert!(files(&root.join("man")) == files(&dir), "man {HINT}");
}

#[test]
fn a_shell_is_told_what_the_store_holds() {
    let machine = Machine::new("candidates");
    let alice = machine.store("alice", "alice-river-stone-sky");
    alice.ok(&["entity", "create", "group:ocean", "--name", "Ocean"]);
    alice.ok(&["member", "add", "bob-hill-lake-tree"]);
    let message = alice.ok(&["chat", "send", "hello"]);
    let ask = |words: &[&str]| {
        let dir = text(&alice.dir);
        let args = [&["--", "crdtctl", "-s", dir.as_str()], words].concat();
        let mut command = machine.command(&args);
        command.env("CRDTCTL_COMPLETE", "fish");
        machine.finish(command, &args, None).ok()
    };
    assert!(ask(&["chat", ""]).contains("send\t"));
    assert!(ask(&["chat", "show", ""]).contains(&format!("{message}\thello")));
    let data = r#"{"content":"hull"}"#;
    let add = ["canvas", "add", "text", "--at", "0,0", "--size", "9,9", "--data", data];
    let element = alice.ok(&add);
    assert!(ask(&["canvas", "move", ""]).contains(&format!("{element}\ttext hull")));
    assert!(ask(&["member", "role", "b"]).contains("bob-hill-lake-tree\tmember"));
    assert!(!ask(&["member", "role", "b"]).contains("alice-river-stone-sky"));
    assert!(ask(&["-e", "gr"]).contains("group:ocean"));
    let card = alice.ok(&["kanban", "add", "paint it"]);
    assert!(ask(&["kanban", "show", ""]).contains(&format!("{card}\tpaint it")));
    assert!(ask(&["kanban", "move", &card, "D"]).contains("Done\tcolumn"));
    let column = alice.json(&["kanban", "board"])[1]["id"].as_str().unwrap().to_owned();
    assert!(ask(&["kanban", "list", "--column", &column[..4]]).contains("\tIn Progress"));
    let issue = alice.ok(&["issue", "open", "it squeaks"]);
    assert!(ask(&["issue", "close", ""]).contains(&format!("{issue}\tit squeaks")));
    let comment = alice.ok(&["issue", "comment", &issue, "oil it"]);
    let comments = ask(&["issue", "comment", &issue, "--edit", ""]);
    assert!(comments.contains(&format!("{comment}\toil it")));
    assert!(ask(&["issue", "status", &issue, "in"]).contains("in-progress"));
}
