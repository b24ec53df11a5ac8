use super::{Context, DryRun};
use crate::concern;
use crate::error::Result;
use crate::id::DocId;
use crate::operation::{self, Operation, Prune};
use crate::store::Session;
use crate::tombstone::{self, PrunePlan, Pruned};
use crate::ui::{Report, Written};
use serde_json::json;

/// Remove the tombstones that every active member has acknowledged
///
/// A tombstone can be pruned once every active member who had joined by the deletion has acknowledged
/// it. A pruned record is gone for good, on every replica; `crdtctl trash` keeps it for 30 days.
/// Imports and deletions prune automatically; this command does so on demand, in the whole store or,
/// with -e, in one entity. `crdtctl tombstone list --blocked` says what waits, and for whom. A document
/// that cannot be read is left unchanged, and the exit code is then 5.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl prune --dry-run
  crdtctl prune -e ocean-forest-moon-star")]
pub struct PruneArgs {
    #[command(flatten)]
    dry_run: DryRun,
}

pub fn run(context: &Context, _: PruneArgs) -> Result<Report> {
    if context.asks() {
        let mut session = context.rehearsal()?;
        let mut gone = 0;
        for entity in context.entities(&session.documents()?)? {
            let prune = Operation::Prune(Prune { entity });
            gone += operation::run(&mut session, &prune)?.pruned.len();
        }
        if !context.confirm_loss(gone)? {
            return Ok(Report::nothing().note("nothing was pruned"));
        }
    }
    let mut session = context.session()?;
    let entities = context.entities(&session.documents()?)?;
    let mut pruned = Vec::new();
    let mut waiting = 0;
    for entity in &entities {
        let prune = Operation::Prune(Prune { entity: entity.clone() });
        pruned.extend(operation::run(&mut session, &prune)?.pruned);
        for doc in tombstone::documents(entity) {
            waiting += context.sound(waiting_in(&mut session, &doc))?.unwrap_or(0);
        }
    }
    let mut committed = session.commit()?;
    std::mem::take(&mut committed.damaged).into_iter().try_for_each(|e| context.leave_out(e))?;
    let written = Written {
        changed: !pruned.is_empty(),
        sentence: sentence(context, pruned.len(), waiting),
        ..Written::default()
    };
    let written =
        written.with("pruned", pruned.iter().map(row).collect::<Vec<_>>()).with("waiting", waiting);
    Ok(context.written(written, committed))
}

/// Counts the tombstones of a document that wait for somebody.
fn waiting_in(session: &mut Session, doc: &DocId) -> Result<usize> {
    if concern::of(doc).is_none() {
        return Ok(0);
    }
    let members = tombstone::members_of(session, doc)?;
    let view = session.view(doc)?;
    Ok(view.map_or(0, |view| PrunePlan::of(doc, &*view, &members).blocked.len()))
}

/// A pruned tombstone, as JSON.
fn row(pruned: &Pruned) -> serde_json::Value {
    json!({
        "doc": pruned.doc,
        "kind": pruned.tombstone.collection.noun,
        "id": pruned.tombstone.id(),
    })
}

fn sentence(context: &Context, pruned: usize, waiting: usize) -> String {
    let mut sentence = match pruned {
        0 => context.as_far_as_read("nothing to prune"),
        1 => "pruned 1 tombstone".to_owned(),
        n => format!("pruned {n} tombstones"),
    };
    if pruned > 0 {
        sentence.push_str(&format!("; {}", super::context::lost(pruned)));
    }
    if waiting > 0 {
        let wait = if waiting == 1 { "waits" } else { "wait" };
        sentence.push_str(&format!(
            "; {waiting} {wait} for acknowledgements: `crdtctl tombstone list --by member`"
        ));
    }
    sentence
}
