use super::choice::words_of;
use super::time;
use crate::clock::Clock;
use crate::id::MemberId;
use crate::store::Fold;
use crate::ui::{self, Format, RecordTemplate, Signs, Terminal, TimeStyle, Times};
use clap::{Args, ColorChoice};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

/// The ids of global options have a prefix that no command's own argument has: with equal ids, clap
/// would mix up their values.
pub(crate) const STORE: &str = "global.store";
pub(crate) const ENTITY: &str = "global.entity";
pub(crate) const MEMBER: &str = "global.member";
pub(crate) const OUTPUT: &str = "global.output";
/// The name of every option for a file or directory to write.
pub(crate) const OUT: &str = "out";

/// The options that every command takes, before or after its name.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The store directory; by default the nearest one here or above, else the XDG data directory
    #[arg(id = STORE, short = 's', long = "store", value_name = "DIR")]
    #[arg(global = true, env = "CRDTCTL_STORE", hide_env_values = true)]
    pub store: Option<PathBuf>,

    /// The entity: TYPE:ID, or only the id if it is unique
    #[arg(id = ENTITY, short = 'e', long = "entity", value_name = "ENTITY")]
    #[arg(global = true, env = "CRDTCTL_ENTITY", hide_env_values = true)]
    pub entity: Option<String>,

    /// The member to act as, by id or a unique prefix; by default the store's own member
    #[arg(id = MEMBER, long = "as", value_name = "MEMBER", value_parser = MemberId::parse)]
    #[arg(global = true, env = "CRDTCTL_AS", hide_env_values = true)]
    pub acting_member: Option<MemberId>,

    /// The output format; by default a table on a terminal, else tab-separated
    #[arg(id = OUTPUT, short = 'o', long = "output", value_name = "FORMAT")]
    #[arg(global = true, env = "CRDTCTL_OUTPUT", hide_env_values = true)]
    pub output: Option<Format>,

    /// Same as `--output json`
    #[arg(id = "global.json", long = "json", global = true)]
    pub json: bool,

    /// Print nothing but errors on standard error
    #[arg(id = "global.quiet", short = 'q', long = "quiet", global = true)]
    pub quiet: bool,

    /// Show multi-line cells of tables and long columns of boards in full
    #[arg(id = "global.full", long = "full", global = true)]
    pub full: bool,

    /// Show only these fields, in this order, by column or JSON field name
    #[arg(id = "global.fields", long = "fields", value_name = "NAME,…", value_delimiter = ',')]
    #[arg(global = true)]
    pub fields: Vec<String>,

    /// Format each record with a template: `{{ title }}` is a field, as named in --json
    ///
    /// Templates are Jinja (minijinja): `{% if %}`, `{% for %}`, filters. A line break follows each
    /// record. Nothing is escaped for HTML; null prints nothing; a missing field is an error, unless
    /// the filter `default` follows it.
    #[arg(id = "global.template", long = "template", value_name = "TEMPLATE", global = true)]
    #[arg(value_parser = RecordTemplate::parse, allow_hyphen_values = true)]
    pub template: Option<RecordTemplate>,

    /// Leave out column and field names
    #[arg(id = "global.no_header", long = "no-header", global = true)]
    pub no_header: bool,

    /// How to show times to people; JSON, TSV and CSV are not affected
    #[arg(id = "global.time", long = "time", value_name = "STYLE", default_value = "local")]
    #[arg(global = true, env = "CRDTCTL_TIME", hide_env_values = true)]
    pub time: TimeStyle,

    /// Say which store, entity and member are used
    #[arg(id = "global.verbose", short = 'v', long = "verbose", global = true)]
    pub verbose: bool,

    /// Answer yes to every question
    #[arg(id = "global.yes", short = 'y', long = "yes", global = true)]
    pub yes: bool,

    /// Never ask: do as without a terminal, and fail if an answer is needed
    #[arg(id = "global.no_input", long = "no-input", global = true)]
    pub no_input: bool,

    /// Do not use a pager on a terminal
    ///
    /// By default, output longer than a screen goes through CRDTCTL_PAGER, else PAGER, else less.
    #[arg(id = "global.no_pager", long = "no-pager", global = true)]
    pub no_pager: bool,

    /// When to use colour
    #[arg(id = "global.color", long = "color", value_name = "WHEN", default_value = "auto")]
    #[arg(global = true)]
    pub color: ColorChoice,

    /// How long to wait while another process writes
    #[arg(id = "global.lock_wait", long = "lock-wait", value_name = "TIME", default_value = "10s")]
    #[arg(global = true, value_parser = time::duration)]
    pub lock_wait: Duration,

    /// When to write the files of changed documents: before the command ends, or `later`
    ///
    /// Either way the change is durable, and every command shows it. Defaults to the store's setting
    /// (`crdtctl fold mode`).
    #[arg(id = "global.fold", long = "fold", value_name = "WHEN")]
    #[arg(value_parser = words_of(&Fold::ALL, Fold::as_str))]
    #[arg(global = true, env = "CRDTCTL_FOLD", hide_env_values = true)]
    pub fold: Option<Fold>,

    /// The time to use as now
    #[arg(id = "global.now", long = "now", value_name = "TIME", value_parser = time::fixed)]
    #[arg(global = true, env = "CRDTCTL_NOW", hide_env_values = true)]
    pub now: Option<i64>,

    /// When to show progress
    #[arg(id = "global.progress", long = "progress", value_name = "WHEN", default_value = "auto")]
    #[arg(global = true)]
    pub progress: ColorChoice,

    /// The directory for the leases of this machine's replicas; by default the XDG state directory
    #[arg(id = "global.state_dir", long = "state-dir", value_name = "DIR")]
    #[arg(global = true, env = "CRDTCTL_STATE_DIR", hide_env_values = true)]
    pub state_dir: Option<PathBuf>,

    /// Whether the command line itself names the format, not the environment.
    #[arg(skip)]
    pub format_named: bool,

    /// The seed of all ids, for tests: CRDTCTL_SEED.
    #[arg(skip)]
    pub seed: Option<String>,
}

