//! Updates that only the last rule of the gate keeps out: each can be merged, but the resulting document
//! could not be reopened.

use super::*;
use crate::crdt::effort::{Effort, OPENING};
use crate::wire::merge;

const DOC: &str = "notes:one:free";
/// The client on whose operations all others build.
const FIRST: u64 = 90;
/// The step limit for opening a document in these tests: with the real one each attempt would take a second.
const STEPS: u64 = 20_000;

/// A number, seven bits per byte.
fn var(out: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The update of one client's first blocks.
fn update(client: u64, blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![1];
    for number in [blocks.len() as u64, client, 0] {
        var(&mut out, number);
    }
    blocks.iter().for_each(|block| out.extend_from_slice(block));
    out.push(0);
    out
}

/// A null under a key of the root map `m`, beside whatever others put there.
fn value(key: &str) -> Vec<u8> {
    let mut out = vec![0x28, 1, 1, b'm', key.len() as u8];
    out.extend_from_slice(key.as_bytes());
    out.extend([1, 0x7e]);
    out
}

/// A null in the root array `a`, the first one or after that of another client.
fn element(behind: Option<u64>) -> Vec<u8> {
    let mut out = Vec::new();
    match behind {
        None => out.extend(b"\x08\x01\x01a"),
        Some(client) => {
            out.push(0x88);
            var(&mut out, client);
            out.push(0);
        }
    }
    out.extend([1, 0x7e]);
    out
}

/// An update that builds on another client, and puts this many values beside the existing ones.
fn crowd(client: u64, behind: u64, values: usize) -> Vec<u8> {
    let mut blocks = vec![element(Some(behind))];
    blocks.extend((0..values).map(|_| value("k")));
    update(client, &blocks)
}

/// An update that builds on another client, and puts a value under its own key.
fn harmless(client: u64, behind: u64) -> Vec<u8> {
    update(client, &[element(Some(behind)), value(&format!("of {client}"))])
}

/// Whether a document of all these can be opened.
fn opens(updates: &[&[u8]]) -> bool {
    let updates: Vec<_> = updates.iter().map(|u| Update::checked(u, &[]).unwrap()).collect();
    let all = merge(&updates).unwrap();
    Effort::of(&Update::checked(&all, &[]).unwrap()).is_ok()
}

/// A document that can just be opened, the update all build on, and how many values are too many.
struct Scene {
    base: Vec<u8>,
    first: Vec<u8>,
    many: usize,
}

impl Scene {
    fn new() -> Scene {
        OPENING.set(STEPS);
        let base = |values| update(77, &vec![value("k"); values]);
        let values = (1..).find(|values| !opens(&[&base(*values)])).unwrap() * 17 / 20;
        let (base, first) = (base(values), update(FIRST, &[element(None)]));
        let crowded = |values| !opens(&[&base, &first, &crowd(200, FIRST, values)]);
        let many = (1..).find(|values| crowded(*values)).unwrap();
        // The harmless updates make the document a little longer, which raises the limit a little.
        let many = many + 6;
        Scene { base, first, many }
    }

    fn store(&self) -> Replica {
        let replica = Replica::new("a");
        replica.take("the base", &self.base).unwrap();
        replica
    }
}

impl Replica {
    fn take(&self, name: &str, update: &[u8]) -> Result<Imported> {
        self.take_all(&[(name.to_owned(), update.to_vec())])
    }

    fn take_all(&self, updates: &[(String, Vec<u8>)]) -> Result<Imported> {
        let input = |(name, update): &(String, Vec<u8>)| Input::Raw {
            name: name.clone(),
            doc: id(DOC),
            update: update.clone(),
        };
        import(self.session(), &updates.iter().map(input).collect::<Vec<_>>())
    }

    fn has(&self, client: u64) -> bool {
        let view = self.reader().view(&id(DOC)).unwrap().unwrap();
        view.version().clocks.contains_key(&client)
    }
}

/// Those whose notes say that the document could not be reopened.
fn named(imported: &Imported, of: &[(String, Vec<u8>)]) -> Vec<String> {
    let told = |name: &str| {
        imported.notes.iter().any(|note| {
            note.contains(&format!("{DOC}, bundle {name}, which waited: "))
                && note.contains("open for writing")
        })
    };
    let mut named: Vec<String> =
        of.iter().map(|(name, _)| name.clone()).filter(|name| told(name)).collect();
    named.sort();
    named
}

/// Harmless and excessive updates wait for the same operation; when it comes, the harmless ones are all
/// applied and the excessive ones named, in whatever order and number.
#[test]
fn of_all_that_waited_only_what_must_not_be_stored_stays_out() {
    let scene = Scene::new();
    let (mut guilty_seen, mut good_seen) = (0, 0);
    for seed in 0..6 {
        let mut rng = Rng::new(seed);
        let count = 2 + rng.below(9);
        let mut pieces: Vec<(String, Vec<u8>)> = Vec::new();
        let mut good: Vec<u64> = vec![FIRST];
        let mut guilty = Vec::new();
        for client in (0..count as u64).map(|at| 200 + at) {
            if rng.chance(35) {
                pieces.push((format!("guilty {client}"), crowd(client, FIRST, scene.many)));
                guilty.push(client);
            } else {
                let behind = rng.pick(&good);
                pieces.push((format!("good {client}"), harmless(client, behind)));
                good.push(client);
            }
        }
        rng.shuffle(&mut pieces);
        let mut ends = Vec::new();
        for backwards in [false, true] {
            let store = scene.store();
            if backwards {
                pieces.reverse();
            }
            let waiting = store.take_all(&pieces).unwrap();
            assert_eq!(waiting.waiting, pieces.len(), "seed {seed}");
            let imported = store.take("the first", &scene.first).unwrap();
            let expected: Vec<String> =
                guilty.iter().map(|client| format!("guilty {client}")).collect();
            assert_eq!(named(&imported, &pieces), expected, "seed {seed}: {:?}", imported.notes);
            let waiting = store.reader().state().unwrap().parked_for(&id(DOC)).unwrap();
            assert!(waiting.is_empty(), "seed {seed}");
            assert!(good.iter().all(|client| store.has(*client)), "seed {seed}");
            assert!(!guilty.iter().any(|client| store.has(*client)), "seed {seed}");
            ends.push(store.content());
            // The document works as usual.
            store.set(DOC, "after", "that");
            assert_eq!(store.get(DOC, "after").as_deref(), Some("that"));
        }
        assert_eq!(ends[0], ends[1], "seed {seed}");
        guilty_seen = guilty_seen.max(guilty.len());
        good_seen = good_seen.max(good.len());
    }
    assert!(guilty_seen > 1 && good_seen > 4, "{guilty_seen} {good_seen}");
}

/// Two that are too much only together: one of them stays out, the same in any order, and updates that build
/// on it wait.
#[test]
fn of_two_that_are_too_much_together_one_is_taken() {
    let scene = Scene::new();
    let half = scene.many * 2 / 3;
    let mut pieces: Vec<(String, Vec<u8>)> =
        (200..206).map(|client| (format!("good {client}"), harmless(client, FIRST))).collect();
    for client in [300, 301] {
        pieces.push((format!("accomplice {client}"), crowd(client, FIRST, half)));
        pieces.push((format!("follower {client}"), harmless(client + 10, client)));
    }
    let mut out = Vec::new();
    for backwards in [false, true] {
        let store = scene.store();
        if backwards {
            pieces.reverse();
        }
        store.take_all(&pieces).unwrap();
        let imported = store.take("the first", &scene.first).unwrap();
        let named = named(&imported, &pieces);
        assert_eq!(named.len(), 1, "{:?}", imported.notes);
        assert!((200..206).all(|client| store.has(client)));
        assert_eq!([300, 301].iter().filter(|client| store.has(**client)).count(), 1);
        assert_eq!([310, 311].iter().filter(|client| store.has(**client)).count(), 1);
        let reader = store.reader();
        let waiting = reader.state().unwrap().parked_for(&id(DOC)).unwrap();
        assert_eq!(waiting.len(), 1, "what builds upon it");
        out.push((named, store.content()));
    }
    assert_eq!(out[0], out[1]);
}

/// A document requested by name fails as a whole, and nothing has changed.
#[test]
fn what_is_asked_for_now_and_must_not_be_stored_is_refused_with_all_beside_it() {
    let scene = Scene::new();
    let store = scene.store();
    store.take("the first", &scene.first).unwrap();
    let before = store.content();
    let pieces: Vec<(String, Vec<u8>)> = [
        ("good", harmless(200, FIRST)),
        ("guilty", crowd(201, FIRST, scene.many)),
        ("other", harmless(202, FIRST)),
    ]
    .map(|(name, update)| (name.to_owned(), update))
    .to_vec();
    let error = store.take_all(&pieces).unwrap_err();
    assert_eq!(error.kind, Kind::Untrusted);
    assert!(error.message.contains("guilty: the document would take too long"), "{error:?}");
    assert_eq!(store.content(), before);
    store.take_all(&[pieces[0].clone(), pieces[2].clone()]).unwrap();
    assert!(store.has(200) && store.has(202));
}
