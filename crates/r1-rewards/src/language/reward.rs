//! The language reward of R1's later stages.

use std::collections::HashSet;

use r1_core::{Completion, Outcome, Problem, Reward, RewardError};

use super::{Language, LanguageCount, count::Counter, words::words};

/// The share of the thoughts' words that are in the target language.
///
/// ```text
/// r = words of the thoughts in the target language / all words of the thoughts
/// ```
///
/// Code, formulas, addresses, numbers and names of variables are no words, and neither are foreign words that the
/// question itself has. Words are told by their script and, where a language shares its script with others (French and
/// English), by windows of some 200 characters: the words of a window count as foreign only when the identifier is sure
/// that it is in another language. Words of Chinese and Japanese are those of a dictionary.
///
/// Thoughts that are empty or missing earn 0, never 1; thoughts without a word, formulas alone, abstain, as does a
/// question whose language cannot be told.
///
/// Resists: empty thoughts; foreign prose in the comments of code or in `\text{..}`, which counts if it is in another script;
/// another language in the target's letters. Does not resist: filler in the target language, which raises the share (join it
/// with a repetition or length term); foreign phrases of less than eight words in a window of their own; prose in
/// the target's letters inside code fences.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason, Problem, Reference};
/// use r1_rewards::{Language, LanguageReward, Outcome, Reward};
///
/// let problem = Problem::new("sum", "二加二等于几？", Reference::number("4"));
/// let completion = Completion::from_text("<think>二加二, so four.</think>4", FinishReason::Stop);
/// // 二, 加, 二 and `so`, `four`.
/// assert_eq!(LanguageReward::of_question().score(&problem, &completion)?, Outcome::Score(0.6));
/// assert_eq!(LanguageReward::new(Language::ENGLISH).score(&problem, &completion)?, Outcome::Score(1.0));
/// # Ok::<(), r1_rewards::RewardError>(())
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v2), eq. (7); v1, section 2.3.2. The paper does not say what a word of Chinese is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LanguageReward {
    target: Option<Language>,
    min_words: usize,
    same_script: bool,
}

impl LanguageReward {
    /// Asks for this language, whatever the question's.
    pub fn new(target: Language) -> Self {
        Self { target: Some(target), ..Self::of_question() }
    }

    /// Asks for the question's language: its metadata `language`, else what [`Language::of`] reads in it.
    pub fn of_question() -> Self {
        Self { target: None, min_words: 1, same_script: true }
    }

    /// Thoughts of fewer words earn 0; 1 by default.
    #[must_use]
    pub fn with_min_words(self, min_words: usize) -> Self {
        Self { min_words, ..self }
    }

    /// Whether languages that share the target's script are told from it, which takes most of the time; they are by default.
    #[must_use]
    pub fn with_same_script(self, same_script: bool) -> Self {
        Self { same_script, ..self }
    }

    /// The words of a completion's thoughts; `None` when no language is asked for.
    pub fn count(&self, problem: &Problem, completion: &Completion) -> Option<LanguageCount> {
        let said = || problem.metadata.get("language")?.as_str().and_then(Language::from_code);
        let target = self.target.or_else(said).or_else(|| Language::of(&problem.question))?;
        let mut allowed = HashSet::new();
        words(&problem.question, |word| {
            allowed.insert(word.text.to_lowercase());
        });
        let counter = Counter { target, same_script: self.same_script, allowed };
        Some(counter.count(completion.response().reasoning))
    }

    /// The words of any text, in and outside the language, under the same rules; no word is the question's.
    pub fn count_text(&self, text: &str, target: Language) -> LanguageCount {
        Counter { target, same_script: self.same_script, allowed: HashSet::new() }.count(text)
    }
}

impl Reward for LanguageReward {
    fn name(&self) -> &str {
        "language"
    }

    fn score(&self, problem: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        let Some(count) = self.count(problem, completion) else { return Ok(Outcome::Abstain) };
        let empty = completion.response().reasoning.is_empty();
        Ok(match count.share() {
            _ if empty => Outcome::Score(0.0),
            None => Outcome::Abstain,
            Some(_) if count.words < self.min_words => Outcome::Score(0.0),
            Some(share) => Outcome::Score(share as f32),
        })
    }
}
