use crate::cmd::foreign::FromKind;
use crate::cmd::resolve::missing;
use crate::cmd::subject::{LooseDocument, Subject, no_longer_decodes};
use crate::cmd::{Context, OutFile, files};
use crate::concern::{self, core};
use crate::crdt::any_view::AnyView;
use crate::crdt::source::Source;
use crate::error::{Error, Result, counted};
use crate::id::DocId;
use crate::inspect::anonymize::{Anonymous, anonymize, anonymize_any};
use crate::store::Reader;
use crate::ui::{Body, Report};
use crate::wire::Update;
use serde_json::json;
use std::path::Path;

#[derive(clap::Args)]
pub struct AnonymizeArgs {
    /// The document, or a file; `-` is standard input
    doc: String,
    /// Replace the ids of members too, each by the same substitute throughout the entity
    #[arg(long)]
    members: bool,
    #[command(flatten)]
    from: FromKind,
    #[command(flatten)]
    out: OutFile,
}

pub fn run(context: &Context, args: &AnonymizeArgs) -> Result<Report> {
    context.knows_where(&args.out)?;
    args.out.spares(&[&args.doc])?;
    let (reader, doc) = match context.subject(&args.doc, args.from)? {
        Subject::Stored(reader, doc) => (reader, doc),
        Subject::File(file) => {
            file.note_fork(context);
            return of_file(context, args, &file);
        }
    };
    let view = match reader.any_view(&doc)?.ok_or_else(|| missing(&doc))? {
        AnyView::View(view) => view,
        AnyView::Types(types, _) => {
            let copy = of_any(types.bytes(), doc.as_str(), args)?;
            return deliver(context, args, doc.as_str(), copy);
        }
    };
    let members = args.members.then(|| members(&reader, &doc)).transpose()?;
    let copy =
        anonymize(&view.update(concern::roots(&doc))?, concern::of(&doc), members.as_deref())?;
    deliver(context, args, doc.as_str(), copy)
}

/// The name of a store's file says which document it is; of any other file only the shared types are known.
fn of_file(context: &Context, args: &AnonymizeArgs, file: &LooseDocument) -> Result<Report> {
    let doc = files::document_of(Path::new(&args.doc));
    let spec = doc.as_ref().and_then(concern::of);
    let known = spec.and_then(|spec| Some((spec, Update::checked(&file.update, spec.roots).ok()?)));
    let copy = match known {
        Some((spec, update)) => anonymize(&update, Some(spec), args.members.then_some(&[][..]))?,
        None => of_any(&file.update, &file.name, args)?,
    };
    deliver(context, args, &file.name, copy)
}

/// Anonymizes a document of which only the shared types are known.
fn of_any(update: &[u8], name: &str, args: &AnonymizeArgs) -> Result<Anonymous> {
    if args.members {
        return Err(Error::usage(format!("the members of {name} are not known"))
            .hint("leave out `--members`: every value that is a text becomes filler anyway"));
    }
    let update = Update::walk(update).map_err(no_longer_decodes)?;
    anonymize_any(&update)
}

fn deliver(context: &Context, args: &AnonymizeArgs, doc: &str, copy: Anonymous) -> Result<Report> {
    let stay =
        if args.members { "" } else { "; the ids of members are kept (`--members` replaces them)" };
    let sentence = format!(
        "wrote {doc} without its text: {} bytes, {} replaced{stay}",
        copy.bytes.len(),
        counted(copy.texts as u64, "text")
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
