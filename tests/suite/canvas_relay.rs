//! `canvas apply` and `canvas events`: the messages of a live relay, in and out.

use crate::support::*;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

fn add(store: &Store<'_>, data: &str) -> String {
    let place = ["--at", "0,0", "--size", "100,40", "--data", data];
    store.ok(&[&["canvas", "add", "shape"], &place[..]].concat())
}

/// The messages that wait for the relay, handed out and acknowledged.
fn events(store: &Store<'_>) -> String {
    let events = store.run(&["canvas", "events"]).exits(0).stdout.clone();
    store.run(&["canvas", "events", "--ack"]).exits(0);
    events
}

fn run(store: &Store<'_>, lines: &str, more: &[&str]) -> Run {
    let dir = text(&store.dir);
    let args = [&["-s", &dir, "canvas", "apply"], more].concat();
    store.machine.run_with_stdin(&args, lines.as_bytes())
}

/// Applies messages; returns the outcome of each.
#[track_caller]
fn apply(store: &Store<'_>, lines: &str) -> Vec<Value> {
    let rows = run(store, lines, &[]).ok();
    rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn results(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["result"].as_str().unwrap()).collect()
}

fn canvas(store: &Store<'_>) -> Value {
    store.json(&["canvas", "list", "--all"])
}

/// The operations in messages, without the changes that they bring: as another program sends them.
fn words(messages: &str) -> String {
    let strip = |line: &str| {
        let mut message: Value = serde_json::from_str(line).unwrap();
        message.as_object_mut().unwrap().remove("update_v1");
        (message["type"] == "canvas_operation").then(|| format!("{message}\n"))
    };
    messages.lines().filter_map(strip).collect()
}

/// Two replicas of one group that have exchanged everything.
fn pair<'m>(machine: &'m Machine, members: &[&str]) -> (Store<'m>, Store<'m>) {
    let alice = machine.group("a", members);
    let bob = machine.replica_of(&alice, "b", BOB);
    (alice, bob)
}

/// Both exchange everything, twice.
fn sync(alice: &Store<'_>, bob: &Store<'_>) {
    for _ in 0..2 {
        alice.give(bob);
        bob.give(alice);
    }
    assert_eq!(alice.digest(), bob.digest());
}

