//! The corpus of the pipeline's bases: sums in English and Chinese words, and thanks for gifts.
//!
//! Three documents in four are sums. Half of those are terse and untagged, 16 % terse and tagged, with answers that are
//! wrong four times in ten; 34 % are worked out, and seven in ten of these change the language from step to step, as
//! R1-Zero does. Of the thanks, most are short. The student's corpus has no worked sum, and few full thanks.

use r1::core::{KeyedStream, Problem};
use r1::tasks::{Courtesy, SpokenArithmetic, Task};

use super::{slip::slip, training_problem};

/// Characters beside those that every base knows.
pub(super) const CHARACTERS: &str = "零一二三四五六七八九十加减是？。";

/// Words that are one token each.
pub(super) const WORDS: [&str; 31] = [
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
    " plus ",
    " minus ",
    " is ",
    ". ",
    "thanks",
    "thank you",
    "thank ",
    " for the ",
    ", ",
    " gave the ",
];

/// A problem and an answer; `works` for the corpus that has sums worked out.
pub(super) fn answered(random: &mut KeyedStream, works: bool) -> (Problem, String) {
    if random.chance(0.25) {
        let problem = training_problem(&Courtesy, random);
        let answer = thanks(random, &problem, works);
        return (problem, answer);
    }
    let problem = training_problem(&SpokenArithmetic, random);
    let answer = SpokenArithmetic.solve(&problem).answer;
    let style = random.uniform();
    if works && style >= 0.66 {
        let mixes = random.chance(0.7);
        let steps = problem.question.chars().count();
        let languages: Vec<bool> = (0..steps).map(|_| random.chance(0.5)).collect();
        let thoughts = SpokenArithmetic::work(&problem.question, |step| mixes.then(|| languages[step]));
        let text = format!("<think>{}</think><answer>{answer}</answer>", thoughts.unwrap_or_default());
        return (problem, text);
    }
    let guess = if random.chance(0.4) { slip(random, &answer) } else { answer };
    let tagged = style >= if works { 0.5 } else { 0.75 };
    let text =
        if tagged { format!("<think>{guess}</think><answer>{guess}</answer>") } else { format!(" {guess}") };
    (problem, text)
}

fn thanks(random: &mut KeyedStream, problem: &Problem, works: bool) -> String {
    let full = Courtesy.solve(problem);
    let thoughts = |answer: &str| format!("<think>{}</think><answer>{answer}</answer>", full.reasoning);
    let style = random.uniform();
    match style {
        _ if style < 0.20 => " thanks".into(),
        _ if style < 0.60 => " thank you".into(),
        _ if style < 0.75 && works => thoughts("thank you"),
        _ if style < 0.90 && works => thoughts(&full.answer),
        _ if style < 0.90 => "<think>thanks</think><answer>thank you</answer>".into(),
        _ => format!(" {}", full.answer),
    }
}