/// `-n`, for commands that write: sessions and files opened by the [`super::Context`] respect it.
#[derive(Args, Debug, Clone, Copy)]
pub struct DryRun {
    /// Show what would happen; write nothing
    #[arg(id = DRY_RUN, short = 'n', long = "dry-run")]
    pub dry_run: bool,
}

pub(crate) const DRY_RUN: &str = "global.dry_run";

/// `-O FILE`, for commands that write a file with [`super::Context::deliver`].
#[derive(Args, Debug, Clone)]
pub struct OutFile {
    /// The file to write; `-` is standard output
    #[arg(id = OUT, short = 'O', long = "out", value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// `-O DIR`, for commands that write a directory.
#[derive(Args, Debug, Clone)]
pub struct OutDir {
    /// The directory to write to; nothing in it is overwritten
    #[arg(id = OUT, short = 'O', long = "out", value_name = "DIR")]
    pub dir: PathBuf,
}

/// For commands where `--as` names something other than a member: there the acting member has another
/// option, or is given before the command (`crdtctl --as MEMBER …`).
#[derive(Args, Debug, Clone)]
pub struct OtherAs {
    /// The member to act as; by default the store's own member
    #[arg(id = MEMBER, long = "as-member", value_name = "MEMBER", value_parser = MemberId::parse)]
    #[arg(env = "CRDTCTL_AS", hide_env_values = true, help_heading = "Global options")]
    acting_member: Option<MemberId>,
}

impl Globals {
    /// Returns what is known of the terminal and the wanted output, from the options and the environment.
    pub(crate) fn terminal(&self) -> Terminal {
        let out = std::io::stdout().is_terminal();
        let err = std::io::stderr().is_terminal();
        let format = match (self.json, self.output) {
            // A template has the fields of JSON.
            _ if self.template.is_some() => Format::Json,
            (true, _) => Format::Json,
            (false, Some(format)) => format,
            (false, None) if out => Format::Table,
            (false, None) => Format::Tsv,
        };
        Terminal {
            format,
            width: ui::width(),
            height: ui::height(),
            pages: out && !self.no_pager,
            interactive: out,
            color_out: colored(self.color, out),
            color_err: colored(self.color, err),
            quiet: self.quiet,
            full: self.full,
            header: !self.no_header,
            template: self.template.clone(),
            times: Times {
                style: self.time,
                now: self.now.unwrap_or_else(|| Clock::system().now()),
            },
            fields: (!self.fields.is_empty()).then(|| self.fields.as_slice().into()),
            ask: !self.no_input && std::io::stdin().is_terminal() && err,
            progress: match self.progress {
                ColorChoice::Never => Signs::None,
                ColorChoice::Auto if self.quiet || !err => Signs::None,
                ColorChoice::Always if !err => Signs::Line,
                _ => Signs::Bar,
            },
        }
    }
}

/// Whether to use colour: `--color` decides, else NO_COLOR, else a terminal or CLICOLOR_FORCE.
pub(crate) fn colored(choice: ColorChoice, terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0");
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty()) => false,
        ColorChoice::Auto => terminal || set("CLICOLOR_FORCE"),
    }
}
