//! `member`: add, remove, role, list, show; who may do what.

use crate::application::Application;
use crate::support::*;
use serde_json::json;

const DAVE: &str = "dave-snow-field-moss";

#[test]
fn add_and_list() {
    // The guide's `test_member_add_and_list`.
    let machine = Machine::new("guide: add and list");
    let store = machine.store("s", "alice-bob-charlie-delta");
    store.ok(&["entity", "create", "group:test", "--name", "Test"]);
    let id = store.ok(&["member", "add", "echo-foxtrot-golf-hotel", "--role", "member"]);
    assert_eq!(id, "echo-foxtrot-golf-hotel");
    let list = store.json(&["member", "list"]);
    assert_eq!(column(&list, "member_id"), ["alice-bob-charlie-delta", "echo-foxtrot-golf-hotel"]);
    assert_eq!(column(&list, "role"), ["owner", "member"]);
}

#[test]
fn a_member_has_the_fields_of_the_schema() {
    let machine = Machine::new("fields");
    let store = machine.group("s", &[CAROL]);
    machine.pass(60);
    store.ok(&["member", "add", BOB]);
    let added = machine.now();
    let list = store.json(&["member", "list"]);
    assert_eq!(
        list[1],
        json!({
            "member_id": BOB, "role": "member", "joined_at": added, "updated_at": added,
            "deleted": false, "deleted_at": 0, "deleted_by": null, "ack_vector": {},
        })
    );
    let dump = store.json(&["doc", "dump", "core"]);
    assert_eq!(dump["active_members"], json!({ALICE: true, BOB: true, CAROL: true}));
    assert_eq!(dump["members"][BOB]["joined_at"], added);

    machine.pass(60);
    store.ok(&["member", "remove", BOB]);
    let all = store.json(&["member", "list", "--all"]);
    let removed = &all[1];
    assert_eq!(removed["deleted"], true);
    assert_eq!(removed["deleted_at"], machine.now());
    assert_eq!(removed["deleted_by"], ALICE);
}

#[test]
fn removed_members_are_listed_only_on_demand() {
    let machine = Machine::new("all");
    let store = machine.group("s", &[BOB, CAROL]);
    store.ok(&["member", "remove", BOB]);
    assert_eq!(store.column(&["member", "list"], "member_id"), [ALICE, CAROL]);
    let all = store.json(&["member", "list", "--all"]);
    assert_eq!(column(&all, "member_id"), [ALICE, BOB, CAROL]);
    assert_eq!(all[1]["ack_vector"], json!({ALICE: START}));
    assert_eq!(
        store.json(&["doc", "dump", "core"])["active_members"],
        json!({ALICE: true, CAROL: true})
    );
    assert_eq!(store.ok(&["member", "list", "-o", "id"]), format!("{ALICE}\n{CAROL}"));
}

#[test]
fn show_takes_prefixes() {
    let machine = Machine::new("prefixes");
    let store = machine.group("s", &[BOB, "carol-sun-rain-wind", CAROL]);
    assert_eq!(store.json(&["member", "show", "bob-"])["member_id"], BOB);
    assert_eq!(store.json(&["member", "show", BOB])["role"], "member");
    let piped = store.ok(&["member", "show", "bob-"]);
    assert!(piped.contains(&format!("member_id\t{BOB}\n")), "{piped}");
    let run = store.run(&["member", "show", "carol"]);
    run.fails(4, "names 2 members");
    assert!(run.stderr.contains("carol-sun-rain-wind") && run.stderr.contains(CAROL));
    store.run(&["member", "show", "bob"]).fails(2, "too short");
    store.run(&["member", "show", "zoe-"]).fails(4, "no member");
    store.run(&["member", "remove", "zoe-"]).fails(4, "no member");
    store.run(&["member", "role", "zoe-", "admin"]).fails(4, "no member");
    store.run(&["member", "remove", "carol"]).exits(4);
}

#[test]
fn what_is_so_already_is_no_change() {
    let machine = Machine::new("idempotent");
    let store = machine.group("s", &[BOB, CAROL]);
    let unchanged = |args: &[&str]| {
        let before = store.files();
        let written = store.json(args);
        assert_eq!((&written["changed"], &written["seq"]), (&json!(false), &json!(null)));
        assert_eq!(store.documents(), documents(&before), "{args:?}");
    };
    unchanged(&["member", "add", BOB]);
    unchanged(&["member", "add", BOB, "--role", "member"]);
    unchanged(&["member", "role", BOB, "member"]);
    store.ok(&["member", "remove", BOB]);
    unchanged(&["member", "remove", BOB]);
    // A second role is no addition.
    let run = store.run(&["member", "add", CAROL, "--role", "admin"]);
    run.fails(1, "already a member");
    assert!(run.stderr.contains("member role"), "{}", run.stderr);
    store.run(&["member", "role", BOB, "admin"]).fails(1, "was removed");
}

fn documents(
    files: &std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>,
) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let is_document = |path: &&std::path::PathBuf| path.extension().is_some_and(|e| e == "yrs");
    files.keys().filter(is_document).map(|path| (path.clone(), files[path].clone())).collect()
}

