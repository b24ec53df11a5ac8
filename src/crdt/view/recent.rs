//! The plain value that was read last.

use crate::crdt::plain::Plain;
use crate::wire::{Id, Value};
use std::sync::{Arc, Mutex, PoisonError};

/// What was opened last: lists ask for one field after the other, and for one element after the
/// other. Each value is read once then, and no walk over them is quadratic.
#[derive(Default)]
pub struct RecentPlain {
    last: Mutex<Option<(Id, Arc<Plain>)>>,
}

impl RecentPlain {
    /// The plain value of a unit of content; read where it is not the last one.
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
