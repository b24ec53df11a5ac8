//! `entity`: create, list, show, rename, use.

use crate::support::*;
use serde_json::json;

#[test]
fn create_prints_the_entity_and_makes_its_creator_the_owner() {
    let machine = Machine::new("create");
    let store = machine.store("s", ALICE);
    let run = store.run(&["entity", "create", GROUP, "--name", "Ocean friends"]);
    assert_eq!(run.exits(0).stdout, format!("{GROUP}\n"));
    assert!(run.stderr.contains(ALICE), "{}", run.stderr);

    let show = store.json(&["entity", "show"]);
    assert_eq!(show["entity"], GROUP);
    assert_eq!(show["entity_id"], "ocean-forest-moon-star");
    assert_eq!(show["entity_type"], "group");
    assert_eq!(show["name"], "Ocean friends");
    assert_eq!(show["description"], "");
    assert_eq!(show["four_words"], "ocean-forest-moon-star");
    assert_eq!(show["created_at"], START);
    assert_eq!(show["created_by"], ALICE);
    assert_eq!(column(&show["members"], "member_id"), [ALICE]);
    assert_eq!(column(&show["members"], "role"), ["owner"]);
    assert_eq!(column(&show["documents"], "doc_id"), [format!("{GROUP}:core")]);
}

#[test]
fn every_type_of_the_guide_can_be_created() {
    let machine = Machine::new("types");
    let store = machine.store("s", ALICE);
    for kind in ["group", "channel", "project", "organization"] {
        let entity = format!("{kind}:one");
        assert_eq!(store.ok(&["entity", "create", &entity, "--name", kind]), entity);
        let show = store.json(&["entity", "show", &entity]);
        assert_eq!((&show["entity_type"], &show["name"]), (&json!(kind), &json!(kind)));
        assert_eq!(show["four_words"], "");
    }
    // With a type alone the id is a UUID.
    let minted =
        store.ok(&["entity", "create", "project", "--name", "W", "--description", "A site"]);
    let id = minted.strip_prefix("project:").expect("an id");
    assert_eq!(id.len(), 36);
    let show = store.json(&["entity", "show", id]);
    assert_eq!((&show["entity"], &show["description"]), (&json!(minted), &json!("A site")));
}

#[test]
fn an_entity_is_created_once() {
    let machine = Machine::new("twice");
    let store = machine.group("s", &[]);
    let before = store.documents();
    let run = store.run(&["entity", "create", GROUP, "--name", "Again"]);
    run.fails(1, "exists already");
    assert!(run.stderr.contains("entity show"), "{}", run.stderr);
    assert_eq!(store.documents(), before);
    // If there are members but no metadata, it counts as well.
    let real = machine.fixture("real-store");
    real.run(&["entity", "create", GROUP, "--name", "Mine", "--as", ALICE])
        .fails(1, "exists already");
}

#[test]
fn list_shows_every_entity_of_a_known_concern() {
    let machine = Machine::new("list");
    let store = machine.group("s", &[BOB]);
    assert_eq!(machine.store("empty", ALICE).json(&["entity", "list"]), json!([]));
    store.ok(&["entity", "create", "channel:harbour", "--name", "Harbour"]);
    store.ok(&["chat", "send", "hi", "-e", GROUP]);
    let list = store.json(&["entity", "list"]);
    assert_eq!(column(&list, "entity"), ["channel:harbour", GROUP]);
    assert_eq!(column(&list, "name"), ["Harbour", "Ocean friends"]);
    assert_eq!((&list[0]["members"], &list[1]["members"]), (&json!(1), &json!(2)));
    assert_eq!(list[1]["documents"], json!(["chat", "core"]));
    assert_eq!(store.ok(&["entity", "list", "-o", "id"]), format!("channel:harbour\n{GROUP}"));
    let tsv = store.ok(&["entity", "list"]);
    assert_eq!(tsv.lines().count(), 3);
    assert!(tsv.lines().next().is_some_and(|head| head.contains("entity\t")), "{tsv}");
}

