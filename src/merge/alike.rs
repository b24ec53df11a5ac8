//! Removes duplicates from text: what two people wrote alike at one place, without knowing of each other, is
//! kept once. It happens when both ran the same program over the text.
//!
//! Only deletions are written, and which of two copies goes follows from the document alone: everyone who
//! merges the same does the same, and what both have deleted is deleted once.

use crate::crdt::register::MergeSide;
use crate::crdt::source::Source;
use crate::crdt::text_edit::TextEdit;
use crate::crdt::view::{TextRun, View, is_new};
use crate::error::Result;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::schema::{FieldKind, Spec};
use crate::store::Session;
use crate::wire::{Clocks, DeleteSet, Id, raise};
use std::collections::BTreeMap;
use std::ops::Range;

/// Deletes one of two copies that came into shared texts.
///
/// # Errors
/// Those of the store.
pub fn heal(
    session: &mut Session,
    doc: &DocId,
    spec: &Spec,
    before: &View,
    sides: &[MergeSide<'_>],
) -> Result<()> {
    let texts = texts(spec, before);
    if texts.is_empty() {
        return Ok(());
    }
    let mut ours = before.version().clocks.clone();
    for part in sides {
        let Some(theirs) = part.seen else { continue };
        let Some(after) = session.at_hand(doc)? else { return Ok(()) };
        // A whole state shows what its sender saw.
        let whole = match part.update.needs().is_empty() {
            true => Some(View::read(&part.update)?),
            false => None,
        };
        let whole = whole.filter(|whole| whole.version().clocks == *theirs);
        let mut healed = Vec::new();
        for text in &texts {
            let path = text.steps();
            if before.shows_the_same(&after, &path) {
                continue;
            }
            let shown = [Some(before), whole.as_ref()].map(|view| view?.text(&path));
            let both = match shown {
                [Some(a), Some(b)] if a == b => Some(a),
                _ => None,
            };
            let deleted = &after.version().deletes;
            // What was shown here says nothing about what earlier parts brought.
            let here = if both.is_some() { &before.version().clocks } else { &ours };
            let edits = surplus(&after.runs(&path), deleted, [here, theirs], both.as_deref());
            if !edits.is_empty() {
                healed.push((path, edits));
            }
        }
        if !healed.is_empty() {
            session.edit(doc, |txn| {
                healed.iter().try_for_each(|(path, edits)| txn.edit_text(path, edits))
            })?;
        }
        raise(&mut ours, theirs);
    }
    Ok(())
}

/// Returns where the shared texts of a document are.
fn texts(spec: &Spec, view: &View) -> Vec<DocPath> {
    let mut texts = Vec::new();
    for collection in spec.collections {
        for field in collection.fields.iter().filter(|field| field.kind == FieldKind::SharedText) {
            texts.extend(collection.records(view).iter().map(|record| record.child(field.name)));
        }
    }
    texts
}

/// A letter of a merged text, and who had it before.
struct Letter {
    at: Range<usize>,
    id: Id,
    had: Had,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Had {
    Both,
    /// Only the side with this number.
    One(usize),
    /// Neither: it came with something else.
    None,
}

/// Returns what is to be deleted from a merged text, given what is deleted in its document, what each side
/// knew, and what both showed if they showed the same.
pub fn surplus(
    runs: &[TextRun<'_>],
    deleted: &DeleteSet,
    sides: [&Clocks; 2],
    both: Option<&str>,
) -> Vec<TextEdit> {
    let text: String = runs.iter().map(|run| run.text).collect();
    let letters = letters(runs, sides);
    let mut gone = vec![false; letters.len()];
    match both {
        Some(both) => beyond(both, &text, &letters, &mut gone),
        None => {
            doubled(&text, &letters, deleted, &mut gone);
            same(&text, &letters, &mut gone);
        }
    }
    let mut edits: Vec<TextEdit> = Vec::new();
    for (letter, _) in letters.iter().zip(&gone).filter(|(_, gone)| **gone) {
        match edits.last_mut().filter(|last| last.range.end == letter.at.start) {
            Some(last) => last.range.end = letter.at.end,
            None => edits.push(TextEdit { range: letter.at.clone(), insert: String::new() }),
        }
    }
    edits
}

fn letters(runs: &[TextRun<'_>], sides: [&Clocks; 2]) -> Vec<Letter> {
    let mut letters = Vec::new();
    let mut at = 0usize;
    for run in runs {
        let mut id = run.id;
        for letter in run.text.chars() {
            let had = match sides.map(|clocks| !is_new(id, clocks)) {
                [true, true] => Had::Both,
                [true, false] => Had::One(0),
                [false, true] => Had::One(1),
                [false, false] => Had::None,
            };
            let end = at.saturating_add(letter.len_utf8());
            letters.push(Letter { at: at..end, id, had });
            at = end;
            id.clock = id.clock.saturating_add(u32::try_from(letter.len_utf16()).unwrap_or(1));
        }
    }
    letters
}

/// Returns what one side has of a stretch of letters.
fn part<'l>(text: &str, letters: &'l [Letter], side: usize) -> (String, Vec<&'l Letter>) {
    let of: Vec<&Letter> = letters.iter().filter(|letter| letter.had == Had::One(side)).collect();
    let said = of.iter().filter_map(|letter| text.get(letter.at.clone())).collect();
    (said, of)
}

/// Looks between two letters that both sides had: at what each wrote there alone, alike, or one with
/// something more before, after or within it because somebody continued what both had written. The shorter
/// copy goes, of two equally long ones that of the later client: always the lesser in one order, so that of
/// many copies the greatest stays whoever merges which. If one side was written by several replicas, it
/// cannot be told which copy goes, so neither does.
fn doubled(text: &str, letters: &[Letter], deleted: &DeleteSet, gone: &mut [bool]) {
    let mut start = 0;
    let stretches = letters.split_inclusive(|letter| letter.had == Had::Both);
    for stretch in stretches {
        if rewritten(text, stretch, deleted, gone.get_mut(start..).unwrap_or_default()) {
            start += stretch.len();
            continue;
        }
        let [(ours, a), (theirs, b)] = [0, 1].map(|side| part(text, stretch, side));
        let writer = |of: &[&Letter]| {
            let first = of.first()?.id.client;
            of.iter().all(|letter| letter.id.client == first).then_some(first)
        };
        if let (Some(a), Some(b)) = (writer(&a), writer(&b))
            && a != b
        {
            let is_ours = (ours.len(), b) < (theirs.len(), a);
            let (lesser, greater, client) =
                if is_ours { (&ours, &theirs, a) } else { (&theirs, &ours, b) };
            // Other text that came there may belong to either.
            let is_all = stretch.iter().all(|letter| letter.had != Had::None);
            if lesser == greater || is_all && stands_in(lesser, greater) {
                let gone = gone.iter_mut().skip(start).zip(stretch);
                gone.for_each(|(gone, letter)| {
                    *gone |= letter.had != Had::Both && letter.id.client == client;
                });
            }
        }
        start += stretch.len();
    }
}

/// Like [`doubled`], if one side changed part of what both had written. A program writes everything at once:
/// the letters of one copy are as far apart, by their clocks, as those of the other, and what somebody
/// deleted from one is a gap there. What was deleted from one copy is deleted from both, and the copy to
/// which nothing was added goes; of two such copies that of the later client. If both sides have added
/// something, neither goes. Returns whether there were copies of which one goes.
fn rewritten(text: &str, stretch: &[Letter], deleted: &DeleteSet, gone: &mut [bool]) -> bool {
    let is_all = stretch.iter().all(|letter| letter.had != Had::None);
    let [a, b] = [0, 1].map(|side| writing(text, stretch, side));
    let ends = [(a.first(), b.first()), (a.last(), b.last())];
    let shift = |(a, b): (Option<&SideLetter>, Option<&SideLetter>)| {
        let (a, b) = (a?.id, b?.id);
        (is_all && a.client != b.client)
            .then(|| i64::from(b.clock).saturating_sub(i64::from(a.clock)))
    };
    let copies = ends.into_iter().filter_map(shift).find_map(|shift| {
        let one = copied(&a, &b, shift, deleted)?;
        Some([one, copied(&b, &a, shift.saturating_neg(), deleted)?])
    });
    let Some([in_a, in_b]) = copies else { return false };
    let later = match (a.first(), b.first()) {
        (Some(a), Some(b)) => usize::from(a.id.client < b.id.client),
        _ => return false,
    };
    let goes = match [&in_a, &in_b].map(|copy| copy.contains(&InOther::Added)) {
        [true, true] => return false,
        [true, false] => 1,
        [false, true] => 0,
        [false, false] => later,
    };
    for (side, (letters, copy)) in [(&a, &in_a), (&b, &in_b)].into_iter().enumerate() {
        for (letter, copied) in letters.iter().zip(copy) {
            if (side == goes || *copied == InOther::Deleted)
                && let Some(gone) = gone.get_mut(letter.at)
            {
                *gone = true;
            }
        }
    }
    true
}

/// A letter that one side has alone.
struct SideLetter {
    /// Its place among the letters of the stretch.
    at: usize,
    id: Id,
    is: char,
}

/// Returns what one side has of a stretch of letters.
fn writing(text: &str, stretch: &[Letter], side: usize) -> Vec<SideLetter> {
    let of = stretch.iter().enumerate().filter(|(_, letter)| letter.had == Had::One(side));
    let written = of.filter_map(|(at, letter)| {
        let is = text.get(letter.at.clone())?.chars().next()?;
        Some(SideLetter { at, id: letter.id, is })
    });
    written.collect()
}

/// What a letter of one copy is in the other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum InOther {
    /// Present there too.
    There,
    /// Deleted there.
    Deleted,
    /// Never there: somebody added it.
    Added,
}

/// Returns what each letter of a text is in another, whose clocks have this distance from its own; `None` if
/// the two are not copies of one text: letters differ or are in another order, too few are in both, or a word
/// only begins or ends like one of the other, so that it cannot be told whether it was written that way or
/// changed.
fn copied(
    one: &[SideLetter],
    other: &[SideLetter],
    shift: i64,
    deleted: &DeleteSet,
) -> Option<Vec<InOther>> {
    let (client, others) = (one.first()?.id.client, other.first()?.id.client);
    let there: BTreeMap<i64, (usize, char)> = other
        .iter()
        .enumerate()
        .filter(|(_, letter)| letter.id.client == others)
        .map(|(at, letter)| (i64::from(letter.id.clock), (at, letter.is)))
        .collect();
    let found = |letter: &SideLetter| {
        let clock = i64::from(letter.id.clock).saturating_add(shift);
        there.get(&clock).filter(|_| letter.id.client == client)
    };
    let mut last = None;
    let (mut first_clock, mut last_clock, mut both, mut says) = (None, None, 0usize, false);
    for letter in one {
        let Some((at, is)) = found(letter) else { continue };
        if *is != letter.is || last.is_some_and(|last| last >= *at) {
            return None;
        }
        last = Some(*at);
        first_clock.get_or_insert(letter.id.clock);
        last_clock = Some(letter.id.clock);
        both = both.saturating_add(1);
        says |= !is.is_whitespace();
    }
    let within = first_clock?..=last_clock?;
    let is_deleted = |letter: &SideLetter| {
        let clock = u32::try_from(i64::from(letter.id.clock).saturating_add(shift));
        clock.is_ok_and(|clock| deleted.contains(Id { client: others, clock }))
    };
    let copied: Vec<InOther> = one
        .iter()
        .map(|letter| match found(letter) {
            Some(_) => InOther::There,
            None if letter.id.client == client
                && within.contains(&letter.id.clock)
                && is_deleted(letter) =>
            {
                InOther::Deleted
            }
            None => InOther::Added,
        })
        .collect();
    let deleted = copied.iter().filter(|copied| **copied == InOther::Deleted).count();
    let pairs = one.iter().zip(&copied);
    let is_told = pairs.clone().zip(pairs.skip(1)).all(|((a, of_a), (b, of_b))| {
        // Somebody who adds to a word does so later: then its clocks continue where the others' do not.
        let at_once = a.id.client == b.id.client
            && i64::from(b.id.clock).saturating_sub(i64::from(a.id.clock)) == units(a.is);
        let is_edge = (*of_a == InOther::Added) != (*of_b == InOther::Added);
        let in_word = a.is.is_alphanumeric() && b.is.is_alphanumeric();
        !(is_edge && in_word && at_once)
    });
    (says && is_told && deleted <= both).then_some(copied)
}

/// Returns how many clocks a letter takes.
fn units(letter: char) -> i64 {
    i64::try_from(letter.len_utf16()).unwrap_or(1)
}

/// Returns whether a text is another with one piece removed between words: at its beginning, its end or
/// within. Blanks alone are not a copy of the blanks in other words.
fn stands_in(lesser: &str, greater: &str) -> bool {
    let [lesser, greater] = [lesser, greater].map(words);
    let alike = |(a, b): &(&&str, &&str)| a == b;
    let first = lesser.iter().zip(&greater).take_while(alike).count();
    let last = lesser.iter().rev().zip(greater.iter().rev()).take_while(alike).count();
    let says = lesser.iter().any(|word| !word.trim().is_empty());
    says && lesser.len() < greater.len() && first.saturating_add(last) >= lesser.len()
}

/// Splits into words, stretches of blanks, and single other letters.
fn words(text: &str) -> Vec<&str> {
    let kind = |letter: char| (letter.is_alphanumeric(), letter.is_whitespace());
    let mut words = Vec::new();
    let mut start = 0;
    let mut before = None;
    for (at, letter) in text.char_indices() {
        let is_other =
            before.is_some_and(|kind_of| kind_of != kind(letter) || kind_of == (false, false));
        if is_other {
            words.extend(text.get(start..at));
            start = at;
        }
        before = Some(kind(letter));
    }
    words.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    words
}

/// Handles sides whose texts are equal as a whole: what one of them wrote alone goes.
fn same(text: &str, letters: &[Letter], gone: &mut [bool]) {
    let left = |side: usize| {
        let of = letters.iter().zip(gone.iter()).filter(move |(_, gone)| !**gone);
        of.map(|(letter, _)| letter)
            .filter(move |letter| matches!(letter.had, Had::Both) || letter.had == Had::One(side))
    };
    let said =
        |side| -> String { left(side).filter_map(|letter| text.get(letter.at.clone())).collect() };
    let first = |side| left(side).filter(|letter| letter.had != Had::Both).map(|l| l.id).min();
    let (Some(a), Some(b)) = (first(0), first(1)) else { return };
    if said(0) != said(1) {
        return;
    }
    let later = usize::from((a.client, a.clock) < (b.client, b.clock));
    for (letter, gone) in letters.iter().zip(gone.iter_mut()) {
        *gone |= letter.had == Had::One(later);
    }
}

/// Marks everything in a merged text that exceeds what both sides said, if removing it is enough to get that.
/// What came with something else belongs to neither side, and stays.
fn beyond(both: &str, text: &str, letters: &[Letter], gone: &mut [bool]) {
    let mut left = both;
    let mut picked = Vec::with_capacity(letters.len());
    for letter in letters {
        if letter.had == Had::None {
            picked.push(false);
            continue;
        }
        let said = text.get(letter.at.clone()).unwrap_or_default();
        let rest = left.strip_prefix(said);
        picked.push(rest.is_none());
        left = rest.unwrap_or(left);
    }
    if left.is_empty() {
        gone.copy_from_slice(&picked);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A merged text, healed given what each of two replicas knew of it.
    fn healed(runs: &[(u64, u32, &str)], sides: [&[(u64, u32)]; 2], both: Option<&str>) -> String {
        let runs: Vec<TextRun<'_>> = runs
            .iter()
            .map(|(client, clock, text)| TextRun {
                id: Id { client: *client, clock: *clock },
                text,
            })
            .collect();
        let sides = sides.map(|side| side.iter().copied().collect::<Clocks>());
        let text: String = runs.iter().map(|run| run.text).collect();
        // What is not there is deleted.
        let mut deleted = DeleteSet::default();
        let there = |client: u64, clock: u32| {
            runs.iter().any(|run| {
                let end = run.id.clock + u32::try_from(run.text.encode_utf16().count()).unwrap();
                run.id.client == client && (run.id.clock..end).contains(&clock)
            })
        };
        for client in [2, 3, 4] {
            let gone = (0..50).filter(|clock| !there(client, *clock));
            gone.for_each(|clock| deleted.insert(client, clock..clock + 1));
        }
        let edits = surplus(&runs, &deleted, [&sides[0], &sides[1]], both);
        crate::concern::disk::difference::apply(&text, &edits)
    }

    const A: &[(u64, u32)] = &[(1, 100), (2, 50)];
    const B: &[(u64, u32)] = &[(1, 100), (3, 50)];

    #[test]
    fn what_both_wrote_at_one_place_stands_there_once() {
        let runs = [(1, 0, "x "), (2, 0, "new "), (3, 0, "new "), (1, 50, "y"), (3, 20, "b")];
        assert_eq!(healed(&runs, [A, B], None), "x new yb");
        // The same letters go, whoever merges.
        assert_eq!(healed(&runs, [B, A], None), "x new yb");
        // Different text, or text at different places, stays.
        let runs = [(1, 0, "x "), (2, 0, "new "), (3, 0, "old "), (1, 50, "y"), (3, 20, "new ")];
        assert_eq!(healed(&runs, [A, B], None), "x new old ynew ");
    }

    #[test]
    fn of_what_one_went_on_with_the_shorter_copy_goes() {
        // Both wrote `- ` there, and one of them continued; whichever copy comes first.
        let runs = [(1, 0, "x\n"), (3, 0, "- "), (2, 0, "- one EDIT"), (1, 50, "\n* y")];
        assert_eq!(healed(&runs, [A, B], None), "x\n- one EDIT\n* y");
        assert_eq!(healed(&runs, [B, A], None), "x\n- one EDIT\n* y");
        let runs = [(1, 0, "x\n"), (3, 0, "- one EDIT"), (2, 0, "- "), (1, 50, "\n* y")];
        assert_eq!(healed(&runs, [A, B], None), "x\n- one EDIT\n* y");
        // Before it, and within it.
        for more in ["go - a b", "- a b go", "- a go b"] {
            let runs = [(1, 0, "x\n"), (2, 0, "- a b"), (3, 0, more), (1, 50, "\ny")];
            assert_eq!(healed(&runs, [A, B], None), format!("x\n{more}\ny"));
        }
        // Other words, words with a common beginning, and blanks alone are not copies.
        for (one, other) in [("a b", "a c d"), ("a ", "apple "), (" ", "go on "), ("b a", "a b c")]
        {
            let runs = [(1, 0, "x"), (2, 0, one), (3, 0, other), (1, 50, "y")];
            assert_eq!(healed(&runs, [A, B], None), format!("x{one}{other}y"));
        }
    }

    #[test]
    fn what_one_changed_in_its_copy_stands_once() {
        // Both wrote `one two three.`, and one changed `two` to `2`.
        let changed = [(2, 10, "one "), (2, 30, "2 "), (2, 18, "three.")];
        let copy = [(3, 5, "one two three.")];
        let whole = |first: &[(u64, u32, &'static str)], then: &[(u64, u32, &'static str)]| {
            [&[(1, 0, "x\n")], first, then, &[(1, 50, "\ny")]].concat()
        };
        for runs in [whole(&changed, &copy), whole(&copy, &changed)] {
            for sides in [[A, B], [B, A]] {
                assert_eq!(healed(&runs, sides, None), "x\none 2 three.\ny");
            }
        }
        // Words were deleted from both copies, and none added.
        let (less, other) =
            ([(2, 10, "one "), (2, 18, "three.")], [(3, 5, "one two "), (3, 18, ".")]);
        assert_eq!(healed(&whole(&less, &other), [A, B], None), "x\none .\ny");
        // A third replica changed the copy of the first.
        let third = [(2, 10, "one "), (4, 7, "2 "), (2, 18, "three.")];
        let knew: &[(u64, u32)] = &[(1, 100), (2, 50), (4, 50)];
        assert_eq!(healed(&whole(&third, &copy), [knew, B], None), "x\none 2 three.\ny");
        // Both changed something, or it was written that way: nobody's words go.
        for (one, other) in [
            (
                vec![(2, 10, "one "), (2, 30, "2 "), (2, 18, "three.")],
                vec![(3, 5, "one two "), (3, 40, "3.")],
            ),
            (vec![(2, 10, "go home")], vec![(3, 5, "go homeward")]),
            (vec![(2, 10, "happy now")], vec![(3, 5, "unhappy now")]),
            (vec![(2, 10, "one "), (2, 18, "three")], vec![(3, 5, "one two thr!!")]),
            (vec![(2, 10, "a")], vec![(3, 5, "apple")]),
        ] {
            let said = |runs: &[(u64, u32, &str)]| -> String {
                runs.iter().map(|(_, _, text)| *text).collect()
            };
            let all = format!("x\n{}{}\ny", said(&one), said(&other));
            assert_eq!(healed(&whole(&one, &other), [A, B], None), all);
        }
    }

    #[test]
    fn what_is_not_deleted_elsewhere_was_added_here() {
        // The clocks in between belong to something else.
        let runs = [(1, 0, "x"), (2, 10, "we go "), (2, 19, "home"), (3, 0, "we go on home")];
        let elsewhere = [(1, 50, "y"), (2, 16, "abc")];
        let runs = [&runs[..], &elsewhere].concat();
        assert_eq!(healed(&runs, [A, B], None), "xwe go on homeyabc");
        let unlike = [(1, 0, "x"), (2, 10, "we go "), (2, 16, "home"), (3, 0, "we go on home")];
        let both = [&unlike[..], &[(2, 40, "!"), (1, 50, "y")]].concat();
        assert_eq!(healed(&both, [A, B], None), "xwe go homewe go on home!y");
    }

    #[test]
    fn what_one_knew_of_is_no_copy() {
        let runs = [(1, 0, "x "), (2, 0, "new "), (3, 0, "new ")];
        let knew: &[(u64, u32)] = &[(1, 100), (2, 50), (3, 50)];
        assert_eq!(healed(&runs, [knew, B], None), "x new new ");
        assert_eq!(healed(&runs, [A, knew], None), "x new new ");
    }

    #[test]
    fn a_letter_is_found_behind_pairs_of_units() {
        // Two units each: what the sides had ends within the second run.
        let runs = [(1, 0, "😀😀"), (2, 10, "😀é"), (3, 0, "😀é")];
        let ours: &[(u64, u32)] = &[(1, 100), (2, 13)];
        assert_eq!(healed(&runs, [ours, &[(1, 100), (3, 3)]], None), "😀😀😀é");
        let less: &[(u64, u32)] = &[(1, 100), (2, 12)];
        assert_eq!(healed(&runs, [less, &[(1, 100), (3, 3)]], None), "😀😀😀é😀é");
    }

    #[test]
    fn where_both_said_the_same_the_merge_says_it() {
        // One of them had replaced more than the other.
        let runs = [(2, 0, "a b c"), (3, 0, "b")];
        assert_eq!(healed(&runs, [A, B], None), "a b cb");
        assert_eq!(healed(&runs, [A, B], Some("a b c")), "a b c");
        // The text cannot become that: nothing is deleted.
        assert_eq!(healed(&runs, [A, B], Some("a b d")), "a b cb");
        // What came with something else is not a copy of theirs.
        let runs = [(4, 0, "new "), (2, 0, "a b c"), (3, 0, "b")];
        assert_eq!(healed(&runs, [A, B], Some("a b c")), "new a b c");
        // The copies are apart.
        let runs = [(2, 0, "a"), (1, 0, "a"), (3, 0, "a")];
        assert_eq!(healed(&runs, [A, B], None), "aa");
        assert_eq!(healed(&runs, [B, A], None), "aa");
    }
}
