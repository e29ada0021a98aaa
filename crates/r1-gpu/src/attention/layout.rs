//! Which rows attend to which, as numbers that the kernels read.

use std::ops::Range;

/// Consecutive rows of a batch that belong together, and what they see besides themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its rows.
    pub range: Range<usize>,
    /// The segment that stands before it.
    pub prefix: Option<usize>,
}

/// The lists that a pass over a batch needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lists {
    /// Five numbers for each tile: its first row, its rows, its first position, and where its stretches begin and end.
    pub(super) tiles: Vec<u32>,
    /// Three numbers for each stretch: its first row, its rows, its first position.
    pub(super) stretches: Vec<u32>,
}

/// Numbers of a tile.
pub(super) const TILE: usize = 5;
/// Numbers of a stretch.
pub(super) const STRETCH: usize = 3;

impl Lists {
    /// Tiles of queries, and the stretches of keys that they see, from the root on.
    pub(super) fn of_queries(segments: &[Segment], tile: usize) -> Self {
        Self::new(segments, tile, |index| path(segments, index), |before, _| before)
    }

    /// Tiles of keys, and the stretches of queries that see them: those of the own segment, then of those behind it.
    pub(super) fn of_keys(segments: &[Segment], tile: usize) -> Self {
        let mut behind: Vec<Vec<usize>> = vec![Vec::new(); segments.len()];
        for index in 0..segments.len() {
            for owner in path(segments, index) {
                behind[owner].push(index);
            }
        }
        let seen = |index| std::mem::take(&mut behind[index]);
        Self::new(segments, tile, seen, |before, rows| rows.saturating_sub(before))
    }

    /// `cost` is what a tile costs that has so many rows before it in its sequence, of so many in its stretches: those
    /// that cost most begin first.
    fn new(
        segments: &[Segment],
        tile: usize,
        mut seen: impl FnMut(usize) -> Vec<usize>,
        cost: impl Fn(usize, usize) -> usize,
    ) -> Self {
        let starts: Vec<usize> = (0..segments.len())
            .map(|index| {
                let path = path(segments, index);
                path[..path.len() - 1].iter().map(|before| segments[*before].range.len()).sum()
            })
            .collect();
        let (mut tiles, mut stretches) = (Vec::new(), Vec::new());
        for (index, segment) in segments.iter().enumerate().filter(|(_, segment)| !segment.range.is_empty()) {
            let (first, mut total) = (stretches.len() / STRETCH, 0);
            for other in seen(index) {
                let Range { start, end } = segments[other].range;
                if start < end {
                    stretches.extend([start, end - start, starts[other]].map(|number| number as u32));
                    total += end - start;
                }
            }
            let last = stretches.len() / STRETCH;
            for row in segment.range.clone().step_by(tile) {
                let before = row - segment.range.start;
                let position = starts[index] + before;
                let rows = (segment.range.end - row).min(tile);
                let numbers = [row, rows, position, first, last].map(|number| number as u32);
                tiles.push((std::cmp::Reverse(cost(position, starts[index] + total)), numbers));
            }
        }
        tiles.sort_unstable();
        Self { tiles: tiles.into_iter().flat_map(|(_, numbers)| numbers).collect(), stretches }
    }
}

/// The segments before one, from the root on, and itself.
fn path(segments: &[Segment], index: usize) -> Vec<usize> {
    let mut path = vec![index];
    while let Some(prefix) = segments[path[path.len() - 1]].prefix {
        path.push(prefix);
    }
    path.reverse();
    path
}
