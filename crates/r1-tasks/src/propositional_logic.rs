//! The truth of formulas with and, or and not.

use super::{Solution, Task, check_level, foreign, problem, same_words};
use r1_core::{KeyedStream, Problem, Reference};

/// The letters of the variables.
const VARIABLES: [char; 4] = ['p', 'q', 'r', 's'];
/// Longer formulas are not set.
const LONGEST: usize = 50;
/// Deeper formulas are not read.
const MAX_DEPTH: usize = 32;

/// Works out whether a formula is true: first the values are put in, then each step carries out one
/// operation, the innermost first, from the left.
///
/// Level `l` has `1 + l` times `and` or `or`, over three variables, at level 3 over four.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{PropositionalLogic, Task};
///
/// let question = "p true, q false, r true. p and (not q or r)?";
/// let solution = PropositionalLogic.solve(&Problem::new("p", question, Reference::text("true")));
/// assert_eq!(
///     solution.reasoning,
///     "true and (not false or true), true and (true or true), true and true, true"
/// );
/// assert_eq!(solution.answer, "true");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PropositionalLogic;

impl Task for PropositionalLogic {
    fn name(&self) -> &'static str {
        "propositional_logic"
    }

    fn levels(&self) -> usize {
        3
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let variables = &VARIABLES[..if level < 3 { 3 } else { 4 }];
        let values: Vec<(char, bool)> =
            variables.iter().map(|&variable| (variable, random.chance(0.5))).collect();
        let formula = loop {
            let formula = Formula::draw(random, variables, 1 + level);
            if formula.written().len() <= LONGEST {
                break formula;
            }
        };
        let list: Vec<String> =
            values.iter().map(|(variable, value)| format!("{variable} {value}")).collect();
        let question = format!("{}. {}?", list.join(", "), formula.written());
        let truth = formula.with(&values).value();
        problem(self, level, question, Reference::text(truth.to_string()))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        parse(&problem.question).is_some_and(|formula| same_words(answer, &formula.value().to_string()))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(mut formula) = parse(&problem.question) else { foreign(self, problem) };
        let answer = formula.value().to_string();
        let mut steps = vec![formula.written()];
        while formula.reduce() {
            steps.push(formula.written());
        }
        Solution { reasoning: steps.join(", "), answer }
    }
}

/// The formula with the values put in.
fn parse(question: &str) -> Option<Formula> {
    let (values, formula) = question.strip_suffix('?')?.split_once(". ")?;
    let value = |text: &str| {
        let (variable, value) = text.split_once(' ')?;
        let variable = VARIABLES.into_iter().find(|known| variable == known.to_string())?;
        Some((variable, value.parse().ok()?))
    };
    let values: Vec<(char, bool)> = values.split(", ").map(value).collect::<Option<_>>()?;
    let spaced = formula.replace('(', "( ").replace(')', " )");
    let mut words: Vec<&str> = spaced.split(' ').rev().collect();
    let formula = read(&mut words, 0)?;
    (words.is_empty() && formula.variables().iter().all(|used| values.iter().any(|(known, _)| known == used)))
        .then(|| formula.with(&values))
}

/// An operand, or two with `and` or `or` between them. The words stand in reverse.
fn read(words: &mut Vec<&str>, depth: usize) -> Option<Formula> {
    let left = operand(words, depth)?;
    match words.last() {
        Some(&sign @ ("and" | "or")) => {
            words.pop();
            let right = operand(words, depth)?;
            Some(Formula::Both(sign == "and", Box::new(left), Box::new(right)))
        }
        _ => Some(left),
    }
}

fn operand(words: &mut Vec<&str>, depth: usize) -> Option<Formula> {
    if depth > MAX_DEPTH {
        return None;
    }
    match words.pop()? {
        "not" => Some(Formula::Not(Box::new(operand(words, depth + 1)?))),
        "(" => {
            let inner = read(words, depth + 1)?;
            (words.pop()? == ")").then_some(inner)
        }
        word => VARIABLES.into_iter().find(|known| word == known.to_string()).map(Formula::Variable),
    }
}

#[derive(Debug, Clone)]
enum Formula {
    Value(bool),
    Variable(char),
    Not(Box<Formula>),
    /// `and` when the flag is true, else `or`.
    Both(bool, Box<Formula>, Box<Formula>),
}

impl Formula {
    /// A random formula with so many operations on two operands.
    fn draw(random: &mut KeyedStream, variables: &[char], operations: usize) -> Self {
        let formula = if operations == 0 {
            Self::Variable(*random.choose(variables))
        } else {
            let left = random.below(operations);
            let and = random.chance(0.5);
            let left_side = Self::draw(random, variables, left);
            let right_side = Self::draw(random, variables, operations - 1 - left);
            Self::Both(and, Box::new(left_side), Box::new(right_side))
        };
        if random.chance(0.2) { Self::Not(Box::new(formula)) } else { formula }
    }

    fn with(self, values: &[(char, bool)]) -> Self {
        match self {
            Self::Variable(variable) => {
                let known = values.iter().find(|(known, _)| *known == variable);
                known.map_or(self, |(_, value)| Self::Value(*value))
            }
            Self::Value(_) => self,
            Self::Not(inner) => Self::Not(Box::new(inner.with(values))),
            Self::Both(and, a, b) => Self::Both(and, Box::new(a.with(values)), Box::new(b.with(values))),
        }
    }

    fn variables(&self) -> Vec<char> {
        match self {
            Self::Value(_) => Vec::new(),
            Self::Variable(variable) => vec![*variable],
            Self::Not(inner) => inner.variables(),
            Self::Both(_, a, b) => [a.variables(), b.variables()].concat(),
        }
    }

    /// Its truth; a variable without a value is false.
    fn value(&self) -> bool {
        match self {
            Self::Value(value) => *value,
            Self::Variable(_) => false,
            Self::Not(inner) => !inner.value(),
            Self::Both(true, a, b) => a.value() && b.value(),
            Self::Both(false, a, b) => a.value() || b.value(),
        }
    }

    /// Carries out the first operation whose operands are values; false when there is none.
    fn reduce(&mut self) -> bool {
        let ready = match self {
            Self::Value(_) | Self::Variable(_) => return false,
            Self::Not(inner) => {
                if inner.reduce() {
                    return true;
                }
                matches!(**inner, Self::Value(_))
            }
            Self::Both(_, a, b) => {
                if a.reduce() || b.reduce() {
                    return true;
                }
                matches!((&**a, &**b), (Self::Value(_), Self::Value(_)))
            }
        };
        if ready {
            *self = Self::Value(self.value());
        }
        ready
    }

    fn written(&self) -> String {
        let inner = |formula: &Self| match formula {
            Self::Both(..) => format!("({})", formula.written()),
            _ => formula.written(),
        };
        match self {
            Self::Value(value) => value.to_string(),
            Self::Variable(variable) => variable.to_string(),
            Self::Not(formula) => format!("not {}", inner(formula)),
            Self::Both(and, a, b) => format!("{} {} {}", inner(a), if *and { "and" } else { "or" }, inner(b)),
        }
    }
}
