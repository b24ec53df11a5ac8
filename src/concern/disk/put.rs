//! Putting files: new ones, and new content into existing ones.

use super::access::writing;
use super::content::{LineEnd, TextFile};
use super::difference;
use super::directory::{Directory, FilePlace};
use super::document;
use super::file::{DiskContent, DiskFile, FileHash, FileVersion, VERSIONS_REPLACED, name, read};
use super::path::DiskPath;
use super::together::{FileWrite, PlannedChange, WaitingWrites};
use crate::concern::chat::mime_of;
use crate::concern::{Actor, Outcome, record};
use crate::crdt::container;
use crate::crdt::content::Content;
use crate::crdt::source::Source;
use crate::crdt::text_edit::TextEdit;
use crate::error::{Error, Result};
use crate::id::{DocId, EntityId};
use crate::limits;
use crate::store::Session;
use crate::tombstone;
use crate::wire::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Puts a file at a path, or new content into the file there: a text, or bytes by their hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Put {
    /// The group, channel, project or organization whose disk it is.
    pub entity: EntityId,
    /// The destination.
    pub path: DiskPath,
    /// The whole text, lines ending in `\n`; `None` for bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The text from which `text` was made, if others may have changed it since: only the difference
    /// between the two is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The line ends in the file; `None` leaves them as they are, `\n` in a new file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eol: Option<LineEnd>,
    /// Whether the file begins with a byte order mark; `None` leaves that as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bom: Option<bool>,
    /// The hash of the bytes, in hex; `None` for a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
    /// The number of bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// The hash of the version from which the bytes were made, if others may have put one since: only
    /// that version is replaced. Without it, all current versions are replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_blake3: Option<String>,
    /// Whether it may be run as a program; `None` leaves that as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executable: Option<bool>,
    /// Creates a file of its own even if another file has the path: the later file then has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub beside: bool,
}

impl Put {
    /// Puts a text, with everything its file has besides.
    pub fn text(entity: EntityId, path: DiskPath, file: TextFile) -> Put {
        let nothing = Put::nothing(entity, path);
        Put { text: Some(file.text), eol: Some(file.eol), bom: Some(file.bom), ..nothing }
    }

    /// Replaces a text by another, keeping what others have changed in it since and everything its file
    /// has besides.
    pub fn other_text(entity: EntityId, path: DiskPath, base: String, text: String) -> Put {
        Put { text: Some(text), base: Some(base), ..Put::nothing(entity, path) }
    }

    /// Puts bytes that are already stored with this store's files.
    pub fn bytes(entity: EntityId, path: DiskPath, stored: FileHash) -> Put {
        let nothing = Put::nothing(entity, path);
        Put { blake3: Some(stored.blake3), size_bytes: Some(stored.size_bytes), ..nothing }
    }

    /// The hash and size of the new content; `None` if it is invalid.
    pub fn stored(&self) -> Option<FileHash> {
        self.content().ok()?.stored()
    }

