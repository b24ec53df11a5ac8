//! Issues: what needs to be done, and the comments on it.

mod comments;
mod schema;
mod untrash;

pub use comments::{AddComment, DeleteComment, EditComment};
pub use schema::{COMMENTS, ISSUES, SPEC};
pub use untrash::{restore, restore_comment};

use super::{Actor, Outcome, Priority, core, record};
use crate::crdt::source::Source;
use crate::error::{Error, Next, Result};
use crate::id::{DocId, EntityId};
use crate::schema::FieldKind;
use crate::store::Session;
use crate::tombstone;
use crate::wire::Record;
use serde::{Deserialize, Serialize};

/// The status of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", try_from = "String")]
pub enum Status {
    /// Not planned yet; the status of a new issue.
    Backlog,
    /// Planned, not begun; the status of a reopened issue.
    Todo,
    /// Somebody is working on it.
    InProgress,
    /// An end: finished.
    Done,
    /// An end: it will not be done.
    Canceled,
}

impl Status {
    /// In the order of work.
    pub const ALL: [Status; 5] =
        [Status::Backlog, Status::Todo, Status::InProgress, Status::Done, Status::Canceled];
    /// How an issue can end.
    pub const ENDS: [Status; 2] = [Status::Done, Status::Canceled];

    /// The status as written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Backlog => "backlog",
            Status::Todo => "todo",
            Status::InProgress => "in-progress",
            Status::Done => "done",
            Status::Canceled => "canceled",
        }
    }

    /// A status as people write it.
    ///
    /// # Errors
    /// `Usage` for an unknown status.
    pub fn parse(text: &str) -> Result<Status> {
        crate::error::one_of(&Self::ALL, Self::as_str, text, "status")
    }

    fn is_end(self) -> bool {
        Self::ENDS.contains(&self)
    }
}

impl TryFrom<String> for Status {
    type Error = Error;

    fn try_from(text: String) -> Result<Status> {
        Status::parse(&text)
    }
}

/// Opens an issue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OpenIssue {
    /// The group, channel, project or organization whose issue it becomes.
    pub entity: EntityId,
    /// Not blank, at most [`NAME_CHARS`](crate::limits::NAME_CHARS) characters; need not be unique.
    pub title: String,
    /// At most [`MESSAGE_BYTES`](crate::limits::MESSAGE_BYTES) bytes; may be empty.
    #[serde(default)]
    pub description: String,
    /// Medium by default.
    #[serde(default)]
    pub priority: Priority,
    /// An active member, or a unique prefix; empty for nobody.
    #[serde(default)]
    pub assignee: String,
    /// Unix seconds; `None` for now. Lets a record older than the store keep its time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    /// Who reports it: a current or former member, by id or unique prefix; `None` for the actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

impl OpenIssue {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        record::check_title("title", &self.title)?;
        record::check_text("description", &self.description)?;
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let now = record::made_at(session, self.created_at)?;
        let reporter = self.author.as_deref();
        let reporter = core::author(session, &self.entity, &actor, reporter, "an issue")?;
        tombstone::make_room(session, &doc)?;
        let assignee = core::find_assignee(session, &self.entity, &self.assignee)?;
        let id = session.environment().machine.ids.uuid()?;
        session.edit(&doc, |txn| {
            // Whole, in one transaction, with every container it will ever need (rule R1).
            txn.create_map(ISSUES.path, &id)?;
            let path = ["issues", id.as_str()];
            txn.set(&path, "id", id.as_str())?;
            txn.set(&path, "title", self.title.as_str())?;
            txn.set(&path, "description", self.description.as_str())?;
            txn.set(&path, "status", Status::Backlog.as_str())?;
            txn.set(&path, "priority", self.priority.as_str())?;
            txn.set(&path, "assignee_id", assignee.as_str())?;
            txn.set(&path, "reporter_id", reporter.as_str())?;
            txn.set(&path, "created_at", now)?;
            txn.set(&path, "updated_at", now)?;
            txn.set(&path, "status_updated_at", now)?;
            txn.set(&path, "priority_updated_at", now)?;
            txn.set(&path, "assignee_updated_at", now)?;
            txn.set(&path, "closed", false)?;
            txn.set(&path, "closed_at", 0)?;
            txn.create_map(&path, "ack_vector")?;
            txn.create_array(&path, "comments")
        })?;
        Ok(Outcome::created(doc, &id).saying(format!("opened in {}", self.entity)))
    }
}

