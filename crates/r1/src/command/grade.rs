//! `r1 grade`: whether answers are right.

use std::{ops::Range, path::PathBuf};

use clap::{Args, ValueEnum};
use r1_core::{Completion, FinishReason};
use r1_rewards::{
    Mode, Verdict,
    grading::{Explanation, Extracted, Question, Table, explain},
    math::{Policy, Rung},
};
use serde::Serialize;
use serde_json::Value;

use crate::command::{
    failure::Failure,
    lines::{Lines, answer},
};

/// Tells whether answers equal references
///
/// Reads lines {"id":..,"gold":"..","answer":".."} from FILE or standard input, where the answer is a whole
/// completion and the gold stands bare, in $..$ or in a box, or is a number, and answers each, in order and at once,
/// with {"id":..,"equal":true|false|null,"reason":".."}; null says that the gold cannot be graded. The id may be
/// any JSON value and comes back as it is. A line that is malformed is named on standard error and has
/// no line in the output, so match the lines by their ids.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  echo '{\"id\":1,\"gold\":\"3/4\",\"answer\":\"It is \\\\boxed{0.75}.\"}' | r1 grade
  r1 grade answers.jsonl --stats > verdicts.jsonl
  r1 grade answers.jsonl --explain --mode lenient")]
pub(crate) struct Arguments {
    /// The lines to grade, instead of standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Where an answer may stand; always after the thoughts
    #[arg(long, value_enum, default_value = "strict")]
    mode: ModeArgument,
    /// Also say what was extracted from the answer and where, what was dropped, how both sides were read, which rung of
    /// the ladder decided, and in how many steps
    #[arg(long)]
    explain: bool,
    /// Also print a table of the verdicts by rung on standard error
    #[arg(long)]
    stats: bool,
    /// References are rounded decimals: an answer that rounds to one is right
    #[arg(long)]
    rounded: bool,
    /// The relative error that real numbers may have, such as 0.01 for measured quantities
    #[arg(long, value_name = "ERROR", value_parser = tolerance, allow_negative_numbers = true)]
    tolerance: Option<f64>,
}

/// The names of the modes.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ModeArgument {
    /// In `<answer>` or the last `\boxed{..}`
    Strict,
    /// Also after `####`, "answer is" or "answer:"
    Anchored,
    /// Also as the last number, or the whole text
    Lenient,
}

impl From<ModeArgument> for Mode {
    fn from(mode: ModeArgument) -> Self {
        match mode {
            ModeArgument::Strict => Self::Strict,
            ModeArgument::Anchored => Self::Anchored,
            ModeArgument::Lenient => Self::Lenient,
        }
    }
}

#[derive(Serialize)]
struct Answer {
    id: Value,
    #[serde(flatten)]
    verdict: Verdict,
    #[serde(flatten)]
    explanation: Option<Told>,
}

/// How the two sides were read.
#[derive(Serialize)]
struct Told {
    extracted: Option<String>,
    /// First byte of it in the completion, and that behind the last.
    span: Option<[usize; 2]>,
    #[serde(flatten)]
    compared: Option<Compared>,
}

#[derive(Serialize)]
struct Compared {
    rung: Rung,
    gold_read: String,
    answer_read: String,
    dropped: Vec<String>,
    steps: u32,
}

impl From<Explanation> for Told {
    fn from(explained: Explanation) -> Self {
        let (extracted, span) = match explained.extracted {
            Some(Extracted { text, span }) => (Some(text), span),
            None => (None, None),
        };
        let compared = explained.judgement.map(|judgement| Compared {
            rung: judgement.rung,
            gold_read: judgement.reference,
            answer_read: judgement.answer,
            dropped: judgement.dropped,
            steps: judgement.steps,
        });
        Self { extracted, span: span.map(|Range { start, end }| [start, end]), compared }
    }
}

/// Answers every line.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let policy = Policy {
        round_to_reference: arguments.rounded,
        relative_tolerance: arguments.tolerance,
        ..Policy::default()
    };
    let mut lines = match &arguments.file {
        Some(path) => Lines::of_file(path)?,
        None => Lines::of_stdin(),
    };
    let (mode, mut table) = (arguments.mode.into(), Table::default());
    while let Some((_, question)) = lines.next::<Question>()? {
        let completion = Completion::from_text(question.answer, FinishReason::Stop);
        let mut explained = explain(&question.gold, &completion, mode, &policy);
        table.add(&explained);
        let unread = explained.judgement.is_none() && explained.verdict.equal == Some(false);
        if unread && mode == Mode::Strict && explained.extracted.is_none() {
            explained.verdict.reason.push_str("; --mode anchored or lenient looks elsewhere, too");
        }
        let verdict = explained.verdict.clone();
        let explanation = arguments.explain.then(|| explained.into());
        answer(&Answer { id: question.id, verdict, explanation })?;
    }
    if arguments.stats {
        eprint!("{table}");
    }
    lines.finish()
}

fn tolerance(text: &str) -> Result<f64, String> {
    let error = text.parse().ok().filter(|error: &f64| *error >= 0.0 && *error < 1.0);
    error.ok_or_else(|| {
        format!("`{text}` is no relative error; give a number from 0 to below 1, such as 0.01")
    })
}
