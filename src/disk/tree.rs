//! The directories of an entity's disks. Everything is opened relative to an open directory, name by
//! name and through no link: nothing outside is ever read or written.

use crate::concern::disk::path::OWN_PREFIX;
use crate::concern::disk::{DiskKind, DiskPath, FileHash, SPEC};
use crate::error::{Error, Kind, Result};
use crate::id::{EntityId, hex};
use crate::limits;
use crate::store::{Reader, Session, State};
use cap_fs_ext::{DirExt, FollowSymlinks, OpenOptionsFollowExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};

/// How many bytes are read at once.
const PIECE: usize = 1 << 16;

/// The directory with the disks of an entity. It need not exist before something is written.
pub struct Tree {
    name: String,
    path: PathBuf,
    root: Option<Dir>,
}

/// The content of a file on disk.
#[derive(Debug, Clone)]
pub struct Held {
    /// Hash and size.
    pub stored: FileHash,
    /// The bytes themselves, unless there are too many for a text.
    pub bytes: Option<Vec<u8>>,
    /// Whether it may be run; `None` if the system does not record that.
    pub executable: Option<bool>,
}

/// The files in the directories.
#[derive(Debug, Default)]
pub struct Listing {
    /// In path order.
    pub files: Vec<DiskPath>,
    /// What is not a file of a disk, and why not.
    pub others: Vec<(String, String)>,
    /// Paths with a name that begins with a dot, except this program's own: what is there is not looked at.
    pub hidden: Vec<String>,
}

/// The directory of an entity's disks, which the application names by the id alone. If an entity of
/// another type with that id has it, a directory beside it is used.
///
/// # Errors
/// `Refused` for an id that cannot be the name of a directory.
fn directory(state: Option<&State>, entity: &EntityId) -> Result<String> {
    let id = entity.id();
    if !DiskPath::parse(&format!("/shared/{id}")).is_ok_and(|path| path.parts().count() == 1) {
        return Err(Error::refused(format!("{id:?} cannot be the name of a directory"))
            .hint("only an entity whose id is a valid file name on every system has disks"));
    }
    let Some(state) = state else { return Ok(id.to_owned()) };
    let doc = entity.document(SPEC.name);
    if let Some(name) = state.disk_directory(&doc)? {
        return Ok(name);
    }
    let kind = entity.entity_type();
    let beside = |n: u32| match n {
        0 => id.to_owned(),
        1 => format!("{id}.{kind}"),
        n => format!("{id}.{kind}-{n}"),
    };
    for name in (0..u32::MAX).map(beside) {
        if !state.is_disk_directory(&name)? {
            return Ok(name);
        }
    }
    Err(Error::bug("no name is left for a directory"))
}

impl Tree {
    /// Opens the disks of an entity for a session.
    ///
    /// # Errors
    /// `Refused` if a link is in the way; `Io`.
    pub fn of_session(session: &Session, entity: &EntityId) -> Result<Tree> {
        Tree::open(&session.disks(), directory(Some(session.state()), entity)?)
    }

    /// Like [`Tree::of_session`], for a reader, below the directory of all disks.
    ///
    /// # Errors
    /// Those of [`Tree::of_session`].
    pub fn of_reader(reader: &Reader, entity: &EntityId, disks: &Path) -> Result<Tree> {
        Tree::open(disks, directory(reader.state(), entity)?)
    }

    /// The directories that all files of an entity, and the contents beside the disks, are in, outermost first.
    ///
    /// # Errors
    /// `Refused` for an entity that can have no disks.
    pub(super) fn around_all(
        reader: &Reader,
        entity: &EntityId,
        disks: &Path,
    ) -> Result<Vec<PathBuf>> {
        let entities = disks.join("entities");
        let own = entities.join(directory(reader.state(), entity)?);
        Ok(vec![entities, own, disks.join(OWN_PREFIX)])
    }

    fn open(disks: &Path, name: String) -> Result<Tree> {
        let path = disks.join("entities").join(&name);
        let root = match Dir::open_ambient_dir(disks, ambient_authority()) {
            Ok(disks) => open_below(&disks, "entities", &path)?
                .map(|entities| open_below(&entities, &name, &path))
                .transpose()?
                .flatten(),
            Err(e) if e.kind() == ErrorKind::NotFound => None,
            Err(e) => return Err(failed("open", disks, e)),
        };
        Ok(Tree { name, path, root })
    }

    /// Whether its directory exists.
    pub fn exists(&self) -> bool {
        self.root.is_some()
    }

    /// Its path, for people.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its directory; `None` if that does not exist.
    pub(super) fn root(&self) -> Option<&Dir> {
        self.root.as_ref()
    }

