//! Documents of no known concern, as Yjs writes them: carried as bytes, merged as Yjs merges them, the same
//! on every side.

use crate::support::*;
use crate::types;
use crdtctl::crdt::types::SharedTypes;
use crdtctl::error::Kind;
use crdtctl::id::DocId;
use crdtctl::sample::Chance;
use crdtctl::store::{Environment, Open, Store};
use crdtctl::sync::export::{Request, export};
use crdtctl::sync::import::{Imported, Input, import};
use crdtctl::wire::{BlockKind as Block, Update};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

pub fn store(dir: &Path, name: &str) -> (Store, Rc<Environment>) {
    let environment = Rc::new(environment(Some(dir.join("leases")), name, START));
    (Store::init(&dir.join(name), Rc::clone(&environment), None).unwrap().0, environment)
}

pub fn take(store: &Store, inputs: &[Input]) -> crdtctl::error::Result<Imported> {
    import(store.session(Open { command: "test", member: None, dry_run: false })?, inputs)
}

pub fn bundle((store, environment): &(Store, Rc<Environment>)) -> Input {
    let exported = export(&store.reader().unwrap(), environment, &Request::default()).unwrap();
    assert!(exported.notes.is_empty() && exported.damaged.is_empty(), "{:?}", exported.notes);
    Input::Bundle { name: "bundle".to_owned(), bundle: Box::new(exported.bundle) }
}

fn doc(index: usize) -> DocId {
    DocId::parse(&format!("notes:one:n{index}")).unwrap()
}

fn raw(index: usize, update: &[u8]) -> Input {
    Input::Raw { name: "update".to_owned(), doc: doc(index), update: update.to_vec() }
}

pub fn shuffled<T: Clone>(all: &[T], chance: &mut Chance) -> Vec<T> {
    let mut left = all.to_vec();
    let mut out = Vec::new();
    while !left.is_empty() {
        out.push(left.swap_remove(chance.below(left.len() as u64) as usize));
        if chance.below(8) == 0 {
            out.extend(out.last().cloned());
        }
    }
    out
}

/// Each unit's bytes, by client and clock, of the blocks that are split in neither.
pub fn blocks(bytes: &[u8]) -> BTreeMap<(u64, u32, u32), Vec<u8>> {
    let update = Update::walk(bytes).unwrap();
    let blocks = update.clients().flat_map(|(client, blocks)| {
        blocks.iter().map(move |block| ((client, block.clock, block.len), block))
    });
    blocks
        .filter(|(_, block)| !matches!(block.kind, Block::Gc | Block::Deleted))
        .map(|(at, block)| (at, bytes[block.span()].to_vec()))
        .collect()
}

/// Updates of Yjs in any order, twice, some late, a whole state among them; over two stores that then
/// exchange bundles. `TYPES_DOCUMENTS` and `TYPES_SEED` make more and different ones.
#[test]
fn what_comes_in_any_order_is_merged_as_yjs_merges_it() {
    let count = number("TYPES_DOCUMENTS").unwrap_or(40);
    let seed = number("TYPES_SEED").unwrap_or(1);
    let Some(all) = types::documents(count, seed) else { return };
    let machine = Machine::new("carried");
    let [one, two] = ["one", "two"].map(|name| store(&machine.path(""), name));
    let mut chance = Chance::new(seed);
    let mut beyond = 0;
    let mut inputs = [Vec::new(), Vec::new()];
    for (index, document) in all.iter().enumerate() {
        let mut updates = types::several(&document["updates"]);
        if chance.below(3) == 0 {
            updates.push(types::bytes(&document["v1"]));
        }
        beyond += usize::from(Update::checked(&types::bytes(&document["v1"]), &[]).is_err());
        for update in shuffled(&updates, &mut chance) {
            let both = chance.below(3) == 0;
            let to = chance.below(2) as usize;
            for (at, inputs) in inputs.iter_mut().enumerate() {
                if both || at == to {
                    inputs.push(raw(index, &update));
                }
            }
        }
    }
    assert!(beyond > all.len() / 4, "the test tests nothing: {beyond}");
    for ((store, _), inputs) in [&one, &two].into_iter().zip(&inputs) {
        // In parts, so that much of it waits for the next one.
        for part in shuffled(&(0..3).collect::<Vec<_>>(), &mut chance) {
            let part: Vec<&Input> = inputs.iter().skip(part).step_by(3).collect();
            let part: Vec<Input> = part.into_iter().map(again).collect();
            take(store, &part).unwrap();
        }
    }
    // What waited here for what came there.
    let mut rounds = 0;
    loop {
        let came = [take(&two.0, &[bundle(&one)]).unwrap(), take(&one.0, &[bundle(&two)]).unwrap()];
        rounds += 1;
        if !came.iter().any(|came| came.changed) {
            break;
        }
        assert!(rounds < 40, "it never ends");
    }
    let third = store(&machine.path(""), "third");
    take(&third.0, &[bundle(&two)]).unwrap();
    let state = |(store, _): &(Store, Rc<Environment>), index: usize| {
        store.reader().unwrap().bytes(&doc(index)).unwrap().unwrap()
    };
    for (index, document) in all.iter().enumerate() {
        let at = format!("seed {seed}, document {index}");
        let [a, b, c] = [&one, &two, &third].map(|store| state(store, index));
        assert_eq!(b, c, "{at}: a bundle carries bytes");
        let types = SharedTypes::read(a.clone()).unwrap();
        assert!(types.waiting().is_empty(), "{at}");
        let shown = types::typed(&types);
        // If Yjs splits a surrogate pair, only some of its encodings show it.
        if !shown.to_string().contains(char::REPLACEMENT_CHARACTER) {
            assert_eq!(shown, document["all"]["typed"], "{at}");
        }
        let other = SharedTypes::read(b).unwrap();
        assert_eq!((other.digest(), other.version()), (types.digest(), types.version()), "{at}");
        // No block that came is rewritten.
        let mut came = BTreeMap::new();
        for update in types::several(&document["updates"]) {
            came.extend(blocks(&update));
        }
        came.extend(blocks(&types::bytes(&document["v1"])));
        let known = |(at, bytes): &(&(u64, u32, u32), &Vec<u8>)| {
            came.get(at).is_none_or(|came| came == *bytes)
        };
        let stored = blocks(&a);
        if !shown.to_string().contains(char::REPLACEMENT_CHARACTER) {
            assert_eq!(stored.iter().find(|block| !known(block)), None, "{at}");
        }
    }
    for (store, _) in [&one, &two, &third] {
        let waits = store.reader().unwrap().state().unwrap().parked_for(&doc(0)).unwrap();
        assert!(waits.is_empty(), "something waits for what is here");
    }
}

