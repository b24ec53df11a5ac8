//! `chat`: send, edit, delete, list, show, search.

use crate::support::*;
use serde_json::json;

#[test]
fn send_prints_the_id_alone() {
    let machine = Machine::new("send");
    let store = machine.group("s", &[]);
    let run = store.run(&["chat", "send", "See you at the harbour"]);
    let id = run.ok();
    assert_eq!(run.stdout, format!("{id}\n"));
    assert_eq!((id.len(), id.as_bytes()[14], id.to_lowercase()), (36, b'4', id.clone()));
    assert!(run.stderr.contains(GROUP), "{}", run.stderr);
    assert_eq!(
        store.json(&["chat", "list"]),
        json!([{
            "id": id, "author_id": ALICE, "content": "See you at the harbour",
            "created_at": START, "updated_at": START, "deleted": false, "deleted_at": 0,
            "ack_vector": {}, "reactions": {}, "attachments": [],
            "parent_id": null, "reply_count": 0, "last_reply_at": 0,
        }])
    );
}

#[test]
fn text_comes_from_the_argument_or_from_standard_input() {
    let machine = Machine::new("stdin");
    let store = machine.group("s", &[]);
    let dir = text(&store.dir);
    let send = |args: &[&str], input: &[u8]| {
        machine.run_with_stdin(&[&["-s", &dir, "chat", "send"], args].concat(), input)
    };
    let content = |id: &str| store.json(&["chat", "show", id])["content"].clone();
    assert_eq!(content(&send(&["-"], b"from a pipe\n").ok()), "from a pipe");
    assert_eq!(content(&send(&["-"], b"two\nlines\n\n").ok()), "two\nlines\n");
    assert_eq!(content(&send(&["-"], b"dos\r\n").ok()), "dos");
    // No argument means standard input too.
    assert_eq!(content(&send(&[], "für später".as_bytes()).ok()), "für später");
    // Only `-` alone is standard input; what follows `--` is text.
    assert_eq!(content(&send(&["--", "-x"], b"").ok()), "-x");
    for empty in [&b""[..], b"\n", b"  \n"] {
        send(&["-"], empty).fails(2, "empty message");
    }
    send(&["-"], b"\xff\xfe").fails(2, "not UTF-8");
    assert_eq!(store.json(&["chat", "list"]).as_array().map(Vec::len), Some(5));

    let id = store.send("old");
    let edit = ["-s", &dir, "chat", "edit", &id, "-"];
    machine.run_with_stdin(&edit, b"new\n").ok();
    assert_eq!(content(&id), "new");
}

#[test]
fn edit_changes_the_text_and_its_clock() {
    let machine = Machine::new("edit");
    let store = machine.group("s", &[BOB]);
    let id = store.send("hello");
    machine.pass(60);
    let run = store.run(&["chat", "edit", &id[..8], "hello again"]);
    assert_eq!(run.exits(0).stdout, "", "no id: it is not new");
    let show = store.json(&["chat", "show", &id]);
    assert_eq!(show["content"], "hello again");
    assert_eq!((&show["created_at"], &show["updated_at"]), (&json!(START), &json!(START + 60)));
    // A clock that goes back still advances the record's clock.
    store.ok(&["chat", "edit", &id, "third", "--now", "2020-01-01"]);
    assert_eq!(store.json(&["chat", "show", &id])["updated_at"], START + 61);
    assert_eq!(store.json(&["chat", "edit", &id, "third"])["changed"], false);

    store.run(&["chat", "edit", &id, "mine", "--as", BOB]).fails(1, ALICE);
    store.run(&["chat", "edit", &id, ""]).fails(2, "empty message");
    store.run(&["chat", "edit", "ffffffff", "x"]).fails(4, "no message");
    store.ok(&["chat", "delete", &id]);
    store.run(&["chat", "edit", &id, "too late"]).fails(1, "is deleted");
}

#[test]
fn delete_leaves_a_tombstone_and_does_it_once() {
    let machine = Machine::new("delete");
    let store = machine.group("s", &[BOB]);
    let (id, kept) = (store.send("hello"), store.send("stays"));
    machine.pass(60);
    let written = store.json(&["chat", "delete", &id]);
    assert_eq!((&written["changed"], &written["id"]), (&json!(true), &json!(id)));
    let deleted_at = machine.now();
    machine.pass(60);
    let before = store.documents();
    assert_eq!(store.json(&["chat", "delete", &id])["changed"], false);
    assert_eq!(store.documents(), before);
    assert_eq!(store.column(&["chat", "list"], "id"), [kept]);
    let all = store.json(&["chat", "list", "--all"]);
    let tombstone = all.as_array().unwrap().iter().find(|m| m["id"] == json!(id)).unwrap();
    assert_eq!(tombstone["deleted"], true);
    assert_eq!(tombstone["deleted_at"], deleted_at);
    assert_eq!(tombstone["ack_vector"], json!({ALICE: deleted_at}));
    assert_eq!(tombstone["content"], "hello");
    // Alone, there is nobody to wait for.
    store.ok(&["member", "remove", BOB]);
    let gone = store.send("short-lived");
    store.ok(&["chat", "delete", &gone]);
    store.run(&["chat", "show", &gone]).fails(4, "no message");
}

