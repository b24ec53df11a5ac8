//! Whole imports: bundles in which honest and forged updates of one document claim the same clocks pass
//! through the gate, the merge, the audit and the tombstones, in both orders.

use crate::forge::{Material, forge, rival};
use crate::model::Model;
use crate::support::number;
use crate::support::{BOB, CAROL, Machine, Store, environment, text};
use crate::testing::Rng;
use crdtctl::error::{Kind, Result};
use crdtctl::id::DocId;
use crdtctl::store::{self, Open};
use crdtctl::sync::import::{Input, import};
use crdtctl::sync::{Bundle, manifest::Has};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Content that Yjs writes beside the messages: a bold word; an XML element; a sub-document; a text with an
/// attribute.
const BESIDE: [&str; 4] = [
    "AQSKBgAEAQVlc3NheQRib2xkhIoGAwUgd29yZEaKBgAEYm9sZAR0cnVlxooGA4oGBARib2xkBG51bGwA",
    "AQSLBgAHAQVwcm9zZQMBcCgAiwYAAWEBdwExBwCLBgAGBACLBgICaGkA",
    "AQGMBgApAQRzdWJzA29uZQJnMXYAAA==",
    "AQKNBgAEAQZ0aXRsZWQBeCgBBnRpdGxlZAFrAX0BAA==",
];
/// The same, later: the word deleted but the end of its bold format kept; another element.
const LATER: [&str; 2] = ["AAGKBgEABA==", "AQGOBgCHiwYAAwF1AA=="];

/// Another program writes into the chat of a store.
fn beside(store: &Store<'_>, updates: &[&str]) {
    for (at, update) in updates.iter().enumerate() {
        let file = store.machine.path(&format!("beside {at}"));
        std::fs::write(&file, data_encoding::BASE64.decode(update.as_bytes()).unwrap()).unwrap();
        let chat = format!("{}:chat", crate::support::GROUP);
        store.ok(&["doc", "load", "--doc", &chat, &text(&file)]);
    }
}

