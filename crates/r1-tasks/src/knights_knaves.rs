//! Knights, who tell the truth, and knaves, who lie.

use std::collections::HashMap;

use serde_json::json;

use super::{
    Solution, Task, check_level, foreign,
    people::{is_name, people},
    problem,
};
use r1_core::{KeyedStream, Problem, Reference};

/// More people are not read.
const MOST: usize = 8;

/// Finds out who is a knight and who a knave from what each of them says.
///
/// Level `l` has `1 + l` people, and only one solution. The thoughts try one case after the other and
/// name the first speaker whom it contradicts. Every person must be named exactly once, in any order.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{KnightsKnaves, Task};
///
/// let question = "ann says bob is a knave. bob says ann and bob differ. who is what?";
/// let reference = Reference::Other { value: "ann knave, bob knight".into() };
/// let problem = Problem::new("p", question, reference);
/// let solution = KnightsKnaves.solve(&problem);
/// assert_eq!(
///     solution.reasoning,
///     "ann knight, bob knight: not ann. ann knight, bob knave: not bob. ann knave, bob knight: yes"
/// );
/// assert!(KnightsKnaves.verify(&problem, "bob is a knight and ann is a knave"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnightsKnaves;

impl Task for KnightsKnaves {
    fn name(&self) -> &'static str {
        "knights_knaves"
    }

    fn levels(&self) -> usize {
        2
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let names = people(random, 1 + level);
        loop {
            let claims: Vec<Claim> = names.iter().map(|_| Claim::draw(random, names.len())).collect();
            let sentences: String = names
                .iter()
                .zip(&claims)
                .map(|(name, claim)| format!("{name} says {}. ", claim.written(&names)))
                .collect();
            let question = format!("{sentences}who is what?");
            if let Some(story) = Story::parse(&question) {
                let reference = Reference::Other { value: json!(story.written(story.solution)) };
                return problem(self, level, question, reference);
            }
        }
    }

    fn sets(&self, problem: &Problem) -> bool {
        Story::parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Some(story) = Story::parse(&problem.question) else { return false };
        let words: Vec<String> = answer
            .split(|character: char| character.is_whitespace() || matches!(character, ',' | '.'))
            .map(str::to_lowercase)
            .filter(|word| !matches!(word.as_str(), "" | "and" | "is" | "a"))
            .collect();
        let (pairs, rest) = words.as_chunks::<2>();
        let mut roles = HashMap::new();
        for [name, role] in pairs {
            roles.insert(name.as_str(), role.as_str());
        }
        let right =
            |(index, name): (usize, &&str)| roles.get(name) == Some(&role(story.solution >> index & 1 == 1));
        rest.is_empty() && pairs.len() == story.names.len() && story.names.iter().enumerate().all(right)
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(story) = Story::parse(&problem.question) else { foreign(self, problem) };
        let mut steps = Vec::new();
        for case in story.cases() {
            let found = match story.contradicted(case) {
                Some(speaker) => format!("not {}", story.names[speaker]),
                None => "yes".to_owned(),
            };
            steps.push(format!("{}: {found}", story.written(case)));
            if case == story.solution {
                break;
            }
        }
        Solution { reasoning: steps.join(". "), answer: story.written(story.solution) }
    }
}

fn role(knight: bool) -> &'static str {
    if knight { "knight" } else { "knave" }
}

/// A statement of somebody. People are numbers, and roles true for knights.
#[derive(Debug, Clone, Copy)]
enum Claim {
    Is(usize, bool),
    Both(usize, usize, bool),
    Either(usize, usize, bool),
    Alike(usize, usize),
    Differ(usize, usize),
}

impl Claim {
    fn draw(random: &mut KeyedStream, people: usize) -> Self {
        let a = random.below(people);
        let b = (a + 1 + random.below(people - 1)) % people;
        let (a, b, knight) = (a.min(b), a.max(b), random.chance(0.5));
        match random.below(5) {
            0 => Self::Is(*random.choose(&[a, b]), knight),
            1 => Self::Both(a, b, knight),
            2 => Self::Either(a, b, knight),
            3 => Self::Alike(a, b),
            _ => Self::Differ(a, b),
        }
    }

