//! A small import or list reads little, however large the document is.

use super::*;
use crate::id::EntityId;
use crate::query::chat::{self, MessageFilter};
use crate::query::unread::ReadMark;
use crate::store::counted;

const CHAT: &str = "group:one-two-three-four";

/// A chat of half a megabyte, on two replicas that each know the other has it.
fn chats() -> (Replica, Replica) {
    let (a, b) = (Replica::new("alice-river-stone-sky"), Replica::new("bob-hill-lake-tree"));
    let group = a.store.entity(CHAT).unwrap();
    group.create("Friends").unwrap();
    group.members().add("bob-hill-lake-tree", concern::Role::Member).unwrap();
    for n in 0..60 {
        let text = format!("{n} {}", "words ".repeat(1_500));
        group.chat().send(&text).unwrap();
    }
    for _ in 0..2 {
        b.import(&[&a.for_peer(&b)]);
        a.import(&[&b.for_peer(&a)]);
    }
    (a, b)
}

/// Imports what one replica has into another, and counts the bytes of documents that this reads.
fn read_to_import(from: &Replica, to: &Replica) -> usize {
    counted::taken();
    let bundle = from.for_peer(to);
    let (told, read) = (&bundle.manifest().documents[0], counted::taken());
    assert!(read < 20_000, "{read} bytes read to export");
    assert!(told.digest.is_none() && told.sum.is_some());
    to.import(&[&bundle]);
    counted::taken()
}

#[test]
fn a_sum_that_differs_is_a_divergence_where_the_document_is_not_read() {
    let (a, b) = chats();
    a.store.entity(CHAT).unwrap().chat().send("news").unwrap();
    let bundle = a.for_peer(&b);
    let mut forged = Bundle::new(bundle.manifest().clone());
    for (entry, update) in bundle.documents() {
        let sum = entry.sum.map(|_| crate::sync::manifest::Hash([9; 32]));
        let entry = crate::sync::manifest::BundledDocument { sum, ..entry.clone() };
        forged.push(entry, update.map(<[u8]>::to_vec));
    }
    let before = b.files();
    assert_eq!(b.try_import(&[&forged]).unwrap_err().kind, Kind::Forked);
    assert_eq!(b.files(), before);
    b.import(&[&bundle]);
    assert_eq!(a.content(), b.content());
}

#[test]
fn a_bare_update_with_all_deletions_is_imported_without_reading_the_document() {
    let (a, b) = chats();
    let (at_a, chat) = (a.store.entity(CHAT).unwrap(), id(&format!("{CHAT}:chat")));
    let state = |replica: &Replica| replica.reader().bytes(&chat).unwrap().unwrap();
    let first = at_a.chat().send("first").unwrap();
    at_a.chat().edit(&first.id, "another first").unwrap();
    read_to_import(&a, &b);
    let known =
        Doc::load(&Update::checked(&state(&a), &[]).unwrap(), 1).unwrap().encode().unwrap().1;
    at_a.chat().edit(&first.id, "the last").unwrap();
    let all = state(&a);
    let news = yrs::diff_updates_v1(&all, &vector(&known.clocks)).unwrap();
    assert!(!Update::walk(&news).unwrap().delete_set().is_empty());
    counted::taken();
    import(b.session(), &raw(chat.as_str(), &news)).unwrap();
    let read = counted::taken();
    assert!(read < all.len() + all.len() / 8, "{read} of {} bytes", all.len());
    assert_eq!(Update::walk(&all).unwrap().version(), Update::walk(&state(&b)).unwrap().version());
}

#[test]
fn of_a_chat_little_more_is_read_than_the_messages_of_the_wanted_time() {
    let a = Replica::new("alice-river-stone-sky");
    let group = a.store.entity(CHAT).unwrap();
    group.create("Friends").unwrap();
    for n in 0..100 {
        a.store.environment().machine.clock.set(NOW + n);
        group.chat().send(&format!("{n} {}", "words ".repeat(1_500))).unwrap();
    }
    let listed = |since: Option<i64>, until: Option<i64>| {
        let filter = MessageFilter { since, until, ..MessageFilter::default() };
        counted::taken();
        let found = chat::list(&a.reader(), &EntityId::parse(CHAT).unwrap(), &filter).unwrap();
        (found.len(), counted::taken())
    };
    let (found, read) = listed(Some(NOW + 98), None);
    assert!(found == 2 && read < 60_000, "{read} bytes for {found} messages");
    let (found, read) = listed(None, Some(NOW + 3));
    assert!(found == 3 && read < 60_000, "{read} bytes for {found} messages");
    assert_eq!(listed(Some(NOW + 200), None).0, 0);
    // Most of them: then all are read at once.
    assert_eq!(listed(Some(NOW + 10), Some(NOW + 99)).0, 89);
}

