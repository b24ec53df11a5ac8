//! The order of a list of texts, as it is kept outside the document: enough to find an entry, to remove it,
//! and to put another one beside it, with only the blocks of a few entries at hand.

use super::deletes::write_var;
use super::head::{TEXT_VALUE, write_bytes, write_id};
use super::{
    BlockKind, ByteReader, Checked, Clocks, Header, Id, Owner, Parent, Run, RunContent, Update,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// More runs than this that an edit added are not followed: each is looked for among all entries.
const MOST_NEW: usize = 1_000;

/// The length of the hash of a stored order, in it.
const SEAL_BYTES: usize = 16;

/// The entries of a list in order, all of them texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListOrder {
    entries: Vec<OrderedText>,
    end: BeforeUnit,
    /// What the texts of the entries lie in.
    texts: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct OrderedText {
    unit: Id,
    left: BeforeUnit,
    text: Range<usize>,
}

/// What is directly before an entry, or before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BeforeUnit {
    /// Nothing: it is the first unit.
    Start,
    /// The entry before it.
    Entry,
    /// A dead unit.
    Dead(Id),
    Unknown,
}

/// A place in a list that an operation reads or changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListSpot {
    /// Every entry with this text.
    Text(String),
    /// Every entry with this text, and the one before each.
    Previous(String),
    /// Directly before every entry with this text; the end if there is none.
    Before(String),
    /// Directly before the first entry, and before the second one.
    Start,
    /// After everything.
    End,
}

/// Some units of a list in order, with the texts of those that live.
pub type ListPart<'l> = Vec<(Id, Option<&'l [u8]>)>;

/// Places by root and list.
pub type ListSpots = BTreeMap<(String, Id), BTreeSet<ListSpot>>;

/// Orders by root and list.
pub type ListOrders = BTreeMap<(String, Id), Arc<ListOrder>>;

impl Default for ListOrder {
    /// The order of a list in which nothing was ever written.
    fn default() -> Self {
        ListOrder { entries: Vec::new(), end: BeforeUnit::Start, texts: Vec::new() }
    }
}

impl ListOrder {
    /// Returns the order of a list in a state, given its entries; `None` if one is not a text. Of what is
    /// beside an entry only that is known which is certain: nothing else was ever written beside it, or it is
    /// among what a client wrote from `last` on, which nobody has seen yet.
    pub fn of(
        list: Id,
        state: &Update<'_, Checked>,
        units: &[(Id, Option<String>)],
        last: Option<Id>,
    ) -> Option<ListOrder> {
        let known = state.neighbours(units.iter().map(|(unit, _)| *unit));
        let new = last.map_or_else(Vec::new, |last| NewUnits::all(list, state, last));
        let mut order = ListOrder { end: BeforeUnit::Unknown, ..ListOrder::default() };
        let mut before = None;
        for (unit, text) in units {
            let is_first = before.is_none() && NewUnits::is_first(&new, *unit);
            let left = match known.get(unit).copied() {
                Some(left) if Some(left) == before => BeforeUnit::Entry,
                Some(left) => BeforeUnit::Dead(left),
                None if is_first => BeforeUnit::Start,
                None if before.is_some_and(|left| NewUnits::meet(&new, left, *unit)) => {
                    BeforeUnit::Entry
                }
                None => BeforeUnit::Unknown,
            };
            let text = order.keep(text.as_ref()?.as_bytes());
            order.entries.push(OrderedText { unit: *unit, left, text });
            before = Some(*unit);
        }
        if before.is_some_and(|unit| NewUnits::is_last(&new, unit)) {
            order.end = BeforeUnit::Entry;
        }
        Some(order)
    }

    /// Returns the texts in order.
    pub fn texts(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.iter().map(|entry| self.text(entry))
    }

    fn text(&self, entry: &OrderedText) -> &[u8] {
        self.texts.get(entry.text.clone()).unwrap_or_default()
    }

    fn keep(&mut self, text: &[u8]) -> Range<usize> {
        let from = self.texts.len();
        self.texts.extend_from_slice(text);
        from..self.texts.len()
    }

