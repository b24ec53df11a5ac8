//! Finds what is wrong with a store, and repairs it.
//!
//! The files are checked by the store itself ([`crate::store::check`]); here the content is checked: caches
//! that do not match the records (rule R5), unknown people, times in the future. Nothing is changed until
//! [`repair()`] is called, and then only what was named.

pub(crate) mod archive;
mod board;
mod chat;
mod disks;
mod found;
mod people;
mod records;
pub mod repair;
mod times;

use crate::concern::disk::is_disk;
use crate::concern::{self, core};
use crate::crdt::any_view::AnyView;
use crate::crdt::doc::Doc;
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::{Error, Next, Result};
use crate::id::{DocId, EntityId};
use crate::parallel;
use crate::schema::Spec;
use crate::store::check::{self as files, Examiner, FileFix, FileRepair, FindingKind};
use crate::store::{Audit, Reader, State};
use crate::wire::Update;
use std::collections::{BTreeMap, BTreeSet};

pub use repair::{Repaired, repair};

use found::{Edit, Fix, Found};

static OVER_LIMIT: FindingKind = FindingKind::warning("over-limit");
static RESIDUE: FindingKind = FindingKind::warning("residue");
static NOT_ALLOWED: FindingKind = FindingKind::warning("not-allowed");
static UNSTABLE: FindingKind = FindingKind::error("unstable-encoding");

/// Something that is wrong.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The kind, and a short hash of document and detail: the same at every check.
    pub id: String,
    /// Its name and severity; the name is public API.
    pub kind: &'static FindingKind,
    /// `None` if no document is concerned.
    pub doc: Option<DocId>,
    /// What is wrong, in a sentence without a full stop.
    pub message: String,
    /// What repairs it.
    pub fix: Next,
    repair: Repair,
    /// Whether it is about files, not about what they show.
    is_of_files: bool,
}

/// How a finding is repaired.
#[derive(Debug, Clone)]
enum Repair {
    Files(FileRepair),
    Content(Edit),
    /// What the archive shows of its rows is made anew.
    Archive,
    /// Nothing that a repair can do by itself.
    ByHand,
}

/// What a check covers.
pub struct Scope<'a> {
    /// The documents; `None` for the whole store.
    pub docs: Option<&'a BTreeSet<DocId>>,
    /// Whether every document is also decoded and re-encoded by yrs, and must come out the same.
    pub deep: bool,
    /// In Unix seconds.
    pub now: i64,
}

/// Checks a store and returns what is wrong: findings about the store first, then by document. `done` is
/// called for every document of the store. Writes nothing.
///
/// # Errors
/// `Io`. A fault of the store is not an error.
pub fn check(
    examiner: &Examiner,
    scope: &Scope<'_>,
    mut done: impl FnMut(),
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut unread = BTreeSet::new();
    if scope.docs.is_none() {
        let of_store = examiner.examine_store()?;
        unread.extend(of_store.iter().map(|found| found.detail.clone()));
        findings.extend(of_store.into_iter().map(Finding::of_files));
        let archive = archive::archive(examiner.reader(), scope.deep)?;
        findings.extend(archive.map(Finding::of_archive));
    }
    findings.extend(audits(examiner, scope)?);
    let mut content = ContentCheck { examiner, members: BTreeMap::new(), scope };
    for doc in examiner.documents() {
        if scope.docs.is_none_or(|docs| docs.contains(&doc)) {
            let examined = examiner.examine(&doc)?;
            let is_new = |f: &files::FileFinding| f.doc.is_some() || !unread.contains(&f.detail);
            let new = examined.findings.into_iter().filter(is_new);
            findings.extend(new.map(Finding::of_files));
            if let Some(shown) = &examined.view {
                let found = content.examine(&doc, shown)?;
                findings.extend(found.into_iter().map(|found| Finding::of_content(&doc, found)));
            }
        }
        done();
    }
    Ok(findings)
}

/// Returns what merges did here that its author was not allowed to do.
///
/// # Errors
/// Those of the local state.
pub fn not_allowed(reader: &Reader) -> Result<Vec<Audit>> {
    let mut audits = reader.state().map(State::audits).transpose()?.unwrap_or_default();
    // An older crdtctl took an archive's note in the metadata for a change of the entity.
    let is_note = |audit: &Audit| {
        let field = audit.detail.split(' ').next().unwrap_or_default();
        audit.kind == "entity" && crate::archive::was_noted(field)
    };
    audits.retain(|audit| !is_note(audit));
    Ok(audits)
}

