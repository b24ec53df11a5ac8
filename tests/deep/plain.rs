//! Records that other programs wrote as plain values, of every kind and at every level: every command on them
//! answers or refuses with a hint, none of them fails; and the result of the repair is the same on every
//! replica.
//!
//! `CRDTCTL_PLAIN` sets the number of documents; a failure prints its seed, and `CRDTCTL_SEED_ONE` runs only
//! that one.

use super::support::{ALICE, BOB, CAROL, Machine, PROJECT, Run, Store, number, text};
use crdtctl::sample::Chance;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, ArrayRef, Doc, In, Map, MapPrelim, MapRef, Options, Out, ReadTxn,
    StateVector, TextPrelim, Transact, TransactionMut, WriteTxn,
};

const DEFAULT: u64 = 2;
/// Ids that a path, a shell or a pattern could misread.
const ODD: [&str; 8] = ["#0", "#1", "$1.id", "*", "a/b", "~0", "", "plain id"];

/// A program that writes JSON values where maps belong.
struct Writer {
    chance: Chance,
    at: i64,
    made: u64,
}

impl Writer {
    fn one_in(&mut self, n: u64) -> bool {
        self.chance.below(n) == 0
    }

    fn id(&mut self) -> String {
        self.made += 1;
        match self.one_in(4) {
            true => (*self.chance.pick(&ODD).unwrap()).to_owned(),
            false => format!("{:08x}-plain-{}", self.chance.below(1 << 32), self.made),
        }
    }

    fn member(&mut self) -> String {
        (*self.chance.pick(&[ALICE, BOB, CAROL, "nobody"]).unwrap()).to_owned()
    }

    /// Something that is no record at all.
    fn oddity(&mut self) -> Value {
        let odd = [json!(null), json!(true), json!(17), json!("words"), json!([1, "x"]), json!({})];
        self.chance.pick(&odd).unwrap().clone()
    }

    /// Fields of a record, some left out, some of a wrong type.
    fn some(&mut self, fields: Vec<(&str, Value)>) -> Value {
        let mut record = serde_json::Map::new();
        for (name, value) in fields {
            match self.chance.below(12) {
                0 => {}
                1 => drop(record.insert(name.to_owned(), self.oddity())),
                _ => drop(record.insert(name.to_owned(), value)),
            }
        }
        Value::Object(record)
    }

    fn acknowledgements(&mut self) -> Value {
        json!({ self.member(): self.at })
    }

    fn reactions(&mut self) -> Value {
        json!({ "👍": [self.member(), self.member()], "🎉": self.oddity() })
    }

    fn message(&mut self, id: &str) -> Value {
        let fields = vec![
            ("id", json!(id)),
            ("author_id", json!(self.member())),
            ("content", json!("plain words")),
            ("created_at", json!(self.at)),
            ("updated_at", json!(self.at)),
            ("deleted", json!(self.one_in(4))),
            ("deleted_at", json!(self.at)),
            ("ack_vector", self.acknowledgements()),
            ("reactions", self.reactions()),
            ("attachments", json!([{"id": "f", "filename": "x.png", "size_bytes": 3}, 5])),
        ];
        self.some(fields)
    }

    fn thread(&mut self, id: &str) -> Value {
        let reply = self.id();
        let message = self.message(&reply);
        self.some(vec![
            ("parent_id", json!(id)),
            ("replies", json!({ reply: message })),
            ("reply_count", json!(1)),
        ])
    }

    fn card(&mut self, id: &str, column: &str) -> Value {
        let archived = self.one_in(3);
        self.some(vec![
            ("id", json!(id)),
            ("title", json!("a plain card")),
            ("column_id", json!(column)),
            ("created_at", json!(self.at)),
            ("archived", json!(archived)),
            ("ack_vector", json!({ALICE: self.at})),
        ])
    }

    fn comment(&mut self) -> Value {
        let id = self.id();
        let (member, deleted) = (self.member(), self.one_in(3));
        self.some(vec![
            ("id", json!(id)),
            ("author_id", json!(member)),
            ("content", json!("a plain comment")),
            ("created_at", json!(self.at)),
            ("deleted", json!(deleted)),
        ])
    }

