//! What a document lacks of an update: the only part of it that yrs is given.
//!
//! Of a unit that it holds, yrs keeps its own copy, whatever another update calls it. So nothing
//! may be judged by that other copy: not what stands in its container, nor what hangs on it.

use super::deletes::write_var;
use super::run::{Run, write_gc};
use super::{Checked, Client, DeleteSet, Update, Version};
use std::borrow::Cow;

impl<'a> Update<'a, Checked> {
    /// The update without the blocks whose clocks `known` says are held, and with a delete set of
    /// all that it has as gone, be it GC, Deleted or deleted: yrs goes by the delete set alone
    /// where it holds a block. So what two updates claim alike ends alike, whichever came first.
    pub fn news(&self, known: impl Fn(u64) -> u32) -> Cow<'a, [u8]> {
        let Version { clocks: _, deletes } = self.version();
        let overlaps = |of: &Client| known(of.id) > of.first;
        match !self.clients.iter().any(overlaps) && deletes == self.deletes {
            true => Cow::Borrowed(self.bytes),
            false => Cow::Owned(self.write(known, &[], deletes)),
        }
    }

    /// The same, with all that is `buried`, by block, as GC.
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