/// Returns what merges of the last 30 days did that the senders were not allowed to do here.
fn audits(examiner: &Examiner, scope: &Scope<'_>) -> Result<Vec<Finding>> {
    let audits = not_allowed(examiner.reader())?;
    let asked = |audit: &Audit| scope.docs.is_none_or(|docs| docs.contains(&audit.doc));
    let finding = |audit: Audit| {
        let entity = audit.doc.entity();
        let entity = entity.as_ref().map_or("", |entity| entity.as_str());
        let fix = match removed_for_good(examiner.reader(), &audit) {
            Some(member) => Next::Trashed(member),
            None => Next::Members { all: true, entity: Some(entity.to_owned()) },
        };
        Finding {
            id: NOT_ALLOWED.id(Some(&audit.doc), &format!("{} {}", audit.kind, audit.detail)),
            kind: &NOT_ALLOWED,
            message: audit.message,
            fix,
            doc: Some(audit.doc),
            repair: Repair::ByHand,
            is_of_files: false,
        }
    };
    Ok(audits.into_iter().filter(asked).map(finding).collect())
}

/// Returns the member whom an audit says somebody removed, if the record is no longer in the document: then no
/// list of members has it.
fn removed_for_good(reader: &Reader, audit: &Audit) -> Option<String> {
    let member = audit.detail.split(' ').next().filter(|_| audit.kind == "remove")?;
    let view = reader.view(&audit.doc).ok()??;
    let [members] = core::MEMBERS.path else { return None };
    (!view.exists(&[members, member])).then(|| member.to_owned())
}

impl Finding {
    fn of_files(found: files::FileFinding) -> Finding {
        let id = found.kind.id(found.doc.as_ref(), &found.detail);
        let (fix, repair) = match found.fix {
            FileFix::Repair(repair) => (Next::Repair(Some(id.clone())), Repair::Files(repair)),
            FileFix::Next(next) => (next, Repair::ByHand),
            FileFix::Recover { from_log } => {
                let doc = found.doc.as_ref().map_or("DOC", DocId::as_str).to_owned();
                let next = if from_log { Next::Recover(doc) } else { Next::RecoverWith(doc) };
                (next, Repair::ByHand)
            }
        };
        let message = match &found.doc {
            Some(doc) => about(doc, found.message),
            None => found.message,
        };
        Finding { id, kind: found.kind, doc: found.doc, message, fix, repair, is_of_files: true }
    }

    fn of_archive((detail, message, fix): archive::ArchiveProblem) -> Finding {
        let id = archive::ARCHIVE.id(None, detail);
        let (fix, repair) = match fix {
            Some(next) => (next, Repair::ByHand),
            None => (Next::Repair(Some(id.clone())), Repair::Archive),
        };
        let (kind, doc) = (&archive::ARCHIVE, None);
        Finding { id, kind, doc, message, fix, repair, is_of_files: true }
    }

    fn of_content(doc: &DocId, found: Found) -> Finding {
        let id = found.kind.id(Some(doc), &found.detail);
        let (fix, repair) = match found.fix {
            Fix::Edit(edit) => (Next::Repair(Some(id.clone())), Repair::Content(edit)),
            Fix::Next(next) => (next, Repair::ByHand),
        };
        let message = about(doc, found.message);
        let (kind, doc) = (found.kind, Some(doc.clone()));
        Finding { id, kind, doc, message, fix, repair, is_of_files: false }
    }

    /// Returns whether a command that is just writing can look like it: the files are written one after the
    /// other.
    pub fn may_be_a_write(&self) -> bool {
        self.is_of_files
    }

    /// Returns whether [`repair()`] repairs it.
    pub fn is_repairable(&self) -> bool {
        !matches!(self.repair, Repair::ByHand)
    }
}

/// Returns a sentence that names its document, so that it makes sense alone in a table.
fn about(doc: &DocId, message: String) -> String {
    let entity = doc.entity();
    let named = [Some(doc.as_str()), entity.as_ref().map(EntityId::as_str)];
    match named.into_iter().flatten().any(|name| message.starts_with(name)) {
        true => message,
        false => format!("{doc}: {message}"),
    }
}

/// The checks of the content, with what they share.
struct ContentCheck<'a> {
    examiner: &'a Examiner,
    /// By entity, everybody whom its core document names, and whether active; `None` without a core document.
    members: BTreeMap<EntityId, Option<BTreeSet<String>>>,
    scope: &'a Scope<'a>,
}

