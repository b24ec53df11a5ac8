//! The cost of many files, in one command each.

use super::place::{GROUP, Outcome, Place, words};
use super::{Group, Work};
use crdtctl::id::EntityId;
use std::io::Write;
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
    Group {
        of: "files for another",
        size: 1_000,
        make: for_another,
        works: &[
            on("sync export", |_| words("sync export -O all.crdt")),
            on("sync import", |_| words("-s bob sync import all.crdt")),
            on("disk get -r", |_| words("disk get -r /shared/site -O copy")),
        ],
    },
    Group {
        of: "megabytes of one file",
        size: 100,
        make: large,
        works: &[
            on("disk put", |_| words("disk put large.bin /shared/large.bin")),
            on("sync export", |_| words("sync export -O all.crdt")),
            on("sync import", |_| words("-s bob sync import all.crdt")),
            on("disk get", |_| words("disk get /shared/large.bin -O copy.bin")),
        ],
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

/// Files written into the directory of a disk.
fn on_the_disk(n: usize) -> Outcome<Place> {
    let place = Place::new()?;
    let entity = EntityId::parse(GROUP)?;
    let disks = place.path("store").join("disks").join("entities").join(entity.id());
    write(&disks.join("shared").join("site"), n)?;
    Ok(place)
}

/// Files on the disk, and Bob, who has none of them.
fn for_another(n: usize) -> Outcome<Place> {
    let place = beside(n)?;
    place.run("disk put -r site /shared/site")?;
    place.run("member add bob-hill-lake-tree")?;
    place.run("init bob --as bob-hill-lake-tree")?;
    Ok(place)
}

/// A file of incompressible bytes.
fn large(megabytes: usize) -> Outcome<Place> {
    let place = Place::new()?;
    place.run("member add bob-hill-lake-tree")?;
    place.run("init bob --as bob-hill-lake-tree")?;
    let mut file = std::fs::File::create(place.path("large.bin"))?;
    let mut bytes = blake3::Hasher::new().finalize_xof();
    let mut piece = vec![0; 1 << 20];
    for _ in 0..megabytes {
        bytes.fill(&mut piece);
        file.write_all(&piece)?;
    }
    Ok(place)
}

/// Writes files, a hundred to a directory.
fn write(to: &Path, n: usize) -> Outcome<()> {
    for n in 0..n {
        let dir = to.join(format!("{:03}", n / 100));
        std::fs::create_dir_all(&dir)?;
        std::fs::write(dir.join(format!("{n:05}.md")), format!("# Page {n}\n\nwords of it\n"))?;
    }
    Ok(())
}
