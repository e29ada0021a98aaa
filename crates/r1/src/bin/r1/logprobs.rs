//! `r1 logprobs`: how probable a model finds given tokens.

use std::path::PathBuf;

use clap::Args;
use r1_core::Content;
use r1_model::{LanguageModel, Scores, score};
use serde::Deserialize;

use crate::{
    checkpoint::{fitting, load},
    failure::Failure,
    lines::{Lines, answer},
};

/// Tells how probable a model finds given tokens
///
/// Reads lines {"ids":[..]} or {"text":".."} from standard input and answers each with
/// {"logprobs":[..],"greedy":[..]}: log p(ids[t] | ids[..t]) in nats for t >= 1, at temperature 1, and
/// the most probable next token after each position. Nothing is added around a text. A line that
/// cannot be answered is named on standard error and has no line in the output.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  echo '{\"ids\":[5,6,7]}' | r1 logprobs --model DIR")]
pub(crate) struct Arguments {
    /// Checkpoint folder in Hugging Face layout
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
}

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    ids: Option<Vec<u32>>,
    #[serde(default)]
    text: Option<String>,
}

/// Answers every line of standard input.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let model = load(&arguments.model)?;
    let mut lines = Lines::of_stdin();
    while let Some((number, question)) = lines.next::<Question>()? {
        match scores(&model, question) {
            Ok(scores) => answer(&scores)?,
            Err(reason) => lines.fail(number, &reason),
        }
    }
    lines.finish()
}

fn scores(model: &LanguageModel, question: Question) -> Result<Scores, String> {
    let content = match (question.ids, question.text) {
        (Some(ids), None) => Content::Ids(ids),
        (None, Some(text)) => Content::Text(text),
        _ => return Err("give either `ids` or `text`".into()),
    };
    let scores = score(&model.model, &fitting(model, &content, model.config.context)?);
    match scores.logprobs.iter().position(|logprob| !logprob.is_finite()) {
        None => Ok(scores),
        Some(index) => {
            Err(format!("the model gives token {} no finite probability; it is damaged", index + 1))
        }
    }
}
