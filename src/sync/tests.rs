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

#[test]
fn a_full_bundle_brings_everything() {
    let (a, b) = (Replica::new("alice"), Replica::new("bob"));
    a.set(X, "k", "v");
    a.set(Y, "k", "w");
    let bundle = a.full();
    assert!(bundle.manifest().full && bundle.manifest().addressee.is_none());
    let imported = b.import(&[&bundle]);
    assert_eq!((imported.bundles, imported.waiting, imported.changed), (1, 0, true));
    let docs: Vec<_> = imported.documents.iter().map(|account| account.doc.as_str()).collect();
    assert_eq!(docs, [X, Y]);
    assert_eq!(a.content(), b.content());
    assert_eq!(b.get(Y, "k").as_deref(), Some("w"));
}

#[test]
fn importing_again_changes_nothing() {
    let (a, b) = pair();
    let bundle = a.full();
    b.import(&[&bundle]);
    let before = b.files();
    for bundles in [vec![&bundle], vec![&bundle, &bundle]] {
        let again = b.import(&bundles);
        assert!(!again.changed && again.documents.is_empty(), "{again:?}");
        assert_eq!(again.committed.seq, None);
    }
    let documents = |files: Vec<(String, Vec<u8>)>| -> Vec<_> {
        files.into_iter().filter(|(name, _)| name.contains("/crdt/")).collect()
    };
    assert_eq!(documents(b.files()), documents(before));
    // One's own bundle, too.
    let own = a.import(&[&bundle]);
    assert!(!own.changed && own.documents.is_empty());
    assert!(a.reader().state().unwrap().peers().unwrap().iter().all(|p| p.replica_id != a.id()));
}

#[test]
fn an_increment_is_small_and_follows_the_receipt() {
    let (a, b) = pair();
    a.edit(X, |txn| {
        (0..200).try_for_each(|n| txn.set(&["m"], &format!("key {n}"), "content that takes space"))
    });
    b.import(&[&a.for_peer(&b)]);
    a.import(&[&b.receipt()]);
    assert!(!a.for_peer(&b).has_updates(), "nothing is new");
    a.set(X, "k", "news");
    let increment = a.for_peer(&b);
    assert!(weight(&increment) < 100, "{} bytes", weight(&increment));
    assert_eq!(increment.manifest().addressee, Some(b.id()));
    b.import(&[&increment]);
    assert_eq!(b.get(X, "k").as_deref(), Some("news"));
    assert_eq!(a.content(), b.content());
}

#[test]
fn what_comes_too_early_waits_and_is_applied_later() {
    let (a, b) = pair();
    a.set(X, "one", "1");
    let first = a.for_peer(&b);
    // A receipt claims that the first has arrived, but it has not.
    let c = Replica::new("carol");
    c.import(&[&a.full()]);
    a.set(X, "two", "2");
    let known = KnownPeer::of_manifest(c.receipt().manifest());
    let second = a.bundle(&Request { peer: Some(&known), ..Request::default() });

    let early = b.import(&[&second]);
    assert_eq!((early.waiting, early.changed), (1, true));
    assert_eq!(b.get(X, "two"), None);
    let sentence = early.waits[0].to_string();
    assert!(sentence.contains("client ") && sentence.contains("alice"), "{sentence}");
    assert_eq!(b.reader().state().unwrap().parked().unwrap().len(), 1);

    let again = b.import(&[&second]);
    assert_eq!((again.waiting, again.changed), (1, false), "it waits once");
    assert_eq!(b.reader().state().unwrap().parked().unwrap().len(), 1);

    let late = b.import(&[&first]);
    assert_eq!(late.waiting, 0);
    assert_eq!(b.get(X, "two").as_deref(), Some("2"));
    assert!(b.reader().state().unwrap().parked().unwrap().is_empty());
    assert_eq!(a.content(), b.content());
}

