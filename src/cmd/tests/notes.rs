//! A new concern takes one file of schema and operations (`concern/notes.rs`), one file of commands
//! (`cmd/notes.rs`) and one line each where they are registered. Everything else works from its schema, whose
//! field names appear nowhere else.

use crate::cmd::{self, complete};
use crate::concern::notes::NOTES;
use crate::crdt::doc::Txn;
use crate::crdt::source::Source;
use crate::error::{Kind, Result};
use crate::id::DocId;
use crate::ui;
use serde_json::{Value, json};
use std::ffi::OsString;
use tempfile::TempDir;

const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
const ENTITY: &str = "group:ocean-forest-moon-star";
const DOC: &str = "group:ocean-forest-moon-star:notes";

/// A replica as one person uses it: a store with its own leases.
struct Replica {
    dir: TempDir,
    now: i64,
}

impl Replica {
    fn of(member: &str) -> Replica {
        let replica = Replica { dir: crate::testing::temporary(), now: 1_800_000_000 };
        replica.done(&["init", replica.file("store").to_str().unwrap(), "--as", member]);
        replica
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    fn invocation(&self, words: &[&str]) -> cmd::Invocation {
        let (store, state) = (self.file("store"), self.file("state"));
        let now = self.now.to_string();
        let head = ["crdtctl", "--json", "--quiet", "--yes", "--now", &now, "--store"];
        let head = head.map(OsString::from).into_iter();
        let head = head.chain([store.into(), "--state-dir".into(), state.into()]);
        cmd::parse(head.chain(words.iter().map(OsString::from))).unwrap()
    }

    /// The JSON that a command prints, and its exit code.
    fn run(&self, words: &[&str]) -> Result<(Value, u8)> {
        let invocation = self.invocation(words);
        let terminal = invocation.terminal();
        let report = invocation.run()?;
        let mut out = Vec::new();
        assert!(ui::render(&report, &terminal, &mut out, &mut Vec::new()).is_ok());
        let lines: Vec<Value> =
            serde_json::Deserializer::from_slice(&out).into_iter().map(|v| v.unwrap()).collect();
        let said = if lines.len() == 1 { lines[0].clone() } else { Value::Array(lines) };
        Ok((said, report.exit))
    }

    /// The output of a command that must succeed.
    fn done(&self, words: &[&str]) -> Value {
        let (said, exit) = self.run(words).unwrap_or_else(|e| panic!("{words:?}: {e:?}"));
        assert_eq!(exit, 0, "{words:?}: {said}");
        said
    }

    /// Adds a note and returns its id.
    fn write(&self, heading: &str, body: &str) -> String {
        let written = self.done(&["notes", "add", heading, "--body", body, "--reader", "bob-"]);
        assert_eq!(written["doc"], DOC);
        written["id"].as_str().unwrap().to_owned()
    }

    /// Another program writes to the document.
    fn forge(&self, change: impl FnOnce(&mut Txn<'_>) -> Result<()>) {
        let invocation = self.invocation(&["notes", "list"]);
        let mut session = invocation.context.session().unwrap();
        session.edit(&DocId::parse(DOC).unwrap(), change).unwrap();
        session.commit().unwrap();
    }

    /// Imports everything that another replica has; returns what a dry run of the import says.
    fn import(&self, from: &Replica) -> Value {
        let bundle = from.dir.path().join("bundle");
        let _ = std::fs::remove_file(&bundle);
        let bundle = bundle.to_str().unwrap();
        from.done(&["-e", ENTITY, "sync", "export", "-O", bundle]);
        let planned = self.done(&["sync", "import", "-n", bundle]);
        self.done(&["sync", "import", bundle]);
        planned
    }

    fn list(&self, all: bool) -> Vec<Value> {
        let words = ["notes", "list", "--all"];
        let listed = self.done(if all { &words } else { &words[..2] });
        listed.as_array().unwrap().clone()
    }

    /// The kinds and ids of the findings of `check`.
    fn findings(&self) -> Vec<(String, String)> {
        let (said, _) = self.run(&["check"]).unwrap();
        let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
        let findings = said.as_array().unwrap().iter();
        findings.map(|finding| (text(&finding["kind"]), text(&finding["id"]))).collect()
    }

    fn kinds(&self) -> Vec<String> {
        self.findings().into_iter().map(|(kind, _)| kind).collect()
    }
}

/// An entity of Alice and Bob, with a replica of each.
fn pair() -> [Replica; 2] {
    let [alice, bob] = [ALICE, BOB].map(Replica::of);
    alice.done(&["entity", "create", ENTITY, "--name", "G"]);
    alice.done(&["member", "add", BOB]);
    [alice, bob]
}

#[test]
fn a_new_concern_is_listed_shown_dumped_and_measured() {
    let [alice, _] = pair();
    let id = alice.write("milk", "two litres");
    let note = json!({
        "key": id, "writer": ALICE, "reader": BOB, "heading": "milk", "body": "two litres",
        "begun": alice.now, "touched": alice.now, "gone": false, "gone_since": 0,
        "gone_through": null, "known_gone": {},
    });
    assert_eq!(alice.list(false), std::slice::from_ref(&note));
    assert_eq!(alice.done(&["notes", "show", id.split("-").next().unwrap()]), note);
    let dump = alice.done(&["doc", "dump", DOC]);
    assert_eq!(dump["notes"][&id]["body"], "two litres");

    let size = alice.done(&["doc", "size", DOC]);
    let rows = size["rows"].as_array().unwrap();
    let bytes: u64 = rows.iter().map(|row| row["bytes"].as_u64().unwrap()).sum();
    assert_eq!(size["file_bytes"], bytes);
    let of =
        |path: &str| rows.iter().find(|row| row["path"] == path).map(|row| row["kind"].clone());
    assert_eq!(of("notes/*/heading"), Some(json!("live")));
    assert_eq!(of("notes/*/known_gone"), Some(json!("acknowledgement")));
    let by_author = alice.done(&["doc", "size", DOC, "--by", "author"]);
    assert!(by_author["rows"].as_array().unwrap().iter().any(|row| row["path"] == ALICE));

    let context = alice.invocation(&["notes", "list"]).context;
    let candidates = complete::candidates(NOTES.argument.unwrap()).unwrap()(&context).unwrap();
    let told: Vec<(String, String)> = candidates
        .iter()
        .map(|one| (one.get_value().to_string_lossy().into(), one.get_help().unwrap().to_string()))
        .collect();
    assert_eq!(told, [(id, "milk".to_owned())]);
}

#[test]
fn a_new_concern_has_lines_in_a_batch() {
    let [alice, _] = pair();
    let file = alice.file("lines");
    let lines = [
        json!({"op": "notes.add", "entity": ENTITY, "heading": "milk"}),
        json!({"op": "notes.edit", "entity": ENTITY, "note": "$1.id", "heading": "oat milk"}),
        json!({"op": "notes.add", "entity": ENTITY, "heading": "bread"}),
        json!({"op": "notes.delete", "entity": ENTITY, "note": "$3.id"}),
    ];
    std::fs::write(&file, lines.map(|line| line.to_string()).join("\n")).unwrap();
    let ran = alice.done(&["batch", file.to_str().unwrap()]);
    assert_eq!(ran.as_array().unwrap().len(), 4);
    let notes = alice.list(false);
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0]["heading"], "oat milk");
    assert_eq!(alice.list(true).len(), 2);
}

