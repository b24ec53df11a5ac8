//! Rule 3 of the gate: two different operations under one (client, clock) prove that two replicas
//! wrote under one id.

use crate::wire::{
    Alive, BlockKind, ByteReader, Checked, Client, DeleteSet, Id, Run, RunContent, Update, Value,
    any,
};

impl Update<'_, Checked> {
    /// Returns the first unit that this update and `base`, a whole state, both hold with different origins,
    /// parent, key or content. Content is compared by value, since yrs re-encodes it. Units that one side has
    /// as GC or Deleted are not compared, nor is content that one of them deletes. If there is no such unit,
    /// returns the first that one of them has as GC and the other has in a root, because nobody collects
    /// that. Linear in the overlap.
    pub fn fork(&self, base: &Update<'_, Checked>) -> Option<Id> {
        self.forks(base).next().or_else(|| {
            match self.collected_alive(base, &DeleteSet::default()) {
                Some(Alive::InRoot(id)) => Some(id),
                _ => None,
            }
        })
    }
}

impl<S> Update<'_, S> {
    /// Returns the first unit that this update and another both hold, but differently: no single history
    /// contains both. Units deleted in either are not compared. Linear in the overlap.
    pub fn contradicts<T>(&self, other: &Update<'_, T>) -> Option<Id> {
        self.clients.iter().find_map(|ours| {
            let theirs = other.client(ours.id)?;
            fork_of_client(self, ours, other, theirs)
        })
    }

    /// Returns, per client, the first unit that this update and `base` both hold, but differently.
    pub(super) fn forks(&self, base: &Update<'_, Checked>) -> impl Iterator<Item = Id> {
        self.clients.iter().filter_map(|ours| {
            let theirs = base.client(ours.id)?;
            fork_of_client(self, ours, base, theirs)
        })
    }
}

fn fork_of_client<A, B>(
    a: &Update<'_, A>,
    of_a: &Client,
    b: &Update<'_, B>,
    of_b: &Client,
) -> Option<Id> {
    let end = of_a.end.min(of_b.end);
    let mut clock = of_a.first.max(of_b.first);
    let gone = |clock| {
        let id = Id { client: of_a.id, clock };
        a.deletes.contains(id) || b.deletes.contains(id)
    };
    let (mut a, mut b) = (Run::from(a, of_a, clock)?, Run::from(b, of_b, clock)?);
    while clock < end {
        let units = a.offset_and_rest().1.min(b.offset_and_rest().1);
        if let Some(differs) = difference(&mut a, &mut b, units, &gone) {
            return Some(Id { client: of_a.id, clock: clock.saturating_add(differs) });
        }
        // A block is never empty; if one were, this would make the loop end rather than stall.
        clock = clock.saturating_add(units.max(1));
        a.seek(clock);
        b.seek(clock);
    }
    None
}

/// Returns the first of the next units that differs. The content of `gone` units may differ: a side that has
/// them as Deleted cannot tell.
fn difference<A, B>(
    a: &mut Run<'_, '_, A>,
    b: &mut Run<'_, '_, B>,
    units: u32,
    gone: &impl Fn(u32) -> bool,
) -> Option<u32> {
    // Most blocks are: then nothing in them has to be read.
    if a.begins_alike(b) {
        return None;
    }
    let (block_a, block_b) = (a.block()?, b.block()?);
    let either = |kind: BlockKind| block_a.kind == kind || block_b.kind == kind;
    if either(BlockKind::Gc) || either(BlockKind::Skip) {
        return None;
    }
    if a.header() != b.header() {
        return Some(0);
    }
    if either(BlockKind::Deleted) {
        return None;
    }
    let clock = a.clock();
    let lives = |unit: &u32| !gone(clock.saturating_add(*unit));
    if block_a.kind != block_b.kind {
        return (0..units).find(lives);
    }
    let differs = match (a.content()?, b.content()?) {
        (RunContent::Units(a), RunContent::Units(b)) => {
            (0..units).find(|unit| !same_unit(a.next(), b.next()) && lives(unit))
        }
        (RunContent::Values(a), RunContent::Values(b)) => {
            (0..units).find(|unit| !same_value(a, b) && lives(unit))
        }
        (RunContent::Whole(a), RunContent::Whole(b)) => {
            let same = a == b
                || match block_a.kind {
                    BlockKind::Embed => same_embedded(a, b),
                    BlockKind::Format => same_format(a, b),
                    BlockKind::Doc => same_document(a, b),
                    _ => false,
                };
            (!same).then_some(0).filter(lives)
        }
        _ => Some(0).filter(lives),
    };
    a.took(units);
    b.took(units);
    differs
}

/// Compares UTF-16 units; a surrogate pair that was cut on one side is two replacement characters there.
fn same_unit(a: Option<u16>, b: Option<u16>) -> bool {
    const CUT: u16 = 0xfffd;
    let half = |unit: u16| (0xd800..0xe000).contains(&unit);
    match (a, b) {
        (Some(a), Some(b)) => a == b || (a == CUT && half(b)) || (b == CUT && half(a)),
        _ => false,
    }
}

fn same_value(a: &mut ByteReader<'_>, b: &mut ByteReader<'_>) -> bool {
    let (mut from_a, mut from_b) = (a.clone(), b.clone());
    if a.skip_any().is_err() || b.skip_any().is_err() {
        return false;
    }
    let bytes =
        |from: &ByteReader<'_>, to: &ByteReader<'_>| to.offset().saturating_sub(from.offset());
    let (len_a, len_b) = (bytes(&from_a, a), bytes(&from_b, b));
    if len_a == len_b {
        let (mut a, mut b) = (from_a.clone(), from_b.clone());
        if matches!((a.take(len_a), b.take(len_b)), (Ok(a), Ok(b)) if a == b) {
            return true;
        }
    }
    let (a, b) = (any::read(&mut from_a), any::read(&mut from_b));
    matches!((a, b), (Ok(a), Ok(b)) if any::same_rewritten(&a, &b))
}

fn same_embedded(a: &[u8], b: &[u8]) -> bool {
    same_json(&mut ByteReader::at(a, 0), &mut ByteReader::at(b, 0))
}

/// Compares a key and JSON; some programs write the JSON keys in any order.
fn same_format(a: &[u8], b: &[u8]) -> bool {
    let (mut a, mut b) = (ByteReader::at(a, 0), ByteReader::at(b, 0));
    matches!((a.text(), b.text()), (Ok(a), Ok(b)) if a == b) && same_json(&mut a, &mut b)
}

/// Compares a guid and its options; some programs write the option keys in any order.
fn same_document(a: &[u8], b: &[u8]) -> bool {
    let (mut a, mut b) = (ByteReader::at(a, 0), ByteReader::at(b, 0));
    matches!((a.text(), b.text()), (Ok(a), Ok(b)) if a == b) && same_value(&mut a, &mut b)
}

fn same_json(a: &mut ByteReader<'_>, b: &mut ByteReader<'_>) -> bool {
    let value =
        |reader: &mut ByteReader<'_>| -> Option<Value> { any::embedded(reader.text().ok()?) };
    matches!((value(a), value(b)), (Some(a), Some(b)) if any::same(&a, &b))
}
