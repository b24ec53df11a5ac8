//! What the operations on records have in common: the limits of what people write, and clocks.

use crate::crdt::doc::Txn;
use crate::crdt::value::Source;
use crate::error::{Error, Result};
use crate::limits;

/// A name or a title: something, and not too long.
///
/// # Errors
/// `Usage` for an empty one, `Refused` beyond the limit.
pub fn check_title(what: &str, title: &str) -> Result<()> {
    if title.trim().is_empty() {
        return Err(Error::usage(format!("an empty {what}")));
    }
    let chars = title.chars().count();
    if chars > limits::NAME_CHARS {
        return Err(Error::refused(format!(
            "the {what} has {chars} characters, more than {}",
            limits::NAME_CHARS
        )));
    }
    Ok(())
}

/// A text that may be empty, and not too long.
///
/// # Errors
/// `Refused` beyond the limit.
pub fn check_text(what: &str, text: &str) -> Result<()> {
    if text.len() > limits::MESSAGE_BYTES {
        return Err(Error::refused(format!(
            "the {what} has {} bytes, more than {}",
            text.len(),
            limits::MESSAGE_BYTES
        )));
    }
    Ok(())
}

/// Moves a clock of the record at a path on: later than now and than it was (rule R4).
pub fn touch(txn: &mut Txn<'_>, path: &[&str], clock: &str, now: i64) -> Result<()> {
    let last = txn.int(&[path, &[clock]].concat());
    let next = last.map_or(now, |last| now.max(last.saturating_add(1)));
    txn.set(path, clock, next)
}
