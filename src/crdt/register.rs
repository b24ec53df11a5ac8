//! Registers: the later write wins (rule R4).
//!
//! Of concurrent writes to one key, yrs shows the one with the higher client id. This module finds the writes
//! that came with an import, and those among them that conflict: neither replica had seen the other's write.
//! The caller, which knows the clocks, decides which of them is later.
//!
//! **What is a conflict.** For each register the document shows one item, `shown`: the last of its list.
//! Another write `w` is a rival of it if all of these hold:
//!
//! * it is live where it comes from: in our document before the import, or in an update that does
//!   not itself delete it. If the sender's own update deletes it, it was overwritten or lost there;
//!   that sender has already judged it, and kept it;
//! * it is not among the origins of `shown`, which the writer of `shown` had seen;
//! * the sender of `shown` has not seen `w`, and the sender of `w` has not seen `shown`, by the state
//!   vectors of their bundles. A replica that has both has judged them: if the list ends in `shown`
//!   here, it ended in `shown` there.
//!
//! A value that was shown here and no longer is, though nobody knowingly overwrote it, is reported too if
//! somebody else has judged it; otherwise its writer would not learn of it.
//!
//! **Why it terminates.** A judgement makes only one write: the value of a rival, once more, over `shown`. So
//! two replicas that judge the same writes either write the same value, which is no conflict between them, or
//! one of them writes and the other does not; then the other accepts that write, because `shown` is among its
//! origins. Replicas that each knew only some of many rivals can write different values, all over the same
//! `shown`; whoever receives these is left with fewer values than before, since nobody writes the value of
//! `shown` again. Each full exchange removes at least one value, whatever the judgements were.
//!
//! **Why the right value wins.** A judgement compares (clock, value), which is a total order, and a repeated
//! write carries the clock of its first writing, always beside it in one transaction. So it stands for the
//! same pair as before, and the greatest pair wins in every order and grouping of deliveries. An edit takes a
//! clock later than any its author has seen, so a write whose writer did not see it lose is never greater
//! than one written over the winner.
//!
//! Not promised: where one clock covers several fields, the pair uses the record's clock as each side had it.
//! An edit of another field advances that clock; then the older of two writes can win, the same one on all
//! replicas.

mod carriers;
#[cfg(test)]
mod tests;

pub use carriers::Carriers;

use super::view::View;
use crate::crdt::source::Source;
use crate::error::Result;
use crate::path::{DocPath, Keys};
use crate::wire::{
    Block, BlockKind, Checked, Clocks, Container, DeleteSet, Id, Origins, Parent, Register,
    RootKind, Step, Update, Value,
};
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// One side of a merge: an update, and what its sender had.
pub struct MergeSide<'s> {
    /// The update; it passed rule 1 of the gate, and may depend on other sides.
    pub update: Update<'s, Checked>,
    /// The sender's state vector, or `None` if unknown.
    pub seen: Option<&'s Clocks>,
}

impl MergeSide<'_> {
    /// Whether the sender had an item; it had whatever its update holds or deletes.
    pub fn saw(&self, id: Id) -> bool {
        let had = |clocks: &&Clocks| clocks.get(&id.client).is_some_and(|end| id.clock < *end);
        self.seen.as_ref().is_some_and(had)
            || self.update.delete_set().contains(id)
            || self.update.block(id).is_some()
    }

    /// Whether everything the sender had is known: a bare update that depends on others does not tell.
    pub fn is_known(&self) -> bool {
        self.seen.is_some() || self.update.needs().is_empty()
    }
}

/// A write to a register.
#[derive(Debug, Clone)]
pub struct Write {
    /// The unit of content that holds the value: client id and clock of its writer.
    pub id: Id,
    /// The written value, read as plain data even if it is a container.
    pub value: Value,
    /// The sides it came from; empty if it was here before.
    pub sides: Vec<usize>,
}

/// Concurrent writes to one register.
#[derive(Debug)]
pub struct Contest {
    /// The steps from the root to the register.
    pub path: DocPath,
    /// The write that the document shows.
    pub shown: Write,
    /// The writes that lost to it by client id, in no particular order.
    pub rivals: Vec<Write>,
    /// The write that was shown here and lost elsewhere: somebody who had both has judged them.
    pub judged: Option<Write>,
}

