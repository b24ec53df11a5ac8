//! The v2 encoding of an update, converted to v1.
//!
//! v2 keeps the same blocks in columns: info bytes, clients, clocks, lengths and texts each in a stream of
//! their own, most of them run-length encoded. v2 is never written into stores.

use super::deletes::write_var;
use super::head::{HAS_KEY, HAS_LEFT, HAS_ORIGIN, HAS_RIGHT, KIND, write_bytes};
use super::reader::ByteReader;
use super::stringified::stringified;
use super::{Fault, Update, any};
use crate::limits::{V2_STRETCH, V2_UNPACKED_BYTES};

/// Returns the same update in v1. Linear in the output, which is bounded, because run lengths can announce
/// any number of blocks in a few bytes.
///
/// # Errors
/// The first place where the bytes are not a v2 update; `stretch` where the output would become too large.
pub fn from_v2(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
    from_v2_within(bytes, usize::MAX).0.map(|converted| converted.update)
}

/// An update in v1 that was one in v2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FromV2 {
    /// Its bytes.
    pub update: Vec<u8>,
    /// How many formats and embeds hold something that v1 cannot hold: it has JSON there.
    pub rewritten: usize,
}

/// The same if the output may be no larger than `most`; also returns how many bytes were made, in vain or
/// not.
pub fn from_v2_within(bytes: &[u8], most: usize) -> (Result<FromV2, Fault>, usize) {
    let mut update = Vec::new();
    let converted = convert(bytes, most.min(longest_v1(bytes.len())), &mut update);
    let made = update.len();
    (converted.map(|rewritten| FromV2 { update, rewritten }), made)
}

/// Returns how many values v1 cannot hold.
fn convert(bytes: &[u8], most: usize, out: &mut Vec<u8>) -> Result<usize, Fault> {
    let mut decoder = Columns::of(bytes, most)?;
    let clients = decoder.rest.count(1)?;
    write_var(out, clients as u64);
    for _ in 0..clients {
        let blocks = decoder.rest.var()?;
        let client = decoder.clients.next()?;
        let clock = decoder.rest.var()?;
        write_var(out, blocks);
        write_var(out, client);
        write_var(out, clock);
        for _ in 0..blocks {
            decoder.block(out)?;
            if out.len() > decoder.limit {
                return Err(decoder.rest.fault("stretch", "it would become too large in v1"));
            }
        }
    }
    decoder.deletes(out)?;
    if decoder.rest.left() > 0 {
        return Err(decoder.rest.fault("trailing", "bytes after the end of the update"));
    }
    Update::walk(out)?;
    Ok(decoder.rewritten)
}

/// Returns how long in v1 an update of this many bytes in v2 may become.
pub fn longest_v1(v2: usize) -> usize {
    v2.saturating_mul(V2_STRETCH).saturating_add(V2_UNPACKED_BYTES)
}

/// The streams of a v2 update.
struct Columns<'a> {
    key_clocks: DifferenceColumn<'a>,
    clients: CountColumn<'a>,
    left_clocks: DifferenceColumn<'a>,
    right_clocks: DifferenceColumn<'a>,
    infos: FlagColumn<'a>,
    texts: TextColumn<'a>,
    parents: FlagColumn<'a>,
    types: CountColumn<'a>,
    lengths: CountColumn<'a>,
    /// Everything else, in the order of the blocks.
    rest: ByteReader<'a>,
    /// Keys are written once, then referred to by number.
    keys: Vec<String>,
    limit: usize,
    /// How many values had no form in v1.
    rewritten: usize,
}

impl<'a> Columns<'a> {
    fn of(bytes: &'a [u8], limit: usize) -> Result<Self, Fault> {
        let mut reader = ByteReader::at(bytes, 0);
        if reader.var()? != 0 {
            return Err(Fault::new(0, "version", "the bytes do not begin like a v2 update"));
        }
        let key_clocks = DifferenceColumn::of(reader.buffer()?);
        let clients = CountColumn::of(reader.buffer()?);
        let left_clocks = DifferenceColumn::of(reader.buffer()?);
        let right_clocks = DifferenceColumn::of(reader.buffer()?);
        let infos = FlagColumn::of(reader.buffer()?);
        let texts = TextColumn::of(reader.buffer()?)?;
        let parents = FlagColumn::of(reader.buffer()?);
        let types = CountColumn::of(reader.buffer()?);
        let lengths = CountColumn::of(reader.buffer()?);
        Ok(Columns {
            key_clocks,
            clients,
            left_clocks,
            right_clocks,
            infos,
            texts,
            parents,
            types,
            lengths,
            rest: reader,
            keys: Vec::new(),
            limit,
            rewritten: 0,
        })
    }

