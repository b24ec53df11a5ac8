//! Asks questions, but only if somebody can answer.

use super::escape;
use super::terminal::Terminal;
use crate::error::{Error, Kind, Result};
use dialoguer::{Confirm, Input};
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// The width after a question on its line: ` [y/N] yes`, and room for the cursor.
const ANSWER: usize = 11;

/// Asks for yes or no; Enter means no.
///
/// # Errors
/// `Usage` if nobody can be asked: the error names `flag`, which answers instead.
pub fn confirm(terminal: &Terminal, question: &str, flag: &str) -> Result<bool> {
    somebody(terminal, question, flag)?;
    let shown = escape::line(question);
    Confirm::new()
        .with_prompt(last_sentence(&shown, terminal))
        .default(false)
        .interact()
        .map_err(|e| unanswered(question, e))
}

/// Returns the question, or only its last sentence if it is longer than a line of the terminal, because an
/// answer is shown by rewriting that line; the part before it is printed first.
fn last_sentence<'q>(question: &'q str, terminal: &Terminal) -> &'q str {
    if question.width() + ANSWER <= terminal.width {
        return question;
    }
    match question.rsplit_once(". ") {
        Some((said, asked)) => {
            // If it cannot be printed, ask anyway.
            drop(writeln!(std::io::stderr(), "{said}."));
            asked
        }
        None => question,
    }
}

/// Asks for a line of text.
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
