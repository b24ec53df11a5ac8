//! Runs the operations of a batch in one session.
//!
//! Changes made through yrs cannot be rolled back: a document is either discarded or kept with all its
//! changes. Operations therefore check first and write last, so nearly every failure comes before anything is
//! written, and the session is then as if the line did not exist. If one fails after it has begun to write,
//! and the others should continue without it, the session is dropped and everything runs again without that
//! line.

use super::super::chat::attach;
use super::super::{Context, by_itself};
use super::line::{BatchLine, CreatedNames, Ran, TAKES, declared, op, refer};
use crate::error::{Error, Kind, Result};
use crate::operation::{Operation, Outcome, Together};
use crate::store::{Committed, Session};
use crate::ui::Progress;
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

/// Runs all lines and commits them. With `keep_going`, lines that fail are left out.
///
/// # Errors
/// Without `keep_going`, the first failure, with its line named; nothing is written then.
pub fn all<'a>(
    context: &Context,
    lines: &'a [BatchLine<'a>],
    keep_going: bool,
) -> Result<(Vec<Ran<'a>>, Committed)> {
    let mut left_out: BTreeMap<usize, Error> = BTreeMap::new();
    let (mut singly, mut made_room) = (false, false);
    loop {
        let mut session = context.session()?;
        let progress = context.progress("running operations", Some(lines.len() as u64));
        let together = if singly { Together::singly() } else { Together::default() };
        let batch = Batch { lines, left_out: &left_out, keep_going, progress: &progress };
        let attempt = batch.attempt(context, &mut session, together);
        drop(progress);
        // In a store that archives by itself, a document is full only if nothing more can be archived.
        if let Some(full) = full(&attempt).filter(|_| !made_room && context.archives_by_itself()) {
            drop(session);
            let said = by_itself::make_room(&context.store()?, context.how()?, full)?;
            said.into_iter().for_each(|said| context.note(said));
            made_room = true;
            left_out.clear();
            continue;
        }
        match attempt? {
            Attempt::Done(ran) => return Ok((ran, session.commit()?)),
            // The session is dropped with all its changes.
            Attempt::Without(number, error) => drop(left_out.insert(number, error)),
            Attempt::Singly => singly = true,
        }
    }
}

/// Returns the error of a line that failed because its document was full.
fn full<'e>(attempt: &'e Result<Attempt<'_>>) -> Option<&'e Error> {
    let errors = match attempt {
        Err(error) | Ok(Attempt::Without(_, error)) => {
            return Some(error).filter(|e| e.full.is_some());
        }
        Ok(Attempt::Done(ran)) => ran.iter().filter_map(|ran| ran.outcome.as_ref().err()),
        Ok(Attempt::Singly) => return None,
    };
    errors.into_iter().find(|error| error.full.is_some())
}

enum Attempt<'a> {
    Done(Vec<Ran<'a>>),
    /// This line failed half-done.
    Without(usize, Error),
    /// One of several lines whose files are written together failed; run one by one, each reports its own
    /// error.
    Singly,
}

/// The lines of one attempt, and how to run them.
struct Batch<'a, 'b> {
    lines: &'a [BatchLine<'a>],
    left_out: &'b BTreeMap<usize, Error>,
    keep_going: bool,
    progress: &'b Progress,
}

impl<'a> Batch<'a, '_> {
    fn attempt(
        &self,
        context: &Context,
        session: &mut Session,
        mut together: Together,
    ) -> Result<Attempt<'a>> {
        let mut names = CreatedNames::of(context, session)?;
        let mut created: HashSet<String> = HashSet::new();
        let mut ran: Vec<Ran<'a>> = Vec::with_capacity(self.lines.len());
        for line in self.lines {
            let mut done = Ran {
                number: line.number,
                op: String::new(),
                outcome: Err(Error::bug("a line was not run")),
                created: false,
                line,
            };
            let mut left_nothing = true;
            done.outcome = match self.left_out.get(&line.number) {
                Some(error) => Err(error.clone()),
                None => done.read(&mut names, &ran).and_then(|read| {
                    let outcome = perform(session, &mut together, read);
                    left_nothing = outcome.is_ok() || together.left_nothing(session);
                    outcome
                }),
            }
            .map_err(with_hint);
            match &done.outcome {
                Ok(outcome) => names.learn(outcome.doc.as_ref()),
                Err(_) if together.is_broken() => return Ok(Attempt::Singly),
                Err(error) if !self.keep_going => return Err(named(line.number, error.clone())),
                Err(error) if !left_nothing => {
                    return Ok(Attempt::Without(line.number, error.clone()));
                }
                Err(_) => {}
            }
            done.note_created(&mut created);
            ran.push(done);
            self.progress.advance(1);
        }
        let Ok(outcomes) = together.finish(session) else { return Ok(Attempt::Singly) };
        let written = ran.iter_mut().filter(|ran| ran.outcome.is_ok());
        written.zip(outcomes).for_each(|(ran, outcome)| ran.outcome = Ok(outcome));
        Ok(Attempt::Done(ran))
    }
}

/// Runs the operation of a line, with its attached files.
fn perform(
    session: &mut Session,
    together: &mut Together,
    (operation, files): (Operation, Vec<PathBuf>),
) -> Result<Outcome> {
    match operation {
        Operation::ChatSend(send) if !files.is_empty() => {
            let make = |session: &mut Session| {
                attach::bring(session, send, &files).map(Operation::ChatSend)
            };
            together.run_made(session, make)
        }
        operation => together.run(session, operation),
    }
}

impl Ran<'_> {
    /// Returns the operation of the line, and the files that it names.
    fn read(
        &mut self,
        names: &mut CreatedNames<'_>,
        earlier: &[Ran<'_>],
    ) -> Result<(Operation, Vec<PathBuf>)> {
        let mut fields = self.line.fields()?;
        self.op = op(&fields)?.to_owned();
        let declared = declared(&self.op)?;
        refer(declared, &mut fields, self.number, earlier)?;
        names.operation(declared, fields)
    }

    /// Notes whether the batch created its record.
    fn note_created(&mut self, created: &mut HashSet<String>) {
        let Ok(Outcome { id: Some(id), created: is_new, .. }) = &self.outcome else { return };
        if *is_new {
            created.insert(id.clone());
        }
        self.created = created.contains(id);
    }
}

/// Adds a hint to the list of operations, if the error has none.
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
