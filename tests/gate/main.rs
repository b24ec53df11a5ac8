//! Tests of the gate: what it accepts does yrs no harm, and yrs and our own reader show the same; and it
//! accepts everything that was written honestly.
//!
//! A crash cannot be caught in the process that crashes, so every update that may be hostile is tried in a
//! child process ([`warden`]). The lists of cases ([`plan`]) are the same on every machine. `GATE_ROUNDS`
//! makes the forged ones longer, `GATE_SEED` makes them different.

// A test that does not find what it expects fails by panicking; its helpers may panic, too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice)]

mod bundles;
mod foreign;
mod forge;
mod honest;
mod imports;
mod model;
mod plan;
mod reading;
mod sequence;
#[path = "../support.rs"]
#[allow(dead_code)]
mod support;
#[path = "../../src/crdt/testing.rs"]
#[allow(dead_code)]
mod testing;
mod trial;
mod warden;

use crdtctl::{crdt, wire};
use plan::Plan;
use support::number;
use warden::watch;

/// Number of forged updates in one plan.
const PORTION: usize = 10_000;

/// Runs plans and reports the outcome.
#[track_caller]
fn prove(plans: &[Plan]) -> warden::Report {
    let mut all = warden::Report::default();
    for plan in plans {
        let report = watch(plan, true);
        println!("{plan}: {} cases, {} deaths", report.cases(), report.deaths.len());
        all.add(report);
    }
    println!("{} cases: {:#?}", all.cases(), all.verdicts);
    all.nobody_died();
    all
}

/// Plans with this many cases in total, or as many as the environment asks for, split into portions, so that
/// the histories that they are made from differ.
fn portions(rounds: usize, plan: fn(u64, usize) -> Plan) -> Vec<Plan> {
    let rounds = number("GATE_ROUNDS").map_or(rounds, |rounds| rounds as usize);
    let seed = number("GATE_SEED").unwrap_or(1);
    let portions = rounds.div_ceil(PORTION) as u64;
    (seed..seed + portions).map(|seed| plan(seed, rounds.min(PORTION))).collect()
}

#[test]
fn flipped_bits_of_real_documents_do_no_harm() {
    let report = prove(&[Plan::Flips]);
    assert!(report.of("passed") > 1_000, "the test tests nothing: {report:?}");
}

#[test]
fn documents_that_were_cut_off_are_refused() {
    let report = prove(&[Plan::Cuts]);
    let refused = |name: &&String| name.starts_with("refused");
    assert!(report.verdicts.keys().all(|name| refused(&name)), "{:?}", report.verdicts);
}

#[test]
fn flipped_bits_of_random_updates_do_no_harm() {
    let report = prove(&[Plan::RandomFlips(1, 8)]);
    assert!(report.of("passed") > 1_000, "the test tests nothing: {report:?}");
}

#[test]
fn forged_updates_do_no_harm() {
    let report = prove(&portions(6_000, Plan::Forged));
    assert!(report.of("passed") > report.cases() / 10, "the test tests nothing: {report:?}");
}

#[test]
fn sequences_of_updates_do_no_harm_and_their_order_does_not_matter() {
    let report = prove(&portions(1_000, Plan::Sequences));
    let taken: u64 = (2..=4).map(|n| report.of(&format!("{n} updates: taken"))).sum();
    assert!(taken > report.cases() / 10, "the test tests nothing: {report:?}");
}

#[test]
fn what_kills_plain_yrs_is_refused_or_does_no_harm() {
    for (name, _) in plan::kept() {
        let report = prove(&[Plan::Kept(name.clone())]);
        let verdict = report.verdicts.keys().next().expect("a verdict");
        // Yjs cuts surrogate pairs, so this has to pass.
        let harmless = name == "cut-pair";
        let disputed = ["collected-", "astray-"].iter().any(|kind| name.starts_with(kind));
        let expected = match (harmless, disputed) {
            (true, _) => "passed",
            (_, true) => "2 updates: disputed",
            _ => "refused: ",
        };
        let refused = verdict == "forked" && expected == "refused: ";
        assert!(refused || verdict.starts_with(expected), "{name}: {verdict}");
    }
}

/// Without the gate they do harm, of every kind, and the warden notices. What happens to a process that
/// follows wild pointers differs by system, so one case of each kind is enough.
#[test]
fn the_warden_sees_every_kind_of_death() {
    let mut deaths = Vec::new();
    for (name, _) in plan::kept() {
        for death in watch(&Plan::Kept(name.clone()), false).deaths {
            deaths.push(format!("{name}: {death}"));
        }
    }
    let kinds = match warden::is_sanitized() {
        true => ["heap-use-after-free", "stack-overflow", "no end within"],
        false => ["signal: ", "overflowed its stack", "no end within"],
    };
    for how in kinds {
        assert!(deaths.iter().any(|death| death.contains(how)), "{how}: {deaths:#?}");
    }
    assert!(deaths.len() > 5, "{deaths:#?}");
}

/// Not a test: finds updates that kill plain yrs, to be kept if they are of a new kind.
#[test]
#[ignore = "looks for crashers, and writes them down"]
fn what_plain_yrs_dies_of() {
    for seed in 0..20 {
        let report = watch(&Plan::Forged(seed, 2_000), false);
        println!("{seed}: {:?}", report.verdicts);
        drop(std::panic::catch_unwind(|| report.nobody_died()));
    }
}
