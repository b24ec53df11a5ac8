//! Applies several updates to one document, all at once and one after the other; every order that is tried
//! must give the same result.

use crate::testing::assert_same;
use crate::trial::{
    READER, Roots, check, edit_everywhere, fresh_client, open, same, save, shown, shown_by_yrs,
    take,
};
use crdtctl::crdt::doc::Doc;
use crdtctl::gate::{Need, Verdict, admit};
use crdtctl::wire::{Record, Update, Version, merge};
use std::collections::BTreeSet;

/// The outcome of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// One of the updates is not even valid alone.
    Invalid,
    /// One contradicts the document or another one.
    Disputed,
    /// Something waits for what is in none of them.
    Waits,
    /// The document has all of them.
    Taken,
}

/// A document, and the outcome of the updates.
struct Store {
    roots: Roots,
    document: Vec<u8>,
    /// The rows of the log.
    rows: Vec<Vec<u8>>,
    inbox: BTreeSet<Vec<u8>>,
    /// Whether an update contradicts what was there first, so that it was refused, at once or after waiting,
    /// or waits for a deletion that perhaps nobody ever made.
    disputed: bool,
    refused: bool,
}

/// The parts of a result that are compared.
#[derive(Debug, PartialEq)]
struct Result<'s> {
    version: Version,
    waits: &'s BTreeSet<Vec<u8>>,
}

impl Store {
    fn new(roots: Roots, base: &[u8]) -> Store {
        let (rows, inbox) = (Vec::new(), BTreeSet::new());
        let document = base.to_vec();
        Store { roots, document, rows, inbox, disputed: false, refused: false }
    }

    /// Imports new and waiting updates, as an import does.
    fn import(&mut self, new: &[&[u8]]) {
        let mut open: Vec<Vec<u8>> = new.iter().map(|update| update.to_vec()).collect();
        open.extend(std::mem::take(&mut self.inbox));
        while self.round(&mut open) {}
        self.disputed |= self.refused;
        self.inbox = open.into_iter().collect();
    }

    fn round(&mut self, open: &mut Vec<Vec<u8>>) -> bool {
        let base = check(self.roots, &self.document).expect("the document itself");
        let updates: Vec<_> =
            open.iter().map(|u| check(self.roots, u).expect("checked before")).collect();
        let given: Vec<_> = updates.iter().collect();
        let verdicts = admit(&base, &given, self.roots);
        let indices: BTreeSet<usize> = verdicts.iter().map(|(index, _)| *index).collect();
        assert!(verdicts.len() == open.len() && indices.len() == open.len(), "a verdict for each");
        let mut document = Doc::load(&base, READER).expect("our load");
        let (mut moved, mut undeleted) = (false, false);
        let mut waits = Vec::new();
        for (index, verdict) in verdicts {
            match verdict {
                Verdict::Known => {}
                Verdict::New(news) => {
                    let news = check(self.roots, &news).expect("valid news");
                    moved |= document.apply(&news).expect("our apply");
                }
                Verdict::Waits(need) => {
                    undeleted |= matches!(need, Need::Deletion(_));
                    waits.push(open[index].clone());
                }
                Verdict::Invalid(_) | Verdict::Forked(_) => self.refused = true,
            }
        }
        if moved {
            self.rows.extend(document.updates().iter().map(|update| update.to_vec()));
            self.document = document.encode().expect("our encode").0;
        }
        *open = waits;
        self.disputed = undeleted;
        moved && undeleted
    }

