//! The columns of a board by id, title and place: derived once a session and kept up to date by the
//! operations, so that ten thousand of them do not look at all columns ten thousand times.

use crate::crdt::source::Source;
use crate::error::{Error, Kind, Next, Result, listed};
use crate::id::{DocId, resolve};
use crate::store::Session;
use crate::wire::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

/// The card before each card of a column: `None` before the first one.
pub type Neighbours = HashMap<String, Option<String>>;

/// A column with its name and place, without its cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The id that cards name; empty if another program gave it none.
    pub id: String,
    /// For people; need not be unique.
    pub title: String,
    /// Its place on the board: the smallest comes first.
    pub order: i64,
}

/// Up to this many columns are renumbered from 0 without gaps when one is moved.
const NUMBERED_THROUGH: usize = 100;

/// The columns without their cards. In each index the search key precedes the id.
#[derive(Default)]
pub struct Headings {
    by_id: BTreeMap<String, Heading>,
    /// In board order: by field `order`, then by their place in the document.
    placed: BTreeMap<(i64, usize), String>,
    /// The place of each in the document, relative to the others.
    places: HashMap<String, usize>,
    next_place: usize,
    titled: BTreeSet<(String, String)>,
    /// By title, without regard to case.
    alike: BTreeSet<(String, String)>,
    /// The card before each card, by column; dropped when something is written.
    pub neighbours: Option<HashMap<String, Neighbours>>,
}

impl Headings {
    /// Reads the columns of a document.
    pub fn of(source: &dyn Source) -> Headings {
        let mut headings = Headings::default();
        for (id, fields) in source.fields(&["columns"], &["title", "order"]) {
            let field = |place: usize| fields.get(place).and_then(Option::as_ref);
            let title = field(0).and_then(Value::as_str).unwrap_or_default().to_owned();
            let order = field(1).and_then(Value::as_i64).unwrap_or(0);
            headings.add(Heading { id, title, order });
        }
        headings
    }

    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// In board order.
    pub fn iter(&self) -> impl Iterator<Item = &Heading> {
        self.placed.values().filter_map(|id| self.by_id.get(id))
    }

    pub fn first(&self) -> Option<&Heading> {
        self.iter().next()
    }

    /// The greatest `order`.
    pub fn last_order(&self) -> Option<i64> {
        self.placed.last_key_value().map(|((order, _), _)| *order)
    }

    /// The column with an id.
    pub fn get(&self, id: &str) -> Option<&Heading> {
        self.by_id.get(id)
    }

    /// The first column on the board with a title.
    pub fn titled(&self, title: &str) -> Option<&Heading> {
        self.all(&self.titled, title).min_by_key(|heading| self.key(&heading.id))
    }

    /// The column that an id, a title or a unique prefix of an id names. Titles are compared exactly,
    /// then without regard to case.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`; `Usage` for a prefix that is too short.
    pub fn find(&self, named: &str) -> Result<&Heading> {
        if let Some(exact) = self.get(named) {
            return Ok(exact);
        }
        let mut found: Vec<&Heading> = self.all(&self.titled, named).collect();
        if found.is_empty() {
            found = self.all(&self.alike, &named.to_lowercase()).collect();
        }
        found.sort_by_key(|heading| self.key(&heading.id));
        match found.as_slice() {
            [] => self.begun(named),
            [one] => Ok(one),
            several => {
                let ids: Vec<&str> = several.iter().map(|heading| heading.id.as_str()).collect();
                let what = format!("{} columns are called {named:?}", several.len());
                Err(Error::new(Kind::Ambiguous, what)
                    .hint(format!("name one by its id: {}", listed(&ids))))
            }
        }
    }

    /// The column whose id begins with this prefix.
    fn begun(&self, prefix: &str) -> Result<&Heading> {
        let from = self.by_id.range(prefix.to_owned()..).map(|(id, _)| id.as_str());
        let id = resolve(prefix, from.take_while(|id| id.starts_with(prefix)), "column")
            .map_err(|e| match e.kind {
                Kind::NotFound if !self.is_empty() => e.hint_also(self.choices()),
                _ => e,
            })
            .map_err(|e| e.hint_also(Next::Board.and(" shows them")))?;
        self.get(&id).ok_or_else(|| Error::bug("a column was found and lost"))
    }

