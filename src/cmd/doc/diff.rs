use crate::cmd::failure;
use crate::cmd::{Context, files};
use crate::concern::{self, CONCERNS, Spec};
use crate::crdt::update::Update;
use crate::crdt::value::Value;
use crate::crdt::view::View;
use crate::error::{Error, Kind, Result};
use crate::id::DocId;
use crate::inspect::diff::{Change, Comparison, compare};
use crate::limits;
use crate::store::{Reader, Store};
use crate::sync::bundle::Bundle;
use crate::ui::{Column, Report, Row, Style};
use serde_json::{Map, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Differences that an alarm names at most.
const NAMED: usize = 8;

#[derive(clap::Args)]
pub struct Args {
    /// The old one: a document, a .yrs file, a store directory, or a bundle
    #[arg(value_name = "A")]
    old: String,
    /// The new one, likewise
    #[arg(value_name = "B")]
    new: String,
}

const COLUMNS: &[Column] = &[
    Column::text("doc", "document"),
    Column::text("collection", "collection"),
    Column::id("id", "id"),
    Column::text("change", "change"),
    Column::new("fields", "fields", Style::Changes),
];

pub fn run(context: &Context, args: &Args) -> Result<Report> {
    let old = Side::of(context, &args.old)?;
    let new = Side::of(context, &args.new)?;
    let pairs = pairs(context, &old, &new)?;
    let progress = context.progress("comparing documents", Some(pairs.len() as u64));
    let mut rows = Vec::new();
    let mut differing = 0usize;
    let mut alarms = Vec::new();
    for pair in &pairs {
        let doc = pair.doc.as_ref();
        let (Some(old), Some(new)) = (context.sound(old.view(doc))?, context.sound(new.view(doc))?)
        else {
            continue;
        };
        match compare(pair.spec, old.get(), new.get()) {
            Comparison::Equal => {}
            Comparison::Different(changes) => {
                differing += 1;
                rows.extend(changes.iter().map(|change| row(&pair.name, change)));
            }
            Comparison::Diverged(changes) => alarms.push((pair.name.clone(), changes)),
        }
        progress.advance(1);
    }
    if !alarms.is_empty() {
        return Err(divergence(&alarms));
    }
    let sentence = match rows.len() {
        0 => return Ok(Report::list(rows, COLUMNS, Some("id"), "no difference")),
        1 => "1 record differs".to_owned(),
        n if differing == 1 => format!("{n} records differ"),
        n => format!("{n} records differ, in {differing} documents"),
    };
    let report = Report::list(rows, COLUMNS, Some("id"), "");
    Ok(report.note(sentence).exit(failure::exit_code(Kind::Findings)))
}

/// One of the two that are compared.
enum Side {
    /// A document or a file; its id is not always known.
    One {
        name: String,
        doc: Option<DocId>,
        view: View,
    },
    Store {
        name: String,
        reader: Reader,
    },
    Bundle {
        name: String,
        bundle: Bundle,
    },
}

/// A view, or the loan of one.
enum Seen<'s> {
    Nothing,
    Lent(&'s View),
    Own(View),
}

impl Seen<'_> {
    fn get(&self) -> Option<&View> {
        match self {
            Seen::Nothing => None,
            Seen::Lent(view) => Some(view),
            Seen::Own(view) => Some(view),
        }
    }
}

impl Side {
    /// What an argument means: a path where there is something, else a document. The name of a
    /// concern is a document; `./chat` is the path.
    fn of(context: &Context, argument: &str) -> Result<Side> {
        let path = Path::new(argument);
        let is_concern = CONCERNS.iter().any(|spec| spec.name == argument);
        if is_concern || !path.exists() {
            return Side::document(context, argument);
        }
        let name = argument.to_owned();
        if path.is_dir() || path.file_name().is_some_and(|file| file == "crdt.db") {
            let reader = Store::open_with(path, context.ambient())?.reader()?;
            return Ok(Side::Store { name, reader });
        }
        let bytes = files::read(path, limits::DOCUMENT_BYTES)?;
        if files::is_bundle(&bytes) {
            let bundle = Bundle::read(bytes.as_slice()).map_err(|e| files::within(path, e))?;
            return Ok(Side::Bundle { name, bundle });
        }
        let doc = files::document_of(path);
        let view = whole(&bytes, doc.as_ref()).map_err(|reason| {
            Error::untrusted(format!("{name}: it holds no whole document")).because(reason)
        })?;
        Ok(Side::One { name, doc, view })
    }

