//! Coin flips: the side that is up at the end.

use super::{
    Solution, Task, check_level, foreign,
    people::{is_name, people},
    problem, same_words,
};
use r1_core::{KeyedStream, Problem, Reference};

/// Follows a coin that some people turn over: each step tells the side after one of them.
///
/// Level `l` has `1 + 2 l` people.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{CoinFlip, Task};
///
/// let question = "heads. ann flips. bob waits. heads or tails?";
/// let solution = CoinFlip.solve(&Problem::new("p", question, Reference::text("tails")));
/// assert_eq!(solution.reasoning, "heads. ann flips: tails. bob waits: tails");
/// assert_eq!(solution.answer, "tails");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoinFlip;

impl Task for CoinFlip {
    fn name(&self) -> &'static str {
        "coin_flip"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let heads = random.chance(0.5);
        let people: Vec<(&str, bool)> =
            people(random, 1 + 2 * level).into_iter().map(|name| (name, random.chance(0.5))).collect();
        let acts: String = people.iter().map(|(name, flips)| format!(" {name} {}.", act(*flips))).collect();
        let question = format!("{}.{acts} heads or tails?", side(heads));
        let flips = people.iter().filter(|(_, flips)| *flips).count();
        problem(self, level, question, Reference::text(side(heads ^ (flips % 2 == 1))))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Some((mut heads, people)) = parse(&problem.question) else { return false };
        for (_, flips) in people {
            heads ^= flips;
        }
        same_words(answer, side(heads))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((mut heads, people)) = parse(&problem.question) else { foreign(self, problem) };
        let mut steps = vec![side(heads).to_owned()];
        for (name, flips) in people {
            heads ^= flips;
            steps.push(format!("{name} {}: {}", act(flips), side(heads)));
        }
        Solution { reasoning: steps.join(". "), answer: side(heads).to_owned() }
    }
}

fn side(heads: bool) -> &'static str {
    if heads { "heads" } else { "tails" }
}

fn act(flips: bool) -> &'static str {
    if flips { "flips" } else { "waits" }
}

/// The side that is up at first, and the people who flip.
fn parse(question: &str) -> Option<(bool, Vec<(&str, bool)>)> {
    let mut sentences = question.strip_suffix(". heads or tails?")?.split(". ");
    let heads = match sentences.next()? {
        "heads" => true,
        "tails" => false,
        _ => return None,
    };
    let people = sentences.map(|sentence| match sentence.split_once(' ')? {
        (name, "flips") if is_name(name) => Some((name, true)),
        (name, "waits") if is_name(name) => Some((name, false)),
        _ => None,
    });
    Some((heads, people.collect::<Option<_>>()?))
}
