//! The README's blocks, in order, as one story in one home.

use super::home::{COPY_DATABASES, Home, can_run, shipped};
use crate::support::*;

/// Lines that end with an exit code other than 0.
const EXITS: &[(&str, i32)] = &[
    ("crdtctl doc diff ~/backup/alice .", 3),
    ("crdtctl batch --keep-going changes.ndjson | jq 'select(.error)'", 3),
    ("crdtctl check", 3),
    ("crdtctl check --deep --json | jq -r '.[].fix'", 3),
    // The damaged document is still there, and nobody wrote such a record here.
    ("crdtctl check --json | jq -r '.[] | select(.kind == \"plain-value\").fix'", 3),
    ("crdtctl check -o id | grep -E '^(plain-value|id-differs)-' | xargs -r crdtctl repair", 1),
];

/// What happens off stage, before a line that relies on it.
const BEFORE: &[(&str, &str)] = &[
    (
        "crdtctl doc kind state.bin",
        "mkdir ~/blob && cd ~/blob && printf %s AQkHAAQBBHRleHQHSGFyYm91coQHBgUgcGxhbkYHAARib2xkBHRydWXGBwYHBwRib2xkBG51bGwoAQhzZXR0aW5ncwV0aGVtZQF3BGRhcmsHAQRwYWdlAwFwBwAHDwYEAAcQDU1pbmQgdGhlIHRpZGUoAAcPBWNsYXNzAXcEbm90ZQA= | base64 -d > state.bin \
         && printf %s AQsHAAQBBHRleHQHSGFyYm91coQHBgUgcGxhbkYHAARib2xkBHRydWXGBwYHBwRib2xkBG51bGwhAQhzZXR0aW5ncwV0aGVtZQEHAQRwYWdlAwFwBwAHDwYEAAcQDU1pbmQgdGhlIHRpZGUoAAcPBWNsYXNzAXcEbm90ZagHDgF3BWxpZ2h0hAcLDiwgc2Vjb25kIGRyYWZ0AQcBDgE= | base64 -d > newer.bin",
    ),
    ("crdtctl doc kind .jupyter_ystore.db", COPY_DATABASES),
    ("crdtctl init alice --as alice-river-stone-sky", "cd ~"),
    (
        "crdtctl doc get chat '$.messages[?@.deleted == true].id'",
        "crdtctl chat send 'Cheap anchors' | xargs crdtctl chat delete",
    ),
    (
        "relay subscribe group:ocean | crdtctl canvas apply",
        "crdtctl canvas events > ~/relay.ndjson",
    ),
    (
        "crdtctl archive run --dry-run",
        "cd ~ && crdtctl init kept --as alice-river-stone-sky && cd kept \
         && crdtctl entity create group:tide-pool-reef-sand --name Tide \
         && echo '{\"op\": \"chat.send\", \"text\": \"that old thing\", \"created_at\": \"2020-05-01T10:00:00Z\"}' \
         | crdtctl batch && id=$(crdtctl chat list -o id)",
    ),
    (
        "crdtctl doc diff ~/backup/alice .",
        "cp -r ~/alice ~/backup/ && crdtctl chat send 'Since the backup'",
    ),
    (
        "crdtctl doc load update.bin --doc chat",
        "cp ../bob/\"$(crdtctl -s ../bob doc list --json | jq -r '.[] | select(.doc_id == \
         \"group:ocean-forest-moon-star:chat\").path')\" update.bin",
    ),
    (
        "jq -c '{op: \"chat.send\", text: .body, created_at: .at, author: .by}' old-chat.ndjson | crdtctl batch",
        "echo '{\"body\":\"from before\",\"at\":\"2020-05-01T10:00:00Z\",\"by\":\"bob-\"}' > old-chat.ndjson",
    ),
    (
        "crdtctl batch --keep-going changes.ndjson | jq 'select(.error)'",
        "echo '{\"op\":\"chat.delete\",\"message\":\"0000\"}' > changes.ndjson",
    ),
    (
        "crdtctl check",
        "for doc in 63686174 636f7265; do echo '{}' > \
         crdt/group/67726f75703a6f6365616e2d666f726573742d6d6f6f6e2d737461723a$doc.meta; done",
    ),
    (
        "crdtctl recover chat --from bob.crdt ~/backup/alice -O recovered",
        "crdtctl -s ../bob sync export -O bob.crdt; cp crdtctl.db kept.db; \
         f=$(crdtctl doc list --json | jq -r '.[] | select(.doc_id == \
         \"group:ocean-forest-moon-star:chat\").path') && cp $f kept.yrs \
         && printf '\\1\\1\\1' | dd of=$f bs=1 seek=40 conv=notrunc 2>/dev/null",
    ),
    // The store's own chat was damaged above.
    (
        "crdtctl sql 'SELECT author_id, count(*) FROM messages WHERE NOT deleted GROUP BY 1 ORDER BY 2 DESC'",
        "cd ~/backup/alice",
    ),
];

