//! Content in other roots than those that a concern knows. Other programs may write there whatever Yjs
//! writes. yrs is given collected content in its place; what yrs makes of the rest then gets the original put
//! back, block by block.

use super::deletes::write_var;
use super::run::{Run, write_gc};
use super::{
    Block, BlockKind, BlockWriters, ByteReader, Checked, DeleteSet, Fault, Id, IdSet, Owner, Shape,
    SlotRef, Update, WalkedBytes, any,
};
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

impl<'a> Update<'a, Checked> {
    /// Returns the units that yrs is not given: those in other roots than the known ones, and those gone ones
    /// that it does not take. `known` are such units of the target document.
    pub fn beside(&self, known: &IdSet) -> IdSet {
        let writers = BlockWriters::of(self);
        let mut beside = vec![false; self.blocks.len()];
        for index in self.facts.order.iter().map(|index| *index as usize) {
            let is_beside = |id: Id| {
                let own = self.find(id).is_some_and(|at| beside.get(at) == Some(&true));
                own || known.contains(id)
            };
            let Some(block) = self.blocks.get(index) else { continue };
            let stands = match (self.facts.standing(index), self.facts.slot_of(index)) {
                (SlotRef::Slot(_), Some(slot)) => match slot.owner {
                    _ if slot.rooted => slot.beside,
                    // What yrs does not take can only be in other roots, or be gone.
                    Owner::Item { id, .. } => is_beside(id) || self.is_beyond_yrs(block),
                    Owner::Root(_) => slot.beside,
                },
                (SlotRef::Gone, _) => self.is_beyond_yrs(block),
                _ => {
                    let (left, right) = self.origins(block);
                    self.is_beyond_yrs(block)
                        || left.is_some_and(is_beside)
                        || right.is_some_and(is_beside)
                }
            };
            if let Some(entry) = beside.get_mut(index) {
                *entry = stands && !matches!(block.kind, BlockKind::Gc | BlockKind::Skip);
            }
        }
        let mut ids = IdSet::default();
        for (index, block) in (0u32..).zip(&self.blocks[..]) {
            if beside.get(index as usize) == Some(&true) {
                ids.insert(writers.get(index), block.clock..block.next_clock());
            }
        }
        ids
    }

    /// Returns the update with these units as if they had been collected. The result may be read, or given to
    /// yrs, but never stored or merged.
    pub fn without(&self, ids: &IdSet) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len());
        write_var(&mut out, self.clients.len() as u64);
        for of in self.clients.iter().rev() {
            let mut pieces = BlockPieces::default();
            if let Some(mut run) = Run::from(self, of, of.first) {
                for range in ids.within(of.id, of.first..of.end) {
                    pieces.copy(&mut run, range.start);
                    pieces.collect(range.clone());
                    run.seek(range.end);
                }
                pieces.copy(&mut run, of.end);
            }
            pieces.write(of.id, of.first, &mut out);
        }
        self.deletes.encode(&mut out);
        out
    }
}

impl<S> Update<'_, S> {
    /// Whether yrs does not take a block, wherever it is.
    pub(super) fn is_beyond_yrs(&self, block: &Block) -> bool {
        match block.kind {
            BlockKind::Json | BlockKind::Format | BlockKind::Doc | BlockKind::Move => true,
            BlockKind::Type => Shape::of_type(self.content(block)).is_none(),
            BlockKind::Embed => {
                let json = ByteReader::at(self.content(block), 0).text();
                json.map_or(true, |json| any::embedded(json).is_none())
            }
            _ => block.deep,
        }
    }
}

/// Consecutive blocks of one client.
#[derive(Default)]
struct BlockPieces {
    count: u64,
    bytes: Vec<u8>,
}

impl BlockPieces {
    /// Appends the rest of a run up to a clock.
    fn copy<S>(&mut self, run: &mut Run<'_, '_, S>, until: u32) {
        while run.clock() < until {
            let (_, rest) = run.offset_and_rest();
            let units = rest.min(until.saturating_sub(run.clock()));
            if units == 0 {
                return;
            }
            run.write(units, &mut self.bytes);
            run.seek(run.clock().saturating_add(units));
            self.count = self.count.saturating_add(1);
        }
    }

    fn collect(&mut self, range: Range<u32>) {
        write_gc(range.end.saturating_sub(range.start), &mut self.bytes);
        self.count = self.count.saturating_add(1);
    }

    fn write(self, client: u64, first: u32, out: &mut Vec<u8>) {
        write_var(out, self.count);
        write_var(out, client);
        write_var(out, u64::from(first));
        out.extend_from_slice(&self.bytes);
    }
}

/// The part of a document that yrs was not given.
#[derive(Default)]
pub struct BesideBlocks {
    ids: IdSet,
    /// Those units of it that are deleted.
    deletes: DeleteSet,
    parts: Vec<Rc<BesidePart>>,
}