    /// The existing columns, as a sentence.
    fn choices(&self) -> String {
        let titles: Vec<&str> = self.iter().map(|heading| heading.title.as_str()).collect();
        format!("the board has {}", listed(&titles))
    }

    fn all<'h>(
        &'h self,
        keys: &'h BTreeSet<(String, String)>,
        key: &str,
    ) -> impl Iterator<Item = &'h Heading> {
        let from = keys.range((key.to_owned(), String::new())..);
        let key = key.to_owned();
        from.take_while(move |(found, _)| *found == key).filter_map(|(_, id)| self.get(id))
    }

    /// The columns whose numbers change when one is moved before another, or to the end; empty if it is
    /// there already. On a board of ordinary size all are renumbered, as other programs do; on one of
    /// thousands, only as many as needed to make room.
    pub fn numbers_to_move(&self, moved: &Heading, before: Option<&Heading>) -> Vec<Heading> {
        let edge = before.and_then(|before| self.key(&before.id));
        let found = |(_, id): (_, &String)| self.by_id.get(id);
        let others = |heading: &&Heading| heading.id != moved.id;
        let below = || {
            let end = edge.map_or(Bound::Unbounded, Bound::Excluded);
            self.placed.range((Bound::Unbounded, end)).rev().filter_map(found)
        };
        let above = || {
            let from = edge.map(|edge| self.placed.range(edge..));
            from.into_iter().flatten().filter_map(found).filter(others)
        };
        let is_moved = |heading: &Heading| heading.id == moved.id;
        if before.is_some_and(is_moved) || below().next().is_some_and(is_moved) {
            return Vec::new();
        }
        let below = || below().filter(others);
        if self.by_id.len() > NUMBERED_THROUGH {
            // On the side where fewer are in the way.
            let up = below().next().and_then(|beside| room(beside, above(), 1));
            let down = above().next().and_then(|beside| room(beside, below(), -1));
            let made = up.into_iter().chain(down).min_by_key(|(_, pushed)| pushed.len());
            if let Some((order, pushed)) = made {
                return [vec![Heading { order, ..moved.clone() }], pushed].concat();
            }
        }
        let mut all: Vec<&Heading> = below().collect();
        all.reverse();
        let all = (0i64..).zip(all.into_iter().chain([moved]).chain(above()));
        let changed = all.filter(|(order, of)| of.order != *order);
        changed.map(|(order, of)| Heading { order, ..of.clone() }).collect()
    }

    fn key(&self, id: &str) -> Option<(i64, usize)> {
        Some((self.by_id.get(id)?.order, *self.places.get(id)?))
    }

    /// Adds or updates a column.
    pub fn add(&mut self, heading: Heading) {
        let id = heading.id.clone();
        let place = self.places.get(&id).copied().unwrap_or(self.next_place);
        self.remove(&id);
        self.next_place = self.next_place.max(place.saturating_add(1));
        self.places.insert(id.clone(), place);
        self.placed.insert((heading.order, place), id.clone());
        self.titled.insert((heading.title.clone(), id.clone()));
        self.alike.insert((heading.title.to_lowercase(), id.clone()));
        self.by_id.insert(id, heading);
    }

    /// Records that a column is gone.
    pub fn remove(&mut self, id: &str) {
        if let Some(Heading { id, title, order }) = self.by_id.remove(id) {
            let place = self.places.remove(&id);
            place.and_then(|place| self.placed.remove(&(order, place)));
            self.alike.remove(&(title.to_lowercase(), id.clone()));
            self.titled.remove(&(title, id));
        }
    }
}

/// The number next to a column's, one step up or down, and the columns in the way with the numbers they
/// are pushed to. Returns `None` at the end of the number range.
fn room<'h>(
    beside: &Heading,
    others: impl Iterator<Item = &'h Heading>,
    step: i64,
) -> Option<(i64, Vec<Heading>)> {
    let own = beside.order.checked_add(step)?;
    let (mut last, mut pushed) = (own, Vec::new());
    for other in others {
        let least = last.checked_add(step)?;
        if if step > 0 { other.order >= least } else { other.order <= least } {
            break;
        }
        pushed.push(Heading { order: least, ..other.clone() });
        last = least;
    }
    Some((own, pushed))
}

