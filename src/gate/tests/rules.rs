//! Rule 1, one hand-made update for each way to break it.

use super::{check, checked};
use crate::gate::storable;
use crate::limits::{ANY_DEPTH, CONTAINER_DEPTH};
use crate::wire::{BlockKind, Fault, Id, RootKind, Update};

fn var(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn text(text: &str) -> Vec<u8> {
    [var(text.len() as u64), text.as_bytes().to_vec()].concat()
}

pub(super) fn id(client: u64, clock: u64) -> Vec<u8> {
    [var(client), var(clock)].concat()
}

/// An update of clients with (id, first clock, blocks), and a delete set as bytes.
pub(super) fn update_with(clients: &[(u64, u64, &[Vec<u8>])], deletes: &[u8]) -> Vec<u8> {
    let mut out = var(clients.len() as u64);
    for (client, clock, blocks) in clients {
        out.extend([var(blocks.len() as u64), id(*client, *clock), blocks.concat()].concat());
    }
    out.extend(deletes);
    out
}

pub(super) fn update(clients: &[(u64, u64, &[Vec<u8>])]) -> Vec<u8> {
    update_with(clients, &[0])
}

pub(super) const ANY: u8 = 8;
pub(super) const STRING: u8 = 4;
const TYPE: u8 = 7;
pub(super) const DELETED: u8 = 1;
const EMBED: u8 = 5;
const KEY: u8 = 0x20;

/// An item in a root.
pub(super) fn at_root(kind: u8, root: &str, key: Option<&str>, content: &[u8]) -> Vec<u8> {
    let flag = if key.is_some() { KEY } else { 0 };
    [vec![kind | flag, 1], text(root), key.map(text).unwrap_or_default(), content.to_vec()].concat()
}

/// An item in the container that another one created.
fn within(kind: u8, parent: Vec<u8>, key: Option<&str>, content: &[u8]) -> Vec<u8> {
    let flag = if key.is_some() { KEY } else { 0 };
    [vec![kind | flag, 0], parent, key.map(text).unwrap_or_default(), content.to_vec()].concat()
}

pub(super) fn after(kind: u8, left: Vec<u8>, content: &[u8]) -> Vec<u8> {
    [vec![kind | 0x80], left, content.to_vec()].concat()
}

pub(super) fn between(kind: u8, left: Vec<u8>, right: Vec<u8>, content: &[u8]) -> Vec<u8> {
    [vec![kind | 0xc0], left, right, content.to_vec()].concat()
}

/// The content of one `true`.
pub(super) const TRUE: [u8; 2] = [1, 120];
const ARRAY: [u8; 1] = [0];
const MAP: [u8; 1] = [1];
const TEXT: [u8; 1] = [2];

#[track_caller]
pub(super) fn assert_rule(bytes: &[u8], rule: &str) -> Fault {
    match check(bytes) {
        Ok(_) => panic!("passed, but breaks {rule}"),
        Err(fault) => {
            assert_eq!(fault.rule, rule, "{fault}");
            assert!(fault.offset <= bytes.len());
            fault
        }
    }
}

#[test]
fn the_empty_update_is_fine() {
    assert_eq!(storable(&[0, 0]).unwrap(), Default::default());
}

#[test]
fn each_client_once() {
    let block = [at_root(ANY, "l", None, &TRUE)];
    assert_rule(&update(&[(1, 0, &block), (1, 1, &block)]), "duplicate-client");
    let deletes = [2, 1, 1, 0, 1, 1, 1, 1, 1];
    assert_rule(&update_with(&[(1, 0, &block)], &deletes), "duplicate-client");
    assert_rule(&update(&[(1, 0, &[])]), "truncated");
    assert_rule(&[1, 0, 1, 0, 0, 0], "empty");
}

#[test]
fn clocks_and_clients_within_bounds() {
    let gc = |len: u64| [vec![0], var(len)].concat();
    let end = 1 << 31;
    checked(&update(&[(1, 0, &[gc(end)])]));
    assert_rule(&update(&[(1, 0, &[gc(end + 1)])]), "clock");
    assert_rule(&update(&[(1, 1, &[gc(end)])]), "clock");
    assert_rule(&update(&[(1, 0, &[gc(end), gc(1)])]), "clock");
    assert_rule(&update(&[(1, end, &[gc(1)])]), "clock");
    assert_rule(&update(&[(1, 0, &[gc(0)])]), "empty");
    assert_rule(&update(&[(1 << 53, 0, &[gc(1)])]), "client");
    checked(&update(&[((1 << 53) - 1, 0, &[gc(1)])]));
    assert_rule(&[&[1, 1][..], &[0xff; 11]].concat(), "varint");
    assert_rule(&update(&[(1, 0, &[after(ANY, id(2, end), &TRUE)])]), "clock");
}

#[test]
fn deletions_sorted_and_disjoint() {
    let gc = [[vec![0], var(20)].concat()];
    let with = |ranges: &[u8]| update_with(&[(1, 0, &gc)], &[&[1, 1][..], ranges].concat());
    checked(&with(&[2, 0, 5, 5, 5]));
    checked(&with(&[0]));
    assert_rule(&with(&[2, 5, 5, 0, 5]), "delete-set");
    assert_rule(&with(&[2, 0, 5, 4, 5]), "delete-set");
    assert_rule(&with(&[1, 3, 0]), "delete-set");
    assert_rule(&with(&[&[1][..], &var((1 << 31) - 1), &[2]].concat()), "delete-set");
    assert_rule(&with(&[3, 0, 1]), "truncated");
}

#[test]
fn counts_are_bounded_by_the_bytes() {
    assert_rule(&var(1 << 40), "truncated");
    assert_rule(&[&[1][..], &var(1 << 30), &[1, 0, 0, 0]].concat(), "truncated");
    let values = [var(1 << 30), vec![120]].concat();
    assert_rule(&update(&[(1, 0, &[at_root(ANY, "l", None, &values)])]), "truncated");
    let map = [vec![1, 118], var(1 << 30), vec![0, 120]].concat();
    assert_rule(&update(&[(1, 0, &[at_root(ANY, "l", None, &map)])]), "truncated");
}

#[test]
fn text_is_utf8() {
    let broken = [2, 0xc3, 0x28];
    assert_rule(&update(&[(1, 0, &[at_root(STRING, "t", None, &broken)])]), "utf8");
    // A lone surrogate.
    let broken = [3, 0xed, 0xa0, 0x80];
    assert_rule(&update(&[(1, 0, &[at_root(STRING, "t", None, &broken)])]), "utf8");
}

#[test]
fn only_known_kinds_and_types() {
    assert_rule(&update(&[(1, 0, &[vec![10, 5]])]), "skip");
    for (kind, content) in [
        (2, [vec![1], text("1")].concat()),
        (6, [text("bold"), text("true")].concat()),
        (9, [text("guid"), vec![127]].concat()),
        (11, vec![1, 1, 0]),
    ] {
        let bytes = update(&[(1, 0, &[at_root(kind, "l", None, &content)])]);
        assert!(Update::walk(&bytes).is_ok(), "kind {kind} is walked");
        assert_rule(&bytes, "kind");
    }
    for kind in [0, 10, 12, 15, 16, 17, 24, 31] {
        assert_rule(&update(&[(1, 0, &[at_root(kind | KEY, "m", Some("k"), &TRUE)])]), "unknown");
    }
    for content in [vec![4], [vec![3], text("p")].concat(), vec![6], vec![9], vec![15]] {
        let bytes = update(&[(1, 0, &[at_root(TYPE, "l", None, &content)])]);
        assert!(Update::walk(&bytes).is_ok(), "type {content:?} is walked");
        assert_rule(&bytes, "type");
    }
    let weak = [vec![7, 1], id(1, 0), id(1, 1)].concat();
    assert!(Update::walk(&update(&[(1, 0, &[at_root(TYPE, "l", None, &weak)])])).is_ok());
    assert_rule(&update(&[(1, 0, &[at_root(TYPE, "l", None, &[8])])]), "unknown");
    assert_rule(&update(&[(1, 0, &[at_root(ANY, "l", None, &[1, 99])])]), "value");
    assert_rule(&update(&[(1, 0, &[at_root(EMBED, "t", None, &text("{"))])]), "value");
    let parent = [vec![ANY, 2], text("l"), TRUE.to_vec()].concat();
    assert_rule(&update(&[(1, 0, &[parent])]), "parent");
}

#[test]
fn content_fits_its_container() {
    let value = TRUE.as_slice();
    let word = text("ab");
    let json = text("1");
    let two = [2, 120, 120];
    for (container, kind, key, content, rule) in [
        (ARRAY, ANY, None, value, ""),
        (ARRAY, ANY, Some("k"), value, "key"),
        (ARRAY, STRING, None, &word, "content"),
        (ARRAY, EMBED, None, &json, "content"),
        (TEXT, STRING, None, &word, ""),
        (TEXT, EMBED, None, &json, ""),
        (TEXT, TYPE, None, &MAP, ""),
        (TEXT, ANY, None, value, "content"),
        // An attribute.
        (TEXT, ANY, Some("k"), value, "mixed"),
        (MAP, ANY, Some("k"), value, ""),
        (MAP, DELETED, Some("k"), &[3], ""),
        (MAP, TYPE, Some("k"), &MAP, ""),
        (MAP, ANY, None, value, "key"),
        (MAP, STRING, Some("k"), &word, "content"),
        (MAP, STRING, None, &word, "key"),
        (MAP, ANY, Some("k"), &two, "content"),
    ] {
        let outer = at_root(TYPE, "l", None, &container);
        let bytes = update(&[(1, 0, &[outer.clone(), within(kind, id(1, 0), key, content)])]);
        let case = format!("kind {kind} under key {key:?} in {container:?}");
        match (check(&bytes), rule) {
            (Ok(_), "") => {}
            (Err(fault), rule) => assert_eq!(fault.rule, rule, "{case}: {fault}"),
            (Ok(_), rule) => panic!("{case} passed, but breaks {rule}"),
        }
        // As an update of its own, the fault shows only against the document.
        let base = update(&[(1, 0, &[outer])]);
        let alone = update(&[(2, 0, &[within(kind, id(1, 0), key, content)])]);
        let settled = check(&alone).and_then(|update| update.fits(&checked(&base)));
        assert_eq!(settled.err().map_or("", |fault| fault.rule), rule, "{case}, apart");
    }
}

#[test]
fn a_run_of_values_under_a_key_is_fine_once_deleted() {
    let run = [at_root(ANY, "m", Some("k"), &[2, 120, 121])];
    assert_rule(&update(&[(1, 0, &run)]), "content");
    assert_rule(&update_with(&[(1, 0, &run)], &[1, 1, 1, 0, 1]), "content");
    checked(&update_with(&[(1, 0, &run)], &[1, 1, 1, 0, 2]));
}

#[test]
fn roots_are_one_kind_of_thing() {
    let value = at_root(ANY, "r", None, &TRUE);
    let field = at_root(ANY, "r", Some("k"), &TRUE);
    let word = at_root(STRING, "r", None, &text("a"));
    for (a, b, rule) in
        [(&value, &field, "key"), (&field, &word, "key"), (&value, &word, "content")]
    {
        let bytes = update(&[(1, 0, &[a.clone(), b.clone()])]);
        // Programs may use a root that no concern knows as two types.
        assert!(assert_rule(&bytes, "mixed").is_unsupported());
        let expected = if rule == "key" { RootKind::Map } else { RootKind::Text };
        let fault = Update::walk(&bytes).unwrap().check(&[("r", expected)]).err().unwrap();
        assert_eq!((fault.rule, fault.is_unsupported()), (rule, false));
    }
    for (item, kind) in
        [(&value, RootKind::Array), (&field, RootKind::Map), (&word, RootKind::Text)]
    {
        let bytes = update(&[(1, 0, std::slice::from_ref(item))]);
        for expected in [RootKind::Array, RootKind::Map, RootKind::Text] {
            let passed = Update::walk(&bytes).unwrap().check(&[("r", expected)]).is_ok();
            assert_eq!(passed, kind == expected, "{kind:?} as {expected:?}");
            assert!(Update::walk(&bytes).unwrap().check(&[("other", expected)]).is_ok());
        }
        // Against a document that has the root as another type.
        for other in [&value, &field, &word] {
            let base = update(&[(2, 0, std::slice::from_ref(other))]);
            let fits = checked(&bytes).fits(&checked(&base)).is_ok();
            assert_eq!(fits, std::ptr::eq(item, other));
        }
    }
}

#[test]
fn parents_are_containers() {
    let value = at_root(ANY, "l", None, &TRUE);
    let inside = within(ANY, id(1, 0), None, &TRUE);
    assert_rule(&update(&[(1, 0, &[value.clone(), inside.clone()])]), "parent");
    let apart = update(&[(2, 0, std::slice::from_ref(&inside))]);
    let base = update(&[(1, 0, &[value])]);
    assert_eq!(checked(&apart).fits(&checked(&base)).err().map(|f| f.rule), Some("parent"));
    // A container that is gone accepts anything, which becomes GC.
    let deleted = at_root(DELETED, "l", None, &[1]);
    checked(&update(&[(1, 0, &[deleted, inside.clone()])]));
    checked(&update(&[(1, 0, &[vec![0, 1], inside])]));
}

#[test]
fn origins_agree_and_come_before() {
    let in_l = at_root(ANY, "l", None, &TRUE);
    let in_k = at_root(ANY, "k", None, &TRUE);
    let both = between(ANY, id(1, 0), id(1, 1), &TRUE);
    checked(&update(&[(1, 0, &[in_l.clone(), in_l.clone(), both.clone()])]));
    assert_rule(&update(&[(1, 0, &[in_l.clone(), in_k.clone(), both.clone()])]), "origin");
    let keys = [at_root(ANY, "m", Some("a"), &TRUE), at_root(ANY, "m", Some("b"), &TRUE)];
    let other = between(ANY, id(1, 0), id(1, 1), &TRUE);
    assert_rule(&update(&[(1, 0, &[keys[0].clone(), keys[1].clone(), other])]), "origin");
    // In the document, too.
    let base = update(&[(1, 0, &[in_l.clone(), in_k])]);
    let apart = update(&[(2, 0, std::slice::from_ref(&both))]);
    assert_eq!(checked(&apart).fits(&checked(&base)).err().map(|f| f.rule), Some("origin"));
    // One gone, the other not; unless the place of the latter is not known.
    let gc = vec![0, 1];
    assert_rule(&update(&[(1, 0, &[in_l.clone(), gc.clone(), both.clone()])]), "origin");
    assert_rule(&update(&[(1, 0, &[gc.clone(), in_l.clone(), both.clone()])]), "origin");
    checked(&update(&[(1, 0, &[gc.clone(), within(ANY, id(3, 0), None, &TRUE), both.clone()])]));
    checked(&update(&[(1, 0, &[gc.clone(), gc, both.clone()])]));
    // The right one before the left one, in one block or in several.
    let run = at_root(ANY, "l", None, &[3, 120, 120, 120]);
    let then = after(ANY, id(1, 2), &TRUE);
    for (left, right, fine) in
        [(0, 1, true), (0, 3, true), (1, 1, false), (2, 0, true), (3, 1, false), (3, 0, true)]
    {
        let item = between(ANY, id(1, left), id(1, right), &TRUE);
        let bytes = update(&[(1, 0, &[run.clone(), then.clone(), item.clone()])]);
        assert_eq!(check(&bytes).is_ok(), fine, "{left} {right}");
        // The place of something deleted makes no difference.
        let deleted =
            update_with(&[(1, 0, &[run.clone(), then.clone(), item.clone()])], &[1, 1, 1, 4, 1]);
        checked(&deleted);
        let base = update(&[(1, 0, std::slice::from_ref(&run))]);
        let bytes = update(&[(1, 3, &[then.clone(), item])]);
        let fits = check(&bytes).and_then(|update| update.fits(&checked(&base)));
        assert_eq!(fits.is_ok(), fine, "{left} {right}, apart");
    }
    // References to itself, to later ones, and cycles.
    assert_rule(&update(&[(1, 0, &[after(ANY, id(1, 0), &TRUE)])]), "origin");
    assert_rule(&update(&[(1, 0, &[after(ANY, id(1, 7), &TRUE)])]), "origin");
    let circle =
        update(&[(1, 0, &[after(ANY, id(2, 0), &TRUE)]), (2, 0, &[after(ANY, id(1, 0), &TRUE)])]);
    assert_rule(&circle, "origin");
    let circle = update(&[
        (1, 0, &[in_l.clone(), within(ANY, id(2, 1), None, &TRUE)]),
        (2, 0, &[after(ANY, id(1, 1), &TRUE), at_root(TYPE, "l", None, &ARRAY)]),
    ]);
    assert_rule(&circle, "origin");
}

#[test]
fn nesting_is_bounded() {
    let any = |depth: usize| [vec![1], [117, 1].repeat(depth), vec![120]].concat();
    let holding = |content: &[u8]| update(&[(1, 0, &[at_root(ANY, "l", None, content)])]);
    checked(&holding(&any(ANY_DEPTH)));
    assert_rule(&holding(&any(ANY_DEPTH + 1)), "nesting");
    // Deep enough to overflow a stack if there were recursion.
    assert_rule(&holding(&any(1_000_000)), "nesting");
    let embedded = |json: &str| update(&[(1, 0, &[at_root(EMBED, "t", None, &text(json))])]);
    let json = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    checked(&embedded(&json(ANY_DEPTH)));
    assert!(assert_rule(&embedded(&json(ANY_DEPTH + 1)), "nesting").is_unsupported());
    assert_rule(&embedded(&json(1_000_000)), "nesting");
    assert_rule(&embedded(r#"["[[[\"]["#), "value");

    let nested = |depth: u64| {
        let mut blocks = vec![at_root(TYPE, "l", None, &ARRAY)];
        blocks.extend((1..depth).map(|clock| within(TYPE, id(1, clock - 1), None, &ARRAY)));
        blocks
    };
    let limit = CONTAINER_DEPTH as u64;
    checked(&update(&[(1, 0, &nested(limit))]));
    assert_rule(&update(&[(1, 0, &nested(limit + 1))]), "nesting");
    // Half of it in the document, half in the update.
    let base = update(&[(1, 0, &nested(limit))]);
    let one_more = update(&[(2, 0, &[within(TYPE, id(1, limit - 1), None, &ARRAY)])]);
    assert_eq!(checked(&one_more).fits(&checked(&base)).err().map(|f| f.rule), Some("nesting"));
}

#[test]
fn long_chains_and_many_waiting_clients_stay_linear() {
    // Every client waits for the one after it; then each block waits for the other client's.
    let clients: Vec<(u64, Vec<Vec<u8>>)> = (0..20_000_u64)
        .map(|n| (n, vec![after(ANY, id(n + 1, 0), &TRUE)]))
        .chain([(20_000, vec![at_root(ANY, "l", None, &TRUE)])])
        .collect();
    let clients: Vec<(u64, u64, &[Vec<u8>])> =
        clients.iter().map(|(id, blocks)| (*id, 0, blocks.as_slice())).collect();
    assert_eq!(checked(&update(&clients)).needs().len(), 0);
    let ping = |other: u64, own: u64| -> Vec<Vec<u8>> {
        (0..20_000_u64).map(|n| after(ANY, id(other, n + own), &TRUE)).collect()
    };
    let mut first = vec![at_root(ANY, "l", None, &TRUE)];
    first.extend(ping(2, 0));
    let bytes = update(&[(1, 0, &first), (2, 0, &ping(1, 0))]);
    assert_eq!(checked(&bytes).version().clocks.len(), 2);
}

#[test]
fn empty_items_are_read_over_as_in_yrs() {
    let bytes = update(&[(
        1,
        0,
        &[at_root(STRING, "t", None, &text("")), at_root(STRING, "t", None, &text("a"))],
    )]);
    let update = checked(&bytes);
    assert_eq!(update.version().clocks[&1], 1);
    assert_eq!(update.block(Id { client: 1, clock: 0 }).unwrap().kind, BlockKind::String);
}

#[test]
fn needs_are_what_lies_outside() {
    let bytes = update_with(
        &[
            (5, 3, &[after(ANY, id(7, 9), &TRUE)]),
            (6, 0, &[within(ANY, id(8, 4), None, &TRUE), after(ANY, id(6, 0), &TRUE)]),
        ],
        &[2, 6, 1, 0, 4, 9, 1, 2, 3],
    );
    let update = checked(&bytes);
    let needs = [(5, 3), (6, 4), (7, 10), (8, 5), (9, 5)];
    assert_eq!(*update.needs(), needs.into());
    assert_eq!(update.missing(&[(5, 3), (6, 1), (7, 100), (9, 5)].into()), [(6, 4), (8, 5)].into());
    assert_eq!(storable(&bytes).err().map(|fault| fault.rule), Some("incomplete"));
}

#[test]
fn a_fault_says_where_and_why() {
    let bytes = update(&[(1, 0, &[vec![10, 5]])]);
    let fault = check(&bytes).err().unwrap();
    assert_eq!(fault.to_string(), "byte 4: the update has a gap (skip)");
}
