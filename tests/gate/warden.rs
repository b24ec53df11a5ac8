//! Runs cases that may kill the process in a child process.
//!
//! The test binary starts itself again, with little memory and under supervision. The victim writes the
//! number of each case into a file before it tries it; if it dies or hangs, that number identifies the case,
//! since the lists of cases are the same in both processes. The next victim then continues after it.

use crate::plan::{Case, Plan, ROOTS, is_fit};
use crate::sequence::{Outcome, sequence};
use crate::trial::{Verdict, after, believe, salvage, trial};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The environment variable that makes the test binary a victim: the plan, where to begin, whether the gate
/// is used, and where to write.
const VICTIM: &str = "GATE_VICTIM";
/// The name of the test that the victim runs.
const CELL: &str = "warden::cell";
/// Memory of a victim: its address space in KiB.
const MEMORY: u32 = 2 << 20;
/// How long one case may take; generous, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take if harm is expected.
const IMPATIENCE: Duration = Duration::from_secs(2);
/// After this many deaths the rest is not tried.
const ENOUGH: usize = 10;

/// The outcome of the cases of a plan.
#[derive(Debug, Default)]
pub struct Report {
    pub verdicts: BTreeMap<String, u64>,
    pub deaths: Vec<Death>,
}

/// A case that the victim did not survive.
#[derive(Debug)]
pub struct Death {
    plan: String,
    at: usize,
    how: String,
    case: Case,
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.how)
    }
}

impl Death {
    /// Writes the case into a directory; returns a description.
    fn keep(&self, dir: &Path) -> String {
        let name = format!("{}-{}.case", self.plan.replace(' ', "-"), self.at);
        fs::write(dir.join(&name), format!("# {}\n{}", self.how, self.case))
            .expect("a writable file");
        format!("{name}: {}", self.how)
    }
}

impl Report {
    pub fn of(&self, verdict: &str) -> u64 {
        self.verdicts.get(verdict).copied().unwrap_or(0)
    }

    pub fn cases(&self) -> u64 {
        let first = self.verdicts.iter().filter(|(name, _)| !name.starts_with("then "));
        first.map(|(_, count)| count).sum::<u64>() + self.deaths.len() as u64
    }

    /// Adds the outcome of another plan.
    pub fn add(&mut self, other: Report) {
        for (verdict, count) in other.verdicts {
            *self.verdicts.entry(verdict).or_default() += count;
        }
        self.deaths.extend(other.deaths);
    }

    /// Fails if a victim died; each case is then in a file that can be kept as it is.
    #[track_caller]
    pub fn nobody_died(&self) {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let said: Vec<String> = self.deaths.iter().map(|death| death.keep(dir)).collect();
        let advice = "give the rule, then keep them in tests/gate/crashers";
        assert!(said.is_empty(), "in {}, {advice}:\n{}", dir.display(), said.join("\n"));
    }
}

/// Tries every case of a plan in child processes.
pub fn watch(plan: &Plan, guarded: bool) -> Report {
    let mut report = Report::default();
    let cases = plan.cases();
    let mut from = 0;
    while from < cases.len && report.deaths.len() < ENOUGH {
        let cell = Cell::new();
        let ended = cell.hold(plan, from, guarded);
        for (verdict, count) in cell.verdicts() {
            *report.verdicts.entry(verdict).or_default() += count;
        }
        match ended {
            None => break,
            Some(how) => {
                let at = cell.at().unwrap_or(from);
                let plan = plan.to_string();
                report.deaths.push(Death { plan, at, how, case: cases.get(at) });
                from = at + 1;
            }
        }
    }
    report
}

/// A directory for one victim.
struct Cell(tempfile::TempDir);

