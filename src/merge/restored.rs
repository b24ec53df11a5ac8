//! Reactions to records that were restored from the archive by somebody who did not know all that was done to
//! them elsewhere (rule R3).
//!
//! A restored record is another item, made with the reactions that were archived. Whoever has it knew these
//! and may have taken some back since, so only what they did not know is brought in: the members who reacted,
//! and those who took a reaction back. Of the latter nothing is left where the record had left the document;
//! whoever knew them before they heard of the restore makes up for it.

use super::Incoming;
use super::late::{self, LateReactions, TakenReactions};
use super::replaced::{Loser, RestoredReactions};
use crate::concern;
use crate::crdt::container;
use crate::crdt::register::MergeSide;
use crate::crdt::source::Source;
use crate::crdt::view::{View, is_new};
use crate::error::Result;
use crate::path::{DocPath, Keys};
use crate::store::Session;
use crate::wire::{Checked, Id, Parent, Record, Update, Value};
use std::collections::BTreeSet;

/// What is to be done about the reactions of one emoji.
struct SetPlan {
    set: DocPath,
    given: Vec<Value>,
    taken: BTreeSet<String>,
}

/// Brings what one side did to reactions into restored records.
///
/// # Errors
/// Those of the log and of the edits.
pub(super) fn unite(
    session: &mut Session,
    incoming: &Incoming<'_>,
    (loser, after): (&Loser<'_>, &View),
    sides: &[MergeSide<'_>],
    restored: &[RestoredReactions],
) -> Result<()> {
    let doc = &incoming.doc;
    let Some(spec) = concern::of(doc) else { return Ok(()) };
    let late = match loser.known {
        // Of others it is not known in which order they did what.
        Some(_) => LateReactions::default(),
        None => {
            let maps = restored.iter().map(|one| &one.reactions).collect();
            late::reactions_in(session, incoming, loser.view, spec, &maps)?
        }
    };
    let whole = after.update(spec.roots)?;
    let mut plans = Vec::new();
    for one in restored {
        // Nobody brought what was here before.
        let is_news = loser.known.is_none_or(|known| is_new(one.record, known));
        let brought = |side: &&MergeSide<'_>| is_news && side.update.block(one.record).is_some();
        let by: Vec<&MergeSide<'_>> = sides.iter().filter(brought).collect();
        let is_unknown = |unit: Id| {
            late.given.contains(&unit)
                || (loser.known.is_none_or(|known| is_new(unit, known))
                    && !by.iter().any(|side| side.saw(unit)))
        };
        for emoji in loser.view.keys(&one.reactions.steps()) {
            let set = one.reactions.child(&emoji);
            let members = members(loser.view, &set);
            let taken = match late.taken.get(&set) {
                Some(gone) => taken(&whole, after, &set, &members, gone),
                None => BTreeSet::new(),
            };
            let given = members.into_iter().filter(|(unit, _)| is_unknown(*unit));
            let given: Vec<Value> = given.map(|(_, member)| member).collect();
            if !given.is_empty() || !taken.is_empty() {
                plans.push(SetPlan { set, given, taken });
            }
        }
    }
    if plans.is_empty() {
        return Ok(());
    }
    session.edit(doc, |txn| {
        for SetPlan { set, given, taken } in &plans {
            if !taken.is_empty() {
                txn.retain_not(&set.steps(), |_, member| {
                    member.as_str().is_some_and(|member| taken.contains(member))
                })?;
            }
            if let (false, Some((emoji, map))) = (given.is_empty(), set.split_last()) {
                let sets = Record::from([(emoji.clone(), Value::Array(given.clone()))]);
                container::unite(txn, doc, &map.steps(), &Value::Map(sets))?;
            }
        }
        Ok(())
    })
}

/// Returns the members in a set, each with its unit of content; those in a plain list all have that of the
/// list.
fn members(view: &View, set: &DocPath) -> Vec<(Id, Value)> {
    let steps = set.steps();
    let Some(item) = view.item(&steps).filter(|_| view.container(&steps).is_none()) else {
        return view.plain_elements(&steps);
    };
    let list = view.value(&steps).unwrap_or(Value::Undefined);
    list.as_array().unwrap_or_default().iter().map(|member| (item, member.clone())).collect()
}

/// Returns the members with whom a set was restored and who are not in it as it was here.
fn taken(
    whole: &Update<'_, Checked>,
    after: &View,
    set: &DocPath,
    here: &[(Id, Value)],
    gone: &TakenReactions,
) -> BTreeSet<String> {
    let Some(array) = after.container(&set.steps()) else { return BTreeSet::new() };
    let end = made_until(whole, array);
    let here: BTreeSet<&str> = here.iter().filter_map(|(_, member)| member.as_str()).collect();
    let shown = after.plain_elements(&set.steps()).into_iter();
    let restored = shown.filter(|(unit, _)| unit.client == array.client && unit.clock < end);
    let members = restored.filter_map(|(_, member)| member.as_str().map(str::to_owned));
    let mut taken: BTreeSet<String> = members.filter(|m| !here.contains(m.as_str())).collect();
    // Some of them reacted, and this side had not heard of it.
    if taken.len() > gone.count {
        taken.retain(|member| gone.by.contains(member));
    }
    taken
}

/// Returns the clock after the elements that an array was made with: what its writer added later is not
/// directly behind them.
fn made_until(whole: &Update<'_, Checked>, array: Id) -> u32 {
    let mut end = array.clock.saturating_add(1);
    while let Some(block) = whole.block(Id { clock: end, ..array }) {
        let header = whole.header(block);
        let is_first = header.parent == Some(Parent::Item(array));
        let before = Id { clock: end.saturating_sub(1), ..array };
        let is_next = before != array && header.left == Some(before);
        if !(is_first || is_next) || block.clock != end {
            break;
        }
        end = block.next_clock();
    }
    end
}
