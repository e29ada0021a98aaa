//! The words of a text and the scripts they are written in.

use std::{ops::Range, sync::LazyLock};

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed, options::WordBreakInvariantOptions};
use unicode_script::{Script, UnicodeScript};

use super::mask::masked;

/// Words of scripts that write no blanks, by dictionary.
static SEGMENTER: LazyLock<WordSegmenterBorrowed<'static>> =
    LazyLock::new(|| WordSegmenter::new_dictionary(WordBreakInvariantOptions::default()));

/// One word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// As it is written.
    pub(super) text: &'a str,
    /// The script of most of its letters; of words that mix Han and kana, Hiragana.
    pub(super) script: Script,
    /// Where it starts in the text.
    pub(super) start: usize,
}

/// Calls `word` with each word in order.
///
/// A word is a run of letters of one script, with marks and with apostrophes inside; where a script writes no blanks,
/// what the dictionary says. No words are: single Latin and Greek letters, which name variables; Latin letters with
/// digits or underscores; and Latin or Greek letters in what [`masked`] hides. Letters of other scripts count there, too: code
/// and formulas are written in Latin letters, so they are prose that would hide.
pub(super) fn words<'a>(text: &'a str, mut word: impl FnMut(Word<'a>)) {
    let mut at = 0;
    for mask in masked(text) {
        scan(text, at..mask.start, false, &mut word);
        at = mask.end;
        scan(text, mask, true, &mut word);
    }
    scan(text, at..text.len(), false, &mut word);
}

/// What a character is to the run of letters it stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter(Script),
    /// A combining mark: belongs to the letter before it.
    Mark,
    Digit,
    /// An apostrophe, which joins the letters on its sides.
    Joiner,
    Other,
}

fn scan<'a>(text: &'a str, range: Range<usize>, hidden: bool, word: &mut impl FnMut(Word<'a>)) {
    let mut run = Run { text, start: 0, script: None, letters: 0, digits: false, hidden };
    let mut characters = text[range.clone()].char_indices().peekable();
    while let Some((place, letter)) = characters.next() {
        let place = range.start + place;
        match kind(letter) {
            Kind::Letter(script) if run.script == Some(script) => run.letters += 1,
            Kind::Letter(script) => {
                let number = run.script.is_none() && run.digits && script == Script::Latin;
                if !number {
                    run.end(place, word);
                    run.start = place;
                }
                (run.script, run.letters) = (Some(script), 1);
            }
            Kind::Mark if run.script.is_some() => {}
            Kind::Digit if run.script == Some(Script::Latin) || run.script.is_none() && run.digits => {
                run.digits = true;
            }
            Kind::Digit => {
                run.end(place, word);
                (run.start, run.digits) = (place, true);
            }
            Kind::Joiner
                if run.script.is_some()
                    && characters.peek().is_some_and(
                        |(_, next)| matches!(kind(*next), Kind::Letter(script) if Some(script) == run.script),
                    ) => {}
            _ => run.end(place, word),
        }
    }
    run.end(range.end, word);
}

/// Letters in a row of one script, or digits.
struct Run<'a> {
    text: &'a str,
    start: usize,
    script: Option<Script>,
    letters: usize,
    digits: bool,
    hidden: bool,
}

