//! The user's own files: arguments that may be standard input, and files that a command writes.

use super::failure::word;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::store::{Store, sync_file_system};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// Maximum size of one argument read from standard input.
const TEXT_BYTES: u64 = 16 << 20;
/// A `.meta` is half a kilobyte.
const META_BYTES: u64 = 1 << 20;

/// Returns an argument's text; `-` is all of standard input, without its last line break.
///
/// # Errors
/// `Io` if it cannot be read, `Refused` if it is larger than 16 MiB, `Usage` if it is not UTF-8.
pub fn text(argument: &str) -> Result<String> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(TEXT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io("cannot read standard input", e))?;
    if bytes.len() as u64 > TEXT_BYTES {
        return Err(Error::refused(format!("standard input holds more than {TEXT_BYTES} bytes")));
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|e| Error::usage("standard input is not UTF-8").because(e.utf8_error()))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// Whether a path means standard input.
pub fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// Opens a file of the user's; `-` is standard input.
///
/// # Errors
/// `NotFound`, `Io`.
pub fn open(file: &Path) -> Result<Box<dyn Read>> {
    if is_stdin(file) {
        return Ok(Box::new(io::stdin().lock()));
    }
    match File::open(file) {
        Ok(opened) => Ok(Box::new(opened)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(missing(file)),
        Err(e) => Err(Error::io(format!("cannot read {}", file.display()), e)),
    }
}

/// Returns the error for a file that does not exist.
pub fn missing(file: &Path) -> Error {
    let dir = file.ancestors().skip(1).find(|dir| dir.is_dir());
    let list = match dir.map(Path::to_string_lossy) {
        Some(dir) => format!("`ls {}` shows what is there", word(&dir)),
        None => "`ls` shows what is there".to_owned(),
    };
    Error::not_found(format!("there is no file {}", file.display())).hint(list)
}

/// Puts the file's name before an error's message.
pub fn within(file: &Path, mut error: Error) -> Error {
    error.message = format!("{}: {}", name(file), error.message);
    error
}

/// Returns the file's name for messages.
pub fn name(file: &Path) -> String {
    match is_stdin(file) {
        true => "standard input".to_owned(),
        false => file.display().to_string(),
    }
}

/// Reads a whole file of the user's.
///
/// # Errors
/// `NotFound`, `Io`; `Refused` if it has more than `limit` bytes.
pub fn read(file: &Path, limit: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(file)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io(format!("cannot read {}", name(file)), e))?;
    match bytes.len() as u64 > limit {
        true => Err(Error::refused(format!("{} has more than {limit} bytes", name(file)))),
        false => Ok(bytes),
    }
}

/// Whether bytes begin like a zstd stream, as every bundle does.
pub fn is_bundle(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// Returns the document that a file of a store holds, by its name, or by the `.meta` beside it if the
/// name is a hash. `None` for any other file.
pub fn document_of(file: &Path) -> Option<DocId> {
    let stem = file.file_stem()?.to_str()?;
    if let Some(doc) = DocId::from_stem(stem) {
        return Some(doc);
    }
    let meta = read(&file.with_extension("meta"), META_BYTES).ok()?;
    let meta: serde_json::Value = serde_json::from_slice(&meta).ok()?;
    DocId::parse(meta.get("doc_id")?.as_str()?).ok().filter(|doc| doc.file_stem() == stem)
}

/// Writes a file of the user's atomically and syncs its bytes to the disk. Not promised: that its name
/// is on the disk, too.
///
/// # Errors
/// `Io`; the old file is then unchanged.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |out| {
        out.write_all(bytes).map_err(|e| Error::io(format!("cannot write {}", path.display()), e))
    })
}

/// Writes a file as [`write`] does, from a reader. Returns the number of bytes.
///
/// # Errors
/// As there.
pub fn write_from(path: &Path, bytes: &mut dyn Read) -> Result<u64> {
    write_with(path, |out| {
        io::copy(bytes, out).map_err(|e| Error::io(format!("cannot write {}", path.display()), e))
    })
}

/// Writes one of many files to a directory, atomically; [`wait_for`] then syncs all of them together.
///
/// # Errors
/// `Io`.
pub fn write_one_of(path: &Path, bytes: &mut dyn Read) -> Result<u64> {
    let failed = |e: io::Error| unwritten(path, e);
    if cfg!(not(target_os = "linux")) {
        return write_from(path, bytes);
    }
    let mut new = new_beside(path).map_err(failed)?;
    let copied = io::copy(bytes, new.as_file_mut()).map_err(failed)?;
    new.persist_noclobber(path).map_err(|e| failed(e.error))?;
    Ok(copied)
}

/// Lets everybody who may read a file execute it. Does nothing except on Unix.
///
/// # Errors
/// `Io`.
pub fn make_executable(path: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = path.metadata().map_err(|e| unwritten(path, e))?.permissions().mode();
        let wanted = fs::Permissions::from_mode(mode | (mode & 0o444) >> 2);
        fs::set_permissions(path, wanted).map_err(|e| unwritten(path, e))?;
    }
    Ok(())
}

/// Refuses a directory inside a store, whether it exists or not.
///
/// # Errors
/// `Refused`; `Io` if it cannot be determined.
pub fn outside(dir: &Path) -> Result<()> {
    let made = std::path::absolute(dir)
        .map_err(|e| Error::io(format!("cannot write to {}", dir.display()), e))?;
    // The first directory that would have to be created.
    let mut first = made.join("x");
    let mut around = made.as_path();
    while let Some(above) = around.parent().filter(|_| !around.is_dir()) {
        (first, around) = (around.to_owned(), above);
    }
    match Store::owns(&first)? {
        false => Ok(()),
        true => Err(Error::refused(format!("{} belongs to a store", dir.display()))
            .hint("name a directory outside of it")),
    }
}

