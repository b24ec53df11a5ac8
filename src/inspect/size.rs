//! Accounts for every byte of a document's file, in a table whose rows add up to the file.

use super::accounting::{ByteAccounting, Segment, Why};
use super::path::{NONE, joined};
use crate::path::DocPath;
use crate::schema::Spec;
use crate::wire::{Fault, Update};
use chrono::DateTime;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::HashMap;

/// What the rows are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeBy {
    /// One row per collection.
    Collection,
    /// One row per field, whatever became of its values.
    Field,
    /// One row per kind: live, overwritten, tombstone and others ([`Why`]).
    Kind,
    /// One row per record.
    Record,
    /// One row per author, as the records name them.
    Author,
    /// One row per client id.
    Client,
    /// One row per month in which records were created (UTC).
    Month,
}

impl SizeBy {
    /// All groupings.
    pub const ALL: &[SizeBy] = &[
        SizeBy::Collection,
        SizeBy::Field,
        SizeBy::Kind,
        SizeBy::Record,
        SizeBy::Author,
        SizeBy::Client,
        SizeBy::Month,
    ];

    /// Returns its name on the command line and in rows.
    pub fn name(self) -> &'static str {
        match self {
            SizeBy::Collection => "collection",
            SizeBy::Field => "field",
            SizeBy::Kind => "kind",
            SizeBy::Record => "record",
            SizeBy::Author => "author",
            SizeBy::Client => "client",
            SizeBy::Month => "month",
        }
    }
}

/// One row of the table; public API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeRow {
    /// The path of the bytes, or the value they were grouped by; empty for what belongs to the file as a
    /// whole.
    pub path: String,
    /// What the bytes are used for ([`Why::name`]), or what they were grouped by.
    pub kind: Cow<'static, str>,
    /// The number of bytes; over all rows the whole file.
    pub bytes: u64,
    /// The number of things of this `kind`: values, records, acknowledgements, ranges, clients.
    pub count: u64,
}

/// Where the bytes of a file are, and what could be freed.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Sizes {
    /// The length of what was measured, in bytes: the sum of all rows.
    pub file_bytes: u64,
    /// The rows, the largest first.
    pub rows: Vec<SizeRow>,
    /// The bytes of live records, with their headers, reactions and places for acknowledgements.
    pub live_bytes: u64,
    /// The bytes of records that are marked as deleted, with their acknowledgements.
    pub tombstone_bytes: u64,
    /// The bytes of residue of removed records: they are never freed, and no limit counts them.
    pub residue_bytes: u64,
    /// Records that are marked as deleted: path, and about how many bytes pruning frees.
    pub tombstones: Vec<(DocPath, u64)>,
}

/// Bytes and count of a group.
type Tally = (u64, u64);

/// The key by which segments are counted together; a group's name is computed once.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Group {
    /// At a pattern, for a reason.
    At(u32, Why),
    Pattern(u32),
    Record(u32),
    Client(u64),
    /// Year and month.
    Month(i32, u32),
    /// The author of this record, who may have written others.
    Author(u32),
    /// Segments to which the grouping does not apply.
    Rest(Why),
}

/// The most frequent groups are counted by index; the others are looked up.
const COMMON: usize = 1 << 16;
/// More than the number of reasons.
const REASONS: usize = 16;

/// The counts, by group.
#[derive(Default)]
struct Tallies {
    /// The frequent ones, by [`Group::common`].
    common: Vec<Option<(Group, Tally)>>,
    others: HashMap<Group, Tally>,
    /// A pending count of one of the others, not yet added to `others`.
    last: Option<(Group, Tally)>,
}

impl Tallies {
    fn add(&mut self, group: Group, what: Tally) {
        if let Some(place) = group.common().filter(|place| *place < COMMON) {
            if self.common.len() <= place {
                self.common.resize(place.saturating_add(1), None);
            }
            if let Some(slot) = self.common.get_mut(place) {
                more(&mut slot.get_or_insert((group, Tally::default())).1, what);
            }
            return;
        }
        match &mut self.last {
            Some((last, tally)) if *last == group => more(tally, what),
            _ => {
                self.settle();
                self.last = Some((group, what));
            }
        }
    }

    fn settle(&mut self) {
        if let Some((group, tally)) = self.last.take() {
            more(self.others.entry(group).or_default(), tally);
        }
    }

    fn finish(mut self) -> impl Iterator<Item = (Group, Tally)> {
        self.settle();
        self.common.into_iter().flatten().chain(self.others)
    }
}

fn more(tally: &mut Tally, (bytes, count): Tally) {
    *tally = (tally.0.saturating_add(bytes), tally.1.saturating_add(count));
}

impl Group {
    /// Returns an index unique within one grouping, if it is small.
    fn common(&self) -> Option<usize> {
        let at = |pattern: usize, why: usize| pattern.checked_mul(REASONS)?.checked_add(why);
        match *self {
            Group::At(pattern, why) => at((pattern as usize).checked_add(1)?, why as usize),
            Group::Rest(why) => at(0, why as usize),
            // No grouping uses these together with those above.
            Group::Pattern(pattern) => at((pattern as usize).checked_add(1)?, 0),
            _ => None,
        }
    }
}

impl Sizes {
    /// Measures a file, in linear time.
    ///
    /// # Errors
    /// The fault that ends the walk: what cannot be read cannot be measured.
    pub fn of(
        bytes: &[u8],
        spec: Option<&'static Spec>,
        by: Option<SizeBy>,
    ) -> Result<Sizes, Fault> {
        Ok(Sizes::of_update(&Update::walk(bytes)?, spec, by))
    }

