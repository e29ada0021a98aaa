//! Numbers in the middle of words.

use crate::{Number, lexicon, rational::spell};

/// Longer answers are not searched for a number.
const MAX_BYTES: usize = 4096;

/// Single letters that are words or units, not variables.
const SINGLE: &str = "aAImgshlLNJWVCF";

/// What stands before a number that is said again.
const CONCLUDING: [&str; 9] =
    ["so", "thus", "hence", "therefore", "is", "are", "equals", "exactly", "answer"];

/// The one number of an answer in words, such as `18 dollars` or `She has 5 apples.`; `None` when
/// two different numbers stand there, two side by side, or anything that may change the number's value.
pub fn only_number(text: &str) -> Option<Number> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let text = spell(&text.replace("\\text{", " {").replace("\\mathrm{", " {").replace('}', "} "));
    let text = ["\\(", "\\)", "\\[", "\\]"].iter().fold(text, |text, mark| text.replace(mark, " "));
    let count = |bracket: char| text.matches(bracket).count();
    if count('(') != count(')') || count('{') != count('}') || text.contains("..") {
        // A bracket that never closes is no part of a sentence, and what goes on is not one number.
        return None;
    }
    if text.contains("...") || text.contains('…') || text.contains(")'") {
        // What goes on is not said, and `(7)'` is nought.
        return None;
    }
    let mut only: Option<Number> = None;
    let (mut after_number, mut bounded) = (false, false);
    let (mut before, mut further) = (None, None);
    for token in tokens(&text) {
        let is_number = token.contains(|c: char| c.is_ascii_digit());
        if is_number {
            // `page 5` names a page.
            if bounded
                || before.is_some_and(|word| !leads(word))
                || before == Some("of") && further.is_some_and(calculated)
            {
                return None;
            }
            let number = Number::parse(token)?;
            // "the ratio of 5 to 5" is not five; "it's 5, so 5" is.
            if only.is_some() && !before.is_some_and(|word| CONCLUDING.contains(&&*word.to_lowercase())) {
                return None;
            }
            // `16 16` says nothing, though both are one number.
            if after_number || only.as_ref().is_some_and(|other| *other != number) {
                return None;
            }
            only = Some(number);
        } else if !is_harmless(token)
            || before.is_some_and(|word| lexicon::calculates(&word.to_lowercase(), &token.to_lowercase()))
        {
            return None;
        }
        after_number = is_number;
        further = before;
        before = (!is_number).then_some(token);
        // `max 5` is a bound; `5 min` is a time.
        bounded = matches!(token.to_ascii_lowercase().as_str(), "max" | "min");
    }
    only
}

/// The last number of a text, each number standing as a word of its own.
pub fn last_number(text: &str) -> Option<Number> {
    let mut start = text.len().saturating_sub(MAX_BYTES);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let text = spell(&text[start..]);
    let numbers: Vec<&str> =
        tokens(&text).filter(|token| token.contains(|c: char| c.is_ascii_digit())).collect();
    numbers.into_iter().rev().find_map(|token| Number::parse(token).or_else(|| Number::parse(leading(token))))
}

/// The number that a word starts with, as `5` in `5kg`.
fn leading(word: &str) -> &str {
    let end = word
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '$')))
        .unwrap_or(word.len());
    let attached = word[end..].starts_with(char::is_alphabetic);
    if attached { &word[..end] } else { "" }
}

/// The words without the punctuation around them.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .map(|word| {
            let word = word.trim_start_matches(['(', '{', '"', '\'', '“', '‘', '*']);
            // Minutes and seconds, feet and inches.
            let marked = word.trim_end_matches(['\'', '"', '”', '’']);
            if marked.len() < word.len() && marked.ends_with(|c: char| c.is_ascii_digit()) {
                return word;
            }
            word.trim_end_matches([')', '}', '"', '\'', '”', '’', '*', '.', ',', ';', ':'])
        })
        .filter(|word| !word.is_empty())
}

/// Whether a word says what is made of the number behind "of": "the digit sum of 42".
fn calculated(word: &str) -> bool {
    let lower = word.to_lowercase();
    matches!(&*lower, "sum" | "product" | "number" | "digit" | "digits" | "successor" | "predecessor")
}

/// Whether a number may follow this word: a verb, an article, the end of "it's".
fn leads(word: &str) -> bool {
    let lower = word.to_lowercase();
    let contracted = ["'s", "’s", "'re", "’re", "'ll", "’ll"].iter().any(|end| lower.ends_with(end));
    contracted || lexicon::leads(&lower)
}

fn is_harmless(word: &str) -> bool {
    // After digits it would be a factorial.
    let word = word.trim_end_matches('!');
    let letters = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    let plain = word.split(['\'', '’', '-', '/']).all(letters);
    let single = word.chars().count() > 1 || SINGLE.contains(word);
    let bare = word.replace(['\'', '’'], "").to_lowercase();
    let telling = lexicon::suspends(&bare)
        || word.split('-').any(|part| lexicon::changes_a_number(&part.to_lowercase()));
    plain && single && !telling
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_words_with_one_number_is_that_number() {
        for text in [
            "18 dollars",
            "She has 18 apples.",
            "$18 per day",
            "18\\text{ cm}",
            "18 miles/hour",
            "18 apples!",
            "It's 18, so 18.",
        ] {
            assert_eq!(only_number(text), Number::parse("18"), "{text}");
        }
    }

    #[test]
    fn an_answer_that_could_mean_another_number_is_none() {
        for text in [
            "3 or 4",
            "between 3 and 4",
            "5 million",
            "5 x",
            "5x",
            "2^5",
            "x = 5",
            "5 pi",
            "\\sqrt{5}",
            "5!",
            "3 + 3",
            "minus 5",
            "- 5",
            "5 or five",
            "no number",
            "",
            "5 = 5",
            "about 5",
            "5 5",
            "less than 5",
            "5 or more",
            "above 5",
            "up to 5",
            "max 5",
            "(5",
            "5)",
            "It isn't 5",
            "5 isn't right",
            "if 5",
            "page 5",
            "It would be 5",
        ] {
            assert_eq!(only_number(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_number_is_found_from_the_end() {
        assert_eq!(last_number("first 3, then 4 apples."), Number::parse("4"));
        assert_eq!(last_number("nothing here"), None);
        assert_eq!(last_number(&"é 7 ".repeat(5000)), Number::parse("7"));
    }
}