    fn written(self, names: &[&str]) -> String {
        match self {
            Self::Is(a, knight) => format!("{} is a {}", names[a], role(knight)),
            Self::Both(a, b, knight) => format!("{} and {} are {}s", names[a], names[b], role(knight)),
            Self::Either(a, b, knight) => format!("{} or {} is a {}", names[a], names[b], role(knight)),
            Self::Alike(a, b) => format!("{} and {} are alike", names[a], names[b]),
            Self::Differ(a, b) => format!("{} and {} differ", names[a], names[b]),
        }
    }

    fn parse(text: &str, names: &[&str]) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let person = |name: &str| names.iter().position(|known| *known == name);
        Some(match words[..] {
            [a, "is", "a", kind @ ("knight" | "knave")] => Self::Is(person(a)?, kind == "knight"),
            [a, "or", b, "is", "a", kind @ ("knight" | "knave")] => {
                Self::Either(person(a)?, person(b)?, kind == "knight")
            }
            [a, "and", b, "are", kind @ ("knights" | "knaves")] => {
                Self::Both(person(a)?, person(b)?, kind == "knights")
            }
            [a, "and", b, "are", "alike"] => Self::Alike(person(a)?, person(b)?),
            [a, "and", b, "differ"] => Self::Differ(person(a)?, person(b)?),
            _ => return None,
        })
    }

    /// True when the statement holds in a case: bit `i` is 1 where person `i` is a knight.
    fn holds(self, case: usize) -> bool {
        let knight = |person: usize| case >> person & 1 == 1;
        match self {
            Self::Is(a, role) => knight(a) == role,
            Self::Both(a, b, role) => knight(a) == role && knight(b) == role,
            Self::Either(a, b, role) => knight(a) == role || knight(b) == role,
            Self::Alike(a, b) => knight(a) == knight(b),
            Self::Differ(a, b) => knight(a) != knight(b),
        }
    }
}

struct Story<'a> {
    names: Vec<&'a str>,
    claims: Vec<Claim>,
    /// The only case in which exactly the knights tell the truth.
    solution: usize,
}

impl<'a> Story<'a> {
    fn parse(question: &'a str) -> Option<Self> {
        let sentences = question.strip_suffix(". who is what?")?.split(". ");
        let spoken: Vec<(&str, &str)> =
            sentences.map(|sentence| sentence.split_once(" says ")).collect::<Option<_>>()?;
        let names: Vec<&str> = spoken.iter().map(|(name, _)| *name).collect();
        let different = (1..names.len()).all(|index| !names[..index].contains(&names[index]));
        if !different || names.len() > MOST || !names.iter().all(|name| is_name(name)) {
            return None;
        }
        let claims = spoken.iter().map(|(_, claim)| Claim::parse(claim, &names)).collect::<Option<_>>()?;
        let mut story = Self { names, claims, solution: 0 };
        let fitting: Vec<usize> = story.cases().filter(|&case| story.contradicted(case).is_none()).collect();
        let &[solution] = &fitting[..] else { return None };
        story.solution = solution;
        Some(story)
    }

    /// All cases, the one in which all are knights first.
    fn cases(&self) -> impl Iterator<Item = usize> + use<> {
        let people = self.names.len();
        // Counting down, with the first person as the highest bit.
        (0..1usize << people).rev().map(move |case| case.reverse_bits() >> (usize::BITS as usize - people))
    }

    /// The first speaker whose claim does not fit the case.
    fn contradicted(&self, case: usize) -> Option<usize> {
        (0..self.claims.len()).find(|&speaker| self.claims[speaker].holds(case) != (case >> speaker & 1 == 1))
    }

    fn written(&self, case: usize) -> String {
        let person = |(index, name): (usize, &&str)| format!("{name} {}", role(case >> index & 1 == 1));
        self.names.iter().enumerate().map(person).collect::<Vec<_>>().join(", ")
    }
}
