//! The columns of a board by id, title and place: derived once a session and kept up by the
//! operations, so that ten thousand of them are not ten thousand looks at all columns.

use crate::crdt::doc::Txn;
use crate::crdt::source::Source;
use crate::error::{Error, Kind, Next, Result, listed};
use crate::id::{DocId, resolve};
use crate::store::Session;
use crate::wire::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What stands before each card of a column: None before the first one.
pub type Neighbours = HashMap<String, Option<String>>;

/// A column by its name and place, without its cards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// By which cards name it; empty where another program gave it none.
    pub id: String,
    /// As people read it; need not be unique.
    pub title: String,
    /// Its place on the board: the smaller one comes first.
    pub order: i64,
}

/// The columns without their cards. What they are found by stands before their ids.
#[derive(Default)]
pub struct Headings {
    by_id: BTreeMap<String, Heading>,
    /// In the order of the board: by their field `order`, then by id.
    placed: BTreeSet<(i64, String)>,
    titled: BTreeSet<(String, String)>,
    /// By title, without regard to case.
    alike: BTreeSet<(String, String)>,
    /// What stands before each card, by column, as long as nothing was written.
    pub neighbours: Option<HashMap<String, Neighbours>>,
}

impl Headings {
    /// Of a document.
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

    /// In the order of the board.
    pub fn iter(&self) -> impl Iterator<Item = &Heading> {
        self.placed.iter().filter_map(|(_, id)| self.by_id.get(id))
    }

    pub fn first(&self) -> Option<&Heading> {
        self.iter().next()
    }

    /// The greatest field `order`.
    pub fn last_order(&self) -> Option<i64> {
        self.placed.last().map(|(order, _)| *order)
    }

    /// The column with an id.
    pub fn get(&self, id: &str) -> Option<&Heading> {
        self.by_id.get(id)
    }

    /// The first column of the board with a title.
    pub fn titled(&self, title: &str) -> Option<&Heading> {
        self.all(&self.titled, title).min_by_key(|heading| (heading.order, &heading.id))
    }

    /// The column that an id, a title or a unique prefix of an id names. Titles are compared as
    /// they are, then without regard to case.
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
        found.sort_by_key(|heading| (heading.order, &heading.id));
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

    /// The column whose id begins like this.
    fn begun(&self, prefix: &str) -> Result<&Heading> {
        let from = self.by_id.range(prefix.to_owned()..).map(|(id, _)| id.as_str());
        let id = resolve(prefix, from.take_while(|id| id.starts_with(prefix)), "column")
            .map_err(|e| e.hint_also(Next::Board.and(" shows them")))?;
        self.get(&id).ok_or_else(|| Error::bug("a column was found and lost"))
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

    /// Notes a column, new or changed.
    pub fn add(&mut self, heading: Heading) {
        let id = heading.id.clone();
        self.remove(&id);
        self.placed.insert((heading.order, id.clone()));
        self.titled.insert((heading.title.clone(), id.clone()));
        self.alike.insert((heading.title.to_lowercase(), id.clone()));
        self.by_id.insert(id, heading);
    }

    /// Notes that a column is gone.
    pub fn remove(&mut self, id: &str) {
        if let Some(Heading { id, title, order }) = self.by_id.remove(id) {
            self.placed.remove(&(order, id.clone()));
            self.alike.remove(&(title.to_lowercase(), id.clone()));
            self.titled.remove(&(title, id));
        }
    }
}

/// Looks at the columns of a board. None when there is no board.
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

/// What is known of the columns of a board, taken out. None when there is no board.
pub fn recall(session: &mut Session, doc: &DocId) -> Result<Option<Headings>> {
    match session.recall::<Headings>(doc) {
        Some(headings) => Ok(Some(headings)),
        None => session.read(doc, |source| Headings::of(source)),
    }
}

/// Changes a board, and what is known of its columns with it, if anything is.
pub fn edit<R>(
    session: &mut Session,
    doc: &DocId,
    learn: impl FnOnce(&mut Headings),
    change: impl FnOnce(&mut Txn<'_>) -> Result<R>,
) -> Result<R> {
    let headings = session.recall::<Headings>(doc);
    let done = session.edit(doc, change)?;
    if let Some(mut headings) = headings {
        headings.neighbours = None;
        learn(&mut headings);
        session.remember(doc, headings);
    }
    Ok(done)
}

/// What a change of cards alone teaches about columns.
pub fn nothing(_: &mut Headings) {}