    /// Returns the units needed at these places; `None` if what is beside one of them is not known.
    pub fn part(&self, spots: &BTreeSet<ListSpot>) -> Option<ListPart<'_>> {
        let (mut wanted, count) = (BTreeSet::new(), self.entries.len());
        for spot in spots {
            match spot {
                ListSpot::Text(text) => wanted.extend(self.places(text)),
                ListSpot::Previous(text) => {
                    wanted.extend(self.places(text).flat_map(|at| [at.saturating_sub(1), at]));
                }
                ListSpot::Before(text) if self.places(text).next().is_some() => {
                    self.places(text).try_for_each(|at| self.gap(at, &mut wanted))?;
                }
                ListSpot::Before(_) | ListSpot::End => self.gap(count, &mut wanted)?,
                // One of the two may be removed first.
                ListSpot::Start => {
                    (0..=count.min(1)).try_for_each(|at| self.gap(at, &mut wanted))?
                }
            }
        }
        let mut part = Vec::new();
        for at in wanted {
            if let Some(BeforeUnit::Dead(left)) = self.beside(at) {
                part.push((left, None));
            }
            part.extend(self.entries.get(at).map(|entry| (entry.unit, Some(self.text(entry)))));
        }
        Some(part)
    }

    fn places<'o>(&'o self, text: &'o str) -> impl Iterator<Item = usize> + 'o {
        let entries = (0..).zip(&self.entries);
        let found = entries.filter(move |(_, entry)| self.text(entry) == text.as_bytes());
        found.map(|(at, _)| at)
    }

    /// Adds the entry at a place, or the end, and what is directly before it.
    fn gap(&self, at: usize, wanted: &mut BTreeSet<usize>) -> Option<()> {
        wanted.insert(at);
        match self.beside(at)? {
            BeforeUnit::Unknown => None,
            BeforeUnit::Entry => {
                wanted.insert(at.checked_sub(1)?);
                Some(())
            }
            BeforeUnit::Start | BeforeUnit::Dead(_) => Some(()),
        }
    }

    /// Returns what is directly before the entry at a place, or before the end.
    fn beside(&self, at: usize) -> Option<BeforeUnit> {
        match self.entries.get(at) {
            Some(entry) => Some(entry.left),
            None => (at == self.entries.len()).then_some(self.end),
        }
    }

    fn beside_mut(&mut self, at: usize) -> &mut BeforeUnit {
        match self.entries.get_mut(at) {
            Some(entry) => &mut entry.left,
            None => &mut self.end,
        }
    }

    /// Returns the order after an edit of this part of the list; `before` are the clocks of the whole state
    /// before it. `None` if the edit is none that can be followed.
    pub fn edited(
        &self,
        list: Id,
        part: &[(Id, Option<&[u8]>)],
        now: &Update<'_, Checked>,
        before: &Clocks,
    ) -> Option<ListOrder> {
        let mut order = self.clone();
        for (client, end) in now.clients.iter().map(|client| (client.id, client.end)) {
            let clock = before.get(&client).copied().unwrap_or(0);
            if end > clock {
                let new = NewUnits::all(list, now, Id { client, clock });
                (new.len() <= MOST_NEW).then_some(())?;
                new.iter().try_for_each(|new| order.add(new))?;
            }
        }
        removed(part, now).try_for_each(|unit| order.remove(unit))?;
        Some(order)
    }

    /// Adds units directly beside what they name.
    fn add(&mut self, new: &NewUnits<'_>) -> Option<()> {
        let (at, mut left) = match new.left {
            Some(left) => self.behind(left)?,
            None if new.right.is_some() => (0, BeforeUnit::Start),
            None => (self.entries.is_empty() && self.end == BeforeUnit::Start)
                .then_some((0, BeforeUnit::Start))?,
        };
        let is_beside = self.beside(at)? == left;
        let last = match &new.texts {
            Some(texts) => {
                (texts.len() == new.count as usize).then_some(())?;
                let mut added = Vec::new();
                for (clock, text) in (new.first.clock..).zip(texts) {
                    let left = std::mem::replace(&mut left, BeforeUnit::Entry);
                    let (unit, text) = (Id { clock, ..new.first }, self.keep(text));
                    added.push(OrderedText { unit, left, text });
                }
                let next = at.checked_add(added.len())?;
                self.entries.splice(at..at, added);
                (next, BeforeUnit::Entry)
            }
            None => (at, BeforeUnit::Dead(new.last()?)),
        };
        if is_beside {
            *self.beside_mut(last.0) = last.1;
        }
        Some(())
    }

    /// Returns the place directly behind a unit, and what is then before it.
    fn behind(&self, unit: Id) -> Option<(usize, BeforeUnit)> {
        // Most are written at the end.
        if let Some(at) = self.entries.iter().rposition(|entry| entry.unit == unit) {
            return Some((at.checked_add(1)?, BeforeUnit::Entry));
        }
        let dead = BeforeUnit::Dead(unit);
        let at = self.entries.iter().position(|entry| entry.left == dead);
        let at = at.or_else(|| (self.end == dead).then_some(self.entries.len()))?;
        Some((at, dead))
    }

    fn remove(&mut self, unit: Id) -> Option<()> {
        let at = self.entries.iter().position(|entry| entry.unit == unit)?;
        let next = self.beside_mut(at.checked_add(1)?);
        if *next == BeforeUnit::Entry {
            *next = BeforeUnit::Dead(unit);
        }
        self.entries.remove(at);
        Some(())
    }

    /// Encodes the order for [`ListOrder::decode`].
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.texts.len().saturating_mul(2));
        write_var(&mut out, self.entries.len() as u64);
        let mut client = 0;
        for entry in &self.entries {
            write_beside(entry.left, &mut out);
            // Most were written by the same client as the one before.
            let is_same = entry.unit.client == client;
            write_var(&mut out, u64::from(entry.unit.clock) << 1 | u64::from(is_same));
            if !is_same {
                client = entry.unit.client;
                write_var(&mut out, client);
            }
            let text = self.text(entry);
            write_bytes(&mut out, text);
        }
        write_beside(self.end, &mut out);
        let seal = seal_of(&out);
        out.extend_from_slice(&seal);
        out
    }

    /// Reads what [`ListOrder::encode`] wrote; `None` if the bytes are something else, or damaged: what is
    /// written beside the wrong unit stays there for ever.
    pub fn decode(mut bytes: Vec<u8>) -> Option<ListOrder> {
        let (said, seal) = bytes.split_last_chunk::<SEAL_BYTES>()?;
        (seal_of(said) == *seal).then_some(())?;
        bytes.truncate(said.len());
        let mut reader = ByteReader::at(&bytes, 0);
        let count = reader.count(3).ok()?;
        let mut entries = Vec::with_capacity(count);
        let mut client = 0;
        for _ in 0..count {
            let left = read_beside(&mut reader)?;
            let clock = reader.var().ok()?;
            if clock & 1 == 0 {
                client = reader.client().ok()?;
            }
            let unit = Id { client, clock: u32::try_from(clock >> 1).ok()? };
            let len = reader.buffer().ok()?.len();
            let end = reader.offset();
            entries.push(OrderedText { unit, left, text: end.checked_sub(len)?..end });
        }
        let end = read_beside(&mut reader)?;
        (reader.left() == 0).then_some(())?;
        Some(ListOrder { entries, end, texts: bytes })
    }
}

