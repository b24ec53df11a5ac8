//! A document open for editing: the only place where yrs runs.
//!
//! One [`Doc`] lives for one command. Each [`Doc::edit`] is one yrs transaction. Its own update is kept,
//! never a state diff (which would carry the whole delete set). After any error the `Doc` must be thrown away
//! with its changes, because a dropped yrs transaction commits.

pub use super::effort::Admitted;
use super::effort::{Allowance, Effort};
use super::elements::ContainerIndex;
use super::live::Live;
pub use super::scalar::{New, Scalar};
pub use super::txn::Txn;
use super::types::SharedTypes;
use super::typing::{Typing, Untold};
use super::view::View;
use super::window::{Through, Window};
use crate::crdt::source::Source;
use crate::error::{Error, Kind, Result};
use crate::gate::Expected;
use crate::wire::{
    BesideBlocks, BesidePart, Checked, CheckedBytes, Fault, RootKind, SharedBytes, Update, Value,
    Version, WrittenBlocks,
};
use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;
use yrs::updates::decoder::Decode;
use yrs::{
    Doc as YrsDoc, OffsetKind, Options, Out, ReadTxn, StateVector, Transact, TransactionMut,
    WriteTxn,
};

/// A document loaded into yrs, with the updates made since.
pub struct Doc {
    yrs: YrsDoc,
    updates: Vec<SharedBytes>,
    /// Keeps what others wrote as they wrote it.
    written: WrittenBlocks,
    /// The known roots; other roots may hold anything.
    known: Option<&'static [(&'static str, RootKind)]>,
    /// What yrs is not given; `None` until there is any.
    beside: Option<BesideBlocks>,
    /// `None` until something is merged into it, if opening it was known to be cheap.
    effort: Option<Effort>,
    /// Index of its arrays as they are.
    elements: ContainerIndex,
    /// The known types of its roots.
    roots: Vec<(String, RootKind)>,
    /// Whether updates by others were merged since it was loaded.
    merged: bool,
    /// Whether what was merged is known not to make the document too slow to reopen; local writes add little
    /// to that.
    reopens: Cell<bool>,
    typing: Typing,
    /// Set if only some of its pages are loaded.
    window: Option<Rc<Window>>,
}

/// When the cost of a document is counted that is loaded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counting {
    Now,
    /// Later, if a look at it shows that it is within the limit.
    IfInDoubt,
}

impl Doc {
    /// Creates an empty document, edited under `client`.
    pub fn new(client: u64) -> Self {
        let mut options = Options::with_client_id(yrs::ClientID::new(client));
        // Yjs may cut a surrogate pair. Each half then takes three bytes instead of two, so lengths counted
        // in bytes would be wrong, and negative once the text is deleted.
        options.offset_kind = OffsetKind::Utf16;
        Doc {
            yrs: YrsDoc::with_options(options),
            updates: Vec::new(),
            effort: Some(Effort::default()),
            elements: ContainerIndex::default(),
            roots: Vec::new(),
            merged: false,
            reopens: Cell::new(true),
            typing: Typing::default(),
            window: None,
            written: WrittenBlocks::default(),
            known: None,
            beside: None,
        }
    }

    /// Loads a state that passed the validator.
    ///
    /// # Errors
    /// `Refused` when that would take yrs more steps than the limit. `Corrupt` when yrs does not accept all
    /// of it.
    pub fn load(state: &Update<'_, Checked>, client: u64) -> Result<Self> {
        Doc::load_apart(state, client, state.beyond().is_some(), Counting::Now)
    }

    /// Like [`Doc::load`], but if a look at the state shows that it is within the limit, its cost is not
    /// counted until something is to be merged into it.
    pub fn open(state: &Update<'_, Checked>, client: u64) -> Result<Self> {
        Doc::load_apart(state, client, state.beyond().is_some(), Counting::IfInDoubt)
    }

    /// Like [`Doc::load`]; with `apart`, yrs is given nothing from roots that no concern knows.
    fn load_apart(
        state: &Update<'_, Checked>,
        client: u64,
        apart: bool,
        counting: Counting,
    ) -> Result<Self> {
        let known = state.known_roots();
        let (given, beside) = apart.then(|| divided(state)).transpose()?.unzip();
        let state = given.as_ref().map_or_else(|| state.clone(), CheckedBytes::update);
        let joined = state.joined(|_| false).map(rewritten).transpose()?;
        let state = joined.as_ref().map_or_else(|| state.clone(), CheckedBytes::update);
        let effort = match counting == Counting::IfInDoubt && Effort::is_small(&state) {
            true => None,
            false => Some(Effort::of(&state)?),
        };
        let mut doc = Doc::begin(&state, client)?;
        (doc.effort, doc.beside, doc.known) = (effort, beside, known);
        Ok(doc)
    }