#[test]
fn a_new_concern_is_checked_and_repaired() {
    let [alice, _] = pair();
    let id = alice.write("milk", "two litres");
    assert_eq!(alice.kinds(), Vec::<String>::new());
    let ahead = alice.now + 10 * 86_400;
    alice.forge(|txn| {
        let note = ["notes", id.as_str()];
        txn.set(&note, "writer", "mallory")?;
        txn.set(&note, "reader", "nobody")?;
        txn.set(&note, "begun", ahead)?;
        txn.set(&note, "key", "another")?;
        txn.set(&note, "body", "no shared text")
    });
    let found = alice.findings();
    let kinds: Vec<&str> = found.iter().map(|(kind, _)| kind.as_str()).collect();
    for kind in ["unknown-author", "unknown-assignee", "clock-skew", "id-differs", "plain-value"] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
    for (kind, finding) in &found {
        if ["id-differs", "plain-value"].contains(&kind.as_str()) {
            alice.done(&["repair", finding]);
        }
    }
    let left = alice.kinds();
    assert!(!left.iter().any(|kind| ["id-differs", "plain-value"].contains(&kind.as_str())));
    assert_eq!(alice.list(false)[0]["body"], "no shared text");
    let invocation = alice.invocation(&["notes", "list"]);
    let view = invocation.context.reader().unwrap().view(&DocId::parse(DOC).unwrap()).unwrap();
    let shared = view.unwrap().shared(&["notes", &id, "body"]);
    assert_eq!(shared, Some(crate::crdt::source::Shared::Text));
}

