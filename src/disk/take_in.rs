//! Taking in what others changed in the directories.

use super::likeness;
use super::scope::{TakenIn, Which};
use super::tree::{Held, failed};
use super::working_copy::WorkingCopy;
use crate::concern::disk::content::TextFile;
use crate::concern::disk::{
    Directory, DiskContent, DiskFile, DiskKind, DiskPath, FilePlace, RemoveFile, RestoreFile,
    documents,
};
use crate::error::{Hint, Next, Result};
use crate::id::EntityId;
use crate::operation::Operation;
use crate::store::{BegunFile, DiskBase, Session};
use std::collections::{BTreeMap, BTreeSet};

/// Takes in what others changed in the files of an entity. Runs operations, and commits nothing.
///
/// # Errors
/// Those of the store and of the file system. What cannot be taken in becomes a note.
pub fn take_in(session: &mut Session, entity: &EntityId, which: &Which) -> Result<TakenIn> {
    let mut taken = TakenIn::default();
    for (doc, kinds) in documents(entity) {
        let taking = TakingIn {
            copy: WorkingCopy::of(session, entity, doc, *which == Which::All, taken)?,
            kinds,
            obstructed: BTreeMap::new(),
            lost: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            changed: BTreeMap::new(),
            edited: Vec::new(),
        };
        taken = taking.run(which)?;
    }
    Ok(taken)
}

struct TakingIn<'s> {
    copy: WorkingCopy<'s>,
    /// The disks that the document describes.
    kinds: &'static [DiskKind],
    /// Files whose place a directory has taken, by the hash of their content. They may be elsewhere
    /// now, but do not count as missing.
    obstructed: BTreeMap<String, Vec<FilePlace>>,
    /// Missing files, by the hash of their content.
    lost: BTreeMap<String, Vec<FilePlace>>,
    /// Files that are not looked at, by the hash of their content: some may be missing.
    elsewhere: BTreeMap<String, Vec<FilePlace>>,
    /// Files with another content in their place, by the hash of their own: they may be elsewhere now.
    changed: BTreeMap<String, Vec<FilePlace>>,
    /// Those of `changed` that did not move.
    edited: Vec<FilePlace>,
}

