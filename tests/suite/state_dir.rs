//! Where the leases of this machine's replicas are kept, and what happens if they cannot be.

use crate::errors::{NOBODY, as_user, is_root};
use crate::support::*;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A command on a store with other variables; those without a value are unset.
fn run(store: &Store<'_>, env: &[(&str, Option<&str>)], args: &[&str]) -> Run {
    let dir = text(&store.dir);
    let mut command = store.machine.command(&[&["-s", dir.as_str()], args].concat());
    command.env_remove("XDG_STATE_HOME");
    for (name, value) in env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    store.machine.finish(command, args, None)
}

fn replica(store: &Store<'_>) -> String {
    let shown = store.json(&["init", &text(&store.dir)]);
    shown["id"].as_str().unwrap().to_owned()
}

fn leases(dir: &Path) -> usize {
    std::fs::read_dir(dir.join("leases")).map_or(0, Iterator::count)
}

/// Writes twice: returns whether it stayed the same replica, and reported no new one.
fn stays(store: &Store<'_>, env: &[(&str, Option<&str>)], more: &[&str]) -> bool {
    run(store, env, &[&["chat", "send", "one"], more].concat()).exits(0);
    let second = run(store, env, &[&["chat", "send", "two"], more].concat());
    !second.exits(0).stderr.contains("new replica")
}

#[test]
fn the_state_directory_is_found_in_one_order() {
    let machine = Machine::new("order");
    let store = machine.group("s", &[]);
    let names = ["option", "variable", "xdg", "home"];
    let dirs = names.map(|name| text(&machine.path(name)));
    let [option, variable, xdg, home] = dirs.each_ref().map(String::as_str);
    let kept = |dir: &str, below: &str| leases(&Path::new(dir).join(below));
    let all = [
        ("CRDTCTL_STATE_DIR", Some(variable)),
        ("XDG_STATE_HOME", Some(xdg)),
        ("HOME", Some(home)),
    ];
    assert!(stays(&store, &all, &["--state-dir", option]));
    assert_eq!((kept(option, ""), kept(variable, "")), (1, 0));
    assert!(stays(&store, &all, &[]));
    assert_eq!((kept(variable, ""), kept(xdg, "crdtctl")), (1, 0));
    assert!(stays(&store, &all[1..], &[]));
    assert_eq!((kept(xdg, "crdtctl"), kept(home, ".local/state/crdtctl")), (1, 0));
    for ignored in ["", "relative/state"] {
        assert!(stays(&store, &[("XDG_STATE_HOME", Some(ignored)), all[2]], &[]), "{ignored:?}");
    }
    assert_eq!(kept(home, ".local/state/crdtctl"), 1);
    // A relative path is relative to the current directory.
    assert!(stays(&store, &all[2..], &["--state-dir", "here"]));
    assert_eq!(leases(&machine.path("here")), 1);
    let from_inside = machine.run_in(
        &machine.path("here"),
        &[("XDG_STATE_HOME", "")],
        &["-s", &text(&store.dir), "chat", "send", "x", "--state-dir", "../here"],
    );
    assert!(!from_inside.exits(0).stderr.contains("new replica"), "{}", from_inside.stderr);
}

#[test]
fn a_state_directory_that_cannot_be_used_stops_writing_only() {
    let machine = Machine::new("unusable");
    let store = machine.group("s", &[]);
    store.send("hi");
    std::fs::write(machine.path("file"), "").unwrap();
    let file = text(&machine.path("file"));
    let below = text(&machine.path("file/below"));
    let dangling = machine.path("dangling");
    std::os::unix::fs::symlink("/proc/nothing/there", &dangling).unwrap();
    let dangling = text(&dangling);
    for (env, code) in [
        (&[("CRDTCTL_STATE_DIR", Some(file.as_str()))][..], 74),
        (&[("CRDTCTL_STATE_DIR", Some(&below))], 74),
        (&[("CRDTCTL_STATE_DIR", Some(&dangling))], 74),
        (&[("XDG_STATE_HOME", Some(&file))], 74),
        (&[("HOME", Some(&file))], 74),
        (&[("HOME", Some(&below))], 74),
        (&[("HOME", Some("/proc/self"))], 74),
        (&[("HOME", Some("relative"))], 2),
    ] {
        let (before, was) = (store.files(), replica(&store));
        for args in
            [&["chat", "send", "more"][..], &["member", "add", BOB], &["entity", "use", GROUP]]
        {
            let run = run(&store, env, &[args, &["--json"]].concat());
            assert_eq!(run.code, code, "{env:?}: {run:?}");
            let error = run.error();
            assert!(error["hint"].as_str().unwrap().contains("--state-dir"), "{error}");
            assert!(error["message"].as_str().unwrap().contains("lease"), "{error}");
        }
        run(&store, env, &["chat", "list"]).exits(0);
        run(&store, env, &["sync", "export", "-O", "-"]).exits(0);
        run(&store, env, &["chat", "send", "-n", "more"]).exits(0);
        assert_eq!((store.files(), replica(&store)), (before, was), "{env:?}");
        assert!(stays(
            &store,
            &[env, &[("CRDTCTL_STATE_DIR", None)]].concat(),
            &["--state-dir", &text(&machine.path("elsewhere")),]
        ));
        store.send("as before");
    }
}

#[test]
fn without_home_the_system_knows_where_it_is() {
    let machine = Machine::new("no home");
    let store = machine.group("s", &[]);
    if !is_root() {
        return skipped("only root can be other users");
    }
    for path in store.files().into_keys() {
        let path = store.dir.join(path);
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o666)).unwrap();
    }
    for dir in ["", "crdt", "crdt/group"] {
        let dir = store.dir.join(dir);
        std::fs::set_permissions(dir, PermissionsExt::from_mode(0o777)).unwrap();
    }
    let dir = text(&store.dir);
    let as_other = |user: u32, more: &[&str]| -> Option<Run> {
        let args = [&["-s", dir.as_str(), "chat", "send", "hi", "--json"], more].concat();
        let mut command = as_user(&machine, user, machine.command(&args))?;
        command.env_remove("HOME").env_remove("XDG_STATE_HOME");
        Some(machine.finish(command, &args, None))
    };
    // An unknown user.
    let Some(run) = as_other(54_321, &[]) else { return };
    run.exits(2);
    assert!(run.error()["hint"].as_str().unwrap().contains("--state-dir"), "{run:?}");
    let state = machine.path("others");
    std::fs::create_dir(&state).unwrap();
    std::fs::set_permissions(&state, PermissionsExt::from_mode(0o777)).unwrap();
    let there = ["--state-dir", &text(&state)];
    as_other(54_321, &there).unwrap().exits(0);
    let second = as_other(54_321, &there).unwrap();
    assert!(!second.exits(0).stderr.contains("new replica"), "{}", second.stderr);
    // A known user whose home cannot be written.
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let nobody = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let home = nobody
        .filter(|fields| fields.get(2) == Some(&NOBODY.to_string().as_str()))
        .find_map(|fields| fields.get(5).map(|home| (*home).to_owned()));
    let Some(home) = home.filter(|home| home.starts_with('/')) else {
        return skipped("the system does not know nobody");
    };
    let run = as_other(NOBODY, &[]).unwrap();
    run.exits(74);
    assert!(run.error()["causes"].to_string().contains(&home), "{run:?}");
}
