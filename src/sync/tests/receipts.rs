//! Which receipts count: replicas that went back in time, wrong clocks, and forgeries.

use super::super::manifest::{BundledDocument, Hash, Manifest};
use super::super::status::{SyncStatus, status};
use super::*;

impl Replica {
    fn pass(&self, seconds: i64) {
        let clock = &self.store.environment().machine.clock;
        clock.set(clock.now() + seconds);
    }

    fn status(&self) -> SyncStatus {
        let overview = status(&self.reader(), self.store.environment()).unwrap();
        overview.peers.first().unwrap().clone()
    }
}

fn pass(replicas: [&Replica; 2], seconds: i64) {
    replicas.into_iter().for_each(|replica| replica.pass(seconds));
}

/// A forged receipt that claims B has everything A has.
fn flattery(a: &Replica, b: &Replica, change: impl FnOnce(&mut Manifest)) -> Bundle {
    let theirs = b.receipt().manifest().clone();
    let mut manifest = Manifest { documents: Vec::new(), ..theirs.clone() };
    change(&mut manifest);
    let mut forged = Bundle::new(manifest);
    for document in a.receipt().manifest().documents.clone() {
        let known = theirs.documents.iter().find(|known| known.doc == document.doc);
        let applied = std::collections::BTreeMap::from([(a.id(), document.log.upto)]);
        let log = known.map_or(document.log, |known| known.log);
        let log = super::super::manifest::LogRange { after: 0, upto: log.upto.min(1) };
        forged.push(BundledDocument { applied, log, ..document }, None);
    }
    forged
}

/// Whatever a forged receipt says, the next genuine one counts, and what is lacking is sent.
#[track_caller]
fn outlived(forge: impl FnOnce(&mut Manifest), behind: i64) {
    let (a, b) = pair();
    // B's clock may be wrong.
    b.pass(-behind);
    pass([&a, &b], 60);
    a.import(&[&b.receipt()]);
    pass([&a, &b], 60);
    a.set(X, "k", "never sent, were the forgery believed");
    let now = a.store.environment().machine.clock.now();
    let forged = flattery(&a, &b, |manifest| {
        manifest.created_at = now;
        forge(manifest);
    });
    a.import(&[&forged]);
    assert!(!a.for_peer(&b).has_updates(), "the forgery was not believed at first");
    // He hears from her, whatever she sends; his answer is later than the forgery she believed.
    for _ in 0..2 {
        pass([&a, &b], 60);
        b.import(&[&a.for_peer(&b)]);
        pass([&a, &b], 60);
        a.import(&[&b.receipt()]);
    }
    b.import(&[&a.for_peer(&b)]);
    assert_eq!(a.content(), b.content());
}

#[test]
fn a_forged_receipt_of_a_long_log_silences_nobody() {
    outlived(|manifest| manifest.seq = 1 << 62, 0);
}

#[test]
fn a_forged_receipt_out_of_the_future_silences_nobody() {
    outlived(|manifest| (manifest.seq, manifest.created_at) = (1 << 62, i64::MAX), 0);
}

/// By both numbers the genuine receipt is the older one: what it has heard from us decides.
#[test]
fn a_forged_receipt_silences_nobody_whose_clock_is_behind() {
    outlived(|manifest| manifest.seq = 1 << 62, 86_400);
    outlived(|manifest| (manifest.seq, manifest.created_at) = (1 << 62, i64::MAX), 400 * 86_400);
}

/// A forged log number makes us a new replica once, and prevents nothing from arriving.
#[test]
fn a_forged_claim_on_our_log_costs_a_new_replica_and_no_data() {
    let (a, b) = pair();
    let was = b.id();
    let mut manifest = a.receipt().manifest().clone();
    for document in &mut manifest.documents {
        document.applied.insert(b.id(), i64::MAX);
    }
    let documents = std::mem::take(&mut manifest.documents);
    let mut forged = Bundle::new(manifest);
    documents.into_iter().for_each(|document| forged.push(document, None));
    let notes = b.import(&[&forged]).committed.notes;
    assert!(notes.iter().any(|note| note.contains("new replica")), "{notes:?}");
    assert_ne!(b.id(), was);
    let now = b.id();
    b.import(&[&forged]);
    assert_eq!(b.id(), now, "the same forgery again says nothing of the new replica");
    b.set(X, "k", "from the new one");
    a.import(&[&b.full()]);
    a.set(Y, "k", "to the new one");
    b.import(&[&a.for_peer(&b)]);
    assert_eq!(a.content(), b.content());
}

