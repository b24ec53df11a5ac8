//! An operation, or an import, has the same effect on the pages that it asked for as on the whole document.
//!
//! `CRDTCTL_SCHEDULES=5000 cargo test --test deep paged` runs more histories, `CRDTCTL_FORGED=10000` before
//! it forges more updates.

use super::convergence::{QUICK, schedule, schedules, seeds};
use super::support::number;
use super::world::{Climate, Replica, World, checked};
use crdtctl::concern;
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::error::Result;
use crdtctl::gate;
use crdtctl::id::{DocId, MemberId};
use crdtctl::operation::{self, Operation, Outcome};
use crdtctl::sample::Chance;
use crdtctl::store::{LogRow, Open, Reader};
use crdtctl::sync::import::{Imported, Input, import};
use crdtctl::wire::{self, Update, Value, Version};
use std::collections::BTreeMap;
use std::ops::Range;

const PAGED: Climate = Climate { steps: 40, incremental: true, paged: true, ..QUICK };

#[test]
fn messages_and_members_are_written_as_to_the_whole_document() {
    schedules("paged", 4, PAGED);
}

#[test]
fn threads_and_reactions_are_written_as_to_the_whole_document() {
    schedules("paged talk", 4, Climate { talk: true, ..PAGED });
}

#[test]
fn boards_are_written_as_to_the_whole_document() {
    schedules("paged boards", 4, Climate { boards: true, ..PAGED });
}

#[test]
fn canvases_are_written_as_to_the_whole_document() {
    schedules("paged canvas", 4, Climate { canvas: true, ..PAGED });
}

/// Bundles that hold everything, most of which is here already.
#[test]
fn what_was_exported_whole_is_imported_as_into_the_whole_document() {
    let whole = Climate { incremental: false, ..PAGED };
    schedules("paged whole", 4, whole);
    schedules("paged whole talk", 3, Climate { talk: true, ..whole });
    schedules("paged whole boards", 3, Climate { boards: true, ..whole });
    schedules("paged whole canvas", 2, Climate { canvas: true, ..whole });
}

/// In one of these an import asks for more so often that everything is opened.
#[test]
fn who_asks_too_often_gets_the_whole_document() {
    schedule("paged boards", 1014, Climate { boards: true, ..PAGED });
}

/// In these somebody who exports everything had written to a record that is gone here: what it was is told by
/// blocks that are here already, and are collected.
#[test]
fn what_came_into_a_pruned_record_is_named_as_by_the_whole_document() {
    schedule("paged", 700_076, PAGED);
    schedule("paged canvas", 700_030, Climate { canvas: true, ..PAGED });
    schedule("paged canvas", 740_049, Climate { canvas: true, ..PAGED });
}

/// The effect of an operation on whole documents.
pub struct Expected {
    outcome: std::result::Result<String, String>,
    documents: BTreeMap<DocId, State>,
    /// The documents before it, in bytes.
    before: BTreeMap<DocId, Vec<u8>>,
}

#[derive(Debug, PartialEq)]
struct State {
    /// Of the clients that are the same everywhere.
    clocks: BTreeMap<u64, u32>,
    /// Units of all others.
    written: u64,
    old_deletes: Vec<(u64, Range<u32>)>,
    /// Units that were not there before, and are deleted.
    new_deletes: u32,
    content: BTreeMap<String, Option<Value>>,
}

impl State {
    /// `before` is the document before the change. A trial writes under a client id of its own: new units are
    /// counted, whoever wrote them, and existing ones are compared one by one.
    fn of(bytes: &[u8], before: Option<&Vec<u8>>) -> State {
        let state = checked(bytes);
        let known = before.map(|before| checked(before).version().clocks).unwrap_or_default();
        let Version { clocks, deletes } = state.version();
        let (mut of, mut written, mut new_deletes) = (BTreeMap::new(), 0, 0);
        for (client, clock) in &clocks {
            match *client > u64::from(u32::MAX) {
                true => drop(of.insert(*client, *clock)),
                false => written += u64::from(*clock),
            }
        }
        let mut old_deletes = Vec::new();
        for (client, range) in deletes.iter() {
            let end = known.get(&client).copied().unwrap_or(0);
            new_deletes += range.end.saturating_sub(range.start.max(end));
            let old = range.start..range.end.min(end);
            old_deletes.extend((!old.is_empty()).then_some((client, old)));
        }
        let view = View::of(&state);
        let content = view.roots().into_iter().map(|root| (root.clone(), view.value(&[&root])));
        State { clocks: of, written, old_deletes, new_deletes, content: content.collect() }
    }
}

