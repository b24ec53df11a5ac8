//! How cost grows: each row at a size, and at ten times that size.
//!
//! A row is one command of the program on a store that was prepared for it. Its time is that of the whole
//! process: opening the store, the work, the output. Where the system reports it, it is processor time in
//! hundredths of a second, so that other load on the machine does not show. If ten times the size takes ten
//! times as long, or a little more, the cost is linear; a hundred times would be quadratic.
//!
//! `cargo bench --bench bounds` prints the table, `cargo bench --bench bounds -- prune` the rows whose name
//! contains a word. Each runs once: read the ratio, as times depend on the machine. `CRDTCTL_BENCH_PROGRAM`
//! measures another build of the program, for comparison.
//!
//! A new row is a [`Work`] of a group, a new kind of store is a [`Group`]; they are listed in [`GROUPS`].

mod batches;
mod files;
mod forged;
mod merging;
mod place;
mod records;
mod shows;
mod store;

use place::{Outcome, Place, Time};

/// A row that took longer than this, in seconds, is not tried at ten times the size.
const PATIENCE: f64 = 6.0;

/// Stores of one kind, and the commands run on them.
pub struct Group {
    /// What they contain, in the plural: "documents".
    pub of: &'static str,
    /// How many.
    pub size: usize,
    /// Prepares a store of this size.
    pub make: fn(usize) -> Outcome<Place>,
    /// Run in this order, on one store.
    pub works: &'static [Work],
}

/// A command.
pub struct Work {
    /// The name of its row.
    pub name: &'static str,
    /// Its arguments.
    pub args: fn(&Place) -> Vec<String>,
    /// The exit codes that it may end with.
    pub exits: &'static [i32],
}

const GROUPS: &[&[Group]] = &[
    merging::GROUPS,
    store::GROUPS,
    records::GROUPS,
    batches::GROUPS,
    files::GROUPS,
    shows::GROUPS,
    forged::GROUPS,
];

fn main() -> Outcome<()> {
    // `cargo bench` adds an option of its own.
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    println!("{:<44} {:>8} {:>9} {:>9} {:>7}", "", "size", "1×", "10×", "ratio");
    for group in GROUPS.iter().copied().flatten() {
        let works: Vec<&Work> =
            group.works.iter().filter(|work| fits(group, work, &wanted)).collect();
        if works.is_empty() {
            continue;
        }
        let place = (group.make)(group.size)?;
        let once: Vec<Time> = works.iter().map(|work| measure(work, &place)).collect();
        let place = (group.make)(group.size * 10)?;
        for (work, once) in works.iter().zip(once) {
            let tenfold = match once.seconds().is_some_and(|seconds| seconds < PATIENCE) {
                true => measure(work, &place),
                false => Time::NotTried,
            };
            println!(
                "{:<44} {:>8} {:>9} {:>9} {:>7}",
                name(group, work),
                group.size,
                once.to_string(),
                tenfold.to_string(),
                ratio(once, tenfold)
            );
        }
    }
    Ok(())
}

fn name(group: &Group, work: &Work) -> String {
    format!("{}: {}", group.of, work.name)
}

fn fits(group: &Group, work: &Work, wanted: &[String]) -> bool {
    wanted.is_empty() || wanted.iter().any(|word| name(group, work).contains(word))
}

fn measure(work: &Work, place: &Place) -> Time {
    place.time(&(work.args)(place), work.exits).unwrap_or_else(|e| {
        eprintln!("{e}");
        Time::Failed
    })
}

fn ratio(once: Time, tenfold: Time) -> String {
    match (once.seconds(), tenfold.seconds()) {
        (Some(once), Some(tenfold)) => format!("{:.1}", tenfold / once),
        _ => String::new(),
    }
}
