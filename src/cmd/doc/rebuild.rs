use crate::cmd::foreign::FromKind;
use crate::cmd::{Context, OutFile};
use crate::crdt::types::SharedTypes;
use crate::error::{Error, Result};
use crate::ui::{Body, Report};
use serde_json::json;

/// Rewrite the content of a document without its history
///
/// The new file has the same values as the old one, written by one client in one piece: texts with their
/// formats, XML, values, sub-documents. Nothing remains of what was deleted or overwritten, and every id is
/// new.
///
/// The new file is a different document. If it is merged with the old one, or with any copy of it, all
/// content appears twice: every program has to start from the new file, and none may bring the old one back.
/// Undo and cursors of the old one are lost. `doc size` predicts the new size. A store's own documents are
/// never rebuilt in place, because another replica may hold offline changes to the old one that have not
/// arrived yet.
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
    file.refuse_fork()?;
    let types = file.types()?;
    if let Some(waiting) = types.waiting().first() {
        return Err(Error::refused(format!("{} is incomplete", file.name))
            .because(format!("{waiting}, which is missing: what waits would be lost"))
            .hint("`crdtctl doc merge FILE OTHER -O NEW` adds what another file has"));
    }
    let client = context.environment().machine.ids.client_id()?;
    let rebuilt = types.rebuilt(client)?;
    let read = SharedTypes::read(rebuilt.update.clone())?;
    if read.digest() != types.digest() {
        return Err(Error::bug("the rebuilt document differs from the original"));
    }
    let (before, after) = (file.update.len(), rebuilt.update.len());
    context.note(format!(
        "this is a different document: merged with {} or a copy of it, all content appears twice",
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
        format!("rewrote the content of {}: {after} bytes instead of {before}", file.name);
    let mut report = context.deliver(rebuilt.update, &args.out, &sentence)?;
    if matches!(report.body, Body::Nothing) && context.terminal.format.is_json() {
        report.body = Body::Json(account);
    }
    Ok(report)
}
