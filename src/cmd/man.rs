use super::{Cli, Context, files};
use crate::error::{Error, Result};
use crate::ui::Report;
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use std::path::PathBuf;

/// Print the manual page, or write one page per command
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl man | man -l -
  crdtctl man --out ~/.local/share/man/man1")]
pub struct Args {
    /// Write one page per command into this directory
    #[arg(long, value_name = "DIR")]
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
    let man = Man::new(command.clone());
    let mut text = Vec::new();
    man.render(&mut text).map_err(|e| Error::bug("a manual page cannot be made").because(e))?;
    Ok((man.get_filename(), text))
}
