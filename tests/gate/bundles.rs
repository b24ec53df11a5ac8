//! Corrupted bundles imported through the binary: it refuses what it must and says where and why, and the
//! store stays byte for byte the same.

use crate::forge::{Material, damage, forge};
use crate::model::Model;
use crate::support::{ALICE, BOB, GROUP, Machine, Store, copy_tree, text};
use crate::testing::Rng;
use serde_json::{Value, json};
use std::io::Read;

/// A bundle split into its parts.
#[derive(Clone)]
struct Parts {
    manifest: Value,
    /// Name and content, in order, without the manifest.
    entries: Vec<(String, Vec<u8>)>,
}

impl Parts {
    fn of(packed: &[u8]) -> Parts {
        let mut archive = tar::Archive::new(zstd::Decoder::new(packed).unwrap());
        let mut entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.path().unwrap().to_string_lossy().into_owned(), bytes)
        });
        let (_, manifest) = entries.next().unwrap();
        let manifest = serde_json::from_slice(&manifest).unwrap();
        Parts { manifest, entries: entries.collect() }
    }

    fn pack(&self) -> Vec<u8> {
        let mut tar = tar::Builder::new(zstd::Encoder::new(Vec::new(), 1).unwrap());
        let manifest = ("manifest.json".to_owned(), serde_json::to_vec(&self.manifest).unwrap());
        for (name, bytes) in std::iter::once(&manifest).chain(&self.entries) {
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            // Written unchecked: the library itself would refuse a name that leads out of a folder.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, bytes.as_slice()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    /// Replaces the bytes of an update, and updates the manifest.
    fn replace(&mut self, at: usize, bytes: Vec<u8>) {
        let (name, content) = &mut self.entries[at];
        let documents = self.manifest["documents"].as_array_mut().unwrap();
        let document = documents.iter_mut().find(|entry| entry["file"] == **name).unwrap();
        document["bytes"] = json!(bytes.len());
        document["blake3"] = json!(blake3::hash(&bytes).to_hex().as_str());
        *content = bytes;
    }
}

/// Introduces one fault into a bundle.
fn spoil(rng: &mut Rng, whole: &Parts, base: &[Model]) -> Vec<u8> {
    let mut parts = whole.clone();
    let at = rng.below(parts.entries.len());
    match rng.below(10) {
        0 | 1 => {
            let mut packed = parts.pack();
            match rng.chance(30) {
                true => packed.truncate(rng.below(packed.len())),
                false => damage(rng, &mut packed),
            }
            return packed;
        }
        2 | 3 => {
            let mut bytes = parts.entries[at].1.clone();
            damage(rng, &mut bytes);
            parts.replace(at, bytes);
        }
        4..=6 => {
            let update = Model::of(&parts.entries[at].1);
            let (base, other) = (&base[rng.below(base.len())], &base[rng.below(base.len())]);
            let forged = forge(rng, &Material { base, update: &update, other });
            parts.replace(at, forged);
        }
        7 => {
            // Entries that the manifest does not know.
            match rng.below(4) {
                0 => parts.entries.push(("../../evil".into(), b"x".to_vec())),
                1 => parts.entries.push(parts.entries[at].clone()),
                2 => drop(parts.entries.remove(at)),
                _ => damage(rng, &mut parts.entries[at].1),
            }
        }
        _ => spoil_value(rng, &mut parts.manifest),
    }
    parts.pack()
}

/// Replaces some value of a manifest.
fn spoil_value(rng: &mut Rng, value: &mut Value) {
    let count = match value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    };
    if count > 0 && rng.chance(85) {
        let at = rng.below(count);
        let inner = match value {
            Value::Array(items) => items.get_mut(at),
            Value::Object(fields) => fields.values_mut().nth(at),
            _ => None,
        };
        return spoil_value(rng, inner.unwrap());
    }
    let others = [
        json!(null),
        json!(-1),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("../../../etc/passwd"),
        json!("\u{1b}[31m\u{0}"),
        json!([]),
        json!({"": {}}),
        json!("group:ocean-forest-moon-star:chat"),
        json!("0".repeat(64)),
    ];
    *value = others[rng.below(others.len())].clone();
}

/// Two stores that have synchronised, and what one of them has written since, as a bundle.
fn met<'m>(machine: &'m Machine) -> (Store<'m>, Vec<u8>) {
    let alice = machine.group("alice", &[BOB]);
    let first = alice.send("Grüße 🌊");
    alice.send("stays");
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.give(&alice);
    machine.pass(60);
    alice.send("new");
    alice.ok(&["chat", "edit", &first, "edited"]);
    alice.ok(&["chat", "delete", &first]);
    alice.ok(&["member", "add", "carol-sun-wind-rain"]);
    let file = text(&machine.path("incremental.crdt"));
    alice.ok(&["sync", "export", "--for", BOB, "--out", &file]);
    (bob, std::fs::read(file).unwrap())
}

