//! What a command costs at 1,000, 20,000 and 50,000 messages, on large boards, lists of issues and of
//! members, and reading a chat of 15 MB, beside the naive way: plain yrs that loads the document, edits
//! it, encodes it and writes it back.
//!
//! 50,000 messages are more than the limit of a chat: they come by import, and nothing is sent.
//!
//! `cargo bench --bench journey` prints one table; ratios within one run are what to quote, times
//! are of this machine. `CRDTCTL_BENCH_MESSAGES=1000` chooses the sizes;
//! with none of them only what hangs on no messages is measured.

mod concerns;
mod naive;
mod place;

use crdtctl::concern::chat;
use crdtctl::crdt::view::View;
use crdtctl::inspect::size::Sizes;
use crdtctl::wire::Update;
use naive::{large, load};
use place::Place;
use std::time::{Duration, Instant};

/// Messages of the chat that is read only.
const LARGE: u64 = 50_000;
/// Messages of a chat that has room for more.
const SENDABLE: u64 = 30_000;
const RUNS: usize = 7;
const NOW: i64 = 1_767_225_600;
const ALICE: &str = "alice-river-stone-sky";

fn main() -> anyhow::Result<()> {
    let sizes = std::env::var("CRDTCTL_BENCH_MESSAGES").unwrap_or("1000,20000,50000".to_owned());
    println!("{:<28} {:>8} {:>12} {:>12} {:>8}", "", "messages", "crdtctl", "plain yrs", "ratio");
    let sizes = sizes.split(',').map(str::trim).filter(|size| !size.is_empty());
    for messages in sizes.map(str::parse::<u64>) {
        bench(messages?)?;
    }
    concerns::bench()?;
    read_large()
}

/// One line of the table.
fn row(name: &str, size: u64, ours: Duration, naive: Duration) {
    let ratio = ours.as_secs_f64() / naive.as_secs_f64();
    println!("{name:<28} {size:>8} {:>12} {:>12} {ratio:>8.3}", ms(ours), ms(naive));
}

fn bench(messages: u64) -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let place = Place::fill(dir.path(), messages)?;
    let row = |name: &str, ours: Duration, naive: Duration| row(name, messages, ours, naive);
    if messages <= SENDABLE {
        let send = median(|| place.naive_send())?;
        row("send one message", median(|| place.send())?, send);
        row("reply to one", median(|| place.reply())?, send);
        let edit = median(|| place.naive_set("messages", &place.shown, "content"))?;
        row("edit one", median_of(|turn| place.edit(turn))?, edit);
        row("react to one", median_of(|turn| place.react(turn))?, edit);
        row("delete one", median_of(|turn| place.delete(turn))?, edit);
        row("show one message", median(|| place.show())?, median(|| place.naive_show())?);
        row("show its thread", median(|| place.thread())?, median(|| place.naive_show())?);
        row("search for a word", median(|| place.search())?, median(|| place.naive_search())?);
        row("list the last 20", median(|| place.list_last())?, median(|| place.naive_list_last())?);
    }
    row("list all messages", median(|| place.list())?, median(|| place.naive_list())?);
    row("read and check the state", median(|| place.read())?, median(|| place.naive_load())?);
    row("export everything", median(|| place.export())?, median(|| place.naive_export())?);
    let bundle = place.bundle()?;
    let ours = median_of(|turn| place.import_whole(&bundle, turn))?;
    row("import everything, new", ours, median_of(|turn| place.naive_import_whole(turn))?);
    if messages <= SENDABLE {
        let (ours, naive) = place.import_one(&bundle)?;
        row("import one message", ours, naive);
        // What they leave in the log, the next command would write.
        let send = median(|| place.naive_send())?;
        row("send one, its file later", median(|| place.send_later())?, send);
        row(
            "then list the last 20",
            median(|| place.list_last())?,
            median(|| place.naive_list_last())?,
        );
    }
    Ok(())
}

/// A chat of 15 MB, over its limit, read whole in three depths beside loading it.
fn read_large() -> anyhow::Result<()> {
    let state = large(LARGE)?;
    let naive = median(|| load(&state).map(drop))?;
    let row = |name: &str, ours: Duration| row(name, LARGE, ours, naive);
    println!("\nreading a chat of {} bytes", state.len());
    let walk = || -> anyhow::Result<Update<'_>> { Ok(Update::walk(&state)?) };
    row("walk: every byte has a block", median(|| walk().map(drop))?);
    let sizes = || Ok(Sizes::of(&state, Some(&chat::SPEC), None)?);
    row("measure: a reason for each", median(|| sizes().map(drop))?);
    let view = || -> anyhow::Result<View> {
        let checked = walk()?.check(chat::SPEC.roots)?;
        Ok(View::of(&checked))
    };
    row("view: all live content", median(|| view().map(drop))?);
    Ok(())
}

fn timed(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn median(mut work: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    median_of(|_| timed(&mut work))
}

fn median_of(mut work: impl FnMut(usize) -> anyhow::Result<Duration>) -> anyhow::Result<Duration> {
    Ok(middle((0..RUNS).map(&mut work).collect::<anyhow::Result<Vec<_>>>()?))
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1000.0)
}
