//! `r1 logprobs`: how probable a model finds given tokens.

use clap::Args;
use r1_core::Content;
use r1_model::{CausalLm, LanguageModel, ModelConfig, Scores, Transformer, checkpoint::load_model, score};
use serde::Deserialize;

use crate::command::{
    checkpoint::{ModelArguments, check_dir, check_ids, fitting, warn_of_unknown_fields},
    failure::Failure,
    lines::{Lines, answer},
};

/// Tells how probable a model finds given tokens
///
/// Reads lines {"ids":[..]} or {"text":".."} from standard input and answers each with
/// {"logprobs":[..],"greedy":[..]}: log p(ids[t] | ids[..t]) in nats for t >= 1, at temperature 1, and
/// the most probable next token after each position. Nothing is added around a text. A checkpoint without a
/// tokenizer.json answers ids. A line that cannot be answered is named on standard error and has no line in the output.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  echo '{\"ids\":[5,6,7]}' | r1 logprobs --model DIR")]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
}

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    ids: Option<Vec<u32>>,
    #[serde(default)]
    text: Option<String>,
}

/// A model, with its tokenizer where there is one.
enum Scorer {
    Language(Box<LanguageModel>),
    Weights(Box<(Transformer, ModelConfig)>),
}

/// Answers every line of standard input.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let scorer = Scorer::load(&arguments.model)?;
    let mut lines = Lines::of_stdin();
    while let Some((number, question)) = lines.next::<Question>()? {
        match scorer.scores(question) {
            Ok(scores) => answer(&scores)?,
            Err(reason) => lines.fail(number, &reason),
        }
    }
    lines.finish()
}

impl Scorer {
    fn load(model: &ModelArguments) -> Result<Self, Failure> {
        let dir = &model.path;
        if !dir.is_dir() || dir.join("tokenizer.json").exists() || model.weights.is_some() {
            return Ok(Self::Language(Box::new(model.load()?)));
        }
        check_dir(dir)?;
        let (model, config) = load_model(dir, &r1_model::device()?)?;
        warn_of_unknown_fields(&config, dir);
        Ok(Self::Weights(Box::new((model, config))))
    }

    fn scores(&self, question: Question) -> Result<Scores, String> {
        let content = match (question.ids, question.text) {
            (Some(ids), None) => Content::Ids(ids),
            (None, Some(text)) => Content::Text(text),
            _ => return Err("give either `ids` or `text`".into()),
        };
        match (self, content) {
            (Self::Language(model), content) => {
                finite(model.working(), &fitting(model, &content, model.config.context)?)
            }
            (Self::Weights(weights), Content::Ids(ids)) => {
                let (model, config) = &**weights;
                check_ids(&ids, config, config.context)?;
                finite(model, &ids)
            }
            (Self::Weights(..), _) => {
                Err("the checkpoint has no tokenizer.json; give `ids` instead of `text`".into())
            }
        }
    }
}

fn finite(model: &impl CausalLm, ids: &[u32]) -> Result<Scores, String> {
    let scores = score(model, ids);
    match scores.logprobs.iter().position(|logprob| !logprob.is_finite()) {
        None => Ok(scores),
        Some(index) => {
            Err(format!("the model gives token {} no finite probability; it is damaged", index + 1))
        }
    }
}