pub fn again(input: &Input) -> Input {
    match input {
        Input::Raw { name, doc, update } => {
            Input::Raw { name: name.clone(), doc: doc.clone(), update: update.clone() }
        }
        Input::Bundle { .. } => unreachable!("only updates are taken in parts"),
    }
}

/// Truncated, flipped or altered bytes are refused, and nothing is written; or they are an update, and the
/// document can be read afterwards.
#[test]
fn what_is_damaged_is_refused_as_ever() {
    let Some(all) = types::documents(6, 5) else { return };
    let machine = Machine::new("damaged");
    let one = store(&machine.path(""), "one");
    let mut chance = Chance::new(number("TYPES_SEED").unwrap_or(1));
    let (mut refused, mut taken) = (0, 0);
    for round in 0..number("CARRIED_DAMAGE").unwrap_or(240) as usize {
        let index = round % all.len();
        let updates = types::several(&all[index]["updates"]);
        let mut bytes = updates[chance.below(updates.len() as u64) as usize].clone();
        for _ in 0..=chance.below(3) {
            let at = chance.below(bytes.len() as u64) as usize;
            match chance.below(4) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes[at] = chance.below(256) as u8,
                2 => bytes.insert(at, chance.below(256) as u8),
                _ => bytes[at] ^= 1 << chance.below(8),
            }
        }
        let before = one.0.reader().unwrap().bytes(&doc(index)).unwrap();
        match take(&one.0, &[raw(index, &bytes)]) {
            Ok(_) => taken += 1,
            Err(error) => {
                let known = [Kind::Untrusted, Kind::Forked, Kind::Refused].contains(&error.kind);
                assert!(known, "round {round}: {error:?}");
                assert_eq!(one.0.reader().unwrap().bytes(&doc(index)).unwrap(), before);
                refused += 1;
            }
        }
        if let Some(bytes) = one.0.reader().unwrap().bytes(&doc(index)).unwrap() {
            SharedTypes::read(bytes).unwrap_or_else(|e| panic!("round {round}: {e:?}"));
        }
    }
    assert!(refused > 100 && taken > 10, "the test tests nothing: {refused}, {taken}");
}

