use super::prose::prose;
use super::roots;
use crate::cmd::foreign::FromKind;
use crate::cmd::moment::AtMoment;
use crate::cmd::subject::{DocumentContent, Subject};
use crate::cmd::{Context, OtherAs};
use crate::crdt::source::{Shared, Source};
use crate::crdt::types::{JsonForm, JsonOut, SharedType, SharedTypes, SharedValue, TypeKind};
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::inspect::jsonpath;
use crate::limits::ROW_LEVELS;
use crate::path::key;
use crate::ui::{Column, EscapedJson, Format, Report, Row, Take};
use crate::wire::Value;
use clap::ValueEnum;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::json;
use std::rc::Rc;

/// Print the live content of a document as JSON
///
/// Exactly what the document holds, tombstones and unknown fields included: maps as objects, arrays as
/// arrays, text as a string, numbers as numbers, bytes as base64, and numbers that JSON cannot express as
/// "NaN", "Infinity" or "-Infinity". XML is a string, as Yjs' toJSON makes it. `--as yjs` is lossless: each
/// value has its type, and texts with formats have their delta.
///
/// `--as xml` is well-formed whatever the document holds, one node after the other without one around them:
/// in the names of nodes, attributes and marks `_` stands for each character that XML allows in no name, and
/// in texts U+FFFD for each that it allows nowhere. Embedded values are JSON text.
///
/// `--as xml`, `markdown`, `html` and `ndjson` are no JSON value, so `--json` with one of them is refused.
///
/// Content that waits for a missing update is not shown; standard error names it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc dump chat | jq '.messages | length'
  crdtctl doc dump core --as ndjson | grep alice
  crdtctl doc dump state.bin --as xml --root page
  crdtctl doc dump state.bin --as delta
  crdtctl doc dump state.bin --as markdown --root page")]
pub struct DumpArgs {
    /// The document, or a file; `-` is standard input
    doc: String,
    /// The format; by default one object with every root
    #[arg(long = "as", value_name = "FORMAT")]
    dump_format: Option<DumpFormat>,
    /// Only this root
    #[arg(long, value_name = "ROOT")]
    root: Option<String>,
    #[command(flatten)]
    from: FromKind,
    #[command(flatten)]
    at: AtMoment,
    #[command(flatten)]
    member: OtherAs,
}

#[derive(Clone, Copy, ValueEnum)]
enum DumpFormat {
    /// One object: root → content
    Json,
    /// One line per record: {"root","key","value"}; texts with formats as in `delta`, XML as in `xml`
    Ndjson,
    /// Like json, each value with its Yjs type: {"t":"map","v":…}, text, bigint, …
    Yjs,
    /// Roots that are texts, as Quill and Yjs write them: [{"insert","attributes"}]
    Delta,
    /// Roots that are XML, as XML that parses
    Xml,
    /// XML of ProseMirror, Tiptap and BlockNote, and Quill texts, as Markdown
    Markdown,
    /// The same as `markdown`, as HTML
    Html,
}

const RECORD: &[Column] =
    &[Column::text("root", "root"), Column::text("key", "key"), Column::text("value", "value")];

pub fn run(context: &Context, args: &DumpArgs) -> Result<Report> {
    let format = args.dump_format.unwrap_or(match context.terminal.format {
        Format::Ndjson => DumpFormat::Ndjson,
        _ => DumpFormat::Json,
    });
    refuse_two_formats(context, format)?;
    if args.at.moment.is_some() {
        let file = context.any_document(&args.doc, args.from)?;
        let types = args.at.types(context, &file)?;
        file.note_unshown(context, &types);
        return of_types(context, Rc::new(types), format, args);
    }
    let types = match context.subject(&args.doc, args.from)? {
        Subject::Stored(reader, id) => match (context.content(&reader, &id)?, format) {
            (
                DocumentContent::View(view),
                DumpFormat::Json | DumpFormat::Ndjson | DumpFormat::Yjs,
            ) if args.root.is_none() => {
                return Ok(of_view(view, format));
            }
            (DocumentContent::View(view), _) => Rc::new(SharedTypes::read(view.bytes().to_vec())?),
            (DocumentContent::Types(types), _) => types,
        },
        Subject::File(file) => {
            let types = file.types()?;
            file.note_unshown(context, &types);
            Rc::new(types)
        }
    };
    of_types(context, types, format, args)
}