impl TakingIn<'_> {
    fn run(mut self, asked: &Which) -> Result<TakenIn> {
        let which = &match asked {
            Which::At(paths) => Which::At(self.copy.widened(paths, self.kinds)?),
            others => others.clone(),
        };
        let half_moved = self.half_moved()?;
        let owners = Directory::with(self.copy.session, &self.copy.doc, |_, directory| {
            Ok(directory.owners().cloned().collect::<Vec<FilePlace>>())
        })?;
        for place in owners.iter().filter(|place| which.means(&place.path)) {
            match self.copy.held(&place.path)? {
                Some(held) => match self.left_its_path(place, &held) {
                    Some(before) => self.changed.entry(before).or_default().push(place.clone()),
                    None if asked.means(&place.path) => self.known(place, &held)?,
                    None => {}
                },
                None if self.copy.unreadable.contains_key(&place.path) => self.not_read(place),
                // It is where it was to be moved, and will be written from there.
                None if half_moved.contains(&place.id) => {}
                // A file moved in the document stays at its old path until it is written.
                None => self.not_there(place)?,
            }
        }
        // Files to be removed or moved are always looked at: the commit will remove or move them.
        let places: BTreeMap<&str, &FilePlace> =
            owners.iter().map(|place| (place.id.as_str(), place)).collect();
        self.deleted(&places)?;
        let mut known: BTreeSet<DiskPath> = owners.iter().map(|place| place.path.clone()).collect();
        known.extend(self.where_they_were(&places, &known)?);
        // Of single paths, those that matter are looked at already.
        let others = owners.iter().filter(|place| !which.means(&place.path));
        self.elsewhere = self.copy.by_hash(others.filter(|_| matches!(which, Which::Below(_))));
        let found = self.found(which)?;
        let unknown = found.into_iter().filter(|path| !known.contains(path)).rev().collect();
        let mut new = self.follow_moves(asked, unknown)?;
        if *which != Which::All {
            let left = self.find_lost(&known)?;
            let left = left.into_iter().filter(|_| matches!(asked, Which::At(_)));
            new.extend(left.filter(|path| asked.means(path)));
        }
        self.changed_places()?;
        // Before new files: one of those may need the place of a file that is gone.
        self.gone(asked, &new)?;
        for path in new {
            if let Some(held) = self.copy.held(&path)? {
                self.new_file(&path, &held)?;
            }
        }
        self.edited.extend(std::mem::take(&mut self.changed).into_values().flatten());
        for place in std::mem::take(&mut self.edited) {
            if !asked.means(&place.path) {
                continue;
            }
            if let Some(held) = self.copy.held(&place.path)? {
                self.known(&place, &held)?;
            }
        }
        self.copy.together.finish(self.copy.session)?;
        let unread =
            self.copy.unreadable.iter().map(|(path, why)| format!("left out {path}: {why}"));
        self.copy.taken.notes.extend(unread.map(Hint::from));
        Ok(self.copy.taken)
    }

    /// The paths where new files may be.
    fn found(&mut self, which: &Which) -> Result<Vec<DiskPath>> {
        if let Which::At(only) = which {
            let ours = only.iter().filter(|path| self.kinds.contains(&path.disk()));
            return Ok(ours.cloned().collect());
        }
        if !which.is_everything() {
            return Ok(Vec::new());
        }
        let mut listing = self.copy.tree.list(self.kinds)?;
        if let Which::Below(dir) = which {
            listing.files.retain(|path| dir.holds(path));
            listing.others.retain(|(path, _)| dir.holds_name(path));
        }
        // Some were reported already, at the paths of known files.
        let unreadable = &self.copy.unreadable;
        let is_said =
            |path: &str| DiskPath::parse(path).is_ok_and(|path| unreadable.contains_key(&path));
        let odd = listing.others.into_iter().filter(|(path, _)| !is_said(path));
        self.copy
            .taken
            .notes
            .extend(odd.map(|(path, why)| format!("left out {}: {why}", on_a_line(&path)).into()));
        Ok(listing.files)
    }

    /// The ids of files that are where an interrupted command was to move them.
    fn half_moved(&mut self) -> Result<BTreeSet<String>> {
        let begun: Vec<(DiskPath, BegunFile)> =
            self.copy.begun.iter().map(|(path, begun)| (path.clone(), begun.clone())).collect();
        let mut found = BTreeSet::new();
        for (path, begun) in begun {
            let held = self.copy.held(&path)?;
            if held.is_some_and(|held| held.stored.blake3 == begun.blake3) {
                found.insert(begun.file);
            }
        }
        Ok(found)
    }

    /// A file that is not where it should be: somebody removed or moved it, or it was not written yet.
    fn not_there(&mut self, place: &FilePlace) -> Result<()> {
        let written = self.copy.written.get(&place.id);
        if let Some(written) = written.filter(|written| written.path == place.path.as_str()) {
            self.lost.entry(written.blake3.clone()).or_default().push(place.clone());
            return Ok(());
        }
        self.copy.taken.behind |= match self.copy.file(&place.id)?.map(|file| file.content) {
            Some(DiskContent::Text(_)) => true,
            Some(DiskContent::Binary(Some(wanted))) => {
                self.copy.objects.read(&wanted.blake3)?.is_some()
            }
            _ => false,
        };
        Ok(())
    }

    /// A file in whose place something unreadable is.
    fn not_read(&mut self, place: &FilePlace) {
        let base = self.copy.written.get(&place.id).filter(|base| base.path == place.path.as_str());
        if let Some(base) = base.filter(|_| self.copy.tree.is_gone(&place.path)) {
            self.obstructed.entry(base.blake3.clone()).or_default().push(place.clone());
        }
    }

    /// The hash of what was at a file's path, if something else is there now and the file may be
    /// elsewhere.
    fn left_its_path(&self, place: &FilePlace, held: &Held) -> Option<String> {
        let base = self.copy.written.get(&place.id)?;
        let is_there = base.path == place.path.as_str() && base.blake3 != held.stored.blake3;
        is_there.then(|| base.blake3.clone())
    }

    /// A file that exists, and that the document has at this path.
    fn known(&mut self, place: &FilePlace, held: &Held) -> Result<()> {
        let Some(file) = self.copy.file(&place.id)? else { return Ok(()) };
        let base = self.copy.written.get(&place.id).cloned();
        let is = |blake3: &str, executable: bool| {
            held.stored.blake3 == blake3 && held.executable.is_none_or(|now| now == executable)
        };
        if base.as_ref().is_some_and(|base| is(&base.blake3, base.executable)) {
            self.copy.taken.behind |= !is_as_written(&file, base.as_ref());
            return Ok(());
        }
        if file.content.stored().is_some_and(|now| is(&now.blake3, file.executable)) {
            return self.copy.note(&place.id, &place.path, held);
        }
        let begun = self.copy.begun.get(&place.path).filter(|begun| begun.file != place.id);
        if begun.is_some_and(|begun| begun.blake3 == held.stored.blake3) {
            return Ok(());
        }
        let base = base.filter(|base| base.path == place.path.as_str());
        // The file that had this path is still here: a command was interrupted before it wrote this one.
        if base.is_none() && self.copy.written_at.holds(&place.path, &held.stored.blake3) {
            self.copy.taken.behind = true;
            return Ok(());
        }
        // Two sides created a file of one name, or one moved a file there: the one here becomes a
        // separate file, and as the later one it has the path.
        let beside = base.is_none();
        let put = self.copy.put(&place.path, held, base.as_ref(), beside)?;
        if let Some(id) = self.copy.operate(&place.path, Operation::DiskPut(put))? {
            self.copy.note(&id, &place.path, held)?;
            match beside {
                true => {
                    let said = format!(
                        "{} also came from elsewhere, with other content; that is kept as {}",
                        place.path, place.id
                    );
                    self.copy.taken.notes.push(said.into());
                    self.copy.taken.added.push(place.path.to_string());
                }
                false => self.copy.taken.changed.push(place.path.to_string()),
            }
        }
        Ok(())
    }

    /// The paths of files that an interrupted command was to move or remove: they are not new. Changes
    /// to a text there are taken in.
    fn where_they_were(
        &mut self,
        places: &BTreeMap<&str, &FilePlace>,
        known: &BTreeSet<DiskPath>,
    ) -> Result<Vec<DiskPath>> {
        let mut found = Vec::new();
        let written: Vec<DiskBase> = self.copy.written.values().cloned().collect();
        for base in written {
            let Ok(path) = DiskPath::parse(&base.path) else { continue };
            if known.contains(&path) {
                continue;
            }
            let place = places.get(base.file.as_str());
            let file = if place.is_none() { self.copy.file(&base.file)? } else { None };
            let is_displaced = file.as_ref().is_some_and(|file| !file.deleted);
            if is_displaced {
                continue;
            }
            let Some(held) = self.copy.held(&path)? else { continue };
            let is_changed = held.stored.blake3 != base.blake3;
            if file.is_some() && is_changed {
                continue;
            }
            match place {
                Some(place) => {
                    let is_text = held.bytes.as_deref().and_then(TextFile::of).is_some();
                    if is_changed && is_text {
                        let put = self.copy.put(&place.path, &held, Some(&base), false)?;
                        if let Some(id) = self.copy.operate(&path, Operation::DiskPut(put))? {
                            self.copy.note(&id, &path, &held)?;
                            self.copy.taken.changed.push(place.path.to_string());
                        }
                    }
                    found.push(path);
                }
                // It is being removed. If its record is gone, changed content is a new file.
                None if !is_changed => found.push(path),
                None => {}
            }
        }
        Ok(found)
    }

    /// A file deleted elsewhere and changed here is kept.
    fn deleted(&mut self, places: &BTreeMap<&str, &FilePlace>) -> Result<()> {
        let others =
            self.copy.written.values().filter(|base| !places.contains_key(base.file.as_str()));
        let others: Vec<DiskBase> = others.cloned().collect();
        for base in others {
            let Ok(path) = DiskPath::parse(&base.path) else { continue };
            if !self.copy.file(&base.file)?.is_some_and(|file| file.deleted) {
                continue;
            }
            let Some(held) = self.copy.held(&path)? else { continue };
            if held.stored.blake3 == base.blake3 {
                continue;
            }
            let restore = RestoreFile { entity: self.copy.entity.clone(), file: base.file.clone() };
            if self.copy.operate(&path, Operation::DiskRestore(restore))?.is_none() {
                continue;
            }
            let put = self.copy.put(&path, &held, Some(&base), false)?;
            if let Some(id) = self.copy.operate(&path, Operation::DiskPut(put))? {
                self.copy.note(&id, &path, &held)?;
                let said =
                    format!("{path} was removed elsewhere, and is kept: it was changed here");
                self.copy.taken.notes.push(said.into());
                self.copy.taken.changed.push(path.to_string());
            }
        }
        Ok(())
    }

    /// Follows files to where their content is now. Returns the other paths.
    fn follow_moves(&mut self, asked: &Which, mut unknown: Vec<DiskPath>) -> Result<Vec<DiskPath>> {
        let mut new = Vec::new();
        while let Some(path) = unknown.pop() {
            let Some(held) = self.copy.held(&path)? else { continue };
            let hash = held.stored.blake3.as_str();
            if self.copy.is_begun(&path, hash) {
                continue;
            }
            if let Some(from) = self.lost_here(hash).or_else(|| self.lost_elsewhere(hash)) {
                self.copy.follow(&from, &path, &held, false)?;
                continue;
            }
            match self.follow_changed(&path, &held)? {
                // What is in the place it left must be looked at too.
                Some(left) => unknown.extend(Some(left).filter(|left| asked.means(left))),
                None => new.push(path),
            }
        }
        Ok(new)
    }

    /// A file that exists, and that the document does not have.
    fn new_file(&mut self, path: &DiskPath, held: &Held) -> Result<()> {
        // A file that had lost this path may have it again, since the one that had it moved away.
        let owner = Directory::with(self.copy.session, &self.copy.doc, |_, directory| {
            Ok(directory.at(path).ok().flatten().cloned())
        })?;
        if let Some(owner) = owner {
            self.known(&owner, held)?;
            return Ok(());
        }
        let deleted = Directory::with(self.copy.session, &self.copy.doc, |_, directory| {
            Ok(directory.deleted_at(path).map(str::to_owned).collect::<Vec<String>>())
        })?;
        for id in deleted {
            let file = self.copy.file(&id)?;
            if file.is_some_and(|file| file.showed_at_deletion(&held.stored.blake3)) {
                let said = format!("{path} was removed, and is left here as it is; ");
                let back = Hint::from(said).next(Next::RestoreFile(id));
                self.copy.taken.notes.push(back.and(" brings it back for everybody"));
                return Ok(());
            }
        }
        let put = self.copy.put(path, held, None, false)?;
        if let Some(id) = self.copy.operate(path, Operation::DiskPut(put))? {
            self.copy.note(&id, path, held)?;
            self.copy.taken.added.push(path.to_string());
        }
        Ok(())
    }

    /// Follows files that are not in their places to where their content is now. Returns the paths where
    /// something else is instead.
    fn find_lost(&mut self, known: &BTreeSet<DiskPath>) -> Result<BTreeSet<DiskPath>> {
        let mut left = BTreeSet::new();
        let places = [&self.lost, &self.obstructed, &self.changed];
        if places.into_iter().flat_map(BTreeMap::values).all(Vec::is_empty) {
            return Ok(left);
        }
        let files = self.copy.tree.list(self.kinds)?.files;
        let mut unknown: Vec<DiskPath> =
            files.into_iter().filter(|path| !known.contains(path)).rev().collect();
        while let Some(path) = unknown.pop() {
            // A file that cannot be read is not one of them.
            let Some(held) = self.copy.look(&path).ok().flatten() else { continue };
            let blake3 = held.stored.blake3.as_str();
            if self.copy.is_begun(&path, blake3) {
                continue;
            }
            if let Some(from) = self.lost_here(blake3) {
                left.remove(&path);
                self.copy.follow(&from, &path, &held, false)?;
            } else if let Some(from) = self.follow_changed(&path, &held)? {
                left.remove(&path);
                left.insert(from.clone());
                unknown.push(from);
            }
        }
        Ok(left)
    }

    /// Follows a file with something else in its place to where its content is now. Returns the path it
    /// left.
    fn follow_changed(&mut self, path: &DiskPath, held: &Held) -> Result<Option<DiskPath>> {
        while let Some(from) = self.changed.get_mut(&held.stored.blake3).and_then(Vec::pop) {
            if self.is_another(&from, path, held)? && self.copy.follow(&from, path, held, false)? {
                return Ok(Some(from.path));
            }
            self.edited.push(from);
        }
        Ok(None)
    }

    /// One of the files looked at that had this content and is missing from its place.
    fn lost_here(&mut self, blake3: &str) -> Option<FilePlace> {
        let lost = self.lost.get_mut(blake3).and_then(Vec::pop);
        lost.or_else(|| {
            let obstructed = self.obstructed.get_mut(blake3)?.pop()?;
            self.copy.unreadable.remove(&obstructed.path);
            Some(obstructed)
        })
    }

    /// The same, for files that are not looked at otherwise.
    fn lost_elsewhere(&mut self, blake3: &str) -> Option<FilePlace> {
        let places = self.elsewhere.get_mut(blake3)?;
        while let Some(place) = places.pop() {
            if matches!(self.copy.tree.open_file(&place.path), Ok(None)) {
                return Some(place);
            }
        }
        None
    }

    /// Whether the file at a path is a different one, given that the old content is now at `to`: less
    /// than half of that is left in it, or it is what a third, displaced file had. Otherwise somebody
    /// made a copy and went on editing the file.
    fn is_another(&mut self, place: &FilePlace, to: &DiskPath, before: &Held) -> Result<bool> {
        let Some(now) = self.copy.held(&place.path)? else { return Ok(false) };
        // Having all of another file's content says more than how much of this one's is left.
        let is_left = |by: &BTreeMap<String, Vec<FilePlace>>| {
            by.get(&now.stored.blake3).is_some_and(|places| !places.is_empty())
        };
        if is_left(&self.changed) || is_left(&self.lost) {
            return Ok(true);
        }
        if let Some(is_another) = likeness::is_another_text(before, &now) {
            return Ok(is_another);
        }
        let (before, now) = (self.copy.tree.open_file(to)?, self.copy.tree.open_file(&place.path)?);
        let (Some(mut before), Some(mut now)) = (before, now) else { return Ok(false) };
        let reading = |e| failed("read", &self.copy.tree.place_of(&place.path), e);
        let size = before.metadata().map_err(reading)?.len();
        likeness::is_another(&mut before, size, &mut now).map_err(reading)
    }

    /// Follows files that swapped places: the content of each is where another of them was. Content
    /// that is at two places, or was in two files, decides nothing.
    fn changed_places(&mut self) -> Result<()> {
        let mut goes: BTreeMap<String, Option<(FilePlace, FilePlace)>> = BTreeMap::new();
        for place in self.changed.values().flatten() {
            let Some(held) = self.copy.held(&place.path)? else { continue };
            let held = self.changed.get(&held.stored.blake3).map(Vec::as_slice);
            if let Some([file]) = held {
                let to = Some((file.clone(), place.clone()));
                goes.entry(file.id.clone()).and_modify(|to| *to = None).or_insert(to);
            }
        }
        while let Some((first, _)) = goes.first_key_value() {
            let (first, mut next) = (first.clone(), first.clone());
            let mut ring = Vec::new();
            while let Some(Some((file, to))) = goes.remove(&next) {
                next = to.id.clone();
                ring.push((file, to));
            }
            // A chain that does not close means files were overwritten: those are edits.
            if next == first {
                ring.iter().try_for_each(|(file, to)| self.change_places(file, &to.path))?;
            }
        }
        Ok(())
    }

    /// What is to be done about files that are neither at their paths nor elsewhere.
    fn gone(&mut self, which: &Which, new: &[DiskPath]) -> Result<()> {
        for place in std::mem::take(&mut self.lost).values().flatten() {
            match which {
                // A path that is named is wanted there.
                Which::At(_) if which.means(&place.path) => {
                    self.copy.session.state().forget_written_file(&self.copy.doc, &place.id)?;
                }
                Which::At(_) | Which::Known => {}
                Which::All | Which::Below(_) => self.missing(place)?,
            }
        }
        // A directory took their places, for other files.
        let new: BTreeSet<String> = new.iter().map(DiskPath::to_string).collect();
        let is_used = |path: &DiskPath| {
            let below = format!("{path}/");
            new.range(below.clone()..).next().is_some_and(|first| first.starts_with(&below))
        };
        let taken: Vec<FilePlace> = self.obstructed.values().flatten().cloned().collect();
        for place in taken.iter().filter(|place| which.is_everything() && is_used(&place.path)) {
            self.copy.unreadable.remove(&place.path);
            self.missing(place)?;
        }
        Ok(())
    }

    fn change_places(&mut self, file: &FilePlace, to: &DiskPath) -> Result<()> {
        let Some(held) = self.copy.held(to)? else { return Ok(()) };
        if self.copy.follow(file, to, &held, true)? {
            self.changed.remove(&held.stored.blake3);
        }
        Ok(())
    }

    /// A file that is missing: removed, unless it was changed elsewhere since.
    fn missing(&mut self, place: &FilePlace) -> Result<()> {
        let Some(file) = self.copy.file(&place.id)? else { return Ok(()) };
        let base = self.copy.written.get(&place.id).map(|written| written.blake3.clone());
        if file.content.stored().map(|now| now.blake3) != base {
            let said =
                format!("{} was removed here, and is kept: it was changed elsewhere", place.path);
            self.copy.taken.notes.push(said.into());
            return self.copy.session.state().forget_written_file(&self.copy.doc, &place.id);
        }
        let remove = RemoveFile { entity: self.copy.entity.clone(), file: place.id.clone() };
        if self.copy.operate(&place.path, Operation::DiskRemove(remove))?.is_some() {
            self.copy.session.state().forget_written_file(&self.copy.doc, &place.id)?;
            self.copy.taken.removed.push(place.path.to_string());
        }
        Ok(())
    }
}

/// Whether a file matches what was last written of it.
fn is_as_written(file: &DiskFile, base: Option<&DiskBase>) -> bool {
    let wanted = file.content.stored().map(|wanted| wanted.blake3);
    wanted.is_none()
        || base.is_some_and(|base| {
            wanted.as_ref() == Some(&base.blake3) && base.executable == file.executable
        })
}

/// A name that no disk takes may hold a line break, and must not look like a line of its own.
fn on_a_line(path: &str) -> String {
    path.replace('\n', "\\n")
}
