//! Documents that are not where their id says: older stores keep some in `entity/`, and other programs give
//! files names of their own.
//!
//! All directories are listed once, not once for every document that is asked for.

use super::fs::{self, FileNode};
use crate::error::Result;
use crate::id::DocId;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The prefix of the names of long ids.
pub(super) const HASHED: &str = "h_";

/// Every name below `crdt/` with the extension of a document.
#[derive(Debug)]
pub(super) struct Elsewhere {
    /// By stem; if there are several, in the order of their directories.
    by_stem: HashMap<String, Vec<(PathBuf, FileNode)>>,
    /// Files whose names do not tell the document, in the order of directories and names.
    nameless: Vec<PathBuf>,
    /// Those files by the document that their `.meta` names; read when first asked for.
    described: OnceCell<HashMap<String, Vec<PathBuf>>>,
}

impl Elsewhere {
    /// Lists the store in a directory.
    pub fn list(store: &Path) -> Result<Elsewhere> {
        let (mut by_stem, mut nameless) = (HashMap::<String, Vec<_>>::new(), Vec::new());
        let root = Path::new("crdt");
        for (dir, node) in fs::names(&store.join(root))? {
            if node != FileNode::Directory {
                continue;
            }
            let dir = root.join(dir);
            for (name, node) in fs::names(&store.join(&dir))? {
                let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(".yrs")) else {
                    continue;
                };
                let path = dir.join(&name);
                let says_nothing = !stem.starts_with(HASHED) && DocId::from_stem(stem).is_none();
                if says_nothing && node == FileNode::File {
                    nameless.push(path.clone());
                }
                by_stem.entry(stem.to_owned()).or_default().push((path, node));
            }
        }
        Ok(Elsewhere { by_stem, nameless, described: OnceCell::new() })
    }

    /// Returns the first file with one of these stems outside `home`, which was looked at already.
    pub fn named(&self, stems: &[String], home: &Path) -> Option<(PathBuf, FileNode)> {
        let of_stem = |stem: &String| self.by_stem.get(stem).into_iter().flatten();
        let places = stems.iter().flat_map(of_stem).filter(|(path, _)| !path.starts_with(home));
        places.min_by_key(|(path, _)| path.parent()).cloned()
    }

    /// Returns a file whose `.meta` names this document, preferring one in its own directory; `named_by`
    /// returns the document that the `.meta` of a file names.
    ///
    /// # Errors
    /// Those of `named_by`: that file could be the one.
    pub fn described(
        &self,
        doc: &DocId,
        home: &Path,
        named_by: impl Fn(&Path) -> Result<Option<String>>,
    ) -> Result<Option<PathBuf>> {
        let described = match self.described.get() {
            Some(described) => described,
            None => {
                let mut by_doc = HashMap::<String, Vec<PathBuf>>::new();
                for path in &self.nameless {
                    if let Some(named) = named_by(path)? {
                        by_doc.entry(named).or_default().push(path.clone());
                    }
                }
                self.described.get_or_init(|| by_doc)
            }
        };
        let Some(paths) = described.get(doc.as_str()) else { return Ok(None) };
        Ok(paths.iter().find(|path| path.starts_with(home)).or(paths.first()).cloned())
    }
}
