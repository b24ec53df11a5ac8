//! Random histories, and what must hold after each of them.
//!
//! `CRDTCTL_SCHEDULES=5000 cargo test --test deep convergence` runs more of them; `CRDTCTL_SEED_ONE=17` runs
//! one, whose trace is printed when it fails.

use super::boards;
use super::canvases;
use super::facts::{Edit, Event, Message};
use super::paged::compare_looks;
use super::support::number;
use super::world::{Climate, World};
use crdtctl::concern::core;
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::gate;
use crdtctl::id::DocId;
use crdtctl::tombstone;
use crdtctl::wire::Clocks;
use std::collections::BTreeSet;
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::{Doc, ReadTxn, Transact};

pub const QUICK: Climate = Climate {
    replicas: 3,
    steps: 10,
    disasters: false,
    incremental: false,
    rewinds: false,
    boards: false,
    talk: false,
    canvas: false,
    quarrels: false,
    paged: false,
};
const CROWDED: Climate = Climate { replicas: 5, steps: 30, incremental: true, ..QUICK };
const STICKS: Climate = Climate { steps: 32, incremental: true, ..QUICK };
const DISASTERS: Climate = Climate { replicas: 4, steps: 24, disasters: true, ..STICKS };
const REWINDS: Climate = Climate { steps: 40, incremental: true, rewinds: true, ..QUICK };
const BOARDS: Climate = Climate { steps: 40, incremental: true, boards: true, ..QUICK };
const TALK: Climate = Climate { steps: 40, incremental: true, talk: true, ..QUICK };
const CANVAS: Climate = Climate { steps: 40, incremental: true, canvas: true, ..QUICK };
const QUARRELS: Climate = Climate { steps: 16, quarrels: true, ..QUICK };

#[test]
fn quick_histories_converge() {
    schedules("quick", 36, QUICK);
}

#[test]
fn crowded_histories_converge() {
    schedules("crowded", 12, CROWDED);
}

#[test]
fn histories_of_incremental_bundles_converge() {
    schedules("incremental", 14, STICKS);
}

#[test]
fn histories_with_disasters_converge() {
    schedules("disasters", 14, DISASTERS);
}

#[test]
fn histories_of_replicas_that_go_back_in_time_converge() {
    schedules("back_in_time", 12, REWINDS);
}

#[test]
fn histories_of_boards_that_go_back_in_time_converge() {
    schedules("boards_that_go_back", 4, Climate { boards: true, ..REWINDS });
}

#[test]
fn histories_of_quarrels_converge() {
    schedules("quarrels", 14, QUARRELS);
}

/// The seeds to run: this many, or as the environment says.
pub fn seeds(count: u64) -> std::ops::Range<u64> {
    match number("CRDTCTL_SEED_ONE") {
        Some(one) => one..one + 1,
        None => {
            let first = number("CRDTCTL_SEED_FIRST").unwrap_or(0);
            first..first + number("CRDTCTL_SCHEDULES").unwrap_or(count)
        }
    }
}

#[test]
fn histories_of_boards_and_issues_converge() {
    schedules("boards", 12, BOARDS);
}

#[test]
fn histories_of_threads_and_reactions_converge() {
    schedules("threads", 14, TALK);
}

#[test]
fn histories_of_a_canvas_and_its_relay_converge() {
    schedules("canvas", 12, CANVAS);
}

pub fn schedules(test: &str, count: u64, climate: Climate) {
    seeds(count).for_each(|seed| schedule(test, seed, climate));
}

pub fn schedule(test: &str, seed: u64, climate: Climate) {
    let mut told = Told { test, seed, world: World::new(seed, climate) };
    history(&mut told.world, seed);
}

/// A world that prints its history if it ends in a panic.
struct Told<'a> {
    test: &'a str,
    seed: u64,
    world: World,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Told { test, seed, world } = self;
            let trace = world.trace.join("\n");
            eprintln!("{trace}\n\nto see this one again:");
            eprintln!("CRDTCTL_SEED_ONE={seed} cargo test --test deep {test}");
        }
    }
}

fn history(world: &mut World, seed: u64) {
    let incremental = seed % 2 == 1 || world.climate.rewinds;
    world.live();
    if world.climate.rewinds {
        world.talk_twice();
    }
    world.settle(incremental);
    write_what_was_left(world);
    for concern in ["core", "chat", "kanban", "issues", "canvas"] {
        all_hold_the_same(world, concern);
    }
    boards::every_card_stands_in_one_place(world);
    canvases::no_element_is_lost(world);
    no_message_is_lost_and_none_comes_back(world);
    if let Some((_, view)) = world.replicas[0].document("chat") {
        world.facts.talk.nothing_is_lost(&view);
    }
    membership_is_what_was_seen(world);
    nothing_waits(world);
    a_quiet_world_stays_quiet(world, !incremental);
}

