//! Ways through small mazes.

use serde_json::json;

use super::{Solution, Task, check_level, foreign, problem};
use r1_core::{KeyedStream, Problem, Reference};

/// The directions in the order in which they are tried: letter, rows down, columns right.
const MOVES: [(char, isize, isize); 4] = [('r', 0, 1), ('d', 1, 0), ('l', 0, -1), ('u', -1, 0)];
/// Larger mazes are not read.
const LARGEST: usize = 9;
/// A maze whose search has more steps is not set.
const MOST_STEPS: usize = 25;

/// Finds a way from `s` to `e` over open cells `o`, not through walls `x`.
///
/// Level `l` has `3 + l` rows and columns, and a way of at least `2 + l` moves. The thoughts try right,
/// down, left and up at every cell and go back where none is left; a step names the cell by row and
/// column, and the moves that lead to it. Any way that ends at `e` is right.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{Maze, Task};
///
/// let problem = Problem::new("p", "maze sox/oxx/ooe", Reference::Other { value: "ddrr".into() });
/// let solution = Maze.solve(&problem);
/// assert_eq!(solution.reasoning, "11: , 12: r, 11: , 21: d, 31: dd, 32: ddr, 33: ddrr");
/// assert_eq!(solution.answer, "ddrr");
/// assert!(Maze.verify(&problem, "ddrr") && !Maze.verify(&problem, "rddr"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maze;

impl Task for Maze {
    fn name(&self) -> &'static str {
        "maze"
    }

    fn levels(&self) -> usize {
        3
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        let size = 3 + level;
        loop {
            let mut cells: Vec<u8> =
                (0..size * size).map(|_| if random.chance(0.35) { b'x' } else { b'o' }).collect();
            let (start, end) = (random.below(cells.len()), random.below(cells.len()));
            (cells[start], cells[end]) = (b's', b'e');
            let rows: Vec<String> =
                cells.chunks(size).map(|row| String::from_utf8_lossy(row).into_owned()).collect();
            let question = format!("maze {}", rows.join("/"));
            let Some(way) = Plan::parse(&question).and_then(|plan| plan.search()) else { continue };
            let far = (start / size).abs_diff(end / size) + (start % size).abs_diff(end % size);
            if far >= 2 + level
                && way.len() <= MOST_STEPS
                && let Some((_, moves)) = way.last()
            {
                return problem(self, level, question, Reference::Other { value: json!(moves) });
            }
        }
    }

    fn sets(&self, problem: &Problem) -> bool {
        Plan::parse(&problem.question).is_some_and(|plan| plan.search().is_some())
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let Some(plan) = Plan::parse(&problem.question) else { return false };
        let mut place = plan.start;
        for letter in answer.chars().filter(|character| !character.is_whitespace()) {
            match MOVES.iter().find(|(known, ..)| *known == letter).and_then(|step| plan.after(place, step)) {
                Some(next) => place = next,
                None => return false,
            }
        }
        plan.at(place) == b'e'
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let way = Plan::parse(&problem.question).and_then(|plan| plan.search());
        let Some((_, answer)) = way.as_ref().and_then(|way| way.last()) else { foreign(self, problem) };
        let step = |((row, column), moves): &(Place, String)| format!("{}{}: {moves}", row + 1, column + 1);
        let steps: Vec<String> = way.iter().flatten().map(step).collect();
        Solution { reasoning: steps.join(", "), answer: answer.clone() }
    }
}

/// Row and column, from 0.
type Place = (usize, usize);

struct Plan<'a> {
    rows: Vec<&'a [u8]>,
    start: Place,
}

impl<'a> Plan<'a> {
    /// A rectangle with one `s` and one `e`.
    fn parse(question: &'a str) -> Option<Self> {
        let rows: Vec<&[u8]> = question.strip_prefix("maze ")?.split('/').map(str::as_bytes).collect();
        let cells = || rows.iter().copied().flatten();
        let count = |wanted: u8| cells().filter(|&&cell| cell == wanted).count();
        let even = rows.len() <= LARGEST
            && rows.iter().all(|row| row.len() == rows[0].len() && row.len() <= LARGEST)
            && cells().all(|cell| b"soxe".contains(cell));
        let row = rows.iter().position(|row| row.contains(&b's'))?;
        let start = (row, rows[row].iter().position(|&cell| cell == b's')?);
        (even && count(b's') == 1 && count(b'e') == 1).then_some(Self { rows, start })
    }

    fn at(&self, (row, column): Place) -> u8 {
        self.rows[row][column]
    }

    /// The cell that a move leads to, unless a wall or the rim is in the way.
    fn after(&self, (row, column): Place, &(_, down, right): &(char, isize, isize)) -> Option<Place> {
        let place = (row.checked_add_signed(down)?, column.checked_add_signed(right)?);
        let cell = *self.rows.get(place.0)?.get(place.1)?;
        (cell != b'x').then_some(place)
    }

    /// The cells of a depth-first search, in order, with the moves that lead to each; the last one is
    /// `e`. `None` when there is no way.
    fn search(&self) -> Option<Vec<(Place, String)>> {
        let mut seen = vec![self.start];
        let mut path = vec![self.start];
        let mut moves = String::new();
        let mut steps = vec![(self.start, String::new())];
        while let Some(&place) = path.last() {
            let next = MOVES.iter().find_map(|step| {
                let next = self.after(place, step).filter(|next| !seen.contains(next))?;
                Some((step.0, next))
            });
            match next {
                Some((letter, next)) => {
                    seen.push(next);
                    path.push(next);
                    moves.push(letter);
                }
                None => {
                    path.pop();
                    moves.pop();
                }
            }
            let &place = path.last()?;
            steps.push((place, moves.clone()));
            if self.at(place) == b'e' {
                return Some(steps);
            }
        }
        None
    }
}
