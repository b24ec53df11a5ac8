//! An update in the v2 encoding, for other programs.

use super::deletes::write_var;
use super::reader::{ByteReader, utf16_len};
use super::{Block, BlockKind, DeleteSet, Fault, Id, Parent, Update, any};

/// Returns the same update in v2, with the clients in Yjs' order: the highest first. Linear.
///
/// # Errors
/// `link` and `move` for what only Yrs writes, `json` for formats and embeds that are not JSON.
pub fn to_v2<S>(update: &Update<'_, S>) -> Result<Vec<u8>, Fault> {
    let mut columns = WrittenColumns::default();
    let clients: Vec<(u64, &[Block])> = update.clients().collect();
    write_var(&mut columns.rest, clients.len() as u64);
    for (client, blocks) in clients.into_iter().rev() {
        write_var(&mut columns.rest, blocks.len() as u64);
        columns.clients.write(client);
        write_var(&mut columns.rest, blocks.first().map_or(0, |block| u64::from(block.clock)));
        for block in blocks {
            columns.block(update, block)?;
        }
    }
    columns.deletes(update.delete_set());
    Ok(columns.finish())
}

#[derive(Default)]
struct WrittenColumns {
    key_clocks: WrittenDifferences,
    clients: WrittenCounts,
    left_clocks: WrittenDifferences,
    right_clocks: WrittenDifferences,
    infos: WrittenFlags,
    texts: String,
    text_lengths: WrittenCounts,
    parents: WrittenFlags,
    types: WrittenCounts,
    lengths: WrittenCounts,
    rest: Vec<u8>,
    keys: u64,
}

impl WrittenColumns {
    fn block<S>(&mut self, update: &Update<'_, S>, block: &Block) -> Result<(), Fault> {
        // The walk read the same bytes with the same functions: reading cannot fail.
        let info = update.bytes().get(block.span().start).copied().unwrap_or(0);
        self.infos.write(info);
        match block.kind {
            BlockKind::Gc => self.lengths.write(u64::from(block.len)),
            BlockKind::Skip => write_var(&mut self.rest, u64::from(block.len)),
            _ => {
                let header = update.header(block);
                if let Some(left) = header.left {
                    self.left(left);
                }
                if let Some(right) = header.right {
                    self.clients.write(right.client);
                    self.right_clocks.write(u64::from(right.clock));
                }
                match header.parent {
                    Some(Parent::Root(name)) => {
                        self.parents.write(1);
                        self.text(name);
                    }
                    Some(Parent::Item(id)) => {
                        self.parents.write(0);
                        self.left(id);
                    }
                    None => {}
                }
                if let Some(key) = header.key {
                    self.text(key);
                }
                self.content(ByteReader::at(update.bytes(), block.content_span().start), block)?;
            }
        }
        Ok(())
    }

    fn content(&mut self, mut reader: ByteReader<'_>, block: &Block) -> Result<(), Fault> {
        match block.kind {
            BlockKind::Gc | BlockKind::Skip => {}
            BlockKind::Deleted => self.lengths.write(u64::from(block.len)),
            BlockKind::String => self.text(reader.text()?),
            BlockKind::Binary => {
                let bytes = reader.buffer()?;
                write_var(&mut self.rest, bytes.len() as u64);
                self.rest.extend_from_slice(bytes);
            }
            BlockKind::Json | BlockKind::Any => {
                let count = reader.var()?;
                self.lengths.write(count);
                for _ in 0..count {
                    if block.kind == BlockKind::Json {
                        self.text(reader.text()?);
                    } else {
                        self.any(&mut reader)?;
                    }
                }
            }
            BlockKind::Embed => self.json(&mut reader)?,
            BlockKind::Format => {
                self.key(reader.text()?);
                self.json(&mut reader)?;
            }
            BlockKind::Type => {
                let kind = reader.byte()?;
                self.types.write(u64::from(kind));
                match kind {
                    3 | 5 => self.key(reader.text()?),
                    7 => return Err(reader.fault("link", "a weak link, which Yjs v2 lacks")),
                    _ => {}
                }
            }
            BlockKind::Doc => {
                self.text(reader.text()?);
                self.any(&mut reader)?;
            }
            BlockKind::Move => return Err(reader.fault("move", "a move, which Yjs v2 lacks")),
        }
        Ok(())
    }

    fn left(&mut self, id: Id) {
        self.clients.write(id.client);
        self.left_clocks.write(u64::from(id.clock));
    }

    fn text(&mut self, text: &str) {
        self.texts.push_str(text);
        self.text_lengths.write(utf16_len(text.as_bytes()) as u64);
    }

    /// As Yjs does it: the key is written in full each time.
    fn key(&mut self, key: &str) {
        self.key_clocks.write(self.keys);
        self.keys = self.keys.saturating_add(1);
        self.text(key);
    }

