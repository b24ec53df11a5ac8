//! A machine with stores on it, for tests: a temporary directory, a fixed clock, seeded ids, and the binary
//! under test.

use crdtctl::clock::{Clock, Ids};
use crdtctl::store::{self, Environment};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// 2026-01-01T00:00:00Z
pub const START: i64 = 1_767_225_600;

pub const GROUP: &str = "group:ocean-forest-moon-star";
pub const PROJECT: &str = "project:gentle-wave-moon-fire";
pub const ALICE: &str = "alice-river-stone-sky";
pub const BOB: &str = "bob-hill-lake-tree";
pub const CAROL: &str = "carol-sun-wind-rain";

/// The environment of a store that is used as a library: seeded ids, and a place for leases, or none, so that
/// nothing is written.
pub fn environment(leases: Option<PathBuf>, ids: &str, now: i64) -> Environment {
    Environment {
        machine: store::Machine {
            clock: Clock::fixed(now),
            ids: Ids::seeded(ids),
            leases,
            id: "machine".to_owned(),
            host: "host".to_owned(),
            lock_wait: Duration::from_secs(10),
        },
        roots: crdtctl::concern::expected,
        noted: crdtctl::concern::noted(),
        adopt: crdtctl::merge::adopt,
        fold: None,
    }
}

/// A machine with its own home, state directory, clock and random source.
pub struct Machine {
    root: tempfile::TempDir,
    seed: String,
    now: Cell<i64>,
    runs: Cell<u64>,
    editor: Cell<Option<&'static str>>,
}

/// The result of a run of the binary.
#[derive(Debug, Clone)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    command: String,
}

impl Machine {
    /// A fresh machine. The seed determines every id that its commands create.
    pub fn new(seed: &str) -> Self {
        Machine {
            root: temporary(),
            seed: seed.to_owned(),
            now: Cell::new(START),
            runs: Cell::new(0),
            editor: Cell::new(None),
        }
    }

    /// Sets the editor that its commands find from now on, or none.
    pub fn set_editor(&self, command: Option<&'static str>) {
        self.editor.set(command);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub fn now(&self) -> i64 {
        self.now.get()
    }

    pub fn pass(&self, seconds: i64) {
        self.now.set(self.now.get() + seconds);
    }

    /// The binary with this machine's environment and nothing of the test's own.
    pub fn command(&self, args: &[&str]) -> Command {
        let run = self.runs.get();
        self.runs.set(run + 1);
        let mut command = Command::new(env!("CARGO_BIN_EXE_crdtctl"));
        command
            .args(args)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.root.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_DATA_HOME", self.path("data"))
            // Files that a failing editor leaves are removed with the machine.
            .env("TMPDIR", self.root.path())
            .env("TZ", "UTC")
            .env("CRDTCTL_NOW", self.now.get().to_string())
            .env("CRDTCTL_SEED", format!("{} {run}", self.seed))
            .envs(self.editor.get().map(|editor| ("EDITOR", editor)))
            .current_dir(self.root.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        self.finish(self.command(args), args, None)
    }

    pub fn run_with_stdin(&self, args: &[&str], input: &[u8]) -> Run {
        self.finish(self.command(args), args, Some(input))
    }

    /// Runs a command with further environment variables, in a directory.
    pub fn run_in(&self, dir: &Path, env: &[(&str, &str)], args: &[&str]) -> Run {
        let mut command = self.command(args);
        command.current_dir(dir).envs(env.iter().copied());
        self.finish(command, args, None)
    }

    /// Runs a command through a shell that has prepared the process: `"$@"` stands for the command.
    pub fn run_through_shell(&self, script: &str, args: &[&str]) -> Run {
        let direct = self.command(args);
        let mut shell = Command::new("sh");
        shell.env_clear().args(["-c", script, "sh"]).arg(direct.get_program());
        shell.args(direct.get_args()).current_dir(self.root.path()).stdin(Stdio::null());
        shell.envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.finish(shell, args, None)
    }

    /// Runs a line of shell that must succeed, for commands that the program prints.
    #[track_caller]
    pub fn shell(&self, line: &str) {
        let status = Command::new("sh").args(["-c", line]).current_dir(self.root.path()).status();
        assert!(status.expect("a shell").success(), "{line}");
    }

    /// Runs a prepared command.
    pub fn finish(&self, mut command: Command, args: &[&str], input: Option<&[u8]>) -> Run {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().expect("the binary starts");
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            // A command that refuses early closes its end; that is not a failure of the test.
            let _ = stdin.write_all(input);
        }
        Run::of(&child.wait_with_output().expect("the binary ends"), &args.join(" "))
    }

    /// Makes a store in a directory of this machine with `init`.
    pub fn store(&self, name: &str, member: &str) -> Store<'_> {
        let dir = self.path(name);
        self.run(&["init", &text(&dir), "--as", member]).ok();
        Store { machine: self, dir }
    }

