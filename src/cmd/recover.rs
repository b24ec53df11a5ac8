use super::{Context, DryRun, OutDir, files, loose};
use crate::cmd::failure::word;
use crate::concern;
use crate::error::{Error, Kind, Result, counted};
use crate::id::DocId;
use crate::limits;
use crate::recover::{
    Completeness, Given, Recovered, RecoveredRecord, RecoverySource, rank, rebuild,
};
use crate::store::check::Severity;
use crate::store::{self, Remains, Store};
use crate::sync::bundle::Bundle;
use crate::ui::{Column, Format, Report, Row};
use crate::wire::{Salvage, Update};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Rebuild a damaged document from what is left of it and what others have
///
/// Uses what can be read of the document's file and log, and what the bundles, stores and .yrs files of
/// --from hold of it. Writes the result to a new directory in the layout of a store. This store is not
/// changed, unless --apply replaces the damaged file with the result and keeps it beside it as
/// .yrs.damaged. Prints how many records of each kind are whole, partial or lost, and with --records
/// each record; a lost record is one that something else still refers to. An undamaged document is
/// refused, since the result could only hold less.
///
/// A file can be recovered without a store: -O then names the file to write (`-` is standard output),
/// --from other files of the same document. What its blocks hold stays as it was written.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl recover chat -n -O recovered --json | jq '.[] | select(.state != \"whole\")'
  crdtctl recover chat --from bob.crdt ~/backup/alice -O recovered")]
pub struct RecoverArgs {
    /// The document, or a file; `-` is standard input
    doc: String,
    /// Bundles, stores and .yrs files of others, most trusted first
    #[arg(long, value_name = "BUNDLE|STORE", num_args = 1..)]
    from: Vec<PathBuf>,
    /// Replace the damaged file with the result, and keep it beside it
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    out: OutDir,
    /// Show one row per record, as JSON and ids always do
    #[arg(long)]
    records: bool,
    #[command(flatten)]
    dry_run: DryRun,
}

/// How many records of one kind were recovered.
const KINDS: &[Column] = &[
    Column::text("kind", "kind"),
    Column::number("whole", "whole"),
    Column::number("partial", "partial"),
    Column::number("lost", "lost"),
];

const COLUMNS: &[Column] = &[
    Column::text("doc", "document").data(),
    Column::text("kind", "kind"),
    Column::id("id", "id"),
    Column::text("state", "state"),
    Column::list("missing", "missing"),
];

