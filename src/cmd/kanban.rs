mod column;

use super::{Context, DryRun, files, resolve, words_of};
use crate::concern::Priority;
use crate::concern::kanban::{self, Board, CARDS, SPEC};
use crate::crdt::view::View;
use crate::error::{Error, Result};
use crate::operation::Operation;
use crate::ui::{self, Column, Report, Row};
use clap::Subcommand;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The kanban board of an entity: its columns, and the cards in them
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show the board: its columns side by side, as wide as the terminal
    ///
    /// In a pipe one card per line. With --json one object per column, its cards below `cards`;
    /// cards whose column is gone come last, in a column without an id.
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
        /// What the card says
        title: String,
        /// Its column: an id, a unique prefix of one, or a title; the first one when not given
        #[arg(long)]
        column: Option<String>,
        /// More about it; `-` reads it from stdin
        #[arg(long, default_value = "", hide_default_value = true)]
        description: String,
        /// Who does it; a unique prefix will do
        #[arg(long, value_name = "MEMBER", default_value = "", hide_default_value = true)]
        assignee: String,
        /// How urgent it is
        #[arg(long, default_value = "medium", value_parser = words_of(&Priority::ALL, Priority::as_str))]
        priority: Priority,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Change what stands on a card
    #[command(after_help = "Examples:
  crdtctl kanban edit 3f2a --title 'Paint the lighthouse red' --priority high
  crdtctl kanban edit 3f2a --assignee ''        # nobody")]
    Edit {
        /// The card's id, or a unique prefix of it
        card: String,
        #[command(flatten)]
        changes: Changes,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Move a card to another column, or to another place in its own
    ///
    /// It comes last in another column, and stays where it is in its own, unless --top or --before
    /// say where it stands.
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
        /// Put it before all others
        #[arg(long)]
        top: bool,
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
    /// Put an archived card back, at the end of its column; of the first where that is gone
    #[command(after_help = "Example:\n  crdtctl kanban restore 3f2a")]
    Restore {
        /// The card's id, or a unique prefix of it
        card: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List the cards, in the order of the board
    #[command(after_help = "Examples:
  crdtctl kanban list --column Backlog
  crdtctl kanban list --assignee bob- --priority urgent -o id
  crdtctl kanban list --all --json | jq '.[] | select(.archived) | .title'")]
    List {
        /// Only the cards of this column: its id, a unique prefix of it, or its title
        #[arg(long)]
        column: Option<String>,
        /// Only those of this member; a unique prefix will do, an empty text is nobody
        #[arg(long, value_name = "MEMBER")]
        assignee: Option<String>,
        /// Only those of this priority
        #[arg(long, value_parser = words_of(&Priority::ALL, Priority::as_str))]
        priority: Option<Priority>,
        /// Archived cards too
        #[arg(short, long)]
        all: bool,
    },
    /// Show one card, with every field of its record
    #[command(after_help = "Example:\n  crdtctl kanban show 3f2a")]
    Show {
        /// The card's id, or a unique prefix of it
        card: String,
    },
    /// Add, rename, move and remove columns
    Column(column::Args),
}

#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// What the card says
    #[arg(long)]
    title: Option<String>,
    /// More about it; `-` reads it from stdin
    #[arg(long)]
    description: Option<String>,
    /// Who does it; a unique prefix will do, an empty text is nobody
    #[arg(long, value_name = "MEMBER")]
    assignee: Option<String>,
    /// How urgent it is
    #[arg(long, value_parser = words_of(&Priority::ALL, Priority::as_str))]
    priority: Option<Priority>,
}

const COLUMNS: &[Column] = &[
    Column::id("id", "id"),
    Column::text("column", "column"),
    Column::text("title", "title"),
    Column::text("priority", "priority"),
    Column::text("assignee_id", "assignee"),
    Column::time("updated_at", "updated").wide(),
    Column::flag("archived", "archived").wide(),
    Column::id("column_id", "column id").data(),
];

/// What the board shows of a card.
const FACE: &[Column] = &[
    Column::text("title", "title"),
    Column::text("priority", "priority"),
    Column::text("assignee_id", "assignee"),
    Column::id("id", "id"),
];

const SHOW: &[Column] = &[
    Column::text("id", "id"),
    Column::text("title", "title"),
    Column::text("column", "column"),
    Column::text("column_id", "column id"),
    Column::text("priority", "priority"),
    Column::text("assignee_id", "assignee"),
    Column::time("created_at", "created"),
    Column::time("updated_at", "updated"),
    Column::flag("archived", "archived"),
    Column::time("archived_at", "archived at"),
    Column::prose("description", "description"),
];

