//! Applies several updates of one document, all at once and one after the other: the same trial as in
//! `tests/gate`.
//!
//! Input: a byte (odd: the roots are those of the random documents; even: unknown), then the document and one
//! to four updates, each preceded by its length as two bytes (big-endian).

#![no_main]

use crdtctl::wire::RootKind;
use crdtctl::{crdt, wire};
use libfuzzer_sys::fuzz_target;

#[path = "../../tests/gate/sequence.rs"]
#[allow(dead_code)]
mod sequence;
#[path = "../../src/crdt/testing.rs"]
#[allow(dead_code)]
mod testing;
#[path = "../../tests/gate/trial.rs"]
#[allow(dead_code)]
mod trial;

const ROOTS: trial::Roots =
    &[("m", RootKind::Map), ("n", RootKind::Map), ("l", RootKind::Array), ("t", RootKind::Text)];

fuzz_target!(|input: &[u8]| {
    let Some((known, mut rest)) = input.split_first() else { return };
    let roots = if known % 2 == 1 { ROOTS } else { &[] };
    let mut parts = Vec::new();
    while let [high, low, behind @ ..] = rest {
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((part, behind)) = behind.split_at_checked(len) else { return };
        parts.push(part.to_vec());
        rest = behind;
    }
    let Some((base, updates)) = parts.split_first() else { return };
    // The document must be whole and normalised by yrs, which a fuzzer does not find by itself.
    let whole = |base: &[u8]| trial::check(roots, base).is_ok_and(|base| base.needs().is_empty());
    if (1..=4).contains(&updates.len()) && whole(base) {
        sequence::sequence(roots, base, updates);
    }
});