    fn document(context: &Context, wanted: &str) -> Result<Side> {
        let no_path = |error: Error| match error.kind {
            Kind::NotFound => {
                error.because(format!("and no file or directory {wanted:?} is there"))
            }
            _ => error,
        };
        let reader = context.reader().map_err(no_path)?;
        let doc = context.document(&reader, wanted).map_err(no_path)?;
        let view = reader.view(&doc)?.ok_or_else(|| super::missing(&doc))?;
        Ok(Side::One { name: doc.to_string(), doc: Some(doc), view })
    }

    fn name(&self) -> &str {
        match self {
            Side::One { name, .. } | Side::Store { name, .. } | Side::Bundle { name, .. } => name,
        }
    }

    /// The documents that it holds; None for what is one document.
    fn documents(&self) -> Result<Option<BTreeSet<DocId>>> {
        match self {
            Side::One { .. } => Ok(None),
            Side::Store { reader, .. } => {
                Ok(Some(reader.documents()?.into_iter().map(|document| document.id).collect()))
            }
            Side::Bundle { bundle, .. } => {
                Ok(Some(bundle.documents().map(|(document, _)| document.doc.clone()).collect()))
            }
        }
    }

    /// Its content of a document; of its only one, whichever is asked for.
    fn view(&self, doc: Option<&DocId>) -> Result<Seen<'_>> {
        let seen = |view: Option<View>| view.map_or(Seen::Nothing, Seen::Own);
        match (self, doc) {
            (Side::One { view, .. }, _) => Ok(Seen::Lent(view)),
            (Side::Store { reader, .. }, Some(doc)) => reader.view(doc).map(seen),
            (Side::Bundle { name, bundle }, Some(doc)) => in_bundle(name, bundle, doc).map(seen),
            (_, None) => Ok(Seen::Nothing),
        }
    }
}

/// The live content of a document's whole state.
fn whole(bytes: &[u8], doc: Option<&DocId>) -> Result<View, String> {
    let roots = doc.map(concern::roots).unwrap_or_default();
    let update = Update::walk(bytes)
        .and_then(|walked| walked.check(roots))
        .map_err(|fault| fault.to_string())?;
    match update.needs().is_empty() {
        true => View::read(&update).map_err(|e| e.to_string()),
        false => Err("it is an update that builds upon others".to_owned()),
    }
}

fn in_bundle(name: &str, bundle: &Bundle, doc: &DocId) -> Result<Option<View>> {
    let Some((_, update)) = bundle.documents().find(|(document, _)| document.doc == *doc) else {
        return Ok(None);
    };
    let partial = || {
        Error::usage(format!("{name} holds no full state of {doc}"))
            .hint("`crdtctl sync export -o FILE`, without `--for`, writes full states")
    };
    let update = update.ok_or_else(partial)?;
    match Update::walk(update).and_then(|walked| walked.check(concern::roots(doc))) {
        Ok(update) if update.needs().is_empty() => View::read(&update).map(Some),
        Ok(_) => Err(partial()),
        Err(fault) => {
            Err(Error::untrusted(format!("{name}: the update of {doc} is not valid"))
                .because(fault))
        }
    }
}

/// Two documents that are compared.
struct Pair {
    /// What the report calls it.
    name: String,
    doc: Option<DocId>,
    spec: Option<&'static Spec>,
}

impl Pair {
    fn of(doc: &DocId) -> Pair {
        Pair { name: doc.to_string(), doc: Some(doc.clone()), spec: concern::of(doc) }
    }
}

