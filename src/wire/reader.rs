//! Reads the primitives of the format from untrusted bytes: every step is bounded by what is left, and
//! nothing is copied.

use super::head::{HAS_KEY, HAS_LEFT, HAS_RIGHT, KIND, ROOT_PARENT, TEXT_VALUE};
use super::{BlockKind, Fault, Header, Id, Parent};
use crate::limits::{ANY_DEPTH, CLIENT_END, CLOCK_END};
use std::str::Utf8Error;

/// The largest number that yrs and Yjs write as an integer.
const INT_END: u64 = 0x7fff_ffff;

pub const WEAK_RANGE: u8 = 0b0000_0001;
pub const WEAK_START_UNBOUNDED: u8 = 0b0000_1000;
pub const WEAK_END_UNBOUNDED: u8 = 0b0001_0000;
pub const WEAK_ROOT: u8 = 0b0010_0000;

/// A position in bytes.
#[derive(Clone)]
pub struct ByteReader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// A skipped value is nested deeper than [`ANY_DEPTH`].
    deep: bool,
    /// A skipped value is one that yrs would encode differently.
    odd: bool,
}

impl<'a> ByteReader<'a> {
    #[inline]
    pub fn at(bytes: &'a [u8], at: usize) -> Self {
        ByteReader { bytes, at, deep: false, odd: false }
    }

    /// Whether a value skipped since the last call is nested too deeply to be read.
    #[inline]
    pub fn take_deep(&mut self) -> bool {
        std::mem::take(&mut self.deep)
    }

    /// Whether yrs would encode differently a value that was read since the last call: it has no BigInt
    /// beside its numbers, and no −0 among its whole ones.
    #[inline]
    pub fn take_odd(&mut self) -> bool {
        std::mem::take(&mut self.odd)
    }

