//! Who, of many, has a thing.

use super::{
    Solution, Task, check_level, foreign,
    people::{is_name, people},
    problem, same_words,
};
use r1_core::{KeyedStream, Problem, Reference};

/// Things that people may have.
const THINGS: [&str; 16] = [
    "bat", "boat", "book", "car", "cat", "dog", "flute", "fork", "hat", "kite", "lamp", "pen", "pig", "ring",
    "shoe", "vase",
];

/// Finds the owner of a thing: each step looks at one sentence and says whether it is the one.
///
/// Level `l` has `1 + 2 l` people with different things.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{NeedleHaystack, Task};
///
/// let question = "ann has a cat. bob has a pig. eve has a hat. who has a pig?";
/// let solution = NeedleHaystack.solve(&Problem::new("p", question, Reference::text("bob")));
/// assert_eq!(solution.reasoning, "pig? ann cat no. bob pig yes");
/// assert_eq!(solution.answer, "bob");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeedleHaystack;

impl Task for NeedleHaystack {
    fn name(&self) -> &'static str {
        "needle_haystack"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let people = people(random, 1 + 2 * level);
        let mut things = THINGS;
        random.shuffle(&mut things);
        let needle = random.below(people.len());
        let sentences: String =
            people.iter().zip(things).map(|(name, thing)| format!("{name} has a {thing}. ")).collect();
        let question = format!("{sentences}who has a {}?", things[needle]);
        problem(self, level, question, Reference::text(people[needle]))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        parse(&problem.question).is_some_and(|(owners, needle)| same_words(answer, owners[needle].0))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((owners, needle)) = parse(&problem.question) else { foreign(self, problem) };
        let (owner, wanted) = owners[needle];
        let misses = owners[..needle].iter().map(|(name, thing)| format!("{name} {thing} no. "));
        let reasoning = format!("{wanted}? {}{owner} {wanted} yes", misses.collect::<String>());
        Solution { reasoning, answer: owner.to_owned() }
    }
}

/// People with their things, and which of them it is, when there is exactly one.
fn parse(question: &str) -> Option<(Vec<(&str, &str)>, usize)> {
    let (sentences, wanted) = question.strip_suffix('?')?.split_once(". who has a ")?;
    let owners: Vec<(&str, &str)> =
        sentences.split(". ").map(|sentence| sentence.split_once(" has a ")).collect::<Option<_>>()?;
    let mut matching = (0..owners.len()).filter(|&index| owners[index].1 == wanted);
    let needle = matching.next()?;
    let known = owners.iter().all(|(name, thing)| is_name(name) && is_name(thing));
    (known && matching.next().is_none()).then_some((owners, needle))
}
