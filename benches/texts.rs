//! How well merges of texts keep what people wrote: pairs of concurrent sessions on a page of Markdown,
//! each written into its document as a difference, and merged.
//!
//! `cargo bench --bench texts` prints, for the differences that the disks use and for the simplest one, how
//! many words that somebody put in a merge has lost, how many it shows that nobody wrote, in how many of
//! the pairs any, and what it takes to make the difference of a megabyte. `CRDTCTL_BENCH_PAIRS=600`
//! chooses the number of pairs.

// A bench that does not find what it expects ends by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

#[path = "../tests/support/sessions.rs"]
mod sessions;

use crdtctl::concern::disk::difference::edits;
use crdtctl::crdt::text_edit::TextEdit;
use sessions::{Lots, count, page, session};
use std::time::Instant;
use yrs::updates::decoder::Decode;
use yrs::{Doc, GetString, OffsetKind, Options, ReadTxn, StateVector, Text, Transact, Update};

/// Bytes of a page.
const PAGE: usize = 20_000;
/// Edits of a session.
const EDITS: usize = 20;

type Difference = fn(&str, &str) -> Vec<TextEdit>;

fn main() {
    let pairs = std::env::var("CRDTCTL_BENCH_PAIRS").ok().and_then(|pairs| pairs.parse().ok());
    let pairs: u64 = pairs.unwrap_or(60);
    let all: [(&str, Difference); 3] = [
        ("lines by Myers, words within", edits),
        ("lines by Myers", lines),
        ("one prefix/suffix splice", splice),
    ];
    println!("{pairs} pairs of sessions of {EDITS} edits on {PAGE} bytes\n");
    println!(
        "{:<30} {:>10} {:>12} {:>14} {:>10}",
        "", "words lost", "nobody's", "pairs with any", "ms a MB"
    );
    for (name, by) in all {
        let (mut lost, mut nobodys, mut any) = (0, 0, 0);
        for seed in 0..pairs {
            let mut lots = Lots::new(seed);
            let base = page(&mut lots, PAGE);
            let (a, b) =
                (session(&mut lots, &base, "α", EDITS), session(&mut lots, &base, "β", EDITS));
            let (l, n) = count(&base, [&a, &b], &merged(&base, [&a, &b], by));
            (lost, nobodys, any) = (lost + l, nobodys + n, any + u64::from(l + n > 0));
        }
        println!("{name:<30} {lost:>10} {nobodys:>12} {any:>14} {:>10.1}", time(by));
    }
}

/// Milliseconds for a megabyte with an edit every kilobyte.
fn time(by: Difference) -> f64 {
    let mut lots = Lots::new(1);
    let base = page(&mut lots, 1 << 20);
    let changed = session(&mut lots, &base, "α", 1_000);
    let begun = Instant::now();
    let edits = by(&base, &changed);
    assert!(!edits.is_empty());
    begun.elapsed().as_secs_f64() * 1e3
}

/// What two people made of one text, merged.
fn merged(base: &str, sides: [&str; 2], by: Difference) -> String {
    let doc = |client: u64| {
        let client_id = yrs::ClientID::new(client);
        Doc::with_options(Options {
            client_id,
            offset_kind: OffsetKind::Utf16,
            ..Options::default()
        })
    };
    let genesis = doc(1);
    let text = genesis.get_or_insert_text("t");
    text.insert(&mut genesis.transact_mut(), 0, base);
    let state = genesis.transact().encode_state_as_update_v1(&StateVector::default());
    let states = [(2, sides[0]), (3, sides[1])].map(|(client, side)| {
        let doc = doc(client);
        let text = doc.get_or_insert_text("t");
        let mut txn = doc.transact_mut();
        txn.apply_update(Update::decode_v1(&state).unwrap()).unwrap();
        let units = |text: &str| u32::try_from(text.encode_utf16().count()).unwrap();
        for edit in by(base, side).iter().rev() {
            let at = units(&base[..edit.range.start]);
            text.remove_range(&mut txn, at, units(&base[edit.range.clone()]));
            text.insert(&mut txn, at, &edit.insert);
        }
        assert_eq!(text.get_string(&txn), side);
        txn.encode_state_as_update_v1(&StateVector::default())
    });
    let merged = doc(4);
    let text = merged.get_or_insert_text("t");
    let mut txn = merged.transact_mut();
    for state in &states {
        txn.apply_update(Update::decode_v1(state).unwrap()).unwrap();
    }
    text.get_string(&txn)
}

/// The simplest difference: all between the first and the last letter that changed.
fn splice(old: &str, new: &str) -> Vec<TextEdit> {
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let start: usize =
        old.chars().zip(new.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (rest, came) = (&old[start..], &new[start..]);
    let tails = rest.chars().rev().zip(came.chars().rev());
    let end: usize = tails.take_while(same).map(|(c, _)| c.len_utf8()).sum();
    vec![TextEdit { range: start..old.len() - end, insert: came[..came.len() - end].to_owned() }]
}

/// Whole lines.
fn lines(old: &str, new: &str) -> Vec<TextEdit> {
    let input = imara_diff::InternedInput::new(old, new);
    let mut diff = imara_diff::Diff::compute(imara_diff::Algorithm::Myers, &input);
    diff.postprocess_no_heuristic(&input);
    let offsets = |text: &str| -> Vec<usize> {
        let ends = text.split_inclusive('\n').scan(0, |at, line| {
            *at += line.len();
            Some(*at)
        });
        std::iter::once(0).chain(ends).collect()
    };
    let (before, after) = (offsets(old), offsets(new));
    let edit = |hunk: imara_diff::Hunk| TextEdit {
        range: before[hunk.before.start as usize]..before[hunk.before.end as usize],
        insert: new[after[hunk.after.start as usize]..after[hunk.after.end as usize]].to_owned(),
    };
    diff.hunks().map(edit).collect()
}
