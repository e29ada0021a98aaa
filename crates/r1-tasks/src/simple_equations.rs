//! Linear equations in one unknown.

use super::{Solution, Task, check_level, foreign, problem, whole};
use r1_core::{KeyedStream, Problem, Reference};

/// Numbers in a question are at most this large, so that nothing overflows.
const LARGEST: i64 = 1_000_000;

/// Solves `a*x+b=c*x+d` for a whole number: gather the unknown on the left, the numbers on the right,
/// and divide.
///
/// Level 1 has a positive solution and `x` on one side with a sum, level 2 also differences and negative
/// solutions, level 3 `x` on both sides.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{SimpleEquations, Task};
///
/// let problem = Problem::new("p", "5*x-3=2*x+18", Reference::number("7"));
/// assert_eq!(SimpleEquations.solve(&problem).reasoning, "5*x-3=2*x+18, 5*x=2*x+21, 3*x=21, x=7");
/// assert!(SimpleEquations.verify(&problem, "7") && SimpleEquations.verify(&problem, "x=7"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimpleEquations;

impl Task for SimpleEquations {
    fn name(&self) -> &'static str {
        "simple_equations"
    }

    fn levels(&self) -> usize {
        3
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let (x, left, right) = if level == 1 {
            let x = random.between(1, 20);
            let left = Side { slope: random.between(2, 9), constant: random.between(1, 50) };
            (x, left, 0)
        } else {
            let x = random.between(-20, 20);
            let constant = random.between(1, 99) * if random.chance(0.5) { 1 } else { -1 };
            let left = Side { slope: random.between(2, 12), constant };
            let right = loop {
                let slope = if level == 2 { 0 } else { random.between(2, 12) };
                if slope != left.slope {
                    break slope;
                }
            };
            (x, left, right)
        };
        let right = Side { slope: right, constant: left.at(x) - right * x };
        let question = format!("{}={}", left.written(), right.written());
        problem(self, level, question, Reference::number(x.to_string()))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let answer = answer.trim();
        let answer =
            answer.strip_prefix('x').and_then(|rest| rest.trim().strip_prefix('=')).unwrap_or(answer);
        parse(&problem.question).is_some_and(|equation| whole(answer) == Some(solution(equation)))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((left, right)) = parse(&problem.question) else { foreign(self, problem) };
        let mut steps = vec![problem.question.clone()];
        let mut step = |left: Side, right: Side| {
            let text = format!("{}={}", left.written(), right.written());
            if steps.last() != Some(&text) {
                steps.push(text);
            }
        };
        let moved = Side { slope: right.slope, constant: right.constant - left.constant };
        step(Side { constant: 0, ..left }, moved);
        step(Side { slope: left.slope - right.slope, constant: 0 }, Side { slope: 0, ..moved });
        let answer = solution((left, right));
        step(Side { slope: 1, constant: 0 }, Side { slope: 0, constant: answer });
        Solution { reasoning: steps.join(", "), answer: answer.to_string() }
    }
}

/// One side of an equation: `slope * x + constant`.
#[derive(Debug, Clone, Copy)]
struct Side {
    slope: i64,
    constant: i64,
}

impl Side {
    fn at(self, x: i64) -> i64 {
        self.slope * x + self.constant
    }

    fn written(self) -> String {
        let slope = match self.slope {
            0 => return self.constant.to_string(),
            1 => "x".to_owned(),
            slope => format!("{slope}*x"),
        };
        match self.constant {
            0 => slope,
            constant => format!("{slope}{constant:+}"),
        }
    }

    /// Reads what [`written`](Self::written) writes.
    fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| text.parse().ok().filter(|number| (-LARGEST..=LARGEST).contains(number));
        match text.split_once("*x") {
            Some((slope, "")) => Some(Self { slope: number(slope)?, constant: 0 }),
            Some((slope, constant)) => {
                constant.starts_with(['+', '-']).then_some(())?;
                Some(Self { slope: number(slope)?, constant: number(constant)? })
            }
            None => Some(Self { slope: 0, constant: number(text)? }),
        }
    }
}

/// The two sides, when a single whole number makes them equal.
fn parse(question: &str) -> Option<(Side, Side)> {
    let (left, right) = question.split_once('=')?;
    let (left, right) = (Side::parse(left)?, Side::parse(right)?);
    let slope = left.slope - right.slope;
    (slope != 0 && (right.constant - left.constant) % slope == 0).then_some((left, right))
}

fn solution((left, right): (Side, Side)) -> i64 {
    (right.constant - left.constant) / (left.slope - right.slope)
}
