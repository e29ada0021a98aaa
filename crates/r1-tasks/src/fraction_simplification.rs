//! Fractions in lowest terms.

use serde_json::json;

use super::{Solution, Task, check_level, foreign, gcd::gcd, problem, whole};
use r1_core::{KeyedStream, Problem, Reference};

/// The primes that are put into a fraction, and tried to get them out.
const PRIMES: [i64; 5] = [2, 3, 5, 7, 11];

/// Brings a fraction to lowest terms: each step divides both numbers by a prime.
///
/// Level `l` has `l` primes to take out of a fraction whose own numbers are at most 60. Only the
/// fraction in lowest terms is right. Since `84/126` equals it, a comparison of values cannot tell,
/// and the reference is one for this task alone.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{FractionSimplification, Task};
///
/// let problem = Problem::new("p", "simplify 84/126", Reference::Other { value: "2/3".into() });
/// assert_eq!(FractionSimplification.solve(&problem).reasoning, "84/126, 2: 42/63, 3: 14/21, 7: 2/3");
/// assert!(FractionSimplification.verify(&problem, "2/3"));
/// assert!(!FractionSimplification.verify(&problem, "14/21"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FractionSimplification;

impl Task for FractionSimplification {
    fn name(&self) -> &'static str {
        "fraction_simplification"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let (numerator, denominator) = loop {
            let (numerator, denominator) = (random.between(1, 60), random.between(2, 60));
            if gcd(numerator, denominator) == 1 {
                break (numerator, denominator);
            }
        };
        let factor: i64 = (0..level).map(|_| *random.choose(&PRIMES)).product();
        let question = format!("simplify {}/{}", numerator * factor, denominator * factor);
        let reference = Reference::Other { value: json!(format!("{numerator}/{denominator}")) };
        problem(self, level, question, reference)
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let (Some((numerator, denominator)), Some((above, below))) =
            (parse(&problem.question), fraction(answer))
        else {
            return false;
        };
        gcd(above, below) == 1
            && i128::from(above) * i128::from(denominator) == i128::from(numerator) * i128::from(below)
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((mut above, mut below)) = parse(&problem.question) else { foreign(self, problem) };
        let mut steps = vec![format!("{above}/{below}")];
        for prime in PRIMES {
            while above % prime == 0 && below % prime == 0 {
                (above, below) = (above / prime, below / prime);
                steps.push(format!("{prime}: {above}/{below}"));
            }
        }
        Solution { reasoning: steps.join(", "), answer: format!("{above}/{below}") }
    }
}

/// The fraction that is asked about, when the primes are all that can be taken out of it.
fn parse(question: &str) -> Option<(i64, i64)> {
    let (above, below) = fraction(question.strip_prefix("simplify ")?)?;
    let mut common = gcd(above, below);
    for prime in PRIMES {
        while common % prime == 0 {
            common /= prime;
        }
    }
    (common == 1).then_some((above, below))
}

/// Numerator and denominator, both more than zero.
fn fraction(text: &str) -> Option<(i64, i64)> {
    let (above, below) = text.split_once('/')?;
    let (above, below) = (whole(above)?, whole(below)?);
    (above > 0 && below > 0).then_some((above, below))
}
