//! Errors as data: a kind, a message, causes, and a hint that names what to do next.

mod cause;
mod hint;

pub use hint::{Hint, Next};

use cause::Cause;
use std::error::Error as StdError;
use std::fmt;

/// The kinds of failure. Each has an exit code of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A rule of the data forbids it: roles, limits, the last owner.
    Refused,
    /// The command line or an argument does not make sense.
    Usage,
    /// A check or comparison found something; not a failure of the tool.
    Findings,
    /// No such record, document, entity, member or file.
    NotFound,
    /// A prefix matches more than one candidate.
    Ambiguous,
    /// Bytes of the store do not decode or break a rule of the format.
    Corrupt,
    /// Two different operations under one (client, clock), or equal versions with other content.
    Forked,
    /// A bundle or update from outside is malformed or hostile.
    Untrusted,
    /// Part of an import is parked until its prerequisites come.
    Waiting,
    /// Another process holds the store.
    Locked,
    /// A bug in this program.
    Bug,
    /// Input or output failed: disk full, read-only, durability unknown.
    Io,
    /// Interrupted by a signal before the commit.
    Interrupted,
}

/// A failure, with everything that a person or a script needs to know about it.
#[derive(Debug, Clone)]
pub struct Error {
    /// The kind, which decides the exit code.
    pub kind: Kind,
    /// What happened, without a full stop.
    pub message: String,
    cause: Option<Box<Cause>>,
    /// What to do about it.
    pub hint: Option<Hint>,
    /// What the command had committed before it failed, which stays in effect.
    pub done: Option<Box<Done>>,
    /// The document that cannot be used, if that is the failure; all others can.
    pub damaged: Option<String>,
    /// Whether what can be read of that document is shown all the same.
    pub shows_rest: bool,
    /// The document that has no room left, if that is the failure.
    pub full: Option<Box<str>>,
}

/// A change that a command had committed before it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its number in the log; `None` if no document changed.
    pub seq: Option<i64>,
    /// The record that it concerns, if known.
    pub id: Option<String>,
}

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What helps if a file system is full.
pub(crate) const MAKE_ROOM: &str = "make room there, and run the command again";

impl Error {
    /// Returns an error of this kind with this message.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        let (cause, hint, done, damaged, full) = (None, None, None, None, None);
        let message = message.into();
        Error { kind, message, cause, hint, done, damaged, shows_rest: false, full }
    }

    /// [`Kind::Refused`]: a rule of the data forbids it.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, message)
    }

    /// [`Kind::Usage`]: the request makes no sense as it was given.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// [`Kind::NotFound`]: nothing of that name exists here.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// [`Kind::Corrupt`]: bytes of the store itself do not decode or break a rule.
    pub fn corrupt(message: impl Into<String>) -> Self {
        Self::new(Kind::Corrupt, message)
    }

    /// [`Kind::Corrupt`]: a document of the store does not decode.
    pub fn undecodable(
        doc: impl fmt::Display,
        fault: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::corrupt(format!("{doc} does not decode")).because(fault).damages(doc)
    }

    /// [`Kind::Untrusted`]: bytes from outside are refused; the store is unchanged.
    pub fn untrusted(message: impl Into<String>) -> Self {
        Self::new(Kind::Untrusted, message)
    }

    /// [`Kind::Bug`]: something impossible happened, and should be reported.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, message)
    }

    /// An input/output failure: what was being done, and the system's reason.
    pub fn io(doing: impl Into<String>, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Io, doing).because(cause)
    }

    /// Adds a cause behind those already there. An error keeps its type and is reached through
    /// [`StdError::source`].
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let cause = Cause::new(cause.into());
        match &mut self.cause {
            Some(first) => first.push(cause),
            None => self.cause = Some(Box::new(cause)),
        }
        self
    }

    /// Returns the causes as text, outermost first.
    pub fn causes(&self) -> Vec<String> {
        self.cause.as_ref().map(|cause| cause.told()).unwrap_or_default()
    }

    /// Replaces the causes with those of another error.
    pub fn caused_as(mut self, other: Error) -> Self {
        self.cause = other.cause;
        self
    }

    /// Sets the hint, replacing an earlier one.
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Changes the kind and keeps everything else.
    pub fn of_kind(self, kind: Kind) -> Self {
        Error { kind, ..self }
    }

    /// Changes the message and keeps everything else.
    pub fn saying(self, message: impl Into<String>) -> Self {
        Error { message: message.into(), ..self }
    }

    /// Sets the hint if there is none.
    pub fn hint_else(self, hint: impl Into<Hint>) -> Self {
        if self.hint.is_some() { self } else { self.hint(hint) }
    }

    /// Appends a hint to the one that is there.
    pub fn hint_also(mut self, hint: impl Into<Hint>) -> Self {
        self.hint = Some(match self.hint.take() {
            Some(first) => first.also(hint),
            None => hint.into(),
        });
        self
    }

    /// Records what was committed before the failure.
    pub fn after(mut self, done: Done) -> Self {
        self.done = Some(Box::new(done));
        self
    }

    /// Records which document cannot be used.
    pub fn damages(mut self, doc: impl fmt::Display) -> Self {
        self.damaged = Some(doc.to_string());
        self
    }

    /// Records that what can be read of the document is shown all the same.
    pub fn shows_rest(mut self) -> Self {
        self.shows_rest = true;
        self
    }

    /// Puts a wider message in front; the present one becomes the first cause.
    pub fn context(mut self, message: impl Into<String>) -> Self {
        let inner = std::mem::replace(&mut self.message, message.into());
        self.cause = Some(Box::new(Cause::behind(inner.into(), self.cause.take())));
        self
    }
}

