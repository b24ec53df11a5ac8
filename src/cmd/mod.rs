//! The command line: its tree, its global options, and one file per noun.
//!
//! A command file has `Args` (or, for a noun with verbs, `Args` around a `Subcommand`) and
//! `run(&Context, Args) -> Result<Report>`: arguments to an operation or a query, nothing else.
//! To add one: its `mod` line and its line in [`commands!`].

mod chat;
mod completions;
mod context;
mod demo;
mod digest;
mod doc;
mod entity;
mod files;
mod init;
mod man;
mod member;
mod prune;
mod resolve;
mod time;
mod tombstone;

pub use context::Context;

use crate::error::Result;
use crate::id::MemberId;
use crate::ui::{self, Format, Report, Signs, Terminal};
use clap::parser::ValueSource;
use clap::{Args, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

/// One line a command, in the order of the help.
macro_rules! commands {
    ($($Variant:ident => $module:ident,)*) => {
        #[derive(Subcommand)]
        enum Command {
            $($Variant($module::Args),)*
        }

        impl Command {
            fn run(self, context: &Context) -> Result<Report> {
                match self {
                    $(Command::$Variant(args) => $module::run(context, args),)*
                }
            }
        }
    };
}

commands! {
    Init => init,
    Entity => entity,
    Member => member,
    Chat => chat,
    Prune => prune,
    Tombstone => tombstone,
    Doc => doc,
    Digest => digest,
    Demo => demo,
    Completions => completions,
    Man => man,
}

/// Inspect and operate CRDT stores: Yrs documents on disk, offline, synced by exchanged files
#[derive(Parser)]
#[command(name = "crdtctl", version, about)]
#[command(arg_required_else_help = true, subcommand_required = true, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 done, 1 refused, 2 usage, 3 findings, 4 not found or \
    ambiguous, 5 corrupt or forked, 6 untrusted, 7 waiting, 8 locked, 70 bug, 74 input/output")]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

/// The options that every command takes, before or after its name.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The store; else the nearest directory above with one, else the XDG data directory
    #[arg(
        short,
        long,
        global = true,
        value_name = "DIR",
        env = "CRDTCTL_STORE",
        hide_env_values = true
    )]
    pub store: Option<PathBuf>,

    /// The entity: TYPE:ID, or the id alone where it is unique
    #[arg(
        short,
        long,
        global = true,
        value_name = "ENTITY",
        env = "CRDTCTL_ENTITY",
        hide_env_values = true
    )]
    pub entity: Option<String>,

    /// Who acts; else the store's own member
    #[arg(
        long = "as",
        id = "acting_member",
        global = true,
        value_name = "MEMBER",
        env = "CRDTCTL_AS", hide_env_values = true,
        value_parser = MemberId::parse
    )]
    pub acting_member: Option<MemberId>,

    /// How output is written: a table on a terminal, else tab-separated
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        env = "CRDTCTL_OUTPUT",
        hide_env_values = true
    )]
    pub output: Option<Format>,

    /// Same as `--output json`
    #[arg(long, global = true)]
    pub json: bool,

    /// Say nothing on standard error but errors
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Say which store, entity and member are meant
    #[arg(short, long, global = true)]
    pub verbose: bool,

    /// Answer every question with yes
    #[arg(short, long, global = true)]
    pub yes: bool,

    /// Ask nothing; fail where an answer is needed
    #[arg(long, global = true)]
    pub no_input: bool,

    /// When to use colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,

    /// How long to wait for another process that writes
    #[arg(long, global = true, value_name = "TIME", default_value = "10s")]
    #[arg(value_parser = time::duration)]
    pub lock_wait: Duration,

    /// The time that counts as now
    #[arg(long, global = true, value_name = "TIME", env = "CRDTCTL_NOW", hide_env_values = true)]
    #[arg(value_parser = time::fixed, allow_hyphen_values = true)]
    pub now: Option<i64>,

    /// When to show progress
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub progress: ColorChoice,

    /// Seed of all ids, for tests
    #[arg(long, global = true, hide = true, env = "CRDTCTL_SEED", hide_env = true)]
    pub seed: Option<String>,
}

/// `-n`, for commands that write. [`Context::session`] and [`Context::perform`] heed it.
#[derive(Args, Debug, Clone, Copy)]
pub struct DryRun {
    /// Show what would happen; write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// `-o FILE`, for commands that write a file with [`Context::deliver`]. There the format of the output has its long names
/// only: declaring `output` again, without its letter, keeps the global one away.
#[derive(Args, Debug, Clone)]
pub struct OutFile {
    /// The file to write; `-` is standard output
    #[arg(short = 'o', long = "out", value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// How output is written: a table on a terminal, else tab-separated
    #[arg(
        long,
        value_name = "FORMAT",
        env = "CRDTCTL_OUTPUT",
        hide_env_values = true,
        help_heading = "Global options"
    )]
    output: Option<Format>,
}

/// For commands where `--as` names something else than a member: there the member that acts has
/// another name, or stands before the command (`crdtctl --as MEMBER …`).
#[derive(Args, Debug, Clone)]
pub struct OtherAs {
    /// Who acts; else the store's own member
    #[arg(
        long = "as-member",
        id = "acting_member",
        value_name = "MEMBER",
        env = "CRDTCTL_AS",
        hide_env_values = true
    )]
    #[arg(value_parser = MemberId::parse, help_heading = "Global options")]
    acting_member: Option<MemberId>,
}

