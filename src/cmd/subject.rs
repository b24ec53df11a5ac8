//! Resolves arguments that can name a document or a file.

use super::failure::word;
use super::foreign::{ForeignFile, FromKind, is_readable};
use super::{Context, files, resolve};
use crate::concern::{self, CONCERNS};
use crate::crdt::any_view::AnyView;
use crate::crdt::types::SharedTypes;
use crate::crdt::view::View;
use crate::error::{Error, Kind, Result, counted, listed};
use crate::foreign::{FileContent, FileKind, FoundDocument, Identified, KeptUpdate};
use crate::id::DocId;
use crate::store::Reader;
use crate::wire::{Fault, Id, SharedBytes, Update, merge_many};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Maximum number of document names that an error lists.
const NAMED: usize = 8;

/// A document of a store, or what a file holds.
pub enum Subject {
    /// A document of the store.
    Stored(Box<Reader>, DocId),
    /// A document from a file, without a store.
    File(Box<LooseDocument>),
}

/// The document in a file.
pub struct LooseDocument {
    /// As the user named it: the file, with `#NAME` if one was picked.
    pub name: String,
    /// The kind of file, as `doc kind` names it.
    pub kind: &'static str,
    /// The encodings around it.
    pub wrapped_in: Vec<String>,
    /// Its updates as stored.
    pub document: FoundDocument,
    /// All updates merged into one, in v1.
    pub update: SharedBytes,
    /// Whether the file holds nothing but one update, however packed.
    pub is_alone: bool,
    /// The size of the file, whatever is around the document and beside it; `None` for one of a store.
    pub stored_bytes: Option<usize>,
    /// The first unit that two of its updates hold differently: merged, only one of them is left.
    pub fork: Option<Id>,
}

/// The content of a document, read in one of two ways.
pub enum DocumentContent {
    /// What the gate lets through.
    View(Rc<View>),
    /// Every shared type.
    Types(Rc<SharedTypes>),
}

impl Context {
    /// Returns the content of a document of the store. Content that rule 1 of the gate excludes is still
    /// shown, with a note.
    ///
    /// # Errors
    /// `NotFound`; `Corrupt` if it does not decode.
    pub fn content(&self, reader: &Reader, doc: &DocId) -> Result<DocumentContent> {
        let error = match reader.any_view(doc) {
            Ok(Some(AnyView::View(view))) => return Ok(DocumentContent::View(view)),
            Ok(Some(AnyView::Types(types, _))) => {
                self.note_moves(doc.as_str(), &types);
                return Ok(DocumentContent::Types(types));
            }
            Ok(None) => return Err(resolve::missing(doc)),
            Err(error) => error,
        };
        let Ok(Some(bytes)) = reader
            .bytes(doc)
            .or_else(|_| reader.file(doc).map(|file| file.map(|file| file.bytes.into_vec())))
        else {
            return Err(error);
        };
        let fault =
            Update::walk(&bytes).and_then(|update| update.check(concern::expected(doc))).err();
        match fault.filter(|fault| fault.is_unsupported()) {
            Some(fault) => {
                if concern::of(doc).is_some() {
                    self.note(format!("{doc} can be shown but not written: {fault}"));
                }
                let types = SharedTypes::read(bytes)?;
                self.note_moves(doc.as_str(), &types);
                Ok(DocumentContent::Types(Rc::new(types)))
            }
            None => Err(error),
        }
    }

    /// Notes that a document holds moves, which are not shown.
    pub fn note_moves(&self, name: &str, types: &SharedTypes) {
        if let Some(moved) = moved(types) {
            self.note(format!("{name}: {moved}"));
        }
    }
}

impl LooseDocument {
    /// Returns a document that was found, under the given name.
    ///
    /// # Errors
    /// `Untrusted` if one of its updates does not decode.
    pub fn of(
        name: String,
        file: &ForeignFile,
        identified: &Identified,
        document: FoundDocument,
    ) -> Result<Self> {
        let update = merged(&name, &document)?;
        Ok(LooseDocument {
            fork: fork(&document, &update)?,
            stored_bytes: Some(file.size),
            is_alone: identified.is_one_update(),
            name,
            kind: identified.form.name(),
            wrapped_in: identified.wrappings.iter().map(ToString::to_string).collect(),
            document,
            update,
        })
    }

