//! What commands find out about whole documents is kept in `crdtctl.db` while these do not change.

use crate::support::*;
use rusqlite::{Connection, params};
use serde_json::Value;

const COMMANDS: &[&[&str]] = &[
    &["doc", "size"],
    &["doc", "size", "chat"],
    &["doc", "size", "chat", "--by", "record"],
    &["doc", "size", "chat", "core", "--by", "author", "--top", "1"],
    &["digest"],
    &["digest", "chat"],
];

fn said(store: &Store<'_>) -> Vec<Value> {
    COMMANDS.iter().map(|command| store.json(command)).collect()
}

/// The same documents without anything that was kept.
fn bare<'m>(store: &Store<'m>, name: &str) -> Store<'m> {
    let bare = Store { machine: store.machine, dir: store.machine.path(name) };
    copy_tree(&store.dir.join("crdt"), &bare.dir.join("crdt"));
    bare
}

fn kept(store: &Store<'_>) -> Connection {
    Connection::open(store.dir.join("crdtctl.db")).unwrap()
}

fn count(store: &Store<'_>, kind: &str) -> u32 {
    let sql = "SELECT count(*) FROM result WHERE kind LIKE ?1";
    kept(store).query_row(sql, [kind], |row| row.get(0)).unwrap()
}

#[test]
fn what_was_kept_says_the_same_as_the_documents() {
    let machine = Machine::new("kept");
    let store = machine.group("s", &[BOB]);
    let id = store.send("one");
    store.send("two");
    let documents = store.documents();
    let first = said(&store);
    assert_eq!((count(&store, "digests-%"), count(&store, "sizes-%")), (2, 6));
    assert_eq!(said(&store), first);
    assert_eq!(said(&bare(&store, "bare")), first);
    assert!(store.documents() == documents);

    // Deleted here: Bob has to acknowledge it.
    machine.pass(1);
    store.ok(&["chat", "delete", &id]);
    let second = said(&store);
    assert_eq!(second[1]["waiting_for"], serde_json::json!([BOB]));
    assert_eq!(said(&store), second);
    assert_eq!(said(&bare(&store, "deleted")), second);
    // Whom it waits for is not kept.
    machine.pass(1);
    store.ok(&["member", "remove", BOB]);
    let third = said(&store);
    assert_eq!(third[1]["waiting_for"], serde_json::json!([]));
    assert_eq!(said(&store), third);
    assert_eq!(said(&bare(&store, "removed")), third);

    // Written later: the file stays as it is, and the document does not.
    store.ok(&["chat", "send", "three", "--fold", "later"]);
    let fourth = said(&store);
    assert_eq!(fourth[1], third[1]);
    assert!(fourth[4] != third[4] && fourth[5] != third[5]);
    assert_eq!(said(&store), fourth);
    store.ok(&["fold", "run"]);
    assert_eq!(said(&store)[4..], fourth[4..]);
}

#[test]
fn nothing_is_kept_of_what_others_wrote_over_our_changes() {
    let machine = Machine::new("not kept");
    let store = machine.group("s", &[]);
    store.send("one");
    let chat = store.document(&format!("{GROUP}:chat"));
    let older = std::fs::read(&chat).unwrap();
    store.send("two");
    let before = count(&store, "%");
    // It lacks what the log has, and shows it all the same.
    std::fs::write(&chat, older).unwrap();
    let said = store.json(&["digest", "chat"]);
    store.json(&["doc", "size", "chat"]);
    assert_eq!(count(&store, "%"), before);
    store.send("three");
    assert_ne!(store.json(&["digest", "chat"]), said);
}

#[test]
fn what_somebody_put_in_its_place_is_not_believed_if_it_cannot_be() {
    let machine = Machine::new("rubbish kept");
    let store = machine.group("s", &[BOB]);
    store.send("one");
    let first = said(&store);
    let rubbish: [&[u8]; 5] = [b"", b"{}", b"\xff\xfe", &[2; 97], &[0; 98]];
    for bytes in rubbish {
        kept(&store).execute("UPDATE result SET result = ?1", params![bytes]).unwrap();
        assert_eq!(said(&store), first, "{bytes:?}");
    }
    for (column, value) in [("blake3", &b"short"[..]), ("blake3", &[0; 32]), ("seq", b"text")] {
        let sql = format!("UPDATE result SET {column} = ?1");
        kept(&store).execute(&sql, params![value]).unwrap();
        assert_eq!(said(&store), first, "{column}");
    }
    // A file that was changed without a trace is not the one of which anything is known.
    let chat = store.document(&format!("{GROUP}:chat"));
    let bytes = std::fs::read(&chat).unwrap();
    let at = bytes.windows(3).rposition(|bytes| bytes == b"one").unwrap();
    let mut changed = bytes;
    changed[at..at + 3].copy_from_slice(b"two");
    std::fs::write(&chat, changed).unwrap();
    assert_ne!(store.run(&["digest", "chat", "--json"]).stdout, first[5].to_string());
}

/// Whoever changes what these commands say of the same documents has to change the names under which their
/// results are kept (`KIND` in `cmd/digest.rs` and `cmd/doc/measured.rs`), and then these hashes.
#[test]
fn results_that_were_kept_are_those_of_this_version() {
    let machine = Machine::new("versions");
    let store = machine.fixture("real-store");
    let hash = |commands: &[&[&str]]| {
        let mut hasher = blake3::Hasher::new();
        for command in commands {
            hasher.update(store.ok(command).as_bytes());
        }
        hasher.finalize().to_hex()[..16].to_owned()
    };
    assert_eq!(hash(&[&["digest", "--json"]]), "b6a1796fe39586e9", "the digests have changed");
    let sizes: [&[&str]; 3] = [
        &["doc", "size", "--json"],
        &["doc", "size", "--json", "--by", "record"],
        &["doc", "size", "--json", "--by", "author"],
    ];
    assert_eq!(hash(&sizes), "15ad729c04db5017", "the sizes have changed");
}
