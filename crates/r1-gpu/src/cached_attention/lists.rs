//! Which token attends to which keys, as numbers that the kernels read.

use super::{PAGE, Run, SPLIT};

/// Numbers of a task: its first row, its rows, the position of the first, its split, and where in the same list the pages of
/// the sequence and the slots of the rows begin.
pub(super) const TASK: usize = 6;

/// Numbers of a row whose parts are put together: the row, its first part, how many they are.
pub(super) const MERGE: usize = 3;

/// The slot of a row that sees one split, which is written to the output at once.
pub(super) const DIRECT: u32 = u32::MAX;

/// Most tasks of a launch.
const TASKS: usize = 65_535;

/// Which runs a launch is for, and how many tokens of one go to a cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Those of one token.
    Lone,
    /// Those of several, so many at a time.
    Tiles(usize),
}

impl Kind {
    /// Tokens of a cube.
    pub(super) fn tokens(self) -> usize {
        match self {
            Self::Lone => 1,
            Self::Tiles(tokens) => tokens,
        }
    }
}

/// What a launch needs to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Work {
    /// The tasks, then what they refer to.
    pub(super) numbers: Vec<u32>,
    pub(super) tasks: usize,
    /// Parts that are put together.
    pub(super) parts: usize,
    pub(super) merges: Vec<u32>,
}

/// The splits that a token sees, from the first on, and their number.
fn splits(position: usize, window: Option<usize>) -> (usize, usize) {
    let first = window.map_or(0, |window| (position + 1).saturating_sub(window)) / SPLIT;
    (first, position / SPLIT + 1 - first)
}

impl Work {
    /// The launches that all runs of a kind need: one, unless there would be more than `limit` parts.
    pub(super) fn new(runs: &[Run<'_>], kind: Kind, window: Option<usize>, limit: usize) -> Vec<Self> {
        let (mut done, mut work, mut tail) = (Vec::new(), Self::default(), Vec::new());
        let mut first_row = 0;
        for run in runs {
            let row = first_row;
            first_row += run.tokens;
            if (kind == Kind::Lone) != (run.tokens == 1) {
                continue;
            }
            let (tile, mut pages) = (kind.tokens(), None);
            for offset in (0..run.tokens).step_by(tile) {
                let (count, position) = (tile.min(run.tokens - offset), run.position + offset);
                let of_token = |token: usize| splits(position + token, window);
                let first = of_token(0).0;
                let (last_first, last_count) = of_token(count - 1);
                let needed = last_first + last_count - first;
                if work.tasks > 0 && (work.parts + count * needed > limit || work.tasks + needed > TASKS) {
                    done.push(std::mem::take(&mut work).closed(std::mem::take(&mut tail)));
                    pages = None;
                }
                let pages = *pages.get_or_insert_with(|| {
                    tail.extend_from_slice(&run.pages[..(run.position + run.tokens).div_ceil(PAGE)]);
                    tail.len() - (run.position + run.tokens).div_ceil(PAGE)
                });
                let slots = tail.len();
                for token in 0..count {
                    let (_, splits) = of_token(token);
                    if splits == 1 {
                        tail.push(DIRECT);
                        continue;
                    }
                    tail.push(work.parts as u32);
                    work.merges
                        .extend([row + offset + token, work.parts, splits].map(|number| number as u32));
                    work.parts += splits;
                }
                for split in first..first + needed {
                    let task = [row + offset, count, position, split, pages, slots];
                    work.numbers.extend(task.map(|number| number as u32));
                }
                work.tasks += needed;
            }
        }
        if work.tasks > 0 {
            done.push(work.closed(tail));
        }
        done
    }

    /// With what the tasks refer to behind them.
    fn closed(mut self, tail: Vec<u32>) -> Self {
        let base = self.numbers.len() as u32;
        for task in self.numbers.chunks_exact_mut(TASK) {
            task[4] += base;
            task[5] += base;
        }
        self.numbers.extend(tail);
        self
    }
}

/// Where each new token lies: its page times [`PAGE`], and its place there.
pub(super) fn places(runs: &[Run<'_>]) -> Vec<u32> {
    let mut places = Vec::new();
    for run in runs {
        let place = |position: usize| run.pages[position / PAGE] * PAGE as u32 + (position % PAGE) as u32;
        places.extend((run.position..run.position + run.tokens).map(place));
    }
    places
}
