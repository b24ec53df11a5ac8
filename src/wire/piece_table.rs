//! A state in pieces, before it is written as a whole: bytes of an unchanged file, and bytes added since.
//! Text editors call this a piece table.

use super::ByteReader;
use super::deletes::write_var;
use super::segments::{Bytes, Splice, SplicePart};
use std::borrow::Cow;
use std::ops::Range;

/// The bytes that make up a state, one piece after another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PieceTable {
    pieces: Vec<TablePiece>,
    bytes: u64,
    /// How many bytes were added, including those that no piece uses any more.
    added: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct TablePiece {
    /// Its offset in the state.
    begins: u64,
    bytes: u64,
    /// The offset of its bytes, in the file or among the added bytes.
    at: u64,
    is_added: bool,
}

impl PieceTable {
    /// Creates the table of a file of this size, with no changes.
    pub fn of_file(bytes: u64) -> PieceTable {
        let mut table = PieceTable::default();
        // The first piece cannot overflow.
        let _ = table.push(0..bytes, false);
        table
    }

    /// Returns the size of the state in bytes.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns how many bytes were added to the file, including those no longer needed.
    pub fn added(&self) -> u64 {
        self.added
    }

    /// Returns how many pieces there are.
    pub fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// Returns the state after a change, and the bytes that the change adds. `None` if the change is for
    /// another state.
    pub fn spliced(&self, splice: &Splice) -> Option<(PieceTable, Vec<u8>)> {
        let mut table = PieceTable { added: self.added, ..PieceTable::default() };
        let mut added = Vec::new();
        for part in splice.parts().iter() {
            match part {
                SplicePart::Copied(range) => {
                    for (range, is_added) in self.within(range.clone())? {
                        table.push(range, is_added)?;
                    }
                }
                SplicePart::New(bytes) => {
                    let end = table.added.checked_add(bytes.len() as u64)?;
                    table.push(table.added..end, true)?;
                    table.added = end;
                    added.extend_from_slice(bytes);
                }
            }
        }
        (table.bytes == splice.bytes).then_some((table, added))
    }

