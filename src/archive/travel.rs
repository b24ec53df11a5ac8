//! The archive of a document as a growing set: what a replica has of it, in spans, and the rows of those
//! spans that another lacks.
//!
//! All replicas have the rows in one order, and a span ends where the version of a row says so. Equal rows
//! make equal spans, whatever is around them: a replica that has a span of another's has all its rows.

use super::file::{COLUMNS, failed, numbered};
use super::keeping::{Keeper, KeptRecords};
use super::reading::ArchiveReader;
use super::row::ArchivedRecord;
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::{Error, Hint, Kind, Next, Result};
use crate::id::DocId;
use crate::limits;
use crate::path::{DocPath, Keys};
use crate::store::Session;
use crate::wire::Id;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};

/// A span ends after a row whose version begins like this: one of 256.
const LAST: &str = "00";
/// zstd's own default, as for bundles.
const LEVEL: i32 = 3;

/// Consecutive rows in the order of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveSpan {
    /// The hash of the versions in it.
    pub digest: [u8; 32],
    /// The number of rows.
    pub rows: u64,
}

/// Rows on their way to another replica.
#[derive(Debug, Clone, Default)]
pub struct PackedRows {
    /// The indices of the spans in it: lines of JSON in zstd, one frame per span.
    pub spans: BTreeSet<usize>,
    /// The compressed lines.
    pub bytes: Vec<u8>,
    /// Whether not everything fitted.
    pub is_cut: bool,
}

/// A row as a line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowLine {
    path: DocPath,
    created_at: i64,
    changed_at: i64,
    client: u64,
    clock: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    removed: bool,
    /// As text, since the version is computed from its exact bytes.
    record: String,
    /// In base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typed: Option<String>,
}

/// Finds where spans end.
struct SpanBuilder {
    hasher: blake3::Hasher,
    rows: u64,
}

impl SpanBuilder {
    fn new() -> Self {
        SpanBuilder { hasher: blake3::Hasher::new(), rows: 0 }
    }

    fn add(&mut self, version: &str) -> Option<ArchiveSpan> {
        self.hasher.update(version.as_bytes());
        self.rows = self.rows.saturating_add(1);
        if version.starts_with(LAST) { self.end() } else { None }
    }

    fn end(&mut self) -> Option<ArchiveSpan> {
        let ended = std::mem::replace(self, SpanBuilder::new());
        let digest = *ended.hasher.finalize().as_bytes();
        (ended.rows > 0).then_some(ArchiveSpan { digest, rows: ended.rows })
    }
}

impl ArchiveReader {
    /// Returns the spans of a document's rows, all versions and markers included.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn spans(&self, doc: &DocId) -> Result<Vec<ArchiveSpan>> {
        let (mut spans, mut span) = (Vec::new(), SpanBuilder::new());
        let sql = "SELECT n, version FROM versions WHERE doc_id = ?1 ORDER BY changed_at, version";
        self.file().each(sql, params![doc.as_str()], |row| {
            if self.counts(row.get(0).map_err(failed)?) {
                let version = row.get_ref(1).and_then(|cell| Ok(cell.as_str()?)).map_err(failed)?;
                spans.extend(span.add(version));
            }
            Ok(())
        })?;
        spans.extend(span.end());
        Ok(spans)
    }

    /// Returns the rows of all spans except those that the other `has`, as many as fit into a number of
    /// bytes. Memory is bounded by the answer and one span.
    ///
    /// # Errors
    /// `Io`, `Corrupt`.
    pub fn pack(
        &self,
        doc: &DocId,
        spans: &[ArchiveSpan],
        has: &BTreeSet<[u8; 32]>,
        most: usize,
    ) -> Result<PackedRows> {
        let mut packed = PackedRows::default();
        let mut frame = SpanPacker::default();
        let (mut at, mut left) = (0usize, spans.first().map_or(0, |span| span.rows));
        let sql = "SELECT n FROM versions WHERE doc_id = ?1 ORDER BY changed_at, version";
        self.file().each(sql, params![doc.as_str()], |row| {
            let n: i64 = row.get(0).map_err(failed)?;
            let Some(span) = spans.get(at).filter(|_| self.counts(n) && !packed.is_cut) else {
                return Ok(());
            };
            if !has.contains(&span.digest) {
                frame.add(&self.stored(n)?)?;
            }
            left = left.saturating_sub(1);
            if left == 0 {
                let bytes = frame.end()?;
                if packed.bytes.len().saturating_add(bytes.len()) > most {
                    packed.is_cut = true;
                } else if !bytes.is_empty() {
                    packed.spans.insert(at);
                    packed.bytes.extend(bytes);
                }
                at = at.saturating_add(1);
                left = spans.get(at).map_or(0, |span| span.rows);
            }
            Ok(())
        })?;
        Ok(packed)
    }

    /// Returns a row whose content matches its version.
    fn stored(&self, n: i64) -> Result<ArchivedRecord> {
        let sql = format!("SELECT {COLUMNS}, v.version FROM versions v WHERE v.n = ?1");
        let read = |row: &rusqlite::Row<'_>| Ok((numbered(row)?, row.get::<_, String>(11)?));
        let found = self.file().one(&sql, params![n], read)?;
        let found = found.and_then(|(read, version)| {
            read.map(|read| read.record).filter(|record| record.version() == version)
        });
        found.ok_or_else(|| {
            Error::corrupt("archive.db holds a row that does not match its hash")
                .because(format!("row {n} of versions"))
                .hint("leave out `--with-archive`, or put back a copy of archive.db")
        })
    }
}

