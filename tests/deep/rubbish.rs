//! Files of ours that another program has corrupted: truncated, with other bytes in them, of another
//! document, or valid with arbitrary content where something else belongs. For every command that goes over
//! documents:
//!
//! - a corrupted file stays as it is, byte for byte, as long as it is left out, and that is reported;
//! - the other documents still work; no bug of ours, no panic, no wrong exit code;
//! - once the old file is restored everything is as it was; a file that was taken in can be read, and the
//!   next command finds nothing more to do about it.
//!
//! `CRDTCTL_SCHEDULES=2000 cargo test --test deep rubbish` corrupts more of them.

use super::convergence::seeds;
use super::crash::Rewind;
use super::support::{ALICE, BOB, CAROL, GROUP, Machine, PROJECT, Run, Store, text};
use crdtctl::sample::Chance;
use serde_json::{Value, json};
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, Doc, Map, MapPrelim, MapRef, Number, Out, ReadTxn, StateVector,
    TextPrelim, Transact, TransactionMut, WriteTxn,
};

/// The files in a store of two entities, and beside it.
struct Bench<'m> {
    rewind: Rewind<'m>,
    bundle: String,
    batch: String,
    finding: String,
}

fn documents() -> [String; 4] {
    [
        format!("{GROUP}:core"),
        format!("{GROUP}:chat"),
        format!("{PROJECT}:kanban"),
        format!("{GROUP}:issues"),
    ]
}

fn prepared(machine: &Machine) -> Bench<'_> {
    let store = machine.group("store", &[BOB]);
    store.ok(&["entity", "create", PROJECT, "--name", "Harbour"]);
    store.ok(&["member", "add", BOB, "-e", PROJECT]);
    let first = store.ok(&["chat", "send", "the first", "-e", GROUP]);
    store.ok(&["chat", "send", "an answer", "--reply-to", &first, "-e", GROUP]);
    store.ok(&["chat", "react", &first, "👍", "-e", GROUP]);
    let gone = store.ok(&["chat", "send", "to be deleted", "-e", GROUP]);
    let card = store.ok(&["kanban", "add", "a card", "-e", PROJECT]);
    store.ok(&["kanban", "add", "another", "-e", PROJECT]);
    let issue = store.ok(&["issue", "open", "an issue", "-e", GROUP]);
    store.ok(&["issue", "comment", &issue, "a comment", "-e", GROUP]);
    store.ok(&["chat", "send", "elsewhere", "-e", PROJECT]);
    let all = text(&machine.path("all.crdt"));
    store.ok(&["sync", "export", "-O", &all]);
    let bob = machine.store("bob", BOB);
    bob.ok(&["sync", "import", &all]);
    bob.ok(&["chat", "send", "from bob", "-e", PROJECT]);
    bob.ok(&["chat", "edit", &first, "of bob", "-e", GROUP, "--as", ALICE]);
    let bundle = text(&machine.path("bob.crdt"));
    bob.ok(&["sync", "export", "-O", &bundle]);
    machine.pass(60);
    store.ok(&["chat", "delete", &gone, "-e", GROUP]);
    store.ok(&["kanban", "archive", &card, "-e", PROJECT]);
    // Something to be repaired.
    let meta = store.document(&format!("{PROJECT}:chat")).with_extension("meta");
    std::fs::write(meta, "{").expect("a .meta");
    let finding = store.run(&["check", "-o", "id"]).stdout.trim().to_owned();
    let batch = text(&machine.path("batch"));
    let lines = [
        json!({"op": "chat.send", "entity": GROUP, "text": "by the batch"}),
        json!({"op": "chat.send", "entity": PROJECT, "text": "by the batch, too"}),
        json!({"op": "kanban.add", "entity": PROJECT, "title": "by the batch"}),
        json!({"op": "prune", "entity": GROUP}),
    ];
    std::fs::write(&batch, lines.map(|line| line.to_string()).join("\n")).expect("a file");
    Bench { rewind: Rewind::new(store), bundle, batch, finding }
}

