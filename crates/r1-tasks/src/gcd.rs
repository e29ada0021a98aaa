//! Greatest common divisors.

use super::{Solution, Task, check_level, foreign, problem, whole};
use r1_core::{KeyedStream, Problem, Reference};

/// Finds the greatest common divisor by Euclid's algorithm, one division a step.
///
/// Level `l` has the common factor 2 to `10 + 10 l` times two different cofactors of at most `20 + 20 l`,
/// the larger number first.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{Gcd, Task};
///
/// let solution = Gcd.solve(&Problem::new("p", "gcd 84 36", Reference::number("12")));
/// assert_eq!(solution.reasoning, "84=2*36+12, 36=3*12+0");
/// assert_eq!(solution.answer, "12");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gcd;

impl Task for Gcd {
    fn name(&self) -> &'static str {
        "gcd"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let size = level as i64;
        let factor = random.between(2, 10 + 10 * size);
        let (a, b) = loop {
            let (a, b) = (random.between(2, 20 + 20 * size), random.between(2, 20 + 20 * size));
            if a > b {
                break (factor * a, factor * b);
            }
        };
        problem(self, level, format!("gcd {a} {b}"), Reference::number(gcd(a, b).to_string()))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        parse(&problem.question).is_some_and(|(a, b)| whole(answer) == Some(gcd(a, b)))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((mut a, mut b)) = parse(&problem.question) else { foreign(self, problem) };
        let mut steps = Vec::new();
        while b > 0 {
            steps.push(format!("{a}={}*{b}+{}", a / b, a % b));
            (a, b) = (b, a % b);
        }
        Solution { reasoning: steps.join(", "), answer: a.to_string() }
    }
}

/// The two numbers, both more than zero.
fn parse(question: &str) -> Option<(i64, i64)> {
    let (a, b) = question.strip_prefix("gcd ")?.split_once(' ')?;
    let (a, b) = (a.parse().ok()?, b.parse().ok()?);
    (a > 0 && b > 0).then_some((a, b))
}

/// The greatest common divisor of two numbers that are not negative.
pub(super) fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
