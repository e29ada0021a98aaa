//! Sums and differences of one-digit numbers, from left to right.

use super::{Solution, Task, check_level, foreign, problem};
use r1_core::{KeyedStream, Problem, Reference};

/// Works out a chain such as `3+5-2+7`: each step carries out the first operation and copies the rest.
///
/// Level `l` has `3 + l` numbers from 1 to 9, and every partial result lies in `0..=99`.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{ChainedArithmetic, Task};
///
/// let solution = ChainedArithmetic.solve(&Problem::new("p", "3+5-2+7", Reference::number("13")));
/// assert_eq!(solution.reasoning, "3+5-2+7=8-2+7=6+7=13");
/// assert_eq!(solution.answer, "13");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChainedArithmetic;

impl Task for ChainedArithmetic {
    fn name(&self) -> &'static str {
        "chained_arithmetic"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let mut value = random.between(1, 9);
        let mut question = value.to_string();
        for _ in 0..2 + level {
            let (sign, next) = loop {
                let operand = random.between(1, 9);
                let (sign, next) =
                    if random.chance(0.5) { ('+', value + operand) } else { ('-', value - operand) };
                if (0..=99).contains(&next) {
                    break (format!("{sign}{operand}"), next);
                }
            };
            question += &sign;
            value = next;
        }
        problem(self, level, question, Reference::number(value.to_string()))
    }

    fn sets(&self, problem: &Problem) -> bool {
        let number = matches!(&problem.reference, Reference::Number { text } if text.parse::<i64>().is_ok());
        number && parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Reference::Number { text } = &problem.reference else { return false };
        matches!((answer.trim().parse::<i64>(), text.parse::<i64>()), (Ok(answer), Ok(right)) if answer == right)
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((first, operations)) = parse(&problem.question) else { foreign(self, problem) };
        let mut value = first;
        let mut steps = vec![problem.question.clone()];
        for (done, (sign, operand)) in operations.iter().enumerate() {
            value = if *sign == '+' { value + operand } else { value - operand };
            let rest = operations[done + 1..].iter().map(|(sign, operand)| format!("{sign}{operand}"));
            steps.push(format!("{value}{}", rest.collect::<String>()));
        }
        Solution { reasoning: steps.join("="), answer: value.to_string() }
    }
}

/// The first number, and the signs and numbers after it.
fn parse(question: &str) -> Option<(i64, Vec<(char, i64)>)> {
    let mut characters = question.chars();
    let digit = |characters: &mut std::str::Chars<'_>| characters.next()?.to_digit(10).map(i64::from);
    let first = digit(&mut characters)?;
    let mut operations = Vec::new();
    while let Some(sign) = characters.next() {
        if !matches!(sign, '+' | '-') {
            return None;
        }
        operations.push((sign, digit(&mut characters)?));
    }
    Some((first, operations))
}
