//! Texts from an editor, which are never lost, and output through a pager.

use crate::support::*;
use crate::terminal::on_a_terminal;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// An editor: a script that gets the file as `$1`.
fn editor(machine: &Machine, name: &str, script: &str) -> String {
    let file = machine.path(name);
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    text(&file)
}

/// Runs a command with an editor, whose files are in a directory of their own.
fn edit(store: &Store<'_>, editor: &str, args: &[&str]) -> Run {
    let dir = store.machine.path("texts");
    std::fs::create_dir_all(&dir).unwrap();
    let env = [("EDITOR", editor), ("TMPDIR", dir.to_str().unwrap())];
    store.machine.run_in(&store.dir, &env, args)
}

fn texts(machine: &Machine) -> Vec<PathBuf> {
    let dir = machine.path("texts");
    files(&dir).into_keys().map(|file| dir.join(file)).collect()
}

#[test]
fn an_editor_has_what_is_there_and_its_text_is_taken() {
    let machine = Machine::new("editor");
    let store = machine.group("s", &[]);
    let append =
        editor(&machine, "append", "cat \"$1\" > \"$0.saw\"; printf 'one\\ntwo\\n\\n' >> \"$1\"");
    let saw = || std::fs::read_to_string(machine.path("append.saw")).unwrap();
    let id = edit(&store, &append, &["chat", "send", "--edit"]).ok();
    assert_eq!(store.json(&["chat", "show", &id])["content"], "one\ntwo");
    assert_eq!(saw(), "");
    edit(&store, &append, &["chat", "edit", &id, "--edit"]).ok();
    assert_eq!(store.json(&["chat", "show", &id])["content"], "one\ntwo\none\ntwo");
    assert_eq!(saw(), "one\ntwo\n");
    let issue = edit(&store, &append, &["issue", "open", "Leak", "--edit"]).ok();
    edit(&store, &append, &["issue", "edit", &issue, "--edit"]).ok();
    assert_eq!(store.json(&["issue", "show", &issue])["description"], "one\ntwo\none\ntwo");
    let card = ["kanban", "add", "Card", "--description", "zero", "--edit"];
    let card = edit(&store, &append, &card).ok();
    assert_eq!(saw(), "zero\n");
    edit(&store, &append, &["kanban", "edit", &card, "--edit"]).ok();
    let shown = store.json(&["kanban", "show", &card]);
    assert_eq!(shown["description"], "zero\none\ntwo\none\ntwo");
    // It is a shell command, and its output is not taken for the answer.
    let id = edit(&store, "echo noise; printf hi >", &["chat", "send", "--edit"]);
    assert_eq!(id.ok().lines().count(), 1);
    assert!(id.stderr.contains("noise"), "{}", id.stderr);
    // A text that arrived is kept nowhere else.
    assert_eq!(texts(&machine), Vec::<PathBuf>::new());
}

#[test]
fn a_text_is_never_lost() {
    let machine = Machine::new("texts");
    let store = machine.group("s", &[]);
    let write = editor(&machine, "write", "echo 'a long text' > \"$1\"");
    let kept = |run: &Run| {
        let [file] = &texts(&machine)[..] else { panic!("{run:?}") };
        assert_eq!(std::fs::read_to_string(file).unwrap().trim(), "a long text");
        assert!(run.stderr.contains(&text(file)), "{}", run.stderr);
        std::fs::remove_file(file).unwrap();
    };
    let run = edit(&store, &write, &["chat", "edit", "ffff", "--edit"]);
    // There is nothing to edit, so nobody should write in vain.
    run.fails(4, "has no chat");
    assert_eq!(texts(&machine), Vec::<PathBuf>::new());
    let run = edit(&store, &write, &["chat", "send", "--edit", "--reply-to", "ffff"]);
    run.fails(4, "has no chat");
    let run = edit(&store, &write, &["issue", "open", "", "--edit"]);
    run.fails(2, "an empty title");
    assert_eq!(texts(&machine), Vec::<PathBuf>::new());
    let run = edit(&store, &write, &["chat", "send", "--edit", "-n"]);
    run.ok();
    kept(&run);
    // A refusal that depends only on the text itself.
    let long = editor(&machine, "long", "yes 'a long text' | head -c 300000 > \"$1\"");
    let run = edit(&store, &long, &["chat", "send", "--edit"]);
    assert_ne!(run.code, 0, "{run:?}");
    let [file] = &texts(&machine)[..] else { panic!("{run:?}") };
    assert!(run.stderr.contains(&text(file)), "{}", run.stderr);
    std::fs::remove_file(file).unwrap();
    let failing = editor(&machine, "failing", "echo 'a long text' > \"$1\"; exit 3");
    let run = edit(&store, &failing, &["chat", "send", "--edit"]);
    assert_eq!(run.code, 130, "{run:?}");
    kept(&run);
    let empty = editor(&machine, "empty", ": > \"$1\"");
    edit(&store, &empty, &["chat", "send", "--edit"])
        .fails(2, "the text is empty: nothing was done");
    assert_eq!(texts(&machine), Vec::<PathBuf>::new());
    assert_eq!(store.json(&["chat", "list"]).as_array().map(Vec::len), Some(0));
}

