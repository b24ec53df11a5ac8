use super::globals::OUT;
use super::{Context, files, whole_tree};
use crate::error::{Error, Result};
use crate::ui::Report;
use clap::Command;
use clap_mangen::Man;
use std::io::Write;
use std::path::PathBuf;

/// Print the manual page, or write one page per command
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl man | man -l -
  crdtctl man --out ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Write one page per command into this directory
    #[arg(id = OUT, short = 'O', long = "out", value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(_: &Context, args: ManArgs) -> Result<Report> {
    let mut tree = whole_tree().disable_help_subcommand(true);
    tree.build();
    let Some(dir) = args.out else {
        return Ok(Report::raw(page(&tree)?.1));
    };
    files::outside(&dir)?;
    std::fs::create_dir_all(&dir)
        .map_err(|e| Error::io(format!("cannot make {}", dir.display()), e))?;
    let pages = pages(&tree)?;
    for (name, page) in &pages {
        files::write(&dir.join(name), page)?;
    }
    Ok(Report::nothing().note(format!("wrote {} pages into {}", pages.len(), dir.display())))
}

/// File name and text of the page of a command and of all below it.
fn pages(tree: &Command) -> Result<Vec<(String, Vec<u8>)>> {
    let mut all = vec![page(tree)?];
    let mut open: Vec<(&Command, Vec<String>)> = vec![(tree, vec![file_name(tree)])];
    while let Some((above, ancestors)) = open.pop() {
        for command in below(above) {
            all.push(page_below(command, above, &ancestors)?);
            open.push((command, [ancestors.as_slice(), &[file_name(command)]].concat()));
        }
    }
    Ok(all)
}

fn below(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| !command.is_hide_set())
}

fn file_name(command: &Command) -> String {
    Man::new(command.clone()).get_filename()
}

/// The page of the program itself: what all commands have in common stands there.
fn page(tree: &Command) -> Result<(String, Vec<u8>)> {
    let others: Vec<String> = below(tree).map(file_name).collect();
    written(tree, |page| {
        options(tree, page)?;
        let man = Man::new(tree.clone());
        man.render_subcommands_section(page)?;
        write!(page, "{}{FILES}", environment(tree))?;
        after(tree, page)?;
        write!(page, "{}", see_also(&others))
    })
}

/// The page of a command, which leaves the options of all commands to that of the program.
fn page_below(
    command: &Command,
    above: &Command,
    ancestors: &[String],
) -> Result<(String, Vec<u8>)> {
    let hidden = command.clone().mut_args(|arg| match arg.is_global_set() {
        true => arg.hide(true),
        false => arg,
    });
    let own = file_name(command);
    let beside = below(above).map(file_name).filter(|name| *name != own);
    let related = ancestors.iter().cloned().chain(below(command).map(file_name)).chain(beside);
    let related: Vec<String> = related.collect();
    written(&hidden, |page| {
        options(&hidden, page)?;
        if !String::from_utf8_lossy(page).contains(".SH \"GLOBAL OPTIONS\"") {
            writeln!(page, ".SH \"GLOBAL OPTIONS\"")?;
        }
        writeln!(page, ".PP\nThose of every command are described in \\fBcrdtctl\\fR(1).")?;
        if hidden.has_subcommands() {
            Man::new(hidden.clone()).render_subcommands_section(page)?;
        }
        after(&hidden, page)?;
        writeln!(page, ".SH \"EXIT STATUS\"\nThat of every command: see \\fBcrdtctl\\fR(1).")?;
        write!(page, "{}", see_also(&related))
    })
}

/// A page with its head, and with what `rest` adds to it.
fn written(
    command: &Command,
    rest: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>,
) -> Result<(String, Vec<u8>)> {
    let version = env!("CARGO_PKG_VERSION");
    let man = Man::new(command.clone()).source(format!("crdtctl {version}"));
    // The first line has a reader of manuals run `tbl`.
    let mut page = b"'\\\" t\n".to_vec();
    let head = |page: &mut Vec<u8>| {
        man.render_title(page)?;
        // Commands and JSON are long words: lines are not stretched around them.
        page.write_all(b".ad l\n")?;
        man.render_name_section(page)?;
        man.render_synopsis_section(page)?;
        man.render_description_section(page)
    };
    head(&mut page)
        .and_then(|()| rest(&mut page))
        .map_err(|e| Error::bug("a manual page cannot be made").because(e))?;
    Ok((man.get_filename(), page))
}

fn options(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    Man::new(command.clone()).render_options_section(page)
}

