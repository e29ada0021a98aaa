//! Words in the order of a dictionary.

use super::{Solution, Task, check_level, foreign, made_up, problem, same_words};
use r1_core::{KeyedStream, Problem, Reference};

/// Sorts made-up words of three letters by naming the first in the alphabet, then what remains, until
/// nothing does.
///
/// Level `l` has `2 + l` different words.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{Task, WordSorting};
///
/// let solution = WordSorting.solve(&Problem::new("p", "order cat bee cab", Reference::text("bee cab cat")));
/// assert_eq!(solution.reasoning, "bee: cat cab, cab: cat, cat:");
/// assert_eq!(solution.answer, "bee cab cat");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordSorting;

impl Task for WordSorting {
    fn name(&self) -> &'static str {
        "word_sorting"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let mut words: Vec<String> = Vec::new();
        while words.len() < 2 + level {
            let word = made_up(random, 3);
            if !words.contains(&word) {
                words.push(word);
            }
        }
        let question = format!("order {}", words.join(" "));
        words.sort_unstable();
        problem(self, level, question, Reference::text(words.join(" ")))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Some(mut words) = parse(&problem.question) else { return false };
        words.sort_unstable();
        same_words(&words.join(" "), answer)
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(mut rest) = parse(&problem.question) else { foreign(self, problem) };
        let mut sorted = rest.clone();
        sorted.sort_unstable();
        let mut steps = Vec::new();
        for first in &sorted {
            // Equal words leave one at a time.
            if let Some(place) = rest.iter().position(|word| word == first) {
                rest.remove(place);
            }
            steps.push(format!("{first}: {}", rest.join(" ")).trim_end().to_owned());
        }
        Solution { reasoning: steps.join(", "), answer: sorted.join(" ") }
    }
}

/// The words, lower case.
fn parse(question: &str) -> Option<Vec<&str>> {
    let words: Vec<&str> = question.strip_prefix("order ")?.split(' ').collect();
    let letters = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    words.iter().all(letters).then_some(words)
}
