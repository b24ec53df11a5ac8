//! A document open for editing: the only place where yrs runs.
//!
//! One [`Doc`] lives for one command. Each [`Doc::edit`] is one yrs transaction; its own update is
//! kept, never the diff of a state (which would carry the whole delete set). On any error the
//! `Doc` must be thrown away with what it did: a dropped yrs transaction commits.

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
    BesideBlocks, BesidePart, Checked, CheckedBytes, Fault, RootKind, Update, Value, Version,
    WrittenBlocks,
};
use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;
use yrs::updates::decoder::Decode;
use yrs::{
    Doc as YrsDoc, OffsetKind, Options, Out, ReadTxn, StateVector, Transact, TransactionMut,
    WriteTxn,
};

/// A document loaded into yrs, with the updates that were made since.
pub struct Doc {
    yrs: YrsDoc,
    updates: Vec<Vec<u8>>,
    /// What others wrote stays as they wrote it.
    written: WrittenBlocks,
    /// The roots beside which anything may stand.
    known: Option<&'static [(&'static str, RootKind)]>,
    /// What yrs is not given, once there is anything of the kind.
    beside: Option<BesideBlocks>,
    /// None until something is to be merged into a document that was reopened.
    effort: Option<Effort>,
    /// Of its arrays, as they stand.
    elements: ContainerIndex,
    /// What is known of the types of its roots.
    roots: Vec<(String, RootKind)>,
    /// It holds updates that others wrote since it was loaded.
    merged: bool,
    /// What was merged is known not to take too long when the document is opened again; what is written
    /// here adds little to that.
    reopens: Cell<bool>,
    typing: Typing,
    /// Where only some of its pages are loaded.
    window: Option<Rc<Window>>,
}

impl Doc {
    /// An empty document, edited under `client`.
    pub fn new(client: u64) -> Self {
        let mut options = Options::with_client_id(yrs::ClientID::new(client));
        // Yjs may cut a surrogate pair. Each half then takes three bytes instead of two, so lengths
        // counted in bytes would come out wrong, and below zero once the text is deleted.
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
    /// `Refused` when that would take yrs more steps than the limit. `Corrupt` when yrs does not
    /// take it whole.
    pub fn load(state: &Update<'_, Checked>, client: u64) -> Result<Self> {
        Doc::load_apart(state, client, state.beyond().is_some())
    }

    /// The same; yrs is given nothing of what stands in roots that no concern knows, if wanted.
    fn load_apart(state: &Update<'_, Checked>, client: u64, apart: bool) -> Result<Self> {
        let known = state.known_roots();
        let (given, beside) = apart.then(|| divided(state)).transpose()?.unzip();
        let state = given.as_ref().map_or_else(|| state.clone(), CheckedBytes::update);
        let joined = state.joined(|_| false).map(rewritten).transpose()?;
        let state = joined.as_ref().map_or_else(|| state.clone(), CheckedBytes::update);
        let effort = Effort::of(&state)?;
        let mut doc = Doc::begin(&state, client)?;
        (doc.effort, doc.beside, doc.known) = (Some(effort), beside, known);
        Ok(doc)
    }

    /// Loads a state that was encoded here and is as it was: it has been opened before, so what
    /// that takes is not counted until something is to be merged into it. Fails as [`Doc::load`].
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
        doc.integrate(state, None)?;
        doc.updates.clear();
        Ok(doc)
    }

    /// Whether it is known what the document took so far, which [`Doc::admit`] asks for.
    pub fn is_counted(&self) -> bool {
        self.effort.is_some()
    }

    /// Counts a document that was reopened, from its state as it stands. Fails as [`Doc::load`].
    pub fn count(&mut self, state: &Update<'_, Checked>) -> Result<()> {
        let mut effort = self.effort_of(state)?;
        effort.seen(self.updates.len());
        self.effort = Some(effort);
        Ok(())
    }

    /// What a state of the document takes yrs, as it is given it.
    fn effort_of(&self, state: &Update<'_, Checked>) -> Result<Effort> {
        match self.beside {
            Some(_) => Effort::of(&divided(state)?.0.update()),
            None => Effort::of(state),
        }
    }

    /// The same document, of whose roots the types are known. yrs looks for them anew each time.
    pub fn with_roots(mut self, roots: &[(&str, RootKind)]) -> Self {
        self.roots = roots.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        type_roots(&mut self.yrs.transact_mut(), &self.roots);
        self
    }

