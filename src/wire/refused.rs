//! What Yjs does not read, although every byte of it has its place.

use super::{Block, BlockKind, ByteReader, Fault, Update, any};

impl<S> Update<'_, S> {
    /// Returns the first block whose JSON Yjs cannot parse: it then reads nothing of the whole update.
    pub fn refused_by_yjs(&self) -> Option<Fault> {
        self.blocks.iter().find_map(|block| self.unparsed(block))
    }

    fn unparsed(&self, block: &Block) -> Option<Fault> {
        let mut reader = ByteReader::at(self.content(block), 0);
        let (what, texts) = match block.kind {
            BlockKind::Embed => ("an embedded value", 1),
            BlockKind::Format => ("the value of a format", reader.text().map(|_| 1).ok()?),
            BlockKind::Json => ("a value", reader.var().ok()?),
            _ => return None,
        };
        for _ in 0..texts {
            let json = reader.text().ok()?;
            let is_undefined = block.kind == BlockKind::Json && json == "undefined";
            if !is_undefined && !any::is_json(json) {
                return Some(block.fault("value", format!("{what} that is not JSON")));
            }
        }
        None
    }
}
