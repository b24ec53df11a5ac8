//! The demonstration does what it says, and its commands can be typed.

use crate::support::*;

#[test]
fn the_journey_ends_with_two_equal_replicas() {
    let machine = Machine::new("demo");
    let run = machine.run(&["demo", "tour"]);
    let shown = run.ok();
    assert!(shown.contains("$ crdtctl init alice --as alice-river-stone-sky"), "{shown}");
    let dir = machine.path("tour");
    let (alice, bob) = (machine.open(dir.join("alice")), machine.open(dir.join("bob")));
    assert_eq!(alice.digest(), bob.digest());
    assert!(shown.contains(&alice.digest()));
    // The lines below a command are its output.
    let digest = format!("$ crdtctl -s alice digest -o id\n{}\n", alice.digest());
    assert!(shown.contains(&digest), "{shown}");
    assert_eq!(alice.column(&["chat", "list"], "content").len(), 3);
    assert_eq!(alice.json(&["tombstone", "list", "--blocked"]).as_array().map(Vec::len), Some(0));
    assert_eq!(alice.column(&["member", "list"], "member_id"), [ALICE, BOB]);
}

#[test]
fn what_the_journey_prints_can_be_typed() {
    let machine = Machine::new("demo script");
    let shown = machine.run(&["demo", "tour"]).ok();
    let script = shown.split_once("The same again by hand:").expect("a script").1;
    // The binary under its own name, ahead of whatever is installed.
    let bin = machine.path("bin");
    std::fs::create_dir(&bin).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_crdtctl"), bin.join("crdtctl")).unwrap();
    std::fs::write(machine.path("tour.sh"), format!("set -eu\n{script}")).unwrap();
    let run = machine.run_through_shell(
        &format!("unset CRDTCTL_SEED; PATH={}:$PATH; . ./tour.sh", bin.display()),
        &[],
    );
    run.exits(0);
    let (alice, bob) = (
        machine.open(machine.path("crdtctl-tour/alice")),
        machine.open(machine.path("crdtctl-tour/bob")),
    );
    assert_eq!(alice.digest(), bob.digest());
    assert!(run.stdout.contains(&alice.digest()), "{}", run.stdout);
}

#[test]
fn without_a_name_the_next_free_folder() {
    let machine = Machine::new("demo folders");
    machine.run(&["demo"]).ok();
    machine.run(&["demo"]).ok();
    assert!(machine.path("crdtctl-demo/alice").is_dir());
    assert!(machine.path("crdtctl-demo-2/alice").is_dir());
    let before = files(&machine.path("crdtctl-demo"));
    machine.run(&["demo", "crdtctl-demo"]).fails(1, "not empty");
    assert_eq!(files(&machine.path("crdtctl-demo")), before);
}

#[test]
fn a_big_store_out_of_a_seed() {
    let machine = Machine::new("demo big");
    let store = |name: &str, seed: &str| {
        let dir = machine.run(&["demo", name, "--messages", "300", "--seed", seed]).ok();
        machine.open(machine.path(&dir))
    };
    let (one, two, other) = (store("one", "7"), store("two", "7"), store("other", "8"));
    let list = one.json(&["chat", "list", "--all"]);
    assert_eq!(list.as_array().map(Vec::len), Some(300));
    let times: Vec<i64> =
        list.as_array().unwrap().iter().filter_map(|m| m["created_at"].as_i64()).collect();
    assert!(times.iter().all(|at| *at <= machine.now()), "nobody writes in the future");
    assert!(times.is_sorted());
    assert_eq!(one.column(&["member", "list"], "member_id").len(), 5);
    assert_eq!(column(&two.json(&["chat", "list", "--all"]), "content"), column(&list, "content"));
    assert_ne!(
        column(&other.json(&["chat", "list", "--all"]), "content"),
        column(&list, "content")
    );
}

#[test]
fn more_than_one_chat_holds_is_written_into_several() {
    let machine = Machine::new("demo chats");
    machine.run(&["demo", "big", "--messages", "20001"]).ok();
    let store = machine.open(machine.path("big"));
    let chats = store.column(&["entity", "list"], "entity");
    assert_eq!(chats, ["channel:ocean-forest-moon-1", "group:ocean-forest-moon-star"]);
    let count = |entity: &str| store.column(&["chat", "list", "--all", "-e", entity], "id").len();
    assert_eq!((count(&chats[0]), count(&chats[1])), (10_000, 10_001));
    // The group is the default, and there is room in it.
    store.send("one more");
    assert_eq!(store.column(&["chat", "list", "--all"], "id").len(), 10_002);
}
