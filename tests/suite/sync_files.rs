//! `sync`: bundles out and in, receipts, peers.

use crate::support::*;
use serde_json::{Value, json};
use std::path::Path;

fn size(file: &str) -> u64 {
    std::fs::metadata(file).unwrap().len()
}

/// Exports what a peer lacks; returns the file.
fn export_for(store: &Store<'_>, peer: &str, name: &str) -> String {
    let file = text(&store.machine.path(name));
    store.ok(&["sync", "export", "--for", peer, "--out", &file]);
    file
}

#[test]
fn a_bundle_carries_everything() {
    let machine = Machine::new("everything");
    let alice = machine.group("a", &[BOB]);
    alice.send("one");
    alice.send("two");
    let bundle = alice.export("all.crdt");
    let bob = machine.store("b", BOB);
    let run = bob.run(&["sync", "import", &bundle, "--json"]);
    assert_eq!(
        run.json(),
        json!({
            "bundles": 1,
            "documents": [
                {"doc": format!("{GROUP}:chat"), "added": 2, "edited": 0, "deleted": 0,
                 "acknowledged": 0, "pruned": 0},
                {"doc": format!("{GROUP}:core"), "added": 2, "edited": 0, "deleted": 0,
                 "acknowledged": 0, "pruned": 0},
            ],
            "conflicts": 0, "waiting": 0, "changed": true,
        })
    );
    assert_eq!(bob.digest(), alice.digest());
    assert_eq!(bob.json(&["chat", "list"]), alice.json(&["chat", "list"]));
    assert_eq!(bob.json(&["member", "list"]), alice.json(&["member", "list"]));
    // For people the same in words.
    let again = machine.store("c", CAROL).run(&["sync", "import", &bundle]);
    let said = format!("{}{}", again.exits(0).stdout, again.stderr);
    assert!(said.contains("chat") && said.contains('2'), "{said}");
}

/// A bundle that has all of a document is the document. Whoever has something to acknowledge in it adds that,
/// and nothing else.
#[test]
fn a_new_document_is_stored_as_it_came() {
    let machine = Machine::new("as it came");
    let alice = machine.group("a", &[BOB]);
    let [first, .., last] = [0; 12].map(|_| alice.send("a message"));
    let gone = alice.send("soon gone");
    alice.ok(&["chat", "edit", &first, "said otherwise"]);
    alice.ok(&["chat", "delete", &gone]);
    let bundle = alice.export("all.crdt");
    // Carol is no member: her acknowledgements count for nobody.
    let carol = machine.store("c", CAROL);
    carol.ok(&["sync", "import", &bundle]);
    assert_eq!(carol.documents(), alice.documents());
    let logged = |store: &Store<'_>| store.json(&["log"])[0]["bytes"].as_u64().unwrap();
    let all: u64 = alice.documents().values().map(|document| document.len() as u64).sum();
    assert_eq!(logged(&carol), all);
    // Bob is one.
    let bob = machine.store("b", BOB);
    let imported = bob.json(&["sync", "import", &bundle]);
    assert_eq!(imported["documents"][0]["acknowledged"], 1, "{imported}");
    assert!((1..200).contains(&(logged(&bob) - all)));
    assert_eq!(bob.json(&["tombstone", "list"]), json!([]), "he pruned what waited for him alone");
    assert_eq!(bob.run(&["check"]).code, 0);
    // He continues from there, and all of it travels back.
    let reply = bob.ok(&["chat", "send", "an answer", "--reply-to", &last]);
    bob.give(&alice);
    assert_eq!(alice.json(&["chat", "show", &reply])["content"], "an answer");
    alice.meet(&bob);
    for store in [&alice, &bob] {
        assert!(store.json(&["doc", "dump", "chat"])["messages"].get(&gone).is_none(), "pruned");
        assert_eq!(store.json(&["chat", "show", &first])["content"], "said otherwise");
        assert_eq!(store.run(&["check"]).code, 0);
    }
}

