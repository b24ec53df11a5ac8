//! Differences between two documents, stores or bundles, record by record.

use super::{Partial, sound};
use crate::concern::{self};
use crate::crdt::any_view::AnyView;
use crate::crdt::types::SharedTypes;
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::inspect::diff::{Change, ChangeKind, Compared, Comparison, compare};
use crate::schema::Spec;
use crate::store::Reader;
use crate::wire::{Update, Value};
use serde::Serialize;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};

/// A record that differs between the sides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The document; the name of a file if it is unknown which document that is.
    pub doc: String,
    /// The path of its collection; empty for a difference that no value shows.
    pub collection: String,
    /// The record's id; `None` for a text or a whole root.
    pub id: Option<String>,
    /// `added`, `removed` or `changed`.
    pub change: &'static str,
    /// The fields that differ, by name.
    pub fields: BTreeMap<String, FieldChange>,
}

/// The old and the new value of a field.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FieldChange {
    /// The value before, or in A; `None` if there is none.
    pub old: Option<Json>,
    /// The value now, or in B; `None` if there is none.
    pub new: Option<Json>,
}

impl From<&(Option<Value>, Option<Value>)> for FieldChange {
    fn from((old, new): &(Option<Value>, Option<Value>)) -> FieldChange {
        let json = |value: &Option<Value>| value.as_ref().map(Value::to_json);
        FieldChange { old: json(old), new: json(new) }
    }
}

/// How one document compares between the two sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentStanding {
    /// The document; the name of a file if it is unknown which document that is.
    pub doc: String,
    /// `only-in-a`, `only-in-b`, `equal`; `ahead` if B has everything that A has and more, `behind` the other
    /// way round, `diverged` if each has something that the other lacks; `forked` if two replicas wrote under
    /// one client id.
    pub state: &'static str,
    /// The number of records that only B has.
    pub added: usize,
    /// The number of records that only A has.
    pub removed: usize,
    /// The number of records that both have with different fields.
    pub changed: usize,
}

/// The differences over all pairs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Differences {
    /// Every record that differs, document by document.
    pub records: Vec<Difference>,
    /// The number of documents that differ.
    pub documents: usize,
    /// Every document that was compared.
    pub standings: Vec<DocumentStanding>,
    /// The documents that hold the same operations but different content, each with its differences: two
    /// replicas wrote under one client id.
    pub diverged: Vec<(String, Vec<Difference>)>,
}

/// Opens a side's version of a document; `None` if it has none.
type Opener = Box<dyn Fn(&DocId) -> Result<Option<AnyView>>>;

/// One of the two sides of a comparison.
pub struct DiffSide {
    name: String,
    holds: Holdings,
}

enum Holdings {
    /// A document or a file; its id may be unknown.
    One { doc: Option<DocId>, view: Box<dyn Compared> },
    /// A store or a bundle.
    Many { documents: BTreeSet<DocId>, open: Opener, selective: bool },
}

impl DiffSide {
    /// Returns the side for a document of a store.
    pub fn document(doc: DocId, view: AnyView) -> DiffSide {
        DiffSide {
            name: doc.to_string(),
            holds: Holdings::One { doc: Some(doc), view: Box::new(view) },
        }
    }

    /// Returns the side for the bytes of a file, which must be the whole state of a document; `doc` if it is
    /// known which.
    ///
    /// # Errors
    /// `Untrusted` for anything else.
    pub fn file(name: String, doc: Option<DocId>, bytes: &[u8]) -> Result<DiffSide> {
        let view = whole(bytes, doc.as_ref()).map_err(|reason| {
            Error::untrusted(format!("{name} does not hold a whole document")).because(reason)
        })?;
        Ok(DiffSide { name, holds: Holdings::One { doc, view: Box::new(view) } })
    }

    /// Returns the side for content of any shared type, even content that the gate would refuse.
    pub fn types(name: String, doc: Option<DocId>, types: SharedTypes) -> DiffSide {
        DiffSide { name, holds: Holdings::One { doc, view: Box::new(types) } }
    }

    /// Returns the side for a whole store.
    ///
    /// # Errors
    /// `Io` if it cannot be listed.
    pub fn store(name: String, reader: Reader) -> Result<DiffSide> {
        let documents = reader.documents()?.into_iter().map(|document| document.id).collect();
        let open: Opener = Box::new(move |doc| reader.any_view(doc));
        Ok(DiffSide { name, holds: Holdings::Many { documents, open, selective: false } })
    }

    /// Returns the side for some documents of a store, possibly not all it has: those of a bundle.
    pub fn selection(name: String, documents: BTreeSet<DocId>, open: Opener) -> DiffSide {
        DiffSide { name, holds: Holdings::Many { documents, open, selective: true } }
    }

    fn document_id(&self) -> Option<&DocId> {
        match &self.holds {
            Holdings::One { doc, .. } => doc.as_ref(),
            Holdings::Many { .. } => None,
        }
    }

