//! Replicas in memory, without a store: one document each, the product's merge and rules, and thousands of
//! histories a minute.
//!
//! [`super::world`] exercises the whole product. Here it is registers: 2 to 7 replicas whose clocks are wrong
//! by minutes write every concern's fields concurrently; bundles, whole or of some rows of a log, are lost,
//! repeated and reordered; replicas are copied and restored.
//!
//! `CRDTCTL_SCHEDULES=100000 cargo test --test deep memory` runs more of them.

use super::convergence::seeds;
use crdtctl::concern::{self};
use crdtctl::crdt::doc::{Doc, Txn};
use crdtctl::crdt::register::MergeSide;
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::error::Result;
use crdtctl::id::{DocId, EntityId, MemberId};
use crdtctl::merge::Merge;
use crdtctl::merge::registers::plan;
use crdtctl::path::{DocPath, Keys};
use crdtctl::sample::Chance;
use crdtctl::schema::{self, Collection, FieldKind, FieldRole, Removal, Spec};
use crdtctl::tombstone;
use crdtctl::wire::{self, Checked, Clocks, Id, Update, Value, Version};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

const START: i64 = 1_767_225_600;

/// One row of a replica's log, and where it came from.
#[derive(Clone)]
struct Row {
    update: Vec<u8>,
    origin: Option<usize>,
}

/// A replica: a document, its log, and a clock that is wrong.
pub struct Replica {
    doc: Doc,
    log: Vec<Row>,
    /// Seconds by which its clock is ahead of the world's, or behind.
    skew: i64,
    /// `None` for one that only carries and writes: removed, or not a member yet. It acknowledges nothing,
    /// and nobody waits for it.
    member: Option<String>,
    /// What arrived too early.
    waiting: Vec<Letter>,
    backup: Option<(Rc<View>, Vec<Letter>)>,
    /// The state since the last write.
    view: RefCell<Option<Rc<View>>>,
}

/// A bundle.
#[derive(Clone)]
struct Letter {
    update: Rc<[u8]>,
    has: Rc<Version>,
    from: usize,
}

/// A write to a field of a record.
#[derive(Debug, Clone)]
pub struct Wrote {
    pub path: DocPath,
    pub value: Value,
    /// What the field's clock was set to.
    pub at: i64,
    /// The last item of its transaction.
    mark: Id,
    /// What its writer had seen.
    seen: Clocks,
}

impl Wrote {
    fn is_in(&self, clocks: &Clocks) -> bool {
        clocks.get(&self.mark.client).is_some_and(|end| self.mark.clock < *end)
    }

    fn saw(&self, other: &Wrote) -> bool {
        other.is_in(&self.seen)
    }
}

/// The deletion of a record.
struct Deleted {
    record: DocPath,
    wrote: Wrote,
}

pub struct World {
    pub trace: Vec<String>,
    spec: &'static Spec,
    id: DocId,
    replicas: Vec<Replica>,
    mail: Vec<Letter>,
    chance: Chance,
    now: i64,
    minted: u64,
    clients: u64,
    writes: Vec<Wrote>,
    deletions: Vec<Deleted>,
    /// (path, value) of everything that any replica ever kept as lost.
    lost: BTreeSet<(DocPath, String)>,
    /// Strays whose record nobody knew any more.
    lost_somewhere: BTreeSet<String>,
}