    /// Notes what of the file is not shown: updates that wait for something that is not in it, one side of a
    /// fork, and moves.
    pub fn note_unshown(&self, context: &Context, types: &SharedTypes) {
        for waiting in types.waiting() {
            let file = &self.name;
            context.note(format!("{file}: {waiting}, which is not here; they are not shown"));
        }
        self.note_fork(context);
        context.note_moves(&self.name, types);
    }

    /// Notes that two of its updates hold different operations under one client id.
    pub fn note_fork(&self, context: &Context) {
        if let Some(fork) = self.fork {
            context.note(format!("{}: {}; only one of them is shown", self.name, forked(fork)));
        }
    }

    /// Refuses a document of which two updates hold different operations under one client id: whatever is
    /// made of all of them lacks what one of the two programs wrote.
    ///
    /// # Errors
    /// `Forked`.
    pub fn refuse_fork(&self) -> Result<()> {
        let Some(fork) = self.fork else { return Ok(()) };
        let file = word(&self.name);
        Err(Error::new(Kind::Forked, format!("{} holds two histories", self.name))
            .because(forked(fork))
            .hint(format!(
                "keep the file as it is; `crdtctl doc convert {file} --to ndjson -O FILE` writes each of its \
                 updates apart"
            )))
    }

    /// Returns its content: every shared type.
    ///
    /// # Errors
    /// As [`SharedTypes::read`].
    pub fn types(&self) -> Result<SharedTypes> {
        SharedTypes::read(self.update.clone())
    }
}

