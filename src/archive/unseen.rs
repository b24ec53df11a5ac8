//! Records that may be in the archives of others alone.

use super::mode::is_hybrid;
use super::reading::ArchiveReader;
use super::row::is_archivable;
use super::soundness::lacks_rows;
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::DocId;
use crate::path::DocPath;
use crate::schema::Spec;
use crate::store::{Reader, State};
use crate::wire::Locations;
use std::collections::BTreeSet;

/// Returns whether records of a document may be in archives that are not here. The key of a record that left a
/// document stays there, but not why it left: one that is neither in the archive nor in the trash of this
/// store may have been archived by somebody else.
///
/// Not promised: that there is such a record. One that everybody deleted looks the same once the trash has
/// forgotten it.
///
/// # Errors
/// Those of the archive, the document and the local state.
pub fn has_unseen(reader: &Reader, doc: &DocId, spec: &Spec, view: &View) -> Result<bool> {
    if !is_hybrid(view) {
        return Ok(false);
    }
    let archive = ArchiveReader::of(reader)?;
    if lacks_rows(reader.state(), archive.as_ref())? {
        return Ok(true);
    }
    let mut gone = gone(spec, view)?;
    if let Some(archive) = archive.filter(|_| !gone.is_empty()) {
        archive.each_path(doc, |path| {
            gone.remove(&path);
        })?;
    }
    if !gone.is_empty() {
        let trash = reader.state().map(State::trash).transpose()?.unwrap_or_default();
        for trashed in trash.iter().filter(|trashed| trashed.doc == *doc) {
            gone.remove(&trashed.path);
        }
    }
    Ok(!gone.is_empty())
}

/// Returns the records that can be archived and that are no longer in their document.
fn gone(spec: &Spec, view: &View) -> Result<BTreeSet<DocPath>> {
    let homes = spec.collections.iter().filter(|one| is_archivable(one)).map(|one| one.path);
    let homes: Vec<&[&str]> = homes.collect();
    let is_record = |path: &[&str]| {
        let around = path.split_last().map_or(&[][..], |(_, around)| around);
        let fits = |(step, key): (&&str, &&str)| *step == "*" || step == key;
        homes.iter().any(|home| home.len() == around.len() && home.iter().zip(around).all(fits))
    };
    let update = view.update(spec.roots)?;
    let (mut gone, mut path) = (BTreeSet::new(), Vec::new());
    for at in Locations::of(&update).all() {
        if update.path(at, &mut path) && is_record(&path) && !view.exists(&path) {
            gone.insert(path.iter().map(|step| (*step).to_owned()).collect());
        }
    }
    Ok(gone)
}
