//! Random changes of a canvas, undone, redone and carried by a relay, and what must hold for it after a
//! history.

use super::world::{MEMBERS, Replica, World};
use crdtctl::concern::canvas::relay::{self, Apply, RelayVerb};
use crdtctl::concern::canvas::{self, ElementKind};
use crdtctl::crdt::source::Source;
use crdtctl::operation::Operation;
use crdtctl::sample::Chance;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Elements that were added to canvases, and those that somebody removed again.
#[derive(Default)]
pub struct Drawn {
    added: BTreeSet<String>,
    removed: BTreeSet<String>,
}

/// Some elements to conflict about.
pub fn beginning() -> Vec<Operation> {
    (0..4).map(|n| add(f64::from(n), ElementKind::Shape)).collect()
}

fn add(x: f64, kind: ElementKind) -> Operation {
    let entity = World::entity();
    let data = Map::from_iter([("fill".to_owned(), json!("red"))]);
    let (rotation, z_index) = (0.0, None);
    Operation::CanvasAdd(canvas::AddElement {
        entity,
        kind,
        x,
        y: 0.0,
        width: 10.0,
        height: 10.0,
        rotation,
        z_index,
        data,
    })
}

/// A change of what the replica holds, or something that another did, carried by a relay.
pub fn operation(chance: &mut Chance, replicas: &[Replica], at: usize, number: usize) -> Operation {
    let entity = World::entity();
    let reader = replicas[at].store.reader().expect("a reader");
    let view = reader.view(&World::doc("canvas")).expect("a readable document");
    let ids = view.map(|view| view.keys(&["elements"])).unwrap_or_default();
    let element = chance.pick(&ids).cloned().unwrap_or_else(|| "none".to_owned());
    let x = f64::from(u32::try_from(number % 1000).unwrap_or(0));
    let force = chance.below(3) == 0;
    match chance.below(100) {
        0..12 => add(x, *chance.pick(&ElementKind::ALL).expect("a kind")),
        12..35 => Operation::CanvasMove(canvas::MoveElement { entity, element, x, y: x }),
        35..50 => {
            let value = if chance.below(4) == 0 { Value::Null } else { json!(number) };
            let field = *chance.pick(&["data.fill", "data.note"]).expect("a field");
            let set = Map::from_iter([(field.to_owned(), value)]);
            Operation::CanvasSet(canvas::Set { entity, element, set })
        }
        50..56 => Operation::CanvasDelete(canvas::DeleteElement { entity, element }),
        56..66 => Operation::CanvasUndo(canvas::Undo { entity, force }),
        66..72 => Operation::CanvasRedo(canvas::Redo { entity, force }),
        _ => heard(chance, number, replicas[at].environment.machine.clock.now()),
    }
}

/// A message as another program sends it, without its change: many replicas receive one element.
fn heard(chance: &mut Chance, number: usize, now: i64) -> Operation {
    let id = format!("heard-{}", chance.below(4));
    let operation_type = match chance.below(8) {
        0 => RelayVerb::Remove,
        1..4 => RelayVerb::Add,
        _ => RelayVerb::Update,
    };
    let element = json!({
        "id": id, "element_type": "sticky", "x": number, "y": 1.5, "width": 10, "height": 10,
        "data": {"note": number}, "updated_at": now,
    });
    let message = relay::Operation {
        operation_id: String::new(),
        canvas_id: World::entity().to_string(),
        element_id: id,
        operation_type,
        element_data: element.as_object().cloned(),
        fields: None,
        update_v1: None,
        vector_clock: BTreeMap::new(),
        lamport_clock: 0,
        origin_peer: MEMBERS[0].to_owned(),
        timestamp_ms: u64::try_from(now).unwrap_or(0) * 1000,
    };
    Operation::CanvasApply(Apply { entity: World::entity(), message })
}

impl Drawn {
    /// Records what an operation did to the element with this id.
    pub fn note(&mut self, operation: &Operation, id: &str) {
        let id = id.to_owned();
        match operation {
            Operation::CanvasAdd(_) => drop(self.added.insert(id)),
            Operation::CanvasDelete(_) | Operation::CanvasUndo(_) | Operation::CanvasRedo(_) => {
                self.removed.insert(id);
            }
            Operation::CanvasApply(Apply { message, .. })
                if message.operation_type == RelayVerb::Remove =>
            {
                self.removed.insert(id);
            }
            _ => {}
        }
    }
}

/// Every element that was added and not removed is there, whole.
pub fn no_element_is_lost(world: &World) {
    let Some((_, view)) = world.replicas[0].document("canvas") else { return };
    let Drawn { added, removed } = &world.facts.drawn;
    for id in added.difference(removed) {
        let element = view.record(&["elements", id]).unwrap_or_else(|| panic!("{id} is lost"));
        for field in canvas::ELEMENTS.fields {
            assert!(element.contains_key(field.name), "{id} has no {}", field.name);
        }
    }
}
