//! Sudokus of four rows.

use serde_json::json;

use super::{Solution, Task, check_level, foreign, problem};
use r1_core::{KeyedStream, Problem, Reference};

/// Fills a grid of four rows, four columns and four blocks with the digits 1 to 4.
///
/// Level `l` has `2 + 2 l` empty cells. Every puzzle can be filled by looking, again and again, for the
/// first empty cell that only one digit fits; a step names the cell by row and column, the digit, and
/// the grid after it. Any filled grid that keeps the rules and the given digits is right.
///
/// ```
/// use r1_core::{Problem, Reference};
/// use r1_tasks::{MiniSudoku, Task};
///
/// let question = "sudoku 1.34 3412 2143 432.";
/// let reference = Reference::Other { value: "1234 3412 2143 4321".into() };
/// let solution = MiniSudoku.solve(&Problem::new("p", question, reference));
/// assert_eq!(solution.reasoning, "12=2: 1234 3412 2143 432., 44=1: 1234 3412 2143 4321");
/// assert_eq!(solution.answer, "1234 3412 2143 4321");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MiniSudoku;

impl Task for MiniSudoku {
    fn name(&self) -> &'static str {
        "mini_sudoku"
    }

    fn levels(&self) -> usize {
        4
    }

    fn generate(&self, random: &mut KeyedStream, level: usize) -> Problem {
        check_level(self, level);
        loop {
            let full = filled(random);
            let mut grid = full;
            let mut cells: Vec<usize> = (0..16).collect();
            random.shuffle(&mut cells);
            let mut empty = 0;
            for cell in cells {
                let mut next = grid;
                next.0[cell] = 0;
                if empty < 2 + 2 * level && next.by_singles().is_some() {
                    grid = next;
                    empty += 1;
                }
            }
            if empty == 2 + 2 * level {
                let reference = Reference::Other { value: json!(full.written()) };
                return problem(self, level, format!("sudoku {}", grid.written()), reference);
            }
        }
    }

    fn sets(&self, problem: &Problem) -> bool {
        parse(&problem.question).is_some()
    }

    fn verify(&self, problem: &Problem, answer: &str) -> bool {
        let (Some((given, _)), Some(grid)) = (parse(&problem.question), Grid::parse(answer)) else {
            return false;
        };
        grid.is_solved() && given.0.iter().zip(grid.0).all(|(&given, digit)| given == 0 || given == digit)
    }

    fn solve(&self, problem: &Problem) -> Solution {
        let Some((mut grid, steps)) = parse(&problem.question) else { foreign(self, problem) };
        let steps: Vec<String> = steps
            .into_iter()
            .map(|(cell, digit)| {
                grid.0[cell] = digit;
                format!("{}{}={digit}: {}", cell / 4 + 1, cell % 4 + 1, grid.written())
            })
            .collect();
        Solution { reasoning: steps.join(", "), answer: grid.written() }
    }
}

/// The puzzle, and the steps that fill it; `None` when looking for single candidates does not.
fn parse(question: &str) -> Option<(Grid, Vec<(usize, u8)>)> {
    let grid = Grid::parse(question.strip_prefix("sudoku ")?)?;
    Some((grid, grid.by_singles().filter(|steps| !steps.is_empty())?))
}

/// The cells row by row; 0 is an empty one.
#[derive(Debug, Clone, Copy)]
struct Grid([u8; 16]);

impl Grid {
    /// Sixteen digits or dots, with any white space between.
    fn parse(text: &str) -> Option<Self> {
        let mut cells = text.chars().filter(|character| !character.is_whitespace());
        let mut grid = Self([0; 16]);
        for cell in &mut grid.0 {
            *cell = match cells.next()? {
                '.' => 0,
                digit @ '1'..='4' => digit as u8 - b'0',
                _ => return None,
            };
        }
        cells.next().is_none().then_some(grid)
    }

    fn written(&self) -> String {
        let cell = |&digit: &u8| if digit == 0 { '.' } else { char::from(b'0' + digit) };
        let rows: Vec<String> = self.0.chunks(4).map(|row| row.iter().map(cell).collect()).collect();
        rows.join(" ")
    }

    /// The digits that no cell of the same row, column or block has, by bits.
    fn candidates(&self, cell: usize) -> u8 {
        let mut free = 0b11110;
        for other in (0..16).filter(|&other| other != cell && together(cell, other)) {
            free &= !(1 << self.0[other]);
        }
        free
    }

    /// True when all cells are filled by the rules.
    fn is_solved(&self) -> bool {
        (0..16).all(|cell| self.0[cell] > 0 && self.candidates(cell) & 1 << self.0[cell] != 0)
    }

    /// Fills the first cell that only one digit fits, and so on; `None` when that does not end in a
    /// solved grid.
    fn by_singles(mut self) -> Option<Vec<(usize, u8)>> {
        let mut steps = Vec::new();
        while !self.is_solved() {
            let single = |&cell: &usize| self.0[cell] == 0 && self.candidates(cell).count_ones() == 1;
            let cell = (0..16).find(single)?;
            let digit = self.candidates(cell).trailing_zeros() as u8;
            self.0[cell] = digit;
            steps.push((cell, digit));
        }
        Some(steps)
    }
}

/// True when the two cells share a row, a column or a block.
fn together(a: usize, b: usize) -> bool {
    a / 4 == b / 4 || a % 4 == b % 4 || (a / 8 == b / 8 && a % 4 / 2 == b % 4 / 2)
}

/// A random filled grid. The 288 there are come from two of them by turning the grid over, by changing
/// places of blocks, and of rows and columns within a block, and by renaming the digits.
fn filled(random: &mut KeyedStream) -> Grid {
    const CLASSES: [[u8; 16]; 2] =
        [[0, 1, 2, 3, 2, 3, 0, 1, 1, 0, 3, 2, 3, 2, 1, 0], [0, 1, 2, 3, 2, 3, 0, 1, 1, 2, 3, 0, 3, 0, 1, 2]];
    let class = random.choose(&CLASSES);
    let (mut rows, mut columns, mut digits) = ([0, 1, 2, 3], [0, 1, 2, 3], [1, 2, 3, 4]);
    random.shuffle(&mut digits);
    for order in [&mut rows, &mut columns] {
        random.shuffle(&mut order[..2]);
        random.shuffle(&mut order[2..]);
        if random.chance(0.5) {
            order.rotate_left(2);
        }
    }
    let turned = random.chance(0.5);
    let mut grid = Grid([0; 16]);
    for (row, &from_row) in rows.iter().enumerate() {
        for (column, &from_column) in columns.iter().enumerate() {
            let cell = if turned { column * 4 + row } else { row * 4 + column };
            grid.0[cell] = digits[usize::from(class[from_row * 4 + from_column])];
        }
    }
    grid
}
