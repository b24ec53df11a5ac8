//! `kanban`: the board, its cards, its columns. What happens when two replicas write at once is in
//! `kanban_merges`.

use crate::oracle::Plain;
use crate::support::*;
use serde_json::{Value, json};

const BOARD: &str = "project:gentle-wave-moon-fire:kanban";

/// The board as titles: a column, its cards.
fn board(store: &Store<'_>) -> Vec<(String, Vec<String>)> {
    let lanes = store.json(&["kanban", "board"]);
    let lane = |lane: &Value| {
        (lane["title"].as_str().unwrap().to_owned(), column(&lane["cards"], "title"))
    };
    lanes.as_array().unwrap().iter().map(lane).collect()
}

/// The cards of one column.
fn cards(store: &Store<'_>, title: &str) -> Vec<String> {
    let found = board(store).into_iter().find(|(column, _)| column == title);
    found.unwrap_or_else(|| panic!("no column {title}")).1
}

fn add(store: &Store<'_>, title: &str) -> String {
    store.ok(&["kanban", "add", title])
}

#[test]
fn a_project_begins_with_three_columns() {
    let machine = Machine::new("begin");
    let store = machine.project("s", &[]);
    let lanes = store.json(&["kanban", "board"]);
    // Fixed for ever: two replicas that begin a board at once must make the same columns.
    assert_eq!(
        lanes,
        json!([
            {"id": "f64ddfe2-c208-44dd-82b2-b278dce94212", "title": "Backlog", "order": 0,
                "cards": []},
            {"id": "a78eb9ce-4b64-447f-9534-4f65470d11af", "title": "In Progress", "order": 1,
                "cards": []},
            {"id": "8e713a6a-f5f2-42a7-9e2f-dd53053bb8d8", "title": "Done", "order": 2,
                "cards": []},
        ])
    );
    // The entity is otherwise unchanged.
    assert_eq!(store.json(&["member", "list"]).as_array().map(Vec::len), Some(1));
    // An entity that is no project has none until somebody writes to it.
    let group = machine.group("g", &[]);
    assert_eq!(group.json(&["kanban", "board"]), json!([]));
    add(&group, "first");
    assert_eq!(cards(&group, "Backlog"), ["first"]);
    assert_eq!(board(&group).len(), 3);
}

#[test]
fn add_prints_the_id_alone() {
    let machine = Machine::new("add");
    let store = machine.project("s", &[BOB]);
    let run = store.run(&[
        "kanban",
        "add",
        "Fix the crane",
        "--column",
        "in progress",
        "--description",
        "the big one",
        "--assignee",
        "bob-",
        "--priority",
        "urgent",
    ]);
    let id = run.ok();
    assert_eq!(run.stdout, format!("{id}\n"));
    assert_eq!((id.len(), id.as_bytes()[14]), (36, b'4'));
    assert!(run.stderr.contains("In Progress"), "{}", run.stderr);
    let column_id = store.json(&["kanban", "board"])[1]["id"].clone();
    let card = json!({
        "id": id, "title": "Fix the crane", "description": "the big one", "column_id": column_id,
        "assignee_id": BOB, "priority": "urgent", "created_at": START, "updated_at": START,
        "archived": false, "archived_at": 0, "ack_vector": {}, "column": "In Progress",
    });
    assert_eq!(store.json(&["kanban", "list"]), json!([card]));
    assert_eq!(store.json(&["kanban", "show", &id[..8]]), card);
    assert_eq!(store.json(&["kanban", "board"])[1]["cards"], json!([card]));
    // Unassigned, medium, in the first column, unless given.
    let plain = store.json(&["kanban", "show", &add(&store, "Paint")]);
    assert_eq!(plain["column"], "Backlog");
    assert_eq!((&plain["assignee_id"], &plain["priority"]), (&json!(""), &json!("medium")));
}

#[test]
fn texts_come_from_standard_input() {
    let machine = Machine::new("stdin");
    let store = machine.project("s", &[]);
    let dir = text(&store.dir);
    let args = ["-s", &dir, "kanban", "add", "Paint", "--description", "-"];
    let id = machine.run_with_stdin(&args, b"red\nand white\n").ok();
    assert_eq!(store.json(&["kanban", "show", &id])["description"], "red\nand white");
    let args = ["-s", &dir, "kanban", "edit", &id, "--description", "-"];
    machine.run_with_stdin(&args, b"blue\n").ok();
    assert_eq!(store.json(&["kanban", "show", &id])["description"], "blue");
    let table = store.ok(&["kanban", "show", &id, "-o", "table"]);
    assert!(table.contains("\n  blue"), "{table}");
}

