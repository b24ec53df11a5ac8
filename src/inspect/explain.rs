//! Explains in words what an update does: who writes what where, and what is deleted.

use crate::crdt::types::PlacedBlocks;
use crate::wire::{Block, BlockKind, ByteReader, DeleteSet, IdSet, Update, any, merge_with_gaps};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The maximum length in characters of a shown value.
const TOLD: usize = 2_000;

/// One thing that an update does; public API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Act {
    /// The client id that wrote it. For a deletion, the client whose content is deleted: who deleted it is
    /// not recorded.
    pub client: String,
    /// Its first clock.
    pub from: u32,
    /// Its last clock.
    pub to: u32,
    /// What is done.
    pub does: Doing,
    /// The path to its place, the root first; `None` if the update does not say and there is no base.
    pub path: Option<String>,
    /// The number of elements, UTF-16 units of text, or clocks.
    pub units: u32,
    /// The text, the value, the name and value of the format, or the type of an element.
    pub what: Option<String>,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doing {
    /// Inserts characters of a text.
    InsertsText,
    /// Adds elements of an array or of XML, or something embedded in a text.
    Adds,
    /// Sets a value under a key.
    Sets,
    /// Begins a format, or with null ends it.
    Formats,
    /// Deletes text that was there, or is in the update too.
    DeletesText,
    /// Deletes anything else that was there.
    Deletes,
    /// Writes something whose content is gone already.
    WritesNothingAnyMore,
}

/// Returns what an update does to a base, by client and clock, deletions last. Without a base, nothing is
/// known of what the update builds on.
pub fn explain(update: &Update<'_>, base: Option<&Update<'_>>) -> Vec<Act> {
    let held = base.map(held).unwrap_or_default();
    let mut new = self::held(update);
    new.subtract(&held);
    let sources: Vec<Update<'_>> = base.into_iter().chain([update]).cloned().collect();
    let merged = merge_with_gaps(&sources);
    // A merge of two updates is itself one.
    let Ok(all) = Update::walk(&merged) else { return Vec::new() };
    let mut teller = Teller { placed: PlacedBlocks::of(&all), all: &all, paths: BTreeMap::new() };
    let mut acts = Vec::new();
    let mut set = BTreeSet::new();
    let mut gone = update.version().deletes;
    for (client, range) in all.client_ranges() {
        for index in range {
            let Some(block) = all.blocks().get(index) else { continue };
            for clocks in new.within(client, block.clock..block.next_clock()) {
                let list = teller.placed.list(index);
                let dead =
                    gone.within(client, clocks.clone()).map(|range| range.len()).sum::<usize>();
                let lives = block.kind != BlockKind::Deleted && dead < clocks.len();
                let is_set = |list: &u32| lives && teller.placed.is_keyed(*list);
                set.extend(list.filter(is_set));
                let act = teller.tell(client, index, block, clocks);
                join(&mut acts, act, list);
            }
        }
    }
    gone.subtract(&base.map(|base| base.version().deletes).unwrap_or_default());
    teller.deletions(&gone, &new, &set, &mut acts);
    acts.into_iter().map(|(act, _)| act).collect()
}

/// Returns the units that an update holds, with or without their content.
pub fn held(update: &Update<'_>) -> IdSet {
    let mut held = IdSet::default();
    for (client, blocks) in update.clients() {
        for block in blocks.iter().filter(|block| block.kind != BlockKind::Skip) {
            held.insert(client, block.clock..block.next_clock());
        }
    }
    held
}

/// Adds an act; text that continues the previous one is merged into it.
fn join(acts: &mut Vec<(Act, Option<u32>)>, act: Act, list: Option<u32>) {
    if let Some((last, of)) = acts.last_mut() {
        let goes_on = last.client == act.client
            && last.does == act.does
            && *of == list
            && last.to.checked_add(1) == Some(act.from)
            && matches!(
                act.does,
                Doing::InsertsText | Doing::DeletesText | Doing::Adds | Doing::WritesNothingAnyMore
            );
        if goes_on {
            last.to = act.to;
            last.units = last.units.saturating_add(act.units);
            if let (Some(told), Some(more)) = (&mut last.what, &act.what)
                && told.len() < TOLD
            {
                if act.does == Doing::Adds {
                    told.push_str(", ");
                }
                told.push_str(more);
            }
            return;
        }
    }
    acts.push((act, list));
}

struct Teller<'t, 'a> {
    placed: PlacedBlocks,
    all: &'t Update<'a>,
    paths: BTreeMap<u32, String>,
}

impl Teller<'_, '_> {
    fn path(&mut self, list: Option<u32>) -> Option<String> {
        let list = list?;
        let placed = &self.placed;
        Some(self.paths.entry(list).or_insert_with(|| placed.path(list)).clone())
    }

