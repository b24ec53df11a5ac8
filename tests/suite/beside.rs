//! What Yjs writes into a document of a concern, beside the roots that the concern knows, is kept and merged
//! as Yjs merges it, while people write messages there.

use crate::carried::{again, blocks, bundle, shuffled, store, take};
use crate::support::*;
use crate::types;
use crdtctl::concern;
use crdtctl::crdt::source::Source;
use crdtctl::crdt::types::SharedTypes;
use crdtctl::id::DocId;
use crdtctl::sample::Chance;
use crdtctl::store::{Environment, Open, Store};
use crdtctl::sync::import::Input;
use crdtctl::wire::Update;
use serde_json::Value;
use std::collections::BTreeMap;
use std::rc::Rc;

type Replica = (Store, Rc<Environment>);

fn doc(index: usize) -> DocId {
    DocId::parse(&format!("group:g{index}:chat")).unwrap()
}

/// Somebody writes, edits or removes a message.
fn write((store, _): &Replica, doc: &DocId, chance: &mut Chance) {
    let open = Open { command: "test", member: None, dry_run: false };
    let mut session = store.session(open).unwrap();
    let key = format!("m{}", chance.below(6));
    let what = chance.below(5);
    let path = ["messages", key.as_str()];
    let written = session.edit(doc, |txn| match (what, txn.exists(&path)) {
        (0, true) => txn.remove(&["messages"], &key).map(drop),
        (_, true) => txn.set(&path, "content", format!("{} wave 🌊", chance.below(100)).as_str()),
        (_, false) => {
            txn.create_map(&["messages"], &key)?;
            txn.set(&path, "id", key.as_str())?;
            txn.set(&path, "content", "hello")?;
            txn.create_map(&path, "reactions")
        }
    });
    written.unwrap();
    // A root that yrs was not given is not written.
    if chance.below(8) == 0 {
        let before = session.revision(doc);
        if session.edit(doc, |txn| txn.set(&["map"], "ours", "no")).is_err() {
            return;
        }
        assert!(session.revision(doc) > before, "it was written");
        return;
    }
    session.commit().unwrap();
}

/// What a state shows in the roots of Yjs, and in those of the concern.
fn parts(state: &[u8]) -> (Value, Value) {
    let mut all = types::typed(&SharedTypes::read(state.to_vec()).unwrap());
    let roots = all.as_object_mut().unwrap();
    let ours = roots.remove("messages").unwrap_or_default();
    (all, ours)
}

/// Updates of Yjs in any order and twice, with messages between them, on two replicas that sometimes exchange
/// bundles. `TYPES_DOCUMENTS` and `TYPES_SEED` make more and different ones.
#[test]
fn messages_are_written_beside_whatever_yjs_writes() {
    let count = number("TYPES_DOCUMENTS").unwrap_or(10);
    let seed = number("TYPES_SEED").unwrap_or(1);
    let Some(all) = types::documents(count, seed) else { return };
    let machine = Machine::new("beside");
    let both = ["one", "two"].map(|name| store(&machine.path(""), name));
    let mut chance = Chance::new(seed);
    let mut beyond = 0;
    for (index, document) in all.iter().enumerate() {
        let doc = doc(index);
        let mut updates = types::several(&document["updates"]);
        if chance.below(3) == 0 {
            updates.push(types::bytes(&document["v1"]));
        }
        beyond += usize::from(Update::checked(&types::bytes(&document["v1"]), &[]).is_err());
        let updates: Vec<Input> = updates
            .into_iter()
            .map(|update| Input::Raw { name: "update".to_owned(), doc: doc.clone(), update })
            .collect();
        let updates: Vec<&Input> = updates.iter().collect();
        for some in shuffled(&updates, &mut chance).chunks(1 + chance.below(12) as usize) {
            let at = &both[chance.below(2) as usize];
            if chance.below(2) == 0 {
                write(at, &doc, &mut chance);
            }
            let some: Vec<Input> = some.iter().map(|input| again(input)).collect();
            take(&at.0, &some).unwrap_or_else(|e| panic!("seed {seed}, document {index}: {e:?}"));
            if chance.below(4) == 0 {
                let (from, to) = (chance.below(2) as usize, chance.below(2) as usize);
                take(&both[to].0, &[bundle(&both[from])]).unwrap();
            }
        }
        both.iter().for_each(|at| write(at, &doc, &mut chance));
    }
    assert!(beyond > all.len() / 4, "the test tests nothing: {beyond}");
    let [one, two] = &both;
    for round in 0.. {
        let came = [take(&two.0, &[bundle(one)]).unwrap(), take(&one.0, &[bundle(two)]).unwrap()];
        if !came.iter().any(|came| came.changed) {
            break;
        }
        assert!(round < 40, "it never ends");
    }
    let state =
        |(store, _): &Replica, doc: &DocId| store.reader().unwrap().bytes(doc).unwrap().unwrap();
    for (index, document) in all.iter().enumerate() {
        let at = format!("seed {seed}, document {index}");
        let [a, b] = [one, two].map(|replica| state(replica, &doc(index)));
        let (theirs, ours) = parts(&a);
        assert_eq!(parts(&b), (theirs.clone(), ours.clone()), "{at}");
        let view = one.0.reader().unwrap().view(&doc(index)).unwrap().unwrap();
        assert_eq!(view.keys(&["messages"]).is_empty(), ours == Value::Null, "{at}");
        let [a_read, b_read] = [&a, &b].map(|bytes| SharedTypes::read(bytes.clone()).unwrap());
        assert_eq!(a_read.version(), b_read.version(), "{at}");
        assert_eq!(a_read.digest(), b_read.digest(), "{at}");
        Update::checked(&a, concern::expected(&doc(index))).unwrap();
        if theirs.to_string().contains(char::REPLACEMENT_CHARACTER) {
            continue;
        }
        assert_eq!(theirs, document["all"]["typed"], "{at}");
        // None of their blocks is rewritten.
        let mut came = BTreeMap::new();
        for update in types::several(&document["updates"]) {
            came.extend(blocks(&update));
        }
        came.extend(blocks(&types::bytes(&document["v1"])));
        let clients: Vec<u64> = came.keys().map(|(client, ..)| *client).collect();
        for (at_block, bytes) in blocks(&a) {
            if clients.contains(&at_block.0) {
                let known = came.get(&at_block);
                assert!(known.is_none_or(|known| *known == bytes), "{at}: {at_block:?}");
            }
        }
    }
    // Yjs reads the same from what is stored.
    let states: Vec<Vec<u8>> = (0..all.len()).map(|index| state(two, &doc(index))).collect();
    for (index, (yjs, state)) in types::read_by_yjs(&states).iter().zip(&states).enumerate() {
        let (theirs, _) = parts(state);
        if !theirs.to_string().contains(char::REPLACEMENT_CHARACTER) {
            assert_eq!(yjs["typed"], theirs, "seed {seed}, document {index}");
        }
    }
}
