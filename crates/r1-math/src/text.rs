//! Answers in words.

use dashu::rational::RBig;

use super::answer::Answer;

/// An answer that is no mathematics: "no solution", a number word, or a text.
pub(crate) fn read(text: &str) -> Answer {
    special(text).unwrap_or_else(|| Answer::Text(even(text)))
}

/// The texts that mean something.
pub(crate) fn special(text: &str) -> Option<Answer> {
    let even = even(text);
    let words = even.strip_prefix("there is ").or_else(|| even.strip_prefix("there are ")).unwrap_or(&even);
    match words {
        "no solution" | "no solutions" | "no real solution" | "no real solutions" | "none" | "empty set"
        | "the empty set" | "emptyset" | "varnothing" | "无解" | "no such" | "no real roots" | "no roots"
        | "null set" => Some(Answer::Empty),
        "undefined"
        | "dne"
        | "does not exist"
        | "doesnt exist"
        | "not defined"
        | "不存在"
        | "the limit does not exist"
        | "limit does not exist" => Some(Answer::Undefined),
        "all real numbers" | "all reals" | "all real" | "全体实数" => {
            Some(Answer::Region(vec![super::region::EVERYTHING]))
        }
        "all integers" | "the integers" | "set of all integers" | "the set of all integers" | "全体整数" => {
            Some(Answer::Text("Z".into()))
        }
        "all natural numbers" | "the natural numbers" | "全体自然数" => Some(Answer::Text("N".into())),
        "all rational numbers" | "the rational numbers" => Some(Answer::Text("Q".into())),
        "all complex numbers" | "the complex numbers" => Some(Answer::Text("C".into())),
        _ => None,
    }
}

/// The value of a number in words below 10^15: `twelve`, `two hundred and five`, `one million`.
pub(crate) fn number_word(text: &str) -> Option<i64> {
    if text.starts_with('-') {
        return None;
    }
    const SCALES: [(&str, i64); 4] = [
        ("trillion", 1_000_000_000_000),
        ("billion", 1_000_000_000),
        ("million", 1_000_000),
        ("thousand", 1000),
    ];
    let (mut total, mut part, mut rest): (i64, Option<i64>, i64) = (0, None, i64::MAX);
    for word in text.split([' ', '-']).filter(|word| !word.is_empty()) {
        if let Some((_, scale)) = SCALES.iter().find(|(name, _)| *name == word) {
            // Scales go down.
            if *scale >= rest {
                return None;
            }
            rest = *scale;
            total += part.take()? * scale;
        } else if word == "hundred" {
            part = Some(part.filter(|part| (1..10).contains(part))? * 100);
        } else if word == "and" {
            part.or((total > 0).then_some(0))?;
        } else {
            let value = if word == "a" { 1 } else { below_hundred(word)? };
            let fits = match part {
                None => true,
                Some(part) if part % 100 == 0 => part > 0,
                Some(part) => part % 10 == 0 && part % 100 >= 20 && (1..10).contains(&value),
            };
            part = fits.then(|| part.unwrap_or(0) + value);
            part?;
        }
    }
    let value = total + part.unwrap_or(0);
    (part.is_some() || total > 0).then_some(value).filter(|_| text != "a")
}

/// The value of a number in words, whole or a fraction: `five`, `one twelfth`, `three quarters`.
pub(crate) fn fraction_word(text: &str) -> Option<RBig> {
    if let Some(whole) = number_word(text) {
        return Some(RBig::from(whole));
    }
    let (above, below) = text.rsplit_once([' ', '-'])?;
    let below = match below.strip_suffix('s').unwrap_or(below) {
        "half" | "halve" => 2,
        "third" => 3,
        "quarter" | "fourth" => 4,
        "fifth" => 5,
        "eighth" => 8,
        "ninth" => 9,
        "twelfth" => 12,
        regular => number_word(regular.strip_suffix("th")?)?,
    };
    Some(RBig::from(number_word(above)?) / RBig::from(below))
}

/// A number in one word.
fn below_hundred(word: &str) -> Option<i64> {
    const SMALL: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    if let Some(at) = SMALL.iter().position(|small| *small == word) {
        return Some(at as i64);
    }
    TENS.iter().position(|ten| *ten == word).map(|at| 20 + 10 * at as i64)
}

