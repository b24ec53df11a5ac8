//! Rows: what a list shows, made from results of the library, all at once or one at a time.

use crate::error::{Error, Result};
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt;
use std::rc::Rc;

/// The fields of one record, in the order in which JSON shows them.
pub type Row = Map<String, Value>;

/// Converts a result of the library to a row.
///
/// # Errors
/// `Bug` if it does not encode as an object.
pub fn row(of: &impl Serialize) -> Result<Row> {
    match serde_json::to_value(of) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(_) => Err(Error::bug("an answer does not encode as an object")),
        Err(e) => Err(Error::bug("an answer does not encode").because(e)),
    }
}

/// Converts results of the library to rows.
///
/// # Errors
/// As [`row`].
pub fn rows<T: Serialize>(all: &[T]) -> Result<Vec<Row>> {
    all.iter().map(row).collect()
}

/// Takes the rows of a stream, and returns whether it wants more.
pub type Take<'t> = &'t mut dyn FnMut(Row) -> Result<bool>;

/// Where the rows of a stream come from.
#[derive(Clone)]
pub struct Stream(Rc<dyn Fn(Take<'_>) -> Result<()>>);

impl Stream {
    pub(crate) fn of(rows: impl Fn(Take<'_>) -> Result<()> + 'static) -> Self {
        Stream(Rc::new(rows))
    }

    /// Hands out the rows as long as they are wanted.
    ///
    /// # Errors
    /// Its own, and those of `take`.
    pub fn each(&self, take: Take<'_>) -> Result<()> {
        (self.0)(take)
    }
}

/// A closure shows only its name.
impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

/// Hands out results of the library as rows, one at a time, as long as they are wanted.
///
/// # Errors
/// As [`row`], and those of `take`.
pub fn hand_out(all: impl IntoIterator<Item = impl Serialize>, take: Take<'_>) -> Result<()> {
    for one in all {
        if !take(row(&one)?)? {
            break;
        }
    }
    Ok(())
}
