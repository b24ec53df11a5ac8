//! Rows of the archive in list order, some at a time: the cost of a page does not depend on how much precedes
//! it, and reading everything holds no more than a page in memory.

use super::file::{ArchiveFile, COLUMNS, Numbered, numbered, numbered_from};
use super::page::{ArchiveOrder, ArchivePage};
use super::row::ArchiveKey;
use super::search::{self, SearchTerms};
use crate::error::Result;
use crate::id::DocId;
use crate::wire::Id;
use rusqlite::{named_params, params};
use std::collections::VecDeque;

/// The number of key columns before a row's own columns.
const KEYS: usize = 5;
/// Rows read at once.
const ROWS: usize = 256;
/// How many rows are searched for words before the index is used: frequent words are found among the latest
/// rows.
const LOOKED_THROUGH: usize = if cfg!(test) { 20 } else { 1_000 };

/// The rows of a page regardless of its limit, including those that do not count.
pub(super) struct OrderedRows<'a> {
    file: &'a ArchiveFile,
    doc: &'a DocId,
    page: &'a ArchivePage<'a>,
    order: ArchiveOrder,
    lanes: Vec<RowLane>,
    /// The index query for rows that may hold the words, if the index is needed.
    terms: Option<String>,
    looked_through: usize,
    last: Option<ArchiveKey>,
}

/// Rows that are already in order.
struct RowLane {
    source: LaneSource,
    rows: VecDeque<(ArchiveKey, LaneRow)>,
    /// The row after which it continues.
    from: Option<ArchiveKey>,
    ended: bool,
}

enum LaneSource {
    /// The rows that lists show by themselves, or the others: an index has each in order.
    Listed(bool),
    /// The result of a full-text query.
    Found(String),
}

/// A row of a lane.
enum LaneRow {
    /// A complete row, if a batch of them fits into memory; `None` if it makes no sense.
    Whole(Option<Box<Numbered>>),
    /// Only its number, if all matches are collected at once.
    Number(i64),
}

impl RowLane {
    fn of(source: LaneSource, from: Option<ArchiveKey>) -> RowLane {
        RowLane { source, rows: VecDeque::new(), from, ended: false }
    }
}

impl<'a> OrderedRows<'a> {
    pub fn of(
        file: &'a ArchiveFile,
        doc: &'a DocId,
        page: &'a ArchivePage<'a>,
        order: ArchiveOrder,
    ) -> Result<OrderedRows<'a>> {
        let is_searched = !page.words.is_empty() && file.has_search()?;
        let terms = match is_searched {
            true => search::terms(page.words, |begin, end, most| file.parts(begin, end, most))?,
            false => SearchTerms::Any,
        };
        let listed = [true, false].into_iter().filter(|listed| *listed || !page.listed);
        let (lanes, terms) = match terms {
            SearchTerms::None => (Vec::new(), None),
            SearchTerms::Some(terms) if page.limit.is_none() => {
                (vec![RowLane::of(LaneSource::Found(terms), None)], None)
            }
            SearchTerms::Some(terms) => {
                (listed.map(|l| RowLane::of(LaneSource::Listed(l), None)).collect(), Some(terms))
            }
            SearchTerms::Any => {
                (listed.map(|l| RowLane::of(LaneSource::Listed(l), None)).collect(), None)
            }
        };
        Ok(OrderedRows { file, doc, page, order, lanes, terms, looked_through: 0, last: None })
    }

    /// Returns the next row.
    pub fn next(&mut self) -> Result<Option<Numbered>> {
        while let Some(row) = self.next_of_lanes()? {
            let row = match row {
                LaneRow::Whole(row) => row.map(|row| *row),
                LaneRow::Number(n) => {
                    let sql = format!("SELECT {COLUMNS} FROM versions v WHERE v.n = ?1");
                    self.file.one(&sql, params![n], numbered)?.flatten()
                }
            };
            // Invalid rows are skipped.
            if row.is_some() {
                return Ok(row);
            }
        }
        Ok(None)
    }

    fn next_of_lanes(&mut self) -> Result<Option<LaneRow>> {
        if self.looked_through >= LOOKED_THROUGH
            && let Some(terms) = self.terms.take()
        {
            self.lanes = vec![RowLane::of(LaneSource::Found(terms), self.last.clone())];
        }
        for lane in &mut self.lanes {
            if lane.rows.is_empty() && !lane.ended {
                refill(lane, self.file, self.doc, self.page, self.order)?;
            }
        }
        let keys = self.lanes.iter().enumerate();
        let keys = keys.filter_map(|(at, lane)| Some((&lane.rows.front()?.0, at)));
        let next = match self.order {
            ArchiveOrder::OldestFirst => keys.min(),
            ArchiveOrder::LatestFirst => keys.max(),
        };
        let Some(at) = next.map(|(_, at)| at) else { return Ok(None) };
        let next = self.lanes.get_mut(at).and_then(|lane| lane.rows.pop_front());
        self.looked_through = self.looked_through.saturating_add(1);
        Ok(next.map(|(key, row)| {
            self.last = Some(key);
            row
        }))
    }
}

