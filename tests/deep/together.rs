//! Changes of many files that are written together give the same result as one after the other: what is
//! reported for each, what is refused, what the log keeps, and every byte of the documents.
//!
//! `CRDTCTL_SCHEDULES=2000 cargo test --test deep together` runs more histories.

use super::convergence::seeds;
use super::support::temporary;
use super::world::{World, environment};
use crdtctl::concern::disk::{DiskPath, MoveFile, Put, RemoveFile, RestoreFile};
use crdtctl::concern::{chat, core};
use crdtctl::id::MemberId;
use crdtctl::operation::{self, Operation, Outcome, Together};
use crdtctl::sample::Chance;
use crdtctl::store::{Open, Session, Store};
use std::path::Path;

const SESSIONS: u64 = 4;
/// Paths of files, some of which block others.
const PATHS: [&str; 9] = [
    "/shared/a.md",
    "/shared/A.md",
    "/shared/b.md",
    "/shared/d",
    "/shared/d/a.md",
    "/shared/d/e/f.bin",
    "/public/website/index.html",
    "/private/a.md",
    "/private/d/b.md",
];

/// How operations are run. Returns the outcome of each, refused ones included.
type Runs = fn(&mut Session, &[Operation]) -> (Vec<String>, usize);

fn one_by_one(session: &mut Session, operations: &[Operation]) -> (Vec<String>, usize) {
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    for operation in operations {
        let begun = session.changes_begun();
        match operation::run(session, operation) {
            Ok(outcome) => done.push(format!("{outcome:?}")),
            Err(error) => {
                assert_eq!(begun, session.changes_begun(), "{operation:?}: {error:?}");
                refused.push(format!("{operation:?}: {error:?}"));
            }
        }
    }
    done.extend(refused);
    (done, session.recorded())
}

fn together(session: &mut Session, operations: &[Operation]) -> (Vec<String>, usize) {
    let (mut together, mut refused) = (Together::default(), Vec::new());
    let mut at_once = Vec::new();
    for operation in operations {
        match together.run(session, operation.clone()) {
            Ok(outcome) => at_once.push(outcome),
            Err(error) => {
                assert!(together.left_nothing(session), "{operation:?}: {error:?}");
                refused.push(format!("{operation:?}: {error:?}"));
            }
        }
    }
    let outcomes = together.finish(session).expect("what waited is written");
    // What was reported at once stays true, except for what goes when it is written.
    let told = |all: &[Outcome]| -> Vec<String> {
        let told = all.iter().map(|one| Outcome { pruned: Vec::new(), ..one.clone() });
        told.map(|one| format!("{one:?}")).collect()
    };
    assert_eq!(told(&outcomes), told(&at_once));
    let done = outcomes.iter().map(|outcome| format!("{outcome:?}")).chain(refused);
    (done.collect(), session.recorded())
}

/// A store of a group with one or two members.
fn store(home: &Path, seed: u64) -> (Store, MemberId) {
    let member = MemberId::parse("ann-hill-lake-tree").expect("a member id");
    let environment = environment(home, 0, &format!("together {seed}"), 1_700_000_000);
    let (store, _) =
        Store::init(&home.join("store"), environment, Some(&member)).expect("a new store");
    let (entity, name) = (World::entity(), "Sailors".to_owned());
    let create = core::Create { entity: entity.clone(), name, description: String::new() };
    let mut operations = vec![Operation::EntityCreate(create)];
    if seed % 2 == 1 {
        let member = MemberId::parse("bob-hill-lake-tree").expect("a member id");
        let add = serde_json::json!({"op": "member.add", "entity": entity, "member": member});
        operations.push(serde_json::from_value(add).expect("an operation"));
    }
    let open = Open { command: "test", member: Some(&member), dry_run: false };
    let mut session = store.session(open).expect("a session");
    for operation in &operations {
        operation::run(&mut session, operation).expect("an operation");
    }
    session.commit().expect("a commit");
    (store, member)
}

/// The ids of all files, including deleted ones.
fn ids(store: &Store) -> Vec<String> {
    let reader = store.reader().expect("a reader");
    let documents = ["disk", "disk-private"].map(World::doc);
    let views = documents.iter().filter_map(|doc| reader.view(doc).expect("a view"));
    views.flat_map(|view| crdtctl::crdt::source::Source::keys(&view, &["files"])).collect()
}

fn operation(chance: &mut Chance, ids: &[String], n: usize) -> Operation {
    let entity = World::entity();
    let path = |chance: &mut Chance| {
        let path = *chance.pick(&PATHS).expect("a path");
        DiskPath::parse(path).expect("a path")
    };
    let named = |chance: &mut Chance| match chance.below(3) {
        0 if !ids.is_empty() => chance.pick(ids).expect("an id").clone(),
        1 if !ids.is_empty() => chance.pick(ids).expect("an id")[..8].to_owned(),
        _ => path(chance).to_string(),
    };
    match chance.below(12) {
        0..5 => {
            let bytes = chance.below(3) == 0;
            let put = match bytes {
                false => serde_json::json!({"text": format!("{}\n{n}\n", chance.sentence())}),
                true => serde_json::json!({"blake3": format!("{n:064x}"), "size_bytes": n}),
            };
            let mut put = put;
            put["entity"] = serde_json::json!(entity);
            put["path"] = serde_json::json!(path(chance));
            put["beside"] = serde_json::json!(chance.below(6) == 0);
            let put: Put = serde_json::from_value(put).expect("a file to put");
            Operation::DiskPut(put)
        }
        5..8 => Operation::DiskMove(MoveFile {
            entity,
            file: named(chance),
            to: path(chance),
            beside: false,
        }),
        8..10 => Operation::DiskRemove(RemoveFile { entity, file: named(chance) }),
        10 => Operation::DiskRestore(RestoreFile { entity, file: named(chance) }),
        _ => {
            let send = serde_json::json!({"entity": entity, "text": "hi"});
            let send: chat::Send = serde_json::from_value(send).expect("a message");
            Operation::ChatSend(send)
        }
    }
}

#[test]
fn changes_of_many_files_come_to_what_they_come_to_one_by_one() {
    let (mut done, mut refused) = (0, 0);
    for seed in seeds(10) {
        let mut chance = Chance::new(seed);
        let homes = [temporary(), temporary()];
        let stores = [store(homes[0].path(), seed), store(homes[1].path(), seed)];
        for at in 0..SESSIONS {
            let known = ids(&stores[0].0);
            let count = 1 + usize::try_from(chance.below(14)).expect("a small number");
            let operations: Vec<Operation> =
                (0..count).map(|n| operation(&mut chance, &known, n)).collect();
            let runs: [Runs; 2] = [one_by_one, together];
            let results = [0, 1].map(|side| {
                let (store, member) = &stores[side];
                let open = Open { command: "test", member: Some(member), dry_run: false };
                let mut session = store.session(open).expect("a session");
                let told = runs[side](&mut session, &operations);
                session.commit().expect("a commit");
                told
            });
            let what = format!("seed {seed}, {at}: {operations:#?}");
            assert_eq!(results[0], results[1], "{what}");
            for concern in ["disk", "disk-private", "chat"] {
                let state = |store: &Store| {
                    let reader = store.reader().expect("a reader");
                    reader.bytes(&World::doc(concern)).expect("a state")
                };
                assert_eq!(state(&stores[0].0), state(&stores[1].0), "{concern}, {what}");
            }
            refused += results[0].0.iter().filter(|line| line.starts_with("Disk")).count();
            done += results[0].0.len();
        }
    }
    assert!(refused > 0 && done > refused, "{refused} of {done}");
}
