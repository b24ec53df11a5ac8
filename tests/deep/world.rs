//! A world of replicas in one process: each is a real store in a directory, with its own clock, ids and
//! leases; the bundles between them get lost, arrive twice, or arrive late.
//!
//! The world records everything a committed session did as a fact, and checks after every step what must hold
//! at every step (see [`Facts`]). What must hold in the end is checked by [`super::convergence`].

mod rewinds;

pub use super::support::GROUP as ENTITY;
pub use rewinds::know_lease;

pub use rewinds::put_back;

use super::boards;
use super::canvases;
use super::facts::{Done, Facts, Held, Mark};
use super::paged;
use super::support::{START, environment as surroundings, files, temporary};
use super::talk;
use crdtctl::concern::{Role, chat, core};
use crdtctl::crdt::view::View;
use crdtctl::error::{Kind, Result};
use crdtctl::id::{DocId, EntityId, MemberId};
use crdtctl::operation::{self, Operation, Outcome};
use crdtctl::sample::Chance;
use crdtctl::store::{self, Environment, Fold, Open, Parked, Reader, Session, Store};
use crdtctl::sync::Bundle;
use crdtctl::sync::export::{Request, export};
use crdtctl::sync::import::{Imported, Input, import};
use crdtctl::sync::peer::KnownPeer;
use crdtctl::wire::{Checked, Clocks, Update};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

pub const MEMBERS: [&str; 5] = [
    "alice-river-stone-sky",
    "bob-hill-lake-tree",
    "carol-sun-wind-rain",
    "dave-snow-field-moss",
    "erin-leaf-cloud-dawn",
];
const ROLES: [Role; 6] =
    [Role::Owner, Role::Admin, Role::Member, Role::Member, Role::Member, Role::Viewer];

/// One replica: a store, and the machine that it is on.
pub struct Replica {
    pub name: String,
    /// `None`: it only carries bundles, and acknowledges nothing.
    pub member: Option<MemberId>,
    pub dir: PathBuf,
    pub environment: Rc<Environment>,
    pub store: Store,
    pub held: Held,
    backup: Option<rewinds::Saved>,
}

/// A bundle in transit.
struct Letter {
    bundle: Vec<u8>,
    from: usize,
    to: Option<usize>,
    label: String,
}

/// What a bundle should hold.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    Everything,
    /// What a replica lacks according to its last receipt.
    NewsFor(usize),
    /// What the recipient of a letter still lacks.
    NewsSince(usize),
    Receipt,
}

/// The kind of history that a world goes through.
#[derive(Debug, Clone, Copy)]
pub struct Climate {
    pub replicas: u64,
    pub steps: u64,
    /// Leases vanish, and backups are restored.
    pub disasters: bool,
    /// Exports for one peer by its last receipt, as well as whole states.
    pub incremental: bool,
    /// Stores and whole machines go back in time, and nobody sends more than what the other lacks by its last
    /// receipt.
    pub rewinds: bool,
    /// Mostly cards, columns, issues and comments.
    pub boards: bool,
    /// Mostly replies and reactions.
    pub talk: bool,
    /// Mostly elements of a canvas, and a relay that carries some of it.
    pub canvas: bool,
    /// Mostly owners who remove the last member and add it again.
    pub quarrels: bool,
    /// Compares each single operation with its effect on whole documents.
    pub paged: bool,
}

pub struct World {
    pub replicas: Vec<Replica>,
    pub facts: Facts,
    pub trace: Vec<String>,
    chance: Chance,
    pub climate: Climate,
    mail: Vec<Letter>,
    sessions: usize,
    texts: usize,
    root: tempfile::TempDir,
}

/// A machine of its own for a replica in a home directory.
pub fn environment(home: &Path, index: usize, ids: &str, now: i64) -> Rc<Environment> {
    folding_environment(home, index, ids, now, None)
}

fn folding_environment(
    home: &Path,
    index: usize,
    ids: &str,
    now: i64,
    fold: Option<Fold>,
) -> Rc<Environment> {
    let name = format!("r{index}");
    let around = surroundings(Some(home.join("leases")), ids, now);
    let lock_wait = Duration::from_secs(1);
    let machine = store::Machine { id: name.clone(), host: name, lock_wait, ..around.machine };
    Rc::new(Environment { machine, fold, ..around })
}

