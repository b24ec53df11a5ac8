use crate::cmd::foreign::FromKind;
use crate::cmd::{Context, OutFile};
use crate::crdt::types::SharedTypes;
use crate::error::{Error, Result};
use crate::ui::{Body, Report};
use serde_json::json;

/// Write the content of a document anew, without its history
///
/// What is there, equal by value, as one client writes it in one piece: texts with their formats, XML,
/// values, sub-documents. What was deleted or overwritten leaves nothing behind, and the ids of everything
/// are new ones.
///
/// The new file is another document. Merged with the old one, or with any copy of it that somebody still
/// has, everything in it is there twice: every program has to begin with the new file, and none may bring
/// the old one back. Undo and cursors of the old one are gone. `doc size` says beforehand what it would
/// give. That is why a store's own documents are never written anew in their place: somebody may hold,
/// offline, what was written into the old one since they were last heard of.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc rebuild state.bin -O new.bin
  crdtctl doc size state.bin --json | jq '{file_bytes, live_bytes, rebuilt_bytes}'")]
pub struct RebuildArgs {
    /// The document, or a file; `-` is standard input
    doc: String,
    #[command(flatten)]
    from: FromKind,
    #[command(flatten)]
    out: OutFile,
}

pub fn run(context: &Context, args: &RebuildArgs) -> Result<Report> {
    context.knows_where(&args.out)?;
    args.out.spares(&[&args.doc])?;
    let file = context.any_document(&args.doc, args.from)?;
    let types = file.types()?;
    if let Some(waiting) = types.waiting().first() {
        return Err(Error::refused(format!("{} is not whole", file.name))
            .because(format!("{waiting}, which is not here: it would be lost"))
            .hint("`crdtctl doc merge FILE OTHER -O NEW` brings in what another file has"));
    }
    let client = context.environment().machine.ids.client_id()?;
    let rebuilt = types.rebuilt(client)?;
    let read = SharedTypes::read(rebuilt.update.clone())?;
    if read.digest() != types.digest() {
        return Err(Error::bug("what was written anew is not the same"));
    }
    let (before, after) = (file.update.len(), rebuilt.update.len());
    context.note(format!(
        "this is another document: merged with {} or a copy of it, everything is there twice",
        file.name
    ));
    let account = json!({
        "file": file.name,
        "file_bytes": before,
        "rebuilt_bytes": after,
        "live_bytes": rebuilt.content_bytes,
        "client": client.to_string(),
    });
    let sentence =
        format!("wrote the content of {} anew: {after} bytes instead of {before}", file.name);
    let mut report = context.deliver(rebuilt.update, &args.out, &sentence)?;
    if matches!(report.body, Body::Nothing) && context.terminal.format.is_json() {
        report.body = Body::Json(account);
    }
    Ok(report)
}
