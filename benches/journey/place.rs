//! A store in a directory of its own, its peer, and the rows of the table that are measured there.

use super::meter::{self, Cost};
use super::plain;
use anyhow::{Context, bail};
use serde_json::Value;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How often each row is measured, after one warm-up run.
const RUNS: usize = 7;
pub const ALICE: &str = "alice-river-stone-sky";
pub const BOB: &str = "bob-hill-lake-tree";
pub const GROUP: &str = "group:ocean-forest-moon-star";

/// A store of Alice's with one group, and space beside it.
pub struct Place {
    dir: tempfile::TempDir,
    program: OsString,
}

impl Place {
    /// Makes a store whose chat has this many messages.
    ///
    /// # Errors
    ///
    /// If a command fails.
    pub fn new(messages: usize) -> anyhow::Result<Place> {
        let program = std::env::var_os("CRDTCTL_BENCH_PROGRAM");
        let program = program.unwrap_or_else(|| env!("CARGO_BIN_EXE_crdtctl").into());
        let place = Place { dir: tempfile::tempdir()?, program };
        let made = messages.min(super::SENDABLE).to_string();
        place.run(&["demo", "store", "--messages", &made, "--seed", "7"])?;
        if messages > super::SENDABLE {
            // More than a chat may have: only an import can make it this large.
            place.plain(&["make", &messages.to_string(), "large"])?;
            place.run(&["sync", "import", "--raw", &format!("{GROUP}:chat"), "large"])?;
        }
        Ok(place)
    }

    /// The path of a file beside the store.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The file of a document, as an argument.
    pub fn file(&self, concern: &str) -> anyhow::Result<String> {
        let documents = self.json(&["doc", "list", "--json"])?;
        let name = format!("{GROUP}:{concern}");
        let mut documents = documents.as_array().into_iter().flatten();
        let found = documents.find(|document| document["doc_id"] == name.as_str());
        let path = found.and_then(|document| document["path"].as_str()).context(name)?;
        Ok(format!("store/{path}"))
    }

    /// Makes the store forget what commands worked out from whole documents.
    pub fn forget_results(&self) -> anyhow::Result<()> {
        let db = rusqlite::Connection::open(self.path("store/crdtctl.db"))?;
        db.execute("DELETE FROM result", [])?;
        Ok(())
    }

    /// Runs a command that is not measured.
    pub fn run(&self, args: &[&str]) -> anyhow::Result<Cost> {
        meter::run(self.dir.path(), &self.program, &words(args))
    }

    /// Runs plain yrs.
    pub fn plain(&self, args: &[&str]) -> anyhow::Result<Cost> {
        let mut all = vec![plain::WORD.to_owned()];
        all.extend(words(args));
        meter::run(self.dir.path(), std::env::current_exe()?.as_os_str(), &all)
    }

    /// Returns what a command prints, as JSON.
    pub fn json(&self, args: &[&str]) -> anyhow::Result<Value> {
        let output = meter::output(self.dir.path(), &self.program, &words(args))?;
        Ok(serde_json::from_slice(&output)?)
    }

    /// Returns the ids of records that a command lists. Their content would stay in memory, and child
    /// processes started from here would be charged for it.
    pub fn ids(&self, args: &[&str]) -> anyhow::Result<Vec<String>> {
        let args = words(&[args, &["-o", "id"]].concat());
        let output = meter::output(self.dir.path(), &self.program, &args)?;
        Ok(String::from_utf8(output)?.lines().map(str::to_owned).collect())
    }

    /// Measures a command and what plain yrs does instead, in turn, and prints the row.
    ///
    /// `ours` prepares a turn and returns the command to measure.
    pub fn row(
        &self,
        name: &str,
        plain: &[&str],
        ours: impl FnMut(usize) -> anyhow::Result<Vec<String>>,
    ) -> anyhow::Result<()> {
        self.measure(name, plain, ours, false)
    }

