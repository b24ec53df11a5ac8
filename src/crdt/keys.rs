//! The keys of the maps of an open document in their order, so that the beginning of a key costs no
//! look at all of them.
//!
//! What is kept here holds until a map changes otherwise than by the functions below: whoever
//! changes one says so.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use yrs::branch::{Branch, BranchID};
use yrs::{Map, MapRef, ReadTxn};

/// What is known of the keys of maps. Nothing, to begin with.
#[derive(Default)]
pub(super) struct KeyIndex(RefCell<HashMap<BranchID, BTreeMap<String, ()>>>);

impl KeyIndex {
    /// The keys of a map that begin like this, sorted. Looks at all keys the first time.
    pub fn beginning<T: ReadTxn>(&self, txn: &T, map: &MapRef, prefix: &str) -> Vec<String> {
        let mut maps = self.0.borrow_mut();
        let keys = maps
            .entry(branch_of(map))
            .or_insert_with(|| map.keys(txn).map(|key| (key.to_owned(), ())).collect());
        beginning(keys, prefix)
    }

    /// A key of a map is written.
    pub fn added(&self, map: &MapRef, key: &str) {
        if let Some(keys) = self.0.borrow_mut().get_mut(&branch_of(map))
            && !keys.contains_key(key)
        {
            keys.insert(key.to_owned(), ());
        }
    }

    /// A key was removed from a map.
    pub fn removed(&self, map: &MapRef, key: &str) {
        if let Some(keys) = self.0.borrow_mut().get_mut(&branch_of(map)) {
            keys.remove(key);
        }
    }

    /// Whatever was changed.
    pub fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

/// Those of some names that begin like this, in their order.
pub(super) fn beginning<T>(names: &BTreeMap<String, T>, prefix: &str) -> Vec<String> {
    let from = names.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
    from.map(|(name, _)| name).take_while(|name| name.starts_with(prefix)).cloned().collect()
}

pub(super) fn branch_of(shared: &impl AsRef<Branch>) -> BranchID {
    shared.as_ref().id()
}