    /// Measures an update that was walked.
    pub fn of_update<S>(
        update: &Update<'_, S>,
        spec: Option<&'static Spec>,
        by: Option<SizeBy>,
    ) -> Sizes {
        let accounting = ByteAccounting::of(update, spec);
        let mut sizes = Sizes {
            file_bytes: update.bytes().len() as u64,
            residue_bytes: update.residue(),
            ..Sizes::default()
        };
        let mut groups = Tallies::default();
        let mut freed = vec![0u64; accounting.records()];
        accounting.segments(|segment| {
            if segment.bytes == 0 {
                return;
            }
            groups.add(
                group(&accounting, by, &segment),
                (segment.bytes as u64, segment.count as u64),
            );
            sizes.count(&segment, accounting.is_of_a_tombstone(&segment));
            let freed_with = accounting.freed_with(&segment);
            if let Some(bytes) = freed_with.and_then(|record| freed.get_mut(record as usize)) {
                *bytes = bytes.saturating_add(segment.bytes as u64);
            }
        });
        let tombstones = (0u32..).zip(freed).filter(|(_, bytes)| *bytes > 0);
        let tombstones = tombstones.map(|(record, bytes)| (accounting.record_path(record), bytes));
        sizes.tombstones = tombstones.collect();
        sizes.tombstones.sort();
        sizes.rows = rows(&accounting, by, groups.finish());
        sizes
    }

    fn count(&mut self, segment: &Segment, is_of_a_tombstone: bool) {
        let sum = match segment.why {
            // Every record has a place for acknowledgements from the beginning.
            Why::Acknowledgement if !is_of_a_tombstone => &mut self.live_bytes,
            Why::Live | Why::Headers | Why::Reaction => &mut self.live_bytes,
            Why::Tombstone | Why::Acknowledgement => &mut self.tombstone_bytes,
            _ => return,
        };
        *sum = sum.saturating_add(segment.bytes as u64);
    }

    /// Keeps the largest rows and counts the others as one, so that the sum stays.
    pub fn keep(&mut self, top: usize) {
        if self.rows.len() <= top {
            return;
        }
        let others = self.rows.split_off(top);
        let sum =
            |value: fn(&SizeRow) -> u64| others.iter().map(value).fold(0, u64::saturating_add);
        let (bytes, count) = (sum(|row| row.bytes), sum(|row| row.count));
        self.rows.push(SizeRow { path: String::new(), kind: "other".into(), bytes, count });
    }
}

fn group<S>(
    accounting: &ByteAccounting<'_, '_, S>,
    by: Option<SizeBy>,
    segment: &Segment,
) -> Group {
    let patterns = accounting.patterns();
    let Some(by) = by else { return by_default(accounting, segment) };
    let rest = Group::Rest(segment.why);
    let pattern = |pattern: u32| if pattern == NONE { rest } else { Group::Pattern(pattern) };
    let record = accounting.record(segment.record);
    match by {
        SizeBy::Kind => rest,
        SizeBy::Collection => pattern(patterns.collection(segment.pattern)),
        SizeBy::Field => pattern(patterns.top(segment.pattern)),
        SizeBy::Record if segment.record != NONE => Group::Record(segment.record),
        SizeBy::Author if record.is_some_and(|record| record.author.is_some()) => {
            Group::Author(segment.record)
        }
        SizeBy::Client => segment.client.map_or(rest, Group::Client),
        SizeBy::Month => record.and_then(|record| month(record.created?)).unwrap_or(rest),
        SizeBy::Record | SizeBy::Author => rest,
    }
}

/// Groups live content by field, dead content and what concerns it by its former place, and the frame as a
/// whole.
fn by_default<S>(accounting: &ByteAccounting<'_, '_, S>, segment: &Segment) -> Group {
    let patterns = accounting.patterns();
    let pattern = match segment.why {
        Why::Headers => patterns.collection(segment.pattern),
        Why::Tombstone => accounting.record(segment.record).map_or(NONE, |record| record.pattern),
        _ => patterns.top(segment.pattern),
    };
    Group::At(pattern, segment.why)
}

/// Returns `None` for a time before year 0 or after year 9999.
fn month(seconds: i64) -> Option<Group> {
    use chrono::Datelike;
    let at = DateTime::from_timestamp(seconds, 0).filter(|_| seconds != 0)?;
    (0..=9999).contains(&at.year()).then(|| Group::Month(at.year(), at.month()))
}

/// Returns the groups as rows. Groups with the same name are one row.
fn rows<S>(
    accounting: &ByteAccounting<'_, '_, S>,
    by: Option<SizeBy>,
    groups: impl Iterator<Item = (Group, Tally)>,
) -> Vec<SizeRow> {
    let grouped = by.map_or("", SizeBy::name);
    let mut named: HashMap<(String, &'static str), Tally> = HashMap::new();
    for (group, (bytes, count)) in groups {
        let name = match group {
            Group::At(pattern, why) => (accounting.patterns().name(pattern), why.name()),
            Group::Pattern(pattern) => (accounting.patterns().name(pattern), grouped),
            Group::Record(record) => (joined(&accounting.record_path(record)), grouped),
            Group::Client(client) => (client.to_string(), grouped),
            Group::Month(year, month) => (format!("{year:04}-{month:02}"), grouped),
            Group::Author(record) => {
                let author = accounting.record(record).and_then(|record| record.author);
                (author.unwrap_or_default().to_owned(), grouped)
            }
            Group::Rest(why) => (String::new(), why.name()),
        };
        more(named.entry(name).or_default(), (bytes, count));
    }
    let row = |((path, kind), (bytes, count))| {
        let kind = Cow::Borrowed(kind);
        SizeRow { path, kind, bytes, count }
    };
    let mut rows: Vec<SizeRow> = named.into_iter().map(row).collect();
    rows.sort_by(|a, b| {
        b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)).then_with(|| a.kind.cmp(&b.kind))
    });
    rows
}