    fn nothing(entity: EntityId, path: DiskPath) -> Put {
        Put {
            entity,
            path,
            text: None,
            base: None,
            eol: None,
            bom: None,
            blake3: None,
            size_bytes: None,
            base_blake3: None,
            executable: None,
            beside: false,
        }
    }

    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        self.plan(session, &WaitingWrites::default())?.carry_out(session)
    }

    /// Plans the write that it will make after the waiting writes.
    ///
    /// # Errors
    /// Those of the rules; nothing has changed then.
    pub(crate) fn plan(
        &self,
        session: &mut Session,
        waiting: &WaitingWrites,
    ) -> Result<PlannedChange> {
        let content = self.content()?;
        let doc = document(&self.entity, self.path.disk());
        let actor = writing(session, &self.entity, &doc)?;
        Directory::with(session, &doc, |session, directory| {
            if waiting.hold(&doc, None, &[&self.path]) {
                return Ok(PlannedChange::Alone);
            }
            let found = directory.at(&self.path)?.filter(|_| !self.beside).cloned();
            let Some(place) = found else {
                return self.create(session, &actor, &doc, content, (directory, waiting));
            };
            if waiting.hold(&doc, Some(&place.id), &[]) {
                return Ok(PlannedChange::Alone);
            }
            record::check(session, &doc, &["files".to_owned(), place.id.clone()], "file")?;
            self.replace(session, &actor, &doc, &place.id, &content)
        })
    }

    fn content(&self) -> Result<DiskContent> {
        match (&self.text, &self.blake3, self.size_bytes) {
            (Some(text), None, None) if text.len() <= limits::DISK_TEXT_BYTES => {
                Ok(DiskContent::Text(TextFile {
                    text: text.clone(),
                    eol: self.eol.unwrap_or_default(),
                    bom: self.bom.unwrap_or_default(),
                }))
            }
            (Some(_), None, None) => Err(Error::refused(format!(
                "the text has more than {} bytes",
                limits::DISK_TEXT_BYTES
            ))
            .hint("put it as a file: then it is kept in versions")),
            (None, Some(hash), Some(size_bytes)) => {
                let is_hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
                if hash.len() != 64
                    || !hash.bytes().all(is_hex)
                    || i64::try_from(size_bytes).is_err()
                {
                    return Err(Error::usage(format!(
                        "not a BLAKE3 hash and a size: {hash} {size_bytes}"
                    )));
                }
                Ok(DiskContent::Binary(Some(FileHash { blake3: hash.clone(), size_bytes })))
            }
            _ => Err(Error::usage("neither a text nor bytes")
                .hint("give `text`, or `blake3` and `size_bytes` of bytes already in the store")),
        }
    }

    fn create(
        &self,
        session: &mut Session,
        actor: &Actor,
        doc: &DocId,
        content: DiskContent,
        (directory, waiting): (&mut Directory, &WaitingWrites),
    ) -> Result<PlannedChange> {
        if waiting.may_fill(session, doc)? {
            return Ok(PlannedChange::Alone);
        }
        tombstone::make_room(session, doc)?;
        let (now, path, by) = (session.now(), self.path.clone(), actor.id.clone());
        let id = session.read(doc, |source| new_id(Some(source), doc, &path, &content))?;
        let id = id.unwrap_or_else(|| new_id(None, doc, &path, &content));
        if waiting.hold(doc, Some(&id), &[]) {
            return Ok(PlannedChange::Alone);
        }
        // Later than a file that has the path, whatever the clock says.
        let owner = directory.at(&path).ok().flatten();
        let since = owner.map_or(now, |owner| now.max(owner.since.saturating_add(1)));
        directory.put(FilePlace { id: id.clone(), path: path.clone(), since });
        let said = Outcome::created(doc.clone(), &id).saying(format!("put {path}"));
        let (executable, at) = (self.executable.unwrap_or(false), doc.clone());
        Ok(PlannedChange::Write(FileWrite {
            doc: doc.clone(),
            id: id.clone(),
            paths: vec![path.clone()],
            bytes: self.written_bytes(),
            removes: false,
            outcome: self.at_path(said),
            write: Box::new(move |txn| {
                let version = version_id(&id, &content);
                let born = born(&id, &path, &content, &version);
                container::create_content(txn, &at, "files", &id, &born)?;
                let file = ["files", id.as_str()];
                for clock in ["created_at", "updated_at"] {
                    txn.set(&file, clock, now)?;
                }
                txn.set(&file, "path_updated_at", since)?;
                txn.set(&file, "author_id", by.as_str())?;
                txn.set(&file, "media_type", mime_of(path.name()))?;
                txn.set(&file, "executable", executable)?;
                if matches!(content, DiskContent::Binary(_)) {
                    let version = ["files", id.as_str(), "versions", version.as_str()];
                    txn.set(&version, "author_id", by.as_str())?;
                    txn.set(&version, "created_at", now)?;
                }
                Ok(())
            }),
        }))
    }

    fn replace(
        &self,
        session: &mut Session,
        actor: &Actor,
        doc: &DocId,
        id: &str,
        content: &DiskContent,
    ) -> Result<PlannedChange> {
        let old = session.read(doc, |source| read(source, id))?.flatten();
        let old = old.ok_or_else(|| Error::bug("a file was found and lost"))?;
        let edits = self.edits(&old, content);
        let version = match content {
            DiskContent::Binary(Some(new)) if !is_the_head(&old, new) => {
                let version = session.environment().machine.ids.uuid()?;
                Some((version, new.clone(), self.replaced(&old), self.of_text(&old)))
            }
            _ => None,
        };
        let fields = self.fields(&old, content);
        let covered = self.covered(&old, content);
        let is_so = edits.is_empty() && version.is_none() && fields.is_empty();
        if is_so && covered.is_empty() {
            let said = format!("{} is already up to date", self.path);
            let outcome = Outcome::unchanged(doc.clone(), id).saying(said);
            return Ok(PlannedChange::Done(self.at_path(outcome)));
        }
        let (now, by, file) = (session.now(), actor.id.clone(), id.to_owned());
        let said = Outcome::changed(doc.clone(), id).saying(format!("changed {}", self.path));
        Ok(PlannedChange::Write(FileWrite {
            doc: doc.clone(),
            id: id.to_owned(),
            paths: vec![self.path.clone()],
            // Each edit takes some bytes besides its text.
            bytes: self.written_bytes().saturating_add(edits.len().saturating_mul(64)),
            removes: false,
            outcome: self.at_path(said),
            write: Box::new(move |txn| {
                let id = file.as_str();
                let file = ["files", id];
                if !edits.is_empty() {
                    txn.edit_text(&["files", id, "text"], &edits)?;
                }
                if let Some((version, stored, replaced, of_text)) = &version {
                    let replaced: Vec<&str> = replaced.iter().map(String::as_str).collect();
                    let fields = version_fields(version, stored, &replaced);
                    txn.put(&["files", id, "versions"], version, &fields)?;
                    let version = ["files", id, "versions", version.as_str()];
                    txn.set(&version, "author_id", by.as_str())?;
                    txn.set(&version, "created_at", now.max(after(&old)))?;
                    txn.set(&version, "of_text", of_text.as_str())?;
                }
                for version in &covered {
                    txn.set(&["files", id, "versions", version], "replaced_by_text", true)?;
                }
                for (name, value) in &fields {
                    txn.set(&file, name, value)?;
                }
                record::touch(txn, &file, "updated_at", now)
            }),
        }))
    }

    fn at_path(&self, outcome: Outcome) -> Outcome {
        outcome.with("path", self.path.as_str().into())
    }

    /// The number of bytes given.
    fn written_bytes(&self) -> usize {
        self.text.as_ref().map_or(0, String::len).saturating_add(self.path.as_str().len())
    }

    /// The edits of the text.
    fn edits(&self, old: &DiskFile, content: &DiskContent) -> Vec<TextEdit> {
        let DiskContent::Text(new) = content else { return Vec::new() };
        match (&self.base, &old.content) {
            (Some(base), DiskContent::Text(current)) => {
                difference::rebased(base, &new.text, &current.text)
            }
            (_, DiskContent::Text(current)) => difference::edits(&current.text, &new.text),
            (_, DiskContent::Binary(_)) => difference::edits(&old.old_text.text, &new.text),
        }
    }

    /// The ids of the versions that the new bytes replace.
    fn replaced(&self, old: &DiskFile) -> Vec<String> {
        let base = self.base_blake3.as_ref();
        let is_base = |version: &&FileVersion| Some(&version.stored.blake3) == base;
        let base: Vec<String> =
            old.versions.iter().filter(is_base).map(|version| version.id.clone()).collect();
        match base.is_empty() {
            true => old.heads().into_iter().map(|head| head.id.clone()).collect(),
            false => base,
        }
    }

    /// The BLAKE3 of the text that the new bytes replace: it reveals an edit of that text that this
    /// write did not know of.
    fn of_text(&self, old: &DiskFile) -> String {
        let current = match &old.content {
            DiskContent::Text(current) => current,
            DiskContent::Binary(_) => &old.old_text,
        };
        let is_base = |version: &&FileVersion| {
            self.base_blake3.is_some() && Some(&version.stored.blake3) == self.base_blake3.as_ref()
        };
        // Bytes made from a version include what that version had seen.
        match (&old.content, old.versions.iter().rev().find(is_base)) {
            (DiskContent::Binary(_), Some(base)) => base.of_text.clone(),
            _ => FileHash::of(current.text.as_bytes()).blake3,
        }
    }

    /// The ids of the versions that a text replaces.
    fn covered(&self, old: &DiskFile, content: &DiskContent) -> Vec<String> {
        let is_binary = matches!(old.content, DiskContent::Binary(_));
        // A write based on the current text has not seen the versions beside it.
        if matches!(content, DiskContent::Binary(_)) || !is_binary && self.base.is_some() {
            return Vec::new();
        }
        let heads = old.heads().into_iter().filter(|head| !head.replaced_by_text);
        let base = self.base_blake3.as_ref();
        let is_meant = |head: &&FileVersion| base.is_none_or(|base| head.stored.blake3 == *base);
        let all: Vec<&FileVersion> = heads.collect();
        let meant: Vec<String> =
            all.iter().copied().filter(is_meant).map(|head| head.id.clone()).collect();
        match meant.is_empty() {
            true => all.into_iter().map(|head| head.id.clone()).collect(),
            false => meant,
        }
    }

    /// The fields that change.
    fn fields(&self, old: &DiskFile, content: &DiskContent) -> Vec<(&'static str, Value)> {
        let mut fields = Vec::new();
        if old.content.kind() != content.kind() {
            fields.push(("kind", Value::String(content.kind().to_owned())));
        }
        if let (DiskContent::Text(_), DiskContent::Text(current)) = (content, &old.content) {
            if self.eol.is_some_and(|eol| eol != current.eol) {
                let eol = self.eol.unwrap_or_default();
                fields.push(("eol", Value::String(eol.as_str().to_owned())));
            }
            if self.bom.is_some_and(|bom| bom != current.bom) {
                fields.push(("bom", Value::Bool(!current.bom)));
            }
        }
        if self.executable.is_some_and(|executable| executable != old.executable) {
            fields.push(("executable", Value::Bool(!old.executable)));
        }
        fields
    }
}