    /// Makes a store with one group, owned by Alice, and further members.
    pub fn group(&self, name: &str, members: &[&str]) -> Store<'_> {
        let store = self.store(name, ALICE);
        store.ok(&["entity", "create", GROUP, "--name", "Ocean friends"]);
        for member in members {
            store.ok(&["member", "add", member]);
        }
        store
    }

    /// Makes a store with one project, owned by Alice, and further members.
    pub fn project(&self, name: &str, members: &[&str]) -> Store<'_> {
        let store = self.store(name, ALICE);
        store.ok(&["entity", "create", PROJECT, "--name", "Harbour"]);
        for member in members {
            store.ok(&["member", "add", member]);
        }
        store
    }

    /// Makes a store of a member with everything that another store holds.
    pub fn replica_of(&self, other: &Store<'_>, name: &str, member: &str) -> Store<'_> {
        let store = self.store(name, member);
        other.give(&store);
        store
    }

    /// Opens a directory of this machine as a store, whoever made it.
    pub fn open(&self, dir: PathBuf) -> Store<'_> {
        Store { machine: self, dir }
    }

    /// Copies one of the stores that the real application's code wrote.
    pub fn fixture(&self, name: &str) -> Store<'_> {
        let dir = self.path(name);
        copy_tree(&fixtures().join(name), &dir);
        Store { machine: self, dir }
    }
}

/// A directory that is removed after the test. In memory if possible: disk latency is not tested, and no test
/// cuts the power.
pub fn temporary() -> tempfile::TempDir {
    let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
    root.expect("a temporary directory")
}

/// The directory of the fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// A store on a machine.
pub struct Store<'m> {
    pub machine: &'m Machine,
    pub dir: PathBuf,
}

impl Store<'_> {
    /// Runs a command on this store.
    pub fn run(&self, args: &[&str]) -> Run {
        let dir = text(&self.dir);
        let args: Vec<&str> = [&["--store", dir.as_str()], args].concat();
        self.machine.run(&args)
    }

    /// Runs a command that must succeed; returns its stdout without the last line break.
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args).ok()
    }

    /// Runs a command with `--json` that must succeed; returns its parsed stdout.
    pub fn json(&self, args: &[&str]) -> Value {
        self.run(&[args, &["--json"]].concat()).json()
    }

    /// Sends a message; returns its id.
    pub fn send(&self, text: &str) -> String {
        self.ok(&["chat", "send", text])
    }

    /// Exports everything into a file of the machine; returns the file.
    pub fn export(&self, name: &str) -> String {
        let file = text(&self.machine.path(name));
        self.ok(&["sync", "export", "--out", &file]);
        file
    }

    /// Transfers everything that this store holds to another one.
    #[track_caller]
    pub fn give(&self, other: &Store<'_>) {
        let name = format!("give-{}.crdt", self.machine.runs.get());
        let file = self.export(&name);
        other.run(&["sync", "import", &file]).exits(0);
    }

    /// Exchanges changes in both directions; both then hold the same.
    #[track_caller]
    pub fn meet(&self, other: &Store<'_>) {
        for _ in 0..2 {
            self.give(other);
            other.give(self);
        }
        assert_eq!(self.digest(), other.digest());
    }

    /// Runs a command that must change nothing, neither a document nor by its answer.
    #[track_caller]
    pub fn is_so_already(&self, args: &[&str]) {
        let before = self.documents();
        let written = self.json(args);
        assert_eq!(
            (&written["changed"], &written["seq"]),
            (&serde_json::json!(false), &Value::Null),
            "{args:?}"
        );
        assert_eq!(self.documents(), before, "{args:?}");
    }

    /// The content digest of the store.
    pub fn digest(&self) -> String {
        self.ok(&["digest"])
    }

    /// The path of a document's file.
    pub fn document(&self, doc: &str) -> PathBuf {
        let list = self.json(&["doc", "list"]);
        let found = list.as_array().into_iter().flatten().find(|row| row["doc_id"] == doc);
        let path = found.and_then(|row| row["path"].as_str());
        self.dir.join(path.unwrap_or_else(|| panic!("no document {doc}: {list}")))
    }

    /// Truncates the file of a document in its middle.
    pub fn break_off(&self, doc: &str) {
        let file = self.document(doc);
        let bytes = std::fs::read(&file).expect("a document that can be read");
        std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("a document that can be written");
    }

    /// The values of one field of a list's records.
    pub fn column(&self, args: &[&str], field: &str) -> Vec<String> {
        column(&self.json(args), field)
    }

    /// Every file of the store with its content, for comparing before and after.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.dir)
    }

    /// Every document file of the store with its content.
    pub fn documents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        // The database is not even opened: closing it would release the lock that a test holds on it.
        files_where(&self.dir, &|path| path.extension().is_some_and(|e| e == "yrs"))
    }
}