    /// With `warm`, each run follows one of the same program that is not measured: otherwise the caches
    /// hold what the other program, which reads all of the document, has just worked with.
    fn measure(
        &self,
        name: &str,
        plain: &[&str],
        mut ours: impl FnMut(usize) -> anyhow::Result<Vec<String>>,
        warm: bool,
    ) -> anyhow::Result<()> {
        let (mut costs, mut plains) = (Vec::new(), Vec::new());
        for turn in 0..=RUNS {
            let args = ours(turn)?;
            if warm {
                meter::run(self.dir.path(), &self.program, &args)?;
            }
            let cost = meter::run(self.dir.path(), &self.program, &args)?;
            if warm {
                self.plain(plain)?;
            }
            let plain = self.plain(plain)?;
            if turn > 0 {
                costs.push(cost);
                plains.push(plain);
            }
        }
        let writes = meter::writes(self.dir.path(), &self.program, &ours(RUNS + 1)?)?;
        let (cost, plain) = (Cost::median(costs), Cost::median(plains));
        let times = plain.seconds / cost.seconds;
        let (ours, plains) = (meter::ms(cost.seconds), meter::ms(plain.seconds));
        let [memory, plain_memory] = [cost, plain].map(|of| of.memory as f64 / 1e6);
        let (written, waits) = match writes {
            Some(done) => ((done.written / 1000).to_string(), done.waits.to_string()),
            None => ("-".to_owned(), "-".to_owned()),
        };
        println!(
            "{name:<24} {ours:>8} {plains:>8} {times:>7.2} {memory:>7.1} {plain_memory:>7.1} \
             {written:>7} {waits:>5}"
        );
        Ok(())
    }

    /// A row whose command is the same each time: both programs run warm.
    pub fn same(&self, name: &str, plain: &[&str], ours: &[&str]) -> anyhow::Result<()> {
        self.measure(name, plain, |_| Ok(words(ours)), true)
    }

    /// Makes a store of Bob's that has everything, and tells Alice so.
    pub fn peer(&self) -> anyhow::Result<()> {
        self.run(&["sync", "export", "-O", "all"])?;
        self.run(&["init", "peer", "--as", BOB])?;
        self.run(&["-s", "peer", "sync", "import", "all"])?;
        self.answer()
    }

    /// Makes an empty store of Bob's.
    pub fn empty(&self, turn: usize) -> anyhow::Result<String> {
        let name = format!("new{turn}");
        self.run(&["init", &name, "--as", BOB])?;
        Ok(name)
    }

    /// Alice says something that Bob does not know yet.
    pub fn news(&self) -> anyhow::Result<()> {
        self.run(&["chat", "send", "one more message"])?;
        Ok(())
    }

    /// Bob imports what Alice last wrote for him, and tells her.
    pub fn carry(&self) -> anyhow::Result<()> {
        self.run(&["-s", "peer", "sync", "import", "one"])?;
        self.answer()
    }

    /// Alice exports what Bob lacks.
    pub fn write(&self) -> anyhow::Result<()> {
        self.run(&["sync", "export", "--for", BOB, "-O", "one"])?;
        Ok(())
    }

    fn answer(&self) -> anyhow::Result<()> {
        self.run(&["-s", "peer", "sync", "export", "--for", ALICE, "-O", "back"])?;
        self.run(&["sync", "import", "back"])?;
        Ok(())
    }

    /// The size of a file in bytes.
    pub fn size(&self, name: impl AsRef<Path>) -> anyhow::Result<u64> {
        let path = self.dir.path().join(name);
        match std::fs::metadata(&path)?.len() {
            0 => bail!("{} is empty", path.display()),
            length => Ok(length),
        }
    }
}

/// The arguments of a command line.
pub fn words(args: &[impl AsRef<str>]) -> Vec<String> {
    args.iter().map(|word| word.as_ref().to_owned()).collect()
}
