//! How a verdict came about.

use std::ops::Range;

use r1_core::Completion;

use crate::{Mode, Verdict, accuracy};
use r1_math::{Judgement, Policy};

/// A verdict, the answer that was looked at, and how both sides were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The verdict of [`grade_with`](crate::grade_with).
    pub verdict: Verdict,
    /// The answer that was found; `None` where there is none.
    pub extracted: Option<Extracted>,
    /// How it was compared; `None` where nothing was.
    pub judgement: Option<Judgement>,
}

/// An answer within a completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted {
    /// The answer as it is compared.
    pub text: String,
    /// Its bytes in the completion; `None` where it was put together from several places.
    pub span: Option<Range<usize>>,
}

/// [`grade_with`](crate::grade_with), with the answer that was found and how both sides were read.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason};
/// use r1_rewards::{Mode, grading::explain, math::Policy};
///
/// let completion = Completion::from_text("It is \\boxed{5\\text{ cm}}.", FinishReason::Stop);
/// let explained = explain("5", &completion, Mode::Strict, &Policy::default());
/// let extracted = explained.extracted.unwrap();
/// assert_eq!((extracted.text.as_str(), extracted.span), ("5\\text{ cm}", Some(13..24)));
/// assert_eq!(explained.judgement.unwrap().dropped, ["the unit `cm`"]);
/// ```
pub fn explain(gold: &str, completion: &Completion, mode: Mode, policy: &Policy) -> Explanation {
    accuracy::explained(gold, completion, mode, policy, true)
}
