//! Random histories, exchanged in random ways.

use super::*;

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

/// Nobody is behind by what is known without a comparison of versions who is not by that; returns how many are
/// not behind.
fn assert_agree(replica: &Replica, seed: u64) -> usize {
    let reader = replica.reader();
    let documents = reader.documents().unwrap();
    let compared = crate::sync::status::status(&reader, replica.store.environment()).unwrap();
    let standings = crate::sync::standing::standings(&reader, &documents, &mut Vec::new()).unwrap();
    let mut agreed = 0;
    for standing in standings {
        let is_it = |status: &&crate::sync::status::SyncStatus| {
            Some(&status.peer.replica_id) == standing.replica_id.as_ref()
        };
        let Some(status) = compared.peers.iter().find(is_it) else { continue };
        for (says, compared) in
            [(&standing.they_lack, &status.they_lack), (&standing.we_lack, &status.we_lack)]
        {
            let lacking: Vec<&DocId> = compared.0.iter().map(|lacking| &lacking.doc).collect();
            assert!(says.iter().all(|doc| lacking.contains(&doc)), "seed {seed}: {says:?}");
            agreed += documents.len() - lacking.len();
        }
    }
    agreed
}

/// The same without full states: increments by receipts suffice.
#[test]
fn increments_by_receipts_converge() {
    let mut agreed = 0;
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
            replicas.iter().for_each(|replica| agreed += assert_agree(replica, seed));
        }
        for (from, to) in [(0, 1), (1, 2), (2, 0), (0, 1)] {
            replicas[from].import(&[&replicas[to].receipt()]);
            let bundle = replicas[from].for_peer(&replicas[to]);
            assert_eq!(replicas[to].import(&[&bundle]).waiting, 0, "seed {seed}");
        }
        assert_eq!(replicas[0].content(), replicas[1].content(), "seed {seed}");
        assert_eq!(replicas[0].content(), replicas[2].content(), "seed {seed}");
    }
    assert!(agreed > 50, "{agreed}");
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
