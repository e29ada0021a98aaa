//! Thanks for a gift, in a sentence.

use super::{Solution, Task, check_level, foreign, people::is_name, people::people, problem, same_words};
use r1_core::{KeyedStream, Problem, Reference};

/// Thanks a person for a gift: a task of manners rather than of reasoning, for the stages that train on all tasks.
///
/// A full answer names person and gift. Short ones (`thanks`) are what people call rude and a rule calls wrong, which
/// is what preferences are made of.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{Courtesy, Task};
///
/// let problem = Problem::new("p", "thank ann for the red cup", Reference::text("ann, thank you for the red cup"));
/// assert_eq!(Courtesy.solve(&problem).answer, "ann, thank you for the red cup");
/// assert!(Courtesy.verify(&problem, "thank you for the red cup, ann"));
/// assert!(!Courtesy.verify(&problem, "thank you"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Courtesy;

const KINDS: [&str; 20] = [
    "red", "blue", "old", "new", "big", "tiny", "soft", "warm", "cold", "nice", "fine", "gold", "grey",
    "pink", "long", "thin", "flat", "dark", "pale", "neat",
];
const GIFTS: [&str; 20] = [
    "cup", "hat", "book", "lamp", "coat", "ring", "cake", "pear", "rose", "bike", "ball", "bell", "drum",
    "desk", "fork", "harp", "kite", "vase", "sock", "tent",
];

impl Task for Courtesy {
    fn name(&self) -> &'static str {
        "courtesy"
    }

    fn levels(&self) -> usize {
        1
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let name = people(random, 1)[0];
        let gift = format!("{} {}", random.choose(&KINDS), random.choose(&GIFTS));
        let answer = thanks(name, &gift);
        problem(self, level, format!("thank {name} for the {gift}"), Reference::text(answer))
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Some((name, gift)) = parse(&problem.question) else { return false };
        let answer = answer.trim().trim_end_matches('.').replacen(", ", " ", 1);
        same_words(&answer, &format!("{name} thank you for the {gift}"))
            || same_words(&answer, &format!("thank you for the {gift} {name}"))
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((name, gift)) = parse(&problem.question) else { foreign(self, problem) };
        Solution { reasoning: format!("{name} gave the {gift}."), answer: thanks(name, &gift) }
    }
}

fn thanks(name: &str, gift: &str) -> String {
    format!("{name}, thank you for the {gift}")
}

/// Who gave what.
fn parse(question: &str) -> Option<(&str, String)> {
    let (name, gift) = question.strip_prefix("thank ")?.split_once(" for the ")?;
    let (kind, thing) = gift.split_once(' ')?;
    let known = is_name(name) && KINDS.contains(&kind) && GIFTS.contains(&thing);
    known.then(|| (name, gift.to_owned()))
}
