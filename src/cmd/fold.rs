use super::{Context, DryRun, words_of};
use crate::error::{Error, Result, counted};
use crate::store::{Committed, Fold};
use crate::ui::{Column, Report, Written, row, rows};
use clap::Subcommand;
use serde_json::json;

/// Control when document files are written: with every command, or many changes at once
///
/// A change is durable in the log (`crdtctl.db`) when its command ends, and every crdtctl command shows
/// it. Other programs read the files (`.yrs`), which are also written before the command ends, unless
/// `--fold later` or the store's setting defers that: then the cost of a command does not depend on the
/// size of the document. The files are brought up to date by the next command that does not defer, by
/// `fold run`, or once many changes are pending.
#[derive(clap::Args)]
pub struct FoldArgs {
    #[command(subcommand)]
    verb: FoldVerb,
}

#[derive(Subcommand)]
enum FoldVerb {
    /// Write all pending changes to the files, so that other programs see them
    #[command(after_help = "Examples:
  crdtctl fold run
  crdtctl fold run -n --json | jq -r '.documents[] | \"\\(.changes) \\(.doc)\"'")]
    Run {
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Show when the files of this store are written, or change that
    ///
    /// `now`, the default, writes them before each command ends; `later` works as `--fold later`. The
    /// setting applies to this store only; the option `--fold` takes precedence.
    #[command(after_help = "Examples:
  crdtctl fold mode
  crdtctl fold mode later")]
    Mode {
        /// `now` or `later`
        #[arg(value_name = "WHEN", value_parser = words_of(&Fold::ALL, Fold::as_str))]
        when: Option<Fold>,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

const DOCUMENTS: &[Column] =
    &[Column::text("doc", "document"), Column::number("changes", "changes")];

pub fn run(context: &Context, args: FoldArgs) -> Result<Report> {
    match args.verb {
        FoldVerb::Run { dry_run } => write_files(context, dry_run.dry_run),
        FoldVerb::Mode { when: None, .. } => show(context),
        FoldVerb::Mode { when: Some(when), .. } => set(context, when),
    }
}

fn write_files(context: &Context, dry_run: bool) -> Result<Report> {
    let mut documents = context.reader()?.unfolded()?;
    let mut notes = Vec::new();
    if !dry_run {
        let committed = fold_all(context)?;
        notes = committed.notes;
        let left = context.reader()?.unfolded()?;
        if let Some(one) = left.first().filter(|_| committed.damaged.is_empty()) {
            let what = format!("the file of {} could not be written", one.doc);
            return Err(Error::io(what, notes.join("; "))
                .hint("nothing is lost: `crdtctl fold run` tries again"));
        }
        committed.damaged.into_iter().try_for_each(|e| context.leave_out(e))?;
        documents.retain(|folded| left.iter().all(|left| left.doc != folded.doc));
    }
    let changes: u64 = documents.iter().map(|one| one.changes).sum();
    let mut report = match context.terminal.format.is_json() {
        true => Report::json(json!({
            "changed": changes > 0,
            "dry_run": dry_run,
            "documents": documents,
        })),
        false => Report::list(rows(&documents)?, DOCUMENTS, Some("doc"), ""),
    };
    let would = if dry_run { "dry run, nothing is written: would have " } else { "" };
    let files = if documents.len() == 1 { "its file" } else { "their files" };
    report.notes.push(match changes {
        0 => context.as_far_as_read("nothing is left to be written"),
        n => format!("{would}written {} to {files}", counted(n, "change")),
    });
    report.notes.extend(notes);
    Ok(report)
}

/// Writes every file that can be written; the commit names the documents that cannot be used.
fn fold_all(context: &Context) -> Result<Committed> {
    let mut session = context.store()?.folding_session(context.how()?)?;
    // A file replaced by another program is taken in, as by any command that reads it.
    for one in context.reader()?.unfolded()? {
        if let Err(e) = session.any_view(&one.doc) {
            session.leave_out(e)?;
        }
    }
    session.commit()
}

fn show(context: &Context) -> Result<Report> {
    let mode = match context.reader()?.state() {
        Some(state) => state.folding()?,
        None => Fold::Now,
    };
    const MODE: &[Column] = &[Column::text("fold", "files are written")];
    let report = Report::object(row(&json!({"fold": mode.as_str()}))?, MODE, None);
    Ok(report.note(match mode {
        Fold::Now => {
            "files are written before a command ends; `crdtctl fold mode later` changes that"
        }
        Fold::Later => "files are written later; `crdtctl fold run` writes them now",
    }))
}

fn set(context: &Context, when: Fold) -> Result<Report> {
    let session = context.session()?;
    let changed = session.state().folding()? != when;
    session.state().set_folding(when)?;
    let committed = session.commit()?;
    let sentence = match when {
        Fold::Now => "files are written before each command ends from now on",
        Fold::Later => "files are written later from now on",
    };
    let written = Written { changed, sentence: sentence.to_owned(), ..Written::default() };
    Ok(context.written(written.with("fold", when.as_str()), committed))
}
