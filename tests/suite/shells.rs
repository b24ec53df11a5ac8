//! Completion in real shells: what a person types, Tab, and the arguments that the program then gets.
//!
//! Without a shell its tests are skipped with a notice; with `CRDTCTL_SHELLS=required`, as in CI, they fail.

use crate::support::*;
use std::path::PathBuf;
use std::process::Command;

/// A store, and a directory in which `crdtctl` records its arguments instead of acting on them.
struct Shell<'m> {
    store: &'m Store<'m>,
    dir: PathBuf,
}

/// Whether a program is installed; in CI it must be.
fn there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        let required = std::env::var("CRDTCTL_SHELLS").is_ok_and(|word| word == "required");
        assert!(!required, "{program} is required, and not here");
        skipped(&format!("no {program} here"));
    }
    there
}

impl<'m> Shell<'m> {
    fn new(store: &'m Store<'m>) -> Self {
        let dir = store.machine.path("shell");
        std::fs::create_dir(&dir).unwrap();
        let real = env!("CARGO_BIN_EXE_crdtctl");
        let script = format!(
            "#!/bin/sh\n[ -n \"$CRDTCTL_COMPLETE\" ] && exec '{real}' \"$@\"\n\
             {{ for word in \"$@\"; do printf '<%s>' \"$word\"; done; echo; }} >>\"$HOME/typed\"\n"
        );
        std::fs::write(dir.join("crdtctl"), script).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(dir.join("crdtctl"), mode).unwrap();
        for (shell, file) in [("bash", "bashrc"), ("zsh", "_crdtctl"), ("fish", "c.fish")] {
            let script = store.machine.run(&["completions", shell]).stdout;
            std::fs::write(dir.join(file), script).unwrap();
        }
        // As `completions --help` says: zsh loads the file when it is needed.
        let zshrc = "fpath=($ZDOTDIR $fpath); autoload -Uz compinit; compinit -u -D\n";
        std::fs::write(dir.join(".zshrc"), zshrc).unwrap();
        Shell { store, dir }
    }

    fn command(&self, program: &str) -> Command {
        let plain = self.store.machine.command(&[]);
        let mut command = Command::new(program);
        command.env_clear().current_dir(&self.store.dir);
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", text(&self.dir)));
        command.env("TERM", "dumb").env("ZDOTDIR", &self.dir).env("LC_ALL", "C.UTF-8");
        command
    }

    /// The arguments that the program gets when lines with Tabs are typed at a shell on a terminal.
    fn typed(&self, shell: &str, lines: &[&str]) -> Vec<String> {
        let home = self.store.machine.path("");
        drop(std::fs::remove_file(home.join("typed")));
        let mut script = self.command("script");
        // Anything left open, such as a quote, is closed by the second of these.
        script.args(["-qec", &format!("timeout --foreground 60 {shell}"), "/dev/null"]);
        let input = format!("{}\nexit\n'\nexit\n", lines.join("\n"));
        self.store.machine.finish(script, &[shell], Some(input.as_bytes()));
        let typed = std::fs::read_to_string(home.join("typed")).unwrap_or_default();
        typed.lines().map(str::to_owned).collect()
    }
}