/// A document that no longer exists is in no list: the sender lacks what is not listed.
#[test]
fn a_document_that_went_missing_is_sent_again() {
    let (a, b) = pair();
    a.set(Y, "k", "v");
    b.import(&[&a.full()]);
    a.import(&[&b.receipt()]);
    let without = |limited: bool| {
        let manifest = b.receipt().manifest().clone();
        let mut bundle =
            Bundle::new(Manifest { documents: Vec::new(), limited, ..manifest.clone() });
        let rest = manifest.documents.into_iter().filter(|document| document.doc != id(Y));
        rest.for_each(|document| bundle.push(document, None));
        bundle
    };
    pass([&a, &b], 60);
    // A bundle limited to some documents says nothing about the others.
    a.import(&[&without(true)]);
    assert!(!a.for_peer(&b).has_updates());
    pass([&a, &b], 60);
    a.import(&[&without(false)]);
    let again = a.for_peer(&b);
    let sent: Vec<&DocId> = again
        .documents()
        .filter(|(_, update)| update.is_some())
        .map(|(entry, _)| &entry.doc)
        .collect();
    assert_eq!(sent, [&id(Y)]);
    assert_eq!(a.status().they_lack.documents(), 1);
    let limited = BTreeSet::from([id(X)]);
    let request = Request { docs: Some(&limited), ..Request::default() };
    assert!(a.bundle(&request).manifest().limited && !a.full().manifest().limited);
}

#[test]
fn of_two_receipts_of_one_second_the_lesser_counts() {
    let (a, b) = pair();
    let less = b.receipt();
    a.set(X, "k", "lost again");
    b.import(&[&a.for_peer(&b)]);
    let more = b.receipt();
    // The log of the first is shorter, its clock is the same: it is older, or B went back.
    for order in [[&less, &more], [&more, &less]] {
        a.import(&order);
    }
    assert!(a.for_peer(&b).has_updates());
    assert!(!a.status().they_lack.0.is_empty());
    // The next one is unambiguous.
    b.pass(1);
    a.pass(1);
    a.import(&[&b.receipt()]);
    assert!(!a.for_peer(&b).has_updates());
    assert!(!a.status().is_behind());
}

/// A longer log and an earlier clock contradict each other, as does less of a version.
#[test]
fn a_clock_that_was_set_back_costs_some_bytes_and_no_data() {
    let (a, b) = pair();
    pass([&a, &b], 86_400);
    a.import(&[&b.receipt()]);
    b.pass(-3600);
    for text in ["one", "two"] {
        a.pass(60);
        a.set(X, "k", text);
        b.import(&[&a.for_peer(&b)]);
        assert_eq!(a.content(), b.content());
        b.pass(60);
        a.import(&[&b.receipt()]);
    }
    pass([&a, &b], 3600);
    a.import(&[&b.receipt()]);
    assert!(!a.for_peer(&b).has_updates());
    assert!(!a.status().is_behind());
}

#[test]
fn a_late_bundle_lowers_nothing() {
    let (a, b) = pair();
    let mut old = Vec::new();
    for n in 0..3 {
        old.push(b.full());
        pass([&a, &b], 60);
        a.set(X, "k", &n.to_string());
        b.import(&[&a.full()]);
        a.import(&[&b.receipt()]);
    }
    assert!(!a.for_peer(&b).has_updates());
    a.import(&[&old[1], &old[0], &old[2]]);
    assert!(!a.for_peer(&b).has_updates());
    assert!(!a.status().is_behind());
}

#[test]
fn agreement_is_proven_by_version_and_content() {
    let (a, b) = pair();
    a.set(Y, "k", "v");
    b.import(&[&a.full()]);
    a.import(&[&b.receipt()]);
    let agreement = a.status().agreement;
    assert_eq!(agreement.proven, [id(X), id(Y)]);
    assert!(agreement.unproven.is_empty() && agreement.diverged.is_empty());
    // A receipt without a digest proves less, one with a different digest proves that something is wrong.
    let said = |digest: Option<Hash>| {
        let manifest = b.receipt().manifest().clone();
        let mut bundle = Bundle::new(Manifest { documents: Vec::new(), ..manifest.clone() });
        for document in manifest.documents {
            let (digest, sum) = match document.doc == id(X) {
                true => (digest, digest),
                false => (document.digest, document.sum),
            };
            bundle.push(BundledDocument { digest, sum, ..document }, None);
        }
        bundle
    };
    pass([&a, &b], 1);
    a.import(&[&said(None)]);
    let status = a.status();
    assert_eq!(
        (&status.agreement.proven, &status.agreement.unproven),
        (&vec![id(Y)], &vec![id(X)])
    );
    assert!(!status.is_behind());
    // Said while the versions still differed; only their later agreement reveals it.
    pass([&a, &b], 1);
    b.set(X, "k2", "w");
    let contrary = said(Some(Hash([9; 32])));
    a.import(&[&contrary]);
    let update = b.full();
    let part = update.documents().find(|(document, _)| document.doc == id(X)).unwrap().1.unwrap();
    import(a.session(), &raw(X, part)).unwrap();
    let status = a.status();
    assert_eq!(status.agreement.diverged, [id(X)]);
    assert!(status.is_behind());
}
