//! One yrs transaction: what an operation reads and writes, addressed by path.

use super::content::Content;
use super::elements::ContainerIndex;
use super::live::Live;
use super::scalar::{Scalar, Slot};
use super::typing::Typing;
use super::window::{Through, Window};
use crate::crdt::source::{Shared, Source};
use crate::error::{Error, Next, Result};
use crate::wire::{Id, ListSpot, RootKind, Update, Value, WrittenBlocks};
use std::collections::BTreeSet;
use yrs::updates::decoder::Decode;
use yrs::{ArrayPrelim, ArrayRef, Map, MapPrelim, MapRef, Out, TransactionMut, WriteTxn};

/// A yrs transaction: reads as [`Source`], and edits addressed by path.
pub struct Txn<'d> {
    pub(super) yrs: TransactionMut<'d>,
    /// The client id of local items.
    pub(super) client: u64,
    pub(super) written: &'d mut WrittenBlocks,
    pub(super) elements: &'d ContainerIndex,
    pub(super) typing: &'d mut Typing,
    pub(super) window: Option<&'d Window>,
    /// The only roots that can be written: yrs was not given what is in others.
    pub(super) known: Option<&'d [(&'d str, RootKind)]>,
    /// A value was written that yrs reports as another type, and its place is not noted yet.
    pub(super) wrote_odd: bool,
}

/// Callers hold no reference to a map or an array: the path is walked on each call, which costs one hash
/// look-up per step and cannot dangle. Steps are those of [`Source`].
impl<'d> Txn<'d> {
    /// Sets a field of the map at `path`; does nothing if it already has this value. A path of one element
    /// addresses the root map of that name.
    pub fn set(&mut self, path: &[&str], key: &str, value: impl Into<Scalar>) -> Result<()> {
        let value = value.into();
        let map = self.map_of(path, key)?;
        if let Some(Out::Any(old)) = map.get(&self.yrs, key)
            && old == value.any
        {
            return Ok(());
        }
        self.key(path, &map, key);
        self.set_typed(path, &map, key, value);
        Ok(())
    }

    /// Returns the value at a path with the types it had when the document was last looked at: a BigInt is
    /// not a number.
    pub fn typed(&self, path: &[&str]) -> Option<Value> {
        Some(self.typing.typed_or_as_given(self.value(path)?, path))
    }

    /// Sets a field of the map at `path` as a new write, whatever its value is.
    pub fn set_again(&mut self, path: &[&str], key: &str, value: &Value) -> Result<()> {
        let map = self.map_of(path, key)?;
        self.key(path, &map, key);
        self.set_typed(path, &map, key, value.into());
        Ok(())
    }

    /// Creates content at `path`/`key`, replacing what was there.
    pub fn put(&mut self, path: &[&str], key: &str, content: &Content) -> Result<()> {
        let map = self.map_of(path, key)?;
        self.key(path, &map, key);
        self.write_content(Slot::Key(&map, key), content);
        self.wrote_below(path, key);
        Ok(())
    }

    /// Creates an empty map at `path`/`key`, replacing what was there.
    pub fn create_map(&mut self, path: &[&str], key: &str) -> Result<()> {
        let map = self.map_of(path, key)?;
        self.key(path, &map, key);
        map.insert(&mut self.yrs, key, MapPrelim::default());
        Ok(())
    }

    /// Creates an empty array at `path`/`key`, replacing what was there.
    pub fn create_array(&mut self, path: &[&str], key: &str) -> Result<()> {
        let map = self.map_of(path, key)?;
        self.key(path, &map, key);
        map.insert(&mut self.yrs, key, ArrayPrelim::default());
        Ok(())
    }

    /// Removes a key of the map at `path`, or every element with this id from the array there, with
    /// everything below it. Returns true if it was there.
    pub fn remove(&mut self, path: &[&str], key: &str) -> Result<bool> {
        if let Some(Out::YArray(array)) = self.out(path) {
            return Ok(self.remove_named(&array, &BTreeSet::from([key]))? > 0);
        }
        let map = self.map_of(path, key)?;
        if !map.contains_key(&self.yrs, key) {
            return Ok(false);
        }
        self.key(path, &map, key);
        map.remove(&mut self.yrs, key);
        self.elements.keys.removed(&map, key);
        Ok(true)
    }

