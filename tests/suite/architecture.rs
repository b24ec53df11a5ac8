//! The rules of the architecture, read from the sources.
//!
//! The data files are in `tests/suite/architecture`. `layers.txt` gives the order of the layers, `places.txt`
//! says who may name which library. Files must not depend on each other in a circle. The other lists hold
//! known violations: `fields.txt`, the files that name a field of the schema, and `names.txt`, the type names
//! that stand for several types. A violation that is not listed fails, and so does a line that no longer
//! applies: the lists can only shrink. With `ARCHITECTURE=shrink` the tests remove obsolete lines.

mod circles;
mod reader;
mod sources;

use crdtctl::concern::CONCERNS;
use crdtctl::schema;
use sources::{Crate, Module};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

/// The sources, read once.
static LIBRARY: LazyLock<Crate> = LazyLock::new(Crate::parse);

/// The lines of a list, split into words.
fn lines(list: &str) -> Vec<Vec<String>> {
    list.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_whitespace().map(str::to_owned).collect())
        .collect()
}

type Lines = BTreeSet<Vec<String>>;

/// Compares the violations found with the list of known ones, which must not grow. `is_part` says whether a
/// line that was found is what remains of a listed one.
fn only_shrinks(name: &str, found: &Lines, is_part: fn(&[String], &[String]) -> bool) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/architecture").join(name);
    let text = std::fs::read_to_string(&file).expect("a list");
    let listed: Lines = lines(&text).into_iter().collect();
    let written = |lines: &[&Vec<String>]| -> String {
        lines.iter().map(|line| format!("{}\n", line.join(" "))).collect()
    };
    let (left, new): (Vec<_>, Vec<_>) = found
        .difference(&listed)
        .partition(|line| listed.difference(found).any(|known| is_part(line, known)));
    assert!(new.is_empty(), "what {name} does not know:\n{}", written(&new));
    let gone: Vec<_> = listed.difference(found).collect();
    if !gone.is_empty() && std::env::var("ARCHITECTURE").is_ok_and(|word| word == "shrink") {
        let head: String =
            text.lines().filter(|l| l.starts_with('#')).map(|l| format!("{l}\n")).collect();
        let all: Vec<_> = found.iter().collect();
        std::fs::write(&file, head + &written(&all)).expect("a list that can be written");
        return;
    }
    assert!(
        gone.is_empty(),
        "well done: ARCHITECTURE=shrink takes out of {name}\n{}and writes in their place\n{}",
        written(&gone),
        written(&left)
    );
}

#[test]
fn each_library_has_its_place() {
    let places = lines(include_str!("architecture/places.txt"));
    let mut found = Lines::new();
    for (module, source) in LIBRARY.modules() {
        let paths = LIBRARY.foreign(module);
        for place in &places {
            let (what, allowed) = place.split_first().expect("a line is not empty");
            let parts: Vec<&str> = what.split("::").collect();
            let names_it = paths.iter().any(|path| begins(path, &parts));
            if names_it && !allowed.iter().any(|place| stands_in(&source.file, place)) {
                found.insert(vec![source.file.clone(), what.clone()]);
            }
        }
    }
    let found: Vec<String> = found.iter().map(|line| line.join(" ")).collect();
    assert!(found.is_empty(), "what places.txt does not let them name:\n{}", found.join("\n"));
}

/// Whether a file is at a place: `cmd/` is the module `cmd` and everything below it.
fn stands_in(file: &str, place: &str) -> bool {
    let module = place.strip_suffix('/').and_then(|module| file.strip_prefix(module));
    file.starts_with(place) || module == Some(".rs")
}

