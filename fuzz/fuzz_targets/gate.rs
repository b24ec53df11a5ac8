//! Passes an update and the document that it is for through the gate and on to yrs: the same trial as in
//! `tests/gate`.
//!
//! Input: a byte (odd: the roots are those of the random documents; even: unknown), the length of the
//! document as two bytes (big-endian), the document, the update.

#![no_main]

use crdtctl::wire::RootKind;
use crdtctl::{crdt, wire};
use libfuzzer_sys::fuzz_target;

#[path = "../../src/crdt/testing.rs"]
#[allow(dead_code)]
mod testing;
#[path = "../../tests/gate/trial.rs"]
#[allow(dead_code)]
mod trial;

const ROOTS: trial::Roots =
    &[("m", RootKind::Map), ("n", RootKind::Map), ("l", RootKind::Array), ("t", RootKind::Text)];

fuzz_target!(|input: &[u8]| {
    let [known, high, low, rest @ ..] = input else { return };
    let roots = if known % 2 == 1 { ROOTS } else { &[] };
    let len = usize::from(u16::from_be_bytes([*high, *low]));
    let Some((base, bytes)) = rest.split_at_checked(len) else { return };
    // The document must be whole and normalised by yrs, which a fuzzer does not find by itself.
    let whole = |base: &[u8]| trial::check(roots, base).is_ok_and(|base| base.needs().is_empty());
    if whole(base) {
        trial::trial(roots, base, bytes);
    }
});
