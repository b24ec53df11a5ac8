//! stub
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

/// A state vector: the next clock of each client.
pub type Clocks = BTreeMap<u64, u32>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    pub client: u64,
    pub clock: u32,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteSet(BTreeMap<u64, Vec<Range<u32>>>);

impl DeleteSet {
    pub fn digest(&self) -> [u8; 32] {
        todo!()
    }
    pub fn covers(&self, _: &DeleteSet) -> bool {
        todo!()
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    pub clocks: Clocks,
    pub deletes: DeleteSet,
}

#[derive(Debug, Clone)]
pub struct Fault {
    pub offset: usize,
    pub rule: &'static str,
    pub reason: String,
}
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {} ({})", self.offset, self.reason, self.rule)
    }
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootKind {
    Map,
    Array,
    Text,
}
#[derive(Debug, Clone, Copy)]
pub struct Unchecked;
#[derive(Debug, Clone, Copy)]
pub struct Checked;
pub struct Update<'a, S = Unchecked> {
    bytes: &'a [u8],
    state: PhantomData<S>,
}
impl<'a, S> Update<'a, S> {
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
    pub fn version(&self) -> Version {
        todo!()
    }
}
impl<'a> Update<'a, Unchecked> {
    pub fn walk(_bytes: &'a [u8]) -> Result<Self, Fault> {
        todo!()
    }
    pub fn check(self, _roots: &[(&str, RootKind)]) -> Result<Update<'a, Checked>, Fault> {
        todo!()
    }
}
impl<'a> Update<'a, Checked> {
    /// What a receiver must already have.
    pub fn needs(&self) -> &Clocks {
        todo!()
    }
    /// Of what it needs, what `have` lacks; empty when ready.
    pub fn missing(&self, _have: &Clocks) -> Clocks {
        todo!()
    }
    pub fn fits(&self, _: &Update<'_, Checked>) -> Result<(), Fault> {
        todo!()
    }
    pub fn fork<S>(&self, _base: &Update<'_, S>) -> Option<Id> {
        todo!()
    }
}
pub fn storable(_bytes: &[u8]) -> Result<Version, Fault> {
    todo!()
}
pub fn merge(_updates: &[Update<'_, Checked>]) -> Option<Vec<u8>> {
    todo!()
}
