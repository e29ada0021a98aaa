//! Towers of Hanoi from any legal beginning.

use serde_json::json;

use super::{Solution, Task, check_level, foreign, problem};
use r1_core::{KeyedStream, Problem, Reference};

/// Moves all disks to one of three pegs, one at a time, never a larger one onto a smaller one.
///
/// Level `l` has `1 + l` disks in any legal position. Pegs have letters; disks have digits that are
/// their sizes, listed from the bottom, and `-` is an empty peg. A step is a move, from peg and to
/// peg, and the position after it. Any list of legal moves that ends with all disks on the peg is right.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{Task, TowerOfHanoi};
///
/// let problem = Problem::new("p", "hanoi k 52, m -, q -, to q", Reference::Other { value: "km kq mq".into() });
/// let solution = TowerOfHanoi.solve(&problem);
/// assert_eq!(solution.reasoning, "km: k 5, m 2, q -. kq: k -, m 2, q 5. mq: k -, m -, q 52");
/// assert_eq!(solution.answer, "km kq mq");
/// assert!(TowerOfHanoi.verify(&problem, "kq qm kq mq") && !TowerOfHanoi.verify(&problem, "kq kq"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TowerOfHanoi;

impl Task for TowerOfHanoi {
    fn name(&self) -> &'static str {
        "tower_of_hanoi"
    }

    fn levels(&self) -> usize {
        3
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let mut sizes = *b"123456789";
        random.shuffle(&mut sizes);
        let mut disks = sizes[..=level].to_vec();
        disks.sort_unstable_by(|a, b| b.cmp(a));
        let mut letters: Vec<u8> = (b'a'..=b'z').collect();
        random.shuffle(&mut letters);
        let letters = [letters[0], letters[1], letters[2]];
        let mut position = Position { letters, pegs: Default::default() };
        for &disk in &disks {
            position.pegs[random.below(3)].push(disk);
        }
        let open: Vec<usize> = (0..3).filter(|&peg| position.pegs[peg].len() < disks.len()).collect();
        let goal = *random.choose(&open);
        let question = format!("hanoi {}, to {}", position.written(), char::from(position.letters[goal]));
        let reference = Reference::Other { value: json!(moves(&position, goal).0) };
        problem(self, level, question, reference)
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Some((mut position, goal)) = parse(&problem.question) else { return false };
        for step in answer.split_whitespace() {
            let peg = |letter: u8| position.letters.iter().position(|known| *known == letter);
            let &[from, to] = step.as_bytes() else { return false };
            let (Some(from), Some(to)) = (peg(from), peg(to)) else { return false };
            if !position.shift(from, to) {
                return false;
            }
        }
        position.is_done(goal)
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((position, goal)) = parse(&problem.question) else { foreign(self, problem) };
        let (answer, steps) = moves(&position, goal);
        Solution { reasoning: steps.join(". "), answer }
    }
}

/// The position and the peg where all disks shall be, and are not yet.
fn parse(question: &str) -> Option<(Position, usize)> {
    let (position, goal) = question.strip_prefix("hanoi ")?.split_once(", to ")?;
    let position = Position::parse(position)?;
    let goal = position.letters.iter().position(|letter| [*letter] == goal.as_bytes())?;
    (!position.is_done(goal)).then_some((position, goal))
}

/// The pegs' letters, and the disks of each from the bottom.
#[derive(Debug, Clone)]
struct Position {
    letters: [u8; 3],
    pegs: [Vec<u8>; 3],
}

impl Position {
    /// Three pegs with different letters, and disks of different sizes, the largest below.
    fn parse(text: &str) -> Option<Self> {
        let mut position = Self { letters: [0; 3], pegs: Default::default() };
        let mut pegs = text.split(", ");
        let mut sizes = Vec::new();
        for index in 0..3 {
            let (letter, disks) = pegs.next()?.split_once(' ')?;
            let &[letter] = letter.as_bytes() else { return None };
            let disks = if disks == "-" { &[][..] } else { disks.as_bytes() };
            sizes.extend_from_slice(disks);
            let legal =
                disks.iter().all(u8::is_ascii_digit) && disks.windows(2).all(|pair| pair[0] > pair[1]);
            if !legal || !letter.is_ascii_lowercase() || position.letters.contains(&letter) {
                return None;
            }
            position.letters[index] = letter;
            position.pegs[index] = disks.to_vec();
        }
        sizes.sort_unstable();
        let different = sizes.windows(2).all(|pair| pair[0] < pair[1]);
        (pegs.next().is_none() && different && !sizes.is_empty()).then_some(position)
    }

    fn written(&self) -> String {
        let peg = |(letter, disks): (&u8, &Vec<u8>)| match disks.is_empty() {
            true => format!("{} -", char::from(*letter)),
            false => format!("{} {}", char::from(*letter), String::from_utf8_lossy(disks)),
        };
        self.letters.iter().zip(&self.pegs).map(peg).collect::<Vec<_>>().join(", ")
    }

    /// Moves the top disk, or says that the rules forbid it.
    fn shift(&mut self, from: usize, to: usize) -> bool {
        let Some(&disk) = self.pegs[from].last() else { return false };
        if from == to || self.pegs[to].last().is_some_and(|&below| below < disk) {
            return false;
        }
        self.pegs[from].pop();
        self.pegs[to].push(disk);
        true
    }

    fn is_done(&self, goal: usize) -> bool {
        (0..3).all(|peg| peg == goal || self.pegs[peg].is_empty())
    }
}

/// The shortest list of moves, and the thoughts.
fn moves(start: &Position, goal: usize) -> (String, Vec<String>) {
    let mut disks = start.pegs.concat();
    disks.sort_unstable_by(|a, b| b.cmp(a));
    let (mut position, mut moves, mut steps) = (start.clone(), Vec::new(), Vec::new());
    gather(&mut position, &disks, goal, &mut |position, from, to| {
        let step = [position.letters[from], position.letters[to]].map(char::from).iter().collect::<String>();
        steps.push(format!("{step}: {}", position.written()));
        moves.push(step);
    });
    (moves.join(" "), steps)
}

/// Brings the disks, from the largest to the smallest, to one peg.
fn gather(
    position: &mut Position,
    disks: &[u8],
    goal: usize,
    on_move: &mut impl FnMut(&Position, usize, usize),
) {
    let Some((largest, smaller)) = disks.split_first() else { return };
    let Some(from) = position.pegs.iter().position(|peg| peg.contains(largest)) else { return };
    if from != goal {
        gather(position, smaller, 3 - from - goal, on_move);
        position.shift(from, goal);
        on_move(position, from, goal);
    }
    gather(position, smaller, goal, on_move);
}