#[test]
fn list_is_filtered_by_time_author_and_number() {
    let machine = Machine::new("filters");
    let store = machine.group("s", &[BOB]);
    // One message a day: Alice, Bob, Alice, Bob, Alice; then it is noon of the sixth day.
    let day = 86_400;
    for n in 0..5 {
        let author = if n % 2 == 0 { ALICE } else { BOB };
        store.ok(&["chat", "send", &format!("day {n}"), "--as", author]);
        machine.pass(day);
    }
    let said = |args: &[&str]| {
        store.column(&[&["chat", "list"], args].concat(), "content").join(" ").replace("day ", "")
    };
    assert_eq!(said(&[]), "0 1 2 3 4");
    assert_eq!(said(&["--limit", "2"]), "3 4");
    assert_eq!(said(&["--limit", "0"]), "");
    assert_eq!(said(&["--limit", "99"]), "0 1 2 3 4");
    assert_eq!(said(&["--since", "2d"]), "3 4");
    assert_eq!(said(&["--until", "2d"]), "0 1 2");
    assert_eq!(said(&["--since", "2026-01-02", "--until", "2026-01-04"]), "1 2");
    assert_eq!(said(&["--since", "2026-01-04T00:00:00Z"]), "3 4");
    assert_eq!(said(&["--since", "1w"]), "0 1 2 3 4");
    assert_eq!(said(&["--since", "36h"]), "4");
    assert_eq!(said(&["--since", "2030-01-01"]), "");
    assert_eq!(said(&["--author", BOB]), "1 3");
    assert_eq!(said(&["--author", "bob-", "--limit", "1"]), "3");
    assert_eq!(said(&["--author", "alice", "--since", "4d"]), "2 4");
    // For a member who has written nothing, and a member who does not exist, nothing is listed.
    assert_eq!(said(&["--author", CAROL]), "");
}

#[test]
fn messages_of_one_second_keep_one_order() {
    let machine = Machine::new("order");
    let store = machine.group("s", &[]);
    let sent: Vec<String> = (0..8).map(|n| store.send(&format!("same second {n}"))).collect();
    let ids = store.column(&["chat", "list"], "id");
    assert_eq!(ids, sent, "as they were written");
    assert_eq!(store.ok(&["chat", "list", "-o", "id"]), ids.join("\n"));
}

#[test]
fn show_has_every_field_and_takes_prefixes() {
    let machine = Machine::new("show");
    let store = machine.fixture("real-store");
    let all = store.json(&["chat", "list", "-e", GROUP, "--all"]);
    let first = all[0]["id"].as_str().unwrap();
    let show = store.json(&["chat", "show", &first[..8], "-e", GROUP]);
    assert_eq!(show["id"], first);
    assert_eq!(show["content"], all[0]["content"]);
    let piped = store.ok(&["chat", "show", first, "-e", GROUP]);
    assert!(piped.starts_with(&format!("field\tvalue\nid\t{first}\n")), "{piped}");
    let table = store.ok(&["chat", "show", first, "-e", GROUP, "-o", "table"]);
    assert!(table.contains(first), "{table}");
    // Replies in threads are messages too.
    let dump = store.json(&["doc", "dump", &format!("{GROUP}:chat")]);
    let (_, thread) = dump["threads"].as_object().unwrap().iter().next().unwrap();
    let (reply, content) = thread["replies"].as_object().unwrap().iter().next().unwrap();
    let shown = store.json(&["chat", "show", reply, "-e", GROUP]);
    assert_eq!(shown["content"], content["content"]);
}

