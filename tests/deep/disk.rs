//! A disk that loses writes: what may be left of a command's files after a power cut.
//!
//! strace records every call that a command makes on its files, with the bytes, SQLite's too. From that, and
//! the files as they were before, the disk is reconstructed as it may look after any of these calls: what was
//! synced (`fsync`) is there; of the rest, any part. Names in a directory arrive in the order in which they
//! were made; what is written into a file arrives in any order, and may be torn between two sectors.
//!
//! Assumed, as by SQLite and every journalling file system: a sector is written whole or not at all, and a
//! `rename` leaves the old name or the new one, never neither. Shared-memory files are not on the disk.

use super::crash::under_strace;
use super::support::{Machine, Run, files, temporary, text};
use crdtctl::sample::Chance;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The calls that change or sync something on a disk, and those that identify the file.
const CALLS: &str = "openat,open,creat,lseek,write,pwrite64,writev,pwritev,ftruncate,truncate,\
                     fsync,fdatasync,sync_file_range,rename,renameat,renameat2,unlink,unlinkat,\
                     mkdir,mkdirat,rmdir,link,linkat,symlink,copy_file_range,fallocate,close";
const SECTOR: usize = 512;

/// What a power cut loses of unsynced writes.
#[derive(Debug, Clone, Copy)]
pub enum Loss {
    /// Names and bytes.
    Everything,
    /// The bytes: every name is there, but unsynced files are empty.
    Bytes,
    /// The names, while the bytes are there.
    Names,
    /// A random part of both.
    Some,
}

impl Loss {
    pub const ALL: [Loss; 4] = [Loss::Everything, Loss::Bytes, Loss::Names, Loss::Some];
}

/// A file by the number it was given here, whatever its name.
type Inode = usize;

enum Call {
    Write { file: Inode, at: usize, bytes: Vec<u8> },
    Cut { file: Inode, len: usize },
    Wait { file: Inode },
    Create { path: PathBuf, file: Inode },
    Rename { from: PathBuf, to: PathBuf },
    Remove { path: PathBuf },
    Directory { path: PathBuf },
    WaitForNames { dir: PathBuf },
}

/// What one command did to the files below a directory.
pub struct Disk {
    root: PathBuf,
    /// The content before the command, by inode.
    contents: Vec<Vec<u8>>,
    names: BTreeMap<PathBuf, Inode>,
    calls: Vec<Call>,
}

impl Disk {
    /// Runs a prepared command of a machine and records what it does to the machine's files. `None` without
    /// strace.
    pub fn watch(machine: &Machine, command: &Command) -> Option<(Run, Disk)> {
        let root = machine.path("");
        let mut disk = Disk::of(&root);
        let elsewhere = temporary();
        let trace = elsewhere.path().join("trace");
        let (to, calls) = (text(&trace), format!("trace={CALLS}"));
        let options =
            ["-y", "-xx", "-s", "100000000", "-o", &to, "-e", &calls, "-e", "signal=none"];
        let output = under_strace(command, &options).output().ok()?;
        let lines = std::fs::read_to_string(&trace).expect("the trace");
        disk.read(&lines);
        Some((Run::of(&output, "under strace"), disk))
    }

    fn of(root: &Path) -> Disk {
        let (mut contents, mut names) = (Vec::new(), BTreeMap::new());
        for (path, bytes) in files(root).into_iter().filter(|(path, _)| !is_memory(path)) {
            names.insert(root.join(path), contents.len());
            contents.push(bytes);
        }
        Disk { root: root.to_owned(), contents, names, calls: Vec::new() }
    }

