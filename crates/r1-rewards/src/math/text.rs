//! Answers in words.

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
        _ => None,
    }
}

/// The value of a number word up to a hundred.
pub(crate) fn number_word(text: &str) -> Option<i64> {
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
    if text == "one hundred" || text == "a hundred" {
        return Some(100);
    }
    if let Some(at) = SMALL.iter().position(|word| *word == text) {
        return Some(at as i64);
    }
    let (tens, rest) = text.split_once([' ', '-']).unwrap_or((text, ""));
    let tens = 20 + 10 * TENS.iter().position(|word| *word == tens)? as i64;
    match SMALL.iter().position(|word| *word == rest) {
        Some(one @ 1..=9) => Some(tens + one as i64),
        _ => rest.is_empty().then_some(tens),
    }
}

/// Lower case letters and digits, single spaces, no mark-up and no punctuation.
pub(crate) fn even(text: &str) -> String {
    let text = super::spelling::spell(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
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
            if style {
                rest = if name.is_empty() {
                    after.get(after.chars().next().map_or(0, char::len_utf8)..).unwrap_or("")
                } else {
                    tail
                };
                out.push(' ');
                continue;
            }
        }
        rest = after;
        match c {
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            '+' | '-' | '*' | '/' | '^' | '=' | '<' | '>' | '\\' | '|' | '%' | '[' | '(' | ']' | ')' => {
                out.push(c)
            }
            '\'' | '"' => {}
            _ => out.push(' '),
        }
    }
    let out = out.split_whitespace().collect::<Vec<_>>().join(" ");
    // Spaces around an exponent say nothing.
    out.replace(" ^", "^").replace("^ ", "^")
}
