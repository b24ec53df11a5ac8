use super::accounting::{ByteAccounting, Why};
use super::blocks::{self, Choice};
use super::path::Patterns;
use super::size::{SizeBy, Sizes};
use crate::concern::{self};
use crate::crdt::source::Source;
use crate::crdt::testing::{Rng, World, fixtures, new_doc, state, view};
use crate::schema::Spec;
use crate::wire::{Dead, Update, Value};
use std::collections::BTreeMap;
use yrs::{Any, GetString, Map, Text, Transact, WriteTxn, XmlFragment};

/// Measures in every grouping; each must account for all bytes, and so must the blocks.
#[track_caller]
fn measure(bytes: &[u8], spec: Option<&'static Spec>, context: &str) -> Sizes {
    let ways = SizeBy::ALL.iter().map(|by| Some(*by));
    for by in ways {
        let sizes = Sizes::of(bytes, spec, by).unwrap();
        assert_eq!(sum(&sizes), bytes.len() as u64, "{context}: {by:?} {:#?}", sizes.rows);
    }
    let mut sizes = Sizes::of(bytes, spec, None).unwrap();
    assert_eq!(sum(&sizes), bytes.len() as u64, "{context}: {:#?}", sizes.rows);
    assert!(sizes.rows.iter().all(|row| row.bytes > 0), "{context}: {:#?}", sizes.rows);
    let update = Update::walk(bytes).unwrap();
    let mut blocks = 0;
    blocks::each(bytes, Choice::default(), |raw| {
        assert!(raw.deleted_length <= raw.length, "{context}: {raw:?}");
        blocks += raw.bytes;
        true
    })
    .unwrap();
    let of_blocks: usize = update.blocks().iter().map(|block| block.span().len()).sum();
    assert_eq!(blocks, of_blocks as u64, "{context}");
    let rows = sizes.rows.clone();
    sizes.keep(1);
    assert_eq!(sum(&sizes), bytes.len() as u64, "{context}");
    sizes.rows = rows;
    sizes
}

fn sum(sizes: &Sizes) -> u64 {
    sizes.rows.iter().map(|row| row.bytes).sum()
}

fn row<'s>(sizes: &'s Sizes, path: &str, kind: &str) -> Option<&'s super::size::SizeRow> {
    sizes.rows.iter().find(|row| row.path == path && row.kind == kind)
}

#[test]
fn the_rows_of_every_fixture_add_up() {
    for (file, bytes) in fixtures() {
        for spec in [None, concern::named("chat"), concern::named("core")] {
            measure(&bytes, spec, &file);
        }
    }
}

#[test]
fn the_chat_of_the_fixture_is_explained() {
    let largest = fixtures().into_iter().max_by_key(|(_, bytes)| bytes.len()).unwrap().1;
    let sizes = measure(&largest, concern::named("chat"), "chat");
    let count = |path, kind| row(&sizes, path, kind).map_or(0, |row| row.count);
    // According to the fixture's index: 1000 messages, 59 tombstones, 198 replies.
    assert_eq!(count("messages/*", "live"), 941);
    assert_eq!(count("messages/*", "tombstone"), 59);
    assert_eq!(count("messages/*/content", "live"), 941);
    assert_eq!(count("threads/*/replies/*/content", "live"), 198);
    assert_eq!(count("messages/*/ack_vector", "acknowledgement"), 60);
    assert_eq!(count("", "clients"), 1507);
    assert!(row(&sizes, "messages/*/reactions", "reaction").unwrap().bytes > 50_000);
    assert!(row(&sizes, "", "empty").is_none() && row(&sizes, "", "gap").is_none());
    assert_eq!(sizes.tombstones.len(), 59);
    let dying: u64 = sizes.tombstones.iter().map(|(_, bytes)| bytes).sum();
    assert!(dying > 20_000 && dying < sizes.tombstone_bytes, "{dying}");
    assert!(sizes.tombstones.iter().all(|(path, _)| path.len() == 2 && path[0] == "messages"));
}