#[test]
fn ambiguous_short_and_unknown_ids() {
    let machine = Machine::new("prefixes");
    let store = machine.fixture("real-store");
    let ids = store.column(&["chat", "list", "-e", GROUP, "--all"], "id");
    // Ids without random parts: two messages whose ids differ only at the end.
    let store = machine.group("twins", &[]);
    let twins = ["aaaabbbb-0000-4000-8000-000000000001", "aaaabbbb-0000-4000-8000-000000000002"];
    let update = crate::oracle::update(77, &[], |txn| {
        use yrs::{Map, MapPrelim, WriteTxn};
        let messages = txn.get_or_insert_map("messages");
        for id in twins {
            let fields = [("id", id), ("author_id", ALICE), ("content", "twin")];
            messages.insert(txn, id, MapPrelim::from_iter(fields));
        }
    });
    let file = machine.path("twins.update");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", &format!("{GROUP}:chat"), &text(&file)]);
    let before = store.documents();
    for args in [
        &["chat", "show", "aaaa"][..],
        &["chat", "edit", "aaaabbbb", "x"],
        &["chat", "delete", "aaaabbbb-0000-4000-8000-00000000000"],
    ] {
        let run = store.run(&[args, &["--json"]].concat());
        run.fails(4, "names 2 messages");
        assert!(twins.iter().all(|id| run.stderr.contains(id)), "{}", run.stderr);
        assert_eq!(run.error()["code"], "ambiguous");
    }
    store.run(&["chat", "delete", "aaa"]).fails(2, "too short");
    let run = store.run(&["chat", "show", &ids[0]]);
    run.fails(4, &ids[0]);
    assert!(run.stderr.contains("chat list"), "{}", run.stderr);
    assert_eq!(store.documents(), before);
    assert_eq!(store.json(&["chat", "show", twins[0]])["id"], twins[0]);
}

#[test]
fn search_finds_what_stands_in_pieces_and_what_has_other_small_letters() {
    let machine = Machine::new("pieces");
    let store = machine.group("s", &[BOB]);
    for n in 0..40 {
        store.send(&format!("nothing of note, {n}"));
    }
    // Another program writes a message as a text, and corrects it: its word is stored in two places.
    let update = crate::oracle::update(77, &[], |txn| {
        use yrs::{Map, MapPrelim, Text, TextPrelim, WriteTxn};
        let messages = txn.get_or_insert_map("messages");
        let fields = [("id", "typed"), ("author_id", ALICE)];
        let message = messages.insert(txn, "typed", MapPrelim::from_iter(fields));
        let content = message.insert(txn, "content", TextPrelim::new("the sdle"));
        content.insert(txn, 5, "ad");
    });
    let file = machine.path("typed.update");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", &format!("{GROUP}:chat"), &text(&file)]);
    store.send("İstanbul");
    store.send("ΟΔΥΣΣΕΥΣ");
    store.ok(&["chat", "send", "--reply-to", "typed", "Saddles are out"]);
    let found = |args: &[&str]| {
        let mut found = store.column(&[&["chat", "search"], args].concat(), "content");
        found.sort();
        found
    };
    assert_eq!(found(&["SADDLE"]), ["Saddles are out", "the saddle"]);
    assert_eq!(found(&["the", "saddle"]), ["the saddle"]);
    assert_eq!(found(&["İstan"]), ["İstanbul"]);
    assert_eq!(found(&["tanbul"]), ["İstanbul"]);
    assert_eq!(found(&["οδυσσευς"]), ["ΟΔΥΣΣΕΥΣ"]);
    assert_eq!(found(&["note, 17"]), ["nothing of note, 17"]);
}

/// Also if another program gave the thread itself a time, by which a page with one record would be listed.
#[test]
fn the_last_replies_are_found_whatever_the_thread_says_of_itself() {
    let machine = Machine::new("dated thread");
    let store = machine.group("s", &[BOB]);
    // One of them is at hand in any case, to tell what the root is.
    let threads = ["a", "b", "c"].map(|text| store.send(text));
    machine.pass(60);
    // The threads of the last messages are, too.
    (0..6).for_each(|_| drop(store.send("filler")));
    for text in ["early", "late"] {
        for (thread, name) in threads.iter().zip(["a", "b", "c"]) {
            machine.pass(60);
            store.ok(&["chat", "send", "--reply-to", thread, &format!("{text} {name}")]);
        }
        machine.pass(60);
        store.send("between");
    }
    crate::audit::forged(&store, "chat", |txn| {
        use yrs::{Map, Out, WriteTxn};
        for thread in &threads {
            let Some(Out::YMap(dated)) = txn.get_or_insert_map("threads").get(txn, thread) else {
                panic!("no thread");
            };
            dated.insert(txn, "created_at", 5.0);
            dated.insert(txn, "deleted", false);
        }
    });
    machine.pass(60);
    store.send("last");
    let tail = |limit: &str| store.column(&["chat", "tail", "--limit", limit], "content");
    assert_eq!(tail("5"), ["late a", "late b", "late c", "between", "last"]);
    assert_eq!(tail("7")[..2], ["early c", "between"]);
    let found = store.column(&["chat", "search", "la", "--limit", "4"], "content");
    assert_eq!(found, ["late a", "late b", "late c", "last"]);
}

