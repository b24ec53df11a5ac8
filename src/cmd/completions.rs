use super::{Context, complete, whole_tree};
use crate::error::{Error, Result};
use crate::ui::Report;
use clap::ValueEnum;
use clap_complete_nushell::Nushell;

/// Print the completion script for a shell
///
/// It completes commands and options, and members, messages, entities, documents and peers from the
/// store that the command line selects. For Nushell it completes commands and options only.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  crdtctl completions bash > ~/.local/share/bash-completion/completions/crdtctl
  crdtctl completions zsh > ~/.zfunc/_crdtctl
  crdtctl completions fish > ~/.config/fish/completions/crdtctl.fish")]
pub struct CompletionsArgs {
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

pub fn run(_: &Context, args: CompletionsArgs) -> Result<Report> {
    let script = match args.shell {
        Shell::Bash => complete::registration("bash"),
        Shell::Zsh => complete::registration("zsh"),
        Shell::Fish => complete::registration("fish"),
        Shell::PowerShell => complete::registration("powershell"),
        Shell::Elvish => complete::registration("elvish"),
        Shell::Nushell => {
            let mut script = Vec::new();
            let mut tree = super::with_short_names(whole_tree());
            let name = tree.get_name().to_owned();
            clap_complete::generate(Nushell, &mut tree, name, &mut script);
            Some(script)
        }
    };
    let script = script.ok_or_else(|| Error::bug("no completion script for this shell"))?;
    Ok(Report::text(headed(&String::from_utf8_lossy(&script))))
}

/// Adds a comment with the commands that a script completes, so that people see them and an outdated
/// script differs. zsh needs its `#compdef` in the first line.
fn headed(script: &str) -> String {
    let tree = whole_tree();
    let commands: Vec<&str> = tree.get_subcommands().map(clap::Command::get_name).collect();
    let header = format!("# crdtctl {}: {}\n", env!("CARGO_PKG_VERSION"), commands.join(", "));
    let script = script.trim_start();
    match script.split_once('\n') {
        Some((first, rest)) if first.starts_with("#compdef") => format!("{first}\n{header}{rest}"),
        _ => header + script,
    }
}