/// Words that a sentence has around its answer.
const AROUND: [&str; 20] = [
    "the", "a", "an", "it", "its", "is", "are", "on", "in", "at", "this", "that", "they", "function",
    "series", "sequence", "integral", "graph", "answer", "option",
];

/// What may follow in "Yes, it is".
const AFTER_YES: [&str; 17] = [
    "it", "is", "he", "she", "they", "we", "you", "there", "this", "that", "does", "do", "are", "can", "was",
    "has", "will",
];
/// What may follow in "No, it is not".
const AFTER_NO: [&str; 6] = ["not", "isnt", "doesnt", "dont", "arent", "cannot"];

/// Whether two texts, evened out, say the same. An answer may be a sentence about one word, and go on
/// after yes or no.
pub(crate) fn same(reference: &str, answer: &str) -> bool {
    if bare(reference).is_empty() || bare(answer).is_empty() {
        return false;
    }
    if reference.chars().count() == 1 || answer.chars().count() == 1 {
        // A letter has no article.
        return reference == answer;
    }
    // A hyphen joins two words; a sign elsewhere is part of what it stands at.
    let words = |text: &str| {
        let letters: Vec<char> = text.chars().collect();
        let letter = |at: usize| letters.get(at).is_some_and(|c| c.is_alphabetic());
        let joins = |at: usize| letters[at] == '-' && at > 0 && letter(at - 1) && letter(at + 1);
        let apart: String = (0..letters.len()).map(|at| if joins(at) { ' ' } else { letters[at] }).collect();
        apart.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    if reference.contains(|c: char| c.is_ascii_digit()) || answer.contains(|c: char| c.is_ascii_digit()) {
        let (reference, answer) = (without_all(bare(reference)), without_all(bare(answer)));
        return reference == answer || tight(&reference) == tight(&answer);
    }
    let (wanted, given) = (words(reference), words(answer));
    if joined(&without_all(bare(reference))) == joined(&without_all(bare(answer))) {
        return true;
    }
    let [only] = &wanted[..] else { return false };
    if matches!(only.as_str(), "yes" | "no") {
        let follows = |word: &String| {
            AFTER_YES.contains(&word.as_str()) || (only == "no" && AFTER_NO.contains(&word.as_str()))
        };
        return given.first() == Some(only) && given[1..].iter().all(follows);
    }
    let mut telling = given.iter().filter(|word| !AROUND.contains(&word.as_str()));
    !AROUND.contains(&only.as_str()) && telling.next() == Some(only) && telling.next().is_none()
}

/// The text without "all" before what it names altogether: "1 and all odd primes" are 1 and the odd primes.
fn without_all(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let kept = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let plural = words.get(at + 1).is_some_and(|_| words[words.len() - 1].ends_with('s'));
        words[at] != "all"
            || !plural
            || before.is_some_and(|word| !matches!(*word, "and" | "of" | "are" | "is"))
    };
    let kept: Vec<&str> = (0..words.len()).filter(|at| kept(*at)).map(|at| words[at]).collect();
    kept.join(" ")
}

/// The text without blanks beside signs.
fn tight(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let beside = out.ends_with(char::is_alphanumeric)
            && text[at + c.len_utf8()..].starts_with(char::is_alphanumeric);
        let name = out
            .rfind('\\')
            .is_some_and(|at| at + 1 < out.len() && out[at + 1..].chars().all(char::is_alphabetic));
        let beside = beside && !name;
        if c != ' ' || beside {
            out.push(c);
        }
    }
    out
}

/// The letters without spaces and hyphens between them; a sign elsewhere stays.
fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // In a formula it is a sign.
    let words = !text.contains('\\');
    for (at, c) in text.char_indices() {
        let between = text[..at].ends_with(char::is_alphabetic)
            && text[at + c.len_utf8()..].starts_with(char::is_alphabetic);
        if c != ' ' && !(c == '-' && words && between) {
            out.push(c);
        }
    }
    out
}

