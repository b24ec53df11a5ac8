//! Random histories of records that are deleted for good: whatever left a document of a replica is in its
//! trash, as it was, and a new record can be made from it.
//!
//! `CRDTCTL_SCHEDULES=2000 cargo test --test deep trash` runs more of them.

use super::convergence::{QUICK, seeds};
use super::world::{Climate, Replica, World};
use super::{boards, canvases, talk};
use crdtctl::concern::{self, Role, canvas, chat, core, issues, kanban};
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::error::Kind;
use crdtctl::id::MemberId;
use crdtctl::operation::{self, Operation, Untrash};
use crdtctl::path::{DocPath, Keys};
use crdtctl::sample::Chance;
use crdtctl::schema::{Collection, FieldKind};
use crdtctl::store::{Open, Trashed};
use crdtctl::sync::Bundle;
use crdtctl::sync::export::{Request, export};
use crdtctl::sync::import::{Input, import};
use serde_json::Value;
use std::collections::BTreeMap;

const CONCERNS: [&str; 5] = ["core", "chat", "kanban", "issues", "canvas"];
const CLIMATE: Climate = Climate { steps: 0, ..QUICK };

/// By concern and path.
type Records = BTreeMap<(&'static str, DocPath), Value>;

/// Every record that leaves something behind when it goes.
fn records(view: &View, concern: &'static str) -> Records {
    let spec = concern::of(&World::doc(concern)).expect("a known concern");
    let mut found = Records::new();
    for collection in spec.collections.iter().filter(|c| lasts(c)) {
        for path in collection.records(view) {
            if let Some(record) = view.value(&path.steps()) {
                found.insert((concern, path), record.to_json());
            }
        }
    }
    found
}

/// Threads are removed with their messages, and hold no text of their own.
fn lasts(collection: &Collection) -> bool {
    collection.tombstone.is_some() || collection.noun == kanban::COLUMNS.noun
}

/// What people wrote in a record.
fn said(concern: &str, noun: &str, record: &Value) -> BTreeMap<String, Value> {
    let spec = concern::of(&World::doc(concern)).expect("a known concern");
    let collection = spec.collections.iter().find(|c| c.noun == noun).expect("a collection");
    let is_said = |name: &str| {
        let known = collection.fields.iter().find(|field| field.name == name);
        let marks = collection.tombstone.as_ref();
        known.is_some_and(|f| matches!(f.kind, FieldKind::Text | FieldKind::Number))
            && marks.is_none_or(|t| t.flag != name && t.by != Some(name))
            // A recreated column comes after the others.
            && !["id", "author_id", "status", "order"].contains(&name)
    };
    let fields = record.as_object().into_iter().flatten();
    let fields = fields.filter(|(name, _)| is_said(name));
    fields.map(|(name, value)| (name.clone(), value.clone())).collect()
}

struct Watch {
    world: World,
    chance: Chance,
    /// What each replica showed last.
    shown: Vec<Records>,
    number: usize,
    gone: usize,
    restored: usize,
}

impl Watch {
    fn new(seed: u64) -> Watch {
        let climate = Climate {
            boards: seed.is_multiple_of(3),
            canvas: seed % 3 == 1,
            talk: seed % 3 == 2,
            ..CLIMATE
        };
        let mut world = World::new(seed, climate);
        world.live();
        world.settle(false);
        let shown = vec![Records::new(); world.replicas.len()];
        let chance = Chance::new(seed.wrapping_add(77));
        let mut watch = Watch { world, chance, shown, number: 0, gone: 0, restored: 0 };
        (0..watch.shown.len()).for_each(|at| watch.look(at, None));
        watch
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.chance.below(end as u64)).expect("a small number")
    }

    fn trash(&self, at: usize) -> Vec<Trashed> {
        let reader = self.world.replicas[at].store.reader().expect("a reader");
        reader.state().map_or_else(Vec::new, |state| state.trash().expect("the trash"))
    }

    /// A document as the program itself reads it: with the types of its roots.
    fn view(&self, at: usize, concern: &str) -> Option<View> {
        let reader = self.world.replicas[at].store.reader().expect("a reader");
        reader.view(&World::doc(concern)).expect("a readable document")
    }

    fn records(&self, at: usize) -> Records {
        let mut all = Records::new();
        for concern in CONCERNS {
            if let Some(view) = self.view(at, concern) {
                all.append(&mut records(&view, concern));
            }
        }
        all
    }

    /// Whatever is no longer shown is in the trash. `by` is the one operation that was run, `None` for an
    /// import.
    fn look(&mut self, at: usize, by: Option<&Operation>) {
        let now = self.records(at);
        let before = std::mem::replace(&mut self.shown[at], now.clone());
        let trash = self.trash(at);
        for ((concern, path), record) in before {
            if now.contains_key(&(concern, path.clone())) {
                continue;
            }
            // What was in something that went is kept with it.
            let (_, around) = path.split_last().expect("a path");
            let view = self.view(at, concern).expect("the document");
            if around.len() > 1 && !view.exists(&around.steps()) {
                continue;
            }
            let doc = World::doc(concern);
            let kept = trash.iter().find(|kept| kept.doc == doc && kept.path == path);
            let kept = kept.unwrap_or_else(|| panic!("{path:?} of {concern} went without a trace"));
            self.gone += 1;
            // An import may bring edits before it prunes.
            if kept.why == "peer" || by.is_some() {
                let was = said(concern, &kept.noun, &record);
                assert_eq!(said(concern, &kept.noun, &kept.record), was, "{path:?}: {by:?}");
            }
        }
    }

    /// Runs one operation; returns its outcome unless it was refused.
    fn perform(&mut self, at: usize, as_whom: &MemberId, operation: &Operation) -> Option<String> {
        let replica = &self.world.replicas[at];
        replica.environment.machine.clock.set(replica.environment.machine.clock.now() + 7);
        let open = Open { command: "test", member: Some(as_whom), dry_run: false };
        let mut session = replica.store.session(open).expect("a session");
        let line = format!("{} as {as_whom}: {operation:?}", replica.name);
        match operation::run(&mut session, operation) {
            Ok(outcome) => {
                session.commit().expect("a commit");
                self.world.trace.push(format!("{line} -> {:?}", outcome.id));
                self.look(at, Some(operation));
                outcome.id
            }
            Err(error) => {
                let refused = matches!(
                    error.kind,
                    Kind::Refused | Kind::NotFound | Kind::Ambiguous | Kind::Usage
                );
                assert!(refused, "{line}: {error:?}");
                self.world.trace.push(format!("{line} -> {error}"));
                None
            }
        }
    }

    /// Most operations delete something.
    fn operation(&mut self, at: usize) -> Operation {
        self.number += 1;
        if self.chance.below(5) < 2 {
            let climate = self.world.climate;
            let (chance, replicas) = (&mut self.chance, &self.world.replicas);
            return match () {
                () if climate.boards => boards::operation(chance, &replicas[at], self.number),
                () if climate.canvas => canvases::operation(chance, replicas, at, self.number),
                () => talk::operation(chance, &replicas[at], self.number),
            };
        }
        let entity = World::entity();
        let shown: Vec<DocPath> = self.shown[at].keys().map(|(_, path)| path.clone()).collect();
        let path = self.chance.pick(&shown).cloned().unwrap_or_default();
        let last = || path.last().cloned().unwrap_or_default();
        match (path.first().map(String::as_str), path.len()) {
            (Some("messages" | "threads"), _) => {
                Operation::ChatDelete(chat::DeleteMessage { entity, message: last() })
            }
            (Some("columns"), _) => {
                Operation::ColumnRemove(kanban::RemoveColumn { entity, column: last(), to: None })
            }
            (Some("issues"), 4) => Operation::CommentDelete(issues::DeleteComment {
                entity,
                issue: path[1].clone(),
                comment: last(),
            }),
            (Some("elements"), _) => {
                Operation::CanvasDelete(canvas::DeleteElement { entity, element: last() })
            }
            (Some("members"), _) if self.chance.below(3) == 0 => {
                let member = last();
                match self.chance.below(2) {
                    0 => Operation::MemberRemove(core::Remove { entity, member }),
                    _ => {
                        let member = MemberId::parse(&member).expect("a member");
                        let role = Some(Role::Admin);
                        Operation::MemberAdd(core::AddMember { entity, member, role })
                    }
                }
            }
            _ => Operation::Prune(operation::Prune { entity }),
        }
    }

    /// Restores something from the trash of a replica.
    fn restore(&mut self, at: usize, as_whom: &MemberId) {
        let trash = self.trash(at);
        let Some(kept) = self.chance.pick(&trash).cloned() else { return };
        // Of several with one id the last counts.
        let kept = trash.iter().find(|other| other.id() == kept.id()).expect("itself").clone();
        let untrash = Operation::TrashRestore(Untrash { record: kept.id().to_owned() });
        let new = self.perform(at, as_whom, &untrash);
        let id = match (new, &kept.restored) {
            (Some(new), Some(old)) => return assert_eq!(new, *old, "it was restored before"),
            (Some(new), None) => new,
            (None, _) => {
                let allowed = ["member", "comment"].contains(&kept.noun.as_str())
                    || !self.may_write(at, as_whom);
                return assert!(allowed, "{kept:?} was not restored");
            }
        };
        self.restored += 1;
        let concern = CONCERNS.into_iter().find(|name| World::doc(name) == kept.doc);
        let concern = concern.expect("a concern");
        let found = self.shown[at]
            .iter()
            .find(|((of, path), _)| *of == concern && path.last().is_some_and(|last| *last == id));
        let ((_, path), record) = found.unwrap_or_else(|| panic!("no {id} made of {kept:?}"));
        assert_ne!(*path, kept.path, "what was pruned came back");
        let (mut old, mut new) =
            (said(concern, &kept.noun, &kept.record), said(concern, &kept.noun, record));
        if let (Some(words), Some(now)) = (old.remove("content"), new.remove("content")) {
            let (words, now) = (words.as_str().unwrap_or("").to_owned(), now);
            assert!(now.as_str().is_some_and(|now| now.ends_with(&words)), "{now} of {words}");
        }
        assert_eq!(new, old, "{id} is not what {kept:?} was");
    }

    fn may_write(&self, at: usize, member: &MemberId) -> bool {
        let Some(core) = self.view(at, "core") else { return false };
        let role = core::active_role(&core, member.as_str());
        role.is_some_and(|role| !matches!(role, Role::Viewer | Role::Guest))
    }

    /// One replica gives another everything it has.
    fn hand(&mut self, from: usize, to: usize) {
        let Replica { store, environment, .. } = &self.world.replicas[from];
        let exported = export(&store.reader().expect("a reader"), environment, &Request::default());
        let mut bytes = Vec::new();
        exported.expect("an export").bundle.write(&mut bytes).expect("a bundle");
        let open = Open { command: "sync import", member: None, dry_run: false };
        let session = self.world.replicas[to].store.session(open).expect("a session");
        let input = Input::Bundle {
            name: "bundle".to_owned(),
            bundle: Box::new(Bundle::read(&bytes[..]).expect("a bundle of ours")),
        };
        let imported = import(session, &[input]).expect("an honest import");
        self.world.trace.push(format!("{to} imports from {from}: {:?}", imported.documents));
        self.look(to, None);
    }

    fn live(&mut self) {
        for _ in 0..36 {
            let at = self.below(self.world.replicas.len());
            let Some(member) = self.world.replicas[at].member.clone() else { continue };
            match self.chance.below(10) {
                0..6 => {
                    let operation = self.operation(at);
                    self.perform(at, &member, &operation);
                }
                6..8 => self.restore(at, &member),
                _ => {
                    let from = self.below(self.world.replicas.len());
                    if from != at {
                        self.hand(from, at);
                    }
                }
            }
        }
    }

    /// Everybody receives everything, and has all that was restored.
    fn settle(&mut self) {
        let count = self.shown.len();
        let ends = |watch: &Watch| watch.world.replicas.iter().map(Replica::log_end).sum::<i64>();
        for round in 0.. {
            let before = ends(self);
            for from in 0..count {
                (0..count).filter(|to| *to != from).for_each(|to| self.hand(from, to));
            }
            if ends(self) == before {
                break;
            }
            assert!(round < 8, "there is no rest");
        }
        for at in 0..count {
            assert_eq!(self.shown[at], self.shown[0], "{at} shows something else");
        }
    }
}

/// A watch that prints its history if it ends in a panic.
struct Told(u64, Watch);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}\n\nto see this one again:", self.1.world.trace.join("\n"));
            eprintln!("CRDTCTL_SEED_ONE={} cargo test --test deep trash", self.0);
        }
    }
}

#[test]
fn what_is_deleted_for_good_can_be_had_back() {
    let (mut gone, mut restored) = (0, 0);
    for seed in seeds(14) {
        let Told(_, watch) = &mut Told(seed, Watch::new(seed));
        watch.live();
        watch.settle();
        gone += watch.gone;
        restored += watch.restored;
    }
    eprintln!("{gone} records went, {restored} were made anew");
    assert!(gone > 0 && restored > 0, "nothing was tried");
}
