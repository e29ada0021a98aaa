//! `r1 grade`: whether answers are right.

use clap::{Args, ValueEnum};
use r1_core::{Completion, FinishReason};
use r1_rewards::{
    Mode, Verdict, grade_with,
    grading::explain,
    math::{Policy, Rung},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::command::{
    failure::Failure,
    lines::{Lines, answer},
};

/// Tells whether answers equal references
///
/// Reads lines {"id":..,"gold":"..","answer":".."} from standard input, where the answer is a whole
/// completion and the gold stands bare, in $..$ or in a box, and answers each, in order and at once, with
/// {"id":..,"equal":true|false|null,"reason":".."}; null says that the gold cannot be graded. The id may be
/// any JSON value and comes back as it is. A line that is malformed is named on standard error and has
/// no line in the output, so match the lines by their ids.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  echo '{\"id\":1,\"gold\":\"3/4\",\"answer\":\"It is \\\\boxed{0.75}.\"}' | r1 grade"
)]
pub(crate) struct Arguments {
    /// Where an answer may stand; always after the thoughts
    #[arg(long, value_enum, default_value = "strict")]
    mode: ModeArgument,
    /// Also say how both sides were read and which rung of the ladder decided
    #[arg(long)]
    explain: bool,
    /// References are rounded decimals: an answer that rounds to one is right
    #[arg(long)]
    rounded: bool,
    /// The relative error that real numbers may have, such as 0.01 for measured quantities
    #[arg(long, value_name = "ERROR")]
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

#[derive(Deserialize)]
struct Question {
    #[serde(default)]
    id: Value,
    gold: String,
    answer: String,
}

#[derive(Serialize)]
struct Answer {
    id: Value,
    #[serde(flatten)]
    verdict: Verdict,
    #[serde(flatten)]
    explanation: Option<Explanation>,
}

/// How the two sides were read.
#[derive(Serialize)]
struct Explanation {
    rung: Rung,
    gold_read: String,
    answer_read: String,
}

/// Answers every line of standard input.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let policy = Policy {
        round_to_reference: arguments.rounded,
        relative_tolerance: arguments.tolerance,
        ..Policy::default()
    };
    let mut lines = Lines::of_stdin();
    while let Some((_, question)) = lines.next::<Question>()? {
        let completion = Completion::from_text(question.answer, FinishReason::Stop);
        let mode = arguments.mode.into();
        let (verdict, explanation) = if arguments.explain {
            let explained = explain(&question.gold, &completion, mode, &policy);
            let explanation = explained.judgement.map(|judgement| Explanation {
                rung: judgement.rung,
                gold_read: judgement.reference,
                answer_read: judgement.answer,
            });
            (explained.verdict, explanation)
        } else {
            (grade_with(&question.gold, &completion, mode, &policy), None)
        };
        answer(&Answer { id: question.id, verdict, explanation })?;
    }
    lines.finish()
}
