//! Some pages of a random document, edited and put back.

use super::checked;
use crate::concern;
use crate::crdt::source::{Shared, Source};
use crate::crdt::testing::{Rng, World, apply, new_doc, random_world, shown_by_view, state, view};
use crate::gate::storable;
use crate::wire::{
    Edited, IdSet, Noted, PageFacts, PageKey, PageSet, Pages, Segments, Splice, StoredDeletes,
};
use std::collections::{BTreeMap, BTreeSet};
use yrs::{Doc, Map, MapPrelim, Out, Transact, WriteTxn};

/// The roots with their keys, as the whole document has them.
fn keys(bytes: &[u8]) -> Vec<(String, Vec<String>)> {
    let view = view(bytes);
    view.roots().into_iter().map(|root| (root.clone(), view.keys(&[&root]))).collect()
}

/// A few of the existing pages.
fn some(rng: &mut Rng, bytes: &[u8], pages: &Pages) -> (PageSet, Vec<(String, String)>) {
    let mut found: Vec<(String, String)> = keys(bytes)
        .into_iter()
        .flat_map(|(root, keys)| keys.into_iter().map(move |key| (root.clone(), key)))
        .collect();
    rng.shuffle(&mut found);
    found.truncate(rng.below(4));
    let page = |(root, key): &(String, String)| pages.find(root, key).expect("a page");
    let set = pages.least().into_iter().chain(found.iter().map(page)).collect();
    (set, found)
}

fn loaded(bytes: &[u8]) -> Doc {
    let doc = new_doc(77, false);
    apply(&doc, bytes);
    doc
}

/// A projection put back as it was edited.
fn put_back(
    pages: &Pages,
    bytes: &[u8],
    set: &PageSet,
    (before, now): (&[u8], &[u8]),
) -> Option<Splice> {
    pages.splice(bytes, set, &Edited { before: &checked(before), now: &checked(now) })
}

/// The same change by the same client, wherever it is made.
fn change(doc: &Doc, root: &str, key: &str, what: usize) {
    let mut txn = doc.transact_mut();
    let map = txn.get_or_insert_map(root);
    match what {
        0 => drop(map.insert(&mut txn, key, "new")),
        1 => drop(map.remove(&mut txn, key)),
        _ => drop(map.insert(&mut txn, key, MapPrelim::from([("x", 1)]))),
    }
}

/// The state of a world to which others brought a record each, and nothing else.
fn crowded(world: &World) -> Vec<u8> {
    let all = loaded(&state(&world.all()));
    for client in 200..206 {
        let other = new_doc(client, false);
        let key = format!("by {client}");
        let map = MapPrelim::from([("x", 1)]);
        let mut txn = other.transact_mut();
        txn.get_or_insert_map("messages").insert(&mut txn, key, map);
        drop(txn);
        apply(&all, &state(&other));
    }
    state(&all)
}

/// Below which ids clients are at hand that have nothing to do with the pages.
const IDLE_BELOW: &[u64] = &[u64::MAX, 0, 2];

#[test]
fn pages_say_of_themselves_what_the_whole_says() {
    let mut left_out = 0;
    for seed in 0..200 {
        let (mut rng, world) = random_world(seed, 60);
        let bytes = crowded(&world);
        let whole = checked(&bytes);
        let pages = Pages::of(&whole, &concern::noted()).expect("pages");
        let (set, found) = some(&mut rng, &bytes, &pages);
        let idle_below = rng.pick(IDLE_BELOW);
        let projection = pages.project(&bytes, &set, idle_below).expect("a projection");
        let version = storable(&projection).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        let mut clocks = whole.version().clocks.clone();
        left_out += clocks.len() - version.clocks.len();
        clocks.retain(|client, _| *client < idle_below || version.clocks.contains_key(client));
        assert_eq!(version.clocks, clocks, "seed {seed}");
        let (all, part) = (view(&bytes), view(&projection));
        assert_eq!(part.roots(), all.roots(), "seed {seed}");
        for (root, key) in &found {
            let path = [root.as_str(), key.as_str()];
            assert_eq!(part.value(&path), all.value(&path), "seed {seed}: {path:?}");
        }
        for (root, keys) in keys(&bytes) {
            let known: BTreeSet<String> = part.keys(&[&root]).into_iter().collect();
            let beyond = pages.keys_beyond(&root, "", &set).into_iter();
            let together: Vec<String> =
                beyond.chain(known).collect::<BTreeSet<_>>().into_iter().collect();
            assert_eq!(together, keys, "seed {seed}: {root}");
        }
    }
    assert!(left_out > 50, "{left_out} clients were left out");
}

