//! The programs in `examples/`, run on stores of their own.

#[allow(dead_code)]
#[path = "../../examples/bot.rs"]
mod bot;
#[allow(dead_code)]
#[path = "../../examples/merge_stores.rs"]
mod merge_stores;
#[allow(dead_code)]
#[path = "../../examples/nightly_report.rs"]
mod nightly_report;

use crdtctl::id::MemberId;
use crdtctl::query::chat::MessageFilter;
use crdtctl::{Priority, Role, Store, machine};
use std::path::Path;

const GROUP: &str = "group:ocean-forest-moon-star";

fn replica(dir: &Path, member: &str) -> Store {
    let machine = machine::with_state_in(&dir.join("state").join(member));
    let id = MemberId::parse(member).expect("a member");
    Store::init(&dir.join(member), machine.into(), Some(&id)).expect("a store").0
}

fn group(dir: &Path) -> Store {
    let store = replica(dir, "alice-river-stone-sky");
    let group = store.entity(GROUP).expect("an entity");
    group.create("Ocean friends").expect("created");
    group.members().add("bob-hill-lake-tree", Role::Member).expect("added");
    store
}

#[test]
fn the_bot_answers_once_whatever_asks_it() {
    let dir = tempfile::tempdir().expect("a directory");
    let (alice, bob) = (group(dir.path()), replica(dir.path(), "bob-hill-lake-tree"));
    let chat = |store: &Store, id: &str| {
        store.entity(GROUP).expect("an entity").chat().thread(id).expect("a thread").replies
    };
    let asked = alice.entity(GROUP).expect("an entity").chat().send("!members").expect("sent");
    alice.entity(GROUP).expect("an entity").chat().send("members, please").expect("sent");
    bob.import(&alice.export().expect("a bundle")).expect("imported");
    assert_eq!(bot::answer(&bob, GROUP).expect("answered"), 1);
    assert_eq!(bot::answer(&bob, GROUP).expect("nothing to answer"), 0);
    let [answer] = &chat(&bob, &asked.id)[..] else { panic!("one answer") };
    assert_eq!(answer.content, "2 are here: alice-river-stone-sky, bob-hill-lake-tree");
    assert_eq!(answer.author_id, "bob-hill-lake-tree");
    // Its answer travels, and counts on the other replica.
    alice.import(&bob.export_for("alice-").expect("a bundle")).expect("imported");
    assert_eq!(bot::answer(&alice, GROUP).expect("nothing to answer"), 0);
}

#[test]
fn the_nightly_report_names_who_wrote_what_is_urgent_and_who_is_waited_for() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = group(dir.path());
    let group = store.entity(GROUP).expect("an entity");
    let now = store.environment().machine.clock.now();
    let spam = group.chat().send("Cheap anchors").expect("sent");
    group.chat().send("Good morning").expect("sent");
    group.chat().delete(&spam.id).expect("deleted");
    let issue = group.issues().open("The lamp is dark").expect("opened");
    group.issues().set_priority(&issue.id, Priority::Urgent).expect("set");
    let report = nightly_report::report(&store, now).expect("a report");
    assert_eq!(
        report,
        "Ocean friends (group:ocean-forest-moon-star)\n  \
         alice-river-stone-sky wrote 1\n  \
         urgent: The lamp is dark (nobody, backlog)\n  \
         1 deleted wait for bob-hill-lake-tree\n"
    );
    let later = nightly_report::report(&store, now + 2 * 86_400).expect("a report");
    assert!(!later.contains("wrote"), "{later}");
}

#[test]
fn two_stores_hold_the_same_after_a_merge() {
    let dir = tempfile::tempdir().expect("a directory");
    let (alice, bob) = (group(dir.path()), replica(dir.path(), "bob-hill-lake-tree"));
    let say = |store: &Store, text: &str| {
        store.entity(GROUP).expect("an entity").chat().send(text).expect("sent");
    };
    bob.import(&alice.export().expect("a bundle")).expect("imported");
    say(&alice, "from the laptop");
    say(&bob, "from the desktop");
    assert!(merge_stores::merge(&alice, &bob).expect("merged"));
    let all = MessageFilter::default();
    for store in [&alice, &bob] {
        let said = store.entity(GROUP).expect("an entity").chat().list(&all).expect("messages");
        assert_eq!(said.len(), 2);
    }
}

#[test]
fn a_store_that_a_program_copied_writes_as_another_replica() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = group(dir.path());
    let replica = |store: &Store| {
        let reader = store.reader().expect("a reader");
        reader.state().expect("a state").replica().expect("readable").expect("a replica").0
    };
    let before = replica(&store);
    store.entity(GROUP).expect("an entity").chat().send("one").expect("sent");
    store.entity(GROUP).expect("an entity").chat().send("two").expect("sent");
    assert_eq!(replica(&store), before, "a lease holds from one write to the next");
    let copy = dir.path().join("copy");
    super::support::copy_tree(store.dir(), &copy);
    let machine = machine::with_state_in(&dir.path().join("state/alice-river-stone-sky"));
    let copy = Store::open_with(&copy, machine.into()).expect("a store");
    copy.entity(GROUP).expect("an entity").chat().send("three").expect("sent");
    assert_ne!(replica(&copy), before);
    assert_eq!(replica(&store), before);
}