#[test]
fn files_are_taken_in_any_order() {
    let (a, b) = pair();
    let mut bundles = Vec::new();
    for n in 0..4 {
        let c = Replica::new("carol");
        c.import(&[&a.full()]);
        a.set(X, "k", &n.to_string());
        let known = KnownPeer::of_manifest(c.receipt().manifest());
        bundles.push(a.bundle(&Request { peer: Some(&known), ..Request::default() }));
    }
    let backwards: Vec<&Bundle> = bundles.iter().rev().collect();
    let imported = b.import(&backwards);
    assert_eq!((imported.bundles, imported.waiting), (4, 0));
    assert_eq!(b.get(X, "k").as_deref(), Some("3"));
    assert_eq!(a.content(), b.content());
}

#[test]
fn both_write_and_end_the_same() {
    let (a, b) = pair();
    a.set(X, "a", "1");
    b.set(X, "b", "2");
    b.set(X, "k", "bob was here");
    a.set(Y, "only", "alice");
    b.import(&[&a.for_peer(&b)]);
    let back = b.for_peer(&a);
    a.import(&[&back]);
    assert_eq!(a.content(), b.content());
    assert_eq!(a.get(X, "b").as_deref(), Some("2"));
    assert_eq!(b.get(Y, "only").as_deref(), Some("alice"));
    // What alice sent is not sent back to her.
    let echo = back.documents().find(|(document, _)| document.doc == id(Y)).unwrap().1;
    assert!(echo.is_none());
    // And nothing more is sent.
    b.import(&[&a.receipt()]);
    a.import(&[&b.receipt()]);
    assert!(!a.for_peer(&b).has_updates() && !b.for_peer(&a).has_updates());
}

#[test]
fn deletions_alone_travel_and_are_news() {
    let (a, b) = pair();
    a.edit(X, |txn| txn.remove(&["m"], "k").map(drop));
    let status = &super::status::status(&a.reader(), a.store.environment()).unwrap().peers[0];
    assert_eq!((status.they_lack.documents(), status.they_lack.operations()), (1, 0));
    assert_eq!(status.we_lack.documents(), 0);
    let increment = a.for_peer(&b);
    assert!(increment.has_updates());
    let imported = b.import(&[&increment]);
    assert_eq!(imported.documents[0].summary.deleted, 1);
    assert_eq!(a.content(), b.content());
}

/// Of two maps that were made under one key, merging deletes one: its maker knows nothing of that.
#[test]
fn an_increment_says_what_merging_deleted() {
    let waited = |a: &Replica, b: &Replica| {
        a.edit(X, |txn| txn.create_map(&["m"], "box"));
        b.edit(X, |txn| txn.create_map(&["m"], "box"));
        b.import(&[&a.for_peer(b)]);
        a.edit(X, |txn| txn.set(&["m", "box"], "in", "it"));
        // Without saying that it is from the log of `a`.
        let state = a.reader().bytes(&id(X)).unwrap().unwrap();
        import(b.session(), &raw(X, &state)).unwrap();
        let imported = a.import(&[&b.for_peer(a)]);
        assert_eq!(a.content(), b.content());
        imported.waiting
    };
    let (a, b) = pair();
    assert_eq!(waited(&a, &b), 0);
    let (a, b) = pair();
    a.import(&[&b.full()]);
    b.import(&[&a.full()]);
    assert_eq!(waited(&b, &a), 0);
}

#[test]
fn an_increment_for_another_does_not_count_as_everything() {
    let (a, b, c) = (Replica::new("alice"), Replica::new("bob"), Replica::new("carol"));
    a.set(X, "a", "1");
    b.import(&[&a.full()]);
    c.import(&[&a.full()]);
    b.set(X, "b", "2");
    a.import(&[&b.full(), &c.receipt()]);
    a.set(X, "a", "3");
    // The bundle is for bob and leaves out his own writes. Carol gets hold of it.
    let for_bob = a.for_peer(&b);
    c.import(&[&for_bob]);
    a.import(&[&c.receipt()]);
    c.import(&[&a.for_peer(&c)]);
    assert_eq!(a.content(), c.content());
    assert_eq!(c.get(X, "b").as_deref(), Some("2"));
}

