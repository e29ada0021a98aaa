//! Multiple choice: which option an answer names.

use std::collections::BTreeSet;

use crate::{lexicon, markup, parse};

/// The letter that `answer` chooses: `B`, `(B)`, `B.`, `\text{B}`, `B) Paris`, or exactly the text of
/// an option. `None` when it names no option, or more than one.
///
/// A letter goes before a text, for options that are letters themselves. A text after the letter
/// must be the option's own when the options are known.
///
/// # Examples
/// ```
/// use r1_math::choice::chosen;
///
/// let options = ["Rome".to_owned(), "Paris".to_owned()];
/// assert_eq!(chosen("B) Paris", &options), Some('B'));
/// assert_eq!(chosen("paris", &options), Some('B'));
/// assert_eq!(chosen("A or B", &options), None);
/// ```
pub fn chosen(answer: &str, options: &[String]) -> Option<char> {
    let answer = markup::unwrap(answer);
    letter(answer, options).or_else(|| {
        let wanted = markup::even_out(answer);
        let mut matching =
            labels(options).filter(|(_, option)| markup::even_out(markup::unwrap(option)) == wanted);
        let (label, _) = matching.next()?;
        matching.next().is_none().then_some(label)
    })
}

/// The letter of an option that stands alone, in parentheses or not.
pub(crate) fn bare_letter(text: &str) -> Option<char> {
    let inside = markup::unwrap(markup::unwrap(text).trim_matches(['(', ')', '.']));
    let mut letters = inside.chars();
    letters.next().filter(|c| ('A'..='J').contains(c) && letters.next().is_none())
}

/// Whether two answers name the same options, several of them and at least one side in their order: `ABD` and
/// `B, A and D`, but not `BAD` and `DAB`.
pub(crate) fn same_several(reference: &str, answer: &str) -> bool {
    let (Some(a), Some(b)) = (several(reference), several(answer)) else { return false };
    (a.is_sorted() || b.is_sorted()) && BTreeSet::from_iter(a) == BTreeSet::from_iter(b)
}

/// The letters of several options in one answer. None where one stands twice, or is beyond the usual five.
fn several(text: &str) -> Option<Vec<char>> {
    let plain = text.replace("\\text", " ").replace("and", " ").replace(['和', '与', '、'], " ");
    let groups: Vec<&str> =
        plain.split(|c: char| !c.is_ascii_uppercase()).filter(|group| !group.is_empty()).collect();
    if groups.len() > 1 && groups.iter().any(|group| group.len() > 1) {
        // Figures: "AC and BD".
        return None;
    }
    let mut letters = Vec::new();
    for c in plain.chars() {
        match c {
            'A'..='E' if letters.contains(&c) => return None,
            'A'..='E' => letters.push(c),
            ',' | ';' | ' ' | '(' | ')' | '{' | '}' | '.' | '$' => {}
            _ => return None,
        }
    }
    (letters.len() > 1).then_some(letters)
}

/// The letter and the text of an answer that names an option by both: `(D) 12`, `D. 12`,
/// `\textbf{(D)}\ 12`. White space or the end of the mark-up must stand between.
pub(crate) fn labelled(answer: &str) -> Option<(char, &str)> {
    let answer = markup::unwrap(answer);
    let marked =
        ["\\textbf{", "\\text{", "\\mathrm{", "\\mathbf{"].iter().find_map(|mark| answer.strip_prefix(mark));
    let body = marked.unwrap_or(answer).trim_start();
    let (parenthesis, body) = body.strip_prefix('(').map_or((false, body), |body| (true, body));
    let label = body.chars().next().filter(|c| ('A'..='J').contains(c))?;
    let body = &body[label.len_utf8()..];
    // `\textbf{C}. 12`.
    let closed = body.strip_prefix('}').filter(|rest| marked.is_some() && rest.starts_with(['.', ':', ')']));
    let (marked, body) = closed.map_or((marked, body), |rest| (None, rest));
    let mut rest = match body.strip_prefix(')') {
        Some(rest) => rest,
        None if parenthesis => return None,
        None => body.strip_prefix(['.', ':'])?,
    };
    let mut apart =
        rest.starts_with([' ', '~', '$', '\n']) || rest.starts_with("\\ ") || rest.starts_with("\\quad");
    if marked.is_some() {
        match rest.trim_start().strip_prefix('}') {
            Some(after) => (rest, apart) = (after, true),
            None => rest = rest.strip_suffix('}').unwrap_or(rest),
        }
    }
    for space in ["\\quad", "\\ ", "~", "\\,"] {
        rest = rest.trim_start().strip_prefix(space).unwrap_or(rest);
    }
    let rest = rest.trim();
    let text =
        rest.strip_prefix("\\text{").or_else(|| rest.strip_prefix("\\text {")).unwrap_or(rest).trim_start();
    let first = text.split(|c: char| !c.is_alphabetic()).next().unwrap_or("").to_lowercase();
    let other = goes_on(text)
        || lexicon::is_no_noun(&first)
        || rest.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "or" | "and"))
        || has_label(rest);
    (apart && !rest.is_empty() && !other).then_some((label, rest))
}