/// Whether a file already has this content, with nothing concurrent beside it.
fn is_the_head(old: &DiskFile, new: &FileHash) -> bool {
    let is_binary = matches!(old.content, DiskContent::Binary(_));
    let is_alone = is_binary && old.beside().is_empty();
    is_alone && matches!(old.heads().as_slice(), [head] if head.stored == *new)
}

/// A time after every version: what replaces a version is later, whatever the clock says.
fn after(old: &DiskFile) -> i64 {
    old.versions.last().map_or(0, |last| last.created_at.saturating_add(1))
}

/// The id of a new file. It is derived from document, path and content, so that replicas that
/// concurrently put the same content there choose the same id. A file that was there before, and is now
/// deleted or elsewhere, keeps its own: the new one is different.
fn new_id(
    source: Option<&dyn Source>,
    doc: &DocId,
    path: &DiskPath,
    content: &DiskContent,
) -> String {
    let hash = content.stored().map_or_else(String::new, |stored| stored.blake3);
    let id = |again: u64| {
        let again = again.to_string();
        name(&["crdtctl file 1", doc.as_str(), path.as_str(), content.kind(), &hash, &again])
    };
    let is_new = |id: &str| source.is_none_or(|source| !source.exists(&["files", id]));
    (0..u64::MAX).map(id).find(|id| is_new(id)).unwrap_or_default()
}