#[test]
fn news_of_one_peer_reaches_another_through_a_third() {
    let (a, b, c) = (Replica::new("alice"), Replica::new("bob"), Replica::new("carol"));
    a.set(X, "a", "1");
    b.import(&[&a.full()]);
    c.import(&[&a.full()]);
    a.import(&[&b.receipt(), &c.receipt()]);
    b.set(X, "b", "2");
    a.import(&[&b.full()]);
    c.import(&[&a.for_peer(&c)]);
    assert_eq!(c.get(X, "b").as_deref(), Some("2"));
    // Through alice, carol said what she has of bob's log: bob does not send it again.
    b.import(&[&c.receipt()]);
    assert!(!b.for_peer(&c).has_updates());
    assert_eq!(b.content(), c.content());
}

#[test]
fn a_receipt_that_claims_too_much_is_not_believed() {
    let (a, b) = pair();
    a.set(X, "k", "news");
    let mut manifest = b.receipt().manifest().clone();
    for document in &mut manifest.documents {
        document.applied.insert(a.id(), i64::MAX);
        document.has.state_vector.insert(5, 5);
    }
    let known = KnownPeer::of_manifest(&manifest);
    let bundle = a.bundle(&Request { peer: Some(&known), ..Request::default() });
    assert!(bundle.has_updates());
    b.import(&[&bundle]);
    assert_eq!(a.content(), b.content());
}

#[test]
fn a_receipt_whose_clocks_and_log_disagree_gets_everything() {
    let (a, b) = pair();
    a.set(X, "k", "never arrives");
    let mut manifest = b.receipt().manifest().clone();
    for document in &mut manifest.documents {
        document.applied.insert(a.id(), a.reader().state().unwrap().log_end().unwrap());
    }
    let known = KnownPeer::of_manifest(&manifest);
    let bundle = a.bundle(&Request { peer: Some(&known), ..Request::default() });
    b.import(&[&bundle]);
    assert_eq!(a.content(), b.content());
}

#[test]
fn what_is_new_since_an_export_of_our_own() {
    let (a, b) = pair();
    let last = a.full();
    b.import(&[&last]);
    a.set(X, "k", "since then");
    let known = KnownPeer::of_manifest(last.manifest());
    let since = a.bundle(&Request { peer: Some(&known), ..Request::default() });
    assert!(since.manifest().addressee.is_none() && !since.manifest().full);
    assert_eq!(since.documents().next().unwrap().0.log.after, last.manifest().seq);
    assert!(weight(&since) < weight(&a.full()));
    b.import(&[&since]);
    assert_eq!(a.content(), b.content());
}

#[test]
fn only_the_documents_that_are_asked_for() {
    let (a, b) = pair();
    a.set(Y, "k", "w");
    let docs = BTreeSet::from([id(Y)]);
    let bundle = a.bundle(&Request { docs: Some(&docs), ..Request::default() });
    assert_eq!(bundle.documents().count(), 1);
    b.import(&[&bundle]);
    assert_eq!(a.content(), b.content());
    let missing = BTreeSet::from([id("note:one:z")]);
    let request = Request { docs: Some(&missing), ..Request::default() };
    let error = export(&a.reader(), a.store.environment(), &request).err().unwrap();
    assert_eq!(error.kind, Kind::NotFound);
}

#[test]
fn what_is_refused_leaves_the_store_as_it_was() {
    let (a, b) = pair();
    a.set(Y, "k", "w");
    let good = a.full();
    let before = b.files();
    // Text inside an array: the structure is sound, the meaning is not.
    let hostile = [1, 1, 9, 0, 0x04, 0x01, 1, b'a', 1, b'x', 0x08, 0];
    for update in [&[][..], &[1], &[0, 0, 0], &[0xff; 40], &hostile] {
        let mut files = inputs(&[&good]);
        files.extend(raw(X, update));
        let error = import(b.session(), &files).unwrap_err();
        assert_eq!(error.kind, Kind::Untrusted, "{update:?}: {error:?}");
        assert!(error.message.contains(X) && error.message.contains("raw"), "{error}");
    }
    assert_eq!(b.files(), before);
}

