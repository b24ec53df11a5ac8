mod anonymize;
mod blame;
mod blocks;
mod convert;
mod diff;
mod diff_update;
mod dump;
mod explain;
mod get;
mod kind;
mod load;
mod log;
mod measured;
mod merge;
mod prose;
mod rebuild;
mod roots;
mod show;
mod size;
mod tree;
mod vector;

use super::Context;
use crate::error::Result;
use crate::query::document::{DocumentFile, client_ids};
use crate::store::Scan;
use crate::ui::{Column, Report, row};
use clap::Subcommand;

/// Inspect documents: what is in them, how large it is, what differs
///
/// A document is named by its id, a unique prefix of it, ENTITY:CONCERN, or a concern alone
/// (`chat`), which means that document of the current entity.
///
/// Commands that read a document also take a file, and then need no store: any kind that `doc kind`
/// knows. A path with a `/` in it is a file, `-` is standard input, `FILE#NAME` is one of several
/// documents in a file; a word that could mean a file or a document is refused.
#[derive(clap::Args)]
pub struct DocArgs {
    #[command(subcommand)]
    verb: DocVerb,
}

#[derive(Subcommand)]
enum DocVerb {
    /// List the documents of the store or, with -e, of one entity
    ///
    /// `client_ids` counts the replicas that ever wrote to a document. It is empty if the document does
    /// not decode.
    #[command(after_help = "Examples:
  crdtctl doc list
  crdtctl doc list --json | jq '.[] | select(.limit_bytes and .bytes > .limit_bytes * 0.8) | .doc_id'")]
    List,
    Kind(kind::KindArgs),
    Show(show::ShowArgs),
    Dump(dump::DumpArgs),
    Get(get::GetArgs),
    Tree(tree::TreeArgs),
    Size(size::SizeArgs),
    Blocks(blocks::BlocksArgs),
    /// Show what differs between two documents, files, stores or bundles
    ///
    /// Each side is a document, a `.yrs` file, a store directory, or a full bundle. A document or file is
    /// compared with the document of the same name in a store or bundle; two stores are compared
    /// document by document. Only the live content is compared, by value, whatever its history. With
    /// `--at`, A is taken as it was then. Exits with 3 if anything differs, and with 5 if two documents
    /// hold the same operations but different content.
    #[command(after_help = "Examples:
  crdtctl doc diff chat ~/backup/alice
  crdtctl doc diff before.yrs after.yrs --json
  crdtctl doc diff . ~/usb/from-bob.crdt
  crdtctl doc diff ~/backup/monday ~/backup/tuesday --stat
  crdtctl doc diff ~/backup/monday ~/backup/tuesday -o tsv")]
    Diff(diff::DiffArgs),
    Convert(convert::ConvertArgs),
    Merge(merge::MergeArgs),
    DiffUpdate(diff_update::DiffUpdateArgs),
    Vector(vector::VectorArgs),
    Explain(explain::ExplainArgs),
    Log(log::DocLogArgs),
    Blame(blame::BlameArgs),
    Rebuild(rebuild::RebuildArgs),
    /// Load an update into a document
    ///
    /// An update that holds the same content as the document but shares no history with it is refused,
    /// since the content would then be there twice; `--doubled` loads it anyway. Otherwise it works as
    /// `sync import --raw`, with the same checks. A full id that is new creates a document. A file of a
    /// store names its document itself. Every file in which `crdtctl doc kind` finds updates can be
    /// loaded: v2 becomes v1, a log becomes one update, and `FILE#NAME` is one of several documents.
    #[command(after_help = "Examples:
  crdtctl doc load update.bin --doc chat
  crdtctl doc load state.yrs --doc notes:garden:plan
  crdtctl doc load ~/backup/alice/crdt/group/67726f75703a6f6365616e2d666f726573742d6d6f6f6e2d737461723a63686174.yrs --dry-run")]
    Load(load::LoadArgs),
    /// Write a copy of a document without what people wrote, for bug reports
    ///
    /// Structure, ids, lengths, sizes, numbers and times stay; texts become filler of the same
    /// length, bytes become zeros. Keys made of letters, digits, `_`, `-` and `:` stay, since they are
    /// fields and ids; other keys keep only their form. Member ids stay, unless --members replaces them.
    /// The copy holds the same operations as the original with other content, so a replica that has
    /// one of them refuses the other as a fork.
    #[command(after_help = "Examples:
  crdtctl doc anonymize chat -O chat-without-text.yrs
  crdtctl doc anonymize chat --members -O report.yrs")]
    Anonymize(anonymize::AnonymizeArgs),
}

pub fn run(context: &Context, args: DocArgs) -> Result<Report> {
    match args.verb {
        DocVerb::List => list(context),
        DocVerb::Kind(args) => kind::run(context, &args),
        DocVerb::Show(args) => show::run(context, &args),
        DocVerb::Dump(args) => dump::run(context, &args),
        DocVerb::Get(args) => get::run(context, &args),
        DocVerb::Tree(args) => tree::run(context, &args),
        DocVerb::Size(args) => size::run(context, &args),
        DocVerb::Blocks(args) => blocks::run(context, &args),
        DocVerb::Diff(args) => diff::run(context, &args),
        DocVerb::Convert(args) => convert::run(context, &args),
        DocVerb::Merge(args) => merge::run(context, &args),
        DocVerb::DiffUpdate(args) => diff_update::run(context, &args),
        DocVerb::Vector(args) => vector::run(context, &args),
        DocVerb::Explain(args) => explain::run(context, &args),
        DocVerb::Log(args) => log::run(context, &args),
        DocVerb::Blame(args) => blame::run(context, &args),
        DocVerb::Rebuild(args) => rebuild::run(context, &args),
        DocVerb::Load(args) => load::run(context, args),
        DocVerb::Anonymize(args) => anonymize::run(context, &args),
    }
}

const LIST: &[Column] = &[
    Column::text("doc_id", "document"),
    Column::text("entity_type", "type").data(),
    Column::text("entity_id", "entity").data(),
    Column::text("concern", "concern").data(),
    Column::text("path", "path").data(),
    Column::bytes("bytes", "size"),
    Column::bytes("limit_bytes", "limit").wide(),
    Column::number("version", "version").wide(),
    Column::number("client_ids", "client ids"),
    Column::time("updated_at", "updated"),
];

fn list(context: &Context) -> Result<Report> {
    let store = context.store()?;
    let reader = context.learner_of(&store)?;
    let Scan { mut documents, problems, .. } = reader.survey()?;
    if context.globals.entity.is_some() {
        let entity = Some(context.entity()?);
        documents.retain(|document| document.id.entity() == entity);
    }
    let progress = context.progress("reading documents", Some(documents.len() as u64));
    let mut rows = Vec::with_capacity(documents.len());
    for document in &documents {
        let client_ids = match client_ids(&reader, &document.id) {
            Ok(count) => Some(count),
            Err(error) => {
                let causes = error.causes();
                let cause = causes.first().map_or_else(String::new, |c| format!(": {c}"));
                context.note(format!("{}: {error}{cause}", document.id));
                None
            }
        };
        rows.push(row(&DocumentFile::of(&store, document, client_ids))?);
        progress.advance(1);
    }
    for problem in problems {
        context.note(format!("{}: {}", problem.path.display(), problem.what));
    }
    Ok(Report::list(rows, LIST, Some("doc_id"), "no documents"))
}
