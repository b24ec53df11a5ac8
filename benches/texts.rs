//! How well merges of texts keep what people wrote: pairs of concurrent sessions on a page of Markdown, each
//! written into its document as a difference, and merged.
//!
//! `cargo bench --bench texts` prints, for the differences that the disks use and for the simplest one, how
//! many inserted words a merge loses, how many it shows that nobody wrote, how many pairs have any of either,
//! and how long the difference of a megabyte takes. `CRDTCTL_BENCH_PAIRS=600` chooses the number of pairs.
//!
//! Below that the same for pairs in which both ran one formatter over the page first and then one or both
//! went on editing, with and without the clean-up of an import (`merge::surplus` removes duplicated
//! insertions), and how many words occur more often in the merge than in either text.

// A bench panics if it does not find what it expects.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

#[path = "../tests/support/sessions.rs"]
mod sessions;

use crdtctl::concern::disk::difference::edits;
use crdtctl::crdt::content::Content;
use crdtctl::crdt::doc::Doc as Document;
use crdtctl::crdt::text_edit::TextEdit;
use crdtctl::crdt::view::View;
use crdtctl::merge::surplus;
use crdtctl::wire::Update as Checked;
use sessions::{Lots, count, page, session};
use std::collections::BTreeMap;
use std::time::Instant;
use yrs::updates::decoder::Decode;
use yrs::{Doc, GetString, OffsetKind, Options, ReadTxn, StateVector, Text, Transact, Update};

/// Bytes in a page.
const PAGE: usize = 20_000;
/// Edits in a session.
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
    println!("\nafter one formatter on both sides, by the first of these\n");
    println!(
        "{:<30} {:>10} {:>12} {:>14} {:>10}",
        "", "words lost", "nobody's", "words twice", "pairs"
    );
    for (who, sides) in [("one went on", [EDITS, 0]), ("both went on", [EDITS / 2; 2])] {
        for (how, heals) in [("as it is", false), ("what came twice goes", true)] {
            let (mut lost, mut nobodys, mut double, mut any) = (0, 0, 0, 0);
            for seed in 0..pairs {
                let mut lots = Lots::new(seed);
                let base = page(&mut lots, PAGE);
                let page = formatted(&base);
                let a = session(&mut lots, &page, "α", sides[0]);
                let b = session(&mut lots, &page, "β", sides[1]);
                let merged = merged_documents(&base, &page, [&a, &b], heals);
                let (l, n) = count(&page, [&a, &b], &merged);
                let d = twice([&a, &b], &merged);
                (lost, nobodys, double) = (lost + l, nobodys + n, double + d);
                any += u64::from(l + n + d > 0);
            }
            let name = format!("{who}, {how}");
            println!("{name:<30} {lost:>10} {nobodys:>12} {double:>14} {any:>10}");
        }
    }
}

/// What a formatter makes of a page: other bullets, other emphasis, and every word of each fifth line.
fn formatted(page: &str) -> String {
    let line = |(n, line): (usize, &str)| match line.strip_prefix("- ") {
        Some(item) => format!("* {item}"),
        None if n % 5 == 0 => line.to_uppercase(),
        None => line.to_owned(),
    };
    page.split('\n').enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// Words that occur more often in a merge than in either text.
fn twice(sides: [&str; 2], merged: &str) -> usize {
    let [a, b, merged] = [sides[0], sides[1], merged].map(|text| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        text.split_whitespace().for_each(|word| *counts.entry(word).or_default() += 1);
        counts
    });
    let most = |word: &str| a.get(word).max(b.get(word)).copied().unwrap_or(0);
    merged.iter().map(|(word, times)| times.saturating_sub(most(word))).sum()
}

/// What two people made of one page after both ran a program over it, merged as an import does.
fn merged_documents(base: &str, page: &str, sides: [&str; 2], heals: bool) -> String {
    let (text, at) = (["m", "t"], ["m"]);
    let mut genesis = Document::new(1 << 50);
    genesis.edit(|txn| txn.put(&at, "t", &Content::Text(base.to_owned()))).unwrap();
    let (state, _) = genesis.encode().unwrap();
    let state = Checked::checked(&state, &[]).unwrap();
    let mut docs = [2, 3].map(|client| Document::load(&state, client).unwrap());
    for (doc, side) in docs.iter_mut().zip(sides) {
        for (n, (old, new)) in [(base, page), (page, side)].into_iter().enumerate() {
            doc.edit(|txn| {
                txn.edit_text(&text, &edits(old, new))?;
                txn.set(&at, "updated_at", n as i64)
            })
            .unwrap();
        }
    }
    let knew = docs.each_ref().map(|doc| doc.encode().unwrap().1.clocks);
    let other = docs[1].updates().to_vec();
    let merged = &mut docs[0];
    for update in &other {
        merged.apply(&Checked::checked(update, &[]).unwrap()).unwrap();
    }
    if heals {
        let (state, version) = merged.encode().unwrap();
        let view = View::of(&Checked::checked(&state, &[]).unwrap());
        let edits = surplus(&view.runs(&text), &version.deletes, [&knew[0], &knew[1]], None);
        merged.edit(|txn| txn.edit_text(&text, &edits)).unwrap();
    }
    merged.read(|source| source.text(&text)).unwrap()
}

/// Milliseconds for the difference of a megabyte with an edit every kilobyte.
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

/// The simplest difference: everything between the first and the last changed letter.
fn splice(old: &str, new: &str) -> Vec<TextEdit> {
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let start: usize =
        old.chars().zip(new.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (rest, came) = (&old[start..], &new[start..]);
    let tails = rest.chars().rev().zip(came.chars().rev());
    let end: usize = tails.take_while(same).map(|(c, _)| c.len_utf8()).sum();
    vec![TextEdit { range: start..old.len() - end, insert: came[..came.len() - end].to_owned() }]
}

/// A difference of whole lines.
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