    /// Tells it that only the pages at hand were loaded.
    pub fn look_through(&mut self, window: Option<Rc<Window>>) {
        self.window = window;
    }

    /// Counts what an update that passed the gate would take, and takes it from the allowance. What
    /// is admitted is for [`Doc::apply_admitted`], right away.
    ///
    /// # Errors
    /// `Untrusted` when the allowance does not suffice; the document is as it was. `Bug` for a
    /// document that is not counted.
    pub fn admit<'u>(
        &mut self,
        update: &Update<'u, Checked>,
        allowance: &mut Allowance,
    ) -> Result<Admitted<'u>> {
        let admitted = self.anew(update)?;
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

    /// [`Doc::apply`] for what was admitted.
    ///
    /// # Errors
    /// As there.
    pub fn apply_admitted(&mut self, admitted: &Admitted<'_>) -> Result<bool> {
        let made = self.take(admitted)?;
        if let Some(effort) = &mut self.effort {
            effort.seen(self.updates.len());
        }
        Ok(made)
    }

    /// Applies an update that passed the gate (valid, ready, not forked). True when it brought
    /// anything new; what was new is then the last of [`Doc::updates`]. Of what the document holds
    /// already yrs is given nothing but the deletions.
    ///
    /// # Errors
    /// `Corrupt` when parts of it stay pending: the gate was not kept.
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

    /// The update as yrs is given it, where that is not as it came: what the document holds left
    /// out, what stands in roots that no concern knows as well, and what one client wrote in a row
    /// joined.
    fn anew<'u>(&mut self, update: &Update<'u, Checked>) -> Result<Admitted<'u>> {
        if update.beyond().is_some() && self.beside.is_none() {
            self.set_apart()?;
        }
        let Some(beside) = &self.beside else { return self.without_known(update) };
        let seen = self.yrs.transact().state_vector();
        let part = beside.part_of(update, |client| seen.get(&yrs::ClientID::new(client)));
        let part =
            part.map_err(|fault| Error::bug("what was checked is not valid").because(fault))?;
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

    /// Takes out of yrs what it is not to be given, of a document that had nothing of the kind until
    /// now.
    fn set_apart(&mut self) -> Result<()> {
        let state = self.state()?;
        let apart = Doc::load_apart(&state.update(), self.client(), true)?;
        let counted = self.effort.is_some();
        (self.yrs, self.beside, self.effort) = (apart.yrs, apart.beside, apart.effort);
        match (counted, &mut self.effort) {
            (true, Some(effort)) => effort.seen(self.updates.len()),
            _ => self.effort = None,
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

    /// In one transaction. True when it brought anything new.
    fn integrate(
        &mut self,
        update: &Update<'_, Checked>,
        part: Option<&Rc<BesidePart>>,
    ) -> Result<bool> {
        if let Some(fault) = update.beyond() {
            return Err(
                Error::bug("what yrs does not take was to be given to it").because(fault.clone())
            );
        }
        let portions = update.portions();
        let portions = match &portions {
            Some(portions) => portions.iter().map(Vec::as_slice).collect(),
            None => vec![update.bytes()],
        };
        let mut txn = self.yrs.transact_mut();
        for portion in portions {
            let decoded = yrs::Update::decode_v1(portion)
                .map_err(|e| Error::corrupt("yrs does not decode the update").because(e))?;
            txn.apply_update(decoded)
                .map_err(|e| Error::corrupt("yrs does not apply the update").because(e))?;
        }
        if txn.has_missing_updates() {
            return Err(Error::corrupt("parts of the update wait for something that is missing"));
        }
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

    /// Runs one transaction. What it changed is then the last of [`Doc::updates`].
    ///
    /// # Errors
    /// Whatever `change` returns; the document is then worthless and must be dropped.
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
            self.updates.push(restored(&self.written, bytes)?);
        }
        Ok(changed)
    }

    /// Reads the document as it stands.
    pub fn read<R>(&self, look: impl FnOnce(&dyn Source) -> R) -> R {
        let live = Live { txn: &self.yrs.transact(), elements: &self.elements };
        look(&Through { source: &live, window: self.window.as_deref() })
    }

    /// Whether it holds values of which yrs does not give the type.
    pub fn has_other_types(&self) -> bool {
        self.written.count() > 0
    }

    /// Remembers how the document stands, for the types of its values.
    pub fn know(&mut self, view: Rc<View>) {
        self.typing.know(view);
    }

    /// The value at a path with its types: a BigInt is no number. `Err` where they cannot be told
    /// from what was remembered.
    pub fn typed(&self, path: &[&str]) -> std::result::Result<Option<Value>, Untold> {
        let value = self.read(|source| source.value(path));
        match value {
            Some(value) if self.has_other_types() => self.typing.typed(value, path).map(Some),
            value => Ok(value),
        }
    }

    /// The updates made since loading, in order; each is causally ready after those before it.
    pub fn updates(&self) -> &[Vec<u8>] {
        &self.updates
    }

    /// Whether nothing was ever in it.
    pub fn is_empty(&self) -> bool {
        self.updates.is_empty() && self.yrs.transact().state_vector().is_empty()
    }

    /// The id that own items get.
    pub fn client(&self) -> u64 {
        self.yrs.client_id().get()
    }

    /// The clock that the next own item would get.
    pub fn own_clock(&self) -> u32 {
        self.yrs.transact().state_vector().get(&self.yrs.client_id())
    }

    /// The bytes of [`Doc::state`], and its version.
    ///
    /// # Errors
    /// As there.
    pub fn encode(&self) -> Result<(Vec<u8>, Version)> {
        let state = self.state()?;
        Ok((state.bytes().to_vec(), state.update().version()))
    }

    /// The whole state, re-encoded and checked: no gap, nothing pending, no clock out of bounds.
    ///
    /// # Errors
    /// `Bug` when the check finds what must not be stored. `Untrusted` when that is what a merge
    /// made, or it would take too long to be opened again.
    pub fn state(&self) -> Result<CheckedBytes<Rc<[u8]>>> {
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
        let stored = CheckedBytes::by(Rc::<[u8]>::from(bytes), |bytes| {
            let update = Update::checked(bytes, expected)?;
            update.is_complete().map(|()| update)
        });
        let stored = stored.map_err(|fault| match self.merged {
            // The last rule of the gate: each part was right, and what yrs makes of them is not.
            true => Error::untrusted("what the merge makes of the document cannot be stored")
                .because(fault)
                .hint("nothing was written; ask the sender for another bundle"),
            false => Error::bug("the encoded document must not be stored").because(fault),
        })?;
        if !self.reopens.get() {
            let effort = self.effort_of(&stored.update());
            effort.map_err(|e| e.of_kind(Kind::Untrusted))?;
            if self.beside.is_some() {
                let read = SharedTypes::read(stored.bytes().to_vec());
                read.map_err(|e| e.of_kind(Kind::Untrusted))?;
            }
            self.reopens.set(true);
        }
        Ok(stored)
    }
}