/// Deferred writes are read the same way before and after the fold.
fn write_what_was_left(world: &World) {
    for replica in world.replicas.iter().filter(|replica| replica.folds_later()) {
        let reader = || replica.store.reader().expect("a reader");
        let read = |when: &str| {
            let reader = reader();
            let documents = reader.documents().expect("the documents").into_iter();
            let read = |doc: DocId| {
                compare_looks(&reader, &doc, when);
                let view = reader.view(&doc).expect("a view").expect("a document");
                (doc, view.digest(), view.version().clone())
            };
            documents.map(|document| read(document.id)).collect::<Vec<_>>()
        };
        let left = read("left for later");
        replica.fold();
        assert_eq!(left, read("written"), "{}", replica.name);
    }
}

/// Equal content, equal versions, in files that any Yrs program reads the same way.
fn all_hold_the_same(world: &World, concern: &str) {
    let documents: Vec<_> = world.replicas.iter().map(|r| r.document(concern)).collect();
    let Some(Some((_, first))) = documents.first() else {
        assert!(documents.iter().all(Option::is_none), "{concern}: some have it");
        return;
    };
    for (replica, document) in world.replicas.iter().zip(&documents) {
        let Some((bytes, view)) = document else { panic!("{} has no {concern}", replica.name) };
        assert_eq!(view.digest(), first.digest(), "{}: {concern}", replica.name);
        assert_eq!(view.version(), first.version(), "{}: {concern}", replica.name);
        // Folded long ago: readers need no log.
        let file = replica.file(concern);
        assert!(file == *bytes, "{}: {concern} is not what its file says", replica.name);
        gate::storable(&file).unwrap_or_else(|fault| panic!("{concern}: {fault}"));
        as_plain_yrs_reads_it(&file, view);
    }
}

fn as_plain_yrs_reads_it(bytes: &[u8], view: &View) {
    let doc = Doc::new();
    let roots: Vec<_> = [
        "metadata",
        "members",
        "active_members",
        "messages",
        "threads",
        "cards",
        "issues",
        "elements",
    ]
    .map(|root| (root, doc.get_or_insert_map(root)))
    .into();
    let columns = doc.get_or_insert_array("columns");
    let update = yrs::Update::decode_v1(bytes).expect("yrs decodes it");
    doc.transact_mut().apply_update(update).expect("yrs applies it");
    let txn = doc.transact();
    assert!(!txn.has_missing_updates());
    for (root, map) in roots {
        let plain = serde_json::to_value(map.to_json(&txn)).expect("JSON");
        let ours = view.value(&[root]).map(|value| value.to_json());
        assert_eq!(plain, ours.unwrap_or_else(|| serde_json::json!({})), "{root}");
    }
    let plain = serde_json::to_value(columns.to_json(&txn)).expect("JSON");
    let ours = view.value(&["columns"]).map(|value| value.to_json());
    assert_eq!(plain, ours.unwrap_or_else(|| serde_json::json!([])), "columns");
}

/// Whatever was sent and not deleted is there, with a text that somebody wrote; whatever was deleted anywhere
/// is deleted or pruned everywhere; whatever was pruned is nowhere.
fn no_message_is_lost_and_none_comes_back(world: &World) {
    let Some((_, view)) = world.replicas[0].document("chat") else {
        assert!(world.facts.messages.is_empty() || world.facts.restored);
        return;
    };
    let clocks = &view.version().clocks;
    let present: BTreeSet<String> = view.keys(&["messages"]).into_iter().collect();
    for (id, message) in &world.facts.messages {
        if !message.sent.is_in(clocks) {
            // Sent after a backup that was restored before anybody received it.
            assert!(world.facts.restored, "{id} is lost, with all of its session");
            assert!(!present.contains(id), "{id} is here, and who wrote it is not");
            continue;
        }
        if message.deletions.iter().any(|(mark, _)| mark.is_in(clocks)) {
            let deleted = !present.contains(id) || view.flag(&["messages", id, "deleted"]);
            assert!(deleted, "{id} was deleted, and is here");
            continue;
        }
        let text = view.text(&["messages", id, "content"]);
        let text = text.unwrap_or_else(|| panic!("{id} is lost: {message:?}"));
        the_latest_text_stands(world, id, message, &text, clocks);
        assert!(!view.flag(&["messages", id, "deleted"]), "{id} was never deleted");
    }
    for id in &present {
        assert!(world.facts.messages.contains_key(id), "nobody sent {id}");
        let pruned = world.facts.pruned.contains(id) && !world.facts.unpruned.contains(id);
        assert!(!pruned, "{id} was pruned, and is here");
    }
}