#[test]
fn search_finds_all_words_in_any_case() {
    let machine = Machine::new("search");
    let store = machine.group("s", &[BOB]);
    store.send("The harbour is closed");
    machine.pass(60);
    store.ok(&["chat", "send", "HARBOUR, tomorrow?", "--as", BOB]);
    machine.pass(60);
    let gone = store.send("harbour tomorrow, deleted");
    store.ok(&["chat", "delete", &gone]);
    store.send("Grüße vom Hafen");
    let found =
        |args: &[&str]| store.column(&[&["chat", "search"], args].concat(), "content").len();
    assert_eq!(found(&["harbour"]), 2);
    assert_eq!(found(&["Harbour", "TOMORROW"]), 1);
    assert_eq!(found(&["harbour tomorrow"]), 1);
    assert_eq!(found(&["GRÜSSE"]), 0);
    assert_eq!(found(&["grüße"]), 1);
    assert_eq!(found(&["GRÜßE", "hafen"]), 1);
    assert_eq!(found(&["harbour", "--author", BOB]), 1);
    assert_eq!(found(&["harbour", "--limit", "1"]), 1);
    assert_eq!(found(&["harbour", "--until", "90s"]), 1);
    assert_eq!(found(&["nowhere"]), 0);
    store.run(&["chat", "search"]).exits(2);
}

#[test]
fn an_empty_chat_is_empty_in_every_form() {
    let machine = Machine::new("empty");
    let store = machine.group("s", &[]);
    assert_eq!(store.json(&["chat", "list"]), json!([]));
    assert_eq!(store.run(&["chat", "list", "--json"]).stdout, "[]\n");
    assert_eq!(store.ok(&["chat", "list", "-o", "ndjson"]), "");
    assert_eq!(store.ok(&["chat", "list", "-o", "id"]), "");
    assert_eq!(store.ok(&["chat", "list"]).lines().count(), 1);
    let table = store.run(&["chat", "list", "-o", "table"]);
    assert_eq!((table.stdout.as_str(), table.stderr.as_str()), ("", "no messages\n"));
    assert_eq!(store.json(&["chat", "search", "x"]), json!([]));
    store.run(&["chat", "show", "ffff"]).fails(4, "");
    store.run(&["chat", "edit", "ffff", "x"]).fails(4, "");
    store.run(&["chat", "delete", "ffff"]).fails(4, "");
}

#[test]
fn a_chat_belongs_to_an_entity() {
    let machine = Machine::new("entities");
    let store = machine.store("s", ALICE);
    store.run(&["chat", "send", "to whom?"]).fails(4, "no entity");
    store.run(&["chat", "list"]).fails(4, "no entity");
    store.ok(&["entity", "create", "group:one", "--name", "One"]);
    store.ok(&["entity", "create", "group:two", "--name", "Two"]);
    store.run(&["chat", "send", "to whom?"]).fails(2, "which entity?");
    store.ok(&["chat", "send", "to one", "-e", "one"]);
    assert_eq!(store.column(&["chat", "list", "-e", "group:one"], "content"), ["to one"]);
    assert_eq!(store.json(&["chat", "list", "-e", "group:two"]), json!([]));
}

#[test]
fn an_author_whose_id_another_begins_with_is_told_from_that_one() {
    let machine = Machine::new("two bobs");
    let house = format!("{BOB}house");
    let alice = machine.group("alice", &[BOB, &house]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    let other = machine.replica_of(&alice, "other", &house);
    bob.send("Bob");
    bob.give(&other);
    for n in 0..9 {
        machine.pass(60);
        other.send(&format!("Treehouse {n}"));
    }
    let of =
        |args: &[&str]| other.column(&[&["chat", "list", "--author"], args].concat(), "content");
    assert_eq!(of(&[BOB, "--limit", "1"]), ["Bob"]);
    assert_eq!(of(&[BOB, "--since", "1h"]), ["Bob"]);
    assert_eq!(of(&[BOB, "--since", "90s"]), Vec::<String>::new());
    assert_eq!(of(&[&house, "--since", "90s"]), ["Treehouse 7", "Treehouse 8"]);
    assert_eq!(of(&[&house, "--limit", "1"]), ["Treehouse 8"]);
    // The beginning of both names neither.
    let both = ["chat", "list", "--author", "bob-hill-lake-tre", "--limit", "1"];
    other.run(&both).fails(4, "names 2 authors");
}
