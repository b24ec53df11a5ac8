//! Files of other programs as arguments: reads and identifies them.

use super::failure::word;
use super::files;
use crate::error::{Error, Result};
use crate::foreign::{self, FoundDocument, Identified, LevelFile, Named};
use crate::limits::FILE_BYTES;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::{Path, PathBuf};

/// `--from KIND`, for commands that read files.
#[derive(clap::Args, Debug, Clone, Copy)]
pub struct FromKind {
    /// Read the file as this kind, whatever it looks like
    #[arg(long = "from", value_name = "KIND", value_parser = named())]
    pub kind: Option<Named>,
}

fn named() -> impl TypedValueParser<Value = Named> {
    PossibleValuesParser::new(Named::ALL.iter().map(|(name, _)| *name))
        .map(|name| Named::of(&name).unwrap_or(Named::V1))
}

/// A file and its kind.
pub struct ForeignFile {
    /// The bytes of the file, including commits in the log beside a database.
    pub bytes: Vec<u8>,
    /// The number of bytes; for a directory, of all its files.
    pub size: usize,
    /// What was found in it; `None` if it is of no known kind.
    pub identified: Option<Identified>,
    /// A sentence about data beside the file that was not read.
    pub unseen: Option<&'static str>,
    /// A sentence that says why a directory is no database.
    problem: Option<String>,
}

impl ForeignFile {
    /// Reads a file of the user's, or the directory of a LevelDB; `-` reads standard input.
    ///
    /// # Errors
    /// As [`files::read`].
    pub fn read(path: &Path, from: FromKind) -> Result<ForeignFile> {
        if path.is_dir() {
            return ForeignFile::level(path);
        }
        let (bytes, unseen) = read_with_log(path)?;
        let identified = match from.kind {
            Some(named) => foreign::identify_as(&bytes, named),
            None => foreign::identify(&bytes),
        };
        let size = bytes.len();
        Ok(ForeignFile { size, bytes, identified, unseen, problem: None })
    }

    /// Reads every file of a LevelDB. Opens nothing for writing, and ignores its lock.
    fn level(dir: &Path) -> Result<ForeignFile> {
        let failed = |e| Error::io(format!("cannot read {}", dir.display()), e);
        let mut found = Vec::new();
        let mut left = FILE_BYTES;
        for entry in std::fs::read_dir(dir).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if foreign::is_level_file(&name) {
                let bytes = files::read(&entry.path(), left)?;
                left = left.saturating_sub(bytes.len() as u64);
                found.push(LevelFile { name, bytes });
            }
        }
        let size = found.iter().map(|file| file.bytes.len()).sum();
        let (identified, problem) = match foreign::level(&found) {
            Ok(identified) => (Some(identified), None),
            Err(_) if !is_level(dir) => {
                (None, Some("it is a directory, and no LevelDB: name a file in it".to_owned()))
            }
            Err(problem) => (None, Some(problem)),
        };
        Ok(ForeignFile { bytes: Vec::new(), size, identified, unseen: None, problem })
    }

    /// Returns a sentence about what the file is instead.
    pub fn why_not(&self, from: FromKind) -> String {
        if let Some(problem) = &self.problem {
            return problem.clone();
        }
        let named = from.kind.and_then(|kind| Named::ALL.iter().find(|(_, named)| *named == kind));
        match named {
            Some((name, _)) if foreign::identify(&self.bytes).is_some() => {
                format!("it is something else than {name}; without `--from` it is recognised")
            }
            _ => foreign::why_not(&self.bytes),
        }
    }

    /// Returns the error for a file that holds nothing of Yjs.
    pub fn unknown(&self, path: &Path, from: FromKind) -> Error {
        let name = files::name(path);
        let error = Error::untrusted(format!("{name} is no Yjs document"));
        error.because(self.why_not(from)).hint(match self.recovery(path) {
            Some(recover) => format!("`{recover}` keeps what can be read of it"),
            None => {
                "`crdtctl doc kind --help` lists known kinds, `--from KIND` forces one".to_owned()
            }
        })
    }

    /// Returns the command that keeps what can be read, for a truncated update.
    pub fn recovery(&self, path: &Path) -> Option<String> {
        let damaged =
            self.problem.is_none() && self.identified.is_none() && foreign::breaks_off(&self.bytes);
        damaged.then(|| format!("crdtctl recover {} -O FILE", word(&path.to_string_lossy())))
    }
}

/// Returns the size of all updates of a document, in bytes.
pub fn bytes_of(document: &FoundDocument) -> usize {
    document.steps.iter().map(|step| step.update.len()).sum()
}

/// Whether documents can be read from a path: a file, a pipe, or the directory of a LevelDB.
pub fn is_readable(path: &Path) -> bool {
    is_level(path) || path.exists() && !path.is_dir()
}

/// Whether a directory is that of a LevelDB.
pub fn is_level(path: &Path) -> bool {
    path.join("CURRENT").is_file()
}

/// How often to re-read a database whose log is being written.
const READINGS: usize = 4;

/// Reads a file, for a database including commits in the log beside it, and says what was not read.
fn read_with_log(path: &Path) -> Result<(Vec<u8>, Option<&'static str>)> {
    let wal = beside(path, "-wal");
    let log = || match holds_anything(&wal) {
        true => files::read(&wal, FILE_BYTES).ok(),
        false => None,
    };
    let mut before = log();
    let mut bytes = files::read(path, FILE_BYTES)?;
    let other = |ending| holds_anything(&beside(path, ending)).then(|| foreign::unseen(ending));
    if !foreign::is_sqlite(&bytes) {
        return Ok((bytes, None));
    }
    for _ in 0..READINGS {
        let now = log();
        match &now {
            None => return Ok((bytes, other("-journal").flatten())),
            // If the log is unchanged, it still holds everything checkpointed meanwhile.
            Some(log) if before == now => match foreign::with_log(&bytes, log) {
                Some(whole) => return Ok((whole, other("-journal").flatten())),
                None => break,
            },
            Some(_) => {}
        }
        before = now;
        bytes = files::read(path, FILE_BYTES)?;
    }
    Ok((bytes, foreign::unseen("-wal")))
}

/// The path of the file beside a database with this suffix.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn holds_anything(path: &Path) -> bool {
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.len() > 0)
}
