//! A source of which a window tells what is at hand.

use super::{PageSource, Window};
use crate::crdt::source::{Shared, Source};
use crate::wire::{Clocks, Id, ListSpot, PageSet, Value};

/// A source read through a window, or all of it if there is none.
pub struct Through<'w, S: ?Sized> {
    /// The source to read.
    pub source: &'w S,
    /// Notes what is missing there.
    pub window: Option<&'w Window>,
}

impl<S: Source + ?Sized> Through<'_, S> {
    fn ask(&self, path: &[&str]) {
        if let Some(window) = self.window {
            window.ask(path);
        }
    }

    /// The keys of each root are always known.
    fn ask_below_root(&self, path: &[&str]) {
        if path.len() != 1 {
            self.ask(path);
        }
    }

    fn ask_what_is_at(&self, path: &[&str]) {
        if let Some(window) = self.window
            && path.len() != 1
        {
            window.ask_what_is_at(path);
        }
    }

    /// Returns the value at a path, if it can be told without opening anything.
    fn noted(&self, path: &[&str]) -> Option<Option<Value>> {
        let (Some(window), [root, key, field]) = (self.window, path) else { return None };
        let at = window.noted.iter().position(|noted| noted == field)?;
        let facts = window.pages.facts_beyond(root, key, &window.at_hand)?;
        facts.values.into_iter().nth(at)
    }

    /// Returns the item of the map at a path of two steps, if it can be told without opening it.
    fn map(&self, path: &[&str]) -> Option<Id> {
        let (Some(window), [root, key]) = (self.window, path) else { return None };
        Some(window.pages.facts_beyond(root, key, &window.at_hand)?.item)
    }

    /// Returns what the index finds; nothing, and a request for everything, if that costs less. The caller then
    /// asks again, with everything at hand. `None` without a window.
    fn found_or_all<T: Default>(
        &self,
        find: impl FnOnce(&dyn PageSource) -> Option<T>,
    ) -> Option<T> {
        let window = self.window?;
        let found = find(window.source());
        if found.is_none() {
            window.ask_for_all();
        }
        Some(found.unwrap_or_default())
    }

    fn with_others(&self, mut keys: Vec<String>, path: &[&str], prefix: &str) -> Vec<String> {
        if let (Some(window), [root]) = (self.window, path) {
            let others = window.pages.keys_beyond(root, prefix, &window.at_hand);
            // A sequence is one page, which is at hand, and its order is its own.
            if !others.is_empty() {
                keys.extend(others);
                return sorted(keys);
            }
        }
        keys
    }

    /// Adds to keys that the index found those at hand: they may have changed since, or the index cannot tell
    /// whether they hold anything.
    fn with_those_at_hand(&self, mut keys: Vec<String>, roots: &[&str]) -> Vec<String> {
        keys.extend(roots.iter().flat_map(|root| self.source.keys(&[root])));
        sorted(keys)
    }
}

/// Returns each key once, in order.
fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

impl<S: Source + ?Sized> Source for Through<'_, S> {
    fn roots(&self) -> Vec<String> {
        self.source.roots()
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        if let Some(noted) = self.noted(path) {
            return noted;
        }
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
        let spot = || ListSpot::Previous(text.to_owned());
        if !self.window.is_some_and(|window| window.ask_spot(self.source, path, spot)) {
            self.ask(path);
        }
        self.source.text_before(path, text)
    }

    fn exists(&self, path: &[&str]) -> bool {
        if self.map(path).is_some() {
            return true;
        }
        self.ask_what_is_at(path);
        self.source.exists(path)
    }

    fn shared(&self, path: &[&str]) -> Option<Shared> {
        if self.map(path).is_some() {
            return Some(Shared::Map);
        }
        self.ask_what_is_at(path);
        self.source.shared(path)
    }

    fn created_by(&self, path: &[&str]) -> Option<Id> {
        if let Some(item) = self.map(path) {
            return Some(item);
        }
        self.ask_what_is_at(path);
        self.source.created_by(path)
    }

    fn item(&self, path: &[&str]) -> Option<Id> {
        if let Some(item) = self.map(path) {
            return Some(item);
        }
        self.ask(path);
        self.source.item(path)
    }

    fn latest(&self, root: &str, count: usize, deleted: bool) -> Option<Vec<String>> {
        let window = self.window?;
        let none = PageSet::new();
        let beyond = if window.changes { &window.at_hand } else { &none };
        let keys = window.pages.latest_beyond(root, count, deleted, beyond)?;
        Some(self.with_those_at_hand(keys, &[root]))
    }

    fn created_within(
        &self,
        root: &str,
        since: Option<i64>,
        until: Option<i64>,
    ) -> Option<Vec<String>> {
        let found = self.found_or_all(|pages| pages.created_within(root, since, until))?;
        Some(self.with_those_at_hand(found, &[root]))
    }

    fn keys_without(&self, root: &str, other: &str) -> Option<Vec<String>> {
        let keys = self.window?.pages.keys_without(root, other)?;
        Some(self.with_those_at_hand(keys, &[root, other]))
    }

    fn written_since(&self, root: &str, since: i64) -> Option<Vec<String>> {
        let keys = self.window?.pages.written_since(root, since)?;
        Some(self.with_those_at_hand(keys, &[root]))
    }

    fn clocks(&self) -> Option<Clocks> {
        match self.window {
            Some(window) => Some(window.pages.clocks()),
            None => self.source.clocks(),
        }
    }

    /// Nothing is known of what was changed since it was opened.
    fn holding(&self, words: &[String]) -> Option<Vec<(String, String)>> {
        self.found_or_all(|pages| pages.holding(words))
    }

    /// Nothing is known of what was changed since it was opened.
    fn written_beyond(&self, clocks: &Clocks) -> Option<Vec<(String, String)>> {
        self.found_or_all(|pages| pages.written_beyond(clocks))
    }

    fn want(&self, path: &[&str]) {
        self.ask(path);
    }

    fn has_missed(&self) -> bool {
        self.window.is_some_and(Window::has_missed)
    }

    fn fields(&self, path: &[&str], names: &[&str]) -> Vec<(String, Vec<Option<Value>>)> {
        if let Some(window) = self.window {
            window.ask_fields(path, names);
        }
        self.source.fields(path, names)
    }
}
