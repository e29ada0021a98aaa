//! Sequences laid end to end, without padding, and prompts shared by a group.

use std::{ops::Range, sync::Arc};

/// One stretch of a [`PackedBatch`]: it attends to its prefix, if it has one, to that one's prefix and so on, and causally
/// to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its tokens' places in the batch.
    pub range: Range<usize>,
    /// The segment that stands before it, for example the prompt that a group shares, or the turn before.
    pub prefix: Option<usize>,
}

/// Token sequences packed into one row of tokens.
///
/// Segments form trees. A group's prompt is a segment of its own and every completion names it as its prefix, so the
/// prompt is computed once; a dialogue's turn names the turn before it, and what several dialogues have in common stands
/// there once. Gradients into a prefix add over its descendants in index order.
///
/// ```
/// use r1_model::PackedBatch;
///
/// let mut batch = PackedBatch::new();
/// let prompt = batch.push(&[5, 6, 7], None);
/// batch.push(&[8, 9], Some(prompt));
/// batch.push(&[10], Some(prompt));
/// let turn = batch.push(&[11], Some(2));
/// assert_eq!(batch.positions(), [0, 1, 2, 3, 4, 3, 4]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PackedBatch {
    ids: Vec<u32>,
    positions: Vec<u32>,
    segments: Vec<Segment>,
}

impl PackedBatch {
    /// A batch without tokens.
    pub fn new() -> Self {
        Self::default()
    }

    /// Separate sequences without shared prefixes.
    pub fn from_sequences<S: AsRef<[u32]>>(sequences: &[S]) -> Self {
        let mut batch = Self::new();
        for sequence in sequences {
            batch.push(sequence.as_ref(), None);
        }
        batch
    }

    /// Appends a segment and returns its index. Its positions continue those of its prefix.
    ///
    /// # Panics
    /// When the prefix does not exist yet.
    pub fn push(&mut self, ids: &[u32], prefix: Option<usize>) -> usize {
        let before = prefix.map_or(Vec::new(), |index| {
            assert!(index < self.segments.len(), "segment {index} is a prefix before it exists");
            path_to(&self.segments, index)
        });
        let start: usize = before.iter().map(Range::len).sum();
        let first = self.ids.len();
        self.ids.extend_from_slice(ids);
        self.positions.extend((start..start + ids.len()).map(|position| position as u32));
        self.segments.push(Segment { range: first..self.ids.len(), prefix });
        self.segments.len() - 1
    }

    /// All token ids, segment after segment.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Each token's position in its own sequence, prefix included.
    pub fn positions(&self) -> &[u32] {
        &self.positions
    }

    /// The segments in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The number of tokens.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True without any token.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// What the layers need of the batch, shared so that no layer copies it.
    pub fn layout(&self) -> PackedLayout {
        PackedLayout {
            positions: self.positions.as_slice().into(),
            segments: self.segments.as_slice().into(),
        }
    }
}

/// The tokens of a segment and of those before it, from the root on.
fn path_to(segments: &[Segment], index: usize) -> Vec<Range<usize>> {
    let mut ranges = vec![segments[index].range.clone()];
    let mut next = segments[index].prefix;
    while let Some(index) = next {
        ranges.push(segments[index].range.clone());
        next = segments[index].prefix;
    }
    ranges.reverse();
    ranges
}

/// The tokens that a segment attends to before its own, from the root on.
pub(crate) fn prefix_ranges(segments: &[Segment], index: usize) -> Vec<Range<usize>> {
    segments[index].prefix.map_or(Vec::new(), |prefix| path_to(segments, prefix))
}

/// A [`PackedBatch`] without its ids: where each token stands and what it may attend to.
#[derive(Debug, Clone)]
pub struct PackedLayout {
    /// Each token's position in its own sequence.
    pub positions: Arc<[u32]>,
    /// The segments in order.
    pub segments: Arc<[Segment]>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_tile_the_batch() {
        let batch = PackedBatch::from_sequences(&[vec![1, 2, 3], vec![], vec![4]]);
        assert_eq!(batch.ids(), [1, 2, 3, 4]);
        assert_eq!(batch.positions(), [0, 1, 2, 0]);
        assert_eq!(batch.segments().iter().map(|s| s.range.clone()).collect::<Vec<_>>(), [0..3, 3..3, 3..4]);
    }

    #[test]
    fn a_turn_continues_the_turn_before_it() {
        let mut batch = PackedBatch::new();
        let prompt = batch.push(&[1, 1], None);
        let middle = batch.push(&[2], Some(prompt));
        let other = batch.push(&[4, 4], Some(prompt));
        let last = batch.push(&[3, 3], Some(middle));
        assert_eq!(batch.positions(), [0, 1, 2, 2, 3, 3, 4]);
        assert_eq!(prefix_ranges(batch.segments(), last), [0..2, 2..3]);
        assert_eq!(prefix_ranges(batch.segments(), other), vec![batch.segments()[prompt].range.clone()]);
        assert!(prefix_ranges(batch.segments(), prompt).is_empty());
    }

    #[test]
    #[should_panic(expected = "a prefix before it exists")]
    fn a_prefix_that_does_not_exist_is_refused() {
        PackedBatch::new().push(&[1], Some(0));
    }
}
