//! Answers that are compared as they are written: the same characters, tokens, words, letters of options.

use super::sets;
use crate::{
    Number,
    answer::{Answer, Link},
    choice, lexer, moment, prose, read, text,
    token::Commas,
};

/// Equality but for white space and the sizes of brackets.
pub(super) fn same_bytes(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let squeeze = |text: &str| -> String {
        let text = text.replace("\\left", "").replace("\\right", "").replace("\\!", "").replace("\\,", "");
        text.replace("dfrac", "frac").replace("tfrac", "frac").split_whitespace().collect()
    };
    // White space between digits or words matters.
    let risky = |text: &str| {
        text.as_bytes().windows(3).any(|window| {
            window[1] == b' ' && window[0].is_ascii_alphanumeric() && window[2].is_ascii_alphanumeric()
        }) || text.contains("\\,")
            || text.contains("arrow")
    };
    a.len() < read::MAX_BYTES
        && b.len() < read::MAX_BYTES
        && !risky(a)
        && !risky(b)
        && squeeze(a) == squeeze(b)
}

/// Answers in words: a choice with its letter, several choices, one number in a sentence; or formulas that
/// were not read and consist of the same tokens.
pub(super) fn agree(reference: &str, answer: &str, gold: &Answer, given: &Answer) -> bool {
    let letter = reference.trim_matches(['(', ')']);
    if letter.len() == 1
        && letter.starts_with(|c: char| ('A'..='J').contains(&c))
        && choice::chosen(answer, &[]) == letter.chars().next()
    {
        return true;
    }
    if moment::same(reference, answer) || choice::same_several(reference, answer) {
        return true;
    }
    if number_in_words((reference, gold), (answer, given))
        || (is_bare(answer) && number_in_words((answer, given), (reference, gold)))
    {
        return true;
    }
    let equations = |answer: &Answer| matches!(answer, Answer::Relation { links, .. } if links.iter().all(|link| *link == Link::Equal));
    if equations(gold) && equations(given) {
        // Of statements about constants, only the same one, from either side.
        return same_tokens(reference, answer) || sets::same(reference, answer);
    }
    let (a, b) = (text::even(reference), text::even(answer));
    // Letters that were read as a product may be a word.
    let word = |answer: &Answer| {
        matches!(answer, Answer::Expression { .. })
            && a.starts_with(char::is_alphabetic)
            && a.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_'))
    };
    // What nobody can read says nothing of a set, a point or an interval.
    let structured =
        matches!(given, Answer::Set(_) | Answer::Tuple(_) | Answer::Region(_) | Answer::Relation { .. });
    (matches!(gold, Answer::Text(_)) && !structured || word(gold) && matches!(given, Answer::Text(_)))
        && (text::same(&a, &b)
            || matches!((gold, given), (Answer::Text(_), Answer::Text(_)))
                && reference.contains('\\')
                && answer.contains('\\')
                && (same_tokens(reference, answer) || sets::same(reference, answer)))
}

/// Whether a text is a number and nothing else: `2%` and `$2` say more than a reference of two apples.
fn is_bare(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-'))
}

/// Whether one side is a number, and the other a sentence with this number alone.
fn number_in_words((number, plain): (&str, &Answer), (sentence, wordy): (&str, &Answer)) -> bool {
    let numeric =
        matches!(plain, Answer::Expression { .. } | Answer::Quantity { .. } | Answer::Percent { .. });
    let same = || Number::parse(number).zip(prose::only_number(sentence)).is_some_and(|(a, b)| a.accepts(&b));
    // A percentage or an amount of money is in the sentence what it is alone.
    let kind = |sign: char, word: &str| {
        !number.contains(sign) || sentence.contains(sign) || sentence.to_lowercase().contains(word)
    };
    numeric
        && kind('%', "percent")
        && kind('$', "dollar")
        && matches!(wordy, Answer::Text(_))
        && !moment::is_moment(sentence)
        && same()
}

/// Whether two formulas consist of the same tokens.
fn same_tokens(a: &str, b: &str) -> bool {
    let tokens =
        |text: &str| lexer::tokens(text, Commas::Likely, &mut false).map(|tokens| lexer::spelt(&tokens));
    tokens(a).is_some_and(|a| tokens(b).is_some_and(|b| a == b))
}