impl Context {
    /// Returns the document or the file that an argument names.
    ///
    /// `-` and anything with a `/` is a file. A full document id is a document, whatever files there are.
    /// A word that could mean either a file or a document is refused.
    ///
    /// # Errors
    /// `NotFound`; `Ambiguous`, which says how to write either; as [`Context::document`].
    pub fn subject(&self, wanted: &str, from: FromKind) -> Result<Subject> {
        let file = || self.loose(wanted, from).map(|file| Subject::File(Box::new(file)));
        let (path, _) = split(wanted);
        let there = is_readable(&path);
        if path == Path::new("-") || from.kind.is_some() || there && is_path(wanted) {
            return file();
        }
        refuse_path(wanted, &path)?;
        let known = || -> Result<_> {
            let reader = self.reader()?;
            let doc = self.document(&reader, wanted)?;
            Ok((reader, doc))
        };
        match known() {
            Ok((_, doc)) if there && doc.as_str() != wanted => Err(either(wanted, &doc)),
            Ok((reader, doc)) => Ok(Subject::Stored(Box::new(reader), doc)),
            Err(error) if there && error.kind == Kind::Usage && is_concern(wanted) => {
                Err(error.because(format!("{wanted} is a file here, too: `./{wanted}`")))
            }
            Err(_) if there => file(),
            Err(error) if error.kind == Kind::NotFound && path.is_dir() => {
                Err(no_file(wanted).because(error.message))
            }
            Err(error) if error.kind == Kind::NotFound && is_file_name(wanted) => {
                Err(files::missing(&path).because(error.message))
            }
            Err(error) if error.kind == Kind::NotFound => {
                Err(error.because(format!("and there is no file {wanted}")))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether an argument names a file, as in [`Context::subject`], whatever is in it.
    ///
    /// # Errors
    /// `Ambiguous` if it could be a file or a document; `NotFound` for the path of no file.
    pub fn means_file(&self, wanted: &str) -> Result<bool> {
        let path = split(wanted).0;
        let there = is_readable(&path);
        if path == Path::new("-") {
            return Ok(true);
        }
        if there && is_path(wanted) {
            return Ok(true);
        }
        refuse_path(wanted, &path)?;
        if !there && path.is_dir() && self.reader().is_err() {
            return Err(no_file(wanted));
        }
        if !there || is_concern(wanted) {
            return Ok(false);
        }
        let known = || {
            let reader = self.reader().ok()?;
            self.document(&reader, wanted).ok()
        };
        match known() {
            Some(doc) if doc.as_str() != wanted => Err(either(wanted, &doc)),
            found => Ok(found.is_none()),
        }
    }

    /// Returns the document or the file that an argument names, as its updates.
    ///
    /// # Errors
    /// As [`Context::subject`].
    pub fn any_document(&self, wanted: &str, from: FromKind) -> Result<LooseDocument> {
        match self.subject(wanted, from)? {
            Subject::File(file) => Ok(*file),
            Subject::Stored(reader, doc) => {
                let update = reader.bytes(&doc)?.ok_or_else(|| resolve::missing(&doc))?;
                let update = SharedBytes::from(update);
                let steps = vec![KeptUpdate { update: update.clone(), at: None }];
                let document = FoundDocument { steps, ..FoundDocument::default() };
                let name = doc.to_string();
                Ok(LooseDocument {
                    name,
                    kind: "document",
                    wrapped_in: Vec::new(),
                    document,
                    update,
                    is_alone: true,
                    stored_bytes: None,
                    fork: None,
                })
            }
        }
    }

    /// Returns what a file holds: its only document, or the one named after `#`.
    ///
    /// # Errors
    /// `Untrusted` if it is not Yjs content; `Ambiguous` if there are several documents.
    pub fn loose(&self, wanted: &str, from: FromKind) -> Result<LooseDocument> {
        let file = ForeignFile::read(&split(wanted).0, from)?;
        self.loose_in(wanted, &file, from)
    }

    /// The same for a file already read.
    ///
    /// # Errors
    /// As [`Context::loose`].
    pub fn loose_in(
        &self,
        wanted: &str,
        file: &ForeignFile,
        from: FromKind,
    ) -> Result<LooseDocument> {
        let (path, picked) = split(wanted);
        let Some(identified) = file.identified.as_ref() else {
            return Err(file.unknown(&path, from));
        };
        let name = files::name(Path::new(wanted));
        let documents = match &identified.found {
            FileContent::Documents(documents) => documents,
            FileContent::Packed => {
                return Err(Error::usage(format!("{name} is a bundle")).hint(
                    "`crdtctl sync show FILE` shows it, `crdtctl sync import FILE` takes it in",
                ));
            }
            _ => {
                let none = Error::usage(format!("{name} holds no content"));
                return Err(match identified.form {
                    FileKind::Message => none.because("it is a message that carries no content"),
                    FileKind::Awareness => none
                        .because("it is an awareness message: who is present, and where their cursors are")
                        .hint("`crdtctl doc kind FILE` says how many it is about"),
                    form => none.because(format!("it is a {}", form.name())).hint(
                        "`crdtctl doc kind FILE` and `crdtctl doc vector FILE` show what it says",
                    ),
                });
            }
        };
        let document = pick(&name, documents, picked)?.clone();
        if let Some(unseen) = file.unseen {
            self.note(format!("{name}: {unseen}"));
        }
        note_unread(self, &name, &document)?;
        if document.rewritten > 0 {
            let values = counted(document.rewritten as u64, "value");
            self.note(format!(
                "{name}: v1 cannot hold {values} in its formats and embeds (NaN, Infinity, -0, undefined, bytes, \
                 BigInt): shown is what Yjs writes in v1"
            ));
        }
        if let Some(refused) = refused_by_yjs(&document) {
            self.note(format!("{name}: {refused}"));
        }
        LooseDocument::of(name, file, identified, document)
    }
}

/// Refuses an argument that is written as a path, with nothing to be read there. The id of a document may
/// have a `/`, too.
///
/// # Errors
/// `NotFound`.
pub fn refuse_path(wanted: &str, path: &Path) -> Result<()> {
    match is_path(wanted) {
        true if path.is_dir() => Err(no_file(wanted)),
        true if !wanted.contains(':') => Err(files::missing(path)),
        _ => Ok(()),
    }
}

/// The error for a directory that is not a database.
fn no_file(wanted: &str) -> Error {
    Error::not_found(format!("{wanted} is a directory, and no LevelDB"))
        .hint("name a file in it; `crdtctl doc kind FILE…` says what each is")
}

/// Whether a word looks like the name of a file: it has an ending, and the ids of documents have colons.
fn is_file_name(wanted: &str) -> bool {
    wanted.contains('.') && !wanted.contains(':')
}

/// Whether an argument is written as a path.
fn is_path(wanted: &str) -> bool {
    wanted.contains('/') || wanted.contains(std::path::MAIN_SEPARATOR)
}

fn is_concern(wanted: &str) -> bool {
    CONCERNS.iter().any(|spec| spec.name == wanted)
}

/// Splits `FILE#NAME`, or `-#NAME` for standard input, into the file and the document picked in it.
pub fn split(wanted: &str) -> (PathBuf, Option<&str>) {
    let whole = Path::new(wanted);
    if let Some(name) = wanted.strip_prefix("-#") {
        return (PathBuf::from("-"), Some(name));
    }
    match wanted.split_once('#') {
        Some((file, name)) if !whole.exists() && Path::new(file).exists() => {
            (PathBuf::from(file), Some(name))
        }
        _ => (whole.to_owned(), None),
    }
}

fn either(wanted: &str, doc: &DocId) -> Error {
    Error::new(Kind::Ambiguous, format!("{wanted} is a file here and a document"))
        .hint(format!("`./{wanted}` is the file, `{doc}` the document"))
}

/// Returns the one document that is named, or the only one.
///
/// # Errors
/// `NotFound`; `Ambiguous` if there are several and none is named.
pub fn pick<'d>(
    name: &str,
    documents: &'d [FoundDocument],
    picked: Option<&str>,
) -> Result<&'d FoundDocument> {
    let names = || {
        let names: Vec<&str> = documents.iter().filter_map(|one| one.name.as_deref()).collect();
        let shown = listed(names.get(..NAMED.min(names.len())).unwrap_or(&[]));
        match names.len().saturating_sub(NAMED) {
            0 => shown,
            more => format!("{shown} and {more} more"),
        }
    };
    match (picked, documents) {
        (None, [one]) => Ok(one),
        (None, []) => Err(Error::not_found(format!("{name} holds no document"))),
        (None, several) => Err(Error::new(
            Kind::Ambiguous,
            format!("{name} holds {} documents: {}", several.len(), names()),
        )
        .hint(match name == files::name(Path::new("-")) {
            true => "`-- '-#NAME'` is one of them".to_owned(),
            false => format!("`{name}#NAME` is one of them"),
        })),
        (Some(wanted), all) => {
            let found = all.iter().find(|one| one.name.as_deref() == Some(wanted));
            found.ok_or_else(|| {
                let called = if wanted.is_empty() { "without a name" } else { wanted };
                let error = Error::not_found(format!("{name}: there is no document {called}"));
                match all.iter().any(|one| one.name.is_some()) {
                    true => error.hint(format!("there are {}", names())),
                    false => error.hint("the document in the file has no name: leave out the `#`"),
                }
            })
        }
    }
}

/// Notes which rows of a document are left out.
fn note_unread(context: &Context, name: &str, document: &FoundDocument) -> Result<()> {
    let Some(problem) = &document.problem else { return Ok(()) };
    if document.steps.is_empty() {
        return Err(
            Error::untrusted(format!("{name} is no Yjs document")).because(problem.as_str())
        );
    }
    let left_out = document.left_out().unwrap_or_default();
    context.note(format!("{name}: left out: {left_out}"));
    Ok(())
}

/// Returns which update of a document Yjs does not read, as a sentence.
pub fn refused_by_yjs(document: &FoundDocument) -> Option<String> {
    let mut steps = (1u64..).zip(&document.steps);
    let (number, fault) = steps.find_map(|(number, step)| {
        Some((number, Update::walk(&step.update).ok()?.refused_by_yjs()?))
    })?;
    let which = match document.steps.len() {
        1 => "it".to_owned(),
        count => format!("update {number} of {count}"),
    };
    Some(format!("Yjs reads nothing of {which}: {fault}"))
}

/// Merges all updates of a document into one.
fn merged(name: &str, document: &FoundDocument) -> Result<SharedBytes> {
    let updates = document.steps.iter().map(|step| step.update.clone()).collect();
    merge_many(updates).map_err(|fault| {
        Error::untrusted(format!("{name}: an update in it does not decode")).because(fault)
    })
}

/// Returns the first unit that two updates of a document hold differently; `merged` is all of them.
fn fork(document: &FoundDocument, merged: &[u8]) -> Result<Option<Id>> {
    if document.steps.len() < 2 {
        return Ok(None);
    }
    let merged = Update::walk(merged).map_err(no_longer_decodes)?;
    let differs = |step: &KeptUpdate| Update::walk(&step.update).ok()?.contradicts(&merged);
    Ok(document.steps.iter().find_map(differs))
}

/// Says that two updates of one document hold different operations.
pub fn forked(Id { client, clock }: Id) -> String {
    format!(
        "two of its updates hold different operations of client {client}, from clock {clock} on: two programs \
         used one client id"
    )
}

/// Says how many moves a document holds, and what is not shown of them; `None` if it holds none.
pub fn moved(types: &SharedTypes) -> Option<String> {
    let moves = match types.moves() {
        0 => return None,
        count => counted(count as u64, "move"),
    };
    Some(format!(
        "it holds {moves} of Yrs, which Yjs does not know: elements are shown where they were before"
    ))
}

/// Returns the error for bytes that were read as an update before.
pub fn no_longer_decodes(fault: Fault) -> Error {
    Error::bug("an update that was read no longer decodes").because(fault)
}
