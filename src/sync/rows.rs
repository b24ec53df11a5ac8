//! Archived rows in bundles: which of them are sent, and how received ones are taken in.

use super::bundle::Bundle;
use super::manifest::{BundledArchive, BundledSpan, Hash};
use super::peer::KnownPeer;
use crate::archive::{self, ArchiveReader, ArchiveSpan, PackedRows};
use crate::error::Result;
use crate::id::DocId;
use crate::limits;
use crate::store::{Reader, Session};
use std::collections::BTreeSet;

/// What the archive has of documents, for a bundle.
pub(super) struct OutgoingRows {
    pub archives: Vec<(BundledArchive, Vec<u8>)>,
    /// Whether some rows did not fit.
    pub is_cut: bool,
}

/// Returns what a reader's archive has of some documents, with the rows that a peer lacks by its statements,
/// or all rows without a peer. A receipt carries no rows.
pub(super) fn outgoing(
    reader: &Reader,
    docs: &BTreeSet<&DocId>,
    peer: Option<&KnownPeer>,
    receipt: bool,
) -> Result<OutgoingRows> {
    let mut outgoing = OutgoingRows { archives: Vec::new(), is_cut: false };
    let Some(archive) = ArchiveReader::of(reader)? else {
        // A receipt may say that nothing is here, so that others send it again.
        if !receipt {
            archive::nothing_lost(reader.state())
                .map_err(|e| e.hint_also("without `--with-archive` the documents go alone"))?;
        }
        return Ok(outgoing);
    };
    let mut room = limits::ARCHIVE_PACKED_BYTES;
    for doc in archive.documents()?.into_iter().filter(|doc| docs.contains(doc)) {
        let spans = archive.spans(&doc)?;
        let packed = match receipt {
            true => PackedRows::default(),
            false => {
                let has = peer.map(|peer| peer.archived(&doc)).unwrap_or_default();
                archive.pack(&doc, &spans, &has, room)?
            }
        };
        room = room.saturating_sub(packed.bytes.len());
        outgoing.is_cut |= packed.is_cut;
        let spans = spans.iter().enumerate().map(|(at, span)| BundledSpan {
            digest: Hash(span.digest),
            rows: span.rows,
            sent: packed.spans.contains(&at),
        });
        let spans = spans.collect();
        let archive = BundledArchive { doc, file: None, bytes: 0, blake3: None, spans };
        outgoing.archives.push((archive, packed.bytes));
    }
    Ok(outgoing)
}

/// Checks that every row of a bundle is a valid record and that the rows match their announcement. Returns
/// how many there are.
///
/// # Errors
/// `Untrusted`, naming the document.
pub(super) fn check(bundle: &Bundle) -> Result<usize> {
    let mut rows = 0usize;
    for (entry, part) in bundle.archives() {
        let Some(part) = part else { continue };
        archive::unpack(&entry.doc, &sent(entry), part, 0, |_| {
            rows = rows.saturating_add(1);
            Ok(())
        })?;
    }
    Ok(rows)
}

/// Takes in the rows of one document of which this store has everything the sender had. Returns how many rows
/// are new, and how many values lost to others.
///
/// # Errors
/// Those of [`archive::receive`].
pub(super) fn take(
    session: &mut Session,
    entry: &BundledArchive,
    part: &[u8],
) -> Result<archive::KeptRecords> {
    let Some(view) = session.view(&entry.doc)? else { return Ok(archive::KeptRecords::default()) };
    archive::receive(session, &entry.doc, &view, &sent(entry), part)
}

fn sent(entry: &BundledArchive) -> Vec<ArchiveSpan> {
    let sent = entry.spans.iter().filter(|span| span.sent);
    sent.map(|span| ArchiveSpan { digest: span.digest.0, rows: span.rows }).collect()
}
