//! Disks: records whose file is gone, files that no record names, files changed behind the store's back, and
//! contents that do not match their hashes.

use super::found::{Fix, Found};
use crate::archive;
use crate::concern::chat::{self, is_attachment};
use crate::concern::disk::{Directory, DiskKind, FilePlace, SPEC, WEBSITE, document};
use crate::crdt::view::View;
use crate::disk::{
    DiskState, Objects, Obstruction, named_contents, obstacle, obstructions, status,
};
use crate::error::{Kind, Next, Result, counted};
use crate::id::{DocId, EntityId};
use crate::query::attached::{self, held};
use crate::store::Reader;
use crate::store::check::FindingKind;
use std::collections::BTreeSet;
use std::path::PathBuf;

static UNREAD_DISK: FindingKind = FindingKind::warning("unread-disk");
static ODD_FILE: FindingKind = FindingKind::warning("odd-file");
static ATTACHMENT_GONE: FindingKind = FindingKind::warning("attachment-gone");
static UNATTACHED: FindingKind = FindingKind::info("unattached-file");
static UNSCANNED: FindingKind = FindingKind::info("unscanned-files");
static CONTENT_DAMAGED: FindingKind = FindingKind::error("content-damaged");
static SITE_CHANGED: FindingKind = FindingKind::info("site-changed");

/// At most this many changed files are named.
const NAMED: usize = 3;

/// Returns what is wrong with the files of one document of an entity. What takes another document that is
/// damaged is left out: that is a finding of its own.
///
/// # Errors
/// Those of the store and of the file system.
pub fn files(reader: &Reader, entity: &EntityId, doc: &DocId, view: &View) -> Result<Vec<Found>> {
    if let Some(place) = obstacle(reader, entity) {
        return Ok(vec![unread_disks(place)]);
    }
    let mut found = match unscanned(reader, entity, doc) {
        // Or it can have no directories.
        Err(e) if e.damaged.is_some() || e.kind == Kind::Refused => Vec::new(),
        found => found?,
    };
    found.extend(damaged(reader, doc)?);
    if doc.concern() == Some(SPEC.name) {
        found.extend(attachments(reader, entity, doc, view)?);
    }
    Ok(found)
}

fn unscanned(reader: &Reader, entity: &EntityId, doc: &DocId) -> Result<Vec<Found>> {
    let is_ours = |path: &str| {
        let disk =
            DiskKind::ALL.into_iter().find(|kind| path.split('/').nth(1) == Some(kind.as_str()));
        disk.is_some_and(|disk| document(entity, disk) == *doc)
    };
    let mut files = status(reader, entity)?;
    files.retain(|file| is_ours(&file.path));
    let odd = obstructions(reader, entity, &files)?;
    let mut found: Vec<Found> = odd.into_iter().map(|odd| odd_file(entity, odd)).collect();
    let mut changed = Vec::new();
    for file in files {
        match file.state {
            DiskState::New | DiskState::Changed | DiskState::Removed => changed.push(file.path),
            DiskState::Unpublished => found.push(Found {
                kind: &SITE_CHANGED,
                detail: String::new(),
                message: format!("{WEBSITE} is not what was published"),
                fix: Fix::Next(Next::PublishOf(entity.to_string())),
            }),
            _ => {}
        }
    }
    if !changed.is_empty() {
        let (count, more) = (changed.len(), changed.len().saturating_sub(NAMED));
        changed.truncate(NAMED);
        let named = changed.join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let (files, were) =
            (counted(count as u64, "file"), if count == 1 { "was" } else { "were" });
        found.push(Found {
            kind: &UNSCANNED,
            detail: String::new(),
            message: format!("{files} {were} changed in the directories: {named}{more}"),
            fix: Fix::Next(Next::ScanDisksOf(entity.to_string())),
        });
    }
    Ok(found)
}

