//! Statistics of words that tell of reflection. They are metrics, not rewards: a policy that is paid for "wait" writes it.

use r1_core::Completion;
use serde::{Deserialize, Serialize};

/// Words that tell of reflection.
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), section C.2.
pub const REFLECTIVE_WORDS: [&str; 10] =
    ["wait", "mistake", "however", "but", "retry", "error", "verify", "wrong", "evaluate", "check"];

/// How many words of a text tell of reflection, upper case or lower.
///
/// # Examples
/// ```
/// assert_eq!(r1_rewards::reflective_words("Wait, wait. That's wrong; button up."), 3);
/// ```
pub fn reflective_words(text: &str) -> usize {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| REFLECTIVE_WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))).count()
}

/// Reflection in the thoughts of several completions.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason};
/// use r1_rewards::Reflection;
///
/// let completion = |thoughts: &str| Completion::from_text(format!("<think>{thoughts}</think>4"), FinishReason::Stop);
/// let reflection = Reflection::of(&[completion("So four. Wait, check that."), completion("Four it is.")]);
/// assert_eq!(reflection, Reflection { completions: 2, reflecting: 1, words: 8, reflective: 2 });
/// assert_eq!(reflection.per_thousand(), Some(250.0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Reflection {
    /// Completions looked at.
    pub completions: usize,
    /// Those with a reflective word in their thoughts.
    pub reflecting: usize,
    /// Words of the thoughts.
    pub words: usize,
    /// Reflective ones among them.
    pub reflective: usize,
}

impl Reflection {
    /// The statistics of these completions.
    pub fn of<'a>(completions: impl IntoIterator<Item = &'a Completion>) -> Self {
        completions.into_iter().fold(Self::default(), |sum, completion| {
            let thoughts = completion.response().reasoning;
            let words =
                thoughts.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
            let reflective = reflective_words(thoughts);
            Self {
                completions: sum.completions + 1,
                reflecting: sum.reflecting + usize::from(reflective > 0),
                words: sum.words + words.count(),
                reflective: sum.reflective + reflective,
            }
        })
    }

    /// Reflective words in a thousand; `None` without words.
    pub fn per_thousand(&self) -> Option<f64> {
        (self.words > 0).then(|| self.reflective as f64 * 1000.0 / self.words as f64)
    }
}