#[test]
fn spoiled_bundles_change_nothing() {
    let machine = Machine::new("spoiled");
    let (bob, packed) = met(&machine);
    let full = std::fs::read(machine.path("give-2.crdt"));
    let wholes: Vec<Parts> =
        [Some(packed), full.ok()].iter().flatten().map(|p| Parts::of(p)).collect();
    let base: Vec<Model> = bob.documents().values().map(|bytes| Model::of(bytes)).collect();
    let mut rng = Rng::new(5);
    let mut codes = std::collections::BTreeMap::new();
    for round in 0..400 {
        let whole = &wholes[rng.below(wholes.len())];
        let file = machine.path("spoiled.crdt");
        std::fs::write(&file, spoil(&mut rng, whole, &base)).unwrap();
        // A copy, so that imports of one round do not change the next.
        let dir = machine.path("copy");
        copy_tree(&bob.dir, &dir);
        let copy = machine.open(dir.clone());
        let before = copy.files();
        let run = copy.run(&["sync", "import", &text(&file)]);
        *codes.entry(run.code).or_insert(0) += 1;
        match run.code {
            0 | 7 => copy.run(&["digest"]).exits(0),
            // 1: what another program may hold, but no crdtctl sends.
            1 | 5 | 6 => {
                if copy.files() != before {
                    let changed: Vec<_> = copy
                        .files()
                        .into_iter()
                        .filter(|(k, v)| before.get(k) != Some(v))
                        .map(|(k, _)| k)
                        .collect();
                    panic!("round {round}: {changed:?} {run:?}");
                }
                run.fails(run.code, "")
            }
            _ => panic!("round {round}: {run:?}"),
        };
        std::fs::remove_dir_all(dir).unwrap();
    }
    println!("exit codes: {codes:?}");
    assert!(codes.get(&6).is_some_and(|n| *n > 150), "{codes:?}");
    assert!(codes.contains_key(&0), "nothing came through, the test tests nothing: {codes:?}");
}

/// Asserts the sentence of a refusal: `byte 4: the update has a gap (skip)`.
#[track_caller]
fn names_byte_rule_and_reason(said: &str, offset: usize, rule: &str) {
    let line = said.lines().find(|line| line.contains("byte ")).unwrap_or_default();
    assert!(line.contains(&format!("byte {offset}: ")), "{said}");
    assert!(line.trim_end().ends_with(&format!("({rule})")), "{said}");
    let reason = line.split(": ").last().unwrap_or_default();
    assert!(reason.len() > rule.len() + 10, "{said}");
}

#[test]
fn a_refusal_names_the_byte_the_rule_and_the_reason() {
    let machine = Machine::new("refusal");
    let store = machine.store("s", ALICE);
    store.ok(&["entity", "create", GROUP, "--name", "Ocean friends"]);
    store.send("hi");
    // A gap, an item that refers to itself, and text that is not UTF-8.
    let skip = [1, 1, 1, 0, 10, 5, 0];
    let circle = [1, 1, 1, 0, 0x88, 1, 0, 1, 120, 0];
    let utf8 = [1, 1, 1, 0, 4, 1, 1, b't', 2, 0xc3, 0x28, 0];
    let chat = format!("{GROUP}:chat");
    let document = store.document(&chat);
    let whole = std::fs::read(&document).unwrap();
    for (bytes, offset, rule) in
        [(&skip[..], 4, "skip"), (&circle, 4, "origin"), (&utf8, 9, "utf8")]
    {
        // A read notes that the file was put back.
        store.ok(&["chat", "list"]);
        let before = store.files();
        let file = machine.path("bare.update");
        std::fs::write(&file, bytes).unwrap();
        // From outside: as a bare update, and in a bundle.
        let raw = store.run(&["sync", "import", "--raw", &chat, &text(&file)]);
        names_byte_rule_and_reason(&raw.fails(6, "is not valid").stderr, offset, rule);
        let bundle = text(&machine.path("bundle.crdt"));
        store.ok(&["sync", "export", "--out", &bundle]);
        let mut parts = Parts::of(&std::fs::read(&bundle).unwrap());
        parts.replace(0, bytes.to_vec());
        std::fs::write(&bundle, parts.pack()).unwrap();
        let run = store.run(&["sync", "import", &bundle]);
        names_byte_rule_and_reason(&run.fails(6, "is not valid").stderr, offset, rule);
        assert_eq!(store.files(), before, "{rule}");
        // The store's own file.
        std::fs::write(&document, bytes).unwrap();
        let before = store.files();
        for args in [&["chat", "list"][..], &["chat", "send", "more"]] {
            let run = store.run(args);
            names_byte_rule_and_reason(&run.exits(5).stderr, offset, rule);
            assert_eq!(store.run(&[args, &["--json"]].concat()).error()["code"], "corrupt");
        }
        assert_eq!(store.files(), before, "{rule}");
        std::fs::write(&document, &whole).unwrap();
    }
}