    #[inline]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Returns the next byte, if there is one.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    pub fn left(&self) -> usize {
        self.bytes.len().saturating_sub(self.at)
    }

    #[cold]
    pub fn fault(&self, rule: &'static str, reason: impl Into<String>) -> Fault {
        Fault::new(self.at, rule, reason)
    }

    #[cold]
    fn truncated(&self) -> Fault {
        self.fault("truncated", "the bytes end in the middle of a value")
    }

    #[inline]
    pub fn byte(&mut self) -> Result<u8, Fault> {
        let byte = *self.bytes.get(self.at).ok_or_else(|| self.truncated())?;
        self.at += 1;
        Ok(byte)
    }

    #[inline]
    pub fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let end = self.at.checked_add(len).ok_or_else(|| self.truncated())?;
        let taken = self.bytes.get(self.at..end).ok_or_else(|| self.truncated())?;
        self.at = end;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (taken, _) = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.split_first_chunk::<N>())
            .ok_or_else(|| self.truncated())?;
        self.at += N;
        Ok(*taken)
    }

    /// Reads an unsigned number, seven bits per byte, least significant first.
    #[inline]
    pub fn var(&mut self) -> Result<u64, Fault> {
        match self.peek() {
            Some(byte) if byte < 0x80 => {
                self.at += 1;
                Ok(u64::from(byte))
            }
            _ => self.long_var(),
        }
    }

    #[inline]
    fn long_var(&mut self) -> Result<u64, Fault> {
        let ahead = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>());
        if let Some(ahead) = ahead {
            let word = u64::from_le_bytes(*ahead);
            // A clear highest bit marks the last byte of a number.
            let ends = !word & 0x8080_8080_8080_8080;
            if ends != 0 {
                let last = ends.trailing_zeros();
                self.at += last as usize / 8 + 1;
                return Ok(joined_sevens(word & (u64::MAX >> (63 - last))));
            }
        }
        self.slow_var()
    }

    /// Skips this many numbers, whatever they are.
    pub fn skip_vars(&mut self, count: usize) -> Result<(), Fault> {
        let mut left = count;
        while let Some(word) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            // A clear highest bit marks the last byte of a number.
            let ends = (!u64::from_le_bytes(*word) >> 7) & 0x0101_0101_0101_0101;
            // The product has the sum of all bytes in its highest.
            let ends = (ends.wrapping_mul(0x0101_0101_0101_0101) >> 56) as usize;
            if ends >= left {
                break;
            }
            left -= ends;
            self.at += 8;
        }
        while left > 0 {
            left -= usize::from(self.byte()? < 0x80);
        }
        Ok(())
    }

    /// Reads a number that is longer than eight bytes, or near the end.
    #[cold]
    #[inline(never)]
    fn slow_var(&mut self) -> Result<u64, Fault> {
        let start = self.at;
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Fault::new(start, "varint", "a number of more than 64 bits"))
    }

    /// Reads a signed number: six bits and the sign in the first byte, then seven bits per byte.
    pub fn signed(&mut self) -> Result<i64, Fault> {
        let start = self.at;
        let first = self.byte()?;
        let mut value = i64::from(first & 0x3f);
        let mut more = first >= 0x80;
        let mut shift = 6;
        while more {
            let byte = self.byte()?;
            // 6 + 8·7 = 62 bits: what fits without touching the sign.
            if shift > 55 {
                return Err(Fault::new(start, "varint", "a whole number of more than 62 bits"));
            }
            value |= i64::from(byte & 0x7f) << shift;
            more = byte >= 0x80;
            shift += 7;
        }
        Ok(if first & 0x40 != 0 { -value } else { value })
    }

    /// Reads how many entries follow, each of which takes at least `least` bytes.
    #[inline]
    pub fn count(&mut self, least: usize) -> Result<usize, Fault> {
        let start = self.at;
        let count = self.var()?;
        match usize::try_from(count) {
            Ok(count) if count <= self.left() / least.max(1) => Ok(count),
            _ => Err(Fault::too_many(start, count)),
        }
    }

    /// Reads a clock or a length in clocks.
    #[inline]
    pub fn clock(&mut self) -> Result<u32, Fault> {
        match self.short_var() {
            Some(clock) => Ok(clock),
            None => self.any_clock(),
        }
    }

    /// Reads a number of at most four bytes, which is no clock too large; `None` if it is longer, or near the
    /// end.
    #[inline]
    fn short_var(&mut self) -> Option<u32> {
        let word = u32::from_le_bytes(*self.bytes.get(self.at..)?.first_chunk::<4>()?);
        // A clear highest bit marks the last byte of a number.
        let ends = !word & 0x8080_8080;
        if ends == 0 {
            return None;
        }
        let last = ends.trailing_zeros();
        self.at += last as usize / 8 + 1;
        let word = word & (u32::MAX >> (31 - last));
        let sevens = |at: u32| (word >> at) & (0x7f << (at * 7));
        Some(sevens(0) | sevens(1) | sevens(2) | sevens(3))
    }

    #[inline(never)]
    fn any_clock(&mut self) -> Result<u32, Fault> {
        let start = self.at;
        let clock = self.var()?;
        match u32::try_from(clock) {
            Ok(clock) if clock <= CLOCK_END => Ok(clock),
            _ => {
                Err(Fault::new(start, "clock", format!("a clock or length of {clock}, past 2^31")))
            }
        }
    }

    #[inline]
    pub fn client(&mut self) -> Result<u64, Fault> {
        let start = self.at;
        let client = self.var()?;
        match client < CLIENT_END {
            true => Ok(client),
            false => Err(Fault::no_client(start, client)),
        }
    }

    #[inline]
    pub fn id(&mut self) -> Result<Id, Fault> {
        let client = self.client()?;
        let start = self.at;
        let clock = self.clock()?;
        if clock >= CLOCK_END {
            return Err(Fault::new(start, "clock", "a reference past clock 2^31"));
        }
        Ok(Id { client, clock })
    }

    #[inline]
    pub fn buffer(&mut self) -> Result<&'a [u8], Fault> {
        let len = self.count(1)?;
        self.take(len)
    }

    pub fn text(&mut self) -> Result<&'a str, Fault> {
        let bytes = self.buffer()?;
        std::str::from_utf8(bytes).map_err(|fault| self.not_text(bytes, fault))
    }

    /// Reads the bytes of a text without validating it, which is cheaper.
    #[inline]
    pub fn text_bytes(&mut self) -> Result<&'a [u8], Fault> {
        let bytes = self.buffer()?;
        match bytes.is_ascii() {
            true => Ok(bytes),
            false => match std::str::from_utf8(bytes) {
                Ok(_) => Ok(bytes),
                Err(fault) => Err(self.not_text(bytes, fault)),
            },
        }
    }

    #[cold]
    fn not_text(&self, bytes: &[u8], fault: Utf8Error) -> Fault {
        let start = self.at.saturating_sub(bytes.len());
        Fault::new(start.saturating_add(fault.valid_up_to()), "utf8", "text that is not UTF-8")
    }

    /// Reads the left and the right origin, directly after the info byte of an item.
    #[inline]
    pub fn origins(&mut self, info: u8) -> Result<(Option<Id>, Option<Id>), Fault> {
        let left = if info & HAS_LEFT != 0 { Some(self.id()?) } else { None };
        let right = if info & HAS_RIGHT != 0 { Some(self.id()?) } else { None };
        Ok((left, right))
    }

    /// Reads what follows the info byte of an item, up to its content.
    #[inline]
    pub fn header(&mut self, info: u8) -> Result<Header<'a>, Fault> {
        self.header_by(info, Self::text)
    }

    /// Like [`ByteReader::header`], with names and keys as bytes.
    #[inline]
    pub fn raw_header(&mut self, info: u8) -> Result<Header<'a, [u8]>, Fault> {
        self.header_by(info, Self::text_bytes)
    }

    /// Like [`ByteReader::raw_header`], for an item that was read before: names and keys are not validated
    /// again.
    #[inline]
    pub fn known_header(&mut self, info: u8) -> Result<Header<'a, [u8]>, Fault> {
        self.header_by(info, Self::buffer)
    }

    #[inline]
    fn header_by<T: ?Sized>(
        &mut self,
        info: u8,
        text: fn(&mut Self) -> Result<&'a T, Fault>,
    ) -> Result<Header<'a, T>, Fault> {
        let (left, right) = self.origins(info)?;
        if left.is_some() || right.is_some() {
            // Parent and key are the origin's; HAS_KEY then means nothing.
            return Ok(Header { left, right, ..Header::default() });
        }
        let parent = match self.var()? {
            root if root == u64::from(ROOT_PARENT) => Parent::Root(text(self)?),
            0 => Parent::Item(self.id()?),
            other => return Err(self.fault("parent", format!("a parent of form {other}"))),
        };
        let key = if info & HAS_KEY != 0 { Some(text(self)?) } else { None };
        Ok(Header { left, right, parent: Some(parent), key })
    }

    /// Returns the kind that an item's info byte names.
    #[inline]
    pub fn kind(&self, info: u8) -> Result<BlockKind, Fault> {
        Ok(match info & KIND {
            1 => BlockKind::Deleted,
            2 => BlockKind::Json,
            3 => BlockKind::Binary,
            4 => BlockKind::String,
            5 => BlockKind::Embed,
            6 => BlockKind::Format,
            7 => BlockKind::Type,
            8 => BlockKind::Any,
            9 => BlockKind::Doc,
            11 => BlockKind::Move,
            other => return Err(self.fault("unknown", format!("content of unknown kind {other}"))),
        })
    }

    /// Skips the content of an item; returns its length in clocks.
    pub fn skip_content(&mut self, kind: BlockKind) -> Result<u32, Fault> {
        match kind {
            BlockKind::Gc | BlockKind::Skip | BlockKind::Deleted => return self.clock(),
            BlockKind::String => {
                let units = utf16_len(self.text_bytes()?);
                return u32::try_from(units).map_err(|_| self.fault("clock", "a text too long"));
            }
            BlockKind::Json | BlockKind::Any => return self.skip_values(kind),
            BlockKind::Binary => {
                self.buffer()?;
            }
            BlockKind::Embed => {
                self.text_bytes()?;
            }
            BlockKind::Format => {
                self.text_bytes()?;
                self.text_bytes()?;
            }
            BlockKind::Type => self.skip_type()?,
            BlockKind::Doc => {
                self.text_bytes()?;
                self.skip_any()?;
            }
            BlockKind::Move => self.skip_move()?,
        }
        Ok(1)
    }

    fn skip_values(&mut self, kind: BlockKind) -> Result<u32, Fault> {
        let count = self.count(1)?;
        for _ in 0..count {
            match kind {
                BlockKind::Json => {
                    self.text_bytes()?;
                }
                _ => self.skip_any()?,
            }
        }
        u32::try_from(count).map_err(|_| self.fault("clock", "a run too long"))
    }

    fn skip_type(&mut self) -> Result<(), Fault> {
        match self.byte()? {
            // XML elements and hooks have a name.
            3 | 5 => {
                self.text()?;
            }
            7 => self.skip_weak()?,
            0..=2 | 4 | 6 | 9 | 15 => {}
            other => {
                return Err(self.fault("unknown", format!("a container of unknown type {other}")));
            }
        }
        Ok(())
    }

    fn skip_weak(&mut self) -> Result<(), Fault> {
        let flags = self.byte()?;
        let root = flags & WEAK_ROOT != 0;
        self.skip_weak_end(flags & WEAK_START_UNBOUNDED != 0, root)?;
        if flags & WEAK_END_UNBOUNDED != 0 {
            return self.skip_weak_end(true, root);
        }
        if flags & WEAK_RANGE != 0 {
            self.id()?;
        }
        Ok(())
    }

    fn skip_weak_end(&mut self, unbounded: bool, root: bool) -> Result<(), Fault> {
        if unbounded && root {
            self.text()?;
        } else {
            self.id()?;
        }
        Ok(())
    }

    fn skip_move(&mut self) -> Result<(), Fault> {
        // Yjs writes the flags unsigned, yrs signed; the lowest bit and the length agree.
        let collapsed = self.bytes.get(self.at).is_some_and(|flags| flags & 1 != 0);
        self.var()?;
        self.id()?;
        if !collapsed {
            self.id()?;
        }
        Ok(())
    }

    /// Skips one value, however deep its parts are nested.
    #[inline]
    pub fn skip_any(&mut self) -> Result<(), Fault> {
        match self.any_head()? {
            head @ (AnyHead::Map(_) | AnyHead::List(_)) => self.skip_parts(head),
            head => self.skip_scalar(head),
        }
    }

    /// Skips the parts of a value. The open containers are kept in a list, not on the stack.
    fn skip_parts(&mut self, head: AnyHead) -> Result<(), Fault> {
        let mut open: Vec<(usize, bool)> = Vec::new();
        let mut next = head;
        loop {
            match next {
                AnyHead::Map(count) => open.push((count, true)),
                AnyHead::List(count) => open.push((count, false)),
                head => self.skip_scalar(head)?,
            }
            self.deep |= open.len() > ANY_DEPTH;
            while let Some((0, _)) = open.last() {
                open.pop();
            }
            let Some((left, keyed)) = open.last_mut() else { return Ok(()) };
            *left = left.saturating_sub(1);
            if *keyed {
                self.text_bytes()?;
            }
            next = self.any_head()?;
        }
    }

    #[inline]
    fn skip_scalar(&mut self, head: AnyHead) -> Result<(), Fault> {
        match head {
            AnyHead::String => self.text_bytes().map(drop),
            AnyHead::Buffer => self.buffer().map(drop),
            _ => Ok(()),
        }
    }

    /// Reads the tag of a value, with what has a fixed form; the rest of the value follows.
    #[inline]
    pub fn any_head(&mut self) -> Result<AnyHead, Fault> {
        let start = self.at;
        Ok(match self.byte()? {
            127 => AnyHead::Undefined,
            126 => AnyHead::Null,
            125 => {
                let negative = self.peek().is_some_and(|byte| byte & 0x40 != 0);
                let n = self.signed()?;
                self.odd |= (n == 0 && negative) || n.unsigned_abs() > INT_END;
                if n == 0 && negative { AnyHead::Float(-0.0) } else { AnyHead::Int(n) }
            }
            124 => AnyHead::Float(f64::from(f32::from_be_bytes(self.array()?))),
            123 => AnyHead::Float(f64::from_be_bytes(self.array()?)),
            122 => {
                self.odd = true;
                AnyHead::BigInt(i64::from_be_bytes(self.array()?))
            }
            121 => AnyHead::Bool(false),
            120 => AnyHead::Bool(true),
            TEXT_VALUE => AnyHead::String,
            118 => AnyHead::Map(self.count(2)?),
            117 => AnyHead::List(self.count(1)?),
            116 => AnyHead::Buffer,
            other => return Err(Fault::unknown_tag(start, other)),
        })
    }
}

