//! The write-ahead log beside an SQLite database: pages that were committed but not yet transferred into the
//! database by the program that writes them.
//!
//! ```text
//! log   := magic version page_size checkpoint salt salt sum sum  frame*       (u32, big-endian)
//! frame := page commit salt salt sum sum  page_size bytes
//! ```
//!
//! A frame counts if its salts are those of the log, its checksums continue those of the frame before it, and
//! it contains or is followed by a commit (the size of the database in pages).

const HEAD: usize = 32;
const FRAME_HEAD: usize = 24;
/// The checksums are of big-endian words if the last bit is set.
const MAGIC: u32 = 0x377f_0682;
const VERSION: u32 = 3_007_000;

/// Returns the database with everything that was committed to its log, or `None` if that is not its log.
pub fn with_log(database: &[u8], log: &[u8]) -> Option<Vec<u8>> {
    let head = WalHead::of(log)?;
    if page_size(database)? != head.page {
        return None;
    }
    let mut committed: &[WalFrame<'_>] = &[];
    let frames: Vec<WalFrame<'_>> = head.frames(log).collect();
    let mut pages = u32::try_from(database.len() / head.page).ok()?;
    if let Some(last) = frames.iter().rposition(|frame| frame.commit > 0) {
        committed = frames.get(..=last)?;
        pages = frames.get(last)?.commit;
    }
    let len = usize::try_from(pages).ok()?.checked_mul(head.page)?;
    // Every page is in the database or in the log.
    if len > database.len().saturating_add(log.len()) {
        return None;
    }
    let mut whole = database.to_vec();
    whole.resize(len, 0);
    for frame in committed {
        let at = usize::try_from(frame.page.checked_sub(1)?).ok()?.checked_mul(head.page)?;
        // Pages that were truncated since are gone.
        if let Some(place) = whole.get_mut(at..at.saturating_add(head.page)) {
            place.copy_from_slice(frame.bytes);
        }
    }
    Some(whole)
}

/// The header of a log.
struct WalHead {
    page: usize,
    salts: [u32; 2],
    sums: [u32; 2],
    is_big_endian: bool,
}

/// A page as it was written.
struct WalFrame<'l> {
    /// Its number, from 1 on.
    page: u32,
    /// The size of the database in pages, if it ends a transaction.
    commit: u32,
    bytes: &'l [u8],
}

impl WalHead {
    fn of(log: &[u8]) -> Option<WalHead> {
        let magic = word(log, 0)?;
        if magic & !1 != MAGIC || word(log, 4)? != VERSION {
            return None;
        }
        let is_big_endian = magic & 1 == 1;
        let sums = sum(log.get(..24)?, [0, 0], is_big_endian);
        let page = usize::try_from(word(log, 8)?).ok()?;
        let is_sound = sums == [word(log, 24)?, word(log, 28)?];
        let is_size = page.is_power_of_two() && (512..=65_536).contains(&page);
        (is_sound && is_size).then_some(WalHead {
            page,
            salts: [word(log, 16)?, word(log, 20)?],
            sums,
            is_big_endian,
        })
    }

    /// Returns the frames up to the first that does not belong to this log.
    fn frames<'l>(&self, log: &'l [u8]) -> impl Iterator<Item = WalFrame<'l>> {
        let (salts, is_big_endian) = (self.salts, self.is_big_endian);
        let frames = log.get(HEAD..).unwrap_or(&[]).chunks_exact(FRAME_HEAD + self.page);
        frames
            .scan(self.sums, move |sums, frame| {
                let (head, bytes) = frame.split_at_checked(FRAME_HEAD)?;
                *sums = sum(head.get(..8)?, *sums, is_big_endian);
                *sums = sum(bytes, *sums, is_big_endian);
                let is_sound = [word(head, 8)?, word(head, 12)?] == salts
                    && [word(head, 16)?, word(head, 20)?] == *sums;
                is_sound.then_some(WalFrame { page: word(head, 0)?, commit: word(head, 4)?, bytes })
            })
            .fuse()
    }
}

/// Returns the page size from the header of a database.
fn page_size(database: &[u8]) -> Option<usize> {
    let size = database.get(16..18)?;
    match u16::from_be_bytes(size.try_into().ok()?) {
        1 => Some(65_536),
        size => Some(size.into()),
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_be_bytes(word.try_into().ok()?))
}

/// Continues the checksum over pairs of words.
fn sum(bytes: &[u8], from: [u32; 2], is_big_endian: bool) -> [u32; 2] {
    let [mut a, mut b] = from;
    for pair in bytes.as_chunks::<8>().0 {
        let [w, x, y, z, rest @ ..] = *pair;
        let read = |word: [u8; 4]| match is_big_endian {
            true => u32::from_be_bytes(word),
            false => u32::from_le_bytes(word),
        };
        a = a.wrapping_add(read([w, x, y, z])).wrapping_add(b);
        b = b.wrapping_add(read(rest)).wrapping_add(a);
    }
    [a, b]
}