#[test]
fn a_new_concern_merges_by_its_clocks_and_keeps_what_lost() {
    let [mut alice, bob] = pair();
    let id = alice.write("milk", "two litres");
    let mut other = Replica::of(ALICE);
    let planned = other.import(&alice);
    let records = planned["records"].as_array().unwrap();
    let note = records.iter().find(|record| record["id"] == id.as_str()).unwrap();
    assert_eq!((&note["kind"], &note["change"]), (&json!("note"), &json!("added")));
    bob.import(&alice);

    // Only the author may change a note.
    let refused = bob.run(&["notes", "edit", &id, "mine"]).unwrap_err();
    assert_eq!(refused.kind, Kind::Refused);
    // Of two concurrent edits the later wins, by the schema's clock.
    (alice.now, other.now) = (alice.now + 100, other.now + 200);
    alice.done(&["notes", "edit", &id, "oat milk"]);
    other.done(&["notes", "edit", &id, "soy milk"]);
    alice.import(&other);
    other.import(&alice);
    for replica in [&alice, &other] {
        assert_eq!(replica.list(false)[0]["heading"], "soy milk");
    }
    let conflicts = alice.done(&["conflict", "list"]);
    let lost = &conflicts[0];
    assert_eq!((&lost["kind"], &lost["rule"]), (&json!("note"), &json!("later")), "{conflicts}");
    let number = lost["number"].to_string();
    alice.done(&["conflict", "restore", &number]);
    assert_eq!(alice.list(false)[0]["heading"], "oat milk");
    other.import(&alice);
    assert_eq!(other.list(false)[0]["heading"], "oat milk");

    // Another person's program changes it anyway: the merge reports it.
    bob.import(&alice);
    bob.forge(|txn| txn.set(&["notes", &id], "heading", "bob's milk"));
    alice.import(&bob);
    assert!(alice.kinds().contains(&"not-allowed".to_owned()), "{:?}", alice.kinds());
}

#[test]
fn what_a_new_concern_deletes_is_acknowledged_pruned_and_restored() {
    let [alice, bob] = pair();
    let id = alice.write("milk", "two litres");
    bob.import(&alice);
    let gone = alice.done(&["notes", "delete", &id]);
    assert_eq!(gone["changed"], true);
    assert_eq!((alice.list(false).len(), alice.list(true).len()), (0, 1));
    let tombstones = alice.done(&["tombstone", "list"]);
    let tombstone = &tombstones[0];
    assert_eq!((&tombstone["kind"], &tombstone["deleted_by"]), (&json!("note"), &json!(ALICE)));
    assert_eq!(tombstone["waiting_for"], json!([BOB]));
    assert_eq!(alice.done(&["prune"])["waiting"], 1);

    let planned = bob.import(&alice);
    assert_eq!(planned["documents"][0]["deleted"], 1, "{planned}");
    alice.import(&bob);
    assert_eq!(alice.list(true), Vec::<Value>::new());
    assert_eq!(alice.done(&["tombstone", "list"]), json!([]));
    let trash = alice.done(&["trash", "list"]);
    assert_eq!((&trash[0]["kind"], &trash[0]["text"]), (&json!("note"), &json!("milk")), "{trash}");
    let restored = alice.done(&["trash", "restore", &id]);
    let notes = alice.list(false);
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0]["key"], restored["id"]);
    assert_eq!(
        (&notes[0]["body"], &notes[0]["gone_through"]),
        (&json!("two litres"), &Value::Null)
    );

    // An acknowledgement that another program wrote: `prune` itself removes the record.
    alice.done(&["notes", "delete", restored["id"].as_str().unwrap()]);
    alice.forge(|txn| txn.set(&["notes", restored["id"].as_str().unwrap(), "known_gone"], BOB, 1));
    let pruned = alice.done(&["prune"]);
    assert_eq!(pruned["pruned"].as_array().unwrap().len(), 1, "{pruned}");
}

#[test]
fn of_a_new_concern_an_anonymous_copy_says_nothing() {
    let [alice, _] = pair();
    alice.write("milk", "two litres");
    let copy = alice.file("copy");
    alice.done(&["doc", "anonymize", DOC, "--members", "-O", copy.to_str().unwrap()]);
    let bytes = std::fs::read(copy).unwrap();
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    for text in ["milk", "litres", ALICE, BOB] {
        assert!(!holds(text), "{text}");
    }
    for name in ["heading", "known_gone"] {
        assert!(holds(name), "{name}");
    }
}

#[test]
fn two_shared_texts_under_one_key_make_no_third_one_and_none_is_lost() {
    let [alice, bob] = pair();
    let id = alice.write("milk", "two litres");
    bob.import(&alice);
    for (replica, text) in [(&alice, "of alice"), (&bob, "of bob")] {
        replica.forge(|txn| {
            let text = crate::crdt::content::Content::Text(text.to_owned());
            txn.put(&["notes", &id], "body", &text)
        });
    }
    alice.import(&bob);
    bob.import(&alice);
    let shown = alice.list(false)[0]["body"].clone();
    assert_eq!(bob.list(false)[0]["body"], shown);
    let lost = alice.done(&["conflict", "list"]);
    let kept: Vec<&Value> = lost.as_array().unwrap().iter().map(|one| &one["loser"]).collect();
    let other = if shown == "of bob" { "of alice" } else { "of bob" };
    assert!(kept.iter().any(|kept| kept.to_string().contains(other)), "{lost}");
}