/// The number of values at each pattern, as a reader sees them. Texts are left out: their number of pieces is
/// not visible.
fn seen(source: &dyn Source) -> BTreeMap<String, Option<usize>> {
    fn see(
        patterns: &mut Patterns,
        at: u32,
        value: &Value,
        seen: &mut BTreeMap<u32, Option<usize>>,
    ) {
        let is_text = matches!(value, Value::Text(_));
        let slot = seen.entry(at).or_insert(Some(0));
        *slot = if is_text { None } else { slot.map(|count| count + 1) };
        match value {
            Value::Map(map) => {
                for (key, inner) in map {
                    let child = patterns.child(at, key);
                    see(patterns, child, inner, seen);
                }
            }
            Value::Array(items) => {
                for inner in items {
                    let shared = matches!(inner, Value::Map(_) | Value::Array(_) | Value::Text(_));
                    let child = if shared { patterns.element(at) } else { at };
                    see(patterns, child, inner, seen);
                }
            }
            _ => {}
        }
    }
    let roots: Vec<(String, Value)> = source
        .roots()
        .into_iter()
        .map(|root| (root.clone(), source.value(&[&root]).unwrap()))
        .collect();
    let mut patterns = Patterns::new(None);
    let mut counts = BTreeMap::new();
    for (name, value) in &roots {
        let root = patterns.root(name);
        see(&mut patterns, root, value, &mut counts);
        // Nobody created the root itself.
        let root = counts.get_mut(&root).unwrap();
        *root = root.map(|count| count - 1);
    }
    let named = counts.into_iter().map(|(pattern, count)| (patterns.name(pattern), count));
    named.filter(|(_, count)| *count != Some(0)).collect()
}

#[test]
fn random_documents_add_up_and_what_lives_is_what_a_reader_sees() {
    for seed in 0..400 {
        let mut rng = Rng::new(seed);
        let steps = 3 + rng.below(40);
        let world = World::random(&mut rng, steps);
        let all = world.all();
        for doc in world.docs.iter().chain([&all]) {
            let bytes = state(doc);
            let context = format!("seed {seed}");
            measure(&bytes, None, &context);
            let update = Update::walk(&bytes).unwrap();
            let accounting = ByteAccounting::of(&update, None);
            let mut live: BTreeMap<String, usize> = BTreeMap::new();
            accounting.segments(|segment| {
                assert_ne!((segment.why, segment.bytes > 0), (Why::Empty, true), "{context}");
                if segment.why == Why::Live {
                    let name = accounting.patterns().name(segment.pattern);
                    *live.entry(name).or_default() += segment.count;
                }
            });
            for (path, expected) in seen(&view(&bytes)) {
                let found = live.remove(&path);
                if expected.is_some() {
                    assert_eq!(found, expected, "{context}: {path}");
                }
            }
            assert_eq!(live, BTreeMap::new(), "{context}");
        }
    }
}

#[test]
fn part_of_a_run_is_measured_to_the_byte() {
    let doc = new_doc(5, true);
    let mut txn = doc.transact_mut();
    let text = txn.get_or_insert_text("t");
    text.insert(&mut txn, 0, "aß🌊bc");
    drop(txn);
    let mut txn = doc.transact_mut();
    // Offsets are in bytes: ß, and b.
    text.remove_range(&mut txn, 1, 2);
    text.remove_range(&mut txn, 5, 1);
    assert_eq!(text.get_string(&txn), "a🌊c");
    drop(txn);
    let bytes = state(&doc);
    let update = Update::walk(&bytes).unwrap();
    let dead: Vec<Dead> = update.blocks().iter().map(|block| update.dead(5, block)).collect();
    assert_eq!(dead.iter().map(|dead| dead.units).sum::<u32>(), 2);
    // yrs cut the blocks where the deletions are; as one block the bytes are those of ß and b.
    let one = [&[1, 1, 5, 0, 4, 1, 1, b't', 9][..], "aß🌊bc".as_bytes(), &[1, 5, 2, 1, 1, 4, 1]];
    let one = one.concat();
    let update = Update::walk(&one).unwrap();
    assert_eq!(update.dead(5, &update.blocks()[0]), Dead { units: 2, bytes: 3 });
    let sizes = measure(&one, None, "one");
    assert_eq!(row(&sizes, "t", "deleted").unwrap().bytes, 3);
    assert_eq!(row(&sizes, "t", "live").unwrap().bytes, 7);
}

#[test]
fn overwritten_values_are_told_from_removed_keys() {
    let doc = new_doc(5, false);
    for value in ["a", "b", "c"] {
        let mut txn = doc.transact_mut();
        let map = txn.get_or_insert_map("m");
        map.insert(&mut txn, "title", value);
        map.insert(&mut txn, "gone", value);
    }
    let mut txn = doc.transact_mut();
    txn.get_or_insert_map("m").remove(&mut txn, "gone");
    drop(txn);
    let sizes = measure(&state(&doc), None, "map");
    assert_eq!(row(&sizes, "m/title", "overwritten").unwrap().count, 2);
    assert_eq!(row(&sizes, "m/title", "live").unwrap().count, 1);
    assert_eq!(row(&sizes, "m/gone", "deleted").unwrap().count, 3);
    assert!(row(&sizes, "m/gone", "overwritten").is_none());
}

