//! Every change to a store, as data. The command line builds operations, tests generate random ones;
//! there is no other way to change a store.

mod archived;
mod declaration;
mod request;
mod restore;
mod revert;
mod together;
mod unarchive;
mod untrash;

pub use declaration::{Argument, Creates, Declaration, Holds, Within};
pub use request::{Restore, Revert};
pub use together::Together;
pub use unarchive::Unarchive;
pub use untrash::{Untrash, find as find_trashed};

#[cfg(test)]
use crate::concern::notes;
use crate::concern::{canvas, chat, core, disk, issues, kanban};

pub use crate::concern::Outcome;

use crate::error::{Error, Kind, Result};
use crate::id::EntityId;
use crate::limits;
use crate::store::Session;
use crate::tombstone;
use declaration::{may, needs};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Declares every operation once: the enum, its declaration, and what runs it.
macro_rules! operations {
    ($(
        $(#[$on:meta])*
        $op:literal => $variant:ident($change:ty) { $($key:ident: $value:expr),* $(,)? }
    )*) => {
        /// One change, as written in a batch line:
        /// `{"op":"chat.send","entity":"group:…","text":"hi"}`.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(tag = "op")]
        pub enum Operation {
            $(
                #[doc = concat!("`", $op, "` in batch lines and in the log; see its own type.")]
                $(#[$on])*
                #[serde(rename = $op)]
                $variant($change),
            )*
        }

        /// The declarations of all operations, in display order.
        // A declaration may set every field.
        #[allow(clippy::needless_update)]
        pub const OPERATIONS: &[Declaration] = &[$(
            $(#[$on])*
            Declaration { op: $op, $($key: $value,)* ..Declaration::DEFAULT },
        )*];

        impl Operation {
            /// Returns its declaration.
            #[allow(clippy::needless_update)]
            pub fn declaration(&self) -> &'static Declaration {
                match self {
                    $($(#[$on])* Operation::$variant(_) => {
                        const DECLARED: &Declaration =
                            &Declaration { op: $op, $($key: $value,)* ..Declaration::DEFAULT };
                        DECLARED
                    })*
                }
            }

            fn apply(&self, session: &mut Session) -> Result<Outcome> {
                match self {
                    $($(#[$on])* Operation::$variant(change) => change.run(session),)*
                }
            }
        }
    };
}

operations! {
    "entity.create" => EntityCreate(core::Create) {
        within: Within::NewEntity,
        creates: Creates::Record,
        takes: &[needs("name").prose(), may("description").prose()],
    }
    "entity.rename" => EntityRename(core::Rename) { takes: &[needs("name").prose()] }
    "member.add" => MemberAdd(core::AddMember) {
        creates: Creates::Record,
        takes: &[needs("member"), may("role")],
    }
    "member.remove" => MemberRemove(core::Remove) { deletes: true, takes: &[needs("member")] }
    "member.role" => MemberRole(core::SetRole) { takes: &[needs("member"), needs("role")] }
    "chat.send" => ChatSend(chat::Send) {
        creates: Creates::Record,
        takes: &[
            may("text").prose(),
            may("reply_to"),
            may("attach").files().note("files"),
            may("attachments").note("as in the log"),
            may("created_at").time(),
            may("author"),
        ],
    }
    "chat.edit" => ChatEdit(chat::EditMessage) { takes: &[needs("message"), needs("text").prose()] }
    "chat.delete" => ChatDelete(chat::DeleteMessage) { deletes: true, takes: &[needs("message")] }
    "chat.react" => ChatReact(chat::React) {
        takes: &[needs("message"), needs("emoji").prose(), may("remove")],
    }
    "kanban.add" => KanbanAdd(kanban::AddCard) {
        creates: Creates::Record,
        takes: &[
            needs("title").prose(),
            may("description").prose(),
            may("column"),
            may("assignee"),
            may("priority"),
            may("created_at").time(),
        ],
    }
    "kanban.edit" => KanbanEdit(kanban::EditCard) {
        takes: &[
            needs("card"),
            may("title").prose(),
            may("description").prose(),
            may("assignee"),
            may("priority"),
        ],
    }
    "kanban.move" => KanbanMove(kanban::MoveCard) {
        takes: &[needs("card"), needs("column"), may("before"), may("top"), may("bottom")],
    }
    "kanban.archive" => KanbanArchive(kanban::Archive) { takes: &[needs("card")] }
    "kanban.restore" => KanbanRestore(kanban::RestoreCard) { takes: &[needs("card")] }
    "kanban.column.add" => ColumnAdd(kanban::AddColumn) {
        creates: Creates::Record,
        takes: &[needs("title").prose()],
    }
    "kanban.column.rename" => ColumnRename(kanban::RenameColumn) {
        takes: &[needs("column"), needs("title").prose()],
    }
    "kanban.column.move" => ColumnMove(kanban::MoveColumn) {
        takes: &[needs("column"), may("before"), may("first")],
    }
    "kanban.column.remove" => ColumnRemove(kanban::RemoveColumn) {
        deletes: true,
        takes: &[needs("column"), may("to")],
    }
    "issue.open" => IssueOpen(issues::OpenIssue) {
        creates: Creates::Record,
        takes: &[
            needs("title").prose(),
            may("description").prose(),
            may("priority"),
            may("assignee"),
            may("created_at").time(),
            may("author"),
        ],
    }
    "issue.edit" => IssueEdit(issues::EditIssue) {
        takes: &[needs("issue"), may("title").prose(), may("description").prose()],
    }
    "issue.status" => IssueStatus(issues::SetStatus) {
        takes: &[needs("issue"), needs("status")],
    }
    "issue.priority" => IssuePriority(issues::SetPriority) {
        takes: &[needs("issue"), needs("priority")],
    }
    "issue.assign" => IssueAssign(issues::Assign) {
        takes: &[needs("issue"), needs("assignee")],
    }
    "issue.close" => IssueClose(issues::Close) { takes: &[needs("issue"), may("as")] }
    "issue.reopen" => IssueReopen(issues::Reopen) { takes: &[needs("issue")] }
    "issue.comment" => IssueComment(issues::AddComment) {
        creates: Creates::Record,
        takes: &[
            needs("issue"),
            needs("text").prose(),
            may("created_at").time(),
            may("author"),
        ],
    }
    "issue.comment.edit" => CommentEdit(issues::EditComment) {
        takes: &[needs("issue"), needs("comment"), needs("text").prose()],
    }
    "issue.comment.delete" => CommentDelete(issues::DeleteComment) {
        deletes: true,
        takes: &[needs("issue"), needs("comment")],
    }
    "canvas.add" => CanvasAdd(canvas::AddElement) {
        creates: Creates::Record,
        takes: &[
            needs("kind"),
            needs("x"),
            needs("y"),
            needs("width"),
            needs("height"),
            may("rotation"),
            may("z_index"),
            may("data").prose(),
        ],
    }
    "canvas.set" => CanvasSet(canvas::Set) {
        takes: &[needs("element"), needs("set").note("an object of fields")],
    }
    "canvas.move" => CanvasMove(canvas::MoveElement) {
        takes: &[needs("element"), needs("x"), needs("y")],
    }
    "canvas.delete" => CanvasDelete(canvas::DeleteElement) { deletes: true, takes: &[needs("element")] }
    "canvas.undo" => CanvasUndo(canvas::Undo) {
        creates: Creates::Sometimes,
        deletes: true,
        takes: &[may("force")],
    }
    "canvas.redo" => CanvasRedo(canvas::Redo) {
        creates: Creates::Sometimes,
        deletes: true,
        takes: &[may("force")],
    }
    "canvas.apply" => CanvasApply(canvas::relay::Apply) {
        creates: Creates::Sometimes,
        deletes: true,
        takes: &[needs("message").note("a relay's operation")],
    }
    "disk.put" => DiskPut(disk::Put) {
        creates: Creates::Sometimes,
        takes: &[
            needs("path"),
            may("text").prose(),
            may("base").prose(),
            may("eol").note("lf or crlf"),
            may("bom"),
            may("blake3").note("of bytes already in the store"),
            may("size_bytes"),
            may("base_blake3").note("of the version that the bytes replace"),
            may("executable"),
            may("beside"),
        ],
    }
    "disk.move" => DiskMove(disk::MoveFile) {
        creates: Creates::Sometimes,
        // To or from the private disk it becomes another file, and the old one is deleted.
        deletes: true,
        takes: &[needs("file"), needs("to"), may("beside")],
    }
    "disk.remove" => DiskRemove(disk::RemoveFile) { deletes: true, takes: &[needs("file")] }
    "disk.publish" => DiskPublish(disk::Publish) { creates: Creates::Sometimes }
    "disk.restore" => DiskRestore(disk::RestoreFile) { takes: &[needs("file")] }
    "prune" => Prune(Prune) { deletes: true }
    "conflict.restore" => ConflictRestore(Restore) {
        within: Within::Anywhere,
        deletes: true,
        takes: &[needs("number")],
    }
    "log.revert" => LogRevert(Revert) {
        within: Within::Anywhere,
        creates: Creates::Sometimes,
        deletes: true,
        takes: &[needs("seq")],
    }
    "trash.restore" => TrashRestore(Untrash) {
        within: Within::Anywhere,
        creates: Creates::Record,
        takes: &[needs("record")],
    }
    "archive.restore" => ArchiveRestore(Unarchive) {
        within: Within::Anywhere,
        creates: Creates::Record,
        takes: &[needs("record")],
    }
    #[cfg(test)]
    "notes.add" => NoteAdd(notes::Add) {
        creates: Creates::Record,
        takes: &[needs("heading").prose(), may("body").prose(), may("reader")],
    }
    #[cfg(test)]
    "notes.edit" => NoteEdit(notes::Edit) {
        takes: &[needs("note"), needs("heading").prose()],
    }
    #[cfg(test)]
    "notes.delete" => NoteDelete(notes::Delete) { deletes: true, takes: &[needs("note")] }
}

/// Returns the declaration of the operation with this name.
pub fn declared(op: &str) -> Option<&'static Declaration> {
    OPERATIONS.iter().find(|declaration| declaration.op == op)
}

/// Runs an operation in a session. Nothing is stored before the session commits.
///
/// # Errors
/// Those of the rules; the session must then be dropped.
pub fn run(session: &mut Session, operation: &Operation) -> Result<Outcome> {
    let mark = session.recorded();
    let declared = operation.declaration();
    let outcome = match operation.apply(session) {
        Err(e) if e.kind == Kind::NotFound => {
            let fields = written(operation)?;
            return Err(archived::told_where(session, declared, &fields, e));
        }
        outcome => outcome?,
    };
    debug_assert!(
        declared.creates != Creates::Never || !outcome.created,
        "{} created {:?} undeclared",
        declared.op,
        outcome.id
    );
    debug_assert!(
        declared.deletes || outcome.gone().is_empty(),
        "{} removed {:?} undeclared",
        declared.op,
        outcome.gone()
    );
    // A revert is recorded as the operations it runs, so it can be reverted too.
    if outcome.changed && !matches!(operation, Operation::LogRevert(_)) {
        record(session, mark, operation, &outcome)?;
    }
    Ok(outcome)
}

/// Like [`run`], for the only operation of a session: of large documents, only what it asks for is
/// read.
///
/// # Errors
/// Those of [`run`].
pub fn run_alone(session: &mut Session, operation: &Operation) -> Result<Outcome> {
    session.with_pages(|session| run(session, operation))
}

/// What the log records about an operation.
#[derive(Debug, Serialize, Deserialize)]
pub struct Recorded<O> {
    /// The id of the record.
    pub id: Option<String>,
    /// As in a batch line.
    pub operation: O,
}

fn record(
    session: &mut Session,
    mark: usize,
    operation: &Operation,
    outcome: &Outcome,
) -> Result<()> {
    let mut line = written(operation)?;
    if let (Some(fields), Some(id)) = (line.as_object_mut(), &outcome.id) {
        name_in_full(fields, operation.declaration(), id);
    }
    let recorded = Recorded { id: outcome.id.clone(), operation: line };
    session.record(mark, &serde_json::to_string(&recorded).map_err(unwritable)?);
    Ok(())
}

/// Returns an operation as in a batch line.
fn written(operation: &Operation) -> Result<Value> {
    serde_json::to_value(operation).map_err(unwritable)
}

fn unwritable(cause: serde_json::Error) -> Error {
    Error::bug("an operation does not encode").because(cause)
}

/// Replaces the prefix that names the operation's record by the whole id: a prefix of one record here
/// may fit another in the store where the log's operations are replayed.
fn name_in_full(fields: &mut Map<String, Value>, declared: &Declaration, id: &str) {
    let names = declared.takes.iter().filter(|argument| argument.required);
    let names = names.filter(|argument| argument.holds == Holds::Value);
    let mut names = names.filter_map(|argument| {
        let named = fields.get(argument.name)?.as_str()?;
        (named.len() >= limits::PREFIX_CHARS && id.starts_with(named)).then_some(argument.name)
    });
    if let Some(name) = names.next() {
        fields.insert(name.to_owned(), Value::from(id));
    }
}

/// Removes the prunable tombstones of one entity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prune {
    /// The group, channel, project or organization whose documents are pruned.
    pub entity: EntityId,
}

impl Prune {
    fn run(&self, session: &mut Session) -> Result<Outcome> {
        let pruned = tombstone::prune_entity(session, &self.entity)?;
        Ok(Outcome { changed: !pruned.is_empty(), pruned, ..Outcome::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value, json};
    use std::collections::BTreeSet;

    /// A possible value for a field of an operation.
    fn sample(op: &str, argument: &Argument) -> Value {
        match argument.name {
            "message" if op == "canvas.apply" => json!({
                "canvas_id": "c", "element_id": "e", "operation_type": "add", "origin_peer": "p",
                "timestamp_ms": 1,
            }),
            "member" => json!("bob-hill-lake-tree"),
            "role" => json!("guest"),
            "status" => json!("in-progress"),
            "priority" => json!("high"),
            "as" => json!("canceled"),
            "kind" => json!("text"),
            "x" | "y" | "width" | "height" | "rotation" => json!(1.5),
            "z_index" | "number" | "created_at" | "seq" | "size_bytes" => json!(3),
            "path" => json!("/shared/a.md"),
            "to" if op == "disk.move" => json!("/shared/a.md"),
            "eol" => json!("crlf"),
            "bom" | "executable" | "beside" | "remove" | "top" | "bottom" | "first" | "force" => {
                json!(true)
            }
            "set" | "data" => json!({"k": 1}),
            "attachments" => json!([{"filename": "a.md", "size_bytes": 3}]),
            _ => json!("x"),
        }
    }

    /// A line with the wanted fields.
    fn line(declared: &Declaration, wanted: impl Fn(&Argument) -> bool) -> Map<String, Value> {
        let given = declared.takes.iter().filter(|a| a.holds != Holds::Files && wanted(a));
        let given = given.map(|a| (a.name.to_owned(), sample(declared.op, a)));
        let entity = (declared.within != Within::Anywhere)
            .then(|| ("entity".to_owned(), json!("project:gentle-wave-moon-fire")));
        given.chain(entity).chain([("op".to_owned(), json!(declared.op))]).collect()
    }

    fn read(fields: &Map<String, Value>) -> serde_json::Result<Operation> {
        serde_json::from_value(Value::Object(fields.clone()))
    }

    #[test]
    fn a_declaration_has_the_fields_of_its_operation_and_requires_what_has_no_default() {
        for declared in OPERATIONS {
            let op = declared.op;
            let least = line(declared, |argument| argument.required);
            let operation = read(&least).unwrap_or_else(|e| panic!("{op}: {e}"));
            assert_eq!(operation.declaration(), declared);
            assert_eq!(super::declared(op), Some(declared));
            for missing in least.keys() {
                let mut less = least.clone();
                less.remove(missing);
                assert!(read(&less).is_err(), "{op} without {missing}");
            }
            // Every field of the struct is declared, and every declared field exists.
            let most = line(declared, |_| true);
            let operation = read(&most).unwrap_or_else(|e| panic!("{op}: {e}"));
            let written = serde_json::to_value(&operation).unwrap();
            let written_names: BTreeSet<&String> = written.as_object().unwrap().keys().collect();
            assert_eq!(written_names, most.keys().collect(), "{op}");
            for (name, value) in &most {
                if !value.is_array() && !value.is_object() {
                    assert_eq!(written.get(name), Some(value), "{op}");
                }
            }
            let again: Operation = serde_json::from_value(written.clone()).unwrap();
            assert_eq!(serde_json::to_value(&again).unwrap(), written);
        }
    }

    #[test]
    fn no_two_operations_have_one_name() {
        let names: BTreeSet<&str> = OPERATIONS.iter().map(|d| d.op).collect();
        assert_eq!(names.len(), OPERATIONS.len());
    }
}