#[test]
fn the_board_in_every_form() {
    let machine = Machine::new("forms");
    let store = machine.project("s", &[BOB]);
    let paint = add(&store, "Paint the lighthouse");
    let oil = store.ok(&["kanban", "add", "Buy\toil", "--column", "Done", "--assignee", BOB]);
    let (backlog, done) = ("Backlog (1)", "Done (1)");
    let wide =
        machine.run_in(&store.dir, &[("COLUMNS", "100")], &["kanban", "board", "-o", "table"]);
    let lines: Vec<&str> = wide.stdout.lines().collect();
    assert!(lines[0].starts_with(backlog) && lines[0].ends_with(done), "{}", wide.stdout);
    assert!(lines[2].starts_with("Paint the lighthouse") && lines[2].contains("Buy\\toil"));
    assert!(wide.stdout.contains(&format!("medium · {}", &paint[..8])), "{}", wide.stdout);
    assert!(wide.stdout.contains(BOB) && !wide.stdout.contains(&oil), "{}", wide.stdout);
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{}", wide.stdout);
    // No room for three columns: they are printed below each other.
    let narrow =
        machine.run_in(&store.dir, &[("COLUMNS", "30")], &["kanban", "board", "-o", "table"]);
    let starts = |line: &str| narrow.stdout.lines().any(|found| found.starts_with(line));
    assert!(starts(backlog) && starts("In Progress (0)") && starts(done), "{}", narrow.stdout);
    assert!(narrow.stdout.lines().all(|line| line.chars().count() <= 30), "{}", narrow.stdout);

    let ids: Vec<Value> = store
        .json(&["kanban", "board"])
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["id"].clone())
        .collect();
    let (first, last) = (ids[0].as_str().unwrap(), ids[2].as_str().unwrap());
    let at = "2026-01-01T00:00:00Z";
    assert_eq!(
        store.ok(&["kanban", "board"]),
        format!(
            "id\tcolumn\ttitle\tpriority\tassignee_id\tupdated_at\tarchived\tcolumn_id\n\
             {paint}\tBacklog\tPaint the lighthouse\tmedium\t\t{at}\tfalse\t{first}\n\
             {oil}\tDone\tBuy\\toil\tmedium\t{BOB}\t{at}\tfalse\t{last}"
        )
    );
    assert_eq!(store.ok(&["kanban", "list"]), store.ok(&["kanban", "board"]));
    assert_eq!(store.ok(&["kanban", "board", "-o", "id"]), format!("{paint}\n{oil}"));
    assert_eq!(store.ok(&["kanban", "board", "-o", "csv"]).lines().count(), 3);
    let lines = store.ok(&["kanban", "board", "-o", "ndjson"]);
    let lanes: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(json!(lanes), store.json(&["kanban", "board"]));
    let table = store.ok(&["kanban", "list", "-o", "table"]);
    assert!(table.contains("COLUMN") && table.contains("Done"), "{table}");
}

#[test]
fn a_board_that_is_not_there_is_empty_in_every_form() {
    let machine = Machine::new("empty");
    let store = machine.group("s", &[]);
    for list in [&["kanban", "board"][..], &["kanban", "list"], &["kanban", "list", "--all"]] {
        assert_eq!(store.run(&[list, &["--json"]].concat()).stdout, "[]\n");
        assert_eq!(store.ok(&[list, &["-o", "ndjson"]].concat()), "");
        assert_eq!(store.ok(&[list, &["-o", "id"]].concat()), "");
        assert_eq!(store.ok(list).lines().count(), 1);
        let table = store.run(&[list, &["-o", "table"]].concat());
        assert_eq!(table.stdout, "");
        assert!(table.stderr.starts_with("no "), "{}", table.stderr);
    }
    for args in [
        &["kanban", "show", "ffff"][..],
        &["kanban", "edit", "ffff", "--title", "x"],
        &["kanban", "move", "ffff", "Done"],
        &["kanban", "archive", "ffff"],
        &["kanban", "restore", "ffff"],
        &["kanban", "column", "rename", "Done", "x"],
        &["kanban", "column", "move", "Done"],
        &["kanban", "column", "remove", "Done"],
    ] {
        store.run(args).fails(4, "");
    }
    assert_eq!(store.json(&["doc", "list"]).as_array().map(Vec::len), Some(1));
    let nothing = machine.store("nothing", ALICE);
    nothing.run(&["kanban", "board"]).fails(4, "no entity");
    nothing.run(&["kanban", "add", "x"]).fails(4, "no entity");
}

