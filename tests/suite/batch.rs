//! `batch`: many operations as one.

use crate::support::*;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Runs lines as a batch.
fn batch(store: &Store<'_>, lines: &[Value], options: &[&str]) -> Run {
    let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
    piped(store, &lines.join("\n"), options)
}

fn piped(store: &Store<'_>, input: &str, options: &[&str]) -> Run {
    let dir = text(&store.dir);
    let args = [&["-s", dir.as_str(), "batch"], options].concat();
    store.machine.run_with_stdin(&args, input.as_bytes())
}

/// The results, one per line.
#[track_caller]
fn results(run: &Run) -> Vec<Value> {
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    run.stdout.lines().map(parse).collect()
}

fn send(text: &str) -> Value {
    json!({"op": "chat.send", "text": text})
}

#[test]
fn lines_build_on_the_results_of_earlier_ones_in_one_commit() {
    let machine = Machine::new("batch");
    let store = machine.group("s", &[]);
    let lines = [
        json!({"op": "member.add", "member": BOB, "role": "admin"}),
        json!({"op": "chat.send", "entity": GROUP, "text": "hello"}),
        json!({"op": "chat.send", "text": "$1.id", "reply_to": "$2.id"}),
        json!({"op": "chat.react", "message": "$3.id", "emoji": "👍"}),
        json!({"op": "chat.edit", "message": "$2.id", "text": "hello, all"}),
        json!({"op": "chat.edit", "message": "$2.id", "text": "hello, all"}),
        json!({"op": "member.role", "member": "bob-", "role": "member"}),
        json!({"op": "entity.rename", "entity": "ocean-forest-moon-star", "name": "Friends"}),
    ];
    let run = batch(&store, &lines, &[]);
    assert!(run.stderr.contains("8 operations, 1 changed nothing"), "{}", run.stderr);
    let results = results(run.exits(0));
    let fields = ["seq", "changed", "doc", "id", "bytes_before", "bytes_after", "line"];
    assert!(results.iter().all(|result| keys(result) == fields));
    let changed: Vec<bool> = results.iter().map(|r| r["changed"].as_bool().unwrap()).collect();
    assert_eq!(changed, [true, true, true, true, true, false, true, true]);
    let (hello, reply) = (results[1]["id"].as_str().unwrap(), results[2]["id"].as_str().unwrap());
    assert_eq!((&results[3]["id"], &results[4]["id"]), (&json!(reply), &json!(hello)));
    assert_eq!(results[0]["doc"], format!("{GROUP}:core"));
    let seqs: Vec<&Value> = results.iter().map(|r| &r["seq"]).collect();
    assert!(seqs.iter().enumerate().all(|(at, seq)| (at == 5) == seq.is_null()), "{seqs:?}");
    assert!(seqs.iter().filter(|seq| !seq.is_null()).all(|seq| *seq == seqs[0]), "one commit");
    let thread = store.json(&["chat", "thread", hello]);
    assert_eq!(thread["message"]["content"], "hello, all");
    // What people write is text, whatever it looks like.
    assert_eq!(thread["replies"][0]["content"], "$1.id");
    assert_eq!(thread["replies"][0]["reactions"], json!({"👍": [ALICE]}));
    assert_eq!(store.json(&["member", "show", BOB])["role"], "member");
    store.run(&["check"]).exits(0);
}

