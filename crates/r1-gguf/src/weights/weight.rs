//! One weight of a checkpoint.

use std::borrow::Cow;
use std::ops::Range;

use r1_quant::BlockType;

use super::source::Source;
use crate::SharedBytes;

/// A weight of a Hugging Face checkpoint, decoded when it is asked for.
#[derive(Debug, Clone)]
pub struct Weight<'a> {
    name: String,
    shape: Vec<usize>,
    source: Source<'a>,
}

impl<'a> Weight<'a> {
    pub(super) fn new(name: String, shape: Vec<usize>, source: Source<'a>) -> Weight<'a> {
        Weight { name, shape, source }
    }

    /// Name, such as `model.layers.0.self_attn.q_proj.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sizes: `[rows, columns]` of a matrix, `[columns]` of a vector.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of rows, 1 for a vector.
    pub fn rows(&self) -> usize {
        self.shape[..self.shape.len() - 1].iter().product()
    }

    /// Number of weights of a row.
    pub fn columns(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }

    /// Format in which the file stores the weight; of a weight that two tensors make, that of the first.
    pub fn block_type(&self) -> BlockType {
        self.source.block_type()
    }

    /// Blocks of all rows in the order of the checkpoint, `block_type().bytes_of(columns())` bytes each.
    ///
    /// They are borrowed from the file where it has that order, and copied row by row where it has not (q and k of
    /// `llama` models). None for a weight whose rows no blocks of the file hold: DeepSeek's `kv_b_proj`, of which a
    /// part is stored transposed, and the bias of q and k in `llama` models.
    pub fn blocks(&self) -> Option<Cow<'a, [u8]>> {
        self.source.blocks(self.rows())
    }

    /// Blocks of all rows without a copy: the file's bytes, and the range among them that the weight takes, ready for
    /// `r1_quant::Matrix::new(weight.block_type(), bytes, range.start, [rows, columns])`. They outlive the
    /// [`Gguf`](crate::Gguf).
    ///
    /// None where the file has the rows in another order or not at all: see [`Weight::blocks`], which copies the former.
    pub fn bytes_shared(&self) -> Option<(SharedBytes, Range<usize>)> {
        self.source.bytes_shared(self.rows())
    }

    /// Decodes all weights into `values`, whose content is replaced.
    pub fn to_f32(&self, values: &mut Vec<f32>) {
        self.rows_to_f32(0..self.rows(), values);
    }

    /// Decodes some rows into `values`, whose content is replaced.
    ///
    /// # Panics
    /// If a row is beyond [`Weight::rows`].
    pub fn rows_to_f32(&self, rows: Range<usize>, values: &mut Vec<f32>) {
        assert!(rows.start <= rows.end && rows.end <= self.rows(), "rows {rows:?} of {}", self.rows());
        values.clear();
        self.source.append_rows(rows, self.columns(), values);
    }
}