    fn block(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let info = self.infos.next()?;
        out.push(info);
        match info {
            0 => write_var(out, self.lengths.next()?),
            10 => write_var(out, self.rest.var()?),
            _ => {
                self.header(info, out)?;
                self.content(info & KIND, out)?;
            }
        }
        Ok(())
    }

    fn header(&mut self, info: u8, out: &mut Vec<u8>) -> Result<(), Fault> {
        if info & HAS_LEFT != 0 {
            self.left(out)?;
        }
        if info & HAS_RIGHT != 0 {
            write_var(out, self.clients.next()?);
            write_var(out, self.right_clocks.next()?);
        }
        if info & HAS_ORIGIN != 0 {
            return Ok(());
        }
        match self.parents.next()? {
            1 => {
                out.push(1);
                self.text(out)?;
            }
            _ => {
                out.push(0);
                self.left(out)?;
            }
        }
        if info & HAS_KEY != 0 {
            self.text(out)?;
        }
        Ok(())
    }

    fn left(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        write_var(out, self.clients.next()?);
        write_var(out, self.left_clocks.next()?);
        Ok(())
    }

    fn text(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let text = self.texts.next()?;
        write_bytes(out, text.as_bytes());
        Ok(())
    }

    fn key(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let number = usize::try_from(self.key_clocks.next()?).unwrap_or(usize::MAX);
        if number >= self.keys.len() {
            self.keys.push(self.texts.next()?);
        }
        let last = self.keys.len().saturating_sub(1);
        write_bytes(out, self.keys.get(number.min(last)).map_or(&[], |key| key.as_bytes()));
        Ok(())
    }

    /// Converts a plain value to JSON, as Yjs' v1 has it in formats and embeds.
    fn json(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let value = any::read(&mut self.rest)?;
        let mut json = String::new();
        if !stringified(&value, &mut json) {
            self.rewritten = self.rewritten.saturating_add(1);
        }
        write_bytes(out, json.as_bytes());
        Ok(())
    }

    fn any(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut before = self.rest.clone();
        self.rest.skip_any()?;
        out.extend_from_slice(before.take(self.rest.offset().saturating_sub(before.offset()))?);
        Ok(())
    }

    fn content(&mut self, kind: u8, out: &mut Vec<u8>) -> Result<(), Fault> {
        match kind {
            1 => write_var(out, self.lengths.next()?),
            2 | 8 => {
                let count = self.lengths.next()?;
                write_var(out, count);
                for _ in 0..count {
                    if kind == 2 {
                        self.text(out)?
                    } else {
                        self.any(out)?
                    }
                    if out.len() > self.limit {
                        return Err(self.rest.fault("stretch", "it would become too large in v1"));
                    }
                }
            }
            3 => {
                let bytes = self.rest.buffer()?;
                write_var(out, bytes.len() as u64);
                out.extend_from_slice(bytes);
            }
            4 => self.text(out)?,
            5 => self.json(out)?,
            6 => {
                self.key(out)?;
                self.json(out)?;
            }
            7 => {
                let kind = self.types.next()?;
                write_var(out, kind);
                match kind {
                    3 | 5 => self.key(out)?,
                    7 => return Err(self.rest.fault("link", "a weak link in v2")),
                    _ => {}
                }
            }
            9 => {
                self.text(out)?;
                self.any(out)?;
            }
            other => {
                return Err(self.rest.fault("unknown", format!("content of unknown kind {other}")));
            }
        }
        Ok(())
    }

    /// Clocks and lengths are relative to the range before; each client starts at 0.
    fn deletes(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        let rest = &mut self.rest;
        let clients = rest.count(2)?;
        write_var(out, clients as u64);
        for _ in 0..clients {
            write_var(out, rest.var()?);
            let ranges = rest.count(2)?;
            write_var(out, ranges as u64);
            let mut at = 0u64;
            for _ in 0..ranges {
                at = at.saturating_add(rest.var()?);
                let len = rest.var()?.saturating_add(1);
                write_var(out, at);
                write_var(out, len);
                at = at.saturating_add(len);
            }
        }
        Ok(())
    }
}

