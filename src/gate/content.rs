//! Content that yrs does not take, and where it is allowed all the same.

use super::check::Checker;
use crate::limits::ANY_DEPTH;
use crate::wire::{Block, BlockKind, ByteReader, Fault, Shape, SlotRef, any};

impl<S> Checker<'_, '_, S> {
    /// Tolerates sound content that yrs does not take, where anything is expected.
    pub(super) fn let_pass(&mut self, place: Option<SlotRef>, fault: Fault) -> Result<(), Fault> {
        if !fault.is_unsupported() || !place.is_some_and(|place| self.expects_anything(place)) {
            return Err(fault);
        }
        self.facts.beyond.get_or_insert(fault);
        Ok(())
    }

    /// Whether there are places that may hold anything.
    fn is_lenient(&self) -> bool {
        self.facts.anything || self.facts.known.is_some()
    }

    /// Whether this place may hold anything. If that is unknown, it is checked against the document later;
    /// and what is gone is never shown.
    fn expects_anything(&self, place: SlotRef) -> bool {
        match (self.facts.anything, self.facts.known, place) {
            (true, ..) => true,
            (_, None, _) => false,
            (_, Some(_), SlotRef::Slot(slot)) => {
                let slot = self.facts.slots.get(slot as usize);
                slot.is_some_and(|slot| slot.beside || !slot.rooted)
            }
            (_, Some(_), SlotRef::Open | SlotRef::Gone) => true,
        }
    }

    pub(super) fn check_kind(&self, block: &Block) -> Result<(), Fault> {
        let content = self.update.content(block);
        match block.kind {
            BlockKind::Skip => Err(block.fault("skip", "the update has a gap")),
            BlockKind::Json | BlockKind::Format | BlockKind::Doc | BlockKind::Move => {
                self.check_json(block, content)?;
                Err(block.fault("kind", format!("{} is not supported", block.kind.name())))
            }
            BlockKind::Type if Shape::of_type(content).is_none() => {
                Err(block.fault("type", "a container that is not an array, map or text"))
            }
            BlockKind::Embed => {
                let json = ByteReader::at(content, 0).text()?;
                match any::embedded(json) {
                    Some(_) => Ok(()),
                    None if any::nests_deeper(json) => Err(too_deep(block)),
                    None if self.is_lenient() && any::is_json(json) => {
                        Err(block.fault("kind", "an embedded value that is not supported"))
                    }
                    None => Err(block.fault("value", "an embedded value that is not JSON")),
                }
            }
            _ if block.deep => Err(too_deep(block)),
            _ => Ok(()),
        }
    }

    /// Yjs parses the JSON in each block it reads, and cannot read a document at all if one is not valid
    /// JSON.
    fn check_json(&self, block: &Block, content: &[u8]) -> Result<(), Fault> {
        let mut reader = ByteReader::at(content, 0);
        let texts = match block.kind {
            BlockKind::Format => reader.text().map(|_| 1)?,
            BlockKind::Json => reader.var()?,
            _ => 0,
        };
        for _ in 0..texts {
            let json = reader.text()?;
            if json != "undefined" && !any::is_json(json) {
                return Err(block.fault("value", "a value that is not JSON"));
            }
        }
        Ok(())
    }
}

fn too_deep(block: &Block) -> Fault {
    block.fault("nesting", format!("a value nested deeper than {ANY_DEPTH}"))
}
