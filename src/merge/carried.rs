//! Counts what an import brought into a document where no concern understands it.

use crate::crdt::any_view::AnyView;
use crate::crdt::types::{SharedType, SharedTypes, TypeKind};
use crate::error::Result;
use crate::wire::Id;
use std::collections::{BTreeMap, BTreeSet};

/// Keys of maps and elements of arrays, each counted by itself; a text or an XML tree counts as one.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct PartCounts {
    /// Parts that are new.
    pub added: usize,
    /// Parts with changed content.
    pub edited: usize,
    /// Parts that are gone.
    pub deleted: usize,
    /// The roots that hold them.
    pub roots: Vec<String>,
}

impl PartCounts {
    fn all(&self) -> usize {
        self.added + self.edited + self.deleted
    }

    fn see(&mut self, old: Option<&[u8; 32]>, new: Option<&[u8; 32]>) {
        match (old, new) {
            (None, Some(_)) => self.added += 1,
            (Some(_), None) => self.deleted += 1,
            (Some(old), Some(new)) if old != new => self.edited += 1,
            _ => {}
        }
    }
}

/// Counts what came, except in some roots.
///
/// # Errors
/// Those of reading the documents.
pub fn count(before: Option<&AnyView>, after: &AnyView, but: &[&str]) -> Result<PartCounts> {
    if before.is_some_and(|before| before.version() == after.version()) {
        return Ok(PartCounts::default());
    }
    let before = before.map(AnyView::types).transpose()?;
    Ok(compare(before.as_deref(), after.types()?.as_ref(), but))
}

fn compare(before: Option<&SharedTypes>, after: &SharedTypes, but: &[&str]) -> PartCounts {
    let mut counts = PartCounts::default();
    let of = |types: &SharedTypes| -> BTreeMap<String, SharedType> {
        let others = types.live_roots().filter(|(name, _)| !but.contains(name));
        others.map(|(name, root)| (name.to_owned(), root)).collect()
    };
    let (old, new) = (before.map(of).unwrap_or_default(), of(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for name in names {
        let part = |types: Option<&SharedTypes>, roots: &BTreeMap<String, SharedType>| {
            types.zip(roots.get(name)).map(|(types, root)| parts(types, *root)).unwrap_or_default()
        };
        let (old, new) = (part(before, &old), part(Some(after), &new));
        let places: BTreeSet<&RootPart> = old.keys().chain(new.keys()).collect();
        let seen = counts.all();
        for place in places {
            counts.see(old.get(place), new.get(place));
        }
        if counts.all() > seen {
            counts.roots.push(name.clone());
        }
    }
    counts
}

/// What is counted in a root.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum RootPart {
    Key(String),
    /// Identified by its unit.
    Element(Id),
    Whole,
}

/// Returns the parts of a root that are counted, each with a digest of its content.
fn parts(types: &SharedTypes, root: SharedType) -> BTreeMap<RootPart, [u8; 32]> {
    if !matches!(types.kind(root), TypeKind::Map | TypeKind::Array) {
        return BTreeMap::from([(RootPart::Whole, types.digest_of(root))]);
    }
    let parts = types.authored(root).map(|part| {
        let place =
            part.key.map_or(RootPart::Element(part.id), |key| RootPart::Key(key.to_owned()));
        (place, types.digest_of_value(&part.part))
    });
    parts.collect()
}
