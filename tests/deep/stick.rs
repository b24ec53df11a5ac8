//! A stick that goes round among three replicas in random order, and is sometimes pulled out.
//!
//! Each history: a run writes something, visits the stick, or damages it: a bundle is truncated, filled with
//! zeros as some file systems do, left unfinished or lost. In the end the stick goes round until nothing on
//! it changes; all must hold the same then, and nobody else's files have been touched. `CRDTCTL_STICK` is the
//! number of histories, `CRDTCTL_STICK_SEED` the first.

use super::support::{BOB, CAROL, Machine, Store, files, number, text};
use crdtctl::sample::Chance;
use std::collections::BTreeMap;
use std::path::PathBuf;

const STEPS: usize = 14;
/// Visits after which an undamaged stick must no longer change: a few rounds of three.
const ROUNDS: usize = 6;
const FOREIGN: [(&str, &[u8]); 3] = [
    ("holiday.jpg", b"\xff\xd8 not for us"),
    ("novel.crdt", b"a chapter of somebody's, in a format of their own"),
    (".crdtctl_else.crdt.x.part", b"not ours either"),
];

struct Journey<'m> {
    stores: Vec<Store<'m>>,
    stick: PathBuf,
    chance: Chance,
}

impl Journey<'_> {
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.chance.below(end as u64)).expect("a small number")
    }

    fn step(&mut self) {
        let at = self.below(3);
        self.stores[at].machine.pass(60);
        match self.below(10) {
            0..=2 => self.write(at),
            3..=7 => self.visit(at),
            _ => self.harm(),
        }
    }

    fn write(&mut self, at: usize) {
        let number = self.below(1000);
        let choice = self.below(4);
        let store = &self.stores[at];
        let said = |args: &[&str]| {
            let run = store.run(args);
            // Whoever does not have the group yet cannot write, and nobody edits what another wrote.
            assert!([0, 1, 2, 4].contains(&run.code), "{run:?}");
        };
        let list = store.run(&["chat", "list", "-o", "id"]);
        let messages: Vec<&str> = list.stdout.lines().collect();
        let word = format!("word {number}");
        match (choice, messages.get(number % messages.len().max(1))) {
            (0, Some(id)) => said(&["chat", "edit", id, &word]),
            (1, Some(id)) => said(&["chat", "delete", id, "-y"]),
            _ => said(&["chat", "send", &word]),
        }
    }

    /// A visit: whatever is on the stick, nothing fails except that truncated bundles are named.
    fn visit(&self, at: usize) {
        let run = self.stores[at].run(&["sync", "stick", &text(&self.stick)]);
        assert!([0, 3, 7].contains(&run.code), "{run:?}");
        assert_eq!(run.code == 3, run.stderr.contains("left out: "), "{run:?}");
    }

    fn harm(&mut self) {
        let bundles: Vec<PathBuf> = self.bundles().into_keys().collect();
        if bundles.is_empty() {
            return;
        }
        let chosen = self.below(bundles.len());
        let file = self.stick.join(&bundles[chosen]);
        let bytes = std::fs::read(&file).unwrap();
        match self.below(4) {
            0 => {
                let end = self.below(bytes.len().max(1));
                std::fs::write(&file, &bytes[..end]).unwrap();
            }
            1 => std::fs::write(&file, vec![0; bytes.len()]).unwrap(),
            2 => std::fs::remove_file(&file).unwrap(),
            // An unfinished file that nobody continues.
            _ => {
                let name = file.file_name().unwrap().to_str().unwrap();
                let part = file.with_file_name(format!(".{name}x.part"));
                std::fs::write(part, &bytes[..bytes.len() / 2]).unwrap();
                std::fs::remove_file(&file).unwrap();
            }
        }
    }

    /// Our files on the stick.
    fn bundles(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = files(&self.stick);
        all.retain(|path, _| path.to_str().is_some_and(|name| name.starts_with("crdtctl_")));
        all
    }

    /// The stick goes round until a round changes nothing on it.
    fn come_to_rest(&self) {
        for _ in 0..ROUNDS {
            let before = files(&self.stick);
            (0..self.stores.len()).for_each(|at| {
                self.stores[at].machine.pass(60);
                self.visit(at);
            });
            if files(&self.stick) == before {
                return;
            }
        }
        panic!("the stick changes with every round: {:?}", self.bundles().keys());
    }
}

fn history(seed: u64) {
    let machine = Machine::new(&format!("stick {seed}"));
    let alice = machine.group("alice", &[BOB, CAROL]);
    alice.send("the first");
    let stores = vec![alice, machine.store("bob", BOB), machine.store("carol", CAROL)];
    let stick = machine.path("usb");
    std::fs::create_dir(&stick).unwrap();
    for (name, bytes) in FOREIGN {
        std::fs::write(stick.join(name), bytes).unwrap();
    }
    let mut journey = Journey { stores, stick, chance: Chance::new(seed) };
    (0..STEPS).for_each(|_| journey.step());
    journey.come_to_rest();
    let digests: Vec<String> = journey.stores.iter().map(Store::digest).collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]), "seed {seed}: {digests:?}");
    // All know that all have everything: only receipts are left, and files that are not ours.
    assert!(
        journey.bundles().keys().all(|name| name.to_str().unwrap().ends_with("_receipt.crdt")),
        "seed {seed}: {:?}",
        journey.bundles().keys()
    );
    for store in &journey.stores {
        store.run(&["sync", "status", "--exit-code"]).exits(0);
    }
    let left = files(&journey.stick);
    for (name, bytes) in FOREIGN {
        assert_eq!(left[&PathBuf::from(name)], bytes, "seed {seed}: {name}");
    }
}

#[test]
fn a_stick_that_goes_round_in_any_order_brings_all_to_all() {
    let first = number("CRDTCTL_STICK_SEED").unwrap_or(0);
    (first..first + number("CRDTCTL_STICK").unwrap_or(2)).for_each(history);
}
