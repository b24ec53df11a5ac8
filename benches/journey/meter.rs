//! The cost of one process: its time, its memory, what it writes, and how often it waits for the disk.

use anyhow::bail;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;
use wait4::Wait4;

/// The cost of a process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// From before it started until it had ended.
    pub seconds: f64,
    /// Peak memory in bytes, including the pages of the program.
    pub memory: u64,
}

/// A process's writes to its files.
#[derive(Debug, Clone, Copy, Default)]
pub struct Writes {
    /// In bytes.
    pub written: u64,
    /// How often it waited for the disk.
    pub waits: usize,
}

impl Cost {
    /// The median by time.
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
    let said = dir.join("said");
    let mut command = Command::new(program);
    surroundings(command.args(args), dir).stdout(Stdio::null());
    command.stderr(std::fs::File::create(&said)?);
    let start = Instant::now();
    let ended = command.spawn()?.wait4()?;
    let seconds = start.elapsed().as_secs_f64();
    if !may_end_with(ended.status) {
        bail!("{}: {}", args.join(" "), std::fs::read_to_string(said)?);
    }
    Ok(Cost { seconds, memory: ended.rusage.maxrss })
}

/// Success, or that `check` found something.
fn may_end_with(status: ExitStatus) -> bool {
    matches!(status.code(), Some(0 | 3))
}

/// Returns what a program prints.
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

/// Returns what a program writes to its files; `None` without strace.
///
/// # Errors
///
/// If it fails.
pub fn writes(dir: &Path, program: &OsStr, args: &[String]) -> anyhow::Result<Option<Writes>> {
    let trace = dir.join("trace");
    let mut strace = Command::new("strace");
    let calls = "trace=fsync,fdatasync,msync,write,pwrite64,writev,pwritev,copy_file_range";
    strace.args(["-f", "-qq", "-y", "-e", calls, "-o"]).arg(&trace);
    match surroundings(strace.arg(program).args(args), dir).output() {
        Ok(output) if may_end_with(output.status) => Ok(Some(
            calls_of(&std::fs::read_to_string(&trace)?).iter().map(|call| effect(call)).sum(),
        )),
        Ok(output) => bail!("{}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr)),
        Err(_) => Ok(None),
    }
}

/// The calls in a trace, each in one line, those too that another thread's calls interrupted.
fn calls_of(trace: &str) -> Vec<String> {
    let mut begun = BTreeMap::new();
    let whole = trace.lines().filter_map(|line| {
        let (thread, call) = line.split_once(' ')?;
        if let Some(begin) = call.strip_suffix(" <unfinished ...>") {
            begun.insert(thread, begin);
            return None;
        }
        let end =
            call.trim_start().strip_prefix("<... ").and_then(|end| end.split_once(" resumed>"));
        Some(match end {
            Some((_, end)) => format!("{}{end}", begun.remove(thread)?),
            None => call.to_owned(),
        })
    });
    whole.collect()
}

/// The effect of one call on a file, as strace prints it: `write(3</a/file>, "text", 4) = 4`.
fn effect(line: &str) -> Writes {
    let is_file = line.split_once('<').is_some_and(|(_, path)| path.starts_with('/'));
    let result = line.rsplit_once(" = ").and_then(|(_, result)| result.trim().parse().ok());
    match (line.contains("sync("), result) {
        (true, Some(_)) => Writes { written: 0, waits: 1 },
        (false, Some(written)) if is_file => Writes { written, waits: 0 },
        _ => Writes::default(),
    }
}

impl std::iter::Sum for Writes {
    fn sum<I: Iterator<Item = Writes>>(all: I) -> Writes {
        all.fold(Writes::default(), |a, b| Writes {
            written: a.written + b.written,
            waits: a.waits + b.waits,
        })
    }
}

/// The same environment for every command, independent of the caller's.
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

/// Milliseconds.
pub fn ms(seconds: f64) -> String {
    format!("{:.1}", seconds * 1000.0)
}
