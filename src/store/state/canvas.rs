//! What this replica did on canvases: the timeline for undo, and when each field was last written.

use super::{State, doc_in};
use crate::error::Result;
use crate::id::DocId;
use crate::limits;
use rusqlite::{Row, params};
use std::collections::BTreeMap;

const COLUMNS: &str = "id, doc_id, at, member, verb, element, changes, clock, undone";

/// One step of a canvas's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoStep {
    /// Given by [`State::push_step`]; ignored there.
    pub id: i64,
    /// The document of the canvas.
    pub doc: DocId,
    /// Unix seconds.
    pub at: i64,
    /// Who did it: the timeline is this replica's, whichever member it acts as.
    pub member: String,
    /// The kind of change: "add", "set", "move", "delete".
    pub verb: String,
    /// The whole id of the element.
    pub element: String,
    /// JSON: field → [before, after].
    pub changes: String,
    /// The element's clock after this replica's last write to it.
    pub clock: i64,
    /// Whether it has been undone: redo would apply it again.
    pub undone: bool,
}

impl State {
    /// Adds a step; steps that were undone before can no longer be redone. The oldest steps beyond
    /// [`limits::TIMELINE_STEPS`] are deleted.
    pub fn push_step(&self, step: &UndoStep) -> Result<()> {
        let doc = step.doc.as_str();
        self.run("DELETE FROM canvas_timeline WHERE doc_id = ?1 AND undone = 1", params![doc])?;
        self.run(
            "INSERT INTO canvas_timeline (doc_id, at, member, verb, element, changes, clock)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![doc, step.at, step.member, step.verb, step.element, step.changes, step.clock],
        )?;
        self.run(
            "DELETE FROM canvas_timeline WHERE doc_id = ?1 AND id <= (
                 SELECT id FROM canvas_timeline WHERE doc_id = ?1 ORDER BY id DESC
                 LIMIT 1 OFFSET ?2)",
            params![doc, limits::TIMELINE_STEPS],
        )
    }

    /// Returns the step that undo would revert; with `undone`, the one that redo would apply again.
    pub fn next_step(&self, doc: &DocId, undone: bool) -> Result<Option<UndoStep>> {
        let order = if undone { "ASC" } else { "DESC" };
        let sql = format!(
            "SELECT {COLUMNS} FROM canvas_timeline WHERE doc_id = ?1 AND undone = ?2
             ORDER BY id {order} LIMIT 1"
        );
        Ok(self.one(&sql, params![doc.as_str(), undone], step)?.flatten())
    }

    /// Records that a step was undone or redone.
    pub fn mark_step(&self, id: i64, undone: bool) -> Result<()> {
        self.run("UPDATE canvas_timeline SET undone = ?2 WHERE id = ?1", params![id, undone])
    }

    /// Records the clock of this replica's last write to an element, in all its steps.
    pub fn mark_element(&self, doc: &DocId, element: &str, clock: i64) -> Result<()> {
        self.run(
            "UPDATE canvas_timeline SET clock = ?3 WHERE doc_id = ?1 AND element = ?2",
            params![doc.as_str(), element, clock],
        )
    }

    /// Makes the steps of an element refer to the one that replaced it.
    pub fn replace_element(&self, doc: &DocId, old: &str, new: &str) -> Result<()> {
        self.run(
            "UPDATE canvas_timeline SET element = ?3 WHERE doc_id = ?1 AND element = ?2",
            params![doc.as_str(), old, new],
        )
    }

    /// Returns the client id under which this replica last wrote a document.
    pub fn own_client(&self, doc: &DocId) -> Result<Option<u64>> {
        Ok(self.known(doc)?.map(|known| known.own_client))
    }

    /// Returns when the fields of an element were last written; see the table.
    pub fn element_clocks(&self, doc: &DocId, element: &str) -> Result<BTreeMap<String, i64>> {
        let sql = "SELECT field, clock FROM canvas_clock WHERE doc_id = ?1 AND element = ?2";
        let rows =
            self.all(sql, params![doc.as_str(), element], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.into_iter().collect())
    }

    /// Records when a field of an element was written.
    pub fn put_element_clock(
        &self,
        doc: &DocId,
        element: &str,
        field: &str,
        clock: i64,
    ) -> Result<()> {
        self.run(
            "INSERT OR REPLACE INTO canvas_clock (doc_id, element, field, clock)
             VALUES (?1, ?2, ?3, ?4)",
            params![doc.as_str(), element, field, clock],
        )
    }

    /// Forgets when the fields of an element were written.
    pub fn forget_element_clocks(&self, doc: &DocId, element: &str) -> Result<()> {
        self.run(
            "DELETE FROM canvas_clock WHERE doc_id = ?1 AND element = ?2",
            params![doc.as_str(), element],
        )
    }
}

/// Reads a row of `canvas_timeline`; `None` if the document id is not valid.
fn step(row: &Row<'_>) -> rusqlite::Result<Option<UndoStep>> {
    let Some(doc) = doc_in(row, 1)? else { return Ok(None) };
    Ok(Some(UndoStep {
        id: row.get(0)?,
        doc,
        at: row.get(2)?,
        member: row.get(3)?,
        verb: row.get(4)?,
        element: row.get(5)?,
        changes: row.get(6)?,
        clock: row.get(7)?,
        undone: row.get(8)?,
    }))
}
