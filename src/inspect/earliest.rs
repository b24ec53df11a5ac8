//! Which step of a history was the first to hold a unit.

use crate::wire::Id;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

/// Units of one client that a step holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepUnits<S> {
    pub client: u64,
    pub clocks: Range<u32>,
    pub step: S,
}

/// Units, each of them in the first step that holds it.
pub struct Earliest<S> {
    /// By client and clock; no two of them overlap.
    units: Vec<StepUnits<S>>,
}

impl<S: Ord + Copy> Earliest<S> {
    /// Returns the first step for each unit of these; n log n in their number, in whatever order they come
    /// and however they overlap.
    pub fn of(mut held: Vec<StepUnits<S>>) -> Self {
        held.sort_unstable_by_key(|of| (of.client, of.clocks.start));
        let mut units = Vec::new();
        for of_client in held.chunk_by(|a, b| a.client == b.client) {
            first_of_each(of_client, &mut units);
        }
        Earliest { units }
    }

    /// Returns the first step that holds a unit; `None` if none does.
    pub fn step_of(&self, id: Id) -> Option<S> {
        let after =
            self.units.partition_point(|of| (of.client, of.clocks.start) <= (id.client, id.clock));
        let found = self.units.get(after.checked_sub(1)?)?;
        (found.client == id.client && found.clocks.contains(&id.clock)).then_some(found.step)
    }

    /// Returns the units by step, then by client and clock.
    pub fn into_steps(mut self) -> Vec<StepUnits<S>> {
        self.units.sort_by_key(|of| of.step);
        self.units
    }
}

/// Appends the units of one client, whose ranges are sorted by their beginning, each in its first step.
fn first_of_each<S: Ord + Copy>(held: &[StepUnits<S>], units: &mut Vec<StepUnits<S>>) {
    let mut coming = held.iter().peekable();
    // The steps that hold the current clock, and perhaps some that ended before it.
    let mut here = BinaryHeap::new();
    let mut at = 0;
    loop {
        while let Some(of) = coming.next_if(|of| here.is_empty() || of.clocks.start <= at) {
            at = of.clocks.start.max(at);
            here.push(Reverse((of.step, of.clocks.end)));
        }
        let Some(Reverse((step, end))) = here.peek().copied() else { return };
        if end <= at {
            here.pop();
            continue;
        }
        let Some(client) = held.first().map(|of| of.client) else { return };
        let until = coming.peek().map_or(end, |of| of.clocks.start.min(end));
        match units.last_mut() {
            Some(last) if last.client == client && last.step == step && last.clocks.end == at => {
                last.clocks.end = until;
            }
            _ => units.push(StepUnits { client, clocks: at..until, step }),
        }
        at = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crdt::testing::Rng;
    use std::cell::Cell;
    use std::cmp::Ordering;
    use std::collections::BTreeMap;

    #[test]
    fn each_unit_is_in_the_first_step_that_holds_it() {
        for round in 0..2_000 {
            let mut rng = Rng::new(round);
            let mut held = Vec::new();
            let mut expected: BTreeMap<(u64, u32), u64> = BTreeMap::new();
            for step in 0..rng.below(12) as u64 {
                for _ in 0..rng.below(3) {
                    let (client, start) = (rng.below(2) as u64, rng.below(30) as u32);
                    let clocks = start..start + rng.below(9) as u32;
                    for clock in clocks.clone() {
                        expected.entry((client, clock)).or_insert(step);
                    }
                    held.push(StepUnits { client, clocks, step });
                }
            }
            rng.shuffle(&mut held);
            let earliest = Earliest::of(held);
            for (client, clock) in
                (0..3).flat_map(|client| (0..45).map(move |clock| (client, clock)))
            {
                let known = expected.get(&(client, clock)).copied();
                assert_eq!(earliest.step_of(Id { client, clock }), known, "round {round}");
            }
            let steps = earliest.into_steps();
            let order = |of: &StepUnits<u64>| (of.step, of.client, of.clocks.start);
            assert!(steps.is_sorted_by_key(order), "round {round}");
            // What touches is one range.
            let touch = |a: &StepUnits<u64>, b: &StepUnits<u64>| {
                (a.step, a.client, a.clocks.end) == (b.step, b.client, b.clocks.start)
            };
            assert!(!steps.iter().zip(steps.iter().skip(1)).any(|(a, b)| touch(a, b)));
            let units = steps
                .iter()
                .flat_map(|of| of.clocks.clone().map(|clock| ((of.client, clock), of.step)));
            let count = steps.iter().map(|of| of.clocks.len()).sum::<usize>();
            assert_eq!(count, expected.len(), "round {round}");
            assert_eq!(units.collect::<BTreeMap<_, _>>(), expected, "round {round}");
        }
    }

    thread_local! {
        static COMPARED: Cell<u64> = const { Cell::new(0) };
    }

    /// A step that counts how often it is compared.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    struct Counted(u32);

    impl Ord for Counted {
        fn cmp(&self, other: &Self) -> Ordering {
            COMPARED.set(COMPARED.get() + 1);
            self.0.cmp(&other.0)
        }
    }

    impl PartialOrd for Counted {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    #[test]
    fn many_steps_are_sorted_rather_than_compared_with_all_before_them() {
        const STEPS: u32 = 100_000;
        let of = |ranges: &dyn Fn(u32) -> Range<u32>| {
            let held = |step| StepUnits { client: 1, clocks: ranges(step), step: Counted(step) };
            COMPARED.set(0);
            let steps = Earliest::of((0..STEPS).map(held).collect()).into_steps();
            assert!(!steps.is_empty());
            // A sort compares each 17 times, and so does a heap at most, twice.
            assert!(COMPARED.get() < 60 * u64::from(STEPS), "{}", COMPARED.get());
        };
        of(&|step| 2 * step..2 * step + 1);
        of(&|step| 2 * (STEPS - step)..2 * (STEPS - step) + 1);
        of(&|step| step..2 * STEPS);
        of(&|step| STEPS - step..STEPS + step);
        of(&|step| step % 7..STEPS);
        of(&|step| step.wrapping_mul(0x9e37_79b9) % STEPS..STEPS);
    }
}
