//! Syllogisms: conclusions about one person from rules about all and none.

use super::{
    Solution, Task, check_level, foreign,
    people::{is_name, people},
    problem, same_words,
};
use r1_core::{KeyedStream, Problem, Reference};

/// Properties of people: words without a meaning, so that nothing but the rules tells.
const KINDS: [&str; 16] = [
    "bim", "dax", "fep", "gol", "hab", "jun", "kez", "lom", "mip", "nux", "rog", "sut", "tiv", "vex", "wug",
    "yot",
];

/// Draws conclusions from rules such as `all dax are wug` and `no wug are fep`.
///
/// Level `l` has a chain of `1 + l` rules and one that may lead astray, in any order. A step uses the
/// first rule that says something new; `all a are b` also says that who is not `b` is not `a`. The
/// answer is yes, no or unknown.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{Syllogism, Task};
///
/// let question = "ann is a dax. no wug are fep. all dax are wug. is ann a fep? yes, no or unknown?";
/// let solution = Syllogism.solve(&Problem::new("p", question, Reference::text("no")));
/// assert_eq!(solution.reasoning, "dax. all dax are wug: wug. no wug are fep: not fep");
/// assert_eq!(solution.answer, "no");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syllogism;

impl Task for Syllogism {
    fn name(&self) -> &'static str {
        "syllogism"
    }

    fn levels(&self) -> usize {
        3
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let name = people(random, 1)[0];
        let mut kinds = KINDS;
        random.shuffle(&mut kinds);
        let (chain, stranger) = (&kinds[..level + 2], kinds[level + 2]);
        let mut rules: Vec<Rule<'_>> =
            chain.windows(2).map(|pair| Rule { all: true, a: pair[0], b: pair[1] }).collect();
        rules[level].all = random.chance(0.6);
        let link = *random.choose(chain);
        let (a, b) = if random.chance(0.5) { (stranger, link) } else { (link, stranger) };
        rules.push(Rule { all: random.chance(0.6), a, b });
        random.shuffle(&mut rules);
        let asked = if random.chance(0.7) { chain[level + 1] } else { stranger };
        let sentences: String = rules.iter().map(|rule| format!("{}. ", rule.written())).collect();
        let question =
            format!("{name} is a {}. {sentences}is {name} a {asked}? yes, no or unknown?", chain[0]);
        let answer = Case { fact: chain[0], rules, asked }.answer();
        problem(self, level, question, Reference::text(answer))
    }

    fn sets(&self, problem: &Problem) -> bool {
        Case::parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        Case::parse(&problem.question).is_some_and(|case| same_words(answer, case.answer()))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(case) = Case::parse(&problem.question) else { foreign(self, problem) };
        let mut steps = vec![case.fact.to_owned()];
        let (_, used) = case.conclusions();
        for (rule, (kind, is)) in used {
            steps.push(format!("{}: {}{kind}", rule.written(), if is { "" } else { "not " }));
        }
        let answer = case.answer();
        if answer == UNKNOWN {
            steps.push("no more".to_owned());
        }
        Solution { reasoning: steps.join(". "), answer: answer.to_owned() }
    }
}

/// More rules are not read.
const MOST: usize = 32;
const UNKNOWN: &str = "unknown";

/// All, or none, of `a` are `b`.
#[derive(Debug, Clone, Copy)]
struct Rule<'a> {
    all: bool,
    a: &'a str,
    b: &'a str,
}

/// A kind, and whether the person is of it.
type Fact<'a> = (&'a str, bool);

impl<'a> Rule<'a> {
    fn written(&self) -> String {
        format!("{} {} are {}", if self.all { "all" } else { "no" }, self.a, self.b)
    }

    fn parse(sentence: &'a str) -> Option<Self> {
        let words: Vec<&str> = sentence.split(' ').collect();
        match words[..] {
            [sign @ ("all" | "no"), a, "are", b] if is_name(a) && is_name(b) => {
                Some(Self { all: sign == "all", a, b })
            }
            _ => None,
        }
    }

    /// The conclusion about somebody of whom `fact` is known.
    fn says(&self, (kind, is): Fact<'a>) -> Option<Fact<'a>> {
        match (kind == self.a, kind == self.b, is) {
            (true, _, true) => Some((self.b, self.all)),
            (_, true, is) if is != self.all => Some((self.a, false)),
            _ => None,
        }
    }
}

struct Case<'a> {
    fact: &'a str,
    rules: Vec<Rule<'a>>,
    asked: &'a str,
}

impl<'a> Case<'a> {
    fn parse(question: &'a str) -> Option<Self> {
        let question = question.strip_suffix("? yes, no or unknown?")?;
        let (facts, asked) = question.rsplit_once(". ")?;
        let mut sentences = facts.split(". ");
        let (name, fact) = sentences.next()?.split_once(" is a ")?;
        let rules: Vec<Rule<'_>> = sentences.map(Rule::parse).collect::<Option<_>>()?;
        if rules.len() > MOST {
            return None;
        }
        let (same, asked) = asked.strip_prefix("is ")?.split_once(" a ")?;
        let case = Self { fact, rules, asked };
        let (known, _) = case.conclusions();
        // Rules that contradict each other set no problem.
        let clear = known.iter().all(|(kind, is)| !known.contains(&(*kind, !is)));
        (same == name && is_name(name) && is_name(fact) && is_name(asked) && clear).then_some(case)
    }

    /// The facts known until the question is answered or nothing new can be said, and the rules that
    /// said it.
    fn conclusions(&self) -> (Vec<Fact<'a>>, Vec<(Rule<'a>, Fact<'a>)>) {
        let mut known = vec![(self.fact, true)];
        let mut used = Vec::new();
        loop {
            let answered = known.iter().any(|(kind, _)| *kind == self.asked);
            let new = self.rules.iter().find_map(|rule| {
                let fact =
                    known.iter().find_map(|&fact| rule.says(fact).filter(|new| !known.contains(new)))?;
                Some((*rule, fact))
            });
            match new.filter(|_| !answered) {
                Some((rule, fact)) => {
                    known.push(fact);
                    used.push((rule, fact));
                }
                None => return (known, used),
            }
        }
    }

    fn answer(&self) -> &'static str {
        match self.conclusions().0.iter().find(|(kind, _)| *kind == self.asked) {
            Some((_, true)) => "yes",
            Some((_, false)) => "no",
            None => UNKNOWN,
        }
    }
}
