use crate::cmd::Context;
use crate::cmd::foreign::FromKind;
use crate::cmd::subject::{DocumentContent, Subject};
use crate::crdt::source::Source;
use crate::crdt::types::{DeepJson, JsonOut};
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::inspect::jsonpath;
use crate::limits::ROW_LEVELS;
use crate::ui::{Format, Report};
use serde_json::Map;

/// Print the values that a JSONPath finds in a document
///
/// The path (RFC 9535) is applied to the output of `doc dump`. Prints one value per line, or with --json one
/// array. If nothing is found, exits with 4.
///
/// A path may have at most 4,096 characters and brackets nested six deep. A path that may visit more than 300
/// million values in this document, or finds more than 5 million, is refused with exit code 2: use fewer `..`
/// and `?`, or more names. With `..` or `?`, documents may be at most 10,000 levels deep; without them, any
/// depth.
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
    let (name, content): (String, DeepJson) = match context.subject(&args.doc, args.from)? {
        Subject::Stored(reader, id) => match context.content(&reader, &id)? {
            DocumentContent::View(view) => (id.to_string(), whole(&view).into()),
            DocumentContent::Types(types) => (id.to_string(), types.to_json()?),
        },
        Subject::File(file) => {
            let types = file.types()?;
            file.note_unshown(context, &types);
            (file.name.clone(), types.to_json()?)
        }
    };
    let found = jsonpath::find(content.get(), &args.path)?;
    if found.is_empty() {
        return Err(Error::not_found(format!("nothing in {name} matches {}", args.path))
            .hint(format!("`crdtctl doc tree {name}` shows the paths")));
    }
    let format = context.terminal.format;
    if found.iter().any(|value| jsonpath::nests_deeper(value, ROW_LEVELS)) {
        return deep(&found, format);
    }
    let found: Vec<_> = found.into_iter().cloned().collect();
    Ok(match format {
        Format::Json => Report::json(found.into()),
        _ => Report::lines(found),
    })
}

/// Writes values that are nested too deeply for recursion.
fn deep(found: &[&serde_json::Value], format: Format) -> Result<Report> {
    let mut text = Vec::new();
    let mut write = || -> std::io::Result<()> {
        if format == Format::Json {
            let mut out = JsonOut::new(&mut text, true);
            out.begin('[')?;
            found.iter().try_for_each(|value| out.json(value))?;
            out.end(']')?;
            text.push(b'\n');
            return Ok(());
        }
        for value in found {
            JsonOut::new(&mut text, false).json(value)?;
            text.push(b'\n');
        }
        Ok(())
    };
    write().map_err(|e| Error::bug("content does not encode").because(e))?;
    Ok(Report::json_lines_by(move |out| out.write_all(&text)))
}

/// The live content: root → content.
fn whole(view: &View) -> serde_json::Value {
    let content = |root: String| view.value(&[&root]).map(|value| (root, value.to_json()));
    view.roots().into_iter().filter_map(content).collect::<Map<_, _>>().into()
}
