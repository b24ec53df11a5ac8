//! The order of concurrent items: the YATA rule, as yrs integrates.

use super::pieces::Pieces;
use super::span::NONE;
use crate::wire::{Id, Update};
use std::collections::{BTreeSet, HashMap};

/// Lists of pieces: one for each sequence, one for each key of a map. The last piece of a key is its value.
pub struct Order {
    next: PieceLinks,
    prev: PieceLinks,
    /// The first piece of each list.
    heads: PieceLinks,
    tails: PieceLinks,
}

/// The places of pieces, [`NONE`] for those not set. They are stored one higher: most keys were written once,
/// and memory that is zero and never written costs nothing.
struct PieceLinks(Vec<u32>);

impl PieceLinks {
    fn of(count: usize) -> PieceLinks {
        PieceLinks(vec![0; count])
    }

    fn get(&self, at: u32) -> u32 {
        self.0.get(at as usize).map_or(NONE, |place| place.wrapping_sub(1))
    }

    fn set(&mut self, at: u32, place: u32) {
        set(&mut self.0, at, place.wrapping_add(1));
    }
}

/// An item being placed into a list.
struct Item {
    list: u32,
    /// Its pieces, in a row.
    first: u32,
    last: u32,
    client: u64,
    left_origin: Option<Id>,
    right_origin: Option<Id>,
    left: u32,
    right: u32,
}

/// Which pieces a scan for conflicts has seen, without clearing anything between scans.
struct Marks {
    /// Per piece, the last scan that passed it.
    passed: Vec<u32>,
    /// Per piece, the last round in which it conflicted.
    conflicting: Vec<u32>,
    scan: u32,
    round: u32,
    /// Pieces passed by all scans.
    steps: u64,
}

impl Order {
    /// Puts every piece into its list. `turns` gives the blocks in causal order, `list_of` the list of each
    /// block; blocks with [`NONE`] are left out. Returns `None` when that takes more than `limit`
    /// comparisons.
    pub fn arrange<S>(
        update: &Update<'_, S>,
        pieces: &Pieces,
        mut crossings: Crossings,
        turns: impl Iterator<Item = u32>,
        list_of: impl Fn(u32) -> u32,
        lists: usize,
        limit: u64,
    ) -> Option<Order> {
        let mut order = Order {
            next: PieceLinks::of(pieces.len()),
            prev: PieceLinks::of(pieces.len()),
            heads: PieceLinks::of(lists),
            tails: PieceLinks::of(lists),
        };
        let mut marks = Marks {
            passed: vec![0; pieces.len()],
            conflicting: vec![0; pieces.len()],
            scan: 0,
            round: 0,
            steps: 0,
        };
        for block in turns {
            let cut_short = crossings.take(update, block);
            if let Some(mut item) = item(update, pieces, &list_of, block) {
                if let Some(left) = cut_short {
                    item.left = pieces.holding(update, left, block).unwrap_or(NONE);
                }
                if order.conflicts(&item) {
                    item.left = order.resolve(update, pieces, &item, &mut marks);
                }
                order.link(&item);
            }
            if marks.steps > limit {
                return None;
            }
        }
        Some(order)
    }

    pub fn tail(&self, list: u32) -> u32 {
        self.tails.get(list)
    }

    /// Returns the pieces of a list, in order.
    pub fn iter(&self, list: u32) -> impl Iterator<Item = u32> {
        let next = |piece: &u32| Some(self.next.get(*piece)).filter(|next| *next != NONE);
        std::iter::successors(Some(self.heads.get(list)).filter(|head| *head != NONE), next)
    }

    /// Returns the pieces after one in its list, in order.
    pub fn behind(&self, piece: u32) -> impl Iterator<Item = u32> {
        let next = |piece: &u32| Some(self.next.get(*piece)).filter(|next| *next != NONE);
        std::iter::successors(next(&piece), next)
    }

    /// Whether something is between its origins.
    fn conflicts(&self, item: &Item) -> bool {
        match (item.left, item.right) {
            (NONE, NONE) => self.heads.get(item.list) != NONE,
            (NONE, right) => self.prev.get(right) != NONE,
            (left, right) => self.next.get(left) != right,
        }
    }

    /// Finds the left neighbour among concurrent items. This follows yrs' `Item::resolve_conflict` step by
    /// step; read that before changing anything here.
    fn resolve<S>(
        &self,
        update: &Update<'_, S>,
        pieces: &Pieces,
        item: &Item,
        marks: &mut Marks,
    ) -> u32 {
        marks.scan = marks.scan.wrapping_add(1);
        marks.round = marks.round.wrapping_add(1);
        let mut left = item.left;
        let mut other = match item.left {
            NONE => self.heads.get(item.list),
            left => self.next.get(left),
        };
        while other != NONE && other != item.right {
            marks.steps += 1;
            set(&mut marks.passed, other, marks.scan);
            set(&mut marks.conflicting, other, marks.round);
            let Some(standing) = Standing::of(update, pieces, other) else { break };
            if standing.left_origin == item.left_origin {
                if standing.client < item.client {
                    left = other;
                    marks.round = marks.round.wrapping_add(1);
                } else if standing.right_origin == item.right_origin {
                    break;
                }
            } else {
                let origin = standing.left_piece(update, pieces, other);
                if origin == NONE || get(&marks.passed, origin) != marks.scan {
                    break;
                }
                if get(&marks.conflicting, origin) != marks.round {
                    left = other;
                    marks.round = marks.round.wrapping_add(1);
                }
            }
            other = self.next.get(other);
        }
        left
    }

