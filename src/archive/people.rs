//! The members of entities with archived records, and the columns of their boards, as of the last added rows:
//! for people who open the file elsewhere. Nothing in crdtctl reads them.

use super::file::ArchiveFile;
use crate::concern::{core, kanban};
use crate::crdt::source::Source;
use crate::crdt::view::View;
use crate::error::Result;
use crate::id::EntityId;
use crate::store::Session;
use crate::wire::Value;
use rusqlite::params;

/// Records what an entity's documents say of it. Unreadable documents are skipped.
pub(super) fn tell(session: &mut Session, file: &ArchiveFile, entity: &EntityId) -> Result<()> {
    let id = entity.as_str();
    let known = "SELECT 1 FROM entities WHERE id = ?1";
    if file.one(known, params![id], |_| Ok(()))?.is_none() {
        return Ok(());
    }
    if let Ok(Some(view)) = session.view(&entity.document(core::SPEC.name)) {
        let name = view.text(&["metadata", "name"]);
        file.run("UPDATE entities SET name = ?2 WHERE id = ?1", params![id, name])?;
        file.run("DELETE FROM members WHERE entity_id = ?1", params![id])?;
        for (member, joined) in core::active(&*view) {
            let role = view.text(&["members", &member, "role"]);
            let row = params![id, member, role, joined];
            file.run("INSERT INTO members VALUES (?1, ?2, ?3, ?4)", row)?;
        }
    }
    match session.view(&entity.document(kanban::SPEC.name)) {
        Ok(Some(view)) => tell_columns(file, id, &view),
        _ => Ok(()),
    }
}

fn tell_columns(file: &ArchiveFile, entity: &str, board: &View) -> Result<()> {
    file.run("DELETE FROM columns WHERE entity_id = ?1", params![entity])?;
    let columns = board.value(&["columns"]);
    let columns = columns.as_ref().and_then(Value::as_array).unwrap_or_default();
    for column in columns.iter().filter_map(Value::as_map) {
        let text = |name: &str| column.get(name).and_then(Value::as_str);
        if let Some(id) = text("id") {
            let row = params![id, entity, text("title")];
            file.run("INSERT OR REPLACE INTO columns VALUES (?1, ?2, ?3)", row)?;
        }
    }
    Ok(())
}