/// Whether what follows a letter goes on with a formula of it, and is no text of an option: `(C)+1`, `(C)\approx 3`.
fn goes_on(text: &str) -> bool {
    let command = text.strip_prefix('\\').map(|rest| rest.split(|c: char| !c.is_ascii_alphabetic()).next());
    let begins = |c: char| c.is_alphanumeric() || "$(){}[\\-−√|\"“‘°%.".contains(c);
    let operator = |name: &str| !matches!(name, "quad" | "dollar" | "pm") && !parse::starts_factor(name);
    !text.starts_with(begins) || command.flatten().is_some_and(operator)
}

/// Whether another option stands in a text: `3 (C) 4`, `3 C) 4`.
fn has_label(text: &str) -> bool {
    text.as_bytes().windows(3).any(|window| {
        matches!(window[0], b'(' | b' ') && (b'A'..=b'J').contains(&window[1]) && window[2] == b')'
    })
}

/// The options with their letters; options after Z have none.
fn labels(options: &[String]) -> impl Iterator<Item = (char, &str)> {
    ('A'..='Z').zip(options.iter().map(String::as_str))
}

fn letter(answer: &str, options: &[String]) -> Option<char> {
    let lower = answer.to_ascii_lowercase();
    let answer = ["option", "choice"].iter().find(|word| lower.starts_with(**word)).map_or(answer, |word| {
        // ASCII lower case keeps every byte in its place.
        answer[word.len()..].trim_start()
    });
    let (parenthesis, body) = answer.strip_prefix('(').map_or((false, answer), |body| (true, body));
    let body = markup::unwrap(body);
    let label = body.chars().next().filter(char::is_ascii_alphabetic)?.to_ascii_uppercase();
    let rest = &body[1..];
    let text = match rest.strip_prefix([')', '.', ':']) {
        Some(text) => text,
        None if parenthesis => return None,
        None if rest.is_empty() || rest.starts_with(char::is_whitespace) => rest,
        None => return None,
    };
    let text = text.trim_start_matches(['.', ':']);
    let joined = text.starts_with(['-', '−', '!', '\'', '(']);
    let text = text.trim();
    if text.is_empty() {
        let known = options.is_empty() || labels(options).any(|(known, _)| known == label);
        return known.then_some(label);
    }
    let own =
        |option: &str| markup::even_out(markup::unwrap(option)) == markup::even_out(markup::unwrap(text));
    let names_it = labels(options).any(|(known, option)| known == label && own(option));
    let ratio = rest
        .trim_start_matches(')')
        .strip_prefix(':')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let calculates = text.to_lowercase().split_whitespace().any(lexicon::is_no_noun);
    let unknown = options.is_empty()
        && rest.starts_with([')', '.', ':'])
        && !joined
        && !goes_on(text)
        && !ratio
        && !calculates
        && !names_another(text);
    (names_it || unknown).then_some(label)
}

/// True when a text without known options may offer a second choice.
fn names_another(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.into_iter().any(|word| {
        (word.len() == 1 && word.chars().all(char::is_alphabetic))
            || ["or", "and"].contains(&word.to_lowercase().as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Vec<String> {
        ["Rome", "Paris", "The Hague", "New York"].map(str::to_owned).to_vec()
    }

    #[test]
    fn an_option_is_named_by_its_letter_or_its_text() {
        for answer in [
            "B",
            "b",
            "(B)",
            "(b)",
            "B.",
            "B)",
            "B:",
            "\\text{B}",
            "\\textbf{(B)}",
            "$B$",
            "**B**",
            "B) Paris",
            "(B) Paris",
            "B. Paris.",
            "B: paris",
            "B Paris",
            "Paris",
            " PARIS. ",
            "Option B",
            "\\boxed{B}",
            "(B).",
            "\\text{B. Paris}",
            "\\text{(B) Paris}",
        ] {
            assert_eq!(chosen(answer, &options()), Some('B'), "{answer}");
        }
        assert_eq!(chosen("the  hague", &options()), Some('C'));
    }

    #[test]
    fn an_answer_that_names_no_option_or_two_is_none() {
        for answer in [
            "A or B",
            "A, B",
            "AB",
            "A B",
            "(A)(B)",
            "(A) or (B)",
            "B) Rome",
            "E",
            "(E)",
            "",
            "(",
            "()",
            "Lisbon",
            "Paris or Rome",
            "B) Paris or Rome",
            "B and Paris",
            "éB",
            "(B",
            "not B",
        ] {
            assert_eq!(chosen(answer, &options()), None, "{answer}");
        }
    }

    #[test]
    fn unknown_options_allow_any_text_that_offers_no_second_choice() {
        assert_eq!(chosen("B) Paris", &[]), Some('B'));
        assert_eq!(chosen("B) or C)", &[]), None);
        assert_eq!(chosen("Because", &[]), None);
    }

    #[test]
    fn equal_options_cannot_be_named_by_their_text() {
        let options = ["yes".to_owned(), "yes".to_owned()];
        assert_eq!(chosen("yes", &options), None);
        assert_eq!(chosen("B", &options), Some('B'));
    }
}
