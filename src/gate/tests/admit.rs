//! Several updates at once: which of them a document takes, whatever order they come in.

use super::checked;
use crate::crdt::testing::new_doc;
use crate::gate::{Need, Verdict, admit};
use crate::wire::{Id, Update};
use data_encoding::HEXLOWER;
use yrs::{Array, Transact, WriteTxn};

const NOTHING: &[u8] = &[0, 0];
/// A text under a key of a root; and an update that has it as collected and puts something into it that only
/// a map can hold.
const TEXT: &str = "0102e907002701016d016b020400e90700017800";
const MISFIT: &str =
    concat!("0202ea07002800e907000161017d01c3e90701ea070001620", "1e90700000201e907010001");

fn bytes(hex: &str) -> Vec<u8> {
    HEXLOWER.decode(hex.replace(' ', "").as_bytes()).unwrap()
}

fn judge<'u>(base: &[u8], updates: &[&'u [u8]]) -> Vec<(usize, Verdict<'u>)> {
    let updates: Vec<_> = updates.iter().map(|bytes| checked(bytes)).collect();
    admit(&checked(base), &updates.iter().collect::<Vec<_>>(), &[])
}

#[test]
fn what_was_collected_out_of_a_root_is_a_fork_in_any_order() {
    let (text, misfit) = (bytes(TEXT), bytes(MISFIT));
    for (base, update) in [(&text, &misfit), (&misfit, &text)] {
        let verdicts = judge(base, &[update]);
        assert!(
            matches!(verdicts[..], [(0, Verdict::Forked(Id { client: 1001, clock: 0 }))]),
            "{verdicts:?}"
        );
        let verdicts = judge(NOTHING, &[base, update]);
        let forked = verdicts.iter().filter(|(_, v)| matches!(v, Verdict::Forked(_)));
        assert_eq!(forked.count(), 1, "{verdicts:?}");
    }
}

/// A map in a root and a field in it; and, from another replica, that map deleted, its field collected, and
/// bytes that the map could never hold.
#[test]
fn what_hangs_in_a_deleted_container_is_taken_as_collected() {
    let field = bytes("0102e907002701016d016b01 2800e90700016101770178 00");
    let buried = bytes("0201ea0700 0300e9070001 79 02e9070021 01016d016b01 0001 01e907010002");
    for (base, update) in [(&field, &buried), (&buried, &field)] {
        let verdicts = judge(base, &[update]);
        match &verdicts[..] {
            [(0, Verdict::New(news))] => {
                let version = checked(news).version();
                let gone = Id { client: 1002, clock: 0 };
                assert!(version.deletes.contains(gone) && version.clocks == [(1002, 1)].into());
            }
            [(0, Verdict::Known)] => assert_eq!(update, &field),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn yrs_is_given_only_what_the_document_lacks() {
    let doc = new_doc(7, false);
    let list = doc.transact_mut().get_or_insert_array("l");
    let mut write = |value: i64| {
        let mut txn = doc.transact_mut();
        list.push_back(&mut txn, value);
        txn.encode_update_v1()
    };
    let rows: Vec<Vec<u8>> = (0..4).map(&mut write).collect();
    let all = crate::crdt::testing::state(&doc);
    let (base, _) = (&rows[0], &rows[1..]);
    let verdicts = judge(base, &[&all, &rows[1]]);
    for (index, verdict) in verdicts {
        let Verdict::New(news) = verdict else { panic!("{verdict:?}") };
        let first = Update::walk(&news).unwrap().clients().map(|(_, b)| b[0].clock).next();
        assert_ne!(first, Some(0), "{index}");
    }
    assert!(matches!(
        judge(&all, &[&rows[2], &all])[..],
        [(0, Verdict::Known), (1, Verdict::Known)]
    ));
}

/// Each needs the one before it: no order takes more than one look at each.
#[test]
fn a_long_chain_in_reverse_order_is_taken_in_one_go() {
    let doc = new_doc(7, false);
    let list = doc.transact_mut().get_or_insert_array("l");
    let mut rows: Vec<Vec<u8>> = (0..3_000)
        .map(|value| {
            let mut txn = doc.transact_mut();
            list.push_back(&mut txn, value);
            txn.encode_update_v1()
        })
        .collect();
    rows.reverse();
    let missing = rows.pop();
    let updates: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
    let verdicts = judge(NOTHING, &updates);
    let waits = |verdict: &Verdict<'_>| matches!(verdict, Verdict::Waits(Need::Clocks(_)));
    assert!(verdicts.len() == rows.len() && verdicts.iter().all(|(_, verdict)| waits(verdict)));
    let verdicts = judge(&missing.unwrap(), &updates);
    let order: Vec<usize> = verdicts.iter().map(|(index, _)| *index).collect();
    assert_eq!(order, (0..rows.len()).rev().collect::<Vec<_>>());
    assert!(verdicts.iter().all(|(_, verdict)| matches!(verdict, Verdict::New(_))));
}
