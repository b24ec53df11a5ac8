//! `disk put` and `disk edit`: the user's files go onto the disks.

use super::change::{change, told, told_all};
use super::lying::{known, unscanned};
use crate::cmd::failure::{hint, word};
use crate::cmd::{Context, editor, files};
use crate::concern::disk::content::TextFile;
use crate::concern::disk::{DiskContent, DiskPath, FileHash, Put};
use crate::disk::{Objects, Tree, Which};
use crate::error::{Error, Kind, Result};
use crate::id::EntityId;
use crate::limits;
use crate::operation::{self, Operation, Together};
use crate::query::disk::file;
use crate::store::{self, Session};
use crate::ui::Report;
use std::fs::{self, Metadata};
use std::io::{self, Cursor, Read, Seek};
use std::path::{Path, PathBuf};

pub fn one(context: &Context, entity: &EntityId, source: &Path, path: &str) -> Result<Report> {
    if source.is_dir() {
        let what = format!("{} is a directory", source.display());
        return Err(Error::usage(what).hint("`-r` puts all files in it"));
    }
    let path = match (DiskPath::parse_dir(path)?, source.file_name().and_then(|name| name.to_str()))
    {
        // The target is a directory: keep the file's own name.
        (dir, Some(name)) if path.ends_with('/') && name != "-" => dir.child(name)?,
        _ => DiskPath::parse(path)?,
    };
    let found = SourceFile { source: source.to_owned(), path: path.clone() };
    // Piped input may arrive slowly, so read it before taking the lock.
    let mut come = match fs::metadata(source).is_ok_and(|meta| meta.is_file()) {
        true => None,
        false => Some(come(context, source)?),
    };
    change(context, entity, &Which::At([path.clone()].into()), |session| {
        Tree::of_session(session, entity)?.takes(&path)?;
        let put = match &mut come {
            Some((input, size)) => found.put(session, entity, (input, *size, None))?,
            None => found.read(session, entity)?,
        };
        Ok(told(operation::run(session, &Operation::DiskPut(put))?))
    })
}

/// Reads standard input or a pipe to the end and returns it with its size. Input too long to be a text is
/// spooled to an unnamed temporary file beside the store.
fn come(context: &Context, source: &Path) -> Result<(Box<dyn Read>, u64)> {
    let mut input = files::open(source)?;
    let reading = |e| Error::io(format!("cannot read {}", files::name(source)), e);
    let mut head = Vec::new();
    let most = limits::DISK_TEXT_BYTES as u64 + 1;
    (&mut input).take(most).read_to_end(&mut head).map_err(reading)?;
    if (head.len() as u64) < most {
        let size = head.len() as u64;
        return Ok((Box::new(Cursor::new(head)), size));
    }
    let beside = context.reader()?.disks().and_then(|disks| disks.parent().map(Path::to_owned));
    let file = match beside.filter(|_| !context.is_dry()) {
        Some(dir) => tempfile::tempfile_in(dir),
        None => tempfile::tempfile(),
    };
    let keeping = |e| Error::io("cannot buffer the input in a temporary file", e);
    let mut file = file.map_err(keeping)?;
    let size = io::copy(&mut Cursor::new(head).chain(input), &mut file).map_err(keeping)?;
    file.rewind().map_err(keeping)?;
    Ok((Box::new(file), size))
}

pub fn all(context: &Context, entity: &EntityId, source: &Path, path: &str) -> Result<Report> {
    let found = walk(source, &DiskPath::parse_dir(path)?)?;
    let touched = Which::At(found.iter().map(|found| found.path.clone()).collect());
    let progress = context.progress("putting files", Some(found.len() as u64));
    change(context, entity, &touched, |session| {
        let mut together = Together::default();
        let tree = Tree::of_session(session, entity)?;
        for found in &found {
            tree.takes(&found.path)?;
            let put = found.read(session, entity)?;
            progress.advance(1);
            together.run(session, Operation::DiskPut(put))?;
        }
        Ok(told_all(together.finish(session)?, "put"))
    })
}

/// A file of the user's, and its path on the disk.
pub struct SourceFile {
    pub source: PathBuf,
    pub path: DiskPath,
}

impl SourceFile {
    /// Returns the operation that puts the file. Content that is not text is already in the store then.
    pub fn read(&self, session: &Session, entity: &EntityId) -> Result<Put> {
        let mut input = files::open(&self.source)?;
        let meta = match files::is_stdin(&self.source) {
            true => None,
            false => fs::metadata(&self.source).ok(),
        };
        let size = meta.as_ref().map_or(0, Metadata::len);
        self.put(session, entity, (&mut input, size, meta.as_ref().and_then(is_executable)))
    }