    /// The name of its directory.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Creates the directory if it does not exist.
    ///
    /// # Errors
    /// `Io`.
    pub fn create(&mut self, disks: &Path) -> Result<()> {
        if self.root.is_none() {
            Dir::create_ambient_dir_all(disks, ambient_authority())
                .map_err(|e| failed("create", disks, e))?;
            let all = Dir::open_ambient_dir(disks, ambient_authority())
                .map_err(|e| failed("open", disks, e))?;
            let entities = make_below(&all, "entities", &self.path)?;
            self.root = Some(make_below(&entities, &self.name, &self.path)?);
        }
        Ok(())
    }

    /// The path of a file on this machine, for people and for the application's index.
    pub fn place_of(&self, path: &DiskPath) -> PathBuf {
        self.path.join(path.as_str().trim_start_matches('/'))
    }

    /// The directory of a file; `None` if that does not exist.
    pub(super) fn around(&self, path: &DiskPath) -> Result<Option<Dir>> {
        let Some(root) = &self.root else { return Ok(None) };
        let mut names: Vec<&str> = path.parts().collect();
        names.pop();
        let Some(mut dir) = open_below(root, path.disk().as_str(), &self.path)? else {
            return Ok(None);
        };
        for name in names {
            match open_below(&dir, name, &self.place_of(path))? {
                Some(below) => dir = below,
                None => return Ok(None),
            }
        }
        Ok(Some(dir))
    }

    /// Like [`Tree::around`], but creates it.
    pub(super) fn make_around(&self, path: &DiskPath) -> Result<Dir> {
        let root = self.root.as_ref().ok_or_else(|| Error::bug("a disk that was not created"))?;
        let mut names: Vec<&str> = path.parts().collect();
        names.pop();
        let mut dir = make_below(root, path.disk().as_str(), &self.path)?;
        for name in names {
            dir = make_below(&dir, name, &self.place_of(path))?;
        }
        Ok(dir)
    }

    /// Checks that a file can be at a path: nothing else is in the way.
    ///
    /// # Errors
    /// `Refused` for a link or a directory there, or a file where a directory is needed; `Io`.
    pub fn takes(&self, path: &DiskPath) -> Result<()> {
        self.open_file(path).map(drop)
    }

    /// Whether no file can be at a path as things are: a directory is there, or a file where a
    /// directory was. The target of a link may come back.
    pub fn is_gone(&self, path: &DiskPath) -> bool {
        let Some(root) = &self.root else { return false };
        let mut name = PathBuf::from(path.disk().as_str());
        for part in path.parts() {
            match root.symlink_metadata(&name) {
                Ok(meta) if meta.is_dir() => name.push(part),
                Ok(meta) => return meta.is_file(),
                Err(_) => return false,
            }
        }
        root.symlink_metadata(&name).is_ok_and(|meta| meta.is_dir())
    }

    /// Opens a file; `None` if nothing is there.
    ///
    /// # Errors
    /// `Refused` if it is not a file; `Io`.
    pub fn open_file(&self, path: &DiskPath) -> Result<Option<File>> {
        match self.around(path)? {
            Some(dir) => open_in(&dir, path.name(), &self.place_of(path)),
            None => Ok(None),
        }
    }

    /// Opens a file and reads it once to get its content and hash; `None` if nothing is there.
    ///
    /// # Errors
    /// Those of [`Tree::open_file`].
    pub fn open_held(&self, path: &DiskPath) -> Result<Option<(File, Held)>> {
        let Some(mut file) = self.open_file(path)? else { return Ok(None) };
        let reading = |e| failed("read", &self.place_of(path), e);
        let meta = file.metadata().map_err(reading)?;
        let mut sink = Hashing::default();
        copy(&mut file, &mut sink).map_err(reading)?;
        file.rewind().map_err(reading)?;
        Ok(Some((file, sink.held(is_executable(&meta)))))
    }

    /// Reads the content of a file; `None` if nothing is there.
    ///
    /// # Errors
    /// Those of [`Tree::open_file`].
    pub fn held(&self, path: &DiskPath) -> Result<Option<Held>> {
        Ok(self.open_held(path)?.map(|(_, held)| held))
    }

    /// Whether a file has this content. One that cannot be read is somebody else's.
    pub(super) fn holds(&self, path: &DiskPath, blake3: &str) -> bool {
        self.held(path).ok().flatten().is_some_and(|held| held.stored.blake3 == blake3)
    }

    /// Calls `take` with the directory of a file, and its name there.
    pub(super) fn hand<R>(
        &self,
        path: &DiskPath,
        take: impl FnOnce(&Dir, &str) -> Result<R>,
    ) -> Result<Option<R>> {
        self.around(path)?.map(|dir| take(&dir, path.name())).transpose()
    }