/// Input and result, for shells that complete the line in place.
fn cases(id: &str) -> Vec<(String, String)> {
    let typed = [
        // Ids with a colon, from before and after it, and by a part alone.
        ("crdtctl entity show gr\t", format!("<entity><show><{GROUP}>")),
        ("crdtctl entity show group:oc\t", format!("<entity><show><{GROUP}>")),
        ("crdtctl entity show oce\t", "<entity><show><ocean-forest-moon-star>".to_owned()),
        (
            "crdtctl doc show group:ocean-forest-moon-star:ch\t",
            format!("<doc><show><{GROUP}:chat>"),
        ),
        ("crdtctl doc show cha\t", "<doc><show><chat>".to_owned()),
        ("crdtctl -e group:oc\t member list", format!("<-e><{GROUP}><member><list>")),
        ("crdtctl doc size cor\t", "<doc><size><core>".to_owned()),
        ("crdtctl doc diff cor\t cha\t", "<doc><diff><core><chat>".to_owned()),
        // Files, if they can be documents, and files on the disk.
        ("crdtctl doc show upd\t", "<doc><show><update.bin>".to_owned()),
        ("crdtctl doc size upd\t", "<doc><size><update.bin>".to_owned()),
        ("crdtctl doc diff upd\t cha\t", "<doc><diff><update.bin><chat>".to_owned()),
        ("crdtctl doc merge upd\t", "<doc><merge><update.bin>".to_owned()),
        ("crdtctl sync import upd\t", "<sync><import><update.bin>".to_owned()),
        ("crdtctl disk cat /sh\t", "<disk><cat></shared/page.md>".to_owned()),
        // Names with a space.
        ("crdtctl kanban move 3f2a In\t", "<kanban><move><3f2a><In Progress>".to_owned()),
        ("crdtctl kanban move 3f2a 'In Pr\t", "<kanban><move><3f2a><In Progress>".to_owned()),
        ("crdtctl kanban move 3f2a In\\ P\t", "<kanban><move><3f2a><In Progress>".to_owned()),
        // Members, roles, types, commands.
        ("crdtctl --as bo\t whoami", format!("<--as><{BOB}><whoami>")),
        ("crdtctl member role bob- adm\t", "<member><role><bob-><admin>".to_owned()),
        // Nothing was heard from her, but she can be sent a bundle all the same.
        ("crdtctl sync export --for bo\t", format!("<sync><export><--for><{BOB}>")),
        ("crdtctl member add x --role vie\t", "<member><add><x><--role><viewer>".to_owned()),
        ("crdtctl entity create proj\t", "<entity><create><project>".to_owned()),
        ("crdtctl tombst\t li\t", "<tombstone><list>".to_owned()),
        // Short names complete like the long ones.
        ("crdtctl archive list --kind car\t", "<archive><list><--kind><card>".to_owned()),
        ("crdtctl doc dump chat --root mes\t", "<doc><dump><chat><--root><messages>".to_owned()),
        ("crdtctl member rm bob\t", format!("<member><rm><{BOB}>")),
        ("crdtctl chat ls --aut\t", "<chat><ls><--author>".to_owned()),
    ];
    let mut cases: Vec<(String, String)> =
        typed.into_iter().map(|(typed, given)| (typed.to_owned(), given)).collect();
    // Options are offered once one is begun, and do not get in the way of the only message.
    cases.push(("crdtctl chat show \t".to_owned(), format!("<chat><show><{id}>")));
    cases.push((format!("crdtctl chat show {}\t", &id[..6]), format!("<chat><show><{id}>")));
    cases.push((format!("crdtctl log --record {}\t", &id[..6]), format!("<log><--record><{id}>")));
    cases.push(("crdtctl repair sta\t".to_owned(), "<repair><stale".to_owned()));
    cases
}

/// A store with one of each.
fn furnished(machine: &Machine) -> (Store<'_>, String) {
    let store = machine.group("s", &[BOB]);
    let id = store.send("hi");
    store.ok(&["kanban", "add", "paint"]);
    let page = store.dir.join("update.bin");
    std::fs::write(&page, "# Page\n").unwrap();
    store.ok(&["disk", "put", &text(&page), "/shared/page.md"]);
    let meta = store.document(&format!("{GROUP}:chat")).with_extension("meta");
    std::fs::write(&meta, "{}").unwrap();
    (store, id)
}

fn complete_in(shell: &str, line: &str) {
    let machine = Machine::new(shell);
    let (store, id) = furnished(&machine);
    let found = store.run(&["check", "-o", "id"]);
    assert_eq!(found.exits(3).stdout.lines().filter(|id| id.starts_with("sta")).count(), 1);
    let terminal = Shell::new(&store);
    if !there(shell) || !there("script") {
        return;
    }
    let cases = cases(&id);
    let lines: Vec<&str> = cases.iter().map(|(typed, _)| typed.as_str()).collect();
    let prepared: Vec<&str> = match shell {
        "bash" => [&[". ~/shell/bashrc"][..], &lines].concat(),
        _ => lines,
    };
    let given = terminal.typed(line, &prepared);
    assert_eq!(given.len(), cases.len(), "{given:#?}");
    for ((typed, wanted), given) in cases.iter().zip(&given) {
        assert!(given.starts_with(wanted.as_str()), "{shell}: {typed:?} gives {given}");
    }
}

