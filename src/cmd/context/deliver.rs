//! Delivers bytes to the user, in a file or on standard output.

use super::{Context, dry};
use crate::cmd::subject::split;
use crate::cmd::{OutFile, files};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::ui::Report;
use std::io::{self, Write};
use std::path::Path;

impl Context {
    /// Refuses to write bytes to a terminal, or when a format was named: `-o json` may be a mistyped `-O`.
    ///
    /// # Errors
    /// `Usage`, unless `-O` names a file or `-`.
    pub fn knows_where(&self, out: &OutFile) -> Result<()> {
        let what = match &out.file {
            None if self.globals.format_named => "`-o` names a format, and no file is named",
            None if self.terminal.interactive => "no file to write to",
            _ => return Ok(()),
        };
        Err(Error::usage(what).hint("name one with `-O FILE`; `-O -` is standard output"))
    }

    /// Writes bytes to the file named by `-O`, or to standard output if there is none or it is `-`. With `-n`
    /// nothing is written. `sentence` says what was written.
    ///
    /// # Errors
    /// `Refused` if the file belongs to a store; otherwise as [`files::write`].
    pub fn deliver(&self, bytes: Vec<u8>, out: &OutFile, sentence: &str) -> Result<Report> {
        if let Some(file) = out.file.as_deref() {
            refuse_owned(file)?;
        }
        if self.dry_run {
            return Ok(Report::nothing().note(dry(sentence)));
        }
        match out.file.as_deref().filter(|file| file.as_os_str() != "-") {
            None => Ok(Report::raw(bytes).note(sentence)),
            Some(file) => {
                files::write(file, &bytes)?;
                Ok(Report::nothing().note(sentence))
            }
        }
    }

    /// Like [`Context::deliver`], but streams the bytes that `fill` writes. Returns their number.
    ///
    /// # Errors
    /// As [`Context::deliver`], and those of `fill`.
    pub fn deliver_with(
        &self,
        out: &OutFile,
        fill: &dyn Fn(&mut dyn Write) -> Result<()>,
        sentence: &dyn Fn(u64) -> String,
    ) -> Result<(u64, Report)> {
        if let Some(file) = out.file.as_deref() {
            refuse_owned(file)?;
        }
        let count = |output: &mut dyn Write| {
            let mut counted = files::CountedOutput::over(output);
            fill(&mut counted).map(|()| counted.bytes)
        };
        let bytes = match out.file.as_deref().filter(|file| file.as_os_str() != "-") {
            _ if self.dry_run => count(&mut io::sink())?,
            None => count(&mut files::output())?,
            Some(file) => files::write_with(file, count)?,
        };
        let sentence = sentence(bytes);
        let sentence = if self.dry_run { dry(&sentence) } else { sentence };
        Ok((bytes, Report::nothing().note(sentence)))
    }
}

impl OutFile {
    /// Refuses to overwrite an input file with output that holds less.
    ///
    /// # Errors
    /// `Refused`, for the first such file.
    pub fn spares(&self, read: &[&str]) -> Result<()> {
        let place = |path: &Path| path.canonicalize().ok();
        let Some(out) = self.file.as_deref().and_then(place) else { return Ok(()) };
        match read.iter().find(|wanted| place(&split(wanted).0).is_some_and(|it| it == out)) {
            None => Ok(()),
            Some(wanted) => Err(Error::refused(format!("{wanted} would be overwritten"))
                .because("the output holds less than the file")
                .hint("name another file with `-O`")),
        }
    }
}

/// Refuses to write output for the user into a store.
fn refuse_owned(file: &Path) -> Result<()> {
    match Store::owns(file)? {
        false => Ok(()),
        true => Err(Error::refused(format!("{} belongs to a store", file.display()))
            .hint("name a file outside of it with `-O`")),
    }
}