/// Packed lines of one span.
#[derive(Default)]
struct SpanPacker(Option<zstd::Encoder<'static, Vec<u8>>>);

impl SpanPacker {
    fn add(&mut self, record: &ArchivedRecord) -> Result<()> {
        let bug =
            |e: &dyn std::fmt::Display| Error::bug("a row does not encode").because(e.to_string());
        let line = RowLine {
            path: record.path.clone(),
            created_at: record.created_at,
            changed_at: record.changed_at,
            client: record.written.client,
            clock: record.written.clock,
            removed: record.removed,
            record: record.record.clone(),
            typed: record.typed.as_deref().map(|bytes| data_encoding::BASE64.encode(bytes)),
        };
        let mut line = serde_json::to_vec(&line).map_err(|e| bug(&e))?;
        line.push(b'\n');
        let encoder = match self.0.take() {
            Some(encoder) => encoder,
            None => zstd::Encoder::new(Vec::new(), LEVEL).map_err(|e| bug(&e))?,
        };
        self.0.insert(encoder).write_all(&line).map_err(|e| bug(&e))
    }

    fn end(&mut self) -> Result<Vec<u8>> {
        let ended = self.0.take().map(zstd::Encoder::finish).transpose();
        Ok(ended.map_err(|e| Error::bug("rows do not pack").because(e))?.unwrap_or_default())
    }
}

/// Reads packed rows one by one: those of spans as their sender announced them. Each must be a plausible row,
/// and the spans must have the announced digests.
///
/// # Errors
/// `Untrusted`; and those of `take`.
pub fn unpack(
    doc: &DocId,
    spans: &[ArchiveSpan],
    packed: &[u8],
    now: i64,
    mut take: impl FnMut(ArchivedRecord) -> Result<()>,
) -> Result<()> {
    let mut lines = RowLines::new(packed).map_err(|e| wrong(doc, e))?;
    for span in spans {
        let mut found = SpanBuilder::new();
        for _ in 0..span.rows {
            let Some(record) = lines.next(doc, now)? else {
                return Err(wrong(doc, "there are fewer rows than announced"));
            };
            found.hasher.update(record.version().as_bytes());
            found.rows = found.rows.saturating_add(1);
            take(record)?;
        }
        if found.end() != Some(*span) {
            return Err(wrong(doc, "rows do not match the announced digest"));
        }
    }
    match lines.next(doc, now)? {
        None => Ok(()),
        Some(_) => Err(wrong(doc, "there are more rows than announced")),
    }
}

fn wrong(doc: &DocId, cause: impl std::fmt::Display) -> Error {
    Error::untrusted(format!("the archived rows of {doc} are not valid"))
        .because(cause.to_string())
        .hint(
            Hint::from("nothing was written; ask the sender for another bundle: ")
                .next(Next::Export)
                .and(" makes one"),
        )
}

/// Lines of packed rows.
struct RowLines<'a> {
    lines: io::Take<BufReader<zstd::Decoder<'static, &'a [u8]>>>,
}

