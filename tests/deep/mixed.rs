//! Mixed fleets: replicas of ours, and applications that hold a document in memory, change it with the code
//! of their guide, and save it over our files.
//!
//! `CRDTCTL_SCHEDULES=2000 cargo test --test deep mixed` runs more of them.

use super::application::Application;
use super::convergence::seeds;
use super::world::{checked, environment};
use crdtctl::concern::{Role, chat, core};
use crdtctl::crdt::source::Source;
use crdtctl::crdt::view::View;
use crdtctl::error::Kind;
use crdtctl::id::{DocId, EntityId, MemberId};
use crdtctl::operation::{self, Operation};
use crdtctl::path::Keys;
use crdtctl::sample::Chance;
use crdtctl::store::{Environment, Open, Session, Store};
use crdtctl::sync::Bundle;
use crdtctl::sync::export::{Request, export};
use crdtctl::sync::import::{Input, import};
use crdtctl::sync::peer::KnownPeer;
use crdtctl::wire;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

const ENTITY: &str = "group:ocean-forest-moon-star";
const START: i64 = 1_767_225_600;
const MEMBERS: [&str; 4] =
    ["alice-river-stone-sky", "bob-hill-lake-tree", "carol-sun-wind-rain", "dave-snow-field-moss"];
const EMOJI: [&str; 2] = ["👍", "🎉"];
const CONCERNS: [&str; 2] = ["core", "chat"];

/// A replica of ours: a store.
struct Replica {
    dir: PathBuf,
    environment: Rc<Environment>,
    store: Store,
    member: MemberId,
    /// Files that may be restored later.
    old: Option<(&'static str, Vec<u8>)>,
}

/// An application that uses the files of one of the stores.
struct Running {
    at: usize,
    member: &'static str,
    core: Application,
    chat: Application,
}

/// A message, or a reply: its thread, if any, and its id.
type Message = (Option<String>, String);

/// A text, and the message that it was in.
type Text = (Message, String);

/// What everybody was told: what a store took in, or a command acknowledged.
#[derive(Default)]
struct Facts {
    /// Every text that was shown to a replica, with its message.
    told: BTreeMap<String, Message>,
    /// Texts replaced by somebody who had seen them.
    overwritten: BTreeSet<String>,
    deleted: BTreeSet<Message>,
    /// What applications lost among themselves, before any replica of ours had it.
    dropped: BTreeSet<Text>,
    /// (message, emoji, member)
    given: BTreeSet<(Message, String, String)>,
    taken: BTreeSet<(Message, String, String)>,
    /// Per member, the times of every addition and every removal.
    added: BTreeMap<String, BTreeSet<i64>>,
    removed: BTreeMap<String, BTreeSet<i64>>,
}

struct World {
    replicas: Vec<Replica>,
    running: Vec<Running>,
    facts: Facts,
    trace: Vec<String>,
    chance: Chance,
    now: i64,
    texts: u64,
    _root: tempfile::TempDir,
}

fn entity() -> EntityId {
    EntityId::parse(ENTITY).expect("an entity id")
}

fn doc(concern: &str) -> DocId {
    entity().document(concern)
}

impl World {
    fn new(seed: u64) -> World {
        let root = crate::support::temporary();
        let mut world = World {
            replicas: Vec::new(),
            running: Vec::new(),
            facts: Facts::default(),
            trace: Vec::new(),
            chance: Chance::new(seed),
            now: START,
            texts: 0,
            _root: root,
        };
        let count = 2 + world.below(2);
        for (index, member) in MEMBERS.iter().enumerate().take(count) {
            let home = world._root.path().join(format!("r{index}"));
            let ids = format!("mixed {seed} {index}");
            let environment = environment(&home, index, &ids, START);
            let member = MemberId::parse(member).expect("a member id");
            let dir = home.join("store");
            let (store, _) =
                Store::init(&dir, environment.clone(), Some(&member)).expect("a store");
            world.replicas.push(Replica { dir, environment, store, member, old: None });
        }
        world.found();
        for number in 0..1 + world.below(2) {
            let at = world.below(world.replicas.len());
            // yrs prefers the higher client id: sometimes the application's, sometimes ours, sometimes a
            // genesis.
            let high = [1, 1 << 31, 1 << 48, 1 << 52][world.below(4)];
            let client = high + 10 * world.chance.below(1000) + number as u64;
            let open = |concern| Application::open(client, &world.file(at, concern));
            let (core, chat) = (open("core"), open("chat"));
            let member = MEMBERS[at];
            world.trace.push(format!("application {number} as {member} at {at}, client {client}"));
            world.running.push(Running { at, member, core, chat });
        }
        world
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.chance.below(end as u64)).expect("a small number")
    }