/// Bytes, each with its number of occurrences; the last one is repeated as often as it is read.
struct FlagColumn<'a> {
    reader: ByteReader<'a>,
    value: u8,
    left: u64,
}

impl<'a> FlagColumn<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        FlagColumn { reader: ByteReader::at(bytes, 0), value: 0, left: 0 }
    }

    fn next(&mut self) -> Result<u8, Fault> {
        if self.left == 0 {
            self.value = self.reader.byte()?;
            self.left = match self.reader.left() {
                0 => u64::MAX,
                _ => self.reader.var()?.saturating_add(1),
            };
        }
        self.left = self.left.saturating_sub(1);
        Ok(self.value)
    }
}

/// Numbers; a repeated one is written as a negative number, with its number of occurrences.
struct CountColumn<'a> {
    reader: ByteReader<'a>,
    value: u64,
    left: u64,
}

impl<'a> CountColumn<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        CountColumn { reader: ByteReader::at(bytes, 0), value: 0, left: 0 }
    }

    fn next(&mut self) -> Result<u64, Fault> {
        if self.left == 0 {
            // −0 is negative, too.
            let negative = self.reader.peek().is_some_and(|byte| byte & 0x40 != 0);
            self.value = self.reader.signed()?.unsigned_abs();
            self.left = if negative { self.reader.var()?.saturating_add(2) } else { 1 };
        }
        self.left = self.left.saturating_sub(1);
        Ok(self.value)
    }
}

/// Numbers as differences from the one before; the lowest bit of a difference says whether it is repeated.
struct DifferenceColumn<'a> {
    reader: ByteReader<'a>,
    value: i64,
    difference: i64,
    left: u64,
}

impl<'a> DifferenceColumn<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        DifferenceColumn { reader: ByteReader::at(bytes, 0), value: 0, difference: 0, left: 0 }
    }

    fn next(&mut self) -> Result<u64, Fault> {
        if self.left == 0 {
            let written = self.reader.signed()?;
            self.difference = written >> 1;
            self.left = if written & 1 != 0 { self.reader.var()?.saturating_add(2) } else { 1 };
        }
        self.left = self.left.saturating_sub(1);
        self.value = self.value.saturating_add(self.difference);
        u64::try_from(self.value).map_err(|_| self.reader.fault("clock", "a clock below 0"))
    }
}

/// All texts in a row, and the length of each in UTF-16 units.
struct TextColumn<'a> {
    text: &'a str,
    lengths: CountColumn<'a>,
    /// The last text ended in the middle of a surrogate pair.
    half: bool,
}

impl<'a> TextColumn<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = ByteReader::at(bytes, 0);
        // A document without any text has no stream here.
        let text = if bytes.is_empty() { "" } else { reader.text()? };
        let lengths = reader.take(reader.left())?;
        Ok(TextColumn { text, lengths: CountColumn::of(lengths), half: false })
    }

    fn next(&mut self) -> Result<String, Fault> {
        let mut units = usize::try_from(self.lengths.next()?).unwrap_or(usize::MAX);
        let mut taken = String::new();
        if self.half && units > 0 {
            taken.push(char::REPLACEMENT_CHARACTER);
            units -= 1;
            self.half = false;
        }
        let mut bytes = 0;
        for char in self.text.chars() {
            if units == 0 {
                break;
            }
            bytes += char.len_utf8();
            match units.checked_sub(char.len_utf16()) {
                Some(rest) => units = rest,
                None => {
                    self.half = true;
                    units = 0;
                }
            }
        }
        let (text, rest) = self.text.split_at_checked(bytes).unwrap_or((self.text, ""));
        if units > 0 {
            return Err(self.lengths.reader.fault("truncated", "a text is missing"));
        }
        self.text = rest;
        let whole = match self.half {
            true => {
                text.char_indices().next_back().map_or(text, |(at, _)| text.get(..at).unwrap_or(""))
            }
            false => text,
        };
        taken.push_str(whole);
        if self.half {
            taken.push(char::REPLACEMENT_CHARACTER);
        }
        Ok(taken)
    }
}
