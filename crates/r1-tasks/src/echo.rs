//! A word, written again.

use super::{Solution, Task, check_level, foreign, made_up, problem, same_words};
use r1_core::{KeyedStream, Problem, Reference};

/// Copies a made-up word: each step moves the first letter of what is left to the end of the copy.
///
/// Level `l` has words of `2 + 2 l` letters.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{Echo, Task};
///
/// let solution = Echo.solve(&Problem::new("p", "copy wug", Reference::text("wug")));
/// assert_eq!(solution.reasoning, "wug: , ug: w, g: wu, : wug");
/// assert_eq!(solution.answer, "wug");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Echo;

impl Task for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let word = made_up(random, 2 + 2 * level);
        problem(self, level, format!("copy {word}"), Reference::text(word))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        parse(&problem.question).is_some_and(|word| same_words(word, answer))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(word) = parse(&problem.question) else { foreign(self, problem) };
        let steps: Vec<String> =
            (0..=word.len()).map(|done| format!("{}: {}", &word[done..], &word[..done])).collect();
        Solution { reasoning: steps.join(", "), answer: word.to_owned() }
    }
}

/// The word that is to be copied.
fn parse(question: &str) -> Option<&str> {
    let word = question.strip_prefix("copy ")?;
    (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(word)
}
