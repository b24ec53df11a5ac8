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

/// Returns file name and text of the pages of a command and all its subcommands.
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

/// The page of the program itself, which describes what all commands have in common.
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

/// The page of a command, which leaves the global options to the program's page.
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
        writeln!(page, ".PP\nThe options of every command are described in \\fBcrdtctl\\fR(1).")?;
        if hidden.has_subcommands() {
            Man::new(hidden.clone()).render_subcommands_section(page)?;
        }
        after(&hidden, page)?;
        writeln!(page, ".SH \"EXIT STATUS\"\nThe same for every command: see \\fBcrdtctl\\fR(1).")?;
        write!(page, "{}", see_also(&related))
    })
}

/// Writes a page with its head, and what `rest` adds to it.
fn written(
    command: &Command,
    rest: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>,
) -> Result<(String, Vec<u8>)> {
    let version = env!("CARGO_PKG_VERSION");
    let man = Man::new(command.clone()).source(format!("crdtctl {version}"));
    // The first line makes man run `tbl`.
    let mut page = b"'\\\" t\n".to_vec();
    let head = |page: &mut Vec<u8>| {
        man.render_title(page)?;
        // Commands and JSON are long words: do not justify lines around them.
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

/// Writes what follows the options in the help.
fn after(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let more = command.get_after_long_help().or(command.get_after_help());
    let more = more.map(ToString::to_string).unwrap_or_default();
    more.split("\n\n").filter(|text| !text.is_empty()).try_for_each(|text| {
        let section = section(text);
        page.write_all(section.as_bytes())
    })
}

/// Returns a paragraph with a title, such as `Examples:`, as a section that keeps its lines; exit codes
/// become a list, and operations a table.
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

/// Escapes a line of text for roff.
fn roff(line: &str) -> String {
    let line = line.trim().replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    // A line that begins with a full stop would be a request.
    if line.starts_with('.') { format!("\\&{line}") } else { line }
}

/// The variables that stand for options, and the system's variables that matter.
fn environment(tree: &Command) -> String {
    let variable = |name: &str, meaning: &str| format!(".TP\n\\fB{name}\\fR\n{meaning}\n");
    let of_options = tree.get_arguments().filter_map(|arg| {
        let (name, option) = (arg.get_env()?.to_str()?, arg.get_long()?);
        Some(variable(name, &format!("Stands for \\fB\\-\\-{}\\fR.", roff(option))))
    });
    let of_the_system = [
        ("NO_COLOR", "No colour, unless \\fB\\-\\-color always\\fR asks for it."),
        ("CLICOLOR_FORCE", "Colour even without a terminal."),
        ("CRDTCTL_PAGER", "The pager for output longer than a screen; if empty, no pager is used."),
        ("PAGER", "The pager if CRDTCTL_PAGER is not set; less if neither is."),
        ("VISUAL", "The editor for texts, with \\fB\\-\\-edit\\fR or if a text is left out."),
        ("EDITOR", "The editor if VISUAL is not set."),
        ("XDG_DATA_HOME", "The directory of the default store."),
        ("XDG_STATE_HOME", "The directory for the leases of this machine's replicas."),
    ];
    let all: String =
        of_options.chain(of_the_system.iter().map(|(name, text)| variable(name, text))).collect();
    format!(".SH ENVIRONMENT\n{all}")
}

const FILES: &str = ".SH FILES
.TP
\\fIcrdt/\\fR
The documents of a store, one \\fI.yrs\\fR file each with a \\fI.meta\\fR file beside it.
.TP
\\fIcrdtctl.db\\fR
The state of this replica: its log, acknowledgements, waiting updates, conflicts, the trash.
.TP
\\fIarchive.db\\fR
The records moved from the documents to the archive.
.TP
\\fIdisks/\\fR
The files of entities, beside the store's directory if that is a \\fIcrdt.db\\fR.
.TP
\\fI$XDG_DATA_HOME/crdtctl\\fR
The default store, used if none is named and none is in the current directory or above.
.TP
\\fI$XDG_STATE_HOME/crdtctl\\fR
The leases of this machine's replicas.
";

/// The section of related pages, from their file names.
fn see_also(files: &[String]) -> String {
    let page =
        |file: &String| file.strip_suffix(".1").map(|name| format!("\\fB{}\\fR(1)", roff(name)));
    let pages: Vec<String> = files.iter().filter_map(page).collect();
    format!(".SH \"SEE ALSO\"\n{}\n", pages.join(",\n"))
}