fn pairs(context: &Context, old: &Side, new: &Side) -> Result<Vec<Pair>> {
    match (old.documents()?, new.documents()?) {
        (None, None) => Ok(vec![pair_of_two(old, new)]),
        (None, Some(docs)) => Ok(vec![pair_in(old, new, &docs)?]),
        (Some(docs), None) => Ok(vec![pair_in(new, old, &docs)?]),
        (Some(in_old), Some(in_new)) => {
            let mut docs: BTreeSet<&DocId> = in_old.union(&in_new).collect();
            for (side, holds) in [(old, &in_old), (new, &in_new)] {
                // A bundle need not speak of everything that its sender has.
                if let Side::Bundle { name, .. } = side {
                    let all = docs.len();
                    docs.retain(|doc| holds.contains(*doc));
                    if docs.len() < all {
                        context.note(format!("only the documents in {name} are compared"));
                    }
                }
            }
            Ok(docs.into_iter().map(Pair::of).collect())
        }
    }
}

fn pair_of_two(old: &Side, new: &Side) -> Pair {
    let id = |side: &Side| match side {
        Side::One { doc, .. } => doc.clone(),
        _ => None,
    };
    match id(old).or(id(new)) {
        Some(doc) => Pair::of(&doc),
        None => Pair { name: new.name().to_owned(), doc: None, spec: None },
    }
}

/// One document and its like in a store or bundle.
fn pair_in(one: &Side, many: &Side, docs: &BTreeSet<DocId>) -> Result<Pair> {
    let named = match one {
        Side::One { doc, .. } => doc.as_ref(),
        _ => None,
    };
    match named {
        Some(doc) if docs.contains(doc) => Ok(Pair::of(doc)),
        Some(doc) => {
            Err(Error::not_found(format!("there is no document {doc} in {}", many.name())))
        }
        None => Err(Error::usage(format!("which document is {}?", one.name()))
            .hint("compare it with a document of the store, by its name, or with another file")),
    }
}

fn row(doc: &str, change: &Change) -> Row {
    let field = |(name, (old, new)): (&String, &(Option<Value>, Option<Value>))| {
        // Where nothing but the types differ, they are what is to be seen.
        let typed = old.as_ref().zip(new.as_ref()).is_some_and(|(old, new)| old.same(new));
        let json = |value: &Value| if typed { typed_json(value) } else { value.to_json() };
        let value = |value: &Option<Value>| value.as_ref().map(json);
        (name.clone(), json!({"old": value(old), "new": value(new)}))
    };
    let mut row = Row::new();
    row.insert("doc".into(), json!(doc));
    row.insert("collection".into(), json!(change.collection));
    row.insert("id".into(), json!(change.id));
    row.insert("change".into(), json!(change.kind.name()));
    row.insert("fields".into(), change.fields.iter().map(field).collect::<Map<_, _>>().into());
    row
}

/// A value as JSON in which a BigInt is what `doc dump --as yjs` shows. Recursion is bounded: the
/// check refused deeper nesting.
fn typed_json(value: &Value) -> serde_json::Value {
    match value {
        Value::BigInt(n) => json!({"t": "bigint", "v": n.to_string()}),
        other => match (other.as_map(), other.as_array()) {
            (Some(fields), _) => {
                fields.iter().map(|(key, field)| (key.clone(), typed_json(field))).collect()
            }
            (_, Some(items)) => items.iter().map(typed_json).collect(),
            _ => other.to_json(),
        },
    }
}

/// The alarm: the same operations and other content.
fn divergence(alarms: &[(String, Vec<Change>)]) -> Error {
    let docs: Vec<&str> = alarms.iter().map(|(doc, _)| doc.as_str()).collect();
    let mut error = Error::new(
        Kind::Forked,
        format!("divergence: the same operations and different content in {}", docs.join(", ")),
    )
    .because("equal versions with different content mean that two replicas shared a client id");
    let changes = alarms.iter().flat_map(|(doc, changes)| changes.iter().map(move |c| (doc, c)));
    for (doc, change) in changes.take(NAMED) {
        let id = change.id.as_deref().unwrap_or("");
        let fields: Vec<&str> = change.fields.keys().map(String::as_str).collect();
        let (kind, fields) = (change.kind.name(), fields.join(", "));
        error = error.because(format!("{doc}: {} {id} {kind}: {fields}", change.collection));
    }
    error.hint("keep both as they are; `crdtctl doc dump` shows each")
}
