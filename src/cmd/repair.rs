use super::{Context, DryRun, check};
use crate::check::archive::ARCHIVE;
use crate::check::repair::{named, repair};
use crate::error::{Result, listed};
use crate::store::check::BROKEN_LOG;
use crate::ui::{Report, Written};
use serde_json::{Value, json};

/// Repair findings of `crdtctl check`: only those that are named
///
/// Takes ids of findings, or unique prefixes of them. All of them are repaired in one commit, or none.
/// The replaced bytes are kept in the table `quarantine` of crdtctl.db. A finding that cannot be
/// repaired automatically is refused, and the error names the command that fixes it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl repair --dry-run stale-meta-4218db stale-meta-b2bfdc
  crdtctl repair stale-meta-4218db
  crdtctl check -o id | grep ^stale-meta | xargs -r crdtctl repair")]
pub struct RepairArgs {
    /// The findings
    #[arg(required = true, value_name = "FINDING")]
    finding: Vec<String>,
    #[command(flatten)]
    dry_run: DryRun,
}

pub fn run(context: &Context, args: RepairArgs) -> Result<Report> {
    let store = context.store()?;
    // A large archive and the whole log are looked at only if something of them is to be repaired.
    let of_large =
        |id: &str| [ARCHIVE.name, BROKEN_LOG.name].iter().any(|name| id.starts_with(name));
    let deep = args.finding.iter().any(|id| of_large(id));
    named(&check::look_once(context, &store, None, deep)?, &args.finding)?;
    let session = context.repair_session()?;
    // Again while nobody else writes: what a command leaves until it ends is nothing to repair. The session of
    // a dry run keeps nobody from it.
    let findings = match context.how()?.dry_run {
        true => check::look(context, &store, None, deep)?,
        false => check::look_once(context, &store, None, deep)?,
    };
    let findings = named(&findings, &args.finding)?;
    let repaired = repair(session, &findings)?;
    let ids: Vec<&str> = repaired.findings.iter().map(|finding| finding.id.as_str()).collect();
    let mended: Vec<Value> =
        repaired.findings.iter().map(|finding| json!(check::row(finding))).collect();
    let written = Written {
        changed: true,
        // The first document whose content changed or, if only files were repaired, the first finding's.
        doc: match repaired.committed.documents.is_empty() {
            true => repaired.findings.iter().find_map(|f| f.doc.as_ref()).map(ToString::to_string),
            false => None,
        },
        sentence: format!("repaired {}", listed(&ids)),
        ..Written::default()
    };
    Ok(context.written(written.with("repaired", mended), repaired.committed))
}