    /// Loads an unchanged state that was encoded here. It has been opened before, so its cost is not counted
    /// until something is to be merged into it. Fails as [`Doc::load`].
    pub fn reopen(state: &Update<'_, Checked>, client: u64) -> Result<Self> {
        let (given, beside) = state.beyond().map(|_| divided(state)).transpose()?.unzip();
        let given = given.as_ref().map_or_else(|| state.clone(), CheckedBytes::update);
        let mut doc = Doc::begin(&given, client)?;
        (doc.beside, doc.known) = (beside, state.known_roots());
        Ok(doc)
    }

    fn begin(state: &Update<'_, Checked>, client: u64) -> Result<Self> {
        let mut doc = Doc::new(client);
        doc.effort = None;
        give(&mut doc.yrs.transact_mut(), state)?;
        doc.written.note(state);
        Ok(doc)
    }

    /// Says what brought its present content about, instead of how yrs was given it.
    pub fn came_by(&mut self, updates: [SharedBytes; 1]) {
        self.updates = updates.into();
        if let Some(effort) = &mut self.effort {
            effort.seen(self.updates.len());
        }
        // What it cost was counted from the beginning: it costs no more to open it again.
        self.reopens.set(true);
    }

    /// Whether the document's cost so far is known, which [`Doc::admit`] requires unless it is empty.
    pub fn is_counted(&self) -> bool {
        self.effort.is_some()
    }

    /// Counts the cost of a reopened document from its current state. Fails as [`Doc::load`].
    pub fn count(&mut self, state: &Update<'_, Checked>) -> Result<()> {
        let mut effort = self.effort_of(state)?;
        effort.seen(self.updates.len());
        self.effort = Some(effort);
        Ok(())
    }

    /// What the part of a state that yrs is given costs yrs.
    fn effort_of(&self, state: &Update<'_, Checked>) -> Result<Effort> {
        match self.beside {
            Some(_) => Effort::of(&divided(state)?.0.update()),
            None => Effort::of(state),
        }
    }

    /// Declares the types of the document's roots. yrs looks for them anew each time.
    pub fn with_roots(mut self, roots: &[(&str, RootKind)]) -> Self {
        self.roots = roots.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        type_roots(&mut self.yrs.transact_mut(), &self.roots);
        self
    }

    /// Tells the document that only the pages at hand were loaded.
    pub fn look_through(&mut self, window: Option<Rc<Window>>) {
        self.window = window;
    }