/// By hand: XML, formats, sub-documents and BigInts are loaded, carried, repaired and exported.
#[test]
fn everything_of_yjs_is_loaded_exported_and_imported() {
    let machine = Machine::new("travels");
    let store = machine.store("store", ALICE);
    let file = |name: &str| {
        text(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/field").join(name))
    };
    let format = file("04-recover-of-unsupported/format.bin");
    let loaded = store.run(&["doc", "load", &format, "--doc", "notes:x:plan", "--json"]);
    let loaded = loaded.exits(0).json();
    let (added, waiting) = (&loaded["documents"][0]["added"], &loaded["waiting"]);
    assert!(added.as_u64().unwrap() >= 3 && *waiting == json!(0), "{loaded}");
    for big in ["existing", "small"] {
        let file = file(&format!("03-bigint-rewritten/{big}.bin"));
        store.run(&["doc", "load", &file, "--doc", "notes:x:big"]).exits(0);
    }
    let attribute = file("02-healthy-called-damaged/text-attribute.bin");
    store.run(&["doc", "load", &attribute, "--doc", "notes:x:mixed"]).exits(0);
    assert_eq!(store.json(&["check"]), json!([]));
    let dump = store.run(&["doc", "dump", "notes:x:plan", "--as", "yjs"]);
    let alone = machine.run(&["doc", "dump", &format, "--as", "yjs"]);
    assert_eq!(dump.exits(0).json(), alone.json());
    let big = store.run(&["doc", "dump", "notes:x:big", "--as", "yjs"]).exits(0).stdout.clone();
    assert!(big.contains("9223372036854775807"), "{big}");
    let bundle = text(&machine.path("all.crdt"));
    let run = store.run(&["sync", "export", "--out", &bundle]);
    assert!(!run.exits(0).stderr.contains("left out"), "{}", run.stderr);
    machine.run(&["sync", "verify", &bundle]).exits(0);
    let other = machine.store("other", BOB);
    other.run(&["sync", "import", &bundle]).exits(0);
    assert_eq!(other.digest(), store.digest());
    for name in ["plan", "big", "mixed"] {
        let path = format!("crdt/notes/{}.yrs", hex(&format!("notes:x:{name}")));
        assert_eq!(
            std::fs::read(other.dir.join(&path)).unwrap(),
            std::fs::read(store.dir.join(&path)).unwrap()
        );
    }
    // It can be compared and anonymised like a file of it.
    let same = store.run(&["doc", "diff", "notes:x:plan", &format]);
    assert_eq!(same.exits(0).stdout, machine.run(&["doc", "diff", &format, &format]).stdout);
    store.run(&["doc", "diff", "notes:x:plan", "notes:x:mixed"]).exits(3);
    let both = [text(&store.dir), text(&other.dir)];
    machine.run(&["doc", "diff", &both[0], &both[1]]).exits(0);
    machine.run(&["doc", "diff", &bundle, &both[1]]).exits(0);
    let copies = [("one.yrs", "notes:x:plan"), ("two.yrs", &format)].map(|(name, what)| {
        let copy = text(&machine.path(name));
        store.run(&["doc", "anonymize", what, "-O", &copy]).exits(0);
        machine.run(&["digest", &copy]).ok()
    });
    assert_eq!(copies[0], copies[1]);
    // No command here writes it.
    let list = store.json(&["doc", "list"]);
    assert_eq!(list.as_array().map(Vec::len), Some(3), "{list}");
    // Another program's file over ours is taken in.
    let path = store.dir.join(format!("crdt/notes/{}.yrs", hex("notes:x:plan")));
    let whole = std::fs::read(&path).unwrap();
    std::fs::copy(file("07-load-counts/a.bin"), &path).unwrap();
    let before: Value = store.run(&["doc", "dump", "notes:x:plan"]).exits(0).json();
    assert!(before.get("cells").is_some() && before.get("t").is_some(), "{before}");
    let found = store.run(&["check", "--json"]).exits(3).parsed();
    store.run(&["repair", found[0]["id"].as_str().unwrap()]).exits(0);
    assert_ne!(std::fs::read(&path).unwrap(), whole);
    let after: Value = store.run(&["doc", "dump", "notes:x:plan"]).exits(0).json();
    assert_eq!(after, before);
    store.run(&["check"]).exits(0);
}

fn hex(text: &str) -> String {
    data_encoding::HEXLOWER.encode(text.as_bytes())
}

/// Public files, if available: `FOREIGN_FILES` names their directory. Each goes into a store, out of it, into
/// another one, and stays the same.
#[test]
fn public_files_go_through_stores() {
    let Some(dir) = std::env::var_os("FOREIGN_FILES") else {
        return skipped("FOREIGN_FILES names no directory of public files");
    };
    let machine = Machine::new("public files");
    let (one, two) = (machine.store("one", ALICE), machine.store("two", BOB));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let is_one = path.extension().is_some_and(|e| e == "bin" || e == "ydoc");
        files.extend(is_one.then_some(path));
    }
    assert_eq!(files.len(), 15);
    for (index, path) in files.iter().enumerate() {
        let doc = format!("notes:public:n{index}");
        one.run(&["doc", "load", &text(path), "--doc", &doc]).exits(0);
        assert_eq!(one.json(&["check", &doc]), json!([]), "{path:?}");
    }
    let bundle = text(&machine.path("public.crdt"));
    one.ok(&["sync", "export", "--out", &bundle]);
    two.ok(&["sync", "import", &bundle]);
    for (index, path) in files.iter().enumerate() {
        let doc = format!("notes:public:n{index}");
        let digest = |run: Run| run.exits(0).json()["digest"].clone();
        let alone = digest(machine.run(&["digest", &text(path), "--json"]));
        assert_eq!(digest(two.run(&["digest", &doc, "--json"])), alone, "{path:?}");
        let stored = std::fs::read(two.dir.join(format!("crdt/notes/{}.yrs", hex(&doc)))).unwrap();
        assert_eq!(blocks(&stored), blocks(&std::fs::read(path).unwrap()), "{path:?}");
    }
}