#[test]
fn importing_twice_in_any_order_or_ones_own_changes_nothing() {
    let machine = Machine::new("twice");
    let alice = machine.group("a", &[BOB]);
    alice.send("one");
    let first = alice.export("first.crdt");
    let bob = machine.store("b", BOB);
    bob.ok(&["sync", "import", &first]);
    machine.pass(60);
    alice.send("two");
    let second = alice.export("second.crdt");
    bob.ok(&["sync", "import", &second]);
    let documents = bob.documents();
    for args in [&[&first][..], &[&second], &[&second, &first], &[&first, &first, &second]] {
        let files: Vec<&str> = args.iter().map(|file| file.as_str()).collect();
        let imported = bob.json(&[&["sync", "import"], &files[..]].concat());
        assert_eq!(imported["changed"], false, "{files:?}");
        assert_eq!(imported["documents"], json!([]), "{files:?}");
        assert_eq!(bob.documents(), documents);
    }
    // One's own.
    let before = alice.documents();
    assert_eq!(alice.json(&["sync", "import", &first])["changed"], false);
    assert_eq!(alice.documents(), before);
    // Both at once, the later one first.
    let carol = machine.store("c", CAROL);
    let imported = carol.json(&["sync", "import", &second, &first]);
    assert_eq!((&imported["bundles"], &imported["changed"]), (&json!(2), &json!(true)));
    assert_eq!(carol.digest(), alice.digest());
}

#[test]
fn only_news_travels_to_a_known_peer() {
    let machine = Machine::new("news");
    let alice = machine.group("a", &[BOB]);
    for n in 0..50 {
        alice.send(&format!("message {n}"));
    }
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    machine.pass(60);
    alice.send("one more");
    let full = alice.export("full.crdt");
    let news = export_for(&alice, BOB, "news.crdt");
    assert!(
        size(&news) <= 1_024 && size(&news) * 3 < size(&full),
        "{} {}",
        size(&news),
        size(&full)
    );
    let manifest = alice.json(&["sync", "show", &news]);
    assert_eq!(manifest["full"], false);
    let chat = document(&manifest, "chat");
    assert!(chat["bytes"].as_u64().is_some_and(|n| n < 600), "{chat}");
    assert_eq!(document(&manifest, "core")["file"], Value::Null);
    assert_eq!(bob.json(&["sync", "import", &news])["changed"], true);
    assert_eq!(bob.digest(), alice.digest());
    // A peer is named by member or by a prefix of its replica.
    let replica = alice.json(&["sync", "peers"])[0]["replica_id"].as_str().unwrap().to_owned();
    export_for(&alice, &replica[..8], "same.crdt");
    alice
        .run(&["sync", "export", "--for", "nobody-at-all", "--out", "x"])
        .fails(4, "nobody-at-all");
    assert!(!machine.path("x").exists());
}

/// A document with a long history: the news of one message do not carry old deletions.
#[test]
fn one_message_costs_a_few_hundred_bytes_and_a_second_export_nothing() {
    let machine = Machine::new("cheap");
    let alice = machine.group("a", &[]);
    for n in 0..40 {
        let id = alice.send(&format!("message {n}"));
        if n % 2 == 0 {
            alice.ok(&["chat", "delete", &id]);
        }
    }
    let bob = machine.replica_of(&alice, "b", ALICE);
    bob.give(&alice);
    let updates = |file: &str| alice.json(&["sync", "show", file])["documents"].clone();
    let sent = |documents: &Value| -> Vec<u64> {
        let documents = documents.as_array().unwrap().iter();
        documents.filter(|d| !d["file"].is_null()).map(|d| d["bytes"].as_u64().unwrap()).collect()
    };
    let peer = alice.column(&["sync", "peers"], "replica_id").remove(0);
    machine.pass(60);
    alice.send("one more");
    let news = export_for(&alice, &peer, "news.crdt");
    let bytes = sent(&updates(&news));
    assert!(bytes.len() == 1 && bytes[0] < 400, "{bytes:?}");
    bob.ok(&["sync", "import", &news]);
    // His receipt comes back, and there is nothing to send.
    let receipt = text(&machine.path("receipt.crdt"));
    bob.ok(&["sync", "receipt", "-O", &receipt]);
    alice.ok(&["sync", "import", &receipt]);
    assert_eq!(sent(&updates(&export_for(&alice, &peer, "again.crdt"))), [0u64; 0]);
    alice.run(&["sync", "status", "--exit-code"]).exits(0);
    // A deletion costs no more.
    machine.pass(60);
    let id = alice.send("gone at once");
    alice.ok(&["sync", "import", &receipt]);
    alice.ok(&["chat", "delete", &id]);
    let bytes = sent(&updates(&export_for(&alice, &peer, "deleted.crdt")));
    assert!(bytes.len() == 1 && bytes[0] < 600, "{bytes:?}");
}