    /// The number of calls: the power can be cut after each.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// The name of a call, for messages.
    pub fn name(&self, at: usize) -> String {
        match at.checked_sub(1).and_then(|last| self.calls.get(last)) {
            None => "before the first call".to_owned(),
            Some(Call::Write { file, at, bytes }) => {
                format!("after writing {} bytes at {at} of file {file}", bytes.len())
            }
            Some(Call::Cut { file, len }) => format!("after cutting file {file} to {len}"),
            Some(Call::Wait { file }) => format!("after waiting for file {file}"),
            Some(Call::Create { path, file }) => format!("after creating {} ({file})", text(path)),
            Some(Call::Rename { to, .. }) => format!("after renaming to {}", text(to)),
            Some(Call::Remove { path }) => format!("after removing {}", text(path)),
            Some(Call::Directory { path }) => format!("after making {}", text(path)),
            Some(Call::WaitForNames { dir }) => format!("after waiting for {}", text(dir)),
        }
    }

    fn read(&mut self, trace: &str) {
        // By descriptor: the file, and where the next write goes.
        let mut open: BTreeMap<String, (Inode, usize)> = BTreeMap::new();
        let mut now = self.names.clone();
        let mut begun: BTreeMap<&str, String> = BTreeMap::new();
        for line in trace.lines() {
            let (thread, line) = line.split_once(' ').expect("a thread");
            let mut line = line.trim_start().to_owned();
            if let Some(start) = line.strip_suffix(" <unfinished ...>") {
                // Another thread may be given the descriptor before this call is seen to end.
                if let Some(closed) = start.strip_prefix("close(") {
                    open.remove(closed.split('<').next().expect("a descriptor"));
                }
                begun.insert(thread, start.to_owned());
                continue;
            }
            if line.starts_with("<... ") {
                let rest = line.split_once("resumed>").expect("the rest of a call").1;
                line = begun.remove(thread).expect("its beginning") + rest;
                if line.starts_with("close(") {
                    continue;
                }
            }
            let Some((call, result)) = line.rsplit_once(" = ") else { continue };
            let (name, args) = call.split_once('(').expect("a call");
            let args = arguments(args.trim_end().strip_suffix(')').expect("its end"));
            if result.starts_with('-') || result.starts_with('?') {
                continue;
            }
            self.call(name, &args, result, &mut now, &mut open);
        }
    }

