//! A LevelDB, read from the bytes of its files.
//!
//! No crate reads one that may be damaged: rusty-leveldb, the best maintained, trusts the contents of the
//! files in hundreds of places, and writes when it opens. The format is small.

use super::super::identified::{Depth, Identified};
use super::keys::{self, KeyValues};
use super::table::{TableEntry, checksum, entries};
use crate::wire::ByteReader;
use std::collections::{BTreeMap, BTreeSet};

/// A record of a log does not cross the end of a block.
const LOG_BLOCK: usize = 32 << 10;
/// Checksum, length and kind.
const LOG_HEADER: usize = 7;

/// A file of a LevelDB.
pub struct LevelFile {
    /// The name without the directory.
    pub name: String,
    /// The whole content.
    pub bytes: Vec<u8>,
}

/// Returns whether a LevelDB has files of this name.
pub fn is_level_file(name: &str) -> bool {
    name == "CURRENT" || name.starts_with("MANIFEST-") || number(name).is_some()
}

/// Returns the number of a table or a log.
fn number(name: &str) -> Option<(u64, &str)> {
    let (number, kind) = name.split_once('.')?;
    matches!(kind, "ldb" | "sst" | "log").then_some(())?;
    Some((number.parse().ok()?, kind))
}

/// Returns the documents in a LevelDB.
///
/// # Errors
/// Why it cannot be read, or holds none, as a sentence without a full stop.
pub fn level(files: &[LevelFile]) -> Result<Identified, String> {
    let size: u64 = files.iter().map(|file| file.bytes.len() as u64).sum();
    let left = Depth::allowed(size);
    let depth = Depth::of(size, &left, super::super::recognize::look);
    let (pairs, broken) = pairs(files, depth.unpacked)?;
    let what = match broken {
        Some(log) => format!("LevelDB whose {log} cannot be read to its end,"),
        None => "LevelDB".to_owned(),
    };
    keys::documents(&what, &pairs, depth)
        .ok_or_else(|| "it is a LevelDB, but holds no Yjs update".to_owned())
}

/// Returns its contents, and the log that breaks off, if one does.
fn pairs(files: &[LevelFile], most: u64) -> Result<(KeyValues, Option<String>), String> {
    let by_name: BTreeMap<&str, &[u8]> =
        files.iter().map(|file| (file.name.as_str(), file.bytes.as_slice())).collect();
    let current = by_name.get("CURRENT").copied().unwrap_or_default();
    let current = std::str::from_utf8(current).unwrap_or_default().trim();
    let manifest = by_name.get(current).ok_or_else(|| {
        format!("it is a LevelDB, but its CURRENT names {current:?}, which is missing")
    })?;
    let live = LiveFiles::read(manifest)
        .ok_or_else(|| format!("it is a LevelDB, but its {current} cannot be read"))?;
    let mut newest = Newest { entries: BTreeMap::new(), left: most };
    let damaged = |name: &str| format!("it is a LevelDB, but its {name} is damaged");
    for table in &live.tables {
        let names = [format!("{table:06}.ldb"), format!("{table:06}.sst")];
        let (name, bytes) = names
            .iter()
            .find_map(|name| Some((name, by_name.get(name.as_str())?)))
            .ok_or_else(|| {
                format!(
                    "it is a LevelDB, but its {} is missing: if a program has it open, copy it once \
                     that is closed",
                    names.join(" or ")
                )
            })?;
        let read = entries(bytes, most).ok_or_else(|| damaged(name))?;
        for entry in read {
            newest.take(entry).ok_or_else(|| damaged(name))?;
        }
    }
    let mut broken = None;
    for (name, bytes) in &by_name {
        if let Some((number, "log")) = number(name)
            && (number >= live.log || Some(number) == live.previous_log)
        {
            let (records, whole) = records(bytes);
            if !whole {
                broken = Some((*name).to_owned());
            }
            for record in records {
                batch(&record, &mut newest).ok_or_else(|| damaged(name))?;
            }
        }
    }
    let there = newest.entries.into_iter();
    Ok((there.filter_map(|(key, (_, value))| Some((key, value?))).collect(), broken))
}

