//! `sync stick`: everything to do with a memory stick, in one command.

use super::contents::{BundleAgain, receive, told_contents};
use super::incoming::{LeftOut, account, in_dry_run, leaving_out, read_bundle};
use crate::cmd::failure::word;
use crate::cmd::files;
use crate::cmd::{Context, DryRun};
use crate::error::{Error, Result, first_of};
use crate::store::Store;
use crate::sync::bundle::Bundle;
use crate::sync::import::{Input, import_sound};
use crate::sync::stick::{self, Load, Memory, Recipient, StickFile};
use crate::ui::{self, Body, Column, Report};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The suffix of files that are not complete yet.
const UNFINISHED: &str = ".part";

const COLUMNS: &[Column] = &[
    Column::text("to", "for"),
    Column::text("state", "on the stick"),
    Column::number("updates", "documents with news"),
    Column::bytes("bytes", "bytes"),
    Column::text("file", "file"),
    Column::id("replica_id", "replica").wide(),
];

/// What happened to one of our files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Became {
    /// It is new, or has new content.
    Written,
    /// It was there, and is up to date.
    There,
    /// Nobody needs it any more.
    Removed,
}

/// One row of the output.
#[derive(Serialize)]
struct FileRow {
    to: String,
    replica_id: Option<String>,
    file: String,
    state: Became,
    updates: usize,
    bytes: u64,
}

