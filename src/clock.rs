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
pub struct TimeLeft(Duration);

impl TimeLeft {
    /// All of it.
    pub fn of(whole: Duration) -> Self {
        TimeLeft(whole)
    }

    /// Takes from it what a piece of the work takes, which is told how much is left.
    pub fn spend<T>(&mut self, work: impl FnOnce(Duration) -> T) -> T {
        let begun = Instant::now();
        let done = work(self.0);
        self.0 = self.0.saturating_sub(begun.elapsed());
        done
    }
}

/// Where new ids come from: the operating system, or a seed in tests and demonstrations.
#[derive(Debug)]
pub struct Ids {
    seeded: Option<RefCell<blake3::OutputReader>>,
}

impl Ids {
    /// Ids out of the operating system's random source.
    pub fn random() -> Self {
        Ids { seeded: None }
    }

    /// The same ids for the same seed, in the same order.
    pub fn seeded(seed: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("crdtctl 1 seeded ids");
        hasher.update(seed.as_bytes());
        Ids { seeded: Some(RefCell::new(hasher.finalize_xof())) }
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

    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        match &self.seeded {
            Some(reader) => reader.borrow_mut().fill(bytes),
            None => getrandom::fill(bytes)
                .map_err(|e| Error::io("no random bytes from the operating system", e))?,
        }
        Ok(())
    }
}
