//! Exporting bundles: whole states, or only what one peer lacks by its last receipt.
//!
//! What a peer lacks is taken from the log in the order it was written: first in, first out, so the updates
//! are causally ready by construction.

use super::bundle::Bundle;
use super::content;
use super::manifest::{Applied, BundledDocument, FORMAT, Has, Hash, LogRange, Manifest, Sender};
use super::peer::{KnownPeer, Receipt};
use super::record;
use super::rows;
use crate::archive;
use crate::concern::disk;
use crate::crdt::any_view::AnyView;
use crate::crdt::source::Source;
use crate::error::{Error, Next, Result};
use crate::gate::Expected;
use crate::id::DocId;
use crate::path::DocPath;
use crate::store::{Environment, LogRow, Reader, StoredDocument, broken_entry};
use crate::tombstone::trash;
use crate::wire::{self, BlockKind, Checked, Clocks, DeleteSet, Update};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Documents larger than this get only the sum of their content: a digest requires reading them. Lowered in
/// debug builds, so that tests reach it.
const DIGESTED_BYTES: u64 = if cfg!(debug_assertions) { 1 << 10 } else { 1 << 16 };
/// An update that holds nothing.
const NOTHING: [u8; 2] = [0, 0];

/// What to export.
#[derive(Default)]
pub struct Request<'a> {
    /// The documents to export; all of the store if `None`.
    pub docs: Option<&'a BTreeSet<DocId>>,
    /// The peer to make an increment for; whole states if `None`.
    pub peer: Option<&'a KnownPeer>,
    /// No updates at all: what we have, for others to compare with.
    pub receipt: bool,
    /// Includes private disks: the receiver is a replica of the same member.
    pub private: bool,
    /// Includes what the archive has, with the rows that the receiver lacks.
    pub archive: bool,
}

/// A bundle, and what had to be left out of it.
pub struct Exported {
    /// The bundle, ready to be written; without any updates if the receiver lacks none.
    pub bundle: Bundle,
    /// Sentences for stderr.
    pub notes: Vec<String>,
    /// The documents that cannot be read: they are left out, and the bundle does not claim to be full then.
    pub damaged: Vec<Error>,
    /// Not all archived rows fit. The rest goes with the next bundle for the receiver, once it has
    /// acknowledged these.
    pub rows_left: bool,
}

/// Makes a bundle of the store's current state. Writes nothing, not even to the store.
///
/// # Errors
/// `NotFound` if a wanted document does not exist. A document that cannot be read is left out; that is an
/// error if nothing else is asked for.
pub fn export(
    reader: &Reader,
    environment: &Environment,
    request: &Request<'_>,
) -> Result<Exported> {
    export_with(reader, environment, request, &ContentDigests::default())
}

/// The digest of a document's content, and its sum, if it has one.
type Digests = (Hash, Option<Hash>);

/// Caches the digests of documents that several exports need.
#[derive(Default)]
pub(super) struct ContentDigests(RefCell<BTreeMap<DocId, (Has, Digests)>>);

impl ContentDigests {
    fn of(&self, doc: &DocId, has: &Has, whole: &Update<'_, Checked>) -> Result<Digests> {
        if let Some((of, digests)) = self.0.borrow().get(doc)
            && of == has
        {
            return Ok(*digests);
        }
        let shown = AnyView::read(whole)?;
        let sum = shown.view().map(|view| Hash(view.sum().to_bytes()));
        let digests = (Hash(shown.digest()), sum);
        self.0.borrow_mut().insert(doc.clone(), (has.clone(), digests));
        Ok(digests)
    }
}

