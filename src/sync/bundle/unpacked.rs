//! The stream of a bundle, unpacked as it is read, within bounds.

use crate::error::{Error, Result};
use crate::limits;
use std::cell::{Cell, RefCell};
use std::io::{self, BufReader, Read};
use std::rc::Rc;

/// Checks that only zeros follow the end of the archive: `tar` pads to whole records. Reading to the end also
/// makes zstd compare its checksum.
pub fn only_padding(mut rest: Unpacked<'_>) -> Result<()> {
    let mut buffer = [0u8; 8192];
    loop {
        let read = match rest.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(e) => return Err(damaged(e)),
        };
        if buffer.iter().take(read).any(|byte| *byte != 0) {
            return Err(Error::untrusted("the bundle has data after its end"));
        }
    }
}

/// How much of a bundle may still come, and which read error occurred.
pub struct Bounds {
    packed: Cell<u64>,
    unpacked: Cell<u64>,
    fault: RefCell<Option<Error>>,
}

impl Bounds {
    /// Raises the bound for the contents of files that a manifest announced: packed they are at most as
    /// large, plus a little.
    pub fn allow(&self, bytes: u64) {
        self.unpacked.set(self.unpacked.get().saturating_add(bytes));
        let packed = bytes.saturating_add(bytes / 64).saturating_add(1 << 20);
        self.packed.set(self.packed.get().saturating_add(packed));
    }

    /// Returns the read error, if reading failed for a reason other than the data itself.
    pub fn fault(&self) -> Option<Error> {
        self.fault.take()
    }
}

/// The bytes of the file.
struct Packed<'a> {
    input: Box<dyn Read + 'a>,
    bounds: Rc<Bounds>,
}

impl Read for Packed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let fail = |error: Error| {
            let told = io::Error::other(error.message.clone());
            *self.bounds.fault.borrow_mut() = Some(error);
            told
        };
        let read = match self.input.read(into) {
            Ok(read) => read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Err(e),
            Err(e) => return Err(fail(Error::io("the bundle cannot be read", e))),
        };
        let left = self.bounds.packed.get().checked_sub(read as u64);
        let left = left.ok_or_else(|| fail(too_large("file", limits::BUNDLE_FILE_BYTES)))?;
        self.bounds.packed.set(left);
        Ok(read)
    }
}

/// The unpacked stream, which fails once it is longer than any bundle may be. Memory is bounded by the window
/// of the stream, never by a size that a header claims.
pub struct Unpacked<'a> {
    zstd: zstd::Decoder<'static, BufReader<Packed<'a>>>,
    bounds: Rc<Bounds>,
}

impl<'a> Unpacked<'a> {
    pub fn new(input: Box<dyn Read + 'a>) -> io::Result<(Self, Rc<Bounds>)> {
        let bounds = Rc::new(Bounds {
            packed: Cell::new(limits::BUNDLE_FILE_BYTES),
            unpacked: Cell::new(limits::BUNDLE_UNPACKED_BYTES),
            fault: RefCell::new(None),
        });
        let mut zstd = zstd::Decoder::new(Packed { input, bounds: Rc::clone(&bounds) })?;
        zstd.window_log_max(limits::BUNDLE_WINDOW_LOG)?;
        Ok((Unpacked { zstd, bounds: Rc::clone(&bounds) }, bounds))
    }
}

impl Read for Unpacked<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.zstd.read(into)?;
        let left = self.bounds.unpacked.get().checked_sub(read as u64).ok_or_else(|| {
            let limit = limits::BUNDLE_UNPACKED_BYTES;
            io::Error::other(format!("it unpacks to more than {limit} bytes"))
        })?;
        self.bounds.unpacked.set(left);
        Ok(read)
    }
}

/// A bundle that does not unpack is itself at fault, unless its file could not be read.
pub fn damaged(cause: io::Error) -> Error {
    Error::untrusted("the bundle is damaged, or is not a bundle").because(cause)
}

/// The error for data larger than its limit.
pub fn too_large(what: &str, limit: u64) -> Error {
    Error::untrusted(format!("the bundle's {what} has more than {limit} bytes"))
}
