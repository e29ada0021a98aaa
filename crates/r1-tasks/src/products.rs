//! Products of two whole numbers.

use super::{Solution, Task, check_level, foreign, problem, whole};
use r1_core::{KeyedStream, Problem, Reference};

/// Factors have at most so many digits, so that no product overflows.
const MAX_DIGITS: usize = 9;

/// Multiplies two numbers digit by digit: each step adds one partial product to the sum so far.
///
/// The levels have factors of 3 and 1, 4 and 1, 3 and 2, and 4 and 2 digits.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{Products, Task};
///
/// let solution = Products.solve(&Problem::new("p", "347*20", Reference::number("6940")));
/// assert_eq!(solution.reasoning, "300*20=6000, 40*20=800, 6000+800=6800, 7*20=140, 6800+140=6940");
/// assert_eq!(solution.answer, "6940");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Products;

impl Task for Products {
    fn name(&self) -> &'static str {
        "products"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let a = if level % 2 == 1 { random.between(100, 999) } else { random.between(1_000, 9_999) };
        let b = if level < 3 { random.between(2, 9) } else { random.between(11, 99) };
        problem(self, level, format!("{a}*{b}"), Reference::number((a * b).to_string()))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        parse(&problem.question).is_some_and(|(a, b)| whole(answer) == Some(a * b))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((a, b)) = parse(&problem.question) else { foreign(self, problem) };
        let mut steps = Vec::new();
        let mut sum = 0;
        for right in parts(b) {
            for left in parts(a) {
                let product = left * right;
                steps.push(format!("{left}*{right}={product}"));
                if sum > 0 {
                    steps.push(format!("{sum}+{product}={}", sum + product));
                }
                sum += product;
            }
        }
        Solution { reasoning: steps.join(", "), answer: sum.to_string() }
    }
}

/// The two factors, both more than zero.
fn parse(question: &str) -> Option<(i64, i64)> {
    let factor = |text: &str| {
        let digits = text.len() <= MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|&number: &i64| digits && number > 0)
    };
    let (a, b) = question.split_once('*')?;
    Some((factor(a)?, factor(b)?))
}

/// The parts of a number by its digits that are not zero: 300, 40 and 7 of 347.
fn parts(number: i64) -> Vec<i64> {
    let mut parts = Vec::new();
    let mut place = 1;
    while place <= number {
        match number / place % 10 * place {
            0 => {}
            part => parts.push(part),
        }
        place *= 10;
    }
    parts.reverse();
    parts
}
