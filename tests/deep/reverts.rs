//! After `log revert` it is as if the operation had never happened, whatever came before; and reverting the
//! revert brings it back.
//!
//! `CRDTCTL_SCHEDULES=300 cargo test --test deep reverts` runs more histories.

use super::convergence::{QUICK, seeds};
use super::world::{Climate, Replica, World};
use crdtctl::concern::{CONCERNS, kanban};
use crdtctl::error::{Error, Kind};
use crdtctl::operation::{self, Operation, Revert};
use crdtctl::path::Keys;
use crdtctl::schema::{FieldKind, FieldRole};
use crdtctl::store::Open;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Operations that cannot be reverted, whatever happened.
const FINAL: &[&str] = &[
    "entity.create",
    "chat.delete",
    "issue.comment.delete",
    "kanban.column.remove",
    "canvas.delete",
    "canvas.undo",
    "canvas.redo",
    "canvas.apply",
    "prune",
];

const LONG: Climate = Climate { steps: 25, incremental: true, ..QUICK };

const CLIMATES: [Climate; 4] = [
    LONG,
    Climate { talk: true, ..LONG },
    Climate { boards: true, ..LONG },
    Climate { canvas: true, ..LONG },
];

/// Which operations were run: how often they could be taken back, could not, or had done nothing.
type Counts = BTreeMap<(&'static str, Option<bool>), u32>;

/// In these, a card was not taken back to a column that was not there, without a word, and somebody got an
/// earlier role back than their last.
#[test]
fn what_once_was_not_taken_back_is() {
    let mut counts = Counts::new();
    for climate in CLIMATES {
        take_back_many(410_004, climate, &mut counts);
        take_back_many(420_001, climate, &mut counts);
    }
}

fn take_back_many(seed: u64, climate: Climate, counts: &mut Counts) {
    let mut world = World::new(seed, climate);
    world.live();
    for at in 0..world.replicas.len() {
        // Boards have the most operations.
        let steps = if climate.boards { 40 } else { 10 };
        for step in 0..steps {
            let operation = world.operation(at);
            let what = format!("seed {seed}, {at}, {step}: {operation:?}");
            let name = operation.declaration().op;
            let done = take_back(&world.replicas[at], &operation, &what);
            *counts.entry((name, done)).or_insert(0) += 1;
        }
    }
}

#[test]
fn what_is_taken_back_is_as_if_it_had_never_been() {
    let mut counts = BTreeMap::new();
    for climate in CLIMATES {
        for seed in seeds(1) {
            take_back_many(seed, climate, &mut counts);
        }
    }
    let count = |op: &str| counts.get(&(op, Some(true))).copied().unwrap_or(0);
    let often =
        ["chat.send", "chat.edit", "chat.react", "kanban.add", "kanban.move", "kanban.edit"];
    for op in often.iter().chain(&["kanban.archive", "issue.status", "issue.close", "canvas.set"]) {
        assert!(count(op) > 0, "{op}: {counts:?}");
    }
    for op in FINAL {
        assert_eq!(count(op), 0, "{op}");
    }
}

/// Runs an operation, reverts it, and reverts that. `None` if there was nothing to revert, false if it could
/// not be reverted.
fn take_back(replica: &Replica, operation: &Operation, what: &str) -> Option<bool> {
    let before = shown(replica);
    let seq = run(replica, operation).ok().flatten()?;
    let after = shown(replica);
    let revert = |seq| run(replica, &Operation::LogRevert(Revert { seq }));
    let name = operation.declaration().op;
    let back = match revert(seq) {
        Ok(back) => back,
        Err(error) => {
            assert!(
                is_final(&error, name)
                    || is_not_allowed(&error, operation)
                    || is_nowhere(&error, operation),
                "{what}: {error:?}"
            );
            assert_eq!(shown(replica), after, "{what}");
            return Some(false);
        }
    };
    assert!(!FINAL.contains(&name), "{what}");
    assert_eq!(shown(replica), before, "{what}");
    let again = revert(seq)
        .map_or_else(|error| error.kind, |again| again.map_or(Kind::Refused, |_| Kind::Bug));
    assert_eq!(again, Kind::Refused, "{what}: once more");
    match back.map(revert) {
        Some(Ok(_)) => assert_eq!(shown(replica), after, "{what}: there and back"),
        Some(Err(error)) => assert_eq!(error.kind, Kind::Refused, "{what}: {error:?}"),
        None => {}
    }
    Some(true)
}

fn is_final(error: &Error, name: &str) -> bool {
    error.kind == Kind::Refused
        && FINAL.contains(&name)
        && error.message.contains("cannot be taken back")
}

/// Whoever gave themselves another role, or left, may no longer do what they could; nor whoever added somebody
/// else where nobody was active.
fn is_not_allowed(error: &Error, operation: &Operation) -> bool {
    let of_people = match operation {
        Operation::MemberRemove(_) | Operation::MemberRole(_) => true,
        Operation::MemberAdd(_) => error.message.contains("is not an active member"),
        _ => false,
    };
    error.kind == Kind::Refused && of_people
}

/// A card cannot go back into a column that is not there.
fn is_nowhere(error: &Error, operation: &Operation) -> bool {
    let of_cards = matches!(operation, Operation::KanbanMove(_));
    error.kind == Kind::Refused && of_cards && error.message.contains("in no column")
}

/// Returns its number in the log, if it changed anything.
fn run(replica: &Replica, operation: &Operation) -> Result<Option<i64>, Error> {
    let member = replica.member.as_ref();
    let mut session = replica.store.session(Open { command: "test", member, dry_run: false })?;
    operation::run_alone(&mut session, operation)?;
    Ok(session.commit()?.seq)
}

/// What people see: without times, tombstones and caches.
fn shown(replica: &Replica) -> Vec<Value> {
    let mut shown = Vec::new();
    for spec in CONCERNS {
        let Some((_, view)) = replica.document(spec.name) else { continue };
        let source: &dyn crdtctl::crdt::source::Source = &view;
        shown.extend(source.text(&["metadata", "name"]).map(Value::String));
        for collection in spec.collections {
            for path in collection.records(source) {
                if collection.is_deleted(source, &path) {
                    continue;
                }
                let record = collection.record(source, &path.steps());
                let mut row = collection.row(&record, path.last());
                for field in collection.fields {
                    let is_time = field.kind == FieldKind::Time
                        || matches!(field.role, FieldRole::Clock | FieldRole::Deleter);
                    let is_derived = matches!(
                        field.kind,
                        FieldKind::Acknowledgements | FieldKind::Cache | FieldKind::List
                    );
                    if is_time || is_derived || field.name == "order" {
                        row.remove(field.name);
                    }
                }
                // What is in it is shown by itself.
                row.remove("replies");
                if path.first().is_some_and(|root| root == "threads") && path.len() == 2 {
                    continue;
                }
                if let Some(Value::Object(reactions)) = row.get_mut("reactions") {
                    reactions.retain(|_, who| who.as_array().is_some_and(|who| !who.is_empty()));
                }
                shown.push(Value::Object(row));
            }
        }
        if spec.name == kanban::SPEC.name {
            let board = kanban::Board::of(source);
            let columns = board.columns.into_iter().map(|column| json!([column.id, column.cards]));
            shown.push(columns.collect());
        }
    }
    // Records are keyed, and a new generation of a key sorts elsewhere.
    shown.sort_by_key(Value::to_string);
    shown
}