/// The id of a file's first version, derived from the file's id.
fn version_id(id: &str, content: &DiskContent) -> String {
    match content {
        DiskContent::Text(_) => String::new(),
        DiskContent::Binary(_) => name(&["crdtctl version 1", id]),
    }
}

/// The initial content of a file: nothing that differs between those who put it there.
fn born(id: &str, path: &DiskPath, content: &DiskContent, version: &str) -> Content {
    let text = |text: &str| Content::Plain(Value::String(text.to_owned()));
    let empty = || Content::Map(BTreeMap::new());
    let (file, versions) = match content {
        DiskContent::Text(file) => (file.clone(), empty()),
        DiskContent::Binary(stored) => {
            let first = stored.as_ref().map(|stored| version_fields(version, stored, &[]));
            let first = first.map(|fields| (version.to_owned(), fields));
            (TextFile::default(), Content::Map(first.into_iter().collect()))
        }
    };
    let fields = [
        ("id", text(id)),
        ("path", text(path.as_str())),
        ("kind", text(content.kind())),
        ("eol", text(file.eol.as_str())),
        ("bom", Content::Plain(Value::Bool(file.bom))),
        ("text", Content::Text(file.text)),
        ("versions", versions),
        ("deleted", Content::Plain(Value::Bool(false))),
        ("deleted_at", Content::Plain(Value::Int(0))),
        ("ack_vector", empty()),
    ];
    Content::Map(fields.map(|(name, field)| (name.to_owned(), field)).into())
}

fn version_fields(id: &str, stored: &FileHash, replaces: &[&str]) -> Content {
    let text = |text: &str| Value::String(text.to_owned());
    let size = i64::try_from(stored.size_bytes).unwrap_or(i64::MAX);
    let fields = [("id", text(id)), ("blake3", text(&stored.blake3)), ("bytes", Value::Int(size))];
    let fields = fields.map(|(name, field)| (name.to_owned(), Content::Plain(field)));
    let replaces = replaces.iter().map(|id| Content::Plain(text(id))).collect();
    let replaces = (VERSIONS_REPLACED.to_owned(), Content::Array(replaces));
    Content::Map(fields.into_iter().chain([replaces]).collect())
}
