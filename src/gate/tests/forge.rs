//! Updates of a few bytes each that cause much work, block by block.

use crate::wire::write_var;

/// A client's blocks, from clock 0 on.
pub type Blocks = (u64, Vec<Vec<u8>>);

/// An update of whole clients, with deleted ranges (clock and length) of one of them.
pub fn update(clients: &[Blocks], deletes: (u64, &[(u32, u32)])) -> Vec<u8> {
    let mut clients: Vec<&Blocks> = clients.iter().collect();
    clients.sort_by_key(|(client, _)| std::cmp::Reverse(*client));
    let mut out = var(clients.len() as u64);
    for (client, blocks) in clients {
        for number in [blocks.len() as u64, *client, 0] {
            write_var(&mut out, number);
        }
        blocks.iter().for_each(|block| out.extend_from_slice(block));
    }
    let (client, ranges) = deletes;
    write_var(&mut out, u64::from(!ranges.is_empty()));
    if !ranges.is_empty() {
        write_var(&mut out, client);
        write_var(&mut out, ranges.len() as u64);
        for (clock, len) in ranges {
            write_var(&mut out, u64::from(*clock));
            write_var(&mut out, u64::from(*len));
        }
    }
    out
}

fn var(number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write_var(&mut out, number);
    out
}

/// Nulls in the root array "a": the first of their list, or with a left or a right origin.
pub fn nulls(left: Option<(u64, u32)>, right: Option<(u64, u32)>, count: usize) -> Vec<u8> {
    let content = [var(count as u64), vec![0x7e; count]].concat();
    item(0x08, b"\x01\x01a", left, right, &content)
}

/// Text in the root text "t".
pub fn text(left: Option<(u64, u32)>, words: &str) -> Vec<u8> {
    let content = [var(words.len() as u64), words.as_bytes().to_vec()].concat();
    item(0x04, b"\x01\x01t", left, None, &content)
}

/// Null under the key "k" of the root map "m".
pub fn value(left: Option<(u64, u32)>) -> Vec<u8> {
    let info = if left.is_some() { 0x08 } else { 0x28 };
    item(info, b"\x01\x01m\x01k", left, None, &[1, 0x7e])
}

fn item(
    info: u8,
    parent: &[u8],
    left: Option<(u64, u32)>,
    right: Option<(u64, u32)>,
    content: &[u8],
) -> Vec<u8> {
    let mut out = vec![info | u8::from(left.is_some()) << 7 | u8::from(right.is_some()) << 6];
    for (client, clock) in left.into_iter().chain(right) {
        write_var(&mut out, client);
        write_var(&mut out, u64::from(clock));
    }
    if left.is_none() && right.is_none() {
        out.extend_from_slice(parent);
    }
    out.extend_from_slice(content);
    out
}

/// Items that each follow the one before.
pub fn chain(client: u64, len: u32, block: impl Fn(Option<(u64, u32)>) -> Vec<u8>) -> Blocks {
    let before = |clock: u32| clock.checked_sub(1).map(|before| (client, before));
    (client, (0..len).map(|clock| block(before(clock))).collect())
}