    fn tell(&mut self, client: u64, index: usize, block: &Block, clocks: Range<u32>) -> Act {
        let list = self.placed.list(index);
        let keyed = list.is_some_and(|list| self.placed.is_keyed(list));
        let does = match block.kind {
            BlockKind::Gc | BlockKind::Deleted | BlockKind::Skip => Doing::WritesNothingAnyMore,
            BlockKind::Format => Doing::Formats,
            _ if keyed => Doing::Sets,
            BlockKind::String => Doing::InsertsText,
            _ => Doing::Adds,
        };
        let what = what(self.all, block, &clocks);
        self.act(client, list, does, clocks, what)
    }

    fn act(
        &mut self,
        client: u64,
        list: Option<u32>,
        does: Doing,
        clocks: Range<u32>,
        what: Option<String>,
    ) -> Act {
        Act {
            client: client.to_string(),
            from: clocks.start,
            to: clocks.end.saturating_sub(1),
            does,
            path: self.path(list),
            units: clocks.end.saturating_sub(clocks.start),
            what,
        }
    }

    /// Adds deletions of existing content. Not listed separately: what was written in the same update, is in
    /// a container that is deleted as a whole, or was replaced under its key, unless what replaced it is
    /// deleted, too.
    fn deletions(
        &mut self,
        gone: &DeleteSet,
        new: &IdSet,
        set: &BTreeSet<u32>,
        acts: &mut Vec<(Act, Option<u32>)>,
    ) {
        let all = self.all;
        for (client, range) in gone.iter() {
            let mut old = DeleteSet::default();
            old.insert(client, range);
            old.subtract(new);
            for (_, range) in old.iter() {
                let mut at = range.start;
                while at < range.end {
                    let found = all.find_block(client, at);
                    let end =
                        found.map_or(range.end, |(_, block)| block.next_clock().min(range.end));
                    let clocks = at..end.max(at.saturating_add(1));
                    at = clocks.end;
                    let list = found.and_then(|(index, _)| self.placed.list(index));
                    if list.is_some_and(|list| set.contains(&list)) {
                        continue;
                    }
                    let is_text = found.is_some_and(|(_, block)| block.kind == BlockKind::String)
                        && list.is_none_or(|list| !self.placed.is_keyed(list));
                    let does = if is_text { Doing::DeletesText } else { Doing::Deletes };
                    let what = found.and_then(|(_, block)| what(all, block, &clocks));
                    let act = self.act(client, list, does, clocks, what);
                    join(acts, act, list);
                }
            }
        }
    }
}

/// Returns what some units of a block hold, as a person would write it.
fn what(update: &Update<'_>, block: &Block, clocks: &Range<u32>) -> Option<String> {
    let skipped = clocks.start.saturating_sub(block.clock) as usize;
    let count = clocks.end.saturating_sub(clocks.start) as usize;
    let mut reader = ByteReader::at(update.content(block), 0);
    Some(match block.kind {
        BlockKind::String => {
            let units = reader.text().ok()?.encode_utf16().skip(skipped).take(count.min(TOLD));
            String::from_utf16_lossy(&units.collect::<Vec<u16>>())
        }
        BlockKind::Any | BlockKind::Json => {
            let values = reader.count(1).ok()?;
            let mut told: Vec<String> = Vec::new();
            let mut length = 0;
            for at in 0..values.min(skipped.saturating_add(count)) {
                let mut again = reader.clone();
                let value = match block.kind {
                    BlockKind::Any => any::read(&mut reader).ok(),
                    _ => any::embedded(reader.text().ok()?),
                };
                if value.is_none() && block.kind == BlockKind::Any {
                    again.skip_any().ok()?;
                    reader = again;
                }
                if at >= skipped && length < TOLD {
                    let text = value.map_or("…".to_owned(), |value| value.to_json().to_string());
                    length += text.len();
                    told.push(text);
                }
            }
            told.join(", ")
        }
        BlockKind::Embed => reader.text().ok()?.to_owned(),
        BlockKind::Format => format!("{} = {}", reader.text().ok()?, reader.text().ok()?),
        BlockKind::Binary => format!("{} bytes", reader.buffer().ok()?.len()),
        BlockKind::Doc => format!("document {}", reader.text().ok()?),
        BlockKind::Type => match reader.byte().ok()? {
            0 => "array".to_owned(),
            1 => "map".to_owned(),
            2 => "text".to_owned(),
            3 => format!("<{}>", reader.text().ok()?),
            4 => "xml-fragment".to_owned(),
            5 => format!("hook {}", reader.text().ok()?),
            6 => "xml-text".to_owned(),
            _ => "link".to_owned(),
        },
        BlockKind::Move => "move".to_owned(),
        BlockKind::Gc | BlockKind::Skip | BlockKind::Deleted => return None,
    })
}
