//! Failures of every system call that a command makes on its files: one at a time, or all from some point on.
//!
//! A command runs once under strace, which records its calls. Then it runs again with one of them failing as
//! disks, quotas and permissions fail: ENOSPC, EDQUOT, EIO, EROFS, EACCES, EMFILE. Ids and clock are fixed,
//! so the same call comes at the same place, and the content after the command is known in advance. For each
//! run:
//!
//! - the exit code is 0 or 74 (8 if a lock failed), there is no panic, and a failure is reported in one
//!   error;
//! - the store is as before or as after; an error that says `committed` means after, and one that says
//!   neither that nor that the outcome is unknown means before;
//! - a command that only reads prints exactly what it otherwise prints, or fails;
//! - the store can be read, the same command can be run again, and `check` finds nothing.
//!
//! `CRDTCTL_FAULTS=2500` makes the run longer, `CRDTCTL_FAULTS_SEED=2` different, and
//! `CRDTCTL_FAULT_ONE="12 fsync 1 EIO"` tries those faults alone.

use super::crash::{Rewind, ended, looked_at, under_strace};
use super::support::{Machine, Run, Store, files, number, skipped, text};
use crdtctl::id::EntityId;
use crdtctl::sample::Chance;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

const GROUP: &str = "group:ocean-forest-moon-star";
const ALICE: &str = "alice-river-stone-sky";
const BOB: &str = "bob-hill-lake-tree";
const CAROL: &str = "carol-sun-wind-rain";
/// Number of faults in a default run.
const QUICK: usize = 30;
/// Seeds of the ids that a command creates, the first time and the second.
const FIRST: &str = "the first time";
const AGAIN: &str = "the second time";
/// The directory that a recovery writes to.
const MADE: &str = "made";
/// Where the log begins in a fingerprint.
const PAST: &str = "its log:\n";

/// The calls on files, and the ways in which each of them fails in practice.
const CALLS: &[(&str, &[&str])] = &[
    ("openat", &["EACCES", "EMFILE", "EIO"]),
    ("read", &["EIO"]),
    ("pread64", &["EIO"]),
    ("write", &["ENOSPC", "EDQUOT", "EIO"]),
    ("pwrite64", &["ENOSPC", "EDQUOT", "EIO"]),
    ("fsync", &["EIO", "ENOSPC"]),
    ("fdatasync", &["EIO", "ENOSPC"]),
    ("rename", &["EIO", "ENOSPC", "EROFS"]),
    ("unlink", &["EACCES", "EIO"]),
    ("mkdir", &["ENOSPC", "EROFS"]),
    ("ftruncate", &["ENOSPC", "EIO"]),
    ("fchmod", &["EIO"]),
    ("statx", &["EIO", "EACCES"]),
    ("newfstatat", &["EIO", "EACCES"]),
    ("getdents64", &["EIO"]),
    ("close", &["EIO", "ENOSPC", "EDQUOT"]),
    ("fcntl", &["EIO", "ENOLCK"]),
    ("mmap", &["ENOMEM"]),
    ("flock", &["ENOLCK", "EIO"]),
];
/// Further failures of a call that creates a file, or opens it for writing.
const CREATING: &[&str] = &["ENOSPC", "EDQUOT"];
const WRITING: &[&str] = &["EROFS"];

/// One call of a command that should fail, and how.
#[derive(Debug, Clone)]
struct Fault {
    /// The number of the command.
    command: usize,
    call: String,
    /// Counted among the calls of this name.
    number: usize,
    errno: &'static str,
    /// All calls of this name fail from there on.
    lasting: bool,
    /// The call as strace printed it, for messages.
    line: String,
}

impl Fault {
    fn name(&self) -> String {
        format!("{} {} {} {}", self.command, self.call, self.number, self.errno)
    }
}

/// A command, and what it does if nothing fails.
struct Step {
    args: Vec<String>,
    reads: bool,
    code: i32,
    again: i32,
    stdout: String,
    before: String,
    after: String,
    /// The fingerprint after running the same command a second time, and the output of `check` then.
    twice: String,
    check: i32,
}

/// A machine that is reset before each fault.
struct Bench<'m> {
    rewind: Rewind<'m>,
    steps: Vec<Step>,
    faults: Vec<Fault>,
}

