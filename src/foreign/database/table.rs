//! A table of a LevelDB: blocks of sorted keys, and an index block.

use crate::wire::ByteReader;

/// The last bytes of a table: the positions of two blocks, and a magic number.
const FOOTER: usize = 48;
const MARK: u64 = 0xdb47_7524_8b80_fb57;
/// After each block: its compression, and a checksum.
const TRAILER: usize = 5;

/// One put or removal.
pub struct TableEntry {
    pub key: Vec<u8>,
    /// The higher one came later.
    pub sequence: u64,
    /// `None` if the key was removed.
    pub value: Option<Vec<u8>>,
}

/// Returns all entries of a table, unless their blocks expand to more than `most` bytes. `None` if it is
/// damaged.
pub fn entries(bytes: &[u8], most: u64) -> Option<Vec<TableEntry>> {
    let footer = bytes.get(bytes.len().checked_sub(FOOTER)?..)?;
    if u64::from_le_bytes(footer.get(FOOTER - 8..)?.try_into().ok()?) != MARK {
        return None;
    }
    let mut reader = ByteReader::at(footer, 0);
    let _meta = handle(&mut reader)?;
    let index = handle(&mut reader)?;
    let mut left = most;
    let mut found = Vec::new();
    for (_, place) in pairs(&block(bytes, index, &mut left)?)? {
        let place = handle(&mut ByteReader::at(&place, 0))?;
        for (mut key, value) in pairs(&block(bytes, place, &mut left)?)? {
            let user = key.len().checked_sub(8)?;
            let tag = u64::from_le_bytes(key.get(user..)?.try_into().ok()?);
            key.truncate(user);
            let value = (tag & 0xff == 1).then_some(value);
            found.push(TableEntry { key, sequence: tag >> 8, value });
        }
    }
    Some(found)
}

/// Reads the position of a block, and its length.
fn handle(reader: &mut ByteReader<'_>) -> Option<(usize, usize)> {
    let (at, length) = (reader.var().ok()?, reader.var().ok()?);
    Some((usize::try_from(at).ok()?, usize::try_from(length).ok()?))
}

/// Returns the content of a block.
fn block(bytes: &[u8], (at, length): (usize, usize), left: &mut u64) -> Option<Vec<u8>> {
    let end = at.checked_add(length)?;
    let content = bytes.get(at..end)?;
    let trailer = bytes.get(end..end.checked_add(TRAILER)?)?;
    let (kind, sum) = trailer.split_first()?;
    if checksum(&[content, &[*kind]]) != u32::from_le_bytes(sum.try_into().ok()?) {
        return None;
    }
    let size = match kind {
        0 => length,
        1 => snap::raw::decompress_len(content).ok()?,
        _ => return None,
    };
    *left = left.checked_sub(size as u64)?;
    match kind {
        0 => Some(content.to_vec()),
        _ => snap::raw::Decoder::new().decompress_vec(content).ok(),
    }
}

/// Reads prefix-compressed keys and their values.
fn pairs(block: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let (rest, count) = block.split_last_chunk::<4>()?;
    let restarts = usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(4)?;
    let entries = rest.get(..rest.len().checked_sub(restarts)?)?;
    let mut reader = ByteReader::at(entries, 0);
    let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    while reader.left() > 0 {
        let mut next = || usize::try_from(reader.var().ok()?).ok();
        let (shared, own, length) = (next()?, next()?, next()?);
        let before = found.last().map_or(&[][..], |(key, _)| key);
        let mut key = before.get(..shared)?.to_vec();
        key.extend_from_slice(reader.take(own).ok()?);
        found.push((key, reader.take(length).ok()?.to_vec()));
    }
    Some(found)
}

/// CRC-32C, masked as LevelDB stores it.
pub fn checksum(parts: &[&[u8]]) -> u32 {
    let crc = parts.iter().flat_map(|part| part.iter()).fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            1 => (crc >> 1) ^ 0x82f6_3b78,
            _ => crc >> 1,
        })
    });
    (!crc).rotate_right(15).wrapping_add(0xa282_ead8)
}