/// A write that came in, and its target.
#[derive(Debug)]
pub struct Arrival<'s> {
    /// The container and the key that were written.
    pub register: Register<'s>,
    /// `None` if the container is gone and nothing tells what it was.
    pub path: Option<DocPath>,
    /// The write, with the sides it came from.
    pub write: Write,
}

/// The register writes that the sides of a merge brought into an existing document.
pub struct News<'s> {
    before: Option<&'s View>,
    after: &'s View,
    whole: Update<'s, Checked>,
    /// What was here before, read on demand.
    old: OnceCell<Option<Update<'s, Checked>>>,
    sides: &'s [MergeSide<'s>],
    /// The deletions of all sides.
    deleted: OnceCell<DeleteSet>,
    /// Every write that is live in a side, by register.
    arrivals: BTreeMap<Register<'s>, Writes>,
    /// Writes whose container is gone.
    stray: Vec<Write>,
    /// Whether maps came into sequences.
    has_elements: bool,
    /// Writes that came with an update that deletes them, by register: overwritten, or judged. A whole state
    /// has only their positions.
    dead: BTreeMap<Register<'s>, Vec<(Id, Option<Value>)>>,
}

/// The writes to one register, by id.
#[derive(Default)]
struct Writes {
    list: Vec<Write>,
    /// The first write of each side.
    of_side: OnceCell<HashMap<usize, usize>>,
}

impl Writes {
    fn find(&self, id: Id) -> Option<&Write> {
        self.list.get(self.list.binary_search_by_key(&id, |write| write.id).ok()?)
    }

    /// The first write that a side brought.
    fn of_side(&self, side: usize) -> Option<&Write> {
        let of_side = self.of_side.get_or_init(|| {
            let mut of_side = HashMap::new();
            for (place, write) in self.list.iter().enumerate() {
                for side in &write.sides {
                    of_side.entry(*side).or_insert(place);
                }
            }
            of_side
        });
        self.list.get(*of_side.get(&side)?)
    }
}

