//! A whole state divided into pages, so that a change costs only the records it touches.
//!
//! A page is the content of a document under one key of one root, with everything below it; a root without
//! keys is one page. Everything that a block refers to, its origins and its parent, is in the block's own
//! page. So some pages, with collected content in place of all others, are a document of their own
//! ([`Pages::project`]), which yrs opens and edits as it would the whole. The result is put back in place
//! ([`Pages::splice`]); everything else is copied byte for byte.

use super::noted::{Noted, NotedBlocks, PageFacts};
use super::segments::{Segments, Splice};
use super::{BlockKind, Checked, DeleteSet, Header, Id, IdSet, Parent, Update};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The page of collected content, whose place nothing tells any more.
const NOWHERE: u32 = u32::MAX;
/// While pages are being determined: it is in the same page as another block.
const OPEN: u32 = u32::MAX - 1;

/// Which blocks of a state are in which page.
#[derive(Debug)]
pub struct Pages {
    segments: Segments,
    /// Sorted by client and clock.
    stretches: Vec<Stretch>,
    pages: Vec<Page>,
    /// By page, as stored; empty if there are none.
    facts: Vec<Vec<u8>>,
    /// By root and key.
    named: BTreeMap<String, BTreeMap<Option<String>, u32>>,
    deletes: DeleteSet,
}

/// Consecutive blocks of one client in one page.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    client: u64,
    clock: u32,
    end: u32,
    page: u32,
}

#[derive(Debug, Default, Clone, Copy)]
struct Page {
    /// How many items are directly under its key; one of them is its value.
    values: u32,
    /// Whether the last of them that was seen is not deleted.
    lives: bool,
    pieced: bool,
    noted: NotedBlocks,
}

/// Where a block is in its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PagePlace {
    /// Directly under the page's key.
    Value,
    /// Directly under one of the noted keys, in the map under the page's key.
    Noted(usize),
    /// Anywhere else.
    Below,
}

impl Page {
    /// Whether it can be told without yrs if there is anything under its key.
    fn is_plain(self) -> bool {
        self.values <= 1
    }
}

/// Pages of one document.
pub type PageSet = BTreeSet<u32>;

/// One page, as stored outside the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRow<'p> {
    /// The root that contains it.
    pub root: &'p str,
    /// Its key there, or `None` for a root without keys.
    pub key: Option<&'p str>,
    /// Whether it can be told without yrs if there is anything under its key.
    pub plain: bool,
    /// Whether there is; only reliable if `plain` is set.
    pub lives: bool,
    /// Whether a text in it may be in several pieces, or not stored as it is shown.
    pub pieced: bool,
    /// Its blocks, all of them whole: an [`IdSet`] as stored.
    pub ids: Vec<u8>,
    /// [`PageFacts`] as stored; empty if there are none.
    pub facts: Vec<u8>,
}

impl Pages {
    /// Returns the pages of a state that was stored here, or `None` if it is not laid out as expected: then
    /// the whole document has to be opened. Linear in the state.
    pub fn of<S>(state: &Update<'_, S>, noted: &Noted) -> Option<Pages> {
        let mut search = PageSearch {
            state,
            noted,
            found: vec![(OPEN, PagePlace::Below); state.blocks.len()],
            follows: HashMap::new(),
            pages: Vec::new(),
            named: HashMap::new(),
            last: None,
        };
        for client in &state.clients {
            for index in client.blocks.clone() {
                search.place(client.id, index)?;
            }
        }
        search.resolve()?;
        let (segments, stretches) = (Segments::of(state)?, search.stretches()?);
        let facts = search.pages.iter();
        let facts = facts.map(|page| match page.is_plain() && page.lives {
            true => page.noted.facts(state),
            false => Vec::new(),
        });
        let facts = facts.collect();
        let mut named: BTreeMap<String, BTreeMap<Option<String>, u32>> = BTreeMap::new();
        for ((root, key), page) in search.named {
            named.entry(root.to_owned()).or_default().insert(key.map(str::to_owned), page);
        }
        let deletes = state.deletes.clone();
        Some(Pages { segments, stretches, pages: search.pages, facts, named, deletes })
    }

