//! Finds what is wrong with the files of a store, without changing any.
//!
//! Not promised while somebody writes: what was just committed and is not folded yet looks like a lost fold.

use super::broken_log::broken_log;
use super::fs;
use super::incomplete::incomplete;
use super::layout::{Layout, Meta, Scan, Stamp};
use super::load::{self, Loaded, ToldBy};
use super::reader::{FileSource, Reader};
use super::replica;
use super::state::{KnownClocks, Parked};
use super::{Roots, Store};
use crate::crdt::any_view::AnyView;
use crate::crdt::view::Groundwork;
use crate::error::{Error, Kind as Failure, Next, Result};
use crate::id::{DocId, hex};
use crate::limits;
use crate::wire::{Checked, SharedBytes, Update};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub use super::finding::*;

/// A store under examination.
pub struct Examiner {
    dir: PathBuf,
    reader: Reader,
    /// The files, scanned once, so that nothing unreadable is left out silently.
    scan: Scan,
    /// The finding that the local state cannot be read.
    unreadable: Option<FileFinding>,
    /// Whether every entry of the log is decoded.
    thoroughly: bool,
    /// Other findings about the local state.
    of_state: Vec<FileFinding>,
    /// Every document that we ever wrote, sorted.
    known: Vec<DocId>,
    parked: Vec<Parked>,
    now: i64,
    /// Our client id and, by document, the clock that the lease says we wrote.
    lease: Option<(u64, BTreeMap<String, u32>)>,
}

/// What was found out about one document.
#[derive(Default)]
pub struct Examined {
    /// Everything that is wrong with it; empty if nothing is.
    pub findings: Vec<FileFinding>,
    /// Its live content, if it can be read.
    pub view: Option<AnyView>,
}

impl Examiner {
    /// Begins an examination with what a reader shows, `thoroughly` or not. `fault` is what is wrong with the
    /// local state, if it is read without.
    ///
    /// # Errors
    /// `Io`; `Corrupt` for a local state that cannot be read.
    pub(super) fn of(
        store: &Store,
        reader: Reader,
        thoroughly: bool,
        fault: Option<FileFinding>,
    ) -> Result<Examiner> {
        let machine = &store.environment.machine;
        let (mut known, mut parked, mut lease) = (Vec::new(), Vec::new(), None);
        if let Some(state) = reader.state() {
            known = state.known_documents()?;
            parked = state.parked()?;
            lease = replica::leased(state, store.dir(), machine)?;
        }
        let lost = if fault.is_some() { None } else { store.lost_state(&reader)? };
        let linked = if fault.is_some() { None } else { store.linked_state()? };
        Ok(Examiner {
            dir: store.dir().to_owned(),
            scan: reader.survey()?,
            reader,
            unreadable: fault,
            thoroughly,
            of_state: lost.into_iter().chain(linked).collect(),
            known,
            parked,
            now: machine.clock.now(),
            lease,
        })
    }

    /// Returns the reader that it uses, as the store stood when the examination began.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Returns whether the local state could be read too: otherwise the content of the log is unknown.
    pub fn reads_everything(&self) -> bool {
        self.unreadable.is_none()
    }

    /// Returns every document that is in the store, is recorded, was written under our lease, or has an
    /// update waiting; sorted.
    pub fn documents(&self) -> Vec<DocId> {
        let mut docs: BTreeSet<DocId> =
            self.scan.documents.iter().map(|document| document.id.clone()).collect();
        docs.extend(self.known.iter().cloned());
        if let Some((_, leased)) = &self.lease {
            docs.extend(leased.keys().filter_map(|doc| DocId::parse(doc).ok()));
        }
        docs.extend(self.parked.iter().map(|parked| parked.doc.clone()));
        docs.into_iter().collect()
    }

