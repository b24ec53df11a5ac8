//! `kanban` when two replicas write at once, and with what other programs wrote.

use crate::support::*;
use serde_json::{Value, json};
use yrs::{Array, ArrayPrelim, In, Map, MapPrelim, WriteTxn};

/// Alice's project with these cards in its first column, and Bob's replica of it.
fn two<'m>(machine: &'m Machine, titles: &[&str]) -> (Store<'m>, Store<'m>, Vec<String>) {
    let alice = machine.project("alice", &[BOB]);
    let ids = titles.iter().map(|title| alice.ok(&["kanban", "add", title])).collect();
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    (alice, bob, ids)
}

/// Exchanges changes in both directions; both then hold the same.
#[track_caller]
fn meet(alice: &Store<'_>, bob: &Store<'_>) {
    alice.meet(bob);
    assert_eq!(board(alice), board(bob));
}

/// The board as titles: a column, its cards.
fn board(store: &Store<'_>) -> Vec<(String, Vec<String>)> {
    let lanes = store.json(&["kanban", "board"]);
    let lane = |lane: &Value| {
        (lane["title"].as_str().unwrap().to_owned(), column(&lane["cards"], "title"))
    };
    lanes.as_array().unwrap().iter().map(lane).collect()
}

/// The one column that each card is in, according to all sources.
#[track_caller]
fn column_of(store: &Store<'_>, title: &str) -> String {
    let board = board(store);
    let places: Vec<&String> = board
        .iter()
        .flat_map(|(column, cards)| cards.iter().map(move |card| (column, card)))
        .filter_map(|(column, card)| (card == title).then_some(column))
        .collect();
    let [column] = places[..] else { panic!("{title} stands in {places:?}") };
    assert_eq!(store.json(&["kanban", "list"]).as_array().map(Vec::len), Some(count(&board)));
    column.clone()
}

fn count(board: &[(String, Vec<String>)]) -> usize {
    board.iter().map(|(_, cards)| cards.len()).sum()
}