/// The part of an update that yrs is not given.
pub struct BesidePart {
    /// All such units of the update.
    all: IdSet,
    /// Those that the document lacks.
    new: IdSet,
    /// Those that the update deletes and the document does not.
    deletes: DeleteSet,
    /// The update, if anything in it is new.
    update: Option<WalkedBytes>,
}

impl BesidePart {
    /// Returns the units that yrs is not given.
    pub fn ids(&self) -> &IdSet {
        &self.all
    }

    /// Whether it changes the document.
    pub fn is_news(&self) -> bool {
        !self.new.is_empty() || !self.deletes.is_empty()
    }
}

impl BesideBlocks {
    /// Returns the part of an update that yrs is not given, for a document that has each client's clocks up
    /// to `reached`.
    ///
    /// # Errors
    /// None for a checked update.
    pub fn part_of(
        &self,
        update: &Update<'_, Checked>,
        reached: impl Fn(u64) -> u32,
    ) -> Result<BesidePart, Fault> {
        let all = update.beside(&self.ids);
        let mut new = IdSet::default();
        for (client, range) in all.iter() {
            new.insert(client, range.start.max(reached(client))..range.end);
        }
        let mut held = self.ids.clone();
        held.union(&new);
        let mut deletes = DeleteSet::default();
        for (client, range) in update.version().deletes.iter() {
            held.within(client, range).for_each(|range| deletes.insert(client, range));
        }
        deletes.subtract(&self.deletes);
        let keep = || WalkedBytes::read(update.to_shared_bytes());
        let update = if new.is_empty() { None } else { Some(keep()?) };
        Ok(BesidePart { all, new, deletes, update })
    }

    /// Keeps such a part of an update.
    pub fn take(&mut self, part: &Rc<BesidePart>) {
        self.ids.union(&part.new);
        self.deletes.union(&part.deletes);
        if part.update.is_some() {
            self.parts.push(Rc::clone(part));
        }
    }

    /// Returns the state that yrs wrote, with everything put back that yrs was not given.
    ///
    /// # Errors
    /// If the bytes are not such a state.
    pub fn restore(&self, state: &[u8]) -> Result<Vec<u8>, Fault> {
        self.put_back(
            state,
            &self.parts.iter().map(|part| &**part).collect::<Vec<_>>(),
            &self.deletes,
        )
    }

    /// Like [`BesideBlocks::restore`], for an update that yrs wrote, and a part that was not kept yet.
    ///
    /// # Errors
    /// If the bytes are not such an update.
    pub fn restore_part(&self, update: &[u8], part: &BesidePart) -> Result<Vec<u8>, Fault> {
        self.put_back(update, &[part], &part.deletes)
    }

    fn put_back(
        &self,
        bytes: &[u8],
        parts: &[&BesidePart],
        deletes: &DeleteSet,
    ) -> Result<Vec<u8>, Fault> {
        let written = Update::walk(bytes)?;
        let mut ids = self.ids.clone();
        let mut places: BTreeMap<u64, Vec<(u32, u32, usize)>> = BTreeMap::new();
        for (at, part) in parts.iter().enumerate() {
            ids.union(&part.new);
            for (client, range) in part.new.iter() {
                places.entry(client).or_default().push((range.start, range.end, at));
            }
        }
        let sources: Vec<_> =
            parts.iter().map(|part| part.update.as_ref().map(WalkedBytes::update)).collect();
        let mut out = Vec::with_capacity(bytes.len());
        write_var(&mut out, written.clients.len() as u64);
        for of in written.clients.iter().rev() {
            let mut pieces = BlockPieces::default();
            let lost =
                || Fault::new(0, "incomplete", "yrs did not keep the clocks of what it lacks");
            let mut run = Run::from(&written, of, of.first).ok_or_else(lost)?;
            let mut own = places.remove(&of.id).unwrap_or_default();
            own.sort_unstable();
            for (start, end, at) in own {
                pieces.copy(&mut run, start);
                let source = sources.get(at).and_then(Option::as_ref).ok_or_else(lost)?;
                let theirs = source.client(of.id).ok_or_else(lost)?;
                let mut from = Run::from(source, theirs, start).ok_or_else(lost)?;
                pieces.copy(&mut from, end);
                run.seek(end);
                if from.clock() != end || end > of.end || start < of.first {
                    return Err(lost());
                }
            }
            pieces.copy(&mut run, of.end);
            pieces.write(of.id, of.first, &mut out);
        }
        if !places.is_empty() {
            return Err(Fault::new(0, "incomplete", "yrs holds nothing by a client that wrote"));
        }
        let mut gone = written.deletes.clone();
        gone.subtract(&ids);
        gone.union(deletes);
        gone.encode(&mut out);
        Ok(out)
    }
}