/// The text without an article before it.
fn bare(text: &str) -> &str {
    // "A and C only" begins with an option, and `A \cap B` with a set.
    let joint = |rest: &&str| {
        rest.starts_with(char::is_alphabetic)
            && !["and ", "or ", "only"].iter().any(|word| rest.starts_with(word))
    };
    let article = ["the ", "an ", "a "].iter().find_map(|article| text.strip_prefix(article));
    article.filter(joint).unwrap_or(text)
}

/// A blank, unless one stands there.
fn blank(out: &mut String) {
    if !out.ends_with(' ') {
        out.push(' ');
    }
}

/// Lower case letters and digits, single spaces, no mark-up and no punctuation.
pub(crate) fn even(text: &str) -> String {
    let text = super::spelling::spell(text);
    let (formula, rows) = (text.contains(['\\', '$']), text.contains("\\begin"));
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    // Marks at the end say nothing; what stands from here on is one.
    let marks = text.trim_end_matches(['!', '.']).len();
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if c == '\\' {
            let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
            let (name, tail) = after.split_at(end);
            let style = matches!(
                name,
                "" | "text"
                    | "textbf"
                    | "textit"
                    | "textrm"
                    | "mathrm"
                    | "mathbf"
                    | "mbox"
                    | "boxed"
                    | "left"
                    | "right"
                    | "quad"
                    | "displaystyle"
                    | "textnormal"
                    | "operatorname"
            );
            if matches!(name, "dfrac" | "tfrac" | "cfrac") {
                out.push_str("\\frac");
                rest = tail;
                continue;
            }
            let synonym = match name {
                "leq" | "leqslant" => "le",
                "geq" | "geqslant" => "ge",
                "neq" => "ne",
                "varnothing" => "emptyset",
                "to" => "rightarrow",
                _ => name,
            };
            if synonym != name {
                out.push('\\');
                out.push_str(synonym);
                rest = tail;
                continue;
            }
            if matches!(name, "dots" | "ldots" | "cdots" | "dotsc") {
                out.push_str(" … ");
                rest = tail;
                continue;
            }
            if rows && name.is_empty() && after.starts_with('\\') {
                // Where a row ends is part of a matrix.
                out.push_str(" ; ");
                rest = &after[1..];
                continue;
            }
            let sign = name.is_empty() && after.starts_with(['+', '-', '=', '<', '>', '*', '/', '|']);
            if style && !sign {
                rest = if name.is_empty() {
                    after.get(after.chars().next().map_or(0, char::len_utf8)..).unwrap_or("")
                } else {
                    tail
                };
                if name.is_empty() && after.starts_with(['%', '#']) {
                    out.extend(after.chars().next());
                } else {
                    blank(&mut out)
                }
                continue;
            }
        }
        rest = after;
        match c {
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            ':' if out.trim_end().ends_with(|c: char| c.is_ascii_digit()) => out.push(':'),
            // Punctuation; every other sign says something.
            '.' if after.starts_with("..") => {
                // What goes on is another answer than what ends.
                out.push('…');
                rest = after.trim_start_matches('.');
            }
            // The point of a decimal.
            '.' if after.starts_with(|c: char| c.is_ascii_digit()) => out.push('.'),
            '.' | ',' | ';' | ':' | '{' | '}' | '$' | '~' | '`' => blank(&mut out),
            '!' if text.len() - rest.len() > marks => blank(&mut out),
            // Minutes and seconds, feet and inches.
            '\'' if out.ends_with(|c: char| c.is_ascii_digit() || c == '\'') => out.push(c),
            // Elsewhere than in `can't`, a prime or a mark of quotation.
            '\'' if !(out.ends_with(char::is_alphabetic) && after.starts_with(char::is_alphabetic)) => {
                if after.starts_with(['(', '=', '^', '_']) || formula {
                    out.push('\'')
                } else {
                    blank(&mut out)
                }
            }
            '\'' | '"' => {}
            c if c.is_whitespace() => blank(&mut out),
            _ => out.push(c),
        }
    }
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    // Spaces around an exponent or an index say nothing.
    out.replace(" ^", "^").replace("^ ", "^").replace(" _", "_").replace("_ ", "_")
}
