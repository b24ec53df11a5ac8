//! Properties of every noun of the command line: no content acts on a terminal; any number of it is named
//! correctly; and readers may go away at any time.

use crate::oracle;
use crate::support::*;
use std::collections::BTreeSet;
use std::process::Stdio;
use yrs::{Any, Map, MapPrelim, WriteTxn};

/// Everything that a terminal would act on, in every encoding.
const HOSTILE: &str =
    "\u{1b}]0;owned\u{7}\u{1b}[2J\ttab\nline\r\u{202e}drawkcab\u{2066}\u{200b}end\u{9b}31m";
/// The same in an id chosen by another program.
const HOSTILE_ID: &str = "\u{1b}[31m-\u{202e}id\nwith\tall\u{9b}2J";

/// Every command that shows something; `#` is the record of that name, see [`Named`].
const READS: &[&[&str]] = &[
    &["status"],
    &["whoami"],
    &["entity", "list"],
    &["entity", "show"],
    &["member", "list", "--all"],
    &["member", "show", "#member"],
    &["chat", "list", "--all"],
    &["chat", "list", "--threads"],
    &["chat", "search", "end"],
    &["chat", "show", "#message"],
    &["chat", "thread", "#message"],
    &["chat", "tail"],
    &["kanban", "board"],
    &["kanban", "list", "--all"],
    &["kanban", "show", "#card"],
    &["issue", "list", "--all"],
    &["issue", "show", "#issue"],
    &["issue", "comments", "#issue"],
    &["canvas", "list", "--all"],
    &["canvas", "show", "#element"],
    &["sync", "status"],
    &["sync", "peers"],
    &["sync", "show", "#bundle"],
    &["tombstone", "list"],
    &["tombstone", "list", "--by", "member"],
    &["tombstone", "list", "--by", "document"],
    &["trash", "list"],
    &["trash", "show", "#trashed"],
    &["archive", "list"],
    &["archive", "show", "#archived"],
    &["archive", "auto"],
    &["fold", "mode"],
    &["fold", "run", "-n"],
    &["conflict", "list"],
    &["conflict", "show", "#conflict"],
    &["disk", "list"],
    &["disk", "list", "--all"],
    &["disk", "list", "--tree"],
    &["disk", "show", "#file"],
    &["disk", "status"],
    &["disk", "status", "--all"],
    &["disk", "history", "#file"],
    &["disk", "diff", "#path"],
    &["disk", "scan", "-n"],
    &["disk", "publish", "-n"],
    &["disk", "verify", "--root", "#root", "#site"],
    &["doc", "list"],
    &["doc", "show", "chat"],
    &["doc", "tree", "chat"],
    &["doc", "tree", "canvas"],
    &["doc", "size"],
    &["doc", "size", "chat"],
    &["doc", "blocks", "chat"],
    &["doc", "diff", "#old", "."],
    &["doc", "diff", "#old", ".", "--stat"],
    &["doc", "kind", "#bundle"],
    &["check"],
    &["log"],
    &["log", "--record", "#message"],
    &["log", "show", "2"],
    &["digest"],
    &["prune", "-n"],
    &["archive", "run", "-n"],
    &["sql", "SELECT * FROM messages"],
    &["sql", "SELECT content AS \"\u{1b}[31mred\u{202e}\" FROM messages"],
    &["sql", "--explain", "SELECT * FROM messages -- \u{1b}[31m"],
    &["sql", "--schema"],
    &["sql", "--schema", "messages"],
    &["chat", "export", "--as", "markdown"],
    &["chat", "export", "--as", "html"],
    &["kanban", "export", "--as", "markdown"],
    &["issue", "export", "--as", "html"],
    &["canvas", "render", "-O", "-"],
    &["chat", "list", "--template", "{{ content }} {{ reactions }}"],
];

/// Commands whose format is their own.
fn has_formats(args: &[&str]) -> bool {
    !args.iter().any(|arg| ["export", "render", "--template"].contains(arg))
}

/// Commands that print rows; records are followed by texts, as they were written.
fn has_rows(args: &[&str]) -> bool {
    let rows =
        ["list", "board", "log", "size", "diff", "check", "status", "peers", "search", "sql"];
    // A patch is piped verbatim to programs that apply it.
    let is_patch = args.starts_with(&["disk", "diff"]);
    args.iter().take(2).any(|word| rows.contains(word)) && !args.contains(&"show") && !is_patch
}

/// A store of two members, and the names of its records.
struct Named<'m> {
    store: Store<'m>,
    names: Vec<(&'static str, String)>,
}

