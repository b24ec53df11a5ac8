//! The issues of an entity, and the comments on them.

use super::archived::{Place, Shelf};
use super::record::{self, Other, derived};
use super::{Text, look, occurring, steady, view};
use crate::archive::ArchivePage;
use crate::concern::issues::{COMMENTS, ISSUES, SPEC, Status};
use crate::concern::{Priority, issues};
use crate::error::{Error, Result};
use crate::id::EntityId;
use crate::path::{DocPath, Keys};
use crate::store::Reader;
use crate::wire::{Record, Value as Held};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// An issue with its comments.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Issue {
    /// Its id, as commands take it.
    pub id: String,
    /// Its title.
    pub title: Text,
    /// Its description; may be empty.
    pub description: Text,
    /// `backlog`, `todo`, `in-progress`, `done` or `canceled`.
    pub status: Text,
    /// `urgent`, `high`, `medium` or `low`.
    pub priority: Text,
    /// The assignee; empty if there is none.
    pub assignee_id: Text,
    /// The member who opened it, as the record says.
    pub reporter_id: Text,
    /// Unix seconds, like all times here; 0 if unknown.
    pub created_at: i64,
    /// When the title or the description was last changed.
    pub updated_at: i64,
    /// When the status last changed.
    pub status_updated_at: i64,
    /// When the priority last changed.
    pub priority_updated_at: i64,
    /// When its assignee last changed.
    pub assignee_updated_at: i64,
    /// Whether it was closed: then it is a tombstone, which stays until it is archived.
    pub closed: bool,
    /// 0 for an open one.
    pub closed_at: i64,
    /// Who has acknowledged that it was closed: member → Unix seconds.
    pub ack_vector: Value,
    /// The comments, the oldest first.
    #[serde(default, deserialize_with = "derived")]
    pub comments: Vec<Comment>,
    /// Whether it is in the archive, and no longer in the document.
    #[serde(default, deserialize_with = "derived", skip_serializing_if = "std::ops::Not::not")]
    pub in_archive: bool,
    /// What other programs wrote in the record, if the whole record was requested.
    #[serde(flatten)]
    pub other: Other,
}

/// A comment on an issue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    /// The id of the record; empty if another program gave it none.
    pub id: Text,
    /// The member who wrote it, as the record says.
    pub author_id: Text,
    /// Its text; still here after a deletion, until the tombstone is pruned.
    pub content: Text,
    /// Unix seconds; 0 if unknown.
    pub created_at: i64,
    /// When it was last edited, in Unix seconds.
    pub updated_at: i64,
    /// Whether it was deleted: then it is a tombstone.
    pub deleted: bool,
    /// When, in Unix seconds; 0 if it is not deleted.
    pub deleted_at: i64,
    /// Who has acknowledged the deletion: member → Unix seconds.
    pub ack_vector: Value,
}

/// Which issues are listed, and in which order; by default the open ones, the oldest first.
#[derive(Debug, Clone, Default)]
pub struct IssueFilter {
    /// Only those with this status.
    pub status: Option<Status>,
    /// Only those of this member: an id, or a unique prefix of one of the assignees. An empty text means no
    /// assignee.
    pub assignee: Option<String>,
    /// Only those of this priority.
    pub priority: Option<Priority>,
    /// Includes closed ones, and deleted comments.
    pub closed: bool,
    /// The sort order.
    pub sort: IssueOrder,
    /// Reverses the order.
    pub reverse: bool,
}

/// The primary sort order of issues; ties are sorted by age.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum IssueOrder {
    /// The oldest first.
    #[default]
    Created,
    /// The least recently changed first.
    Updated,
    /// The most urgent first.
    Priority,
    /// In workflow order.
    Status,
    /// By title, ignoring case.
    Title,
}