impl ContentCheck<'_> {
    fn examine(&mut self, doc: &DocId, shown: &AnyView) -> Result<Vec<Found>> {
        let Some(view) = shown.known().map(|view| &**view) else { return Ok(Vec::new()) };
        // yrs never sees what is carried.
        let Some(spec) = concern::of(doc) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        if self.scope.deep {
            found.extend(deep(doc, shown)?);
        }
        let Some(entity) = doc.entity() else { return Ok(found) };
        let (bytes, limit) = (shown.bytes().len() as u64, spec.limit_bytes);
        // A smaller one can neither be full nor exceed its limit in residue of removed records.
        if bytes > limit {
            let counted = concern::counted_bytes(shown.bytes());
            found.extend(over_limit(doc, &entity, counted, limit));
            found.extend(residue(doc, bytes, counted, limit));
        }
        let (now, examiner) = (self.scope.now, self.examiner);
        let members = self.members(&entity)?;
        // Checks of the same content that do not depend on each other.
        let (shape, (ahead, strangers)) = parallel::both(
            shown.bytes().len(),
            || shape(examiner, &entity, doc, spec, view),
            || {
                let strangers = |members| people::strangers(&entity, spec, view, members);
                (times::ahead(spec, view, now), members.map(strangers).unwrap_or_default())
            },
        );
        found.extend(ahead);
        found.extend(shape?);
        found.extend(strangers);
        Ok(found)
    }

    fn members(&mut self, entity: &EntityId) -> Result<Option<&BTreeSet<String>>> {
        if !self.members.contains_key(entity) {
            let examined = self.examiner.examine(&entity.document(core::SPEC.name))?;
            let known = examined
                .view
                .as_ref()
                .and_then(AnyView::known)
                .map(|view| people::known(view))
                .transpose()?;
            self.members.insert(entity.clone(), known.filter(|known| !known.is_empty()));
        }
        Ok(self.members.get(entity).and_then(Option::as_ref))
    }
}

/// Checks whether everything in a document has the proper form, and whether caches match it.
fn shape(
    examiner: &Examiner,
    entity: &EntityId,
    doc: &DocId,
    spec: &'static Spec,
    view: &View,
) -> Result<Vec<Found>> {
    let mut found = records::plain(spec, view);
    found.extend(records::ids(spec, view));
    match spec.name {
        "core" => found.extend(people::core(entity, view)),
        "chat" => found.extend(chat::threads(entity, view)?),
        "kanban" => found.extend(board::cards(view)),
        _ if is_disk(doc) => {
            found.extend(disks::files(examiner.reader(), entity, doc, view)?);
        }
        _ => {}
    }
    Ok(found)
}

fn over_limit(doc: &DocId, entity: &EntityId, bytes: u64, limit: u64) -> Option<Found> {
    (bytes > limit).then(|| Found {
        kind: &OVER_LIMIT,
        detail: String::new(),
        message: format!(
            "{doc} holds {bytes} bytes, more than its limit of {limit}: nothing new can be created in it"
        ),
        fix: Fix::Next(Next::Prune(Some(entity.to_string()))),
    })
}

/// Reports residue of removed records that is larger than the document's limit: it is never freed.
fn residue(doc: &DocId, bytes: u64, counted: u64, limit: u64) -> Option<Found> {
    let residue = bytes.saturating_sub(counted);
    (residue > limit).then(|| Found {
        kind: &RESIDUE,
        detail: String::new(),
        message: format!(
            "{residue} of the {bytes} bytes of {doc} are residue of removed records: more than its \
             limit of {limit}, which does not count them; they are still loaded and sent, and \
             are never freed. A new entity to continue in starts without them"
        ),
        fix: Fix::Next(Next::CreateEntity),
    })
}

/// Through yrs and back.
fn deep(doc: &DocId, shown: &AnyView) -> Result<Option<Found>> {
    let checked = |bytes| Update::checked(bytes, concern::expected(doc));
    let again = checked(shown.bytes())
        .map_err(|fault| Error::bug("an update that was checked is not valid").because(fault))
        // The client id is that of a document that writes nothing.
        .and_then(|update| Doc::open(&update, 1)?.encode());
    let what = match again {
        Err(e) => Some(format!("yrs rejects it: {e}")),
        Ok((bytes, version)) => {
            let digest = checked(&bytes).map(|update| AnyView::read(&update).map(|of| of.digest()));
            if !matches!(digest, Ok(Ok(digest)) if digest == shown.digest()) {
                Some("it has other content".to_owned())
            } else if version != *shown.version() {
                Some("it has another version".to_owned())
            } else {
                None
            }
        }
    };
    Ok(what.map(|what| Found {
        kind: &UNSTABLE,
        detail: String::new(),
        message: format!("{doc} is not the same after yrs re-encodes it: {what}"),
        fix: Fix::Next(Next::Report(doc.to_string())),
    }))
}