/// Changes the title or the description. `None` leaves a field as it is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EditIssue {
    /// The group, channel, project or organization whose issue it is.
    pub entity: EntityId,
    /// An issue id, or a unique prefix of one.
    pub issue: String,
    /// The whole new title; `None` leaves it as it is.
    #[serde(default)]
    pub title: Option<String>,
    /// The whole new description (an empty text removes it); `None` leaves it as it is.
    #[serde(default)]
    pub description: Option<String>,
}

impl EditIssue {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        if let Some(title) = &self.title {
            record::check_title("title", title)?;
        }
        if let Some(description) = &self.description {
            record::check_text("description", description)?;
        }
        let fields = [("title", &self.title), ("description", &self.description)];
        let fields: Vec<(&str, &str)> =
            fields.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?))).collect();
        if fields.is_empty() {
            return Err(Error::usage("nothing to change").hint("give a title or a description"));
        }
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let issue = FoundIssue::find(session, &self.entity, &self.issue)?.open()?;
        write(session, &doc, &issue, &fields, "updated_at")
    }
}

/// Sets the status of an issue. It stays open until it is closed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetStatus {
    /// The group, channel, project or organization whose issue it is.
    pub entity: EntityId,
    /// An issue id, or a unique prefix of one.
    pub issue: String,
    /// The new status. An end alone does not close the issue.
    pub status: Status,
}

impl SetStatus {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let issue = FoundIssue::find(session, &self.entity, &self.issue)?.open()?;
        let status = [("status", self.status.as_str())];
        write(session, &doc, &issue, &status, "status_updated_at")
    }
}

/// Sets the priority of an issue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SetPriority {
    /// The group, channel, project or organization whose issue it is.
    pub entity: EntityId,
    /// An issue id, or a unique prefix of one.
    pub issue: String,
    /// The new priority.
    pub priority: Priority,
}

impl SetPriority {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let issue = FoundIssue::find(session, &self.entity, &self.issue)?.open()?;
        let priority = [("priority", self.priority.as_str())];
        write(session, &doc, &issue, &priority, "priority_updated_at")
    }
}

/// Assigns an issue to a member, or to nobody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Assign {
    /// The group, channel, project or organization whose issue it is.
    pub entity: EntityId,
    /// An issue id, or a unique prefix of one.
    pub issue: String,
    /// An active member, or a unique prefix; empty for nobody.
    pub assignee: String,
}

impl Assign {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let issue = FoundIssue::find(session, &self.entity, &self.issue)?.open()?;
        let assignee = core::find_assignee(session, &self.entity, &self.assignee)?;
        let assignee = [("assignee_id", assignee.as_str())];
        write(session, &doc, &issue, &assignee, "assignee_updated_at")
    }
}

/// Closes an issue, as done or canceled.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Close {
    /// The group, channel, project or organization whose issue it is.
    pub entity: EntityId,
    /// An issue id, or a unique prefix of one.
    pub issue: String,
    /// `None`: as its status says, or done if its status is not an end.
    #[serde(default, rename = "as")]
    pub end: Option<Status>,
}

impl Close {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        if self.end.is_some_and(|end| !end.is_end()) {
            return Err(Error::usage("an issue is closed as done or canceled")
                .hint(Next::SetStatus.and(" sets the status of an open one")));
        }
        let (actor, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let issue = FoundIssue::find(session, &self.entity, &self.issue)?;
        let held = issue.status().filter(|status| status.is_end());
        let end = self.end.or(held).unwrap_or(Status::Done);
        if issue.is_closed() && held == Some(end) {
            return Ok(Outcome::unchanged(doc, &issue.id)
                .saying(format!("{} is already closed", issue.id)));
        }
        let now = tombstone::time_of_deletion(session, &doc)?;
        session.edit(&doc, |txn| {
            let path = ["issues", issue.id.as_str()];
            if held != Some(end) {
                txn.set(&path, "status", end.as_str())?;
                record::touch(txn, &path, "status_updated_at", now)?;
            }
            tombstone::mark(txn, &ISSUES, &path, now, &actor.id)
        })?;
        Ok(Outcome::changed(doc, &issue.id).saying(format!(
            "closed {} as {}",
            issue.id,
            end.as_str()
        )))
    }
}