/// Refuses `--json` or `-o` beside an `--as` that it contradicts. The environment sets only a default.
fn refuse_two_formats(context: &Context, format: DumpFormat) -> Result<()> {
    let globals = &context.globals;
    let asked = match globals.output.filter(|_| globals.format_named) {
        _ if globals.json => Some(Format::Json),
        named => named,
    };
    let is_text = matches!(format, DumpFormat::Xml | DumpFormat::Markdown | DumpFormat::Html);
    let (option, is_other) = match asked {
        Some(Format::Json) => ("--json", is_text || matches!(format, DumpFormat::Ndjson)),
        Some(Format::Ndjson) => ("-o ndjson", is_text),
        _ => return Ok(()),
    };
    match format.to_possible_value() {
        Some(name) if is_other => {
            Err(Error::usage(format!("`--as {}` and `{option}` are two formats", name.get_name()))
                .hint("leave out one of them; `--as json`, `yjs` and `delta` print JSON"))
        }
        _ => Ok(()),
    }
}

fn of_view(view: Rc<View>, format: DumpFormat) -> Report {
    match format {
        DumpFormat::Yjs => Report::content(Typed(view)),
        DumpFormat::Ndjson => Report::feed(
            move |take| {
                for root in view.roots() {
                    if !split_root(&view, &root, take)? {
                        break;
                    }
                }
                Ok(())
            },
            RECORD,
        ),
        _ => Report::json_by(move |line, out| roots::write(&view, line, out)),
    }
}

fn of_types(
    context: &Context,
    types: Rc<SharedTypes>,
    format: DumpFormat,
    args: &DumpArgs,
) -> Result<Report> {
    // Written as it is, or as `doc tree` prints it.
    let is_root = |name: &String| types.live_root(name).is_some();
    let wanted = args.root.clone().map(|name| if is_root(&name) { name } else { key(&name) });
    let chosen = move |types: &SharedTypes| -> Vec<(String, SharedType)> {
        let roots = types.live_roots().map(|(name, container)| (name.to_owned(), container));
        roots.filter(|(name, _)| wanted.as_ref().is_none_or(|wanted| wanted == name)).collect()
    };
    let all = chosen(&types);
    if let (Some(root), true) = (&args.root, all.is_empty()) {
        return Err(Error::not_found(format!("there is no root {root} with anything in it"))
            .hint(format!("`crdtctl doc show {}` lists them", args.doc)));
    }
    match format {
        DumpFormat::Json | DumpFormat::Yjs => {
            let form = match format {
                DumpFormat::Yjs => JsonForm::Tagged,
                _ => JsonForm::Plain,
            };
            Ok(Report::json_by(move |line, out| {
                let mut out = EscapedJson(out);
                let mut out = JsonOut::new(&mut out, !line);
                out.begin('{')?;
                for (name, container) in chosen(&types) {
                    out.key(&name)?;
                    types.write_part(&mut out, SharedValue::Type(container), form)?;
                }
                out.end('}')
            }))
        }
        // `--fields` and `--template` need each record as a value.
        DumpFormat::Ndjson if context.terminal.picks() => Ok(Report::feed(
            move |take| {
                for (name, container) in chosen(&types) {
                    for (key, part) in records(&types, container) {
                        if !take(shallow(&types, &name, key, part)?)? {
                            return Ok(());
                        }
                    }
                }
                Ok(())
            },
            RECORD,
        )),
        DumpFormat::Ndjson => Ok(Report::json_lines_by(move |out| {
            for (name, container) in chosen(&types) {
                for (key, part) in records(&types, container) {
                    let mut line = JsonOut::new(out, false);
                    line.begin('{')?;
                    line.key("root")?;
                    line.string(&name)?;
                    line.key("key")?;
                    line.scalar(key)?;
                    line.key("value")?;
                    types.write_part(&mut line, part, JsonForm::Records)?;
                    line.end('}')?;
                    out.write_all(b"\n")?;
                }
            }
            Ok(())
        })),
        DumpFormat::Delta => {
            let texts = of_kind(&types, all, |kind| kind.is_text());
            nothing_of(texts.is_empty(), "text", &args.doc)?;
            Ok(Report::json_by(move |line, out| {
                let mut out = EscapedJson(out);
                let mut out = JsonOut::new(&mut out, !line);
                if let [(_, only)] = texts.as_slice() {
                    return types.write_delta(&mut out, *only);
                }
                out.begin('{')?;
                for (name, container) in &texts {
                    out.key(name)?;
                    types.write_delta(&mut out, *container)?;
                }
                out.end('}')
            }))
        }
        DumpFormat::Markdown | DumpFormat::Html => {
            let nodes = of_kind(&types, all, |kind| kind.is_xml() || kind.is_text());
            nothing_of(nodes.is_empty(), "XML or text", &args.doc)?;
            let written: Vec<String> = nodes
                .iter()
                .map(|(_, node)| prose(&types, *node))
                .map(|prose| match format {
                    DumpFormat::Markdown => prose.markdown(),
                    _ => prose.html(),
                })
                .collect();
            Ok(Report::text(written.join("\n")))
        }
        DumpFormat::Xml => {
            let nodes = of_kind(&types, all, |kind| kind.is_xml() || kind.is_text());
            nothing_of(nodes.is_empty(), "XML", &args.doc)?;
            let text: String =
                nodes.iter().map(|(_, node)| format!("{}\n", types.xml(*node))).collect();
            Ok(Report::markup(&text))
        }
    }
}

