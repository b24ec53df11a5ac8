//! Completion of ids from the store itself, when the shell asks on Tab.
//!
//! The scripts of `crdtctl completions` call the program back with [`VARIABLE`] set. What an
//! argument completes to follows from its value name, so a command that takes a MEMBER completes
//! members without further code.

use super::foreign::FromKind;
use super::{Context, Globals, whole_tree};
use crate::concern::{CONCERNS, Role, kanban};
use crate::error::Result;
use crate::id::DocId;
use crate::query::board;
use crate::query::canvas::{self, Element};
use crate::query::conflict::{self, ConflictFilter};
use crate::query::disk;
use crate::query::history::{self, HistoryFilter};
use crate::query::member::{self, Member};
use crate::query::recent;
use crate::schema::{Collection, Spec};
use clap::{Arg, ArgMatches, Command, FromArgMatches, ValueHint};
use clap_complete::engine::ValueCompleter;
use clap_complete::env::{CompleteEnv, Shells};
use clap_complete::{ArgValueCompleter, CompletionCandidate, PathCompleter};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

/// Set by the shell's script when it asks for candidates.
const VARIABLE: &str = "CRDTCTL_COMPLETE";
/// Maximum number of log entries offered, newest first.
const COMMANDS: usize = 100;
/// Maximum number of records offered, newest first.
const RECORDS: usize = 200;
/// Characters of a record's text shown beside its id.
const SNIPPET: usize = 40;

/// Answers a completion request from the shell; returns whether there was one.
pub fn answer(words: &[OsString]) -> bool {
    let here = std::env::current_dir().ok();
    // These shells, or our scripts for them, quote blanks.
    let shell = std::env::var(VARIABLE).unwrap_or_default();
    let quotes = ["bash", "zsh", "fish"].contains(&shell.as_str());
    let (_, current) = words_on_the_line();
    let options = current.is_some_and(|word| word.as_encoded_bytes().starts_with(b"-"));
    let wanted = Candidature { quotes, options };
    let environment = CompleteEnv::with_factory(|| {
        let mut tree = super::with_short_names(whole_tree());
        // Adds what clap generates: `--help` is completed like any other option.
        tree.build();
        with_candidates(tree, wanted)
    });
    // A failed completion completes nothing; there is nobody to report the error to.
    environment.var(VARIABLE).try_complete(words, here.as_deref()).unwrap_or(true)
}

/// On first use, zsh runs the autoloaded file itself as the completion function.
const ZSH_AUTOLOADED: &[u8] = br#"
if [[ "$funcstack[1]" = _crdtctl ]]; then
    _clap_dynamic_completer_crdtctl "$@"
fi
"#;

/// The script that makes a shell call back; `None` for a shell that cannot.
pub fn registration(shell: &str) -> Option<Vec<u8>> {
    // clap's own bash script does not handle ids with a `:`.
    if shell == "bash" {
        return Some(include_bytes!("completion.bash").to_vec());
    }
    let mut script = Vec::new();
    let known = Shells::builtins();
    let completer = known.completer(shell)?;
    completer.write_registration(VARIABLE, "crdtctl", "crdtctl", "crdtctl", &mut script).ok()?;
    if shell == "zsh" {
        script.extend_from_slice(ZSH_AUTOLOADED);
    }
    Some(script)
}

/// Where the candidates of an argument come from.
type Candidates = Box<dyn Fn(&Context) -> Result<Vec<CompletionCandidate>> + Send + Sync>;

/// Which candidates may be offered.
#[derive(Clone, Copy)]
struct Candidature {
    /// Whether the shell can quote blanks.
    quotes: bool,
    /// Whether to offer options beside values: only once a `-` was typed. With nothing else to offer,
    /// options are offered anyway.
    options: bool,
}

fn with_candidates(command: Command, wanted: Candidature) -> Command {
    command
        .mut_args(|arg| {
            let is_kept_back = !wanted.options && !arg.is_positional();
            let arg = completing(arg, wanted.quotes);
            if is_kept_back { arg.hide(true) } else { arg }
        })
        .mut_subcommands(|below| with_candidates(below, wanted))
}