fn seal_of(bytes: &[u8]) -> [u8; SEAL_BYTES] {
    let mut hasher = blake3::Hasher::new_derive_key("crdtctl 1 list order");
    let mut seal = [0; SEAL_BYTES];
    hasher.update(bytes).finalize_xof().fill(&mut seal);
    seal
}

fn write_beside(beside: BeforeUnit, out: &mut Vec<u8>) {
    match beside {
        BeforeUnit::Entry => out.push(0),
        BeforeUnit::Start => out.push(1),
        BeforeUnit::Unknown => out.push(2),
        BeforeUnit::Dead(unit) => {
            out.push(3);
            write_id(out, unit);
        }
    }
}

fn read_beside(reader: &mut ByteReader<'_>) -> Option<BeforeUnit> {
    Some(match reader.byte().ok()? {
        0 => BeforeUnit::Entry,
        1 => BeforeUnit::Start,
        2 => BeforeUnit::Unknown,
        3 => {
            let client = reader.client().ok()?;
            BeforeUnit::Dead(Id { client, clock: reader.clock().ok()? })
        }
        _ => return None,
    })
}

/// Returns the units of a part that an edit removed.
pub fn removed<'p>(
    part: &'p [(Id, Option<&[u8]>)],
    now: &'p Update<'_, Checked>,
) -> impl Iterator<Item = Id> + 'p {
    let lived = part.iter().filter(|(_, text)| text.is_some()).map(|(unit, _)| *unit);
    lived.filter(|unit| now.deletes.contains(*unit))
}