#[test]
fn edit_changes_what_is_named_and_the_clock() {
    let machine = Machine::new("edit");
    let store = machine.project("s", &[BOB]);
    let id = add(&store, "Paint");
    machine.pass(60);
    let run =
        store.run(&["kanban", "edit", &id[..8], "--title", "Paint it red", "--assignee", BOB]);
    assert_eq!(run.exits(0).stdout, "", "no id: it is not new");
    let show = store.json(&["kanban", "show", &id]);
    assert_eq!((&show["title"], &show["assignee_id"]), (&json!("Paint it red"), &json!(BOB)));
    assert_eq!((&show["created_at"], &show["updated_at"]), (&json!(START), &json!(START + 60)));
    assert_eq!(show["priority"], "medium");
    // A clock that goes back still advances the record's clock.
    store.ok(&["kanban", "edit", &id, "--priority", "low", "--now", "2020-01-01"]);
    assert_eq!(store.json(&["kanban", "show", &id])["updated_at"], START + 61);
    store.ok(&["kanban", "edit", &id, "--assignee", ""]);
    assert_eq!(store.json(&["kanban", "show", &id])["assignee_id"], "");
    store.is_so_already(&["kanban", "edit", &id, "--title", "Paint it red", "--priority", "low"]);

    store.run(&["kanban", "edit", &id]).exits(2);
    store.run(&["kanban", "edit", &id, "--title", " "]).fails(2, "empty title");
    store.run(&["kanban", "edit", &id, "--priority", "soon"]).exits(2);
    store.run(&["kanban", "edit", &id, "--assignee", "nobody-here"]).fails(4, "no member");
    store.run(&["kanban", "edit", "ffffffff", "--title", "x"]).fails(4, "no card");
    store.ok(&["kanban", "archive", &id]);
    store.run(&["kanban", "edit", &id, "--title", "x"]).fails(1, "is archived");
    store.run(&["kanban", "move", &id, "Done"]).fails(1, "is archived");
}

/// A batch finds positions in a list by an index, which single commands do not build.
#[test]
fn many_moves_in_one_batch_end_as_they_would_one_by_one() {
    let machine = Machine::new("moves in a batch");
    let store = machine.project("s", &[]);
    let ids: Vec<String> = (0..12).map(|n| add(&store, &format!("{n}"))).collect();
    let titles = |order: &[usize]| order.iter().map(usize::to_string).collect::<Vec<_>>();
    let mut columns = [("Backlog", (0..12).collect::<Vec<usize>>()), ("Done", Vec::new())];
    let mut chance = crdtctl::sample::Chance::new(7);
    let mut below = |end: usize| chance.below(end as u64) as usize;
    for round in 0..4 {
        let mut lines = String::new();
        for _ in 0..30 {
            let (card, to) = (below(12), below(2));
            let is_here = columns[to].1.contains(&card);
            let other = columns[to].1.get(below(columns[to].1.len().max(1))).copied();
            let mut line = json!({"op": "kanban.move", "card": &ids[card][..8]});
            line["column"] = json!(columns[to].0);
            let place = match (below(3), other) {
                (0, _) => {
                    line["top"] = json!(true);
                    Some(None)
                }
                (1, Some(other)) if other != card => {
                    line["before"] = json!(ids[other]);
                    Some(Some(other))
                }
                _ => None,
            };
            lines += &format!("{line}\n");
            // Without a position it stays where it is, if it is in the column.
            if place.is_none() && is_here {
                continue;
            }
            columns.iter_mut().for_each(|(_, cards)| cards.retain(|found| *found != card));
            let cards = &mut columns[to].1;
            let at = match place {
                None => cards.len(),
                Some(None) => 0,
                Some(Some(other)) => cards.iter().position(|found| *found == other).unwrap(),
            };
            cards.insert(at, card);
        }
        let file = machine.path("moves.ndjson");
        std::fs::write(&file, lines).unwrap();
        machine.pass(60);
        store.ok(&["batch", &text(&file), "-e", PROJECT]);
        for (name, order) in &columns {
            assert_eq!(cards(&store, name), titles(order), "round {round}: {name}");
        }
        store.run(&["check"]).exits(0);
    }
}

