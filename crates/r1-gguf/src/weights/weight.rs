//! One weight of a checkpoint.

use std::borrow::Cow;
use std::ops::Range;

use r1_quant::BlockType;

use crate::{GgufError, Tensor};

/// A weight of a Hugging Face checkpoint, decoded when it is asked for.
#[derive(Debug, Clone)]
pub struct Weight<'a> {
    name: String,
    shape: Vec<usize>,
    source: Source<'a>,
}

/// Where the rows of a weight come from.
#[derive(Debug, Clone)]
pub(super) enum Source<'a> {
    /// Rows of a tensor, from `first` on.
    Rows { tensor: Tensor<'a>, first: usize },
    /// Rows of a tensor, in heads of `head_dim`: rotated pairs are neighbours in the file, and halves apart here.
    Interleaved { tensor: Tensor<'a>, head_dim: usize },
    /// For each head the rows of the transposed `key`, then those of `value`.
    KeyValue { key: Tensor<'a>, value: Tensor<'a> },
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

    /// Format in which the file stores the weight.
    pub fn block_type(&self) -> BlockType {
        match self.source {
            Source::Rows { tensor, .. } | Source::Interleaved { tensor, .. } => tensor.block_type(),
            Source::KeyValue { key, .. } => key.block_type(),
        }
    }

    /// Blocks, row after row in the order of the checkpoint: borrowed where the file has that order, else copied. None
    /// for a weight whose rows no blocks of the file hold (DeepSeek's `kv_b_proj` from two tensors, a reordered vector).
    pub fn blocks(&self) -> Option<Cow<'a, [u8]>> {
        match self.source {
            Source::Rows { tensor, first } => Some(tensor.row_blocks(first..first + self.rows()).into()),
            Source::Interleaved { tensor, head_dim } if self.shape.len() == 2 => {
                let rows = (0..self.rows()).map(|row| deinterleaved(row, head_dim));
                Some(
                    rows.flat_map(|row| tensor.row_blocks(row..row + 1)).copied().collect::<Vec<u8>>().into(),
                )
            }
            _ => None,
        }
    }

    /// Decodes all weights into `values`, whose content is replaced.
    ///
    /// # Errors
    /// None for a weight of a [`Gguf`](crate::Gguf), whose sizes are checked when it is opened.
    pub fn to_f32(&self, values: &mut Vec<f32>) -> Result<(), GgufError> {
        self.rows_to_f32(0..self.rows(), values)
    }

    /// Decodes some rows into `values`, whose content is replaced.
    ///
    /// # Errors
    /// As [`Weight::to_f32`].
    ///
    /// # Panics
    /// If a row is beyond [`Weight::rows`].
    pub fn rows_to_f32(&self, rows: Range<usize>, values: &mut Vec<f32>) -> Result<(), GgufError> {
        assert!(rows.start <= rows.end && rows.end <= self.rows(), "rows {rows:?} of {}", self.rows());
        match self.source {
            Source::Rows { tensor, first } => {
                tensor.rows_to_f32(first + rows.start..first + rows.end, values)
            }
            Source::Interleaved { tensor, head_dim } if self.shape.len() == 1 => {
                tensor.to_f32(values)?;
                let stored = values.clone();
                values
                    .iter_mut()
                    .enumerate()
                    .for_each(|(i, value)| *value = stored[deinterleaved(i, head_dim)]);
                if rows.is_empty() {
                    values.clear();
                }
                Ok(())
            }
            Source::Interleaved { tensor, head_dim } => {
                values.clear();
                let mut row_values = Vec::new();
                for row in rows {
                    let row = deinterleaved(row, head_dim);
                    tensor.rows_to_f32(row..row + 1, &mut row_values)?;
                    values.extend_from_slice(&row_values);
                }
                Ok(())
            }
            Source::KeyValue { key, value } => {
                values.clear();
                let (rank, nope, out) = (self.columns(), key.columns(), value.shape()[1]);
                let mut head_values = Vec::new();
                let mut loaded = None;
                for row in rows {
                    let (head, inside) = (row / (nope + out), row % (nope + out));
                    if inside < nope {
                        if loaded != Some(head) {
                            key.rows_to_f32(head * rank..(head + 1) * rank, &mut head_values)?;
                            loaded = Some(head);
                        }
                        values.extend((0..rank).map(|column| head_values[column * nope + inside]));
                    } else {
                        let mut row_values = Vec::new();
                        let row = head * out + inside - nope;
                        value.rows_to_f32(row..row + 1, &mut row_values)?;
                        values.extend_from_slice(&row_values);
                    }
                }
                Ok(())
            }
        }
    }
}

/// Row in the file of a row of a checkpoint: the two halves of a head take turns there.
pub(crate) fn deinterleaved(row: usize, head_dim: usize) -> usize {
    let (head, inside) = (row / head_dim, row % head_dim);
    let (half, pair) = (inside / (head_dim / 2), inside % (head_dim / 2));
    head * head_dim + 2 * pair + half
}
