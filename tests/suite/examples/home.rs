//! A home directory in which shell lines run as a person would type them.

use crate::support::*;
use crdtctl::clock::Ids;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// Stand-ins for programs that examples are piped through and that are not tested: each accepts all its
/// input.
const STAND_INS: &[(&str, &str)] = &[
    ("relay", "case $1 in subscribe) cat ~/relay.ndjson ;; publish) cat >/dev/null ;; esac"),
    // The other machine is a directory here.
    ("ssh", "cd ~/\"$1\" && shift && \"$@\""),
    ("man", "test -n \"$(cat)\""),
    ("git", "echo 'The crane squeaks'"),
];

/// Real programs that examples are piped through, if they are installed.
const OTHERS: &[&str] = &["jq", "sqlite3", "python3", "b3sum"];

/// Copies the databases of other programs that examples look into.
pub const COPY_DATABASES: &str = concat!(
    "cp ",
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/databases/pycrdt.ystore.db .jupyter_ystore.db && cp ",
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/databases/hocuspocus.sqlite db.sqlite"
);

/// Files by their path below a directory.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A home with a working directory and variables that last from line to line.
pub struct Home {
    dir: PathBuf,
    machine: Machine,
}

/// Finds a seed whose first id begins like this.
fn seed(prefix: &str) -> String {
    let begins = |seed: &String| Ids::seeded(seed).uuid().unwrap().starts_with(prefix);
    (0..).map(|n: u32| format!("{prefix} {n}")).find(begins).unwrap()
}

