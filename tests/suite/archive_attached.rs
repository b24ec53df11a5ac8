//! Files attached to archived messages: where only others have the archive, and where the files are gone.

use crate::support::*;
use serde_json::{Value, json};
use std::fs;

const MAP: &str = "/shared/attachments/map.png";

/// A file outside the store.
fn picture(machine: &Machine, name: &str) -> String {
    let path = machine.path(name);
    fs::write(&path, [0, 1, 2]).unwrap();
    text(&path)
}

/// Alice's store with an archived message to which a file is attached, and the message's id.
fn archived_map(machine: &Machine) -> (Store<'_>, String) {
    let alice = machine.group("a", &[]);
    let map = picture(machine, "map.png");
    let message = alice.ok(&["chat", "send", "The map", "--attach", &map]);
    alice.ok(&["archive", "run", "--older-than", "0s"]);
    assert_eq!(alice.json(&["chat", "show", &message])["in_archive"], true);
    (alice, message)
}

fn found(store: &Store<'_>) -> Vec<Value> {
    store.run(&["check", "--json"]).parsed().as_array().unwrap().clone()
}

fn kinds(store: &Store<'_>) -> Vec<Value> {
    found(store).iter().map(|finding| finding["kind"].clone()).collect()
}

/// Its fix would remove the file for everybody.
#[test]
fn who_lacks_the_archive_is_not_told_to_remove_what_is_attached_there() {
    let machine = Machine::new("attached, archive elsewhere");
    let (alice, _) = archived_map(&machine);
    machine.pass(60);
    alice.ok(&["member", "add", CAROL]);
    let carol = machine.replica_of(&alice, "c", CAROL);
    carol.give(&alice);
    assert_eq!(carol.column(&["disk", "list"], "path"), [MAP]);
    assert_eq!(carol.json(&["chat", "list"]), json!([]));
    assert_eq!(carol.json(&["check"]), json!([]));
    // Nor is anything else known to be attached nowhere.
    let stray = "/shared/attachments/stray.png";
    carol.ok(&["disk", "put", &picture(&machine, "stray.png"), stray]);
    assert_eq!(carol.json(&["check"]), json!([]));

    let file = text(&machine.path("archive.crdt"));
    alice.ok(&["sync", "export", "--with-archive", "-O", &file]);
    carol.ok(&["sync", "import", &file]);
    assert_eq!(carol.column(&["chat", "list"], "content"), ["The map"]);
    let found = found(&carol);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["kind"], "unattached-file");
    assert!(found[0]["message"].as_str().unwrap().contains(stray), "{found:#?}");
}

#[test]
fn a_lost_archive_or_an_older_copy_makes_nothing_of_it_removable() {
    let machine = Machine::new("attached, archive lost");
    let (alice, _) = archived_map(&machine);
    let (archive, copy) = (alice.dir.join("archive.db"), machine.path("copy.db"));
    fs::copy(&archive, &copy).unwrap();
    alice.ok(&["chat", "send", "Another", "--attach", &picture(&machine, "other.png")]);
    alice.ok(&["archive", "run", "--older-than", "0s"]);
    assert_eq!(alice.json(&["check"]), json!([]));
    let newest = fs::read(&archive).unwrap();
    fs::copy(&copy, &archive).unwrap();
    assert_eq!(kinds(&alice), ["archive"]);
    fs::remove_file(&archive).unwrap();
    assert_eq!(kinds(&alice), ["archive"]);
    fs::write(&archive, newest).unwrap();
    assert_eq!(alice.json(&["check"]), json!([]));
}

/// The trash knows that a message was deleted and not archived.
#[test]
fn what_a_deleted_message_had_attached_is_found_beside_archived_ones() {
    let machine = Machine::new("attached, deleted, archive");
    let (alice, _) = archived_map(&machine);
    let other = picture(&machine, "other.png");
    let message = alice.ok(&["chat", "send", "Another", "--attach", &other]);
    alice.ok(&["chat", "delete", &message]);
    assert_eq!(kinds(&alice), ["unattached-file"]);
    let fix = found(&alice)[0]["fix"].as_str().unwrap().to_owned();
    assert!(fix.contains("disk remove /shared/attachments/other.png"), "{fix}");
}

#[test]
fn a_file_that_an_archived_message_misses_is_reported_like_any_other() {
    let machine = Machine::new("attached, archived, gone");
    let (alice, message) = archived_map(&machine);
    alice.ok(&["disk", "remove", MAP]);
    let found = found(&alice);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0]["kind"], "attachment-gone");
    let said = found[0]["message"].as_str().unwrap();
    assert!(said.contains(MAP) && said.contains(&message), "{said}");
    let fix = found[0]["fix"].as_str().unwrap().replace("FILE", &picture(&machine, "again.png"));
    let words: Vec<&str> = fix.split(' ').skip(1).collect();
    alice.run(&words).exits(0);
    assert_eq!(alice.json(&["check"]), json!([]));
    let out = text(&machine.path("out.png"));
    alice.ok(&["chat", "attachment", "get", &message, "-O", &out]);
    assert_eq!(fs::read(&out).unwrap(), [0, 1, 2]);
}