pub fn run(context: &Context, args: RecoverArgs) -> Result<Report> {
    if context.means_file(&args.doc)? {
        return match args.apply {
            true => Err(Error::usage("`--apply` is for documents of a store")
                .hint("leave it out: `-O FILE` names the file to write")),
            false => {
                let (out, dry) = (&args.out.dir, args.dry_run.dry_run);
                loose::recover(&args.doc, &args.from, out, dry)
            }
        };
    }
    let store = context.store()?;
    let doc = document(context, &store, &args.doc)?;
    if args.out.dir.as_os_str() == "-" {
        return Err(Error::usage("a document of a store is recovered into a directory")
            .hint("name one with `-O DIR`; `-O -` is for files"));
    }
    store.check_beside(&args.out.dir, &doc)?;
    let mut others = Vec::new();
    for path in &args.from {
        let found = sources(context, path, &doc)?;
        if found.is_empty() {
            context.note(format!("{} holds nothing of {doc}", path.display()));
        }
        others.extend(found);
    }
    let own = store.remains(&doc)?;
    refuse_whole(&store, &doc, &own, &others)?;
    own.notes.iter().for_each(|note| context.note(note));
    let damaged = own.file.as_ref().map(|(path, _)| path.clone());
    let recovered = rebuild(&doc, &rank(own, others), concern::expected)?;
    let mut report = shown(context, &doc, &recovered, args.records);
    report.notes.extend(recovered.sources.iter().map(sentence));
    let counts = counts(&recovered);
    let target = match args.apply {
        true => Some(RecoveryPlace::of(&store, damaged.as_deref())?),
        false => None,
    };
    if args.dry_run.dry_run {
        report = report.note(format!("dry run, nothing is written: {counts}"));
        return Ok(match target {
            Some(RecoveryPlace { place: Some(place), .. }) => {
                report.note(format!("it would replace {}", place.display()))
            }
            _ => report,
        });
    }
    // Do everything that can fail before writing the file, except changes to the store.
    let (applying, unfit) = match target {
        Some(target) => {
            let mut session = context.repair_session()?;
            let unfit = session.fit_log(&doc, &recovered.state)?;
            (Some((target, session)), unfit)
        }
        None => (None, store.unfit_entries(&doc, &recovered.state)?),
    };
    let path = store.write_beside(&args.out.dir, &doc, &recovered.state)?;
    let shown = format!(
        "look at it with `crdtctl -s {} doc show {}`",
        word(&args.out.dir.display().to_string()),
        word(doc.as_str())
    );
    report = report.note(format!("wrote {doc} to {}: {counts}", path.display()));
    if let Some((target, mut session)) = applying {
        // The log first: after a crash in between, the document can be rebuilt from the same sources.
        if unfit > 0 {
            let committed = session.commit()?;
            report.notes.extend(committed.notes);
            report = report.note(left_log(unfit));
            session = context.repair_session()?;
        }
        // The session's lock keeps other writers out.
        let said = target.put(&store, &args.out.dir, &path, &recovered.state)?;
        // The file is in place; the next check reports anything that fails here.
        drop(session.take_over(&doc));
        return Ok(report.note(said));
    }
    report = report.note(shown);
    if unfit > 0 {
        let what = match unfit {
            1 => "an entry of the log does not fit it".to_owned(),
            n => format!("{n} entries of the log do not fit it"),
        };
        let doc = word(doc.as_str());
        return Ok(report.note(format!(
            "{what}: `crdtctl recover {doc} --apply -O OTHER`, with the same `--from`, replaces the \
             file and lets them wait for what is missing"
        )));
    }
    Ok(match replace(&store, &args.out.dir, &path, damaged) {
        Some(command) => report.note(format!("to use it: `{command}`")),
        None => report,
    })
}

/// Returns a note on the log entries that do not fit the rebuilt document.
fn left_log(entries: usize) -> String {
    let they = match entries {
        1 => "1 entry of the log builds on what is missing, and waits".to_owned(),
        n => format!("{n} entries of the log build on what is missing, and wait"),
    };
    format!(
        "{they}: `crdtctl sync status` says for what, `crdtctl sync import BUNDLE` brings it in"
    )
}

/// Where a recovered document goes, and where the damaged file is kept; `None` if there is no file.
struct RecoveryPlace {
    place: Option<PathBuf>,
    aside: Option<PathBuf>,
}

impl RecoveryPlace {
    /// # Errors
    /// `Refused` for a store that is one file, and if a damaged file is already kept.
    fn of(store: &Store, damaged: Option<&Path>) -> Result<RecoveryPlace> {
        let place = damaged.map(|path| store.dir().join(path));
        let is_own = |place: &PathBuf| place.extension().is_some_and(|end| end == "yrs");
        if place.as_ref().is_some_and(|place| !is_own(place)) {
            return Err(Error::refused("the documents of this store are not files of their own")
                .hint("leave out `--apply`, and use what `-O` names"));
        }
        let aside = place.as_ref().map(|place| place.with_extension("yrs.damaged"));
        if let Some(aside) = aside.as_ref().filter(|aside| aside.exists()) {
            return Err(Error::refused(format!("{} exists already", aside.display()))
                .hint("move it elsewhere first"));
        }
        Ok(RecoveryPlace { place, aside })
    }