#[test]
fn cards_move_within_a_column_and_between_columns() {
    let machine = Machine::new("move");
    let store = machine.project("s", &[]);
    let ids: Vec<String> = ["a", "b", "c", "d"].iter().map(|title| add(&store, title)).collect();
    let [a, b, c, d] = ids.iter().map(String::as_str).collect::<Vec<_>>()[..] else { panic!() };
    assert_eq!(cards(&store, "Backlog"), ["a", "b", "c", "d"]);
    machine.pass(60);
    store.ok(&["kanban", "move", d, "Backlog", "--top"]);
    assert_eq!(cards(&store, "Backlog"), ["d", "a", "b", "c"]);
    store.ok(&["kanban", "move", d, "Backlog", "--before", c]);
    assert_eq!(cards(&store, "Backlog"), ["a", "b", "d", "c"]);
    // Moving within its column changes nothing of the card itself.
    assert_eq!(store.json(&["kanban", "show", d])["updated_at"], START);
    store.ok(&["kanban", "move", a, "Done"]);
    store.ok(&["kanban", "move", b, "done"]);
    store.ok(&["kanban", "move", c, "Done", "--top"]);
    store.ok(&["kanban", "move", d, "Done", "--before", &b[..6]]);
    assert_eq!(cards(&store, "Done"), ["c", "a", "d", "b"]);
    assert_eq!(cards(&store, "Backlog"), [""; 0]);
    let show = store.json(&["kanban", "show", a]);
    assert_eq!((&show["column"], &show["updated_at"]), (&json!("Done"), &json!(START + 60)));
    store.is_so_already(&["kanban", "move", a, "Done"]);
    store.is_so_already(&["kanban", "move", c, "Done", "--top"]);
    store.is_so_already(&["kanban", "move", d, "Done", "--before", b]);
    // The caches of other programs agree.
    let column_order = &store.json(&["doc", "dump", BOARD])["columns"];
    assert_eq!(column_order[0]["card_order"], json!([]));
    assert_eq!(column_order[2]["card_order"], json!([c, a, d, b]));
    assert_eq!(store.json(&["check"]), json!([]));

    let e = add(&store, "e");
    store.run(&["kanban", "move", a, "Done", "--before", &e]).fails(1, "is not in \"Done\"");
    store.run(&["kanban", "move", a, "Done", "--before", a]).fails(2, "before itself");
    store.run(&["kanban", "move", a, "Done", "--before", b, "--top"]).exits(2);
    store.run(&["kanban", "move", a, "Nowhere"]).fails(4, "no column");
    store.run(&["kanban", "move", "ffff", "Done"]).fails(4, "no card");
}

