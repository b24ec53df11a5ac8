//! Combines what the sources give, until nothing more joins.
//!
//! By the rule, the first source that has anything to give gives it, and then the first is asked again. Parts
//! that follow one another without disagreeing give the same result when they all join at once, so thousands
//! of them, in whatever files and order, do not take thousands of merges. If such a run does not join as it
//! is, half of it is tried, and in the end a single part.

use super::source::{EMPTY, Read, checked};
use crate::error::Result;
use crate::gate::Expected;
use crate::wire::{self, Checked, Clocks, DeleteSet, Salvage, Update, Version};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Merges what can be merged, the most trusted source first.
pub fn merge_all(read: &mut [Read<'_>], expected: Expected<'_>) -> Result<Vec<u8>> {
    let (bytes, given) = gather(read, expected)?;
    for (read, operations) in read.iter_mut().zip(given) {
        read.operations = operations;
    }
    Ok(bytes)
}

/// Returns the result, and how many operations each source gave.
fn gather(read: &[Read<'_>], expected: Expected<'_>) -> Result<(Vec<u8>, Vec<u64>)> {
    let sound: Vec<Vec<Salvage<'_>>> = read
        .iter()
        .map(|read| read.merged.iter().map(|bytes| Salvage::read(bytes)).collect())
        .collect();
    let mut gathering = Gathering { parts: parts(read, &sound), at_once: usize::MAX, expected };
    let mut given = vec![0u64; read.len()];
    let mut bytes = EMPTY.to_vec();
    loop {
        let base = checked(&bytes, expected)?;
        let base = Base { version: base.version(), update: base };
        let Some(next) = gathering.next(&base) else { return Ok((bytes, given)) };
        next.operations.iter().for_each(|(read, count)| {
            if let Some(given) = given.get_mut(*read) {
                *given = given.saturating_add(*count);
            }
        });
        bytes = next.merged;
    }
}

/// What was combined so far.
struct Base<'b> {
    update: Update<'b, Checked>,
    version: Version,
}

/// Something that may join.
struct Part<'s> {
    /// Its source.
    read: usize,
    salvage: &'s Salvage<'s>,
    version: Version,
    /// Whether it has joined completely.
    done: bool,
    /// How far its references could be followed when it was last tried and did not join.
    refused: Vec<(u64, Range<u32>)>,
}

struct Gathering<'s, 'r> {
    /// The parts, in the order in which they are tried.
    parts: Vec<Part<'s>>,
    /// How many are tried together.
    at_once: usize,
    expected: Expected<'r>,
}

/// What joined.
struct Joined {
    merged: Vec<u8>,
    /// The number of new operations, by source.
    operations: Vec<(usize, u64)>,
}

/// Parts that follow one another.
#[derive(Default)]
struct PartChain {
    /// Their indices.
    parts: Vec<usize>,
    updates: Vec<Vec<u8>>,
    operations: Vec<(usize, u64)>,
    /// Those that repeat what others hold.
    repeat: Vec<usize>,
    /// The clocks reached with them.
    clocks: Clocks,
}

