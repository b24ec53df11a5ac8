//! Members who are removed, and added again, while others acknowledge and prune the removal.

use super::support::{Machine, Store, text};

const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
const CAROL: &str = "carol-sun-wind-rain";
const DAVE: &str = "dave-snow-field-moss";
const ERIN: &str = "erin-leaf-cloud-dawn";
const GROUP: &str = "group:ocean-forest-moon-star";

/// Alice and Bob. Alice has removed Carol; Bob has seen it and, since that is everybody, pruned her; Alice
/// does not know that yet.
struct Removed<'m> {
    alice: Store<'m>,
    bob: Store<'m>,
}

impl<'m> Removed<'m> {
    fn new(machine: &'m Machine) -> Self {
        let alice = machine.store("alice", ALICE);
        let bob = machine.store("bob", BOB);
        alice.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
        alice.ok(&["member", "add", BOB]);
        alice.ok(&["member", "add", CAROL]);
        machine.pass(10);
        alice.ok(&["member", "remove", CAROL]);
        carry(&alice, &bob);
        assert!(!is_known(&bob));
        machine.pass(10);
        Removed { alice, bob }
    }
}

fn carry(from: &Store<'_>, to: &Store<'_>) {
    let bundle = text(&from.machine.path("bundle"));
    from.ok(&["sync", "export", "-O", &bundle]);
    to.ok(&["sync", "import", &bundle]);
}

fn is_known(store: &Store<'_>) -> bool {
    listed(store, &["member", "list", "--all"])
}

fn is_member(store: &Store<'_>) -> bool {
    listed(store, &["member", "list"])
}

fn listed(store: &Store<'_>, args: &[&str]) -> bool {
    let list = store.json(args);
    list.as_array().expect("a list").iter().any(|member| member["member_id"] == CAROL)
}

#[test]
fn whoever_is_taken_back_while_somebody_prunes_is_a_member() {
    let machine = Machine::new("taken back");
    let Removed { alice, bob } = Removed::new(&machine);
    alice.ok(&["member", "add", CAROL]);
    carry(&bob, &alice);
    assert!(is_member(&alice), "pruned away");
    carry(&alice, &bob);
    assert!(is_member(&bob));
    assert_eq!(alice.ok(&["digest"]), bob.ok(&["digest"]));
}

#[test]
fn an_acknowledgement_of_an_earlier_removal_does_not_count_for_a_later_one() {
    let machine = Machine::new("removed twice");
    let Removed { alice, bob } = Removed::new(&machine);
    alice.ok(&["member", "add", CAROL]);
    machine.pass(10);
    alice.ok(&["member", "remove", CAROL]);
    carry(&bob, &alice);
    assert!(is_known(&alice), "pruned, and Bob has not seen this removal");

    carry(&alice, &bob);
    assert!(!is_known(&bob), "Bob has seen what everybody has acknowledged now");
    carry(&bob, &alice);
    assert!(!is_known(&alice));
    assert_eq!(alice.ok(&["digest"]), bob.ok(&["digest"]));
}

/// The same with more members, so that the old removal is still there, with acknowledgements, where the new
/// one arrives.
#[test]
fn acknowledgements_of_an_earlier_removal_are_not_carried_over() {
    let machine = Machine::new("carried over");
    let stores = [("alice", ALICE), ("bob", BOB), ("dave", DAVE)];
    let [alice, bob, dave] = stores.map(|(name, member)| machine.store(name, member));
    alice.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
    for member in [BOB, CAROL, DAVE, ERIN] {
        alice.ok(&["member", "add", member]);
    }
    machine.pass(10);
    alice.ok(&["member", "remove", CAROL]);
    carry(&alice, &dave);
    carry(&dave, &bob);
    assert_eq!(acknowledged(&bob), [ALICE, BOB, DAVE]);
    machine.pass(10);
    alice.ok(&["member", "add", CAROL]);
    machine.pass(10);
    alice.ok(&["member", "remove", CAROL]);
    carry(&alice, &bob);
    assert_eq!(acknowledged(&bob), [ALICE, BOB], "Dave has seen the first removal only");
    carry(&dave, &alice);
    assert_eq!(acknowledged(&alice), [ALICE]);
}

fn acknowledged(store: &Store<'_>) -> Vec<String> {
    let carol = store.json(&["member", "show", CAROL]);
    carol["ack_vector"].as_object().expect("acknowledgements").keys().cloned().collect()
}