    /// Returns the operation that puts an input, given with its size, as far as known, and whether it is
    /// executable.
    fn put(
        &self,
        session: &Session,
        entity: &EntityId,
        (mut input, size, executable): (&mut dyn Read, u64, Option<bool>),
    ) -> Result<Put> {
        let reading = |e| Error::io(format!("cannot read {}", files::name(&self.source)), e);
        let mut head = Vec::new();
        let most = limits::DISK_TEXT_BYTES as u64 + 1;
        (&mut input).take(most).read_to_end(&mut head).map_err(reading)?;
        let (entity, path) = (entity.clone(), self.path.clone());
        let text = (head.len() as u64) < most;
        let put = match TextFile::of(&head).filter(|_| text) {
            Some(file) => Put::text(entity, path, file),
            None => {
                let stored = store_bytes(session, &mut Cursor::new(head).chain(input), size)?;
                Put::bytes(entity, path, stored)
            }
        };
        Ok(Put { executable, ..put })
    }
}

/// Stores bytes beside the store. In a dry run they are only counted and hashed.
fn store_bytes(session: &Session, bytes: &mut dyn Read, size: u64) -> Result<FileHash> {
    if session.dry_run() {
        let mut counted = files::CountedOutput::over(std::io::sink());
        std::io::copy(bytes, &mut counted).map_err(|e| Error::io("cannot read the file", e))?;
        return Ok(FileHash { blake3: counted.blake3(), size_bytes: counted.bytes });
    }
    let disks = session.disks();
    if let Some(free) = store::free_bytes(disks.parent().unwrap_or(&disks))
        && free < size
    {
        let what = format!("{size} bytes do not fit: {free} are free beside the store");
        return Err(
            Error::io(what, "no space left").hint("free some space there, and put the file again")
        );
    }
    Objects::open(&disks)?.take(bytes, &session.environment().machine.ids.uuid()?)
}

