//! `disk gc`: removes contents that nobody needs.

use crate::cmd::Context;
use crate::disk::{collect, is_disk};
use crate::error::{Result, counted};
use crate::id::DocId;
use crate::sync::status::status;
use crate::ui::{Column, Report, rows};
use std::collections::BTreeSet;

const COLUMNS: &[Column] =
    &[Column::id("name", "name"), Column::text("kind", "kind"), Column::bytes("bytes", "bytes")];

pub fn run(context: &Context) -> Result<Report> {
    // The session keeps others from putting or importing meanwhile.
    let _session = context.session()?;
    let reader = context.reader()?;
    let overview = status(&reader, &context.environment())?;
    let lacking = overview.peers.iter().flat_map(|peer| &peer.they_lack.0);
    let lacked: BTreeSet<DocId> =
        lacking.map(|lacking| lacking.doc.clone()).filter(is_disk).collect();
    let found = collect(&reader, &lacked, !context.is_dry())?;
    let bytes = found.iter().fold(0u64, |all, one| all.saturating_add(one.bytes));
    let bytes = counted(bytes, "byte");
    let report = Report::list(rows(&found)?, COLUMNS, Some("name"), "there is nothing to remove");
    Ok(match (context.is_dry(), found.is_empty()) {
        (true, true) => report.note("dry run, nothing is written"),
        (true, false) => {
            report.note(format!("dry run, nothing is written: {bytes} would be freed"))
        }
        (false, true) => report,
        (false, false) => report.note(format!("{bytes} freed")),
    })
}