    /// Returns where the blocks of the state are.
    pub fn segments(&self) -> &Segments {
        &self.segments
    }

    /// Returns the page of a key, or `None` if the state has nothing there, not even something deleted.
    pub fn find(&self, root: &str, key: &str) -> Option<u32> {
        let keys = self.named.get(root)?;
        // A root that is a sequence is one page, whatever is looked for in it.
        keys.get(&Some(key.to_owned())).or_else(|| keys.get(&None)).copied()
    }

    /// Returns the pages of a key in all roots.
    pub fn of_key(&self, key: &str) -> impl Iterator<Item = u32> {
        self.named.keys().filter_map(move |root| self.find(root, key))
    }

    /// Returns how many pages there are.
    pub fn count(&self) -> usize {
        self.pages.len()
    }

    /// Returns what is known of the page of a key without opening it, or `None` if it has to be opened, or
    /// does not exist.
    pub fn facts(&self, root: &str, key: &str) -> Option<PageFacts> {
        let page = self.named.get(root)?.get(&Some(key.to_owned()))?;
        PageFacts::decode(self.facts.get(*page as usize)?)
    }

    /// Returns all pages of a root.
    pub fn of_root(&self, root: &str) -> PageSet {
        self.named.get(root).into_iter().flatten().map(|(_, page)| *page).collect()
    }

    /// Returns the pages needed to tell what a root is, or which of its keys hold anything.
    pub fn least(&self) -> PageSet {
        let mut least = PageSet::new();
        for keys in self.named.values() {
            let page = |page: &u32| self.pages.get(*page as usize).copied().unwrap_or_default();
            let living = keys.values().find(|at| page(at).lives).or(keys.values().next());
            least.extend(living);
            least.extend(
                keys.iter()
                    .filter(|(key, at)| key.is_none() || !page(at).is_plain())
                    .map(|(_, at)| at),
            );
        }
        least
    }

    /// Returns the keys of a root that have this prefix and hold something, from the pages not in `beyond`,
    /// sorted; `beyond` must include those of [`Pages::least`].
    pub fn keys_beyond(&self, root: &str, prefix: &str, beyond: &PageSet) -> Vec<String> {
        let Some(keys) = self.named.get(root) else { return Vec::new() };
        let from = keys.range(Some(prefix.to_owned())..);
        let begin = from.map_while(|(key, at)| {
            Some((key.as_deref().filter(|key| key.starts_with(prefix))?, at))
        });
        let lives = |at: &u32| self.pages.get(*at as usize).is_some_and(|page| page.lives);
        let others = begin.filter(|(_, at)| lives(at) && !beyond.contains(at));
        others.map(|(key, _)| key.to_owned()).collect()
    }

    /// Returns the blocks of some pages.
    fn ids(&self, pages: &PageSet) -> IdSet {
        let mut ids = IdSet::default();
        for stretch in self.stretches.iter().filter(|stretch| pages.contains(&stretch.page)) {
            ids.insert(stretch.client, stretch.clock..stretch.end);
        }
        ids
    }