/// Alice and Bob, who have both written since they synchronised, and Carol, who knows of neither: her store,
/// and what both send her. Other programs write into it if `also`, in roots of their own.
fn met(machine: &Machine, also: bool) -> (Store<'_>, Vec<Bundle>) {
    let alice = machine.group("alice", &[BOB, CAROL]);
    if also {
        beside(&alice, &BESIDE[..2]);
    }
    let first = alice.send("Grüße 🌊");
    let second = alice.send("second");
    alice.ok(&["chat", "send", "a reply", "--reply-to", &first]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    let carol = machine.replica_of(&alice, "carol", CAROL);
    bob.give(&alice);
    machine.pass(60);
    alice.ok(&["chat", "edit", &first, "edited"]);
    alice.ok(&["chat", "react", &second, "👍"]);
    alice.ok(&["chat", "delete", &second]);
    alice.send("third");
    let incremental = text(&machine.path("for-bob.crdt"));
    alice.ok(&["sync", "export", "--for", BOB, "--out", &incremental]);
    bob.ok(&["chat", "react", &second, "👍"]);
    bob.ok(&["chat", "send", "another", "--reply-to", &first]);
    machine.pass(60);
    bob.ok(&["chat", "react", &first, "🎉"]);
    if also {
        beside(&alice, &LATER[..1]);
        beside(&bob, &[BESIDE[2], BESIDE[3], LATER[1]]);
    }
    let files = [alice.export("alice.crdt"), bob.export("bob.crdt"), incremental];
    let read = |file: &String| Bundle::read(std::fs::read(file).unwrap().as_slice()).unwrap();
    (carol, files.iter().map(read).collect())
}

/// The same bundle with a different update of one document.
fn with_update(bundle: &Bundle, doc: &DocId, update: &[u8]) -> Bundle {
    let mut other = Bundle::new(bundle.manifest().clone());
    for (entry, bytes) in bundle.documents() {
        let bytes = if entry.doc == *doc { Some(update) } else { bytes };
        other.push(entry.clone(), bytes.map(<[u8]>::to_vec));
    }
    let mut packed = Vec::new();
    other.write(&mut packed).unwrap();
    Bundle::read(packed.as_slice()).unwrap()
}

type Outcome = (BTreeMap<DocId, (Has, [u8; 32])>, usize, usize);

/// The state that an import of these bundles would leave.
fn outcome(carol: &Store<'_>, bundles: &[&Bundle]) -> Result<Outcome> {
    let environment = Rc::new(environment(None, "import", carol.machine.now()));
    let store = store::Store::open_with(&carol.dir, environment)?;
    let open = Open { command: "sync import", member: None, dry_run: true };
    let input = |bundle: &&Bundle| Input::Bundle {
        name: bundle.manifest().bundle.clone(),
        bundle: Box::new((*bundle).clone()),
    };
    let inputs: Vec<Input> = bundles.iter().map(input).collect();
    let imported = import(store.session(open)?, &inputs)?;
    let after = imported.touched.into_iter().filter_map(|touched| {
        let view = touched.after?;
        Some((touched.doc, (Has::from(view.version()), view.digest())))
    });
    Ok((after.collect(), imported.waiting, imported.conflicts))
}

#[test]
fn what_an_import_leaves_does_not_hang_on_the_order_of_its_bundles() {
    in_any_order(false);
}

#[test]
fn nor_does_it_where_other_programs_write_beside_the_messages() {
    in_any_order(true);
}

fn in_any_order(also: bool) {
    let machine = Machine::new(if also { "imports beside" } else { "imports" });
    let (carol, bundles) = met(&machine, also);
    let chat = DocId::parse(&format!("{}:chat", crate::support::GROUP)).unwrap();
    let update = |bundle: &Bundle| {
        let update = bundle.documents().find(|(entry, _)| entry.doc == chat);
        Model::of(update.and_then(|(_, update)| update).unwrap())
    };
    let sent: Vec<Model> = bundles.iter().map(update).collect();
    let base = Model::of(&std::fs::read(carol.document(chat.as_str())).unwrap());
    let rounds = number("GATE_IMPORTS").unwrap_or(120);
    let (mut taken, mut waited, mut refused) = (0, 0, 0);
    for round in 0..rounds {
        let mut rng = Rng::new(number("GATE_SEED").unwrap_or(1) << 32 | round);
        (0..8).for_each(|_| {
            rng.next();
        });
        let mut forged: Vec<Model> = Vec::new();
        let given: Vec<Bundle> = (0..2 + rng.below(2))
            .map(|_| {
                let from = rng.below(bundles.len());
                let honest = &sent[from];
                let claimed = forged.get(rng.below(forged.len())).unwrap_or(honest);
                let bytes = match rng.below(10) {
                    0..=2 => honest.encode(),
                    3 => forge(&mut rng, &Material { base: &base, update: honest, other: &base }),
                    _ => rival(&mut rng, &base, claimed).encode(),
                };
                let walks = crdtctl::wire::Update::walk(&bytes).is_ok();
                forged.extend(walks.then(|| Model::of(&bytes)));
                with_update(&bundles[from], &chat, &bytes)
            })
            .collect();
        let mut order: Vec<&Bundle> = given.iter().collect();
        let forth = outcome(&carol, &order);
        order.reverse();
        match (forth, outcome(&carol, &order)) {
            (Ok(forth), Ok(back)) => {
                assert_eq!(forth, back, "round {round}, {also}");
                waited += u64::from(forth.1 > 0);
                taken += 1;
            }
            (Err(forth), Err(back)) => {
                let expected =
                    |kind| matches!(kind, Kind::Untrusted | Kind::Forked | Kind::Refused);
                assert!(expected(forth.kind) && expected(back.kind), "round {round}: {forth:?}");
                refused += 1;
            }
            other => panic!("round {round}, {also}: {other:?}"),
        }
    }
    println!("{taken} taken, of which {waited} wait in part; {refused} refused");
    assert!(taken > rounds / 20 && refused > rounds / 20, "{taken} taken, {refused} refused");
}
