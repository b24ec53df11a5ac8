//! Writing a large file without waiting for all of it at the end.

use std::fs::File;
use std::io::Write;

/// Of how many bytes the system is asked to start writing at a time.
const FLOWS_AT_ONCE: u64 = 1 << 21;

/// A file whose bytes go to the disk while more are written, so that there is less to wait for at the end.
pub(super) struct Flowing<'f> {
    file: &'f File,
    /// From here on nothing was started.
    from: u64,
    written: u64,
}

impl Flowing<'_> {
    /// Writes to a file.
    pub fn to(file: &File) -> Flowing<'_> {
        Flowing { file, from: 0, written: 0 }
    }

    fn flow(&mut self) {
        let length = self.written.saturating_sub(self.from);
        if length < FLOWS_AT_ONCE {
            return;
        }
        // The system starts to write bytes that are said not to be needed any more, and keeps those that are
        // being written in memory. It is a hint: whether it is heeded does not matter.
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(
            self.file,
            self.from,
            std::num::NonZeroU64::new(length),
            rustix::fs::Advice::DontNeed,
        );
        self.from = self.written;
    }
}

impl Write for Flowing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut file = self.file;
        let written = file.write(bytes)?;
        self.written = self.written.saturating_add(written as u64);
        self.flow();
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
