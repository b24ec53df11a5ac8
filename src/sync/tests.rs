//! Replicas that exchange bundles, each in its own directory.

use super::bundle::Bundle;
use super::export::{Request, export};
use super::import::{Imported, Input, import};
use super::manifest::{FORMAT, Has, Manifest, Sender};
use super::peer::{self, KnownPeer};
use crate::clock::{Clock, Ids};
use crate::concern;
use crate::crdt::doc::{Doc, Txn};
use crate::crdt::source::Source;
use crate::crdt::testing::Rng;
use crate::error::{Kind, Result};
use crate::gate::Expected;
use crate::id::{DocId, MemberId};
use crate::store::{Environment, Machine, Open, Reader, Session, Store};
use crate::wire::{Update, Value};
use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

const NOW: i64 = 1_790_000_000;

/// A manifest without documents.
pub(super) fn manifest() -> Manifest {
    Manifest {
        format: FORMAT.into(),
        bundle: "0d9d7c7e-52a7-4d6f-8a3e-3f2a5f0a9a11".into(),
        created_at: 1_790_000_000,
        from: Sender { replica: Some("replica-a".into()), member: None, succeeds: Vec::new() },
        addressee: None,
        seq: 3,
        full: true,
        limited: false,
        heard: Default::default(),
        documents: Vec::new(),
        archives: None,
        files: Vec::new(),
        missing: Vec::new(),
    }
}

/// A replica on its own machine.
pub(super) struct Replica {
    dir: tempfile::TempDir,
    pub(super) store: Store,
    name: String,
}

impl Replica {
    pub(super) fn new(name: &str) -> Self {
        Replica::seeded(name, name)
    }

    fn seeded(name: &str, seed: &str) -> Self {
        let dir = crate::testing::temporary();
        let member = MemberId::parse(name).unwrap();
        let environment = environment(dir.path(), seed);
        let (store, _) =
            Store::init(&dir.path().join("store"), environment, Some(&member)).unwrap();
        Replica { dir, store, name: name.to_owned() }
    }

    fn reader(&self) -> Reader {
        self.store.reader().unwrap()
    }

    fn id(&self) -> String {
        self.reader().state().unwrap().replica().unwrap().unwrap().0
    }

    pub(super) fn session(&self) -> Session {
        self.open(false)
    }

    fn open(&self, dry_run: bool) -> Session {
        self.store.session(Open { command: "test", member: None, dry_run }).unwrap()
    }

    fn edit(&self, doc: &str, change: impl FnOnce(&mut Txn<'_>) -> Result<()>) {
        let mut session = self.session();
        session.edit(&id(doc), change).unwrap();
        session.commit().unwrap();
    }

    /// Sets one key of the root map `m`.
    fn set(&self, doc: &str, key: &str, value: &str) {
        self.edit(doc, |txn| txn.set(&["m"], key, value));
    }

    fn get(&self, doc: &str, key: &str) -> Option<String> {
        self.reader().view(&id(doc)).unwrap()?.text(&["m", key])
    }

    fn known(&self, peer: &Replica) -> KnownPeer {
        KnownPeer::of_peer(self.reader().state().unwrap(), &peer.id()).unwrap()
    }

    pub(super) fn full(&self) -> Bundle {
        self.bundle(&Request::default())
    }

    fn receipt(&self) -> Bundle {
        self.bundle(&Request { receipt: true, ..Request::default() })
    }

    pub(super) fn for_peer(&self, peer: &Replica) -> Bundle {
        self.bundle(&Request { peer: Some(&self.known(peer)), ..Request::default() })
    }

    fn bundle(&self, request: &Request<'_>) -> Bundle {
        let exported = export(&self.reader(), self.store.environment(), request).unwrap();
        assert_eq!(exported.notes, Vec::<String>::new());
        let mut bytes = Vec::new();
        exported.bundle.write(&mut bytes).unwrap();
        let read = Bundle::read(bytes.as_slice()).unwrap();
        assert_eq!(read, exported.bundle);
        super::verify::verify(&read, concern::expected).unwrap();
        read
    }

    fn try_import(&self, bundles: &[&Bundle]) -> Result<Imported> {
        import(self.session(), &inputs(bundles))
    }

    #[track_caller]
    pub(super) fn import(&self, bundles: &[&Bundle]) -> Imported {
        self.try_import(bundles).unwrap_or_else(|e| panic!("{}: {e:?}", self.name))
    }

    /// Everything in the store's directory, byte for byte.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        list(&self.dir.path().join("store"), &mut files);
        files.sort();
        files
    }

    /// Versions and content of every document.
    fn content(&self) -> Vec<(DocId, Has, [u8; 32])> {
        let reader = self.reader();
        let documents = reader.documents().unwrap().into_iter();
        documents
            .map(|document| {
                let view = reader.view(&document.id).unwrap().unwrap();
                (document.id, Has::from(view.version()), view.digest())
            })
            .collect()
    }
}

fn environment(dir: &Path, seed: &str) -> Rc<Environment> {
    Rc::new(Environment {
        machine: Machine {
            clock: Clock::fixed(NOW),
            ids: Ids::seeded(seed),
            leases: Some(dir.join("leases")),
            id: "a machine".into(),
            host: "host".into(),
            lock_wait: Duration::from_secs(5),
        },
        // Every document is one that these tests write.
        roots: |doc| Expected::Roots(concern::roots(doc)),
        noted: concern::noted(),
        adopt: crate::merge::adopt,
        fold: None,
    })
}

fn list(dir: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => list(&path, files),
            false => files.push((path.display().to_string(), std::fs::read(&path).unwrap())),
        }
    }
}

fn inputs(bundles: &[&Bundle]) -> Vec<Input> {
    let input = |(n, bundle): (usize, &&Bundle)| Input::Bundle {
        name: format!("B{n}"),
        bundle: Box::new((**bundle).clone()),
    };
    bundles.iter().enumerate().map(input).collect()
}

fn raw(doc: &str, update: &[u8]) -> Vec<Input> {
    vec![Input::Raw { name: "raw".into(), doc: id(doc), update: update.to_vec() }]
}

fn id(doc: &str) -> DocId {
    DocId::parse(doc).unwrap()
}

/// The total size of all updates in a bundle.
fn weight(bundle: &Bundle) -> usize {
    bundle.documents().filter_map(|(_, update)| update).map(<[u8]>::len).sum()
}

const X: &str = "note:one:x";
const Y: &str = "note:one:y";

/// Two replicas that hold the same and know it of each other.
fn pair() -> (Replica, Replica) {
    let (a, b) = (Replica::new("alice"), Replica::new("bob"));
    a.set(X, "k", "from alice");
    a.set(X, "stays", "for ever");
    b.import(&[&a.full()]);
    a.import(&[&b.receipt()]);
    (a, b)
}

mod exchange;
mod forks;
mod histories;
mod paged;
mod receipts;
mod too_much;