/// The beginning of a value.
pub enum AnyHead {
    Undefined,
    Null,
    Bool(bool),
    Int(i64),
    BigInt(i64),
    Float(f64),
    String,
    Buffer,
    Map(usize),
    List(usize),
}

/// Joins eight groups of seven bits, each in a byte of its own, into one number.
fn joined_sevens(word: u64) -> u64 {
    let word = (word & 0x007f_007f_007f_007f) | ((word & 0x7f00_7f00_7f00_7f00) >> 1);
    let word = (word & 0x0000_3fff_0000_3fff) | ((word & 0x3fff_0000_3fff_0000) >> 2);
    (word & 0x0fff_ffff) | ((word & 0x0fff_ffff_0000_0000) >> 4)
}

/// Returns the length of a text in UTF-16 units: every character counts once, those beyond the basic plane
/// (four bytes in UTF-8) twice.
pub fn utf16_len(text: &[u8]) -> usize {
    text.iter().map(|b| usize::from(b & 0xc0 != 0x80) + usize::from(*b >= 0xf0)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::write_var;

    #[test]
    fn skipping_numbers_ends_where_reading_them_does() {
        for seed in 0..50 {
            let mut chance = crate::sample::Chance::new(seed);
            let mut bytes = Vec::new();
            let count = chance.below(60) as usize;
            for _ in 0..count {
                write_var(&mut bytes, u64::MAX >> chance.below(64));
            }
            let mut reading = ByteReader::at(&bytes, 0);
            for skipped in 0..=count {
                let mut skipping = ByteReader::at(&bytes, 0);
                assert_eq!(skipping.skip_vars(skipped), Ok(()));
                assert_eq!(skipping.offset(), reading.offset(), "seed {seed}: {skipped}");
                reading.var().ok();
            }
            assert!(ByteReader::at(&bytes, 0).skip_vars(count + 1).is_err(), "seed {seed}");
        }
    }

    #[test]
    fn numbers_read_the_same_with_much_behind_them_and_with_nothing() {
        let powers = (0..64).map(|shift| 1u64 << shift);
        for number in powers.flat_map(|n| [n - 1, n, n | 0x5a5a, u64::MAX - n]) {
            let mut written = Vec::new();
            write_var(&mut written, number);
            let mut long_form = written.clone();
            if let (Some(last), true) = (long_form.last_mut(), written.len() < 9) {
                *last |= 0x80;
                long_form.push(0);
            }
            for form in [written, long_form] {
                for behind in [&[][..], &[0xff; 9], &[0; 9]] {
                    let bytes = [&form, behind].concat();
                    let mut reader = ByteReader::at(&bytes, 0);
                    assert_eq!(reader.var(), Ok(number));
                    assert_eq!(reader.offset(), form.len(), "{number}");
                    let mut reader = ByteReader::at(&bytes, 0);
                    let clock = u32::try_from(number).ok().filter(|clock| *clock <= CLOCK_END);
                    assert_eq!(reader.clock().ok(), clock);
                    assert_eq!(reader.offset(), form.len(), "clock {number}");
                }
                let cut = form.get(..form.len() - 1).unwrap_or_default();
                assert_eq!(ByteReader::at(cut, 0).var().map_err(|f| f.rule), Err("truncated"));
            }
        }
        let beyond = [0xff; 9].into_iter().chain([2, 0, 0]).collect::<Vec<u8>>();
        assert_eq!(ByteReader::at(&beyond, 0).var().map_err(|f| f.rule), Err("varint"));
    }
}
