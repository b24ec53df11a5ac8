//! One document of a store is damaged: it stays as it is, byte for byte, and everything else works as if it
//! were not there.

use crate::check::findings;
use crate::damage::{CHAT, CORE};
use crate::disk_files::{edit, lying, place, put};
use crate::support::*;
use serde_json::json;
use std::path::PathBuf;

const BOARD: &str = "project:gentle-wave-moon-fire:kanban";

/// Alice's store with a group and a project, and Bob's with the same. Alice's chat of the group is truncated;
/// its whole bytes are kept here too.
struct Damaged<'m> {
    alice: Store<'m>,
    bob: Store<'m>,
    file: PathBuf,
    whole: Vec<u8>,
    cut: Vec<u8>,
}

fn damaged(machine: &Machine) -> Damaged<'_> {
    let alice = machine.group("alice", &[BOB]);
    alice.ok(&["entity", "create", PROJECT, "--name", "Harbour"]);
    alice.ok(&["member", "add", BOB, "-e", PROJECT]);
    alice.ok(&["chat", "send", "first light over the harbour", "-e", GROUP]);
    alice.ok(&["kanban", "add", "Paint the boat", "-e", PROJECT]);
    let said = alice.ok(&["chat", "send", "and gone", "-e", PROJECT]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    alice.ok(&["chat", "delete", &said, "-e", PROJECT]);
    let file = alice.document(CHAT);
    let whole = std::fs::read(&file).unwrap();
    let cut = whole[..whole.len() * 2 / 3].to_vec();
    std::fs::write(&file, &cut).unwrap();
    Damaged { alice, bob, file, whole, cut }
}

impl Damaged<'_> {
    /// Runs a command that does what it can and says which document it left out.
    #[track_caller]
    fn leaves_out(&self, args: &[&str], code: i32) -> Run {
        let run = self.alice.run(args);
        run.exits(code);
        assert!(run.stderr.contains(&format!("{CHAT} is left out: ")), "{}", run.stderr);
        let hint = format!("`crdtctl recover {CHAT} -O DIR`");
        assert!(run.stderr.contains(&hint), "{}", run.stderr);
        assert_eq!(std::fs::read(&self.file).unwrap(), self.cut, "{args:?}");
        run
    }

    /// What Bob has of one entity, as a bundle.
    fn bobs(&self, entity: &str, name: &str) -> String {
        let file = text(&self.bob.machine.path(name));
        self.bob.ok(&["sync", "export", "-e", entity, "-O", &file]);
        file
    }
}

#[test]
fn an_import_of_others_goes_through_and_news_for_it_waits() {
    let machine = Machine::new("one damaged: import");
    let it = damaged(&machine);
    it.bob.ok(&["kanban", "add", "Buy paint", "-e", PROJECT]);
    it.bob.ok(&["chat", "send", "I come along", "-e", GROUP]);

    let project = it.bobs(PROJECT, "project.crdt");
    it.alice.run(&["sync", "import", &project]).exits(0);
    let titles = it.alice.column(&["kanban", "list", "-e", PROJECT], "title");
    assert!(titles.contains(&"Buy paint".to_owned()), "{titles:?}");
    assert_eq!(std::fs::read(&it.file).unwrap(), it.cut);

    it.bob.ok(&["kanban", "add", "Sand the hull", "-e", PROJECT]);
    let all = it.bob.export("all.crdt");
    let dry = it.leaves_out(&["sync", "import", "-n", &all], 7);
    assert!(dry.stderr.contains("dry run"), "{}", dry.stderr);
    let import = it.leaves_out(&["sync", "import", &all, "--json"], 7);
    assert_eq!(import.parsed()["waiting"], 1);
    assert!(import.stderr.contains("until the document can be read again"), "{}", import.stderr);
    let titles = it.alice.column(&["kanban", "list", "-e", PROJECT], "title");
    assert!(titles.contains(&"Sand the hull".to_owned()), "{titles:?}");
    // Imported again, it still waits once.
    it.leaves_out(&["sync", "import", &all], 7);

    std::fs::write(&it.file, &it.whole).unwrap();
    it.bob.ok(&["chat", "send", "who else?", "-e", GROUP]);
    let later = it.bobs(GROUP, "later.crdt");
    it.alice.run(&["sync", "import", &later]).exits(0);
    let mut said = it.alice.column(&["chat", "list", "-e", GROUP], "content");
    said.sort();
    assert_eq!(said, ["I come along", "first light over the harbour", "who else?"]);
    it.alice.meet(&it.bob);
    let status = it.alice.json(&["sync", "status"]);
    assert!(status.as_array().unwrap().iter().all(|peer| peer["waiting"] == 0), "{status}");
}

