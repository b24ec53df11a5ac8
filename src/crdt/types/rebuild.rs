//! The live content as one client would write it from scratch: no history, nothing deleted.

use super::super::view::index::Entry;
use super::content::{SharedType, SharedTypes, TypeKind};
use crate::error::{Error, Result};
use crate::wire::{BlockKind, ByteReader, Header, Id, Parent, write_bytes, write_var};
use std::collections::VecDeque;

/// A rebuilt document.
pub struct Rebuilt {
    /// A v1 update by one client.
    pub update: Vec<u8>,
    /// How many of its bytes are text and values, without ids, names and lengths.
    pub content_bytes: u64,
}

/// Where an item is.
#[derive(Clone, Copy)]
enum Under<'t> {
    Root(&'t str),
    /// In the container that the item of this clock creates.
    Item(u32),
}

impl SharedTypes {
    /// Returns the live content with a new history, equal by value: all written by `client` alone. Merging it
    /// with the original duplicates everything.
    ///
    /// # Errors
    /// `Refused` for content that refers to other parts of its document by their history: links and moves.
    pub fn rebuilt(&self, client: u64) -> Result<Rebuilt> {
        let mut writer = self.written(client, true)?;
        let mut update = writer.table();
        update.append(&mut writer.out);
        update.push(0);
        Ok(Rebuilt { update, content_bytes: writer.content_bytes })
    }

    /// Returns how many bytes [`SharedTypes::rebuilt`] would make, and how many of them are content, without
    /// making them.
    ///
    /// # Errors
    /// As [`SharedTypes::rebuilt`].
    pub fn rebuilt_size(&self, client: u64) -> Result<(u64, u64)> {
        let writer = self.written(client, false)?;
        let bytes = writer.written + writer.table().len() as u64 + 1;
        Ok((bytes, writer.content_bytes))
    }

    fn written(&self, client: u64, keeps: bool) -> Result<Writer> {
        let mut writer = Writer {
            client,
            clock: 0,
            blocks: 0,
            out: Vec::new(),
            written: 0,
            content_bytes: 0,
            keeps,
        };
        let mut open: VecDeque<(SharedType, Under<'_>)> =
            self.live_roots().map(|(name, root)| (root, Under::Root(name))).collect();
        while let Some((container, under)) = open.pop_front() {
            self.rebuild(container, under, &mut writer, &mut open)?;
        }
        Ok(writer)
    }

    fn rebuild<'t>(
        &'t self,
        container: SharedType,
        under: Under<'t>,
        writer: &mut Writer,
        open: &mut VecDeque<(SharedType, Under<'t>)>,
    ) -> Result<()> {
        for entry in self.keyed(container) {
            let (content, units) = self.content_of(std::slice::from_ref(&entry), true)?;
            let first =
                writer.item(entry.kind, under, Some(self.str(entry.key)), None, &content, units)?;
            self.open(&entry, first, open);
        }
        let mut left = None;
        let mut sequence = self.sequence(container).peekable();
        while let Some(first) = sequence.next() {
            let mut together = vec![first];
            // Adjacent content goes into one item.
            if matches!(first.kind, BlockKind::String | BlockKind::Any | BlockKind::Json) {
                let joins = |entry: &Entry| entry.kind == first.kind;
                together.extend(std::iter::from_fn(|| sequence.next_if(joins)));
            }
            let (content, units) = self.content_of(&together, false)?;
            let clock = writer.item(first.kind, under, None, left, &content, units)?;
            left = Some(clock.saturating_add(units.saturating_sub(1)));
            self.open(&first, clock, open);
        }
        Ok(())
    }

    /// Queues the container that an item creates, whose content is written later.
    fn open<'t>(&self, entry: &Entry, clock: u32, open: &mut VecDeque<(SharedType, Under<'t>)>) {
        if entry.kind == BlockKind::Type {
            open.push_back((SharedType(entry.node), Under::Item(clock)));
        }
    }

    /// Encodes the content of entries of one kind, and returns it with its number of units. Of several values
    /// under a key only the last one shows.
    fn content_of(&self, entries: &[Entry], keyed: bool) -> Result<(Vec<u8>, u32)> {
        let refused = |what: &str| {
            Error::refused(format!("a document with {what} cannot be rebuilt"))
                .because("they refer to the history of the document, which would be gone")
        };
        let mut out = Vec::new();
        let Some(first) = entries.first() else { return Ok((out, 0)) };
        let units = match first.kind {
            BlockKind::String => {
                let mut text = String::new();
                entries.iter().for_each(|entry| self.push_text(entry, &mut text));
                write_bytes(&mut out, text.as_bytes());
                text.encode_utf16().count()
            }
            BlockKind::Any | BlockKind::Json => {
                let mut values: Vec<&[u8]> = Vec::new();
                for entry in entries {
                    let bytes = self.slice(entry.content);
                    let mut reader = ByteReader::at(bytes, 0);
                    while reader.left() > 0 {
                        let start = reader.offset();
                        let step = match first.kind {
                            BlockKind::Any => reader.skip_any(),
                            _ => reader.text().map(drop),
                        };
                        // The walk read the same bytes: this cannot fail.
                        if step.is_err() {
                            break;
                        }
                        values.extend(bytes.get(start..reader.offset()));
                    }
                }
                if keyed {
                    values.drain(..values.len().saturating_sub(1));
                }
                write_var(&mut out, values.len() as u64);
                values.iter().for_each(|value| out.extend_from_slice(value));
                values.len()
            }
            BlockKind::Binary | BlockKind::Embed => {
                let bytes = self.slice(first.content);
                write_var(&mut out, bytes.len() as u64);
                out.extend_from_slice(bytes);
                1
            }
            BlockKind::Type if self.kind(SharedType(first.node)) == TypeKind::Link => {
                return Err(refused("links"));
            }
            BlockKind::Move => return Err(refused("moves")),
            _ => {
                out.extend_from_slice(self.slice(first.content));
                1
            }
        };
        Ok((out, u32::try_from(units).unwrap_or(u32::MAX)))
    }
}