fn completing(arg: Arg, quotes: bool) -> Arg {
    let name = arg.get_value_names().and_then(|names| names.first()).map(|name| name.to_string());
    // clap completes plain paths itself.
    let Some(name) = name.filter(|_| arg.get_value_hint() == ValueHint::Unknown) else {
        return arg;
    };
    let candidates = candidates(&name);
    let files = takes_files(&name, &arg).then(PathCompleter::any);
    if candidates.is_none() && files.is_none() {
        return arg;
    }
    arg.add(ArgValueCompleter::new(move |current: &OsStr| {
        let of_store = |candidates: &Candidates| candidates(&context()?).ok();
        let mut found = candidates.as_ref().and_then(of_store).unwrap_or_default();
        found.extend(files.iter().flat_map(|files| files.complete(current)));
        // Some shells pass the typed word with its quotes.
        let current = current.to_string_lossy();
        let current = current.trim_start_matches(['\'', '"']).replace('\\', "");
        found.retain(|candidate| {
            let value = candidate.get_value().to_string_lossy();
            value.starts_with(&current) && value.chars().all(|c| is_harmless(c, quotes))
        });
        found
    }))
}

/// Whether an argument can name a file: commands that read a document also read one from a file.
fn takes_files(name: &str, arg: &Arg) -> bool {
    match name {
        "DOC" => arg.is_positional(),
        "A" | "B" | "BASE" | "FILE" | "FILES" | "NEWER" | "UPDATE" => true,
        "BUNDLE|STORE" | "STORE|BUNDLE" => true,
        _ => false,
    }
}

/// The candidates for an argument with this value name.
pub(super) fn candidates(name: &str) -> Option<Candidates> {
    let own: fn(&Context) -> Result<Vec<CompletionCandidate>> = match name {
        "MEMBER" => members,
        "COLUMN" => columns,
        "ELEMENT" => elements,
        "ENTITY" => entities,
        "A" | "B" | "DOC" => documents,
        "FROM" | "PATH" | "TO" => paths,
        "RECORD" => all_records,
        "ROOT" => roots,
        "VIEW" => views,
        "PEER" => peers,
        "TOMBSTONE" => tombstones,
        "SEQ" => commands,
        "CONFLICT" => conflicts,
        "TRASHED" => trashed,
        "ARCHIVED" => archived,
        "FINDING" => findings,
        "ROLE" => roles,
        "TYPE[:ID]" => types,
        "MSG" => return records("MESSAGE"),
        // A file of this machine, not of an entity's disk.
        "FILE" => return None,
        _ => return records(name),
    };
    Some(Box::new(own))
}

/// The newest records of the collections that an argument with this value name refers to.
fn records(name: &str) -> Option<Candidates> {
    let about = |spec: &'static Spec| {
        let named = |collection: &&Collection| collection.argument == Some(name);
        (spec, spec.collections.iter().filter(named).collect::<Vec<_>>())
    };
    let (spec, found) = CONCERNS.iter().map(about).find(|(_, found)| !found.is_empty())?;
    Some(Box::new(move |context| newest(context, spec, &found)))
}

/// Ids of other programs can hold any character, and the shell inserts a candidate unquoted: ids with
/// characters that are special to a shell or a terminal are not offered.
fn is_harmless(c: char, quotes: bool) -> bool {
    c.is_alphanumeric() || "-_.:/@+".contains(c) || quotes && c == ' '
}

/// The context of the command line so far: the words after `--` that the shell passed on, up to
/// the one being typed.
fn context() -> Option<Context> {
    let matches = typed()?;
    let globals = Globals::from_arg_matches(&matches).ok()?;
    let terminal = globals.terminal();
    Some(Context::new(globals, terminal, "completion".to_owned(), true))
}

/// The words on the command line before the one being typed, and that one.
fn words_on_the_line() -> (Vec<OsString>, Option<OsString>) {
    let index = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse().ok());
    let mut words: Vec<OsString> =
        std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let typed = index.unwrap_or(words.len().saturating_sub(1)).min(words.len());
    let current = words.split_off(typed).into_iter().next();
    (words, current)
}

/// The parsed command line before the word being typed.
fn typed() -> Option<ArgMatches> {
    let (words, _) = words_on_the_line();
    super::tree().ignore_errors(true).try_get_matches_from(words).ok()
}