    fn link(&mut self, item: &Item) {
        for piece in item.first..item.last {
            self.next.set(piece, piece + 1);
            self.prev.set(piece + 1, piece);
        }
        let right = match item.left {
            NONE => {
                let head = self.heads.get(item.list);
                self.heads.set(item.list, item.first);
                head
            }
            left => {
                let right = self.next.get(left);
                self.next.set(left, item.first);
                self.prev.set(item.first, left);
                right
            }
        };
        match right {
            // It is new, so nothing is set behind it.
            NONE => self.tails.set(item.list, item.last),
            right => {
                self.next.set(item.last, right);
                self.prev.set(right, item.last);
            }
        }
    }
}

/// Items whose right origin is before the left one, inside one block. yrs and Yjs cut a block after the left
/// origin and hold the part before the cut; then they cut before the right origin, which shortens the part
/// they hold. Whether it does depends on the cuts made before.
pub struct Crossings(HashMap<usize, BTreeSet<u32>>);

impl Crossings {
    pub fn of<S>(update: &Update<'_, S>) -> Crossings {
        let crossing = |block| {
            let (Some(left), Some(right)) = update.origins(block) else { return None };
            if left.client != right.client || right.clock > left.clock {
                return None;
            }
            let holder = update.find(right)?;
            let clock = update.blocks().get(holder)?.clock;
            (clock < right.clock && update.find(left) == Some(holder))
                .then(|| (holder, BTreeSet::from([clock])))
        };
        Crossings(update.blocks().iter().filter_map(crossing).collect())
    }

    /// Cuts where a block has its origins, in its turn. Returns the unit that it then follows, if that is not
    /// its left origin.
    fn take<S>(&mut self, update: &Update<'_, S>, block: u32) -> Option<Id> {
        if self.0.is_empty() {
            return None;
        }
        let (left, right) = update.origins(update.blocks().get(block as usize)?);
        let mut from = None;
        if let Some(left) = left
            && let Some((holder, cuts)) = self.within(update, left)
        {
            cuts.insert(left.clock.saturating_add(1));
            from = Some((holder, cuts.range(..=left.clock).next_back().copied()?));
        }
        let right = right?;
        let (holder, cuts) = self.within(update, right)?;
        cuts.insert(right.clock);
        let (held, start) = from?;
        let shortens =
            held == holder && (start.saturating_add(1)..=left?.clock).contains(&right.clock);
        shortens.then_some(Id { clock: right.clock.checked_sub(1)?, ..right })
    }

    fn within<S>(&mut self, update: &Update<'_, S>, id: Id) -> Option<(usize, &mut BTreeSet<u32>)> {
        let holder = update.find(id)?;
        Some((holder, self.0.get_mut(&holder)?))
    }
}

fn item<S>(
    update: &Update<'_, S>,
    pieces: &Pieces,
    list_of: &impl Fn(u32) -> u32,
    block: u32,
) -> Option<Item> {
    let list = list_of(block);
    let (first, end) = pieces.of_block(block);
    if list == NONE || first >= end {
        return None;
    }
    let (left_origin, right_origin) = update.origins(update.blocks().get(block as usize)?);
    let is_listed =
        |piece: &u32| pieces.get(*piece).is_some_and(|piece| list_of(piece.block) != NONE);
    let piece = |id: Option<Id>| pieces.holding(update, id?, block).filter(is_listed);
    Some(Item {
        list,
        first,
        last: end - 1,
        client: pieces.client(block),
        left_origin,
        right_origin,
        left: piece(left_origin).unwrap_or(NONE),
        right: piece(right_origin).unwrap_or(NONE),
    })
}

/// The relevant facts about a piece that is already in a list.
struct Standing {
    client: u64,
    block: u32,
    /// Whether it is inside a run: its origin is then the piece before.
    inside: bool,
    left_origin: Option<Id>,
    right_origin: Option<Id>,
}

impl Standing {
    fn of<S>(update: &Update<'_, S>, pieces: &Pieces, piece: u32) -> Option<Standing> {
        let at = pieces.get(piece)?;
        let block = update.blocks().get(at.block as usize)?;
        let (left, right_origin) = update.origins(block);
        let client = pieces.client(at.block);
        let inside = at.offset > 0;
        let before = || {
            let clock = block.clock.saturating_add(at.offset).saturating_sub(1);
            Some(Id { client, clock })
        };
        let left_origin = if inside { before() } else { left };
        Some(Standing { client, block: at.block, inside, left_origin, right_origin })
    }

    fn left_piece<S>(&self, update: &Update<'_, S>, pieces: &Pieces, piece: u32) -> u32 {
        if self.inside {
            return piece.saturating_sub(1);
        }
        let holding = |id| pieces.holding(update, id, self.block);
        self.left_origin.and_then(holding).unwrap_or(NONE)
    }
}

fn get(list: &[u32], at: u32) -> u32 {
    list.get(at as usize).copied().unwrap_or(NONE)
}

fn set(list: &mut [u32], at: u32, value: u32) {
    if let Some(entry) = list.get_mut(at as usize) {
        *entry = value;
    }
}