/// What stands behind the options in the help.
fn after(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let more = command.get_after_long_help().or(command.get_after_help());
    let more = more.map(ToString::to_string).unwrap_or_default();
    more.split("\n\n").filter(|text| !text.is_empty()).try_for_each(|text| {
        let section = section(text);
        page.write_all(section.as_bytes())
    })
}

/// `Examples:` and what follows it as a section of its own, line by line as it is written; exit
/// codes as a list, and operations as a table.
fn section(text: &str) -> String {
    let (title, body) = text.split_once(':').unwrap_or(("Notes", text));
    match title {
        "Exit codes" => {
            let one = |code: &str| {
                let (code, meaning) = code.trim().split_once(' ').unwrap_or((code, ""));
                format!(".TP\n\\fB{code}\\fR\n{}\n", roff(meaning))
            };
            let codes: String = body.split(", ").map(one).collect();
            format!(".SH \"EXIT STATUS\"\n{codes}")
        }
        "Operations" => {
            let mut lines = body.trim().lines();
            let about = roff(lines.next().unwrap_or_default());
            let row = |line: &str| {
                let (op, takes) = line.trim().split_once("  ").unwrap_or((line.trim(), ""));
                format!("{}\tT{{\n{}\nT}}\n", roff(op), roff(takes.trim()))
            };
            let rows: String = lines.map(row).collect();
            format!(".SH OPERATIONS\n{about}\n.TS\nlB lx.\n{rows}.TE\n")
        }
        title => {
            let lines: String = body.trim().lines().map(|line| roff(line) + "\n").collect();
            format!(".SH {}\n.nf\n{lines}.fi\n", title.to_uppercase())
        }
    }
}

/// A line of text as a manual has it.
fn roff(line: &str) -> String {
    let line = line.trim().replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    // A line that begins with a full stop would be a request.
    if line.starts_with('.') { format!("\\&{line}") } else { line }
}

/// The variables that stand for options, and those of the system that are heeded.
fn environment(tree: &Command) -> String {
    let variable = |name: &str, meaning: &str| format!(".TP\n\\fB{name}\\fR\n{meaning}\n");
    let of_options = tree.get_arguments().filter_map(|arg| {
        let (name, option) = (arg.get_env()?.to_str()?, arg.get_long()?);
        Some(variable(name, &format!("Stands for \\fB\\-\\-{}\\fR.", roff(option))))
    });
    let of_the_system = [
        ("NO_COLOR", "No colour, unless \\fB\\-\\-color always\\fR asks for it."),
        ("CLICOLOR_FORCE", "Colour without a terminal too."),
        (
            "CRDTCTL_PAGER",
            "What shows output that is longer than a screen; nothing does where it is empty.",
        ),
        ("PAGER", "The same, where that is not set; less where neither is."),
        (
            "VISUAL",
            "What texts are written in with \\fB\\-\\-edit\\fR, and where a text is left out.",
        ),
        ("EDITOR", "The same, where that is not set."),
        ("XDG_DATA_HOME", "Where the store is that is meant when no other is."),
        ("XDG_STATE_HOME", "Where the leases of this machine's replicas are."),
    ];
    let all: String =
        of_options.chain(of_the_system.iter().map(|(name, text)| variable(name, text))).collect();
    format!(".SH ENVIRONMENT\n{all}")
}

const FILES: &str = ".SH FILES
.TP
\\fIcrdt/\\fR
The documents of a store, a \\fI.yrs\\fR each with a \\fI.meta\\fR beside it.
.TP
\\fIcrdtctl.db\\fR
What only this replica knows: its log, what others acknowledged, what waits, conflicts, the trash.
.TP
\\fIarchive.db\\fR
What left the documents for the archive.
.TP
\\fIdisks/\\fR
The files of entities, beside the store's directory where that is a \\fIcrdt.db\\fR.
.TP
\\fI$XDG_DATA_HOME/crdtctl\\fR
The store that is meant when none is named and none is above.
.TP
\\fI$XDG_STATE_HOME/crdtctl\\fR
The leases of this machine's replicas.
";

/// Pages to go on with, by their files' names.
fn see_also(files: &[String]) -> String {
    let page =
        |file: &String| file.strip_suffix(".1").map(|name| format!("\\fB{}\\fR(1)", roff(name)));
    let pages: Vec<String> = files.iter().filter_map(page).collect();
    format!(".SH \"SEE ALSO\"\n{}\n", pages.join(",\n"))
}
