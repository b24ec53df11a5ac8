use super::show::waiting;
use crate::cmd::foreign::FromKind;
use crate::cmd::subject::LooseDocument;
use crate::cmd::{Context, OutFile};
use crate::crdt::types::SharedTypes;
use crate::error::{Error, Kind, Result, counted};
use crate::inspect::twice::{self, Twice};
use crate::ui::{Body, Report};
use crate::wire::{Id, Update, merge_with_gaps};
use serde_json::json;

/// Merge files of one document, in any order
///
/// Any number of updates, states and logs of one document become one update. Blocks are copied unchanged.
/// Whatever is still missing between them is named.
///
/// Files that hold the same content without a common history are refused and named: merged, that content
/// would appear twice. This is the usual cause of doubled text; the second file should have been started from
/// the first. `--doubled` merges them anyway.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc merge state.bin change.bin -O merged.bin
  crdtctl doc merge change.bin state.bin --json -O merged.bin | jq .waiting")]
pub struct MergeArgs {
    /// The files
    #[arg(required = true)]
    files: Vec<String>,
    /// Merge even content that will then appear twice
    #[arg(long)]
    doubled: bool,
    #[command(flatten)]
    from: FromKind,
    #[command(flatten)]
    out: OutFile,
}

pub fn run(context: &Context, args: &MergeArgs) -> Result<Report> {
    context.knows_where(&args.out)?;
    let files: Vec<LooseDocument> =
        args.files.iter().map(|file| context.loose(file, args.from)).collect::<Result<_>>()?;
    for (_, wanted) in files.iter().zip(&args.files).filter(|(file, _)| !file.is_alone) {
        args.out.spares(&[wanted])?;
    }
    files.iter().try_for_each(LooseDocument::refuse_fork)?;
    let mut updates = Vec::with_capacity(files.len());
    for file in &files {
        updates.push(Update::walk(&file.update).map_err(|fault| {
            Error::untrusted(format!("{} does not decode", file.name)).because(fault)
        })?);
    }
    let merged = merge_with_gaps(&updates);
    refuse_fork(&files, &updates, &merged)?;
    let doubled = doubled(&files)?;
    if !args.doubled {
        twice::refuse(
            &doubled,
            "keep one of them and start everywhere from it; `--doubled` merges them anyway",
        )?;
    }
    for one in &doubled {
        context.note(one.to_string());
    }
    let types = SharedTypes::read(merged)?;
    for waiting in types.waiting() {
        context.note(format!("{waiting}, which no file has"));
    }
    let account = json!({
        "files": files.len(),
        "bytes": types.bytes().len(),
        "client_ids": types.version().clocks.len(),
        "waiting": waiting(&types),
        "doubled": doubled.iter().map(|twice| json!({
            "root": twice.root,
            "files": [twice.first, twice.second],
        })).collect::<Vec<_>>(),
    });
    let sentence =
        format!("merged {}: {} bytes", counted(files.len() as u64, "file"), types.bytes().len());
    let mut report = context.deliver(types.bytes().to_vec(), &args.out, &sentence)?;
    if matches!(report.body, Body::Nothing) && context.terminal.format.is_json() {
        report.body = Body::Json(account);
    }
    Ok(report)
}

/// Refuses files that hold different operations under one client id and clock: they cannot both be right.
/// Each is compared once, with the merged result.
fn refuse_fork(files: &[LooseDocument], updates: &[Update<'_>], merged: &[u8]) -> Result<()> {
    let merged = Update::walk(merged)
        .map_err(|fault| Error::bug("the merged update does not decode").because(fault))?;
    for (file, update) in files.iter().zip(updates) {
        if let Some(Id { client, clock }) = update.contradicts(&merged) {
            let what = format!("{} does not belong to the same document as the others", file.name);
            return Err(Error::new(Kind::Forked, what)
                .because(format!(
                    "client id {client} wrote different content from clock {clock} on"
                ))
                .hint("two programs shared one client id; keep both files as they are"));
        }
    }
    Ok(())
}

fn doubled(files: &[LooseDocument]) -> Result<Vec<Twice>> {
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        all.push((file.name.as_str(), file.types()?));
    }
    Ok(twice::twice(&all))
}
