//! The operations of a batch in one session.
//!
//! What yrs has changed cannot be taken back: a document is thrown away, or kept with all that was
//! done to it. Operations therefore look first and write last, and nearly every failure comes
//! before anything was written; the session is then as if the line had not been there. Where one
//! fails after it has begun to write, and the others are to go on without it, the session is
//! dropped and everything is run again without that line.

use super::super::Context;
use super::super::chat::attach;
use super::line::{BatchLine, CreatedNames, Ran, TAKES, declared, op, refer};
use crate::error::{Error, Kind, Result};
use crate::operation::{self, Operation, Outcome};
use crate::store::{Committed, Session};
use crate::ui::Progress;
use std::collections::{BTreeMap, HashSet};

/// Runs all lines and commits them. With `keep_going` those that fail are left out.
///
/// # Errors
/// The first failure without `keep_going`, its line named; nothing is written then.
pub fn all<'a>(
    context: &Context,
    lines: &'a [BatchLine<'a>],
    keep_going: bool,
) -> Result<(Vec<Ran<'a>>, Committed)> {
    let mut left_out: BTreeMap<usize, Error> = BTreeMap::new();
    loop {
        let mut session = context.session()?;
        let progress = context.progress("running operations", Some(lines.len() as u64));
        let attempt = attempt(context, &mut session, lines, &left_out, keep_going, &progress)?;
        drop(progress);
        match attempt {
            Attempt::Done(ran) => return Ok((ran, session.commit()?)),
            // The session is dropped with all that was done in it.
            Attempt::Without(number, error) => drop(left_out.insert(number, error)),
        }
    }
}

enum Attempt<'a> {
    Done(Vec<Ran<'a>>),
    /// This line has left something half-done.
    Without(usize, Error),
}

fn attempt<'a>(
    context: &Context,
    session: &mut Session,
    lines: &'a [BatchLine<'a>],
    left_out: &BTreeMap<usize, Error>,
    keep_going: bool,
    progress: &Progress,
) -> Result<Attempt<'a>> {
    let mut names = CreatedNames::of(context, session)?;
    let mut created: HashSet<String> = HashSet::new();
    let mut ran: Vec<Ran<'a>> = Vec::with_capacity(lines.len());
    for line in lines {
        let begun = session.changes_begun();
        let mut done = Ran {
            number: line.number,
            op: String::new(),
            outcome: Err(Error::bug("a line was not run")),
            created: false,
            line,
        };
        done.outcome = match left_out.get(&line.number) {
            Some(error) => Err(error.clone()),
            None => done.run(session, &mut names, &ran, &mut created).map_err(with_hint),
        };
        match &done.outcome {
            Ok(outcome) => names.learn(outcome.doc.as_ref()),
            Err(error) if !keep_going => return Err(named(line.number, error.clone())),
            Err(error) if session.changes_begun() != begun => {
                return Ok(Attempt::Without(line.number, error.clone()));
            }
            Err(_) => {}
        }
        ran.push(done);
        progress.advance(1);
    }
    Ok(Attempt::Done(ran))
}

impl Ran<'_> {
    fn run(
        &mut self,
        session: &mut Session,
        names: &mut CreatedNames<'_>,
        earlier: &[Ran<'_>],
        created: &mut HashSet<String>,
    ) -> Result<Outcome> {
        let mut fields = self.line.fields()?;
        self.op = op(&fields)?.to_owned();
        let declared = declared(&self.op)?;
        refer(declared, &mut fields, self.number, earlier)?;
        let (operation, files) = names.operation(declared, fields)?;
        let operation = match operation {
            Operation::ChatSend(send) if !files.is_empty() => {
                Operation::ChatSend(attach::bring(session, send, &files)?)
            }
            other => other,
        };
        let outcome = operation::run(session, &operation)?;
        if let Some(id) = &outcome.id {
            if outcome.created {
                created.insert(id.clone());
            }
            self.created = created.contains(id);
        }
        Ok(outcome)
    }
}

/// What a line lacks is told by the list of the operations.
fn with_hint(error: Error) -> Error {
    match error.kind {
        Kind::Usage | Kind::Refused | Kind::NotFound => error.hint_else(TAKES),
        _ => error,
    }
}

fn named(number: usize, mut error: Error) -> Error {
    error.message = format!("line {number}: {}", error.message);
    error
}
