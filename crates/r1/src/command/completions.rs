//! `r1 completions`: what shells complete.

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use crate::command::{failure::Failure, lines::write_output};

/// Prints the completions of a shell
///
/// Put them where your shell looks for them, and open a new shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 completions bash > ~/.local/share/bash-completion/completions/r1
  r1 completions zsh > ~/.zfunc/_r1
  r1 completions fish > ~/.config/fish/completions/r1.fish")]
pub(crate) struct Arguments {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Prints them.
pub(crate) fn run(arguments: &Arguments, mut command: Command) -> Result<(), Failure> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut command, "r1", &mut script);
    write_output(&script)
}