impl World {
    pub fn new(seed: u64, climate: Climate) -> World {
        let root = temporary();
        let mut world = World {
            replicas: Vec::new(),
            facts: Facts::default(),
            trace: Vec::new(),
            chance: Chance::new(seed),
            climate,
            mail: Vec::new(),
            sessions: 0,
            texts: 0,
            root,
        };
        let replicas = match climate.quarrels {
            true => climate.replicas,
            false => 2 + world.chance.below(climate.replicas.saturating_sub(1)),
        };
        for index in 0..usize::try_from(replicas).expect("a small number") {
            world.settle_down(seed, index);
        }
        world
    }

    /// Adds a replica. Sometimes a member has two, and sometimes one has no member.
    fn settle_down(&mut self, seed: u64, index: usize) {
        let name = format!("r{index}");
        let home = self.root.path().join(&name);
        let dir = home.join("store");
        let member = match (index, self.chance.below(12)) {
            (2.., 0) => None,
            (1.., 1 | 2) => self.replicas[index - 1].member.clone(),
            _ => Some(MemberId::parse(MEMBERS[index]).expect("a member id")),
        };
        // Each clock is wrong by minutes.
        let now = START + i64::try_from(self.chance.below(1200)).unwrap_or(0);
        let ids = format!("world {seed} {index}");
        // One in three writes its files only now and then.
        let fold = (seed + index as u64).is_multiple_of(3).then_some(Fold::Later);
        let environment = folding_environment(&home, index, &ids, now, fold);
        let (store, _) =
            Store::init(&dir, environment.clone(), member.as_ref()).expect("a new store");
        let held = Held::default();
        self.replicas.push(Replica { name, member, dir, environment, store, held, backup: None });
    }

    pub fn entity() -> EntityId {
        EntityId::parse(ENTITY).expect("an entity id")
    }