#[test]
fn nobody_writes_for_nothing() {
    let machine = Machine::new("refused before");
    let store = machine.group("s", &[BOB]);
    let message = store.send("hi");
    let card = store.ok(&["kanban", "add", "Card"]);
    let issue = store.ok(&["issue", "open", "Leak"]);
    let page = machine.path("page.md");
    std::fs::write(&page, "one\n").unwrap();
    store.ok(&["disk", "put", &text(&page), "/shared/page.md"]);
    store.ok(&["member", "role", BOB, "viewer"]);
    let write = editor(&machine, "write", "touch \"$0.opened\"; echo 'a long text' > \"$1\"");
    let viewer = [
        &["chat", "send", "--edit"][..],
        &["chat", "edit", &message, "--edit"],
        &["issue", "open", "Title", "--edit"],
        &["issue", "edit", &issue, "--edit"],
        &["kanban", "add", "Title", "--edit"],
        &["kanban", "edit", &card, "--edit"],
        &["disk", "edit", "/shared/page.md"],
    ];
    let opened = machine.path("write.opened");
    for args in viewer {
        let run = edit(&store, &write, &[args, &["--as", BOB]].concat());
        assert_eq!(run.code, 1, "{args:?}: {run:?}");
        assert!(!opened.exists(), "{args:?}: {run:?}");
    }
    for args in [
        &["chat", "edit", "ffff", "--edit"][..],
        &["chat", "send", "--edit", "--reply-to", "ffff"],
        &["issue", "edit", "ffff", "--edit"],
        &["kanban", "edit", "ffff", "--edit"],
        &["kanban", "add", "Title", "--column", "Nowhere", "--edit"],
        &["disk", "edit", "/shared/none.md"],
    ] {
        let run = edit(&store, &write, args);
        assert_eq!(run.code, 4, "{args:?}: {run:?}");
        assert!(!opened.exists(), "{args:?}: {run:?}");
    }
    assert_eq!(texts(&machine), Vec::<PathBuf>::new());
    // On a terminal the text may be left out.
    let env = [("EDITOR", &*write)];
    for args in [
        &["issue", "comment", "ffff"][..],
        &["issue", "comment", &issue, "--edit", "ffff"],
        &["chat", "send", "--as", BOB],
    ] {
        let Some(run) = on_a_terminal(&store, &env, args) else { return };
        assert_ne!(run.code, 0, "{args:?}: {run:?}");
        assert!(!opened.exists(), "{args:?}: {run:?}");
    }
    edit(&store, &write, &["disk", "edit", "/shared/page.md"]).ok();
    assert!(opened.exists());
}

#[test]
fn a_text_that_is_left_out_on_a_terminal_is_written_in_the_editor() {
    let machine = Machine::new("left out");
    let store = machine.group("s", &[]);
    let write = editor(&machine, "write", "echo 'from the editor' > \"$1\"");
    let issue = store.ok(&["issue", "open", "Leak"]);
    let env = [("VISUAL", &*write), ("EDITOR", "false")];
    let comment = ["issue", "comment", &issue];
    let Some(run) = on_a_terminal(&store, &env, &comment) else { return };
    run.exits(0);
    assert_eq!(store.json(&["issue", "comments", &issue])[0]["content"], "from the editor");
    on_a_terminal(&store, &env, &["chat", "send"]).unwrap().exits(0);
    assert_eq!(store.json(&["chat", "list"])[0]["content"], "from the editor");
}

