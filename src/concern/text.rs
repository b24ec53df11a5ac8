//! The limits of what people write.

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

/// What somebody says: something, and not too long.
///
/// # Errors
/// `Usage` for nothing, `Refused` beyond the limit.
pub fn check_said(what: &str, text: &str) -> Result<()> {
    if text.trim().is_empty() {
        return Err(Error::usage(format!("an empty {what}")));
    }
    check_text(what, text)
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
