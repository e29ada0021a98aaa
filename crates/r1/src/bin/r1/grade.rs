//! `r1 grade`: whether answers are right.

use clap::{Args, ValueEnum};
use r1_data::{Completion, FinishReason};
use r1_rewards::{Mode, Verdict, grade};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
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
}

/// Answers every line of standard input.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut lines = Lines::of_stdin();
    while let Some((_, question)) = lines.next::<Question>()? {
        let completion = Completion::from_text(question.answer, FinishReason::Stop);
        let verdict = grade(&question.gold, &completion, arguments.mode.into());
        answer(&Answer { id: question.id, verdict })?;
    }
    lines.finish()
}