/// The last word of that command's name.
fn typed_verb() -> Option<String> {
    let matches = typed()?;
    let (mut verb, mut leaf) = (None, &matches);
    while let Some((name, below)) = leaf.subcommand() {
        (verb, leaf) = (Some(name.to_owned()), below);
    }
    verb
}

/// The members of the current entity, else of all entities.
fn members(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let reader = context.reader()?;
    let Ok(entity) = context.entity() else {
        let all = crate::sync::status::members(&reader, &mut Vec::new())?;
        return Ok(all.into_iter().map(CompletionCandidate::new).collect());
    };
    let members = member::list(&reader, &entity, true)?;
    let state = |member: &Member| match member.deleted {
        true => "removed",
        false => Role::of(Some(&member.role)).as_str(),
    };
    Ok(members.iter().map(|member| with_help(&member.member_id, state(member))).collect())
}

fn roles(_: &Context) -> Result<Vec<CompletionCandidate>> {
    Ok(Role::ALL.iter().map(|role| CompletionCandidate::new(role.as_str())).collect())
}

fn types(_: &Context) -> Result<Vec<CompletionCandidate>> {
    Ok(super::entity::TYPES.iter().map(CompletionCandidate::new).collect())
}

fn findings(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let found = super::check::look(context, &context.store()?, None, false)?;
    Ok(found.iter().map(|finding| with_help(&finding.id, &snippet(&finding.message))).collect())
}

fn trashed(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let all = super::trash::all(context)?;
    let newest = all.iter().take(RECORDS);
    Ok(newest.map(|one| with_help(&one.id, one.text.as_deref().unwrap_or(&one.kind))).collect())
}

fn archived(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let reader = context.reader()?;
    let entities = context.named_entities(&reader)?;
    let all = crate::query::archived::list(&reader, entities.as_ref(), None, Some(RECORDS))?;
    let help = |one: &crate::query::archived::ArchivedSummary| {
        with_help(&one.id, one.text.as_deref().unwrap_or(one.kind))
    };
    Ok(all.found.iter().rev().map(help).collect())
}

/// Columns by title and by id, since not every title is safe for a shell.
fn columns(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let entity = context.entity()?;
    let named = |heading: kanban::Heading| {
        let title = crate::ui::escape::line(&heading.title).into_owned();
        [with_help(&heading.title, "column"), with_help(&heading.id, &title)]
    };
    let columns = board::columns(&context.reader()?, &entity)?;
    Ok(columns.into_iter().flat_map(named).collect())
}

/// The newest records of some collections of a document, with a part of their text.
fn newest(
    context: &Context,
    spec: &Spec,
    collections: &[&Collection],
) -> Result<Vec<CompletionCandidate>> {
    let entity = context.entity()?;
    let found = recent::list(&context.reader()?, &entity, spec, collections, RECORDS)?;
    Ok(found.iter().map(|one| with_help(&one.id, &snippet(&one.text))).collect())
}

/// The newest records of every kind.
fn all_records(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let of_spec = |spec: &'static Spec| {
        let collections: Vec<&Collection> = spec.collections.iter().collect();
        newest(context, spec, &collections).unwrap_or_default()
    };
    // An unreadable document does not hide the others.
    Ok(CONCERNS.iter().flat_map(of_spec).collect())
}

/// The files on the disks of the current entity.
fn paths(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let files = disk::files(&context.reader()?, &context.entity()?, false)?;
    Ok(files.into_iter().map(|file| CompletionCandidate::new(file.path)).collect())
}

/// The roots of the document named earlier on the line, in a store or a file.
fn roots(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let matches = typed();
    let mut verb = matches.as_ref();
    while let Some((_, below)) = verb.and_then(ArgMatches::subcommand) {
        verb = Some(below);
    }
    let named = verb.and_then(|verb| verb.try_get_one::<String>("doc").ok().flatten());
    // Standard input belongs to the shell.
    let Some(named) = named.filter(|named| !named.starts_with('-')) else { return Ok(Vec::new()) };
    let file = context.any_document(named, FromKind { kind: None })?;
    let types = file.types()?;
    let root = |(name, container)| with_help(name, types.kind(container).name());
    Ok(types.live_roots().map(root).collect())
}