/// Reopens a closed issue; a status that was an end becomes to-do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reopen {
    /// The group, channel, project or organization whose issue it is.
    pub entity: EntityId,
    /// An issue id, or a unique prefix of one.
    pub issue: String,
}

impl Reopen {
    pub(crate) fn run(&self, session: &mut Session) -> Result<Outcome> {
        self.at(session, session.now())
    }

    /// Reopens it with its clock at this time, or after what it was.
    pub(crate) fn at(&self, session: &mut Session, now: i64) -> Result<Outcome> {
        let (_, doc) = Actor::writing_in(session, &self.entity, &SPEC)?;
        let issue = FoundIssue::find(session, &self.entity, &self.issue)?;
        if !issue.is_closed() {
            return Ok(Outcome::unchanged(doc, &issue.id).saying(format!("{} is open", issue.id)));
        }
        session.edit(&doc, |txn| {
            let path = ["issues", issue.id.as_str()];
            tombstone::revive(txn, &ISSUES, &path)?;
            if issue.status().is_some_and(Status::is_end) {
                txn.set(&path, "status", Status::Todo.as_str())?;
                record::touch(txn, &path, "status_updated_at", now)?;
            }
            record::touch(txn, &path, "updated_at", now)
        })?;
        Ok(Outcome::changed(doc, &issue.id).saying(format!("reopened {}", issue.id)))
    }
}

/// Writes the fields of an issue that change, and the clock they share.
fn write(
    session: &mut Session,
    doc: &DocId,
    issue: &FoundIssue,
    fields: &[(&str, &str)],
    clock: &str,
) -> Result<Outcome> {
    let new: Vec<_> = fields.iter().filter(|(name, text)| issue.text(name) != *text).collect();
    if new.is_empty() {
        return Ok(Outcome::unchanged(doc.clone(), &issue.id).saying("it already says that"));
    }
    let now = session.now();
    session.edit(doc, |txn| {
        let path = ["issues", issue.id.as_str()];
        for (name, text) in &new {
            txn.set(&path, name, *text)?;
        }
        record::touch(txn, &path, clock, now)
    })?;
    Ok(Outcome::changed(doc.clone(), &issue.id).saying(format!("edited {}", issue.id)))
}

/// What the operations need to know about an issue.
struct FoundIssue {
    id: String,
    record: Record,
}

impl FoundIssue {
    fn find(session: &mut Session, entity: &EntityId, prefix: &str) -> Result<FoundIssue> {
        let doc = entity.document(SPEC.name);
        let found = session.read(&doc, |source| {
            let id = find(source, prefix)?;
            // Not the whole record: it may contain many comments.
            let plain = ISSUES.fields.iter().filter(|field| field.kind != FieldKind::List);
            let record = plain.filter_map(|field| {
                Some((field.name.to_owned(), source.value(&["issues", &id, field.name])?))
            });
            let record = record.collect();
            Ok(FoundIssue { id, record })
        })?;
        let issue = found.unwrap_or_else(|| Err(no_issues(entity)))?;
        record::check(session, &doc, &["issues".to_owned(), issue.id.clone()], ISSUES.noun)?;
        Ok(issue)
    }

    /// The issue, if it is not closed.
    fn open(self) -> Result<FoundIssue> {
        match self.is_closed() {
            false => Ok(self),
            true => Err(Error::refused(format!("issue {} is closed", self.id))
                .hint(Next::Reopen(self.id.clone()).and(" opens it again"))),
        }
    }

    fn is_closed(&self) -> bool {
        record::flag(&self.record, "closed")
    }

    /// Its status, if it is one we know.
    fn status(&self) -> Option<Status> {
        Status::parse(self.text("status")).ok()
    }

    fn text(&self, name: &str) -> &str {
        record::text(&self.record, name)
    }
}

/// The id of the issue that an id or a unique prefix names, closed ones included.
///
/// # Errors
/// `NotFound` or `Ambiguous`.
pub fn find(source: &dyn Source, prefix: &str) -> Result<String> {
    let hint = || Next::Issues.and(" shows them");
    record::find(source, ISSUES.path, prefix, ISSUES.noun, hint)
}

fn no_issues(entity: &EntityId) -> Error {
    Error::not_found(format!("{entity} has no issues")).hint(Next::OpenIssue.and(" opens one"))
}
