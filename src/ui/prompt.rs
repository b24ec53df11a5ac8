//! Questions, asked only where somebody can answer.

use super::escape;
use super::terminal::Terminal;
use crate::error::{Error, Kind, Result};
use dialoguer::{Confirm, Input};

/// A yes or no; no is what Enter means.
///
/// # Errors
/// `Usage` where nobody can be asked: the error names `flag`, which answers instead.
pub fn confirm(terminal: &Terminal, question: &str, flag: &str) -> Result<bool> {
    somebody(terminal, question, flag)?;
    Confirm::new()
        .with_prompt(escape::line(question))
        .default(false)
        .interact()
        .map_err(|e| unanswered(question, e))
}

/// A line of text.
///
/// # Errors
/// As [`confirm`].
pub fn line(terminal: &Terminal, question: &str, flag: &str) -> Result<String> {
    somebody(terminal, question, flag)?;
    Input::new()
        .with_prompt(escape::line(question))
        .interact_text()
        .map_err(|e| unanswered(question, e))
}

fn somebody(terminal: &Terminal, question: &str, flag: &str) -> Result<()> {
    if terminal.ask {
        return Ok(());
    }
    Err(Error::usage(format!("nobody can answer here: {question}"))
        .hint(format!("answer on the command line with `{flag}`")))
}

fn unanswered(question: &str, e: dialoguer::Error) -> Error {
    let dialoguer::Error::IO(io) = &e;
    match io.kind() {
        std::io::ErrorKind::Interrupted => Error::new(Kind::Interrupted, "interrupted"),
        _ => Error::io(format!("no answer to: {question}"), e),
    }
}
