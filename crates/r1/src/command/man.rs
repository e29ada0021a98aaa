//! `r1 man`: the manual's pages.

use clap::{Args, Command};
use clap_mangen::Man;

use crate::command::{failure::Failure, lines::write_output};

/// Prints a page of the manual, in the format of man
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 man > ~/.local/share/man/man1/r1.1
  r1 man eval | man -l -")]
pub(crate) struct Arguments {
    /// The command that the page is about [default: r1 itself]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Prints it.
pub(crate) fn run(arguments: &Arguments, command: Command) -> Result<(), Failure> {
    let page = match &arguments.command {
        None => command,
        Some(name) => {
            let found = command.find_subcommand(name).cloned();
            let found = found.ok_or_else(|| {
                Failure::Usage(format!("there is no command `{name}`; `r1 --help` lists them"))
            })?;
            found.version(env!("CARGO_PKG_VERSION"))
        }
    };
    let mut text = Vec::new();
    Man::new(page).render(&mut text)?;
    write_output(&text)
}