/// Reads more of a lane.
fn refill(
    lane: &mut RowLane,
    file: &ArchiveFile,
    doc: &DocId,
    page: &ArchivePage<'_>,
    order: ArchiveOrder,
) -> Result<()> {
    let most = match (&lane.source, page.limit) {
        (LaneSource::Listed(_), limit) => limit.unwrap_or(ROWS).clamp(1, ROWS),
        (LaneSource::Found(_), Some(limit)) => limit.max(ROWS),
        // The index is queried once, for all matches.
        (LaneSource::Found(_), None) => usize::MAX,
    };
    let (sign, direction) = match order {
        ArchiveOrder::OldestFirst => (">", "ASC"),
        ArchiveOrder::LatestFirst => ("<", "DESC"),
    };
    let (tables, found) = match &lane.source {
        LaneSource::Listed(_) => ("records r CROSS JOIN versions v ON v.n = r.n", None),
        LaneSource::Found(terms) => (
            "parts_fts CROSS JOIN versions v ON v.n = parts_fts.rowid
             CROSS JOIN records r ON r.doc_id = v.doc_id AND r.path = v.path AND r.n = v.n",
            Some(terms),
        ),
    };
    // From the second page on, the index is entered where the last page ended, not by these times.
    let free = if lane.from.is_some() { "+" } else { "" };
    let whole = if found.is_none() { COLUMNS } else { "1" };
    let mut sql = format!(
        "SELECT r.created_at, r.client, r.clock, r.id, r.n, {whole} FROM {tables}
         WHERE r.doc_id = :doc AND r.removed = 0
         AND {free}r.created_at >= :since AND {free}r.created_at <= :last"
    );
    // Every parameter is used in every variant.
    match &lane.source {
        LaneSource::Listed(true) => sql.push_str(" AND r.listed = 1 AND :found IS NULL"),
        LaneSource::Listed(false) => sql.push_str(" AND r.listed = 0 AND :found IS NULL"),
        LaneSource::Found(_) if page.listed => {
            sql.push_str(" AND parts_fts MATCH :found AND r.listed = 1");
        }
        LaneSource::Found(_) => sql.push_str(" AND parts_fts MATCH :found"),
    }
    match page.kind {
        Some(_) => sql.push_str(" AND r.kind = :kind"),
        None => sql.push_str(" AND :kind IS NULL"),
    }
    match &lane.from {
        None => sql.push_str(" AND coalesce(:created, :client, :clock, :id) IS NULL"),
        Some(_) => sql.push_str(&format!(
            " AND (r.created_at, r.client, r.clock, r.id) {sign} (:created, :client, :clock, :id)"
        )),
    }
    sql.push_str(&format!(
        " ORDER BY r.created_at {direction}, r.client {direction}, r.clock {direction},
          r.id {direction} LIMIT :limit"
    ));
    let from = lane.from.as_ref();
    let rows = file.all(
        &sql,
        named_params! {
            ":doc": doc.as_str(),
            ":found": found,
            ":since": page.since.unwrap_or(i64::MIN),
            ":last": page.until.map_or(i64::MAX, |until| until.saturating_sub(1)),
            ":kind": page.kind,
            ":created": from.map(|(created, _, _)| created),
            ":client": from.map(|(_, id, _)| id.client.cast_signed()),
            ":clock": from.map(|(_, id, _)| id.clock),
            ":id": from.map(|(_, _, id)| id),
            ":limit": i64::try_from(most).unwrap_or(i64::MAX),
        },
        |row| {
            let client: i64 = row.get(1)?;
            let written = Id { client: client.cast_unsigned(), clock: row.get(2)? };
            let key = (row.get(0)?, written, row.get(3)?);
            Ok((
                key,
                match found {
                    None => LaneRow::Whole(numbered_from(row, KEYS)?.map(Box::new)),
                    Some(_) => LaneRow::Number(row.get(4)?),
                },
            ))
        },
    )?;
    lane.ended = rows.len() < most;
    lane.rows = rows.into();
    if let Some((last, _)) = lane.rows.back() {
        lane.from = Some(last.clone());
    }
    Ok(())
}
