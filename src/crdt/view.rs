//! The live content of a document, read from its bytes without yrs.
//!
//! A [`View`] is an index: containers, their keys and elements, and where in the bytes each value lies.
//! Reading one record materialises that record only. The index says what yrs would show: the order of
//! sequences and the winners of map keys follow its conflict rule.

pub(super) mod build;
mod content_sum;
pub(super) mod digest;
mod elements;
pub(super) mod index;
mod lent;
mod news;
pub(super) mod order;
pub(super) mod pieces;
mod plain;
mod recent;
mod records;
mod runs;
pub(super) mod span;
mod steps;
#[cfg(test)]
mod tests;
mod typed;

pub(crate) use build::Groundwork;
pub use content_sum::ContentSum;
pub use index::View;
pub use lent::{LentEntries, LentPlain, LentValue};
pub use news::is_new;
pub use runs::TextRun;

use super::plain::Plain;
use crate::crdt::encoding::{Encoding, PairedDigests};
use crate::crdt::source::{Shared, Source, keys_beginning};
use crate::error::{Error, Next, Result};
use crate::limits::{MERGE_STEPS_PER_BLOCK, READ_STEPS};
use crate::wire::{
    Checked, CheckedBytes, Clocks, Fault, Id, IdSet, ListOrders, RootKind, Shape, Update, Value,
    Version,
};
use index::Entry;
use span::NONE;

impl View {
    /// Returns the live content of a checked update that holds a whole state. Anything that refers outside it
    /// is left out, as yrs would keep it pending.
    ///
    /// # Errors
    /// `Refused` when ordering its concurrent items takes too long, far longer than for any document that
    /// people write.
    pub fn read(update: &Update<'_, Checked>) -> Result<View> {
        View::read_on(update, None)
    }

    /// Like [`View::read`], with groundwork of the same update if there is any.
    ///
    /// # Errors
    /// As [`View::read`].
    pub(crate) fn read_on(update: &Update<'_, Checked>, work: Option<Groundwork>) -> Result<View> {
        if let Some(known) = View::known_part(update) {
            let known = known.map_err(|fault| {
                Error::bug("the known roots of a document do not pass the check by themselves")
                    .because(fault)
            })?;
            let view = View::read(&known.update())?;
            return Ok(View { version: update.version(), ..view });
        }
        let limit = View::limit_of(update);
        build::build(update, work, limit).ok_or_else(|| {
            Error::refused("the document would take too long to read")
                .because(format!("more than {limit} comparisons of concurrent items"))
                .hint(
                    Next::Blocks(None)
                        .and(" lists what it holds; the program that wrote it can rewrite it"),
                )
        })
    }

    /// Like [`View::read`], if all content of the update is live: nothing is deleted, overwritten or inside
    /// such a container. `None` otherwise, since yrs would write less then, and where [`View::read`] fails.
    pub(super) fn read_settled(update: &Update<'_, Checked>) -> Option<View> {
        build::build_settled(update, View::limit_of(update))
    }

    /// How many comparisons reading the update may take.
    fn limit_of(update: &Update<'_, Checked>) -> u64 {
        let due = (update.blocks().len() as u64).saturating_mul(MERGE_STEPS_PER_BLOCK);
        READ_STEPS.saturating_add(due)
    }

    /// For an update that holds more than any view shows: the part in the roots that its concern knows.
    fn known_part(
        update: &Update<'_, Checked>,
    ) -> Option<std::result::Result<CheckedBytes<Vec<u8>>, Fault>> {
        let known = update.known_roots().filter(|_| update.beyond().is_some())?;
        let part = update.without(&update.beside(&IdSet::default()));
        Some(CheckedBytes::check(part, known))
    }

    /// Whether this many comparisons are enough.
    #[cfg(test)]
    pub(crate) fn takes(update: &Update<'_, Checked>, limit: u64) -> bool {
        build::build(update, None, limit).is_some()
    }

    /// Like [`View::read`], for a document that was merged here, where its cost was counted.
    pub fn of(update: &Update<'_, Checked>) -> View {
        // Building without a limit always succeeds.
        let of =
            |update: &Update<'_, Checked>| build::build(update, None, u64::MAX).unwrap_or_default();
        match View::known_part(update) {
            Some(Ok(known)) => View { version: update.version(), ..of(&known.update()) },
            _ => of(update),
        }
    }