    pub fn doc(concern: &str) -> DocId {
        Self::entity().document(concern)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.chance.below(end as u64)).expect("a small number")
    }

    fn say(&mut self, line: String) {
        self.trace.push(line);
    }

    /// Runs the random part of the history.
    pub fn live(&mut self) {
        self.step_found();
        for _ in 0..self.climate.steps {
            let at = self.below(self.replicas.len());
            let step = i64::try_from(self.chance.below(20)).unwrap_or(0);
            let clock = &self.replicas[at].environment.machine.clock;
            clock.set(clock.now() + step);
            match self.chance.below(100) {
                0..86 if self.climate.rewinds => self.step_between_rewinds(at),
                0..50 => self.step_write(at),
                50..70 => self.step_export(at),
                88..92 if self.climate.disasters => self.step_lose_lease(at),
                92..96 if self.climate.disasters => self.step_backup(at),
                _ if self.climate.rewinds => self.step_rewind(at),
                _ => self.step_deliver(at),
            }
        }
    }

    /// Somebody creates the entity and adds the others; sometimes two do so at once.
    fn step_found(&mut self) {
        let founders = if self.chance.below(5) == 0 { 2 } else { 1 };
        for at in 0..founders {
            let create = core::Create {
                entity: Self::entity(),
                name: format!("by {at}"),
                description: String::new(),
            };
            let mut operations = vec![Operation::EntityCreate(create)];
            let founder = self.replicas[at].member.clone().expect("the first two have members");
            let others: BTreeSet<MemberId> =
                self.replicas.iter().flat_map(|r| r.member.clone()).collect();
            let others = others.into_iter().filter(|member| *member != founder);
            for member in others {
                let role = match self.chance.below(2) {
                    _ if self.climate.quarrels => Some(Role::Owner),
                    0 => Some(Role::Admin),
                    _ => None,
                };
                let entity = Self::entity();
                operations.push(Operation::MemberAdd(core::AddMember { entity, member, role }));
            }
            if self.climate.boards {
                operations.extend(boards::beginning());
            }
            if self.climate.canvas {
                operations.extend(canvases::beginning());
            }
            self.session(at, &founder, &operations);
        }
        self.send(0, Wanted::Everything, None);
        for at in 1..self.replicas.len() {
            if self.chance.below(5) > 0 {
                self.deliver(&[0], at);
            }
        }
        if self.climate.incremental && self.chance.below(2) == 0 {
            self.exchange(false);
        }
    }

    fn step_write(&mut self, at: usize) {
        let own = self.replicas[at].member.clone().filter(|_| self.chance.below(10) > 0);
        let member = own.unwrap_or_else(|| self.anybody());
        let count = [1, 1, 1, 2, 3][self.below(5)];
        let operations: Vec<Operation> = (0..count).map(|_| self.operation(at)).collect();
        let written = self.session(at, &member, &operations);
        // Some send every change separately; they will arrive in any order.
        if written && self.climate.rewinds {
            let to = self.other(at);
            self.send(at, Wanted::NewsFor(to), None);
        } else if written && self.climate.incremental && at % 3 != 1 {
            let wanted = self.last_letter(at).map_or(Wanted::Everything, Wanted::NewsSince);
            self.send(at, wanted, None);
        }
    }

    fn anybody(&mut self) -> MemberId {
        let members: Vec<MemberId> =
            self.replicas.iter().flat_map(|replica| replica.member.clone()).collect();
        self.chance.pick(&members).cloned().expect("a member")
    }

    /// Something that somebody may want to do at a replica; it may be impossible.
    pub fn operation(&mut self, at: usize) -> Operation {
        let entity = Self::entity();
        if self.climate.quarrels && self.chance.below(10) < 7 {
            let member = self.replicas.last().and_then(|replica| replica.member.clone());
            let member = member.unwrap_or_else(|| self.anybody());
            return match self.chance.below(2) {
                0 => Operation::MemberAdd(core::AddMember {
                    entity,
                    member,
                    role: Some(Role::Owner),
                }),
                _ => Operation::MemberRemove(core::Remove { entity, member: member.to_string() }),
            };
        }
        if self.climate.boards && self.chance.below(10) < 8 {
            self.texts += 1;
            let World { chance, replicas, texts, .. } = self;
            return boards::operation(chance, &replicas[at], *texts);
        }
        if self.climate.talk && self.chance.below(10) < 7 {
            self.texts += 1;
            let World { chance, replicas, texts, .. } = self;
            return talk::operation(chance, &replicas[at], *texts);
        }
        if self.climate.canvas && self.chance.below(10) < 8 {
            self.texts += 1;
            let World { chance, replicas, texts, .. } = self;
            return canvases::operation(chance, replicas, at, *texts);
        }
        match self.chance.below(100) {
            0..42 => Operation::ChatSend(chat::Send::text(entity, self.text())),
            42..54 => {
                let message = self.message(at);
                Operation::ChatEdit(chat::EditMessage { entity, message, text: self.text() })
            }
            54..70 => {
                Operation::ChatDelete(chat::DeleteMessage { entity, message: self.message(at) })
            }
            70..78 => {
                let (member, role) = (self.anybody(), self.role());
                Operation::MemberAdd(core::AddMember { entity, member, role: Some(role) })
            }
            78..85 => {
                let member = self.anybody().as_str().to_owned();
                Operation::MemberRemove(core::Remove { entity, member })
            }
            85..92 => {
                let (member, role) = (self.anybody().as_str().to_owned(), self.role());
                Operation::MemberRole(core::SetRole { entity, member, role })
            }
            92..94 => Operation::EntityRename(core::Rename { entity, name: self.text() }),
            94..95 => Operation::EntityCreate(core::Create {
                entity,
                name: self.text(),
                description: String::new(),
            }),
            _ => Operation::Prune(operation::Prune { entity }),
        }
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        format!("text {}", self.texts)
    }

    fn role(&mut self) -> Role {
        *self.chance.pick(&ROLES).expect("a role")
    }

    /// A message that is here, or sometimes one that may not exist.
    fn message(&mut self, at: usize) -> String {
        let here: Vec<String> = match self.chance.below(10) {
            0 => self.facts.messages.keys().cloned().collect(),
            _ => self.replicas[at].held.messages.iter().cloned().collect(),
        };
        self.chance.pick(&here).cloned().unwrap_or_else(|| "no-such-message".to_owned())
    }

    /// Runs operations in one session: all of them, or none if one is refused. Sometimes only as a dry run.
    /// Returns whether something was written.
    fn session(&mut self, at: usize, member: &MemberId, operations: &[Operation]) -> bool {
        self.sessions += 1;
        let number = self.sessions;
        let dry_run = number > 2 && self.chance.below(20) == 0;
        let replica = &self.replicas[at];
        let files = replica.files();
        let before = (replica.clocks("core"), replica.clocks("chat"));
        let what = format!("{number}: {} as {member}: {operations:?}", replica.name);
        let expected = match operations {
            [one] if self.climate.paged => Some(paged::expect(replica, member, one)),
            _ => None,
        };
        let open = Open { command: "test", member: Some(member), dry_run };
        let mut session = replica.store.session(open).expect("a session");
        let outcomes: Result<Vec<Outcome>> = match operations {
            [one] => {
                let outcome = operation::run_alone(&mut session, one);
                if let Some(expected) = &expected {
                    expected.compare_outcome(&outcome, &what);
                }
                outcome.map(|outcome| vec![outcome])
            }
            several => several.iter().map(|one| operation::run(&mut session, one)).collect(),
        };
        match outcomes {
            Ok(outcomes) => {
                let committed = session.commit().expect("a commit");
                if let Some(expected) = expected.filter(|_| !dry_run) {
                    expected.compare_files(replica, &what);
                }
                self.say(format!("{what} -> {:?} {:?}", committed.seq, committed.notes));
                if !dry_run {
                    let done =
                        Done { session: number, member, before, operations, outcomes: &outcomes };
                    self.facts.look(&mut self.replicas[at], Some(member), done.regroups());
                    self.facts.note(&self.replicas[at], &done);
                    return committed.seq.is_some();
                }
            }
            Err(error) => {
                drop(session);
                assert!(is_refusal(error.kind), "{what}: {error:?}");
                self.say(format!("{what} -> {error}"));
            }
        }
        assert_eq!(files, self.replicas[at].files(), "{what}: not to be written, and yet it is");
        false
    }

    /// Sends a bundle.
    fn step_export(&mut self, at: usize) {
        let own = self.last_letter(at);
        let kind = if self.climate.incremental { self.chance.below(12) } else { 0 };
        let wanted = match (kind, own, self.mail.len()) {
            _ if self.climate.rewinds => Wanted::NewsFor(self.other(at)),
            (0..2, ..) => Wanted::Everything,
            (2..6, ..) => Wanted::NewsFor(self.other(at)),
            (6..10, Some(last), _) => Wanted::NewsSince(last),
            (10, _, 1..) => Wanted::NewsSince(self.below(self.mail.len())),
            (11, ..) => Wanted::Receipt,
            _ => Wanted::Everything,
        };
        let only = (self.climate.incremental && self.chance.below(6) == 0)
            .then(|| if self.chance.below(2) == 0 { "core" } else { "chat" });
        self.send(at, wanted, only);
    }

    fn last_letter(&self, from: usize) -> Option<usize> {
        self.mail.iter().rposition(|letter| letter.from == from)
    }

    fn other(&mut self, than: usize) -> usize {
        let step = 1 + self.below(self.replicas.len() - 1);
        (than + step) % self.replicas.len()
    }

    fn send(&mut self, at: usize, wanted: Wanted, only: Option<&str>) {
        let letter = self.export(at, wanted, only);
        self.say(letter.label.clone());
        self.mail.push(letter);
    }

    fn export(&self, at: usize, wanted: Wanted, only: Option<&str>) -> Letter {
        let replica = &self.replicas[at];
        let reader = replica.store.reader().expect("a reader");
        let (known, to) = match wanted {
            // A peer that was never heard of gets everything.
            Wanted::NewsFor(to) => (self.known(&reader, to), Some(to)),
            Wanted::NewsSince(letter) => {
                let earlier = opened(&self.mail[letter].bundle);
                (Some(KnownPeer::of_manifest(earlier.manifest())), None)
            }
            Wanted::Everything | Wanted::Receipt => (None, None),
        };
        let docs = only.map(World::doc).filter(|doc| {
            reader.documents().expect("the documents").iter().any(|found| found.id == *doc)
        });
        let docs = docs.map(|doc| BTreeSet::from([doc]));
        let receipt = matches!(wanted, Wanted::Receipt);
        let request =
            Request { docs: docs.as_ref(), peer: known.as_ref(), receipt, ..Request::default() };
        let exported = export(&reader, &replica.environment, &request).expect("an export");
        let mut bundle = Vec::new();
        exported.bundle.write(&mut bundle).expect("a bundle");
        let parts: Vec<_> =
            exported.bundle.manifest().documents.iter().map(|d| (d.bytes, d.log)).collect();
        let label = format!("   {} exports {wanted:?} {only:?}: {parts:?}", replica.name);
        Letter { bundle, from: at, to, label }
    }

    fn known(&self, reader: &Reader, peer: usize) -> Option<KnownPeer> {
        let (peer, _, _) = self.replicas[peer].identity()?;
        reader.state().map(|state| KnownPeer::of_peer(state, &peer).expect("its receipts"))
    }

    /// Delivers one or more letters to somebody, often not the newest, often not to the intended recipient.
    fn step_deliver(&mut self, at: usize) {
        if self.mail.is_empty() {
            return;
        }
        let count = if self.chance.below(8) == 0 { 3 } else { 1 };
        // The newest are the likeliest, and any may come.
        let letters: Vec<usize> = (0..count)
            .map(|_| self.below(self.mail.len()).max(self.below(self.mail.len())))
            .collect();
        let Letter { from, to, .. } = self.mail[letters[0]];
        let to = match (to, self.chance.below(10)) {
            (Some(to), 0..6) => to,
            // A replica's own letters come back, too.
            (_, 9) => at,
            _ => self.other(from),
        };
        self.deliver(&letters, to);
        // Some are lost, or not sent again; the rest may arrive again at any time.
        if self.chance.below(2) == 0 {
            let lost = self.below(self.mail.len());
            self.mail.remove(lost);
        }
    }

    fn deliver(&mut self, letters: &[usize], at: usize) {
        let bundles: Vec<Vec<u8>> =
            letters.iter().map(|index| self.mail[*index].bundle.clone()).collect();
        let labels: Vec<&str> =
            letters.iter().map(|index| self.mail[*index].label.trim_start()).collect();
        let line = format!("   {} imports {labels:?}", self.replicas[at].name);
        self.say(line);
        self.import(at, &bundles);
    }

    /// Imports bundles in one session.
    pub fn import(&mut self, at: usize, bundles: &[Vec<u8>]) -> Imported {
        let replica = &self.replicas[at];
        let inputs: Vec<Input> = bundles
            .iter()
            .map(|bytes| Input::Bundle {
                name: "letter".to_owned(),
                bundle: Box::new(opened(bytes)),
            })
            .collect();
        let expected = self.climate.paged.then(|| paged::expect_import(replica, &inputs));
        let open = Open { command: "sync import", member: None, dry_run: false };
        let session: Session = replica.store.session(open).expect("a session");
        let imported = import(session, &inputs).expect("an honest import");
        if let Some(expected) = expected {
            let what = format!("an import of {}", replica.name);
            expected.compare_import(&imported, &what);
            expected.compare_files(replica, &what);
        }
        let line = format!("   -> {:?} {:?}", imported.documents, imported.waits);
        let member = replica.member.clone();
        self.say(line);
        if imported.committed.seq.is_some() {
            self.facts.look(&mut self.replicas[at], member.as_ref(), false);
        }
        imported
    }

    fn step_lose_lease(&mut self, at: usize) {
        let line = format!("   {} loses its lease", self.replicas[at].name);
        self.say(line);
        let home = self.replicas[at].dir.parent().expect("the replica's home").join("leases");
        let _ = std::fs::remove_dir_all(home);
    }

    /// Exchanges everything between everybody until nothing changes any more; returns the number of rounds.
    pub fn settle(&mut self, incremental: bool) -> usize {
        for round in 1..=10 {
            self.say(format!("exchange {round}"));
            if !self.exchange(incremental) {
                return round;
            }
        }
        panic!("ten rounds, and still no rest");
    }

    /// Everybody makes bundles for all the others, then everybody imports what arrived. Returns whether that
    /// wrote anything.
    pub fn exchange(&mut self, incremental: bool) -> bool {
        let count = self.replicas.len();
        let mut post: Vec<Vec<Vec<u8>>> = vec![Vec::new(); count];
        for from in 0..count {
            let everybody = self.export(from, Wanted::Everything, None);
            for (to, letters) in post.iter_mut().enumerate().filter(|(to, _)| *to != from) {
                let letter = incremental.then(|| self.export(from, Wanted::NewsFor(to), None));
                letters.push(letter.map_or_else(|| everybody.bundle.clone(), |l| l.bundle));
            }
        }
        let mut written = false;
        for (to, letters) in post.into_iter().enumerate() {
            written |= self.import(to, &letters).committed.seq.is_some();
        }
        written
    }
}

