//! Documents as other programs leave them: honest content is never called damaged, loses nothing, and
//! travels.

use crate::support::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

const PLAN: &str = "notes:x:plan";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/field").join(name)
}

/// A store whose only document was written by another program.
fn store_of<'m>(machine: &'m Machine, name: &str, bytes: &[u8]) -> Store<'m> {
    let store = machine.open(machine.path(name));
    put(&store, PLAN, bytes);
    store
}

fn put(store: &Store<'_>, doc: &str, bytes: &[u8]) {
    let name: String = doc.bytes().map(|byte| format!("{byte:02x}")).collect();
    let dir = store.dir.join("crdt/notes");
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join(format!("{name}.yrs")), bytes).unwrap();
}

fn of_fixture<'m>(machine: &'m Machine, file: &str) -> Store<'m> {
    let name = file.replace('/', "-");
    store_of(machine, &name, &std::fs::read(fixture(file)).unwrap())
}

fn findings(store: &Store<'_>) -> Value {
    let run = store.run(&["check", "--json"]);
    assert!([0, 3].contains(&run.code), "{run:?}");
    serde_json::from_str(&run.stdout).unwrap()
}

fn kinds(store: &Store<'_>) -> Vec<String> {
    let found = findings(store);
    found.as_array().unwrap().iter().map(|f| f["kind"].as_str().unwrap().to_owned()).collect()
}

/// It is whole: nothing is called damaged, and nothing needs recovering.
#[track_caller]
fn is_whole(store: &Store<'_>, expected: &str) {
    let before = store.files();
    assert_eq!(kinds(store), [expected]);
    let run = store.run(&["recover", PLAN, "-O", "recovered"]);
    run.fails(1, &format!("nothing of {PLAN} is damaged"));
    assert!(!store.machine.path("recovered").exists());
    assert_eq!(store.files(), before);
}

fn unhex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap()
}

#[test]
fn what_was_undone_is_read_as_yjs_reads_it() {
    let machine = Machine::new("undone");
    let undone = unhex(concat!(
        "010b01002701016d017402040001000378797a4401010178c40104010102797ac4010401050161a7010002040001",
        "080378797aa70108020400010c0178c4010d010d02797ac4010d010e0161010101000c"
    ));
    let store = store_of(&machine, "undone", &undone);
    is_whole(&store, "missing-meta");
    assert_eq!(store.json(&["doc", "dump", PLAN]), json!({"m": {"t": "xayz"}}));
    travels(&machine, &store);
    // A deleted unit between one unit and itself.
    let store = of_fixture(&machine, "02-healthy-called-damaged/equal-origins.bin");
    is_whole(&store, "missing-meta");
    let dump = store.json(&["doc", "dump", PLAN]);
    assert_eq!((&dump["t"], dump["notes"].as_object().unwrap().len()), (&json!("ab"), 10));
    travels(&machine, &store);
}

#[test]
fn a_value_nested_deep_is_read() {
    let machine = Machine::new("deep");
    let store = of_fixture(&machine, "02-healthy-called-damaged/deep-value.bin");
    is_whole(&store, "missing-meta");
    let dump = store.json(&["doc", "dump", PLAN]);
    assert_eq!(dump["notes"].as_object().unwrap().len(), 20, "{dump}");
    travels(&machine, &store);
}

