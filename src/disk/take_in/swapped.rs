//! Files that have each other's paths now, or that lie over others.

use super::TakingIn;
use crate::concern::disk::{DiskPath, FilePlace, MoveFile};
use crate::error::Result;
use crate::operation::Operation;
use std::collections::{BTreeMap, BTreeSet};

/// A file that lies where another was.
struct Moved {
    file: FilePlace,
    to: FilePlace,
}

impl TakingIn<'_> {
    /// Of files that all hold something else now, follows those that only changed places: what one of them
    /// held lies where another is. The others are left.
    pub(super) fn follow_swapped(&mut self, edited: Vec<FilePlace>) -> Result<Vec<FilePlace>> {
        let moved = self.swapped(&edited)?;
        let away: BTreeSet<&str> = moved.iter().map(|moved| moved.file.id.as_str()).collect();
        // What lay there and lies nowhere now was written over.
        let over: Vec<&Moved> =
            moved.iter().filter(|moved| !away.contains(moved.to.id.as_str())).collect();
        let mut free: BTreeSet<DiskPath> = BTreeSet::new();
        for Moved { to, .. } in over {
            if self.is_removed(to)? {
                free.insert(to.path.clone());
            }
        }
        let mut left: BTreeMap<String, FilePlace> =
            edited.into_iter().map(|place| (place.id.clone(), place)).collect();
        let stays: BTreeSet<String> = moved
            .iter()
            .map(|moved| moved.to.id.clone())
            .filter(|id| !away.contains(id.as_str()))
            .collect();
        let can = |moved: &&Moved| !stays.contains(&moved.to.id) || free.contains(&moved.to.path);
        let moved: Vec<&Moved> = moved.iter().filter(can).collect();
        for moved in &moved {
            left.remove(&moved.file.id);
            left.remove(&moved.to.id);
        }
        self.exchange(&moved)?;
        Ok(left.into_values().collect())
    }

    /// Which of them lie where others were. Of contents that several held nothing can be told.
    fn swapped(&mut self, edited: &[FilePlace]) -> Result<Vec<Moved>> {
        let base = |place: &FilePlace| Some(self.written.get(&place.id)?.blake3.clone());
        let mut held: BTreeMap<String, Option<FilePlace>> = BTreeMap::new();
        for place in edited.iter().chain(self.lost.values().flatten()) {
            let Some(blake3) = base(place) else { continue };
            let one = held.entry(blake3).or_insert_with(|| Some(place.clone()));
            if one.as_ref().is_some_and(|one| one.id != place.id) {
                *one = None;
            }
        }
        let mut moved = Vec::new();
        for to in edited {
            let Some(now) = self.held(&to.path)?.filter(|now| now.stored.size_bytes > 0) else {
                continue;
            };
            let Some(Some(file)) = held.get(&now.stored.blake3).cloned() else { continue };
            if file.id == to.id {
                continue;
            }
            let there = self.held(&file.path)?;
            let is_anothers = there.is_none_or(|there| held.contains_key(&there.stored.blake3));
            if is_anothers || self.is_another(&file, &to.path, &now)? {
                moved.push(Moved { file, to: to.clone() });
            }
        }
        Ok(moved)
    }

    /// Moves each to the path of the other: first out of the way where another is to go.
    fn exchange(&mut self, moved: &[&Moved]) -> Result<()> {
        let targets: BTreeSet<&DiskPath> = moved.iter().map(|moved| &moved.to.path).collect();
        for Moved { file, to } in moved {
            for lost in self.lost.values_mut() {
                lost.retain(|place| place.id != file.id);
            }
            if targets.contains(&file.path) {
                let aside = DiskPath::parse(&format!("{}.{}", to.path, file.id))?;
                self.step(file, &aside)?;
            }
        }
        for Moved { file, to } in moved {
            if let Some(held) = self.held(&to.path)? {
                self.follow(file, &to.path, &held)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, file: &FilePlace, to: &DiskPath) -> Result<()> {
        let moved = MoveFile { entity: self.entity.clone(), file: file.id.clone(), to: to.clone() };
        self.operate(to, Operation::DiskMove(moved)).map(drop)
    }
}