/// The entry for a concern in a manifest.
fn document<'v>(manifest: &'v Value, concern: &str) -> &'v Value {
    let entries = manifest["documents"].as_array().expect("documents");
    let named = format!("{GROUP}:{concern}");
    entries.iter().find(|entry| entry["doc"] == named).expect("an entry")
}

#[test]
fn a_receipt_file_names_what_its_sender_has() {
    let machine = Machine::new("receipt");
    let alice = machine.group("a", &[BOB]);
    alice.send("one");
    let bob = machine.replica_of(&alice, "b", BOB);
    let receipt = text(&machine.path("bob.crdt"));
    bob.ok(&["sync", "receipt", "-O", &receipt]);
    machine.pass(60);
    alice.send("two");
    let news = text(&machine.path("news.crdt"));
    alice.ok(&["sync", "export", "--since", &receipt, "-O", &news]);
    let manifest = alice.json(&["sync", "show", &receipt]);
    for entry in manifest["documents"].as_array().unwrap() {
        assert_eq!((&entry["file"], &entry["bytes"]), (&Value::Null, &json!(0)));
    }
    assert!(document(&alice.json(&["sync", "show", &news]), "chat")["bytes"].as_u64() < Some(600));
    assert_eq!(bob.json(&["sync", "import", &news])["changed"], true);
    assert_eq!(bob.digest(), alice.digest());
    // Importing a receipt makes a peer known; it changes no document.
    let before = alice.documents();
    alice.ok(&["sync", "import", &receipt]);
    assert_eq!(alice.documents(), before);
    assert_eq!(alice.column(&["sync", "peers"], "member"), [BOB]);
}

#[test]
fn nothing_new_is_still_a_receipt_or_no_file() {
    let machine = Machine::new("if new");
    let alice = machine.group("a", &[BOB]);
    alice.send("one");
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    let empty = export_for(&alice, BOB, "empty.crdt");
    assert_eq!(bob.json(&["sync", "import", &empty])["changed"], false);
    let file = text(&machine.path("none.crdt"));
    let run = alice.run(&["sync", "export", "--for", BOB, "--if-new", "-O", &file]);
    assert!(!run.exits(0).stderr.is_empty());
    assert!(!Path::new(&file).exists());
    alice.send("two");
    alice.ok(&["sync", "export", "--for", BOB, "--if-new", "-O", &file]);
    assert!(Path::new(&file).exists());
}

#[test]
fn an_export_can_be_limited() {
    let machine = Machine::new("scope");
    let alice = machine.group("a", &[]);
    alice.ok(&["entity", "create", "channel:harbour", "--name", "Harbour"]);
    alice.ok(&["chat", "send", "there", "-e", "harbour"]);
    alice.ok(&["chat", "send", "here", "-e", GROUP]);
    let docs = |args: &[&str]| {
        let file = text(&machine.path("part.crdt"));
        alice.ok(&[&["sync", "export", "-O", &file], args].concat());
        column(&alice.json(&["sync", "show", &file])["documents"], "doc")
    };
    assert_eq!(docs(&[]).len(), 4);
    assert_eq!(docs(&["-e", "harbour"]), ["channel:harbour:chat", "channel:harbour:core"]);
    assert_eq!(docs(&["--doc", "channel:harbour:chat"]), ["channel:harbour:chat"]);
    alice.run(&["sync", "export", "-O", "x", "-e", "nowhere"]).fails(4, "nowhere");
    alice.run(&["sync", "export", "-O", "x", "--doc", "group:x:chat"]).fails(4, "group:x:chat");
}

