//! The user's own files: arguments that mean standard input, and files that a command writes.

use super::failure::word;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::store::{Store, sync_file_system};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// Most that is read from standard input as one argument.
const TEXT_BYTES: u64 = 16 << 20;
/// A `.meta` is half a kilobyte.
const META_BYTES: u64 = 1 << 20;

/// An argument's text; `-` is all of standard input, without its last line break.
///
/// # Errors
/// `Io` when it cannot be read, `Refused` when it is larger than 16 MiB, `Usage` when it is not
/// UTF-8.
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

/// Whether a file of the user's is standard input.
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

/// The error for a file that is not there.
pub fn missing(file: &Path) -> Error {
    let dir = file.ancestors().skip(1).find(|dir| dir.is_dir());
    let list = match dir.map(Path::to_string_lossy) {
        Some(dir) => format!("`ls {}` shows what is there", word(&dir)),
        None => "`ls` shows what is there".to_owned(),
    };
    Error::not_found(format!("there is no file {}", file.display())).hint(list)
}

/// Names the file in an error.
pub fn within(file: &Path, mut error: Error) -> Error {
    error.message = format!("{}: {}", name(file), error.message);
    error
}

/// The file, for messages.
pub fn name(file: &Path) -> String {
    match is_stdin(file) {
        true => "standard input".to_owned(),
        false => file.display().to_string(),
    }
}

/// Reads a file of the user's whole.
///
/// # Errors
/// `NotFound`, `Io`; `Refused` when it has more than `limit` bytes.
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

/// Whether bytes begin as a zstd stream does, and with it every bundle.
pub fn is_bundle(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd])
}

/// The document that a file of a store holds, by its name, or by the `.meta` beside it where the
/// name is a hash. None for any other file.
pub fn document_of(file: &Path) -> Option<DocId> {
    let stem = file.file_stem()?.to_str()?;
    if let Some(doc) = DocId::from_stem(stem) {
        return Some(doc);
    }
    let meta = read(&file.with_extension("meta"), META_BYTES).ok()?;
    let meta: serde_json::Value = serde_json::from_slice(&meta).ok()?;
    DocId::parse(meta.get("doc_id")?.as_str()?).ok().filter(|doc| doc.file_stem() == stem)
}

/// Writes a file of the user's, replacing it whole or not at all; its bytes are on the disk
/// afterwards. Not promised: that its name is.
///
/// # Errors
/// `Io`; the old file is then as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |out| {
        out.write_all(bytes).map_err(|e| Error::io(format!("cannot write {}", path.display()), e))
    })
}

/// Writes a file as [`write`] does, piece by piece. Returns how many bytes there were.
///
/// # Errors
/// As there.
pub fn write_from(path: &Path, bytes: &mut dyn Read) -> Result<u64> {
    write_with(path, |out| {
        io::copy(bytes, out).map_err(|e| Error::io(format!("cannot write {}", path.display()), e))
    })
}

/// One of many files that are written to a directory: each is whole or not there, and they are waited for
/// together, by [`wait_for`].
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

/// Lets whoever may read a file run it. Where the system knows no such thing, nothing is done.
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

/// Refuses a directory in a store, there already or not.
///
/// # Errors
/// `Refused`; `Io` where it cannot be said.
pub fn outside(dir: &Path) -> Result<()> {
    let made = std::path::absolute(dir)
        .map_err(|e| Error::io(format!("cannot write to {}", dir.display()), e))?;
    // What would be made first of it, where it is not there.
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

/// Waits until what was written to a directory is on the disk.
///
/// # Errors
/// `Io`.
pub fn wait_for(dir: &Path) -> Result<()> {
    let synced = File::open(dir).and_then(sync_file_system);
    synced.map(drop).map_err(|e| Error::io(format!("cannot write {}", dir.display()), e))
}

/// Why a file of the user's cannot be written, without the name under which it is begun.
fn unwritten(path: &Path, e: io::Error) -> Error {
    // What makes such files says where, in words alone.
    let e = match e.to_string().split_once(" at path ") {
        Some((why, _)) => io::Error::new(e.kind(), why),
        None => e,
    };
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let hint = match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            Some(format!("{} is no directory: make it, or name another place", dir.display()))
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("see to it that this user may write there, or name another place".to_owned())
        }
        _ => None,
    };
    let error = Error::io(format!("cannot write {}", path.display()), e);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// An empty file beside the one that it is to become.
fn new_beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    beside().tempfile_in(dir)
}

/// Writes a file as [`write`] does, with what `fill` puts into it.
///
/// # Errors
/// As there, and those of `fill`.
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
    // A stick is pulled out, and some file systems say only now, or on closing, that there was no
    // room.
    new.as_file().sync_all().map_err(failed)?;
    new.persist(path).map_err(|e| failed(e.error))?;
    Ok(filled)
}

/// Makes a file of the user's that is not there yet, out of what `fill` puts into an empty one beside
/// it: whole, and on the disk, or not at all.
///
/// # Errors
/// `Refused` where there is such a file; `Io`; those of `fill`.
pub fn make<T>(path: &Path, fill: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    let failed = |e: io::Error| unwritten(path, e);
    let exists = || {
        Error::refused(format!("{} is there already", path.display()))
            .hint("nothing is written over: name another file")
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

/// Writes a file as [`write_with`] does, on a medium that may be gone at any time: under another name
/// beginning with `unfinished` until its bytes were read back from there and are right. Returns how many
/// there are.
///
/// # Errors
/// `Io`, and those of `fill`; what was there is then as it was.
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
        return Err(Error::io(doing, "other bytes came back"));
    }
    new.persist(path).map_err(|e| failed(e.error))?;
    // The name too; some file systems have no such thing as waiting for it.
    drop(File::open(dir).and_then(|dir| dir.sync_all()));
    Ok(bytes)
}

/// How much goes into an output, and what.
pub struct CountedOutput<W> {
    output: W,
    hasher: blake3::Hasher,
    /// How many bytes went there.
    pub bytes: u64,
}

impl<W: Write> CountedOutput<W> {
    /// Counts what goes into `output`.
    pub fn over(output: W) -> Self {
        CountedOutput { output, hasher: blake3::Hasher::new(), bytes: 0 }
    }

    /// The hash of what went there, in hex.
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

/// Standard output as it is: the standard library's own takes what it cannot write for written
/// where the descriptor is not open for writing.
pub fn output() -> Box<dyn Write> {
    match standard_output() {
        Ok(file) => Box::new(file),
        Err(_) => Box::new(io::stdout().lock()),
    }
}

/// Waits until what was written to standard output is on the disk, where that is a file: some file
/// systems say only then, or on closing, that there was no room.
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

/// A temporary file with the mode that any new file of the user's gets: tempfile makes its own
/// private, and a bundle on a stick is for others.
fn beside() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".crdtctl-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}