/// Returns the finding that something is in the place of a directory around all disks.
fn unread_disks(place: PathBuf) -> Found {
    let mut aside = place.as_os_str().to_owned();
    aside.push(".aside");
    Found {
        kind: &UNREAD_DISK,
        detail: String::new(),
        message: format!(
            "{} is no directory, so no file in it is looked at; links are not followed: put the real directory \
             in its place",
            place.display()
        ),
        fix: Fix::Next(Next::MoveAside(vec![(place, aside.into())])),
    }
}

/// Returns the finding that something else is in the place of files.
fn odd_file(entity: &EntityId, odd: Obstruction) -> Found {
    let Obstruction { path, place, why, files, is_kept, is_file } = odd;
    let why = why.told(|_| String::new());
    let of_files = match files {
        0 | 1 => String::new(),
        n => format!(", with {}", counted(n, "file")),
    };
    let (advice, next) = if is_file {
        ("give this user permission to read it", Next::LetRead(place))
    } else if is_kept {
        let entity = entity.to_string();
        let put = Next::RewriteFile { path: path.clone(), entity, place };
        ("the store has what it was when it was last taken in", put)
    } else {
        let mut aside = place.as_os_str().to_owned();
        aside.push(".aside");
        let aside = Next::MoveAside(vec![(place, aside.into())]);
        (
            "put the real one in its place: with nothing there, a scan removes it for everybody",
            aside,
        )
    };
    Found {
        kind: &ODD_FILE,
        message: format!("{path} cannot be looked at in its directory{of_files} ({why}); {advice}"),
        detail: path,
        fix: Fix::Next(next),
    }
}

/// Returns contents beside the disks that do not match their hashes.
fn damaged(reader: &Reader, doc: &DocId) -> Result<Vec<Found>> {
    let Some(disks) = reader.disks() else { return Ok(Vec::new()) };
    let objects = Objects::open(&disks)?;
    let mut found = Vec::new();
    for content in named_contents(reader, doc)? {
        if !objects.is_whole(&content.blake3)? {
            found.push(Found {
                kind: &CONTENT_DAMAGED,
                detail: content.blake3.clone(),
                message: format!("the content {} is kept here and is another", content.blake3),
                fix: Fix::Next(Next::CollectFiles),
            });
        }
    }
    Ok(found)
}

fn attachments(reader: &Reader, entity: &EntityId, doc: &DocId, view: &View) -> Result<Vec<Found>> {
    // An unreadable chat or archive is a finding of its own.
    let of_chat = entity.document(chat::SPEC.name);
    let Some(messages) = reader.view(&of_chat).ok().flatten() else { return Ok(Vec::new()) };
    let Ok(attached) = attached::all(reader, &of_chat, &messages) else { return Ok(Vec::new()) };
    let directory = Directory::of(view, doc);
    let (mut named, mut found) = (BTreeSet::new(), Vec::new());
    for (file, messages) in &attached {
        if let Some(place) = file.place(&directory, |id| held(view, id)) {
            named.insert(place.id.as_str());
            continue;
        }
        let path = &file.path;
        found.push(Found {
            kind: &ATTACHMENT_GONE,
            detail: path.clone(),
            message: format!(
                "{path} is attached to {} and is not on the disk",
                messages.join(", ")
            ),
            fix: Fix::Next(Next::PutFile { path: path.clone(), entity: entity.to_string() }),
        });
    }
    let unnamed = directory.owners().filter(|place| is_attachment(place.path.as_str()));
    let mut unnamed = unnamed.filter(|place| !named.contains(place.id.as_str())).peekable();
    // A message that only others can see may have any of them attached, and the fix removes them for everybody.
    if unnamed.peek().is_none() || archive::has_unseen(reader, &of_chat, &chat::SPEC, &messages)? {
        return Ok(found);
    }
    found.extend(unnamed.map(|FilePlace { path, .. }| Found {
        kind: &UNATTACHED,
        detail: path.to_string(),
        message: format!("{path} lies among the attachments and is attached to no message"),
        fix: Fix::Next(Next::RemoveFile { path: path.to_string(), entity: entity.to_string() }),
    }));
    Ok(found)
}