#[test]
fn an_import_goes_through_beside_a_damaged_disk_and_its_files_stay() {
    let machine = Machine::new("one damaged: disk");
    let alice = machine.group("alice", &[BOB]);
    alice.ok(&["entity", "create", PROJECT, "--name", "Harbour"]);
    alice.ok(&["member", "add", BOB, "-e", PROJECT]);
    alice.ok(&["entity", "use", GROUP]);
    put(&alice, "/shared/plan.md", b"one\ntwo\nthree\n");
    let bob = machine.replica_of(&alice, "bob", BOB);
    let disk = alice
        .column(&["doc", "list"], "doc_id")
        .into_iter()
        .find(|doc| doc.starts_with(&format!("{GROUP}:disk")))
        .unwrap();
    let file = alice.document(&disk);
    let whole = std::fs::read(&file).unwrap();
    let cut = whole[..whole.len() * 2 / 3].to_vec();
    std::fs::write(&file, &cut).unwrap();
    // In Alice's directory: a change that was not taken in.
    std::fs::write(place(&alice, "/shared/plan.md"), "zero\none\ntwo\nthree\n").unwrap();

    bob.ok(&["entity", "use", GROUP]);
    edit(&bob, "/shared/plan.md", "three", "drei");
    bob.ok(&["kanban", "add", "Buy paint", "-e", PROJECT]);
    bob.ok(&["disk", "put", &text(&file), "/shared/more.bin", "-e", PROJECT]);
    let import = alice.run(&["sync", "import", &bob.export("all.crdt"), "--json"]);
    import.exits(7);
    assert!(import.stderr.contains(&format!("{disk} is left out: ")), "{}", import.stderr);
    assert!(import.stderr.contains(&format!("the files of {GROUP} are left as they are")));
    assert_eq!(import.parsed()["waiting"], 1);
    let titles = alice.column(&["kanban", "list", "-e", PROJECT], "title");
    assert_eq!(titles, ["Buy paint"]);
    // Files of others are written, those of the damaged document are not touched.
    assert_eq!(alice.ok(&["disk", "list", "-e", PROJECT, "--json"]).matches("more.bin").count(), 1);
    let project = alice.dir.join("disks/entities").join(PROJECT.split_once(':').unwrap().1);
    assert_eq!(std::fs::read(project.join("shared/more.bin")).unwrap(), cut);
    assert_eq!(lying(&alice, "/shared/plan.md"), "zero\none\ntwo\nthree\n");
    assert_eq!(std::fs::read(&file).unwrap(), cut);

    std::fs::write(&file, &whole).unwrap();
    alice.run(&["sync", "import", &bob.export("later.crdt")]).exits(0);
    assert_eq!(lying(&alice, "/shared/plan.md"), "zero\none\ntwo\ndrei\n");
}

#[test]
fn what_is_not_valid_is_refused_for_it_as_for_any_other() {
    let machine = Machine::new("one damaged: hostile");
    let it = damaged(&machine);
    let bad = machine.path("bad.yrs");
    std::fs::write(&bad, b"\x05no update").unwrap();
    let before = it.alice.files();
    let args = ["sync", "import", "--raw", CHAT, &text(&bad)];
    it.alice.run(&args).fails(6, "is not valid");
    assert_eq!(it.alice.files(), before);
}

