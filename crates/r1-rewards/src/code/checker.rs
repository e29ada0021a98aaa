//! How an output is compared with what was expected. All of it happens in this process.

use serde::{Deserialize, Serialize};

use super::{CodeError, Language};

/// When an output counts as right.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Checker {
    /// The same words between white space.
    #[default]
    Tokens,
    /// The same words, without regard to case.
    CaseInsensitive,
    /// The same lines, but for white space at their ends and empty lines at the end.
    Lines,
    /// The same bytes.
    Exact,
    /// The same words, but numbers may differ by either tolerance, unless both are spelled as whole
    /// numbers. NaN is never right.
    Floats {
        /// The largest difference.
        absolute: f64,
        /// The largest difference relative to the expected number.
        relative: f64,
    },
    /// The same lines, but that numbers of a line may be spelled differently where all of its words are
    /// numbers: `0.50` is `0.5`. As LiveCodeBench compares.
    Decimals,
    /// The same lines in any order.
    UnorderedLines,
    /// The same words in any order.
    SortedTokens,
    /// A program with testlib's exit statuses (0 right, 1 and 2 wrong), started with the names of
    /// three files: the input, the output, and the expected output.
    Custom {
        /// Its language.
        language: Language,
        /// Its source.
        source: String,
    },
    /// A program that talks with the submission: its output is the submission's input and the other way
    /// round. It is started with the names of two files, the input and the expected output, and ends as a
    /// [`Custom`](Self::Custom) checker does.
    Interactor {
        /// Its language.
        language: Language,
        /// Its source.
        source: String,
    },
}

impl Checker {
    /// Numbers within 1e-6, absolute or relative.
    pub const FLOATS: Self = Self::Floats { absolute: 1e-6, relative: 1e-6 };

    /// The checker of this name: tokens, case-insensitive, lines, exact, floats, decimals, unordered or
    /// sorted.
    ///
    /// # Errors
    /// [`CodeError::Tests`] for any other name.
    pub fn named(name: &str) -> Result<Self, CodeError> {
        Ok(match name {
            "tokens" | "standard" => Self::Tokens,
            "case-insensitive" => Self::CaseInsensitive,
            "lines" | "rstripped" => Self::Lines,
            "exact" | "identical" => Self::Exact,
            "floats" => Self::FLOATS,
            "decimals" => Self::Decimals,
            "unordered" => Self::UnorderedLines,
            "sorted" => Self::SortedTokens,
            _ => {
                let names = "tokens, case-insensitive, lines, exact, floats, decimals, unordered or sorted";
                return Err(CodeError::Tests { reason: format!("`{name}` is no checker; expected {names}") });
            }
        })
    }

    /// Whether `output` is right; `None` for a program, which has to be run.
    pub fn accepts(&self, output: &[u8], expected: &[u8]) -> Option<bool> {
        let pairs = |equal: fn(&[u8], &[u8]) -> bool| {
            let (mut left, mut right) = (tokens(output), tokens(expected));
            loop {
                match (left.next(), right.next()) {
                    (None, None) => break true,
                    (Some(left), Some(right)) if equal(left, right) => {}
                    _ => break false,
                }
            }
        };
        Some(match self {
            Self::Tokens => pairs(|left, right| left == right),
            Self::CaseInsensitive => pairs(<[u8]>::eq_ignore_ascii_case),
            Self::Lines => lines(output) == lines(expected),
            Self::Exact => output == expected,
            Self::Floats { absolute, relative } => {
                let (left, right): (Vec<_>, Vec<_>) = (tokens(output).collect(), tokens(expected).collect());
                let close = |(left, right): (&&[u8], &&[u8])| same_number(left, right, *absolute, *relative);
                left.len() == right.len() && left.iter().zip(&right).all(close)
            }
            Self::Decimals => {
                let (left, right) = (lines(output.trim_ascii()), lines(expected.trim_ascii()));
                left.len() == right.len()
                    && left.iter().zip(&right).all(|(left, right)| same_decimals(left, right))
            }
            Self::UnorderedLines => sorted(lines(output)) == sorted(lines(expected)),
            Self::SortedTokens => sorted(tokens(output).collect()) == sorted(tokens(expected).collect()),
            Self::Custom { .. } | Self::Interactor { .. } => return None,
        })
    }
}

fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|token| !token.is_empty())
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    lines
}

fn sorted(mut items: Vec<&[u8]>) -> Vec<&[u8]> {
    items.sort_unstable();
    items
}

/// Words are the same, or both are numbers and close. What is no number here (`nan`, `1,5`) must be
/// spelled the same, and a spelled NaN is refused.
fn same_number(left: &[u8], right: &[u8], absolute: f64, relative: f64) -> bool {
    if is_whole(left) && is_whole(right) {
        return same_whole(left, right);
    }
    match (number(left), number(right)) {
        (Some(left), Some(right)) => close(left, right, absolute, relative),
        (None, None) => left == right,
        _ => false,
    }
}

