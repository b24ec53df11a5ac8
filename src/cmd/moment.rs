//! `--at MOMENT`: a document as it was.

use super::Context;
use super::foreign::{ForeignFile, FromKind, is_readable};
use super::subject::{LooseDocument, no_longer_decodes};
use super::time::fixed;
use crate::crdt::types::SharedTypes;
use crate::error::{Error, Result, counted};
use crate::foreign::{FileContent, FoundMoment, KeptUpdate, SnapshotForm};
use crate::wire::{Clocks, DeleteSet, Update, Version, merge_many};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use std::path::Path;

/// `--at MOMENT`, for commands that show a document.
#[derive(clap::Args, Debug, Clone)]
pub struct AtMoment {
    /// Show the document as it was: at a time or after `#N` updates of a log or database, or at a snapshot
    /// or state vector, in a file or as CLIENT:CLOCK,…
    #[arg(id = "moment", long = "at", value_name = "MOMENT")]
    pub moment: Option<String>,
    /// How the snapshot is encoded, if the document does not tell
    #[arg(long = "at-from", value_name = "FORM", value_parser = forms(), requires = "moment")]
    pub form: Option<SnapshotForm>,
}

fn forms() -> impl TypedValueParser<Value = SnapshotForm> {
    PossibleValuesParser::new([SnapshotForm::V1, SnapshotForm::V2].map(SnapshotForm::name))
        .map(|name| if name == "v2" { SnapshotForm::V2 } else { SnapshotForm::V1 })
}

impl AtMoment {
    /// Returns the content of a document at that moment, or as it is now if none is named.
    ///
    /// # Errors
    /// `Usage` for an invalid moment, or one that the file does not know; `Refused` if the content of that
    /// moment was garbage-collected.
    pub fn types(&self, context: &Context, file: &LooseDocument) -> Result<SharedTypes> {
        match &self.moment {
            None => file.types(),
            Some(moment) => then(context, file, moment, self.form),
        }
    }
}

fn then(
    context: &Context,
    file: &LooseDocument,
    moment: &str,
    form: Option<SnapshotForm>,
) -> Result<SharedTypes> {
    if let Some(number) = moment.strip_prefix('#') {
        let count: usize = number
            .parse()
            .map_err(|e| Error::usage(format!("{moment} is not a number of updates")).because(e))?;
        let steps = &file.document.steps;
        let some = steps.get(..count).ok_or_else(|| {
            Error::not_found(format!(
                "{} holds {}",
                file.name,
                counted(steps.len() as u64, "update")
            ))
            .hint(format!("`crdtctl doc log {}` lists them", file.name))
        })?;
        return merged(some.iter());
    }
    let path = Path::new(moment);
    if is_readable(path) {
        let read = ForeignFile::read(path, FromKind { kind: None })?;
        return match read.identified.map(|identified| identified.found) {
            Some(FileContent::Moment(found)) => {
                let form = match form {
                    Some(form) => form,
                    None => form_of(context, file, moment, &found)?,
                };
                let version = found.read_as(form).ok_or_else(|| {
                    Error::usage(format!("{moment} is no snapshot in {}", form.name()))
                        .hint("leave out `--at-from`: the document tells which it is")
                })?;
                SharedTypes::read_at(file.update.clone(), Some(version))
            }
            Some(FileContent::Vector(clocks)) => at_clocks(context, file, clocks),
            _ => Err(Error::usage(format!("{moment} is neither a snapshot nor a state vector"))
                .hint("`crdtctl doc kind FILE` says what it is")),
        };
    }
    if let Some(clocks) = clocks(moment) {
        return at_clocks(context, file, clocks);
    }
    let seconds = fixed(moment).map_err(|_| {
        Error::usage(format!("{moment} is not a moment")).hint(
            "write a time (2026-11-22T17:40:00Z), `#3` for the first three updates, CLIENT:CLOCK,… or a \
             file with a snapshot or a state vector",
        )
    })?;
    let steps = &file.document.steps;
    if steps.iter().any(|step| step.at.is_none()) {
        return Err(Error::usage(format!("{} does not record when it was written", file.name))
            .hint(
                "`crdtctl doc log` shows its updates; `#N` is the state after N updates, a snapshot is one that \
                 a program saved",
            ));
    }
    let end = seconds.saturating_add(1).saturating_mul(1_000);
    merged(steps.iter().filter(|step| step.at.is_some_and(|at| at < end)))
}

/// Returns how a snapshot of a document is encoded, and notes it if it may be encoded otherwise.
fn form_of(
    context: &Context,
    file: &LooseDocument,
    moment: &str,
    found: &FoundMoment,
) -> Result<SnapshotForm> {
    let document = Update::walk(&file.update).map_err(no_longer_decodes)?.version();
    let (form, is_either) = found.form_for(&document);
    if is_either {
        let (form, other) = (form.name(), form.other().name());
        context.note(format!(
            "{moment} can be a snapshot in v1 or in v2, with other deletions: it is read as {form}; \
             `--at-from {other}` reads it as {other}"
        ));
    }
    Ok(form)
}

fn merged<'s>(steps: impl Iterator<Item = &'s KeptUpdate>) -> Result<SharedTypes> {
    let updates = steps.map(|step| step.update.clone()).collect();
    SharedTypes::read(merge_many(updates).map_err(no_longer_decodes)?)
}

/// Parses clocks such as `7:12,8:3`.
fn clocks(text: &str) -> Option<Clocks> {
    let one = |part: &str| {
        let (client, clock) = part.split_once(':')?;
        Some((client.trim().parse().ok()?, clock.trim().parse().ok()?))
    };
    text.split(',').map(one).collect()
}

/// Returns the content at a state vector, which does not say what was deleted then. The updates of a log
/// within it do; a single state only says what is deleted now.
fn at_clocks(context: &Context, file: &LooseDocument, clocks: Clocks) -> Result<SharedTypes> {
    let versions = || {
        let steps = file.document.steps.iter();
        steps.filter_map(|step| Some(Update::walk(&step.update).ok()?.version()))
    };
    let known =
        |(client, clock): (&u64, &u32)| clocks.get(client).is_some_and(|reached| clock <= reached);
    let deletes = if file.document.steps.len() == 1 {
        context.note(
            "a state vector does not say what was deleted then, so what is deleted now is left out; a \
             snapshot says it",
        );
        versions().next().map(|version| version.deletes).unwrap_or_default()
    } else {
        let within = versions().filter(|version| version.clocks.iter().all(known));
        let mut ranges = Vec::new();
        within.for_each(|version| ranges.extend(version.deletes.iter()));
        DeleteSet::of_ranges(ranges)
    };
    SharedTypes::read_at(file.update.clone(), Some(&Version { clocks, deletes }))
}