    /// Counts the cost of an update that passed the gate and deducts it from the allowance. The result must
    /// go to [`Doc::apply_admitted`] right away.
    ///
    /// # Errors
    /// `Untrusted` when the allowance does not suffice; the document is unchanged. `Bug` for a document whose
    /// cost is not counted.
    pub fn admit<'u>(
        &mut self,
        update: &Update<'u, Checked>,
        allowance: &mut Allowance,
    ) -> Result<Admitted<'u>> {
        let admitted = self.anew(update)?;
        if self.is_empty() {
            if Effort::is_free(&admitted.update()) {
                self.effort = None;
                return Ok(admitted);
            }
            self.effort.get_or_insert_default();
        }
        let Some(effort) = &mut self.effort else {
            return Err(Error::bug("a merge into a document that was not counted"));
        };
        let spent = effort.spend(&admitted.update(), &self.updates, allowance);
        if let Err(e) = spent {
            self.count(&self.state()?.update())?;
            return Err(e);
        }
        Ok(admitted)
    }

    /// [`Doc::apply`] for an admitted update.
    ///
    /// # Errors
    /// As [`Doc::apply`].
    pub fn apply_admitted(&mut self, admitted: &Admitted<'_>) -> Result<bool> {
        let made = self.take(admitted)?;
        if let Some(effort) = &mut self.effort {
            effort.seen(self.updates.len());
        }
        Ok(made)
    }

    /// Applies an update that passed the gate (valid, ready, not forked). Returns true if it brought anything
    /// new, which is then the last of [`Doc::updates`]. From blocks that the document already holds, yrs gets
    /// only the deletions.
    ///
    /// # Errors
    /// `Corrupt` when parts of it stay pending, which means that it bypassed the gate.
    pub fn apply(&mut self, update: &Update<'_, Checked>) -> Result<bool> {
        let admitted = self.anew(update)?;
        self.take(&admitted)
    }

    fn take(&mut self, admitted: &Admitted<'_>) -> Result<bool> {
        let part = match admitted {
            Admitted::Apart(_, part) => Some(part),
            Admitted::AsItCame(_) | Admitted::Anew(_) | Admitted::Whole(_) => None,
        };
        let made = self.integrate(&admitted.update(), part)?;
        self.merged = true;
        self.reopens.set(false);
        Ok(made)
    }

    /// Rewrites the update for yrs where needed: leaves out what the document already holds and what is in
    /// roots that no concern knows, and joins what one client wrote in a row.
    fn anew<'u>(&mut self, update: &Update<'u, Checked>) -> Result<Admitted<'u>> {
        if let Some(window) = &self.window {
            window.ask_for_clients();
        }
        if update.beyond().is_some() && self.beside.is_none() {
            self.set_apart()?;
        }
        let Some(beside) = &self.beside else { return self.without_known(update) };
        let seen = self.yrs.transact().state_vector();
        let part = beside.part_of(update, |client| seen.get(&yrs::ClientID::new(client)));
        let part =
            part.map_err(|fault| Error::bug("a checked update is not valid").because(fault))?;
        if part.ids().is_empty() && !part.is_news() {
            return self.without_known(update);
        }
        let given = rewritten(update.without(part.ids()))?;
        let anew = match self.without_known(&given.update())? {
            Admitted::Anew(anew) => Some(anew),
            Admitted::AsItCame(_) | Admitted::Apart(..) | Admitted::Whole(_) => None,
        };
        Ok(Admitted::Apart(anew.unwrap_or(given), Rc::new(part)))
    }

    /// Removes from yrs what it must not be given, in a document that held nothing of the kind until now.
    fn set_apart(&mut self) -> Result<()> {
        let state = self.state()?;
        let counting = if self.is_counted() { Counting::Now } else { Counting::IfInDoubt };
        let apart = Doc::load_apart(&state.update(), self.client(), true, counting)?;
        (self.yrs, self.beside, self.effort) = (apart.yrs, apart.beside, apart.effort);
        if let Some(effort) = &mut self.effort {
            effort.seen(self.updates.len());
        }
        self.elements.forget();
        type_roots(&mut self.yrs.transact_mut(), &self.roots);
        Ok(())
    }

    fn without_known<'u>(&self, update: &Update<'u, Checked>) -> Result<Admitted<'u>> {
        let seen = self.yrs.transact().state_vector();
        let known = |client| seen.get(&yrs::ClientID::new(client));
        let in_sequence = |id| self.effort.as_ref().is_some_and(|effort| effort.in_sequence(id));
        let anew = match update.news(known) {
            Cow::Borrowed(_) => update.joined(in_sequence),
            Cow::Owned(news) => {
                let news = rewritten(news)?;
                match news.update().joined(in_sequence) {
                    Some(joined) => Some(joined),
                    None => return Ok(Admitted::Anew(news)),
                }
            }
        };
        match anew {
            Some(joined) => rewritten(joined).map(Admitted::Anew),
            None => Ok(Admitted::AsItCame(update.clone())),
        }
    }

    /// Applies the update in one transaction. Returns true if it brought anything new.
    fn integrate(
        &mut self,
        update: &Update<'_, Checked>,
        part: Option<&Rc<BesidePart>>,
    ) -> Result<bool> {
        let mut txn = self.yrs.transact_mut();
        give(&mut txn, update)?;
        self.elements.forget();
        type_roots(&mut txn, &self.roots);
        let before = self.written.count();
        self.written.note(update);
        if self.written.count() > before {
            self.typing.lose();
        }
        let mut bytes = txn.encode_update_v1();
        drop(txn);
        let part = part.filter(|part| part.is_news());
        if let (Some(part), Some(beside)) = (part, &mut self.beside) {
            bytes = put_back(beside.restore_part(&bytes, part))?;
            beside.take(part);
        }
        self.keep(bytes)
    }

    /// Runs one transaction. Its changes are then the last of [`Doc::updates`].
    ///
    /// # Errors
    /// Whatever `change` returns; the document is then unusable and must be dropped.
    pub fn edit<R>(&mut self, change: impl FnOnce(&mut Txn<'_>) -> Result<R>) -> Result<R> {
        let client = self.client();
        let mut txn = Txn {
            yrs: self.yrs.transact_mut(),
            client,
            written: &mut self.written,
            elements: &self.elements,
            typing: &mut self.typing,
            window: self.window.as_deref(),
            known: self.known.filter(|_| self.beside.is_some()),
            wrote_odd: false,
        };
        let result = change(&mut txn)?;
        if txn.wrote_odd {
            txn.typing.lose();
        }
        let bytes = txn.yrs.encode_update_v1();
        drop(txn);
        self.keep(bytes)?;
        Ok(result)
    }

    /// Keeps a transaction's own update, if it changed anything.
    fn keep(&mut self, bytes: Vec<u8>) -> Result<bool> {
        let changed = bytes != [0, 0];
        if changed {
            self.updates.push(restored(&self.written, bytes)?.into());
        }
        Ok(changed)
    }

    /// Reads the document in its current state.
    pub fn read<R>(&self, look: impl FnOnce(&dyn Source) -> R) -> R {
        let live = Live { txn: &self.yrs.transact(), elements: &self.elements };
        look(&Through { source: &live, window: self.window.as_deref() })
    }

    /// Whether it holds values whose type yrs does not report.
    pub fn has_other_types(&self) -> bool {
        self.written.count() > 0
    }

    /// Remembers the document's current state, as a source for the types of its values.
    pub fn know(&mut self, view: Rc<View>) {
        self.typing.know(view);
    }

    /// Returns the value at a path with its types: a BigInt is not a number. `Err` if they cannot be told
    /// from what was remembered.
    pub fn typed(&self, path: &[&str]) -> std::result::Result<Option<Value>, Untold> {
        let value = self.read(|source| source.value(path));
        match value {
            Some(value) if self.has_other_types() => self.typing.typed(value, path).map(Some),
            value => Ok(value),
        }
    }

    /// Returns the updates made since loading, in order; each is causally ready after those before it.
    pub fn updates(&self) -> &[SharedBytes] {
        &self.updates
    }

    /// Whether it never held anything.
    pub fn is_empty(&self) -> bool {
        self.updates.is_empty() && self.yrs.transact().state_vector().is_empty()
    }

    /// Returns the client id of local items.
    pub fn client(&self) -> u64 {
        self.yrs.client_id().get()
    }

    /// Returns the clock that the next local item would get.
    pub fn own_clock(&self) -> u32 {
        self.yrs.transact().state_vector().get(&self.yrs.client_id())
    }

    /// Returns the bytes of [`Doc::state`] and its version.
    ///
    /// # Errors
    /// As [`Doc::state`].
    pub fn encode(&self) -> Result<(Vec<u8>, Version)> {
        let state = self.state()?;
        Ok((state.bytes().to_vec(), state.update().version()))
    }

    /// Returns the whole state, re-encoded and checked: no gap, nothing pending, no clock out of bounds.
    ///
    /// # Errors
    /// `Bug` when the check finds something that must not be stored. `Untrusted` when a merge caused that, or
    /// when the document would take too long to open again.
    pub fn state(&self) -> Result<CheckedBytes<SharedBytes>> {
        let txn = self.yrs.transact();
        if txn.has_missing_updates() {
            return Err(Error::bug("the document has pending parts and cannot be stored"));
        }
        let bytes = txn.encode_state_as_update_v1(&StateVector::default());
        let mut bytes = restored(&self.written, bytes)?;
        if let Some(beside) = &self.beside {
            bytes = put_back(beside.restore(&bytes))?;
        }
        let roots: Vec<(&str, RootKind)> =
            self.roots.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
        let expected = self.known.map_or(Expected::Roots(&roots), Expected::Concern);
        let stored = CheckedBytes::by(SharedBytes::from(bytes), |bytes| {
            let update = Update::checked(bytes, expected)?;
            update.is_complete().map(|()| update)
        });
        let stored = stored.map_err(|fault| match self.merged {
            // The last rule of the gate: each part was valid, but what yrs makes of them is not.
            true => Error::untrusted("the merged document cannot be stored")
                .because(fault)
                .hint("nothing was written; ask the sender for another bundle"),
            false => Error::bug("the encoded document must not be stored").because(fault),
        })?;
        if !self.reopens.get() {
            if self.beside.is_some() || !Effort::is_small(&stored.update()) {
                let effort = self.effort_of(&stored.update());
                effort.map_err(|e| e.of_kind(Kind::Untrusted))?;
            }
            if self.beside.is_some() {
                let read = SharedTypes::read(stored.bytes().to_vec());
                read.map_err(|e| e.of_kind(Kind::Untrusted))?;
            }
            self.reopens.set(true);
        }
        Ok(stored)
    }
}

