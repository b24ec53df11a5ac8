//! The causes of an error: the chain behind [`std::error::Error::source`].

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// The most causes reported of one error; those that a library nests deeper are left out.
const TOLD: usize = 16;

/// A cause, and those behind it.
#[derive(Debug, Clone)]
pub struct Cause {
    error: Arc<dyn StdError + Send + Sync>,
    /// Added by this crate. The causes of `error` itself come from its own `source`.
    next: Option<Box<Cause>>,
}

impl Cause {
    pub fn new(error: Box<dyn StdError + Send + Sync>) -> Self {
        Cause { error: Arc::from(error), next: None }
    }

    /// Appends a cause to the end of the chain.
    pub fn push(&mut self, cause: Cause) {
        let mut end = &mut self.next;
        while let Some(last) = end {
            end = &mut last.next;
        }
        *end = Some(Box::new(cause));
    }

    /// Puts another cause in front of a chain.
    pub fn behind(error: Box<dyn StdError + Send + Sync>, next: Option<Box<Cause>>) -> Self {
        Cause { error: Arc::from(error), next }
    }

    /// Returns the first error of the chain, in its own type if nothing was put behind it.
    pub fn head(&self) -> &(dyn StdError + 'static) {
        match self.next {
            Some(_) => self,
            None => &*self.error,
        }
    }

    /// Returns every cause as text, outermost first, leaving out repetitions.
    pub fn told(&self) -> Vec<String> {
        let mut told: Vec<String> = Vec::new();
        let mut link = Some(self);
        while let Some(cause) = link {
            let mut error: Option<&dyn StdError> = Some(&*cause.error);
            while let Some(one) = error.filter(|_| told.len() < TOLD) {
                tell(&mut told, one.to_string());
                error = one.source();
            }
            link = cause.next.as_deref().filter(|_| told.len() < TOLD);
        }
        told
    }
}

/// Libraries often repeat a cause in the error around it: the longer of the two is enough.
fn tell(told: &mut Vec<String>, words: String) {
    let says = |one: &str, other: &str| one.to_lowercase().contains(&other.to_lowercase());
    if told.iter().any(|old| says(old, &words)) {
        return;
    }
    match told.iter_mut().find(|old| says(&words, old)) {
        Some(old) => *old = words,
        None => told.push(words),
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.next {
            Some(next) => Some(next.head()),
            None => self.error.source(),
        }
    }
}