#[test]
fn bundles_flow_through_pipes() {
    let machine = Machine::new("pipes");
    let alice = machine.group("a", &[BOB]);
    alice.send("one");
    let mut export = machine.command(&["-s", &text(&alice.dir), "sync", "export", "-O", "-"]);
    let bytes = export.output().unwrap().stdout;
    let bob = machine.store("b", BOB);
    machine.run_with_stdin(&["-s", &text(&bob.dir), "sync", "import", "-"], &bytes).ok();
    assert_eq!(bob.digest(), alice.digest());
    let show = machine.run_with_stdin(&["sync", "show", "-", "--json"], &bytes);
    assert_eq!(show.json()["format"], "crdtctl-bundle/1");
}

#[test]
fn anyone_can_open_a_bundle_with_stock_tools() {
    let machine = Machine::new("stock");
    let alice = machine.group("a", &[BOB]);
    alice.send("one");
    let bundle = alice.export("all.crdt");
    let tar = zstd::decode_all(std::fs::File::open(&bundle).unwrap()).unwrap();
    let mut archive = tar::Archive::new(tar.as_slice());
    let names: Vec<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["manifest.json", "docs/0001.update", "docs/0002.update"]);
    let manifest = alice.json(&["sync", "show", &bundle]);
    assert_eq!(manifest["from"]["member"], ALICE);
    assert_eq!((&manifest["for"], &manifest["full"]), (&Value::Null, &json!(true)));
    assert_eq!(manifest["created_at"], START);
    for entry in manifest["documents"].as_array().unwrap() {
        assert_eq!(
            keys(entry),
            ["doc", "file", "bytes", "blake3", "needs", "has", "digest", "log", "applied"]
        );
        assert_eq!(entry["needs"], json!({}));
        assert_eq!(entry["log"]["after"], 0);
    }
    assert_eq!(document(&manifest, "chat")["digest"], alice.ok(&["digest", "chat", "-q"]));
    machine.run(&["sync", "verify", &bundle]).exits(0);
}

#[test]
fn a_dry_import_tells_the_same_and_writes_nothing() {
    let machine = Machine::new("dry");
    let alice = machine.group("a", &[BOB]);
    let id = alice.send("one");
    let bob = machine.replica_of(&alice, "b", BOB);
    machine.pass(60);
    alice.send("two");
    alice.ok(&["chat", "delete", &id]);
    let bundle = alice.export("all.crdt");
    let before = bob.files();
    let planned = bob.json(&["sync", "import", "--dry-run", &bundle]);
    assert_eq!(bob.files(), before);
    let again = bob.json(&["sync", "show", &bundle, "--records"]);
    assert_eq!(again["records"], planned["records"]);
    assert_eq!(bob.files(), before);
    let done = bob.json(&["sync", "import", &bundle]);
    for field in ["bundles", "documents", "conflicts", "waiting", "changed"] {
        assert_eq!(planned[field], done[field], "{field}");
    }
    let chat = &done["documents"][0];
    assert_eq!((&chat["added"], &chat["deleted"]), (&json!(1), &json!(1)));
    assert_eq!((&chat["acknowledged"], &chat["pruned"]), (&json!(1), &json!(1)));
}

