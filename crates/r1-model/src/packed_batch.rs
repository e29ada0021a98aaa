//! Sequences laid end to end, without padding, and prompts shared by a group.

use std::{ops::Range, sync::Arc};

/// One stretch of a [`PackedBatch`]: it attends to its prefix, if it has one, and causally to itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its tokens' places in the batch.
    pub range: Range<usize>,
    /// The segment that stands before it, for example the prompt that a group shares.
    pub prefix: Option<usize>,
}

/// Token sequences packed into one row of tokens.
///
/// A group's prompt is a segment of its own and every completion names it as its prefix, so the
/// prompt is computed once; gradients into it add over the group in index order.
///
/// ```
/// use r1_model::PackedBatch;
///
/// let mut batch = PackedBatch::new();
/// let prompt = batch.push(&[5, 6, 7], None);
/// batch.push(&[8, 9], Some(prompt));
/// batch.push(&[10], Some(prompt));
/// assert_eq!(batch.positions(), [0, 1, 2, 3, 4, 3]);
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
    /// When the prefix does not exist yet or has a prefix itself.
    pub fn push(&mut self, ids: &[u32], prefix: Option<usize>) -> usize {
        let start = prefix.map_or(0, |index| {
            let segment = &self.segments[index];
            assert!(segment.prefix.is_none(), "a prefix cannot have a prefix itself (segment {index})");
            segment.range.len()
        });
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
    #[should_panic(expected = "a prefix cannot have a prefix itself")]
    fn a_chain_of_prefixes_is_refused() {
        let mut batch = PackedBatch::new();
        let prompt = batch.push(&[1], None);
        let middle = batch.push(&[2], Some(prompt));
        batch.push(&[3], Some(middle));
    }
}