impl<'m> Bench<'m> {
    fn new(store: Store<'m>, steps: impl Iterator<Item = (Vec<String>, bool)>) -> Option<Self> {
        let mut bench = Bench { rewind: Rewind::new(store), steps: vec![], faults: vec![] };
        for (args, reads) in steps {
            bench.learn(args, reads)?;
        }
        Some(bench)
    }

    fn store(&self) -> &Store<'m> {
        &self.rewind.store
    }

    /// Runs a command with nothing failing; `None` without strace.
    fn learn(&mut self, args: Vec<String>, reads: bool) -> Option<()> {
        self.back();
        let before = fingerprint(self.store());
        let (run, trace) = self.traced(&args, &names(), None)?;
        assert!([0, 3, 5, 7].contains(&run.code), "{args:?}: {run:?}");
        let after = fingerprint(self.store());
        let again = self.plain(&args, AGAIN).code;
        let twice = fingerprint(self.store());
        let check = self.plain(&["check".to_owned()], AGAIN).code;
        assert!(!reads || before == after, "{args:?} is no reading");
        let command = self.steps.len();
        self.faults.extend(faults(command, &trace, &text(&self.store().machine.path(""))));
        let (code, stdout) = (run.code, run.stdout);
        self.steps.push(Step { args, reads, code, again, stdout, before, after, twice, check });
        Some(())
    }

    /// Resets everything.
    fn back(&self) {
        self.rewind.rewind();
        let made = self.store().machine.path(MADE);
        if made.exists() {
            std::fs::remove_dir_all(made).expect("what a recovery made");
        }
    }

    fn command(&self, args: &[String]) -> Command {
        let dir = text(&self.store().dir);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let mut command =
            self.store().machine.command(&[&["--store", dir.as_str()], &args[..]].concat());
        command.env("CRDTCTL_SEED", FIRST).current_dir("/");
        command
    }

    fn plain(&self, args: &[String], seed: &str) -> Run {
        let mut command = self.command(args);
        command.env("CRDTCTL_SEED", seed);
        self.store().machine.finish(command, &[], None)
    }

    /// Runs a command under strace; returns its result and its calls of these names.
    fn traced(&self, args: &[String], calls: &str, inject: Option<&str>) -> Option<(Run, String)> {
        let plain = self.command(args);
        let trace = self.store().machine.path("trace");
        let (to, traced) = (text(&trace), format!("trace={calls}"));
        let inject = inject.map(|inject| format!("inject={inject}"));
        let mut options = vec!["--seccomp-bpf", "-y", "-s", "0", "-o", &to, "-e", &traced];
        options.extend(inject.iter().flat_map(|inject| ["-e", inject.as_str()]));
        let Ok(child) = under_strace(&plain, &options).current_dir("/").spawn() else {
            skipped("there is no strace here");
            return None;
        };
        let run = ended(child);
        Some((run, std::fs::read_to_string(trace).expect("the trace")))
    }

    /// Tries one fault. Returns what did not hold; `None` if the call did not occur.
    fn suffer(&self, fault: &Fault) -> Option<Result<(), String>> {
        let step = &self.steps[fault.command];
        self.back();
        let lasting = if fault.lasting { "+" } else { "" };
        let inject = format!("{}:error={}:when={}{lasting}", fault.call, fault.errno, fault.number);
        let (run, trace) = self.traced(&step.args, &fault.call, Some(&inject))?;
        if !trace.contains("(INJECTED)") {
            return None;
        }
        let judged = self.judge(step, fault, &run);
        Some(judged.map_err(|what| format!("{what}\n{:?}\n{fault:?}\n{run:#?}", step.args)))
    }

    /// Lets all of some faults happen, of which there must be a few.
    fn suffer_all(&self, wanted: impl Fn(&&Fault) -> bool) {
        let judged = self.faults.iter().filter(wanted).filter_map(|fault| self.suffer(fault));
        let suffered = judged.map(|judged| judged.unwrap_or_else(|what| panic!("{what}"))).count();
        assert!(suffered >= 4, "{suffered} faults");
    }

    fn judge(&self, step: &Step, fault: &Fault, run: &Run) -> Result<(), String> {
        let hold = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        // A check that cannot read a file reports a finding.
        let unread = step.args[0] == "check" && run.code == 3 && run.stdout.contains("os error");
        // An import takes in what goes into the others: the rest waits for the one document.
        let waits = run.code == 7 && run.stderr.contains(" is left out: could not read");
        if waits {
            hold(!run.stderr.contains("panicked"), "a panic")?;
            let again = self.plain(&step.args, AGAIN);
            hold([step.code, step.again].contains(&again.code), &format!("then {again:?}"))?;
            let documents = |of: &str| of[..of.find(PAST).unwrap_or(of.len())].to_owned();
            let now = documents(&fingerprint(self.store()));
            return hold(now == documents(&step.after), "then it holds something else");
        }
        let good = run.code == step.code || unread;
        let locked = ["fcntl", "flock"].contains(&fault.call.as_str()) && run.code == 8;
        hold(good || run.code == 74 || locked, "an exit code of another kind")?;
        hold(!run.stderr.contains("panicked"), "a panic")?;
        let speechless =
            fault.line.starts_with("write(2<") || fault.lasting && fault.call == "write";
        // A command over every document does the rest, and names the one that it could not read.
        let left_out = run.code == 74 && run.stderr.contains(" is left out");
        if !good && !speechless && !left_out {
            hold(run.stderr.matches("error: ").count() == 1, "not one error")?;
        }
        if step.reads && good {
            // A list may go on without one of its documents, if it says so.
            let said = ["could not ", "os error"].iter().any(|said| run.stderr.contains(said));
            let same = unread || run.stdout == step.stdout || said;
            hold(same, "reads something else")?;
        }
        // If the lease could not be read, another replica is made, which creates other ids: then only the log
        // can be compared.
        let renewed = run.stderr.contains("new replica");
        let seen = |of: &str| if renewed { past(of) } else { of.to_owned() };
        let (before, after) = (seen(&step.before), seen(&step.after));
        let found = seen(&fingerprint(self.store()));
        let neither = || format!("neither before nor after, but\n{found}\ninstead of\n{after}");
        hold(found == before || found == after, &neither())?;
        hold(!good || found == after, "said to be done, and is not")?;
        if !good && !speechless && before != after {
            let last = run.stderr.lines().last().unwrap_or_default();
            let error = serde_json::from_str::<Value>(last).unwrap_or_default()["error"].clone();
            let unknown = error["message"].as_str().is_some_and(|m| m.contains("unknown"));
            match error["committed"] == true {
                true => hold(found == after, "said to be committed, and is not")?,
                false => hold(unknown || found == before, "committed, and it is not said")?,
            }
        }
        let again = self.plain(&step.args, if found == before { FIRST } else { AGAIN });
        hold([step.code, step.again].contains(&again.code), &format!("then {again:?}"))?;
        let last = if found == before { &step.after } else { &step.twice };
        // Perhaps as another replica now, after a commit that failed.
        let (now, last) = (past(&fingerprint(self.store())), past(last));
        hold(now == last, &format!("then it does something else:\n{last}\n{now}"))?;
        let check = self.plain(&["check".to_owned()], AGAIN);
        hold(check.code == step.check, &format!("then check: {check:?}"))
    }
}

