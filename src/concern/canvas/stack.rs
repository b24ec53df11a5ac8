//! The stacking order of the elements of a canvas.

use super::ELEMENTS;
use super::fields::ElementFields;
use crate::crdt::source::Source;
use crate::error::Result;
use crate::id::DocId;
use crate::path::{DocPath, Keys};
use crate::store::Session;
use crate::wire::Value;

/// The highest `z_index` that a session has found on a canvas. Looking at all elements is expensive in
/// a batch, so it is kept as long as the canvas changes only within [`while_writing`].
#[derive(Clone, Copy)]
struct Top(i64);

/// The highest `z_index`; -1 if there are no elements. Elements deleted earlier in this session count.
pub fn top(session: &mut Session, doc: &DocId) -> Result<i64> {
    let top = match session.recall(doc) {
        Some(top) => top,
        None => {
            let highest = session.read(doc, |source: &dyn Source| {
                let of = |path: DocPath| source.int(&path.field("z_index")).unwrap_or(0);
                ELEMENTS.records(source).into_iter().map(of).max()
            })?;
            Top(highest.flatten().unwrap_or(-1))
        }
    };
    session.remember(doc, top);
    Ok(top.0)
}

/// Changes a canvas; `write` must leave nothing higher than the top before it or than `z_index`.
pub fn while_writing<R>(
    session: &mut Session,
    doc: &DocId,
    z_index: Option<i64>,
    write: impl FnOnce(&mut Session) -> Result<R>,
) -> Result<R> {
    let top: Option<Top> = session.recall(doc);
    let written = write(session)?;
    if let Some(Top(top)) = top {
        session.remember(doc, Top(z_index.map_or(top, |z_index| z_index.max(top))));
    }
    Ok(written)
}

/// The `z_index` that these fields set, if any.
pub fn z_index(fields: &ElementFields) -> Option<i64> {
    match fields.get("z_index") {
        Some(Some(Value::Int(z_index))) => Some(*z_index),
        _ => None,
    }
}
