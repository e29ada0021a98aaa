//! Evaluates what a model wrote: whole numbers, + - * /, and brackets, in exact fractions.

/// The deepest nesting of brackets and signs; deeper ones are no answer.
const DEEPEST: usize = 32;

/// True when `text` is an expression of + - * / and brackets whose value is `target` exactly and that
/// uses each of `numbers` at most once and nothing else.
///
/// Digits stand for the number they spell, so `35` never counts as 3 and 5. Division is exact, and
/// the value on the way may be any fraction. `×`, `·`, `÷` and `−` are read as `*`, `*`, `/` and `-`.
/// There are no signs but those of given negative numbers: `-3+5` needs a -3. Anything else, a division
/// by zero or a number beyond 64 bits on the way is no solution.
///
/// ```
/// use r1_tasks::solves_countdown;
///
/// assert!(solves_countdown("(8 - 5) * 3", &[3, 5, 8], 9));
/// assert!(solves_countdown("8 / (3 - 8/3)", &[3, 3, 8, 8], 24));
/// assert!(!solves_countdown("3 * 3", &[3, 5, 8], 9));
/// ```
pub fn solves_countdown(text: &str, numbers: &[i64], target: i64) -> bool {
    let mut reader = Reader { rest: text.trim(), unused: numbers.to_vec(), depth: 0 };
    let Some(value) = reader.sum() else { return false };
    reader.rest.is_empty() && value.is(target)
}

/// A fraction in lowest terms with a positive denominator.
#[derive(Debug, Clone, Copy)]
struct Fraction {
    over: i64,
    under: i64,
}

impl Fraction {
    fn new(over: i128, under: i128) -> Option<Self> {
        let (mut a, mut b) = (over.unsigned_abs(), under.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        // Both are products of 64-bit numbers or sums of two, so the divisor fits.
        let divisor = i128::try_from(a).ok()? * under.signum();
        if divisor == 0 || under == 0 {
            return None;
        }
        Some(Self { over: i64::try_from(over / divisor).ok()?, under: i64::try_from(under / divisor).ok()? })
    }

    /// Applies an operator; `None` for a division by zero and for numbers that do not fit.
    fn apply(self, sign: char, other: Self) -> Option<Self> {
        let [a, b, c, d] = [self.over, self.under, other.over, other.under].map(i128::from);
        match sign {
            '+' => Self::new(a * d + c * b, b * d),
            '-' => Self::new(a * d - c * b, b * d),
            '*' => Self::new(a * c, b * d),
            _ => Self::new(a * d, b * c),
        }
    }

    fn is(self, value: i64) -> bool {
        self.under == 1 && self.over == value
    }
}

/// Recursive descent over the text.
struct Reader<'a> {
    rest: &'a str,
    unused: Vec<i64>,
    depth: usize,
}

impl Reader<'_> {
    /// Takes one of the characters, and the spaces after it.
    fn take(&mut self, signs: &[(char, char)]) -> Option<char> {
        let first = self.rest.chars().next()?;
        let &(_, meaning) = signs.iter().find(|(sign, _)| *sign == first)?;
        self.rest = self.rest[first.len_utf8()..].trim_start();
        Some(meaning)
    }

    fn sum(&mut self) -> Option<Fraction> {
        let mut value = self.product()?;
        while let Some(sign) = self.take(&[('+', '+'), ('-', '-'), ('−', '-')]) {
            value = value.apply(sign, self.product()?)?;
        }
        Some(value)
    }

    fn product(&mut self) -> Option<Fraction> {
        let mut value = self.factor()?;
        while let Some(sign) = self.take(&[('*', '*'), ('×', '*'), ('·', '*'), ('/', '/'), ('÷', '/')]) {
            value = value.apply(sign, self.factor()?)?;
        }
        Some(value)
    }

    /// A number, or an expression in brackets.
    fn factor(&mut self) -> Option<Fraction> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let value = if self.take(&[('(', '(')]).is_some() {
            let value = self.sum()?;
            self.take(&[(')', ')')])?;
            Some(value)
        } else {
            self.number()
        };
        self.depth -= 1;
        value
    }

    /// A number that is still to be had; it is used up. A minus belongs to it only without a space
    /// between.
    fn number(&mut self) -> Option<Fraction> {
        let digits = self.rest.strip_prefix(['-', '−']);
        let (sign, digits) = digits.map_or(("", self.rest), |digits| ("-", digits));
        let end = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
        let number: i64 = format!("{sign}{}", &digits[..end]).parse().ok()?;
        let place = self.unused.iter().position(|&unused| unused == number)?;
        self.unused.swap_remove(place);
        self.rest = digits[end..].trim_start();
        Fraction::new(i128::from(number), 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_exact() {
        let numbers = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
        for (text, target) in [
            ("1+2*3", 7),
            ("(1+2)*3", 9),
            ("8-5-2", 1),
            ("8/4/2", 1),
            ("8/(4/2)", 4),
            ("1/3*6", 2),
            ("3 × 4 ÷ 6 − 2", 0),
            ("10", 10),
            (" ( 7 ) ", 7),
        ] {
            assert!(solves_countdown(text, &numbers, target), "{text}");
            assert!(!solves_countdown(text, &numbers, target + 1), "{text}");
        }
    }

    #[test]
    fn a_minus_belongs_to_a_given_negative_number_or_stands_between_two() {
        assert!(solves_countdown("-3+5", &[-3, 5], 2));
        assert!(solves_countdown("5*−3", &[-3, 5], -15));
        assert!(solves_countdown("5--3", &[-3, 5], 8));
        for text in ["-3+5", "- 3+5", "5+-3", "-(3-5)", "3*-(5-7)+0", "--5-3"] {
            assert!(!solves_countdown(text, &[3, 5, 7, 0], 2), "{text}");
        }
        assert!(!solves_countdown("5+- 3", &[-3, 5], 2));
    }

    #[test]
    fn only_the_numbers_given_may_be_used_and_each_once() {
        assert!(solves_countdown("5+3", &[3, 5, 8], 8));
        assert!(solves_countdown("3+3", &[3, 3], 6));
        for text in ["3+3+2", "35", "16", "2*8", "4+4", "3 5 8", "0+8+8"] {
            assert!(!solves_countdown(text, &[3, 5, 8], 16), "{text}");
            assert!(!solves_countdown(text, &[3, 5, 8], 35), "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_no_solution() {
        let deep = "(".repeat(1_000_000);
        let signs = "-".repeat(1_000_000);
        let long = format!("3{}", "+3".repeat(500_000));
        for text in [
            "",
            " ",
            "3+",
            "+3",
            "(3",
            "3)",
            "3**1",
            "3//1",
            "3=3",
            "3;",
            "three",
            "3.0",
            "3e0",
            "3^1",
            "()",
            "1/0",
            "3/(1-1)",
            "99999999999999999999",
            "٣",
            &deep,
            &signs,
            &long,
        ] {
            assert!(!solves_countdown(text, &[3, 1, 1, 0], 3), "{}", &text[..text.len().min(20)]);
        }
    }

    #[test]
    fn values_that_do_not_fit_are_no_solution() {
        let large = i64::MAX;
        assert!(solves_countdown(&format!("{large}"), &[large, large], large));
        assert!(!solves_countdown(&format!("{large}*{large}"), &[large, large], 1));
        assert!(!solves_countdown(&format!("{large}+{large}"), &[large, large], -2));
    }
}
