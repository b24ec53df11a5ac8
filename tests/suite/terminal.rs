//! What differs on a terminal. `script` provides one.

use crate::support::*;
use std::process::Command;

/// Runs a command on a terminal of its own; returns what was on the screen. `None`, with a notice, if no
/// terminal is available.
pub fn on_a_terminal(store: &Store<'_>, env: &[(&str, &str)], args: &[&str]) -> Option<Run> {
    typing(store, env, args, b"")
}

/// The same with this input typed.
fn typing(store: &Store<'_>, env: &[(&str, &str)], args: &[&str], input: &[u8]) -> Option<Run> {
    let machine = store.machine;
    let plain = machine.command(args);
    let quoted: Vec<String> = std::iter::once(plain.get_program())
        .chain(plain.get_args())
        .map(|word| format!("'{}'", word.to_str().unwrap()))
        .collect();
    let mut script = Command::new("script");
    script.args(["-qec", &quoted.join(" "), "/dev/null"]).env_clear();
    script.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    script.env("TERM", "xterm").env("COLUMNS", "100").envs(env.iter().copied());
    script.current_dir(&store.dir);
    if Command::new("script").args(["-qec", "true", "/dev/null"]).output().is_err() {
        skipped("no `script` here to make a terminal");
        return None;
    }
    Some(machine.finish(script, args, Some(input)))
}

#[test]
fn a_list_on_a_terminal_is_a_table() {
    let machine = Machine::new("table");
    let store = machine.group("s", &[BOB]);
    let Some(run) = on_a_terminal(&store, &[], &["member", "list"]) else { return };
    let screen = &run.exits(0).stdout;
    assert!(screen.contains("MEMBER") && !screen.contains("member_id\t"), "{screen:?}");
    assert!(screen.contains('\u{1b}'), "its titles are coloured: {screen:?}");
    let plain = on_a_terminal(&store, &[("NO_COLOR", "1")], &["member", "list"]).unwrap();
    assert!(!plain.exits(0).stdout.contains('\u{1b}'), "{:?}", plain.stdout);
    let asked = on_a_terminal(&store, &[], &["member", "list", "--color", "never"]).unwrap();
    assert_eq!(asked.exits(0).stdout, plain.stdout);
    let json = on_a_terminal(&store, &[], &["member", "list", "--json"]).unwrap();
    assert!(!json.exits(0).stdout.contains('\u{1b}'), "{:?}", json.stdout);
    assert_eq!(column(&json.parsed(), "member_id"), [ALICE, BOB]);
}

#[test]
fn a_file_on_a_terminal_acts_on_nothing() {
    let machine = Machine::new("cat");
    let store = machine.group("s", &[]);
    let text = "one\ttwo\n\u{1b}[2J\u{1b}]0;owned\u{7}\u{202e}drawkcab\n";
    std::fs::write(machine.path("hostile.md"), text).unwrap();
    store.ok(&["disk", "put", &machine.path("hostile.md").display().to_string(), "/shared/x.md"]);
    assert_eq!(store.run(&["disk", "cat", "/shared/x.md"]).exits(0).stdout, text);
    let Some(run) = on_a_terminal(&store, &[], &["disk", "cat", "/shared/x.md"]) else { return };
    let screen = run.exits(0).stdout.replace('\r', "");
    assert_eq!(screen, "one\ttwo\n\\u{1b}[2J\\u{1b}]0;owned\\u{7}\\u{202e}drawkcab\n");
}

#[test]
fn an_empty_list_on_a_terminal_says_so() {
    let machine = Machine::new("empty");
    let store = machine.group("s", &[]);
    let Some(run) = on_a_terminal(&store, &[], &["chat", "list"]) else { return };
    assert_eq!(run.exits(0).stdout.trim(), "no messages");
}

#[test]
fn errors_on_a_terminal_are_coloured() {
    let machine = Machine::new("errors");
    let store = machine.group("s", &[]);
    let Some(run) = on_a_terminal(&store, &[], &["chat", "show", "ffff"]) else { return };
    assert!(run.exits(4).stdout.contains("\u{1b}[1;31merror"), "{:?}", run.stdout);
    let plain = on_a_terminal(&store, &[("NO_COLOR", "1")], &["chat", "show", "ffff"]).unwrap();
    assert!(plain.exits(4).stdout.contains("error: "), "{:?}", plain.stdout);
}