/// Of the texts written to a message the one with the latest clock is shown, and every text that nobody
/// overwrote knowingly is in somebody's list of conflicts.
fn the_latest_text_stands(world: &World, id: &str, message: &Message, text: &str, clocks: &Clocks) {
    let known: Vec<&Edit> = message.edits.iter().filter(|edit| edit.mark.is_in(clocks)).collect();
    let latest = known.iter().max_by_key(|edit| (edit.at, &edit.text));
    assert_eq!(latest.map(|edit| edit.text.as_str()), Some(text), "{id}: {message:#?}");
    let last = known.iter().filter(|edit| !known.iter().any(|other| other.saw(edit)));
    for edit in last.filter(|edit| edit.text != text) {
        let lost = world.replicas.iter().any(|replica| replica.lost().contains(&edit.text));
        assert!(lost || world.facts.restored, "{id}: {edit:?} was lost in silence");
    }
}

/// Deletion wins: whoever was removed is no member, unless somebody who had seen the removal added them
/// again. And whoever was added and never removed is one.
fn membership_is_what_was_seen(world: &World) {
    let Some((_, view)) = world.replicas[0].document("core") else { return };
    let clocks = &view.version().clocks;
    let active = core::active(&view);
    let members: BTreeSet<&str> =
        world.facts.membership.iter().map(|event| event.member.as_str()).collect();
    for member in members {
        let (adds, removals) = events_of(world, member, clocks);
        let is_active = active.contains_key(member);
        let story = || format!("{member}: {adds:#?} {removals:#?}");
        // An addition that had seen a removal brought somebody back. One that had seen none never writes that
        // somebody is not deleted.
        let revivals: Vec<_> =
            adds.iter().filter(|add| removals.iter().any(|removal| add.saw(removal))).collect();
        if removals.iter().any(|removal| revivals.iter().all(|revival| removal.saw(revival))) {
            assert!(!is_active, "removed, and here: {}", story());
        }
        if removals.is_empty() && !adds.is_empty() {
            assert!(is_active, "never removed, and not here: {}", story());
        }
        let taken_back = revivals.iter().any(|add| removals.iter().all(|removal| add.saw(removal)));
        if taken_back {
            assert!(is_active, "taken back, and not here: {}", story());
        }
    }
}

/// The recorded events of a member.
fn events_of<'w>(
    world: &'w World,
    member: &str,
    clocks: &Clocks,
) -> (Vec<&'w Event>, Vec<&'w Event>) {
    let events = world.facts.membership.iter();
    events
        .filter(|event| event.member == member && event.mark.is_in(clocks))
        .partition(|event| event.added)
}

/// Nothing waits except for what was lost everywhere with a backup; and since everybody has seen every
/// deletion, every tombstone is gone.
fn nothing_waits(world: &World) {
    for replica in &world.replicas {
        for parked in replica.parked() {
            let needs: Clocks = serde_json::from_str(&parked.needs).expect("clocks");
            let reader = replica.store.reader().expect("a reader");
            let view = reader.view(&parked.doc).expect("a readable document");
            let here = |client| view.as_ref()?.version().clocks.get(client).copied();
            let lost = needs.iter().any(|(client, clock)| here(client).unwrap_or(0) < *clock);
            assert!(lost && world.facts.restored, "{}: {} waits", replica.name, parked.doc);
        }
        let Some((_, core)) = replica.document("core") else { continue };
        let members = core::active(&core);
        for concern in ["core", "chat", "issues", "canvas"] {
            let Some((_, view)) = replica.document(concern) else { continue };
            let plan = tombstone::PrunePlan::of(&World::doc(concern), &view, &members);
            assert!(plan.prunable.is_empty(), "{}: {:?}", replica.name, plan.prunable);
            let blocked = plan
                .blocked
                .iter()
                // Closed issues are content, and stay.
                .filter(|pruned| pruned.tombstone.collection.noun != "issue")
                .map(|pruned| (&pruned.tombstone.path, pruned.tombstone.waiting_for(&members)));
            let blocked: Vec<_> = blocked.collect();
            assert!(blocked.is_empty() || members.is_empty(), "{}: {blocked:?}", replica.name);
        }
    }
}

/// Another exchange writes nothing: whole states after incremental ones, incremental after whole. (The world
/// settled when an exchange of its own kind wrote nothing.)
fn a_quiet_world_stays_quiet(world: &mut World, incremental: bool) {
    let state = |world: &World| -> Vec<_> {
        world.replicas.iter().map(|replica| (replica.log_end(), replica.files())).collect()
    };
    let before = state(world);
    assert!(!world.exchange(incremental), "incremental {incremental}: there was news");
    assert!(before == state(world), "something was written again");
}
