//! What one replica exports, another imports.

use super::*;

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
    let status = &crate::sync::status::status(&a.reader(), a.store.environment()).unwrap().peers[0];
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
        let status =
            crate::sync::status::status(&replica.reader(), replica.store.environment()).unwrap();
        let first = status.peers.first().unwrap();
        let lacks = |distance: &crate::sync::status::Distance| {
            (distance.documents(), distance.operations())
        };
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
