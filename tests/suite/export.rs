//! `chat export`, `kanban export`, `issue export`: files for people and for other programs.

use crate::support::*;
use serde_json::{Value, json};

/// A chat with a thread, reactions and a file; a board; issues.
fn talkative(machine: &Machine) -> Store<'_> {
    let store = machine.group("s", &[BOB]);
    let id = store.send("See <b>you</b>\n# at the harbour");
    std::fs::write(store.dir.join("map.png"), "x").unwrap();
    let reply = ["chat", "send", "So do I", "--reply-to", &id, "--as", BOB, "--attach", "map.png"];
    machine.run_in(&store.dir, &[], &reply).ok();
    store.ok(&["chat", "react", &id, "👍", "--as", BOB]);
    let gone = store.send("gone");
    store.ok(&["chat", "delete", &gone]);
    let card =
        ["kanban", "add", "Paint", "--description", "red\n\nnot blue", "--priority", "urgent"];
    store.ok(&card);
    let shelved = store.ok(&["kanban", "add", "Shelved"]);
    store.ok(&["kanban", "archive", &shelved]);
    let issue = store.ok(&["issue", "open", "The crane squeaks", "--assignee", BOB]);
    store.ok(&["issue", "comment", &issue, "Oil does not help"]);
    let closed = store.ok(&["issue", "open", "Closed"]);
    store.ok(&["issue", "close", &closed]);
    store
}

#[test]
fn a_chat_is_a_page_of_markdown() {
    let machine = Machine::new("markdown");
    let store = talkative(&machine);
    let run = store.run(&["chat", "export", "--time", "utc"]);
    let page = run.ok();
    assert!(run.stderr.contains("wrote the chat of"), "{}", run.stderr);
    let sent = "2026\u{2d}01\u{2d}01";
    for line in [
        &format!("## {ALICE} · {sent} 00:00Z")[..],
        "See \\<b>you\\</b>\\",
        "\\# at the harbour",
        &format!("reactions: 👍 {BOB}"),
        &format!("### {BOB} · {sent} 00:00Z"),
        "files: map.png (1 B)",
        "So do I",
    ] {
        assert!(page.lines().any(|found| found == line), "{line}\n{page}");
    }
    assert!(!page.contains("gone"), "{page}");
    assert!(store.ok(&["chat", "export", "--all"]).contains("\ndeleted\n\ngone"));
    let until = store.ok(&["chat", "export", "--until", "2020-01-01"]);
    assert!(!until.contains("harbour"), "{until}");
}

#[test]
fn html_refers_to_nothing_outside_and_is_what_it_says() {
    let machine = Machine::new("html");
    let store = talkative(&machine);
    for (noun, texts) in [
        ("chat", &["See <b>you</b>\n# at the harbour", "So do I"][..]),
        ("kanban", &["red\n\nnot blue"]),
        ("issue", &["Oil does not help"]),
    ] {
        let file = machine.path(&format!("{noun}.html"));
        let run = store.run(&[noun, "export", "-O", file.to_str().unwrap()]);
        assert_eq!(run.ok(), "");
        let html = std::fs::read_to_string(&file).unwrap();
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let tree = roxmltree::Document::parse_with_options(&html, options).unwrap();
        let shown: Vec<&str> = tree
            .descendants()
            .filter(|node| node.attribute("class") == Some("text"))
            .filter_map(|node| node.text())
            .collect();
        assert_eq!(shown, texts, "{noun}");
        let outside = ["src", "href", "action", "data", "poster"];
        let refers =
            |node: &roxmltree::Node<'_, '_>| outside.iter().any(|name| node.has_attribute(*name));
        assert!(!tree.descendants().any(|node| refers(&node)), "{html}");
        assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("url("));
        assert!(html.contains("default-src 'none'"), "{html}");
    }
}

#[test]
fn records_for_programs_are_those_of_the_lists() {
    let machine = Machine::new("records");
    let store = talkative(&machine);
    let lines = |args: &[&str]| -> Vec<Value> {
        store.ok(args).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let said = lines(&["chat", "export", "--as", "ndjson"]);
    let threads = store.json(&["chat", "list", "--threads"]);
    assert_eq!(said, [threads[0]["message"].clone(), threads[0]["replies"][0].clone()]);
    let cards = lines(&["kanban", "export", "--as", "ndjson", "--all"]);
    assert_eq!(json!(cards), store.json(&["kanban", "list", "--all"]));
    let issues = lines(&["issue", "export", "--as", "ndjson"]);
    assert_eq!(json!(issues), store.json(&["issue", "list"]));
    let csv = store.ok(&["kanban", "export", "--as", "csv"]);
    assert_eq!(csv, store.ok(&["kanban", "list", "-o", "csv"]));
    let file = machine.path("issues.csv");
    store.ok(&["issue", "export", "--all", "-O", file.to_str().unwrap()]);
    let listed = store.ok(&["issue", "list", "--all", "-o", "csv"]);
    assert_eq!(std::fs::read_to_string(&file).unwrap().trim_end(), listed.trim_end());
    // `-o` does not choose the kind of file; and files of a store are not overwritten.
    for option in [&["-o", "csv"][..], &["--json"]] {
        store.run(&[&["chat", "export"], option].concat()).fails(2, "export writes a file");
    }
    let own = store.document(&format!("{GROUP}:chat"));
    store.run(&["chat", "export", "-O", own.to_str().unwrap()]).fails(1, "belongs to a store");
}

#[test]
fn a_board_and_issues_are_pages_too() {
    let machine = Machine::new("pages");
    let store = talkative(&machine);
    let board = store.ok(&["kanban", "export", "--all"]);
    for line in ["## Backlog", "### Paint", "red", "not blue", "## archived", "### Shelved"] {
        assert!(board.lines().any(|found| found == line), "{line}\n{board}");
    }
    assert!(board.contains("priority: urgent"), "{board}");
    assert!(!store.ok(&["kanban", "export"]).contains("Shelved"));
    let issues = store.ok(&["issue", "export", "--status", "backlog"]);
    assert!(issues.contains("## The crane squeaks\n") && issues.contains("\nOil does not help"));
    assert!(!issues.contains("Closed"), "{issues}");
    // An empty chat is an empty page, and no error.
    store.ok(&["entity", "create", "project:quiet", "--name", "Quiet"]);
    let page = store.ok(&["chat", "export", "-e", "project:quiet"]);
    assert!(page.starts_with("# Quiet: chat\n"), "{page}");
}

#[test]
fn an_ending_that_names_no_kind_is_said_to_be_markdown() {
    let machine = Machine::new("ending");
    let store = talkative(&machine);
    let file = text(&machine.path("chat.zip"));
    let run = store.run(&["chat", "export", "-O", &file]);
    assert!(run.exits(0).stderr.contains("called \"zip\", so it is Markdown"), "{}", run.stderr);
    let other = text(&machine.path("other.zip"));
    let run = store.run(&["chat", "export", "-O", &other, "--as", "markdown"]);
    assert!(!run.exits(0).stderr.contains("zip\","), "{}", run.stderr);
}