#[test]
fn an_archived_card_is_off_the_board_until_it_is_restored() {
    let machine = Machine::new("archive");
    let store = machine.project("s", &[BOB]);
    let (id, other) = (add(&store, "Paint"), add(&store, "Sweep"));
    machine.pass(60);
    let written = store.json(&["kanban", "archive", &id[..8]]);
    assert_eq!((&written["changed"], &written["id"]), (&json!(true), &json!(id)));
    assert_eq!(cards(&store, "Backlog"), ["Sweep"]);
    assert_eq!(store.column(&["kanban", "list"], "id"), [other.as_str()]);
    assert_eq!(store.column(&["kanban", "list", "--all"], "id"), [other.as_str(), &id]);
    let show = store.json(&["kanban", "show", &id]);
    assert_eq!((&show["archived"], &show["archived_at"]), (&json!(true), &json!(START + 60)));
    assert_eq!(show["ack_vector"], json!({ALICE: START + 60}));
    let order = store.json(&["doc", "dump", BOARD])["columns"][0]["card_order"].clone();
    assert_eq!(order, json!([other]));
    let tombstones = store.json(&["tombstone", "list"]);
    assert_eq!(column(&tombstones, "id"), [id.as_str()]);
    assert_eq!(tombstones[0]["waiting_for"], json!([BOB]));
    let why = store.run(&["tombstone", "why", &id]);
    assert!(
        why.exits(0).stderr.contains("pruning keeps it, since the card is content"),
        "{}",
        why.stderr
    );
    machine.pass(60);
    store.is_so_already(&["kanban", "archive", &id]);
    // It is content, and stays when everybody has seen it archived.
    store.ok(&["kanban", "archive", &other, "--as", BOB]);
    store.ok(&["prune"]);
    assert_eq!(store.column(&["kanban", "list", "--all"], "id").len(), 2);

    store.ok(&["kanban", "restore", &other]);
    store.ok(&["kanban", "restore", &id]);
    assert_eq!(cards(&store, "Backlog"), ["Sweep", "Paint"]);
    let show = store.json(&["kanban", "show", &id]);
    assert_eq!((&show["archived"], &show["archived_at"]), (&json!(false), &json!(0)));
    // Acknowledgements of one archiving do not count for the next one.
    assert_eq!(show["ack_vector"], json!({}));
    assert_eq!(show["updated_at"], START + 120);
    store.is_so_already(&["kanban", "restore", &id]);
    assert_eq!(store.json(&["tombstone", "list"]), json!([]));
    assert_eq!(store.json(&["check"]), json!([]));
}

#[test]
fn a_card_is_restored_where_its_column_is_gone() {
    let machine = Machine::new("restore");
    let store = machine.project("s", &[]);
    let id = store.ok(&["kanban", "add", "Paint", "--column", "Done"]);
    store.ok(&["kanban", "archive", &id]);
    // Archived cards do not prevent the removal of a column.
    store.ok(&["kanban", "column", "remove", "Done"]);
    assert_eq!(store.json(&["kanban", "show", &id])["column"], Value::Null);
    store.ok(&["kanban", "restore", &id]);
    assert_eq!(cards(&store, "Backlog"), ["Paint"]);
    store.ok(&["kanban", "archive", &id]);
    store.ok(&["kanban", "column", "remove", "Backlog"]);
    store.ok(&["kanban", "column", "remove", "In Progress"]);
    store.run(&["kanban", "restore", &id]).fails(1, "no columns");
    store.run(&["kanban", "add", "x"]).fails(1, "no columns");
    // What was removed does not come back by itself.
    store.ok(&["kanban", "column", "add", "Anything"]);
    store.ok(&["kanban", "restore", &id]);
    assert_eq!(board(&store), [("Anything".to_owned(), vec!["Paint".to_owned()])]);
}

#[test]
fn columns_are_added_renamed_and_moved() {
    let machine = Machine::new("columns");
    let store = machine.project("s", &[]);
    let titles = || board(&store).into_iter().map(|(title, _)| title).collect::<Vec<_>>();
    let run = store.run(&["kanban", "column", "add", "Review"]);
    let id = run.ok();
    assert_eq!(run.stdout, format!("{id}\n"));
    assert_eq!(titles(), ["Backlog", "In Progress", "Done", "Review"]);
    // The same title again is the same column.
    store.is_so_already(&["kanban", "column", "add", "Review"]);
    assert_eq!(store.ok(&["kanban", "column", "add", "Review"]), id);
    store.ok(&["kanban", "column", "move", "review", "--before", "Done"]);
    assert_eq!(titles(), ["Backlog", "In Progress", "Review", "Done"]);
    store.is_so_already(&["kanban", "column", "move", &id, "--before", "Done"]);
    store.ok(&["kanban", "column", "move", &id[..8], "--first"]);
    assert_eq!(titles(), ["Review", "Backlog", "In Progress", "Done"]);
    store.ok(&["kanban", "column", "move", "Backlog"]);
    assert_eq!(titles(), ["Review", "In Progress", "Done", "Backlog"]);
    store.is_so_already(&["kanban", "column", "move", "Backlog"]);
    let orders: Vec<Value> = store
        .json(&["kanban", "board"])
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["order"].clone())
        .collect();
    assert_eq!(orders, [0, 1, 2, 3]);
    store.ok(&["kanban", "column", "rename", "Review", "Check"]);
    assert_eq!(titles()[0], "Check");
    store.is_so_already(&["kanban", "column", "rename", "Check", "Check"]);

    store.run(&["kanban", "column", "rename", "Check", "Done"]).fails(1, "already");
    store.run(&["kanban", "column", "rename", "Check", ""]).fails(2, "empty title");
    store.run(&["kanban", "column", "add", ""]).fails(2, "empty title");
    store.run(&["kanban", "column", "move", "Done", "--before", "Done"]).fails(2, "before itself");
    store.run(&["kanban", "column", "move", "Done", "--before", "Check", "--first"]).exits(2);
    store.run(&["kanban", "column", "move", "Nowhere"]).fails(4, "no column");
}

