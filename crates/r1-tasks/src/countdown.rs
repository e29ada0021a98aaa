//! Reach a target with some numbers and + - * /.

mod expression;
mod search;

use super::{Solution, Task, check_level, foreign, problem};
use r1_core::{KeyedStream, Problem, Reference};

pub use expression::solves_countdown;
use search::{Chain, search};

/// The largest target and the largest value on the way to it.
const LARGEST: i64 = 99;
/// Number of failed tries that the thoughts show.
const TRIES: usize = 3;

/// Finds an expression, each number used at most once, that has the target's value.
///
/// Level `l` has `2 + l` numbers from 1 to 9. Every problem can be solved by taking the numbers one
/// after the other, with whole results from 0 to 99 all the way, and the thoughts show the last few
/// tries of a search for that, then the hit.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{Countdown, Task};
///
/// let reference = Reference::Countdown { numbers: vec![3, 5, 8], target: 16 };
/// let solution = Countdown.solve(&Problem::new("p", "use 3 5 8 to make 16", reference));
/// assert_eq!(solution.reasoning, "3+5+8=16");
/// assert_eq!(solution.answer, "3+5+8");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Countdown;

impl Task for Countdown {
    fn name(&self) -> &'static str {
        "countdown"
    }

    fn levels(&self) -> usize {
        3
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let (numbers, target) = loop {
            let mut numbers: Vec<i64> = (0..2 + level).map(|_| random.between(1, 9)).collect();
            let mut chain = Chain::start(numbers[0]);
            let whole = numbers[1..].iter().all(|&number| {
                let operators: Vec<u8> =
                    b"+-*/".iter().copied().filter(|&sign| chain.apply(sign, number).is_some()).collect();
                if operators.is_empty() {
                    return false;
                }
                match chain.apply(*random.choose(&operators), number) {
                    Some(next) => {
                        chain = next;
                        true
                    }
                    None => false,
                }
            });
            if whole && chain.value >= 1 {
                random.shuffle(&mut numbers);
                break (numbers, chain.value);
            }
        };
        let list: Vec<String> = numbers.iter().map(i64::to_string).collect();
        let question = format!("use {} to make {target}", list.join(" "));
        problem(self, level, question, Reference::Countdown { numbers, target })
    }

    fn sets(&self, problem: &Problem) -> bool {
        matches!(problem.reference, Reference::Countdown { .. })
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Reference::Countdown { numbers, target } = &problem.reference else { return false };
        solves_countdown(answer, numbers, *target)
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Reference::Countdown { numbers, target } = &problem.reference else { foreign(self, problem) };
        let Some((tries, hit)) = search(numbers, *target, TRIES) else { foreign(self, problem) };
        let steps: Vec<String> =
            tries.iter().chain([&hit]).map(|chain| format!("{}={}", chain.text, chain.value)).collect();
        Solution { reasoning: steps.join(", "), answer: hit.text }
    }
}
