//! Tests of the source reader: every way in which one module can depend on another.

use super::{circles, sources::Crate};

/// What the module `high` uses, and what it names, if it contains this code.
fn seen(code: &str) -> (Vec<String>, Vec<String>) {
    let library = Crate::of(&format!(
        "pub mod low {{ pub struct Thing; pub fn make() {{}} pub mod deep {{ pub const N: u8 = 1; }} }}
         pub mod other {{ pub use crate::low::Thing as Renamed; pub use crate::low::deep; }}
         pub mod high {{ {code} }}"
    ));
    let high = vec!["high".to_owned()];
    let text = |found: std::collections::BTreeMap<Vec<String>, String>| {
        found.into_keys().map(|module| module.join("::")).collect()
    };
    (text(library.uses(&high)), text(library.names(&high)))
}

fn uses(code: &str) -> Vec<String> {
    seen(code).0
}

#[test]
fn every_way_to_lean_on_another_module_is_seen() {
    for code in [
        "use crate::low::Thing;",
        "use super::low::{self, make};",
        "use super::low; fn f() { low::make() }",
        "fn f() { crate::low::make() }",
        "fn f() { use super::low::make; make() }",
        "fn f() { if true { use crate::low::*; make() } }",
        "fn f() { print!(\"{}\", { crate::low::make(); 1 }) }",
        "fn f() { json!({ \"a\": super::low::make() }) }",
        "macro_rules! m { () => { $crate::low::make() } }",
        "fn f(thing: &dyn Into<super::low::Thing>) {}",
        "impl From<super::low::Thing> for u8 { fn from(_: super::low::Thing) -> u8 { 1 } }",
        "#[serde(default = \"super::low::make\")] struct S;",
        "use super::other::Renamed; fn f(_: Renamed) {}",
        "mod below { fn f() { super::super::low::make() } } fn f() { crate::low::make() }",
        "use super::low as bottom; fn f() { bottom::make() }",
    ] {
        assert!(uses(code).contains(&"low".to_owned()), "{code}: {:?}", uses(code));
    }
    assert_eq!(uses("fn f() -> u8 { super::other::deep::N }"), ["low::deep"]);
    assert_eq!(
        uses("fn f() -> u8 { match 1 { crate::low::deep::N => 1, n => n } }"),
        ["low::deep"]
    );
}

#[test]
fn tests_and_names_alone_are_no_use() {
    for code in [
        "#[cfg(test)] mod tests { use crate::low::Thing; }",
        "#[cfg(all(test, unix))] fn f() { crate::low::make() }",
        "struct S; impl S { #[cfg(test)] fn f() { crate::low::make() } }",
        "fn f(low: u8) -> u8 { low }",
        "/// [`crate::low::Thing`]\nfn f() { \"crate::low\"; }",
    ] {
        assert_eq!(uses(code), Vec::<String>::new(), "{code}");
    }
    for code in [
        "#[cfg(not(test))] fn f() { crate::low::make() }",
        "#[cfg(any(test, unix))] fn f() { crate::low::make() }",
    ] {
        assert_eq!(uses(code), ["low"], "{code}");
    }
}

#[test]
fn what_is_handed_on_is_named_and_not_used() {
    let none = Vec::<String>::new();
    assert_eq!(seen("pub use crate::low::Thing;"), (none.clone(), vec!["low".to_owned()]));
    assert_eq!(seen("pub(crate) use super::low::*;"), (none, vec!["low".to_owned()]));
}

#[test]
fn circles_go_round_by_way_of_others() {
    let library = Crate::of(
        "mod a { fn f() { super::b::f() } } mod b { pub fn f() { super::c::f() } }
         mod c { pub fn f() { json!({ \"x\": super::a::f() }) } } mod d { fn f() { super::a::f() } }",
    );
    assert_eq!(circles::of(&library), [["a", "b", "c"].map(str::to_owned).to_vec()]);
}

#[test]
fn other_crates_are_named_in_full() {
    let of = |code: &str| -> Vec<String> {
        let found = Crate::of(code).foreign(&Vec::new());
        found.into_iter().map(|path| path.join("::")).collect()
    };
    for code in [
        "use std::fs; fn f() { fs::read(\"x\"); }",
        "use std::{fs as disk}; fn f() { disk::read(\"x\"); }",
        "use std::fs::read; fn f() { read(\"x\"); }",
        "fn f() { use std::fs; fs::read(\"x\"); std::fs::read(\"y\"); }",
        "fn f() { vec![std::fs::read(\"x\"); 2]; }",
    ] {
        assert!(of(code).contains(&"std::fs::read".to_owned()), "{code}: {:?}", of(code));
    }
    assert!(of("fn f() { path.is_dir(); }").contains(&".is_dir".to_owned()));
    assert!(of("fn f() { vec![path.is_dir()]; }").contains(&".is_dir".to_owned()));
    assert!(of("fn f() { std::println!(); }").contains(&"std::println!".to_owned()));
    assert!(of("fn f() { vec![{ println!(\"x\"); }]; }").contains(&"println!".to_owned()));
}