#[test]
fn of_a_chat_little_more_is_read_than_what_is_new_or_unread() {
    let (a, b) = chats();
    let entity = EntityId::parse(CHAT).unwrap();
    let mark = |until: Option<&str>| {
        let reading = chat::reading(&b.reader(), &entity, until).unwrap();
        let (session, name) = (b.session(), ReadMark::setting(&entity));
        session.state().set_setting(&name, Some(&reading.mark.encode().unwrap())).unwrap();
        session.commit().unwrap();
        (reading.read, reading.unread)
    };
    assert_eq!(mark(None), (60, 0));
    let (_, clocks) = chat::last(&b.reader(), &entity, 1).unwrap();
    let at_a = a.store.entity(CHAT).unwrap().chat();
    let first = at_a.list(&Default::default()).unwrap()[0].id.clone();
    let sent = at_a.send("one").unwrap().id;
    b.store.environment().machine.clock.set(NOW + 60);
    a.store.environment().machine.clock.set(NOW + 60);
    at_a.reply(&first, "two").unwrap();
    at_a.react(&first, "👍").unwrap();
    b.import(&[&a.for_peer(&b)]);
    let listed = || {
        let filter = MessageFilter { unread: true, ..MessageFilter::default() };
        counted::taken();
        let found = chat::list(&b.reader(), &entity, &filter).unwrap();
        let read = counted::taken();
        assert!(read < 60_000, "{read} bytes for {} messages", found.len());
        found.into_iter().map(|message| message.content).collect::<Vec<_>>()
    };
    assert_eq!(listed(), ["one", "two"]);
    let (news, _) = chat::news(&b.reader(), &entity, &clocks).unwrap();
    let read = counted::taken();
    assert!(news.len() == 2 && read < 60_000, "{read} bytes for {} messages", news.len());
    // A mark in the middle keeps what is later, and where that is.
    assert_eq!(mark(Some(&sent)), (1, 1));
    let read = counted::taken();
    assert!(read < 90_000, "{read} bytes for a mark");
    assert_eq!(listed(), ["two"]);
    assert_eq!(mark(None), (1, 0));
    assert!(listed().is_empty());
}

/// A state vector as yrs writes it.
fn vector(clocks: &crate::wire::Clocks) -> Vec<u8> {
    let mut vector = yrs::StateVector::default();
    clocks.iter().for_each(|(client, clock)| vector.set_max(yrs::ClientID::new(*client), *clock));
    yrs::updates::encoder::Encode::encode_v1(&vector)
}

#[test]
fn news_of_a_large_document_are_imported_without_reading_it() {
    let (a, b) = chats();
    let (at_a, at_b) = (a.store.entity(CHAT).unwrap(), b.store.entity(CHAT).unwrap());
    let size = a.reader().bytes(&id(&format!("{CHAT}:chat"))).unwrap().unwrap().len();
    assert!(size > 500_000);
    let message = at_a.chat().send("news").unwrap();
    let mut read = vec![read_to_import(&a, &b)];
    at_b.chat().react(&message.id, "👍").unwrap();
    read.push(read_to_import(&b, &a));
    at_a.chat().edit(&message.id, "news, and more").unwrap();
    at_b.chat().reply(&message.id, "seen").unwrap();
    read.push(read_to_import(&a, &b));
    read.push(read_to_import(&b, &a));
    at_a.chat().delete(&message.id).unwrap();
    for _ in 0..2 {
        read.push(read_to_import(&a, &b));
        read.push(read_to_import(&b, &a));
    }
    // All of it is copied once if anything changes.
    assert!(read.iter().all(|read| *read < size + size / 8), "{read:?} of {size} bytes");
    assert_eq!(a.content(), b.content());
    // It is gone on both: its deletion was acknowledged, and then pruned.
    assert!(at_a.chat().list(&Default::default()).unwrap().iter().all(|m| m.id != message.id));
}
