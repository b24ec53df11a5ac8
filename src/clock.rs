//! Injected time and randomness: nothing below the commands reads the machine's clock or its random source
//! directly.

use crate::error::{Error, Result};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// The time of a command, in Unix seconds.
#[derive(Debug, Clone)]
pub struct Clock {
    fixed: Cell<Option<i64>>,
}

impl Clock {
    /// Returns the machine's clock.
    pub fn system() -> Self {
        Clock { fixed: Cell::new(None) }
    }

    /// Returns a clock that always returns this time (`--now`, `CRDTCTL_NOW`, tests).
    pub fn fixed(seconds: i64) -> Self {
        Clock { fixed: Cell::new(Some(seconds)) }
    }

    /// Fixes the clock at a time: samples and simulations have their own time.
    pub fn set(&self, seconds: i64) {
        self.fixed.set(Some(seconds));
    }

    /// Returns the current time, in Unix seconds.
    pub fn now(&self) -> i64 {
        self.fixed.get().unwrap_or_else(|| chrono::Utc::now().timestamp())
    }
}

/// How long some work may still take, by a monotonic clock.
#[derive(Debug, Clone, Copy)]
pub struct TimeLeft {
    left: Duration,
    /// When it began, if the time between pieces of work counts too.
    since: Option<Instant>,
}

impl TimeLeft {
    /// All of `left`; only time that is [spent](Self::spend) counts.
    pub fn of(left: Duration) -> Self {
        TimeLeft { left, since: None }
    }

    /// All of `left`, which runs from now on, whatever is done.
    pub fn from_now(left: Duration) -> Self {
        TimeLeft { left, since: Some(Instant::now()) }
    }

    /// Returns whether no time is left.
    pub fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// Runs a piece of work, which is told how much time is left, and deducts the time it takes.
    pub fn spend<T>(&mut self, work: impl FnOnce(Duration) -> T) -> T {
        let begun = Instant::now();
        let done = work(self.left());
        if self.since.is_none() {
            self.left = self.left.saturating_sub(begun.elapsed());
        }
        done
    }

    fn left(&self) -> Duration {
        let passed = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        self.left.saturating_sub(passed)
    }
}

/// The source of new ids: the operating system, or a seed in tests and demonstrations.
#[derive(Debug)]
pub struct Ids {
    seeded: Option<RefCell<blake3::OutputReader>>,
    /// The bytes drawn so far that are to be drawn again, and how many of them have been.
    drawn: RefCell<Vec<u8>>,
    again: Cell<Option<usize>>,
}

impl Ids {
    /// Ids from the operating system's random source.
    pub fn random() -> Self {
        Ids { seeded: None, drawn: RefCell::default(), again: Cell::new(None) }
    }

    /// Returns the same ids for the same seed, in the same order.
    pub fn seeded(seed: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("crdtctl 1 seeded ids");
        hasher.update(seed.as_bytes());
        let seeded = Some(RefCell::new(hasher.finalize_xof()));
        Ids { seeded, ..Ids::random() }
    }

    /// Returns a random UUID (v4, lower case, hyphenated).
    pub fn uuid(&self) -> Result<String> {
        let mut bytes = [0u8; 16];
        self.fill(&mut bytes)?;
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string())
    }

    /// Returns a client id for a replica: 32 bits and not zero, as Yjs makes them.
    pub fn client_id(&self) -> Result<u64> {
        loop {
            let mut bytes = [0u8; 4];
            self.fill(&mut bytes)?;
            let id = u32::from_le_bytes(bytes);
            if id != 0 {
                return Ok(u64::from(id));
            }
        }
    }

    /// Runs something that may run again: each run gets the same ids, and new ones only if it wants more than
    /// the run before. Lasts until [`Ids::forget`].
    pub fn repeatably<R>(&self, run: impl FnOnce() -> R) -> R {
        self.again.set(Some(0));
        let result = run();
        self.again.set(None);
        result
    }

    /// Ends the effect of [`Ids::repeatably`]: what was drawn will not be drawn again.
    pub fn forget(&self) {
        self.drawn.borrow_mut().clear();
    }

    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        let Some(at) = self.again.get() else { return self.draw(bytes) };
        let end = at.saturating_add(bytes.len());
        self.again.set(Some(end));
        let mut drawn = self.drawn.borrow_mut();
        if drawn.len() < end {
            let old = drawn.len();
            drawn.resize(end, 0);
            self.draw(drawn.get_mut(old..).unwrap_or_default())?;
        }
        bytes.copy_from_slice(drawn.get(at..end).unwrap_or_default());
        Ok(())
    }

    fn draw(&self, bytes: &mut [u8]) -> Result<()> {
        match &self.seeded {
            Some(reader) => reader.borrow_mut().fill(bytes),
            None => getrandom::fill(bytes)
                .map_err(|e| Error::io("no random bytes from the operating system", e))?,
        }
        Ok(())
    }
}