/// Lines are the same, or all of their words are decimals and equal exactly.
fn same_decimals(left: &[u8], right: &[u8]) -> bool {
    if left.trim_ascii() == right.trim_ascii() {
        return true;
    }
    let all = |line| tokens(line).map(decimal).collect::<Option<Vec<_>>>();
    match (all(left), all(right)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

/// Sign, digits without zeros around them, and the power of ten of the last one.
fn decimal(token: &[u8]) -> Option<(bool, Vec<u8>, i64)> {
    let text = std::str::from_utf8(token).ok()?;
    text.parse::<f64>().ok().filter(|value| value.is_finite())?;
    let (sign, text) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (text, exponent) = match text.split_once(['e', 'E']) {
        Some((text, exponent)) => (text, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let end = digits.iter().rposition(|&digit| digit != b'0').map_or(0, |last| last + 1);
    let start = digits.iter().position(|&digit| digit != b'0').unwrap_or(end);
    if start == end {
        return Some((false, Vec::new(), 0));
    }
    let power = exponent.checked_sub(fraction.len() as i64)?.checked_add((digits.len() - end) as i64)?;
    Some((sign, digits[start..end].to_vec(), power))
}

/// Whether it is spelled as a whole number: identifiers, counts and remainders are, and must be exact.
fn is_whole(token: &[u8]) -> bool {
    let digits = token.strip_prefix(b"-").or_else(|| token.strip_prefix(b"+")).unwrap_or(token);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn same_whole(left: &[u8], right: &[u8]) -> bool {
    let parts = |token: &[u8]| {
        let digits =
            token.iter().skip_while(|byte| !matches!(byte, b'1'..=b'9')).copied().collect::<Vec<_>>();
        (token.first() == Some(&b'-') && !digits.is_empty(), digits)
    };
    parts(left) == parts(right)
}

/// Whether two numbers are within either tolerance; infinities equal themselves and NaN nothing.
pub(crate) fn close(left: f64, right: f64, absolute: f64, relative: f64) -> bool {
    if left == right {
        return true;
    }
    let difference = (left - right).abs();
    difference.is_finite() && (difference <= absolute || difference <= relative * right.abs())
}

fn number(token: &[u8]) -> Option<f64> {
    std::str::from_utf8(token).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(checker: &Checker, output: &str, expected: &str) -> bool {
        checker.accepts(output.as_bytes(), expected.as_bytes()).unwrap()
    }

    #[test]
    fn a_right_first_line_is_not_enough() {
        for name in
            ["tokens", "lines", "exact", "floats", "decimals", "unordered", "sorted", "case-insensitive"]
        {
            let checker = Checker::named(name).unwrap();
            assert!(check(&checker, "1\n2\n", "1\n2\n"), "{name}");
            assert!(!check(&checker, "1\n", "1\n2\n"), "{name}");
            assert!(!check(&checker, "1\n2\n3\n", "1\n2\n"), "{name}");
            assert!(!check(&checker, "", "1\n"), "{name}");
        }
        assert!(Checker::named("lenient").is_err());
    }

    #[test]
    fn decimals_are_equal_exactly_however_they_are_spelled() {
        for (output, expected, right) in [
            ("0.5", "0.50", true),
            ("1e3 -2", "1000 -2.0", true),
            ("-0.0", "0", true),
            ("0.5000001", "0.5", false),
            ("YES", "Yes", false),
            ("1\n2", "1 2", false),
            ("100000000000000000000000001", "100000000000000000000000000", false),
            ("nan", "nan", true),
            ("1e999999999999999999999", "2", false),
            ("a 0.5", "a 0.50", false),
        ] {
            assert_eq!(check(&Checker::Decimals, output, expected), right, "{output} {expected}");
        }
    }

    #[test]
    fn white_space_and_order_count_where_the_name_says() {
        assert!(check(&Checker::Tokens, " 1  2\r\n3", "1 2 3\n"));
        assert!(!check(&Checker::Lines, "1 2 3", "1 2\n3"));
        assert!(check(&Checker::Lines, "1 2 \r\n3\n\n", "1 2\n3"));
        assert!(!check(&Checker::Exact, "1", "1\n"));
        assert!(check(&Checker::UnorderedLines, "b\na\n", "a\nb"));
        assert!(!check(&Checker::UnorderedLines, "a\na\n", "a\nb"));
        assert!(check(&Checker::SortedTokens, "3 1 2", "1 2 3"));
        assert!(check(&Checker::CaseInsensitive, "YES", "Yes"));
        assert!(!check(&Checker::Tokens, "YES", "Yes"));
    }

    #[test]
    fn numbers_may_differ_a_little_and_nan_never_passes() {
        let floats = Checker::FLOATS;
        assert!(check(&floats, "0.3333333 x", "0.33333333 x"));
        assert!(check(&floats, "1000000.5", "1000000"));
        assert!(!check(&floats, "0.334", "0.333"));
        for (output, expected) in [("nan", "1"), ("1", "nan"), ("nan", "nan"), ("1,5", "1.5"), ("inf", "1")] {
            assert!(!check(&floats, output, expected), "{output} {expected}");
        }
        assert!(check(&floats, "inf", "inf") && !check(&floats, "-inf", "inf"));
        assert!(!check(&floats, "1\u{0}", "1"));
        for (output, expected, right) in [
            ("1000001", "1000000", false),
            ("12345678901234567890124", "12345678901234567890123", false),
            ("+007", "7", true),
            ("-0", "0", true),
            ("-7", "7", false),
            ("1000000.0000001", "1000000", true),
            ("1e6", "1000000", true),
        ] {
            assert_eq!(check(&floats, output, expected), right, "{output} {expected}");
        }
    }
}