fn of_kind(
    types: &SharedTypes,
    roots: Vec<(String, SharedType)>,
    wanted: fn(crate::crdt::types::TypeKind) -> bool,
) -> Vec<(String, SharedType)> {
    roots.into_iter().filter(|(_, container)| wanted(types.kind(*container))).collect()
}

fn nothing_of(none: bool, what: &str, doc: &str) -> Result<()> {
    if none {
        return Err(Error::not_found(format!("{doc} has no root that is {what}"))
            .hint(format!("`crdtctl doc show {doc}` shows the type of each")));
    }
    Ok(())
}

/// The live content with types, serialized lazily: root → content.
struct Typed(Rc<View>);

impl Serialize for Typed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for root in self.0.roots() {
            if let Some(typed) = self.0.typed(&root) {
                map.serialize_entry(&root, &typed)?;
            }
        }
        map.end()
    }
}

/// Hands out the records of a root, one JSON object each. Returns false once no more are wanted.
fn split_root(view: &View, root: &str, take: Take<'_>) -> Result<bool> {
    if view.shared(&[root]) != Some(Shared::Map) {
        return view.value(&[root]).map_or(Ok(true), |value| split(root, value, take));
    }
    for key in view.keys(&[root]) {
        if let Some(value) = view.value(&[root, &key])
            && !take(record(root, json!(key), value.to_json()))?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Like [`split_root`] for the value of a root; a text is one record.
fn split(root: &str, value: Value, take: Take<'_>) -> Result<bool> {
    match value {
        Value::Map(map) => {
            for (key, value) in map {
                if !take(record(root, json!(key), value.to_json()))? {
                    return Ok(false);
                }
            }
        }
        Value::Array(items) => {
            for (at, value) in items.into_iter().enumerate() {
                if !take(record(root, json!(at), value.to_json()))? {
                    return Ok(false);
                }
            }
        }
        other => return take(record(root, json!(null), other.to_json())),
    }
    Ok(true)
}

/// The records of a root and their keys; a root that is neither a map nor an array is one record.
fn records(
    types: &SharedTypes,
    container: SharedType,
) -> Box<dyn Iterator<Item = (serde_json::Value, SharedValue<'_>)> + '_> {
    let whole = || Box::new(std::iter::once((json!(null), SharedValue::Type(container))));
    match types.kind(container) {
        TypeKind::Map | TypeKind::XmlHook | TypeKind::Link => {
            Box::new(types.fields(container).map(|(key, part)| (json!(key), part)))
        }
        TypeKind::Array if !types.is_keyed(container) => {
            Box::new((0u64..).map(|at| json!(at)).zip(types.elements(container)))
        }
        _ => whole(),
    }
}

/// A record as a row.
fn shallow(
    types: &SharedTypes,
    root: &str,
    key: serde_json::Value,
    part: SharedValue<'_>,
) -> Result<Row> {
    let value = types.part_to_json(part, JsonForm::Records)?;
    if jsonpath::nests_deeper(value.get(), ROW_LEVELS) {
        let message = format!("{key} of {root} is nested more than {ROW_LEVELS} levels deep");
        return Err(Error::refused(message).hint("leave out `--fields` and `--template`"));
    }
    Ok(record(root, key, value.get().clone()))
}

fn record(root: &str, key: serde_json::Value, value: serde_json::Value) -> Row {
    let fields = [("root", json!(root)), ("key", key), ("value", value)];
    fields.map(|(name, field)| (name.to_owned(), field)).into_iter().collect()
}