#[test]
fn a_dry_run_says_the_same_and_writes_nothing() {
    let (a, b) = pair();
    a.set(X, "k", "w");
    let bundle = a.for_peer(&b);
    let before = b.files();
    let tried = import(b.open(true), &inputs(&[&bundle])).unwrap();
    assert_eq!(b.files(), before);
    let done = b.import(&[&bundle]);
    let json = |imported: &Imported| serde_json::to_value(imported).unwrap();
    assert_eq!(json(&tried), json(&done));
    assert_eq!(
        json(&done),
        serde_json::json!({
            "bundles": 1,
            "documents": [{
                "doc": X, "added": 0, "edited": 1, "deleted": 0, "acknowledged": 0, "pruned": 0,
                "roots": ["m"]
            }],
            "conflicts": 0,
            "waiting": 0,
            "changed": true
        })
    );
}

/// An update of one write to the map `m`, made under a client id of the caller's choice.
fn written_by(client: u64, base: Option<&[u8]>, key: &str, value: &str) -> Vec<u8> {
    let mut doc = match base {
        Some(bytes) => Doc::load(&Update::checked(bytes, &[]).unwrap(), client).unwrap(),
        None => Doc::new(client),
    };
    doc.edit(|txn| txn.set(&["m"], key, value)).unwrap();
    doc.updates().last().unwrap().to_vec()
}

#[test]
fn two_histories_under_one_client_id_are_a_fork() {
    let (a, _) = pair();
    import(a.session(), &raw(X, &written_by(77, None, "f", "one"))).unwrap();
    let before = a.files();
    let error = import(a.session(), &raw(X, &written_by(77, None, "f", "two"))).unwrap_err();
    assert_eq!(error.kind, Kind::Forked);
    assert!(error.message.contains("replica-fork") && error.message.contains("77"), "{error}");
    assert_eq!(a.files(), before);
    assert_eq!(a.get(X, "f").as_deref(), Some("one"));
}

#[test]
fn writes_under_our_own_client_id_that_we_never_made_are_a_fork() {
    let (a, _) = pair();
    let bytes = a.reader().bytes(&id(X)).unwrap().unwrap();
    let own = *Update::walk(&bytes).unwrap().version().clocks.keys().next().unwrap();
    let update = written_by(own, Some(&bytes), "k2", "the other copy");
    let error = import(a.session(), &raw(X, &update)).unwrap_err();
    assert_eq!(error.kind, Kind::Forked);
    assert_eq!(a.get(X, "k2"), None);
    // The id was given up: now it counts as another client's, and its writes are accepted.
    import(a.session(), &raw(X, &update)).unwrap();
    assert_eq!(a.get(X, "k2").as_deref(), Some("the other copy"));
}

#[test]
fn a_fork_of_our_own_client_id_makes_us_give_it_up() {
    let (a, _) = pair();
    let bytes = a.reader().bytes(&id(X)).unwrap().unwrap();
    let own = *Update::walk(&bytes).unwrap().version().clocks.keys().next().unwrap();
    let was = a.id();
    let error = import(a.session(), &raw(X, &written_by(own, None, "k", "a twin"))).unwrap_err();
    assert_eq!(error.kind, Kind::Forked);
    a.set(Y, "k", "written as a new replica");
    assert_ne!(a.id(), was);
}

#[test]
fn equal_versions_with_other_content_are_a_divergence() {
    let (a, b) = pair();
    let manifest = a.full().manifest().clone();
    let mut forged = Bundle::new(manifest.clone());
    for document in manifest.documents {
        let wrong = Some(super::manifest::Hash([9; 32]));
        let wrong = super::manifest::BundledDocument { digest: wrong, sum: wrong, ..document };
        forged.push(wrong, None);
    }
    let before = b.files();
    let error = b.try_import(&[&forged]).unwrap_err();
    assert_eq!(error.kind, Kind::Forked);
    assert!(error.message.contains("divergence") && error.message.contains("alice"), "{error}");
    assert_eq!(b.files(), before);
}

#[test]
fn what_waits_and_is_hostile_does_not_stop_later_imports() {
    let (a, b) = pair();
    // Text to the right of a value that is not here yet. Only that value shows that a map has no text: client
    // 901, clock 0, a string (4) with a left origin (0x80), client 900, clock 0.
    let hostile = [1, 1, 0x85, 7, 0, 0x84, 0x84, 7, 0, 1, b'x', 0];
    let base = written_by(900, None, "base", "1");
    assert_eq!(import(b.session(), &raw(X, &hostile)).unwrap().waiting, 1);
    let imported = import(b.session(), &raw(X, &base)).unwrap();
    assert_eq!(b.get(X, "base").as_deref(), Some("1"));
    assert!(!imported.notes.is_empty());
    assert!(b.reader().state().unwrap().parked().unwrap().is_empty());
    a.set(X, "z", "9");
    b.import(&[&a.for_peer(&b)]);
}