    /// Puts the rebuilt document in its place, and says so. The damaged file is copied before it is
    /// replaced, so that there is a file at every moment.
    fn put(self, store: &Store, out: &Path, made: &Path, state: &[u8]) -> Result<String> {
        let missing = || made.strip_prefix(out).map(|path| store.dir().join(path));
        let place = match self.place {
            Some(place) => place,
            None => missing().map_err(|_| Error::bug("the result lies elsewhere"))?,
        };
        let said = match &self.aside {
            Some(aside) => {
                files::write(aside, &files::read(&place, limits::DOCUMENT_BYTES)?)?;
                format!("; the damaged file is kept as {}", aside.display())
            }
            None => String::new(),
        };
        if let Some(parent) = place.parent() {
            let failed = |e| Error::io(format!("cannot make {}", parent.display()), e);
            std::fs::create_dir_all(parent).map_err(failed)?;
        }
        files::write(&place, state)?;
        Ok(format!("it is now {}{said}", place.display()))
    }
}

/// Refuses an undamaged document: the result could only hold less. A document counts as damaged if
/// others have the same operations with different content.
fn refuse_whole(
    store: &Store,
    doc: &DocId,
    own: &Remains,
    others: &[RecoverySource],
) -> Result<()> {
    let examiner = store.examiner(false)?;
    if !examiner.reads_everything() {
        // The log cannot be read, so it is unknown what it holds.
        return Ok(());
    }
    let examined = examiner.examine(doc)?;
    let unsupported = examined.findings.iter().find(|f| *f.kind == store::check::UNSUPPORTED);
    let is_damaged = examined.findings.iter().any(|f| f.kind.severity == Severity::Error);
    let whole = Error::refused(format!("nothing of {doc} is damaged"));
    match unsupported {
        Some(finding) if !is_damaged => Err(whole
            .because(finding.message.as_str())
            .hint("the file is intact as its program wrote it; copy it unchanged")),
        None if !is_damaged && examined.view.is_some() && !forks(doc, own, others) => Err(whole.hint(
            "`crdtctl sync import FILE` brings in what others have, `crdtctl doc load FILE` a file",
        )),
        _ => Ok(()),
    }
}

/// Whether what others have contradicts the file.
fn forks(doc: &DocId, own: &Remains, others: &[RecoverySource]) -> bool {
    let Some((_, bytes)) = &own.file else { return false };
    let Ok(file) = Update::checked(bytes, concern::expected(doc)) else {
        return false;
    };
    let updates = others.iter().flat_map(|source| &source.updates);
    updates.into_iter().any(|update| !Salvage::read(update).forks(&file).is_empty())
}

/// Returns the command that replaces the damaged file with the new one; `None` for a store that is one
/// file.
fn replace(store: &Store, dir: &Path, made: &Path, damaged: Option<PathBuf>) -> Option<String> {
    let argument = |path: &Path| word(&path.to_string_lossy()).into_owned();
    let place = match &damaged {
        Some(path) => path.as_path(),
        None => made.strip_prefix(dir).ok()?,
    };
    if place.extension().is_none_or(|extension| extension != "yrs") {
        return None;
    }
    let there = store.dir().join(place);
    let copy = format!("cp {} {}", argument(made), argument(&there));
    Some(match damaged {
        Some(_) => {
            let aside = there.with_extension("yrs.damaged");
            format!("mv {} {} && {copy}", argument(&there), argument(&aside))
        }
        None => copy,
    })
}

/// Returns the document that an argument names, even one without a file; one unknown here needs its
/// full id.
fn document(context: &Context, store: &Store, wanted: &str) -> Result<DocId> {
    let examiner = store.examiner(false)?;
    match context.document_among(examiner.reader(), &examiner.documents(), wanted) {
        Err(e) if e.kind == Kind::NotFound && wanted.matches(':').count() >= 2 => {
            DocId::parse(wanted)
        }
        found => found,
    }
}