    /// Returns its version of a document; a side with a single document returns that, whichever is requested.
    fn view(&self, doc: Option<&DocId>) -> Result<SideState<'_>> {
        match (&self.holds, doc) {
            (Holdings::One { view, .. }, _) => Ok(SideState::Lent(view.as_ref())),
            (Holdings::Many { open, .. }, Some(doc)) => {
                Ok(open(doc)?.map_or(SideState::Nothing, |view| SideState::Own(Box::new(view))))
            }
            (Holdings::Many { .. }, None) => Ok(SideState::Nothing),
        }
    }
}

/// An owned or borrowed view.
enum SideState<'s> {
    Nothing,
    Lent(&'s dyn Compared),
    Own(Box<dyn Compared>),
}

impl SideState<'_> {
    /// Returns the state with every shared type: embeds and formats are content, too.
    fn in_full(self) -> Result<Self> {
        let Some(read) = self.get().filter(|read| !read.is_full()) else { return Ok(self) };
        let types = SharedTypes::read(read.bytes().to_vec())?;
        Ok(SideState::Own(Box::new(types)))
    }

    fn get(&self) -> Option<&dyn Compared> {
        match self {
            SideState::Nothing => None,
            SideState::Lent(view) => Some(*view),
            SideState::Own(view) => Some(view.as_ref()),
        }
    }
}

/// Returns the live content of a document's whole state.
fn whole(bytes: &[u8], doc: Option<&DocId>) -> Result<View, String> {
    let roots = doc.map(concern::roots).unwrap_or_default();
    let update = Update::checked(bytes, roots).map_err(|fault| fault.to_string())?;
    match update.needs().is_empty() {
        true => View::read(&update).map_err(|e| e.to_string()),
        false => Err("it is an update that builds on others".to_owned()),
    }
}

/// Two sides, document by document.
pub struct Pairs<'s> {
    old: &'s DiffSide,
    new: &'s DiffSide,
    pairs: Vec<Pair>,
    /// The names of the sides that hold less than the other one: only what they hold is compared.
    pub only: Vec<String>,
}

/// Two documents to compare.
struct Pair {
    /// The name used in differences.
    name: String,
    doc: Option<DocId>,
    spec: Option<&'static Spec>,
}

impl Pair {
    fn of(doc: &DocId) -> Pair {
        Pair { name: doc.to_string(), doc: Some(doc.clone()), spec: concern::of(doc) }
    }
}

impl<'s> Pairs<'s> {
    /// Pairs the documents of two sides.
    ///
    /// # Errors
    /// `NotFound` for a document that the other side lacks; `Usage` if it is unknown which document a file
    /// is.
    pub fn of(old: &'s DiffSide, new: &'s DiffSide) -> Result<Pairs<'s>> {
        let mut only = Vec::new();
        let pairs = match (&old.holds, &new.holds) {
            (Holdings::One { .. }, Holdings::One { .. }) => vec![pair_of_two(old, new)],
            (Holdings::One { .. }, Holdings::Many { documents, .. }) => {
                vec![pair_in(old, new, documents)?]
            }
            (Holdings::Many { documents, .. }, Holdings::One { .. }) => {
                vec![pair_in(new, old, documents)?]
            }
            (
                Holdings::Many { documents: in_old, selective: old_selects, .. },
                Holdings::Many { documents: in_new, selective: new_selects, .. },
            ) => {
                let mut docs: BTreeSet<&DocId> = in_old.union(in_new).collect();
                for (side, holds, selects) in
                    [(old, in_old, old_selects), (new, in_new, new_selects)]
                {
                    // A bundle need not include everything that its sender has.
                    let all = docs.len();
                    docs.retain(|doc| !selects || holds.contains(*doc));
                    if docs.len() < all {
                        only.push(side.name.clone());
                    }
                }
                docs.into_iter().map(Pair::of).collect()
            }
        };
        Ok(Pairs { old, new, pairs, only })
    }

    /// Returns how many documents are compared.
    pub fn count(&self) -> usize {
        self.pairs.len()
    }

    /// Compares them, calling `compared` after each.
    ///
    /// # Errors
    /// Those that are not about a single document.
    pub fn compare(&self, mut compared: impl FnMut()) -> Result<Partial<Differences>> {
        let mut partial = Partial { found: Differences::default(), damaged: Vec::new() };
        for pair in &self.pairs {
            let old = sound(&mut partial.damaged, self.old.view(pair.doc.as_ref()))?;
            let new = sound(&mut partial.damaged, self.new.view(pair.doc.as_ref()))?;
            let (Some(old), Some(new)) = (old, new) else { continue };
            // If no concern defines the content of a document, it may be any Yjs content.
            let (old, new) = match pair.spec {
                Some(_) => (old, new),
                None => (old.in_full()?, new.in_full()?),
            };
            let comparison = compare(pair.spec, old.get(), new.get());
            partial.found.add(&pair.name, [old.get(), new.get()], comparison);
            compared();
        }
        Ok(partial)
    }
}

