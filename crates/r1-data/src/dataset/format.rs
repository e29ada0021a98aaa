//! The layouts by name, for commands and configs.

use std::{fmt, path::Path, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    aime, apps, code_contests, countdown, gsm8k, humaneval, jsonl, livecodebench, math, mbpp, mgsm,
    preference, question_answer, svamp,
};
use crate::DataError;
use r1_core::Problem;

/// The layout of a file of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// [`gsm8k`].
    Gsm8k,
    /// [`svamp`].
    Svamp,
    /// [`math`].
    Math,
    /// [`aime`].
    Aime,
    /// [`mgsm`].
    Mgsm,
    /// [`humaneval`].
    HumanEval,
    /// [`mbpp`].
    Mbpp,
    /// [`livecodebench`].
    LiveCodeBench,
    /// [`apps`].
    Apps,
    /// [`code_contests`].
    #[serde(rename = "code-contests")]
    CodeContests,
    /// [`countdown`].
    Countdown,
    /// [`preference`].
    Preference,
    /// [`question_answer`].
    #[serde(rename = "question-answer")]
    QuestionAnswer,
    /// One [`Problem`] a line, as this crate writes them.
    Problems,
}

impl Format {
    /// Every layout.
    pub const ALL: [Self; 14] = [
        Self::Gsm8k,
        Self::Svamp,
        Self::Math,
        Self::Aime,
        Self::Mgsm,
        Self::HumanEval,
        Self::Mbpp,
        Self::LiveCodeBench,
        Self::Apps,
        Self::CodeContests,
        Self::Countdown,
        Self::Preference,
        Self::QuestionAnswer,
        Self::Problems,
    ];

    /// Its name, as commands and configs spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gsm8k => "gsm8k",
            Self::Svamp => "svamp",
            Self::Math => "math",
            Self::Aime => "aime",
            Self::Mgsm => "mgsm",
            Self::HumanEval => "humaneval",
            Self::Mbpp => "mbpp",
            Self::LiveCodeBench => "livecodebench",
            Self::Apps => "apps",
            Self::CodeContests => "code-contests",
            Self::Countdown => "countdown",
            Self::Preference => "preference",
            Self::QuestionAnswer => "question-answer",
            Self::Problems => "problems",
        }
    }

    /// Reads a file of this layout.
    ///
    /// # Errors
    /// Those of the layout's own `load`.
    pub fn load(self, path: impl AsRef<Path>) -> Result<Vec<Problem>, DataError> {
        match self {
            Self::Gsm8k => gsm8k::load(path),
            Self::Svamp => svamp::load(path),
            Self::Math => math::load(path),
            Self::Aime => aime::load(path),
            Self::Mgsm => mgsm::load(path),
            Self::HumanEval => humaneval::load(path),
            Self::Mbpp => mbpp::load(path),
            Self::LiveCodeBench => livecodebench::load(path),
            Self::Apps => apps::load(path),
            Self::CodeContests => code_contests::load(path),
            Self::Countdown => countdown::load(path),
            Self::Preference => preference::load(path),
            Self::QuestionAnswer => question_answer::load(path),
            Self::Problems => jsonl::load(path),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = DataError;

    /// # Errors
    /// [`DataError::UnknownFormat`] for any other name.
    fn from_str(name: &str) -> Result<Self, DataError> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| DataError::UnknownFormat { name: name.to_owned() })
    }
}