    /// Every file on the disks. Names that begin with a dot are skipped, as in the application: editors
    /// and systems use them for files of their own.
    ///
    /// # Errors
    /// `Io`.
    pub fn list(&self, kinds: &[DiskKind]) -> Result<Listing> {
        let mut listing = Listing::default();
        let Some(root) = &self.root else { return Ok(listing) };
        for kind in kinds {
            let path = format!("/{}", kind.as_str());
            match open_below(root, kind.as_str(), &self.path) {
                Ok(Some(dir)) => self.list_below(dir, path, &mut listing)?,
                Ok(None) => {}
                // As for the directories in it: the other disks are listed.
                Err(e) if e.kind == Kind::Refused => listing.others.push((path, e.message)),
                Err(e) => return Err(e),
            }
        }
        listing.files.sort();
        listing.others.sort();
        listing.hidden.sort();
        Ok(listing)
    }

    /// Uses a list of directories instead of recursion.
    fn list_below(&self, dir: Dir, path: String, listing: &mut Listing) -> Result<()> {
        let mut waiting = vec![(dir, path)];
        while let Some((dir, path)) = waiting.pop() {
            let reading = |e| failed("list", &self.path.join(path.trim_start_matches('/')), e);
            for entry in dir.entries().map_err(reading)? {
                let entry = entry.map_err(reading)?;
                let name = entry.file_name();
                let shown = format!("{path}/{}", name.to_string_lossy());
                let Some(name) = name.to_str() else {
                    listing.others.push((shown, "its name is not UTF-8".to_owned()));
                    continue;
                };
                if name.starts_with('.') {
                    listing.hidden.extend((!name.starts_with(OWN_PREFIX)).then_some(shown));
                    continue;
                }
                let kind = entry.file_type().map_err(reading)?;
                match DiskPath::parse(&shown) {
                    Ok(path) if kind.is_dir() => {
                        match open_below(&dir, name, &self.place_of(&path)) {
                            Ok(Some(below)) => waiting.push((below, shown)),
                            Ok(None) => {}
                            Err(e) => listing.others.push((shown, e.message)),
                        }
                    }
                    Ok(path) if kind.is_file() && path.as_str() == shown => {
                        listing.files.push(path)
                    }
                    Ok(_) if kind.is_file() => {
                        listing.others.push((shown, "its name is not in NFC".to_owned()));
                    }
                    Ok(_) if kind.is_symlink() => {
                        listing.others.push((shown, "a link; it is not followed".to_owned()));
                    }
                    Ok(_) => listing.others.push((shown, "not a regular file".to_owned())),
                    Err(e) => listing.others.push((shown, e.message)),
                }
            }
        }
        Ok(())
    }
}

/// Counts and hashes the bytes written to it, and keeps them as long as they can be a text.
struct Hashing {
    hasher: blake3::Hasher,
    size: u64,
    bytes: Option<Vec<u8>>,
}

impl Default for Hashing {
    fn default() -> Self {
        Hashing { hasher: blake3::Hasher::new(), size: 0, bytes: Some(Vec::new()) }
    }
}

impl Hashing {
    fn held(self, executable: Option<bool>) -> Held {
        let blake3 = hex(self.hasher.finalize().as_bytes());
        let stored = FileHash { blake3, size_bytes: self.size };
        Held { stored, bytes: self.bytes, executable }
    }
}