/// Gives yrs an update within one transaction.
fn give(txn: &mut TransactionMut<'_>, update: &Update<'_, Checked>) -> Result<()> {
    if let Some(fault) = update.beyond() {
        return Err(
            Error::bug("yrs was about to be given what it does not take").because(fault.clone())
        );
    }
    let portions = update.portions();
    let portions = match &portions {
        Some(portions) => portions.iter().map(Vec::as_slice).collect(),
        None => vec![update.bytes()],
    };
    for portion in portions {
        let decoded = yrs::Update::decode_v1(portion)
            .map_err(|e| Error::corrupt("yrs does not decode the update").because(e))?;
        txn.apply_update(decoded)
            .map_err(|e| Error::corrupt("yrs does not apply the update").because(e))?;
    }
    match txn.has_missing_updates() {
        true => Err(Error::corrupt("parts of the update wait for something that is missing")),
        false => Ok(()),
    }
}

/// Gives roots that hold anything their declared types.
fn type_roots(txn: &mut TransactionMut<'_>, roots: &[(String, RootKind)]) {
    for (name, kind) in roots {
        if let Some(Out::UndefinedRef(_)) = txn.get(name.as_str()) {
            match kind {
                RootKind::Map => drop(txn.get_or_insert_map(name.as_str())),
                RootKind::Array => drop(txn.get_or_insert_array(name.as_str())),
                RootKind::Text => drop(txn.get_or_insert_text(name.as_str())),
            }
        }
    }
}