    /// Creates an entity with three members and two messages, which all have.
    fn found(&mut self) {
        let create =
            core::Create { entity: entity(), name: "Ocean".to_owned(), description: String::new() };
        let mut operations = vec![Operation::EntityCreate(create)];
        for member in &MEMBERS[1..3] {
            operations.push(add(member, Role::Admin));
        }
        for _ in 0..2 {
            let text = self.text();
            operations.push(Operation::ChatSend(chat::Send::text(entity(), text)));
        }
        for operation in operations {
            assert!(self.perform(0, operation), "the founding");
        }
        self.exchange(false);
    }

    fn text(&mut self) -> String {
        self.texts += 1;
        format!("text {}", self.texts)
    }

    fn live(&mut self) {
        for _ in 0..6 + self.below(22) {
            self.now += 1 + i64::try_from(self.chance.below(40)).expect("a small number");
            let at = self.below(self.replicas.len());
            let running = self.below(self.running.len());
            match self.chance.below(100) {
                0..34 => self.write(at),
                34..64 => self.change(running),
                64..74 => self.save(running),
                74..80 => self.hear(running),
                80..84 => self.hand_over(running),
                84..86 => self.gossip(running),
                86..89 => self.put_aside_or_back(at),
                _ => self.send(at),
            }
        }
    }

    fn view(&self, at: usize, concern: &str) -> View {
        let reader = self.replicas[at].store.reader().expect("a reader");
        reader.view(&doc(concern)).expect("a readable document").expect("a document")
    }

    fn path(&self, at: usize, concern: &str) -> PathBuf {
        let doc = doc(concern);
        let name = format!("{}.yrs", doc.file_stem());
        self.replicas[at].dir.join("crdt").join(doc.entity_type()).join(name)
    }

    fn file(&self, at: usize, concern: &str) -> Vec<u8> {
        std::fs::read(self.path(at, concern)).expect("a document's file")
    }

    /// Opens a session, and records what it takes in with the files.
    fn session(&mut self, at: usize, command: &str) -> Session {
        for concern in CONCERNS {
            if self.path(at, concern).exists() {
                let bytes = self.file(at, concern);
                self.facts.tell(&View::of(&checked(&bytes)));
            }
        }
        let replica = &self.replicas[at];
        replica.environment.machine.clock.set(self.now);
        let open = Open { command, member: Some(&replica.member), dry_run: false };
        replica.store.session(open).expect("a session")
    }

    /// Runs one operation; false if it was refused.
    fn perform(&mut self, at: usize, operation: Operation) -> bool {
        let line = format!("{} {at}: {operation:?}", self.now - START);
        let mut session = self.session(at, "test");
        match operation::run(&mut session, &operation) {
            Ok(outcome) => {
                let committed = session.commit().expect("a commit");
                self.trace.push(format!("{line} -> {:?} {:?}", outcome.id, committed.notes));
                if let (Operation::MemberRemove(removal), true) = (&operation, outcome.changed) {
                    // It may be pruned at once.
                    let times = self.facts.removed.entry(removal.member.clone()).or_default();
                    times.insert(self.now);
                }
                for concern in CONCERNS {
                    if self.path(at, concern).exists() {
                        let view = self.view(at, concern);
                        self.facts.tell(&view);
                    }
                }
                true
            }
            Err(error) => {
                let kind = error.kind;
                let refused = matches!(kind, Kind::Refused | Kind::NotFound | Kind::Ambiguous);
                assert!(refused, "{line}: {error:?}");
                self.trace.push(format!("{line} -> {error}"));
                false
            }
        }
    }

