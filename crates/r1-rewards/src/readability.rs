//! Which traces a person would like to read.

use std::collections::BTreeMap;

use r1_core::{Completion, Outcome, Problem, Response, Reward, RewardError};
use serde::{Deserialize, Serialize};
use unicode_script::{Script, UnicodeScript};

/// What makes a trace unfit to be learnt from although its answer is right.
///
/// As a reward it gives 1 to a completion that passes and 0 to others.
///
/// Resists: thoughts of several scripts, walls of text, code in the thoughts, missing thoughts. Does not resist: mixtures of
/// languages that share a script (the language reward does), and short paragraphs that say nothing.
///
/// # Examples
/// ```
/// use r1_core::{Completion, FinishReason};
/// use r1_rewards::{Readability, Unreadable};
///
/// let rules = Readability::default();
/// let check = |text: &str| rules.check(&Completion::from_text(text, FinishReason::Stop));
/// assert_eq!(check("<think>Two and two are four.</think>4"), Ok(()));
/// assert_eq!(check("<think>Two and two, 所以答案是四.</think>4"), Err(Unreadable::MixedLanguage));
/// assert_eq!(check("<think>```python\nprint(4)\n```</think>4"), Err(Unreadable::CodeBlock));
/// ```
///
/// # Source
/// DeepSeek-R1 (arXiv:2501.12948v1), section 2.3.3: "we have filtered out chain-of-thought with mixed languages, long
/// parapraphs, and code blocks". The bounds are ours; the paper gives none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Readability {
    /// Greatest share of the thoughts' letters that may belong to another script than most of them do. Letters that
    /// stand alone (names of variables), Greek ones, formulas and code are not counted. `None` allows any mixture.
    pub max_foreign_share: Option<f64>,
    /// Most words of a paragraph of the thoughts, a character of Chinese or Japanese being a word; paragraphs are
    /// separated by blank lines. `None` allows any length.
    pub max_paragraph_words: Option<usize>,
    /// Whether fenced code may stand in the thoughts.
    pub code_blocks: bool,
    /// Whether thoughts must be there: opened, closed, not empty, and followed by an answer.
    pub thoughts: bool,
}

/// Why a trace was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreadable {
    /// The thoughts are missing, not closed or empty, or no answer follows.
    NoThoughts,
    /// The thoughts change between languages that are written differently.
    MixedLanguage,
    /// A paragraph of the thoughts is too long.
    LongParagraph,
    /// Fenced code stands in the thoughts.
    CodeBlock,
}

impl Default for Readability {
    fn default() -> Self {
        Self {
            max_foreign_share: Some(0.02),
            max_paragraph_words: Some(200),
            code_blocks: false,
            thoughts: true,
        }
    }
}

impl Readability {
    /// Every completion passes.
    pub fn anything() -> Self {
        Self { max_foreign_share: None, max_paragraph_words: None, code_blocks: true, thoughts: false }
    }

    /// Says what is wrong with a completion, the gravest first.
    ///
    /// # Errors
    /// The first rule that is broken, in the order of [`Unreadable`].
    pub fn check(&self, completion: &Completion) -> Result<(), Unreadable> {
        let response: Response<'_> = completion.response();
        let thoughts = response.reasoning;
        if self.thoughts && response.soft().is_err() {
            return Err(Unreadable::NoThoughts);
        }
        if self.max_foreign_share.is_some_and(|most| foreign_share(thoughts) > most) {
            return Err(Unreadable::MixedLanguage);
        }
        let too_long = |most: usize| paragraphs(thoughts).any(|paragraph| words(&paragraph) > most);
        if self.max_paragraph_words.is_some_and(too_long) {
            return Err(Unreadable::LongParagraph);
        }
        if !self.code_blocks && thoughts.lines().any(is_fence) {
            return Err(Unreadable::CodeBlock);
        }
        Ok(())
    }
}

impl Reward for Readability {
    fn name(&self) -> &str {
        "readability"
    }

    fn score(&self, _: &Problem, completion: &Completion) -> Result<Outcome, RewardError> {
        Ok(Outcome::of(self.check(completion).is_ok()))
    }
}

fn is_fence(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("```") || line.starts_with("~~~")
}

fn paragraphs(text: &str) -> impl Iterator<Item = String> {
    let lines: Vec<&str> = text.lines().collect();
    let blocks: Vec<String> =
        lines.split(|line| line.trim().is_empty()).map(|lines| lines.join("\n")).collect();
    blocks.into_iter()
}