impl<'s> News<'s> {
    /// Finds the writes that came in. Returns `None` if no register was written that could be in conflict;
    /// this costs only one pass over the sides.
    ///
    /// # Errors
    /// `Bug` when `after` is not valid.
    pub fn of(
        before: Option<&'s View>,
        after: &'s View,
        sides: &'s [MergeSide<'s>],
        roots: &[(&str, RootKind)],
    ) -> Result<Option<News<'s>>> {
        let (live, dead) = candidates(before, sides);
        let has_elements = before.is_some_and(|before| brings_elements(before, sides));
        if live.is_empty() && !has_elements {
            return Ok(None);
        }
        let whole = after.update(roots)?;
        let mut news = News {
            before,
            after,
            whole,
            old: OnceCell::new(),
            sides,
            deleted: OnceCell::new(),
            arrivals: BTreeMap::new(),
            stray: Vec::new(),
            has_elements,
            dead: BTreeMap::new(),
        };
        for (id, (value, sides)) in live {
            let write = Write { id, value, sides };
            match news.whole.register(id) {
                Some(register) => news.arrivals.entry(register).or_default().list.push(write),
                None if news.is_collected(id) && !news.is_element(&write) => news.stray.push(write),
                // An element of a sequence.
                None => {}
            }
        }
        news.bury(dead);
        Ok(Some(news))
    }

    /// Notes the writes that arrived already deleted, for the registers that were written.
    fn bury(&mut self, mut dead: DeadValues) {
        for (client, blocks) in self.whole.clients() {
            for block in blocks.iter().filter(|block| block.kind == BlockKind::Deleted) {
                let id = Id { client, clock: block.clock };
                let Some(register) = self.whole.register(id) else { continue };
                let Some(writes) = self.arrivals.get(&register) else { continue };
                let is_known = self.before.is_some_and(|before| knows(before, id));
                if !is_known && writes.find(id).is_none() {
                    self.dead.entry(register).or_default().push((id, dead.remove(&id)));
                }
            }
        }
    }

    /// Returns the conflicting writes, by path.
    pub fn contests(&self) -> Vec<Contest> {
        let contests = self.arrivals.iter().filter_map(|(register, writes)| {
            // A new record with one write per field has no conflict.
            let alone = writes.list.len() == 1 && self.is_new(register.0);
            if alone { None } else { self.contest(register, &writes.list) }
        });
        let mut contests: Vec<Contest> = contests.collect();
        contests.sort_by(|a, b| a.path.cmp(&b.path));
        contests
    }

    /// Returns every write into a container that existed before and still does.
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival<'s>> {
        let known = self.arrivals.iter().filter(|(register, _)| !self.is_new(register.0));
        known.flat_map(|(register, writes)| {
            let first = writes.list.first();
            let path = first.and_then(|write| self.path(self.whole.steps(write.id)?));
            let arrival = move |write: &Write| Arrival {
                register: *register,
                path: path.clone(),
                write: write.clone(),
            };
            writes.list.iter().map(arrival)
        })
    }

    /// Returns every write into a container that is gone.
    pub fn strays(&self) -> impl Iterator<Item = (Option<DocPath>, &Write)> {
        self.stray.iter().map(|write| {
            let path = write.sides.iter().find_map(|side| self.lost_path(write.id, *side));
            (path, write)
        })
    }

    /// Returns the maps that came into sequences that are gone, as the fields of each.
    pub fn stray_maps(&self) -> Vec<BTreeMap<&'s str, Write>> {
        let mut maps: BTreeMap<Id, BTreeMap<&'s str, Write>> = BTreeMap::new();
        let sides = self.sides.iter().enumerate().filter(|_| self.has_elements);
        for (index, side) in sides {
            let deleted = side.update.delete_set();
            for (client, blocks) in side.update.clients() {
                for block in blocks.iter().filter(|block| block.kind == BlockKind::Any) {
                    let id = Id { client, clock: block.clock };
                    let is_known = self.before.is_some_and(|before| knows(before, id));
                    let Some((Container::Item(map), key)) = side.update.register(id) else {
                        continue;
                    };
                    let is_lost =
                        !is_known && self.is_collected(id) && side.update.register(map).is_none();
                    if !is_lost || deleted.contains(id) || deleted.contains(map) {
                        continue;
                    }
                    let Some(value) = side.update.scalar(block) else { continue };
                    let fields = maps.entry(map).or_default();
                    let write = fields.entry(key).or_insert(Write { id, value, sides: Vec::new() });
                    write.sides.push(index);
                }
            }
        }
        maps.into_values().collect()
    }

    /// Returns the client ids that wrote to each register since; overwritten writes count.
    pub fn writers(&self) -> BTreeMap<Register<'s>, BTreeSet<u64>> {
        let mut writers: BTreeMap<Register<'s>, BTreeSet<u64>> = BTreeMap::new();
        for (client, blocks) in self.whole.clients() {
            let known = self.before.and_then(|before| before.version().clocks.get(&client));
            let new = |block: &&Block| block.next_clock() > known.copied().unwrap_or(0);
            for block in blocks.iter().filter(new) {
                if let Some(register) = self.whole.register(Id { client, clock: block.clock }) {
                    writers.entry(register).or_default().insert(client);
                }
            }
        }
        writers
    }

    /// Returns the write that the document shows at a path, if it is a plain value.
    pub fn shown(&self, path: &[&str]) -> Option<Write> {
        let id = self.after.item(path).filter(|_| self.after.container(path).is_none())?;
        let came = self.arrivals.get(&self.whole.register(id)?).and_then(|writes| writes.find(id));
        let sides = came.map(|write| write.sides.clone()).unwrap_or_default();
        Some(Write { id, value: self.after.value(path)?, sides })
    }

    /// Returns the value at a path as a write's own side had it; if several sides, the greatest. `None` if it
    /// cannot be told.
    pub fn said(&self, write: &Write, path: &[&str]) -> Option<Value> {
        let ours = || self.before.and_then(|before| before.value(path));
        if write.sides.is_empty() {
            return ours();
        }
        let (key, parent) = path.split_last()?;
        let container = match parent {
            [root] => Container::Root(root),
            _ => Container::Item(self.after.container(parent)?),
        };
        let written = self.arrivals.get(&(container, *key));
        let our_item = self.before.and_then(|before| before.item(path));
        let of_side = |side: &usize| match written.and_then(|writes| writes.of_side(*side)) {
            Some(write) => Some(write.value.clone()),
            None => our_item
                .filter(|id| self.sides.get(*side).is_some_and(|s| s.saw(*id)))
                .and_then(|_| ours()),
        };
        write.sides.iter().filter_map(of_side).max_by(order)
    }

    /// Whether the replica that one write came from had the other.
    pub fn saw(&self, one: &Write, other: Id) -> bool {
        match one.sides.is_empty() {
            true => self.before.is_some_and(|before| knows(before, other)),
            false => self.sides_of(one).any(|side| side.saw(other)) || self.follows(one.id, other),
        }
    }

    /// Whether everything that a write's sides had is known.
    pub fn is_known(&self, write: &Write) -> bool {
        self.sides_of(write).all(MergeSide::is_known)
    }

    fn contest(&self, register: &Register<'_>, writes: &[Write]) -> Option<Contest> {
        let path = self.path(self.whole.steps(writes.first()?.id)?)?;
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        // If yrs shows nothing, somebody removed the key after seeing this value.
        let shown = self.shown(&steps)?;
        let ours = self.ours(&steps);
        let rivals: Vec<Write> = writes
            .iter()
            .filter(|write| !self.is_deleted(write.id))
            .cloned()
            .chain(ours)
            .filter(|write| write.id != shown.id)
            .filter(|write| !self.saw(&shown, write.id) && !self.saw(write, shown.id))
            .collect();
        let origins = Origins::of(&self.whole, rivals.iter().map(|rival| rival.id));
        let stands = |write: &Write| !origins.contains(&self.whole, write.id);
        let rivals: Vec<Write> = rivals.into_iter().filter(stands).collect();
        let judged = self.ours(&steps).filter(|ours| {
            !rivals.iter().any(|rival| rival.id == ours.id)
                && self.was_judged(register, ours, &shown)
        });
        let any = !rivals.is_empty() || judged.is_some();
        any.then_some(Contest { path, shown, rivals, judged })
    }

    /// Whether the value shown here before did not yield to somebody who had seen it, but lost to what is
    /// shown now, or to the write that this one repeats. In doubt it did, when a state no longer tells what
    /// the competing writes were.
    fn was_judged(&self, register: &Register<'_>, ours: &Write, shown: &Write) -> bool {
        if ours.id == shown.id || ours.value.same(&shown.value) {
            return false;
        }
        let repeated = |(id, value): &(Id, Option<Value>)| {
            value.as_ref().is_none_or(|value| value.same(&shown.value))
                && !self.follows(*id, ours.id)
                && !self.follows(shown.id, *id)
        };
        !self.follows(shown.id, ours.id)
            || self.dead.get(register).is_some_and(|dead| dead.iter().any(repeated))
    }

    /// Returns what was here at a path, if it was a plain value.
    fn ours(&self, path: &[&str]) -> Option<Write> {
        let before = self.before.filter(|before| before.container(path).is_none())?;
        Some(Write { id: before.item(path)?, value: before.value(path)?, sides: Vec::new() })
    }

    fn sides_of<'w>(&'w self, write: &'w Write) -> impl Iterator<Item = &'w MergeSide<'s>> {
        write.sides.iter().filter_map(|side| self.sides.get(*side))
    }

    /// Whether one item is among the origins of another.
    fn follows(&self, later: Id, earlier: Id) -> bool {
        self.whole.is_behind(later, earlier)
    }

    /// Whether any side deletes it.
    fn is_deleted(&self, id: Id) -> bool {
        let deleted = || DeleteSet::union_of(self.sides.iter().map(|s| s.update.delete_set()));
        self.deleted.get_or_init(deleted).contains(id)
    }

    fn is_new(&self, container: Container<'_>) -> bool {
        match container {
            Container::Root(_) => false,
            Container::Item(id) => !self.before.is_some_and(|before| knows(before, id)),
        }
    }

    fn is_collected(&self, id: Id) -> bool {
        self.whole.block(id).is_some_and(|block| block.kind == BlockKind::Gc)
    }

    /// Whether a side tells that a write was to a sequence.
    fn is_element(&self, write: &Write) -> bool {
        self.sides_of(write).any(|side| side.update.is_element(write.id))
    }

    fn path(&self, steps: Vec<Step<'_>>) -> Option<DocPath> {
        path_in(self.after, &steps).or_else(|| path_in(self.before?, &steps))
    }

    /// Where a write was whose container is gone: as its own side tells, as the container's remains tell, or
    /// as the state before tells.
    fn lost_path(&self, id: Id, side: usize) -> Option<DocPath> {
        let update = &self.sides.get(side)?.update;
        if let Some(steps) = update.steps(id) {
            return self.path(steps);
        }
        let mut at = id;
        while let Some(block) = update.block(at) {
            let header = update.header(block);
            if let (Some(Parent::Item(container)), Some(key)) = (header.parent, header.key) {
                let mut steps = self.whole.steps(container)?;
                steps.push(Step::Key(key));
                return self.path(steps);
            }
            at = header.left?;
        }
        let old = self.old.get_or_init(|| self.before?.update(&[]).ok()).as_ref()?;
        // What was already gone before does not count, even if it is not collected yet: the result would
        // depend on how the document was written and read.
        self.path(old.steps(at).filter(|_| !old.is_in_what_is_gone(at))?)
    }
}

