//! Cycles among modules: the strongly connected components of the dependency graph.

use super::sources::{Crate, Module};
use std::collections::{BTreeMap, BTreeSet};

/// Every cycle, as the sorted names of its modules.
pub fn of(library: &Crate) -> Vec<Vec<String>> {
    let uses: BTreeMap<Module, BTreeSet<Module>> = library
        .modules()
        .map(|(module, _)| (module.clone(), library.uses(module).into_keys().collect()))
        .collect();
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        uses.keys().map(|module| (module, reach(module, &uses))).collect();
    let mut circles = BTreeSet::new();
    for (module, all) in &reached {
        let round: Vec<String> = all
            .iter()
            .filter(|other| reached.get(*other).is_some_and(|back| back.contains(module)))
            .map(|module| module.join("::"))
            .collect();
        if round.len() > 1 {
            circles.insert(round);
        }
    }
    circles.into_iter().collect()
}

/// Everything that a module depends on, including indirectly.
fn reach<'m>(from: &Module, uses: &'m BTreeMap<Module, BTreeSet<Module>>) -> BTreeSet<&'m Module> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Module> = uses.get(from).into_iter().flatten().collect();
    while let Some(module) = open.pop() {
        if reached.insert(module) {
            open.extend(uses.get(module).into_iter().flatten());
        }
    }
    reached
}
