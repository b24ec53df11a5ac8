//! What rule 1 expects of a document.

use crate::wire::{Checked, Fault, RootKind, Update};

/// What a document may hold.
#[derive(Debug, Clone, Copy)]
pub enum Expected<'r> {
    /// What yrs takes, with roots of these types; the type of any other root is inferred from its items.
    Roots(&'r [(&'r str, RootKind)]),
    /// What yrs takes in these roots, and whatever Yjs writes in any other. The content of the others is
    /// carried and merged as bytes, and never given to yrs.
    Concern(&'static [(&'static str, RootKind)]),
    /// Whatever Yjs writes. No concern understands the document: it is carried and merged as bytes,
    /// and never given to yrs.
    Anything,
}

impl<'r> Expected<'r> {
    /// Returns the roots whose types are known.
    pub fn roots(self) -> &'r [(&'r str, RootKind)] {
        match self {
            Expected::Roots(roots) => roots,
            Expected::Concern(roots) => roots,
            Expected::Anything => &[],
        }
    }

    /// Returns the known roots of a document whose other roots may hold anything.
    pub fn known(self) -> Option<&'static [(&'static str, RootKind)]> {
        match self {
            Expected::Concern(roots) => Some(roots),
            Expected::Roots(_) | Expected::Anything => None,
        }
    }

    /// Whether it is [`Expected::Anything`].
    pub fn is_anything(self) -> bool {
        matches!(self, Expected::Anything)
    }
}

impl<'r> From<&'r [(&'r str, RootKind)]> for Expected<'r> {
    fn from(roots: &'r [(&'r str, RootKind)]) -> Self {
        Expected::Roots(roots)
    }
}

impl<'r> From<&'r Vec<(&'r str, RootKind)>> for Expected<'r> {
    fn from(roots: &'r Vec<(&'r str, RootKind)>) -> Self {
        Expected::Roots(roots)
    }
}

impl<'r, const N: usize> From<&'r [(&'r str, RootKind); N]> for Expected<'r> {
    fn from(roots: &'r [(&'r str, RootKind); N]) -> Self {
        Expected::Roots(roots)
    }
}

impl Update<'_, Checked> {
    /// Returns the first thing in it that yrs does not take, or does not return unchanged. Always `None` for
    /// an update checked for [`Expected::Roots`].
    pub fn beyond(&self) -> Option<&Fault> {
        self.facts().beyond.as_ref()
    }

    /// Returns the roots that were checked for what yrs takes, if others could hold anything.
    pub fn known_roots(&self) -> Option<&'static [(&'static str, RootKind)]> {
        self.facts().known
    }

    /// Whether anything in it is in other roots than the known ones.
    pub fn has_other_roots(&self) -> bool {
        let is_known = |root: &str| {
            self.known_roots().is_none_or(|known| known.iter().any(|(name, _)| *name == root))
        };
        self.facts().roots.iter().any(|root| !is_known(self.root(root)))
    }

    /// Like [`Update::beyond`], for a document that no concern understands: none of it is given to yrs.
    pub fn beyond_all(&self) -> Option<&Fault> {
        self.beyond().filter(|_| self.facts().anything)
    }
}
