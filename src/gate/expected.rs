//! What rule 1 asks of a document.

use crate::wire::{Checked, Fault, RootKind, Update};

/// What a document may hold.
#[derive(Debug, Clone, Copy)]
pub enum Expected<'r> {
    /// What yrs takes, and roots of these types; the type of any other root is taken from its items.
    Roots(&'r [(&'r str, RootKind)]),
    /// The same in these roots; whatever Yjs writes in any other. What stands in those is carried and
    /// merged as bytes, and never given to yrs.
    Concern(&'static [(&'static str, RootKind)]),
    /// Whatever Yjs writes. No concern understands the document: it is carried and merged as bytes,
    /// and never given to yrs.
    Anything,
}

impl<'r> Expected<'r> {
    /// The roots whose types are known.
    pub fn roots(self) -> &'r [(&'r str, RootKind)] {
        match self {
            Expected::Roots(roots) => roots,
            Expected::Concern(roots) => roots,
            Expected::Anything => &[],
        }
    }

    /// The roots beside which anything may stand.
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
    /// The first thing in it that yrs does not take, or does not give back as it was. There is none
    /// in what was checked for [`Expected::Roots`].
    pub fn beyond(&self) -> Option<&Fault> {
        self.facts().beyond.as_ref()
    }

    /// The roots in which only what yrs takes was let pass, where anything was in others.
    pub fn known_roots(&self) -> Option<&'static [(&'static str, RootKind)]> {
        self.facts().known
    }

    /// Whether anything of it stands in other roots than the known ones.
    pub fn has_other_roots(&self) -> bool {
        let is_known = |root: &str| {
            self.known_roots().is_none_or(|known| known.iter().any(|(name, _)| *name == root))
        };
        self.facts().roots.iter().any(|root| !is_known(self.root(root)))
    }

    /// The same as [`Update::beyond`], of a document that no concern understands: none of it is given to yrs.
    pub fn beyond_all(&self) -> Option<&Fault> {
        self.beyond().filter(|_| self.facts().anything)
    }
}
