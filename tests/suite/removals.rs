//! Many members removed in one session: each removal prunes the same as in a session of its own, in which
//! everything is examined again.

use crate::support::{environment, temporary};
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::id::{DocId, MemberId};
use crdtctl::operation::{self, Operation};
use crdtctl::path::DocPath;
use crdtctl::sample::Chance;
use crdtctl::store::{Open, Session, Store};
use crdtctl::tombstone;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

const NOW: i64 = 1_767_225_600;
const ENTITY: &str = "group:ocean-forest-moon-star";
const ALICE: &str = "alice-river-stone-sky";

fn chat() -> DocId {
    DocId::parse(&format!("{ENTITY}:chat")).unwrap()
}

/// A store with seeded ids.
fn store(dir: &Path, seed: u64) -> Store {
    let environment = environment(Some(dir.join("leases")), &seed.to_string(), NOW);
    let alice = MemberId::parse(ALICE).unwrap();
    Store::init(&dir.join("store"), Rc::new(environment), Some(&alice)).unwrap().0
}

fn session(store: &Store, member: &str) -> Session {
    let member = MemberId::parse(member).unwrap();
    store.session(Open { command: "test", member: Some(&member), dry_run: false }).unwrap()
}

fn operation(mut fields: Value) -> Operation {
    fields["entity"] = json!(ENTITY);
    serde_json::from_value(fields).unwrap()
}

/// What an operation did: its record, and what it pruned, in order; or how it failed.
type Did = Result<(bool, Option<String>, Vec<(String, DocPath)>), String>;

fn run(session: &mut Session, operation: &Operation) -> Did {
    let outcome = operation::run(session, operation).map_err(|e| e.to_string())?;
    let pruned = outcome.pruned.into_iter().map(|p| (p.doc.to_string(), p.tombstone.path));
    Ok((outcome.changed, outcome.id, pruned.collect()))
}

fn member(n: u64) -> String {
    format!("member-{n}-lake-tree")
}

/// Members who joined at different times, and messages that some of them deleted and some have acknowledged.
fn prepare(store: &Store, chance: &mut Chance, members: u64) -> Vec<String> {
    let as_alice = |fields: Value| {
        let mut session = session(store, ALICE);
        let (_, id, _) = run(&mut session, &operation(fields)).unwrap();
        session.commit().unwrap();
        id.unwrap()
    };
    as_alice(json!({"op": "entity.create", "name": "Ocean"}));
    let mut messages = Vec::new();
    for n in 0..members {
        store.environment().machine.clock.set(NOW + i64::try_from(chance.below(4)).unwrap());
        let role = if chance.below(4) == 0 { "owner" } else { "member" };
        as_alice(json!({"op": "member.add", "member": member(n), "role": role}));
        messages.push(as_alice(json!({"op": "chat.send", "text": format!("message {n}")})));
        if n % 3 == 1 {
            let to = messages.last().unwrap().clone();
            messages.push(as_alice(json!({"op": "chat.send", "text": "reply", "reply_to": to})));
        }
        if chance.below(2) == 0 {
            let message =
                messages.swap_remove(usize::try_from(chance.below(messages.len() as u64)).unwrap());
            // Its replies may be gone with it.
            let mut session = session(store, ALICE);
            let delete = json!({"op": "chat.delete", "message": message});
            if run(&mut session, &operation(delete)).is_ok() {
                session.commit().unwrap();
            }
        }
        if chance.below(2) == 0 {
            let mut session = session(store, &member(chance.below(n + 1)));
            tombstone::acknowledge(&mut session, &chat()).unwrap();
            session.commit().unwrap();
        }
    }
    store.environment().machine.clock.set(NOW + 4);
    messages
}

/// Mostly removals, and among them members who come back or get another role, and messages.
fn change(chance: &mut Chance, members: u64, messages: &[String]) -> Operation {
    let who = member(chance.below(members));
    operation(match chance.below(12) {
        0..7 => json!({"op": "member.remove", "member": who}),
        7 => json!({"op": "member.add", "member": who}),
        8 => json!({"op": "member.role", "member": who, "role": "owner"}),
        9 => json!({"op": "chat.send", "text": "hi"}),
        10 => match chance.pick(messages) {
            Some(message) => json!({"op": "chat.delete", "message": message}),
            None => json!({"op": "chat.send", "text": "nothing to delete"}),
        },
        _ => json!({"op": "entity.rename", "name": who}),
    })
}

/// The documents as JSON, by concern.
fn content(store: &Store) -> BTreeMap<&'static str, Option<Vec<Value>>> {
    let reader = store.reader().unwrap();
    let dump = |concern: &'static str| {
        let doc = DocId::parse(&format!("{ENTITY}:{concern}")).unwrap();
        let view = reader.view(&doc).unwrap();
        let roots = |view: View| -> Vec<Value> {
            let roots = view.roots();
            roots.iter().filter_map(|root| Some(view.value(&[root])?.to_json())).collect()
        };
        (concern, view.map(roots))
    };
    ["core", "chat"].into_iter().map(dump).collect()
}

#[test]
fn what_removals_prune_in_one_session_is_what_they_prune_one_by_one() {
    let (mut pruned_messages, mut pruned_members) = (0, 0);
    for seed in 0..12 {
        let dirs = [temporary(), temporary()];
        let stores = dirs.each_ref().map(|dir| store(dir.path(), seed));
        let members = 8 + seed % 5;
        let [messages, same] =
            stores.each_ref().map(|store| prepare(store, &mut Chance::new(seed), members));
        assert_eq!(messages, same);
        let mut chance = Chance::new(1_000 + seed);
        let changes: Vec<Operation> =
            (0..30).map(|_| change(&mut chance, members, &messages)).collect();

        let mut at_once = session(&stores[0], ALICE);
        for (at, change) in changes.iter().enumerate() {
            let mut alone = session(&stores[1], ALICE);
            let begun = at_once.changes_begun();
            let (expected, did) = (run(&mut alone, change), run(&mut at_once, change));
            assert_eq!(did, expected, "seed {seed}, change {at}: {change:?}");
            match did {
                Ok((_, _, pruned)) => {
                    drop(alone.commit().unwrap());
                    let is_message = |(doc, _): &&(String, DocPath)| doc.ends_with(":chat");
                    let of_chat = pruned.iter().filter(is_message).count();
                    pruned_messages += of_chat;
                    pruned_members += pruned.len() - of_chat;
                }
                Err(_) => assert_eq!(at_once.changes_begun(), begun, "seed {seed}, change {at}"),
            }
        }
        at_once.commit().unwrap();
        assert_eq!(content(&stores[0]), content(&stores[1]), "seed {seed}");
    }
    assert!(pruned_messages > 20 && pruned_members > 20, "{pruned_messages}, {pruned_members}");
}
