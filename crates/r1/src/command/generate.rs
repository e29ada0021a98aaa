//! `r1 generate`: completions of prompts.

mod question;

use std::{
    io::{IsTerminal, stdin},
    num::NonZeroUsize,
    time::Instant,
};

use clap::Args;
use r1_core::{Completion, Content, FinishReason, Generate, Prompt, Sampling};
use r1_model::LanguageModel;
use serde::Serialize;
use serde_json::Value;

use question::{Asked, Question};

use crate::command::{
    checkpoint::ModelArguments,
    failure::Failure,
    lines::{Lines, answer},
    sampling::SamplingArguments,
};

/// Prompts that are worked on together unless told otherwise.
const BATCH: usize = 64;

/// Writes completions of prompts
///
/// Answers --prompt, or lines {"prompt":".."}, {"ids":[..]} or, with --chat, {"messages":[{"role":"user","content":
/// ".."}]} from standard input, in order, with {"completions":[{"ids":[..],"text":"..","logprobs":[..],
/// "finish":"stop|length|cancelled"}]}. The ids and their log-probabilities (of the whole vocabulary at the temperature,
/// in nats) are those after the prompt, the end token included; where tokens were cut off by --top-p or --top-k there are
/// "sampled_logprobs" of the kept ones, too. "think_prefilled":true says that the prompt had opened the thoughts, so that
/// the text begins inside them without <think>.
///
/// A line may have settings of its own, which come before the options: "max_tokens", "temperature", "top_p", "top_k",
/// "min_p", "seed", "stop" (a text or several) and "chat_template_kwargs". Its "id" comes back in the answer.
///
/// Random numbers depend on the seed, the prompt's tokens and the sample's index, not on the place of
/// the line: equal prompts get equal completions, so ask for --samples to get different ones. A line
/// that cannot be answered is named on standard error and has no line in the output.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  r1 generate --model DIR --prompt '2 + 2 =' --temperature 0 --max-tokens 8
  r1 generate --model DIR --chat --system 'Answer in one word.' --prompt 'Why is the sky blue?'
  echo '{\"prompt\":\"Why is the sky blue?\"}' | r1 generate --model DIR --chat --samples 4 --seed 7
  echo '{\"prompt\":\"1, 2, 3,\",\"stop\":[\"9\"],\"max_tokens\":40}' | r1 generate --model DIR
  r1 generate --model QWEN3 --chat --template-variable enable_thinking=false --prompt 'Hello'")]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Prompt to answer instead of standard input; give it again for several
    #[arg(long = "prompt", value_name = "TEXT")]
    prompts: Vec<String>,
    #[command(flatten)]
    sampling: SamplingArguments,
    /// Text that ends a completion and stays in it; give it again for several
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    stop: Vec<String>,
    /// Use the checkpoint's chat template; a prompt is one turn of the user
    #[arg(long)]
    chat: bool,
    /// What the model is told before every conversation
    #[arg(long, value_name = "TEXT", requires = "chat")]
    system: Option<String>,
    /// Variable of the chat template, as JSON or text; give it again for several
    #[arg(long = "template-variable", value_name = "NAME=VALUE", requires = "chat", value_parser = variable)]
    variables: Vec<(String, Value)>,
    /// Lines worked on together, and answered together [default: 64, on a terminal 1]
    #[arg(long, value_name = "N")]
    batch: Option<NonZeroUsize>,
}

fn variable(text: &str) -> Result<(String, Value), String> {
    let (name, value) =
        text.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or("expected NAME=VALUE")?;
    Ok((name.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

#[derive(Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
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
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    think_prefilled: bool,
}

impl Written {
    fn new(completion: Completion, think_prefilled: bool) -> Self {
        let Completion { ids, text, logprobs, sampled_logprobs, finish, .. } = completion;
        Self { ids, text, logprobs, sampled_logprobs, finish, think_prefilled }
    }
}

/// Answers every prompt, or every line of standard input.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let sampling = Sampling { stop: arguments.stop.clone(), ..Sampling::default() };
    let sampling = arguments.sampling.over(sampling)?;
    let mut model = arguments.model.load()?;
    if arguments.chat && model.template.is_none() {
        let dir = arguments.model.path.display();
        return Err(Failure::Job(format!("the checkpoint `{dir}` has no chat template; leave out --chat")));
    }
    model.template = model.template.take().map(|template| {
        let variables = arguments.variables.iter();
        variables.fold(template, |template, (name, value)| template.with_variable(name, value.clone()))
    });
    let mut writer = Writer { model, arguments, sampling, tokens: 0, seconds: 0.0 };
    if arguments.prompts.is_empty() {
        writer.answer_lines()?
    } else {
        writer.answer_prompts()?
    }
    if writer.tokens > 0 {
        let Writer { tokens, seconds, .. } = writer;
        eprintln!("{tokens} tokens in {seconds:.1} s, {:.1} tokens/s", tokens as f64 / seconds);
    }
    Ok(())
}

/// A model and how it writes unless a line says otherwise.
struct Writer<'a> {
    model: LanguageModel,
    arguments: &'a Arguments,
    sampling: Sampling,
    tokens: usize,
    seconds: f64,
}

