//! Which of several updates a document takes, and in which order.
//!
//! All of them are judged as one, and by exactly what yrs will be given: for each, the blocks that the
//! document and the updates before it lack. So their order of arrival does not matter. Only if they do not
//! fit together is it determined which of them is at fault.

use super::Expected;
use crate::wire::{
    Alive, BlockKind, Checked, Clocks, DeleteSet, Fault, Id, Update, Version, merge,
};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// The verdict on an update.
#[derive(Debug)]
pub enum Verdict<'u> {
    /// The document already has all of it.
    Known,
    /// The document takes this part of it, after all that was admitted before.
    New(Cow<'u, [u8]>),
    /// It is valid, but depends on something that neither the document nor the other updates have.
    Waits(Need),
    /// It breaks a rule of the gate in this document, whatever comes later.
    Invalid(Fault),
    /// From this unit on it holds other operations than the document or another update.
    Forked(Id),
}

/// What an update waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// Per client, the clock that must be reached first.
    Clocks(Clocks),
    /// The deletion of the container that this unit is in: some replica has already collected part of the
    /// container's content.
    Deletion(Id),
}

/// Judges updates for the document `base`, a whole state. Returns the updates by index: first those that do
/// not wait, each before those that need it, then those that wait. Once the new ones are applied, an update
/// that waits for a deletion may be judged again.
///
/// Updates that hold the same clocks give the same result in any order.
pub fn admit<'u, 'r>(
    base: &Update<'_, Checked>,
    updates: &[&Update<'u, Checked>],
    expected: impl Into<Expected<'r>>,
) -> Vec<(usize, Verdict<'u>)> {
    let expected = expected.into();
    let version = base.version();
    let deletes: Vec<DeleteSet> = updates.iter().map(|update| update.version().deletes).collect();
    let mut refused: BTreeMap<usize, Verdict<'u>> = BTreeMap::new();
    // A rejected update deletes nothing either: the others are judged without it.
    let mut mute: Option<BTreeSet<usize>> = None;
    loop {
        let rest: Vec<usize> = (0..updates.len()).filter(|i| !refused.contains_key(i)).collect();
        let mut judge =
            Judge { base, updates, expected, version: &version, deletes: DeleteSet::default() };
        let mute = mute.get_or_insert_with(|| {
            let readiness = judge.readiness(&version.clocks, &rest);
            readiness.waiting.into_iter().map(|(index, _)| index).collect()
        });
        let theirs = rest.iter().filter(|index| !mute.contains(index));
        let theirs = theirs.filter_map(|index| deletes.get(*index));
        judge.deletes = DeleteSet::union_of(theirs.chain([&version.deletes]));
        let mut verdicts = judge.sift(judge.sort(rest));
        let before = (refused.len(), mute.len());
        refused.extend(verdicts.extract_if(.., |(_, verdict)| verdict.is_refusal()));
        let waits = verdicts.iter().filter(|(_, v)| matches!(v, Verdict::Waits(_)));
        mute.extend(waits.map(|(index, _)| *index));
        if (refused.len(), mute.len()) == before {
            verdicts.extend(refused);
            return verdicts;
        }
    }
}

impl Verdict<'_> {
    fn is_refusal(&self) -> bool {
        matches!(self, Verdict::Invalid(_) | Verdict::Forked(_))
    }
}

struct Judge<'j, 'b, 'u> {
    base: &'j Update<'b, Checked>,
    updates: &'j [&'j Update<'u, Checked>],
    expected: Expected<'j>,
    /// The version of the base.
    version: &'j Version,
    /// Everything deleted by the document, or by any update that it may take.
    deletes: DeleteSet,
}

/// What was found to fit together with the document.
#[derive(Clone)]
struct Taken<'u> {
    clocks: Clocks,
    /// By the index of its update, in causal order, the part that yrs is given.
    news: Vec<(usize, Cow<'u, [u8]>)>,
}

/// Updates that can follow each other from some clocks, each after all that it needs; and what the others
/// lack.
struct Readiness {
    ready: Vec<usize>,
    waiting: Vec<(usize, Clocks)>,
}