/// One member of every role, named after it.
fn of_every_role<'m>(machine: &'m Machine, name: &str) -> Store<'m> {
    let store = machine.group(name, &[]);
    for role in ["owner", "admin", "member", "viewer", "guest"] {
        store.ok(&["member", "add", &format!("one-{role}"), "--role", role]);
        store.ok(&["member", "add", &format!("two-{role}"), "--role", role]);
    }
    store
}

#[test]
fn who_may_add_whom() {
    let machine = Machine::new("matrix: add");
    let store = of_every_role(&machine, "s");
    for (actor, may) in [
        ("owner", &["owner", "admin", "member", "viewer", "guest"][..]),
        ("admin", &["member", "viewer", "guest"]),
        ("member", &[]),
        ("viewer", &[]),
        ("guest", &[]),
    ] {
        for role in ["owner", "admin", "member", "viewer", "guest"] {
            let (actor, member) = (format!("one-{actor}"), format!("{actor}-adds-{role}"));
            let run = store.run(&["member", "add", &member, "--role", role, "--as", &actor]);
            if may.contains(&role) {
                run.exits(0);
            } else {
                run.fails(1, "may not add");
                assert!(run.stderr.contains(&actor), "{}", run.stderr);
            }
        }
    }
}

#[test]
fn who_may_remove_and_appoint_whom() {
    let machine = Machine::new("matrix: remove");
    let store = of_every_role(&machine, "s");
    for (actor, may) in [
        ("admin", &["member", "viewer", "guest"][..]),
        ("member", &[]),
        ("viewer", &[]),
        ("guest", &[]),
        ("owner", &["owner", "admin", "member", "viewer", "guest"]),
    ] {
        let actor = format!("one-{actor}");
        for role in ["owner", "admin", "member", "viewer", "guest"] {
            let other = format!("two-{role}");
            let run = store.run(&["member", "remove", &other, "-n", "--as", &actor]);
            run.exits(if may.contains(&role) { 0 } else { 1 });
            // Appointing from this role to member (or guest), and to this role.
            let to = if role == "member" { "guest" } else { "member" };
            let run = store.run(&["member", "role", &other, to, "-n", "--as", &actor]);
            run.exits(if may.contains(&role) { 0 } else { 1 });
        }
        for to in ["owner", "admin"] {
            let run = store.run(&["member", "role", "two-guest", to, "-n", "--as", &actor]);
            run.exits(if actor == "one-owner" { 0 } else { 1 });
        }
    }
}

#[test]
fn who_may_write_and_moderate() {
    let machine = Machine::new("matrix: chat");
    let store = of_every_role(&machine, "s");
    for role in ["owner", "admin", "member", "viewer", "guest"] {
        let (writes, moderates) =
            (!["viewer", "guest"].contains(&role), ["owner", "admin"].contains(&role));
        let actor = format!("one-{role}");
        let run = store.run(&["chat", "send", "mine", "--as", &actor]);
        let theirs = store.ok(&["chat", "send", "theirs", "--as", "two-member"]);
        if writes {
            let id = run.ok();
            store.ok(&["chat", "edit", &id, "mine still", "--as", &actor]);
            store.ok(&["chat", "delete", &id, "--as", &actor]);
        } else {
            run.fails(1, "may only read");
        }
        // Everybody edits only what they wrote, owners too.
        let edit = store.run(&["chat", "edit", &theirs, "changed", "--as", &actor]);
        edit.exits(1);
        let delete = store.run(&["chat", "delete", &theirs, "--as", &actor]);
        delete.exits(if moderates { 0 } else { 1 });
        // Everybody reads.
        store.ok(&["chat", "list", "--as", &actor]);
        let rename = store.run(&["entity", "rename", role, "-n", "--as", &actor]);
        rename.exits(if moderates { 0 } else { 1 });
    }
    store.run(&["chat", "send", "x", "--as", "nobody-here"]).fails(1, "not an active member");
}

#[test]
fn anyone_may_leave_but_the_last_owner() {
    let machine = Machine::new("last owner");
    let store = of_every_role(&machine, "s");
    for role in ["guest", "viewer", "member", "admin", "owner"] {
        let member = format!("one-{role}");
        store.ok(&["member", "remove", &member, "--as", &member]);
    }
    store.ok(&["member", "remove", "two-owner"]);
    let before = store.documents();
    let run = store.run(&["member", "remove", ALICE]);
    run.fails(1, "last owner");
    assert!(run.stderr.contains("member role"), "{}", run.stderr);
    store.run(&["member", "role", ALICE, "admin"]).fails(1, "last owner");
    assert_eq!(store.documents(), before);
    store.ok(&["member", "role", "two-admin", "owner"]);
    store.ok(&["member", "role", ALICE, "guest"]);
    let roles = store.json(&["member", "show", ALICE])["role"].clone();
    assert_eq!(roles, "guest");
    // Whoever has left cannot act any more.
    store.run(&["chat", "send", "x", "--as", "one-member"]).fails(1, "not an active member");
}