#[test]
fn a_dry_import_says_record_by_record_what_it_would_do() {
    let machine = Machine::new("records");
    let alice = machine.group("a", &[BOB, CAROL]);
    let ids: Vec<String> = ["kept", "edited", "deleted"].map(|text| alice.send(text)).into();
    let bob = machine.replica_of(&alice, "b", BOB);
    machine.pass(60);
    alice.ok(&["chat", "edit", &ids[1], "edited again"]);
    alice.ok(&["chat", "delete", &ids[2]]);
    let new = alice.send("new");
    alice.ok(&["member", "role", BOB, "admin"]);
    alice.ok(&["entity", "rename", "Sea friends"]);
    let bundle = alice.export("all.crdt");
    let before = bob.files();
    let run = bob.run(&["sync", "import", "--dry-run", &bundle, "--json"]);
    assert!(run.stderr.contains(&format!("{BOB} becomes admin, was member")), "{run:?}");
    let records = run.parsed()["records"].clone();
    let of = |id: &str| {
        let all = records.as_array().unwrap().iter();
        all.filter(|row| row["id"] == id).collect::<Vec<_>>()[0].clone()
    };
    assert_eq!(records.as_array().map(Vec::len), Some(5), "{records:#}");
    assert_eq!((&of(&new)["kind"], &of(&new)["change"]), (&json!("message"), &json!("added")));
    let edited = of(&ids[1]);
    assert_eq!(edited["change"], "edited");
    assert_eq!(edited["fields"]["content"], json!({"old": "edited", "new": "edited again"}));
    let deleted = of(&ids[2]);
    assert_eq!(
        (&deleted["change"], &deleted["acknowledged_by"]),
        (&json!("deleted"), &json!([ALICE, BOB]))
    );
    assert_eq!(of(BOB)["fields"]["role"], json!({"old": "member", "new": "admin"}));
    let entity = of(GROUP);
    assert_eq!((&entity["kind"], &entity["change"]), (&json!("entity"), &json!("edited")));
    assert_eq!(entity["fields"]["name"]["new"], "Sea friends");
    assert_eq!(bob.files(), before);
    // For people one line each; and Bob's acknowledgement is reported to Alice.
    let told = bob.ok(&["sync", "show", &bundle, "--records", "-o", "tsv"]);
    assert_eq!(told.lines().count(), 6, "{told}");
    bob.ok(&["sync", "import", &bundle]);
    let answer = bob.export("answer.crdt");
    let records = alice.json(&["sync", "import", "--dry-run", &answer])["records"].clone();
    assert_eq!(
        (&records[0]["change"], &records[0]["acknowledged_by"]),
        (&json!("acknowledged"), &json!([BOB]))
    );
    alice.ok(&["sync", "import", &answer]);
    assert_eq!(alice.json(&["sync", "import", "--dry-run", &answer])["records"], json!([]));
    // The last acknowledgement prunes.
    alice.ok(&["--as", CAROL, "sync", "import", &answer]);
}

#[test]
fn status_says_who_lacks_what() {
    let machine = Machine::new("status");
    let alice = machine.group("a", &[BOB]);
    assert_eq!(alice.json(&["sync", "peers"]), json!([]));
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    let status = |store: &Store<'_>| {
        let run = store.run(&["sync", "status", "--exit-code", "--json"]);
        (run.code, run.parsed()[0].clone())
    };
    let (code, peer) = status(&alice);
    assert_eq!((code, &peer["member"]), (0, &json!(BOB)), "{peer}");
    // Nothing is lacking because version and content are the same, not because nothing is known.
    assert_eq!(peer["agreed_documents"], 1, "{peer}");
    assert_eq!((&peer["unproven"], &peer["diverged"]), (&json!([]), &json!([])), "{peer}");
    machine.pass(60);
    alice.send("news");
    let (code, behind) = status(&alice);
    assert_eq!((code, &behind["agreed_documents"]), (3, &json!(1)), "{behind}");
    let lack =
        |peer: &Value| (peer["they_lack_documents"].clone(), peer["we_lack_documents"].clone());
    assert_eq!((lack(&peer), lack(&behind)), ((json!(0), json!(0)), (json!(1), json!(0))));
    assert_eq!(behind["last_seen"], START);
    // The size of an update for them, document by document.
    let bytes = behind["they_lack_bytes"].as_u64().unwrap();
    assert!((100..600).contains(&bytes), "{behind}");
    assert_eq!(behind["they_lack"][0]["doc"], format!("{GROUP}:chat"));
    assert_eq!(behind["they_lack"][0]["bytes"], bytes);
    assert_eq!((&behind["we_lack"], &behind["waits"]), (&json!([]), &json!([])));
    alice.run(&["sync", "status"]).exits(0);
    alice.give(&bob);
    bob.give(&alice);
    assert_eq!(status(&alice).0, 0);
    assert_eq!(status(&bob).0, 0);
}

