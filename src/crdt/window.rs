//! A document of which only some pages are at hand, and who asks for others.
//!
//! Whatever reads or writes it goes through a [`Window`], which notes each page that is not there.
//! An answer that was given while something was missing is worth nothing: whoever asked has to ask
//! again once the pages are there.

use crate::crdt::source::{Shared, Source};
use crate::wire::{Checked, Id, PageSet, Pages, Update, Value};
use std::cell::RefCell;
use std::rc::Rc;

/// The whole state of a document, and which of its pages are at hand.
#[derive(Debug)]
pub struct Window {
    state: Rc<Vec<u8>>,
    pages: Rc<Pages>,
    at_hand: PageSet,
    missed: RefCell<Missed>,
}

#[derive(Debug, Default)]
struct Missed {
    pages: PageSet,
    /// It takes the whole document.
    all: bool,
}

impl Window {
    /// Nothing but what tells which keys there are. None where the state has no pages that stand by
    /// themselves; the bytes come back then.
    ///
    /// # Errors
    /// The bytes.
    pub fn open(state: Vec<u8>) -> Result<Window, Vec<u8>> {
        let pages = Update::walk(&state).ok().and_then(|update| Pages::of(&update));
        let Some(pages) = pages else { return Err(state) };
        let (at_hand, missed) = (pages.least(), RefCell::default());
        Ok(Window { state: Rc::new(state), pages: Rc::new(pages), at_hand, missed })
    }

    /// The pages at hand, as a state.
    pub fn projection(&self) -> Option<Vec<u8>> {
        self.pages.project(&self.state, &self.at_hand)
    }

    /// The whole state with what was made of the projection.
    pub fn splice(&self, edited: &Update<'_, Checked>) -> Option<Vec<u8>> {
        self.pages.splice(&self.state, &self.at_hand, edited)
    }

    /// The whole state, as it was.
    pub fn whole(&self) -> Vec<u8> {
        self.state.to_vec()
    }

    /// Bytes of the whole state.
    pub fn bytes(&self) -> u64 {
        self.state.len() as u64
    }

    /// Notes that everything is asked for.
    pub fn ask_for_all(&self) {
        self.missed.borrow_mut().all = true;
    }

    /// Notes that a path is asked for, with all below it.
    pub fn ask(&self, path: &[&str]) {
        match path {
            [] => self.ask_for_all(),
            [root] => self.miss(self.pages.of_root(root)),
            [root, key, ..] => self.miss(self.pages.find(root, key)),
        }
    }

    fn miss(&self, wanted: impl IntoIterator<Item = u32>) {
        let missed = wanted.into_iter().filter(|page| !self.at_hand.contains(page));
        self.missed.borrow_mut().pages.extend(missed);
    }

    /// Whether anything was asked for that is not at hand.
    pub fn has_missed(&self) -> bool {
        let missed = self.missed.borrow();
        missed.all || !missed.pages.is_empty()
    }

    /// The same document with what was missed at hand; None where that is everything.
    pub fn with_missed(&self) -> Option<Window> {
        let missed = self.missed.borrow();
        let at_hand = &self.at_hand | &missed.pages;
        let (state, pages) = (Rc::clone(&self.state), Rc::clone(&self.pages));
        (!missed.all).then_some(Window { state, pages, at_hand, missed: RefCell::default() })
    }
}

/// What can be read through a window; all, where there is none.
pub struct Through<'w, S: ?Sized> {
    /// What is read.
    pub source: &'w S,
    /// What notes what is missing there.
    pub window: Option<&'w Window>,
}

impl<S: Source + ?Sized> Through<'_, S> {
    fn ask(&self, path: &[&str]) {
        if let Some(window) = self.window {
            window.ask(path);
        }
    }

    /// Which keys a root has is known of all of them.
    fn ask_below_root(&self, path: &[&str]) {
        if path.len() != 1 {
            self.ask(path);
        }
    }

    fn with_others(&self, mut keys: Vec<String>, path: &[&str], prefix: &str) -> Vec<String> {
        if let (Some(window), [root]) = (self.window, path) {
            keys.extend(window.pages.keys_beyond(root, prefix, &window.at_hand));
            keys.sort_unstable();
            keys.dedup();
        }
        keys
    }
}

impl<S: Source + ?Sized> Source for Through<'_, S> {
    fn roots(&self) -> Vec<String> {
        self.source.roots()
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        self.ask(path);
        self.source.value(path)
    }

    fn keys(&self, path: &[&str]) -> Vec<String> {
        self.ask_below_root(path);
        self.with_others(self.source.keys(path), path, "")
    }

    fn keys_beginning(&self, path: &[&str], prefix: &str) -> Vec<String> {
        self.ask_below_root(path);
        self.with_others(self.source.keys_beginning(path, prefix), path, prefix)
    }

    fn text_before(&self, path: &[&str], text: &str) -> Option<Option<String>> {
        self.ask(path);
        self.source.text_before(path, text)
    }

    fn exists(&self, path: &[&str]) -> bool {
        self.ask_below_root(path);
        self.source.exists(path)
    }

    fn shared(&self, path: &[&str]) -> Option<Shared> {
        self.ask_below_root(path);
        self.source.shared(path)
    }

    fn created_by(&self, path: &[&str]) -> Option<Id> {
        self.ask_below_root(path);
        self.source.created_by(path)
    }

    fn fields(&self, path: &[&str], names: &[&str]) -> Vec<(String, Vec<Option<Value>>)> {
        self.ask(path);
        self.source.fields(path, names)
    }
}