    fn write(&mut self, at: usize) {
        let (messages, members) = (messages(&self.view(at, "chat")), MEMBERS);
        let Some(message) = self.chance.pick(&messages).cloned() else { return };
        let id = message.1.clone();
        let text = self.text();
        let emoji = EMOJI[self.below(2)].to_owned();
        let member = members[self.below(4)];
        let operation = match self.chance.below(100) {
            0..8 => Operation::ChatSend(chat::Send::text(entity(), text)),
            8..30 => {
                let reply_to = Some(message.0.clone().unwrap_or(id));
                Operation::ChatSend(chat::Send { reply_to, ..chat::Send::text(entity(), text) })
            }
            30..50 => {
                let old = content(&self.view(at, "chat"), &message);
                let edit = chat::EditMessage { entity: entity(), message: id, text };
                if self.perform(at, Operation::ChatEdit(edit)) {
                    self.facts.overwritten.extend(old);
                }
                return;
            }
            50..58 => {
                let delete = chat::DeleteMessage { entity: entity(), message: id };
                // It may be pruned at once.
                if self.perform(at, Operation::ChatDelete(delete)) {
                    self.facts.deleted.insert(message);
                }
                return;
            }
            58..76 => {
                let remove = self.chance.below(6) == 0;
                let react = chat::React { entity: entity(), message: id, emoji, remove };
                if self.perform(at, Operation::ChatReact(react.clone())) {
                    let by = self.replicas[at].member.to_string();
                    let one = (message, react.emoji, by);
                    if remove {
                        self.facts.taken.insert(one);
                    }
                }
                return;
            }
            76..86 => add(member, [Role::Admin, Role::Member][self.below(2)]),
            86..95 => {
                let member = member.to_owned();
                Operation::MemberRemove(core::Remove { entity: entity(), member })
            }
            _ => Operation::Prune(operation::Prune { entity: entity() }),
        };
        self.perform(at, operation);
    }

    /// The application changes its document in memory.
    fn change(&mut self, number: usize) {
        let text = self.text();
        let (id, emoji) = (format!("app-{}", self.texts), EMOJI[self.below(2)]);
        let member = MEMBERS[1 + self.below(3)];
        let kind = self.chance.below(100);
        let running = &self.running[number];
        let here = messages(&state(&running.chat));
        let picked = self.chance.pick(&here).cloned();
        let Some(message) = picked else { return };
        let (now, author) = (self.now, running.member);
        let (thread, of) = (message.0.as_deref(), message.1.as_str());
        let mut what = format!("{message:?}");
        match kind {
            0..8 => running.chat.send(&id, author, &text, now),
            8..34 => running.chat.reply(thread.unwrap_or(of), &id, author, &text, now),
            34..54 => {
                let old = content(&state(&running.chat), &message);
                running.chat.edit(thread, of, &text, now);
                self.facts.overwritten.extend(old);
            }
            54..62 => drop(running.chat.delete(thread, of, now)),
            62..80 => drop(running.chat.react(thread, of, emoji, author)),
            80..88 => {
                running.core.add_member(member, "member", now);
                what = format!("adds {member}");
            }
            88..95 => {
                running.core.remove_member(member, author, now);
                what = format!("removes {member}");
            }
            95..97 => {
                // Of a member whose removal is pruned, this makes a new record without `joined_at`.
                if state(&running.core).value(&["members", member]).is_none() {
                    self.facts.added.entry(member.to_owned()).or_default().insert(now);
                }
                running.core.set_role(member, "member", now);
                what = format!("sets the role of {member}");
            }
            _ => running.chat.acknowledge("messages", author, now),
        }
        self.trace.push(format!("{} application {number}: {kind} {what} {text}", now - START));
    }

    /// The application saves its document.
    fn save(&mut self, number: usize) {
        let Running { at, core, chat, .. } = &self.running[number];
        std::fs::write(self.path(*at, "core"), core.save()).expect("a file");
        std::fs::write(self.path(*at, "chat"), chat.save()).expect("a file");
        self.trace.push(format!("application {number} saves at {at}"));
        if self.chance.below(2) == 0 {
            self.look(self.running[number].at);
        }
    }

    /// Runs a command that writes nothing of its own. Returns whether it wrote something.
    fn look(&mut self, at: usize) -> bool {
        let before = self.log_end(at);
        let mut session = self.session(at, "look");
        for concern in CONCERNS {
            session.view(&doc(concern)).expect("a readable document");
        }
        let committed = session.commit().expect("a commit");
        self.trace.push(format!("{at} looks: {:?}", committed.notes));
        self.log_end(at) > before
    }

    fn log_end(&self, at: usize) -> i64 {
        let reader = self.replicas[at].store.reader().expect("a reader");
        reader.state().map_or(0, |state| state.log_end().expect("the local state"))
    }

