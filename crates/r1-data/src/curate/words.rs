//! The words of a text, spelled so that copies of it spell them alike.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::latex::{Piece, pieces};

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Its even spelling: compatibility forms resolved (NFKC), lower case, no punctuation.
    pub(crate) spelling: String,
    /// Its range in the text, in bytes.
    pub(crate) range: Range<usize>,
}

impl Word {
    /// Its weight in tenths of a word: 10, or 6 for a single character of a script without blanks.
    ///
    /// A Chinese word has 1.7 characters on average, so 10 words of English weigh as much as 17 characters
    /// of Chinese. Unlike words from a dictionary, characters do not depend on what stands around them.
    pub(crate) fn tenths(&self) -> usize {
        if self.spelling.chars().next().is_some_and(is_without_blanks) { 6 } else { 10 }
    }
}

/// Chinese characters, hiragana, Thai, Lao, Burmese and Khmer: the segmentation takes each alone.
fn is_without_blanks(letter: char) -> bool {
    matches!(letter,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3041}'..='\u{309f}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The words of a text in order.
///
/// Words are those of Unicode's text segmentation (UAX 29); where no blanks stand between words, as in
/// Chinese, each character is one. Punctuation is no word; a dot between digits is kept and a comma before
/// three digits dropped, so that `1,000.5` is one number and `(3,4)` are two. Of LaTeX, commands that only change the look (`\left`,
/// `\,`, `\text`, `\displaystyle`) are dropped, and variants are one word: `\dfrac` and `\frac`, `\leq`
/// and `\le`.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Command { name, range } => words.push(Word { spelling: name.to_lowercase(), range }),
            Piece::Text(range) => {
                for (place, segment) in text[range.clone()].split_word_bound_indices() {
                    let start = range.start + place;
                    spell(segment, start..start + segment.len(), &mut words);
                }
            }
        }
    }
    words
}

/// Adds the words that one segment spells: none for punctuation, and several where the segmentation
/// sees one and we do not, as in `x_1`.
fn spell(segment: &str, range: Range<usize>, words: &mut Vec<Word>) {
    let even: Vec<char> = segment.nfkc().flat_map(char::to_lowercase).nfkc().collect();
    let mut spelling = String::new();
    for (place, &letter) in even.iter().enumerate() {
        let between_digits = place > 0 && even[place - 1].is_ascii_digit() && digits(&even[place + 1..]) > 0;
        match letter {
            letter if letter.is_alphanumeric() || is_mark(letter) => spelling.push(letter),
            '.' if between_digits => spelling.push('.'),
            ',' if between_digits && digits(&even[place + 1..]) == 3 => {}
            '\'' | '’' | '\u{ad}' => {}
            _ if spelling.is_empty() => {}
            _ => words.push(Word { spelling: std::mem::take(&mut spelling), range: range.clone() }),
        }
    }
    if !spelling.is_empty() {
        words.push(Word { spelling, range });
    }
}

/// Number of digits that the letters start with.
fn digits(letters: &[char]) -> usize {
    letters.iter().take_while(|letter| letter.is_ascii_digit()).count()
}

/// Combining marks belong to their letter, in Hindi and Arabic for example.
fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spelled(text: &str) -> String {
        words(text).into_iter().map(|word| word.spelling).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn variants_of_a_text_have_the_same_words() {
        for (one, other) in [
            (r"Let $x\le\frac12$ and\ $y$.", r"let \( x \leq \dfrac{1}{2} \), and y"),
            (r"\left(\tfrac{a}{b}\right)^{2}", r"( \frac a b ) ^ 2"),
            (r"\text{Find } \mathbf{v}\cdot w", "find v w"),
            ("It’s 1,234.5 kg", "Its 1234.5 KG!"),
            ("ｆｕｌｌ　ｗｉｄｔｈ ﬁve", "full width five"),
            ("x_1+x_2", r"x_{1} + x_{2}"),
            ("Cafe\u{301}", "café"),
            ("a\u{a0}b\n\n c", "A, b; c."),
            ("\u{201c}quoted\u{201d} \u{2014} text", "\"quoted\" - text"),
        ] {
            assert_eq!(spelled(one), spelled(other));
            assert!(!spelled(one).is_empty());
        }
    }

    #[test]
    fn numbers_that_differ_are_different_words() {
        assert_ne!(spelled("3.14"), spelled("314"));
        assert_eq!(spelled("(1,2)"), spelled("(1, 2)"));
        assert_eq!(spelled("12,345,678 or 1,2345"), "12345678 or 1 2345");
        assert_eq!(spelled("ends with 5."), "ends with 5");
    }

    #[test]
    fn chinese_is_cut_into_characters() {
        let text = "一个水池有2个进水管，单独开ＡＢ管。";
        assert_eq!(spelled(text), "一 个 水 池 有 2 个 进 水 管 单 独 开 ab 管");
        assert_eq!(spelled(text), spelled(" 一个水池 有2个进水管,单独开 AB 管"));
        let words = words(text);
        assert_eq!(&text[words[0].range.start..words[4].range.end], "一个水池有");
        assert_eq!(words[4..7].iter().map(Word::tenths).collect::<Vec<_>>(), [6, 10, 6]);
    }

    proptest! {
        #[test]
        fn words_stand_in_the_text_in_order(text in r"(\\PC{0,12}|\\\\[a-z]{1,6}|[\\\\{}$.,'0-9a-zÀ-ÿ一-十 ]{0,12}){0,6}") {
            let mut last = 0..0;
            for Word { spelling, range } in words(&text) {
                prop_assert!(!spelling.is_empty());
                prop_assert!(!text[range.clone()].is_empty());
                prop_assert!(range == last || range.start >= last.end);
                last = range;
            }
        }
    }
}