impl World {
    pub fn new(seed: u64) -> World {
        let mut chance = Chance::new(seed);
        let specs: Vec<&'static Spec> =
            concern::CONCERNS.iter().filter(|spec| !spec.collections.is_empty()).collect();
        let spec = specs[usize::try_from(seed).expect("a small number") % specs.len()];
        let entity = EntityId::parse("group:ocean-forest-moon-star").expect("an entity id");
        let replicas = 2 + chance.below(6);
        let mut world = World {
            trace: vec![format!("{} of {replicas} replicas", spec.name)],
            spec,
            id: entity.document(spec.name),
            replicas: Vec::new(),
            mail: Vec::new(),
            chance,
            now: START,
            minted: 0,
            clients: 0,
            writes: Vec::new(),
            deletions: Vec::new(),
            lost: BTreeSet::new(),
            lost_somewhere: BTreeSet::new(),
        };
        let members = 1 + world.chance.below(replicas);
        for number in 0..replicas {
            let client = world.client();
            let skew = i64::try_from(world.chance.below(1200)).unwrap_or(0) - 600;
            let member = (number < members).then(|| format!("member-{}", number.min(4)));
            let replica = Replica {
                doc: Doc::new(client),
                log: Vec::new(),
                skew,
                member,
                waiting: Vec::new(),
                backup: None,
                view: RefCell::default(),
            };
            world.replicas.push(replica);
        }
        world
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.chance.below(end as u64)).expect("a small number")
    }

    /// A new client id: random, so that yrs sometimes prefers one replica and sometimes another.
    fn client(&mut self) -> u64 {
        self.clients += 1;
        (1 + self.chance.below(1 << 20)) * 1000 + self.clients
    }

    /// Runs a short history: some records that all have, then everybody writes.
    pub fn live(&mut self) {
        for _ in 0..1 + self.chance.below(2) {
            self.create(0);
        }
        self.exchange();
        for _ in 0..4 + self.chance.below(16) {
            let at = self.below(self.replicas.len());
            self.now += i64::try_from(self.chance.below(90)).unwrap_or(0);
            match self.chance.below(100) {
                0..42 => self.edit(at),
                42..46 => self.create(at),
                46..56 => self.delete(at),
                56..60 => self.put_aside_or_back(at),
                60..62 => self.copy(at),
                62..76 => self.send(at),
                _ => self.deliver(at),
            }
        }
    }

    fn now_at(&self, at: usize) -> i64 {
        self.now + self.replicas[at].skew
    }

    fn mint(&mut self) -> String {
        self.minted += 1;
        format!("id-{}", self.minted)
    }

    fn text(&mut self) -> Value {
        self.minted += 1;
        Value::String(format!("text {}", self.minted))
    }

    /// Creates a record of some collection, with every field (rule R1).
    fn create(&mut self, at: usize) {
        let collections: Vec<&'static Collection> = self
            .spec
            .collections
            .iter()
            .filter(|c| c.fields.len() > 1 && !c.path.contains(&"replies") && c.noun != "thread")
            .collect();
        let collection = *self.chance.pick(&collections).expect("a collection");
        let Some(parent) = self.parent(at, collection) else { return };
        let id = self.mint();
        let (now, seen) = (self.now_at(at), self.clocks(at));
        let record: DocPath = parent.iter().cloned().chain([id.clone()]).collect();
        let listed = matches!(collection.path, ["columns"] | [.., "comments"]);
        let texts: Vec<Value> = collection.fields.iter().map(|_| self.text()).collect();
        let member = self.replicas[at].member.clone().unwrap_or_default();
        self.write(at, |txn| {
            match listed {
                true => txn.push_map(&parent.steps(), &id)?,
                false => txn.create_map(&parent.steps(), &id)?,
            }
            for (field, text) in collection.fields.iter().zip(&texts) {
                set_first(txn, &record.steps(), field, text, now, &id, &member)?;
            }
            Ok(())
        });
        for (field, text) in collection.fields.iter().zip(texts) {
            if is_text(collection, field.name) {
                self.note(at, &record, field.name, text, now, &seen);
            }
        }
        self.trace.push(format!("{at} creates {record:?}"));
    }

    /// Where records of a collection go.
    fn parent(&mut self, at: usize, collection: &Collection) -> Option<Vec<String>> {
        if !collection.path.contains(&"*") {
            return Some(collection.path.iter().map(|step| (*step).to_owned()).collect());
        }
        let root = *collection.path.first()?;
        let above = self.replicas[at].doc.read(|source| source.keys(&[root]));
        let id = self.chance.pick(&above)?.clone();
        Some(
            collection
                .path
                .iter()
                .map(|step| if *step == "*" { id.clone() } else { (*step).to_owned() })
                .collect(),
        )
    }

    /// A record that exists at a replica.
    fn record(&mut self, at: usize) -> Option<(&'static Collection, DocPath)> {
        let collections = self.spec.collections.iter().filter(|c| c.noun != "thread");
        let records: Vec<(&'static Collection, DocPath)> = self.replicas[at].doc.read(|source| {
            let records = |c: &'static Collection| {
                let paths = c.records(source).into_iter();
                paths
                    .filter(|path| !c.is_deleted(source, path))
                    .map(move |path| (c, path))
                    .collect::<Vec<_>>()
            };
            collections.flat_map(records).collect()
        });
        self.chance.pick(&records).cloned()
    }

    /// Writes one or two fields of a record, with their clocks, in one transaction.
    fn edit(&mut self, at: usize) {
        let Some((collection, record)) = self.record(at) else { return };
        let fields: Vec<&'static schema::Field> =
            collection.fields.iter().filter(|field| is_text(collection, field.name)).collect();
        let count = 1 + self.below(2);
        let chosen: BTreeMap<&str, &schema::Field> = (0..count)
            .filter_map(|_| self.chance.pick(&fields).map(|field| (field.name, *field)))
            .collect();
        let texts: Vec<Value> = chosen.iter().map(|_| self.text()).collect();
        let (now, seen) = (self.now_at(at), self.clocks(at));
        let mut written: BTreeMap<&str, i64> = BTreeMap::new();
        let steps = record.steps();
        self.write(at, |txn| {
            for (field, text) in chosen.values().zip(&texts) {
                txn.set(&steps, field.name, text)?;
                if let Some(clock) = field.clock.or(collection.clock) {
                    let last = txn.int(&[&steps[..], &[clock]].concat()).unwrap_or(0);
                    let next = *written.entry(clock).or_insert(now.max(last + 1));
                    txn.set(&steps, clock, next)?;
                }
            }
            Ok(())
        });
        for (field, text) in chosen.values().zip(texts) {
            let at_clock =
                field.clock.or(collection.clock).and_then(|clock| written.get(clock)).copied();
            self.trace
                .push(format!("{at} writes {record:?} {} = {text:?} at {at_clock:?}", field.name));
            self.note(at, &record, field.name, text, at_clock.unwrap_or(0), &seen);
        }
    }

    fn note(
        &mut self,
        at: usize,
        record: &[String],
        field: &str,
        value: Value,
        clock: i64,
        seen: &Clocks,
    ) {
        let path = record.iter().cloned().chain([field.to_owned()]).collect();
        let mark = self.mark(at);
        self.writes.push(Wrote { path, value, at: clock, mark, seen: seen.clone() });
    }

    /// The last item that a replica wrote.
    fn mark(&self, at: usize) -> Id {
        let doc = &self.replicas[at].doc;
        Id { client: doc.client(), clock: doc.own_clock() - 1 }
    }

    fn delete(&mut self, at: usize) {
        let Some((collection, record)) = self.record(at) else { return };
        if collection.tombstone.as_ref().is_none_or(|t| t.removal != Removal::AtOnce)
            || collection.noun == "member"
        {
            return;
        }
        let (now, seen) = (self.now_at(at), self.clocks(at));
        let Some(by) = &self.replicas[at].member else { return };
        let by = MemberId::parse(by).expect("a member id");
        self.write(at, |txn| tombstone::mark(txn, collection, &record.steps(), now, &by));
        let mark = self.mark(at);
        let wrote = Wrote { path: record.clone(), value: Value::Bool(true), at: now, mark, seen };
        self.trace.push(format!("{at} deletes {record:?}"));
        self.deletions.push(Deleted { record, wrote });
        self.prune(at);
    }

    fn put_aside_or_back(&mut self, at: usize) {
        let client = self.client();
        let replica = &mut self.replicas[at];
        match replica.backup.take() {
            None => {
                replica.backup = Some((replica.view(), replica.waiting.clone()));
                self.trace.push(format!("{at} makes a backup"));
            }
            Some((state, waiting)) => {
                replica.begin_anew(&state, waiting, client);
                self.trace.push(format!("{at} is put back"));
            }
        }
    }

    /// Copies a replica over another; it continues as a new one.
    fn copy(&mut self, at: usize) {
        let to = self.below(self.replicas.len());
        let client = self.client();
        let (state, waiting) = (self.replicas[at].view(), self.replicas[at].waiting.clone());
        if to != at {
            self.replicas[to].begin_anew(&state, waiting, client);
            self.trace.push(format!("{at} is copied over {to}"));
        }
    }

    /// Runs one transaction and logs it.
    fn write(&mut self, at: usize, change: impl FnOnce(&mut Txn<'_>) -> Result<()>) {
        let replica = &mut self.replicas[at];
        let before = replica.doc.updates().len();
        replica.doc.edit(change).expect("a change");
        replica.take_log(before, None);
    }

    fn clocks(&self, at: usize) -> Clocks {
        self.replicas[at].view().version().clocks.clone()
    }

    /// Sends a bundle: the whole state, or what was written since some row, with or without what came from
    /// one of the others.
    fn send(&mut self, at: usize) {
        let rows = self.replicas[at].log.len();
        let (kind, after, but) =
            (self.chance.below(3), self.below(rows + 1), self.below(self.replicas.len()));
        let replica = &self.replicas[at];
        let state = replica.letter(at);
        let rows = replica.log[after..].iter().filter(|row| kind == 1 || row.origin != Some(but));
        let updates: Vec<Update<'_, Checked>> = rows.map(|row| checked(&row.update)).collect();
        let joined = if kind == 0 { None } else { wire::merge(&updates) };
        self.trace.push(format!(
            "{at} sends {} rows after {after} but {but}",
            if joined.is_some() { "the" } else { "all," }
        ));
        self.mail.push(match joined {
            Some(update) => Letter { update: update.into(), ..state },
            None => state,
        });
    }

    fn deliver(&mut self, at: usize) {
        if self.mail.is_empty() {
            return;
        }
        let count = if self.chance.below(4) == 0 { 2 } else { 1 };
        let picked: Vec<usize> = (0..count).map(|_| self.below(self.mail.len())).collect();
        let letters = picked.iter().map(|number| self.mail[*number].clone()).collect();
        if self.chance.below(3) == 0 {
            let gone = self.below(self.mail.len());
            self.mail.remove(gone);
        }
        self.import(at, letters);
    }

    /// Imports bundles like the product, without a store. Returns whether it wrote anything.
    fn import(&mut self, at: usize, letters: Vec<Letter>) -> bool {
        let froms: Vec<usize> = letters.iter().map(|letter| letter.from).collect();
        let now = self.now_at(at);
        let replica = &mut self.replicas[at];
        let rows = replica.log.len();
        let mut open = std::mem::take(&mut replica.waiting);
        open.extend(letters);
        let before = replica.view();
        // What holds nothing new is skipped.
        open.retain(|letter| !letter.is_in(before.version()));
        if open.is_empty() {
            return false;
        }
        let updates: Vec<Update<'_, Checked>> =
            open.iter().map(|letter| checked(&letter.update)).collect();
        let mut clocks = before.version().clocks.clone();
        let mut applied: Vec<usize> = Vec::new();
        loop {
            let ready = (0..open.len()).find(|index| {
                !applied.contains(index) && updates[*index].missing(&clocks).is_empty()
            });
            let Some(index) = ready else { break };
            let logged = replica.doc.updates().len();
            replica.doc.apply(&updates[index]).expect("an honest update");
            replica.take_log(logged, Some(open[index].from));
            for (client, end) in updates[index].version().clocks {
                let reached = clocks.entry(client).or_default();
                *reached = end.max(*reached);
            }
            applied.push(index);
        }
        let waits = (0..open.len()).filter(|index| !applied.contains(index));
        replica.waiting = waits.map(|index| open[index].clone()).collect();
        let after = replica.view();
        let mut sides = Vec::new();
        for (index, update) in updates.into_iter().enumerate() {
            if applied.contains(&index) {
                sides.push(MergeSide { update, seen: Some(&open[index].has.clocks) });
            }
        }
        let by = vec![None; sides.len()];
        let merge = Merge {
            doc: &self.id,
            before: Some(&before),
            after: &after,
            sides: &sides,
            by: &by,
            own: (0, None),
            now,
        };
        let plan = plan(&merge).expect("a plan");
        if !plan.again.is_empty() {
            self.write(at, |txn| plan.write(txn));
        }
        for conflict in &plan.lost {
            let value = conflict.loser.value.as_ref().map(ToString::to_string).unwrap_or_default();
            match conflict.path.is_empty() {
                true => drop(self.lost_somewhere.insert(value)),
                false => drop(self.lost.insert((conflict.path.clone(), value))),
            }
        }
        let told: Vec<_> =
            plan.lost.iter().map(|c| (&c.path, &c.rule, &c.loser.value, &c.loser.at)).collect();
        self.trace
            .push(format!("{at} imports of {froms:?}; again {:?}; lost {told:?}", plan.again));
        self.acknowledge(at);
        self.prune(at);
        self.replicas[at].log.len() > rows
    }

    fn acknowledge(&mut self, at: usize) {
        let Some(member) = self.replicas[at].member.clone() else { return };
        let now = self.now_at(at);
        let view = self.replicas[at].view();
        let open: Vec<(&schema::DeletionMarker, DocPath)> = tombstone::list(self.spec, &*view)
            .into_iter()
            .filter(|tombstone| !tombstone.acknowledged.contains_key(&member))
            .filter_map(|of| Some((of.collection.tombstone.as_ref()?, of.path)))
            .collect();
        if !open.is_empty() {
            self.write(at, |txn| {
                open.iter().try_for_each(|(marks, path)| {
                    tombstone::acknowledge_one(txn, marks, &path.steps(), &member, now).map(drop)
                })
            });
        }
    }

    fn prune(&mut self, at: usize) {
        let members = self.replicas.iter().flat_map(|replica| replica.member.clone());
        let members = members.map(|member| (member, 0)).collect();
        let plan = tombstone::PrunePlan::of(&self.id, &*self.replicas[at].view(), &members);
        if !plan.prunable.is_empty() {
            let pruned: Vec<_> = plan.prunable.iter().map(|p| p.tombstone.path.clone()).collect();
            self.trace.push(format!("{at} prunes {pruned:?}"));
            self.write(at, |txn| plan.write(txn));
        }
    }

    /// Everybody sends everything to everybody. Returns whether anything was written.
    fn exchange(&mut self) -> bool {
        let letters: Vec<Letter> =
            (0..self.replicas.len()).map(|from| self.replicas[from].letter(from)).collect();
        let mut written = false;
        for to in 0..self.replicas.len() {
            let post = letters.iter().filter(|letter| letter.from != to).cloned().collect();
            written |= self.import(to, post);
        }
        written
    }

    /// Repeats the exchange until nothing changes any more.
    pub fn settle(&mut self) {
        for _ in 0..8 {
            if !self.exchange() {
                return;
            }
        }
        panic!("eight rounds, and still no rest");
    }

    /// Checks what must hold in the end.
    pub fn judge(&self) {
        let view = self.replicas[0].view();
        for at in 1..self.replicas.len() {
            let other = self.replicas[at].view();
            assert_eq!(view.digest(), other.digest(), "replica {at} shows something else");
            assert_eq!(view.version(), other.version(), "replica {at} has another version");
        }
        let clocks = &view.version().clocks;
        let present: Vec<&Wrote> = self.writes.iter().filter(|wrote| wrote.is_in(clocks)).collect();
        let mut registers: BTreeMap<&[String], Vec<&Wrote>> = BTreeMap::new();
        for wrote in present {
            registers.entry(&wrote.path).or_default().push(wrote);
        }
        for (path, writes) in registers {
            self.judge_register(&view, clocks, path, &writes);
        }
    }

    fn judge_register(&self, view: &View, clocks: &Clocks, path: &[String], writes: &[&Wrote]) {
        let (collection, steps) = schema::place(self.spec, path).expect("a field");
        let record = &path[..steps];
        let shown = view.value(&path.steps());
        let deletions: Vec<&Wrote> = self
            .deletions
            .iter()
            .filter(|deleted| &deleted.record[..] == record && deleted.wrote.is_in(clocks))
            .map(|deleted| &deleted.wrote)
            .collect();
        // Nobody who wrote another value had seen it: nobody overwrote it knowingly.
        let free = |one: &&&Wrote| !writes.iter().any(|other| other.saw(one));
        let last: Vec<&&Wrote> = writes.iter().filter(free).collect();
        let is_kept = |wrote: &Wrote| {
            let value = wrote.value.to_json().to_string();
            self.lost_somewhere.contains(&value)
                || self.lost.contains(&(DocPath::from(path), value))
        };
        if !deletions.is_empty() {
            assert!(
                shown.is_none() || collection.is_deleted(view, record),
                "{path:?}: deleted, and here"
            );
            for wrote in last {
                let known = deletions.iter().any(|deletion| deletion.saw(wrote))
                    || deletions.iter().any(|deletion| wrote.saw(deletion));
                assert!(
                    known || is_kept(wrote),
                    "{path:?}: {wrote:?} went with its record in silence"
                );
            }
            return;
        }
        // A record inside another is removed with it.
        let Some(shown) = shown else {
            assert!(steps > 2, "{path:?} is not here: {writes:?}");
            return;
        };
        for wrote in &last {
            assert!(
                wrote.value == shown || is_kept(wrote),
                "{path:?} is {shown:?}; in silence lost {wrote:?}"
            );
        }
        let name = path.last().expect("a field");
        let one_clock_one_field =
            collection.fields.iter().any(|f| f.name == name && f.clock.is_some())
                || collection
                    .fields
                    .iter()
                    .filter(|f| f.clock.is_none() && is_text(collection, f.name))
                    .count()
                    == 1;
        if one_clock_one_field && collection.clock.is_some() {
            let latest = writes
                .iter()
                .max_by(|a, b| (a.at, a.value.as_str()).cmp(&(b.at, b.value.as_str())));
            assert_eq!(Some(&shown), latest.map(|wrote| &wrote.value), "{path:?}: {writes:#?}");
        }
    }
}

