//! Origins that contradict each other: what yrs shows of them depends on how a run is cut, and on what comes
//! first, so no result can be right.

use super::checked;
use super::rules::{
    ANY, STRING, TRUE, after, assert_rule, at_root, between, id, update, update_with,
};
use crate::crdt::testing::{apply, new_doc, state};
use std::cmp::Reverse;
use yrs::{GetString, Text, Transact, WriteTxn};

/// Returns what yrs shows of the text "t" of a state.
fn shown(bytes: &[u8]) -> String {
    let doc = new_doc(99, false);
    apply(&doc, bytes);
    let mut txn = doc.transact_mut();
    let text = txn.get_or_insert_text("t");
    text.get_string(&txn)
}

/// The same text in one block, and in several.
fn runs(client: u64, pieces: &[&str]) -> [Vec<Vec<u8>>; 2] {
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let whole = vec![at_root(STRING, "t", None, &text(&pieces.concat()))];
    let mut clock = 0;
    let cut = pieces.iter().map(|piece| {
        let left = clock;
        clock += piece.len() as u64;
        match left {
            0 => at_root(STRING, "t", None, &text(piece)),
            _ => after(STRING, id(client, left - 1), &text(piece)),
        }
    });
    [whole, cut.collect()]
}

/// An item between the end of a run and a unit before that.
fn crossing(run: &[Vec<u8>], deletes: &[u8]) -> Vec<u8> {
    let item = between(STRING, id(1, 2), id(1, 1), b"\x01a");
    update_with(&[(2, 0, &[item]), (1, 0, run)], deletes)
}

/// An item of this client between the first unit of a run and an item that follows the third.
fn amid(client: u64, run: &[Vec<u8>], deletes: &[u8]) -> Vec<u8> {
    let item = between(STRING, id(5, 0), id(4, 0), b"\x01U");
    let behind = after(STRING, id(5, 2), b"\x01T");
    let mut clients = [(client, 0, vec![item]), (5, 0, run.to_vec()), (4, 0, vec![behind])];
    clients.sort_by_key(|(client, ..)| Reverse(*client));
    let clients: Vec<_> = clients.iter().map(|(of, at, blocks)| (*of, *at, &blocks[..])).collect();
    update_with(&clients, deletes)
}

#[test]
fn they_stand_elsewhere_each_time_and_are_refused() {
    let [whole, cut] = runs(1, &["x", "y", "z"]);
    let [whole, cut] = [&whole, &cut].map(|run| crossing(run, &[0]));
    assert_ne!(shown(&whole), shown(&cut));
    for bytes in [whole, cut] {
        assert!(assert_rule(&bytes, "crossing").is_unsupported());
    }
    let [whole, cut] = runs(5, &["a", "bc", "de"]);
    let [whole, cut] = [&whole, &cut].map(|run| amid(9, run, &[0]));
    assert_ne!(shown(&whole), shown(&cut));
    for bytes in [whole, cut] {
        assert!(assert_rule(&bytes, "crossing").is_unsupported());
    }
}

#[test]
fn what_is_deleted_may_cross() {
    let dead = |client: u8| [1, client, 1, 0, 1];
    for run in runs(1, &["x", "y", "z"]) {
        let bytes = crossing(&run, &dead(2));
        assert!(checked(&bytes).crosses());
        assert_eq!(shown(&bytes), "xyz");
        // Anything written beside it passes, wherever that is.
        for at in 0..4 {
            let doc = new_doc(7, false);
            apply(&doc, &bytes);
            {
                let mut txn = doc.transact_mut();
                txn.get_or_insert_text("t").insert(&mut txn, at, "new");
            }
            assert!(checked(&state(&doc)).crosses());
        }
    }
}

/// Anything written beside it would be in the same part of the tree: deleted or not, it is refused at once.
#[test]
fn what_is_deleted_stands_in_its_part_of_the_tree() {
    let [whole, cut] = runs(5, &["a", "bc", "de"]).map(|run| amid(9, &run, &[1, 9, 1, 0, 1]));
    assert_ne!(shown(&whole), shown(&cut));
    for bytes in [whole, cut] {
        assert!(assert_rule(&bytes, "crossing").is_unsupported());
    }
}

/// Nothing with a higher client is passed.
#[test]
fn what_passes_nothing_may_have_a_right_origin_far_down() {
    let [whole, cut] = runs(5, &["a", "bc", "de"]).map(|run| amid(3, &run, &[0]));
    assert_eq!([shown(&whole), shown(&cut)], ["aUbcTde", "aUbcTde"]);
    assert!(!checked(&whole).crosses() && !checked(&cut).crosses());
}

/// What is never joined is never cut: both readers treat it alike, as an undo leaves it.
#[test]
fn what_is_not_one_run_may_cross() {
    let x = at_root(STRING, "t", None, b"\x01x");
    let y = after(STRING, id(1, 0), b"\x01y");
    let z = between(STRING, id(1, 1), id(2, 0), b"\x01z");
    let other = after(STRING, id(1, 1), b"\x01o");
    let item = between(STRING, id(1, 2), id(1, 2), b"\x01a");
    let bytes = update(&[(3, 0, &[item]), (2, 0, &[other]), (1, 0, &[x, y, z])]);
    assert!(!checked(&bytes).crosses());
    assert_eq!(shown(&bytes), "xyzao");
}

/// Two items beside each other under a key would be distinguished by their order alone.
#[test]
fn nothing_under_a_key_stands_before_another() {
    let old = at_root(ANY, "m", Some("k"), &TRUE);
    let new = between(ANY, id(1, 0), id(1, 0), &TRUE);
    assert_rule(&update(&[(2, 0, &[new]), (1, 0, &[old])]), "origin");
}