impl<'a> Run<'a> {
    /// Gives out the words of the run that ends here, and starts an empty one.
    fn end(&mut self, end: usize, word: &mut impl FnMut(Word<'a>)) {
        let (script, letters, digits) = (self.script.take(), self.letters, self.digits);
        (self.letters, self.digits) = (0, false);
        let Some(script) = script else { return };
        let symbolic = matches!(script, Script::Latin | Script::Greek);
        if symbolic && (digits || letters < 2 || self.hidden) {
            return;
        }
        let (text, start) = (&self.text[self.start..end], self.start);
        if !is_without_blanks(script) {
            return word(Word { text, script, start });
        }
        let mut from = 0;
        for to in SEGMENTER.segment_str(text).skip(1) {
            let text = &text[from..to];
            let script = if script == Script::Han { of_east_asian(text) } else { script };
            word(Word { text, script, start: start + from });
            from = to;
        }
    }
}

/// Han without kana, else Hiragana.
fn of_east_asian(word: &str) -> Script {
    if word.chars().any(is_kana) { Script::Hiragana } else { Script::Han }
}

fn is_kana(letter: char) -> bool {
    matches!(letter, '\u{3041}'..='\u{3096}' | '\u{309d}'..='\u{309f}' | '\u{30a1}'..='\u{30fa}' | '\u{30fc}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9f}')
}

fn is_without_blanks(script: Script) -> bool {
    matches!(script, Script::Han | Script::Thai | Script::Lao | Script::Khmer | Script::Myanmar)
}

fn kind(letter: char) -> Kind {
    match letter {
        'a'..='z' | 'A'..='Z' => Kind::Letter(Script::Latin),
        '0'..='9' | '_' => Kind::Digit,
        '\'' => Kind::Joiner,
        '\0'..='\u{7f}' => Kind::Other,
        '\u{4e00}'..='\u{9fff}' => Kind::Letter(Script::Han),
        '\u{ac00}'..='\u{d7a3}' => Kind::Letter(Script::Hangul),
        '\u{410}'..='\u{44f}' => Kind::Letter(Script::Cyrillic),
        '\u{2019}' => Kind::Joiner,
        '\u{3000}'..='\u{3003}'
        | '\u{3008}'..='\u{3011}'
        | '\u{ff01}'
        | '\u{ff08}'..='\u{ff0c}'
        | '\u{ff1a}'..='\u{ff1f}' => Kind::Other,
        // Chinese and Japanese words mix these; the dictionary parts them.
        letter if is_kana(letter) => Kind::Letter(Script::Han),
        letter => match letter.script() {
            Script::Han | Script::Hiragana | Script::Katakana | Script::Bopomofo
                if letter.is_alphanumeric() =>
            {
                Kind::Letter(Script::Han)
            }
            Script::Inherited => Kind::Mark,
            _ if letter.is_numeric() => Kind::Digit,
            Script::Common | Script::Unknown => Kind::Other,
            script if letter.is_alphabetic() => Kind::Letter(script),
            // Vowel killers and the like.
            _ => Kind::Mark,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        words(text, |word| found.push(word.text));
        found
    }

    #[test]
    fn words_are_told_by_script_and_dictionary() {
        for (text, expected) in [
            ("Don't stop: it's 3 o'clock, 2x faster.", &["Don't", "stop", "it's", "o'clock", "faster"][..]),
            ("所以答案是四。", &["所以", "答案", "是", "四"]),
            ("因此x轴在3月", &["因此", "轴", "在", "月"]),
            ("今日は晴れです", &["今日", "は", "晴れ", "です"]),
            ("나는 3개를 먹었다", &["나는", "개를", "먹었다"]),
            ("я и ты, naïve café", &["я", "и", "ты", "naïve", "café"]),
            ("हिन्दी में", &["हिन्दी", "में"]),
            ("ＡＢＣ and α, alpha, x_1 foo_bar H2O", &["ＡＢＣ", "and", "alpha"]),
            ("$x$ `code` ```\n# 注释 here\n``` ok", &["注释", "ok"]),
            ("nǐ hǎo 😀", &["nǐ", "hǎo"]),
            ("", &[]),
        ] {
            assert_eq!(split(text), expected, "{text}");
        }
    }

    #[test]
    fn a_words_script_is_that_of_its_letters() {
        let mut found = Vec::new();
        words("食べる 東京 カレー four 넷", |word| found.push(word.script));
        use Script::{Han, Hangul, Hiragana, Latin};
        assert_eq!(found, [Hiragana, Han, Hiragana, Latin, Hangul]);
    }

    proptest! {
        /// The fast path for scripts with blanks against the segmentation of Unicode.
        #[test]
        fn words_of_latin_and_cyrillic_are_those_of_the_segmenter(text in "[a-zàéäА-я ,;!?\n-]{0,60}") {
            let mut expected = Vec::new();
            let mut breaks = SEGMENTER.segment_str(&text);
            let mut from = breaks.next().unwrap_or(0);
            for to in breaks {
                expected.push(&text[from..to]);
                from = to;
            }
            let is_word = |word: &&str| word.chars().any(char::is_alphabetic);
            let one_script = |word: &&str| !(word.contains(|c: char| c.script() == Script::Latin) && word.contains(|c: char| c.script() == Script::Cyrillic));
            let expected: Vec<&str> = expected.into_iter().filter(is_word).collect();
            prop_assume!(expected.iter().all(one_script));
            let is_variable = |word: &&str| word.chars().count() == 1 && word.chars().all(|c| c.script() == Script::Latin);
            let expected: Vec<&str> = expected.into_iter().filter(|word| !is_variable(word)).collect();
            prop_assert_eq!(split(&text), expected);
        }

        #[test]
        fn words_lie_in_the_text_in_order(text in "\\PC{0,80}") {
            let mut last = 0;
            words(&text, |word| {
                assert!(last <= word.start && text[word.start..].starts_with(word.text) && !word.text.is_empty());
                last = word.start + word.text.len();
            });
        }
    }
}