/// The part of a fingerprint that does not depend on ids.
fn past(of: &str) -> String {
    of[of.find(PAST).unwrap_or(0)..].to_owned()
}

fn names() -> String {
    CALLS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",")
}

/// The content of the store, and its log.
fn fingerprint(store: &Store<'_>) -> String {
    let opened = looked_at(store);
    let reader = opened.reader().expect("a reader");
    let mut found = String::new();
    for document in reader.documents().expect("the documents") {
        let digest = match reader.view(&document.id) {
            Ok(view) => blake3::Hash::from_bytes(view.expect("a document").digest()),
            Err(_) => blake3::hash(&std::fs::read(store.dir.join(&document.path)).expect("a file")),
        };
        let rest = document.meta.and_then(|meta| meta.rest.get("of another program").cloned());
        found.push_str(&format!("{} {digest} {rest:?}\n", document.id));
    }
    let made = store.machine.path(MADE);
    let made = if made.exists() { files(&made) } else { BTreeMap::new() };
    let is_document = |path: &PathBuf| path.extension().is_some_and(|kind| kind == "yrs");
    for (path, bytes) in made.into_iter().filter(|(path, _)| is_document(path)) {
        found.push_str(&format!("{} {}\n", path.display(), blake3::hash(&bytes)));
    }
    found.push_str(PAST);
    let state = reader.state().expect("the local state");
    for entry in state.history(i64::MIN..i64::MAX, |_| true, None).expect("the log") {
        found.push_str(&format!("{} {} {}\n", entry.seq, entry.doc, entry.command));
    }
    for peer in state.peers().expect("the peers") {
        found.push_str(&format!("{} {:?}\n", peer.replica_id, peer.last_bundle));
    }
    let canvas = EntityId::parse(GROUP).expect("an entity id").document("canvas");
    let handed = state.handed(&canvas).expect("the events");
    found.push_str(&format!("events up to {}\n", handed.acknowledged));
    found + &format!("{:?}", state.setting("entity").expect("the settings"))
}