    /// Returns what is wrong with the store outside its documents.
    pub fn examine_store(&self) -> Result<Vec<FileFinding>> {
        let mut findings: Vec<FileFinding> = self.unreadable.iter().cloned().collect();
        findings.extend(self.of_state.iter().cloned());
        let mut found_by_name = BTreeSet::new();
        if let FileSource::Files { layout, .. } = self.reader.source() {
            for doc in &self.known {
                match layout.find(doc) {
                    Err(e) if e.kind == Failure::Io => return Err(e),
                    found => found_by_name.extend(found.ok().flatten()),
                }
            }
        }
        for problem in &self.scan.problems {
            // A long id is not in its file's name; files we wrote ourselves are found anyway.
            if !found_by_name.contains(&problem.path) {
                findings.push(unread(&self.dir, &problem.path, &problem.what));
            }
        }
        Ok(findings)
    }

    /// Examines one document: its file, its `.meta`, its log, its lease, and what waits for it.
    ///
    /// # Errors
    /// `Io`. What is wrong with the document is not an error.
    pub fn examine(&self, doc: &DocId) -> Result<Examined> {
        let mut examined = self.examine_files(doc)?;
        for finding in &mut examined.findings {
            if matches!(finding.fix, FileFix::Recover { .. }) {
                finding.fix = FileFix::Recover { from_log: self.log_has_all(doc)? };
            }
        }
        let named: BTreeSet<String> =
            examined.findings.iter().map(|finding| finding.detail.clone()).collect();
        let waits = self.long_waits(doc).filter(|wait| !named.contains(&wait.detail));
        examined.findings.extend(waits);
        Ok(examined)
    }

    /// Returns whether everything written to a document is in the log, from its beginning.
    fn log_has_all(&self, doc: &DocId) -> Result<bool> {
        match self.reader.source() {
            FileSource::Files { state: Some(state), .. } => {
                Ok(state.log_after(doc, 0)?.is_some_and(|rows| !rows.is_empty()))
            }
            _ => Ok(false),
        }
    }

    fn examine_files(&self, doc: &DocId) -> Result<Examined> {
        let roots = self.reader.roots();
        let (layout, state) = match self.reader.source() {
            FileSource::Files { layout, state } => (layout, state.as_ref()),
            FileSource::Legacy(legacy) => {
                let Some(bytes) = legacy.bytes(doc)? else { return Ok(Examined::default()) };
                return Ok(examine_bytes(doc, &bytes.into(), roots));
            }
        };
        let loaded = match load::load(layout, state, doc, roots, ToldBy::Hash) {
            Ok(Some(loaded)) => loaded,
            Ok(None) => return Ok(self.missing(doc)),
            // There is a link; that is a finding of the store.
            Err(e) if e.kind == Failure::Refused => return Ok(Examined::default()),
            Err(e) if matches!(e.kind, Failure::Corrupt | Failure::Forked) => {
                return diagnose(layout, doc, &e, roots);
            }
            Err(e) => return self.unreadable_file(layout, doc, e),
        };
        let mut examined = examine_bytes(doc, &loaded.state, roots);
        let Some(view) = &examined.view else { return Ok(examined) };
        let unfolded = match state {
            // Rows that were deferred on purpose are not a finding.
            Some(state) => state.is_interrupted(doc)?,
            None => false,
        };
        let meta = layout.read_meta(&loaded.path);
        let mut findings = file_findings(doc, &loaded, unfolded, &meta);
        if let (Some(_), Err(e)) = (loaded.file, &meta) {
            let path = loaded.path.with_extension("meta");
            findings.push(unread(&self.dir, &path, &e.causes().join(": ")));
        }
        if let Some(state) = state.filter(|_| self.thoroughly && findings.is_empty()) {
            findings.extend(broken_log(state, doc, roots)?);
        }
        findings.extend(self.below_lease(doc, view));
        findings.extend(self.parked_forks(doc, view, roots));
        examined.findings.extend(findings);
        Ok(examined)
    }