#[test]
fn an_entity_and_all_that_is_in_it_are_one_batch() {
    let machine = Machine::new("batch entity");
    let store = machine.store("s", ALICE);
    let lines = [
        json!({"op": "entity.create", "entity": "project", "name": "Website"}),
        send("the only entity is meant"),
        json!({"op": "entity.create", "entity": "group:two", "name": "Two", "description": null}),
        json!({"op": "chat.send", "entity": "$1.id", "text": "named by its line"}),
        json!({"op": "chat.send", "entity": "two", "text": "named by its id"}),
    ];
    let ran = results(batch(&store, &lines, &[]).exits(0));
    let project = ran[0]["id"].as_str().unwrap();
    assert!(project.starts_with("project:"), "{project}");
    assert_eq!(store.json(&["chat", "list", "-e", project]).as_array().map(Vec::len), Some(2));
    assert_eq!(store.column(&["chat", "list", "-e", "two"], "content"), ["named by its id"]);
    let run = batch(&store, &[send("to whom?")], &[]);
    run.fails(2, "line 1: which entity?");
    batch(&store, &[send("to two")], &["-e", "two"]).exits(0);
    store.ok(&["entity", "use", "two"]);
    batch(&store, &[send("to two")], &[]).exits(0);
    assert_eq!(store.json(&["chat", "list", "-e", "two"]).as_array().map(Vec::len), Some(3));
    batch(&store, &[json!({"op": "prune", "entity": "group:none"})], &[]).fails(4, "no entity");
}

#[test]
fn all_lines_or_none() {
    let machine = Machine::new("all or none");
    let store = machine.group("s", &[BOB]);
    store.send("before");
    let before = store.files();
    for (line, code, message) in [
        (json!({"op": "chat.sned", "text": "x"}), 2, "line 3: there is no operation \"chat.sned\""),
        (json!({"op": "chat.send", "txet": "x"}), 2, "line 3: chat.send has no field \"txet\""),
        (json!({"op": "chat.edit", "text": "x"}), 2, "line 3: chat.edit: missing field `message`"),
        (json!({"op": "chat.send", "text": 5}), 2, "line 3: chat.send: invalid type"),
        (json!({"text": "x"}), 2, "line 3: no \"op\""),
        (json!(["chat.send"]), 2, "line 3: not a JSON object"),
        (json!({"op": "chat.send", "text": ""}), 2, "line 3: an empty message"),
        (json!({"op": "chat.delete", "message": "ffffffff"}), 4, "line 3: no message"),
        (
            json!({"op": "chat.delete", "message": "$3.id"}),
            2,
            "line 3: $3.id does not refer to an earlier line",
        ),
        (
            json!({"op": "chat.delete", "message": "$2.id"}),
            2,
            "line 3: $2.id refers to an empty line",
        ),
        (json!({"op": "chat.delete", "message": "$1.seq"}), 2, "line 3: $1.seq means nothing"),
        (
            json!({"op": "member.remove", "member": ALICE}),
            1,
            "line 3: alice-river-stone-sky is the last",
        ),
        (
            json!({"op": "chat.send", "text": "x", "attach": "/nowhere/x"}),
            4,
            "line 3: there is no file",
        ),
        (
            json!({"op": "chat.send", "text": "x", "attachments": [{"filename": "../x", "size_bytes": 1}]}),
            2,
            "line 3: not the name of a file",
        ),
    ] {
        for options in [&[][..], &["-n"]] {
            let input = format!("{}\n\n{line}\n", send("good"));
            piped(&store, &input, options).fails(code, message);
        }
        assert_eq!(store.files(), before, "{line}");
    }
    let run = piped(&store, "{\"op\":\"chat.send\",\n", &["--json"]);
    run.fails(2, "line 1: not JSON: EOF");
    assert_eq!(run.error()["code"], "usage");
    let dir = text(&store.dir);
    let latin =
        machine.run_with_stdin(&["-s", &dir, "batch"], b"{\"op\":\"chat.send\",\"text\":\"\xe9\"}");
    latin.fails(2, "line 1: not JSON");
    store.run(&["batch", "/nowhere/x.ndjson"]).fails(4, "no file");
    let nothing = piped(&store, "\n\n", &[]);
    assert_eq!((nothing.exits(0).stdout.as_str(), store.files()), ("", before));
    store.run(&["batch", "-", "--as", CAROL]).exits(0);
    batch(&store, &[send("x")], &["--as", CAROL]).fails(1, "not an active member");
}

