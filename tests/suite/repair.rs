//! `repair`: only what was named is changed, and the old bytes are kept.

use crate::check::findings;
use crate::damage::{self, CHAT, CORE, quarantine};
use crate::support::*;
use serde_json::Value;
use std::path::Path;

fn ids(found: &[Value]) -> Vec<String> {
    found.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

fn with_stale_meta(machine: &Machine) -> Store<'_> {
    let damage = damage::ALL.iter().find(|damage| damage.kind == "stale-meta").unwrap();
    (damage.make)(machine)
}

#[test]
fn what_can_be_repaired_is_and_the_old_bytes_are_kept() {
    for (at, damage) in damage::ALL.iter().enumerate() {
        let Some(changes) = damage.mends else { continue };
        let machine = Machine::new(&format!("repair {at}"));
        let store = (damage.make)(&machine);
        let finding = findings(&store, &[]).remove(0);
        let (id, doc) =
            (ids(std::slice::from_ref(&finding)).remove(0), finding["doc"].as_str().unwrap());
        let before = store.files();
        let dry = store.run(&["repair", &id, "--dry-run", "--json"]).json();
        assert_eq!(
            (&dry["dry_run"], &dry["repaired"][0]["id"]),
            (&true.into(), &id.clone().into())
        );
        assert_eq!(store.files(), before, "{id}: a dry run writes nothing");

        let copy = machine.path("before");
        copy_tree(&store.dir, &copy);
        // By a prefix, as everywhere.
        let written = store.json(&["repair", &id[..id.len() - 1]]);
        assert_eq!(written["changed"], true, "{id}");
        assert_eq!(store.run(&["check"]).exits(0).stdout.lines().count(), 1, "{id}");
        store.run(&["repair", &id]).fails(4, "finding");

        for (finding, place, bytes) in quarantine(&store) {
            assert_eq!(finding, id);
            let old = before.get(&place);
            assert!(place.ends_with("inbox") || old == Some(&bytes), "{id}: {}", place.display());
        }
        let stem: String = doc.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (name, _) in store.files().iter().filter(|(name, bytes)| {
            name.starts_with("crdt") && before.get(*name).is_none_or(|old| old != *bytes)
        }) {
            assert!(name.to_str().unwrap().contains(&stem), "{id}: {}", name.display());
            let kept = quarantine(&store).iter().any(|row| row.1 == *name);
            assert!(kept || !before.contains_key(name), "{id}: {}", name.display());
        }
        assert_eq!(changed_fields(&copy, &store), changes, "{id}");
    }
}

/// The differences between the records of two stores: collection and fields.
fn changed_fields(old: &Path, new: &Store<'_>) -> Vec<String> {
    let diff = new.run(&["doc", "diff", &text(old), &text(&new.dir), "--json"]).parsed();
    let of = |change: &Value| {
        let fields = keys(&change["fields"]).join(" ");
        format!("{}: {fields}", change["collection"].as_str().unwrap())
    };
    diff.as_array().unwrap().iter().map(of).collect()
}

#[test]
fn what_cannot_be_repaired_names_the_command_and_nothing_is_written() {
    for (at, damage) in damage::ALL.iter().enumerate().filter(|(_, d)| d.mends.is_none()) {
        let machine = Machine::new(&format!("not {at}"));
        let store = (damage.make)(&machine);
        let found = findings(&store, &[]);
        let (id, fix) = (ids(&found).remove(0), found[0]["fix"].as_str().unwrap().to_owned());
        let before = store.files();
        let run = store.run(&["repair", &id]);
        run.fails(1, "cannot be repaired");
        assert!(run.stderr.contains(&fix), "{}", run.stderr);
        assert_eq!(store.files(), before, "{id}");
    }
}

#[test]
fn only_what_is_named_is_touched() {
    let machine = Machine::new("named");
    let store = damage::sound(&machine);
    let metas = [CHAT, CORE].map(|doc| store.document(doc).with_extension("meta"));
    metas.iter().for_each(|meta| std::fs::remove_file(meta).unwrap());
    let found = findings(&store, &[]);
    let of_chat = found.iter().find(|finding| finding["doc"] == CHAT).unwrap();
    let before = store.documents();
    store.ok(&["repair", of_chat["id"].as_str().unwrap()]);
    assert_eq!(metas.each_ref().map(|meta| meta.exists()), [true, false]);
    assert_eq!(store.documents(), before);
    let left = findings(&store, &[]);
    assert_eq!(left.len(), 1);
    // One that exists and one that does not: nothing happens.
    let files = store.files();
    store.run(&["repair", &ids(&left)[0], "lost-fold-000000"]).fails(4, "lost-fold-000000");
    assert_eq!(store.files(), files);
    store.run(&["repair"]).exits(2);
}

#[test]
fn several_findings_are_one_commit() {
    let machine = Machine::new("several");
    let store = damage::sound(&machine);
    damage::edit(&store, CORE, |txn| {
        use yrs::{Map, WriteTxn};
        let active = txn.get_or_insert_map("active_members");
        active.remove(txn, BOB);
        active.remove(txn, CAROL);
    });
    std::fs::remove_file(store.document(CHAT).with_extension("meta")).unwrap();
    let ids = ids(&findings(&store, &[]));
    assert_eq!(ids.len(), 3);
    let args: Vec<&str> = std::iter::once("repair").chain(ids.iter().map(String::as_str)).collect();
    let written = store.json(&args);
    assert_eq!(written["repaired"].as_array().unwrap().len(), 3);
    assert!(written["seq"].is_i64() && written["bytes_after"].as_u64() > Some(0), "{written:#}");
    store.run(&["check"]).exits(0);
    let active = &store.json(&["doc", "dump", CORE])["active_members"];
    assert_eq!(keys(active), [ALICE, BOB, CAROL]);
}

