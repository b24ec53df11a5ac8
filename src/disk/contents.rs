//! Contents by their hashes, wherever they lie: beside the disks, or as a file on one of them.

use super::objects::Objects;
use super::tree::Tree;
use crate::concern::disk::{DiskPath, is_disk, read_all};
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::store::Reader;
use cap_std::fs::File;
use std::collections::BTreeMap;

/// A content that a file holds, or is to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedContent {
    /// The id of the file.
    pub file: String,
    /// Its hash, in hex.
    pub blake3: String,
    /// How many bytes it has.
    pub bytes: u64,
}

/// What the files of a document hold that is no text: each version that nothing replaces. Not of files
/// that are deleted.
///
/// # Errors
/// Those of the document.
pub fn named_contents(reader: &Reader, doc: &DocId) -> Result<Vec<NamedContent>> {
    let Some(view) = reader.view(doc)? else { return Ok(Vec::new()) };
    let files = read_all(&view).into_iter();
    let named = files.filter(|file| !file.deleted).flat_map(|file| {
        let heads = file.needed().into_iter().map(|head| NamedContent {
            file: file.id.clone(),
            blake3: head.stored.blake3.clone(),
            bytes: head.stored.size_bytes,
        });
        heads.collect::<Vec<_>>()
    });
    Ok(named.collect())
}

/// The contents that lie with a store.
pub struct Contents {
    objects: Option<Objects>,
    /// The disks of each entity that has files.
    trees: Vec<Tree>,
    /// Where each content was last written: the number of the tree, and the path.
    places: BTreeMap<String, Vec<(usize, DiskPath)>>,
}

impl Contents {
    /// What lies with a reader's store, as far as it is known without reading it.
    ///
    /// # Errors
    /// Those of the store and of the file system.
    pub fn of(reader: &Reader) -> Result<Contents> {
        let mut contents = Contents { objects: None, trees: Vec::new(), places: BTreeMap::new() };
        let Some(disks) = reader.disks() else { return Ok(contents) };
        contents.objects = Some(Objects::open(&disks)?);
        let docs = reader.documents()?.into_iter().map(|document| document.id).filter(is_disk);
        let entities: Vec<(DocId, EntityId)> =
            docs.filter_map(|doc| Some((doc.clone(), doc.entity()?))).collect();
        for (doc, entity) in entities {
            let Some(state) = reader.state() else { break };
            let number = contents.trees.len();
            contents.trees.push(Tree::of_reader(reader, &entity, &disks)?);
            for (path, blake3) in state.written_contents(&doc)? {
                if let Ok(path) = DiskPath::parse(&path) {
                    contents.places.entry(blake3).or_default().push((number, path));
                }
            }
        }
        Ok(contents)
    }

    /// Whether a content is here, by its size: nothing of it is read.
    ///
    /// # Errors
    /// `Io`.
    pub fn has(&self, blake3: &str, bytes: u64) -> Result<bool> {
        match self.open(blake3)? {
            Some(file) => Ok(file.metadata().is_ok_and(|meta| meta.len() == bytes)),
            None => Ok(false),
        }
    }

    /// Opens a content; None where it is not here. What is read can be another one, where somebody
    /// wrote into it.
    ///
    /// # Errors
    /// `Io`.
    pub fn open(&self, blake3: &str) -> Result<Option<File>> {
        if let Some(objects) = &self.objects
            && let Some(file) = objects.read(blake3)?
        {
            return Ok(Some(file));
        }
        for (number, path) in self.places.get(blake3).into_iter().flatten() {
            let Some(tree) = self.trees.get(*number) else { continue };
            if let Ok(Some(file)) = tree.open_file(path) {
                return Ok(Some(file));
            }
        }
        Ok(None)
    }
}
