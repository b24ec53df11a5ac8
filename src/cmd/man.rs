use super::globals::OUT;
use super::{Cli, Context, files};
use crate::error::{Error, Result};
use crate::ui::Report;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::io::Write;
use std::path::PathBuf;

/// Print the manual page, or write one page per command
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl man | man -l -
  crdtctl man --out ~/.local/share/man/man1")]
pub struct Args {
    /// Write one page per command into this directory
    #[arg(id = OUT, short = 'O', long = "out", value_name = "DIR")]
    out: Option<PathBuf>,
}

pub fn run(_: &Context, args: Args) -> Result<Report> {
    let mut tree = Cli::command().disable_help_subcommand(true);
    tree.build();
    let Some(dir) = args.out else {
        return Ok(Report::raw(page(&tree)?.1));
    };
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
    let mut pages = vec![page(tree)?];
    for below in tree.get_subcommands().filter(|command| !command.is_hide_set()) {
        pages.extend(self::pages(below)?);
    }
    Ok(pages)
}

fn page(command: &Command) -> Result<(String, Vec<u8>)> {
    let version = env!("CARGO_PKG_VERSION");
    let man = Man::new(command.clone()).source(format!("crdtctl {version}"));
    let mut page = Vec::new();
    render(&man, command, &mut page)
        .map_err(|e| Error::bug("a manual page cannot be made").because(e))?;
    Ok((man.get_filename(), page))
}

fn render(man: &Man, command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(page)?;
    }
    let more = command.get_after_long_help().or(command.get_after_help());
    let more = more.map(ToString::to_string).unwrap_or_default();
    more.split("\n\n").filter(|text| !text.is_empty()).try_for_each(|text| {
        let section = section(text);
        page.write_all(section.as_bytes())
    })
}

/// `Examples:` and what follows it as a section of its own, line by line as it is written.
fn section(text: &str) -> String {
    let (title, body) = text.split_once(':').unwrap_or(("Notes", text));
    let line = |line: &str| {
        line.trim().replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq") + "\n"
    };
    let lines: String = body.trim().lines().map(line).collect();
    format!(".SH {}\n.nf\n{lines}.fi\n", title.to_uppercase())
}
