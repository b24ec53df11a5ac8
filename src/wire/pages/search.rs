//! Determines which blocks of a state are in which page.

use crate::wire::noted::{Noted, NotedBlocks, NumberBound};
use crate::wire::{BlockKind, BlockWriters, Header, Id, Parent, Shape, Update};
use std::collections::{BTreeMap, HashMap};

/// The page of collected content, whose place nothing tells any more.
pub const NOWHERE: u32 = u32::MAX;
/// While pages are being determined: it is in the same page as another block.
const OPEN: u32 = u32::MAX - 1;

/// Which of the noted fields is the time.
const TIME: usize = 0;

/// Consecutive blocks of one client in one page.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    pub client: u64,
    pub clock: u32,
    pub end: u32,
    pub page: u32,
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Page {
    /// How many items are directly under its key; one of them is its value.
    values: u32,
    /// Whether the last of them that was seen is not deleted.
    pub lives: bool,
    pub pieced: bool,
    pub noted: NotedBlocks,
    /// No number in it is greater, if it has only plain ones.
    pub bound: NumberBound,
    /// Whether something inside its value has the noted time, too.
    pub nests: bool,
}

/// The name of a page within its root.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PageKey {
    /// A root without keys, apart from the lists in its maps.
    Root,
    /// A key of a root.
    Key(String),
    /// The entries of a list that is a field of a map in a root without keys: they can be many, and most
    /// commands ask only for the other fields.
    List {
        /// The key in the map.
        field: String,
        /// The item that created the list.
        list: Id,
    },
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
    pub fn is_plain(self) -> bool {
        self.values <= 1
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
    /// Inside it, under another key.
    Elsewhere,
    /// Inside it, without a key.
    Entry,
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
pub struct PageSearch<'s, 'a, S> {
    state: &'s Update<'a, S>,
    noted: &'s Noted,
    writers: BlockWriters,
    /// By block: its page, and its place there.
    found: Vec<(u32, PagePlace)>,
    follows: HashMap<u32, Follows>,
    pub pages: Vec<Page>,
    keyed: HashMap<(&'a str, Option<&'a str>), u32>,
    /// The roots of the pages of roots without keys.
    roots: HashMap<u32, &'a str>,
    /// By the item that created the list: its root, its field and its page.
    lists: HashMap<Id, (&'a str, &'a str, u32)>,
    /// The parent that was looked up last, and its block.
    last: Option<(Id, u32)>,
}

impl<'s, 'a, S> PageSearch<'s, 'a, S> {
    /// Returns the page of each block; `None` if the state is not laid out as expected.
    pub fn of(state: &'s Update<'a, S>, noted: &'s Noted) -> Option<Self> {
        let mut search = PageSearch {
            state,
            noted,
            writers: BlockWriters::of(state),
            found: vec![(OPEN, PagePlace::Below); state.blocks.len()],
            follows: HashMap::new(),
            pages: Vec::new(),
            keyed: HashMap::new(),
            roots: HashMap::new(),
            lists: HashMap::new(),
            last: None,
        };
        for client in &state.clients {
            for index in client.blocks.clone() {
                search.place(client.id, index)?;
            }
        }
        search.resolve()?;
        Some(search)
    }

    /// Returns the number of each page by its root and name.
    pub fn named(&self) -> BTreeMap<String, BTreeMap<PageKey, u32>> {
        let mut named: BTreeMap<String, BTreeMap<PageKey, u32>> = BTreeMap::new();
        for ((root, key), page) in &self.keyed {
            let key = key.map_or(PageKey::Root, |key| PageKey::Key(key.to_owned()));
            named.entry((*root).to_owned()).or_default().insert(key, *page);
        }
        for (list, (root, field, page)) in &self.lists {
            let key = PageKey::List { field: (*field).to_owned(), list: *list };
            named.entry((*root).to_owned()).or_default().insert(key, *page);
        }
        named
    }

    fn place(&mut self, client: u64, index: usize) -> Option<()> {
        let block = self.state.blocks.get(index)?;
        let found = match block.kind {
            BlockKind::Gc => (NOWHERE, PagePlace::Below),
            BlockKind::Skip => return None,
            // Documents with content that yrs does not take are opened whole.
            _ if self.state.is_beyond_yrs(block) => return None,
            _ => {
                let header = self.state.raw_header(block);
                if let Some(Parent::Root(root)) = header.parent {
                    let key = header.key.map(std::str::from_utf8).transpose().ok()?;
                    (self.page(std::str::from_utf8(root).ok()?, key)?, PagePlace::Value)
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
                        around => self.inside(owner, relation, around)?,
                    }
                }
            }
        };
        self.note(client, index, found)
    }

    /// Returns the page and place of a block, given those of the block whose page it shares.
    fn inside(
        &mut self,
        owner: u32,
        relation: Relation,
        (page, place): (u32, PagePlace),
    ) -> Option<(u32, PagePlace)> {
        let of_list = match relation {
            Relation::Entry if place != PagePlace::Value => self.list(owner, page)?,
            _ => None,
        };
        let (page, place) = (of_list.unwrap_or(page), relation.from(place));
        if let (Relation::Into(TIME), PagePlace::Below) = (relation, place)
            && let Some(page) = self.pages.get_mut(page as usize)
        {
            page.nests = true;
        }
        Some((page, place))
    }

    /// Returns the page of the list that a block created, if it has one: the block is a field of a map in a
    /// root without keys.
    fn list(&mut self, owner: u32, page: u32) -> Option<Option<u32>> {
        let block = self.state.blocks.get(owner as usize)?;
        let header = self.state.raw_header(block);
        let (Some(root), Some(Parent::Item(map)), Some(field)) =
            (self.roots.get(&page).copied(), header.parent, header.key)
        else {
            return Some(None);
        };
        let field = std::str::from_utf8(field).ok()?;
        let around = self.found.get(self.state.find(map)?)?.1;
        let is_array = Shape::of_type(self.state.content(block)) == Some(Shape::Array);
        if block.kind != BlockKind::Type || !is_array || around != PagePlace::Value {
            return Some(None);
        }
        let list = Id { client: self.writers.get(owner), clock: block.clock };
        if self.state.deletes.contains(list) {
            return Some(None);
        }
        if let Some((.., page)) = self.lists.get(&list) {
            return Some(Some(*page));
        }
        let page = self.new_page()?;
        self.lists.insert(list, (root, field, page));
        Some(Some(page))
    }

    /// Notes where a block is, and counts what is directly under the key of a page.
    fn note(&mut self, client: u64, index: usize, found: (u32, PagePlace)) -> Option<()> {
        *self.found.get_mut(index)? = found;
        let (page, place) = found;
        let block = self.state.blocks.get(index)?;
        let kind = block.kind;
        if let Some(page) = self.pages.get_mut(page as usize) {
            page.bound.note(kind, self.state.content(block));
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
    fn relation(&self, header: &Header<'a, [u8]>) -> Relation {
        match (header.parent, header.key) {
            (None, _) => Relation::Beside,
            (_, Some(key)) => match self.noted.iter().position(|noted| noted.as_bytes() == key) {
                Some(field) => Relation::Into(field),
                None => Relation::Elsewhere,
            },
            _ => Relation::Entry,
        }
    }

    fn lives(&self, client: u64, index: usize) -> Option<bool> {
        let block = self.state.blocks.get(index)?;
        let id = Id { client, clock: block.clock };
        Some(block.kind != BlockKind::Deleted && !self.state.deletes.contains(id))
    }

    fn page(&mut self, root: &'a str, key: Option<&'a str>) -> Option<u32> {
        if let Some(page) = self.keyed.get(&(root, key)) {
            return Some(*page);
        }
        let page = self.new_page()?;
        self.keyed.insert((root, key), page);
        if key.is_none() {
            self.roots.insert(page, root);
        }
        Some(page)
    }

    fn new_page(&mut self) -> Option<u32> {
        let next = u32::try_from(self.pages.len()).ok().filter(|next| *next < OPEN)?;
        self.pages.push(Page::default());
        Some(next)
    }

    /// Returns the block whose page a block shares.
    fn owner(&mut self, client: u64, index: usize, header: &Header<'a, [u8]>) -> Option<u32> {
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
            let (mut page, mut place) = *self.found.get(at as usize)?;
            if page == NOWHERE {
                return None;
            }
            for (at, next) in chain.into_iter().rev() {
                (page, place) = self.inside(next.owner, next.relation, (page, place))?;
                self.note(next.client, at as usize, (page, place))?;
            }
        }
        Some(())
    }

    /// Returns the blocks as stretches.
    pub fn stretches(&self) -> Option<Vec<Stretch>> {
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
