//! Limits on the texts that people write.

use crate::error::{Error, Result};
use crate::limits;

/// Checks a name or a title: not empty, and not too long.
///
/// # Errors
/// `Usage` if it is empty, `Refused` beyond the limit.
pub fn check_title(what: &str, title: &str) -> Result<()> {
    if title.trim().is_empty() {
        return Err(Error::usage(format!("an empty {what}")));
    }
    let chars = title.chars().count();
    if chars > limits::NAME_CHARS {
        return Err(Error::refused(format!(
            "the {what} has {chars} characters, more than {}",
            limits::NAME_CHARS
        ))
        .hint("give a shorter one"));
    }
    Ok(())
}

/// Checks the text of a message: not empty, and not too long.
///
/// # Errors
/// `Usage` if it is empty, `Refused` beyond the limit.
pub fn check_said(what: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::usage(format!("an empty {what}")));
    }
    check_text(what, text)
}

/// Checks a text that may be empty but not too long.
///
/// # Errors
/// `Refused` beyond the limit.
pub fn check_text(what: &str, text: &str) -> Result<()> {
    if text.len() > limits::MESSAGE_BYTES {
        return Err(Error::refused(format!(
            "the {what} has {} bytes, more than {}",
            text.len(),
            limits::MESSAGE_BYTES
        ))
        .hint("give a shorter one, or put it on the disk: `crdtctl disk put FILE PATH`"));
    }
    Ok(())
}