    /// Records one call. Files in other directories are ignored.
    fn call(
        &mut self,
        name: &str,
        args: &[Argument],
        result: &str,
        now: &mut BTreeMap<PathBuf, Inode>,
        open: &mut BTreeMap<String, (Inode, usize)>,
    ) {
        let descriptor = || args[0].raw.split('<').next().expect("a descriptor").to_owned();
        let done = || result.split('<').next().and_then(|n| n.trim().parse().ok()).unwrap_or(0);
        match name {
            "openat" | "open" | "creat" => {
                let (path, flags) = match name {
                    "openat" => (args[1].path(&self.root), args[2].raw.as_str()),
                    "open" => (args[0].path(&self.root), args[1].raw.as_str()),
                    _ => (args[0].path(&self.root), "O_CREAT|O_TRUNC"),
                };
                let Some(path) = self.here(path) else { return };
                let number = result.split('<').next().expect("a descriptor").trim().to_owned();
                if flags.contains("O_DIRECTORY") || path.is_dir() && !now.contains_key(&path) {
                    open.remove(&number);
                    return;
                }
                let file = match now.get(&path) {
                    Some(file) => *file,
                    None if flags.contains("O_CREAT") => {
                        let file = self.contents.len();
                        self.contents.push(Vec::new());
                        now.insert(path.clone(), file);
                        self.calls.push(Call::Create { path, file });
                        file
                    }
                    None => return,
                };
                if flags.contains("O_TRUNC") {
                    self.calls.push(Call::Cut { file, len: 0 });
                }
                assert!(!flags.contains("O_APPEND"), "appending is not understood here");
                open.insert(number, (file, 0));
            }
            "close" => drop(open.remove(&descriptor())),
            "lseek" => {
                if let Some((_, at)) = open.get_mut(&descriptor()) {
                    *at = done();
                }
            }
            "write" => {
                if let Some((file, at)) = open.get_mut(&descriptor()) {
                    let bytes = args[1].bytes()[..done()].to_vec();
                    self.calls.push(Call::Write { file: *file, at: *at, bytes });
                    *at += done();
                }
            }
            "pwrite64" => {
                if let Some((file, _)) = open.get(&descriptor()) {
                    let bytes = args[1].bytes()[..done()].to_vec();
                    let at = args[3].raw.parse().expect("an offset");
                    self.calls.push(Call::Write { file: *file, at, bytes });
                }
            }
            "ftruncate" => {
                if let Some((file, _)) = open.get(&descriptor()) {
                    let len = args[1].raw.parse().expect("a length");
                    self.calls.push(Call::Cut { file: *file, len });
                }
            }
            "fsync" | "fdatasync" => match open.get(&descriptor()) {
                Some((file, _)) => self.calls.push(Call::Wait { file: *file }),
                None => {
                    let dir = args[0].raw.split_once('<').map(|(_, path)| path);
                    let dir = dir.and_then(|path| path.strip_suffix('>')).expect("a path");
                    let dir = PathBuf::from(String::from_utf8(unescaped(dir)).expect("UTF-8"));
                    self.calls.push(Call::WaitForNames { dir });
                }
            },
            "rename" | "renameat" | "renameat2" => {
                let (from, to) = if name == "rename" { (0, 1) } else { (1, 3) };
                let (from, to) = (args[from].path(&self.root), args[to].path(&self.root));
                if let (Some(from), Some(to)) = (self.here(from), self.here(to)) {
                    let file = now.remove(&from).expect("a file that is renamed");
                    now.insert(to.clone(), file);
                    self.calls.push(Call::Rename { from, to });
                }
            }
            "unlink" | "unlinkat" => {
                let path = args[usize::from(name == "unlinkat")].path(&self.root);
                if let Some(path) = self.here(path) {
                    now.remove(&path);
                    self.calls.push(Call::Remove { path });
                }
            }
            "mkdir" | "mkdirat" => {
                let path = args[usize::from(name == "mkdirat")].path(&self.root);
                if let Some(path) = self.here(path) {
                    self.calls.push(Call::Directory { path });
                }
            }
            // Room that is made does not show, unless it becomes part of the file's length.
            "fallocate" if args[1].raw.contains("FALLOC_FL_KEEP_SIZE") => {}
            other => {
                let on_ours = args.iter().any(|arg| self.here(arg.path(&self.root)).is_some());
                assert!(!on_ours, "{other} is not understood here");
            }
        }
    }

    /// A path below the root, except for what is only in memory.
    fn here(&self, path: PathBuf) -> Option<PathBuf> {
        (path.starts_with(&self.root) && !is_memory(&path)).then_some(path)
    }

    /// Makes the files what they may be if the power is cut after this many calls.
    pub fn cut(&self, after: usize, loss: Loss, chance: &mut Chance) {
        let calls = &self.calls[..after];
        let mut contents = self.contents.clone();
        let mut names = self.names.clone();
        let mut directories = Vec::new();
        for (index, call) in calls.iter().enumerate() {
            let later = &calls[index + 1..];
            match call {
                Call::Write { file, at, bytes } => {
                    let is_kept = sectors(loss, waited_for(later, *file), chance);
                    for part in parts(*at, bytes.len()).filter(is_kept) {
                        write(&mut contents[*file], at + part.start, &bytes[part]);
                    }
                }
                Call::Cut { file, len } => {
                    let mut is_kept = sectors(loss, waited_for(later, *file), chance);
                    if is_kept(&(0..0)) {
                        contents[*file].resize(*len, 0);
                    }
                }
                _ => {}
            }
        }
        for call in self.arrived(after, loss, chance) {
            match call {
                Call::Create { path, file } => drop(names.insert(path.clone(), *file)),
                Call::Rename { from, to } => {
                    if let Some(file) = names.remove(from) {
                        names.insert(to.clone(), file);
                    }
                }
                Call::Remove { path } => drop(names.remove(path)),
                Call::Directory { path } => directories.push(path.clone()),
                _ => {}
            }
        }
        self.put(&names, &contents, &directories);
    }