/// Returns all parts of all sources, the sound ones first, as held by `sound`.
fn parts<'s>(read: &'s [Read<'s>], sound: &'s [Vec<Salvage<'s>>]) -> Vec<Part<'s>> {
    let mut parts = Vec::new();
    for (at, (read, sound)) in read.iter().zip(sound).enumerate() {
        let unsound = read.unsound.iter().filter_map(|at| read.salvages.get(*at));
        parts.extend(sound.iter().chain(unsound).map(|salvage| Part {
            read: at,
            version: salvage.update().version(),
            salvage,
            done: false,
            refused: Vec::new(),
        }));
    }
    parts
}

impl Gathering<'_, '_> {
    fn next(&mut self, base: &Base<'_>) -> Option<Joined> {
        for part in &mut self.parts {
            part.done = part.done || base.version.holds(&part.version);
        }
        self.run(base).or_else(|| self.deletions(base)).or_else(|| self.first(base))
    }

    /// Joins as many parts as follow one another.
    fn run(&mut self, base: &Base<'_>) -> Option<Joined> {
        loop {
            let run = self.follow(&base.version.clocks);
            if run.parts.is_empty() {
                return None;
            }
            if let Some(merged) = self.join(&run, base) {
                self.at_once = self.at_once.saturating_mul(2);
                return Some(Joined { merged, operations: run.operations });
            }
            self.at_once = run.parts.len() / 2;
            if self.at_once == 0 {
                self.at_once = 1;
                return None;
            }
        }
    }

    /// Returns the parts that would join in sequence, judged by their references, always taking the first
    /// that can; up to a damaged part, because references do not tell what of it can be used.
    fn follow(&self, have: &Clocks) -> PartChain {
        let mut run = PartChain { clocks: have.clone(), ..PartChain::default() };
        let left = self.parts.iter().enumerate().filter(|(_, part)| !part.done);
        let mut awake: BTreeSet<usize> = left.map(|(at, _)| at).collect();
        // By the client they wait for: its clock, and which part.
        let mut asleep: BTreeMap<u64, BTreeSet<(u32, usize)>> = BTreeMap::new();
        while run.parts.len() < self.at_once
            && let Some(at) = awake.pop_first()
            && let Some(part) = self.parts.get(at)
        {
            let reach = part.salvage.reach(&run.clocks);
            for id in &reach.waits {
                asleep.entry(id.client).or_default().insert((id.clock, at));
            }
            let reached = |client: &u64| run.clocks.get(client).copied().unwrap_or(0);
            let news: Vec<(u64, u32, u32)> = reach
                .clients
                .iter()
                .map(|(client, range)| {
                    (*client, range.end, range.end.saturating_sub(reached(client)))
                })
                .filter(|(_, _, count)| *count > 0)
                .collect();
            if news.is_empty() || reach.clients == part.refused {
                continue;
            }
            if part.salvage.fault.is_some() {
                break;
            }
            if reach.clients.iter().any(|(client, range)| range.start < reached(client)) {
                run.repeat.push(at);
            }
            run.updates.push(part.salvage.reached(&reach, &run.clocks));
            run.operations
                .push((part.read, news.iter().map(|(_, _, count)| u64::from(*count)).sum()));
            run.parts.push(at);
            for (client, end, _) in news {
                run.clocks.insert(client, end);
                if let Some(waiting) = asleep.get_mut(&client) {
                    let still = waiting.split_off(&(end, 0));
                    awake.extend(std::mem::replace(waiting, still).into_iter().map(|(_, at)| at));
                }
            }
        }
        run
    }

    /// Returns the base with a run, if all of it joins and no part contradicts another.
    fn join(&self, run: &PartChain, base: &Base<'_>) -> Option<Vec<u8>> {
        let updates = run.updates.iter().map(|bytes| Update::checked(bytes, self.expected));
        let updates = updates.collect::<std::result::Result<Vec<_>, _>>().ok()?;
        let all = wire::merge(&updates)?;
        let whole = Update::checked(&all, self.expected).ok()?;
        let disagrees = |at: &usize| {
            let part = self.parts.get(*at);
            part.is_none_or(|part| !part.salvage.forks(&whole).is_empty())
        };
        if run.repeat.iter().any(disagrees) {
            return None;
        }
        let joining = Salvage::read(&all).joining_at(&base.update, &base.version, self.expected)?;
        let (merged, version) = self.merged(base, &joining)?;
        (version.clocks == run.clocks).then_some(merged)
    }

    /// Returns all deletions of what is there. They are valid whichever source knows them.
    fn deletions(&self, base: &Base<'_>) -> Option<Joined> {
        let sound = |part: &&Part<'_>| !part.done && part.salvage.fault.is_none();
        let known = self.parts.iter().filter(sound);
        let known: Vec<DeleteSet> =
            known.map(|part| part.salvage.deletions(&base.version.clocks)).collect();
        let known = DeleteSet::union_of(known.iter());
        if base.version.deletes.covers(&known) {
            return None;
        }
        let mut bytes = vec![0];
        known.encode(&mut bytes);
        let joining =
            Salvage::read(&bytes).joining_at(&base.update, &base.version, self.expected)?;
        let (merged, version) = self.merged(base, &joining)?;
        (version != base.version).then_some(Joined { merged, operations: Vec::new() })
    }

    /// Returns the first part that has anything to give.
    fn first(&mut self, base: &Base<'_>) -> Option<Joined> {
        let have = &base.version.clocks;
        for at in 0..self.parts.len() {
            let Some(part) = self.parts.get(at).filter(|part| !part.done) else { continue };
            if !part.salvage.can_begin(have) {
                continue;
            }
            let joining = part.salvage.joining_at(&base.update, &base.version, self.expected);
            let joined = joining.and_then(|joining| self.merged(base, &joining));
            if let Some((merged, version)) = joined.filter(|(_, version)| *version != base.version)
            {
                let more = operations(&version).saturating_sub(operations(&base.version));
                let operations = vec![(part.read, more)];
                return Some(Joined { merged, operations });
            }
            let reach = part.salvage.reach(have);
            let news = |(client, range): &(u64, Range<u32>)| {
                range.end > have.get(client).copied().unwrap_or(0)
            };
            if reach.clients.iter().any(news)
                && let Some(part) = self.parts.get_mut(at)
            {
                part.refused = reach.clients;
            }
        }
        None
    }

    fn merged(&self, base: &Base<'_>, joining: &[u8]) -> Option<(Vec<u8>, Version)> {
        let parts = [
            checked(base.update.bytes(), self.expected).ok()?,
            checked(joining, self.expected).ok()?,
        ];
        let merged = wire::merge(&parts)?;
        let version = checked(&merged, self.expected).ok()?.version();
        Some((merged, version))
    }
}

fn operations(version: &Version) -> u64 {
    version.clocks.values().map(|clock| u64::from(*clock)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::source::{RecoverySource, rank};
    use super::*;
    use crate::crdt::testing::{Rng, random_world, view};
    use crate::store::Remains;

    const EXPECTED: Expected<'static> = Expected::Roots(&[]);

    /// The rule taken literally: one part at a time, and all of them tried again.
    fn one_by_one(read: &[Read<'_>]) -> (Vec<u8>, Vec<u64>) {
        let sound: Vec<Vec<Salvage<'_>>> = read
            .iter()
            .map(|read| read.merged.iter().map(|bytes| Salvage::read(bytes)).collect())
            .collect();
        let mut gathering =
            Gathering { parts: parts(read, &sound), at_once: 0, expected: EXPECTED };
        let mut given = vec![0; read.len()];
        let mut bytes = EMPTY.to_vec();
        loop {
            let base = checked(&bytes, EXPECTED).unwrap();
            let base = Base { version: base.version(), update: base };
            let Some(next) = gathering.first(&base) else { return (bytes, given) };
            next.operations.iter().for_each(|(read, count)| given[*read] += count);
            bytes = next.merged;
        }
    }

    /// What somebody may have of a document: single updates, runs of them, whole states, with gaps, cut, or
    /// with changed bytes in them.
    fn someones(rng: &mut Rng, updates: &[Vec<u8>], other: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let of = if rng.chance(10) { other } else { updates };
        let (a, b) = (rng.below(of.len() + 1), rng.below(of.len() + 1));
        let range = a.min(b)..a.max(b);
        let some: Vec<Vec<u8>> = match rng.below(4) {
            0 => of[range].to_vec(),
            1 => of.iter().filter(|_| rng.chance(40)).cloned().collect(),
            2 => yrs::merge_updates_v1(of[range].iter()).into_iter().collect(),
            _ => {
                let some: Vec<&Vec<u8>> = of.iter().filter(|_| rng.chance(60)).collect();
                yrs::merge_updates_v1(some).into_iter().collect()
            }
        };
        let spoil = |mut bytes: Vec<u8>| {
            match rng.below(20) {
                0 => bytes.truncate(bytes.len() * 3 / 4),
                1 => {
                    let at = rng.below(bytes.len());
                    bytes[at] ^= 1 << rng.below(8);
                }
                _ => {}
            }
            bytes
        };
        some.into_iter().map(spoil).collect()
    }

    #[test]
    fn all_at_once_is_what_one_by_one_comes_to() {
        let count = std::env::var("CRDTCTL_SCHEDULES").ok().and_then(|n| n.parse().ok());
        let (mut runs, mut together) = (0, 0);
        for seed in 0..count.unwrap_or(150) {
            let (mut rng, world) = random_world(seed, 30);
            // Some of the same clients wrote something different there.
            let (_, other) = random_world(seed + 1_000_000, 30);
            let others = (0..1 + rng.below(8)).map(|at| RecoverySource {
                name: format!("source {at}"),
                updates: someones(&mut rng, &world.updates, &other.updates),
            });
            let nothing = Remains {
                file: None,
                recorded: false,
                log: Vec::new(),
                inbox: Vec::new(),
                notes: Vec::new(),
            };
            let sources = rank(nothing, others.collect());
            let read: Vec<Read<'_>> =
                sources.iter().map(|source| Read::of(source, EXPECTED)).collect();
            let (expected, given) = one_by_one(&read);
            let (bytes, operations) = gather(&read, EXPECTED).unwrap();
            let version = |bytes: &[u8]| checked(bytes, EXPECTED).unwrap().version();
            assert_eq!(version(&bytes), version(&expected), "seed {seed}");
            assert_eq!(view(&bytes).digest(), view(&expected).digest(), "seed {seed}");
            assert_eq!(operations, given, "seed {seed}");
            runs += usize::from(given.iter().filter(|given| **given > 0).count() > 1);
            together += usize::from(bytes != EMPTY);
        }
        assert!(runs > 20 && together > 40, "{runs} {together}");
    }
}