/// Like [`export`], for one of several exports.
pub(super) fn export_with(
    reader: &Reader,
    environment: &Environment,
    request: &Request<'_>,
    digests: &ContentDigests,
) -> Result<Exported> {
    reader.vouch(&environment.machine)?;
    let export = Exporter::new(reader, environment, request)?;
    let (mut documents, mut notes, mut damaged) = (Vec::new(), Vec::new(), Vec::new());
    let (wanted, private) = wanted(reader, request)?;
    notes.extend(private.iter().filter(|_| !request.receipt).map(stays_here));
    for doc in wanted {
        match export.whole(&doc, digests) {
            Ok(Some(ExportPart::Document(entry, update))) => documents.push((entry, update)),
            Ok(Some(ExportPart::Unsupported(note))) => notes.push(note),
            Ok(None) => {}
            Err(e) if e.damaged.is_some() => damaged.push(e),
            Err(e) => return Err(e),
        }
    }
    if documents.is_empty()
        && let Some(first) = damaged.first()
    {
        return Err(first.clone());
    }
    let mut bundle = Bundle::new(Manifest {
        format: FORMAT.to_owned(),
        bundle: environment.machine.ids.uuid()?,
        created_at: environment.machine.clock.now(),
        from: export.sender.clone(),
        addressee: export.addressee().map(str::to_owned),
        seq: export.log_end,
        full: request.peer.is_none() && !request.receipt && damaged.is_empty(),
        // A document left out here is not one that we do not have.
        limited: request.docs.is_some() || !damaged.is_empty(),
        heard: export.heard()?,
        documents: Vec::new(),
        archives: None,
        files: Vec::new(),
        missing: content::missing(reader, request.private)?,
    });
    let mut rows_left = false;
    if request.archive {
        let docs = documents.iter().map(|(entry, _)| &entry.doc).collect();
        let rows = rows::outgoing(reader, &docs, request.peer, request.receipt)?;
        rows_left = rows.is_cut;
        bundle.push_archives(rows.archives);
    }
    documents.into_iter().for_each(|(entry, update)| bundle.push(*entry, update));
    Ok(Exported { bundle, notes, damaged, rows_left })
}

/// What becomes of one document.
enum ExportPart {
    Document(Box<BundledDocument>, Option<Vec<u8>>),
    /// No receiver would accept it, and why.
    Unsupported(String),
}

/// The documents that are asked for, sorted, and the private ones among them that must not go.
type DocsToGo = (BTreeSet<DocId>, BTreeSet<DocId>);

fn wanted(reader: &Reader, request: &Request<'_>) -> Result<DocsToGo> {
    let all: BTreeSet<DocId> =
        reader.documents()?.into_iter().map(|document| document.id).collect();
    let asked = match request.docs {
        None => all,
        Some(docs) => match docs.iter().find(|doc| !all.contains(*doc)) {
            None => docs.clone(),
            Some(doc) => {
                return Err(Error::not_found(format!("no document {doc}"))
                    .hint(Next::Documents.and(" shows the documents of the store")));
            }
        },
    };
    let goes = |doc: &DocId| request.private || !disk::is_private(doc);
    let (go, stay): DocsToGo = asked.into_iter().partition(goes);
    match (request.docs, stay.first()) {
        (Some(_), Some(doc)) if go.is_empty() => Err(refuse_private(doc)),
        _ => Ok((go, stay)),
    }
}

/// The error for a private disk that was asked for by name.
pub fn refuse_private(doc: &DocId) -> Error {
    Error::refused(format!("{doc} is a private disk: it stays with its member"))
        .hint(Next::ExportFor.and(" sends it to another replica of the same member"))
}

fn stays_here(doc: &DocId) -> String {
    let entity = doc.entity().map_or_else(|| doc.to_string(), |entity| entity.to_string());
    format!(
        "left out the private disk of {entity}: it is exported only `--for` a replica of its member"
    )
}

/// One export: who makes it, how far its log goes, and what is asked for.
struct Exporter<'a> {
    reader: &'a Reader,
    environment: &'a Environment,
    request: &'a Request<'a>,
    sender: Sender,
    log_end: i64,
}

impl<'a> Exporter<'a> {
    fn new(
        reader: &'a Reader,
        environment: &'a Environment,
        request: &'a Request<'a>,
    ) -> Result<Self> {
        let mut export =
            Exporter { reader, environment, request, sender: Sender::default(), log_end: 0 };
        if let Some(state) = reader.state()
            && let Some((replica, member, _)) = state.replica()?
        {
            let succeeds = state.succeeded_replicas()?;
            export.sender = Sender { replica: Some(replica), member, succeeds };
            export.log_end = state.log_end()?;
        }
        Ok(export)
    }

    /// Returns the replica it is made for. An increment over our own export is for
    /// whoever has that export.
    fn addressee(&self) -> Option<&str> {
        let peer = self.request.peer?.replica.as_deref();
        peer.filter(|peer| self.sender.replica.as_deref() != Some(*peer))
    }

    /// Returns who made bundles later than our own clock's time. For all others the time of this bundle shows
    /// that it is later.
    fn heard(&self) -> Result<BTreeMap<String, i64>> {
        let mut heard = self.reader.state().map(record::heard).transpose()?.unwrap_or_default();
        heard.retain(|_, at| *at > self.environment.machine.clock.now());
        Ok(heard)
    }