/// The calls of a trace that touch a file of ours or an output, each with its ways to fail.
fn faults(command: usize, trace: &str, root: &str) -> Vec<Fault> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for line in trace.lines() {
        let Some((_, line)) = line.split_once(' ') else { continue };
        let Some((name, rest)) = line.trim_start().split_once('(') else { continue };
        let Some((name, errnos)) = CALLS.iter().find(|(known, _)| *known == name) else { continue };
        let count = counts.entry(name).or_insert(0);
        *count += 1;
        let output = *name == "write" && (rest.starts_with("1<") || rest.starts_with("2<"));
        let idle = rest.contains("F_GETFD") || rest.contains("MAP_ANONYMOUS");
        if idle || !(rest.contains(root) || output) {
            continue;
        }
        let creating = if rest.contains("O_CREAT") { CREATING } else { &[] };
        let writing =
            if rest.contains("O_RDWR") || rest.contains("O_WRONLY") { WRITING } else { &[] };
        for errno in errnos.iter().chain(creating).chain(writing) {
            for lasting in [false, true] {
                faults.push(Fault {
                    command,
                    call: (*name).to_owned(),
                    number: *count,
                    errno,
                    lasting,
                    line: line.trim_start().replace(root, "ROOT/").chars().take(160).collect(),
                });
            }
        }
    }
    faults
}

fn prepared(machine: &Machine) -> Store<'_> {
    let store = machine.store("store", ALICE);
    store.ok(&["entity", "create", GROUP, "--name", "Ocean"]);
    store.ok(&["member", "add", BOB]);
    let first = store.ok(&["chat", "send", "the first"]);
    let gone = store.ok(&["chat", "send", "to be deleted"]);
    store.ok(&["kanban", "add", "a card"]);
    store.ok(&["issue", "open", "an issue"]);
    store.ok(&["canvas", "add", "text", "--at", "1,2", "--size", "3,4"]);
    let bundle = text(&machine.path("all.crdt"));
    store.ok(&["sync", "export", "-O", &bundle]);
    let bob = machine.store("bob", BOB);
    bob.ok(&["sync", "import", &bundle]);
    bob.ok(&["chat", "send", "from bob"]);
    bob.ok(&["chat", "react", &first, "👍"]);
    bob.ok(&["canvas", "add", "text", "--at", "5,6", "--size", "7,8"]);
    let events = bob.ok(&["canvas", "events"]);
    std::fs::write(machine.path("feed"), events).expect("the feed");
    bob.ok(&["sync", "export", "-O", &text(&machine.path("bob.crdt"))]);
    let lines = [
        json!({"op": "chat.send", "text": "by the batch"}),
        json!({"op": "kanban.add", "title": "by the batch"}),
        json!({"op": "chat.send", "text": "an answer", "reply_to": "$1.id"}),
        json!({"op": "prune"}),
    ];
    let lines = lines.map(|line| line.to_string()).join("\n");
    std::fs::write(machine.path("batch"), lines).expect("a batch");
    store.ok(&["chat", "delete", &gone]);
    // What another program keeps in a `.meta` stays there.
    let meta = store.document(&format!("{GROUP}:chat")).with_extension("meta");
    let old = std::fs::read(&meta).expect("a .meta");
    let mut fields: Value = serde_json::from_slice(&old).expect("JSON");
    fields["of another program"] = json!("kept");
    std::fs::write(&meta, fields.to_string()).expect("a .meta");
    // Something to repair.
    let meta = store.document(&format!("{GROUP}:issues")).with_extension("meta");
    std::fs::write(&meta, "{").expect("a .meta");
    store
}