#[test]
fn a_peer_can_be_forgotten() {
    let machine = Machine::new("forget");
    let alice = machine.group("a", &[BOB]);
    let bob = machine.replica_of(&alice, "b", BOB);
    bob.give(&alice);
    let before = alice.documents();
    alice.run(&["sync", "forget", "nobody-at-all", "--yes"]).fails(4, "nobody-at-all");
    alice.ok(&["sync", "forget", BOB, "--yes"]);
    assert_eq!(alice.json(&["sync", "peers"]), json!([]));
    assert_eq!(alice.documents(), before);
    // A member about whom nothing is known gets everything.
    let file = export_for(&alice, BOB, "again.crdt");
    assert_eq!(alice.json(&["sync", "show", &file])["full"], true);
    bob.give(&alice);
    assert_eq!(alice.column(&["sync", "peers"], "member"), [BOB]);
}

#[test]
fn a_member_with_two_replicas_is_ambiguous() {
    let machine = Machine::new("two replicas");
    let alice = machine.group("a", &[BOB]);
    for name in ["laptop", "phone"] {
        machine.replica_of(&alice, name, BOB).give(&alice);
    }
    let replicas = alice.column(&["sync", "peers"], "replica_id");
    for args in [&["sync", "export", "-O", "x", "--for", BOB][..], &["sync", "forget", BOB, "-y"]] {
        let run = alice.run(&[args, &["--json"]].concat());
        run.fails(4, &replicas[0]);
        assert!(run.stderr.contains(&replicas[1]), "{}", run.stderr);
        assert_eq!(run.error()["code"], "ambiguous");
    }
    alice.ok(&["sync", "forget", &replicas[0][..8], "-y"]);
    assert_eq!(alice.column(&["sync", "peers"], "replica_id"), replicas[1..]);
}

#[test]
fn concurrent_work_converges() {
    let machine = Machine::new("concurrent");
    let alice = machine.group("a", &[BOB, CAROL]);
    let shared = alice.send("shared");
    let doomed = alice.send("doomed");
    let bob = machine.replica_of(&alice, "b", BOB);
    let carol = machine.replica_of(&alice, "c", CAROL);
    machine.pass(60);
    alice.ok(&["chat", "delete", &doomed]);
    machine.pass(1);
    alice.ok(&["member", "add", "dave-snow-field-moss"]);
    bob.send("from bob");
    bob.ok(&["chat", "send", "bob again"]);
    carol.send("from carol");
    alice.ok(&["chat", "edit", &shared, "shared, edited"]);
    for _ in 0..3 {
        for (from, to) in [(&alice, &bob), (&bob, &carol), (&carol, &alice), (&alice, &carol)] {
            from.give(to);
        }
    }
    alice.give(&bob);
    assert_eq!(alice.digest(), bob.digest());
    assert_eq!(alice.digest(), carol.digest());
    let mut said = alice.column(&["chat", "list"], "content");
    said.sort();
    assert_eq!(said, ["bob again", "from bob", "from carol", "shared, edited"]);
    assert_eq!(alice.json(&["tombstone", "list"]), json!([]));
}

#[test]
fn two_removals_and_additions_at_once() {
    let machine = Machine::new("members at once");
    let alice = machine.group("a", &[BOB]);
    alice.ok(&["member", "role", BOB, "owner"]);
    let bob = machine.replica_of(&alice, "b", BOB);
    machine.pass(60);
    // Both add Carol: one member. Both add and remove Dave: removed.
    alice.ok(&["member", "add", CAROL]);
    bob.ok(&["member", "add", CAROL, "--role", "viewer"]);
    alice.ok(&["member", "add", "dave-snow-field-moss"]);
    alice.give(&bob);
    bob.ok(&["member", "remove", "dave-snow-field-moss"]);
    bob.give(&alice);
    alice.give(&bob);
    assert_eq!(alice.column(&["member", "list"], "member_id"), [ALICE, BOB, CAROL]);
    assert_eq!(alice.digest(), bob.digest());
}
