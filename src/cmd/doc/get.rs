use crate::cmd::Context;
use crate::cmd::foreign::FromKind;
use crate::cmd::subject::{DocumentContent, Subject};
use crate::crdt::source::Source;
use crate::crdt::types::{JsonOut, SharedTypes};
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::inspect::jsonpath;
use crate::ui::{Format, Report};
use serde_json::Map;

/// Print the values that a JSONPath finds in a document
///
/// The path (RFC 9535) is applied to what `doc dump` prints. One value per line; with --json
/// one array. Nothing found is exit code 4.
///
/// A path has at most 4,096 characters and brackets in brackets six deep. One that may look at
/// more than 300 million values in this document, or finds more than 5 million, is refused
/// with exit code 2: fewer `..` and `?` in it, or more names, are less work.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc get chat '$.messages.*.content'
  crdtctl doc get core '$.members[?@.role == \"owner\"].member_id'
  crdtctl doc get chat '$..reactions' --json
  crdtctl doc get state.bin '$.settings.theme'")]
pub struct GetArgs {
    /// The document, or a file; `-` is standard input
    doc: String,
    /// What to look for: `$.messages.*.content`
    #[arg(value_name = "JSONPATH")]
    path: String,
    #[command(flatten)]
    from: FromKind,
}

pub fn run(context: &Context, args: &GetArgs) -> Result<Report> {
    let (name, content) = match context.subject(&args.doc, args.from)? {
        Subject::Stored(reader, id) => match context.content(&reader, &id)? {
            DocumentContent::View(view) => (id.to_string(), whole(&view)),
            DocumentContent::Types(types) => (id.to_string(), parsed(&types)?),
        },
        Subject::File(file) => {
            let types = file.types()?;
            file.note_waiting(context, &types);
            (file.name.clone(), parsed(&types)?)
        }
    };
    let found: Vec<_> = jsonpath::find(&content, &args.path)?.into_iter().cloned().collect();
    if found.is_empty() {
        return Err(Error::not_found(format!("nothing in {name} matches {}", args.path))
            .hint(format!("`crdtctl doc tree {name}` shows which paths there are")));
    }
    Ok(match context.terminal.format {
        Format::Json => Report::json(found.into()),
        _ => Report::lines(found),
    })
}

/// The live content: root → content.
fn whole(view: &View) -> serde_json::Value {
    let content = |root: String| view.value(&[&root]).map(|value| (root, value.to_json()));
    view.roots().into_iter().filter_map(content).collect::<Map<_, _>>().into()
}

/// What `doc dump` prints, parsed: no deeper than 128 levels.
fn parsed(types: &SharedTypes) -> Result<serde_json::Value> {
    let mut bytes = Vec::new();
    let deep = |e: serde_json::Error| {
        Error::refused("the document is nested too deeply for a JSONPath")
            .because(e)
            .hint("`crdtctl doc dump` prints it")
    };
    types
        .write_json(&mut JsonOut::new(&mut bytes, false), false)
        .map_err(|e| Error::bug("content does not encode").because(e))?;
    serde_json::from_slice(&bytes).map_err(deep)
}
