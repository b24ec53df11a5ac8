//! What is made out of the definition of the command line: completions and manual pages.

use crate::support::*;

/// Every command with verbs, and a command without.
const COMMANDS: [&str; 12] = [
    "init",
    "entity",
    "member",
    "chat",
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
        for word in COMMANDS.iter().chain(&["crdtctl", "tombstone"]) {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
        assert!(!script.contains("CRDTCTL_SEED"), "{shell} shows what is hidden");
        seen.push(script);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 6);
}

#[test]
fn the_bash_completion_is_a_script_that_bash_takes() {
    let machine = Machine::new("bash");
    let script = machine.path("completion.bash");
    std::fs::write(&script, machine.run(&["completions", "bash"]).stdout).unwrap();
    match std::process::Command::new("bash").arg("-n").arg(&script).output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(_) => eprintln!("SKIPPED: no bash here"),
    }
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
    assert!(ask(&["member", "role", "b"]).contains("bob-hill-lake-tree\tmember"));
    assert!(!ask(&["member", "role", "b"]).contains("alice-river-stone-sky"));
    assert!(ask(&["-e", "gr"]).contains("group:ocean"));
}
