//! Contents by their hashes, wherever they are stored: beside the disks, or as a file on one of them.

use super::objects::Objects;
use super::tree::Tree;
use crate::concern::disk::{DiskPath, is_disk, read_all};
use crate::error::Result;
use crate::id::{DocId, EntityId};
use crate::store::Reader;
use cap_std::fs::File;
use std::collections::BTreeMap;

/// A content that a file has, or will get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedContent {
    /// The id of the file.
    pub file: String,
    /// The hash of the content, in hex.
    pub blake3: String,
    /// The number of bytes.
    pub bytes: u64,
}

/// The binary contents of a document's files: each version that nothing replaces. Deleted files are
/// skipped.
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

/// The contents stored with a store.
pub struct Contents {
    objects: Option<Objects>,
    /// The disks of each entity that has files.
    trees: Vec<Tree>,
    /// Where each content was last written: the index of the tree, and the path.
    places: BTreeMap<String, Vec<(usize, DiskPath)>>,
}

impl Contents {
    /// The contents of a reader's store, as far as recorded; no content is read.
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

    /// Whether a content is here, judged by its size: it is not read.
    ///
    /// # Errors
    /// `Io`.
    pub fn has(&self, blake3: &str, bytes: u64) -> Result<bool> {
        match self.open(blake3)? {
            Some(file) => Ok(file.metadata().is_ok_and(|meta| meta.len() == bytes)),
            None => Ok(false),
        }
    }

    /// Opens a content; `None` if it is not here. If somebody wrote into the file, the bytes may
    /// differ.
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