    /// Returns the finding that a document's file cannot be read, if that is why it was not.
    fn unreadable_file(&self, layout: &Layout, doc: &DocId, error: Error) -> Result<Examined> {
        let path = match layout.find(doc) {
            Ok(Some(path)) => path,
            _ => return Err(error),
        };
        let why = match layout.read(&path) {
            Err(why) if why.kind == Failure::Io => why.causes().join(": "),
            _ => return Err(error),
        };
        let file = self.dir.join(&path);
        let fix = match fs::unreadable(&file) {
            Some(_) => FileFix::Next(Next::LetRead(file)),
            None => FileFix::Recover { from_log: false },
        };
        let (kind, doc) = (&UNREADABLE_FILE, Some(doc.clone()));
        let (detail, message) = (String::new(), format!("its file cannot be read: {why}"));
        let finding = FileFinding { kind, doc, detail, message, fix };
        Ok(Examined { findings: vec![finding], view: None })
    }

    /// Examines a document that does not exist but that we wrote according to the lease.
    fn missing(&self, doc: &DocId) -> Examined {
        let leased = self.lease.as_ref().and_then(|(client, docs)| {
            docs.get(doc.as_str()).map(|clock| lease_finding(doc, *client, 0, *clock))
        });
        Examined { findings: leased.into_iter().collect(), view: None }
    }

    fn below_lease(&self, doc: &DocId, view: &AnyView) -> Option<FileFinding> {
        let (client, docs) = self.lease.as_ref()?;
        let leased = *docs.get(doc.as_str())?;
        let found = view.version().clocks.get(client).copied().unwrap_or(0);
        (found < leased).then(|| lease_finding(doc, *client, found, leased))
    }

    /// Returns updates that have waited so long that what they wait for may never come by itself.
    fn long_waits(&self, doc: &DocId) -> impl Iterator<Item = FileFinding> {
        let since = self.now.saturating_sub(limits::LONG_WAIT_SECONDS);
        let waits = self.parked.iter().filter(|parked| parked.doc == *doc);
        waits.filter(move |parked| parked.received_at <= since).map(|parked| FileFinding {
            kind: &LONG_WAIT,
            doc: Some(parked.doc.clone()),
            detail: inbox_detail(parked),
            message: format!(
                "an update of bundle {} has waited {} days for changes that nobody sent: \
                 find out who has them, or ask for a full bundle; repairing sets the update aside",
                parked.bundle,
                self.now.saturating_sub(parked.received_at) / 86_400
            ),
            fix: FileFix::Repair(FileRepair::Inbox(parked.id)),
        })
    }

    /// Returns updates in the inbox that can never be applied.
    fn parked_forks(&self, doc: &DocId, view: &AnyView, roots: Roots) -> Vec<FileFinding> {
        let mut waiting = self.parked.iter().filter(|parked| parked.doc == *doc).peekable();
        if waiting.peek().is_none() {
            return Vec::new();
        }
        let Ok(base) = check(view.bytes(), doc, roots) else { return Vec::new() };
        waiting
            .filter_map(|parked| {
                let id = check(&parked.update, doc, roots).ok()?.fork(&base)?;
                Some(FileFinding {
                    kind: &REPLICA_FORK,
                    doc: Some(doc.clone()),
                    detail: inbox_detail(parked),
                    message: format!(
                        "a waiting update of bundle {} and this store differ in the operations of client {} \
                         from clock {} on: two replicas wrote under one id; \
                         repairing sets the update aside",
                        parked.bundle, id.client, id.clock
                    ),
                    fix: FileFix::Repair(FileRepair::Inbox(parked.id)),
                })
            })
            .collect()
    }
}

fn inbox_detail(parked: &Parked) -> String {
    format!("inbox {}", hex(&Stamp::of(&parked.update).blake3))
}

fn check<'a>(bytes: &'a [u8], doc: &DocId, roots: Roots) -> Result<Update<'a, Checked>, ()> {
    Update::checked(bytes, roots(doc)).map_err(drop)
}

