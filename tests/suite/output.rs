//! What people, pipes and programs get: formats, hostile text, closed pipes.

use crate::oracle;
use crate::support::*;
use serde_json::{Value, json};
use std::io::Read;
use std::process::Stdio;
use yrs::{Map, MapPrelim, Text, WriteTxn, Xml, XmlElementPrelim, XmlFragment, XmlTextPrelim};

/// A store with a member, a message and a tombstone: something in every list.
fn lived_in(machine: &Machine) -> Store<'_> {
    let store = machine.group("s", &[BOB]);
    store.send("hello");
    let gone = store.send("gone");
    store.ok(&["chat", "delete", &gone]);
    let peer = machine.replica_of(&store, "peer", BOB);
    peer.give(&store);
    store
}

const LISTS: [&[&str]; 8] = [
    &["entity", "list"],
    &["member", "list", "--all"],
    &["chat", "list", "--all"],
    &["chat", "search", "hello"],
    &["tombstone", "list"],
    &["doc", "list"],
    &["sync", "peers"],
    &["log"],
];

#[test]
fn every_list_has_every_format() {
    let machine = Machine::new("formats");
    let store = lived_in(&machine);
    for list in LISTS {
        let with =
            |format: &str| store.run(&[list, &["-o", format]].concat()).exits(0).stdout.clone();
        let json: Value = serde_json::from_str(&with("json")).unwrap();
        let rows = json.as_array().unwrap_or_else(|| panic!("{list:?}: {json}"));
        // Bob's acknowledgement has pruned the tombstone.
        let tombstones = list[0] == "tombstone";
        assert_eq!(tombstones, rows.is_empty(), "{list:?}: {json}");
        let lines = |format: &str| with(format).lines().count();
        assert_eq!(lines("ndjson"), rows.len(), "{list:?}");
        assert_eq!(lines("id"), rows.len(), "{list:?}");
        assert_eq!(lines("tsv"), rows.len() + 1, "{list:?}");
        assert_eq!(lines("csv"), rows.len() + 1, "{list:?}");
        for (line, row) in with("ndjson").lines().zip(rows) {
            assert_eq!(&serde_json::from_str::<Value>(line).unwrap(), row, "{list:?}");
        }
        // Piped output is tab-separated; every line has as many fields as the header.
        let piped = store.ok(list);
        assert_eq!(format!("{piped}\n"), with("tsv"));
        let tabs: Vec<usize> = piped.lines().map(|line| line.matches('\t').count()).collect();
        assert!(tabs.iter().all(|n| *n == tabs[0]), "{list:?}:\n{piped}");
        if let Some(row) = rows.first() {
            for name in piped.lines().next().unwrap().split('\t') {
                assert!(row.get(name).is_some(), "{list:?}: no field {name} in {row}");
            }
        }
        let table = with("table");
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{list:?}:\n{table}");
        let asked = store.run(&[list, &["--json"]].concat());
        assert_eq!(asked.stdout, with("json"));
    }
}

#[test]
fn every_record_has_every_format() {
    let machine = Machine::new("records");
    let store = lived_in(&machine);
    let id = store.column(&["chat", "list"], "id")[0].clone();
    let bundle = store.export("all.crdt");
    for show in [
        &["entity", "show"][..],
        &["member", "show", BOB],
        &["chat", "show", &id],
        &["doc", "show", "chat"],
        &["digest"],
        &["sync", "show", &bundle],
    ] {
        let with =
            |format: &str| store.run(&[show, &["-o", format]].concat()).exits(0).stdout.clone();
        let json: Value = serde_json::from_str(&with("json")).unwrap();
        assert!(json.is_object(), "{show:?}: {json}");
        let line = with("ndjson");
        assert_eq!((line.lines().count(), serde_json::from_str(&line).ok()), (1, Some(json)));
        // Name and value, one field a line; for a digest a pipe gets the digest alone.
        let piped = with("tsv");
        assert!(show == ["digest"] || store.run(show).stdout == piped, "{show:?}");
        assert!(piped.lines().all(|line| line.matches('\t').count() == 1), "{show:?}:\n{piped}");
        assert_eq!(with("csv").lines().count(), piped.lines().count(), "{show:?}");
        assert!(!with("table").is_empty());
    }
    for (show, id) in [
        (&["entity", "show"][..], GROUP),
        (&["member", "show", "bob-"], BOB),
        (&["chat", "show", &id[..8]], &id),
    ] {
        assert_eq!(store.ok(&[show, &["-o", "id"]].concat()), id);
    }
    assert_eq!(store.ok(&["digest", "-o", "id"]), store.digest());
    assert_eq!(store.ok(&["digest", "--words", "-o", "id"]), store.digest());
}

