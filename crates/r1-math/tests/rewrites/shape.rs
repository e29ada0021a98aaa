//! What a reference looks like, so that only what it says is rewritten.

/// The whole number that a text is, without its sign.
pub(crate) fn whole(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    (plain && !digits.is_empty() && (digits == "0" || !digits.starts_with('0'))).then_some(digits)
}

/// The longest run of letters outside of commands.
fn longest_word(text: &str) -> usize {
    let (mut letters, mut longest, mut command) = (0, 0, false);
    for c in text.chars() {
        command = c == '\\' || (command && c.is_ascii_alphabetic());
        letters = if c.is_alphabetic() && !command { letters + 1 } else { 0 };
        longest = longest.max(letters);
    }
    longest
}

/// Whether a text has a word of two letters or more outside of commands.
pub(crate) fn has_words(text: &str) -> bool {
    longest_word(text) > 1
}

/// The names of the commands of a text.
pub(crate) fn commands(text: &str) -> impl Iterator<Item = &str> {
    text.split('\\').skip(1).map(|rest| rest.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or(""))
}

/// Commands that an expression of numbers and symbols may have.
const OF_EXPRESSIONS: [&str; 34] = [
    "frac", "dfrac", "tfrac", "sqrt", "pi", "theta", "alpha", "beta", "gamma", "lambda", "mu", "omega",
    "phi", "rho", "sigma", "cdot", "times", "sin", "cos", "tan", "cot", "sec", "csc", "ln", "exp", "arcsin",
    "arccos", "arctan", "left", "right", "binom", "sinh", "cosh", "tanh",
];

/// Whether digits of a text may be no plain number: `5cm`, `5th`, `1e-7`, `0x1F`, `E4_{16}`, `0.1(6)`, `2020-01-02`.
fn has_odd_numbers(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    (0..bytes.len()).any(|at| {
        let first = digit(at) && !(at > 0 && (digit(at - 1) || bytes[at - 1] == b'.'));
        let leading = first && bytes[at] == b'0' && (digit(at + 1) || letter(at + 1));
        let joined =
            digit(at) && letter(at + 1) && (letter(at + 2) || digit(at + 2) || bytes[at + 1] == b'e');
        let gap = digit(at) && bytes.get(at + 1) == Some(&b' ') && (digit(at + 2) || letter(at + 2));
        let base = at > 0 && bytes[at] == b'_' && digit(at - 1);
        let period =
            bytes[at] == b'(' && text[..at].trim_end_matches(|c: char| c.is_ascii_digit()).ends_with('.');
        leading || joined || gap || base || period
    })
}

/// Whether a text is one expression of numbers and symbols, with nothing around it.
pub(crate) fn is_expression(text: &str) -> bool {
    let signs = text.chars().all(|c| c.is_ascii_alphanumeric() || "+-*/^_(){}. \\!".contains(c));
    let ends = ['+', '-', '*', '.', '\\', '^', '_', '/'];
    let derivative = text.contains(r"\frac{d") && text.contains(r"}{d");
    signs
        && !derivative
        && !has_odd_numbers(text)
        && !["..", "**", "^*", "^{*}"].iter().any(|odd| text.contains(odd))
        && !text.starts_with(['+', '.', '*'])
        && !text.ends_with(ends)
        && longest_word(text) <= 2
        && commands(text).all(|name| OF_EXPRESSIONS.contains(&name))
        && (text.contains(|c: char| c.is_ascii_digit()) || longest_word(text) > 0 || text.contains(r"\pi"))
        && terms(text).is_some()
}

/// The signs and terms of a sum, or `None` where brackets do not match.
pub(crate) fn terms(text: &str) -> Option<Vec<(char, &str)>> {
    let (mut depth, mut start, mut sign, mut before) = (0i32, 0, '+', None);
    let mut found = Vec::new();
    for (at, c) in text.char_indices() {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            '+' | '-'
                if depth == 0 && before.is_none_or(|c: char| c.is_alphanumeric() || ")}!".contains(c)) =>
            {
                if before.is_some() {
                    found.push((sign, text[start..at].trim()));
                }
                (sign, start) = (c, at + 1);
            }
            _ => {}
        }
        if depth < 0 {
            return None;
        }
        before = Some(c).filter(|c| *c != ' ').or(before);
    }
    found.push((sign, text[start..].trim()));
    (depth == 0 && found.iter().all(|(_, term)| !term.is_empty())).then_some(found)
}

/// The two groups of a text that is a command with two groups: `\frac{a}{b}`.
pub(crate) fn groups<'a>(text: &'a str, command: &str) -> Option<(&'a str, &'a str)> {
    let inside = text.strip_prefix(command)?.strip_prefix('{')?.strip_suffix('}')?;
    let (above, below) = inside.split_once("}{")?;
    let balanced = |part: &str| {
        let mut depth = 0;
        part.chars().all(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth >= 0
        }) && depth == 0
    };
    (balanced(above) && balanced(below)).then_some((above, below))
}

/// Elements between commas, where nothing nests and no decimal comma can be.
pub(crate) fn flat(inside: &str) -> Option<Vec<&str>> {
    let nests = inside.contains(['(', '[', '{', '|', ':', ';', '<', '>', '=', '$', '\\', '.']);
    let items: Vec<&str> = inside.split(',').map(str::trim).collect();
    (!nests && items.len() > 1 && items.iter().all(|item| !item.is_empty())).then_some(items)
}
