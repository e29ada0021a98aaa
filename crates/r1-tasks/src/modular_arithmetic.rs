//! Sums of products, modulo a small number.

use super::{Solution, Task, check_level, foreign, problem, whole};
use r1_core::{KeyedStream, Problem, Reference};

/// Works out the remainder of a sum of products: first every number is reduced, then one product after
/// the other, then the sum.
///
/// Level `l` has `l` products of numbers from 10 to 99 and one number more; the modulus is 3 to 12.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{ModularArithmetic, Task};
///
/// let solution = ModularArithmetic.solve(&Problem::new("p", "12*70+50 mod 9", Reference::number("8")));
/// assert_eq!(solution.reasoning, "12*70+50 mod 9=3*7+5 mod 9=3+5 mod 9=8");
/// assert_eq!(solution.answer, "8");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModularArithmetic;

impl Task for ModularArithmetic {
    fn name(&self) -> &'static str {
        "modular_arithmetic"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let mut terms: Vec<Vec<i64>> =
            (0..level).map(|_| vec![random.between(10, 99), random.between(10, 99)]).collect();
        terms.push(vec![random.between(10, 99)]);
        let sum = Sum { terms, modulus: random.between(3, 12) };
        problem(self, level, sum.written(), Reference::number(sum.remainder().to_string()))
    }

    fn sets(&self, problem: &Problem) -> bool {
        Sum::parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        Sum::parse(&problem.question).is_some_and(|sum| whole(answer) == Some(sum.remainder()))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(mut sum) = Sum::parse(&problem.question) else { foreign(self, problem) };
        let answer = sum.remainder().to_string();
        let mut steps = vec![sum.written()];
        for number in sum.terms.iter_mut().flatten() {
            *number %= sum.modulus;
        }
        steps.push(sum.written());
        for place in 0..sum.terms.len() {
            if sum.terms[place].len() > 1 {
                sum.terms[place] = vec![product(&sum.terms[place], sum.modulus)];
                steps.push(sum.written());
            }
        }
        steps.push(answer.clone());
        steps.dedup();
        Solution { reasoning: steps.join("="), answer }
    }
}

/// The factors of each term, and the modulus.
struct Sum {
    terms: Vec<Vec<i64>>,
    modulus: i64,
}

impl Sum {
    fn written(&self) -> String {
        let term = |factors: &Vec<i64>| factors.iter().map(i64::to_string).collect::<Vec<_>>().join("*");
        let terms: Vec<String> = self.terms.iter().map(term).collect();
        format!("{} mod {}", terms.join("+"), self.modulus)
    }

    fn remainder(&self) -> i64 {
        self.terms.iter().fold(0, |sum, factors| (sum + product(factors, self.modulus)) % self.modulus)
    }

    fn parse(question: &str) -> Option<Self> {
        let (sum, modulus) = question.split_once(" mod ")?;
        let number = |text: &str| text.parse().ok().filter(|number| (0..=9_999).contains(number));
        let terms = sum.split('+').map(|term| term.split('*').map(number).collect());
        let (terms, modulus) = (terms.collect::<Option<_>>()?, number(modulus)?);
        (modulus > 0).then_some(Self { terms, modulus })
    }
}

fn product(factors: &[i64], modulus: i64) -> i64 {
    factors.iter().fold(1, |product, factor| product * factor % modulus)
}
