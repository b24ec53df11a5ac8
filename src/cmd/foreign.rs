//! Files of other programs as arguments: read, and known for what they are.

use super::failure::word;
use super::files;
use crate::error::{Error, Result};
use crate::foreign::{self, FoundDocument, Identified, Named};
use crate::limits::FILE_BYTES;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::Path;

/// `--from KIND`, for commands that read files.
#[derive(clap::Args, Debug, Clone, Copy)]
pub struct FromKind {
    /// Take a file for what this says, whatever it looks like
    #[arg(long = "from", value_name = "KIND", value_parser = named())]
    pub kind: Option<Named>,
}

fn named() -> impl TypedValueParser<Value = Named> {
    PossibleValuesParser::new(Named::ALL.iter().map(|(name, _)| *name))
        .map(|name| Named::of(&name).unwrap_or(Named::V1))
}

/// A file with what it is.
pub struct ForeignFile {
    /// Of the file itself.
    pub bytes: Vec<u8>,
    /// None where nothing known is in it.
    pub identified: Option<Identified>,
}

impl ForeignFile {
    /// Reads a file of the user's; `-` is standard input.
    ///
    /// # Errors
    /// As [`files::read`].
    pub fn read(path: &Path, from: FromKind) -> Result<ForeignFile> {
        let bytes = files::read(path, FILE_BYTES)?;
        let identified = match from.kind {
            Some(named) => foreign::identify_as(&bytes, named),
            None => foreign::identify(&bytes),
        };
        Ok(ForeignFile { bytes, identified })
    }

    /// What the file is instead, as a sentence.
    pub fn why_not(&self, from: FromKind) -> String {
        let named = from.kind.and_then(|kind| Named::ALL.iter().find(|(_, named)| *named == kind));
        match named {
            Some((name, _)) if foreign::identify(&self.bytes).is_some() => {
                format!("it is something else than {name}; without `--from` it is known")
            }
            _ => foreign::why_not(&self.bytes),
        }
    }

    /// The error for a file that is nothing of Yjs.
    pub fn unknown(&self, path: &Path, from: FromKind) -> Error {
        let name = files::name(path);
        let error = Error::untrusted(format!("{name} is no Yjs document"));
        error.because(self.why_not(from)).hint(match self.recovery(path) {
            Some(recover) => format!("`{recover}` keeps what can be read of it"),
            None => {
                "`crdtctl doc kind --help` says what is known, `--from KIND` forces one".to_owned()
            }
        })
    }

    /// The command that keeps what can be read, for an update that breaks off.
    pub fn recovery(&self, path: &Path) -> Option<String> {
        let damaged = self.identified.is_none() && foreign::breaks_off(&self.bytes);
        damaged.then(|| format!("crdtctl recover {} -O FILE", word(&path.to_string_lossy())))
    }
}

/// The bytes of all updates of a document.
pub fn bytes_of(document: &FoundDocument) -> usize {
    document.steps.iter().map(|step| step.update.len()).sum()
}