    /// Returns one document as it goes into the bundle, or `None` if there is none.
    ///
    /// # Errors
    /// Only about this document, if it cannot be read.
    fn whole(&self, doc: &DocId, digests: &ContentDigests) -> Result<Option<ExportPart>> {
        // Before the bytes: the bytes may be ahead of the recorded `applied`, never behind it.
        let applied = match self.reader.state() {
            Some(state) => state.applied(doc)?,
            None => Applied::new(),
        };
        if let Some((entry, update)) = self.unread(doc, &applied)? {
            return Ok(Some(ExportPart::Document(Box::new(entry), update)));
        }
        let Some(bytes) = self.reader.bytes(doc)? else { return Ok(None) };
        let checked = Update::checked(&bytes, (self.environment.roots)(doc));
        match checked {
            Ok(whole) => {
                let (entry, update) = self.document(doc, &whole, applied, digests)?;
                Ok(Some(ExportPart::Document(Box::new(entry), update)))
            }
            Err(fault) if fault.is_unsupported() => Ok(Some(ExportPart::Unsupported(format!(
                "{doc} is left out, since no receiver would accept it: {fault}"
            )))),
            Err(fault) => Err(Error::corrupt(format!("{doc} is not a valid document"))
                .because(fault)
                .hint(
                    Next::Check(None)
                        .and(" says more; ")
                        .next(Next::ExportDocument)
                        .and(" exports others"),
                )
                .damages(doc)),
        }
    }

    /// The same for a large document whose version is known, without reading it; `None` if it has to be read.
    fn unread(
        &self,
        doc: &DocId,
        applied: &Applied,
    ) -> Result<Option<(BundledDocument, Option<Vec<u8>>)>> {
        // A receiver that gets everything gets a document that was read.
        if self.request.peer.is_none() && !self.request.receipt {
            return Ok(None);
        }
        let stored = self.reader.stored(doc)?.filter(|stored| stored.bytes > DIGESTED_BYTES);
        let Some(stored @ StoredDocument { sum: Some(sum), .. }) = &stored else {
            return Ok(None);
        };
        let has = Has::from(stored);
        let (update, after) = match self.part(doc, stored.bytes, &has)? {
            (DocumentPart::Whole, _) => return Ok(None),
            (DocumentPart::News(update), after) => (Some(update), after),
            (DocumentPart::Nothing, after) => (None, after),
        };
        let digests = (None, Some(Hash(sum.to_bytes())));
        self.entry(doc, has, update, after, applied.clone(), digests).map(Some)
    }

    /// Returns the entry of a document that was read, and the update that goes with it.
    fn document(
        &self,
        doc: &DocId,
        whole: &Update<'_, Checked>,
        applied: Applied,
        digests: &ContentDigests,
    ) -> Result<(BundledDocument, Option<Vec<u8>>)> {
        let has = Has::from(&whole.version());
        let (update, after) = match self.part(doc, whole.bytes().len() as u64, &has)? {
            (DocumentPart::Whole, after) => (Some(whole.bytes().to_vec()), after),
            (DocumentPart::News(update), after) => (Some(update), after),
            (DocumentPart::Nothing, after) => (None, after),
        };
        let (digest, sum) = digests.of(doc, &has, whole)?;
        let sum = sum.filter(|_| whole.bytes().len() as u64 > DIGESTED_BYTES);
        self.entry(doc, has, update, after, applied, (Some(digest), sum))
    }

    fn entry(
        &self,
        doc: &DocId,
        has: Has,
        update: Option<Vec<u8>>,
        after: i64,
        applied: Applied,
        (digest, sum): (Option<Hash>, Option<Hash>),
    ) -> Result<(BundledDocument, Option<Vec<u8>>)> {
        let needs = match &update {
            Some(bytes) => checked(bytes, (self.environment.roots)(doc))?.needs().clone(),
            None => Clocks::new(),
        };
        let pruned = match update {
            Some(_) => self.pruned(doc, after)?,
            None => Vec::new(),
        };
        let entry = BundledDocument {
            doc: doc.clone(),
            file: None,
            bytes: 0,
            blake3: None,
            needs,
            has,
            digest,
            sum,
            log: LogRange { after, upto: self.log_end },
            applied,
            pruned,
        };
        Ok((entry, update))
    }

    /// Returns the records that were pruned after a row of our log, if the receiver could take them for
    /// archived ones.
    fn pruned(&self, doc: &DocId, after: i64) -> Result<Vec<DocPath>> {
        let Some(state) = self.reader.state() else { return Ok(Vec::new()) };
        let mut pruned = state.trashed_since(doc, [trash::PRUNED, trash::PEER], after)?;
        pruned.retain(|path| archive::kind_at(doc, path).is_some());
        // To ask the document takes longer.
        let may_be_archived = |source: &dyn Source| archive::is_hybrid(source);
        if !pruned.is_empty() && self.reader.look(doc, may_be_archived)? != Some(true) {
            pruned.clear();
        }
        Ok(pruned)
    }