#[test]
fn commands_about_the_whole_store_do_the_rest_and_end_with_5() {
    let machine = Machine::new("one damaged: all");
    let it = damaged(&machine);
    let tombstones = it.leaves_out(&["tombstone", "list", "--json"], 5).parsed();
    // Failures are reported with `--quiet`, too, and nothing else is.
    for args in [["tombstone", "list", "-q"], ["sync", "status", "-q"]] {
        let run = it.leaves_out(&args, 5);
        assert_eq!(run.stderr.lines().count(), 1, "{args:?}: {}", run.stderr);
    }
    assert_eq!(tombstones.as_array().unwrap().len(), 1, "{tombstones}");
    let status = it.leaves_out(&["sync", "status", "--json"], 5).parsed();
    // Members who never got anything lack what can be read.
    assert_eq!(column(&status, "member"), [BOB]);
    assert_eq!(status[0]["replica_id"], json!(null));
    let lacks = column(&status[0]["they_lack"], "doc");
    assert!(!lacks.is_empty() && !lacks.iter().any(|doc| doc == CHAT), "{lacks:?}");

    let bundle = text(&machine.path("out.crdt"));
    let export = it.leaves_out(&["sync", "export", "-O", &bundle, "--json"], 5).parsed();
    assert_eq!(export["left_out"], json!([CHAT]));
    assert_eq!(export["full"], json!(false), "a bundle without one of them is not full");
    let shown = it.alice.json(&["sync", "show", &bundle]);
    let docs = column(&shown["documents"], "doc");
    assert!(docs.contains(&BOARD.to_owned()) && !docs.contains(&CHAT.to_owned()), "{docs:?}");
    assert_eq!(shown["full"], json!(false));
    it.leaves_out(&["sync", "receipt", "-O", &text(&machine.path("receipt.crdt"))], 5);
    // Requested by name it is an error, and no file is made.
    let named = text(&machine.path("named.crdt"));
    it.alice.run(&["sync", "export", "--doc", CHAT, "-O", &named]).fails(5, "valid document");
    assert!(!machine.path("named.crdt").exists());

    // Bob acknowledges what Alice deleted in the project; the import then prunes it, and nothing is left for
    // `prune`, which looks at everything.
    it.bob.run(&["sync", "import", &bundle]).exits(0);
    let project = it.bobs(PROJECT, "acks.crdt");
    let import = it.alice.run(&["sync", "import", &project, "--json"]);
    assert_eq!(import.exits(0).parsed()["waiting"], 0);
    let pruned: u64 = import.parsed()["documents"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|document| document["pruned"].as_u64())
        .sum();
    assert_eq!(pruned, 1, "{}", import.stdout);
    it.leaves_out(&["prune", "-n"], 5);
    it.leaves_out(&["prune"], 5);
    // There is no store digest of a part of the store.
    it.alice.run(&["digest"]).fails(5, "valid document");
}

#[test]
fn without_its_members_an_entity_keeps_everything_and_others_are_listed() {
    let machine = Machine::new("one damaged: members");
    let alice = machine.group("alice", &[BOB]);
    alice.ok(&["entity", "create", PROJECT, "--name", "Harbour"]);
    let said = alice.ok(&["chat", "send", "gone", "-e", GROUP]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    bob.ok(&["chat", "send", "hello", "-e", GROUP]);
    alice.ok(&["chat", "delete", &said, "-e", GROUP]);
    let file = alice.document(CORE);
    std::fs::write(&file, b"no members").unwrap();

    let list = alice.run(&["entity", "list", "--json"]).exits(5).parsed();
    let row = |id: &str| {
        let rows = list.as_array().unwrap().iter();
        rows.clone().find(|row| row["entity"] == id).unwrap_or_else(|| panic!("{list}")).clone()
    };
    assert_eq!(row(GROUP)["members"], json!(null));
    assert_eq!(row(PROJECT)["members"], json!(1));
    assert_eq!(row(PROJECT)["name"], json!("Harbour"));
    alice.run(&["prune"]).exits(5);
    alice.run(&["tombstone", "list"]).exits(5);

    // The chat is imported, but acknowledged by nobody, and pruned by nobody.
    let bundle = text(&machine.path("chat.crdt"));
    bob.ok(&["sync", "export", "--doc", CHAT, "-O", &bundle]);
    let import = alice.run(&["sync", "import", &bundle]);
    import.exits(0);
    assert!(import.stderr.contains(&format!("{CORE} is left out: ")), "{}", import.stderr);
    let dump = alice.json(&["doc", "dump", CHAT]);
    assert_eq!(dump["messages"].as_object().unwrap().len(), 2, "{dump}");
    assert_eq!(std::fs::read(&file).unwrap(), b"no members");
}

#[test]
fn a_comparison_of_stores_leaves_it_out() {
    let machine = Machine::new("one damaged: diff");
    let it = damaged(&machine);
    let [old, new] = [&it.bob, &it.alice].map(|store| text(&store.dir));
    it.bob.ok(&["kanban", "add", "Buy paint", "-e", PROJECT]);
    let changes = it.leaves_out(&["doc", "diff", &old, &new, "--json"], 5).parsed();
    let docs = column(&changes, "doc");
    assert!(docs.contains(&BOARD.to_owned()) && !docs.contains(&CHAT.to_owned()), "{docs:?}");
    let alone = it.leaves_out(&["doc", "diff", &new, &new, "--json"], 5);
    assert_eq!(alone.parsed(), json!([]));
}

/// A link, or a directory, in the place of a document is not followed; nothing may pass over it in silence.
#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_document_is_named() {
    let machine = Machine::new("one damaged: link");
    let alice = machine.group("alice", &[BOB]);
    alice.ok(&["chat", "send", "first light over the harbour"]);
    let (file, aside) = (alice.document(CHAT), machine.path("aside.yrs"));
    std::fs::rename(&file, &aside).unwrap();
    let out = text(&machine.path("out.crdt"));
    let whole = |link: &str| {
        for args in [
            ["sync", "export", "-O", &out].as_slice(),
            &["doc", "size"],
            &["tombstone", "list"],
            &["archive", "run", "-n"],
            &["sync", "status"],
            &["sync", "receipt", "-O", &out],
        ] {
            let run = alice.run(args);
            assert!(
                run.stderr.contains(&format!("{CHAT} is left out: ")),
                "{link} {args:?} {run:?}"
            );
            assert!(run.stderr.contains("put the real file in its place"), "{args:?} {run:?}");
            run.exits(5);
        }
        let findings = alice.run(&["check", "-o", "tsv"]).exits(3).stdout.clone();
        assert!(findings.contains(".yrs"), "{findings}");
        alice.run(&["digest"]).fails(1, "links are not followed");
        alice.run(&["chat", "list"]).fails(1, "links are not followed");
        alice.run(&["chat", "send", "x"]).fails(1, "links are not followed");
    };
    std::os::unix::fs::symlink(&aside, &file).unwrap();
    whole("a link");
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    whole("a directory");
    std::fs::remove_dir(&file).unwrap();
    std::fs::rename(&aside, &file).unwrap();
    alice.run(&["digest"]).exits(0);

    let (home, moved) = (file.parent().unwrap(), machine.path("elsewhere"));
    std::fs::rename(home, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, home).unwrap();
    for args in [["chat", "list"].as_slice(), &["sync", "export", "-O", &out], &["digest"]] {
        alice.run(args).fails(1, "put the real directory in its place");
    }
    let findings = alice.run(&["check", "-o", "tsv"]).exits(3).stdout.clone();
    assert!(findings.contains("symbolic link"), "{findings}");
}

