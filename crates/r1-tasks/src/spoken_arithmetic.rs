//! Sums and differences in words, asked in English or in Chinese.

use super::{Solution, Task, check_level, foreign, problem, whole};
use r1_core::{KeyedStream, Problem, Reference};

/// Works out a chain such as `three plus five minus two` one operation after the other, in the words of the question.
///
/// Level `l` has `3 + l` numbers from one to nine, and every partial result lies in `0..=20`. Half of the questions are in
/// Chinese; the metadata `language` say which. The answer is a number in digits in both, so that only the thoughts have
/// a language: what a language reward measures.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{SpokenArithmetic, Task};
///
/// let solve = |question| SpokenArithmetic.solve(&Problem::new("p", question, Reference::number("6"))).reasoning;
/// assert_eq!(solve("three plus five minus two?"), "three plus five is eight. eight minus two is six.");
/// assert_eq!(solve("三加五减二？"), "三加五是八。八减二是六。");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpokenArithmetic;

/// The words of one language.
struct Words {
    code: &'static str,
    numbers: [&'static str; 21],
    plus: &'static str,
    minus: &'static str,
    is: &'static str,
    between: &'static str,
    asks: &'static str,
    ends: &'static str,
}

const ENGLISH: Words = Words {
    code: "en",
    numbers: [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ],
    plus: "plus",
    minus: "minus",
    is: "is",
    between: " ",
    asks: "?",
    ends: ".",
};

const CHINESE: Words = Words {
    code: "zh",
    numbers: [
        "零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四",
        "十五", "十六", "十七", "十八", "十九", "二十",
    ],
    plus: "加",
    minus: "减",
    is: "是",
    between: "",
    asks: "？",
    ends: "。",
};

impl Words {
    fn join(&self, words: &[&str]) -> String {
        words.join(self.between)
    }

    fn sign(&self, adds: bool) -> &'static str {
        if adds { self.plus } else { self.minus }
    }
}

/// A chain: the first number, and what is added or taken away.
struct Chain {
    words: &'static Words,
    first: usize,
    operations: Vec<(bool, usize)>,
}

impl Task for SpokenArithmetic {
    fn name(&self) -> &'static str {
        "spoken_arithmetic"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let words = if random.chance(0.5) { &ENGLISH } else { &CHINESE };
        let mut value = random.between(1, 9);
        let mut question = vec![words.numbers[value as usize]];
        for _ in 0..2 + level {
            let (adds, operand, next) = loop {
                let (adds, operand) = (random.chance(0.5), random.between(1, 9));
                let next = if adds { value + operand } else { value - operand };
                if (0..=20).contains(&next) {
                    break (adds, operand, next);
                }
            };
            question.extend([words.sign(adds), words.numbers[operand as usize]]);
            value = next;
        }
        let question = words.join(&question) + words.asks;
        problem(self, level, question, Reference::number(value.to_string())).with("language", words.code)
    }

    fn sets(&self, problem: &Problem) -> bool {
        let right = parse(&problem.question).and_then(|chain| chain.values().last().copied());
        matches!((&problem.reference, right), (Reference::Number { text }, Some(right)) if *text == right.to_string())
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Some(chain) = parse(&problem.question) else { return false };
        whole(answer).is_some_and(|answer| chain.values().last().is_some_and(|right| *right == answer))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some(chain) = parse(&problem.question) else { foreign(self, problem) };
        let reasoning = SpokenArithmetic::work(&problem.question, |_| None).unwrap_or_default();
        Solution { reasoning, answer: chain.values().last().copied().unwrap_or_default().to_string() }
    }
}

impl SpokenArithmetic {
    /// The thoughts about a question with each step in a language of one's choice, which is how a policy without a
    /// language reward mixes them: `chinese` says for each step whether it is in Chinese, `None` being the question's
    /// language. `None` for a question that this task does not set.
    pub fn work(question: &str, mut chinese: impl FnMut(usize) -> Option<bool>) -> Option<String> {
        let chain = parse(question)?;
        let values = chain.values();
        let steps = chain.operations.iter().enumerate().map(|(step, (adds, operand))| {
            let words = match chinese(step) {
                None => chain.words,
                Some(true) => &CHINESE,
                Some(false) => &ENGLISH,
            };
            let number = |value: i64| words.numbers[value as usize];
            let (from, to) = (number(values[step]), number(values[step + 1]));
            let gap = if step + 1 < chain.operations.len() { words.between } else { "" };
            let sentence = [from, words.sign(*adds), words.numbers[*operand], words.is, to];
            words.join(&sentence) + words.ends + gap
        });
        Some(steps.collect())
    }
}

impl Chain {
    /// The value before the first operation and after each.
    fn values(&self) -> Vec<i64> {
        let mut value = self.first as i64;
        let mut values = vec![value];
        for (adds, operand) in &self.operations {
            value += if *adds { *operand as i64 } else { -(*operand as i64) };
            values.push(value);
        }
        values
    }
}

/// Reads a question; `None` for one whose numbers are not those that the task sets.
fn parse(question: &str) -> Option<Chain> {
    let read = |words: &'static Words| -> Option<Chain> {
        let body = question.strip_suffix(words.asks)?;
        let parts: Vec<String> = match words.between {
            "" => body.chars().map(String::from).collect(),
            between => body.split(between).map(String::from).collect(),
        };
        let number =
            |text: &str| words.numbers[..10].iter().position(|word| *word == text).filter(|n| *n > 0);
        let (first, rest) = parts.split_first()?;
        let operations = rest.chunks(2).map(|pair| match pair {
            [sign, operand] if sign == words.plus => Some((true, number(operand)?)),
            [sign, operand] if sign == words.minus => Some((false, number(operand)?)),
            _ => None,
        });
        let chain =
            Chain { words, first: number(first)?, operations: operations.collect::<Option<Vec<_>>>()? };
        let fits = chain.values().iter().all(|value| (0..=20).contains(value));
        (fits && !chain.operations.is_empty()).then_some(chain)
    };
    read(&ENGLISH).or_else(|| read(&CHINESE))
}
