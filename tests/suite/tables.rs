//! Tables on terminals of many widths: text that people copy is never broken, and nothing is left out
//! silently.

use crate::support::*;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

const WIDTHS: [usize; 5] = [40, 60, 80, 100, 140];

/// The standard output of a command on a terminal of this width.
fn shown(store: &Store<'_>, width: usize, args: &[&str]) -> String {
    let dir = text(&store.dir);
    let args = [&["-s", dir.as_str(), "-o", "table"], args].concat();
    let columns = width.to_string();
    let root = store.machine.path("");
    store.machine.run_in(&root, &[("COLUMNS", &columns)], &args).stdout
}

/// Whether a word occurs by itself.
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
    // Who is waited for is readable in full, too; whatever there is no room for is named.
    for width in WIDTHS {
        let table = shown(&store, width, &["tombstone", "list"]);
        assert!(has_word(&table, "baize-enhance-alice-betty"), "{table}");
    }
    let narrow = shown(&store, 80, &["tombstone", "list"]);
    assert!(narrow.contains("(no room for: ") && narrow.contains("deleted"), "{narrow}");
    assert!(shown(&store, 200, &["tombstone", "list"]).contains("DELETED"));
    // Commands are on lines of their own, whole.
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
    // A single record is shown whole.
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
    // Seconds since 1970 on these two days begin with these digits.
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

#[test]
fn every_column_that_fits_is_shown() {
    let machine = Machine::new("fitting");
    let alice = machine.project("a", &[BOB]);
    let card = alice.ok(&["kanban", "add", "Boat"]);
    let bob = machine.replica_of(&alice, "b", BOB);
    alice.ok(&["kanban", "edit", &card, "--title", "Tar"]);
    machine.pass(60);
    bob.ok(&["kanban", "edit", &card, "--title", "Oars"]);
    alice.meet(&bob);
    let doc = format!("{PROJECT}:kanban");
    let wide = |title: &str, table: &str| table.lines().next().unwrap().contains(title);
    let table = shown(&alice, 160, &["conflict", "list"]);
    for title in ["DOCUMENT", "ID", "LOST BY", "DECIDED"] {
        assert!(wide(title, &table), "no {title}:\n{table}");
    }
    // Long titles share the space with them.
    let long = "Paint the lighthouse and the pier before the winter comes";
    let other = "Paint the boat and everything that floats in the harbour";
    alice.ok(&["kanban", "edit", &card, "--title", long]);
    machine.pass(60);
    bob.ok(&["kanban", "edit", &card, "--title", other]);
    alice.meet(&bob);
    let table = shown(&alice, 140, &["conflict", "list"]);
    for title in ["DOCUMENT", "ID", "RECORD", "WON", "LOST"] {
        assert!(wide(title, &table), "no {title}:\n{table}");
    }
    assert!(has_word(&table, &doc) && has_word(&table, &card[..8]), "{table}");
    alice.ok(&["conflict", "dismiss", "--all"]);
    bob.ok(&["kanban", "edit", &card, "--title", "Tar"]);
    bob.give(&alice);
    machine.pass(60);
    alice.ok(&["kanban", "edit", &card, "--title", "Sail"]);
    machine.pass(60);
    bob.ok(&["kanban", "edit", &card, "--title", "Oars"]);
    alice.meet(&bob);
    // At every width: what is left out would not have fitted.
    for width in 60..160 {
        let table = shown(&alice, width, &["conflict", "list"]);
        let Some(said) = table.lines().position(|line| line.starts_with("(no room for: ")) else {
            continue;
        };
        let all: String = table.lines().skip(said).collect::<Vec<_>>().join(" ");
        let left_out = all.trim_start_matches("(no room for: ").split_once(';').unwrap().0;
        let rows = table.lines().take(said).map(UnicodeWidthStr::width).max().unwrap();
        for (title, takes) in [("id", 10), ("decided", 18), ("document", doc.len() + 2)] {
            let is_left_out = left_out.split(", ").any(|left| left == title);
            assert!(!is_left_out || rows + takes > width, "{title} fits at {width}:\n{table}");
        }
    }
}

