//! Time and chance, injected: nothing below the commands reads the machine's clock or its random
//! source by itself.

use crate::error::{Error, Result};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// The time of a command, in Unix seconds.
#[derive(Debug, Clone)]
pub struct Clock {
    fixed: Cell<Option<i64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Clock { fixed: Cell::new(None) }
    }

    /// A clock that stands still (`--now`, `CRDTCTL_NOW`, tests).
    pub fn fixed(seconds: i64) -> Self {
        Clock { fixed: Cell::new(Some(seconds)) }
    }

    /// Puts the clock to a time, where it stands still: samples and simulations live in their own
    /// time.
    pub fn set(&self, seconds: i64) {
        self.fixed.set(Some(seconds));
    }

    /// Now, in Unix seconds.
    pub fn now(&self) -> i64 {
        self.fixed.get().unwrap_or_else(|| chrono::Utc::now().timestamp())
    }
}

/// How long some work may still take, by a clock that only goes forward.
#[derive(Debug, Clone, Copy)]
pub struct TimeLeft {
    left: Duration,
    /// When it began, where what happens between the pieces of work counts, too.
    since: Option<Instant>,
}

impl TimeLeft {
    /// All of it; what is not [spent](Self::spend) does not count.
    pub fn of(left: Duration) -> Self {
        TimeLeft { left, since: None }
    }

    /// All of it, which passes from now on, whatever is done.
    pub fn from_now(left: Duration) -> Self {
        TimeLeft { left, since: Some(Instant::now()) }
    }

    /// Whether none is left.
    pub fn is_over(&self) -> bool {
        self.left().is_zero()
    }

    /// Takes from it what a piece of the work takes, which is told how much is left.
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

/// Where new ids come from: the operating system, or a seed in tests and demonstrations.
#[derive(Debug)]
pub struct Ids {
    seeded: Option<RefCell<blake3::OutputReader>>,
    /// What was drawn since it shall be drawn again, and how much of it was.
    drawn: RefCell<Vec<u8>>,
    again: Cell<Option<usize>>,
}

impl Ids {
    /// Ids out of the operating system's random source.
    pub fn random() -> Self {
        Ids { seeded: None, drawn: RefCell::default(), again: Cell::new(None) }
    }

    /// The same ids for the same seed, in the same order.
    pub fn seeded(seed: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("crdtctl 1 seeded ids");
        hasher.update(seed.as_bytes());
        let seeded = Some(RefCell::new(hasher.finalize_xof()));
        Ids { seeded, ..Ids::random() }
    }

    /// A random UUID (v4, lower case, hyphenated).
    pub fn uuid(&self) -> Result<String> {
        let mut bytes = [0u8; 16];
        self.fill(&mut bytes)?;
        Ok(uuid::Builder::from_random_bytes(bytes).into_uuid().hyphenated().to_string())
    }

    /// A client id for a replica: 32 bits and not zero, as Yjs makes them.
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

    /// Runs something that will be run again: each time it gets the same ids, and new ones where it
    /// wants more than the last time. Until [`Ids::forget`].
    pub fn repeatably<R>(&self, run: impl FnOnce() -> R) -> R {
        self.again.set(Some(0));
        let result = run();
        self.again.set(None);
        result
    }

    /// What was drawn will not be drawn again.
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
