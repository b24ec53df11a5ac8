//! The keys of an open document's maps in order, so that finding a prefix does not look at all keys.
//!
//! Entries here stay valid until a map changes by other means than the functions below; the code that changes
//! one must report it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use yrs::branch::{Branch, BranchID};
use yrs::{Map, MapRef, ReadTxn};

/// What is known of the keys of maps. Empty at first.
#[derive(Default)]
pub(super) struct KeyIndex(RefCell<HashMap<BranchID, BTreeMap<String, ()>>>);

impl KeyIndex {
    /// Returns the keys of a map that have this prefix, sorted. Looks at all keys the first time.
    pub fn beginning<T: ReadTxn>(&self, txn: &T, map: &MapRef, prefix: &str) -> Vec<String> {
        let mut maps = self.0.borrow_mut();
        let keys = maps
            .entry(branch_of(map))
            .or_insert_with(|| map.keys(txn).map(|key| (key.to_owned(), ())).collect());
        beginning(keys, prefix)
    }

    /// Notes that a key of a map was written.
    pub fn added(&self, map: &MapRef, key: &str) {
        if let Some(keys) = self.0.borrow_mut().get_mut(&branch_of(map))
            && !keys.contains_key(key)
        {
            keys.insert(key.to_owned(), ());
        }
    }

    /// Notes that a key was removed from a map.
    pub fn removed(&self, map: &MapRef, key: &str) {
        if let Some(keys) = self.0.borrow_mut().get_mut(&branch_of(map)) {
            keys.remove(key);
        }
    }

    /// Forgets everything, after unknown changes.
    pub fn forget(&self) {
        self.0.borrow_mut().clear();
    }
}

/// Returns the names that have this prefix, in order.
pub(super) fn beginning<T>(names: &BTreeMap<String, T>, prefix: &str) -> Vec<String> {
    let from = names.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
    from.map(|(name, _)| name).take_while(|name| name.starts_with(prefix)).cloned().collect()
}

pub(super) fn branch_of(shared: &impl AsRef<Branch>) -> BranchID {
    shared.as_ref().id()
}