const SOME_KEYS: &Noted = &["a", "b"];

/// Replicas that write the same few fields of the same few records, and occasionally exchange updates.
fn written_at_once(rng: &mut Rng) -> Vec<u8> {
    let docs: Vec<Doc> = (1..4).map(|client| new_doc(client, false)).collect();
    for _ in 0..rng.below(60) {
        let doc = &docs[rng.below(docs.len())];
        if rng.below(4) == 0 {
            apply(doc, &state(&docs[rng.below(docs.len())]));
            continue;
        }
        let (key, field, value) =
            (format!("k{}", rng.below(4)), rng.pick(&["a", "b", "c"]), rng.below(9));
        let mut txn = doc.transact_mut();
        let map = txn.get_or_insert_map("m");
        let Some(Out::YMap(record)) = map.get(&txn, &key) else {
            map.insert(&mut txn, key, MapPrelim::from([(field, value as i64)]));
            continue;
        };
        match rng.below(12) {
            0 => drop(record.remove(&mut txn, field)),
            1 => drop(record.insert(&mut txn, field, MapPrelim::default())),
            2 => drop(map.remove(&mut txn, &key)),
            3 => drop(map.insert(&mut txn, key, "no record")),
            4 => drop(record.insert(
                &mut txn,
                field,
                "a long value, longer than those that are kept",
            )),
            5 => drop(record.insert(&mut txn, field, value % 2 == 0)),
            _ => drop(record.insert(&mut txn, field, value as i64)),
        }
    }
    docs[1..].iter().for_each(|doc| apply(&docs[0], &state(doc)));
    state(&docs[0])
}

#[test]
fn facts_of_pages_are_what_the_document_says() {
    let (mut known, mut filled) = (0, 0);
    for seed in 0..900 {
        let bytes = match seed % 2 {
            0 => written_at_once(&mut Rng::new(seed)),
            _ => state(&random_world(seed, 60).1.all()),
        };
        let pages = Pages::of(&checked(&bytes), SOME_KEYS).expect("pages");
        let rows = pages.rows_beyond(&PageSet::new());
        let view = view(&bytes);
        for row in rows.iter().filter(|row| !row.facts.is_empty()) {
            let PageKey::Key(key) = row.key else { panic!("seed {seed}: no key") };
            let root = row.root;
            let facts = PageFacts::decode(&row.facts).expect("facts");
            assert_eq!(pages.facts(root, key).as_ref(), Some(&facts), "seed {seed}");
            assert_eq!(view.container(&[root, key]), Some(facts.item), "seed {seed}: {root} {key}");
            assert_eq!(view.shared(&[root, key]), Some(Shared::Map), "seed {seed}: {root} {key}");
            for (name, value) in SOME_KEYS.iter().zip(facts.values) {
                filled += usize::from(value.is_some());
                assert_eq!(
                    value,
                    view.value(&[root, key, name]),
                    "seed {seed}: {root} {key} {name}"
                );
            }
            known += 1;
            for cut in 0..row.facts.len() {
                assert!(PageFacts::decode(&row.facts[..cut]).is_none(), "seed {seed}: {cut}");
            }
        }
    }
    assert!(known > 400 && filled > 150, "{known} pages with {filled} values");
}

#[test]
fn pages_go_back_where_they_stood() {
    for seed in 0..200 {
        let (mut rng, world) = random_world(seed, 60);
        let bytes = crowded(&world);
        let pages = Pages::of(&checked(&bytes), &concern::noted()).expect("pages");
        let (mut set, found) = some(&mut rng, &bytes, &pages);
        let idle_below = rng.pick(IDLE_BELOW);
        let projection = pages.project(&bytes, &set, idle_below).expect("a projection");
        let unchanged = (&*projection, &*projection);
        let same = put_back(&pages, &bytes, &set, unchanged).expect("the whole");
        let same = same.whole(bytes.as_slice()).expect("its bytes");
        assert_eq!(checked(&same).version(), checked(&bytes).version(), "seed {seed}");
        assert_eq!(shown_by_view(&view(&same)), shown_by_view(&view(&bytes)), "seed {seed}");

        let (root, key) = match found.first() {
            Some((root, key)) => (root.clone(), key.clone()),
            None => ("new".to_owned(), "key".to_owned()),
        };
        set.extend(pages.find(&root, &key));
        let projection = pages.project(&bytes, &set, idle_below).expect("pages");
        let (part, all) = (loaded(&projection), loaded(&bytes));
        let what = rng.below(3);
        for doc in [&part, &all] {
            change(doc, &root, &key, what);
        }
        let edited = (&*projection, &*state(&part));
        let spliced = put_back(&pages, &bytes, &set, edited).expect("the whole");
        let spliced = spliced.whole(bytes.as_slice()).expect("its bytes");
        storable(&spliced).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        let expected = state(&all);
        assert_eq!(checked(&spliced).version(), checked(&expected).version(), "seed {seed}");
        assert_eq!(shown_by_view(&view(&spliced)), shown_by_view(&view(&expected)), "seed {seed}");
    }
}

