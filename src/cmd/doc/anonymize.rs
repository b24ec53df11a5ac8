use super::missing;
use crate::cmd::{Context, OutFile};
use crate::concern::{self, core};
use crate::crdt::update::Update;
use crate::crdt::value::Source;
use crate::error::{Error, Result};
use crate::id::DocId;
use crate::inspect::anonymize::anonymize;
use crate::store::Reader;
use crate::ui::Report;

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
    context.refuse_terminal(&args.out)?;
    let reader = context.reader()?;
    let doc = context.document(&reader, &args.doc)?;
    let bytes = reader.bytes(&doc)?.ok_or_else(|| missing(&doc))?;
    let roots = concern::roots(&doc);
    let update = Update::walk(&bytes)
        .and_then(|walked| walked.check(roots))
        .map_err(|fault| Error::corrupt(format!("{doc} is not a valid document")).because(fault))?;
    let members = args.members.then(|| members(&reader, &doc)).transpose()?;
    let copy = anonymize(&update, roots, members.as_deref())?;
    let stay = if args.members { "" } else { "; the ids of members stay (`--members`)" };
    let sentence = format!(
        "wrote {doc} without its text: {} bytes, {} texts replaced{stay}",
        copy.bytes.len(),
        copy.texts
    );
    context.deliver(copy.bytes, &args.out, &sentence)
}

/// Every member of the document's entity, deleted ones included.
fn members(reader: &Reader, doc: &DocId) -> Result<Vec<String>> {
    let core = doc.entity().map(|entity| entity.document(core::SPEC.name));
    let view = core.map(|core| reader.view(&core)).transpose()?.flatten();
    Ok(view.map(|view| view.keys(core::MEMBERS.path)).unwrap_or_default())
}
