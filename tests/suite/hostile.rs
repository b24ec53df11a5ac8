//! Updates that would keep yrs busy for longer than anybody waits.

use crate::support::*;

/// Null under the key "k" of the root map "m", beside all others there.
const VALUE: &[u8] = b"\x28\x01\x01m\x01k\x01\x7e";

/// A number in lib0's encoding, seven bits a byte.
fn var(mut number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
    out
}

/// Imports an update that takes more steps than allowed, and then one that does not.
#[track_caller]
fn is_refused(name: &str, update: Vec<u8>, harmless: Vec<u8>) {
    let machine = Machine::new(name);
    let store = machine.group("store", &[]);
    let file = text(&machine.path("update.yrs"));
    let doc = "group:ocean-forest-moon-star:chat";
    std::fs::write(&file, update).unwrap();
    let before = store.files();
    let run = store.run(&["sync", "import", "--raw", doc, &file]);
    run.fails(6, "would take too long to be merged");
    assert!(run.stderr.contains("more than 10000000 steps of merging"), "{}", run.stderr);
    assert_eq!(store.files(), before);
    // The form is not the reason for the refusal.
    std::fs::write(&file, harmless).unwrap();
    store.ok(&["sync", "import", "--raw", doc, &file]);
    store.run(&["check", "--deep"]).exits(0);
}

#[test]
fn many_clients_on_one_key_are_refused() {
    let update = |count: u64| {
        let clients =
            (0..count).rev().flat_map(|at| [vec![1], var(77 + at), vec![0], VALUE.into()]);
        [var(count), clients.flatten().collect(), vec![0]].concat()
    };
    is_refused("clients on one key", update(10_000), update(100));
}

#[test]
fn many_deletions_in_one_long_run_are_refused() {
    let update = |count: u64| {
        let run = [b"\x01\x01\x4d\x00\x08\x01\x01a".to_vec(), var(count)].concat();
        let nulls = vec![0x7e; usize::try_from(count).unwrap()];
        let deleted = (0..count).step_by(2).flat_map(|at| [var(at), vec![1]].concat());
        [run, nulls, vec![1, 0x4d], var(count / 2), deleted.collect()].concat()
    };
    is_refused("every second value", update(80_000), update(100));
}
