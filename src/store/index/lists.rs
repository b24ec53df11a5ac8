//! The lists in the roots of a file, of which the index knows the order.

use super::{IndexedFile, KnownOrders, RootLists};
use crate::crdt::window::PageSource;
use crate::store::state::StoredPage;
use crate::wire::{
    BlockWriters, Checked, Edited, Id, IdSet, ListOrder, ListOrders, ListPart, ListSpot, ListSpots,
    PageKey, PageSet, Splice, Update, list_blocks, loose_blocks, removed,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

/// The most places of one list that are opened without the rest: each is looked for among all entries.
const MOST_SPOTS: usize = 64;

/// Blocks of one unit each.
type UnitBlocks = BTreeMap<Id, Vec<u8>>;

impl IndexedFile {
    /// Returns the lists of a root that is a sequence, each with the field that it is.
    pub(super) fn lists_of(&self, root: &str) -> RootLists {
        if !self.keys.is_sequence(root) {
            return Rc::default();
        }
        let mut known = self.lists.borrow_mut();
        if let Some(lists) = known.get(root) {
            return Rc::clone(lists);
        }
        let lists: RootLists = self.read_lists(root).into();
        known.insert(root.to_owned(), Rc::clone(&lists));
        lists
    }

    /// Reads which lists a root has, each with the field that it is.
    fn read_lists(&self, root: &str) -> Vec<(String, u32)> {
        let named = |page: StoredPage| match page.key.clone() {
            PageKey::List { field, .. } => Some((field, self.keys.number(page)?)),
            PageKey::Root | PageKey::Key(_) => None,
        };
        self.told(self.keys.table.lists(root)).into_iter().filter_map(named).collect()
    }

    /// Adds the lists of each root that is a sequence of which a page is among these: what is derived from
    /// such a root takes all of it.
    pub(super) fn with_lists(&self, mut pages: PageSet) -> PageSet {
        let root = |page: &u32| {
            let known = self.keys.pages.borrow();
            let page = known.get(*page as usize)?;
            (!matches!(page.key, PageKey::Key(_))).then(|| page.root.clone())
        };
        let roots: BTreeSet<String> = pages.iter().filter_map(root).collect();
        pages.extend(roots.iter().flat_map(|root| self.lists(root, None)));
        pages
    }

    /// Returns the units of all pages of a list.
    pub(super) fn ids_of_list(&self, root: &str, list: Id) -> Option<IdSet> {
        let is_it = |page: &&StoredPage| {
            page.root == root && matches!(page.key, PageKey::List { list: of, .. } if of == list)
        };
        self.keys.pages.borrow().iter().find(is_it).map(|page| page.ids.clone())
    }

    /// Returns the orders of all lists in a root, or `None` if one is not known.
    fn orders_of(&self, root: &str) -> Option<KnownOrders> {
        if !self.keys.is_sequence(root) {
            return None;
        }
        if let Some(known) = self.orders.borrow().get(root) {
            return known.clone();
        }
        // Errors do not matter: then all of the list is opened.
        let stored = self.keys.table.orders(root).ok();
        let order = |(key, order): (PageKey, Option<Vec<u8>>)| match key {
            PageKey::List { list, .. } => Some((list, Arc::new(ListOrder::decode(order?)?))),
            PageKey::Root | PageKey::Key(_) => None,
        };
        let orders: Option<BTreeMap<Id, Arc<ListOrder>>> =
            stored.and_then(|stored| stored.into_iter().map(order).collect());
        let orders = orders.map(Rc::new);
        self.orders.borrow_mut().insert(root.to_owned(), orders.clone());
        orders
    }

    pub(super) fn opens_at(&self, root: &str, list: Id, spots: &BTreeSet<ListSpot>) -> bool {
        let Some(orders) = self.orders_of(root).filter(|_| spots.len() <= MOST_SPOTS) else {
            return false;
        };
        let unwritten = Arc::default();
        let part = orders.get(&list).unwrap_or(&unwritten).part(spots);
        // Of several that are one block, one cannot be deleted without the others at hand.
        let is_alone = |(unit, text): (Id, Option<&[u8]>)| {
            text.is_none() || self.segments.is_alone(self, unit)
        };
        part.is_some_and(|part| part.into_iter().all(is_alone))
    }

    /// Returns these blocks, and those at these places of lists that hold nothing else, as a state of its own,
    /// without the clients that [`Segments::project`](crate::wire::Segments::project) leaves out.
    pub(super) fn projected(
        &self,
        ids: &IdSet,
        spots: &ListSpots,
        idle_below: u64,
    ) -> Option<Vec<u8>> {
        let mut orders = Vec::new();
        for ((root, list), spots) in spots {
            orders
                .extend(self.orders_of(root)?.get(list).map(|order| (*list, order.clone(), spots)));
        }
        let parts = orders.iter().map(|(list, order, spots)| Some((*list, order.part(spots)?)));
        let parts: Vec<(Id, ListPart<'_>)> = parts.collect::<Option<_>>()?;
        let project = |blocks| self.segments.project(self, ids, &blocks, &self.deletes, idle_below);
        let of_parts = |blocks: &dyn Fn(Id, &ListPart<'_>) -> UnitBlocks| {
            parts.iter().flat_map(|(list, part)| blocks(*list, part)).collect::<BTreeMap<_, _>>()
        };
        let writers = parts.iter().flat_map(|(_, part)| part).map(|(unit, _)| unit.client);
        if writers.collect::<BTreeSet<u64>>().len() < 2 {
            // What a client wrote later names what it wrote earlier.
            return project(of_parts(&|list, part| list_blocks(list, part, &|_| 0)));
        }
        // Nothing may name what itself depends on it, in whatever way.
        let loose = project(of_parts(&|list, part| loose_blocks(list, part)))?;
        let ranks = ranks(&Update::checked(&loose, &[]).ok()?);
        let rank = |unit| ranks.get(&unit).copied().unwrap_or(usize::MAX);
        project(of_parts(&|list, part| list_blocks(list, part, &rank)))
    }

    pub(super) fn orders_at(
        &self,
        spots: &ListSpots,
        edited: Option<&Update<'_, Checked>>,
    ) -> Option<ListOrders> {
        let roots: BTreeSet<&String> = spots.keys().map(|(root, _)| root).collect();
        let mut orders = ListOrders::new();
        for root in roots {
            let of_root = self.orders_of(root)?;
            orders.extend(of_root.iter().map(|(list, of)| ((root.clone(), *list), of.clone())));
        }
        let Some(edited) = edited else { return Some(orders) };
        let clocks = self.segments.clocks();
        for (list, spots) in spots {
            let order = orders.entry(list.clone()).or_default();
            let part = order.part(spots)?;
            *order = Arc::new(order.edited(list.1, &part, edited, &clocks)?);
        }
        Some(orders)
    }

    pub(super) fn spliced(
        &self,
        ids: &IdSet,
        spots: &ListSpots,
        edited: &Edited<'_, '_>,
    ) -> Option<Splice> {
        let mut gone = Vec::new();
        for ((root, list), spots) in spots {
            if let Some(order) = self.orders_of(root)?.get(list) {
                let part = order.part(spots)?;
                let units = removed(&part, edited.now);
                gone.extend(
                    units.map(|unit| (unit.client, unit.clock..unit.clock.saturating_add(1))),
                );
            }
        }
        let gone = IdSet::of_ranges(gone);
        self.segments.splice((self, self.bytes()), ids, &gone, &self.deletes, edited)
    }
}

/// Returns the turn of each block in an order in which nothing comes before what it depends on.
fn ranks(update: &Update<'_, Checked>) -> HashMap<Id, usize> {
    let writers = BlockWriters::of(update);
    let turns = (0..).zip(&update.facts().order);
    let rank = |(turn, block): (usize, &u32)| {
        let clock = update.blocks().get(*block as usize)?.clock;
        Some((Id { client: writers.get(*block), clock }, turn))
    };
    turns.filter_map(rank).collect()
}