#[test]
fn keep_going_does_the_good_ones() {
    let machine = Machine::new("keep going");
    let store = machine.group("s", &[]);
    let lines = [
        send("one"),
        json!({"op": "chat.edit", "message": "ffffffff", "text": "x"}),
        json!({"op": "chat.react", "message": "$2.id", "emoji": "👍"}),
        send("two"),
        json!({"op": "chat.react", "message": "$4.id", "emoji": "👍"}),
    ];
    let run = batch(&store, &lines, &["--keep-going"]);
    let ran = results(run.exits(3));
    assert_eq!(ran.len(), 5);
    assert_eq!(keys(&ran[1]), ["line", "error"]);
    assert_eq!((&ran[1]["line"], &ran[1]["error"]["code"]), (&json!(2), &json!("not-found")));
    assert_eq!(ran[1]["error"]["exit"], 4);
    assert!(ran[2]["error"]["message"].as_str().unwrap().contains("line 2 failed"));
    assert!(run.stderr.contains("5 operations, 2 failed"), "{}", run.stderr);
    assert_eq!(store.json(&["chat", "list"]).as_array().map(Vec::len), Some(2));
    let array = batch(&store, &lines, &["-k", "--json"]);
    assert_eq!(array.exits(3).parsed().as_array().map(Vec::len), Some(5));
    let table = batch(&store, &lines, &["-k", "-o", "table"]);
    assert!(table.exits(3).stdout.starts_with("LINE"), "{}", table.stdout);
    assert!(table.stdout.contains("no message \"ffffffff\""), "{}", table.stdout);
    // Only failures: nothing is written.
    let before = store.files();
    batch(&store, &lines[1..3], &["-k"]).exits(3);
    assert_eq!(store.files(), before);
}

#[test]
fn what_fails_half_way_leaves_nothing_behind() {
    let machine = Machine::new("half-way");
    let store = machine.group("s", &[]);
    // Exhausted: a key is created again at most thirty times, which shows only during the write.
    let add = json!({"op": "member.add", "member": BOB});
    let mut lines = vec![send("first")];
    for _ in 0..31 {
        lines.extend([add.clone(), json!({"op": "member.remove", "member": BOB})]);
    }
    lines.extend([
        add.clone(),
        send("last"),
        json!({"op": "chat.react", "message": "$1.id", "emoji": "👍"}),
    ]);
    batch(&store, &lines, &[]).fails(1, "line 64: bob-hill-lake-tree was removed and added again");
    let ran = results(batch(&store, &lines, &["-k"]).exits(3));
    let failed: Vec<&Value> =
        ran.iter().filter(|r| r.get("error").is_some()).map(|r| &r["line"]).collect();
    assert_eq!(failed, [64]);
    assert_eq!(store.column(&["chat", "list"], "content"), ["first", "last"]);
    assert_eq!(
        store.json(&["chat", "show", ran[0]["id"].as_str().unwrap()])["reactions"],
        json!({"👍": [ALICE]})
    );
    assert_eq!(store.column(&["member", "list", "--all"], "member_id"), [ALICE]);
    store.run(&["check"]).exits(0);
}

#[test]
fn a_dry_run_of_a_batch_writes_nothing_and_prints_no_new_id() {
    let machine = Machine::new("dry batch");
    let store = machine.group("s", &[]);
    let old = store.send("old");
    let before = store.files();
    let lines = [
        send("new"),
        json!({"op": "chat.edit", "message": "$1.id", "text": "newer"}),
        json!({"op": "chat.edit", "message": &old[..8], "text": "older"}),
    ];
    let run = batch(&store, &lines, &["--dry-run"]);
    let ran = results(run.exits(0));
    let ids: Vec<&Value> = ran.iter().map(|r| &r["id"]).collect();
    assert_eq!(ids, [&Value::Null, &Value::Null, &json!(old)]);
    assert!(ran.iter().all(|r| r["seq"].is_null() && r["dry_run"] == true && r["changed"] == true));
    assert!(run.stderr.contains("dry run, nothing is written"), "{}", run.stderr);
    assert_eq!(store.files(), before);
}