/// Examines bytes that should be a whole document.
fn examine_bytes(doc: &DocId, bytes: &SharedBytes, roots: Roots) -> Examined {
    let finding = |kind: &'static FindingKind, message: String| Examined {
        findings: vec![FileFinding {
            kind,
            doc: Some(doc.clone()),
            detail: String::new(),
            message,
            fix: FileFix::Recover { from_log: false },
        }],
        view: None,
    };
    let unsupported = |why: &str| {
        let mut examined =
            finding(&UNSUPPORTED, format!("it can only be measured and passed on: {why}"));
        for finding in &mut examined.findings {
            finding.fix = FileFix::Next(Next::Blocks(Some(doc.to_string())));
        }
        examined
    };
    let mut walked = match Update::walk_to_check(bytes) {
        Ok(walked) => walked.held_by(bytes),
        Err(fault) => return finding(&UNDECODABLE, format!("its file does not decode: {fault}")),
    };
    let is_whole = || Update::walk(bytes).is_ok_and(|walked| walked.is_whole());
    let (checked, work) = walked.check_beside(roots(doc), Groundwork::of);
    let update = match checked {
        Ok(update) => update,
        Err(fault) if fault.rule == "skip" || (fault.is_unsupported() && !is_whole()) => {
            return finding(
                &PENDING,
                format!("parts of its file depend on something that is missing: {fault}"),
            );
        }
        Err(fault) if fault.is_unsupported() => return unsupported(&fault.to_string()),
        Err(fault) => {
            return finding(&UNDECODABLE, format!("its file breaks a rule of the format: {fault}"));
        }
    };
    match update.needs().iter().next() {
        Some((client, clock)) => finding(
            &PENDING,
            format!("parts of its file wait for client {client} up to clock {clock}"),
        ),
        None => match AnyView::read_on(&update, Some(work)) {
            Ok(view) => Examined { findings: Vec::new(), view: Some(view) },
            Err(e) => unsupported(&format!("{e}: {}", e.causes().join(": "))),
        },
    }
}

/// Returns why a document does not load: because of its file alone, or of file and log together.
fn diagnose(layout: &Layout, doc: &DocId, error: &Error, roots: Roots) -> Result<Examined> {
    let file = match layout.find(doc)? {
        Some(path) => match layout.read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind == Failure::Corrupt => return Ok(of_error(&UNDECODABLE, doc, &e)),
            Err(e) => return Err(e),
        },
        None => None,
    };
    let Some(bytes) = file else { return Ok(of_error(&MISSING_FILE, doc, error)) };
    let mut examined = examine_bytes(doc, &bytes.into(), roots);
    if examined.findings.is_empty() {
        let forked = error.kind == Failure::Forked;
        examined = of_error(if forked { &REPLICA_FORK } else { &BROKEN_LOG }, doc, error);
    }
    Ok(examined)
}

fn of_error(kind: &'static FindingKind, doc: &DocId, error: &Error) -> Examined {
    let finding = FileFinding {
        kind,
        doc: Some(doc.clone()),
        detail: String::new(),
        message: format!("{error:#}"),
        fix: FileFix::Recover { from_log: false },
    };
    Examined { findings: vec![finding], view: None }
}

