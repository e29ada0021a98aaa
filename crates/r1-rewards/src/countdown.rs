//! Countdown: reach a target from given numbers by + - * /.

use dashu::rational::RBig;

use r1_math::{markup, scan::Scan};

/// Longer expressions are refused.
const MAX_BYTES: usize = 1024;
/// Deeper parentheses are refused.
const MAX_DEPTH: usize = 64;

/// What is wrong with an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CountdownFlaw {
    /// It is not an expression of numbers, + - * / and parentheses.
    #[error("not an expression at `{near}`")]
    Syntax {
        /// The text from where it stops making sense, shortened.
        near: String,
    },
    /// It is longer or deeper than any honest answer.
    #[error("the expression is too long or too deep")]
    TooLarge,
    /// It uses a number that was not given, or one more often than it was given.
    #[error("{number} is not given, or not so often")]
    NotGiven {
        /// The number.
        number: i64,
    },
    /// It divides by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// Its value is not the target, or the equation it claims is false.
    #[error("the value is {value}")]
    Misses {
        /// The exact value.
        value: String,
    },
}

/// Checks that `expression` uses each of `numbers` at most once and has the value `target`, exactly.
///
/// `×`, `÷`, `−` and their LaTeX names are read too, and a tail `= target` is allowed. There are no
/// powers, no signs but those of given negative numbers, and digits cannot be put together. Text
/// of a model is parsed here, never handed to an interpreter.
///
/// # Errors
/// What is wrong, the first flaw found.
///
/// # Examples
/// ```
/// use r1_rewards::countdown::{CountdownFlaw, check};
///
/// assert_eq!(check("(8 - 3) * 5 = 25", &[3, 5, 8], 25), Ok(()));
/// assert_eq!(check("5 * 5", &[3, 5, 8], 25), Err(CountdownFlaw::NotGiven { number: 5 }));
/// ```
pub fn check(expression: &str, numbers: &[i64], target: i64) -> Result<(), CountdownFlaw> {
    if expression.len() > MAX_BYTES {
        return Err(CountdownFlaw::TooLarge);
    }
    let mut parser = Parser { scan: Scan::new(markup::unwrap(expression)), left: numbers.to_vec(), depth: 0 };
    let value = parser.sum()?;
    if parser.eat(&["="]) {
        let claimed = parser.literal()?;
        if value != RBig::from(claimed) {
            return Err(CountdownFlaw::Misses { value: value.to_string() });
        }
    }
    parser.scan.spaces();
    if !parser.scan.at_end() {
        return Err(parser.syntax());
    }
    if value == RBig::from(target) { Ok(()) } else { Err(CountdownFlaw::Misses { value: value.to_string() }) }
}

struct Parser<'a> {
    scan: Scan<'a>,
    /// The given numbers that were not used yet.
    left: Vec<i64>,
    depth: usize,
}

const MINUS: [&str; 3] = ["-", "−", "–"];