/// Corrupted bytes.
fn cut(chance: &mut Chance, bytes: &[u8]) -> Vec<u8> {
    let mut below = |end: usize| chance.below(end as u64) as usize;
    let mut bytes = bytes.to_vec();
    match below(7) {
        0 => bytes.truncate(below(bytes.len())),
        1 => {
            for _ in 0..1 + below(3) {
                let at = below(bytes.len());
                bytes[at] ^= 1 << below(8);
            }
        }
        2 => {
            let (from, to) = (below(bytes.len()), below(bytes.len()));
            let part = bytes[from.min(to)..from.max(to)].to_vec();
            let at = below(bytes.len());
            bytes.splice(at..at, part);
        }
        3 => bytes = (0..below(200)).map(|_| below(256) as u8).collect(),
        4 => bytes.clear(),
        5 => bytes = vec![0, 0],
        _ => {
            let at = below(bytes.len());
            bytes[at] = [0, 1, 4, 7, 8, 0x27, 0x80, 0xff][below(8)];
        }
    }
    bytes
}

/// The old document with arbitrary content somewhere, by a program that knows no rules.
fn wild(chance: &mut Chance, bytes: &[u8]) -> Vec<u8> {
    let client = [7, 1 << 31, (1 << 52) + 7][chance.below(3) as usize];
    let doc = Doc::with_client_id(client);
    let update = yrs::Update::decode_v1(bytes).expect("a file of ours");
    doc.transact_mut().apply_update(update).expect("a file of ours");
    // Sometimes only its own part, without what it builds on.
    let whole = chance.below(8) > 0;
    let before = if whole { StateVector::default() } else { doc.transact().state_vector() };
    let mut txn = doc.transact_mut();
    let roots: Vec<String> = txn.root_refs().map(|(name, _)| name.to_owned()).collect();
    for _ in 0..1 + chance.below(4) {
        let Some(root) = chance.pick(&roots) else { break };
        if chance.below(12) == 0 {
            let name = format!("{root} of another");
            txn.get_or_insert_text(name.as_str());
        }
        let Some(Out::YMap(map)) = txn.get(root.as_str()) else { continue };
        anything_in(chance, &mut txn, &map, 0);
    }
    txn.encode_diff_v1(&before)
}

fn anything_in(chance: &mut Chance, txn: &mut TransactionMut<'_>, map: &MapRef, depth: usize) {
    let mut keys: Vec<String> = map.keys(txn).map(str::to_owned).collect();
    keys.sort();
    let known = ["deleted", "deleted_at", "ack_vector", "reactions", "replies", "joined_at", "x"];
    let Some(key) = (match chance.below(4) {
        0 => chance.pick(&known).map(|key| (*key).to_owned()),
        _ => chance.pick(&keys).cloned(),
    }) else {
        return;
    };
    if let Some(Out::YMap(inner)) = map.get(txn, &key)
        && depth < 4
        && chance.below(4) > 0
    {
        return anything_in(chance, txn, &inner, depth + 1);
    }
    match chance.below(12) {
        0 | 1 => drop(map.remove(txn, &key)),
        2 => drop(map.insert(txn, key, MapPrelim::default())),
        3 => {
            let array = map.insert(txn, key, ArrayPrelim::default());
            array.push_back(txn, plain(chance));
            array.push_back(txn, MapPrelim::default());
        }
        4 => drop(map.insert(txn, key, TextPrelim::new("a text"))),
        _ => drop(map.insert(txn, key, plain(chance))),
    }
}

fn plain(chance: &mut Chance) -> Any {
    let record = json!({"id": "x", "deleted": true, "ack_vector": {ALICE: 1}, "content": "words"});
    match chance.below(11) {
        0 => Any::Null,
        1 => Any::Undefined,
        2 | 3 => Any::Bool(true),
        4 => Any::Number(Number::Int(i64::MIN)),
        5 => Any::Number(Number::Float(f64::NAN)),
        6 => Any::String("words".into()),
        7 => Any::Buffer([0u8, 255].as_slice().into()),
        8 => Any::Array([Any::Null, Any::String(ALICE.into())].into()),
        _ => Any::from_json(&record.to_string()).expect("JSON"),
    }
}

const COMMANDS: &[&[&str]] = &[
    &["prune", "--json"],
    &["prune", "-n", "--json"],
    &["batch", "BATCH", "--json"],
    &["batch", "BATCH", "--keep-going", "--json"],
    &["repair", "FINDING", "--json"],
    &["sync", "export", "-O", "OUT", "--json"],
    &["sync", "import", "BUNDLE", "--json"],
    &["sync", "status", "--json"],
    &["check", "--json"],
    &["digest", "--json"],
    &["entity", "list", "--json"],
    &["tombstone", "list", "--json"],
    &["member", "add", CAROL, "-e", GROUP, "--json"],
    &["chat", "send", "more", "-e", GROUP, "--json"],
    &["kanban", "add", "more", "-e", PROJECT, "--json"],
    &["issue", "open", "more", "-e", GROUP, "--json"],
];

