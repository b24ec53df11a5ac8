//! Takes in the file contents that bundles carry. The documents are imported first, since they say which
//! contents are needed.

use super::incoming::read_bundle;
use crate::cmd::Context;
use crate::cmd::failure;
use crate::cmd::files::{self, open, within};
use crate::error::{Error, Result, counted};
use crate::sync::bundle::Bundle;
use crate::sync::content::{CameIn, ContentIntake};
use crate::sync::import::Input;
use crate::ui::{Body, Report};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Where a bundle can be read again.
pub enum BundleAgain {
    /// Its file.
    File(PathBuf),
    /// A copy of standard input.
    Spooled(File),
    /// There is nothing to read again.
    Nothing,
}

impl BundleAgain {
    fn open(&self) -> Result<Box<dyn Read + '_>> {
        let failed = |e| Error::io("the copy of standard input cannot be read", e);
        match self {
            BundleAgain::File(path) => open(path),
            BundleAgain::Spooled(file) => {
                let mut file = file;
                file.seek(SeekFrom::Start(0)).map_err(failed)?;
                Ok(Box::new(file))
            }
            BundleAgain::Nothing => Ok(Box::new(io::empty())),
        }
    }
}

/// Reads a bundle from the user's file, and remembers where it can be read again: standard input is copied to
/// an unnamed temporary file.
///
/// # Errors
/// As [`read_bundle`]; `Io` if the copy cannot be written.
pub fn read_twice(file: &Path) -> Result<(Bundle, BundleAgain)> {
    if file.as_os_str() != "-" {
        return Ok((read_bundle(file)?, BundleAgain::File(file.to_owned())));
    }
    let failed = |e| Error::io("standard input cannot be copied into a temporary file", e);
    let mut copy = tempfile::tempfile().map_err(failed)?;
    let input = Tee { input: open(file)?, copy: &mut copy };
    let bundle = Bundle::read(input).map_err(|error| within(file, error))?;
    Ok((bundle, BundleAgain::Spooled(copy)))
}

/// Copies what is read.
struct Tee<'c> {
    input: Box<dyn Read>,
    copy: &'c mut File,
}

impl Read for Tee<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.copy.write_all(into.get(..read).unwrap_or_default())?;
        Ok(read)
    }
}

/// Which contents were taken in, and what failed.
pub struct ContentsTold {
    came: CameIn,
    failed: Option<Error>,
}

/// Takes in the missing contents from imported bundles. Returns `None` if the bundles carry none, and in a
/// dry run.
///
/// # Errors
/// Those of the store. Failures with the contents themselves are only reported: the import has happened.
pub fn receive(
    context: &Context,
    inputs: &[(&Input, &BundleAgain)],
) -> Result<Option<ContentsTold>> {
    let carrying = inputs.iter().filter_map(|(input, again)| match input {
        Input::Bundle { name, bundle } if !bundle.manifest().files.is_empty() => {
            Some((name, bundle, again))
        }
        _ => None,
    });
    let carrying: Vec<_> = carrying.collect();
    if carrying.is_empty() || context.is_dry() {
        return Ok(None);
    }
    let session = context.session()?;
    let mut intake = ContentIntake::new(&context.reader()?, &session)?;
    let progress = context.progress("taking in files", Some(carrying.len() as u64));
    let mut failed = None;
    for (name, bundle, again) in carrying {
        if intake.wants(bundle) {
            let taken = again.open().and_then(|input| intake.take(bundle, &session.disks(), input));
            failed = failed.or(taken.err().map(|e| files::within(Path::new(name), e)));
        }
        progress.advance(1);
    }
    Ok(Some(ContentsTold { came: intake.done(), failed }))
}

/// Adds the contents taken in to the report of an import, and writes their files.
pub fn told_contents(context: &Context, mut report: Report, told: Option<ContentsTold>) -> Report {
    let Some(ContentsTold { came, failed }) = told else { return report };
    if let Body::Json(Value::Object(fields)) = &mut report.body {
        fields.insert("files".to_owned(), json!(came));
    }
    if came.came > 0 {
        let files = counted(came.came as u64, "file");
        report.notes.push(format!("received the contents of {files}, {} bytes", came.bytes));
        report.notes.extend(context.settle_all_disks());
    }
    let Some(error) = failed else { return report };
    report.notes.push(format!(
        "not all contents of files were received: {error:#}; repeating the import continues with them"
    ));
    report.exit(failure::exit_code(error.kind))
}

/// Parses a size as people write it: `500k`, `10M`, `1G`, in powers of 1024.
pub fn size(text: &str) -> std::result::Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..).unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "b" => Some(1u64),
        "k" | "kb" | "kib" => Some(1 << 10),
        "m" | "mb" | "mib" => Some(1 << 20),
        "g" | "gb" | "gib" => Some(1 << 30),
        _ => None,
    };
    let bytes = digits.parse::<u64>().ok().zip(unit).and_then(|(n, unit)| n.checked_mul(unit));
    bytes.ok_or_else(|| "a size is a number of bytes, such as 500k, 10M or 1G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let read = ["0", "7b", "500k", "10M", "1GiB"].map(|text| size(text).unwrap());
        assert_eq!(read, [0, 7, 512_000, 10 << 20, 1 << 30]);
        for wrong in ["", "k", "1.5M", "-1", "1x", "99999999999G", "1 M"] {
            assert!(size(wrong).is_err(), "{wrong:?}");
        }
    }
}
