//! Tables at terminals of many widths: nothing that people copy is broken, nothing goes unsaid.

use crate::support::*;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

const WIDTHS: [usize; 5] = [40, 60, 80, 100, 140];

/// What a command shows on a terminal that is so wide; standard output alone.
fn shown(store: &Store<'_>, width: usize, args: &[&str]) -> String {
    let dir = text(&store.dir);
    let args = [&["-s", dir.as_str(), "-o", "table"], args].concat();
    let columns = width.to_string();
    let root = store.machine.path("");
    store.machine.run_in(&root, &[("COLUMNS", &columns)], &args).stdout
}

/// Whether a word stands somewhere by itself.
fn has_word(text: &str, word: &str) -> bool {
    text.split(|c: char| c.is_whitespace() || c == ',').any(|found| found == word)
}

#[test]
fn words_and_ids_are_whole_at_every_width() {
    let machine = Machine::new("tables");
    let store = machine.fixture("real-store");
    let deborah = "deborah-shanghai-khartoum-price";
    machine.run(&["init", &text(&store.dir), "--as", deborah]).ok();
    let commands: [(&[&str], &str); 6] = [
        (&["doc", "list"], "doc_id"),
        (&["entity", "list"], "entity"),
        (&["member", "list", "--all", "-e", GROUP], "member_id"),
        (&["tombstone", "list"], "doc"),
        (&["doc", "size"], "doc"),
        (&["chat", "list", "-e", GROUP, "--limit", "40"], "author_id"),
    ];
    for (args, field) in commands {
        let rows = store.json(args);
        for width in WIDTHS {
            let table = shown(&store, width, args);
            let widest = table.lines().map(UnicodeWidthStr::width).max().unwrap();
            assert!(widest <= width, "{args:?}: {widest} > {width}\n{table}");
            for word in column(&rows, field).iter().filter(|word| word.width() <= width) {
                assert!(has_word(&table, word), "{word} is broken at {width}:\n{table}");
            }
        }
    }
    // Who is waited for is read whole, too; what there is no room for is said.
    for width in WIDTHS {
        let table = shown(&store, width, &["tombstone", "list"]);
        assert!(has_word(&table, "baize-enhance-alice-betty"), "{table}");
    }
    let narrow = shown(&store, 80, &["tombstone", "list"]);
    assert!(narrow.contains("(no room for: ") && narrow.contains("deleted"), "{narrow}");
    assert!(shown(&store, 200, &["tombstone", "list"]).contains("DELETED"));
    // Commands stand on lines of their own, whole.
    let findings = store.run(&["check", "--json"]).exits(3).parsed();
    for width in WIDTHS {
        let table = shown(&store, width, &["check"]);
        for fix in column(&findings, "fix") {
            assert!(
                table.lines().any(|line| line == format!("  {fix}")),
                "{width}: {fix}\n{table}"
            );
        }
    }
}

#[test]
fn long_cells_are_cut_with_a_mark_unless_all_is_asked_for() {
    let machine = Machine::new("long cells");
    let store = machine.group("s", &[]);
    let words: Vec<String> = (0..200).map(|n| format!("word{n}")).collect();
    store.send(&words.join(" "));
    let cut = shown(&store, 80, &["chat", "list"]);
    assert!(cut.contains('…') && !has_word(&cut, "word199"), "{cut}");
    assert!(cut.lines().count() <= 6, "{cut}");
    let full = shown(&store, 80, &["chat", "list", "--full"]);
    assert!(!full.contains('…') && has_word(&full, "word199"), "{full}");
    // What is shown alone is shown whole.
    let id = store.ok(&["chat", "list", "-o", "id"]);
    assert!(has_word(&shown(&store, 80, &["chat", "show", &id]), "word199"));

    for n in 0..20 {
        store.ok(&["kanban", "add", &format!("card{n}")]);
    }
    let board = shown(&store, 80, &["kanban", "board"]);
    assert!(board.contains("and 8 more") && !has_word(&board, "card15"), "{board}");
    let board = shown(&store, 80, &["kanban", "board", "--full"]);
    assert!(!board.contains(" more") && has_word(&board, "card19"), "{board}");
}