/// A command line that was understood.
pub struct Invocation {
    command: Command,
    context: Context,
    /// The global options that the environment gave.
    inherited: Vec<&'static str>,
}

/// Reads a command line.
///
/// # Errors
/// clap's, which are also how it says `--help` and `--version`.
pub fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Invocation, clap::Error> {
    let words: Vec<OsString> = words.into_iter().collect();
    let matches = Cli::command().color(color_word(&words)).try_get_matches_from(words)?;
    let Cli { globals, command } = Cli::from_arg_matches(&matches)?;
    let inherited = ["store", "entity", "acting_member"];
    let inherited = inherited
        .into_iter()
        .filter(|option| matches.value_source(option) == Some(ValueSource::EnvVariable))
        .collect();
    let mut path = Vec::new();
    let mut leaf = &matches;
    while let Some((name, below)) = leaf.subcommand() {
        path.push(name);
        leaf = below;
    }
    let dry_run = matches!(leaf.try_get_one::<bool>("dry_run"), Ok(Some(true)));
    let terminal = terminal(&globals);
    let context = Context::new(globals, terminal, path.join(" "), dry_run);
    Ok(Invocation { command, context, inherited })
}

impl Invocation {
    pub fn terminal(&self) -> Terminal {
        self.context.terminal.clone()
    }

    /// Makes it a step of another command, which shows it on a terminal of its choice: what the
    /// environment says about store, entity and member is for the outer command, and a seed gives
    /// other ids at each time.
    fn adopt(&mut self, outer: &Context, terminal: &Terminal) {
        let mut globals = self.context.globals.clone();
        for option in &self.inherited {
            match *option {
                "store" => globals.store = None,
                "entity" => globals.entity = None,
                _ => globals.acting_member = None,
            }
        }
        globals.seed = outer.globals.seed.as_ref().map(|seed| format!("{seed} {:?}", globals.now));
        self.context.globals = globals;
        self.context.terminal = terminal.clone();
    }

    /// Does it. What the context noted on the way comes first among the report's notes.
    pub fn run(self) -> Result<Report> {
        let outcome = self.command.run(&self.context);
        let notes = self.context.take_notes();
        match outcome {
            Ok(mut report) => {
                report.notes.splice(0..0, notes);
                Ok(report)
            }
            Err(error) => {
                notes.iter().for_each(|note| ui::say(&mut std::io::stderr(), note));
                Err(error)
            }
        }
    }
}

/// What a command line that cannot be read as a whole asks for: JSON, and colour on stderr.
pub fn guess(words: &[OsString]) -> (bool, bool) {
    let format = |format: &str| {
        says(words, "--output", format)
            || says(words, "-o", format)
            || words.iter().any(|word| *word == *format!("-o{format}"))
            || std::env::var("CRDTCTL_OUTPUT").is_ok_and(|output| output == format)
    };
    let json = words.iter().any(|word| word == "--json") || format("json") || format("ndjson");
    (json, colored(color_word(words), std::io::stderr().is_terminal()))
}

fn color_word(words: &[OsString]) -> ColorChoice {
    match () {
        () if says(words, "--color", "never") => ColorChoice::Never,
        () if says(words, "--color", "always") => ColorChoice::Always,
        () => ColorChoice::Auto,
    }
}

/// Whether an option stands there with a value: `--color=never`, `--color never`.
fn says(words: &[OsString], option: &str, value: &str) -> bool {
    words.iter().any(|word| *word == *format!("{option}={value}"))
        || words.windows(2).any(|pair| matches!(pair, [a, b] if a == option && b == value))
}

fn terminal(globals: &Globals) -> Terminal {
    let out = std::io::stdout().is_terminal();
    let err = std::io::stderr().is_terminal();
    let format = match (globals.json, globals.output) {
        (true, _) => Format::Json,
        (false, Some(format)) => format,
        (false, None) if out => Format::Table,
        (false, None) => Format::Tsv,
    };
    Terminal {
        format,
        width: width(),
        interactive: out,
        color_out: colored(globals.color, out),
        color_err: colored(globals.color, err),
        quiet: globals.quiet,
        ask: !globals.no_input && std::io::stdin().is_terminal() && err,
        progress: match globals.progress {
            ColorChoice::Never => Signs::None,
            _ if globals.quiet && globals.progress == ColorChoice::Auto => Signs::None,
            _ if err => Signs::Bar,
            ColorChoice::Always => Signs::Line,
            ColorChoice::Auto => Signs::None,
        },
    }
}

/// The terminal's columns; 80 where there is none to ask.
fn width() -> usize {
    let named = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = || comfy_table::Table::new().width().map(usize::from);
    named.or_else(asked).filter(|columns| *columns > 0).unwrap_or(80)
}

/// `--color` decides; without it NO_COLOR, then CLICOLOR_FORCE, then whether a terminal is there.
fn colored(choice: ColorChoice, terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) => false,
        ColorChoice::Auto => terminal || set("CLICOLOR_FORCE"),
    }
}

#[cfg(test)]
mod tests;