#[test]
fn a_bundle_is_nothing_for_a_screen() {
    let machine = Machine::new("bundle");
    let store = machine.group("s", &[]);
    let Some(run) = on_a_terminal(&store, &[], &["sync", "export"]) else { return };
    assert!(run.exits(2).stdout.contains("-O FILE"), "{:?}", run.stdout);
}

#[test]
fn quiet_only_silences() {
    let machine = Machine::new("quiet");
    let store = machine.group("s", &[]);
    let Some(run) = on_a_terminal(&store, &[], &["digest"]) else { return };
    let quiet = on_a_terminal(&store, &[], &["digest", "-q"]).unwrap();
    assert_eq!(quiet.exits(0).stdout, run.exits(0).stdout);
    assert!(run.stdout.contains("version"), "{:?}", run.stdout);
    let alone = on_a_terminal(&store, &[], &["digest", "-o", "id"]).unwrap();
    assert_eq!(alone.exits(0).stdout.trim_end(), store.digest());
}

#[test]
fn a_deletion_for_good_is_asked_about_on_a_terminal() {
    let machine = Machine::new("asked");
    let store = machine.group("s", &[]);
    let id = store.send("a word");
    let Some(run) = typing(&store, &[], &["chat", "delete", &id], b"n") else { return };
    assert!(run.stdout.contains("gone for good"), "{:?}", run.stdout);
    assert_eq!(store.json(&["chat", "show", &id])["deleted"], false);
    // The answer is echoed by rewriting the line: a question longer than a line would appear twice.
    let narrow = typing(&store, &[("COLUMNS", "80")], &["chat", "delete", &id], b"n").unwrap();
    assert_eq!(narrow.stdout.matches("gone for good").count(), 1, "{:?}", narrow.stdout);
    assert!(narrow.stdout.contains("Go on?"), "{:?}", narrow.stdout);
    assert_eq!(store.json(&["trash", "list"]), serde_json::json!([]));
    on_a_terminal(&store, &[], &["chat", "delete", &id, "--no-input"]).unwrap().exits(0);
    let id = store.send("a third word");
    let run = typing(&store, &[], &["chat", "delete", &id], b"y").unwrap();
    assert!(run.exits(0).stdout.contains("Go on?"), "{:?}", run.stdout);
    let id = store.send("another word");
    on_a_terminal(&store, &[], &["chat", "delete", &id, "--yes"]).unwrap().exits(0);
    assert_eq!(store.json(&["trash", "list"]).as_array().unwrap().len(), 3);
}

#[test]
fn files_of_a_deleted_message_are_asked_about_on_a_terminal() {
    let machine = Machine::new("asked of files");
    let store = machine.group("s", &[]);
    std::fs::write(machine.path("map.png"), [0, 1, 2]).unwrap();
    let map = text(&machine.path("map.png"));
    let send = || store.ok(&["chat", "send", "The map", "--attach", &map]);
    let files = || store.column(&["disk", "list"], "path");
    let id = send();
    let delete = |id: &str, answers: &[u8]| typing(&store, &[], &["chat", "delete", id], answers);
    let Some(run) = delete(&id, b"nn") else { return };
    assert!(run.stdout.contains("map.png is attached only to this message"), "{:?}", run.stdout);
    assert!(run.stdout.contains("nothing was deleted"), "{:?}", run.stdout);
    assert!(!run.stdout.contains("attached to no message"), "{:?}", run.stdout);
    assert_eq!(store.json(&["chat", "show", &id])["deleted"], false);
    let run = delete(&id, b"yn").unwrap();
    assert!(run.stdout.contains("2 records will be gone for good"), "{:?}", run.stdout);
    assert!(run.stdout.contains("nothing was deleted"), "{:?}", run.stdout);
    assert_eq!(
        (store.json(&["chat", "show", &id])["deleted"].clone(), files().len()),
        (false.into(), 1)
    );
    let run = delete(&id, b"ny").unwrap();
    assert!(run.exits(0).stdout.contains("attached to no message"), "{:?}", run.stdout);
    assert_eq!(files(), ["/shared/attachments/map.png"]);
    let other = send();
    delete(&other, b"yy").unwrap().exits(0);
    assert_eq!(files(), ["/shared/attachments/map.png"]);
}
