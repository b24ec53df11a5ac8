//! Whether a file is still the same, or another one that has its name.

use super::tree::Held;
use crate::concern::disk::content::TextFile;
use crate::concern::disk::difference::edits;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};

/// The longest piece, as a fraction of the whole: a file has some hundreds of pieces.
const PIECES: u64 = 1 << 8;
const LEAST: u64 = 1 << 6;
/// The hash of no bytes.
const FIRST: u64 = 0xcbf2_9ce4_8422_2325;
/// How much is read at once.
const BUFFER: usize = 1 << 16;

/// Whether less than half of a text is left in its new version. `None` if either is not text.
pub fn is_another_text(before: &Held, now: &Held) -> Option<bool> {
    let [before, now] = [before, now].map(|held| held.bytes.as_deref().and_then(TextFile::of));
    let (before, now) = (before?.text, now?.text);
    let gone: usize = edits(&before, &now).iter().map(|edit| edit.range.len()).sum();
    Some(is_less(before.len().saturating_sub(gone) as u64, before.len() as u64))
}

/// The same for bytes, of which `before` has `size`: compares which pieces are left, wherever they are now.
///
/// # Errors
/// Those of reading.
pub fn is_another(before: impl Read, size: u64, now: impl Read) -> io::Result<bool> {
    let mut pieces: HashMap<u64, u64> = HashMap::new();
    let longest = (size / PIECES).max(LEAST);
    each_piece(before, longest, |piece, length| {
        let held = pieces.entry(piece).or_default();
        *held = held.saturating_add(length);
    })?;
    let mut left = 0u64;
    each_piece(now, longest, |piece, length| {
        if let Some(held) = pieces.get_mut(&piece) {
            let found = length.min(*held);
            (*held, left) = (held.saturating_sub(found), left.saturating_add(found));
        }
    })?;
    Ok(is_less(left, size))
}

fn is_less(left: u64, of: u64) -> bool {
    left.saturating_mul(2) < of
}

/// Splits bytes into pieces whose ends depend on the last few bytes, so that pieces after an insertion
/// or a deletion stay the same; passes on the hash and the length of each.
fn each_piece(bytes: impl Read, longest: u64, mut take: impl FnMut(u64, u64)) -> io::Result<()> {
    // One end in about this many bytes.
    let mask = (longest / 4).max(1).next_power_of_two().saturating_sub(1);
    let mut input = BufReader::with_capacity(BUFFER, bytes);
    let (mut hash, mut length, mut recent) = (FIRST, 0u64, 0u64);
    loop {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        let read = buffer.len();
        for byte in buffer {
            // FNV-1a: somebody who makes two pieces collide only fools himself.
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            length = length.saturating_add(1);
            // Only the last 64 bytes have an effect.
            recent = (recent << 1).wrapping_add(mixed(*byte));
            if (recent >> 32) & mask == 0 || length >= longest {
                take(hash, length);
                (hash, length) = (FIRST, 0);
            }
        }
        input.consume(read);
    }
    if length > 0 {
        take(hash, length);
    }
    Ok(())
}

/// A number for each byte, with well-mixed bits.
fn mixed(byte: u8) -> u64 {
    let mut number = (u64::from(byte).wrapping_add(1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No two stretches of them are the same.
    fn bytes(seed: u64, length: usize) -> Vec<u8> {
        let mut state = seed;
        let next = |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040);
            (state >> 56) as u8
        };
        (0..length).map(next).collect()
    }

    fn another(before: &[u8], now: &[u8]) -> bool {
        is_another(before, before.len() as u64, now).unwrap()
    }

    #[test]
    fn a_file_is_another_when_less_than_half_of_it_is_left() {
        for length in [3_000, 50_000, 900_000] {
            let whole = bytes(1, length);
            let more = [&bytes(2, 100)[..], &whole].concat();
            let third = [&whole[..length / 3], &bytes(3, length)].concat();
            let most = [&bytes(4, length)[..], &whole[length / 4..]].concat();
            assert!(!another(&whole, &whole) && !another(&whole, &more), "{length}");
            assert!(!another(&whole, &most), "{length}");
            assert!(another(&whole, &third) && another(&whole, &[]), "{length}");
            assert!(another(&whole, &bytes(5, length)), "{length}");
        }
        // Of nothing, everything is left; a content repeated many times counts once.
        assert!(!another(&[], b"new"));
        assert!(another(&[7; 9_000], &[7; 3_000]));
    }
}
