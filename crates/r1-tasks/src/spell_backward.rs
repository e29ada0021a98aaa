//! A word from its last letter to its first.

use super::{Solution, Task, check_level, foreign, made_up, problem, same_words};
use r1_core::{KeyedStream, Problem, Reference};

/// Turns a made-up word round: each step moves the first letter of what is left to the front of the
/// result.
///
/// Level `l` has words of `2 + 2 l` letters.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{SpellBackward, Task};
///
/// let solution = SpellBackward.solve(&Problem::new("p", "reverse wug", Reference::text("guw")));
/// assert_eq!(solution.reasoning, "wug: , ug: w, g: uw, : guw");
/// assert_eq!(solution.answer, "guw");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpellBackward;

impl Task for SpellBackward {
    fn name(&self) -> &'static str {
        "spell_backward"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let word = made_up(random, 2 + 2 * level);
        problem(self, level, format!("reverse {word}"), Reference::text(reversed(&word)))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        parse(&problem.question).is_some_and(|word| same_words(&reversed(word), answer))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(word) = parse(&problem.question) else { foreign(self, problem) };
        let steps: Vec<String> =
            (0..=word.len()).map(|done| format!("{}: {}", &word[done..], reversed(&word[..done]))).collect();
        Solution { reasoning: steps.join(", "), answer: reversed(word) }
    }
}

/// The word that is to be turned round.
fn parse(question: &str) -> Option<&str> {
    let word = question.strip_prefix("reverse ")?;
    (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())).then_some(word)
}

fn reversed(word: &str) -> String {
    word.chars().rev().collect()
}
