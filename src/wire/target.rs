//! What links and moves point at. Only Yrs writes them.

use super::reader::{ByteReader, WEAK_END_UNBOUNDED, WEAK_RANGE, WEAK_ROOT, WEAK_START_UNBOUNDED};
use super::{Block, BlockKind, Fault, Id, Update};
use std::fmt;

/// The type byte of a link, with which the content of its container begins.
const LINK: u8 = 7;

/// The target of a link or a move: one unit, or all from one to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointerTarget<'a> {
    /// Where it begins.
    pub start: LinkEnd<'a>,
    /// Where it ends; `None` for one unit.
    pub end: Option<LinkEnd<'a>>,
}

/// One end of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkEnd<'a> {
    /// A unit.
    Unit(Id),
    /// That end of a container's content.
    Inside(Id),
    /// That end of a root.
    Root(&'a str),
}

impl<S> Update<'_, S> {
    /// Returns what a block points at, or `None` if it is neither a link nor a move.
    pub fn target(&self, block: &Block) -> Option<PointerTarget<'_>> {
        let mut reader = ByteReader::at(self.content(block), 0);
        match block.kind {
            // The walk read the same bytes: this cannot fail.
            BlockKind::Type if reader.byte() == Ok(LINK) => link(&mut reader).ok(),
            BlockKind::Move => moved(&mut reader).ok(),
            _ => None,
        }
    }
}

fn link<'a>(reader: &mut ByteReader<'a>) -> Result<PointerTarget<'a>, Fault> {
    let flags = reader.byte()?;
    let is = |flag: u8| flags & flag != 0;
    let mut end = |unbounded: bool| match (unbounded, is(WEAK_ROOT)) {
        (true, true) => reader.text().map(LinkEnd::Root),
        (true, false) => reader.id().map(LinkEnd::Inside),
        (false, _) => reader.id().map(LinkEnd::Unit),
    };
    let start = end(is(WEAK_START_UNBOUNDED))?;
    let more = is(WEAK_END_UNBOUNDED) || is(WEAK_RANGE);
    let end = more.then(|| end(is(WEAK_END_UNBOUNDED))).transpose()?;
    Ok(PointerTarget { start, end })
}

fn moved<'a>(reader: &mut ByteReader<'a>) -> Result<PointerTarget<'a>, Fault> {
    let flags = reader.var()?;
    let start = LinkEnd::Unit(reader.id()?);
    let end = (flags & 1 == 0).then(|| reader.id().map(LinkEnd::Unit)).transpose()?;
    Ok(PointerTarget { start, end })
}

impl LinkEnd<'_> {
    /// Returns the unit that it names.
    pub fn id(self) -> Option<Id> {
        match self {
            LinkEnd::Unit(id) | LinkEnd::Inside(id) => Some(id),
            LinkEnd::Root(_) => None,
        }
    }
}

/// `client:clock`, or the name of a root.
impl fmt::Display for LinkEnd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkEnd::Unit(Id { client, clock }) => write!(f, "{client}:{clock}"),
            LinkEnd::Inside(Id { client, clock }) => write!(f, "[{client}:{clock}]"),
            LinkEnd::Root(name) => f.write_str(name),
        }
    }
}

/// One end, or both with `..` between them.
impl fmt::Display for PointerTarget<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.end {
            Some(end) => write!(f, "{}..{end}", self.start),
            None => write!(f, "{}", self.start),
        }
    }
}