/// Syncs what was written to a directory to the disk.
///
/// # Errors
/// `Io`.
pub fn wait_for(dir: &Path) -> Result<()> {
    let synced = File::open(dir).and_then(sync_file_system);
    synced.map(drop).map_err(|e| Error::io(format!("cannot write {}", dir.display()), e))
}

/// Returns the error for a file that cannot be written, without the name of its temporary file.
fn unwritten(path: &Path, e: io::Error) -> Error {
    // tempfile puts the path into the error's text only.
    let e = match e.to_string().split_once(" at path ") {
        Some((why, _)) => io::Error::new(e.kind(), why),
        None => e,
    };
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let hint = match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Some(format!("{} is not a directory: make it, or name another place", dir.display()))
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            Some("nothing can be written there: name another place".to_owned())
        }
        io::ErrorKind::PermissionDenied => {
            Some("give this user permission to write there, or name another place".to_owned())
        }
        _ => None,
    };
    let error = Error::io(format!("cannot write {}", path.display()), e);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Creates an empty temporary file beside the one that it will become.
fn new_beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    beside().tempfile_in(dir)
}

/// Writes a file as [`write`] does, with the content that `fill` writes.
///
/// # Errors
/// As [`write`], and those of `fill`.
pub fn write_with<T>(path: &Path, fill: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
    let failed = |e: io::Error| unwritten(path, e);
    // A pipe or a device cannot be replaced.
    match path.metadata() {
        Ok(meta) if !meta.is_file() => {
            let mut out = File::options().write(true).open(path).map_err(failed)?;
            return fill(&mut out);
        }
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(e)),
        _ => {}
    }
    let mut new = new_beside(path).map_err(failed)?;
    let filled = fill(new.as_file_mut())?;
    // The stick may be pulled out, and some file systems report only now, or on closing, that there
    // was no space.
    new.as_file().sync_all().map_err(failed)?;
    new.persist(path).map_err(|e| failed(e.error))?;
    Ok(filled)
}

/// Creates a new file of the user's, atomically and synced to the disk, from an empty file beside it that
/// `fill` writes.
///
/// # Errors
/// `Refused` if the file exists; `Io`; those of `fill`.
pub fn make<T>(path: &Path, fill: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let failed = |e: io::Error| unwritten(path, e);
    let exists = || {
        Error::refused(format!("{} exists already", path.display()))
            .hint("no file is overwritten: name another file")
    };
    match path.symlink_metadata() {
        Ok(_) => return Err(exists()),
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(failed(e)),
        Err(_) => {}
    }
    let new = new_beside(path).map_err(failed)?;
    let made = fill(new.path())?;
    new.as_file().sync_all().map_err(failed)?;
    new.persist_noclobber(path).map_err(|e| match e.error.kind() {
        io::ErrorKind::AlreadyExists => exists(),
        _ => failed(e.error),
    })?;
    Ok(made)
}

/// Writes a file as [`write_with`] does, to a medium that may be pulled out at any time: its name begins
/// with `unfinished` until its bytes were read back and verified. Returns the number of bytes.
///
/// # Errors
/// `Io`, and those of `fill`; the old file is then unchanged.
pub fn write_checked(
    path: &Path,
    unfinished: &str,
    fill: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<u64> {
    let failed = |e: io::Error| unwritten(path, e);
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut builder = beside();
    let mut new = builder.prefix(unfinished).suffix(".part").tempfile_in(dir).map_err(failed)?;
    let mut counted = CountedOutput::over(new.as_file_mut());
    fill(&mut counted)?;
    let (bytes, written) = (counted.bytes, counted.hasher.finalize());
    new.as_file().sync_all().map_err(failed)?;
    let mut again = blake3::Hasher::new();
    again.update_reader(File::open(new.path()).map_err(failed)?).map_err(failed)?;
    if again.finalize() != written {
        let doing = format!("{} does not keep what is written to it", dir.display());
        return Err(Error::io(doing, "different bytes were read back"));
    }
    new.persist(path).map_err(|e| failed(e.error))?;
    // Sync the name too; some file systems do not support that.
    drop(File::open(dir).and_then(|dir| dir.sync_all()));
    Ok(bytes)
}

/// An output that counts and hashes what is written to it.
pub struct CountedOutput<W> {
    output: W,
    hasher: blake3::Hasher,
    /// The number of bytes written.
    pub bytes: u64,
}

impl<W: Write> CountedOutput<W> {
    /// Wraps `output`.
    pub fn over(output: W) -> Self {
        CountedOutput { output, hasher: blake3::Hasher::new(), bytes: 0 }
    }

    /// Returns the hash of what was written, in hex.
    pub fn blake3(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

impl<W: Write> Write for CountedOutput<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.output.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes = self.bytes.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// Returns the raw standard output: the standard library's own reports success if the descriptor is
/// not open for writing.
pub fn output() -> Box<dyn Write> {
    match standard_output() {
        Ok(file) => Box::new(file),
        Err(_) => Box::new(io::stdout().lock()),
    }
}

/// Syncs standard output to the disk if it is a file: some file systems report only then, or on
/// closing, that there was no space.
///
/// # Errors
/// The system's.
pub fn settle_output() -> io::Result<()> {
    let Ok(file) = standard_output() else { return Ok(()) };
    if file.metadata()?.is_file() { file.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    io::stdout().as_fd().try_clone_to_owned().map(File::from)
}

#[cfg(not(unix))]
fn standard_output() -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A builder of temporary files with the mode that any new file of the user's gets: tempfile's are
/// private, but a bundle on a stick is for others.
fn beside() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".crdtctl-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}