    fn any(&mut self, reader: &mut ByteReader<'_>) -> Result<(), Fault> {
        let mut before = reader.clone();
        reader.skip_any()?;
        let len = reader.offset().saturating_sub(before.offset());
        self.rest.extend_from_slice(before.take(len)?);
        Ok(())
    }

    /// Writes JSON as v2 has it: as a plain value.
    fn json(&mut self, reader: &mut ByteReader<'_>) -> Result<(), Fault> {
        let value = any::embedded(reader.text()?)
            .ok_or_else(|| reader.fault("json", "a format or an embed that is not JSON"))?;
        any::write(&mut self.rest, &value);
        Ok(())
    }

    fn deletes(&mut self, deletes: &DeleteSet) {
        let all: Vec<(u64, std::ops::Range<u32>)> = deletes.iter().collect();
        let clients: Vec<_> = all.chunk_by(|(a, _), (b, _)| a == b).collect();
        write_var(&mut self.rest, clients.len() as u64);
        for ranges in clients.into_iter().rev() {
            write_var(&mut self.rest, ranges.first().map_or(0, |(client, _)| *client));
            write_var(&mut self.rest, ranges.len() as u64);
            let mut at = 0u32;
            for (_, range) in ranges {
                write_var(&mut self.rest, u64::from(range.start.saturating_sub(at)));
                let len = range.end.saturating_sub(range.start);
                write_var(&mut self.rest, u64::from(len.saturating_sub(1)));
                at = range.end;
            }
        }
    }

    fn finish(self) -> Vec<u8> {
        let mut texts = Vec::new();
        write_var(&mut texts, self.texts.len() as u64);
        texts.extend_from_slice(self.texts.as_bytes());
        texts.extend(self.text_lengths.finish());
        let columns = [
            self.key_clocks.finish(),
            self.clients.finish(),
            self.left_clocks.finish(),
            self.right_clocks.finish(),
            self.infos.out,
            texts,
            self.parents.out,
            self.types.finish(),
            self.lengths.finish(),
        ];
        let mut out = vec![0];
        for column in columns {
            write_var(&mut out, column.len() as u64);
            out.extend(column);
        }
        // How often the last byte of a column of flags occurs is not written.
        out.extend(self.rest);
        out
    }
}

/// Bytes, each with its number of occurrences; the last one is repeated as often as it is read.
#[derive(Default)]
struct WrittenFlags {
    out: Vec<u8>,
    last: Option<u8>,
    count: u64,
}

impl WrittenFlags {
    fn write(&mut self, value: u8) {
        if self.last == Some(value) {
            self.count = self.count.saturating_add(1);
            return;
        }
        if self.count > 0 {
            write_var(&mut self.out, self.count.saturating_sub(1));
        }
        self.out.push(value);
        (self.last, self.count) = (Some(value), 1);
    }
}

#[derive(Default)]
struct WrittenCounts {
    out: Vec<u8>,
    value: u64,
    count: u64,
}

impl WrittenCounts {
    fn write(&mut self, value: u64) {
        if self.value != value {
            self.flush();
            self.value = value;
        }
        self.count = self.count.saturating_add(1);
    }

    fn flush(&mut self) {
        match self.count {
            0 => {}
            1 => write_signed(&mut self.out, false, self.value),
            count => {
                write_signed(&mut self.out, true, self.value);
                write_var(&mut self.out, count.saturating_sub(2));
            }
        }
        self.count = 0;
    }

    fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out
    }
}

#[derive(Default)]
struct WrittenDifferences {
    out: Vec<u8>,
    value: i64,
    difference: i64,
    count: u64,
}

impl WrittenDifferences {
    fn write(&mut self, value: u64) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        let difference = value.saturating_sub(self.value);
        if difference != self.difference {
            self.flush();
            self.difference = difference;
        }
        self.value = value;
        self.count = self.count.saturating_add(1);
    }

    fn flush(&mut self) {
        if self.count > 0 {
            let several = i64::from(self.count > 1);
            let written = self.difference.saturating_mul(2).saturating_add(several);
            write_signed(&mut self.out, written < 0, written.unsigned_abs());
        }
        if self.count > 1 {
            write_var(&mut self.out, self.count.saturating_sub(2));
        }
        self.count = 0;
    }

    fn finish(mut self) -> Vec<u8> {
        self.flush();
        self.out
    }
}

/// Writes a signed number: six bits and the sign in the first byte, then seven bits per byte.
fn write_signed(out: &mut Vec<u8>, negative: bool, size: u64) {
    let sign = if negative { 0x40 } else { 0 };
    let more = if size > 0x3f { 0x80 } else { 0 };
    out.push((size & 0x3f) as u8 | sign | more);
    if more != 0 {
        write_var(out, size >> 6);
    }
}
