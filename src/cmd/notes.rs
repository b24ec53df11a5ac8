//! The commands of a concern that only tests have: everything that a new one needs.

use super::{Context, DryRun};
use crate::concern::notes::{Add, Delete, Edit, NOTES, SPEC};
use crate::error::Result;
use crate::operation::Operation;
use crate::query::record;
use crate::ui::{Column, Report, Row};
use clap::Subcommand;

/// Write, edit, delete and list notes
#[derive(clap::Args)]
pub struct NotesArgs {
    #[command(subcommand)]
    verb: NotesVerb,
}

#[derive(Subcommand)]
enum NotesVerb {
    /// Write a note
    #[command(after_help = "Example:\n  crdtctl notes add 'to do' --body 'all of it'")]
    Add {
        heading: String,
        #[arg(long, default_value = "")]
        body: String,
        #[arg(long, value_name = "MEMBER", default_value = "")]
        reader: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Give a note another heading
    #[command(after_help = "Example:\n  crdtctl notes edit 3f2a 'done'")]
    Edit {
        note: String,
        heading: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Delete a note
    #[command(after_help = "Example:\n  crdtctl notes delete 3f2a")]
    Delete {
        note: String,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// List the notes
    #[command(after_help = "Example:\n  crdtctl notes list")]
    List {
        /// Deleted ones too
        #[arg(short, long)]
        all: bool,
    },
    /// Show one note
    #[command(after_help = "Example:\n  crdtctl notes show 3f2a")]
    Show { note: String },
}

const COLUMNS: &[Column] = &[
    Column::id("key", "id"),
    Column::text("heading", "heading"),
    Column::text("writer", "by"),
    Column::time("begun", "written"),
];

pub fn run(context: &Context, args: NotesArgs) -> Result<Report> {
    let entity = context.entity()?;
    match args.verb {
        NotesVerb::Add { heading, body, reader, .. } => {
            context.perform(&Operation::NoteAdd(Add { entity, heading, body, reader }))
        }
        NotesVerb::Edit { note, heading, .. } => {
            context.perform(&Operation::NoteEdit(Edit { entity, note, heading }))
        }
        NotesVerb::Delete { note, .. } => {
            context.perform(&Operation::NoteDelete(Delete { entity, note }))
        }
        NotesVerb::List { all } => {
            let notes: Vec<Row> = record::all(&context.reader()?, &entity, (&SPEC, &NOTES), all)?;
            Ok(Report::list(notes, COLUMNS, Some("key"), "no notes"))
        }
        NotesVerb::Show { note } => {
            let note: Row = record::one(&context.reader()?, &entity, (&SPEC, &NOTES), &note)?;
            Ok(Report::object(note, COLUMNS, Some("key")))
        }
    }
}
