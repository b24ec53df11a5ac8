//! The cost of a command at 1,000, 20,000 and 50,000 messages, in a chat of many threads, on a large board, a
//! long list of issues and one of members, compared with the naive way: plain yrs that loads the document, edits it, encodes it and
//! writes it back. One process each, on the same files, in turn; a command that is the same each time runs
//! warm, right after a run of itself that is not measured, and so does plain yrs beside it.
//!
//! `cargo bench --bench journey` prints one table: milliseconds of both (medians), how many times faster ours
//! is, the memory of both in MB, what ours writes in kB and how often it waits for the disk (the last two if
//! strace is installed). Quote the ratios: times depend on the machine. `CRDTCTL_BENCH_MESSAGES=1000` chooses
//! the sizes; without any, only what does not depend on messages is measured. `CRDTCTL_BENCH_PROGRAM`
//! measures another build of the program.
//!
//! 50,000 messages exceed the limit of a chat: they come by import, and none are sent.

mod concerns;
mod meter;
mod place;
mod plain;

use anyhow::Context;
use crdtctl::concern::chat;
use crdtctl::crdt::view::View;
use crdtctl::inspect::size::Sizes;
use crdtctl::inspect::tree::tree;
use crdtctl::wire::Update;
use place::{ALICE, BOB, GROUP, Place, words};
use std::time::Instant;

/// Messages in the chat that is only read.
const LARGE: u64 = 50_000;
/// Messages in a chat that has room for more.
const SENDABLE: usize = 20_000;
/// A word that exactly three messages contain.
const RARE: &str = "xylograph";

fn main() -> anyhow::Result<()> {
    let words: Vec<_> = std::env::args_os().skip(1).collect();
    let rest = words.get(1..).unwrap_or_default();
    match words.first().and_then(|word| word.to_str()) {
        Some(plain::WORD) => {
            let rest = rest.iter().map(|word| word.to_string_lossy().into_owned());
            plain::run(&rest.collect::<Vec<_>>())
        }
        _ => journey(),
    }
}

fn journey() -> anyhow::Result<()> {
    let sizes = std::env::var("CRDTCTL_BENCH_MESSAGES").unwrap_or("1000,20000,50000".to_owned());
    let sizes = sizes.split(',').map(str::trim).filter(|size| !size.is_empty());
    for messages in sizes.map(str::parse::<usize>) {
        chat_of(messages?)?;
    }
    concerns::bench()?;
    read_large()
}

/// Prints the heading above the rows.
fn head(what: &str) {
    println!("\n{what}");
    println!(
        "{:<24} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7} {:>5}",
        "", "ms", "yrs ms", "faster", "MB", "yrs MB", "written", "waits"
    );
}

fn chat_of(messages: usize) -> anyhow::Result<()> {
    let place = Place::new(messages)?;
    let file = place.file("chat")?;
    head(&format!("{messages} messages, {:.1} MB", place.size(&file)? as f64 / 1e6));
    if messages <= SENDABLE {
        for _ in 0..3 {
            place.run(&["chat", "send", RARE])?;
        }
        writes(&place, &file)?;
        finds(&place, &file)?;
        selects(&place, &file)?;
    }
    place.same("list all messages", &["list", &file], &["chat", "list", "--json"])?;
    reads(&place, &file)?;
    exchanges(&place, &file, messages <= SENDABLE)?;
    after_others(&place, &file, messages <= SENDABLE)
}

/// Commands after another program has written the file, and after it was put back as it was.
fn after_others(place: &Place, file: &str, sendable: bool) -> anyhow::Result<()> {
    let written = |command: &[&str]| {
        place.plain(&["send", file, file])?;
        Ok(words(command))
    };
    let last = &["chat", "list", "--limit", "20"];
    place.row("last 20, file is foreign", &["last", file], |_| written(last))?;
    // Two reads have found the file like this.
    place.run(last)?;
    place.same("the same, third time", &["last", file], last)?;
    let put_back = |_| {
        let (path, beside) = (place.path(file), place.path("beside"));
        std::fs::copy(&path, &beside)?;
        std::fs::rename(beside, path)?;
        Ok(words(last))
    };
    place.row("last 20, file put back", &["last", file], put_back)?;
    if !sendable {
        return Ok(());
    }
    let send = &["chat", "send", "one more message"];
    place.row("send, file is foreign", &["send", file, "plain.yrs"], |_| written(send))
}

/// Changes of one message.
fn writes(place: &Place, file: &str) -> anyhow::Result<()> {
    let own = place.ids(&["chat", "list", "--author", "alice", "--limit", "100"])?;
    // Each turn of each kind takes another message.
    let own = |kind: usize, turn: usize| own.get(kind * 20 + turn).context("too few messages");
    let plain = &["send", file, "plain.yrs"];
    let send = ["chat", "send", "one more message"];
    place.same("send", plain, &send)?;
    let parent = own(4, 0)?;
    place.same("reply", plain, &["chat", "send", "a reply", "--reply-to", parent])?;
    let set = &["set", file, "plain.yrs", "messages", parent.as_str(), "content"];
    place.row("edit", set, |turn| Ok(words(&["chat", "edit", own(0, turn)?, "said otherwise"])))?;
    place.row("react", set, |turn| Ok(words(&["chat", "react", own(1, turn)?, "👍"])))?;
    place.row("delete", set, |turn| Ok(words(&["chat", "delete", "-y", own(2, turn)?])))?;
    let [chat, verb, text] = send;
    place.same("send, --fold later", plain, &[chat, verb, text, "--fold", "later"])?;
    place.run(&["fold", "run"])?;
    Ok(())
}

