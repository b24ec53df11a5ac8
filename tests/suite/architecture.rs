//! The rules of the architecture, read from the sources.

use std::collections::BTreeMap;
use std::path::Path;

/// Every source file, by its path below `src`, without comments and unit tests.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    crate::support::files(&root)
        .into_iter()
        .filter(|(path, _)| path.extension().is_some_and(|e| e == "rs"))
        .map(|(path, bytes)| {
            let text = String::from_utf8(bytes).expect("UTF-8");
            let code: Vec<&str> = text
                .lines()
                .take_while(|line| !line.starts_with("#[cfg(test)]"))
                .filter(|line| !line.trim_start().starts_with("//"))
                .collect();
            (path.to_str().expect("UTF-8").replace('\\', "/"), code.join("\n"))
        })
        .filter(|(path, _)| !["tests.rs", "testing.rs"].iter().any(|end| path.ends_with(end)))
        .filter(|(path, _)| !path.contains("/tests/"))
        .collect()
}

/// The files that hold one of the words, and are not allowed to.
fn offenders(words: &[&str], allowed: &[&str]) -> Vec<String> {
    sources()
        .into_iter()
        .filter(|(path, _)| !allowed.iter().any(|prefix| path.starts_with(prefix)))
        .filter_map(|(path, code)| {
            let word = words.iter().find(|word| code.contains(**word))?;
            Some(format!("{path} names {word}"))
        })
        .collect()
}

#[test]
fn each_library_has_its_place() {
    let none: Vec<String> = Vec::new();
    assert_eq!(offenders(&["yrs::"], &["crdt/"]), none);
    assert_eq!(offenders(&["rusqlite"], &["store/state", "archive"]), none);
    assert_eq!(offenders(&["std::fs", "fs::File"], &["store/fs.rs", "cmd/"]), none);
    assert_eq!(offenders(&["comfy_table", "indicatif", "dialoguer"], &["ui/", "cmd/mod.rs"]), none);
}

#[test]
fn below_the_commands_nothing_talks_to_the_world() {
    let none: Vec<String> = Vec::new();
    let top = ["main.rs", "cmd/", "ui/"];
    assert_eq!(offenders(&["println!", "eprintln!", "print!("], &[]), none);
    assert_eq!(offenders(&["std::env", "env::var"], &top), none);
    assert_eq!(offenders(&["process::exit"], &["main.rs"]), none);
    assert_eq!(offenders(&["SystemTime", "Utc::now", "Instant::now"], &["clock.rs", "ui/"]), none);
    assert_eq!(offenders(&["getrandom", "Uuid::new_v4"], &["clock.rs"]), none);
    assert_eq!(offenders(&["unsafe {", "unsafe fn", "unsafe impl"], &[]), none);
}

#[test]
fn dependencies_run_downward() {
    // Each layer with the modules it may use besides itself; those of one line are one layer.
    const GROUND: &[&str] = &["id", "clock", "limits", "error"];
    const LAYERS: &[&[&str]] = &[
        GROUND,
        &["crdt"],
        &["store"],
        &["concern", "tombstone"],
        &["operation", "merge", "inspect", "check", "recover", "archive"],
        &["sync", "sample"],
        &["ui"],
        &["cmd"],
    ];
    let layer_of = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let mut wrong = Vec::new();
    for (path, code) in sources() {
        let module = path.split(['/', '.']).next().unwrap_or_default();
        let Some(own) = layer_of(module) else { continue };
        for (index, _) in code.match_indices("crate::") {
            let used: String = code[index + 7..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            let upward = layer_of(&used).is_some_and(|layer| layer > own);
            let reports_only = module == "ui" && !GROUND.contains(&used.as_str()) && used != "ui";
            if upward || reports_only {
                wrong.push(format!("{path} uses {used}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_file_can_be_read_in_one_go() {
    let long: Vec<String> = sources()
        .into_iter()
        .map(|(path, code)| (path, code.lines().count()))
        .filter(|(_, lines)| *lines > 500)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert_eq!(long, Vec::<String>::new());
}