    /// The application reads the files.
    fn hear(&mut self, number: usize) {
        let at = self.running[number].at;
        let (core, chat) = (self.file(at, "core"), self.file(at, "chat"));
        self.take(number, &core, &chat);
        self.trace.push(format!("application {number} reads the files of {at}"));
    }

    /// The application merges. Of two concurrent writes, or two threads, by it and another, yrs drops one as
    /// if it had been deleted. If none of ours had that, it is lost before we could receive it; what one of
    /// ours had must not be lost by this.
    fn take(&mut self, number: usize, core: &[u8], chat: &[u8]) {
        let mut all = texts(&state(&self.running[number].chat));
        all.extend(texts(&View::of(&checked(chat))));
        self.running[number].core.apply(core);
        self.running[number].chat.apply(chat);
        let mut left = texts(&state(&self.running[number].chat));
        for at in 0..self.replicas.len() {
            left.extend(self.logged(at));
        }
        self.facts.dropped.extend(all.difference(&left).cloned());
    }

    /// The texts that a replica shows by its log alone, whatever is in its files.
    fn logged(&self, at: usize) -> BTreeSet<Text> {
        let reader = self.replicas[at].store.reader().expect("a reader");
        let state = reader.state().expect("the local state");
        let rows = state.log_after(&doc("chat"), 0).expect("the log").expect("all of the log");
        let updates = rows.iter().map(|row| checked(&row.update)).collect::<Vec<_>>();
        texts(&View::of(&checked(&wire::merge(&updates).expect("a whole document"))))
    }

    /// A state of the application is imported somewhere.
    fn hand_over(&mut self, number: usize) {
        let at = self.below(self.replicas.len());
        let Running { core, chat, .. } = &self.running[number];
        let inputs: Vec<Input> = [("core", core.save()), ("chat", chat.save())]
            .map(|(concern, update)| Input::Raw {
                name: "application".to_owned(),
                doc: doc(concern),
                update,
            })
            .into();
        self.facts.tell(&state(core));
        self.facts.tell(&state(chat));
        self.bring(at, &inputs, &format!("application {number}"));
    }

    /// Another application receives the state.
    fn gossip(&mut self, number: usize) {
        let to = self.below(self.running.len());
        let (core, chat) = (self.running[number].core.save(), self.running[number].chat.save());
        self.take(to, &core, &chat);
        self.trace.push(format!("application {to} hears from {number}"));
    }

    /// Keeps a copy of a current file, or restores the copy that was kept.
    fn put_aside_or_back(&mut self, at: usize) {
        let concern = CONCERNS[self.below(2)];
        match self.replicas[at].old.take() {
            None => self.replicas[at].old = Some((concern, self.file(at, concern))),
            Some((concern, bytes)) => {
                // What is there is lost with it, unless it was taken in.
                self.look(at);
                std::fs::write(self.path(at, concern), bytes).expect("a file");
                self.trace.push(format!("an older {concern} is put back at {at}"));
            }
        }
    }

    fn bundle(&self, from: usize, to: Option<usize>) -> Vec<u8> {
        let replica = &self.replicas[from];
        let reader = replica.store.reader().expect("a reader");
        let peer = to.and_then(|to| {
            let other = self.replicas[to].store.reader().expect("a reader");
            let (id, ..) = other.state()?.replica().expect("the local state")?;
            KnownPeer::of_peer(reader.state()?, &id).ok()
        });
        let request = Request { peer: peer.as_ref(), ..Request::default() };
        let exported = export(&reader, &replica.environment, &request).expect("an export");
        let mut bytes = Vec::new();
        exported.bundle.write(&mut bytes).expect("a bundle");
        bytes
    }

    fn send(&mut self, from: usize) {
        let to = self.below(self.replicas.len());
        if to != from {
            let peer = (self.chance.below(2) == 0).then_some(to);
            let bundle = self.bundle(from, peer);
            self.receive(to, &[bundle], from);
        }
    }

    fn receive(&mut self, to: usize, bundles: &[Vec<u8>], from: usize) {
        let input = |bytes: &Vec<u8>| Input::Bundle {
            name: "bundle".to_owned(),
            bundle: Box::new(Bundle::read(&bytes[..]).expect("a bundle of ours")),
        };
        let inputs: Vec<Input> = bundles.iter().map(input).collect();
        self.bring(to, &inputs, &from.to_string());
    }

