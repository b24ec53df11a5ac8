//! Where documents are stored: the layout of the real application, including that of older versions.
//!
//! `crdt/<entity type>/<name>.yrs` with a `.meta` beside it. A name is only ever built from a [`DocId`].
//! Symbolic links below `crdt/` are not followed: a store received from somebody could lead anywhere.

use super::elsewhere::{Elsewhere, HASHED};
use super::fs::{self, FileNode, Seen};
use crate::error::{Error, Kind, Result};
use crate::id::{DocId, hex};
use crate::limits;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::path::{Path, PathBuf};

/// The database of everything that is local to this replica.
pub(super) const DATABASE: &str = "crdtctl.db";
/// The file name of the archive.
pub const ARCHIVE_FILE: &str = "archive.db";

/// A `.meta` usually has half a kilobyte.
const META_BYTES: u64 = 1 << 20;
/// The longest stem that fits a file name together with `.yrs`.
const STEM_BYTES: usize = 251;
/// The application's name for the directory of its documents; its disks lie beside it.
pub(super) const CRDT_DB: &str = "crdt.db";

/// A document on disk.
#[derive(Debug, Clone)]
pub struct Document {
    /// The id given by its name or its `.meta`; no two files of a store have the same.
    pub id: DocId,
    /// Relative to the store's directory.
    pub path: PathBuf,
    /// The size of the file; 0 while the document is only in the log.
    pub bytes: u64,
    /// The `.meta` beside it; `None` if that is missing or does not decode.
    pub meta: Option<Meta>,
}

/// A `.meta`; unknown keys are kept in `rest`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Meta {
    /// The whole document id, which identifies the file if its name is a hash.
    pub doc_id: String,
    /// The first part of the id; empty if the program that wrote it left it out.
    #[serde(default)]
    pub entity_type: String,
    /// The second part of the id, without type and concern; empty if it was left out.
    #[serde(default)]
    pub entity_id: String,
    /// How often the document was saved, by any program; 0 if unknown.
    #[serde(default)]
    pub version: u64,
    /// When the document was first saved, in Unix seconds; 0 if unknown.
    #[serde(default)]
    pub created_at: i64,
    /// When it was last saved, in Unix seconds; 0 if unknown.
    #[serde(default)]
    pub updated_at: i64,
    /// Every other key: `blake3` and `bytes` of the file are ours, the rest is kept as others wrote it.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

/// Identifies the bytes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub blake3: [u8; 32],
    pub bytes: u64,
}

impl Stamp {
    pub fn of(bytes: &[u8]) -> Stamp {
        Stamp { blake3: *blake3::hash(bytes).as_bytes(), bytes: bytes.len() as u64 }
    }
}

/// Something in the store's directory that is not a document and perhaps should be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Relative to the store's directory.
    pub path: PathBuf,
    /// What is wrong with it, without a full stop.
    pub what: String,
}

/// Everything below `crdt/`.
#[derive(Debug, Default)]
pub struct Scan {
    /// Sorted by id.
    pub documents: Vec<Document>,
    /// What was not read, in the order in which it was found.
    pub problems: Vec<Problem>,
    /// A directory that was not listed, since a link leads to it: there may be more documents.
    pub(super) unlisted: Option<PathBuf>,
}

/// The directory that contains `crdt/`.
#[derive(Debug)]
pub(super) struct Layout {
    dir: PathBuf,
    /// Listed when a document is first asked for that is not where its id says.
    elsewhere: OnceCell<Elsewhere>,
}

impl Layout {
    pub fn new(dir: PathBuf) -> Self {
        Layout { dir, elsewhere: OnceCell::new() }
    }

