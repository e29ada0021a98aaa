//! Splits what the policy wrote into thoughts and answer.
//!
//! One linear state machine reads `<think>`, `</think>`, `<answer>`, `</answer>` and `\boxed{..}` from
//! left to right. It never fails: a text that breaks the format still has whatever parts can be told,
//! and [`Response::strict`] and [`Response::soft`] say what is wrong with it.

mod machine;

/// A completion's text, split.
///
/// ```
/// use r1_core::{FormatError, Response};
///
/// let response = Response::parse("<think>2 + 2 = 4</think>\n<answer> 4 </answer>", false);
/// assert_eq!(response.reasoning, "2 + 2 = 4");
/// assert_eq!(response.answer, "4");
/// assert_eq!(response.strict(), Ok(()));
///
/// // The prompt ended with `<think>`, so the text starts inside the thoughts.
/// let response = Response::parse("2 + 2 = 4</think>It is \\boxed{4}.", true);
/// assert_eq!((response.answer, response.boxed), ("4", Some("4")));
/// assert_eq!(response.strict(), Err(FormatError::MissingAnswer));
/// assert_eq!(response.soft(), Ok(()));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response<'a> {
    /// The thoughts, trimmed: from the first `<think>` (or the start of the text, when the prompt
    /// opened them or the tag is missing) to the last `</think>`, or to the end when they never close.
    /// Empty when there are no thoughts.
    pub reasoning: &'a str,
    /// All text after the last `</think>`, as written; the whole text when there are no thoughts, and
    /// empty when the thoughts never close.
    pub after_thoughts: &'a str,
    /// The final answer, trimmed: [`tagged`](Self::tagged), else [`boxed`](Self::boxed), else
    /// the text after the thoughts. Empty when the thoughts never close, and when an `<answer>` was
    /// opened but cut off.
    pub answer: &'a str,
    /// The trimmed content of the last closed `<answer>` after the thoughts.
    pub tagged: Option<&'a str>,
    /// The trimmed content of the last closed `\boxed{..}` after the thoughts; of nested ones the
    /// innermost.
    pub boxed: Option<&'a str>,
    strict: Option<FormatError>,
    soft: Option<FormatError>,
}

impl<'a> Response<'a> {
    /// Parses a completion's text, in time linear in its length.
    ///
    /// `think_prefilled` says that the prompt already opened the thoughts, so that the text starts
    /// inside them and needs no `<think>` of its own.
    pub fn parse(text: &'a str, think_prefilled: bool) -> Self {
        machine::parse(text, think_prefilled)
    }

    /// Checks the format of R1-Zero: `<think> .. </think> <answer> .. </answer>`, each exactly once
    /// and not blank, with nothing but white space before, between and after.
    ///
    /// # Errors
    /// The first deviation in the order of the text.
    pub fn strict(&self) -> Result<(), FormatError> {
        self.strict.map_or(Ok(()), Err)
    }

    /// Checks the format of R1: `<think> .. </think>` exactly once and not blank, with nothing but
    /// white space before and some text after. What that text holds is not looked at.
    ///
    /// # Errors
    /// The first deviation in the order of the text.
    pub fn soft(&self) -> Result<(), FormatError> {
        self.soft.map_or(Ok(()), Err)
    }
}

/// A deviation of a completion's text from the format that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// There is no `<think>`, or none before `</think>` or `<answer>`.
    #[error("the thoughts are not opened by `<think>`")]
    MissingThinkOpen,
    /// The thoughts are opened and never closed; a completion that was cut off looks like this.
    #[error("the thoughts are not closed by `</think>`")]
    MissingThinkClose,
    /// A second `<think>` or `</think>`, nested or after the first pair.
    #[error("there is more than one `<think>` or `</think>`")]
    DuplicateThink,
    /// There is nothing but white space between `<think>` and `</think>`.
    #[error("the thoughts are empty")]
    EmptyReasoning,
    /// There is no `<answer>` after the thoughts, or, where none is asked for, no text at all.
    #[error("there is no answer after the thoughts")]
    MissingAnswer,
    /// `<answer>` is opened and never closed.
    #[error("the answer is not closed by `</answer>`")]
    UnclosedAnswer,
    /// `</answer>` stands where no `<answer>` is open.
    #[error("`</answer>` closes nothing")]
    UnopenedAnswer,
    /// A second `<answer>`, nested or after the first pair.
    #[error("there is more than one `<answer>`")]
    DuplicateAnswer,
    /// `<answer>` or `</answer>` stands inside the thoughts.
    #[error("an answer tag stands inside the thoughts")]
    AnswerInThoughts,
    /// There is nothing but white space between `<answer>` and `</answer>`.
    #[error("the answer is empty")]
    EmptyAnswer,
    /// Text stands before `<think>`.
    #[error("text stands before the thoughts")]
    TextBefore,
    /// Text stands between `</think>` and `<answer>`.
    #[error("text stands between the thoughts and the answer")]
    TextBetween,
    /// Text stands after `</answer>`.
    #[error("text stands after the answer")]
    TextAfter,
}

impl FormatError {
    /// True when [`Response::soft`] minds it, too: it concerns the thoughts, not the answer's tags.
    fn concerns_thoughts(self) -> bool {
        matches!(
            self,
            Self::MissingThinkOpen
                | Self::MissingThinkClose
                | Self::DuplicateThink
                | Self::EmptyReasoning
                | Self::TextBefore
        )
    }
}

#[cfg(test)]
mod tests;