type LiveValues = BTreeMap<Id, (Value, Vec<usize>)>;
type DeadValues = BTreeMap<Id, Value>;

/// Finds the plain values that were not here: those that are live in a side, each with the sides that have
/// it, and those that came together with their deletion. With a single side, values in its own new containers
/// cannot conflict and are left out.
fn candidates(before: Option<&View>, sides: &[MergeSide<'_>]) -> (LiveValues, DeadValues) {
    let (mut live, mut dead) = (LiveValues::new(), DeadValues::new());
    let is_known = |id: Id| before.is_some_and(|before| knows(before, id));
    for (index, side) in sides.iter().enumerate() {
        for (client, blocks) in side.update.clients() {
            for block in blocks.iter().filter(|b| b.kind == BlockKind::Any) {
                let id = Id { client, clock: block.clock };
                if is_known(id) {
                    continue;
                }
                let own = match side.update.register(id) {
                    Some((Container::Item(container), _)) => !is_known(container),
                    _ => false,
                };
                if own && sides.len() == 1 {
                    continue;
                }
                match side.update.scalar(block) {
                    Some(value) if side.update.delete_set().contains(id) => {
                        dead.insert(id, value);
                    }
                    Some(value) => {
                        live.entry(id).or_insert_with(|| (value, Vec::new())).1.push(index);
                    }
                    None => {}
                }
            }
        }
    }
    (live, dead)
}

/// Returns whether any side has a new container that is not under a key.
fn brings_elements(before: &View, sides: &[MergeSide<'_>]) -> bool {
    sides.iter().any(|side| {
        side.update.clients().any(|(client, blocks)| {
            let mut containers = blocks.iter().filter(|block| block.kind == BlockKind::Type);
            containers.any(|block| {
                let id = Id { client, clock: block.clock };
                !knows(before, id) && side.update.register(id).is_none()
            })
        })
    })
}

fn knows(view: &View, id: Id) -> bool {
    view.version().clocks.get(&id.client).is_some_and(|end| id.clock < *end)
}

/// Converts steps to a path for [`Source`].
fn path_in(view: &View, steps: &[Step<'_>]) -> Option<DocPath> {
    let mut path = DocPath::default();
    for step in steps {
        let key = match step {
            Step::Key(key) => (*key).to_owned(),
            Step::Element(id) => view.element(&path.steps(), *id)?.to_owned(),
        };
        path.push(key);
    }
    Some(path)
}

/// The order that decides between equal clocks: numbers by size, everything else byte by byte.
pub fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Int(a) | Value::BigInt(a), Value::Int(b) | Value::BigInt(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.as_bytes().cmp(b.as_bytes()),
        _ => a.to_json().to_string().cmp(&b.to_json().to_string()),
    }
}