#[test]
fn a_format_is_no_file_and_a_file_no_format() {
    let machine = Machine::new("O");
    let store = machine.group("s", &[BOB]);
    store.ok(&["canvas", "add", "text", "--at", "0,0", "--size", "9,9"]);
    let before = files(&machine.path(""));
    let commands: [&[&str]; 5] = [
        &["sync", "export"],
        &["sync", "receipt"],
        &["sync", "export", "--raw", "core"],
        &["canvas", "render"],
        &["doc", "anonymize", "core"],
    ];
    for command in commands {
        // What may be a mistyped format: the error names the option for files.
        let run = store.run(&[command, &["-o", "my file"]].concat());
        run.fails(2, "`-O 'my file'`");
        // A format's name could be meant as a file.
        for format in ["json", "table", "id"] {
            for option in [vec!["-o", format], vec!["--output", format]] {
                store.run(&[command, option.as_slice()].concat()).fails(2, "`-O FILE`");
            }
        }
        assert_eq!(files(&machine.path("")), before, "{command:?}");
        // Whoever names the destination gets it there; the environment's format is meant for other commands.
        let run = store.run(&[command, &["-o", "json", "-O", "-"]].concat());
        assert!(!run.exits(0).stdout.is_empty());
        let dir = store.dir.clone();
        let run = machine.run_in(&dir, &[("CRDTCTL_OUTPUT", "json")], command);
        assert!(!run.exits(0).stdout.is_empty());
        // A path can be no format.
        store.ok(&[command, &["-o", "my file.svg"]].concat());
        assert!(!std::fs::read(machine.path("my file.svg")).unwrap().is_empty());
        std::fs::remove_file(machine.path("my file.svg")).unwrap();
        let run = store.run(&[command, &["-o", "my file.svg", "-O", "other.svg"]].concat());
        run.fails(2, "possible values: table");
        assert_eq!(files(&machine.path("")), before, "{command:?}");
    }
    store.run(&["recover", "core", "-o", "made"]).fails(2, "`-O made`");
    store.run(&["recover", "core", "-o", "json"]).fails(2, "--out");
    // Elsewhere a wrong format is just that.
    let run = store.run(&["chat", "list", "-o", "yaml"]);
    assert!(run.exits(2).stderr.contains("ndjson") && !run.stderr.contains("-O"), "{}", run.stderr);
    // A file may have such a name, if it is given as one.
    assert!(store.json(&["sync", "export", "-O", "json"])["written"].as_bool().unwrap());
    assert!(machine.path("json").is_file());
}

#[test]
fn a_table_is_as_wide_as_it_may_be() {
    let machine = Machine::new("width");
    let store = machine.group("s", &[BOB]);
    store.send(&"many words ".repeat(40));
    for width in ["40", "60", "120", "200"] {
        let args = ["chat", "list", "-o", "table"];
        let table = machine.run_in(&store.dir, &[("COLUMNS", width)], &args).ok();
        let widest = table.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= width.parse().unwrap(), "{width}:\n{table}");
        assert!(widest > 30, "{width}:\n{table}");
    }
}

const HOSTILE: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\ttab\nline\r\u{202e}drawkcab\u{2066}\u{200b}end\u{9b}31m";

