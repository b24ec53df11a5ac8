//! Compressed data: gzip, zlib, zstd, brotli. Nothing is unpacked beyond what [`Depth`] allows.

use super::identified::{Depth, FileContent, FileKind, Identified, Wrapping};
use std::io::Read;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Unpacks data that begins with a compressor's magic number.
pub fn by_magic(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    if bytes.starts_with(GZIP) || is_zlib(bytes) {
        return gzip(bytes, depth);
    }
    if bytes.starts_with(ZSTD) { zstd(bytes, depth) } else { None }
}

/// Returns whether the first two bytes are a multiple of 31, the first of them naming a window of 32 KiB or
/// less.
fn is_zlib(bytes: &[u8]) -> bool {
    match bytes {
        [first, second, ..] => {
            first & 0x0f == 8
                && first >> 4 <= 7
                && u16::from_be_bytes([*first, *second]).is_multiple_of(31)
        }
        _ => false,
    }
}

/// Unpacks gzip, of one or more members, or zlib.
pub fn gzip(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    match bytes.starts_with(GZIP) {
        true => within("gzip", flate2::read::MultiGzDecoder::new(bytes), depth),
        false => within("zlib", flate2::read::ZlibDecoder::new(bytes), depth),
    }
}

/// Unpacks zstd; a bundle of ours is a tar inside it.
pub fn zstd(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes).ok()?;
    decoder.window_log_max(27).ok()?;
    let unpacked = all(decoder, depth)?;
    if unpacked.get(257..262) == Some(b"ustar") {
        return Some(Identified::bare(FileKind::Bundle, FileContent::Packed));
    }
    depth.look(&unpacked).map(|found| found.within(Wrapping::Packed("zstd")))
}

/// Unpacks Brotli.
pub fn brotli(bytes: &[u8], depth: Depth<'_>) -> Option<Identified> {
    within("brotli", brotli_decompressor::Decompressor::new(bytes, 64 << 10), depth)
}

fn within(name: &'static str, packed: impl Read, depth: Depth<'_>) -> Option<Identified> {
    depth.look(&all(packed, depth)?).map(|found| found.within(Wrapping::Packed(name)))
}

/// Unpacks everything, unless that is more than is allowed.
fn all(packed: impl Read, depth: Depth<'_>) -> Option<Vec<u8>> {
    let (mut unpacked, most) = (Vec::new(), depth.most());
    let read = packed.take(most.saturating_add(1)).read_to_end(&mut unpacked);
    depth.spend(unpacked.len());
    read.ok()?;
    (unpacked.len() as u64 <= most).then_some(unpacked)
}
