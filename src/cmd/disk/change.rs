//! Commands that change the index and the files: take in, change, commit, write the files.

use super::lying::Lying;
use crate::cmd::context::say_gone;
use crate::cmd::failure::hint;
use crate::cmd::{Context, exit_code};
use crate::concern::disk::{
    Directory, DiskPath, MoveFile, RemoveFile, RestoreFile, document, no_file,
};
use crate::disk::{self, TakenIn, Tree, Which};
use crate::error::{Error, Hint, Kind, Next, Result, counted};
use crate::id::EntityId;
use crate::operation::{self, Operation, Outcome, Together};
use crate::query::disk::{self as query, version};
use crate::store::Session;
use crate::ui::{Report, Written};
use serde_json::json;

/// Runs changes of files in one commit. Takes in external changes at these paths first, and writes the files
/// afterwards.
pub fn change(
    context: &Context,
    entity: &EntityId,
    touched: &Which,
    run: impl FnOnce(&mut Session) -> Result<Written>,
) -> Result<Report> {
    let mut session = context.session()?;
    let taken = disk::take_in(&mut session, entity, touched)?;
    let mut written = run(&mut session).map_err(|error| match error.kind {
        // Nothing is written, so say where another program moved the file that is missing.
        Kind::NotFound => taken.moved.iter().fold(error, |error, (from, to)| {
            let moved = Hint::from(format!("another program moved {from} to {to}; "));
            error.hint_also(moved.next(Next::ScanDisks).and(" takes that in"))
        }),
        _ => error,
    })?;
    say_gone(&mut written);
    let committed = session.commit()?;
    // Also finish what an earlier command left undone.
    let left = if committed.documents.is_empty() { settle(context, entity)? } else { Vec::new() };
    let ids: Vec<String> = match written.extra.get("ids").and_then(|ids| ids.as_array()) {
        Some(ids) => ids.iter().filter_map(|id| id.as_str()).map(str::to_owned).collect(),
        None => written.id.iter().cloned().collect(),
    };
    let mut report = context.written(written, committed);
    // The store has the change, but the directory does not.
    if context.is_unwritten(&ids) {
        report = report.exit(exit_code(Kind::Io));
    }
    if let (Which::Below(dir), Some(counts)) = (touched, counts(&taken)) {
        report.notes.push(format!("took in changes in {dir}: {counts}"));
    }
    report.notes.extend(taken.notes.iter().chain(&left).map(hint));
    Ok(report)
}

/// Says how much was taken in; `None` if nothing was.
fn counts(taken: &TakenIn) -> Option<String> {
    let counts = [
        (taken.added.len(), "added"),
        (taken.changed.len(), "changed"),
        (taken.moved.len(), "moved"),
        (taken.removed.len(), "removed"),
    ];
    let counts: Vec<String> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

/// Updates the files to what the store says.
fn settle(context: &Context, entity: &EntityId) -> Result<Vec<Hint>> {
    let mut session = disk::session_to_settle(|| context.session(), Some(entity))?;
    let settled = disk::settle(&mut session, entity)?;
    session.commit()?;
    context.note_unwritten(settled.failed);
    Ok(settled.notes)
}

/// Describes what one operation did.
pub fn told(outcome: Outcome) -> Written {
    Written {
        sentence: outcome.said.clone(),
        extra: crate::cmd::context::detail(&outcome),
        id: outcome.id,
        doc: outcome.doc.map(String::from),
        creates: outcome.created,
        changed: outcome.changed,
        ..Written::default()
    }
}

/// Describes what several operations did, in one sentence.
pub fn told_all(outcomes: Vec<Outcome>, sentence: &str) -> Written {
    match <[Outcome; 1]>::try_from(outcomes) {
        Ok([one]) => told(one),
        Err(all) => {
            let changed = all.iter().filter(|outcome| outcome.changed);
            let ids: Vec<&String> = changed.filter_map(|outcome| outcome.id.as_ref()).collect();
            let gone: Vec<&str> = all.iter().flat_map(Outcome::gone).collect();
            let mut written = Written {
                sentence: format!(
                    "{sentence} {} of {}",
                    ids.len(),
                    counted(all.len() as u64, "file")
                ),
                changed: !ids.is_empty(),
                doc: all.iter().find_map(|outcome| outcome.doc.clone()).map(String::from),
                ..Written::default()
            };
            written.extra.insert("ids".to_owned(), json!(ids));
            if !gone.is_empty() {
                written.extra.insert("pruned".to_owned(), json!(gone));
            }
            written
        }
    }
}

/// The paths among these names; ids are left out.
fn at<'n>(named: impl Iterator<Item = &'n String>) -> Which {
    Which::At(named.filter_map(|named| DiskPath::parse(named).ok()).collect())
}

pub fn rename(context: &Context, entity: &EntityId, from: &str, to: &str) -> Result<Report> {
    let target = DiskPath::parse_dir(to)?;
    let below = files_below(context, entity, from)?;
    let moves: Vec<(String, DiskPath)> = match below {
        Some((dir, paths)) => {
            let moved = |path: &DiskPath| {
                let rest = path.as_str().get(dir.as_str().len()..).unwrap_or_default();
                Ok((path.to_string(), DiskPath::parse(&format!("{target}{rest}"))?))
            };
            paths.iter().map(moved).collect::<Result<_>>()?
        }
        None => {
            // As with `mv`, a target with a trailing slash is a directory to move into.
            let is_dir = to.ends_with('/') || target.parts().next().is_none();
            let target = match (is_dir, DiskPath::parse(from)) {
                (true, Ok(from)) => target.child(from.name())?,
                _ => DiskPath::parse(to)?,
            };
            vec![(from.to_owned(), target)]
        }
    };
    let touched = at(moves.iter().map(|(from, _)| from));
    change(context, entity, &touched, |session| {
        let mut together = Together::default();
        let tree = Tree::of_session(session, entity)?;
        for (file, to) in moves {
            tree.takes(&to)?;
            let moved = MoveFile { entity: entity.clone(), file, to, beside: false };
            together.run(session, Operation::DiskMove(moved))?;
        }
        Ok(told_all(together.finish(session)?, "moved"))
    })
}