    /// Returns what is sent of a document, given the length of its state, and the row of our log after which
    /// that begins.
    fn part(&self, doc: &DocId, bytes: u64, has: &Has) -> Result<(DocumentPart, i64)> {
        if self.request.receipt {
            return Ok((DocumentPart::Nothing, self.log_end));
        }
        let whole = (DocumentPart::Whole, 0);
        let Some(peer) = self.request.peer else { return Ok(whole) };
        let Some(receipt) = peer.receipt(doc) else { return Ok(whole) };
        let us = self.sender.replica.as_deref().unwrap_or("");
        let after = receipt.applied(us).min(self.log_end);
        if receipt.has == *has {
            return Ok((DocumentPart::Nothing, after));
        }
        let Some(rows) = rows_for(self.reader, doc, peer)? else { return Ok(whole) };
        let roots = (self.environment.roots)(doc);
        let news = rows.iter().any(|row| row.wanted);
        if !news && !explained(self.reader, doc, peer, receipt, &has.state_vector)? {
            return Ok(whole);
        }
        let joined = if news { join(&rows, roots)? } else { Some(NOTHING.to_vec()) };
        let Some(joined) = joined.filter(|joined| (joined.len() as u64) < bytes) else {
            return Ok(whole);
        };
        // Do not rely only on its word about our log: check the clocks it reported, too.
        if !leads(&receipt.has.state_vector, &checked(&joined, roots)?, &has.state_vector) {
            return Ok(whole);
        }
        let part = if news { DocumentPart::News(joined) } else { DocumentPart::Nothing };
        Ok((part, after))
    }
}

/// What is sent of a document.
enum DocumentPart {
    Nothing,
    /// This update, which leads from what the receiver said it has to all that is here.
    News(Vec<u8>),
    /// Its whole state.
    Whole,
}

/// Returns the size of the update that an export for a peer would carry, given the size of the document's
/// state.
pub(super) fn bytes_for(
    reader: &Reader,
    environment: &Environment,
    doc: &DocId,
    (has, bytes): (&Has, u64),
    peer: &KnownPeer,
) -> Result<u64> {
    let request = Request { peer: Some(peer), ..Request::default() };
    let export = Exporter::new(reader, environment, &request)?;
    Ok(match export.part(doc, bytes, has)?.0 {
        DocumentPart::Nothing => 0,
        DocumentPart::News(update) => update.len() as u64,
        DocumentPart::Whole => bytes,
    })
}

/// What a peer lacks of a document, by its receipt.
pub(super) enum Lacked {
    /// It has exactly this version.
    Nothing,
    /// The content of this update, which leads from what it said it has to this version.
    Part(Vec<u8>),
    /// It is not known what it has.
    Whole,
}

/// Returns what an export for a peer would carry of a document.
pub(super) fn lacked(
    reader: &Reader,
    environment: &Environment,
    doc: &DocId,
    whole: &Update<'_, Checked>,
    peer: &KnownPeer,
) -> Result<Lacked> {
    let has = Has::from(&whole.version());
    let Some(receipt) = peer.receipt(doc) else { return Ok(Lacked::Whole) };
    let request = Request { peer: Some(peer), ..Request::default() };
    let export = Exporter::new(reader, environment, &request)?;
    Ok(match export.part(doc, whole.bytes().len() as u64, &has)?.0 {
        DocumentPart::Whole => Lacked::Whole,
        DocumentPart::News(update) => Lacked::Part(update),
        DocumentPart::Nothing if receipt.has == has => Lacked::Nothing,
        // It has news of its own that are not here, and nothing of ours is news to it.
        DocumentPart::Nothing => Lacked::Part(NOTHING.to_vec()),
    })
}

/// Returns whether a peer whose version differs lacks anything of a document: rows of our log, or something
/// that no log explains.
pub(super) fn lacks(
    reader: &Reader,
    doc: &DocId,
    peer: &KnownPeer,
    receipt: &Receipt,
    ours: &Clocks,
) -> Result<bool> {
    let rows = rows_for(reader, doc, peer)?;
    let news = rows.is_some_and(|rows| rows.iter().any(|row| row.wanted));
    Ok(news || !explained(reader, doc, peer, receipt, ours)?)
}