#[derive(clap::Args)]
pub struct Stick {
    /// The directory where the stick is
    dir: PathBuf,
    /// Include archived records that others lack
    #[arg(long)]
    with_archive: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

pub fn run(context: &Context, args: &Stick) -> Result<Report> {
    let dir = args.dir.as_path();
    let files = listed(dir)?;
    let memory = Memory::of(&context.reader()?)?;
    let mut found = OnStick::of(dir, &files, &memory);
    let incoming = take(context, args.dry_run, &mut found)?;

    // A replica that was restored from an older state has a new id by now.
    let reader = context.reader()?;
    let memory = Memory::of(&reader)?;
    let load = stick::load(&reader, &context.environment(), args.with_archive)?;
    load.damaged.iter().try_for_each(|error| context.leave_out(error.clone()))?;
    context.note_unscanned(reader.documents()?.into_iter().map(|document| document.id));
    let dry = args.dry_run.dry_run;
    let mut lines = Vec::new();
    for outgoing in &load.outgoing {
        outgoing.exported.damaged.iter().try_for_each(|e| context.leave_out(e.clone()))?;
        lines.push(put(dir, outgoing, &files, &found, dry)?);
    }
    lines.extend(tidy(dir, &files, &found, &load, &memory, dry)?);

    let mut report = in_dry_run(told(context, dir, incoming.as_ref(), &lines)?, dry);
    report.exit = incoming.as_ref().map_or(0, |report| report.exit);
    report.notes.extend(incoming.into_iter().flat_map(|report| report.notes));
    let said: BTreeSet<&String> =
        load.outgoing.iter().flat_map(|one| &one.exported.notes).collect();
    report.notes.extend(said.into_iter().cloned());
    if load.outgoing.iter().any(|one| one.exported.rows_left) {
        report.notes.push(
            "not all archived rows fit: the rest is added after the receiver has run \
             `crdtctl sync stick --with-archive`"
                .to_owned(),
        );
    }
    let departed: BTreeSet<&String> = load.departed.iter().collect();
    report.notes.extend(departed.into_iter().map(|member| {
        format!(
            "nothing goes to {member}, who is no longer a member: `crdtctl sync forget {}` drops \
             what is known about that replica",
            word(member)
        )
    }));
    report.notes.extend(next(&load, &lines, dir, dry));
    Ok(leaving_out(report, &found.left_out))
}

/// Imports what is new, and remembers that it was read. Returns `None` if nothing is new.
fn take(context: &Context, dry_run: DryRun, found: &mut OnStick) -> Result<Option<Report>> {
    if found.inputs.is_empty() {
        return Ok(None);
    }
    context.take_in_disks()?;
    let (imported, refused) = import_sound(|| context.session(), &found.inputs)?;
    let read = found.inputs.iter().enumerate().filter(|(at, _)| !refused.contains_key(at));
    let read = read.filter_map(|(_, input)| match input {
        Input::Bundle { bundle, .. } => Some(bundle.manifest().bundle.clone()),
        Input::Raw { .. } => None,
    });
    let taken = found.again.iter().enumerate().filter(|(at, _)| !refused.contains_key(at));
    let taken: Vec<(&Input, &BundleAgain)> =
        taken.filter_map(|(at, again)| Some((found.inputs.get(at)?, again))).collect();
    let contents = receive(context, &taken)?;
    let report = account(context, &imported, &found.inputs, dry_run)?;
    let report = told_contents(context, report, contents);
    let session = context.session()?;
    stick::remember(&session, read)?;
    session.commit()?;
    found.left_out.extend(refused.into_iter().filter_map(|(at, error)| {
        let file = found.inputs.get(at)?.name().to_owned();
        Some(LeftOut { file, error })
    }));
    Ok(Some(report))
}

/// Reports what is on the stick now, and in JSON also what was imported from it.
fn told(
    context: &Context,
    dir: &Path,
    incoming: Option<&Report>,
    lines: &[FileRow],
) -> Result<Report> {
    let rows = ui::rows(lines)?;
    if !context.terminal.format.is_json() {
        return Ok(Report::list(rows, COLUMNS, Some("file"), ""));
    }
    let imported = match incoming.map(|report| &report.body) {
        Some(Body::Json(value)) => value.clone(),
        _ => Value::Null,
    };
    Ok(Report::json(json!({"dir": dir, "imported": imported, "files": rows})))
}

/// Writes a bundle, unless the one on the stick says the same.
fn put(
    dir: &Path,
    outgoing: &StickFile,
    files: &BTreeSet<String>,
    found: &OnStick,
    dry: bool,
) -> Result<FileRow> {
    let (file, bundle) = (&outgoing.file, &outgoing.exported.bundle);
    let contents = &outgoing.contents;
    let there = found.own.get(file);
    if there.is_none() && files.contains(file) && !found.broken.contains(file) {
        let what = format!("{} was written by another replica", dir.join(file).display());
        return Err(Error::refused(what).hint("move it away, and run the command again"));
    }
    let fill = |out: &mut dyn Write| bundle.write_with(out, &|content| contents.open(content));
    let state = match there {
        Some(there) if stick::says_the_same(there, bundle) => Became::There,
        _ => Became::Written,
    };
    let bytes = match state == Became::Written && !dry {
        true => files::write_checked(&dir.join(file), &unfinished(file), fill)?,
        false => {
            let mut counted = files::CountedOutput::over(io::sink());
            fill(&mut counted)?;
            counted.bytes
        }
    };
    let (to, replica_id) = match &outgoing.to {
        Recipient::Replica { replica, member } => {
            (member.clone().unwrap_or_else(|| replica.clone()), Some(replica.clone()))
        }
        Recipient::Unheard(members) if members.is_empty() => ("whoever comes".to_owned(), None),
        Recipient::Unheard(members) => (some_of(members), None),
        Recipient::Anybody => ("all, as a receipt".to_owned(), None),
    };
    let updates = bundle.documents().filter(|(_, update)| update.is_some()).count();
    Ok(FileRow { to, replica_id, file: file.clone(), state, updates, bytes })
}

/// Removes our files that nobody lacks any more, and those left by an interruption.
fn tidy(
    dir: &Path,
    files: &BTreeSet<String>,
    found: &OnStick,
    load: &Load,
    memory: &Memory,
    dry: bool,
) -> Result<Vec<FileRow>> {
    let wanted = |file: &String| load.outgoing.iter().any(|outgoing| outgoing.file == *file);
    let own = |file: &&String| {
        let unfinished = file.strip_prefix('.').filter(|_| file.ends_with(UNFINISHED));
        let known = found.own.contains_key(*file) || found.broken.contains(*file);
        unfinished.is_some_and(|name| memory.names(name))
            || known && memory.names(file) && !wanted(file)
    };
    let mut lines = Vec::new();
    for file in files.iter().filter(own) {
        if !dry {
            let path = dir.join(file);
            let failed = |e| Error::io(format!("cannot remove {}", path.display()), e);
            fs::remove_file(&path).map_err(failed)?;
        }
        if !file.ends_with(UNFINISHED) {
            let (to, state) = ("nobody".to_owned(), Became::Removed);
            let line =
                FileRow { to, replica_id: None, file: file.clone(), state, updates: 0, bytes: 0 };
            lines.push(line);
        }
    }
    Ok(lines)
}

/// The temporary prefix of a file while it is being written.
fn unfinished(file: &str) -> String {
    format!(".{file}")
}

/// Returns sentences on what to do next.
fn next(load: &Load, lines: &[FileRow], dir: &Path, dry: bool) -> Vec<String> {
    let stick = word(&dir.display().to_string()).into_owned();
    let there = format!("`crdtctl sync stick {stick}`");
    let waiting = load.outgoing.iter().filter_map(|one| match &one.to {
        Recipient::Replica { replica, member } => Some(member.as_ref().unwrap_or(replica).clone()),
        Recipient::Unheard(members) if members.is_empty() => {
            Some("whoever should get it".to_owned())
        }
        Recipient::Unheard(members) => Some(some_of(members)),
        Recipient::Anybody => None,
    });
    // A member with several replicas has as many files.
    let mut named = BTreeSet::new();
    let waiting: Vec<String> = waiting.filter(|name| named.insert(name.clone())).collect();
    let wrote = lines.iter().any(|line| line.state == Became::Written);
    let mut said = Vec::new();
    match (dry, wrote) {
        (true, _) => said.push(
            "dry run, nothing is written to the stick: this is what would go there according to \
             what is known before the import"
                .to_owned(),
        ),
        (false, true) => {}
        (false, false) => said.push("nothing is new for the stick, so it is unchanged".to_owned()),
    }
    said.push(match waiting.is_empty() {
        true => "nobody is known to lack anything; the receipt says what is here".to_owned(),
        false => {
            format!("next: take it to {}, run {there} there, and bring it back", some_of(&waiting))
        }
    });
    said
}

/// Returns the names of the regular files directly in a directory, sorted. Subdirectories and links are not
/// followed.
fn listed(dir: &Path) -> Result<BTreeSet<String>> {
    let failed = |e| match std::io::Error::kind(&e) {
        std::io::ErrorKind::NotFound => {
            Error::not_found(format!("there is no directory {}", dir.display()))
                .hint("put the stick in, or make a directory that everybody can reach")
        }
        _ => Error::io(format!("cannot read the directory {}", dir.display()), e),
    };
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let regular = entry.file_type().map_err(failed)?.is_file();
        // A name that is not UTF-8 is not one of ours.
        if let Some(name) = entry.file_name().to_str().filter(|_| regular) {
            names.insert(name.to_owned());
        }
    }
    if Store::owns(&dir.join("bundle.crdt"))? {
        return Err(Error::refused(format!("{} belongs to a store", dir.display()))
            .hint("name a directory outside of it"));
    }
    Ok(names)
}