#[test]
fn segments_are_what_was_written_down_of_them() {
    for seed in 0..100 {
        let (_, world) = random_world(seed, 60);
        let bytes = state(&world.all());
        let segments = Segments::of(&checked(&bytes)).expect("segments");
        let read = Segments::decode(&segments.encode()).expect("they decode");
        assert_eq!(read, segments, "seed {seed}");
        let deletes = segments.deletes(bytes.as_slice(), bytes.len() as u64);
        let deletes = deletes.as_ref().and_then(StoredDeletes::all);
        assert_eq!(deletes, Some(checked(&bytes).delete_set()), "seed {seed}");
        for cut in 0..segments.encode().len() {
            assert!(Segments::decode(&segments.encode()[..cut]).is_none(), "seed {seed}: {cut}");
        }
    }
}

/// A long state, so that it has several segments for each client.
#[test]
fn segments_stay_right_however_often_they_are_spliced() {
    for seed in 0..2 {
        let mut rng = Rng::new(seed);
        // Higher than the client that edits.
        let docs: Vec<Doc> = (101..104).map(|client| new_doc(client, false)).collect();
        for (at, doc) in docs.iter().enumerate() {
            let mut txn = doc.transact_mut();
            let map = txn.get_or_insert_map("messages");
            for n in 0..300 {
                let text = "word ".repeat(1 + rng.below(20));
                map.insert(&mut txn, format!("{at}-{n}"), MapPrelim::from([("content", text)]));
            }
        }
        let mut bytes = {
            let whole = loaded(&state(&docs[0]));
            docs[1..].iter().for_each(|doc| apply(&whole, &state(doc)));
            state(&whole)
        };
        for round in 0..10 {
            let context = format!("seed {seed}, round {round}");
            let pages = Pages::of(&checked(&bytes), &concern::noted()).expect("pages");
            let segments = Segments::of(&checked(&bytes)).expect("segments");
            assert!(round > 0 || segments.encode().len() > 30, "several segments");
            let (mut set, found) = some(&mut rng, &bytes, &pages);
            let key = match found.first() {
                Some((_, key)) if rng.below(2) == 0 => key.clone(),
                _ => format!("new-{round}"),
            };
            set.extend(pages.find("messages", &key));
            let projection =
                pages.project(&bytes, &set, rng.pick(&[u64::MAX, 100])).expect("a projection");
            let part = loaded(&projection);
            change(&part, "messages", &key, rng.below(3));
            let spliced = put_back(&pages, &bytes, &set, (&projection, &state(&part)))
                .unwrap_or_else(|| panic!("{context}: the whole"));
            bytes = spliced.whole(bytes.as_slice()).expect("the bytes");
            storable(&bytes).unwrap_or_else(|fault| panic!("{context}: {fault}"));
            assert_eq!(spliced.bytes, bytes.len() as u64, "{context}");
            assert_eq!(spliced.segments.residue(), checked(&bytes).residue(), "{context}");
            assert_same_places(&spliced.segments, &bytes, &context);
        }
    }
}

/// However a state is cut into segments, each of its blocks has one position.
fn assert_same_places(segments: &Segments, bytes: &[u8], context: &str) {
    let whole = checked(bytes);
    let fresh = Segments::of(&whole).expect("segments");
    let none = IdSet::default();
    for (client, blocks) in whole.clients() {
        for block in blocks.iter().step_by(17).chain(blocks.last()) {
            let mut one = IdSet::default();
            one.insert(client, block.clock..block.next_clock());
            let [found, expected] = [segments, &fresh]
                .map(|of| of.project(bytes, &one, &BTreeMap::new(), &none, u64::MAX));
            assert!(expected.is_some(), "{context}: {client}:{}", block.clock);
            assert_eq!(found, expected, "{context}: {client}:{}", block.clock);
        }
    }
}