fn said(outcome: &Result<Outcome>) -> std::result::Result<String, String> {
    match outcome {
        Ok(outcome) => Ok(format!("{outcome:?}")),
        Err(error) => Err(format!("{error:?}")),
    }
}

/// Tries an operation on whole documents. It consumes the random ids that will be drawn again.
pub fn expect(replica: &Replica, member: &MemberId, operation: &Operation) -> Expected {
    let before = documents(replica);
    let open = Open { command: "test", member: Some(member), dry_run: true };
    let mut session = replica.store.session(open).expect("a session");
    let ids = &replica.environment.machine.ids;
    let outcome = ids.repeatably(|| operation::run(&mut session, operation));
    let changed = if outcome.is_ok() { session.changed() } else { Vec::new() };
    let state = |doc: DocId| {
        let bytes = session.bytes(&doc).expect("a state").expect("a document");
        let state = State::of(&bytes, before.get(&doc));
        (doc, state)
    };
    let documents = changed.into_iter().map(state).collect();
    Expected { outcome: said(&outcome), documents, before }
}

/// Tries an import on whole documents.
pub fn expect_import(replica: &Replica, inputs: &[Input]) -> Expected {
    let before = documents(replica);
    let open = Open { command: "test", member: None, dry_run: true };
    let session = replica.store.session(open).expect("a session");
    let imported = import(session, inputs).expect("an honest import");
    let changed = imported.touched.iter().filter_map(|touched| {
        let after = touched.after.as_ref()?;
        let same = touched.before.as_ref().is_some_and(|old| old.version() == after.version());
        let state = || State::of(after.bytes(), before.get(&touched.doc));
        (!same).then(|| (touched.doc.clone(), state()))
    });
    Expected { documents: changed.collect(), outcome: Ok(told(&imported)), before }
}

/// What an import reports.
fn told(imported: &Imported) -> String {
    let Imported { documents, conflicts, waits, findings, changed, .. } = imported;
    format!("{documents:?} {conflicts} {waits:?} {findings:?} {changed}")
}

impl Expected {
    /// Compares the report of an import with what was expected.
    pub fn compare_import(&self, imported: &Imported, what: &str) {
        assert_eq!(Ok(told(imported)), self.outcome, "{what}");
    }

    /// Compares the outcome with what was expected.
    pub fn compare_outcome(&self, outcome: &Result<Outcome>, what: &str) {
        assert_eq!(said(outcome), self.outcome, "{what}");
    }

    /// Compares the files, and the new log rows, with what was expected.
    pub fn compare_files(&self, replica: &Replica, what: &str) {
        let reader = replica.store.reader().expect("a reader");
        for doc in self.documents.keys() {
            compare_looks(&reader, doc, what);
        }
        for (doc, expected) in &self.documents {
            let concern = doc.concern().expect("a concern");
            let file = match replica.folds_later() {
                true => reader.bytes(doc).expect("a readable document").expect("a document"),
                false => replica.file(concern),
            };
            gate::storable(&file).expect("a file that may be stored");
            assert_eq!(State::of(&file, self.before.get(doc)), *expected, "{what}: {doc}");
            let rows = reader.state().expect("a log").log_of(doc).expect("its rows");
            let end = rows.last().map_or(0, |row| row.seq);
            let last: Vec<&LogRow> = rows.iter().filter(|row| row.seq == end).collect();
            let empty = vec![0, 0];
            let base = self.before.get(doc).unwrap_or(&empty);
            let parts = std::iter::once(checked(base));
            let parts: Vec<_> = parts.chain(last.iter().map(|row| checked(&row.update))).collect();
            let merged = wire::merge(&parts).expect("rows that follow");
            let merged = State::of(&merged, self.before.get(doc));
            assert_eq!(merged, *expected, "{what}: {doc} by the log");
        }
    }
}

