//! `crdtctl sql` on a store of 1,000 and of 20,000 messages, compared with the installed `sqlite3` on the
//! file that `--save` wrote of it: whole processes, which have to start, read and print.
//!
//! `crdtctl` reads documents, `sqlite3` a file prepared beforehand: the ratio is the cost of needing no such
//! file. `cargo bench --bench sql` prints one table; `CRDTCTL_BENCH_MESSAGES=1000` chooses the sizes.
//!
//! The same for a chat with 20 live messages and many archived ones, with the lists and searches that read
//! both: `CRDTCTL_BENCH_ARCHIVED=1000,50000,1000000` chooses how many.

use anyhow::{Context, ensure};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 9;

const QUERIES: &[(&str, &str)] = &[
    ("nothing of the store", "SELECT 1"),
    ("count", "SELECT count(*) FROM messages"),
    ("group", "SELECT author_id, count(*), max(created_at) FROM messages GROUP BY 1 ORDER BY 2"),
    (
        "join",
        "SELECT m.role, count(*) FROM messages JOIN members m ON m.member_id = author_id \
         AND m.entity = messages.entity GROUP BY 1",
    ),
    (
        "last 20",
        "SELECT id, author_id, content FROM messages ORDER BY created_at DESC, id LIMIT 20",
    ),
    (
        "full text",
        "SELECT id, content FROM messages_fts WHERE messages_fts MATCH 'harbour' ORDER BY rank LIMIT 20",
    ),
    ("all of it", "SELECT * FROM messages"),
];

fn main() -> anyhow::Result<()> {
    let sizes = std::env::var("CRDTCTL_BENCH_MESSAGES").unwrap_or("1000,20000".to_owned());
    println!("{:<24} {:>8} {:>12} {:>12} {:>8}", "", "messages", "crdtctl", "sqlite3", "ratio");
    let sizes = sizes.split(',').map(str::trim).filter(|size| !size.is_empty());
    for size in sizes {
        bench(size)?;
    }
    println!("\n{:<24} {:>8} {:>12} {:>12} {:>8}", "", "archived", "crdtctl", "sqlite3", "ratio");
    let sizes = std::env::var("CRDTCTL_BENCH_ARCHIVED").unwrap_or("1000,50000".to_owned());
    let sizes = sizes.split(',').map(str::trim).filter(|size| !size.is_empty());
    for size in sizes {
        archived(size.parse()?)?;
    }
    Ok(())
}

/// Commands that read a chat and its archive as one.
const READINGS: &[(&str, &[&str])] = &[
    ("last 20", &["chat", "list", "--limit", "20"]),
    ("search, last 20", &["chat", "search", "harbour", "--limit", "20"]),
    ("search, a rare part", &["chat", "search", "umber-7-"]),
    ("search, two letters", &["chat", "search", "7-", "--limit", "20"]),
    ("search, nothing", &["chat", "search", "nowhere"]),
];

/// A command with a home directory of its own.
fn crdtctl(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crdtctl"));
    command.args(args).current_dir(home).env("XDG_STATE_HOME", home.join("state"));
    command
}

fn archived(rows: u64) -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    let crdtctl = |args: &[&str]| crdtctl(home.path(), args);
    let send = |count: u64, text: &str| -> anyhow::Result<()> {
        let line = |n| format!("{{\"op\":\"chat.send\",\"text\":\"{text} number-{n}-\"}}\n");
        let lines: String = (0..count).map(line).collect();
        std::fs::write(home.path().join("lines"), lines)?;
        timed(crdtctl(&["-s", "big", "batch", "lines"])).map(drop)
    };
    timed(crdtctl(&["init", "big", "--as", "alice-river-stone-sky"]))?;
    let group = ["entity", "create", "group:ocean-forest-moon-star", "--name", "Ocean"];
    timed(crdtctl(&[&["-s", "big"], &group[..]].concat()))?;
    send(1_000, "Who has the times of the ferry to the harbour on Sunday?")?;
    timed(crdtctl(&["-s", "big", "archive", "run", "--older-than", "0s"]))?;
    multiply(&home.path().join("big/archive.db"), rows)?;
    send(20, "a live message about the harbour")?;
    let runs = if rows > 100_000 { 3 } else { RUNS };
    for (name, args) in READINGS {
        let ours = median_of(runs, || timed(crdtctl(&[&["-s", "big"], *args].concat())))?;
        println!("{name:<24} {rows:>8} {:>12}", ms(ours));
    }
    let saved = timed(crdtctl(&["-s", "big", "sql", "--save", "saved.sqlite"]))?;
    println!("{:<24} {rows:>8} {:>12}", "save", ms(saved));
    for (name, query) in QUERIES {
        let args = ["-s", "big", "sql", "--timeout", "5m", query];
        let ours = median_of(runs, || timed(crdtctl(&args)));
        let theirs = median_of(runs, || timed(sqlite3(home.path(), query)));
        println!("{name:<24} {rows:>8} {}", beside(ours, theirs));
    }
    Ok(())
}