    /// Returns every page not in `known`, as stored elsewhere.
    pub fn rows_beyond(&self, known: &PageSet) -> Vec<PageRow<'_>> {
        // Those of one page stay in the order of their clients and clocks.
        let mut stretches = self.stretches.clone();
        stretches.sort_by_key(|stretch| stretch.page);
        let mut ids = vec![Vec::new(); self.pages.len()];
        for of_page in stretches.chunk_by(|a, b| a.page == b.page) {
            let number = of_page.first().map_or(NOWHERE, |first| first.page);
            if let Some(ids) = ids.get_mut(number as usize) {
                IdSet::encode_sorted(of_page, |of| (of.client, of.clock..of.end), ids);
            }
        }
        let named = self.named.iter().flat_map(|(root, keys)| {
            keys.iter().map(move |(key, page)| (root.as_str(), key.as_deref(), *page))
        });
        let others = named.filter(|(.., page)| !known.contains(page));
        let row = |(root, key, number): (_, _, u32)| {
            let page = self.pages.get(number as usize)?;
            let ids = ids.get_mut(number as usize).map(std::mem::take)?;
            let facts = self.facts.get(number as usize)?.clone();
            let (plain, lives, pieced) = (page.is_plain(), page.lives, page.pieced);
            Some(PageRow { root, key, plain, lives, pieced, ids, facts })
        };
        others.filter_map(row).collect()
    }

    /// Returns some pages as a state of its own, in which everything else is collected. `None` if the bytes
    /// are not those in which the pages were found.
    pub fn project(&self, state: &[u8], pages: &PageSet) -> Option<Vec<u8>> {
        self.segments.project(state, &self.ids(pages), &self.deletes)
    }

    /// Returns the state with these pages replaced by those in `edited`, the edited form of their projection.
    /// `None` if it is something else.
    pub fn splice(
        &self,
        state: &[u8],
        pages: &PageSet,
        edited: &Update<'_, Checked>,
    ) -> Option<Splice> {
        let whole = (state, state.len() as u64);
        self.segments.splice(whole, &self.ids(pages), &self.deletes, edited)
    }
}

/// A block whose page is still open.
#[derive(Clone, Copy)]
struct Follows {
    client: u64,
    /// The block whose page it shares.
    owner: u32,
    relation: Relation,
}

/// How a block relates to the one whose page it shares.
#[derive(Clone, Copy)]
enum Relation {
    /// In the same place.
    Beside,
    /// Inside it, under one of the noted keys.
    Into(usize),
    /// Elsewhere inside it.
    Elsewhere,
}

impl Relation {
    fn from(self, owner: PagePlace) -> PagePlace {
        match (self, owner) {
            (Relation::Beside, place) => place,
            (Relation::Into(field), PagePlace::Value) => PagePlace::Noted(field),
            _ => PagePlace::Below,
        }
    }
}

/// Determines the page of each block.
struct PageSearch<'s, 'a, S> {
    state: &'s Update<'a, S>,
    noted: &'s Noted,
    /// By block: its page, and its place there.
    found: Vec<(u32, PagePlace)>,
    follows: HashMap<u32, Follows>,
    pages: Vec<Page>,
    named: HashMap<(&'a str, Option<&'a str>), u32>,
    /// The parent that was looked up last, and its block.
    last: Option<(Id, u32)>,
}