/// Compares what is read from some pages with what all of them say.
pub fn compare_looks(reader: &Reader, doc: &DocId, what: &str) {
    let view = reader.view(doc).expect("a view").expect("a document");
    for root in view.roots() {
        let keys = reader.look(doc, |source| source.keys(&[&root])).expect("keys");
        assert_eq!(keys, Some(view.keys(&[&root])), "{what}: {doc}: {root}");
        for key in view.keys(&[&root]).iter().step_by(3) {
            let path = [root.as_str(), key.as_str()];
            let look = |source: &dyn Source| (source.value(&path), source.item(&path));
            let found = reader.look(doc, look).expect("a value");
            let expected = (view.value(&path), view.item(&path));
            assert_eq!(found, Some(expected), "{what}: {doc}: {path:?}");
        }
    }
}

/// Every document of a replica, as it is read.
fn documents(replica: &Replica) -> BTreeMap<DocId, Vec<u8>> {
    let reader = replica.store.reader().expect("a reader");
    let documents = reader.documents().expect("the documents").into_iter();
    let read = |doc: &DocId| reader.bytes(doc).expect("a readable document").unwrap_or_default();
    documents.map(|document| (document.id.clone(), read(&document.id))).collect()
}

/// Forged updates, made from genuine ones, are judged by the pages that they name as they are by the whole
/// document: accepted, refused and made to wait alike.
#[test]
fn what_is_forged_is_judged_as_by_the_whole_document() {
    let rounds = number("CRDTCTL_FORGED").unwrap_or(40);
    let (mut taken, mut refused) = (0, 0);
    for seed in seeds(2) {
        let mut world = World::new(seed, Climate { talk: true, ..PAGED });
        world.live();
        world.exchange(true);
        let mut chance = Chance::new(seed);
        let updates: Vec<Vec<u8>> = world.replicas.iter().flat_map(rows_of_chat).collect();
        // Not a replica in sync with all, but one that goes on alone; and one whose files hold everything: a
        // log that is laid over its file still has the content that yrs collects, and there shows forks that
        // do not show in pages.
        let mut replicas = world.replicas.iter();
        let Some(replica) = replicas.find(|replica| !replica.folds_later()) else { continue };
        for round in 0..rounds {
            let forged = forge(&updates, &mut chance);
            let doc = World::doc("chat");
            let raw =
                || Input::Raw { name: "raw".into(), doc: doc.clone(), update: forged.clone() };
            let run = |dry_run| {
                let open = Open { command: "test", member: None, dry_run };
                import(replica.store.session(open).expect("a session"), &[raw()])
            };
            let (whole, paged) = (run(true), run(false));
            let what = format!("seed {seed}, round {round}: {forged:?}");
            match (&whole, &paged) {
                (Ok(whole), Ok(paged)) => {
                    assert_eq!(told(whole), told(paged), "{what}");
                    let after = whole.touched.iter().find(|touched| touched.doc == doc);
                    let after = after.and_then(|touched| touched.after.clone()).expect("a chat");
                    let reader = replica.store.reader().expect("a reader");
                    let now = reader.view(&doc).expect("a view").expect("a chat");
                    assert_eq!(after.digest(), now.digest(), "{what}");
                    taken += usize::from(paged.changed);
                }
                (Err(whole), Err(paged)) => {
                    assert_eq!(format!("{whole:?}"), format!("{paged:?}"), "{what}");
                    refused += 1;
                }
                _ => panic!("{what}\n{whole:?}\n{paged:?}"),
            }
        }
    }
    assert!(taken > 5 && refused > 5, "{taken} taken, {refused} refused");
}

fn rows_of_chat(replica: &Replica) -> Vec<Vec<u8>> {
    let reader = replica.store.reader().expect("a reader");
    let rows = reader.state().expect("a log").log_of(&World::doc("chat")).expect("its rows");
    rows.into_iter().map(|row| row.update.into_vec()).collect()
}

/// An update with some numbers in it changed a little, usually still a valid one.
fn forge(updates: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let original = chance.pick(updates).expect("an update");
    for _ in 0..50 {
        let mut forged = original.clone();
        for _ in 0..=chance.below(3) {
            let at = usize::try_from(chance.below(forged.len() as u64)).expect("a small number");
            let by = [1, 2, 255, 254, 4, 128][usize::try_from(chance.below(6)).expect("below 6")];
            forged[at] = forged[at].wrapping_add(by);
        }
        if Update::checked(&forged, concern::roots(&World::doc("chat"))).is_ok() {
            return forged;
        }
    }
    original.clone()
}