impl Run {
    /// The result of a process; the code is -1 if a signal ended it.
    pub fn of(output: &std::process::Output, command: &str) -> Self {
        Run {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            command: command.to_owned(),
        }
    }

    /// The stdout of a run that must have succeeded, without the last line break.
    #[track_caller]
    pub fn ok(&self) -> String {
        self.exits(0);
        self.stdout.trim_end_matches('\n').to_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        self.exits(0);
        self.parsed()
    }

    /// The parsed stdout, whatever the exit code.
    #[track_caller]
    pub fn parsed(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("{}: no JSON ({e}):\n{self:#?}", self.command))
    }

    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(
            self.code, code,
            "crdtctl {}\n--- stdout\n{}--- stderr\n{}",
            self.command, self.stdout, self.stderr
        );
        self
    }

    /// Asserts that the run failed with this code and one error that contains this message, and printed
    /// nothing to stdout.
    #[track_caller]
    pub fn fails(&self, code: i32, message: &str) -> &Self {
        self.exits(code);
        assert!(self.stderr.contains(message), "{}: {}", self.command, self.stderr);
        assert_eq!(self.stderr.matches("error: ").count(), 1, "{}", self.stderr);
        assert_eq!(self.stdout, "", "{}", self.command);
        self
    }

    /// The error object that a run with `--json` leaves on stderr.
    #[track_caller]
    pub fn error(&self) -> Value {
        let line = self.stderr.lines().last().unwrap_or_default();
        let value: Value = serde_json::from_str(line)
            .unwrap_or_else(|e| panic!("{}: no error object ({e}):\n{self:#?}", self.command));
        value["error"].clone()
    }
}

/// One field of every record of a list, as text.
#[track_caller]
pub fn column(list: &Value, field: &str) -> Vec<String> {
    let rows = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    rows.iter().map(|row| row[field].as_str().unwrap_or_default().to_owned()).collect()
}

/// The names of an object's fields, in their order.
#[track_caller]
pub fn keys(object: &Value) -> Vec<&str> {
    let fields = object.as_object().unwrap_or_else(|| panic!("no object: {object}"));
    fields.keys().map(String::as_str).collect()
}

/// Every file below a directory with its content, by relative path.
pub fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files_where(dir, &|_| true)
}

fn files_where(root: &Path, wanted: &dyn Fn(&Path) -> bool) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut dirs = vec![root.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                dirs.push(path);
            } else if wanted(&path) {
                let name = path.strip_prefix(root).expect("below the root").to_owned();
                found.insert(name, std::fs::read(&path).expect("a readable file"));
            }
        }
    }
    found
}

pub fn copy_tree(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for (name, content) in files(from) {
        let target = to.join(name);
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).expect("a directory");
        }
        std::fs::write(target, content).expect("a writable file");
    }
}

pub fn text(path: &Path) -> String {
    path.to_str().expect("a UTF-8 path").to_owned()
}

/// A number from the environment.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Reports that a test, or the rest of it, cannot run here. Bypasses the harness, which swallows what a test
/// prints while it passes.
pub fn skipped(reason: &str) {
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    drop(writeln!(std::io::stderr(), "SKIPPED {test}: {reason}"));
}
