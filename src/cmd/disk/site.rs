//! `disk publish` and `disk verify`.

use super::change::{change, told};
use crate::cmd::{Context, files};
use crate::concern::disk::{DiskPath, Publish, SUMS, WEBSITE};
use crate::disk::{self, Which};
use crate::error::{Error, Kind, Result, counted};
use crate::id::{EntityId, hex};
use crate::operation::{self, Operation};
use crate::ui::{Column, Report, row};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Allows some hundred thousand files at half a kilobyte each.
const SUMS_BYTES: u64 = 64 << 20;

const COLUMNS: &[Column] = &[Column::text("path", "path"), Column::text("finding", "finding")];

pub fn publish(context: &Context, entity: &EntityId, html: Option<&Path>) -> Result<Report> {
    html.map_or(Ok(()), is_free)?;
    // Publish what is in the directory, since that is what gets verified.
    let website = DiskPath::parse_dir(WEBSITE)?;
    let mut report = change(context, entity, &Which::Below(website.clone()), |session| {
        let publish = Operation::DiskPublish(Publish { entity: entity.clone() });
        let mut written = told(operation::run(session, &publish)?);
        // The root goes to standard output.
        written.creates = true;
        Ok(written)
    })?;
    // It is published already: a remark that cannot be made is no reason to fail.
    let hidden = context.reader().and_then(|reader| disk::hidden(&reader, entity, &website));
    report.notes.extend(left_out(&hidden.unwrap_or_default()));
    if let Some(dir) = html {
        report.notes.extend(super::html::write(context, entity, dir)?);
    }
    Ok(report)
}

/// Says which paths are not published since their names begin with a dot.
fn left_out(hidden: &[String]) -> Option<String> {
    let first = crate::ui::shown_text(hidden.first()?);
    let (what, begin) = match hidden.len() {
        1 => (first.to_string(), "its name begins"),
        n => (format!("{first} and {} more", n.saturating_sub(1)), "their names begin"),
    };
    Some(format!(
        "left out {what}, since {begin} with a dot: `crdtctl disk put` takes in files that are named"
    ))
}

/// Refuses a directory in which something could be overwritten.
fn is_free(dir: &Path) -> Result<()> {
    files::outside(dir)?;
    match fs::read_dir(dir).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Ok(false) => Err(Error::refused(format!("{} is not empty", dir.display()))
            .hint("nothing is overwritten: name another directory, or remove that one")),
        Err(e) => Err(Error::io(format!("cannot write to {}", dir.display()), e)),
    }
}

/// A difference between a copy and what was published.
#[derive(Serialize)]
struct SiteFinding {
    path: String,
    finding: &'static str,
}

pub fn verify(root: &str, dir: &Path) -> Result<Report> {
    let is_hash = root.len() == 64 && root.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_hash {
        return Err(Error::usage(format!("not the root of a website: {root:?}"))
            .hint("`crdtctl disk publish` prints one: 64 hexadecimal digits"));
    }
    let sums = files::read(&dir.join(SUMS), SUMS_BYTES)?;
    let mut found = Vec::new();
    let mut add = |path: &str, finding| found.push(SiteFinding { path: path.to_owned(), finding });
    if !hex(blake3::hash(&sums).as_bytes()).eq_ignore_ascii_case(root) {
        add(SUMS, "is not what was published");
    }
    let listed = listed(&sums)?;
    let lying = lying(dir)?;
    for (path, hash) in &listed {
        match lying.get(path) {
            None => add(path, "missing"),
            Some(None) => add(path, "not a regular file"),
            Some(Some(file)) if hash_of(file)? != *hash => add(path, "differs"),
            Some(Some(_)) => {}
        }
    }
    let unlisted = lying.keys().filter(|path| !listed.contains_key(*path));
    // Nobody publishes those without being told to; a system or an editor has put them there.
    let is_hidden = |path: &&String| path.split('/').any(|name| name.starts_with('.'));
    let (hidden, extra): (Vec<&String>, Vec<&String>) = unlisted.partition(is_hidden);
    extra.into_iter().for_each(|path| add(path, "extra"));
    found.sort_by(|a, b| a.path.cmp(&b.path));
    let rows = found.iter().map(row).collect::<Result<Vec<_>>>()?;
    let mut report = Report::list(rows, COLUMNS, None, "the copy matches what was published");
    report.notes.extend(unchecked(hidden.len()));
    Ok(match found.is_empty() {
        true => report,
        false => report.exit(crate::cmd::exit_code(Kind::Findings)),
    })
}

/// Says how many files of a copy are not looked at since a name in their path begins with a dot.
fn unchecked(hidden: usize) -> Option<String> {
    let files = counted(hidden as u64, "file");
    (hidden > 0).then(|| {
        format!(
            "left out {files} in whose path a name begins with a dot: not published, not checked"
        )
    })
}

/// Returns the files listed in the sums, each with its hash.
fn listed(sums: &[u8]) -> Result<BTreeMap<String, String>> {
    let wrong = || {
        Error::new(Kind::Untrusted, format!("{SUMS} is not what `b3sum` prints"))
            .hint("take the copy again")
    };
    let text = std::str::from_utf8(sums).map_err(|_| wrong())?;
    let line = |line: &str| {
        let (hash, path) = line.split_once("  ")?;
        (hash.len() == 64).then(|| (path.to_owned(), hash.to_ascii_lowercase()))
    };
    text.lines().map(|text| line(text).ok_or_else(wrong)).collect()
}

/// Returns the files in a directory and below by path; `None` for anything that is not a regular file.
fn lying(dir: &Path) -> Result<BTreeMap<String, Option<PathBuf>>> {
    let mut all = BTreeMap::new();
    let mut waiting = vec![(dir.to_owned(), String::new())];
    while let Some((at, below)) = waiting.pop() {
        let failed = |e| Error::io(format!("cannot list {}", at.display()), e);
        for entry in fs::read_dir(&at).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = format!("{below}{}", entry.file_name().to_string_lossy());
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                waiting.push((entry.path(), format!("{path}/")));
            } else if path != SUMS || !kind.is_file() {
                all.insert(path, kind.is_file().then(|| entry.path()));
            }
        }
    }
    Ok(all)
}

fn hash_of(file: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut input = files::open(file)?;
    let failed = |e| Error::io(format!("cannot read {}", file.display()), e);
    hasher.update_reader(&mut input as &mut dyn Read).map_err(failed)?;
    Ok(hex(hasher.finalize().as_bytes()))
}
