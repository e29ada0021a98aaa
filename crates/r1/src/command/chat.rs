//! `r1 chat`: a conversation in the terminal.

use std::{
    io::{IsTerminal, stdin, stdout},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use clap::Args;
use r1_core::{Key, Sampling};
use r1_serve::{Chat, ChatOptions, Served};

use crate::command::{failure::Failure, sampling::SamplingArguments, session::SessionArguments};

/// Talks with a model in the terminal
///
/// Answers are shown as they are written, thoughts dimmed. /help lists what can be changed on the way. Ctrl-C stops an
/// answer, Ctrl-D ends. Lines from a pipe are answered one after the other. What was said before stays in the cache, so
/// that each answer begins at once. The same --seed and the same lines give the same answers.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 chat --model DIR
  r1 chat --model DIR --system 'Answer in one word.' --temperature 0
  r1 chat --model DIR --hide-thoughts --max-thinking-tokens 500 --loop-guard
  printf 'What is 2 + 2?\\nAnd twice that?\\n' | r1 chat --model DIR")]
pub(crate) struct Arguments {
    #[command(flatten)]
    session: SessionArguments,
    #[command(flatten)]
    sampling: SamplingArguments,
    /// What the model is told before the conversation
    #[arg(long, value_name = "TEXT")]
    system: Option<String>,
    /// Count thoughts instead of showing them
    #[arg(long)]
    hide_thoughts: bool,
}

/// Talks until the input ends.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.sampling.samples.is_some() {
        return Err(Failure::Usage("a chat has one answer to each message; leave out --samples".into()));
    }
    let base = Sampling::default().with_temperature(0.6).with_max_tokens(4096);
    let sampling = arguments.sampling.over(Sampling { top_p: 0.95, ..base })?;
    let Served { mut session, model, .. } = arguments.session.open(1, 1)?;
    if model.template.is_none() {
        let dir = arguments.session.model.path.display();
        let reason =
            format!("the checkpoint `{dir}` has no chat template; use `r1 generate` with a plain prompt");
        return Err(Failure::Job(reason));
    }
    let interactive = stdin().is_terminal() && stdout().is_terminal();
    let options = ChatOptions {
        sampling,
        key: Key::new(arguments.sampling.seed),
        system: arguments.system.clone(),
        show_thoughts: !arguments.hide_thoughts,
        max_thinking_tokens: arguments.session.max_thinking_tokens(),
        loop_guard: arguments.session.loop_guard(),
        interactive,
        color: interactive
            && std::env::var_os("NO_COLOR").is_none()
            && std::env::var("TERM").is_ok_and(|term| term != "dumb"),
    };
    let asked = Arc::new(AtomicBool::new(false));
    if options.interactive {
        signal_hook::flag::register(signal_hook::consts::SIGINT, asked.clone())?;
    }
    let stop = || asked.swap(false, Ordering::SeqCst);
    Chat::new(&mut session, model, options, &stop)
        .run(&mut stdin().lock(), &mut stdout().lock())
        .map_err(|error| Failure::output(&error))
}
