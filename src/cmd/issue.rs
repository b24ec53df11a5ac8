mod export;

use super::export::PageArgs;
use super::{Context, DryRun, EditOption, OtherAs, colors, files, resolve, words_of};
use crate::concern::Priority;
use crate::concern::issues::{self, Status};
use crate::error::{Next, Result};
use crate::operation::Operation;
use crate::query::issue as query;
use crate::ui::{Column, Report, Section, row, rows};
use clap::{Subcommand, ValueEnum};

/// Open, edit, comment on, close and list the issues of an entity
#[derive(clap::Args)]
pub struct IssueArgs {
    #[command(subcommand)]
    verb: IssueVerb,
}

#[derive(Subcommand)]
enum IssueVerb {
    /// Open an issue; prints its id
    #[command(after_help = "Examples:
  crdtctl issue open 'The crane squeaks'
  id=$(crdtctl issue open 'Leak in the hull' --priority urgent --description - < report.txt)")]
    Open {
        /// Its title
        title: String,
        /// Its description; `-` reads it from stdin
        #[arg(long)]
        description: Option<String>,
        #[command(flatten)]
        edit: EditOption,
        /// Its priority
        #[arg(long, default_value = "medium", value_parser = words_of(&Priority::ALL, Priority::as_str))]
        priority: Priority,
        /// The member it is assigned to, by id or a unique prefix
        #[arg(long, value_name = "MEMBER", default_value = "", hide_default_value = true)]
        assignee: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Change the title or the description of an issue
    #[command(after_help = "Examples:
  crdtctl issue edit 9c1e --title 'The big crane squeaks'
  crdtctl issue edit 9c1e --description - < report.txt
  EDITOR='sed -i s/crane/winch/' crdtctl issue edit 9c1e --edit --description 'The crane'")]
    Edit {
        /// The issue's id, or a unique prefix of it
        issue: String,
        #[command(flatten)]
        changes: IssueChanges,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Set the status of an issue; it stays open until it is closed
    #[command(after_help = "Example:\n  crdtctl issue status 9c1e in-progress")]
    Status {
        /// The issue's id, or a unique prefix of it
        issue: String,
        /// The new status
        #[arg(value_parser = words_of(&Status::ALL, Status::as_str))]
        status: Status,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Set the priority of an issue
    #[command(after_help = "Example:\n  crdtctl issue priority 9c1e urgent")]
    Priority {
        /// The issue's id, or a unique prefix of it
        issue: String,
        /// Its priority
        #[arg(value_parser = words_of(&Priority::ALL, Priority::as_str))]
        priority: Priority,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Assign an issue to a member
    #[command(after_help = "Examples:
  crdtctl issue assign 9c1e bob-
  crdtctl issue assign 9c1e --none")]
    Assign {
        /// The issue's id, or a unique prefix of it
        issue: String,
        /// The member it is assigned to, by id or a unique prefix
        #[arg(value_name = "MEMBER", required_unless_present = "none")]
        assignee: Option<String>,
        /// Assign it to nobody
        #[arg(long, conflicts_with = "assignee")]
        none: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Comment on an issue, and print the comment's id; or change or delete a comment
    ///
    /// You can edit or delete only your own comments; admins and owners can delete anybody's.
    #[command(after_help = "Examples:
  crdtctl issue comment 9c1e 'Oil does not help'
  git log -1 --format=%B | crdtctl issue comment 9c1e -
  crdtctl issue comment 9c1e 'Oil helps a little' --edit 77ab
  crdtctl issue comment 9c1e --delete 77ab")]
    Comment {
        /// The issue's id, or a unique prefix of it
        issue: String,
        /// The text; read from stdin if it is `-`, or left out in a pipe; on a terminal, an editor opens
        text: Option<String>,
        /// Change this comment: its id, or a unique prefix of it
        #[arg(long, value_name = "COMMENT")]
        edit: Option<String>,
        /// Delete this comment: its id, or a unique prefix of it
        #[arg(long, value_name = "COMMENT", conflicts_with_all = ["text", "edit"])]
        delete: Option<String>,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List the comments on an issue, oldest first
    #[command(after_help = "Examples:
  crdtctl issue comments 9c1e
  crdtctl issue comments 9c1e --json | jq -r '.[].content'")]
    Comments {
        /// The issue's id, or a unique prefix of it
        issue: String,
        /// Include deleted comments
        #[arg(short, long)]
        all: bool,
    },
    /// Close an issue
    ///
    /// It stays in the document, and `issue reopen` opens it again.
    #[command(after_help = "Examples:
  crdtctl issue close 9c1e
  crdtctl issue close 9c1e --as canceled")]
    Close {
        /// The issue's id, or a unique prefix of it
        issue: String,
        /// How it ended; by default done, unless its status says otherwise
        #[arg(long = "as", value_name = "END", value_parser = words_of(&Status::ENDS, Status::as_str))]
        end: Option<Status>,
        #[command(flatten)]
        member: OtherAs,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Open a closed issue again, as todo
    #[command(after_help = "Example:\n  crdtctl issue reopen 9c1e")]
    Reopen {
        /// The issue's id, or a unique prefix of it
        issue: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List the issues, oldest first unless sorted otherwise
    #[command(after_help = "Examples:
  crdtctl issue list --assignee bob- --status in-progress
  crdtctl issue list --sort priority --fields id,title,priority
  crdtctl issue list --template '- [{{ status }}] {{ title }}{% if assignee_id %} ({{ assignee_id }}){% endif %}'
  crdtctl issue list --all --sort updated --reverse --json | jq -r '.[0].title'")]
    List {
        #[command(flatten)]
        filter: IssueFilterArgs,
        /// Include closed issues and deleted comments
        #[arg(short, long)]
        all: bool,
        /// The order
        #[arg(long, default_value = "created")]
        sort: Sort,
        /// Reverse the order
        #[arg(long)]
        reverse: bool,
    },
    /// Write the issues to a file: Markdown, HTML, CSV or NDJSON
    ///
    /// Includes their comments; CSV only counts them.
    #[command(after_help = "Examples:
  crdtctl issue export -O issues.html
  crdtctl issue export --all --as ndjson > issues.ndjson")]
    Export {
        #[command(flatten)]
        filter: IssueFilterArgs,
        /// Include closed issues and deleted comments
        #[arg(short, long)]
        all: bool,
        #[command(flatten)]
        args: PageArgs,
    },
    /// Show one issue with its comments and every field of its record
    #[command(after_help = "Examples:
  crdtctl issue show 9c1e
  crdtctl issue show 9c1e --all --json")]
    Show {
        /// The issue's id, or a unique prefix of it
        issue: String,
        /// Include deleted comments
        #[arg(short, long)]
        all: bool,
    },
}

#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct IssueChanges {
    /// The new title
    #[arg(long)]
    title: Option<String>,
    /// The new description; `-` reads it from stdin
    #[arg(long)]
    description: Option<String>,
    /// Write the description in an editor: $VISUAL, else $EDITOR, else vi
    #[arg(long)]
    edit: bool,
}

#[derive(clap::Args)]
struct IssueFilterArgs {
    /// Only those with this status
    #[arg(long, value_parser = words_of(&Status::ALL, Status::as_str))]
    status: Option<Status>,
    /// Only those of this member, by id or a unique prefix; empty for nobody
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// Only those of this priority
    #[arg(long, value_parser = words_of(&Priority::ALL, Priority::as_str))]
    priority: Option<Priority>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Sort {
    /// Oldest first
    Created,
    /// Least recently changed first
    Updated,
    /// Most urgent first
    Priority,
    /// In workflow order
    Status,
    /// By title
    Title,
}

impl From<Sort> for query::IssueOrder {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Created => query::IssueOrder::Created,
            Sort::Updated => query::IssueOrder::Updated,
            Sort::Priority => query::IssueOrder::Priority,
            Sort::Status => query::IssueOrder::Status,
            Sort::Title => query::IssueOrder::Title,
        }
    }
}

const COLUMNS: &[Column] = &[
    Column::id("id", "id"),
    Column::word("status", "status", colors::STATUS),
    Column::word("priority", "priority", colors::PRIORITY),
    Column::prose("title", "title"),
    Column::text("assignee_id", "assignee").filled(),
    Column::time("created_at", "opened").wide(),
    Column::text("reporter_id", "by").wide(),
    Column::flag("closed", "closed").filled(),
    Column::flag("in_archive", "archived").asked(),
    Column::prose("description", "description").asked(),
    Column::number("comments", "comments").asked(),
    Column::time("updated_at", "updated").asked(),
    Column::time("status_updated_at", "status changed").asked(),
    Column::time("priority_updated_at", "priority changed").asked(),
    Column::time("assignee_updated_at", "assignee changed").asked(),
    Column::time("closed_at", "closed at").asked(),
    Column::text("ack_vector", "acknowledged by").asked(),
];

const SHOW: &[Column] = &[
    Column::text("id", "id"),
    Column::text("title", "title"),
    Column::word("status", "status", colors::STATUS),
    Column::word("priority", "priority", colors::PRIORITY),
    Column::text("assignee_id", "assignee"),
    Column::text("reporter_id", "opened by"),
    Column::time("created_at", "opened"),
    Column::time("updated_at", "updated"),
    Column::time("status_updated_at", "status since"),
    Column::time("priority_updated_at", "priority since"),
    Column::time("assignee_updated_at", "assigned"),
    Column::flag("closed", "closed"),
    Column::time("closed_at", "closed at"),
    Column::prose("description", "description"),
];

const COMMENT: &[Column] = &[
    Column::id("id", "id"),
    Column::time("created_at", "written"),
    Column::text("author_id", "author"),
    Column::prose("content", "comment"),
    Column::time("updated_at", "updated").data(),
    Column::flag("deleted", "deleted").filled(),
    Column::time("deleted_at", "deleted at").asked(),
    Column::text("ack_vector", "acknowledged by").asked(),
];

const SECTIONS: &[Section] = &[Section { key: "comments", title: "comments", columns: COMMENT }];

pub fn run(context: &Context, args: IssueArgs) -> Result<Report> {
    match args.verb {
        IssueVerb::Open { title, description, edit, priority, assignee, .. } => {
            let entity = context.entity()?;
            let title = files::text(&title)?;
            let nothing = || Ok(String::new());
            let open = |description| {
                Operation::IssueOpen(issues::OpenIssue {
                    entity: entity.clone(),
                    title: title.clone(),
                    description,
                    priority,
                    assignee: assignee.clone(),
                    created_at: None,
                    author: None,
                })
            };
            let said = context.describe(description.as_deref(), edit.edit, nothing, &open)?;
            context.say(said, &open)
        }
        IssueVerb::Edit { issue, changes, .. } => {
            let entity = context.entity()?;
            let IssueChanges { title, description, edit: in_editor } = changes;
            let title = title.map(|title| files::text(&title)).transpose()?;
            let before = || Ok(found(context, &issue, false)?.description.to_string());
            let is_described = in_editor || description.is_some();
            let edit = |text| {
                Operation::IssueEdit(issues::EditIssue {
                    entity: entity.clone(),
                    issue: issue.clone(),
                    title: title.clone(),
                    description: is_described.then_some(text),
                })
            };
            let said = context.describe(description.as_deref(), in_editor, before, &edit)?;
            context.say(said, &edit)
        }
        IssueVerb::Status { issue, status, .. } => {
            let entity = context.entity()?;
            let change = issues::SetStatus { entity, issue, status };
            context.perform(&Operation::IssueStatus(change))
        }
        IssueVerb::Priority { issue, priority, .. } => {
            let entity = context.entity()?;
            let change = issues::SetPriority { entity, issue, priority };
            context.perform(&Operation::IssuePriority(change))
        }
        IssueVerb::Assign { issue, assignee, .. } => {
            let entity = context.entity()?;
            let assign = issues::Assign { entity, issue, assignee: assignee.unwrap_or_default() };
            context.perform(&Operation::IssueAssign(assign))
        }
        IssueVerb::Comment { issue, text, edit, delete, .. } => {
            comment(context, issue, text.as_deref(), edit, delete)
        }
        IssueVerb::Comments { issue, all } => comments(context, &issue, all),
        IssueVerb::Close { issue, end, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::IssueClose(issues::Close { entity, issue, end }))
        }
        IssueVerb::Reopen { issue, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::IssueReopen(issues::Reopen { entity, issue }))
        }
        IssueVerb::List { filter, all, sort, reverse } => {
            let IssueFilterArgs { status, assignee, priority } = filter;
            let sort = sort.into();
            list(
                context,
                &query::IssueFilter { status, assignee, priority, closed: all, sort, reverse },
            )
        }
        IssueVerb::Export { filter, all, args } => {
            let IssueFilterArgs { status, assignee, priority } = filter;
            let filter = query::IssueFilter {
                status,
                assignee,
                priority,
                closed: all,
                ..query::IssueFilter::default()
            };
            export::run(context, &filter, &args, records)
        }
        IssueVerb::Show { issue, all } => show(context, &issue, all),
    }
}

fn comment(
    context: &Context,
    issue: String,
    text: Option<&str>,
    edit: Option<String>,
    delete: Option<String>,
) -> Result<Report> {
    if let Some(comment) = delete {
        let entity = context.entity()?;
        let delete = issues::DeleteComment { entity, issue, comment };
        return context.perform(&Operation::CommentDelete(delete));
    }
    let entity = context.entity()?;
    let before = || match &edit {
        Some(comment) => written(context, &issue, comment),
        None => Ok(String::new()),
    };
    let comment = |text| {
        let (entity, issue) = (entity.clone(), issue.clone());
        match edit.clone() {
            Some(comment) => {
                Operation::CommentEdit(issues::EditComment { entity, issue, comment, text })
            }
            None => {
                let (created_at, author) = (None, None);
                let comment = issues::AddComment { entity, issue, text, created_at, author };
                Operation::IssueComment(comment)
            }
        }
    };
    let said = context.compose(text, false, None, before, &comment)?;
    context.say(said, &comment)
}

/// Returns the text of a comment for its author to edit; empty if no comment matches, which the
/// operation then reports.
fn written(context: &Context, issue: &str, prefix: &str) -> Result<String> {
    let comments = found(context, issue, false)?.comments;
    let mut meant = comments.iter().filter(|comment| comment.id.to_string().starts_with(prefix));
    Ok(meant.next().map(|comment| comment.content.to_string()).unwrap_or_default())
}

/// Returns the issue with this id or unique prefix.
fn found(context: &Context, prefix: &str, all: bool) -> Result<query::Issue> {
    let entity = context.entity()?;
    query::find(&context.reader()?, &entity, prefix, all)
        .map_err(|error| resolve::hinted(error, Next::OpenIssue.and(" opens one")))
}

fn comments(context: &Context, prefix: &str, all: bool) -> Result<Report> {
    let comments = rows(&found(context, prefix, all)?.comments)?;
    Ok(Report::list(comments, COMMENT, Some("id"), "no comments"))
}

fn list(context: &Context, filter: &query::IssueFilter) -> Result<Report> {
    let entity = context.entity()?;
    let reader = context.reader()?;
    let issues = query::list(&reader, &entity, filter)?;
    context.note_stranger(&reader, &entity, filter.assignee.as_deref(), issues.len());
    if let (true, Some(status)) = (issues.is_empty() && !filter.closed, filter.status) {
        let all = query::IssueFilter { closed: true, ..filter.clone() };
        if !query::list(&reader, &entity, &all)?.is_empty() {
            let status = status.as_str();
            context.note(format!(
                "those that are {status} are closed: `crdtctl issue list --status {status} --all`"
            ));
        }
    }
    records(&issues)
}

fn records(issues: &[query::Issue]) -> Result<Report> {
    Ok(Report::list(rows(issues)?, COLUMNS, Some("id"), "no issues"))
}

fn show(context: &Context, prefix: &str, all: bool) -> Result<Report> {
    let issue = found(context, prefix, all)?;
    Ok(Report::object(row(&issue)?, SHOW, Some("id")).sections(SECTIONS))
}
