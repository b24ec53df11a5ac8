use crate::cmd::Context;
use crate::cmd::failure;
use crate::cmd::foreign::{ForeignFile, FromKind, is_readable};
use crate::cmd::subject::{Subject, split};
use crate::crdt::types::SharedTypes;
use crate::error::{Kind, Result};
use crate::foreign::FileContent;
use crate::ui::{Column, Report, Row};
use crate::wire::{Clocks, Version};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Print the state vector of a file or document, or compare two
///
/// The state vector is the next clock of each client id, up to the first gap. A state vector or a snapshot in
/// a file is shown as it is. Two are compared client by client; exits with 3 when they differ.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl doc vector state.bin
  crdtctl doc vector state.bin newer.bin
  crdtctl doc vector chat --json | jq '.[].clock'")]
pub struct VectorArgs {
    /// The file or the document
    #[arg(value_name = "A")]
    first: String,
    /// Another one, to compare with
    #[arg(value_name = "B")]
    second: Option<String>,
    #[command(flatten)]
    from: FromKind,
}

const ONE: &[Column] = &[Column::text("client", "client"), Column::number("clock", "clock")];

const TWO: &[Column] = &[
    Column::text("client", "client"),
    Column::number("a", "A"),
    Column::number("b", "B"),
    Column::text("state", "B is"),
];

pub fn run(context: &Context, args: &VectorArgs) -> Result<Report> {
    let first = version(context, &args.first, args.from)?.clocks;
    let Some(second) = &args.second else {
        let row = |(client, clock): (&u64, &u32)| {
            fields([("client", json!(client.to_string())), ("clock", json!(clock))])
        };
        let rows = first.iter().map(row).collect();
        return Ok(Report::list(rows, ONE, Some("client"), "nobody has written anything"));
    };
    let second = version(context, second, args.from)?.clocks;
    let clients: BTreeSet<u64> = first.keys().chain(second.keys()).copied().collect();
    let row = |client: &u64| {
        let clock = |clocks: &Clocks| clocks.get(client).copied().unwrap_or(0);
        let (a, b) = (clock(&first), clock(&second));
        let state = match a.cmp(&b) {
            std::cmp::Ordering::Less => "ahead",
            std::cmp::Ordering::Equal => "equal",
            std::cmp::Ordering::Greater => "behind",
        };
        fields([
            ("client", json!(client.to_string())),
            ("a", json!(a)),
            ("b", json!(b)),
            ("state", json!(state)),
        ])
    };
    let rows: Vec<Row> = clients.iter().map(row).collect();
    let report = Report::list(rows, TWO, Some("client"), "nobody has written anything");
    Ok(match first == second {
        true => report.note("the same"),
        false => report.exit(failure::exit_code(Kind::Findings)),
    })
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Row {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Returns the version of a file or document: its clocks up to the first gap, and what is deleted.
pub fn version(context: &Context, wanted: &str, from: FromKind) -> Result<Version> {
    let (path, picked) = split(wanted);
    // A file without content may still hold a state vector or a snapshot.
    if picked.is_none() && is_readable(&path) {
        let file = ForeignFile::read(&path, from)?;
        match file.identified.map(|identified| identified.found) {
            Some(FileContent::Vector(clocks)) => {
                return Ok(Version { clocks, ..Version::default() });
            }
            Some(FileContent::Moment(moment)) => return Ok(moment.certain()),
            _ => {}
        }
    }
    Ok(match context.subject(wanted, from)? {
        Subject::File(file) => reached(&file.types()?),
        Subject::Stored(reader, id) => match context.content(&reader, &id)? {
            crate::cmd::subject::DocumentContent::View(view) => view.version().clone(),
            crate::cmd::subject::DocumentContent::Types(types) => reached(&types),
        },
    })
}

/// The version that can be shown, without waiting updates.
fn reached(types: &SharedTypes) -> Version {
    let mut version = types.version().clone();
    for waiting in types.waiting() {
        let known = match waiting.needs.client == waiting.client {
            true => waiting.needs.clock.min(waiting.from),
            false => waiting.from,
        };
        match known {
            0 => drop(version.clocks.remove(&waiting.client)),
            known => drop(version.clocks.insert(waiting.client, known)),
        }
    }
    version
}
