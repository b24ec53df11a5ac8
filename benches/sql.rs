//! `crdtctl sql` on a store of 1,000 and of 20,000 messages, beside the `sqlite3` that is installed on
//! the file that `--save` wrote of it: whole processes, which have to start, read and print.
//!
//! What the one reads is documents, what the other reads is a file that somebody made before: the
//! ratio says what it costs to need none. `cargo bench --bench sql` prints one table;
//! `CRDTCTL_BENCH_MESSAGES=1000` chooses the sizes.

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
    Ok(())
}

fn bench(messages: &str) -> anyhow::Result<()> {
    let home = tempfile::tempdir()?;
    let crdtctl = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crdtctl"));
        command
            .args(args)
            .current_dir(home.path())
            .env("XDG_STATE_HOME", home.path().join("state"));
        command
    };
    timed(crdtctl(&["demo", "big", "--messages", messages, "--seed", "7"]))?;
    let saved = median(|| {
        drop(std::fs::remove_file(home.path().join("saved.sqlite")));
        timed(crdtctl(&["-s", "big", "sql", "--save", "saved.sqlite"]))
    })?;
    println!("{:<24} {messages:>8} {:>12}", "save", ms(saved));
    for (name, query) in QUERIES {
        let ours = median(|| timed(crdtctl(&["-s", "big", "sql", query])))?;
        let theirs = median(|| timed(sqlite3(home.path(), query)));
        let (theirs, ratio) = match theirs {
            Ok(theirs) => (ms(theirs), ours.as_secs_f64() / theirs.as_secs_f64()),
            // It is not installed.
            Err(_) => ("-".to_owned(), f64::NAN),
        };
        println!("{name:<24} {messages:>8} {:>12} {theirs:>12} {ratio:>8.1}", ms(ours));
    }
    Ok(())
}

fn sqlite3(dir: &Path, query: &str) -> Command {
    let mut command = Command::new("sqlite3");
    command.args(["-batch", "-tabs", "saved.sqlite", query]).current_dir(dir);
    command
}

/// How long a process takes that must succeed.
fn timed(mut command: Command) -> anyhow::Result<Duration> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let begun = Instant::now();
    let output = command.output().with_context(|| format!("{command:?}"))?;
    let took = begun.elapsed();
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(took)
}

fn median(mut work: impl FnMut() -> anyhow::Result<Duration>) -> anyhow::Result<Duration> {
    let mut times = (0..RUNS).map(|_| work()).collect::<anyhow::Result<Vec<_>>>()?;
    times.sort();
    Ok(times.get(RUNS / 2).copied().unwrap_or_default())
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}