impl Letter {
    /// Whether a document of this version holds all that the sender had.
    fn is_in(&self, version: &Version) -> bool {
        let reached = |(client, end): (&u64, &u32)| {
            version.clocks.get(client).is_some_and(|reached| reached >= end)
        };
        self.has.clocks.iter().all(reached) && version.deletes.covers(&self.has.deletes)
    }
}

impl Replica {
    /// The document's current content.
    fn view(&self) -> Rc<View> {
        let mut view = self.view.borrow_mut();
        let read = || Rc::new(View::of(&checked(&self.doc.encode().expect("a state").0)));
        Rc::clone(view.get_or_insert_with(read))
    }

    /// A bundle of everything it has.
    fn letter(&self, from: usize) -> Letter {
        let view = self.view();
        Letter { update: view.bytes().into(), has: Rc::new(view.version().clone()), from }
    }

    /// Continues as a new replica, by the lease rule: under a new client id, and with an empty log.
    fn begin_anew(&mut self, state: &Rc<View>, waiting: Vec<Letter>, client: u64) {
        self.doc = Doc::load(&checked(state.bytes()), client).expect("a document");
        self.log.clear();
        self.waiting = waiting;
        self.view = RefCell::new(Some(Rc::clone(state)));
    }

    /// Logs what the document did since, as one row.
    fn take_log(&mut self, since: usize, origin: Option<usize>) {
        *self.view.borrow_mut() = None;
        let rows = self.doc.updates()[since..].iter();
        self.log.extend(rows.map(|update| Row { update: update.to_vec(), origin }));
    }
}