/// Writes the message; `{:#}` appends the causes, on one line.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match f.alternate() {
            true => self.causes().iter().try_for_each(|cause| write!(f, ": {cause}")),
            false => Ok(()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause.head())
    }
}

/// Returns a count with its noun, given in the singular: `1 record`, `2 entries`.
pub fn counted(n: u64, noun: &str) -> String {
    match (n, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{n} {stem}ies"),
        _ => format!("{n} {noun}s"),
    }
}

/// Returns a noun with its article: `a member`, `an owner`.
pub fn one(noun: impl fmt::Display) -> String {
    let noun = noun.to_string();
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// Joins names with commas; lists the first few of a long list and the number of those left out.
pub fn listed<S: AsRef<str>>(names: &[S]) -> String {
    first_of(names, 8)
}

/// Like [`listed`], with at most `most` names.
pub fn first_of<S: AsRef<str>>(names: &[S], most: usize) -> String {
    let shown = names.iter().take(most).map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Parses one of the words that a field may hold.
///
/// # Errors
/// `Usage` for any other word.
pub fn one_of<T: Copy>(
    all: &[T],
    word: fn(T) -> &'static str,
    text: &str,
    what: &str,
) -> Result<T> {
    all.iter().copied().find(|one| word(*one) == text).ok_or_else(|| {
        let words: Vec<&str> = all.iter().map(|one| word(*one)).collect();
        let text = text.escape_debug();
        Error::usage(format!("not a {what}: {text}; one of {}", words.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    /// Every error of a chain by `source()`, as text.
    fn chain(error: &Error) -> Vec<String> {
        let mut chain = Vec::new();
        let mut next = error.source();
        while let Some(one) = next {
            chain.push(one.to_string());
            next = one.source();
        }
        chain
    }

    #[test]
    fn a_cause_keeps_its_type_and_its_own_causes() {
        let inner = io::Error::new(io::ErrorKind::StorageFull, "no space left");
        let error = Error::io("could not write", inner);
        let source = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        assert_eq!(source.map(io::Error::kind), Some(io::ErrorKind::StorageFull));
        assert_eq!(format!("{error:#}"), "could not write: no space left");
    }

    #[test]
    fn causes_are_told_outermost_first_and_once() {
        let error = Error::corrupt("a").because("b").because("c").context("d");
        assert_eq!(error.to_string(), "d");
        assert_eq!(error.causes(), ["a", "b", "c"]);
        assert_eq!(chain(&error), ["a", "b", "c"]);
        let outer = Error::bug("outer").because(Error::corrupt("inner").because("INNER: more"));
        assert_eq!(outer.causes(), ["INNER: more"]);
        assert_eq!(chain(&outer), ["inner", "INNER: more"]);
    }

    #[test]
    fn what_holds_survives_another_sentence_and_kind() {
        let error = Error::refused("a").hint("h").damages("doc").because("c");
        let other = error.of_kind(Kind::Io).saying("b");
        assert_eq!((other.kind, other.message.as_str()), (Kind::Io, "b"));
        assert_eq!(other.causes(), ["c"]);
        assert_eq!(other.damaged.as_deref(), Some("doc"));
        assert!(other.hint.is_some());
    }
}
