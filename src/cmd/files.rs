//! The user's own files: arguments that mean standard input, and files that a command writes.

use crate::error::{Error, Result};
use std::io::{Read, Write};
use std::path::Path;

/// Most that is read from standard input as one argument.
const TEXT_BYTES: u64 = 16 << 20;

/// An argument's text; `-` is all of standard input, without its last line break.
///
/// # Errors
/// `Io` when it cannot be read, `Refused` when it is larger than 16 MiB, `Usage` when it is not
/// UTF-8.
pub fn text(argument: &str) -> Result<String> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .take(TEXT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| Error::io("cannot read standard input", e))?;
    if bytes.len() as u64 > TEXT_BYTES {
        return Err(Error::refused(format!("standard input holds more than {TEXT_BYTES} bytes")));
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|e| Error::usage("standard input is not UTF-8").because(e.utf8_error()))?;
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// Writes a file of the user's, replacing it whole or not at all. Not promised: durability (no fsync).
///
/// # Errors
/// `Io`; the old file is then as it was.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |e: std::io::Error| Error::io(format!("cannot write {}", path.display()), e);
    // A pipe or a device cannot be replaced.
    if path.exists() && !path.is_file() {
        return std::fs::write(path, bytes).map_err(failed);
    }
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::Builder::new().prefix(".crdtctl-").tempfile_in(dir).map_err(failed)?;
    new.write_all(bytes).map_err(failed)?;
    new.persist(path).map_err(|e| failed(e.error))?;
    Ok(())
}