#[test]
fn a_pager_shows_what_is_longer_than_a_screen() {
    let machine = Machine::new("pager");
    let store = machine.group("s", &[]);
    let lines: String =
        (0..30).map(|n| format!("{{\"op\":\"chat.send\",\"text\":\"message {n}\"}}\n")).collect();
    machine.run_with_stdin(&["-s", &text(&store.dir), "batch"], lines.as_bytes()).ok();
    let pager = [("CRDTCTL_PAGER", "sed s/^/paged:/"), ("LINES", "20"), ("PAGER", "false")];
    let list = ["chat", "list", "--color", "never"];
    let Some(paged) = on_a_terminal(&store, &pager, &list) else { return };
    let screen = &paged.exits(0).stdout;
    assert_eq!(screen.matches("paged:").count(), 31, "{screen}");
    let of = |env: &[(&str, &str)], args: &[&str]| on_a_terminal(&store, env, args).unwrap();
    let whole = of(&pager, &[&list[..], &["--no-pager"]].concat());
    assert!(!whole.exits(0).stdout.contains("paged:"));
    assert_eq!(whole.stdout, screen.replace("paged:", ""));
    // Output that fits on the screen needs no pager; a missing or broken pager is no reason to show nothing.
    let short = [&list[..], &["--limit", "5"]].concat();
    assert!(!of(&pager, &short).exits(0).stdout.contains("paged:"));
    for none in ["", "cat", "no-such-pager --really"] {
        let env = [("CRDTCTL_PAGER", none), ("LINES", "20")];
        assert_eq!(of(&env, &list).exits(0).stdout, whole.stdout, "{none:?}");
    }
    let dumb = [pager[0], pager[1], ("TERM", "dumb")];
    assert_eq!(of(&dumb, &list).exits(0).stdout, whole.stdout);
    // Whoever quits it early has seen enough, quietly.
    let env = [("CRDTCTL_PAGER", "head -n 3"), ("LINES", "20")];
    let left = of(&env, &["log", "-o", "json"]);
    assert!(matches!(left.code, 0 | 141), "{left:?}");
    assert!(!left.stdout.contains("error"), "{}", left.stdout);
    // Never in a pipe.
    let piped = machine.run_in(&store.dir, &pager, &["chat", "list", "-o", "table"]);
    assert!(!piped.ok().contains("paged:"));
}

#[test]
fn where_nobody_can_write_no_editor_is_begun() {
    let machine = Machine::new("no editor");
    let store = machine.group("s", &[]);
    let id = store.send("hi");
    let issue = store.ok(&["issue", "open", "Leak"]);
    for args in [
        &["chat", "send", "--edit"][..],
        &["chat", "edit", &id, "--edit"],
        &["issue", "edit", &issue, "--edit"],
        &["kanban", "add", "Card", "--edit"],
    ] {
        let run = store.run(args);
        run.fails(2, "no editor to write the text in");
        assert!(run.stderr.contains("set VISUAL or EDITOR"), "{}", run.stderr);
    }
    // An editor that does not run has lost nothing, and leaves nothing.
    let run = edit(&store, "/no/such/editor", &["chat", "edit", &id, "--edit"]);
    run.fails(74, "cannot run the editor `/no/such/editor`");
    assert!(!run.stderr.contains("the text is in"), "{}", run.stderr);
    assert!(run.stderr.contains("VISUAL or EDITOR"), "{}", run.stderr);
    assert_eq!(texts(&machine), Vec::<PathBuf>::new());
    let page = machine.path("page.md");
    std::fs::write(&page, "one\n").unwrap();
    store.ok(&["disk", "put", &text(&page), "/shared/page.md"]);
    // The text of a file is nobody's program.
    for missing in ["no-such-editor", &text(&page)] {
        let run = edit(&store, missing, &["disk", "edit", "/shared/page.md"]);
        run.fails(74, "cannot run the editor");
        assert!(!run.stderr.contains("the text is in"), "{}", run.stderr);
        assert!(run.stderr.contains("VISUAL or EDITOR"), "{}", run.stderr);
        assert_eq!(texts(&machine), Vec::<PathBuf>::new());
    }
    // A script that wrote something before it failed to find a program has lost nothing.
    let broken = editor(&machine, "broken", "echo 'a long text' > \"$1\"; no-such-editor \"$1\"");
    for args in [&["chat", "send", "--edit"][..], &["disk", "edit", "/shared/page.md"]] {
        let run = edit(&store, &broken, args);
        run.fails(74, "the text is in");
        let [file] = &texts(&machine)[..] else { panic!("{run:?}") };
        assert_eq!(std::fs::read_to_string(file).unwrap(), "a long text\n");
        std::fs::remove_file(file).unwrap();
    }
}