#[test]
fn a_long_word_or_a_script_without_blanks_leaves_a_table_a_table() {
    let machine = Machine::new("long words");
    let store = machine.group("s", &[BOB]);
    let chinese = "明天下午我们把船拖上岸，然后一起把船底重新刷一遍漆，记得带上手套和旧衣服。";
    let japanese = "明日の午後、みんなで船を岸に引き上げて、船底をもう一度塗り直しましょう。";
    let url = format!("https://example.org/{}", "a-very-long-path-".repeat(4));
    let word = "x".repeat(70);
    for text in ["hi", chinese, japanese, &url, &word, "3f2a1b2c-0000-4000-8000-000000000001"] {
        store.send(text);
        store.ok(&["kanban", "add", text]);
        store.ok(&["issue", "open", text]);
    }
    let lists = [
        &["chat", "list"][..],
        &["kanban", "list"],
        &["issue", "list"],
        &["chat", "search", "hi"],
        &["sql", "SELECT id, author_id, content FROM messages"],
    ];
    for list in lists {
        for width in [80, 100, 140] {
            let table = shown(&store, width, list);
            let first = table.lines().next().unwrap();
            assert!(first.contains("ID") && first == first.to_uppercase(), "{width}:\n{table}");
            let widest = table.lines().map(UnicodeWidthStr::width).max().unwrap();
            assert!(widest <= width, "{list:?}: {widest} > {width}\n{table}");
            // Ids stay whole.
            if list[0] == "chat" {
                assert!(has_word(&table, ALICE), "{table}");
            }
        }
    }
    // All of it is there.
    let all = shown(&store, 80, &["chat", "list", "--full"]);
    let letters = |text: &str| text.chars().filter(|c| !c.is_ascii() && !c.is_whitespace()).count();
    assert_eq!(letters(&all), letters(chinese) + letters(japanese), "{all}");
    assert_eq!(all.matches('x').count(), word.len() + url.matches('x').count());
}

/// An empty column gives its space away.
#[test]
fn nobody_assigned_is_no_column() {
    let machine = Machine::new("assignees");
    let store = machine.group("s", &[BOB]);
    let card = store.ok(&["kanban", "add", "Caulk"]);
    assert!(!has_word(&shown(&store, 80, &["kanban", "list"]), "ASSIGNEE"));
    store.ok(&["kanban", "edit", &card, "--assignee", BOB]);
    assert!(has_word(&shown(&store, 80, &["kanban", "list"]), "ASSIGNEE"));
    // It is shown on request.
    let asked = ["kanban", "list", "--fields", "title,assignee_id"];
    assert!(has_word(&shown(&store, 80, &asked), "ASSIGNEE"));
}

#[test]
fn no_two_columns_have_the_same_title() {
    let machine = Machine::new("titles");
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    alice.meet(&bob);
    let card = alice.ok(&["kanban", "add", "Paint the boat"]);
    alice.meet(&bob);
    for (store, title) in [(&alice, "Paint the hull"), (&bob, "Paint the mast")] {
        machine.pass(60);
        store.ok(&["kanban", "edit", &card, "--title", title]);
    }
    alice.meet(&bob);
    for (args, titles) in [
        (["sync", "status"], &["operations they lack", "operations we lack"][..]),
        (["conflict", "list"], &["won by"]),
    ] {
        let header = shown(&alice, 400, &args).lines().next().unwrap().to_lowercase();
        for title in titles {
            assert_eq!(header.matches(title).count(), 1, "{header}");
        }
        let titles: Vec<&str> =
            header.split("  ").map(str::trim).filter(|title| !title.is_empty()).collect();
        let distinct: std::collections::BTreeSet<&&str> = titles.iter().collect();
        assert_eq!(distinct.len(), titles.len(), "{header}");
    }
}