/// Fields that the histories write: texts that are neither an id nor somebody's permanent name.
fn is_text(collection: &Collection, name: &str) -> bool {
    let field = collection.field(name);
    field.is_some_and(|field| field.kind == FieldKind::Text && !field.is_fixed())
}

fn set_first(
    txn: &mut Txn<'_>,
    record: &[&str],
    field: &schema::Field,
    text: &Value,
    now: i64,
    id: &str,
    member: &str,
) -> Result<()> {
    let name = field.name;
    match (field.kind, field.role) {
        (FieldKind::Text, FieldRole::Id | FieldRole::Member) => txn.set(record, name, id),
        (FieldKind::Text, FieldRole::Author | FieldRole::Creator) => txn.set(record, name, member),
        (FieldKind::Text, FieldRole::Deleter) => Ok(()),
        (FieldKind::Text, _) => txn.set(record, name, text),
        (FieldKind::Time, FieldRole::Clock | FieldRole::Created) => txn.set(record, name, now),
        (FieldKind::Time | FieldKind::Number, _) => txn.set(record, name, 0),
        (FieldKind::Flag, _) => txn.set(record, name, false),
        (FieldKind::Acknowledgements | FieldKind::Reactions, _) => txn.create_map(record, name),
        (FieldKind::List, _) => txn.create_array(record, name),
        (FieldKind::Map, FieldRole::Plain) => txn.create_map(record, name),
        (FieldKind::Map | FieldKind::Cache | FieldKind::SharedText, _) => Ok(()),
    }
}

fn checked(bytes: &[u8]) -> Update<'_, Checked> {
    // The roots of all concerns together: no two share a name with different types.
    let roots: Vec<_> = concern::CONCERNS.iter().flat_map(|spec| spec.roots).copied().collect();
    Update::checked(bytes, &roots).expect("a valid state")
}

/// A world that prints its history if it ends in a panic.
struct Told(u64, World);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}\n\nto see this one again:", self.1.trace.join("\n"));
            eprintln!("CRDTCTL_SEED_ONE={} cargo test --test deep memory", self.0);
        }
    }
}

#[test]
fn registers_end_with_the_latest_write_and_nothing_is_lost_in_silence() {
    let live_through = |seed| {
        let Told(_, world) = &mut Told(seed, World::new(seed));
        world.live();
        world.settle();
        world.judge();
    };
    // The longest of these tests: run alone it would leave the other processors idle.
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || {
                seeds(2000).filter(|seed| seed % 2 == half).for_each(live_through);
            });
        }
    });
}
