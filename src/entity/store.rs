//! What a program asks of a store as a whole.

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

/// What the log says of changes that a program made through the library.
const COMMAND: &str = "library";

impl Store {
    /// Opens the store in a directory with the leases of this machine ([`machine::at_hand`]). Reads
    /// nothing else, writes nothing.
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
    /// `NotFound` where no store is.
    pub fn open(dir: impl AsRef<Path>) -> Result<Store> {
        Store::open_with(dir.as_ref(), Rc::new(machine::at_hand()))
    }

    /// Makes a store in a directory, or takes the one that is there, as a replica of a member: all
    /// that is written through it is written by that member.
    ///
    /// # Errors
    /// `Refused` when the replica belongs to another member, and was written as that one.
    pub fn create(dir: impl AsRef<Path>, member: &str) -> Result<Store> {
        let member = MemberId::parse(member)?;
        Store::init(dir.as_ref(), Rc::new(machine::at_hand()), Some(&member))
            .map(|(store, _)| store)
    }

    /// The entities that it has a document of.
    ///
    /// # Errors
    /// What is not about a document alone: those that cannot be read are left out, and named.
    pub fn entities(&self) -> Result<Partial<Vec<EntitySummary>>> {
        entity::list(&self.reader()?)
    }

    /// Runs one operation as one commit, as the member of the store.
    ///
    /// # Errors
    /// Whatever the rules say; nothing has changed then.
    pub fn perform(&self, operation: &Operation) -> Result<Outcome> {
        let mut session = self.session(Open { command: COMMAND, member: None, dry_run: false })?;
        let outcome = operation::run_alone(&mut session, operation)?;
        let committed = session.commit()?;
        self.settle_disks(&committed)?;
        Ok(outcome)
    }

    /// The same for an operation that makes a record: its id.
    pub(crate) fn make(&self, operation: &Operation) -> Result<String> {
        let made = self.perform(operation)?.id;
        made.ok_or_else(|| Error::bug("a record was made that has no id"))
    }

    /// The same for any other: whether anything changed.
    pub(crate) fn change(&self, operation: &Operation) -> Result<bool> {
        self.perform(operation).map(|outcome| outcome.changed)
    }

    /// A bundle of everything, to be imported elsewhere.
    ///
    /// # Errors
    /// `Corrupt` when a document cannot be read.
    pub fn export(&self) -> Result<Vec<u8>> {
        self.pack(None)
    }

    /// A bundle of what a peer lacks, as far as its last bundle told: of everything where none came
    /// yet.
    ///
    /// # Errors
    /// As [`Store::export`]; `Ambiguous` for a member with several replicas.
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

    /// Imports a bundle as one commit: what it brings is merged, deletions are acknowledged, and what
    /// everybody has acknowledged goes. Importing one twice changes nothing.
    ///
    /// # Errors
    /// `Untrusted` for bytes that are no sound bundle, `Forked` for one of a replica that wrote under
    /// a client id of ours; nothing has changed then.
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

    /// Makes the files of the disks what was committed.
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
