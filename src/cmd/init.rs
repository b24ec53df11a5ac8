use super::context::{dry, entities};
use super::{Context, DryRun};
use crate::error::{Error, Result};
use crate::id::MemberId;
use crate::query::member;
use crate::store::{Reader, Store};
use crate::sync::status;
use crate::ui::{Report, Written};
use std::env;
use std::path::{Path, PathBuf};

/// Create a store, or make an existing one your replica
///
/// Prints the replica id. An existing store keeps its documents. With `--as` the replica belongs to
/// that member: it acknowledges deletions and acts in the member's name. Without, it can still read,
/// sync, import, prune and repair. Another `init --as` corrects a mistyped name, as long as nothing was
/// written under it.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl init --as alice-river-stone-sky
  crdtctl init ~/usb/team --as bob-hill-lake-tree
  crdtctl init --as alice-river-stone-sky --dry-run
  crdtctl init --json")]
pub struct InitArgs {
    /// The directory of the store; by default that of `--store`, else the current directory
    dir: Option<PathBuf>,
    #[command(flatten)]
    dry_run: DryRun,
}

pub fn run(context: &Context, args: InitArgs) -> Result<Report> {
    let dir = match args.dir.or_else(|| context.globals.store.clone()) {
        Some(dir) => dir,
        None => env::current_dir().map_err(|e| Error::io("no current directory", e))?,
    };
    let member = context.globals.acting_member.as_ref();
    member.map_or(Ok(()), MemberId::check_whole)?;
    let before = Store::open_with(&dir, context.environment()).ok();
    let before = match before {
        Some(store) => store.reader()?.replica()?,
        None => None,
    };
    if args.dry_run.dry_run {
        return would_init(context, &dir, before.map(|(_, member, _)| member));
    }
    let (store, replica) = Store::init(&dir, context.environment(), member)?;
    let store = store.counting(&context.commits);
    let reader = store.reader()?;
    let now = reader.replica()?;
    let changed = before != now;
    // The owner, whether set now or before.
    let member = now.as_ref().and_then(|(_, member, _)| member.as_ref());
    let sentence = sentence(store.dir(), member, changed);
    let written =
        Written { changed, id: Some(replica), creates: true, sentence, ..Written::default() };
    let written = written
        .with("dir", store.dir().to_string_lossy().as_ref())
        .with("member", member.map(ToString::to_string));
    let mut report = Report::written(written);
    report.notes.extend(stranger(&reader)?);
    let is_empty = reader.documents()?.is_empty();
    let is_of_a_member = reader.replica()?.is_some_and(|(_, member, _)| member.is_some());
    Ok(report.note(match (is_empty, is_of_a_member) {
        (true, true) => {
            "next: `crdtctl entity create group --name NAME`, or `crdtctl sync import FILE`"
        }
        (true, false) => {
            "next: `crdtctl init --as MEMBER` says whose replica it is; only reading needs no member"
        }
        (false, _) => "next: `crdtctl doc list`",
    }))
}

/// `before` is the member whose replica the store is, if it is one.
fn would_init(context: &Context, dir: &Path, before: Option<Option<MemberId>>) -> Result<Report> {
    let wanted = context.globals.acting_member.as_ref();
    let found = Store::would_init(dir, context.environment(), wanted)?;
    let member = found.unwrap_or_else(|| wanted.cloned());
    let changed = before.as_ref() != Some(&member);
    let sentence = dry(&sentence(dir, member.as_ref(), changed));
    let written = Written { changed, sentence, ..Written::default() }
        .with("dir", dir.to_string_lossy().as_ref())
        .with("member", member.map(String::from))
        .with("dry_run", true);
    Ok(Report::written(written))
}

fn sentence(dir: &Path, member: Option<&MemberId>, changed: bool) -> String {
    let who = member.map_or_else(String::new, |member| format!(" of {member}"));
    match changed {
        true => format!("{} is now a replica{who}", dir.display()),
        false => format!("{} is already a replica{who}", dir.display()),
    }
}

/// Returns a warning if the store has members, but the replica's is not one of them: the name may be
/// mistyped, or not added by anybody yet.
///
/// # Errors
/// Those that are not about a single document.
pub fn stranger(reader: &Reader) -> Result<Option<String>> {
    let Some((_, Some(member), _)) = reader.replica()? else { return Ok(None) };
    let members = status::members(reader, &mut Vec::new())?;
    let is_stranger = status::has_left(&members, member.as_str());
    // Who wrote here and is none was one.
    let has_written = || reader.state().map_or(Ok(false), |state| state.has_written_as(&member));
    if is_stranger && (has_written()? || was_member(reader, &member)?) {
        return Ok(Some(format!(
            "warning: {member} is no longer a member of any entity here; \
             `crdtctl member list --all` shows who left, `crdtctl log` who wrote what"
        )));
    }
    Ok(is_stranger.then(|| {
        format!(
            "warning: {member} is not a member of any entity here; if the name is mistyped, \
             `crdtctl init --as MEMBER` corrects it, as long as nothing was written under it"
        )
    }))
}

/// Returns whether an entity here has a record of a member, removed or not.
fn was_member(reader: &Reader, member: &MemberId) -> Result<bool> {
    let documents = reader.documents()?;
    let entities = entities(documents.iter().map(|document| &document.id));
    Ok(entities
        .iter()
        .filter_map(|entity| member::list(reader, entity, true).ok())
        .any(|all| all.iter().any(|one| one.member_id == member.as_str())))
}
