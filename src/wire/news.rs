//! The part of an update that a document lacks: the only part that yrs is given.
//!
//! yrs keeps its own copy of a unit that it holds, whatever another update says about it. So nothing may be
//! judged by that other copy: neither what is in its container, nor what depends on it.

use super::deletes::write_var;
use super::run::{Run, write_gc};
use super::{Checked, Client, DeleteSet, Update, Version};
use std::borrow::Cow;

impl<'a> Update<'a, Checked> {
    /// Returns the update without the blocks whose clocks are held according to `known`, and with a delete
    /// set of all that it has as gone, be it GC, Deleted or deleted, because yrs uses the delete set alone
    /// for blocks that it holds. So if two updates claim the same units, the result is the same, whichever
    /// came first.
    pub fn news(&self, known: impl Fn(u64) -> u32) -> Cow<'a, [u8]> {
        let Version { clocks: _, deletes } = self.version();
        let overlaps = |of: &Client| known(of.id) > of.first;
        match !self.clients.iter().any(overlaps) && deletes == self.deletes {
            true => Cow::Borrowed(self.bytes),
            false => Cow::Owned(self.write(known, &[], deletes)),
        }
    }

    /// Like [`Update::news`], with all `buried` blocks as GC.
    pub(crate) fn news_collected(&self, known: impl Fn(u64) -> u32, buried: &[bool]) -> Vec<u8> {
        let Version { clocks: _, mut deletes } = self.version();
        for (client, range) in self.client_ranges() {
            for index in range.filter(|index| buried.get(*index) == Some(&true)) {
                if let Some(block) = self.blocks.get(index) {
                    deletes.insert(client, block.clock..block.next_clock());
                }
            }
        }
        self.write(known, buried, deletes)
    }

    fn write(&self, known: impl Fn(u64) -> u32, buried: &[bool], deletes: DeleteSet) -> Vec<u8> {
        let mut out = Vec::new();
        let lacking = self.clients.iter().rev().filter_map(|of| {
            let first = of.first.max(known(of.id));
            Some((of, first, Run::from(self, of, first)?))
        });
        let lacking: Vec<_> = lacking.collect();
        write_var(&mut out, lacking.len() as u64);
        for (of, first, mut run) in lacking {
            write_var(&mut out, run.blocks().len() as u64);
            write_var(&mut out, of.id);
            write_var(&mut out, u64::from(first));
            let from = of.blocks.end.saturating_sub(run.blocks().len());
            for index in from..of.blocks.end {
                let (_, units) = run.offset_and_rest();
                match buried.get(index) {
                    Some(true) => write_gc(units, &mut out),
                    _ => run.write(units, &mut out),
                }
                run.seek(run.clock().saturating_add(units));
            }
        }
        deletes.encode(&mut out);
        out
    }
}