#[test]
fn boards_begun_by_two_at_once_are_one_board() {
    let machine = Machine::new("two boards");
    let alice = machine.group("alice", &[BOB]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    alice.ok(&["kanban", "add", "Alice's", "--column", "Done"]);
    bob.ok(&["kanban", "add", "Bob's", "--column", "Done"]);
    meet(&alice, &bob);
    let board = board(&alice);
    let titles: Vec<&str> = board.iter().map(|(title, _)| title.as_str()).collect();
    assert_eq!(titles, ["Backlog", "In Progress", "Done"]);
    assert_eq!(board[2].1.len(), 2, "{board:?}");
    assert_eq!(alice.json(&["check"]), json!([]));
    // The same project made twice, with what was done to its columns since.
    let one = machine.project("one", &[]);
    let other = machine.project("other", &[]);
    one.ok(&["kanban", "column", "rename", "Done", "Shipped"]);
    other.ok(&["kanban", "column", "remove", "Backlog"]);
    meet(&one, &other);
    let titles: Vec<String> = self::board(&one).into_iter().map(|(title, _)| title).collect();
    assert_eq!(titles, ["In Progress", "Shipped"]);
}

#[test]
fn columns_added_by_two_at_once_are_both_kept() {
    let machine = Machine::new("two columns");
    let (alice, bob, ids) = two(&machine, &["card"]);
    let hers = alice.ok(&["kanban", "column", "add", "Review"]);
    let his = bob.ok(&["kanban", "column", "add", "Review"]);
    bob.ok(&["kanban", "column", "add", "Ideas"]);
    bob.ok(&["kanban", "column", "move", "Done", "--first"]);
    meet(&alice, &bob);
    let titles: Vec<String> = board(&alice).into_iter().map(|(title, _)| title).collect();
    assert_eq!(titles.iter().filter(|title| *title == "Review").count(), 2, "{titles:?}");
    assert_eq!(titles.len(), 6);
    assert_eq!(titles[0], "Done");
    alice.run(&["kanban", "move", &ids[0], "Review"]).fails(4, "2 columns are called");
    alice.ok(&["kanban", "move", &ids[0], &his]);
    alice.ok(&["kanban", "column", "remove", &hers]);
    meet(&alice, &bob);
    assert_eq!(column_of(&bob, "card"), "Review");
}

#[test]
fn a_card_moved_by_two_at_once_stands_in_one_column() {
    let machine = Machine::new("two moves");
    let (alice, bob, ids) = two(&machine, &["a", "b", "c"]);
    alice.ok(&["kanban", "move", &ids[0], "Done"]);
    bob.ok(&["kanban", "move", &ids[0], "In Progress"]);
    // And the last one moved within its column by one, to another column by the other.
    alice.ok(&["kanban", "move", &ids[2], "Backlog", "--top"]);
    bob.ok(&["kanban", "move", &ids[2], "Done"]);
    meet(&alice, &bob);
    assert!(["Done", "In Progress"].contains(&column_of(&alice, "a").as_str()));
    assert_eq!(column_of(&bob, "c"), "Done");
    assert_eq!(column_of(&bob, "b"), "Backlog");
    // Both lists still name the first card; the next write corrects that.
    let found = alice.run(&["check", "--json"]);
    assert_eq!(column(&found.exits(3).parsed(), "kind"), ["card-in-two-columns"; 2]);
    alice.ok(&["kanban", "edit", &ids[1], "--title", "d"]);
    assert_eq!(alice.json(&["check"]), json!([]));
    meet(&alice, &bob);
    assert_eq!(bob.json(&["check"]), json!([]));
}

#[test]
fn cards_put_to_one_place_by_two_at_once_all_stand_there_once() {
    let machine = Machine::new("one place");
    let titles = ["a", "b", "c", "d", "e", "f"];
    let (alice, bob, ids) = two(&machine, &titles);
    for round in 0..3 {
        for (n, id) in ids.iter().enumerate() {
            let column = ["Backlog", "In Progress", "Done"][(n + round) % 3];
            alice.ok(&["kanban", "move", id, column, "--top"]);
            let column = ["Backlog", "In Progress", "Done"][(n * 2 + round) % 3];
            bob.ok(&["kanban", "move", id, column]);
        }
        meet(&alice, &bob);
        titles.iter().for_each(|title| drop(column_of(&alice, title)));
    }
    alice.ok(&["kanban", "move", &ids[0], "Done", "--top"]);
    bob.ok(&["kanban", "move", &ids[1], "Done", "--top"]);
    meet(&alice, &bob);
    let board = board(&bob);
    let mut top = board[2].1[..2].to_vec();
    top.sort();
    assert_eq!(top, ["a", "b"]);
}

#[test]
fn an_edit_against_an_archiving_is_kept_and_the_card_is_archived() {
    let machine = Machine::new("edit archive");
    let (alice, bob, ids) = two(&machine, &["Paint", "Sweep"]);
    alice.ok(&["kanban", "archive", &ids[0]]);
    bob.ok(&["kanban", "edit", &ids[0], "--title", "Paint it red"]);
    alice.ok(&["kanban", "archive", &ids[1]]);
    bob.ok(&["kanban", "move", &ids[1], "Done"]);
    meet(&alice, &bob);
    assert_eq!(count(&board(&alice)), 0);
    let show = bob.json(&["kanban", "show", &ids[0]]);
    assert_eq!((&show["title"], &show["archived"]), (&json!("Paint it red"), &json!(true)));
    // Both have acknowledged, and it is still there: it is content.
    assert_eq!(keys(&show["ack_vector"]), [ALICE, BOB]);
    bob.ok(&["kanban", "restore", &ids[0]]);
    bob.ok(&["kanban", "restore", &ids[1]]);
    meet(&alice, &bob);
    assert_eq!(column_of(&alice, "Paint it red"), "Backlog");
    assert_eq!(column_of(&alice, "Sweep"), "Done");
}

#[test]
fn a_card_archived_by_two_at_once_is_archived_once() {
    let machine = Machine::new("two archivings");
    let (alice, bob, ids) = two(&machine, &["Paint"]);
    alice.ok(&["kanban", "archive", &ids[0]]);
    bob.ok(&["kanban", "archive", &ids[0]]);
    meet(&alice, &bob);
    let show = alice.json(&["kanban", "show", &ids[0]]);
    assert_eq!(keys(&show["ack_vector"]), [ALICE, BOB]);
    alice.ok(&["kanban", "restore", &ids[0]]);
    bob.ok(&["kanban", "restore", &ids[0]]);
    meet(&alice, &bob);
    assert_eq!(column_of(&alice, "Paint"), "Backlog");
}

#[test]
fn a_card_whose_column_went_is_unfiled_until_it_is_moved() {
    let machine = Machine::new("unfiled");
    let (alice, bob, ids) = two(&machine, &["Paint", "Sweep"]);
    alice.ok(&["kanban", "column", "remove", "Done"]);
    bob.ok(&["kanban", "move", &ids[0], "Done"]);
    meet(&alice, &bob);
    assert_eq!(column_of(&alice, "Paint"), "unfiled");
    let lanes = alice.json(&["kanban", "board"]);
    assert_eq!((&lanes[2]["id"], &lanes[2]["order"]), (&Value::Null, &Value::Null));
    assert_eq!(alice.json(&["kanban", "show", &ids[0]])["column"], Value::Null);
    let table = alice.ok(&["kanban", "board", "-o", "table"]);
    assert!(table.contains("unfiled (1)"), "{table}");
    // It can be edited where it is, and moved away.
    alice.ok(&["kanban", "edit", &ids[0], "--priority", "low"]);
    assert_eq!(column_of(&alice, "Paint"), "unfiled");
    alice.ok(&["kanban", "move", &ids[0], "Backlog", "--before", &ids[1]]);
    meet(&alice, &bob);
    assert_eq!(board(&bob)[0].1, ["Paint", "Sweep"]);
    assert_eq!(board(&bob).len(), 2);
}

/// The board of another program, whose lists are wrong in every possible way.
fn foreign() -> Vec<u8> {
    crate::oracle::update(77, &[], |txn| {
        let columns = txn.get_or_insert_array("columns");
        let column = |id: &str, order: i64| -> MapPrelim {
            [
                ("id".to_owned(), In::from(id)),
                ("title".to_owned(), In::from(format!("Column {id}"))),
                ("order".to_owned(), In::from(order)),
            ]
            .into_iter()
            .collect()
        };
        // In the document the other way round; the last has no list at all.
        for (id, order) in [("two", 2), ("one", 1), ("three", 3)] {
            columns.push_back(txn, column(id, order));
        }
        let lists = [(0, vec!["b", "x", "b", "a"]), (1, vec!["gone", "c", "a", "c", "b"])];
        for (place, list) in lists {
            let Some(yrs::Out::YMap(map)) = columns.get(txn, place) else { panic!("a column") };
            map.insert(txn, "card_order", ArrayPrelim::from(list));
        }
        let cards = txn.get_or_insert_map("cards");
        let at =
            [("a", "one", 1), ("b", "two", 2), ("c", "one", 3), ("d", "one", 5), ("e", "one", 4)];
        for (id, column, created) in at.into_iter().chain([("f", "three", 6), ("g", "none", 7)]) {
            let fields = [
                ("id".to_owned(), In::from(id)),
                ("title".to_owned(), In::from(id)),
                ("column_id".to_owned(), In::from(column)),
                ("created_at".to_owned(), In::from(f64::from(created))),
            ];
            cards.insert(txn, id, fields.into_iter().collect::<MapPrelim>());
        }
        let archived = [("id", In::from("x")), ("archived", In::from(true))];
        let archived = archived.map(|(name, value)| (name.to_owned(), value));
        cards.insert(txn, "x", archived.into_iter().collect::<MapPrelim>());
    })
}

#[test]
fn the_lists_of_other_programs_are_not_believed_and_the_next_write_puts_them_right() {
    let machine = Machine::new("foreign");
    let store = machine.group("s", &[]);
    let (doc, file) = (format!("{GROUP}:kanban"), machine.path("foreign.update"));
    std::fs::write(&file, foreign()).unwrap();
    store.ok(&["sync", "import", "--raw", &doc, &text(&file)]);
    let shown = [
        ("Column one".to_owned(), ["c", "a", "e", "d"].map(str::to_owned).to_vec()),
        ("Column two".to_owned(), vec!["b".to_owned()]),
        ("Column three".to_owned(), vec!["f".to_owned()]),
        ("unfiled".to_owned(), vec!["g".to_owned()]),
    ];
    assert_eq!(board(&store), shown);
    // Reading repairs nothing.
    let lists = |store: &Store<'_>| -> Vec<Value> {
        let dump = store.json(&["doc", "dump", &doc]);
        let columns = dump["columns"].as_array().unwrap().iter();
        columns.map(|column| column["card_order"].clone()).collect()
    };
    assert_eq!(lists(&store)[0], json!(["b", "x", "b", "a"]));
    store.ok(&["kanban", "column", "rename", "two", "Column two, again"]);
    assert_eq!(lists(&store), [json!(["b"]), json!(["c", "a", "e", "d"]), json!(["f"])]);
    store.ok(&["kanban", "column", "rename", "two", "Column two"]);
    assert_eq!(board(&store), shown);
    // Only the card without a column is left.
    assert_eq!(store.run(&["check", "--json"]).exits(3).parsed().as_array().map(Vec::len), Some(1));
    store.ok(&["kanban", "move", "g", "three", "--before", "f"]);
    assert_eq!(store.json(&["check"]), json!([]));
    assert_eq!(board(&store)[2].1, ["g", "f"]);
}

