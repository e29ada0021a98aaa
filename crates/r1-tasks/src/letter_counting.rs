//! Counting a letter in a word.

use super::{Solution, Task, check_level, foreign, problem, whole};
use r1_core::{KeyedStream, Problem, Reference};

/// The words' letters: few, so that they repeat.
const LETTERS: [char; 6] = ['a', 'b', 'e', 'r', 's', 't'];

/// Counts a letter in a made-up word: each step drops the first letter of what is left and writes the
/// count so far behind it.
///
/// Level `l` has words of `4 + 2 l` letters. One question in ten or so asks for a letter that is not there.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{LetterCounting, Task};
///
/// let solution = LetterCounting.solve(&Problem::new("p", "count r in strberry", Reference::number("3")));
/// assert_eq!(solution.reasoning, "strberry0 trberry0 rberry0 berry1 erry1 rry1 ry2 y3 3");
/// assert_eq!(solution.answer, "3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LetterCounting;

impl Task for LetterCounting {
    fn name(&self) -> &'static str {
        "letter_counting"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let word: Vec<char> = (0..4 + 2 * level).map(|_| *random.choose(&LETTERS)).collect();
        let target = if random.chance(0.8) { *random.choose(&word) } else { *random.choose(&LETTERS) };
        let count = word.iter().filter(|&&letter| letter == target).count();
        let question = format!("count {target} in {}", word.iter().collect::<String>());
        problem(self, level, question, Reference::number(count.to_string()))
    }

    fn sets(&self, problem: &Problem) -> bool {
        let number = matches!(&problem.reference, Reference::Number { text } if text.parse::<i64>().is_ok());
        let letters = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase());
        number && parse(&problem.question).is_some_and(|(_, word)| letters(word))
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Reference::Number { text } = &problem.reference else { return false };
        matches!((whole(answer), whole(text)), (Some(answer), Some(right)) if answer == right)
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((target, word)) = parse(&problem.question) else { foreign(self, problem) };
        let mut count = 0;
        let mut steps = vec![format!("{word}0")];
        for (place, letter) in word.char_indices() {
            count += usize::from(letter == target);
            steps.push(format!("{}{count}", &word[place + letter.len_utf8()..]));
        }
        Solution { reasoning: steps.join(" "), answer: count.to_string() }
    }
}

/// The letter that is counted, and the word.
fn parse(question: &str) -> Option<(char, &str)> {
    let (target, word) = question.strip_prefix("count ")?.split_once(" in ")?;
    let mut letters = target.chars();
    let target = letters.next()?;
    (letters.next().is_none() && !word.is_empty()).then_some((target, word))
}