    fn result(&self) -> Result<'_> {
        let version = Update::walk(&self.document).expect("it walks").version();
        Result { version, waits: &self.inbox }
    }

    /// Whether positions depend on the order, in yrs as well.
    fn crosses(&self) -> bool {
        check(self.roots, &self.document).is_ok_and(|document| document.crosses())
    }

    fn shown(&self) -> Record {
        shown(self.roots, &self.document)
    }

    /// Whether yrs shows the same before and after saving, and no origins cross. Origins that contradict one
    /// another give another outcome in every order; editing never produces them.
    fn agrees(&self, base: &[u8]) -> bool {
        let document = open(READER, base);
        self.rows.iter().for_each(|row| drop(take(&document, row)));
        let shown = self.shown();
        !self.crosses() && same(&shown_by_yrs(&document, &shown), &shown)
    }
}

/// Applies updates to a document in several ways.
pub fn sequence(roots: Roots, base: &[u8], updates: &[Vec<u8>]) -> Outcome {
    if updates.iter().any(|update| check(roots, update).is_err()) {
        return Outcome::Invalid;
    }
    let forth: Vec<&[u8]> = updates.iter().map(Vec::as_slice).collect();
    let back: Vec<&[u8]> = forth.iter().rev().copied().collect();
    let at_once = |order: &[&[u8]]| {
        let mut store = Store::new(roots, base);
        store.import(order);
        store
    };
    let one_by_one = |order: &[&[u8]]| {
        let mut store = Store::new(roots, base);
        for update in order {
            store.import(&[update]);
        }
        store
    };
    let together = at_once(&forth);
    let others = [
        ("backwards", at_once(&back)),
        ("one by one", one_by_one(&forth)),
        ("and so backwards", one_by_one(&back)),
    ];
    let (_, backwards) = &others[0];
    assert_eq!(backwards.result(), together.result(), "at once, in another order");
    let agrees = together.agrees(base);
    assert_eq!(backwards.disputed, together.disputed, "disputed at once, in another order");
    // An update that contradicts a document is refused, and what came first stays. If nothing contradicts,
    // the order does not matter.
    for (how, other) in &others {
        if !other.disputed && !together.disputed {
            assert_eq!(other.result(), together.result(), "{how}");
            if agrees && other.agrees(base) {
                assert_same(&other.shown(), &together.shown(), how);
            }
        }
    }
    let differ = |other: &&Store| other.document != together.document;
    let others = others.iter().map(|(_, other)| other).filter(differ);
    for store in others.chain([&together]) {
        relayed(roots, base, store);
        survives(roots, store);
    }
    if together.disputed {
        return Outcome::Disputed;
    }
    if together.inbox.is_empty() { Outcome::Taken } else { Outcome::Waits }
}

/// Brings the rows of the log to another replica that had the same document, and applies them to the document
/// without yrs.
fn relayed(roots: Roots, base: &[u8], store: &Store) {
    let mut relay = Store::new(roots, base);
    relay.import(&store.rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
    assert!(!relay.refused && relay.inbox.is_empty(), "what the log holds");
    assert_eq!(relay.result().version, store.result().version, "relayed");
    if !store.agrees(base) {
        return;
    }
    assert_same(&relay.shown(), &store.shown(), "relayed");
    let parts = std::iter::once(base).chain(store.rows.iter().map(Vec::as_slice));
    let parts: Vec<_> = parts.map(|part| check(roots, part).expect("valid")).collect();
    let merged = merge(&parts).expect("no gap");
    assert_same(&shown(roots, &merged), &store.shown(), "merged from the log");
    let back = parts.iter().rev().map(|part| check(roots, part.bytes()).expect("valid"));
    let back = merge(&back.collect::<Vec<_>>()).expect("no gap");
    assert_same(&shown(roots, &back), &store.shown(), "merged backwards");
}

/// yrs copes with the outcome: it loads, can be edited everywhere, saved and loaded again.
fn survives(roots: Roots, store: &Store) {
    let document = open(fresh_client(&store.document), &store.document);
    edit_everywhere(&document, &store.shown());
    let (edited, _) = save(roots, &document, "edited");
    let whole = check(roots, &edited).expect("edited");
    drop(Doc::load(&whole, READER).expect("our load").encode().expect("our encode"));
}