#[test]
fn hostile_text_is_escaped_everywhere_but_in_json() {
    let machine = Machine::new("hostile");
    let store = machine.group("s", &[BOB]);
    store.send(HOSTILE);
    store.ok(&["entity", "rename", HOSTILE]);
    let all: [&[&str]; 7] = [
        &["chat", "list"],
        &["chat", "search", "end"],
        &["chat", "show"],
        &["entity", "list"],
        &["entity", "show"],
        &["doc", "show", "chat"],
        &["member", "list"],
    ];
    let id = store.column(&["chat", "list"], "id")[0].clone();
    for command in all {
        let show = [command, &[id.as_str()]].concat();
        let command = if command == ["chat", "show"] { &show[..] } else { command };
        for format in ["table", "tsv", "csv"] {
            let run = store.run(&[command, &["-o", format]].concat());
            for text in [&run.exits(0).stdout, &run.stderr] {
                let acts = |c: char| {
                    (c.is_control() && c != '\n' && !(c == '\t' && format != "table"))
                        || "\u{202e}\u{2066}\u{200b}".contains(c)
                };
                assert!(!text.contains(acts), "{command:?} -o {format}: {text:?}");
            }
        }
    }
    // A record stays on its line; in CSV the line breaks of a text are quoted.
    assert_eq!(store.ok(&["chat", "list"]).lines().count(), 2);
    assert_eq!(store.ok(&["chat", "list", "-o", "csv"]).lines().count(), 3);
    let tsv = store.ok(&["chat", "list"]);
    assert!(tsv.contains("\\u{1b}[2J\\ttab\\nline"), "{tsv}");
    // JSON is exact.
    assert_eq!(store.column(&["chat", "list"], "content"), [HOSTILE]);
    assert_eq!(store.json(&["chat", "show", &id])["content"], HOSTILE);
    assert_eq!(store.json(&["entity", "show"])["name"], HOSTILE);
    let dump = store.json(&["doc", "dump", "chat"]);
    assert_eq!(dump["messages"][&id]["content"], HOSTILE);
    // Not even the raw bytes of JSON contain what acts on a terminal.
    let raw = store.run(&["chat", "list", "--json"]).stdout;
    let acts = |c: char| c != '\n' && (c.is_control() || "\u{202e}\u{2066}\u{200b}".contains(c));
    assert!(!raw.contains(acts), "{raw:?}");
    let (dir, data) = (text(&store.dir), json!({"content": HOSTILE}).to_string());
    store.ok(&["canvas", "add", "text", "--at", "0,0", "--size", "9,9", "--data", &data]);
    for args in [
        &["doc", "dump", "chat"][..],
        &["doc", "dump", "chat", "--as", "yjs"],
        &["doc", "dump", "chat", "--as", "ndjson"],
        &["doc", "get", "chat", "$..content"],
        &["chat", "list", "-o", "ndjson"],
        &["chat", "tail", "--json"],
        &["chat", "show", &id, "--json"],
        &["chat", "export", "--as", "ndjson"],
        &["log", "show", "2", "--json"],
        &["sql", "SELECT content FROM messages", "--json"],
        &["batch", "--json"],
        &["chat", "show", HOSTILE, "--json"],
        &["canvas", "render"],
    ] {
        let line = json!({"op": "chat.send", "text": HOSTILE, "reply_to": HOSTILE}).to_string();
        let run = machine.run_with_stdin(&[&["-s", dir.as_str()], args].concat(), line.as_bytes());
        assert!(!run.stdout.contains(acts), "{args:?}: {:?}", run.stdout);
        assert!(!run.stderr.contains(acts), "{args:?}: {:?}", run.stderr);
    }
    let page = oracle::update(6, &[], |txn| {
        let paragraph = txn.get_or_insert_xml_fragment("page");
        let paragraph = paragraph.push_back(txn, XmlElementPrelim::empty("paragraph"));
        paragraph.insert_attribute(txn, "class", HOSTILE);
        paragraph.push_back(txn, XmlTextPrelim::new(HOSTILE));
        txn.get_or_insert_text("said").insert(txn, 0, HOSTILE);
    });
    std::fs::write(machine.path("page.bin"), page).unwrap();
    for form in ["xml", "markdown", "html", "delta", "json", "yjs"] {
        let run = machine.run(&["doc", "dump", "page.bin", "--as", form]);
        let acts = |c: char| c != '\t' && acts(c);
        assert!(!run.exits(0).stdout.contains(acts), "{form}: {:?}", run.stdout);
        assert!(run.stdout.contains("drawkcab"), "{form}: {:?}", run.stdout);
    }
    // Sentences on stderr are no way around it either.
    let run = store.run(&["entity", "rename", "\u{1b}[31mred"]);
    assert!(!run.stderr.contains('\u{1b}'), "{:?}", run.stderr);
    let run = store.run(&["chat", "show", "\u{1b}[31mred"]);
    assert!(!run.fails(4, "").stderr.contains('\u{1b}'), "{:?}", run.stderr);
    let run = store.run(&["\u{1b}[31mred"]);
    assert!(!run.exits(2).stderr.contains('\u{1b}'), "{:?}", run.stderr);
}

