use super::*;
use crate::crdt::content::Content;
use crate::crdt::doc::Doc;
use crate::wire::Update;
use sessions::{Lots, count, page, session};

#[path = "../../../tests/support/sessions.rs"]
mod sessions;

fn edit(range: Range<usize>, insert: &str) -> TextEdit {
    TextEdit { range, insert: insert.to_owned() }
}

/// The merge of two people's versions of one text, merged as documents are.
fn merged(base: &str, sides: [&str; 2], by: fn(&str, &str) -> Vec<TextEdit>) -> String {
    let mut genesis = Doc::new(1 << 50);
    genesis.edit(|txn| txn.put(&["m"], "t", &Content::Text(base.to_owned()))).unwrap();
    let (state, _) = genesis.encode().unwrap();
    let state = Update::checked(&state, &[]).unwrap();
    let mut docs = [Doc::load(&state, 2).unwrap(), Doc::load(&state, 3).unwrap()];
    for (doc, side) in docs.iter_mut().zip(sides) {
        doc.edit(|txn| txn.edit_text(&["m", "t"], &by(base, side))).unwrap();
        assert_eq!(doc.read(|source| source.text(&["m", "t"])).as_deref(), Some(side));
    }
    let updates = docs.each_ref().map(|doc| doc.updates().to_vec());
    for (doc, other) in docs.iter_mut().zip(updates.iter().rev()) {
        for update in other {
            doc.apply(&Update::checked(update, &[]).unwrap()).unwrap();
        }
    }
    let [one, other] = docs.map(|doc| doc.read(|source| source.text(&["m", "t"])).unwrap());
    assert_eq!(one, other);
    one
}

/// The simplest difference: everything between the first and the last letter that changed.
fn splice(old: &str, new: &str) -> Vec<TextEdit> {
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let start: usize =
        old.chars().zip(new.chars()).take_while(same).map(|(c, _)| c.len_utf8()).sum();
    let (rest, came) = (old.get(start..).unwrap(), new.get(start..).unwrap());
    let tails = rest.chars().rev().zip(came.chars().rev());
    let end: usize = tails.take_while(same).map(|(c, _)| c.len_utf8()).sum();
    vec![edit(start..old.len() - end, came.get(..came.len() - end).unwrap())]
}

#[test]
fn words_change_and_their_neighbours_stay() {
    assert_eq!(edits("a b c\n", "a x c\n"), [edit(2..4, "x ")]);
    assert_eq!(edits("a\nb\nc\n", "a\nc\n"), [edit(2..4, "")]);
    assert_eq!(edits("", "new"), [edit(0..0, "new")]);
    assert_eq!(edits("same", "same"), []);
    // Only a few small words would survive.
    let (old, new) = ("the cat of a house\n", "the dogs in of every a village today\n");
    assert_eq!(edits(old, new), [edit(0..old.len(), new)]);
}

#[test]
fn no_letter_is_split() {
    let line = |family: &str| format!("x {family} and all the other words of this line\n");
    let (old, new) = (line("👩‍👩‍👦"), line("👩‍👩‍👧"));
    assert_eq!(edits(&old, &new), [edit(2..21, "👩‍👩‍👧 ")]);
    // An accent on a blank: no word ends between them.
    assert_eq!(split_words("a \u{301}b c"), ["a \u{301}b ", "c"]);
    assert_eq!(split_words("  a  b"), ["  ", "a  ", "b"]);
}

#[test]
fn random_texts_become_one_another_and_no_letter_is_cut() {
    const PARTS: &[&str] =
        &["a", "b ", " ", "\n", "é", "e\u{301}", "👩‍👩‍👧", "🇩🇪", "\u{301}", "\t", "word ", "\r", "字"];
    for seed in 0..2_000 {
        let mut lots = Lots::new(seed);
        let mut text = |length: usize| -> String {
            (0..lots.below(length)).map(|_| PARTS[lots.below(PARTS.len())]).collect()
        };
        let (old, new) = (text(60), text(60));
        let all = edits(&old, &new);
        assert_eq!(apply(&old, &all), new, "seed {seed}");
        let ends: Vec<usize> =
            old.grapheme_indices(true).map(|(at, _)| at).chain([old.len()]).collect();
        let mut last = None;
        for edit in &all {
            assert!(
                ends.contains(&edit.range.start) && ends.contains(&edit.range.end),
                "seed {seed}"
            );
            assert!(last.is_none_or(|last| last < edit.range.start), "seed {seed}: edits touch");
            last = Some(edit.range.end);
        }
    }
}

#[test]
fn what_both_did_is_there_once_and_what_one_did_is_there() {
    let base = "one two three four\nfive six\nseven\n";
    let theirs = "one 2 three four\nfive six\nseven eight\n";
    let moved = |changed: &str| apply(theirs, &rebased(base, changed, theirs));
    assert_eq!(moved("one two 3 four\nfive six\nseven\n"), "one 2 3 four\nfive six\nseven eight\n");
    assert_eq!(moved(theirs), theirs);
    assert_eq!(moved("one two three four\nseven\n"), "one 2 three four\nseven eight\n");
    assert_eq!(moved(base), theirs);
    assert_eq!(moved(&format!("zero\n{base}")), format!("zero\n{theirs}"));
    // Where one side replaced what the other deleted, the replacement stays.
    assert_eq!(
        moved("one two three four\nfive six\n"),
        "one 2 three four\nfive six\nseven eight\n"
    );
    assert_eq!(apply("", &rebased("gone", "gone too", "")), "gone too");
}

#[test]
fn random_changes_move_to_what_others_made_of_the_text() {
    for seed in 0..400 {
        let mut lots = Lots::new(seed);
        let base = page(&mut lots, 800);
        let (ours, theirs) = (session(&mut lots, &base, "α", 6), session(&mut lots, &base, "β", 6));
        let all = rebased(&base, &ours, &theirs);
        let merged = apply(&theirs, &all);
        for pair in all.windows(2) {
            assert!(pair[0].range.end <= pair[1].range.start, "seed {seed}");
        }
        let of = |text: &str, mark: char| text.matches(mark).count();
        // New text is never lost: only text from the base can be deleted.
        assert_eq!(of(&merged, 'α'), of(&ours, 'α'), "seed {seed}");
        assert_eq!(of(&merged, 'β'), of(&theirs, 'β'), "seed {seed}");
        assert_eq!(apply(&base, &rebased(&base, &ours, &base)), ours, "seed {seed}");
        assert_eq!(apply(&theirs, &rebased(&base, &base, &theirs)), theirs, "seed {seed}");
    }
}

/// `benches/texts.rs` prints the whole table.
#[test]
fn merges_lose_few_words_and_make_up_few() {
    let (mut ours, mut simple) = ((0, 0), (0, 0));
    for seed in 0..8 {
        let mut lots = Lots::new(seed);
        let base = page(&mut lots, 20_000);
        let (a, b) = (session(&mut lots, &base, "α", 20), session(&mut lots, &base, "β", 20));
        let sides = [a.as_str(), b.as_str()];
        for (sum, by) in
            [(&mut ours, edits as fn(&str, &str) -> Vec<TextEdit>), (&mut simple, splice)]
        {
            let (lost, nobodys) = count(&base, sides, &merged(&base, sides, by));
            *sum = (sum.0 + lost, sum.1 + nobodys);
        }
    }
    assert!(ours.0 * 10 < simple.0, "lost {} of its words, a splice {}", ours.0, simple.0);
    assert!(ours.1 < 10, "{} words that nobody wrote, with a splice {}", ours.1, simple.1);
    println!("words lost / nobody's: {ours:?}, with one splice {simple:?}");
}