    /// Returns some bytes of the state. `None` if it is too short, or one of the two sources cannot be read.
    pub fn read<'b>(
        &self,
        range: Range<u64>,
        file: &'b (impl Bytes + ?Sized),
        added: &'b (impl Bytes + ?Sized),
    ) -> Option<Cow<'b, [u8]>> {
        let bytes = |range, is_added| match is_added {
            true => added.range(range),
            false => file.range(range),
        };
        let length = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
        let pieces = self.within(range)?;
        if let [(range, is_added)] = pieces.as_slice() {
            return bytes(range.clone(), *is_added);
        }
        let mut all = Vec::with_capacity(length);
        for (range, is_added) in pieces {
            all.extend_from_slice(&bytes(range, is_added)?);
        }
        Some(Cow::Owned(all))
    }

    /// Fills `room` with the bytes of the state from `at` on; `None` as for [`PieceTable::read`].
    pub fn read_into(
        &self,
        at: u64,
        mut room: &mut [u8],
        file: &(impl Bytes + ?Sized),
        added: &(impl Bytes + ?Sized),
    ) -> Option<()> {
        for (range, is_added) in self.within(at..at.checked_add(room.len() as u64)?)? {
            let length = usize::try_from(range.end.checked_sub(range.start)?).ok()?;
            let (part, rest) = room.split_at_mut_checked(length)?;
            match is_added {
                true => added.read_into(range.start, part)?,
                false => file.read_into(range.start, part)?,
            }
            room = rest;
        }
        Some(())
    }

    /// Returns where some bytes of the state come from, and whether they were added.
    fn within(&self, range: Range<u64>) -> Option<Vec<(Range<u64>, bool)>> {
        if range.start > range.end || range.end > self.bytes {
            return None;
        }
        let after = self.pieces.partition_point(|piece| piece.begins <= range.start);
        let mut found = Vec::new();
        for piece in self.pieces.iter().skip(after.saturating_sub(1)) {
            if piece.begins >= range.end {
                break;
            }
            let end = piece.begins.checked_add(piece.bytes)?;
            let (from, to) = (range.start.max(piece.begins), range.end.min(end));
            if from < to {
                let begin = piece.at.checked_add(from.checked_sub(piece.begins)?)?;
                let length = to.checked_sub(from)?;
                found.push((begin..begin.checked_add(length)?, piece.is_added));
            }
        }
        Some(found)
    }

    fn push(&mut self, range: Range<u64>, is_added: bool) -> Option<()> {
        let bytes = range.end.checked_sub(range.start)?;
        let (begins, at) = (self.bytes, range.start);
        self.bytes = begins.checked_add(bytes)?;
        match self.pieces.last_mut() {
            Some(last) if last.is_added == is_added && last.at.checked_add(last.bytes)? == at => {
                last.bytes = last.bytes.checked_add(bytes)?;
            }
            _ if bytes == 0 => {}
            _ => self.pieces.push(TablePiece { begins, bytes, at, is_added }),
        }
        Some(())
    }

    /// Encodes the table for [`PieceTable::decode`].
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        write_var(&mut out, self.added);
        write_var(&mut out, self.pieces.len() as u64);
        for piece in &self.pieces {
            out.push(u8::from(piece.is_added));
            write_var(&mut out, piece.at);
            write_var(&mut out, piece.bytes);
        }
        out
    }

    /// Reads what [`PieceTable::encode`] wrote; `None` if the bytes are something else.
    pub fn decode(bytes: &[u8]) -> Option<PieceTable> {
        let mut reader = ByteReader::at(bytes, 0);
        let mut table = PieceTable { added: reader.var().ok()?, ..PieceTable::default() };
        for _ in 0..reader.count(3).ok()? {
            let is_added = match reader.byte().ok()? {
                0 => false,
                1 => true,
                _ => return None,
            };
            let (at, bytes) = (reader.var().ok()?, reader.var().ok()?);
            let end = at.checked_add(bytes)?;
            if is_added && end > table.added {
                return None;
            }
            table.push(at..end, is_added)?;
        }
        (reader.left() == 0).then_some(table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Segments;

    /// A pseudorandom sequence of numbers (xorshift).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, end: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 % end as u64) as usize
        }
    }

    fn splice(parts: Vec<SplicePart>) -> Splice {
        let bytes = parts.iter().map(SplicePart::bytes).sum();
        Splice { parts: parts.into(), segments: Segments::default(), bytes }
    }

    /// Random parts of a state and other bytes, which need not make sense.
    fn change(dice: &mut Dice, state: &[u8]) -> Splice {
        let mut parts = Vec::new();
        for _ in 0..dice.below(6) {
            let (a, b) = (dice.below(state.len() + 1), dice.below(state.len() + 1));
            let copied = a.min(b) as u64..a.max(b) as u64;
            parts.push(match dice.below(3) {
                0 => SplicePart::New((0..dice.below(9)).map(|_| dice.below(256) as u8).collect()),
                _ => SplicePart::Copied(copied),
            });
        }
        splice(parts)
    }

    #[test]
    fn pieces_say_what_the_bytes_are_that_they_stand_for() {
        for seed in 0..300 {
            let mut dice = Dice(seed * 2 + 1);
            let file: Vec<u8> = (0..dice.below(200)).map(|at| at as u8).collect();
            let (mut state, mut added) = (file.clone(), Vec::new());
            let mut table = PieceTable::of_file(file.len() as u64);
            for _ in 0..12 {
                let change = change(&mut dice, &state);
                state = change.whole(state.as_slice()).unwrap();
                let (next, more) = table.spliced(&change).unwrap();
                added.extend_from_slice(&more);
                table = PieceTable::decode(&next.encode()).unwrap();
                assert_eq!(table, next, "seed {seed}");
                assert_eq!(
                    (table.bytes(), table.added()),
                    (state.len() as u64, added.len() as u64)
                );
                let (a, b) = (dice.below(state.len() + 1), dice.below(state.len() + 1));
                let (from, to) = (a.min(b), a.max(b));
                let read = table.read(from as u64..to as u64, file.as_slice(), added.as_slice());
                assert_eq!(read.as_deref(), state.get(from..to), "seed {seed}");
            }
            assert_eq!(table.read(0..table.bytes() + 1, file.as_slice(), added.as_slice()), None);
        }
    }

    #[test]
    fn what_does_not_decode_is_no_table() {
        let (table, _) = PieceTable::of_file(300)
            .spliced(&splice(vec![
                SplicePart::Copied(0..200),
                SplicePart::New(vec![1, 2, 3]),
                SplicePart::Copied(200..300),
            ]))
            .unwrap();
        let bytes = table.encode();
        for cut in 0..bytes.len() {
            assert_eq!(PieceTable::decode(&bytes[..cut]), None, "{cut} bytes");
        }
        // A piece longer than what was added, and one whose end overflows.
        assert_eq!(PieceTable::decode(&[2, 1, 1, 0, 3]), None);
        let huge = [vec![0, 1, 0], vec![0xff; 9], vec![1], vec![0xff; 9], vec![1]].concat();
        assert_eq!(PieceTable::decode(&huge), None);
    }
}