/// The content of the stick.
struct OnStick {
    /// Bundles that say something new.
    inputs: Vec<Input>,
    /// Where each of them can be read again.
    again: Vec<BundleAgain>,
    /// Our own bundles, by file.
    own: BTreeMap<String, Bundle>,
    /// Files with our own names that are no longer bundles.
    broken: BTreeSet<String>,
    left_out: Vec<LeftOut>,
}

impl OnStick {
    fn of(dir: &Path, files: &BTreeSet<String>, memory: &Memory) -> Self {
        let mut found = OnStick {
            inputs: Vec::new(),
            again: Vec::new(),
            own: BTreeMap::new(),
            broken: BTreeSet::new(),
            left_out: Vec::new(),
        };
        for file in files.iter().filter(|file| file.ends_with(".crdt")) {
            let path = dir.join(file);
            match read_bundle(&path) {
                Ok(bundle) => found.sort(file, &path, bundle, memory),
                // It gets rewritten or removed.
                Err(_) if memory.names(file) => {
                    found.broken.insert(file.clone());
                }
                Err(error) if stick::is_named(file) || seems_a_bundle(&path) => {
                    found.left_out.push(LeftOut { file: files::name(&path), error });
                }
                // An unrelated file.
                Err(_) => {}
            }
        }
        found
    }

    fn sort(&mut self, file: &str, path: &Path, bundle: Bundle, memory: &Memory) {
        let new = !memory.knows(bundle.manifest());
        if memory.is_own(bundle.manifest()) {
            self.own.insert(file.to_owned(), bundle.clone());
        }
        if new {
            let name = files::name(path);
            self.again.push(BundleAgain::File(path.to_owned()));
            self.inputs.push(Input::Bundle { name, bundle: Box::new(bundle) });
        }
    }
}

/// Whether a file begins like a bundle.
fn seems_a_bundle(path: &Path) -> bool {
    use std::io::Read;
    let mut begin = Vec::new();
    let read = files::open(path).map(|file| file.take(4).read_to_end(&mut begin));
    matches!(read, Ok(Ok(_))) && files::is_bundle(&begin)
}

/// A few names, and how many more there are.
fn some_of(names: &[String]) -> String {
    first_of(names, 3)
}