    fn issue(&mut self, id: &str) -> Value {
        let comments = json!([self.comment(), self.comment(), self.oddity()]);
        let closed = self.one_in(3);
        self.some(vec![
            ("id", json!(id)),
            ("title", json!("a plain issue")),
            ("status", json!("todo")),
            ("created_at", json!(self.at)),
            ("closed", json!(closed)),
            ("comments", comments),
        ])
    }

    fn element(&mut self, id: &str) -> Value {
        let deleted = self.one_in(3);
        self.some(vec![
            ("id", json!(id)),
            ("element_type", json!("text")),
            ("x", json!(5)),
            ("y", json!(6.5)),
            ("width", json!(10)),
            ("height", json!(10)),
            ("data", json!({"content": "hi"})),
            ("updated_at", json!(self.at)),
            ("deleted", json!(deleted)),
        ])
    }

    fn person(&mut self, id: &str) -> Value {
        let deleted = self.one_in(3);
        self.some(vec![
            ("member_id", json!(id)),
            ("role", json!("member")),
            ("joined_at", json!(self.at)),
            ("deleted", json!(deleted)),
            ("deleted_at", json!(self.at)),
            ("ack_vector", json!({ALICE: self.at})),
        ])
    }

    /// Puts a record into a map, as one value or, sometimes, as something that is not even a value.
    fn put(&mut self, txn: &mut TransactionMut<'_>, map: &MapRef, key: &str, record: Value) {
        match self.chance.below(12) {
            0 => drop(map.insert(txn, key, any(&self.oddity()))),
            1 => drop(map.insert(txn, key, TextPrelim::new("a text"))),
            2 => drop(map.insert(txn, key, ArrayPrelim::from([In::Any(Any::Bool(true))]))),
            // A map whose fields are plain values.
            3 | 4 => drop(map.insert(txn, key, shallow(&record))),
            _ => drop(map.insert(txn, key, any(&record))),
        }
    }

    fn push(&mut self, txn: &mut TransactionMut<'_>, array: &ArrayRef, record: Value) {
        let end = array.len(txn);
        let at = self.chance.below(u64::from(end) + 1) as u32;
        match self.chance.below(6) {
            0 => drop(array.insert(txn, at, any(&self.oddity()))),
            1 => drop(array.insert(txn, at, shallow(&record))),
            2 => array.insert_range(txn, at, [any(&record), any(&self.comment())]),
            _ => drop(array.insert(txn, at, any(&record))),
        }
    }

    /// Rewrites some fields of existing maps as plain values.
    fn spoil(&mut self, txn: &mut TransactionMut<'_>, map: &MapRef, names: &[&str]) {
        let mut records: Vec<(String, MapRef)> = map
            .iter(txn)
            .filter_map(|(key, out)| match out {
                Out::YMap(record) => Some((key.to_owned(), record)),
                _ => None,
            })
            .collect();
        records.sort_by(|a, b| a.0.cmp(&b.0));
        for (key, record) in records {
            for name in names {
                if self.one_in(3) {
                    let value = match *name {
                        "ack_vector" => self.acknowledgements(),
                        "reactions" => self.reactions(),
                        "comments" => json!([self.comment(), self.comment()]),
                        "replies" => {
                            let id = self.id();
                            json!({ id.clone(): self.message(&id) })
                        }
                        "id" => json!(self.id()),
                        _ => json!([key]),
                    };
                    let value = if self.one_in(5) { self.oddity() } else { value };
                    record.insert(txn, *name, any(&value));
                }
            }
        }
    }

