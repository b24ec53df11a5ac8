//! Index lookups find the same as a look at everything.

use super::*;
use crate::crdt::testing::{Rng, World, apply, new_doc, random_world, state, view};
use yrs::{Doc, Map, ReadTxn, Transact, WriteTxn};

/// Follows the definition: chains step by step, every side and every pair.
struct Naive<'n, 's>(&'n News<'s>);

impl Naive<'_, '_> {
    fn follows(&self, later: Id, earlier: Id) -> bool {
        let whole = &self.0.whole;
        let mut chain =
            std::iter::successors(whole.left_origin(later), |at| whole.left_origin(*at));
        later != earlier && chain.any(|origin| origin == earlier)
    }

    fn saw(&self, one: &Write, other: Id) -> bool {
        match one.sides.is_empty() {
            true => self.0.before.is_some_and(|before| knows(before, other)),
            false => {
                self.0.sides_of(one).any(|side| side.saw(other)) || self.follows(one.id, other)
            }
        }
    }

    fn contest(&self, register: &Register<'_>, writes: &[Write]) -> Option<Contest> {
        let news = self.0;
        let path = news.path(news.whole.steps(writes.first()?.id)?)?;
        let steps: Vec<&str> = path.iter().map(String::as_str).collect();
        let shown = news.shown(&steps)?;
        let judged = |id: Id| news.sides.iter().any(|side| side.update.delete_set().contains(id));
        let rivals: Vec<Write> = writes
            .iter()
            .filter(|write| !judged(write.id))
            .cloned()
            .chain(news.ours(&steps))
            .filter(|write| write.id != shown.id)
            .filter(|write| !self.saw(&shown, write.id) && !self.saw(write, shown.id))
            .collect();
        let overwritten =
            |write: &Write| rivals.iter().any(|later| self.follows(later.id, write.id));
        let standing: Vec<Write> = rivals.iter().filter(|w| !overwritten(w)).cloned().collect();
        let judged = news.ours(&steps).filter(|ours| {
            let repeated = |(id, value): &(Id, Option<Value>)| {
                value.as_ref().is_none_or(|value| value.same(&shown.value))
                    && !self.follows(*id, ours.id)
                    && !self.follows(shown.id, *id)
            };
            let dead = news.dead.get(register).map_or(&[][..], Vec::as_slice);
            !standing.iter().any(|rival| rival.id == ours.id)
                && ours.id != shown.id
                && !ours.value.same(&shown.value)
                && (!self.follows(shown.id, ours.id) || dead.iter().any(repeated))
        });
        let any = !standing.is_empty() || judged.is_some();
        any.then_some(Contest { path, shown, rivals: standing, judged })
    }

    fn contests(&self) -> Vec<Contest> {
        let alone = |register: &Register<'_>, writes: &Writes| {
            writes.list.len() == 1 && self.0.is_new(register.0)
        };
        let arrivals = self.0.arrivals.iter().filter(|(register, writes)| !alone(register, writes));
        let contests =
            arrivals.filter_map(|(register, writes)| self.contest(register, &writes.list));
        let mut contests: Vec<Contest> = contests.collect();
        contests.sort_by(|a, b| a.path.cmp(&b.path));
        contests
    }

    fn said(&self, write: &Write, path: &[&str]) -> Option<Value> {
        let ours = || self.0.before.and_then(|before| before.value(path));
        if write.sides.is_empty() {
            return ours();
        }
        let (key, parent) = path.split_last()?;
        let container = match parent {
            [root] => Container::Root(root),
            _ => Container::Item(self.0.after.container(parent)?),
        };
        let written = self.0.arrivals.get(&(container, *key));
        let written = written.map_or(&[][..], |writes| &writes.list);
        let our_item = self.0.before.and_then(|before| before.item(path));
        let of_side = |side: &usize| match written.iter().find(|w| w.sides.contains(side)) {
            Some(write) => Some(write.value.clone()),
            None => our_item.filter(|id| self.0.sides[*side].saw(*id)).and_then(|_| ours()),
        };
        write.sides.iter().filter_map(of_side).max_by(order)
    }
}

/// What other replicas send to the first one: states and diffs, with and without their state vector.
struct Sent {
    before: Vec<u8>,
    after: Vec<u8>,
    sides: Vec<(Vec<u8>, Option<Clocks>)>,
}

/// Replicas of one world that write to the same few keys and occasionally exchange updates.
fn quarrel(rng: &mut Rng, world: &World) -> Vec<Doc> {
    let forks: Vec<Doc> = (0..rng.below(7) as u64)
        .map(|n| {
            let fork = new_doc(5000 + 13 * n, rng.chance(15));
            apply(&fork, &state(&world.docs[rng.below(world.docs.len())]));
            fork
        })
        .collect();
    for _ in 0..rng.below(20) {
        let (one, other) = (rng.below(forks.len()), rng.below(forks.len()));
        match forks.get(one).zip(forks.get(other)) {
            Some((one, other)) if rng.chance(20) => apply(one, &state(other)),
            Some((one, _)) => {
                let mut txn = one.transact_mut();
                let map = txn.get_or_insert_map("m");
                map.insert(&mut txn, rng.pick(&["a", "b"]), rng.below(1000) as i64);
            }
            None => {}
        }
    }
    forks
}