const READS: &[&[&str]] = &[
    &["chat", "list", "--json"],
    &["doc", "list", "--json"],
    &["check", "--json"],
    &["sync", "status", "--json"],
    &["sync", "export", "-O", "-"],
    &["tombstone", "list", "--json"],
    &["doc", "dump", "chat"],
    &["log", "--json"],
    &["canvas", "events"],
];

const WRITES: &[&[&str]] = &[
    &["chat", "send", "another", "--json"],
    &["member", "add", CAROL, "--json"],
    &["kanban", "add", "another card", "--json"],
    &["issue", "open", "another issue", "--json"],
    &["canvas", "add", "text", "--at", "1,2", "--size", "3,4", "--json"],
    &["sync", "import", "BUNDLE", "--json"],
    &["sync", "export", "-O", "FILE", "--json"],
    &["entity", "use", GROUP, "--json"],
    &["prune", "--json"],
    &["init", "STORE", "--json"],
    &["repair", "FINDING", "--json"],
    &["batch", "BATCH", "--json"],
    &["canvas", "apply", "FEED", "--json"],
    &["canvas", "events", "--ack", "--json"],
];

/// With a truncated chat.
const DAMAGED: &[(&[&str], bool)] = &[
    (&["recover", "chat", "--from", "BUNDLE", "-O", "MADE", "--json"], false),
    (&["prune", "--json"], false),
    (&["check", "--json"], true),
    (&["sync", "export", "-O", "-"], true),
    (&["sync", "import", "BUNDLE", "--json"], false),
    (&["kanban", "add", "another card", "--json"], false),
];

/// Tries this many faults; returns the number and what did not hold.
fn live(bench: &Bench<'_>, count: usize, seed: u64) -> (usize, Vec<String>) {
    let mut chance = Chance::new(seed);
    let one = std::env::var("CRDTCTL_FAULT_ONE").ok();
    let mut left: Vec<&Fault> = bench.faults.iter().collect();
    left.retain(|fault| one.as_ref().is_none_or(|one| *one == fault.name()));
    let (mut suffered, mut broken) = (0, Vec::new());
    while suffered < count && !left.is_empty() {
        let at = usize::try_from(chance.below(left.len() as u64)).unwrap_or(0);
        let fault = left.swap_remove(at);
        if let Some(judged) = bench.suffer(fault) {
            suffered += 1;
            broken.extend(judged.err().map(|what| format!("fault {suffered}: {what}")));
        }
    }
    (suffered, broken)
}

/// As a process leaves it that was killed after its commit: rows that are in no file, and SQLite's log beside
/// its own.
fn killed(store: &Store<'_>) -> Option<()> {
    let dir = text(&store.dir);
    let send = store.machine.command(&["-s", &dir, "chat", "send", "in the log only"]);
    // The first is the lease.
    let options = ["-e", "trace=rename", "-e", "inject=rename:signal=KILL:when=2"];
    let Ok(child) = under_strace(&send, &options).spawn() else {
        skipped("there is no strace here");
        return None;
    };
    assert_ne!(ended(child).code, 0);
    let wal = std::fs::metadata(store.dir.join("crdtctl.db-wal"));
    assert!(wal.is_ok_and(|wal| wal.len() > 0), "it was killed after its commit");
    Some(())
}

fn lived(store: Store<'_>, count: usize) {
    let reads = READS.iter().map(|args| (*args, true));
    let steps: Vec<_> = reads.chain(WRITES.iter().map(|args| (*args, false))).collect();
    lived_through(store, &steps, count);
}

fn lived_through(store: Store<'_>, steps: &[(&'static [&'static str], bool)], count: usize) {
    let machine = store.machine;
    let dir = text(&store.dir);
    let findings = store.run(&["check", "-o", "id"]).stdout;
    let place = |arg: &&'static str| match *arg {
        "BUNDLE" => text(&machine.path("bob.crdt")),
        "FILE" => text(&machine.path("new.crdt")),
        "BATCH" => text(&machine.path("batch")),
        "FEED" => text(&machine.path("feed")),
        "MADE" => text(&machine.path(MADE)),
        "FINDING" => findings.lines().next().unwrap_or_default().to_owned(),
        "STORE" => dir.clone(),
        other => other.to_owned(),
    };
    let steps = steps.iter().map(|(args, reads)| (args.iter().map(place).collect(), *reads));
    let Some(bench) = Bench::new(store, steps) else { return };
    let seed = number("CRDTCTL_FAULTS_SEED").unwrap_or(1);
    let count = number("CRDTCTL_FAULTS").map_or(count, |count| count as usize);
    let (suffered, broken) = live(&bench, count, seed);
    eprintln!("{suffered} faults of {}", bench.faults.len());
    assert!(broken.is_empty(), "{} of {suffered}:\n{}", broken.len(), broken.join("\n\n"));
}

