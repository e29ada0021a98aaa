//! Numbers in ascending order.

use super::{Solution, Task, check_level, foreign, problem};
use r1_core::{KeyedStream, Problem, Reference};

/// Sorts numbers by naming the smallest, then what remains, until nothing does.
///
/// Level `l` has `3 + l` different numbers from 1 to 99.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{NumberSorting, Task};
///
/// let solution = NumberSorting.solve(&Problem::new("p", "sort 52 17 90 4", Reference::text("4 17 52 90")));
/// assert_eq!(solution.reasoning, "4: 52 17 90, 17: 52 90, 52: 90, 90:");
/// assert_eq!(solution.answer, "4 17 52 90");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberSorting;

impl Task for NumberSorting {
    fn name(&self) -> &'static str {
        "number_sorting"
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
        let question = format!("sort {}", join(&numbers));
        numbers.sort_unstable();
        problem(self, level, question, Reference::text(join(&numbers)))
    }

    fn sets(&self, problem: &Problem) -> bool {
        let given = problem.question.strip_prefix("sort ").and_then(numbers);
        given.is_some() && matches!(&problem.reference, Reference::Text { text } if numbers(text).is_some())
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Reference::Text { text } = &problem.reference else { return false };
        matches!((numbers(answer), numbers(text)), (Some(answer), Some(right)) if answer == right)
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(mut rest) = problem.question.strip_prefix("sort ").and_then(numbers) else {
            foreign(self, problem)
        };
        let mut sorted = Vec::new();
        let mut steps = Vec::new();
        while let Some(&smallest) = rest.iter().min() {
            // Equal numbers leave one at a time.
            if let Some(place) = rest.iter().position(|&number| number == smallest) {
                rest.remove(place);
            }
            sorted.push(smallest);
            steps.push(format!("{smallest}: {}", join(&rest)).trim_end().to_owned());
        }
        Solution { reasoning: steps.join(", "), answer: join(&sorted) }
    }
}

/// The numbers of a text, or `None` when it holds anything else or nothing.
pub(super) fn numbers(text: &str) -> Option<Vec<i64>> {
    let numbers: Vec<i64> = text.split_whitespace().map(|word| word.parse().ok()).collect::<Option<_>>()?;
    (!numbers.is_empty()).then_some(numbers)
}

/// The numbers with a space between.
pub(super) fn join(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
}