impl<'a, S> PageSearch<'_, 'a, S> {
    fn place(&mut self, client: u64, index: usize) -> Option<()> {
        let block = self.state.blocks.get(index)?;
        let found = match block.kind {
            BlockKind::Gc => (NOWHERE, PagePlace::Below),
            BlockKind::Skip => return None,
            // Documents with content that yrs does not take are opened whole.
            _ if self.state.is_beyond_yrs(block) => return None,
            _ => {
                let header = self.state.header(block);
                if let Some(Parent::Root(root)) = header.parent {
                    (self.page(root, header.key)?, PagePlace::Value)
                } else {
                    let owner = self.owner(client, index, &header)?;
                    let relation = self.relation(&header);
                    match *self.found.get(owner as usize)? {
                        // Anything inside something collected is collected when it is opened.
                        (NOWHERE, _) => return None,
                        (OPEN, _) => {
                            let follows = Follows { client, owner, relation };
                            self.follows.insert(u32::try_from(index).ok()?, follows);
                            (OPEN, PagePlace::Below)
                        }
                        (page, place) => (page, relation.from(place)),
                    }
                }
            }
        };
        self.note(client, index, found)
    }

    /// Notes where a block is, and counts what is directly under the key of a page.
    fn note(&mut self, client: u64, index: usize, found: (u32, PagePlace)) -> Option<()> {
        *self.found.get_mut(index)? = found;
        let (page, place) = found;
        let kind = self.state.blocks.get(index)?.kind;
        if let Some(page) = self.pages.get_mut(page as usize) {
            page.pieced |= !matches!(
                kind,
                BlockKind::Any | BlockKind::Type | BlockKind::Binary | BlockKind::Deleted
            );
        }
        if place == PagePlace::Below {
            return Some(());
        }
        let lives = self.lives(client, index)?;
        let page = self.pages.get_mut(page as usize)?;
        match place {
            PagePlace::Value => {
                page.values = page.values.saturating_add(1);
                page.lives = lives;
                page.noted.value(client, index);
            }
            PagePlace::Noted(field) => page.noted.field(field, index, lives),
            PagePlace::Below => {}
        }
        Some(())
    }

    /// Returns how a block relates to the one whose page it shares.
    fn relation(&self, header: &Header<'a>) -> Relation {
        match (header.parent, header.key) {
            (None, _) => Relation::Beside,
            (_, Some(key)) => match self.noted.iter().position(|noted| *noted == key) {
                Some(field) => Relation::Into(field),
                None => Relation::Elsewhere,
            },
            _ => Relation::Elsewhere,
        }
    }

    fn lives(&self, client: u64, index: usize) -> Option<bool> {
        let block = self.state.blocks.get(index)?;
        let id = Id { client, clock: block.clock };
        Some(block.kind != BlockKind::Deleted && !self.state.deletes.contains(id))
    }

    fn page(&mut self, root: &'a str, key: Option<&'a str>) -> Option<u32> {
        let next = u32::try_from(self.pages.len()).ok().filter(|next| *next < OPEN)?;
        let page = *self.named.entry((root, key)).or_insert(next);
        if page == next {
            self.pages.push(Page::default());
        }
        Some(page)
    }

    /// Returns the block whose page a block shares.
    fn owner(&mut self, client: u64, index: usize, header: &Header<'a>) -> Option<u32> {
        let id = match header.parent {
            Some(Parent::Item(id)) => id,
            _ => header.left.or(header.right)?,
        };
        if let Some(before) = index.checked_sub(1)
            && let Some(block) = self.state.blocks.get(before)
            && id.client == client
            && (block.clock..block.next_clock()).contains(&id.clock)
        {
            return u32::try_from(before).ok();
        }
        if let Some((_, found)) = self.last.filter(|(last, _)| *last == id) {
            return Some(found);
        }
        let found = u32::try_from(self.state.find(id)?).ok()?;
        self.last = Some((id, found));
        Some(found)
    }

    /// Resolves the blocks that came before the block they depend on.
    fn resolve(&mut self) -> Option<()> {
        let follows = std::mem::take(&mut self.follows);
        for block in follows.keys() {
            let (mut at, mut chain) = (*block, Vec::new());
            while let (OPEN, _) = *self.found.get(at as usize)? {
                // In a state stored here, no block depends on itself.
                if chain.len() > follows.len() {
                    return None;
                }
                let next = *follows.get(&at)?;
                chain.push((at, next));
                at = next.owner;
            }
            let (page, mut place) = *self.found.get(at as usize)?;
            if page == NOWHERE {
                return None;
            }
            for (at, next) in chain.into_iter().rev() {
                place = next.relation.from(place);
                self.note(next.client, at as usize, (page, place))?;
            }
        }
        Some(())
    }

    /// Returns the blocks as stretches.
    fn stretches(&self) -> Option<Vec<Stretch>> {
        let mut stretches = Vec::<Stretch>::new();
        for client in &self.state.clients {
            for index in client.blocks.clone() {
                let (block, (page, _)) = (self.state.blocks.get(index)?, *self.found.get(index)?);
                let end = block.next_clock();
                match stretches.last_mut() {
                    Some(last)
                        if (last.client, last.page, last.end) == (client.id, page, block.clock) =>
                    {
                        last.end = end;
                    }
                    _ if page == NOWHERE => {}
                    _ => {
                        let (client, clock) = (client.id, block.clock);
                        stretches.push(Stretch { client, clock, end, page });
                    }
                }
            }
        }
        Some(stretches)
    }
}