#[test]
fn a_bare_update_is_imported_without_a_receipt() {
    let (a, b) = pair();
    let state = a.reader().bytes(&id(X)).unwrap().unwrap();
    let c = Replica::new("carol");
    let imported = import(c.session(), &raw(X, &state)).unwrap();
    assert!(imported.changed);
    assert_eq!(c.content(), b.content());
    assert!(c.reader().state().unwrap().peers().unwrap().is_empty());
}

#[test]
fn peers_are_named_by_replica_or_member() {
    let (a, b) = pair();
    let reader = a.reader();
    let find = |name: &str| peer::find(reader.state(), name).map(|peer| peer.replica_id);
    assert_eq!(find("bob").unwrap(), b.id());
    assert_eq!(find(b.id().get(..8).unwrap()).unwrap(), b.id());
    assert_eq!(find("nobody").unwrap_err().kind, Kind::NotFound);
    let second = Replica::seeded("bob", "another");
    a.import(&[&second.receipt()]);
    let reader = a.reader();
    let error = peer::find(reader.state(), "bob").unwrap_err();
    assert_eq!(error.kind, Kind::Ambiguous);
    assert!(error.message.contains(&b.id()), "{error}");
}

#[test]
fn the_distance_to_a_peer_is_seen_from_both_sides() {
    let (a, b) = pair();
    let distances = |replica: &Replica| {
        let status = super::status::status(&replica.reader(), replica.store.environment()).unwrap();
        let first = status.peers.first().unwrap();
        let lacks =
            |distance: &super::status::Distance| (distance.documents(), distance.operations());
        assert_eq!(first.is_behind(), lacks(&first.they_lack) != lacks(&first.we_lack));
        (lacks(&first.they_lack), lacks(&first.we_lack))
    };
    let none = (0, 0);
    assert_eq!(distances(&a), (none, none));
    a.set(X, "k", "1");
    a.set(Y, "k", "2");
    let two = (2, 2);
    assert_eq!(distances(&a), (two, none));
    b.import(&[&a.receipt()]);
    assert_eq!(distances(&b), (none, two));
}

#[test]
fn values_of_every_kind_arrive() {
    let (a, b) = (Replica::new("alice"), Replica::new("bob"));
    a.edit(X, |txn| {
        txn.create_map(&["m"], "inner")?;
        txn.set(&["m", "inner"], "n", 7i64)?;
        txn.create_array(&["m", "inner"], "list")?;
        txn.push(&["m", "inner", "list"], &Value::Bytes(vec![1, 2]))?;
        txn.push(&["m", "inner", "list"], 0.5)
    });
    b.import(&[&a.full()]);
    assert_eq!(a.content(), b.content());
}

/// One random change: registers, containers, elements, deletions.
fn scribble(replica: &Replica, dice: &mut Rng) {
    let doc = [X, Y][dice.below(2)];
    let (what, key, value) = (dice.below(7), format!("k{}", dice.below(4)), dice.below(1000));
    let value = i64::try_from(value).unwrap();
    replica.edit(doc, |txn| {
        let at = ["m", key.as_str()];
        let is_map = matches!(txn.value(&at), Some(Value::Map(_)));
        match what {
            0 | 1 => txn.set(&["m"], &key, value),
            2 if !is_map => txn.create_map(&["m"], &key),
            3 if is_map => txn.set(&at, "inner", value),
            4 => txn.push(&["list"], value),
            5 => txn.insert_at(&["list"], 0, value),
            6 => txn.retain_not(&["list"], |n, _| n % 3 == 0).map(drop),
            _ => txn.remove(&["m"], &key).map(drop),
        }
    });
}