#[test]
fn entities_are_named_by_type_and_id_by_id_or_by_prefix() {
    let machine = Machine::new("names");
    let store = machine.group("s", &[]);
    store.ok(&["entity", "create", "channel:ocean-forest-moon-star", "--name", "Channel"]);
    store.ok(&["entity", "create", "project:website", "--name", "Website"]);
    for (named, entity) in [
        (GROUP, GROUP),
        ("group:ocean", GROUP),
        ("website", "project:website"),
        ("webs", "project:website"),
        ("proj", "project:website"),
    ] {
        assert_eq!(store.json(&["entity", "show", named])["entity"], entity, "{named}");
    }
    for ambiguous in ["ocean-forest-moon-star", "ocean"] {
        let run = store.run(&["entity", "show", ambiguous, "--json"]);
        run.fails(4, GROUP);
        assert!(run.stderr.contains("channel:ocean-forest-moon-star"), "{}", run.stderr);
        assert_eq!(run.error()["code"], "ambiguous");
    }
    let run = store.run(&["entity", "show", "nowhere", "--json"]);
    run.fails(4, "nowhere");
    assert_eq!(run.error()["code"], "not-found");
    store.run(&["entity", "show", "web"]).fails(2, "too short to name an entity");
    // Several entities, none named.
    let run = store.run(&["entity", "show"]);
    run.fails(2, "which entity?");
    assert!(run.stderr.contains("entity use"), "{}", run.stderr);
}

#[test]
fn use_chooses_what_is_meant() {
    let machine = Machine::new("use");
    let store = machine.group("s", &[]);
    store.ok(&["entity", "create", "channel:harbour", "--name", "Harbour"]);
    assert_eq!(store.json(&["entity", "use", "harbour"])["changed"], true);
    assert_eq!(store.json(&["entity", "use", "harbour"])["changed"], false);
    assert_eq!(store.json(&["entity", "show"])["entity"], "channel:harbour");
    assert_eq!(store.json(&["entity", "show", "-e", GROUP])["entity"], GROUP);
    // `use` changes the store's state, not the documents.
    let documents = store.documents();
    store.ok(&["entity", "use", GROUP]);
    assert_eq!(store.documents(), documents);
    assert_eq!(store.json(&["entity", "show"])["entity"], GROUP);
    store.ok(&["entity", "use", "--none"]);
    store.run(&["entity", "show"]).fails(2, "which entity?");
    store.run(&["entity", "use", "nowhere"]).fails(4, "nowhere");
    store.run(&["entity", "use"]).exits(2);
}

#[test]
fn rename_changes_the_name_and_nothing_else() {
    let machine = Machine::new("rename");
    let store = machine.group("s", &[BOB]);
    let before = store.json(&["doc", "dump", "core"]);
    machine.pass(60);
    let run = store.run(&["entity", "rename", "Friends of the ocean"]);
    assert_eq!(run.exits(0).stdout, "");
    assert!(run.stderr.contains("Friends of the ocean"), "{}", run.stderr);
    let mut after = store.json(&["doc", "dump", "core"]);
    assert_eq!(after["metadata"]["name"], "Friends of the ocean");
    assert_eq!(after["metadata"]["updated_at"], machine.now());
    after["metadata"]["name"] = json!("Ocean friends");
    after["metadata"].as_object_mut().unwrap().remove("updated_at");
    let mut before = before;
    before["metadata"].as_object_mut().unwrap().remove("updated_at");
    assert_eq!(after, before);

    assert_eq!(store.json(&["entity", "rename", "Friends of the ocean"])["changed"], false);
    store.run(&["entity", "rename", "Mine", "--as", BOB]).fails(1, "may not rename");
    store.run(&["entity", "rename", "Mine", "--as", CAROL]).fails(1, "not an active member");
    store.run(&["entity", "rename", ""]).fails(2, "empty name");
}

#[test]
fn show_has_every_field_in_every_form() {
    let machine = Machine::new("show");
    let store = machine.fixture("real-store");
    let show = store.json(&["entity", "show", GROUP]);
    let website = "bf76a382e45423822e24843cbfef7ceb0e241864fa5a22bd89fefc5565db6167";
    assert_eq!(show["website_root"], website);
    assert_eq!(show["members"].as_array().map(Vec::len), Some(2));
    assert_eq!(
        column(&show["documents"], "doc_id"),
        ["canvas", "chat", "core"].map(|concern| format!("{GROUP}:{concern}"))
    );
    assert_eq!(show["documents"][1]["limit_bytes"], 10_000_000);
    let piped = store.ok(&["entity", "show", GROUP]);
    assert!(piped.contains(&format!("website_root\t{website}")), "{piped}");
    let table = store.ok(&["entity", "show", GROUP, "-o", "table"]);
    assert!(table.contains("baize-enhance-alice-betty"), "{table}");
    assert_eq!(store.ok(&["entity", "show", GROUP, "-o", "id"]), GROUP);
}
