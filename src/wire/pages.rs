//! A whole state by its pages, so that a change costs the records that it touches.
//!
//! A page is what stands in a document under one key of one root, with all below it; a root without
//! keys is one page. Whatever a block refers to, its origins and its parent, is in the block's own
//! page, so some pages and collected content in the place of all others are a document of their own
//! ([`Pages::project`]), which yrs opens and edits as it would the whole. What it made of them goes
//! back to where they stood ([`Pages::splice`]); everything else is copied byte for byte.

use super::noted::{Noted, NotedBlocks, PageFacts};
use super::segments::{Segments, Splice};
use super::{BlockKind, Checked, DeleteSet, Header, Id, IdSet, Parent, Update};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The page of what is collected, so nothing tells where it stood.
const NOWHERE: u32 = u32::MAX;
/// While pages are found out: it is where another block is.
const OPEN: u32 = u32::MAX - 1;

/// Which blocks of a state are in which page.
#[derive(Debug)]
pub struct Pages {
    segments: Segments,
    /// By client and clock.
    stretches: Vec<Stretch>,
    pages: Vec<Page>,
    /// By page, as they are kept; empty where there are none.
    facts: Vec<Vec<u8>>,
    /// By root and key.
    named: BTreeMap<String, BTreeMap<Option<String>, u32>>,
    deletes: DeleteSet,
}

/// Blocks of one client that follow each other in one page.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    client: u64,
    clock: u32,
    end: u32,
    page: u32,
}

#[derive(Debug, Default, Clone, Copy)]
struct Page {
    /// The items right under its key, of which one is the value there.
    values: u32,
    /// The last of them that was seen is not deleted.
    lives: bool,
    pieced: bool,
    noted: NotedBlocks,
}

/// Where a block stands in its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PagePlace {
    /// Right under the page's key.
    Value,
    /// Right under one of the keys that are noted, in the map under the page's key.
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

/// One page, as it is kept outside of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRow<'p> {
    /// The root that it is in.
    pub root: &'p str,
    /// Its key there; None for a root without keys.
    pub key: Option<&'p str>,
    /// It can be told without yrs if there is anything under its key.
    pub plain: bool,
    /// There is; only to be trusted where it is plain.
    pub lives: bool,
    /// A text in it need not stand in one piece, or as it is shown.
    pub pieced: bool,
    /// Its blocks, all of them whole.
    pub ids: IdSet,
    /// [`PageFacts`] as they are kept; empty where there are none.
    pub facts: Vec<u8>,
}

impl Pages {
    /// The pages of a state that was stored here. None where that is not as this expects it: then
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

    /// Where the blocks of the state stand.
    pub fn segments(&self) -> &Segments {
        &self.segments
    }

    /// The page of a key; None where the state has nothing there, not even something deleted.
    pub fn find(&self, root: &str, key: &str) -> Option<u32> {
        let keys = self.named.get(root)?;
        // A root that is a sequence is one page, whatever is looked for in it.
        keys.get(&Some(key.to_owned())).or_else(|| keys.get(&None)).copied()
    }

    /// The pages of a key in all roots.
    pub fn of_key(&self, key: &str) -> impl Iterator<Item = u32> {
        self.named.keys().filter_map(move |root| self.find(root, key))
    }

    /// How many pages there are.
    pub fn count(&self) -> usize {
        self.pages.len()
    }

    /// What can be said of the page of a key without opening it; None where it has to be opened, or
    /// there is none.
    pub fn facts(&self, root: &str, key: &str) -> Option<PageFacts> {
        let page = self.named.get(root)?.get(&Some(key.to_owned()))?;
        PageFacts::decode(self.facts.get(*page as usize)?)
    }

    /// All pages of a root.
    pub fn of_root(&self, root: &str) -> PageSet {
        self.named.get(root).into_iter().flatten().map(|(_, page)| *page).collect()
    }

    /// The pages without which it cannot be told what a root is, or which of its keys hold anything.
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

    /// The keys of a root that begin like this and hold something, of the pages that are not among
    /// these, sorted; `beyond` has to hold those of [`Pages::least`].
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

    /// The blocks of some pages.
    fn ids(&self, pages: &PageSet) -> IdSet {
        let mut ids = IdSet::default();
        for stretch in self.stretches.iter().filter(|stretch| pages.contains(&stretch.page)) {
            ids.insert(stretch.client, stretch.clock..stretch.end);
        }
        ids
    }

    /// Every page but these, as it is kept elsewhere.
    pub fn rows_beyond(&self, known: &PageSet) -> Vec<PageRow<'_>> {
        let mut ids = vec![IdSet::default(); self.pages.len()];
        for stretch in &self.stretches {
            if let Some(ids) = ids.get_mut(stretch.page as usize) {
                ids.insert(stretch.client, stretch.clock..stretch.end);
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

    /// Some pages as a state of its own: everything else is collected there. None where the bytes
    /// are not those that the pages were found in.
    pub fn project(&self, state: &[u8], pages: &PageSet) -> Option<Vec<u8>> {
        self.segments.project(state, &self.ids(pages), &self.deletes)
    }

    /// What the state becomes with these pages as they are in `edited`, which is what became of their projection.
    /// None where it is no such thing.
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

/// A block whose page is open.
#[derive(Clone, Copy)]
struct Follows {
    client: u64,
    /// The block in whose page it is.
    owner: u32,
    relation: Relation,
}

/// How a block stands to the one in whose page it is.
#[derive(Clone, Copy)]
enum Relation {
    /// In the same place.
    Beside,
    /// In it, under one of the keys that are noted.
    Into(usize),
    /// Somewhere else in it.
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

/// Finds out where each block stands.
struct PageSearch<'s, 'a, S> {
    state: &'s Update<'a, S>,
    noted: &'s Noted,
    /// By block: its page, and where in that it stands.
    found: Vec<(u32, PagePlace)>,
    follows: HashMap<u32, Follows>,
    pages: Vec<Page>,
    named: HashMap<(&'a str, Option<&'a str>), u32>,
    /// Where the parent stands that was looked for last.
    last: Option<(Id, u32)>,
}

impl<'a, S> PageSearch<'_, 'a, S> {
    fn place(&mut self, client: u64, index: usize) -> Option<()> {
        let block = self.state.blocks.get(index)?;
        let found = match block.kind {
            BlockKind::Gc => (NOWHERE, PagePlace::Below),
            BlockKind::Skip => return None,
            // Of documents with what yrs does not take everything is opened.
            _ if self.state.is_beyond_yrs(block) => return None,
            _ => {
                let header = self.state.header(block);
                if let Some(Parent::Root(root)) = header.parent {
                    (self.page(root, header.key)?, PagePlace::Value)
                } else {
                    let owner = self.owner(client, index, &header)?;
                    let relation = self.relation(&header);
                    match *self.found.get(owner as usize)? {
                        // What stands in something collected is collected when it is opened.
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

    /// Notes where a block stands, and counts what stands right under the key of a page.
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

    /// How a block stands to the one in whose page it is.
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

    /// The block in whose page a block is.
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

    /// The blocks that came before what they follow.
    fn resolve(&mut self) -> Option<()> {
        let follows = std::mem::take(&mut self.follows);
        for block in follows.keys() {
            let (mut at, mut chain) = (*block, Vec::new());
            while let (OPEN, _) = *self.found.get(at as usize)? {
                // Nothing follows itself in what was stored here.
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

    /// The blocks as stretches.
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