/// Grows an archive to this many rows: its content over and over, each time a little older.
fn multiply(file: &Path, rows: u64) -> anyhow::Result<()> {
    let db = rusqlite::Connection::open(file)?;
    let times = rows.saturating_sub(1_000) / 1_000;
    let sql = format!(
        "BEGIN; DELETE FROM unsettled;
         CREATE TEMP TABLE once AS SELECT * FROM versions;
         CREATE TEMP TABLE times AS
             WITH RECURSIVE t (i) AS (SELECT 1 WHERE {times} > 0 UNION ALL
                 SELECT i + 1 FROM t WHERE i < {times}) SELECT i FROM t;
         INSERT INTO versions
             SELECT NULL, doc_id, entity_id, kind, '[\"messages\",\"' || i || '-' || id || '\"]',
                 i || '-' || id, lower(hex(randomblob(32))), parent, created_at - i,
                 changed_at - i, client, clock, removed, size,
                 json_set(record, '$.id', i || '-' || id, '$.created_at', created_at - i), typed,
                 archived_at
             FROM times, once;
         INSERT INTO parts_fts (rowid, text)
             SELECT n, lower(json_extract(record, '$.content')) || char(10, 10) FROM versions
             WHERE n > (SELECT max(n) FROM once);
         COMMIT"
    );
    db.execute_batch(&sql)?;
    Ok(())
}

/// Both times and their ratio, if both succeeded.
fn beside(ours: anyhow::Result<Duration>, theirs: anyhow::Result<Duration>) -> String {
    let ratio = match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => ours.as_secs_f64() / theirs.as_secs_f64(),
        // It was refused, or is not installed.
        _ => f64::NAN,
    };
    let told = |time: anyhow::Result<Duration>| time.map_or("-".to_owned(), ms);
    format!("{:>12} {:>12} {ratio:>8.1}", told(ours), told(theirs))
}

fn bench(messages: &str) -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    let crdtctl = |args: &[&str]| crdtctl(home.path(), args);
    timed(crdtctl(&["demo", "big", "--messages", messages, "--seed", "7"]))?;
    let saved = median(|| {
        drop(std::fs::remove_file(home.path().join("saved.sqlite")));
        timed(crdtctl(&["-s", "big", "sql", "--save", "saved.sqlite"]))
    })?;
    println!("{:<24} {messages:>8} {:>12}", "save", ms(saved));
    for (name, query) in QUERIES {
        let ours = median(|| timed(crdtctl(&["-s", "big", "sql", query])));
        let theirs = median(|| timed(sqlite3(home.path(), query)));
        println!("{name:<24} {messages:>8} {}", beside(ours, theirs));
    }
    Ok(())
}

fn sqlite3(dir: &Path, query: &str) -> Command {
    let mut command = Command::new("sqlite3");
    command.args(["-batch", "-tabs", "saved.sqlite", query]).current_dir(dir);
    command
}

/// Times a process that must succeed.
fn timed(mut command: Command) -> anyhow::Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let begun = Instant::now();
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let took = begun.elapsed();
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(took)
}

fn median(work: impl FnMut() -> anyhow::Result<Duration>) -> anyhow::Result<Duration> {
    median_of(RUNS, work)
}

fn median_of(
    runs: usize,
    mut work: impl FnMut() -> anyhow::Result<Duration>,
) -> anyhow::Result<Duration> {
    let mut times = (0..runs).map(|_| work()).collect::<anyhow::Result<Vec<_>>>()?;
    times.sort();
    Ok(times.get(runs / 2).copied().unwrap_or_default())
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