/// Whatever is exchanged, lost, repeated or delayed: once all full states have gone round, all replicas hold
/// the same, and nothing waits.
#[test]
fn random_histories_converge() {
    for seed in 0..2 {
        let mut dice = Rng::new(seed);
        let replicas: Vec<Replica> =
            ["alice", "bob", "carol"].map(Replica::new).into_iter().collect();
        let mut sent: Vec<Bundle> = Vec::new();
        for _ in 0..60 {
            let (from, to) = (&replicas[dice.below(3)], &replicas[dice.below(3)]);
            match dice.below(8) {
                0..=2 => scribble(from, &mut dice),
                3 => sent.push(from.receipt()),
                4 => sent.push(from.for_peer(to)),
                5 if dice.below(4) == 0 => sent.push(from.full()),
                _ if sent.is_empty() => {}
                // Delayed, early, twice, never, and to any replica.
                _ => {
                    let count = 1 + dice.below(3);
                    let some: Vec<&Bundle> = (0..count)
                        .map(|_| &sent[sent.len() - 1 - dice.below(sent.len().min(6))])
                        .collect();
                    to.import(&some);
                }
            }
        }
        let all: Vec<Bundle> = replicas.iter().map(Replica::full).collect();
        for replica in &replicas {
            let imported = replica.import(&all.iter().collect::<Vec<_>>());
            assert_eq!(imported.waiting, 0, "seed {seed}");
            assert!(replica.reader().state().unwrap().parked().unwrap().is_empty(), "seed {seed}");
        }
        assert_eq!(replicas[0].content(), replicas[1].content(), "seed {seed}");
        assert_eq!(replicas[0].content(), replicas[2].content(), "seed {seed}");
    }
}

/// The same without full states: increments by receipts suffice.
#[test]
fn increments_by_receipts_converge() {
    for seed in 10..12 {
        let mut dice = Rng::new(seed);
        let replicas: Vec<Replica> =
            ["alice", "bob", "carol"].map(Replica::new).into_iter().collect();
        for _ in 0..15 {
            let (from, to) = (dice.below(3), dice.below(3));
            for _ in 0..=dice.below(3) {
                scribble(&replicas[from], &mut dice);
            }
            if from != to {
                replicas[from].import(&[&replicas[to].receipt()]);
                let bundle = replicas[from].for_peer(&replicas[to]);
                // One in four gets lost.
                if dice.below(4) > 0 {
                    assert_eq!(replicas[to].import(&[&bundle]).waiting, 0, "seed {seed}");
                }
            }
        }
        for (from, to) in [(0, 1), (1, 2), (2, 0), (0, 1)] {
            replicas[from].import(&[&replicas[to].receipt()]);
            let bundle = replicas[from].for_peer(&replicas[to]);
            assert_eq!(replicas[to].import(&[&bundle]).waiting, 0, "seed {seed}");
        }
        assert_eq!(replicas[0].content(), replicas[1].content(), "seed {seed}");
        assert_eq!(replicas[0].content(), replicas[2].content(), "seed {seed}");
    }
}

/// Every damaged byte of an update makes it refused, or waiting, or a document that still conforms to the
/// format. Nothing panics, and a refusal writes nothing.
#[test]
fn damaged_updates_do_no_harm() {
    let (a, b) = pair();
    a.edit(X, |txn| {
        txn.create_map(&["m"], "inner")?;
        txn.set(&["m", "inner"], "n", 7i64)?;
        txn.create_array(&["m"], "list")?;
        txn.push(&["m", "list"], "x")
    });
    let increment = a.for_peer(&b);
    let update = increment.documents().find_map(|(_, update)| update).unwrap().to_vec();
    let before = b.files();
    for at in 0..update.len() {
        for flip in [1, 4, 0x80] {
            let mut bytes = update.clone();
            bytes[at] ^= flip;
            if let Err(error) = import(b.open(true), &raw(X, &bytes)) {
                // `Refused` applies to what other programs may hold: a container of one of their types.
                let kinds = [Kind::Untrusted, Kind::Forked, Kind::Refused];
                assert!(kinds.contains(&error.kind), "byte {at} ^ {flip}: {error:?}");
            }
        }
    }
    assert_eq!(b.files(), before);
}

mod paged;
mod receipts;
mod too_much;
