//! The numbers of a list that are larger or smaller than a bound.

use super::{
    Solution, Task, check_level, foreign,
    number_sorting::{join, numbers},
    problem, same_words,
};
use r1_core::{KeyedStream, Problem, Reference};

/// The answer when no number is kept.
const NONE: &str = "none";

/// Keeps the numbers beyond a bound, in their order: each step drops the first number of what is left
/// and keeps it or not.
///
/// Level `l` has `3 + l` different numbers from 1 to 99. The answer is `none` when none is kept.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{NumberFiltering, Task};
///
/// let solution = NumberFiltering.solve(&Problem::new("p", "keep > 40 of 12 55 41", Reference::text("55 41")));
/// assert_eq!(solution.reasoning, "12 55 41: , 55 41: , 41: 55, : 55 41");
/// assert_eq!(solution.answer, "55 41");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberFiltering;

impl Task for NumberFiltering {
    fn name(&self) -> &'static str {
        "number_filtering"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let mut numbers = Vec::new();
        while numbers.len() < 3 + level {
            let number = random.between(1, 99);
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        let filter = Filter { above: random.chance(0.5), bound: random.between(20, 80), numbers };
        let sign = if filter.above { '>' } else { '<' };
        let question = format!("keep {sign} {} of {}", filter.bound, join(&filter.numbers));
        problem(self, level, question, Reference::text(filter.answer()))
    }

    fn sets(&self, problem: &Problem) -> bool {
        Filter::parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Some(filter) = Filter::parse(&problem.question) else { return false };
        match filter.kept(filter.numbers.len()) {
            kept if kept.is_empty() => same_words(answer, NONE),
            kept => numbers(answer) == Some(kept),
        }
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(filter) = Filter::parse(&problem.question) else { foreign(self, problem) };
        let steps: Vec<String> = (0..=filter.numbers.len())
            .map(|seen| format!("{}: {}", join(&filter.numbers[seen..]), join(&filter.kept(seen))))
            .collect();
        Solution { reasoning: steps.join(", "), answer: filter.answer() }
    }
}

struct Filter {
    above: bool,
    bound: i64,
    numbers: Vec<i64>,
}

impl Filter {
    fn parse(question: &str) -> Option<Self> {
        let (condition, list) = question.strip_prefix("keep ")?.split_once(" of ")?;
        let (sign, bound) = condition.split_once(' ')?;
        let above = match sign {
            ">" => true,
            "<" => false,
            _ => return None,
        };
        Some(Self { above, bound: bound.parse().ok()?, numbers: numbers(list)? })
    }

    /// The numbers that are kept of the first ones.
    fn kept(&self, seen: usize) -> Vec<i64> {
        let keep = |number: &i64| if self.above { *number > self.bound } else { *number < self.bound };
        self.numbers[..seen].iter().copied().filter(keep).collect()
    }

    fn answer(&self) -> String {
        match self.kept(self.numbers.len()) {
            kept if kept.is_empty() => NONE.to_owned(),
            kept => join(&kept),
        }
    }
}