    /// [`Txn::remove`] for several keys at once, with one pass over an array for all of them. Returns how
    /// many keys or elements were removed.
    pub fn remove_each(&mut self, path: &[&str], keys: &BTreeSet<&str>) -> Result<usize> {
        if let Some(Out::YArray(array)) = self.out(path) {
            return self.remove_named(&array, keys);
        }
        let mut removed = 0;
        for key in keys {
            removed += usize::from(self.remove(path, key)?);
        }
        Ok(removed)
    }

    /// Writes a value, with everything below it, under a key of the map at `path`, or at the end of an array.
    /// Shared types stay shared types; fields are written in the order of their names.
    pub(super) fn put_value(&mut self, path: &[&str], key: &str, value: &Value) -> Result<()> {
        if let Some(Out::YArray(array)) = self.out(path) {
            self.elements.changed(&array);
            self.write_value(Slot::End(&array), value);
            self.wrote_below(path, "");
            return Ok(());
        }
        let map = self.map_of(path, key)?;
        self.key(path, &map, key);
        self.write_value(Slot::Key(&map, key), value);
        self.wrote_below(path, key);
        Ok(())
    }

    /// Whether there is an array at a path.
    pub(super) fn is_array(&self, path: &[&str]) -> bool {
        matches!(self.out(path), Some(Out::YArray(_)))
    }

    /// Applies an update of our own making inside this transaction (rule R2).
    pub(super) fn apply_own(&mut self, update: &[u8]) -> Result<()> {
        // Its target may be anywhere.
        self.ask(&[]);
        self.elements.forget();
        self.take(update)
    }

    /// Applies an update of our own making that creates `root`/`key`, where there is nothing, and changes
    /// nothing else.
    pub(super) fn apply_new(&mut self, root: &str, key: &str, update: &[u8]) -> Result<()> {
        self.take(update)?;
        let map = self.map(&[root])?;
        self.elements.keys.added(&map, key);
        Ok(())
    }

    /// Applies an update that [`ContainerIndex`] knows already.
    pub(super) fn take(&mut self, update: &[u8]) -> Result<()> {
        let walked = Update::walk(update).map_err(|fault| Error::bug(fault.to_string()))?;
        let before = self.written.count();
        self.written.note(&walked);
        if self.written.count() > before {
            self.typing.lose();
        }
        let decoded = yrs::Update::decode_v1(update).map_err(|e| Error::bug(e.to_string()))?;
        self.yrs.apply_update(decoded).map_err(|e| Error::bug(e.to_string()))
    }

    /// Whether the document held anything by this client when the transaction began.
    pub(super) fn knows_client(&self, client: u64) -> bool {
        // yrs keeps this for the transaction's update anyway; `state_vector` would look at every client again
        // each time.
        self.yrs.before_state().get(&yrs::ClientID::new(client)) > 0
            || self.window.is_some_and(|window| window.knows_client(client))
    }

    pub(super) fn live(&self) -> Live<'_, TransactionMut<'d>> {
        Live { txn: &self.yrs, elements: self.elements }
    }

    /// Sets a field of the map at this path.
    fn set_typed(&mut self, path: &[&str], map: &MapRef, key: &str, value: Scalar) {
        if let Some(typed) = value.odd_value() {
            self.typing.written_as(path, key, typed);
        }
        self.insert(map, key, value);
        self.wrote_odd = false;
    }

    /// Notes that values which yrs reports as another type may have been written below a path.
    pub(super) fn wrote_below(&mut self, path: &[&str], key: &str) {
        if std::mem::take(&mut self.wrote_odd) {
            self.typing.wrote_below(path, key);
        }
    }

    /// Notes that a key of the map at a path was written. An element is found by its id, so one that gets
    /// another id is another element.
    fn key(&mut self, path: &[&str], map: &MapRef, key: &str) {
        self.typing.written(path, key);
        self.elements.keys.added(map, key);
        let around = path.split_last().map_or(&[][..], |(_, around)| around);
        if key == "id" && self.is_array(around) {
            self.elements.forget();
        }
    }

    fn through<R>(&self, look: impl FnOnce(&dyn Source) -> R) -> R {
        look(&Through { source: &self.live(), window: self.window })
    }