impl<'u> Judge<'_, '_, 'u> {
    fn update(&self, index: usize) -> Option<&Update<'u, Checked>> {
        self.updates.get(index).copied()
    }

    /// Sorts the updates independently of the given order, which must not decide between two that claim the
    /// same clocks or do not fit together. Those that collected least come first, since yrs keeps what it has
    /// first.
    fn sort(&self, mut rest: Vec<usize>) -> Vec<usize> {
        let key = |update: &Update<'_, Checked>| {
            let collected = update.blocks.iter().filter(|block| block.kind == BlockKind::Gc);
            (collected.count(), *blake3::hash(update.bytes()).as_bytes())
        };
        rest.sort_by_cached_key(|index| self.update(*index).map(key));
        rest
    }

    /// The verdict on an update that contradicts a whole state.
    fn against(&self, index: usize, whole: &Update<'_, Checked>) -> Option<Verdict<'u>> {
        let update = self.update(index)?;
        let forked = update.fork(whole).map(Verdict::Forked);
        forked.or_else(|| match update.collected_alive(whole, &self.deletes)? {
            Alive::Inside(id) => Some(Verdict::Waits(Need::Deletion(id))),
            Alive::InRoot(_) => None,
        })
    }

    /// Finds the updates that fit together by trying all of them at once. If that fails, those are left out that
    /// do not even fit alone, and then half as many are tried, and so on: however many do not fit, what was
    /// taken is joined only a few times.
    fn sift(&self, mut left: Vec<usize>) -> Vec<(usize, Verdict<'u>)> {
        let mut taken = Taken { clocks: self.version.clocks.clone(), news: Vec::new() };
        let mut verdicts = Vec::new();
        let mut sound = BTreeSet::new();
        let (mut size, mut tried_alone_with) = (left.len(), None);
        loop {
            let readiness = self.readiness(&taken.clocks, &left);
            if readiness.ready.is_empty() {
                return self.conclude(taken, readiness.waiting, verdicts);
            }
            let fresh = readiness.ready.iter().filter(|index| sound.insert(**index));
            let contradict = fresh.filter_map(|at| Some((*at, self.against(*at, self.base)?)));
            let contradict: Vec<_> = contradict.collect();
            let mut done: BTreeSet<usize> = contradict.iter().map(|(index, _)| *index).collect();
            if contradict.is_empty() {
                let size_now = size.clamp(1, readiness.ready.len());
                let chosen = readiness.ready.get(..size_now).unwrap_or(&readiness.ready);
                match (self.with(&taken, chosen), chosen) {
                    (Ok(more), _) => {
                        taken = more;
                        size = size.saturating_mul(2);
                        done.extend(chosen);
                    }
                    (Err(verdict), [only]) => {
                        self.refuse(*only, verdict, &mut taken, &mut verdicts);
                        done.insert(*only);
                    }
                    (Err(_), _) if tried_alone_with != Some(taken.news.len()) => {
                        done.extend(self.sift_alone(&readiness.ready, &mut taken, &mut verdicts));
                        tried_alone_with = Some(taken.news.len());
                    }
                    (Err(_), _) => size = chosen.len() / 2,
                }
            }
            verdicts.extend(contradict);
            left.retain(|index| !done.contains(index));
        }
    }

    /// Tries updates one by one with what was taken. Returns those that do not fit, each with its verdict or,
    /// if it fits with some of its content collected, taken.
    fn sift_alone(
        &self,
        ready: &[usize],
        taken: &mut Taken<'u>,
        verdicts: &mut Vec<(usize, Verdict<'u>)>,
    ) -> Vec<usize> {
        let Ok(whole) = self.join(taken, true) else { return Vec::new() };
        let Ok(whole) = self.check(&whole) else { return Vec::new() };
        let mut done = Vec::new();
        for index in ready {
            if let Err(verdict) = self.alone(*index, &whole, taken) {
                self.refuse_beside(*index, verdict, &whole, taken, verdicts);
                done.push(*index);
            }
        }
        done
    }

    /// Judges an update for a whole state that has what was taken, as if there were no others.
    fn alone(
        &self,
        index: usize,
        whole: &Update<'_, Checked>,
        taken: &Taken<'u>,
    ) -> Result<(), Verdict<'u>> {
        let Some(update) = self.update(index) else { return Ok(()) };
        if let Some(verdict) = self.against(index, whole) {
            return Err(verdict);
        }
        let fault = |fault| self.fault(index, fault, None);
        let known = |client: u64| taken.clocks.get(&client).copied().unwrap_or(0);
        match update.news(known) {
            Cow::Borrowed(_) => update.fits(whole).map_err(fault),
            Cow::Owned(news) => {
                let news = self.check(&news).map_err(fault)?;
                news.fits(whole).map_err(|fault| self.fault(index, fault, Some(&news)))
            }
        }
    }

    /// Refuses an update that does not fit, unless it does with some of its content collected.
    fn refuse(
        &self,
        index: usize,
        verdict: Verdict<'u>,
        taken: &mut Taken<'u>,
        verdicts: &mut Vec<(usize, Verdict<'u>)>,
    ) {
        let whole = self.join(taken, true).ok();
        match whole.as_ref().and_then(|whole| self.check(whole).ok()) {
            Some(whole) => self.refuse_beside(index, verdict, &whole, taken, verdicts),
            None => verdicts.push((index, verdict)),
        }
    }

    /// The same, given a whole state with what was taken.
    fn refuse_beside(
        &self,
        index: usize,
        verdict: Verdict<'u>,
        whole: &Update<'_, Checked>,
        taken: &mut Taken<'u>,
        verdicts: &mut Vec<(usize, Verdict<'u>)>,
    ) {
        let collected = matches!(verdict, Verdict::Invalid(_))
            .then(|| self.with_collected(taken, whole, index))
            .flatten();
        match collected {
            Some(more) => *taken = more,
            None => verdicts.push((index, verdict)),
        }
    }

    fn conclude(
        &self,
        taken: Taken<'u>,
        waiting: Vec<(usize, Clocks)>,
        mut verdicts: Vec<(usize, Verdict<'u>)>,
    ) -> Vec<(usize, Verdict<'u>)> {
        let known = |index| self.update(index).is_some_and(|u| self.version.holds(&u.version()));
        // Updates that wait for a deletion stay behind.
        let mut admitted: Vec<_> = taken
            .news
            .into_iter()
            .map(|(index, news)| match known(index) {
                true => (index, Verdict::Known),
                false => (index, Verdict::New(news)),
            })
            .collect();
        admitted.append(&mut verdicts);
        let waits = |(index, clocks)| (index, Verdict::Waits(Need::Clocks(clocks)));
        admitted.extend(waiting.into_iter().map(waits));
        admitted
    }

    fn readiness(&self, have: &Clocks, left: &[usize]) -> Readiness {
        let mut clocks = have.clone();
        let needs = |index: &usize| self.update(*index).into_iter().flat_map(Update::needs);
        let mut needs: Vec<_> = left.iter().map(|index| needs(index).peekable()).collect();
        // By the client that they wait for: its clock, and the index in `left`.
        let mut sleepers: BTreeMap<u64, BTreeSet<(u32, usize)>> = BTreeMap::new();
        let mut awake: BTreeSet<usize> = (0..left.len()).collect();
        let mut ready = Vec::with_capacity(left.len());
        while let Some(at) = awake.pop_first() {
            let Some((needs, index)) = needs.get_mut(at).zip(left.get(at)) else { continue };
            let met = |client: &u64, clock: &u32| clocks.get(client).is_some_and(|c| c >= clock);
            while needs.next_if(|(client, clock)| met(client, clock)).is_some() {}
            if let Some((client, clock)) = needs.peek() {
                sleepers.entry(**client).or_default().insert((**clock, at));
                continue;
            }
            ready.push(*index);
            for of in self.update(*index).iter().flat_map(|update| &update.clients) {
                let reached = clocks.entry(of.id).or_default();
                *reached = of.end.max(*reached);
                if let Some(sleepers) = sleepers.get_mut(&of.id) {
                    let still = sleepers.split_off(&(reached.saturating_add(1), 0));
                    awake.extend(std::mem::replace(sleepers, still).into_iter().map(|(_, at)| at));
                }
            }
        }
        let asleep: BTreeSet<usize> = sleepers.values().flatten().map(|(_, at)| *at).collect();
        let lacks = |at: usize| {
            let index = *left.get(at)?;
            Some((index, self.update(index)?.missing(&clocks)))
        };
        Readiness { ready, waiting: asleep.into_iter().filter_map(lacks).collect() }
    }

    /// Returns what was taken plus some more, if that fits together. For a single update the error says what
    /// is wrong with it.
    fn with(&self, taken: &Taken<'u>, chosen: &[usize]) -> Result<Taken<'u>, Verdict<'u>> {
        let mut more = taken.clone();
        let mut overlap = false;
        for index in chosen {
            let Some(update) = self.update(*index) else { continue };
            let known = |client: u64| more.clocks.get(&client).copied().unwrap_or(0);
            overlap |= update.clients.iter().any(|of| {
                let in_base = self.version.clocks.get(&of.id).copied().unwrap_or(0);
                known(of.id).min(of.end) > in_base.max(of.first)
            });
            more.news.push((*index, update.news(known)));
            for of in &update.clients {
                let reached = more.clocks.entry(of.id).or_default();
                *reached = of.end.max(*reached);
            }
        }
        let only = chosen.first().copied().unwrap_or_default();
        let fault = |fault| self.fault(only, fault, None);
        if let ([(_, Cow::Borrowed(_))], Some(update)) = (more.news.as_slice(), self.update(only)) {
            update.fits(self.base).map_err(fault)?;
            return Ok(more);
        }
        if let (true, [only]) = (overlap, chosen) {
            let whole = self.join(taken, true).map_err(fault)?;
            let whole = self.check(&whole).map_err(fault)?;
            if let Some(verdict) = self.against(*only, &whole) {
                return Err(verdict);
            }
        }
        let joined = self.join(&more, false).map_err(fault)?;
        let joined = self.check(&joined).map_err(fault)?;
        if overlap && chosen.len() > 1 {
            let whole = self.join(&more, true).map_err(fault)?;
            let whole = self.check(&whole).map_err(fault)?;
            if let Some(verdict) = chosen.iter().find_map(|index| self.against(*index, &whole)) {
                return Err(verdict);
            }
        }
        match joined.fits(self.base) {
            Ok(()) => Ok(more),
            Err(fault) => Err(self.fault(only, fault, Some(&joined))),
        }
    }

    /// Returns what was taken plus one more update, whose content in deleted containers is given as
    /// collected: once a document has deleted them, nothing tells any more whether it fits. `whole` is a
    /// state that has what was taken, or most of it.
    fn with_collected(
        &self,
        taken: &Taken<'u>,
        whole: &Update<'_, Checked>,
        only: usize,
    ) -> Option<Taken<'u>> {
        let update = self.update(only)?;
        let buried = update.buried(whole, &self.deletes);
        buried.contains(&true).then_some(())?;
        let known = |client: u64| taken.clocks.get(&client).copied().unwrap_or(0);
        let news = update.news_collected(known, &buried);
        let mut more = taken.clone();
        more.news.push((only, Cow::Owned(news)));
        for of in &update.clients {
            let reached = more.clocks.entry(of.id).or_default();
            *reached = of.end.max(*reached);
        }
        let joined = self.join(&more, false).ok()?;
        let joined = self.check(&joined).ok()?;
        joined.fits(self.base).ok()?;
        Some(more)
    }

    /// Joins all news into one update, with the document if wanted.
    fn join(&self, taken: &Taken<'_>, with_base: bool) -> Result<Vec<u8>, Fault> {
        if let ([(_, only)], false) = (taken.news.as_slice(), with_base) {
            return Ok(only.to_vec());
        }
        let base = with_base.then_some(self.base.bytes());
        let parts = base.into_iter().chain(taken.news.iter().map(|(_, news)| &**news));
        let parts = parts.map(|part| self.check(part)).collect::<Result<Vec<_>, _>>()?;
        // There cannot be a gap: the news are in causal order.
        merge(&parts).ok_or_else(|| Fault::new(0, "skip", "the updates leave a gap"))
    }

    /// Turns a fault in `joined` into the verdict on an update, with the position in its own bytes.
    fn fault(
        &self,
        index: usize,
        fault: Fault,
        joined: Option<&Update<'_, Checked>>,
    ) -> Verdict<'u> {
        let id = match joined {
            Some(joined) => joined.id_at(fault.offset),
            None => self.update(index).and_then(|update| update.id_at(fault.offset)),
        };
        if let ("collected", Some(id)) = (fault.rule, id) {
            return Verdict::Waits(Need::Deletion(id));
        }
        let block = joined.and(id).and_then(|id| self.update(index)?.block(id));
        let offset = block.map_or(fault.offset, |block| block.span().start);
        Verdict::Invalid(fault.at(offset))
    }

    fn check<'c>(&self, bytes: &'c [u8]) -> Result<Update<'c, Checked>, Fault> {
        Update::checked(bytes, self.expected)
    }
}
