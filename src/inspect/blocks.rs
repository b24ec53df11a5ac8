//! The raw blocks of a document, in the order of its bytes.

use super::path::{joined, keys};
use crate::wire::{Block, BlockKind, Fault, Header, Id, Locations, Parent, Update};
use serde::Serialize;

/// One block; public API.
#[derive(Debug, Clone, Serialize)]
pub struct Raw {
    /// The id of its first unit: `client:clock`.
    pub id: String,
    /// The client id of the replica that wrote it.
    pub client: u64,
    /// The clock of its first unit.
    pub clock: u32,
    /// The number of clocks it covers.
    pub length: u32,
    /// Its left neighbour when it was written, as `client:clock`; `None` if there was none, or the block does
    /// not say.
    pub left_origin: Option<String>,
    /// Its right neighbour when it was written, as `client:clock`; `None` if there was none, or the block
    /// does not say.
    pub right_origin: Option<String>,
    /// The path of its container; `None` if that is gone or not in the document.
    pub parent: Option<String>,
    /// The key in a map; `None` in a sequence, or if it is unknown.
    pub key: Option<String>,
    /// Its content, in one word: `gc`, `deleted`, `string`, `any`, `map`, `array` and so on.
    pub kind: &'static str,
    /// The target of a link or a move: a unit, or the first and the last with `..` between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Whether all of it is deleted.
    pub deleted: bool,
    /// How much of its length is deleted.
    pub deleted_length: u32,
    /// Its size in the file, including its header.
    pub bytes: u64,
    /// Its offset in the file.
    pub offset: u64,
}

/// Which blocks are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choice {
    /// Only those that this client id wrote; `None` for all.
    pub client: Option<u64>,
    /// At most this many, the first by client and clock; `None` for all.
    pub limit: Option<usize>,
}

/// Passes the blocks one by one, by client and clock, until `take` returns false.
///
/// # Errors
/// The fault that ends the walk.
pub fn each(bytes: &[u8], choice: Choice, mut take: impl FnMut(Raw) -> bool) -> Result<(), Fault> {
    let update = Update::walk(bytes)?;
    let locations = Locations::of(&update);
    let mut left = choice.limit.unwrap_or(usize::MAX);
    for (client, range) in update.client_ranges() {
        if choice.client.is_some_and(|wanted| wanted != client) {
            continue;
        }
        for index in range {
            let (Some(block), Some(rest)) = (update.blocks().get(index), left.checked_sub(1))
            else {
                return Ok(());
            };
            left = rest;
            if !take(raw(&update, &locations, client, index, block)) {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn raw<S>(
    update: &Update<'_, S>,
    locations: &Locations<'_>,
    client: u64,
    index: usize,
    block: &Block,
) -> Raw {
    let Header { left, right, parent, .. } = update.header(block);
    let dead = update.dead(client, block).units;
    let place = locations.index(index);
    let key = place.and_then(|place| locations.get(place)?.key);
    let mut path = place.map(|place| keys(locations, place));
    if let (Some(_), Some(path)) = (key, &mut path) {
        path.pop();
    }
    // A container that is unknown: report at least what the block says.
    let written = match parent {
        Some(Parent::Item(id)) => Some(format!("[{}]", name(id))),
        _ => None,
    };
    Raw {
        id: name(Id { client, clock: block.clock }),
        client,
        clock: block.clock,
        length: block.len,
        left_origin: left.map(name),
        right_origin: right.map(name),
        parent: path.map(|path| joined(&path)).or(written),
        key: key.map(str::to_owned),
        kind: kind(update.content(block), block.kind),
        target: update.target(block).map(|target| target.to_string()),
        deleted: dead >= block.len,
        deleted_length: dead,
        bytes: block.span().len() as u64,
        offset: block.span().start as u64,
    }
}

fn name(id: Id) -> String {
    format!("{}:{}", id.client, id.clock)
}

/// Returns the kind of content in a word; for containers the type. Public API.
fn kind(content: &[u8], kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Gc => "gc",
        BlockKind::Skip => "gap",
        BlockKind::Deleted => "deleted",
        BlockKind::Json => "json",
        BlockKind::Binary => "binary",
        BlockKind::String => "string",
        BlockKind::Embed => "embed",
        BlockKind::Format => "format",
        BlockKind::Any => "any",
        BlockKind::Doc => "document",
        BlockKind::Move => "move",
        BlockKind::Type => match content.first() {
            Some(0) => "array",
            Some(1) => "map",
            Some(2) => "text",
            Some(3) => "xml-element",
            Some(4) => "xml-fragment",
            Some(5) => "xml-hook",
            Some(6) => "xml-text",
            Some(7) => "link",
            _ => "container",
        },
    }
}
