//! A year of a group that writes a lot, with three replicas, one of them silent for a month: nothing is
//! archived that the silent one lacks, and readers see the same as before.
//!
//! `CRDTCTL_YEAR=50000 cargo test --test deep year -- --nocapture` runs it with that many messages, and
//! prints all sizes.

use super::support::{number, temporary};
use super::world::environment;
use crdtctl::concern::{Role, chat, core};
use crdtctl::id::{EntityId, MemberId};
use crdtctl::operation::{self, Operation};
use crdtctl::query::chat as query;
use crdtctl::sample::Chance;
use crdtctl::store::{Environment, Open, Store};
use crdtctl::sync::Bundle;
use crdtctl::sync::archiving::{self, ArchiveRequest};
use crdtctl::sync::export::{Request, export};
use crdtctl::sync::import::{Input, import};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

const START: i64 = 1_767_225_600;
const DAY: i64 = 86_400;
const MONTHS: i64 = 12;
/// The month in which nothing is heard of Carol.
const SILENT: i64 = 10;
const ALICE: usize = 0;
const CAROL: usize = 2;
const MEMBERS: [&str; 3] = ["alice-river-stone-sky", "bob-hill-lake-tree", "carol-sun-wind-rain"];

struct YearReplica {
    dir: PathBuf,
    environment: Rc<Environment>,
    member: MemberId,
}

fn entity() -> EntityId {
    EntityId::parse("group:ocean-forest-moon-star").expect("an entity id")
}

impl YearReplica {
    fn store(&self) -> Store {
        Store::open_with(&self.dir, self.environment.clone()).expect("a store")
    }

    fn session(&self, now: i64) -> crdtctl::store::Session {
        self.environment.machine.clock.set(now);
        let open = Open { command: "test", member: Some(&self.member), dry_run: false };
        self.store().session(open).expect("a session")
    }

    /// What is read of the chat, live or archived, by id; and the digest of it in its order.
    fn read(&self) -> (BTreeMap<String, (String, Value)>, String) {
        let reader = self.store().reader().expect("a reader");
        let (mut rows, mut digest) = (BTreeMap::new(), blake3::Hasher::new());
        let mut take = |message: query::Message| {
            let reactions = serde_json::to_value(&message.reactions).expect("JSON");
            let row = (message.content.to_string(), reactions);
            digest.update(format!("{}{row:?}{:?}", message.id, message.parent_id).as_bytes());
            assert!(rows.insert(message.id.clone(), row).is_none(), "{} twice", message.id);
            Ok(())
        };
        query::each_message(&reader, &entity(), &mut take).expect("a reading");
        (rows, digest.finalize().to_hex().to_string())
    }

    /// The ids of what is in the archive and not in the document.
    fn archived(&self) -> Vec<String> {
        let reader = self.store().reader().expect("a reader");
        let mut found = Vec::new();
        let mut take = |message: query::Message| {
            found.extend(message.in_archive.then(|| message.id.clone()));
            Ok(())
        };
        query::each_message(&reader, &entity(), &mut take).expect("a reading");
        found
    }

    /// Writes messages over a month, and changes some that are older; returns their ids.
    fn live(
        &self,
        chance: &mut Chance,
        from: i64,
        messages: u64,
        mine: &mut Vec<String>,
    ) -> BTreeSet<String> {
        let mut changed = BTreeSet::new();
        let mut session = self.session(from);
        for n in 0..messages {
            let at = from + i64::try_from(n * 29 * 86_400 / messages.max(1)).expect("a time");
            self.environment.machine.clock.set(at);
            let send = Operation::ChatSend(chat::Send::text(entity(), chance.sentence()));
            mine.extend(operation::run(&mut session, &send).expect("a message").id);
            if chance.below(50) == 0
                && let Some(message) = chance.pick(mine).cloned()
            {
                let text = chance.sentence();
                let message_id = message.clone();
                let edit = chat::EditMessage { entity: entity(), message, text };
                // What is archived already cannot be edited.
                if operation::run(&mut session, &Operation::ChatEdit(edit)).is_ok() {
                    changed.insert(message_id);
                }
            }
        }
        session.commit().expect("a commit");
        changed
    }

    fn give(&self, to: &YearReplica, now: i64) -> bool {
        self.environment.machine.clock.set(now);
        let reader = self.store().reader().expect("a reader");
        let exported =
            export(&reader, &self.environment, &Request { archive: true, ..Request::default() })
                .expect("an export");
        let mut bytes = Vec::new();
        exported.bundle.write(&mut bytes).expect("a bundle");
        let bundle = Box::new(Bundle::read(bytes.as_slice()).expect("a bundle"));
        let session = to.session(now);
        import(session, &[Input::Bundle { name: "it".to_owned(), bundle }])
            .expect("an import")
            .changed
    }

    fn archive(&self, now: i64, days: i64) -> (usize, usize) {
        self.environment.machine.clock.set(now);
        let open = Open { command: "archive", member: Some(&self.member), dry_run: false };
        let cutoff = now - days * DAY;
        let request = ArchiveRequest { entities: None, cutoff, strict: true };
        let run = archiving::run(&self.store(), open, &request).expect("a run");
        let archived = run.documents.iter().flat_map(|one| one.archived.values()).sum();
        (archived, run.documents.iter().map(|one| one.waiting).sum())
    }

