//! Sums over completions of packed tokens, and back.

use std::ops::Range;

use burn::tensor::{DType, Device, IndexingUpdateOp, Int, Tensor, TensorData};

/// Checks that `segments` are `0..tokens` cut into pieces, in order.
///
/// # Panics
/// If they leave a gap, overlap, or end elsewhere.
pub(crate) fn assert_segments(segments: &[Range<usize>], tokens: usize) {
    let mut end = 0;
    for (index, segment) in segments.iter().enumerate() {
        assert!(
            segment.start == end && segment.end >= segment.start,
            "segment {index} is {segment:?}; segments must follow one another without gaps, so it must start at {end}"
        );
        end = segment.end;
    }
    assert!(end == tokens, "segments end at token {end} of {tokens}; they must cover all tokens");
}

/// A host vector as a tensor of the given precision.
pub(crate) fn host_tensor(values: Vec<f64>, device: &Device, dtype: DType) -> Tensor<1> {
    let length = values.len();
    Tensor::from_data(TensorData::new(values, [length]), (device, dtype))
}

/// Which completion each token belongs to, on the device.
///
/// A sum over a completion is a scatter-add by this index, and repeating a value over a completion is a select,
/// its exact transpose; so both have a gradient, cost `O(tokens)`, and need no matrix `[completions, tokens]`.
/// On the CPU each completion is summed in token order, whatever stands beside it in the pack.
#[derive(Clone, Debug)]
pub(crate) struct SegmentMap {
    index: Tensor<1, Int>,
    reciprocal: Tensor<1>,
}

impl SegmentMap {
    /// The map of `segments`, which must be checked by [`assert_segments`].
    pub(crate) fn new(segments: &[Range<usize>], device: &Device, dtype: DType) -> Self {
        let index: Vec<i32> = segments
            .iter()
            .enumerate()
            .flat_map(|(i, range)| std::iter::repeat_n(i as i32, range.len()))
            .collect();
        let reciprocal = segments.iter().map(|range| 1.0 / range.len().max(1) as f64).collect();
        Self {
            index: Tensor::from_ints(index.as_slice(), device),
            reciprocal: host_tensor(reciprocal, device, dtype),
        }
    }

    /// Sum over each completion: `[tokens]` to `[completions]`.
    pub(crate) fn sum(&self, values: Tensor<1>) -> Tensor<1> {
        self.reciprocal.zeros_like().scatter(0, self.index.clone(), values, IndexingUpdateOp::Add)
    }

    /// Mean over each completion: `[tokens]` to `[completions]`; an empty completion gives 0.
    pub(crate) fn mean(&self, values: Tensor<1>) -> Tensor<1> {
        self.sum(values) * self.reciprocal.clone()
    }

    /// Repeats the value of each completion over its tokens: `[completions]` to `[tokens]`.
    pub(crate) fn spread(&self, values: Tensor<1>) -> Tensor<1> {
        values.select(0, self.index.clone())
    }
}
