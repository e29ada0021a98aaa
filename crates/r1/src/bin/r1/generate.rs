//! `r1 generate`: completions of prompts.

use std::{
    io::{IsTerminal, stdin},
    num::NonZeroUsize,
    path::PathBuf,
    time::Instant,
};

use clap::Args;
use r1_core::{Completion, Content, FinishReason, Generate, Key, Message, Prompt, Sampling};
use serde::{Deserialize, Serialize};

use crate::{
    checkpoint::{fitting, load},
    failure::Failure,
    lines::{Lines, answer},
    sampling::SamplingArguments,
};

/// Prompts that are worked on together unless told otherwise.
const BATCH: usize = 64;

/// Writes completions of prompts
///
/// Reads lines {"prompt":".."}, {"ids":[..]} or, with --chat, {"messages":[{"role":"user","content":".."}]}
/// from standard input and answers each, in order, with {"completions":[{"ids":[..],"text":"..",
/// "logprobs":[..],"finish":"stop|length|cancelled"}]}. The ids and their log-probabilities (of the whole
/// vocabulary at the temperature, in nats) are those after the prompt, the end token included; where
/// tokens were cut off by --top-p or --top-k there are "sampled_logprobs" of the kept ones, too.
///
/// Random numbers depend on the seed, the prompt's tokens and the sample's index, not on the place of
/// the line: equal prompts get equal completions, so ask for --samples to get different ones. A line
/// that cannot be answered is named on standard error and has no line in the output.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  echo '{\"prompt\":\"2 + 2 =\"}' | r1 generate --model DIR --temperature 0 --max-tokens 8
  echo '{\"prompt\":\"Why is the sky blue?\"}' | r1 generate --model DIR --chat --samples 4 --seed 7")]
pub(crate) struct Arguments {
    /// Checkpoint folder in Hugging Face layout
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    #[command(flatten)]
    sampling: SamplingArguments,
    /// Use the checkpoint's chat template; a prompt is one turn of the user
    #[arg(long)]
    chat: bool,
    /// Lines worked on together, and answered together [default: 64, on a terminal 1]
    #[arg(long, value_name = "N")]
    batch: Option<NonZeroUsize>,
}

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    prompt: Option<String>,
    #[serde(default)]
    ids: Option<Vec<u32>>,
    #[serde(default)]
    messages: Option<Vec<Message>>,
}

impl Question {
    fn content(self, chat: bool) -> Result<Content, String> {
        match (self.prompt, self.ids, self.messages) {
            (Some(prompt), None, None) if chat => Ok(Content::Messages(vec![Message::user(prompt)])),
            (Some(prompt), None, None) => Ok(Content::Text(prompt)),
            (None, Some(ids), None) => Ok(Content::Ids(ids)),
            (None, None, Some(_)) if !chat => Err("`messages` need the option --chat".into()),
            (None, None, Some(messages)) if messages.is_empty() => {
                Err("`messages` is empty; give one turn".into())
            }
            (None, None, Some(messages)) => Ok(Content::Messages(messages)),
            _ => Err("give one of `prompt`, `ids` and `messages`".into()),
        }
    }
}

#[derive(Serialize)]
struct Answer {
    completions: Vec<Written>,
}

#[derive(Serialize)]
struct Written {
    ids: Vec<u32>,
    text: String,
    logprobs: Vec<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sampled_logprobs: Option<Vec<f32>>,
    finish: FinishReason,
}

impl From<Completion> for Written {
    fn from(completion: Completion) -> Self {
        let Completion { ids, text, logprobs, sampled_logprobs, finish, .. } = completion;
        Self { ids, text, logprobs, sampled_logprobs, finish }
    }
}

/// Answers every line of standard input.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let sampling = arguments.sampling.over(Sampling::default())?;
    let mut model = load(&arguments.model)?;
    if arguments.chat && model.template.is_none() {
        let dir = arguments.model.display();
        return Err(Failure::Job(format!("the checkpoint `{dir}` has no chat template; leave out --chat")));
    }
    let most = model.config.context - 1;
    let batch = arguments.batch.map_or(if stdin().is_terminal() { 1 } else { BATCH }, NonZeroUsize::get);
    let samples = arguments.sampling.samples.map_or(1, NonZeroUsize::get);
    let (mut tokens, mut seconds) = (0, 0.0);
    let mut lines = Lines::of_stdin();
    loop {
        let (mut numbers, mut prompts) = (Vec::new(), Vec::new());
        while prompts.len() < batch {
            let Some((number, question)) = lines.next::<Question>()? else { break };
            match question.content(arguments.chat).and_then(|content| fitting(&model, &content, most)) {
                Ok(ids) => {
                    numbers.push(number);
                    prompts
                        .push(Prompt { key: key(arguments.sampling.seed, &ids), content: Content::Ids(ids) });
                }
                Err(reason) => lines.fail(number, &reason),
            }
        }
        if prompts.is_empty() {
            break;
        }
        let start = Instant::now();
        let groups = model.generate(&prompts, samples, &sampling)?;
        seconds += start.elapsed().as_secs_f64();
        for (number, group) in numbers.into_iter().zip(groups) {
            tokens += group.iter().map(|completion| completion.ids.len()).sum::<usize>();
            if group.iter().flat_map(|completion| &completion.logprobs).all(|logprob| logprob.is_finite()) {
                answer(&Answer { completions: group.into_iter().map(Written::from).collect() })?;
            } else {
                lines.fail(number, "the model gives no finite probabilities; it is damaged");
            }
        }
    }
    if tokens > 0 {
        eprintln!("{tokens} tokens in {seconds:.1} s, {:.1} tokens/s", tokens as f64 / seconds);
    }
    lines.finish()
}

/// The key of a prompt's random numbers: the same wherever and beside whatever it stands.
fn key(seed: u64, ids: &[u32]) -> Key {
    let name: Vec<String> = ids.iter().map(u32::to_string).collect();
    Key::new(seed).for_problem(&name.join(","))
}