/// The ids of new records begin with any hexadecimal digit, and so may the texts that people write.
#[test]
fn a_dry_run_of_a_batch_prints_no_new_id_that_begins_like_a_text() {
    let machine = Machine::new("dry letters");
    let store = machine.group("s", &[]);
    let old = store.send("old");
    let letters = "0123456789abcdef".repeat(4);
    let letters = letters.chars().map(String::from);
    let mut lines: Vec<Value> = letters.map(|letter| send(&letter)).collect();
    // Existing records keep their ids, however they are named.
    lines.push(json!({"op": "chat.edit", "message": old, "text": &old[..1]}));
    // A record whose id the line gives does not exist yet either, and a change of it changes nothing real.
    lines.push(json!({"op": "member.add", "member": BOB}));
    lines.push(json!({"op": "member.role", "member": BOB, "role": "admin"}));
    lines.push(json!({"op": "member.role", "member": ALICE, "role": "owner"}));
    lines.push(json!({"op": "entity.create", "entity": "project:p", "name": "P"}));
    lines.push(json!({"op": "kanban.column.add", "entity": "project:p", "title": "Backlog"}));
    let run = batch(&store, &lines, &["-n", "-e", GROUP]);
    let ran = results(run.exits(0));
    let shown: Vec<&Value> = ran.iter().map(|r| &r["id"]).filter(|id| !id.is_null()).collect();
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert_eq!(shown[..2], [&json!(old), &json!(ALICE)]);
    assert_eq!(store.column(&["chat", "list"], "id"), [old]);
    // The same for commands: a record that is not really made has no id, an existing one has its own.
    let dry = |args: &[&str]| store.json(&[args, &["-n"]].concat())["id"].clone();
    assert_eq!(dry(&["chat", "send", "a"]), Value::Null);
    assert_eq!(dry(&["member", "add", BOB]), Value::Null);
    assert_eq!(dry(&["member", "add", ALICE]), json!(ALICE));
}

#[test]
fn files_are_attached_as_the_command_does() {
    let machine = Machine::new("batch attach");
    let store = machine.group("s", &[]);
    let file = machine.path("a.md");
    std::fs::write(&file, "abc").unwrap();
    let lines = [
        json!({"op": "chat.send", "attach": [text(&file)]}),
        json!({"op": "chat.send", "text": "x", "attach": text(&file), "attachments":
            [{"filename": "b.bin", "size_bytes": 7, "mime_type": "image/x-odd"}]}),
    ];
    let ran = results(batch(&store, &lines, &[]).exits(0));
    let attached = |at: usize| {
        let shown = store.json(&["chat", "show", ran[at]["id"].as_str().unwrap()]);
        column(&shown["attachments"], "mime_type")
    };
    assert_eq!(attached(0), ["text/markdown"]);
    assert_eq!(attached(1), ["image/x-odd", "text/markdown"]);
}

#[test]
fn ten_thousand_operations_are_a_normal_use() {
    let machine = Machine::new("ten thousand");
    let store = machine.group("s", &[]);
    let first = store.send("the thread");
    let mut lines = Vec::new();
    for n in 1..=2500 {
        lines.push(send(&format!("message {n}")));
        lines.push(
            json!({"op": "chat.edit", "message": format!("${}.id", lines.len()), "text": "edited"}),
        );
        lines.push(json!({"op": "chat.send", "text": "reply", "reply_to": first}));
        lines.push(
            json!({"op": "chat.react", "message": format!("${}.id", lines.len()), "emoji": "👍"}),
        );
    }
    let start = Instant::now();
    let run = batch(&store, &lines, &[]);
    let took = start.elapsed();
    assert_eq!(results(run.exits(0)).len(), 10_000);
    // Unoptimised and on a busy machine it takes seconds. Work linear in the document for each operation
    // would take minutes.
    assert!(took < Duration::from_secs(60), "{took:?}");
    let list = store.json(&["chat", "list"]);
    assert_eq!(list.as_array().map(Vec::len), Some(2501));
    let thread = store.json(&["chat", "thread", &first]);
    assert_eq!(thread["reply_count"], 2500);
    assert_eq!(store.json(&["doc", "dump", "chat"])["threads"][&first]["reply_count"], 2500);
    assert_eq!(
        store.json(&["log"]).as_array().and_then(|log| log.last().cloned()).unwrap()["operations"],
        10_000
    );
    // More than a chat holds is refused, by whatever way it comes.
    let long = "x".repeat(9_999);
    let many: Vec<Value> = (0..1_100).map(|_| send(&long)).collect();
    batch(&store, &many, &["-n"]).fails(1, "more than its limit");
}