fn views(_: &Context) -> Result<Vec<CompletionCandidate>> {
    Ok(crate::sql::views().iter().map(|view| with_help(view.name, view.about)).collect())
}

/// The beginning of a text, escaped for a terminal.
fn snippet(text: &str) -> String {
    let begin: String = text.chars().take(SNIPPET).collect();
    crate::ui::escape::line(&begin).into_owned()
}

fn elements(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let entity = context.entity()?;
    let elements = canvas::list(&context.reader()?, &entity, false)?;
    let candidate = |element: &Element| {
        let said = element.data.get("content").and_then(|said| said.as_str()).unwrap_or_default();
        let help = format!("{} {}", snippet(&element.element_type), snippet(said));
        with_help(&element.id, help.trim_end())
    };
    Ok(elements.iter().rev().take(RECORDS).map(candidate).collect())
}

fn entities(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let documents = context.reader()?.documents()?;
    let known = super::context::entities(documents.iter().map(|document| &document.id));
    let known: Vec<String> = known.into_iter().map(String::from).collect();
    // Also the bare id if it is unique: that is what people type.
    let short = |id: &String| id.split_once(':').map(|(_, id)| id.to_owned());
    let mut all: Vec<String> = known.clone();
    let shorts: Vec<String> = known.iter().filter_map(short).collect();
    let unique = |id: &&String| shorts.iter().filter(|other| other == id).count() == 1;
    all.extend(shorts.iter().filter(unique).cloned());
    Ok(all.into_iter().map(CompletionCandidate::new).collect())
}

fn documents(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let reader = context.reader()?;
    let documents: Vec<DocId> = reader.documents()?.into_iter().map(|found| found.id).collect();
    // A concern alone means that document of the current entity.
    let entity = context.entity_among(&reader, &documents).ok();
    let own = documents.iter().filter(|doc| entity.is_some() && doc.entity() == entity);
    let concerns: Vec<String> = own.filter_map(|doc| Some(doc.concern()?.to_owned())).collect();
    let all = documents.into_iter().map(String::from).chain(concerns);
    Ok(all.map(CompletionCandidate::new).collect())
}

fn tombstones(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let found = super::tombstone::all(context)?;
    Ok(found.iter().map(|deleted| with_help(&deleted.id, deleted.kind)).collect())
}

fn commands(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let newest = HistoryFilter { limit: Some(COMMANDS), ..HistoryFilter::default() };
    let log = history::list(&context.reader()?, &newest)?.into_iter().rev();
    Ok(log.map(|logged| with_help(&logged.seq.to_string(), &logged.command)).collect())
}

fn conflicts(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let found = conflict::list(&context.reader()?, &ConflictFilter::default())?;
    let candidate = |lost: &conflict::LostValue| {
        let (kind, field) = (lost.kind.as_deref().unwrap_or_default(), lost.path.last());
        let help = format!("{kind} {}", field.map_or("", String::as_str));
        with_help(&lost.number.to_string(), &help)
    };
    Ok(found.iter().map(candidate).collect())
}

/// Peers that were heard of, and members that were not.
fn peers(context: &Context) -> Result<Vec<CompletionCandidate>> {
    let reader = context.reader()?;
    let peers = reader.state().map(|state| state.peers()).transpose()?.unwrap_or_default();
    let mut named = BTreeSet::new();
    let candidate = |peer: crate::store::Peer| match peer.member {
        // A member with several replicas is offered once, for the first.
        Some(member) if named.insert(member.clone()) => Some(with_help(&member, &peer.replica_id)),
        Some(_) => None,
        None => Some(CompletionCandidate::new(peer.replica_id)),
    };
    // A member never heard of can be sent a bundle but not be forgotten.
    let unheard = match typed_verb().as_deref() {
        Some("forget") => Default::default(),
        _ => crate::sync::status::unheard(&reader, &mut Vec::new()).unwrap_or_default(),
    };
    let unheard = unheard.iter().map(|member| with_help(member, "never heard of"));
    Ok(peers.into_iter().filter_map(candidate).chain(unheard).collect())
}

fn with_help(value: &str, help: &str) -> CompletionCandidate {
    CompletionCandidate::new(value).help(Some(help.to_owned().into()))
}