    /// Notes which part of a partially loaded document is needed.
    fn ask(&self, path: &[&str]) {
        if let Some(window) = self.window {
            window.ask(path);
        }
    }

    /// The value at a path.
    pub(super) fn out(&self, path: &[&str]) -> Option<Out> {
        if path.len() > 1 {
            self.ask(path);
        }
        let found = self.live().out(path);
        // Of a root that is a map only some keys are written; a sequence is written with all that is in it.
        if path.len() == 1 && !matches!(found, Some(Out::YMap(_)) | None) {
            self.ask(path);
        }
        found
    }

    /// The map at a path, of which one key is read or written.
    fn map_of(&mut self, path: &[&str], key: &str) -> Result<MapRef> {
        if let [root] = path {
            self.ask(&[root, key]);
        }
        self.map(path)
    }

    fn map(&mut self, path: &[&str]) -> Result<MapRef> {
        match path {
            [] => Err(Error::bug("an empty path names no map")),
            [root] => {
                self.is_given(root)?;
                Ok(self.yrs.get_or_insert_map(*root))
            }
            _ => match self.out(path) {
                Some(Out::YMap(map)) => Ok(map),
                found => Err(not_shared("map", path, found.is_some())),
            },
        }
    }

    fn is_given(&self, root: &str) -> Result<()> {
        match self.known {
            Some(known) if !known.iter().any(|(name, _)| *name == root) => {
                Err(Error::refused(format!("{root} is carried unchanged and not writable here"))
                    .because("another program wrote unsupported content beside it")
                    .hint(Next::Dump.and(" shows it; the program that made it can write it")))
            }
            _ => Ok(()),
        }
    }

    /// The array at a path, of which only what is at a place is read or written.
    pub(super) fn array_at(
        &mut self,
        path: &[&str],
        spot: impl FnOnce() -> ListSpot,
    ) -> Result<ArrayRef> {
        if self.window.is_some_and(|window| window.ask_spot(&self.live(), path, spot))
            && let Some(Out::YArray(array)) = self.live().out(path)
        {
            return Ok(array);
        }
        self.array(path)
    }

    pub(super) fn array(&mut self, path: &[&str]) -> Result<ArrayRef> {
        match path {
            [] => Err(Error::bug("an empty path names no array")),
            [root] => {
                self.is_given(root)?;
                self.ask(path);
                Ok(self.yrs.get_or_insert_array(*root))
            }
            _ => match self.out(path) {
                Some(Out::YArray(array)) => Ok(array),
                found => Err(not_shared("array", path, found.is_some())),
            },
        }
    }
}

/// The error for a target that cannot be written into: another program wrote what is there, and `check`
/// reports it.
pub(super) fn not_shared(what: &str, path: &[&str], is_something: bool) -> Error {
    let path = path.join("/");
    match is_something {
        true => Error::refused(format!("{path} is not a shared {what}: another program wrote it"))
            .hint(Next::Check(None).and(" reports it, and how to repair it")),
        false => Error::corrupt(format!("no {what} at {path}")),
    }
}

impl Source for Txn<'_> {
    fn roots(&self) -> Vec<String> {
        self.through(|source| source.roots())
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        self.through(|source| source.value(path))
    }

    fn keys(&self, path: &[&str]) -> Vec<String> {
        self.through(|source| source.keys(path))
    }

    fn keys_beginning(&self, path: &[&str], prefix: &str) -> Vec<String> {
        self.through(|source| source.keys_beginning(path, prefix))
    }

    fn text_before(&self, path: &[&str], text: &str) -> Option<Option<String>> {
        self.through(|source| source.text_before(path, text))
    }

    fn exists(&self, path: &[&str]) -> bool {
        self.through(|source| source.exists(path))
    }

    fn fields(&self, path: &[&str], names: &[&str]) -> Vec<(String, Vec<Option<Value>>)> {
        self.through(|source| source.fields(path, names))
    }

    fn shared(&self, path: &[&str]) -> Option<Shared> {
        self.through(|source| source.shared(path))
    }

    fn created_by(&self, path: &[&str]) -> Option<Id> {
        self.through(|source| source.created_by(path))
    }
}
