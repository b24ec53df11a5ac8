//! The examples of the help texts, as the manual pages have them.

use super::home::{Home, can_run, joined, shipped};
use crate::support::*;

/// Lines that end with an exit code other than 0, and why that is right.
const EXITS: &[(&str, i32)] = &[
    ("crdtctl chat tail -f --limit 1 | head -n 1", 141),
    ("crdtctl check", 3),
    ("crdtctl check chat --deep", 3),
    ("crdtctl check --json | jq -r '.[] | select(.severity == \"error\") | .fix'", 3),
    ("crdtctl check -o id | grep ^stale-meta | xargs -r crdtctl repair", 3),
    ("crdtctl doc diff . ~/usb/from-bob.crdt", 3),
    ("crdtctl doc diff ~/backup/monday ~/backup/tuesday -o tsv", 3),
    ("crdtctl doc diff ~/backup/monday ~/backup/tuesday --stat", 3),
    ("crdtctl doc vector state.bin newer.bin", 3),
];

/// Commands that must run before the examples of a page can be typed.
const BEFORE: &[(&str, &str)] = &[
    ("crdtctl archive restore", ARCHIVED),
    ("crdtctl archive show", ARCHIVED),
    ("crdtctl check", STALE_META),
    (
        "crdtctl disk diff",
        "crdtctl sync export -O disk.crdt && crdtctl -s ~/bob sync import disk.crdt",
    ),
    ("crdtctl disk publish", "crdtctl disk put -r site /public/website"),
    ("crdtctl disk verify", "crdtctl disk put -r site /public/website"),
    ("crdtctl disk restore", "crdtctl disk remove /shared/docs/notes.md"),
    ("crdtctl entity create", "crdtctl init ~/new --as alice-river-stone-sky && cd ~/new"),
    ("crdtctl kanban column move", COLUMNS),
    ("crdtctl kanban column remove", COLUMNS),
    ("crdtctl member remove", "crdtctl member add carol-sun-wind-rain"),
    (
        "crdtctl recover",
        "printf '\\1\\1\\1' | dd of=$(crdtctl doc show chat -o json | grep -o 'crdt/[^\"]*yrs') bs=1 \
         seek=40 conv=notrunc 2>/dev/null",
    ),
    ("crdtctl repair", STALE_META),
    (
        "crdtctl tombstone why",
        "crdtctl member add carol-sun-wind-rain && crdtctl chat delete 3f2a \
         && crdtctl member remove bob-",
    ),
    ("crdtctl trash restore", TRASHED),
    ("crdtctl trash show", TRASHED),
];

const COLUMNS: &str = "crdtctl kanban column add Review && crdtctl kanban column add Ideas";

/// Messages that nobody else has to acknowledge, old enough to be archived.
const ARCHIVED: &str = "crdtctl member remove bob- && crdtctl archive run --older-than 30m";

/// Two `.meta` files that do not decode.
const STALE_META: &str = "for doc in 63686174 636f7265; do echo '{}' > \
         crdt/group/67726f75703a6f6365616e2d666f726573742d6d6f6f6e2d737461723a$doc.meta; done";

/// A message that is deleted with nobody left to acknowledge it.
const TRASHED: &str = "crdtctl member remove bob- && crdtctl chat delete 3f2a --yes";

/// The pages with examples: the command and its lines.
fn pages() -> Vec<(String, Vec<String>)> {
    let mut pages = Vec::new();
    for (name, page) in files(&shipped("man")) {
        let page = String::from_utf8(page).unwrap();
        let Some((_, after)) = page.split_once(".SH EXAMPLE") else { continue };
        let (_, lines) = after.split_once(".nf\n").unwrap();
        let (lines, _) = lines.split_once(".fi\n").unwrap();
        let text = lines.replace("\\(aq", "'").replace("\\-", "-").replace("\\e", "\\");
        let command = name.to_str().unwrap().trim_end_matches(".1").replace('-', " ");
        pages.push((command, joined(text.lines())));
    }
    pages
}

/// Runs the examples of every page whose number has this remainder: two halves, for two cores.
fn run_pages(rest: usize) {
    let mut wrong = Vec::new();
    for (command, lines) in pages().into_iter().skip(rest).step_by(4) {
        let Some(home) = Home::furnished(&command) else { return };
        for (_, line) in BEFORE.iter().filter(|(page, _)| *page == command) {
            home.run(line).exits(0);
        }
        for line in lines.iter().filter(|line| can_run(line)) {
            let exit = EXITS.iter().find(|(known, _)| known == line).map_or(0, |(_, exit)| *exit);
            let run = home.run(line);
            if run.code != exit {
                wrong.push(format!("{command}: {line}\n  exits with {}: {}", run.code, run.stderr));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_example_runs_1() {
    run_pages(0);
}

#[test]
fn every_example_runs_2() {
    run_pages(1);
}

#[test]
fn every_example_runs_3() {
    run_pages(2);
}

#[test]
fn every_example_runs_4() {
    run_pages(3);
}

#[test]
fn every_command_has_an_example() {
    let pages = pages();
    let with: Vec<&str> = pages.iter().map(|(command, _)| command.as_str()).collect();
    let all = files(&shipped("man"));
    let all: Vec<String> = all
        .keys()
        .map(|name| name.to_str().unwrap().trim_end_matches(".1").replace('-', " "))
        .collect();
    let is_leaf =
        |command: &&String| !all.iter().any(|other| other.starts_with(&format!("{command} ")));
    let without: Vec<&String> =
        all.iter().filter(is_leaf).filter(|c| !with.contains(&c.as_str())).collect();
    assert_eq!(without, Vec::<&String>::new());
    assert!(pages.iter().all(|(_, lines)| lines.iter().any(|line| line.contains("crdtctl"))));
    // The lines in the tables exist.
    for (line, _) in EXITS {
        assert!(pages.iter().any(|(_, lines)| lines.iter().any(|l| l == line)), "no {line}");
    }
    for (page, _) in BEFORE {
        assert!(with.contains(page), "no {page}");
    }
}