/// Whether an operation may fail in this way without a fault of ours.
fn is_refusal(kind: Kind) -> bool {
    matches!(kind, Kind::Refused | Kind::NotFound | Kind::Usage | Kind::Ambiguous)
}

impl Replica {
    /// The state of a document and its content; `None` if it does not exist.
    pub fn document(&self, concern: &str) -> Option<(Vec<u8>, View)> {
        document(&self.store.reader().expect("a reader"), concern)
    }

    /// The `.yrs` file of a document.
    pub fn file(&self, concern: &str) -> Vec<u8> {
        let doc = World::doc(concern);
        let name = format!("{}.yrs", doc.file_stem());
        let path = self.dir.join("crdt").join(doc.entity_type()).join(name);
        std::fs::read(path).expect("the document's file")
    }

    /// Whether its files may lag behind its log.
    pub fn folds_later(&self) -> bool {
        self.environment.fold == Some(Fold::Later)
    }

    /// Makes its files hold everything.
    pub fn fold(&self) {
        let open = Open { command: "fold run", member: None, dry_run: false };
        let session = self.store.folding_session(open).expect("a session");
        let committed = session.commit().expect("nothing to commit");
        assert_eq!((committed.seq, committed.notes), (None, Vec::new()), "{}", self.name);
        assert!(self.store.reader().expect("a reader").unfolded().expect("a log").is_empty());
    }

