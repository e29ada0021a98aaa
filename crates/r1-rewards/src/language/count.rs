//! How many words of a text are in a language.

use std::{
    collections::{BTreeSet, HashSet},
    ops::Add,
};

use serde::{Deserialize, Serialize};
use unicode_script::Script;
use whatlang::Detector;

use super::{
    Language,
    common_words::are_surely,
    words::{Word, words},
};

/// Words of the target language, and all words; exact, so that texts can be added up.
///
/// # Examples
/// ```
/// use r1_rewards::{Language, LanguageCount};
///
/// let count = LanguageCount::of("First, 所以 the answer is 四.", Language::ENGLISH);
/// assert_eq!(count, LanguageCount { target: 4, words: 6 });
/// assert_eq!(count.share(), Some(4.0 / 6.0));
/// assert_eq!(LanguageCount::of("$2 + 2 = 4$", Language::ENGLISH).share(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LanguageCount {
    /// Words of the target language.
    pub target: usize,
    /// All words.
    pub words: usize,
}

impl LanguageCount {
    /// Counts the words of a text; `a + "\n\n" + b` has as many as `a` and `b`.
    pub fn of(text: &str, target: Language) -> Self {
        Counter { target, same_script: true, allowed: HashSet::new() }.count(text)
    }

    /// The share of the target language; `None` without words.
    pub fn share(self) -> Option<f64> {
        (self.words > 0).then(|| self.target as f64 / self.words as f64)
    }
}

impl Add for LanguageCount {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { target: self.target + other.target, words: self.words + other.words }
    }
}

/// A window is closed by the first end of a sentence after so many bytes, ...
const WINDOW: usize = 200;
/// ... or by the first word after so many.
const LONGEST_WINDOW: usize = 600;
/// A language is told by at least so many words.
const FEWEST_WORDS: usize = 8;

/// What is counted.
pub(super) struct Counter {
    pub(super) target: Language,
    /// Whether languages of the target's own script are told from it.
    pub(super) same_script: bool,
    /// Words in lower case that are foreign to no text: the question's own.
    pub(super) allowed: HashSet<String>,
}

impl Counter {
    pub(super) fn count(&self, text: &str) -> LanguageCount {
        let mut count = LanguageCount::default();
        let mut window: Vec<Word<'_>> = Vec::new();
        let mut start = 0;
        let mut end = 0;
        words(text, |word| {
            let gap = &text[end..word.start];
            let long = word.start - start;
            let closes = gap.contains("\n\n")
                || long > WINDOW && gap.contains(['.', '!', '?', '。', '！', '？', '\n'])
                || long > LONGEST_WINDOW;
            if closes {
                count = count + self.window(&window);
                window.clear();
            }
            if window.is_empty() {
                start = word.start;
            }
            end = word.start + word.text.len();
            window.push(word);
        });
        count + self.window(&window)
    }

    fn window(&self, words: &[Word<'_>]) -> LanguageCount {
        let scripts = self.target.scripts();
        let han = words.iter().filter(|word| word.script == Script::Han).count();
        let kana = words.iter().filter(|word| word.script == Script::Hiragana).count();
        // Japanese prose has more particles and endings than that.
        let japanese = kana * 4 >= kana + han;
        let foreign = self.same_script && self.is_foreign(words);
        let mut count = LanguageCount::default();
        for word in words {
            let is_target = match word.script {
                Script::Han if self.target == Language::JAPANESE => japanese,
                Script::Han if self.target == Language::CHINESE => !japanese,
                script => scripts.contains(&script) && !foreign,
            };
            if is_target || self.allowed.is_empty() || !self.allowed.contains(&word.text.to_lowercase()) {
                count = count + LanguageCount { target: usize::from(is_target), words: 1 };
            }
        }
        count
    }

    /// Whether the words in the target's script are surely in another language.
    fn is_foreign(&self, words: &[Word<'_>]) -> bool {
        let scripts = self.target.scripts();
        if !scripts.iter().any(|script| is_shared(*script)) {
            return false;
        }
        let own: Vec<&str> =
            words.iter().filter(|word| scripts.contains(&word.script)).map(|word| word.text).collect();
        if own.len() < FEWEST_WORDS || are_surely(own.iter().copied(), self.target) {
            return false;
        }
        // A word that is written again and again says nothing new of the language.
        if own.iter().collect::<BTreeSet<_>>().len() < FEWEST_WORDS / 2 {
            return false;
        }
        let told = Detector::new().detect(&own.join(" "));
        told.is_some_and(|found| found.is_reliable() && found.lang() != self.target.lang())
    }
}

/// Whether several languages of the table write this script and are told apart by their words.
fn is_shared(script: Script) -> bool {
    matches!(script, Script::Latin | Script::Cyrillic | Script::Arabic | Script::Devanagari | Script::Hebrew)
}