    /// Joins a path onto this store's directory, absolute or as the store was named.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        self.dir.join(path)
    }

    /// Returns the directory of all disks: beside the documents, and beside a `crdt.db` around them.
    pub fn disks(&self) -> PathBuf {
        let dir = fs::canonical(&self.dir).unwrap_or_else(|_| self.dir.clone());
        let around = dir.parent().filter(|_| dir.file_name().is_some_and(|name| name == CRDT_DB));
        around.unwrap_or(&dir).join("disks")
    }

    /// Returns the document's file, relative to the store's directory; `None` if it has none.
    ///
    /// The place that its id gives is looked at each time. Elsewhere it is found only if it was there when
    /// this store was first asked for a document that is elsewhere.
    ///
    /// # Errors
    /// `Refused`, naming the document, if something else is where it should be: a link is not followed.
    pub fn find(&self, doc: &DocId) -> Result<Option<PathBuf>> {
        self.locate(doc).map_err(|e| if e.kind == Kind::Refused { e.damages(doc) } else { e })
    }

    fn locate(&self, doc: &DocId) -> Result<Option<PathBuf>> {
        let home = home(doc);
        match fs::node(&self.resolve(&home))? {
            Some(FileNode::Directory) | None => {}
            Some(_) => return Err(not_a_directory(&home)),
        }
        let mut stems = vec![doc.file_stem()];
        let plain = doc.plain_stem();
        if plain.len() <= STEM_BYTES && !stems.contains(&plain) {
            stems.push(plain);
        }
        for stem in &stems {
            let path = home.join(format!("{stem}.yrs"));
            match fs::node(&self.resolve(&path))? {
                Some(FileNode::File) => return Ok(Some(path)),
                Some(_) => return Err(not_a_file(&path)),
                None => {}
            }
        }
        let elsewhere = self.elsewhere()?;
        match elsewhere.named(&stems, &home) {
            Some((path, FileNode::File)) => Ok(Some(path)),
            Some((path, _)) => Err(not_a_file(&path)),
            None => {
                elsewhere.described(doc, &home, |yrs| Ok(self.meta(yrs)?.map(|meta| meta.doc_id)))
            }
        }
    }

    fn elsewhere(&self) -> Result<&Elsewhere> {
        if let Some(known) = self.elsewhere.get() {
            return Ok(known);
        }
        let found = Elsewhere::list(&self.dir)?;
        Ok(self.elsewhere.get_or_init(|| found))
    }

    /// Returns where a new document's file goes, relative to the store's directory.
    ///
    /// # Errors
    /// `Refused` if that directory is a symbolic link.
    pub fn place(&self, doc: &DocId) -> Result<PathBuf> {
        let dir = home(doc);
        match fs::node(&self.resolve(&dir))? {
            Some(FileNode::Directory) | None => Ok(dir.join(format!("{}.yrs", doc.file_stem()))),
            Some(_) => Err(not_a_directory(&dir)),
        }
    }

    /// Returns every document, and everything that looks like one and is not.
    pub fn scan(&self) -> Result<Scan> {
        let mut scan = Scan::default();
        let root = Path::new("crdt");
        for dir in fs::list(&self.resolve(root))? {
            let path = root.join(&dir.name);
            match dir.node {
                FileNode::Directory => self.scan_dir(&path, &mut scan)?,
                FileNode::Link => {
                    scan.problem(path.clone(), "a symbolic link; it is not followed");
                    scan.unlisted.get_or_insert(path);
                }
                FileNode::File | FileNode::Other => {}
            }
        }
        // The document's own directory has precedence over the one where older programs kept it.
        scan.documents.sort_by(|a, b| {
            let strange = |found: &Document| !found.path.starts_with(home(&found.id));
            a.id.cmp(&b.id).then_with(|| strange(a).cmp(&strange(b))).then(a.path.cmp(&b.path))
        });
        let mut documents: Vec<Document> = Vec::with_capacity(scan.documents.len());
        for found in std::mem::take(&mut scan.documents) {
            match documents.last() {
                Some(first) if first.id == found.id => {
                    let what = format!("a second file of {}; it is not read", found.id);
                    scan.problem(found.path, what);
                }
                _ => documents.push(found),
            }
        }
        scan.documents = documents;
        Ok(scan)
    }

    fn scan_dir(&self, dir: &Path, scan: &mut Scan) -> Result<()> {
        for entry in fs::list(&self.resolve(dir))? {
            let path = dir.join(&entry.name);
            let Some(name) = entry.name.to_str() else {
                // No id gives such a name.
                if path.extension().is_some_and(|ending| ending == "yrs") {
                    scan.problem(path, "its name is not UTF-8");
                }
                continue;
            };
            let Some(stem) = name.strip_suffix(".yrs") else { continue };
            let is_file = entry.node == FileNode::File;
            if !is_file {
                scan.problem(path.clone(), "not a regular file; it is not read");
            }
            let meta = self.meta(&path).unwrap_or_else(|e| {
                scan.problem(path.with_extension("meta"), e.causes().join(": "));
                None
            });
            match name_to_id(stem, meta.as_ref()) {
                Ok(id) => scan.documents.push(Document { id, path, bytes: entry.bytes, meta }),
                Err(what) if is_file => scan.problem(path, what),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// Returns the `.meta` beside a `.yrs`; `None` if it is missing or does not decode.
    pub fn meta(&self, yrs: &Path) -> Result<Option<Meta>> {
        let bytes = self.read_meta(yrs)?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Returns the bytes of the `.meta` beside a `.yrs`; `None` if it is missing or too large.
    ///
    /// # Errors
    /// `Io`: one that cannot be read holds what other programs wrote, and must not be replaced.
    pub fn read_meta(&self, yrs: &Path) -> Result<Option<Vec<u8>>> {
        let path = self.resolve(&yrs.with_extension("meta"));
        match fs::node(&path)? {
            Some(FileNode::File) => match fs::read(&path, META_BYTES) {
                Err(e) if e.kind == Kind::Corrupt => Ok(None),
                read => read,
            },
            // A file cannot replace a directory; anything else there can be replaced.
            Some(FileNode::Directory) => {
                Err(Error::io(format!("could not read {}", path.display()), "it is a directory")
                    .hint("put the real file in its place"))
            }
            _ => Ok(None),
        }
    }

    /// Looks at a document's file; `None` if it is gone, or the system does not tell.
    pub fn seen(&self, yrs: &Path) -> Option<Seen> {
        fs::seen(&self.resolve(yrs))
    }

    /// Returns the bytes of a document's file; `None` if it is gone.
    pub fn read(&self, yrs: &Path) -> Result<Option<Vec<u8>>> {
        fs::read(&self.resolve(yrs), limits::DOCUMENT_BYTES)
    }
}

impl Scan {
    /// Returns the documents, if these are all of them.
    ///
    /// # Errors
    /// `Refused` if a directory was not listed.
    pub fn complete(self) -> Result<Vec<Document>> {
        self.unlisted.map_or(Ok(self.documents), |dir| Err(not_a_directory(&dir)))
    }

    fn problem(&mut self, path: PathBuf, what: impl Into<String>) {
        self.problems.push(Problem { path, what: what.into() });
    }
}

impl Meta {
    /// Returns the `.meta` of a document that has none yet.
    pub(super) fn new(doc: &DocId, now: i64) -> Self {
        Meta {
            doc_id: doc.to_string(),
            entity_type: doc.entity_type().to_owned(),
            entity_id: doc.entity_id().to_owned(),
            version: 0,
            created_at: now,
            updated_at: now,
            rest: serde_json::Map::new(),
        }
    }

    /// Records which bytes it describes.
    pub(super) fn describe(&mut self, file: &Stamp) {
        self.rest.insert("blake3".to_owned(), hex(&file.blake3).into());
        self.rest.insert("bytes".to_owned(), file.bytes.into());
    }

    /// Returns the file's text: pretty JSON, as the application writes it.
    pub(super) fn to_text(&self) -> Result<String> {
        serde_json::to_string_pretty(self)
            .map_err(|e| Error::bug("a .meta does not encode").because(e))
    }
}

/// `crdt/<entity type>`.
fn home(doc: &DocId) -> PathBuf {
    Path::new("crdt").join(doc.entity_type())
}

/// Returns which document a file is: by its plain-hex name, else by its `.meta`, which an `h_` name must
/// agree with.
fn name_to_id(stem: &str, meta: Option<&Meta>) -> Result<DocId, &'static str> {
    if let Some(id) = DocId::from_stem(stem) {
        return Ok(id);
    }
    let Some(meta) = meta else { return Err("no .meta says which document it is") };
    match DocId::parse(&meta.doc_id) {
        Ok(id) if !stem.starts_with(HASHED) || id.file_stem() == stem => Ok(id),
        Ok(_) => Err("its .meta names another document"),
        Err(_) => Err("its .meta names no document"),
    }
}

fn not_a_file(path: &Path) -> Error {
    Error::refused(format!("{} is a symbolic link or not a regular file", path.display()))
        .hint("links are not followed: put the real file in its place")
}

fn not_a_directory(path: &Path) -> Error {
    Error::refused(format!("{} is a symbolic link or not a directory", path.display()))
        .hint("links are not followed: put the real directory in its place")
}

/// Returns whether this directory has the layout of 0.1.20 or later, going by names only.
pub(super) fn holds_documents(dir: &Path) -> Result<bool> {
    Ok(fs::is_dir(&dir.join("crdt"))? || fs::is_file(&dir.join(DATABASE))?)
}

/// Returns whether there really is a store. Other things are called `crdt` too.
pub(super) fn is_store(dir: &Path) -> Result<bool> {
    if fs::is_file(&dir.join(DATABASE))? {
        return Ok(true);
    }
    let scan = Layout::new(dir.to_owned()).scan()?;
    Ok(!(scan.documents.is_empty() && scan.problems.is_empty()))
}
