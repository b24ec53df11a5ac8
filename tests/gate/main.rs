//! The gate, proven: what it lets through does yrs no harm and shows alike in yrs and in our own
//! reader; what others honestly wrote, it lets through.
//!
//! A crash cannot be caught in the process that crashes, so every update that may be hostile is
//! tried in a process that may die of it ([`warden`]). The lists of what is tried ([`plan`]) are the
//! same on every machine. `GATE_ROUNDS` makes the forged one longer, `GATE_SEED` makes it another.

mod forge;
mod model;
mod plan;
#[path = "../../src/crdt/testing.rs"]
#[allow(dead_code)]
mod testing;
mod trial;
mod warden;

use crdtctl::crdt::{update, value, view};
use plan::Plan;
use warden::watch;

/// Tries a plan, and says how it went.
#[track_caller]
fn prove(plan: Plan) -> warden::Report {
    let report = watch(&plan, true);
    println!("{plan}: {} cases, {:?}", report.cases(), report.verdicts);
    report.nobody_died(&plan);
    report
}

#[test]
fn flipped_bits_of_real_documents_do_no_harm() {
    let report = prove(Plan::Flips);
    assert!(report.of("passed") > 1_000, "the test tests nothing: {report:?}");
}

#[test]
fn documents_that_were_cut_off_are_refused() {
    let report = prove(Plan::Cuts);
    let refused = |name: &&String| name.starts_with("refused");
    assert!(report.verdicts.keys().all(|name| refused(&name)), "{:?}", report.verdicts);
}

#[test]
fn flipped_bits_of_random_updates_do_no_harm() {
    let report = prove(Plan::RandomFlips(1, 30));
    assert!(report.of("passed") > 1_000, "the test tests nothing: {report:?}");
}

#[test]
fn forged_updates_do_no_harm() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let rounds = number("GATE_ROUNDS").unwrap_or(10_000) as usize;
    let seed = number("GATE_SEED").unwrap_or(1);
    // In portions, so that the histories that they are forged from differ.
    let portion = 10_000;
    for (n, from) in (0..rounds).step_by(portion).enumerate() {
        let count = portion.min(rounds - from);
        let report = prove(Plan::Forged(seed + n as u64, count));
        assert!(report.of("passed") as usize > count / 10, "the test tests nothing: {report:?}");
    }
}

#[test]
fn what_once_came_through_is_refused_now() {
    let report = prove(Plan::Kept);
    assert_eq!(report.of("passed"), 0, "{report:?}");
}
