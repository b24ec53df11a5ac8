//! Power cuts at any moment of a command.
//!
//! More than a kill: what the command wrote but did not sync may be gone, in part or out of order
//! ([`super::disk`]). For each such disk:
//!
//! - the store can be read, and the command has happened or not, in every document alike;
//! - a command that had ended with exit 0 has happened;
//! - the next command works, and `check` then finds nothing;
//! - the store still fits what other replicas have: no client id wrote two different things.
//!
//! `CRDTCTL_POWER=1000` tries more of them, `CRDTCTL_POWER_SEED=2` others.

use super::crash::{Content, founded, prepared, ready_to_import, shape};
use super::disk::{Disk, Loss};
use super::support::{Machine, Store, number, skipped, temporary, text};
use crdtctl::sample::Chance;

const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
/// Number of disks tried by default, for one command.
const QUICK: u64 = 12;

/// Cuts the power of a command at random moments, and always at its end.
fn cut(store: &Store<'_>, args: &[&str]) {
    let before = Content::of(store);
    let Some((run, disk)) = Disk::watch(store.machine, &prepared(store, args)) else {
        return skipped("there is no strace here");
    };
    run.ok();
    let after = shape(&Content::of(store));
    assert_ne!(shape(&before), after, "{args:?} changes nothing");
    // An import may report findings; the power cut must add none.
    let findings = store.run(&["check"]).stdout;
    // What others have of it: the power cut comes before or after they receive it.
    let world = temporary();
    let abroad = text(&world.path().join("abroad.crdt"));
    store.ok(&["sync", "export", "-O", &abroad]);
    let seed = number("CRDTCTL_POWER_SEED").unwrap_or(1);
    let mut chance = Chance::new(seed);
    let (mut undone, mut done) = (0, 0);
    let end = disk.calls() as u64;
    let mut moments: Vec<(u64, Loss)> = Loss::ALL.map(|loss| (end, loss)).to_vec();
    for _ in Loss::ALL.len() as u64..number("CRDTCTL_POWER").unwrap_or(QUICK) {
        let loss = *chance.pick(&Loss::ALL).expect("one of them");
        moments.push((chance.below(end + 1), loss));
    }
    for (moment, loss) in moments {
        let moment = usize::try_from(moment).expect("few");
        disk.cut(moment, loss, &mut chance);
        let what = format!("{args:?}, {loss:?} lost {}, seed {seed}", disk.name(moment));
        let has_ended = moment == disk.calls();
        let found = Content::of(store);
        let happened = shape(&found) == after;
        assert!(happened || found == before, "{what}: half of it: {found:?}");
        assert!(happened || !has_ended, "{what}: it had ended, and is gone");
        store.run(&["--as", ALICE, "chat", "send", "the next command"]).ok();
        let mut last = Content::of(store);
        last.forget("the next command");
        assert!(shape(&last) == shape(&found), "{what}: other content later: {last:?}");
        let checked = |when: &str| {
            let found = store.run(&["check"]);
            let as_without = found.code == 0 || happened && found.stdout == findings;
            assert!(as_without, "{what}, {when}: {found:?}");
        };
        checked("then");
        if has_ended {
            store.run(&["sync", "import", &abroad]).ok();
            checked("when what is abroad came back");
        }
        *(if happened { &mut done } else { &mut undone }) += 1;
    }
    eprintln!("{args:?}: {} calls; {undone} disks before it, {done} after", disk.calls());
    assert!(done >= Loss::ALL.len(), "{args:?}: {done} disks on which it has happened");
}

#[test]
fn a_power_cut_takes_no_message_that_was_sent() {
    let machine = Machine::new("power, send");
    let store = founded(&machine);
    store.ok(&["chat", "send", "the first"]);
    cut(&store, &["chat", "send", "the second"]);
}

/// Only SQLite's log is synced, and it stays in place.
#[test]
fn a_power_cut_takes_no_message_whose_file_is_written_later() {
    let machine = Machine::new("power, send, later");
    let store = founded(&machine);
    store.ok(&["chat", "send", "the first"]);
    cut(&store, &["chat", "send", "the second", "--fold", "later"]);
}

/// In a log that already holds other entries.
#[test]
fn a_power_cut_takes_no_message_behind_others_whose_file_is_written_later() {
    let machine = Machine::new("power, send, later again");
    let store = founded(&machine);
    store.ok(&["chat", "send", "the first"]);
    store.ok(&["chat", "send", "the second", "--fold", "later"]);
    store.ok(&["chat", "send", "the third", "--fold", "later"]);
    cut(&store, &["chat", "send", "the fourth", "--fold", "later"]);
}

#[test]
fn a_power_cut_takes_nothing_that_was_left_while_it_is_written() {
    let machine = Machine::new("power, fold");
    let store = founded(&machine);
    store.ok(&["chat", "send", "the first"]);
    store.ok(&["chat", "send", "the second", "--fold", "later"]);
    cut(&store, &["chat", "send", "the third"]);
}

#[test]
fn a_power_cut_takes_no_document_of_an_import() {
    let machine = Machine::new("power, import");
    let (store, bundle) = ready_to_import(&machine);
    cut(&store, &["sync", "import", &bundle]);
}

/// Tombstones and what they leave in two documents.
#[test]
fn a_power_cut_takes_no_removal_by_half() {
    let machine = Machine::new("power, remove");
    let store = founded(&machine);
    let message = store.ok(&["chat", "send", "goes"]).trim().to_owned();
    store.ok(&["chat", "send", "stays"]);
    store.ok(&["chat", "delete", &message]);
    cut(&store, &["member", "remove", BOB, "--yes"]);
}

/// The first write into a directory that another program made, which makes it a replica.
#[test]
fn a_power_cut_takes_no_first_command() {
    let machine = Machine::new("power, first");
    let store = founded(&machine);
    store.ok(&["chat", "send", "the first"]);
    for name in ["crdtctl.db", "crdtctl.db-wal", "crdtctl.db-shm"] {
        let file = store.dir.join(name);
        if file.exists() {
            std::fs::remove_file(file).expect("the local state goes");
        }
    }
    cut(&store, &["--as", ALICE, "chat", "send", "the second"]);
}
