use crate::cmd::resolve::missing;
use crate::cmd::{Context, OutFile};
use crate::concern::{self, core};
use crate::crdt::source::Source;
use crate::error::Result;
use crate::id::DocId;
use crate::inspect::anonymize::anonymize;
use crate::store::Reader;
use crate::ui::{Body, Report};
use serde_json::json;

#[derive(clap::Args)]
pub struct Args {
    /// The document
    doc: String,
    /// Replace the ids of members too, each by the same other one throughout the entity
    #[arg(long)]
    members: bool,
    #[command(flatten)]
    out: OutFile,
}

pub fn run(context: &Context, args: &Args) -> Result<Report> {
    context.knows_where(&args.out)?;
    let reader = context.reader()?;
    let doc = context.document(&reader, &args.doc)?;
    let view = reader.view(&doc)?.ok_or_else(|| missing(&doc))?;
    let members = args.members.then(|| members(&reader, &doc)).transpose()?;
    let copy =
        anonymize(&view.update(concern::roots(&doc))?, concern::of(&doc), members.as_deref())?;
    let stay = if args.members { "" } else { "; the ids of members stay (`--members`)" };
    let sentence = format!(
        "wrote {doc} without its text: {} bytes, {} texts replaced{stay}",
        copy.bytes.len(),
        copy.texts
    );
    let account = json!({
        "doc": doc,
        "file_bytes": copy.bytes.len(),
        "texts": copy.texts,
        "members": args.members,
    });
    let mut report = context.deliver(copy.bytes, &args.out, &sentence)?;
    if matches!(report.body, Body::Nothing) && context.terminal.format.is_json() {
        report.body = Body::Json(account);
    }
    Ok(report)
}

/// Every member of the document's entity, deleted ones included.
fn members(reader: &Reader, doc: &DocId) -> Result<Vec<String>> {
    let core = doc.entity().map(|entity| entity.document(core::SPEC.name));
    let view = core.map(|core| reader.view(&core)).transpose()?.flatten();
    Ok(view.map(|view| view.keys(core::MEMBERS.path)).unwrap_or_default())
}