#[test]
fn what_yrs_does_not_take_is_whole_and_travels() {
    let machine = Machine::new("beyond");
    for (file, rule) in [
        ("02-healthy-called-damaged/text-attribute.bin", "(mixed)"),
        ("04-recover-of-unsupported/format.bin", "(kind)"),
    ] {
        let store = of_fixture(&machine, file);
        is_whole(&store, "missing-meta");
        // Nothing of it is hidden.
        let run = store.run(&["doc", "dump", PLAN]);
        let alone = machine.run(&["doc", "dump", &text(&fixture(file))]);
        assert_eq!(run.exits(0).json(), alone.json());
        let page = |n: usize| {
            (format!("page{n}"), json!({"title": format!("Page {n}"), "body": format!("body {n}")}))
        };
        let right = match rule {
            "(kind)" => json!({"t": "bold and plain", "list": [1, 2], "meta": {"title": "T"}}),
            _ => json!({"pages": (0..12).map(page).collect::<serde_json::Map<String, Value>>()}),
        };
        assert_eq!(alone.json(), right);
        let other = travels(&machine, &store);
        let run = other.run(&["doc", "dump", PLAN]);
        assert_eq!(run.exits(0).json(), alone.json());
        let new = machine.store(&format!("other {}", file.replace('/', "-")), ALICE);
        new.run(&["doc", "load", "--doc", PLAN, &text(&fixture(file))]).exits(0);
        assert_eq!(new.run(&["doc", "dump", PLAN]).exits(0).json(), alone.json());
        // A document of the application keeps it beside its own content.
        let chat = format!("{GROUP}:chat");
        new.run(&["doc", "load", "--doc", &chat, &text(&fixture(file))]).exits(0);
        assert_eq!(new.run(&["doc", "dump", &chat]).exits(0).json(), alone.json());
    }
}

#[test]
fn what_lies_behind_a_gap_is_kept() {
    let machine = Machine::new("gap");
    let (state, missing) = (
        fixture("01-recover-behind-a-gap/state.bin"),
        fixture("01-recover-behind-a-gap/missing.bin"),
    );
    let whole = json!({"t": "one two three ", "m": {"k": 1}});
    let store = of_fixture(&machine, "01-recover-behind-a-gap/state.bin");
    let run = store.run(&["recover", PLAN, "--from", &text(&missing), "-O", "out", "--json"]);
    let fates: Vec<Value> =
        run.json().as_array().unwrap().iter().map(|r| r["state"].clone()).collect();
    assert_eq!(fates, ["whole", "whole"]);
    assert_eq!(machine.open(machine.path("out")).json(&["doc", "dump", PLAN]), whole);
    // Without what fills the gap nothing is called whole.
    let run = store.run(&["recover", PLAN, "-O", "alone", "--json"]);
    let fates: Vec<Value> =
        run.json().as_array().unwrap().iter().map(|r| r["state"].clone()).collect();
    assert_eq!(fates, ["lost", "partial"]);
    // As updates they come in any order.
    for (at, order) in [[&state, &missing], [&missing, &state]].into_iter().enumerate() {
        let store = machine.store(&format!("order {at}"), ALICE);
        let load = |file: &Path| store.run(&["doc", "load", "--doc", PLAN, &text(file)]);
        load(order[0]).exits(7);
        load(order[1]).exits(0);
        assert_eq!(store.json(&["doc", "dump", PLAN]), whole, "{at}");
        assert_eq!(kinds(&store), [""; 0]);
    }
}

#[test]
fn a_record_of_which_announced_blocks_are_missing_is_partial() {
    let machine = Machine::new("cut");
    let store = of_fixture(&machine, "06-whole-when-cut/cut10.bin");
    let run = store.run(&["recover", PLAN, "-O", "out", "--json"]);
    let records = run.json();
    let state = |id: &str| {
        let records = records.as_array().unwrap();
        records.iter().find(|record| record["id"] == id).unwrap()["state"].clone()
    };
    assert_eq!(
        [state("cells"), state("metadata"), state("nbformat")],
        ["partial", "partial", "whole"]
    );
    assert!(run.stderr.contains("of 120 blocks announced there, 6 can be read"), "{}", run.stderr);
    // With all of it available it is whole.
    let from = text(&fixture("06-whole-when-cut/whole.bin"));
    let run = store.run(&["recover", PLAN, "--from", &from, "-O", "whole", "--json"]);
    for record in run.json().as_array().unwrap() {
        assert_eq!(record["state"], "whole", "{record}");
    }
    let notebook = of_fixture(&machine, "06-whole-when-cut/whole.bin");
    is_whole(&notebook, "missing-meta");
    let made = machine.open(machine.path("whole"));
    assert_eq!(made.json(&["doc", "dump", PLAN]), notebook.json(&["doc", "dump", PLAN]));
}

