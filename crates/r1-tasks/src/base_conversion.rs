//! Numbers in another base.

use super::{Solution, Task, check_level, foreign, problem};
use r1_core::{KeyedStream, Problem, Reference};

/// The largest number of each level.
const LARGEST: [i64; 3] = [999, 4_999, 19_999];

/// Writes a decimal number in a base from 2 to 9: each step divides by the base and puts the remainder
/// in front of the digits so far.
///
/// The levels have numbers of at most 999, 4999 and 19999.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{BaseConversion, Task};
///
/// let solution = BaseConversion.solve(&Problem::new("p", "45 in base 6", Reference::number("113")));
/// assert_eq!(solution.reasoning, "45=6*7+3: 3, 7=6*1+1: 13, 1=6*0+1: 113");
/// assert_eq!(solution.answer, "113");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseConversion;

impl Task for BaseConversion {
    fn name(&self) -> &'static str {
        "base_conversion"
    }

    fn levels(&self) -> usize {
        LARGEST.len()
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let number = random.between(10, LARGEST[level - 1]);
        let base = random.between(2, 9);
        problem(self, level, format!("{number} in base {base}"), Reference::number(written(number, base)))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Some((number, base)) = parse(&problem.question) else { return false };
        let answer = answer.trim();
        answer.bytes().all(|byte| byte.is_ascii_digit())
            && i64::from_str_radix(answer, base as u32) == Ok(number)
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((number, base)) = parse(&problem.question) else { foreign(self, problem) };
        let (mut rest, mut digits, mut steps) = (number, String::new(), Vec::new());
        while rest > 0 {
            digits.insert_str(0, &(rest % base).to_string());
            steps.push(format!("{rest}={base}*{}+{}: {digits}", rest / base, rest % base));
            rest /= base;
        }
        Solution { reasoning: steps.join(", "), answer: digits }
    }
}

/// The number, more than zero, and the base.
fn parse(question: &str) -> Option<(i64, i64)> {
    let (number, base) = question.split_once(" in base ")?;
    let (number, base) = (number.parse().ok()?, base.parse().ok()?);
    (number > 0 && (2..=9).contains(&base)).then_some((number, base))
}

fn written(number: i64, base: i64) -> String {
    match number / base {
        0 => number.to_string(),
        rest => written(rest, base) + &(number % base).to_string(),
    }
}
