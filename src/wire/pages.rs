//! A whole state by its pages, so that a change costs the records that it touches.
//!
//! A page is what stands in a document under one key of one root, with all below it; a root without
//! keys is one page. Whatever a block refers to, its origins and its parent, is in the block's own
//! page, so some pages and collected content in the place of all others are a document of their own
//! ([`Pages::project`]), which yrs opens and edits as it would the whole. What it made of them goes
//! back to where they stood ([`Pages::splice`]); everything else is copied byte for byte.

use super::deletes::write_var;
use super::run::{Run, write_gc};
use super::{Checked, DeleteSet, Header, Id, Kind, Parent, Update};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

/// In [`Stretch::page`]: collected, so nothing tells where it stood.
const NOWHERE: u32 = u32::MAX;
/// While pages are found out: it is where another block is.
const OPEN: u32 = u32::MAX - 1;

/// Which blocks of a state are in which page.
#[derive(Debug)]
pub struct Pages {
    /// By ascending id.
    clients: Vec<ClientPages>,
    stretches: Vec<Stretch>,
    pages: Vec<Page>,
    /// By root and key.
    named: BTreeMap<String, BTreeMap<Option<String>, u32>>,
    deletes: DeleteSet,
}

/// What one client wrote.
#[derive(Debug)]
struct ClientPages {
    id: u64,
    end: u32,
    stretches: Range<usize>,
}

/// Blocks of one client that follow each other in one page.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    clock: u32,
    end: u32,
    at: u32,
    to: u32,
    blocks: u32,
    page: u32,
}

#[derive(Debug, Default, Clone, Copy)]
struct Page {
    /// The items right under its key, of which one is the value there.
    values: u32,
    /// The last of them that was seen is not deleted.
    lives: bool,
}

impl Page {
    /// Whether it can be told without yrs if there is anything under its key.
    fn is_plain(self) -> bool {
        self.values <= 1
    }
}

/// Pages of one document.
pub type PageSet = BTreeSet<u32>;

impl Pages {
    /// The pages of a state that was stored here. None where that is not as this expects it: then
    /// the whole document has to be opened. Linear in the state.
    pub fn of<S>(state: &Update<'_, S>) -> Option<Pages> {
        let mut search = PageSearch {
            state,
            found: vec![(OPEN, false); state.blocks.len()],
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
        let (clients, stretches) = search.stretches()?;
        let mut named: BTreeMap<String, BTreeMap<Option<String>, u32>> = BTreeMap::new();
        for ((root, key), page) in search.named {
            named.entry(root.to_owned()).or_default().insert(key.map(str::to_owned), page);
        }
        let deletes = state.deletes.clone();
        Some(Pages { clients, stretches, pages: search.pages, named, deletes })
    }

    /// The page of a key; None where the state has nothing there, not even something deleted.
    pub fn find(&self, root: &str, key: &str) -> Option<u32> {
        let keys = self.named.get(root)?;
        // A root that is a sequence is one page, whatever is looked for in it.
        keys.get(&Some(key.to_owned())).or_else(|| keys.get(&None)).copied()
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

    /// Some pages as a state of its own: everything else is collected there. None where the bytes
    /// are not those that the pages were found in.
    pub fn project(&self, state: &[u8], pages: &PageSet) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut deletes = DeleteSet::default();
        write_var(&mut out, self.clients.len() as u64);
        for client in self.clients.iter().rev() {
            let (mut count, mut body, mut gap) = (0u64, Vec::new(), 0u32);
            for stretch in self.stretches.get(client.stretches.clone())? {
                if !pages.contains(&stretch.page) {
                    gap = gap.checked_add(stretch.end.checked_sub(stretch.clock)?)?;
                    continue;
                }
                if gap > 0 {
                    write_gc(std::mem::take(&mut gap), &mut body);
                    count += 1;
                }
                body.extend_from_slice(state.get(stretch.at as usize..stretch.to as usize)?);
                count += u64::from(stretch.blocks);
                for range in self.deletes.within(client.id, stretch.clock..stretch.end) {
                    deletes.insert(client.id, range);
                }
            }
            if gap > 0 {
                write_gc(gap, &mut body);
                count += 1;
            }
            write_var(&mut out, count);
            write_var(&mut out, client.id);
            write_var(&mut out, 0);
            out.extend_from_slice(&body);
        }
        deletes.encode(&mut out);
        Some(out)
    }

    /// The state with these pages as they are in `edited`, which is what became of their projection.
    /// None where it is no such thing.
    pub fn splice(
        &self,
        state: &[u8],
        pages: &PageSet,
        edited: &Update<'_, Checked>,
    ) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(state.len().checked_add(edited.bytes.len())?);
        let ids: BTreeSet<u64> = self
            .clients
            .iter()
            .map(|client| client.id)
            .chain(edited.clients.iter().map(|c| c.id))
            .collect();
        write_var(&mut out, ids.len() as u64);
        let mut deletes = self.deletes.clone();
        let mut old = self.clients.iter().rev().peekable();
        for id in ids.into_iter().rev() {
            let section = old.next_if(|client| client.id == id);
            let new = edited.client(id)?;
            let run = Run::from(edited, new, 0)?;
            let gone = DeleteSet::default();
            let mut pieces =
                SplicedClient { run, state, count: 0, new: Vec::new(), parts: Vec::new(), gone };
            let stretches =
                section.map_or(Some(&[][..]), |of| self.stretches.get(of.stretches.clone()))?;
            for stretch in stretches {
                match pages.contains(&stretch.page) {
                    true => pieces.edited(stretch.clock, stretch.end)?,
                    false => pieces.copied(stretch),
                }
            }
            let end = section.map_or(0, |section| section.end);
            pieces.edited(end, new.end)?;
            write_var(&mut out, pieces.count);
            write_var(&mut out, id);
            write_var(&mut out, 0);
            pieces.write(&mut out)?;
            deletes.union(&pieces.gone);
        }
        deletes.encode(&mut out);
        Some(out)
    }
}