#[test]
fn a_board_is_put_in_order() {
    let expected = |todo: &[&str], done: &[&str], column: &str| {
        let list = |cards: &[&str]| cards.iter().map(|card| (*card).to_owned()).collect();
        (vec![list(todo), list(done)], column.to_owned())
    };
    for (kind, after) in [
        ("card-in-two-columns", vec![expected(&["card-1"], &[], "todo")]),
        (
            "card-in-no-column",
            vec![expected(&[], &["card-1"], "done"), expected(&["card-1"], &[], "todo")],
        ),
    ] {
        let damages = damage::ALL.iter().filter(|damage| damage.kind == kind);
        for (at, (damage, after)) in damages.zip(after).enumerate() {
            let machine = Machine::new(&format!("board {kind} {at}"));
            let store = (damage.make)(&machine);
            let id = ids(&findings(&store, &[])).remove(0);
            store.ok(&["repair", &id]);
            assert_eq!(damage::shown_board(&store), after, "{id}");
        }
    }
}

#[test]
fn content_survives_the_repair_of_files() {
    for kind in ["missing-file", "foreign-replacement", "lost-fold", "stale-meta"] {
        let damage = damage::ALL.iter().find(|damage| damage.kind == kind).unwrap();
        let machine = Machine::new(&format!("content {kind}"));
        let store = (damage.make)(&machine);
        // A file that is gone does not count until it is back.
        let digest = match kind {
            "missing-file" => damage::sound(&Machine::new("content missing-file")).digest(),
            _ => store.digest(),
        };
        store.ok(&["repair", &ids(&findings(&store, &[]))[0]]);
        assert_eq!(store.digest(), digest, "{kind}");
        // And the replica works.
        store.send("afterwards");
        store.run(&["check"]).exits(0);
    }
}

#[test]
fn a_repaired_meta_keeps_what_others_wrote_into_it() {
    let machine = Machine::new("meta");
    let store = with_stale_meta(&machine);
    store.ok(&["repair", &ids(&findings(&store, &[]))[0]]);
    let file = store.document(CHAT);
    let meta: Value =
        serde_json::from_slice(&std::fs::read(file.with_extension("meta")).unwrap()).unwrap();
    let bytes = std::fs::read(file).unwrap();
    assert_eq!((&meta["theirs"], &meta["bytes"]), (&"kept".into(), &bytes.len().into()));
    assert_eq!(meta["blake3"], blake3::hash(&bytes).to_hex().as_str());
}

/// A repair of files alone is committed once they are written.
#[test]
fn a_repair_of_a_file_that_cannot_be_written_has_committed_nothing() {
    let machine = Machine::new("meta that cannot be written");
    let store = with_stale_meta(&machine);
    let id = ids(&findings(&store, &[])).remove(0);
    let in_the_way = store.document(CHAT).with_extension("meta.tmp");
    std::fs::create_dir(&in_the_way).unwrap();
    let run = store.run(&["repair", &id, "--json"]);
    run.exits(74);
    let error: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["message"], "not everything was repaired");
    assert!(error["error"].get("committed").is_none(), "{}", run.stderr);
    std::fs::remove_dir(&in_the_way).unwrap();
    store.ok(&["repair", &id]);
    store.run(&["check"]).exits(0);
}

/// What is wrong with a file is not known while it cannot be read.
#[test]
fn a_finding_in_a_file_that_cannot_be_read_is_not_called_gone() {
    let machine = Machine::new("meta that cannot be read");
    let store = with_stale_meta(&machine);
    let id = ids(&findings(&store, &[])).remove(0);
    store.run(&["repair", "no-such-finding"]).exits(4);
    let meta = store.document(CHAT).with_extension("meta");
    let aside = meta.with_extension("aside");
    std::fs::rename(&meta, &aside).unwrap();
    std::fs::create_dir(&meta).unwrap();
    let run = store.run(&["repair", &id, "--json"]);
    run.exits(74);
    let error: Value = serde_json::from_str(run.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(error["error"]["message"], format!("could not look for finding {id:?}"));
    assert!(run.stderr.contains(".meta is not read: "), "{}", run.stderr);
    std::fs::remove_dir(&meta).unwrap();
    std::fs::rename(&aside, &meta).unwrap();
    store.ok(&["repair", &id]);
}

#[test]
fn a_restored_store_goes_on_as_a_new_replica() {
    let machine = Machine::new("restored");
    let damage = damage::ALL.iter().find(|damage| damage.kind == "clock-below-lease").unwrap();
    let store = (damage.make)(&machine);
    let run = store.run(&["repair", &ids(&findings(&store, &[]))[0]]);
    run.exits(0);
    assert!(run.stderr.contains("new replica"), "{}", run.stderr);
    assert_eq!(run.stderr.matches("new replica").count(), 1);
    let next = store.run(&["chat", "send", "on"]);
    assert!(!next.stderr.contains("new replica"), "{}", next.stderr);
}