/// A command of the README and the output that is shown below it.
struct Step {
    command: String,
    output: Vec<String>,
}

/// The commands of all blocks: every line of `sh` blocks, and what follows a `$` in `console` blocks.
fn steps() -> Vec<Step> {
    let readme = std::fs::read_to_string(shipped("README.md")).unwrap();
    let mut steps: Vec<Step> = Vec::new();
    let mut block: Option<&str> = None;
    for line in readme.lines() {
        if let Some(kind) = line.strip_prefix("```") {
            block = block.is_none().then_some(kind);
            assert!(block.is_none_or(|kind| ["sh", "console"].contains(&kind)), "{line}");
            continue;
        }
        let command = match block {
            Some("sh") => Some(line),
            Some(_) => line.strip_prefix("$ "),
            None => continue,
        };
        match (command, steps.last_mut()) {
            (Some(command), _) => {
                steps.push(Step { command: command.to_owned(), output: Vec::new() });
            }
            (None, Some(last)) => last.output.push(line.to_owned()),
            (None, None) => panic!("output of nothing: {line}"),
        }
    }
    steps
}

/// A line without its comment.
fn without_remark(line: &str) -> &str {
    line.split_once("  #").map_or(line, |(line, _)| line).trim_end()
}

/// Replaces every id in a text by the same word.
fn normalised(text: &str) -> Vec<String> {
    let is_id =
        |word: &str| word.len() == 36 && word.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    let word = |word: &str| match is_id(word) {
        true => "ID".to_owned(),
        false => word.to_owned(),
    };
    text.lines().map(|line| line.split(' ').map(word).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_readme_is_a_story_that_happens() {
    let Some(home) = Home::new("readme") else { return };
    copy_tree(&fixtures().join("real-store"), &shipped_store(&home));
    let mut wrong = Vec::new();
    let mut told = Vec::new();
    for Step { command, output } in steps() {
        let line = without_remark(&command);
        // cargo runs this test, so the test cannot run it.
        if line.starts_with("cargo ") || !can_run(line) {
            continue;
        }
        for (before, stage) in BEFORE.iter().filter(|(before, _)| *before == line) {
            home.run(stage).exits(0);
            told.push(*before);
        }
        let exit = EXITS.iter().find(|(known, _)| *known == line).map_or(0, |(_, exit)| *exit);
        let run = home.run(&command);
        if run.code != exit {
            wrong.push(format!("{line}\n  exits with {}: {}", run.code, run.stderr));
        } else if !output.is_empty() && normalised(&run.stdout) != normalised(&output.join("\n")) {
            wrong.push(format!("{line}\n  prints\n{}instead of {output:#?}", run.stdout));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (before, _) in BEFORE {
        assert!(told.contains(before), "no {before}");
    }
    for (line, _) in EXITS {
        assert!(steps().iter().any(|step| without_remark(&step.command) == *line), "no {line}");
    }
}

/// Where the application keeps its store.
fn shipped_store(home: &Home) -> std::path::PathBuf {
    home.path(".local/share/communitas")
}