#[test]
fn a_column_with_cards_goes_only_with_a_place_for_them() {
    let machine = Machine::new("remove");
    let store = machine.project("s", &[]);
    for title in ["a", "b"] {
        store.ok(&["kanban", "add", title, "--column", "Done"]);
    }
    add(&store, "c");
    machine.pass(60);
    let refused = store.run(&["kanban", "column", "remove", "Done", "--json"]);
    refused.fails(1, "holds 2 cards");
    assert!(refused.error()["hint"].as_str().unwrap().contains("--to"));
    store.run(&["kanban", "column", "remove", "Done", "--to", "Done"]).fails(2, "itself");
    store.run(&["kanban", "column", "remove", "Done", "--to", "Nowhere"]).fails(4, "no column");
    let run = store.run(&["kanban", "column", "remove", "Done", "--to", "Backlog"]);
    assert!(run.exits(0).stderr.contains("2 cards moved"), "{}", run.stderr);
    assert_eq!(cards(&store, "Backlog"), ["c", "a", "b"]);
    assert_eq!(board(&store).len(), 2);
    let list = store.json(&["kanban", "list"]);
    assert_eq!(
        (&list[0]["updated_at"], &list[1]["updated_at"]),
        (&json!(START), &json!(START + 60))
    );
    store.ok(&["kanban", "column", "remove", "In Progress"]);
    assert_eq!(board(&store).len(), 1);
    assert_eq!(store.json(&["check"]), json!([]));
}

#[test]
fn a_column_is_named_by_id_prefix_and_title() {
    let machine = Machine::new("names");
    let store = machine.project("s", &[]);
    let other = store.ok(&["kanban", "column", "add", "done"]);
    let card = add(&store, "x");
    let lanes = store.json(&["kanban", "board"]);
    let done = lanes[2]["id"].as_str().unwrap();
    let moved = |to: &str| {
        store.ok(&["kanban", "move", &card, to]);
        store.json(&["kanban", "show", &card])["column_id"].as_str().unwrap().to_owned()
    };
    assert_eq!(moved("Done"), done);
    assert_eq!(moved("done"), other);
    assert_eq!(moved(done), done);
    assert_eq!(moved(&other[..8]), other);
    let run = store.run(&["kanban", "move", &card, "DONE"]);
    run.fails(4, "2 columns are called");
    assert!(run.stderr.contains(done) && run.stderr.contains(&other), "{}", run.stderr);
    store.run(&["kanban", "move", &card, &done[..3]]).fails(2, "too short");
    assert_eq!(store.column(&["kanban", "list", "--column", "done"], "id"), [card]);
    assert_eq!(store.json(&["kanban", "list", "--column", "Done"]), json!([]));
}

#[test]
fn the_list_is_filtered() {
    let machine = Machine::new("filters");
    let store = machine.project("s", &[BOB, CAROL]);
    let add = |title: &str, args: &[&str]| {
        store.ok(&[&["kanban", "add", title], args].concat());
    };
    add("a", &["--assignee", BOB, "--priority", "high"]);
    add("b", &["--assignee", CAROL, "--column", "Done"]);
    add("c", &["--assignee", BOB, "--column", "Done", "--priority", "high"]);
    add("d", &[]);
    let titles =
        |args: &[&str]| store.column(&[&["kanban", "list"], args].concat(), "title").concat();
    assert_eq!(titles(&[]), "adbc");
    assert_eq!(titles(&["--assignee", "bob-"]), "ac");
    assert_eq!(titles(&["--assignee", BOB, "--column", "Done"]), "c");
    assert_eq!(titles(&["--assignee", ""]), "d");
    assert_eq!(titles(&["--priority", "high", "--assignee", CAROL]), "");
    assert_eq!(titles(&["--assignee", "dave-snow-field-moss"]), "");
    assert_eq!(titles(&["--priority", "medium"]), "db");
    store.run(&["kanban", "list", "--column", "Nowhere"]).fails(4, "no column");
    store.run(&["kanban", "list", "--priority", "none"]).exits(2);
}

