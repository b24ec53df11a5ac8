//! The cost of showing content that is awkward to show.

use super::place::{NOW, Outcome, Place, Writer, doc, id, words};
use super::{Group, Work};
use crdtctl::id::DocId;
use yrs::{Any, Array, Map, MapPrelim, WriteTxn};

pub const GROUPS: &[Group] = &[
    Group {
        of: "characters of mixed scripts in three lines",
        size: 3_000,
        make: picture,
        works: &[show("canvas render, PNG", |_| words("canvas render -O board.png --yes"))],
    },
    Group {
        of: "nulls nested ninety deep",
        size: 90_000,
        make: nested,
        works: &[
            show("doc dump --as yjs", |_| words("doc dump notes:one:free --as yjs")),
            show("doc dump", |_| words("doc dump notes:one:free")),
        ],
    },
];

const fn show(name: &'static str, args: fn(&Place) -> Vec<String>) -> Work {
    Work { name, args, exits: &[0] }
}

fn picture(n: usize) -> Outcome<Place> {
    let writer = Writer::new(5);
    writer.edit(|txn| {
        let elements = txn.get_or_insert_map("elements");
        let element = elements.insert(txn, id(0), MapPrelim::default());
        element.insert(txn, "id", id(0));
        element.insert(txn, "element_type", "text");
        for (key, value) in [("x", 0.0), ("y", 0.0), ("width", 4_000.0), ("height", 300.0)] {
            element.insert(txn, key, value);
        }
        element.insert(txn, "updated_at", NOW - 1_000);
        let lines = vec!["aשb☀".repeat(n / 12); 3].join("\n");
        let content = element.insert(txn, "data", MapPrelim::default());
        content.insert(txn, "content", lines.as_str());
        element.insert(txn, "content", lines);
    });
    let place = Place::new()?;
    place.put(&[(doc("canvas")?, writer.state())])?;
    Ok(place)
}

fn nested(n: usize) -> Outcome<Place> {
    const DEEP: usize = 90;
    let writer = Writer::new(5);
    writer.edit(|txn| {
        let array = txn.get_or_insert_array("a");
        for _ in 0..n / DEEP {
            let deep =
                (0..DEEP).fold(Any::Null, |inner, _| Any::Array(vec![inner, Any::Null].into()));
            array.push_back(txn, deep);
        }
    });
    let place = Place::new()?;
    place.put(&[(DocId::parse("notes:one:free")?, writer.state())])?;
    Ok(place)
}