    fn write(&mut self, concern: &str, txn: &mut TransactionMut<'_>) {
        let ids: Vec<String> = (0..3).map(|_| self.id()).collect();
        match concern {
            "core" => {
                let members = txn.get_or_insert_map("members");
                for id in [CAROL, "dave-oak-elm-ash", "#0"] {
                    let record = self.person(id);
                    self.put(txn, &members, id, record);
                }
                self.spoil(txn, &members, &["ack_vector"]);
            }
            "chat" => {
                let (messages, threads) =
                    (txn.get_or_insert_map("messages"), txn.get_or_insert_map("threads"));
                self.spoil(txn, &messages, &["reactions", "attachments", "ack_vector", "id"]);
                self.spoil(txn, &threads, &["replies"]);
                for id in &ids {
                    let (message, thread) = (self.message(id), self.thread(id));
                    self.put(txn, &messages, id, message);
                    self.put(txn, &threads, id, thread);
                }
            }
            "kanban" => {
                let (columns, cards) =
                    (txn.get_or_insert_array("columns"), txn.get_or_insert_map("cards"));
                for id in &ids {
                    let column = json!({"id": id, "title": id, "order": 1, "card_order": ids});
                    self.push(txn, &columns, column);
                    let card = self.card(id, id);
                    self.put(txn, &cards, id, card);
                }
                self.spoil(txn, &cards, &["ack_vector", "id"]);
            }
            "issues" => {
                let issues = txn.get_or_insert_map("issues");
                let lists: Vec<ArrayRef> = issues
                    .iter(txn)
                    .filter_map(|(_, out)| match out {
                        Out::YMap(issue) => match issue.get(txn, "comments") {
                            Some(Out::YArray(comments)) => Some(comments),
                            _ => None,
                        },
                        _ => None,
                    })
                    .collect();
                for list in lists.iter().take(1) {
                    for _ in 0..3 {
                        let comment = self.comment();
                        self.push(txn, list, comment);
                    }
                }
                self.spoil(txn, &issues, &["comments", "ack_vector", "id"]);
                for id in &ids {
                    let issue = self.issue(id);
                    self.put(txn, &issues, id, issue);
                }
            }
            _ => {
                let elements = txn.get_or_insert_map("elements");
                self.spoil(txn, &elements, &["ack_vector", "id"]);
                for id in &ids {
                    let element = self.element(id);
                    self.put(txn, &elements, id, element);
                }
            }
        }
    }
}

fn any(value: &Value) -> Any {
    Any::from_json(&value.to_string()).unwrap()
}

/// A shared map whose fields are plain values.
fn shallow(record: &Value) -> MapPrelim {
    let fields = record.as_object().into_iter().flatten();
    MapPrelim::from_iter(fields.map(|(name, value)| (name.clone(), In::Any(any(value)))))
}

/// A project with something of every kind, with another program's plain values added.
fn spoilt<'m>(machine: &'m Machine, seed: u64) -> Store<'m> {
    let store = machine.project("store", &[BOB, CAROL]);
    let message = store.send("as it should be");
    store.ok(&["chat", "react", &message, "👍"]);
    store.ok(&["chat", "send", "--reply-to", &message, "a reply"]);
    store.ok(&["kanban", "add", "a card"]);
    let issue = store.ok(&["issue", "open", "an issue"]);
    store.ok(&["issue", "comment", &issue, "the first"]);
    store.ok(&["issue", "comment", &issue, "the second"]);
    store.ok(&["canvas", "add", "text", "--at", "0,0", "--size", "10,10"]);
    let mut writer = Writer { chance: Chance::new(seed), at: machine.now(), made: 0 };
    for concern in ["core", "chat", "kanban", "issues", "canvas"] {
        let doc = format!("{PROJECT}:{concern}");
        let client = match writer.one_in(3) {
            true => (1 << 52) + writer.chance.below(1 << 51),
            false => 1 + writer.chance.below(1 << 31),
        };
        let options = Options::with_client_id(yrs::ClientID::new(client));
        let yrs = Doc::with_options(options);
        let base = std::fs::read(store.document(&doc)).unwrap();
        let mut txn = yrs.transact_mut();
        txn.apply_update(yrs::Update::decode_v1(&base).unwrap()).unwrap();
        drop(txn);
        let mut txn = yrs.transact_mut();
        writer.write(concern, &mut txn);
        drop(txn);
        let state = yrs.transact().encode_state_as_update_v1(&StateVector::default());
        let file = machine.path("foreign.yrs");
        std::fs::write(&file, state).unwrap();
        answers(store.run(&["sync", "import", "--raw", &doc, &text(&file)]), seed);
    }
    store
}