/// Returns whether the versions differ only because of the peer's own news: it has clocks that we lack, or
/// its log goes beyond what we applied of it. If not, it has lost something, or we have: above all deletions,
/// which move no clock.
fn explained(
    reader: &Reader,
    doc: &DocId,
    peer: &KnownPeer,
    receipt: &Receipt,
    ours: &Clocks,
) -> Result<bool> {
    let clock = |client| ours.get(client).copied().unwrap_or(0);
    if receipt.has.state_vector.iter().any(|(client, theirs)| *theirs > clock(client)) {
        return Ok(true);
    }
    let (Some(state), Some(replica)) = (reader.state(), &peer.replica) else { return Ok(false) };
    let own = state.replica()?.is_some_and(|(us, _, _)| us == *replica);
    let applied = state.applied(doc)?.get(replica).copied().unwrap_or(0);
    Ok(!own && applied < receipt.said.seq)
}

/// Returns whether an update is ready at `from`, and leads from there to `to`.
fn leads(from: &Clocks, update: &Update<'_, Checked>, to: &Clocks) -> bool {
    let brought = update.version().clocks;
    let reached = |client| from.get(client).max(brought.get(client)).copied().unwrap_or(0);
    update.missing(from).is_empty() && to.iter().all(|(client, clock)| reached(client) >= *clock)
}

/// A row of our log, as one peer sees it.
pub(super) struct ReceiptRow {
    row: LogRow,
    /// Whether the peer lacks it, by its receipt.
    pub wanted: bool,
}

/// Returns the rows of our log since a peer's receipt, or `None` if they cannot tell what it lacks: it never
/// had anything of this replica, or the log no longer reaches back that far.
pub(super) fn rows_for(
    reader: &Reader,
    doc: &DocId,
    peer: &KnownPeer,
) -> Result<Option<Vec<ReceiptRow>>> {
    let Some(state) = reader.state() else { return Ok(None) };
    let Some((us, _, floor)) = state.replica()? else { return Ok(None) };
    let Some(receipt) = peer.receipt(doc) else { return Ok(None) };
    let after = receipt.applied(&us);
    // Nobody can have applied what was never written. Such a receipt is useless here.
    if after < floor || after > state.log_end()? {
        return Ok(None);
    }
    let Some(rows) = reader.log_after(doc, after)? else { return Ok(None) };
    let own = peer.replica.as_deref() == Some(us.as_str());
    let rows = rows.into_iter().map(|row| {
        let has =
            !own && row.origin.as_ref().is_some_and(|(from, seq)| peer.covers(doc, from, *seq));
        ReceiptRow { row, wanted: !has }
    });
    Ok(Some(rows.collect()))
}

impl ReceiptRow {
    fn update(&self, expected: Expected<'_>) -> Result<Update<'_, Checked>> {
        Update::checked(&self.row.update, expected)
            .map_err(|fault| broken_entry(&self.row.doc, self.row.seq, fault))
    }
}

/// Joins the wanted rows into one update; all rows, if leaving out the others would leave a gap.
fn join(rows: &[ReceiptRow], expected: Expected<'_>) -> Result<Option<Vec<u8>>> {
    let (wanted, others): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.wanted);
    let updates = wanted.iter().map(|row| row.update(expected));
    let mut updates = updates.collect::<Result<Vec<_>>>()?;
    // What is collected goes with the deletion of its container, which a row of the peer's own content may
    // hold: merging deletes one of two containers that were made under one key, here and not there.
    let mut deletions = DeleteSet::default();
    if updates.iter().any(has_collected) {
        for row in others {
            deletions.union(&row.update(expected)?.version().deletes);
        }
    }
    let deletions = deletions.to_update();
    updates.push(checked(&deletions, expected)?);
    if let Some(joined) = wire::merge(&updates) {
        return Ok(Some(joined));
    }
    let all = rows.iter().map(|row| row.update(expected));
    Ok(wire::merge(&all.collect::<Result<Vec<_>>>()?))
}

fn has_collected(update: &Update<'_, Checked>) -> bool {
    update.blocks.iter().any(|block| block.kind == BlockKind::Gc)
}

/// Returns an update made from our own log.
fn checked<'u>(bytes: &'u [u8], expected: Expected<'_>) -> Result<Update<'u, Checked>> {
    Update::checked(bytes, expected).map_err(|fault| {
        Error::corrupt("the log holds an update that is not valid")
            .because(fault)
            .hint(Next::Export.and(" without --for sends whole states, not the log"))
    })
}