    /// Returns the clocks and deletions of the state.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Returns the bytes that the view was built from.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the update that the view was built from, reading it again if nobody holds the parsed form.
    ///
    /// # Errors
    /// `Bug` when `roots` are not those that it was checked with.
    pub fn update(&self, roots: &[(&str, RootKind)]) -> Result<Update<'_, Checked>> {
        if let Some(known) = self.held.of(&self.bytes) {
            return Ok(known);
        }
        Update::checked(&self.bytes, roots)
            .map_err(|fault| Error::bug("a document that was valid no longer is").because(fault))
    }

    /// Returns the live units after one in its sequence, in order. That one may be deleted; the result is
    /// empty if it is nowhere.
    ///
    /// # Errors
    /// `Bug` when `roots` are not those that the update was checked with.
    pub fn behind(&self, roots: &[(&str, RootKind)], unit: Id) -> Result<Vec<Id>> {
        // The view was built within the limit.
        Ok(build::behind(&self.update(roots)?, unit, u64::MAX).unwrap_or_default())
    }

    /// Returns the BLAKE3 of the live content, independent of history, client ids and encoding: two documents
    /// that show the same have the same digest.
    pub fn digest(&self) -> [u8; 32] {
        let mut out = Encoding::default();
        digest::encode(&mut out, self, digest::DigestScope::leaving(&|_| false));
        out.take().content
    }

    /// Returns that digest, and the digest without the maps in which `flag` is true, which are left out of
    /// the maps that contain them.
    pub fn digests(&self, flag: &str) -> PairedDigests {
        let mut out = Encoding::with_parts();
        let is_flagged = |node| {
            self.is_map(node) && self.child(node, flag).is_some_and(|entry| self.is_true(entry))
        };
        digest::encode(&mut out, self, digest::DigestScope::leaving(&is_flagged));
        out.take()
    }

    /// Returns the sum of the digests of the parts of the live content: two documents that show the same have
    /// the same sum, as with [`View::digest`].
    pub fn sum(&self) -> ContentSum {
        *self.sum.get_or_init(|| digest::sum(self, &ListOrders::new()))
    }

    /// Returns the sum if these lists, of which the view has only some entries, have all of their entries.
    pub fn sum_with(&self, lists: &ListOrders) -> ContentSum {
        match lists.is_empty() {
            true => self.sum(),
            false => digest::sum(self, lists),
        }
    }

    /// Returns the sum if it was worked out before.
    pub fn known_sum(&self) -> Option<ContentSum> {
        self.sum.get().copied()
    }

    /// Returns the item that created the container at a path, or `None` for a root, which nobody created.
    pub fn container(&self, path: &[&str]) -> Option<Id> {
        self.entry(path).filter(|entry| entry.node != NONE).map(|entry| entry.id)
    }

    /// Returns the item that holds the live value at a path.
    pub fn item(&self, path: &[&str]) -> Option<Id> {
        self.entry(path).map(|entry| entry.id)
    }

    /// Returns the step that leads from the array at a path to the element that an item created, or `None` if
    /// no step does, because the element has no id or an earlier one has the same.
    pub fn element(&self, path: &[&str], item: Id) -> Option<&str> {
        let node = self.node(self.node_at(path)?).filter(|node| node.shape == Shape::Array)?;
        self.elements(node).name_of(item)
    }

    /// Whether two views of one document show the same items at a path, and thus the same content. The
    /// converse is not promised.
    pub fn shows_the_same(&self, other: &View, path: &[&str]) -> bool {
        match (self.entry(path), other.entry(path)) {
            (Some(ours), Some(theirs)) => self.is_same(ours, other, theirs),
            (None, None) => true,
            _ => false,
        }
    }

    /// Recursion is bounded: the check refused deeper nesting.
    fn is_same(&self, ours: &Entry, other: &View, theirs: &Entry) -> bool {
        if (ours.id, ours.kind, ours.content.len) != (theirs.id, theirs.kind, theirs.content.len) {
            return false;
        }
        match (self.node(ours.node), other.node(theirs.node)) {
            (None, None) => true,
            (Some(a), Some(b)) => {
                let (a, b) = (self.entries_of(a), other.entries_of(b));
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| self.is_same(a, other, b))
            }
            _ => false,
        }
    }
}

impl Source for View {
    fn clocks(&self) -> Option<Clocks> {
        Some(self.version().clocks.clone())
    }

    fn item(&self, path: &[&str]) -> Option<Id> {
        View::item(self, path)
    }

    fn roots(&self) -> Vec<String> {
        let live = self.roots.iter().filter(|(_, node)| self.is_live(*node));
        live.map(|(name, _)| name.clone()).collect()
    }

    fn value(&self, path: &[&str]) -> Option<Value> {
        match path {
            [root] => Some(self.materialise(self.root(root)?)),
            _ => self.look(path, |entry| self.single(entry), |plain| Some(plain.value()))?,
        }
    }

    fn keys(&self, path: &[&str]) -> Vec<String> {
        let of_entry = |entry: &Entry| match self.node(entry.node) {
            Some(node) => self.keys_of(node),
            None => self.open(entry).keys(),
        };
        match path {
            [root] => {
                let node = self.root(root).and_then(|node| self.node(node));
                node.map(|node| self.keys_of(node)).unwrap_or_default()
            }
            _ => self.look(path, of_entry, Plain::keys).unwrap_or_default(),
        }
    }

    fn keys_beginning(&self, path: &[&str], prefix: &str) -> Vec<String> {
        match self.node_at(path).and_then(|node| self.node(node)) {
            Some(node) => self.keys_of_beginning(node, prefix),
            None => keys_beginning(self, path, prefix),
        }
    }

    fn exists(&self, path: &[&str]) -> bool {
        match path {
            [root] => self.root(root).is_some(),
            _ => self.look(path, |_| (), |_| ()).is_some(),
        }
    }

    fn shared(&self, path: &[&str]) -> Option<Shared> {
        self.node(self.node_at(path)?).map(|node| node.shape.into())
    }

    fn created_by(&self, path: &[&str]) -> Option<Id> {
        self.container(path)
    }

    fn fields(&self, path: &[&str], names: &[&str]) -> Vec<(String, Vec<Option<Value>>)> {
        self.fields_of_each(path, names)
    }

    fn flagged(&self, path: &[&str], name: &str) -> Vec<String> {
        self.flagged_of(path, name)
    }

    fn flag(&self, path: &[&str]) -> bool {
        let is_true = |plain: &Plain| *plain == Plain::Leaf(Value::Bool(true));
        path.len() > 1 && self.look(path, |entry| self.is_true(entry), is_true).unwrap_or(false)
    }
}
