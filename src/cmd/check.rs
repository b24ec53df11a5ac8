use super::foreign::FromKind;
use super::{Context, loose};
use crate::check::{self, Finding, Scope};
use crate::cmd::failure;
use crate::error::{Kind, Result};
use crate::id::DocId;
use crate::store::Store;
use crate::ui::{Column, Report, Row};
use serde_json::json;
use std::collections::BTreeSet;

/// Check the store for problems, and name the command that fixes each
///
/// Checks files, hashes, the log and the lease, caches that disagree with the records, unknown members
/// and times in the future; in the whole store, in one entity with -e, or in the named documents. A
/// file outside any store is checked for unreadable data, updates that wait for missing ones, and two
/// programs using one client id. Writes nothing. Exits with 3 if it finds anything. A finding has the
/// same id at every check; `crdtctl repair` takes it. What is found is looked at again while no other
/// command writes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl check
  crdtctl check chat --deep
  crdtctl check --json | jq -r '.[] | select(.severity == \"error\") | .fix'
  crdtctl check -o id | grep ^stale-meta | xargs -r crdtctl repair")]
pub struct CheckArgs {
    /// The documents, or files; all documents by default
    doc: Vec<String>,
    /// Have yrs re-encode every document, and compare; read all of the log, and the indexes of crdtctl.db
    #[arg(long)]
    deep: bool,
    #[command(flatten)]
    from: FromKind,
}

const COLUMNS: &[Column] = &[
    Column::text("id", "finding"),
    Column::text("kind", "kind").data(),
    Column::text("severity", "severity"),
    Column::text("doc", "document").data(),
    Column::text("message", "what is wrong"),
    Column::text("fix", "what mends it").below(),
];

pub fn run(context: &Context, args: CheckArgs) -> Result<Report> {
    let (mut rows, mut named) = (Vec::new(), Vec::new());
    for name in &args.doc {
        match args.from.kind.is_some() || context.means_file(name)? {
            true => rows.extend(loose::findings(context, name, args.from)?),
            false => named.push(name.clone()),
        }
    }
    if args.doc.is_empty() || !named.is_empty() {
        let store = context.store()?;
        let docs = scope(context, &store, &named)?;
        let findings = look(context, &store, docs.as_ref(), args.deep)?;
        rows.extend(findings.iter().map(row));
    }
    let found = !rows.is_empty();
    let report = Report::list(rows, COLUMNS, Some("id"), "nothing is wrong");
    Ok(if found { report.exit(failure::exit_code(Kind::Findings)) } else { report })
}

/// Checks the store and returns the findings. What a command leaves while it writes is none.
///
/// # Errors
/// `Locked` if something was found, and another command writes all the time.
pub fn look(
    context: &Context,
    store: &Store,
    docs: Option<&BTreeSet<DocId>>,
    deep: bool,
) -> Result<Vec<Finding>> {
    let found = look_once(context, store, docs, deep)?;
    if !found.iter().any(Finding::may_be_a_write) {
        return Ok(found);
    }
    match store.hold("check") {
        Ok(_held) => look_once(context, store, docs, deep),
        Err(e) if e.kind == Kind::Locked => Err(e),
        // Where nobody can write, nobody does.
        Err(_) => Ok(found),
    }
}

/// Like [`look`], for a caller that keeps others from writing.
pub fn look_once(
    context: &Context,
    store: &Store,
    docs: Option<&BTreeSet<DocId>>,
    deep: bool,
) -> Result<Vec<Finding>> {
    let examiner = store.examiner(deep)?;
    let steps = docs.map_or_else(|| examiner.documents().len(), BTreeSet::len);
    let progress = context.progress("checking documents", Some(steps as u64));
    let scope = Scope { docs, deep, now: context.now() };
    check::check(&examiner, &scope, || progress.advance(1))
}

/// The documents that the arguments or -e select; `None` for all.
fn scope(context: &Context, store: &Store, named: &[String]) -> Result<Option<BTreeSet<DocId>>> {
    if named.is_empty() && context.globals.entity.is_none() {
        return Ok(None);
    }
    let examiner = store.examiner(false)?;
    let (documents, reader) = (examiner.documents(), examiner.reader());
    if !named.is_empty() {
        let docs = named.iter().map(|name| context.document_among(reader, &documents, name));
        return docs.collect::<Result<_>>().map(Some);
    }
    let entity = context.entity_among(reader, &documents)?;
    Ok(Some(documents.into_iter().filter(|doc| doc.entity().as_ref() == Some(&entity)).collect()))
}

/// A finding as JSON shows it.
pub fn row(finding: &Finding) -> Row {
    let mut row = Row::new();
    row.insert("id".into(), json!(finding.id));
    row.insert("kind".into(), json!(finding.kind.name));
    row.insert("severity".into(), json!(finding.kind.severity.name()));
    row.insert("doc".into(), json!(finding.doc));
    row.insert("message".into(), json!(finding.message));
    row.insert("fix".into(), json!(failure::command(&finding.fix)));
    row
}