/// The last value written under each key; none if that was a removal.
struct Newest {
    entries: BTreeMap<Vec<u8>, (u64, Option<Vec<u8>>)>,
    left: u64,
}

impl Newest {
    fn take(&mut self, entry: TableEntry) -> Option<()> {
        let bytes = entry.key.len() + entry.value.as_ref().map_or(0, Vec::len);
        self.left = self.left.checked_sub(bytes as u64)?;
        let at = self.entries.entry(entry.key).or_default();
        if entry.sequence >= at.0 {
            *at = (entry.sequence, entry.value);
        }
        Some(())
    }
}

/// The files in use according to the manifest.
#[derive(Default)]
struct LiveFiles {
    tables: BTreeSet<u64>,
    log: u64,
    previous_log: Option<u64>,
}

impl LiveFiles {
    fn read(manifest: &[u8]) -> Option<LiveFiles> {
        let mut live = LiveFiles::default();
        let (records, whole) = records(manifest);
        for record in &records {
            live.edit(record)?;
        }
        (whole && !records.is_empty()).then_some(live)
    }

    fn edit(&mut self, record: &[u8]) -> Option<()> {
        let mut reader = ByteReader::at(record, 0);
        while reader.left() > 0 {
            match reader.var().ok()? {
                // The name of the comparator.
                1 => {
                    reader.buffer().ok()?;
                }
                2 => self.log = reader.var().ok()?,
                3 | 4 => {
                    reader.var().ok()?;
                }
                5 => {
                    reader.var().ok()?;
                    reader.buffer().ok()?;
                }
                6 => {
                    reader.var().ok()?;
                    self.tables.remove(&reader.var().ok()?);
                }
                7 => {
                    reader.var().ok()?;
                    self.tables.insert(reader.var().ok()?);
                    // Its size, its first and its last key.
                    reader.var().ok()?;
                    reader.buffer().ok()?;
                    reader.buffer().ok()?;
                }
                9 => self.previous_log = Some(reader.var().ok()?),
                _ => return None,
            }
        }
        Some(())
    }
}

/// Returns the records of a log up to its end or to the first damage, and whether that is the end: the last
/// write may be incomplete.
fn records(bytes: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut found = Vec::new();
    let mut open: Option<Vec<u8>> = None;
    for block in bytes.chunks(LOG_BLOCK) {
        let mut rest = block;
        while let Some((header, after)) = rest.split_first_chunk::<LOG_HEADER>() {
            let [c0, c1, c2, c3, l0, l1, kind] = *header;
            let length = usize::from(u16::from_le_bytes([l0, l1]));
            if kind == 0 && length == 0 {
                break;
            }
            let Some((content, next)) = after.split_at_checked(length) else {
                return (found, false);
            };
            if checksum(&[&[kind], content]) != u32::from_le_bytes([c0, c1, c2, c3]) {
                return (found, false);
            }
            rest = next;
            match (kind, &mut open) {
                (1, None) => found.push(content.to_vec()),
                (2, None) => open = Some(content.to_vec()),
                (3, Some(begun)) => begun.extend_from_slice(content),
                (4, Some(begun)) => {
                    begun.extend_from_slice(content);
                    found.extend(open.take());
                }
                _ => return (found, false),
            }
        }
        // Less than a header remains only at the end of a block.
        if !rest.is_empty() && rest.len() < LOG_HEADER && block.len() < LOG_BLOCK {
            return (found, false);
        }
    }
    let whole = open.is_none();
    (found, whole)
}

/// Reads a batch: a number, a count, and each put or removal.
fn batch(record: &[u8], newest: &mut Newest) -> Option<()> {
    let mut reader = ByteReader::at(record, 0);
    let mut sequence = u64::from_le_bytes(reader.take(8).ok()?.try_into().ok()?);
    let count = u32::from_le_bytes(reader.take(4).ok()?.try_into().ok()?);
    for _ in 0..count {
        let puts = reader.byte().ok()? == 1;
        let key = reader.buffer().ok()?.to_vec();
        let value = if puts { Some(reader.buffer().ok()?.to_vec()) } else { None };
        newest.take(TableEntry { key, sequence, value })?;
        sequence = sequence.checked_add(1)?;
    }
    Some(())
}
