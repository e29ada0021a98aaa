//! `r1 --help`: the commands in the order in which a newcomer needs them.

use clap::{Command, CommandFactory};

/// The commands by purpose. A command that stands in no group is listed under the last heading, so that a new one is
/// never hidden; a name that is no command is skipped.
const GROUPS: &[(&str, &[&str])] = &[
    ("Train and measure", &["train", "eval", "compare", "diagnose", "replay"]),
    ("Recipes of one stage", &["grpo", "sft", "reject"]),
    ("Use a model", &["chat", "serve", "generate", "logprobs", "convert", "plan"]),
    ("Grade answers", &["grade", "grade-code", "run-code", "audit"]),
    ("Make and clean data", &["problems", "decontaminate"]),
    ("Other", &["completions", "man", "help"]),
];

/// The whole command line, with the commands in groups.
pub(crate) fn command<C: CommandFactory>() -> Command {
    let mut command = C::command();
    command.build();
    let groups = groups(&command);
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n{groups}\nOptions:\n{{options}}{{after-help}}"
    ))
}

fn groups(command: &Command) -> String {
    let known = |name: &str| GROUPS.iter().any(|(_, names)| names.contains(&name));
    let width = command.get_subcommands().map(|sub| sub.get_name().len()).max().unwrap_or(0);
    let mut text = String::new();
    for (index, (heading, names)) in GROUPS.iter().enumerate() {
        let mut listed: Vec<&Command> =
            names.iter().filter_map(|name| command.find_subcommand(name)).collect();
        if index + 1 == GROUPS.len() {
            let others = command.get_subcommands().filter(|sub| !known(sub.get_name()));
            listed.splice(0..0, others);
        }
        if listed.is_empty() {
            continue;
        }
        text += &format!("\n{heading}:\n");
        for sub in listed {
            let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
            text += &format!("  {:width$}  {about}\n", sub.get_name());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    #[command(name = "r1", about = "About", subcommand_required = true)]
    enum Cli {
        /// Novel
        Novel,
        /// Measures
        Eval,
        /// Trains
        Train,
    }

    #[test]
    fn a_newcomer_sees_training_first_and_nothing_is_hidden() {
        let help = command::<Cli>().render_help().to_string();
        let place = |part: &str| help.find(part).unwrap_or_else(|| panic!("`{part}` is missing in {help}"));
        assert!(place("train  Trains") < place("eval   Measures"), "{help}");
        assert!(place("Other:") < place("novel  Novel") && place("novel") < place("Options:"), "{help}");
        assert!(!help.contains("Grade answers"), "{help}");
    }
}