/// The keys of the records of a collection, as the document holds them.
fn ids(store: &Store<'_>, concern: &str, root: &str) -> Vec<String> {
    let dump = store.run(&["doc", "dump", &format!("{PROJECT}:{concern}")]).json();
    match &dump[root] {
        Value::Object(records) => records.keys().cloned().collect(),
        Value::Array(records) => {
            let id = |record: &Value| record["id"].as_str().map(str::to_owned);
            records.iter().filter_map(id).collect::<BTreeSet<_>>().into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Asserts that a command answers, or refuses with a hint.
#[track_caller]
fn answers(run: Run, seed: u64) -> Run {
    let itself = run.code == 2 && run.stderr.contains("cannot go to itself");
    assert!(itself || [0, 1, 3, 4].contains(&run.code), "seed {seed}: {run:#?}");
    if matches!(run.code, 1 | 4) {
        let plain = run.stderr.contains("plain value");
        assert!(
            !plain || run.stderr.contains("hint: `crdtctl repair plain-value-"),
            "seed {seed}: {run:#?}"
        );
        assert!(
            run.stderr.contains("hint: ") || run.stderr.contains("is deleted"),
            "seed {seed}: {run:#?}"
        );
    }
    run
}

/// Every command about the records of a store, with ids after `--`.
fn commands(store: &Store<'_>) -> Vec<Vec<String>> {
    let mut all: Vec<Vec<String>> = Vec::new();
    let mut say = |words: &[&str]| all.push(words.iter().map(|word| (*word).to_owned()).collect());
    for words in [
        &["chat", "list", "--all"][..],
        &["chat", "search", "plain"],
        &["kanban", "board"],
        &["kanban", "list", "--all"],
        &["issue", "list", "--all"],
        &["canvas", "list", "--all"],
        &["canvas", "render", "-O", "-"],
        &["member", "list", "--all"],
        &["entity", "show"],
        &["tombstone", "list"],
        &["check"],
        &["check", "--deep"],
        &["digest", "--words"],
        &["prune", "-n"],
        &["conflict", "list"],
        &["kanban", "add", "another"],
        &["canvas", "add", "text", "--at", "1,1", "--size", "5,5"],
        &["chat", "list", "--threads", "--unread"],
        &["chat", "read"],
        &["chat", "tail", "--limit", "20"],
        &["tombstone", "list", "--by", "member"],
        &["archive", "run"],
        &["archive", "list"],
        &["trash", "list"],
        &["status"],
        &["log"],
        &["sync", "status"],
    ] {
        say(words);
    }
    for command in ["chat", "kanban", "issue"] {
        for format in ["markdown", "html", "csv", "ndjson"] {
            say(&[command, "export", "--as", format, "-O", "-"]);
        }
    }
    for view in store.ok(&["sql", "--schema", "-o", "id"]).lines() {
        say(&["sql", &format!("SELECT * FROM {view}")]);
    }
    // For everything written up to then.
    for seq in 1..8 {
        say(&["log", "show", &seq.to_string()]);
        say(&["log", "revert", &seq.to_string()]);
    }
    for concern in ["core", "chat", "kanban", "issues", "canvas"] {
        for verb in ["dump", "tree", "size", "blocks"] {
            say(&["doc", verb, &format!("{PROJECT}:{concern}")]);
        }
    }
    for root in ["messages", "threads"] {
        for id in ids(store, "chat", root) {
            say(&["chat", "show", "--", &id]);
            say(&["chat", "thread", "--", &id]);
            say(&["log", &format!("--record={id}")]);
            say(&["chat", "edit", "--", &id, "new words"]);
            say(&["chat", "react", "--", &id, "👍"]);
            say(&["chat", "react", "--remove", "--", &id, "👍"]);
            say(&["chat", "send", &format!("--reply-to={id}"), "a reply"]);
            say(&["chat", "delete", "--", &id]);
        }
    }
    let cards = ids(store, "kanban", "cards");
    for column in ids(store, "kanban", "columns") {
        say(&["kanban", "column", "rename", "--", &column, "renamed"]);
        say(&["kanban", "column", "move", "--first", "--", &column]);
        say(&["kanban", "add", "a card", &format!("--column={column}")]);
        if let Some(card) = cards.last() {
            say(&["kanban", "move", "--", card, &column]);
        }
        say(&["kanban", "column", "remove", "--to=Done", "--", &column]);
    }
    for id in cards {
        say(&["kanban", "show", "--", &id]);
        say(&["kanban", "edit", "--title=other", "--", &id]);
        say(&["kanban", "move", "--", &id, "Done"]);
        say(&["kanban", "archive", "--", &id]);
        say(&["kanban", "restore", "--", &id]);
    }
    for id in ids(store, "issues", "issues") {
        say(&["issue", "show", "--", &id]);
        say(&["issue", "comments", "--", &id]);
        say(&["issue", "edit", "--title=other", "--", &id]);
        say(&["issue", "status", "--", &id, "in-progress"]);
        say(&["issue", "priority", "--", &id, "high"]);
        say(&["issue", "assign", "--", &id, BOB]);
        say(&["issue", "comment", "--", &id, "words"]);
        for comment in comments(store, &id) {
            say(&["issue", "comment", &format!("--edit={comment}"), "--", &id, "other words"]);
            say(&["issue", "comment", &format!("--delete={comment}"), "--", &id]);
        }
        say(&["issue", "close", "--", &id]);
        say(&["issue", "reopen", "--", &id]);
    }
    for id in ids(store, "canvas", "elements") {
        say(&["canvas", "show", "--", &id]);
        say(&["canvas", "set", "--", &id, "width=7"]);
        say(&["canvas", "move", "--", &id, "3,3"]);
        say(&["canvas", "delete", "--", &id]);
        say(&["canvas", "undo"]);
        say(&["canvas", "redo"]);
    }
    for id in ids(store, "core", "members") {
        say(&["member", "show", "--", &id]);
        say(&["tombstone", "why", "--", &id]);
        say(&["member", "role", "--", &id, "viewer"]);
        say(&["member", "remove", "--", &id]);
        say(&["member", "add", "--", &id]);
    }
    all
}

fn comments(store: &Store<'_>, issue: &str) -> Vec<String> {
    let dump = store.run(&["doc", "dump", &format!("{PROJECT}:issues")]).json();
    let list = dump["issues"][issue]["comments"].as_array().cloned().unwrap_or_default();
    list.iter().filter_map(|comment| comment["id"].as_str().map(str::to_owned)).collect()
}

fn findings(store: &Store<'_>, kind: &str) -> Vec<String> {
    let run = store.run(&["check", "--json"]);
    let found = run.parsed();
    let of_kind = found.as_array().unwrap().iter().filter(|finding| finding["kind"] == kind);
    of_kind.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

fn repair(store: &Store<'_>, seed: u64) {
    for kind in ["plain-value", "id-differs"] {
        let ids = findings(store, kind);
        if !ids.is_empty() {
            let words: Vec<&str> =
                ["repair"].into_iter().chain(ids.iter().map(String::as_str)).collect();
            let run = store.run(&words);
            assert_eq!(run.code, 0, "seed {seed}: {run:#?}");
        }
        let left = store.run(&["check", "--json"]).stdout;
        assert_eq!(findings(store, kind), [""; 0], "seed {seed}: {left}");
    }
}

/// What people see of the records, by collection and id.
fn shown(store: &Store<'_>) -> BTreeMap<String, Value> {
    let lists = [
        &["chat", "list", "--all"][..],
        &["kanban", "list", "--all"],
        &["issue", "list", "--all"],
        &["canvas", "list", "--all"],
        &["member", "list", "--all"],
    ];
    let mut shown = BTreeMap::new();
    for list in lists {
        for row in store.json(list).as_array().unwrap() {
            let id = ["id", "member_id"].iter().find_map(|name| row[*name].as_str());
            shown.insert(format!("{} {}", list[0], id.unwrap_or_default()), row.clone());
        }
    }
    shown
}

/// The parts of a record that no repair may change. Values of a wrong type are shown as nothing by the lists,
/// and are in the quarantine.
fn lasting(row: &Value) -> Value {
    let names = ["content", "author_id", "title", "status", "role", "x", "width", "column_id"];
    names.iter().map(|name| row[*name].clone()).collect()
}

/// The ledger's entries for records. If two replicas made an array of reactions that the other program had
/// left out, the members in one of them are united with the other, and listed without a record.
fn records_lost(store: &Store<'_>) -> Vec<Value> {
    let lost = store.json(&["conflict", "list"]);
    let records = lost.as_array().unwrap().iter().filter(|lost| !lost["kind"].is_null());
    records.cloned().collect()
}

fn documents() -> u64 {
    number("CRDTCTL_PLAIN").unwrap_or(DEFAULT)
}

fn seeds() -> std::ops::Range<u64> {
    match number("CRDTCTL_SEED_ONE") {
        Some(one) => one..one + 1,
        None => 0..documents(),
    }
}

#[test]
fn every_command_on_a_plain_value_answers_or_refuses_with_a_hint() {
    for seed in seeds() {
        let machine = Machine::new(&format!("plain {seed}"));
        let store = spoilt(&machine, seed);
        let mut chance = Chance::new(seed + 1_000_000);
        // Not all of them on every document: the order matters, too.
        let mut commands = commands(&store);
        while !commands.is_empty() {
            let words = commands.swap_remove(chance.below(commands.len() as u64) as usize);
            if documents() > DEFAULT || chance.below(3) == 0 {
                machine.pass(1);
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                answers(store.run(&words), seed);
            }
        }
    }
}

#[test]
fn replicas_that_repair_at_once_have_one_record() {
    for seed in seeds() {
        let machine = Machine::new(&format!("plain at once {seed}"));
        let store = spoilt(&machine, seed);
        let other = machine.replica_of(&store, "other", BOB);
        store.meet(&other);
        let before = shown(&store);
        // What the other program overwrote is in the ledger from then on.
        let overwritten = [records_lost(&store), records_lost(&other)];
        machine.pass(60);
        repair(&store, seed);
        repair(&other, seed);
        // Each writes into what it has made before they synchronise.
        for replica in [&store, &other] {
            for id in ids(&store, "chat", "messages") {
                answers(replica.run(&["chat", "react", "--", &id, "🌊"]), seed);
            }
            for id in ids(&store, "issues", "issues") {
                let run = answers(
                    replica.run(&["issue", "comment", "--", &id, "after the repair"]),
                    seed,
                );
                assert_eq!(run.code, 0, "seed {seed}: {run:#?}");
            }
        }
        store.meet(&other);
        assert_eq!(findings(&store, "plain-value"), [""; 0], "seed {seed}");
        let lost = [records_lost(&store), records_lost(&other)];
        assert_eq!(lost, overwritten, "seed {seed}: who makes the same loses nothing");
        let after = shown(&store);
        assert_eq!(
            before.keys().collect::<Vec<_>>(),
            after.keys().collect::<Vec<_>>(),
            "seed {seed}: no record comes or goes"
        );
        let messages: BTreeSet<String> = ids(&store, "chat", "messages").into_iter().collect();
        for (id, row) in &before {
            assert_eq!(lasting(row), lasting(&after[id]), "seed {seed}: {id}");
            let after = &after[id];
            // Replies of deleted messages are listed too; nobody reacted to those.
            let is_message = id.strip_prefix("chat ").is_some_and(|id| messages.contains(id));
            if is_message && after["deleted"] == false {
                assert_eq!(after["reactions"]["🌊"], json!([ALICE, BOB]), "seed {seed}: {id}");
            }
            if id.starts_with("issue") {
                let comments = after["comments"].as_array().unwrap();
                let new = comments.iter().filter(|c| c["content"] == "after the repair");
                assert_eq!(new.count(), 2, "seed {seed}: {id}: {comments:#?}");
            }
        }
    }
}
