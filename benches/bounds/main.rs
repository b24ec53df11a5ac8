//! What work costs as it grows: each row at a size, and at ten times that size.
//!
//! A row is one command of the program on a store that was prepared for it. Its time is that of the
//! whole process: opening the store, the work, the output; the processor's time where the system
//! tells it, in hundredths of a second, so that others who use the machine do not show. Where it takes ten times as long, or a
//! little more, the work grows with what is given; a hundred times would be its square.
//!
//! `cargo bench --bench bounds` prints the table, `cargo bench --bench bounds -- prune` the rows
//! whose name holds a word. One run each: the ratio is what to read, times are of this machine.
//! `CRDTCTL_BENCH_PROGRAM` measures another build of the program, to compare.
//!
//! A new row is a [`Work`] of a group, a new kind of store a [`Group`]; they are listed in [`GROUPS`].

mod batches;
mod files;
mod forged;
mod merging;
mod place;
mod records;
mod shows;
mod store;

use place::{Outcome, Place, Time};

/// Of a row that took longer at its size, the tenfold is not waited for.
const PATIENCE: f64 = 6.0;

/// Stores of one kind, and what is done with them.
pub struct Group {
    /// What there is of it, in the plural: "documents".
    pub of: &'static str,
    /// How many.
    pub size: usize,
    /// Prepares a store with so many.
    pub make: fn(usize) -> Outcome<Place>,
    /// In this order, on one store.
    pub works: &'static [Work],
}

/// A command.
pub struct Work {
    /// What its row is called.
    pub name: &'static str,
    /// Its words.
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
