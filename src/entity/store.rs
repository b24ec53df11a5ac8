//! What a program does with a store as a whole.

use crate::disk;
use crate::error::{Error, Kind, Result, counted};
use crate::id::MemberId;
use crate::machine;
use crate::operation::{self, Operation, Outcome};
use crate::query::Partial;
use crate::query::entity::{self, EntitySummary};
use crate::store::{Committed, Open, Store};
use crate::sync::Bundle;
use crate::sync::export::{Request, export};
use crate::sync::import::{Imported, Input, import};
use crate::sync::peer::{self, KnownPeer};
use std::path::Path;
use std::rc::Rc;

/// The command recorded in the log for changes made through the library.
const COMMAND: &str = "library";

impl Store {
    /// Opens the store in a directory, with the leases of this machine ([`machine::at_hand`]). Reads
    /// nothing else and writes nothing.
    ///
    /// ```no_run
    /// # fn main() -> crdtctl::error::Result<()> {
    /// use crdtctl::Store;
    ///
    /// let store = Store::open("/srv/ocean")?;
    /// for entity in store.entities()?.found {
    ///     println!("{}: {:?} members", entity.metadata.name, entity.members);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `NotFound` if there is no store.
    pub fn open(dir: impl AsRef<Path>) -> Result<Store> {
        Store::open_with(dir.as_ref(), Rc::new(machine::at_hand()))
    }

    /// Creates a store in a directory, or opens the existing one, as a replica of a member: everything
    /// written through it is written by that member.
    ///
    /// # Errors
    /// `Refused` if the replica belongs to another member and has written as that one.
    pub fn create(dir: impl AsRef<Path>, member: &str) -> Result<Store> {
        let member = MemberId::parse(member)?;
        Store::init(dir.as_ref(), Rc::new(machine::at_hand()), Some(&member))
            .map(|(store, _)| store)
    }

    /// The entities that it has a document of.
    ///
    /// # Errors
    /// Those that concern more than a single document: documents that cannot be read are skipped and
    /// named in the result.
    pub fn entities(&self) -> Result<Partial<Vec<EntitySummary>>> {
        entity::list(&self.reader()?)
    }

    /// Runs one operation in one commit, as the member of the store.
    ///
    /// # Errors
    /// Those of the rules; nothing has changed then.
    pub fn perform(&self, operation: &Operation) -> Result<Outcome> {
        let mut session = self.session(Open { command: COMMAND, member: None, dry_run: false })?;
        let outcome = operation::run_alone(&mut session, operation)?;
        let committed = session.commit()?;
        self.settle_disks(&committed)?;
        Ok(outcome)
    }

    /// Like [`Store::perform`], for an operation that creates a record; returns its id.
    pub(crate) fn make(&self, operation: &Operation) -> Result<String> {
        let made = self.perform(operation)?.id;
        made.ok_or_else(|| Error::bug("a record was made that has no id"))
    }

    /// Like [`Store::perform`]; returns whether anything changed.
    pub(crate) fn change(&self, operation: &Operation) -> Result<bool> {
        self.perform(operation).map(|outcome| outcome.changed)
    }

    /// A bundle of everything, to be imported elsewhere.
    ///
    /// # Errors
    /// `Corrupt` if a document cannot be read.
    pub fn export(&self) -> Result<Vec<u8>> {
        self.pack(None)
    }

    /// A bundle of what a peer lacks, according to the last bundle from it; of everything if there was
    /// none.
    ///
    /// # Errors
    /// Those of [`Store::export`]; `Ambiguous` for a member with several replicas.
    pub fn export_for(&self, peer: &str) -> Result<Vec<u8>> {
        let reader = self.reader()?;
        let known = match (peer::find(reader.state(), peer), reader.state()) {
            (Ok(found), Some(state)) => Some(KnownPeer::of_peer(state, &found.replica_id)?),
            (Err(error), _) if error.kind != Kind::NotFound => return Err(error),
            _ => None,
        };
        self.pack(known.as_ref())
    }

    fn pack(&self, peer: Option<&KnownPeer>) -> Result<Vec<u8>> {
        let request = Request { peer, ..Request::default() };
        let exported = export(&self.reader()?, self.environment(), &request)?;
        match exported.damaged.into_iter().next() {
            Some(error) => Err(error),
            None => {
                let mut bytes = Vec::new();
                exported.bundle.write(&mut bytes)?;
                Ok(bytes)
            }
        }
    }

    /// Imports a bundle in one commit: its content is merged, deletions are acknowledged, and what
    /// everybody has acknowledged is pruned. Importing it twice changes nothing.
    ///
    /// # Errors
    /// `Untrusted` if it is not a valid bundle, `Forked` if it is from a replica that wrote under a
    /// client id of ours; nothing has changed then.
    pub fn import(&self, bundle: &[u8]) -> Result<Imported> {
        let bundle = Box::new(Bundle::read(bundle)?);
        let open = || self.session(Open { command: COMMAND, member: None, dry_run: false });
        let mut session = open()?;
        disk::take_in_all(&mut session)?;
        session.commit()?;
        let inputs = [Input::Bundle { name: bundle.manifest().bundle.clone(), bundle }];
        let imported = import(open()?, &inputs)?;
        self.settle_disks(&imported.committed)?;
        Ok(imported)
    }

    /// Makes the files of the disks match what was committed.
    fn settle_disks(&self, committed: &Committed) -> Result<()> {
        if committed.documents.iter().any(|change| disk::is_disk(&change.doc)) {
            let open = || self.session(Open { command: COMMAND, member: None, dry_run: false });
            let mut session = disk::session_to_settle(open, None)?;
            let settled = disk::settle_all(&mut session)?;
            session.commit()?;
            if !settled.failed.is_empty() {
                let what = counted(settled.failed.len() as u64, "file");
                return Err(Error::io("not all files on the disks are written", what));
            }
        }
        Ok(())
    }
}
