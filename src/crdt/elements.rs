//! What is known of the containers of an open document: the elements of arrays by their ids, so that
//! a path through an array costs no look at all of them, and the ends of arrays, so that adding there
//! costs no walk; the texts in arrays and the keys of maps beside them.
//!
//! yrs walks to every place in an array from its start. What is kept here holds until an array
//! changes otherwise than by the functions below: whoever changes one says so.

use super::keys::{KeyIndex, beginning, branch_of};
use super::texts::TextIndex;
use crate::wire::Id;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use yrs::branch::BranchID;
use yrs::{Any, Array, ArrayRef, ClientID, ID, MapRef, Nested, Out, ReadTxn};

/// What is known of the containers of a document. Nothing, to begin with.
#[derive(Default)]
pub(super) struct ContainerIndex {
    named: RefCell<HashMap<BranchID, BTreeMap<String, Indexed>>>,
    /// The last unit in an array, dead or alive.
    ends: RefCell<HashMap<BranchID, Id>>,
    pub texts: TextIndex,
    pub keys: KeyIndex,
    looks: Cell<u64>,
}

/// What has an id in an array.
#[derive(Clone)]
struct Indexed {
    /// Of several the first, a shared map before a plain value.
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
    /// The element of an array with this id; `id_of` tells that of an element. Looks at all
    /// elements the first time.
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

    /// The ids in an array that begin like this, sorted.
    pub fn beginning<T: ReadTxn>(
        &self,
        txn: &T,
        array: &ArrayRef,
        prefix: &str,
        id_of: impl Fn(&Out) -> Option<String>,
    ) -> Vec<String> {
        self.named(txn, array, id_of, |named| beginning(named, prefix))
    }

    /// The items that created the elements of an array with these ids, if each of them is one shared
    /// map. Ids that nothing has are left out.
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

    /// The elements of an array by their ids.
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

    /// The last unit in an array, if it is known.
    pub fn end(&self, array: &ArrayRef) -> Option<Id> {
        self.ends.borrow().get(&branch_of(array)).copied()
    }

    /// A unit was added at the end of an array.
    pub fn ends_with(&self, array: &ArrayRef, unit: Id) {
        self.ends.borrow_mut().insert(branch_of(array), unit);
    }

    /// A map with an id was added at the end of an array.
    pub fn added(&self, array: &ArrayRef, id: &str, map: &MapRef) {
        if let Some(elements) = self.named.borrow_mut().get_mut(&branch_of(array)) {
            add(elements, id.to_owned(), &Out::YMap(map.clone()));
        }
    }

    /// The elements with these ids were removed from an array.
    pub fn removed(&self, array: &ArrayRef, ids: impl IntoIterator<Item = impl AsRef<str>>) {
        if let Some(elements) = self.named.borrow_mut().get_mut(&branch_of(array)) {
            ids.into_iter().for_each(|id| drop(elements.remove(id.as_ref())));
        }
    }

    /// Something was removed from an array. Its end stays: dead units keep their places.
    pub fn shrunk(&self, array: &ArrayRef) {
        self.named.borrow_mut().remove(&branch_of(array));
        self.texts.changed(array);
    }

    /// An array was changed somehow.
    pub fn changed(&self, array: &ArrayRef) {
        self.named.borrow_mut().remove(&branch_of(array));
        self.ends.borrow_mut().remove(&branch_of(array));
        self.texts.changed(array);
    }

    /// Whatever was changed.
    pub fn forget(&self) {
        self.named.borrow_mut().clear();
        self.ends.borrow_mut().clear();
        self.texts.forget();
        self.keys.forget();
    }

    /// The elements that were looked at so far.
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
