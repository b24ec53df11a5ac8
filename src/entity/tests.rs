//! A change to a record opens only what it touches, however many records there are.

use super::{Entity, Store};
use crate::clock::{Clock, Ids};
use crate::concern::kanban::MoveCard;
use crate::concern::{self, Role};
use crate::id::{DocId, MemberId};
use crate::operation::Operation;
use crate::store::{Environment, Machine, Open, Session};
use std::rc::Rc;
use std::time::Duration;

const TEAM: &str = "group:one-two-three-four";

fn store(dir: &std::path::Path) -> Store {
    let environment = Environment {
        machine: Machine {
            clock: Clock::fixed(1_790_000_000),
            ids: Ids::seeded("entities"),
            leases: Some(dir.join("leases")),
            id: "test".to_owned(),
            host: "test".to_owned(),
            lock_wait: Duration::from_secs(5),
        },
        roots: concern::expected,
        noted: concern::noted(),
        adopt: crate::merge::adopt,
        fold: None,
    };
    let alice = MemberId::parse("alice-river-stone-sky").unwrap();
    let (store, _) = Store::init(&dir.join("store"), Rc::new(environment), Some(&alice)).unwrap();
    store.entity(TEAM).unwrap().create("Team").unwrap();
    store
}

/// The number of document bytes that a trial run of an operation opens.
fn opened(store: &Store, doc: &str, operation: &Operation) -> u64 {
    let mut session = store.session(Open { command: "test", member: None, dry_run: true }).unwrap();
    let doc = DocId::parse(doc).unwrap();
    let bytes = |session: &mut Session| {
        crate::operation::run(session, operation)?;
        let at_hand = session.checked_at_hand(&doc)?;
        Ok(at_hand.map_or(0, |at_hand| at_hand.bytes().len() as u64))
    };
    session.with_pages(bytes).unwrap()
}

fn bytes(store: &Store, doc: &str) -> u64 {
    let documents = store.reader().unwrap().documents().unwrap();
    documents.iter().find(|found| found.id == DocId::parse(doc).unwrap()).unwrap().bytes
}

fn move_to(team: &Entity<'_>, card: &str, column: &str) -> Operation {
    Operation::KanbanMove(MoveCard {
        entity: team.id().clone(),
        card: card.to_owned(),
        column: column.to_owned(),
        before: None,
        top: false,
        bottom: false,
    })
}

#[test]
fn a_card_is_moved_without_opening_the_others() {
    let dir = crate::testing::temporary();
    let store = store(dir.path());
    let team = store.entity(TEAM).unwrap();
    let text = "words ".repeat(200);
    let changes =
        || concern::kanban::CardChanges { description: Some(text.clone()), ..Default::default() };
    let cards: Vec<String> = (0..30)
        .map(|n| {
            let card = team.kanban().add(&format!("card {n}")).unwrap().id;
            team.kanban().edit(&card, changes()).unwrap();
            card
        })
        .collect();
    let doc = format!("{TEAM}:kanban");
    let all = bytes(&store, &doc);
    for column in ["In Progress", "Done", "Backlog"] {
        let operation = move_to(&team, &cards[15], column);
        let read = opened(&store, &doc, &operation);
        assert!((1..all / 4).contains(&read), "{read} of {all} bytes open");
        store.perform(&operation).unwrap();
    }
    let lanes = team.kanban().lanes().unwrap();
    assert_eq!(lanes[0].cards.last().unwrap().id, cards[15]);
}

#[test]
fn a_member_is_added_without_opening_the_others() {
    let dir = crate::testing::temporary();
    let store = store(dir.path());
    let team = store.entity(TEAM).unwrap();
    for n in 0..40 {
        let name = format!(
            "member-of-team-{}",
            char::from(b'a' + n % 26).to_string().repeat(1 + n as usize / 26)
        );
        team.members().add(&name, Role::Member).unwrap();
    }
    let doc = format!("{TEAM}:core");
    let all = bytes(&store, &doc);
    let add = |member: &str| {
        let add = concern::core::AddMember {
            entity: team.id().clone(),
            member: MemberId::parse(member).unwrap(),
            role: None,
        };
        Operation::MemberAdd(add)
    };
    for member in ["bob-hill-lake-tree", "carol-sun-wind-rain"] {
        let read = opened(&store, &doc, &add(member));
        assert!((1..all / 4).contains(&read), "{read} of {all} bytes open");
        store.perform(&add(member)).unwrap();
    }
    // A former member comes back with another generation, however the session looks it up.
    assert!(team.members().remove("bob-hill-lake-tree").unwrap());
    let read = opened(&store, &doc, &add("bob-hill-lake-tree"));
    assert!((1..all / 4).contains(&read), "{read} of {all} bytes open");
    assert!(team.members().add("bob-hill-lake-tree", Role::Member).unwrap());
}
