//! What one process costs: its time, its memory, what it writes, and how often it waits for the disk.
//!
//! A process is started by a copy of this one that starts nothing else, so that what the system
//! counts for the children of a process is that one's alone.

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The word that makes this program a meter.
pub const WORD: &str = "--meter";

/// What a process cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Cost {
    /// From before it was started until it had ended.
    pub seconds: f64,
    /// The most that it had in memory at once, in KiB; the program's own pages count.
    pub memory: Option<i64>,
    /// What it gave the file system to write, in KiB.
    pub written: Option<i64>,
}

impl Cost {
    /// The one that took neither the least nor the most time.
    pub fn median(mut costs: Vec<Cost>) -> Cost {
        costs.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        costs.get(costs.len() / 2).copied().unwrap_or_default()
    }
}

/// Runs a program to its end.
///
/// # Errors
///
/// If it cannot be started, or fails.
pub fn run(dir: &Path, program: &OsStr, args: &[String]) -> anyhow::Result<Cost> {
    let mut meter = Command::new(std::env::current_exe()?);
    let output = surroundings(meter.arg(WORD).arg(program).args(args), dir).output()?;
    if !output.status.success() {
        bail!("{}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    serde_json::from_slice(&output.stdout).context("the meter prints what it measured")
}

/// The meter itself: the words are a program and its arguments.
///
/// # Errors
///
/// If it cannot be started, or fails.
pub fn measure(words: &[OsString]) -> anyhow::Result<()> {
    let (program, args) = words.split_first().context("no program")?;
    let start = Instant::now();
    let status = Command::new(program).args(args).stdout(Stdio::null()).status()?;
    let seconds = start.elapsed().as_secs_f64();
    if !status.success() {
        bail!("{status}");
    }
    let (memory, written) = children().unzip();
    println!("{}", serde_json::to_string(&Cost { seconds, memory, written })?);
    Ok(())
}

/// How often a program waits until the disk has what it wrote; none without strace.
pub fn waits(dir: &Path, program: &OsStr, args: &[String]) -> anyhow::Result<Option<usize>> {
    let trace = dir.join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o"]);
    match surroundings(strace.arg(&trace).arg(program).args(args), dir).output() {
        Ok(output) if output.status.success() => Ok(Some(
            std::fs::read_to_string(&trace)?.lines().filter(|line| line.contains(" = ")).count(),
        )),
        Ok(output) => bail!("{}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr)),
        Err(_) => Ok(None),
    }
}

/// What a program prints.
///
/// # Errors
///
/// If it cannot be started, or fails.
pub fn output(dir: &Path, program: &OsStr, args: &[String]) -> anyhow::Result<Vec<u8>> {
    let output = surroundings(Command::new(program).args(args), dir).output()?;
    if !output.status.success() {
        bail!("{}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

/// The same for whatever is run: nothing of whoever measures.
fn surroundings<'a>(command: &'a mut Command, dir: &Path) -> &'a mut Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", dir)
        .env("CRDTCTL_STATE_DIR", dir.join("state"))
        .env("CRDTCTL_STORE", dir.join("store"))
        .current_dir(dir)
        .stdin(Stdio::null())
}

/// Memory and writes of the processes that were waited for.
#[cfg(unix)]
fn children() -> Option<(i64, i64)> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    // Linux counts blocks of 512 bytes, and KiB.
    Some((usage.max_rss(), usage.block_writes() / 2))
}

#[cfg(not(unix))]
fn children() -> Option<(i64, i64)> {
    None
}

/// Milliseconds.
pub fn ms(seconds: f64) -> String {
    format!("{:.1}", seconds * 1000.0)
}

/// Megabytes.
pub fn mb(kib: Option<i64>) -> String {
    kib.map_or("-".to_owned(), |kib| format!("{:.1}", kib as f64 * 1024.0 / 1e6))
}
