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

/// Takes in what others changed of the files of an entity. Runs operations, and commits nothing.
///
/// # Errors
/// Those of the store and of the file system. What cannot be taken in is a note.
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
    /// The disks that the document is about.
    kinds: &'static [DiskKind],
    /// Files in whose place a directory is, by the hash of what they held. They may lie elsewhere now, but
    /// are not missing either.
    obstructed: BTreeMap<String, Vec<FilePlace>>,
    /// What is there no more, by the hash of what it held.
    lost: BTreeMap<String, Vec<FilePlace>>,
    /// The files that are not looked at, by the hash of what they held: some may be there no more.
    elsewhere: BTreeMap<String, Vec<FilePlace>>,
    /// Where something else lies than what a file held, by the hash of that: it may be elsewhere now.
    changed: BTreeMap<String, Vec<FilePlace>>,
    /// Of these those that are where they were.
    edited: Vec<FilePlace>,
}

impl TakingIn<'_> {
    fn run(mut self, which: &Which) -> Result<TakenIn> {
        let half_moved = self.half_moved()?;
        let owners = Directory::with(self.copy.session, &self.copy.doc, |_, directory| {
            Ok(directory.owners().cloned().collect::<Vec<FilePlace>>())
        })?;
        for place in owners.iter().filter(|place| which.means(&place.path)) {
            match self.copy.held(&place.path)? {
                Some(held) => match self.left_its_path(which, place, &held) {
                    Some(before) => self.changed.entry(before).or_default().push(place.clone()),
                    None => self.known(place, &held)?,
                },
                None if self.copy.unreadable.contains_key(&place.path) => self.not_read(place),
                // It lies where it was to be moved, and is made anew.
                None if half_moved.contains(&place.id) => {}
                // What was moved elsewhere lies where it was until it is made anew.
                None => self.not_there(place)?,
            }
        }
        // What is to be removed or moved is looked at in any case: it is made so when this is committed.
        let places: BTreeMap<&str, &FilePlace> =
            owners.iter().map(|place| (place.id.as_str(), place)).collect();
        self.deleted(&places)?;
        let mut known: BTreeSet<DiskPath> = owners.iter().map(|place| place.path.clone()).collect();
        known.extend(self.where_they_were(&places, &known)?);
        self.elsewhere = self.by_hash(owners.iter().filter(|place| !which.means(&place.path)));
        let found = self.found(which)?;
        let mut unknown: Vec<DiskPath> =
            found.into_iter().filter(|path| !known.contains(path)).rev().collect();
        while let Some(path) = unknown.pop() {
            if let Some(held) = self.copy.held(&path)? {
                // What lies where that was is to be looked at then.
                unknown.extend(self.unknown(&path, &held)?);
            }
        }
        if *which != Which::All {
            self.find_lost(&known)?;
        }
        self.changed_places()?;
        self.edited.extend(std::mem::take(&mut self.changed).into_values().flatten());
        for place in std::mem::take(&mut self.edited) {
            if let Some(held) = self.copy.held(&place.path)? {
                self.known(&place, &held)?;
            }
        }
        for place in std::mem::take(&mut self.lost).values().flatten() {
            match which {
                // Who names it wants it there.
                Which::At(_) => {
                    self.copy.session.state().forget_written_file(&self.copy.doc, &place.id)?;
                }
                Which::Known => {}
                Which::All | Which::Below(_) => self.missing(place)?,
            }
        }
        self.copy.together.finish(self.copy.session)?;
        let unread =
            self.copy.unreadable.iter().map(|(path, why)| format!("left out {path}: {why}"));
        self.copy.taken.notes.extend(unread.map(Hint::from));
        Ok(self.copy.taken)
    }

    /// The paths at which a file may lie that is not known yet.
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
        // Of some of it was said what it is, where a known file should be.
        let unreadable = &self.copy.unreadable;
        let is_said =
            |path: &str| DiskPath::parse(path).is_ok_and(|path| unreadable.contains_key(&path));
        let odd = listing.others.into_iter().filter(|(path, _)| !is_said(path));
        self.copy
            .taken
            .notes
            .extend(odd.map(|(path, why)| format!("left out {path}: {why}").into()));
        Ok(listing.files)
    }

    /// The ids of the files that lie where a command which did not come to its end was to move them.
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

    /// A file that is not where it should be: somebody removed or moved it, or it is yet to be made.
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

    /// A file in the place of which something is that cannot be read.
    fn not_read(&mut self, place: &FilePlace) {
        let base = self.copy.written.get(&place.id).filter(|base| base.path == place.path.as_str());
        if let Some(base) = base.filter(|_| self.copy.tree.is_gone(&place.path)) {
            self.obstructed.entry(base.blake3.clone()).or_default().push(place.clone());
        }
    }

    /// What lay where a file is, by its hash, if that may lie elsewhere now: something else is there.
    fn left_its_path(&self, which: &Which, place: &FilePlace, held: &Held) -> Option<String> {
        let base = self.copy.written.get(&place.id).filter(|_| !matches!(which, Which::At(_)))?;
        let is_there = base.path == place.path.as_str() && base.blake3 != held.stored.blake3;
        is_there.then(|| base.blake3.clone())
    }

    /// A file that is there, and that the document has at this path.
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
        // Two sides made a file of one name, or one of them moved a file there: what lies here is a file
        // of its own, and has the path as the later.
        let base = base.filter(|base| base.path == place.path.as_str());
        let beside = base.is_none();
        let put = self.copy.put(&place.path, held, base.as_ref(), beside)?;
        if let Some(id) = self.copy.operate(&place.path, Operation::DiskPut(put))? {
            self.copy.note(&id, &place.path, held)?;
            match beside {
                true => self.copy.taken.notes.push(
                    format!(
                        "{} came from elsewhere too, and holds something else; that is kept as {}",
                        place.path, place.id
                    )
                    .into(),
                ),
                false => self.copy.taken.changed.push(place.path.to_string()),
            }
        }
        Ok(())
    }

    /// Where files lie that a command which did not come to its end was to move or to remove: they are no
    /// new ones. What was changed in a text there is taken in.
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
                // It is removed. What was changed meanwhile is a new file where nothing is left of its record.
                None if !is_changed => found.push(path),
                None => {}
            }
        }
        Ok(found)
    }

    /// A file that was deleted elsewhere, and changed here: it is kept.
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

    /// A file that is there, and that the document does not have. The path that a file has left for it, where
    /// something else lies.
    fn unknown(&mut self, path: &DiskPath, held: &Held) -> Result<Option<DiskPath>> {
        let hash = held.stored.blake3.as_str();
        if self.copy.is_begun(path, hash) {
            return Ok(None);
        }
        if let Some(from) = self.lost_here(hash).or_else(|| self.lost_elsewhere(hash)) {
            self.copy.follow(&from, path, held, false)?;
            return Ok(None);
        }
        if let Some(left) = self.follow_changed(path, held)? {
            return Ok(Some(left));
        }
        let deleted = Directory::with(self.copy.session, &self.copy.doc, |_, directory| {
            Ok(directory.deleted_at(path).map(str::to_owned).collect::<Vec<String>>())
        })?;
        for id in deleted {
            let file = self.copy.file(&id)?;
            if file.is_some_and(|file| file.deleted_blake3 == held.stored.blake3) {
                let said = format!("{path} was removed, and is left here as it is; ");
                let back = Hint::from(said).next(Next::RestoreFile(id));
                self.copy.taken.notes.push(back.and(" brings it back for everybody"));
                return Ok(None);
            }
        }
        let put = self.copy.put(path, held, None, false)?;
        if let Some(id) = self.copy.operate(path, Operation::DiskPut(put))? {
            self.copy.note(&id, path, held)?;
            self.copy.taken.added.push(path.to_string());
        }
        Ok(None)
    }

    /// Follows the files that are not where they were to where what they held lies now.
    fn find_lost(&mut self, known: &BTreeSet<DiskPath>) -> Result<()> {
        let places = [&self.lost, &self.obstructed, &self.changed];
        if places.into_iter().flat_map(BTreeMap::values).all(Vec::is_empty) {
            return Ok(());
        }
        let files = self.copy.tree.list(self.kinds)?.files;
        let mut unknown: Vec<DiskPath> =
            files.into_iter().filter(|path| !known.contains(path)).rev().collect();
        while let Some(path) = unknown.pop() {
            // What cannot be read is none of them.
            let Some(held) = self.copy.tree.held(&path).ok().flatten() else { continue };
            let blake3 = held.stored.blake3.as_str();
            if self.copy.is_begun(&path, blake3) {
                continue;
            }
            match self.lost_here(blake3) {
                Some(from) => drop(self.copy.follow(&from, &path, &held, false)?),
                None => unknown.extend(self.follow_changed(&path, &held)?),
            }
        }
        Ok(())
    }

    /// Follows a file in whose place something else lies to where what it held lies now. The path that it has
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

    /// One of the files that were looked at, which held something and is where it was no more.
    fn lost_here(&mut self, blake3: &str) -> Option<FilePlace> {
        let lost = self.lost.get_mut(blake3).and_then(Vec::pop);
        lost.or_else(|| {
            let obstructed = self.obstructed.get_mut(blake3)?.pop()?;
            self.copy.unreadable.remove(&obstructed.path);
            Some(obstructed)
        })
    }

    /// The same of the files that are not looked at otherwise.
    fn lost_elsewhere(&mut self, blake3: &str) -> Option<FilePlace> {
        let places = self.elsewhere.get_mut(blake3)?;
        while let Some(place) = places.pop() {
            if matches!(self.copy.tree.open_file(&place.path), Ok(None)) {
                return Some(place);
            }
        }
        None
    }

    /// Files that were written where they are to be, by the hash of that. One that a command was about to move
    /// is none of them.
    fn by_hash<'p>(
        &self,
        places: impl Iterator<Item = &'p FilePlace>,
    ) -> BTreeMap<String, Vec<FilePlace>> {
        let begun: BTreeSet<&str> =
            self.copy.begun.values().map(|begun| begun.file.as_str()).collect();
        let mut by_hash: BTreeMap<String, Vec<FilePlace>> = BTreeMap::new();
        for place in places.filter(|place| !begun.contains(place.id.as_str())) {
            if let Some(base) = self.copy.written.get(&place.id)
                && base.path == place.path.as_str()
            {
                by_hash.entry(base.blake3.clone()).or_default().push(place.clone());
            }
        }
        by_hash
    }

    /// Whether what lies at the path of a file is another one, since what the file held lies at `to`: less
    /// than half of that is left in it, or it is what a third file held that is not where it was. Otherwise
    /// somebody made a copy, and went on with the file.
    fn is_another(&mut self, place: &FilePlace, to: &DiskPath, before: &Held) -> Result<bool> {
        let Some(now) = self.copy.held(&place.path)? else { return Ok(false) };
        // All that another file held tells more than how much of this one is left.
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

    /// Follows files that changed places: what each held lies where another of them was. What lies at two
    /// places, or was in two files, tells nothing.
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
            // What came from one and went to nowhere of these was written over: those are edits.
            if next == first {
                ring.iter().try_for_each(|(file, to)| self.change_places(file, &to.path))?;
            }
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

    /// A file that was there, and is not: removed, unless it was changed elsewhere since.
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

/// Whether a file is what was last written of it.
fn is_as_written(file: &DiskFile, base: Option<&DiskBase>) -> bool {
    let wanted = file.content.stored().map(|wanted| wanted.blake3);
    wanted.is_none()
        || base.is_some_and(|base| {
            wanted.as_ref() == Some(&base.blake3) && base.executable == file.executable
        })
}