impl Differences {
    fn add(&mut self, name: &str, sides: [Option<&dyn Compared>; 2], comparison: Comparison) {
        self.standings.push(DocumentStanding::of(name, sides, &comparison));
        let differences = |changes: Vec<Change>| {
            changes.into_iter().map(|change| Difference::of(name, change)).collect()
        };
        match comparison {
            Comparison::Equal => {}
            // A document that only one side has is one difference, however much is in it.
            Comparison::Different(changes) if sides.iter().any(Option::is_none) => {
                self.documents += 1;
                self.records.push(Difference::whole(name, sides, changes.len()));
            }
            Comparison::Different(changes) => {
                self.documents += 1;
                self.records.append(&mut differences(changes));
            }
            Comparison::Diverged(changes) => {
                self.diverged.push((name.to_owned(), differences(changes)));
            }
        }
    }
}

impl DocumentStanding {
    fn of(
        name: &str,
        sides: [Option<&dyn Compared>; 2],
        comparison: &Comparison,
    ) -> DocumentStanding {
        let changes = match comparison {
            Comparison::Equal => &[][..],
            Comparison::Different(changes) | Comparison::Diverged(changes) => changes,
        };
        let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
        let state = match (sides, comparison) {
            (_, Comparison::Diverged(_)) => "forked",
            ([Some(_), None], _) => "only-in-a",
            ([None, Some(_)], _) => "only-in-b",
            ([None, None], _) => "equal",
            ([Some(a), Some(b)], _) => {
                let has_all = |one: &dyn Compared, of: &dyn Compared| {
                    one.version().holds(of.version()) && (one.is_whole() || !of.is_whole())
                };
                match (has_all(b, a), has_all(a, b)) {
                    (true, true) => "equal",
                    (true, false) => "ahead",
                    (false, true) => "behind",
                    (false, false) => "diverged",
                }
            }
        };
        DocumentStanding {
            doc: name.to_owned(),
            state,
            added: count(ChangeKind::Added),
            removed: count(ChangeKind::Removed),
            changed: count(ChangeKind::Changed),
        }
    }
}

fn pair_of_two(old: &DiffSide, new: &DiffSide) -> Pair {
    match old.document_id().or(new.document_id()) {
        Some(doc) => Pair::of(doc),
        None => Pair { name: new.name.clone(), doc: None, spec: None },
    }
}

/// Pairs one document with its counterpart in a store or bundle.
fn pair_in(one: &DiffSide, many: &DiffSide, docs: &BTreeSet<DocId>) -> Result<Pair> {
    match one.document_id() {
        Some(doc) if docs.contains(doc) => Ok(Pair::of(doc)),
        Some(doc) => Err(Error::not_found(format!("there is no document {doc} in {}", many.name))),
        None => Err(Error::usage(format!("it is unknown which document {} is", one.name))
            .hint("compare it with a document of the store by name, or with another file")),
    }
}

impl Difference {
    /// Returns whether it stands for a whole document that one side lacks.
    pub fn is_of_a_document(&self) -> bool {
        self.collection.is_empty() && self.fields.contains_key("records")
    }

    /// Returns the difference for a whole document that one side lacks.
    fn whole(doc: &str, sides: [Option<&dyn Compared>; 2], records: usize) -> Difference {
        let is_new = matches!(sides, [None, _]);
        let count = Some(json!(records));
        let (old, new) = if is_new { (None, count) } else { (count, None) };
        Difference {
            doc: doc.to_owned(),
            collection: String::new(),
            id: None,
            change: if is_new { ChangeKind::Added } else { ChangeKind::Removed }.name(),
            fields: BTreeMap::from([("records".to_owned(), FieldChange { old, new })]),
        }
    }

    fn of(doc: &str, change: Change) -> Difference {
        let field = |(name, (old, new)): (String, (Option<Value>, Option<Value>))| {
            // If only the types differ, they are shown.
            let typed = old.as_ref().zip(new.as_ref()).is_some_and(|(old, new)| old.same(new));
            let json = |value: &Value| if typed { typed_json(value) } else { value.to_json() };
            let change = FieldChange { old: old.as_ref().map(json), new: new.as_ref().map(json) };
            (name, change)
        };
        Difference {
            doc: doc.to_owned(),
            collection: change.collection,
            id: change.id,
            change: change.kind.name(),
            fields: change.fields.into_iter().map(field).collect(),
        }
    }
}

/// Returns a value as JSON in which a BigInt appears as in a dump with Yjs types. Recursion is bounded: the
/// check refused deeper nesting.
fn typed_json(value: &Value) -> Json {
    match value {
        Value::BigInt(n) => json!({"t": "bigint", "v": n.to_string()}),
        other => match (other.as_map(), other.as_array()) {
            (Some(fields), _) => {
                fields.iter().map(|(key, field)| (key.clone(), typed_json(field))).collect()
            }
            (_, Some(items)) => items.iter().map(typed_json).collect(),
            _ => other.to_json(),
        },
    }
}