impl Home {
    /// An empty home, with the program and the stand-ins in its `PATH`; `None` without bash.
    pub fn new(name: &str) -> Option<Home> {
        let machine = Machine::new(name);
        let home = Home { dir: machine.path("home"), machine };
        for dir in ["usb", "backup", ".local/share", ".zfunc", ".config/fish/completions"] {
            fs::create_dir_all(home.dir.join(dir)).unwrap();
        }
        fs::create_dir_all(home.dir.join(".local/share/bash-completion/completions")).unwrap();
        let bin = home.machine.path("bin");
        fs::create_dir(&bin).unwrap();
        // Each run has a seed of its own, or two ids could begin alike by chance.
        let runs = home.machine.path("runs");
        fs::create_dir(&runs).unwrap();
        let seeded = format!(
            "n=0; while [ -z \"$CRDTCTL_SEED\" ]; do\n\
             mkdir '{}'/$n 2>/dev/null && export CRDTCTL_SEED=\"{name} $n\"; n=$((n+1)); done\n\
             exec '{}' \"$@\"",
            runs.display(),
            env!("CARGO_BIN_EXE_crdtctl")
        );
        let stand_ins = STAND_INS.iter().copied().chain([("crdtctl", seeded.as_str())]);
        for (name, script) in stand_ins {
            let file = bin.join(name);
            fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        match Command::new("bash").arg("--version").output() {
            Ok(_) => Some(home),
            Err(_) => {
                skipped("no bash here");
                None
            }
        }
    }

    /// A copy of the home that help texts assume.
    pub fn furnished(name: &str) -> Option<Home> {
        static FURNITURE: LazyLock<Option<Files>> = LazyLock::new(|| {
            let home = Home::new("furnished")?;
            home.furnish();
            Some(files(&home.dir))
        });
        let home = Home::new(name)?;
        for (name, content) in FURNITURE.as_ref()? {
            let file = home.dir.join(name);
            fs::create_dir_all(file.parent()?).unwrap();
            fs::write(file, content).unwrap();
        }
        home.machine.pass(3600);
        Some(home)
    }

    /// Alice's store with one of everything, what Bob has sent, and the files that examples name.
    fn furnish(&self) {
        for (prefix, line) in FURNISHING {
            let seed = (!prefix.is_empty()).then(|| seed(prefix));
            self.bash(line, seed.as_deref()).exits(0);
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Runs a line; its working directory and the variables that it sets are kept for the next one.
    pub fn run(&self, line: &str) -> Run {
        self.bash(line, None)
    }

    fn bash(&self, line: &str, seed: Option<&str>) -> Run {
        let script = format!(
            "set -o pipefail; cd; [ -e ~/.session ] && . ~/.session\n{line}\ncode=$?\n\
             {{ declare -p id card issue review project; printf 'cd ~/%q\\n' \"${{PWD#\"$HOME\"}}\"; }} \
             >~/.session 2>/dev/null\nexit $code"
        );
        let plain = self.machine.command(&[]);
        let path = std::env::var("PATH").unwrap_or_default();
        let mut bash = Command::new("bash");
        bash.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        bash.env("HOME", &self.dir).env_remove("XDG_STATE_HOME").env_remove("XDG_DATA_HOME");
        bash.env("PATH", format!("{}:{path}", text(&self.machine.path("bin"))));
        match seed {
            Some(seed) => bash.env("CRDTCTL_SEED", seed),
            None => bash.env_remove("CRDTCTL_SEED"),
        };
        bash.args(["-c", &script]).current_dir(&self.dir).stdin(std::process::Stdio::null());
        self.machine.pass(1);
        self.machine.finish(bash, &[line], None)
    }
}

/// Whether a line can run here; prints a notice if it cannot.
pub fn can_run(line: &str) -> bool {
    let is_word = |name: &&&str| line.split(|c: char| !c.is_alphanumeric()).any(|w| w == **name);
    let missing = OTHERS
        .iter()
        .filter(is_word)
        .find(|name| Command::new(name).arg("--version").output().is_err());
    match missing {
        Some(name) => {
            skipped(&format!("no {name} here: {line}"));
            false
        }
        None => true,
    }
}

/// Joins shell lines that end with a `\` to the next one.
pub fn joined<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in lines {
        let (text, more) = match line.strip_suffix('\\') {
            Some(text) => (text, true),
            None => (line, false),
        };
        match all.last_mut().filter(|_| goes_on) {
            Some(last) => last.push_str(text),
            None => all.push(text.to_owned()),
        }
        goes_on = more;
    }
    all
}

/// A file of the repository.
pub fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The contents of the home that help texts assume: the beginning of the id that a line creates, and the
/// line.
const FURNISHING: &[(&str, &str)] = &[
    ("", "crdtctl init alice --as alice-river-stone-sky; cd alice"),
    ("", "crdtctl entity create group:ocean-forest-moon-star --name 'Ocean friends'"),
    ("", "crdtctl member add bob-hill-lake-tree"),
    ("3f2a", "crdtctl chat send 'See you at the harbour tomorrow'"),
    ("", "crdtctl chat send 'The release is out' --reply-to 3f2a"),
    ("77ab", "crdtctl kanban add 'Sweep the pier'"),
    ("3f2a", "crdtctl kanban add 'Paint the lighthouse' --assignee bob- --priority urgent"),
    ("9c1e", "crdtctl issue open 'The crane squeaks' --assignee bob-"),
    ("77ab", "crdtctl issue comment 9c1e 'Oil does not help'"),
    ("", "crdtctl issue status 9c1e in-progress"),
    (
        "3f2a",
        "crdtctl canvas add text --at 40,30 --size 200,40 --data '{\"content\":\"Harbour plan\"}'",
    ),
    ("", "crdtctl canvas move 3f2a 60,30"),
    ("", "crdtctl sync export -O ~/usb/for-bob.crdt"),
    ("3f2a", "crdtctl init ~/bob --as bob-hill-lake-tree"),
    ("", "crdtctl -s ~/bob sync import ~/usb/for-bob.crdt"),
    // Two who edit one issue at once; the earlier edit loses.
    ("", "crdtctl -s ~/bob chat send 'Good to be here'"),
    ("", "crdtctl issue edit 9c1e --title 'The crane squeaks loudly'"),
    ("", "crdtctl -s ~/bob issue edit 9c1e --title 'The crane needs oil'"),
    ("", "crdtctl -s ~/bob sync export -O from-bob.crdt"),
    ("", "crdtctl sync import from-bob.crdt"),
    ("", "crdtctl -s ~/bob chat send 'Who has the ferry times?'"),
    ("", "crdtctl -s ~/bob sync export -O from-bob.crdt && cp from-bob.crdt bob.crdt"),
    ("", "cp from-bob.crdt ~/usb/"),
    // Databases of other programs.
    ("", COPY_DATABASES),
    // A document that Yjs wrote, a change to it, and both together.
    (
        "",
        "printf %s AQkHAAQBBHRleHQHSGFyYm91coQHBgUgcGxhbkYHAARib2xkBHRydWXGBwYHBwRib2xkBG51bGwoAQhzZXR0aW5ncwV0aGVtZQF3BGRhcmsHAQRwYWdlAwFwBwAHDwYEAAcQDU1pbmQgdGhlIHRpZGUoAAcPBWNsYXNzAXcEbm90ZQA= | base64 -d > state.bin",
    ),
    ("", "printf %s AQIHH6gHDgF3BWxpZ2h0hAcLDiwgc2Vjb25kIGRyYWZ0AQcBDgE= | base64 -d > change.bin"),
    (
        "",
        "printf %s AQsHAAQBBHRleHQHSGFyYm91coQHBgUgcGxhbkYHAARib2xkBHRydWXGBwYHBwRib2xkBG51bGwhAQhzZXR0aW5ncwV0aGVtZQEHAQRwYWdlAwFwBwAHDwYEAAcQDU1pbmQgdGhlIHRpZGUoAAcPBWNsYXNzAXcEbm90ZagHDgF3BWxpZ2h0hAcLDiwgc2Vjb25kIGRyYWZ0AQcBDgE= | base64 -d > newer.bin",
    ),
    (
        "",
        "cp -r ~/alice ~/backup/monday && cp -r ~/alice ~/backup/alice && cp -r ~/alice ~/backup/tuesday",
    ),
    ("", "crdtctl -s ~/backup/tuesday chat send 'On Tuesday'"),
    (
        "",
        "crdtctl init elsewhere --as alice-river-stone-sky && crdtctl -s elsewhere sync import ~/usb/*.crdt",
    ),
    ("", "cp -r ~/backup/alice a && cp -r ~/backup/alice b"),
    (
        "",
        "cp crdt/group/67726f75703a6f6365616e2d666f726573742d6d6f6f6e2d737461723a63686174.yrs state.yrs",
    ),
    ("", "for f in update.bin chat.yjs before.yrs after.yrs; do cp state.yrs $f; done"),
    (
        "",
        "echo '{\"body\":\"from before\",\"at\":\"2020-05-01T10:00:00Z\",\"by\":\"bob-\"}' > old-chat.ndjson",
    ),
    ("", "echo '{\"op\":\"chat.send\",\"text\":\"hi\"}' > operations.ndjson"),
    ("", "crdtctl canvas events > messages.ndjson && cp messages.ndjson ~/relay.ndjson"),
    ("", "echo 'SELECT kind, sum(bytes) FROM sizes GROUP BY 1' > report.sql"),
    ("", "for f in map.png oars.png; do printf x > $f; done"),
    ("", "mkdir site && echo '# Harbour' > site/index.md && echo '# Notes' > notes.md"),
    ("", "crdtctl disk put notes.md /shared/docs/notes.md"),
    ("", "for f in note notes report; do echo 'It squeaks when it turns' > $f.txt; done"),
];