#[test]
fn bash_completes() {
    complete_in("bash", "bash --norc --noprofile -i");
}

#[test]
fn zsh_completes() {
    complete_in("zsh", "zsh -i");
}

#[test]
fn fish_completes() {
    let machine = Machine::new("fish");
    let (store, id) = furnished(&machine);
    let terminal = Shell::new(&store);
    if !there("fish") {
        return;
    }
    let ask = |line: &str| -> Vec<String> {
        let mut fish = terminal.command("fish");
        let script = "source ~/shell/c.fish; complete -C $argv[1]";
        fish.args(["--no-config", "-c", script, line]);
        let answer = machine.finish(fish, &[line], None).ok();
        answer.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
    };
    assert_eq!(ask("crdtctl entity show group:oc"), [GROUP]);
    assert_eq!(ask("crdtctl doc show cha"), ["chat"]);
    assert_eq!(ask("crdtctl doc size upd"), ["update.bin"]);
    assert_eq!(ask("crdtctl doc diff core cha"), ["chat"]);
    assert_eq!(ask(&format!("crdtctl log --record {}", &id[..6])), std::slice::from_ref(&id));
    assert_eq!(ask("crdtctl kanban move 3f2a In"), ["In Progress"]);
    assert_eq!(ask("crdtctl --as bo"), [BOB]);
    assert_eq!(ask("crdtctl member role bob- adm"), ["admin"]);
    assert_eq!(ask("crdtctl entity create proj"), ["project"]);
    assert_eq!(ask(&format!("crdtctl chat show {}", &id[..6])), [id]);
    assert_eq!(ask("crdtctl repair sta").len(), 1);
    assert_eq!(ask("crdtctl kanban move 3f2a 'In Pr"), ["In Progress"]);
    assert_eq!(ask("crdtctl kanban move 3f2a In\\ P"), ["In Progress"]);
    assert_eq!(ask("crdtctl --entity=group:oc"), [format!("--entity={GROUP}")]);
    assert_eq!(ask("crdtctl archive list --kind "), ["message", "reply", "card", "issue"]);
    assert_eq!(ask("crdtctl doc dump chat --root m"), ["messages"]);
    assert_eq!(ask("crdtctl doc dump gone --root m"), [""; 0]);
}

#[test]
fn short_names_stand_for_the_usual_verbs() {
    let machine = Machine::new("short");
    let store = machine.store("s", ALICE);
    store.ok(&["entity", "new", GROUP, "--name", "Ocean"]);
    store.ok(&["member", "new", BOB]);
    assert_eq!(store.ok(&["member", "ls"]), store.ok(&["member", "list"]));
    store.ok(&["member", "rm", BOB, "-y"]);
    assert_eq!(store.column(&["member", "ls"], "member_id"), [ALICE]);
    let issue = store.ok(&["issue", "new", "It squeaks"]);
    assert_eq!(store.ok(&["issue", "ls", "-o", "id"]), issue);
    let said = store.send("hi");
    store.ok(&["chat", "rm", &said, "-y"]);
    let help = store.ok(&["chat", "--help"]);
    assert!(help.contains("[alias: ls]") && help.contains("[alias: rm]"), "{help}");
}

#[test]
fn a_prefix_names_who_acts() {
    let machine = Machine::new("as");
    let store = machine.group("s", &[BOB, "bobby-hill-lake-tree"]);
    let id = store.ok(&["chat", "send", "hi", "--as", "bob-"]);
    assert_eq!(store.json(&["chat", "show", &id])["author_id"], BOB);
    let before = store.documents();
    let run = store.run(&["chat", "send", "ho", "--as", "bobb"]);
    run.exits(0);
    store.run(&["chat", "send", "ho", "--as", "bo"]).fails(2, "too short");
    store.run(&["--as", "alic", "chat", "send", "ho"]).exits(0);
    assert_ne!(store.documents(), before);
    let machine = Machine::new("as two");
    let store = machine.group("s", &[BOB, "bob-hill-lake-trees"]);
    store.run(&["chat", "send", "ho", "--as", "bob-hill"]).fails(4, "names 2 members");
    store.run(&["chat", "send", "ho", "--as", BOB]).exits(0);
    store.run(&["chat", "send", "ho", "--as", "zoe-nobody"]).fails(1, "zoe-nobody");
}