#[test]
fn a_value_written_at_once_with_the_winner_is_overwritten() {
    let states: Vec<Vec<u8>> = [5, 6]
        .into_iter()
        .map(|client| {
            let doc = new_doc(client, false);
            let mut txn = doc.transact_mut();
            txn.get_or_insert_map("m").insert(&mut txn, "k", client as i64);
            drop(txn);
            state(&doc)
        })
        .collect();
    let both = new_doc(7, false);
    states.iter().for_each(|state| crate::crdt::testing::apply(&both, state));
    let sizes = measure(&state(&both), None, "both");
    assert_eq!(row(&sizes, "m/k", "overwritten").unwrap().count, 1);
}

/// XML, formats, a sub-document and an embedded link: what rule 1 of the gate excludes.
fn foreign() -> Vec<u8> {
    let doc = new_doc(5, false);
    let mut txn = doc.transact_mut();
    let xml = txn.get_or_insert_xml_fragment("x");
    let element = xml.push_back(&mut txn, yrs::XmlElementPrelim::empty("p"));
    yrs::Xml::insert_attribute(&element, &mut txn, "class", "note");
    element.push_back(&mut txn, yrs::XmlTextPrelim::new("hello"));
    let text = txn.get_or_insert_text("t");
    text.insert(&mut txn, 0, "bold and plain");
    let bold = yrs::types::Attrs::from([("b".into(), Any::Bool(true))]);
    text.format(&mut txn, 0, 4, bold);
    txn.get_or_insert_map("m").insert(&mut txn, "sub", yrs::Doc::new());
    drop(txn);
    state(&doc)
}

#[test]
fn what_is_not_supported_is_measured_and_shown_all_the_same() {
    let bytes = foreign();
    let fault = Update::walk(&bytes).unwrap().check(&[]).map(drop).unwrap_err();
    assert!(fault.is_unsupported(), "{fault}");
    let sizes = measure(&bytes, None, "foreign");
    assert!(row(&sizes, "m/sub", "live").is_some(), "{:#?}", sizes.rows);
    let mut kinds = Vec::new();
    blocks::each(&bytes, Choice::default(), |raw| {
        kinds.push((raw.kind, raw.parent.unwrap_or_default()));
        true
    })
    .unwrap();
    for kind in ["xml-element", "xml-text", "format", "document"] {
        assert!(kinds.iter().any(|(found, _)| *found == kind), "{kind}: {kinds:?}");
    }
    assert!(kinds.contains(&("xml-element", "x".to_owned())), "{kinds:?}");
    assert!(kinds.contains(&("string", "t".to_owned())), "{kinds:?}");
}

#[test]
fn what_was_damaged_and_still_walks_adds_up() {
    let small = fixtures().into_iter().filter(|(_, bytes)| bytes.len() < 800);
    let mut walked = 0;
    for (file, bytes) in small.chain([("foreign".to_owned(), foreign())]) {
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if Update::walk(&damaged).is_ok() {
                let by = SizeBy::ALL.get(bit % 8).copied();
                let sizes = Sizes::of(&damaged, concern::named("core"), by).unwrap();
                assert_eq!(sum(&sizes), damaged.len() as u64, "{file} bit {bit} by {by:?}");
                walked += 1;
            }
        }
    }
    assert!(walked > 10_000, "{walked}");
}

#[test]
fn containers_without_end_cost_no_stack_and_no_time() {
    const DEEP: usize = 30_000;
    let mut bytes = vec![1];
    let var = |out: &mut Vec<u8>, mut n: usize| {
        while n >= 0x80 {
            out.push(n as u8 | 0x80);
            n >>= 7;
        }
        out.push(n as u8);
    };
    var(&mut bytes, DEEP);
    bytes.extend([5, 0, 0x27, 1, 1, b'm', 1, b'k', 1]);
    for depth in 1..DEEP {
        bytes.extend([0x27, 0, 5]);
        var(&mut bytes, depth - 1);
        bytes.extend([1, b'k', 1]);
    }
    bytes.push(0);
    let sizes = measure(&bytes, None, "deep");
    assert!(sizes.rows.len() < 100);
}

#[test]
fn items_that_refer_to_each_other_in_a_circle_add_up() {
    // Two clients whose containers are each other's parents, and two items that are each other's
    // origins.
    let containers = [2, 1, 5, 0, 0x27, 0, 6, 0, 1, b'k', 1, 1, 6, 0, 0x27, 0, 5, 0, 1, b'k', 1, 0];
    let origins = [2, 1, 5, 0, 0x88, 6, 0, 1, 120, 1, 6, 0, 0x88, 5, 0, 1, 120, 0];
    for bytes in [&containers[..], &origins[..]] {
        measure(bytes, None, "circle");
    }
}
