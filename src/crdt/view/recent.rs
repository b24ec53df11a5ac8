//! The plain value that was read last.

use crate::crdt::plain::Plain;
use crate::wire::{Id, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// The last value that was opened. Lists ask for one field after the other, and for one element after the
/// other; with this, each value is read once, and no walk over them is quadratic.
#[derive(Default)]
pub struct RecentPlain {
    last: Mutex<Option<(Id, Arc<Plain>)>>,
}

impl RecentPlain {
    /// Returns the plain value of a unit of content, reading it if it is not the last one.
    pub fn get(&self, unit: Id, read: impl FnOnce() -> Option<Value>) -> Arc<Plain> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((id, plain)) if *id == unit => Arc::clone(plain),
            _ => {
                let plain = Arc::new(Plain::of(read().unwrap_or(Value::Undefined)));
                *last = Some((unit, Arc::clone(&plain)));
                plain
            }
        }
    }
}