/// Checks that the files are those we wrote, and say so; skips a `.meta` that cannot be read.
fn file_findings(
    doc: &DocId,
    loaded: &Loaded,
    unfolded: bool,
    meta: &Result<Option<Vec<u8>>>,
) -> Vec<FileFinding> {
    let mut findings = Vec::new();
    let mut add = |kind, message, repair| {
        findings.push(FileFinding {
            kind,
            doc: Some(doc.clone()),
            detail: String::new(),
            message,
            fix: FileFix::Repair(repair),
        });
    };
    let written = loaded.known.as_ref().and_then(|known| known.blake3);
    if unfolded {
        let message = "its file lacks what the log holds: a write to it did not finish".to_owned();
        add(&LOST_FOLD, message, FileRepair::Checkpoint);
    }
    let Some(file) = loaded.file else {
        if written.is_some() {
            let message = "its file is gone; the log still holds all of it".to_owned();
            add(&MISSING_FILE, message, FileRepair::Checkpoint);
        }
        return findings;
    };
    // A fold interrupted between its file and its record: the file is ours.
    let interrupted = unfolded && Stamp::of(&loaded.state) == file;
    let foreign = written.is_some() && loaded.foreign && !interrupted;
    if let Some(error) = incomplete(doc, loaded) {
        add(&BROKEN_LOG, error.to_string(), FileRepair::Checkpoint);
        return findings;
    }
    if foreign {
        let message =
            "its file is not what was written last: another program changed it".to_owned();
        add(&FOREIGN_REPLACEMENT, message, FileRepair::Checkpoint);
    }
    if foreign || unfolded {
        // Rewriting the file rewrites its `.meta` too.
        return findings;
    }
    match meta {
        Err(_) => {}
        Ok(None) => add(&MISSING_META, "its file has no .meta".to_owned(), FileRepair::Meta),
        Ok(Some(bytes)) => {
            let known = loaded.known.as_ref();
            if let Some((kind, what)) = meta_fault(doc, bytes, &file, known) {
                add(kind, format!("its .meta {what}"), FileRepair::Meta);
            }
        }
    }
    findings
}

/// Returns what is wrong with a `.meta`, beside a file that is as we wrote it, or that we never wrote.
fn meta_fault(
    doc: &DocId,
    bytes: &[u8],
    file: &Stamp,
    known: Option<&KnownClocks>,
) -> Option<(&'static FindingKind, String)> {
    let Ok(meta) = serde_json::from_slice::<Meta>(bytes) else {
        return Some((&STALE_META, "does not decode".to_owned()));
    };
    if meta.doc_id != doc.as_str() {
        return Some((&STALE_META, "names another document".to_owned()));
    }
    let hash = meta.rest.get("blake3").and_then(serde_json::Value::as_str);
    if let Some(hash) = hash.filter(|hash| *hash != hex(&file.blake3)) {
        let short: String = hash.chars().take(8).collect();
        return Some(match known.is_some_and(|known| known.blake3.is_some()) {
            true => (&STALE_META, format!("holds the hash of another state ({short}…)")),
            false => (
                &HASH_MISMATCH,
                format!(
                    "says that the file's hash is {short}…, and it is not: one of the two was changed"
                ),
            ),
        });
    }
    let size = meta.rest.get("bytes").and_then(serde_json::Value::as_u64);
    if let Some(size) = size.filter(|size| *size != file.bytes) {
        let what = format!("says {size} bytes, the file has {}", file.bytes);
        return Some((&STALE_META, what));
    }
    let saves = known.map_or(0, |known| known.version);
    (meta.version < saves).then(|| {
        let what = format!("counts {} saves, but there were at least {saves}", meta.version);
        (&STALE_META, what)
    })
}

fn lease_finding(doc: &DocId, client: u64, found: u32, leased: u32) -> FileFinding {
    FileFinding {
        kind: &CLOCK_BELOW_LEASE,
        doc: Some(doc.clone()),
        detail: format!("client {client}"),
        message: format!(
            "{doc} is at clock {found} of our client {client}, but we wrote up to {leased}: \
             an older state was put in its place, or a command was interrupted; repairing goes on \
             as a new replica"
        ),
        fix: FileFix::Repair(FileRepair::Replica),
    }
}

fn unread(dir: &Path, path: &Path, what: &str) -> FileFinding {
    let name = match path.to_str() {
        Some(name) => name.to_owned(),
        // No two paths give the same.
        None => path.as_os_str().as_encoded_bytes().escape_ascii().to_string(),
    };
    let file = dir.join(path);
    let aside = fs::beside(&file, ".aside");
    FileFinding {
        kind: &UNREAD_FILE,
        doc: None,
        message: format!("{name} is not read: {what}"),
        detail: name,
        fix: FileFix::Next(Next::MoveAside(vec![(file, aside)])),
    }
}