/// Returns the issues of an entity; empty if there are none yet.
///
/// # Errors
/// `Ambiguous` or `Usage` for a prefix of an assignee; `Corrupt` if the document is damaged.
pub fn list(reader: &Reader, entity: &EntityId, filter: &IssueFilter) -> Result<Vec<Issue>> {
    steady(reader, || {
        let Some(view) = view(reader, entity, &SPEC)? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let mut written = BTreeMap::new();
        let shelf = Shelf::of(reader, entity.document(SPEC.name), &view);
        let shelved = match filter.closed {
            true => shelf.page(&ArchivePage::default()),
            false => shelf.opened(),
        };
        for archived in shelved {
            let Some(record) = shelf.fields(&archived) else { continue };
            let issue: Issue = record::brief(&ISSUES, &record, archived.path.last())?;
            if filter.closed || !issue.closed {
                written.insert(issue.id.clone(), archived.written);
                let comments = comments_of(&record, filter.closed)?;
                found.push(Issue { comments, in_archive: true, ..issue });
            }
        }
        for path in ISSUES.records(&view) {
            if filter.closed || !ISSUES.is_deleted(&view, &path) {
                let record = ISSUES.record(&view, &path.steps());
                let issue: Issue = record::brief(&ISSUES, &record, path.last())?;
                found.push(Issue { comments: comments_of(&record, filter.closed)?, ..issue });
            }
        }
        if let Some(status) = filter.status {
            found.retain(|issue| issue.status == status.as_str());
        }
        if let Some(wanted) = &filter.assignee {
            let member = assignee(wanted, found.iter().map(|issue| issue.assignee_id.as_str()))?;
            found.retain(|issue| issue.assignee_id == *member);
        }
        if let Some(priority) = filter.priority {
            found.retain(|issue| issue.priority == priority.as_str());
        }
        // Ties within a second keep the order of writing, which is the same on every replica.
        found.sort_by_cached_key(|issue| {
            let archived = || written.get(&issue.id).copied();
            let written = view.item(&["issues", &issue.id]).or_else(archived);
            (filter.sort.key(issue), issue.created_at, written, issue.id.clone())
        });
        if filter.reverse {
            found.reverse();
        }
        Ok(found)
    })
}

/// Returns the issue with this id or unique prefix, closed ones included, with every field of its record.
/// Deleted comments only with `all`.
///
/// # Errors
/// `NotFound` or `Ambiguous`; `Usage` for a prefix that is too short.
pub fn find(reader: &Reader, entity: &EntityId, prefix: &str, all: bool) -> Result<Issue> {
    steady(reader, || {
        let found = look(reader, entity, &SPEC, |source| {
            let shelf = Shelf::of(reader, entity.document(SPEC.name), source);
            let live = issues::find(source, prefix).map(|id| DocPath::from(["issues", &id]));
            match shelf.find(live, prefix, ISSUES.noun)? {
                Place::Document(path) => {
                    let issue: Issue = record::whole(&ISSUES, source, &path)?;
                    let record = ISSUES.record(source, &path.steps());
                    Ok(Issue { comments: comments_of(&record, all)?, ..issue })
                }
                Place::Archived(archived) => {
                    let record = archived.fields()?;
                    let issue: Issue =
                        record::typed(ISSUES.whole_row(&record, archived.path.last()))?;
                    Ok(Issue { comments: comments_of(&record, all)?, in_archive: true, ..issue })
                }
            }
        });
        found?.ok_or_else(|| Error::not_found(format!("no issue {prefix:?}")))
    })
}

/// Returns the comments in the record of an issue, the oldest first; deleted ones only with `all`.
fn comments_of(record: &Record, all: bool) -> Result<Vec<Comment>> {
    let comments = record.get("comments").and_then(Held::as_array).unwrap_or(&[]).iter();
    let mut comments = comments
        .filter_map(Held::as_map)
        .map(|comment| record::brief(&COMMENTS, comment, None))
        .collect::<Result<Vec<Comment>>>()?;
    comments.retain(|comment| all || !comment.deleted);
    // The sort is stable: comments of one second stay in the order of the list.
    comments.sort_by_key(|comment| comment.created_at);
    Ok(comments)
}

/// Returns the one assignee with this prefix. A full id may have nothing assigned, and an empty text means no
/// assignee.
///
/// # Errors
/// As [`occurring`].
pub(super) fn assignee<'a>(
    wanted: &str,
    assignees: impl Iterator<Item = &'a str>,
) -> Result<String> {
    match wanted {
        "" => Ok(String::new()),
        wanted => occurring(wanted, assignees.filter(|member| !member.is_empty()), "member"),
    }
}

impl IssueOrder {
    /// Returns the primary sort key of an issue. Unknown words come last.
    fn key(self, issue: &Issue) -> (i64, String) {
        let place = |found: Option<usize>| found.map_or(i64::MAX, |at| at as i64);
        match self {
            IssueOrder::Created => (issue.created_at, String::new()),
            IssueOrder::Updated => {
                let clocks = [
                    issue.updated_at,
                    issue.status_updated_at,
                    issue.priority_updated_at,
                    issue.assignee_updated_at,
                    issue.closed_at,
                ];
                let said = issue.comments.iter().map(|comment| comment.updated_at);
                (clocks.into_iter().chain(said).max().unwrap_or(0), String::new())
            }
            IssueOrder::Priority => {
                let priority = Priority::parse(&issue.priority).ok();
                (place(Priority::ALL.iter().position(|one| Some(*one) == priority)), String::new())
            }
            IssueOrder::Status => {
                let status = Status::parse(&issue.status).ok();
                (place(Status::ALL.iter().position(|one| Some(*one) == status)), String::new())
            }
            IssueOrder::Title => (0, issue.title.to_lowercase()),
        }
    }
}