impl Bench<'_> {
    fn store(&self) -> &Store<'_> {
        &self.rewind.store
    }

    fn command(&self, args: &[&str]) -> Run {
        let out = text(&self.store().machine.path("out.crdt"));
        let place = |arg: &&str| match *arg {
            "BATCH" => self.batch.clone(),
            "BUNDLE" => self.bundle.clone(),
            "FINDING" => self.finding.clone(),
            "OUT" => out.clone(),
            other => other.to_owned(),
        };
        let args: Vec<String> = args.iter().map(place).collect();
        let _ = std::fs::remove_file(out);
        self.store().run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// Corrupts one file and runs some commands with it. Returns whether it was taken in.
    fn live(&self, seed: u64) -> bool {
        self.rewind.rewind();
        let mut chance = Chance::new(seed);
        let documents = documents();
        let doc = chance.pick(&documents).expect("a document").clone();
        let path = self.store().document(&doc);
        let good = std::fs::read(&path).expect("a file");
        let bad = match chance.below(9) {
            0..4 => cut(&mut chance, &good),
            4 => {
                let other = chance.pick(&documents).expect("a document");
                std::fs::read(self.store().document(other)).expect("a file")
            }
            _ => wild(&mut chance, &good),
        };
        std::fs::write(&path, &bad).expect("a file");
        let before = self.store().files();
        let mut adopted = bad == good;
        for _ in 0..4 {
            let args = *chance.pick(COMMANDS).expect("a command");
            let last = std::fs::read(&path).expect("a file");
            let run = self.command(args);
            let told =
                format!("seed {seed}, {doc}, {} bytes of {}: {run:#?}", bad.len(), good.len());
            // An older state in place of ours, with nothing else in it, is corrected silently.
            let is_now = std::fs::read(&path).expect("a file");
            let taken = is_now != bad;
            assert!([0, 1, 3, 4, 5, 7].contains(&run.code), "{told}");
            assert!(!run.stderr.contains("panicked") && !run.stderr.contains("bug"), "{told}");
            assert!(is_now == last || !args.contains(&"-n"), "a dry run wrote: {told}");
            if run.code == 5 || run.stderr.contains(&format!("{doc} is left out")) {
                assert!(!taken || adopted, "a spoiled file was written over: {told}");
            }
            adopted |= taken;
            if run.code == 5 && args[0] != "batch" {
                let said = run.stderr.contains(&doc) || run.stderr.contains(".yrs");
                assert!(said, "it does not say which: {told}");
            }
        }
        let own = if doc.starts_with(GROUP) { PROJECT } else { GROUP };
        self.store().run(&["chat", "send", "goes on", "-e", own]).exits(0);
        self.store().run(&["chat", "list", "-e", own, "--json"]).exits(0);
        if !adopted {
            assert_eq!(std::fs::read(&path).expect("a file"), bad, "seed {seed}");
            let now = self.store().files();
            let meta = path.with_extension("meta");
            assert_eq!(now.get(&meta), before.get(&meta), "seed {seed}: its .meta");
            std::fs::write(&path, &good).expect("a file");
            let check = self.store().run(&["check", "--json"]);
            let broken = ["undecodable", "replica-fork", "divergence", "lost-fold"];
            for finding in check.parsed().as_array().expect("findings") {
                let kind = finding["kind"].as_str().unwrap_or_default();
                assert!(!broken.contains(&kind), "seed {seed}: put back, and {finding}");
            }
            self.store().run(&["doc", "dump", &doc]).exits(0);
            return false;
        }
        self.store().run(&["doc", "dump", &doc]).exits(0);
        // Twice the same: everything is taken in, and nothing is left to do.
        self.store().run(&["prune"]);
        let ends: [Value; 2] = [0, 1].map(|_| {
            self.store().run(&["prune"]);
            self.store().json(&["log"])
        });
        assert_eq!(ends[0], ends[1], "seed {seed}: there is no rest");
        true
    }
}

#[test]
fn a_spoiled_file_stops_nothing_else_and_stays_as_it_is() {
    let machine = Machine::new("rubbish");
    let bench = prepared(&machine);
    let mut taken = 0;
    for seed in seeds(24) {
        taken += usize::from(bench.live(seed));
    }
    eprintln!("{taken} files were taken in");
}