    fn bring(&mut self, at: usize, inputs: &[Input], from: &str) {
        let session = self.session(at, "sync import");
        let imported = import(session, inputs).expect("an honest import");
        let accounts: Vec<_> = imported.documents.iter().map(|a| &a.summary).collect();
        let line = format!("{at} imports from {from}: {accounts:?} {:?}", imported.committed.notes);
        self.trace.push(line);
    }

    fn exchange(&mut self, incremental: bool) -> bool {
        let count = self.replicas.len();
        let ends: Vec<i64> = (0..count).map(|at| self.log_end(at)).collect();
        for from in 0..count {
            for to in (0..count).filter(|to| *to != from) {
                let bundle = self.bundle(from, incremental.then_some(to));
                self.receive(to, &[bundle], from);
            }
        }
        (0..count).any(|at| self.log_end(at) != ends[at])
    }

    /// Everybody exchanges everything, until there is nothing new.
    fn settle(&mut self, incremental: bool) {
        // The second time, the applications have received everything.
        for _ in 0..2 {
            for number in 0..self.running.len() {
                self.save(number);
                self.look(self.running[number].at);
            }
            self.until_quiet(incremental);
            for number in 0..self.running.len() {
                self.hear(number);
            }
        }
        for number in 0..self.running.len() {
            self.save(number);
            let wrote = self.look(self.running[number].at);
            assert!(!wrote, "application {number} had news after all");
        }
        assert!(!self.exchange(!incremental), "there is no rest");
    }

    fn until_quiet(&mut self, incremental: bool) {
        for round in 0..8 {
            self.trace.push(format!("exchange {round}"));
            if !self.exchange(incremental) {
                return;
            }
        }
        panic!("eight rounds, and still no rest");
    }

    /// Checks what must hold in the end.
    fn judge(&self) {
        for concern in CONCERNS {
            let first = self.view(0, concern);
            for at in 1..self.replicas.len() {
                let other = self.view(at, concern);
                assert_eq!(first.digest(), other.digest(), "{at} shows another {concern}");
                assert_eq!(first.version(), other.version(), "{at} has another {concern}");
            }
            for (number, running) in self.running.iter().enumerate() {
                let application = if concern == "core" { &running.core } else { &running.chat };
                let theirs = state(application).digest();
                assert_eq!(first.digest(), theirs, "application {number} shows another {concern}");
            }
        }
        self.judge_talk(&self.view(0, "chat"));
        self.judge_members(&self.view(0, "core"));
    }

    fn judge_talk(&self, chat: &View) {
        let lost: BTreeSet<String> =
            (0..self.replicas.len()).flat_map(|at| self.lost(at)).collect();
        let told = self.facts.told.iter();
        let dropped = |text: &str, message: &Message| {
            self.facts.dropped.contains(&(message.clone(), text.to_owned()))
        };
        for (text, message) in told.filter(|(text, message)| !dropped(text, message)) {
            let shown = content(chat, message).as_ref() == Some(text);
            let gone = self.facts.deleted.contains(message) || is_deleted(chat, message);
            let known = self.facts.overwritten.contains(text) || lost.contains(text);
            assert!(shown || gone || known, "{text:?} of {message:?} was lost in silence");
            let thread = message.0.as_ref().map(|thread| (None, thread.clone()));
            if !gone && thread.is_none_or(|thread| !self.facts.deleted.contains(&thread)) {
                assert!(content(chat, message).is_some(), "{message:?} is gone");
            }
        }
        for message in &self.facts.deleted {
            let here = content(chat, message).is_some() && !is_deleted(chat, message);
            assert!(!here, "{message:?} was deleted, and is here");
        }
        for given in self.facts.given.difference(&self.facts.taken) {
            let (message, emoji, member) = given;
            let path = path(message, &["reactions", emoji]);
            let members = chat.value(&path.steps());
            let names = |value: &crdtctl::wire::Value| {
                let members = value.as_array().unwrap_or(&[]);
                members.iter().any(|value| value.as_str() == Some(member))
            };
            let lost = self.facts.dropped.iter().any(|(dropped, _)| dropped == message);
            let gone = lost || self.facts.deleted.contains(message);
            assert!(gone || members.is_some_and(|m| names(&m)), "{given:?} was lost");
        }
    }