#[test]
fn a_write_leaves_other_values_as_they_were_written() {
    let machine = Machine::new("bigint");
    for file in ["03-bigint-rewritten/existing.bin", "03-bigint-rewritten/ids.bin"] {
        let store = of_fixture(&machine, file);
        let typed = |store: &Store<'_>| store.json(&["doc", "dump", PLAN, "--as", "yjs"]);
        let before = typed(&store);
        let small = text(&fixture("03-bigint-rewritten/small.bin"));
        let run = store.json(&["doc", "load", "--doc", PLAN, &small]);
        let account = &run["documents"][0];
        assert_eq!((&account["added"], &account["edited"]), (&json!(1), &json!(0)), "{file}");
        let mut after = typed(&store);
        assert_eq!(
            after.as_object_mut().unwrap().remove("other").unwrap()["v"]["x"]["t"],
            "string"
        );
        assert_eq!(after, before, "{file}");
        // What comes in stays as it was sent, too: in the document, and in what the log sends on.
        let other = travels(&machine, &store);
        assert_eq!(typed(&other)["ids"], before["ids"], "{file}");
        assert_eq!(typed(&other)["limits"], before["limits"], "{file}");
    }
    let [max, float] =
        ["MAX", "FLOAT"].map(|name| text(&fixture(&format!("03-bigint-rewritten/{name}.bin"))));
    machine.run(&["doc", "diff", &max, &float]).exits(3);
    machine.run(&["doc", "diff", &max, &max]).exits(0);
}

#[test]
fn a_client_id_used_twice_is_a_fork_however_long_the_second_text_is() {
    let machine = Machine::new("fork");
    for (ours, theirs) in [("a", "longer"), ("longer", "a")] {
        let file = |name: &str| format!("08-fork-called-invalid/{name}.bin");
        let store = of_fixture(&machine, &file(ours));
        let before = store.documents();
        let run = store.run(&["doc", "load", "--doc", PLAN, &text(&fixture(&file(theirs)))]);
        assert!(
            run.fails(5, "replica-fork").stderr.contains("client id 7, from clock 5"),
            "{run:?}"
        );
        assert_eq!(store.documents(), before);
    }
}

/// A text of one letter with a map in it; the letter is deleted, but was not collected.
#[test]
fn the_shape_of_a_root_does_not_hang_on_what_is_deleted() {
    let machine = Machine::new("shape");
    let store = store_of(&machine, "shape", &unhex("01020100040101740161870100010101010001"));
    is_whole(&store, "missing-meta");
    let other = travels(&machine, &store);
    assert_eq!(other.json(&["doc", "dump", PLAN]), json!({"t": [{}]}));
}

/// Sends all of a store to a new one, which then shows the same, and sends it on.
#[track_caller]
fn travels<'m>(machine: &'m Machine, store: &Store<'_>) -> Store<'m> {
    let name = store.dir.file_name().unwrap().to_str().unwrap().to_owned();
    let (mut from, mut to) = (store.dir.clone(), PathBuf::new());
    for hop in 0..2 {
        to = machine.path(&format!("{name} hop {hop}"));
        let next = machine.store(&format!("{name} hop {hop}"), ALICE);
        let bundle = text(&machine.path(&format!("{name} {hop}.crdt")));
        machine.open(from).ok(&["sync", "export", "--out", &bundle]);
        next.ok(&["sync", "import", &bundle]);
        assert_eq!(next.digest(), store.digest(), "{name}, hop {hop}");
        from = to.clone();
    }
    machine.open(to)
}

