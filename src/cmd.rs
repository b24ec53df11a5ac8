//! The command line: its tree, its global options, and one file per noun.
//!
//! The file of a command `name` has `NameArgs` (wrapping a `NameVerb` if it has verbs) and
//! `run(&Context, NameArgs) -> Result<Report>`, which turns arguments into an operation or a query and
//! does nothing else. To add a command, add its `mod` line and its line in `commands!`.

mod archive;
mod batch;
mod by_itself;
mod canvas;
mod chat;
mod check;
mod choice;
mod colors;
mod complete;
mod completions;
mod conflict;
mod context;
mod demo;
mod digest;
mod disk;
mod doc;
mod editor;
mod entity;
mod export;
mod failure;
mod files;
mod fold;
mod foreign;
mod globals;
mod init;
mod issue;
mod kanban;
mod log;
mod loose;
mod man;
mod member;
mod moment;
#[cfg(test)]
mod notes;
mod pager;
mod prune;
mod recover;
mod repair;
mod resolve;
mod sql;
mod status;
mod subject;
mod sync;
mod time;
mod tombstone;
mod trash;
mod usage;
mod whoami;
mod words;

pub use complete::answer as complete;
pub use context::Context;
pub use editor::EditOption;
pub use failure::{exit_code, fail, of as failure};
pub use files::settle_output;
pub use globals::{DryRun, Globals, OtherAs, OutDir, OutFile};
pub use pager::sink;

use crate::error::Result;
use crate::store::Commits;
use crate::ui::{self, Report, Terminal};
use choice::words_of;
use clap::parser::ValueSource;
use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::rc::Rc;