    pub fn clocks(&self, concern: &str) -> Clocks {
        self.held.clocks.get(concern).cloned().unwrap_or_default()
    }

    /// The ends of the own writes to a document that were made since it had these clocks.
    pub fn mark(&self, concern: &str, before: &Clocks) -> Mark {
        let written = self.clocks(concern).into_iter().find(|(client, clock)| {
            // A replica's own client ids have 32 bits; deterministic ones have more.
            *client <= u64::from(u32::MAX) && before.get(client) != Some(clock)
        });
        written.map(|(client, clock)| Mark { client, clock }).unwrap_or_default()
    }

    pub fn identity(&self) -> Option<(String, Option<MemberId>, i64)> {
        let reader = self.store.reader().expect("a reader");
        reader.state()?.replica().expect("the local state")
    }

    /// The end of the log, which moves with every write to a document.
    pub fn log_end(&self) -> i64 {
        let reader = self.store.reader().expect("a reader");
        reader.state().map_or(0, |state| state.log_end().expect("the local state"))
    }

    /// The updates that wait here.
    pub fn parked(&self) -> Vec<Parked> {
        let reader = self.store.reader().expect("a reader");
        reader.state().map_or_else(Vec::new, |state| state.parked().expect("the local state"))
    }

    /// The texts that lost a conflict here.
    pub fn lost(&self) -> Vec<String> {
        let reader = self.store.reader().expect("a reader");
        let conflicts = reader.state().map(|state| state.conflicts().expect("the local state"));
        let lost = conflicts.into_iter().flatten().filter_map(|conflict| conflict.loser.value);
        lost.filter_map(|value| value.as_str().map(str::to_owned)).collect()
    }

    /// Every `.yrs` and `.meta` file with its content.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let crdt = self.dir.join("crdt");
        if crdt.is_dir() { files(&crdt) } else { BTreeMap::new() }
    }
}

pub fn document(reader: &Reader, concern: &str) -> Option<(Vec<u8>, View)> {
    let bytes = reader.bytes(&World::doc(concern)).expect("a readable document")?;
    let view = View::of(&checked(&bytes));
    Some((bytes, view))
}

fn opened(bundle: &[u8]) -> Bundle {
    Bundle::read(bundle).expect("a bundle of ours")
}

pub fn checked(bytes: &[u8]) -> Update<'_, Checked> {
    Update::checked(bytes, &[]).expect("a valid state")
}