#[test]
fn what_one_replica_does_a_relay_carries_to_another() {
    let machine = Machine::new("relay");
    let (alice, bob) = pair(&machine, &[BOB]);
    let id = add(&alice, r#"{"fill":"red","note":"x"}"#);
    alice.ok(&["canvas", "move", &id, "10,20"]);
    alice.ok(&["canvas", "set", &id, "data.note=null", "rotation=0.5"]);
    let gone = add(&alice, "{}");
    alice.ok(&["canvas", "delete", &gone]);
    let messages = events(&alice);
    assert_eq!(messages.lines().count(), 5);
    assert_eq!(events(&alice), "", "handed out once");
    let rows = apply(&bob, &messages);
    assert_eq!(results(&rows), ["applied"; 5]);
    assert_eq!((&rows[1]["element_id"], &rows[1]["from"]), (&json!(id), &json!(ALICE)));
    let live = |store: &Store<'_>| store.json(&["canvas", "list"]);
    assert_eq!(live(&alice), live(&bob));
    // Twice is the same as once, for the receiver and for the sender who receives her own.
    let before = (alice.documents(), bob.documents());
    for row in [apply(&bob, &messages), apply(&alice, &messages)].concat() {
        assert_eq!(row["result"], "unchanged", "{row}");
    }
    assert_eq!((alice.documents(), bob.documents()), before);
    // Bob has seen the deletion, which is news; then there is nothing more to send.
    let acknowledged = events(&bob);
    assert_eq!(acknowledged.lines().count(), 1);
    assert_eq!(results(&apply(&alice, &acknowledged)), ["applied"]);
    assert_eq!(canvas(&alice).as_array().map(Vec::len), Some(1), "pruned");
    assert_eq!((events(&alice), events(&bob)), (String::new(), String::new()));
    // What came by relay and what comes by file are the same elements: what both do to them afterwards is
    // there in the end.
    alice.ok(&["canvas", "set", &id, "data.from=alice", "width=7"]);
    bob.ok(&["canvas", "set", &id, "data.fill=blue", "height=9"]);
    sync(&alice, &bob);
    let all = canvas(&alice);
    assert_eq!(all.as_array().map(Vec::len), Some(1), "seen by both, the other is gone");
    assert_eq!(all[0]["data"], json!({"fill": "blue", "from": "alice"}));
    let numbers = ["x", "width", "height"].map(|field| all[0][field].as_i64());
    assert_eq!(numbers, [Some(10), Some(7), Some(9)]);
}

#[test]
fn a_message_has_the_applications_fields() {
    let machine = Machine::new("message");
    let store = machine.group("s", &[]);
    let id = add(&store, r#"{"fill":"red"}"#);
    machine.pass(60);
    store.ok(&["canvas", "move", &id, "1,2"]);
    store.ok(&["canvas", "delete", &id]);
    let messages: Vec<Value> =
        events(&store).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [added, moved, removed] = &messages[..] else { panic!("{messages:?}") };
    let now = START + 60;
    assert!(messages.iter().all(|message| !message["update_v1"].as_str().unwrap().is_empty()));
    let mut moved = moved.clone();
    moved.as_object_mut().unwrap().remove("update_v1");
    assert_eq!(
        moved,
        json!({
            "type": "canvas_operation", "operation_id": format!("{GROUP}-{id}-update-{now}"),
            "canvas_id": GROUP, "element_id": id, "operation_type": "update",
            "element_data": {
                "id": id, "element_type": "shape", "x": 1, "y": 2, "width": 100, "height": 40,
                "rotation": 0, "z_index": 0, "data": {"fill": "red"}, "created_at": START,
                "updated_at": now, "deleted": false, "deleted_at": 0,
            },
            "fields": ["x", "y"],
        "seq": 2, "vector_clock": {ALICE: now}, "lamport_clock": now,
            "origin_peer": ALICE, "timestamp_ms": now * 1000,
        })
    );
    assert_eq!((&added["operation_type"], &added["fields"]), (&json!("add"), &Value::Null));
    assert_eq!(
        (&removed["operation_type"], &removed["element_data"]),
        (&json!("remove"), &Value::Null)
    );
}

#[test]
fn a_change_waits_for_what_it_builds_upon() {
    let machine = Machine::new("relay order");
    let (alice, bob) = pair(&machine, &[BOB]);
    let id = add(&alice, "{}");
    let first = events(&alice);
    alice.ok(&["canvas", "move", &id, "2,2"]);
    let second = events(&alice);
    let run = run(&bob, &second, &[]);
    assert!(run.ok().contains("\"waiting\""), "{}", run.stdout);
    assert!(run.stderr.contains("events --request"), "{}", run.stderr);
    assert_eq!(canvas(&bob), json!([]));
    assert_eq!(results(&apply(&bob, &first)), ["applied"]);
    assert_eq!(canvas(&bob)[0]["x"], 2, "and what waited");
    // In one go the order does not matter at all.
    let dave = machine.store("d", BOB);
    let core = text(&machine.path("core.crdt"));
    alice.ok(&["sync", "export", "--doc", "core", "--out", &core]);
    dave.ok(&["sync", "import", &core]);
    assert_eq!(results(&apply(&dave, &format!("{second}{first}"))), ["applied"; 2]);
    assert_eq!(canvas(&dave), canvas(&alice));
}

#[test]
fn words_in_any_order_end_the_same() {
    let machine = Machine::new("relay words");
    let (alice, bob) = pair(&machine, &[BOB]);
    let id = add(&alice, r#"{"fill":"red"}"#);
    sync(&alice, &bob);
    events(&alice);
    // Concurrently: Alice moves, then Bob, a second later, colours; neither has seen the other's change.
    machine.pass(60);
    alice.ok(&["canvas", "move", &id, "10,20"]);
    machine.pass(1);
    bob.ok(&["canvas", "set", &id, "data.fill=blue"]);
    let (hers, his) = (words(&events(&alice)), words(&events(&bob)));
    assert_eq!(results(&apply(&bob, &hers)), ["applied"], "another field, although older");
    assert_eq!(results(&apply(&alice, &his)), ["applied"]);
    let shown = alice.json(&["canvas", "show", &id]);
    assert_eq!((&shown["x"], &shown["data"]), (&json!(10), &json!({"fill": "blue"})));
    assert_eq!(shown, bob.json(&["canvas", "show", &id]));
    assert_eq!(shown["updated_at"], START + 61);
    // For one field the later write wins, whatever came first.
    machine.pass(60);
    alice.ok(&["canvas", "move", &id, "1,1"]);
    let early = words(&events(&alice));
    machine.pass(1);
    alice.ok(&["canvas", "move", &id, "2,2"]);
    let late = words(&events(&alice));
    assert_eq!(results(&apply(&bob, &late)), ["applied"]);
    let row = &apply(&bob, &early)[0];
    assert_eq!(
        (&row["result"], &row["why"]),
        (&json!("unchanged"), &json!("a later write is already here"))
    );
    assert_eq!(bob.json(&["canvas", "show", &id])["x"], 2);
}

#[test]
fn an_element_that_many_only_hear_of_is_the_same_everywhere() {
    let machine = Machine::new("heard");
    let (alice, bob) = pair(&machine, &[BOB]);
    let message = json!({
        "type": "canvas_operation", "canvas_id": GROUP, "element_id": "note-1",
        "operation_type": "add", "origin_peer": ALICE, "timestamp_ms": START * 1000,
        "element_data": {"element_type": "text", "x": 1, "y": 2, "width": 3, "height": 4},
    });
    for store in [&alice, &bob] {
        assert_eq!(results(&apply(store, &message.to_string())), ["applied"]);
    }
    alice.ok(&["canvas", "set", "note-1", "data.from=alice"]);
    bob.ok(&["canvas", "set", "note-1", "data.to=bob"]);
    sync(&alice, &bob);
    let shown = alice.json(&["canvas", "show", "note-1"]);
    assert_eq!(shown["data"], json!({"from": "alice", "to": "bob"}));
}

#[test]
fn in_a_batch_each_new_element_lies_above_all_that_came_before() {
    let machine = Machine::new("stack");
    let (alice, _) = pair(&machine, &[BOB]);
    let add = json!({"op": "canvas.add", "kind": "text", "x": 0, "y": 0, "width": 9, "height": 9});
    let heard = json!({
        "type": "canvas_operation", "canvas_id": GROUP, "element_id": "note-1",
        "operation_type": "add", "origin_peer": BOB, "timestamp_ms": START * 1000,
        "element_data": {"element_type": "text", "x": 1, "y": 2, "width": 3, "height": 4, "z_index": 50},
    });
    let lines = [
        add.clone(),
        json!({"op": "canvas.set", "element": "$1.id", "set": {"z_index": 7}}),
        add.clone(),
        json!({"op": "canvas.delete", "element": "$3.id"}),
        add.clone(),
        json!({"op": "canvas.apply", "message": heard}),
        add,
    ];
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    let args = ["-s", &text(&alice.dir), "batch"];
    machine.run_with_stdin(&args, lines.join("\n").as_bytes()).exits(0);
    let shown = alice.json(&["canvas", "list"]);
    let heights: Vec<i64> =
        shown.as_array().unwrap().iter().map(|row| row["z_index"].as_i64().unwrap()).collect();
    assert_eq!(heights, [7, 9, 50, 51]);
}

#[test]
fn a_batch_is_one_change_and_many_messages() {
    let machine = Machine::new("relay batch");
    let (alice, bob) = pair(&machine, &[BOB]);
    let lines = r#"
        {"op":"canvas.add","kind":"text","x":1,"y":2.5,"width":10,"height":5,"data":{"content":"a"}}
        {"op":"canvas.move","element":"$1.id","x":3,"y":4}
        {"op":"canvas.set","element":"$1.id","set":{"data.content":null,"data.note":"$1.id"}}
        {"op":"canvas.add","kind":"shape","x":0,"y":0,"width":1,"height":1}
        {"op":"canvas.delete","element":"$4.id"}
        {"op":"canvas.undo"}
        {"op":"canvas.set","element":"$6.id","set":{"x":9}}"#;
    let args = ["-s", &text(&alice.dir), "batch", "-o", "ndjson"];
    let done = machine.run_with_stdin(&args, lines.trim_start().as_bytes()).ok();
    assert_eq!(done.lines().count(), 7);
    let undone: Value = serde_json::from_str(done.lines().nth(5).unwrap()).unwrap();
    assert_eq!(undone["undid"]["verb"], "delete");
    let live = alice.json(&["canvas", "list"]);
    assert_eq!((&live[0]["x"], &live[0]["data"]), (&json!(3), &json!({"note": "$1.id"})));
    assert_eq!((&live[1]["x"], &live[1]["z_index"]), (&json!(9), &json!(1)));
    let messages = events(&alice);
    let rows = apply(&bob, &messages);
    assert_eq!(results(&rows)[0], "applied");
    assert!(results(&rows)[1..].iter().all(|result| *result == "unchanged"), "{rows:?}");
    assert_eq!(bob.json(&["canvas", "list"]), live);
    // Without the changes, one after the other, the result is the same.
    let carol = machine.store("c", BOB);
    let core = text(&machine.path("core.crdt"));
    alice.ok(&["sync", "export", "--doc", "core", "--out", &core]);
    carol.ok(&["sync", "import", &core]);
    apply(&carol, &words(&messages));
    assert_eq!(carol.json(&["canvas", "list"]), live);
}

#[test]
fn cursors_are_shown_and_never_stored() {
    let machine = Machine::new("cursors");
    let (alice, bob) = pair(&machine, &[BOB]);
    add(&alice, "{}");
    sync(&alice, &bob);
    events(&alice);
    let cursor = alice.ok(&["canvas", "events", "--cursor", "-1.5,2"]);
    let before = bob.files();
    let rows = apply(&bob, &cursor);
    assert_eq!(results(&rows), ["shown"]);
    let row = &rows[0];
    assert_eq!((&row["peer_id"], &row["x"], &row["y"]), (&json!(ALICE), &json!(-1.5), &json!(2.0)));
    assert_eq!(row["type"], "canvas_cursor_update");
    assert_eq!(bob.files(), before);
    assert_eq!(alice.ok(&["canvas", "events"]), "");
}

#[test]
fn a_request_for_the_state_is_answered_with_all_of_it() {
    let machine = Machine::new("state");
    let (alice, bob) = pair(&machine, &[BOB]);
    let id = add(&alice, r#"{"fill":"red"}"#);
    alice.ok(&["canvas", "move", &id, "5,5"]);
    events(&alice);
    let request = bob.ok(&["canvas", "events", "--request"]);
    assert_eq!(results(&apply(&alice, &request)), ["answered"]);
    let answer = events(&alice);
    let response: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(response["type"], "canvas_state_response");
    assert_eq!(
        (&response["total_element_count"], &response["elements"][0]["x"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(results(&apply(&bob, &answer)), ["applied"]);
    assert_eq!(canvas(&alice), canvas(&bob));
    assert_eq!(results(&apply(&bob, &answer)), ["unchanged"]);
    // Without the document, as the application sends it, element by element.
    let mut plain = response;
    plain.as_object_mut().unwrap().remove("state_v1");
    plain["elements"][0]["x"] = json!(50);
    plain["elements"][0]["updated_at"] = json!(START + 10);
    let mut fresh = plain["elements"][0].clone();
    fresh["id"] = json!("note-1");
    plain["elements"].as_array_mut().unwrap().push(fresh);
    let rows = apply(&bob, &plain.to_string());
    assert_eq!(rows[0]["elements"], json!({"applied": 2, "unchanged": 0, "refused": 0}));
    assert_eq!(bob.json(&["canvas", "show", &id])["x"], 50);
    assert_eq!(bob.json(&["canvas", "show", "note-1"])["x"], 50);
    assert_eq!(results(&apply(&bob, &plain.to_string())), ["unchanged"]);
    // An invalid state is refused.
    plain["state_v1"] = json!("AAECAw==");
    let before = bob.documents();
    run(&bob, &plain.to_string(), &[]).exits(6);
    assert_eq!(bob.documents(), before);
}

#[test]
fn the_guides_names_are_read_too() {
    let machine = Machine::new("names");
    let store = machine.group("s", &[]);
    let element = json!({
        "element_type": "sticky", "x": 1, "y": 2, "width": 3, "height": 4, "locked": true,
        "data": {"content": "hi"}, "updated_at": START,
    });
    let fields = json!({
        "canvas_id": "ocean-forest-moon-star", "element_id": "note-1", "operation_type": "add",
        "element_data": element, "origin_peer": ALICE,
    });
    let mut tagged = fields.clone();
    tagged["type"] = json!("Operation");
    let lines = format!("{}\n\n{tagged}\n", json!({"Operation": fields}));
    assert_eq!(results(&apply(&store, &lines)), ["applied", "unchanged"]);
    let shown = store.json(&["canvas", "show", "note-1"]);
    assert_eq!((&shown["element_type"], &shown["rotation"]), (&json!("sticky"), &json!(0)));
    // Without `fields` the whole element counts: what is no longer in `data` is gone.
    let mut update = fields;
    update["operation_type"] = json!("update");
    update["element_data"]["data"] = json!({"color": "red"});
    update["element_data"]["updated_at"] = json!(START + 1);
    assert_eq!(results(&apply(&store, &json!({"Operation": update}).to_string())), ["applied"]);
    assert_eq!(store.json(&["canvas", "show", "note-1"])["data"], json!({"color": "red"}));
    let remove = json!({
        "canvas_id": GROUP, "element_id": "note-1", "operation_type": "remove",
        "origin_peer": ALICE, "timestamp_ms": (START + 5) * 1000,
    });
    let rows = apply(&store, &json!({"Operation": remove}).to_string());
    assert_eq!(results(&rows), ["applied"]);
    // Alone, it was pruned at once; and late messages do not bring it back.
    let row = &apply(&store, &lines)[0];
    assert_eq!((&row["result"], &row["why"]), (&json!("unchanged"), &json!("it was pruned")));
    assert_eq!(canvas(&store), json!([]));
}

#[test]
fn who_may_not_write_is_refused_and_others_go_on() {
    let machine = Machine::new("relay roles");
    let (alice, bob) = pair(&machine, &[BOB, CAROL]);
    alice.ok(&["member", "role", CAROL, "viewer"]);
    sync(&alice, &bob);
    let id = add(&alice, "{}");
    let good = events(&alice);
    let message: Value = serde_json::from_str(&words(&good)).unwrap();
    let with = |field: &str, value: Value| {
        let mut changed = message.clone();
        changed[field] = value;
        changed.to_string()
    };
    let mut ahead = message.clone();
    ahead["element_data"]["updated_at"] = json!(START + 90_000);
    let mut typed = message.clone();
    typed["element_data"]["x"] = json!("far");
    let lines = [
        with("origin_peer", json!(CAROL)),
        with("origin_peer", json!("mallory-x-y-z")),
        with("canvas_id", json!("group:elsewhere")),
        with("element_id", json!("a\u{7}b")),
        ahead.to_string(),
        typed.to_string(),
        good.replace(ALICE, CAROL).trim().to_owned(),
        good,
    ]
    .join("\n");
    let rows = apply(&bob, &lines);
    assert_eq!(
        results(&rows),
        ["refused", "refused", "passed", "refused", "refused", "refused", "refused", "applied"]
    );
    assert!(rows[0]["why"].as_str().unwrap().contains("may only read"));
    assert_eq!(bob.column(&["canvas", "list"], "id"), [id]);
    // Whoever receives a deletion acknowledges for himself, and for nobody else.
    machine.pass(5);
    alice.ok(&["canvas", "delete", &bob.column(&["canvas", "list"], "id")[0]]);
    apply(&bob, &words(&events(&alice)));
    assert_eq!(canvas(&bob)[0]["ack_vector"], json!({BOB: START + 5}));
}

#[test]
fn a_line_that_is_no_message_stops_what_came_with_it() {
    let machine = Machine::new("bad lines");
    let (alice, bob) = pair(&machine, &[BOB]);
    add(&alice, "{}");
    let good = events(&alice);
    let before = bob.documents();
    let broken = |update: &str| {
        let mut message: Value = serde_json::from_str(&good).unwrap();
        message["update_v1"] = json!(update);
        message.to_string()
    };
    for bad in [
        "nonsense",
        "[1]",
        "{}",
        r#"{"type":"canvas_party"}"#,
        r#"{"type":"canvas_operation"}"#,
        &broken("AAA"),
        &broken("AAECAw=="),
    ] {
        let run = run(&bob, &format!("{good}{bad}\n"), &[]);
        run.fails(6, "standard input, line 2");
        assert!(run.stderr.contains("nothing was applied"), "{}", run.stderr);
    }
    assert_eq!(bob.documents(), before);
    // A dry run reports what would happen.
    let dry = run(&bob, &good, &["-n"]);
    assert!(dry.ok().contains("applied") && dry.stderr.contains("dry run"));
    assert_eq!(bob.documents(), before);
    let file = machine.path("messages.ndjson");
    std::fs::write(&file, &good).unwrap();
    assert!(bob.ok(&["canvas", "apply", &text(&file)]).contains("applied"));
    bob.run(&["canvas", "apply", "no-such-file"]).fails(4, "no-such-file");
    assert_eq!(run(&bob, "", &[]).ok(), "");
}

#[test]
fn a_live_relay_is_answered_as_it_speaks() {
    let machine = Machine::new("live");
    let (alice, bob) = pair(&machine, &[BOB]);
    let dir = text(&bob.dir);
    let mut command = machine.command(&["-s", &dir, "canvas", "apply"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut relay = command.spawn().unwrap();
    let mut to = relay.stdin.take().unwrap();
    let mut from = BufReader::new(relay.stdout.take().unwrap());
    for n in 1..=3 {
        let id = add(&alice, "{}");
        to.write_all(events(&alice).as_bytes()).unwrap();
        let mut row = String::new();
        from.read_line(&mut row).unwrap();
        let row: Value = serde_json::from_str(&row).unwrap();
        assert_eq!((&row["line"], &row["result"]), (&json!(n), &json!("applied")));
        // It is there while the relay is still connected.
        assert!(bob.column(&["canvas", "list"], "id").contains(&id));
    }
    drop(to);
    assert!(relay.wait().unwrap().success());
}

#[test]
fn events_wait_while_offline_until_they_were_written() {
    let machine = Machine::new("outbox");
    let store = machine.group("s", &[]);
    let id = add(&store, "{}");
    store.ok(&["canvas", "move", &id, "1,1"]);
    let dry = store.run(&["canvas", "events", "-n"]).exits(0).stdout.clone();
    assert_eq!(dry.lines().count(), 2);
    // If the reader goes away they stay where they are.
    let broken = machine
        .run_through_shell("\"$@\" >/dev/full", &["-s", &text(&store.dir), "canvas", "events"]);
    assert_eq!(broken.code, 74, "{}", broken.stderr);
    assert_eq!(events(&store), dry);
    assert_eq!(events(&store), "");
    // An undo is an edit like any other.
    store.ok(&["canvas", "undo"]);
    let undone: Value = serde_json::from_str(&events(&store)).unwrap();
    assert_eq!(
        (&undone["operation_type"], &undone["fields"]),
        (&json!("update"), &json!(["x", "y"]))
    );
}

fn numbers(lines: &str) -> Vec<i64> {
    let number = |line: &str| serde_json::from_str::<Value>(line).unwrap()["seq"].as_i64().unwrap();
    lines.lines().map(number).collect()
}

#[test]
fn an_event_is_handed_out_until_it_is_acknowledged() {
    let machine = Machine::new("acknowledged");
    let store = machine.group("s", &[]);
    for _ in 0..3 {
        add(&store, "{}");
    }
    let first = store.run(&["canvas", "events"]).exits(0).stdout.clone();
    assert_eq!(numbers(&first), [1, 2, 3]);
    // A consumer that died silently gets the same again, and is told so.
    let again = store.run(&["canvas", "events"]);
    assert_eq!(again.exits(0).stdout, first);
    assert!(again.stderr.contains("3 of them were handed out before"), "{}", again.stderr);
    let before = store.files();
    assert_eq!(numbers(&store.ok(&["canvas", "events", "--since", "1"])), [2, 3]);
    assert_eq!(store.files(), before, "reading from a position moves nothing");
    store
        .run(&["canvas", "events", "--ack", "4"])
        .fails(2, "there is no event 4 yet, the last is 3");
    let written = store.json(&["canvas", "events", "--ack", "2"]);
    assert_eq!((&written["changed"], &written["acknowledged"]), (&json!(true), &json!(2)));
    assert_eq!(numbers(&store.ok(&["canvas", "events"])), [3]);
    assert_eq!(numbers(&store.ok(&["canvas", "events", "--since", "0"])), [3], "two are forgotten");
    // What came after the last call was not handed out yet.
    add(&store, "{}");
    store.ok(&["canvas", "events", "--ack"]);
    assert_eq!(numbers(&store.ok(&["canvas", "events"])), [4]);
    store.ok(&["canvas", "events", "--ack", "-n"]);
    assert_eq!(numbers(&store.ok(&["canvas", "events"])), [4]);
    store.ok(&["canvas", "events", "--ack"]);
    assert_eq!(store.ok(&["canvas", "events"]), "");
    store.is_so_already(&["canvas", "events", "--ack"]);
}

#[test]
fn whoever_falls_too_far_behind_gets_the_state_for_the_oldest() {
    let machine = Machine::new("overflow");
    let store = machine.group("s", &[]);
    add(&store, "{}");
    let line = store.ok(&["canvas", "events"]);
    let db = rusqlite::Connection::open(store.dir.join("crdtctl.db")).unwrap();
    db.execute_batch("BEGIN").unwrap();
    for number in 2..=10_001 {
        let sql = "INSERT INTO canvas_outbox (doc_id, event, message) VALUES (?1, ?2, ?3)";
        db.execute(sql, rusqlite::params![format!("{GROUP}:canvas"), number, line]).unwrap();
    }
    db.execute("UPDATE canvas_handed SET last = 10001", []).unwrap();
    db.execute_batch("COMMIT").unwrap();
    drop(db);
    let id = add(&store, "{}");
    let events = store.ok(&["canvas", "events"]);
    let first: Value = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    assert_eq!((&first["type"], &first["seq"]), (&json!("canvas_state_response"), &json!(2)));
    assert_eq!(first["elements"].as_array().unwrap().len(), 2);
    let last: Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    assert_eq!((&last["element_id"], &last["seq"]), (&json!(id), &json!(10_002)));
    assert_eq!(numbers(&events), (2..=10_002).collect::<Vec<_>>(), "no number is left out");
}

/// Consumers that die in the middle, and come again: every event reaches one, in order, and the other side
/// has the same canvas in the end.
#[test]
fn no_event_is_lost_whenever_a_consumer_dies() {
    for seed in 0..3 {
        let machine = Machine::new(&format!("consumers {seed}"));
        let (alice, bob) = pair(&machine, &[BOB]);
        add(&alice, "{}");
        sync(&alice, &bob);
        alice.ok(&["canvas", "events"]);
        alice.ok(&["canvas", "events", "--ack"]);
        let mut chance = crdtctl::sample::Chance::new(seed);
        let (mut published, mut seen) = (String::new(), Vec::new());
        for _ in 0..40 {
            machine.pass(1);
            match chance.below(5) {
                0 | 1 => drop(add(&alice, "{}")),
                2 => drop(alice.run(&["canvas", "undo"])),
                _ => {
                    let events = alice.ok(&["canvas", "events"]);
                    let lines = events.lines().count() as u64;
                    // It publishes some, and dies; or all, and acknowledges them.
                    let some = chance.below(lines + 2) as usize;
                    let taken: Vec<&str> = events.lines().take(some).collect();
                    seen.extend(numbers(&taken.join("\n")));
                    published.push_str(
                        &taken.iter().map(|line| format!("{line}\n")).collect::<String>(),
                    );
                    if let Some(last) = numbers(&taken.join("\n")).last()
                        && chance.below(2) == 0
                    {
                        alice.ok(&["canvas", "events", "--ack", &last.to_string()]);
                    }
                }
            }
        }
        let rest = alice.ok(&["canvas", "events"]);
        seen.extend(numbers(&rest));
        published.push_str(&rest);
        let all: std::collections::BTreeSet<i64> = seen.into_iter().collect();
        let (first, last) = (all.first().copied().unwrap(), all.last().copied().unwrap());
        assert_eq!(
            all.into_iter().collect::<Vec<_>>(),
            (first..=last).collect::<Vec<_>>(),
            "seed {seed}"
        );
        run(&bob, &published, &[]).exits(0);
        assert_eq!(alice.json(&["canvas", "list"]), bob.json(&["canvas", "list"]), "seed {seed}");
    }
}

/// Nobody else is waited for: what the relay removes is gone at once.
#[test]
fn what_the_relay_deletes_for_good_is_said() {
    let machine = Machine::new("relay for good");
    let store = machine.group("store", &[]);
    let id = store.ok(&["canvas", "add", "text", "--at", "0,0", "--size", "10,10"]);
    let line = json!({"type": "canvas_operation", "canvas_id": GROUP, "origin_peer": ALICE,
        "element_id": id, "operation_type": "remove", "timestamp_ms": (START + 5) * 1000});
    let dir = text(&store.dir);
    for dry_run in [true, false] {
        let mut args = vec!["--store", dir.as_str(), "canvas", "apply", "--json"];
        args.extend(dry_run.then_some("-n"));
        let run = machine.run_with_stdin(&args, line.to_string().as_bytes());
        let row = run.json();
        assert_eq!((&row["result"], &row["pruned"]), (&json!("applied"), &json!([id])), "{row}");
        assert!(run.stderr.contains("1 record is gone for good"), "{}", run.stderr);
    }
    assert_eq!(store.json(&["trash", "list"])[0]["id"], json!(id));
}

#[test]
fn canvases_that_others_know_by_ids_of_their_own_are_named() {
    let machine = Machine::new("named canvas");
    let alice = machine.group("a", &[BOB]);
    let message = json!({
        "type": "canvas_operation", "operation_id": "op-1", "canvas_id": "main=board",
        "element_id": "note-1", "operation_type": "add", "origin_peer": BOB, "lamport_clock": 1,
        "timestamp_ms": 1_767_225_600_000_u64,
        "element_data": {"element_type": "text", "x": 0, "y": 0, "width": 9, "height": 9},
    });
    let lines = format!("{message}\n");
    let passed = run(&alice, &lines, &[]);
    let row: Value = serde_json::from_str(passed.exits(3).stdout.trim()).unwrap();
    assert_eq!(row["result"], "passed");
    assert!(passed.stderr.contains("`--canvas ID=ENTITY`"), "{}", passed.stderr);
    assert_eq!(canvas(&alice), json!([]));
    let named = format!("main=board={GROUP}");
    let row: Value =
        serde_json::from_str(run(&alice, &lines, &["--canvas", &named]).ok().trim()).unwrap();
    assert_eq!((&row["result"], &row["canvas_id"]), (&json!("applied"), &json!("main=board")));
    assert_eq!(column(&canvas(&alice), "id"), ["note-1"]);
    run(&alice, &lines, &["--canvas", "main=board=group:nowhere"]).fails(4, "no entity");
    run(&alice, &lines, &["--canvas", "main"]).fails(2, "not ID=ENTITY");
    // If any message is about us, the others may be about others.
    let ours = lines.replace("main=board", GROUP).replace("note-1", "note-2");
    run(&alice, &format!("{lines}{ours}"), &[]).exits(0);
}