/// Stretches between white space, and each character of the scripts that write none.
fn words(text: &str) -> usize {
    let unspaced = text.chars().filter(|letter| family(*letter) == Some(Script::Han)).count();
    let spaced = text.split_whitespace().filter(|word| word.chars().any(|c| family(c) != Some(Script::Han)));
    unspaced + spaced.count()
}

/// The share of letters outside the most frequent script, 0 without letters.
fn foreign_share(text: &str) -> f64 {
    let prose = without_formulas(text);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut run, mut script): (usize, Option<Script>) = (0, None);
    for letter in prose.chars().map(family).chain([None]) {
        if letter != script {
            if let Some(script) = script
                && (run > 1 || script == Script::Han)
            {
                *counts.entry(script.full_name()).or_default() += run;
            }
            (run, script) = (0, letter);
        }
        run += 1;
    }
    let total: usize = counts.values().sum();
    let most = counts.values().max().copied().unwrap_or(0);
    if total == 0 { 0.0 } else { (total - most) as f64 / total as f64 }
}

/// The script a letter is written in. Those that Japanese mixes are one, and Greek letters are symbols.
fn family(letter: char) -> Option<Script> {
    if !letter.is_alphabetic() {
        return None;
    }
    match letter.script() {
        Script::Hiragana | Script::Katakana | Script::Han => Some(Script::Han),
        Script::Greek | Script::Common | Script::Inherited | Script::Unknown => None,
        script => Some(script),
    }
}

/// The text without what stands between `$`, `\( \)`, `\[ \]` or fences; an opening without its end hides nothing.
fn without_formulas(text: &str) -> String {
    const PAIRS: [(&str, &str); 5] =
        [("```", "```"), ("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]")];
    let (mut prose, mut rest) = (String::new(), text);
    'text: while !rest.is_empty() {
        for (open, close) in PAIRS {
            if let Some(inside) = rest.strip_prefix(open)
                && let Some(end) = inside.find(close)
            {
                prose.push(' ');
                rest = &inside[end + close.len()..];
                continue 'text;
            }
        }
        let Some(letter) = rest.chars().next() else { break };
        prose.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    prose
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use r1_core::FinishReason;

    use super::*;

    fn check(thoughts: &str) -> Result<(), Unreadable> {
        let text = format!("<think>{thoughts}</think>\n4");
        Readability::default().check(&Completion::from_text(text, FinishReason::Stop))
    }

    #[test]
    fn languages_that_are_written_differently_are_told_apart() {
        for clean in [
            "So the sum is four.",
            "所以 x 的值是四，因此 y = 2。",
            "今日はカレーを食べる。",
            "Пусть x равно двум.",
            "Let α and β be roots, then $\\text{тест}$ holds and \\(所以\\) too.",
            "2 + 2 = 4",
        ] {
            assert_eq!(check(clean), Ok(()), "{clean}");
        }
        for mixed in
            ["So the sum is 四, wait, 所以答案是四.", "Пусть the sum равно four.", "first 첫째 second"]
        {
            assert_eq!(check(mixed), Err(Unreadable::MixedLanguage), "{mixed}");
        }
    }

    #[test]
    fn a_long_paragraph_is_one_without_a_blank_line() {
        let words = |count: usize| vec!["word"; count].join(" ");
        assert_eq!(check(&words(200)), Ok(()));
        assert_eq!(check(&words(201)), Err(Unreadable::LongParagraph));
        assert_eq!(check(&format!("{}\n{}", words(150), words(150))), Err(Unreadable::LongParagraph));
        assert_eq!(check(&format!("{}\n \n{}", words(150), words(150))), Ok(()));
        assert_eq!(check(&"字".repeat(201)), Err(Unreadable::LongParagraph));
    }

    #[test]
    fn code_and_missing_thoughts_are_found() {
        assert_eq!(check("first\n  ```\nx\n```\n"), Err(Unreadable::CodeBlock));
        assert_eq!(check("inline `code` is fine"), Ok(()));
        assert_eq!(check(" "), Err(Unreadable::NoThoughts));
        let bare = Completion::from_text("4", FinishReason::Stop);
        assert_eq!(Readability::default().check(&bare), Err(Unreadable::NoThoughts));
        assert_eq!(Readability::anything().check(&bare), Ok(()));
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in "\\PC{0,80}") {
            let _ = check(&text);
            prop_assert!((0.0..=1.0).contains(&foreign_share(&text)));
        }
    }
}