impl Parser<'_> {
    fn sum(&mut self) -> Result<RBig, CountdownFlaw> {
        let mut value = self.product()?;
        loop {
            if self.eat(&["+", "＋"]) {
                value += self.product()?;
            } else if self.eat(&MINUS) {
                value -= self.product()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<RBig, CountdownFlaw> {
        let mut value = self.operand()?;
        loop {
            if self.eat(&["*", "×", "·", "⋅", "\\times", "\\cdot"]) {
                value *= self.operand()?;
            } else if self.eat(&["/", "÷", "\\div"]) {
                let divisor = self.operand()?;
                if divisor.is_zero() {
                    return Err(CountdownFlaw::DivisionByZero);
                }
                value /= divisor;
            } else {
                return Ok(value);
            }
        }
    }

    fn operand(&mut self) -> Result<RBig, CountdownFlaw> {
        if !self.eat(&["\\left(", "("]) {
            let number = self.literal()?;
            let place = self.left.iter().position(|left| *left == number);
            self.left.swap_remove(place.ok_or(CountdownFlaw::NotGiven { number })?);
            return Ok(RBig::from(number));
        }
        if self.depth == MAX_DEPTH {
            return Err(CountdownFlaw::TooLarge);
        }
        self.depth += 1;
        let value = self.sum()?;
        self.depth -= 1;
        if self.eat(&["\\right)", ")"]) { Ok(value) } else { Err(self.syntax()) }
    }

    /// A whole number; a minus belongs to it only without a space between.
    fn literal(&mut self) -> Result<i64, CountdownFlaw> {
        self.scan.spaces();
        let at = self.scan;
        let negative = self.scan.eat_any(&MINUS);
        let number = format!("{}{}", if negative { "-" } else { "" }, self.scan.digits()).parse();
        number.map_err(|_| {
            self.scan = at;
            self.syntax()
        })
    }

    fn eat(&mut self, tokens: &[&str]) -> bool {
        self.scan.spaces();
        self.scan.eat_any(tokens)
    }

    fn syntax(&self) -> CountdownFlaw {
        CountdownFlaw::Syntax { near: self.scan.rest.chars().take(16).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_of_the_given_numbers_with_the_value_of_the_target_is_right() {
        for expression in [
            "(8 - 3) * 5",
            "5*(8-3)",
            "(8 − 3) × 5",
            "(8-3)*5=25",
            "$(8-3) \\times 5 = 25$",
            "\\boxed{5*(8-3)*1}.",
            "((8 - 3)) * ((5))",
            "5 / (1 / (8 - 3))",
            "5 ÷ 1 · (8-3)",
            "\\left(8-3\\right)\\cdot 5",
        ] {
            assert_eq!(check(expression, &[1, 3, 5, 8], 25), Ok(()), "{expression}");
        }
        assert_eq!(check("-3 + 8", &[-3, 8], 5), Ok(()));
        assert_eq!(check("8 / 3 * 3", &[8, 3, 3], 8), Ok(()));
    }

    #[test]
    fn tricks_are_refused() {
        for expression in [
            "5 * 5",
            "25",
            "2**5 - 8",
            "5**2",
            "8//3",
            "35 - 8 - 1 - 1",
            "-(3 - 8) * 5",
            "+5 * (8 - 3)",
            "--5",
            "5 5",
            "(8 - 3) * 5 = 26",
            "(8 - 3) * 5 = 25 = 25",
            "25 = (8 - 3) * 5",
            "(8 - 3) * 5 + 0",
            "5 * (8 - 3",
            "5*(8-3))",
            "",
            "=",
            "= 25",
            "()",
            "8 / (3 - 3)",
            "5 * (8 - 3) or 1",
            "2.5 * 10",
            "5e0",
            "print(25)",
            "8 ^ 3",
            "5!",
            "5(8 - 3)",
        ] {
            assert!(check(expression, &[1, 3, 5, 8], 25).is_err(), "{expression}");
        }
    }

    #[test]
    fn a_false_tail_and_division_by_zero_are_named() {
        let misses = |value: &str| Err(CountdownFlaw::Misses { value: value.into() });
        assert_eq!(check("8 - 3 = 25", &[3, 8], 25), misses("5"));
        assert_eq!(check("3 / 8", &[3, 8], 25), misses("3/8"));
        assert_eq!(check("5 / (3 - 3)", &[5, 3, 3], 5), Err(CountdownFlaw::DivisionByZero));
    }

    #[test]
    fn hostile_expressions_return_at_once() {
        let deep = format!("{}1{}", "(".repeat(400), ")".repeat(400));
        assert_eq!(check(&deep, &[1], 1), Err(CountdownFlaw::TooLarge));
        assert_eq!(check(&"1+".repeat(1_000_000), &[1], 1), Err(CountdownFlaw::TooLarge));
        assert!(check(&"9".repeat(1000), &[1], 1).is_err());
        let product = vec!["9999"; 200].join("*");
        assert!(matches!(check(&product, &[9999; 200], 1), Err(CountdownFlaw::Misses { .. })));
    }
}