    /// The changes of names that are on the disk: of each directory a first part, which includes all that
    /// were synced.
    fn arrived(&self, after: usize, loss: Loss, chance: &mut Chance) -> Vec<&Call> {
        let mut by_dir: BTreeMap<&Path, (Vec<usize>, usize)> = BTreeMap::new();
        for (index, call) in self.calls[..after].iter().enumerate() {
            let path = match call {
                Call::Create { path, .. } | Call::Remove { path } | Call::Directory { path } => {
                    path
                }
                Call::Rename { to, .. } => to,
                Call::WaitForNames { dir } => {
                    if let Some((all, durable)) = by_dir.get_mut(dir.as_path()) {
                        *durable = all.len();
                    }
                    continue;
                }
                _ => continue,
            };
            by_dir.entry(path.parent().expect("a directory")).or_default().0.push(index);
        }
        let mut kept: Vec<usize> = Vec::new();
        for (all, durable) in by_dir.into_values() {
            let open = (all.len() - durable) as u64;
            let more = match loss {
                Loss::Everything | Loss::Names => 0,
                Loss::Bytes => open,
                Loss::Some => chance.below(open + 1),
            };
            kept.extend(&all[..durable + usize::try_from(more).expect("few")]);
        }
        kept.sort_unstable();
        kept.into_iter().map(|index| &self.calls[index]).collect()
    }

    /// Makes the directory hold these files and no others. An existing file keeps its inode.
    fn put(&self, names: &BTreeMap<PathBuf, Inode>, contents: &[Vec<u8>], dirs: &[PathBuf]) {
        for path in files(&self.root).into_keys() {
            let path = self.root.join(path);
            if !names.contains_key(&path) {
                std::fs::remove_file(path).expect("a file goes");
            }
        }
        for dir in dirs {
            std::fs::create_dir_all(dir).expect("a directory");
        }
        for (path, file) in names {
            std::fs::write(path, &contents[*file]).expect("a file");
        }
    }
}

fn is_memory(path: &Path) -> bool {
    path.to_string_lossy().ends_with("-shm")
}

fn waited_for(later: &[Call], file: Inode) -> bool {
    later.iter().any(|call| matches!(call, Call::Wait { file: of } if *of == file))
}

fn write(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}

/// Which sectors of a write are on the disk: most often all or none.
fn sectors(
    loss: Loss,
    is_waited_for: bool,
    chance: &mut Chance,
) -> impl FnMut(&Range<usize>) -> bool {
    let lot = match loss {
        _ if is_waited_for => 0,
        Loss::Names => 0,
        Loss::Everything | Loss::Bytes => 1,
        Loss::Some => chance.below(4),
    };
    move |_| match lot {
        0 => true,
        1 => false,
        _ => chance.below(2) == 0,
    }
}

/// The parts of a write, split at sector boundaries.
fn parts(at: usize, len: usize) -> impl Iterator<Item = Range<usize>> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let to = len.min(from + SECTOR - (at + from) % SECTOR);
        let part = from..to;
        from = to;
        (!part.is_empty()).then_some(part)
    })
}

/// An argument as strace printed it.
struct Argument {
    raw: String,
}

impl Argument {
    fn bytes(&self) -> Vec<u8> {
        let quoted = self.raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        unescaped(quoted.expect("a whole string"))
    }

    /// The path it names; for a descriptor, the one it was opened by.
    fn path(&self, dir: &Path) -> PathBuf {
        let quoted = self.raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let path = quoted.or_else(|| self.raw.split_once('<')?.1.strip_suffix('>'));
        let path = String::from_utf8(unescaped(path.unwrap_or_default())).unwrap_or_default();
        dir.join(path)
    }
}

/// The arguments of a call. With `-xx` no string contains a comma or a quote.
fn arguments(text: &str) -> Vec<Argument> {
    text.split(", ").map(|raw| Argument { raw: raw.to_owned() }).collect()
}

/// `\x2f` is a byte; what is not escaped is literal.
fn unescaped(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len() / 4), 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"\\x") {
            let digits = text.get(at + 2..at + 4).expect("two digits");
            out.push(u8::from_str_radix(digits, 16).expect("hexadecimal"));
            at += 4;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}