/// Looks at the columns of a board. Returns `None` if there is no board.
pub fn look<R>(
    session: &mut Session,
    doc: &DocId,
    look: impl FnOnce(&Headings) -> R,
) -> Result<Option<R>> {
    let Some(headings) = recall(session, doc)? else { return Ok(None) };
    let seen = look(&headings);
    session.remember(doc, headings);
    Ok(Some(seen))
}

/// What the session knows about the columns of a board, taken out. Returns `None` if there is no board.
pub fn recall(session: &mut Session, doc: &DocId) -> Result<Option<Headings>> {
    match session.recall::<Headings>(doc) {
        Some(headings) => Ok(Some(headings)),
        None => session.read(doc, |source| Headings::of(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Chance;

    fn heading(id: usize, order: i64) -> Heading {
        Heading { id: format!("{id:06}"), title: format!("C{id}"), order }
    }

    fn ids(headings: &Headings) -> Vec<String> {
        headings.iter().map(|heading| heading.id.clone()).collect()
    }

    /// Numbers with gaps, twice, and at their ends: a column ends up where it was put, and on a large
    /// board few others are written to.
    #[test]
    fn a_moved_column_stands_where_it_was_put() {
        let mut chance = Chance::new(7);
        for round in 0..60 {
            let count = if round % 2 == 0 { 2 + chance.below(9) } else { 101 + chance.below(20) };
            let mut headings = Headings::default();
            for id in 0..count {
                let order = match chance.below(8) {
                    0 => i64::MAX,
                    1 => i64::MIN,
                    _ => i64::try_from(chance.below(2 * count)).unwrap(),
                };
                headings.add(heading(usize::try_from(id).unwrap(), order));
            }
            for _ in 0..20 {
                let all = ids(&headings);
                let mut pick = || usize::try_from(chance.below(count)).unwrap();
                let (from, to) = (pick(), pick());
                let moved = headings.get(&all[from]).unwrap().clone();
                let before = headings.get(&all[to]).cloned().filter(|_| to % 5 > 0);
                let numbered = headings.numbers_to_move(&moved, before.as_ref());
                let mut want: Vec<_> = all.iter().filter(|id| **id != moved.id).cloned().collect();
                let place = before.and_then(|before| want.iter().position(|id| *id == before.id));
                match place {
                    Some(place) => want.insert(place, moved.id),
                    None if to % 5 > 0 => want.insert(from, moved.id),
                    None => want.push(moved.id),
                }
                assert_eq!(numbered.is_empty(), want == all);
                numbered.into_iter().for_each(|heading| headings.add(heading));
                assert_eq!(ids(&headings), want);
            }
        }
    }

    /// Two columns added concurrently have one number: they are ordered as the board shows them.
    #[test]
    fn columns_of_one_number_stand_as_on_the_board() {
        let mut doc = crate::crdt::doc::Doc::new(1);
        let orders = doc.edit(|txn| {
            for id in ["c", "b", "a"] {
                let fields = vec![("title", id.into()), ("order", 1i64.into())];
                txn.push_record(&["columns"], id, fields)?;
            }
            let board = super::super::Board::of(txn);
            Ok((
                board.columns.into_iter().map(|column| column.id).collect(),
                ids(&Headings::of(txn)),
            ))
        });
        let (board, headings): (Vec<String>, _) = orders.unwrap();
        assert_eq!(board, ["c", "b", "a"]);
        assert_eq!(headings, board);
    }

    #[test]
    fn a_move_among_thousands_writes_to_few() {
        let mut headings = Headings::default();
        (0..1_000).for_each(|id| headings.add(heading(id, i64::try_from(id).unwrap())));
        for id in 0..1_000 {
            let moved = headings.get(&format!("{id:06}")).unwrap().clone();
            let numbered = headings.numbers_to_move(&moved, headings.first());
            assert!(numbered.len() <= 1, "{id}: {}", numbered.len());
            numbered.into_iter().for_each(|heading| headings.add(heading));
        }
    }
}
