//! Comments on issues.

use super::{COMMENTS, FoundIssue, SPEC};
use crate::concern::{Actor, Outcome, core, record};
use crate::crdt::content::Content;
use crate::crdt::doc::New;
use crate::crdt::source::{Shared, Source};
use crate::error::{Error, Next, Result};
use crate::id::EntityId;
use crate::policy::Action;
use crate::store::Session;
use crate::tombstone;
use crate::wire::Record;
use serde::{Deserialize, Serialize};

/// Adds a comment to an issue, open or closed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddComment {
    /// The group, channel, project or organization whose issue it is about.
    pub entity: EntityId,
    /// An issue id, or a unique prefix of one.
    pub issue: String,
    /// The comment: not blank, at most [`MESSAGE_BYTES`](crate::limits::MESSAGE_BYTES) bytes.
    pub text: String,
    /// Unix seconds; `None` for now. Lets a record older than the store keep its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    /// A current or former member, by id or unique prefix; `None` for the actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

impl AddComment {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        record::check_said("comment", &self.text)?;
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let now = record::made_at(session, self.created_at)?;
        let author = self.author.as_deref();
        let author = core::author(session, &self.entity, &actor, author, "a comment")?;
        let issue = FoundIssue::find(session, &self.entity, &self.issue)?;
        let list = ["issues", &issue.id, "comments"].map(str::to_owned);
        record::check_as(session, &doc, &list, Shared::Array, "the list of comments")?;
        tombstone::make_room(session, &doc)?;
        let id = session.environment().machine.ids.uuid()?;
        let list = ["issues", issue.id.as_str(), "comments"];
        let record = ["issues", &issue.id].map(str::to_owned);
        record::supply(session, &doc, &record, "comments", &Content::Array(Vec::new()))?;
        session.edit(&doc, |txn| {
            // Whole, in one transaction, with every container it will ever need (rule R1).
            let fields = vec![
                ("author_id", author.as_str().into()),
                ("content", self.text.as_str().into()),
                ("created_at", now.into()),
                ("updated_at", now.into()),
                ("deleted", false.into()),
                ("deleted_at", 0.into()),
                ("ack_vector", New::Map),
            ];
            txn.push_record(&list, &id, fields)
        })?;
        Ok(Outcome::created(doc, &id).saying(format!("commented on {}", issue.id)))
    }
}

/// Changes the text of one's own comment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EditComment {
    /// The group, channel, project or organization whose issue it is about.
    pub entity: EntityId,
    /// An issue id, or a unique prefix of one.
    pub issue: String,
    /// A comment id, or a unique prefix of one.
    pub comment: String,
    /// The whole new text, replacing the old; not blank.
    pub text: String,
}

impl EditComment {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        record::check_said("comment", &self.text)?;
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let said = CommentText::find(session, &self.entity, &self.issue, &self.comment)?;
        if said.is_deleted() {
            return Err(Error::refused(format!("comment {} is deleted", said.id)));
        }
        let edit = Action::Edit { author: said.text("author_id") };
        actor.may(&edit, &format!("comment {}", said.id))?;
        if said.text("content") == self.text {
            return Ok(Outcome::unchanged(doc, &said.id).saying("it already says that"));
        }
        let now = session.now();
        session.edit(&doc, |txn| {
            let path = said.path();
            txn.set(&path, "content", self.text.as_str())?;
            record::touch(txn, &path, "updated_at", now)
        })?;
        Ok(Outcome::changed(doc, &said.id).saying(format!("edited {}", said.id)))
    }
}

/// Deletes one's own comment; an admin may delete anybody's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteComment {
    /// The group, channel, project or organization whose issue it is about.
    pub entity: EntityId,
    /// An issue id, or a unique prefix of one.
    pub issue: String,
    /// A comment id, or a unique prefix of one.
    pub comment: String,
}

impl DeleteComment {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let said = CommentText::find(session, &self.entity, &self.issue, &self.comment)?;
        if said.is_deleted() {
            return Ok(
                Outcome::unchanged(doc, &said.id).saying(format!("{} is already deleted", said.id))
            );
        }
        let delete = Action::Delete { author: said.text("author_id") };
        actor.may(&delete, &format!("comment {}", said.id))?;
        let now = tombstone::time_of_deletion(session, &doc)?;
        session.edit(&doc, |txn| tombstone::mark(txn, &COMMENTS, &said.path(), now, &actor.id))?;
        let path = said.path().map(str::to_owned);
        let pruned = tombstone::prune_record(session, &doc, &COMMENTS, &path)?;
        Ok(Outcome::changed(doc, &said.id).saying(format!("deleted {}", said.id)).pruning(pruned))
    }
}

/// What the operations need to know about a comment.
struct CommentText {
    issue: String,
    id: String,
    record: Record,
}

impl CommentText {
    fn find(
        session: &mut Session,
        entity: &EntityId,
        issue: &str,
        prefix: &str,
    ) -> Result<CommentText> {
        let issue = FoundIssue::find(session, entity, issue)?.id;
        let found = session.read(&entity.document(SPEC.name), |source| {
            let id = find(source, &issue, prefix)?;
            let record = source.record(&["issues", &issue, "comments", &id]);
            Ok((id, record.unwrap_or_default()))
        })?;
        let (id, record) = found.unwrap_or_else(|| Err(super::no_issues(entity)))?;
        let said = CommentText { issue, id, record };
        let path = said.path().map(str::to_owned);
        record::check(session, &entity.document(SPEC.name), &path, COMMENTS.noun)?;
        Ok(said)
    }

    fn path(&self) -> [&str; 4] {
        ["issues", &self.issue, "comments", &self.id]
    }

    fn is_deleted(&self) -> bool {
        record::flag(&self.record, "deleted")
    }

    fn text(&self, name: &str) -> &str {
        record::text(&self.record, name)
    }
}

/// The id of the comment on an issue that an id or a unique prefix names, deleted ones included.
fn find(source: &dyn Source, issue: &str, prefix: &str) -> Result<String> {
    let hint = || Next::Issue(issue.to_owned()).and(" shows them");
    record::find(source, &["issues", issue, "comments"], prefix, COMMENTS.noun, hint)
}