/// Documents that Yjs wrote, and for each whether it may hold what yrs does not accept; `None`, with a
/// notice, if Yjs is not installed.
fn by_yjs(dir: &Path, count: usize, seed: u64, what: &str) -> Option<Vec<bool>> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/yjs");
    if !scripts.join("node_modules/yjs").is_dir() {
        skipped("no Yjs; `npm ci --prefix tests/yjs` brings it");
        return None;
    }
    std::fs::create_dir_all(dir).unwrap();
    let mut node = Command::new("node");
    node.arg(scripts.join("documents.mjs")).arg(dir);
    let Ok(output) = node.args([&count.to_string(), &seed.to_string(), what]).output() else {
        skipped("no node here");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Formats, XML, attributes, deep nesting, collected or not, undone and redone: nothing is called damaged,
/// nothing is recovered, and what can be read travels. `FIELD_DOCUMENTS` and `FIELD_SEED` make more and
/// different ones.
#[test]
fn documents_of_yjs_are_never_damaged_and_travel() {
    let (count, seed) =
        (number("FIELD_DOCUMENTS").unwrap_or(60), number("FIELD_SEED").unwrap_or(1));
    for what in ["edited", "undone"] {
        let machine = Machine::new(what);
        let dir = machine.path("documents");
        let Some(rich) = by_yjs(&dir, count as usize, seed, what) else { return };
        let store = machine.open(machine.path("yjs"));
        let doc = |index: usize| format!("notes:{what}:n{index}");
        for index in 0..rich.len() {
            put(&store, &doc(index), &std::fs::read(dir.join(format!("{index}.yrs"))).unwrap());
        }
        let others: Vec<String> = kinds(&store);
        assert!(others.iter().all(|kind| kind == "missing-meta"), "{others:?}");
        if what == "edited" {
            let beyond = rich.iter().filter(|rich| **rich).count();
            assert!(beyond > rich.len() / 8, "the test tests nothing: {beyond}");
        }
        for index in (0..rich.len()).step_by(rich.len() / 6) {
            let out = text(&machine.path("recovered"));
            store.run(&["recover", &doc(index), "-O", &out]).fails(1, "is damaged");
        }
        let bundle = text(&machine.path("all.crdt"));
        let export = store.run(&["sync", "export", "--out", &bundle]);
        assert!(!export.exits(0).stderr.contains("left out"), "{}", export.stderr);
        let other = machine.store("other", ALICE);
        other.ok(&["sync", "import", &bundle]);
        for index in (0..rich.len()).step_by(1 + rich.len() / 12) {
            let args = ["digest", &doc(index)];
            assert_eq!(other.ok(&args), store.ok(&args), "{}", doc(index));
        }
    }
}

/// The same start content, made twice by two programs: reported before it is duplicated.
#[test]
fn a_load_says_what_would_be_there_twice() {
    let machine = Machine::new("twice");
    let store = of_fixture(&machine, "07-load-counts/a.bin");
    let b = text(&fixture("07-load-counts/b.bin"));
    let before = store.files();
    let run = store.run(&["doc", "load", &b, "--doc", PLAN]);
    assert!(run.fails(1, "would be there twice").stderr.contains("--doubled"), "{run:?}");
    assert!(run.stderr.contains("no history in common"), "{run:?}");
    assert_eq!(store.files(), before);
    let run = store.run(&["doc", "load", &b, "--doc", PLAN, "--doubled", "--json", "-n"]);
    let account = &run.exits(0).json()["documents"][0];
    assert_eq!(
        [&account["added"], &account["edited"], &account["roots"]],
        [&json!(1), &json!(1), &json!(["cells", "t"])]
    );
    assert_eq!(store.files(), before);
    let run = store.run(&["doc", "load", &b, "--doc", PLAN, "--doubled"]);
    assert!(run.exits(0).stderr.contains("1 added, 1 edited in cells, t"), "{run:?}");
    let dump = store.json(&["doc", "dump", PLAN]);
    let once = machine.run(&["doc", "dump", &b]).json();
    let count = |of: &Value| of["cells"].as_array().map(Vec::len);
    assert_eq!(
        count(&dump).zip(count(&once)).map(|(both, one)| both == 2 * one),
        Some(true),
        "{dump} {once}"
    );
}