/// Field names belong to the schema: only it, the concern itself, the commands, which show them, the SQL
/// views, which explain them, and the declarations of the operations, which take them, may name one.
/// Ambiguous names (`title`, `id`) cannot be checked.
#[test]
fn fields_are_named_by_their_concern() {
    let metadata = schema::METADATA.fields.iter().map(|field| (field.name, "core"));
    let of_concerns = CONCERNS.iter().flat_map(|spec| {
        let collections = spec.collections.iter();
        let fields = collections.clone().flat_map(|of| of.fields).map(|field| field.name);
        let caches = collections.filter_map(|of| of.cache);
        fields.chain(caches).map(|name| (name, spec.name))
    });
    let mut concerns: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, concern) in metadata.chain(of_concerns).filter(|(name, _)| name.contains('_')) {
        concerns.entry(name).or_default().insert(concern);
    }
    assert!(concerns.len() > 20 && concerns.contains_key("ack_vector"));
    let mut found = Lines::new();
    for (_, source) in LIBRARY.modules() {
        for (name, concerns) in &concerns {
            let own = concerns.iter().map(|concern| format!("concern/{concern}"));
            let own =
                own.chain(["schema", "cmd/", "sql/views/", "operation.rs"].map(str::to_owned));
            let is_named = source.literals.contains(*name);
            if is_named && !own.into_iter().any(|place| stands_in(&source.file, &place)) {
                found.insert(vec![source.file.clone(), (*name).to_owned()]);
            }
        }
    }
    only_shrinks("fields.txt", &found, |_, _| false);
}

/// Whether a path begins with these names; `std::println!` is `println!`, and a crate's name alone is a
/// variable.
fn begins(path: &[String], parts: &[&str]) -> bool {
    match parts {
        [name] if name.ends_with('!') => path.last().is_some_and(|last| last == name),
        [name] if !name.starts_with('.') => path.len() > 1 && path[0] == *name,
        _ => path.len() >= parts.len() && path.iter().zip(parts).all(|(a, b)| a == b),
    }
}

#[test]
fn dependencies_run_downward() {
    const GROUND: usize = 0;
    let layers = lines(include_str!("architecture/layers.txt"));
    let layer = |module: &Module| {
        let room = module.first()?;
        let found = layers.iter().position(|layer| layer.contains(room));
        Some(found.unwrap_or_else(|| panic!("layers.txt does not know {room}")))
    };
    let mut wrong = Vec::new();
    for (module, _) in LIBRARY.modules() {
        let Some(own) = layer(module) else { continue };
        for (used, path) in LIBRARY.names(module) {
            // The root has nothing of its own but its modules.
            let Some(other) = layer(&used) else { continue };
            let reports_only = module[0] == "ui" && used[0] != "ui" && other > GROUND;
            if other > own || reports_only {
                wrong.push(format!("{} uses {path}", module.join("::")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_files_depend_on_each_other_in_a_circle() {
    assert_eq!(circles::of(&LIBRARY), Vec::<Vec<String>>::new());
}

#[test]
fn one_type_name_means_one_thing() {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, source) in LIBRARY.modules() {
        for name in &source.types {
            places.entry(name).or_default().push(&source.file);
        }
    }
    let doubled = places.iter().filter(|(_, places)| places.len() > 1);
    let found: Lines =
        doubled.map(|(name, places)| vec![(*name).to_owned(), places.len().to_string()]).collect();
    let count = |line: &[String]| line[1].parse::<usize>().expect("a number");
    let listed = lines(include_str!("architecture/names.txt"));
    let grown = |line: &&Vec<String>| {
        let known = listed.iter().find(|known| known[0] == line[0]);
        count(line) > known.map_or(1, |known| count(known))
    };
    let grown: Vec<String> = found
        .iter()
        .filter(grown)
        .map(|line| format!("{} {} {:?}", line[0], line[1], places[line[0].as_str()]))
        .collect();
    assert_eq!(grown, Vec::<String>::new(), "one name, several types");
    only_shrinks("names.txt", &found, |left, known| left[0] == known[0]);
}

#[test]
fn a_file_can_be_read_in_one_go() {
    let long: Vec<String> = LIBRARY
        .modules()
        .filter(|(_, source)| source.lines > 500)
        .map(|(_, source)| format!("{}: {} lines", source.file, source.lines))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}