/// What is wrong with the completions of an asked prompt, or the answer.
type Answered = Result<Answer, String>;

impl Writer<'_> {
    fn answer_lines(&mut self) -> Result<(), Failure> {
        let batch = if stdin().is_terminal() { 1 } else { BATCH };
        let batch = self.arguments.batch.map_or(batch, NonZeroUsize::get);
        let mut lines = Lines::of_stdin();
        loop {
            let (mut numbers, mut asked) = (Vec::new(), Vec::new());
            while asked.len() < batch {
                let Some((number, question)) = lines.next::<Question>()? else { break };
                match self.asked(question) {
                    Ok(prompt) => {
                        numbers.push(number);
                        asked.push(prompt);
                    }
                    Err(reason) => lines.fail(number, &reason),
                }
            }
            if asked.is_empty() {
                return lines.finish();
            }
            for (number, answered) in numbers.into_iter().zip(self.write(asked)?) {
                match answered {
                    Ok(value) => answer(&value)?,
                    Err(reason) => lines.fail(number, &reason),
                }
            }
        }
    }

    fn answer_prompts(&mut self) -> Result<(), Failure> {
        let named =
            |number: usize, reason: String| Failure::Job(format!("--prompt number {number}: {reason}"));
        let mut asked = Vec::new();
        for (number, prompt) in (1..).zip(&self.arguments.prompts) {
            asked.push(self.asked(Question::of_prompt(prompt)).map_err(|reason| named(number, reason))?);
        }
        for (number, answered) in (1..).zip(self.write(asked)?) {
            answer(&answered.map_err(|reason| named(number, reason))?)?;
        }
        Ok(())
    }

    fn asked(&self, question: Question) -> Result<Asked, String> {
        let seed = self.arguments.sampling.seed;
        let system = self.arguments.system.as_deref();
        question.asked(&self.model, &self.sampling, seed, self.arguments.chat.then_some(system))
    }

    /// The answers in order; prompts with the same sampling are written together.
    fn write(&mut self, asked: Vec<Asked>) -> Result<Vec<Answered>, Failure> {
        let samples = self.arguments.sampling.samples.map_or(1, NonZeroUsize::get);
        let mut samplings: Vec<Sampling> = Vec::new();
        for prompt in &asked {
            if !samplings.contains(&prompt.sampling) {
                samplings.push(prompt.sampling.clone());
            }
        }
        let mut answers: Vec<Option<Answered>> = asked.iter().map(|_| None).collect();
        for sampling in samplings {
            let alike: Vec<usize> =
                (0..asked.len()).filter(|&index| asked[index].sampling == sampling).collect();
            let prompt = |&index: &usize| Prompt {
                key: asked[index].key,
                content: Content::Ids(asked[index].ids.clone()),
            };
            let prompts: Vec<Prompt> = alike.iter().map(prompt).collect();
            let start = Instant::now();
            let groups = self.model.generate(&prompts, samples, &sampling)?;
            self.seconds += start.elapsed().as_secs_f64();
            for (index, group) in alike.into_iter().zip(groups) {
                self.tokens += group.iter().map(|completion| completion.ids.len()).sum::<usize>();
                answers[index] = Some(answered(&asked[index], group));
            }
        }
        Ok(answers.into_iter().flatten().collect())
    }
}

fn answered(asked: &Asked, group: Vec<Completion>) -> Answered {
    if !group.iter().flat_map(|completion| &completion.logprobs).all(|logprob| logprob.is_finite()) {
        return Err("the model gives no finite probabilities; it is damaged".into());
    }
    let completions = group.into_iter().map(|completion| Written::new(completion, asked.think_prefilled));
    Ok(Answer { id: asked.id.clone(), completions: completions.collect() })
}