impl<'a> RowLines<'a> {
    fn new(packed: &'a [u8]) -> io::Result<Self> {
        let mut zstd = zstd::Decoder::with_buffer(packed)?;
        zstd.window_log_max(limits::BUNDLE_WINDOW_LOG)?;
        let lines = BufReader::new(zstd).take(limits::ARCHIVE_UNPACKED_BYTES);
        Ok(RowLines { lines })
    }

    fn next(&mut self, doc: &DocId, now: i64) -> Result<Option<ArchivedRecord>> {
        let mut line = Vec::new();
        let most = limits::ARCHIVE_LINE_BYTES.saturating_add(1);
        let read = (&mut self.lines).take(most).read_until(b'\n', &mut line);
        match read.map_err(|e| wrong(doc, e))? {
            0 if self.lines.limit() == 0 => {
                let most = limits::ARCHIVE_UNPACKED_BYTES;
                return Err(wrong(doc, format!("they unpack to more than {most} bytes")));
            }
            0 => return Ok(None),
            n if n as u64 == most => {
                return Err(wrong(doc, format!("a row has more than {} bytes", most - 1)));
            }
            _ => {}
        }
        let row: RowLine = serde_json::from_slice(&line).map_err(|e| wrong(doc, e))?;
        let typed = row.typed.map(|text| data_encoding::BASE64.decode(text.as_bytes()));
        let record = ArchivedRecord {
            doc: doc.clone(),
            path: row.path,
            created_at: row.created_at,
            changed_at: row.changed_at,
            written: Id { client: row.client, clock: row.clock },
            removed: row.removed,
            record: row.record,
            typed: typed.transpose().map_err(|e| wrong(doc, e))?,
            archived_at: now,
        };
        match record.is_sound() {
            true => Ok(Some(record)),
            false => Err(wrong(doc, format!("{} is not a valid record", record.id()))),
        }
    }
}

/// Adds rows of another replica to the archive: those that are missing, unchanged. A record that is in its
/// document stays as it is there, and does not come out of the archive later.
///
/// The document must have everything that the sender's had: a row belongs to a record that left it. A dry run
/// counts and writes nothing.
///
/// # Errors
/// As [`unpack`]; `Io`, `Corrupt`, `Locked`: the session must be dropped then.
pub fn receive(
    session: &mut Session,
    doc: &DocId,
    view: &View,
    spans: &[ArchiveSpan],
    packed: &[u8],
) -> Result<KeptRecords> {
    let now = session.now();
    if session.dry_run() {
        return would_receive(session, doc, spans, packed);
    }
    // The whole document was requested. If that takes another run, the rows are taken in that one.
    if session.asks_for_more() {
        return Ok(KeptRecords::default());
    }
    let mut keeper = Keeper::begin(session)?;
    let mut live = BTreeSet::new();
    unpack(doc, spans, packed, now, |record| {
        if record.removed {
            refuse_too_many(&keeper, &record)?;
        }
        if keeper.add(&record)? && view.exists(&record.path.steps()) {
            live.insert(record.path);
        }
        Ok(())
    })?;
    for path in live {
        let shown = keeper.file.shown(doc, &path)?.filter(|shown| !shown.record.removed);
        if let (Some(shown), Some(item)) = (shown, view.item(&path.steps())) {
            keeper.add(&shown.record.hidden(item, now))?;
            if shown.record.written != item {
                keeper.add(&shown.record.superseded(shown.record.written, now))?;
            }
        }
    }
    keeper.finish()
}

fn would_receive(
    session: &Session,
    doc: &DocId,
    spans: &[ArchiveSpan],
    packed: &[u8],
) -> Result<KeptRecords> {
    let archive = ArchiveReader::beside(session)?;
    let mut kept = KeptRecords::default();
    unpack(doc, spans, packed, session.now(), |record| {
        let is_there = match &archive {
            Some(archive) => archive.file().find(&record, &record.version())?.is_some(),
            None => false,
        };
        kept.added = kept.added.saturating_add(usize::from(!is_there));
        Ok(())
    })?;
    Ok(kept)
}

/// The markers of a record are scanned whenever one more comes.
fn refuse_too_many(keeper: &Keeper<'_>, record: &ArchivedRecord) -> Result<()> {
    match keeper.file.markers(record)? < limits::ARCHIVE_MARKERS {
        true => Ok(()),
        false => Err(Error::new(
            Kind::Untrusted,
            format!("{} {} was deleted and restored too often", record.kind(), record.id()),
        )),
    }
}
