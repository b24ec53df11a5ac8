//! Messages on standard error: sentences, warnings, errors.

use super::{escape, json};
use crate::error::Done;
use serde_json::json;
use std::borrow::Cow;
use std::io::Write;

/// Writes one sentence. A closed standard error is ignored.
pub fn say(err: &mut dyn Write, sentence: &str) {
    drop(writeln!(err, "{}", escape::lines(sentence)));
}

/// A failure, for people and programs.
#[derive(Debug)]
pub struct Failure {
    /// The name of its kind.
    pub code: &'static str,
    /// The exit code of the process.
    pub exit: u8,
    /// What happened.
    pub message: String,
    /// Its causes, outermost first.
    pub causes: Vec<String>,
    /// What would help.
    pub hint: Option<String>,
    /// What was committed despite the failure.
    pub done: Option<Done>,
}

/// Writes a failure for people, and with JSON also as one object on the last line.
pub fn error(err: &mut dyn Write, error: &Failure, json: bool, color: bool) {
    let paint = Palette { on: color };
    say_painted(err, &paint.red("error"), &error.message);
    for cause in &error.causes {
        say_painted(err, "  caused by", cause);
    }
    if let Some(done) = &error.done {
        say_painted(err, "  committed", &holds(done));
    }
    if let Some(hint) = &error.hint {
        say_painted(err, &paint.cyan("  hint"), hint);
    }
    if json {
        drop(json::lines(&[error_json(error)], err));
    }
}

/// Writes clap's message about a command line that it rejected, and with JSON also one object.
///
/// `failure` makes the failure for programs from the message.
pub fn usage(
    err: &mut dyn Write,
    error: &clap::Error,
    failure: impl FnOnce(&str) -> Failure,
    json: bool,
    color: bool,
) {
    let plain = help(error, false);
    match escape::lines(&plain) {
        // Keep clap's colours, unless the message repeats typed text that contains escapes.
        Cow::Borrowed(_) if color => drop(write!(err, "{}", help(error, true))),
        escaped => drop(write!(err, "{escaped}")),
    }
    if json {
        // Details, such as missing arguments, may be on lines of their own.
        let said: Vec<&str> = plain.lines().take_while(|line| !line.is_empty()).collect();
        let said: Vec<&str> = said.iter().map(|line| line.trim()).collect();
        let mut failure = failure(said.join(" ").trim_start_matches("error: "));
        let mut tips = plain.lines().filter_map(|line| line.trim().strip_prefix("tip: "));
        failure.hint = failure.hint.or_else(|| tips.next_back().map(str::to_owned));
        drop(json::lines(&[error_json(&failure)], err));
    }
}

/// Stands for a space in text for clap at which a line must not be broken.
pub const UNBROKEN: &str = "\u{e020}";

/// Returns clap's message, with [`UNBROKEN`] turned back into spaces.
pub fn help(said: &clap::Error, color: bool) -> String {
    let text = said.render();
    let text = if color { text.ansi().to_string() } else { text.to_string() };
    text.replace(UNBROKEN, " ")
}

/// Says in words what was committed before an error.
fn holds(done: &Done) -> String {
    let number = match done.seq {
        Some(seq) => format!("number {seq} in the log"),
        None => "in the local state".to_owned(),
    };
    match &done.id {
        Some(id) => format!("{number}, id {id}"),
        None => number,
    }
}

/// Returns an error as a JSON object: `{"error": …}`. What was committed before it comes last, if anything
/// was.
pub fn error_json(error: &Failure) -> serde_json::Value {
    let mut object = json!({
        "code": error.code,
        "exit": error.exit,
        "message": error.message,
        "causes": error.causes,
        "hint": error.hint,
    });
    if let (Some(done), Some(fields)) = (&error.done, object.as_object_mut()) {
        fields.insert("committed".to_owned(), json!(true));
        fields.insert("seq".to_owned(), json!(done.seq));
        fields.insert("id".to_owned(), json!(done.id));
    }
    json!({"error": object})
}

/// Writes `head: text`, with further lines of the text indented below the first.
fn say_painted(err: &mut dyn Write, head: &str, text: &str) {
    let mut lines = escape::lines(text).into_owned();
    lines = lines.trim_end().replace('\n', "\n    ");
    drop(writeln!(err, "{head}: {lines}"));
}

struct Palette {
    on: bool,
}

impl Palette {
    fn red(&self, text: &str) -> String {
        self.wrap("1;31", text)
    }

    fn cyan(&self, text: &str) -> String {
        self.wrap("36", text)
    }

    fn wrap(&self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The sentence of a list without records: `empty`, unless none were asked for.
pub fn none_of(limit: Option<usize>, empty: &'static str) -> &'static str {
    if limit == Some(0) { "`--limit 0` shows none" } else { empty }
}
