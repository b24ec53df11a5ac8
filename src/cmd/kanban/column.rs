use super::super::{Context, DryRun, files};
use crate::concern::kanban::{AddColumn, MoveColumn, RemoveColumn, RenameColumn};
use crate::error::Result;
use crate::operation::Operation;
use crate::ui::Report;
use clap::Subcommand;

#[derive(clap::Args)]
pub struct ColumnArgs {
    #[command(subcommand)]
    verb: ColumnVerb,
}

#[derive(Subcommand)]
enum ColumnVerb {
    /// Add a column after the others; prints its id
    ///
    /// If a column with this title exists already, its id is printed and nothing is changed.
    #[command(after_help = "Example:\n  review=$(crdtctl kanban column add Review)")]
    Add {
        /// The title of the column
        title: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Give a column another title
    #[command(after_help = "Example:\n  crdtctl kanban column rename Backlog Ideas")]
    Rename {
        /// The column: its id, a unique prefix of it, or its title
        column: String,
        /// The new title
        title: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Move a column to another place on the board; to the end if no place is given
    #[command(after_help = "Examples:
  crdtctl kanban column move Review --before Done
  crdtctl kanban column move Ideas --first")]
    Move {
        /// The column: its id, a unique prefix of it, or its title
        column: String,
        /// Put it before this one
        #[arg(long, value_name = "COLUMN", conflicts_with = "first")]
        before: Option<String>,
        /// Put it before all others
        #[arg(long)]
        first: bool,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Remove a column; one that has cards needs --to
    ///
    /// Archived cards that came from it go to the first column when they are restored.
    #[command(after_help = "Examples:
  crdtctl kanban column remove Review
  crdtctl kanban column remove Ideas --to 'In Progress'")]
    Remove {
        /// The column: its id, a unique prefix of it, or its title
        column: String,
        /// The column that its cards go to
        #[arg(long, value_name = "COLUMN")]
        to: Option<String>,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

pub fn run(context: &Context, args: ColumnArgs) -> Result<Report> {
    match args.verb {
        ColumnVerb::Add { title, .. } => {
            let title = files::text(&title)?;
            let entity = context.entity()?;
            context.perform(&Operation::ColumnAdd(AddColumn { entity, title }))
        }
        ColumnVerb::Rename { column, title, .. } => {
            let title = files::text(&title)?;
            let entity = context.entity()?;
            let rename = RenameColumn { entity, column, title };
            context.perform(&Operation::ColumnRename(rename))
        }
        ColumnVerb::Move { column, before, first, .. } => {
            let entity = context.entity()?;
            let change = MoveColumn { entity, column, before, first };
            context.perform(&Operation::ColumnMove(change))
        }
        ColumnVerb::Remove { column, to, .. } => {
            let entity = context.entity()?;
            let remove = RemoveColumn { entity, column, to };
            context.perform(&Operation::ColumnRemove(remove))
        }
    }
}
