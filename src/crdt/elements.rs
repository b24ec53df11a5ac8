//! Index of an open document's containers: array elements by id, so that a path through an array does not
//! look at all of them; the ends of arrays, so that appending needs no walk; and the texts in arrays and the
//! keys of maps.
//!
//! yrs walks to each array index from the start. Entries here stay valid until an array changes by other
//! means than the functions below; the code that changes one must report it.

use super::keys::{KeyIndex, beginning, branch_of};
use super::texts::TextIndex;
use crate::wire::Id;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use yrs::branch::BranchID;
use yrs::{Any, Array, ArrayRef, ClientID, ID, MapRef, Nested, Out, ReadTxn};

/// What is known of a document's containers. Empty at first.
#[derive(Default)]
pub(super) struct ContainerIndex {
    named: RefCell<HashMap<BranchID, BTreeMap<String, Indexed>>>,
    /// The last unit in an array, dead or alive.
    ends: RefCell<HashMap<BranchID, Id>>,
    pub texts: TextIndex,
    pub keys: KeyIndex,
    looks: Cell<u64>,
}

/// The elements with one id in an array.
#[derive(Clone)]
struct Indexed {
    /// The first of them; a shared map comes before a plain value.
    first: First,
    /// Whether nothing else has this id.
    alone: bool,
}

#[derive(Clone)]
enum First {
    Map(ID),
    Plain(Any),
}

impl ContainerIndex {
    /// Returns the array element with this id; `id_of` gives an element's id. Looks at all elements the first
    /// time.
    pub fn find<T: ReadTxn>(
        &self,
        txn: &T,
        array: &ArrayRef,
        id: &str,
        id_of: impl Fn(&Out) -> Option<String>,
    ) -> Option<Out> {
        let first = self.named(txn, array, id_of, |named| Some(named.get(id)?.first.clone()))?;
        match first {
            First::Map(item) => Nested::<MapRef>::new(item).get(txn).map(Out::YMap),
            First::Plain(any) => Some(Out::Any(any)),
        }
    }

    /// Returns the ids in an array that have this prefix, sorted.
    pub fn beginning<T: ReadTxn>(
        &self,
        txn: &T,
        array: &ArrayRef,
        prefix: &str,
        id_of: impl Fn(&Out) -> Option<String>,
    ) -> Vec<String> {
        self.named(txn, array, id_of, |named| beginning(named, prefix))
    }

    /// Returns the items that created the array elements with these ids, or `None` unless each is exactly one
    /// shared map. Ids without an element are left out.
    pub fn items<T: ReadTxn>(
        &self,
        txn: &T,
        array: &ArrayRef,
        ids: impl IntoIterator<Item = impl AsRef<str>>,
        id_of: impl Fn(&Out) -> Option<String>,
    ) -> Option<Vec<Id>> {
        self.named(txn, array, id_of, |named| {
            let found = ids.into_iter().filter_map(|id| named.get(id.as_ref()));
            let item = |element: &Indexed| match element.first {
                First::Map(item) if element.alone => Some(own(item)),
                _ => None,
            };
            found.map(item).collect()
        })
    }

    /// Looks at the elements of an array by id.
    fn named<T: ReadTxn, R>(
        &self,
        txn: &T,
        array: &ArrayRef,
        id_of: impl Fn(&Out) -> Option<String>,
        look: impl FnOnce(&BTreeMap<String, Indexed>) -> R,
    ) -> R {
        let mut named = self.named.borrow_mut();
        look(named.entry(branch_of(array)).or_insert_with(|| self.all(txn, array, id_of)))
    }

    fn all<T: ReadTxn>(
        &self,
        txn: &T,
        array: &ArrayRef,
        id_of: impl Fn(&Out) -> Option<String>,
    ) -> BTreeMap<String, Indexed> {
        let mut elements = BTreeMap::new();
        for out in array.iter(txn) {
            self.looks.set(self.looks.get().saturating_add(1));
            if let Some(id) = id_of(&out) {
                add(&mut elements, id, &out);
            }
        }
        elements
    }

    /// Returns the last unit in an array, if it is known.
    pub fn end(&self, array: &ArrayRef) -> Option<Id> {
        self.ends.borrow().get(&branch_of(array)).copied()
    }

    /// Notes that a unit was added at the end of an array.
    pub fn ends_with(&self, array: &ArrayRef, unit: Id) {
        self.ends.borrow_mut().insert(branch_of(array), unit);
    }

    /// Notes that a map with an id was added at the end of an array.
    pub fn added(&self, array: &ArrayRef, id: &str, map: &MapRef) {
        if let Some(elements) = self.named.borrow_mut().get_mut(&branch_of(array)) {
            add(elements, id.to_owned(), &Out::YMap(map.clone()));
        }
    }

    /// Notes that the elements with these ids were removed from an array.
    pub fn removed(&self, array: &ArrayRef, ids: impl IntoIterator<Item = impl AsRef<str>>) {
        if let Some(elements) = self.named.borrow_mut().get_mut(&branch_of(array)) {
            ids.into_iter().for_each(|id| drop(elements.remove(id.as_ref())));
        }
    }

    /// Notes that something was removed from an array. Its end stays: dead units keep their places.
    pub fn shrunk(&self, array: &ArrayRef) {
        self.named.borrow_mut().remove(&branch_of(array));
        self.texts.changed(array);
    }

    /// Notes that an array was changed in some other way.
    pub fn changed(&self, array: &ArrayRef) {
        self.named.borrow_mut().remove(&branch_of(array));
        self.ends.borrow_mut().remove(&branch_of(array));
        self.texts.changed(array);
    }

    /// Forgets everything, after unknown changes.
    pub fn forget(&self) {
        self.named.borrow_mut().clear();
        self.ends.borrow_mut().clear();
        self.texts.forget();
        self.keys.forget();
    }

    /// Returns how many elements were looked at so far.
    #[cfg(test)]
    pub fn looks(&self) -> u64 {
        self.looks.get()
    }
}

fn add(elements: &mut BTreeMap<String, Indexed>, id: String, out: &Out) {
    let first = match out {
        Out::YMap(map) => match branch_of(map) {
            BranchID::Nested(item) => First::Map(item),
            BranchID::Root(_) => return,
        },
        Out::Any(any) => First::Plain(any.clone()),
        _ => return,
    };
    match elements.get_mut(&id) {
        None => drop(elements.insert(id, Indexed { first, alone: true })),
        Some(known) => {
            known.alone = false;
            if let (First::Plain(_), First::Map(_)) = (&known.first, &first) {
                known.first = first;
            }
        }
    }
}

pub(super) fn own(id: ID) -> Id {
    Id { client: id.client.get(), clock: id.clock }
}

pub(super) fn yrs_id(id: Id) -> ID {
    ID::new(ClientID::new(id.client), id.clock)
}
