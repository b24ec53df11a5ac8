//! A machine with stores on it, for tests: a temporary directory, a clock that stands where it is
//! put, ids out of a seed, and the binary under test.

use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// 2026-01-01T00:00:00Z
pub const START: i64 = 1_767_225_600;

/// A machine: its own home, state directory, clock and random source.
pub struct Machine {
    root: tempfile::TempDir,
    seed: String,
    now: Cell<i64>,
    runs: Cell<u64>,
}

/// What a run of the binary left behind.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    command: String,
}

impl Machine {
    /// A fresh machine. The seed decides every id that its commands mint.
    pub fn new(seed: &str) -> Self {
        Machine {
            root: tempfile::tempdir().expect("a temporary directory"),
            seed: seed.to_owned(),
            now: Cell::new(START),
            runs: Cell::new(0),
        }
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
            .env("TZ", "UTC")
            .env("CRDTCTL_NOW", self.now.get().to_string())
            .env("CRDTCTL_SEED", format!("{} {run}", self.seed))
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

    /// Runs a command that was prepared by hand.
    pub fn finish(&self, mut command: Command, args: &[&str], input: Option<&[u8]>) -> Run {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if input.is_some() {
            command.stdin(Stdio::piped());
        }
        let mut child = command.spawn().expect("the binary starts");
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            // A command that refuses early closes its end; that is no failure of the test.
            let _ = stdin.write_all(input);
        }
        Run::of(&child.wait_with_output().expect("the binary ends"), &args.join(" "))
    }

    /// A store in a directory of this machine, made by `init`.
    pub fn store(&self, name: &str, member: &str) -> Store<'_> {
        let dir = self.path(name);
        self.run(&["init", &text(&dir), "--as", member]).ok();
        Store { machine: self, dir }
    }

    /// A directory of this machine as a store, whoever made it.
    pub fn open(&self, dir: PathBuf) -> Store<'_> {
        Store { machine: self, dir }
    }

    /// A copy of one of the stores that the real application's code wrote.
    pub fn fixture(&self, name: &str) -> Store<'_> {
        let dir = self.path(name);
        copy_tree(&fixtures().join(name), &dir);
        Store { machine: self, dir }
    }
}

/// Where the fixtures are.
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

    /// Runs a command that must succeed; its stdout without the last line break.
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args).ok()
    }

    /// Runs a command with `--json` that must succeed; its stdout parsed.
    pub fn json(&self, args: &[&str]) -> Value {
        self.run(&[args, &["--json"]].concat()).json()
    }

    /// Every file of the store with its content, for comparing before and after.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(&self.dir)
    }

    /// Every document file of the store with its content.
    pub fn documents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut all = self.files();
        all.retain(|path, _| path.extension().is_some_and(|e| e == "yrs"));
        all
    }
}

impl Run {
    /// What a process left behind; the code is -1 when a signal ended it.
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

    /// The stdout parsed, whatever the exit code.
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

    /// The run failed with this code, one error, and a hint; nothing went to stdout.
    #[track_caller]
    pub fn fails(&self, code: i32, message: &str) -> &Self {
        self.exits(code);
        assert!(self.stderr.contains(message), "{}: {}", self.command, self.stderr);
        assert_eq!(self.stderr.matches("error: ").count(), 1, "{}", self.stderr);
        assert_eq!(self.stdout, "", "{}", self.command);
        self
    }
}

/// Every file below a directory with its content, by relative path.
pub fn files(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(root: &Path, dir: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in std::fs::read_dir(dir).expect("a directory") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                let name = path.strip_prefix(root).expect("below the root").to_owned();
                found.insert(name, std::fs::read(&path).expect("a readable file"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(dir, dir, &mut found);
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