/// Reads of one message, or few.
fn finds(place: &Place, file: &str) -> anyhow::Result<()> {
    let ids = place.ids(&["chat", "list"])?;
    let shown = ids.get(ids.len() / 2).context("no message")?;
    concerns::lists(place, file)?;
    place.same("show", &["show", file, shown], &["chat", "show", shown])?;
    place.same("thread", &["show", file, shown], &["chat", "thread", shown])?;
    place.same("search", &["search", file, RARE], &["chat", "search", RARE])
}

/// Lists of the messages that are new, of some time, or of one author.
fn selects(place: &Place, file: &str) -> anyhow::Result<()> {
    let last = &["last", file];
    place.run(&["chat", "read"])?;
    place.run(&["chat", "send", "unread", "--as", BOB])?;
    place.same("unread", last, &["chat", "list", "--unread"])?;
    place.same("of the last hour", last, &["chat", "list", "--since", "1h"])?;
    let own = ["chat", "list", "--author", ALICE, "--limit", "20"];
    place.same("last 20 of an author", last, &own)
}

/// Commands that read no document, and those that read all of one.
fn reads(place: &Place, file: &str) -> anyhow::Result<()> {
    let chat = format!("{GROUP}:chat");
    let load = &["load", file];
    place.same("doc list", load, &["doc", "list"])?;
    place.same("sync status", load, &["sync", "status"])?;
    place.same("log", load, &["log", "--limit", "20"])?;
    for (name, command) in [("doc size", ["doc", "size"].as_slice()), ("digest", &["digest"])] {
        let command = [command, &[&chat]].concat();
        place.row(&format!("{name}, the first time"), load, |_| {
            place.forget_results()?;
            Ok(words(&command))
        })?;
        place.same(&format!("{name}, again"), load, &command)?;
    }
    place.same("doc tree", load, &["doc", "tree", &chat])?;
    place.same("doc dump", load, &["doc", "dump", &chat])?;
    place.same("check", load, &["check"])
}

/// Export and import of bundles.
fn exchanges(place: &Place, file: &str, sendable: bool) -> anyhow::Result<()> {
    place.peer()?;
    if sendable {
        place.plain(&["vector", file, "vector"])?;
        let export = &["export", file, "vector", "plain.update"];
        place.row("export one", export, |turn| {
            if turn > 0 {
                place.carry()?;
            }
            place.news()?;
            Ok(words(&["sync", "export", "--for", BOB, "-O", "one"]))
        })?;
        println!("    a bundle of one message has {} bytes", place.size("one")?);
        place.plain(&["export", file, "vector", "plain.update"])?;
        let import = &["import", file, "plain.update", "plain.yrs"];
        place.row("import one", import, |_| {
            place.carry()?;
            place.news()?;
            place.write()?;
            Ok(words(&["-s", "peer", "sync", "import", "one"]))
        })?;
    }
    let export = &["import", file, file, "plain.yrs"];
    place.same("export everything", export, &["sync", "export", "-O", "all"])?;
    std::fs::write(place.path("nothing"), [0, 0])?;
    place.row("import everything, new", &["import", file, "nothing", "plain.yrs"], |turn| {
        let store = place.empty(turn)?;
        Ok(words(&["-s", &store, "sync", "import", "all"]))
    })
}

/// A chat of 15 MB, over its limit, read whole at several depths compared with loading it; in one process.
fn read_large() -> anyhow::Result<()> {
    let state = plain::large(LARGE)?;
    let naive = seconds(|| plain::decode(&state).map(drop))?;
    println!("\nreading a chat of {} bytes, in one process", state.len());
    let row = |name: &str, ours: f64| {
        let (ms, plain, times) = (meter::ms(ours), meter::ms(naive), naive / ours);
        println!("{name:<28} {ms:>6} {plain:>8} {times:>7.2}");
    };
    let walk = || -> anyhow::Result<Update<'_>> { Ok(Update::walk(&state)?) };
    row("walk: a block for each byte", seconds(|| walk().map(drop))?);
    let sizes = || Ok(Sizes::of(&state, Some(&chat::SPEC), None)?);
    row("measure: a reason for each", seconds(|| sizes().map(drop))?);
    let view = || -> anyhow::Result<View> {
        let checked = walk()?.check(chat::SPEC.roots)?;
        Ok(View::of(&checked))
    };
    row("view: all live content", seconds(|| view().map(drop))?);
    let paths = || Ok(tree(&view()?, Some(&chat::SPEC), usize::MAX));
    row("tree: every path", seconds(|| paths().map(drop))?);
    let digests = || Ok(view()?.digests("deleted"));
    row("digest: of all, of what lives", seconds(|| digests().map(|_| ()))?);
    let dump = || Ok(serde_json::to_writer(std::io::sink(), &view()?.lent("messages"))?);
    row("dump: written as JSON", seconds(dump)?);
    Ok(())
}

/// The median of a few runs.
fn seconds(mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let mut took = Vec::new();
    for _ in 0..7 {
        let start = Instant::now();
        work()?;
        took.push(start.elapsed().as_secs_f64());
    }
    took.sort_by(f64::total_cmp);
    took.get(3).copied().context("no run")
}