#[test]
fn a_document_whose_file_is_gone_is_read_from_the_log_and_goes_to_others() {
    let machine = Machine::new("file gone");
    let alice = machine.group("alice", &[BOB]);
    let said = alice.send("hello");
    std::fs::remove_dir_all(alice.dir.join("crdt")).unwrap();
    assert!(alice.column(&["doc", "list"], "doc_id").contains(&CHAT.to_owned()));
    assert_eq!(alice.column(&["chat", "list"], "id"), [&*said]);
    let bob = machine.replica_of(&alice, "bob", BOB);
    assert_eq!(bob.column(&["chat", "list"], "id"), [&*said]);
    alice.send("again");
    let found = alice.run(&["check", "--json"]);
    found.exits(3);
    let found = column(&found.parsed(), "id");
    let ids = found.iter().map(String::as_str);
    alice.ok(&["repair"].into_iter().chain(ids).collect::<Vec<_>>());
    assert_eq!(alice.run(&["check"]).code, 0);
}

#[test]
fn a_document_whose_file_is_gone_and_not_all_in_the_log_is_named() {
    let machine = Machine::new("file and log gone");
    let alice = machine.group("alice", &[BOB]);
    alice.send("hello");
    machine.pass(800 * 86_400);
    alice.ok(&["member", "add", CAROL]);
    std::fs::remove_file(alice.document(CHAT)).unwrap();
    let file = text(&machine.path("all.crdt"));
    let run = alice.run(&["sync", "export", "-O", &file]);
    run.exits(5);
    assert!(run.stderr.contains(&format!("{CHAT} is left out: ")), "{}", run.stderr);
    assert_eq!(alice.json(&["sync", "show", &file])["full"], false);
    alice.run(&["chat", "list"]).exits(5);
}

/// Who may do what in an entity, and where its website is, is in its core document; its files are not.
#[test]
fn a_check_names_the_damaged_core_of_an_entity_with_files_beside_all_else() {
    let machine = Machine::new("core and files");
    let store = machine.group("a", &[BOB]);
    put(&store, "/shared/p.md", b"a page\n");
    store.send("hello");
    let core = std::fs::read(store.document(CORE)).unwrap();
    std::fs::write(store.document(CORE), &core[..100]).unwrap();
    std::fs::remove_file(store.document(CHAT).with_extension("meta")).unwrap();
    let mut repair = String::new();
    for args in [&[][..], &["--deep"], &["-e", GROUP]] {
        let found = json!(findings(&store, args));
        assert_eq!(column(&found, "kind"), ["missing-meta", "undecodable"], "{args:?}");
        repair = column(&found, "id").swap_remove(0);
    }
    store.ok(&["repair", &repair]);
    assert_eq!(column(&json!(findings(&store, &[])), "kind"), ["undecodable"]);
}