#[test]
fn acknowledgements_of_an_earlier_archiving_do_not_count_for_a_later_one() {
    let machine = Machine::new("archived twice");
    let alice = machine.project("alice", &[BOB, CAROL]);
    let id = alice.ok(&["kanban", "add", "Paint"]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    let carol = machine.replica_of(&alice, "carol", CAROL);
    machine.pass(60);
    alice.ok(&["kanban", "archive", &id]);
    alice.give(&carol);
    carol.give(&bob);
    alice.ok(&["kanban", "restore", &id]);
    machine.pass(60);
    alice.ok(&["kanban", "archive", &id]);
    alice.give(&bob);
    let acknowledged = bob.json(&["kanban", "show", &id])["ack_vector"].clone();
    assert_eq!(keys(&acknowledged), [ALICE, BOB], "Carol has seen the first archiving only");
    carol.give(&alice);
    let acknowledged = alice.json(&["kanban", "show", &id])["ack_vector"].clone();
    assert_eq!(keys(&acknowledged), [ALICE]);
}

/// Of two who archive a card, close an issue or delete a message at once, the later one says when that was.
#[test]
fn of_several_deletions_the_last_one_counts() {
    for alice_is_later in [true, false] {
        let machine = Machine::new("archived twice");
        // From Dave nothing is ever heard: no message is pruned.
        let (dave, eve) = ("dave-oak-wind-sea", "eve-rain-hill-moon");
        let alice = machine.project("alice", &[BOB, CAROL, dave, eve]);
        let card = alice.ok(&["kanban", "add", "a card"]);
        let issue = alice.ok(&["issue", "open", "an issue"]);
        let message = alice.ok(&["chat", "send", "a word", "--as", BOB]);
        let bob = machine.replica_of(&alice, "bob", BOB);
        let carol = machine.replica_of(&alice, "carol", CAROL);
        let (first, last) = if alice_is_later { (&bob, &alice) } else { (&alice, &bob) };
        let mut at = machine.now();
        for store in [first, last] {
            machine.pass(60);
            at = machine.now();
            store.ok(&["kanban", "archive", &card]);
            store.ok(&["issue", "close", &issue]);
            store.ok(&["chat", "delete", &message]);
            store.ok(&["member", "remove", eve, "--as", ALICE]);
        }
        machine.pass(60);
        first.give(&carol);
        last.give(&carol);
        let times = |store: &Store<'_>| {
            let [board, issues] = ["kanban", "issues"].map(|doc| store.json(&["doc", "dump", doc]));
            let chat = store.json(&["doc", "dump", "chat"]);
            [
                board["cards"][&card]["archived_at"].clone(),
                find(&issues["issues"], &issue)["closed_at"].clone(),
                chat["messages"][&message]["deleted_at"].clone(),
                store.json(&["doc", "dump", "core"])["members"][eve]["deleted_at"].clone(),
            ]
        };
        assert_eq!(times(&carol), [0; 4].map(|_| json!(at)), "alice is later: {alice_is_later}");
        for _ in 0..2 {
            for from in [&alice, &bob, &carol] {
                for to in [&alice, &bob, &carol].into_iter().filter(|to| to.dir != from.dir) {
                    from.give(to);
                }
            }
        }
        for store in [&alice, &bob] {
            let found = store.json(&["doc", "dump", "kanban"]);
            assert_eq!(found["cards"][&card]["archived_at"], json!(at));
            assert_eq!(store.digest(), carol.digest());
            assert_eq!(store.column(&["conflict", "list"], "field"), Vec::<String>::new());
        }
    }
}

/// The record with this id, under its key or in a list.
fn find(records: &Value, id: &str) -> Value {
    let listed = records.as_array().into_iter().flatten().find(|one| one["id"] == id);
    listed.unwrap_or(&records[id]).clone()
}
