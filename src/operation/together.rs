//! Operations on many files, of which what they write goes into the documents together.

use super::{Operation, Outcome, record, run};
use crate::concern::disk::{PlannedChange, WaitingWrites};
use crate::error::Result;
use crate::store::Session;

/// Runs operations one after the other, as [`run`](super::run) does. What those on files write may wait
/// for others' and be written with it: it is there after [`Together::finish`], or when an operation needs
/// it. Which is which, and in what order the log has them, does not differ.
#[derive(Default)]
pub struct Together {
    waiting: WaitingWrites,
    /// The operations whose writes wait, each with its place among the outcomes.
    operations: Vec<(usize, Operation)>,
    /// Those of what waits are still to come.
    outcomes: Vec<Outcome>,
    begun: u64,
    /// Nothing is to wait.
    singly: bool,
    broken: bool,
}

impl Together {
    /// Each operation writes by itself.
    pub fn singly() -> Together {
        Together { singly: true, ..Together::default() }
    }

    /// Runs one; what it does, but for the tombstones that go because of it, which are told in the end.
    ///
    /// # Errors
    /// Those of the operation, and of what it made wait no longer: unless [`Together::left_nothing`], the
    /// session must then be dropped.
    pub fn run(&mut self, session: &mut Session, operation: Operation) -> Result<Outcome> {
        self.begun = session.changes_begun();
        if self.singly {
            return self.run_now(session, &operation);
        }
        let planned = match operation.plan(session, &self.waiting) {
            // What waits may be what it asks for.
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

    /// The same of an operation that is made in the session, which that may change, too.
    ///
    /// # Errors
    /// As [`Together::run`]; those of `make`.
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

    /// Whether the operation that failed last has changed nothing: others can be run after it.
    pub fn left_nothing(&self, session: &Session) -> bool {
        self.begun == session.changes_begun()
    }

    /// Whether what several operations wrote together has failed: which of them it was is not known.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Writes what waits; what each operation did, in their order.
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
