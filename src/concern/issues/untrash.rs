//! Restoring issues and comments from the trash.

use super::{COMMENTS, ISSUES, SPEC, Status};
use crate::concern::{Actor, Outcome, plain, record};
use crate::crdt::content::Content;
use crate::crdt::source::{Shared, Source};
use crate::error::{Error, Next, Result};
use crate::id::EntityId;
use crate::store::Session;
use crate::tombstone;
use crate::wire::Value;

/// Recreates an issue, open, with its comments.
pub fn restore(session: &mut Session, entity: &EntityId, value: &Value) -> Result<Outcome> {
    let (_, doc) = Actor::writing_in(session, entity, &SPEC)?;
    tombstone::make_room(session, &doc)?;
    let (now, id) = (session.now(), session.environment().machine.ids.uuid()?);
    let mut fields = plain::anew(&SPEC, &ISSUES, &id, value, now);
    if Status::parse(plain::text_of(&fields, "status")).is_ok_and(Status::is_end) {
        let todo = Content::Plain(Value::String(Status::Todo.as_str().to_owned()));
        fields.insert("status".to_owned(), todo);
        fields.insert("status_updated_at".to_owned(), Content::Plain(Value::Int(now)));
    }
    session.edit(&doc, |txn| txn.put(ISSUES.path, &id, &Content::Map(fields)))?;
    Ok(Outcome::created(doc, &id))
}

/// Recreates a comment on its issue.
pub fn restore_comment(
    session: &mut Session,
    entity: &EntityId,
    path: &[String],
    value: &Value,
) -> Result<Outcome> {
    let (actor, doc) = Actor::writing_in(session, entity, &SPEC)?;
    let issue = path.get(1).map_or("", String::as_str);
    let on_it = session.read(&doc, |source: &dyn Source| source.exists(&["issues", issue]))?;
    if on_it != Some(true) {
        return Err(Error::refused(format!("issue {issue}, which it was on, is gone"))
            .hint(Next::Trash.and(" shows whether the issue is in the trash")));
    }
    let home = ["issues", issue].map(str::to_owned);
    record::check(session, &doc, &home, ISSUES.noun)?;
    let list = ["issues", issue, "comments"];
    record::check_as(
        session,
        &doc,
        &list.map(str::to_owned),
        Shared::Array,
        "the list of comments",
    )?;
    record::supply(session, &doc, &home, "comments", &Content::Array(Vec::new()))?;
    tombstone::make_room(session, &doc)?;
    let (now, id) = (session.now(), session.environment().machine.ids.uuid()?);
    let mut fields = plain::anew(&SPEC, &COMMENTS, &id, value, now);
    let as_whose = plain::attribute(&COMMENTS, &mut fields, &actor, now)?;
    session.edit(&doc, |txn| txn.append(&list, &Content::Map(fields)))?;
    Ok(Outcome::created(doc, &id).saying(as_whose))
}