/// Gives roots that hold anything the types that they have.
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
    /// As if its arrays had not been looked at.
    pub(super) fn forget_elements(&self) {
        self.elements.forget();
    }

    /// How many elements of arrays were looked at to find some by their ids.
    pub(super) fn looked_at_elements(&self) -> u64 {
        self.elements.looks()
    }

    /// How often an array was left to be walked for a text.
    pub(super) fn walked_texts(&self) -> u64 {
        self.elements.texts.walks()
    }
}

/// What was written anew from something that was checked.
fn rewritten(bytes: Vec<u8>) -> Result<CheckedBytes<Vec<u8>>> {
    CheckedBytes::check(bytes, &[])
        .map_err(|fault| Error::bug("what was joined does not check").because(fault))
}

/// What yrs is given of a whole state, and what it is not given.
fn divided(state: &Update<'_, Checked>) -> Result<(CheckedBytes<Vec<u8>>, BesideBlocks)> {
    let mut beside = BesideBlocks::default();
    let part = Rc::new(put_back(beside.part_of(state, |_| 0))?);
    let given = rewritten(state.without(part.ids()))?;
    beside.take(&part);
    Ok((given, beside))
}

fn put_back<T>(done: std::result::Result<T, Fault>) -> Result<T> {
    done.map_err(|fault| Error::bug("what yrs was not given does not go back").because(fault))
}

fn restored(written: &WrittenBlocks, bytes: Vec<u8>) -> Result<Vec<u8>> {
    written.restore(bytes).map_err(|fault| Error::bug("what yrs wrote is no update").because(fault))
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

    /// A map with a text of two waves; "x" is put into the middle of the first one, as Yjs does;
    /// then all of it is deleted.
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
