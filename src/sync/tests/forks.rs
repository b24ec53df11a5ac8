//! Two histories under one client id, and what follows.

use super::*;

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
        let wrong = Some(crate::sync::manifest::Hash([9; 32]));
        let wrong =
            crate::sync::manifest::BundledDocument { digest: wrong, sum: wrong, ..document };
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