    fn bytes(&self, name: &str) -> u64 {
        let found = super::support::files(&self.dir).into_iter();
        let of = found.filter(|(path, _)| path.to_string_lossy().contains(name));
        of.map(|(_, bytes)| bytes.len() as u64).sum()
    }
}

fn group(root: &std::path::Path) -> Vec<YearReplica> {
    let replica = |(index, member): (usize, &&str)| {
        let home = root.join(format!("r{index}"));
        let environment = environment(&home, index, &format!("year {index}"), START);
        let member = MemberId::parse(member).expect("a member id");
        let dir = home.join("store");
        Store::init(&dir, environment.clone(), Some(&member)).expect("a store");
        YearReplica { dir, environment, member }
    };
    let replicas: Vec<YearReplica> = MEMBERS.iter().enumerate().map(replica).collect();
    let mut session = replicas[ALICE].session(START);
    let create =
        core::Create { entity: entity(), name: "Ocean".into(), description: String::new() };
    operation::run(&mut session, &Operation::EntityCreate(create)).expect("an entity");
    for replica in &replicas[1..] {
        let member = replica.member.clone();
        let add = core::AddMember { entity: entity(), member, role: Some(Role::Admin) };
        operation::run(&mut session, &Operation::MemberAdd(add)).expect("a member");
    }
    session.commit().expect("a commit");
    replicas
}

/// The given replicas exchange everything, until nothing is new.
fn meet(replicas: &[&YearReplica], now: i64) {
    for _ in 0..6 {
        let mut changed = false;
        for from in replicas {
            for to in replicas.iter().filter(|to| to.dir != from.dir) {
                changed |= from.give(to, now);
            }
        }
        if !changed {
            return;
        }
    }
    panic!("there was always something new");
}

#[test]
fn a_year_of_three_replicas_with_one_that_is_silent_for_a_month() {
    let messages = number("CRDTCTL_YEAR").unwrap_or(180);
    let root = temporary();
    let replicas = group(root.path());
    let all: Vec<&YearReplica> = replicas.iter().collect();
    meet(&all, START);
    let mut chance = Chance::new(2026);
    let mut mine = vec![Vec::new(); MEMBERS.len()];
    let mut total = 0;
    for month in 0..MONTHS {
        let begin = START + month * 30 * DAY;
        let mut changed = Vec::new();
        for (replica, mine) in replicas.iter().zip(&mut mine) {
            changed.push(replica.live(&mut chance, begin, messages / 36, mine));
        }
        let now = begin + 29 * DAY + DAY / 2;
        let there = if month == SILENT { &all[..CAROL] } else { &all[..] };
        meet(there, now);
        let carol = replicas[CAROL].read().0;
        let (before, digest) = replicas[ALICE].read();
        let size = replicas[ALICE].bytes(".yrs") + replicas[ALICE].bytes("crdtctl.db");
        let already: BTreeSet<String> = replicas[ALICE].archived().into_iter().collect();
        let (archived, waiting) = replicas[ALICE].archive(now, 15);
        let (after, same) = replicas[ALICE].read();
        assert_eq!((after.len(), same), (before.len(), digest.clone()), "month {month}");
        total += archived;
        eprintln!(
            "month {month}: {archived} archived, {waiting} wait; {size} bytes before, {} after; \
             archive {}",
            replicas[ALICE].bytes(".yrs") + replicas[ALICE].bytes("crdtctl.db"),
            replicas[ALICE].bytes("archive.db"),
        );
        for id in replicas[ALICE].archived() {
            // What she has changed herself was archived as she had it, too. A record that was archived and
            // then changed by somebody who did not know has another version, which she lacks.
            let has = carol.get(&id);
            let by_her = changed[CAROL].contains(&id);
            let late = already.contains(&id) && changed.iter().any(|one| one.contains(&id));
            let same = has == before.get(&id) || (has.is_some() && (by_her || late));
            assert!(same, "{id} is not as Carol has it: {has:?} in month {month}");
        }
        if month == SILENT {
            assert!(waiting > 0, "everything of that month waits for Carol");
            // She comes back with what she wrote; then everything is exchanged.
            meet(&all, now);
            let reads: Vec<String> = all.iter().map(|one| one.read().1).collect();
            let (archived, waiting) = replicas[ALICE].archive(now, 15);
            assert!(archived > 0 && waiting == 0, "{archived} archived, {waiting} wait");
            total += archived;
            meet(&all, now);
            let again: Vec<String> = all.iter().map(|one| one.read().1).collect();
            assert_eq!(reads, again);
            assert!(again.windows(2).all(|two| two[0] == two[1]), "{again:?}");
        }
    }
    meet(&all, START + 400 * DAY);
    let (archived, waiting) = replicas[ALICE].archive(START + 400 * DAY, 15);
    total += archived;
    assert_eq!(waiting, 0);
    assert_eq!(total as u64, messages / 36 * 36, "all of it is in the archive");
    meet(&all, START + 400 * DAY);
    let reads: Vec<String> = all.iter().map(|one| one.read().1).collect();
    assert!(reads.windows(2).all(|two| two[0] == two[1]), "{reads:?}");
    assert_eq!(replicas[CAROL].read().0.len() as u64, messages / 36 * 36);
}