#[test]
fn ambiguous_ids_name_the_candidates() {
    let machine = Machine::new("prefixes");
    let store = machine.project("s", &[]);
    let twins = ["aaaabbbb-0000-4000-8000-000000000001", "aaaabbbb-0000-4000-8000-000000000002"];
    let update = crate::oracle::update(77, &[], |txn| {
        use yrs::{Map, MapPrelim, WriteTxn};
        let cards = txn.get_or_insert_map("cards");
        for id in twins {
            cards.insert(txn, id, MapPrelim::from([("id", id), ("title", "twin")]));
        }
    });
    let file = machine.path("twins.update");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", BOARD, &text(&file)]);
    let before = store.documents();
    for args in [
        &["kanban", "show", "aaaa"][..],
        &["kanban", "edit", "aaaabbbb", "--title", "x"],
        &["kanban", "move", "aaaabbbb", "Done"],
        &["kanban", "archive", "aaaabbbb-0000"],
        &["kanban", "restore", "aaaabbbb-0000"],
    ] {
        let run = store.run(&[args, &["--json"]].concat());
        run.fails(4, "names 2 cards");
        assert!(twins.iter().all(|id| run.stderr.contains(id)), "{}", run.stderr);
        assert_eq!(run.error()["code"], "ambiguous");
    }
    store.run(&["kanban", "archive", "aaa"]).fails(2, "too short");
    assert_eq!(store.documents(), before);
}

#[test]
fn only_members_write() {
    let machine = Machine::new("roles");
    let store = machine.project("s", &[BOB]);
    store.ok(&["member", "add", CAROL, "--role", "viewer"]);
    let id = add(&store, "Paint");
    let before = store.documents();
    for who in [CAROL, "dave-snow-field-moss"] {
        for args in [
            &["kanban", "add", "x"][..],
            &["kanban", "edit", &id, "--title", "x"],
            &["kanban", "move", &id, "Done"],
            &["kanban", "archive", &id],
            &["kanban", "restore", &id],
            &["kanban", "column", "add", "x"],
            &["kanban", "column", "rename", "Done", "x"],
            &["kanban", "column", "move", "Done", "--first"],
            &["kanban", "column", "remove", "Done"],
        ] {
            store.run(&[args, &["--as", who]].concat()).fails(1, who);
        }
    }
    assert_eq!(store.documents(), before);
    store.ok(&["kanban", "edit", &id, "--title", "Everybody's", "--as", BOB]);
}

#[test]
fn a_dry_run_writes_nothing() {
    let machine = Machine::new("dry");
    let store = machine.project("s", &[]);
    let (id, gone) = (add(&store, "Paint"), add(&store, "Sweep"));
    store.ok(&["kanban", "archive", &gone]);
    let before = store.documents();
    for args in [
        &["kanban", "add", "x"][..],
        &["kanban", "edit", &id, "--title", "x"],
        &["kanban", "move", &id, "Done"],
        &["kanban", "archive", &id],
        &["kanban", "restore", &gone],
        &["kanban", "column", "add", "x"],
        &["kanban", "column", "rename", "Done", "x"],
        &["kanban", "column", "move", "Done", "--first"],
        &["kanban", "column", "remove", "Done"],
    ] {
        let run = store.run(&[args, &["--dry-run"]].concat());
        assert_eq!(run.exits(0).stdout, "", "{args:?}");
        assert!(run.stderr.contains("dry run"), "{args:?}: {}", run.stderr);
        let written = store.json(&[args, &["-n"]].concat());
        assert_eq!((&written["changed"], &written["dry_run"]), (&json!(true), &json!(true)));
    }
    assert_eq!(store.documents(), before);
}