struct Writer {
    client: u64,
    /// The clock of the next item.
    clock: u32,
    blocks: u64,
    out: Vec<u8>,
    /// How many bytes `out` received.
    written: u64,
    content_bytes: u64,
    /// Whether `out` is kept rather than only counted.
    keeps: bool,
}

impl Writer {
    /// Returns the bytes that precede the blocks.
    fn table(&self) -> Vec<u8> {
        let mut table = Vec::new();
        match self.blocks {
            0 => table.push(0),
            blocks => [1, blocks, self.client, 0].iter().for_each(|n| write_var(&mut table, *n)),
        }
        table
    }

    /// Writes an item, and returns its first clock.
    fn item(
        &mut self,
        kind: BlockKind,
        under: Under<'_>,
        key: Option<&str>,
        left: Option<u32>,
        content: &[u8],
        units: u32,
    ) -> Result<u32> {
        if matches!(kind, BlockKind::Gc | BlockKind::Skip | BlockKind::Deleted | BlockKind::Move) {
            return Err(Error::bug(format!("{} is no content", kind.name())));
        }
        let own = |clock| Id { client: self.client, clock };
        let parent = Some(match under {
            Under::Root(name) => Parent::Root(name),
            Under::Item(clock) => Parent::Item(own(clock)),
        });
        let header = Header { left: left.map(own), right: None, parent, key };
        let before = self.out.len();
        header.write(kind, &mut self.out);
        self.out.extend_from_slice(content);
        self.content_bytes = self.content_bytes.saturating_add(content.len() as u64);
        self.written += self.out.len().saturating_sub(before) as u64;
        if !self.keeps {
            self.out.clear();
        }
        let first = self.clock;
        self.clock = first
            .checked_add(units)
            .ok_or_else(|| Error::refused("the document is too large for one client to write"))?;
        self.blocks += 1;
        Ok(first)
    }
}
