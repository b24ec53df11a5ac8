mod column;
mod export;

use super::export::PageArgs;
use super::{Context, DryRun, EditOption, colors, files, resolve, words_of};
use crate::concern::Priority;
use crate::concern::kanban;
use crate::error::{Next, Result};
use crate::operation::Operation;
use crate::query::board as query;
use crate::ui::{self, Column, Report, row, rows};
use clap::Subcommand;

/// Show and edit the kanban board of an entity: its columns and cards
#[derive(clap::Args)]
pub struct KanbanArgs {
    #[command(subcommand)]
    verb: KanbanVerb,
}

#[derive(Subcommand)]
enum KanbanVerb {
    /// Show the board: its columns side by side, as wide as the terminal
    ///
    /// In a pipe, prints one card per line; with --json, one object per column, with its cards under
    /// `cards`. Cards whose column is gone come last, in a column without an id.
    #[command(after_help = "Examples:
  crdtctl kanban board
  crdtctl kanban board --json | jq '.[] | {title, cards: (.cards | length)}'")]
    Board,
    /// Add a card at the end of a column; prints its id
    #[command(after_help = "Examples:
  crdtctl kanban add 'Paint the lighthouse'
  card=$(crdtctl kanban add 'Fix the crane' --column 'In Progress' --priority urgent)
  crdtctl kanban add 'Sweep the pier' --assignee bob- --description - < notes.txt")]
    Add {
        /// Its title
        title: String,
        /// Its column, by id, unique prefix of an id, or title; by default the first
        #[arg(long)]
        column: Option<String>,
        /// Its description; `-` reads it from stdin
        #[arg(long)]
        description: Option<String>,
        #[command(flatten)]
        edit: EditOption,
        /// The member it is assigned to, by id or a unique prefix
        #[arg(long, value_name = "MEMBER", default_value = "", hide_default_value = true)]
        assignee: String,
        /// Its priority
        #[arg(long, default_value = "medium", value_parser = words_of(&Priority::ALL, Priority::as_str))]
        priority: Priority,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Edit a card
    #[command(after_help = "Examples:
  crdtctl kanban edit 3f2a --title 'Paint the lighthouse red' --priority high
  crdtctl kanban edit 3f2a --assignee ''        # nobody")]
    Edit {
        /// The card's id, or a unique prefix of it
        card: String,
        #[command(flatten)]
        changes: CardArgs,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Move a card to another column, or to another place in its own
    ///
    /// By default a card goes to the end of another column, and stays where it is in its own; --top and
    /// --before set the place.
    #[command(after_help = "Examples:
  crdtctl kanban move 3f2a Done
  crdtctl kanban move 3f2a 'In Progress' --top
  crdtctl kanban move 3f2a Backlog --before 77ab")]
    Move {
        /// The card's id, or a unique prefix of it
        card: String,
        /// The column: its id, a unique prefix of it, or its title
        column: String,
        /// Put it before this card of the column
        #[arg(long, value_name = "CARD", conflicts_with = "top")]
        before: Option<String>,
        /// Put it first in the column
        #[arg(long)]
        top: bool,
        /// Put it last in the column, even if it is already in that column
        #[arg(long, conflicts_with_all = ["before", "top"])]
        bottom: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Take a card off the board
    ///
    /// It stays in the document, and `kanban restore` puts it back.
    #[command(after_help = "Example:\n  crdtctl kanban archive 3f2a")]
    Archive {
        /// The card's id, or a unique prefix of it
        card: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Put an archived card back at the end of its column, or of the first if that is gone
    #[command(after_help = "Example:\n  crdtctl kanban restore 3f2a")]
    Restore {
        /// The card's id, or a unique prefix of it
        card: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List the cards, in board order
    #[command(after_help = "Examples:
  crdtctl kanban list --column Backlog
  crdtctl kanban list --assignee bob- --priority urgent -o id
  crdtctl kanban list --all --json | jq '.[] | select(.archived) | .title'")]
    List {
        /// Only the cards of this column: its id, a unique prefix of it, or its title
        #[arg(long)]
        column: Option<String>,
        /// Only those of this member, by id or a unique prefix; empty for nobody
        #[arg(long, value_name = "MEMBER")]
        assignee: Option<String>,
        /// Only those of this priority
        #[arg(long, value_parser = words_of(&Priority::ALL, Priority::as_str))]
        priority: Option<Priority>,
        /// Include archived cards
        #[arg(short, long)]
        all: bool,
    },
    /// Write the board to a file: Markdown, HTML, CSV or NDJSON
    ///
    /// Lists the columns with their cards, in board order; CSV and NDJSON have one card per line.
    #[command(after_help = "Examples:
  crdtctl kanban export -O board.html
  crdtctl kanban export --all --as csv > cards.csv")]
    Export {
        /// Include archived cards
        #[arg(short, long)]
        all: bool,
        #[command(flatten)]
        args: PageArgs,
    },
    /// Show one card, with every field of its record
    #[command(after_help = "Example:\n  crdtctl kanban show 3f2a")]
    Show {
        /// The card's id, or a unique prefix of it
        card: String,
    },
    /// Add, rename, move and remove columns
    Column(column::ColumnArgs),
}

#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct CardArgs {
    /// The new title
    #[arg(long)]
    title: Option<String>,
    /// The new description; `-` reads it from stdin
    #[arg(long)]
    description: Option<String>,
    /// Write the description in an editor: $VISUAL, else $EDITOR, else vi
    #[arg(long)]
    edit: bool,
    /// The member it is assigned to, by id or a unique prefix; empty for nobody
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// The new priority
    #[arg(long, value_parser = words_of(&Priority::ALL, Priority::as_str))]
    priority: Option<Priority>,
}

const COLUMNS: &[Column] = &[
    Column::id("id", "id"),
    Column::text("column", "column"),
    Column::prose("title", "title"),
    Column::word("priority", "priority", colors::PRIORITY),
    Column::text("assignee_id", "assignee").filled(),
    Column::time("updated_at", "updated").wide(),
    Column::flag("archived", "archived").filled(),
    Column::id("column_id", "column id").data(),
    Column::flag("in_archive", "in the archive").asked(),
    Column::prose("description", "description").asked(),
    Column::time("created_at", "created").asked(),
    Column::time("archived_at", "archived at").asked(),
    Column::text("ack_vector", "acknowledged by").asked(),
];

/// The fields of a card that the board shows.
const FACE: &[Column] = &[
    Column::prose("title", "title"),
    Column::word("priority", "priority", colors::PRIORITY),
    Column::text("assignee_id", "assignee"),
    Column::id("id", "id"),
];

const SHOW: &[Column] = &[
    Column::text("id", "id"),
    Column::text("title", "title"),
    Column::text("column", "column"),
    Column::text("column_id", "column id"),
    Column::word("priority", "priority", colors::PRIORITY),
    Column::text("assignee_id", "assignee"),
    Column::time("created_at", "created"),
    Column::time("updated_at", "updated"),
    Column::flag("archived", "archived"),
    Column::time("archived_at", "archived at"),
    Column::prose("description", "description"),
];

pub fn run(context: &Context, args: KanbanArgs) -> Result<Report> {
    match args.verb {
        KanbanVerb::Board => board(context),
        KanbanVerb::Add { title, column, description, edit, assignee, priority, .. } => {
            let entity = context.entity()?;
            let title = files::text(&title)?;
            let nothing = || Ok(String::new());
            let add = |description| {
                Operation::KanbanAdd(kanban::AddCard {
                    entity: entity.clone(),
                    title: title.clone(),
                    description,
                    column: column.clone(),
                    assignee: assignee.clone(),
                    priority,
                    created_at: None,
                })
            };
            let said = context.describe(description.as_deref(), edit.edit, nothing, &add)?;
            context.say(said, &add)
        }
        KanbanVerb::Edit { card, changes, .. } => {
            let entity = context.entity()?;
            let CardArgs { title, description, edit: in_editor, assignee, priority } = changes;
            let title = title.map(|title| files::text(&title)).transpose()?;
            let before =
                || Ok(query::find(&context.reader()?, &entity, &card)?.description.to_string());
            let is_described = in_editor || description.is_some();
            let edit = |text| {
                let changes = kanban::CardChanges {
                    title: title.clone(),
                    description: is_described.then_some(text),
                    assignee: assignee.clone(),
                    priority,
                };
                let (entity, card) = (entity.clone(), card.clone());
                Operation::KanbanEdit(kanban::EditCard { entity, card, changes })
            };
            let said = context.describe(description.as_deref(), in_editor, before, &edit)?;
            context.say(said, &edit)
        }
        KanbanVerb::Move { card, column, before, top, bottom, .. } => {
            let entity = context.entity()?;
            let change = kanban::MoveCard { entity, card, column, before, top, bottom };
            context.perform(&Operation::KanbanMove(change))
        }
        KanbanVerb::Archive { card, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::KanbanArchive(kanban::Archive { entity, card }))
        }
        KanbanVerb::Restore { card, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::KanbanRestore(kanban::RestoreCard { entity, card }))
        }
        KanbanVerb::List { column, assignee, priority, all } => {
            list(context, &query::CardFilter { column, assignee, priority, archived: all })
        }
        KanbanVerb::Export { all, args } => export::run(context, all, &args, records),
        KanbanVerb::Show { card } => show(context, &card),
        KanbanVerb::Column(args) => column::run(context, args),
    }
}

fn board(context: &Context) -> Result<Report> {
    let entity = context.entity()?;
    let lanes = query::lanes(&context.reader()?, &entity)?;
    Ok(Report::board(ui::BoardTable {
        lanes: rows(&lanes)?,
        heading: "title",
        cards: "cards",
        columns: COLUMNS.into(),
        face: FACE.into(),
        id: "id",
        empty: "no columns; `crdtctl kanban add` starts a board",
    }))
}

fn list(context: &Context, filter: &query::CardFilter) -> Result<Report> {
    let entity = context.entity()?;
    let reader = context.reader()?;
    let cards = query::list(&reader, &entity, filter)?;
    context.note_stranger(&reader, &entity, filter.assignee.as_deref(), cards.len());
    records(&cards)
}

fn records(cards: &[query::Card]) -> Result<Report> {
    Ok(Report::list(rows(cards)?, COLUMNS, Some("id"), "no cards"))
}

fn show(context: &Context, prefix: &str) -> Result<Report> {
    let entity = context.entity()?;
    let card = query::find(&context.reader()?, &entity, prefix)
        .map_err(|error| resolve::hinted(error, Next::AddCard.and(" starts a board")))?;
    Ok(Report::object(row(&card)?, SHOW, Some("id")))
}
