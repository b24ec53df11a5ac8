//! Writing a bundle: its documents are packed and measured before the first byte goes out; the contents of
//! files follow as they are read.

use super::{BLOCK, Bundle, LEVEL, MANIFEST, in_tar, refuse_beyond};
use crate::error::{Error, Result};
use crate::limits;
use crate::sync::content::{BundledContent, PIECE, changed_meanwhile};
use crate::sync::manifest::{Hash, Manifest};
use std::io::{self, Read, Write};

/// Bundles up to this size are compressed harder.
const SMALL: u64 = 128 * 1024;
/// The level used for them. The highest level, 19, takes a twentieth off 26 KB and a sixth off 125 KB, for
/// ten times the time: a tenth of a second.
const SMALL_LEVEL: i32 = 9;

/// Opens the contents that a bundle carries.
pub type OpenContent<'o> = dyn Fn(&BundledContent) -> Result<Box<dyn Read>> + 'o;

impl Bundle {
    /// Writes the bundle without the contents of files: the same bytes for the same content.
    ///
    /// # Errors
    /// `Refused` if it would break a bound that every reader enforces; nothing is written then. `Io` if the
    /// output fails.
    pub fn write(&self, output: impl Write) -> Result<()> {
        let manifest = Manifest { files: Vec::new(), ..self.manifest.clone() };
        self.pack(output, &manifest, &|_| {
            Err(Error::bug("a content that the bundle does not carry"))
        })
    }

    /// Writes the bundle with the contents of files it carries.
    ///
    /// # Errors
    /// Those of [`Bundle::write`]; also `Refused` if a content has changed meanwhile, and then the output
    /// must not be used.
    pub fn write_with(&self, output: impl Write, open: &OpenContent<'_>) -> Result<()> {
        self.pack(output, &self.manifest, open)
    }

    fn pack(&self, output: impl Write, manifest: &Manifest, open: &OpenContent<'_>) -> Result<()> {
        let bytes = manifest.to_bytes()?;
        self.check_bounds(bytes.len() as u64)?;
        let failed = |e: io::Error| Error::io("the bundle cannot be written", e);
        let staged = Staged { held: Some(Vec::new()), output };
        let parts = self.parts.values().map(|bytes| in_tar(bytes.len() as u64));
        let in_all = parts.sum::<u64>() + in_tar(bytes.len() as u64) + 2 * BLOCK;
        let in_all = manifest.files.is_empty().then_some(in_all);
        let zstd = compressor(staged, in_all).map_err(failed)?;
        let mut tar = tar::Builder::new(zstd);
        let parts = self.parts.iter().map(|(name, bytes)| (name.as_str(), &**bytes));
        for (name, bytes) in std::iter::once((MANIFEST, bytes.as_slice())).chain(parts) {
            let mut header = self.header(bytes.len());
            tar.append_data(&mut header, name, bytes).map_err(failed)?;
        }
        if !manifest.files.is_empty() {
            tar.get_mut().flush().map_err(failed)?;
            tar.get_mut().get_mut().release()?;
        }
        for content in &manifest.files {
            let mut input = open(content)?;
            self.append(&mut tar, content, &mut input)?;
        }
        let mut staged = tar.into_inner().and_then(zstd::Encoder::finish).map_err(failed)?;
        staged.release()?;
        staged.output.flush().map_err(failed)
    }

    /// Appends the pieces of one content.
    fn append<W: Write>(
        &self,
        tar: &mut tar::Builder<zstd::Encoder<'static, Staged<W>>>,
        content: &BundledContent,
        input: &mut dyn Read,
    ) -> Result<()> {
        let mut bytes = Vec::with_capacity(PIECE);
        for piece in (0..content.count()).map_while(|number| content.piece(number)) {
            bytes.clear();
            let reading = |e| Error::io("the content of a file cannot be read", e);
            input.take(piece.bytes).read_to_end(&mut bytes).map_err(reading)?;
            if Hash::of(&bytes) != piece.blake3 {
                return Err(changed_meanwhile());
            }
            let mut header = self.header(bytes.len());
            tar.append_data(&mut header, &piece.name, bytes.as_slice())
                .map_err(|e| Error::io("the bundle cannot be written", e))?;
        }
        Ok(())
    }

    /// Returns a header that reveals nothing about this machine.
    fn header(&self, bytes: usize) -> tar::Header {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(bytes as u64);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(u64::try_from(self.manifest.created_at).unwrap_or(0));
        header
    }
}

/// Returns a compressor for this many bytes, if the size is known. Small bundles are the common case: one
/// with a single message fits into a kilobyte.
fn compressor<W: Write>(output: W, bytes: Option<u64>) -> io::Result<zstd::Encoder<'static, W>> {
    let small = bytes.filter(|bytes| *bytes <= SMALL);
    let mut zstd = zstd::Encoder::new(output, small.map_or(LEVEL, |_| SMALL_LEVEL))?;
    // Without the size that level takes the memory that a large bundle would need.
    zstd.set_pledged_src_size(small)?;
    zstd.include_checksum(true)?;
    Ok(zstd)
}

/// An output that buffers its input until the size is known to be within bounds.
struct Staged<W> {
    held: Option<Vec<u8>>,
    output: W,
}

impl<W: Write> Staged<W> {
    /// Writes out the buffered bytes, and lets everything later through.
    fn release(&mut self) -> Result<()> {
        let Some(held) = self.held.take() else { return Ok(()) };
        refuse_beyond("the bundle", held.len() as u64, limits::BUNDLE_FILE_BYTES)?;
        self.output.write_all(&held).map_err(|e| Error::io("the bundle cannot be written", e))
    }
}

impl<W: Write> Write for Staged<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.held {
            Some(held) => held.write(bytes),
            None => self.output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.held {
            Some(_) => Ok(()),
            None => self.output.flush(),
        }
    }
}
