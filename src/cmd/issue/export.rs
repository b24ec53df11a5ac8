//! Issues as a file, with their comments.

use crate::cmd::Context;
use crate::cmd::export::{self, PageArgs};
use crate::error::Result;
use crate::query::issue::{self as query, Comment, Issue, IssueFilter};
use crate::ui::{PageEntry, Report};

pub fn run(
    context: &Context,
    filter: &IssueFilter,
    args: &PageArgs,
    list: impl FnOnce(&[Issue]) -> Result<Report>,
) -> Result<Report> {
    let entity = context.entity()?;
    let reader = context.reader()?;
    let issues = query::list(&reader, &entity, filter)?;
    context.note_stranger(&reader, &entity, filter.assignee.as_deref(), issues.len());
    let page = || {
        let mut page = export::page(context, &reader, &entity, "issues")?;
        page.entries = issues.iter().map(|issue| issue_entry(context, issue)).collect();
        Ok(page)
    };
    export::deliver(context, args, &format!("the issues of {entity}"), page, || list(&issues))
}

fn issue_entry(context: &Context, issue: &Issue) -> PageEntry {
    let comments = issue.comments.iter().map(|comment| comment_entry(context, comment));
    PageEntry {
        heading: issue.title.to_string(),
        facts: vec![
            ("status", issue.status.to_string()),
            ("priority", issue.priority.to_string()),
            ("assignee", issue.assignee_id.to_string()),
            ("opened by", issue.reporter_id.to_string()),
            ("opened", export::time(context, issue.created_at)),
            ("closed", export::time(context, issue.closed_at)),
        ],
        text: issue.description.to_string(),
        inside: comments.collect(),
    }
}

fn comment_entry(context: &Context, comment: &Comment) -> PageEntry {
    let written = export::time(context, comment.created_at);
    let mark = if comment.deleted { "deleted".to_owned() } else { String::new() };
    PageEntry {
        heading: format!("{} · {written}", comment.author_id),
        facts: vec![("", mark)],
        text: comment.content.to_string(),
        inside: Vec::new(),
    }
}
