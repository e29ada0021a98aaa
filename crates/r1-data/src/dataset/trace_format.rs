//! The layouts of traces by name, for commands and configs.

use std::{fmt, path::Path, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    fields::Columns, messages, openr1, openthoughts, prompt_completion, question_answer, stratos, traces,
};
use crate::DataError;
use r1_core::Trace;

/// The layout of a file of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TraceFormat {
    /// [`openr1`].
    #[serde(rename = "openr1")]
    OpenR1,
    /// [`openthoughts`].
    #[serde(rename = "openthoughts")]
    OpenThoughts,
    /// [`stratos`].
    Stratos,
    /// [`messages`].
    Messages,
    /// [`prompt_completion`].
    PromptCompletion,
    /// [`question_answer`], the answer learnt as the completion.
    QuestionAnswer,
    /// One [`Trace`] a line, as this crate writes them.
    Traces,
}

impl TraceFormat {
    /// Every layout.
    pub const ALL: [Self; 7] = [
        Self::OpenR1,
        Self::OpenThoughts,
        Self::Stratos,
        Self::Messages,
        Self::PromptCompletion,
        Self::QuestionAnswer,
        Self::Traces,
    ];

    /// Its name, as commands and configs spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenR1 => "openr1",
            Self::OpenThoughts => "openthoughts",
            Self::Stratos => "stratos",
            Self::Messages => "messages",
            Self::PromptCompletion => "prompt-completion",
            Self::QuestionAnswer => "question-answer",
            Self::Traces => "traces",
        }
    }

    /// Reads a file of this layout.
    ///
    /// # Errors
    /// Those of the layout's own `load`.
    pub fn load(self, path: impl AsRef<Path>) -> Result<Vec<Trace>, DataError> {
        match self {
            Self::OpenR1 => openr1::load(path),
            Self::OpenThoughts => openthoughts::load(path),
            Self::Stratos => stratos::load(path),
            Self::Messages => messages::load(path),
            Self::PromptCompletion => prompt_completion::load(path),
            Self::QuestionAnswer => question_answer::load_traces(path.as_ref(), &Columns::default()),
            Self::Traces => traces::load(path),
        }
    }
}

impl fmt::Display for TraceFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for TraceFormat {
    type Err = DataError;

    /// # Errors
    /// [`DataError::UnknownTraceFormat`] for any other name.
    fn from_str(name: &str) -> Result<Self, DataError> {
        let found = Self::ALL.into_iter().find(|format| format.name() == name);
        found.ok_or_else(|| DataError::UnknownTraceFormat { name: name.to_owned() })
    }
}