#[test]
fn a_removed_member_comes_back_with_a_clean_record() {
    let machine = Machine::new("re-add");
    let store = machine.group("s", &[BOB, CAROL]);
    store.ok(&["member", "remove", BOB]);
    machine.pass(60);
    store.ok(&["member", "add", BOB, "--role", "admin"]);
    let bob = store.json(&["member", "show", BOB]);
    assert_eq!(bob["role"], "admin");
    assert_eq!(bob["deleted"], false);
    assert_eq!(bob["deleted_at"], 0);
    assert_eq!(bob["joined_at"], machine.now());
    assert_eq!(bob["ack_vector"], json!({}));
    assert_eq!(store.json(&["tombstone", "list"]), json!([]));
    store.ok(&["chat", "send", "back again", "--as", BOB]);
}

#[test]
fn a_pruned_member_comes_back_again_and_again() {
    let machine = Machine::new("re-add after pruning");
    let store = machine.group("s", &[]);
    for round in 0..4 {
        machine.pass(60);
        store.ok(&["member", "add", BOB]);
        assert_eq!(store.column(&["member", "list"], "member_id"), [ALICE, BOB], "{round}");
        store.ok(&["chat", "send", &format!("round {round}"), "--as", BOB]);
        // Alice is the only one left, and she has acknowledged: it is pruned at once.
        store.ok(&["member", "remove", BOB]);
        assert_eq!(store.column(&["member", "list", "--all"], "member_id"), [ALICE], "{round}");
    }
    store.ok(&["member", "add", BOB, "--role", "viewer"]);
    let peer = machine.replica_of(&store, "peer", DAVE);
    assert_eq!(peer.json(&["member", "list"]), store.json(&["member", "list"]));
    assert_eq!(peer.digest(), store.digest());
}

#[test]
fn an_entity_that_has_nobody_takes_its_first_member_as_owner() {
    let machine = Machine::new("nobody");
    let store = machine.fixture("real-store");
    assert_eq!(store.json(&["member", "list", "-e", "empty-one"]), json!([]));
    store.ok(&["member", "add", ALICE, "-e", "empty-one", "--as", ALICE]);
    assert_eq!(store.column(&["member", "list", "-e", "empty-one"], "role"), ["owner"]);
    store.run(&["member", "add", BOB, "-e", "empty-one", "--as", BOB]).fails(1, "not an active");
}

#[test]
fn members_of_the_real_application_are_read_as_they_are() {
    let machine = Machine::new("real members");
    let store = machine.fixture("real-store");
    let list = store.json(&["member", "list", "-e", GROUP]);
    assert_eq!(
        column(&list, "member_id"),
        ["baize-enhance-alice-betty", "deborah-shanghai-khartoum-price"]
    );
    assert_eq!(column(&list, "role"), ["admin", "owner"]);
    let all = store.json(&["member", "list", "--all", "-e", GROUP]);
    assert_eq!(all.as_array().map(Vec::len), Some(3));
    assert_eq!(all[1]["deleted_by"], "deborah-shanghai-khartoum-price");
    assert_eq!(all[1]["deleted_at"], 1_792_627_200);
}

/// Two programs that each make a record of a member, and remove that member: one record is in the place of
/// the other.
#[test]
fn of_the_removals_in_two_records_of_one_member_the_later_one_counts() {
    for (first, second) in [(50, 90), (90, 50)] {
        let machine = Machine::new("removed in two records");
        let store = machine.group("store", &[BOB]);
        let doc = format!("{GROUP}:core");
        let base = std::fs::read(store.document(&doc)).unwrap();
        machine.pass(100);
        for (client, by, after) in [(8, ALICE, first), (9, BOB, second)] {
            let other = Application::open(client, &base);
            other.add_member(CAROL, "member", START + 10);
            other.remove_member(CAROL, by, START + after);
            let file = machine.path("other.bin");
            std::fs::write(&file, other.save()).unwrap();
            store.run(&["sync", "import", "--raw", &doc, &text(&file)]).exits(0);
        }
        let carol = store.json(&["doc", "dump", &doc])["members"][CAROL].clone();
        assert_eq!(carol["deleted"], json!(true));
        assert_eq!(carol["deleted_at"], json!(START + 90), "{first} {second}: {carol}");
    }
}

#[test]
fn who_removes_a_member_for_good_hears_how_to_add_it_again() {
    let machine = Machine::new("removed for good");
    let store = machine.group("store", &[BOB]);
    let run = store.run(&["member", "remove", BOB]);
    run.exits(0);
    assert!(!run.stderr.contains("trash restore"), "{}", run.stderr);
    let (_, said) = run.stderr.split_once("`crdtctl ").expect("a command");
    let (command, _) = said.split_once('`').expect("its end");
    assert!(command.starts_with("member add "), "{command}");
    store.ok(&command.split(' ').collect::<Vec<_>>());
    assert!(store.column(&["member", "list"], "member_id").contains(&BOB.to_owned()));
    // The trash restores everything else.
    let id = store.send("hello");
    store.ok(&["member", "remove", BOB]);
    let run = store.run(&["chat", "delete", &id]);
    assert!(run.exits(0).stderr.contains("trash restore"), "{}", run.stderr);
}