/// The blocks of one client, partly copied and partly new.
struct SplicedClient<'e, 'a> {
    run: Run<'e, 'a, Checked>,
    state: &'a [u8],
    count: u64,
    /// The bytes of what is new.
    new: Vec<u8>,
    /// Ranges of the state and of what is new, in their order.
    parts: Vec<SplicePart>,
    /// What is deleted of that.
    gone: DeleteSet,
}

enum SplicePart {
    Copied(Range<usize>),
    New(Range<usize>),
}

impl SplicedClient<'_, '_> {
    fn copied(&mut self, stretch: &Stretch) {
        let bytes = stretch.at as usize..stretch.to as usize;
        self.count += u64::from(stretch.blocks);
        match self.parts.last_mut() {
            Some(SplicePart::Copied(before)) if before.end == bytes.start => before.end = bytes.end,
            _ => self.parts.push(SplicePart::Copied(bytes)),
        }
    }

    /// What the edited state has between two clocks.
    fn edited(&mut self, from: u32, to: u32) -> Option<()> {
        let start = self.new.len();
        // Only here: all other pages stand as collected in what was edited, and are not.
        let (client, edited) = (self.run.client(), self.run.update());
        for range in edited.deletes.within(client, from..to) {
            self.gone.insert(client, range);
        }
        self.run.seek(from);
        while self.run.clock() < to {
            let (_, rest) = self.run.offset_and_rest();
            let units = rest.min(to.checked_sub(self.run.clock())?);
            if units == 0 {
                return None;
            }
            self.run.write(units, &mut self.new);
            self.count += 1;
            self.run.seek(self.run.clock().checked_add(units)?);
        }
        if self.new.len() > start {
            self.parts.push(SplicePart::New(start..self.new.len()));
        }
        Some(())
    }

    fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        for part in &self.parts {
            out.extend_from_slice(match part {
                SplicePart::Copied(bytes) => self.state.get(bytes.clone())?,
                SplicePart::New(bytes) => self.new.get(bytes.clone())?,
            });
        }
        Some(())
    }
}

/// A block whose page is open.
#[derive(Clone, Copy)]
struct Follows {
    client: u64,
    /// The block in whose page it is.
    owner: u32,
    /// It stands beside that one, not in it.
    beside: bool,
}

/// Finds out where each block stands.
struct PageSearch<'s, 'a, S> {
    state: &'s Update<'a, S>,
    /// By block: its page, and whether it stands right under the key of that.
    found: Vec<(u32, bool)>,
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
            Kind::Gc => (NOWHERE, false),
            Kind::Skip => return None,
            _ => {
                let header = self.state.header(block);
                if let Some(Parent::Root(root)) = header.parent {
                    (self.page(root, header.key)?, true)
                } else {
                    let owner = self.owner(client, index, &header)?;
                    let beside = header.parent.is_none();
                    match *self.found.get(owner as usize)? {
                        // What stands in something collected is collected when it is opened.
                        (NOWHERE, _) => return None,
                        (OPEN, _) => {
                            let follows = Follows { client, owner, beside };
                            self.follows.insert(u32::try_from(index).ok()?, follows);
                            (OPEN, false)
                        }
                        (page, top) => (page, top && beside),
                    }
                }
            }
        };
        self.note(client, index, found)
    }

    /// Notes where a block stands, and counts what stands right under the key of a page.
    fn note(&mut self, client: u64, index: usize, (page, top): (u32, bool)) -> Option<()> {
        *self.found.get_mut(index)? = (page, top);
        if top {
            let lives = self.lives(client, index)?;
            let page = self.pages.get_mut(page as usize)?;
            page.values = page.values.saturating_add(1);
            page.lives = lives;
        }
        Some(())
    }

    fn lives(&self, client: u64, index: usize) -> Option<bool> {
        let block = self.state.blocks.get(index)?;
        let id = Id { client, clock: block.clock };
        Some(block.kind != Kind::Deleted && !self.state.deletes.contains(id))
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
            let (page, mut top) = *self.found.get(at as usize)?;
            if page == NOWHERE {
                return None;
            }
            for (at, next) in chain.into_iter().rev() {
                top &= next.beside;
                self.note(next.client, at as usize, (page, top))?;
            }
        }
        Some(())
    }

    /// The blocks as stretches.
    fn stretches(&self) -> Option<(Vec<ClientPages>, Vec<Stretch>)> {
        let (mut sections, mut stretches) = (Vec::new(), Vec::<Stretch>::new());
        for client in &self.state.clients {
            let from = stretches.len();
            let mut clock = 0;
            for index in client.blocks.clone() {
                let (block, (page, _)) = (self.state.blocks.get(index)?, *self.found.get(index)?);
                // Whole, without a gap in its clocks or its bytes.
                if block.clock != clock {
                    return None;
                }
                clock = block.next_clock();
                match stretches.get_mut(from..).and_then(<[_]>::last_mut) {
                    Some(last) if last.to != block.at => return None,
                    Some(last) if last.page == page => {
                        (last.end, last.to) = (clock, block.end);
                        last.blocks = last.blocks.checked_add(1)?;
                    }
                    _ => stretches.push(Stretch {
                        clock: block.clock,
                        end: clock,
                        at: block.at,
                        to: block.end,
                        blocks: 1,
                        page,
                    }),
                }
            }
            sections.push(ClientPages {
                id: client.id,
                end: clock,
                stretches: from..stretches.len(),
            });
        }
        Some((sections, stretches))
    }
}
