//! Some pages of a random document, edited and put back.

use super::checked;
use crate::crdt::source::Source;
use crate::crdt::testing::{Rng, apply, new_doc, random_world, shown_by_view, state, view};
use crate::gate::storable;
use crate::wire::{PageSet, Pages};
use std::collections::BTreeSet;
use yrs::{Doc, Map, MapPrelim, Transact, WriteTxn};

/// Roots with their keys, as the whole document has them.
fn keys(bytes: &[u8]) -> Vec<(String, Vec<String>)> {
    let view = view(bytes);
    view.roots().into_iter().map(|root| (root.clone(), view.keys(&[&root]))).collect()
}

/// A few pages of those that there are.
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

#[test]
fn pages_say_of_themselves_what_the_whole_says() {
    for seed in 0..200 {
        let (mut rng, world) = random_world(seed, 60);
        let bytes = state(&world.all());
        let whole = checked(&bytes);
        let pages = Pages::of(&whole).expect("pages");
        let (set, found) = some(&mut rng, &bytes, &pages);
        let projection = pages.project(&bytes, &set).expect("a projection");
        let version = storable(&projection).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        assert_eq!(version.clocks, whole.version().clocks, "seed {seed}");
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
}

#[test]
fn pages_go_back_where_they_stood() {
    for seed in 0..200 {
        let (mut rng, world) = random_world(seed, 60);
        let bytes = state(&world.all());
        let pages = Pages::of(&checked(&bytes)).expect("pages");
        let (mut set, found) = some(&mut rng, &bytes, &pages);
        let projection = pages.project(&bytes, &set).expect("a projection");
        let same = pages.splice(&bytes, &set, &checked(&projection)).expect("the whole");
        assert_eq!(checked(&same).version(), checked(&bytes).version(), "seed {seed}");
        assert_eq!(shown_by_view(&view(&same)), shown_by_view(&view(&bytes)), "seed {seed}");

        let (root, key) = match found.first() {
            Some((root, key)) => (root.clone(), key.clone()),
            None => ("new".to_owned(), "key".to_owned()),
        };
        set.extend(pages.find(&root, &key));
        let (part, all) = (loaded(&pages.project(&bytes, &set).expect("pages")), loaded(&bytes));
        let what = rng.below(3);
        for doc in [&part, &all] {
            change(doc, &root, &key, what);
        }
        let spliced = pages.splice(&bytes, &set, &checked(&state(&part))).expect("the whole");
        storable(&spliced).unwrap_or_else(|fault| panic!("seed {seed}: {fault}"));
        let expected = state(&all);
        assert_eq!(checked(&spliced).version(), checked(&expected).version(), "seed {seed}");
        assert_eq!(shown_by_view(&view(&spliced)), shown_by_view(&view(&expected)), "seed {seed}");
    }
}
