//! Two replicas write one field at once: who wins, what is kept, and how to restore it.

use crate::support::*;
use serde_json::{Value, json};

/// Alice at two machines that both have one message of hers.
struct Two<'m> {
    desk: Store<'m>,
    phone: Store<'m>,
    message: String,
}

impl<'m> Two<'m> {
    fn new(machine: &'m Machine) -> Two<'m> {
        let desk = machine.group("desk", &[BOB]);
        let message = desk.send("first");
        let phone = machine.replica_of(&desk, "phone", ALICE);
        Two { desk, phone, message }
    }

    fn edit(&self, store: &Store<'_>, text: &str) {
        store.ok(&["chat", "edit", &self.message, text]);
    }

    /// Both exchange their changes.
    fn meet(&self) {
        self.desk.give(&self.phone);
        self.phone.give(&self.desk);
        self.desk.give(&self.phone);
    }

    fn text(&self, store: &Store<'_>) -> Value {
        store.json(&["chat", "show", &self.message])["content"].clone()
    }
}

/// The values that lost, in a store.
fn lost(store: &Store<'_>) -> Vec<String> {
    store.column(&["conflict", "list"], "loser")
}

#[test]
fn the_later_write_wins_whoever_hears_of_it_first() {
    for (seed, desk_is_later, desk_first) in
        [("a", true, true), ("b", true, false), ("c", false, true), ("d", false, false)]
    {
        let machine = Machine::new(seed);
        let two = Two::new(&machine);
        let (early, late) =
            if desk_is_later { (&two.phone, &two.desk) } else { (&two.desk, &two.phone) };
        machine.pass(60);
        two.edit(early, "early");
        machine.pass(60);
        two.edit(late, "late");
        let (one, other) =
            if desk_first { (&two.desk, &two.phone) } else { (&two.phone, &two.desk) };
        one.give(other);
        two.meet();
        assert_eq!(two.text(&two.desk), "late", "{seed}");
        assert_eq!(two.desk.digest(), two.phone.digest(), "{seed}");
        // The loser is told, whichever replica resolved it.
        assert_eq!(lost(early), ["early"], "{seed}");
        assert!(lost(late).iter().all(|value| value == "early"), "{seed}: {:?}", lost(late));
        // And nothing more is written.
        let before = (two.desk.documents(), two.phone.documents());
        two.meet();
        assert_eq!(before, (two.desk.documents(), two.phone.documents()), "{seed}");
    }
}

#[test]
fn what_lost_is_listed_shown_and_restored() {
    let machine = Machine::new("restored");
    let two = Two::new(&machine);
    machine.pass(60);
    two.edit(&two.desk, "from the desk");
    machine.pass(60);
    two.edit(&two.phone, "from the phone");
    let file = two.phone.export("phone.crdt");
    let run = two.desk.run(&["sync", "import", &file]);
    assert!(run.exits(0).stderr.contains("1 in conflict"), "{}", run.stderr);
    let rows = two.desk.json(&["conflict", "list"]);
    let row = &rows[0];
    assert_eq!(rows.as_array().map(Vec::len), Some(1), "{rows}");
    assert_eq!(row["number"], 1);
    assert_eq!(row["doc"], format!("{GROUP}:chat"));
    assert_eq!((&row["kind"], &row["id"]), (&json!("message"), &json!(two.message)));
    assert_eq!((&row["field"], &row["rule"]), (&json!("content"), &json!("later")));
    assert_eq!((&row["winner"], &row["winner_by"]), (&json!("from the phone"), &json!(ALICE)));
    assert_eq!(row["loser"], "from the desk");
    assert_eq!(row["winner_at"].as_i64(), row["loser_at"].as_i64().map(|at| at + 60));
    assert_eq!(two.desk.json(&["conflict", "show", "1"]), *row);
    assert_eq!(two.desk.ok(&["conflict", "list", "-o", "id"]), "1");
    assert_eq!(two.desk.json(&["conflict", "list", "--since", "1d"]), rows);
    machine.pass(3 * 86_400);
    assert_eq!(two.desk.json(&["conflict", "list", "--since", "1d"]), json!([]));
    assert_eq!(two.desk.json(&["conflict", "list", "--doc", "core"]), json!([]));

    two.desk.ok(&["conflict", "restore", "1", "--dry-run"]);
    assert_eq!(two.text(&two.desk), "from the phone");
    assert_eq!(two.desk.json(&["conflict", "restore", "1"])["changed"], true);
    assert_eq!(two.text(&two.desk), "from the desk");
    assert!(two.desk.json(&["conflict", "show", "1"])["restored_at"].is_i64());
    assert_eq!(two.desk.json(&["conflict", "restore", "1"])["changed"], false);
    // It is an edit like any other.
    two.meet();
    assert_eq!(two.text(&two.phone), "from the desk");
    two.desk.run(&["conflict", "restore", "9"]).fails(4, "no conflict 9");
}

#[test]
fn only_who_may_edit_restores() {
    let machine = Machine::new("who restores");
    let two = Two::new(&machine);
    two.edit(&two.desk, "from the desk");
    machine.pass(60);
    two.edit(&two.phone, "from the phone");
    let bob = machine.replica_of(&two.desk, "bob", BOB);
    two.phone.give(&bob);
    assert_eq!(lost(&bob), ["from the desk"]);
    bob.run(&["conflict", "restore", "1"]).exits(1);
}

#[test]
fn what_lost_goes_after_thirty_days() {
    let machine = Machine::new("thirty days");
    let two = Two::new(&machine);
    two.edit(&two.desk, "from the desk");
    machine.pass(60);
    two.edit(&two.phone, "from the phone");
    two.phone.give(&two.desk);
    assert_eq!(lost(&two.desk).len(), 1);
    machine.pass(30 * 86_400 + 1);
    two.phone.send("news");
    two.phone.give(&two.desk);
    assert_eq!(lost(&two.desk), Vec::<String>::new());
}

#[test]
fn equal_times_go_by_the_value() {
    let machine = Machine::new("equal times");
    let two = Two::new(&machine);
    machine.pass(60);
    two.edit(&two.desk, "b");
    two.edit(&two.phone, "a");
    two.meet();
    assert_eq!((two.text(&two.desk), two.text(&two.phone)), (json!("b"), json!("b")));
    let rules = [&two.desk, &two.phone].map(|store| store.column(&["conflict", "list"], "rule"));
    assert!(rules.concat().iter().all(|rule| rule == "greater"), "{rules:?}");
}

#[test]
fn an_edit_of_what_was_deleted_meanwhile_is_kept() {
    let machine = Machine::new("deleted meanwhile");
    let two = Two::new(&machine);
    machine.pass(60);
    two.edit(&two.phone, "too late");
    two.desk.ok(&["chat", "delete", &two.message]);
    // The edit arrives where the message is deleted.
    two.phone.give(&two.desk);
    let row = &two.desk.json(&["conflict", "list"])[0];
    assert_eq!((&row["rule"], &row["loser"]), (&json!("deleted"), &json!("too late")));
    two.desk.run(&["conflict", "restore", "1"]).fails(1, "a deletion wins");
    // The deletion arrives where it was edited.
    let two = {
        let machine = &machine;
        let desk = machine.group("desk 2", &[BOB]);
        let message = desk.send("first");
        let phone = machine.replica_of(&desk, "phone 2", ALICE);
        Two { desk, phone, message }
    };
    two.edit(&two.phone, "too late");
    two.desk.ok(&["chat", "delete", &two.message]);
    two.desk.give(&two.phone);
    assert_eq!(lost(&two.phone), ["too late"]);
}

#[test]
fn an_edit_of_what_was_pruned_meanwhile_is_kept() {
    let machine = Machine::new("pruned meanwhile");
    let desk = machine.group("desk", &[]);
    let message = desk.send("first");
    let phone = machine.replica_of(&desk, "phone", ALICE);
    machine.pass(60);
    phone.ok(&["chat", "edit", &message, "too late"]);
    desk.ok(&["chat", "delete", &message]);
    assert_eq!(desk.json(&["tombstone", "list"]), json!([]), "one member: pruned at once");
    phone.give(&desk);
    let row = &desk.json(&["conflict", "list"])[0];
    assert_eq!((&row["rule"], &row["loser"]), (&json!("pruned"), &json!("too late")), "{row}");
    assert_eq!(row["id"], json!(message));
    desk.run(&["conflict", "restore", "1"]).fails(1, "a deletion wins");
    desk.give(&phone);
    assert_eq!(desk.digest(), phone.digest());
}

#[test]
fn names_and_roles_have_clocks_too() {
    let machine = Machine::new("names and roles");
    let two = Two::new(&machine);
    for (first, second) in [(&two.desk, &two.phone), (&two.phone, &two.desk)] {
        machine.pass(60);
        first.ok(&["entity", "rename", "early"]);
        first.ok(&["member", "role", BOB, "admin"]);
        machine.pass(60);
        second.ok(&["entity", "rename", "late"]);
        second.ok(&["member", "role", BOB, "viewer"]);
        two.meet();
        for store in [&two.desk, &two.phone] {
            assert_eq!(store.json(&["entity", "show"])["name"], "late");
            assert_eq!(store.json(&["member", "show", BOB])["role"], "viewer");
        }
        assert_eq!(two.desk.digest(), two.phone.digest());
        machine.pass(60);
        two.desk.ok(&["entity", "rename", "between"]);
        two.desk.ok(&["member", "role", BOB, "member"]);
        two.meet();
    }
    let mut lost = [lost(&two.desk), lost(&two.phone)].concat();
    lost.sort();
    lost.dedup();
    assert_eq!(lost, ["admin", "early"]);
}

#[test]
fn three_replicas_end_with_the_latest_in_every_order() {
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for (number, order) in orders.iter().enumerate() {
        let machine = Machine::new(&format!("three {number}"));
        let desk = machine.group("s0", &[BOB]);
        let message = desk.send("first");
        let stores = [
            machine.open(desk.dir.clone()),
            machine.replica_of(&desk, "s1", ALICE),
            machine.replica_of(&desk, "s2", ALICE),
        ];
        for (at, store) in stores.iter().enumerate() {
            machine.pass(60);
            store.ok(&["chat", "edit", &message, &format!("text {at}")]);
        }
        // Around, twice, in this order.
        for pair in order.iter().cycle().take(7).collect::<Vec<_>>().windows(2) {
            stores[*pair[0]].give(&stores[*pair[1]]);
        }
        let shown =
            stores.each_ref().map(|s| s.json(&["chat", "show", &message])["content"].clone());
        assert_eq!(shown, [json!("text 2"), json!("text 2"), json!("text 2")], "{order:?}");
        let lost: std::collections::BTreeSet<String> = stores.iter().flat_map(lost).collect();
        let lost: Vec<&str> = lost.iter().map(String::as_str).collect();
        assert_eq!(lost, ["text 0", "text 1"], "{order:?}");
    }
}

/// A program without our rules writes a field and leaves its clock alone.
#[test]
fn a_write_without_a_time_loses_to_one_that_has_one() {
    use yrs::updates::decoder::Decode;
    use yrs::{Doc, Map, Options, Out, ReadTxn, StateVector, Transact, WriteTxn};
    for client in [1, u64::from(u32::MAX) - 1] {
        let machine = Machine::new("no time");
        let alice = machine.group("a", &[BOB]);
        let message = alice.send("first");
        let chat = format!("{GROUP}:chat");
        let state = std::fs::read(alice.document(&chat)).unwrap();
        let program = Doc::with_options(Options::with_client_id(yrs::ClientID::new(client)));
        let mut txn = program.transact_mut();
        txn.apply_update(yrs::Update::decode_v1(&state).unwrap()).unwrap();
        match txn.get_or_insert_map("messages").get(&txn, &message) {
            Some(Out::YMap(record)) => record.insert(&mut txn, "content", "by the program"),
            other => panic!("no message: {other:?}"),
        };
        let whole = text(&machine.path("whole.yrs"));
        let news = text(&machine.path("news.update"));
        std::fs::write(&whole, txn.encode_state_as_update_v1(&StateVector::default())).unwrap();
        std::fs::write(&news, txn.encode_update_v1()).unwrap();
        drop(txn);
        machine.pass(60);
        let other = machine.replica_of(&alice, "b", ALICE);
        for (store, file) in [(&alice, &whole), (&other, &news)] {
            store.ok(&["chat", "edit", &message, "by Alice"]);
            store.ok(&["sync", "import", "--raw", &chat, file]);
            let shown = store.json(&["chat", "show", &message])["content"].clone();
            assert_eq!(shown, "by Alice", "{client}");
            assert_eq!(lost(store), ["by the program"], "{client}");
        }
    }
}

#[test]
fn a_card_that_two_moved_at_once_stands_where_the_later_put_it() {
    let machine = Machine::new("moved at once");
    let desk = machine.group("desk", &[BOB]);
    let card = desk.ok(&["kanban", "add", "a card"]);
    let phone = machine.replica_of(&desk, "phone", ALICE);
    let columns = desk.column(&["kanban", "board"], "id");
    for (first, second) in [(&desk, &phone), (&phone, &desk)] {
        machine.pass(60);
        first.ok(&["kanban", "move", &card, &columns[1]]);
        machine.pass(60);
        second.ok(&["kanban", "move", &card, &columns[2]]);
        desk.give(&phone);
        phone.give(&desk);
        desk.give(&phone);
        for store in [&desk, &phone] {
            assert_eq!(store.json(&["kanban", "show", &card])["column_id"], json!(columns[2]));
        }
        // The loser restores their value after all.
        let number = first.column(&["conflict", "list", "--doc", "kanban"], "loser");
        assert_eq!(number[0], columns[1]);
        let number = first.ok(&["conflict", "list", "--doc", "kanban", "-o", "id"]);
        let shown = ["conflict", "show", number.lines().next().unwrap()];
        assert_eq!(first.json(&shown)["loser"], json!(columns[1]));
        let table = first.ok(&[&shown[..], &["-o", "table"]].concat());
        let row = |title: &str| {
            let found = table.lines().find_map(|line| line.strip_prefix(&format!("{title}  ")));
            found.map(str::trim).map(str::to_owned)
        };
        assert_eq!(row("record").as_deref(), Some("card \"a card\""), "{table}");
        assert_eq!(row("lost").as_deref(), Some("In Progress"), "{table}");
        assert_eq!(row("won").as_deref(), Some("Done"), "{table}");
        first.ok(&["conflict", "restore", number.lines().next().unwrap()]);
        assert_eq!(first.json(&["kanban", "show", &card])["column_id"], json!(columns[1]));
        first.ok(&["kanban", "move", &card, &columns[0]]);
        desk.give(&phone);
        phone.give(&desk);
    }
    assert_eq!(desk.digest(), phone.digest());
}

#[test]
fn status_and_priority_of_an_issue_do_not_disturb_each_other() {
    let machine = Machine::new("own clocks");
    let desk = machine.group("desk", &[BOB]);
    let issue = desk.ok(&["issue", "open", "it rains in"]);
    let phone = machine.replica_of(&desk, "phone", ALICE);
    for (first, second) in [(&desk, &phone), (&phone, &desk)] {
        machine.pass(60);
        first.ok(&["issue", "status", &issue, "in-progress"]);
        machine.pass(60);
        second.ok(&["issue", "status", &issue, "todo"]);
        second.ok(&["issue", "priority", &issue, "low"]);
        machine.pass(60);
        first.ok(&["issue", "priority", &issue, "high"]);
        desk.give(&phone);
        phone.give(&desk);
        desk.give(&phone);
        for store in [&desk, &phone] {
            let shown = store.json(&["issue", "show", &issue]);
            assert_eq!((&shown["status"], &shown["priority"]), (&json!("todo"), &json!("high")));
        }
        machine.pass(60);
        desk.ok(&["issue", "status", &issue, "backlog"]);
        desk.ok(&["issue", "priority", &issue, "medium"]);
        desk.give(&phone);
    }
}

#[test]
fn what_was_dismissed_is_out_of_the_way_and_not_lost() {
    let machine = Machine::new("dismissed");
    let two = Two::new(&machine);
    for n in 0..2 {
        machine.pass(60);
        two.edit(&two.desk, &format!("desk {n}"));
        machine.pass(60);
        two.edit(&two.phone, &format!("phone {n}"));
        two.phone.give(&two.desk);
        two.desk.give(&two.phone);
    }
    assert_eq!(lost(&two.desk), ["desk 1", "desk 0"]);
    let open = || two.desk.json(&["status"])["conflicts"].clone();
    assert_eq!(open(), 2);
    let files = two.desk.files();
    assert_eq!(two.desk.json(&["conflict", "dismiss", "1", "-n"])["dismissed"], 1);
    two.desk.run(&["conflict", "dismiss", "1", "9"]).fails(4, "no conflict 9");
    two.desk.run(&["conflict", "dismiss"]).fails(2, "CONFLICT");
    assert_eq!(two.desk.files(), files);
    let documents = two.desk.documents();
    assert_eq!(two.desk.json(&["conflict", "dismiss", "1"])["changed"], true);
    assert_eq!(two.desk.json(&["conflict", "dismiss", "1"])["changed"], false);
    assert_eq!(two.desk.documents(), documents);
    assert_eq!((lost(&two.desk), open()), (vec!["desk 1".to_owned()], json!(1)));
    let all = two.desk.json(&["conflict", "list", "--all"]);
    assert_eq!(column(&all, "loser"), ["desk 1", "desk 0"]);
    assert_eq!((all[0].get("dismissed"), &all[1]["dismissed"]), (None, &json!(true)));
    assert_eq!(two.desk.json(&["conflict", "show", "1"])["dismissed"], true);
    assert_eq!(two.desk.json(&["conflict", "dismiss", "--all"])["dismissed"], 1);
    assert_eq!((lost(&two.desk), open()), (Vec::new(), json!(0)));
    // It can be restored all the same.
    two.desk.ok(&["conflict", "restore", "1"]);
    assert_eq!(two.text(&two.desk), "desk 0");
}

#[test]
fn what_nobody_wrote_is_no_conflict_when_its_record_is_gone() {
    let machine = Machine::new("acknowledged late");
    let alice = machine.group("alice", &[BOB, CAROL]);
    let message = alice.send("a message");
    let bob = machine.replica_of(&alice, "bob", BOB);
    let carol = machine.replica_of(&alice, "carol", CAROL);
    for _ in 0..2 {
        alice.meet(&bob);
        alice.meet(&carol);
        bob.meet(&carol);
    }
    machine.pass(60);
    bob.ok(&["chat", "send", "--reply-to", &message, "a reply"]);
    alice.ok(&["chat", "delete", &message]);
    carol.ok(&["chat", "react", &message, "👍"]);
    let of_alice = alice.export("alice.crdt");
    let (of_bob, of_carol) = (bob.export("bob.crdt"), carol.export("carol.crdt"));
    alice.ok(&["sync", "import", &of_bob, &of_carol]);
    bob.ok(&["sync", "import", &of_carol, &of_alice]);
    carol.ok(&["sync", "import", &of_alice]);
    carol.ok(&["sync", "import", &of_bob]);
    for _ in 0..3 {
        alice.meet(&bob);
        alice.meet(&carol);
        bob.meet(&carol);
    }
    assert_eq!((alice.digest(), alice.digest()), (bob.digest(), carol.digest()));
    for store in [&alice, &bob, &carol] {
        let all = store.json(&["conflict", "list"]);
        for lost in all.as_array().unwrap() {
            assert!(lost["id"].is_string() && !lost["loser"].is_i64(), "{all}");
        }
    }
}

#[test]
fn who_wrote_here_is_named_as_others_are() {
    let machine = Machine::new("named");
    let alice = machine.group("alice", &[BOB]);
    let issue = alice.ok(&["issue", "open", "an issue"]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    machine.pass(60);
    alice.ok(&["issue", "edit", &issue, "--title", "by Alice"]);
    machine.pass(60);
    bob.ok(&["issue", "edit", &issue, "--title", "by Bob"]);
    alice.meet(&bob);
    for store in [&alice, &bob] {
        let all = store.json(&["conflict", "list"]);
        let by = (&all[0]["winner_by"], &all[0]["loser_by"]);
        assert_eq!(by, (&json!(BOB), &json!(ALICE)), "{all}");
    }
}
