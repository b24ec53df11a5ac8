//! The cost of a store of many documents: every command that walks it, and one that changes a single
//! document.

use super::place::{ALICE, NOW, Outcome, Place, Writer, id, say, words};
use super::{Group, Work};
use crdtctl::id::DocId;
use yrs::{Map, MapPrelim, WriteTxn};

pub const GROUPS: &[Group] = &[Group {
    of: "documents",
    size: 1_000,
    make: documents,
    works: &[
        reading("doc list", |_| words("doc list --json")),
        reading("doc size", |_| words("doc size --json")),
        reading("digest", |_| words("digest")),
        reading("entity list", |_| words("entity list --json")),
        reading("check", |_| words("check --json")),
        reading("tombstone list", |_| words("tombstone list --json")),
        reading("conflict list", |_| words("conflict list --json")),
        reading("log", |_| words("log --json")),
        reading("sync export", |_| words("sync export -O all.crdt --yes")),
        reading("sync receipt", |_| words("sync receipt -O receipt.crdt")),
        reading("chat list", |_| words("chat list -e group:ocean-forest-moon-star --json")),
        reading("prune -n", |_| words("prune -n")),
        reading("import of one changed, -n", |_| words("sync import -n one.crdt")),
        reading("import of one changed", |_| words("sync import one.crdt")),
        reading("import of all, known", |_| words("sync import all.crdt")),
        reading("sync status", |_| words("sync status --json")),
        reading("chat send", |_| words("chat send -e group:ocean-forest-moon-star hello")),
        reading("prune", |_| words("prune")),
    ],
}];

const fn reading(name: &'static str, args: fn(&Place) -> Vec<String>) -> Work {
    Work { name, args, exits: &[0, 3] }
}

/// Half as many entities, each with members and a chat in which something was deleted, and a peer who wrote
/// into one of them.
fn documents(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    let mut updates = Vec::new();
    // A bundle holds at most ten thousand documents, and the group counts too.
    for entity in 0..n / 2 - 2 {
        updates.push((DocId::parse(&format!("group:{}:core", id(entity)))?, members()));
        updates.push((DocId::parse(&format!("group:{}:chat", id(entity)))?, chat()));
    }
    place.put(&updates)?;
    let peer = Place::new()?;
    let Some((doc, mut state)) = updates.pop() else { return Ok(place) };
    peer.put(&[(doc.clone(), std::mem::take(&mut state))])?;
    let more = Writer::new(8);
    more.edit(|txn| say(txn, &id(9), "news", NOW));
    peer.put(&[(doc, more.state())])?;
    place.write("one.crdt", &peer.bundle()?)?;
    Ok(place)
}

fn members() -> Vec<u8> {
    let writer = Writer::new(5);
    writer.edit(|txn| {
        let members = txn.get_or_insert_map("members");
        for member in [ALICE, "bob-hill-lake-tree"] {
            let record = members.insert(txn, member, MapPrelim::default());
            record.insert(txn, "member_id", member);
            record.insert(txn, "role", "owner");
            record.insert(txn, "joined_at", NOW - 9_000_000);
            record.insert(txn, "deleted", false);
        }
    });
    writer.state()
}

fn chat() -> Vec<u8> {
    let writer = Writer::new(6);
    writer.edit(|txn| {
        for n in 0..5 {
            say(txn, &id(n), "as everybody says", NOW - 8_000_000);
        }
        let messages = txn.get_or_insert_map("messages");
        if let Some(yrs::Out::YMap(message)) = messages.get(txn, &id(0)) {
            message.insert(txn, "deleted", true);
            message.insert(txn, "deleted_at", NOW - 7_000_000);
        }
    });
    writer.state()
}