#[test]
fn the_log_shows_documents_before_bytes_and_conflicts_show_titles() {
    let machine = Machine::new("log and conflicts");
    let alice = machine.project("a", &[BOB]);
    let card = alice.ok(&["kanban", "add", "Paint the boat"]);
    let log = shown(&alice, 80, &["log"]);
    assert!(log.contains("DOCUMENTS") && log.contains(&format!("{PROJECT}:kanban")), "{log}");

    let bob = machine.replica_of(&alice, "b", BOB);
    alice.ok(&["kanban", "edit", &card, "--title", "Paint the lighthouse"]);
    machine.pass(60);
    bob.ok(&["kanban", "edit", &card, "--title", "Paint the pier"]);
    alice.ok(&["kanban", "move", &card, "Done"]);
    machine.pass(60);
    bob.ok(&["kanban", "move", &card, "In Progress"]);
    alice.meet(&bob);
    let lost = alice.json(&["conflict", "list"]);
    let fields = column(&lost, "field");
    assert!(fields.contains(&"column_id".to_owned()), "{lost}");
    let is_column = |row: &&Value| row["field"] == json!("column_id");
    let moved = lost.as_array().unwrap().iter().find(is_column).unwrap();
    assert!(moved["winner"].as_str().is_some_and(|id| id.len() == 36), "JSON has the ids");
    for width in [80, 140] {
        let table = shown(&alice, width, &["conflict", "list"]);
        for title in ["Paint the", "Done", "Progress"] {
            assert!(table.contains(title), "{title} at {width}:\n{table}");
        }
        let ids = lost.as_array().unwrap().iter().filter(|row| row["field"] == "column_id");
        for id in ids.filter_map(|row| row["loser"].as_str()) {
            assert!(!table.contains(&id[..8]), "{table}");
        }
        assert!(!table.contains("RESTORED"), "{table}");
    }
    let number = moved["number"].to_string();
    alice.ok(&["conflict", "restore", &number]);
    for width in [80, 140] {
        assert!(shown(&alice, width, &["conflict", "list"]).contains("RESTORED"));
    }
}

#[test]
fn times_are_read_as_times_wherever_they_stand() {
    let machine = Machine::new("times");
    let alice = machine.group("alice", &[BOB]);
    let id = alice.send("hi");
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(86_400);
    alice.ok(&["chat", "edit", &id, "hello"]);
    alice.ok(&["member", "role", BOB, "admin"]);
    let bundle = alice.export("news.crdt");
    // Seconds since 1970 of these two days begin with these digits.
    let raw = |text: &str| text.contains("17672") || text.contains("17673");
    for args in [
        &["member", "show", BOB][..],
        &["sync", "show", &bundle, "--records"],
        &["sync", "import", &bundle, "-n"],
        &["doc", "diff", &text(&bob.dir), &text(&alice.dir)],
        &["chat", "show", &id],
        &["entity", "show"],
    ] {
        let run = bob.run(&[args, &["-o", "table", "--full"]].concat());
        assert!([0, 3].contains(&run.code), "{args:?}: {run:?}");
        assert!(run.stdout.contains("2026-01-0") && !raw(&run.stdout), "{args:?}: {}", run.stdout);
    }
    // Programs get them as they are stored.
    assert!(raw(&bob.json(&["member", "show", BOB]).to_string()));
}

#[test]
fn status_has_no_empty_columns_of_others() {
    let machine = Machine::new("others");
    let real = machine.fixture("real-store");
    let table = shown(&real, 80, &["status"]);
    let title = table.lines().find(|line| line.starts_with("MEMBER")).unwrap_or_default();
    assert!(title.contains("DOCUMENTS THEY LACK"), "{table}");
    for empty in ["REPLICA", "LAST HEARD OF", "WE LACK", "WAITING"] {
        assert!(!title.contains(empty), "{empty}:\n{table}");
    }
    let alice = machine.group("alice", &[BOB]);
    machine.replica_of(&alice, "bob", BOB).give(&alice);
    let table = shown(&alice, 140, &["status"]);
    assert!(table.contains("REPLICA") && table.contains("LAST HEARD OF"), "{table}");
}
