//! A session of an administrator on a store of the application: who blocks pruning, why do two stores differ,
//! why is it this big, how to restore a truncated file, what is in this blob. Each answer takes one or two
//! commands and at most a screen or two: pruning and differences once took 11,740 and 39,799 lines here.

use crate::support::*;
use std::cell::{Cell, RefCell};

const CHAT: &str = "group:ocean-forest-moon-star:chat";
const WEBSITE: &str = "website:ocean-forest-moon-star";
const DEBORAH: &str = "deborah-shanghai-khartoum-price";
const BAIZE: &str = "baize-enhance-alice-betty";

/// Lines that one answer may have, including sentences.
const LINES: usize = 24;

/// A terminal of 80 columns at which somebody types and reads.
struct Desk<'m> {
    machine: &'m Machine,
    commands: Cell<usize>,
    lines: RefCell<Vec<usize>>,
}

impl Desk<'_> {
    /// The output of a command, on standard output and standard error.
    #[track_caller]
    fn types(&self, args: &[&str], code: i32) -> String {
        let root = self.machine.path("");
        let args = [args, &["-o", "table"]].concat();
        let run = self.machine.run_in(&root, &[("COLUMNS", "80")], &args);
        let said = format!("{}{}", run.exits(code).stdout, run.stderr);
        let lines = said.lines().count();
        assert!(lines <= LINES, "{args:?}: {lines} lines\n{said}");
        self.commands.set(self.commands.get() + 1);
        self.lines.borrow_mut().push(lines);
        said
    }

    /// The commands in an answer that begin with these words, without the program's name.
    #[track_caller]
    fn told(said: &str, begins: &str) -> Vec<String> {
        let line = said.lines().map(str::trim).find(|line| line.starts_with(begins));
        let line = line.unwrap_or_else(|| panic!("no `{begins}` in {said}"));
        line.split(' ').skip(1).map(str::to_owned).collect()
    }
}

/// The text without line breaks and their indentation.
fn spaced(said: &str) -> String {
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a row of a table has these words.
fn has_row(said: &str, words: &[&str]) -> bool {
    let has = |line: &str, word: &str| line.split_whitespace().any(|found| found == word);
    said.lines().any(|line| words.iter().all(|word| has(line, word)))
}

#[test]
fn five_questions_take_nine_commands_and_a_few_screens() {
    let machine = Machine::new("administrator");
    // After everything that was written there.
    machine.pass(400 * 86_400);
    let store = machine.open(machine.fixture("real-store").dir.join("crdt.db"));
    let other = machine.open(machine.path("other"));
    copy_tree(&store.dir, &other.dir);
    other.ok(&[
        "chat",
        "send",
        "Since then",
        "--as",
        DEBORAH,
        "-e",
        "group:ocean-forest-moon-star",
    ]);
    std::fs::remove_file(other.document(WEBSITE)).unwrap();
    let (a, b) = (text(&store.dir), text(&other.dir));
    let desk = Desk { machine: &machine, commands: Cell::new(0), lines: RefCell::default() };

    // Who blocks pruning.
    let said = desk.types(&["-s", &a, "tombstone", "list", "--by", "member"], 0);
    assert!(has_row(&said, &[BAIZE, "54", "29", "KB", "never"]), "{said}");
    assert!(has_row(&said, &[DEBORAH, "34", "17", "KB", "never"]), "{said}");
    assert!(said.contains("21 wait for nobody: `crdtctl prune`"), "{said}");

    // Why do two stores differ: which documents, then in what.
    let said = desk.types(&["doc", "diff", &a, &b, "--stat"], 3);
    assert!(has_row(&said, &[CHAT, "ahead", "1"]), "{said}");
    assert!(has_row(&said, &[WEBSITE, "only-in-a", "8"]), "{said}");
    assert!(said.contains("2 of 10 documents differ"), "{said}");
    let said = desk.types(&["doc", "diff", &a, &b], 3);
    assert!(spaced(&said).contains(&format!("{DEBORAH}; content: Since then")), "{said}");
    assert!(said.contains("1 document is on one side only"), "{said}");

    // Why is it this big: which document, then what in it, and what can be done about it.
    let said = desk.types(&["-s", &a, "doc", "size"], 0);
    assert!(has_row(&said, &[CHAT, "664", "KB", "87"]), "{said}");
    assert!(said.contains(&format!("{CHAT}: `crdtctl prune` frees 13 KB")), "{said}");
    let said = desk.types(&["-s", &a, "doc", "size", CHAT, "--top", "5"], 0);
    assert!(has_row(&said, &["messages", "headers", "179", "KB", "27"]), "{said}");
    assert!(has_row(&said, &["messages/*/content", "live", "119", "KB"]), "{said}");

    // Restore a truncated file: the command in the answer is typed, with the other store's path.
    let file = store.document(CHAT);
    let whole = std::fs::read(&file).unwrap();
    std::fs::write(&file, &whole[..300_000]).unwrap();
    let said = desk.types(&["-s", &a, "check"], 3);
    assert!(spaced(&said).contains(&format!("{CHAT}: its file does not decode")), "{said}");
    let mut recover = Desk::told(&said, "crdtctl recover");
    for (word, meant) in [("BUNDLE", &b), ("DIR", &text(&machine.path("recovered")))] {
        let place = recover.iter_mut().find(|told| *told == word);
        place.unwrap_or_else(|| panic!("no {word}: {said}")).clone_from(meant);
    }
    recover.splice(0..0, ["-s".to_owned(), a.clone()]);
    recover.push("--apply".to_owned());
    let recover: Vec<&str> = recover.iter().map(String::as_str).collect();
    let said = desk.types(&recover, 0);
    assert!(said.contains("1239 records whole, 0 partial, 0 lost"), "{said}");
    let back = store.json(&["digest", CHAT])["content"].clone();
    assert_eq!(back, other.json(&["digest", CHAT])["content"]);

    // What is in this blob: the first answer names the second command.
    let blob = other.document("group:ocean-forest-moon-star:canvas");
    std::fs::copy(blob, machine.path("blob.bin")).unwrap();
    let said = desk.types(&["doc", "kind", "blob.bin"], 0);
    assert!(has_row(&said, &["blob.bin", "update-v1", "93", "KB", "3653", "21"]), "{said}");
    let show = Desk::told(&said, "crdtctl doc show");
    let said = desk.types(&show.iter().map(String::as_str).collect::<Vec<_>>(), 0);
    assert!(has_row(&said, &["elements", "map", "200"]), "{said}");

    let lines = desk.lines.borrow();
    assert_eq!(desk.commands.get(), 9);
    assert!(lines.iter().sum::<usize>() <= 120, "{lines:?}");
}
