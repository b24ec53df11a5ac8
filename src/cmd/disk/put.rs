//! `disk put` and `disk edit`: the user's files onto the disks.

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
        // Into a directory, under the file's own name.
        (dir, Some(name)) if path.ends_with('/') && name != "-" => dir.child(name)?,
        _ => DiskPath::parse(path)?,
    };
    let found = SourceFile { source: source.to_owned(), path: path.clone() };
    // What comes bit by bit may come slowly: others work meanwhile.
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

/// All that comes on standard input or through a pipe, and its size. What is too long for a text lies beside
/// the store, in a file without a name.
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
    let keeping = |e| Error::io("cannot keep what comes until all of it is there", e);
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

/// A file of the user's, and where it goes.
pub struct SourceFile {
    pub source: PathBuf,
    pub path: DiskPath,
}

impl SourceFile {
    /// The operation that puts it. A content that is no text is with the store then.
    pub fn read(&self, session: &Session, entity: &EntityId) -> Result<Put> {
        let mut input = files::open(&self.source)?;
        let meta = match files::is_stdin(&self.source) {
            true => None,
            false => fs::metadata(&self.source).ok(),
        };
        let size = meta.as_ref().map_or(0, Metadata::len);
        self.put(session, entity, (&mut input, size, meta.as_ref().and_then(is_executable)))
    }

    /// The operation that puts what is read: all of it, its size as far as it is known, and whether it may
    /// be run as a program.
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

/// Puts bytes with the store. In a dry run they are only counted.
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
        return Err(Error::io(what, "no space left").hint("make room there, and put it again"));
    }
    Objects::open(&disks)?.take(bytes, &session.environment().machine.ids.uuid()?)
}

/// The files in a directory and below, in the order of their paths.
///
/// # Errors
/// `Usage` for a name that a disk does not take; `Refused` for what is no file.
fn walk(source: &Path, to: &DiskPath) -> Result<Vec<SourceFile>> {
    if !source.is_dir() {
        return Err(Error::usage(format!("{} is no directory", source.display()))
            .hint("without `-r` one file is put"));
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
                return Err(Error::refused(format!("{} is no regular file", source.display()))
                    .hint("links are not followed: put what it leads to in its place"));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

/// Where the file is that is meant: in the store, or in its directory only.
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
    // What was changed in the directory belongs to what is edited.
    let mut session = context.session()?;
    let notes =
        crate::disk::take_in(&mut session, entity, &Which::At([path.clone()].into()))?.notes;
    session.commit()?;
    notes.iter().for_each(|note| context.note(hint(note)));
    let old = match known(&context.reader()?, entity, path.as_str())?.1.content {
        DiskContent::Text(old) => old,
        DiskContent::Binary(_) => {
            return Err(Error::refused(format!("{path} is no text"))
                .hint("`crdtctl disk get` and `crdtctl disk put` replace it as a whole"));
        }
    };
    if stdin {
        let mut bytes = Vec::new();
        let most = limits::DISK_TEXT_BYTES as u64 + 1;
        let failed = |e| Error::io("cannot read standard input", e);
        std::io::stdin().take(most).read_to_end(&mut bytes).map_err(failed)?;
        return replace(context, entity, path, old, &bytes);
    }
    // Nobody is to write for nothing.
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

/// Puts a text in the place of the one that somebody edited.
fn replace(
    context: &Context,
    entity: &EntityId,
    path: DiskPath,
    old: TextFile,
    new: &[u8],
) -> Result<Report> {
    let Some(new) = TextFile::of(new) else {
        return Err(Error::refused("what came is no text, or one that is too long to be merged")
            .hint("`crdtctl disk put` puts any file"));
    };
    let base = Some(old.text);
    let put = Put { base, ..Put::text(entity.clone(), path, new) };
    change(context, entity, &Which::At([].into()), |session| {
        Ok(told(operation::run(session, &Operation::DiskPut(put))?))
    })
}

/// A file of an editor's, in a directory of its own: there until the disk has what is in it.
struct EditedFile {
    dir: PathBuf,
    file: PathBuf,
}

impl EditedFile {
    /// Says in an error where the text is that nothing was made of.
    fn kept(&self, path: &DiskPath, error: Error) -> Error {
        let file = self.file.to_string_lossy();
        let (path, again) = (word(path.as_str()), word(&file));
        error.hint_also(format!(
            "the text is in {file}: give it again with `crdtctl disk edit {path} - < {again}`"
        ))
    }
}

/// What somebody makes of a text in an editor.
///
/// # Errors
/// `Usage` where there is none; `Io` where it does not run, `Interrupted` where it says that it failed.
fn in_editor(context: &Context, path: &DiskPath, old: &TextFile) -> Result<EditedFile> {
    let chosen = editor::of(&context.terminal);
    let chosen = chosen.ok_or_else(|| {
        Error::usage("no editor to edit in")
            .hint("set VISUAL or EDITOR, or write `-` and pipe the new text in")
    })?;
    let failed = |e| Error::io("cannot make a file for the editor", e);
    // Under its own name: editors go by its ending.
    let dir = tempfile::Builder::new().prefix("crdtctl-").tempdir().map_err(failed)?;
    let file = dir.path().join(path.name());
    fs::write(&file, old.bytes()).map_err(failed)?;
    let ended = editor::run(&chosen, &file)
        .map_err(|e| Error::io(format!("cannot run the editor `{chosen}`"), e))?;
    let draft = EditedFile { dir: dir.keep(), file };
    if !ended.success() {
        let what = format!("`{chosen}` ended with {ended}: nothing was changed");
        return Err(draft.kept(path, Error::new(Kind::Interrupted, what)));
    }
    Ok(draft)
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