#[test]
fn a_call_that_fails_fails_its_command_or_nothing() {
    let machine = Machine::new("faults");
    lived(prepared(&machine), QUICK);
}

/// A `.meta` is read when the files are listed and again with its document, and either read may fail. Other
/// reads, which determine whose store it is, do not affect the output of `check`.
#[test]
fn check_names_a_meta_that_cannot_be_read_at_whichever_look() {
    let machine = Machine::new("faults of meta");
    let step = ["check", "--json"].map(str::to_owned).to_vec();
    let Some(bench) = Bench::new(prepared(&machine), std::iter::once((step, true))) else { return };
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    let of_meta = |fault: &&Fault| fault.call == "openat" && fault.line.contains(".meta\"");
    let once = |fault: &&Fault| fault.errno == "EACCES" && !fault.lasting;
    for fault in bench.faults.iter().filter(of_meta).filter(once) {
        bench.back();
        let inject = format!("openat:error=EACCES:when={}", fault.number);
        let Some((run, _)) = bench.traced(&bench.steps[0].args, "openat", Some(&inject)) else {
            return;
        };
        let path = fault.line.split('"').nth(1).unwrap_or_default();
        let said = usize::from(run.code == 3 && run.stdout.contains("os error"));
        *named.entry(path).or_default() += said;
        let once_only = run.stdout.matches("\"unread-file\"").count() == said;
        assert!(once_only, "{fault:?}\n{run:#?}");
    }
    assert_eq!(named.len(), 5, "{named:?}");
    assert!(named.values().all(|looks| *looks >= 2), "{named:?}");
}

/// What is wrong with a document is not known while its file cannot be read.
#[test]
fn a_finding_is_not_called_gone_while_a_document_cannot_be_read() {
    let machine = Machine::new("faults of a repair");
    let store = prepared(&machine);
    let finding = store.run(&["check", "-o", "id"]).stdout;
    let finding = finding.lines().next().expect("a finding").to_owned();
    let step = vec!["repair".to_owned(), finding, "--json".to_owned()];
    let Some(bench) = Bench::new(store, std::iter::once((step, false))) else { return };
    let wanted = |fault: &&Fault| {
        let reads = fault.call == "read" && fault.line.contains(".yrs>");
        reads && fault.errno == "EIO" && fault.lasting
    };
    bench.suffer_all(wanted);
}

/// Lines of a relay are not set aside only because their canvas turns out to be unreadable when they are
/// merged.
#[test]
fn a_relay_fails_where_its_canvas_cannot_be_read_whenever_that_shows() {
    let machine = Machine::new("faults of a relay");
    let step = ["canvas", "apply", &text(&machine.path("feed")), "--json"].map(str::to_owned);
    let store = prepared(&machine);
    let canvas = store.document(&format!("{GROUP}:canvas"));
    let name = text(canvas.file_name().expect("a name").as_ref());
    let Some(bench) = Bench::new(store, std::iter::once((step.to_vec(), false))) else { return };
    let wanted = |fault: &&Fault| {
        let reads = fault.line.contains(&name) && fault.line.contains("O_RDONLY");
        reads && fault.call == "openat" && ["EACCES", "EIO"].contains(&fault.errno)
    };
    bench.suffer_all(wanted);
}

#[test]
fn a_call_that_fails_after_a_kill_fails_its_command_or_nothing() {
    let machine = Machine::new("faults after a kill");
    let store = prepared(&machine);
    if killed(&store).is_some() {
        lived(store, QUICK / 2);
    }
}

#[test]
fn a_call_that_fails_beside_a_damaged_document_fails_its_command_or_nothing() {
    let machine = Machine::new("faults beside damage");
    let store = prepared(&machine);
    let chat = store.document(&format!("{GROUP}:chat"));
    let whole = std::fs::read(&chat).expect("a file");
    std::fs::write(&chat, &whole[..whole.len() / 2]).expect("a file");
    lived_through(store, DAMAGED, QUICK / 3);
}