#[test]
fn what_is_too_long_is_refused() {
    let machine = Machine::new("limits");
    let store = machine.project("s", &[]);
    let id = store.ok(&["kanban", "add", &"ü".repeat(100), "--description", &"x".repeat(10_000)]);
    store.ok(&["kanban", "column", "add", &"ü".repeat(100)]);
    let (title, description) = ("ü".repeat(101), "x".repeat(10_001));
    let before = store.documents();
    for (args, message) in [
        (&["kanban", "add", &title][..], "101 characters, more than 100"),
        (&["kanban", "add", "x", "--description", &description], "10001 bytes, more than 10000"),
        (&["kanban", "edit", &id, "--title", &title], "more than 100"),
        (&["kanban", "edit", &id, "--description", &description], "more than 10000"),
        (&["kanban", "column", "add", &title], "more than 100"),
        (&["kanban", "column", "rename", "Done", &title], "more than 100"),
    ] {
        store.run(args).fails(1, message);
    }
    assert_eq!(store.documents(), before);
}

#[test]
fn a_full_board_takes_nothing_new() {
    let machine = Machine::new("full");
    let store = machine.project("s", &[]);
    let id = add(&store, "Paint");
    let update = crate::oracle::update(77, &[], |txn| {
        use yrs::{Map, MapPrelim, WriteTxn};
        let cards = txn.get_or_insert_map("cards");
        for n in 0..520 {
            let (id, text) = (format!("{n:08}-bulk"), "x".repeat(10_000));
            let fields = [("id", id.clone()), ("description", text)];
            cards.insert(txn, id, MapPrelim::from_iter(fields));
        }
    });
    let file = machine.path("bulk.update");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", BOARD, &text(&file)]);
    store.run(&["kanban", "add", "one more"]).fails(1, "more than its limit");
    store.run(&["kanban", "column", "add", "one more"]).fails(1, "more than its limit");
    let run = store.run(&["kanban", "move", &id, "Done"]);
    assert!(run.exits(0).stderr.contains("over its limit"), "{}", run.stderr);
    store.ok(&["kanban", "archive", &id]);
}

/// Compares the guide's schema, field by field and type by type, with what is written.
#[test]
fn the_schema_is_the_guides() {
    let machine = Machine::new("schema");
    let store = machine.project("s", &[BOB]);
    let id = add(&store, "Paint");
    store.ok(&["kanban", "column", "add", "Review"]);
    let types = |path: &[&str]| Plain::read(&store.document(BOARD)).types(path);
    let card = [
        ("id", "String"),
        ("title", "String"),
        ("description", "String"),
        ("column_id", "String"),
        ("assignee_id", "String"),
        ("priority", "String"),
        ("created_at", "i64"),
        ("updated_at", "i64"),
        ("archived", "bool"),
        ("archived_at", "i64"),
        ("ack_vector", "Map"),
    ];
    let column = [("id", "String"), ("title", "String"), ("order", "i64"), ("card_order", "Array")];
    let named = |fields: &[(&str, &'static str)]| {
        fields.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
    };
    assert_eq!(types(&["cards", &id]), named(&card));
    // One that every board begins with, and one that somebody added.
    assert_eq!(types(&["columns", "0"]), named(&column));
    assert_eq!(types(&["columns", "3"]), named(&column));
    // No operation on them changes the type of a field.
    store.ok(&["kanban", "edit", &id, "--assignee", BOB, "--title", "x", "--priority", "low"]);
    store.ok(&["kanban", "move", &id, "Done"]);
    store.ok(&["kanban", "archive", &id]);
    store.ok(&["kanban", "column", "move", "Done", "--first"]);
    store.ok(&["kanban", "column", "rename", "Review", "Check"]);
    assert_eq!(types(&["cards", &id]), named(&card));
    assert_eq!(types(&["cards", &id, "ack_vector"]), named(&[(ALICE, "i64")]));
    store.ok(&["kanban", "restore", &id]);
    assert_eq!(types(&["cards", &id]), named(&card));
    for place in ["0", "1", "2", "3"] {
        assert_eq!(types(&["columns", place]), named(&column));
    }
    let roots = store.json(&["doc", "dump", BOARD]);
    assert_eq!(keys(&roots), ["cards", "columns"]);
}
