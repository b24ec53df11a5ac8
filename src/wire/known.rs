//! What of an update stands in some of its roots.

use super::deletes::write_var;
use super::run::write_gc;
use super::{BlockKind, Locations, Owner, Update};

/// Not looked at yet.
const UNSET: u32 = u32::MAX;
/// In no root that is known, or on the way to it.
const NOWHERE: u32 = u32::MAX - 1;

impl<S> Update<'_, S> {
    /// The update with everything in other roots as if it had been collected: every clock is there,
    /// and nothing shows what it was. To be looked at, and never to be stored or merged.
    pub fn only_roots(&self, known: &[&str]) -> Vec<u8> {
        let locations = Locations::of(self);
        let roots = roots(self, &locations);
        let is_known = |index: usize| {
            let root = roots.get(index).copied().filter(|root| *root < NOWHERE);
            root.is_some_and(|root| known.contains(&locations.root(root)))
        };
        let mut out = Vec::with_capacity(self.bytes.len());
        write_var(&mut out, self.clients.len() as u64);
        for client in &self.clients {
            let blocks = self.blocks.get(client.blocks.clone()).unwrap_or(&[]);
            for number in [blocks.len() as u64, client.id, u64::from(client.first)] {
                write_var(&mut out, number);
            }
            for (index, block) in client.blocks.clone().zip(blocks) {
                if is_known(index) || block.kind == BlockKind::Skip {
                    out.extend_from_slice(self.bytes.get(block.span()).unwrap_or(&[]));
                } else {
                    write_gc(block.len, &mut out);
                }
            }
        }
        self.deletes.encode(&mut out);
        out
    }
}

/// Per block the root that it is in, by the index of [`Locations::root`]. Linear, and no recursion.
fn roots<S>(update: &Update<'_, S>, locations: &Locations<'_>) -> Vec<u32> {
    let mut roots = vec![UNSET; update.blocks.len()];
    let mut way = Vec::new();
    for block in 0..roots.len() {
        let mut at = Some(block);
        let mut root = NOWHERE;
        while let Some(index) = at {
            match roots.get_mut(index) {
                // What is on the way already stands in itself: a circle.
                Some(known) if *known == UNSET => *known = NOWHERE,
                Some(known) => {
                    root = *known;
                    break;
                }
                None => break,
            }
            way.push(index);
            let place = locations.index(index).and_then(|place| locations.get(place));
            at = match place.map(|place| place.owner) {
                Some(Owner::Item { block, .. }) => block.map(|block| block as usize),
                Some(Owner::Root(of)) => {
                    root = of;
                    None
                }
                None => None,
            };
        }
        for index in way.drain(..) {
            if let Some(entry) = roots.get_mut(index) {
                *entry = root;
            }
        }
    }
    roots
}