impl<'m> Named<'m> {
    /// One of everything, with a text in each place that takes one.
    fn new(machine: &'m Machine, text_of_all: &str) -> Named<'m> {
        let all = text_of_all;
        let store = machine.group("s", &[BOB]);
        let send = |args: &[&str]| store.ok(args);
        let old = machine.path("old");
        copy_tree(&store.dir, &old);
        send(&["entity", "rename", "--", all]);
        let message = store.send(all);
        send(&["chat", "send", "--reply-to", &message, "--", all]);
        send(&["chat", "react", &message, "👍"]);
        send(&["kanban", "column", "add", "--", all]);
        let card = send(&["kanban", "add", "--description", all, "--", all]);
        let issue = send(&["issue", "open", "--description", all, "--", all]);
        send(&["issue", "comment", &issue, "--", all]);
        let data = serde_json::json!({"text": all, "fill": all}).to_string();
        let place = ["--at", "1,1", "--size", "5,5", "--data", &data];
        let element = send(&[&["canvas", "add", "text"][..], &place].concat());
        // Something in the archive, the trash and the tombstones, and a value that lost.
        let peer = machine.replica_of(&store, "peer", BOB);
        peer.give(&store);
        let card_of_old = send(&["kanban", "add", "--", all]);
        send(&["kanban", "archive", &card_of_old]);
        let gone = store.send(all);
        send(&["chat", "delete", &gone]);
        store.meet(&peer);
        machine.pass(40 * 86_400);
        store.meet(&peer);
        send(&["archive", "run", "--older-than", "1d"]);
        // A value that lost and a record that was deleted, after the month for which those are kept.
        let late = store.send(all);
        let gone = store.send(all);
        send(&["chat", "delete", &gone]);
        store.meet(&peer);
        machine.pass(10);
        peer.run(&["chat", "edit", &late, "--as", ALICE, "--", &format!("{all}!")]).exits(0);
        send(&["chat", "edit", &late, "--", &format!("{all}?")]);
        peer.give(&store);
        store.meet(&peer);
        let waiting = store.send(all);
        send(&["chat", "delete", &waiting]);
        let path = "/shared/a directory of three words/plan.md";
        let content = machine.path("content");
        std::fs::write(&content, format!("first\n{all}\n")).unwrap();
        let file = send(&["disk", "put", &text(&content), path]);
        send(&["disk", "put", &text(&content), "/public/website/index.html"]);
        send(&["disk", "put", &text(&content), "/public/website/stays.html"]);
        std::fs::write(&content, format!("second\n{all}\n")).unwrap();
        send(&["disk", "put", &text(&content), path]);
        let root = send(&["disk", "publish"]);
        // One that differs in the directory, one that is missing there, and one that is new.
        let disks = store.dir.join("disks/entities/ocean-forest-moon-star");
        std::fs::write(disks.join(&path[1..]), format!("third\n{all}\n")).unwrap();
        std::fs::remove_file(disks.join("public/website/index.html")).unwrap();
        std::fs::write(disks.join("shared/new and not taken in.md"), all).unwrap();
        let bundle = store.export("all.crdt");
        let conflict = store.json(&["conflict", "list"])[0]["number"].to_string();
        let first = |list: &str| store.column(&[list, "list"], "id")[0].clone();
        for list in ["archive", "trash", "conflict", "tombstone"] {
            assert_ne!(store.ok(&[list, "list", "-o", "id"]), "", "{list}");
        }
        let names = vec![
            ("conflict", conflict),
            ("trashed", first("trash")),
            ("archived", first("archive")),
            ("file", file),
            ("path", path.to_owned()),
            ("root", root),
            ("site", text(&disks.join("public/website"))),
            ("member", BOB.to_owned()),
            ("message", message),
            ("card", card),
            ("issue", issue),
            ("element", element),
            ("bundle", bundle),
            ("old", text(&old)),
        ];
        Named { store, names }
    }

    fn args(&self, command: &[&str]) -> Vec<String> {
        let named = |word: &&str| match word.strip_prefix('#') {
            Some(name) => {
                self.names.iter().find(|(of, _)| *of == name).map(|(_, id)| id.clone()).unwrap()
            }
            None => (*word).to_owned(),
        };
        command.iter().map(named).collect()
    }

    /// Runs one of [`READS`] at a width, in a format if it has any.
    fn run(&self, command: &[&str], format: &str, width: &str) -> Run {
        let mut args = self.args(command);
        if has_formats(command) {
            args.extend(["-o", format].map(str::to_owned));
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        self.store.machine.run_in(&self.store.dir, &[("COLUMNS", width)], &args)
    }
}

/// Records of another program with hostile ids, a hostile member, and a document of unknown kind.
fn foreign(store: &Store<'_>) {
    let import = |doc: &str, update: Vec<u8>| {
        let file = store.machine.path("foreign.update");
        std::fs::write(&file, update).unwrap();
        store.ok(&["sync", "import", "--raw", doc, &text(&file)]);
    };
    let id = HOSTILE_ID;
    for (concern, root) in
        [("chat", "messages"), ("kanban", "cards"), ("issues", "issues"), ("canvas", "elements")]
    {
        let update = oracle::update(61, &[], |txn| {
            let records = txn.get_or_insert_map(root);
            let names = ["id", "author_id", "content", "title", "description", "column_id", "data"];
            let fields = names.map(|name| (name, Any::from(id)));
            records.insert(txn, id, MapPrelim::from_iter(fields.clone()));
            // One that is a plain value, and one that waits to be pruned.
            records.insert(txn, format!("{id} plain"), Any::from(id));
            let deleted = fields.into_iter().chain([("deleted", true.into())]);
            records.insert(txn, format!("{id} gone"), MapPrelim::from_iter(deleted));
        });
        import(&format!("{GROUP}:{concern}"), update);
    }
    let update = oracle::update(62, &[], |txn| {
        let members = txn.get_or_insert_map("members");
        let fields = [("member_id", id), ("role", id), ("deleted_by", id)];
        members.insert(txn, id, MapPrelim::from_iter(fields));
        txn.get_or_insert_map(id).insert(txn, id, id);
    });
    import(&format!("{GROUP}:core"), update);
    import(
        "strange:thing:of-its-own",
        oracle::update(63, &[], |txn| {
            txn.get_or_insert_map(id).insert(txn, id, id);
        }),
    );
}

#[test]
fn nothing_in_any_noun_acts_on_a_terminal() {
    let machine = Machine::new("hostile nouns");
    let named = Named::new(&machine, HOSTILE);
    foreign(&named.store);
    let acts = |c: char, format: &str| {
        (c.is_control() && c != '\n' && !(c == '\t' && format == "tsv"))
            || "\u{202e}\u{202d}\u{2066}\u{2028}".contains(c)
            // In a picture it is a possible line break, and joins nothing.
            || c == '\u{200b}' && format != "svg"
    };
    for command in READS {
        for format in ["table", "tsv"] {
            let format = match command {
                _ if command.contains(&"render") => "svg",
                // Its lines and tabs are up to the template.
                _ if command.contains(&"--template") => "tsv",
                _ => format,
            };
            let run = named.run(command, format, "80");
            assert!([0, 3].contains(&run.code), "{command:?} -o {format}: {run:#?}");
            for text in [&run.stdout, &run.stderr] {
                let found = text.chars().find(|c| acts(*c, format));
                assert_eq!(found, None, "{command:?} -o {format}: {text:?}");
            }
            if !has_formats(command) || !has_rows(command) {
                break;
            }
        }
    }
}

#[test]
fn tables_and_boards_are_as_wide_as_the_terminal() {
    let machine = Machine::new("wide nouns");
    let named = Named::new(&machine, "a text of some words, as people write them in a hurry");
    // An answer of one column is as wide as its content.
    let mut wrong = Vec::new();
    let query = |words: &[&str]| words[0] == "sql" && words[1].starts_with("SELECT");
    for command in READS.iter().filter(|words| has_formats(words) && !query(words)) {
        let whole = named.run(command, "table", "10000").stdout;
        let known: BTreeSet<String> = whole.split_whitespace().map(str::to_lowercase).collect();
        for width in ["40", "80", "140"] {
            let run = named.run(command, "table", width);
            let most: usize = width.parse().unwrap();
            if has_rows(command) {
                let long = run.stdout.lines().find(|line| {
                    // A command to copy is never broken.
                    let is_word = !line.trim().contains(' ') || line.starts_with("  crdtctl ");
                    unicode_width::UnicodeWidthStr::width(*line) > most && !is_word
                });
                if let Some(long) = long {
                    wrong.push(format!("{command:?} at {width}: too wide: {long}"));
                }
            }
            // No word is in pieces, and no column is dropped silently.
            let (table, dropped) = split_dropped(&run.stdout);
            let piece = table.split_whitespace().find(|word| {
                let word = word.to_lowercase();
                let is_part = |of: &String| is_part(&word, of, most);
                !known.contains(&word) && !word.contains('…') && !known.iter().any(is_part)
            });
            if let Some(piece) = piece {
                wrong.push(format!("{command:?} at {width}: {piece} in pieces:\n{}", run.stdout));
            }
            let heading = whole.lines().next().unwrap_or_default();
            let shown: BTreeSet<&str> = table.split_whitespace().collect();
            // If a record is a list of fields, empty fields are not there.
            let mut names = heading.split_whitespace().peekable();
            let is_table = names.peek().is_some_and(|first| shown.contains(first));
            if has_rows(command) && is_table && heading == heading.to_uppercase() {
                let silent = names
                    .find(|name| !shown.contains(name) && !dropped.contains(&name.to_lowercase()));
                if let Some(silent) = silent {
                    wrong.push(format!("{command:?} at {width}: no {silent}:\n{}", run.stdout));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether a word continues another one after a slash or colon; for one longer than a line, whether it is any
/// part of it.
fn is_part(part: &str, of: &str, line: usize) -> bool {
    let ends = ['/', ':'];
    of.match_indices(part).any(|(at, _)| {
        let (before, after) = (&of[..at], &of[at + part.len()..]);
        let begins = before.is_empty() || before.ends_with(ends);
        of.len() > line || begins && (after.is_empty() || part.ends_with(ends))
    })
}

/// The rows of a table, and the line that names what it has no room for.
fn split_dropped(table: &str) -> (String, String) {
    let (mut shown, mut dropped) = (table.to_owned(), String::new());
    while let Some((rows, note)) = shown.split_once("(no room for: ") {
        let (note, rest) = note.split_once(')').unwrap();
        dropped.extend(note.split_whitespace().flat_map(|word| [word, " "]));
        shown = format!("{rows}{rest}");
    }
    (shown, dropped)
}

/// Whether a text has `1 records` or `2 record` in it.
fn misnamed(text: &str) -> Option<String> {
    const NOUNS: [&str; 34] = [
        "record",
        "document",
        "message",
        "reply",
        "member",
        "card",
        "column",
        "issue",
        "comment",
        "element",
        "tombstone",
        "conflict",
        "finding",
        "operation",
        "update",
        "bundle",
        "replica",
        "peer",
        "file",
        "block",
        "client",
        "byte",
        "entity",
        "row",
        "value",
        "text",
        "change",
        "line",
        "command",
        "option",
        "version",
        "day",
        "key",
        "root",
    ];
    if text.contains(['\n', '\t']) || text.contains("  ") {
        // Lines, and cells of tables, do not form sentences.
        let parts = text.split(['\n', '\t']).flat_map(|line| line.split("  "));
        return parts.filter(|part| !part.is_empty()).find_map(misnamed);
    }
    let words: Vec<&str> = text.split([' ', '(', ')', ',', ';', ':', '.', '`']).collect();
    let plural = |noun: &str| match noun.strip_suffix('y') {
        Some(stem) if noun != "day" && noun != "key" => format!("{stem}ies"),
        _ => format!("{noun}s"),
    };
    words.windows(2).find_map(|pair| {
        // "a user", "an hour" and the like do not occur.
        if pair[0] == "a" && pair[1].starts_with(['a', 'e', 'i', 'o']) && pair[1] != "one" {
            return Some(pair.join(" "));
        }
        let n: u64 = pair[0].parse().ok()?;
        let wrong = match n {
            1 if ["wait", "are", "have", "differ", "stay", "were"].contains(&pair[1]) => true,
            1 => NOUNS.iter().any(|noun| plural(noun) == pair[1]),
            _ => NOUNS.contains(&pair[1]),
        };
        wrong.then(|| pair.join(" "))
    })
}

/// Notes, tables and reports of commands that write, with none, one and two of everything.
#[test]
fn one_is_one_and_two_are_several() {
    let machine = Machine::new("numbers");
    let check = |run: &Run, args: &[&str]| {
        for said in [&run.stdout, &run.stderr] {
            assert_eq!(misnamed(said), None, "{args:?}:\n{said}");
        }
    };
    let named = Named::new(&machine, "a text");
    let one = machine.store("one", ALICE);
    let two = machine.group("two", &[BOB, CAROL]);
    let steps: &[&[&str]] = &[
        &["chat", "send", "hi"],
        &["chat", "read", "--all"],
        &["chat", "export", "-O", "chat.md"],
        &["kanban", "add", "a card"],
        &["kanban", "export", "-O", "board.csv"],
        &["issue", "open", "an issue"],
        &["issue", "export", "-O", "issues.ndjson"],
        &["canvas", "add", "shape", "--at", "1,1", "--size", "2,2"],
        &["canvas", "add", "image", "--at", "1,1", "--size", "2,2"],
        &["member", "add", "dora-sea-salt-air", "--role", "admin"],
        &["member", "add", "dora-sea-salt-air", "--role", "viewer"],
        &["member", "role", "dora-", "admin"],
        &["member", "role", "dora-", "owner"],
        &["member", "role", "dora-", "admin"],
        &["member", "role", ALICE, "guest", "--as", "dora-"],
        &["member", "remove", "dora-"],
        &["canvas", "render", "-O", "picture.svg"],
        &["sync", "export", "-O", "all.crdt", "-y"],
        &["sync", "verify", "all.crdt"],
        &["sync", "import", "all.crdt"],
        &["sync", "receipt", "-O", "receipt.crdt"],
        &["sync", "stick", "stick"],
        &["sql", "--save", "saved.db"],
        &["doc", "dump", "core", "-O", "core.json"],
        &["doc", "anonymize", "core", "-O", "core.yrs"],
        &["doc", "kind", "core.yrs"],
        &["doc", "merge", "core.yrs", "core.yrs", "-O", "merged.yrs"],
        &["recover", "core.yrs", "-O", "recovered.yrs"],
        &["log", "revert", "2", "-n"],
        &["status"],
        &["check"],
        &["prune"],
        &["archive", "run", "--older-than", "0d"],
    ];
    for (store, rounds) in [(&one, 2), (&two, 1)] {
        if store.run(&["entity", "list", "-o", "id"]).stdout.is_empty() {
            for command in READS.iter().filter(|words| !words.iter().any(|w| w.starts_with('#'))) {
                check(&store.run(command), command);
            }
            store.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
        }
        for round in 0..rounds {
            for step in steps {
                // A file exists after the first round.
                let dir =
                    machine.path(&format!("{round}{}", store.dir.display().to_string().len()));
                let _ = std::fs::create_dir(&dir);
                let _ = std::fs::create_dir(dir.join("stick"));
                let at = text(&store.dir);
                let args = [&["-s", at.as_str()], *step].concat();
                check(&machine.run_in(&dir, &[], &args), step);
            }
        }
    }
    for command in READS {
        check(&named.run(command, "table", "200"), command);
    }
}

/// A pipe whose reader is gone before anything is written.
#[test]
fn every_noun_ends_with_its_reader() {
    let machine = Machine::new("gone readers");
    let named = Named::new(&machine, "a text");
    for command in READS {
        let args = [&["-s".to_owned(), text(&named.store.dir)][..], &named.args(command)].concat();
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut process = machine.command(&args);
        process.current_dir(&named.store.dir).stdout(writer).stderr(Stdio::piped());
        let output = process.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // A command with nothing to print is not ended by it.
        let prints = !command.contains(&"-n");
        let code = output.status.code();
        assert!(code == Some(141) || !prints && code == Some(0), "{command:?}: {code:?}: {said}");
        assert!(!said.contains("error"), "{command:?}: {said}");
    }
}

/// Stores of earlier programs are read in place: no `init`, and no byte changed.
#[test]
fn every_generation_of_stores_is_read_without_init() {
    let machine = Machine::new("generations");
    let ours = machine.group("ours", &[BOB]);
    ours.send("hi");
    std::fs::remove_dir_all(machine.path("state")).unwrap();
    for store in [machine.fixture("real-store"), machine.fixture("legacy-0.1.20"), ours] {
        let before = store.files();
        let documents = store.column(&["doc", "list"], "doc_id");
        assert!(!documents.is_empty(), "{}", store.dir.display());
        for command in [
            &["status"][..],
            &["entity", "list"],
            &["tombstone", "list"],
            &["conflict", "list"],
            &["trash", "list"],
            &["archive", "list"],
            &["log"],
            &["sync", "status"],
            &["digest"],
            &["doc", "size"],
            &["sql", "SELECT count(*) FROM documents"],
        ] {
            let run = store.run(command);
            assert!([0, 3].contains(&run.code), "{command:?}: {run:#?}");
        }
        for doc in &documents {
            store.run(&["doc", "dump", doc]).exits(0);
        }
        let kept = |files: std::collections::BTreeMap<std::path::PathBuf, Vec<u8>>| {
            files
                .into_iter()
                .filter(|(path, _)| path.extension().is_some_and(|e| e == "yrs"))
                .collect::<Vec<_>>()
        };
        assert_eq!(kept(store.files()), kept(before));
    }
}
