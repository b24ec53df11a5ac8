mod notes;

use super::*;
use crate::ui::Format;
use clap::error::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

/// A command tree with the two kinds of leaf that use a global option's name for something else.
#[derive(Parser)]
struct Toy {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Leaf,
}

#[derive(Subcommand)]
enum Leaf {
    Export {
        #[command(flatten)]
        out: OutFile,
        #[command(flatten)]
        dry_run: DryRun,
    },
    Close {
        #[arg(long = "as")]
        how: Option<String>,
        #[command(flatten)]
        _member: OtherAs,
    },
    Plain,
}

fn toy(line: &str) -> Toy {
    Toy::try_parse_from(line.split(' ')).unwrap_or_else(|e| panic!("{line}: {e}"))
}

#[test]
fn the_tree_is_sound() {
    whole_tree().debug_assert();
    Toy::command().debug_assert();
}

#[test]
fn global_options_stand_before_and_after_the_command() {
    for line in ["x -o json -s /tmp/s plain", "x plain -o json --store /tmp/s"] {
        let toy = toy(line);
        assert_eq!(toy.globals.output, Some(Format::Json), "{line}");
        assert_eq!(toy.globals.store, Some(PathBuf::from("/tmp/s")), "{line}");
    }
    assert!(toy("x plain --json").globals.json);
    assert_eq!(toy("x plain --lock-wait 500ms").globals.lock_wait, Duration::from_millis(500));
    assert_eq!(toy("x plain --now 1700000000").globals.now, Some(1_700_000_000));
}

#[test]
fn the_format_and_the_file_have_a_letter_each() {
    let file = |toy: &Toy| match &toy.command {
        Leaf::Export { out, .. } => out.file.clone(),
        _ => None,
    };
    let one = toy("x export -O F --json");
    assert_eq!((file(&one), one.globals.json), (Some("F".into()), true));
    for line in ["x export -O F -o csv", "x --output csv export --out F", "x -o csv export -O F"] {
        let toy = toy(line);
        assert_eq!(
            (file(&toy), toy.globals.output),
            (Some("F".into()), Some(Format::Csv)),
            "{line}"
        );
    }
    assert_eq!(file(&toy("x export -n -O -")), Some("-".into()));
    assert_eq!(file(&toy("x export -o json")), None);
}

#[test]
fn where_as_is_something_else_the_member_has_another_name() {
    let member = |line| toy(line).globals.acting_member.map(|member| member.to_string());
    assert_eq!(member("x plain --as bob").as_deref(), Some("bob"));
    assert_eq!(member("x --as bob close --as done").as_deref(), Some("bob"));
    assert_eq!(member("x close --as done --as-member bob").as_deref(), Some("bob"));
    let Leaf::Close { how, .. } = toy("x --as bob close --as done").command else { panic!() };
    assert_eq!(how.as_deref(), Some("done"));
}

#[test]
fn a_dry_run_is_for_commands_that_write() {
    assert!(matches!(toy("x export -n").command, Leaf::Export { dry_run, .. } if dry_run.dry_run));
    let refused = Toy::try_parse_from(["x", "plain", "-n"]).err().unwrap();
    assert_eq!(refused.kind(), ErrorKind::UnknownArgument);
}

#[test]
fn json_is_recognised_on_a_line_that_is_not_understood() {
    let json = |line: &str| guess(&line.split(' ').map(OsString::from).collect::<Vec<_>>()).0;
    assert!(json("x nonsense --json"));
    assert!(json("x -o json nonsense"));
    assert!(json("x -ojson nonsense"));
    assert!(json("x --output=ndjson nonsense"));
    assert!(!json("x nonsense -o table"));
}

#[test]
fn every_command_has_examples() {
    fn walk(command: &clap::Command) {
        let below: Vec<_> =
            command.get_subcommands().filter(|below| below.get_name() != "help").collect();
        if below.is_empty() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples = help.lines().filter(|line| line.contains("crdtctl ")).count();
            assert!(examples >= 1, "{} has no example", command.get_name());
            assert!(command.get_about().is_some(), "{}", command.get_name());
        }
        below.into_iter().for_each(walk);
    }
    walk(&whole_tree());
}

#[test]
fn arguments_of_commands_are_kept_apart_from_global_options() {
    fn walk(command: &clap::Command) {
        for argument in command.get_arguments().filter(|argument| !argument.is_global_set()) {
            let id = argument.get_id().as_str();
            let ours = [globals::DRY_RUN, globals::MEMBER];
            assert!(!id.starts_with("global.") || ours.contains(&id), "{id}");
        }
        command.get_subcommands().for_each(walk);
    }
    walk(&whole_tree());
    let entity = |line: &str| {
        let words = line.split(' ').map(OsString::from);
        parse(words).unwrap().context.globals.entity
    };
    assert_eq!(entity("crdtctl -e group:a entity use group:b").as_deref(), Some("group:a"));
    assert_eq!(entity("crdtctl entity use group:b"), None);
}
