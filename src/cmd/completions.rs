use super::{Cli, Context};
use crate::error::Result;
use crate::ui::Report;
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell as Known;
use clap_complete_nushell::Nushell;

/// Print the completions of a shell
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl completions bash > ~/.local/share/bash-completion/completions/crdtctl
  crdtctl completions zsh > \"${fpath[1]}/_crdtctl\"
  crdtctl completions fish > ~/.config/fish/completions/crdtctl.fish")]
pub struct Args {
    shell: Shell,
}

#[derive(Clone, Copy, ValueEnum)]
#[allow(clippy::enum_variant_names, reason = "PowerShell is called so")]
enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    PowerShell,
    Elvish,
    Nushell,
}

pub fn run(_: &Context, args: Args) -> Result<Report> {
    let mut script = Vec::new();
    let mut tree = Cli::command();
    let name = tree.get_name().to_owned();
    let mut known = |shell: Known| clap_complete::generate(shell, &mut tree, &name, &mut script);
    match args.shell {
        Shell::Bash => known(Known::Bash),
        Shell::Zsh => known(Known::Zsh),
        Shell::Fish => known(Known::Fish),
        Shell::PowerShell => known(Known::PowerShell),
        Shell::Elvish => known(Known::Elvish),
        Shell::Nushell => clap_complete::generate(Nushell, &mut tree, &name, &mut script),
    }
    Ok(Report::raw(script))
}