/// Returns what a path holds of a document.
fn sources(context: &Context, path: &Path, doc: &DocId) -> Result<Vec<RecoverySource>> {
    let name = path.display().to_string();
    if path.is_dir() || path.file_name().is_some_and(|file| file == "crdt.db") {
        let remains = Store::open_with(path, context.environment())?.remains(doc)?;
        remains.notes.iter().for_each(|note| context.note(format!("{name}: {note}")));
        let mut sources = rank(remains, Vec::new());
        for source in &mut sources {
            source.name = format!("{name}: {}", source.name);
        }
        return Ok(sources);
    }
    let bytes = files::read(path, limits::DOCUMENT_BYTES)?;
    if !files::is_bundle(&bytes) {
        return Ok(vec![RecoverySource { name, updates: vec![bytes] }]);
    }
    let bundle = Bundle::read(bytes.as_slice()).map_err(|e| files::within(path, e))?;
    let of_doc = bundle.documents().filter(|(document, _)| document.doc == *doc);
    let updates: Vec<Vec<u8>> = of_doc.filter_map(|(_, update)| Some(update?.to_vec())).collect();
    Ok(if updates.is_empty() { Vec::new() } else { vec![RecoverySource { name, updates }] })
}

fn row(doc: &DocId, record: &RecoveredRecord) -> Row {
    let mut row = Row::new();
    row.insert("doc".into(), json!(doc));
    row.insert("kind".into(), json!(record.kind));
    row.insert("id".into(), json!(record.id));
    row.insert("state".into(), json!(record.fate.name()));
    row.insert("missing".into(), json!(record.missing));
    row
}

/// Reports the records by kind, or one by one.
fn shown(context: &Context, doc: &DocId, recovered: &Recovered, records: bool) -> Report {
    let empty = "the document holds no records";
    let format = context.terminal.format;
    if records || format.is_json() || format == Format::Id {
        let rows = recovered.records.iter().map(|record| row(doc, record)).collect();
        return Report::list(rows, COLUMNS, Some("id"), empty);
    }
    let mut kinds: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for record in &recovered.records {
        let [whole, partial, lost] = kinds.entry(&record.kind).or_default();
        let counted = match record.fate {
            Completeness::Whole => whole,
            Completeness::Partial => partial,
            Completeness::Lost => lost,
        };
        *counted += 1;
    }
    let row = |(kind, [whole, partial, lost]): (&str, [usize; 3])| {
        let fields = [
            ("kind", json!(kind)),
            ("whole", json!(whole)),
            ("partial", json!(partial)),
            ("lost", json!(lost)),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    };
    let report = Report::list(kinds.into_iter().map(row).collect(), KINDS, None, empty);
    match recovered.records.is_empty() {
        true => report,
        false => report.note("`--records` shows each record"),
    }
}

/// Returns a count such as "120 records whole, 1 partial, 3 lost".
fn counts(recovered: &Recovered) -> String {
    let count = |fate| recovered.records.iter().filter(|record| record.fate == fate).count();
    format!(
        "{} whole, {} partial, {} lost",
        counted(count(Completeness::Whole) as u64, "record"),
        count(Completeness::Partial),
        count(Completeness::Lost)
    )
}

/// Returns a sentence about what a source contributed.
fn sentence(given: &Given) -> String {
    let gave = match given.operations {
        0 => "nothing new".to_owned(),
        n => counted(n, "operation"),
    };
    let mut sentence = format!("{} gave {gave}", given.name);
    if let Some(fault) = &given.fault {
        sentence.push_str(&format!("; it was readable up to {fault}"));
    }
    if let Some((announced, read)) = given.announced {
        sentence.push_str(&format!("; of {announced} blocks announced there, {read} can be read"));
    }
    // Another source that has those operations has their deletions too.
    if given.lacks_deletes && given.operations > 0 {
        sentence.push_str("; content that the unreadable rest deletes may be back");
    }
    sentence
}