#[test]
fn hostile_ids_of_other_programs_are_escaped_too() {
    let machine = Machine::new("hostile ids");
    let store = machine.group("s", &[BOB]);
    let id = "\u{1b}[31m-\u{202e}id\nwith\tall";
    let update = oracle::update(6, &[], |txn| {
        let messages = txn.get_or_insert_map("messages");
        let fields = [("id", id), ("author_id", "\u{1b}[2J"), ("content", "x")];
        messages.insert(txn, id, MapPrelim::from_iter(fields));
        let deleted = MapPrelim::from_iter([("id", yrs::Any::from(id)), ("deleted", true.into())]);
        messages.insert(txn, "\u{1b}deleted", deleted);
    });
    let file = machine.path("u.update");
    std::fs::write(&file, update).unwrap();
    store.ok(&["sync", "import", "--raw", &format!("{GROUP}:chat"), &text(&file)]);
    for format in ["table", "tsv", "csv", "id"] {
        for command in [&["chat", "list", "--all"][..], &["tombstone", "list"]] {
            let run = store.run(&[command, &["-o", format]].concat());
            let text = &run.exits(0).stdout;
            assert!(!text.contains(['\u{1b}', '\u{202e}']), "{command:?} -o {format}: {text:?}");
        }
    }
    assert_eq!(store.ok(&["chat", "list", "--all", "-o", "id"]).lines().count(), 2);
    assert_eq!(store.column(&["chat", "list"], "id"), [id]);
}

/// Starts a command, reads `bytes` of what it prints, and goes away.
fn read_some(store: &Store<'_>, args: &[&str], bytes: usize) -> (Option<i32>, String) {
    let dir = text(&store.dir);
    let mut command = store.machine.command(&[&["-s", &dir], args].concat());
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts");
    let mut some = vec![0; bytes];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut some).expect("something is printed");
    drop(stdout);
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said)
}

#[test]
fn a_closed_pipe_is_quiet() {
    let machine = Machine::new("pipe");
    let store = machine.fixture("real-store");
    let chat = format!("{GROUP}:chat");
    for args in [
        &["chat", "list", "-e", GROUP][..],
        &["chat", "list", "-e", GROUP, "--json"],
        &["chat", "list", "-e", GROUP, "-o", "ndjson"],
        &["chat", "list", "-e", GROUP, "-o", "table"],
        &["doc", "dump", &chat],
        &["doc", "dump", &chat, "--as", "ndjson"],
        &["sync", "export", "-O", "-"],
    ] {
        let (code, said) = read_some(&store, args, 10);
        assert_eq!((code, said.as_str()), (Some(141), ""), "{args:?}");
    }
}

#[test]
fn a_shell_pipeline_into_head_is_quiet() {
    let machine = Machine::new("head");
    let store = machine.fixture("real-store");
    let dir = text(&store.dir);
    let run = machine.run_through_shell(
        "\"$@\" | head -n 2",
        &["-s", &dir, "chat", "list", "-e", GROUP, "-o", "ndjson"],
    );
    assert_eq!((run.exits(0).stdout.lines().count(), run.stderr.as_str()), (2, ""));
}

#[test]
fn a_full_disk_behind_standard_output_is_an_io_error() {
    let machine = Machine::new("full");
    if !std::path::Path::new("/dev/full").exists() {
        skipped("no /dev/full here");
        return;
    }
    let store = machine.fixture("real-store");
    let dir = text(&store.dir);
    for args in [&["chat", "list", "-e", GROUP][..], &["doc", "list"], &["completions", "bash"]] {
        let args = [&["-s", dir.as_str()], args].concat();
        let run = machine.run_through_shell("\"$@\" >/dev/full", &args);
        run.exits(74);
        assert!(run.stderr.contains("error: cannot write"), "{}", run.stderr);
    }
}