fn sent(rng: &mut Rng, world: &World) -> Sent {
    let ours = &world.docs[0];
    let before = state(ours);
    let have = ours.transact().state_vector();
    let quarrel = quarrel(rng, world);
    let docs: Vec<&Doc> = world.docs.iter().chain(&quarrel).collect();
    let mut sides = Vec::new();
    for _ in 0..2 + rng.below(8) {
        let doc = rng.pick(&docs);
        let update = match rng.chance(50) {
            true => state(doc),
            false => doc.transact().encode_diff_v1(&have),
        };
        let clocks = Update::walk(&state(doc)).unwrap().version().clocks;
        sides.push((update, rng.chance(70).then_some(clocks)));
    }
    sides.iter().for_each(|(update, _)| apply(ours, update));
    Sent { before, after: state(ours), sides }
}

/// A contest without its values.
fn summary(contest: &Contest) -> String {
    let rival = |write: &Write| format!("{:?} of {:?}", write.id, write.sides);
    let rivals: Vec<String> = contest.rivals.iter().map(rival).collect();
    let judged = contest.judged.as_ref().map(|write| write.id);
    format!("{:?} {:?} {rivals:?} {judged:?}", contest.path, contest.shown.id)
}

#[test]
fn the_decisions_are_those_of_a_look_at_everything() {
    let worlds = worlds();
    let (mut contests, mut several, mut said) = (0, 0, 0);
    for seed in 0..worlds {
        let (mut rng, world) = random_world(seed, 60);
        let sent = sent(&mut rng, &world);
        let (before, after) = (view(&sent.before), view(&sent.after));
        let sides: Vec<MergeSide<'_>> = sent
            .sides
            .iter()
            .map(|(update, seen)| MergeSide {
                update: Update::checked(update, &[]).unwrap(),
                seen: seen.as_ref(),
            })
            .collect();
        let Some(news) = News::of(Some(&before), &after, &sides, &[]).unwrap() else { continue };
        let naive = Naive(&news);
        let (quick, slow) = (news.contests(), naive.contests());
        assert_eq!(quick.len(), slow.len(), "seed {seed}");
        for (quick, slow) in quick.iter().zip(&slow) {
            assert_eq!(summary(quick), summary(slow), "seed {seed}");
            contests += 1;
            several += usize::from(quick.rivals.len() > 1);
        }
        for writes in news.arrivals.values() {
            let Some(path) = writes.list.first().and_then(|w| news.path(news.whole.steps(w.id)?))
            else {
                continue;
            };
            let steps: Vec<&str> = path.iter().map(String::as_str).collect();
            for write in news.arrivals.values().flat_map(|writes| &writes.list) {
                let (quick, slow) = (news.said(write, &steps), naive.said(write, &steps));
                assert_eq!(format!("{quick:?}"), format!("{slow:?}"), "seed {seed}: {path:?}");
                said += usize::from(quick.is_some());
            }
        }
        let (holders, deleters) = (Carriers::of_blocks(&sides), Carriers::of_deletions(&sides));
        let every = news.whole.clients().flat_map(|(client, blocks)| {
            blocks.iter().map(move |block| Id { client, clock: block.clock })
        });
        for id in every {
            let which = |is: &dyn Fn(&MergeSide<'_>) -> bool| -> Vec<usize> {
                (0..sides.len()).filter(|side| is(&sides[*side])).collect()
            };
            assert_eq!(holders.carrying(id), which(&|side| side.update.block(id).is_some()));
            let deletes = |side: &MergeSide<'_>| side.update.delete_set().contains(id);
            assert_eq!(deleters.carrying(id), which(&deletes));
        }
    }
    assert!(contests > 100 && several > 20 && said > 1000, "{contests} {several} {said}");
}

/// `CRDTCTL_WORLDS=20000 cargo test --lib register::tests` tries more of them.
fn worlds() -> u64 {
    std::env::var("CRDTCTL_WORLDS").ok().and_then(|n| n.parse().ok()).unwrap_or(240)
}

#[test]
fn a_chain_of_origins_is_as_long_as_it_is() {
    let (mut pairs, mut chained) = (0, 0);
    for seed in 0..worlds() / 4 {
        let (_, world) = random_world(seed, 40);
        let bytes = state(&world.all());
        let update = Update::checked(&bytes, &[]).unwrap();
        let units: Vec<Id> = update
            .clients()
            .flat_map(|(client, blocks)| {
                let units = blocks.iter().flat_map(|block| [block.clock, block.next_clock() - 1]);
                units.map(move |clock| Id { client, clock })
            })
            .collect();
        for later in &units {
            let mut chain = BTreeSet::new();
            let mut at = update.left_origin(*later);
            while let Some(origin) = at {
                chain.insert(origin);
                at = update.left_origin(origin);
            }
            for earlier in &units {
                let expected = chain.contains(earlier);
                assert_eq!(update.is_behind(*later, *earlier), expected, "seed {seed}");
                pairs += 1;
                chained += usize::from(expected);
            }
        }
    }
    assert!(pairs > 10_000 && chained > 1_000, "{pairs} {chained}");
}