impl Cell {
    fn new() -> Self {
        Cell(crate::support::temporary())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a victim to its end; returns how it died, if it did not get through.
    fn hold(&self, plan: &Plan, from: usize, guarded: bool) -> Option<String> {
        let order = format!("{plan}|{from}|{guarded}|{}", self.0.path().display());
        let stderr = fs::File::create(self.file("stderr")).expect("a writable file");
        let mut victim = limited(&std::env::current_exe().expect("the test binary"))
            .args([CELL, "--exact", "--nocapture", "--test-threads", "1"])
            .env(VICTIM, order)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .expect("the test binary starts");
        let patience = if guarded { PATIENCE } else { IMPATIENCE };
        match self.wait(&mut victim, patience) {
            Some(status) if status.success() => None,
            Some(status) => Some(format!("{status}: {}", self.last_words())),
            None => {
                victim.kill().expect("it can be killed");
                victim.wait().expect("it ends");
                Some(format!("no end within {} s", patience.as_secs()))
            }
        }
    }

    /// Waits as long as the victim makes progress.
    fn wait(&self, victim: &mut Child, patience: Duration) -> Option<ExitStatus> {
        let (mut at, mut since) = (None, Instant::now());
        loop {
            if let Some(status) = victim.try_wait().expect("a child") {
                return Some(status);
            }
            let now = self.at();
            if now != at {
                (at, since) = (now, Instant::now());
            } else if since.elapsed() > patience {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn at(&self) -> Option<usize> {
        fs::read_to_string(self.file("at")).ok()?.trim().parse().ok()
    }

    fn last_words(&self) -> String {
        let stderr = fs::read(self.file("stderr")).unwrap_or_default();
        let stderr = String::from_utf8_lossy(&stderr);
        let said: Vec<&str> = stderr.lines().filter(|line| !line.is_empty()).take(5).collect();
        said.join(" / ").chars().take(2_000).collect()
    }

    fn verdicts(&self) -> BTreeMap<String, u64> {
        let text = fs::read(self.file("verdicts")).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }
}

/// Whether AddressSanitizer is active, which reports a death before there is a signal.
pub fn is_sanitized() -> bool {
    std::env::var_os("ASAN_OPTIONS").is_some()
}

/// A command with bounded memory, if the system supports it. AddressSanitizer needs unlimited address space.
fn limited(program: &Path) -> Command {
    if !cfg!(unix) || is_sanitized() {
        return Command::new(program);
    }
    let mut shell = Command::new("sh");
    let script = format!("ulimit -c 0; ulimit -v {MEMORY} 2>/dev/null; exec \"$@\"");
    shell.args(["-c", &script, "sh"]).arg(program);
    shell
}

/// The victim: tries one case after the other. Not a test of its own.
#[test]
fn cell() {
    let Ok(order) = std::env::var(VICTIM) else { return };
    let parts: Vec<&str> = order.splitn(4, '|').collect();
    let [plan, from, guarded, dir] = *parts else { panic!("an order of four parts") };
    let cases = plan.parse::<Plan>().expect("a plan").cases();
    let from: usize = from.parse().expect("a number");
    let dir = Path::new(dir);
    let mut verdicts: BTreeMap<String, u64> = BTreeMap::new();
    for at in from..cases.len {
        fs::write(dir.join("at"), at.to_string()).expect("a writable file");
        if at % 500 == 499 {
            note(dir, &verdicts);
        }
        for verdict in suffer(&cases.get(at), guarded == "true") {
            *verdicts.entry(verdict).or_default() += 1;
        }
    }
    note(dir, &verdicts);
}

fn note(dir: &Path, verdicts: &BTreeMap<String, u64>) {
    fs::write(dir.join("verdicts"), serde_json::to_vec(verdicts).expect("JSON"))
        .expect("a writable file");
}

fn suffer(case: &Case, guarded: bool) -> Vec<String> {
    if !guarded {
        let believed = believe(ROOTS, &case.base, &case.update);
        return vec![if believed { "believed" } else { "not taken" }.into()];
    }
    if !is_fit(case) {
        return vec!["unfit".into()];
    }
    if !case.with.is_empty() {
        let updates = [std::slice::from_ref(&case.update), &case.with].concat();
        let outcome = match sequence(case.roots, &case.base, &updates) {
            Outcome::Invalid => "one is invalid",
            Outcome::Disputed => "disputed",
            Outcome::Waits => "some wait",
            Outcome::Taken => "taken",
        };
        return vec![format!("{} updates: {outcome}", updates.len())];
    }
    salvage(case.roots, &case.base, &case.update);
    let first = trial(case.roots, &case.base, &case.update);
    let mut verdicts = vec![word(first, "")];
    if verdicts[0].starts_with("passed") && !case.then.is_empty() {
        let base = after(case.roots, &case.base, &case.update);
        verdicts.push(word(trial(case.roots, &base, &case.then), "then "));
    }
    verdicts
}

fn word(verdict: Verdict, when: &str) -> String {
    match verdict {
        Verdict::Refused(rule) => format!("{when}refused: {rule}"),
        Verdict::Waits => format!("{when}waits"),
        Verdict::Forked => format!("{when}forked"),
        Verdict::Passed => format!("{when}passed"),
        Verdict::Contradictory => format!("{when}passed, contradictory"),
    }
}
