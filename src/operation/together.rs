//! Operations on many files, whose writes to the documents are combined.

use super::{Operation, Outcome, record, run};
use crate::concern::disk::{PlannedChange, WaitingWrites};
use crate::error::Result;
use crate::store::Session;

/// Runs operations one after the other, like [`run`](super::run). Writes to files may be held back and
/// combined with later ones: they are made by [`Together::finish`], or when an operation needs them.
/// Their effects and their order in the log are the same as without it.
#[derive(Default)]
pub struct Together {
    waiting: WaitingWrites,
    /// The operations whose writes wait, each with its index among the outcomes.
    operations: Vec<(usize, Operation)>,
    /// Placeholders for the operations whose writes wait.
    outcomes: Vec<Outcome>,
    begun: u64,
    /// Never hold back writes.
    singly: bool,
    broken: bool,
}

impl Together {
    /// Writes each operation separately.
    pub fn singly() -> Together {
        Together { singly: true, ..Together::default() }
    }

    /// Runs one operation. Its outcome lacks the tombstones pruned because of it; [`Together::finish`]
    /// returns them.
    ///
    /// # Errors
    /// Those of the operation, and of the waiting writes it forced: unless [`Together::left_nothing`],
    /// the session must then be dropped.
    pub fn run(&mut self, session: &mut Session, operation: Operation) -> Result<Outcome> {
        self.begun = session.changes_begun();
        if self.singly {
            return self.run_now(session, &operation);
        }
        let planned = match operation.plan(session, &self.waiting) {
            // It may be asking for something whose write is waiting.
            Ok(PlannedChange::Alone) | Err(_) if !self.waiting.is_empty() => {
                self.write(session)?;
                self.begun = session.changes_begun();
                operation.plan(session, &self.waiting)?
            }
            planned => planned?,
        };
        let outcome = match planned {
            PlannedChange::Write(write) => {
                let outcome = write.outcome().clone();
                self.waiting.push(write);
                self.operations.push((self.outcomes.len(), operation));
                self.outcomes.push(Outcome::default());
                if self.waiting.is_full() {
                    self.write(session)?;
                }
                return Ok(outcome);
            }
            PlannedChange::Done(outcome) => outcome,
            PlannedChange::Alone => return self.run_now(session, &operation),
        };
        self.outcomes.push(outcome.clone());
        Ok(outcome)
    }

    /// Like [`Together::run`], for an operation that `make` creates within the session, which it may
    /// also change.
    ///
    /// # Errors
    /// Those of [`Together::run`] and of `make`.
    pub fn run_made(
        &mut self,
        session: &mut Session,
        make: impl FnOnce(&mut Session) -> Result<Operation>,
    ) -> Result<Outcome> {
        self.begun = session.changes_begun();
        self.write(session)?;
        self.begun = session.changes_begun();
        let operation = make(session)?;
        self.run_now(session, &operation)
    }

    fn run_now(&mut self, session: &mut Session, operation: &Operation) -> Result<Outcome> {
        let outcome = run(session, operation)?;
        self.outcomes.push(outcome.clone());
        Ok(outcome)
    }

    /// Whether the last failed operation changed nothing, so that others can still be run.
    pub fn left_nothing(&self, session: &Session) -> bool {
        self.begun == session.changes_begun()
    }

    /// Whether a combined write failed, so that it is unknown which operation was at fault.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Writes what waits and returns the outcomes of all operations, in order.
    ///
    /// # Errors
    /// Those of the operations; the session must then be dropped.
    pub fn finish(mut self, session: &mut Session) -> Result<Vec<Outcome>> {
        self.write(session)?;
        Ok(self.outcomes)
    }

    fn write(&mut self, session: &mut Session) -> Result<()> {
        let several = !self.waiting.is_empty();
        let written = self.waiting.write(session).inspect_err(|_| self.broken = several)?;
        for ((at, operation), outcome) in std::mem::take(&mut self.operations).iter().zip(written) {
            let mark = session.recorded();
            record(session, mark, operation, &outcome)?;
            self.outcomes.get_mut(*at).into_iter().for_each(|place| *place = outcome.clone());
        }
        Ok(())
    }
}

impl Operation {
    fn plan(&self, session: &mut Session, waiting: &WaitingWrites) -> Result<PlannedChange> {
        match self {
            Operation::DiskPut(put) => put.plan(session, waiting),
            Operation::DiskMove(moved) => moved.plan(session, waiting),
            Operation::DiskRemove(remove) => remove.plan(session, waiting),
            _ => Ok(PlannedChange::Alone),
        }
    }
}