pub fn remove(context: &Context, entity: &EntityId, path: &str, all: bool) -> Result<Report> {
    let files = match files_below(context, entity, path)? {
        Some((_, paths)) if all => paths.iter().map(ToString::to_string).collect(),
        Some((dir, paths)) => {
            let files = counted(paths.len() as u64, "file");
            let what = format!("{dir} is a directory of {files}");
            return Err(Error::usage(what).hint("`-r` removes all of them"));
        }
        None => vec![path.to_owned()],
    };
    let run = |session: &mut Session| -> Result<Vec<Outcome>> {
        let mut together = Together::default();
        for file in &files {
            let remove = RemoveFile { entity: entity.clone(), file: file.clone() };
            together.run(session, Operation::DiskRemove(remove))?;
        }
        together.finish(session)
    };
    if context.asks() {
        let trial = run(&mut context.rehearsal()?)?;
        if !context.confirm_loss(trial.iter().map(|outcome| outcome.gone().len()).sum())? {
            return Ok(Report::nothing().note("nothing was removed"));
        }
    }
    let touched = at(files.iter());
    change(context, entity, &touched, |session| Ok(told_all(run(session)?, "removed")))
}

pub fn restore(context: &Context, entity: &EntityId, file: &str) -> Result<Report> {
    if let Some((path, has_content)) = removed_by_others(context, entity, file)? {
        return bring_back(context, entity, &path, has_content);
    }
    // Take in the file at the path that the version is restored to first.
    let version = match file.starts_with('/') {
        true => None,
        false => version(&context.reader()?, entity, file).ok().flatten(),
    };
    let path = version.map(|(_, file, _)| file.path);
    let restore = RestoreFile { entity: entity.clone(), file: file.to_owned() };
    change(context, entity, &at(path.iter()), |session| {
        Ok(told(operation::run(session, &Operation::DiskRestore(restore))?))
    })
}

/// Writes a file again that another program removed from its directory; one that was moved is followed, and
/// then there is none to bring back.
fn bring_back(
    context: &Context,
    entity: &EntityId,
    path: &str,
    has_content: bool,
) -> Result<Report> {
    let path = DiskPath::parse(path)?;
    // Taking in a path that is named keeps its file, which is then written again.
    change(context, entity, &Which::At([path.clone()].into()), |session| {
        let doc = document(entity, path.disk());
        let is_there =
            Directory::with(session, &doc, |_, directory| Ok(directory.at(&path)?.is_some()))?;
        if !is_there {
            return Err(no_file(path.as_str()));
        }
        let sentence = match has_content {
            true => format!("wrote {path} again"),
            false => format!(
                "{path} is written again once a bundle has its content; the next export asks for it"
            ),
        };
        Ok(Written { sentence, ..Written::default() })
    })
}

/// Returns the path of a file that another program removed from its directory, and whether the store has its
/// content; `None` for any other file.
fn removed_by_others(
    context: &Context,
    entity: &EntityId,
    named: &str,
) -> Result<Option<(String, bool)>> {
    let reader = context.reader()?;
    let Ok((doc, file)) = query::file(&reader, entity, named) else { return Ok(None) };
    let lying = Lying::of(&reader, entity, &doc)?;
    if file.deleted || !lying.is_removed(&file)? {
        return Ok(None);
    }
    let has_content = lying.has_content(&file)?;
    Ok(Some((file.path, has_content)))
}

pub fn scan(context: &Context, entity: &EntityId) -> Result<Report> {
    let mut session = context.session()?;
    let taken = disk::take_in(&mut session, entity, &Which::All)?;
    let committed = session.commit()?;
    let mut written = Written {
        sentence: match counts(&taken) {
            None => "nothing was changed in the directories".to_owned(),
            Some(counts) => format!("took in changes: {counts}"),
        },
        changed: !committed.documents.is_empty(),
        ..Written::default()
    };
    for (name, paths) in [
        ("added", json!(taken.added)),
        ("edited", json!(taken.changed)),
        ("moved", json!(taken.moved)),
        ("removed", json!(taken.removed)),
    ] {
        written.extra.insert(name.to_owned(), paths);
    }
    let left = if committed.documents.is_empty() { settle(context, entity)? } else { Vec::new() };
    let mut report = context.written(written, committed);
    report.notes.extend(taken.notes.iter().chain(&left).map(hint));
    Ok(report)
}

/// Returns the named directory and the files in it; `None` if the name is a file, or nothing.
fn files_below(
    context: &Context,
    entity: &EntityId,
    named: &str,
) -> Result<Option<(DiskPath, Vec<DiskPath>)>> {
    let Ok(dir) = DiskPath::parse_dir(named) else { return Ok(None) };
    let reader = context.reader()?;
    let doc = document(entity, dir.disk());
    let Some(view) = reader.view(&doc)? else { return Ok(None) };
    let directory = Directory::of(&view, &doc);
    let paths = directory.owners().map(|place| &place.path);
    let below: Vec<DiskPath> = paths.filter(|path| dir.holds(path)).cloned().collect();
    let is_dir = below.iter().any(|path| *path != dir);
    Ok(is_dir.then_some((dir, below)))
}