/// Returns the files in a directory and below, ordered by path.
///
/// # Errors
/// `Usage` for a name that a disk does not accept; `Refused` for anything that is not a regular file.
fn walk(source: &Path, to: &DiskPath) -> Result<Vec<SourceFile>> {
    if !source.is_dir() {
        return Err(Error::usage(format!("{} is not a directory", source.display()))
            .hint("leave out `-r` to put one file"));
    }
    let mut found = Vec::new();
    let mut waiting = vec![(source.to_owned(), to.clone())];
    while let Some((dir, to)) = waiting.pop() {
        let failed = |e| Error::io(format!("cannot list {}", dir.display()), e);
        for entry in fs::read_dir(&dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let (name, source) = (entry.file_name(), entry.path());
            let Some(name) = name.to_str() else {
                return Err(Error::usage(format!("{} is not UTF-8", source.display()))
                    .hint("give it another name"));
            };
            let path = to.child(name)?;
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                waiting.push((source, path));
            } else if kind.is_file() {
                found.push(SourceFile { source, path });
            } else {
                return Err(Error::refused(format!("{} is not a regular file", source.display()))
                    .hint("links are not followed: replace the link with the file it points to"));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Returns the path of the named file, which may be in the store or only in its directory.
fn place(context: &Context, entity: &EntityId, named: &str) -> Result<DiskPath> {
    let reader = context.reader()?;
    let none = match file(&reader, entity, named) {
        Ok((_, file)) => {
            let refused = || Error::refused(format!("{named} has no path here"));
            return file.place().ok_or_else(refused);
        }
        Err(e) => e,
    };
    match unscanned(&reader, entity, named)? {
        Some(_) if none.kind == Kind::NotFound => DiskPath::parse(named),
        _ => Err(none),
    }
}

pub fn edit(context: &Context, entity: &EntityId, named: &str, stdin: bool) -> Result<Report> {
    let path = place(context, entity, named)?;
    // Changes in the directory are part of the text to edit.
    let mut session = context.session()?;
    let notes =
        crate::disk::take_in(&mut session, entity, &Which::At([path.clone()].into()))?.notes;
    session.commit()?;
    notes.iter().for_each(|note| context.note(hint(note)));
    let old = match known(&context.reader()?, entity, path.as_str())?.1.content {
        DiskContent::Text(old) => old,
        DiskContent::Binary(_) => {
            return Err(Error::refused(format!("{path} is not a text"))
                .hint("`crdtctl disk get` and `crdtctl disk put` replace the whole file"));
        }
    };
    if stdin {
        let mut bytes = Vec::new();
        let most = limits::DISK_TEXT_BYTES as u64 + 1;
        let failed = |e| Error::io("cannot read standard input", e);
        std::io::stdin().take(most).read_to_end(&mut bytes).map_err(failed)?;
        return replace(context, entity, path, old, &bytes);
    }
    // Try the operation first, so that nobody edits in vain.
    if let Some(other) = TextFile::of(&[old.bytes().as_slice(), b"text\n"].concat()) {
        let base = Some(old.text.clone());
        let put = Put { base, ..Put::text(entity.clone(), path.clone(), other) };
        context.try_out(&Operation::DiskPut(put))?;
    }
    let draft = in_editor(context, &path, &old)?;
    let replaced = files::read(&draft.file, limits::DISK_TEXT_BYTES as u64)
        .and_then(|bytes| replace(context, entity, path.clone(), old, &bytes));
    match replaced {
        Ok(report) if context.is_dry() => {
            Ok(report.note(format!("the text is in {}", draft.file.display())))
        }
        Ok(report) => {
            drop(fs::remove_dir_all(&draft.dir));
            Ok(report)
        }
        Err(error) => Err(draft.kept(&path, error)),
    }
}

/// Replaces a text with its edited version.
fn replace(
    context: &Context,
    entity: &EntityId,
    path: DiskPath,
    old: TextFile,
    new: &[u8],
) -> Result<Report> {
    let Some(new) = TextFile::of(new) else {
        return Err(Error::refused("the input is not a text, or is too long to be merged")
            .hint("`crdtctl disk put` puts any file"));
    };
    let base = Some(old.text);
    let put = Put { base, ..Put::text(entity.clone(), path, new) };
    change(context, entity, &Which::At([].into()), |session| {
        Ok(told(operation::run(session, &Operation::DiskPut(put))?))
    })
}

/// A file for an editor, in a directory of its own; it is kept until the disk has its content.
struct EditedFile {
    dir: PathBuf,
    file: PathBuf,
}

impl EditedFile {
    /// Adds to an error where the text is that was not saved.
    fn kept(&self, path: &DiskPath, error: Error) -> Error {
        let file = self.file.to_string_lossy();
        let (path, again) = (word(path.as_str()), word(&file));
        error.hint_also(format!(
            "the text is in {file}: try again with `crdtctl disk edit {path} - < {again}`"
        ))
    }
}

/// Lets the user edit a text in an editor.
///
/// # Errors
/// `Usage` if there is no editor; `Io` if it does not start; `Interrupted` if it exits with a failure.
fn in_editor(context: &Context, path: &DiskPath, old: &TextFile) -> Result<EditedFile> {
    let chosen = editor::of(&context.terminal);
    let chosen = chosen.ok_or_else(|| {
        Error::usage("no editor is set")
            .hint("set VISUAL or EDITOR, or give `-` and pipe the new text in")
    })?;
    let failed = |e| Error::io("cannot make a file for the editor", e);
    // Keep the file's name: editors go by its extension.
    let dir = tempfile::Builder::new().prefix("crdtctl-").tempdir().map_err(failed)?;
    let file = dir.path().join(path.name());
    fs::write(&file, old.bytes()).map_err(failed)?;
    let another = "name another one in VISUAL or EDITOR, or give `-` and pipe the new text in";
    let ended = editor::run(&chosen, &file)
        .map_err(|e| Error::io(editor::cannot_run(&chosen), e).hint(another))?;
    if ended.success() {
        return Ok(EditedFile { dir: dir.keep(), file });
    }
    let failed = editor::failed_with(&chosen, ended, "nothing was changed");
    // An editor that did not run has changed nothing, unless it is a script that ran up to that line.
    let is_unchanged = fs::read(&file).is_ok_and(|text| text == old.bytes());
    match failed.kind == Kind::Io && is_unchanged {
        true => Err(failed.hint(another)),
        false => Err(EditedFile { dir: dir.keep(), file }.kept(path, failed)),
    }
}

#[cfg(unix)]
fn is_executable(meta: &Metadata) -> Option<bool> {
    use std::os::unix::fs::PermissionsExt;
    Some(meta.permissions().mode() & 0o100 != 0)
}

#[cfg(not(unix))]
fn is_executable(_meta: &Metadata) -> Option<bool> {
    None
}