#[cfg(test)]
impl Doc {
    /// Forgets what is known of its arrays.
    pub(super) fn forget_elements(&self) {
        self.elements.forget();
    }

    /// How many array elements were looked at to find some by their ids.
    pub(super) fn looked_at_elements(&self) -> u64 {
        self.elements.looks()
    }

    /// How often an array had to be walked to find a text.
    pub(super) fn walked_texts(&self) -> u64 {
        self.elements.texts.walks()
    }
}

/// Checks bytes that were rewritten from a checked update.
fn rewritten(bytes: Vec<u8>) -> Result<CheckedBytes<Vec<u8>>> {
    CheckedBytes::check(bytes, &[])
        .map_err(|fault| Error::bug("the rewritten update does not pass the check").because(fault))
}

/// Divides a whole state into what yrs is given and what it is not.
fn divided(state: &Update<'_, Checked>) -> Result<(CheckedBytes<Vec<u8>>, BesideBlocks)> {
    let mut beside = BesideBlocks::default();
    let part = Rc::new(put_back(beside.part_of(state, |_| 0))?);
    let given = rewritten(state.without(part.ids()))?;
    beside.take(&part);
    Ok((given, beside))
}

fn put_back<T>(done: std::result::Result<T, Fault>) -> Result<T> {
    done.map_err(|fault| Error::bug("what yrs was not given cannot be put back").because(fault))
}

fn restored(written: &WrittenBlocks, bytes: Vec<u8>) -> Result<Vec<u8>> {
    written.restore(bytes).map_err(|fault| Error::bug("yrs wrote no valid update").because(fault))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::testing::{new_doc, state};
    use yrs::{Any, Array, Text};

    fn load(bytes: &[u8]) -> Doc {
        Doc::load(&Update::checked(bytes, &[]).unwrap(), 1).unwrap()
    }

    #[test]
    fn a_root_of_text_is_text_without_a_schema() {
        let plain = new_doc(5, false);
        let mut txn = plain.transact_mut();
        txn.get_or_insert_text("t").insert(&mut txn, 0, "words");
        txn.get_or_insert_text("t").insert_embed(&mut txn, 2, Any::Bool(true));
        txn.get_or_insert_array("l").push_back(&mut txn, 1);
        drop(txn);
        load(&state(&plain)).read(|source| {
            assert_eq!(source.value(&["t"]), Some(Value::Text("words".into())));
            assert_eq!(source.value(&["l"]), Some(Value::Array(vec![Value::Int(1)])));
        });
    }

    /// A map with a text of two waves; "x" is inserted into the middle of the first one, as Yjs does; then
    /// all of it is deleted.
    #[test]
    fn a_surrogate_pair_may_be_cut() {
        let waves = [&[0x04, 0, 1, 0, 8][..], "🌊🌊".as_bytes()].concat();
        let cut = [0x84, 1, 1, 1, b'x'];
        let bytes = |deletes: &[u8]| {
            let text = [0x27, 1, 1, b'm', 1, b'a', 2];
            [&[1, 3, 1, 0][..], &text, &waves, &cut, deletes].concat()
        };
        let whole = load(&bytes(&[0]));
        let shown = whole.read(|source| source.text(&["m", "a"]));
        assert_eq!(shown.as_deref(), Some("\u{fffd}x\u{fffd}🌊"));
        let deleted = load(&bytes(&[1, 1, 1, 0, 1]));
        assert_eq!(deleted.read(|source| source.keys(&["m"])), Vec::<String>::new());
        deleted.encode().unwrap();
    }
}