/// Lines about files write together, which changes neither their reports nor what later lines see.
#[test]
fn lines_about_files_build_on_each_other_as_others_do() {
    let machine = Machine::new("batch files");
    let store = machine.group("s", &[]);
    let put = |path: &str, text: &str| json!({"op": "disk.put", "path": path, "text": text});
    std::fs::write(machine.path("oars.txt"), "port 2\n").unwrap();
    let lines = [
        put("/shared/a.md", "a\n"),
        put("/shared/b.md", "b\n"),
        json!({"op": "disk.move", "file": "$1.id", "to": "/shared/c.md"}),
        put("/shared/a.md", "another\n"),
        put("/shared/b.md", "b\n"),
        put("/shared/d/../e.md", "no\n"),
        json!({"op": "chat.send", "text": "$4.id", "attach": text(&machine.path("oars.txt"))}),
        json!({"op": "chat.send", "text": "none", "attach": text(&machine.path("nowhere.txt"))}),
        put("/shared/b.md", "b, and more\n"),
        json!({"op": "disk.remove", "file": "$4.id"}),
        json!({"op": "disk.move", "file": "$4.id", "to": "/shared/f.md"}),
        put("/private/p.md", "p\n"),
    ];
    batch(&store, &lines, &[]).exits(2);
    assert_eq!(store.json(&["disk", "list"]), json!([]), "all lines or none");
    let dry = results(batch(&store, &lines, &["--keep-going", "-n"]).exits(3));
    assert!(dry[0]["id"].is_null() && dry[2]["id"].is_null(), "{dry:?}");
    let run = batch(&store, &lines, &["--keep-going"]);
    let results = results(run.exits(3));
    assert!(run.stderr.contains("12 operations, 1 changed nothing, 3 failed"), "{}", run.stderr);
    let failed: Vec<i64> = results
        .iter()
        .filter(|result| !result["error"].is_null())
        .map(|result| result["line"].as_i64().unwrap())
        .collect();
    assert_eq!(failed, [6, 8, 11]);
    let id = |line: usize| results[line - 1]["id"].clone();
    assert_eq!((id(3), id(5), id(9), id(10)), (id(1), id(2), id(2), id(4)));
    assert_ne!(id(1), id(4));
    // Nobody else has to acknowledge it.
    assert_eq!(results[9]["pruned"], json!([id(4)]));
    let text_of = |path: &str| store.ok(&["disk", "cat", path]);
    assert_eq!(
        column(&store.json(&["disk", "list"]), "path"),
        ["/private/p.md", "/shared/attachments/oars.txt", "/shared/b.md", "/shared/c.md",]
    );
    assert_eq!(
        (text_of("/shared/b.md"), text_of("/shared/c.md")),
        ("b, and more".into(), "a".into())
    );
    let operations = store.json(&["log", "show", "2"])["operations"].clone();
    let names: Vec<&str> = operations
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["operation"]["op"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "disk.put",
            "disk.put",
            "disk.move",
            "disk.put",
            "disk.put",
            "chat.send",
            "disk.put",
            "disk.remove",
            "disk.put",
        ]
    );
    store.run(&["disk", "status"]).exits(0);
}