impl Write for Hashing {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.hasher.update(piece);
        self.size = self.size.saturating_add(piece.len() as u64);
        if let Some(bytes) = &mut self.bytes {
            bytes.extend_from_slice(piece);
        }
        if self.bytes.as_ref().is_some_and(|bytes| bytes.len() > limits::DISK_TEXT_BYTES) {
            self.bytes = None;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Copies the rest of `from`, piece by piece.
fn copy(from: &mut (impl Read + ?Sized), to: &mut impl Write) -> io::Result<()> {
    io::copy(&mut BufReader::with_capacity(PIECE, from), to).map(drop)
}

/// Opens a directory inside another, refusing links; `None` if nothing is there.
pub(super) fn open_below(dir: &Dir, name: &str, place: &Path) -> Result<Option<Dir>> {
    match dir.symlink_metadata(name) {
        Ok(meta) if meta.is_dir() => {}
        Ok(_) => return Err(not_a(dir, name, place, "directory")),
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed("open", place, e)),
    }
    dir.open_dir_nofollow(name).map(Some).map_err(|e| failed("open", place, e))
}

/// Like [`open_below`], but creates it.
pub(super) fn make_below(dir: &Dir, name: &str, place: &Path) -> Result<Dir> {
    match dir.create_dir(name) {
        Ok(()) => sync(dir).map_err(|e| failed("create", place, e))?,
        Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
        Err(e) => return Err(failed("create", place, e)),
    }
    open_below(dir, name, place)?.ok_or_else(|| failed("open", place, ErrorKind::NotFound.into()))
}

/// Opens a regular file in a directory; `None` if nothing is there.
pub(super) fn open_in(dir: &Dir, name: &str, place: &Path) -> Result<Option<File>> {
    match dir.symlink_metadata(name) {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Err(not_a(dir, name, place, "file")),
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed("open", place, e)),
    }
    let mut how = OpenOptions::new();
    how.read(true).follow(FollowSymlinks::No);
    match dir.open_with(name, &how) {
        Ok(file) => Ok(Some(file)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(failed("open", place, e)),
    }
}

/// The temporary name of a file until it is complete.
pub(super) fn temporary(name: &str) -> String {
    format!("{OWN_PREFIX}-{}.tmp", hex(blake3::hash(name.as_bytes()).as_bytes()))
}

/// Writes a file under a temporary name, then renames it.
pub(super) fn write_new(
    dir: &Dir,
    name: &str,
    bytes: &mut (impl Read + ?Sized),
    executable: bool,
) -> io::Result<FileHash> {
    let temporary = temporary(name);
    let written = fill(dir, &temporary, bytes, executable)
        .and_then(|stored| dir.rename(&temporary, dir, name).map(|()| stored))
        .and_then(|stored| sync(dir).map(|()| stored));
    if written.is_err() {
        let _ = dir.remove_file(&temporary);
    }
    written
}

/// Writes and syncs a file that nobody else has open; replaces what was left under its name.
pub(super) fn fill(
    dir: &Dir,
    name: &str,
    bytes: &mut (impl Read + ?Sized),
    executable: bool,
) -> io::Result<FileHash> {
    let (file, stored) = fill_later(dir, name, bytes, executable)?;
    file.sync_all()?;
    Ok(stored)
}

/// Like [`fill`], without syncing.
pub(super) fn fill_later(
    dir: &Dir,
    name: &str,
    bytes: &mut (impl Read + ?Sized),
    executable: bool,
) -> io::Result<(File, FileHash)> {
    match dir.remove_file(name) {
        Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut how = OpenOptions::new();
    how.write(true).create_new(true).follow(FollowSymlinks::No);
    let mut file = dir.open_with(name, with_mode(&mut how, executable))?;
    let mut hashing = Hashing { bytes: None, ..Hashing::default() };
    copy(bytes, &mut HashedFile { file: &mut file, hashing: &mut hashing })?;
    Ok((file, hashing.held(None).stored))
}

/// A file, with the hash of what is written to it.
struct HashedFile<'b> {
    file: &'b mut File,
    hashing: &'b mut Hashing,
}

impl Write for HashedFile<'_> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.file.write_all(piece)?;
        self.hashing.write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Syncs the entries of a directory to the disk.
pub(super) fn sync(dir: &Dir) -> io::Result<()> {
    match cfg!(unix) {
        true => dir.open(".")?.sync_all(),
        false => Ok(()),
    }
}

#[cfg(unix)]
fn with_mode(how: &mut OpenOptions, executable: bool) -> &mut OpenOptions {
    use cap_std::fs::OpenOptionsExt;
    how.mode(if executable { 0o777 } else { 0o666 })
}

#[cfg(not(unix))]
fn with_mode(how: &mut OpenOptions, _executable: bool) -> &mut OpenOptions {
    how
}

/// Whether a file may be run; `None` if the system does not record that.
#[cfg(unix)]
pub(super) fn is_executable(meta: &Metadata) -> Option<bool> {
    use cap_std::fs::MetadataExt;
    Some(meta.mode() & 0o100 != 0)
}

/// Whether a file may be run; `None` if the system does not record that.
#[cfg(not(unix))]
pub(super) fn is_executable(_meta: &Metadata) -> Option<bool> {
    None
}

fn not_a(dir: &Dir, name: &str, place: &Path, what: &str) -> Error {
    let (is, hint) = match dir.symlink_metadata(name) {
        Ok(meta) if meta.is_symlink() => {
            ("a link", "links are not followed: put the real thing in its place, or move it away")
        }
        Ok(meta) if meta.is_dir() => ("a directory", "name another path, or move it away"),
        Ok(meta) if meta.is_file() => ("a file", "name another path, or move it away"),
        _ => ("something else", "move it away"),
    };
    Error::refused(format!("{}: {name:?} is not a {what} but {is}", place.display())).hint(hint)
}

pub(super) fn failed(doing: &str, place: &Path, e: io::Error) -> Error {
    Error::io(format!("could not {doing} {}", place.display()), e)
}