pub fn run(context: &Context, args: Args) -> Result<Report> {
    match args.verb {
        Verb::Board => board(context),
        Verb::Add { title, column, description, assignee, priority, .. } => {
            let (title, description) = (files::text(&title)?, files::text(&description)?);
            let entity = context.entity()?;
            let add = kanban::Add { entity, title, description, column, assignee, priority };
            context.perform(&Operation::KanbanAdd(add))
        }
        Verb::Edit { card, changes, .. } => {
            let changes = changes.read()?;
            let entity = context.entity()?;
            context.perform(&Operation::KanbanEdit(kanban::Edit { entity, card, changes }))
        }
        Verb::Move { card, column, before, top, .. } => {
            let entity = context.entity()?;
            let change = kanban::Move { entity, card, column, before, top };
            context.perform(&Operation::KanbanMove(change))
        }
        Verb::Archive { card, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::KanbanArchive(kanban::Archive { entity, card }))
        }
        Verb::Restore { card, .. } => {
            let entity = context.entity()?;
            context.perform(&Operation::KanbanRestore(kanban::Restore { entity, card }))
        }
        Verb::List { column, assignee, priority, all } => {
            let filter = Filter { column, assignee, priority };
            list(context, &filter, all)
        }
        Verb::Show { card } => show(context, &card),
        Verb::Column(args) => column::run(context, args),
    }
}

impl Changes {
    fn read(self) -> Result<kanban::Changes> {
        let text = |text: Option<String>| text.map(|text| files::text(&text)).transpose();
        Ok(kanban::Changes {
            title: text(self.title)?,
            description: text(self.description)?,
            assignee: self.assignee,
            priority: self.priority,
        })
    }
}

/// The board's document; None where there is none yet.
fn view(context: &Context) -> Result<Option<View>> {
    let doc = context.entity()?.document(SPEC.name);
    context.reader()?.view(&doc)
}

fn board(context: &Context) -> Result<Report> {
    let lanes = view(context)?.map_or_else(Vec::new, |view| lanes(&view));
    Ok(Report::board(ui::Board {
        lanes,
        heading: "title",
        cards: "cards",
        columns: COLUMNS,
        face: FACE,
        id: "id",
        empty: "no columns; `crdtctl kanban add` starts a board",
    }))
}

/// The columns with their cards; cards without a column in one of their own.
fn lanes(view: &View) -> Vec<Row> {
    let board = Board::of(view);
    let titles = titles(&board);
    let rows = |cards: &[String]| -> Vec<Row> {
        cards.iter().map(|card| row(view, &titles, card)).collect()
    };
    let lane = |id: Value, title: &str, order: Value, cards: &[String]| {
        let fields = [("id", id), ("title", json!(title)), ("order", order)];
        let fields = fields.into_iter().chain([("cards", json!(rows(cards)))]);
        fields.map(|(name, value)| (name.to_owned(), value)).collect::<Row>()
    };
    let columns = board.columns.iter();
    let mut lanes: Vec<Row> = columns
        .map(|column| lane(json!(column.id), &column.title, json!(column.order), &column.cards))
        .collect();
    if !board.unfiled.is_empty() {
        lanes.push(lane(Value::Null, "unfiled", Value::Null, &board.unfiled));
    }
    lanes
}

/// Column id → its title.
fn titles(board: &Board) -> BTreeMap<String, String> {
    // Of two columns with one id the first in the document is meant.
    let columns = board.columns.iter().filter_map(|column| board.column(&column.id));
    columns.map(|column| (column.id.clone(), column.title.clone())).collect()
}

/// A card as a row, with the title of its column.
fn row(view: &View, titles: &BTreeMap<String, String>, card: &str) -> Row {
    let record = CARDS.record(view, &["cards", card]);
    titled(CARDS.row(&record, Some(&card.to_owned())), titles)
}

fn titled(mut row: Row, titles: &BTreeMap<String, String>) -> Row {
    let title = row.get("column_id").and_then(Value::as_str).and_then(|id| titles.get(id));
    row.insert("column".to_owned(), json!(title));
    row
}

/// Which cards are listed.
struct Filter {
    column: Option<String>,
    assignee: Option<String>,
    priority: Option<Priority>,
}

fn list(context: &Context, filter: &Filter, all: bool) -> Result<Report> {
    let Some(view) = view(context)? else {
        return Ok(Report::list(Vec::new(), COLUMNS, Some("id"), "no cards"));
    };
    let board = Board::of(&view);
    let titles = titles(&board);
    let on_it = board.columns.iter().flat_map(|column| &column.cards).chain(&board.unfiled);
    let archived = board.archived.iter().filter(|_| all);
    let mut rows: Vec<Row> = on_it.chain(archived).map(|card| row(&view, &titles, card)).collect();
    let text = |row: &Row, key: &str| row.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    if let Some(column) = &filter.column {
        let id = kanban::find_column(&view, column)?.id;
        rows.retain(|row| text(row, "column_id") == id);
    }
    if let Some(prefix) = &filter.assignee {
        let member = resolve::occurring(prefix, rows.iter().map(|row| text(row, "assignee_id")))?;
        rows.retain(|row| text(row, "assignee_id") == member);
    }
    if let Some(priority) = filter.priority {
        rows.retain(|row| text(row, "priority") == priority.as_str());
    }
    Ok(Report::list(rows, COLUMNS, Some("id"), "no cards"))
}

fn show(context: &Context, prefix: &str) -> Result<Report> {
    let Some(view) = view(context)? else {
        return Err(Error::not_found(format!("no card {prefix:?}"))
            .hint("`crdtctl kanban add TITLE` starts a board"));
    };
    let id = kanban::find(&view, prefix)?;
    let record = CARDS.record(&view, &["cards", &id]);
    let row = CARDS.whole_row(&record, Some(&id));
    Ok(Report::object(titled(row, &titles(&Board::of(&view))), SHOW, Some("id")))
}
