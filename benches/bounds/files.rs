//! What many files cost, in one command each.

use super::place::{GROUP, Outcome, Place, words};
use super::{Group, Work};
use crdtctl::id::EntityId;
use std::path::Path;

pub const GROUPS: &[Group] = &[
    Group {
        of: "files",
        size: 1_000,
        make: beside,
        works: &[
            on("disk put -r", |_| words("disk put -r site /shared/site")),
            on("disk put -r of the same", |_| words("disk put -r site /shared/site")),
            on("disk scan of the same", |_| words("disk scan")),
            on("disk move", |_| words("disk move /shared/site /shared/pages")),
            on("disk remove -r", |_| words("disk remove -r /shared/pages")),
        ],
    },
    Group {
        of: "new files",
        size: 1_000,
        make: on_the_disk,
        works: &[on("disk scan", |_| words("disk scan"))],
    },
];

const fn on(name: &'static str, args: fn(&Place) -> Vec<String>) -> Work {
    Work { name, args, exits: &[0] }
}

/// Files in a directory beside the store.
fn beside(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    write(&place.path("site"), n)?;
    Ok(place)
}

/// Files that somebody wrote into the directory of a disk.
fn on_the_disk(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    let entity = EntityId::parse(GROUP)?;
    let disks = place.path("store").join("disks").join("entities").join(entity.id());
    write(&disks.join("shared").join("site"), n)?;
    Ok(place)
}

/// A hundred to a directory.
fn write(to: &Path, n: usize) -> Outcome<()> {
    for n in 0..n {
        let dir = to.join(format!("{:03}", n / 100));
        std::fs::create_dir_all(&dir)?;
        std::fs::write(dir.join(format!("{n:05}.md")), format!("# Page {n}\n\nwords of it\n"))?;
    }
    Ok(())
}
