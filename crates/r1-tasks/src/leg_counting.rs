//! The legs of some animals.

use super::{Solution, Task, check_level, foreign, problem, whole};
use r1_core::{KeyedStream, Problem, Reference};

/// The animals and their legs.
const ANIMALS: [(&str, i64); 10] = [
    ("hens", 2),
    ("ducks", 2),
    ("crows", 2),
    ("cows", 4),
    ("dogs", 4),
    ("goats", 4),
    ("ants", 6),
    ("bees", 6),
    ("spiders", 8),
    ("crabs", 10),
];

/// Counts legs: each step multiplies for one kind of animal and adds to the sum so far.
///
/// Level `l` has `1 + l` kinds, 2 to 12 of each.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{LegCounting, Task};
///
/// let solution = LegCounting.solve(&Problem::new("p", "legs of 3 hens, 2 ants", Reference::number("18")));
/// assert_eq!(solution.reasoning, "hens 3*2=6, 0+6=6, ants 2*6=12, 6+12=18");
/// assert_eq!(solution.answer, "18");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegCounting;

impl Task for LegCounting {
    fn name(&self) -> &'static str {
        "leg_counting"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let mut animals = ANIMALS;
        random.shuffle(&mut animals);
        let herd: Vec<(i64, &str, i64)> =
            animals[..=level].iter().map(|&(name, legs)| (random.between(2, 12), name, legs)).collect();
        let list: Vec<String> = herd.iter().map(|(count, name, _)| format!("{count} {name}")).collect();
        let question = format!("legs of {}", list.join(", "));
        problem(self, level, question, Reference::number(legs(&herd).to_string()))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        parse(&problem.question).is_some_and(|herd| whole(answer) == Some(legs(&herd)))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(herd) = parse(&problem.question) else { foreign(self, problem) };
        let (mut sum, mut steps) = (0, Vec::new());
        for (count, name, legs) in herd {
            let product = count * legs;
            steps.push(format!("{name} {count}*{legs}={product}, {sum}+{product}={}", sum + product));
            sum += product;
        }
        Solution { reasoning: steps.join(", "), answer: sum.to_string() }
    }
}

/// An animal's count, name and number of legs.
fn parse(question: &str) -> Option<Vec<(i64, &'static str, i64)>> {
    let kind = |text: &str| {
        let (count, name) = text.split_once(' ')?;
        let count = count.parse().ok().filter(|count| (1..=1_000_000).contains(count))?;
        let &(name, legs) = ANIMALS.iter().find(|(known, _)| *known == name)?;
        Some((count, name, legs))
    };
    question.strip_prefix("legs of ")?.split(", ").map(kind).collect()
}

fn legs(herd: &[(i64, &str, i64)]) -> i64 {
    herd.iter().map(|(count, _, legs)| count * legs).sum()
}