/// Returns the units of a part as blocks, as if nothing else had ever been in the list, and they had been
/// written in the order of these ranks.
pub fn list_blocks(
    list: Id,
    part: &[(Id, Option<&[u8]>)],
    rank: &dyn Fn(Id) -> usize,
) -> BTreeMap<Id, Vec<u8>> {
    let mut units: Vec<(Id, usize, Option<&[u8]>)> =
        (0..).zip(part).map(|(at, (unit, text))| (*unit, at, *text)).collect();
    units.sort_by_cached_key(|(unit, ..)| (rank(*unit), *unit));
    let mut written: BTreeMap<usize, Id> = BTreeMap::new();
    let mut blocks = BTreeMap::new();
    for (unit, at, text) in units {
        let left = written.range(..at).next_back().map(|(_, left)| *left);
        let right = written.range(at..).next().map(|(_, right)| *right);
        blocks.insert(unit, block_of(list, left, right, text));
        written.insert(at, unit);
    }
    blocks
}

/// Returns the units of a part as blocks that are in the list, wherever.
pub fn loose_blocks(list: Id, part: &[(Id, Option<&[u8]>)]) -> BTreeMap<Id, Vec<u8>> {
    part.iter().map(|(unit, text)| (*unit, block_of(list, None, None, *text))).collect()
}

/// Returns an entry of a list, dead if it has no text, as a block between two others.
fn block_of(list: Id, left: Option<Id>, right: Option<Id>, text: Option<&[u8]>) -> Vec<u8> {
    let kind = if text.is_some() { BlockKind::Any } else { BlockKind::Deleted };
    let mut out = Vec::new();
    Header { left, right, parent: Some(Parent::Item(list)), key: None }.write(kind, &mut out);
    write_var(&mut out, 1);
    if let Some(text) = text {
        out.push(TEXT_VALUE);
        write_bytes(&mut out, text);
    }
    out
}

/// Units in a list that one client wrote in a row.
struct NewUnits<'a> {
    first: Id,
    count: u32,
    left: Option<Id>,
    right: Option<Id>,
    /// `None` if they are dead.
    texts: Option<Vec<&'a [u8]>>,
}

impl<'a> NewUnits<'a> {
    /// Returns everything in a list that a client wrote from a unit on, in the order of writing.
    fn all(list: Id, state: &Update<'a, Checked>, from: Id) -> Vec<Self> {
        let mut all = Vec::new();
        let of = state.client(from.client);
        let Some(mut run) = of.and_then(|of| Run::from(state, of, from.clock)) else { return all };
        while let Some(block) = run.block() {
            let (clock, (_, count)) = (run.clock(), run.offset_and_rest());
            let slot = state.find(Id { client: from.client, clock });
            let owner = slot.and_then(|at| state.facts.slot_of(at)).map(|slot| slot.owner);
            if matches!(owner, Some(Owner::Item { id, .. }) if id == list) {
                let header = run.header();
                let texts = (block.kind != BlockKind::Deleted).then(|| texts_at(&mut run, count));
                let (left, right) = (header.left, header.right);
                let first = Id { client: from.client, clock };
                all.push(NewUnits { first, count, left, right, texts });
            }
            run.seek(block.next_clock());
        }
        all
    }

    fn last(&self) -> Option<Id> {
        let clock = self.first.clock.checked_add(self.count.checked_sub(1)?)?;
        Some(Id { clock, ..self.first })
    }

    /// Whether a unit was written before all others, and nothing was written before it since.
    fn is_first(all: &[Self], unit: Id) -> bool {
        let mut first = all.iter().filter(|new| new.left.is_none());
        first.next().is_some_and(|new| new.first == unit) && first.next().is_none()
    }

    /// Whether one unit was written directly before another, and nothing was written between them since.
    fn meet(all: &[Self], left: Id, right: Id) -> bool {
        let is_it = |new: &Self| new.last() == Some(left) && new.right == Some(right);
        all.iter().any(is_it) && all.iter().all(|new| new.left != Some(left))
    }

    /// Whether a unit was written after all others, and nothing was written after it since.
    fn is_last(all: &[Self], unit: Id) -> bool {
        let is_it = |new: &&Self| new.last() == Some(unit) && new.right.is_none();
        all.iter().any(|new| is_it(&new)) && all.iter().all(|new| new.left != Some(unit))
    }
}

/// Returns the texts from the present position on; fewer than `count` if others follow.
fn texts_at<'a>(run: &mut Run<'_, 'a, Checked>, count: u32) -> Vec<&'a [u8]> {
    let Some(RunContent::Values(values)) = run.content() else { return Vec::new() };
    let mut values = values.clone();
    let text = |_| (values.byte().ok()? == TEXT_VALUE).then(|| values.buffer().ok()).flatten();
    (0..count).map_while(text).collect()
}