/// One line per command, in the order of the help; the module is named like the command.
macro_rules! commands {
    ($($(#[$on:meta])* $Variant:ident($Args:ident) => $module:ident,)*) => {
        #[derive(Subcommand)]
        enum Command {
            $($(#[$on])* $Variant($module::$Args),)*
        }

        impl Command {
            fn run(self, context: &Context) -> Result<Report> {
                match self {
                    $($(#[$on])* Command::$Variant(args) => $module::run(context, args),)*
                }
            }

            /// Adds only the named commands to `front`, each with only its named verbs.
            fn some(mut front: clap::Command, named: impl Fn(&str) -> bool) -> clap::Command {
                $($(#[$on])* {
                    let name = stringify!($module);
                    if named(name) {
                        let command = $module::$Args::augment_args(clap::Command::new(name));
                        front = front.subcommand(with_named_verbs(command, &named));
                    }
                })*
                front
            }
        }
    };
}

commands! {
    Init(InitArgs) => init,
    Status(StatusArgs) => status,
    Whoami(WhoamiArgs) => whoami,
    Entity(EntityArgs) => entity,
    Member(MemberArgs) => member,
    Chat(ChatArgs) => chat,
    Kanban(KanbanArgs) => kanban,
    Issue(IssueArgs) => issue,
    Canvas(CanvasArgs) => canvas,
    Disk(DiskArgs) => disk,
    Sync(SyncArgs) => sync,
    Archive(ArchiveArgs) => archive,
    Fold(FoldArgs) => fold,
    Prune(PruneArgs) => prune,
    Tombstone(TombstoneArgs) => tombstone,
    Trash(TrashArgs) => trash,
    Conflict(ConflictArgs) => conflict,
    Doc(DocArgs) => doc,
    Digest(DigestArgs) => digest,
    Check(CheckArgs) => check,
    Repair(RepairArgs) => repair,
    Recover(RecoverArgs) => recover,
    Batch(BatchArgs) => batch,
    Log(LogArgs) => log,
    Sql(SqlArgs) => sql,
    Demo(DemoArgs) => demo,
    Completions(CompletionsArgs) => completions,
    Man(ManArgs) => man,
    #[cfg(test)]
    Notes(NotesArgs) => notes,
}

/// Inspect and operate CRDT stores: Yrs documents on disk, offline, synced by exchanged files
#[derive(Parser)]
#[command(name = "crdtctl", version, about)]
#[command(arg_required_else_help = true, subcommand_required = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done, 1 refused, 2 usage, 3 findings, 4 not found or \
    ambiguous, 5 corrupt or forked, 6 untrusted, 7 waiting, 8 locked, 70 bug, 74 input/output, \
    130 interrupted, 141 closed pipe")]
struct Front {
    #[command(flatten)]
    globals: Globals,
}

/// The whole command line.
fn whole_tree() -> clap::Command {
    Command::augment_subcommands(Front::command())
}

/// A parsed command line.
pub struct Invocation {
    command: Command,
    context: Context,
    /// The global options that came from the environment.
    inherited: Vec<&'static str>,
}

/// Parses a command line.
///
/// # Errors
/// clap's, which also carry the output of `--help` and `--version`.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let words: Vec<OsString> = words.into_iter().collect();
    let matches = understood(&words)?;
    let mut globals = Globals::from_arg_matches(&matches)?;
    let command = Command::from_arg_matches(&matches)?;
    globals.format_named = matches.value_source(globals::OUTPUT) == Some(ValueSource::CommandLine);
    globals.seed = std::env::var("CRDTCTL_SEED").ok();
    let inherited = [globals::STORE, globals::ENTITY, globals::MEMBER]
        .into_iter()
        .filter(|option| matches.value_source(option) == Some(ValueSource::EnvVariable))
        .collect();
    let mut path = Vec::new();
    let mut leaf = &matches;
    while let Some((name, below)) = leaf.subcommand() {
        path.push(name);
        leaf = below;
    }
    let dry_run = matches!(leaf.try_get_one::<bool>(globals::DRY_RUN), Ok(Some(true)));
    let terminal = globals.terminal();
    let context = Context::new(globals, terminal, path.join(" "), dry_run);
    Ok(Invocation { command, context, inherited })
}

/// Parses the words with only the commands that they name. If that fails, the whole tree reports the error,
/// since it knows what else could have been meant.
fn understood(words: &[OsString]) -> Result<clap::ArgMatches, clap::Error> {
    let color = color_word(words);
    if let Some(few) = tree_for(words) {
        match few.color(color).try_get_matches_from(words) {
            Err(said) if said.use_stderr() => {}
            understood => return understood,
        }
    }
    let understood = tree().color(color).try_get_matches_from(words).or_else(|said| {
        let Some(words) = usage::with_file_for_format(&said, words) else { return Err(said) };
        tree().color(color).try_get_matches_from(words).map_err(|_| said)
    });
    understood.map_err(|said| usage::advised(said, tree, words, failure::word))
}

/// The whole command tree, adapted to the environment.
fn tree() -> clap::Command {
    in_environment(whole_tree())
}

/// The same with only the commands that can be meant, since building the whole tree takes longer than
/// many a command: the name of the command is always one of the words. `None` if help is asked for.
fn tree_for(words: &[OsString]) -> Option<clap::Command> {
    let named = |name: &str| words.iter().skip(1).any(|word| word == name);
    let is_help = |word: &str| {
        let short = word.strip_prefix('-').filter(|word| !word.starts_with('-'));
        ["help", "--help"].contains(&word) || short.is_some_and(|flags| flags.contains('h'))
    };
    let mut texts = words.iter().skip(1).filter_map(|word| word.to_str());
    let asks_for_help = texts.clone().any(is_help);
    let names = texts.any(Command::has_subcommand);
    match (asks_for_help, names, words) {
        (false, true, _) => Some(in_environment(Command::some(Front::command(), named))),
        (false, false, [_, one]) if one == "--version" => Some(Front::command()),
        _ => None,
    }
}

/// Reduces a command to its named verbs, since each verb costs a copy of every global option. A command
/// that takes arguments itself, or may be meant by a short name, stays as it is.
fn with_named_verbs(command: clap::Command, named: &impl Fn(&str) -> bool) -> clap::Command {
    let is_short = SHORT_NAMES.iter().any(|(short, _)| named(short));
    if is_short || command.get_arguments().next().is_some() {
        return command;
    }
    let is_meant =
        |verb: &&clap::Command| named(verb.get_name()) || verb.get_all_aliases().any(named);
    let verbs: Vec<clap::Command> = command.get_subcommands().filter(is_meant).cloned().collect();
    // If no verb is named, the whole tree lists them.
    let few = clap::Command::new(command.get_name().to_owned()).subcommand_required(true);
    few.subcommands(verbs)
}

fn in_environment(command: clap::Command) -> clap::Command {
    let command = with_short_names(usage::with_whole_examples(command));
    match std::env::vars_os().any(|(_, value)| value.is_empty()) {
        true => without_empty_variables(command),
        // Skipped because it would visit every argument of every command on every run.
        false => command,
    }
}

/// Short aliases that people are used to.
const SHORT_NAMES: [(&str, &[&str]); 3] =
    [("ls", &["list"]), ("rm", &["remove", "delete"]), ("new", &["add", "create", "open"])];

fn with_short_names(command: clap::Command) -> clap::Command {
    command.mut_subcommands(|below| {
        let short = SHORT_NAMES.iter().find(|(_, names)| names.contains(&below.get_name()));
        let below = with_short_names(below);
        match short {
            Some((short, _)) => below.visible_alias(*short),
            None => below,
        }
    })
}

/// Treats an empty variable as unset: scripts may pass on variables that they do not have.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |arg: &clap::Arg| {
        arg.get_env().and_then(std::env::var_os).is_some_and(|value| value.is_empty())
    };
    command
        .mut_args(|arg| if is_empty(&arg) { arg.env(None::<&'static str>) } else { arg })
        .mut_subcommands(without_empty_variables)
}

impl Invocation {
    pub fn terminal(&self) -> Terminal {
        self.context.terminal.clone()
    }

    /// The commits made so far.
    pub fn commits(&self) -> Rc<Commits> {
        Rc::clone(&self.context.commits)
    }

    /// Makes it a step of another command, which shows it on a terminal of its choice: store, entity and
    /// member from the environment apply to the outer command only, and a seed gives different ids at
    /// each time.
    fn adopt(&mut self, outer: &Context, terminal: &Terminal) {
        let mut globals = self.context.globals.clone();
        for option in &self.inherited {
            match *option {
                globals::STORE => globals.store = None,
                globals::ENTITY => globals.entity = None,
                _ => globals.acting_member = None,
            }
        }
        globals.seed = outer.globals.seed.as_ref().map(|seed| format!("{seed} {:?}", globals.now));
        self.context.globals = globals;
        self.context.terminal = terminal.clone();
    }

    /// Runs the command. The context's notes come first in the report.
    pub fn run(self) -> Result<Report> {
        let outcome = self.command.run(&self.context);
        let (notes, damaged) = (self.context.take_notes(), self.context.take_damaged());
        let left_out: Vec<String> = damaged.iter().filter_map(failure::leaves_out).collect();
        match outcome {
            Ok(mut report) => {
                report.notes.splice(0..0, notes);
                report.left_out.extend(left_out);
                if let Some(error) = damaged.last() {
                    report.exit = failure::exit_of_left_out(error);
                }
                Ok(report)
            }
            Err(error) => {
                let said = Report { notes, left_out, ..Report::nothing() };
                ui::remarks(&said, &self.context.terminal, &mut std::io::stderr());
                Err(self.context.advise(error))
            }
        }
    }
}

/// Guesses whether a command line that does not parse asks for JSON, and for colour on stderr.
pub fn guess(words: &[OsString]) -> (bool, bool) {
    let format = |format: &str| {
        says(words, "--output", format)
            || says(words, "-o", format)
            || words.iter().any(|word| *word == *format!("-o{format}"))
            || std::env::var("CRDTCTL_OUTPUT").is_ok_and(|output| output == format)
    };
    let json = words.iter().any(|word| word == "--json") || format("json") || format("ndjson");
    (json, globals::colored(color_word(words), std::io::stderr().is_terminal()))
}

/// Whether help on standard output is coloured.
pub fn colors_help(words: &[OsString]) -> bool {
    globals::colored(color_word(words), std::io::stdout().is_terminal())
}

fn color_word(words: &[OsString]) -> ColorChoice {
    match () {
        () if says(words, "--color", "never") => ColorChoice::Never,
        () if says(words, "--color", "always") => ColorChoice::Always,
        () => ColorChoice::Auto,
    }
}

/// Whether an option was given with a value: `--color=never`, `--color never`.
fn says(words: &[OsString], option: &str, value: &str) -> bool {
    words.iter().any(|word| *word == *format!("{option}={value}"))
        || words.windows(2).any(|pair| matches!(pair, [a, b] if a == option && b == value))
}

#[cfg(test)]
mod tests;