#[test]
fn nothing_asks_where_nobody_can_answer() {
    let machine = Machine::new("no terminal");
    let store = lived_in(&machine);
    // Every run of these tests is without a terminal; an empty standard input answers nothing.
    store.run(&["chat", "send"]).fails(2, "");
    let peer = store.json(&["sync", "peers"])[0].clone();
    let replica = peer["replica_id"].as_str().unwrap();
    let run = store.run(&["sync", "forget", replica, "--no-input"]);
    if run.code != 0 {
        run.fails(2, "--yes");
        store.ok(&["sync", "forget", replica, "--yes"]);
    }
    assert_eq!(store.json(&["sync", "peers"]), json!([]));
}

/// Texts that careless escaping confuses.
const TEXTS: &[&str] = &[
    "one line",
    "two\nlines",
    "a backslash\\nothing",
    "C:\\new\\table",
    "tab\tand \"quotes\", and a comma",
    "\u{1b}[2J acts, \\u{1b}[2J does not",
    "windows\r\nlines",
    "\\\\ two",
    " a space before and behind ",
    "Grüße, 日本, 👍",
];

/// Decodes `\u{…}` in what other programs read as CSV.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let (digits, rest) = part.split_once('}').unwrap();
        out.push(char::from_u32(u32::from_str_radix(digits, 16).unwrap()).unwrap());
        out.push_str(rest);
    }
    out
}

fn texts(machine: &Machine) -> Store<'_> {
    let store = machine.group("s", &[]);
    for text in TEXTS {
        store.machine.pass(1);
        store.send(text);
    }
    assert_eq!(store.column(&["chat", "list"], "content"), TEXTS);
    let csv = store.run(&["chat", "list", "-o", "csv"]).exits(0).stdout.clone();
    std::fs::write(machine.path("list.csv"), csv).unwrap();
    store
}

/// The output of a program that must be installed; `None`, with a notice, if it is not.
fn printed_by(machine: &Machine, program: &str, args: &[&str]) -> Option<String> {
    let mut command = std::process::Command::new(program);
    match command.args(args).current_dir(machine.path(".")).output() {
        Ok(output) => Some(Run::of(&output, program).ok()),
        Err(_) => {
            skipped(&format!("no {program} here"));
            None
        }
    }
}

#[test]
fn csv_is_read_back_by_sqlite() {
    let machine = Machine::new("sqlite");
    texts(&machine);
    let args = [":memory:", ".import --csv list.csv t", "select json_group_array(content) from t"];
    let Some(json) = printed_by(&machine, "sqlite3", &args) else { return };
    let read: Vec<String> = serde_json::from_str(&json).unwrap();
    assert_eq!(read.iter().map(|text| without_escapes(text)).collect::<Vec<_>>(), TEXTS);
}

#[test]
fn csv_is_read_back_by_python() {
    let machine = Machine::new("python");
    texts(&machine);
    let script = "import csv, json; \
                  print(json.dumps([r['content'] for r in csv.DictReader(open('list.csv', newline='', encoding='utf-8'))]))";
    let Some(json) = printed_by(&machine, "python3", &["-c", script]) else { return };
    let read: Vec<String> = serde_json::from_str(&json).unwrap();
    assert_eq!(read.iter().map(|text| without_escapes(text)).collect::<Vec<_>>(), TEXTS);
}

#[test]
fn tsv_is_read_back_by_cut() {
    let machine = Machine::new("cut");
    let store = texts(&machine);
    let tsv = store.ok(&["chat", "list", "-o", "tsv"]);
    std::fs::write(machine.path("list.tsv"), format!("{tsv}\n")).unwrap();
    let head = tsv.lines().next().unwrap();
    let field = head.split('\t').position(|name| name == "content").unwrap() + 1;
    let Some(lines) = printed_by(&machine, "cut", &["-f", &field.to_string(), "list.tsv"]) else {
        return;
    };
    // A doubled backslash is set aside while the letters are read.
    let read = |line: &str| {
        let plain = line.split("\\\\").map(|part| {
            without_escapes(&part.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t"))
        });
        plain.collect::<Vec<_>>().join("\\")
    };
    assert_eq!(lines.lines().skip(1).map(read).collect::<Vec<_>>(), TEXTS);
}