    /// The latest of all additions and removals decides; without any removal a member is one.
    fn judge_members(&self, core: &View) {
        let active = core::active(core);
        for member in MEMBERS {
            let last = |of: &BTreeMap<String, BTreeSet<i64>>| of.get(member)?.last().copied();
            match (last(&self.facts.added), last(&self.facts.removed)) {
                (added, Some(removed)) if added.is_none_or(|added| added < removed) => {
                    let is = core.value(&["members", member]);
                    assert!(
                        !active.contains_key(member),
                        "{member} was removed last (added {added:?}, removed {removed}), and is {is:?}"
                    );
                }
                (Some(_), None) => assert!(active.contains_key(member), "{member} is not here"),
                _ => {}
            }
        }
    }

    fn lost(&self, at: usize) -> Vec<String> {
        let reader = self.replicas[at].store.reader().expect("a reader");
        let conflicts = reader.state().map(|state| state.conflicts().expect("the local state"));
        let lost = conflicts.into_iter().flatten().filter_map(|conflict| conflict.loser.value);
        lost.filter_map(|value| value.as_str().map(str::to_owned)).collect()
    }
}

impl Facts {
    /// Records as told whatever a document shows that reaches a replica.
    fn tell(&mut self, view: &View) {
        for member in view.keys(&["members"]) {
            let at = |field: &str| view.int(&["members", &member, field]).unwrap_or_default();
            let (events, time) = match view.flag(&["members", &member, "deleted"]) {
                true => (&mut self.removed, at("deleted_at")),
                false => (&mut self.added, at("joined_at")),
            };
            events.entry(member.clone()).or_default().insert(time);
        }
        for message in messages(view) {
            if let Some(text) = content(view, &message) {
                self.told.insert(text, message.clone());
            }
            if is_deleted(view, &message) {
                self.deleted.insert(message);
                continue;
            }
            let reactions = path(&message, &["reactions"]);
            for emoji in view.keys(&reactions.steps()) {
                let array = path(&message, &["reactions", &emoji]);
                let members = view.value(&array.steps());
                for member in members.iter().flat_map(|m| m.as_array().unwrap_or(&[])) {
                    let member = member.as_str().unwrap_or_default().to_owned();
                    self.given.insert((message.clone(), emoji.clone(), member));
                }
            }
        }
    }
}

fn add(member: &str, role: Role) -> Operation {
    let member = MemberId::parse(member).expect("a member id");
    Operation::MemberAdd(core::AddMember { entity: entity(), member, role: Some(role) })
}

fn state(application: &Application) -> View {
    View::of(&checked(&application.save()))
}

/// Every message and every reply, including deleted ones.
fn messages(view: &View) -> Vec<Message> {
    let messages = view.keys(&["messages"]).into_iter().map(|id| (None, id));
    let replies = chat::REPLIES.records(view).into_iter();
    let replies = replies.map(|path| (Some(path[1].clone()), path[3].clone()));
    messages.chain(replies).collect()
}

fn path(message: &Message, below: &[&str]) -> Vec<String> {
    let record = match message {
        (None, id) => vec!["messages", id],
        (Some(thread), id) => vec!["threads", thread, "replies", id],
    };
    record.iter().chain(below).map(|step| (*step).to_owned()).collect()
}

/// Every text that a document shows.
fn texts(view: &View) -> BTreeSet<Text> {
    let text = |message: Message| Some((message.clone(), content(view, &message)?));
    messages(view).into_iter().filter_map(text).collect()
}

fn content(view: &View, message: &Message) -> Option<String> {
    view.text(&path(message, &["content"]).steps())
}

fn is_deleted(view: &View, message: &Message) -> bool {
    view.flag(&path(message, &["deleted"]).steps())
}

/// A world that prints its history if it ends in a panic.
struct Told(u64, World);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}\n\nto see this one again:", self.1.trace.join("\n"));
            eprintln!("CRDTCTL_SEED_ONE={} cargo test --test deep mixed", self.0);
        }
    }
}

#[test]
fn a_mixed_fleet_loses_nothing_in_silence() {
    for seed in seeds(14) {
        let Told(_, world) = &mut Told(seed, World::new(seed));
        world.live();
        world.settle(seed % 2 == 1);
        world.judge();
    }
}

/// In this one an application adds a member whom somebody else removes later, and goes on to give it a role.
#[test]
fn a_history_that_lost_a_removal_does_so_no_more() {
    let Told(_, world) = &mut Told(600_127, World::new(600_127));
    world.live();
    world.settle(true);
    world.judge();
}
